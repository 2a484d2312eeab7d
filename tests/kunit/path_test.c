// SPDX-License-Identifier: GPL-2.0
/*
 * The sending and the receiving hook and the guard: what is dropped, with which
 * error and which counter, and large packets that are cut before they are
 * sealed.
 */
#include <kunit/test.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>

#include "compat.h"
#include "fixture.h"
#include "fragment.h"
#include "guard.h"
#include "look.h"
#include "stats.h"
#include "tomb.h"
#include "wire.h"

#define MTU		1500
#define WIRE_SPORT	50001
#define WIRE_DPORT	20002

static const u8 flow_key[SST_SECRET_SIZE] = { 9, 8, 7 };

/* Two hosts with one flow, and packets from the first to the second. */
struct hosts {
	struct sst_test_desc desc;
	struct net_device *dev;
	struct sst_net *sender;
	struct sst_net *receiver;
	struct sst_flow *out;
	struct sst_flow *in;
	unsigned int len;
	u8 orig[SST_TEST_PACKET_MAX];
	u8 wire[SST_TEST_PACKET_MAX];
	u8 got[SST_TEST_PACKET_MAX];
};

static struct sst_flow *add_flow(struct kunit *test, struct sst_net *sn,
				 const struct sst_test_desc *desc, u8 side)
{
	struct sst_flow_params params = {
		.side = side,
		.scope = SST_SCOPE_PORTS,
		.suite = SST_SUITE_CHACHA20_POLY1305,
		.key = flow_key,
	};
	struct sst_flow *flow;

	sst_test_tuple(&params.real, desc->family, desc->proto, SST_TEST_DPORT,
		       SST_TEST_SPORT);
	sst_test_tuple(&params.wire, desc->family, desc->proto, WIRE_DPORT,
		       WIRE_SPORT);
	if (side == 1) {
		swap(params.real.local, params.real.remote);
		swap(params.real.lport, params.real.rport);
		swap(params.wire.local, params.wire.remote);
		swap(params.wire.lport, params.wire.rport);
	}
	flow = sst_flow_new(&params);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(&sn->flows, flow, 10));
	return flow;
}

static struct hosts *new_hosts(struct kunit *test,
			       const struct sst_test_desc *desc)
{
	struct hosts *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->desc = *desc;
	p->dev = sst_test_device(test, MTU);
	p->sender = sst_test_net(test);
	p->receiver = sst_test_net(test);
	p->out = add_flow(test, p->sender, desc, 1);
	p->in = add_flow(test, p->receiver, desc, 2);
	p->len = sst_test_build(p->orig, desc);
	return p;
}

static u64 next_seq(const struct hosts *p)
{
	return atomic64_read(&rcu_dereference_protected(p->out->tx,
							true)->next_seq);
}

/* A packet that is not sealed costs no counter and stays as it was. */
static void expect_tx_drop(struct kunit *test, struct hosts *p,
			   struct sk_buff *skb, int err, int counter)
{
	u64 before = next_seq(p), n = sst_test_stat(p->sender, counter);
	unsigned int len = skb->len;

	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, p->got, len));
	KUNIT_EXPECT_EQ(test, NF_DROP_ERR(err),
			sst_test_egress(test, p->sender, skb, p->dev, NULL));
	KUNIT_EXPECT_EQ(test, n + 1, sst_test_stat(p->sender, counter));
	KUNIT_EXPECT_EQ(test, 0,
			sst_test_stat(p->sender, SST_A_STATS_TX_SEALED));
	KUNIT_EXPECT_EQ(test, before, next_seq(p));
	KUNIT_ASSERT_EQ(test, len, skb->len);
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, p->wire, len));
	KUNIT_EXPECT_MEMEQ(test, p->got, p->wire, len);
}

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

/* The trailer has to fit the path, too: to the byte. */
static void path_mtu(struct kunit *test)
{
	struct sst_test_desc desc =
		*(const struct sst_test_desc *)test->param_value;
	unsigned int over;
	struct sk_buff *skb;
	struct hosts *p;

	for (over = 0; over < 3; over++) {
		desc.payload = MTU - SST_DATA_TRAILER_SIZE -
			       sst_test_headers(&desc) + over;
		p = new_hosts(test, &desc);
		skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
		if (over) {
			expect_tx_drop(test, p, skb, -EMSGSIZE,
				       SST_A_STATS_TX_TOO_BIG);
			continue;
		}
		KUNIT_EXPECT_EQ(test, NF_ACCEPT,
				sst_test_egress(test, p->sender, skb, p->dev,
						NULL));
		KUNIT_EXPECT_EQ(test, MTU, skb->len);
	}
}

