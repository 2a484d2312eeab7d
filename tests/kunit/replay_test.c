// SPDX-License-Identifier: GPL-2.0
/* Replay window: every edge by hand, the rest against a model. */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <uapi/linux/sst_netlink.h>

#include "counters.h"
#include "fixture.h"
#include "replay.h"

#define W	SST_REPLAY_WINDOW
#define L	BITS_PER_LONG
#define LAST	U32_MAX

/* The protocol's smallest window, so that nobody narrows it unnoticed. */
static_assert(SST_REPLAY_WINDOW >= 2048);

/* One counter and whether it is to be taken. */
struct step {
	u32 seq;
	bool taken;
};

struct replay_case {
	const char *desc;
	struct step steps[12];
	unsigned int n;
};

#define CASE(_desc, ...) {						\
	.desc = _desc,							\
	.steps = { __VA_ARGS__ },					\
	.n = sizeof((struct step[]){ __VA_ARGS__ }) / sizeof(struct step), \
}

static const struct replay_case cases[] = {
	CASE("the first counter is 0",
	     { 0, true }, { 0, false }),
	CASE("the first counter is 1, 0 comes late",
	     { 1, true }, { 0, true }, { 0, false }, { 1, false }),
	CASE("the first counter is the last of a word",
	     { L - 1, true }, { L - 1, false }, { 0, true }, { L, true }),
	CASE("the first counter is the first of a word",
	     { L, true }, { L, false }, { L - 1, true }, { 0, true },
	     { L - 1, false }, { 0, false }),
	CASE("the first counter is the last of the window",
	     { W - 1, true }, { 0, true }, { 0, false }),
	CASE("the first counter is one window",
	     { W, true }, { 0, false }, { 1, true }, { 1, false }),
	CASE("the first counter is a window and a word",
	     { W + L, true }, { L, false }, { L + 1, true }, { 0, false }),
	CASE("the first counter is the highest of all",
	     { LAST, true }, { LAST, false }, { LAST - W, false },
	     { LAST - W + 1, true }, { LAST - W + 1, false }, { 0, false }),
	CASE("in order across a word",
	     { L - 2, true }, { L - 1, true }, { L, true }, { L + 1, true },
	     { L - 2, false }, { L - 1, false }, { L, false },
	     { L + 1, false }),
	CASE("in reverse across a word",
	     { L + 1, true }, { L, true }, { L - 1, true }, { L - 2, true },
	     { L + 1, false }, { L, false }, { L - 1, false },
	     { L - 2, false }),
	CASE("duplicates of the oldest and the newest",
	     { 0, true }, { W - 1, true }, { 0, false }, { W - 1, false },
	     { 1, true }, { 1, false }),
	CASE("a jump of 1 at the edge of the window",
	     { 0, true }, { 1, true }, { W, true }, { 1, false }, { 0, false },
	     { 2, true }),
	CASE("a jump of 63",
	     { 10, true }, { 73, true }, { 10, false }, { 11, true },
	     { 72, true }, { 72, false }, { 9, true }),
	CASE("a jump of 64",
	     { 10, true }, { 74, true }, { 10, false }, { 11, true },
	     { 73, true }, { 64, true }, { 63, true }, { 63, false }),
	CASE("a jump of 65",
	     { 10, true }, { 75, true }, { 10, false }, { 11, true },
	     { 74, true }, { 74, false }, { 9, true }),
	CASE("a jump of one window",
	     { 5, true }, { W + 5, true }, { 5, false }, { 6, true },
	     { W + 4, true }, { W + 4, false }),
	CASE("a jump of one window less one",
	     { 5, true }, { W + 4, true }, { 5, false }, { 4, false },
	     { 6, true }),
	CASE("a jump of one window and one",
	     { 5, true }, { W + 6, true }, { 5, false }, { 6, false },
	     { 7, true }, { 7, false }),
	CASE("a jump of the whole ring",
	     { 5, true }, { W + L + 5, true }, { W + L + 5, false },
	     { L + 5, false }, { L + 6, true }, { W + L + 4, true }),
	CASE("a jump of the whole ring and a word",
	     { 5, true }, { 6, true }, { W + 2 * L + 6, true },
	     { W + 2 * L + 5, true }, { 2 * L + 6, false },
	     { 2 * L + 7, true }),
	CASE("a huge jump",
	     { 5, true }, { 0x80000005, true }, { 5, false },
	     { 0x80000004, true }, { 0x80000005 - W, false },
	     { 0x80000006 - W, true }, { 0x80000005, false }),
	CASE("a jump to the end",
	     { 0, true }, { LAST, true }, { 0, false }, { LAST - 1, true },
	     { LAST, false }, { LAST - W, false }, { LAST - W + 1, true }),
	CASE("the end, in order",
	     { LAST - 2, true }, { LAST - 1, true }, { LAST, true },
	     { LAST - 2, false }, { LAST - 1, false }, { LAST, false },
	     { 0, false }, { 1, false }),
	CASE("bits of the ring's last turn are gone",
	     { 3, true }, { 3 + L, true }, { W + L + 2, true },
	     { W + L + 3, true }, { W + 2 * L + 3, true },
	     { W + 2 * L + 2, true }),
	CASE("words skipped by a jump are cleared, too",
	     { 70, true }, { 70 + L, true }, { 70 + 2 * L, true },
	     { W + 4 * L + 70, true }, { W + L + 70, true },
	     { W + 2 * L + 70, true }, { W + 3 * L + 70, true },
	     { W + 2 * L + 70, false }),
	CASE("an old counter moves nothing",
	     { 3 * W, true }, { 0, false }, { 2 * W, false },
	     { 2 * W + 1, true }, { 3 * W + 1, true }, { 2 * W + 1, false }),
};

