/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PEER_H
#define _SST_PEER_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>
#include <uapi/linux/sst_netlink.h>

#include "assoc.h"
#include "encap.h"

struct sst_flow;
struct sst_net;

/* Bound on the peers of a namespace. */
#define SST_PEERS_MAX		65536

/* Hours for which an association's id is known: previous, current, next. */
#define SST_PEER_HOURS		3

/* First bytes of a digest that tells pre-shared keys apart. */
#define SST_PEER_PRINT_SIZE	16

/**
 * struct sst_peer_address - address of a peer, as a hash key
 * @addr: the address; bytes that the family does not use are 0
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @zero: padding; always 0
 */
struct sst_peer_address {
	union nf_inet_addr addr;
	u8 family;
	u8 zero[3];
};

/**
 * struct sst_peer_link - one address of a peer
 * @node: entry in the list of those that have this address
 * @group: that list
 * @peer: whose it is
 */
struct sst_peer_link {
	struct list_head node;
	struct sst_peer_group *group;
	struct sst_peer *peer;
};

/**
 * enum sst_peer_kind - by which key a peer is known
 * @SST_PEER_PSK: a pre-shared key
 * @SST_PEER_PUBLIC: its public key
 */
enum sst_peer_kind {
	SST_PEER_PSK,
	SST_PEER_PUBLIC,
};

/**
 * struct sst_peer - a host for which a key is known
 * @name: name in its namespace, filled up with zeros; immutable
 * @name_node: entry in the table by name
 * @id: number in its namespace, not reused soon; immutable
 * @peers: peers of the namespace; immutable
 * @kind: enum sst_peer_kind; immutable
 * @suite: enum sst_suite; immutable
 * @assoc: association of a pre-shared key; immutable
 * @a_psk: A_psk, of a pre-shared key; immutable
 * @public: public key; immutable
 * @key_id: what names the public key on the wire; immutable
 * @identity: enum sst_identity_mode, with a public key; immutable
 * @wire_ports: wire ports that the peer takes openings on, as in struct
 *	sst_config, 0 for any; immutable
 * @encaps: what is ready to open flows with the public key
 * @print: what the key is told apart by; immutable
 * @print_node: entry in the table by it
 * @ids: ids of the association, that of hour h at h % SST_PEER_HOURS; RCU,
 *	replaced under the lock of the namespace's peers
 * @flows: flows with this peer
 * @assocs: derived associations with this peer
 * @handshake: jiffies64 when the newest of these was made, 0 when none was;
 *	READ_ONCE() and WRITE_ONCE()
 * @tx_bytes: payload bytes sealed for it; written by the reaper and when a flow
 *	ends, so up to a second behind
 * @rx_bytes: payload bytes opened of it, the same
 * @rx_last: jiffies64 when a packet of the peer last verified, 0 when none did;
 *	READ_ONCE() and WRITE_ONCE()
 * @rcu: frees the peer after the packets that still use it
 * @n_links: how many addresses it has; immutable
 * @links: entries in the table by address
 *
 * A peer is found under RCU and used only within that read section.
 */
struct sst_peer {
	char name[SST_NAME_MAX + 1];
	struct rhash_head name_node;
	u32 id;
	struct sst_peers *peers;
	u8 kind;
	u8 suite;
	struct sst_assoc assoc;
	u8 a_psk[SST_SECRET_SIZE];
	u8 public[SST_PUBLIC_SIZE];
	u8 key_id[SST_KEY_ID_SIZE];
	u8 identity;
	u32 wire_ports;
	struct sst_encaps encaps;
	u8 print[SST_PEER_PRINT_SIZE];
	struct rhash_head print_node;
	struct sst_peer_id __rcu *ids[SST_PEER_HOURS];
	atomic_t flows;
	atomic_t assocs;
	u64 handshake;
	atomic64_t tx_bytes;
	atomic64_t rx_bytes;
	u64 rx_last;
	struct rcu_head rcu;
	unsigned int n_links;
	struct sst_peer_link links[];
};

