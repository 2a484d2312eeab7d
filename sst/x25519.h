/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_X25519_H
#define _SST_X25519_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct sst_pair - key pair of X25519 (RFC 7748); its owner wipes it
 * @secret: scalar, little-endian
 * @public: u coordinate, little-endian
 */
struct sst_pair {
	u8 secret[SST_SECRET_SIZE];
	u8 public[SST_PUBLIC_SIZE];
};

void sst_x25519_draw(struct sst_pair *pair);
bool sst_x25519_public(u8 public[SST_PUBLIC_SIZE],
		       const u8 secret[SST_SECRET_SIZE]);
bool sst_x25519(u8 out[SST_SECRET_SIZE], const u8 secret[SST_SECRET_SIZE],
		const u8 public[SST_PUBLIC_SIZE]);

#endif /* _SST_X25519_H */
