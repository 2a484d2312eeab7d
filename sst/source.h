/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SOURCE_H
#define _SST_SOURCE_H

#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>

#include "packet.h"

/**
 * struct sst_source_key - a source: an IPv4 address, or the first 64 bits of an
 *	IPv6 address, which is what one host can have without asking anybody
 * @prefix: these
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 */
struct sst_source_key {
	__be32 prefix[2];
	u32 family;
};

/**
 * struct sst_sources - how many flows each source opened to this namespace
 * @table: struct source by prefix
 * @lock: serializes all changes and the numbers. Softirq-safe; inside it nest
 *	the locks of the table.
 */
struct sst_sources {
	struct rhashtable table;
	spinlock_t lock; /* see above */
};

int sst_source_init(struct sst_sources *sources);
void sst_source_exit(struct sst_sources *sources);
bool sst_source_take(struct sst_sources *sources,
		     const struct sst_tuple *tuple, unsigned int max);
void sst_source_key(struct sst_source_key *key, const struct sst_tuple *tuple);
void sst_source_put(struct sst_sources *sources, const struct sst_tuple *tuple);

#endif /* _SST_SOURCE_H */
