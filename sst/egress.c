// SPDX-License-Identifier: GPL-2.0
/*
 * A packet leaves: its final tuple, after source NAT, is looked up among the
 * real tuples of the flows; for a first packet policy may open one. A packet of
 * a flow is sealed or dropped, whether it was made here or forwarded;
 * everything else passes untouched.
 */
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>

#include "compat.h"
#include "conntrack.h"
#include "egress.h"
#include "expect.h"
#include "fragment.h"
#include "icmp.h"
#include "initiator.h"
#include "label.h"
#include "mss.h"
#include "outcome.h"
#include "packet.h"
#include "pathmtu.h"
#include "pernet.h"
#include "rewrite.h"
#include "seal.h"
#include "segment.h"
#include "select.h"
#include "sock.h"
#include "trailer.h"

/*
 * What a local sender learns of a dropped packet. connect() passes nothing on
 * but ECONNREFUSED.
 */
static int drop_errno(int reason, u8 proto)
{
	switch (reason) {
	case SST_A_STATS_TX_REQUIRED:
		return proto == IPPROTO_TCP ? -ECONNREFUSED : -ENOKEY;
	case SST_A_STATS_TX_TOO_BIG:
	case SST_A_STATS_TX_FRAGMENT:
		return -EMSGSIZE;
	case SST_A_STATS_TX_EXHAUSTED:
		return -EKEYEXPIRED;
	case SST_A_STATS_TX_NOMEM:
	case SST_A_STATS_TX_SEGMENT:
	case SST_A_STATS_TX_LIMIT:
	case SST_A_STATS_TX_UNREADY:
		return -ENOBUFS;
	default:
		return -EPERM;
	}
}

static unsigned int drop(struct sst_net *sn, const struct sst_flow *flow,
			 u8 proto, int reason)
{
	sst_drop(sn, flow, reason);
	return NF_DROP_ERR(drop_errno(reason, proto));
}

/*
 * As if it were lost on the path. TCP gives up the connection for which it cannot
 * send its SYN-ACK again, though the answer may be on its way.
 */
static unsigned int lose(struct sst_net *sn, const struct sst_flow *flow,
			 struct sk_buff *skb, int reason)
{
	sst_drop(sn, flow, reason);
	kfree_skb(skb);
	return NF_STOLEN;
}

/* In the place of a form: the packet leaves without trailer. */
#define BARE	0

/* One segment of a large packet. Returns 0 or a negative errno; consumes it. */
static int send_segment(struct sst_net *sn, struct sst_flow *flow,
			const struct sst_pkt *whole, struct sk_buff *seg,
			u8 form, const struct nf_hook_state *state)
{
	struct sst_pkt pkt;
	int reason;

	if (!sst_packet_segment(&pkt, whole, seg))
		reason = SST_A_STATS_TX_MALFORMED;
	else if (form == BARE)
		reason = sst_label_send(sn, flow, &pkt, state);
	else
		reason = sst_seal(sn, flow, &pkt, form, 0);
	if (!reason)
		return state->okfn(state->net, state->sk, seg);
	sst_drop(sn, flow, reason);
	kfree_skb(seg);
	return drop_errno(reason, flow->real.proto);
}

/* The packet takes the rest of its way in segments, each by itself. */
static unsigned int send_segments(struct sst_net *sn, struct sst_flow *flow,
				  const struct sst_pkt *pkt, u8 form,
				  const struct nf_hook_state *state)
{
	struct sk_buff *segs, *seg, *next;
	bool sent = false;
	int err = 0;

	segs = sst_conntrack_confirm(pkt->skb) ? NULL :
	       sst_segment_cut(pkt, sst_trailer_size(form), state->out,
			       flow->scope == SST_SCOPE_PAYLOAD);
	if (!segs)
		return drop(sn, flow, flow->real.proto, SST_A_STATS_TX_SEGMENT);
	/* Without softirqs in between the receiver gets to see a train. */
	local_bh_disable();
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		err = send_segment(sn, flow, pkt, seg, form, state);
		if (err >= 0)
			sent = true;
	}
	local_bh_enable();
	/* TCP must know when nothing at all has left. */
	return sent ? NF_STOLEN : NF_STOLEN | -err << NF_VERDICT_QBITS;
}

