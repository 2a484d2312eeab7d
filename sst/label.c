// SPDX-License-Identifier: GPL-2.0
/*
 * Scope label (protocol section 11): a handshake with trailers, then segments with
 * nothing but wire ports, and the mark. They are neither sealed nor verified, so
 * large ones stay large both ways, and no byte is touched but in the headers.
 *
 * A segment has a trailer if and only if it is a SYN, or its sender is the responder
 * and waits for the confirmation.
 */
#include <linux/jiffies.h>
#include <linux/rhashtable.h>
#include <linux/tcp.h>

#include "label.h"
#include "outcome.h"
#include "pathmtu.h"
#include "pernet.h"
#include "reset.h"
#include "responder.h"
#include "rewrite.h"
#include "seal.h"
#include "unseal.h"

static const struct tcphdr *header_of(const struct sst_pkt *pkt,
				      struct tcphdr *copy)
{
	return skb_header_pointer(pkt->skb, pkt->thoff, sizeof(*copy), copy);
}

/*
 * Is this one of the segments that a responder sends before it is confirmed? By
 * then it has got nothing but the SYN, so it acknowledges no more. One that only
 * looks so has another salt at its end.
 */
static bool has_accept(const struct sst_flow *flow, const struct sst_pkt *pkt)
{
	const struct sst_opening *opening = flow->opening;
	struct sst_trailer trailer __uninitialized;
	const struct tcphdr *th;
	struct tcphdr _th;

	th = header_of(pkt, &_th);
	if (!th || (th->ack && ntohl(th->ack_seq) != opening->syn_seq + 1))
		return false;
	if (sst_unseal_read(pkt, &trailer, BIT(SST_TYPE_ACCEPT)))
		return false;
	return !memcmp(opening->salt_r, sst_trailer_enc(&trailer),
		       sst_trailer_enc_size(&trailer));
}

/**
 * sst_label_comes_bare() - has this segment of the peer no trailer?
 * @flow: flow of scope label that owns its wire tuple
 * @pkt: the packet
 *
 * Return: false for what has to have one.
 */
bool sst_label_comes_bare(const struct sst_flow *flow,
			  const struct sst_pkt *pkt)
{
	if (sst_label_is_syn(pkt))
		return false;
	if (flow->role == SST_FLOW_ROLE_RESPONDER)
		return true;
	/* Pairs with sst_state_move(): the salt is there. */
	return smp_load_acquire(&flow->state) != SST_FLOW_STATE_OPENING &&
	       !has_accept(flow, pkt);
}

/**
 * sst_label_strip_syn() - cut the payload off a SYN
 * @pkt: whole packet on egress with SYN set
 *
 * Nobody would know whose it is. TCP sends it again, in a segment of its own.
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_label_strip_syn(struct sst_pkt *pkt)
{
	if (!sst_packet_payload(pkt, pkt->seglen))
		return 0;
	/* Of one that is forwarded it may be otherwise: it comes again without. */
	if (skb_is_gso(pkt->skb) || pkt->skb->ip_summed != CHECKSUM_PARTIAL)
		return SST_A_STATS_TX_MALFORMED;
	return sst_rewrite_shorten(pkt, pkt->thlen) ? SST_A_STATS_TX_NOMEM : 0;
}

/* Packets on the wire: a large one stands for several. */
static unsigned int count_of(const struct sst_pkt *pkt)
{
	const struct skb_shared_info *shinfo = skb_shinfo(pkt->skb);

	if (!skb_is_gso(pkt->skb))
		return 1;
	/* Of one that has just become smaller nobody has counted. */
	return shinfo->gso_segs ?:
	       DIV_ROUND_UP(sst_packet_payload(pkt, pkt->seglen),
			    shinfo->gso_size);
}

/*
 * The counters of a flow are not worth an atomic operation: the sender holds the
 * socket's lock, and where two CPUs count at once one of them is lost.
 */
static void count_sent(struct sst_net *sn, struct sst_flow *flow,
		       const struct sst_pkt *pkt)
{
	unsigned int n = count_of(pkt);

	WRITE_ONCE(flow->tx_last, jiffies);
	atomic64_set(&flow->tx_packets, atomic64_read(&flow->tx_packets) + n);
	atomic64_set(&flow->tx_bytes, atomic64_read(&flow->tx_bytes) +
				      sst_packet_payload(pkt, pkt->seglen));
	sst_stats_add(sn->stats, SST_A_STATS_TX_SEALED, n);
}

static void count_taken(struct sst_net *sn, struct sst_flow *flow,
			const struct sst_pkt *pkt)
{
	unsigned int n = count_of(pkt);

	WRITE_ONCE(flow->rx_packets, READ_ONCE(flow->rx_packets) + n);
	WRITE_ONCE(flow->rx_bytes, READ_ONCE(flow->rx_bytes) +
				   sst_packet_payload(pkt, pkt->seglen));
	WRITE_ONCE(flow->rx_last, get_jiffies_64());
	sst_stats_add(sn->stats, SST_A_STATS_RX_OPENED, n);
}

