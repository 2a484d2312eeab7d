// SPDX-License-Identifier: GPL-2.0
/*
 * The peers of a namespace: hosts for which a pre-shared key or a public key is
 * known. They are found by address when this host opens a flow; one with a
 * pre-shared key also by the id of its association when the peer does. That id
 * changes every hour, so that it names the two hosts to nobody for long
 * (protocol section 5).
 */
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/rculist.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "flow.h"
#include "handshake.h"
#include "hkdf.h"
#include "peer.h"
#include "pernet.h"

#define SALT_PSK	"SST/1 psk"
#define LABEL_ID	"SST/1 id"
/* Of no meaning to anybody else, and no label of the protocol. */
#define LABEL_PRINT	"fingerprint"

#define HOUR_SECONDS	3600

/* How often to look whether the hour has changed. */
#define RENEW_INTERVAL	(10 * HZ)

/**
 * struct sst_peer_group - those that have one address
 * @node: entry in the table by address
 * @address: the address
 * @links: struct sst_peer_link, the oldest first; never empty
 * @rcu: frees it
 */
struct sst_peer_group {
	struct rhash_head node;
	struct sst_peer_address address;
	struct list_head links;
	struct rcu_head rcu;
};

/**
 * struct sst_peer_id - id of an association in one hour
 * @node: entry in the table by id; by chance two peers may have the same
 * @id: the id
 * @hour: hours since 1970
 * @peer: whose it is
 * @rcu: frees it
 *
 * Immutable: another hour makes another one.
 */
struct sst_peer_id {
	struct rhlist_head node;
	u8 id[SST_ASSOC_ID_SIZE];
	u32 hour;
	struct sst_peer *peer;
	struct rcu_head rcu;
};

static const struct rhashtable_params address_params = {
	.key_len = sizeof(struct sst_peer_address),
	.key_offset = offsetof(struct sst_peer_group, address),
	.head_offset = offsetof(struct sst_peer_group, node),
	.automatic_shrinking = true,
};

static const struct rhashtable_params id_params = {
	.key_len = SST_ASSOC_ID_SIZE,
	.key_offset = offsetof(struct sst_peer_id, id),
	.head_offset = offsetof(struct sst_peer_id, node),
	.automatic_shrinking = true,
};

static const struct rhashtable_params name_params = {
	.key_len = sizeof_field(struct sst_peer, name),
	.key_offset = offsetof(struct sst_peer, name),
	.head_offset = offsetof(struct sst_peer, name_node),
	.automatic_shrinking = true,
};

static const struct rhashtable_params print_params = {
	.key_len = SST_PEER_PRINT_SIZE,
	.key_offset = offsetof(struct sst_peer, print),
	.head_offset = offsetof(struct sst_peer, print_node),
	.automatic_shrinking = true,
};

/* Whatever the clock shows, hours around this one have numbers, too. */
static u32 hour_now(const struct sst_peers *peers)
{
	time64_t seconds = peers->clock();

	if (seconds < 0)
		return 0;
	return min_t(u64, div_u64(seconds, HOUR_SECONDS),
		     U32_MAX - SST_PEER_HOURS);
}

static u32 first_hour(u32 hour)
{
	return hour ? hour - 1 : 0;
}

static void id_of_hour(u8 id[SST_ASSOC_ID_SIZE], const struct sst_peer *peer,
		       u32 hour)
{
	u8 info[sizeof(LABEL_ID) - 1 + sizeof(u64)];
	u8 out[SST_HKDF_SIZE];

	memcpy(info, LABEL_ID, sizeof(LABEL_ID) - 1);
	put_unaligned_be64(hour, info + sizeof(LABEL_ID) - 1);
	sst_hkdf_expand(out, peer->a_psk, info, sizeof(info));
	memcpy(id, out, SST_ASSOC_ID_SIZE);
	memzero_explicit(out, sizeof(out));
}

static void drop_id(struct sst_peers *peers, struct sst_peer *peer,
		    unsigned int slot)
{
	struct sst_peer_id *old;

	old = rcu_dereference_protected(peer->ids[slot],
					lockdep_is_held(&peers->lock));
	if (!old)
		return;
	RCU_INIT_POINTER(peer->ids[slot], NULL);
	rhltable_remove(&peers->by_assoc_id, &old->node, id_params);
	kfree_rcu(old, rcu);
}

