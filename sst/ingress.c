// SPDX-License-Identifier: GPL-2.0
/*
 * A packet arrives: find its flow by the wire tuple, verify, restore, hand up.
 * From the moment its flow is found the packet is ours: it is opened or
 * dropped. Everything else passes untouched (protocol section 2).
 */
#include <linux/netfilter.h>
#include <linux/rhashtable.h>
#include <net/tcp.h>

#include "derived.h"
#include "event.h"
#include "fragment.h"
#include "host.h"
#include "icmp.h"
#include "ingress.h"
#include "initiator.h"
#include "label.h"
#include "merge.h"
#include "mss.h"
#include "outcome.h"
#include "packet.h"
#include "peer.h"
#include "pernet.h"
#include "responder.h"
#include "rewrite.h"
#include "segment.h"
#include "state.h"
#include "stream.h"
#include "unseal.h"

/* What openings return besides reasons to drop. */
#define PASS	SST_RESPONDER_PASS
#define HELD	SST_RESPONDER_HELD

/* One with other keys than a DATA, which sst_key_accept() counts. */
static void account(struct sst_flow *flow, unsigned int payload)
{
	spin_lock_bh(&flow->lock);
	sst_flow_count_rx(flow, payload);
	spin_unlock_bh(&flow->lock);
}

/* A verified packet of a flow: restore it, unless it was for us alone. */
static __always_inline int deliver(struct sst_pkt *pkt, struct sst_flow *flow,
				   const struct sst_trailer *trailer,
				   const struct nf_hook_state *state)
{
	int reason;
	u16 mss;

	trace_sst_open(flow, &trailer->meta);
	if (trailer->meta.flags & SST_FLAG_EMPTY) {
		if (trailer->meta.type != SST_TYPE_DATA)
			account(flow, 0);
		return SST_A_STATS_RX_EMPTY;
	}
	if (pkt->tuple.proto == IPPROTO_TCP)
		sst_flow_tcp_ends(flow, pkt->covered[1], SST_TCP_FIN_RX);
	reason = sst_unseal_restore(pkt, &flow->real, flow->scope, trailer);
	if (reason)
		return reason;
	if (sst_flow_trailer(flow)) {
		mss = sst_mss_clamp(pkt, state->in);
		if (mss)
			WRITE_ONCE(flow->peer_mss, mss);
	}
	if (trailer->meta.type != SST_TYPE_DATA)
		account(flow, sst_packet_payload(pkt, pkt->seglen));
	return 0;
}

/* Does a DATA verify, and is it the first time that it comes? */
static __always_inline int take_data(struct sst_net *sn, struct sst_flow *flow,
				     const struct sst_pkt *pkt,
				     const struct sst_trailer *trailer)
{
	const struct sst_meta *meta = &trailer->meta;
	unsigned int payload = sst_packet_payload(pkt, pkt->seglen -
						  trailer->layout.len);
	struct sst_rx_try attempt __uninitialized;
	int reason;

	reason = sst_key_try(flow, meta->kri, meta->seq, &attempt);
	if (reason)
		return reason;
	reason = sst_unseal_data(pkt, flow, attempt.stream, trailer);
	if (attempt.rotates)
		memzero_explicit(attempt.derived.key,
				 sizeof(attempt.derived.key));
	if (reason)
		return reason;
	reason = sst_key_accept(sn, flow, meta->kri, meta->seq, payload);
	if (!reason)
		reason = sst_responder_data(sn, flow);
	if (!reason)
		sst_flow_hear(flow);
	return reason;
}

/*
 * Before the answer there are no keys: nobody can have sealed a DATA. In scope label
 * there is none.
 */
static unsigned int types_of(const struct sst_flow *flow)
{
	unsigned int data = flow->scope == SST_SCOPE_LABEL ? 0 :
							     BIT(SST_TYPE_DATA);

	switch (flow->role) {
	case SST_FLOW_ROLE_INITIATOR:
		/* Pairs with sst_state_move(): the keys are there. */
		if (smp_load_acquire(&flow->state) != SST_FLOW_STATE_OPENING)
			return BIT(SST_TYPE_ACCEPT) | data;
		if (sst_opening_is_init(flow->opening))
			return BIT(SST_TYPE_ACCEPT) | BIT(SST_TYPE_COOKIE);
		return BIT(SST_TYPE_ACCEPT);
	case SST_FLOW_ROLE_RESPONDER:
		return BIT(SST_TYPE_OPEN) | BIT(SST_TYPE_INIT) | data;
	default:
		return data;
	}
}

