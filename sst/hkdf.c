// SPDX-License-Identifier: GPL-2.0
/*
 * HMAC-SHA256, and HKDF-SHA256 (RFC 5869) as much of it as the protocol uses:
 * 32 bytes of output, which is one HMAC. Keys of associations are made with it,
 * those of flows and packets are not (kdf.c).
 */
#include <linux/string.h>

#include "hkdf.h"

static void hmac_xor_pad(struct sst_hmac *hmac, u8 value)
{
	int i;

	for (i = 0; i < sizeof(hmac->pad); i++)
		hmac->pad[i] ^= value;
}

/**
 * sst_hmac_start() - begin HMAC-SHA256 (RFC 2104)
 * @hmac: what is begun; holds the key until sst_hmac_finish()
 * @key: key; NULL when @keylen is 0
 * @keylen: its length
 */
void sst_hmac_start(struct sst_hmac *hmac, const void *key, size_t keylen)
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

/**
 * sst_hmac_add() - append to the message
 * @hmac: begun by sst_hmac_start()
 * @data: next bytes of the message; NULL when @len is 0
 * @len: how many they are
 */
void sst_hmac_add(struct sst_hmac *hmac, const void *data, size_t len)
{
	if (len)
		sha256_update(&hmac->sha, data, len);
}

/**
 * sst_hmac_finish() - end of the message
 * @hmac: begun by sst_hmac_start(); nothing of the key stays behind in it
 * @out: HMAC of the message
 */
void sst_hmac_finish(struct sst_hmac *hmac, u8 out[SST_HKDF_SIZE])
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
	struct sst_hmac hmac;

	sst_hmac_start(&hmac, salt, saltlen);
	sst_hmac_add(&hmac, ikm, ikmlen);
	sst_hmac_finish(&hmac, prk);
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
	struct sst_hmac hmac;

	sst_hmac_start(&hmac, prk, SST_HKDF_SIZE);
	sst_hmac_add(&hmac, info, infolen);
	sst_hmac_add(&hmac, &first, sizeof(first));
	sst_hmac_finish(&hmac, out);
}
