/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_LIMIT_H
#define _SST_LIMIT_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>

#include "packet.h"

/* What a source may ask for, and for how long it is ignored beyond that. */
#define SST_LIMIT_BURST			20
#define SST_LIMIT_PER_SECOND		5
#define SST_LIMIT_IGNORE_SECONDS	10

/* Bound on the sources that a namespace remembers. */
#define SST_LIMITS_MAX			8192

/**
 * struct sst_limits - which sources sent INITs without a cookie, and how often
 * @table: these, by prefix
 * @order: these, in the order in which they asked last
 * @count: how many they are
 * @lock: protects all of it, lookups in @table included. Softirq-safe; inside
 *	it nest only the locks of the table itself.
 *
 * A source is an IPv4 address or the first 64 bits of an IPv6 address.
 */
struct sst_limits {
	struct rhashtable table;
	struct list_head order;
	unsigned int count;
	spinlock_t lock; /* see above */
};

int sst_limit_init(struct sst_limits *limits);
void sst_limit_exit(struct sst_limits *limits);
bool sst_limit_ask(struct sst_limits *limits, const struct sst_tuple *wire,
		   unsigned long now);
void sst_limit_expire(struct sst_limits *limits, unsigned long now);

#endif /* _SST_LIMIT_H */
