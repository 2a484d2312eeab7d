// SPDX-License-Identifier: GPL-2.0
/* Every edge between the states of a flow, the legal and the illegal ones. */
#include <kunit/test.h>

#include "fixture.h"
#include "state.h"

#define ANY_STATE	(SST_FLOW_STATE_CLOSING + 3)
#define ANY_ROLE	(SST_FLOW_ROLE_RESPONDER + 3)

#define M	BIT(SST_FLOW_ROLE_MANUAL)
#define I	BIT(SST_FLOW_ROLE_INITIATOR)
#define R	BIT(SST_FLOW_ROLE_RESPONDER)

/* From the text of the protocol, not from the code: who may go where. */
static const struct edge {
	u8 from;
	u8 to;
	u8 roles;
} edges[] = {
	{ SST_FLOW_STATE_OPENING, SST_FLOW_STATE_LIVE, I },
	{ SST_FLOW_STATE_ACCEPTING, SST_FLOW_STATE_LIVE, R },
	{ SST_FLOW_STATE_LIVE, SST_FLOW_STATE_REOPENING, I | R },
	{ SST_FLOW_STATE_REOPENING, SST_FLOW_STATE_LIVE, I | R },
	{ SST_FLOW_STATE_LIVE, SST_FLOW_STATE_EXHAUSTED, M | I | R },
	{ SST_FLOW_STATE_REOPENING, SST_FLOW_STATE_EXHAUSTED, M | I | R },
	{ SST_FLOW_STATE_LIVE, SST_FLOW_STATE_CLOSING, M | I | R },
	{ SST_FLOW_STATE_EXHAUSTED, SST_FLOW_STATE_CLOSING, M | I | R },
};

static bool legal(u8 role, u8 from, u8 to)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(edges); i++)
		if (edges[i].from == from && edges[i].to == to &&
		    edges[i].roles & BIT(role))
			return true;
	return false;
}

static void state_edges(struct kunit *test)
{
	unsigned int role, from, to, n = 0;

	for (role = 0; role < ANY_ROLE; role++)
		for (from = 0; from < ANY_STATE; from++)
			for (to = 0; to < ANY_STATE; to++, n++)
				KUNIT_EXPECT_EQ_MSG(test,
						    role >= SST_FLOW_ROLE_MANUAL &&
						    role <= SST_FLOW_ROLE_RESPONDER &&
						    legal(role, from, to),
						    sst_state_may(role, from, to),
						    "role %u: %u -> %u", role,
						    from, to);
	KUNIT_EXPECT_EQ(test, ANY_ROLE * ANY_STATE * ANY_STATE, n);
}

/* A step is made once, and a step that may not be made changes nothing. */
static void state_move(struct kunit *test)
{
	static const u8 key[SST_SECRET_SIZE] = { 1 };
	struct sst_flow_params params = {
		.side = 1,
		.scope = SST_SCOPE_PORTS,
		.suite = SST_SUITE_CHACHA20_POLY1305,
		.key = key,
	};
	struct sst_flow *flow;

	sst_test_tuple(&params.real, NFPROTO_IPV4, IPPROTO_UDP, 1, 2);
	sst_test_tuple(&params.wire, NFPROTO_IPV4, IPPROTO_UDP, 3, 4);
	flow = sst_test_flow(test, &params);
	spin_lock_bh(&flow->lock);
	KUNIT_EXPECT_FALSE(test, sst_state_move(flow, SST_FLOW_STATE_OPENING));
	KUNIT_EXPECT_FALSE(test, sst_state_move(flow, SST_FLOW_STATE_REOPENING));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_LIVE, flow->state);
	KUNIT_EXPECT_TRUE(test, sst_state_move(flow, SST_FLOW_STATE_EXHAUSTED));
	KUNIT_EXPECT_FALSE(test, sst_state_move(flow, SST_FLOW_STATE_EXHAUSTED));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_EXHAUSTED, flow->state);
	KUNIT_EXPECT_FALSE(test, sst_state_move(flow, SST_FLOW_STATE_LIVE));
	KUNIT_EXPECT_TRUE(test, sst_state_move(flow, SST_FLOW_STATE_CLOSING));
	KUNIT_EXPECT_FALSE(test, sst_state_move(flow, SST_FLOW_STATE_LIVE));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_CLOSING, flow->state);
	spin_unlock_bh(&flow->lock);
}

static struct kunit_case state_cases[] = {
	KUNIT_CASE(state_edges),
	KUNIT_CASE(state_move),
	{}
};

static struct kunit_suite state_suite = {
	.name = "sst_state",
	.test_cases = state_cases,
};

kunit_test_suite(state_suite);
