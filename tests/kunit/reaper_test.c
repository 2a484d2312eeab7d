// SPDX-License-Identifier: GPL-2.0
/* What is over is looked for by itself. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "fixture.h"
#include "key.h"
#include "pernet.h"
#include "reaper.h"

/* A look takes a second to come. */
#define LOOK_MS		5000

static const u8 flow_key[SST_SECRET_SIZE] = { 1, 2, 3 };

static void stop(void *sn)
{
	sst_reaper_stop(sn);
}

/* A namespace in which somebody looks. */
static struct sst_net *new_net(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);

	sst_reaper_start(sn);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, stop, sn));
	return sn;
}

/* A flow that it finds, and that ends with it. */
static struct sst_flow *new_flow(struct kunit *test, struct sst_net *sn, u16 port)
{
	struct sst_flow_params params = {
		.side = 1,
		.scope = SST_SCOPE_PORTS,
		.suite = 1,
		.key = flow_key,
	};
	struct sst_flow *flow;

	sst_test_tuple(&params.real, NFPROTO_IPV4, IPPROTO_UDP, port, 53);
	sst_test_tuple(&params.wire, NFPROTO_IPV4, IPPROTO_UDP, port + 10000,
		       20002);
	flow = sst_flow_new(&params);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(&sn->flows, flow, 10));
	return flow;
}

static bool has_prev(struct sst_flow *flow)
{
	return rcu_access_pointer(flow->rx_prev);
}

/*
 * The key before the current one goes in its time, though nothing comes, and no
 * sooner. Flows are looked at in their order, so the first one was when the second
 * one's key is gone.
 */
static void reaper_key(struct kunit *test)
{
	struct sst_net *sn = new_net(test);
	struct sst_flow *flow[] = {
		new_flow(test, sn, 40000), new_flow(test, sn, 40001),
	};
	struct sst_rx_key *prev;
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < ARRAY_SIZE(flow); i++)
		KUNIT_EXPECT_EQ(test, 0,
				sst_key_accept(sn, flow[i], 1, 0, 0));
	rcu_read_unlock();
	spin_lock_bh(&flow[1]->lock);
	prev = rcu_dereference_protected(flow[1]->rx_prev, true);
	if (prev)
		prev->expires = jiffies - 1;
	spin_unlock_bh(&flow[1]->lock);
	KUNIT_EXPECT_NOT_NULL(test, prev);
	for (i = 0; has_prev(flow[1]) && i < LOOK_MS / 20; i++)
		msleep(20);
	KUNIT_EXPECT_FALSE(test, has_prev(flow[1]));
	KUNIT_EXPECT_TRUE(test, has_prev(flow[0]));
}

static struct kunit_case reaper_cases[] = {
	KUNIT_CASE(reaper_key),
	{}
};

static struct kunit_suite reaper_suite = {
	.name = "sst_reaper",
	.test_cases = reaper_cases,
};

kunit_test_suite(reaper_suite);
