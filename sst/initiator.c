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

#include "assoc.h"
#include "emit.h"
#include "event.h"
#include "flow.h"
#include "initiator.h"
#include "kdf.h"
#include "life.h"
#include "peer.h"
#include "pernet.h"
#include "select.h"
#include "sock.h"
#include "state.h"
#include "unseal.h"
#include "wireport.h"

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

/* The key of an attempt: all that are known of the peer, in turn. */
static struct sst_assoc *assoc_of(struct sst_net *sn,
				  const struct sst_tuple *real, u8 attempt)
{
	struct sst_assoc *assoc;
	unsigned int n;

	for (n = 0; ; n++) {
		assoc = sst_peers_by_address(&sn->peers, real->family,
					     &real->remote, n);
		if (!assoc)
			break;
		if (n == attempt)
			return assoc;
	}
	if (!n)
		return NULL;
	return sst_peers_by_address(&sn->peers, real->family, &real->remote,
				    attempt % n);
}

static struct sst_flow *make(struct sst_net *sn, const struct sst_pkt *pkt,
			     u8 attempt)
{
	const struct sst_tuple *real = &pkt->tuple;
	struct sst_tuple wire = *real;
	struct sst_assoc *assoc;
	struct sst_flow *flow;

	assoc = assoc_of(sn, real, attempt);
	if (!assoc)
		return NULL;
	wire.lport = sst_wireport_draw();
	wire.rport = sst_wireport_draw();
	flow = sst_flow_opened(real, &wire, assoc, SST_FLOW_ROLE_INITIATOR);
	if (!flow)
		return NULL;
	flow->oif = sst_packet_oif(real, skb_dst(pkt->skb)->dev);
	flow->opening->attempt = attempt;
	flow->opening->syn_seq = syn_seq(pkt);
	sst_opening_draw(flow->opening, assoc);
	return flow;
}

/*
 * A flow for this packet in the place of @old, or of none. Several CPUs may do
 * so at once for one tuple: the first to come makes the flow and the others use
 * it.
 */
static int open_flow(struct sst_net *sn, const struct sst_pkt *pkt,
		     struct sst_flow *old, u8 attempt, struct sst_flow **opened)
{
	const struct sst_tuple *real = &pkt->tuple;
	enum sst_flow_clash clash;
	struct sst_flow *flow;
	int draws;

