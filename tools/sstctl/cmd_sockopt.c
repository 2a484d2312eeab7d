// SPDX-License-Identifier: GPL-2.0
/*
 * SO_SST at level SOL_SOCKET. A module cannot add an option there, but a BPF
 * program at a cgroup sees each setsockopt() first, and may change its level.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/sst.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgroup.h"
#include "out.h"
#include "sstctl.h"

/* By this the program is known again: 15 characters at most. */
#define PROGRAM_NAME "sst_sockopt"
/* The kernel takes no more at one cgroup. */
#define PROGRAMS_MAX 64

static const char sockopt_help[] =
	"Usage: sstctl sockopt show [CGROUP]\n"
	"       sstctl sockopt attach [CGROUP]\n"
	"       sstctl sockopt detach [CGROUP]\n"
	"\n"
	"Let programs in a cgroup, and in those below it, set SO_SST at level SOL_SOCKET,\n"
	"too, by a BPF program. CGROUP is a directory; all programs of the system when it\n"
	"is left out. getsockopt() knows the option at SOL_IP and SOL_IPV6 only.\n";

#define FIELD(f) ((short)offsetof(struct bpf_sockopt, f))

/* r1 is the call; r0 is what the program returns, 1: go on with it. */
static const struct bpf_insn program[] = {
	/* r0 = 1 */
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
	/* if (level != SOL_SOCKET || optname != SO_SST) goto end */
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_2,
	  .src_reg = BPF_REG_1, .off = FIELD(level) },
	{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 5,
	  .imm = SOL_SOCKET },
	{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_2,
	  .src_reg = BPF_REG_1, .off = FIELD(optname) },
	{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = BPF_REG_2, .off = 3,
	  .imm = SO_SST },
	/* level = SOL_IP; optlen = 0: the value is the caller's */
	{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .imm = SOL_IP },
	{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1,
	  .src_reg = BPF_REG_2, .off = FIELD(level) },
	{ .code = BPF_STX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_1,
	  .src_reg = BPF_REG_2, .off = FIELD(optlen) },
	/* end: */
	{ .code = BPF_JMP | BPF_EXIT },
};

static int refused(const char *what, int err)
{
	if (err == EPERM)
		out_error("cannot %s: %s", what, geteuid() ? "only root may" :
			  "root may not, in a container or under lockdown");
	else
		out_error("cannot %s: %s", what, strerror(err));
	return EXIT_KERNEL;
}

/* Is it the one of sstctl? Returns 1 or 0, or -1 with an errno. */
static int is_ours(int fd)
{
	struct bpf_prog_info info = { .type = 0 };
	uint32_t len = sizeof(info);
	int err = bpf_obj_get_info_by_fd(fd, &info, &len);

	if (!err)
		return !strcmp(info.name, PROGRAM_NAME);
	errno = -err;
	return -1;
}

/* The program at this cgroup, open, or -1 (ENOENT: none); @id: its number. */
static int find(int cgroup, uint32_t *id)
{
	uint32_t ids[PROGRAMS_MAX], count = PROGRAMS_MAX, i;
	int err = bpf_prog_query(cgroup, BPF_CGROUP_SETSOCKOPT, 0, NULL, ids, &count);

	if (err) {
		errno = -err;
		return -1;
	}
	for (i = 0; i < count; i++) {
		int fd = bpf_prog_get_fd_by_id(ids[i]), ours;

		/* Detached meanwhile. */
		if (fd == -ENOENT)
			continue;
		if (fd < 0) {
			errno = -fd;
			return -1;
		}
		*id = ids[i];
		ours = is_ours(fd);
		if (ours > 0)
			return fd;
		err = errno;
		close(fd);
		if (ours < 0) {
			errno = err;
			return -1;
		}
	}
	errno = ENOENT;
	return -1;
}

static int attach(int cgroup, const char *path)
{
	int fd, err;
	uint32_t id;

	fd = find(cgroup, &id);
	if (fd >= 0) {
		close(fd);
		out_error("it is attached to %s already", path);
		return EXIT_KERNEL;
	}
	if (errno != ENOENT)
		return refused("see what is attached", errno);
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
		    .expected_attach_type = BPF_CGROUP_SETSOCKOPT);
	fd = bpf_prog_load(BPF_PROG_TYPE_CGROUP_SOCKOPT, PROGRAM_NAME, "GPL",
			   program, ARRAY_SIZE(program), &opts);
	if (fd < 0)
		return refused("load the program", -fd);
	err = bpf_prog_attach(fd, cgroup, BPF_CGROUP_SETSOCKOPT, BPF_F_ALLOW_MULTI);
	close(fd);
	return err ? refused("attach the program", -err) : EXIT_OK;
}

static int detach(int cgroup, const char *path)
{
	uint32_t id;
	int err, fd = find(cgroup, &id);

	if (fd < 0 && errno == ENOENT) {
		out_error("it is not attached to %s", path);
		return EXIT_KERNEL;
	}
	if (fd < 0)
		return refused("see what is attached", errno);
	err = bpf_prog_detach2(fd, cgroup, BPF_CGROUP_SETSOCKOPT);
	close(fd);
	return err ? refused("detach the program", -err) : EXIT_OK;
}

static int show(int cgroup, const char *path)
{
	uint32_t id;
	int fd = find(cgroup, &id);

	if (fd < 0 && errno != ENOENT)
		return refused("see what is attached", errno);
	out_open_object(NULL);
	out_open_array("sockopt");
	if (fd >= 0) {
		out_open_object(NULL);
		out_string("cgroup", "sockopt cgroup ", path, " ");
		out_number("program", "program ", id, "\n");
		out_close_object();
		close(fd);
	}
	out_close_array();
	out_close_object();
	return EXIT_OK;
}

/* For all of them: with the cgroup that was named, or that of all programs. */
static int with_cgroup(const char *context, int argc, char **argv,
		       int (*run)(int cgroup, const char *path))
{
	char path[CGROUP_PATH_MAX];
	int fd, status;

	out_context(context);
	if (is_help(argc, argv))
		return help(sockopt_help);
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	if (!argc && !cgroup_top(path)) {
		out_error("no cgroup2 file system is mounted here: mount one");
		return EXIT_USAGE;
	}
	fd = open(argc ? argv[0] : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		out_error("cgroup '%s': %s", argc ? argv[0] : path, strerror(errno));
		return EXIT_USAGE;
	}
	/* What goes wrong is said here. */
	libbpf_set_print(NULL);
	status = run(fd, argc ? argv[0] : path);
	close(fd);
	return status;
}

static int sockopt_attach(int argc, char **argv)
{
	return with_cgroup("sockopt attach", argc, argv, attach);
}

static int sockopt_detach(int argc, char **argv)
{
	return with_cgroup("sockopt detach", argc, argv, detach);
}

static int sockopt_show(int argc, char **argv)
{
	return with_cgroup("sockopt show", argc, argv, show);
}

int cmd_sockopt(int argc, char **argv)
{
	static const struct sst_command commands[] = {
		{ "attach", sockopt_attach },
		{ "detach", sockopt_detach },
		{ "list", sockopt_show },
		{ "show", sockopt_show },
	};

	out_context("sockopt");
	if (is_help(argc, argv))
		return help(sockopt_help);
	if (!argc)
		return sockopt_show(0, argv);
	return dispatch(commands, ARRAY_SIZE(commands), argc, argv);
}
