// SPDX-License-Identifier: GPL-2.0
/* The bound on the flows of one source: what is one source, and counting back. */
#include <kunit/test.h>

#include "fixture.h"
#include "source.h"

#define FLOWS_MAX	3

static void free_sources(void *ptr)
{
	sst_source_exit(ptr);
}

static struct sst_sources *new_sources(struct kunit *test)
{
	struct sst_sources *sources = kunit_kzalloc(test, sizeof(*sources),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sources);
	KUNIT_ASSERT_EQ(test, 0, sst_source_init(sources));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_sources, sources));
	return sources;
}

static void get_tuple(struct sst_tuple *tuple, u8 family, unsigned int byte,
		      u8 value)
{
	sst_test_tuple(tuple, family, IPPROTO_UDP, 1, 2);
	((u8 *)&tuple->remote)[byte] = value;
}

static void source_bound(struct kunit *test)
{
	struct sst_sources *sources = new_sources(test);
	struct sst_tuple tuple;
	int i;

	get_tuple(&tuple, NFPROTO_IPV4, 3, 7);
	for (i = 0; i < FLOWS_MAX; i++)
		KUNIT_EXPECT_TRUE(test, sst_source_take(sources, &tuple, FLOWS_MAX));
	KUNIT_EXPECT_FALSE(test, sst_source_take(sources, &tuple, FLOWS_MAX));
	/* Another port is the same source. */
	tuple.rport ^= htons(1);
	KUNIT_EXPECT_FALSE(test, sst_source_take(sources, &tuple, FLOWS_MAX));
	sst_source_put(sources, &tuple);
	KUNIT_EXPECT_TRUE(test, sst_source_take(sources, &tuple, FLOWS_MAX));
	KUNIT_EXPECT_FALSE(test, sst_source_take(sources, &tuple, FLOWS_MAX));
	for (i = 0; i < FLOWS_MAX; i++)
		sst_source_put(sources, &tuple);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&sources->table.nelems));
	/* One that was never counted takes nothing away. */
	sst_source_put(sources, &tuple);
	KUNIT_EXPECT_TRUE(test, sst_source_take(sources, &tuple, 1));
	KUNIT_EXPECT_FALSE(test, sst_source_take(sources, &tuple, 1));
	sst_source_put(sources, &tuple);
}

/* Which byte of an address makes it another source. */
static void source_prefix(struct kunit *test)
{
	struct sst_sources *sources = new_sources(test);
	struct sst_tuple one, other;
	unsigned int byte;
	bool another;

	for (byte = 0; byte < 16; byte++) {
		get_tuple(&one, NFPROTO_IPV6, byte, 0x5a);
		get_tuple(&other, NFPROTO_IPV6, byte, 0x5b);
		KUNIT_EXPECT_TRUE(test, sst_source_take(sources, &one, 1));
		another = sst_source_take(sources, &other, 1);
		KUNIT_EXPECT_EQ_MSG(test, byte < 8, another, "byte %u", byte);
		if (another)
			sst_source_put(sources, &other);
		sst_source_put(sources, &one);
	}
	for (byte = 0; byte < 4; byte++) {
		get_tuple(&one, NFPROTO_IPV4, byte, 0x5a);
		get_tuple(&other, NFPROTO_IPV4, byte, 0x5b);
		KUNIT_EXPECT_TRUE(test, sst_source_take(sources, &one, 1));
		KUNIT_EXPECT_TRUE(test, sst_source_take(sources, &other, 1));
		sst_source_put(sources, &other);
		sst_source_put(sources, &one);
	}
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&sources->table.nelems));
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(source_bound),
	KUNIT_CASE(source_prefix),
	{}
};

static struct kunit_suite source_suite = {
	.name = "sst_source",
	.test_cases = source_cases,
};

kunit_test_suite(source_suite);