/* What the sender may not let out in clear and cannot seal. */
static void path_unsealable(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	unsigned int thoff = sst_test_network_size(desc->family);
	struct hosts *p = new_hosts(test, desc);
	struct sk_buff *skb;
	unsigned int seq;

	/* What a tap device hands over to be made fragments of. */
	skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
	skb_shinfo(skb)->gso_size = 8;
	skb_shinfo(skb)->gso_type = SKB_GSO_UDP;
	expect_tx_drop(test, p, skb, -EMSGSIZE, SST_A_STATS_TX_FRAGMENT);

	/* Lengths that do not fit. */
	skb = sst_test_skb(test, p->orig, p->len - 1, SST_TEST_ROOM, 0);
	expect_tx_drop(test, p, skb, -EPERM, SST_A_STATS_TX_MALFORMED);
	if (desc->proto == IPPROTO_TCP) {
		p->orig[thoff + 12] = 0x40;
		skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
		expect_tx_drop(test, p, skb, -EPERM, SST_A_STATS_TX_MALFORMED);
		p->orig[thoff + 12] = 0x50;
	}
	if (desc->family == NFPROTO_IPV4) {
		put_unaligned_be16(IP_MF, p->orig + 6);
		skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
		expect_tx_drop(test, p, skb, -EMSGSIZE, SST_A_STATS_TX_FRAGMENT);
		put_unaligned_be16(IP_DF, p->orig + 6);
	}

	/* No counters left: at first found by the key, then by the state. */
	sst_test_set_tx(p->out, SST_KRI_MAX, SST_SEQ_LIMIT);
	for (seq = 0; seq < 2; seq++) {
		skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
		KUNIT_EXPECT_EQ(test, NF_DROP_ERR(-EKEYEXPIRED),
				sst_test_egress(test, p->sender, skb, p->dev,
						NULL));
	}
	KUNIT_EXPECT_EQ(test, 2,
			sst_test_stat(p->sender, SST_A_STATS_TX_EXHAUSTED));
	KUNIT_EXPECT_EQ(test, SST_SEQ_LIMIT + 1, next_seq(p));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_EXHAUSTED, p->out->state);
}

/* Segments that left by okfn; tests run one at a time. */
static struct sk_buff_head sent;

static int collect(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	skb_dst_drop(skb);
	__skb_queue_tail(&sent, skb);
	return 0;
}

struct cut_case {
	const char *desc;
	u8 family;
	u16 payload;
	u16 gso_size;
	unsigned int segments;
};

/* 1500 - 28 of a trailer less the headers: 1432 and 1412. */
static const struct cut_case cut_cases[] = {
	{ "a segment that fits no more, IPv4", NFPROTO_IPV4, 1433, 0, 2 },
	{ "a segment that fits no more, IPv6", NFPROTO_IPV6, 1413, 0, 2 },
	{ "GSO, IPv4", NFPROTO_IPV4, 1900, 500, 4 },
	{ "GSO, IPv6", NFPROTO_IPV6, 1900, 500, 4 },
	{ "GSO, one byte over, IPv4", NFPROTO_IPV4, 1501, 500, 4 },
	{ "GSO, segments that just fit, IPv4", NFPROTO_IPV4, 1900, 1432, 2 },
	{ "GSO, segments that fit no more, IPv4", NFPROTO_IPV4, 1900, 1460, 2 },
	{ "GSO, segments that fit no more, IPv6", NFPROTO_IPV6, 1900, 1440, 2 },
};

KUNIT_ARRAY_PARAM_DESC(cut, cut_cases, desc);

/*
 * Each segment is sealed by itself, fits the path, and all of them make up the
 * payload again on the other side.
 */
static void path_cut(struct kunit *test)
{
	const struct cut_case *c = test->param_value;
	struct sst_test_desc desc = {
		c->family, IPPROTO_TCP, .payload = c->payload,
	};
	unsigned int thoff = sst_test_network_size(c->family);
	unsigned int headers = sst_test_headers(&desc), n = 0, payload = 0;
	struct hosts *p = new_hosts(test, &desc);
	struct sk_buff *skb, *seg;
	u32 sum;

	skb = sst_test_skb(test, p->orig, p->len, SST_TEST_PAGE, headers);
	skb_set_transport_header(skb, thoff);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + thoff;
	skb->csum_offset = sst_test_check_offset(IPPROTO_TCP);
	/* The sum of the pseudo header: that of no segment, and its length. */
	sum = sst_test_transport_sum(p->orig, thoff, thoff, IPPROTO_TCP);
	put_unaligned_be16(sst_test_fold(sum + p->len - thoff),
			   skb->data + thoff + skb->csum_offset);
	skb_shinfo(skb)->gso_size = c->gso_size;
	if (c->gso_size)
		skb_shinfo(skb)->gso_type = c->family == NFPROTO_IPV4 ?
					    SKB_GSO_TCPV4 : SKB_GSO_TCPV6;

	__skb_queue_head_init(&sent);
	KUNIT_ASSERT_EQ(test, NF_STOLEN,
			sst_test_egress(test, p->sender, skb, p->dev, collect));
	sst_test_skb_stolen(test, skb);
	while ((seg = __skb_dequeue(&sent))) {
		unsigned int len = seg->len;

		KUNIT_EXPECT_LE(test, len, MTU);
		sst_test_skb_bytes(test, seg, p->wire);
		kfree_skb(seg);
		KUNIT_EXPECT_EQ(test, 0xffff,
				sst_test_transport_sum(p->wire, len, thoff,
						       IPPROTO_TCP));
		skb = sst_test_skb(test, p->wire, len, SST_TEST_ROOM, 0);
		KUNIT_EXPECT_EQ(test, NF_ACCEPT,
				sst_test_ingress(test, p->receiver, skb, p->dev));
		KUNIT_EXPECT_EQ(test, 0x01020304 + payload,
				get_unaligned_be32(skb->data + thoff + 4));
		memcpy(p->got + payload, skb->data + headers,
		       skb->len - headers);
		payload += skb->len - headers;
		n++;
	}
	KUNIT_EXPECT_EQ(test, c->segments, n);
	KUNIT_ASSERT_EQ(test, c->payload, payload);
	KUNIT_EXPECT_MEMEQ(test, p->orig + headers, p->got, payload);
	KUNIT_EXPECT_EQ(test, n, next_seq(p));
	KUNIT_EXPECT_EQ(test, n,
			sst_test_stat(p->sender, SST_A_STATS_TX_SEALED));
	KUNIT_EXPECT_EQ(test, n,
			sst_test_stat(p->receiver, SST_A_STATS_RX_OPENED));
}

