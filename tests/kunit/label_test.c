// SPDX-License-Identifier: GPL-2.0
/*
 * Scope label: which segments have a trailer, what confirms a flow and what does
 * not, and that nothing but ports and mark changes in the others.
 */
#include <kunit/test.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rcupdate.h>
#include <linux/tcp.h>

#include "fixture.h"
#include "label.h"
#include "rewrite.h"
#include "seal.h"
#include "state.h"
#include "stream.h"
#include "unseal.h"

#define SYN_SEQ		0xfffffffe	/* wraps in the middle of a handshake */
#define OTHER_SEQ	0x01020304

#define REAL_LPORT	443
#define REAL_RPORT	41000
#define WIRE_LPORT	20002
#define WIRE_RPORT	50001

/**
 * struct work - what a case works on
 * @sn: namespace
 * @desc: packet of the peer, as it comes
 * @bytes: its bytes
 * @got: bytes of it afterwards
 */
struct work {
	struct sst_net *sn;
	struct sst_test_desc desc;
	u8 bytes[SST_TEST_PACKET_MAX];
	u8 got[SST_TEST_PACKET_MAX];
};

static struct work *get_work(struct kunit *test, u8 family)
{
	struct work *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->sn = sst_test_net(test);
	w->desc.family = family;
	w->desc.proto = IPPROTO_TCP;
	w->desc.payload = 100;
	return w;
}

static struct sst_flow *get_flow(struct kunit *test, u8 role, u8 family)
{
	const struct sst_party party = {
		.side = role == SST_FLOW_ROLE_INITIATOR ? 1 : 2,
		.suite = SST_SUITE_CHACHA20_POLY1305,
	};
	struct sst_tuple real, wire;
	struct sst_flow *flow;

	sst_test_tuple(&real, family, IPPROTO_TCP, REAL_LPORT, REAL_RPORT);
	sst_test_tuple(&wire, family, IPPROTO_TCP, WIRE_LPORT, WIRE_RPORT);
	flow = sst_flow_opened(&real, &wire, &party, role);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	flow->scope = SST_SCOPE_LABEL;
	flow->opening->form = SST_FORM_OPEN;
	flow->opening->syn_seq = SYN_SEQ;
	return flow;
}

/* The bytes of a packet of the peer; returns how many. */
static unsigned int write_packet(struct work *w, u8 flags, u32 ack)
{
	unsigned int thoff = sst_test_network_size(w->desc.family), len;
	struct tcphdr *th = (struct tcphdr *)(w->bytes + thoff);

	len = sst_test_build(w->bytes, &w->desc);
	th->source = htons(WIRE_RPORT);
	th->dest = htons(WIRE_LPORT);
	((u8 *)th)[13] = flags;
	th->ack_seq = htonl(ack);
	sst_test_finish(w->bytes, len, &w->desc);
	return len;
}

/* A packet of the peer with these TCP flags that acknowledges @ack. */
static struct sk_buff *get_packet(struct kunit *test, struct work *w,
				  struct sst_pkt *pkt, u8 flags, u32 ack)
{
	unsigned int len = write_packet(w, flags, ack);
	struct sk_buff *skb;

	skb = sst_test_skb(test, w->bytes, len, SST_TEST_TIGHT, 0);
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(pkt, skb, w->desc.family, SST_PKT_IN,
					 &w->sn->cfg));
	return skb;
}

/* A trailer if and only if it is a SYN, or the responder waits. */
static void label_leaves(struct kunit *test)
{
	static const struct {
		u8 role;
		u8 state;
		u8 flags;
		bool bare;
		u8 form;
	} rows[] = {
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_OPENING, TCPHDR_SYN,
		  false, SST_FORM_OPEN },
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_LIVE, TCPHDR_SYN,
		  false, SST_FORM_OPEN },
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_LIVE, TCPHDR_ACK,
		  true, 0 },
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_CLOSING, TCPHDR_RST,
		  true, 0 },
		{ SST_FLOW_ROLE_RESPONDER, SST_FLOW_STATE_ACCEPTING,
		  TCPHDR_SYN | TCPHDR_ACK, false, SST_FORM_ACCEPT },
		{ SST_FLOW_ROLE_RESPONDER, SST_FLOW_STATE_ACCEPTING, TCPHDR_ACK,
		  false, SST_FORM_ACCEPT },
		{ SST_FLOW_ROLE_RESPONDER, SST_FLOW_STATE_ACCEPTING, TCPHDR_RST,
		  false, SST_FORM_ACCEPT },
		{ SST_FLOW_ROLE_RESPONDER, SST_FLOW_STATE_LIVE,
		  TCPHDR_SYN | TCPHDR_ACK, false, SST_FORM_ACCEPT },
		{ SST_FLOW_ROLE_RESPONDER, SST_FLOW_STATE_LIVE, TCPHDR_ACK,
		  true, 0 },
	};
	struct sst_pkt pkt = {};
	struct sst_flow *flow;
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = get_flow(test, rows[i].role, NFPROTO_IPV4);
		flow->state = rows[i].state;
		pkt.covered[1] = rows[i].flags;
		KUNIT_EXPECT_EQ_MSG(test, rows[i].bare,
				    sst_label_leaves_bare(flow, &pkt),
				    "row %d", i);
		if (!rows[i].bare)
			KUNIT_EXPECT_EQ_MSG(test, rows[i].form,
					    sst_seal_form(flow), "row %d", i);
		flow->scope = SST_SCOPE_PORTS;
		KUNIT_EXPECT_FALSE(test, sst_label_leaves_bare(flow, &pkt));
		sst_flow_free(flow);
	}
}

