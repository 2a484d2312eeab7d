// SPDX-License-Identifier: GPL-2.0
/* Which resets end a forwarded connection of scope label. */
#include <kunit/test.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "fixture.h"
#include "packet.h"
#include "reset.h"

/* Both wrap in the middle. */
#define OWN		0xfffffff0
#define PEER		0xffffffe0

enum way { SENT, TAKEN };

/**
 * struct step - a segment of a connection
 * @way: SENT by the container, or TAKEN from the peer
 * @flags: TCPHDR_*
 * @seq: sequence number, counted from that behind its sender's SYN
 * @ack: acknowledgment number, counted from that behind the other one's SYN
 * @len: bytes of payload
 * @ends: a reset counts
 */
struct step {
	enum way way;
	u8 flags;
	u32 seq;
	u32 ack;
	u16 len;
	bool ends;
};

struct row {
	const char *desc;
	struct step steps[8];
};

#define A	TCPHDR_ACK
#define R	TCPHDR_RST
#define F	TCPHDR_FIN

static const struct row rows[] = {
	{ "the peer, before anything", { { TAKEN, R | A, 0, 0, 0, true } } },
	{ "the peer, one byte too early", { { TAKEN, R | A, -1, 0, 0 } } },
	{ "the peer, one byte too late", { { TAKEN, R | A, 1, 0, 0 } } },
	{ "the peer, number 0", { { TAKEN, R, -PEER, 0, 0 } } },
	{ "the peer, behind what was acknowledged",
	  { { TAKEN, A, 0, 0, 100 }, { SENT, A, 0, 100, 0 },
	    { TAKEN, R, 0, 0, 0 }, { TAKEN, R, 100, 0, 0, true } } },
	{ "the peer, behind what came since",
	  { { TAKEN, A, 0, 0, 100 }, { TAKEN, A, 100, 0, 100 },
	    { TAKEN, R, 100, 0, 0 }, { TAKEN, R, 200, 0, 0, true } } },
	{ "the peer, in the middle of an acknowledgment under way",
	  { { TAKEN, A, 0, 0, 100 }, { TAKEN, A, 100, 0, 100 },
	    { SENT, A, 0, 100, 0 }, { TAKEN, R, 100, 0, 0, true },
	    { TAKEN, R, 200, 0, 0, true } } },
	{ "the peer, behind what came twice",
	  { { TAKEN, A, 0, 0, 100 }, { TAKEN, A, 100, 0, 100 },
	    { TAKEN, A, 0, 0, 100 }, { TAKEN, R, 100, 0, 0 },
	    { TAKEN, R, 200, 0, 0, true } } },
	{ "the peer, behind its FIN",
	  { { TAKEN, A | F, 0, 0, 10 }, { TAKEN, R, 10, 0, 0 },
	    { TAKEN, R, 11, 0, 0, true } } },
	{ "somebody, behind data of his own",
	  { { TAKEN, A, 5000, 0, 100 }, { TAKEN, R, 5100, 0, 0 },
	    { TAKEN, R, 0, 0, 0, true } } },
	{ "the peer, behind what was lost and came again",
	  { { TAKEN, A, 0, 0, 100 }, { TAKEN, A, 200, 0, 100 },
	    { TAKEN, R, 300, 0, 0 }, { TAKEN, A, 100, 0, 100 },
	    { SENT, A, 0, 300, 0 }, { TAKEN, R, 300, 0, 0, true } } },
	{ "the container, before anything", { { SENT, R | A, 0, 0, 0, true } } },
	{ "the container, behind what it sent",
	  { { SENT, A, 0, 0, 100 }, { SENT, R | A, 50, 0, 0 },
	    { SENT, R | A, 100, 0, 0, true } } },
	{ "the container, behind what it sent again",
	  { { SENT, A, 0, 0, 100 }, { SENT, A, 100, 0, 100 },
	    { SENT, A, 0, 0, 100 }, { SENT, R | A, 200, 0, 0, true } } },
	{ "this host, to what somebody acknowledged",
	  { { SENT, A, 0, 0, 100 }, { TAKEN, A, 0, 5000, 0 },
	    { SENT, R, 5000, 0, 0 }, { SENT, R, 0, 0, 0 },
	    { SENT, R, 100, 0, 0, true } } },
	{ "the acknowledgment of a reset counts for nothing",
	  { { SENT, R, 5000, 5000, 0 }, { TAKEN, R, 5000, 0, 0 },
	    { TAKEN, R, 0, 0, 0, true } } },
};

