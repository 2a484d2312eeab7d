/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The little that the data path has to know of connection tracking. Inline
 * functions only: the module must load without nf_conntrack.
 */
#ifndef _SST_CONNTRACK_H
#define _SST_CONNTRACK_H

#include <linux/netfilter.h>
#include <net/netfilter/nf_conntrack.h>

#include "packet.h"

/**
 * sst_conntrack_adjusts_seq() - will sequence numbers change after sealing?
 * @skb: packet at POST_ROUTING
 *
 * A connection-tracking helper that rewrote payload adjusts them in its own
 * last hook, which may run after ours.
 *
 * Return: true when the packet cannot be sealed.
 */
static inline bool sst_conntrack_adjusts_seq(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && test_bit(IPS_SEQ_ADJUST_BIT, &ct->status);
#else
	return false;
#endif
}

/**
 * sst_conntrack_confirm() - let connection tracking confirm a packet
 * @skb: packet at POST_ROUTING that will not pass the hooks behind ours
 *
 * A packet cut into segments leaves the list of hooks here. Whether the hook
 * that confirms new connections comes before or after depends on who was
 * registered first.
 *
 * Return: 0, or -EPERM when the packet must be dropped.
 */
static inline int sst_conntrack_confirm(struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	const struct nf_ct_hook *hook;

	if (!ct || nf_ct_is_confirmed(ct))
		return 0;
	hook = rcu_dereference(nf_ct_hook);
	if (hook && hook->confirm(skb) != NF_ACCEPT)
		return -EPERM;
#endif
	return 0;
}

/**
 * sst_conntrack_is_led() - did a NAT of this host lead a packet elsewhere?
 * @skb: packet at LOCAL_IN
 *
 * Return: true for one of whoever began a connection, whose destination is not
 * what it was at PRE_ROUTING.
 */
static inline bool sst_conntrack_is_led(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	return ct && test_bit(IPS_DST_NAT_BIT, &ct->status) &&
	       CTINFO2DIR(ctinfo) == IP_CT_DIR_ORIGINAL;
#else
	return false;
#endif
}

/**
 * sst_conntrack_lead_back() - the destination of a packet when it came
 * @skb: packet of which sst_conntrack_is_led() is true
 * @tuple: its tuple; address and port of this host become those before
 */
static inline void sst_conntrack_lead_back(const struct sk_buff *skb,
					   struct sst_tuple *tuple)
{
#if IS_ENABLED(CONFIG_NF_CONNTRACK)
	enum ip_conntrack_info ctinfo;
	const struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	const struct nf_conntrack_tuple *came;

	came = nf_ct_tuple(ct, IP_CT_DIR_ORIGINAL);
	tuple->local = came->dst.u3;
	tuple->lport = came->dst.u.all;
#endif
}

#endif /* _SST_CONNTRACK_H */
