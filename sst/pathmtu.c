// SPDX-License-Identifier: GPL-2.0
/*
 * Does a packet fit its path together with the trailer, can it be made to fit,
 * and if not, who is told, and what?
 */
#include <linux/errqueue.h>
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/sock.h>

#include "compat.h"
#include "packet.h"
#include "pathmtu.h"
#include "rewrite.h"
#include "segment.h"
#include "sock.h"
#include "stats.h"

/* The largest segment that a length field tells. */
#define LENGTH_MAX	0xffff

/**
 * sst_pathmtu() - largest IP packet that the path carries
 * @skb: packet at POST_ROUTING
 * @state: hook state
 *
 * What routers said about sealed packets is in it: these errors are translated
 * with the MTU as it is on the wire.
 *
 * Return: length in bytes, IP header included.
 */
unsigned int sst_pathmtu(const struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	if (state->pf == NFPROTO_IPV4)
		return ip_skb_dst_mtu(state->sk, skb);
	return ip6_skb_dst_mtu((struct sk_buff *)skb);
}

/*
 * The errno of a send tells no number: a socket with IP_RECVERR finds it in its
 * error queue, as for a datagram that is too large without trailer.
 */
static void tell_socket(struct sock *sk, const struct sst_pkt *pkt,
			unsigned int room)
{
	bool ipv4 = pkt->tuple.family == NFPROTO_IPV4;
	unsigned int len = ipv4 ? sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	struct sock_exterr_skb *serr;
	struct sk_buff *skb;

	sk = sst_sock_sender(pkt, sk);
	if (!sk || sk->sk_protocol != IPPROTO_UDP || !sst_sock_recverr(sk, ipv4))
		return;
	skb = alloc_skb(len, GFP_ATOMIC);
	if (!skb)
		return;
	skb_put_zero(skb, len);
	skb_reset_network_header(skb);
	serr = SKB_EXT_ERR(skb);
	memset(serr, 0, sizeof(*serr));
	serr->ee.ee_errno = EMSGSIZE;
	serr->ee.ee_origin = SO_EE_ORIGIN_LOCAL;
	serr->ee.ee_info = room;
	serr->port = pkt->tuple.rport;
	if (ipv4) {
		skb->protocol = htons(ETH_P_IP);
		ip_hdr(skb)->daddr = pkt->tuple.remote.ip;
		serr->addr_offset = offsetof(struct iphdr, daddr);
	} else {
		skb->protocol = htons(ETH_P_IPV6);
		ipv6_hdr(skb)->daddr = pkt->tuple.remote.in6;
		serr->addr_offset = offsetof(struct ipv6hdr, daddr);
	}
	__skb_pull(skb, len);
	skb_reset_transport_header(skb);
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
}

/*
 * A forwarded packet came from somebody who does not know of the trailer, and
 * whose own route does not carry it.
 */
static void tell_sender(const struct sst_pkt *pkt, unsigned int room,
			const struct nf_hook_state *state)
{
	if (!pkt->skb->skb_iif)
		tell_socket(state->sk, pkt, room);
	else if (pkt->tuple.family == NFPROTO_IPV4)
		icmp_send(pkt->skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			  htonl(room));
	else
		icmpv6_send(pkt->skb, ICMPV6_PKT_TOOBIG, 0, room);
}

/* May the packet be sent in fragments, as far as its sender is concerned? */
static bool may_fragment(const struct sst_pkt *pkt)
{
	const struct sk_buff *skb = pkt->skb;

	if (pkt->tuple.proto != IPPROTO_UDP || skb_is_gso(skb))
		return false;
	/* IPsec wants it whole, and fragments what it makes of it unmarked. */
	if (dst_xfrm(skb_dst(skb)))
		return false;
	/*
	 * Nothing between: which of it every fragment repeats is for the stack,
	 * and later ones would not be known as UDP.
	 */
	if (pkt->tuple.family == NFPROTO_IPV6)
		return skb->ignore_df && pkt->thoff == sizeof(struct ipv6hdr);
	return pkt->thoff == sizeof(struct iphdr) &&
	       (skb->ignore_df || !(ip_hdr(skb)->frag_off & htons(IP_DF)));
}

/**
 * sst_pathmtu_fit() - make every packet that will leave fit with its trailer
 * @pkt: whole packet on egress
 * @trailer: bytes that each of them will grow by
 * @mtu: from sst_pathmtu()
 * @state: hook state
 *
 * Return: 0 when it fits, as it is or after segmentation, or may be fragmented;
 * else the counter of the reason to drop it. The sender has been told.
 */
int sst_pathmtu_fit(struct sst_pkt *pkt, unsigned int trailer,
		    unsigned int mtu, const struct nf_hook_state *state)
{
	struct sk_buff *skb = pkt->skb;
	unsigned int room;

	if (pkt->tuple.family == NFPROTO_IPV6 && skb_is_gso(skb)) {
		unsigned int before = skb->len;

		if (sst_segment_strip_jumbo(skb))
			return SST_A_STATS_TX_NOMEM;
		pkt->thoff -= before - skb->len;
	}
	if (mtu <= trailer)
		return SST_A_STATS_TX_TOO_BIG;
	if (sst_pathmtu_fits(pkt, trailer, mtu))
		return 0;
	room = mtu - trailer;
	if (may_fragment(pkt)) {
		if (pkt->thoff + pkt->seglen + trailer <= LENGTH_MAX)
			return 0;
		room = LENGTH_MAX - trailer;
	} else if (!sst_segment_shrink(pkt, room)) {
		return 0;
	}
	tell_sender(pkt, room, state);
	return SST_A_STATS_TX_TOO_BIG;
}
