// SPDX-License-Identifier: GPL-2.0
/* ICMP errors: what they quote, at every length, and what becomes of them. */
#include <kunit/test.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/ipv6.h>

#include "compat.h"
#include "fixture.h"
#include "icmp.h"
#include "quote.h"

#define PACKET_MAX	512

/**
 * struct icmp_desc - an ICMP error to build
 * @name: its name
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: of the quoted packet
 * @outer_ext: IPv6 extension headers before ICMPv6, or words of IPv4 options
 * @inner_ext: the same in the quoted packet
 */
struct icmp_desc {
	const char *name;
	u8 family;
	u8 proto;
	u8 outer_ext;
	u8 inner_ext;
};

static const struct icmp_desc icmp_descs[] = {
	{ "IPv4 TCP", NFPROTO_IPV4, IPPROTO_TCP },
	{ "IPv4 UDP", NFPROTO_IPV4, IPPROTO_UDP },
	{ "IPv4 UDP, options", NFPROTO_IPV4, IPPROTO_UDP, 1, 10 },
	{ "IPv6 TCP", NFPROTO_IPV6, IPPROTO_TCP },
	{ "IPv6 UDP", NFPROTO_IPV6, IPPROTO_UDP },
	{ "IPv6 TCP, extensions", NFPROTO_IPV6, IPPROTO_TCP, 3, 4 },
};

KUNIT_ARRAY_PARAM_DESC(icmp, icmp_descs, name);

/**
 * struct layout - where things stand in a built packet
 * @type: ICMP type
 * @quote: quoted packet
 * @ports: ports in it
 * @len: bytes of all
 */
struct layout {
	unsigned int type;
	unsigned int quote;
	unsigned int ports;
	unsigned int len;
};

static unsigned int build_ipv4(u8 *p, u8 proto, u8 words, u32 saddr, u32 daddr)
{
	memset(p, 0, 20 + 4 * words);
	p[0] = 0x45 + words;
	p[9] = proto;
	put_unaligned_be32(saddr, p + 12);
	put_unaligned_be32(daddr, p + 16);
	/* Options that do nothing. */
	memset(p + 20, 1, 4 * words);
	return 20 + 4 * words;
}

static unsigned int build_ipv6(u8 *p, u8 proto, u8 ext, u8 saddr, u8 daddr)
{
	static const u8 kinds[] = {
		NEXTHDR_HOP, NEXTHDR_ROUTING, NEXTHDR_FRAGMENT, NEXTHDR_DEST,
	};
	u8 *next = p + 6;
	unsigned int i, off = 40;

	memset(p, 0, 40);
	p[0] = 0x60;
	for (i = 0; i < 16; i++) {
		p[8 + i] = 0x20 + 7 * (i + saddr);
		p[24 + i] = 0x20 + 7 * (i + daddr);
	}
	for (i = 0; i < ext; i++) {
		unsigned int len = kinds[i] == NEXTHDR_ROUTING ? 24 : 8;

		*next = kinds[i];
		memset(p + off, 0, len);
		next = p + off;
		/* The fragment header's second byte is no length. */
		p[off + 1] = kinds[i] == NEXTHDR_FRAGMENT ? 0xff : len / 8 - 1;
		/* The first of several fragments. */
		if (kinds[i] == NEXTHDR_FRAGMENT)
			p[off + 3] = 1;
		off += len;
	}
	*next = proto;
	return off;
}

/* An error sent by the local host of sst_test_tuple() about a packet to it. */
static void build(u8 *p, struct layout *at, const struct icmp_desc *desc)
{
	bool ipv4 = desc->family == NFPROTO_IPV4;

	memset(p, 0, PACKET_MAX);
	if (ipv4)
		at->type = build_ipv4(p, IPPROTO_ICMP, desc->outer_ext,
				      0xc6336422, 0xc0000211);
	else
		at->type = build_ipv6(p, IPPROTO_ICMPV6, desc->outer_ext, 16, 0);
	p[at->type] = ipv4 ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH;
	at->quote = at->type + 8;
	if (ipv4)
		at->ports = at->quote + build_ipv4(p + at->quote, desc->proto,
						   desc->inner_ext, 0xc0000211,
						   0xc6336422);
	else
		at->ports = at->quote + build_ipv6(p + at->quote, desc->proto,
						   desc->inner_ext, 0, 16);
	put_unaligned_be16(SST_TEST_SPORT, p + at->ports);
	put_unaligned_be16(SST_TEST_DPORT, p + at->ports + 2);
	at->len = at->ports + 8;
	/* Of the whole packet, of which the error holds a part. */
	if (ipv4)
		put_unaligned_be16(1400, p + at->quote + 2);
	else
		put_unaligned_be16(1400, p + at->quote + 4);
}

