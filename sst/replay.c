// SPDX-License-Identifier: GPL-2.0
/*
 * Sliding replay window (protocol section 5), in the manner of RFC 6479: a
 * ring of words, of which those between the old and the new top are cleared
 * when the window moves. Pure arithmetic, no locks.
 */
#include <linux/minmax.h>

#include "replay.h"

#define RING_WORDS	(SST_REPLAY_BITS / BITS_PER_LONG)

/**
 * sst_replay_start() - begin where another window of the same key ended
 * @r: fresh window
 * @top: all counters below it count as taken
 */
void sst_replay_start(struct sst_replay *r, u64 top)
{
	u64 next;

	r->top = top;
	bitmap_fill(r->seen, SST_REPLAY_BITS);
	/* The rest of the word in use is not cleared when the window moves. */
	for (next = top; next % BITS_PER_LONG; next++)
		__clear_bit(next % SST_REPLAY_BITS, r->seen);
}

/**
 * sst_replay_take() - take a counter out of the window, once
 * @r: the window
 * @seq: counter of a packet whose tag has verified
 *
 * Return: true when the counter was free and is now taken.
 */
bool sst_replay_take(struct sst_replay *r, u32 seq)
{
	u32 word = seq / BITS_PER_LONG;

	if (seq >= r->top) {
		/* The word that holds the highest counter is in use already. */
		u32 used = r->top ? (u32)(r->top - 1) / BITS_PER_LONG + 1 : 0;
		u32 n = min_t(u32, word + 1 - used, RING_WORDS);

		while (n--)
			r->seen[(word - n) % RING_WORDS] = 0;
		WRITE_ONCE(r->top, (u64)seq + 1);
	} else if (sst_replay_too_old(r->top, seq)) {
		return false;
	}
	return !__test_and_set_bit(seq % SST_REPLAY_BITS, r->seen);
}
