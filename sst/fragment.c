// SPDX-License-Identifier: GPL-2.0
/*
 * Sealed datagrams that do not fit the path (protocol section 2): the sender
 * fragments them, each fragment with the mark, and the receiver gathers marked
 * fragments by themselves, so that clear ones never mix with them.
 */
#include <linux/bottom_half.h>
#include <linux/err.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <net/ip.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "fragment.h"
#include "wire.h"

/*
 * Who gathers: the queues of the stack and of connection tracking have numbers
 * of their own (enum ip_defrag_users), all far below.
 */
#define GATHERER	0x53535431

/**
 * sst_fragment_send() - fragment a sealed IPv4 datagram and send the fragments
 * @skb: sealed datagram at POST_ROUTING, IPv4 without options, larger than @mtu
 * @mtu: largest length of an IP packet
 * @state: hook state
 *
 * The stack's own fragmentation would lose the mark. That of IPv6 copies the
 * traffic class, so nothing is to be done there.
 *
 * Return: 0 or a negative errno. Either way @skb is consumed.
 */
int sst_fragment_send(struct sk_buff *skb, unsigned int mtu,
		      const struct nf_hook_state *state)
{
	struct ip_frag_state frags;
	struct sk_buff *frag;
	int err = 0;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		err = skb_checksum_help(skb);
	if (err)
		goto out;
	/*
	 * With DF: a router that would cut them further loses the mark, one that
	 * says "too big" is heard.
	 */
	ip_frag_init(skb, sizeof(struct iphdr), LL_RESERVED_SPACE(state->out),
		     mtu - sizeof(struct iphdr), true, &frags);
	/* Without softirqs in between, as for the segments of a packet. */
	local_bh_disable();
	while (frags.left > 0 && err >= 0) {
		frag = ip_frag_next(skb, &frags);
		if (IS_ERR(frag)) {
			err = PTR_ERR(frag);
			break;
		}
		IPCB(frag)->flags = IPCB(skb)->flags;
		ip_hdr(frag)->frag_off |= htons(SST_MARK_IPV4);
		ip_send_check(ip_hdr(frag));
		err = state->okfn(state->net, state->sk, frag);
	}
	local_bh_enable();
out:
	consume_skb(skb);
	return min(err, 0);
}

static int gather_ipv4(struct net *net, struct sk_buff *skb)
{
	int err = ip_defrag(net, skb, GATHERER);

	if (err)
		return err;
	skb->ignore_df = 1;
	/* It is lost on the way, and only marked ones were gathered. */
	ip_hdr(skb)->frag_off |= htons(SST_MARK_IPV4);
	ip_send_check(ip_hdr(skb));
	return 0;
}

static int gather_ipv6(struct net *net, struct sk_buff *skb)
{
	int err = nf_ct_frag6_gather(net, skb, GATHERER);

	if (err && err != -EINPROGRESS)
		kfree_skb(skb);
	return err;
}

/**
 * sst_fragment_gather() - put a marked fragment to the others of its datagram
 * @net: namespace
 * @skb: fragment at PRE_ROUTING, data at the network header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Memory and time are those that the namespace has for fragments
 * (net.ipv4.ipfrag_*, net.netfilter.nf_conntrack_frag6_*).
 *
 * Return: 0 when @skb is the whole datagram now, marked; -EINPROGRESS when it
 * waits for others; another negative errno when it was refused. When not 0,
 * @skb is consumed.
 */
int sst_fragment_gather(struct net *net, struct sk_buff *skb, u8 family)
{
	int err;

	local_bh_disable();
	err = family == NFPROTO_IPV4 ? gather_ipv4(net, skb) :
				       gather_ipv6(net, skb);
	local_bh_enable();
	return err;
}
