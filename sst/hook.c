// SPDX-License-Identifier: GPL-2.0
/*
 * Where packets enter the module, and in which order against the rest of
 * netfilter:
 *
 *   PRE_ROUTING -449	ingress: before defragmentation (-400), raw and
 *			conntrack (-200), so that everything later sees real
 *			ports
 *   PRE_ROUTING -399	guard: after defragmentation, still before conntrack
 *   LOCAL_IN first	guard: what is marked and was not opened here, and
 *			what a NAT has led to a socket that asks for more
 *			In both, ingress once more for what was gathered from
 *			fragments without mark
 *   POST_ROUTING last	egress: after source NAT, so that the tuple is final
 */
#include <linux/limits.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>

#include "egress.h"
#include "guard.h"
#include "hook.h"
#include "ingress.h"
#include "look.h"
#include "packet.h"
#include "pernet.h"

#define PRI_INGRESS	(NF_IP_PRI_RAW_BEFORE_DEFRAG + 1)
#define PRI_GUARD	(NF_IP_PRI_CONNTRACK_DEFRAG + 1)

/*
 * Loopback traffic never meets a network. An L3 master (VRF) passes each
 * packet through the hooks a second time; the real device is the one that
 * counts.
 */
static bool is_exempt(const struct net_device *dev)
{
	return dev && (dev->flags & IFF_LOOPBACK || netif_is_l3_master(dev));
}

static unsigned int pre_routing(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	if (sst_look_ingress(priv, skb, state->pf) || is_exempt(state->in))
		return NF_ACCEPT;
	return sst_ingress(priv, skb, state);
}

/* Most packets never were in fragments. */
static unsigned int gathered(struct sst_net *sn, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	return sst_packet_was_gathered(skb, state->pf) ?
	       sst_ingress_gathered(sn, skb, state) : NF_ACCEPT;
}

static unsigned int pre_routing_guard(void *priv, struct sk_buff *skb,
				      const struct nf_hook_state *state)
{
	unsigned int verdict;

	if (sst_look_guard(priv, skb, state->pf) || is_exempt(state->in))
		return NF_ACCEPT;
	verdict = gathered(priv, skb, state);
	return verdict == NF_ACCEPT ? sst_guard_clear(priv, skb, state) : verdict;
}

/* ESP in a datagram comes to PRE_ROUTING in the same buffer, unopened. */
static unsigned int deliver(struct sk_buff *skb, const struct nf_hook_state *state)
{
	sst_packet_forget_scope(skb, state->pf);
	return NF_ACCEPT;
}

/* Apart, so that the short look needs no frame on the stack. */
static noinline unsigned int look_long(struct sst_net *sn, struct sk_buff *skb,
				       const struct nf_hook_state *state)
{
	unsigned int verdict = gathered(sn, skb, state);

	if (verdict == NF_ACCEPT)
		verdict = sst_guard_local(sn, skb, state);
	return verdict == NF_ACCEPT ? deliver(skb, state) : verdict;
}

static unsigned int local_in(void *priv, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	if (sst_look_local(priv, skb, state->pf) ||
	    (state->in && state->in->flags & IFF_LOOPBACK))
		return deliver(skb, state);
	return look_long(priv, skb, state);
}

static unsigned int post_routing(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	if (sst_look_egress(priv, skb, state->pf, state->sk) ||
	    is_exempt(state->out))
		return NF_ACCEPT;
	return sst_egress(priv, skb, state);
}

/* NFPROTO_INET: each of them for IPv4 and for IPv6. */
static const struct nf_hook_ops hooks[SST_HOOKS] = {
	{
		.hook = pre_routing,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRI_INGRESS,
	},
	{
		.hook = pre_routing_guard,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_PRE_ROUTING,
		.priority = PRI_GUARD,
	},
	{
		.hook = local_in,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_LOCAL_IN,
		.priority = NF_IP_PRI_FIRST,
	},
	{
		.hook = post_routing,
		.pf = NFPROTO_INET,
		.hooknum = NF_INET_POST_ROUTING,
		.priority = NF_IP_PRI_LAST,
	},
};

/**
 * sst_hook_register() - let the packets of a namespace pass through here
 * @sn: the namespace
 *
 * Its own copies, so that a packet finds the state of its namespace there.
 *
 * Return: 0 or a negative errno.
 */
int sst_hook_register(struct sst_net *sn)
{
	int i;

	for (i = 0; i < SST_HOOKS; i++) {
		sn->hooks[i] = hooks[i];
		sn->hooks[i].priv = sn;
	}
	return nf_register_net_hooks(sn->net, sn->hooks, SST_HOOKS);
}

/**
 * sst_hook_unregister() - the reverse; packets under way are not waited for
 * @sn: the namespace
 */
void sst_hook_unregister(struct sst_net *sn)
{
	nf_unregister_net_hooks(sn->net, sn->hooks, SST_HOOKS);
}
