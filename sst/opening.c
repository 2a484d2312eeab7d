// SPDX-License-Identifier: GPL-2.0
/* Keys and counters of an opening: what both sides derive from their salts. */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/ktime.h>

#include "assoc.h"
#include "flow.h"
#include "kdf.h"
#include "opening.h"
#include "peer.h"

static struct kmem_cache *opening_cache;

int sst_opening_init(void)
{
	opening_cache = KMEM_CACHE(sst_opening, SLAB_ACCOUNT);
	return opening_cache ? 0 : -ENOMEM;
}

/* All openings were freed with their flows (main.c). */
void sst_opening_exit(void)
{
	kmem_cache_destroy(opening_cache);
}

/**
 * sst_opening_new() - room for the opening of a flow
 * @flow: the flow
 *
 * Return: zeroed opening, or NULL without memory.
 */
struct sst_opening *sst_opening_new(struct sst_flow *flow)
{
	struct sst_opening *opening;

	opening = kmem_cache_zalloc(opening_cache, GFP_ATOMIC);
	if (!opening)
		return NULL;
	opening->flow = flow;
	opening->started = jiffies;
	opening->last = jiffies;
	return opening;
}

/**
 * sst_opening_free() - wipe and free
 * @opening: opening that nobody uses any more, or NULL
 */
void sst_opening_free(struct sst_opening *opening)
{
	if (!opening)
		return;
	memzero_explicit(opening, sizeof(*opening));
	kmem_cache_free(opening_cache, opening);
}

/**
 * sst_opening_draw() - begin an attempt of the initiator
 * @opening: from sst_opening_new()
 * @assoc: association that it opens on
 *
 * Draws salt_i and the time, which repeats never change, and derives the key
 * of the OPENs and what waits for the answer.
 */
void sst_opening_draw(struct sst_opening *opening,
		      const struct sst_assoc *assoc)
{
	u8 *salt = opening->id.salt_i;

	opening->id.uid = assoc->uid;
	get_random_bytes(salt, SST_SALT_SIZE);
	opening->time = ktime_get_real_seconds();
	sst_assoc_current_id(assoc, opening->assoc_id);
	sst_kdf_h(opening->open_key, sst_assoc_open_key(assoc, assoc->side),
		  salt);
	sst_kdf_h(opening->accept_key,
		  sst_assoc_accept_key(assoc, 3 - assoc->side), salt);
	sst_kdf_h(opening->flow_key, assoc->flow_key, salt);
}

/**
 * sst_opening_answer() - prepare the answer of the responder
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
	const u8 *salt_i = opening->id.salt_i;
	int err;

	get_random_bytes(opening->salt_r, SST_SALT_SIZE);
	sst_kdf_h(opening->accept_key,
		  sst_assoc_accept_key(assoc, assoc->side), salt_i);
	sst_kdf_h(opening->accept_key, opening->accept_key, opening->salt_r);
	sst_kdf_h(opening->flow_key, assoc->flow_key, salt_i);
	opening->answered = true;
	err = sst_flow_set_secret(opening->flow, opening->flow_key,
				  opening->salt_r);
	memzero_explicit(opening->flow_key, sizeof(opening->flow_key));
	return err;
}

/**
 * sst_opening_take() - take the counter of the next OPEN or ACCEPT
 * @opening: the opening
 * @seq: output
 *
 * Return: 0, or SST_A_STATS_TX_EXHAUSTED at the limit.
 */
int sst_opening_take(struct sst_opening *opening, u32 *seq)
{
	u64 n = atomic64_inc_return(&opening->next_seq) - 1;

	if (n >= SST_SEQ_LIMIT)
		return SST_A_STATS_TX_EXHAUSTED;
	*seq = n;
	return 0;
}
