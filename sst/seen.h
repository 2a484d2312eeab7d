/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SEEN_H
#define _SST_SEEN_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "openid.h"

/* Bound on the openings that a namespace remembers. */
#define SST_SEEN_MAX		65536

/**
 * enum sst_seen_verdict - may the payload of an opening be delivered at once?
 * @SST_SEEN_FRESH: yes
 * @SST_SEEN_STALE: no: it was taken before, nothing is fresh, or memory is
 *	short
 * @SST_SEEN_CLOCK: no: its time is outside of the window
 * @SST_SEEN_FORGOTTEN: no: others as new as it are forgotten, perhaps it is one
 *	of them
 */
enum sst_seen_verdict {
	SST_SEEN_FRESH,
	SST_SEEN_STALE,
	SST_SEEN_CLOCK,
	SST_SEEN_FORGOTTEN,
};

/**
 * struct sst_seen - openings that were taken as fresh (section 6.3)
 * @table: these, by association and salt
 * @order: these, in the order of insertion
 * @cursor: where sst_seen_expire() is in @order, or an empty list
 * @count: how many they are
 * @floor: openings up to this time are not fresh
 * @later_from: nor are those from here ...
 * @later_to: ... to here; 0 when there are none
 * @lock: protects all of it, lookups in @table included. Softirq-safe; inside
 *	it nest only the locks of the table itself.
 *
 * What is forgotten raises the floor, so nothing can be taken twice. Only when
 * the clock was set back, and what was taken before lies ahead of the window,
 * the floor stays: it would make openings stale until the clock is there again.
 * Instead the range of their times is kept.
 */
struct sst_seen {
	struct rhashtable table;
	struct list_head order;
	struct list_head cursor;
	unsigned int count;
	u64 floor;
	u64 later_from;
	u64 later_to;
	spinlock_t lock; /* see above */
};

int sst_seen_init(struct sst_seen *seen, time64_t now);
void sst_seen_exit(struct sst_seen *seen);
enum sst_seen_verdict sst_seen_take(struct sst_seen *seen,
				    const struct sst_open_id *id, u64 time,
				    u64 now, u32 window);
void sst_seen_end(struct sst_seen *seen, const struct sst_open_id *id, u64 time,
		  u64 now, u64 top);
u64 sst_seen_top(struct sst_seen *seen, const struct sst_open_id *id);
void sst_seen_expire(struct sst_seen *seen, u64 now, u32 window);

#endif /* _SST_SEEN_H */
