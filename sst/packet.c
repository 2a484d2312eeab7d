// SPDX-License-Identifier: GPL-2.0
/*
 * Find the transport header of a packet, with every bound checked. Headers
 * are read through skb_header_pointer() only, so nothing is reallocated here.
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

/**
 * struct shape - what stands between the network and the transport header
 * @fragment: the packet is one of several fragments
 * @first: it holds the first bytes of the transport segment
 * @foreign: SST does not cover it
 */
struct shape {
	bool fragment;
	bool first;
	bool foreign;
};

static bool fill_ipv4(struct sst_pkt *pkt, enum sst_pkt_dir dir,
		      struct shape *shape)
{
	const struct iphdr *iph = ip_hdr(pkt->skb);
	unsigned int len = ntohs(iph->tot_len);

	pkt->thoff = iph->ihl * 4;
	pkt->tuple.proto = iph->protocol;
	/* IPv4 BIG TCP: a GSO packet too large for the field. */
	if (!len && skb_is_gso(pkt->skb))
		len = pkt->skb->len;
	if (pkt->thoff < sizeof(*iph) || len < pkt->thoff)
		return false;
	pkt->seglen = len - pkt->thoff;
	pkt->marked = iph->frag_off & htons(SST_MARK_IPV4);
	shape->fragment = ip_is_fragment(iph);
	shape->first = !(iph->frag_off & htons(IP_OFFSET));
	if (dir == SST_PKT_IN) {
		pkt->tuple.local.ip = iph->daddr;
		pkt->tuple.remote.ip = iph->saddr;
	} else {
		pkt->tuple.local.ip = iph->saddr;
		pkt->tuple.remote.ip = iph->daddr;
	}
	return true;
}

/*
 * Walk as far as the stack would, so that nothing reaches a socket in a shape
 * that was not looked at; what SST does not cover is only noted.
 */
static bool skip_exthdrs(struct sst_pkt *pkt, struct shape *shape)
{
	u8 nexthdr = ipv6_hdr(pkt->skb)->nexthdr;
	unsigned int off = sizeof(struct ipv6hdr), n;

	for (n = 0; ; n++) {
		struct ipv6_rt_hdr _rh;
		const struct ipv6_rt_hdr *rh;
		struct frag_hdr _fh;
		const struct frag_hdr *fh;

		if (n > SST_EXTHDR_MAX)
			shape->foreign = true;
		switch (nexthdr) {
		case NEXTHDR_HOP:
		case NEXTHDR_DEST:
		case NEXTHDR_ROUTING:
			rh = skb_header_pointer(pkt->skb, off, sizeof(_rh), &_rh);
			if (!rh)
				return false;
			if (nexthdr == NEXTHDR_ROUTING && rh->segments_left)
				shape->foreign = true;
			off += (rh->hdrlen + 1) * 8;
			nexthdr = rh->nexthdr;
			break;
		case NEXTHDR_FRAGMENT:
			fh = skb_header_pointer(pkt->skb, off, sizeof(_fh), &_fh);
			if (!fh)
				return false;
			/* An atomic fragment (RFC 6946) is a whole packet. */
			if (fh->frag_off & htons(IP6_OFFSET | IP6_MF))
				shape->fragment = true;
			off += sizeof(_fh);
			nexthdr = fh->nexthdr;
			/* Behind the header of a later fragment is no header. */
			if (!(fh->frag_off & htons(IP6_OFFSET)))
				break;
			shape->first = false;
			fallthrough;
		default:
			pkt->tuple.proto = nexthdr;
			pkt->thoff = off;
			return off <= U16_MAX;
		}
	}
}

