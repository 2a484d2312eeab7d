// SPDX-License-Identifier: GPL-2.0
/*
 * Associations that two hosts made by an INIT or an OPEN N (protocol section
 * 7). They are bounded in number and in time; the flows that hang on one do not
 * need it any more.
 */
#include <linux/jhash.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "derived.h"
#include "handshake.h"
#include "pernet.h"
#include "trace.h"

/* One source may have one part in so many of a namespace's associations. */
#define SOURCE_PART	8

/* How many one step of the reaper looks at under the lock. */
#define EXPIRE_BATCH	64

static const struct rhashtable_params id_params = {
	.key_len = SST_ASSOC_ID_SIZE,
	.key_offset = offsetof(struct sst_derived, assoc.id),
	.head_offset = offsetof(struct sst_derived, id_node),
	.automatic_shrinking = true,
};

/* As sst_tuple_hash(). */
static u32 path_hash(const void *key, u32 len, u32 seed)
{
	const struct sst_path *path = key;

	if (path->family != NFPROTO_IPV4)
		return jhash2(key, sizeof(*path) / sizeof(u32), seed);
	return jhash_3words((__force u32)path->local.ip,
			    (__force u32)path->remote.ip, path->peer_id, seed);
}

static const struct rhashtable_params path_params = {
	.hashfn = path_hash,
	.key_len = sizeof(struct sst_path),
	.key_offset = offsetof(struct sst_derived, path),
	.head_offset = offsetof(struct sst_derived, path_node),
	.automatic_shrinking = true,
};

