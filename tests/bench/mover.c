// SPDX-License-Identifier: GPL-2.0
/*
 * Moves data between two network namespaces, for several pairs of them in turn,
 * and says how long each took. It holds the sockets of both ends, so nothing is
 * lost to scheduling, and does little else: what is measured is the kernel.
 *
 *   mover KIND ROUNDS COUNT NUMBER PAIR...
 *
 *   tcp        COUNT bytes one way over NUMBER connections at a time
 *   smp        the same twice: all on one processor, and on all of them
 *   udp        COUNT datagrams of NUMBER bytes one way, none lost
 *   many       the same, each on one of the pair's flows at random; B throws
 *              them away
 *   ask-tcp, ask-udp
 *              COUNT times NUMBER bytes there and back
 *
 * PAIR is NAME,NETNS-A,NETNS-B,ADDRESS-A,ADDRESS-B,PORT; for "many" the number of
 * flows is in the place of the port. Data goes from A to B. A round is one
 * measurement of each pair. Connections and flows are made before the first one
 * and used by all. For each measurement a line is printed:
 *
 *   NAME UNITS PACKETS NANOSECONDS IDLE
 *
 * NAME/N for "smp" on N processors. UNITS are bytes of payload, or exchanges;
 * PACKETS are datagrams, or TCP segments with data (0: not known); IDLE are those
 * of the nanoseconds in which processors had nothing to do, of all together (0
 * where the kernel does not tell). With more than one connection each has a
 * process of its own.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Flows of "many": port ROW_PORT + n / WIDTH to COLUMN_PORT + n % WIDTH. */
#define WIDTH		320
#define ROW_PORT	10000
#define COLUMN_PORT	300
/* Bytes of one write or read of TCP. */
#define CHUNK		(128 * 1024)
/* Datagrams that are sent before they are received. */
#define BURST		16
#define STREAMS_MAX	64
/* Rounds before the first one that counts. */
#define WARM_UP		6
/* No call waits longer, in seconds. */
#define PATIENCE	30

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct pair {
	char *name;
	char *netns[2];
	char *address[2];
	/* The port of B, or how many flows "many" has. */
	int port;
	/* One of A and one of B for each stream; of "many" all of A. */
	int *ours;
	int *theirs;
};

/* One measurement; what is done so often is set before. */
struct sample {
	uint64_t units;
	uint64_t packets;
	int64_t ns;
	int64_t idle;
};

static char buffer[CHUNK];
/* Processors for streams. */
static int processors = 1;

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/* Nanoseconds that all processors were idle since they started. */
static int64_t idle_time(void)
{
	FILE *file = fopen("/proc/timer_list", "r");
	int64_t sum = 0, ns;
	char line[512];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " .idle_sleeptime : %jd", &ns) == 1)
			sum += ns;
	fclose(file);
	return sum;
}

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

static socklen_t parse(union address *addr, const char *text, int port)
{
	memset(addr, 0, sizeof(*addr));
	if (inet_pton(AF_INET, text, &addr->v4.sin_addr) == 1) {
		addr->v4.sin_family = AF_INET;
		addr->v4.sin_port = htons(port);
		return sizeof(addr->v4);
	}
	if (inet_pton(AF_INET6, text, &addr->v6.sin6_addr) != 1)
		errx(2, "%s is no address", text);
	addr->v6.sin6_family = AF_INET6;
	addr->v6.sin6_port = htons(port);
	return sizeof(addr->v6);
}

static void set(int sock, int level, int name, const void *value, socklen_t len)
{
	if (setsockopt(sock, level, name, value, len))
		err(1, "setsockopt");
}

