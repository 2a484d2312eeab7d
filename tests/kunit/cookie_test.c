// SPDX-License-Identifier: GPL-2.0
/*
 * Cookies of a responder: known answers, times, rotation of the secrets, and
 * that each bit of a proof and of a box counts.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "compat.h"
#include "cookie.h"
#include "hkdf.h"

#define TTL		SST_COOKIE_TTL_SECONDS
#define NOW		1000
#define INIT_C		108	/* trailer of an INIT with C */
#define INIT_C_I	140	/* and with an identity */

static const u8 address[SST_COOKIE_ADDRESS_SIZE] = {
	[10] = 0xff, 0xff, 192, 0, 2, 17,
};

static const u8 known_c[SST_COOKIE_SIZE] = {
	0x1b, 0x18, 0x26, 0x07, 0xcf, 0xfc, 0x4b, 0x18,
	0xbf, 0x24, 0xef, 0x2f, 0x51, 0x33, 0x38, 0xf0,
};

static void fill(u8 *bytes, u8 first, u8 step, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = first + step * i;
}

static void free_cookies(void *ptr)
{
	sst_cookies_exit(ptr);
}

static struct sst_cookies *new_cookies(struct kunit *test)
{
	struct sst_cookies *cookies = kunit_kzalloc(test, sizeof(*cookies),
						    GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, cookies);
	sst_cookies_init(cookies);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_cookies, cookies));
	return cookies;
}

/* Secrets that the known answers are made with, drawn at NOW. */
static struct sst_cookies *known_cookies(struct kunit *test)
{
	struct sst_cookies *cookies = new_cookies(test);

	fill(cookies->secret, 0, 1, sizeof(cookies->secret));
	fill(cookies->previous, 0x20, 1, sizeof(cookies->previous));
	cookies->until = NOW + TTL;
	return cookies;
}

static void make_trailer(u8 *trailer, size_t len, u64 expiry)
{
	fill(trailer, 1, 7, len);
	put_unaligned_be64(expiry, trailer + SST_INIT_EXPIRY_OFFSET);
}

/* An INIT of somebody who got a cookie of this expiry at this time. */
static void make_init(struct sst_cookies *cookies, u8 trailer[INIT_C],
		      u64 expiry, u64 now)
{
	u8 c[SST_COOKIE_SIZE];

	make_trailer(trailer, INIT_C, expiry);
	sst_cookie_make(cookies, c, address, expiry, now);
	sst_cookie_prove(trailer + SST_INIT_PROOF_OFFSET, c, trailer, INIT_C);
}

static bool valid(struct sst_cookies *cookies, const u8 trailer[INIT_C],
		  u64 now)
{
	return sst_cookie_valid(cookies, address, trailer, INIT_C, now);
}

static void cookie_known(struct kunit *test)
{
	static const u8 proof[SST_PROOF_SIZE] = {
		0xa4, 0xb3, 0x03, 0x9f, 0xcf, 0xf3, 0x2d, 0xb6,
		0xba, 0x81, 0xc3, 0x5a, 0xfb, 0x15, 0x4b, 0x83,
	};
	static const u8 proof_i[SST_PROOF_SIZE] = {
		0x86, 0x32, 0x36, 0xdc, 0x87, 0xfc, 0x34, 0x50,
		0x17, 0xab, 0x3e, 0x64, 0x3c, 0xc6, 0x44, 0xe6,
	};
	struct sst_cookies *cookies = known_cookies(test);
	u8 c[SST_COOKIE_SIZE], trailer[INIT_C_I];
	u8 *place = trailer + SST_INIT_PROOF_OFFSET;

	sst_cookie_make(cookies, c, address, NOW + TTL, NOW);
	KUNIT_EXPECT_MEMEQ(test, known_c, c, sizeof(c));

	/* Whatever stands in the place of the proof. */
	make_trailer(trailer, INIT_C, NOW + TTL);
	sst_cookie_prove(place, c, trailer, INIT_C);
	KUNIT_EXPECT_MEMEQ(test, proof, place, sizeof(proof));
	memset(place, 0, sizeof(proof));
	sst_cookie_prove(place, c, trailer, INIT_C);
	KUNIT_EXPECT_MEMEQ(test, proof, place, sizeof(proof));
	KUNIT_EXPECT_TRUE(test, sst_cookie_valid(cookies, address, trailer,
						 INIT_C, NOW));

	make_trailer(trailer, INIT_C_I, NOW + TTL);
	sst_cookie_prove(place, c, trailer, INIT_C_I);
	KUNIT_EXPECT_MEMEQ(test, proof_i, place, sizeof(proof_i));
	KUNIT_EXPECT_TRUE(test, sst_cookie_valid(cookies, address, trailer,
						 INIT_C_I, NOW));
}