static int take_any(struct sst_net *sn, struct sst_flow *flow,
		    struct sst_pkt *pkt, const struct sst_trailer *trailer)
{
	switch (trailer->meta.type) {
	case SST_TYPE_DATA:
		return take_data(sn, flow, pkt, trailer);
	case SST_TYPE_ACCEPT:
		return sst_initiator_accept(sn, flow, pkt, trailer);
	case SST_TYPE_COOKIE:
		return sst_initiator_cookie(sn, flow, trailer);
	default:
		return sst_responder_reopen(sn, flow, pkt, trailer);
	}
}

static __always_inline int
take_owned(struct sst_net *sn, struct sst_flow *flow, struct sst_pkt *pkt,
	   const struct sst_trailer *trailer, const struct nf_hook_state *state)
{
	int reason = take_any(sn, flow, pkt, trailer);

	return reason ?: deliver(pkt, flow, trailer, state);
}

/* Apart, because the trailer and its cipher are too large for one frame. */
static noinline_for_stack int
take_owned_covered(struct sst_net *sn, struct sst_flow *flow,
		   struct sst_pkt *pkt, struct sst_trailer *trailer,
		   const struct nf_hook_state *state)
{
	struct sst_stream stream __uninitialized;
	int reason;

	trailer->stream = &stream;
	reason = take_owned(sn, flow, pkt, trailer, state);
	sst_stream_end(&stream);
	return reason;
}

/* One whole packet on the wire tuple of a flow that owns it. */
static noinline_for_stack int
open_owned(struct sst_net *sn, struct sst_flow *flow, struct sst_pkt *pkt,
	   const struct nf_hook_state *state)
{
	/* Large, and written before it is read. */
	struct sst_trailer trailer __uninitialized;
	int reason;

	reason = sst_rewrite_prepare_open(pkt);
	if (reason)
		return reason;
	reason = sst_unseal_read(pkt, &trailer, types_of(flow));
	if (reason)
		return reason;
	return trailer.covers ?
	       take_owned_covered(sn, flow, pkt, &trailer, state) :
	       take_owned(sn, flow, pkt, &trailer, state);
}

/* A DATA on a tuple on which flows wait for confirmation: whose is it? */
static int open_waiting(struct sst_net *sn, struct sst_pkt *pkt,
			struct rhlist_head *list,
			const struct sst_trailer *trailer,
			const struct nf_hook_state *state)
{
	struct rhlist_head *pos;
	struct sst_wire *wire;
	struct sst_flow *flow;
	int reason = PASS;

	rhl_for_each_entry_rcu(wire, pos, list, node) {
		flow = rcu_dereference(wire->flow);
		if (!flow || flow->scope == SST_SCOPE_LABEL)
			continue;
		reason = take_data(sn, flow, pkt, trailer);
		if (!reason)
			return deliver(pkt, flow, trailer, state);
	}
	return reason;
}

static int open_opening(struct sst_net *sn, struct sst_pkt *pkt,
			const struct sst_trailer *trailer,
			const struct nf_hook_state *state)
{
	struct sst_tuple real;
	struct sst_flow *flow;
	int reason;

	reason = sst_responder_open(sn, pkt, trailer, &flow, &real);
	if (reason)
		return reason;
	if (flow)
		return deliver(pkt, flow, trailer, state);
	/* Without a flow only datagrams are, and label is not for these. */
	return sst_unseal_restore(pkt, &real, trailer->covers ?
				  SST_SCOPE_PAYLOAD : SST_SCOPE_PORTS, trailer);
}

static bool has_waiting(struct rhlist_head *list)
{
	const struct sst_wire *wire;
	struct rhlist_head *pos;

	rhl_for_each_entry_rcu(wire, pos, list, node)
		if (rcu_access_pointer(wire->flow))
			return true;
	return false;
}

/* Is it an opening under something that is known here? */
static bool is_for_us(struct sst_net *sn, const struct sst_trailer *trailer)
{
	switch (trailer->meta.type) {
	case SST_TYPE_OPEN:
		return trailer->form == SST_FORM_OPEN_NEW ?
		       !!sst_peers_by_id(&sn->peers, trailer->name) :
		       !!sst_derived_by_id(&sn->deriveds, trailer->name);
	case SST_TYPE_INIT:
		return sst_hosts_by_key_id(&sn->hosts, trailer->name);
	default:
		return false;
	}
}

/* Apart: openings need room of their own beside the trailer. */
static noinline_for_stack int
open_read(struct sst_net *sn, struct sst_pkt *pkt, struct rhlist_head *list,
	  const struct sst_trailer *trailer, const struct nf_hook_state *state)
{
	int reason;

	if (trailer->meta.type != SST_TYPE_DATA) {
		/* Before routing had a look: nobody could be answered there. */
		if (!sst_packet_is_unicast(&pkt->tuple.remote,
					   pkt->tuple.family))
			return PASS;
		return open_opening(sn, pkt, trailer, state);
	}
	if (!has_waiting(list))
		return PASS;
	reason = sst_rewrite_prepare_open(pkt);
	return reason ?: open_waiting(sn, pkt, list, trailer, state);
}