KUNIT_ARRAY_PARAM_DESC(replay, cases, desc);

static void replay_edges(struct kunit *test)
{
	const struct replay_case *c = test->param_value;
	struct sst_replay *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < c->n; i++) {
		const struct step *s = &c->steps[i];

		KUNIT_EXPECT_EQ_MSG(test, s->taken, sst_replay_check(r, s->seq),
				    "check in step %u, counter %u", i, s->seq);
		KUNIT_EXPECT_EQ_MSG(test, s->taken, sst_replay_take(r, s->seq),
				    "take in step %u, counter %u", i, s->seq);
	}
}

/* Every distance from the top, around every word of the ring. */
static void replay_every_distance(struct kunit *test)
{
	static const u32 bases[] = { 0, 1, L - 1, L, L + 1, W, 3 * W + 17 };
	struct sst_replay *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i, d;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < ARRAY_SIZE(bases); i++) {
		u32 top = bases[i] + 2 * W;

		memset(r, 0, sizeof(*r));
		for (d = 0; d <= 2 * W; d++)
			sst_replay_take(r, bases[i] + d);
		KUNIT_EXPECT_EQ(test, (u64)top + 1, r->top);
		for (d = 0; d <= 2 * W; d++)
			KUNIT_EXPECT_FALSE_MSG(test, sst_replay_take(r, top - d),
					       "base %u, %u below the top",
					       bases[i], d);

		memset(r, 0, sizeof(*r));
		sst_replay_take(r, top);
		for (d = 1; d <= 2 * W; d++)
			KUNIT_EXPECT_EQ_MSG(test, d < W,
					    sst_replay_take(r, top - d),
					    "base %u, %u below the top",
					    bases[i], d);
	}
}

