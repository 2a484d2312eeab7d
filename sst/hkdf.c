// SPDX-License-Identifier: GPL-2.0
/*
 * HKDF-SHA256 (RFC 5869), as much of it as the protocol uses: 32 bytes of
 * output, which is one HMAC. Keys of associations are made with it, those of
 * flows and packets are not (kdf.c).
 */
#include <crypto/sha2.h>
#include <linux/string.h>

#include "hkdf.h"

/**
 * struct hmac - HMAC-SHA256 (RFC 2104) under way
 * @sha: the inner hash, then the outer one
 * @pad: the key, filled up with zeros to a block and XORed
 * @digest: of a long key, or of the inner hash
 */
struct hmac {
	struct sha256_state sha;
	u8 pad[SHA256_BLOCK_SIZE];
	u8 digest[SHA256_DIGEST_SIZE];
};

static void hmac_xor_pad(struct hmac *hmac, u8 value)
{
	int i;

	for (i = 0; i < sizeof(hmac->pad); i++)
		hmac->pad[i] ^= value;
}

static void hmac_start(struct hmac *hmac, const void *key, size_t keylen)
{
	memset(hmac->pad, 0, sizeof(hmac->pad));
	if (keylen > sizeof(hmac->pad)) {
		sha256_init(&hmac->sha);
		sha256_update(&hmac->sha, key, keylen);
		sha256_final(&hmac->sha, hmac->digest);
		memcpy(hmac->pad, hmac->digest, sizeof(hmac->digest));
	} else if (keylen) {
		memcpy(hmac->pad, key, keylen);
	}
	hmac_xor_pad(hmac, 0x36);
	sha256_init(&hmac->sha);
	sha256_update(&hmac->sha, hmac->pad, sizeof(hmac->pad));
}

static void hmac_add(struct hmac *hmac, const void *data, size_t len)
{
	if (len)
		sha256_update(&hmac->sha, data, len);
}

/* Nothing of the key stays behind. */
static void hmac_finish(struct hmac *hmac, u8 out[SST_HKDF_SIZE])
{
	sha256_final(&hmac->sha, hmac->digest);
	hmac_xor_pad(hmac, 0x36 ^ 0x5c);
	sha256_init(&hmac->sha);
	sha256_update(&hmac->sha, hmac->pad, sizeof(hmac->pad));
	sha256_update(&hmac->sha, hmac->digest, sizeof(hmac->digest));
	sha256_final(&hmac->sha, out);
	memzero_explicit(hmac, sizeof(*hmac));
}

/**
 * sst_hkdf_extract() - Extract(salt, ikm)
 * @prk: output, may be @ikm
 * @salt: salt; NULL when @saltlen is 0
 * @saltlen: its length
 * @ikm: what the secrets are to come from; NULL when @ikmlen is 0
 * @ikmlen: its length
 */
void sst_hkdf_extract(u8 prk[SST_HKDF_SIZE], const void *salt, size_t saltlen,
		      const void *ikm, size_t ikmlen)
{
	struct hmac hmac;

	hmac_start(&hmac, salt, saltlen);
	hmac_add(&hmac, ikm, ikmlen);
	hmac_finish(&hmac, prk);
}

/**
 * sst_hkdf_expand() - the first 32 bytes of Expand(prk, info)
 * @out: output, may be @prk
 * @prk: pseudorandom key
 * @info: what the output is for; NULL when @infolen is 0
 * @infolen: its length
 */
void sst_hkdf_expand(u8 out[SST_HKDF_SIZE], const u8 prk[SST_HKDF_SIZE],
		     const void *info, size_t infolen)
{
	static const u8 first = 1;
	struct hmac hmac;

	hmac_start(&hmac, prk, SST_HKDF_SIZE);
	hmac_add(&hmac, info, infolen);
	hmac_add(&hmac, &first, sizeof(first));
	hmac_finish(&hmac, out);
}