/* The same of what comes: an initiator has to look for trailers for a while. */
static void label_comes(struct kunit *test)
{
	static const struct {
		u8 role;
		u8 state;
		u8 flags;
		u32 ack;
		bool looks;
		bool bare;
	} rows[] = {
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_OPENING, TCPHDR_ACK,
		  OTHER_SEQ, false, false },
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_LIVE,
		  TCPHDR_SYN | TCPHDR_ACK, SYN_SEQ + 1, false, false },
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_LIVE, TCPHDR_ACK,
		  SYN_SEQ + 1, false, true },
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_LIVE, TCPHDR_ACK,
		  SYN_SEQ + 1, true, false },
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_LIVE, TCPHDR_RST, 0,
		  true, false },
		/* Something of ours got there: this is payload. */
		{ SST_FLOW_ROLE_INITIATOR, SST_FLOW_STATE_LIVE, TCPHDR_ACK,
		  SYN_SEQ + 2, true, true },
		{ SST_FLOW_ROLE_RESPONDER, SST_FLOW_STATE_LIVE, TCPHDR_ACK,
		  OTHER_SEQ, true, true },
		{ SST_FLOW_ROLE_RESPONDER, SST_FLOW_STATE_LIVE, TCPHDR_SYN, 0,
		  false, false },
	};
	struct work *w = get_work(test, NFPROTO_IPV4);
	struct sst_flow *flow;
	struct sst_pkt pkt;
	struct sk_buff *skb;
	u8 *end;
	int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		flow = get_flow(test, rows[i].role, NFPROTO_IPV4);
		flow->state = rows[i].state;
		memset(flow->opening->salt_r, 0x5a, SST_SALT_SIZE);
		skb = get_packet(test, w, &pkt, rows[i].flags, rows[i].ack);
		/* salt_r 16, sealed 4, meta 8, tag 16 */
		end = skb->data + skb->len - 44;
		if (rows[i].looks) {
			memset(end, 0x5a, SST_SALT_SIZE);
			memset(end + 20, 0, 8);
			end[20] = SST_FORM_ACCEPT;
		}
		KUNIT_EXPECT_EQ_MSG(test, rows[i].bare,
				    sst_label_comes_bare(flow, &pkt),
				    "row %d", i);
		/* Payload that looks like one but for the salt. */
		if (rows[i].looks) {
			end[0] ^= 1;
			KUNIT_EXPECT_TRUE_MSG(test,
					      sst_label_comes_bare(flow, &pkt),
					      "row %d", i);
		}
		sst_test_skb_free(test, skb);
		sst_flow_free(flow);
	}
}

/* What the responder's flow makes of a segment while it waits. */
static int try(struct kunit *test, struct work *w, u8 flags, u32 ack)
{
	struct sst_flow *confirmed = NULL;
	struct sst_pkt pkt;
	struct sk_buff *skb;
	int reason;

	skb = get_packet(test, w, &pkt, flags, ack);
	rcu_read_lock();
	reason = sst_label_confirm(w->sn, &pkt,
				   sst_flowtable_wires(&w->sn->flows,
						       &pkt.tuple),
				   &confirmed);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, !reason, !!confirmed);
	sst_test_skb_free(test, skb);
	return reason;
}

