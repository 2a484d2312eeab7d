// SPDX-License-Identifier: GPL-2.0
/*
 * Ephemeral keys made ahead (protocol section 7), so that the first packet to a
 * host waits for no public-key work. Each is used once and wiped.
 */
#include <linux/string.h>

#include "encap.h"

/**
 * sst_encaps_init() - nothing is ready yet
 * @encaps: of a peer
 */
void sst_encaps_init(struct sst_encaps *encaps)
{
	spin_lock_init(&encaps->lock);
	encaps->n = 0;
}

/**
 * sst_encap_make() - make what an INIT needs
 * @encap: output; the caller wipes it
 * @public: public key of the host
 * @suite: enum sst_suite
 *
 * Public-key work: not in softirqs. The random generator must be ready.
 *
 * Return: false when the public key is not one that can be used.
 */
bool sst_encap_make(struct sst_encap *encap, const u8 public[SST_PUBLIC_SIZE],
		    u8 suite)
{
	sst_x25519_draw(&encap->eph);
	return sst_init_encap(&encap->keys, &encap->eph, public, suite);
}

/**
 * sst_encaps_take() - take one that is ready
 * @encaps: of a peer
 * @encap: output; the caller wipes it
 *
 * Return: false when none is.
 */
bool sst_encaps_take(struct sst_encaps *encaps, struct sst_encap *encap)
{
	struct sst_encap *last;
	bool found;

	spin_lock_bh(&encaps->lock);
	found = encaps->n;
	if (found) {
		last = &encaps->ready[--encaps->n];
		*encap = *last;
		memzero_explicit(last, sizeof(*last));
	}
	spin_unlock_bh(&encaps->lock);
	return found;
}

/**
 * sst_encaps_put() - one more is ready
 * @encaps: of a peer
 * @encap: copied; the caller wipes it
 *
 * Return: true when it was kept and there may be room for another one.
 */
bool sst_encaps_put(struct sst_encaps *encaps, const struct sst_encap *encap)
{
	bool kept;

	spin_lock_bh(&encaps->lock);
	kept = encaps->n < SST_ENCAPS_READY;
	if (kept)
		encaps->ready[encaps->n++] = *encap;
	spin_unlock_bh(&encaps->lock);
	return kept;
}

/**
 * sst_encaps_wipe() - what was made ahead must not be used
 * @encaps: of a peer
 */
void sst_encaps_wipe(struct sst_encaps *encaps)
{
	spin_lock_bh(&encaps->lock);
	encaps->n = 0;
	memzero_explicit(encaps->ready, sizeof(encaps->ready));
	spin_unlock_bh(&encaps->lock);
}

/**
 * sst_pairs_init() - nothing is ready yet
 * @pairs: of a namespace
 */
void sst_pairs_init(struct sst_pairs *pairs)
{
	spin_lock_init(&pairs->lock);
	pairs->n = 0;
}

/**
 * sst_pairs_take() - take one that is ready
 * @pairs: of a namespace
 * @pair: output; the caller wipes it
 *
 * Return: false when none is.
 */
bool sst_pairs_take(struct sst_pairs *pairs, struct sst_pair *pair)
{
	struct sst_pair *last;
	bool found;

	spin_lock_bh(&pairs->lock);
	found = pairs->n;
	if (found) {
		last = &pairs->ready[--pairs->n];
		*pair = *last;
		memzero_explicit(last, sizeof(*last));
	}
	spin_unlock_bh(&pairs->lock);
	return found;
}

/**
 * sst_pairs_fill() - make one more ready
 * @pairs: of a namespace
 *
 * Public-key work: process context. The random generator must be ready.
 *
 * Return: true when it was made and there may be room for another one.
 */
bool sst_pairs_fill(struct sst_pairs *pairs)
{
	struct sst_pair pair;
	bool kept;

	if (READ_ONCE(pairs->n) >= SST_PAIRS_READY)
		return false;
	sst_x25519_draw(&pair);
	spin_lock_bh(&pairs->lock);
	kept = pairs->n < SST_PAIRS_READY;
	if (kept)
		pairs->ready[pairs->n++] = pair;
	spin_unlock_bh(&pairs->lock);
	memzero_explicit(&pair, sizeof(pair));
	return kept;
}

/**
 * sst_pairs_wipe() - what was made ahead must not be used
 * @pairs: of a namespace
 */
void sst_pairs_wipe(struct sst_pairs *pairs)
{
	spin_lock_bh(&pairs->lock);
	pairs->n = 0;
	memzero_explicit(pairs->ready, sizeof(pairs->ready));
	spin_unlock_bh(&pairs->lock);
}
