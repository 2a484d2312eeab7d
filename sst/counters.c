// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of a key (protocol section 5): a word for the first of them, a window
 * when that is too small.
 */
#include <linux/bitops.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "counters.h"

static struct kmem_cache *window_cache;

int sst_counters_init(void)
{
	window_cache = KMEM_CACHE(sst_replay, SLAB_ACCOUNT);
	return window_cache ? 0 : -ENOMEM;
}

/* All windows were freed with their keys and openings (main.c). */
void sst_counters_exit(void)
{
	kmem_cache_destroy(window_cache);
}

/* All that came so far moves to a window. */
static bool widen(struct sst_counters *counters)
{
	struct sst_replay *window;

	window = kmem_cache_zalloc(window_cache, GFP_ATOMIC);
	if (!window)
		return false;
	window->top = fls64(counters->few);
	window->seen[0] = counters->few;
	/* Pairs with sst_counters_window(): it is complete. */
	smp_store_release(&counters->window, window);
	return true;
}

/**
 * sst_counters_start() - begin where others of the same key ended
 * @counters: fresh ones
 * @top: all counters below it count as taken
 *
 * Return: false without memory.
 */
bool sst_counters_start(struct sst_counters *counters, u64 top)
{
	BUILD_BUG_ON(BITS_PER_LONG != SST_COUNTERS_FEW);

	if (top <= SST_COUNTERS_FEW) {
		counters->few = top ? GENMASK_ULL(top - 1, 0) : 0;
		return true;
	}
	if (!widen(counters))
		return false;
	sst_replay_start(counters->window, top);
	return true;
}

/* sst_counters_take() while there is no window. */
int sst_counters_take_few(struct sst_counters *counters, u32 seq)
{
	if (seq >= SST_COUNTERS_FEW) {
		if (!widen(counters))
			return SST_A_STATS_RX_NOMEM;
		return sst_counters_take(counters, seq);
	}
	if (counters->few & BIT_ULL(seq))
		return SST_A_STATS_RX_REPLAY;
	WRITE_ONCE(counters->few, counters->few | BIT_ULL(seq));
	return 0;
}

/**
 * sst_counters_top() - one more than the highest counter taken
 * @counters: those that came
 *
 * Return: it, 0 when none was.
 */
u64 sst_counters_top(const struct sst_counters *counters)
{
	const struct sst_replay *window = sst_counters_window(counters);

	return window ? READ_ONCE(window->top) : fls64(READ_ONCE(counters->few));
}

/**
 * sst_counters_clear() - none was taken: the key is another one
 * @counters: those of the key before
 */
void sst_counters_clear(struct sst_counters *counters)
{
	WRITE_ONCE(counters->few, 0);
	/* Somebody may look at it. */
	if (counters->window)
		memset(counters->window, 0, sizeof(*counters->window));
}

/**
 * sst_counters_free() - nobody looks at them any more
 * @counters: those of a key that has gone
 */
void sst_counters_free(struct sst_counters *counters)
{
	if (counters->window)
		kmem_cache_free(window_cache, counters->window);
}
