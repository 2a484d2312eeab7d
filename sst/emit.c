// SPDX-License-Identifier: GPL-2.0
/*
 * The few packets that SST makes itself (flag E, protocol section 4): an empty
 * datagram, or the acknowledgment that keeps an idle TCP connection alive. The
 * peer's SST consumes them. Besides, a COOKIE (section 8).
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/tcp.h>

#include "cookie.h"
#include "emit.h"
#include "flow.h"
#include "outcome.h"
#include "packet.h"
#include "pernet.h"
#include "rewrite.h"
#include "scope.h"
#include "seal.h"
#include "unseal.h"

/**
 * struct reply - a packet of SST's own
 * @tuple: its tuple, with the ports that stand in it
 * @oif: interface that it must take, 0 when the route alone tells
 * @seq: sequence number; TCP only
 * @ack: acknowledgment number; TCP only
 * @reset: it is a reset; TCP only
 */
struct reply {
	struct sst_tuple tuple;
	int oif;
	u32 seq;
	u32 ack;
	bool reset;
};

static struct dst_entry *route_ipv4(struct net *net,
				    const struct sst_tuple *wire, int oif)
{
	struct flowi4 fl4 = {
		.daddr = wire->remote.ip,
		.saddr = wire->local.ip,
		.flowi4_oif = oif,
		.flowi4_proto = wire->proto,
		.fl4_sport = wire->lport,
		.fl4_dport = wire->rport,
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	if (IS_ERR(rt))
		return NULL;
	if (rt->rt_type == RTN_UNICAST || rt->rt_type == RTN_LOCAL)
		return &rt->dst;
	/* What was put down as the sender is all of a network. */
	ip_rt_put(rt);
	return NULL;
}

static struct dst_entry *route_ipv6(struct net *net,
				    const struct sst_tuple *wire, int oif)
{
	struct flowi6 fl6 = {
		.daddr = wire->remote.in6,
		.saddr = wire->local.in6,
		.flowi6_oif = oif,
		.flowi6_proto = wire->proto,
		.fl6_sport = wire->lport,
		.fl6_dport = wire->rport,
	};
	/* With IPsec, if a policy wants it, as the IPv4 one does. */
	struct dst_entry *dst = ip6_dst_lookup_flow(net, NULL, &fl6, NULL);

	return IS_ERR(dst) ? NULL : dst;
}

/* The way of what stands on the wire. */
static bool route(struct sst_net *sn, struct sk_buff *skb,
		  const struct sst_tuple *wire, int oif)
{
	struct dst_entry *dst;

	dst = wire->family == NFPROTO_IPV4 ? route_ipv4(sn->net, wire, oif) :
					     route_ipv6(sn->net, wire, oif);
	if (!dst)
		return false;
	skb_dst_set(skb, dst);
	skb->dev = dst->dev;
	return true;
}

static void put_udp(struct sk_buff *skb, const struct reply *reply)
{
	struct udphdr *uh = skb_put_zero(skb, sizeof(*uh));

	uh->source = reply->tuple.lport;
	uh->dest = reply->tuple.rport;
	uh->len = htons(sizeof(*uh));
}

static void put_tcp(struct sk_buff *skb, const struct reply *reply)
{
	struct tcphdr *th = skb_put_zero(skb, sizeof(*th));

	th->source = reply->tuple.lport;
	th->dest = reply->tuple.rport;
	th->seq = htonl(reply->seq);
	th->ack_seq = htonl(reply->ack);
	th->doff = sizeof(*th) / 4;
	th->ack = 1;
	th->rst = reply->reset;
}

static void put_transport(struct sk_buff *skb, const struct reply *reply)
{
	const struct sst_tuple *real = &reply->tuple;
	unsigned int len;
	__sum16 *check, sum;
	__wsum partial;

	skb_set_transport_header(skb, skb->len);
	if (real->proto == IPPROTO_UDP) {
		put_udp(skb, reply);
		check = &udp_hdr(skb)->check;
	} else {
		put_tcp(skb, reply);
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

static void put_ipv4(struct sk_buff *skb, const struct sst_tuple *tuple,
		     unsigned int transport, struct net *net)
{
	struct iphdr *iph = skb_put_zero(skb, sizeof(*iph));

	skb->protocol = htons(ETH_P_IP);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tot_len = htons(sizeof(*iph) + transport);
	iph->frag_off = htons(IP_DF);
	iph->ttl = READ_ONCE(net->ipv4.sysctl_ip_default_ttl);
	iph->protocol = tuple->proto;
	iph->saddr = tuple->local.ip;
	iph->daddr = tuple->remote.ip;
	ip_send_check(iph);
}

static void put_ipv6(struct sk_buff *skb, const struct sst_tuple *tuple,
		     unsigned int transport, struct net *net)
{
	struct ipv6hdr *ip6h = skb_put_zero(skb, sizeof(*ip6h));

	skb->protocol = htons(ETH_P_IPV6);
	ip6h->version = 6;
	ip6h->payload_len = htons(transport);
	ip6h->nexthdr = tuple->proto;
	ip6h->hop_limit = READ_ONCE(net->ipv6.devconf_all->hop_limit);
	ip6h->saddr = tuple->local.in6;
	ip6h->daddr = tuple->remote.in6;
}

static struct sk_buff *build(struct net *net, const struct reply *reply)
{
	unsigned int transport = reply->tuple.proto == IPPROTO_UDP ?
				 sizeof(struct udphdr) : sizeof(struct tcphdr);
	struct sk_buff *skb;

	skb = alloc_skb(LL_MAX_HEADER + sizeof(struct ipv6hdr) + transport +
			SST_TRAILER_MAX, GFP_ATOMIC);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER);
	skb_reset_network_header(skb);
	if (reply->tuple.family == NFPROTO_IPV4)
		put_ipv4(skb, &reply->tuple, transport, net);
	else
		put_ipv6(skb, &reply->tuple, transport, net);
	put_transport(skb, reply);
	return skb;
}

/*
 * Seal a packet and send it. On the rest of its way out it has wire ports
 * already and the hooks let it pass.
 */
static bool send(struct sst_net *sn, struct sst_flow *flow, struct sk_buff *skb,
		 u8 flags)
{
	struct sst_tuple wire = sst_flow_wire(flow);
	struct sst_pkt pkt;
	int reason;
	u8 form;

	form = sst_seal_form(flow);
	if (!route(sn, skb, &wire, flow->oif)) {
		reason = SST_A_STATS_TX_NO_ROUTE;
	} else if (skb->len + sst_trailer_size(form) > dst_mtu(skb_dst(skb))) {
		reason = SST_A_STATS_TX_TOO_BIG;
	} else {
		sst_packet_parse(&pkt, skb, flow->real.family, SST_PKT_OUT,
				 &sn->cfg);
		reason = sst_seal(sn, flow, &pkt, form, flags);
	}
	if (reason) {
		sst_drop(sn, flow, reason);
		kfree_skb(skb);
		return false;
	}
	dst_output(sn->net, NULL, skb);
	return true;
}

/**
 * sst_emit_empty() - send a packet that carries nothing for the peer's stack
 * @sn: namespace
 * @flow: the flow; the caller is in an RCU read section
 *
 * An ACCEPT while the peer has not confirmed, else a DATA.
 */
void sst_emit_empty(struct sst_net *sn, struct sst_flow *flow)
{
	/* With its real ports: sealing replaces them as in any other packet. */
	struct reply reply = { .tuple = flow->real };
	struct sk_buff *skb;

	if (flow->real.proto == IPPROTO_TCP) {
		reply.seq = READ_ONCE(flow->tcp_seq);
		reply.ack = READ_ONCE(flow->tcp_ack);
	}
	skb = build(sn->net, &reply);
	if (!skb)
		sst_drop(sn, flow, SST_A_STATS_TX_NOMEM);
	else if (send(sn, flow, skb, SST_FLAG_EMPTY))
		sst_stats_inc(sn->stats, SST_A_STATS_TX_EMPTY);
}

/**
 * sst_emit_kept() - send a packet again that was kept for a COOKIE
 * @sn: namespace
 * @flow: its new flow; the caller is in an RCU read section
 * @skb: the packet, with its real ports and without route; consumed
 */
void sst_emit_kept(struct sst_net *sn, struct sst_flow *flow,
		   struct sk_buff *skb)
{
	send(sn, flow, skb, 0);
}

static u32 sequence_of(const struct sst_pkt *pkt)
{
	struct tcphdr _th;
	const struct tcphdr *th;

	th = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(_th), &_th);
	return th ? ntohl(th->seq) : 0;
}

/* Trailer and mark of a COOKIE; it has no flow that would seal it. */
static bool finish_cookie(struct sst_net *sn, struct sk_buff *skb, u8 family,
			  const struct sst_cookie_trailer *cookie)
{
	struct sst_rewrite rw = { .frag_off = sst_rewrite_frag_off(true) };
	struct sst_pkt pkt;
	void *trailer;

	sst_packet_parse(&pkt, skb, family, SST_PKT_OUT, &sn->cfg);
	rw.sport = pkt.tuple.lport;
	rw.dport = pkt.tuple.rport;
	if (family == NFPROTO_IPV6)
		rw.dsfield = sst_config_mark_value(&sn->cfg);
	trailer = sst_rewrite_add_trailer(&pkt, sizeof(*cookie));
	if (!trailer)
		return false;
	memcpy(trailer, cookie, sizeof(*cookie));
	sst_rewrite_seal(&pkt, &rw, trailer, sizeof(*cookie));
	/* The hooks look for no flow of it. */
	sst_packet_set_opened(skb, family, SST_SCOPE_LEAST);
	return true;
}

/**
 * sst_emit_cookie() - ask whoever sent an INIT to show that it gets this
 * @sn: namespace
 * @asked: the INIT
 * @init: its trailer
 * @key: key of COOKIEs of the host key that it names
 * @box: what to seal
 *
 * Smaller than the INIT, and made without any state.
 */
void sst_emit_cookie(struct sst_net *sn, const struct sst_pkt *asked,
		     const struct sst_trailer *init,
		     const u8 key[SST_SECRET_SIZE],
		     const struct sst_cookie_box *box)
{
	const struct sst_meta meta = {
		.type = SST_TYPE_COOKIE,
		.flags = SST_FLAG_EMPTY,
		.seq = init->meta.seq,
	};
	struct reply reply = {
		.tuple = asked->tuple,
		.oif = sst_packet_oif(&asked->tuple, asked->skb->dev),
		.reset = true,
	};
	struct sst_cookie_trailer trailer;
	struct sk_buff *skb;
	int reason = 0;

	if (reply.tuple.proto == IPPROTO_TCP)
		reply.ack = sequence_of(asked) + 1;
	get_random_bytes(trailer.nonce, sizeof(trailer.nonce));
	sst_meta_encode(trailer.meta, &meta);
	sst_cookie_seal(&trailer, box, key, sst_trailer_enc(init));
	skb = build(sn->net, &reply);
	if (!skb)
		reason = SST_A_STATS_TX_NOMEM;
	else if (!route(sn, skb, &reply.tuple, reply.oif))
		reason = SST_A_STATS_TX_NO_ROUTE;
	else if (!finish_cookie(sn, skb, reply.tuple.family, &trailer))
		reason = SST_A_STATS_TX_NOMEM;
	if (reason) {
		sst_drop(sn, NULL, reason);
		kfree_skb(skb);
		return;
	}
	sst_stats_inc(sn->stats, SST_A_STATS_TX_COOKIE);
	dst_output(sn->net, NULL, skb);
}
