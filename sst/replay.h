/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_REPLAY_H
#define _SST_REPLAY_H

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/types.h>

/*
 * Bits in the ring. One word of it is always being recycled, so the window is
 * one word narrower; the protocol asks for at least 2048 (section 5).
 */
#define SST_REPLAY_BITS		(2048 + BITS_PER_LONG)
#define SST_REPLAY_WINDOW	(SST_REPLAY_BITS - BITS_PER_LONG)

/**
 * struct sst_replay - sliding window over the counters of one key
 * @top: one more than the highest counter taken so far, 0 when none was
 * @seen: ring of bits, one for each counter in the window
 *
 * All zero is the window of a fresh key. The owner of the key serializes
 * sst_replay_take(); sst_replay_check() may race with it, because its answer
 * is only a cheap first look.
 */
struct sst_replay {
	u64 top;
	DECLARE_BITMAP(seen, SST_REPLAY_BITS);
};

void sst_replay_start(struct sst_replay *r, u64 top);
bool sst_replay_take(struct sst_replay *r, u32 seq);

/* Has a counter left the window below @top? */
static inline bool sst_replay_too_old(u64 top, u32 seq)
{
	return (u64)seq + SST_REPLAY_WINDOW < top;
}

/**
 * sst_replay_check() - cheap look whether a counter may still be taken
 * @r: the window
 * @seq: counter of the packet
 *
 * Return: false when the counter was seen or has left the window.
 */
static inline bool sst_replay_check(const struct sst_replay *r, u32 seq)
{
	u64 top = READ_ONCE(r->top);

	if (seq >= top)
		return true;
	return !sst_replay_too_old(top, seq) &&
	       !test_bit(seq % SST_REPLAY_BITS, r->seen);
}

#endif /* _SST_REPLAY_H */