/* Fragments of datagrams: how many bytes more than what just fits, and how. */
struct fragment_case {
	const char *desc;
	u8 family;
	enum sst_test_layout layout;
	u16 mtu;
	u16 over;
};

static const struct fragment_case fragment_cases[] = {
	{ "just fits, IPv4", NFPROTO_IPV4, SST_TEST_ROOM, 600, 0 },
	{ "just fits, IPv6", NFPROTO_IPV6, SST_TEST_ROOM, 1280, 0 },
	{ "one byte too many, IPv4", NFPROTO_IPV4, SST_TEST_ROOM, 600, 1 },
	{ "one byte too many, IPv6", NFPROTO_IPV6, SST_TEST_ROOM, 1280, 1 },
	{ "no room, IPv4", NFPROTO_IPV4, SST_TEST_TIGHT, 600, 9 },
	{ "an MTU between multiples of 8", NFPROTO_IPV4, SST_TEST_ROOM, 605, 3 },
	{ "as large as the MTU, IPv4", NFPROTO_IPV4, SST_TEST_PAGE, 600,
	  SST_DATA_TRAILER_SIZE },
	{ "as large as the MTU, IPv6", NFPROTO_IPV6, SST_TEST_PAGE, 1280,
	  SST_DATA_TRAILER_SIZE },
	{ "full fragments, IPv4", NFPROTO_IPV4, SST_TEST_FULL, 596, 2 * 576 },
	{ "a list, IPv4", NFPROTO_IPV4, SST_TEST_LIST, 600, 1399 },
	{ "a list, IPv6", NFPROTO_IPV6, SST_TEST_LIST, 1280, 700 },
};

KUNIT_ARRAY_PARAM_DESC(fragment, fragment_cases, desc);

static const struct fragment_case largest_cases[] = {
	{ "65535 bytes, IPv4", NFPROTO_IPV4, SST_TEST_ROOM, MTU, 0 },
	{ "65536 bytes, IPv4", NFPROTO_IPV4, SST_TEST_ROOM, MTU, 1 },
	{ "65535 bytes, IPv6", NFPROTO_IPV6, SST_TEST_ROOM, MTU, 0 },
	{ "65536 bytes, IPv6", NFPROTO_IPV6, SST_TEST_ROOM, MTU, 1 },
};

KUNIT_ARRAY_PARAM_DESC(largest, largest_cases, desc);

/* One fragment of an IPv4 datagram, the first @off bytes of which were seen. */
static void expect_fragment(struct kunit *test, const struct hosts *p,
			    const struct sk_buff *frag, unsigned int off,
			    bool last)
{
	const struct iphdr *iph = ip_hdr(frag);

	KUNIT_EXPECT_LE(test, frag->len, p->dev->mtu);
	KUNIT_EXPECT_EQ(test, frag->len, ntohs(iph->tot_len));
	KUNIT_EXPECT_EQ(test, SST_MARK_IPV4 | IP_DF | (last ? 0 : IP_MF) | off / 8,
			ntohs(iph->frag_off));
	KUNIT_EXPECT_EQ(test, 0xbeef, ntohs(iph->id));
	KUNIT_EXPECT_EQ(test, 0xffff,
			sst_test_fold(sst_test_sum((const u8 *)iph, 20, 0)));
}

static struct sk_buff *gather(struct hosts *p, struct sk_buff *frag, int *err)
{
	frag->dev = p->dev;
	rcu_read_lock();
	*err = sst_fragment_gather(&init_net, frag, NFPROTO_IPV4);
	rcu_read_unlock();
	return *err ? NULL : frag;
}

/* What was sent, gathered from the last to the first. */
static struct sk_buff *gather_sent(struct kunit *test, struct hosts *p)
{
	struct sk_buff *frag, *whole = NULL;
	int err;

	while ((frag = __skb_dequeue_tail(&sent))) {
		whole = gather(p, frag, &err);
		KUNIT_EXPECT_EQ(test, skb_queue_empty(&sent) ? 0 : -EINPROGRESS,
				err);
	}
	return whole;
}

/*
 * A datagram that does not fit is sealed, then fragmented: by us over IPv4, by
 * the stack over IPv6. Its parts are one sealed datagram again.
 */
