/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_FLOW_H
#define _SST_FLOW_H

#include <linux/atomic.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <uapi/linux/sst_netlink.h>

#include "kdf.h"
#include "key.h"
#include "packet.h"

/**
 * struct sst_flow - one real five-tuple, its wire tuple and its keys
 * @wire_node: entry in the table by wire tuple
 * @wire: tuple as this host sees it on the wire; immutable
 * @real_node: entry in the table by real tuple
 * @real: tuple as the applications see it, after source NAT; immutable
 * @id: identifier in its namespace; set once when the flow is added
 * @side: side of this host, 1 or 2; immutable
 * @scope: enum sst_scope; immutable
 * @suite: enum sst_suite; immutable
 * @state: enum sst_flow_state; written under @lock, read with READ_ONCE()
 * @secret: T of the flow (protocol section 5); immutable
 * @added: jiffies64 when the flow was added; immutable
 * @tx: sending key; RCU, replaced under @lock
 * @rx: newest receiving key that verified a packet; RCU, replaced under @lock
 * @rx_prev: the key before @rx, or NULL; RCU, replaced under @lock
 * @lock: serializes replacement of keys, the replay windows, and the fields
 *	below it. Softirq-safe; nothing nests inside it.
 * @trial_second: second in which keys far ahead were last tried
 * @trials: how many of them were tried in that second
 * @rx_packets: packets opened
 * @rx_bytes: transport payload bytes of these
 * @rx_last: jiffies64 when the last of these came, 0 when none did
 * @tx_packets: packets sealed
 * @tx_bytes: transport payload bytes of these
 * @rcu: frees the flow after the packets that still use it
 *
 * A flow is found under RCU and used only within that read section. It is
 * unlinked by sst_flowtable_del() and freed a grace period later, so nobody
 * holds a reference across one.
 */
struct sst_flow {
	struct rhash_head wire_node;
	struct sst_tuple wire;
	struct rhash_head real_node;
	struct sst_tuple real;
	u32 id;
	u8 side;
	u8 scope;
	u8 suite;
	u8 state;
	u8 secret[SST_SECRET_SIZE];
	u64 added;
	struct sst_tx_key __rcu *tx;
	struct sst_rx_key __rcu *rx;
	struct sst_rx_key __rcu *rx_prev;

	/* see @lock above */
	spinlock_t lock;
	unsigned long trial_second;
	u8 trials;
	u64 rx_packets;
	u64 rx_bytes;
	u64 rx_last;

	atomic64_t tx_packets;
	atomic64_t tx_bytes;
	struct rcu_head rcu;
};

/**
 * struct sst_flow_params - what a manually keyed flow is made from
 * @real: real tuple
 * @wire: wire tuple; addresses, protocol and family are those of @real
 * @side: side of this host
 * @scope: enum sst_scope
 * @suite: enum sst_suite
 * @key: K; stays with the caller, who wipes it
 */
struct sst_flow_params {
	struct sst_tuple real;
	struct sst_tuple wire;
	u8 side;
	u8 scope;
	u8 suite;
	const u8 *key;
};

int sst_flow_init(void);
void sst_flow_exit(void);
struct sst_flow *sst_flow_new(const struct sst_flow_params *params);
void sst_flow_free(struct sst_flow *flow);
void sst_flow_free_rcu(struct sst_flow *flow);

/* Side of the peer. */
static inline u8 sst_flow_peer_side(const struct sst_flow *flow)
{
	return 3 - flow->side;
}

#endif /* _SST_FLOW_H */
