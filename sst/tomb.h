/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_TOMB_H
#define _SST_TOMB_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>

#include "packet.h"
#include "portmap.h"

/* How long the real tuple of an ended flow is remembered (section 6.11). */
#define SST_TOMB_SECONDS	3600

/* Bound on the tombstones of a namespace. */
#define SST_TOMBS_MAX		65536

/**
 * struct sst_tomb - one real tuple
 * @node: entry in the table
 * @order: entry in the list by age
 * @real: the tuple
 * @until: jiffies64 when it is forgotten
 * @rcu: frees it
 */
struct sst_tomb {
	struct rhash_head node;
	struct list_head order;
	struct sst_tuple real;
	u64 until;
	struct rcu_head rcu;
};

/**
 * struct sst_tombs - real tuples of flows that have ended
 * @table: these, by tuple
 * @ports: local ports of these
 * @order: these, in the order of addition or renewal
 * @count: how many they are; written under @lock, read with READ_ONCE()
 * @lock: serializes changes. Softirq-safe; inside it nest only the locks of
 *	the table itself.
 *
 * Lookups are under RCU.
 */
struct sst_tombs {
	struct rhashtable table;
	struct sst_portmap ports;
	struct list_head order;
	unsigned int count;
	spinlock_t lock; /* see above */
};

/* May one of them have this local port, in host byte order? */
static inline bool sst_tombs_may_have(const struct sst_tombs *tombs, u16 port)
{
	return READ_ONCE(tombs->count) &&
	       sst_portmap_may_have(&tombs->ports, port);
}

int sst_tomb_init(struct sst_tombs *tombs);
void sst_tomb_exit(struct sst_tombs *tombs);
void sst_tomb_add(struct sst_tombs *tombs, const struct sst_tuple *real);
bool sst_tomb_has(struct sst_tombs *tombs, const struct sst_tuple *real);
void sst_tomb_lift(struct sst_tombs *tombs, const struct sst_tuple *real);
void sst_tomb_expire(struct sst_tombs *tombs);

#endif /* _SST_TOMB_H */
