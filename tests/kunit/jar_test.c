// SPDX-License-Identifier: GPL-2.0
/* Cookies of an initiator: whose they are, for how long, and how many. */
#include <kunit/test.h>
#include <linux/string.h>

#include "fixture.h"
#include "jar.h"

#define NOW	5000

static void free_jar(void *jar)
{
	sst_jar_exit(jar);
}

static struct sst_jar *new_jar(struct kunit *test)
{
	struct sst_jar *jar = kunit_kzalloc(test, sizeof(*jar), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, jar);
	KUNIT_ASSERT_EQ(test, 0, sst_jar_init(jar));
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_jar, jar));
	return jar;
}

static void make_tuple(struct sst_tuple *tuple, u32 n)
{
	sst_test_tuple(tuple, NFPROTO_IPV4, IPPROTO_UDP, 1, 2);
	tuple->remote.ip = htonl(n);
}

static void make_cookie(struct sst_cookie_box *cookie, u32 n, u32 ttl)
{
	cookie->ttl = ttl;
	cookie->expiry = (u64)n << 32 | 77;
	memset(cookie->c, n, sizeof(cookie->c));
}

static void put(struct sst_jar *jar, u32 n, u32 ttl, u64 now)
{
	struct sst_cookie_box cookie;
	struct sst_tuple tuple;

	make_tuple(&tuple, n);
	make_cookie(&cookie, n, ttl);
	sst_jar_put(jar, &tuple, &cookie, now);
}

static bool has(struct sst_jar *jar, u32 n, u64 now)
{
	struct sst_cookie_box cookie;
	struct sst_tuple tuple;

	make_tuple(&tuple, n);
	return sst_jar_get(jar, &tuple, &cookie, now);
}

static void del(struct sst_jar *jar, u32 n)
{
	struct sst_tuple tuple;

	make_tuple(&tuple, n);
	sst_jar_del(jar, &tuple);
}

static void jar_basics(struct kunit *test)
{
	struct sst_cookie_box cookie = {}, wanted;
	struct sst_jar *jar = new_jar(test);
	struct sst_tuple tuple;

	make_tuple(&tuple, 1);
	KUNIT_EXPECT_FALSE(test, sst_jar_get(jar, &tuple, &cookie, NOW));
	KUNIT_EXPECT_EQ(test, 0, cookie.ttl);
	del(jar, 1);
	put(jar, 1, 120, NOW);
	put(jar, 2, 120, NOW);
	KUNIT_EXPECT_TRUE(test, sst_jar_get(jar, &tuple, &cookie, NOW + 20));
	make_cookie(&wanted, 1, 100);
	KUNIT_EXPECT_EQ(test, wanted.ttl, cookie.ttl);
	KUNIT_EXPECT_EQ(test, wanted.expiry, cookie.expiry);
	KUNIT_EXPECT_MEMEQ(test, wanted.c, cookie.c, sizeof(wanted.c));

	/* A newer one takes its place, also when it is of no use. */
	make_cookie(&wanted, 3, 60);
	sst_jar_put(jar, &tuple, &wanted, NOW + 20);
	KUNIT_EXPECT_EQ(test, 2, jar->count);
	KUNIT_EXPECT_TRUE(test, sst_jar_get(jar, &tuple, &cookie, NOW + 20));
	KUNIT_EXPECT_EQ(test, wanted.ttl, cookie.ttl);
	KUNIT_EXPECT_EQ(test, wanted.expiry, cookie.expiry);
	KUNIT_EXPECT_MEMEQ(test, wanted.c, cookie.c, sizeof(wanted.c));
	wanted.ttl = 0;
	sst_jar_put(jar, &tuple, &wanted, NOW + 20);
	KUNIT_EXPECT_FALSE(test, has(jar, 1, NOW + 20));

	KUNIT_EXPECT_TRUE(test, has(jar, 2, NOW));
	del(jar, 2);
	del(jar, 2);
	KUNIT_EXPECT_FALSE(test, has(jar, 2, NOW));
	KUNIT_EXPECT_EQ(test, 1, jar->count);
}

/* Both addresses count, and their family; ports and protocol do not. */
static void jar_key(struct kunit *test)
{
	struct sst_jar *jar = new_jar(test);
	struct sst_cookie_box cookie = {};
	struct sst_tuple tuple, other;
	unsigned int i;

	make_cookie(&cookie, 1, 120);
	sst_test_tuple(&tuple, NFPROTO_IPV6, IPPROTO_UDP, 1, 2);
	sst_jar_put(jar, &tuple, &cookie, NOW);
	for (i = 0; i < 16; i++) {
		other = tuple;
		other.local.in6.s6_addr[i] ^= 0x80;
		KUNIT_EXPECT_FALSE(test, sst_jar_get(jar, &other, &cookie, NOW));
		other = tuple;
		other.remote.in6.s6_addr[i] ^= 1;
		KUNIT_EXPECT_FALSE(test, sst_jar_get(jar, &other, &cookie, NOW));
	}
	other = tuple;
	other.family = NFPROTO_IPV4;
	KUNIT_EXPECT_FALSE(test, sst_jar_get(jar, &other, &cookie, NOW));
	other = tuple;
	other.lport ^= htons(1);
	other.rport ^= htons(1);
	other.proto = IPPROTO_TCP;
	KUNIT_EXPECT_TRUE(test, sst_jar_get(jar, &other, &cookie, NOW));
}

