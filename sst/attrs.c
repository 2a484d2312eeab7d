// SPDX-License-Identifier: GPL-2.0
/* A flow as netlink attributes. No secret is ever among them. */
#include <net/netlink.h>

#include "attrs.h"
#include "flow.h"
#include "peer.h"
#include "pernet.h"

static int put_tuples(struct sk_buff *msg, const struct sst_flow *flow)
{
	const struct sst_wire_ports *wire = &flow->wire;
	const struct sst_tuple *real = &flow->real;

	if (real->family == NFPROTO_IPV4) {
		if (nla_put_in_addr(msg, SST_A_FLOW_LOCAL_IPV4, real->local.ip) ||
		    nla_put_in_addr(msg, SST_A_FLOW_REMOTE_IPV4, real->remote.ip))
			return -EMSGSIZE;
	} else {
		if (nla_put_in6_addr(msg, SST_A_FLOW_LOCAL_IPV6,
				     &real->local.in6) ||
		    nla_put_in6_addr(msg, SST_A_FLOW_REMOTE_IPV6,
				     &real->remote.in6))
			return -EMSGSIZE;
	}
	if (nla_put_u8(msg, SST_A_FLOW_PROTO, real->proto) ||
	    nla_put_be16(msg, SST_A_FLOW_LOCAL_PORT, real->lport) ||
	    nla_put_be16(msg, SST_A_FLOW_REMOTE_PORT, real->rport) ||
	    nla_put_be16(msg, SST_A_FLOW_WIRE_LOCAL_PORT, wire->lport) ||
	    nla_put_be16(msg, SST_A_FLOW_WIRE_REMOTE_PORT,
			 READ_ONCE(wire->rport)))
		return -EMSGSIZE;
	return 0;
}

/* A flow that waits for the answer to its opening has no keys. */
static int put_keys(struct sk_buff *msg, const struct sst_flow *flow)
{
	const struct sst_tx_key *tx;
	const struct sst_rx_key *rx;
	u16 tx_kri = 0, rx_kri = 0;
	u64 seq = 0;

	rcu_read_lock();
	tx = rcu_dereference(flow->tx);
	rx = rcu_dereference(flow->rx);
	if (tx) {
		tx_kri = tx->kri;
		/* CPUs that lost the race for the last counter added to it. */
		seq = min_t(u64, atomic64_read(&tx->next_seq), SST_SEQ_LIMIT);
	}
	if (rx)
		rx_kri = rx->kri;
	rcu_read_unlock();

	if (nla_put_u16(msg, SST_A_FLOW_TX_KRI, tx_kri) ||
	    nla_put_u32(msg, SST_A_FLOW_TX_SEQ, seq) ||
	    nla_put_u16(msg, SST_A_FLOW_RX_KRI, rx_kri))
		return -EMSGSIZE;
	return 0;
}

static u32 seconds_since(u64 then)
{
	return div_u64(get_jiffies_64() - then, HZ);
}

static int put_traffic(struct sk_buff *msg, const struct sst_flow *flow)
{
	u64 rx_last = READ_ONCE(flow->rx_last);

	if (nla_put_u64_64bit(msg, SST_A_FLOW_TX_PACKETS,
			      atomic64_read(&flow->tx_packets),
			      SST_A_FLOW_PAD) ||
	    nla_put_u64_64bit(msg, SST_A_FLOW_TX_BYTES,
			      atomic64_read(&flow->tx_bytes), SST_A_FLOW_PAD) ||
	    nla_put_u64_64bit(msg, SST_A_FLOW_RX_PACKETS,
			      READ_ONCE(flow->rx_packets), SST_A_FLOW_PAD) ||
	    nla_put_u64_64bit(msg, SST_A_FLOW_RX_BYTES,
			      READ_ONCE(flow->rx_bytes), SST_A_FLOW_PAD) ||
	    nla_put_u32(msg, SST_A_FLOW_AGE, seconds_since(flow->added)))
		return -EMSGSIZE;
	if (rx_last &&
	    nla_put_u32(msg, SST_A_FLOW_RX_IDLE, seconds_since(rx_last)))
		return -EMSGSIZE;
	return 0;
}

static int put_origin(struct sk_buff *msg, struct sst_net *sn,
		      const struct sst_flow *flow)
{
	const struct sst_peer *peer;

	if (nla_put_u8(msg, SST_A_FLOW_ROLE, flow->role))
		return -EMSGSIZE;
	if (flow->peer_port != flow->real.rport &&
	    nla_put_be16(msg, SST_A_FLOW_PEER_PORT, flow->peer_port))
		return -EMSGSIZE;
	peer = sst_peers_by_number(&sn->peers, flow->peer_id);
	return peer ? nla_put_string(msg, SST_A_FLOW_PEER, peer->name) : 0;
}

/**
 * sst_attrs_put_flow() - append the attributes of a flow to a message
 * @msg: netlink message
 * @sn: namespace of the flow
 * @flow: the flow; the caller is in an RCU read section
 *
 * Return: 0, or -EMSGSIZE when they do not fit.
 */
int sst_attrs_put_flow(struct sk_buff *msg, struct sst_net *sn,
		       const struct sst_flow *flow)
{
	if (nla_put_u32(msg, SST_A_FLOW_ID, flow->id) ||
	    put_tuples(msg, flow) ||
	    nla_put_u8(msg, SST_A_FLOW_SIDE, flow->side) ||
	    nla_put_u8(msg, SST_A_FLOW_SCOPE, flow->scope) ||
	    nla_put_u8(msg, SST_A_FLOW_SUITE, flow->suite) ||
	    nla_put_u8(msg, SST_A_FLOW_STATE, READ_ONCE(flow->state)) ||
	    put_keys(msg, flow) || put_traffic(msg, flow))
		return -EMSGSIZE;
	return put_origin(msg, sn, flow);
}
