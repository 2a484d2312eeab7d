// SPDX-License-Identifier: GPL-2.0
/* The flows of a namespace. Knows nothing of keys. */
#include <linux/jiffies.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "flowtable.h"
#include "state.h"
#include "tuplehash.h"

/*
 * Wire tuples of ended flows that are remembered at most; beyond it the oldest
 * is free early.
 */
#define ENDED_MAX	131072

/* How many of them one step of the reaper frees under the lock. */
#define EXPIRE_BATCH	256

static const struct rhashtable_params wire_params = {
	.hashfn = sst_tuple_hash,
	.obj_cmpfn = sst_tuple_compare,
	.key_len = sizeof(struct sst_tuple),
	.key_offset = offsetof(struct sst_wire, tuple),
	.head_offset = offsetof(struct sst_wire, node),
	.automatic_shrinking = true,
};

static const struct rhashtable_params real_params = {
	.hashfn = sst_tuple_hash,
	.obj_cmpfn = sst_tuple_compare,
	.key_len = sizeof(struct sst_tuple),
	.key_offset = offsetof(struct sst_flow, real),
	.head_offset = offsetof(struct sst_flow, real_node),
	.automatic_shrinking = true,
};

static const struct rhashtable_params open_params = {
	.hashfn = sst_open_id_hash,
	.obj_cmpfn = sst_open_id_compare,
	.key_len = sizeof(struct sst_open_id),
	.key_offset = offsetof(struct sst_named, id),
	.head_offset = offsetof(struct sst_named, node),
	.automatic_shrinking = true,
};