/* Apart for the same reason as take_owned_covered(). */
static noinline_for_stack int
open_read_covered(struct sst_net *sn, struct sst_pkt *pkt,
		  struct rhlist_head *list, struct sst_trailer *trailer,
		  const struct nf_hook_state *state)
{
	struct sst_stream stream __uninitialized;
	int reason;

	trailer->stream = &stream;
	reason = open_read(sn, pkt, list, trailer, state);
	sst_stream_end(&stream);
	return reason;
}

/*
 * One whole packet, marked and for this host, on a tuple that no flow owns.
 * Until it is known to be ours nothing in it is touched.
 */
static int open_unowned(struct sst_net *sn, struct sst_pkt *pkt,
			struct rhlist_head *list,
			const struct nf_hook_state *state)
{
	struct sst_trailer trailer = {};
	int reason;

	reason = sst_unseal_read(pkt, &trailer, BIT(SST_TYPE_OPEN) |
				 BIT(SST_TYPE_INIT) | BIT(SST_TYPE_DATA));
	if (reason)
		return has_waiting(list) || is_for_us(sn, &trailer) ? reason :
								      PASS;
	return trailer.covers ?
	       open_read_covered(sn, pkt, list, &trailer, state) :
	       open_read(sn, pkt, list, &trailer, state);
}

/* Marked fragments for this host are gathered apart from all others. */
static bool is_ours(const struct sst_pkt *pkt, const struct nf_hook_state *state)
{
	return pkt->marked &&
	       sst_packet_is_local(state->net, state->in, &pkt->tuple);
}

/* NF_ACCEPT when the last one came: the packet is the whole datagram now. */
static unsigned int gather(struct sst_net *sn, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	int err = sst_fragment_gather(state->net, skb, state->pf);

	if (err == -EINPROGRESS)
		sst_stats_inc(sn->stats, SST_A_STATS_RX_GATHERED);
	else if (err)
		sst_drop(sn, NULL, SST_A_STATS_RX_FRAGMENT);
	return err ? NF_STOLEN : NF_ACCEPT;
}

static unsigned int split(struct sst_net *sn, const struct sst_flow *flow,
			  struct sk_buff *skb)
{
	if (sst_segment_resubmit(skb))
		return sst_drop(sn, flow, SST_A_STATS_RX_NOMEM);
	sst_stats_inc(sn->stats, SST_A_STATS_RX_SPLIT);
	return NF_STOLEN;
}

/* A segment of scope label. */
static unsigned int take_bare(struct sst_net *sn, struct sst_flow *flow,
			      struct sst_pkt *pkt,
			      const struct nf_hook_state *state)
{
	int reason;

	if (skb_is_gso(pkt->skb) && !sst_label_may_merge(pkt->skb))
		return split(sn, flow, pkt->skb);
	reason = sst_label_take(sn, flow, pkt);
	if (reason)
		return sst_drop(sn, flow, reason);
	/* The mark of IPv4 has kept GRO from it. */
	if (pkt->marked && pkt->tuple.family == NFPROTO_IPV4 &&
	    !skb_is_gso(pkt->skb))
		return sst_merge_take(sn->stats, pkt, state);
	return NF_ACCEPT;
}

/* The tuple has an owner: the packet is ours, marked or not. */
static __always_inline unsigned int owned(struct sst_net *sn,
					  struct sst_flow *flow,
					  struct sst_pkt *pkt,
					  enum sst_pkt_class class,
					  const struct nf_hook_state *state)
{
	int reason;

	if (class == SST_PKT_BAD)
		return sst_drop(sn, flow, SST_A_STATS_RX_LENGTH);
	if (flow->scope == SST_SCOPE_LABEL && sst_label_comes_bare(flow, pkt))
		return take_bare(sn, flow, pkt, state);
	if (skb_is_gso(pkt->skb))
		return split(sn, flow, pkt->skb);
	reason = open_owned(sn, flow, pkt, state);
	if (reason == HELD)
		return NF_STOLEN;
	if (reason == SST_A_STATS_RX_AUTH)
		sst_event_auth_failed(sn, flow);
	if (reason)
		return sst_drop(sn, flow, reason);
	sst_stats_inc(sn->stats, SST_A_STATS_RX_OPENED);
	if (pkt->tuple.proto == IPPROTO_UDP)
		return NF_ACCEPT;
	return sst_merge_take(sn->stats, pkt, state);
}