/* A look at the window takes nothing. */
static void replay_check_takes_nothing(struct kunit *test)
{
	struct sst_replay *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct sst_replay *before = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, before);
	sst_replay_take(r, 1000);
	memcpy(before, r, sizeof(*r));
	KUNIT_EXPECT_TRUE(test, sst_replay_check(r, 999));
	KUNIT_EXPECT_TRUE(test, sst_replay_check(r, 999));
	KUNIT_EXPECT_TRUE(test, sst_replay_check(r, 1001));
	KUNIT_EXPECT_TRUE(test, sst_replay_check(r, LAST));
	KUNIT_EXPECT_FALSE(test, sst_replay_check(r, 1000));
	KUNIT_EXPECT_MEMEQ(test, r, before, sizeof(*r));
}

/*
 * The model remembers for each of its slots which counter stands there, and
 * is wider than the window, so that slots never collide within it.
 */
#define SLOTS	4096

struct model {
	u64 top;
	u64 slots[SLOTS];
};

static bool model_take(struct model *m, u32 seq)
{
	u64 *slot = &m->slots[seq % SLOTS];

	if ((u64)seq + W < m->top || *slot == (u64)seq + 1)
		return false;
	*slot = (u64)seq + 1;
	m->top = max(m->top, (u64)seq + 1);
	return true;
}

static u32 random_step(struct rnd_state *rnd, u64 top)
{
	u32 n = prandom_u32_state(rnd);
	s64 seq = top;

	switch (prandom_u32_state(rnd) % 16) {
	case 0:
		seq += n % (3 * W);
		break;
	case 1:
		seq += n % 3 + L - 1;
		break;
	case 2:
		seq -= n % (2 * W);
		break;
	case 3:
		seq -= n % 4 + W - 1;
		break;
	case 4 ... 8:
		seq -= n % 64;
		break;
	default:
		seq += n % 4;
	}
	return clamp_t(s64, seq, 0, LAST);
}

static void replay_random(struct kunit *test)
{
	static const u32 starts[] = { 0, W, 1U << 31, LAST - 20000 };
	struct sst_replay *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, r);
	KUNIT_ASSERT_NOT_NULL(test, m);
	prandom_seed_state(&rnd, 0x53535431);
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		memset(r, 0, sizeof(*r));
		memset(m, 0, sizeof(*m));
		for (n = 0; n < 20000; n++) {
			u32 seq = n ? random_step(&rnd, m->top) : starts[i];
			bool look = sst_replay_check(r, seq);
			bool want = model_take(m, seq);

			KUNIT_ASSERT_EQ_MSG(test, want, look,
					    "start %u step %u counter %u",
					    starts[i], n, seq);
			KUNIT_ASSERT_EQ_MSG(test, want, sst_replay_take(r, seq),
					    "start %u step %u counter %u",
					    starts[i], n, seq);
			KUNIT_ASSERT_EQ(test, m->top, r->top);
		}
	}
}

/* A window that goes on where another ended takes what that one did not. */
static void replay_start(struct kunit *test)
{
	static const u64 tops[] = { 1, 63, 64, 65, 2048, 5000, 0xffff0000 };
	struct sst_replay *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	unsigned int i, n;
	u64 top;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = 0; i < ARRAY_SIZE(tops); i++) {
		top = tops[i];
		sst_replay_start(r, top);
		for (n = 1; n <= 2200 && n <= top; n++) {
			KUNIT_EXPECT_FALSE(test, sst_replay_check(r, top - n));
			KUNIT_EXPECT_FALSE(test, sst_replay_take(r, top - n));
		}
		for (n = 0; n < 2200; n++) {
			KUNIT_EXPECT_TRUE(test, sst_replay_check(r, top + n));
			KUNIT_EXPECT_TRUE(test, sst_replay_take(r, top + n));
			KUNIT_EXPECT_FALSE(test, sst_replay_take(r, top + n));
		}
	}
}

/* Few or many, they say what a window says. */
static void expect_same(struct kunit *test, struct sst_counters *counters,
			struct sst_replay *window, u32 seq)
{
	KUNIT_ASSERT_EQ_MSG(test, sst_replay_check(window, seq),
			    sst_counters_check(counters, seq), "check of %u",
			    seq);
	KUNIT_ASSERT_EQ_MSG(test, sst_replay_take(window, seq),
			    !sst_counters_take(counters, seq), "take of %u",
			    seq);
	KUNIT_ASSERT_EQ(test, window->top, sst_counters_top(counters));
}