/*
 * The packet is sealed. Too large for the path, it takes the rest of its way in
 * fragments; IPv6 leaves that to the stack.
 */
static unsigned int send_whole(struct sst_net *sn, const struct sst_flow *flow,
			       struct sk_buff *skb, unsigned int mtu,
			       const struct nf_hook_state *state)
{
	int err = 0;

	if (skb->len <= mtu)
		return NF_ACCEPT;
	if (state->pf == NFPROTO_IPV4) {
		if (sst_conntrack_confirm(skb))
			return drop(sn, flow, flow->real.proto,
				    SST_A_STATS_TX_SEGMENT);
		err = sst_fragment_send(skb, mtu, state);
	}
	if (err == -ENOMEM)
		sst_drop(sn, flow, SST_A_STATS_TX_NOMEM);
	else
		sst_stats_inc(sn->stats, SST_A_STATS_TX_FRAGMENTED);
	if (state->pf == NFPROTO_IPV6) {
		/* Every fragment repeats it. */
		sst_rewrite_mark_ipv6(skb, sst_config_mark_value(&sn->cfg));
		return NF_ACCEPT;
	}
	return NF_STOLEN | -err << NF_VERDICT_QBITS;
}

/* A tap device may hand over one datagram that is to become fragments. */
static bool becomes_fragments(const struct sk_buff *skb)
{
	return skb_is_gso(skb) && skb_shinfo(skb)->gso_type & SKB_GSO_UDP;
}

static int may_seal(const struct sst_flow *flow, const struct sk_buff *skb,
		    enum sst_pkt_class class)
{
	if (class == SST_PKT_FRAGMENT)
		return SST_A_STATS_TX_FRAGMENT;
	if (class != SST_PKT_WHOLE)
		return SST_A_STATS_TX_MALFORMED;
	if (becomes_fragments(skb))
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

/* No flow has this tuple: open one, if that is wanted. */
static int find_flow(struct sst_net *sn, const struct sst_pkt *pkt,
		     enum sst_pkt_class class, struct sock *sk,
		     struct sst_flow **flow)
{
	struct sst_want want;
	int choice;

	/* A socket that connects anew has no past. */
	if (class == SST_PKT_WHOLE && sst_select_is_syn(pkt))
		sst_sock_begin(sk);
	choice = sst_select(sn, pkt, class, sk, &want);

