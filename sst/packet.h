/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PACKET_H
#define _SST_PACKET_H

#include <linux/bitfield.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/skbuff.h>
#include <linux/types.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <uapi/linux/sst_netlink.h>

#include "compat.h"
#include "config.h"
#include "wire.h"

/**
 * struct sst_tuple - five-tuple as one end of the connection sees it
 * @local: address of this host
 * @remote: address of the peer
 * @lport: port of this host
 * @rport: port of the peer
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @zero: padding; the whole structure is a hash key, so it is always 0
 */
struct sst_tuple {
	union nf_inet_addr local;
	union nf_inet_addr remote;
	__be16 lport;
	__be16 rport;
	u8 proto;
	u8 family;
	u16 zero;
};

/* Most that are compared are equal, or differ in a port: all but addresses at once. */
static inline bool sst_tuple_equal(const struct sst_tuple *a,
				   const struct sst_tuple *b)
{
	BUILD_BUG_ON(sizeof(*a) - offsetof(struct sst_tuple, lport) != sizeof(u64));

	return get_unaligned((const u64 *)&a->lport) ==
	       get_unaligned((const u64 *)&b->lport) &&
	       ipv6_addr_equal(&a->local.in6, &b->local.in6) &&
	       ipv6_addr_equal(&a->remote.in6, &b->remote.in6);
}

/* An IPv6 packet with more extension headers than this is no SST packet. */
#define SST_EXTHDR_MAX	8

/**
 * enum sst_pkt_class - what sst_packet_parse() found
 * @SST_PKT_OTHER: no TCP or UDP packet
 * @SST_PKT_WHOLE: TCP or UDP, whole; struct sst_pkt is filled in
 * @SST_PKT_FRAGMENT: a fragment of a TCP or UDP packet; only addresses,
 *	protocol and, in a first fragment, the ports are filled in
 * @SST_PKT_FOREIGN: TCP or UDP in a shape that the stack takes but SST does not
 *	cover (section 3: jumbograms, too many extension headers, Routing with
 *	segments left); filled in as for @SST_PKT_FRAGMENT
 * @SST_PKT_BAD: TCP or UDP, whole, but its headers do not fit the packet;
 *	only addresses, protocol and, when they are there, the ports are filled
 *	in
 */
enum sst_pkt_class {
	SST_PKT_OTHER,
	SST_PKT_WHOLE,
	SST_PKT_FRAGMENT,
	SST_PKT_FOREIGN,
	SST_PKT_BAD,
};

/**
 * enum sst_pkt_dir - which address of a packet is the local one
 * @SST_PKT_IN: the destination
 * @SST_PKT_OUT: the source
 */
enum sst_pkt_dir {
	SST_PKT_IN,
	SST_PKT_OUT,
};

/**
 * struct sst_pkt - one packet on its way through a hook, on the stack
 * @skb: the packet; data points to the network header
 * @tuple: five-tuple with the ports that stand in the packet
 * @seglen: length of the transport segment (header, payload, trailer)
 * @thoff: offset of the transport header from the network header
 * @thlen: length of the transport header (TCP with options, UDP 8)
 * @covered: TCP header bytes 12 and 13, masked as the AAD wants them
 * @marked: carries the mark of this namespace
 *
 * Holds offsets and copies, no pointer into the packet: these survive a
 * reallocation of its head.
 */
struct sst_pkt {
	struct sk_buff *skb;
	struct sst_tuple tuple;
	u32 seglen;
	u16 thoff;
	u16 thlen;
	u8 covered[2];
	bool marked;
};

enum sst_pkt_class sst_packet_parse(struct sst_pkt *pkt, struct sk_buff *skb,
				    u8 family, enum sst_pkt_dir dir,
				    const struct sst_config *cfg);
bool sst_packet_segment(struct sst_pkt *pkt, const struct sst_pkt *whole,
			struct sk_buff *seg);
bool sst_packet_is_unicast(const union nf_inet_addr *addr, u8 family);
bool sst_packet_is_local(struct net *net, const struct net_device *in,
			 const struct sst_tuple *tuple);
int sst_packet_oif(const struct sst_tuple *tuple, const struct net_device *dev);

