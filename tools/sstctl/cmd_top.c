// SPDX-License-Identifier: GPL-2.0
/*
 * Live flows, refreshing. A table that is drawn anew every second needs four
 * control sequences, which all terminals of today have: no reason for a library
 * like curses.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ipc.h"
#include "out.h"
#include "rates.h"
#include "show.h"
#include "sstctl.h"
#include "words.h"

static const char top_help[] =
	"Usage: sstctl top [interval SECONDS] [sort KEY]\n"
	"       sstctl [-j] top batch [count N] [rows N] [interval SECONDS] [sort KEY]\n"
	"\n"
	"KEY := rate | tx | rx | packets | age | idle\n"
	"Show the flows that carry most, with what they carry per second. In a terminal\n"
	"the table is drawn anew each second, or as 'interval' says; keys:\n"
	"\n"
	"  q      end\n"
	"  s      sort by the next key\n"
	"  space  refresh now\n"
	"\n"
	"  batch  print tables one after the other instead; with -j an object a line\n"
	"  count  so many of them; until SIGINT or SIGTERM when left out\n"
	"  rows   so many flows in each, up to 512; 20 when left out\n"
	"\n"
	"-b, -n and -d may stand for batch, count and interval.\n";

enum top_word {
	W_BATCH,
	W_COUNT,
	W_ROWS,
	W_INTERVAL,
	W_SORT,
	W_WORDS,
};

static const char *const top_words[W_WORDS] = {
	[W_BATCH] = "batch",
	[W_COUNT] = "count",
	[W_ROWS] = "rows",
	[W_INTERVAL] = "interval",
	[W_SORT] = "sort",
};

static const char *const key_words[RATES_KEYS] = {
	[RATES_BY_RATE] = "rate",
	[RATES_BY_TX] = "tx",
	[RATES_BY_RX] = "rx",
	[RATES_BY_PACKETS] = "packets",
	[RATES_BY_AGE] = "age",
	[RATES_BY_IDLE] = "idle",
};

/**
 * struct top - what was asked for
 * @count: tables to print; 0: no end
 * @rows: flows in each
 * @interval: milliseconds
 * @rates: what is shown
 */
struct top {
	uint64_t count;
	uint64_t rows;
	unsigned int interval;
	struct rates rates;
};

/* "2" or "0.5", a tenth of a second at least. */
static const char *parse_interval(const char *text, unsigned int *ms)
{
	double value;
	char *end;

	value = strtod(text, &end);
	if (end == text || *end || !(value >= 0.1 && value <= 3600))
		return "not a number of seconds from 0.1 to 3600";
	*ms = (unsigned int)(value * 1000);
	return NULL;
}

static const char *set_word(void *data, int word, char *value)
{
	struct top *top = data;
	int key;

	switch (word) {
	case W_COUNT:
		return parse_number(value, UINT32_MAX, &top->count);
	case W_ROWS:
		return parse_number(value, RATES_ROWS, &top->rows);
	case W_INTERVAL:
		return parse_interval(value, &top->interval);
	case W_SORT:
		key = parse_word(value, key_words, RATES_KEYS, sizeof(key_words[0]));
		if (key < 0)
			return "give rate, tx, rx, packets, age or idle";
		top->rates.key = key;
		break;
	}
	return NULL;
}

/* The options that other programs of this kind have. */
static void take_options(int argc, char **argv)
{
	static const char *const options_of[][2] = {
		{ "-b", "batch" }, { "-n", "count" }, { "-d", "interval" },
	};
	size_t k;
	int i;

	for (i = 0; i < argc; i++) {
		for (k = 0; k < ARRAY_SIZE(options_of); k++) {
			if (!strcmp(argv[i], options_of[k][0]))
				argv[i] = (char *)options_of[k][1];
		}
	}
}

/* ---- a table ---- */

/* "123", "45.6k", "7.8M": five characters. */
static const char *short_number(uint64_t value, char text[16])
{
	static const char units[] = "kMGTP";
	double n = (double)value;
	size_t i;

	if (value < 1000) {
		snprintf(text, 16, "%" PRIu64, value);
		return text;
	}
	for (i = 0, n /= 1000; n >= 999.5 && i + 2 < sizeof(units); i++)
		n /= 1000;
	snprintf(text, 16, n < 99.95 ? "%.1f%c" : "%.0f%c", n, units[i]);
	return text;
}

/* "59s", "59m", "23h", "99d" */
static const char *short_time(uint32_t seconds, char text[16])
{
	if (seconds < 60)
		snprintf(text, 16, "%us", seconds);
	else if (seconds < 3600)
		snprintf(text, 16, "%um", seconds / 60);
	else if (seconds < 86400)
		snprintf(text, 16, "%uh", seconds / 3600);
	else
		snprintf(text, 16, "%ud", seconds / 86400);
	return text;
}