static void path_fragments(struct kunit *test)
{
	const struct fragment_case *c = test->param_value;
	struct sst_test_desc desc = { c->family, IPPROTO_UDP };
	unsigned int thoff = sst_test_network_size(c->family);
	unsigned int off = 0, len;
	struct sk_buff *skb, *frag;
	struct hosts *p;

	desc.payload = c->mtu - SST_DATA_TRAILER_SIZE -
		       sst_test_headers(&desc) + c->over;
	p = new_hosts(test, &desc);
	p->dev->mtu = c->mtu;
	if (c->family == NFPROTO_IPV4) {
		put_unaligned_be16(0xbeef, p->orig + 4);
		sst_test_finish(p->orig, p->len, &desc);
	}
	skb = sst_test_skb(test, p->orig, p->len, c->layout,
			   sst_test_headers(&desc));
	skb->ignore_df = 1;
	len = p->len + SST_DATA_TRAILER_SIZE;

	__skb_queue_head_init(&sent);
	if (c->family == NFPROTO_IPV6 || !c->over) {
		KUNIT_ASSERT_EQ(test, NF_ACCEPT,
				sst_test_egress(test, p->sender, skb, p->dev,
						collect));
		sst_test_skb_bytes(test, skb, p->wire);
	} else {
		KUNIT_ASSERT_EQ(test, NF_STOLEN,
				sst_test_egress(test, p->sender, skb, p->dev,
						collect));
		sst_test_skb_stolen(test, skb);
		skb_queue_walk(&sent, frag) {
			bool last = skb_queue_is_last(&sent, frag);

			expect_fragment(test, p, frag, off, last);
			off += frag->len - thoff;
		}
		KUNIT_EXPECT_EQ(test, len - thoff, off);
		skb = gather_sent(test, p);
		KUNIT_ASSERT_NOT_NULL(test, skb);
		sst_test_skb_bytes(test, skb, p->wire);
		KUNIT_EXPECT_EQ(test, SST_MARK_IPV4 | IP_DF,
				ntohs(ip_hdr(skb)->frag_off));
		KUNIT_EXPECT_EQ(test, len, skb->len);
		kfree_skb(skb);
	}
	KUNIT_EXPECT_EQ(test, !!c->over,
			sst_test_stat(p->sender, SST_A_STATS_TX_FRAGMENTED));
	KUNIT_EXPECT_EQ(test, 1, next_seq(p));
	KUNIT_EXPECT_EQ(test, 0xffff,
			sst_test_transport_sum(p->wire, len, thoff,
					       IPPROTO_UDP));
	skb = sst_test_skb(test, p->wire, len, SST_TEST_ROOM, 0);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT,
			sst_test_ingress(test, p->receiver, skb, p->dev));
	KUNIT_ASSERT_EQ(test, p->len, skb->len);
	sst_test_skb_bytes(test, skb, p->got);
	KUNIT_EXPECT_MEMEQ(test, p->orig, p->got, p->len);
}

/* Clear fragments of the same number are in other queues. */
static void path_fragments_apart(struct kunit *test)
{
	struct sst_test_desc desc = { NFPROTO_IPV4, IPPROTO_UDP,
				      .payload = 1600 };
	struct hosts *p = new_hosts(test, &desc);
	struct sk_buff *skb, *copy;
	unsigned int len;

	skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
	skb->ignore_df = 1;
	__skb_queue_head_init(&sent);
	KUNIT_ASSERT_EQ(test, NF_STOLEN,
			sst_test_egress(test, p->sender, skb, p->dev, collect));
	sst_test_skb_stolen(test, skb);
	KUNIT_ASSERT_EQ(test, 2, skb_queue_len(&sent));
	/* The first one for the stack, as if it had come in clear. */
	copy = skb_copy(skb_peek(&sent), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	copy->dev = p->dev;
	ip_hdr(copy)->frag_off &= ~htons(SST_MARK_IPV4);
	memset(skb_tail_pointer(copy) - 64, 0, 64);
	local_bh_disable();
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, -EINPROGRESS,
			ip_defrag(&init_net, copy, IP_DEFRAG_LOCAL_DELIVER));
	rcu_read_unlock();
	local_bh_enable();

	skb = gather_sent(test, p);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	len = skb->len;
	sst_test_skb_bytes(test, skb, p->wire);
	kfree_skb(skb);
	skb = sst_test_skb(test, p->wire, len, SST_TEST_ROOM, 0);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT,
			sst_test_ingress(test, p->receiver, skb, p->dev));
	sst_test_skb_bytes(test, skb, p->got);
	KUNIT_EXPECT_MEMEQ(test, p->orig, p->got, p->len);
}

