// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors that quote a packet of a flow, in three places:
 *
 *   arriving	about a sealed packet: it quotes wire ports, which no socket has.
 *		They are turned into the real ones
 *   arriving	about the real ports of a live flow: forged, because nobody on
 *		the path knows them (protocol section 9)
 *   leaving	it would tell the real ports: they are turned into the wire
 *		ports that the peer sent, and no more than these stays of the
 *		quoted segment (protocol section 10)
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>

#include "compat.h"
#include "flowtable.h"
#include "icmp.h"
#include "outcome.h"
#include "pernet.h"
#include "quote.h"
#include "wire.h"

/* What every router quotes of a segment (RFC 792): ports, and four bytes more. */
#define QUOTED_SIZE	8

/* The smallest MTU that an error may announce to a sender of this host. */
#define MTU_MIN_IPV4	576
#define MTU_MIN_IPV6	IPV6_MIN_MTU

static void *at(const struct sk_buff *skb, unsigned int off)
{
	return skb_network_header(skb) + off;
}

static void write_ports(const struct sk_buff *skb, const struct sst_quote *quote,
			__be16 sport, __be16 dport)
{
	__be16 *ports = at(skb, quote->port_off);

	ports[0] = sport;
	ports[1] = dport;
}

/* A header that is quoted, with the mark or without it. */
static void write_mark(const struct sk_buff *skb, const struct sst_quote *quote,
		       const struct sst_config *cfg, bool marked)
{
	void *header = at(skb, quote->ip_off);

	if (quote->tuple.family == NFPROTO_IPV4) {
		struct iphdr *iph = header;
		__be16 old = iph->frag_off;

		if (marked)
			iph->frag_off |= htons(SST_MARK_IPV4 | IP_DF);
		else
			iph->frag_off &= ~htons(SST_MARK_IPV4);
		csum_replace2(&iph->check, old, iph->frag_off);
	} else {
		ipv6_change_dsfield(header, SST_ECN_MASK,
				    marked ? sst_config_mark_value(cfg) : 0);
	}
}

/*
 * The MTU in a "packet too big" is that of sealed packets on the wire; whoever
 * knows nothing of trailers must see it smaller, by @trailer bytes.
 */
static void lower_mtu(const struct sk_buff *skb, const struct sst_quote *quote,
		      unsigned int trailer)
{
	if (quote->tuple.family == NFPROTO_IPV4) {
		struct icmphdr *icmph = at(skb, quote->icmp_off);
		u16 mtu = ntohs(icmph->un.frag.mtu);

		if (icmph->type == ICMP_DEST_UNREACH &&
		    icmph->code == ICMP_FRAG_NEEDED &&
		    mtu >= MTU_MIN_IPV4 + trailer)
			icmph->un.frag.mtu = htons(mtu - trailer);
	} else {
		struct icmp6hdr *icmp6h = at(skb, quote->icmp_off);
		u32 mtu = ntohl(icmp6h->icmp6_mtu);

		if (icmp6h->icmp6_type == ICMPV6_PKT_TOOBIG &&
		    mtu >= MTU_MIN_IPV6 + trailer)
			icmp6h->icmp6_mtu = htonl(mtu - trailer);
	}
}

/* The reverse, on its way to the peer, who will lower it. */
static void raise_mtu(const struct sk_buff *skb, const struct sst_quote *quote,
		      unsigned int trailer)
{
	if (quote->tuple.family == NFPROTO_IPV4) {
		struct icmphdr *icmph = at(skb, quote->icmp_off);
		u16 mtu = ntohs(icmph->un.frag.mtu);

		if (icmph->type == ICMP_DEST_UNREACH &&
		    icmph->code == ICMP_FRAG_NEEDED && mtu &&
		    mtu <= U16_MAX - trailer)
			icmph->un.frag.mtu = htons(mtu + trailer);
	} else {
		struct icmp6hdr *icmp6h = at(skb, quote->icmp_off);
		u32 mtu = ntohl(icmp6h->icmp6_mtu);

		if (icmp6h->icmp6_type == ICMPV6_PKT_TOOBIG && mtu <= U16_MAX)
			icmp6h->icmp6_mtu = htonl(mtu + trailer);
	}
}

