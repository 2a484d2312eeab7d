// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "ipc.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"

static const char monitor_help[] =
	"Usage: sstctl monitor\n"
	"\n"
	"Print the events of the network namespace as they happen, a line each, until\n"
	"SIGINT or SIGTERM: flow-opened, flow-confirmed, flow-closed, flow-rotated,\n"
	"flow-exhausted, auth-failed. The line 'listening' on standard error says that\n"
	"nothing is missed from then on.\n";

/* "2025-01-31T12:34:56.123456Z", the time at which the event was read. */
static void print_time(void)
{
	char date[32], text[64];
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%06ldZ", date, ts.tv_nsec / 1000);
	out_string("time", "", text, " ");
}

static void print_reason(uint8_t reason)
{
	static const char *const reasons[] = {
		[SST_CLOSE_REASON_DELETED] = "deleted",
		[SST_CLOSE_REASON_FLUSHED] = "flushed",
		[SST_CLOSE_REASON_ENDED] = "ended",
		[SST_CLOSE_REASON_IDLE] = "idle",
		[SST_CLOSE_REASON_UNCONFIRMED] = "unconfirmed",
		[SST_CLOSE_REASON_REPLACED] = "replaced",
		[SST_CLOSE_REASON_EVICTED] = "evicted",
		[SST_CLOSE_REASON_GLARE] = "glare",
		[SST_CLOSE_REASON_PEER_DELETED] = "peer-deleted",
		[SST_CLOSE_REASON_FORGOTTEN] = "forgotten",
	};

	out_word("reason", " reason ", reasons, ARRAY_SIZE(reasons), reason, "");
}

static bool print_event(uint8_t cmd, const struct sst_flow *flow, void *data)
{
	static const char *const names[] = {
		[SST_CMD_FLOW_OPENED] = "flow-opened",
		[SST_CMD_FLOW_CLOSED] = "flow-closed",
		[SST_CMD_FLOW_ROTATED] = "flow-rotated",
		[SST_CMD_AUTH_FAILED] = "auth-failed",
		[SST_CMD_FLOW_EXHAUSTED] = "flow-exhausted",
		[SST_CMD_FLOW_CONFIRMED] = "flow-confirmed",
	};

	(void)data;
	if (cmd >= ARRAY_SIZE(names) || !names[cmd] || !flow_family_wanted(flow))
		return true;
	out_open_object(NULL);
	print_time();
	out_string("event", "", names[cmd], "");
	out_text(" flow ");
	flow_print_name(flow);
	switch (cmd) {
	case SST_CMD_FLOW_CLOSED:
		print_reason(flow->close_reason);
		break;
	case SST_CMD_FLOW_ROTATED:
		out_string("direction", " direction ",
			   flow->direction == SST_DIRECTION_TX ? "tx" : "rx", "");
		break;
	case SST_CMD_AUTH_FAILED:
		out_number("missed", " missed ", flow->missed, "");
		break;
	}
	flow_print_rest(flow, false);
	out_text("\n");
	out_close_object();
	return out_flush();
}

int cmd_monitor(int argc, char **argv)
{
	struct pollfd fds[2];
	sigset_t signals;
	int rc;

	out_context("monitor");
	if (is_help(argc, argv))
		return help(monitor_help);
	if (argc)
		return out_usage("'%s' is not expected", argv[0]);

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fds[0].fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fds[0].fd < 0) {
		out_error("no signalfd: %s", strerror(errno));
		return EXIT_KERNEL;
	}
	rc = ipc_events_join();
	if (rc)
		return kernel_status(rc);
	fds[1].fd = ipc_events_fd();
	fds[0].events = POLLIN;
	fds[1].events = POLLIN;
	fputs("listening\n", stderr);

	for (;;) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			out_error("poll: %s", strerror(errno));
			return EXIT_KERNEL;
		}
		/* What is there already is printed before the end. */
		if (fds[1].revents) {
			rc = ipc_events_read(print_event, NULL);
			if (rc == -ENOBUFS) {
				out_warning("events were lost");
				continue;
			}
			if (rc == -ECANCELED)
				return EXIT_USAGE;
			if (rc)
				return kernel_status(rc);
			continue;
		}
		if (fds[0].revents)
			return EXIT_OK;
	}
}
