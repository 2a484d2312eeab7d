// SPDX-License-Identifier: GPL-2.0
/*
 * Keys of a flow: each counter once, rotation, receive windows. Races are
 * forced by doing between two steps of one packet what another CPU would do.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>

#include "fixture.h"
#include "kdf.h"
#include "key.h"
#include "stats.h"

/* How many packets a second may try a key more than one step ahead. */
#define TRIALS		16

#define SEQ_LAST	(SST_SEQ_LIMIT - 1)

static const u8 flow_key[SST_SECRET_SIZE] = { 1, 2, 3 };

static struct sst_flow *new_flow(struct kunit *test, u8 side)
{
	struct sst_flow_params params = {
		.side = side,
		.scope = SST_SCOPE_PORTS,
		.suite = 1,
		.key = flow_key,
	};

	sst_test_tuple(&params.real, NFPROTO_IPV4, IPPROTO_UDP,
		       side == 1 ? 40000 : 53, side == 1 ? 53 : 40000);
	sst_test_tuple(&params.wire, NFPROTO_IPV4, IPPROTO_UDP, 50001, 20002);
	return sst_test_flow(test, &params);
}

static struct sst_tx_key *tx_of(struct sst_flow *flow)
{
	return rcu_dereference_protected(flow->tx, true);
}

static struct sst_rx_key *rx_of(struct sst_flow *flow)
{
	return rcu_dereference_protected(flow->rx, true);
}

static struct sst_rx_key *prev_of(struct sst_flow *flow)
{
	return rcu_dereference_protected(flow->rx_prev, true);
}

/* What sst_key_take() gave out, copied before its read section ends. */
struct taken {
	u8 key[SST_SECRET_SIZE];
	u16 kri;
	u32 seq;
};

static int take(struct sst_net *sn, struct sst_flow *flow, struct taken *t)
{
	struct sst_tx_key *key;
	int err;

	rcu_read_lock();
	err = sst_key_take(sn, flow, &key, &t->seq);
	if (!err) {
		t->kri = key->kri;
		memcpy(t->key, key->stream.key, sizeof(t->key));
	}
	rcu_read_unlock();
	return err;
}

static void expect_take(struct kunit *test, struct sst_net *sn,
			struct sst_flow *flow, u16 kri, u32 seq)
{
	u8 key[SST_SECRET_SIZE];
	struct taken t = {};

	KUNIT_EXPECT_EQ_MSG(test, 0, take(sn, flow, &t), "kri %u seq %u", kri,
			    seq);
	KUNIT_EXPECT_EQ(test, kri, t.kri);
	KUNIT_EXPECT_EQ(test, seq, t.seq);
	sst_kdf_packet_key(key, flow->secret, flow->side, kri);
	KUNIT_EXPECT_MEMEQ(test, key, t.key, sizeof(key));
}

static void expect_exhausted(struct kunit *test, struct sst_net *sn,
			     struct sst_flow *flow)
{
	struct taken t;

	KUNIT_EXPECT_EQ(test, SST_A_STATS_TX_EXHAUSTED, take(sn, flow, &t));
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_EXHAUSTED, flow->state);
}

static void key_counters_in_order(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	u32 seq;

	for (seq = 0; seq < 100; seq++)
		expect_take(test, sn, flow, 0, seq);
}

/* The two directions never share a key. */
static void key_sides(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *one = new_flow(test, 1), *two = new_flow(test, 2);

	expect_take(test, sn, one, 0, 0);
	expect_take(test, sn, two, 0, 0);
	KUNIT_EXPECT_MEMEQ(test, one->secret, two->secret, SST_SECRET_SIZE);
	KUNIT_EXPECT_MEMNEQ(test, tx_of(one)->stream.key, tx_of(two)->stream.key,
			    SST_SECRET_SIZE);
	KUNIT_EXPECT_MEMEQ(test, tx_of(one)->stream.key, rx_of(two)->stream.key,
			   SST_SECRET_SIZE);
	KUNIT_EXPECT_MEMEQ(test, tx_of(two)->stream.key, rx_of(one)->stream.key,
			   SST_SECRET_SIZE);
}

