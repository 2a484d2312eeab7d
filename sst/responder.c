// SPDX-License-Identifier: GPL-2.0
/*
 * The side that is opened to (protocol section 6): whether an OPEN is taken,
 * what flow it makes, when its payload may be delivered, and the confirmation.
 */
#include <linux/jiffies.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/rhashtable.h>

#include "answer.h"
#include "assoc.h"
#include "emit.h"
#include "event.h"
#include "flow.h"
#include "held.h"
#include "kdf.h"
#include "life.h"
#include "peer.h"
#include "pernet.h"
#include "responder.h"
#include "rewrite.h"
#include "seen.h"
#include "sock.h"
#include "state.h"
#include "unseal.h"
#include "wireport.h"

/* Keys that are tried for a host whose clock may be wrong. */
#define BY_ADDRESS_MAX	4

/* Draws of an alias port before the address counts as full. */
#define DRAWS_MAX	32

/**
 * struct arrival - an OPEN that verified and has no flow yet
 * @pkt: the packet
 * @trailer: its trailer
 * @box: what it seals
 * @assoc: association it was sealed under
 * @key: key of its OPENs
 * @id: names the opening
 * @real: real tuple, with an alias port where one is needed
 * @old: flow that it takes the place of, or NULL
 * @fresh: its payload may be delivered at once
 * @unlisted: it is found by its real tuple only once it is confirmed
 * @syn_seq: our own SYN's sequence number, when both sides opened
 */
struct arrival {
	struct sst_pkt *pkt;
	const struct sst_trailer *trailer;
	struct sst_open_box box;
	struct sst_assoc *assoc;
	u8 key[SST_SECRET_SIZE];
	struct sst_open_id id;
	struct sst_tuple real;
	struct sst_flow *old;
	bool fresh;
	bool unlisted;
	u32 syn_seq;
};