/* Valid before its expiry, and only as far ahead as a cookie may be made. */
static void cookie_expiry(struct kunit *test)
{
	struct sst_cookies *cookies = new_cookies(test);
	u8 trailer[INIT_C];

	make_init(cookies, trailer, NOW + TTL, NOW);
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW));
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW - 1));
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW + TTL - 1));
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW + TTL));
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW + TTL + 1));

	/* The proof is right, the time is not. */
	cookies = new_cookies(test);
	make_init(cookies, trailer, NOW + TTL + 1, NOW);
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW));
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW + 1));
	make_init(cookies, trailer, U64_MAX, NOW + 1);
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW + 1));
	make_init(cookies, trailer, 0, NOW + 1);
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW + 1));
	make_init(cookies, trailer, NOW + 2, NOW + 1);
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW + 1));
}

/* A host that has just started: its clock is at 0, and nothing is a secret. */
static void cookie_at_boot(struct kunit *test)
{
	static const u8 zeros[SST_SECRET_SIZE];
	struct sst_cookies *cookies = new_cookies(test);
	u8 trailer[INIT_C], before[SST_SECRET_SIZE];

	make_init(cookies, trailer, TTL, 0);
	KUNIT_EXPECT_NE(test, 0, memcmp(cookies->secret, zeros, sizeof(zeros)));
	KUNIT_EXPECT_NE(test, 0, memcmp(cookies->previous, zeros, sizeof(zeros)));
	memcpy(before, cookies->secret, sizeof(before));
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, 0));
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, 1));
	KUNIT_EXPECT_MEMEQ(test, before, cookies->secret, sizeof(before));

	/* A check before the first cookie draws them, too. */
	cookies = new_cookies(test);
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, 0));
	KUNIT_EXPECT_NE(test, 0, memcmp(cookies->secret, zeros, sizeof(zeros)));
	KUNIT_EXPECT_NE(test, 0, memcmp(cookies->previous, zeros, sizeof(zeros)));
}

/**
 * struct rotation - secrets that were drawn at NOW, some time later
 * @name: what
 * @later: seconds after NOW at which they are used again
 * @secret: is the secret the same?
 * @previous: is the previous one what was the secret?
 */
struct rotation {
	const char *name;
	u64 later;
	bool secret;
	bool previous;
};

static const struct rotation rotations[] = {
	{ "at once", 0, true, false },
	{ "last second", TTL - 1, true, false },
	{ "rotated", TTL, false, true },
	{ "last second of the previous", 2 * TTL - 1, false, true },
	{ "too late for the previous", 2 * TTL, false, false },
	{ "much later", 1000 * TTL + 1, false, false },
};

KUNIT_ARRAY_PARAM_DESC(rotation, rotations, name);