static bool add_id(struct sst_peers *peers, struct sst_peer *peer,
		   unsigned int slot, u32 hour)
{
	struct sst_peer_id *new = kmalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);

	if (!new)
		return false;
	new->peer = peer;
	new->hour = hour;
	id_of_hour(new->id, peer, hour);
	if (rhltable_insert(&peers->by_assoc_id, &new->node, id_params)) {
		kfree(new);
		return false;
	}
	rcu_assign_pointer(peer->ids[slot], new);
	return true;
}

/* Make the ids of a peer those around @hour; false when memory is short. */
static bool renew_peer(struct sst_peers *peers, struct sst_peer *peer, u32 hour)
{
	const struct sst_peer_id *old;
	bool complete = true;
	unsigned int i, slot;
	u32 h;

	/* A public key has one name for ever. */
	if (peer->kind != SST_PEER_PSK)
		return true;
	for (i = 0; i < SST_PEER_HOURS; i++) {
		h = first_hour(hour) + i;
		slot = h % SST_PEER_HOURS;
		old = rcu_dereference_protected(peer->ids[slot],
						lockdep_is_held(&peers->lock));
		if (old && old->hour == h)
			continue;
		drop_id(peers, peer, slot);
		if (!add_id(peers, peer, slot, h))
			complete = false;
	}
	return complete;
}

/* Has anything to be renewed? If so, the hour is set for those added later. */
static bool begin_renewal(struct sst_peers *peers)
{
	bool needed;
	u32 hour;

	mutex_lock(&peers->lock);
	WRITE_ONCE(peers->poked, false);
	hour = hour_now(peers);
	needed = hour != peers->hour || peers->incomplete;
	WRITE_ONCE(peers->hour, hour);
	peers->incomplete = false;
	mutex_unlock(&peers->lock);
	return needed;
}

/* One peer with each taking of the lock: an hour of many takes a while. */
static bool renew_next(struct sst_peers *peers, u32 *from)
{
	struct sst_peer *peer;

	mutex_lock(&peers->lock);
	rcu_read_lock();
	/* The lock keeps it from being removed. */
	peer = sst_peers_next(peers, *from);
	rcu_read_unlock();
	if (peer) {
		*from = peer->id + 1;
		if (!renew_peer(peers, peer, peers->hour))
			peers->incomplete = true;
	}
	mutex_unlock(&peers->lock);
	return peer;
}

static void schedule_renewal(struct sst_peers *peers)
{
	queue_delayed_work(system_power_efficient_wq, &peers->renew,
			   RENEW_INTERVAL);
}

static void renew_work(struct work_struct *work)
{
	struct sst_peers *peers = container_of(to_delayed_work(work),
					       struct sst_peers, renew);
	u32 from = 0;

	if (begin_renewal(peers))
		while (renew_next(peers, &from))
			cond_resched();
	if (READ_ONCE(peers->count))
		schedule_renewal(peers);
}

/**
 * sst_peers_poke() - look now whether the hour has changed
 * @peers: peers of the namespace
 *
 * For packets that see that it has. Costs nothing when called again before
 * that has happened.
 */
void sst_peers_poke(struct sst_peers *peers)
{
	if (READ_ONCE(peers->poked) || !READ_ONCE(peers->count) ||
	    READ_ONCE(peers->hour) == hour_now(peers))
		return;
	WRITE_ONCE(peers->poked, true);
	mod_delayed_work(system_power_efficient_wq, &peers->renew, 0);
}

int sst_peers_init(struct sst_peers *peers)
{
	int err;

	/* A hole in the key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct sst_peer_address) != 20);

	mutex_init(&peers->lock);
	/* A packet that comes first pokes it. */
	INIT_DEFERRABLE_WORK(&peers->renew, renew_work);
	peers->clock = ktime_get_real_seconds;
	xa_init_flags(&peers->by_number, XA_FLAGS_ALLOC1);
	err = rhashtable_init(&peers->by_address, &address_params);
	if (err)
		return err;
	err = rhltable_init(&peers->by_assoc_id, &id_params);
	if (err)
		goto no_ids;
	err = rhashtable_init(&peers->by_name, &name_params);
	if (err)
		goto no_names;
	err = rhashtable_init(&peers->by_print, &print_params);
	if (err)
		goto no_prints;
	return 0;

no_prints:
	rhashtable_destroy(&peers->by_name);
no_names:
	rhltable_destroy(&peers->by_assoc_id);
no_ids:
	rhashtable_destroy(&peers->by_address);
	return err;
}