static void key_rotates_by_packets(struct kunit *test)
{
	static const u32 limits[] = { 1, 2, 3, 64 };
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow;
	unsigned int i;
	u16 kri;
	u32 seq;

	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		flow = new_flow(test, 1);
		sn->cfg.rekey_packets = limits[i];
		for (kri = 0; kri < 5; kri++)
			for (seq = 0; seq < limits[i]; seq++)
				expect_take(test, sn, flow, kri, seq);
	}
}

/* The protocol's own limit: 2^32 - 2^16 counters of a key are used. */
static void key_rotates_at_limit(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	KUNIT_EXPECT_EQ(test, 0xfffeffff, SEQ_LAST);
	sst_test_set_tx(flow, 0, SEQ_LAST - 1);
	expect_take(test, sn, flow, 0, SEQ_LAST - 1);
	expect_take(test, sn, flow, 0, SEQ_LAST);
	expect_take(test, sn, flow, 1, 0);
	expect_take(test, sn, flow, 1, 1);
}

/* CPUs that lost the race for the last counter have moved it on, far even. */
static void key_rotates_beyond_limit(struct kunit *test)
{
	static const u64 next[] = { SST_SEQ_LIMIT, SST_SEQ_LIMIT + 100,
				    U32_MAX, 1ULL << 32, (1ULL << 32) + 1,
				    1ULL << 40 };
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(next); i++) {
		flow = new_flow(test, 1);
		sst_test_set_tx(flow, 7, next[i]);
		expect_take(test, sn, flow, 8, 0);
		expect_take(test, sn, flow, 8, 1);
	}
}

/* A limit that shrinks applies to the key in use. */
static void key_limit_shrinks(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	u32 seq;

	for (seq = 0; seq < 10; seq++)
		expect_take(test, sn, flow, 0, seq);
	sn->cfg.rekey_packets = 5;
	expect_take(test, sn, flow, 1, 0);
}

static void key_rotates_by_time(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	expect_take(test, sn, flow, 0, 0);
	/* A minute of room, in case this machine is slow. */
	tx_of(flow)->first_use = jiffies - (3600 - 60) * HZ;
	expect_take(test, sn, flow, 0, 1);
	tx_of(flow)->first_use = jiffies - 3600 * HZ - 1;
	expect_take(test, sn, flow, 1, 0);
	expect_take(test, sn, flow, 1, 1);
	/* The new key's time begins with its own first packet. */
	KUNIT_EXPECT_TRUE(test, time_after(tx_of(flow)->first_use,
					   jiffies - 60 * HZ));

	sn->cfg.rekey_seconds = 10;
	tx_of(flow)->first_use = jiffies - 10 * HZ - 1;
	expect_take(test, sn, flow, 2, 0);
}

/* A key's time begins with its first packet, not when it was made. */
static void key_unused_does_not_age(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	tx_of(flow)->first_use = jiffies - 100000 * HZ;
	expect_take(test, sn, flow, 0, 0);
	KUNIT_EXPECT_TRUE(test, time_after(tx_of(flow)->first_use,
					   jiffies - 60 * HZ));
	expect_take(test, sn, flow, 0, 1);
}

/* Only the first packet starts the clock. */
static void key_time_is_of_first_packet(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	unsigned long early;

	expect_take(test, sn, flow, 0, 0);
	early = jiffies - 1000 * HZ;
	tx_of(flow)->first_use = early;
	expect_take(test, sn, flow, 0, 1);
	KUNIT_EXPECT_EQ(test, early, tx_of(flow)->first_use);
}

static void key_exhausted_by_packets(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 2);

	sst_test_set_tx(flow, SST_KRI_MAX - 1, SEQ_LAST);
	expect_take(test, sn, flow, SST_KRI_MAX - 1, SEQ_LAST);
	expect_take(test, sn, flow, SST_KRI_MAX, 0);
	sst_test_set_tx(flow, SST_KRI_MAX, SEQ_LAST);
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_LIVE, flow->state);
	expect_take(test, sn, flow, SST_KRI_MAX, SEQ_LAST);
	KUNIT_EXPECT_EQ(test, SST_FLOW_STATE_LIVE, flow->state);
	/* For good, however often it is tried. */
	expect_exhausted(test, sn, flow);
	expect_exhausted(test, sn, flow);
	atomic64_set(&tx_of(flow)->next_seq, 1ULL << 32);
	expect_exhausted(test, sn, flow);
	KUNIT_EXPECT_EQ(test, SST_KRI_MAX, tx_of(flow)->kri);
}

