/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_PROBE_PACKET_H
#define SSTCTL_PROBE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

/* The packets of "sstctl doctor probe", as bytes. Arithmetic only. */

/* The largest probe. */
#define PROBE_SIZE_MAX 65535

/**
 * struct probe_packet - a packet to be sent: a UDP datagram or an echo request
 * @from: source
 * @to: destination, of the same family
 * @echo: an echo request, of which @sport is the identifier and @dport the
 *	sequence number
 * @sport: source port
 * @dport: destination port
 * @reserved: set the reserved flag of IPv4
 * @tclass: type of service, or traffic class
 * @ttl: time to live, or hop limit
 * @length: of the whole packet
 */
struct probe_packet {
	struct sst_addr from;
	struct sst_addr to;
	bool echo;
	uint16_t sport;
	uint16_t dport;
	bool reserved;
	uint8_t tclass;
	uint8_t ttl;
	uint16_t length;
};

enum probe_answer_kind {
	PROBE_EXCEEDED,		/* time exceeded */
	PROBE_UNREACHABLE,	/* destination unreachable, for any reason */
	PROBE_TOO_BIG,		/* packet too big, fragmentation needed */
	PROBE_REPLY,		/* echo reply */
};

/**
 * struct probe_answer - an ICMP message about a probe
 * @kind: enum probe_answer_kind
 * @from: who sent it
 * @to: where the probe went
 * @echo: it was an echo request
 * @sport: its source port or identifier
 * @dport: its destination port or sequence number
 * @length: of its UDP header and payload; for echo requests 0
 * @reserved: the reserved flag, as it is quoted
 * @tclass: type of service or traffic class, as it is quoted
 *
 * A reply quotes nothing; the last two mean nothing then.
 */
struct probe_answer {
	uint8_t kind;
	struct sst_addr from;
	struct sst_addr to;
	bool echo;
	uint16_t sport;
	uint16_t dport;
	uint16_t length;
	bool reserved;
	uint8_t tclass;
};

/* Bytes of the headers before the payload: the smallest probe. */
size_t probe_headers(int family);

/*
 * Payload of a datagram that leaves a device with this MTU in fragments; 0 where
 * none can be so large.
 */
size_t probe_oversize(int family, unsigned int mtu);

/* @buf has room for @probe->length, which is not below probe_headers(). */
void probe_build(const struct probe_packet *probe, uint8_t *buf);

/**
 * probe_parse() - read a packet that arrived
 * @family: AF_INET or AF_INET6
 * @data: the packet, from the IP header on
 * @len: bytes that there are
 * @answer: gets what it says
 *
 * Return: false when it is no answer to any probe.
 */
bool probe_parse(int family, const uint8_t *data, size_t len,
		 struct probe_answer *answer);

#endif /* SSTCTL_PROBE_PACKET_H */
