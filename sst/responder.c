// SPDX-License-Identifier: GPL-2.0
/*
 * The side that is opened to (protocol section 6): whose opening it is, whether
 * it is a repeat, when its payload may be delivered, and the confirmation.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/string.h>
#include <linux/random.h>
#include <linux/rhashtable.h>

#include "admit.h"
#include "answer.h"
#include "assoc.h"
#include "compat.h"
#include "derived.h"
#include "doorman.h"
#include "emit.h"
#include "event.h"
#include "flow.h"
#include "held.h"
#include "host.h"
#include "kdf.h"
#include "peer.h"
#include "pernet.h"
#include "queue.h"
#include "responder.h"
#include "rewrite.h"
#include "seen.h"
#include "state.h"
#include "unseal.h"
#include "life.h"

/* Keys that are tried for a host whose clock may be wrong. */
#define BY_ADDRESS_MAX	4

static void name(struct sst_arrival *a, u64 uid)
{
	a->id.uid = uid;
	memcpy(a->id.salt_i, sst_trailer_enc(a->trailer),
	       sst_trailer_enc_size(a->trailer));
}

/* Does it verify under this association, or pre-shared key? */
static int verify(struct sst_arrival *a, const struct sst_assoc *assoc)
{
	int reason;

	sst_kdf_h(a->key, sst_assoc_open_key(assoc, sst_assoc_peer_side(assoc)),
		  sst_trailer_enc(a->trailer));
	reason = sst_unseal_open(a->pkt, &a->box, a->key, a->trailer);
	if (reason)
		return reason;
	a->assoc = assoc;
	a->assoc_uid = assoc->uid;
	a->party.peer_id = assoc->peer_id;
	a->party.side = assoc->side;
	a->party.suite = assoc->suite;
	name(a, assoc->uid);
	return 0;
}

/*
 * Anyone can have an association by INIT: what an INIT would have to show, its
 * opening has to, too.
 */
static int check_stranger(struct sst_net *sn, struct sst_arrival *a,
			  const struct sst_derived *derived)
{
	const struct sst_tuple *tuple = &a->pkt->tuple;
	const struct sst_peer *peer;
	bool elsewhere;

	/* Only where it was made somebody showed that he gets our answers. */
	elsewhere = !nf_inet_addr_cmp(&derived->path.remote, &tuple->remote);
	if (elsewhere && sst_doorman_wants_cookies(sn))
		return SST_A_STATS_RX_NO_COOKIE;
	a->limited = elsewhere;
	peer = sst_peers_by_number(&sn->peers, derived->path.peer_id);
	return sst_doorman_identity(sn, tuple, peer);
}

/* An association is used on the address on which it was made, and by whom it may. */
static int verify_derived(struct sst_net *sn, struct sst_arrival *a,
			  const struct sst_derived *derived)
{
	const struct sst_tuple *tuple = &a->pkt->tuple;
	int reason;

	if (derived->path.family != tuple->family ||
	    !nf_inet_addr_cmp(&derived->path.local, &tuple->local))
		return SST_RESPONDER_PASS;
	reason = verify(a, &derived->assoc);
	if (reason || derived->origin != SST_ASSOC_ORIGIN_INIT)
		return reason;
	if (derived->assoc.side == 1)
		return derived->has_identity ? 0 : SST_A_STATS_RX_IDENTITY;
	return check_stranger(sn, a, derived);
}

/*
 * It names nothing that this host has, or has no more: not ours, as far as can
 * be told. Counted, because most often the peer is to learn something.
 */
static int unknown(struct sst_net *sn, int counter)
{
	sst_stats_inc(sn->stats, counter);
	return SST_RESPONDER_PASS;
}

/*
 * Whose pre-shared key? The id in the packet changes with the hour, so a host
 * whose clock is wrong is known by its address, too. That is a guess: a packet
 * that then does not verify is somebody else's.
 */