static void label_confirms(struct kunit *test)
{
	struct work *w = get_work(test, NFPROTO_IPV6);
	struct sst_flow *flow = get_flow(test, SST_FLOW_ROLE_RESPONDER,
					 NFPROTO_IPV6);

	KUNIT_EXPECT_EQ(test, SST_LABEL_PASS,
			try(test, w, TCPHDR_ACK, SYN_SEQ + 1));
	KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(&w->sn->flows, flow, 10));
	/* Nothing was sent that could be acknowledged. */
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_EARLY,
			try(test, w, TCPHDR_ACK, SYN_SEQ + 1));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_EARLY,
			try(test, w, TCPHDR_ACK, 0));
	sst_flow_note_syn(flow, OTHER_SEQ);
	/* A SYN cookie may have another number when it is sent again. */
	sst_flow_note_syn(flow, SYN_SEQ);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_EARLY,
			try(test, w, TCPHDR_ACK, OTHER_SEQ + 1));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_EARLY,
			try(test, w, TCPHDR_ACK, SYN_SEQ));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_EARLY,
			try(test, w, TCPHDR_ACK, SYN_SEQ + 2));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_EARLY,
			try(test, w, TCPHDR_RST | TCPHDR_ACK, SYN_SEQ + 1));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_EARLY,
			try(test, w, TCPHDR_PSH, SYN_SEQ + 1));
	/* It may be an opening. */
	KUNIT_EXPECT_EQ(test, SST_LABEL_PASS,
			try(test, w, TCPHDR_SYN | TCPHDR_ACK, SYN_SEQ + 1));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_ACCEPTING, flow->state);
	KUNIT_EXPECT_EQ(test, 0, try(test, w, TCPHDR_ACK | TCPHDR_FIN,
				     SYN_SEQ + 1));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_LIVE, flow->state);
	KUNIT_EXPECT_TRUE(test, sst_flowtable_del(&w->sn->flows, flow));
	sst_flow_free_rcu(flow);
	rcu_barrier();
}

/* On the tuple of flows of other scopes a DATA may come. */
static void label_mixed(struct kunit *test)
{
	struct work *w = get_work(test, NFPROTO_IPV4);
	struct sst_flow *flow[2];
	int i;

	for (i = 0; i < ARRAY_SIZE(flow); i++) {
		flow[i] = get_flow(test, SST_FLOW_ROLE_RESPONDER, NFPROTO_IPV4);
		flow[i]->opening->first.id.salt_i[0] = i;
		flow[i]->lists_real = !i;
		KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
				sst_flowtable_add(&w->sn->flows, flow[i], 10));
	}
	flow[0]->scope = SST_SCOPE_PORTS;
	sst_flow_note_syn(flow[0], OTHER_SEQ);
	sst_flow_note_syn(flow[1], SYN_SEQ);
	KUNIT_EXPECT_EQ(test, SST_LABEL_PASS,
			try(test, w, TCPHDR_ACK, OTHER_SEQ + 1));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_ACCEPTING, flow[0]->state);
	KUNIT_EXPECT_EQ(test, 0, try(test, w, TCPHDR_ACK, SYN_SEQ + 1));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_LIVE, flow[1]->state);
	/* It owns the tuple: the other one has ended. */
	KUNIT_EXPECT_FALSE(test, sst_flowtable_del(&w->sn->flows, flow[0]));
	KUNIT_EXPECT_TRUE(test, sst_flowtable_del(&w->sn->flows, flow[1]));
	sst_flow_free_rcu(flow[1]);
	rcu_barrier();
}

/* Leave the checksum to the device, as a local TCP does. */
static void leave_checksum(struct sk_buff *skb, const struct sst_pkt *pkt)
{
	const unsigned int addrs = pkt->tuple.family == NFPROTO_IPV4 ? 8 : 32;
	u32 sum;

	sum = sst_test_sum(skb->data + pkt->thoff - addrs, addrs,
			   IPPROTO_TCP + pkt->seglen);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_headroom(skb) + pkt->thoff;
	skb->csum_offset = offsetof(struct tcphdr, check);
	put_unaligned_be16(sst_test_fold(sum),
			   skb->data + pkt->thoff + skb->csum_offset);
}

/* A SYN leaves without payload, whole otherwise, or not at all. */
static void label_strips(struct kunit *test)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct sst_pkt pkt;
	struct sk_buff *skb;
	unsigned int len;
	struct work *w;
	int i;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		w = get_work(test, families[i]);
		skb = get_packet(test, w, &pkt, TCPHDR_SYN, 0);
		KUNIT_EXPECT_EQ(test, SST_A_STATS_TX_MALFORMED,
				sst_label_strip_syn(&pkt));
		leave_checksum(skb, &pkt);
		KUNIT_EXPECT_EQ(test, 0, sst_label_strip_syn(&pkt));
		w->desc.payload = 0;
		len = write_packet(w, TCPHDR_SYN, 0);
		KUNIT_ASSERT_EQ(test, len, skb->len);
		KUNIT_EXPECT_EQ(test, pkt.thlen, pkt.seglen);
		sst_test_skb_bytes(test, skb, w->got);
		KUNIT_EXPECT_MEMEQ(test, w->bytes, w->got, len);
		/* One without is left alone, whoever sent it. */
		skb->ip_summed = CHECKSUM_NONE;
		KUNIT_EXPECT_EQ(test, 0, sst_label_strip_syn(&pkt));
		KUNIT_EXPECT_EQ(test, len, skb->len);
	}
}