/* A socket of one end of a pair, bound. */
static int bound(const struct pair *pair, int end, int type, int port)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	union address addr;
	socklen_t len = parse(&addr, pair->address[end], port);
	int on = 1, sock;

	enter(pair->netns[end]);
	sock = socket(addr.any.sa_family, type, 0);
	if (sock < 0)
		err(1, "socket");
	set(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	set(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	set(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (bind(sock, &addr.any, len))
		err(1, "%s: bind %s", pair->name, pair->address[end]);
	return sock;
}

static void join(const struct pair *pair, int sock)
{
	union address addr;
	socklen_t len = parse(&addr, pair->address[1], pair->port);

	if (connect(sock, &addr.any, len))
		err(1, "%s: connect", pair->name);
}

/* Connections, of which A's end is in ours and B's in theirs. */
static void open_tcp(struct pair *pair, int streams)
{
	int listener = bound(pair, 1, SOCK_STREAM, pair->port);
	int on = 1, i;

	if (streams < 1 || streams > STREAMS_MAX)
		errx(2, "1 to %d streams", STREAMS_MAX);
	if (listen(listener, STREAMS_MAX))
		err(1, "listen");
	for (i = 0; i < streams; i++) {
		pair->ours[i] = bound(pair, 0, SOCK_STREAM, 0);
		join(pair, pair->ours[i]);
		pair->theirs[i] = accept(listener, NULL, NULL);
		if (pair->theirs[i] < 0)
			err(1, "%s: accept", pair->name);
		set(pair->ours[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		set(pair->theirs[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	}
	close(listener);
}

/* Datagrams of A come to B; B has seen one and may answer. */
static void open_udp(struct pair *pair, int size)
{
	union address from;
	socklen_t len = sizeof(from);

	if (size < 1 || size > CHUNK)
		errx(2, "1 to %d bytes", CHUNK);
	pair->theirs[0] = bound(pair, 1, SOCK_DGRAM, pair->port);
	pair->ours[0] = bound(pair, 0, SOCK_DGRAM, 0);
	join(pair, pair->ours[0]);
	if (send(pair->ours[0], buffer, 1, 0) != 1 ||
	    recvfrom(pair->theirs[0], buffer, 1, 0, &from.any, &len) != 1 ||
	    connect(pair->theirs[0], &from.any, len) ||
	    send(pair->theirs[0], buffer, 1, 0) != 1 ||
	    recv(pair->ours[0], buffer, 1, 0) != 1)
		err(1, "%s: first datagrams", pair->name);
}

/* Sockets for all flows of a pair; what arrives is not kept. */
static void open_many(struct pair *pair, int size)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &none };
	int rows = (pair->port + WIDTH - 1) / WIDTH, i;

	(void)size;
	pair->ours = calloc(rows, sizeof(int));
	if (!pair->ours)
		err(1, "memory");
	for (i = 0; i < rows; i++)
		pair->ours[i] = bound(pair, 0, SOCK_DGRAM, ROW_PORT + i);
	for (i = 0; i < WIDTH; i++)
		set(bound(pair, 1, SOCK_DGRAM, COLUMN_PORT + i), SOL_SOCKET,
		    SO_ATTACH_FILTER, &program, sizeof(program));
}

/* As much as fits now; how much that was. */
static size_t some(ssize_t done)
{
	if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		err(1, "transfer");
	return done < 0 ? 0 : done;
}

/* So many bytes over one connection. */
static void move_tcp(int from, int to, uint64_t bytes)
{
	struct pollfd fds[2] = { { .fd = to, .events = POLLIN },
				 { .fd = from, .events = POLLOUT } };
	uint64_t sent = 0, got = 0;
	size_t out, in, left;

	while (got < bytes) {
		left = bytes - sent;
		out = left ? some(send(from, buffer,
				       left < CHUNK ? left : CHUNK,
				       MSG_DONTWAIT)) : 0;
		sent += out;
		in = some(recv(to, buffer, CHUNK, MSG_DONTWAIT));
		got += in;
		if (!out && !in &&
		    poll(fds, sent < bytes ? 2 : 1, PATIENCE * 1000) < 1)
			errx(1, "transfer stands still");
	}
}

static uint64_t segments(int sock)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(sock, IPPROTO_TCP, TCP_INFO, &info, &len))
		err(1, "TCP_INFO");
	return info.tcpi_data_segs_out;
}

/* This process runs on one of the first processors only. */
static void settle(int number)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(number % processors, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "processor %d", number % processors);
}

/* Each stream has a process, which starts when the pipe is closed. */
static int64_t move_streams(const struct pair *pair, int streams,
			    uint64_t bytes)
{
	int ready[2], go[2], status, i;
	bool good = true;
	int64_t began;
	char byte = 0;

	if (pipe(ready) || pipe(go))
		err(1, "pipe");
	for (i = 0; i < streams; i++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			close(go[1]);
			settle(i);
			if (write(ready[1], &byte, 1) != 1 ||
			    read(go[0], &byte, 1))
				err(1, "pipe");
			move_tcp(pair->ours[i], pair->theirs[i],
				 bytes / streams);
			_exit(0);
		}
	}
	for (i = 0; i < streams; i++)
		if (read(ready[0], &byte, 1) != 1)
			errx(1, "a stream is not ready");
	began = now();
	close(go[1]);
	while (wait(&status) > 0)
		good &= !status;
	began = now() - began;
	if (!good)
		errx(1, "%s: a stream failed", pair->name);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	return began;
}

