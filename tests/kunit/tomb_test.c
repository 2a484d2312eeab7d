// SPDX-License-Identifier: GPL-2.0
/* Tombstones: remembered for an hour, bounded, the oldest goes first. */
#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/workqueue.h>

#include "fixture.h"
#include "tomb.h"

static void free_tombs(void *tombs)
{
	sst_tomb_exit(tombs);
}

static struct sst_tombs *new_tombs(struct kunit *test)
{
	struct sst_tombs *tombs = kunit_kzalloc(test, sizeof(*tombs),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, tombs);
	KUNIT_ASSERT_EQ(test, 0, sst_tomb_init(tombs));
	KUNIT_ASSERT_EQ(test, 0, sst_portmap_alloc(&tombs->ports));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_tombs, tombs));
	return tombs;
}

static void make_tuple(struct sst_tuple *tuple, u32 n)
{
	sst_test_tuple(tuple, NFPROTO_IPV4, IPPROTO_UDP, n >> 16, n);
}

static void add(struct sst_tombs *tombs, u32 n)
{
	struct sst_tuple tuple;

	make_tuple(&tuple, n);
	sst_tomb_add(tombs, &tuple);
}

static bool has(struct sst_tombs *tombs, u32 n)
{
	struct sst_tuple tuple;

	make_tuple(&tuple, n);
	return sst_tomb_has(tombs, &tuple);
}

static void lift(struct sst_tombs *tombs, u32 n)
{
	struct sst_tuple tuple;

	make_tuple(&tuple, n);
	sst_tomb_lift(tombs, &tuple);
}

/* Let the time of the @n oldest be @ticks from now. */
static void set_until(struct sst_tombs *tombs, unsigned int n, s64 ticks)
{
	struct sst_tomb *tomb;

	list_for_each_entry(tomb, &tombs->order, order) {
		if (!n--)
			return;
		tomb->until = get_jiffies_64() + ticks;
	}
}

static void tomb_basics(struct kunit *test)
{
	struct sst_tombs *tombs = new_tombs(test);
	struct sst_tuple other;

	KUNIT_EXPECT_FALSE(test, has(tombs, 1));
	lift(tombs, 1);
	add(tombs, 1);
	KUNIT_EXPECT_TRUE(test, has(tombs, 1));
	KUNIT_EXPECT_FALSE(test, has(tombs, 2));
	/* All of the tuple counts. */
	make_tuple(&other, 1);
	other.proto = IPPROTO_TCP;
	KUNIT_EXPECT_FALSE(test, sst_tomb_has(tombs, &other));
	make_tuple(&other, 1);
	other.remote.ip ^= htonl(1);
	KUNIT_EXPECT_FALSE(test, sst_tomb_has(tombs, &other));
	add(tombs, 2);
	lift(tombs, 1);
	lift(tombs, 1);
	KUNIT_EXPECT_FALSE(test, has(tombs, 1));
	KUNIT_EXPECT_TRUE(test, has(tombs, 2));
	KUNIT_EXPECT_EQ(test, 1, tombs->count);
	add(tombs, 1);
	KUNIT_EXPECT_TRUE(test, has(tombs, 1));
}

/* Whoever looks at the port of this host alone misses none. */
static void tomb_ports(struct kunit *test)
{
	struct sst_tombs *tombs = new_tombs(test);
	u32 one = 7 << 16, other = one + 1;

	KUNIT_EXPECT_FALSE(test, sst_tombs_may_have(tombs, 7));
	add(tombs, one);
	add(tombs, one);
	add(tombs, other);
	lift(tombs, one);
	KUNIT_EXPECT_TRUE(test, sst_tombs_may_have(tombs, 7));
	add(tombs, 8 << 16);
	lift(tombs, other);
	KUNIT_EXPECT_FALSE(test, sst_tombs_may_have(tombs, 7));
	KUNIT_EXPECT_TRUE(test, sst_tombs_may_have(tombs, 8));
}

