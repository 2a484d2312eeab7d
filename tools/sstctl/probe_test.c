// SPDX-License-Identifier: GPL-2.0
/* Tests of probe_packet.c. TAP. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "probe_packet.h"

static int count, failed;

static void result(bool good, const char *what, int family)
{
	printf("%sok %d - %s, IPv%d\n", good ? "" : "not ", ++count, what,
	       family == AF_INET ? 4 : 6);
	failed += !good;
}

static void make_addr(struct sst_addr *addr, int family, uint8_t last)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	memset(addr->bytes, 10, family == AF_INET ? 4 : 16);
	addr->bytes[family == AF_INET ? 3 : 15] = last;
}

/* A probe with all that an answer can show of it. */
static struct probe_packet make_probe(int family, bool echo)
{
	struct probe_packet probe = {
		.echo = echo, .sport = 40001, .dport = 50002,
		.reserved = family == AF_INET && !echo, .tclass = 0xac, .ttl = 3,
		.length = (uint16_t)(probe_headers(family) + 33),
	};

	make_addr(&probe.from, family, 1);
	make_addr(&probe.to, family, 2);
	return probe;
}

/*
 * An ICMP message of a router about @probe, in a buffer of its own, so that
 * reading beyond it is noticed. Returns its length.
 */
static size_t make_error(const struct probe_packet *probe, uint8_t type,
			 uint8_t **message)
{
	int family = probe->from.family;
	size_t header = probe_headers(family) - 8;
	size_t len = header + 8 + probe->length;
	struct probe_packet outer = *probe;

	outer.echo = true;
	outer.length = (uint16_t)len;
	make_addr(&outer.from, family, 9);
	outer.to = probe->from;
	*message = malloc(len);
	if (!*message)
		abort();
	probe_build(&outer, *message);
	(*message)[header] = type;
	probe_build(probe, *message + header + 8);
	return len;
}

static bool tells_all(const struct probe_packet *probe,
		      const struct probe_answer *answer)
{
	struct sst_addr router;

	make_addr(&router, probe->from.family, 9);
	return !memcmp(&answer->from, &router, sizeof(router)) &&
	       !memcmp(&answer->to, &probe->to, sizeof(probe->to)) &&
	       answer->echo == probe->echo && answer->sport == probe->sport &&
	       answer->dport == probe->dport &&
	       answer->length == (probe->echo ? 0 : 8 + 33) &&
	       answer->reserved == probe->reserved &&
	       answer->tclass == probe->tclass;
}

static void test_answers(int family, bool echo)
{
	struct probe_packet probe = make_probe(family, echo);
	uint8_t exceeded = family == AF_INET ? 11 : 3;
	struct probe_answer answer;
	uint8_t *message, *part;
	size_t len = make_error(&probe, exceeded, &message), i;
	size_t quoted = 2 * probe_headers(family);
	bool good = true;

	result(probe_parse(family, message, len, &answer) &&
	       answer.kind == PROBE_EXCEEDED && tells_all(&probe, &answer),
	       echo ? "an echo request comes back" : "a datagram comes back", family);
	for (i = 0; i <= len; i++) {
		part = malloc(i ? i : 1);
		if (!part)
			abort();
		memcpy(part, message, i);
		good &= probe_parse(family, part, i, &answer) == (i >= quoted);
		free(part);
	}
	result(good, "eight bytes of it are enough, less are not", family);
	message[probe_headers(family) - 8] = 99;
	result(!probe_parse(family, message, len, &answer),
	       "another kind of message is none", family);
	free(message);
}

/* Whatever comes, nothing is read beyond it. */
static void test_noise(int family)
{
	struct probe_packet probe = make_probe(family, false);
	struct probe_answer answer;
	uint8_t *message;
	size_t len;
	int i, k;

	srandom(1);
	for (i = 0; i < 20000; i++) {
		len = make_error(&probe, 3, &message);
		for (k = 0; k < 4; k++)
			message[(size_t)random() % len] = (uint8_t)random();
		probe_parse(family, message, (size_t)random() % (len + 1), &answer);
		free(message);
	}
	result(true, "noise", family);
}

/* The sum of what a receiver adds up is all ones. */
static void test_checksum(int family, bool echo)
{
	struct probe_packet probe = make_probe(family, echo);
	size_t header = probe_headers(family) - 8, i;
	uint8_t buf[256] = { 0 };
	uint32_t sum = 0;

	probe_build(&probe, buf);
	/* Addresses, length and protocol, unless it is ICMP of IPv4. */
	if (family != AF_INET || !echo) {
		for (i = 0; i < (family == AF_INET ? 8 : 32); i += 2)
			sum += (uint32_t)(buf[header - (family == AF_INET ? 8 : 32) + i] << 8 |
					  buf[header - (family == AF_INET ? 8 : 32) + i + 1]);
		sum += (uint32_t)(probe.length - header);
		sum += family == AF_INET ? buf[9] : buf[6];
	}
	for (i = header; i < probe.length; i += 2)
		sum += (uint32_t)(buf[i] << 8 | buf[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	result(sum == 0xffff, echo ? "checksum, echo request" : "checksum, datagram",
	       family);
}

/* A datagram and its trailer have to fit into what IP can carry. */
static void test_oversize(int family)
{
	size_t most = 65535 - probe_headers(family) - 140;

	result(probe_oversize(family, 1500) == 2000, "fragments of an MTU", family);
	result(probe_oversize(family, (unsigned int)most - 500) == most,
	       "fragments of the largest MTU that has some", family);
	result(!probe_oversize(family, (unsigned int)most - 499) &&
	       !probe_oversize(family, 65010) && !probe_oversize(family, 65536) &&
	       !probe_oversize(family, 0xffffffff),
	       "no fragments of a larger one", family);
}

int main(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	size_t i;

	for (i = 0; i < 2; i++) {
		test_answers(families[i], false);
		test_answers(families[i], true);
		test_noise(families[i]);
		test_checksum(families[i], false);
		test_checksum(families[i], true);
		test_oversize(families[i]);
	}
	printf("1..%d\n", count);
	return failed != 0;
}
