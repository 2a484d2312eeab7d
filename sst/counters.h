/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_COUNTERS_H
#define _SST_COUNTERS_H

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/types.h>
#include <uapi/linux/sst_netlink.h>
#include <asm/barrier.h>

#include "replay.h"

/* So many counters need no window. */
#define SST_COUNTERS_FEW	BITS_PER_LONG_LONG

/**
 * struct sst_counters - which counters of a key came, of which few are used
 * @few: bits of the first SST_COUNTERS_FEW counters, while there is no @window
 * @window: all that came, once a later one did; then it stays
 *
 * It says what a struct sst_replay would say. Most openings come once or twice and
 * many flows are short; a window takes more memory than all else that is known of a
 * key. All zero is that of a fresh key. The owner of the key serializes changes;
 * sst_counters_check() and sst_counters_top() may race with them.
 */
struct sst_counters {
	u64 few;
	struct sst_replay *window;
};

int sst_counters_init(void);
void sst_counters_exit(void);
bool sst_counters_start(struct sst_counters *counters, u64 top);
int sst_counters_take_few(struct sst_counters *counters, u32 seq);
u64 sst_counters_top(const struct sst_counters *counters);
void sst_counters_clear(struct sst_counters *counters);
void sst_counters_free(struct sst_counters *counters);

static inline const struct sst_replay *
sst_counters_window(const struct sst_counters *counters)
{
	/* Pairs with widen(). */
	return smp_load_acquire(&counters->window);
}

/**
 * sst_counters_check() - cheap look whether a counter may still be taken
 * @counters: those that came
 * @seq: counter of the packet
 *
 * Return: false when it was taken, or is too old to tell.
 */
static inline bool sst_counters_check(const struct sst_counters *counters,
				      u32 seq)
{
	const struct sst_replay *window = sst_counters_window(counters);

	if (window)
		return sst_replay_check(window, seq);
	return seq >= SST_COUNTERS_FEW ||
	       !(READ_ONCE(counters->few) & BIT_ULL(seq));
}

/**
 * sst_counters_take() - take a counter, once
 * @counters: those that came
 * @seq: counter of a packet whose tag has verified
 *
 * Return: 0 when the counter was free and is now taken, or the counter of the
 * reason to drop the packet: SST_A_STATS_RX_REPLAY or, without memory for a window,
 * SST_A_STATS_RX_NOMEM.
 */
static inline int sst_counters_take(struct sst_counters *counters, u32 seq)
{
	if (!counters->window)
		return sst_counters_take_few(counters, seq);
	return sst_replay_take(counters->window, seq) ? 0 :
							SST_A_STATS_RX_REPLAY;
}

#endif /* _SST_COUNTERS_H */
