// SPDX-License-Identifier: GPL-2.0
/* What INIT and OPEN N agree on, against an implementation that shares no code. */
#include <kunit/test.h>

#include "handshake.h"
#include "sst_vectors.h"
#include "trailer.h"
#include "x25519.h"

#define SUITE	1
/* The one that is reserved. */
#define OTHER_SUITE	2

/* Flag I of an INIT (protocol section 4). */
#define FLAG_IDENTITY	0x4

KUNIT_ARRAY_PARAM_DESC(new, sst_kat_news, name);

/* Only those that an INIT makes. */
static const void *init_gen_params(const void *prev, char *desc)
{
	const struct sst_kat_new *kat = prev;

	do
		kat = new_gen_params(kat, desc);
	while (kat && kat->type != SST_TYPE_INIT);
	return kat;
}

static void make_pair(struct sst_pair *pair, const u8 *secret, const u8 *public)
{
	memcpy(pair->secret, secret, sizeof(pair->secret));
	memcpy(pair->public, public, sizeof(pair->public));
}

static void expect_keys(struct kunit *test, const struct sst_kat_new *kat,
			const struct sst_init_keys *keys)
{
	KUNIT_EXPECT_MEMEQ(test, kat->open_key, keys->key, sizeof(keys->key));
	KUNIT_EXPECT_MEMEQ(test, kat->s0, keys->s0, sizeof(keys->s0));
}

/* Both hosts come to the keys of an INIT. */
static void handshake_init(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct sst_init_keys keys;
	u8 id[SST_KEY_ID_SIZE];
	struct sst_pair pair;

	sst_key_id(id, kat->host_public);
	KUNIT_EXPECT_MEMEQ(test, kat->key_id, id, sizeof(id));

	make_pair(&pair, kat->e_i, kat->enc_i);
	memset(&keys, 0, sizeof(keys));
	KUNIT_ASSERT_TRUE(test, sst_init_encap(&keys, &pair, kat->host_public,
					       SUITE));
	expect_keys(test, kat, &keys);

	make_pair(&pair, kat->host_private, kat->host_public);
	memset(&keys, 0, sizeof(keys));
	KUNIT_ASSERT_TRUE(test, sst_init_decap(&keys, &pair, kat->enc_i,
					       SUITE));
	expect_keys(test, kat, &keys);
}

/* The suite is part of both keys. */
static void handshake_init_suite(struct kunit *test)
{
	struct sst_init_keys keys, others;
	struct sst_pair eph, host;

	sst_x25519_draw(&eph);
	sst_x25519_draw(&host);
	KUNIT_ASSERT_TRUE(test, sst_init_encap(&keys, &eph, host.public,
					       SUITE));
	KUNIT_ASSERT_TRUE(test, sst_init_decap(&others, &host, eph.public,
					       OTHER_SUITE));
	KUNIT_EXPECT_MEMNEQ(test, keys.key, others.key, sizeof(keys.key));
	KUNIT_EXPECT_MEMNEQ(test, keys.s0, others.s0, sizeof(keys.s0));
}

/* What is no public key gives no keys. */
static void handshake_init_refuses(struct kunit *test)
{
	static const u8 none[SST_PUBLIC_SIZE];
	struct sst_init_keys keys;
	struct sst_pair pair;

	sst_x25519_draw(&pair);
	memset(&keys, 0xee, sizeof(keys));
	KUNIT_EXPECT_FALSE(test, sst_init_encap(&keys, &pair, none, SUITE));
	KUNIT_EXPECT_FALSE(test, sst_init_decap(&keys, &pair, none, SUITE));
	KUNIT_EXPECT_NULL(test, memchr_inv(&keys, 0xee, sizeof(keys)));
}

/* X25519 of both pairs, seen from both hosts. */
static void expect_dh(struct kunit *test, const u8 *want, const u8 *secret1,
		      const u8 *public1, const u8 *secret2, const u8 *public2)
{
	u8 dh[SST_SECRET_SIZE];

	KUNIT_EXPECT_TRUE(test, sst_x25519(dh, secret1, public2));
	KUNIT_EXPECT_MEMEQ(test, want, dh, sizeof(dh));
	KUNIT_EXPECT_TRUE(test, sst_x25519(dh, secret2, public1));
	KUNIT_EXPECT_MEMEQ(test, want, dh, sizeof(dh));
}

static void handshake_dh(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;

	expect_dh(test, kat->dh, kat->e_i, kat->enc_i, kat->e_r, kat->enc_r);
	if (kat->flags & FLAG_IDENTITY)
		expect_dh(test, kat->dh_s, kat->identity_private,
			  kat->identity_public, kat->e_r, kat->enc_r);
}

static void make_agreement(struct sst_agreement *ag,
			   const struct sst_kat_new *kat)
{
	memcpy(ag->s0, kat->s0, sizeof(ag->s0));
	memcpy(ag->key_id, kat->key_id, sizeof(ag->key_id));
	memcpy(ag->enc_i, kat->enc_i, sizeof(ag->enc_i));
	memcpy(ag->enc_r, kat->enc_r, sizeof(ag->enc_r));
	ag->suite = SUITE;
	ag->has_identity = kat->type == SST_TYPE_INIT &&
			   kat->flags & FLAG_IDENTITY;
	memcpy(ag->identity, kat->identity_public, sizeof(ag->identity));
}

