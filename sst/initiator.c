// SPDX-License-Identifier: GPL-2.0
/*
 * The side that opens (protocol section 6): a new flow for the first packet,
 * starting over when nobody answers, the answer, and opening again when a UDP
 * flow has gone quiet.
 */
#include <linux/jiffies.h>
#include <linux/random.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/ktime.h>

#include "assoc.h"
#include "cookie.h"
#include "derived.h"
#include "emit.h"
#include "encap.h"
#include "event.h"
#include "flow.h"
#include "held.h"
#include "host.h"
#include "initiator.h"
#include "jar.h"
#include "kdf.h"
#include "life.h"
#include "outcome.h"
#include "peer.h"
#include "pernet.h"
#include "prepare.h"
#include "queue.h"
#include "responder.h"
#include "scope.h"
#include "select.h"
#include "sock.h"
#include "state.h"
#include "unseal.h"
#include "wireport.h"

/* A cookie is not used in the last seconds of its life. */
#define COOKIE_MARGIN_SECONDS	5

/* Draws of wire ports before a destination counts as full. */
#define DRAWS_MAX	32

static u32 syn_seq(const struct sst_pkt *pkt)
{
	struct tcphdr _th;
	const struct tcphdr *th;

	if (pkt->tuple.proto != IPPROTO_TCP)
		return 0;
	th = skb_header_pointer(pkt->skb, pkt->thoff, sizeof(_th), &_th);
	return th ? ntohl(th->seq) : 0;
}

/**
 * struct attempt - what was tried before
 * @n: how often
 * @key: which of the keys that are known of the destination is next
 * @want: what the flow is to be like
 * @abandoned: uid of the association on which nobody answered, or 0
 */
struct attempt {
	u8 n;
	u8 key;
	struct sst_want want;
	u64 abandoned;
};

/**
 * struct way - how to open a flow
 * @peer: the peer
 * @derived: association with it, or NULL: then it is the peer's key that serves
 * @key: which of the destination's keys that is
 */
struct way {
	struct sst_peer *peer;
	struct sst_derived *derived;
	u8 key;
};

/* What it was to be like from the beginning. */
static struct sst_want want_of(const struct sst_opening *opening)
{
	return (struct sst_want) {
		.only = opening->only,
		.scope = opening->first.flow->scope,
		.mark = opening->first.flow->mark,
	};
}

/* One step up: from an association to the keys, from one key to the next. */
static struct attempt attempt_after(const struct sst_opening *opening)
{
	struct attempt next = {
		.n = opening->attempt + 1,
		.key = opening->step,
		.want = want_of(opening),
		.abandoned = opening->abandoned,
	};

	/* Also when a flow re-opens on the one that it made. */
	if (!opening->step ||
	    READ_ONCE(opening->first.flow->state) == SST_FLOW_STATE_REOPENING)
		next.abandoned = opening->assoc_uid;
	return next;
}

static bool may_serve(const struct sst_peer *peer, u32 only)
{
	return !only || peer->id == only;
}

/* The newest association with the first of its peers that has one. */
static bool find_derived(struct sst_net *sn, const struct sst_tuple *real,
			 u32 only, struct way *way)
{
	struct sst_peer_link *link;

	for (link = sst_peers_at(&sn->peers, real->family, &real->remote); link;
	     link = sst_peers_next_at(link)) {
		if (!may_serve(link->peer, only))
			continue;
		way->derived = sst_derived_by_path(&sn->deriveds, real,
						   link->peer->id);
		way->peer = link->peer;
		if (way->derived)
			return true;
	}
	return false;
}

/* How many keys are known of the destination? */
static unsigned int count_keys(struct sst_net *sn, const struct sst_tuple *real,
			       u32 only)
{
	struct sst_peer_link *link;
	unsigned int n = 0;

	for (link = sst_peers_at(&sn->peers, real->family, &real->remote); link;
	     link = sst_peers_next_at(link))
		n += may_serve(link->peer, only);
	return n;
}