int sst_flowtable_init(struct sst_flowtable *table)
{
	int err;

	/* A hole in a key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct sst_tuple) != 40);
	BUILD_BUG_ON(sizeof(struct sst_open_id) != 40);

	spin_lock_init(&table->lock);
	INIT_LIST_HEAD(&table->waiting);
	INIT_LIST_HEAD(&table->ended);
	xa_init_flags(&table->by_id, XA_FLAGS_LOCK_BH);
	err = rhltable_init(&table->by_wire, &wire_params);
	if (err)
		return err;
	err = rhashtable_init(&table->by_real, &real_params);
	if (err)
		goto no_real;
	err = rhltable_init(&table->by_open, &open_params);
	if (err)
		goto no_open;
	return 0;

no_open:
	rhashtable_destroy(&table->by_real);
no_real:
	rhltable_destroy(&table->by_wire);
	return err;
}

/* Each entry of the tables by tuple comes and goes by these; table lock. */
static int link_wire(struct sst_flowtable *table, struct sst_wire *wire)
{
	int err;

	sst_portmap_add(&table->ports, &wire->tuple);
	err = rhltable_insert(&table->by_wire, &wire->node, wire_params);
	if (err)
		sst_portmap_del(&table->ports, &wire->tuple);
	else
		sst_recent_add(&table->recent_wires, &wire->tuple);
	return err;
}

static void unlink_wire(struct sst_flowtable *table, struct sst_wire *wire)
{
	sst_recent_del(&table->recent_wires, &wire->tuple);
	rhltable_remove(&table->by_wire, &wire->node, wire_params);
	sst_portmap_del(&table->ports, &wire->tuple);
}

static int link_real(struct sst_flowtable *table, struct sst_flow *flow)
{
	int err;

	sst_portmap_add(&table->ports, &flow->real);
	err = rhashtable_lookup_insert_fast(&table->by_real, &flow->real_node,
					    real_params);
	if (err)
		sst_portmap_del(&table->ports, &flow->real);
	else
		sst_recent_add(&table->recent_real, &flow->real);
	return err;
}

static void unlink_real(struct sst_flowtable *table, struct sst_flow *flow)
{
	sst_recent_del(&table->recent_real, &flow->real);
	rhashtable_remove_fast(&table->by_real, &flow->real_node, real_params);
	sst_portmap_del(&table->ports, &flow->real);
}

/* A wire tuple that a flow left behind is free again. */
static void forget_wire(struct sst_flowtable *table, struct sst_wire *wire)
{
	list_del(&wire->ended);
	table->ended_count--;
	unlink_wire(table, wire);
	kfree_rcu(wire, rcu);
}

/* Forget ended wire tuples, in batches: softirqs wait meanwhile. */
static void forget(struct sst_flowtable *table, bool due)
{
	struct sst_wire *wire;
	unsigned int n;

	do {
		spin_lock_bh(&table->lock);
		for (n = 0; n < EXPIRE_BATCH; n++) {
			wire = list_first_entry_or_null(&table->ended,
							struct sst_wire, ended);
			if (!wire || (due && time_before(jiffies, wire->until)))
				break;
			forget_wire(table, wire);
		}
		spin_unlock_bh(&table->lock);
		cond_resched();
	} while (n == EXPIRE_BATCH);
}

/* The table is empty: its owner has removed every flow. */
void sst_flowtable_exit(struct sst_flowtable *table)
{
	forget(table, false);
	rhltable_destroy(&table->by_open);
	rhashtable_destroy(&table->by_real);
	rhltable_destroy(&table->by_wire);
	xa_destroy(&table->by_id);
	sst_portmap_free(&table->ports);
}

/**
 * sst_flowtable_wire_in_use() - is this the wire tuple of a live flow?
 * @table: flows of the namespace
 * @tuple: as this host sees it on the wire
 *
 * The caller is in an RCU read section.
 *
 * Return: true when there is one, whether it is confirmed or waits.
 */
bool sst_flowtable_wire_in_use(struct sst_flowtable *table,
			       const struct sst_tuple *tuple)
{
	struct rhlist_head *list, *pos;
	struct sst_wire *wire;

	list = sst_flowtable_wires(table, tuple);
	rhl_for_each_entry_rcu(wire, pos, list, node)
		if (rcu_access_pointer(wire->flow))
			return true;
	return false;
}

/* All of sst_flowtable_clash() but whether the wire tuple itself is taken. */
static enum sst_flow_clash clash_beside_wire(struct sst_flowtable *table,
					     const struct sst_tuple *real,
					     const struct sst_tuple *wire,
					     u32 max)
{
	if (sst_flowtable_by_real(table, real))
		return SST_CLASH_REAL;
	if (sst_flowtable_by_wire(table, real))
		return SST_CLASH_REAL_IS_WIRE;
	if (sst_flowtable_by_real(table, wire))
		return SST_CLASH_WIRE_IS_REAL;
	return READ_ONCE(table->count) < max ? SST_CLASH_NONE : SST_CLASH_FULL;
}

/**
 * sst_flowtable_clash() - would a flow with these tuples be in the way?
 * @table: flows of the namespace
 * @real: its real tuple
 * @wire: its wire tuple
 * @max: bound on the flows of the namespace
 *
 * For a flow that is to own both tuples from its start.
 *
 * Return: SST_CLASH_NONE, or why it cannot be added.
 */
enum sst_flow_clash sst_flowtable_clash(struct sst_flowtable *table,
					const struct sst_tuple *real,
					const struct sst_tuple *wire, u32 max)
{
	enum sst_flow_clash clash;

	rcu_read_lock();
	clash = clash_beside_wire(table, real, wire, max);
	if (clash != SST_CLASH_REAL && sst_flowtable_wire_in_use(table, wire))
		clash = SST_CLASH_WIRE;
	rcu_read_unlock();
	return clash;
}

/* Whoever recorded one opening may send it from any number of addresses. */
static bool has_many_flows(struct sst_flowtable *table,
			   const struct sst_open_id *id)
{
	struct rhlist_head *list, *pos;
	struct sst_named *named;
	unsigned int n = 0;

	list = sst_flowtable_openings(table, id);
	rhl_for_each_entry_rcu(named, pos, list, node)
		n++;
	return n >= SST_FLOWS_PER_OPENING;
}

/* The same for a flow that a peer opened; it may share its wire tuple. */
static enum sst_flow_clash clash_waiting(struct sst_flowtable *table,
					 const struct sst_flow *flow, u32 max)
{
	struct rhlist_head *list, *pos;
	const struct sst_flow *other;
	unsigned int waiting = 0;
	struct sst_wire *wire;

	list = sst_flowtable_wires(table, &flow->wire_entry->tuple);
	rhl_for_each_entry_rcu(wire, pos, list, node) {
		other = rcu_dereference(wire->flow);
		if (!other)
			continue;
		if (sst_flow_owns_wire(other))
			return SST_CLASH_WIRE;
		if (sst_open_id_equal(&other->opening->first.id,
				      &flow->opening->first.id))
			return SST_CLASH_OPEN;
		waiting++;
	}
	/* sst_admit() has just seen that a fresh one has none. */
	if (waiting >= SST_UNCONFIRMED_PER_TUPLE ||
	    (!flow->opening->fresh &&
	     has_many_flows(table, &flow->opening->first.id)))
		return SST_CLASH_WAITING;
	if (flow->lists_real && sst_flowtable_by_real(table, &flow->real))
		return SST_CLASH_REAL;
	if (sst_flowtable_wire_in_use(table, &flow->real))
		return SST_CLASH_REAL_IS_WIRE;
	if (sst_flowtable_by_real(table, &flow->wire_entry->tuple))
		return SST_CLASH_WIRE_IS_REAL;
	if (table->count >= max)
		return SST_CLASH_FULL;
	return SST_CLASH_NONE;
}

/*
 * The same for one of this host: its wire ports, drawn at random, stay away from
 * those of ended flows.
 */
static enum sst_flow_clash clash_drawn(struct sst_flowtable *table,
				       const struct sst_flow *flow, u32 max)
{
	const struct sst_tuple *wire = &flow->wire_entry->tuple;

	return sst_flowtable_wires(table, wire) ?
	       SST_CLASH_WIRE :
	       clash_beside_wire(table, &flow->real, wire, max);
}

static enum sst_flow_clash clash_of(struct sst_flowtable *table,
				    const struct sst_flow *flow, u32 max)
{
	enum sst_flow_clash clash;

	rcu_read_lock();
	if (flow->role == SST_FLOW_ROLE_RESPONDER)
		clash = clash_waiting(table, flow, max);
	else if (flow->role == SST_FLOW_ROLE_INITIATOR)
		clash = clash_drawn(table, flow, max);
	else
		clash = sst_flowtable_clash(table, &flow->real,
					    &flow->wire_entry->tuple, max);
	rcu_read_unlock();
	return clash;
}

/*
 * The next number that is free. They come round after 2^31 flows: until then it is
 * the first that is tried, so that there is no need to look for one.
 */
static int link_id(struct sst_flowtable *table, struct sst_flow *flow)
{
	int err;

	do {
		table->last_id = table->last_id < SST_FLOW_ID_MAX ?
				 table->last_id + 1 : 1;
		flow->id = table->last_id;
		err = xa_insert_bh(&table->by_id, flow->id, flow, GFP_ATOMIC);
	} while (err == -EBUSY);
	return err;
}

static enum sst_flow_clash insert(struct sst_flowtable *table,
				  struct sst_flow *flow)
{
	bool responder = flow->role == SST_FLOW_ROLE_RESPONDER;

	if (link_id(table, flow))
		return SST_CLASH_NOMEM;
	if (flow->lists_real && link_real(table, flow))
		goto no_real;
	if (responder &&
	    rhltable_insert(&table->by_open, &flow->opening->first.node,
			    open_params))
		goto no_open;
	if (link_wire(table, flow->wire_entry))
		goto no_wire;
	if (responder) {
		list_add_tail(&flow->waiting, &table->waiting);
		table->waiting_count++;
	}
	WRITE_ONCE(table->count, table->count + 1);
	flow->linked = true;
	return SST_CLASH_NONE;

no_wire:
	if (responder)
		rhltable_remove(&table->by_open, &flow->opening->first.node,
				open_params);
no_open:
	if (flow->lists_real)
		unlink_real(table, flow);
no_real:
	xa_erase_bh(&table->by_id, flow->id);
	return SST_CLASH_NOMEM;
}

static void stop_waiting(struct sst_flowtable *table, struct sst_flow *flow)
{
	if (list_empty(&flow->waiting))
		return;
	list_del_init(&flow->waiting);
	table->waiting_count--;
}

/* What a flow that ended left behind on this tuple, or NULL; table lock. */
static struct sst_wire *find_ended(struct sst_flowtable *table,
				   const struct sst_tuple *tuple)
{
	struct rhlist_head *list, *pos;
	struct sst_wire *wire, *found = NULL;

	rcu_read_lock();
	list = sst_flowtable_wires(table, tuple);
	rhl_for_each_entry_rcu(wire, pos, list, node) {
		if (!rcu_access_pointer(wire->flow)) {
			found = wire;
			break;
		}
	}
	rcu_read_unlock();
	return found;
}

/* The wire tuple outlives the flow: what still comes on it is refused. */
static void leave_wire(struct sst_flowtable *table, struct sst_flow *flow)
{
	struct sst_wire *wire = flow->wire_entry;
	struct sst_wire *earlier = find_ended(table, &wire->tuple);

	wire->refused = flow->role != SST_FLOW_ROLE_RESPONDER ||
			sst_state_is_confirmed(flow->state);
	wire->until = jiffies + SST_WIRE_QUARANTINE_SECONDS * HZ;
	/* One remembers for all, or a peer could make the list long. */
	if (earlier) {
		wire->refused |= earlier->refused;
		forget_wire(table, earlier);
	}
	flow->wire_entry = NULL;
	rcu_assign_pointer(wire->flow, NULL);
	list_add_tail(&wire->ended, &table->ended);
	if (++table->ended_count > ENDED_MAX)
		forget_wire(table, list_first_entry(&table->ended,
						    struct sst_wire, ended));
}

static bool remove(struct sst_flowtable *table, struct sst_flow *flow)
{
	if (!flow->linked)
		return false;
	flow->linked = false;
	if (flow->lists_real)
		unlink_real(table, flow);
	if (flow->role == SST_FLOW_ROLE_RESPONDER)
		rhltable_remove(&table->by_open, &flow->opening->first.node,
				open_params);
	if (flow->role == SST_FLOW_ROLE_RESPONDER && flow->opening->renewal &&
	    flow->opening->renewal->named.id.uid)
		rhltable_remove(&table->by_open,
				&flow->opening->renewal->named.node,
				open_params);
	leave_wire(table, flow);
	stop_waiting(table, flow);
	xa_erase_bh(&table->by_id, flow->id);
	WRITE_ONCE(table->count, table->count - 1);
	return true;
}

/**
 * sst_flowtable_add() - add a flow, if nothing is in its way
 * @table: flows of the namespace
 * @flow: complete flow; its id is set here
 * @max: bound on the flows of the namespace
 *
 * Return: SST_CLASH_NONE, or why not. After a failure packets may have seen
 * the flow: free it with sst_flow_free_rcu().
 */
enum sst_flow_clash sst_flowtable_add(struct sst_flowtable *table,
				      struct sst_flow *flow, u32 max)
{
	enum sst_flow_clash clash;

	spin_lock_bh(&table->lock);
	clash = clash_of(table, flow, max);
	if (clash == SST_CLASH_NONE)
		clash = insert(table, flow);
	spin_unlock_bh(&table->lock);
	return clash;
}

/**
 * sst_flowtable_replace() - put a flow in the place of another
 * @table: flows of the namespace
 * @old: flow that goes; the caller frees it when this succeeds
 * @flow: complete flow that comes
 * @max: bound on the flows of the namespace
 *
 * In one step, so that no packet finds neither of them.
 *
 * Return: SST_CLASH_NONE; SST_CLASH_REAL when @old is gone already and the
 * caller has to look again; any other reason, and then @old has gone, too.
 */
enum sst_flow_clash sst_flowtable_replace(struct sst_flowtable *table,
					  struct sst_flow *old,
					  struct sst_flow *flow, u32 max)
{
	enum sst_flow_clash clash = SST_CLASH_REAL;

	spin_lock_bh(&table->lock);
	if (remove(table, old)) {
		clash = clash_of(table, flow, max);
		if (clash == SST_CLASH_NONE)
			clash = insert(table, flow);
	}
	spin_unlock_bh(&table->lock);
	return clash;
}

/**
 * sst_flowtable_del() - remove a flow
 * @table: flows of the namespace
 * @flow: flow found in it, under RCU or by its only remover
 *
 * Return: true when this call removed it; the caller then frees it with
 * sst_flow_free_rcu(). False when another call was first.
 */
bool sst_flowtable_del(struct sst_flowtable *table, struct sst_flow *flow)
{
	bool found;

	spin_lock_bh(&table->lock);
	found = remove(table, flow);
	spin_unlock_bh(&table->lock);
	return found;
}

/*
 * A flow that made an association is found by that, too, when it re-opens.
 * Without memory it cannot follow a NAT.
 */
static void name_again(struct sst_flowtable *table, struct sst_flow *flow)
{
	struct sst_opening *opening = flow->opening;
	struct sst_named *named;

	if (!opening->renewal)
		return;
	named = &opening->renewal->named;
	sst_opening_reopen_id(opening, &named->id);
	if (rhltable_insert(&table->by_open, &named->node, open_params))
		named->id.uid = 0;
}

/**
 * sst_flowtable_confirm() - make a waiting flow the owner of its tuples
 * @table: flows of the namespace
 * @flow: flow of a responder on which a DATA verified
 *
 * The flow must be alone on its wire tuple afterwards, and no other may be
 * found by its real tuple: the caller ends the others first. What came in
 * between keeps the real tuple.
 *
 * Return: true when this call confirmed it.
 */
bool sst_flowtable_confirm(struct sst_flowtable *table, struct sst_flow *flow)
{
	bool moved;

	spin_lock_bh(&table->lock);
	spin_lock(&flow->lock);
	/* Not one that has just ended, nor what became another's real tuple. */
	moved = flow->wire_entry &&
		!sst_flowtable_by_real(table, &flow->wire_entry->tuple) &&
		sst_state_move(flow, SST_FLOW_STATE_LIVE);
	spin_unlock(&flow->lock);
	if (moved) {
		stop_waiting(table, flow);
		name_again(table, flow);
		if (!flow->lists_real &&
		    !sst_flowtable_wire_in_use(table, &flow->real) &&
		    !link_real(table, flow))
			flow->lists_real = true;
	}
	spin_unlock_bh(&table->lock);
	return moved;
}

/**
 * sst_flowtable_rebind() - follow a NAT that changed the peer's wire port
 * @table: flows of the namespace
 * @flow: confirmed flow of a responder
 * @wire: tuple as it arrives now; differs in the remote port only
 *
 * Return: 0, -EEXIST when the tuple is in use, -ENOENT when the flow has ended,
 * -ENOMEM.
 */
int sst_flowtable_rebind(struct sst_flowtable *table, struct sst_flow *flow,
			 const struct sst_tuple *wire)
{
	struct sst_wire *entry;
	int err = 0;

	entry = kzalloc(sizeof(*entry), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	INIT_LIST_HEAD(&entry->ended);
	entry->tuple = *wire;
	rcu_assign_pointer(entry->flow, flow);

	spin_lock_bh(&table->lock);
	if (!flow->wire_entry)
		err = -ENOENT;
	else if (sst_flowtable_wire_in_use(table, wire) || sst_flowtable_by_real(table, wire))
		err = -EEXIST;
	else if (link_wire(table, entry))
		err = -ENOMEM;
	if (!err) {
		leave_wire(table, flow);
		flow->wire_entry = entry;
		WRITE_ONCE(flow->wire.rport, wire->rport);
	}
	spin_unlock_bh(&table->lock);
	if (err)
		kfree(entry);
	return err;
}

/**
 * sst_flowtable_oldest_waiting() - who goes first when too many wait
 * @table: flows of the namespace
 *
 * Return: the flow, valid in the caller's RCU read section, or NULL.
 */
struct sst_flow *sst_flowtable_oldest_waiting(struct sst_flowtable *table)
{
	struct sst_flow *flow;

	spin_lock_bh(&table->lock);
	flow = list_first_entry_or_null(&table->waiting, struct sst_flow,
					waiting);
	spin_unlock_bh(&table->lock);
	return flow;
}

/**
 * sst_flowtable_expire() - free the wire tuples whose time is over
 * @table: flows of the namespace; process context
 */
void sst_flowtable_expire(struct sst_flowtable *table)
{
	forget(table, true);
}

/**
 * sst_flowtable_wires() - all that is known of a wire tuple
 * @table: flows of the namespace
 * @wire: tuple as this host sees it on the wire
 *
 * Return: list of struct sst_wire for rhl_for_each_entry_rcu(), valid in the
 * caller's RCU read section, or NULL.
 */
struct rhlist_head *sst_flowtable_wires(struct sst_flowtable *table,
					const struct sst_tuple *wire)
{
	const struct sst_tuple *recent;

	recent = sst_recent_find(&table->recent_wires, wire);
	if (recent)
		return &container_of(recent, struct sst_wire, tuple)->node;
	/* The packets of a host without flows are none of ours. */
	if (!atomic_read(&table->by_wire.ht.nelems))
		return NULL;
	return rhltable_lookup(&table->by_wire, wire, wire_params);
}

/**
 * sst_flowtable_owner() - the flow that owns a wire tuple
 * @wires: from sst_flowtable_wires()
 *
 * Return: the flow, valid in the caller's RCU read section, or NULL; flows that
 * wait for confirmation own nothing.
 */
struct sst_flow *sst_flowtable_owner(struct rhlist_head *wires)
{
	struct rhlist_head *pos;
	struct sst_wire *wire;
	struct sst_flow *flow;

	rhl_for_each_entry_rcu(wire, pos, wires, node) {
		flow = rcu_dereference(wire->flow);
		if (flow && sst_flow_owns_wire(flow))
			return flow;
	}
	return NULL;
}

/**
 * sst_flowtable_by_wire() - find the flow that owns a wire tuple
 * @table: flows of the namespace
 * @tuple: as this host sees it on the wire
 *
 * Return: the flow, valid in the caller's RCU read section, or NULL.
 */
struct sst_flow *sst_flowtable_by_wire(struct sst_flowtable *table,
				       const struct sst_tuple *tuple)
{
	return sst_flowtable_owner(sst_flowtable_wires(table, tuple));
}

/**
 * sst_flowtable_openings() - flows of responders that one opening made
 * @table: flows of the namespace
 * @id: the opening
 *
 * Return: list of struct sst_named for rhl_for_each_entry_rcu(), valid in the
 * caller's RCU read section, or NULL.
 */
struct rhlist_head *sst_flowtable_openings(struct sst_flowtable *table,
					   const struct sst_open_id *id)
{
	return rhltable_lookup(&table->by_open, id, open_params);
}

/**
 * sst_flowtable_by_real() - find a flow by its real tuple
 * @table: flows of the namespace
 * @real: tuple after source NAT, before destination NAT
 *
 * Return: the flow, valid in the caller's RCU read section, or NULL.
 */
struct sst_flow *sst_flowtable_by_real(struct sst_flowtable *table,
				       const struct sst_tuple *real)
{
	const struct sst_tuple *recent;

	recent = sst_recent_find(&table->recent_real, real);
	if (recent)
		return container_of(recent, struct sst_flow, real);
	if (!atomic_read(&table->by_real.nelems))
		return NULL;
	return rhashtable_lookup(&table->by_real, real, real_params);
}

/**
 * sst_flowtable_by_id() - find a flow by its identifier
 * @table: flows of the namespace
 * @id: identifier
 *
 * Return: the flow, valid in the caller's RCU read section, or NULL.
 */
struct sst_flow *sst_flowtable_by_id(struct sst_flowtable *table, u32 id)
{
	return xa_load(&table->by_id, id);
}

/**
 * sst_flowtable_next() - walk the flows in the order of their identifiers
 * @table: flows of the namespace
 * @from: smallest identifier wanted
 *
 * A walk that goes on from the identifier after the last one survives any
 * change: it misses no flow that is there all the time and shows none twice.
 *
 * Return: the flow, valid in the caller's RCU read section, or NULL.
 */
struct sst_flow *sst_flowtable_next(struct sst_flowtable *table, u32 from)
{
	unsigned long id = from;

	return xa_find(&table->by_id, &id, ULONG_MAX, XA_PRESENT);
}
