/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_WISH_H
#define _SST_WISH_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "subject.h"

struct cgroup;

/* Bounds on the cgroups with a wish, of one user and of all. */
#define SST_WISHES_PER_USER	256
#define SST_WISHES_MAX		4096

/**
 * struct sst_wish - what the sockets of a cgroup are to ask for
 * @node: entry in the table
 * @all: entry in the list
 * @rcu: to free it
 * @cgroup: the cgroup, held; all below it are meant, too
 * @user: who asked, see sst_wish_add()
 * @mode: SST_PREFER or SST_REQUIRE; grows only. WRITE_ONCE(), READ_ONCE()
 */
struct sst_wish {
	struct rhash_head node;
	struct list_head all;
	struct rcu_head rcu;
	struct cgroup *cgroup;
	kuid_t user;
	u8 mode;
};

/**
 * struct sst_wishes - the wishes that hold in a namespace
 * @table: by cgroup
 * @all: the same as a list
 * @count: how many; written under @lock, READ_ONCE() without
 * @deepest: no cgroup with a wish was ever deeper; as @count
 * @lock: serializes changes. Sleeps; inside it nest only the locks of @table.
 */
struct sst_wishes {
	struct rhashtable table;
	struct list_head all;
	unsigned int count;
	int deepest;
	struct mutex lock; /* see above */
};

int sst_wish_init(struct sst_wishes *wishes);
void sst_wish_exit(struct sst_wishes *wishes);
int sst_wish_add(struct sst_wishes *wishes, struct cgroup *cgroup, u8 mode,
		 kuid_t user);
/* One test, for those who would have to find out about a cgroup first. */
static inline bool sst_wish_is_any(const struct sst_wishes *wishes)
{
	return READ_ONCE(wishes->count);
}

u8 sst_wish_mode(struct sst_wishes *wishes, struct cgroup *cgroup);
const struct sst_wish *sst_wish_next(struct sst_wishes *wishes, u64 after);
void sst_wish_expire(struct sst_wishes *wishes);

#endif /* _SST_WISH_H */