/* The peer with the @n-th of them. */
static struct sst_peer *nth_key(struct sst_net *sn, const struct sst_tuple *real,
				u32 only, unsigned int n)
{
	struct sst_peer_link *link;

	for (link = sst_peers_at(&sn->peers, real->family, &real->remote); link;
	     link = sst_peers_next_at(link))
		if (may_serve(link->peer, only) && !n--)
			return link->peer;
	return NULL;
}

/* All that is known of the destination, in turn. */
static bool choose(struct sst_net *sn, const struct sst_tuple *real,
		   const struct attempt *attempt, struct way *way)
{
	unsigned int known;

	/* Whoever has lost one has lost all. */
	if (!attempt->n && find_derived(sn, real, attempt->want.only, way))
		return true;
	way->derived = NULL;
	known = count_keys(sn, real, attempt->want.only);
	if (!known)
		return false;
	way->key = attempt->key % known;
	way->peer = nth_key(sn, real, attempt->want.only, way->key);
	return way->peer;
}

/*
 * Public-key work is done ahead. Whoever is no softirq can do it now, if many
 * flows begin at once.
 */
static bool take_encap(struct sst_net *sn, struct sst_peer *peer,
		       struct sst_encap *encap)
{
	bool ready = sst_encaps_take(&peer->encaps, encap);

	sst_prepare_peer(sn, peer->id);
	return ready || (!in_serving_softirq() &&
			 sst_encap_make(encap, peer->public, peer->suite));
}

/* Who we are, if the peer is to know, and that we get what it sends. */
static void add_proofs(struct sst_net *sn, struct sst_opening *opening,
		       const struct sst_peer *peer, const struct sst_tuple *real)
{
	struct sst_ephemeral *ephemeral = opening->ephemeral;
	const struct sst_host *own;

	own = peer->identity == SST_IDENTITY_MODE_NONE ? NULL :
	      sst_hosts_next(&sn->hosts, 0);
	if (own) {
		opening->form |= SST_FLAG_IDENTITY;
		ephemeral->own = own->pair;
	} else if (peer->identity != SST_IDENTITY_MODE_NONE) {
		sst_stats_inc(sn->stats, SST_A_STATS_TX_NO_IDENTITY);
	}
	if (sst_jar_get(&sn->jar, real, &ephemeral->cookie,
			ktime_get_boottime_seconds()))
		opening->form |= SST_FLAG_PROOF;
}

/* Returns 0, or the counter of the reason. */
static int draw_init(struct sst_net *sn, struct sst_flow *flow,
		     struct sst_peer *peer)
{
	struct sst_encap encap;
	int reason = 0;

	if (!take_encap(sn, peer, &encap))
		return SST_A_STATS_TX_UNREADY;
	if (sst_opening_draw_init(flow->opening, peer, &encap))
		add_proofs(sn, flow->opening, peer, &flow->real);
	else
		reason = SST_A_STATS_TX_NOMEM;
	memzero_explicit(&encap, sizeof(encap));
	return reason;
}

static bool take_pair(struct sst_net *sn, struct sst_pair *pair)
{
	bool ready = sst_pairs_take(&sn->pairs, pair);

	sst_prepare_pairs(sn);
	if (ready || in_serving_softirq())
		return ready;
	sst_x25519_draw(pair);
	return true;
}

/* Returns 0, or the counter of the reason. */
static int draw_psk(struct sst_net *sn, struct sst_flow *flow,
		    const struct sst_peer *peer)
{
	struct sst_pair pair;
	int reason = 0;

	if (!take_pair(sn, &pair))
		return SST_A_STATS_TX_UNREADY;
	if (!sst_opening_draw_psk(flow->opening, peer, &pair))
		reason = SST_A_STATS_TX_NOMEM;
	memzero_explicit(&pair, sizeof(pair));
	return reason;
}

static int draw_with_key(struct sst_net *sn, struct sst_flow *flow,
			 struct sst_peer *peer)
{
	return peer->kind == SST_PEER_PUBLIC ? draw_init(sn, flow, peer) :
					       draw_psk(sn, flow, peer);
}

static struct sst_party party_of(const struct way *way)
{
	struct sst_party party = {
		.peer_id = way->peer->id,
		.side = 1,
		.suite = way->peer->suite,
	};

