// SPDX-License-Identifier: GPL-2.0
/*
 * A flow begins and ends: all that happens besides its entry in the tables.
 * While flows, or sockets that SST carried, exist the module holds itself: with
 * it would go what keeps their packets from leaving in clear (protocol
 * section 9).
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "answer.h"
#include "event.h"
#include "flow.h"
#include "life.h"
#include "peer.h"
#include "pernet.h"
#include "reaper.h"
#include "seen.h"
#include "source.h"
#include "tomb.h"

/**
 * sst_life_pin() - hold the module while this namespace has something to lose
 * @sn: namespace
 *
 * Return: false when the module is being unloaded.
 */
bool sst_life_pin(struct sst_net *sn)
{
	bool pinned;

	spin_lock_bh(&sn->pin_lock);
	if (!sn->pinned)
		sn->pinned = try_module_get(THIS_MODULE);
	pinned = sn->pinned;
	spin_unlock_bh(&sn->pin_lock);
	return pinned;
}

/**
 * sst_life_unpin() - let the module go, if no flow is left
 * @sn: namespace
 */
void sst_life_unpin(struct sst_net *sn)
{
	spin_lock_bh(&sn->pin_lock);
	if (sn->pinned && !READ_ONCE(sn->flows.count)) {
		sn->pinned = false;
		module_put(THIS_MODULE);
	}
	spin_unlock_bh(&sn->pin_lock);
}

static void count_for_peer(struct sst_net *sn, struct sst_flow *flow, int n)
{
	struct sst_peer *peer = sst_peers_by_number(&sn->peers, flow->peer_id);

	if (!peer)
		return;
	atomic_add(n, &peer->flows);
	if (n < 0)
		sst_peer_tell(peer, flow);
}

/* One source may open half of the flows of a namespace. */
static bool take_source(struct sst_net *sn, const struct sst_flow *flow)
{
	unsigned int max = READ_ONCE(sn->cfg.max_flows) / 2;

	return flow->role != SST_FLOW_ROLE_RESPONDER ||
	       sst_source_take(&sn->sources, &flow->real, max_t(u32, max, 1));
}

static void put_source(struct sst_net *sn, const struct sst_flow *flow)
{
	if (flow->role == SST_FLOW_ROLE_RESPONDER)
		sst_source_put(&sn->sources, &flow->real);
}

/* A flow that could not be added; packets may have found it for a moment. */
static void discard(struct sst_net *sn, struct sst_flow *flow)
{
	put_source(sn, flow);
	sst_answer_cancel(&sn->answers, flow);
	sst_flow_free_rcu(flow);
}

/* A tombstone of its tuple stays, for when it ends: a flow is looked up first. */
static void begun(struct sst_net *sn, struct sst_flow *flow)
{
	count_for_peer(sn, flow, 1);
	sst_event_opened(sn, flow);
}

/**
 * struct past - what outlives a flow
 * @real: it was found by its real tuple
 * @renewed: its packets were taken under the name of its re-openings since the
 *	window began
 * @top: one more than the highest counter that it took, 0 for none
 */
struct past {
	bool real;
	bool renewed;
	u64 top;
};

static struct past past_of(const struct sst_flow *flow)
{
	struct past past = { .real = READ_ONCE(flow->lists_real) };

	if (flow->role == SST_FLOW_ROLE_RESPONDER) {
		past.renewed = READ_ONCE(flow->opening->renewed);
		past.top = sst_counters_top(&flow->opening->replay);
	}
	return past;
}

static void remember_opening(struct sst_net *sn,
			     const struct sst_opening *opening,
			     const struct past *past)
{
	struct sst_open_id id = opening->first.id;
	struct sst_seen *seen = sst_pernet_seen(sn, opening->form);

	if (past->renewed) {
		sst_opening_reopen_id(opening, &id);
		seen = &sn->seen;
	}
	sst_seen_end(seen, &id, opening->time, ktime_get_real_seconds(),
		     past->top);
}

/*
 * Before it is unlinked, because packets look for it without a lock and must find
 * one or the other.
 */
static struct past remember(struct sst_net *sn, const struct sst_flow *flow)
{
	struct past past = past_of(flow);

	if (past.real)
		sst_tomb_add(&sn->tombs, &flow->real);
	if (flow->role == SST_FLOW_ROLE_RESPONDER)
		remember_opening(sn, flow->opening, &past);
	return past;
}

/* After it was unlinked: packets under way may have added something. */
static void remember_rest(struct sst_net *sn, const struct sst_flow *flow,
			  const struct past *known)
{
	struct past now = past_of(flow);

	if (now.real != known->real)
		sst_tomb_add(&sn->tombs, &flow->real);
	if (now.renewed != known->renewed || now.top != known->top)
		remember_opening(sn, flow->opening, &now);
}

/* @flow was just unlinked. */
static void ended(struct sst_net *sn, struct sst_flow *flow,
		  const struct past *known, u8 reason)
{
	remember_rest(sn, flow, known);
	sst_answer_cancel(&sn->answers, flow);
	put_source(sn, flow);
	count_for_peer(sn, flow, -1);
	sst_event_closed(sn, flow, reason);
	sst_flow_free_rcu(flow);
	if (!READ_ONCE(sn->flows.count))
		sst_reaper_kick(sn);
}

