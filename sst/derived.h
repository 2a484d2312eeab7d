/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_DERIVED_H
#define _SST_DERIVED_H

#include <linux/list.h>
#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>
#include <uapi/linux/sst_netlink.h>

#include "assoc.h"
#include "packet.h"
#include "source.h"

/**
 * struct sst_path - between which addresses an association opens flows
 * @local: address of this host
 * @remote: address of the peer
 * @peer_id: the peer
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @zero: padding; the whole structure is a hash key, so it is always 0
 */
struct sst_path {
	union nf_inet_addr local;
	union nf_inet_addr remote;
	u32 peer_id;
	u8 family;
	u8 zero[3];
};

/**
 * struct sst_derived - an association that two hosts made (protocol section 7)
 * @assoc: its keys; @assoc.id is its key in the table
 * @id_node: entry in the table by id
 * @path: where it was made
 * @path_node: entry in the table by path, when @listed
 * @listed: this host may open flows on it, and no newer one has the path;
 *	table lock
 * @opens: this host may open flows on it; immutable
 * @origin: enum sst_assoc_origin; immutable
 * @has_identity: the initiator proved one; immutable
 * @identity: its public key; immutable
 * @made: jiffies64; immutable
 * @lifetime: seconds from then in which flows are opened on it; immutable
 * @number: number in its namespace, not reused soon; for walks
 * @order: entry in the list of all, the oldest first; table lock
 * @source: tuple of the packet that made it, which counts against its source
 * @rcu: wipes and frees it
 *
 * Found under RCU and used only within that read section.
 */
struct sst_derived {
	struct sst_assoc assoc;
	struct rhash_head id_node;
	struct sst_path path;
	struct rhash_head path_node;
	bool listed;
	bool opens;
	u8 origin;
	bool has_identity;
	u8 identity[SST_PUBLIC_SIZE];
	u64 made;
	u32 lifetime;
	u32 number;
	struct list_head order;
	struct sst_tuple source;
	struct rcu_head rcu;
};

/**
 * struct sst_deriveds - the derived associations of a namespace
 * @by_id: by id
 * @by_path: by path, the newest of each
 * @by_number: by number
 * @last_number: number given last; @lock
 * @order: all, the oldest first; @lock
 * @count: how many; written under @lock, read with READ_ONCE()
 * @sources: how many each source made
 * @lock: serializes insertion and removal. Softirq-safe; inside it nest the
 *	locks of the tables and of @sources.
 */
struct sst_deriveds {
	struct rhashtable by_id;
	struct rhashtable by_path;
	struct xarray by_number;
	u32 last_number;
	struct list_head order;
	unsigned int count;
	struct sst_sources sources;
	spinlock_t lock; /* see above */
};

struct sst_net;

int sst_derived_init(struct sst_deriveds *deriveds);
void sst_derived_exit(struct sst_deriveds *deriveds);
struct sst_derived *sst_derived_new(const u8 secret[SST_SECRET_SIZE], u8 side,
				    u8 suite);
void sst_derived_free(struct sst_derived *derived);
bool sst_derived_add(struct sst_net *sn, struct sst_derived *derived);
void sst_derived_del(struct sst_net *sn, struct sst_derived *derived);
void sst_derived_flush(struct sst_net *sn, u32 peer_id);
void sst_derived_expire(struct sst_net *sn);
struct sst_derived *sst_derived_by_id(struct sst_deriveds *deriveds,
				      const u8 id[SST_ASSOC_ID_SIZE]);
struct sst_derived *sst_derived_by_path(struct sst_deriveds *deriveds,
					const struct sst_tuple *tuple,
					u32 peer_id);
bool sst_derived_is_current(const struct sst_derived *derived);
struct sst_derived *sst_derived_next(struct sst_deriveds *deriveds, u32 from);

#endif /* _SST_DERIVED_H */
