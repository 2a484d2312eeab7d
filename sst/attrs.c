// SPDX-License-Identifier: GPL-2.0
/* A flow as netlink attributes. No secret is ever among them. */
#include <net/netlink.h>

#include "attrs.h"
#include "flow.h"

static int put_tuples(struct sk_buff *msg, const struct sst_flow *flow)
{
	const struct sst_tuple *real = &flow->real, *wire = &flow->wire;

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
	    nla_put_be16(msg, SST_A_FLOW_WIRE_REMOTE_PORT, wire->rport))
		return -EMSGSIZE;
	return 0;
}

static int put_keys(struct sk_buff *msg, const struct sst_flow *flow)
{
	const struct sst_tx_key *tx;
	u16 tx_kri, rx_kri;
	u64 seq;

	rcu_read_lock();
	tx = rcu_dereference(flow->tx);
	tx_kri = tx->kri;
	/* CPUs that lost the race for the last counter have added to it. */
	seq = min_t(u64, atomic64_read(&tx->next_seq), SST_SEQ_LIMIT);
	rx_kri = rcu_dereference(flow->rx)->kri;
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

/**
 * sst_attrs_put_flow() - append the attributes of a flow to a message
 * @msg: netlink message
 * @flow: the flow
 *
 * Return: 0, or -EMSGSIZE when they do not fit.
 */
int sst_attrs_put_flow(struct sk_buff *msg, const struct sst_flow *flow)
{
	if (nla_put_u32(msg, SST_A_FLOW_ID, flow->id) ||
	    put_tuples(msg, flow) ||
	    nla_put_u8(msg, SST_A_FLOW_SIDE, flow->side) ||
	    nla_put_u8(msg, SST_A_FLOW_SCOPE, flow->scope) ||
	    nla_put_u8(msg, SST_A_FLOW_SUITE, flow->suite) ||
	    nla_put_u8(msg, SST_A_FLOW_STATE, READ_ONCE(flow->state)) ||
	    put_keys(msg, flow))
		return -EMSGSIZE;
	return put_traffic(msg, flow);
}