static void set_len(u8 *p, unsigned int len)
{
	if (p[0] >> 4 == 4)
		put_unaligned_be16(len, p + 2);
	else
		put_unaligned_be16(len - 40, p + 4);
}

/* Tuple of the quoted packet at the host that received it. */
static void get_tuple(struct sst_tuple *tuple, const struct icmp_desc *desc)
{
	sst_test_tuple(tuple, desc->family, desc->proto, SST_TEST_DPORT,
		       SST_TEST_SPORT);
}

static bool quote(struct kunit *test, struct sst_tuple *tuple, const u8 *p,
		  unsigned int len, enum sst_pkt_dir dir)
{
	struct sk_buff *skb = sst_test_skb(test, p, len, SST_TEST_TIGHT, len);
	struct sst_quote quoted;
	bool found;

	found = sst_quote_find(&quoted, skb, p[0] >> 4 == 4 ? NFPROTO_IPV4 :
							      NFPROTO_IPV6, dir);
	sst_test_skb_free(test, skb);
	*tuple = quoted.tuple;
	return found;
}

static bool is_quote(struct kunit *test, const u8 *p, unsigned int len)
{
	struct sst_tuple tuple;

	return quote(test, &tuple, p, len, SST_PKT_OUT);
}

static void icmp_both_ways(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_tuple expected, tuple;
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, desc);
	set_len(p, at.len);
	get_tuple(&expected, desc);
	memset(&tuple, 0xff, sizeof(tuple));
	KUNIT_EXPECT_TRUE(test, quote(test, &tuple, p, at.len, SST_PKT_OUT));
	KUNIT_EXPECT_MEMEQ(test, &expected, &tuple, sizeof(tuple));

	/* The host that sent the quoted packet has it the other way round. */
	swap(expected.local, expected.remote);
	swap(expected.lport, expected.rport);
	memset(&tuple, 0xff, sizeof(tuple));
	KUNIT_EXPECT_TRUE(test, quote(test, &tuple, p, at.len, SST_PKT_IN));
	KUNIT_EXPECT_MEMEQ(test, &expected, &tuple, sizeof(tuple));
}

/* Cut at every length: the data, the length field, and both. */
static void icmp_truncated(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	unsigned int least = desc->family == NFPROTO_IPV4 ? 20 : 40, len;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, desc);
	for (len = least; len <= at.len; len++) {
		bool whole = len >= at.ports + 4;

		set_len(p, at.len);
		KUNIT_EXPECT_EQ_MSG(test, whole, is_quote(test, p, len),
				    "data, %u of %u", len, at.len);
		set_len(p, len);
		KUNIT_EXPECT_EQ_MSG(test, whole, is_quote(test, p, at.len),
				    "length field, %u of %u", len, at.len);
		KUNIT_EXPECT_EQ_MSG(test, whole, is_quote(test, p, len),
				    "both, %u of %u", len, at.len);
	}
}

/* All that is not in the head lies elsewhere, cut anywhere. */
static void icmp_not_linear(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	unsigned int least = desc->family == NFPROTO_IPV4 ? 20 : 40, head;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	enum sst_test_layout layout;
	struct sst_tuple expected;
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, desc);
	set_len(p, at.len);
	get_tuple(&expected, desc);
	for (layout = SST_TEST_PAGE; layout < SST_TEST_LAYOUTS; layout++) {
		/* Enough is left for each fragment to have a byte. */
		for (head = least; head < at.len - MAX_SKB_FRAGS; head++) {
			struct sk_buff *skb = sst_test_skb(test, p, at.len,
							   layout, head);
			struct sst_quote quoted;

			KUNIT_EXPECT_TRUE(test,
					  sst_quote_find(&quoted, skb,
							 desc->family,
							 SST_PKT_OUT));
			KUNIT_EXPECT_MEMEQ(test, &expected, &quoted.tuple,
					   sizeof(expected));
			sst_test_skb_free(test, skb);
		}
	}
}