/**
 * sst_life_begin() - add a flow
 * @sn: namespace
 * @flow: complete flow
 *
 * The caller is in an RCU read section.
 *
 * Return: SST_CLASH_NONE, or why not; @flow is then freed, or on its way to be.
 */
enum sst_flow_clash sst_life_begin(struct sst_net *sn, struct sst_flow *flow)
{
	enum sst_flow_clash clash;

	if (!take_source(sn, flow)) {
		sst_flow_free(flow);
		return SST_CLASH_SOURCE;
	}
	clash = sst_flowtable_add(&sn->flows, flow,
				  READ_ONCE(sn->cfg.max_flows));
	if (clash != SST_CLASH_NONE) {
		discard(sn, flow);
		return clash;
	}
	begun(sn, flow);
	/* With the flow in the table nobody lets the module go in between. */
	if (!sst_life_pin(sn)) {
		sst_life_end(sn, flow, SST_CLOSE_REASON_EVICTED);
		return SST_CLASH_FULL;
	}
	return SST_CLASH_NONE;
}

/**
 * sst_life_replace() - put a flow in the place of another
 * @sn: namespace
 * @old: flow that ends
 * @flow: complete flow with the same real tuple
 * @reason: enum sst_close_reason of the old one
 *
 * The caller is in an RCU read section.
 *
 * Return: SST_CLASH_NONE; SST_CLASH_REAL when another call ended @old first;
 * SST_CLASH_SOURCE, and then @old stays; any other reason, and then @old has
 * ended. Without success @flow is freed, or on its way to be.
 */
enum sst_flow_clash sst_life_replace(struct sst_net *sn, struct sst_flow *old,
				     struct sst_flow *flow, u8 reason)
{
	enum sst_flow_clash clash;
	struct past known;

	if (!take_source(sn, flow)) {
		sst_flow_free(flow);
		return SST_CLASH_SOURCE;
	}
	known = remember(sn, old);
	clash = sst_flowtable_replace(&sn->flows, old, flow,
				      READ_ONCE(sn->cfg.max_flows));
	if (clash == SST_CLASH_NONE)
		begun(sn, flow);
	else
		discard(sn, flow);
	if (clash != SST_CLASH_REAL)
		ended(sn, old, &known, reason);
	/* For a moment there may have been no flow at all. */
	if (clash == SST_CLASH_NONE)
		sst_life_pin(sn);
	return clash;
}

/**
 * sst_life_identify() - the peer of a flow has proved who it is
 * @sn: namespace
 * @flow: flow of nobody that was known, found under RCU
 * @peer_id: the peer
 *
 * Return: false when the peer is gone.
 */
bool sst_life_identify(struct sst_net *sn, struct sst_flow *flow, u32 peer_id)
{
	if (!sst_peers_by_number(&sn->peers, peer_id))
		return false;
	/* Of several packets that prove it one does. */
	if (!cmpxchg(&flow->peer_id, 0, peer_id))
		count_for_peer(sn, flow, 1);
	return true;
}

/**
 * sst_life_end() - end a flow
 * @sn: namespace
 * @flow: flow found under RCU; not to be used behind that read section
 * @reason: enum sst_close_reason
 */
void sst_life_end(struct sst_net *sn, struct sst_flow *flow, u8 reason)
{
	struct past known = remember(sn, flow);

	if (sst_flowtable_del(&sn->flows, flow))
		ended(sn, flow, &known, reason);
}

static void end_if(struct sst_net *sn, u8 reason,
		   bool (*match)(const struct sst_flow *flow, u32 value),
		   u32 value)
{
	struct sst_flow *flow;
	u32 next = 0;

	for (;;) {
		rcu_read_lock();
		flow = sst_flowtable_next(&sn->flows, next);
		if (!flow) {
			rcu_read_unlock();
			return;
		}
		next = flow->id + 1;
		if (match(flow, value))
			sst_life_end(sn, flow, reason);
		rcu_read_unlock();
		cond_resched();
	}
}

static bool is_of_peer(const struct sst_flow *flow, u32 peer_id)
{
	return flow->peer_id == peer_id;
}

static bool is_of_proto(const struct sst_flow *flow, u32 proto)
{
	return !proto || flow->real.proto == proto;
}

/**
 * sst_life_end_peer() - end all flows with a peer that was deleted
 * @sn: namespace; process context
 * @peer_id: the peer
 */
void sst_life_end_peer(struct sst_net *sn, u32 peer_id)
{
	end_if(sn, SST_CLOSE_REASON_PEER_DELETED, is_of_peer, peer_id);
}

/**
 * sst_life_end_all() - end all flows
 * @sn: namespace; process context
 * @proto: of this protocol only, unless 0
 * @reason: enum sst_close_reason
 */
void sst_life_end_all(struct sst_net *sn, u8 proto, u8 reason)
{
	end_if(sn, reason, is_of_proto, proto);
}