static void expect_taken(struct kunit *test, struct sst_counters *counters,
			 u32 seq)
{
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_REPLAY,
			sst_counters_take(counters, seq));
}

static void replay_counters(struct kunit *test)
{
	static const u64 tops[] = { 0, 1, 63, 64, 65, 2048, 5000 };
	struct sst_replay *window = kunit_kzalloc(test, sizeof(*window),
						  GFP_KERNEL);
	struct sst_counters counters = {};
	struct rnd_state rnd;
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, window);
	prandom_seed_state(&rnd, 0x53535432);
	for (i = 0; i < ARRAY_SIZE(tops); i++) {
		memset(window, 0, sizeof(*window));
		if (tops[i])
			sst_replay_start(window, tops[i]);
		KUNIT_ASSERT_TRUE(test, sst_counters_start(&counters, tops[i]));
		/* Up to a word full, then where it is left. */
		for (n = 0; n < 300; n++)
			expect_same(test, &counters, window,
				    prandom_u32_state(&rnd) % SST_COUNTERS_FEW);
		for (n = 0; n < 20000; n++)
			expect_same(test, &counters, window,
				    random_step(&rnd, window->top));
		KUNIT_EXPECT_NOT_NULL(test, counters.window);
		sst_counters_clear(&counters);
		KUNIT_EXPECT_EQ(test, 0, sst_counters_top(&counters));
		KUNIT_EXPECT_EQ(test, 0, sst_counters_take(&counters, 0));
		sst_counters_free(&counters);
		memset(&counters, 0, sizeof(counters));
	}
}

/* As long as the first ones come, in any order, there is no window. */
static void replay_counters_few(struct kunit *test)
{
	struct sst_counters counters = {};
	u32 seq;

	for (seq = SST_COUNTERS_FEW; seq--;) {
		KUNIT_EXPECT_EQ(test, 0, sst_counters_take(&counters, seq));
		expect_taken(test, &counters, seq);
	}
	KUNIT_EXPECT_NULL(test, counters.window);
	KUNIT_EXPECT_EQ(test, 0, sst_counters_take(&counters, SST_COUNTERS_FEW));
	KUNIT_EXPECT_NOT_NULL(test, counters.window);
	for (seq = 0; seq <= SST_COUNTERS_FEW; seq++)
		expect_taken(test, &counters, seq);
	sst_counters_free(&counters);
}

/* Without memory for the window a counter is not taken, and that is no replay. */
static void replay_counters_no_memory(struct kunit *test)
{
	struct sst_counters counters = {};

	KUNIT_EXPECT_EQ(test, 0, sst_counters_take(&counters, 3));
	sst_test_no_memory(test);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_NOMEM,
			sst_counters_take(&counters, SST_COUNTERS_FEW));
	KUNIT_EXPECT_EQ(test, 4, sst_counters_top(&counters));
	KUNIT_EXPECT_EQ(test, 0, sst_counters_take(&counters, SST_COUNTERS_FEW));
	expect_taken(test, &counters, SST_COUNTERS_FEW);
	expect_taken(test, &counters, 3);
	sst_counters_free(&counters);
}

static struct kunit_case replay_cases[] = {
	KUNIT_CASE(replay_counters),
	KUNIT_CASE(replay_counters_few),
	KUNIT_CASE(replay_counters_no_memory),
	KUNIT_CASE(replay_start),
	KUNIT_CASE_PARAM(replay_edges, replay_gen_params),
	KUNIT_CASE(replay_every_distance),
	KUNIT_CASE(replay_check_takes_nothing),
	KUNIT_CASE(replay_random),
	{}
};

static struct kunit_suite replay_suite = {
	.name = "sst_replay",
	.test_cases = replay_cases,
};

kunit_test_suite(replay_suite);