/* Nothing but a valid opening comes through on the tuple of an ended flow. */
static bool is_refused(const struct sst_pkt *pkt, struct rhlist_head *list)
{
	const struct sst_wire *wire;
	struct rhlist_head *pos;

	rhl_for_each_entry_rcu(wire, pos, list, node)
		if (!rcu_access_pointer(wire->flow) &&
		    (pkt->marked || wire->refused))
			return true;
	return false;
}

static unsigned int unowned(struct sst_net *sn, struct sst_pkt *pkt,
			    enum sst_pkt_class class,
			    struct rhlist_head *list,
			    const struct nf_hook_state *state)
{
	struct sst_flow *flow;
	int reason = PASS;

	/* On the tuple of a flow it is for this host: that is no question. */
	if (class == SST_PKT_WHOLE && pkt->marked &&
	    (has_waiting(list) ||
	     sst_packet_is_local(state->net, state->in, &pkt->tuple))) {
		reason = sst_label_confirm(sn, pkt, list, &flow);
		if (!reason)
			return take_bare(sn, flow, pkt, state);
		if (reason != SST_LABEL_PASS)
			return sst_drop(sn, NULL, reason);
		if (skb_is_gso(pkt->skb))
			return split(sn, NULL, pkt->skb);
		reason = open_unowned(sn, pkt, list, state);
	}
	if (!reason) {
		sst_stats_inc(sn->stats, SST_A_STATS_RX_OPENED);
		return NF_ACCEPT;
	}
	if (reason == HELD)
		return NF_STOLEN;
	if (reason == PASS && is_refused(pkt, list))
		reason = SST_A_STATS_RX_ENDED;
	return reason == PASS ? NF_ACCEPT : sst_drop(sn, NULL, reason);
}

/**
 * sst_ingress() - a packet at PRE_ROUTING
 * @sn: namespace
 * @skb: the packet, not opened before
 * @state: hook state
 *
 * Return: NF_ACCEPT for a packet that is not SST (untouched) or was opened,
 * NF_DROP, or NF_STOLEN.
 */
unsigned int sst_ingress(struct sst_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	enum sst_pkt_class class;
	struct rhlist_head *list;
	struct sst_flow *flow;
	struct sst_pkt pkt __uninitialized;

	class = sst_packet_parse(&pkt, skb, state->pf, SST_PKT_IN, &sn->cfg);
	if (class == SST_PKT_OTHER)
		return sst_icmp_translate(sn, skb, state);
	if (class == SST_PKT_FOREIGN)
		return NF_ACCEPT;
	if (class == SST_PKT_FRAGMENT) {
		unsigned int verdict;

		if (!is_ours(&pkt, state))
			return NF_ACCEPT;
		verdict = gather(sn, skb, state);
		if (verdict != NF_ACCEPT)
			return verdict;
		class = sst_packet_parse(&pkt, skb, state->pf, SST_PKT_IN,
					 &sn->cfg);
		if (class != SST_PKT_WHOLE && class != SST_PKT_BAD)
			return sst_drop(sn, NULL, SST_A_STATS_RX_FRAGMENT);
	}

	list = sst_flowtable_wires(&sn->flows, &pkt.tuple);
	if (!list && !pkt.marked)
		return NF_ACCEPT;
	/*
	 * Bridge netfilter shows us frames that are only passing from port to
	 * port. Those for this host are opened here: it sees no other hook of
	 * PRE_ROUTING.
	 */
	if (sst_packet_is_bridged(skb) &&
	    !sst_packet_is_local(state->net, state->in, &pkt.tuple))
		return NF_ACCEPT;
	flow = sst_flowtable_owner(list);
	if (flow)
		return owned(sn, flow, &pkt, class, state);
	return unowned(sn, &pkt, class, list, state);
}

/**
 * sst_ingress_gathered() - a packet that was put together from fragments by the
 *	stack or by connection tracking
 * @sn: namespace
 * @skb: the packet
 * @state: hook state
 *
 * A router that reassembles datagrams sends them on in fragments without mark:
 * nobody gathered these for us, and none of them shows whose they are. The
 * datagram does, on the tuple of a flow that owns it.
 *
 * Return: NF_ACCEPT for a packet that is not SST (untouched), was opened before
 * or is opened now, else NF_DROP.
 */
unsigned int sst_ingress_gathered(struct sst_net *sn, struct sk_buff *skb,
				  const struct nf_hook_state *state)
{
	struct sst_flow *flow;
	struct sst_pkt pkt;

	if (sst_packet_is_opened(skb, state->pf) ||
	    sst_packet_parse(&pkt, skb, state->pf, SST_PKT_IN, &sn->cfg) !=
	    SST_PKT_WHOLE)
		return NF_ACCEPT;
	flow = sst_flowtable_by_wire(&sn->flows, &pkt.tuple);
	return flow ? owned(sn, flow, &pkt, SST_PKT_WHOLE, state) : NF_ACCEPT;
}