	if (way->derived)
		party.side = way->derived->assoc.side;
	else if (way->peer->kind == SST_PEER_PSK)
		party.side = way->peer->assoc.side;
	return party;
}

/**
 * struct request - a flow that is to be opened
 * @real: its real tuple
 * @oif: interface that packets to the peer must take, or 0
 * @syn_seq: sequence number of its SYN
 * @attempt: what was tried before
 */
struct request {
	const struct sst_tuple *real;
	int oif;
	u32 syn_seq;
	struct attempt attempt;
};

/*
 * Scope label proves no identity: where one is due, the flow that makes the
 * association has the default, and those that are opened on it need not.
 */
static u8 scope_by(const struct way *way, u8 scope)
{
	return !way->derived && way->peer->kind == SST_PEER_PUBLIC &&
	       way->peer->identity != SST_IDENTITY_MODE_NONE ?
	       sst_scope_stronger(scope, SST_SCOPE_PORTS) : scope;
}

/* Returns 0, or the counter of the reason. */
static int make(struct sst_net *sn, const struct request *req,
		struct sst_flow **made)
{
	struct sst_tuple wire = *req->real;
	struct sst_opening *opening;
	struct way way = {};
	struct sst_party party;
	struct sst_flow *flow;
	int reason = 0;

	/* The peer may be gone since its flow was opened. */
	if (!choose(sn, req->real, &req->attempt, &way))
		return SST_A_STATS_TX_REQUIRED;
	wire.lport = sst_wireport_draw();
	wire.rport = sst_wireport_draw_from(way.peer->wire_ports);
	party = party_of(&way);
	flow = sst_flow_opened(req->real, &wire, &party,
			       SST_FLOW_ROLE_INITIATOR);
	if (!flow)
		return SST_A_STATS_TX_NOMEM;
	flow->oif = req->oif;
	flow->scope = scope_by(&way, req->attempt.want.scope);
	flow->mark = req->attempt.want.mark;
	opening = flow->opening;
	opening->attempt = req->attempt.n;
	opening->step = way.derived ? 0 : way.key + 1;
	opening->only = req->attempt.want.only;
	opening->abandoned = req->attempt.abandoned;
	opening->syn_seq = req->syn_seq;
	if (way.derived)
		sst_opening_draw(opening, &way.derived->assoc);
	else
		reason = draw_with_key(sn, flow, way.peer);
	if (reason)
		sst_flow_free(flow);
	else
		*made = flow;
	return reason;
}

/*
 * A flow for this packet in the place of @old, or of none. Several CPUs may do
 * so at once for one tuple: the first to come makes the flow and the others use
 * it.
 */
static int open_flow(struct sst_net *sn, const struct request *req,
		     struct sst_flow *old, struct sst_flow **opened)
{
	enum sst_flow_clash clash;
	struct sst_tuple wire;
	struct sst_flow *flow;
	int draws, reason;

	/* Salts and ports must not be guessed. */
	if (!rng_is_initialized())
		return SST_A_STATS_TX_LIMIT;
	for (draws = 0; draws < DRAWS_MAX; draws++) {
		reason = make(sn, req, &flow);
		if (reason)
			return reason;
		wire = sst_flow_wire(flow);
		if (sst_sock_exists(sn->net, &wire)) {
			sst_flow_free(flow);
			continue;
		}
		*opened = flow;
		clash = old ? sst_life_replace(sn, old, flow,
					       SST_CLOSE_REASON_REPLACED) :
			      sst_life_begin(sn, flow);
		if (clash == SST_CLASH_NONE)
			return 0;
		if (clash == SST_CLASH_REAL) {
			*opened = sst_flowtable_by_real(&sn->flows, req->real);
			if (*opened)
				return 0;
		}
		if (clash == SST_CLASH_NOMEM)
			return SST_A_STATS_TX_NOMEM;
		/* Other wire ports help against neither. */
		if (clash == SST_CLASH_FULL || clash == SST_CLASH_REAL_IS_WIRE)
			break;
		/* Whatever it was, the old one has gone or is not to be had. */
		old = NULL;
	}
	return SST_A_STATS_TX_LIMIT;
}

