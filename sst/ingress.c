// SPDX-License-Identifier: GPL-2.0
/*
 * A packet arrives: find its flow by the wire tuple, verify, restore, hand up.
 * From the moment its flow is found the packet is ours: it is opened or
 * dropped. Everything else passes untouched (protocol section 2).
 */
#include <crypto/algapi.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "event.h"
#include "ingress.h"
#include "mss.h"
#include "outcome.h"
#include "packet.h"
#include "pernet.h"
#include "rewrite.h"
#include "segment.h"
#include "suite.h"
#include "trailer.h"

static unsigned int shortest_header(const struct sst_pkt *pkt)
{
	return pkt->tuple.proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
						 sizeof(struct udphdr);
}

/* Copy the trailer out of the packet and check all that needs no key. */
static int read_trailer(const struct sst_pkt *pkt,
			struct sst_data_trailer *trailer, struct sst_meta *meta)
{
	unsigned int seglen;

	if (pkt->seglen < shortest_header(pkt) + sizeof(*trailer))
		return SST_A_STATS_RX_SHORT;
	/* TCP options that reach into the trailer. */
	if (pkt->seglen < pkt->thlen + sizeof(*trailer))
		return SST_A_STATS_RX_LENGTH;
	seglen = pkt->seglen - sizeof(*trailer);
	if (skb_copy_bits(pkt->skb, pkt->thoff + seglen, trailer,
			  sizeof(*trailer)))
		return SST_A_STATS_RX_LENGTH;
	sst_meta_decode(meta, trailer->meta);
	return sst_meta_check_data(meta, pkt, sst_packet_payload(pkt, seglen));
}

/* Does the tag verify, and are the sealed ports those of the flow? */
static int verify(const struct sst_pkt *pkt, const struct sst_flow *flow,
		  const u8 *key, u32 seq,
		  const struct sst_data_trailer *trailer)
{
	__be16 expected[2] = { flow->real.rport, flow->real.lport };
	u8 tag[SST_TAG_SIZE], ports[SST_SEALED_PORTS_SIZE];
	struct sst_block block;
	struct sst_aad aad;
	int reason = 0;

	sst_aad_build(&aad, trailer->meta, pkt,
		      pkt->seglen - sizeof(*trailer));
	sst_suite_block(&block, key, seq);
	sst_suite_tag(tag, &block, &aad, trailer->sealed);
	sst_suite_xor_ports(ports, &block, trailer->sealed);
	if (crypto_memneq(tag, trailer->tag, sizeof(tag)))
		reason = SST_A_STATS_RX_AUTH;
	else if (memcmp(ports, expected, sizeof(ports)))
		reason = SST_A_STATS_RX_PORTS;
	memzero_explicit(&block, sizeof(block));
	return reason;
}

static void restored_headers(struct sst_rewrite *rw, const struct sst_pkt *pkt,
			     const struct sst_flow *flow,
			     const struct sst_meta *meta)
{
	u8 arrived = sst_rewrite_dsfield(pkt);

	rw->sport = flow->real.rport;
	rw->dport = flow->real.lport;
	if (pkt->tuple.family == NFPROTO_IPV4)
		rw->dsfield = arrived;
	else
		rw->dsfield = meta->tc | (arrived & SST_ECN_MASK);
}

static void account(struct sst_flow *flow, unsigned int payload)
{
	spin_lock_bh(&flow->lock);
	flow->rx_packets++;
	flow->rx_bytes += payload;
	flow->rx_last = get_jiffies_64();
	spin_unlock_bh(&flow->lock);
}

/* Open one whole packet. Returns 0 or what else became of it. */
static int open_packet(struct sst_net *sn, struct sst_flow *flow,
		       struct sst_pkt *pkt, const struct nf_hook_state *state)
{
	struct sst_data_trailer trailer;
	struct sst_rx_try attempt;
	struct sst_rewrite rw;
	struct sst_meta meta;
	int reason;

	reason = sst_rewrite_prepare_open(pkt);
	if (reason)
		return reason;
	reason = read_trailer(pkt, &trailer, &meta);
	if (reason)
		return reason;
	reason = sst_key_try(flow, meta.kri, meta.seq, &attempt);
	if (reason)
		return reason;
	reason = verify(pkt, flow, attempt.key, meta.seq, &trailer);
	memzero_explicit(attempt.derived, sizeof(attempt.derived));
	if (reason)
		return reason;
	reason = sst_key_accept(sn, flow, meta.kri, meta.seq);
	if (reason)
		return reason;

	trace_sst_open(flow, &meta);
	if (meta.flags & SST_FLAG_EMPTY) {
		account(flow, 0);
		return SST_A_STATS_RX_EMPTY;
	}
	restored_headers(&rw, pkt, flow, &meta);
	reason = sst_rewrite_open(pkt, &rw, &trailer);
	if (reason)
		return reason;
	sst_mss_clamp(pkt, state->in);
	sst_packet_set_opened(pkt);
	account(flow, sst_packet_payload(pkt, pkt->seglen));
	return 0;
}

/*
 * Bridge netfilter shows us frames that are only passing from port to port.
 * Those for this host are opened here: it sees no other PRE_ROUTING.
 */
static bool is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_info_exists(skb);
#else
	return false;
#endif
}

/* Marked fragments for this host are collected by nobody who could open them. */
static unsigned int fragment(struct sst_net *sn, const struct sst_pkt *pkt,
			     const struct nf_hook_state *state)
{
	if (!pkt->marked ||
	    !sst_packet_is_local(state->net, state->in, &pkt->tuple))
		return NF_ACCEPT;
	return sst_drop(sn, NULL, SST_A_STATS_RX_FRAGMENT);
}

/**
 * sst_ingress() - a packet at PRE_ROUTING
 * @sn: namespace
 * @skb: the packet
 * @state: hook state
 *
 * Return: NF_ACCEPT for a packet that is not SST (untouched) or was opened,
 * NF_DROP, or NF_STOLEN.
 */
unsigned int sst_ingress(struct sst_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	enum sst_pkt_class class;
	struct sst_flow *flow;
	struct sst_pkt pkt;
	int reason;

	class = sst_packet_parse(&pkt, skb, state->pf, SST_PKT_IN, &sn->cfg);
	if (class == SST_PKT_OTHER || class == SST_PKT_FOREIGN)
		return NF_ACCEPT;
	if (class == SST_PKT_FRAGMENT)
		return fragment(sn, &pkt, state);

	flow = sst_flowtable_by_wire(&sn->flows, &pkt.tuple);
	if (!flow)
		return NF_ACCEPT;
	if (is_bridged(skb) &&
	    !sst_packet_is_local(state->net, state->in, &pkt.tuple))
		return NF_ACCEPT;
	if (class == SST_PKT_BAD)
		return sst_drop(sn, flow, SST_A_STATS_RX_LENGTH);
	if (skb_is_gso(skb)) {
		if (sst_segment_resubmit(skb))
			return sst_drop(sn, flow, SST_A_STATS_RX_NOMEM);
		sst_stats_inc(sn->stats, SST_A_STATS_RX_SPLIT);
		return NF_STOLEN;
	}

	reason = open_packet(sn, flow, &pkt, state);
	if (reason == SST_A_STATS_RX_AUTH)
		sst_event_auth_failed(sn, flow);
	if (reason)
		return sst_drop(sn, flow, reason);
	sst_stats_inc(sn->stats, SST_A_STATS_RX_OPENED);
	return NF_ACCEPT;
}