static void free_peer(struct sst_peer *peer)
{
	/* Whatever is secret in it, too. */
	kfree_sensitive(peer);
}

static void free_peer_cb(struct rcu_head *rcu)
{
	free_peer(container_of(rcu, struct sst_peer, rcu));
}

static void make_print(u8 print[SST_PEER_PRINT_SIZE],
		       const u8 key[SST_SECRET_SIZE])
{
	u8 out[SST_HKDF_SIZE];

	sst_hkdf_expand(out, key, LABEL_PRINT, sizeof(LABEL_PRINT) - 1);
	memcpy(print, out, SST_PEER_PRINT_SIZE);
	memzero_explicit(out, sizeof(out));
}

static void set_psk(struct sst_peer *peer, const struct sst_peer_params *params)
{
	sst_hkdf_extract(peer->a_psk, SALT_PSK, sizeof(SALT_PSK) - 1,
			 params->key, SST_KEY_SIZE);
	make_print(peer->print, peer->a_psk);
	peer->assoc.uid = get_unaligned_le64(peer->print) ?: 1;
	peer->assoc.side = params->side;
	peer->assoc.suite = params->suite;
	sst_assoc_derive(&peer->assoc, peer->a_psk);
}

static void set_public(struct sst_peer *peer,
		       const struct sst_peer_params *params)
{
	memcpy(peer->public, params->key, sizeof(peer->public));
	sst_key_id(peer->key_id, peer->public);
	make_print(peer->print, peer->public);
	peer->identity = params->identity;
	peer->wire_ports = params->wire_ports;
	sst_encaps_init(&peer->encaps);
}

static struct sst_peer *new_peer(struct sst_peers *peers,
				 const struct sst_peer_params *params)
{
	struct sst_peer *peer;

	peer = kzalloc(struct_size(peer, links, params->n_addresses),
		       GFP_KERNEL_ACCOUNT);
	if (!peer)
		return NULL;
	memcpy(peer->name, params->name, sizeof(peer->name));
	peer->peers = peers;
	peer->kind = params->kind;
	peer->suite = params->suite;
	peer->n_links = params->n_addresses;
	if (params->kind == SST_PEER_PSK)
		set_psk(peer, params);
	else
		set_public(peer, params);
	return peer;
}

static struct sst_peer_group *get_group(struct sst_peers *peers,
					const struct sst_peer_address *address)
{
	struct sst_peer_group *group;

	group = rhashtable_lookup_fast(&peers->by_address, address,
				       address_params);
	if (group)
		return group;
	group = kzalloc(sizeof(*group), GFP_KERNEL_ACCOUNT);
	if (!group)
		return NULL;
	group->address = *address;
	INIT_LIST_HEAD(&group->links);
	if (rhashtable_insert_fast(&peers->by_address, &group->node,
				   address_params)) {
		kfree(group);
		return NULL;
	}
	return group;
}

static bool link_addresses(struct sst_peers *peers, struct sst_peer *peer,
			   const struct sst_peer_params *params)
{
	struct sst_peer_group *group;
	unsigned int i;

	for (i = 0; i < peer->n_links; i++) {
		struct sst_peer_link *link = &peer->links[i];

		group = get_group(peers, &params->addresses[i]);
		if (!group)
			return false;
		link->peer = peer;
		link->group = group;
		list_add_tail_rcu(&link->node, &group->links);
	}
	return true;
}

static void unlink_addresses(struct sst_peers *peers, struct sst_peer *peer)
{
	unsigned int i;

	for (i = 0; i < peer->n_links; i++) {
		struct sst_peer_link *link = &peer->links[i];

		if (!link->group)
			break;
		list_del_rcu(&link->node);
		if (!list_empty(&link->group->links))
			continue;
		rhashtable_remove_fast(&peers->by_address, &link->group->node,
				       address_params);
		kfree_rcu(link->group, rcu);
	}
}