static void cookie_rotation(struct kunit *test)
{
	const struct rotation *rotation = test->param_value;
	struct sst_cookies *cookies = new_cookies(test);
	u64 now = NOW + rotation->later, expiry = now + 1;
	u8 secret[SST_SECRET_SIZE], previous[SST_SECRET_SIZE];
	u8 trailer[INIT_C];

	/* One with time enough, so that it is the secret that decides. */
	make_init(cookies, trailer, expiry, NOW);
	memcpy(secret, cookies->secret, sizeof(secret));
	memcpy(previous, cookies->previous, sizeof(previous));
	KUNIT_EXPECT_EQ(test, rotation->secret || rotation->previous,
			valid(cookies, trailer, now));
	KUNIT_EXPECT_EQ(test, rotation->secret,
			!memcmp(secret, cookies->secret, sizeof(secret)));
	KUNIT_EXPECT_EQ(test, rotation->secret,
			!memcmp(previous, cookies->previous, sizeof(previous)));
	KUNIT_EXPECT_EQ(test, rotation->previous,
			!memcmp(secret, cookies->previous, sizeof(secret)));
	/* Cookies are made under the new one at once. */
	make_init(cookies, trailer, expiry, now);
	memset(cookies->previous, 0, sizeof(cookies->previous));
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, now));
}

/* Used late, a secret does not live longer: rotations keep their schedule. */
static void cookie_schedule(struct kunit *test)
{
	struct sst_cookies *cookies = new_cookies(test);
	u8 trailer[INIT_C], first[SST_SECRET_SIZE], second[SST_SECRET_SIZE];

	make_init(cookies, trailer, NOW + 2 * TTL + 1, NOW);
	memcpy(first, cookies->secret, sizeof(first));
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW + 2 * TTL - 1));
	KUNIT_EXPECT_MEMEQ(test, first, cookies->previous, sizeof(first));
	memcpy(second, cookies->secret, sizeof(second));
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW + 2 * TTL));
	KUNIT_EXPECT_MEMEQ(test, second, cookies->previous, sizeof(second));
	KUNIT_EXPECT_EQ(test, NOW + 3 * TTL, cookies->until);
}

/* Every cookie is valid to its end, whenever it is made and others ask. */
static void cookie_lives_its_time(struct kunit *test)
{
	struct sst_cookies *cookies = new_cookies(test);
	unsigned int made, later;
	u8 trailer[INIT_C];

	for (made = 0; made < 2 * TTL; made += 7) {
		make_init(cookies, trailer, NOW + made + TTL, NOW + made);
		for (later = 0; later < TTL; later += 17)
			KUNIT_EXPECT_TRUE_MSG(test,
					      valid(cookies, trailer,
						    NOW + made + later),
					      "made %u, later %u", made, later);
		KUNIT_EXPECT_TRUE(test, valid(cookies, trailer,
					      NOW + made + TTL - 1));
		cookies = new_cookies(test);
	}
}

static void cookie_forget(struct kunit *test)
{
	static const u8 zeros[SST_SECRET_SIZE];
	struct sst_cookies *cookies = new_cookies(test);
	u8 trailer[INIT_C], secret[SST_SECRET_SIZE];

	make_init(cookies, trailer, NOW + TTL, NOW);
	memcpy(secret, cookies->secret, sizeof(secret));
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW));
	sst_cookies_forget(cookies);
	KUNIT_EXPECT_MEMEQ(test, zeros, cookies->secret, sizeof(zeros));
	KUNIT_EXPECT_MEMEQ(test, zeros, cookies->previous, sizeof(zeros));
	KUNIT_EXPECT_FALSE(test, valid(cookies, trailer, NOW));
	KUNIT_EXPECT_NE(test, 0, memcmp(cookies->secret, zeros, sizeof(zeros)));
	KUNIT_EXPECT_NE(test, 0, memcmp(cookies->previous, zeros, sizeof(zeros)));
	KUNIT_EXPECT_NE(test, 0, memcmp(cookies->secret, secret, sizeof(secret)));
	make_init(cookies, trailer, NOW + TTL, NOW);
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW));
	sst_cookies_exit(cookies);
	KUNIT_EXPECT_MEMEQ(test, zeros, cookies->secret, sizeof(zeros));
	KUNIT_EXPECT_MEMEQ(test, zeros, cookies->previous, sizeof(zeros));
}