static void row_to_desc(const struct row *row, char *desc)
{
	strscpy(desc, row->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(row, rows, row_to_desc);

static void free_flow(void *flow)
{
	sst_flow_free(flow);
}

/* Behind the handshake. */
static struct sst_flow *new_flow(struct kunit *test)
{
	const struct sst_party party = {
		.side = 2,
		.suite = SST_SUITE_CHACHA20_POLY1305,
	};
	struct sst_tuple real, wire;
	struct sst_flow *flow;

	sst_test_tuple(&real, NFPROTO_IPV4, IPPROTO_TCP, 443, 41000);
	sst_test_tuple(&wire, NFPROTO_IPV4, IPPROTO_TCP, 20002, 50001);
	flow = sst_flow_opened(&real, &wire, &party, SST_FLOW_ROLE_RESPONDER);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_flow, flow));
	flow->scope = SST_SCOPE_LABEL;
	flow->forwarded = true;
	flow->tcp_seq = OWN;
	flow->tcp_ack = PEER;
	flow->peer_seq = PEER;
	return flow;
}

/* Which flags of it count. */
static u8 make(struct kunit *test, struct sst_flow *flow,
	       const struct step *step)
{
	const struct sst_test_desc desc = {
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_TCP,
		.payload = step->len,
	};
	bool sent = step->way == SENT;
	struct sst_pkt pkt = {};
	struct tcphdr *th;
	unsigned int len;
	u8 *bytes;

	bytes = kunit_kzalloc(test, SST_TEST_PACKET_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	th = (struct tcphdr *)(bytes + 20);
	len = sst_test_build(bytes, &desc);
	((u8 *)th)[13] = step->flags;
	th->seq = htonl(step->seq + (sent ? OWN : PEER));
	th->ack_seq = htonl(step->ack + (sent ? PEER : OWN));
	pkt.skb = sst_test_skb(test, bytes, len, SST_TEST_TIGHT, 0);
	pkt.thoff = 20;
	pkt.thlen = 20;
	pkt.seglen = len - 20;
	pkt.covered[1] = step->flags & 0x1f;
	return sent ? sst_reset_sent(flow, &pkt) : sst_reset_taken(flow, &pkt);
}

static void reset_row(struct kunit *test)
{
	const struct row *row = test->param_value;
	struct sst_flow *flow = new_flow(test);
	const struct step *step;
	u8 want;
	int i;

	for (i = 0; i < ARRAY_SIZE(row->steps) && row->steps[i].flags; i++) {
		step = &row->steps[i];
		want = step->ends ? step->flags : step->flags & ~R;
		KUNIT_EXPECT_EQ_MSG(test, want, make(test, flow, step),
				    "step %d", i);
	}
}

/* A socket of this host decides by itself, and the flow waits for it. */
static void reset_local(struct kunit *test)
{
	static const struct step steps[] = {
		{ TAKEN, R | A, 5000, 0, 0 }, { SENT, R | A, 5000, 0, 0 },
	};
	struct sst_flow *flow = new_flow(test);

	flow->forwarded = false;
	KUNIT_EXPECT_EQ(test, R | A, make(test, flow, &steps[0]));
	KUNIT_EXPECT_EQ(test, R | A, make(test, flow, &steps[1]));
	KUNIT_EXPECT_EQ(test, OWN, flow->tcp_seq);
}

static struct kunit_case reset_cases[] = {
	KUNIT_CASE_PARAM(reset_row, row_gen_params),
	KUNIT_CASE(reset_local),
	{}
};

static struct kunit_suite reset_suite = {
	.name = "sst_reset",
	.test_cases = reset_cases,
};

kunit_test_suite(reset_suite);