static struct request request_of(const struct sst_pkt *pkt,
				 struct attempt attempt)
{
	return (struct request){
		.real = &pkt->tuple,
		.oif = sst_packet_oif(&pkt->tuple, skb_dst(pkt->skb)->dev),
		.syn_seq = syn_seq(pkt),
		.attempt = attempt,
	};
}

/**
 * sst_initiator_open() - open a flow for a first packet
 * @sn: namespace
 * @pkt: whole packet on egress, a SYN or a datagram
 * @want: what the flow is to be like
 * @flow: output, valid in the caller's RCU read section
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_initiator_open(struct sst_net *sn, const struct sst_pkt *pkt,
		       const struct sst_want *want, struct sst_flow **flow)
{
	struct request req = request_of(pkt, (struct attempt){ .want = *want });

	return open_flow(sn, &req, NULL, flow);
}

static int start_over(struct sst_net *sn, const struct sst_pkt *pkt,
		      struct attempt attempt, struct sst_flow **flow)
{
	struct request req = request_of(pkt, attempt);
	struct sst_flow *old = *flow;

	return open_flow(sn, &req, old, flow);
}

/* The same again, because something has changed in its favour. */
static struct attempt same_attempt(const struct sst_opening *opening)
{
	return (struct attempt){
		.n = opening->attempt,
		.key = opening->step ? opening->step - 1 : 0,
		.want = want_of(opening),
		.abandoned = opening->abandoned,
	};
}

static bool is_unproven(const struct sst_opening *opening)
{
	return sst_opening_is_init(opening) &&
	       !(opening->form & SST_FLAG_PROOF);
}

/*
 * A COOKIE came since: its packet had not been kept, or it had a proof that was
 * of no use, because the peer has other secrets now.
 */
static bool has_cookie_now(struct sst_net *sn, const struct sst_flow *flow)
{
	const struct sst_opening *opening = flow->opening;
	struct sst_cookie_box cookie;
	bool has;

	has = (is_unproven(opening) ||
	       (sst_opening_is_init(opening) &&
		READ_ONCE(opening->ephemeral->refused))) &&
	      sst_jar_get(&sn->jar, &flow->real, &cookie,
			  ktime_get_boottime_seconds());
	memzero_explicit(&cookie, sizeof(cookie));
	return has;
}

static noinline_for_stack int
restart_opening(struct sst_net *sn, const struct sst_pkt *pkt,
		struct sst_flow **flow)
{
	const struct sst_opening *opening = (*flow)->opening;
	unsigned int wait = sst_opening_is_init(opening) ?
			    SST_INIT_RESTART_SECONDS : SST_OPEN_RESTART_SECONDS;

	/*
	 * Longer each time: on a path slower than that every answer would come
	 * too late for its opening.
	 */
	wait <<= min_t(u8, opening->attempt, SST_OPEN_BACKOFF_MAX);
	if (has_cookie_now(sn, *flow))
		return start_over(sn, pkt, same_attempt(opening), flow);
	if (time_before64(get_jiffies_64(), (*flow)->added + wait * HZ))
		return 0;
	sst_stats_inc(sn->stats, SST_A_STATS_TX_RESTARTED);
	return start_over(sn, pkt, attempt_after(opening), flow);
}

/*
 * Another connection gets a flow of its own, with whom rules and its socket say
 * now. Where they ask for nothing, the tuple is one of SST all the same, and of
 * the peer that it was.
 */
static noinline_for_stack int
begin_anew(struct sst_net *sn, const struct sst_pkt *pkt, const struct sock *sk,
	   struct sst_flow **flow)
{
	struct attempt first = { .want = want_of((*flow)->opening) };
	struct sst_want want;
	int choice;

	choice = sst_select(sn, pkt, SST_PKT_WHOLE, sk, &want);
	if (choice == SST_A_STATS_TX_REQUIRED)
		return choice;
	if (choice == SST_SELECT_OPEN)
		first.want = want;
	return start_over(sn, pkt, first, flow);
}

