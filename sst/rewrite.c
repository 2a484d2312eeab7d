// SPDX-License-Identifier: GPL-2.0
/*
 * Write a packet's headers, add or cut its trailer, and keep its transport
 * checksum right for the bytes on the wire, for every ip_summed:
 *
 *   PARTIAL	the field holds the sum of the pseudo header; only the length
 *		in it changes, the device sums up the rest, trailer included
 *   NONE, UNNECESSARY
 *		the field is a whole checksum: ports, lengths and trailer are
 *		added to it or taken from it; one that was wrong stays wrong
 *   COMPLETE	the device summed up the packet as it arrived. On ingress that
 *		sum is used once, to verify, and then it is UNNECESSARY; on
 *		egress (forwarded) it is dropped
 */
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/sock.h>

#include "compat.h"
#include "rewrite.h"
#include "stats.h"
#include "wire.h"

static unsigned int checksum_offset(const struct sst_pkt *pkt)
{
	return pkt->tuple.proto == IPPROTO_TCP ? offsetof(struct tcphdr, check) :
						 offsetof(struct udphdr, check);
}

/**
 * sst_rewrite_checksum() - where the transport checksum stands
 * @pkt: packet whose transport header is in its head
 *
 * Return: the field, valid until the head is reallocated.
 */
__sum16 *sst_rewrite_checksum(const struct sst_pkt *pkt)
{
	return (__sum16 *)(skb_network_header(pkt->skb) + pkt->thoff +
			   checksum_offset(pkt));
}

/* A UDP checksum of zero: none was computed, and none will be. */
static bool has_no_checksum(const struct sst_pkt *pkt)
{
	struct udphdr _uh;
	const struct udphdr *uh;

	if (pkt->tuple.proto != IPPROTO_UDP)
		return false;
	uh = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(_uh), &_uh);
	return uh && !uh->check;
}

/*
 * PARTIAL for an inner header (a tunnel): sum it up before bytes follow it. A tap may
 * ask for any offset: inside the headers, or for a sum to be written to the trailer or
 * where that was, it is nonsense.
 */
static __always_inline int settle_partial(struct sst_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;
	int start;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return 0;
	start = skb_checksum_start_offset(skb);
	if (start == pkt->thoff)
		return skb->csum_offset == checksum_offset(pkt) ? 0 : -EINVAL;
	return start < (int)pkt->thoff ? -EINVAL : skb_checksum_help(skb);
}

/* Sum of ports and length. UDP has its length in its own header, too. */
static __wsum sum_of(__be32 ports, u16 len, bool udp)
{
	u32 lengths = (__force u32)htons(len) << udp;

	return csum_add((__force __wsum)ports, (__force __wsum)lengths);
}

/* A whole checksum, when write_transport() has written all else. */
static noinline void
adjust_checksum(const struct sst_pkt *pkt, __be32 old_ports,
		const void *trailer, unsigned int len, bool grow, u16 seglen)
{
	const u8 *th = skb_network_header(pkt->skb) + pkt->thoff;
	u16 with = seglen + len;
	u16 from = grow ? seglen : with, to = grow ? with : seglen;
	__sum16 *check = sst_rewrite_checksum(pkt);
	bool udp = pkt->tuple.proto == IPPROTO_UDP;
	__wsum sum = ~csum_unfold(*check);
	__wsum added = csum_partial(trailer, len, 0);

	sum = csum_sub(sum, sum_of(old_ports, from, udp));
	sum = csum_add(sum, sum_of(get_unaligned((__be32 *)th), to, udp));
	sum = grow ? csum_block_add(sum, added, seglen) :
		     csum_block_sub(sum, added, seglen);
	*check = csum_fold(sum);
	if (udp && !*check)
		*check = CSUM_MANGLED_0;
}

/*
 * Add (@grow) or take @len bytes of trailer behind a segment of @seglen bytes,
 * and write ports and lengths. Both together fit 16 bits.
 */