/* What the responder makes of an OPEN with the packet that @w describes. */
static int open_it(struct kunit *test, struct work *w)
{
	struct sst_flow *flow = get_flow(test, SST_FLOW_ROLE_INITIATOR,
					 w->desc.family);
	struct sst_trailer *trailer;
	struct sst_stream *stream;
	struct sst_open_box box;
	struct sst_pkt pkt;
	struct sk_buff *skb;
	int reason;

	trailer = kunit_kzalloc(test, sizeof(*trailer), GFP_KERNEL);
	stream = kunit_kzalloc(test, sizeof(*stream), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, trailer);
	KUNIT_ASSERT_NOT_NULL(test, stream);
	trailer->stream = stream;
	skb = get_packet(test, w, &pkt, TCPHDR_SYN, 0);
	sst_packet_parse(&pkt, skb, w->desc.family, SST_PKT_OUT, &w->sn->cfg);
	KUNIT_EXPECT_EQ(test, 0,
			sst_seal(w->sn, flow, &pkt, SST_FORM_OPEN, 0));
	sst_packet_parse(&pkt, skb, w->desc.family, SST_PKT_IN, &w->sn->cfg);
	reason = sst_unseal_read(&pkt, trailer, BIT(SST_TYPE_OPEN));
	if (!reason)
		reason = sst_unseal_open(&pkt, &box, flow->opening->open_key,
					 trailer);
	sst_flow_free(flow);
	return reason;
}

/* Whose a SYN's payload is nobody would know: a sender that leaves it is refused. */
static void label_opening(struct kunit *test)
{
	struct work *w = get_work(test, NFPROTO_IPV4);

	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_OPENING, open_it(test, w));
	w->desc.payload = 1;
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_LABEL_OPENING, open_it(test, w));
	w->desc.payload = 0;
	KUNIT_EXPECT_EQ(test, 0, open_it(test, w));
}

/* The packet in @w as it has to be afterwards. */
static void model_take(struct work *w, unsigned int len)
{
	unsigned int thoff = sst_test_network_size(w->desc.family);

	put_unaligned_be16(REAL_RPORT, w->bytes + thoff);
	put_unaligned_be16(REAL_LPORT, w->bytes + thoff + 2);
	if (w->desc.family == NFPROTO_IPV4)
		w->bytes[6] &= 0x7f;
	else
		ipv6_change_dsfield((struct ipv6hdr *)w->bytes, 0, 0x02);
	sst_test_finish(w->bytes, len, &w->desc);
}

static void label_takes(struct kunit *test)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	static const u8 sums[] = { CHECKSUM_NONE, CHECKSUM_UNNECESSARY,
				   CHECKSUM_COMPLETE };
	struct sst_flow *flow;
	struct sst_pkt pkt;
	struct sk_buff *skb;
	struct work *w;
	int i, j;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		for (j = 0; j < ARRAY_SIZE(sums); j++) {
			w = get_work(test, families[i]);
			w->desc.dsfield = families[i] == NFPROTO_IPV4 ? 0x02 :
									0xae;
			flow = get_flow(test, SST_FLOW_ROLE_RESPONDER,
					families[i]);
			flow->mark = SST_MARK_OPENINGS;
			KUNIT_EXPECT_TRUE(test, sst_flow_marks(flow));
			skb = get_packet(test, w, &pkt, TCPHDR_ACK, SYN_SEQ);
			skb->ip_summed = sums[j];
			skb->csum = skb_checksum(skb, 0, skb->len, 0);
			KUNIT_EXPECT_EQ(test, 0,
					sst_label_take(w->sn, flow, &pkt));
			model_take(w, skb->len);
			sst_test_skb_bytes(test, skb, w->got);
			KUNIT_EXPECT_MEMEQ(test, w->bytes, w->got, skb->len);
			/* Now it is known that the peer knows the tuple. */
			KUNIT_EXPECT_FALSE(test, sst_flow_marks(flow));
			KUNIT_EXPECT_EQ(test, 1, flow->rx_packets);
			KUNIT_EXPECT_EQ(test, 100, flow->rx_bytes);
			sst_test_skb_free(test, skb);
			sst_flow_free(flow);
		}
	}
}

static struct kunit_case label_cases[] = {
	KUNIT_CASE(label_leaves),
	KUNIT_CASE(label_comes),
	KUNIT_CASE(label_confirms),
	KUNIT_CASE(label_mixed),
	KUNIT_CASE(label_strips),
	KUNIT_CASE(label_opening),
	KUNIT_CASE(label_takes),
	{}
};

static struct kunit_suite label_suite = {
	.name = "sst_label",
	.test_cases = label_cases,
};

kunit_test_suite(label_suite);
