// SPDX-License-Identifier: GPL-2.0
/*
 * Derived associations: how they are found, for how long, how many there are
 * in all and of one source, and how they go.
 */
#include <kunit/test.h>
#include <linux/jiffies.h>

#include "derived.h"
#include "fixture.h"
#include "handshake.h"
#include "peer.h"

#define SUITE		SST_SUITE_CHACHA20_POLY1305
#define PEER		7
#define LIFETIME	3600

/* With these of them, a source may have two, or one. */
#define MAX_FOR_TWO	16
#define MAX_FOR_ONE	4

/* What clocks may be off while a test runs, in seconds. */
#define SLACK		10

static void make_secret(u8 secret[SST_SECRET_SIZE], u8 n)
{
	memset(secret, 0x3c, SST_SECRET_SIZE);
	secret[0] = n;
}

static void get_id(u8 id[SST_ASSOC_ID_SIZE], u8 n)
{
	u8 secret[SST_SECRET_SIZE];

	make_secret(secret, n);
	sst_assoc_id(id, secret);
}

/* One that this host may open flows on; @source is a byte of its address. */
static struct sst_derived *make(struct kunit *test, u8 n, u8 source)
{
	struct sst_derived *derived;
	u8 secret[SST_SECRET_SIZE];

	make_secret(secret, n);
	derived = sst_derived_new(secret, 1, SUITE);
	KUNIT_ASSERT_NOT_NULL(test, derived);
	sst_test_tuple(&derived->source, NFPROTO_IPV4, IPPROTO_UDP, 1, 2);
	((u8 *)&derived->source.remote)[3] = source;
	derived->path.local = derived->source.local;
	derived->path.remote = derived->source.remote;
	derived->path.family = NFPROTO_IPV4;
	derived->path.peer_id = PEER;
	derived->opens = true;
	derived->lifetime = LIFETIME;
	return derived;
}

/* The same, made so many seconds ago. */
static struct sst_derived *make_old(struct kunit *test, u8 n, u8 source,
				    unsigned int seconds)
{
	struct sst_derived *derived = make(test, n, source);

	derived->made -= (u64)seconds * HZ;
	return derived;
}

static bool add(struct kunit *test, struct sst_net *sn, u8 n, u8 source)
{
	return sst_derived_add(sn, make(test, n, source));
}

static struct sst_derived *by_id(struct sst_net *sn, u8 n)
{
	struct sst_derived *derived;
	u8 id[SST_ASSOC_ID_SIZE];

	get_id(id, n);
	rcu_read_lock();
	derived = sst_derived_by_id(&sn->deriveds, id);
	rcu_read_unlock();
	return derived;
}

static struct sst_derived *by_tuple(struct sst_net *sn,
				    const struct sst_tuple *tuple, u32 peer_id)
{
	struct sst_derived *derived;

	rcu_read_lock();
	derived = sst_derived_by_path(&sn->deriveds, tuple, peer_id);
	rcu_read_unlock();
	return derived;
}

static struct sst_derived *by_source(struct sst_net *sn, u8 source)
{
	struct sst_tuple tuple;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 3, 4);
	((u8 *)&tuple.remote)[3] = source;
	return by_tuple(sn, &tuple, PEER);
}

static void del(struct sst_net *sn, u8 n)
{
	struct sst_derived *derived;
	u8 id[SST_ASSOC_ID_SIZE];

	get_id(id, n);
	rcu_read_lock();
	derived = sst_derived_by_id(&sn->deriveds, id);
	if (derived)
		sst_derived_del(sn, derived);
	rcu_read_unlock();
}

/* Nothing is left of any of them, and no source has one. */
static void expect_none(struct kunit *test, struct sst_net *sn)
{
	struct sst_deriveds *deriveds = &sn->deriveds;

	KUNIT_EXPECT_EQ(test, 0, deriveds->count);
	KUNIT_EXPECT_TRUE(test, list_empty(&deriveds->order));
	KUNIT_EXPECT_TRUE(test, xa_empty(&deriveds->by_number));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&deriveds->by_id.nelems));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&deriveds->by_path.nelems));
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&deriveds->sources.table.nelems));
}