static int identify_psk(struct sst_net *sn, struct sst_arrival *a)
{
	const struct sst_peer *peer;
	unsigned int n;

	peer = sst_peers_by_id(&sn->peers, a->trailer->name);
	if (peer)
		return verify(a, &peer->assoc);
	sst_peers_poke(&sn->peers);
	for (n = 0; n < BY_ADDRESS_MAX; n++) {
		peer = sst_peers_by_address(&sn->peers, a->pkt->tuple.family,
					    &a->pkt->tuple.remote, n);
		if (!peer)
			break;
		if (peer->kind != SST_PEER_PSK)
			continue;
		if (!__ratelimit(&sn->guess_limit))
			break;
		if (!verify(a, &peer->assoc))
			return 0;
	}
	return unknown(sn, SST_A_STATS_RX_NO_KEY);
}

static int identify(struct sst_net *sn, struct sst_arrival *a)
{
	const struct sst_derived *derived;

	if (a->trailer->form == SST_FORM_OPEN_NEW)
		return identify_psk(sn, a);
	derived = sst_derived_by_id(&sn->deriveds, a->trailer->name);
	return derived ? verify_derived(sn, a, derived) :
			 unknown(sn, SST_A_STATS_RX_NO_ASSOC);
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

/* What came allows for so much to be sent before anybody has shown who asks. */
static void add_credit(struct sst_opening *opening, const struct sst_pkt *pkt)
{
	int factor = pkt->tuple.proto == IPPROTO_TCP ? SST_AMPLIFICATION_TCP :
						       SST_AMPLIFICATION_UDP;

	if (opening->limited)
		atomic_add(factor * pkt->skb->len, &opening->credit);
}

/* A bare SYN does nothing twice: a copy of it must not be in the way. */
static int take(struct sst_net *sn, struct sst_flow *flow,
		const struct sst_arrival *a)
{
	u32 seq = a->trailer->meta.seq;
	int reason;

	if (sst_admit_carries_data(a))
		return sst_admit_take(sn, &a->id, flow, seq);
	spin_lock_bh(&flow->lock);
	reason = sst_counters_take(&flow->opening->replay, seq);
	spin_unlock_bh(&flow->lock);
	return reason;
}

/* Does a repeat say the same as what made the flow? */
static int check_box(const struct sst_flow *flow,
		     const struct sst_open_box *box)
{
	if (flow->peer_port != box->sport || flow->real.lport != box->dport)
		return SST_A_STATS_RX_PORTS;
	return flow->scope == box->scope ? 0 : SST_A_STATS_RX_FLAGS;
}

/* An opening that is known came again, and verified. */
static int repeat(struct sst_net *sn, struct sst_flow *flow,
		  struct sst_arrival *a)
{
	struct sst_opening *opening = flow->opening;
	int reason;

	reason = check_box(flow, &a->box);
	if (reason)
		return reason;
	add_credit(opening, a->pkt);
	if (!opening->fresh && sst_admit_carries_data(a)) {
		if (!sst_counters_check(&opening->replay, a->trailer->meta.seq))
			return SST_A_STATS_RX_REPLAY;
		WRITE_ONCE(opening->last, jiffies);
		return hold(sn, flow, a->pkt);
	}
	reason = take(sn, flow, a);
	if (reason)
		return reason;
	WRITE_ONCE(opening->last, jiffies);
	if (flow->real.proto == IPPROTO_UDP)
		sst_answer_owe(&sn->answers, flow);
	return 0;
}

/* The opening has a flow already. */
static int again(struct sst_net *sn, struct sst_flow *flow,
		 struct sst_arrival *a, struct sst_tuple *real)
{
	struct sst_tuple wire;
	bool moved;
	int reason;

	*real = flow->real;
	if (!sst_flow_owns_wire(flow))
		return repeat(sn, flow, a);
	wire = sst_flow_wire(flow);
	moved = !sst_tuple_equal(&wire, &a->pkt->tuple);
	if (moved && !sst_admit_tuple_is_free(sn, &a->pkt->tuple))
		return SST_A_STATS_RX_TUPLE;
	reason = sst_responder_reopen(sn, flow, a->pkt, a->trailer);
	/* A late repeat of what made an association moves nothing. */
	if (reason || !moved || a->trailer->form != SST_FORM_OPEN)
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
static int deliver_alone(struct sst_net *sn, const struct sst_arrival *a)
{
	u32 seq = a->trailer->meta.seq;
	u64 top;

	lockdep_assert_held(&sn->opening_lock);
	if (a->real.proto != IPPROTO_UDP)
		return SST_A_STATS_RX_GLARE;
	top = sst_seen_top(&sn->seen, &a->id);
	if (!a->fresh && (!top || seq < top))
		return SST_A_STATS_RX_GLARE;
	sst_seen_end(&sn->seen, &a->id, a->box.time, ktime_get_real_seconds(),
		     seq + 1ULL);
	return 0;
}

static int first(struct sst_net *sn, struct sst_arrival *a,
		 struct sst_flow **flow, struct sst_tuple *real)
{
	bool known;
	int reason;

	spin_lock_bh(&sn->opening_lock);
	/* Its copy may have come by another CPU in the meantime. */
	*flow = sst_admit_find(sn, &a->id, &a->pkt->tuple);
	known = *flow;
	reason = known ? 0 : sst_admit(sn, a, flow);
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
	if (!a->fresh && sst_admit_carries_data(a))
		return repeat(sn, *flow, a);
	add_credit((*flow)->opening, a->pkt);
	if (a->real.proto == IPPROTO_UDP)
		sst_answer_owe(&sn->answers, *flow);
	return 0;
}

/* Until its association is made, the packet waits. */
static int wait(struct sst_net *sn, const struct sst_arrival *a)
{
	int reason = sst_queue_opening(&sn->queue, &a->id, a->pkt);

	if (reason)
		return reason;
	sst_stats_inc(sn->stats, SST_A_STATS_RX_QUEUED);
	return SST_RESPONDER_HELD;
}

/* An opening without flow that verified, on a tuple that may become its own. */
static int begin(struct sst_net *sn, struct sst_arrival *a,
		 struct sst_flow **flow, struct sst_tuple *real)
{
	int reason;

	if (!sst_admit_tuple_is_free(sn, &a->pkt->tuple))
		return SST_A_STATS_RX_TUPLE;
	if (sst_tuple_equal(&a->real, &a->pkt->tuple))
		return SST_A_STATS_RX_PORTS;
	/* One that yields anyway makes nothing. */
	if (a->trailer->form == SST_FORM_OPEN_NEW && !sst_admit_yields(sn, a))
		return wait(sn, a);
	reason = sst_admit_by_rules(sn, a, 0);
	return reason ?: first(sn, a, flow, real);
}

/* A flow of UDP that a NAT has moved; the association that it made may be gone. */
static struct sst_flow *find_moved(struct sst_net *sn, struct sst_arrival *a)
{
	struct sst_flow *flow;

	if (a->trailer->form != SST_FORM_OPEN ||
	    a->pkt->tuple.proto != IPPROTO_UDP)
		return NULL;
	name(a, sst_assoc_uid(a->trailer->name));
	flow = sst_admit_find(sn, &a->id, &a->pkt->tuple);
	return flow && sst_flow_owns_wire(flow) ? flow : NULL;
}

static int open_assoc(struct sst_net *sn, struct sst_arrival *a,
		      struct sst_flow **flow, struct sst_tuple *real)
{
	int reason;

	*flow = find_moved(sn, a);
	if (*flow) {
		reason = sst_rewrite_prepare_open(a->pkt);
		return reason ?: again(sn, *flow, a, real);
	}
	reason = identify(sn, a);
	/* It is ours from here on. */
	if (!reason)
		reason = sst_rewrite_prepare_open(a->pkt);
	if (reason)
		return reason;
	/* Neither salts nor keys before the random generator is ready. */
	if (!rng_is_initialized())
		return SST_A_STATS_RX_NOMEM;
	a->real.rport = a->box.sport;
	a->real.lport = a->box.dport;
	*flow = sst_admit_find(sn, &a->id, &a->pkt->tuple);
	return *flow ? again(sn, *flow, a, real) : begin(sn, a, flow, real);
}

/* A repeat of an INIT has a flow: no public-key work is needed to verify it. */
static int repeat_init(struct sst_net *sn, struct sst_flow *flow,
		       struct sst_arrival *a, struct sst_tuple *real)
{
	int reason = 0;

	if (!sst_flow_owns_wire(flow))
		reason = sst_unseal_open(a->pkt, &a->box,
					 flow->opening->open_key, a->trailer);
	return reason ?: again(sn, flow, a, real);
}

static int open_init(struct sst_net *sn, struct sst_arrival *a,
		     struct sst_flow **flow, struct sst_tuple *real)
{
	const struct sst_host *host;
	int reason;

	host = sst_hosts_by_key_id(&sn->hosts, a->trailer->name);
	if (!host)
		return unknown(sn, SST_A_STATS_RX_NO_KEY);
	reason = sst_rewrite_prepare_open(a->pkt);
	if (reason)
		return reason;
	if (!rng_is_initialized())
		return SST_A_STATS_RX_NOMEM;
	name(a, host->uid);
	*flow = sst_admit_find(sn, &a->id, &a->pkt->tuple);
	if (*flow)
		return repeat_init(sn, *flow, a, real);
	if (!sst_admit_tuple_is_free(sn, &a->pkt->tuple))
		return SST_A_STATS_RX_TUPLE;
	reason = sst_doorman(sn, a->pkt, a->trailer, host);
	return reason ?: wait(sn, a);
}

/**
 * sst_responder_open() - an OPEN or INIT arrived on a tuple that no flow owns
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
	struct sst_arrival a = {
		.pkt = pkt,
		.trailer = trailer,
		.real = pkt->tuple,
	};
	int reason;

	*flow = NULL;
	reason = trailer->meta.type == SST_TYPE_INIT ?
		 open_init(sn, &a, flow, real) : open_assoc(sn, &a, flow, real);
	memzero_explicit(a.key, sizeof(a.key));
	if (!reason)
		sst_stats_inc(sn->stats, trailer->form == SST_FORM_OPEN ?
			      SST_A_STATS_RX_OPEN : SST_A_STATS_RX_INIT);
	return reason;
}

/* The key of a re-opening is another one than that of what made the flow. */
static const u8 *reopen_key(const struct sst_opening *opening,
			    const struct sst_trailer *trailer)
{
	if (trailer->form == opening->form)
		return opening->open_key;
	return trailer->form == SST_FORM_OPEN && opening->renewal ?
	       opening->renewal->key : NULL;
}

/* What repeats took is remembered without the window, which begins anew. */
static void renew(struct sst_net *sn, struct sst_flow *flow)
{
	struct sst_opening *opening = flow->opening;

	if (READ_ONCE(opening->renewed) || !sst_opening_is_new(opening))
		return;
	sst_seen_end(sst_pernet_seen(sn, opening->form), &opening->first.id,
		     opening->time, ktime_get_real_seconds(),
		     sst_counters_top(&opening->replay));
	spin_lock_bh(&flow->lock);
	sst_opening_renew(opening);
	spin_unlock_bh(&flow->lock);
}

/**
 * sst_responder_reopen() - an opening arrived for a flow that is confirmed
 * @sn: namespace
 * @flow: the flow
 * @pkt: the packet
 * @trailer: its trailer
 *
 * A late repeat of what made the flow is delivered; an OPEN re-opens it.
 *
 * Return: 0 when it is to be delivered, or the counter of the reason to drop
 * it.
 */
int sst_responder_reopen(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer)
{
	struct sst_opening *opening = flow->opening;
	const u8 *key = reopen_key(opening, trailer);
	const struct sst_named *named = &opening->first;
	bool reopens = trailer->form == SST_FORM_OPEN;
	struct sst_open_box box;
	int reason;

	if (!key || memcmp(opening->first.id.salt_i, sst_trailer_enc(trailer),
			   sst_trailer_enc_size(trailer)))
		return SST_A_STATS_RX_TUPLE;
	reason = sst_unseal_open(pkt, &box, key, trailer);
	if (reason)
		return reason;
	reason = check_box(flow, &box);
	if (reason)
		return reason;
	/* A SYN that was late; the connection is there. */
	if (flow->real.proto != IPPROTO_UDP)
		return SST_A_STATS_RX_TUPLE;
	if (reopens)
		renew(sn, flow);
	if (reopens && opening->renewal)
		named = &opening->renewal->named;
	reason = sst_admit_take(sn, &named->id, flow, trailer->meta.seq);
	if (reason)
		return reason;
	if (!reopens)
		return 0;
	spin_lock_bh(&flow->lock);
	sst_state_move(flow, SST_FLOW_STATE_REOPENING);
	spin_unlock_bh(&flow->lock);
	sst_answer_owe(&sn->answers, flow);
	return 0;
}

/* The same two hosts, as far as keys show it. */
static bool same_host(const struct sst_flow *a, const struct sst_flow *b)
{
	if (a->peer_id || b->peer_id)
		return a->peer_id == b->peer_id;
	return a->opening && b->opening &&
	       a->opening->assoc_uid == b->opening->assoc_uid;
}

/* Does @other leave the real tuple to a flow of the peer that is confirmed? */
static bool gives_way(const struct sst_flow *other, const struct sst_flow *flow)
{
	if (!same_host(other, flow))
		return false;
	/* Both are opening: as in any glare the larger salt stays. */
	return READ_ONCE(other->state) != SST_FLOW_STATE_OPENING ||
	       memcmp(other->opening->first.id.salt_i,
		      flow->opening->first.id.salt_i, SST_PUBLIC_SIZE) < 0;
}

/* What else claims the tuples of a flow that is about to be confirmed. */
static void end_rivals(struct sst_net *sn, const struct sst_flow *flow)
{
	const struct sst_tuple tuple = sst_flow_wire(flow);
	struct rhlist_head *list, *pos;
	struct sst_flow *other;
	struct sst_wire *wire;

	list = sst_flowtable_wires(&sn->flows, &tuple);
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

/*
 * Two peers behind one address: the other was confirmed, or listed, before. And
 * what this host opened meanwhile is fed by nobody whose name is not known.
 */
static bool feeds_another(struct sst_net *sn, const struct sst_flow *flow)
{
	const struct sst_flow *other;

	if (READ_ONCE(flow->lists_real))
		return false;
	other = sst_flowtable_by_real(&sn->flows, &flow->real);
	return other && !same_host(other, flow) &&
	       (other->role == SST_FLOW_ROLE_RESPONDER || !flow->peer_id);
}

/*
 * Whoever sealed a DATA has the secret key of the identity that it claims.
 * Returns false when nobody has that identity any more.
 */
static bool prove(struct sst_net *sn, struct sst_flow *flow)
{
	const struct sst_derived *derived = READ_ONCE(flow->opening->pending);

	if (!derived || flow->peer_id || !derived->path.peer_id)
		return true;
	return sst_life_identify(sn, flow, derived->path.peer_id);
}

/**
 * sst_responder_confirm() - the peer has shown that it got an answer
 * @sn: namespace
 * @flow: the flow, which waits for that or did a moment ago
 *
 * Confirms the flow, or ends its re-opening.
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_responder_confirm(struct sst_net *sn, struct sst_flow *flow)
{
	u8 state = READ_ONCE(flow->state);

	if (flow->role != SST_FLOW_ROLE_RESPONDER)
		return 0;
	if (state == SST_FLOW_STATE_REOPENING) {
		spin_lock_bh(&flow->lock);
		sst_state_move(flow, SST_FLOW_STATE_LIVE);
		spin_unlock_bh(&flow->lock);
		return 0;
	}
	if (!prove(sn, flow)) {
		sst_life_end(sn, flow, SST_CLOSE_REASON_PEER_DELETED);
		return SST_A_STATS_RX_IDENTITY;
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
	sst_opening_publish(sn, flow->opening);
	sst_event_confirmed(sn, flow);
	sst_held_release(sn, flow);
	return 0;
}
