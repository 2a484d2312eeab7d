// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "ipc.h"
#include "out.h"
#include "sstctl.h"

/* As those of env(1) and the like; anything else is the command's. */
enum {
	EXIT_SELF = 125,	/* it could not be put under SST, and was not run */
	EXIT_NOT_RUN = 126,
	EXIT_NOT_FOUND = 127,
};

static const char run_help[] =
	"Usage: sstctl run [--require|--prefer] [--] COMMAND [ARGUMENT]...\n"
	"\n"
	"Run a program, and all that it starts, so that its sockets ask for SST. The\n"
	"program need not know of it. Other programs are not affected.\n"
	"\n"
	"  --require  SST or nothing: without a key for the other host there is an error\n"
	"             at once, and who comes in clear finds nobody. When nothing is said\n"
	"  --prefer   SST when the other host is a peer, else clear\n"
	"\n"
	"Nothing that stays behind falls back: see sstctl(8).\n";

/* What becomes of the signals of this process while the command runs. */
static const int forwarded[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
};

/**
 * struct failure - why the command does not run
 * @err: an errno
 * @entered: it could not be executed, in its cgroup
 */
struct failure {
	int err;
	bool entered;
};

static int take_options(int *argc, char ***argv, uint8_t *verdict)
{
	*verdict = 0;
	while (*argc && (*argv)[0][0] == '-') {
		const char *word = (*argv)[0];
		uint8_t given = 0;

		(*argc)--;
		(*argv)++;
		if (!strcmp(word, "--"))
			break;
		if (!strcmp(word, "--require"))
			given = SST_VERDICT_REQUIRE;
		else if (!strcmp(word, "--prefer"))
			given = SST_VERDICT_PREFER;
		else
			return out_usage("option '%s' is unknown", word);
		if (*verdict && *verdict != given)
			return out_usage("--require and --prefer exclude each other");
		*verdict = given;
	}
	if (!*verdict)
		*verdict = SST_VERDICT_REQUIRE;
	return *argc ? EXIT_OK : out_usage("a command is missing");
}

/* In the child: never returns. */
static void execute(const struct cgroup *cgroup, char **argv, int report)
{
	struct failure failure = { .entered = false };

	failure.err = -cgroup_enter(cgroup);
	if (!failure.err) {
		failure.entered = true;
		execvp(argv[0], argv);
		failure.err = errno;
	}
	if (write(report, &failure, sizeof(failure)) != sizeof(failure))
		_exit(EXIT_SELF);
	_exit(EXIT_NOT_RUN);
}

/*
 * What the terminal sends, it sends to the command, too; but of its end it tells
 * the leader of the session alone.
 */
static bool is_for_command(const siginfo_t *info)
{
	return info->si_code != SI_KERNEL || info->si_signo == SIGHUP;
}

/* Pass signals on until the command has ended. */
static int supervise(pid_t child, const sigset_t *set)
{
	siginfo_t info;
	int status;

	for (;;) {
		if (sigwaitinfo(set, &info) < 0)
			continue;
		if (info.si_signo != SIGCHLD) {
			if (is_for_command(&info))
				kill(child, info.si_signo);
			continue;
		}
		if (waitpid(child, &status, WNOHANG) == child)
			return status;
	}
}

/* Returns what wait() said, or -1 when there is no process. */
static int start(const struct cgroup *cgroup, char **argv, int report)
{
	struct sigaction action = { .sa_handler = SIG_DFL }, before;
	sigset_t set, old;
	pid_t child;
	size_t i;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (i = 0; i < ARRAY_SIZE(forwarded); i++)
		sigaddset(&set, forwarded[i]);
	/* The command gets these as we got them. */
	sigprocmask(SIG_BLOCK, &set, &old);
	sigaction(SIGCHLD, &action, &before);
	child = fork();
	if (child < 0)
		return -1;
	if (!child) {
		sigaction(SIGCHLD, &before, NULL);
		sigprocmask(SIG_SETMASK, &old, NULL);
		execute(cgroup, argv, report);
	}
	close(report);
	return supervise(child, &set);
}

/* End as the command did. */
static int end_like(int status)
{
	struct rlimit none = { 0, 0 };
	sigset_t set;
	int sig;

	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	sig = WTERMSIG(status);
	/* The core that is of interest is there. */
	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	raise(sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return 128 + sig;
}

static int explain(const struct failure *failure, const char *name)
{
	if (failure->entered) {
		out_error("cannot run '%s': %s", name, strerror(failure->err));
		return failure->err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
	}
	out_error("cannot move to the new cgroup: %s; try 'systemd-run --user --scope -p Delegate=yes sstctl run ...'",
		  strerror(failure->err));
	return EXIT_SELF;
}

/* Returns 0 when the command ran, and what wait() said; else the exit status. */
static int run_in(const struct cgroup *cgroup, char **argv, int *ended)
{
	struct failure failure;
	int pipe[2];
	ssize_t n;

	if (pipe2(pipe, O_CLOEXEC)) {
		out_error("cannot make a pipe: %s", strerror(errno));
		return EXIT_SELF;
	}
	*ended = start(cgroup, argv, pipe[1]);
	if (*ended < 0) {
		out_error("cannot make a process: %s", strerror(errno));
		close(pipe[0]);
		close(pipe[1]);
		return EXIT_SELF;
	}
	n = read(pipe[0], &failure, sizeof(failure));
	close(pipe[0]);
	return n == sizeof(failure) ? explain(&failure, argv[0]) : 0;
}

int cmd_run(int argc, char **argv)
{
	struct cgroup cgroup;
	uint8_t verdict;
	int status, ended;

	out_context("run");
	if (is_help(argc, argv))
		return help(run_help);
	status = take_options(&argc, &argv, &verdict);
	if (status)
		return status;
	if (cgroup_make(&cgroup))
		return EXIT_SELF;
	if (ipc_wish_add(cgroup.dir, verdict)) {
		out_error("%s", ipc_error());
		cgroup_remove(&cgroup);
		return EXIT_SELF;
	}
	/* The command is not to have this socket. */
	ipc_close();
	status = run_in(&cgroup, argv, &ended);
	cgroup_remove(&cgroup);
	return status ? status : end_like(ended);
}