static void key_exhausted_by_time(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	sst_test_set_tx(flow, SST_KRI_MAX, 5);
	tx_of(flow)->first_use = jiffies - 3600 * HZ - 1;
	expect_exhausted(test, sn, flow);
	KUNIT_EXPECT_EQ(test, 5, atomic64_read(&tx_of(flow)->next_seq));
	expect_exhausted(test, sn, flow);
}

/* All that a restless configuration makes of it: no pair comes twice. */
static void key_pairs_are_unique(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	u64 last = 0, now;
	struct taken t;
	unsigned int i;

	for (i = 0; i < 2000; i++) {
		sn->cfg.rekey_packets = 1 + i * 7 % 13;
		if (i % 17 == 3)
			tx_of(flow)->first_use = jiffies - 4000 * HZ;
		KUNIT_ASSERT_EQ(test, 0, take(sn, flow, &t));
		now = ((u64)t.kri << 32 | t.seq) + 1;
		KUNIT_ASSERT_GT(test, now, last);
		last = now;
	}
}

struct tried {
	u8 key[SST_SECRET_SIZE];
	bool rotates;
};

static int try_copy(struct sst_flow *flow, u16 kri, u32 seq, struct tried *t)
{
	struct sst_rx_try attempt;
	int err;

	rcu_read_lock();
	err = sst_key_try(flow, kri, seq, &attempt);
	if (!err) {
		memcpy(t->key, attempt.stream->key, sizeof(t->key));
		t->rotates = attempt.rotates;
	}
	rcu_read_unlock();
	return err;
}

static int accept(struct sst_net *sn, struct sst_flow *flow, u16 kri, u32 seq)
{
	int err;

	rcu_read_lock();
	err = sst_key_accept(sn, flow, kri, seq, 0);
	rcu_read_unlock();
	return err;
}

/* A packet gets as far as its tag, with the right key. */
static void expect_try(struct kunit *test, struct sst_flow *flow, u16 kri,
		       u32 seq)
{
	u16 current_kri = rx_of(flow)->kri;
	u8 key[SST_SECRET_SIZE];
	struct tried t = {};

	KUNIT_EXPECT_EQ_MSG(test, 0, try_copy(flow, kri, seq, &t),
			    "kri %u seq %u, current %u", kri, seq, current_kri);
	sst_kdf_packet_key(key, flow->secret, 3 - flow->side, kri);
	KUNIT_EXPECT_MEMEQ_MSG(test, key, t.key, sizeof(key),
			       "kri %u, current %u", kri, current_kri);
	KUNIT_EXPECT_EQ(test, kri > current_kri, t.rotates);
	/* Looking moves nothing. */
	KUNIT_EXPECT_EQ(test, current_kri, rx_of(flow)->kri);
}

static void expect_no_try(struct kunit *test, struct sst_flow *flow, u16 kri,
			  u32 seq, int want)
{
	struct tried t;

	KUNIT_EXPECT_EQ_MSG(test, want, try_copy(flow, kri, seq, &t),
			    "kri %u seq %u, current %u", kri, seq,
			    rx_of(flow)->kri);
}

/* A packet whose tag verified. */
static void expect_packet(struct kunit *test, struct sst_net *sn,
			  struct sst_flow *flow, u16 kri, u32 seq)
{
	expect_try(test, flow, kri, seq);
	KUNIT_EXPECT_EQ_MSG(test, 0, accept(sn, flow, kri, seq),
			    "kri %u seq %u", kri, seq);
}

static void no_trials_yet(struct sst_flow *flow)
{
	flow->trials = 0;
}

