// SPDX-License-Identifier: GPL-2.0
/* Openings are taken once, whatever the clock does and however many come. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "seen.h"

#define START	1000000
#define NOW	1010000
#define WINDOW	600

static void free_seen(void *seen)
{
	sst_seen_exit(seen);
}

static struct sst_seen *new_seen(struct kunit *test, time64_t start)
{
	struct sst_seen *seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_EQ(test, 0, sst_seen_init(seen, start));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_seen, seen));
	return seen;
}

/* The name that differs from others in its last bytes only. */
static enum sst_seen_verdict judge(struct sst_seen *seen, u32 n, u64 time,
				   u64 now)
{
	struct sst_open_id id = { .uid = 1 };

	memcpy(id.salt_i + sizeof(id.salt_i) - sizeof(n), &n, sizeof(n));
	return sst_seen_take(seen, &id, time, now, WINDOW);
}

static bool take(struct sst_seen *seen, u32 n, u64 time, u64 now)
{
	return judge(seen, n, time, now) == SST_SEEN_FRESH;
}

/* The same opening of another association or key. */
static bool take_of(struct sst_seen *seen, u64 uid, u64 time, u64 now,
		    u32 window)
{
	struct sst_open_id id = { .uid = uid };

	return sst_seen_take(seen, &id, time, now, window) == SST_SEEN_FRESH;
}

static void seen_once(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);

	KUNIT_EXPECT_TRUE(test, take(seen, 1, NOW, NOW));
	KUNIT_EXPECT_FALSE(test, take(seen, 1, NOW, NOW));
	/* Not with another time either: the key is the salt. */
	KUNIT_EXPECT_FALSE(test, take(seen, 1, NOW + 1, NOW));
	KUNIT_EXPECT_TRUE(test, take(seen, 2, NOW, NOW));
	KUNIT_EXPECT_EQ(test, 2, seen->count);
}

/*
 * Each byte of the name counts: of the salt or of the whole enc_i, and of the
 * association.
 */
static void seen_key(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);
	struct sst_open_id id = { .uid = 1 };
	unsigned int i;

	KUNIT_EXPECT_EQ(test, SST_SEEN_FRESH,
			sst_seen_take(seen, &id, NOW, NOW, WINDOW));
	for (i = 0; i < sizeof(id.salt_i); i++) {
		id.salt_i[i] ^= 0x80;
		KUNIT_EXPECT_EQ(test, SST_SEEN_FRESH,
				sst_seen_take(seen, &id, NOW, NOW, WINDOW));
		id.salt_i[i] ^= 0x80;
	}
	for (i = 1; i < 64; i++)
		KUNIT_EXPECT_TRUE(test, take_of(seen, 1 | 1ULL << i, NOW, NOW,
						WINDOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_STALE,
			sst_seen_take(seen, &id, NOW, NOW, WINDOW));
	KUNIT_EXPECT_EQ(test, 1 + SST_PUBLIC_SIZE + 63, seen->count);
}

static void seen_window_edges(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);

	KUNIT_EXPECT_FALSE(test, take(seen, 1, NOW - WINDOW - 1, NOW));
	KUNIT_EXPECT_TRUE(test, take(seen, 1, NOW - WINDOW, NOW));
	KUNIT_EXPECT_TRUE(test, take(seen, 2, NOW + WINDOW, NOW));
	KUNIT_EXPECT_FALSE(test, take(seen, 3, NOW + WINDOW + 1, NOW));
	/* A window of nothing makes nothing fresh. */
	KUNIT_EXPECT_FALSE(test, take_of(seen, 9, NOW, NOW, 0));
	KUNIT_EXPECT_TRUE(test, take_of(seen, 9, NOW + 1, NOW, 1));
}

static void seen_floor_of_start(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);

	KUNIT_EXPECT_FALSE(test, take(seen, 1, START - 1, START));
	KUNIT_EXPECT_FALSE(test, take(seen, 1, START, START));
	KUNIT_EXPECT_TRUE(test, take(seen, 1, START + 1, START));
	seen = new_seen(test, -5);
	KUNIT_EXPECT_FALSE(test, take(seen, 1, 0, 0));
	KUNIT_EXPECT_TRUE(test, take(seen, 1, 1, 0));
}

