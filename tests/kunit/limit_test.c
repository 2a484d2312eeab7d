// SPDX-License-Identifier: GPL-2.0
/* How often a source may ask for a cookie, and how it is forgiven. */
#include <kunit/test.h>
#include <linux/jiffies.h>

#include "fixture.h"
#include "limit.h"

#define BURST	20
#define TOKEN	(HZ / 5)
#define IGNORE	(10 * HZ)

static void free_limits(void *limits)
{
	sst_limit_exit(limits);
}

static struct sst_limits *new_limits(struct kunit *test)
{
	struct sst_limits *limits = kunit_kzalloc(test, sizeof(*limits),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, limits);
	KUNIT_ASSERT_EQ(test, 0, sst_limit_init(limits));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_limits, limits));
	return limits;
}

static bool ask(struct sst_limits *limits, u32 n, unsigned long now)
{
	struct sst_tuple tuple;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_UDP, 1, 2);
	tuple.remote.ip = htonl(n);
	return sst_limit_ask(limits, &tuple, now);
}

/* Ask until the answer is no, or much more often than it should be. */
static unsigned int answers(struct sst_limits *limits, u32 n, unsigned long now)
{
	unsigned int i;

	for (i = 0; i < 1000 && ask(limits, n, now); i++)
		;
	return i;
}

/* Also where jiffies wrap. */
static const unsigned long starts[] = { 0, 1000, -1UL, -(5 * HZ), LONG_MAX };

static void start_desc(const unsigned long *start, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "from %lx", *start);
}

KUNIT_ARRAY_PARAM(start, starts, start_desc);

static void limit_burst(struct kunit *test)
{
	unsigned long now = *(const unsigned long *)test->param_value;
	struct sst_limits *limits = new_limits(test);

	KUNIT_EXPECT_EQ(test, BURST, answers(limits, 1, now));
	/* No other source has to suffer for it. */
	KUNIT_EXPECT_EQ(test, BURST, answers(limits, 2, now));
	KUNIT_EXPECT_EQ(test, 2, limits->count);

	/* Ignored, to the tick, no matter how often it asks meanwhile. */
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, now + TOKEN));
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, now + 5 * HZ));
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, now + IGNORE - 1));
	KUNIT_EXPECT_EQ(test, BURST, answers(limits, 1, now + IGNORE));
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, now + 2 * IGNORE - 1));
	KUNIT_EXPECT_EQ(test, BURST, answers(limits, 1, now + 2 * IGNORE));
}

/* Five a second are answered for ever, one more is not. */
static void limit_rate(struct kunit *test)
{
	unsigned long now = *(const unsigned long *)test->param_value;
	struct sst_limits *limits = new_limits(test);
	unsigned int i;

	for (i = 0; i < 10 * BURST; i++, now += TOKEN)
		KUNIT_EXPECT_TRUE(test, ask(limits, 1, now));
	for (i = 0; i < BURST; i++)
		KUNIT_EXPECT_TRUE(test, ask(limits, 1, now));
	for (i = 0; i < 10 * BURST; i++) {
		now += TOKEN;
		KUNIT_EXPECT_TRUE(test, ask(limits, 1, now));
	}
	/* A tick early, and the bucket is empty. */
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, now + TOKEN - 1));
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, now + TOKEN));
}

/* A bucket fills up to its burst, and never beyond it. */
static void limit_refill(struct kunit *test)
{
	unsigned long now = *(const unsigned long *)test->param_value;
	struct sst_limits *limits = new_limits(test);
	unsigned int i;

	for (i = 0; i < BURST; i++)
		KUNIT_EXPECT_TRUE(test, ask(limits, 1, now));
	now += 7 * TOKEN + TOKEN / 2;
	KUNIT_EXPECT_EQ(test, 7, answers(limits, 1, now));
	for (i = 0; i < BURST; i++)
		KUNIT_EXPECT_TRUE(test, ask(limits, 2, now));
	KUNIT_EXPECT_EQ(test, BURST, answers(limits, 2, now + BURST * TOKEN));
	for (i = 0; i < BURST; i++)
		KUNIT_EXPECT_TRUE(test, ask(limits, 3, now));
	KUNIT_EXPECT_EQ(test, BURST, answers(limits, 3, now + 3600 * HZ));
}

