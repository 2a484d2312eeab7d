/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HANDSHAKE_H
#define _SST_HANDSHAKE_H

#include <linux/types.h>

#include "wire.h"

struct sst_pair;

/**
 * struct sst_init_keys - what an INIT gives both hosts; to be wiped
 * @key: key of the INIT packets
 * @s0: S0, from which the association is made
 */
struct sst_init_keys {
	u8 key[SST_SECRET_SIZE];
	u8 s0[SST_SECRET_SIZE];
};

/**
 * struct sst_agreement - what an association is made from, but for the results
 *	of X25519; to be wiped
 * @s0: of the INIT, or A_psk
 * @key_id: the key_id that the INIT, or the assoc_id that the OPEN N carried
 * @enc_i: public key that the initiator sent
 * @enc_r: public key that the responder sent
 * @suite: enum sst_suite
 * @has_identity: the INIT carried an identity
 * @identity: it, the initiator's static public key
 */
struct sst_agreement {
	u8 s0[SST_SECRET_SIZE];
	u8 key_id[SST_KEY_ID_SIZE];
	u8 enc_i[SST_PUBLIC_SIZE];
	u8 enc_r[SST_PUBLIC_SIZE];
	u8 suite;
	bool has_identity;
	u8 identity[SST_PUBLIC_SIZE];
};

bool sst_init_encap(struct sst_init_keys *keys, const struct sst_pair *eph,
		    const u8 peer[SST_PUBLIC_SIZE], u8 suite);
bool sst_init_decap(struct sst_init_keys *keys, const struct sst_pair *host,
		    const u8 enc_i[SST_PUBLIC_SIZE], u8 suite);
void sst_key_id(u8 id[SST_KEY_ID_SIZE], const u8 public[SST_PUBLIC_SIZE]);
void sst_agree(u8 a[SST_SECRET_SIZE], const struct sst_agreement *ag,
	       const u8 dh[SST_SECRET_SIZE], const u8 dh_s[SST_SECRET_SIZE]);
void sst_assoc_id(u8 id[SST_ASSOC_ID_SIZE], const u8 a[SST_SECRET_SIZE]);

#endif /* _SST_HANDSHAKE_H */