/* Only errors quote: all types there are. */
static void icmp_types(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct layout at;
	int type;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, desc);
	set_len(p, at.len);
	for (type = 0; type < 256; type++) {
		bool is_error = desc->family == NFPROTO_IPV6 ? type < 128 :
				type == 3 || type == 4 || type == 5 ||
				type == 11 || type == 12;

		p[at.type] = type;
		KUNIT_EXPECT_EQ_MSG(test, is_error, is_quote(test, p, at.len),
				    "type %d", type);
	}
}

/* Each byte, in each of its values, is survived; what it does is not asked. */
static void icmp_any_byte(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_quote quoted;
	struct sk_buff *skb;
	struct layout at;
	unsigned int i;
	int value;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, desc);
	set_len(p, at.len);
	skb = sst_test_skb(test, p, at.len, SST_TEST_TIGHT, at.len);
	for (i = 0; i < at.len; i++) {
		for (value = 0; value < 256; value++) {
			skb->data[i] = value;
			sst_quote_find(&quoted, skb, desc->family, SST_PKT_IN);
			KUNIT_EXPECT_EQ(test, 0, quoted.tuple.zero);
		}
		skb->data[i] = p[i];
	}
	KUNIT_EXPECT_TRUE(test, sst_quote_find(&quoted, skb, desc->family,
					       SST_PKT_IN));
}

static void icmp_not_quotes_v4(struct kunit *test)
{
	static const struct {
		const char *what;
		u8 off;
		u8 value;
	} changes[] = {
		{ "no ICMP", 9, IPPROTO_ICMPV6 },
		{ "later fragment", 7, 1 },
		{ "outer version", 0, 0x65 },
		{ "outer header too short", 0, 0x44 },
		{ "quoted version", 28, 0x65 },
		{ "quoted header too short", 28, 0x44 },
		{ "quoted header beyond the end", 28, 0x4f },
		{ "quoted SCTP", 37, IPPROTO_SCTP },
		{ "quoted ICMP", 37, IPPROTO_ICMP },
		{ "quoted later fragment", 35, 1 },
	};
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct layout at;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, &icmp_descs[0]);
	set_len(p, at.len);
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		u8 saved = p[changes[i].off];

		p[changes[i].off] = changes[i].value;
		KUNIT_EXPECT_FALSE_MSG(test, is_quote(test, p, at.len), "%s",
				       changes[i].what);
		p[changes[i].off] = saved;
	}
	/* The first fragment has the ports, and the mark is no fragment. */
	p[at.quote + 6] = 0xa0;
	KUNIT_EXPECT_TRUE(test, is_quote(test, p, at.len));
}

static void icmp_not_quotes_v6(struct kunit *test)
{
	static const struct {
		const char *what;
		u8 off;
		u8 value;
	} changes[] = {
		{ "no ICMPv6", 6, IPPROTO_ICMP },
		{ "no next header", 6, NEXTHDR_NONE },
		{ "later fragment", 6, NEXTHDR_FRAGMENT },
		{ "outer version", 0, 0x45 },
		{ "quoted version", 48, 0x45 },
		{ "quoted ICMPv6", 54, IPPROTO_ICMPV6 },
		{ "quoted later fragment", 54, NEXTHDR_FRAGMENT },
		{ "quoted extension beyond the end", 54, NEXTHDR_DEST },
	};
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct layout at;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, &icmp_descs[3]);
	set_len(p, at.len);
	/* What is then read as a fragment header or an extension header. */
	put_unaligned_be16(0x0100, p + at.type + 2);
	p[at.ports + 1] = 0xff;
	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		u8 saved = p[changes[i].off];

		p[changes[i].off] = changes[i].value;
		KUNIT_EXPECT_FALSE_MSG(test, is_quote(test, p, at.len), "%s",
				       changes[i].what);
		p[changes[i].off] = saved;
	}
	KUNIT_EXPECT_TRUE(test, is_quote(test, p, at.len));
}

static unsigned int run_out(struct sst_net *sn, struct sk_buff *skb, u8 family)
{
	struct nf_hook_state state = {
		.hook = NF_INET_POST_ROUTING,
		.pf = family,
		.net = &init_net,
	};
	unsigned int verdict;

	rcu_read_lock();
	verdict = sst_icmp_out(sn, skb, &state);
	rcu_read_unlock();
	return verdict;
}

