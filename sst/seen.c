// SPDX-License-Identifier: GPL-2.0
/*
 * Which openings were taken at once (protocol section 6.3): the payload of an
 * opening reaches the stack before the peer has confirmed the flow, and it may
 * take the place of another, so a copy of it must do neither. Bounded in number
 * and in time; what does not fit costs a round trip, never a replay.
 */
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "seen.h"

/* Entries that are no longer needed, removed with each new one. */
#define EXPIRE_AT_ONCE	4

/* Entries that the reaper looks at before it lets packets pass. */
#define EXPIRE_BATCH	128

/**
 * struct seen_entry - one opening
 * @node: entry in the table
 * @order: entry in the list by age
 * @key: the opening
 * @time: when it was made, as it says itself
 * @top: one more than the highest counter of it that a flow took which has
 *	ended, 0 for none
 * @never_fresh: it is here for @top only. Its time may be anything that a peer
 *	says: forgetting one that lies ahead changes nothing for others.
 */
struct seen_entry {
	struct rhash_head node;
	struct list_head order;
	struct sst_open_id key;
	u64 time;
	u64 top;
	bool never_fresh;
};

static const struct rhashtable_params params = {
	.hashfn = sst_open_id_hash,
	.obj_cmpfn = sst_open_id_compare,
	.key_len = sizeof(struct sst_open_id),
	.key_offset = offsetof(struct seen_entry, key),
	.head_offset = offsetof(struct seen_entry, node),
	.automatic_shrinking = true,
};

int sst_seen_init(struct sst_seen *seen, time64_t now)
{
	spin_lock_init(&seen->lock);
	INIT_LIST_HEAD(&seen->order);
	INIT_LIST_HEAD(&seen->cursor);
	seen->count = 0;
	/* What was taken before is not known any more. */
	seen->floor = max_t(time64_t, now, 0);
	seen->later_from = 0;
	seen->later_to = 0;
	return rhashtable_init(&seen->table, &params);
}

static void free_entry(void *ptr, void *arg)
{
	kfree(ptr);
}

/* No packet and no reaper uses it any more. */
void sst_seen_exit(struct sst_seen *seen)
{
	rhashtable_free_and_destroy(&seen->table, free_entry, NULL);
}

static bool in_window(u64 time, u64 now, u32 window)
{
	return (time > now ? time - now : now - time) <= window;
}

static void raise_floor(struct sst_seen *seen, u64 time)
{
	seen->floor = max(seen->floor, time);
}

/* One that lies ahead is forgotten, because the clock was set back. */
static void extend_later(struct sst_seen *seen, u64 time)
{
	if (!seen->later_to) {
		seen->later_from = time;
		seen->later_to = time;
		return;
	}
	seen->later_from = min(seen->later_from, time);
	seen->later_to = max(seen->later_to, time);
}

/*
 * All lookups are under the lock, too, and the table's own work takes the locks
 * of its buckets: a removed entry is nobody else's.
 */
static void remove(struct sst_seen *seen, struct seen_entry *entry)
{
	rhashtable_remove_fast(&seen->table, &entry->node, params);
	list_del(&entry->order);
	seen->count--;
}

/* Remove an entry whose time is outside of the window; false when it is not. */
static bool expire(struct sst_seen *seen, struct seen_entry *entry, u64 now,
		   u32 window)
{
	if (in_window(entry->time, now, window))
		return false;
	/* It may come into the window one day. */
	if (entry->never_fresh && entry->time > now)
		return false;
	if (entry->time > now)
		extend_later(seen, entry->time);
	else
		raise_floor(seen, entry->time);
	remove(seen, entry);
	kfree(entry);
	return true;
}

static struct seen_entry *oldest(struct sst_seen *seen)
{
	struct list_head *first = seen->order.next;

	if (first == &seen->cursor)
		first = first->next;
	if (first == &seen->order)
		return NULL;
	return list_entry(first, struct seen_entry, order);
}

static void expire_some(struct sst_seen *seen, u64 now, u32 window)
{
	struct seen_entry *entry;
	int i;

	for (i = 0; i < EXPIRE_AT_ONCE; i++) {
		entry = oldest(seen);
		if (!entry || !expire(seen, entry, now, window))
			return;
	}
}

/*
 * The oldest entry makes room for another one before its time. A re-opening is
 * never asked whether it is fresh, and may be.
 */
static struct seen_entry *recycle(struct sst_seen *seen, u64 now)
{
	struct seen_entry *entry = oldest(seen);

	if (!entry)
		return NULL;
	if (!entry->never_fresh || entry->time <= now)
		raise_floor(seen, entry->time);
	remove(seen, entry);
	return entry;
}

/* As new as some that are not known any more. */
static bool is_forgotten(const struct sst_seen *seen, u64 time)
{
	return time <= seen->floor ||
	       (seen->later_to && time >= seen->later_from &&
		time <= seen->later_to);
}

