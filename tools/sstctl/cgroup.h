/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_CGROUP_H
#define SSTCTL_CGROUP_H

#include <limits.h>
#include <stdbool.h>

#define CGROUP_PATH_MAX PATH_MAX

/* Where the topmost cgroup that can be seen is. False when it is not. */
bool cgroup_top(char path[CGROUP_PATH_MAX]);

/*
 * A cgroup of one's own, made in the one in which this process is.
 */

/**
 * struct cgroup - a cgroup that was made here
 * @parent: directory in which it is
 * @dir: its own directory, locked while this process lives
 * @name: name in @parent
 */
struct cgroup {
	int parent;
	int dir;
	char name[64];
};

/*
 * Make one, and remove those that were left behind by others who are gone.
 * Returns 0, or -1 after saying what is wrong.
 */
int cgroup_make(struct cgroup *cgroup);
/* Move this process there. Returns 0 or a negative errno. */
int cgroup_enter(const struct cgroup *cgroup);
/* Unless there is something in it. */
void cgroup_remove(struct cgroup *cgroup);

#endif /* SSTCTL_CGROUP_H */