static void key_current(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	expect_packet(test, sn, flow, 0, 0);
	expect_no_try(test, flow, 0, 0, SST_A_STATS_RX_REPLAY);
	expect_packet(test, sn, flow, 0, 2);
	expect_packet(test, sn, flow, 0, 1);
	expect_packet(test, sn, flow, 0, U32_MAX);
	expect_no_try(test, flow, 0, 2, SST_A_STATS_RX_REPLAY);
	expect_no_try(test, flow, 0, U32_MAX - SST_REPLAY_WINDOW,
		      SST_A_STATS_RX_REPLAY);
	expect_packet(test, sn, flow, 0, U32_MAX - SST_REPLAY_WINDOW + 1);
	KUNIT_EXPECT_EQ(test, 0, rx_of(flow)->kri);
	KUNIT_EXPECT_NULL(test, prev_of(flow));
}

struct distance_case {
	const char *desc;
	u16 current_kri;
	u16 kri;
	int want;
};

static const struct distance_case distance_cases[] = {
	{ "the one before the first", 0, 65535, SST_A_STATS_RX_KRI_FAR },
	{ "current, 0", 0, 0, 0 },
	{ "one ahead", 0, 1, 0 },
	{ "two ahead", 0, 2, 0 },
	{ "three ahead", 0, 3, 0 },
	{ "15 ahead", 0, 15, 0 },
	{ "16 ahead", 0, 16, 0 },
	{ "17 ahead", 0, 17, SST_A_STATS_RX_KRI_FAR },
	{ "256 ahead", 0, 256, SST_A_STATS_RX_KRI_FAR },
	{ "one behind, no such key", 5, 4, SST_A_STATS_RX_KRI_OLD },
	{ "two behind", 5, 3, SST_A_STATS_RX_KRI_OLD },
	{ "far behind", 40000, 0, SST_A_STATS_RX_KRI_OLD },
	{ "32768 behind", 40000, 7232, SST_A_STATS_RX_KRI_OLD },
	{ "16 ahead in the middle", 40000, 40016, 0 },
	{ "17 ahead in the middle", 40000, 40017, SST_A_STATS_RX_KRI_FAR },
	{ "16 ahead is the last", 65519, 65535, 0 },
	{ "one ahead is the last", 65534, 65535, 0 },
	{ "the last", 65535, 65535, 0 },
	{ "no wrap: 0 after the last", 65535, 0, SST_A_STATS_RX_KRI_OLD },
	{ "no wrap: 15 after the last", 65535, 15, SST_A_STATS_RX_KRI_OLD },
	{ "no wrap: 0 shortly before the last", 65530, 0,
	  SST_A_STATS_RX_KRI_OLD },
};

KUNIT_ARRAY_PARAM_DESC(distance, distance_cases, desc);

static void key_distance(struct kunit *test)
{
	const struct distance_case *c = test->param_value;
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	sst_test_set_rx(flow, c->current_kri);
	if (c->want) {
		expect_no_try(test, flow, c->kri, 0, c->want);
		KUNIT_EXPECT_EQ(test, c->current_kri, rx_of(flow)->kri);
		return;
	}
	expect_packet(test, sn, flow, c->kri, 9);
	KUNIT_EXPECT_EQ(test, c->kri, rx_of(flow)->kri);
	expect_no_try(test, flow, c->kri, 9, SST_A_STATS_RX_REPLAY);
	expect_packet(test, sn, flow, c->kri, 8);
	if (c->kri == c->current_kri)
		return;
	KUNIT_ASSERT_NOT_NULL(test, prev_of(flow));
	KUNIT_EXPECT_EQ(test, c->kri - 1, prev_of(flow)->kri);
	/* Every key before the one before is refused. */
	if (c->kri - 1 > c->current_kri)
		expect_no_try(test, flow, c->current_kri, 0,
			      SST_A_STATS_RX_KRI_OLD);
}

