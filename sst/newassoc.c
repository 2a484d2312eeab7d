// SPDX-License-Identifier: GPL-2.0
/*
 * The public-key work (protocol sections 6.2, 6.4 and 7): what an INIT or an
 * OPEN N, or the answer to it, makes of ephemeral keys. In process context; the
 * packets come from the queue and take the whole way in again when the flow
 * knows its keys.
 */
#include <linux/netfilter.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "admit.h"
#include "assoc.h"
#include "derived.h"
#include "doorman.h"
#include "encap.h"
#include "event.h"
#include "flow.h"
#include "handshake.h"
#include "held.h"
#include "host.h"
#include "kdf.h"
#include "newassoc.h"
#include "outcome.h"
#include "peer.h"
#include "pernet.h"
#include "prepare.h"
#include "queue.h"
#include "rewrite.h"
#include "stream.h"
#include "unseal.h"

/* No work is needed: the packets can take their way. */
#define KNOWN		(-1)

/* Draws of an ephemeral key for an association whose id is not taken. */
#define DRAWS_MAX	4

/**
 * struct task - one entry of the queue under work; too large for a stack
 * @sn: namespace
 * @entry: the entry
 * @packets: its packets, once they are taken
 * @pkt: the packet that is looked at
 * @trailer: its trailer
 * @stream: for it
 * @a: of a responder, the opening
 * @agreement: what the association is made from
 * @eph: ephemeral key of this host
 * @own: static key of this host that takes part, if any
 * @claimed: identifier of the peer whose identity an INIT claims, or 0
 * @keys: of an INIT
 */
struct task {
	struct sst_net *sn;
	struct sst_queued *entry;
	struct sk_buff_head packets;
	struct sst_pkt pkt;
	struct sst_trailer trailer;
	struct sst_stream stream;
	struct sst_arrival a;
	struct sst_agreement agreement;
	struct sst_pair eph;
	struct sst_pair own;
	u32 claimed;
	struct sst_init_keys keys;
};

/* It was read before it was queued, so this only fails when memory is short. */
static int read(struct task *t, struct sk_buff *skb, unsigned int types)
{
	u8 family = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 :
						       NFPROTO_IPV6;

	if (sst_packet_parse(&t->pkt, skb, family, SST_PKT_IN, &t->sn->cfg) !=
	    SST_PKT_WHOLE)
		return SST_A_STATS_RX_LENGTH;
	return sst_unseal_read(&t->pkt, &t->trailer, types);
}

/* The first one decides what the work is; it stays where it is. */
static int read_first(struct task *t, unsigned int types)
{
	struct sst_queue *queue = &t->sn->queue;
	struct sk_buff *skb;

	spin_lock_bh(&queue->lock);
	skb = skb_peek(&t->entry->packets);
	spin_unlock_bh(&queue->lock);
	return read(t, skb, types);
}

static void drop(struct task *t, const struct sst_flow *flow,
		 struct sk_buff *skb, int reason)
{
	sst_drop(t->sn, flow, reason);
	kfree_skb(skb);
}

static void drop_all(struct task *t, int reason)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(&t->packets)))
		drop(t, NULL, skb, reason);
}

static void resubmit_all(struct task *t)
{
	struct sk_buff *skb;

	local_bh_disable();
	rcu_read_lock();
	while ((skb = __skb_dequeue(&t->packets)))
		sst_held_resubmit(t->sn, skb);
	rcu_read_unlock();
	local_bh_enable();
}

/* The key of the host that an INIT names, and what follows from it. */
static int keys_of_init(struct task *t)
{
	struct sst_agreement *ag = &t->agreement;
	const struct sst_host *host;

	rcu_read_lock();
	host = sst_hosts_by_key_id(&t->sn->hosts, t->trailer.name);
	if (host)
		t->own = host->pair;
	rcu_read_unlock();
	if (!host)
		return SST_A_STATS_RX_UNOPENED;
	if (!sst_init_decap(&t->keys, &t->own, ag->enc_i, ag->suite))
		return SST_A_STATS_RX_KEY;
	memcpy(ag->s0, t->keys.s0, sizeof(ag->s0));
	memcpy(t->a.key, t->keys.key, sizeof(t->a.key));
	t->a.party.side = 2;
	return 0;
}

