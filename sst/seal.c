// SPDX-License-Identifier: GPL-2.0
/*
 * Seal one packet: which trailer its flow puts on it now, the keys, the bytes.
 */
#include <linux/string.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "compat.h"
#include "cookie.h"
#include "flow.h"
#include "payload.h"
#include "pernet.h"
#include "rewrite.h"
#include "seal.h"
#include "suite.h"
#include "trace.h"
#include "trailer.h"

/* The traffic class that travels in the trailer, because the mark took its place. */
static u8 carried_tc(const struct sst_net *sn, const struct sst_pkt *pkt,
		     u8 dsfield)
{
	if (pkt->tuple.family != NFPROTO_IPV6 ||
	    READ_ONCE(sn->cfg.dscp) != SST_DSCP_KEEP || pkt->marked)
		return 0;
	return dsfield & ~SST_ECN_MASK;
}

/* The sealed field has its content; meta is there, and the tag follows it. */
static int seal_covered(struct sst_pkt *pkt, u8 *sealed,
			const struct sst_layout *layout,
			const u8 key[SST_SECRET_SIZE],
			const struct sst_meta *meta, const struct sst_aad *aad)
{
	const struct sst_payload_box box = {
		.key = key,
		.counter = (u64)meta->kri << 32 | meta->seq,
		.aad = aad,
		.sealed = sealed,
		.len = layout->sealed,
		.tag = sealed + layout->sealed + SST_META_SIZE,
	};

	return sst_payload_seal(pkt, &box, layout->len);
}

/* Most packets: in line. */
static __always_inline int fill_data(struct sst_net *sn, struct sst_flow *flow,
				     struct sst_pkt *pkt, struct sst_meta *meta,
				     struct sst_data_trailer *trailer,
				     const struct sst_layout *layout)
{
	__be16 ports[2] = { flow->real.lport, flow->peer_port };
	struct sst_tx_key *key;
	struct sst_block block __uninitialized;
	struct sst_aad aad __uninitialized;
	int reason;

	reason = sst_key_take(sn, flow, &key, &meta->seq);
	if (reason)
		return reason;
	meta->kri = key->kri;
	sst_meta_encode(trailer->meta, meta);
	sst_aad_build(&aad, trailer->meta, pkt, pkt->seglen);
	if (meta->flags & SST_FLAG_PAYLOAD) {
		memcpy(trailer->sealed, ports, sizeof(ports));
		return seal_covered(pkt, trailer->sealed, layout, key->stream.key,
				    meta, &aad);
	}
	sst_keystream_block(&key->stream, meta->seq, &block);
	sst_suite_xor_ports(trailer->sealed, &block, (const u8 *)ports);
	sst_suite_tag(trailer->tag, &block, &aad, trailer->sealed);
	memzero_explicit(&block, sizeof(block));
	return 0;
}

/* Meta, box and tag behind what stands in clear. */
static int box(u8 *trailer, const struct sst_layout *layout, u8 form,
	       struct sst_pkt *pkt, const struct sst_meta *meta,
	       const u8 *plain, const u8 key[SST_SECRET_SIZE])
{
	u8 *sealed = trailer + layout->clear;
	struct sst_aad aad;

	sst_meta_encode(sealed + layout->sealed, meta);
	sst_aad_build(&aad, sealed + layout->sealed, pkt, pkt->seglen);
	sst_aad_clear(&aad, form, trailer);
	if (meta->flags & SST_FLAG_PAYLOAD) {
		memcpy(sealed, plain, layout->sealed);
		return seal_covered(pkt, sealed, layout, key, meta, &aad);
	}
	sst_suite_seal(sealed, plain, layout->sealed, &aad, key, meta->seq);
	return 0;
}

/* What stands in clear in an OPEN or INIT. */
static void put_clear(u8 *trailer, u8 form, const struct sst_flow *flow,
		      const u8 name[SST_ASSOC_ID_SIZE])
{
	const struct sst_opening *opening = flow->opening;
	const struct sst_ephemeral *ephemeral = opening->ephemeral;
	u8 enc = sst_trailer_enc_offset(form);

	memcpy(trailer, name, SST_ASSOC_ID_SIZE);
	memcpy(trailer + enc, opening->first.id.salt_i,
	       form == SST_FORM_OPEN ? SST_SALT_SIZE : SST_PUBLIC_SIZE);
	if (form >> 4 != SST_TYPE_INIT)
		return;
	memset(trailer + SST_INIT_SUITE_OFFSET, 0, SST_INIT_SUITE_SIZE);
	trailer[SST_INIT_SUITE_OFFSET] = flow->suite;
	if (form & SST_FLAG_PROOF)
		put_unaligned_be64(ephemeral->cookie.expiry,
				   trailer + SST_INIT_EXPIRY_OFFSET);
}