/* One step: the key before keeps its window; each kri has its own counters. */
static void key_one_step(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	expect_packet(test, sn, flow, 0, 0);
	expect_packet(test, sn, flow, 0, 5);
	expect_packet(test, sn, flow, 1, 0);
	KUNIT_EXPECT_EQ(test, 1, rx_of(flow)->kri);
	/* Late ones under the key before: new counters only. */
	expect_no_try(test, flow, 0, 0, SST_A_STATS_RX_REPLAY);
	expect_no_try(test, flow, 0, 5, SST_A_STATS_RX_REPLAY);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_REPLAY, accept(sn, flow, 0, 5));
	expect_packet(test, sn, flow, 0, 4);
	expect_packet(test, sn, flow, 0, 6);
	expect_no_try(test, flow, 0, 6, SST_A_STATS_RX_REPLAY);
	/* They did not move the new key's window. */
	expect_packet(test, sn, flow, 1, 5);
	expect_packet(test, sn, flow, 1, 4);
	expect_no_try(test, flow, 1, 0, SST_A_STATS_RX_REPLAY);

	expect_packet(test, sn, flow, 2, 0);
	expect_no_try(test, flow, 0, 100, SST_A_STATS_RX_KRI_OLD);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_KRI_OLD, accept(sn, flow, 0, 100));
	expect_no_try(test, flow, 1, 5, SST_A_STATS_RX_REPLAY);
	expect_packet(test, sn, flow, 1, 6);
}

/* One for which there is no memory was not there before. */
static void key_no_memory(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	expect_packet(test, sn, flow, 0, 0);
	sst_test_no_memory(test);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_NOMEM, accept(sn, flow, 0, 100));
	KUNIT_EXPECT_EQ(test, 1, flow->rx_packets);
	expect_packet(test, sn, flow, 0, 100);
	expect_no_try(test, flow, 0, 100, SST_A_STATS_RX_REPLAY);
}

static void key_prev_expires(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	unsigned long before = jiffies, expires;

	expect_packet(test, sn, flow, 1, 0);
	expires = prev_of(flow)->expires;
	KUNIT_EXPECT_FALSE(test, time_before(expires, before + 60 * HZ));
	KUNIT_EXPECT_FALSE(test, time_after(expires, jiffies + 60 * HZ));
	expect_packet(test, sn, flow, 0, 0);
	prev_of(flow)->expires = jiffies - 1;
	expect_no_try(test, flow, 0, 1, SST_A_STATS_RX_KRI_OLD);
	/* The current key has no such end. */
	rx_of(flow)->expires = jiffies - 1;
	expect_packet(test, sn, flow, 1, 1);
}

/* It is freed then, and not before; what comes late finds none. */
static void key_prev_is_freed(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	sst_key_expire(flow);
	expect_packet(test, sn, flow, 1, 0);
	sst_key_expire(flow);
	expect_packet(test, sn, flow, 0, 0);
	prev_of(flow)->expires = jiffies - 1;
	sst_key_expire(flow);
	KUNIT_EXPECT_NULL(test, prev_of(flow));
	sst_key_expire(flow);
	expect_no_try(test, flow, 0, 1, SST_A_STATS_RX_KRI_OLD);
	/* One that was tried before it went. */
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_KRI_OLD, accept(sn, flow, 0, 1));
	/* The others are as before, and there is a key before again. */
	expect_packet(test, sn, flow, 1, 1);
	expect_packet(test, sn, flow, 2, 0);
	expect_packet(test, sn, flow, 1, 2);
}

/* A jump: the key that was current is gone for good. */
static void key_jump(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	u16 kri;

	expect_packet(test, sn, flow, 0, 0);
	expect_packet(test, sn, flow, 5, 3);
	KUNIT_EXPECT_EQ(test, 5, rx_of(flow)->kri);
	for (kri = 0; kri < 4; kri++) {
		expect_no_try(test, flow, kri, 1000, SST_A_STATS_RX_KRI_OLD);
		KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_KRI_OLD,
				accept(sn, flow, kri, 1000));
	}
	/* The one before the new key was never used: a fresh window. */
	expect_packet(test, sn, flow, 4, 0);
	expect_no_try(test, flow, 4, 0, SST_A_STATS_RX_REPLAY);
	expect_packet(test, sn, flow, 4, 1);
	KUNIT_EXPECT_EQ(test, 5, rx_of(flow)->kri);

	/* Another step: its window goes, too. */
	expect_packet(test, sn, flow, 6, 0);
	expect_no_try(test, flow, 4, 2, SST_A_STATS_RX_KRI_OLD);
	expect_no_try(test, flow, 5, 3, SST_A_STATS_RX_REPLAY);
	expect_packet(test, sn, flow, 5, 4);

	/* A jump of two: current and the one before both go. */
	expect_packet(test, sn, flow, 8, 0);
	expect_no_try(test, flow, 5, 5, SST_A_STATS_RX_KRI_OLD);
	expect_no_try(test, flow, 6, 1, SST_A_STATS_RX_KRI_OLD);
	expect_packet(test, sn, flow, 7, 0);
}

