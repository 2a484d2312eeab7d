// SPDX-License-Identifier: GPL-2.0
/*
 * Whether an opening that verified makes a flow, which one, and what gives way
 * to it (protocol sections 6.2, 6.3, 6.7 and 6.8).
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/rhashtable.h>
#include <linux/string.h>

#include "admit.h"
#include "assoc.h"
#include "derived.h"
#include "life.h"
#include "peer.h"
#include "pernet.h"
#include "policy.h"
#include "scope.h"
#include "seen.h"
#include "sock.h"
#include "subject.h"
#include "tcpopt.h"
#include "wireport.h"

/* Draws of an alias port before the address counts as full. */
#define DRAWS_MAX	32

/**
 * sst_admit_carries_data() - is there what must not be delivered twice?
 * @a: the opening
 *
 * A bare SYN may be stale: TCP confirms it, unless it is a Fast Open. Then
 * accept() returns at once.
 *
 * Return: true for a datagram, and for a SYN with data or Fast Open.
 */
bool sst_admit_carries_data(const struct sst_arrival *a)
{
	const struct sst_pkt *pkt = a->pkt;

	return pkt->tuple.proto == IPPROTO_UDP ||
	       sst_packet_payload(pkt, pkt->seglen - a->trailer->layout.len) ||
	       sst_tcpopt_asks_fast_open(pkt);
}

static u64 now_seconds(void)
{
	return ktime_get_real_seconds();
}

/* Below 1024 only those that this host is set to take. */
static bool is_wire_port(const struct sst_net *sn, __be16 port)
{
	u32 ports = READ_ONCE(sn->cfg.wire_ports);

	return ntohs(port) >= SST_WIRE_PORT_MIN ||
	       (ntohs(port) >= ports >> 16 && ntohs(port) <= (ports & 0xffff));
}

/**
 * sst_admit_tuple_is_free() - may this wire tuple become one of SST?
 * @sn: namespace
 * @wire: tuple of a packet that came
 *
 * Return: false when it belongs to somebody else (section 6.7).
 */
bool sst_admit_tuple_is_free(struct sst_net *sn, const struct sst_tuple *wire)
{
	return is_wire_port(sn, wire->lport) &&
	       ntohs(wire->rport) >= SST_WIRE_PORT_MIN &&
	       !sst_flowtable_by_real(&sn->flows, wire) &&
	       !sst_sock_exists(sn->net, wire);
}

/* Another flow or socket has the real tuple: a free port in place of the peer's. */
static int draw_alias(struct sst_net *sn, struct sst_arrival *a)
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

/*
 * The same two hosts, as far as keys show it. Whoever has no name here is the
 * same only on the same association.
 */
static bool same_host(const struct sst_flow *flow, const struct sst_arrival *a)
{
	if (!flow->opening)
		return false;
	if (a->party.peer_id)
		return flow->peer_id == a->party.peer_id;
	return flow->opening->assoc_uid == a->assoc_uid;
}

/* Both opened on one association, or with one pre-shared key. */
static bool is_glare(const struct sst_flow *other, const struct sst_arrival *a)
{
	return other->role == SST_FLOW_ROLE_INITIATOR &&
	       other->opening->first.id.uid == a->id.uid &&
	       READ_ONCE(other->state) == SST_FLOW_STATE_OPENING;
}

/*
 * What the rules, and the socket that it is for, say about its flow. Returns the
 * least scope that they would take.
 */
static u8 ask_terms(struct sst_net *sn, struct sst_arrival *a, const char *peer)
{
	const struct sst_rules *rules = sst_policy_rules_in(&sn->policy);
	const struct sst_subject *who = NULL;
	struct sk_buff *skb = a->pkt->skb;
	const struct sst_rule *rule;
	struct sst_subject receiver;
	u8 scope;

	if (sst_policy_asks_who(rules))
		who = sst_subject_of(&receiver,
				     sst_sock_receiver(sn->net, skb, &a->real));
	rule = sst_policy_terms_in(rules, &a->real, who, peer, &scope);
	a->mark = rule ? rule->spec.mark : SST_MARK_ALL;
	return sst_scope_stronger(scope,
				  sst_sock_takes(sn->net, skb, &a->real));
}

