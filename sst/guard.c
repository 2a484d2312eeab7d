// SPDX-License-Identifier: GPL-2.0
/*
 * The closed doors on the way in: nothing reaches a live flow but through its
 * keys, and nothing marked reaches a socket unopened (protocol sections 2, 9).
 */
#include <linux/in_route.h>
#include <linux/netfilter.h>
#include <net/route.h>

#include "conntrack.h"
#include "guard.h"
#include "icmp.h"
#include "look.h"
#include "outcome.h"
#include "packet.h"
#include "pernet.h"
#include "policy.h"
#include "scope.h"
#include "select.h"
#include "sock.h"
#include "subject.h"
#include "tomb.h"

/**
 * sst_guard_clear() - a packet at PRE_ROUTING, after defragmentation
 * @sn: namespace
 * @skb: the packet
 * @state: hook state
 *
 * A clear packet with the real tuple of a live flow is forged, whatever its
 * shape. Here, so that neither conntrack nor a socket sees it, and after
 * defragmentation, so that fragments cannot carry it past. Gathered from
 * unmarked fragments, a datagram may have a wire tuple, too: nobody opened it.
 *
 * Return: NF_ACCEPT or NF_DROP.
 */
unsigned int sst_guard_clear(struct sst_net *sn, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	enum sst_pkt_class class;
	struct sst_flow *flow;
	struct sst_pkt pkt __uninitialized;

	if (sst_packet_is_opened(skb, state->pf))
		return NF_ACCEPT;
	class = sst_packet_parse(&pkt, skb, state->pf, SST_PKT_IN, &sn->cfg);
	if (class == SST_PKT_OTHER)
		return sst_icmp_in(sn, skb, state);
	flow = sst_flowtable_by_real(&sn->flows, &pkt.tuple);
	if (flow)
		return sst_drop(sn, flow, SST_A_STATS_RX_CLEAR);
	/*
	 * A fragment that lost its mark: the stack gathers those of IPv4 before
	 * LOCAL_IN, where the datagram is opened, but those of IPv6 behind it.
	 */
	if (class == SST_PKT_FOREIGN ||
	    (class == SST_PKT_FRAGMENT && state->pf == NFPROTO_IPV4))
		return NF_ACCEPT;
	flow = sst_flowtable_by_wire(&sn->flows, &pkt.tuple);
	if (flow)
		return sst_drop(sn, flow, SST_A_STATS_RX_UNOPENED);
	return NF_ACCEPT;
}

/**
 * sst_guard_is_broadcast() - is the packet for all hosts of a network?
 * @skb: packet with its route
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * A directed broadcast looks like any address; only its route tells.
 *
 * Return: true for an IPv4 broadcast.
 */
bool sst_guard_is_broadcast(const struct sk_buff *skb, u8 family)
{
	const struct rtable *rt = family == NFPROTO_IPV4 ? skb_rtable(skb) : NULL;

	return rt && rt->rt_flags & RTCF_BROADCAST;
}

/* What the rules say about a clear packet for this host. */
static u8 verdict_on(struct sst_net *sn, struct sk_buff *skb,
		     const struct sst_pkt *pkt)
{
	const struct sst_rules *rules = sst_policy_rules_in(&sn->policy);
	const struct sst_subject *who = NULL;
	struct sst_subject receiver;

	if (!sst_rules_know(rules, ntohs(pkt->tuple.lport)))
		return SST_VERDICT_CLEAR;
	if (sst_policy_asks_who(rules))
		who = sst_subject_of(&receiver,
				     sst_sock_receiver(sn->net, skb,
						       &pkt->tuple));
	return sst_policy_in(rules, &pkt->tuple, who);
}

/* Must nothing clear reach this port or socket? */
static bool requires_sst(struct sst_net *sn, struct sk_buff *skb,
			 const struct sst_pkt *pkt)
{
	if (sst_sock_requires(sn->net, skb, &pkt->tuple))
		return true;
	if (verdict_on(sn, skb, pkt) != SST_VERDICT_REQUIRE)
		return false;
	/*
	 * A rule is about new flows: connections in clear are left alone. But a
	 * SYN begins one, even where a time-wait socket has its tuple: that one
	 * would hand it to the listener.
	 */
	return sst_select_is_syn(pkt) ||
	       !sst_sock_is_foreign(sn->net, &pkt->tuple);
}