static __always_inline void
write_transport(struct sst_pkt *pkt, const struct sst_rewrite *rw,
		const void *trailer, unsigned int len, bool grow, u16 seglen)
{
	u16 with = seglen + len;
	u16 from = grow ? seglen : with, to = grow ? with : seglen;
	struct sk_buff *skb = pkt->skb;
	__sum16 *check = sst_rewrite_checksum(pkt);
	__be16 *ports = (__be16 *)(skb_network_header(skb) + pkt->thoff);
	__be32 old_ports = get_unaligned((__be32 *)ports);
	bool udp = pkt->tuple.proto == IPPROTO_UDP;
	bool partial = skb->ip_summed == CHECKSUM_PARTIAL;

	ports[0] = rw->sport;
	ports[1] = rw->dport;
	if (udp)
		((struct udphdr *)ports)->len = htons(to);

	/* With PARTIAL it is a sum, not yet turned over. */
	if (partial)
		*check = csum16_add(csum16_sub(*check, htons(from)), htons(to));
	else if (!udp || *check)
		adjust_checksum(pkt, old_ports, trailer, len, grow, seglen);
}

/* What write_network() changes in the header, version and length included. */
static __wsum sum_of_changing(const struct iphdr *iph)
{
	const __be16 *words = (const __be16 *)iph;
	u32 sum = (__force u16)words[0];

	BUILD_BUG_ON(offsetofend(struct iphdr, tos) != sizeof(*words));
	sum += (__force u16)iph->tot_len;
	sum += (__force u16)iph->frag_off;
	return (__force __wsum)sum;
}

/* @frag_off is for IPv4. */
static __always_inline void
write_network(struct sst_pkt *pkt, u8 dsfield, __be16 frag_off, int grow)
{
	struct sk_buff *skb = pkt->skb;

	if (pkt->tuple.family == NFPROTO_IPV4) {
		struct iphdr *iph = ip_hdr(skb);
		__wsum before = sum_of_changing(iph);

		if (!grow && iph->tos == dsfield && iph->frag_off == frag_off)
			return;
		iph->tos = dsfield;
		iph->tot_len = htons(ntohs(iph->tot_len) + grow);
		iph->frag_off = frag_off;
		csum_replace_by_diff(&iph->check,
				     csum_sub(sum_of_changing(iph), before));
	} else {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		ip6h->payload_len = htons(ntohs(ip6h->payload_len) + grow);
		ipv6_change_dsfield(ip6h, 0, dsfield);
	}
}

/**
 * sst_rewrite_shorten() - cut payload off the end of a packet
 * @pkt: whole TCP packet on egress, not GSO, its checksum CHECKSUM_PARTIAL
 * @seglen: new length of the transport segment, at least that of its header
 *
 * Return: 0 or a negative errno; the packet is then as it was.
 */
int sst_rewrite_shorten(struct sst_pkt *pkt, u32 seglen)
{
	struct sk_buff *skb = pkt->skb;

	if (skb_ensure_writable(skb, pkt->thoff + pkt->thlen) ||
	    pskb_trim(skb, pkt->thoff + seglen))
		return -ENOMEM;
	inet_proto_csum_replace4(sst_rewrite_checksum(pkt), skb,
				 htonl(pkt->seglen), htonl(seglen), true);
	if (pkt->tuple.family == NFPROTO_IPV4) {
		ip_hdr(skb)->tot_len = htons(pkt->thoff + seglen);
		ip_send_check(ip_hdr(skb));
	} else {
		ipv6_hdr(skb)->payload_len = htons(pkt->thoff + seglen -
						   sizeof(struct ipv6hdr));
	}
	pkt->seglen = seglen;
	return 0;
}

/**
 * sst_rewrite_prepare_seal() - make a packet ready to be sealed
 * @pkt: whole packet on egress, not GSO
 *
 * Return: 0 or a negative errno; the packet is then still as it was for its
 * receiver.
 */
int sst_rewrite_prepare_seal(struct sst_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;
	int err;

	if (!pskb_may_pull(skb, pkt->thoff + pkt->thlen))
		return -ENOMEM;
	err = settle_partial(pkt);
	if (err)
		return err;
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
	/* Bytes behind the IP length would end up before the trailer. */
	return pskb_trim(skb, pkt->thoff + pkt->seglen);
}

