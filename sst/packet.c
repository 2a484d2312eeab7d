// SPDX-License-Identifier: GPL-2.0
/*
 * Find the transport header of a packet, with every bound checked. Headers
 * are read where they stand in its head, or copied, so nothing is reallocated here.
 */
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/tcp.h>

#include "config.h"
#include "packet.h"
#include "wire.h"

/*
 * What is unusual about the way from the network to the transport header; nothing
 * about most. Negative when there is no such way.
 */
#define ODD_FRAGMENT	BIT(0)	/* the packet is one of several fragments */
#define ODD_LATER	BIT(1)	/* and not the one with the first bytes */
#define ODD_FOREIGN	BIT(2)	/* SST does not cover it */

static __always_inline bool is_covered(u8 proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP;
}

/*
 * Walk as far as the stack would, so that nothing reaches a socket in a shape
 * that was not looked at; what SST does not cover is only noted.
 */
static noinline int skip_exthdrs(struct sst_pkt *pkt, u8 nexthdr)
{
	unsigned int off = sizeof(struct ipv6hdr), n;
	int odd = 0;

	for (n = 0; ; n++) {
		struct ipv6_rt_hdr _rh;
		const struct ipv6_rt_hdr *rh;
		struct frag_hdr _fh;
		const struct frag_hdr *fh;

		if (n > SST_EXTHDR_MAX)
			odd |= ODD_FOREIGN;
		switch (nexthdr) {
		case NEXTHDR_HOP:
		case NEXTHDR_DEST:
		case NEXTHDR_ROUTING:
			rh = skb_header_pointer(pkt->skb, off, sizeof(_rh), &_rh);
			if (!rh)
				return -EINVAL;
			if (nexthdr == NEXTHDR_ROUTING && rh->segments_left)
				odd |= ODD_FOREIGN;
			off += (rh->hdrlen + 1) * 8;
			nexthdr = rh->nexthdr;
			break;
		case NEXTHDR_FRAGMENT:
			fh = skb_header_pointer(pkt->skb, off, sizeof(_fh), &_fh);
			if (!fh)
				return -EINVAL;
			/* An atomic fragment (RFC 6946) is a whole packet. */
			if (fh->frag_off & htons(IP6_OFFSET | IP6_MF))
				odd |= ODD_FRAGMENT;
			off += sizeof(_fh);
			nexthdr = fh->nexthdr;
			/* Behind the header of a later fragment is no header. */
			if (!(fh->frag_off & htons(IP6_OFFSET)))
				break;
			odd |= ODD_LATER;
			fallthrough;
		default:
			pkt->tuple.proto = nexthdr;
			pkt->thoff = off;
			return off <= U16_MAX ? odd : -EINVAL;
		}
	}
}

/* The shortest header of this protocol. */
static __always_inline int shortest(u8 proto)
{
	return proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
				      sizeof(struct udphdr);
}

static __always_inline void fill_ports(struct sst_pkt *pkt, enum sst_pkt_dir dir,
				       const __be16 *ports)
{
	pkt->tuple.lport = ports[dir == SST_PKT_IN ? 1 : 0];
	pkt->tuple.rport = ports[dir == SST_PKT_IN ? 0 : 1];
}

/* The transport header with all its lengths; of the shortest one all is there. */
static __always_inline enum sst_pkt_class fill_header(struct sst_pkt *pkt,
						      const u8 *header)
{
	const struct sk_buff *skb = pkt->skb;
	u32 seglen = pkt->seglen;

	if (pkt->thoff + seglen > skb->len)
		return SST_PKT_BAD;
	if (pkt->tuple.proto == IPPROTO_TCP) {
		pkt->covered[0] = header[12] & 0xf0;
		pkt->covered[1] = header[13] & 0x1f;
		pkt->thlen = (header[12] >> 4) * 4;
		return pkt->thlen >= sizeof(struct tcphdr) &&
		       pkt->thlen <= seglen ? SST_PKT_WHOLE : SST_PKT_BAD;
	}
	pkt->thlen = sizeof(struct udphdr);
	/* A packet to be cut carries its length only when it is cut. */
	return ntohs(((const struct udphdr *)header)->len) == seglen ||
	       skb_is_gso(skb) ? SST_PKT_WHOLE : SST_PKT_BAD;
}