/* By its id, or of a host whose clock is wrong by its address. */
static const struct sst_peer *find_psk(struct task *t)
{
	const struct sst_tuple *tuple = &t->pkt.tuple;
	u64 uid = t->entry->key.id.uid;
	struct sst_peer_link *link;
	const struct sst_peer *peer;

	peer = sst_peers_by_id(&t->sn->peers, t->trailer.name);
	if (peer && peer->assoc.uid == uid)
		return peer;
	for (link = sst_peers_at(&t->sn->peers, tuple->family,
				 &tuple->remote);
	     link; link = sst_peers_next_at(link))
		if (link->peer->assoc.uid == uid)
			return link->peer;
	return NULL;
}

static int keys_of_psk(struct task *t)
{
	struct sst_agreement *ag = &t->agreement;
	const struct sst_assoc *psk;
	const struct sst_peer *peer;

	rcu_read_lock();
	peer = find_psk(t);
	if (peer) {
		psk = &peer->assoc;
		memcpy(ag->s0, peer->a_psk, sizeof(ag->s0));
		sst_kdf_h(t->a.key,
			  sst_assoc_open_key(psk, sst_assoc_peer_side(psk)),
			  ag->enc_i);
		t->a.party.peer_id = peer->id;
		t->a.party.side = psk->side;
	}
	rcu_read_unlock();
	return peer ? 0 : SST_A_STATS_RX_UNOPENED;
}

static bool is_init(const struct task *t)
{
	return t->trailer.meta.type == SST_TYPE_INIT;
}

static bool has_flow(struct task *t)
{
	bool has;

	rcu_read_lock();
	has = sst_admit_find(t->sn, &t->a.id, &t->pkt.tuple);
	rcu_read_unlock();
	return has;
}

/* What does not cost anything for each of its packets. */
static int prepare_opening(struct task *t)
{
	struct sst_agreement *ag = &t->agreement;
	int reason;

	reason = read_first(t, BIT(SST_TYPE_INIT) | BIT(SST_TYPE_OPEN));
	if (reason)
		return reason;
	ag->suite = SST_SUITE_CHACHA20_POLY1305;
	t->a.party.suite = ag->suite;
	t->a.id = t->entry->key.id;
	/* It came while the one that made it was under work. */
	if (has_flow(t))
		return KNOWN;
	memcpy(ag->key_id, t->trailer.name, sizeof(ag->key_id));
	memcpy(ag->enc_i, t->a.id.salt_i, sizeof(ag->enc_i));
	return is_init(t) ? keys_of_init(t) : keys_of_psk(t);
}

/* The first that verifies; those before it are dropped. */
static struct sk_buff *find_verified(struct task *t)
{
	struct sk_buff *skb;
	int reason;

	while ((skb = __skb_dequeue(&t->packets))) {
		reason = read(t, skb, BIT(SST_TYPE_INIT) | BIT(SST_TYPE_OPEN));
		if (!reason)
			reason = sst_unseal_open(&t->pkt, &t->a.box, t->a.key,
						 &t->trailer);
		if (!reason)
			return skb;
		drop(t, NULL, skb, reason);
	}
	return NULL;
}

/*
 * Whose identity it claims. Anybody can write down a public key: until a DATA
 * verifies the flow is nobody's.
 */
static int identify(struct task *t)
{
	struct sst_agreement *ag = &t->agreement;
	const struct sst_peer *peer = NULL;
	int reason;

	if (!is_init(t))
		return 0;
	ag->has_identity = t->a.box.has_identity;
	memcpy(ag->identity, t->a.box.identity, sizeof(ag->identity));
	rcu_read_lock();
	if (ag->has_identity)
		peer = sst_peers_by_public(&t->sn->peers, ag->identity);
	t->claimed = peer ? peer->id : 0;
	t->a.unproven = sst_doorman_needs_identity(t->sn, &t->pkt.tuple);
	t->a.asked = sst_doorman_may_have_asked(t->sn, &t->pkt, &t->trailer);
	reason = sst_doorman_identity(t->sn, &t->pkt.tuple, peer);
	rcu_read_unlock();
	return reason;
}

/* With the peer's ephemeral key, and with the static one if there is one. */
static struct sst_derived *agree(struct task *t, const u8 enc[SST_PUBLIC_SIZE],
				 const u8 static_secret[SST_SECRET_SIZE],
				 const u8 static_public[SST_PUBLIC_SIZE])
{
	u8 dh[SST_SECRET_SIZE], dh_s[SST_SECRET_SIZE], a[SST_SECRET_SIZE];
	struct sst_agreement *ag = &t->agreement;
	struct sst_derived *derived = NULL;

	if (!sst_x25519(dh, t->eph.secret, enc))
		goto out;
	if (ag->has_identity && !sst_x25519(dh_s, static_secret, static_public))
		goto out;
	sst_agree(a, ag, dh, dh_s);
	derived = sst_derived_new(a, t->a.party.side, ag->suite);
out:
	memzero_explicit(dh, sizeof(dh));
	memzero_explicit(dh_s, sizeof(dh_s));
	memzero_explicit(a, sizeof(a));
	return derived;
}

