// SPDX-License-Identifier: GPL-2.0
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out.h"

#define NAME_LEAD "sst-run-"
/* Names tried before giving up. */
#define TRIES 100
/* Of cgroups in one that was left behind. */
#define DEPTH_MAX 16

/* The path of this process's cgroup (v2) as it stands in /proc/self/cgroup. */
static bool own_path(char path[CGROUP_PATH_MAX])
{
	char line[CGROUP_PATH_MAX + 8];
	FILE *file = fopen("/proc/self/cgroup", "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file)) {
		found = !strncmp(line, "0::", 3);
		if (found) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(path, CGROUP_PATH_MAX, "%.*s", CGROUP_PATH_MAX - 1, line + 3);
		}
	}
	if (file)
		fclose(file);
	/* That is not below the root of this cgroup namespace. */
	return found && strcmp(path, "/..") && strncmp(path, "/../", 4) != 0;
}

/* Blanks and so on are octal there. */
static void unescape(char *text)
{
	char *to = text;
	unsigned int c;

	for (; *text; text++, to++) {
		*to = *text;
		if (*text == '\\' && sscanf(text + 1, "%3o", &c) == 1) {
			*to = (char)c;
			text += 3;
		}
	}
	*to = '\0';
}

/* What of @path comes after @root, NULL when it is elsewhere. */
static const char *path_below(const char *path, const char *root)
{
	size_t len = strcmp(root, "/") ? strlen(root) : 0;

	if (strncmp(path, root, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

/*
 * Where the file system of the cgroups shows @path: its mount point, and what
 * of the path comes after it. Without a path: the topmost that the first one
 * shows.
 */
static bool find_mount(const char *path, char dir[CGROUP_PATH_MAX])
{
	char line[2 * CGROUP_PATH_MAX + 256], root[CGROUP_PATH_MAX], point[CGROUP_PATH_MAX], *type;
	FILE *file = fopen("/proc/self/mountinfo", "re");
	const char *rest;
	bool found = false;
	int n;

	while (file && !found && fgets(line, sizeof(line), file)) {
		type = strstr(line, " - ");
		if (!type || strncmp(type + 3, "cgroup2 ", 8) != 0 ||
		    sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) != 2)
			continue;
		unescape(root);
		unescape(point);
		rest = path ? path_below(path, root) : "";
		if (!rest)
			continue;
		n = snprintf(dir, CGROUP_PATH_MAX, "%s%s", point, rest);
		found = n > 0 && n < CGROUP_PATH_MAX;
	}
	if (file)
		fclose(file);
	return found;
}

bool cgroup_top(char path[CGROUP_PATH_MAX])
{
	/* In a container no mount may show the root. */
	return find_mount("", path) || find_mount(NULL, path);
}

/* Is there no process in this cgroup, nor in one below it? */
static bool is_empty(int fd)
{
	int events = openat(fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[128];
	ssize_t n;

	if (events < 0)
		return false;
	n = read(events, text, sizeof(text) - 1);
	close(events);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, "populated 0");
}

/* The cgroup itself is removed last; @depth of them at most. */
static void remove_tree(int parent, const char *name, unsigned int depth)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = depth ? fdopendir(fd) : NULL;
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, ".."))
			remove_tree(fd, entry->d_name, depth - 1);
	}
	if (dir)
		closedir(dir);
	else if (fd >= 0)
		close(fd);
	unlinkat(parent, name, AT_REMOVEDIR);
}

/*
 * Whoever made one of these holds a lock on it. A process that is still in it,
 * or in one that the command made in it, keeps it, too.
 */
static void sweep(int parent)
{
	DIR *dir = fdopendir(openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;
	int fd;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, NAME_LEAD, strlen(NAME_LEAD)) != 0)
			continue;
		fd = openat(parent, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!flock(fd, LOCK_EX | LOCK_NB) && is_empty(fd))
			remove_tree(parent, entry->d_name, DEPTH_MAX);
		close(fd);
	}
	closedir(dir);
}

/* Returns 0 or an errno; EEXIST when another name may do. */
static int make_dir(struct cgroup *cgroup)
{
	struct stat stat;

	if (mkdirat(cgroup->parent, cgroup->name, 0755))
		return errno;
	cgroup->dir = openat(cgroup->parent, cgroup->name,
			     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Before it was locked another one may have taken it for a leftover. */
	if (cgroup->dir >= 0 && !flock(cgroup->dir, LOCK_EX | LOCK_NB) &&
	    !fstatat(cgroup->parent, cgroup->name, &stat, 0))
		return 0;
	if (cgroup->dir >= 0)
		close(cgroup->dir);
	unlinkat(cgroup->parent, cgroup->name, AT_REMOVEDIR);
	return EEXIST;
}

static int make_in(struct cgroup *cgroup, const char *path)
{
	int i, err = EEXIST;

	cgroup->parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cgroup->parent < 0)
		return errno;
	sweep(cgroup->parent);
	for (i = 0; i < TRIES && err == EEXIST; i++) {
		snprintf(cgroup->name, sizeof(cgroup->name),
			 i ? NAME_LEAD "%d.%d" : NAME_LEAD "%d", (int)getpid(), i);
		err = make_dir(cgroup);
	}
	if (err)
		close(cgroup->parent);
	return err;
}

int cgroup_make(struct cgroup *cgroup)
{
	char path[CGROUP_PATH_MAX], dir[CGROUP_PATH_MAX];
	int err;

	if (!own_path(path) || !find_mount(path, dir)) {
		out_error("no cgroup2 file system shows the cgroup of this process; mount one; in place of 'ip netns exec NETNS' use 'sstctl -n NETNS run'");
		return -1;
	}
	err = make_in(cgroup, dir);
	if (err == EACCES || err == EPERM || err == EROFS)
		out_error("cannot make a cgroup in %s: %s; try 'systemd-run --user --scope -p Delegate=yes sstctl run ...'",
			  dir, strerror(err));
	else if (err)
		out_error("cannot make a cgroup in %s: %s", dir, strerror(err));
	return err ? -1 : 0;
}

int cgroup_enter(const struct cgroup *cgroup)
{
	int fd = openat(cgroup->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

void cgroup_remove(struct cgroup *cgroup)
{
	if (is_empty(cgroup->dir))
		remove_tree(cgroup->parent, cgroup->name, DEPTH_MAX);
	close(cgroup->dir);
	close(cgroup->parent);
}
