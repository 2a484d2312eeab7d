/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_FLOW_H
#define _SST_FLOW_H

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <net/tcp.h>
#include <uapi/linux/sst_netlink.h>

#include "kdf.h"
#include "key.h"
#include "opening.h"
#include "packet.h"

/**
 * struct sst_wire - a wire tuple that is in use, or was until lately
 * @node: entry in the table by wire tuple
 * @tuple: as this host sees it on the wire; immutable
 * @flow: the flow, NULL once that has ended; RCU, written under the table's
 *	lock
 * @refused: of an ended flow: also unmarked packets are refused, because the
 *	flow was confirmed or opened here
 * @until: jiffies at which the tuple is free again, once @flow is NULL
 * @ended: entry in the list of such tuples, oldest first; table lock
 * @rcu: frees it after the packets that still use it, once it is in no list
 */
struct sst_wire {
	struct rhlist_head node;
	struct sst_tuple tuple;
	struct sst_flow __rcu *flow;
	bool refused;
	unsigned long until;
	union {
		struct list_head ended;
		struct rcu_head rcu;
	};
};

/* Ends of a TCP connection that were seen; bits of sst_flow.tcp_ends. */
#define SST_TCP_FIN_TX	BIT(0)
#define SST_TCP_FIN_RX	BIT(1)
#define SST_TCP_RST	BIT(2)

/**
 * struct sst_wire_ports - what differs between the two tuples of a flow
 * @lport: port of this host on the wire
 * @rport: port of the peer on the wire
 */
struct sst_wire_ports {
	__be16 lport;
	__be16 rport;
};

/**
 * struct sst_flow - one real five-tuple, its wire tuple and its keys
 * @real_node: entry in the table by real tuple, when @lists_real
 * @real: tuple as the local stack sees it, after source NAT; immutable
 * @wire: ports as this host sees them on the wire, for sst_flow_wire(); immutable
 *	but for the remote one, which follows a NAT: READ_ONCE/WRITE_ONCE
 * @id: identifier in its namespace; set once when the flow is added
 * @wire_entry: entry of its wire tuple in the table; table lock
 * @peer_id: identifier of the peer, 0 of a manually keyed flow or of nobody that
 *	is known here; set once more when the peer proves an identity
 * @oif: interface that packets of this host to the peer must take, 0 when the
 *	route alone tells; immutable
 * @peer_port: real port of the peer as it is sealed. Differs from that in
 *	@real when that is an alias; immutable
 * @role: enum sst_flow_role; immutable
 * @side: side of this host, 1 or 2; immutable
 * @scope: enum sst_scope; immutable
 * @suite: enum sst_suite; immutable
 * @mark: enum sst_mark, 0 for SST_MARK_ALL; immutable
 * @heard: the peer knows its wire tuple for certain, because a DATA of the peer
 *	verified, or in scope label one came without trailer; READ_ONCE/WRITE_ONCE
 * @sent_syn: a SYN of this host was sealed; release and acquire
 * @state: enum sst_flow_state; moved by sst_state_move()
 * @lists_real: it is found by its real tuple. Else another flow is, until this
 *	one is confirmed; table lock
 * @forwarded: its packets come from behind this host (a container);
 *	READ_ONCE/WRITE_ONCE
 * @accepts: the last SYN that left by it had an ACK: a socket of this host was
 *	asked for the connection; READ_ONCE/WRITE_ONCE
 * @linked: it is in the tables; table lock
 * @peer_mss: MSS that the peer announced, lowered before its SYN was handed up
 *	and not yet given back to the socket; else 0. READ_ONCE/WRITE_ONCE
 * @secret: T of the flow (protocol section 5); immutable once there are keys.
 *	Of one with an opening, until then, H(F, salt_i). Zero in scope label
 * @added: jiffies64 when the flow was added; immutable
 * @opening: how it was opened, NULL of a manually keyed flow; immutable
 * @tx: sending key; RCU, replaced under @lock; NULL before the answer came
 * @rx: newest receiving key that verified a packet; RCU, replaced under @lock
 * @rx_prev: the key before @rx, or NULL; RCU, replaced under @lock
 * @lock: serializes replacement of keys, the replay windows, and the fields
 *	below it. Softirq-safe; nothing nests inside it.
 * @trials: how many keys far ahead were tried in @trial_second
 * @tcp_ends: SST_TCP_*
 * @answered: it ended and owes no answer any more; lock of the list of answers
 * @trial_second: second in which keys far ahead were last tried
 * @reopened: jiffies when it last became REOPENING
 * @rx_packets: packets that verified; of DATA also what was dropped after that, for
 *	memory
 * @rx_bytes: transport payload bytes of these
 * @rx_last: jiffies64 when the last of these came, 0 when none did
 * @held: sealed packet that waits for the confirmation, or NULL
 * @told_tx: what of @tx_bytes the peer's sum has already; reaper, or whoever
 *	unlinked the flow
 * @told_rx: the same of @rx_bytes
 * @tx_packets: packets sealed
 * @tx_bytes: transport payload bytes of these
 * @tx_last: jiffies when the last of these went; READ_ONCE/WRITE_ONCE
 * @syn_end: of TCP: sequence number behind the last SYN of this host that was
 *	sealed, host byte order; READ_ONCE/WRITE_ONCE
 * @peer_seq: of TCP in scope label, when it is forwarded: sequence number behind
 *	what came in order; READ_ONCE/WRITE_ONCE
 * @tcp_seq: of TCP: sequence number behind the last packet sealed;
 *	READ_ONCE/WRITE_ONCE
 * @tcp_ack: acknowledgment number of it; READ_ONCE/WRITE_ONCE
 * @answer: of UDP: entry in the list of flows that owe an answer (answer.c)
 * @answer_due: jiffies when it is due; lock of that list
 * @answer_seen: packets that were sealed when it began to owe; the same
 * @waiting: entry in the list of flows that wait for the peer's confirmation,
 *	oldest first; table lock
 * @rcu: frees the flow after the packets that still use it, when it is unlinked
 *	and so does not wait
 *
 * A flow is found under RCU and used only within that read section. It is
 * unlinked by sst_flowtable_del() and freed a grace period later, so nobody
 * holds a reference across one.
 */
