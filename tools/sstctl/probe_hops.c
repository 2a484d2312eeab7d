// SPDX-License-Identifier: GPL-2.0
#include "probe_hops.h"

#include <sodium.h>
#include <string.h>
#include <sys/socket.h>

/* Hops that are asked at the same time, and when to give up beyond the last. */
#define HOPS_AT_ONCE 4
#define SILENT_HOPS 4
/* Routers answer each host a few times at once, then once a second. */
#define TRIES 3
#define TRY_MS 1100
/* Between two packets. */
#define PACE_MS 10

#define ECN_MASK 0x03
#define TCLASS_DSCP (46 << 2)

/* For what is not forwarded hop by hop. */
#define TTL_END 64

/**
 * struct walk - probes on their way
 * @link: the way
 * @mark: traffic class bits of the mark
 * @sport: source port
 * @dport: destination port
 * @path: what is known
 */
struct walk {
	const struct probe_link *link;
	uint8_t mark;
	uint16_t sport;
	uint16_t dport;
	struct probe_path *path;
};

static bool same_addr(const struct sst_addr *a, const struct sst_addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* One that no service is likely to have, from the range of ephemeral ones. */
static uint16_t random_port(void)
{
	return (uint16_t)(32768 + randombytes_uniform(28232));
}

static uint8_t tclass_of(const struct walk *walk, enum probe_kind kind)
{
	if (kind == PROBE_DSCP)
		return TCLASS_DSCP;
	if (kind == PROBE_MARKED && walk->link->to.family == AF_INET6)
		return walk->mark;
	return 0;
}

static bool reserved_of(const struct walk *walk, enum probe_kind kind)
{
	return kind == PROBE_MARKED && walk->link->to.family == AF_INET;
}

/* The length tells which probe it was, whatever a NAT does to the ports. */
static uint16_t length_of(unsigned int hop, enum probe_kind kind)
{
	return (uint16_t)(1 + hop * PROBE_KINDS + kind);
}

static void send_probe(const struct walk *walk, unsigned int hop, enum probe_kind kind)
{
	const struct probe_link *link = walk->link;
	struct probe_packet packet = {
		.from = link->from,
		.to = link->to,
		.sport = walk->sport,
		.dport = walk->dport,
		.reserved = reserved_of(walk, kind),
		.tclass = tclass_of(walk, kind),
		.ttl = (uint8_t)(hop + 1),
		.length = (uint16_t)(probe_headers(link->to.family) +
				     length_of(hop, kind)),
	};

	probe_link_send(link, &packet);
	probe_sleep(PACE_MS);
}

static void take_answer(const struct walk *walk, const struct probe_answer *answer)
{
	unsigned int index = answer->length - 8u - 1u;
	enum probe_kind kind = index % PROBE_KINDS;
	unsigned int hop = index / PROBE_KINDS;
	struct probe_seen *seen;

	if (answer->echo || answer->sport != walk->sport ||
	    answer->dport != walk->dport || hop >= PROBE_HOPS_MAX ||
	    !same_addr(&answer->to, &walk->link->to))
		return;
	walk->path->hop[hop].addr = answer->from;
	walk->path->hop[hop].is_end = answer->kind == PROBE_UNREACHABLE &&
				      same_addr(&answer->from, &walk->link->to);
	seen = &walk->path->hop[hop].seen[kind];
	seen->answered = true;
	seen->same = answer->reserved == reserved_of(walk, kind) &&
		     (answer->tclass & ~ECN_MASK) == tclass_of(walk, kind);
}

/* Ask again for what was not answered. Returns how many that was. */
static unsigned int ask(const struct walk *walk, unsigned int from, unsigned int to)
{
	unsigned int asked = 0, hop;
	int kind;

	for (hop = from; hop < to; hop++) {
		for (kind = 0; kind < PROBE_KINDS; kind++) {
			if (walk->path->hop[hop].seen[kind].answered)
				continue;
			send_probe(walk, hop, kind);
			asked++;
		}
	}
	return asked;
}

static bool all_answered(const struct walk *walk, unsigned int from, unsigned int to)
{
	unsigned int hop;
	int kind;

	for (hop = from; hop < to; hop++) {
		for (kind = 0; kind < PROBE_KINDS; kind++) {
			if (!walk->path->hop[hop].seen[kind].answered)
				return false;
		}
		/* What comes behind the end is the end again. */
		if (walk->path->hop[hop].is_end)
			return true;
	}
	return true;
}

static void ask_some(const struct walk *walk, unsigned int from, unsigned int to)
{
	struct probe_answer answer;
	int64_t deadline;
	int tries;

	for (tries = 0; tries < TRIES && ask(walk, from, to); tries++) {
		deadline = probe_now() + TRY_MS;
		while (!all_answered(walk, from, to) &&
		       probe_link_receive(walk->link, deadline, &answer))
			take_answer(walk, &answer);
		if (all_answered(walk, from, to))
			return;
	}
}

void probe_hops(const struct probe_link *link, uint8_t mark,
		struct probe_path *path)
{
	struct walk walk = {
		.link = link,
		.mark = mark,
		.sport = random_port(),
		.dport = random_port(),
		.path = path,
	};
	unsigned int from, hop, to;

	memset(path, 0, sizeof(*path));
	for (from = 0; from < PROBE_HOPS_MAX; from = to) {
		to = from + HOPS_AT_ONCE;
		if (to > PROBE_HOPS_MAX)
			to = PROBE_HOPS_MAX;
		ask_some(&walk, from, to);
		for (hop = from; hop < to; hop++) {
			if (!path->hop[hop].addr.family)
				continue;
			path->count = hop + 1;
			if (path->hop[hop].is_end)
				return;
		}
		if (to - path->count >= SILENT_HOPS)
			return;
	}
}

/* Echo requests, by their sequence numbers. */
enum echo {
	ECHO_PLAIN,
	ECHO_MARKED,
	ECHO_FULL,
	ECHO_COUNT,
};

static void send_echo(const struct walk *walk, enum echo echo)
{
	const struct probe_link *link = walk->link;
	enum probe_kind kind = echo == ECHO_MARKED ? PROBE_MARKED : PROBE_PLAIN;
	struct probe_packet packet = {
		.from = link->from,
		.to = link->to,
		.echo = true,
		.sport = walk->sport,
		.dport = (uint16_t)echo,
		.reserved = reserved_of(walk, kind),
		.tclass = tclass_of(walk, kind),
		.ttl = TTL_END,
		.length = (uint16_t)(probe_headers(link->to.family) + 8),
	};

	if (echo == ECHO_FULL)
		packet.length = link->mtu > PROBE_SIZE_MAX ? PROBE_SIZE_MAX :
							     (uint16_t)link->mtu;
	probe_link_send(link, &packet);
	probe_sleep(PACE_MS);
}

void probe_echoes(const struct probe_link *link, uint8_t mark,
		  struct probe_echoes *echoes)
{
	struct walk walk = { .link = link, .mark = mark, .sport = random_port() };
	bool got[ECHO_COUNT] = { false };
	struct probe_answer answer;
	int64_t deadline;
	int echo, missing = ECHO_COUNT, tries;

	for (tries = 0; tries < TRIES && missing; tries++) {
		for (echo = 0; echo < ECHO_COUNT; echo++) {
			if (!got[echo])
				send_echo(&walk, echo);
		}
		deadline = probe_now() + TRY_MS;
		while (missing && probe_link_receive(link, deadline, &answer)) {
			if (!answer.echo || answer.sport != walk.sport ||
			    answer.dport >= ECHO_COUNT || got[answer.dport] ||
			    (answer.kind != PROBE_REPLY &&
			     answer.kind != PROBE_TOO_BIG))
				continue;
			got[answer.dport] = true;
			missing--;
		}
	}
	echoes->plain = got[ECHO_PLAIN];
	echoes->marked = got[ECHO_MARKED];
	echoes->full = got[ECHO_FULL];
}

bool probe_is_echoed(const struct probe_link *link, size_t size)
{
	uint16_t id = random_port();
	int tries;

	for (tries = 0; tries < TRIES; tries++) {
		if (probe_link_ping(&link->to, id, size, TRY_MS))
			return true;
	}
	return false;
}
