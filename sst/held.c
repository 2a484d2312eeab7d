// SPDX-License-Identifier: GPL-2.0
/*
 * One sealed packet a flow that waits until the peer has confirmed the flow
 * (protocol section 6.3). It then takes the whole way in again, so that no hook
 * misses it.
 */
#include <linux/atomic.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <net/dst.h>

#include "flow.h"
#include "held.h"
#include "pernet.h"

/* Bound on all packets that wait, in all namespaces. */
#define HELD_MAX	1024

static atomic_t held = ATOMIC_INIT(0);

static struct sk_buff *take(struct sst_flow *flow)
{
	struct sk_buff *skb;

	spin_lock_bh(&flow->lock);
	skb = flow->held;
	flow->held = NULL;
	spin_unlock_bh(&flow->lock);
	if (skb)
		atomic_dec(&held);
	return skb;
}

/**
 * sst_held_keep() - keep a packet until its flow is confirmed
 * @flow: flow that waits for confirmation
 * @skb: the packet as it arrived, at PRE_ROUTING
 *
 * Return: true when it was kept and is no longer the caller's.
 */
bool sst_held_keep(struct sst_flow *flow, struct sk_buff *skb)
{
	bool kept = false;

	if (skb->len > SST_HELD_BYTES)
		return false;
	if (atomic_inc_return(&held) > HELD_MAX) {
		atomic_dec(&held);
		return false;
	}
	spin_lock_bh(&flow->lock);
	if (!flow->held && flow->state == SST_FLOW_STATE_ACCEPTING) {
		/* No pointer to a device that may go; its index is in skb_iif. */
		skb->skb_iif = skb->dev->ifindex;
		skb->dev = NULL;
		skb_dst_drop(skb);
		skb_orphan(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
		skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
		flow->held = skb;
		kept = true;
	}
	spin_unlock_bh(&flow->lock);
	if (!kept)
		atomic_dec(&held);
	return kept;
}

/**
 * sst_held_release() - receive the packet of a flow that is confirmed now
 * @sn: namespace
 * @flow: the flow; the caller is in an RCU read section
 */
void sst_held_release(struct sst_net *sn, struct sst_flow *flow)
{
	struct sk_buff *skb = take(flow);

	if (!skb)
		return;
	skb->dev = dev_get_by_index_rcu(sn->net, skb->skb_iif);
	if (skb->dev)
		netif_rx(skb);
	else
		kfree_skb(skb);
}

/**
 * sst_held_free() - drop the packet of a flow that ended
 * @flow: flow that nobody uses any more
 */
void sst_held_free(struct sst_flow *flow)
{
	kfree_skb(take(flow));
}