/**
 * sst_admit_by_rules() - do the rules let whoever opens in?
 * @sn: namespace; the caller is in an RCU read section
 * @a: the opening, with its real tuple. Where the rules let in a peer that it only
 *	claims to be, it becomes @unproven.
 * @claimed: number of the peer whose identity an INIT claims, or 0
 *
 * Ask once, for an opening that verified and has no flow.
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_admit_by_rules(struct sst_net *sn, struct sst_arrival *a, u32 claimed)
{
	enum sst_policy_entry entry;
	const struct sst_peer *peer;
	const char *name;

	peer = sst_peers_by_number(&sn->peers, a->party.peer_id ?: claimed);
	name = peer ? peer->name : NULL;
	entry = sst_policy_enter(&sn->policy, &a->real, name);
	if (entry == SST_POLICY_ENTRY_REFUSED)
		return SST_A_STATS_RX_POLICY_PEER;
	if (!sst_scope_satisfies(a->box.scope, ask_terms(sn, a, name)))
		return SST_A_STATS_RX_SCOPE;
	if (entry == SST_POLICY_ENTRY_PEER && !a->party.peer_id)
		a->unproven = true;
	return 0;
}

/**
 * sst_admit_yields() - does this opening yield to one of this host?
 * @sn: namespace
 * @a: the opening, with its real tuple
 *
 * Return: true when both sides opened at once, and that of this host stays.
 */
bool sst_admit_yields(struct sst_net *sn, struct sst_arrival *a)
{
	struct sst_flow *other = sst_flowtable_by_real(&sn->flows, &a->real);

	return other && is_glare(other, a) &&
	       memcmp(other->opening->first.id.salt_i, a->id.salt_i,
		      sizeof(a->id.salt_i)) > 0;
}

/*
 * Both opened: the larger salt stays. What is not fresh may be a copy, whose
 * sender nobody will hear of: ours goes only when the peer confirms.
 */
static int settle_glare(struct sst_net *sn, struct sst_flow *other,
			struct sst_arrival *a)
{
	if (sst_admit_yields(sn, a))
		return SST_A_STATS_RX_GLARE;
	if (!a->fresh) {
		a->unlisted = true;
		return a->real.proto == IPPROTO_UDP ? 0 : SST_A_STATS_RX_GLARE;
	}
	a->old = other;
	a->syn_seq = other->opening->syn_seq;
	return 0;
}

/* A NAT may change the peer's address: then it is not one that it is known by. */
static bool comes_from_peer(struct sst_net *sn, const struct sst_arrival *a)
{
	const struct sst_peer *peer;

	peer = sst_peers_by_number(&sn->peers, a->party.peer_id);
	return peer && sst_peer_has_address(peer, a->real.family,
					    &a->real.remote);
}

/*
 * A flow gives way only to an opening that is not a copy and, of the same peer,
 * not older than its own. Other peers may have the same address, but not just
 * any who says so.
 */
static bool is_newer(struct sst_net *sn, const struct sst_flow *other,
		     const struct sst_arrival *a)
{
	if (!a->fresh)
		return false;
	if (!same_host(other, a))
		return comes_from_peer(sn, a);
	return other->role != SST_FLOW_ROLE_RESPONDER ||
	       a->box.time >= other->opening->time;
}

/* Which real tuple the flow gets, and what that means for others. */
static int place(struct sst_net *sn, struct sst_arrival *a)
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
		return settle_glare(sn, other, a);
	/*
	 * The same two hosts: the peer started over. An opening that nobody
	 * confirmed gives way to a fresh one; a confirmed UDP flow keeps the
	 * tuple until the new one is confirmed, too.
	 */
	if (is_newer(sn, other, a) &&
	    (READ_ONCE(other->state) == SST_FLOW_STATE_CLOSING ||
	     (same_host(other, a) &&
	      READ_ONCE(other->state) == SST_FLOW_STATE_ACCEPTING))) {
		a->old = other;
		return 0;
	}
	if (udp && (same_host(other, a) ||
		    (other->role == SST_FLOW_ROLE_INITIATOR &&
		     comes_from_peer(sn, a)))) {
		a->unlisted = true;
		return 0;
	}
	return draw_alias(sn, a);
}