static const char *endpoint(const struct sst_endpoint *ep, char text[64])
{
	char host[INET6_ADDRSTRLEN] = "?";

	inet_ntop(ep->addr.family, ep->addr.bytes, host, sizeof(host));
	snprintf(text, 64, ep->addr.family == AF_INET6 ? "[%s]:%u" : "%s:%u", host,
		 ep->port);
	return text;
}

static void table_head(const struct rates *rates, char *line, size_t size)
{
	char tx[16], rx[16];

	snprintf(line, size,
		 "%" PRIu64 " flows  tx %sB/s  rx %sB/s  sorted by %s",
		 rates->flows, short_number(rates->total.tx_bytes, tx),
		 short_number(rates->total.rx_bytes, rx), key_words[rates->key]);
}

static void table_columns(char *line, size_t size)
{
	snprintf(line, size, "%6s %6s %6s %6s %-10s %-3s %-24s %-24s %-9s %-9s %4s %4s",
		 "TX B/s", "RX B/s", "TX p/s", "RX p/s", "PEER", "", "LOCAL",
		 "REMOTE", "ROLE", "STATE", "AGE", "IDLE");
}

static void table_row(const struct rates_row *row, char *line, size_t size)
{
	const struct sst_flow *flow = &row->flow;
	char tx[16], rx[16], txp[16], rxp[16], age[16], idle[16];
	char local[64], remote[64];

	snprintf(line, size,
		 "%6s %6s %6s %6s %-10.10s %-3s %-24s %-24s %-9s %-9s %4s %4s",
		 short_number(row->rate.tx_bytes, tx),
		 short_number(row->rate.rx_bytes, rx),
		 short_number(row->rate.tx_packets, txp),
		 short_number(row->rate.rx_packets, rxp),
		 flow->peer[0] ? flow->peer : "-",
		 flow->proto == IPPROTO_TCP ? "tcp" : "udp",
		 endpoint(&flow->local, local), endpoint(&flow->remote, remote),
		 flow_role_name(flow->role), flow_state_name(flow->state),
		 short_time(flow->age, age),
		 flow->has_rx_idle ? short_time(flow->rx_idle, idle) : "-");
}

/* ---- one after the other ---- */

static void print_json(const struct top *top)
{
	const struct rates *rates = &top->rates;
	unsigned int i;

	out_open_object(NULL);
	out_number("interval_us", "", rates->interval, "");
	out_number("flow_count", "", rates->flows, "");
	out_open_array("flows");
	for (i = 0; i < rates->count && i < top->rows; i++) {
		const struct rates_row *row = &rates->row[i];

		out_open_object(NULL);
		flow_print_name(&row->flow);
		flow_print_rest(&row->flow, false);
		out_open_object("rate");
		out_number("tx_bytes", "", row->rate.tx_bytes, "");
		out_number("tx_packets", "", row->rate.tx_packets, "");
		out_number("rx_bytes", "", row->rate.rx_bytes, "");
		out_number("rx_packets", "", row->rate.rx_packets, "");
		out_close_object();
		out_close_object();
	}
	out_close_array();
	out_close_object();
}

static void print_table(const struct top *top)
{
	const struct rates *rates = &top->rates;
	char line[512];
	unsigned int i;

	table_head(rates, line, sizeof(line));
	puts(line);
	table_columns(line, sizeof(line));
	puts(line);
	for (i = 0; i < rates->count && i < top->rows; i++) {
		table_row(&rates->row[i], line, sizeof(line));
		puts(line);
	}
	putchar('\n');
}

