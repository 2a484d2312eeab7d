// SPDX-License-Identifier: GPL-2.0
/*
 * Blocks that were computed ahead are those that would have been computed one by
 * one, whoever asks for them and in whatever order.
 */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "keystream.h"
#include "suite.h"

/* Streams whose names differ by this meet in the first place of each CPU. */
#define STREAMS_APART	16

struct order_case {
	const char *desc;
	unsigned int n;
	u32 seqs[24];
};

static const struct order_case order_cases[] = {
	{ "in order", 24,
	  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
	    19, 20, 21, 22, 23 } },
	{ "from a large one on", 12,
	  { 70000, 70001, 70002, 70003, 70004, 70005, 70006, 70007, 70008,
	    70009, 70010, 70011 } },
	{ "neighbours swapped", 14,
	  { 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12 } },
	{ "backwards", 10, { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0 } },
	{ "gaps smaller than what is ahead", 9,
	  { 0, 1, 3, 6, 8, 9, 12, 13, 16 } },
	{ "a gap as large as what is ahead", 8,
	  { 0, 1, 2, 9, 10, 11, 18, 26 } },
	{ "gaps larger than what is ahead", 9,
	  { 0, 1, 2, 20, 21, 22, 1000, 1001, 1002 } },
	{ "late ones among those ahead", 10,
	  { 0, 1, 5, 2, 4, 3, 8, 7, 6, 9 } },
	{ "late ones of before the gap", 10,
	  { 0, 1, 2, 30, 31, 3, 4, 32, 5, 33 } },
	{ "each one twice", 12, { 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5 } },
	{ "one over and over", 8, { 0, 1, 2, 2, 2, 1, 2, 3 } },
	{ "from the start again", 12, { 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7 } },
	{ "up to the last one", 12,
	  { U32_MAX - 11, U32_MAX - 10, U32_MAX - 9, U32_MAX - 8, U32_MAX - 7,
	    U32_MAX - 6, U32_MAX - 5, U32_MAX - 4, U32_MAX - 3, U32_MAX - 2,
	    U32_MAX - 1, U32_MAX } },
	{ "no eight before the last one", 9,
	  { U32_MAX - 8, U32_MAX - 7, U32_MAX - 6, U32_MAX - 5, U32_MAX - 4,
	    U32_MAX - 3, U32_MAX - 2, U32_MAX - 1, U32_MAX } },
	{ "behind the last one", 8,
	  { U32_MAX - 1, U32_MAX, 0, 1, 2, U32_MAX, 3, 4 } },
	{ "one far ahead", 8,
	  { 0, 1, U32_MAX - 20, 2, 3, U32_MAX - 19, 4, 5 } },
};

KUNIT_ARRAY_PARAM_DESC(order, order_cases, desc);

static void expect_block(struct kunit *test, struct sst_keystream *stream,
			 u32 seq)
{
	struct sst_whole_block want;
	struct sst_block got;

	memset(&got, 0xa5, sizeof(got));
	sst_keystream_block(stream, seq, &got);
	sst_suite_block(&want, stream->key, seq);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&want.used, (u8 *)&got, sizeof(got));
}

static void end_stream(void *stream)
{
	sst_keystream_end(stream);
}

/* A key that is like no other; ended with the test, if not before. */
static struct sst_keystream *new_stream(struct kunit *test, u8 key)
{
	struct sst_keystream *stream =
		kunit_kzalloc(test, sizeof(*stream), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, stream);
	memset(stream->key, key, sizeof(stream->key));
	sst_keystream_start(stream);
	KUNIT_ASSERT_NE(test, 0, stream->id);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, end_stream, stream));
	return stream;
}

/* Another one that meets it. */
static struct sst_keystream *new_neighbour(struct kunit *test,
					   const struct sst_keystream *stream,
					   u8 key)
{
	struct sst_keystream *other;

	do
		other = new_stream(test, key);
	while (other->id < stream->id + STREAMS_APART);
	KUNIT_ASSERT_EQ(test, stream->id + STREAMS_APART, other->id);
	return other;
}

static void keystream_order(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct sst_keystream *stream = new_stream(test, 1);
	unsigned int i;

	for (i = 0; i < c->n; i++)
		expect_block(test, stream, c->seqs[i]);
}