/* A fresh key before expires like any other. */
static void key_jump_prev_expires(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	expect_packet(test, sn, flow, 9, 0);
	KUNIT_EXPECT_FALSE(test, time_after(prev_of(flow)->expires,
					    jiffies + 60 * HZ));
	expect_packet(test, sn, flow, 8, 0);
	prev_of(flow)->expires = jiffies - 1;
	expect_no_try(test, flow, 8, 1, SST_A_STATS_RX_KRI_OLD);
}

static unsigned long this_second(void)
{
	return jiffies / HZ;
}

/* Trying is limited, so that a flood of forged kri costs little. */
static void key_trial_limit(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	unsigned long second;
	int i, allowed, limited;

	expect_packet(test, sn, flow, 1, 0);
	/* Once more when a second ended meanwhile. */
	do {
		struct tried t;

		second = this_second();
		flow->trial_second = second - 1;
		allowed = 0;
		limited = 0;
		for (i = 0; i < TRIALS + 5; i++) {
			int err = try_copy(flow, 3 + i % 15, i, &t);

			allowed += !err;
			limited += err == SST_A_STATS_RX_KRI_LIMITED;
		}
	} while (second != this_second());
	KUNIT_EXPECT_EQ(test, TRIALS, allowed);
	KUNIT_EXPECT_EQ(test, 5, limited);

	/* Far away is no trial; near by no trial is needed. */
	expect_no_try(test, flow, 18, 0, SST_A_STATS_RX_KRI_FAR);
	expect_try(test, flow, 0, 0);
	expect_try(test, flow, 1, 1);
	expect_try(test, flow, 2, 0);

	/* Another second, another budget; a far kri still costs nothing. */
	flow->trial_second = this_second() - 1;
	expect_no_try(test, flow, 18, 0, SST_A_STATS_RX_KRI_FAR);
	expect_try(test, flow, 17, 0);
	flow->trial_second = this_second() + 1;
	expect_try(test, flow, 17, 0);
}

/* Failed trials move nothing: only a tag that verified does. */
static void key_try_moves_nothing(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);
	u16 kri;

	expect_packet(test, sn, flow, 0, 0);
	for (kri = 1; kri <= 16; kri++) {
		no_trials_yet(flow);
		expect_try(test, flow, kri, 1000000);
	}
	expect_try(test, flow, 0, 1000000);
	KUNIT_EXPECT_EQ(test, 0, rx_of(flow)->kri);
	KUNIT_EXPECT_NULL(test, prev_of(flow));
	KUNIT_EXPECT_EQ(test, 1, sst_counters_top(&rx_of(flow)->replay));
}

/* Two copies of a packet get as far as the tag at the same time. */
static void key_race_same_counter(struct kunit *test)
{
	static const u16 kris[] = { 0, 1, 2, 16 };
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kris); i++) {
		flow = new_flow(test, 1);
		expect_try(test, flow, kris[i], 7);
		expect_try(test, flow, kris[i], 7);
		KUNIT_EXPECT_EQ(test, 0, accept(sn, flow, kris[i], 7));
		KUNIT_EXPECT_EQ_MSG(test, SST_A_STATS_RX_REPLAY,
				    accept(sn, flow, kris[i], 7), "kri %u",
				    kris[i]);
	}
}