/*
 * Counters of this opening that other flows have taken, ended ones and those on
 * other wire tuples: what they delivered must not be delivered again.
 */
static u64 taken_before(struct sst_net *sn, const struct sst_arrival *a)
{
	u64 top = sst_seen_top(sst_pernet_seen(sn, a->trailer->form), &a->id);
	const struct sst_opening *opening;
	struct rhlist_head *list, *pos;
	struct sst_named *named;

	/*
	 * Of a fresh one there is no flow. But one that was not in the cache may have
	 * ended since that was asked, and is there now.
	 */
	if (a->fresh)
		return top;
	list = sst_flowtable_openings(&sn->flows, &a->id);
	rhl_for_each_entry_rcu(named, pos, list, node) {
		opening = named->flow->opening;
		top = max(top, sst_counters_top(&opening->replay));
	}
	return top;
}

/*
 * Take the counter of the packet that makes a flow. One that is to be held, or
 * that has waited for public-key work, comes again with it. A bare SYN is
 * delivered even as a copy. Returns 0 or the reason to drop it.
 */
static int take_counter(struct sst_opening *opening,
			const struct sst_arrival *a)
{
	int reason;

	if (a->derived || (!a->fresh && sst_admit_carries_data(a)))
		return 0;
	reason = sst_counters_take(&opening->replay, a->trailer->meta.seq);
	return reason == SST_A_STATS_RX_REPLAY && !sst_admit_carries_data(a) ?
	       0 : reason;
}

static int answer(struct sst_opening *opening, struct sst_arrival *a)
{
	if (!a->derived)
		return sst_opening_answer(opening, a->assoc);
	if (sst_opening_answer_new(opening, &a->derived->assoc, a->enc_r))
		return -ENOMEM;
	opening->answered = true;
	opening->lifetime = a->derived->lifetime;
	opening->pending = a->derived;
	a->derived = NULL;
	return 0;
}

/* Returns 0 or the reason to drop the packet. */
static int make(struct sst_net *sn, struct sst_arrival *a,
		struct sst_flow **made)
{
	struct sst_opening *opening;
	struct sst_flow *flow;
	int reason;
	u64 top;

