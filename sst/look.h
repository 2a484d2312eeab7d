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
 * there is no wire tuple there is no flow.
 */

/* Nothing is known that it could be of, and it does not open anything. */
static inline bool sst_look_ingress(const struct sst_net *sn,
				    const struct sk_buff *skb, u8 family)
{
	return (sst_flowtable_is_empty(&sn->flows) &&
		!sst_packet_is_marked(skb, family, &sn->cfg)) ||
	       /* It has waited for others (merge.c). */
	       sst_packet_is_opened(skb, family);
}

/* Nothing is known that it could pretend to be of, or it has shown that it is. */
static inline bool sst_look_guard(const struct sst_net *sn,
				  const struct sk_buff *skb, u8 family)
{
	return sst_flowtable_is_empty(&sn->flows) ||
	       sst_packet_is_opened(skb, family);
}

/* One that was opened: no NAT has led it elsewhere, or no socket asks for a scope. */
static inline bool sst_look_opened(const struct sst_net *sn,
				   const struct sk_buff *skb)
{
	return likely(!READ_ONCE(sn->sockets_ask)) || !sst_conntrack_is_led(skb);
}

/*
 * It was opened; or neither rules nor sockets ask for more, and nothing is known of
 * the past. Flows count for ICMP, and for what was put together from fragments.
 */
static inline bool sst_look_local(const struct sst_net *sn,
				  const struct sk_buff *skb, u8 family)
{
	const struct sst_rules *rules;
	u16 port;

	if (sst_packet_is_opened(skb, family))
		return sst_look_opened(sn, skb);
	if (READ_ONCE(sn->sockets_require) || READ_ONCE(sn->tombs.count) ||
	    sst_packet_is_marked(skb, family, &sn->cfg))
		return false;
	rules = sst_policy_rules_in(&sn->policy);
	if (sst_flowtable_is_empty(&sn->flows)) {
		if (!rules)
			return true;
	} else if (sst_packet_was_gathered(skb, family)) {
		return false;
	}
	return sst_packet_peek_port(skb, family, &port) &&
	       !sst_rules_know(rules, port);
}

/* No flow, no past, no rule about its port, and a socket that asks for nothing. */
static inline bool sst_look_egress(const struct sst_net *sn,
				   const struct sk_buff *skb, u8 family,
				   const struct sock *sk)
{
	u16 port;

	return sst_flowtable_is_empty(&sn->flows) &&
	       !READ_ONCE(sn->tombs.count) &&
	       sst_packet_peek_port(skb, family, &port) &&
	       !sst_policy_knows_out(&sn->policy, port) &&
	       sst_sock_is_plain(sn, sk);
}

#endif /* _SST_LOOK_H */
