// SPDX-License-Identifier: GPL-2.0
/*
 * Makes ephemeral keys before they are needed (protocol section 7): those of
 * the peers whose public keys are known, and some for whoever comes.
 */
#include <linux/random.h>
#include <linux/sched.h>

#include "encap.h"
#include "peer.h"
#include "pernet.h"
#include "prepare.h"

/* Returns the number of a peer that needs more, 0 when none does. */
static u32 next_peer(struct sst_prepare *prepare, u32 *walk)
{
	const struct sst_peer *peer;
	u32 id = 0;

	spin_lock_bh(&prepare->lock);
	if (prepare->n && prepare->n <= SST_PREPARE_MAX)
		id = prepare->peers[--prepare->n];
	if (prepare->n > SST_PREPARE_MAX) {
		rcu_read_lock();
		peer = sst_peers_next(&prepare->sn->peers, *walk);
		id = peer ? peer->id : 0;
		rcu_read_unlock();
		*walk = id + 1;
		if (!id)
			prepare->n = 0;
	}
	spin_unlock_bh(&prepare->lock);
	return id;
}

/*
 * One more for this peer. The key is copied, because the peer may go while the
 * work is done.
 */
static bool fill_one(struct sst_net *sn, u32 id)
{
	u8 public[SST_PUBLIC_SIZE];
	struct sst_encap encap;
	struct sst_peer *peer;
	bool wanted, kept;
	u8 suite = 0;

	rcu_read_lock();
	peer = sst_peers_by_number(&sn->peers, id);
	wanted = peer && peer->kind == SST_PEER_PUBLIC && peer->n_links &&
		 READ_ONCE(peer->encaps.n) < SST_ENCAPS_READY;
	if (wanted) {
		memcpy(public, peer->public, sizeof(public));
		suite = peer->suite;
	}
	rcu_read_unlock();
	if (!wanted)
		return false;
	kept = sst_encap_make(&encap, public, suite);
	rcu_read_lock();
	peer = sst_peers_by_number(&sn->peers, id);
	kept = kept && peer && sst_encaps_put(&peer->encaps, &encap);
	rcu_read_unlock();
	memzero_explicit(&encap, sizeof(encap));
	return kept;
}

static void make(struct work_struct *work)
{
	struct sst_prepare *prepare = container_of(work, struct sst_prepare,
						   work);
	struct sst_net *sn = prepare->sn;
	u32 id, walk = 0;

	/* At boot: whoever wants one later asks again. */
	if (!rng_is_initialized())
		return;
	while ((id = next_peer(prepare, &walk)))
		while (fill_one(sn, id))
			cond_resched();
	while (sst_pairs_fill(&sn->pairs))
		cond_resched();
}

/**
 * sst_prepare_init() - nothing is to be made yet
 * @prepare: of the namespace
 * @sn: the namespace
 */
void sst_prepare_init(struct sst_prepare *prepare, struct sst_net *sn)
{
	prepare->sn = sn;
	spin_lock_init(&prepare->lock);
	INIT_WORK(&prepare->work, make);
}

/**
 * sst_prepare_flush() - wait for the work under way
 * @prepare: of a namespace; process context
 */
void sst_prepare_flush(struct sst_prepare *prepare)
{
	flush_work(&prepare->work);
}

/**
 * sst_prepare_stop() - make no more; waits for the work under way
 * @prepare: of a namespace that ends
 */
void sst_prepare_stop(struct sst_prepare *prepare)
{
	spin_lock_bh(&prepare->lock);
	prepare->stopped = true;
	prepare->n = 0;
	spin_unlock_bh(&prepare->lock);
	cancel_work_sync(&prepare->work);
}

/**
 * sst_prepare_pairs() - keys that fit anybody were used, or will be
 * @sn: namespace; any context
 */
void sst_prepare_pairs(struct sst_net *sn)
{
	struct sst_prepare *prepare = &sn->prepare;

	spin_lock_bh(&prepare->lock);
	if (!prepare->stopped)
		queue_work(system_unbound_wq, &prepare->work);
	spin_unlock_bh(&prepare->lock);
}

/**
 * sst_prepare_peer() - keys for a peer were used, or will be
 * @sn: namespace; any context
 * @peer_id: the peer
 */
void sst_prepare_peer(struct sst_net *sn, u32 peer_id)
{
	struct sst_prepare *prepare = &sn->prepare;

	spin_lock_bh(&prepare->lock);
	if (prepare->n < SST_PREPARE_MAX)
		prepare->peers[prepare->n] = peer_id;
	if (prepare->n <= SST_PREPARE_MAX)
		prepare->n++;
	if (!prepare->stopped)
		queue_work(system_unbound_wq, &prepare->work);
	spin_unlock_bh(&prepare->lock);
}