static unsigned int run_in(struct sst_net *sn, struct sk_buff *skb, u8 family)
{
	struct nf_hook_state state = {
		.hook = NF_INET_PRE_ROUTING,
		.pf = family,
		.net = &init_net,
	};
	unsigned int verdict;

	rcu_read_lock();
	verdict = sst_icmp_in(sn, skb, &state);
	rcu_read_unlock();
	return verdict;
}

static unsigned int run_translate(struct sst_net *sn, struct sk_buff *skb,
				  u8 family)
{
	struct nf_hook_state state = {
		.hook = NF_INET_PRE_ROUTING,
		.pf = family,
		.net = &init_net,
	};
	unsigned int verdict;

	rcu_read_lock();
	verdict = sst_icmp_translate(sn, skb, &state);
	rcu_read_unlock();
	return verdict;
}

/*
 * A flow in the table of @sn, which frees it; the tuples differ in their ports.
 */
static struct sst_flow *add_flow(struct kunit *test, struct sst_net *sn,
				 const struct sst_tuple *real, u16 wire_lport,
				 u16 wire_rport)
{
	static const u8 key[SST_SECRET_SIZE] = { 3 };
	struct sst_flow_params params = {
		.real = *real,
		.wire = *real,
		.side = 1,
		.scope = SST_SCOPE_PORTS,
		.suite = 1,
		.key = key,
	};
	struct sst_flow *flow;

	params.wire.lport = htons(wire_lport);
	params.wire.rport = htons(wire_rport);
	flow = sst_flow_new(&params);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(&sn->flows, flow, 1000));
	return flow;
}

static void icmp_hook_out(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	struct sst_tuple real;
	struct sst_flow *flow;
	struct sk_buff *skb;
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, desc);
	set_len(p, at.len);
	skb = sst_test_skb(test, p, at.len, SST_TEST_TIGHT, at.len);
	get_tuple(&real, desc);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_out(sn, skb, desc->family));

	/* Seen as one that comes in, it is about another packet. */
	flow = add_flow(test, sn, &real, 50001, 20002);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_in(sn, skb, desc->family));
	sst_flowtable_del(&sn->flows, flow);
	sst_flow_free_rcu(flow);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_out(sn, skb, desc->family));
	KUNIT_EXPECT_EQ(test, 0, sst_test_stat(sn, SST_A_STATS_TX_TRANSLATED));
	sst_tomb_add(&sn->tombs, &real);
	KUNIT_EXPECT_EQ(test, NF_DROP, run_out(sn, skb, desc->family));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(sn, SST_A_STATS_TX_ICMP));
	KUNIT_EXPECT_EQ(test, 0, sst_test_stat(sn, SST_A_STATS_RX_ICMP));
}

/* Sum over an ICMP message: 0xffff when its checksum is right. */
static u16 icmp_sum(const u8 *p, unsigned int len, const struct layout *at)
{
	if (p[0] >> 4 == 6)
		return sst_test_transport_sum(p, len, at->type, IPPROTO_ICMPV6);
	return sst_test_fold(sst_test_sum(p + at->type, len - at->type, 0));
}

/* An error with right checksums, its quote longer than it has to be. */
static unsigned int build_whole(u8 *p, struct layout *at,
				const struct icmp_desc *desc, unsigned int more)
{
	unsigned int len;
	u8 *check;

	build(p, at, desc);
	len = at->len + more;
	memset(p + at->ports + 4, 0x5a, len - at->ports - 4);
	set_len(p, len);
	check = p + at->type + 2;
	put_unaligned_be16((u16)~icmp_sum(p, len, at), check);
	return len;
}

static bool is_marked(const u8 *header)
{
	if (header[0] >> 4 == 4)
		return header[6] & 0x80;
	return (get_unaligned_be32(header) >> 20 & 0xfc) == 0xac;
}