static void derived_by_id(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *one = make(test, 1, 1), *two = make(test, 2, 2);

	KUNIT_EXPECT_NULL(test, by_id(sn, 1));
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, one));
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, two));
	KUNIT_EXPECT_PTR_EQ(test, one, by_id(sn, 1));
	KUNIT_EXPECT_PTR_EQ(test, two, by_id(sn, 2));
	KUNIT_EXPECT_NULL(test, by_id(sn, 3));
	KUNIT_EXPECT_EQ(test, 2, sst_test_stat(sn, SST_A_STATS_ASSOC_MADE));
	del(sn, 1);
	KUNIT_EXPECT_NULL(test, by_id(sn, 1));
	KUNIT_EXPECT_PTR_EQ(test, two, by_id(sn, 2));
	del(sn, 2);
	expect_none(test, sn);
}

/* Two handlers may have found the same one; then it is removed once. */
static void derived_del_twice(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *one = make(test, 1, 1);

	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, one));
	KUNIT_ASSERT_TRUE(test, add(test, sn, 2, 2));
	rcu_read_lock();
	sst_derived_del(sn, one);
	sst_derived_del(sn, one);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 1, sn->deriveds.count);
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 2));
}

/* Address, family and peer are what a path is; ports and protocol are not. */
static void derived_by_path(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *one = make(test, 1, 1);
	struct sst_tuple tuple;

	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, one));
	KUNIT_EXPECT_PTR_EQ(test, one, by_source(sn, 1));
	KUNIT_EXPECT_NULL(test, by_source(sn, 2));
	tuple = one->source;
	KUNIT_EXPECT_PTR_EQ(test, one, by_tuple(sn, &tuple, PEER));
	KUNIT_EXPECT_NULL(test, by_tuple(sn, &tuple, PEER + 1));
	KUNIT_EXPECT_NULL(test, by_tuple(sn, &tuple, 0));
	tuple.family = NFPROTO_IPV6;
	KUNIT_EXPECT_NULL(test, by_tuple(sn, &tuple, PEER));
	tuple.family = NFPROTO_IPV4;
	((u8 *)&tuple.local)[3] ^= 1;
	KUNIT_EXPECT_NULL(test, by_tuple(sn, &tuple, PEER));
}

static void derived_newest(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *newer = make(test, 2, 1);

	KUNIT_ASSERT_TRUE(test, add(test, sn, 1, 1));
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, newer));
	KUNIT_EXPECT_PTR_EQ(test, newer, by_source(sn, 1));
	/* The peer may still open flows on the older one. */
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 1));
	del(sn, 1);
	KUNIT_EXPECT_PTR_EQ(test, newer, by_source(sn, 1));
	del(sn, 2);
	KUNIT_EXPECT_NULL(test, by_source(sn, 1));
	expect_none(test, sn);
}

/* Those on which only the peer opens flows, or a peer that is nobody here. */
static void derived_not_listed(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *opens = make(test, 1, 1);
	struct sst_derived *theirs = make(test, 2, 1);
	struct sst_derived *nobody = make(test, 3, 2);

	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, opens));
	theirs->opens = false;
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, theirs));
	KUNIT_EXPECT_PTR_EQ(test, opens, by_source(sn, 1));
	KUNIT_EXPECT_PTR_EQ(test, theirs, by_id(sn, 2));
	nobody->path.peer_id = 0;
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, nobody));
	KUNIT_EXPECT_NULL(test, by_tuple(sn, &nobody->source, 0));
	KUNIT_EXPECT_PTR_EQ(test, nobody, by_id(sn, 3));
	sst_derived_flush(sn, 0);
	expect_none(test, sn);
}

/* This host opens nothing on one that is too old; the peer's clock may lag. */
static void derived_lifetime(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);

	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, make_old(test, 1, 1,
							     LIFETIME - SLACK)));
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, make_old(test, 2, 2,
							     LIFETIME + 1)));
	KUNIT_EXPECT_NOT_NULL(test, by_source(sn, 1));
	KUNIT_EXPECT_NULL(test, by_source(sn, 2));
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 2));
}

