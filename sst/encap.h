/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ENCAP_H
#define _SST_ENCAP_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "handshake.h"
#include "x25519.h"

/* What is ready for one peer, or one namespace, at most. */
#define SST_ENCAPS_READY	4
#define SST_PAIRS_READY		16

/**
 * struct sst_encap - all that an INIT to one host key needs, used once
 * @eph: the initiator's ephemeral key
 * @keys: what the host will have of it
 */
struct sst_encap {
	struct sst_pair eph;
	struct sst_init_keys keys;
};

/**
 * struct sst_encaps - what is ready to open flows with a public key
 * @lock: serializes the rest. Softirq-safe; nothing nests inside it.
 * @n: how many are ready
 * @ready: the first @n of these
 */
struct sst_encaps {
	spinlock_t lock; /* see above */
	unsigned int n;
	struct sst_encap ready[SST_ENCAPS_READY];
};

/**
 * struct sst_pairs - ephemeral keys that are ready, for any other host
 * @lock: serializes the rest. Softirq-safe; nothing nests inside it.
 * @n: how many are ready
 * @ready: the first @n of these
 */
struct sst_pairs {
	spinlock_t lock; /* see above */
	unsigned int n;
	struct sst_pair ready[SST_PAIRS_READY];
};

void sst_encaps_init(struct sst_encaps *encaps);
bool sst_encaps_take(struct sst_encaps *encaps, struct sst_encap *encap);
bool sst_encaps_put(struct sst_encaps *encaps, const struct sst_encap *encap);
void sst_encaps_wipe(struct sst_encaps *encaps);
bool sst_encap_make(struct sst_encap *encap, const u8 public[SST_PUBLIC_SIZE],
		    u8 suite);

void sst_pairs_init(struct sst_pairs *pairs);
bool sst_pairs_take(struct sst_pairs *pairs, struct sst_pair *pair);
bool sst_pairs_fill(struct sst_pairs *pairs);
void sst_pairs_wipe(struct sst_pairs *pairs);

#endif /* _SST_ENCAP_H */