/*
 * "Opened here", and under which scope, lives in the control block, not in the
 * header, so nobody can send it. The two highest flag bits of both families are
 * unused by the stack, and the flags live from ip_rcv() to LOCAL_IN, where they are
 * taken back.
 */
#define SST_CB_SCOPE	GENMASK(15, 14)

/* Under which scope was the packet opened in this traversal? 0: it was not. */
static inline u8 sst_packet_scope(const struct sk_buff *skb, u8 family)
{
	return u16_get_bits(family == NFPROTO_IPV4 ? IPCB(skb)->flags :
						     IP6CB(skb)->flags,
			    SST_CB_SCOPE);
}

/* Was the packet opened in this traversal? Until LOCAL_IN. */
static inline bool sst_packet_is_opened(const struct sk_buff *skb, u8 family)
{
	return sst_packet_scope(skb, family);
}

/**
 * sst_packet_set_opened() - remember that the packet was verified or sealed, or
 *	an ICMP error translated, here
 * @skb: the packet
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @scope: enum sst_scope, never 0; what the flow protects
 */
static inline void sst_packet_set_opened(struct sk_buff *skb, u8 family,
					 u8 scope)
{
	BUILD_BUG_ON(SST_SCOPE_PAYLOAD > FIELD_MAX(SST_CB_SCOPE));

	if (family == NFPROTO_IPV4)
		u16p_replace_bits(&IPCB(skb)->flags, scope, SST_CB_SCOPE);
	else
		u16p_replace_bits(&IP6CB(skb)->flags, scope, SST_CB_SCOPE);
}

/* Local delivery: what else comes in this buffer has not been opened. */
static inline void sst_packet_forget_scope(struct sk_buff *skb, u8 family)
{
	if (family == NFPROTO_IPV4)
		IPCB(skb)->flags &= ~SST_CB_SCOPE;
	else
		IP6CB(skb)->flags &= ~SST_CB_SCOPE;
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
static inline bool sst_packet_is_marked(const struct sk_buff *skb, u8 family,
					const struct sst_config *cfg)
{
	if (family == NFPROTO_IPV4)
		return ip_hdr(skb)->frag_off & htons(SST_MARK_IPV4);
	return sst_config_is_marked(cfg, ipv6_get_dsfield(ipv6_hdr(skb)));
}

/* Did somebody put it together from fragments? */
static inline bool sst_packet_was_gathered(const struct sk_buff *skb, u8 family)
{
	if (family == NFPROTO_IPV4)
		return IPCB(skb)->frag_max_size;
	return IP6CB(skb)->frag_max_size;
}

/**
 * sst_packet_peek_ports() - ports of a packet, if a short look finds them
 * @skb: packet, data at the network header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 *
 * Return: source and destination port where they stand; NULL for all but TCP and UDP
 * right behind the network header, with their ports in the head of the packet, not in
 * fragments: sst_packet_parse() tells what these are.
 */
static inline const __be16 *sst_packet_peek_ports(const struct sk_buff *skb,
						  u8 family)
{
	unsigned int off;
	u8 proto;

	if (family == NFPROTO_IPV4) {
		off = sizeof(struct iphdr);
		proto = ip_hdr(skb)->protocol;
		if (ip_hdr(skb)->ihl * 4 != off || ip_is_fragment(ip_hdr(skb)))
			return NULL;
	} else {
		off = sizeof(struct ipv6hdr);
		proto = ipv6_hdr(skb)->nexthdr;
	}
	if (proto != IPPROTO_TCP && proto != IPPROTO_UDP)
		return NULL;
	if (skb_headlen(skb) < off + 2 * sizeof(__be16))
		return NULL;
	return (const __be16 *)(skb->data + off);
}

/* Has bridge netfilter shown us the packet, which came in by a bridge's port? */
static inline bool sst_packet_is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_info_exists(skb);
#else
	return false;
#endif
}

/* Bytes of application payload in a segment of @seglen bytes. */
static inline unsigned int sst_packet_payload(const struct sst_pkt *pkt,
					      unsigned int seglen)
{
	return seglen - pkt->thlen;
}

#endif /* _SST_PACKET_H */
