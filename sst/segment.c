// SPDX-License-Identifier: GPL-2.0
/*
 * One sealed packet is one packet on the wire: large packets are cut before
 * they are sealed and, if the path merged them, again before they are opened.
 */
#include <linux/log2.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat.h"
#include "packet.h"
#include "rewrite.h"
#include "segment.h"

/*
 * What the segments may look like at most: fragments shared with the large packet
 * and checksums left to the device. Without these every byte is copied.
 */
#define CUT_FEATURES	(NETIF_F_SG | NETIF_F_HW_CSUM | NETIF_F_HIGHDMA)

static netdev_features_t cut_features(const struct sk_buff *skb,
				      const struct net_device *out,
				      bool changes)
{
	netdev_features_t features = CUT_FEATURES;

	/* A sum is for when the bytes are those of the wire. */
	if (changes)
		return CUT_FEATURES & ~NETIF_F_SG;
	if (!sst_cuts_for_device())
		return features;
	/* What the device cannot do is cheapest while the segments are made. */
	if (!(out->features & NETIF_F_SG))
		features &= ~NETIF_F_SG;
	if (!can_checksum_protocol(out->features, skb->protocol))
		features &= ~NETIF_F_HW_CSUM;
	return features;
}

/*
 * A segment that is copied gets memory of a size that kmalloc() has. If what is
 * left of it will not do for a trailer, a little more in front makes it the next
 * size: else each segment would be copied once more.
 */
static void leave_room(const struct sst_pkt *pkt, unsigned int trailer)
{
	struct sk_buff *skb = pkt->skb;
	unsigned int len = skb_headroom(skb) + pkt->thoff + pkt->thlen +
			   skb_shinfo(skb)->gso_size;
	unsigned int size = SKB_DATA_ALIGN(len) +
			    SKB_DATA_ALIGN(sizeof(struct skb_shared_info));

	if (SKB_WITH_OVERHEAD(roundup_pow_of_two(size)) < len + trailer)
		/* Without memory they do without. */
		pskb_expand_head(skb, trailer, 0, GFP_ATOMIC);
}

static void check_control_block(void)
{
	/* Segmentation keeps its own state behind that of the IP layers. */
	BUILD_BUG_ON(sizeof(struct inet_skb_parm) > SKB_GSO_CB_OFFSET);
	BUILD_BUG_ON(sizeof(struct inet6_skb_parm) > SKB_GSO_CB_OFFSET);
}

/**
 * sst_segment_strip_jumbo() - take the jumbo option off an IPv6 BIG TCP packet
 * @skb: GSO packet on egress, data at the network header
 *
 * The option says how large the packet is before it is cut; its header is the
 * only one between IPv6 and TCP. Segmentation would take it off, too, but moves
 * bytes in front of the network header that are not there in a hook.
 *
 * Return: 0 or a negative errno.
 */
int sst_segment_strip_jumbo(struct sk_buff *skb)
{
	const unsigned int len = sizeof(struct hop_jumbo_hdr);
	u8 *nh;

	if (!ipv6_has_hopopt_jumbo(skb))
		return 0;
	if (skb_cow_head(skb, 0))
		return -ENOMEM;
	nh = skb_network_header(skb);
	memmove(nh + len, nh, sizeof(struct ipv6hdr));
	__skb_pull(skb, len);
	skb_reset_network_header(skb);
	ipv6_hdr(skb)->nexthdr = IPPROTO_TCP;
	return 0;
}

/**
 * sst_segment_cut() - cut a large packet
 * @pkt: GSO packet on egress; consumed on success
 * @trailer: bytes that each segment will grow by
 * @out: device that its segments leave by
 * @changes: the payload of a segment will be written to, so that it is not shared
 *
 * Return: list of segments, or NULL; the packet is then still the caller's.
 */
struct sk_buff *sst_segment_cut(const struct sst_pkt *pkt, unsigned int trailer,
				const struct net_device *out, bool changes)
{
	netdev_features_t features = cut_features(pkt->skb, out, changes);
	struct sk_buff *skb = pkt->skb;
	struct sk_buff *segs;

	check_control_block();
	if (!(features & NETIF_F_SG))
		leave_room(pkt, trailer);
	segs = __skb_gso_segment(skb, features, false);
	if (IS_ERR_OR_NULL(segs))
		return NULL;
	consume_skb(skb);
	return segs;
}

/**
 * sst_segment_shrink() - have a TCP packet cut into smaller segments
 * @pkt: whole TCP packet on egress
 * @room: largest length of an IP packet
 *
 * For the packets of a socket that learned of the trailer too late. UDP
 * datagrams cannot be cut into smaller ones.
 *
 * Return: 0, or a negative errno.
 */
int sst_segment_shrink(struct sst_pkt *pkt, unsigned int room)
{
	struct sk_buff *skb = pkt->skb;
	unsigned int headers = pkt->thoff + pkt->thlen;
	struct skb_shared_info *shinfo;

	if (pkt->tuple.proto != IPPROTO_TCP || room <= headers)
		return -EMSGSIZE;
	if (skb->ip_summed != CHECKSUM_PARTIAL || skb->encapsulation)
		return -EMSGSIZE;
	/*
	 * SYN data (TCP Fast Open): one SYN only, so it takes less. What the peer
	 * does not acknowledge TCP sends again.
	 */
	if (pkt->covered[1] & TCPHDR_SYN)
		return skb_is_gso(skb) ? -EMSGSIZE :
		       sst_rewrite_shorten(pkt, room - pkt->thoff);
	/* The shared info is also that of the packet kept for retransmission. */
	if (skb_unclone(skb, GFP_ATOMIC))
		return -ENOMEM;
	shinfo = skb_shinfo(skb);
	if (!skb_is_gso(skb))
		shinfo->gso_type = pkt->tuple.family == NFPROTO_IPV4 ?
				   SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	/*
	 * Where the parts of a merged packet end is no longer where segments
	 * end: have segmentation look before it trusts the layout.
	 */
	shinfo->gso_type |= SKB_GSO_DODGY;
	shinfo->gso_size = room - headers;
	shinfo->gso_segs = 0;
	return 0;
}

/**
 * sst_segment_resubmit() - cut a merged packet and receive its parts anew
 * @skb: GSO packet at PRE_ROUTING, data at the network header; consumed on
 *	success
 *
 * The parts are still sealed and take the whole way in again, so that no hook
 * misses them.
 *
 * Return: 0 or a negative errno; @skb is then still the caller's.
 */
int sst_segment_resubmit(struct sk_buff *skb)
{
	unsigned int mac_len = skb->data - skb_mac_header(skb);
	struct sk_buff *segs, *seg, *next;

	skb_push(skb, mac_len);
	segs = __skb_gso_segment(skb, CUT_FEATURES, false);
	if (IS_ERR_OR_NULL(segs)) {
		skb_pull(skb, mac_len);
		skb_reset_network_header(skb);
		return segs ? PTR_ERR(segs) : -EINVAL;
	}
	consume_skb(skb);
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		skb_pull(seg, mac_len);
		skb_reset_network_header(seg);
		netif_rx(seg);
	}
	return 0;
}