static int fill_open(struct sst_net *sn, struct sst_flow *flow,
		     struct sst_pkt *pkt, struct sst_meta *meta,
		     u8 *trailer, u8 form, const struct sst_layout *layout)
{
	struct sst_opening *opening = flow->opening;
	const struct sst_ephemeral *ephemeral = opening->ephemeral;
	bool again = form != opening->form;
	struct sst_open_box content = {
		.sport = flow->real.lport,
		.dport = flow->peer_port,
		.scope = flow->scope,
		.time = opening->time,
	};
	u8 plain[SST_SEALED_MAX];
	int reason;

	/* A re-opening of one that made an association has a key of its own. */
	reason = sst_opening_take(again ? &opening->renewal->next_seq :
					  &opening->next_seq, &meta->seq);
	if (reason)
		return reason;
	content.has_identity = form >> 4 == SST_TYPE_INIT &&
			       form & SST_FLAG_IDENTITY;
	if (content.has_identity)
		memcpy(content.identity, ephemeral->own.public,
		       sizeof(content.identity));
	put_clear(trailer, form, flow, again ? opening->renewal->id :
					       opening->name);
	sst_open_box_encode(plain, &content);
	reason = box(trailer, layout, form, pkt, meta, plain, again ?
		     opening->renewal->key : opening->open_key);
	if (reason)
		return reason;
	if (form >> 4 == SST_TYPE_INIT && form & SST_FLAG_PROOF)
		sst_cookie_prove(trailer + SST_INIT_PROOF_OFFSET,
				 ephemeral->cookie.c, trailer, layout->len);
	WRITE_ONCE(opening->last, jiffies);
	sst_stats_inc(sn->stats, form == SST_FORM_OPEN ?
		      SST_A_STATS_TX_OPEN : SST_A_STATS_TX_INIT);
	return 0;
}

static int fill_accept(struct sst_net *sn, struct sst_flow *flow,
		       struct sst_pkt *pkt, struct sst_meta *meta,
		       u8 *trailer, u8 form, const struct sst_layout *layout)
{
	__be16 ports[2] = { flow->real.lport, flow->peer_port };
	struct sst_opening *opening = flow->opening;
	u8 plain[SST_SEALED_ACCEPT_NEW_SIZE];
	int reason;

	reason = sst_opening_take(&opening->next_seq, &meta->seq);
	if (reason)
		return reason;
	memcpy(trailer, opening->salt_r, layout->clear);
	memcpy(plain, ports, sizeof(ports));
	put_unaligned_be32(opening->lifetime, plain + sizeof(ports));
	reason = box(trailer, layout, form, pkt, meta, plain,
		     opening->accept_key);
	if (!reason)
		sst_stats_inc(sn->stats, SST_A_STATS_TX_ACCEPT);
	return reason;
}

/*
 * Of TCP what is sent again by itself. Data goes out so early only to whoever has a
 * cookie of Fast Open, and so has shown that it gets what is sent to it.
 */
static bool is_answer(const struct sst_pkt *pkt)
{
	return pkt->tuple.proto != IPPROTO_TCP ||
	       (pkt->covered[1] & TCPHDR_SYN);
}

/*
 * Until whoever sent an INIT has shown that it gets what is sent to it, no more
 * than so much goes out for what came in (protocol R12).
 */
static bool has_credit(struct sst_flow *flow, const struct sst_pkt *pkt,
		       unsigned int trailer)
{
	int len = pkt->skb->len + trailer;

	if (flow->state != SST_FLOW_STATE_ACCEPTING ||
	    !flow->opening->limited || !is_answer(pkt))
		return true;
	if (atomic_sub_return(len, &flow->opening->credit) >= 0)
		return true;
	atomic_add(len, &flow->opening->credit);
	return false;
}

/*
 * Where the connection stands, for the packet that keeps an idle one alive, and
 * who began it.
 */
static void note_tcp(struct sst_flow *flow, const struct sst_pkt *pkt)
{
	const struct tcphdr *th = (const struct tcphdr *)
		(skb_network_header(pkt->skb) + pkt->thoff);

	if (pkt->tuple.proto != IPPROTO_TCP)
		return;
	WRITE_ONCE(flow->tcp_seq, ntohl(th->seq) + th->syn + th->fin +
				  sst_packet_payload(pkt, pkt->seglen));
	WRITE_ONCE(flow->tcp_ack, ntohl(th->ack_seq));
	if (unlikely(th->syn)) {
		WRITE_ONCE(flow->accepts, th->ack);
		WRITE_ONCE(flow->peer_seq, ntohl(th->ack_seq));
		sst_flow_note_syn(flow, ntohl(th->seq));
	}
	sst_flow_tcp_ends(flow, pkt->covered[1], SST_TCP_FIN_TX);
}

