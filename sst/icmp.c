// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors that quote a packet of a flow. One that this host sends would
 * tell the real ports; one that comes in the clear is forged, because nobody
 * on the path knows them (protocol sections 9 and 10).
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/string.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "flowtable.h"
#include "icmp.h"
#include "outcome.h"
#include "pernet.h"

/**
 * struct part - what is left of a packet, from some header on
 * @skb: the packet
 * @off: where it begins
 * @end: where the packet ends, by its length field
 * @cut: the headers up to there say that more fragments follow; IPv6 only
 */
struct part {
	const struct sk_buff *skb;
	unsigned int off;
	unsigned int end;
	bool cut;
};

/* Read a header; NULL when the packet ends before. */
static const void *peek(const struct part *part, unsigned int len, void *buf)
{
	if (part->end < part->off || part->end - part->off < len)
		return NULL;
	return skb_header_pointer(part->skb, part->off, len, buf);
}

/*
 * Skip the IPv4 header, be it that of the packet or the one it quotes. Returns
 * false when behind it is no header of the next protocol.
 */
static bool skip_ipv4(struct part *part, struct iphdr *copy)
{
	const struct iphdr *iph = peek(part, sizeof(*iph), copy);

	if (!iph)
		return false;
	if (iph != copy)
		memcpy(copy, iph, sizeof(*copy));
	if (copy->version != 4 || copy->ihl < 5 ||
	    copy->frag_off & htons(IP_OFFSET))
		return false;
	part->off += copy->ihl * 4;
	return true;
}

/* The same for IPv6, with what may stand between; gives the next protocol. */
static bool skip_ipv6(struct part *part, struct ipv6hdr *copy, u8 *proto)
{
	const struct ipv6hdr *ip6h = peek(part, sizeof(*ip6h), copy);

	if (!ip6h)
		return false;
	if (ip6h != copy)
		memcpy(copy, ip6h, sizeof(*copy));
	if (copy->version != 6)
		return false;
	part->off += sizeof(*copy);
	*proto = copy->nexthdr;
	for (;;) {
		struct ipv6_opt_hdr _oh;
		const struct ipv6_opt_hdr *oh;
		struct frag_hdr _fh;
		const struct frag_hdr *fh;

		switch (*proto) {
		case NEXTHDR_HOP:
		case NEXTHDR_DEST:
		case NEXTHDR_ROUTING:
			oh = peek(part, sizeof(_oh), &_oh);
			if (!oh)
				return false;
			part->off += ipv6_optlen(oh);
			*proto = oh->nexthdr;
			break;
		case NEXTHDR_FRAGMENT:
			fh = peek(part, sizeof(_fh), &_fh);
			if (!fh || fh->frag_off & htons(IP6_OFFSET))
				return false;
			part->cut = fh->frag_off & htons(IP6_MF);
			part->off += sizeof(_fh);
			*proto = fh->nexthdr;
			break;
		default:
			return true;
		}
	}
}

static bool is_error_v4(u8 type)
{
	switch (type) {
	case ICMP_DEST_UNREACH:
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		return true;
	default:
		return false;
	}
}

/* Skip headers up to the quoted packet; false when this is no ICMP error. */
static bool find_quote_v4(struct part *part)
{
	struct icmphdr _icmph;
	const struct icmphdr *icmph;
	struct iphdr iph;

	if (!skip_ipv4(part, &iph) || iph.protocol != IPPROTO_ICMP)
		return false;
	part->end = min_t(unsigned int, part->end, ntohs(iph.tot_len));
	icmph = peek(part, sizeof(_icmph), &_icmph);
	if (!icmph || !is_error_v4(icmph->type))
		return false;
	part->off += sizeof(*icmph);
	return true;
}

static bool find_quote_v6(struct part *part)
{
	struct icmp6hdr _icmp6h;
	const struct icmp6hdr *icmp6h;
	struct ipv6hdr ip6h;
	u8 proto;

	if (!skip_ipv6(part, &ip6h, &proto) || proto != IPPROTO_ICMPV6)
		return false;
	part->end = min_t(unsigned int, part->end,
			  sizeof(ip6h) + ntohs(ip6h.payload_len));
	icmp6h = peek(part, sizeof(_icmp6h), &_icmp6h);
	if (!icmp6h || icmp6h->icmp6_type & ICMPV6_INFOMSG_MASK)
		return false;
	part->off += sizeof(*icmp6h);
	return true;
}

