// SPDX-License-Identifier: GPL-2.0
#include "probe_packet.h"

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <string.h>
#include <sys/socket.h>

#define IPV4_HEADER 20
#define IPV6_HEADER 40
/* A UDP header, and an ICMP header of an echo or an error. */
#define UPPER_HEADER 8

/* So much more than the MTU of the device makes a datagram leave in fragments. */
#define OVERSIZE 500
/* The longest trailer, of an INIT with all that it may carry. */
#define TRAILER_MAX 140

#define IPV4_RESERVED 0x8000
#define IPV4_DF 0x4000
#define IPV4_OFFSET 0x1fff

static void put16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t sum(const uint8_t *data, size_t len, uint32_t start)
{
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		start += get16(data + i);
	if (len & 1)
		start += (uint32_t)data[len - 1] << 8;
	return start;
}

static uint16_t fold(uint32_t value)
{
	while (value >> 16)
		value = (value & 0xffff) + (value >> 16);
	return (uint16_t)~value;
}

static size_t ip_header(int family)
{
	return family == AF_INET ? IPV4_HEADER : IPV6_HEADER;
}

static size_t addr_size(const struct sst_addr *addr)
{
	return addr->family == AF_INET ? 4 : 16;
}

size_t probe_headers(int family)
{
	return ip_header(family) + UPPER_HEADER;
}

size_t probe_oversize(int family, unsigned int mtu)
{
	size_t size = (size_t)mtu + OVERSIZE;

	return probe_headers(family) + size + TRAILER_MAX > PROBE_SIZE_MAX ? 0 : size;
}