static void handshake_agree(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	u8 a[SST_SECRET_SIZE], id[SST_ASSOC_ID_SIZE];
	struct sst_agreement ag;

	make_agreement(&ag, kat);
	sst_agree(a, &ag, kat->dh, kat->dh_s);
	KUNIT_EXPECT_MEMEQ(test, kat->a, a, sizeof(a));
	sst_assoc_id(id, a);
	KUNIT_EXPECT_MEMEQ(test, kat->id, id, sizeof(id));

	ag.suite = OTHER_SUITE;
	sst_agree(a, &ag, kat->dh, kat->dh_s);
	KUNIT_EXPECT_MEMNEQ(test, kat->a, a, sizeof(a));
}

/*
 * The association of the protocol's own vectors, made by OPEN N. There is no
 * identity, so that neither it nor its DH result may count.
 */
static const struct sst_agreement of_psk = {
	.s0 = {
		0xc8, 0xd7, 0x75, 0x83, 0xc8, 0xfa, 0x03, 0x73,
		0xac, 0x4a, 0x7d, 0x59, 0xb3, 0xe4, 0x52, 0xc0,
		0xee, 0x8d, 0x5e, 0x8d, 0x9a, 0xc7, 0xf2, 0xdb,
		0xca, 0x3c, 0x24, 0x43, 0x29, 0x76, 0xa6, 0x36,
	},
	.key_id = {
		0x91, 0xf7, 0x87, 0xdb, 0x02, 0xe8, 0x00, 0xde,
	},
	.enc_i = {
		0x7b, 0x4e, 0x90, 0x9b, 0xbe, 0x7f, 0xfe, 0x44,
		0xc4, 0x65, 0xa2, 0x20, 0x03, 0x7d, 0x60, 0x8e,
		0xe3, 0x58, 0x97, 0xd3, 0x1e, 0xf9, 0x72, 0xf0,
		0x7f, 0x74, 0x89, 0x2c, 0xb0, 0xf7, 0x3f, 0x13,
	},
	.enc_r = {
		0x0f, 0xaa, 0x68, 0x4e, 0xd2, 0x88, 0x67, 0xb9,
		0x7f, 0x4a, 0x6a, 0x2d, 0xee, 0x5d, 0xf8, 0xce,
		0x97, 0x4e, 0x76, 0xb7, 0x01, 0x8e, 0x3f, 0x22,
		0xa1, 0xc4, 0xcf, 0x26, 0x78, 0x57, 0x0f, 0x20,
	},
	.suite = SUITE,
	.identity = { 1 },
};

static const u8 psk_dh[SST_SECRET_SIZE] = {
	0x9e, 0x00, 0x40, 0x98, 0xef, 0xc0, 0x91, 0xd4,
	0xec, 0x26, 0x63, 0xb4, 0xe9, 0xf5, 0xcf, 0xd4,
	0xd7, 0x06, 0x45, 0x71, 0x69, 0x0b, 0x4b, 0xea,
	0x97, 0xab, 0x14, 0x6a, 0xb9, 0xf3, 0x50, 0x56,
};

static const u8 psk_a[SST_SECRET_SIZE] = {
	0xa6, 0x75, 0x33, 0x1a, 0xa8, 0x6b, 0x1e, 0x55,
	0x4b, 0x1e, 0x09, 0x5d, 0xbc, 0x01, 0xdb, 0xe1,
	0x83, 0xc0, 0xdf, 0xeb, 0xed, 0x3a, 0x1e, 0x75,
	0x3e, 0x4e, 0xae, 0x0a, 0x79, 0x6a, 0xe4, 0xad,
};

static const u8 psk_id[SST_ASSOC_ID_SIZE] = {
	0x9b, 0xec, 0xba, 0x1c, 0x3a, 0x52, 0x7c, 0x0a,
};

static void handshake_agree_psk(struct kunit *test)
{
	u8 e_i[SST_SECRET_SIZE], e_r[SST_SECRET_SIZE];
	u8 a[SST_SECRET_SIZE], id[SST_ASSOC_ID_SIZE];

	memset(e_i, 0x11, sizeof(e_i));
	memset(e_r, 0x22, sizeof(e_r));
	expect_dh(test, psk_dh, e_i, of_psk.enc_i, e_r, of_psk.enc_r);
	sst_agree(a, &of_psk, psk_dh, NULL);
	KUNIT_EXPECT_MEMEQ(test, psk_a, a, sizeof(a));
	sst_assoc_id(id, a);
	KUNIT_EXPECT_MEMEQ(test, psk_id, id, sizeof(id));
}

static struct kunit_case handshake_cases[] = {
	KUNIT_CASE_PARAM(handshake_init, init_gen_params),
	KUNIT_CASE(handshake_init_suite),
	KUNIT_CASE(handshake_init_refuses),
	KUNIT_CASE_PARAM(handshake_dh, new_gen_params),
	KUNIT_CASE_PARAM(handshake_agree, new_gen_params),
	KUNIT_CASE(handshake_agree_psk),
	{}
};

static struct kunit_suite handshake_suite = {
	.name = "sst_handshake",
	.test_cases = handshake_cases,
};

kunit_test_suite(handshake_suite);