static void *add_tail_page(struct sk_buff *skb, unsigned int len)
{
	struct skb_shared_info *shinfo;
	struct page *page;
	void *tail;

	tail = netdev_alloc_frag(len);
	if (!tail)
		return NULL;
	skb_zcopy_downgrade_managed(skb);
	shinfo = skb_shinfo(skb);
	page = virt_to_head_page(tail);
	skb_fill_page_desc(skb, shinfo->nr_frags, page,
			   tail - page_address(page), len);
	skb->len += len;
	skb->data_len += len;
	/* Like pskb_expand_head(): a socket is not charged for what it did not send. */
	if (!skb->sk || skb->destructor == sock_edemux)
		skb->truesize += len;
	return tail;
}

/*
 * A datagram that the stack has prepared for fragmentation, a list of packets:
 * only the last of them changes. NULL when the list is not ours alone.
 */
static void *add_to_list(struct sk_buff *skb, unsigned int len)
{
	struct sk_buff **link = &skb_shinfo(skb)->frag_list, *last, *copy;

	if (skb_cloned(skb))
		return NULL;
	for (;;) {
		if (skb_shared(*link))
			return NULL;
		if (!(*link)->next)
			break;
		link = &(*link)->next;
	}
	last = *link;
	if (skb_cloned(last) || skb_is_nonlinear(last) ||
	    skb_tailroom(last) < (int)len) {
		copy = skb_copy_expand(last, skb_headroom(last), len,
				       GFP_ATOMIC);
		if (!copy)
			return NULL;
		/* The first one tells the sum of all, and so does a socket. */
		copy->truesize = last->truesize;
		*link = copy;
		consume_skb(last);
		last = copy;
	}
	return pskb_put(skb, last, len);
}

/* A packet of more than one piece, or whose head is shared or too small. */
static noinline void *make_room(struct sk_buff *skb, unsigned int len)
{
	int tailroom;

	if (skb_has_frag_list(skb)) {
		void *trailer = add_to_list(skb, len);

		if (trailer)
			return trailer;
		if (skb_linearize(skb))
			return NULL;
	}
	if (skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS && skb_linearize(skb))
		return NULL;

	if (skb_is_nonlinear(skb)) {
		if (skb_cloned(skb) && pskb_expand_head(skb, 0, 0, GFP_ATOMIC))
			return NULL;
		return add_tail_page(skb, len);
	}

	tailroom = skb_tailroom(skb);
	if (skb_cloned(skb) || tailroom < (int)len) {
		if (pskb_expand_head(skb, 0, max_t(int, len - tailroom, 0),
				     GFP_ATOMIC))
			return NULL;
	}
	return skb_put(skb, len);
}

/**
 * sst_rewrite_add_trailer() - make room for a trailer at the end of a packet
 * @pkt: packet after sst_rewrite_prepare_seal()
 * @len: length of the trailer in bytes
 *
 * A TCP segment is a clone of the one kept for retransmission: it shares its
 * data and its list of fragments, so nothing is added before the packet has a
 * head of its own. Afterwards its headers are writable, too.
 *
 * Return: where the trailer goes, or NULL without memory.
 */
void *sst_rewrite_add_trailer(struct sst_pkt *pkt, unsigned int len)
{
	struct sk_buff *skb = pkt->skb;

	if (skb_cloned(skb) || skb_tailroom(skb) < (int)len)
		return make_room(skb, len);
	return __skb_put(skb, len);
}

/**
 * sst_rewrite_seal() - turn the headers into those of an SST packet
 * @pkt: packet to which sst_rewrite_add_trailer() added @trailer
 * @rw: what to write
 * @trailer: the trailer, filled in
 * @len: its length in bytes
 */
void sst_rewrite_seal(struct sst_pkt *pkt, const struct sst_rewrite *rw,
		      const void *trailer, unsigned int len)
{
	write_network(pkt, rw->dsfield, rw->frag_off, len);
	/* A hash over the real ports must not choose a queue or a path. */
	skb_clear_hash(pkt->skb);
	write_transport(pkt, rw, trailer, len, true, pkt->seglen);
}

/* The device has summed up the packet: that is used once. */
static noinline int settle_complete(struct sst_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;

	if (has_no_checksum(pkt)) {
		skb->ip_summed = CHECKSUM_NONE;
		return 0;
	}
	if (nf_checksum(skb, NF_INET_PRE_ROUTING, pkt->thoff, pkt->tuple.proto,
			pkt->tuple.family))
		return SST_A_STATS_RX_CHECKSUM;
	/* Right, even if the device had summed up something else. */
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return 0;
}

