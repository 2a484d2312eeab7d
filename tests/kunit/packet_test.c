// SPDX-License-Identifier: GPL-2.0
/* Finding the transport header: every bound, every kind of packet. */
#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "compat.h"
#include "fixture.h"

static const struct sst_config defaults = {
	.mark = SST_CONFIG_MARK(0xfc, 0xac),
};

static const struct sst_test_desc descs[] = {
	{ NFPROTO_IPV4, IPPROTO_TCP, .payload = 33 },
	{ NFPROTO_IPV4, IPPROTO_UDP, .payload = 33 },
	{ NFPROTO_IPV6, IPPROTO_TCP, .payload = 33 },
	{ NFPROTO_IPV6, IPPROTO_UDP, .payload = 33 },
};

static void desc_name(const struct sst_test_desc *desc, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%s over %s",
		 desc->proto == IPPROTO_TCP ? "TCP" : "UDP",
		 desc->family == NFPROTO_IPV4 ? "IPv4" : "IPv6");
}

KUNIT_ARRAY_PARAM(desc, descs, desc_name);

static u8 *get_buffer(struct kunit *test)
{
	u8 *bytes = kunit_kzalloc(test, SST_TEST_PACKET_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	return bytes;
}

static struct sk_buff *linear_skb(struct kunit *test, const u8 *bytes,
				  unsigned int len)
{
	return sst_test_skb(test, bytes, len, SST_TEST_TIGHT, 0);
}

/* A short look finds the ports of a packet that has some, or nothing. */
static void expect_peek(struct kunit *test, const struct sk_buff *skb, u8 family,
			enum sst_pkt_class class, const struct sst_pkt *pkt)
{
	const __be16 *ports = sst_packet_peek_ports(skb, family);

	if (!ports)
		return;
	/* Of lengths it knows nothing: what is too short may seem to have some. */
	KUNIT_EXPECT_NE(test, SST_PKT_FRAGMENT, class);
	if (class != SST_PKT_WHOLE)
		return;
	KUNIT_EXPECT_EQ(test, ntohs(pkt->tuple.rport), ntohs(ports[0]));
	KUNIT_EXPECT_EQ(test, ntohs(pkt->tuple.lport), ntohs(ports[1]));
}

/* Parse @len bytes that lie in memory without a byte to spare. */
static enum sst_pkt_class parse(struct kunit *test, struct sst_pkt *pkt,
				const u8 *bytes, unsigned int len, u8 family)
{
	struct sk_buff *skb = linear_skb(test, bytes, len);
	enum sst_pkt_class class;

	/* The parser must set every field. */
	memset(pkt, 0xa5, sizeof(*pkt));
	class = sst_packet_parse(pkt, skb, family, SST_PKT_IN, &defaults);
	expect_peek(test, skb, family, class, pkt);
	sst_test_skb_free(test, skb);
	pkt->skb = NULL;
	return class;
}

/* The whole result for the packets of sst_test_build(). */
static void expect_whole(struct kunit *test, const struct sst_pkt *pkt,
			 const struct sst_test_desc *desc,
			 unsigned int len, const char *what, unsigned int n)
{
	unsigned int thoff = sst_test_network_size(desc->family);
	bool tcp = desc->proto == IPPROTO_TCP;
	struct sst_tuple tuple;

	sst_test_tuple(&tuple, desc->family, desc->proto, SST_TEST_DPORT,
		       SST_TEST_SPORT);
	KUNIT_EXPECT_EQ_MSG(test, thoff, pkt->thoff, "%s %u", what, n);
	KUNIT_EXPECT_EQ_MSG(test, tcp ? 20 : 8, pkt->thlen, "%s %u", what, n);
	KUNIT_EXPECT_EQ_MSG(test, len - thoff, pkt->seglen, "%s %u", what, n);
	KUNIT_EXPECT_EQ_MSG(test, tcp ? 0x50 : 0, pkt->covered[0], "%s %u",
			    what, n);
	KUNIT_EXPECT_EQ_MSG(test, tcp ? 0x18 : 0, pkt->covered[1], "%s %u",
			    what, n);
	KUNIT_EXPECT_FALSE_MSG(test, pkt->marked, "%s %u", what, n);
	KUNIT_EXPECT_MEMEQ_MSG(test, &tuple, &pkt->tuple, sizeof(tuple),
			       "%s %u", what, n);
}

static void packet_directions(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, desc);
	struct sk_buff *skb = linear_skb(test, bytes, len);
	struct sst_tuple swapped;
	struct sst_pkt pkt;
	const __be16 *ports = sst_packet_peek_ports(skb, desc->family);

	KUNIT_ASSERT_NOT_NULL(test, ports);
	KUNIT_EXPECT_EQ(test, SST_TEST_SPORT, ntohs(ports[0]));
	KUNIT_EXPECT_EQ(test, SST_TEST_DPORT, ntohs(ports[1]));
	KUNIT_EXPECT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, desc->family, SST_PKT_IN,
					 &defaults));
	expect_whole(test, &pkt, desc, len, "in", 0);
	KUNIT_EXPECT_PTR_EQ(test, skb, pkt.skb);

	swapped = pkt.tuple;
	swap(swapped.local, swapped.remote);
	swap(swapped.lport, swapped.rport);
	KUNIT_EXPECT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, desc->family, SST_PKT_OUT,
					 &defaults));
	KUNIT_EXPECT_MEMEQ(test, &swapped, &pkt.tuple, sizeof(swapped));
}

