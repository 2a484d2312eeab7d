// SPDX-License-Identifier: GPL-2.0
/*
 * Find the TCP or UDP packet that an ICMP error quotes. Headers are read
 * through skb_header_pointer() only, with every bound checked; nothing is
 * changed here.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/ndisc.h>

#include "quote.h"

/**
 * struct part - what is left of a packet, from some header on
 * @skb: the packet
 * @off: where it begins
 * @end: where the packet ends, by its length field
 * @cut: the headers up to there say that more fragments follow
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
	part->cut = copy->frag_off & htons(IP_MF);
	part->off += copy->ihl * 4;
	return true;
}

/* The same for IPv6, with what may stand between; gives the next protocol. */
static bool skip_ipv6(struct part *part, struct ipv6hdr *copy, u8 *proto)
{
	const struct ipv6hdr *ip6h = peek(part, sizeof(*ip6h), copy);
	unsigned int n;

	if (!ip6h)
		return false;
	if (ip6h != copy)
		memcpy(copy, ip6h, sizeof(*copy));
	if (copy->version != 6)
		return false;
	part->off += sizeof(*copy);
	part->cut = false;
	*proto = copy->nexthdr;
	for (n = 0; n <= SST_EXTHDR_MAX; n++) {
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
			if (fh->frag_off & htons(IP6_MF))
				part->cut = true;
			part->off += sizeof(_fh);
			*proto = fh->nexthdr;
			break;
		default:
			return true;
		}
	}
	return false;
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
static bool find_quote_v4(struct part *part, struct sst_quote *quote)
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
	quote->reported_to.ip = iph.daddr;
	quote->icmp_off = part->off;
	quote->cut = part->cut;
	part->off += sizeof(*icmph);
	return true;
}

/*
 * A redirect (RFC 4861) is no error, but quotes in an option, behind two
 * addresses.
 */
static bool skip_to_redirected(struct part *part)
{
	const struct nd_opt_hdr *opt;
	struct nd_opt_hdr _opt;

	part->off += 2 * sizeof(struct in6_addr);
	while ((opt = peek(part, sizeof(_opt), &_opt)) && opt->nd_opt_len) {
		if (opt->nd_opt_type == ND_OPT_REDIRECT_HDR) {
			part->off += 8;
			return true;
		}
		part->off += opt->nd_opt_len * 8;
	}
	return false;
}

static bool find_quote_v6(struct part *part, struct sst_quote *quote)
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
	if (!icmp6h)
		return false;
	quote->reported_to.in6 = ip6h.daddr;
	quote->icmp_off = part->off;
	quote->cut = part->cut;
	quote->redirect = icmp6h->icmp6_type == NDISC_REDIRECT;
	part->off += sizeof(*icmp6h);
	if (quote->redirect)
		return skip_to_redirected(part);
	return !(icmp6h->icmp6_type & ICMPV6_INFOMSG_MASK);
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

static bool is_error(struct part *part, struct sst_quote *quote, u8 family)
{
	return family == NFPROTO_IPV4 ? find_quote_v4(part, quote) :
					find_quote_v6(part, quote);
}

/**
 * sst_quote_find() - the TCP or UDP packet that an ICMP error is about
 * @quote: output
 * @skb: packet, data at the network header
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @quoted_by: SST_PKT_OUT when this host sends the error, about a packet that
 *	it received; SST_PKT_IN when it receives it, about one that it sent
 *
 * Return: true when the packet is an ICMP error and the ports stand in what it
 * quotes.
 */
bool sst_quote_find(struct sst_quote *quote, const struct sk_buff *skb,
		    u8 family, enum sst_pkt_dir quoted_by)
{
	/* Offsets in the quote have 16 bits. */
	struct part part = { .skb = skb, .end = min(skb->len, U16_MAX) };
	struct sst_tuple *tuple = &quote->tuple;
	const __be16 *ports;
	__be16 _ports[2];

	memset(quote, 0, sizeof(*quote));
	tuple->family = family;
	if (!is_error(&part, quote, family))
		return false;
	quote->ip_off = part.off;
	if (!read_quote(tuple, &part))
		return false;
	ports = peek(&part, sizeof(_ports), _ports);
	if (!ports)
		return false;
	quote->port_off = part.off;
	quote->end = part.end;
	tuple->lport = ports[0];
	tuple->rport = ports[1];
	if (quoted_by == SST_PKT_OUT) {
		swap(tuple->local, tuple->remote);
		swap(tuple->lport, tuple->rport);
	}
	return true;
}

/**
 * sst_quote_is_hidden() - is this the first fragment of an ICMPv6 error?
 * @skb: packet, data at the network header
 *
 * An ICMPv6 error fits the smallest MTU (RFC 4443, 2.4 c): nobody has to send
 * it in fragments, but who hides what it quotes.
 *
 * Return: true when it is.
 */
bool sst_quote_is_hidden(const struct sk_buff *skb)
{
	struct part part = { .skb = skb, .end = skb->len };
	struct sst_quote quote;

	return find_quote_v6(&part, &quote) && quote.cut;
}