/*
 * The peer knows what its answer made by the first DATA. An opening on it that came
 * sooner would be nobody's there.
 */
static void note_data(struct sst_net *sn, struct sst_flow *flow)
{
	if (flow->role == SST_FLOW_ROLE_INITIATOR &&
	    unlikely(READ_ONCE(flow->opening->pending)))
		sst_opening_publish(sn, flow->opening);
}

static u8 accept_form(const struct sst_opening *opening)
{
	return sst_opening_is_new(opening) ? SST_FORM_ACCEPT_NEW :
					     SST_FORM_ACCEPT;
}

/**
 * sst_seal_form_other() - sst_seal_form() of a flow that is not just live
 * @flow: the flow
 *
 * Return: enum sst_form.
 */
u8 sst_seal_form_other(const struct sst_flow *flow)
{
	if (flow->scope == SST_SCOPE_LABEL)
		return flow->role == SST_FLOW_ROLE_INITIATOR ?
		       flow->opening->form : accept_form(flow->opening);
	/* Whoever sees the state sees the keys that belong to it. */
	switch (smp_load_acquire(&flow->state)) {
	case SST_FLOW_STATE_OPENING:
		return flow->opening->form;
	case SST_FLOW_STATE_ACCEPTING:
		return accept_form(flow->opening);
	case SST_FLOW_STATE_REOPENING:
		return flow->role == SST_FLOW_ROLE_INITIATOR ? SST_FORM_OPEN :
							       SST_FORM_ACCEPT;
	default:
		return SST_FORM_DATA;
	}
}

/**
 * sst_seal() - seal one packet that fits
 * @sn: namespace
 * @flow: its flow
 * @pkt: whole packet on egress, not GSO, with its real ports
 * @form: from sst_seal_form(); there was room for its trailer
 * @flags: SST_FLAG_EMPTY, or 0
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_seal(struct sst_net *sn, struct sst_flow *flow, struct sst_pkt *pkt,
	     u8 form, u8 flags)
{
	bool marked = form != SST_FORM_DATA || sst_flow_marks(flow);
	u8 dsfield = sst_rewrite_dsfield(pkt);
	struct sst_rewrite rw = {
		.sport = flow->wire.lport,
		.dport = READ_ONCE(flow->wire.rport),
		.dsfield = sst_seal_dsfield(sn, pkt, marked),
		.frag_off = sst_rewrite_frag_off(marked),
	};
	struct sst_meta meta = {
		.type = form >> 4,
		.flags = (form & 0x0f) | flags,
		.tc = carried_tc(sn, pkt, dsfield),
	};
	struct sst_layout layout;
	void *trailer;
	int reason;

	if (!sst_trailer_layout(&layout, form))
		return SST_A_STATS_TX_MALFORMED;
	if (!has_credit(flow, pkt, layout.len))
		return SST_A_STATS_TX_AMPLIFIED;
	if (sst_rewrite_prepare_seal(pkt))
		return SST_A_STATS_TX_NOMEM;
	if (flow->scope == SST_SCOPE_PAYLOAD) {
		meta.flags |= SST_FLAG_PAYLOAD;
		trailer = sst_payload_room(pkt, layout.len);
	} else {
		trailer = sst_rewrite_add_trailer(pkt, layout.len);
	}
	if (!trailer)
		return SST_A_STATS_TX_NOMEM;
	/* The counter last, so that none is spent on a packet that fails. */
	if (form == SST_FORM_DATA)
		reason = fill_data(sn, flow, pkt, &meta, trailer, &layout);
	else if (meta.type == SST_TYPE_ACCEPT)
		reason = fill_accept(sn, flow, pkt, &meta, trailer, form,
				     &layout);
	else
		reason = fill_open(sn, flow, pkt, &meta, trailer, form,
				   &layout);
	if (reason)
		return reason;
	sst_rewrite_seal(pkt, &rw, trailer, layout.len);
	/* Should it pass the hooks again: no mark may tell what it is. */
	sst_packet_set_opened(pkt->skb, pkt->tuple.family, flow->scope);

	trace_sst_seal(flow, &meta);
	if (form == SST_FORM_DATA)
		note_data(sn, flow);
	note_tcp(flow, pkt);
	WRITE_ONCE(flow->tx_last, jiffies);
	atomic64_inc(&flow->tx_packets);
	atomic64_add(sst_packet_payload(pkt, pkt->seglen), &flow->tx_bytes);
	sst_stats_inc(sn->stats, SST_A_STATS_TX_SEALED);
	return 0;
}