/* A packet cut off anywhere behind its IP header is never whole. */
static void packet_truncated(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	unsigned int thoff = sst_test_network_size(desc->family);
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, desc), n;
	struct sst_pkt pkt;

	for (n = thoff; n < len; n++)
		KUNIT_EXPECT_EQ_MSG(test, SST_PKT_BAD,
				    parse(test, &pkt, bytes, n, desc->family),
				    "%u bytes of %u", n, len);
	KUNIT_EXPECT_EQ(test, SST_PKT_WHOLE,
			parse(test, &pkt, bytes, len, desc->family));
}

/* What counts is the IP length: bytes behind it are not the packet's. */
static void packet_ip_length(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	unsigned int thoff = sst_test_network_size(desc->family);
	unsigned int headers = sst_test_headers(desc);
	bool v4 = desc->family == NFPROTO_IPV4;
	bool tcp = desc->proto == IPPROTO_TCP;
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, desc), n;
	enum sst_pkt_class want;
	struct sst_pkt pkt;

	for (n = 0; n <= len + 2; n++) {
		if (v4)
			put_unaligned_be16(n, bytes + 2);
		else
			put_unaligned_be16(n, bytes + 4);
		/* UDP has a length of its own: let it agree. */
		if (!tcp)
			put_unaligned_be16(v4 ? n - thoff : n,
					   bytes + thoff + 4);
		if (v4 && n < thoff)
			want = SST_PKT_OTHER;
		else if (!v4 && !n)
			want = SST_PKT_FOREIGN;
		else if ((v4 ? n : n + thoff) < headers ||
			 (v4 ? n : n + thoff) > len)
			want = SST_PKT_BAD;
		else
			want = SST_PKT_WHOLE;
		KUNIT_EXPECT_EQ_MSG(test, want,
				    parse(test, &pkt, bytes, len, desc->family),
				    "length %u", n);
		if (want == SST_PKT_WHOLE)
			expect_whole(test, &pkt, desc, v4 ? n : n + thoff,
				     "length", n);
	}
}

/* The transport header may begin and end in any fragment. */
static void packet_nonlinear(struct kunit *test)
{
	static const enum sst_test_layout layouts[] = {
		SST_TEST_PAGE, SST_TEST_FULL, SST_TEST_LIST,
	};
	const struct sst_test_desc *desc = test->param_value;
	unsigned int thoff = sst_test_network_size(desc->family);
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, desc), head, i;
	struct sk_buff *skb;
	struct sst_pkt pkt;

	for (i = 0; i < ARRAY_SIZE(layouts); i++) {
		for (head = thoff; head < len - MAX_SKB_FRAGS; head++) {
			skb = sst_test_skb(test, bytes, len, layouts[i], head);
			KUNIT_EXPECT_EQ_MSG(test, SST_PKT_WHOLE,
					    sst_packet_parse(&pkt, skb,
							     desc->family,
							     SST_PKT_IN,
							     &defaults),
					    "%s, head %u",
					    sst_test_layouts[layouts[i]], head);
			expect_whole(test, &pkt, desc, len, "head", head);
			/* Nothing was pulled into the head. */
			KUNIT_EXPECT_EQ(test, head, skb_headlen(skb));
			sst_test_skb_free(test, skb);
		}
	}
}