/* As long as the responder says, but not longer than an hour. */
static void jar_time(struct kunit *test)
{
	struct sst_jar *jar = new_jar(test);

	put(jar, 1, 1, NOW);
	put(jar, 2, 3600, NOW);
	put(jar, 3, 3601, NOW);
	put(jar, 4, U32_MAX, NOW);
	KUNIT_EXPECT_TRUE(test, has(jar, 1, NOW));
	KUNIT_EXPECT_FALSE(test, has(jar, 1, NOW + 1));
	KUNIT_EXPECT_TRUE(test, has(jar, 2, NOW + 3599));
	KUNIT_EXPECT_FALSE(test, has(jar, 2, NOW + 3600));
	KUNIT_EXPECT_TRUE(test, has(jar, 3, NOW + 3599));
	KUNIT_EXPECT_FALSE(test, has(jar, 3, NOW + 3600));
	KUNIT_EXPECT_TRUE(test, has(jar, 4, NOW + 3599));
	KUNIT_EXPECT_FALSE(test, has(jar, 4, NOW + 3600));
	KUNIT_EXPECT_EQ(test, 4, jar->count);
}

/* In several batches; every third lives on, wherever it stands. */
static void jar_expire(struct kunit *test)
{
	struct sst_jar *jar = new_jar(test);
	unsigned int i, wrong = 0;

	sst_jar_expire(jar, NOW);
	for (i = 0; i < 1000; i++)
		put(jar, i, i % 3 ? 10 : 20, NOW);
	sst_jar_expire(jar, NOW + 9);
	KUNIT_EXPECT_EQ(test, 1000, jar->count);
	sst_jar_expire(jar, NOW + 10);
	KUNIT_EXPECT_EQ(test, 334, jar->count);
	for (i = 0; i < 1000; i++)
		wrong += has(jar, i, NOW) != !(i % 3);
	KUNIT_EXPECT_EQ(test, 0, wrong);
	KUNIT_EXPECT_TRUE(test, list_empty(&jar->cursor));
	sst_jar_expire(jar, NOW + 20);
	KUNIT_EXPECT_EQ(test, 0, jar->count);
	KUNIT_EXPECT_TRUE(test, list_empty(&jar->order));
}

/* More than fit: the one goes that came first, or was renewed first. */
static void jar_overflow(struct kunit *test)
{
	struct sst_jar *jar = new_jar(test);
	unsigned int i, wrong = 0;

	for (i = 0; i < SST_JAR_MAX; i++)
		put(jar, i, 100, NOW);
	KUNIT_EXPECT_EQ(test, SST_JAR_MAX, jar->count);
	/* One that is there already takes no room, and is new again. */
	put(jar, 0, 100, NOW);
	for (i = 0; i < 100; i++)
		put(jar, SST_JAR_MAX + i, 100, NOW);
	KUNIT_EXPECT_EQ(test, SST_JAR_MAX, jar->count);
	for (i = 0; i < SST_JAR_MAX + 100; i++)
		wrong += has(jar, i, NOW) != (!i || i > 100);
	KUNIT_EXPECT_EQ(test, 0, wrong);
}

/* The reaper lets packets pass between its batches: it is not in their way. */
static void jar_during_expire(struct kunit *test)
{
	struct sst_jar *jar = new_jar(test);
	unsigned int i;

	for (i = 0; i < SST_JAR_MAX; i++)
		put(jar, i, 100, NOW);
	list_add(&jar->cursor, &jar->order);
	put(jar, SST_JAR_MAX, 100, NOW);
	KUNIT_EXPECT_EQ(test, SST_JAR_MAX, jar->count);
	KUNIT_EXPECT_FALSE(test, has(jar, 0, NOW));
	KUNIT_EXPECT_TRUE(test, has(jar, 1, NOW));
	sst_jar_clear(jar);
	KUNIT_EXPECT_EQ(test, 0, jar->count);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&jar->order));
	list_del_init(&jar->cursor);
}

static void jar_clear(struct kunit *test)
{
	struct sst_jar *jar = new_jar(test);
	unsigned int i, found = 0;

	sst_jar_clear(jar);
	for (i = 0; i < 300; i++)
		put(jar, i, 100, NOW);
	sst_jar_clear(jar);
	KUNIT_EXPECT_EQ(test, 0, jar->count);
	KUNIT_EXPECT_TRUE(test, list_empty(&jar->order));
	for (i = 0; i < 300; i++)
		found += has(jar, i, NOW);
	KUNIT_EXPECT_EQ(test, 0, found);
	put(jar, 1, 100, NOW);
	KUNIT_EXPECT_TRUE(test, has(jar, 1, NOW));
}

static struct kunit_case jar_cases[] = {
	KUNIT_CASE(jar_basics),
	KUNIT_CASE(jar_key),
	KUNIT_CASE(jar_time),
	KUNIT_CASE(jar_expire),
	KUNIT_CASE(jar_overflow),
	KUNIT_CASE(jar_during_expire),
	KUNIT_CASE(jar_clear),
	{}
};

static struct kunit_suite jar_suite = {
	.name = "sst_jar",
	.test_cases = jar_cases,
};

kunit_test_suite(jar_suite);