/* What no length field tells with the trailer is not sent at all. */
static void path_largest(struct kunit *test)
{
	const struct fragment_case *c = test->param_value;
	struct sst_test_desc desc = { c->family, IPPROTO_UDP };
	bool ipv4 = c->family == NFPROTO_IPV4;
	struct sk_buff *skb;
	struct hosts *p;
	unsigned int len;
	u8 *bytes;

	bytes = kunit_kzalloc(test, 65536, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	p = new_hosts(test, &desc);
	desc.payload = 65535 - SST_DATA_TRAILER_SIZE -
		       sst_test_headers(&desc) + c->over;
	len = sst_test_build(bytes, &desc);
	skb = sst_test_skb(test, bytes, len, SST_TEST_ROOM, 0);
	skb->ignore_df = 1;
	__skb_queue_head_init(&sent);
	if (c->over) {
		KUNIT_ASSERT_EQ(test, NF_DROP_ERR(-EMSGSIZE),
				sst_test_egress(test, p->sender, skb, p->dev,
						collect));
		KUNIT_EXPECT_EQ(test, len, skb->len);
	} else {
		KUNIT_EXPECT_EQ(test, ipv4 ? NF_STOLEN : NF_ACCEPT,
				sst_test_egress(test, p->sender, skb, p->dev,
						collect));
		if (ipv4)
			sst_test_skb_stolen(test, skb);
	}
	/* 1480 bytes in each. */
	KUNIT_EXPECT_EQ(test, ipv4 && !c->over ? 45 : 0, skb_queue_len(&sent));
	__skb_queue_purge(&sent);
	KUNIT_EXPECT_EQ(test, c->over,
			sst_test_stat(p->sender, SST_A_STATS_TX_TOO_BIG));
	KUNIT_EXPECT_EQ(test, !c->over,
			sst_test_stat(p->sender, SST_A_STATS_TX_FRAGMENTED));
	KUNIT_EXPECT_EQ(test, !c->over, next_seq(p));
}

/* Which options belong into which fragment is not for us. */
static void path_options_are_whole(struct kunit *test)
{
	struct sst_test_desc desc = { NFPROTO_IPV4, IPPROTO_UDP,
				      .payload = 1600 };
	struct hosts *p = new_hosts(test, &desc);
	struct sk_buff *skb;

	memmove(p->orig + 24, p->orig + 20, p->len - 20);
	p->len += 4;
	p->orig[0] = 0x46;
	memset(p->orig + 20, IPOPT_NOOP, 4);
	put_unaligned_be16(p->len, p->orig + 2);
	skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
	skb->ignore_df = 1;
	expect_tx_drop(test, p, skb, -EMSGSIZE, SST_A_STATS_TX_TOO_BIG);
}

/* Seal a packet into p->wire; returns its length. */
static unsigned int seal(struct kunit *test, struct hosts *p)
{
	struct sk_buff *skb = sst_test_skb(test, p->orig, p->len,
					   SST_TEST_ROOM, 0);

	KUNIT_ASSERT_EQ(test, NF_ACCEPT,
			sst_test_egress(test, p->sender, skb, p->dev, NULL));
	sst_test_skb_bytes(test, skb, p->wire);
	return skb->len;
}

/* One SYN only: of the data in it (Fast Open) as much leaves as fits. */
static void path_syn_takes_less(struct kunit *test)
{
	struct sst_test_desc desc = {
		NFPROTO_IPV4, IPPROTO_TCP, .payload = 1460,
	};
	struct hosts *p = new_hosts(test, &desc);
	struct sk_buff *skb;

	p->orig[33] = 0x02;
	skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
	skb_set_transport_header(skb, 20);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + 20;
	skb->csum_offset = 16;
	put_unaligned_be16((u16)sst_test_fold(sst_test_sum(p->orig + 12, 8,
							   IPPROTO_TCP + 1480)),
			   skb->data + 36);
	KUNIT_ASSERT_EQ(test, NF_ACCEPT,
			sst_test_egress(test, p->sender, skb, p->dev, NULL));
	KUNIT_ASSERT_EQ(test, MTU, skb->len);
	sst_test_skb_bytes(test, skb, p->wire);
	KUNIT_EXPECT_EQ(test, MTU, get_unaligned_be16(p->wire + 2));
	KUNIT_EXPECT_EQ(test, 0xffff,
			sst_test_transport_sum(p->wire, MTU, 20, IPPROTO_TCP));
	/* All but the ports and the checksum is what it was, as far as it goes. */
	KUNIT_EXPECT_MEMEQ(test, p->orig + 24, p->wire + 24, 12);
	KUNIT_EXPECT_MEMEQ(test, p->orig + 38, p->wire + 38,
			   MTU - SST_DATA_TRAILER_SIZE - 38);
}

enum tuple {
	TUPLE_OTHER,
	TUPLE_REAL,
	TUPLE_WIRE,
};

struct guard_case {
	const char *desc;
	enum tuple tuple;
	bool marked;
	bool opened;
	/* The counter of the reason, 0 when it passes. */
	int clear;
	int local_in;
};

static const struct guard_case guard_cases[] = {
	{ "clear, of no flow", TUPLE_OTHER },
	{ "marked, of no flow", TUPLE_OTHER, true, false, 0,
	  SST_A_STATS_RX_UNOPENED },
	{ "clear, on a real tuple", TUPLE_REAL, false, false,
	  SST_A_STATS_RX_CLEAR, 0 },
	{ "marked, on a real tuple", TUPLE_REAL, true, false,
	  SST_A_STATS_RX_CLEAR, SST_A_STATS_RX_UNOPENED },
	{ "opened, on a real tuple", TUPLE_REAL, false, true },
	{ "opened, its class looks like the mark", TUPLE_REAL, true, true },
	{ "on a wire tuple, not opened", TUPLE_WIRE, false, false,
	  SST_A_STATS_RX_UNOPENED, 0 },
	{ "marked, on a wire tuple, not opened", TUPLE_WIRE, true, false,
	  SST_A_STATS_RX_UNOPENED, SST_A_STATS_RX_UNOPENED },
};

KUNIT_ARRAY_PARAM_DESC(guard, guard_cases, desc);

static void expect_guard(struct kunit *test, struct hosts *p,
			 struct sk_buff *skb, int reason,
			 bool (*look)(const struct sst_net *sn,
				      const struct sk_buff *skb, u8 family),
			 unsigned int (*hook)(struct sst_net *sn,
					      struct sk_buff *skb,
					      const struct nf_hook_state *state))
{
	const struct nf_hook_state state = {
		.pf = p->desc.family,
		.in = p->dev,
		.net = &init_net,
	};
	u64 before = reason ? sst_test_stat(p->receiver, reason) : 0;
	unsigned int verdict;
	bool passes;

	rcu_read_lock();
	passes = look(p->receiver, skb, state.pf);
	verdict = hook(p->receiver, skb, &state);
	rcu_read_unlock();
	/* The first look says no more than the long one. */
	if (passes)
		KUNIT_EXPECT_EQ(test, 0, reason);
	KUNIT_EXPECT_EQ(test, reason ? NF_DROP : NF_ACCEPT, verdict);
	if (reason)
		KUNIT_EXPECT_EQ(test, before + 1,
				sst_test_stat(p->receiver, reason));
}

/* The closed doors behind the receiving hook, for what it let pass. */
static void path_guard(struct kunit *test)
{
	const struct guard_case *c = test->param_value;
	unsigned int i, thoff;
	struct sk_buff *skb;
	struct sst_pkt pkt;
	struct hosts *p;

	for (i = 0; i < ARRAY_SIZE(descs); i++) {
		p = new_hosts(test, &descs[i]);
		thoff = sst_test_network_size(descs[i].family);
		if (c->tuple != TUPLE_REAL) {
			put_unaligned_be16(WIRE_SPORT, p->orig + thoff);
			put_unaligned_be16(c->tuple == TUPLE_WIRE ?
					   WIRE_DPORT : WIRE_DPORT + 1,
					   p->orig + thoff + 2);
		}
		if (c->marked && descs[i].family == NFPROTO_IPV4)
			put_unaligned_be16(0x8000 | IP_DF, p->orig + 6);
		else if (c->marked)
			put_unaligned_be32(0x600fedcb | 0xac << 20, p->orig);
		skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
		KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
				sst_packet_parse(&pkt, skb, descs[i].family,
						 SST_PKT_IN,
						 &p->receiver->cfg));
		if (c->opened)
			sst_packet_set_opened(skb, descs[i].family,
					      SST_SCOPE_PORTS);
		expect_guard(test, p, skb, c->clear, sst_look_guard,
			     sst_guard_clear);
		expect_guard(test, p, skb, c->local_in, sst_look_local,
			     sst_guard_local);
		KUNIT_ASSERT_EQ(test, p->len, skb->len);
		KUNIT_EXPECT_MEMEQ(test, p->orig, skb->data, p->len);
	}
}