static void packet_tcp_data_offset(struct kunit *test)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	static const unsigned int payloads[] = { 0, 3, 4, 39, 40, 41 };
	unsigned int f, i, doff;
	u8 *bytes = get_buffer(test);
	struct sst_pkt pkt;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		for (i = 0; i < ARRAY_SIZE(payloads); i++) {
			struct sst_test_desc desc = {
				families[f], IPPROTO_TCP,
				.payload = payloads[i],
			};
			unsigned int len = sst_test_build(bytes, &desc);
			u8 *th = bytes + sst_test_network_size(families[f]);

			for (doff = 0; doff < 16; doff++) {
				bool fits = doff >= 5 &&
					    4 * doff <= 20 + payloads[i];
				enum sst_pkt_class got;

				/* Reserved bits and CWR, ECE, URG come and go. */
				th[12] = doff << 4 | 0x0f;
				th[13] = 0xe0 | doff;
				got = parse(test, &pkt, bytes, len,
					    families[f]);
				KUNIT_EXPECT_EQ_MSG(test, fits ? SST_PKT_WHOLE :
						    SST_PKT_BAD, got,
						    "offset %u payload %u",
						    doff, payloads[i]);
				KUNIT_EXPECT_EQ(test, SST_TEST_DPORT,
						ntohs(pkt.tuple.lport));
				if (!fits)
					continue;
				KUNIT_EXPECT_EQ(test, 4 * doff, pkt.thlen);
				KUNIT_EXPECT_EQ(test, doff << 4, pkt.covered[0]);
				KUNIT_EXPECT_EQ(test, doff, pkt.covered[1]);
				KUNIT_EXPECT_EQ(test,
						20 + payloads[i] - 4 * doff,
						sst_packet_payload(&pkt,
								   pkt.seglen));
			}
		}
	}
}

/* Protocol section 4: FIN, SYN, RST, PSH and ACK are covered. */
static void packet_tcp_covered(struct kunit *test)
{
	struct sst_test_desc desc = { NFPROTO_IPV4, IPPROTO_TCP };
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, &desc), flags;
	struct sst_pkt pkt;

	for (flags = 0; flags < 256; flags++) {
		bytes[20 + 13] = flags;
		KUNIT_EXPECT_EQ(test, SST_PKT_WHOLE,
				parse(test, &pkt, bytes, len, NFPROTO_IPV4));
		KUNIT_EXPECT_EQ_MSG(test, flags & 0x1f, pkt.covered[1],
				    "flags %#x", flags);
	}
}

static void packet_udp_length(struct kunit *test)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	u8 *bytes = get_buffer(test);
	unsigned int f, payload, n;
	struct sst_pkt pkt;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		for (payload = 0; payload < 40; payload += 13) {
			struct sst_test_desc desc = {
				families[f], IPPROTO_UDP, .payload = payload,
			};
			unsigned int len = sst_test_build(bytes, &desc);
			u8 *uh = bytes + sst_test_network_size(families[f]);

			for (n = 0; n < 60; n++) {
				enum sst_pkt_class got;

				put_unaligned_be16(n, uh + 4);
				got = parse(test, &pkt, bytes, len,
					    families[f]);
				KUNIT_EXPECT_EQ_MSG(test, n == 8 + payload ?
						    SST_PKT_WHOLE : SST_PKT_BAD,
						    got, "length %u payload %u",
						    n, payload);
			}
			put_unaligned_be16(0xffff, uh + 4);
			KUNIT_EXPECT_EQ(test, SST_PKT_BAD,
					parse(test, &pkt, bytes, len,
					      families[f]));
		}
	}
}

static void packet_other_protocols(struct kunit *test)
{
	u8 *bytes = get_buffer(test);
	unsigned int proto, len;
	struct sst_pkt pkt;

	for (proto = 0; proto < 256; proto++) {
		if (proto == IPPROTO_TCP || proto == IPPROTO_UDP)
			continue;
		len = sst_test_build(bytes, &descs[1]);
		bytes[9] = proto;
		KUNIT_EXPECT_EQ_MSG(test, SST_PKT_OTHER,
				    parse(test, &pkt, bytes, len, NFPROTO_IPV4),
				    "IPv4 protocol %u", proto);
		/* These have no meaning as a header here: 255 times 8 bytes. */
		if (proto == NEXTHDR_HOP || proto == NEXTHDR_DEST ||
		    proto == NEXTHDR_ROUTING || proto == NEXTHDR_FRAGMENT)
			continue;
		len = sst_test_build(bytes, &descs[3]);
		bytes[6] = proto;
		KUNIT_EXPECT_EQ_MSG(test, SST_PKT_OTHER,
				    parse(test, &pkt, bytes, len, NFPROTO_IPV6),
				    "IPv6 next header %u", proto);
	}
}