static __sum16 *checksum_field(const struct sk_buff *skb,
			       const struct sst_quote *quote)
{
	if (quote->tuple.family == NFPROTO_IPV4)
		return &((struct icmphdr *)at(skb, quote->icmp_off))->checksum;
	return &((struct icmp6hdr *)at(skb, quote->icmp_off))->icmp6_cksum;
}

/* Turn wire ports into real ones; a checksum that was wrong stays wrong. */
static void restore(const struct sk_buff *skb, const struct sst_quote *quote,
		    const struct sst_flow *flow, const struct sst_config *cfg)
{
	/* All headers before the ports have even lengths. */
	unsigned int len = quote->port_off + 2 * sizeof(__be16) -
			   quote->icmp_off;
	const void *from = at(skb, quote->icmp_off);
	__sum16 *check = checksum_field(skb, quote);
	__wsum before = csum_partial(from, len, 0);

	write_ports(skb, quote, flow->real.lport, flow->real.rport);
	write_mark(skb, quote, cfg, false);
	/* A socket of this host counts the trailer itself. */
	if (READ_ONCE(flow->forwarded))
		lower_mtu(skb, quote, sst_flow_trailer(flow));
	*check = csum_fold(csum_add(csum_sub(~csum_unfold(*check), before),
				    csum_partial(from, len, 0)));
}

/**
 * sst_icmp_translate() - an ICMP error at PRE_ROUTING, before everything else
 * @sn: namespace
 * @skb: the packet; any other one passes
 * @state: hook state
 *
 * Like any ICMP error it is no proof of anything, but whoever sends it has seen
 * a packet of the flow, or guessed its two wire ports.
 *
 * Return: NF_ACCEPT, or NF_DROP without memory.
 */
unsigned int sst_icmp_translate(struct sst_net *sn, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	const struct sst_flow *flow;
	struct sst_quote quote;

	if (!READ_ONCE(sn->flows.count) ||
	    !sst_quote_find(&quote, skb, state->pf, SST_PKT_IN) || quote.cut)
		return NF_ACCEPT;
	/* One that is for somebody else would carry real ports to him. */
	if (!nf_inet_addr_cmp(&quote.reported_to, &quote.tuple.local))
		return NF_ACCEPT;
	flow = sst_flowtable_by_wire(&sn->flows, &quote.tuple);
	if (!flow)
		return NF_ACCEPT;
	if (skb_ensure_writable(skb, quote.port_off + 2 * sizeof(__be16)))
		return sst_drop(sn, flow, SST_A_STATS_RX_NOMEM);
	restore(skb, &quote, flow, &sn->cfg);
	sst_packet_set_opened(skb, state->pf, flow->scope);
	sst_stats_inc(sn->stats, SST_A_STATS_RX_TRANSLATED);
	return NF_ACCEPT;
}

/* No word of what may follow a longer quote (RFC 4884). */
static void clear_extension(const struct sk_buff *skb,
			    const struct sst_quote *quote)
{
	u8 *header = at(skb, quote->icmp_off);

	if (quote->tuple.family == NFPROTO_IPV4) {
		/* In a redirect the gateway stands there. */
		if (header[0] != ICMP_REDIRECT)
			header[5] = 0;
	} else if (header[0] == ICMPV6_DEST_UNREACH ||
		   header[0] == ICMPV6_TIME_EXCEED) {
		header[4] = 0;
	}
}

static void write_checksums(struct sk_buff *skb, const struct sst_quote *quote)
{
	unsigned int len = skb->len - quote->icmp_off;
	__sum16 *check = checksum_field(skb, quote);
	__wsum sum;

	*check = 0;
	sum = csum_partial(at(skb, quote->icmp_off), len, 0);
	if (quote->tuple.family == NFPROTO_IPV4) {
		ip_hdr(skb)->tot_len = htons(skb->len);
		ip_send_check(ip_hdr(skb));
		*check = csum_fold(sum);
	} else {
		ipv6_hdr(skb)->payload_len = htons(skb->len -
						   sizeof(struct ipv6hdr));
		*check = csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
					 &ipv6_hdr(skb)->daddr, len,
					 IPPROTO_ICMPV6, sum);
	}
	skb->ip_summed = CHECKSUM_NONE;
}

