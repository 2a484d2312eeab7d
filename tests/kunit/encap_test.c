// SPDX-License-Identifier: GPL-2.0
/* Ephemeral keys made ahead: each is used once, so many and no more, wiped. */
#include <kunit/test.h>
#include <uapi/linux/sst_netlink.h>

#include "encap.h"
#include "handshake.h"
#include "sst_vectors.h"

#define SUITE	SST_SUITE_CHACHA20_POLY1305

static struct sst_encaps *new_encaps(struct kunit *test)
{
	struct sst_encaps *encaps = kunit_kzalloc(test, sizeof(*encaps),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, encaps);
	sst_encaps_init(encaps);
	return encaps;
}

static struct sst_pairs *new_pairs(struct kunit *test)
{
	struct sst_pairs *pairs = kunit_kzalloc(test, sizeof(*pairs),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pairs);
	sst_pairs_init(pairs);
	return pairs;
}

static bool is_zero(const void *bytes, size_t len)
{
	return !memchr_inv(bytes, 0, len);
}

/* One that can be told from others by its first byte, and has no zeros. */
static void make(struct sst_encap *encap, u8 n)
{
	memset(encap, 0xa5, sizeof(*encap));
	encap->eph.secret[0] = n;
}

static void encap_once(struct kunit *test)
{
	struct sst_encaps *encaps = new_encaps(test);
	struct sst_encap encap, want;
	unsigned int seen = 0, i;

	KUNIT_EXPECT_FALSE(test, sst_encaps_take(encaps, &encap));
	for (i = 0; i < SST_ENCAPS_READY; i++) {
		make(&encap, i);
		KUNIT_EXPECT_TRUE(test, sst_encaps_put(encaps, &encap));
	}
	for (i = 0; i < SST_ENCAPS_READY; i++) {
		KUNIT_ASSERT_TRUE(test, sst_encaps_take(encaps, &encap));
		make(&want, encap.eph.secret[0]);
		KUNIT_EXPECT_MEMEQ(test, (u8 *)&want, (u8 *)&encap,
				   sizeof(want));
		seen |= 1U << encap.eph.secret[0];
		/* Nothing of what was taken stays. */
		KUNIT_EXPECT_TRUE(test, is_zero(&encaps->ready[encaps->n],
						sizeof(encap)));
	}
	KUNIT_EXPECT_EQ(test, (1U << SST_ENCAPS_READY) - 1, seen);
	KUNIT_EXPECT_FALSE(test, sst_encaps_take(encaps, &encap));
	KUNIT_EXPECT_TRUE(test, is_zero(encaps->ready, sizeof(encaps->ready)));
}

static void encap_bound(struct kunit *test)
{
	struct sst_encaps *encaps = new_encaps(test);
	struct sst_encap encap;
	unsigned int i;

	for (i = 0; i < SST_ENCAPS_READY; i++) {
		make(&encap, i);
		KUNIT_EXPECT_TRUE(test, sst_encaps_put(encaps, &encap));
	}
	make(&encap, 99);
	KUNIT_EXPECT_FALSE(test, sst_encaps_put(encaps, &encap));
	for (i = 0; i < SST_ENCAPS_READY; i++) {
		KUNIT_ASSERT_TRUE(test, sst_encaps_take(encaps, &encap));
		KUNIT_EXPECT_NE(test, 99, encap.eph.secret[0]);
	}
}

static void encap_wiped(struct kunit *test)
{
	struct sst_encaps *encaps = new_encaps(test);
	struct sst_encap encap;

	make(&encap, 1);
	sst_encaps_put(encaps, &encap);
	sst_encaps_put(encaps, &encap);
	sst_encaps_wipe(encaps);
	KUNIT_EXPECT_TRUE(test, is_zero(encaps->ready, sizeof(encaps->ready)));
	KUNIT_EXPECT_FALSE(test, sst_encaps_take(encaps, &encap));
	KUNIT_EXPECT_TRUE(test, sst_encaps_put(encaps, &encap));
}