/* Each has a first place of its own, or both have the same one. */
static void keystream_turns(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct sst_keystream *stream = new_stream(test, 2);
	struct sst_keystream *next = new_stream(test, 3);
	struct sst_keystream *neighbour = new_neighbour(test, stream, 4);
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		expect_block(test, stream, c->seqs[i]);
		expect_block(test, next, c->seqs[i]);
		expect_block(test, neighbour, c->seqs[i]);
	}
	/* Several of one, then several of the other. */
	for (i = 0; i < 64; i++)
		expect_block(test, i & 8 ? stream : neighbour, i);
}

/* Two that meet keep what is ahead of both: one of them has its second place. */
static void keystream_meet(struct kunit *test)
{
	struct sst_keystream *stream = new_stream(test, 11);
	struct sst_keystream *neighbour = new_neighbour(test, stream, 12);
	u32 seq;

	for (seq = 0; seq < 24; seq++) {
		expect_block(test, stream, seq);
		expect_block(test, neighbour, seq);
	}
	KUNIT_EXPECT_TRUE(test, stream->ahead);
	KUNIT_EXPECT_TRUE(test, neighbour->ahead);
	sst_keystream_end(neighbour);
	for (; seq < 30; seq++)
		expect_block(test, stream, seq);
}

/* Without a name nothing is kept. */
static void keystream_nameless(struct kunit *test)
{
	const struct order_case *c = test->param_value;
	struct sst_keystream stream = { .key = { 5 } };
	unsigned int i;

	for (i = 0; i < c->n; i++)
		expect_block(test, &stream, c->seqs[i]);
	KUNIT_EXPECT_FALSE(test, stream.ahead);
	sst_keystream_end(&stream);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(stream.key, 0, sizeof(stream.key)));
}

/*
 * The key is wiped, and so is what was ahead of it: under its name there are
 * blocks of what stands in its place only.
 */
static void keystream_end(struct kunit *test)
{
	struct sst_keystream *stream = new_stream(test, 6);
	u32 seq;

	for (seq = 0; seq < 3; seq++)
		expect_block(test, stream, seq);
	KUNIT_EXPECT_TRUE(test, stream->ahead);
	sst_keystream_end(stream);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(stream->key, 0,
					    sizeof(stream->key)));
	for (; seq < 12; seq++)
		expect_block(test, stream, seq);
}

/* The end of one does not touch another one, wherever it is. */
static void keystream_other_end(struct kunit *test)
{
	struct sst_keystream *stream = new_stream(test, 7);
	struct sst_keystream *next = new_stream(test, 8);
	struct sst_keystream *neighbour = new_neighbour(test, stream, 9);
	u32 seq;

	for (seq = 0; seq < 3; seq++)
		expect_block(test, neighbour, seq);
	for (seq = 0; seq < 3; seq++)
		expect_block(test, next, seq);
	for (seq = 0; seq < 3; seq++)
		expect_block(test, stream, seq);
	sst_keystream_end(neighbour);
	sst_keystream_end(next);
	for (seq = 3; seq < 30; seq++)
		expect_block(test, stream, seq);
	/* And nothing of it is left for one that comes to its place. */
	sst_keystream_end(stream);
	for (seq = 30; seq < 40; seq++)
		expect_block(test, stream, seq);
}

/* A packet that nobody has verified yet must not stop it for good. */
static void keystream_misled(struct kunit *test)
{
	struct sst_keystream *stream = new_stream(test, 10);
	u32 seq;

	expect_block(test, stream, U32_MAX - 100);
	for (seq = 0; seq < 3; seq++)
		expect_block(test, stream, seq);
	KUNIT_EXPECT_TRUE(test, stream->ahead);
}

static struct kunit_case keystream_cases[] = {
	KUNIT_CASE_PARAM(keystream_order, order_gen_params),
	KUNIT_CASE_PARAM(keystream_turns, order_gen_params),
	KUNIT_CASE(keystream_meet),
	KUNIT_CASE_PARAM(keystream_nameless, order_gen_params),
	KUNIT_CASE(keystream_end),
	KUNIT_CASE(keystream_other_end),
	KUNIT_CASE(keystream_misled),
	{}
};

static struct kunit_suite keystream_suite = {
	.name = "sst_keystream",
	.test_cases = keystream_cases,
};

kunit_test_suite(keystream_suite);