/* An answer may say any lifetime, none may wrap. */
static void derived_lifetime_edges(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *derived;

	derived = make_old(test, 1, 1, 2 * SST_ASSOC_GRACE_SECONDS);
	derived->lifetime = U32_MAX;
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, derived));
	derived = make_old(test, 2, 2, 1);
	derived->lifetime = 0;
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, derived));
	KUNIT_EXPECT_NOT_NULL(test, by_source(sn, 1));
	KUNIT_EXPECT_NULL(test, by_source(sn, 2));
	sst_derived_expire(sn);
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 1));
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 2));
}

static void derived_expire(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	unsigned int end = LIFETIME + SST_ASSOC_GRACE_SECONDS;

	KUNIT_ASSERT_TRUE(test, add(test, sn, 1, 1));
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, make_old(test, 2, 2,
							     end - SLACK)));
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, make_old(test, 3, 3,
							     end + 1)));
	sst_derived_expire(sn);
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 1));
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 2));
	KUNIT_EXPECT_NULL(test, by_id(sn, 3));
	KUNIT_EXPECT_EQ(test, 2, sn->deriveds.count);
}

/* The reaper looks at all of them, in more than one batch. */
static void derived_expire_many(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	unsigned int end = LIFETIME + SST_ASSOC_GRACE_SECONDS, i;

	for (i = 0; i < 200; i++)
		KUNIT_ASSERT_TRUE(test,
				  sst_derived_add(sn, make_old(test, i, i,
							       i % 4 ? end + 1 :
							       0)));
	sst_derived_expire(sn);
	KUNIT_EXPECT_EQ(test, 50, sn->deriveds.count);
	for (i = 0; i < 200; i++)
		KUNIT_EXPECT_EQ(test, i % 4 == 0, !!by_id(sn, i));
}

/* More than fit: the oldest goes, also from among those found by path. */
static void derived_bound(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	unsigned int i;

	sn->cfg.max_assocs = MAX_FOR_ONE;
	for (i = 0; i < MAX_FOR_ONE; i++)
		KUNIT_ASSERT_TRUE(test, add(test, sn, i, i));
	KUNIT_EXPECT_EQ(test, 0, sst_test_stat(sn, SST_A_STATS_ASSOC_EVICTED));
	for (; i < MAX_FOR_ONE + 2; i++)
		KUNIT_ASSERT_TRUE(test, add(test, sn, i, i));
	KUNIT_EXPECT_EQ(test, MAX_FOR_ONE, sn->deriveds.count);
	KUNIT_EXPECT_EQ(test, 2, sst_test_stat(sn, SST_A_STATS_ASSOC_EVICTED));
	for (i = 0; i < MAX_FOR_ONE + 2; i++) {
		KUNIT_EXPECT_EQ(test, i >= 2, !!by_id(sn, i));
		KUNIT_EXPECT_EQ(test, i >= 2, !!by_source(sn, i));
	}
	/* Fewer may be wanted than there are. */
	sn->cfg.max_assocs = 1;
	KUNIT_ASSERT_TRUE(test, add(test, sn, 100, 100));
	KUNIT_EXPECT_EQ(test, 1, sn->deriveds.count);
	KUNIT_EXPECT_NOT_NULL(test, by_id(sn, 100));
}

/* One source displaces nobody: it has its part, and gets it back. */
static void derived_source(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);

	sn->cfg.max_assocs = MAX_FOR_TWO;
	KUNIT_EXPECT_TRUE(test, add(test, sn, 1, 1));
	KUNIT_EXPECT_TRUE(test, add(test, sn, 2, 1));
	KUNIT_EXPECT_FALSE(test, add(test, sn, 3, 1));
	KUNIT_EXPECT_NULL(test, by_id(sn, 3));
	KUNIT_EXPECT_TRUE(test, add(test, sn, 4, 2));
	del(sn, 1);
	KUNIT_EXPECT_TRUE(test, add(test, sn, 5, 1));
	KUNIT_EXPECT_FALSE(test, add(test, sn, 6, 1));
	KUNIT_EXPECT_EQ(test, 3, sn->deriveds.count);
	KUNIT_EXPECT_EQ(test, 4, sst_test_stat(sn, SST_A_STATS_ASSOC_MADE));
	sst_derived_flush(sn, 0);
	expect_none(test, sn);
}

