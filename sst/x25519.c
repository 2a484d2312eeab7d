// SPDX-License-Identifier: GPL-2.0
/*
 * X25519 (RFC 7748). Each multiplication takes some ten thousand times as long
 * as a packet key: never call these from a softirq.
 */
#include <crypto/curve25519.h>
#include <linux/string.h>

#include "x25519.h"

/**
 * sst_x25519_draw() - draw a fresh key pair
 * @pair: output
 *
 * The caller has seen that the random generator is ready (rng_is_initialized()).
 * Never sleeps, but takes long: not for softirqs.
 */
void sst_x25519_draw(struct sst_pair *pair)
{
	get_random_bytes(pair->secret, sizeof(pair->secret));
	/* Clamped it is not zero, so it has a public key. */
	curve25519_clamp_secret(pair->secret);
	sst_x25519_public(pair->public, pair->secret);
}

/**
 * sst_x25519_public() - the public key that belongs to a secret one
 * @public: output
 * @secret: secret key, clamped or not
 *
 * Takes long: not for softirqs.
 *
 * Return: false when @secret is all zeros; @public is then wiped.
 */
bool sst_x25519_public(u8 public[SST_PUBLIC_SIZE],
		       const u8 secret[SST_SECRET_SIZE])
{
	if (curve25519_generate_public(public, secret))
		return true;
	memzero_explicit(public, SST_PUBLIC_SIZE);
	return false;
}

/**
 * sst_x25519() - X25519(secret, public)
 * @out: output, apart from the input
 * @secret: secret key, clamped or not
 * @public: the other host's public key, any 32 bytes
 *
 * Takes long: not for softirqs.
 *
 * Return: false when the result is all zeros, which it is for a public key of
 * small order; @out is then wiped.
 */
bool sst_x25519(u8 out[SST_SECRET_SIZE], const u8 secret[SST_SECRET_SIZE],
		const u8 public[SST_PUBLIC_SIZE])
{
	if (curve25519(out, secret, public))
		return true;
	memzero_explicit(out, SST_SECRET_SIZE);
	return false;
}