/* Say of the restored packet only what the peer had sent. */
static int disguise(struct sk_buff *skb, const struct sst_quote *quote,
		    const struct sst_flow *flow, const struct sst_config *cfg)
{
	unsigned int len = quote->port_off + QUOTED_SIZE;

	/* Not worth changing other lengths for; both are rare. */
	if (quote->end < len || quote->cut || quote->redirect)
		return SST_A_STATS_TX_ICMP;
	if (pskb_trim(skb, len) || skb_ensure_writable(skb, len))
		return SST_A_STATS_TX_NOMEM;
	write_ports(skb, quote, READ_ONCE(flow->wire.rport), flow->wire.lport);
	/* The restored checksum would give the sum of the real ports away. */
	if (flow->real.proto == IPPROTO_UDP)
		((struct udphdr *)at(skb, quote->port_off))->check = 0;
	write_mark(skb, quote, cfg, true);
	raise_mtu(skb, quote, sst_flow_trailer(flow));
	clear_extension(skb, quote);
	write_checksums(skb, quote);
	return 0;
}

/**
 * sst_icmp_out() - an ICMP error at POST_ROUTING
 * @sn: namespace
 * @skb: the packet; any other one passes
 * @state: hook state
 *
 * Return: NF_ACCEPT, or NF_DROP for one that would tell the real ports of a
 * flow that has ended, or quotes too little of it.
 */
unsigned int sst_icmp_out(struct sst_net *sn, struct sk_buff *skb,
			  const struct nf_hook_state *state)
{
	const struct sst_flow *flow;
	struct sst_quote quote;
	int reason;

	if (!sst_quote_find(&quote, skb, state->pf, SST_PKT_OUT))
		return NF_ACCEPT;
	flow = sst_flowtable_by_real(&sn->flows, &quote.tuple);
	if (!flow) {
		if (sst_tomb_has(&sn->tombs, &quote.tuple))
			return sst_drop(sn, NULL, SST_A_STATS_TX_ICMP);
		return NF_ACCEPT;
	}
	reason = disguise(skb, &quote, flow, &sn->cfg);
	if (reason)
		return sst_drop(sn, flow, reason);
	sst_stats_inc(sn->stats, SST_A_STATS_TX_TRANSLATED);
	return NF_ACCEPT;
}

/**
 * sst_icmp_in() - an ICMP error at PRE_ROUTING, after defragmentation, or at
 *	LOCAL_IN
 * @sn: namespace
 * @skb: the packet, not translated; any other one passes
 * @state: hook state
 *
 * Return: NF_ACCEPT, or NF_DROP for one about the real tuple of a live flow:
 * whoever saw the packet has seen other ports. The same for an ICMPv6 error that
 * comes in fragments, while there are flows: IPv6 gathers them only behind
 * LOCAL_IN, where no hook sees the whole.
 */
unsigned int sst_icmp_in(struct sst_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	const struct sst_flow *flow;
	struct sst_quote quote;

	if (!READ_ONCE(sn->flows.count))
		return NF_ACCEPT;
	if (state->pf == NFPROTO_IPV6 && state->hook == NF_INET_LOCAL_IN &&
	    sst_quote_is_hidden(skb))
		return sst_drop(sn, NULL, SST_A_STATS_RX_ICMP);
	if (!sst_quote_find(&quote, skb, state->pf, SST_PKT_IN))
		return NF_ACCEPT;
	flow = sst_flowtable_by_real(&sn->flows, &quote.tuple);
	if (flow)
		return sst_drop(sn, flow, SST_A_STATS_RX_ICMP);
	return NF_ACCEPT;
}