/* Also for a header that is not in the head of the packet, or not whole. */
static noinline enum sst_pkt_class fill_odd(struct sst_pkt *pkt,
					    enum sst_pkt_dir dir, int odd)
{
	u8 header[sizeof(struct tcphdr)] __aligned(sizeof(__be32));
	int have = min_t(int, pkt->seglen, pkt->skb->len - pkt->thoff);
	bool has_ports;

	have = min_t(int, have, sizeof(header));
	has_ports = have >= (int)sizeof(__be16[2]) && !(odd & ODD_LATER) &&
		    !skb_copy_bits(pkt->skb, pkt->thoff, header, have);
	if (has_ports)
		fill_ports(pkt, dir, (const __be16 *)header);
	if (odd & ODD_FRAGMENT)
		return SST_PKT_FRAGMENT;
	if (!has_ports)
		return SST_PKT_BAD;
	if (odd & ODD_FOREIGN)
		return SST_PKT_FOREIGN;
	return have < shortest(pkt->tuple.proto) ? SST_PKT_BAD :
						   fill_header(pkt, header);
}

/* Ports and transport header; needs all that the network header says. */
static __always_inline enum sst_pkt_class
fill_transport(struct sst_pkt *pkt, enum sst_pkt_dir dir, int odd)
{
	const struct sk_buff *skb = pkt->skb;
	int have = skb_headlen(skb) - pkt->thoff, need;
	const u8 *header = skb->data + pkt->thoff;

	if (!is_covered(pkt->tuple.proto))
		return SST_PKT_OTHER;
	need = shortest(pkt->tuple.proto);
	if (unlikely(odd || have < need || pkt->seglen < need))
		return fill_odd(pkt, dir, odd);
	fill_ports(pkt, dir, (const __be16 *)header);
	return fill_header(pkt, header);
}

static __always_inline enum sst_pkt_class parse_ipv4(struct sst_pkt *pkt,
						     enum sst_pkt_dir dir)
{
	const struct iphdr *iph = ip_hdr(pkt->skb);
	unsigned int len = ntohs(iph->tot_len), thoff = iph->ihl * 4;
	__be16 frag_off = iph->frag_off;
	int odd = 0;

	pkt->thoff = thoff;
	pkt->tuple.proto = iph->protocol;
	/* IPv4 BIG TCP: a GSO packet too large for the field. */
	if (unlikely(!len) && skb_is_gso(pkt->skb))
		len = pkt->skb->len;
	if (thoff < sizeof(*iph) || len < thoff)
		return SST_PKT_OTHER;
	pkt->seglen = len - thoff;
	pkt->marked = frag_off & htons(SST_MARK_IPV4);
	if (dir == SST_PKT_IN) {
		pkt->tuple.local.ip = iph->daddr;
		pkt->tuple.remote.ip = iph->saddr;
	} else {
		pkt->tuple.local.ip = iph->saddr;
		pkt->tuple.remote.ip = iph->daddr;
	}
	if (unlikely(frag_off & htons(IP_MF | IP_OFFSET)))
		odd = frag_off & htons(IP_OFFSET) ? ODD_FRAGMENT | ODD_LATER :
						    ODD_FRAGMENT;
	return fill_transport(pkt, dir, odd);
}

/* Needs the place of the transport header. */
static __always_inline enum sst_pkt_class
parse_ipv6(struct sst_pkt *pkt, enum sst_pkt_dir dir,
	   const struct sst_config *cfg, int odd)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(pkt->skb);
	unsigned int len = sizeof(*ip6h) + ntohs(ip6h->payload_len);

	/* No length: a jumbogram, or a GSO packet that is yet to be cut. */
	if (unlikely(!ip6h->payload_len)) {
		len = pkt->skb->len;
		if (!skb_is_gso(pkt->skb))
			odd |= ODD_FOREIGN;
	}
	if (len < pkt->thoff)
		return SST_PKT_OTHER;
	pkt->seglen = len - pkt->thoff;
	pkt->marked = sst_config_is_marked(cfg, ipv6_get_dsfield(ip6h));
	if (dir == SST_PKT_IN) {
		pkt->tuple.local.in6 = ip6h->daddr;
		pkt->tuple.remote.in6 = ip6h->saddr;
	} else {
		pkt->tuple.local.in6 = ip6h->saddr;
		pkt->tuple.remote.in6 = ip6h->daddr;
	}
	return fill_transport(pkt, dir, odd);
}

