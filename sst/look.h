/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_LOOK_H
#define _SST_LOOK_H

#include "conntrack.h"
#include "packet.h"
#include "pernet.h"
#include "policy.h"
#include "sock.h"

/*
 * First looks at a packet, one for each hook. They are short, and enough for most
 * packets: true says that the long look would let it pass untouched, false says
 * nothing. A flow has a wire tuple in the table as long as it lives, so that where
 * there is no wire tuple there is no flow. Of what is in the tables the local ports
 * are known (portmap.h).
 */

/* No flow, nor what one has left behind, has the port that the packet is for. */
static inline bool sst_look_port(const struct sst_net *sn,
				 const struct sk_buff *skb, u8 family)
{
	const __be16 *ports = sst_packet_peek_ports(skb, family);

	return ports && !sst_portmap_may_have(&sn->flows.ports, ntohs(ports[1]));
}

/* Nothing is known that it could be of, and it does not open anything. */
static inline bool sst_look_ingress(const struct sst_net *sn,
				    const struct sk_buff *skb, u8 family)
{
	return (!sst_packet_is_marked(skb, family, &sn->cfg) &&
		(sst_flowtable_is_empty(&sn->flows) ||
		 sst_look_port(sn, skb, family))) ||
	       /* It has waited for others (merge.c). */
	       sst_packet_is_opened(skb, family);
}

/* Nothing is known that it could pretend to be of, or it has shown that it is. */
static inline bool sst_look_guard(const struct sst_net *sn,
				  const struct sk_buff *skb, u8 family)
{
	return sst_flowtable_is_empty(&sn->flows) ||
	       sst_packet_is_opened(skb, family) ||
	       sst_look_port(sn, skb, family);
}

/* One that was opened: no NAT has led it elsewhere, or no socket asks for a scope. */
static inline bool sst_look_opened(const struct sst_net *sn,
				   const struct sk_buff *skb)
{
	return likely(!READ_ONCE(sn->sockets_ask)) || !sst_conntrack_is_led(skb);
}

/*
 * It was opened; or neither rules nor sockets ask for more, and nothing is known of
 * the past. Flows count for ICMP, for what was put together from fragments, and behind
 * a bridge, where the stack has wiped what was opened, and a NAT has changed the port.
 */
static inline bool sst_look_local(const struct sst_net *sn,
				  const struct sk_buff *skb, u8 family)
{
	const struct sst_rules *rules;
	const __be16 *ports;
	u16 port;

	if (sst_packet_is_opened(skb, family))
		return sst_look_opened(sn, skb);
	if (READ_ONCE(sn->sockets_require) ||
	    sst_packet_is_marked(skb, family, &sn->cfg) ||
	    (READ_ONCE(sn->sockets_ask) && sst_packet_is_bridged(skb)))
		return false;
	rules = sst_policy_rules_in(&sn->policy);
	if (!rules && sst_flowtable_is_empty(&sn->flows) &&
	    !READ_ONCE(sn->tombs.count))
		return true;
	ports = sst_packet_peek_ports(skb, family);
	if (!ports)
		return false;
	port = ntohs(ports[1]);
	return !sst_rules_know(rules, port) &&
	       !sst_tombs_may_have(&sn->tombs, port) &&
	       (!sst_packet_was_gathered(skb, family) ||
		!sst_flowtable_may_have(&sn->flows, port));
}

/*
 * A socket that asks for nothing and was never carried, no flow, no past, and no rule
 * about its port.
 */
static inline bool sst_look_egress(const struct sst_net *sn,
				   const struct sk_buff *skb, u8 family,
				   const struct sock *sk)
{
	const __be16 *ports;

	if (!sst_sock_is_plain(sn, sk))
		return false;
	ports = sst_packet_peek_ports(skb, family);
	if (!ports || sst_policy_knows_out(&sn->policy, ntohs(ports[1])) ||
	    sst_flowtable_may_have(&sn->flows, ntohs(ports[0])))
		return false;
	/* A flow that ends has its tombstone first, see sst_life_end(). */
	smp_rmb();
	return !sst_tombs_may_have(&sn->tombs, ntohs(ports[0]));
}

#endif /* _SST_LOOK_H */