/* IPv4 header length, with that many bytes of options in front of UDP. */
static void packet_ipv4_options(struct kunit *test)
{
	struct sst_test_desc desc = { NFPROTO_IPV4, IPPROTO_UDP, .payload = 7 };
	u8 *bytes = get_buffer(test);
	unsigned int ihl, len;
	struct sst_pkt pkt;

	for (ihl = 0; ihl < 16; ihl++) {
		unsigned int opts = ihl > 5 ? 4 * (ihl - 5) : 0;

		len = sst_test_build(bytes, &desc);
		memmove(bytes + 20 + opts, bytes + 20, len - 20);
		memset(bytes + 20, 1, opts);
		len += opts;
		bytes[0] = 0x40 | ihl;
		put_unaligned_be16(len, bytes + 2);
		KUNIT_EXPECT_EQ_MSG(test, ihl < 5 ? SST_PKT_OTHER :
				    SST_PKT_WHOLE,
				    parse(test, &pkt, bytes, len, NFPROTO_IPV4),
				    "header length %u", ihl);
		if (ihl < 5)
			continue;
		KUNIT_EXPECT_EQ(test, 4 * ihl, pkt.thoff);
		KUNIT_EXPECT_EQ(test, 15, pkt.seglen);
		KUNIT_EXPECT_EQ(test, SST_TEST_DPORT,
				ntohs(pkt.tuple.lport));

		/* The header alone would be longer than the packet. */
		put_unaligned_be16(4 * ihl - 1, bytes + 2);
		KUNIT_EXPECT_EQ(test, SST_PKT_OTHER,
				parse(test, &pkt, bytes, len, NFPROTO_IPV4));
	}
}

struct frag_case {
	const char *desc;
	u16 frag_off;
	u8 class;
	bool ports;
	bool marked;
};

static const struct frag_case frag_cases[] = {
	{ "whole", 0, SST_PKT_WHOLE, true, false },
	{ "DF", IP_DF, SST_PKT_WHOLE, true, false },
	{ "mark", 0x8000, SST_PKT_WHOLE, true, true },
	{ "mark and DF", 0x8000 | IP_DF, SST_PKT_WHOLE, true, true },
	{ "first", IP_MF, SST_PKT_FRAGMENT, true, false },
	{ "first, DF", IP_MF | IP_DF, SST_PKT_FRAGMENT, true, false },
	{ "first, mark", IP_MF | 0x8000, SST_PKT_FRAGMENT, true, true },
	{ "middle", IP_MF | 1, SST_PKT_FRAGMENT, false, false },
	{ "middle, mark", IP_MF | 185 | 0x8000, SST_PKT_FRAGMENT, false, true },
	{ "last", 1, SST_PKT_FRAGMENT, false, false },
	{ "last, DF", 1 | IP_DF, SST_PKT_FRAGMENT, false, false },
	{ "last, mark", 0x1fff | 0x8000, SST_PKT_FRAGMENT, false, true },
};

KUNIT_ARRAY_PARAM_DESC(frag, frag_cases, desc);

static void packet_ipv4_fragments(struct kunit *test)
{
	const struct frag_case *c = test->param_value;
	struct sst_tuple tuple;
	struct sst_pkt pkt;
	u8 *bytes = get_buffer(test);
	unsigned int len, i;

	for (i = 0; i < 2; i++) {
		len = sst_test_build(bytes, &descs[i]);
		put_unaligned_be16(c->frag_off, bytes + 6);
		KUNIT_EXPECT_EQ(test, c->class,
				parse(test, &pkt, bytes, len, NFPROTO_IPV4));
		KUNIT_EXPECT_EQ(test, c->marked, pkt.marked);
		sst_test_tuple(&tuple, NFPROTO_IPV4, descs[i].proto,
			       c->ports ? SST_TEST_DPORT : 0,
			       c->ports ? SST_TEST_SPORT : 0);
		KUNIT_EXPECT_MEMEQ(test, &tuple, &pkt.tuple, sizeof(tuple));
	}
}

/* A first fragment too short for its ports is still a fragment. */
static void packet_short_first_fragment(struct kunit *test)
{
	u8 *bytes = get_buffer(test);
	unsigned int n;
	struct sst_pkt pkt;

	for (n = 0; n <= 8; n++) {
		sst_test_build(bytes, &descs[1]);
		put_unaligned_be16(IP_MF, bytes + 6);
		put_unaligned_be16(20 + n, bytes + 2);
		KUNIT_EXPECT_EQ_MSG(test, SST_PKT_FRAGMENT,
				    parse(test, &pkt, bytes, 20 + n,
					  NFPROTO_IPV4), "%u bytes", n);
		KUNIT_EXPECT_EQ_MSG(test, n < 4 ? 0 : SST_TEST_DPORT,
				    ntohs(pkt.tuple.lport), "%u bytes", n);
		/* The same, with bytes behind the packet that look like ports. */
		KUNIT_EXPECT_EQ_MSG(test, SST_PKT_FRAGMENT,
				    parse(test, &pkt, bytes, 40, NFPROTO_IPV4),
				    "%u bytes", n);
		KUNIT_EXPECT_EQ_MSG(test, n < 4 ? 0 : SST_TEST_DPORT,
				    ntohs(pkt.tuple.lport), "%u bytes", n);
	}
}