/* Signals that end it come through the descriptor. Returns it, or -1. */
static int open_signals(bool terminal)
{
	/* The last two are for a terminal. */
	static const int numbers[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH,
	};
	size_t i, count = ARRAY_SIZE(numbers) - (terminal ? 0 : 2);
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	for (i = 0; i < count; i++)
		sigaddset(&signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		out_error("no signalfd: %s", strerror(errno));
	return fd;
}

static int read_signal(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int wait_time(int64_t until)
{
	int64_t left = until - now_ms();

	return left > 0 ? (int)left : 0;
}

/* After rates_take(): the exit status, and the message when it failed. */
static int take_status(const struct rates *rates, int rc)
{
	if (!rates->no_memory)
		return kernel_status(rc);
	out_error("no memory for all flows");
	return EXIT_KERNEL;
}

static int run_batch(struct top *top, int signals)
{
	struct pollfd pollfd = { .fd = signals, .events = POLLIN };
	uint64_t done = 0;
	int64_t next;
	int rc;

	rc = rates_take(&top->rates);
	next = now_ms() + top->interval;
	while (!rc) {
		while (poll(&pollfd, 1, wait_time(next)) > 0) {
			if (read_signal(signals))
				return EXIT_OK;
		}
		next += top->interval;
		rc = rates_take(&top->rates);
		if (rc)
			break;
		if (out_is_json())
			print_json(top);
		else
			print_table(top);
		if (!out_flush())
			return EXIT_USAGE;
		if (++done == top->count)
			return EXIT_OK;
	}
	return take_status(&top->rates, rc);
}

/* ---- in a terminal ---- */

static struct termios saved;

static void terminal_enter(void)
{
	struct termios raw = saved;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	/* Another screen, no cursor. */
	fputs("\033[?1049h\033[?25l", stdout);
	fflush(stdout);
}

static void terminal_leave(void)
{
	fputs("\033[?25h\033[?1049l", stdout);
	fflush(stdout);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

/* As after any SIGTSTP, but with a terminal that the shell can use. */
static void stop(void)
{
	terminal_leave();
	raise(SIGSTOP);
	terminal_enter();
}

/* A line of the table, as long as the terminal is wide. */
static void draw_line(const char *line, unsigned int width, const char *end)
{
	printf("%.*s\033[K%s", (int)width, line, end);
}

static void draw(const struct rates *rates)
{
	static const struct winsize usual = { .ws_row = 24, .ws_col = 80 };
	struct winsize size = usual;
	unsigned int i, lines;
	char line[512];

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	/* A serial line does not know its own. */
	if (!size.ws_row && !size.ws_col)
		size = usual;
	if (size.ws_row < 3 || size.ws_col < 10)
		return;
	lines = size.ws_row - 2u;
	fputs("\033[H", stdout);
	table_head(rates, line, sizeof(line));
	draw_line(line, size.ws_col, "\n");
	table_columns(line, sizeof(line));
	fputs("\033[7m", stdout);
	draw_line(line, size.ws_col, "\033[0m");
	for (i = 0; i < rates->count && i < lines; i++) {
		table_row(&rates->row[i], line, sizeof(line));
		fputs("\n", stdout);
		draw_line(line, size.ws_col, "");
	}
	/* What stood below. */
	fputs("\033[J", stdout);
	fflush(stdout);
}

enum turn {
	TURN_WAIT,
	TURN_REFRESH,
	TURN_END,
};

static enum turn take_keys(struct rates *rates)
{
	enum turn turn = TURN_WAIT;
	char keys[16];
	ssize_t i, n;

	n = read(STDIN_FILENO, keys, sizeof(keys));
	if (n <= 0)
		return TURN_END;
	for (i = 0; i < n; i++) {
		switch (keys[i]) {
		case 'q':
			return TURN_END;
		case ' ':
			turn = TURN_REFRESH;
			break;
		case 's':
			/* Others than those of the last dump may stand first. */
			rates->key = (rates->key + 1) % RATES_KEYS;
			turn = TURN_REFRESH;
			break;
		}
	}
	return turn;
}

static enum turn take_signal(struct rates *rates, int signals)
{
	switch (read_signal(signals)) {
	case 0:
		return TURN_WAIT;
	case SIGWINCH:
		draw(rates);
		return TURN_WAIT;
	case SIGTSTP:
		stop();
		return TURN_REFRESH;
	}
	return TURN_END;
}

static enum turn wait_turn(struct rates *rates, int signals, int64_t until)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	enum turn turn = TURN_WAIT;

	while (turn == TURN_WAIT) {
		if (poll(fds, ARRAY_SIZE(fds), wait_time(until)) <= 0)
			return TURN_REFRESH;
		if (fds[0].revents)
			turn = take_signal(rates, signals);
		else
			turn = take_keys(rates);
	}
	return turn;
}

static int run_terminal(struct top *top, int signals)
{
	unsigned int wait = top->interval < 500 ? top->interval : 500;
	int rc;

	if (tcgetattr(STDIN_FILENO, &saved) || !isatty(STDOUT_FILENO))
		return out_usage("not a terminal: give 'batch'");
	/* The first rates are there after half a second. */
	rc = rates_take(&top->rates);
	if (rc)
		return take_status(&top->rates, rc);
	terminal_enter();
	do {
		draw(&top->rates);
		if (wait_turn(&top->rates, signals, now_ms() + wait) == TURN_END)
			break;
		wait = top->interval;
		rc = rates_take(&top->rates);
	} while (!rc);
	terminal_leave();
	return take_status(&top->rates, rc);
}

int cmd_top(int argc, char **argv)
{
	static struct top top = { .rows = 20, .interval = 1000 };
	struct words words = {
		.table = top_words,
		.count = W_WORDS,
		.takes = BIT(W_WORDS) - 1,
		.bare = BIT(W_BATCH),
		.set = set_word,
		.data = &top,
	};
	int signals, status;

	out_context("top");
	if (is_help(argc, argv))
		return help(top_help);
	take_options(argc, argv);
	status = words_parse(&words, argc, argv);
	if (status)
		return status;
	if (!(words.seen & BIT(W_BATCH)) &&
	    (out_is_json() || words.seen & (BIT(W_COUNT) | BIT(W_ROWS))))
		return out_usage("-j, count and rows go with 'batch'");
	signals = open_signals(!(words.seen & BIT(W_BATCH)));
	if (signals < 0)
		return EXIT_KERNEL;
	if (words.seen & BIT(W_BATCH))
		status = run_batch(&top, signals);
	else
		status = run_terminal(&top, signals);
	rates_free(&top.rates);
	close(signals);
	return status;
}
