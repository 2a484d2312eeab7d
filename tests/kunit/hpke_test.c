// SPDX-License-Identifier: GPL-2.0
/* HPKE against the base mode vectors of RFC 9180. */
#include <kunit/test.h>

#include "hpke.h"
#include "sst_vectors.h"
#include "x25519.h"

KUNIT_ARRAY_PARAM_DESC(hpke, sst_kat_hpkes, name);

static void expect_exports(struct kunit *test, const struct sst_kat_hpke *kat,
			   const u8 exporter[SST_SECRET_SIZE])
{
	u8 value[SST_SECRET_SIZE];
	int i;

	KUNIT_EXPECT_MEMEQ(test, kat->exporter_secret, exporter,
			   SST_SECRET_SIZE);
	for (i = 0; i < ARRAY_SIZE(kat->exports); i++) {
		u8 len = kat->exports[i].context_len;

		sst_hpke_export(value, exporter, kat->aead_id,
				len ? kat->exports[i].context : NULL, len);
		KUNIT_EXPECT_MEMEQ(test, kat->exports[i].value, value,
				   sizeof(value));
	}
}

static void hpke_sender(struct kunit *test)
{
	const struct sst_kat_hpke *kat = test->param_value;
	u8 exporter[SST_SECRET_SIZE];
	struct sst_pair eph;

	memcpy(eph.secret, kat->sk_e, sizeof(eph.secret));
	KUNIT_ASSERT_TRUE(test, sst_x25519_public(eph.public, eph.secret));
	KUNIT_EXPECT_MEMEQ(test, kat->enc, eph.public, sizeof(eph.public));
	KUNIT_ASSERT_TRUE(test, sst_hpke_encap(exporter, &eph, kat->pk_r,
					       kat->aead_id, kat->info,
					       sizeof(kat->info)));
	expect_exports(test, kat, exporter);
}

static void hpke_receiver(struct kunit *test)
{
	const struct sst_kat_hpke *kat = test->param_value;
	u8 exporter[SST_SECRET_SIZE];
	struct sst_pair own;

	memcpy(own.secret, kat->sk_r, sizeof(own.secret));
	KUNIT_ASSERT_TRUE(test, sst_x25519_public(own.public, own.secret));
	KUNIT_EXPECT_MEMEQ(test, kat->pk_r, own.public, sizeof(own.public));
	KUNIT_ASSERT_TRUE(test, sst_hpke_decap(exporter, &own, kat->enc,
					       kat->aead_id, kat->info,
					       sizeof(kat->info)));
	expect_exports(test, kat, exporter);
}

/* A secret can be replaced by what is exported from it. */
static void hpke_export_in_place(struct kunit *test)
{
	const struct sst_kat_hpke *kat = test->param_value;
	u8 secret[SST_SECRET_SIZE];

	memcpy(secret, kat->exporter_secret, sizeof(secret));
	sst_hpke_export(secret, secret, kat->aead_id, NULL, 0);
	KUNIT_EXPECT_MEMEQ(test, kat->exports[0].value, secret, sizeof(secret));
}

/* The longest info; a byte more is too much, and a byte less is another. */
static void hpke_info_limit(struct kunit *test)
{
	static const u8 info[SST_HPKE_INPUT_MAX + 1];
	u8 one[SST_SECRET_SIZE], other[SST_SECRET_SIZE];
	struct sst_pair eph, own;
	u16 aead = SST_HPKE_EXPORT_ONLY;

	sst_x25519_draw(&eph);
	sst_x25519_draw(&own);
	KUNIT_ASSERT_TRUE(test, sst_hpke_encap(one, &eph, own.public, aead,
					       info, SST_HPKE_INPUT_MAX));
	KUNIT_ASSERT_TRUE(test, sst_hpke_decap(other, &own, eph.public, aead,
					       info, SST_HPKE_INPUT_MAX));
	KUNIT_EXPECT_MEMEQ(test, one, other, sizeof(one));
	KUNIT_ASSERT_TRUE(test, sst_hpke_decap(other, &own, eph.public, aead,
					       info, SST_HPKE_INPUT_MAX - 1));
	KUNIT_EXPECT_MEMNEQ(test, one, other, sizeof(one));
	KUNIT_EXPECT_FALSE(test, sst_hpke_encap(one, &eph, own.public, aead,
						info, sizeof(info)));
	KUNIT_EXPECT_FALSE(test, sst_hpke_decap(one, &own, eph.public, aead,
						info, sizeof(info)));
}

/* What is no public key gives no secret. */
static void hpke_refuses(struct kunit *test)
{
	static const u8 none[SST_PUBLIC_SIZE];
	u8 exporter[SST_SECRET_SIZE];
	struct sst_pair pair;

	sst_x25519_draw(&pair);
	KUNIT_EXPECT_FALSE(test, sst_hpke_encap(exporter, &pair, none,
						SST_HPKE_EXPORT_ONLY, NULL, 0));
	KUNIT_EXPECT_NULL(test, memchr_inv(exporter, 0, sizeof(exporter)));
	KUNIT_EXPECT_FALSE(test, sst_hpke_decap(exporter, &pair, none,
						SST_HPKE_EXPORT_ONLY, NULL, 0));
	KUNIT_EXPECT_NULL(test, memchr_inv(exporter, 0, sizeof(exporter)));
}

static struct kunit_case hpke_cases[] = {
	KUNIT_CASE_PARAM(hpke_sender, hpke_gen_params),
	KUNIT_CASE_PARAM(hpke_receiver, hpke_gen_params),
	KUNIT_CASE_PARAM(hpke_export_in_place, hpke_gen_params),
	KUNIT_CASE(hpke_info_limit),
	KUNIT_CASE(hpke_refuses),
	{}
};

static struct kunit_suite hpke_suite = {
	.name = "sst_hpke",
	.test_cases = hpke_cases,
};

kunit_test_suite(hpke_suite);