static void tcp(struct pair *pair, struct sample *sample, int streams)
{
	int64_t began, idle = idle_time();
	int i;

	for (i = 0; i < streams; i++)
		sample->packets -= segments(pair->ours[i]);
	if (streams == 1) {
		began = now();
		move_tcp(pair->ours[0], pair->theirs[0], sample->units);
		sample->ns = now() - began;
	} else {
		sample->ns = move_streams(pair, streams, sample->units);
	}
	sample->idle = idle_time() - idle;
	for (i = 0; i < streams; i++)
		sample->packets += segments(pair->ours[i]);
}

static void udp(struct pair *pair, struct sample *sample, int size)
{
	int64_t idle = idle_time(), began = now();
	uint64_t done;
	int burst, i;

	for (done = 0; done < sample->packets; done += burst) {
		burst = sample->packets - done < BURST ?
				sample->packets - done : BURST;
		for (i = 0; i < burst; i++)
			if (send(pair->ours[0], buffer, size, 0) != size)
				err(1, "%s: send", pair->name);
		for (i = 0; i < burst; i++)
			if (recv(pair->theirs[0], buffer, CHUNK, 0) != size)
				err(1, "%s: receive", pair->name);
	}
	sample->ns = now() - began;
	sample->idle = idle_time() - idle;
	sample->units = sample->packets * size;
}

static void many(struct pair *pair, struct sample *sample, int size)
{
	union address to;
	socklen_t len = parse(&to, pair->address[1], 0);
	static uint64_t random = 1;
	int64_t idle = idle_time(), began = now();
	uint64_t i;
	int flow;

	for (i = 0; i < sample->packets; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		flow = (random >> 33) % pair->port;
		/* At the same place in both families. */
		to.v4.sin_port = htons(COLUMN_PORT + flow % WIDTH);
		if (sendto(pair->ours[flow / WIDTH], buffer, size, 0, &to.any,
			   len) != size)
			err(1, "%s: send", pair->name);
	}
	sample->ns = now() - began;
	sample->idle = idle_time() - idle;
	sample->units = sample->packets * size;
}

/* The same exchange over TCP or UDP. */
static void ask(struct pair *pair, struct sample *sample, int size)
{
	int64_t idle = idle_time(), began = now();
	int a = pair->ours[0], b = pair->theirs[0];
	uint64_t i;

	for (i = 0; i < sample->units; i++)
		if (send(a, buffer, size, 0) != size ||
		    recv(b, buffer, size, MSG_WAITALL) != size ||
		    send(b, buffer, size, 0) != size ||
		    recv(a, buffer, size, MSG_WAITALL) != size)
			err(1, "%s: exchange", pair->name);
	sample->ns = now() - began;
	sample->idle = idle_time() - idle;
}

