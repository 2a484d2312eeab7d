/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_FLOWTABLE_H
#define _SST_FLOWTABLE_H

#include <linux/limits.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/xarray.h>

#include "flow.h"
#include "portmap.h"
#include "recent.h"

/* Flows are numbered from 1 to this. */
#define SST_FLOW_ID_MAX	S32_MAX

/**
 * struct sst_flowtable - the flows of one namespace, found four ways
 * @by_wire: struct sst_wire by tuple; the receiving path. Several flows that
 *	wait for confirmation may share one tuple.
 * @by_real: by real tuple; the sending path and the guard
 * @ports: local ports of both
 * @recent_wires: in front of @by_wire: the newest of a tuple, which is the head of
 *	its list there; written under @lock
 * @recent_real: in front of @by_real; written under @lock
 * @by_open: struct sst_named of responders' openings by id
 * @by_id: by identifier; netlink
 * @last_id: identifier given last; @lock
 * @count: flows in the table; written under @lock, read with READ_ONCE()
 * @waiting: flows that others opened and did not confirm, oldest first; @lock
 * @waiting_count: how many these are; @lock
 * @ended: wire tuples of flows that ended, oldest first; @lock
 * @ended_count: how many these are; @lock
 * @lock: serializes insertion and removal in all of them. Softirq-safe; inside
 *	it nest the locks of the tables themselves and those of flows.
 *
 * Lookups are under RCU. Removal unlinks a flow from all of them before it is
 * freed a grace period later.
 */
struct sst_flowtable {
	struct rhltable by_wire;
	struct rhashtable by_real;
	struct sst_portmap ports;
	struct sst_recent recent_wires;
	struct sst_recent recent_real;
	struct rhltable by_open;
	struct xarray by_id;
	u32 last_id;
	unsigned int count;
	struct list_head waiting;
	unsigned int waiting_count;
	struct list_head ended;
	unsigned int ended_count;
	spinlock_t lock; /* see above */
};

/**
 * enum sst_flow_clash - why a flow cannot be added
 * @SST_CLASH_NONE: it can
 * @SST_CLASH_REAL: another flow has this real tuple
 * @SST_CLASH_WIRE: another flow has this wire tuple
 * @SST_CLASH_REAL_IS_WIRE: its real tuple is the wire tuple of another flow
 * @SST_CLASH_WIRE_IS_REAL: its wire tuple is the real tuple of another flow
 * @SST_CLASH_OPEN: this opening has a flow on this wire tuple
 * @SST_CLASH_WAITING: as many flows as may wait on one wire tuple
 * @SST_CLASH_SOURCE: the peer's address has opened as many flows as it may
 * @SST_CLASH_FULL: the namespace has as many flows as it may
 * @SST_CLASH_NOMEM: no memory
 *
 * A tuple that is real for one flow and wire for another would seal packets
 * that are sealed already.
 */
enum sst_flow_clash {
	SST_CLASH_NONE,
	SST_CLASH_REAL,
	SST_CLASH_WIRE,
	SST_CLASH_REAL_IS_WIRE,
	SST_CLASH_WIRE_IS_REAL,
	SST_CLASH_OPEN,
	SST_CLASH_WAITING,
	SST_CLASH_SOURCE,
	SST_CLASH_FULL,
	SST_CLASH_NOMEM,
};

int sst_flowtable_init(struct sst_flowtable *table);
void sst_flowtable_exit(struct sst_flowtable *table);
enum sst_flow_clash sst_flowtable_clash(struct sst_flowtable *table,
					const struct sst_tuple *real,
					const struct sst_tuple *wire, u32 max);
enum sst_flow_clash sst_flowtable_add(struct sst_flowtable *table,
				      struct sst_flow *flow, u32 max);
enum sst_flow_clash sst_flowtable_replace(struct sst_flowtable *table,
					  struct sst_flow *old,
					  struct sst_flow *flow, u32 max);
bool sst_flowtable_del(struct sst_flowtable *table, struct sst_flow *flow);
bool sst_flowtable_confirm(struct sst_flowtable *table, struct sst_flow *flow);
int sst_flowtable_rebind(struct sst_flowtable *table, struct sst_flow *flow,
			 const struct sst_tuple *wire);
struct sst_flow *sst_flowtable_oldest_waiting(struct sst_flowtable *table);
void sst_flowtable_expire(struct sst_flowtable *table);

/*
 * One test: is there no flow, nor a wire tuple of one that has ended? Each flow has
 * one, which is the last that its insertion adds, and leaves it behind.
 */
static inline bool sst_flowtable_is_empty(const struct sst_flowtable *table)
{
	return !atomic_read(&table->by_wire.ht.nelems);
}

/* May there be one with this local port, in host byte order? */
static inline bool sst_flowtable_may_have(const struct sst_flowtable *table,
					  u16 port)
{
	return !sst_flowtable_is_empty(table) &&
	       sst_portmap_may_have(&table->ports, port);
}

struct rhlist_head *sst_flowtable_wires(struct sst_flowtable *table,
					const struct sst_tuple *wire);
bool sst_flowtable_wire_in_use(struct sst_flowtable *table,
			       const struct sst_tuple *wire);
struct sst_flow *sst_flowtable_owner(struct rhlist_head *wires);
struct sst_flow *sst_flowtable_by_wire(struct sst_flowtable *table,
				       const struct sst_tuple *wire);
struct sst_flow *sst_flowtable_by_real(struct sst_flowtable *table,
				       const struct sst_tuple *real);
struct rhlist_head *sst_flowtable_openings(struct sst_flowtable *table,
					   const struct sst_open_id *id);
struct sst_flow *sst_flowtable_by_id(struct sst_flowtable *table, u32 id);
struct sst_flow *sst_flowtable_next(struct sst_flowtable *table, u32 from);

#endif /* _SST_FLOWTABLE_H */
