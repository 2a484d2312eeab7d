/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_JAR_H
#define _SST_JAR_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "cookie.h"
#include "packet.h"

/* Bound on the cookies that a namespace keeps. */
#define SST_JAR_MAX		4096

/* No cookie is kept for longer, whatever its responder says. */
#define SST_JAR_TTL_MAX		3600

/**
 * struct sst_jar - cookies that this host got as an initiator
 * @table: these, by pair of addresses
 * @order: these, in the order in which they came
 * @cursor: where sst_jar_expire() is in @order, or an empty list
 * @count: how many they are
 * @lock: protects all of it, lookups in @table included. Softirq-safe; inside
 *	it nest only the locks of the table itself.
 */
struct sst_jar {
	struct rhashtable table;
	struct list_head order;
	struct list_head cursor;
	unsigned int count;
	spinlock_t lock; /* see above */
};

int sst_jar_init(struct sst_jar *jar);
void sst_jar_exit(struct sst_jar *jar);
void sst_jar_put(struct sst_jar *jar, const struct sst_tuple *tuple,
		 const struct sst_cookie_box *cookie, u64 now);
bool sst_jar_get(struct sst_jar *jar, const struct sst_tuple *tuple,
		 struct sst_cookie_box *cookie, u64 now);
void sst_jar_del(struct sst_jar *jar, const struct sst_tuple *tuple);
void sst_jar_clear(struct sst_jar *jar);
void sst_jar_expire(struct sst_jar *jar, u64 now);

#endif /* _SST_JAR_H */