/* What leaves tells wire ports, eight bytes of the segment, and no checksum. */
static void icmp_out_translated(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	enum sst_test_layout layout;
	struct sst_tuple real;
	struct sk_buff *skb;
	struct layout at;
	unsigned int len, n = 0;

	KUNIT_ASSERT_NOT_NULL(test, p);
	get_tuple(&real, desc);
	add_flow(test, sn, &real, 50001, 20002);
	for (layout = SST_TEST_TIGHT; layout < SST_TEST_LAYOUTS; layout++) {
		len = build_whole(p, &at, desc, 60);
		p[at.type + 5] = 32;
		skb = sst_test_skb(test, p, len, layout, at.quote + 30);
		/* Whoever sends an error in fragments gets none through. */
		if (desc->outer_ext == 3) {
			KUNIT_EXPECT_EQ(test, NF_DROP,
					run_out(sn, skb, desc->family));
			continue;
		}
		KUNIT_ASSERT_EQ(test, NF_ACCEPT, run_out(sn, skb, desc->family));
		n++;
		KUNIT_ASSERT_EQ(test, at.len, skb->len);
		KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, p, skb->len));
		KUNIT_EXPECT_EQ(test, 20002,
				get_unaligned_be16(p + at.ports));
		KUNIT_EXPECT_EQ(test, 50001,
				get_unaligned_be16(p + at.ports + 2));
		if (desc->proto == IPPROTO_UDP)
			KUNIT_EXPECT_EQ(test, 0,
					get_unaligned_be16(p + at.ports + 6));
		KUNIT_EXPECT_TRUE(test, is_marked(p + at.quote));
		KUNIT_EXPECT_EQ(test, 0xffff, icmp_sum(p, at.len, &at));
		if (desc->family == NFPROTO_IPV4) {
			KUNIT_EXPECT_EQ(test, 0, p[at.type + 5]);
			KUNIT_EXPECT_EQ(test, at.len, get_unaligned_be16(p + 2));
			KUNIT_EXPECT_EQ(test, 0xffff,
					sst_test_fold(sst_test_sum(p, at.type, 0)));
		} else {
			KUNIT_EXPECT_EQ(test, at.len - 40,
					get_unaligned_be16(p + 4));
		}
	}
	KUNIT_EXPECT_EQ(test, n, sst_test_stat(sn, SST_A_STATS_TX_TRANSLATED));
}

/* What comes gets real ports back; whatever else is in it stays. */
static void icmp_in_translated(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	u8 *got = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	enum sst_test_layout layout;
	struct sst_tuple real;
	struct sk_buff *skb;
	struct layout at;
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, p);
	KUNIT_ASSERT_NOT_NULL(test, got);
	get_tuple(&real, desc);
	swap(real.local, real.remote);
	real.lport = htons(777);
	real.rport = htons(443);
	add_flow(test, sn, &real, SST_TEST_SPORT, SST_TEST_DPORT);
	for (layout = SST_TEST_TIGHT; layout < SST_TEST_LAYOUTS; layout++) {
		len = build_whole(p, &at, desc, 60);
		skb = sst_test_skb(test, p, len, layout, at.quote + 30);
		memset(skb->cb, 0, sizeof(skb->cb));
		KUNIT_ASSERT_EQ(test, NF_ACCEPT,
				run_translate(sn, skb, desc->family));
		KUNIT_ASSERT_EQ(test, len, skb->len);
		KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, got, len));
		/* In fragments it is left alone. */
		if (desc->outer_ext == 3) {
			KUNIT_EXPECT_MEMEQ(test, p, got, len);
			continue;
		}
		KUNIT_EXPECT_TRUE(test, sst_packet_is_opened(skb, desc->family));
		KUNIT_EXPECT_EQ(test, 777, get_unaligned_be16(got + at.ports));
		KUNIT_EXPECT_EQ(test, 443,
				get_unaligned_be16(got + at.ports + 2));
		KUNIT_EXPECT_FALSE(test, is_marked(got + at.quote));
		KUNIT_EXPECT_EQ(test, 0xffff, icmp_sum(got, len, &at));
		memcpy(got + at.ports, p + at.ports, 4);
		memcpy(got + at.type + 2, p + at.type + 2, 2);
		KUNIT_EXPECT_MEMEQ(test, p, got, len);
		sst_test_skb_free(test, skb);
	}
}

