// SPDX-License-Identifier: GPL-2.0
/*
 * Seal one packet: which trailer its flow puts on it now, the keys, the bytes.
 */
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "flow.h"
#include "pernet.h"
#include "rewrite.h"
#include "seal.h"
#include "suite.h"
#include "trace.h"
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

static int fill_data(struct sst_net *sn, struct sst_flow *flow,
		     const struct sst_pkt *pkt, struct sst_meta *meta,
		     struct sst_data_trailer *trailer)
{
	__be16 ports[2] = { flow->real.lport, flow->peer_port };
	const struct sst_tx_key *key;
	struct sst_block block;
	struct sst_aad aad;
	int reason;

	reason = sst_key_take(sn, flow, &key, &meta->seq);
	if (reason)
		return reason;
	meta->kri = key->kri;
	sst_meta_encode(trailer->meta, meta);
	sst_aad_build(&aad, trailer->meta, pkt, pkt->seglen);
	sst_suite_block(&block, key->key, meta->seq);
	sst_suite_xor_ports(trailer->sealed, &block, (const u8 *)ports);
	sst_suite_tag(trailer->tag, &block, &aad, trailer->sealed);
	memzero_explicit(&block, sizeof(block));
	return 0;
}

static int fill_open(struct sst_net *sn, struct sst_flow *flow,
		     const struct sst_pkt *pkt, struct sst_meta *meta,
		     struct sst_open_trailer *trailer)
{
	struct sst_opening *opening = flow->opening;
	struct sst_open_box box = {
		.sport = flow->real.lport,
		.dport = flow->peer_port,
		.scope = flow->scope,
		.time = opening->time,
	};
	u8 plain[SST_SEALED_OPEN_SIZE];
	struct sst_aad aad;
	int reason;

	reason = sst_opening_take(opening, &meta->seq);
	if (reason)
		return reason;
	memcpy(trailer->assoc_id, opening->assoc_id, sizeof(trailer->assoc_id));
	memcpy(trailer->salt_i, opening->id.salt_i, sizeof(trailer->salt_i));
	sst_meta_encode(trailer->meta, meta);
	sst_open_box_encode(plain, &box);
	sst_aad_build(&aad, trailer->meta, pkt, pkt->seglen);
	sst_aad_append(&aad, trailer->assoc_id, SST_ASSOC_ID_SIZE);
	sst_aad_append(&aad, trailer->salt_i, SST_SALT_SIZE);
	sst_suite_seal(trailer->sealed, plain, sizeof(plain), &aad,
		       opening->open_key, meta->seq);
	WRITE_ONCE(opening->last, jiffies);
	sst_stats_inc(sn->stats, SST_A_STATS_TX_OPEN);
	return 0;
}

static int fill_accept(struct sst_net *sn, struct sst_flow *flow,
		       const struct sst_pkt *pkt, struct sst_meta *meta,
		       struct sst_accept_trailer *trailer)
{
	__be16 ports[2] = { flow->real.lport, flow->peer_port };
	struct sst_opening *opening = flow->opening;
	struct sst_aad aad;
	int reason;

	reason = sst_opening_take(opening, &meta->seq);
	if (reason)
		return reason;
	memcpy(trailer->salt_r, opening->salt_r, sizeof(trailer->salt_r));
	sst_meta_encode(trailer->meta, meta);
	sst_aad_build(&aad, trailer->meta, pkt, pkt->seglen);
	sst_aad_append(&aad, trailer->salt_r, SST_SALT_SIZE);
	sst_suite_seal(trailer->sealed, (const u8 *)ports, sizeof(ports), &aad,
		       opening->accept_key, meta->seq);
	sst_stats_inc(sn->stats, SST_A_STATS_TX_ACCEPT);
	return 0;
}

/* Where the connection stands, for the packet that keeps an idle one alive. */
static void note_tcp(struct sst_flow *flow, const struct sst_pkt *pkt)
{
	const struct tcphdr *th = (const struct tcphdr *)
		(skb_network_header(pkt->skb) + pkt->thoff);

	if (pkt->tuple.proto != IPPROTO_TCP)
		return;
	WRITE_ONCE(flow->tcp_seq, ntohl(th->seq) + th->syn + th->fin +
				  sst_packet_payload(pkt, pkt->seglen));
	WRITE_ONCE(flow->tcp_ack, ntohl(th->ack_seq));
	sst_flow_tcp_ends(flow, pkt->covered[1], SST_TCP_FIN_TX);
}

/**
 * sst_seal_type() - which trailer a packet of this flow carries now
 * @flow: the flow
 *
 * Return: SST_TYPE_OPEN until the peer answered, SST_TYPE_ACCEPT until it
 * confirmed, SST_TYPE_DATA from then on.
 */
u8 sst_seal_type(const struct sst_flow *flow)
{
	/* Whoever sees the state sees the keys that belong to it. */
	switch (smp_load_acquire(&flow->state)) {
	case SST_FLOW_STATE_OPENING:
		return SST_TYPE_OPEN;
	case SST_FLOW_STATE_ACCEPTING:
		return SST_TYPE_ACCEPT;
	case SST_FLOW_STATE_REOPENING:
		return flow->role == SST_FLOW_ROLE_INITIATOR ? SST_TYPE_OPEN :
							       SST_TYPE_ACCEPT;
	default:
		return SST_TYPE_DATA;
	}
}

/**
 * sst_seal() - seal one packet that fits
 * @sn: namespace
 * @flow: its flow
 * @pkt: whole packet on egress, not GSO, with its real ports
 * @type: from sst_seal_type(); there was room for its trailer
 * @flags: SST_FLAG_*
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_seal(struct sst_net *sn, struct sst_flow *flow, struct sst_pkt *pkt,
	     u8 type, u8 flags)
{
	u8 dsfield = sst_rewrite_dsfield(pkt);
	struct sst_rewrite rw = {
		.sport = flow->wire.lport,
		.dport = READ_ONCE(flow->wire.rport),
		.dsfield = wire_dsfield(sn, pkt, dsfield),
	};
	struct sst_meta meta = {
		.type = type,
		.flags = flags,
		.tc = carried_tc(sn, pkt, dsfield),
	};
	u8 len = sst_trailer_size(meta.type);
	void *trailer;
	int reason;

	if (sst_rewrite_prepare_seal(pkt))
		return SST_A_STATS_TX_NOMEM;
	trailer = sst_rewrite_add_trailer(pkt, len);
	if (!trailer)
		return SST_A_STATS_TX_NOMEM;
	/* The counter last, so that none is spent on a packet that fails. */
	if (meta.type == SST_TYPE_OPEN)
		reason = fill_open(sn, flow, pkt, &meta, trailer);
	else if (meta.type == SST_TYPE_ACCEPT)
		reason = fill_accept(sn, flow, pkt, &meta, trailer);
	else
		reason = fill_data(sn, flow, pkt, &meta, trailer);
	if (reason)
		return reason;
	sst_rewrite_seal(pkt, &rw, trailer, len);

	trace_sst_seal(flow, &meta);
	note_tcp(flow, pkt);
	WRITE_ONCE(flow->tx_last, jiffies);
	atomic64_inc(&flow->tx_packets);
	atomic64_add(sst_packet_payload(pkt, pkt->seglen), &flow->tx_bytes);
	sst_stats_inc(sn->stats, SST_A_STATS_TX_SEALED);
	return 0;
}