static bool fill_ipv6(struct sst_pkt *pkt, enum sst_pkt_dir dir,
		      const struct sst_config *cfg, struct shape *shape)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(pkt->skb);
	unsigned int len = sizeof(*ip6h) + ntohs(ip6h->payload_len);

	shape->fragment = false;
	shape->first = true;
	if (!skip_exthdrs(pkt, shape))
		return false;
	/* No length: a jumbogram, or a GSO packet that is yet to be cut. */
	if (!ip6h->payload_len) {
		len = pkt->skb->len;
		if (!skb_is_gso(pkt->skb))
			shape->foreign = true;
	}
	if (len < pkt->thoff)
		return false;
	pkt->seglen = len - pkt->thoff;
	pkt->marked = sst_config_is_marked(cfg, ipv6_get_dsfield(ip6h));
	if (dir == SST_PKT_IN) {
		pkt->tuple.local.in6 = ip6h->daddr;
		pkt->tuple.remote.in6 = ip6h->saddr;
	} else {
		pkt->tuple.local.in6 = ip6h->saddr;
		pkt->tuple.remote.in6 = ip6h->daddr;
	}
	return true;
}

static bool fill_ports(struct sst_pkt *pkt, enum sst_pkt_dir dir)
{
	__be16 _ports[2];
	const __be16 *ports;

	ports = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(_ports), _ports);
	if (!ports || pkt->seglen < sizeof(_ports))
		return false;
	pkt->tuple.lport = ports[dir == SST_PKT_IN ? 1 : 0];
	pkt->tuple.rport = ports[dir == SST_PKT_IN ? 0 : 1];
	return true;
}

/* The transport header with all its lengths; needs thoff and seglen. */
static bool fill_transport(struct sst_pkt *pkt)
{
	if (pkt->tuple.proto == IPPROTO_TCP) {
		struct tcphdr _th;
		const struct tcphdr *th;
		const u8 *bytes;

		th = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(_th), &_th);
		if (!th || pkt->seglen < sizeof(*th))
			return false;
		pkt->thlen = th->doff * 4;
		bytes = (const u8 *)th;
		pkt->covered[0] = bytes[12] & 0xf0;
		pkt->covered[1] = bytes[13] & 0x1f;
		if (pkt->thlen < sizeof(*th))
			return false;
	} else {
		struct udphdr _uh;
		const struct udphdr *uh;

		uh = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(_uh), &_uh);
		if (!uh || pkt->seglen < sizeof(*uh))
			return false;
		pkt->thlen = sizeof(*uh);
		/* A packet to be cut carries its length only when it is cut. */
		if (ntohs(uh->len) != pkt->seglen && !skb_is_gso(pkt->skb))
			return false;
	}
	return pkt->thlen <= pkt->seglen &&
	       pkt->thoff + pkt->seglen <= pkt->skb->len;
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
	struct shape shape = {};
	bool known, has_ports;

	memset(pkt, 0, sizeof(*pkt));
	pkt->skb = skb;
	pkt->tuple.family = family;

	if (family == NFPROTO_IPV4)
		known = fill_ipv4(pkt, dir, &shape);
	else
		known = fill_ipv6(pkt, dir, cfg, &shape);
	if (!known)
		return SST_PKT_OTHER;
	if (pkt->tuple.proto != IPPROTO_TCP && pkt->tuple.proto != IPPROTO_UDP)
		return SST_PKT_OTHER;

	has_ports = shape.first && fill_ports(pkt, dir);
	if (shape.fragment)
		return SST_PKT_FRAGMENT;
	if (!has_ports)
		return SST_PKT_BAD;
	if (shape.foreign)
		return SST_PKT_FOREIGN;
	return fill_transport(pkt) ? SST_PKT_WHOLE : SST_PKT_BAD;
}

/**
 * sst_packet_is_marked() - does the packet carry the mark?
 * @skb: packet, data at the network header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @cfg: tunables of the namespace, for the IPv6 mark
 *
 * Of any protocol: sst_packet_parse() tells what it is.
 *
 * Return: true when it does.
 */
bool sst_packet_is_marked(const struct sk_buff *skb, u8 family,
			  const struct sst_config *cfg)
{
	if (family == NFPROTO_IPV4)
		return ip_hdr(skb)->frag_off & htons(SST_MARK_IPV4);
	return sst_config_is_marked(cfg, ipv6_get_dsfield(ipv6_hdr(skb)));
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