/* One that is addressed to somebody else would carry real ports to him. */
static void icmp_in_for_another(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	struct sst_tuple real;
	struct sk_buff *skb;
	struct layout at;
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, p);
	get_tuple(&real, desc);
	swap(real.local, real.remote);
	real.lport = htons(777);
	add_flow(test, sn, &real, SST_TEST_SPORT, SST_TEST_DPORT);
	len = build_whole(p, &at, desc, 0);
	p[desc->family == NFPROTO_IPV4 ? 19 : 39] ^= 1;
	skb = sst_test_skb(test, p, len, SST_TEST_TIGHT, len);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_translate(sn, skb, desc->family));
	KUNIT_EXPECT_MEMEQ(test, p, skb->data, len);
	KUNIT_EXPECT_EQ(test, 0, sst_test_stat(sn, SST_A_STATS_RX_TRANSLATED));
}

struct mtu_case {
	const char *desc;
	u8 family;
	u16 told;
	bool forwarded;
	u16 in;
	u16 out;
};

static const struct mtu_case mtu_cases[] = {
	{ "IPv4", NFPROTO_IPV4, 1400, false, 1400, 1428 },
	{ "IPv4, a container", NFPROTO_IPV4, 1400, true, 1372, 1428 },
	{ "IPv4, not below 576", NFPROTO_IPV4, 603, true, 603, 631 },
	{ "IPv4, no MTU told", NFPROTO_IPV4, 0, true, 0, 0 },
	{ "IPv4, the largest", NFPROTO_IPV4, 65535, true, 65507, 65535 },
	{ "IPv6", NFPROTO_IPV6, 1400, false, 1400, 1428 },
	{ "IPv6, a container", NFPROTO_IPV6, 1400, true, 1372, 1428 },
	{ "IPv6, not below 1280", NFPROTO_IPV6, 1300, true, 1300, 1328 },
};

KUNIT_ARRAY_PARAM_DESC(mtu, mtu_cases, desc);

static void icmp_mtu(struct kunit *test)
{
	const struct mtu_case *c = test->param_value;
	const struct icmp_desc desc = { .family = c->family,
					.proto = IPPROTO_TCP };
	bool ipv4 = c->family == NFPROTO_IPV4;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	struct sst_tuple real;
	struct sst_flow *flow;
	struct sk_buff *skb;
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, &desc);
	set_len(p, at.len);
	p[at.type] = ipv4 ? ICMP_DEST_UNREACH : ICMPV6_PKT_TOOBIG;
	p[at.type + 1] = ipv4 ? ICMP_FRAG_NEEDED : 0;
	put_unaligned_be16(c->told, p + at.type + 6);

	get_tuple(&real, &desc);
	swap(real.local, real.remote);
	real.lport = htons(777);
	flow = add_flow(test, sn, &real, SST_TEST_SPORT, SST_TEST_DPORT);
	flow->forwarded = c->forwarded;
	skb = sst_test_skb(test, p, at.len, SST_TEST_TIGHT, at.len);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_translate(sn, skb, c->family));
	KUNIT_EXPECT_EQ(test, c->in,
			get_unaligned_be16(skb->data + at.type + 6));

	/* The other way round a router behind this host tells the peer. */
	get_tuple(&real, &desc);
	add_flow(test, sn, &real, 50001, 20002);
	skb = sst_test_skb(test, p, at.len, SST_TEST_TIGHT, at.len);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_out(sn, skb, c->family));
	KUNIT_EXPECT_EQ(test, c->out,
			get_unaligned_be16(skb->data + at.type + 6));
}

static void icmp_hook_in(struct kunit *test)
{
	const struct icmp_desc *desc = test->param_value;
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	struct sst_tuple real;
	struct sk_buff *skb;
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, desc);
	set_len(p, at.len);
	skb = sst_test_skb(test, p, at.len, SST_TEST_TIGHT, at.len);
	get_tuple(&real, desc);
	swap(real.local, real.remote);
	swap(real.lport, real.rport);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_in(sn, skb, desc->family));
	/* Of a flow that has ended nothing can be spoilt. */
	sst_tomb_add(&sn->tombs, &real);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_in(sn, skb, desc->family));
	add_flow(test, sn, &real, 50001, 20002);
	KUNIT_EXPECT_EQ(test, NF_DROP, run_in(sn, skb, desc->family));
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_out(sn, skb, desc->family));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(sn, SST_A_STATS_RX_ICMP));
	KUNIT_EXPECT_EQ(test, 0, sst_test_stat(sn, SST_A_STATS_TX_ICMP));
}

