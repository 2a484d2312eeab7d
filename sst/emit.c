// SPDX-License-Identifier: GPL-2.0
/*
 * The few packets that SST makes itself (flag E, protocol section 4): an empty
 * datagram, or the acknowledgment that keeps an idle TCP connection alive. The
 * peer's SST consumes them.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/tcp.h>

#include "emit.h"
#include "flow.h"
#include "outcome.h"
#include "packet.h"
#include "pernet.h"
#include "seal.h"

static struct dst_entry *route_ipv4(struct net *net, const struct sst_flow *flow)
{
	struct flowi4 fl4 = {
		.daddr = flow->wire.remote.ip,
		.saddr = flow->wire.local.ip,
		.flowi4_oif = flow->oif,
		.flowi4_proto = flow->wire.proto,
		.fl4_sport = flow->wire.lport,
		.fl4_dport = READ_ONCE(flow->wire.rport),
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *route_ipv6(struct net *net, const struct sst_flow *flow)
{
	struct flowi6 fl6 = {
		.daddr = flow->wire.remote.in6,
		.saddr = flow->wire.local.in6,
		.flowi6_oif = flow->oif,
		.flowi6_proto = flow->wire.proto,
		.fl6_sport = flow->wire.lport,
		.fl6_dport = READ_ONCE(flow->wire.rport),
	};
	/* With IPsec, if a policy wants it, as the IPv4 one does. */
	struct dst_entry *dst = ip6_dst_lookup_flow(net, NULL, &fl6, NULL);

	return IS_ERR(dst) ? NULL : dst;
}

static void put_udp(struct sk_buff *skb, const struct sst_flow *flow)
{
	struct udphdr *uh = skb_put_zero(skb, sizeof(*uh));

	uh->source = flow->real.lport;
	uh->dest = flow->real.rport;
	uh->len = htons(sizeof(*uh));
}

static void put_tcp(struct sk_buff *skb, const struct sst_flow *flow)
{
	struct tcphdr *th = skb_put_zero(skb, sizeof(*th));

	th->source = flow->real.lport;
	th->dest = flow->real.rport;
	th->seq = htonl(READ_ONCE(flow->tcp_seq));
	th->ack_seq = htonl(READ_ONCE(flow->tcp_ack));
	th->doff = sizeof(*th) / 4;
	th->ack = 1;
}

static void put_transport(struct sk_buff *skb, const struct sst_flow *flow)
{
	const struct sst_tuple *real = &flow->real;
	unsigned int len;
	__sum16 *check, sum;
	__wsum partial;

	skb_set_transport_header(skb, skb->len);
	if (real->proto == IPPROTO_UDP) {
		put_udp(skb, flow);
		check = &udp_hdr(skb)->check;
	} else {
		put_tcp(skb, flow);
		check = &tcp_hdr(skb)->check;
	}
	len = skb->len - skb_transport_offset(skb);
	partial = csum_partial(skb_transport_header(skb), len, 0);
	if (real->family == NFPROTO_IPV4)
		sum = csum_tcpudp_magic(real->local.ip, real->remote.ip, len,
					real->proto, partial);
	else
		sum = csum_ipv6_magic(&real->local.in6, &real->remote.in6, len,
				      real->proto, partial);
	*check = sum ?: CSUM_MANGLED_0;
	skb->ip_summed = CHECKSUM_NONE;
}

static void put_ipv4(struct sk_buff *skb, const struct sst_flow *flow,
		     unsigned int transport, struct net *net)
{
	struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

	skb->protocol = htons(ETH_P_IP);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tot_len = htons(sizeof(*iph) + transport);
	iph->frag_off = htons(IP_DF);
	iph->ttl = READ_ONCE(net->ipv4.sysctl_ip_default_ttl);
	iph->protocol = flow->real.proto;
	iph->saddr = flow->real.local.ip;
	iph->daddr = flow->real.remote.ip;
	ip_send_check(iph);
}

static void put_ipv6(struct sk_buff *skb, const struct sst_flow *flow,
		     unsigned int transport, struct net *net)
{
	struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

	skb->protocol = htons(ETH_P_IPV6);
	ip6h->version = 6;
	ip6h->payload_len = htons(transport);
	ip6h->nexthdr = flow->real.proto;
	ip6h->hop_limit = READ_ONCE(net->ipv6.devconf_all->hop_limit);
	ip6h->saddr = flow->real.local.in6;
	ip6h->daddr = flow->real.remote.in6;
}

/* With its real ports: sealing replaces them as in any other packet. */
static struct sk_buff *build(struct net *net, const struct sst_flow *flow)
{
	unsigned int transport = flow->real.proto == IPPROTO_UDP ?
				 sizeof(struct udphdr) : sizeof(struct tcphdr);
	struct sk_buff *skb;

	skb = alloc_skb(LL_MAX_HEADER + sizeof(struct ipv6hdr) + transport +
			SST_TRAILER_MAX, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_reset_network_header(skb);
	if (flow->real.family == NFPROTO_IPV4)
		put_ipv4(skb, flow, transport, net);
	else
		put_ipv6(skb, flow, transport, net);
	put_transport(skb, flow);
	return skb;
}

/**
 * sst_emit_empty() - send a packet that carries nothing for the peer's stack
 * @sn: namespace
 * @flow: the flow; the caller is in an RCU read section
 *
 * An ACCEPT while the peer has not confirmed, else a DATA. The packet is
 * sealed here; on the rest of its way out it has wire ports already and the
 * hooks let it pass.
 */
void sst_emit_empty(struct sst_net *sn, struct sst_flow *flow)
{
	struct net *net = sn->net;
	struct dst_entry *dst;
	struct sk_buff *skb;
	struct sst_pkt pkt;
	int reason;

	dst = flow->real.family == NFPROTO_IPV4 ? route_ipv4(net, flow) :
						  route_ipv6(net, flow);
	if (!dst) {
		sst_drop(sn, flow, SST_A_STATS_TX_NO_ROUTE);
		return;
	}
	skb = build(net, flow);
	if (!skb) {
		dst_release(dst);
		sst_drop(sn, flow, SST_A_STATS_TX_NOMEM);
		return;
	}
	skb_dst_set(skb, dst);
	skb->dev = dst->dev;
	sst_packet_parse(&pkt, skb, flow->real.family, SST_PKT_OUT, &sn->cfg);
	reason = sst_seal(sn, flow, &pkt, sst_seal_type(flow), SST_FLAG_EMPTY);
	if (reason) {
		sst_drop(sn, flow, reason);
		kfree_skb(skb);
		return;
	}
	sst_stats_inc(sn->stats, SST_A_STATS_TX_EMPTY);
	dst_output(net, NULL, skb);
}
