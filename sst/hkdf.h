/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HKDF_H
#define _SST_HKDF_H

#include <crypto/sha2.h>
#include <linux/types.h>

/* Output of HMAC-SHA256, and of everything made from it here. */
#define SST_HKDF_SIZE	32

/**
 * struct sst_hmac - HMAC-SHA256 (RFC 2104) under way
 * @sha: the inner hash, then the outer one
 * @pad: the key, filled up with zeros to a block and XORed
 * @digest: of a long key, or of the inner hash
 */
struct sst_hmac {
	struct sha256_state sha;
	u8 pad[SHA256_BLOCK_SIZE];
	u8 digest[SHA256_DIGEST_SIZE];
};

void sst_hmac_start(struct sst_hmac *hmac, const void *key, size_t keylen);
void sst_hmac_add(struct sst_hmac *hmac, const void *data, size_t len);
void sst_hmac_finish(struct sst_hmac *hmac, u8 out[SST_HKDF_SIZE]);
void sst_hkdf_extract(u8 prk[SST_HKDF_SIZE], const void *salt, size_t saltlen,
		      const void *ikm, size_t ikmlen);
void sst_hkdf_expand(u8 out[SST_HKDF_SIZE], const u8 prk[SST_HKDF_SIZE],
		     const void *info, size_t infolen);

#endif /* _SST_HKDF_H */