/* A SYN on a tuple that has a flow. */
static int check_syn(struct sst_net *sn, const struct sst_pkt *pkt,
		     const struct sock *sk, struct sst_flow **flow)
{
	const struct sst_opening *opening = (*flow)->opening;

	if (opening && opening->syn_seq == syn_seq(pkt)) {
		if (READ_ONCE((*flow)->state) == SST_FLOW_STATE_OPENING)
			return restart_opening(sn, pkt, flow);
		return 0;
	}
	return opening ? begin_anew(sn, pkt, sk, flow) : 0;
}

static noinline_for_stack int
restart_reopening(struct sst_net *sn, const struct sst_pkt *pkt,
		  struct sst_flow **flow)
{
	if (time_before(jiffies, READ_ONCE((*flow)->reopened) +
				 SST_REOPEN_RESTART_SECONDS * HZ))
		return 0;
	sst_stats_inc(sn->stats, SST_A_STATS_TX_RESTARTED);
	return start_over(sn, pkt, attempt_after((*flow)->opening), flow);
}

/* UDP liveness: open again, and start over when that is not answered. */
static int check_liveness(struct sst_net *sn, const struct sst_pkt *pkt,
			  struct sst_flow **pflow)
{
	struct sst_flow *flow = *pflow;
	u64 idle;
	u8 state;

	if (flow->role != SST_FLOW_ROLE_INITIATOR)
		return 0;
	/* Whoever sees it live sees when its answer came. */
	state = smp_load_acquire(&flow->state);
	idle = get_jiffies_64() - READ_ONCE(flow->rx_last);
	switch (state) {
	case SST_FLOW_STATE_OPENING:
		return restart_opening(sn, pkt, pflow);
	case SST_FLOW_STATE_LIVE:
		if (idle < SST_REOPEN_IDLE_SECONDS * HZ)
			return 0;
		spin_lock_bh(&flow->lock);
		if (sst_state_move(flow, SST_FLOW_STATE_REOPENING))
			WRITE_ONCE(flow->reopened, jiffies);
		spin_unlock_bh(&flow->lock);
		return 0;
	case SST_FLOW_STATE_REOPENING:
		return restart_reopening(sn, pkt, pflow);
	default:
		return 0;
	}
}

/**
 * sst_initiator_check() - is its flow still the one for this packet?
 * @sn: namespace
 * @pkt: whole packet on egress
 * @sk: its socket as the hook knows it, or NULL
 * @flow: flow of its real tuple; may become another one, valid in the caller's
 *	RCU read section
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_initiator_check(struct sst_net *sn, const struct sst_pkt *pkt,
			const struct sock *sk, struct sst_flow **flow)
{
	if (pkt->tuple.proto == IPPROTO_UDP)
		return check_liveness(sn, pkt, flow);
	if (sst_select_is_syn(pkt))
		return check_syn(sn, pkt, sk, flow);
	if (READ_ONCE((*flow)->state) == SST_FLOW_STATE_OPENING)
		return SST_A_STATS_TX_WAITING;
	return 0;
}

/* The first ACCEPT that verifies fixes the keys of the flow. */
static int take_answer(struct sst_flow *flow, const u8 key[SST_SECRET_SIZE],
		       const struct sst_trailer *trailer)
{
	struct sst_opening *opening = flow->opening;
	const u8 *salt_r = sst_trailer_enc(trailer);

	lockdep_assert_held(&flow->lock);
	if (opening->answered)
		return memcmp(opening->salt_r, salt_r,
			      sst_trailer_enc_size(trailer)) ?
		       SST_A_STATS_RX_SALT : 0;
	if (sst_flow_set_secret(flow, salt_r))
		return SST_A_STATS_RX_NOMEM;
	memcpy(opening->salt_r, salt_r, SST_SALT_SIZE);
	memcpy(opening->accept_key, key, SST_SECRET_SIZE);
	/* Pairs with verify_accept(). */
	smp_store_release(&opening->answered, true);
	return 0;
}