struct sst_flow {
	struct rhash_head real_node;
	struct sst_tuple real;
	struct sst_wire_ports wire;
	u32 id;
	struct sst_wire *wire_entry;
	u32 peer_id;
	int oif;
	__be16 peer_port;
	u8 role;
	u8 side;
	u8 scope;
	u8 suite;
	u8 mark;
	bool heard;
	bool sent_syn;
	u8 state;
	bool lists_real;
	bool forwarded;
	bool accepts;
	bool linked;
	u16 peer_mss;
	u8 secret[SST_SECRET_SIZE];
	u64 added;
	struct sst_opening *opening;
	struct sst_tx_key __rcu *tx;
	struct sst_rx_key __rcu *rx;
	struct sst_rx_key __rcu *rx_prev;

	/* see @lock above */
	spinlock_t lock;
	u8 trials;
	u8 tcp_ends;
	bool answered;
	unsigned long trial_second;
	unsigned long reopened;
	u64 rx_packets;
	u64 rx_bytes;
	u64 rx_last;
	struct sk_buff *held;

	u64 told_tx;
	u64 told_rx;
	atomic64_t tx_packets;
	atomic64_t tx_bytes;
	unsigned long tx_last;

	union {
		struct {
			u32 syn_end;
			u32 peer_seq;
			u32 tcp_seq;
			u32 tcp_ack;
		};
		struct {
			struct list_head answer;
			unsigned long answer_due;
			u64 answer_seen;
		};
	};
	union {
		struct list_head waiting;
		struct rcu_head rcu;
	};
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

/**
 * struct sst_party - what a flow with an opening takes over from its key
 * @peer_id: identifier of the peer, 0 when it is nobody that is known here
 * @side: side of this host
 * @suite: enum sst_suite
 */
struct sst_party {
	u32 peer_id;
	u8 side;
	u8 suite;
};

int sst_flow_init(void);
void sst_flow_exit(void);
struct sst_flow *sst_flow_new(const struct sst_flow_params *params);
struct sst_flow *sst_flow_opened(const struct sst_tuple *real,
				 const struct sst_tuple *wire,
				 const struct sst_party *party, u8 role);
void sst_flow_draw_secret(struct sst_flow *flow,
			  const u8 flow_key[SST_SECRET_SIZE],
			  const u8 salt_i[SST_SALT_SIZE]);
int sst_flow_set_secret(struct sst_flow *flow, const u8 salt_r[SST_SALT_SIZE]);
void sst_flow_free(struct sst_flow *flow);
void sst_flow_free_rcu(struct sst_flow *flow);
void sst_flow_tcp_end(struct sst_flow *flow, u8 tcp_flags, u8 fin);

/* Look for the end of a TCP connection in a packet: sst_flow_tcp_end(). */
static inline void sst_flow_tcp_ends(struct sst_flow *flow, u8 tcp_flags, u8 fin)
{
	if (unlikely(tcp_flags & (TCPHDR_FIN | TCPHDR_RST)))
		sst_flow_tcp_end(flow, tcp_flags, fin);
}

/* Its tuple as this host sees it on the wire. */
static inline struct sst_tuple sst_flow_wire(const struct sst_flow *flow)
{
	struct sst_tuple wire = flow->real;

	wire.lport = flow->wire.lport;
	wire.rport = READ_ONCE(flow->wire.rport);
	return wire;
}

/* Side of the peer. */
static inline u8 sst_flow_peer_side(const struct sst_flow *flow)
{
	return 3 - flow->side;
}

/* The peer has sent what it sends only to a flow that is confirmed. */
static inline void sst_flow_hear(struct sst_flow *flow)
{
	if (unlikely(!READ_ONCE(flow->heard)))
		WRITE_ONCE(flow->heard, true);
}

/* A packet of the peer verified; the caller holds the lock of the flow. */
static inline void sst_flow_count_rx(struct sst_flow *flow,
				     unsigned int payload)
{
	flow->rx_packets++;
	flow->rx_bytes += payload;
	WRITE_ONCE(flow->rx_last, get_jiffies_64());
}

/* A SYN of this host is about to leave. */
static inline void sst_flow_note_syn(struct sst_flow *flow, u32 seq)
{
	WRITE_ONCE(flow->syn_end, seq + 1);
	/* Pairs with sst_label_confirm(). */
	smp_store_release(&flow->sent_syn, true);
}

/* Bytes that each of its packets grows by, once it is confirmed. */
static inline unsigned int sst_flow_trailer(const struct sst_flow *flow)
{
	return flow->scope == SST_SCOPE_LABEL ? 0 : SST_DATA_TRAILER_SIZE;
}

/* Does its DATA carry the mark (protocol section 2)? */
static inline bool sst_flow_marks(const struct sst_flow *flow)
{
	return flow->mark != SST_MARK_OPENINGS || !READ_ONCE(flow->heard);
}

/* Does nobody else own its wire tuple? */
static inline bool sst_flow_owns_wire(const struct sst_flow *flow)
{
	return READ_ONCE(flow->state) != SST_FLOW_STATE_ACCEPTING;
}

#endif /* _SST_FLOW_H */
