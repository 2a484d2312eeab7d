// SPDX-License-Identifier: GPL-2.0
/*
 * A packet leaves: its final tuple, after source NAT, is looked up among the
 * real tuples of the flows. A packet of a flow is sealed or dropped, whether
 * it was made here or forwarded; everything else passes untouched.
 */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip6_route.h>

#include "compat.h"
#include "conntrack.h"
#include "egress.h"
#include "outcome.h"
#include "packet.h"
#include "pernet.h"
#include "rewrite.h"
#include "segment.h"
#include "suite.h"
#include "trailer.h"

static u8 wire_dsfield(const struct sst_net *sn, const struct sst_pkt *pkt,
		       u8 dsfield)
{
	u8 ecn = dsfield & SST_ECN_MASK;

	if (pkt->tuple.family == NFPROTO_IPV6)
		return sst_config_mark_value(&sn->cfg) | ecn;
	return READ_ONCE(sn->cfg.dscp) == SST_DSCP_KEEP ? dsfield : ecn;
}

/* The traffic class that travels in the trailer, because the mark took its place. */
static u8 carried_tc(const struct sst_net *sn, const struct sst_pkt *pkt,
		     u8 dsfield)
{
	if (pkt->tuple.family != NFPROTO_IPV6 ||
	    READ_ONCE(sn->cfg.dscp) != SST_DSCP_KEEP || pkt->marked)
		return 0;
	return dsfield & ~SST_ECN_MASK;
}

static void fill_trailer(struct sst_data_trailer *trailer,
			 const struct sst_pkt *pkt, const struct sst_flow *flow,
			 const struct sst_meta *meta, const u8 *key)
{
	__be16 ports[2] = { flow->real.lport, flow->real.rport };
	struct sst_block block;
	struct sst_aad aad;

	sst_meta_encode(trailer->meta, meta);
	sst_aad_build(&aad, trailer->meta, pkt, pkt->seglen);
	sst_suite_block(&block, key, meta->seq);
	sst_suite_xor_ports(trailer->sealed, &block, (const u8 *)ports);
	sst_suite_tag(trailer->tag, &block, &aad, trailer->sealed);
	memzero_explicit(&block, sizeof(block));
}

/* Seal one packet that fits. Returns 0 or the reason to drop it. */
static int seal_packet(struct sst_net *sn, struct sst_flow *flow,
		       struct sst_pkt *pkt)
{
	u8 dsfield = sst_rewrite_dsfield(pkt);
	struct sst_rewrite rw = {
		.sport = flow->wire.lport,
		.dport = flow->wire.rport,
		.dsfield = wire_dsfield(sn, pkt, dsfield),
	};
	struct sst_meta meta = {
		.type = SST_TYPE_DATA,
		.tc = carried_tc(sn, pkt, dsfield),
	};
	struct sst_data_trailer *trailer;
	const struct sst_tx_key *key;
	int reason;

	if (sst_rewrite_prepare_seal(pkt))
		return SST_A_STATS_TX_NOMEM;
	trailer = sst_rewrite_add_trailer(pkt);
	if (!trailer)
		return SST_A_STATS_TX_NOMEM;
	/* The counter last, so that none is spent on a packet that fails. */
	reason = sst_key_take(sn, flow, &key, &meta.seq);
	if (reason)
		return reason;
	meta.kri = key->kri;
	fill_trailer(trailer, pkt, flow, &meta, key->key);
	sst_rewrite_seal(pkt, &rw, trailer);

	trace_sst_seal(flow, &meta);
	atomic64_inc(&flow->tx_packets);
	atomic64_add(sst_packet_payload(pkt, pkt->seglen), &flow->tx_bytes);
	sst_stats_inc(sn->stats, SST_A_STATS_TX_SEALED);
	return 0;
}

static unsigned int path_mtu(const struct sst_pkt *pkt,
			     const struct nf_hook_state *state)
{
	if (pkt->tuple.family == NFPROTO_IPV4)
		return ip_skb_dst_mtu(state->sk, pkt->skb);
	return ip6_skb_dst_mtu(pkt->skb);
}

/*
 * A forwarded packet came from somebody who does not know of the trailer, and
 * whose own route does not carry it: tell him. A local sender gets an error.
 */
static void tell_forwarded_sender(const struct sst_pkt *pkt, unsigned int mtu)
{
	if (!pkt->skb->skb_iif)
		return;
	if (pkt->tuple.family == NFPROTO_IPV4)
		icmp_send(pkt->skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			  htonl(mtu));
	else
		icmpv6_send(pkt->skb, ICMPV6_PKT_TOOBIG, 0, mtu);
}

/* Make every packet that will leave fit the path together with its trailer. */
static int fit_path(struct sst_pkt *pkt, const struct nf_hook_state *state)
{
	unsigned int mtu = path_mtu(pkt, state);
	struct sk_buff *skb = pkt->skb;
	unsigned int room;

	if (pkt->tuple.family == NFPROTO_IPV6 && skb_is_gso(skb)) {
		unsigned int before = skb->len;

		if (sst_segment_strip_jumbo(skb))
			return SST_A_STATS_TX_NOMEM;
		pkt->thoff -= before - skb->len;
	}
	if (mtu <= sizeof(struct sst_data_trailer))
		return SST_A_STATS_TX_TOO_BIG;
	room = mtu - sizeof(struct sst_data_trailer);
	if (skb_is_gso(skb) ? skb_gso_validate_network_len(skb, room) :
			      skb->len <= room)
		return 0;
	if (!sst_segment_shrink(pkt, room))
		return 0;
	tell_forwarded_sender(pkt, room);
	return SST_A_STATS_TX_TOO_BIG;
}