int sst_derived_init(struct sst_deriveds *deriveds)
{
	int err;

	/* A hole in the key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct sst_path) != 40);

	spin_lock_init(&deriveds->lock);
	INIT_LIST_HEAD(&deriveds->order);
	xa_init_flags(&deriveds->by_number, XA_FLAGS_ALLOC1 | XA_FLAGS_LOCK_BH);
	err = rhashtable_init(&deriveds->by_id, &id_params);
	if (err)
		return err;
	err = rhashtable_init(&deriveds->by_path, &path_params);
	if (err)
		goto no_path;
	err = sst_source_init(&deriveds->sources);
	if (err)
		goto no_sources;
	return 0;

no_sources:
	rhashtable_destroy(&deriveds->by_path);
no_path:
	rhashtable_destroy(&deriveds->by_id);
	return err;
}

/* The tables are empty: the owner has flushed them. */
void sst_derived_exit(struct sst_deriveds *deriveds)
{
	sst_source_exit(&deriveds->sources);
	rhashtable_destroy(&deriveds->by_path);
	rhashtable_destroy(&deriveds->by_id);
	xa_destroy(&deriveds->by_number);
}

/**
 * sst_derived_new() - make an association from its secret
 * @secret: A; stays with the caller, who wipes it
 * @side: side of this host
 * @suite: enum sst_suite
 *
 * Return: the association, in no table yet, or NULL without memory.
 */
struct sst_derived *sst_derived_new(const u8 secret[SST_SECRET_SIZE], u8 side,
				    u8 suite)
{
	struct sst_derived *derived;

	derived = kzalloc(sizeof(*derived), GFP_KERNEL_ACCOUNT);
	if (!derived)
		return NULL;
	derived->assoc.side = side;
	derived->assoc.suite = suite;
	sst_assoc_id(derived->assoc.id, secret);
	derived->assoc.uid = sst_assoc_uid(derived->assoc.id);
	sst_assoc_derive(&derived->assoc, secret);
	trace_sst_assoc(&derived->assoc);
	derived->made = get_jiffies_64();
	INIT_LIST_HEAD(&derived->order);
	return derived;
}

/**
 * sst_derived_free() - wipe and free
 * @derived: association that is in no table and that no packet uses, or NULL
 */
void sst_derived_free(struct sst_derived *derived)
{
	kfree_sensitive(derived);
}

static void free_cb(struct rcu_head *rcu)
{
	sst_derived_free(container_of(rcu, struct sst_derived, rcu));
}

static void unlist(struct sst_deriveds *deriveds, struct sst_derived *derived)
{
	if (derived->listed)
		rhashtable_remove_fast(&deriveds->by_path, &derived->path_node,
				       path_params);
	derived->listed = false;
}

static void count_for_peer(struct sst_net *sn,
			   const struct sst_derived *derived, int n)
{
	struct sst_peer *peer;

	rcu_read_lock();
	peer = sst_peers_by_number(&sn->peers, derived->path.peer_id);
	if (peer) {
		atomic_add(n, &peer->assocs);
		if (n > 0)
			WRITE_ONCE(peer->handshake, derived->made);
	}
	rcu_read_unlock();
}

static void remove(struct sst_net *sn, struct sst_derived *derived)
{
	struct sst_deriveds *deriveds = &sn->deriveds;

	lockdep_assert_held(&deriveds->lock);
	unlist(deriveds, derived);
	rhashtable_remove_fast(&deriveds->by_id, &derived->id_node, id_params);
	xa_erase_bh(&deriveds->by_number, derived->number);
	list_del_init(&derived->order);
	WRITE_ONCE(deriveds->count, deriveds->count - 1);
	sst_source_put(&deriveds->sources, &derived->source);
	count_for_peer(sn, derived, -1);
	call_rcu(&derived->rcu, free_cb);
}

/* It opens the next flows in place of an older one between the same addresses. */
static void list_path(struct sst_deriveds *deriveds, struct sst_derived *derived)
{
	struct sst_derived *older;

	if (!derived->opens || !derived->path.peer_id)
		return;
	older = rhashtable_lookup_fast(&deriveds->by_path, &derived->path,
				       path_params);
	if (older)
		unlist(deriveds, older);
	derived->listed = !rhashtable_insert_fast(&deriveds->by_path,
						  &derived->path_node,
						  path_params);
}

static bool insert(struct sst_net *sn, struct sst_derived *derived)
{
	struct sst_deriveds *deriveds = &sn->deriveds;
	u32 max = READ_ONCE(sn->cfg.max_assocs);

	if (!sst_source_take(&deriveds->sources, &derived->source,
			     max_t(u32, max / SOURCE_PART, 1)))
		return false;
	if (xa_alloc_cyclic_bh(&deriveds->by_number, &derived->number, derived,
			       xa_limit_31b, &deriveds->last_number,
			       GFP_ATOMIC) < 0)
		goto no_number;
	/* Also when another one has this id. */
	if (rhashtable_lookup_insert_fast(&deriveds->by_id, &derived->id_node,
					  id_params))
		goto no_id;
	list_path(deriveds, derived);
	list_add_tail(&derived->order, &deriveds->order);
	WRITE_ONCE(deriveds->count, deriveds->count + 1);
	while (deriveds->count > max) {
		sst_stats_inc(sn->stats, SST_A_STATS_ASSOC_EVICTED);
		remove(sn, list_first_entry(&deriveds->order,
					    struct sst_derived, order));
	}
	return true;

no_id:
	xa_erase_bh(&deriveds->by_number, derived->number);
no_number:
	sst_source_put(&deriveds->sources, &derived->source);
	return false;
}

/**
 * sst_derived_add() - let others find an association
 * @sn: namespace
 * @derived: complete association; from now on it belongs to the table, and the
 *	caller uses it in an RCU read section only
 *
 * Too many make the oldest go.
 *
 * Return: true when it is in the table. False when it will be freed, because its
 * source has made too many, its id is taken or memory is short: the flow that
 * made it lives on, the next one makes another.
 */
bool sst_derived_add(struct sst_net *sn, struct sst_derived *derived)
{
	struct sst_deriveds *deriveds = &sn->deriveds;
	bool added;

	spin_lock_bh(&deriveds->lock);
	added = insert(sn, derived);
	if (added)
		count_for_peer(sn, derived, 1);
	spin_unlock_bh(&deriveds->lock);
	if (added)
		sst_stats_inc(sn->stats, SST_A_STATS_ASSOC_MADE);
	else
		call_rcu(&derived->rcu, free_cb);
	return added;
}

/**
 * sst_derived_del() - forget an association
 * @sn: namespace
 * @derived: association found under RCU; not to be used behind that section
 */
void sst_derived_del(struct sst_net *sn, struct sst_derived *derived)
{
	spin_lock_bh(&sn->deriveds.lock);
	if (!list_empty(&derived->order))
		remove(sn, derived);
	spin_unlock_bh(&sn->deriveds.lock);
}

/**
 * sst_derived_flush() - forget the associations with a peer
 * @sn: namespace; process context
 * @peer_id: the peer, 0 for all associations
 */
void sst_derived_flush(struct sst_net *sn, u32 peer_id)
{
	struct sst_derived *derived;
	u32 next = 0;

	for (;;) {
		rcu_read_lock();
		derived = sst_derived_next(&sn->deriveds, next);
		if (!derived) {
			rcu_read_unlock();
			return;
		}
		next = derived->number + 1;
		if (!peer_id || derived->path.peer_id == peer_id)
			sst_derived_del(sn, derived);
		rcu_read_unlock();
		cond_resched();
	}
}

static bool is_over(const struct sst_derived *derived, unsigned int grace)
{
	u64 end = derived->made + ((u64)derived->lifetime + grace) * HZ;

	return time_after64(get_jiffies_64(), end);
}

/**
 * sst_derived_expire() - forget the associations whose time is over
 * @sn: namespace; process context
 *
 * The peer's clock may be a little behind, hence a minute more.
 */
void sst_derived_expire(struct sst_net *sn)
{
	struct sst_derived *derived;
	unsigned int n;
	u32 next = 0;

	do {
		rcu_read_lock();
		for (n = 0; n < EXPIRE_BATCH; n++) {
			derived = sst_derived_next(&sn->deriveds, next);
			if (!derived)
				break;
			next = derived->number + 1;
			if (!is_over(derived, SST_ASSOC_GRACE_SECONDS))
				continue;
			sst_stats_inc(sn->stats, SST_A_STATS_ASSOC_EXPIRED);
			sst_derived_del(sn, derived);
		}
		rcu_read_unlock();
		cond_resched();
	} while (n == EXPIRE_BATCH);
}

/**
 * sst_derived_is_current() - may flows be opened on it?
 * @derived: the association
 *
 * Return: true within its lifetime.
 */
bool sst_derived_is_current(const struct sst_derived *derived)
{
	return !is_over(derived, 0);
}

/**
 * sst_derived_by_id() - find the association that an assoc_id names
 * @deriveds: associations of the namespace
 * @id: the assoc_id
 *
 * Return: the association, valid in the caller's RCU read section, or NULL.
 */
struct sst_derived *sst_derived_by_id(struct sst_deriveds *deriveds,
				      const u8 id[SST_ASSOC_ID_SIZE])
{
	if (!READ_ONCE(deriveds->count))
		return NULL;
	return rhashtable_lookup(&deriveds->by_id, id, id_params);
}

/**
 * sst_derived_by_path() - find the association to open a flow on
 * @deriveds: associations of the namespace
 * @tuple: addresses of the flow
 * @peer_id: the peer
 *
 * Return: the newest that is current, valid in the caller's RCU read section,
 * or NULL.
 */
struct sst_derived *sst_derived_by_path(struct sst_deriveds *deriveds,
					const struct sst_tuple *tuple,
					u32 peer_id)
{
	struct sst_path path = {
		.local = tuple->local,
		.remote = tuple->remote,
		.peer_id = peer_id,
		.family = tuple->family,
	};
	struct sst_derived *derived;

	if (!READ_ONCE(deriveds->count))
		return NULL;
	derived = rhashtable_lookup(&deriveds->by_path, &path, path_params);
	return derived && sst_derived_is_current(derived) ? derived : NULL;
}

/**
 * sst_derived_next() - walk the associations in the order of their numbers
 * @deriveds: associations of the namespace
 * @from: smallest number wanted
 *
 * Return: the association, valid in the caller's RCU read section, or NULL.
 */
struct sst_derived *sst_derived_next(struct sst_deriveds *deriveds, u32 from)
{
	unsigned long number = from;

	return xa_find(&deriveds->by_number, &number, ULONG_MAX, XA_PRESENT);
}