/* Also for a peer that is only partly linked: the tables do not mind. */
static void unlink_peer(struct sst_peers *peers, struct sst_peer *peer)
{
	unsigned int i;

	for (i = 0; i < SST_PEER_HOURS; i++)
		drop_id(peers, peer, i);
	unlink_addresses(peers, peer);
	rhashtable_remove_fast(&peers->by_print, &peer->print_node,
			       print_params);
	rhashtable_remove_fast(&peers->by_name, &peer->name_node, name_params);
	if (peer->id)
		xa_erase(&peers->by_number, peer->id);
	call_rcu(&peer->rcu, free_peer_cb);
}

static bool link_peer(struct sst_peers *peers, struct sst_peer *peer,
		      const struct sst_peer_params *params)
{
	if (rhashtable_insert_fast(&peers->by_name, &peer->name_node,
				   name_params) ||
	    rhashtable_insert_fast(&peers->by_print, &peer->print_node,
				   print_params) ||
	    xa_alloc_cyclic(&peers->by_number, &peer->id, peer, xa_limit_31b,
			    &peers->last_number, GFP_KERNEL_ACCOUNT) < 0)
		return false;
	/* Before any id or address leads to it. */
	peer->assoc.peer_id = peer->id;
	return renew_peer(peers, peer, peers->hour) &&
	       link_addresses(peers, peer, params);
}

static enum sst_peer_clash clash_of(struct sst_peers *peers,
				    const struct sst_peer *peer)
{
	if (rhashtable_lookup_fast(&peers->by_name, peer->name, name_params))
		return SST_PEER_CLASH_NAME;
	if (rhashtable_lookup_fast(&peers->by_print, peer->print, print_params))
		return SST_PEER_CLASH_KEY;
	if (peers->count >= SST_PEERS_MAX)
		return SST_PEER_CLASH_FULL;
	return SST_PEER_CLASH_NONE;
}

/* The first peer of a namespace starts the renewal. */
static void count_peer(struct sst_peers *peers)
{
	WRITE_ONCE(peers->count, peers->count + 1);
	if (peers->count == 1)
		schedule_renewal(peers);
}

/**
 * sst_peers_add() - add a peer, if nothing is in its way
 * @peers: peers of the namespace
 * @params: all that it is
 *
 * Return: SST_PEER_CLASH_NONE, or why not.
 */
enum sst_peer_clash sst_peers_add(struct sst_peers *peers,
				  const struct sst_peer_params *params)
{
	struct sst_peer *peer = new_peer(peers, params);
	enum sst_peer_clash clash;

	if (!peer)
		return SST_PEER_CLASH_NOMEM;
	mutex_lock(&peers->lock);
	clash = clash_of(peers, peer);
	if (clash != SST_PEER_CLASH_NONE) {
		free_peer(peer);
		goto out;
	}
	/* With others there, it gets the hour of the renewal under way. */
	if (!peers->count)
		WRITE_ONCE(peers->hour, hour_now(peers));
	if (link_peer(peers, peer, params)) {
		count_peer(peers);
	} else {
		unlink_peer(peers, peer);
		clash = SST_PEER_CLASH_NOMEM;
	}
out:
	mutex_unlock(&peers->lock);
	return clash;
}

static void del_peer(struct sst_peers *peers, struct sst_peer *peer)
{
	WRITE_ONCE(peers->count, peers->count - 1);
	unlink_peer(peers, peer);
}

/**
 * sst_peers_del() - remove a peer
 * @peers: peers of the namespace
 * @name: its name
 * @id: output: the number it had
 *
 * Packets that found it may use it for another grace period; then its secrets
 * are wiped.
 *
 * Return: 0, or -ENOENT when no peer has this name.
 */
int sst_peers_del(struct sst_peers *peers, const char *name, u32 *id)
{
	struct sst_peer *peer;

	mutex_lock(&peers->lock);
	rcu_read_lock();
	/* The lock keeps it from being removed by others. */
	peer = sst_peers_by_name(peers, name);
	rcu_read_unlock();
	if (peer) {
		*id = peer->id;
		del_peer(peers, peer);
	}
	mutex_unlock(&peers->lock);
	return peer ? 0 : -ENOENT;
}

static bool del_first(struct sst_peers *peers)
{
	struct sst_peer *peer;

	mutex_lock(&peers->lock);
	rcu_read_lock();
	peer = sst_peers_next(peers, 0);
	rcu_read_unlock();
	if (peer)
		del_peer(peers, peer);
	mutex_unlock(&peers->lock);
	return peer;
}