#define HOP	NEXTHDR_HOP
#define DST	NEXTHDR_DEST
#define ROUTE	NEXTHDR_ROUTING
#define FH	NEXTHDR_FRAGMENT
#define UDP	IPPROTO_UDP

/* An extension header: what it is, its length field, its bytes 2 and 3. */
struct ext {
	u8 type;
	u8 units;
	u16 arg;
};

struct ext_case {
	const char *desc;
	u8 class;
	u8 last;
	u8 n;
	struct ext hdrs[20];
	bool no_ports;
};

static const struct ext_case ext_cases[] = {
	{ "none", SST_PKT_WHOLE, UDP, 0, {} },
	{ "hop-by-hop", SST_PKT_WHOLE, UDP, 1, { { HOP } } },
	{ "destination", SST_PKT_WHOLE, UDP, 1, { { DST } } },
	{ "destination of 24 bytes", SST_PKT_WHOLE, UDP, 1,
	  { { DST, .units = 2 } } },
	{ "routing, no segments left", SST_PKT_WHOLE, UDP, 1, { { ROUTE } } },
	{ "routing, 1 segment left", SST_PKT_FOREIGN, UDP, 1,
	  { { ROUTE, .arg = 1 } } },
	{ "routing, 255 segments left", SST_PKT_FOREIGN, UDP, 1,
	  { { ROUTE, .arg = 255 } } },
	{ "options do not have segments left", SST_PKT_WHOLE, UDP, 1,
	  { { DST, .arg = 2 } } },
	{ "one of each", SST_PKT_WHOLE, UDP, 4,
	  { { HOP }, { DST }, { ROUTE }, { FH } } },
	{ "routing with segments left behind others", SST_PKT_FOREIGN, UDP, 3,
	  { { HOP }, { DST }, { ROUTE, .arg = 2 } } },
	{ "8 headers", SST_PKT_WHOLE, UDP, 8,
	  { { DST }, { DST }, { DST }, { DST }, { DST }, { DST }, { DST },
	    { DST } } },
	{ "9 headers", SST_PKT_FOREIGN, UDP, 9,
	  { { DST }, { DST }, { DST }, { DST }, { DST }, { DST }, { DST },
	    { DST }, { DST } } },
	{ "20 headers", SST_PKT_FOREIGN, UDP, 20,
	  { { DST }, { DST }, { DST }, { DST }, { DST }, { DST }, { DST },
	    { DST }, { DST }, { DST }, { DST }, { DST }, { DST }, { DST },
	    { DST }, { DST }, { DST }, { DST }, { DST }, { DST } } },
	{ "a first fragment with a route to go", SST_PKT_FRAGMENT, UDP, 2,
	  { { ROUTE, .arg = 1 }, { FH, .arg = 1 } } },
	{ "AH behind a route to go", SST_PKT_OTHER, UDP, 2,
	  { { ROUTE, .arg = 1 }, { NEXTHDR_AUTH } } },
	{ "AH", SST_PKT_OTHER, UDP, 1, { { NEXTHDR_AUTH } } },
	{ "ESP", SST_PKT_OTHER, UDP, 1, { { NEXTHDR_ESP } } },
	{ "AH behind options", SST_PKT_OTHER, UDP, 2,
	  { { HOP }, { NEXTHDR_AUTH } } },
	{ "mobility", SST_PKT_OTHER, UDP, 1, { { NEXTHDR_MOBILITY } } },
	{ "no next header", SST_PKT_OTHER, NEXTHDR_NONE, 0, {} },
	{ "no next header behind options", SST_PKT_OTHER, NEXTHDR_NONE, 1,
	  { { DST } } },
	{ "ICMPv6 behind options", SST_PKT_OTHER, NEXTHDR_ICMP, 1,
	  { { DST } } },
	{ "a header longer than the packet", SST_PKT_OTHER, UDP, 1,
	  { { DST, .units = 255 } } },
	{ "atomic fragment", SST_PKT_WHOLE, UDP, 1, { { FH } } },
	{ "atomic fragment, reserved bits set", SST_PKT_WHOLE, UDP, 1,
	  { { FH, .arg = 6 } } },
	{ "first fragment", SST_PKT_FRAGMENT, UDP, 1, { { FH, .arg = 1 } } },
	{ "first fragment, options", SST_PKT_FRAGMENT, UDP, 2,
	  { { FH, .arg = 1 }, { DST } } },
	{ "middle fragment", SST_PKT_FRAGMENT, UDP, 1,
	  { { FH, .arg = 9 } }, .no_ports = true },
	{ "last fragment", SST_PKT_FRAGMENT, UDP, 1,
	  { { FH, .arg = 0xfff8 } }, .no_ports = true },
	{ "last fragment behind options", SST_PKT_FRAGMENT, UDP, 2,
	  { { HOP }, { FH, .arg = 0xfff8 } }, .no_ports = true },
	{ "middle fragment of something else", SST_PKT_OTHER, NEXTHDR_ICMP, 1,
	  { { FH, .arg = 9 } } },
	{ "two atomic fragment headers", SST_PKT_WHOLE, UDP, 2,
	  { { FH }, { FH } } },
	{ "a first fragment in an atomic one", SST_PKT_FRAGMENT, UDP, 2,
	  { { FH }, { FH, .arg = 1 } } },
	/* Reassembly would add to the packet what nobody verified. */
	{ "an atomic fragment in a first one", SST_PKT_FRAGMENT, UDP, 2,
	  { { FH, .arg = 1 }, { FH } } },
};