/* First looks, of which that of ingress and that of the guard ask the same. */
#define LOOK_ARRIVED	BIT(0)
#define LOOK_LOCAL	BIT(1)
#define LOOK_LEAVES	BIT(2)
#define LOOK_ALL	(LOOK_ARRIVED | LOOK_LOCAL | LOOK_LEAVES)

/* No port of a flow. */
#define OTHER_PORT	(WIRE_DPORT + 1)

struct look_case {
	u16 sport;
	u16 dport;
	bool gathered;
	/* The looks that let it pass. */
	u8 pass;
};

static const struct look_case look_cases[] = {
	{ OTHER_PORT, OTHER_PORT, false, LOOK_ALL },
	{ OTHER_PORT, OTHER_PORT, true, LOOK_ALL },
	/* A port of a flow, real or on the wire. */
	{ OTHER_PORT, SST_TEST_DPORT, false, LOOK_LOCAL | LOOK_LEAVES },
	{ OTHER_PORT, WIRE_DPORT, false, LOOK_LOCAL | LOOK_LEAVES },
	{ OTHER_PORT, SST_TEST_DPORT, true, LOOK_LEAVES },
	{ SST_TEST_DPORT, OTHER_PORT, false, LOOK_ARRIVED | LOOK_LOCAL },
	{ WIRE_DPORT, OTHER_PORT, false, LOOK_ARRIVED | LOOK_LOCAL },
	/* Those of the peer say nothing. */
	{ SST_TEST_SPORT, OTHER_PORT, false, LOOK_ALL },
	{ OTHER_PORT, SST_TEST_SPORT, false, LOOK_ALL },
};

/* With a tombstone that has the other port. */
static const struct look_case look_tomb_cases[] = {
	{ 1, OTHER_PORT, false, LOOK_ARRIVED | LOOK_LEAVES },
	{ OTHER_PORT, 1, false, LOOK_ARRIVED | LOOK_LOCAL },
};

static void expect_looks(struct kunit *test, struct hosts *p,
			 const struct look_case *c)
{
	unsigned int thoff = sst_test_network_size(p->desc.family);
	u8 family = p->desc.family, pass = 0;
	struct sk_buff *skb;

	put_unaligned_be16(c->sport, p->orig + thoff);
	put_unaligned_be16(c->dport, p->orig + thoff + 2);
	skb = sst_test_skb(test, p->orig, p->len, SST_TEST_ROOM, 0);
	if (c->gathered && family == NFPROTO_IPV4)
		IPCB(skb)->frag_max_size = p->len;
	else if (c->gathered)
		IP6CB(skb)->frag_max_size = p->len;
	rcu_read_lock();
	if (sst_look_ingress(p->receiver, skb, family))
		pass |= LOOK_ARRIVED;
	if (sst_look_local(p->receiver, skb, family))
		pass |= LOOK_LOCAL;
	if (sst_look_egress(p->receiver, skb, family, NULL))
		pass |= LOOK_LEAVES;
	KUNIT_EXPECT_EQ(test, !!(pass & LOOK_ARRIVED),
			sst_look_guard(p->receiver, skb, family));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ_MSG(test, c->pass, pass, "ports %u, %u", c->sport,
			    c->dport);
}

/* Clear packets are told by this host's port from those that need a longer look. */
static void path_looks(struct kunit *test)
{
	struct hosts *p = new_hosts(test, test->param_value);
	struct sst_tuple past;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(look_cases); i++)
		expect_looks(test, p, &look_cases[i]);
	sst_test_tuple(&past, p->desc.family, p->desc.proto, OTHER_PORT, 443);
	sst_tomb_add(&p->receiver->tombs, &past);
	for (i = 0; i < ARRAY_SIZE(look_tomb_cases); i++)
		expect_looks(test, p, &look_tomb_cases[i]);
	sst_tomb_lift(&p->receiver->tombs, &past);
	expect_looks(test, p, &look_cases[0]);
}

struct class_case {
	const char *desc;
	u8 mask;
	u8 value;
	bool keep;
	u8 dsfield;
	u8 wire;
	u8 tc;
	u8 restored;
};

