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
#include "outcome.h"
#include "pernet.h"

/* Bound on all packets that wait, in all namespaces. */
#define HELD_MAX	1024

static atomic_t held = ATOMIC_INIT(0);

/* And on the copies of packets that left, which others cannot use up. */
#define COPIES_MAX	1024

static atomic_t copies = ATOMIC_INIT(0);

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
 * sst_held_copy() - keep a copy of a packet that leaves
 * @skb: the packet
 *
 * Return: the copy, without socket, route and connection, or NULL when it is
 * too large, too many wait or memory is short.
 */
struct sk_buff *sst_held_copy(const struct sk_buff *skb)
{
	struct sk_buff *copy = NULL;

	if (skb->len > SST_HELD_BYTES)
		return NULL;
	if (atomic_inc_return(&copies) <= COPIES_MAX)
		copy = skb_copy(skb, GFP_ATOMIC);
	if (!copy) {
		atomic_dec(&copies);
		return NULL;
	}
	skb_dst_drop(copy);
	nf_reset_ct(copy);
	copy->dev = NULL;
	return copy;
}

/**
 * sst_held_take() - a copy is no longer kept
 * @copy: from sst_held_copy()
 *
 * Return: @copy, which is the caller's.
 */
struct sk_buff *sst_held_take(struct sk_buff *copy)
{
	atomic_dec(&copies);
	return copy;
}

/**
 * sst_held_drop() - a copy is not needed
 * @copy: from sst_held_copy(), or NULL
 */
void sst_held_drop(struct sk_buff *copy)
{
	if (copy)
		kfree_skb(sst_held_take(copy));
}

/**
 * sst_held_park() - make a packet fit to wait
 * @skb: the packet as it arrived, at PRE_ROUTING
 *
 * It keeps no pointer to a device that may go; its index is in skb_iif.
 */
void sst_held_park(struct sk_buff *skb)
{
	skb->skb_iif = skb->dev->ifindex;
	skb->dev = NULL;
	skb_dst_drop(skb);
	skb_orphan(skb);
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	skb_ext_del(skb, SKB_EXT_BRIDGE_NF);
#endif
}

/**
 * sst_held_resubmit() - receive a packet that has waited
 * @sn: namespace
 * @skb: the packet; consumed. The caller is in an RCU read section.
 */
void sst_held_resubmit(struct sst_net *sn, struct sk_buff *skb)
{
	skb->dev = dev_get_by_index_rcu(sn->net, skb->skb_iif);
	if (skb->dev) {
		netif_rx(skb);
		return;
	}
	sst_drop(sn, NULL, SST_A_STATS_RX_UNOPENED);
	kfree_skb(skb);
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
		sst_held_park(skb);
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

	if (skb)
		sst_held_resubmit(sn, skb);
}

/**
 * sst_held_free() - drop the packet of a flow that ended
 * @flow: flow that nobody uses any more
 */
void sst_held_free(struct sst_flow *flow)
{
	kfree_skb(take(flow));
}