/* What a local sender learns of a dropped packet. */
static int drop_errno(int reason)
{
	switch (reason) {
	case SST_A_STATS_TX_TOO_BIG:
	case SST_A_STATS_TX_FRAGMENT:
		return -EMSGSIZE;
	case SST_A_STATS_TX_EXHAUSTED:
		return -EKEYEXPIRED;
	case SST_A_STATS_TX_NOMEM:
	case SST_A_STATS_TX_SEGMENT:
		return -ENOBUFS;
	default:
		return -EPERM;
	}
}

static unsigned int drop(struct sst_net *sn, const struct sst_flow *flow,
			 int reason)
{
	sst_drop(sn, flow, reason);
	return NF_DROP_ERR(drop_errno(reason));
}

/* One segment of a large packet. Returns 0 or a negative errno; consumes it. */
static int send_segment(struct sst_net *sn, struct sst_flow *flow,
			struct sk_buff *seg, const struct nf_hook_state *state)
{
	struct sst_pkt pkt;
	int reason;

	/* Parsed anew: this is what leaves, whatever the large packet was. */
	if (sst_packet_parse(&pkt, seg, state->pf, SST_PKT_OUT, &sn->cfg) !=
	    SST_PKT_WHOLE)
		reason = SST_A_STATS_TX_MALFORMED;
	else
		reason = seal_packet(sn, flow, &pkt);
	if (!reason)
		return state->okfn(state->net, state->sk, seg);
	sst_drop(sn, flow, reason);
	kfree_skb(seg);
	return drop_errno(reason);
}

/* The packet takes the rest of its way in segments, each sealed by itself. */
static unsigned int send_segments(struct sst_net *sn, struct sst_flow *flow,
				  struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct sk_buff *segs, *seg, *next;
	bool sent = false;
	int err = 0;

	segs = sst_conntrack_confirm(skb) ? NULL : sst_segment_cut(skb);
	if (!segs)
		return drop(sn, flow, SST_A_STATS_TX_SEGMENT);
	/* Without softirqs in between the receiver gets to see a train. */
	local_bh_disable();
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		err = send_segment(sn, flow, seg, state);
		if (err >= 0)
			sent = true;
	}
	local_bh_enable();
	/* TCP must know when nothing at all has left. */
	return sent ? NF_STOLEN : NF_STOLEN | -err << NF_VERDICT_QBITS;
}

static bool comes_in_fragments(const struct sk_buff *skb)
{
	if (skb_is_gso(skb))
		return skb_shinfo(skb)->gso_type & SKB_GSO_UDP;
	return skb_has_frag_list(skb);
}

static int may_seal(const struct sst_flow *flow, const struct sk_buff *skb,
		    enum sst_pkt_class class)
{
	if (class == SST_PKT_FRAGMENT)
		return SST_A_STATS_TX_FRAGMENT;
	if (class != SST_PKT_WHOLE)
		return SST_A_STATS_TX_MALFORMED;
	if (comes_in_fragments(skb))
		return SST_A_STATS_TX_FRAGMENT;
	if (READ_ONCE(flow->state) == SST_FLOW_STATE_EXHAUSTED)
		return SST_A_STATS_TX_EXHAUSTED;
	if (skb_is_decrypted(skb))
		return SST_A_STATS_TX_TLS;
	if (sst_conntrack_adjusts_seq(skb))
		return SST_A_STATS_TX_SEQADJ;
	return 0;
}

/*
 * A frame that bridge netfilter shows us on its way out of a port: what this
 * host sent was sealed when it was routed to the bridge.
 */
static bool is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_get_physoutdev(skb);
#else
	return false;
#endif
}

/**
 * sst_egress() - a packet at POST_ROUTING
 * @sn: namespace
 * @skb: the packet
 * @state: hook state
 *
 * Return: NF_ACCEPT for a packet that belongs to no flow (untouched) or was
 * sealed, NF_DROP with an errno for a local sender, or NF_STOLEN.
 */
unsigned int sst_egress(struct sst_net *sn, struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	enum sst_pkt_class class;
	struct sst_flow *flow;
	struct sst_pkt pkt;
	int reason;

	class = sst_packet_parse(&pkt, skb, state->pf, SST_PKT_OUT, &sn->cfg);
	if (class == SST_PKT_OTHER)
		return NF_ACCEPT;
	flow = sst_flowtable_by_real(&sn->flows, &pkt.tuple);
	if (!flow || is_bridged(skb))
		return NF_ACCEPT;

	reason = may_seal(flow, skb, class);
	if (!reason)
		reason = fit_path(&pkt, state);
	if (!reason && skb_is_gso(skb))
		return send_segments(sn, flow, skb, state);
	if (!reason)
		reason = seal_packet(sn, flow, &pkt);
	return reason ? drop(sn, flow, reason) : NF_ACCEPT;
}