/* Protocol section 2, "DSCP names services too", for IPv6. */
static const struct class_case class_cases[] = {
	{ "cleared", 0xfc, 0xac, false, 0xb8, 0xac, 0, 0 },
	{ "cleared but for ECN", 0xfc, 0xac, false, 0xbb, 0xaf, 0, 0x03 },
	{ "kept", 0xfc, 0xac, true, 0xb8, 0xac, 0xb8, 0xb8 },
	{ "kept, ECN as it arrived", 0xfc, 0xac, true, 0xba, 0xae, 0xb8, 0xba },
	{ "a class that is the mark", 0xfc, 0xac, true, 0xad, 0xad, 0, 0x01 },
	{ "one that matches a narrow mask", 0x80, 0x80, true, 0xb8, 0x80, 0, 0 },
	{ "one that does not", 0x80, 0x80, true, 0x28, 0x80, 0x28, 0x28 },
};

KUNIT_ARRAY_PARAM_DESC(class, class_cases, desc);

static void path_traffic_class(struct kunit *test)
{
	const struct class_case *c = test->param_value;
	struct sst_test_desc desc = {
		NFPROTO_IPV6, IPPROTO_UDP, .dsfield = c->dsfield, .payload = 3,
	};
	struct hosts *p = new_hosts(test, &desc);
	struct sk_buff *skb;
	unsigned int len;

	p->sender->cfg.mark = SST_CONFIG_MARK(c->mask, c->value);
	p->sender->cfg.dscp = c->keep ? SST_DSCP_KEEP : SST_DSCP_CLEAR;
	len = seal(test, p);
	KUNIT_EXPECT_EQ(test, 0x600fedcb | c->wire << 20,
			get_unaligned_be32(p->wire));
	KUNIT_EXPECT_EQ(test, c->tc,
			p->wire[len - SST_TAG_SIZE - SST_META_SIZE + 1]);
	skb = sst_test_skb(test, p->wire, len, SST_TEST_ROOM, 0);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT,
			sst_test_ingress(test, p->receiver, skb, p->dev));
	sst_test_skb_bytes(test, skb, p->got);
	KUNIT_EXPECT_EQ(test, 0x600fedcb | c->restored << 20,
			get_unaligned_be32(p->got));
}

struct drop_case {
	const char *desc;
	/* 0 for all */
	u8 family;
	u8 proto;
	/* A byte of the segment; negative: from its end. */
	int off;
	u8 flip;
	int counter;
};

/* meta stands at -24, the tag at -16. */
static const struct drop_case drop_cases[] = {
	{ "nothing wrong", 0, 0, -1, 0x00, SST_A_STATS_RX_OPENED },
	{ "a bit of the tag", 0, 0, -1, 0x01, SST_A_STATS_RX_AUTH },
	{ "the tag's first bit", 0, 0, -16, 0x80, SST_A_STATS_RX_AUTH },
	{ "the sealed ports", 0, 0, -28, 0x01, SST_A_STATS_RX_AUTH },
	{ "seq", 0, 0, -17, 0x01, SST_A_STATS_RX_AUTH },
	{ "type OPEN", 0, 0, -24, 0x50, SST_A_STATS_RX_TYPE },
	{ "type 0", 0, 0, -24, 0x40, SST_A_STATS_RX_TYPE },
	{ "flag P", 0, 0, -24, 0x01, SST_A_STATS_RX_FLAGS },
	{ "flag E with payload", 0, 0, -24, 0x08, SST_A_STATS_RX_FLAGS },
	{ "a class", NFPROTO_IPV4, 0, -23, 0xb8, SST_A_STATS_RX_TC },
	{ "a class", NFPROTO_IPV6, 0, -23, 0xb8, SST_A_STATS_RX_AUTH },
	{ "ECN in the class", 0, 0, -23, 0x01, SST_A_STATS_RX_TC },
	{ "kri one step ahead", 0, 0, -21, 0x01, SST_A_STATS_RX_AUTH },
	{ "kri 16 ahead", 0, 0, -21, 0x10, SST_A_STATS_RX_AUTH },
	{ "kri 17 ahead", 0, 0, -21, 0x11, SST_A_STATS_RX_KRI_FAR },
	{ "kri 256 ahead", 0, 0, -22, 0x01, SST_A_STATS_RX_KRI_FAR },
	{ "TCP flag RST", 0, IPPROTO_TCP, 13, 0x04, SST_A_STATS_RX_AUTH },
	{ "TCP flag FIN", 0, IPPROTO_TCP, 13, 0x01, SST_A_STATS_RX_AUTH },
	{ "TCP flag ECE", 0, IPPROTO_TCP, 13, 0x40, SST_A_STATS_RX_OPENED },
	{ "TCP data offset 6", 0, IPPROTO_TCP, 12, 0x30, SST_A_STATS_RX_AUTH },
	{ "TCP data offset 4", 0, IPPROTO_TCP, 12, 0x10,
	  SST_A_STATS_RX_LENGTH },
	{ "TCP data offset 15 into the trailer", 0, IPPROTO_TCP, 12, 0xa0,
	  SST_A_STATS_RX_LENGTH },
	{ "UDP length", 0, IPPROTO_UDP, 5, 0x01, SST_A_STATS_RX_LENGTH },
	{ "UDP length 0", 0, IPPROTO_UDP, 5, 69, SST_A_STATS_RX_LENGTH },
};

KUNIT_ARRAY_PARAM_DESC(drop, drop_cases, desc);

