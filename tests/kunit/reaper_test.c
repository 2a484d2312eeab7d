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
static struct sst_flow *new_flow(struct kunit *test, struct sst_net *sn)
{
	struct sst_flow_params params = {
		.side = 1,
		.scope = SST_SCOPE_PORTS,
		.suite = 1,
		.key = flow_key,
	};
	struct sst_flow *flow;

	sst_test_tuple(&params.real, NFPROTO_IPV4, IPPROTO_UDP, 40000, 53);
	sst_test_tuple(&params.wire, NFPROTO_IPV4, IPPROTO_UDP, 50001, 20002);
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

/* The key before the current one goes in its time, though nothing comes. */
static void reaper_key(struct kunit *test)
{
	struct sst_net *sn = new_net(test);
	struct sst_flow *flow = new_flow(test, sn);
	unsigned int i;

	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, 0, sst_key_accept(sn, flow, 1, 0, 0));
	rcu_read_unlock();
	msleep(2000);
	KUNIT_EXPECT_TRUE(test, has_prev(flow));
	spin_lock_bh(&flow->lock);
	rcu_dereference_protected(flow->rx_prev, true)->expires = jiffies - 1;
	spin_unlock_bh(&flow->lock);
	for (i = 0; has_prev(flow) && i < LOOK_MS / 20; i++)
		msleep(20);
	KUNIT_EXPECT_FALSE(test, has_prev(flow));
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