/* Times that no clock shows; none may wrap into the window. */
static void seen_hostile_times(struct kunit *test)
{
	static const u64 times[] = {
		0, 1, WINDOW, U32_MAX, S64_MAX, (u64)S64_MAX + 1,
		U64_MAX - WINDOW, U64_MAX - 1, U64_MAX,
	};
	struct sst_seen *seen = new_seen(test, START);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(times); i++)
		KUNIT_EXPECT_FALSE(test, take(seen, i, times[i], NOW));
	KUNIT_EXPECT_EQ(test, 0, seen->count);
	/* And clocks that show such times. */
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		take(seen, i, times[i], times[i]);
		KUNIT_EXPECT_FALSE(test, take(seen, i, times[i], times[i]));
		sst_seen_expire(seen, times[i], WINDOW);
		KUNIT_EXPECT_FALSE(test, take(seen, i, times[i], times[i]));
	}
	sst_seen_expire(seen, U64_MAX, WINDOW);
	sst_seen_expire(seen, 0, WINDOW);
	KUNIT_EXPECT_EQ(test, 0, seen->count);
}

/* An entry lives to the last second of its time, and is forgotten then. */
static void seen_expire(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);

	KUNIT_EXPECT_TRUE(test, take(seen, 1, NOW, NOW));
	KUNIT_EXPECT_TRUE(test, take(seen, 2, NOW + WINDOW, NOW));
	sst_seen_expire(seen, NOW + WINDOW, WINDOW);
	KUNIT_EXPECT_EQ(test, 2, seen->count);
	KUNIT_EXPECT_FALSE(test, take(seen, 1, NOW, NOW + WINDOW));
	sst_seen_expire(seen, NOW + WINDOW + 1, WINDOW);
	KUNIT_EXPECT_EQ(test, 1, seen->count);
	KUNIT_EXPECT_FALSE(test, take(seen, 1, NOW, NOW + WINDOW + 1));
	KUNIT_EXPECT_FALSE(test, take(seen, 2, NOW + WINDOW, NOW + WINDOW + 1));
	sst_seen_expire(seen, NOW + 2 * WINDOW + 1, WINDOW);
	KUNIT_EXPECT_EQ(test, 0, seen->count);
	KUNIT_EXPECT_TRUE(test, list_empty(&seen->order));
}

/* Behind one that lives on, others are found, in more than one batch. */
static void seen_expire_behind(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);
	unsigned int i;

	KUNIT_EXPECT_TRUE(test, take(seen, 0, NOW + WINDOW, NOW));
	for (i = 1; i <= 1000; i++)
		KUNIT_EXPECT_TRUE(test, take(seen, i, i % 3 ? NOW :
					     NOW + WINDOW, NOW));
	sst_seen_expire(seen, NOW + WINDOW + 1, WINDOW);
	KUNIT_EXPECT_EQ(test, 1 + 333, seen->count);
	for (i = 3; i <= 1000; i += 3)
		KUNIT_EXPECT_FALSE(test, take(seen, i, NOW + WINDOW,
					      NOW + WINDOW + 1));
}

/* Without the reaper an insertion removes what is no longer needed. */
static void seen_expire_on_take(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);
	unsigned int i;

	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_TRUE(test, take(seen, i, NOW, NOW));
	for (i = 0; i < 50; i++)
		KUNIT_EXPECT_TRUE(test, take(seen, 1000 + i, NOW + 5000,
					     NOW + 5000));
	KUNIT_EXPECT_EQ(test, 50, seen->count);
}

/* More than fit: the oldest is not taken a second time, but by the floor. */
static void seen_overflow(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);
	unsigned int i, refused = 0;

	for (i = 0; i < SST_SEEN_MAX; i++)
		refused += !take(seen, i, NOW + (i >= 100), NOW);
	KUNIT_EXPECT_EQ(test, 0, refused);
	KUNIT_EXPECT_EQ(test, SST_SEEN_MAX, seen->count);
	KUNIT_EXPECT_EQ(test, START, seen->floor);

	KUNIT_EXPECT_TRUE(test, take(seen, i++, NOW + 2, NOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_MAX, seen->count);
	KUNIT_EXPECT_EQ(test, NOW, seen->floor);
	KUNIT_EXPECT_FALSE(test, take(seen, 0, NOW, NOW));
	/* Others of the same second suffer. */
	KUNIT_EXPECT_FALSE(test, take(seen, U32_MAX, NOW, NOW));

	/* An old one at the end of the list does not lower the floor. */
	for (; i < SST_SEEN_MAX + 101; i++)
		refused += !take(seen, i, NOW + 2, NOW);
	KUNIT_EXPECT_EQ(test, 0, refused);
	KUNIT_EXPECT_EQ(test, NOW + 1, seen->floor);
	for (i = 0; i < SST_SEEN_MAX + 101; i++)
		refused += take(seen, i, i < 100 ? NOW :
				i < SST_SEEN_MAX ? NOW + 1 : NOW + 2, NOW);
	KUNIT_EXPECT_EQ(test, 0, refused);

	sst_seen_expire(seen, NOW + 2 * WINDOW, WINDOW);
	KUNIT_EXPECT_EQ(test, 0, seen->count);
}