static bool same_tuple(const struct sst_tuple *a, const struct sst_tuple *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static unsigned int payload(const struct arrival *a)
{
	return sst_packet_payload(a->pkt, a->pkt->seglen - a->trailer->len);
}

/* A bare SYN may be stale: TCP confirms it. */
static bool carries_data(const struct arrival *a)
{
	return a->real.proto == IPPROTO_UDP || payload(a);
}

static int verify(struct arrival *a, struct sst_assoc *assoc)
{
	a->assoc = assoc;
	sst_kdf_h(a->key, sst_assoc_open_key(assoc, sst_assoc_peer_side(assoc)),
		  a->trailer->open.salt_i);
	return sst_unseal_open(a->pkt, &a->box, a->key, a->trailer);
}

/*
 * Who sealed it? The id in the packet changes with the hour, so a host whose
 * clock is wrong is known by its address, too. That is a guess: a packet that
 * then does not verify is somebody else's.
 */
static int identify(struct sst_net *sn, struct arrival *a)
{
	struct sst_assoc *assoc;
	unsigned int n;

	assoc = sst_peers_by_id(&sn->peers, a->trailer->open.assoc_id);
	if (assoc)
		return verify(a, assoc);
	sst_peers_poke(&sn->peers);
	for (n = 0; n < BY_ADDRESS_MAX; n++) {
		assoc = sst_peers_by_address(&sn->peers, a->pkt->tuple.family,
					     &a->pkt->tuple.remote, n);
		if (!assoc || !__ratelimit(&sn->guess_limit))
			break;
		if (!verify(a, assoc))
			return 0;
	}
	return SST_RESPONDER_PASS;
}

static u64 now_seconds(void)
{
	return ktime_get_real_seconds();
}

/* May this wire tuple become one of SST (section 6.7)? */
static bool tuple_is_free(struct sst_net *sn, const struct sst_tuple *wire)
{
	return ntohs(wire->lport) >= SST_WIRE_PORT_MIN &&
	       ntohs(wire->rport) >= SST_WIRE_PORT_MIN &&
	       !sst_flowtable_by_real(&sn->flows, wire) &&
	       !sst_sock_exists(sn->net, wire);
}

/* Another flow or socket has the real tuple: a free port in place of the peer's. */
static int draw_alias(struct sst_net *sn, struct arrival *a)
{
	int draws;

	for (draws = 0; draws < DRAWS_MAX; draws++) {
		a->real.rport = sst_wireport_draw();
		if (sst_flowtable_by_real(&sn->flows, &a->real) ||
		    sst_flowtable_wires(&sn->flows, &a->real) ||
		    sst_sock_exists(sn->net, &a->real))
			continue;
		sst_stats_inc(sn->stats, SST_A_STATS_RX_ALIAS);
		return 0;
	}
	return SST_A_STATS_RX_TUPLE;
}

static bool same_assoc(const struct sst_flow *flow, const struct arrival *a)
{
	return flow->opening && flow->opening->id.uid == a->assoc->uid;
}

static bool is_glare(const struct sst_flow *other, const struct arrival *a)
{
	return other->role == SST_FLOW_ROLE_INITIATOR && same_assoc(other, a) &&
	       READ_ONCE(other->state) == SST_FLOW_STATE_OPENING;
}

/*
 * Both opened on one association: the larger salt stays. What is not fresh may
 * be a copy, whose sender nobody will hear of: ours goes only when the peer
 * confirms.
 */
static int settle_glare(struct sst_flow *other, struct arrival *a)
{
	const struct sst_opening *ours = other->opening;

	if (memcmp(ours->id.salt_i, a->id.salt_i, SST_SALT_SIZE) > 0)
		return SST_A_STATS_RX_GLARE;
	if (!a->fresh) {
		a->unlisted = true;
		return a->real.proto == IPPROTO_UDP ? 0 : SST_A_STATS_RX_GLARE;
	}
	a->old = other;
	a->syn_seq = ours->syn_seq;
	return 0;
}

/* A NAT may change the peer's address: then it is not one that it is known by. */
static bool comes_from_peer(const struct arrival *a)
{
	const struct sst_peer_address *address;
	unsigned int n;

	for (n = 0; n < a->assoc->peer->n_links; n++) {
		address = sst_peer_address(a->assoc->peer, n);
		if (address->family == a->real.family &&
		    nf_inet_addr_cmp(&address->addr, &a->real.remote))
			return true;
	}
	return false;
}

/*
 * A flow gives way only to an opening that is not a copy and, of the same peer,
 * not older than its own. Other peers may have the same address, but not just
 * any who says so.
 */
static bool is_newer(const struct sst_flow *other, const struct arrival *a)
{
	if (!a->fresh)
		return false;
	if (!same_assoc(other, a))
		return comes_from_peer(a);
	return other->role != SST_FLOW_ROLE_RESPONDER ||
	       a->box.time >= other->opening->time;
}

/* Which real tuple the flow gets, and what that means for others. */
static int place(struct sst_net *sn, struct arrival *a)
{
	struct sst_flow *other = sst_flowtable_by_real(&sn->flows, &a->real);
	bool udp = a->real.proto == IPPROTO_UDP;

	if (!other) {
		/* Nothing of it is delivered before the peer has confirmed. */
		a->unlisted = udp && !a->fresh;
		return sst_sock_is_foreign(sn->net, &a->real) ?
		       draw_alias(sn, a) : 0;
	}
	if (is_glare(other, a))
		return settle_glare(other, a);
	/*
	 * The same two hosts: the peer started over. An opening that nobody
	 * confirmed gives way to a fresh one; a confirmed UDP flow keeps the
	 * tuple until the new one is confirmed, too.
	 */
	if (is_newer(other, a) &&
	    (READ_ONCE(other->state) == SST_FLOW_STATE_CLOSING ||
	     (same_assoc(other, a) &&
	      READ_ONCE(other->state) == SST_FLOW_STATE_ACCEPTING))) {
		a->old = other;
		return 0;
	}
	if (udp && (same_assoc(other, a) ||
		    (other->role == SST_FLOW_ROLE_INITIATOR &&
		     comes_from_peer(a)))) {
		a->unlisted = true;
		return 0;
	}
	return draw_alias(sn, a);
}

/*
 * Counters of this opening that other flows have taken, ended ones and those on
 * other wire tuples: what they delivered must not be delivered again.
 */
static u64 taken_before(struct sst_net *sn, const struct arrival *a)
{
	u64 top = sst_seen_top(&sn->seen, a->id.uid, a->id.salt_i);
	const struct sst_opening *opening;
	struct rhlist_head *list, *pos;

	list = sst_flowtable_openings(&sn->flows, &a->id);
	rhl_for_each_entry_rcu(opening, pos, list, node)
		top = max(top, READ_ONCE(opening->replay.top));
	return top;
}

/* Returns 0 or the reason to drop the packet. */
static int make(struct sst_net *sn, struct arrival *a, struct sst_flow **made)
{
	struct sst_opening *opening;
	struct sst_flow *flow;
	bool taken;
	u64 top;

	flow = sst_flow_opened(&a->real, &a->pkt->tuple, a->assoc,
			       SST_FLOW_ROLE_RESPONDER);
	if (!flow)
		return SST_A_STATS_RX_NOMEM;
	flow->oif = sst_packet_oif(&a->real, a->pkt->skb->dev);
	flow->peer_port = a->box.sport;
	flow->lists_real = !a->unlisted;
	opening = flow->opening;
	opening->id = a->id;
	opening->time = a->box.time;
	opening->fresh = a->fresh;
	opening->syn_seq = a->syn_seq;
	memcpy(opening->assoc_id, a->trailer->open.assoc_id,
	       SST_ASSOC_ID_SIZE);
	memcpy(opening->open_key, a->key, SST_SECRET_SIZE);
	top = taken_before(sn, a);
	if (top)
		sst_replay_start(&opening->replay, top);
	/*
	 * A packet that is to be held comes again with this counter. A bare SYN
	 * is delivered even as a copy.
	 */
	taken = (!a->fresh && carries_data(a)) ||
		sst_replay_take(&opening->replay, a->trailer->meta.seq) ||
		!carries_data(a);
	if (taken && !sst_opening_answer(opening, a->assoc)) {
		*made = flow;
		return 0;
	}
	sst_flow_free(flow);
	return taken ? SST_A_STATS_RX_NOMEM : SST_A_STATS_RX_REPLAY;
}

static int clash_reason(enum sst_flow_clash clash)
{
	switch (clash) {
	case SST_CLASH_FULL:
	case SST_CLASH_WAITING:
	case SST_CLASH_SOURCE:
		return SST_A_STATS_RX_HALF_OPEN;
	case SST_CLASH_NOMEM:
		return SST_A_STATS_RX_NOMEM;
	default:
		return SST_A_STATS_RX_TUPLE;
	}
}

static void make_room(struct sst_net *sn)
{
	struct sst_flow *oldest;

	if (READ_ONCE(sn->flows.waiting_count) <=
	    READ_ONCE(sn->cfg.max_half_open))
		return;
	oldest = sst_flowtable_oldest_waiting(&sn->flows);
	if (oldest)
		sst_life_end(sn, oldest, SST_CLOSE_REASON_EVICTED);
}

/*
 * Cache check, cache insert and flow insert are one critical section, so that
 * of two copies of an opening one makes the flow.
 */
static int admit(struct sst_net *sn, struct arrival *a, struct sst_flow **flow)
{
	u32 window = READ_ONCE(sn->cfg.opening_window);
	enum sst_flow_clash clash;
	int reason;

	lockdep_assert_held(&sn->opening_lock);
	/* A bare SYN, too: as a copy it must not take another flow's place. */
	a->fresh = sst_seen_take(&sn->seen, a->id.uid, a->id.salt_i,
				 a->box.time, now_seconds(), window);
	reason = place(sn, a);
	if (reason)
		return reason;
	reason = make(sn, a, flow);
	if (reason)
		return reason;
	clash = a->old ? sst_life_replace(sn, a->old, *flow, a->syn_seq ?
					  SST_CLOSE_REASON_GLARE :
					  SST_CLOSE_REASON_REPLACED) :
			 sst_life_begin(sn, *flow);
	if (clash != SST_CLASH_NONE)
		return clash_reason(clash);
	make_room(sn);
	return 0;
}

/* The flow that this opening made on this wire tuple, or one that a NAT moved. */
static struct sst_flow *find_flow(struct sst_net *sn, const struct arrival *a)
{
	const struct sst_tuple *wire = &a->pkt->tuple;
	struct sst_opening *opening;
	struct rhlist_head *list, *pos;
	struct sst_flow *flow, *moved = NULL;
	struct sst_tuple before;

	list = sst_flowtable_openings(&sn->flows, &a->id);
	rhl_for_each_entry_rcu(opening, pos, list, node) {
		flow = opening->flow;
		before = flow->wire;
		before.rport = READ_ONCE(flow->wire.rport);
		if (same_tuple(&before, wire))
			return flow;
		before.rport = wire->rport;
		if (wire->proto == IPPROTO_UDP && sst_flow_owns_wire(flow) &&
		    same_tuple(&before, wire))
			moved = flow;
	}
	return moved;
}

/* Keep the packet until the peer confirms, and ask it to, or drop it. */
static int hold(struct sst_net *sn, struct sst_flow *flow, struct sst_pkt *pkt)
{
	bool kept;

	if (pkt->tuple.proto != IPPROTO_UDP)
		return SST_A_STATS_RX_STALE;
	kept = sst_held_keep(flow, pkt->skb);
	sst_emit_empty(sn, flow);
	if (!kept)
		return SST_A_STATS_RX_STALE;
	sst_stats_inc(sn->stats, SST_A_STATS_RX_HELD);
	return SST_RESPONDER_HELD;
}

/* An opening that is known came again, and verified. */
static int repeat(struct sst_net *sn, struct sst_flow *flow, struct arrival *a)
{
	struct sst_opening *opening = flow->opening;
	bool taken;

	if (flow->peer_port != a->box.sport || flow->real.lport != a->box.dport)
		return SST_A_STATS_RX_PORTS;
	if (!opening->fresh && carries_data(a)) {
		if (!sst_replay_check(&opening->replay, a->trailer->meta.seq))
			return SST_A_STATS_RX_REPLAY;
		WRITE_ONCE(opening->last, jiffies);
		return hold(sn, flow, a->pkt);
	}
	spin_lock_bh(&flow->lock);
	taken = sst_replay_take(&opening->replay, a->trailer->meta.seq);
	spin_unlock_bh(&flow->lock);
	if (!taken)
		return SST_A_STATS_RX_REPLAY;
	WRITE_ONCE(opening->last, jiffies);
	if (flow->real.proto == IPPROTO_UDP)
		sst_answer_owe(&sn->answers, flow);
	return 0;
}

/* The opening has a flow already. */
static int again(struct sst_net *sn, struct sst_flow *flow, struct arrival *a,
		 struct sst_tuple *real)
{
	bool moved;
	int reason;

	*real = flow->real;
	if (!sst_flow_owns_wire(flow))
		return repeat(sn, flow, a);
	moved = !same_tuple(&flow->wire, &a->pkt->tuple);
	if (moved && !tuple_is_free(sn, &a->pkt->tuple))
		return SST_A_STATS_RX_TUPLE;
	reason = sst_responder_reopen(sn, flow, a->pkt, a->trailer);
	if (reason || !moved)
		return reason;
	/* Of a flow that is confirmed, on another tuple: a NAT moved it. */
	return sst_flowtable_rebind(&sn->flows, flow, &a->pkt->tuple) ?
	       SST_A_STATS_RX_TUPLE : 0;
}

/*
 * Both sides opened, ours stays; the peer's datagrams are delivered all the
 * same. There is no flow with a window: what is known of a fresh opening also
 * holds which of its counters are behind us.
 */
static int deliver_alone(struct sst_net *sn, const struct arrival *a)
{
	const u8 *salt_i = a->id.salt_i;
	u32 seq = a->trailer->meta.seq;
	u64 top;

	lockdep_assert_held(&sn->opening_lock);
	if (a->real.proto != IPPROTO_UDP)
		return SST_A_STATS_RX_GLARE;
	top = sst_seen_top(&sn->seen, a->id.uid, salt_i);
	if (!a->fresh && (!top || seq < top))
		return SST_A_STATS_RX_GLARE;
	sst_seen_end(&sn->seen, a->id.uid, salt_i, a->box.time, seq + 1ULL);
	return 0;
}

static int first(struct sst_net *sn, struct arrival *a, struct sst_flow **flow,
		 struct sst_tuple *real)
{
	bool known;
	int reason;

	if (!tuple_is_free(sn, &a->pkt->tuple))
		return SST_A_STATS_RX_TUPLE;
	if (same_tuple(&a->real, &a->pkt->tuple))
		return SST_A_STATS_RX_PORTS;
	spin_lock_bh(&sn->opening_lock);
	/* Its copy may have come by another CPU in the meantime. */
	*flow = find_flow(sn, a);
	known = *flow;
	reason = known ? 0 : admit(sn, a, flow);
	if (reason == SST_A_STATS_RX_GLARE)
		reason = deliver_alone(sn, a);
	spin_unlock_bh(&sn->opening_lock);
	if (known)
		return again(sn, *flow, a, real);
	if (reason)
		return reason;
	*real = a->real;
	if (!*flow)
		return 0;
	if (!a->fresh && carries_data(a))
		return repeat(sn, *flow, a);
	if (a->real.proto == IPPROTO_UDP)
		sst_answer_owe(&sn->answers, *flow);
	return 0;
}

/**
 * sst_responder_open() - an OPEN arrived on a tuple that no flow owns
 * @sn: namespace
 * @pkt: the packet
 * @trailer: its trailer
 * @flow: output; NULL when the packet is delivered without one
 * @real: output; real tuple to restore
 *
 * The caller is in an RCU read section.
 *
 * Return: 0 when it is to be delivered, SST_RESPONDER_*, or the counter of the
 * reason to drop it.
 */
int sst_responder_open(struct sst_net *sn, struct sst_pkt *pkt,
		       const struct sst_trailer *trailer,
		       struct sst_flow **flow, struct sst_tuple *real)
{
	struct arrival a = {
		.pkt = pkt,
		.trailer = trailer,
		.real = pkt->tuple,
	};
	int reason;

	*flow = NULL;
	reason = identify(sn, &a);
	/* It is ours from here on. */
	if (!reason)
		reason = sst_rewrite_prepare_open(pkt);
	if (reason)
		goto out;
	/* Neither salts nor keys before the random generator is ready. */
	if (!rng_is_initialized()) {
		reason = SST_A_STATS_RX_NOMEM;
		goto out;
	}
	a.real.rport = a.box.sport;
	a.real.lport = a.box.dport;
	a.id.uid = a.assoc->uid;
	memcpy(a.id.salt_i, trailer->open.salt_i, SST_SALT_SIZE);

	*flow = find_flow(sn, &a);
	reason = *flow ? again(sn, *flow, &a, real) :
			 first(sn, &a, flow, real);
out:
	memzero_explicit(a.key, sizeof(a.key));
	if (!reason)
		sst_stats_inc(sn->stats, SST_A_STATS_RX_OPEN);
	return reason;
}

/**
 * sst_responder_reopen() - an OPEN arrived for a flow that is confirmed
 * @sn: namespace
 * @flow: the flow
 * @pkt: the packet
 * @trailer: its trailer
 *
 * Return: 0 when it is to be delivered, or the counter of the reason to drop
 * it.
 */
int sst_responder_reopen(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer)
{
	struct sst_opening *opening = flow->opening;
	struct sst_open_box box;
	int reason;
	bool taken;

	if (memcmp(opening->id.salt_i, trailer->open.salt_i, SST_SALT_SIZE))
		return SST_A_STATS_RX_TUPLE;
	if (!sst_replay_check(&opening->replay, trailer->meta.seq))
		return SST_A_STATS_RX_REPLAY;
	reason = sst_unseal_open(pkt, &box, opening->open_key, trailer);
	if (reason)
		return reason;
	if (flow->peer_port != box.sport || flow->real.lport != box.dport)
		return SST_A_STATS_RX_PORTS;
	/* A SYN that was late; the connection is there. */
	if (flow->real.proto != IPPROTO_UDP)
		return SST_A_STATS_RX_TUPLE;
	spin_lock_bh(&flow->lock);
	taken = sst_replay_take(&opening->replay, trailer->meta.seq);
	if (taken)
		sst_state_move(flow, SST_FLOW_STATE_REOPENING);
	spin_unlock_bh(&flow->lock);
	if (!taken)
		return SST_A_STATS_RX_REPLAY;
	sst_answer_owe(&sn->answers, flow);
	return 0;
}

/* Does @other leave the real tuple to a flow of the peer that is confirmed? */
static bool gives_way(const struct sst_flow *other, const struct sst_flow *flow)
{
	const struct sst_opening *theirs = other->opening;

	if (!theirs || theirs->id.uid != flow->opening->id.uid)
		return false;
	/* Both are opening: as in any glare the larger salt stays. */
	return READ_ONCE(other->state) != SST_FLOW_STATE_OPENING ||
	       memcmp(theirs->id.salt_i, flow->opening->id.salt_i,
		      SST_SALT_SIZE) < 0;
}

/* What else claims the tuples of a flow that is about to be confirmed. */
static void end_rivals(struct sst_net *sn, const struct sst_flow *flow)
{
	struct rhlist_head *list, *pos;
	struct sst_flow *other;
	struct sst_wire *wire;

	list = sst_flowtable_wires(&sn->flows, &flow->wire);
	rhl_for_each_entry_rcu(wire, pos, list, node) {
		other = rcu_dereference(wire->flow);
		if (other && other != flow)
			sst_life_end(sn, other, SST_CLOSE_REASON_REPLACED);
	}
	if (READ_ONCE(flow->lists_real))
		return;
	other = sst_flowtable_by_real(&sn->flows, &flow->real);
	if (other && gives_way(other, flow))
		sst_life_end(sn, other, SST_CLOSE_REASON_REPLACED);
}

/* Two peers behind one address: the other was confirmed, or listed, before. */
static bool feeds_another(struct sst_net *sn, const struct sst_flow *flow)
{
	const struct sst_flow *other;

	if (READ_ONCE(flow->lists_real))
		return false;
	other = sst_flowtable_by_real(&sn->flows, &flow->real);
	return other && other->role == SST_FLOW_ROLE_RESPONDER &&
	       other->opening->id.uid != flow->opening->id.uid;
}

/**
 * sst_responder_data() - a DATA of the peer verified
 * @sn: namespace
 * @flow: the flow
 *
 * Confirms the flow, or ends its re-opening.
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_responder_data(struct sst_net *sn, struct sst_flow *flow)
{
	u8 state = READ_ONCE(flow->state);

	if (likely(state != SST_FLOW_STATE_ACCEPTING &&
		   state != SST_FLOW_STATE_REOPENING))
		return 0;
	if (flow->role != SST_FLOW_ROLE_RESPONDER)
		return 0;
	if (state == SST_FLOW_STATE_REOPENING) {
		spin_lock_bh(&flow->lock);
		sst_state_move(flow, SST_FLOW_STATE_LIVE);
		spin_unlock_bh(&flow->lock);
		return 0;
	}
	end_rivals(sn, flow);
	/* Another packet confirmed it just now, or it has ended. */
	if (!sst_flowtable_confirm(&sn->flows, flow))
		return READ_ONCE(flow->state) == SST_FLOW_STATE_ACCEPTING ?
		       SST_A_STATS_RX_ENDED : 0;
	if (feeds_another(sn, flow)) {
		sst_life_end(sn, flow, SST_CLOSE_REASON_REPLACED);
		return SST_A_STATS_RX_TUPLE;
	}
	sst_event_confirmed(sn, flow);
	sst_held_release(sn, flow);
	return 0;
}