static bool is_taken(struct task *t, const struct sst_derived *derived)
{
	bool taken;

	rcu_read_lock();
	taken = sst_derived_by_id(&t->sn->deriveds, derived->assoc.id);
	rcu_read_unlock();
	return taken;
}

/* With an ephemeral key of its own for each opening. */
static int derive(struct task *t)
{
	struct sst_derived *derived;
	int draws;

	for (draws = 0; draws < DRAWS_MAX; draws++) {
		if (!sst_pairs_take(&t->sn->pairs, &t->eph))
			sst_x25519_draw(&t->eph);
		memcpy(t->agreement.enc_r, t->eph.public,
		       sizeof(t->agreement.enc_r));
		derived = agree(t, t->agreement.enc_i, t->eph.secret,
				t->agreement.identity);
		if (!derived)
			return SST_A_STATS_RX_KEY;
		if (!is_taken(t, derived)) {
			t->a.derived = derived;
			return 0;
		}
		sst_derived_free(derived);
	}
	return SST_A_STATS_RX_KEY;
}

/* Everything of it that is not a key. */
static void describe(struct task *t, struct sst_derived *derived,
		     const struct sst_tuple *tuple, u32 peer_id)
{
	const struct sst_agreement *ag = &t->agreement;

	derived->assoc.peer_id = peer_id;
	derived->path.local = tuple->local;
	derived->path.remote = tuple->remote;
	derived->path.family = tuple->family;
	derived->path.peer_id = peer_id;
	derived->source = *tuple;
	derived->origin = is_init(t) ? SST_ASSOC_ORIGIN_INIT :
				       SST_ASSOC_ORIGIN_PSK;
	derived->has_identity = ag->has_identity;
	memcpy(derived->identity, ag->identity, sizeof(derived->identity));
}

static void describe_opening(struct task *t)
{
	struct sst_derived *derived = t->a.derived;

	describe(t, derived, &t->pkt.tuple,
		 is_init(t) ? t->claimed : t->a.party.peer_id);
	/* Whoever has shown no identity may be anyone, now or later. */
	derived->opens = !is_init(t) || derived->has_identity;
	derived->lifetime = READ_ONCE(t->sn->cfg.assoc_lifetime);
	memcpy(t->a.enc_r, t->agreement.enc_r, sizeof(t->a.enc_r));
	t->a.assoc_uid = derived->assoc.uid;
	t->a.limited = is_init(t) &&
		       !sst_doorman_is_proven(t->sn, &t->pkt, &t->trailer);
}

/* Do the rules let him in whose key, or whose claim, this is? */
static int ask_rules(struct task *t)
{
	int reason;

	rcu_read_lock();
	reason = sst_admit_by_rules(t->sn, &t->a, t->claimed);
	rcu_read_unlock();
	return reason;
}

/* Has the peer been deleted while the work was done? */
static bool is_gone(struct task *t)
{
	u32 id = t->a.derived->path.peer_id;

	return id && !sst_peers_by_number(&t->sn->peers, id);
}

/* Of the packet that verified. */
static void describe_arrival(struct task *t)
{
	struct sst_arrival *a = &t->a;

	a->pkt = &t->pkt;
	a->trailer = &t->trailer;
	a->real = t->pkt.tuple;
	a->real.rport = a->box.sport;
	a->real.lport = a->box.dport;
}

static int admit(struct task *t, struct sk_buff *skb)
{
	struct sst_arrival *a = &t->a;
	struct sst_net *sn = t->sn;
	struct sst_flow *flow;
	int reason = 0;

	local_bh_disable();
	rcu_read_lock();
	skb->dev = dev_get_by_index_rcu(sn->net, skb->skb_iif);
	if (!skb->dev || is_gone(t))
		reason = SST_A_STATS_RX_UNOPENED;
	else if (!sst_admit_tuple_is_free(sn, &t->pkt.tuple) ||
		 !memcmp(&a->real, &t->pkt.tuple, sizeof(a->real)))
		reason = SST_A_STATS_RX_TUPLE;
	spin_lock(&sn->opening_lock);
	if (!reason && !sst_admit_find(sn, &a->id, &t->pkt.tuple))
		reason = sst_admit(sn, a, &flow);
	spin_unlock(&sn->opening_lock);
	if (reason == SST_A_STATS_RX_NO_COOKIE)
		reason = sst_doorman_ask(sn, &t->pkt, &t->trailer);
	rcu_read_unlock();
	local_bh_enable();
	skb->dev = NULL;
	return reason;
}