static enum sst_seen_verdict judge(struct sst_seen *seen,
				   const struct sst_open_id *key, u64 time,
				   u64 now, u32 window)
{
	if (!window || rhashtable_lookup_fast(&seen->table, key, params))
		return SST_SEEN_STALE;
	if (!in_window(time, now, window))
		return SST_SEEN_CLOCK;
	return is_forgotten(seen, time) ? SST_SEEN_FORGOTTEN : SST_SEEN_FRESH;
}

static struct seen_entry *insert(struct sst_seen *seen,
				 const struct sst_open_id *key, u64 time,
				 u64 now)
{
	struct seen_entry *entry = NULL;

	if (seen->count < SST_SEEN_MAX)
		entry = kmalloc(sizeof(*entry), GFP_ATOMIC);
	if (!entry)
		entry = recycle(seen, now);
	if (!entry)
		return NULL;
	entry->key = *key;
	entry->time = time;
	entry->top = 0;
	entry->never_fresh = false;
	if (rhashtable_insert_fast(&seen->table, &entry->node, params)) {
		kfree(entry);
		return NULL;
	}
	list_add_tail(&entry->order, &seen->order);
	seen->count++;
	return entry;
}

/**
 * sst_seen_take() - take an opening, once
 * @seen: openings of the namespace
 * @id: the opening
 * @time: when it was made, as it says itself
 * @now: Unix time
 * @window: seconds by which the two may differ; 0 when nothing is fresh
 *
 * Return: SST_SEEN_FRESH when its payload may be delivered at once; no second
 * call says so of the same opening. Else why not.
 */
enum sst_seen_verdict sst_seen_take(struct sst_seen *seen,
				    const struct sst_open_id *id, u64 time,
				    u64 now, u32 window)
{
	enum sst_seen_verdict verdict;

	spin_lock_bh(&seen->lock);
	expire_some(seen, now, window);
	verdict = judge(seen, id, time, now, window);
	if (verdict == SST_SEEN_FRESH && !insert(seen, id, time, now))
		verdict = SST_SEEN_STALE;
	spin_unlock_bh(&seen->lock);
	return verdict;
}

/**
 * sst_seen_end() - a flow that an opening made has ended
 * @seen: openings of the namespace
 * @id: the opening
 * @time: when it was made, as it says itself
 * @now: Unix time
 * @top: one more than the highest counter of it that the flow took
 *
 * The flow's replay window goes with it. Should the same opening make another
 * flow, what this one took must not be delivered again.
 */
void sst_seen_end(struct sst_seen *seen, const struct sst_open_id *id, u64 time,
		  u64 now, u64 top)
{
	struct seen_entry *entry;

	spin_lock_bh(&seen->lock);
	entry = rhashtable_lookup_fast(&seen->table, id, params);
	if (!entry) {
		entry = insert(seen, id, time, now);
		if (entry)
			entry->never_fresh = true;
	}
	if (entry)
		entry->top = max(entry->top, top);
	spin_unlock_bh(&seen->lock);
}

/**
 * sst_seen_top() - counters of an opening that earlier flows took
 * @seen: openings of the namespace
 * @id: the opening
 *
 * Return: one more than the highest, 0 for none.
 */
u64 sst_seen_top(struct sst_seen *seen, const struct sst_open_id *id)
{
	const struct seen_entry *entry;
	u64 top;

	spin_lock_bh(&seen->lock);
	entry = rhashtable_lookup_fast(&seen->table, id, params);
	top = entry ? entry->top : 0;
	spin_unlock_bh(&seen->lock);
	return top;
}

/* Look at the entries behind the cursor. Returns false at the end. */
static bool expire_batch(struct sst_seen *seen, u64 now, u32 window)
{
	struct list_head *next;
	int i;

	for (i = 0; i < EXPIRE_BATCH; i++) {
		next = seen->cursor.next;
		if (next == &seen->order) {
			list_del_init(&seen->cursor);
			return false;
		}
		if (!expire(seen, list_entry(next, struct seen_entry, order),
			    now, window))
			list_move(&seen->cursor, next);
	}
	return true;
}

/**
 * sst_seen_expire() - forget the openings that are outside of the window
 * @seen: openings of the namespace
 * @now: Unix time
 * @window: seconds by which times may differ
 *
 * Process context; one caller at a time.
 */
void sst_seen_expire(struct sst_seen *seen, u64 now, u32 window)
{
	bool more;

	spin_lock_bh(&seen->lock);
	/* The range has come to an end: the window is beyond it. */
	if (seen->later_to && now > seen->later_to &&
	    !in_window(seen->later_to, now, window)) {
		raise_floor(seen, seen->later_to);
		seen->later_from = 0;
		seen->later_to = 0;
	}
	list_add(&seen->cursor, &seen->order);
	spin_unlock_bh(&seen->lock);
	do {
		spin_lock_bh(&seen->lock);
		more = expire_batch(seen, now, window);
		spin_unlock_bh(&seen->lock);
		cond_resched();
	} while (more);
}