static int verify_accept(const struct sst_flow *flow, const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer,
			 u8 key[SST_SECRET_SIZE])
{
	const struct sst_opening *opening = flow->opening;
	const u8 *salt_r = sst_trailer_enc(trailer);

	/* Pairs with take_answer(): salt and key are there. */
	if (smp_load_acquire(&opening->answered)) {
		if (memcmp(opening->salt_r, salt_r,
			   sst_trailer_enc_size(trailer)))
			return SST_A_STATS_RX_SALT;
		memcpy(key, opening->accept_key, SST_SECRET_SIZE);
	} else {
		/*
		 * Another CPU may just be putting the final key there; this
		 * packet then fails as if it had been lost.
		 */
		sst_kdf_h(key, opening->accept_key, salt_r);
	}
	if (!sst_counters_check(&opening->replay, trailer->meta.seq))
		return SST_A_STATS_RX_REPLAY;
	return sst_unseal_accept(pkt, flow, key, trailer, NULL);
}

/* Anybody can send an ACCEPT N: what each of them costs is bounded. */
static bool may_try(struct sst_flow *flow)
{
	struct sst_ephemeral *ephemeral = flow->opening->ephemeral;
	unsigned long second = jiffies / HZ;
	bool may = true;

	spin_lock_bh(&flow->lock);
	if (ephemeral->tried < SST_ACCEPTS_TRIED) {
		ephemeral->tried++;
	} else {
		if (ephemeral->tried_second != second)
			ephemeral->tried_now = 0;
		ephemeral->tried_second = second;
		may = ephemeral->tried_now < SST_ACCEPTS_PER_SECOND;
		ephemeral->tried_now += may;
	}
	spin_unlock_bh(&flow->lock);
	return may;
}

/* Its keys come of public-key work, for which the packet waits. */
static int wait(struct sst_net *sn, struct sst_flow *flow,
		const struct sst_pkt *pkt, const struct sst_trailer *trailer)
{
	int reason;

	if (!may_try(flow))
		return SST_A_STATS_RX_QUEUE;
	reason = sst_queue_answer(&sn->queue, flow->id,
				  sst_trailer_enc(trailer), pkt);
	if (reason)
		return reason;
	sst_stats_inc(sn->stats, SST_A_STATS_RX_QUEUED);
	return SST_RESPONDER_HELD;
}

/**
 * sst_initiator_accept() - an ACCEPT arrived
 * @sn: namespace
 * @flow: flow that owns its wire tuple
 * @pkt: the packet
 * @trailer: its trailer
 *
 * Return: 0 when it verified, SST_RESPONDER_HELD when it waits, or the counter
 * of the reason to drop it.
 */
int sst_initiator_accept(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer)
{
	bool makes = trailer->form == SST_FORM_ACCEPT_NEW;
	const struct sst_opening *opening = flow->opening;
	u8 key[SST_SECRET_SIZE];
	bool moved = false;
	int reason;

	if (makes && !sst_opening_is_new(opening))
		return SST_A_STATS_RX_FLAGS;
	/* Pairs with the work that makes the association (newassoc.c). */
	if (sst_opening_is_new(opening) && !smp_load_acquire(&opening->answered))
		return makes ? wait(sn, flow, pkt, trailer) :
			       SST_A_STATS_RX_FLAGS;
	reason = verify_accept(flow, pkt, trailer, key);
	if (!reason) {
		spin_lock_bh(&flow->lock);
		reason = take_answer(flow, key, trailer);
		if (!reason)
			reason = sst_counters_take(&flow->opening->replay,
						   trailer->meta.seq);
		/* First, or the next packet would find it idle and open again. */
		if (!reason)
			WRITE_ONCE(flow->rx_last, get_jiffies_64());
		if (!reason)
			moved = sst_state_move(flow, SST_FLOW_STATE_LIVE);
		spin_unlock_bh(&flow->lock);
	}
	memzero_explicit(key, sizeof(key));
	if (reason)
		return reason;
	sst_stats_inc(sn->stats, SST_A_STATS_RX_ACCEPT);
	if (!moved)
		return 0;
	sst_event_confirmed(sn, flow);
	/*
	 * Nothing else may follow soon that would confirm it to the peer; and
	 * until it is, the peer does not know an association that it made.
	 */
	if (trailer->meta.flags & SST_FLAG_EMPTY ||
	    (makes && flow->real.proto == IPPROTO_UDP))
		sst_emit_empty(sn, flow);
	return 0;
}