/* Another address, another bit anywhere, another length: no proof. */
static void cookie_bits(struct kunit *test)
{
	struct sst_cookies *cookies = known_cookies(test);
	u8 trailer[INIT_C + 1] = {}, other[SST_COOKIE_ADDRESS_SIZE];
	unsigned int i;
	size_t len;

	make_init(cookies, trailer, NOW + TTL, NOW);
	KUNIT_EXPECT_TRUE(test, valid(cookies, trailer, NOW));
	for (i = 0; i < 8 * INIT_C; i++) {
		trailer[i / 8] ^= 1 << i % 8;
		KUNIT_EXPECT_FALSE_MSG(test, valid(cookies, trailer, NOW),
				       "bit %u", i);
		trailer[i / 8] ^= 1 << i % 8;
	}
	memcpy(other, address, sizeof(other));
	for (i = 0; i < 8 * sizeof(other); i++) {
		other[i / 8] ^= 1 << i % 8;
		KUNIT_EXPECT_FALSE_MSG(test,
				       sst_cookie_valid(cookies, other, trailer,
							INIT_C, NOW),
				       "address bit %u", i);
		other[i / 8] ^= 1 << i % 8;
	}
	for (len = 0; len <= INIT_C + 1; len++)
		KUNIT_EXPECT_EQ_MSG(test, len == INIT_C,
				    sst_cookie_valid(cookies, address, trailer,
						     len, NOW),
				    "length %zu", len);
}

/* Not a byte behind the end is read: the debug kernel would say so. */
static void cookie_truncated(struct kunit *test)
{
	struct sst_cookies *cookies = known_cookies(test);
	u8 *trailer;
	size_t len;

	for (len = 1; len < INIT_C; len++) {
		trailer = kunit_kzalloc(test, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, trailer);
		KUNIT_EXPECT_FALSE(test, sst_cookie_valid(cookies, address,
							  trailer, len, NOW));
	}
}

/**
 * struct box_fixture - a COOKIE, and what opens it
 * @trailer: as it stands on the wire
 * @box: what it seals
 * @key: of its responder
 * @enc_i: of the INIT
 */
struct box_fixture {
	struct sst_cookie_trailer trailer;
	struct sst_cookie_box box;
	u8 key[SST_SECRET_SIZE];
	u8 enc_i[SST_PUBLIC_SIZE];
};

static struct box_fixture *new_box(struct kunit *test)
{
	static const u8 meta[SST_META_SIZE] = { 0x58, [7] = 5 };
	struct box_fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	u8 public[SST_PUBLIC_SIZE];

	KUNIT_ASSERT_NOT_NULL(test, f);
	fill(public, 0x40, 1, sizeof(public));
	sst_cookie_key(f->key, public);
	fill(f->enc_i, 0x60, 1, sizeof(f->enc_i));
	fill(f->trailer.nonce, 0x80, 1, sizeof(f->trailer.nonce));
	memcpy(f->trailer.meta, meta, sizeof(meta));
	f->box.ttl = TTL;
	f->box.expiry = NOW + TTL;
	memcpy(f->box.c, known_c, sizeof(known_c));
	sst_cookie_seal(&f->trailer, &f->box, f->key, f->enc_i);
	return f;
}

static bool opens(const struct box_fixture *f, struct sst_cookie_box *box)
{
	return sst_cookie_open(box, &f->trailer, f->key, f->enc_i);
}