static void path_drops(struct kunit *test)
{
	const struct drop_case *c = test->param_value;
	bool opened = c->counter == SST_A_STATS_RX_OPENED;
	unsigned int i, thoff, len;
	const struct sst_rx_key *rx;
	struct sk_buff *skb;
	struct hosts *p;

	for (i = 0; i < ARRAY_SIZE(descs); i++) {
		if ((c->family && c->family != descs[i].family) ||
		    (c->proto && c->proto != descs[i].proto))
			continue;
		p = new_hosts(test, &descs[i]);
		thoff = sst_test_network_size(descs[i].family);
		len = seal(test, p);
		p->wire[c->off < 0 ? len + c->off : thoff + c->off] ^= c->flip;
		skb = sst_test_skb(test, p->wire, len, SST_TEST_ROOM, 0);
		KUNIT_EXPECT_EQ(test, opened ? NF_ACCEPT : NF_DROP,
				sst_test_ingress(test, p->receiver, skb, p->dev));
		KUNIT_EXPECT_EQ(test, 1, sst_test_stat(p->receiver, c->counter));
		KUNIT_EXPECT_EQ(test, opened, p->in->rx_packets);
		/* Nothing that failed moved a key or a window. */
		rx = rcu_dereference_protected(p->in->rx, true);
		KUNIT_EXPECT_EQ(test, opened, sst_counters_top(&rx->replay));
		KUNIT_EXPECT_NULL(test,
				  rcu_dereference_protected(p->in->rx_prev,
							    true));
	}
}

/* Every length that is too short for a header and a trailer. */
static void path_short(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	unsigned int thoff = sst_test_network_size(desc->family);
	unsigned int header = sst_test_headers(desc) - thoff, n;
	struct hosts *p = new_hosts(test, desc);
	u64 was_short = 0, length = 0;
	struct sk_buff *skb;

	seal(test, p);
	for (n = 4; n < header + SST_DATA_TRAILER_SIZE; n++) {
		if (desc->family == NFPROTO_IPV4)
			put_unaligned_be16(thoff + n, p->wire + 2);
		else
			put_unaligned_be16(n, p->wire + 4);
		if (desc->proto == IPPROTO_UDP)
			put_unaligned_be16(n, p->wire + thoff + 4);
		skb = sst_test_skb(test, p->wire, thoff + n, SST_TEST_ROOM, 0);
		KUNIT_EXPECT_EQ(test, NF_DROP,
				sst_test_ingress(test, p->receiver, skb, p->dev));
		sst_test_skb_free(test, skb);
		if (n < header)
			length++;
		else
			was_short++;
		KUNIT_EXPECT_EQ_MSG(test, length,
				    sst_test_stat(p->receiver,
						  SST_A_STATS_RX_LENGTH),
				    "%u bytes", n);
		KUNIT_EXPECT_EQ_MSG(test, was_short,
				    sst_test_stat(p->receiver,
						  SST_A_STATS_RX_SHORT),
				    "%u bytes", n);
	}
}

/* The mark is a hint: a packet is opened with it and without it. */
static void path_bleached(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	struct hosts *p = new_hosts(test, desc);
	unsigned int len = seal(test, p);
	struct sk_buff *skb;

	if (desc->family == NFPROTO_IPV4) {
		put_unaligned_be16(IP_DF, p->wire + 6);
		put_unaligned_be16(0, p->wire + 10);
		put_unaligned_be16(~sst_test_fold(sst_test_sum(p->wire, 20, 0)),
				   p->wire + 10);
	} else {
		put_unaligned_be32(0x600fedcb, p->wire);
	}
	skb = sst_test_skb(test, p->wire, len, SST_TEST_ROOM, 0);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT,
			sst_test_ingress(test, p->receiver, skb, p->dev));
	KUNIT_ASSERT_EQ(test, p->len, skb->len);
	sst_test_skb_bytes(test, skb, p->got);
	KUNIT_EXPECT_MEMEQ(test, p->orig, p->got, p->len);
	KUNIT_EXPECT_EQ(test, SST_SCOPE_PORTS,
			sst_packet_scope(skb, desc->family));
}

/* Retransmitted, a segment is sealed anew: the wire never repeats itself. */
static void path_no_repeat(struct kunit *test)
{
	const struct sst_test_desc *desc = test->param_value;
	struct hosts *p = new_hosts(test, desc);
	unsigned int len = seal(test, p);

	memcpy(p->got, p->wire, len);
	KUNIT_EXPECT_EQ(test, len, seal(test, p));
	KUNIT_EXPECT_MEMNEQ(test, p->got + len - SST_DATA_TRAILER_SIZE,
			    p->wire + len - SST_DATA_TRAILER_SIZE, 4);
	KUNIT_EXPECT_MEMNEQ(test, p->got + len - SST_TAG_SIZE,
			    p->wire + len - SST_TAG_SIZE, SST_TAG_SIZE);
}

static struct kunit_case path_cases[] = {
	KUNIT_CASE_PARAM(path_mtu, desc_gen_params),
	KUNIT_CASE_PARAM(path_unsealable, desc_gen_params),
	KUNIT_CASE_PARAM(path_cut, cut_gen_params),
	KUNIT_CASE_PARAM(path_fragments, fragment_gen_params),
	KUNIT_CASE(path_fragments_apart),
	KUNIT_CASE_PARAM(path_largest, largest_gen_params),
	KUNIT_CASE(path_options_are_whole),
	KUNIT_CASE(path_syn_takes_less),
	KUNIT_CASE_PARAM(path_guard, guard_gen_params),
	KUNIT_CASE_PARAM(path_looks, desc_gen_params),
	KUNIT_CASE_PARAM(path_traffic_class, class_gen_params),
	KUNIT_CASE_PARAM(path_drops, drop_gen_params),
	KUNIT_CASE_PARAM(path_short, desc_gen_params),
	KUNIT_CASE_PARAM(path_bleached, desc_gen_params),
	KUNIT_CASE_PARAM(path_no_repeat, desc_gen_params),
	{}
};

static struct kunit_suite path_suite = {
	.name = "sst_path",
	.test_cases = path_cases,
};

kunit_test_suite(path_suite);