/**
 * sst_initiator_keep() - keep a copy of the first packet of an INIT
 * @flow: its flow
 * @skb: the packet, with its real ports
 *
 * Should the peer answer with a COOKIE, it goes out again at once.
 */
void sst_initiator_keep(struct sst_flow *flow, const struct sk_buff *skb)
{
	struct sst_opening *opening = flow->opening;
	struct sk_buff *copy;

	if (!is_unproven(opening) || READ_ONCE(opening->ephemeral->kept) ||
	    skb_is_gso(skb))
		return;
	copy = sst_held_copy(skb);
	if (!copy)
		return;
	spin_lock_bh(&flow->lock);
	if (!opening->ephemeral->kept && !opening->answered)
		swap(opening->ephemeral->kept, copy);
	spin_unlock_bh(&flow->lock);
	sst_held_drop(copy);
}

static struct sk_buff *take_kept(struct sst_flow *flow)
{
	struct sk_buff *skb = NULL;

	spin_lock_bh(&flow->lock);
	swap(flow->opening->ephemeral->kept, skb);
	spin_unlock_bh(&flow->lock);
	return skb;
}

/* With new wire ports, a new enc_i, and a proof. */
static void send_again(struct sst_net *sn, struct sst_flow *old,
		       struct sk_buff *skb)
{
	struct request req = {
		.real = &old->real,
		.oif = old->oif,
		.syn_seq = old->opening->syn_seq,
		.attempt = same_attempt(old->opening),
	};
	struct sst_flow *flow;
	int reason;

	reason = open_flow(sn, &req, old, &flow);
	if (reason) {
		sst_drop(sn, NULL, reason);
		sst_held_drop(skb);
		return;
	}
	sst_emit_kept(sn, flow, sst_held_take(skb));
}

static bool open_cookie(struct sst_net *sn, const struct sst_flow *flow,
			const struct sst_trailer *trailer,
			struct sst_cookie_box *cookie)
{
	const struct sst_peer *peer;
	u8 key[SST_SECRET_SIZE];

	peer = sst_peers_by_number(&sn->peers, flow->peer_id);
	if (!peer || peer->kind != SST_PEER_PUBLIC)
		return false;
	sst_cookie_key(key, peer->public);
	return sst_cookie_open(cookie, (const void *)trailer->bytes, key,
			       flow->opening->first.id.salt_i);
}

/**
 * sst_initiator_cookie() - a COOKIE arrived
 * @sn: namespace
 * @flow: flow that owns its wire tuple
 * @trailer: trailer of the packet
 *
 * Whoever saw the INIT can make one, too: it costs one packet, once.
 *
 * Return: the counter of what became of it; nothing of it is for the stack.
 */
int sst_initiator_cookie(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_trailer *trailer)
{
	struct sst_opening *opening = flow->opening;
	struct sst_cookie_box cookie;
	struct sk_buff *skb = NULL;

	if (READ_ONCE(opening->answered))
		return SST_A_STATS_RX_COOKIE_LATE;
	if (trailer->meta.seq >= atomic64_read(&opening->next_seq) ||
	    !open_cookie(sn, flow, trailer, &cookie))
		return SST_A_STATS_RX_AUTH;
	/* It was on its way for a while, and so will be what it proves. */
	cookie.ttl -= min_t(u32, cookie.ttl / 2, COOKIE_MARGIN_SECONDS);
	sst_jar_put(&sn->jar, &flow->real, &cookie,
		    ktime_get_boottime_seconds());
	memzero_explicit(&cookie, sizeof(cookie));
	/* After a proof it waits for the next packet. */
	if (is_unproven(opening))
		skb = take_kept(flow);
	else
		WRITE_ONCE(opening->ephemeral->refused, true);
	if (skb)
		send_again(sn, flow, skb);
	return SST_A_STATS_RX_COOKIE;
}