/* The host has the same keys of it; no two are the same. */
static void encap_made(struct kunit *test)
{
	const struct sst_kat_new *kat = &sst_kat_news[0];
	struct sst_encap first, second;
	struct sst_init_keys keys;
	struct sst_pair host;

	memcpy(host.secret, kat->host_private, sizeof(host.secret));
	memcpy(host.public, kat->host_public, sizeof(host.public));
	KUNIT_ASSERT_TRUE(test, sst_encap_make(&first, host.public, SUITE));
	KUNIT_ASSERT_TRUE(test, sst_init_decap(&keys, &host, first.eph.public,
					       SUITE));
	KUNIT_EXPECT_MEMEQ(test, keys.key, first.keys.key, sizeof(keys.key));
	KUNIT_EXPECT_MEMEQ(test, keys.s0, first.keys.s0, sizeof(keys.s0));
	KUNIT_ASSERT_TRUE(test, sst_encap_make(&second, host.public, SUITE));
	KUNIT_EXPECT_TRUE(test, memcmp(first.eph.public, second.eph.public,
				       SST_PUBLIC_SIZE));
	KUNIT_EXPECT_TRUE(test, memcmp(first.keys.key, second.keys.key,
				       SST_SECRET_SIZE));
}

/* A public key with which every secret would be the same. */
static void encap_bad_key(struct kunit *test)
{
	u8 public[SST_PUBLIC_SIZE] = {};
	struct sst_encap encap;

	KUNIT_EXPECT_FALSE(test, sst_encap_make(&encap, public, SUITE));
	public[0] = 1;
	KUNIT_EXPECT_FALSE(test, sst_encap_make(&encap, public, SUITE));
}

static void pairs_bound(struct kunit *test)
{
	struct sst_pairs *pairs = new_pairs(test);
	struct sst_pair pair;
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, sst_pairs_take(pairs, &pair));
	for (i = 0; i < SST_PAIRS_READY; i++)
		KUNIT_EXPECT_TRUE(test, sst_pairs_fill(pairs));
	KUNIT_EXPECT_FALSE(test, sst_pairs_fill(pairs));
	KUNIT_EXPECT_EQ(test, SST_PAIRS_READY, pairs->n);
	KUNIT_EXPECT_TRUE(test, sst_pairs_take(pairs, &pair));
	KUNIT_EXPECT_TRUE(test, sst_pairs_fill(pairs));
	KUNIT_EXPECT_FALSE(test, sst_pairs_fill(pairs));
}

/* Each is a key pair, is taken once, and leaves nothing behind. */
static void pairs_once(struct kunit *test)
{
	static u8 taken[SST_PAIRS_READY][SST_PUBLIC_SIZE];
	u8 public[SST_PUBLIC_SIZE];
	struct sst_pairs *pairs = new_pairs(test);
	struct sst_pair pair;
	unsigned int i, k;

	while (sst_pairs_fill(pairs))
		;
	for (i = 0; i < SST_PAIRS_READY; i++) {
		KUNIT_ASSERT_TRUE(test, sst_pairs_take(pairs, &pair));
		KUNIT_ASSERT_TRUE(test, sst_x25519_public(public, pair.secret));
		KUNIT_EXPECT_MEMEQ(test, public, pair.public, sizeof(public));
		memcpy(taken[i], public, sizeof(public));
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_TRUE(test, memcmp(taken[k], taken[i],
						       sizeof(public)));
		KUNIT_EXPECT_TRUE(test, is_zero(&pairs->ready[pairs->n],
						sizeof(pair)));
	}
	KUNIT_EXPECT_FALSE(test, sst_pairs_take(pairs, &pair));
}

static void pairs_wiped(struct kunit *test)
{
	struct sst_pairs *pairs = new_pairs(test);
	struct sst_pair pair;

	sst_pairs_fill(pairs);
	sst_pairs_fill(pairs);
	sst_pairs_wipe(pairs);
	KUNIT_EXPECT_TRUE(test, is_zero(pairs->ready, sizeof(pairs->ready)));
	KUNIT_EXPECT_FALSE(test, sst_pairs_take(pairs, &pair));
	KUNIT_EXPECT_TRUE(test, sst_pairs_fill(pairs));
}

static struct kunit_case encap_cases[] = {
	KUNIT_CASE(encap_once),
	KUNIT_CASE(encap_bound),
	KUNIT_CASE(encap_wiped),
	KUNIT_CASE(encap_made),
	KUNIT_CASE(encap_bad_key),
	KUNIT_CASE(pairs_bound),
	KUNIT_CASE(pairs_once),
	KUNIT_CASE(pairs_wiped),
	{}
};

static struct kunit_suite encap_suite = {
	.name = "sst_encap",
	.test_cases = encap_cases,
};

kunit_test_suite(encap_suite);