/* Which byte of an address makes it another source. */
static void limit_prefix(struct kunit *test)
{
	struct sst_limits *limits = new_limits(test);
	struct sst_tuple tuple, other;
	unsigned int i;

	sst_test_tuple(&tuple, NFPROTO_IPV6, IPPROTO_UDP, 1, 2);
	for (i = 0; i <= BURST; i++)
		sst_limit_ask(limits, &tuple, 0);
	for (i = 0; i < 16; i++) {
		other = tuple;
		other.remote.in6.s6_addr[i] ^= 1;
		KUNIT_EXPECT_EQ_MSG(test, i < 8,
				    sst_limit_ask(limits, &other, 0),
				    "byte %u", i);
	}
	other = tuple;
	other.local.in6.s6_addr[0] ^= 1;
	other.lport ^= htons(1);
	other.rport ^= htons(1);
	other.proto = IPPROTO_TCP;
	KUNIT_EXPECT_FALSE(test, sst_limit_ask(limits, &other, 0));
	other.family = NFPROTO_IPV4;
	for (i = 0; i <= BURST; i++)
		sst_limit_ask(limits, &other, 0);
	for (i = 0; i < 16; i++) {
		struct sst_tuple third = other;

		third.remote.in6.s6_addr[i] ^= 1;
		KUNIT_EXPECT_EQ_MSG(test, i < 4,
				    sst_limit_ask(limits, &third, 0),
				    "IPv4 byte %u", i);
	}
}

/* Forgotten when it makes no difference any more, in several batches. */
static void limit_expire(struct kunit *test)
{
	unsigned long now = *(const unsigned long *)test->param_value;
	struct sst_limits *limits = new_limits(test);
	unsigned int i;

	sst_limit_expire(limits, now);
	for (i = 0; i < 1000; i++)
		ask(limits, i, now);
	sst_limit_expire(limits, now + TOKEN - 1);
	KUNIT_EXPECT_EQ(test, 1000, limits->count);
	answers(limits, 700, now);
	sst_limit_expire(limits, now + TOKEN);
	KUNIT_EXPECT_EQ(test, 1, limits->count);
	sst_limit_expire(limits, now + IGNORE - 1);
	KUNIT_EXPECT_EQ(test, 1, limits->count);
	KUNIT_EXPECT_FALSE(test, ask(limits, 700, now + IGNORE - 1));
	sst_limit_expire(limits, now + IGNORE);
	KUNIT_EXPECT_EQ(test, 0, limits->count);
	KUNIT_EXPECT_TRUE(test, list_empty(&limits->order));
	KUNIT_EXPECT_EQ(test, BURST, answers(limits, 700, now + IGNORE));
}

/* More than fit: the source goes that has not asked for longest. */
static void limit_overflow(struct kunit *test)
{
	struct sst_limits *limits = new_limits(test);
	unsigned int i, wrong = 0;

	for (i = 0; i < 3; i++)
		answers(limits, i, 0);
	for (; i < SST_LIMITS_MAX; i++)
		ask(limits, i, 0);
	KUNIT_EXPECT_EQ(test, SST_LIMITS_MAX, limits->count);
	/* One that goes on asking is not forgotten, nor does it need room. */
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, 0));
	KUNIT_EXPECT_EQ(test, SST_LIMITS_MAX, limits->count);
	for (i = 0; i < 100; i++)
		wrong += !ask(limits, SST_LIMITS_MAX + i, 0);
	KUNIT_EXPECT_EQ(test, 0, wrong);
	KUNIT_EXPECT_EQ(test, SST_LIMITS_MAX, limits->count);
	KUNIT_EXPECT_FALSE(test, ask(limits, 1, 0));
	KUNIT_EXPECT_TRUE(test, ask(limits, 0, 0));
	KUNIT_EXPECT_TRUE(test, ask(limits, 2, 0));
	KUNIT_EXPECT_EQ(test, SST_LIMITS_MAX, limits->count);
}

static struct kunit_case limit_cases[] = {
	KUNIT_CASE_PARAM(limit_burst, start_gen_params),
	KUNIT_CASE_PARAM(limit_rate, start_gen_params),
	KUNIT_CASE_PARAM(limit_refill, start_gen_params),
	KUNIT_CASE(limit_prefix),
	KUNIT_CASE_PARAM(limit_expire, start_gen_params),
	KUNIT_CASE(limit_overflow),
	{}
};

static struct kunit_suite limit_suite = {
	.name = "sst_limit",
	.test_cases = limit_cases,
};

kunit_test_suite(limit_suite);
