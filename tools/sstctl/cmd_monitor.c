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
#include "words.h"

static const char monitor_help[] =
	"Usage: sstctl monitor [FILTER VALUE]... [time utc|local|none]\n"
	"\n"
	"FILTER := event | flow | proto | local | remote | peer\n"
	"Print the events of the network namespace as they happen, a line each, until\n"
	"SIGINT or SIGTERM. The line 'listening' on standard error says that nothing is\n"
	"missed from then on.\n"
	"\n"
	"  event   flow-opened, flow-confirmed, flow-closed, flow-rotated,\n"
	"          flow-exhausted or auth-failed; may stand more than once\n"
	"  flow    id of a flow\n"
	"  proto, local, remote\n"
	"          as with 'flow show'\n"
	"  peer    name of a peer\n"
	"  time    when the event was read: in UTC, the default, local time, or not at all\n";

enum monitor_word {
	W_EVENT,
	W_FLOW,
	W_PROTO,
	W_LOCAL,
	W_REMOTE,
	W_PEER,
	W_TIME,
	W_COUNT,
};

static const char *const monitor_words[W_COUNT] = {
	[W_EVENT] = "event",
	[W_FLOW] = "flow",
	[W_PROTO] = "proto",
	[W_LOCAL] = "local",
	[W_REMOTE] = "remote",
	[W_PEER] = "peer",
	[W_TIME] = "time",
};

static const struct {
	const char *name;
	uint8_t cmd;
} events[] = {
	{ "flow-opened", SST_CMD_FLOW_OPENED },
	{ "flow-closed", SST_CMD_FLOW_CLOSED },
	{ "flow-rotated", SST_CMD_FLOW_ROTATED },
	{ "auth-failed", SST_CMD_AUTH_FAILED },
	{ "flow-exhausted", SST_CMD_FLOW_EXHAUSTED },
	{ "flow-confirmed", SST_CMD_FLOW_CONFIRMED },
};

enum stamp {
	STAMP_UTC,
	STAMP_LOCAL,
	STAMP_NONE,
};

/**
 * struct monitor - what is to be printed
 * @events: BIT() of each index in the table; 0: all
 * @flow: see flow_matches()
 * @time: enum stamp
 */
struct monitor {
	unsigned int events;
	struct sst_flow flow;
	int time;
};

static const char *set_endpoint(char *value, struct sst_endpoint *ep)
{
	const char *why = parse_endpoint(value, false, ep);

	return why ? why : check_family(&ep->addr);
}

static const char *set_word(void *data, int word, char *value)
{
	static const char *const times[] = {
		[STAMP_UTC] = "utc",
		[STAMP_LOCAL] = "local",
		[STAMP_NONE] = "none",
	};
	struct monitor *monitor = data;
	const char *why;
	int i;

	switch (word) {
	case W_EVENT:
		i = parse_word(value, events, ARRAY_SIZE(events), sizeof(events[0]));
		if (i < 0)
			return "not an event, or several of them";
		monitor->events |= BIT(i);
		return NULL;
	case W_FLOW:
		return parse_id(value, &monitor->flow.id);
	case W_PROTO:
		return parse_proto(value, &monitor->flow.proto);
	case W_LOCAL:
		return set_endpoint(value, &monitor->flow.local);
	case W_REMOTE:
		return set_endpoint(value, &monitor->flow.remote);
	case W_PEER:
		why = parse_name(value);
		if (!why)
			strcpy(monitor->flow.peer, value);
		return why;
	}
	monitor->time = parse_word(value, times, ARRAY_SIZE(times), sizeof(times[0]));
	return monitor->time < 0 ? "give utc, local or none" : NULL;
}

/*
 * The time at which the event was read: "2025-01-31T12:34:56.123456Z", or in
 * local time "2025-01-31T13:34:56.123456+0100".
 */
static void print_time(int which)
{
	char date[32], text[64], zone[8] = "Z";
	struct timespec ts;
	struct tm tm;

	if (which == STAMP_NONE)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	if (which == STAMP_LOCAL)
		localtime_r(&ts.tv_sec, &tm);
	else
		gmtime_r(&ts.tv_sec, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	if (which == STAMP_LOCAL)
		strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(text, sizeof(text), "%s.%06ld%s", date, ts.tv_nsec / 1000, zone);
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

/* Index in the table, or -1 for what a newer kernel says. */
static int find_event(uint8_t cmd)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (events[i].cmd == cmd)
			return (int)i;
	}
	return -1;
}

static bool print_event(uint8_t cmd, const struct sst_flow *flow, void *data)
{
	const struct monitor *monitor = data;
	int event = find_event(cmd);

	if (event < 0 || (monitor->events && !(monitor->events & BIT(event))) ||
	    !flow_family_wanted(flow) || !flow_matches(&monitor->flow, flow))
		return true;
	out_open_object(NULL);
	print_time(monitor->time);
	out_string("event", "", events[event].name, "");
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
	struct monitor monitor = { .events = 0 };
	struct words words = {
		.table = monitor_words,
		.count = W_COUNT,
		.takes = BIT(W_COUNT) - 1,
		.many = BIT(W_EVENT),
		.set = set_word,
		.data = &monitor,
	};
	struct pollfd fds[2];
	sigset_t signals;
	int rc, status;

	out_context("monitor");
	if (is_help(argc, argv))
		return help(monitor_help);
	status = words_parse(&words, argc, argv);
	if (status)
		return status;

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
			rc = ipc_events_read(print_event, &monitor);
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