/* Returns 0, or the counter of the reason to drop the packet. */
static int fit(struct sst_pkt *pkt, const struct nf_hook_state *state)
{
	unsigned int mtu;

	/* An acknowledgment, as a rule. */
	if (sst_pathmtu_fits_any(pkt))
		return 0;
	mtu = sst_pathmtu(pkt->skb, state);
	return sst_pathmtu_fits(pkt, 0, mtu) ?
	       0 : sst_pathmtu_fit(pkt, 0, mtu, state);
}

/**
 * sst_label_send() - put wire ports on a segment, however large
 * @sn: namespace
 * @flow: its flow
 * @pkt: whole packet on egress with its real ports, of which
 *	sst_label_leaves_bare() is true
 * @state: hook state
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_label_send(struct sst_net *sn, struct sst_flow *flow,
		   struct sst_pkt *pkt, const struct nf_hook_state *state)
{
	bool marked = sst_flow_marks(flow);
	const struct sst_rewrite rw = {
		.sport = flow->wire.lport,
		.dport = READ_ONCE(flow->wire.rport),
		.dsfield = sst_seal_dsfield(sn, pkt, marked),
		.frag_off = sst_rewrite_frag_off(marked),
	};
	int reason = fit(pkt, state);

	if (reason)
		return reason;
	if (sst_rewrite_prepare_seal(pkt) || sst_rewrite_label(pkt, &rw))
		return SST_A_STATS_TX_NOMEM;
	/* Should it pass the hooks again. */
	sst_packet_set_opened(pkt->skb, pkt->tuple.family, flow->scope);
	/* This segment, or one before it, confirms the flow to the peer. */
	if (flow->role == SST_FLOW_ROLE_INITIATOR &&
	    unlikely(READ_ONCE(flow->opening->pending)))
		sst_opening_publish(sn, flow->opening);
	sst_flow_tcp_ends(flow, sst_reset_sent(flow, pkt), SST_TCP_FIN_TX);
	count_sent(sn, flow, pkt);
	return 0;
}

/* The mark took the place of what the sender's stack had there. */
static u8 restored_dsfield(const struct sst_pkt *pkt)
{
	u8 arrived = sst_rewrite_dsfield(pkt);

	return pkt->tuple.family == NFPROTO_IPV6 && pkt->marked ?
	       arrived & SST_ECN_MASK : arrived;
}

/**
 * sst_label_take() - give a segment, or several merged ones, their real ports
 * @sn: namespace
 * @flow: its flow
 * @pkt: whole packet on ingress, of which sst_label_comes_bare() is true
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_label_take(struct sst_net *sn, struct sst_flow *flow,
		   struct sst_pkt *pkt)
{
	const struct sst_rewrite rw = {
		.sport = flow->real.rport,
		.dport = flow->real.lport,
		.dsfield = restored_dsfield(pkt),
		.frag_off = sst_rewrite_unmarked(pkt),
	};
	int reason;

	reason = sst_rewrite_prepare_open(pkt);
	if (reason)
		return reason;
	if (sst_rewrite_label(pkt, &rw))
		return SST_A_STATS_RX_NOMEM;
	sst_packet_set_opened(pkt->skb, pkt->tuple.family, flow->scope);
	/* It comes without trailer: the responder is confirmed, or this is it. */
	sst_flow_hear(flow);
	sst_flow_tcp_ends(flow, sst_reset_taken(flow, pkt), SST_TCP_FIN_RX);
	count_taken(sn, flow, pkt);
	return 0;
}

/* Does it acknowledge the SYN of this host, and not by a reset? */
static bool confirms(const struct sst_flow *flow, const struct sst_pkt *pkt)
{
	const struct tcphdr *th;
	struct tcphdr _th;

	/* Pairs with sst_flow_note_syn(). */
	if (!smp_load_acquire(&flow->sent_syn))
		return false;
	th = header_of(pkt, &_th);
	return th && th->ack && !th->rst &&
	       ntohl(th->ack_seq) == READ_ONCE(flow->syn_end);
}

/**
 * sst_label_confirm() - a segment without SYN, where flows wait for confirmation
 * @sn: namespace
 * @pkt: the packet
 * @list: what is known of its wire tuple
 * @confirmed: output, valid in the caller's RCU read section: its flow
 *
 * Whoever acknowledges the SYN has seen it, or is one guess in 2^32.
 *
 * Return: 0 when it confirmed a flow; SST_LABEL_PASS when one of another scope waits,
 * or none; or the counter of the reason to drop it.
 */
int sst_label_confirm(struct sst_net *sn, const struct sst_pkt *pkt,
		      struct rhlist_head *list, struct sst_flow **confirmed)
{
	struct rhlist_head *pos;
	struct sst_wire *wire;
	struct sst_flow *flow;
	int reason = SST_LABEL_PASS;
	bool others = false;

	if (pkt->tuple.proto != IPPROTO_TCP || sst_label_is_syn(pkt))
		return SST_LABEL_PASS;
	rhl_for_each_entry_rcu(wire, pos, list, node) {
		flow = rcu_dereference(wire->flow);
		if (!flow)
			continue;
		if (flow->scope != SST_SCOPE_LABEL) {
			others = true;
			continue;
		}
		reason = SST_A_STATS_RX_LABEL_EARLY;
		if (confirms(flow, pkt)) {
			*confirmed = flow;
			return sst_responder_data(sn, flow);
		}
	}
	return others ? SST_LABEL_PASS : reason;
}