/* A redirect quotes, too: in IPv4 as an error does, in IPv6 in an option. */
static void icmp_redirect_v4(struct kunit *test)
{
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	struct sst_tuple real;
	struct sk_buff *skb;
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, &icmp_descs[0]);
	set_len(p, at.len);
	p[at.type] = ICMP_REDIRECT;
	put_unaligned_be32(0x0a010203, p + at.type + 4);
	get_tuple(&real, &icmp_descs[0]);
	add_flow(test, sn, &real, 50001, 20002);
	skb = sst_test_skb(test, p, at.len, SST_TEST_TIGHT, at.len);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_out(sn, skb, NFPROTO_IPV4));
	KUNIT_EXPECT_EQ(test, 20002, get_unaligned_be16(skb->data + at.ports));
	KUNIT_EXPECT_EQ(test, 0x0a010203,
			get_unaligned_be32(skb->data + at.type + 4));
}

static void icmp_redirect_v6(struct kunit *test)
{
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct sst_net *sn = sst_test_net(test);
	/* Two addresses, an option of 8 bytes, the head of the next one. */
	const unsigned int more = 32 + 8 + 8;
	struct sst_tuple real;
	struct sk_buff *skb;
	struct layout at;

	KUNIT_ASSERT_NOT_NULL(test, p);
	build(p, &at, &icmp_descs[4]);
	memmove(p + at.quote + more, p + at.quote, at.len - at.quote);
	memset(p + at.quote, 0, more);
	set_len(p, at.len + more);
	p[at.type] = 137;
	p[at.quote + 32] = 2;
	p[at.quote + 33] = 1;
	p[at.quote + 40] = 4;
	p[at.quote + 41] = 7;
	get_tuple(&real, &icmp_descs[4]);
	skb = sst_test_skb(test, p, at.len + more, SST_TEST_TIGHT, at.len);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_out(sn, skb, NFPROTO_IPV6));
	add_flow(test, sn, &real, 50001, 20002);
	KUNIT_EXPECT_EQ(test, NF_DROP, run_out(sn, skb, NFPROTO_IPV6));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(sn, SST_A_STATS_TX_ICMP));
	/* An option that says it has no length ends the search. */
	p[at.quote + 33] = 0;
	skb = sst_test_skb(test, p, at.len + more, SST_TEST_TIGHT, at.len);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, run_out(sn, skb, NFPROTO_IPV6));
}

/* As many extension headers as SST looks at, and one more. */
static void icmp_many_headers(struct kunit *test)
{
	u8 *p = kunit_kzalloc(test, PACKET_MAX, GFP_KERNEL);
	struct layout at;
	unsigned int n, i;
	u8 *next;

	KUNIT_ASSERT_NOT_NULL(test, p);
	for (n = 8; n <= 9; n++) {
		build(p, &at, &icmp_descs[4]);
		memmove(p + 40 + 8 * n, p + 40, at.len - 40);
		next = p + 6;
		for (i = 0; i < n; i++) {
			memset(p + 40 + 8 * i, 0, 8);
			*next = NEXTHDR_DEST;
			next = p + 40 + 8 * i;
		}
		*next = IPPROTO_ICMPV6;
		set_len(p, at.len + 8 * n);
		KUNIT_EXPECT_EQ(test, n == 8,
				is_quote(test, p, at.len + 8 * n));
	}
}

static struct kunit_case icmp_cases[] = {
	KUNIT_CASE_PARAM(icmp_both_ways, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_truncated, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_not_linear, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_types, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_any_byte, icmp_gen_params),
	KUNIT_CASE(icmp_not_quotes_v4),
	KUNIT_CASE(icmp_not_quotes_v6),
	KUNIT_CASE_PARAM(icmp_hook_out, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_hook_in, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_out_translated, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_in_translated, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_in_for_another, icmp_gen_params),
	KUNIT_CASE_PARAM(icmp_mtu, mtu_gen_params),
	KUNIT_CASE(icmp_redirect_v4),
	KUNIT_CASE(icmp_redirect_v6),
	KUNIT_CASE(icmp_many_headers),
	{}
};

static struct kunit_suite icmp_suite = {
	.name = "sst_icmp",
	.test_cases = icmp_cases,
};

kunit_test_suite(icmp_suite);