/**
 * struct sst_peers - the peers of one namespace
 * @by_address: lists of those that have an address, the oldest first
 * @by_assoc_id: ids of associations, three for each peer
 * @by_name: by name
 * @by_print: by fingerprint of the key
 * @by_number: by number
 * @last_number: number given last; @lock
 * @count: peers; written under @lock, read with READ_ONCE()
 * @hour: the hour for which ids are known; written under @lock, read with
 *	READ_ONCE()
 * @incomplete: some of them could not be made; @lock
 * @poked: the renewal is to run at once; READ_ONCE() and WRITE_ONCE()
 * @clock: Unix time in seconds; the real clock but in tests
 * @lock: serializes addition, removal and the renewal of ids. Handlers and
 *	work only, never a packet.
 * @renew: renews the ids when the hour has changed
 *
 * Lookups are under RCU.
 */
struct sst_peers {
	struct rhashtable by_address;
	struct rhltable by_assoc_id;
	struct rhashtable by_name;
	struct rhashtable by_print;
	struct xarray by_number;
	u32 last_number;
	unsigned int count;
	u32 hour;
	bool incomplete;
	bool poked;
	time64_t (*clock)(void);
	struct mutex lock; /* see above */
	struct delayed_work renew;
};

/**
 * struct sst_peer_params - what a peer is made from
 * @name: name, filled up with zeros
 * @kind: enum sst_peer_kind
 * @key: pre-shared key or public key, 32 bytes; stays with the caller, who wipes
 *	a pre-shared one
 * @side: side of this host, with a pre-shared key
 * @suite: enum sst_suite
 * @identity: enum sst_identity_mode, with a public key
 * @wire_ports: as in struct sst_peer
 * @n_addresses: how many addresses, up to SST_ADDRESSES_MAX; at least one with
 *	a pre-shared key
 * @addresses: these, all different
 */
struct sst_peer_params {
	char name[SST_NAME_MAX + 1];
	u8 kind;
	const u8 *key;
	u8 side;
	u8 suite;
	u8 identity;
	u32 wire_ports;
	unsigned int n_addresses;
	struct sst_peer_address addresses[SST_ADDRESSES_MAX];
};

/**
 * enum sst_peer_clash - why a peer cannot be added
 * @SST_PEER_CLASH_NONE: it was
 * @SST_PEER_CLASH_NAME: another peer has this name
 * @SST_PEER_CLASH_KEY: another peer has this key
 * @SST_PEER_CLASH_FULL: the namespace has as many as it may
 * @SST_PEER_CLASH_NOMEM: no memory
 */
enum sst_peer_clash {
	SST_PEER_CLASH_NONE,
	SST_PEER_CLASH_NAME,
	SST_PEER_CLASH_KEY,
	SST_PEER_CLASH_FULL,
	SST_PEER_CLASH_NOMEM,
};

int sst_peers_init(struct sst_peers *peers);
void sst_peers_exit(struct sst_peers *peers);
enum sst_peer_clash sst_peers_add(struct sst_peers *peers,
				  const struct sst_peer_params *params);
int sst_peers_del(struct sst_peers *peers, const char *name, u32 *id);
void sst_peers_clear(struct sst_net *sn);
void sst_peers_wipe_encaps(struct sst_peers *peers);
void sst_peers_poke(struct sst_peers *peers);

struct sst_peer_link *sst_peers_at(struct sst_peers *peers, u8 family,
				   const union nf_inet_addr *addr);
struct sst_peer_link *sst_peers_next_at(struct sst_peer_link *link);
struct sst_peer *sst_peers_by_address(struct sst_peers *peers, u8 family,
				      const union nf_inet_addr *addr,
				      unsigned int nth);
struct sst_peer *sst_peers_by_id(struct sst_peers *peers,
				 const u8 id[SST_ASSOC_ID_SIZE]);
struct sst_peer *sst_peers_by_public(struct sst_peers *peers,
				     const u8 public[SST_PUBLIC_SIZE]);
struct sst_peer *sst_peers_by_number(struct sst_peers *peers, u32 id);
struct sst_peer *sst_peers_by_name(struct sst_peers *peers, const char *name);
struct sst_peer *sst_peers_next(struct sst_peers *peers, u32 from);
const struct sst_peer_address *sst_peer_address(const struct sst_peer *peer,
						unsigned int n);
void sst_peer_tell(struct sst_peer *peer, struct sst_flow *flow);
bool sst_peer_has_address(const struct sst_peer *peer, u8 family,
			  const union nf_inet_addr *addr);
void sst_peer_current_id(const struct sst_peer *peer,
			 u8 id[SST_ASSOC_ID_SIZE]);

#endif /* _SST_PEER_H */