/* The one that is there stays, and the other counts for nobody. */
static void derived_same_id(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *first = make(test, 1, 1);

	sn->cfg.max_assocs = MAX_FOR_ONE;
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, first));
	KUNIT_EXPECT_FALSE(test, add(test, sn, 1, 2));
	KUNIT_EXPECT_EQ(test, 1, sn->deriveds.count);
	KUNIT_EXPECT_PTR_EQ(test, first, by_id(sn, 1));
	KUNIT_EXPECT_PTR_EQ(test, first, by_source(sn, 1));
	KUNIT_EXPECT_NULL(test, by_source(sn, 2));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(sn, SST_A_STATS_ASSOC_MADE));
	KUNIT_EXPECT_TRUE(test, add(test, sn, 2, 2));
	sst_derived_flush(sn, 0);
	expect_none(test, sn);
}

static void derived_flush(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *other;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		other = make(test, i, i);
		other->path.peer_id = PEER + i % 2;
		KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, other));
	}
	sst_derived_flush(sn, PEER + 2);
	KUNIT_EXPECT_EQ(test, 10, sn->deriveds.count);
	sst_derived_flush(sn, PEER);
	KUNIT_EXPECT_EQ(test, 5, sn->deriveds.count);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, i % 2, !!by_id(sn, i));
	sst_derived_flush(sn, 0);
	expect_none(test, sn);
	sst_derived_flush(sn, 0);
}

static void derived_walk(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sst_derived *derived;
	unsigned int n = 0;
	u32 next = 0;

	KUNIT_ASSERT_TRUE(test, add(test, sn, 1, 1));
	KUNIT_ASSERT_TRUE(test, add(test, sn, 2, 2));
	KUNIT_ASSERT_TRUE(test, add(test, sn, 3, 3));
	del(sn, 2);
	rcu_read_lock();
	while ((derived = sst_derived_next(&sn->deriveds, next))) {
		KUNIT_EXPECT_GE(test, derived->number, next);
		next = derived->number + 1;
		n++;
	}
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 2, n);
}

/* What a peer's owner is told about it. */
static void derived_of_peer(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	u8 key[SST_SECRET_SIZE] = { 9 };
	struct sst_peer_params params = {
		.name = "p", .kind = SST_PEER_PUBLIC, .key = key,
		.suite = SUITE,
	};
	struct sst_derived *derived = make(test, 1, 1);
	struct sst_peer *peer;

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE,
			sst_peers_add(&sn->peers, &params));
	rcu_read_lock();
	peer = sst_peers_by_name(&sn->peers, "p");
	rcu_read_unlock();
	KUNIT_ASSERT_NOT_NULL(test, peer);
	derived->path.peer_id = peer->id;
	KUNIT_EXPECT_EQ(test, 0, peer->handshake);
	KUNIT_ASSERT_TRUE(test, sst_derived_add(sn, derived));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&peer->assocs));
	KUNIT_EXPECT_EQ(test, derived->made, peer->handshake);
	sst_derived_flush(sn, peer->id);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&peer->assocs));
}

static struct kunit_case derived_cases[] = {
	KUNIT_CASE(derived_by_id),
	KUNIT_CASE(derived_del_twice),
	KUNIT_CASE(derived_by_path),
	KUNIT_CASE(derived_newest),
	KUNIT_CASE(derived_not_listed),
	KUNIT_CASE(derived_lifetime),
	KUNIT_CASE(derived_lifetime_edges),
	KUNIT_CASE(derived_expire),
	KUNIT_CASE(derived_expire_many),
	KUNIT_CASE(derived_bound),
	KUNIT_CASE(derived_source),
	KUNIT_CASE(derived_same_id),
	KUNIT_CASE(derived_flush),
	KUNIT_CASE(derived_walk),
	KUNIT_CASE(derived_of_peer),
	{}
};

static struct kunit_suite derived_suite = {
	.name = "sst_derived",
	.test_cases = derived_cases,
};

kunit_test_suite(derived_suite);