static void clear(struct sst_peers *peers)
{
	while (del_first(peers))
		cond_resched();
}

/**
 * sst_peers_clear() - remove all peers of a namespace
 * @sn: namespace
 *
 * Their flows are the caller's to end.
 */
void sst_peers_clear(struct sst_net *sn)
{
	clear(&sn->peers);
}

/**
 * sst_peers_wipe_encaps() - what was made ahead must not be used
 * @peers: peers of the namespace; process context
 */
void sst_peers_wipe_encaps(struct sst_peers *peers)
{
	struct sst_peer *peer;
	u32 from = 0;

	do {
		rcu_read_lock();
		peer = sst_peers_next(peers, from);
		if (peer) {
			from = peer->id + 1;
			if (peer->kind == SST_PEER_PUBLIC)
				sst_encaps_wipe(&peer->encaps);
		}
		rcu_read_unlock();
		cond_resched();
	} while (peer);
}

/* No packet and no handler uses the peers any more. */
void sst_peers_exit(struct sst_peers *peers)
{
	cancel_delayed_work_sync(&peers->renew);
	clear(peers);
	rhashtable_destroy(&peers->by_print);
	rhashtable_destroy(&peers->by_name);
	rhltable_destroy(&peers->by_assoc_id);
	rhashtable_destroy(&peers->by_address);
	xa_destroy(&peers->by_number);
	mutex_destroy(&peers->lock);
}

/**
 * sst_peers_at() - begin to walk those that have an address
 * @peers: peers of the namespace
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @addr: the address
 *
 * Return: entry of the oldest of them, valid in the caller's RCU read section,
 * or NULL when there is none.
 */
struct sst_peer_link *sst_peers_at(struct sst_peers *peers, u8 family,
				   const union nf_inet_addr *addr)
{
	struct sst_peer_address key = { .family = family };
	struct sst_peer_group *group;

	if (family == NFPROTO_IPV4)
		key.addr.ip = addr->ip;
	else
		key.addr.in6 = addr->in6;
	group = rhashtable_lookup(&peers->by_address, &key, address_params);
	return group ? list_first_or_null_rcu(&group->links,
					      struct sst_peer_link, node) :
		       NULL;
}

/**
 * sst_peers_next_at() - go on with those that have an address
 * @link: entry of one of them
 *
 * Return: entry of the next one, or NULL.
 */
struct sst_peer_link *sst_peers_next_at(struct sst_peer_link *link)
{
	return list_next_or_null_rcu(&link->group->links, &link->node,
				     struct sst_peer_link, node);
}

/**
 * sst_peers_by_address() - find a peer for a destination
 * @peers: peers of the namespace
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @addr: the destination
 * @nth: which of those that have the address, 0 for the oldest
 *
 * Return: the peer, valid in the caller's RCU read section, or NULL when there
 * are no more.
 */
struct sst_peer *sst_peers_by_address(struct sst_peers *peers, u8 family,
				      const union nf_inet_addr *addr,
				      unsigned int nth)
{
	struct sst_peer_link *link;

	for (link = sst_peers_at(peers, family, addr); link;
	     link = sst_peers_next_at(link))
		if (!nth--)
			return link->peer;
	return NULL;
}

/**
 * sst_peers_by_id() - find the peer whose pre-shared key an assoc_id names
 * @peers: peers of the namespace
 * @id: the assoc_id, of this hour, the one before or the one after
 *
 * When two peers happen to have the same id, one of them is found, and the
 * other one cannot open flows for an hour or so.
 *
 * Return: the peer, valid in the caller's RCU read section, or NULL.
 */
struct sst_peer *sst_peers_by_id(struct sst_peers *peers,
				 const u8 id[SST_ASSOC_ID_SIZE])
{
	struct rhlist_head *list, *pos;
	struct sst_peer_id *found;
	u32 first, hour;

	if (!READ_ONCE(peers->count))
		return NULL;
	hour = hour_now(peers);
	if (hour != READ_ONCE(peers->hour))
		sst_peers_poke(peers);
	first = first_hour(hour);
	list = rhltable_lookup(&peers->by_assoc_id, id, id_params);
	rhl_for_each_entry_rcu(found, pos, list, node)
		/* The table may lag behind the clock a little. */
		if (found->hour >= first && found->hour - first < SST_PEER_HOURS)
			return found->peer;
	return NULL;
}