static void tomb_lives_an_hour(struct kunit *test)
{
	struct sst_tombs *tombs = new_tombs(test);
	struct sst_tomb *tomb;
	u64 before, after;

	before = get_jiffies_64();
	add(tombs, 1);
	after = get_jiffies_64();
	tomb = list_first_entry(&tombs->order, struct sst_tomb, order);
	KUNIT_EXPECT_GE(test, tomb->until, before + 3600 * HZ);
	KUNIT_EXPECT_LE(test, tomb->until, after + 3600 * HZ);

	/* Over to the tick, be it that the reaper has not come yet. */
	set_until(tombs, 1, 3600 * HZ);
	KUNIT_EXPECT_TRUE(test, has(tombs, 1));
	sst_tomb_expire(tombs);
	KUNIT_EXPECT_TRUE(test, has(tombs, 1));
	set_until(tombs, 1, 0);
	KUNIT_EXPECT_FALSE(test, has(tombs, 1));
	KUNIT_EXPECT_EQ(test, 1, tombs->count);
	/* Added once more, it lives once more. */
	add(tombs, 1);
	KUNIT_EXPECT_EQ(test, 1, tombs->count);
	KUNIT_EXPECT_TRUE(test, has(tombs, 1));
	set_until(tombs, 1, -1);
	sst_tomb_expire(tombs);
	KUNIT_EXPECT_EQ(test, 0, tombs->count);
	KUNIT_EXPECT_FALSE(test, has(tombs, 1));
}

/* In several batches, and none that lives on. */
static void tomb_expire(struct kunit *test)
{
	struct sst_tombs *tombs = new_tombs(test);
	unsigned int i;

	for (i = 0; i < 1000; i++)
		add(tombs, i);
	set_until(tombs, 700, 0);
	sst_tomb_expire(tombs);
	KUNIT_EXPECT_EQ(test, 300, tombs->count);
	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, i >= 700, has(tombs, i));
}

/* More than fit: the one goes that was not added or renewed for longest. */
static void tomb_overflow(struct kunit *test)
{
	struct sst_tombs *tombs = new_tombs(test);
	unsigned int i, wrong = 0;

	add(tombs, 9 << 16);
	KUNIT_EXPECT_TRUE(test, sst_tombs_may_have(tombs, 9));
	for (i = 0; i < SST_TOMBS_MAX; i++)
		add(tombs, i);
	KUNIT_EXPECT_EQ(test, SST_TOMBS_MAX, tombs->count);
	KUNIT_EXPECT_FALSE(test, sst_tombs_may_have(tombs, 9));
	add(tombs, 0);
	for (i = 0; i < 100; i++)
		add(tombs, SST_TOMBS_MAX + i);
	KUNIT_EXPECT_EQ(test, SST_TOMBS_MAX, tombs->count);
	for (i = 0; i < SST_TOMBS_MAX + 100; i++)
		wrong += has(tombs, i) != (!i || i > 100);
	KUNIT_EXPECT_EQ(test, 0, wrong);
	for (i = 0; i < SST_TOMBS_MAX + 100; i++)
		lift(tombs, i);
	KUNIT_EXPECT_EQ(test, 0, tombs->count);
	KUNIT_EXPECT_TRUE(test, list_empty(&tombs->order));
}

struct reader {
	struct work_struct work;
	struct sst_tombs *tombs;
	unsigned int missed;
	bool stop;
};

static void look(struct work_struct *work)
{
	struct reader *reader = container_of(work, struct reader, work);

	while (!READ_ONCE(reader->stop)) {
		reader->missed += !has(reader->tombs, U32_MAX);
		cond_resched();
	}
}

/* One that stays is found at all times, while others come, go, are reused. */
static void tomb_reader(struct kunit *test)
{
	struct sst_tombs *tombs = new_tombs(test);
	struct reader *reader = kunit_kzalloc(test, sizeof(*reader),
					      GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, reader);
	for (i = 0; i < SST_TOMBS_MAX - 1; i++)
		add(tombs, i);
	add(tombs, U32_MAX);
	INIT_WORK(&reader->work, look);
	reader->tombs = tombs;
	queue_work(system_unbound_wq, &reader->work);
	for (; i < SST_TOMBS_MAX + 20000; i++)
		add(tombs, i);
	for (; i > SST_TOMBS_MAX; i--)
		lift(tombs, i);
	WRITE_ONCE(reader->stop, true);
	flush_work(&reader->work);
	KUNIT_EXPECT_EQ(test, 0, reader->missed);
}

static struct kunit_case tomb_cases[] = {
	KUNIT_CASE(tomb_basics),
	KUNIT_CASE(tomb_ports),
	KUNIT_CASE(tomb_lives_an_hour),
	KUNIT_CASE(tomb_expire),
	KUNIT_CASE(tomb_overflow),
	KUNIT_CASE(tomb_reader),
	{}
};

static struct kunit_suite tomb_suite = {
	.name = "sst_tomb",
	.test_cases = tomb_cases,
};

kunit_test_suite(tomb_suite);