KUNIT_ARRAY_PARAM_DESC(ext, ext_cases, desc);

/* A header that claims to be longer than the packet has 8 bytes. */
static unsigned int ext_size(const struct ext *ext)
{
	return ext->units == 255 ? 8 : 8 * (1 + ext->units);
}

static unsigned int ext_len(const struct ext_case *c)
{
	unsigned int i, len = 0;

	for (i = 0; i < c->n; i++)
		len += ext_size(&c->hdrs[i]);
	return len;
}

/* Returns the packet's length. */
static unsigned int build_ext(u8 *bytes, const struct ext_case *c)
{
	unsigned int len = sst_test_build(bytes, &descs[3]), i;
	u8 *at = bytes + 40, *next = bytes + 6;

	memmove(at + ext_len(c), at, len - 40);
	for (i = 0; i < c->n; i++) {
		memset(at, 0, ext_size(&c->hdrs[i]));
		*next = c->hdrs[i].type;
		next = at;
		at[1] = c->hdrs[i].units;
		put_unaligned_be16(c->hdrs[i].arg, at + 2);
		at += ext_size(&c->hdrs[i]);
	}
	*next = c->last;
	len += ext_len(c);
	put_unaligned_be16(len - 40, bytes + 4);
	return len;
}

static void packet_ipv6_headers(struct kunit *test)
{
	const struct ext_case *c = test->param_value;
	u8 *bytes = get_buffer(test);
	unsigned int len = build_ext(bytes, c);
	struct sst_tuple tuple;
	struct sst_pkt pkt;

	KUNIT_EXPECT_EQ(test, c->class,
			parse(test, &pkt, bytes, len, NFPROTO_IPV6));
	if (c->class == SST_PKT_OTHER)
		return;
	KUNIT_EXPECT_EQ(test, 40 + ext_len(c), pkt.thoff);
	sst_test_tuple(&tuple, NFPROTO_IPV6, UDP,
		       c->no_ports ? 0 : SST_TEST_DPORT,
		       c->no_ports ? 0 : SST_TEST_SPORT);
	KUNIT_EXPECT_MEMEQ(test, &tuple, &pkt.tuple, sizeof(tuple));
	if (c->class == SST_PKT_WHOLE)
		KUNIT_EXPECT_EQ(test, 41, pkt.seglen);
}

/*
 * Cut off anywhere: in an extension header, in the transport header, behind
 * it, whether the IP length was adjusted or not. Never whole.
 */
static void packet_ipv6_headers_truncated(struct kunit *test)
{
	const struct ext_case *c = test->param_value;
	u8 *bytes = get_buffer(test);
	unsigned int len = build_ext(bytes, c), n;
	struct sst_pkt pkt;

	for (n = 40; n < len; n++) {
		put_unaligned_be16(len - 40, bytes + 4);
		KUNIT_EXPECT_NE_MSG(test, SST_PKT_WHOLE,
				    parse(test, &pkt, bytes, n, NFPROTO_IPV6),
				    "%u bytes of %u", n, len);
		put_unaligned_be16(n - 40, bytes + 4);
		KUNIT_EXPECT_NE_MSG(test, SST_PKT_WHOLE,
				    parse(test, &pkt, bytes, n, NFPROTO_IPV6),
				    "%u bytes of %u, length adjusted", n, len);
		/* Bytes behind the IP length must not be read as headers. */
		KUNIT_EXPECT_NE_MSG(test, SST_PKT_WHOLE,
				    parse(test, &pkt, bytes, len, NFPROTO_IPV6),
				    "%u bytes by the length", n);
	}
}