/* Two packets under the next key: the flow moves once, both are taken. */
static void key_race_same_step(struct kunit *test)
{
	static const u16 kris[] = { 1, 2, 16 };
	struct sst_net *sn = sst_test_net(test);
	const struct sst_rx_key *key, *prev;
	struct sst_flow *flow;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kris); i++) {
		flow = new_flow(test, 1);
		expect_try(test, flow, kris[i], 0);
		expect_try(test, flow, kris[i], 1);
		KUNIT_EXPECT_EQ(test, 0, accept(sn, flow, kris[i], 0));
		key = rx_of(flow);
		prev = prev_of(flow);
		KUNIT_EXPECT_EQ(test, 0, accept(sn, flow, kris[i], 1));
		KUNIT_EXPECT_PTR_EQ(test, key, rx_of(flow));
		KUNIT_EXPECT_PTR_EQ(test, prev, prev_of(flow));
	}
}

/* Between try and accept another packet moved the flow past the key. */
static void key_race_overtaken(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 1);

	/* By one: what was the next key is now the one before. */
	expect_try(test, flow, 1, 0);
	expect_packet(test, sn, flow, 2, 0);
	KUNIT_EXPECT_EQ(test, 0, accept(sn, flow, 1, 0));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_REPLAY, accept(sn, flow, 1, 0));
	KUNIT_EXPECT_EQ(test, 2, rx_of(flow)->kri);

	/* By more: it is too late, though its tag verified. */
	expect_try(test, flow, 3, 0);
	expect_try(test, flow, 2, 1);
	expect_packet(test, sn, flow, 6, 0);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_KRI_OLD, accept(sn, flow, 3, 0));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_KRI_OLD, accept(sn, flow, 2, 1));
	KUNIT_EXPECT_EQ(test, 6, rx_of(flow)->kri);
	KUNIT_EXPECT_EQ(test, 5, prev_of(flow)->kri);
}

/* Keys made by rotation are those of the schedule. */
static void key_schedule(struct kunit *test)
{
	static const u16 kris[] = { 1, 2, 5, 6, 22, 23, 39 };
	struct sst_net *sn = sst_test_net(test);
	struct sst_flow *flow = new_flow(test, 2);
	u8 key[SST_SECRET_SIZE];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kris); i++) {
		no_trials_yet(flow);
		expect_packet(test, sn, flow, kris[i], 0);
		sst_kdf_packet_key(key, flow->secret, 1, kris[i]);
		KUNIT_EXPECT_MEMEQ(test, key, rx_of(flow)->stream.key, sizeof(key));
		sst_kdf_packet_key(key, flow->secret, 1, kris[i] - 1);
		KUNIT_EXPECT_MEMEQ(test, key, prev_of(flow)->stream.key, sizeof(key));
	}
}

static struct kunit_case key_cases[] = {
	KUNIT_CASE(key_counters_in_order),
	KUNIT_CASE(key_sides),
	KUNIT_CASE(key_rotates_by_packets),
	KUNIT_CASE(key_rotates_at_limit),
	KUNIT_CASE(key_rotates_beyond_limit),
	KUNIT_CASE(key_limit_shrinks),
	KUNIT_CASE(key_rotates_by_time),
	KUNIT_CASE(key_unused_does_not_age),
	KUNIT_CASE(key_time_is_of_first_packet),
	KUNIT_CASE(key_exhausted_by_packets),
	KUNIT_CASE(key_exhausted_by_time),
	KUNIT_CASE(key_pairs_are_unique),
	KUNIT_CASE(key_current),
	KUNIT_CASE_PARAM(key_distance, distance_gen_params),
	KUNIT_CASE(key_one_step),
	KUNIT_CASE(key_no_memory),
	KUNIT_CASE(key_prev_expires),
	KUNIT_CASE(key_prev_is_freed),
	KUNIT_CASE(key_jump),
	KUNIT_CASE(key_jump_prev_expires),
	KUNIT_CASE(key_trial_limit),
	KUNIT_CASE(key_try_moves_nothing),
	KUNIT_CASE(key_race_same_counter),
	KUNIT_CASE(key_race_same_step),
	KUNIT_CASE(key_race_overtaken),
	KUNIT_CASE(key_schedule),
	{}
};

static struct kunit_suite key_suite = {
	.name = "sst_key",
	.test_cases = key_cases,
};

kunit_test_suite(key_suite);
