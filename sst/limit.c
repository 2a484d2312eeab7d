// SPDX-License-Identifier: GPL-2.0
/*
 * Sources that ask for cookies too often are ignored for a while (protocol
 * section 8). It is about INITs without a proof only: whoever has a cookie gets
 * in, no matter who asks in his name.
 */
#include <linux/build_bug.h>
#include <linux/jiffies.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "limit.h"
#include "source.h"

/* Sources forgotten before packets may pass. */
#define EXPIRE_BATCH	128

/* What one answer costs, in jiffies. */
#define TOKEN		(HZ / SST_LIMIT_PER_SECOND)

/**
 * struct limit - a bucket of SST_LIMIT_BURST tokens
 * @node: entry in the table
 * @order: entry in the list by last use
 * @key: the source
 * @full: jiffies when the bucket is full and the source as good as unknown. A
 *	bucket that lacks n tokens is full n TOKENs from now.
 * @ignored: nothing is given before that
 */
struct limit {
	struct rhash_head node;
	struct list_head order;
	struct sst_source_key key;
	unsigned long full;
	bool ignored;
};

static const struct rhashtable_params params = {
	.key_len = sizeof(struct sst_source_key),
	.key_offset = offsetof(struct limit, key),
	.head_offset = offsetof(struct limit, node),
	.automatic_shrinking = true,
};

/**
 * sst_limit_init() - no source is known
 * @limits: to initialize
 *
 * Return: 0, or -ENOMEM.
 */
int sst_limit_init(struct sst_limits *limits)
{
	/* A hole in the key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct sst_source_key) != 12);
	/* A bucket fills up while its source is ignored. */
	BUILD_BUG_ON(SST_LIMIT_BURST >
		     SST_LIMIT_IGNORE_SECONDS * SST_LIMIT_PER_SECOND);

	spin_lock_init(&limits->lock);
	INIT_LIST_HEAD(&limits->order);
	limits->count = 0;
	return rhashtable_init(&limits->table, &params);
}

static void free_limit(void *ptr, void *arg)
{
	kfree(ptr);
}

/**
 * sst_limit_exit() - forget all
 * @limits: used by no packet and no reaper any more
 */
void sst_limit_exit(struct sst_limits *limits)
{
	rhashtable_free_and_destroy(&limits->table, free_limit, NULL);
}

static struct limit *oldest(struct sst_limits *limits)
{
	return list_first_entry_or_null(&limits->order, struct limit, order);
}

/*
 * All lookups are under the lock, too, and the table's own work takes the locks
 * of its buckets: a removed entry is nobody else's.
 */
static void remove(struct sst_limits *limits, struct limit *limit)
{
	rhashtable_remove_fast(&limits->table, &limit->node, params);
	list_del(&limit->order);
	limits->count--;
	kfree(limit);
}

static struct limit *insert(struct sst_limits *limits,
			    const struct sst_source_key *key, unsigned long now)
{
	struct limit *limit;

	if (limits->count >= SST_LIMITS_MAX)
		remove(limits, oldest(limits));
	limit = kmalloc(sizeof(*limit), GFP_ATOMIC);
	if (!limit)
		return NULL;
	limit->key = *key;
	limit->full = now;
	limit->ignored = false;
	if (rhashtable_insert_fast(&limits->table, &limit->node, params)) {
		kfree(limit);
		return NULL;
	}
	list_add_tail(&limit->order, &limits->order);
	limits->count++;
	return limit;
}

static struct limit *get(struct sst_limits *limits,
			 const struct sst_source_key *key, unsigned long now)
{
	struct limit *limit;

	limit = rhashtable_lookup_fast(&limits->table, key, params);
	if (!limit)
		return insert(limits, key, now);
	list_move_tail(&limit->order, &limits->order);
	return limit;
}

static bool take(struct limit *limit, unsigned long now)
{
	if (!time_before(now, limit->full)) {
		limit->full = now;
		limit->ignored = false;
	}
	if (limit->ignored)
		return false;
	if (limit->full + TOKEN - now > SST_LIMIT_BURST * TOKEN) {
		limit->full = now + SST_LIMIT_IGNORE_SECONDS * HZ;
		limit->ignored = true;
		return false;
	}
	limit->full += TOKEN;
	return true;
}

/**
 * sst_limit_ask() - may an INIT without a valid cookie be answered with one?
 * @limits: sources of the namespace
 * @wire: tuple of the INIT; its remote address is the source
 * @now: jiffies
 *
 * To ask while ignored does not make it longer: others can ask in one's name.
 *
 * Return: false when the source asks too often, or memory is short.
 */
bool sst_limit_ask(struct sst_limits *limits, const struct sst_tuple *wire,
		   unsigned long now)
{
	struct sst_source_key key;
	struct limit *limit;
	bool may;

	sst_source_key(&key, wire);
	spin_lock_bh(&limits->lock);
	limit = get(limits, &key, now);
	may = limit && take(limit, now);
	spin_unlock_bh(&limits->lock);
	return may;
}

/*
 * The list is in the order of the last questions, which is nearly that in which
 * buckets are full: none waits behind another for longer than a source is
 * ignored.
 */
static bool expire_batch(struct sst_limits *limits, unsigned long now)
{
	struct limit *limit;
	int i;

	for (i = 0; i < EXPIRE_BATCH; i++) {
		limit = oldest(limits);
		if (!limit || time_before(now, limit->full))
			return false;
		remove(limits, limit);
	}
	return true;
}

/**
 * sst_limit_expire() - forget the sources whose buckets are full
 * @limits: sources of the namespace
 * @now: jiffies
 *
 * Process context, at least once in a while: jiffies wrap.
 */
void sst_limit_expire(struct sst_limits *limits, unsigned long now)
{
	bool more;

	do {
		spin_lock_bh(&limits->lock);
		more = expire_batch(limits, now);
		spin_unlock_bh(&limits->lock);
		cond_resched();
	} while (more);
}