static void open_ask_tcp(struct pair *pair, int size)
{
	if (size < 1 || size > CHUNK)
		errx(2, "1 to %d bytes", CHUNK);
	open_tcp(pair, 1);
}

/* COUNT are datagrams, not bytes or exchanges. */
#define DATAGRAMS	0x1
/* Once on one processor, once on all. */
#define TWICE		0x2

static const struct kind {
	const char *name;
	void (*open)(struct pair *pair, int number);
	void (*measure)(struct pair *pair, struct sample *sample, int number);
	int flags;
} kinds[] = {
	{ "tcp", open_tcp, tcp, 0 },
	{ "smp", open_tcp, tcp, TWICE },
	{ "udp", open_udp, udp, DATAGRAMS },
	{ "many", open_many, many, DATAGRAMS },
	{ "ask-tcp", open_ask_tcp, ask, 0 },
	{ "ask-udp", open_udp, ask, 0 },
	{ 0 },
};

static const struct kind *find_kind(const char *name)
{
	const struct kind *kind;

	for (kind = kinds; kind->name; kind++)
		if (!strcmp(kind->name, name))
			return kind;
	errx(2, "%s cannot be measured: see the head of mover.c", name);
}

static char *word(char **text)
{
	char *out = strsep(text, ",");

	if (!out)
		errx(2, "a pair has six parts");
	return out;
}

static struct pair read_pair(char *text)
{
	struct pair pair = { .name = word(&text) };

	pair.netns[0] = word(&text);
	pair.netns[1] = word(&text);
	pair.address[0] = word(&text);
	pair.address[1] = word(&text);
	pair.port = atoi(word(&text));
	if (pair.port < 1)
		errx(2, "%s: the last part is a number", pair.name);
	pair.ours = calloc(STREAMS_MAX, sizeof(int));
	pair.theirs = calloc(STREAMS_MAX, sizeof(int));
	if (!pair.ours || !pair.theirs)
		err(1, "memory");
	return pair;
}

/* On all processors that are in use. Prints nothing while it warms up. */
static void measure(const struct kind *kind, struct pair *pair, uint64_t count,
		    int number, bool print)
{
	struct sample sample = { 0 };

	*(kind->flags & DATAGRAMS ? &sample.packets : &sample.units) = count;
	kind->measure(pair, &sample, number);
	if (!print)
		return;
	printf("%s", pair->name);
	if (kind->flags & TWICE)
		printf("/%d", processors);
	printf(" %ju %ju %jd %jd\n", sample.units, sample.packets, sample.ns,
	       sample.idle);
}

int main(int argc, char **argv)
{
	struct rlimit files = { .rlim_cur = 65536, .rlim_max = 65536 };
	int all = sysconf(_SC_NPROCESSORS_ONLN);
	int count = argc - 5, rounds, number, round, i;
	const struct kind *kind;
	struct pair pairs[16];
	uint64_t size;

	if (count < 1 || count > 16)
		errx(2, "see the head of mover.c");
	kind = find_kind(argv[1]);
	rounds = atoi(argv[2]);
	size = strtoull(argv[3], NULL, 0);
	number = atoi(argv[4]);
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "open files");
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < count; i++) {
		pairs[i] = read_pair(argv[5 + i]);
		kind->open(&pairs[i], number);
	}
	/* More of them warm up: windows grow, caches fill, keys are made. */
	for (round = -WARM_UP; round < rounds; round++) {
		for (i = 0; i < count; i++) {
			processors = kind->flags & TWICE ? 1 : all;
			measure(kind, &pairs[i], size, number, round >= 0);
			if (processors == all)
				continue;
			processors = all;
			measure(kind, &pairs[i], size, number, round >= 0);
		}
	}
	return 0;
}