/* Why one is not fresh: each reason has a counter of its own. */
static void seen_verdicts(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, NOW - 10);
	struct sst_open_id id = { .uid = 2 };

	KUNIT_EXPECT_EQ(test, SST_SEEN_FRESH, judge(seen, 1, NOW, NOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_STALE, judge(seen, 1, NOW, NOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_CLOCK,
			judge(seen, 2, NOW - WINDOW - 1, NOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_CLOCK,
			judge(seen, 2, NOW + WINDOW + 1, NOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_CLOCK, judge(seen, 2, 100, NOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_FORGOTTEN,
			judge(seen, 2, NOW - 10, NOW));
	/* What is known needs no other reason. */
	KUNIT_EXPECT_EQ(test, SST_SEEN_STALE, judge(seen, 1, NOW - 10, NOW));
	KUNIT_EXPECT_EQ(test, SST_SEEN_STALE,
			sst_seen_take(seen, &id, NOW, NOW, 0));
	/* In 1970 what was known is forgotten, but for its time. */
	KUNIT_EXPECT_EQ(test, SST_SEEN_CLOCK, judge(seen, 2, NOW, 100));
	KUNIT_EXPECT_EQ(test, SST_SEEN_FORGOTTEN, judge(seen, 1, NOW, NOW));
}

#define CROWD		1000000
#define CROWD_SECOND	5000

/*
 * So many openings within so few seconds that the cache holds but the last
 * part of them. What is forgotten is never taken again, whoever is newer than
 * what was forgotten is fresh at once, and memory stays where it was.
 */
static void seen_million(struct kunit *test)
{
	unsigned int i, refused = 0, again = 0, large = 0;
	struct sst_seen *seen = new_seen(test, START);
	u64 now = NOW;

	for (i = 0; i < CROWD; i++) {
		now = NOW + i / CROWD_SECOND;
		refused += !take(seen, i, now, now);
		large += seen->count > SST_SEEN_MAX;
		/* A copy of what has gone just now, and of one long ago. */
		if (i >= SST_SEEN_MAX)
			again += take(seen, i - SST_SEEN_MAX,
				      NOW + (i - SST_SEEN_MAX) / CROWD_SECOND,
				      now);
		if (i % 16)
			continue;
		again += take(seen, i / 2, NOW + i / 2 / CROWD_SECOND, now);
		cond_resched();
	}
	KUNIT_EXPECT_EQ(test, 0, refused);
	KUNIT_EXPECT_EQ(test, 0, again);
	KUNIT_EXPECT_EQ(test, 0, large);
	KUNIT_EXPECT_EQ(test, SST_SEEN_MAX, seen->count);
	/* The floor is the time of the last one that was forgotten. */
	KUNIT_EXPECT_EQ(test, NOW + (CROWD - SST_SEEN_MAX - 1) / CROWD_SECOND,
			seen->floor);
	KUNIT_EXPECT_EQ(test, 0, seen->later_to);
	KUNIT_EXPECT_EQ(test, SST_SEEN_FORGOTTEN,
			judge(seen, CROWD, seen->floor, now));
	KUNIT_EXPECT_EQ(test, SST_SEEN_FRESH,
			judge(seen, CROWD, seen->floor + 1, now));
	for (i = 0; i < CROWD; i += 7)
		again += take(seen, i, NOW + i / CROWD_SECOND, now);
	KUNIT_EXPECT_EQ(test, 0, again);
	/* In 1970 nothing of it is fresh either, nor when the clock is back. */
	for (i = 0; i < CROWD; i += 100)
		again += take(seen, i, NOW + i / CROWD_SECOND, 100);
	for (i = 0; i < CROWD; i += 100)
		again += take(seen, i, NOW + i / CROWD_SECOND, now);
	KUNIT_EXPECT_EQ(test, 0, again);
	KUNIT_EXPECT_TRUE(test, take(seen, CROWD + 1, now + 1, now));
}

/* Forth, so that all expires, and back to where it would be fresh again. */
static void seen_clock_forth_and_back(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);
	u64 far = NOW + 1000000;

	KUNIT_EXPECT_TRUE(test, take(seen, 1, NOW, NOW));
	KUNIT_EXPECT_TRUE(test, take(seen, 2, NOW + WINDOW, NOW));
	sst_seen_expire(seen, far, WINDOW);
	KUNIT_EXPECT_EQ(test, 0, seen->count);
	KUNIT_EXPECT_TRUE(test, take(seen, 3, far, far));

	KUNIT_EXPECT_FALSE(test, take(seen, 1, NOW, NOW));
	KUNIT_EXPECT_FALSE(test, take(seen, 2, NOW + WINDOW, NOW));
	/* What is newer than all of it is fresh, at once. */
	KUNIT_EXPECT_TRUE(test, take(seen, 4, NOW + WINDOW + 1, NOW + 10));
	KUNIT_EXPECT_FALSE(test, take(seen, 4, NOW + WINDOW + 1, NOW + 10));
	/* Nor is the one of the far time taken when it comes. */
	sst_seen_expire(seen, NOW + 10, WINDOW);
	KUNIT_EXPECT_FALSE(test, take(seen, 3, far, far));
}

/* Back, so that what was taken lies ahead. It neither stays nor comes back. */
static void seen_clock_back(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);
	u64 far = NOW + 1000000;
	unsigned int i, refused = 0;

	for (i = 0; i < SST_SEEN_MAX; i++)
		refused += !take(seen, i, far + i % 7, far);
	KUNIT_EXPECT_EQ(test, 0, refused);

	/* The floor stays, so openings are fresh as before. */
	KUNIT_EXPECT_TRUE(test, take(seen, i, NOW, NOW));
	sst_seen_expire(seen, NOW, WINDOW);
	KUNIT_EXPECT_EQ(test, 1, seen->count);
	KUNIT_EXPECT_EQ(test, START, seen->floor);
	KUNIT_EXPECT_FALSE(test, take(seen, i, NOW, NOW));

	/* The clock comes there again. */
	for (i = 0; i < SST_SEEN_MAX; i++)
		refused += take(seen, i, far + i % 7, far + 3);
	KUNIT_EXPECT_EQ(test, 0, refused);
	KUNIT_EXPECT_TRUE(test, take(seen, 1, far - 1, far));
	KUNIT_EXPECT_FALSE(test, take(seen, 1, far + 6, far));
	KUNIT_EXPECT_TRUE(test, take(seen, SST_SEEN_MAX + 1, far + 7, far));

	/* And past it: the range has become a floor. */
	sst_seen_expire(seen, far + 7 + WINDOW, WINDOW);
	KUNIT_EXPECT_EQ(test, 0, seen->later_to);
	KUNIT_EXPECT_EQ(test, far + 6, seen->floor);
	KUNIT_EXPECT_FALSE(test, take(seen, 3, far + 3, far));
	KUNIT_EXPECT_TRUE(test, take(seen, 9, far + 8, far));
}

/* A wider window does not bring back what was forgotten under a narrow one. */
static void seen_window_changes(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);

	KUNIT_EXPECT_TRUE(test, take_of(seen, 1, NOW - 100, NOW, WINDOW));
	KUNIT_EXPECT_TRUE(test, take_of(seen, 2, NOW + 100, NOW, WINDOW));
	sst_seen_expire(seen, NOW, 10);
	KUNIT_EXPECT_EQ(test, 0, seen->count);
	KUNIT_EXPECT_FALSE(test, take_of(seen, 1, NOW - 100, NOW, 86400));
	KUNIT_EXPECT_FALSE(test, take_of(seen, 2, NOW + 100, NOW, 86400));
	KUNIT_EXPECT_TRUE(test, take_of(seen, 3, NOW, NOW, 86400));
	sst_seen_expire(seen, NOW, 0);
	KUNIT_EXPECT_FALSE(test, take_of(seen, 3, NOW, NOW, 86400));
}

/*
 * The counters of an opening outlive its flow; one that was never fresh moves
 * neither the floor nor the range, whatever time it says.
 */
static void seen_end(struct kunit *test)
{
	static const struct sst_open_id ids[] = {
		{ 0 }, { 1 }, { 2 }, { 3 }, { 4 }, { 5 },
	};
	struct sst_seen *seen = new_seen(test, START);

	KUNIT_EXPECT_TRUE(test, take_of(seen, 1, NOW, NOW, WINDOW));
	KUNIT_EXPECT_EQ(test, 0, sst_seen_top(seen, &ids[1]));
	sst_seen_end(seen, &ids[1], NOW, NOW, 5);
	sst_seen_end(seen, &ids[1], NOW, NOW, 3);
	KUNIT_EXPECT_EQ(test, 5, sst_seen_top(seen, &ids[1]));
	KUNIT_EXPECT_EQ(test, 0, sst_seen_top(seen, &ids[2]));

	sst_seen_end(seen, &ids[2], U64_MAX, NOW, 7);
	sst_seen_end(seen, &ids[3], NOW + WINDOW + 100, NOW, 8);
	sst_seen_end(seen, &ids[4], 5, NOW, 9);
	KUNIT_EXPECT_EQ(test, 7, sst_seen_top(seen, &ids[2]));
	sst_seen_expire(seen, NOW, WINDOW);
	KUNIT_EXPECT_EQ(test, START, seen->floor);
	KUNIT_EXPECT_EQ(test, 0, seen->later_to);
	KUNIT_EXPECT_TRUE(test, take_of(seen, 5, NOW + 1, NOW, WINDOW));
	/* Its time has come: it is no news. */
	KUNIT_EXPECT_FALSE(test, take_of(seen, 3, NOW + WINDOW + 100, NOW + 200,
					 WINDOW));
	KUNIT_EXPECT_EQ(test, 8, sst_seen_top(seen, &ids[3]));
}

/*
 * What took no freshness, because a flow was there, is not fresh either when
 * others have pushed it out.
 */
static void seen_end_pushed_out(struct kunit *test)
{
	static const struct sst_open_id ended = { .uid = 2 }, ahead = { .uid = 3 };
	struct sst_seen *seen = new_seen(test, START);
	unsigned int i, taken = 0;

	sst_seen_end(seen, &ahead, NOW + 1, NOW, 1);
	sst_seen_end(seen, &ended, NOW - 5, NOW, 1);
	for (i = 0; i < SST_SEEN_MAX; i++)
		taken += take(seen, i, NOW, NOW);
	KUNIT_EXPECT_EQ(test, SST_SEEN_MAX, taken);
	KUNIT_EXPECT_EQ(test, 0, sst_seen_top(seen, &ended));
	KUNIT_EXPECT_EQ(test, SST_SEEN_FORGOTTEN,
			sst_seen_take(seen, &ended, NOW - 5, NOW, WINDOW));
	/* A time that lies ahead may be a lie, and would shut out others. */
	KUNIT_EXPECT_EQ(test, NOW - 5, seen->floor);
}

#define RACERS		4
#define RACE_ENTRIES	2000

struct racer {
	struct work_struct work;
	struct sst_seen *seen;
	unsigned int taken;
};

static void race(struct work_struct *work)
{
	struct racer *racer = container_of(work, struct racer, work);
	unsigned int i;

	for (i = 0; i < RACE_ENTRIES; i++)
		racer->taken += take(racer->seen, i, NOW, NOW);
}

/* Of several CPUs one takes it, also while the reaper is at work. */
static void seen_race(struct kunit *test)
{
	struct sst_seen *seen = new_seen(test, START);
	struct racer *racers = kunit_kcalloc(test, RACERS, sizeof(*racers),
					     GFP_KERNEL);
	unsigned int i, taken = 0;

	KUNIT_ASSERT_NOT_NULL(test, racers);
	for (i = 0; i < RACERS; i++) {
		INIT_WORK(&racers[i].work, race);
		racers[i].seen = seen;
		queue_work(system_unbound_wq, &racers[i].work);
	}
	for (i = 0; i < 20; i++)
		sst_seen_expire(seen, NOW, WINDOW);
	for (i = 0; i < RACERS; i++) {
		flush_work(&racers[i].work);
		taken += racers[i].taken;
	}
	KUNIT_EXPECT_EQ(test, RACE_ENTRIES, taken);
	KUNIT_EXPECT_EQ(test, RACE_ENTRIES, seen->count);
}

static struct kunit_case seen_cases[] = {
	KUNIT_CASE(seen_once),
	KUNIT_CASE(seen_key),
	KUNIT_CASE(seen_window_edges),
	KUNIT_CASE(seen_floor_of_start),
	KUNIT_CASE(seen_hostile_times),
	KUNIT_CASE(seen_expire),
	KUNIT_CASE(seen_expire_behind),
	KUNIT_CASE(seen_expire_on_take),
	KUNIT_CASE(seen_overflow),
	KUNIT_CASE(seen_verdicts),
	KUNIT_CASE(seen_million),
	KUNIT_CASE(seen_clock_forth_and_back),
	KUNIT_CASE(seen_clock_back),
	KUNIT_CASE(seen_window_changes),
	KUNIT_CASE(seen_end),
	KUNIT_CASE(seen_end_pushed_out),
	KUNIT_CASE(seen_race),
	{}
};

static struct kunit_suite seen_suite = {
	.name = "sst_seen",
	.test_cases = seen_cases,
};

kunit_test_suite(seen_suite);