static uint8_t protocol_of(const struct probe_packet *probe)
{
	if (!probe->echo)
		return IPPROTO_UDP;
	return probe->from.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

static void build_ipv4(const struct probe_packet *probe, uint8_t *buf)
{
	buf[0] = 0x45;
	buf[1] = probe->tclass;
	put16(buf + 2, probe->length);
	/* Without fragments the identification means nothing. */
	put16(buf + 6, IPV4_DF | (probe->reserved ? IPV4_RESERVED : 0));
	buf[8] = probe->ttl;
	buf[9] = protocol_of(probe);
	memcpy(buf + 12, probe->from.bytes, 4);
	memcpy(buf + 16, probe->to.bytes, 4);
	put16(buf + 10, fold(sum(buf, IPV4_HEADER, 0)));
}

static void build_ipv6(const struct probe_packet *probe, uint8_t *buf)
{
	buf[0] = (uint8_t)(0x60 | probe->tclass >> 4);
	buf[1] = (uint8_t)(probe->tclass << 4);
	put16(buf + 4, probe->length - (unsigned int)IPV6_HEADER);
	buf[6] = protocol_of(probe);
	buf[7] = probe->ttl;
	memcpy(buf + 8, probe->from.bytes, 16);
	memcpy(buf + 24, probe->to.bytes, 16);
}

/* Only ICMP of IPv4 has no pseudo header. */
static uint32_t pseudo_sum(const struct probe_packet *probe, size_t len)
{
	size_t size = addr_size(&probe->from);

	if (protocol_of(probe) == IPPROTO_ICMP)
		return 0;
	return sum(probe->from.bytes, size,
		   sum(probe->to.bytes, size, (uint32_t)len + protocol_of(probe)));
}

void probe_build(const struct probe_packet *probe, uint8_t *buf)
{
	bool ipv4 = probe->from.family == AF_INET;
	size_t header = ip_header(probe->from.family);
	size_t len = probe->length - header;
	uint8_t *upper = buf + header;
	uint16_t check;

	memset(buf, 0, probe->length);
	if (ipv4)
		build_ipv4(probe, buf);
	else
		build_ipv6(probe, buf);
	if (probe->echo) {
		upper[0] = ipv4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
		put16(upper + 4, probe->sport);
		put16(upper + 6, probe->dport);
		put16(upper + 2, fold(sum(upper, len, pseudo_sum(probe, len))));
		return;
	}
	put16(upper, probe->sport);
	put16(upper + 2, probe->dport);
	put16(upper + 4, (unsigned int)len);
	check = fold(sum(upper, len, pseudo_sum(probe, len)));
	put16(upper + 6, check ? check : 0xffff);
}

/* Fills in the part of an answer that is quoted. */
static bool parse_quote(int family, const uint8_t *data, size_t len,
			struct probe_answer *answer)
{
	size_t header = ip_header(family);
	uint8_t protocol;

	answer->to.family = family;
	if (len < header + UPPER_HEADER)
		return false;
	if (family == AF_INET) {
		/* Probes have no options; a later fragment has no ports. */
		if (data[0] != 0x45 || get16(data + 6) & IPV4_OFFSET)
			return false;
		protocol = data[9];
		answer->reserved = get16(data + 6) & IPV4_RESERVED;
		answer->tclass = data[1];
		memcpy(answer->to.bytes, data + 16, 4);
	} else {
		if (data[0] >> 4 != 6)
			return false;
		protocol = data[6];
		answer->tclass = (uint8_t)(data[0] << 4 | data[1] >> 4);
		memcpy(answer->to.bytes, data + 24, 16);
	}
	data += header;
	if (protocol == IPPROTO_UDP) {
		answer->sport = get16(data);
		answer->dport = get16(data + 2);
		answer->length = get16(data + 4);
		return true;
	}
	answer->echo = true;
	answer->sport = get16(data + 4);
	answer->dport = get16(data + 6);
	return protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6) &&
	       data[0] == (family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
}

/* The kind of an ICMP message, or -1 for one that is not about probes. */
static int kind_of(int family, uint8_t type, uint8_t code)
{
	if (family == AF_INET) {
		switch (type) {
		case ICMP_ECHOREPLY:
			return PROBE_REPLY;
		case ICMP_TIME_EXCEEDED:
			return PROBE_EXCEEDED;
		case ICMP_DEST_UNREACH:
			return code == ICMP_FRAG_NEEDED ? PROBE_TOO_BIG :
							  PROBE_UNREACHABLE;
		}
		return -1;
	}
	switch (type) {
	case ICMP6_ECHO_REPLY:
		return PROBE_REPLY;
	case ICMP6_TIME_EXCEEDED:
		return PROBE_EXCEEDED;
	case ICMP6_DST_UNREACH:
		return PROBE_UNREACHABLE;
	case ICMP6_PACKET_TOO_BIG:
		return PROBE_TOO_BIG;
	}
	return -1;
}

bool probe_parse(int family, const uint8_t *data, size_t len,
		 struct probe_answer *answer)
{
	size_t header = ip_header(family);
	int kind;

	memset(answer, 0, sizeof(*answer));
	if (len < header)
		return false;
	answer->from.family = family;
	if (family == AF_INET) {
		header = (data[0] & 0xf) * 4u;
		if (header < IPV4_HEADER || data[9] != IPPROTO_ICMP ||
		    get16(data + 6) & IPV4_OFFSET)
			return false;
		memcpy(answer->from.bytes, data + 12, 4);
	} else {
		if (data[6] != IPPROTO_ICMPV6)
			return false;
		memcpy(answer->from.bytes, data + 8, 16);
	}
	if (len < header + UPPER_HEADER)
		return false;
	data += header;
	len -= header;
	kind = kind_of(family, data[0], data[1]);
	if (kind < 0)
		return false;
	answer->kind = (uint8_t)kind;
	if (kind != PROBE_REPLY)
		return parse_quote(family, data + UPPER_HEADER, len - UPPER_HEADER,
				   answer);
	answer->to = answer->from;
	answer->echo = true;
	answer->sport = get16(data + 4);
	answer->dport = get16(data + 6);
	return true;
}