static void box_known(struct kunit *test)
{
	static const u8 key[SST_SECRET_SIZE] = {
		0xf9, 0xcd, 0xf2, 0x96, 0xa3, 0x62, 0x4b, 0x9e,
		0xec, 0x4f, 0xff, 0xe3, 0xd5, 0xbd, 0x58, 0x64,
		0x13, 0x31, 0xc8, 0xd7, 0x95, 0xa0, 0x08, 0xb3,
		0xbc, 0xd8, 0x84, 0x85, 0x56, 0x48, 0xc6, 0x0b,
	};
	static const u8 sealed[SST_SEALED_COOKIE_SIZE] = {
		0x9d, 0x69, 0xa0, 0xe4, 0x25, 0xcb, 0x8d, 0x60,
		0xc1, 0xf2, 0x1f, 0x19, 0x08, 0x21, 0x6e, 0xe0,
		0x68, 0xba, 0xec, 0xda, 0xf2, 0xcd, 0x12, 0xb4,
		0x51, 0x4c, 0x0a, 0xff,
	};
	static const u8 tag[SST_TAG_SIZE] = {
		0x04, 0xcf, 0xfa, 0xcb, 0xc0, 0x78, 0xa6, 0x77,
		0x0f, 0x15, 0x56, 0x16, 0x30, 0x81, 0xf9, 0x30,
	};
	struct box_fixture *f = new_box(test);
	struct sst_cookie_box box = {};

	KUNIT_EXPECT_MEMEQ(test, key, f->key, sizeof(key));
	KUNIT_EXPECT_MEMEQ(test, sealed, f->trailer.sealed, sizeof(sealed));
	KUNIT_EXPECT_MEMEQ(test, tag, f->trailer.tag, sizeof(tag));
	KUNIT_EXPECT_EQ(test, 0x80, f->trailer.nonce[0]);
	KUNIT_EXPECT_EQ(test, 5, f->trailer.meta[7]);
	KUNIT_EXPECT_TRUE(test, opens(f, &box));
	KUNIT_EXPECT_EQ(test, TTL, box.ttl);
	KUNIT_EXPECT_EQ(test, NOW + TTL, box.expiry);
	KUNIT_EXPECT_MEMEQ(test, known_c, box.c, sizeof(known_c));
}

static void box_bits(struct kunit *test)
{
	static const struct sst_cookie_box untouched;
	struct box_fixture *f = new_box(test);
	struct sst_cookie_box box = {};
	u8 *bytes = (u8 *)&f->trailer;
	unsigned int i;

	for (i = 0; i < 8 * sizeof(f->trailer); i++) {
		bytes[i / 8] ^= 1 << i % 8;
		KUNIT_EXPECT_FALSE_MSG(test, opens(f, &box), "bit %u", i);
		bytes[i / 8] ^= 1 << i % 8;
	}
	for (i = 0; i < 8 * sizeof(f->enc_i); i++) {
		f->enc_i[i / 8] ^= 1 << i % 8;
		KUNIT_EXPECT_FALSE_MSG(test, opens(f, &box), "enc_i bit %u", i);
		f->enc_i[i / 8] ^= 1 << i % 8;
	}
	f->key[0] ^= 1;
	KUNIT_EXPECT_FALSE(test, opens(f, &box));
	f->key[0] ^= 1;
	KUNIT_EXPECT_MEMEQ(test, &untouched, &box, sizeof(box));
	KUNIT_EXPECT_TRUE(test, opens(f, &box));
}

/* The largest numbers come through. */
static void box_values(struct kunit *test)
{
	struct box_fixture *f = new_box(test);
	struct sst_cookie_box box = {};

	f->box.ttl = U32_MAX - 1;
	f->box.expiry = U64_MAX - 1;
	sst_cookie_seal(&f->trailer, &f->box, f->key, f->enc_i);
	KUNIT_EXPECT_TRUE(test, opens(f, &box));
	KUNIT_EXPECT_EQ(test, U32_MAX - 1, box.ttl);
	KUNIT_EXPECT_EQ(test, U64_MAX - 1, box.expiry);
}

static struct kunit_case cookie_cases[] = {
	KUNIT_CASE(cookie_known),
	KUNIT_CASE(cookie_expiry),
	KUNIT_CASE(cookie_at_boot),
	KUNIT_CASE_PARAM(cookie_rotation, rotation_gen_params),
	KUNIT_CASE(cookie_schedule),
	KUNIT_CASE(cookie_lives_its_time),
	KUNIT_CASE(cookie_forget),
	KUNIT_CASE(cookie_bits),
	KUNIT_CASE(cookie_truncated),
	KUNIT_CASE(box_known),
	KUNIT_CASE(box_bits),
	KUNIT_CASE(box_values),
	{}
};

static struct kunit_suite cookie_suite = {
	.name = "sst_cookie",
	.test_cases = cookie_cases,
};

kunit_test_suite(cookie_suite);
