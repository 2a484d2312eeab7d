// SPDX-License-Identifier: GPL-2.0
/* Keys and counters of an opening: what both sides derive from their salts. */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>

#include "assoc.h"
#include "derived.h"
#include "flow.h"
#include "held.h"
#include "kdf.h"
#include "opening.h"
#include "peer.h"

/**
 * sst_opening_begin() - the opening of a flow, to be filled in
 * @opening: zeroed; lives as long as the flow
 * @flow: the flow
 */
void sst_opening_begin(struct sst_opening *opening, struct sst_flow *flow)
{
	opening->first.flow = flow;
	opening->form = SST_FORM_OPEN;
	opening->last = jiffies;
}

static void free_ephemeral(struct sst_ephemeral *ephemeral)
{
	if (!ephemeral)
		return;
	sst_held_drop(ephemeral->kept);
	kfree_sensitive(ephemeral);
}

/**
 * sst_opening_end() - wipe it, and free what hangs on it
 * @opening: opening that nobody uses any more
 */
void sst_opening_end(struct sst_opening *opening)
{
	free_ephemeral(opening->ephemeral);
	sst_derived_free(opening->pending);
	sst_counters_free(&opening->replay);
	kfree_sensitive(opening->renewal);
	memzero_explicit(opening, sizeof(*opening));
}

/**
 * sst_opening_publish() - others may be opened on what it made
 * @sn: namespace; the caller is in an RCU read section
 * @opening: opening of a flow that is confirmed, here and to the peer
 */
void sst_opening_publish(struct sst_net *sn, struct sst_opening *opening)
{
	struct sst_derived *derived = xchg(&opening->pending, NULL);

	if (derived)
		sst_derived_add(sn, derived);
}

/*
 * Of numbers that the kernel has ready on each CPU. It forgets them when this machine
 * is forked; after a hibernation it may not, but then no association is left (fork.c).
 */
static void draw_salt(u8 salt[SST_SALT_SIZE])
{
	u64 half[] = { get_random_u64(), get_random_u64() };

	BUILD_BUG_ON(sizeof(half) != SST_SALT_SIZE);
	memcpy(salt, half, sizeof(half));
}

/**
 * sst_opening_draw() - begin an attempt of the initiator on an association
 * @opening: after sst_opening_begin()
 * @assoc: association that it opens on
 *
 * Draws salt_i and the time, which repeats never change, and derives the key
 * of the OPENs and what waits for the answer.
 */
void sst_opening_draw(struct sst_opening *opening,
		      const struct sst_assoc *assoc)
{
	u8 *salt = opening->first.id.salt_i;

	opening->first.id.uid = assoc->uid;
	opening->assoc_uid = assoc->uid;
	memcpy(opening->name, assoc->id, sizeof(opening->name));
	draw_salt(salt);
	opening->time = ktime_get_real_seconds();
	sst_kdf_h(opening->open_key, sst_assoc_open_key(assoc, assoc->side),
		  salt);
	sst_kdf_h(opening->accept_key,
		  sst_assoc_accept_key(assoc, 3 - assoc->side), salt);
	sst_flow_draw_secret(opening->first.flow, assoc->flow_key, salt);
}

/* What a new association is made from stays until the answer is there. */
static bool keep_ephemeral(struct sst_opening *opening,
			   const struct sst_pair *eph,
			   const u8 s0[SST_SECRET_SIZE])
{
	struct sst_ephemeral *ephemeral;

	ephemeral = kzalloc(sizeof(*ephemeral), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!ephemeral)
		return false;
	ephemeral->eph = *eph;
	memcpy(ephemeral->s0, s0, sizeof(ephemeral->s0));
	memcpy(opening->first.id.salt_i, eph->public, SST_PUBLIC_SIZE);
	opening->time = ktime_get_real_seconds();
	opening->ephemeral = ephemeral;
	return true;
}

/**
 * sst_opening_draw_init() - begin an attempt with the public key of the peer
 * @opening: after sst_opening_begin()
 * @peer: whose public key
 * @encap: made for that key, serves nothing else; the caller wipes it
 *
 * Return: false without memory.
 */
bool sst_opening_draw_init(struct sst_opening *opening,
			   const struct sst_peer *peer,
			   const struct sst_encap *encap)
{
	opening->form = SST_FORM_INIT;
	memcpy(opening->name, peer->key_id, sizeof(opening->name));
	memcpy(opening->open_key, encap->keys.key, SST_SECRET_SIZE);
	return keep_ephemeral(opening, &encap->eph, encap->keys.s0);
}

/**
 * sst_opening_draw_psk() - begin an attempt with the pre-shared key of the peer
 * @opening: after sst_opening_begin()
 * @peer: whose key
 * @pair: ephemeral key, serves nothing else; the caller wipes it
 *
 * Return: false without memory.
 */
bool sst_opening_draw_psk(struct sst_opening *opening,
			  const struct sst_peer *peer,
			  const struct sst_pair *pair)
{
	const struct sst_assoc *psk = &peer->assoc;

	opening->form = SST_FORM_OPEN_NEW;
	opening->first.id.uid = psk->uid;
	sst_peer_current_id(peer, opening->name);
	sst_kdf_h(opening->open_key, sst_assoc_open_key(psk, psk->side),
		  pair->public);
	return keep_ephemeral(opening, pair, peer->a_psk);
}

