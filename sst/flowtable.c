// SPDX-License-Identifier: GPL-2.0
/* The flows of a namespace. Knows nothing of keys. */
#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/string.h>

#include "flowtable.h"

static const struct rhashtable_params wire_params = {
	.key_len = sizeof(struct sst_tuple),
	.key_offset = offsetof(struct sst_flow, wire),
	.head_offset = offsetof(struct sst_flow, wire_node),
	.automatic_shrinking = true,
};

static const struct rhashtable_params real_params = {
	.key_len = sizeof(struct sst_tuple),
	.key_offset = offsetof(struct sst_flow, real),
	.head_offset = offsetof(struct sst_flow, real_node),
	.automatic_shrinking = true,
};

int sst_flowtable_init(struct sst_flowtable *table)
{
	int err;

	/* A hole in the key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct sst_tuple) != 40);

	spin_lock_init(&table->lock);
	xa_init_flags(&table->by_id, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	err = rhashtable_init(&table->by_wire, &wire_params);
	if (err)
		return err;
	err = rhashtable_init(&table->by_real, &real_params);
	if (err)
		rhashtable_destroy(&table->by_wire);
	return err;
}

/* The table is empty: its owner has removed every flow. */
void sst_flowtable_exit(struct sst_flowtable *table)
{
	rhashtable_destroy(&table->by_real);
	rhashtable_destroy(&table->by_wire);
	xa_destroy(&table->by_id);
}

/**
 * sst_flowtable_clash() - would a flow with these tuples be in the way?
 * @table: flows of the namespace
 * @real: its real tuple
 * @wire: its wire tuple
 * @max: bound on the flows of the namespace
 *
 * Return: SST_CLASH_NONE, or why it cannot be added.
 */
enum sst_flow_clash sst_flowtable_clash(struct sst_flowtable *table,
					const struct sst_tuple *real,
					const struct sst_tuple *wire, u32 max)
{
	enum sst_flow_clash clash = SST_CLASH_NONE;

	rcu_read_lock();
	if (sst_flowtable_by_real(table, real))
		clash = SST_CLASH_REAL;
	else if (sst_flowtable_by_wire(table, wire))
		clash = SST_CLASH_WIRE;
	else if (sst_flowtable_by_wire(table, real))
		clash = SST_CLASH_REAL_IS_WIRE;
	else if (sst_flowtable_by_real(table, wire))
		clash = SST_CLASH_WIRE_IS_REAL;
	else if (READ_ONCE(table->count) >= max)
		clash = SST_CLASH_FULL;
	rcu_read_unlock();
	return clash;
}

static enum sst_flow_clash insert(struct sst_flowtable *table,
				  struct sst_flow *flow)
{
	if (xa_alloc_cyclic_bh(&table->by_id, &flow->id, flow, xa_limit_31b,
			       &table->last_id, GFP_ATOMIC) < 0)
		return SST_CLASH_NOMEM;
	if (rhashtable_insert_fast(&table->by_real, &flow->real_node,
				   real_params))
		goto no_real;
	if (rhashtable_insert_fast(&table->by_wire, &flow->wire_node,
				   wire_params))
		goto no_wire;
	WRITE_ONCE(table->count, table->count + 1);
	return SST_CLASH_NONE;

no_wire:
	rhashtable_remove_fast(&table->by_real, &flow->real_node, real_params);
no_real:
	xa_erase_bh(&table->by_id, flow->id);
	return SST_CLASH_NOMEM;
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
	clash = sst_flowtable_clash(table, &flow->real, &flow->wire, max);
	if (clash == SST_CLASH_NONE)
		clash = insert(table, flow);
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
	found = xa_load(&table->by_id, flow->id) == flow;
	if (found) {
		rhashtable_remove_fast(&table->by_wire, &flow->wire_node,
				       wire_params);
		rhashtable_remove_fast(&table->by_real, &flow->real_node,
				       real_params);
		xa_erase_bh(&table->by_id, flow->id);
		WRITE_ONCE(table->count, table->count - 1);
	}
	spin_unlock_bh(&table->lock);
	return found;
}

/**
 * sst_flowtable_by_wire() - find a flow by its wire tuple
 * @table: flows of the namespace
 * @wire: tuple as this host sees it on the wire
 *
 * Return: the flow, valid in the caller's RCU read section, or NULL.
 */
struct sst_flow *sst_flowtable_by_wire(struct sst_flowtable *table,
				       const struct sst_tuple *wire)
{
	return rhashtable_lookup(&table->by_wire, wire, wire_params);
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