	flow = sst_flow_opened(&a->real, &a->pkt->tuple, &a->party,
			       SST_FLOW_ROLE_RESPONDER);
	if (!flow)
		return SST_A_STATS_RX_NOMEM;
	flow->oif = sst_packet_oif(&a->real, a->pkt->skb->dev);
	flow->scope = a->box.scope;
	flow->mark = a->mark;
	flow->peer_port = a->box.sport;
	flow->lists_real = !a->unlisted;
	opening = flow->opening;
	opening->form = a->trailer->form;
	opening->first.id = a->id;
	opening->time = a->box.time;
	opening->fresh = a->fresh;
	opening->limited = a->limited;
	opening->syn_seq = a->syn_seq;
	memcpy(opening->name, a->trailer->name, sizeof(opening->name));
	memcpy(opening->open_key, a->key, SST_SECRET_SIZE);
	top = taken_before(sn, a);
	if (sst_counters_start(&opening->replay, top))
		reason = take_counter(opening, a);
	else
		reason = SST_A_STATS_RX_NOMEM;
	if (!reason && answer(opening, a))
		reason = SST_A_STATS_RX_NOMEM;
	if (reason)
		sst_flow_free(flow);
	else
		*made = flow;
	return reason;
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

/* Counted, so that whoever looks finds out what to do about it. */
static bool is_fresh(struct sst_net *sn, const struct sst_arrival *a)
{
	struct sst_seen *seen = sst_pernet_seen(sn, a->trailer->form);

	switch (sst_seen_take(seen, &a->id, a->box.time, now_seconds(),
			      READ_ONCE(sn->cfg.opening_window))) {
	case SST_SEEN_FRESH:
		return true;
	case SST_SEEN_CLOCK:
		sst_stats_inc(sn->stats, SST_A_STATS_RX_CLOCK);
		return false;
	case SST_SEEN_FORGOTTEN:
		sst_stats_inc(sn->stats, SST_A_STATS_RX_FORGOTTEN);
		return false;
	default:
		return false;
	}
}

/**
 * sst_admit() - make the flow of an opening
 * @sn: namespace; the caller holds its @opening_lock and is in an RCU read
 *	section
 * @a: the opening; no flow has it on this wire tuple
 * @flow: output
 *
 * Cache check, cache insert and flow insert are one critical section, so that
 * of two copies of an opening one makes the flow.
 *
 * Return: 0, or the counter of the reason to drop the packet;
 * SST_A_STATS_RX_NO_COOKIE when another INIT with a proof would do.
 */
int sst_admit(struct sst_net *sn, struct sst_arrival *a, struct sst_flow **flow)
{
	enum sst_flow_clash clash;
	int reason;
	bool is_new;

	lockdep_assert_held(&sn->opening_lock);
	/*
	 * A bare SYN, too: as a copy it must not take another flow's place. Nor
	 * is what re-opens a flow, which nobody saw before.
	 */
	is_new = is_fresh(sn, a) &&
		 !sst_flowtable_openings(&sn->flows, &a->id) && !a->unproven;
	a->fresh = is_new && !a->asked;
	/*
	 * TCP would confirm a copy to whoever sent it: in this scope nobody else
	 * does.
	 */
	if (!a->fresh && a->box.scope == SST_SCOPE_LABEL)
		return is_new ? SST_A_STATS_RX_NO_COOKIE : SST_A_STATS_RX_STALE;
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

/* Its window is that of its re-openings, once there was one. */
static bool counts(const struct sst_named *named)
{
	const struct sst_opening *opening = named->flow->opening;

	return (named != &opening->first) == opening->renewed;
}

/**
 * sst_admit_take() - take a counter of an opening, once
 * @sn: namespace
 * @id: the opening
 * @flow: flow that the packet belongs to; its lock is free
 * @seq: counter of the packet, which has verified
 *
 * A copy of the opening may have made another flow, on another wire tuple: what
 * one of them takes is taken for all.
 *
 * Return: 0 when the counter was free, and is now taken, or the counter of the
 * reason to drop the packet.
 */
int sst_admit_take(struct sst_net *sn, const struct sst_open_id *id,
		   const struct sst_flow *flow, u32 seq)
{
	struct rhlist_head *list, *pos;
	struct sst_opening *opening;
	struct sst_named *named;
	int reason = 0, err;
	bool is_its = false;

	spin_lock_bh(&sn->opening_lock);
	list = sst_flowtable_openings(&sn->flows, id);
	rhl_for_each_entry_rcu(named, pos, list, node) {
		opening = named->flow->opening;
		spin_lock(&named->flow->lock);
		if (counts(named)) {
			is_its |= named->flow == flow;
			err = sst_counters_take(&opening->replay, seq);
			reason = reason ?: err;
		}
		spin_unlock(&named->flow->lock);
	}
	spin_unlock_bh(&sn->opening_lock);
	return is_its ? reason : SST_A_STATS_RX_REPLAY;
}

/**
 * sst_admit_find() - the flow that an opening made
 * @sn: namespace
 * @id: the opening
 * @wire: tuple on which it came
 *
 * Return: the flow on this wire tuple, or a confirmed UDP flow that a NAT has
 * moved to it, valid in the caller's RCU read section; else NULL.
 */
struct sst_flow *sst_admit_find(struct sst_net *sn, const struct sst_open_id *id,
				const struct sst_tuple *wire)
{
	struct sst_flow *flow, *moved = NULL;
	struct rhlist_head *list, *pos;
	struct sst_named *named;
	struct sst_tuple before;

	list = sst_flowtable_openings(&sn->flows, id);
	rhl_for_each_entry_rcu(named, pos, list, node) {
		flow = named->flow;
		before = sst_flow_wire(flow);
		if (sst_tuple_equal(&before, wire))
			return flow;
		before.rport = wire->rport;
		if (wire->proto == IPPROTO_UDP && sst_flow_owns_wire(flow) &&
		    sst_tuple_equal(&before, wire))
			moved = flow;
	}
	return moved;
}