struct mark_case {
	const char *desc;
	u8 mask;
	u8 value;
	u8 dsfield;
	bool marked;
};

static const struct mark_case mark_cases[] = {
	{ "default, DSCP 43", 0xfc, 0xac, 0xac, true },
	{ "default, any ECN", 0xfc, 0xac, 0xaf, true },
	{ "default, DSCP 0", 0xfc, 0xac, 0x00, false },
	{ "default, lowest bit of the DSCP", 0xfc, 0xac, 0xa8, false },
	{ "default, highest bit of the DSCP", 0xfc, 0xac, 0x2c, false },
	{ "default, EF", 0xfc, 0xac, 0xb8, false },
	{ "one bit, set", 0x80, 0x80, 0xff, true },
	{ "one bit, clear", 0x80, 0x80, 0x7f, false },
	{ "a value of 0", 0xfc, 0x00, 0x03, true },
	{ "a value of 0, other class", 0xfc, 0x00, 0x04, false },
	{ "no mask: all are marked", 0x00, 0x00, 0x5c, true },
	{ "bits of both nibbles", 0x3c, 0x14, 0xd7, true },
	{ "a bit outside of the nibbles' mask", 0x3c, 0x14, 0xe7, false },
};

KUNIT_ARRAY_PARAM_DESC(mark, mark_cases, desc);

static void packet_ipv6_mark(struct kunit *test)
{
	const struct mark_case *c = test->param_value;
	struct sst_config cfg = {
		.mark = SST_CONFIG_MARK(c->mask, c->value),
	};
	struct sst_test_desc desc = {
		NFPROTO_IPV6, IPPROTO_UDP, .dsfield = c->dsfield,
	};
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, &desc);
	struct sk_buff *skb = linear_skb(test, bytes, len);
	struct sst_pkt pkt;

	KUNIT_EXPECT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, NFPROTO_IPV6, SST_PKT_IN,
					 &cfg));
	KUNIT_EXPECT_EQ(test, c->marked, pkt.marked);
}

/* A fragment of IPv6 is marked, too. */
static void packet_ipv6_fragment_mark(struct kunit *test)
{
	const struct ext_case *c;
	u8 *bytes = get_buffer(test);
	struct sst_pkt pkt;
	unsigned int i, len;

	for (i = 0; i < ARRAY_SIZE(ext_cases); i++) {
		c = &ext_cases[i];
		if (c->class != SST_PKT_FRAGMENT)
			continue;
		len = build_ext(bytes, c);
		parse(test, &pkt, bytes, len, NFPROTO_IPV6);
		KUNIT_EXPECT_FALSE_MSG(test, pkt.marked, "%s", c->desc);
		put_unaligned_be32(0x600fedcb | 0xac << 20, bytes);
		parse(test, &pkt, bytes, len, NFPROTO_IPV6);
		KUNIT_EXPECT_TRUE_MSG(test, pkt.marked, "%s", c->desc);
	}
}

/* A packet yet to be cut has no lengths of its own, or one too large. */
static void packet_gso(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	unsigned int thoff = sst_test_network_size(desc->family);
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, desc);
	struct sk_buff *skb;
	struct sst_pkt pkt;

	put_unaligned_be16(0, bytes + (desc->family == NFPROTO_IPV4 ? 2 : 4));
	if (desc->proto == IPPROTO_UDP)
		put_unaligned_be16(0, bytes + thoff + 4);
	skb = linear_skb(test, bytes, len);
	/* If it is not GSO, IPv6 calls it a jumbogram. */
	KUNIT_EXPECT_EQ(test, desc->family == NFPROTO_IPV4 ? SST_PKT_OTHER :
			SST_PKT_FOREIGN,
			sst_packet_parse(&pkt, skb, desc->family, SST_PKT_IN,
					 &defaults));
	skb_shinfo(skb)->gso_size = 8;
	KUNIT_EXPECT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, desc->family, SST_PKT_IN,
					 &defaults));
	expect_whole(test, &pkt, desc, len, "GSO", 0);
}

struct unicast_case {
	const char *desc;
	u8 family;
	u8 addr[16];
	bool unicast;
};