static void count_init(struct task *t)
{
	struct sst_host *host;

	if (!is_init(t))
		return;
	rcu_read_lock();
	host = sst_hosts_by_key_id(&t->sn->hosts, t->trailer.name);
	if (host) {
		atomic64_inc(&host->inits);
		WRITE_ONCE(host->init_last, get_jiffies_64());
	}
	rcu_read_unlock();
}

static struct task *begin(struct sst_net *sn, struct sst_queued *entry)
{
	struct task *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	t->sn = sn;
	t->entry = entry;
	t->trailer.stream = &t->stream;
	__skb_queue_head_init(&t->packets);
	return t;
}

static void give_up(struct sst_net *sn, struct sst_queued *entry)
{
	struct sk_buff_head packets;
	struct sk_buff *skb;

	sst_queue_take(&sn->queue, entry, &packets);
	while ((skb = __skb_dequeue(&packets))) {
		sst_drop(sn, NULL, SST_A_STATS_RX_NOMEM);
		kfree_skb(skb);
	}
}

/* What becomes of the packet that was worked on, and of those behind it. */
static void finish_opening(struct task *t, struct sk_buff *verified, int reason)
{
	if (verified && !reason) {
		count_init(t);
		__skb_queue_head(&t->packets, verified);
	} else if (verified) {
		drop(t, NULL, verified, reason);
	}
	/* Another tuple may be as good as this one was not. */
	if (!reason || reason == KNOWN || reason == SST_A_STATS_RX_TUPLE)
		resubmit_all(t);
	else
		drop_all(t, reason);
}

/**
 * sst_newassoc_opening() - make the association of an opening, and its flow
 * @sn: namespace; process context
 * @entry: oldest entry of its queue; removed from it, and to be freed
 *
 * One decapsulation, for however many packets.
 */
void sst_newassoc_opening(struct sst_net *sn, struct sst_queued *entry)
{
	struct task *t = begin(sn, entry);
	struct sk_buff *skb = NULL;
	int reason;

	if (!t) {
		give_up(sn, entry);
		return;
	}
	reason = prepare_opening(t);
	sst_queue_take(&sn->queue, entry, &t->packets);
	if (!reason)
		skb = find_verified(t);
	if (skb) {
		describe_arrival(t);
		reason = identify(t);
		if (!reason)
			reason = ask_rules(t);
		if (!reason)
			reason = derive(t);
		if (!reason) {
			describe_opening(t);
			reason = admit(t, skb);
		}
	}
	finish_opening(t, skb, reason);
	/* Another packet was faster, or it was refused. */
	sst_derived_free(t->a.derived);
	kfree_sensitive(t);
	sst_prepare_pairs(sn);
}

/* What the initiator kept for this moment. */
static int prepare_answer(struct task *t)
{
	const struct sst_ephemeral *ephemeral;
	struct sst_agreement *ag = &t->agreement;
	const struct sst_opening *opening;
	struct sst_flow *flow;
	int reason = SST_A_STATS_RX_ENDED;

	rcu_read_lock();
	flow = sst_flowtable_by_id(&t->sn->flows, t->entry->key.flow_id);
	opening = flow ? flow->opening : NULL;
	ephemeral = opening ? opening->ephemeral : NULL;
	if (ephemeral && READ_ONCE(opening->answered)) {
		/* Its secrets are gone; its keys are there. */
		reason = KNOWN;
	} else if (ephemeral) {
		t->eph = ephemeral->eph;
		t->own = ephemeral->own;
		t->a.party.side = flow->side;
		memcpy(ag->s0, ephemeral->s0, sizeof(ag->s0));
		memcpy(ag->key_id, opening->name, sizeof(ag->key_id));
		memcpy(ag->enc_i, t->eph.public, sizeof(ag->enc_i));
		memcpy(ag->enc_r, t->entry->key.id.salt_i, sizeof(ag->enc_r));
		ag->suite = flow->suite;
		ag->has_identity = sst_opening_is_init(opening) &&
				   opening->form & SST_FLAG_IDENTITY;
		memcpy(ag->identity, t->own.public, sizeof(ag->identity));
		reason = 0;
	}
	rcu_read_unlock();
	return reason;
}