/**
 * sst_opening_answer() - prepare the answer of the responder on an association
 * @opening: opening with id, time and open_key of an OPEN that verified
 * @assoc: its association
 *
 * Draws salt_r and derives the key of the ACCEPTs and T of the flow.
 *
 * Return: 0 or -ENOMEM.
 */
int sst_opening_answer(struct sst_opening *opening,
		       const struct sst_assoc *assoc)
{
	const u8 *salt_i = opening->first.id.salt_i;

	opening->assoc_uid = assoc->uid;
	draw_salt(opening->salt_r);
	sst_kdf_h(opening->accept_key,
		  sst_assoc_accept_key(assoc, assoc->side), salt_i);
	sst_kdf_h(opening->accept_key, opening->accept_key, opening->salt_r);
	sst_flow_draw_secret(opening->first.flow, assoc->flow_key, salt_i);
	opening->answered = true;
	return sst_flow_set_secret(opening->first.flow, opening->salt_r);
}

/* What re-opens a UDP flow: the association may be gone by then. */
static bool keep_renewal(struct sst_opening *opening,
			 const struct sst_assoc *assoc, u8 initiator)
{
	struct sst_renewal *renewal = opening->renewal;

	if (opening->first.flow->real.proto != IPPROTO_UDP)
		return true;
	if (!renewal)
		renewal = kzalloc(sizeof(*renewal), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!renewal)
		return false;
	renewal->named.flow = opening->first.flow;
	memcpy(renewal->id, assoc->id, SST_ASSOC_ID_SIZE);
	sst_kdf_h(renewal->key, sst_assoc_open_key(assoc, initiator),
		  opening->first.id.salt_i);
	opening->renewal = renewal;
	return true;
}

/**
 * sst_opening_answer_new() - keys of a flow that comes with an association
 * @opening: of the initiator, without answer so far, or of the responder
 * @assoc: the association
 * @enc_r: ephemeral public key of the responder
 *
 * The initiator calls sst_opening_answered() afterwards.
 *
 * Return: 0 or -ENOMEM.
 */
int sst_opening_answer_new(struct sst_opening *opening,
			   const struct sst_assoc *assoc,
			   const u8 enc_r[SST_PUBLIC_SIZE])
{
	bool responder = opening->first.flow->role == SST_FLOW_ROLE_RESPONDER;
	u8 peer_side = 3 - assoc->side;
	u8 initiator = responder ? peer_side : assoc->side;
	const u8 *salt_i = opening->first.id.salt_i;

	memcpy(opening->salt_r, enc_r, SST_PUBLIC_SIZE);
	opening->assoc_uid = assoc->uid;
	sst_kdf_h(opening->accept_key,
		  sst_assoc_accept_key(assoc, 3 - initiator), salt_i);
	sst_kdf_h(opening->accept_key, opening->accept_key, enc_r);
	if (!keep_renewal(opening, assoc, initiator))
		return -ENOMEM;
	sst_flow_draw_secret(opening->first.flow, assoc->flow_key, salt_i);
	return sst_flow_set_secret(opening->first.flow, enc_r);
}

/**
 * sst_opening_answered() - the ephemeral key of an initiator has done its work
 * @opening: of an initiator that made an association; the caller holds the lock
 *	of its flow
 */
void sst_opening_answered(struct sst_opening *opening)
{
	struct sst_ephemeral *ephemeral = opening->ephemeral;

	lockdep_assert_held(&opening->first.flow->lock);
	memzero_explicit(ephemeral->eph.secret, sizeof(ephemeral->eph.secret));
	memzero_explicit(ephemeral->s0, sizeof(ephemeral->s0));
	memzero_explicit(ephemeral->own.secret, sizeof(ephemeral->own.secret));
	sst_held_drop(ephemeral->kept);
	ephemeral->kept = NULL;
}

/**
 * sst_opening_renew() - a flow that made an association re-opens on it
 * @opening: of a responder; the caller holds the lock of its flow
 *
 * From the first re-opening on the window is that of the key of those; what made
 * the flow is not taken any more.
 */
void sst_opening_renew(struct sst_opening *opening)
{
	lockdep_assert_held(&opening->first.flow->lock);
	if (!sst_opening_is_new(opening) || opening->renewed)
		return;
	sst_counters_clear(&opening->replay);
	WRITE_ONCE(opening->renewed, true);
}

/**
 * sst_opening_reopen_id() - what names the re-openings of a flow in tables
 * @opening: one that made an association
 * @id: output
 */
void sst_opening_reopen_id(const struct sst_opening *opening,
			   struct sst_open_id *id)
{
	memset(id, 0, sizeof(*id));
	id->uid = opening->assoc_uid;
	memcpy(id->salt_i, opening->first.id.salt_i, SST_SALT_SIZE);
}

/**
 * sst_opening_take() - take the next counter of an opening or its answer
 * @counter: counter of its packets
 * @seq: output
 *
 * Return: 0, or SST_A_STATS_TX_EXHAUSTED at the limit.
 */
int sst_opening_take(atomic64_t *counter, u32 *seq)
{
	u64 n = atomic64_inc_return(counter) - 1;

	if (n >= SST_SEQ_LIMIT)
		return SST_A_STATS_TX_EXHAUSTED;
	*seq = n;
	return 0;
}