	if (choice != SST_SELECT_OPEN)
		return choice;
	return sst_initiator_open(sn, pkt, &want, flow);
}

/* Remember where packets of the flow come from, and what their socket must know. */
static void note_sender(struct sst_flow *flow, struct sk_buff *skb,
			struct sock *sk)
{
	/* Put together from fragments, the stack would undo that, unmarked. */
	if (flow->real.family == NFPROTO_IPV4)
		IPCB(skb)->frag_max_size = 0;
	if (skb->skb_iif) {
		if (!READ_ONCE(flow->forwarded))
			WRITE_ONCE(flow->forwarded, true);
		return;
	}
	sst_sock_set_carried(sk);
	if (flow->real.proto == IPPROTO_TCP)
		sst_mss_reserve(flow, sk);
}

/*
 * A segment of scope label: it goes on as large as it is. But in a list of packets,
 * which receive offload made, each has headers of its own: it is cut.
 */
static unsigned int send_bare(struct sst_net *sn, struct sst_flow *flow,
			      struct sst_pkt *pkt, struct sock *sk,
			      const struct nf_hook_state *state)
{
	int reason;

	if (skb_is_gso(pkt->skb) && !sst_label_may_merge(pkt->skb)) {
		note_sender(flow, pkt->skb, sk);
		return send_segments(sn, flow, pkt, BARE, state);
	}
	reason = sst_label_send(sn, flow, pkt, state);
	if (reason)
		return drop(sn, flow, pkt->tuple.proto, reason);
	note_sender(flow, pkt->skb, sk);
	return NF_ACCEPT;
}

/* A packet that could not be sealed. */
static unsigned int refuse(struct sst_net *sn, const struct sst_flow *flow,
			   struct sk_buff *skb, int reason)
{
	if (reason == SST_A_STATS_TX_AMPLIFIED &&
	    flow->real.proto == IPPROTO_TCP)
		return lose(sn, flow, skb, reason);
	return drop(sn, flow, flow->real.proto, reason);
}

/* The packet leaves by its flow, with a trailer. */
static unsigned int send_sealed(struct sst_net *sn, struct sst_flow *flow,
				struct sst_pkt *pkt, struct sock *sk,
				const struct nf_hook_state *state)
{
	/* One look decides: the flow may move on at any time. */
	u8 form = sst_seal_form(flow), trailer = sst_trailer_size(form);
	unsigned int mtu = sst_pathmtu(pkt->skb, state);
	struct sk_buff *skb = pkt->skb;
	int reason;

	if (skb_is_gso(skb) || !sst_pathmtu_fits(pkt, trailer, mtu)) {
		reason = sst_pathmtu_fit(pkt, trailer, mtu, state);
		if (reason)
			return drop(sn, flow, flow->real.proto, reason);
	}
	if (form >> 4 == SST_TYPE_INIT)
		sst_initiator_keep(flow, skb);
	if (skb_is_gso(skb)) {
		note_sender(flow, skb, sk);
		return send_segments(sn, flow, pkt, form, state);
	}
	reason = sst_seal(sn, flow, pkt, form, 0);
	if (reason)
		return refuse(sn, flow, skb, reason);
	note_sender(flow, skb, sk);
	return send_whole(sn, flow, skb, mtu, state);
}

/* By now it is the flow that the packet would take. */
static bool may_take(struct sst_net *sn, const struct sst_flow *flow,
		     struct sock *sk)
{
	return sst_sock_takes_any(sk) || (sst_expect_allows(sn, sk, flow) &&
					  sst_sock_allows(sk, flow->scope));
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
	struct sst_pkt pkt __uninitialized;
	enum sst_pkt_class class;
	struct sst_flow *flow;
	int reason = 0;
	struct sock *sk;

	class = sst_packet_parse(&pkt, skb, state->pf, SST_PKT_OUT, &sn->cfg);
	if (class == SST_PKT_OTHER)
		return sst_icmp_out(sn, skb, state);
	/* A COOKIE belongs to no flow (emit.c), others were sealed before. */
	if (!skb->skb_iif && sst_packet_is_opened(skb, state->pf))
		return NF_ACCEPT;
	flow = sst_flowtable_by_real(&sn->flows, &pkt.tuple);
	if (is_bridged(skb))
		return NF_ACCEPT;
	sk = sst_sock_sender(&pkt, state->sk);
	if (!flow) {
		reason = find_flow(sn, &pkt, class, sk, &flow);
		if (!reason && !flow)
			return NF_ACCEPT;
	}
	if (!reason)
		reason = may_seal(flow, skb, class);
	if (!reason && flow->opening && !sst_initiator_is_settled(flow, &pkt))
		reason = sst_initiator_check(sn, &pkt, sk, &flow);
	if (!reason && !may_take(sn, flow, sk))
		reason = SST_A_STATS_TX_REQUIRED;
	if (!reason && sst_label_leaves_bare(flow, &pkt))
		return send_bare(sn, flow, &pkt, sk, state);
	if (!reason && flow->scope == SST_SCOPE_LABEL && sst_label_is_syn(&pkt))
		reason = sst_label_strip_syn(&pkt);
	if (reason)
		return drop(sn, flow, pkt.tuple.proto, reason);
	return send_sealed(sn, flow, &pkt, sk, state);
}