	/* Salts and ports must not be guessed. */
	if (!rng_is_initialized())
		return SST_A_STATS_TX_LIMIT;
	/* The peer may be gone since its flow was opened. */
	if (!assoc_of(sn, real, attempt))
		return SST_A_STATS_TX_REQUIRED;
	for (draws = 0; draws < DRAWS_MAX; draws++) {
		flow = make(sn, pkt, attempt);
		if (!flow)
			return SST_A_STATS_TX_NOMEM;
		if (sst_sock_exists(sn->net, &flow->wire)) {
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
			*opened = sst_flowtable_by_real(&sn->flows, real);
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

/**
 * sst_initiator_open() - open a flow for a first packet
 * @sn: namespace
 * @pkt: whole packet on egress, a SYN or a datagram
 * @flow: output, valid in the caller's RCU read section
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_initiator_open(struct sst_net *sn, const struct sst_pkt *pkt,
		       struct sst_flow **flow)
{
	return open_flow(sn, pkt, NULL, 0, flow);
}

static int start_over(struct sst_net *sn, const struct sst_pkt *pkt, u8 attempt,
		      struct sst_flow **flow)
{
	struct sst_flow *old = *flow;

	return open_flow(sn, pkt, old, attempt, flow);
}

static int restart_opening(struct sst_net *sn, const struct sst_pkt *pkt,
			   struct sst_flow **flow)
{
	const struct sst_opening *opening = (*flow)->opening;
	/*
	 * Longer each time: on a path slower than that every answer would come
	 * too late for its opening.
	 */
	unsigned int wait = SST_OPEN_RESTART_SECONDS <<
			    min_t(u8, opening->attempt, SST_OPEN_BACKOFF_MAX);

	if (time_before(jiffies, opening->started + wait * HZ))
		return 0;
	sst_stats_inc(sn->stats, SST_A_STATS_TX_RESTARTED);
	return start_over(sn, pkt, opening->attempt + 1, flow);
}

/* A SYN on a tuple that has a flow. */
static int check_syn(struct sst_net *sn, const struct sst_pkt *pkt,
		     struct sst_flow **flow)
{
	const struct sst_opening *opening = (*flow)->opening;

	if (opening && opening->syn_seq == syn_seq(pkt)) {
		if (READ_ONCE((*flow)->state) == SST_FLOW_STATE_OPENING)
			return restart_opening(sn, pkt, flow);
		return 0;
	}
	/* Another connection: it gets a flow of its own. */
	if (!opening)
		return 0;
	return start_over(sn, pkt, 0, flow);
}

/* UDP liveness: open again, and start over when that is not answered. */
static int check_liveness(struct sst_net *sn, const struct sst_pkt *pkt,
			  struct sst_flow **pflow)
{
	struct sst_flow *flow = *pflow;
	u64 idle = get_jiffies_64() - READ_ONCE(flow->rx_last);

	if (flow->role != SST_FLOW_ROLE_INITIATOR)
		return 0;
	switch (READ_ONCE(flow->state)) {
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
		if (time_before(jiffies, READ_ONCE(flow->reopened) +
					 SST_REOPEN_RESTART_SECONDS * HZ))
			return 0;
		sst_stats_inc(sn->stats, SST_A_STATS_TX_RESTARTED);
		return start_over(sn, pkt, flow->opening->attempt + 1, pflow);
	default:
		return 0;
	}
}

/**
 * sst_initiator_check() - is its flow still the one for this packet?
 * @sn: namespace
 * @pkt: whole packet on egress
 * @flow: flow of its real tuple; may become another one, valid in the caller's
 *	RCU read section
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_initiator_check(struct sst_net *sn, const struct sst_pkt *pkt,
			struct sst_flow **flow)
{
	if (pkt->tuple.proto == IPPROTO_UDP)
		return check_liveness(sn, pkt, flow);
	if (sst_select_is_syn(pkt))
		return check_syn(sn, pkt, flow);
	if (READ_ONCE((*flow)->state) == SST_FLOW_STATE_OPENING)
		return SST_A_STATS_TX_WAITING;
	return 0;
}

/* The first ACCEPT that verifies fixes the keys of the flow. */
static int take_answer(struct sst_flow *flow, const u8 key[SST_SECRET_SIZE],
		       const struct sst_trailer *trailer)
{
	struct sst_opening *opening = flow->opening;
	const u8 *salt_r = trailer->accept.salt_r;

	lockdep_assert_held(&flow->lock);
	if (opening->answered)
		return memcmp(opening->salt_r, salt_r, SST_SALT_SIZE) ?
		       SST_A_STATS_RX_SALT : 0;
	if (sst_flow_set_secret(flow, opening->flow_key, salt_r))
		return SST_A_STATS_RX_NOMEM;
	memzero_explicit(opening->flow_key, SST_SECRET_SIZE);
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
	const u8 *salt_r = trailer->accept.salt_r;

	/* Pairs with take_answer(): salt and key are there. */
	if (smp_load_acquire(&opening->answered)) {
		if (memcmp(opening->salt_r, salt_r, SST_SALT_SIZE))
			return SST_A_STATS_RX_SALT;
		memcpy(key, opening->accept_key, SST_SECRET_SIZE);
	} else {
		/*
		 * Another CPU may just be putting the final key there; this
		 * packet then fails as if it had been lost.
		 */
		sst_kdf_h(key, opening->accept_key, salt_r);
	}
	if (!sst_replay_check(&opening->replay, trailer->meta.seq))
		return SST_A_STATS_RX_REPLAY;
	return sst_unseal_accept(pkt, flow, key, trailer);
}

/**
 * sst_initiator_accept() - an ACCEPT arrived
 * @sn: namespace
 * @flow: flow that owns its wire tuple
 * @pkt: the packet
 * @trailer: its trailer
 *
 * Return: 0 when it verified, or the counter of the reason to drop it.
 */
int sst_initiator_accept(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer)
{
	u8 key[SST_SECRET_SIZE];
	bool moved = false;
	int reason;

	reason = verify_accept(flow, pkt, trailer, key);
	if (!reason) {
		spin_lock_bh(&flow->lock);
		reason = take_answer(flow, key, trailer);
		if (!reason && !sst_replay_take(&flow->opening->replay,
						trailer->meta.seq))
			reason = SST_A_STATS_RX_REPLAY;
		if (!reason)
			moved = sst_state_move(flow, SST_FLOW_STATE_LIVE);
		/* Or the next packet would find it idle and open again. */
		if (!reason)
			WRITE_ONCE(flow->rx_last, get_jiffies_64());
		spin_unlock_bh(&flow->lock);
	}
	memzero_explicit(key, sizeof(key));
	if (reason)
		return reason;
	sst_stats_inc(sn->stats, SST_A_STATS_RX_ACCEPT);
	if (!moved)
		return 0;
	sst_event_confirmed(sn, flow);
	/* Nothing else may follow soon that would confirm it to the peer. */
	if (trailer->meta.flags & SST_FLAG_EMPTY)
		sst_emit_empty(sn, flow);
	return 0;
}