static const struct unicast_case unicast_cases[] = {
	{ "a host", NFPROTO_IPV4, { 198, 51, 100, 34 }, true },
	{ "the address before multicast", NFPROTO_IPV4,
	  { 223, 255, 255, 255 }, true },
	{ "the first of multicast", NFPROTO_IPV4, { 224, 0, 0, 0 }, false },
	{ "the last of multicast", NFPROTO_IPV4, { 239, 255, 255, 255 }, false },
	{ "the address after multicast", NFPROTO_IPV4, { 240, 0, 0, 0 }, true },
	{ "limited broadcast", NFPROTO_IPV4, { 255, 255, 255, 255 }, false },
	{ "a host, IPv6", NFPROTO_IPV6, { 0x20, 1, 0xd, 0xb8 }, true },
	{ "link-local, IPv6", NFPROTO_IPV6, { 0xfe, 0x80 }, true },
	{ "multicast, IPv6", NFPROTO_IPV6, { 0xff, 2, [15] = 1 }, false },
	{ "looks like IPv4 multicast", NFPROTO_IPV6, { 224, 0, 0, 1 }, true },
};

KUNIT_ARRAY_PARAM_DESC(unicast, unicast_cases, desc);

static void packet_unicast(struct kunit *test)
{
	const struct unicast_case *c = test->param_value;
	struct sst_tuple tuple = { .family = c->family };

	memcpy(&tuple.local, c->addr, sizeof(c->addr));
	KUNIT_EXPECT_EQ(test, c->unicast, sst_packet_is_unicast(&tuple.local, tuple.family));
}

/* "Opened here" and the scope are kept beside the packet and disturb no other flag. */
static void packet_opened(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	u8 *bytes = get_buffer(test);
	unsigned int len = sst_test_build(bytes, desc);
	struct sk_buff *skb = linear_skb(test, bytes, len);
	struct sst_pkt pkt;
	u16 *flags;
	u8 scope;

	memset(skb->cb, 0, sizeof(skb->cb));
	flags = desc->family == NFPROTO_IPV4 ? &IPCB(skb)->flags :
					       &IP6CB(skb)->flags;
	/* All that the stack knows, and some. */
	*flags = GENMASK(13, 0);
	sst_packet_parse(&pkt, skb, desc->family, SST_PKT_IN, &defaults);
	KUNIT_EXPECT_FALSE(test, sst_packet_is_opened(skb, desc->family));
	KUNIT_EXPECT_EQ(test, 0, sst_packet_scope(skb, desc->family));
	/* Forwarded from one flow to another it gets the scope of the other. */
	for (scope = SST_SCOPE_PORTS; scope <= SST_SCOPE_PAYLOAD; scope++) {
		sst_packet_set_opened(skb, desc->family, scope);
		KUNIT_EXPECT_TRUE(test, sst_packet_is_opened(skb, desc->family));
		KUNIT_EXPECT_EQ(test, scope, sst_packet_scope(skb, desc->family));
		KUNIT_EXPECT_EQ(test, GENMASK(13, 0), *flags & GENMASK(13, 0));
	}
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE_PARAM(packet_directions, desc_gen_params),
	KUNIT_CASE_PARAM(packet_truncated, desc_gen_params),
	KUNIT_CASE_PARAM(packet_ip_length, desc_gen_params),
	KUNIT_CASE_PARAM(packet_nonlinear, desc_gen_params),
	KUNIT_CASE(packet_tcp_data_offset),
	KUNIT_CASE(packet_tcp_covered),
	KUNIT_CASE(packet_udp_length),
	KUNIT_CASE(packet_other_protocols),
	KUNIT_CASE(packet_ipv4_options),
	KUNIT_CASE_PARAM(packet_ipv4_fragments, frag_gen_params),
	KUNIT_CASE(packet_short_first_fragment),
	KUNIT_CASE_PARAM(packet_ipv6_headers, ext_gen_params),
	KUNIT_CASE_PARAM(packet_ipv6_headers_truncated, ext_gen_params),
	KUNIT_CASE_PARAM(packet_ipv6_mark, mark_gen_params),
	KUNIT_CASE(packet_ipv6_fragment_mark),
	KUNIT_CASE_PARAM(packet_gso, desc_gen_params),
	KUNIT_CASE_PARAM(packet_unicast, unicast_gen_params),
	KUNIT_CASE_PARAM(packet_opened, desc_gen_params),
	{}
};

static struct kunit_suite packet_suite = {
	.name = "sst_packet",
	.test_cases = packet_cases,
};

kunit_test_suite(packet_suite);