static noinline enum sst_pkt_class parse_exthdrs(struct sst_pkt *pkt,
						 enum sst_pkt_dir dir,
						 const struct sst_config *cfg)
{
	int odd = skip_exthdrs(pkt, pkt->tuple.proto);

	return odd < 0 ? SST_PKT_OTHER : parse_ipv6(pkt, dir, cfg, odd);
}

/**
 * sst_packet_parse() - fill in struct sst_pkt
 * @pkt: output
 * @skb: packet, data at the network header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @dir: which address is the local one
 * @cfg: tunables of the namespace, for the IPv6 mark
 *
 * Return: what the packet is.
 */
enum sst_pkt_class sst_packet_parse(struct sst_pkt *pkt, struct sk_buff *skb,
				    u8 family, enum sst_pkt_dir dir,
				    const struct sst_config *cfg)
{
	pkt->skb = skb;
	pkt->tuple = (struct sst_tuple) { .family = family };
	pkt->seglen = 0;
	pkt->thoff = 0;
	pkt->thlen = 0;
	pkt->covered[0] = 0;
	pkt->covered[1] = 0;
	pkt->marked = false;

	if (family == NFPROTO_IPV4)
		return parse_ipv4(pkt, dir);
	pkt->tuple.proto = ipv6_hdr(skb)->nexthdr;
	pkt->thoff = sizeof(struct ipv6hdr);
	return likely(is_covered(pkt->tuple.proto)) ?
	       parse_ipv6(pkt, dir, cfg, 0) : parse_exthdrs(pkt, dir, cfg);
}

/**
 * sst_packet_segment() - what sst_packet_parse() would find in a segment
 * @pkt: output
 * @whole: the large packet that was cut, whole, on egress
 * @seg: one of its segments
 *
 * Only lengths and TCP flags differ, and these are read anew.
 *
 * Return: false when it is no segment of this packet.
 */
bool sst_packet_segment(struct sst_pkt *pkt, const struct sst_pkt *whole,
			struct sk_buff *seg)
{
	*pkt = *whole;
	pkt->skb = seg;
	if (seg->len < pkt->thoff + pkt->thlen ||
	    skb_headlen(seg) < pkt->thoff + pkt->thlen)
		return false;
	pkt->seglen = seg->len - pkt->thoff;
	if (pkt->tuple.proto == IPPROTO_TCP)
		pkt->covered[1] = (skb_network_header(seg) +
				   pkt->thoff)[13] & 0x1f;
	return true;
}

/**
 * sst_packet_is_unicast() - is this address one of a single host?
 * @addr: address
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * By address, not by how the frame was addressed: a unicast packet may come in
 * a broadcast frame.
 *
 * Return: false for multicast and limited broadcast.
 */
bool sst_packet_is_unicast(const union nf_inet_addr *addr, u8 family)
{
	if (family == NFPROTO_IPV4)
		return !ipv4_is_multicast(addr->ip) &&
		       !ipv4_is_lbcast(addr->ip);
	return !ipv6_addr_is_multicast(&addr->in6);
}

/**
 * sst_packet_is_local() - is the packet for an address of this host?
 * @net: namespace
 * @in: device it came in by, or NULL
 * @tuple: its tuple, local = destination
 *
 * Return: true for local unicast addresses.
 */
bool sst_packet_is_local(struct net *net, const struct net_device *in,
			 const struct sst_tuple *tuple)
{
	if (tuple->family == NFPROTO_IPV4)
		return inet_addr_type_dev_table(net, in, tuple->local.ip) ==
		       RTN_LOCAL;
	/* In the VRF of that device, if it has one. */
	return ipv6_chk_addr(net, &tuple->local.in6, in, 0);
}

/**
 * sst_packet_oif() - by which interface must an answer leave?
 * @tuple: tuple of a packet
 * @dev: device that it came in or goes out by
 *
 * Return: interface index of a VRF, or of the device for link-local addresses;
 * 0 when the route alone tells.
 */
int sst_packet_oif(const struct sst_tuple *tuple, const struct net_device *dev)
{
	if (tuple->family == NFPROTO_IPV6 &&
	    ipv6_addr_type(&tuple->remote.in6) & IPV6_ADDR_LINKLOCAL)
		return dev->ifindex;
	return l3mdev_master_ifindex_rcu(dev);
}