/* Addresses and protocol of the quoted packet, as its sender saw them. */
static bool read_quote(struct sst_tuple *tuple, struct part *part)
{
	if (tuple->family == NFPROTO_IPV4) {
		struct iphdr iph;

		if (!skip_ipv4(part, &iph))
			return false;
		tuple->proto = iph.protocol;
		tuple->local.ip = iph.saddr;
		tuple->remote.ip = iph.daddr;
	} else {
		struct ipv6hdr ip6h;

		if (!skip_ipv6(part, &ip6h, &tuple->proto))
			return false;
		tuple->local.in6 = ip6h.saddr;
		tuple->remote.in6 = ip6h.daddr;
	}
	return tuple->proto == IPPROTO_TCP || tuple->proto == IPPROTO_UDP;
}

/**
 * sst_icmp_quote() - the TCP or UDP packet that an ICMP error is about
 * @tuple: output: tuple of that packet, as this host sees it
 * @skb: packet, data at the network header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @quoted_by: SST_PKT_OUT when this host sends the error, about a packet that
 *	it received; SST_PKT_IN when it receives it, about one that it sent
 *
 * Return: true when the packet is an ICMP error and the ports stand in what it
 * quotes.
 */
bool sst_icmp_quote(struct sst_tuple *tuple, const struct sk_buff *skb,
		    u8 family, enum sst_pkt_dir quoted_by)
{
	struct part part = { .skb = skb, .end = skb->len };
	const __be16 *ports;
	__be16 _ports[2];

	memset(tuple, 0, sizeof(*tuple));
	tuple->family = family;
	if (family == NFPROTO_IPV4 ? !find_quote_v4(&part) :
				     !find_quote_v6(&part))
		return false;
	if (!read_quote(tuple, &part))
		return false;
	ports = peek(&part, sizeof(_ports), _ports);
	if (!ports)
		return false;
	tuple->lport = ports[0];
	tuple->rport = ports[1];
	if (quoted_by == SST_PKT_OUT) {
		swap(tuple->local, tuple->remote);
		swap(tuple->lport, tuple->rport);
	}
	return true;
}

/**
 * sst_icmp_out() - an ICMP error at POST_ROUTING
 * @sn: namespace
 * @skb: the packet; any other one passes
 * @state: hook state
 *
 * Return: NF_ACCEPT, or NF_DROP for one that would tell the real ports of a
 * flow, be it that the flow has ended.
 */
unsigned int sst_icmp_out(struct sst_net *sn, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	const struct sst_flow *flow;
	struct sst_tuple tuple;

	if (!sst_icmp_quote(&tuple, skb, state->pf, SST_PKT_OUT))
		return NF_ACCEPT;
	flow = sst_flowtable_by_real(&sn->flows, &tuple);
	if (flow || sst_tomb_has(&sn->tombs, &tuple))
		return sst_drop(sn, flow, SST_A_STATS_TX_ICMP);
	return NF_ACCEPT;
}

/*
 * IPv6 gathers fragments only behind LOCAL_IN, where no hook sees the whole. An
 * ICMPv6 error fits the smallest MTU (RFC 4443, 2.4 c): nobody has to send it
 * in fragments, but who hides what it quotes.
 */
static bool hides_quote(const struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	struct part part = { .skb = skb, .end = skb->len };

	return state->pf == NFPROTO_IPV6 && state->hook == NF_INET_LOCAL_IN &&
	       find_quote_v6(&part) && part.cut;
}

/**
 * sst_icmp_in() - an ICMP error at PRE_ROUTING, after defragmentation, or at
 *	LOCAL_IN
 * @sn: namespace
 * @skb: the packet; any other one passes
 * @state: hook state
 *
 * Return: NF_ACCEPT, or NF_DROP for one about the real tuple of a live flow:
 * whoever saw the packet has seen other ports. The same for an ICMPv6 error that
 * comes in fragments, while there are flows.
 */
unsigned int sst_icmp_in(struct sst_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	const struct sst_flow *flow;
	struct sst_tuple tuple;

	if (!READ_ONCE(sn->flows.count))
		return NF_ACCEPT;
	if (hides_quote(skb, state))
		return sst_drop(sn, NULL, SST_A_STATS_RX_ICMP);
	if (!sst_icmp_quote(&tuple, skb, state->pf, SST_PKT_IN))
		return NF_ACCEPT;
	flow = sst_flowtable_by_real(&sn->flows, &tuple);
	if (flow)
		return sst_drop(sn, flow, SST_A_STATS_RX_ICMP);
	return NF_ACCEPT;
}