/* A packet that could be the first of a flow. */
static bool begins(const struct sst_pkt *pkt)
{
	return pkt->tuple.proto == IPPROTO_UDP || sst_select_is_syn(pkt);
}

/*
 * An opening, and a datagram, was held against the socket that it was for when it
 * came (admit.c). A NAT of this host may have led it to one that asks for more.
 */
static unsigned int guard_led(struct sst_net *sn, struct sk_buff *skb, u8 family,
			      u8 scope)
{
	struct sst_pkt pkt __uninitialized;

	if (sst_packet_parse(&pkt, skb, family, SST_PKT_IN, &sn->cfg) !=
	    SST_PKT_WHOLE || !begins(&pkt) ||
	    sst_scope_satisfies(scope, sst_sock_takes(sn->net, skb, &pkt.tuple)))
		return NF_ACCEPT;
	return sst_drop(sn, NULL, SST_A_STATS_RX_SCOPE);
}

/* One that was put together from fragments may have been opened just now. */
static unsigned int guard_opened(struct sst_net *sn, struct sk_buff *skb,
				 u8 family, u8 scope)
{
	return sst_look_opened(sn, skb) ? NF_ACCEPT :
					  guard_led(sn, skb, family, scope);
}

/*
 * Behind a bridge the stack has wiped what it knew of the packet. Clear ones on the
 * tuple of a flow did not come past the hooks of the bridge. Returns that flow, or
 * NULL.
 */
static const struct sst_flow *opened_on_bridge(struct sst_net *sn,
					       const struct sk_buff *skb,
					       const struct sst_tuple *tuple)
{
	struct sst_tuple came = *tuple;

	if (!sst_packet_is_bridged(skb))
		return NULL;
	if (sst_conntrack_is_led(skb))
		sst_conntrack_lead_back(skb, &came);
	return sst_flowtable_by_real(&sn->flows, &came);
}

/**
 * sst_guard_local() - a packet at LOCAL_IN
 * @sn: namespace
 * @skb: the packet
 * @state: hook state
 *
 * Return: NF_ACCEPT, or NF_DROP for a unicast TCP or UDP packet that still
 * carries the mark and was not opened, or that is clear and for a port or
 * socket that requires SST: there is no answer to it, as if nobody were there. Nor
 * to one that was opened and led to a socket that asks for more.
 */
unsigned int sst_guard_local(struct sst_net *sn, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	u8 scope = sst_packet_scope(skb, state->pf);
	struct sst_pkt pkt __uninitialized;
	const struct sst_flow *flow;
	enum sst_pkt_class class;

	if (scope)
		return guard_opened(sn, skb, state->pf, scope);
	class = sst_packet_parse(&pkt, skb, state->pf, SST_PKT_IN, &sn->cfg);
	/* Where nothing defragments at PRE_ROUTING this one is whole only here. */
	if (class == SST_PKT_OTHER)
		return sst_icmp_in(sn, skb, state);
	if (!sst_packet_is_unicast(&pkt.tuple.local, pkt.tuple.family) ||
	    sst_guard_is_broadcast(skb, state->pf))
		return NF_ACCEPT;
	if (pkt.marked && class != SST_PKT_FOREIGN)
		return sst_drop(sn, NULL, SST_A_STATS_RX_UNOPENED);
	flow = opened_on_bridge(sn, skb, &pkt.tuple);
	if (flow)
		return guard_opened(sn, skb, state->pf, flow->scope);
	if (requires_sst(sn, skb, &pkt))
		return sst_drop(sn, NULL, SST_A_STATS_RX_REQUIRED);
	/* The peer speaks clear on this tuple now; so may the answer. */
	if (begins(&pkt) && sst_tomb_has(&sn->tombs, &pkt.tuple))
		sst_tomb_lift(&sn->tombs, &pkt.tuple);
	return NF_ACCEPT;
}