/**
 * sst_peers_by_public() - find the peer with a public key
 * @peers: peers of the namespace
 * @public: the public key
 *
 * Return: the peer, valid in the caller's RCU read section, or NULL.
 */
struct sst_peer *sst_peers_by_public(struct sst_peers *peers,
				     const u8 public[SST_PUBLIC_SIZE])
{
	u8 print[SST_PEER_PRINT_SIZE];
	struct sst_peer *peer;

	make_print(print, public);
	peer = rhashtable_lookup(&peers->by_print, print, print_params);
	return peer && peer->kind == SST_PEER_PUBLIC ? peer : NULL;
}

/**
 * sst_peers_by_number() - find a peer again
 * @peers: peers of the namespace
 * @id: its number
 *
 * Return: the peer, valid in the caller's RCU read section, or NULL when it is
 * gone.
 */
struct sst_peer *sst_peers_by_number(struct sst_peers *peers, u32 id)
{
	return xa_load(&peers->by_number, id);
}

/**
 * sst_peers_by_name() - find a peer by its name
 * @peers: peers of the namespace
 * @name: the name
 *
 * Return: the peer, valid in the caller's RCU read section, or NULL.
 */
struct sst_peer *sst_peers_by_name(struct sst_peers *peers, const char *name)
{
	char key[sizeof_field(struct sst_peer, name)];

	if (strscpy_pad(key, name, sizeof(key)) < 0)
		return NULL;
	return rhashtable_lookup(&peers->by_name, key, name_params);
}

/**
 * sst_peers_next() - walk the peers in the order of their numbers
 * @peers: peers of the namespace
 * @from: smallest number wanted
 *
 * Return: the peer, valid in the caller's RCU read section, or NULL.
 */
struct sst_peer *sst_peers_next(struct sst_peers *peers, u32 from)
{
	unsigned long number = from;

	return xa_find(&peers->by_number, &number, ULONG_MAX, XA_PRESENT);
}

/**
 * sst_peer_address() - an address of a peer, in the order they were given
 * @peer: peer found under RCU
 * @n: which, less than its number of them
 *
 * Return: the address, valid in the caller's RCU read section.
 */
const struct sst_peer_address *sst_peer_address(const struct sst_peer *peer,
						unsigned int n)
{
	return &peer->links[n].group->address;
}

/**
 * sst_peer_tell() - add what a flow carried since it was last asked
 * @peer: its peer, found under RCU
 * @flow: the flow; the caller is the reaper, or has unlinked it
 */
void sst_peer_tell(struct sst_peer *peer, struct sst_flow *flow)
{
	u64 tx = atomic64_read(&flow->tx_bytes);
	u64 rx = READ_ONCE(flow->rx_bytes);

	atomic64_add(tx - xchg(&flow->told_tx, tx), &peer->tx_bytes);
	atomic64_add(rx - xchg(&flow->told_rx, rx), &peer->rx_bytes);
}

/**
 * sst_peer_has_address() - is this an address of the peer?
 * @peer: peer found under RCU
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @addr: the address
 *
 * Return: true when it was given as one.
 */
bool sst_peer_has_address(const struct sst_peer *peer, u8 family,
			  const union nf_inet_addr *addr)
{
	const struct sst_peer_address *address;
	unsigned int n;

	for (n = 0; n < peer->n_links; n++) {
		address = sst_peer_address(peer, n);
		if (address->family == family &&
		    nf_inet_addr_cmp(&address->addr, addr))
			return true;
	}
	return false;
}

/**
 * sst_peer_current_id() - what names a pre-shared key in this hour
 * @peer: peer with a pre-shared key, found under RCU
 * @id: output
 */
void sst_peer_current_id(const struct sst_peer *peer,
			 u8 id[SST_ASSOC_ID_SIZE])
{
	const struct sst_peer_id *known;
	u32 hour = hour_now(peer->peers);

	if (hour != READ_ONCE(peer->peers->hour))
		sst_peers_poke(peer->peers);
	rcu_read_lock();
	known = rcu_dereference(peer->ids[hour % SST_PEER_HOURS]);
	if (known && known->hour == hour)
		memcpy(id, known->id, SST_ASSOC_ID_SIZE);
	else
		id_of_hour(id, peer, hour);
	rcu_read_unlock();
}