/* H(H(C_s, salt_i), salt_r), s being the side of the responder. */
static void accept_key(struct task *t, const struct sst_assoc *assoc)
{
	const struct sst_agreement *ag = &t->agreement;

	sst_kdf_h(t->a.key,
		  sst_assoc_accept_key(assoc, sst_assoc_peer_side(assoc)),
		  ag->enc_i);
	sst_kdf_h(t->a.key, t->a.key, ag->enc_r);
}

/* The association on which nobody answered before is of no more use. */
static void forget_abandoned(struct sst_net *sn, u64 uid)
{
	struct sst_derived *derived;
	u8 id[SST_ASSOC_ID_SIZE];

	if (!uid)
		return;
	put_unaligned_le64(uid, id);
	derived = sst_derived_by_id(&sn->deriveds, id);
	if (!derived)
		return;
	sst_stats_inc(sn->stats, SST_A_STATS_ASSOC_LOST);
	sst_derived_del(sn, derived);
}

/*
 * It verified: the flow gets its keys, and the association, until the peer is
 * shown that it was made.
 */
static int settle(struct task *t, struct sst_flow *flow,
		  struct sst_derived *derived, u32 lifetime)
{
	struct sst_opening *opening = flow->opening;
	int reason = 0;

	describe(t, derived, &flow->real, flow->peer_id);
	derived->origin = sst_opening_is_init(opening) ? SST_ASSOC_ORIGIN_INIT :
							 SST_ASSOC_ORIGIN_PSK;
	derived->opens = true;
	derived->lifetime = min_t(u32, lifetime, SST_ASSOC_LIFETIME_MAX);
	spin_lock_bh(&flow->lock);
	if (opening->answered)
		reason = SST_A_STATS_RX_SALT;
	else if (sst_opening_answer_new(opening, &derived->assoc,
					t->agreement.enc_r))
		reason = SST_A_STATS_RX_NOMEM;
	if (!reason) {
		opening->lifetime = lifetime;
		opening->pending = derived;
		/* Pairs with sst_initiator_accept(). */
		smp_store_release(&opening->answered, true);
		sst_opening_answered(opening);
	}
	spin_unlock_bh(&flow->lock);
	if (!reason)
		forget_abandoned(t->sn, opening->abandoned);
	return reason;
}

/* One of the packets that carry this key; 0 when it verified. */
static int try_answer(struct task *t, struct sst_derived **derived,
		      struct sk_buff *skb)
{
	struct sst_flow *flow;
	u32 lifetime;
	int reason;

	reason = read(t, skb, BIT(SST_TYPE_ACCEPT));
	if (reason)
		return reason;
	rcu_read_lock();
	flow = sst_flowtable_by_id(&t->sn->flows, t->entry->key.flow_id);
	reason = flow ? sst_unseal_accept(&t->pkt, flow, t->a.key, &t->trailer,
					  &lifetime) : SST_A_STATS_RX_ENDED;
	if (!reason) {
		reason = settle(t, flow, *derived, lifetime);
		if (!reason)
			*derived = NULL;
	}
	rcu_read_unlock();
	return reason;
}

static void take_answers(struct task *t, struct sst_derived *derived)
{
	struct sk_buff *skb;
	int reason;

	accept_key(t, &derived->assoc);
	while ((skb = __skb_dequeue(&t->packets))) {
		reason = try_answer(t, &derived, skb);
		if (!reason) {
			__skb_queue_head(&t->packets, skb);
			resubmit_all(t);
			break;
		}
		drop(t, NULL, skb, reason);
	}
	sst_derived_free(derived);
}

/**
 * sst_newassoc_answer() - make the association that an answer completes
 * @sn: namespace; process context
 * @entry: oldest entry of its queue; removed from it, and to be freed
 */
void sst_newassoc_answer(struct sst_net *sn, struct sst_queued *entry)
{
	struct task *t = begin(sn, entry);
	struct sst_derived *derived = NULL;
	int reason;

	if (!t) {
		give_up(sn, entry);
		return;
	}
	reason = prepare_answer(t);
	if (!reason) {
		derived = agree(t, t->agreement.enc_r, t->own.secret,
				t->agreement.enc_r);
		reason = derived ? 0 : SST_A_STATS_RX_KEY;
	}
	sst_queue_take(&sn->queue, entry, &t->packets);
	if (reason == KNOWN)
		resubmit_all(t);
	else if (reason)
		drop_all(t, reason);
	else
		take_answers(t, derived);
	kfree_sensitive(t);
}
