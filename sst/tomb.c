// SPDX-License-Identifier: GPL-2.0
/*
 * Tombstones (protocol section 6.11): real tuples of flows that have ended. A
 * late packet of such a flow would tell its ports when it left in the clear.
 */
#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "tomb.h"
#include "tuplehash.h"

/* Tombstones removed before packets may pass. */
#define EXPIRE_BATCH	128

/* How many of the oldest may make room for one when memory is short. */
#define RECYCLE_MAX	16

static const struct rhashtable_params params = {
	.hashfn = sst_tuple_hash,
	.obj_cmpfn = sst_tuple_compare,
	.key_len = sizeof(struct sst_tuple),
	.key_offset = offsetof(struct sst_tomb, real),
	.head_offset = offsetof(struct sst_tomb, node),
	.automatic_shrinking = true,
};

int sst_tomb_init(struct sst_tombs *tombs)
{
	spin_lock_init(&tombs->lock);
	INIT_LIST_HEAD(&tombs->order);
	tombs->count = 0;
	return rhashtable_init(&tombs->table, &params);
}

static void free_tomb(void *ptr, void *arg)
{
	kfree(ptr);
}

/* No packet and no reaper uses them any more. */
void sst_tomb_exit(struct sst_tombs *tombs)
{
	rhashtable_free_and_destroy(&tombs->table, free_tomb, NULL);
	sst_portmap_free(&tombs->ports);
}

static void unlink_tomb(struct sst_tombs *tombs, struct sst_tomb *tomb)
{
	rhashtable_remove_fast(&tombs->table, &tomb->node, params);
	sst_portmap_del(&tombs->ports, &tomb->real);
	list_del(&tomb->order);
	WRITE_ONCE(tombs->count, tombs->count - 1);
}

static struct sst_tomb *oldest(struct sst_tombs *tombs)
{
	return list_first_entry_or_null(&tombs->order, struct sst_tomb, order);
}

static void renew(struct sst_tombs *tombs, struct sst_tomb *tomb)
{
	WRITE_ONCE(tomb->until, get_jiffies_64() + SST_TOMB_SECONDS * HZ);
	list_move_tail(&tomb->order, &tombs->order);
}

static bool link_tomb(struct sst_tombs *tombs, struct sst_tomb *tomb)
{
	sst_portmap_add(&tombs->ports, &tomb->real);
	if (rhashtable_insert_fast(&tombs->table, &tomb->node, params)) {
		sst_portmap_del(&tombs->ports, &tomb->real);
		return false;
	}
	INIT_LIST_HEAD(&tomb->order);
	renew(tombs, tomb);
	WRITE_ONCE(tombs->count, tombs->count + 1);
	return true;
}

/*
 * The oldest one, to be used again at once. A reader may stand on it: it then
 * goes on in another chain of the table, which rhashtable lookups notice by the
 * mark at its end and begin anew. A tuple that changes under its eyes was about
 * to be forgotten, or is only now remembered.
 */
static struct sst_tomb *recycle(struct sst_tombs *tombs)
{
	struct sst_tomb *tomb = oldest(tombs);

	if (tomb)
		unlink_tomb(tombs, tomb);
	return tomb;
}

/* Not to be remembered would tell ports: older ones make room. */
static void add(struct sst_tombs *tombs, const struct sst_tuple *real)
{
	struct sst_tomb *tomb = NULL;
	int i;

	if (tombs->count < SST_TOMBS_MAX)
		tomb = kmalloc(sizeof(*tomb), GFP_ATOMIC);
	if (!tomb)
		tomb = recycle(tombs);
	for (i = 0; tomb && i < RECYCLE_MAX; i++) {
		tomb->real = *real;
		if (link_tomb(tombs, tomb))
			return;
		/* The table has no memory to grow: fewer fit as it is. */
		kfree_rcu(tomb, rcu);
		tomb = recycle(tombs);
	}
	if (tomb)
		kfree_rcu(tomb, rcu);
}

/**
 * sst_tomb_add() - remember the real tuple of a flow that has ended
 * @tombs: tombstones of the namespace
 * @real: the tuple
 *
 * For SST_TOMB_SECONDS from now on, also when it was remembered before.
 */
void sst_tomb_add(struct sst_tombs *tombs, const struct sst_tuple *real)
{
	struct sst_tomb *tomb;

	spin_lock_bh(&tombs->lock);
	tomb = rhashtable_lookup_fast(&tombs->table, real, params);
	if (tomb)
		renew(tombs, tomb);
	else
		add(tombs, real);
	spin_unlock_bh(&tombs->lock);
}

/**
 * sst_tomb_has() - is this the real tuple of a flow that has ended?
 * @tombs: tombstones of the namespace
 * @real: the tuple
 *
 * Return: true when it is remembered.
 */
bool sst_tomb_has(struct sst_tombs *tombs, const struct sst_tuple *real)
{
	const struct sst_tomb *tomb;
	bool has;

	if (!READ_ONCE(tombs->count))
		return false;
	rcu_read_lock();
	tomb = rhashtable_lookup(&tombs->table, real, params);
	has = tomb && time_before64(get_jiffies_64(), READ_ONCE(tomb->until));
	rcu_read_unlock();
	return has;
}

/**
 * sst_tomb_lift() - forget a tuple: the peer uses it in clear
 * @tombs: tombstones of the namespace
 * @real: the tuple
 */
void sst_tomb_lift(struct sst_tombs *tombs, const struct sst_tuple *real)
{
	struct sst_tomb *tomb;

	if (!READ_ONCE(tombs->count))
		return;
	spin_lock_bh(&tombs->lock);
	tomb = rhashtable_lookup_fast(&tombs->table, real, params);
	if (tomb) {
		unlink_tomb(tombs, tomb);
		kfree_rcu(tomb, rcu);
	}
	spin_unlock_bh(&tombs->lock);
}

/* All live equally long: the list is in the order in which they end. */
static bool expire_batch(struct sst_tombs *tombs, u64 now)
{
	struct sst_tomb *tomb;
	int i;

	for (i = 0; i < EXPIRE_BATCH; i++) {
		tomb = oldest(tombs);
		if (!tomb || time_before64(now, tomb->until))
			return false;
		unlink_tomb(tombs, tomb);
		kfree_rcu(tomb, rcu);
	}
	return true;
}

/**
 * sst_tomb_expire() - forget the tuples whose time has come
 * @tombs: tombstones of the namespace
 *
 * Process context.
 */
void sst_tomb_expire(struct sst_tombs *tombs)
{
	u64 now = get_jiffies_64();
	bool more;

	do {
		spin_lock_bh(&tombs->lock);
		more = expire_batch(tombs, now);
		spin_unlock_bh(&tombs->lock);
		cond_resched();
	} while (more);
}