/**
 * sst_rewrite_prepare_open() - trim to the IP length, settle the checksum
 * @pkt: whole packet on ingress
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_rewrite_prepare_open(struct sst_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;

	if (pskb_trim_rcsum(skb, pkt->thoff + pkt->seglen))
		return SST_A_STATS_RX_NOMEM;
	if (settle_partial(pkt))
		return SST_A_STATS_RX_CHECKSUM;
	return skb->ip_summed == CHECKSUM_COMPLETE ? settle_complete(pkt) : 0;
}

/*
 * Cut a trailer off. In pages it is at the end of the last one mostly, or all of
 * it: then nothing but their list changes.
 */
static int cut_trailer(struct sk_buff *skb, unsigned int len)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	skb_frag_t *last;

	if (!shinfo->nr_frags || skb_has_frag_list(skb) || skb_cloned(skb))
		return pskb_trim(skb, skb->len - len);
	last = &shinfo->frags[shinfo->nr_frags - 1];
	if (skb_frag_size(last) < len)
		return pskb_trim(skb, skb->len - len);
	skb_frag_size_sub(last, len);
	if (!skb_frag_size(last))
		skb_frag_unref(skb, --shinfo->nr_frags);
	skb->len -= len;
	skb->data_len -= len;
	return 0;
}

/* Mostly it is on ingress: asked here, because that is shorter than the call. */
static int ensure_writable(struct sk_buff *skb, unsigned int headers)
{
	if (!skb_cloned(skb) && skb_headlen(skb) >= headers)
		return 0;
	return skb_ensure_writable(skb, headers);
}

/**
 * sst_rewrite_open() - turn a verified SST packet into the original one
 * @pkt: packet after sst_rewrite_prepare_open()
 * @rw: what to write
 * @trailer: copy of its trailer
 * @len: its length in bytes
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_rewrite_open(struct sst_pkt *pkt, const struct sst_rewrite *rw,
		     const void *trailer, unsigned int len)
{
	unsigned int headers = pkt->thoff + pkt->thlen;
	struct sk_buff *skb = pkt->skb;
	u16 seglen = pkt->seglen - len;

	if (ensure_writable(skb, headers))
		return SST_A_STATS_RX_NOMEM;
	if (cut_trailer(skb, len))
		return SST_A_STATS_RX_NOMEM;
	write_transport(pkt, rw, trailer, len, false, seglen);
	write_network(pkt, rw->dsfield, sst_rewrite_unmarked(pkt),
		      -(int)len);
	skb_clear_hash(skb);
	pkt->seglen = seglen;
	return 0;
}

/**
 * sst_rewrite_label() - other ports, and the mark or none, and nothing else
 * @pkt: whole TCP packet, however large, after sst_rewrite_prepare_seal() or
 *	sst_rewrite_prepare_open()
 * @rw: what to write
 *
 * With CHECKSUM_PARTIAL the field holds no ports.
 *
 * Return: 0 or -ENOMEM.
 */
int sst_rewrite_label(struct sst_pkt *pkt, const struct sst_rewrite *rw)
{
	struct sk_buff *skb = pkt->skb;
	struct tcphdr *th;
	__be32 before;

	/* With all options: what merges packets looks at them. */
	if (ensure_writable(skb, pkt->thoff + pkt->thlen))
		return -ENOMEM;
	th = (struct tcphdr *)(skb_network_header(skb) + pkt->thoff);
	before = get_unaligned((__be32 *)th);
	th->source = rw->sport;
	th->dest = rw->dport;
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		csum_replace4(&th->check, before, get_unaligned((__be32 *)th));
	write_network(pkt, rw->dsfield, rw->frag_off, 0);
	skb_clear_hash(skb);
	return 0;
}

/**
 * sst_rewrite_mark_ipv6() - write the mark, whether it is there or not
 * @skb: sealed IPv6 packet, its header writable
 * @mark: traffic class that is the mark, ECN bits 0
 */
void sst_rewrite_mark_ipv6(struct sk_buff *skb, u8 mark)
{
	ipv6_change_dsfield(ipv6_hdr(skb), SST_ECN_MASK, mark);
}
