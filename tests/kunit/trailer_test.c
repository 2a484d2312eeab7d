// SPDX-License-Identifier: GPL-2.0
/* Trailer codec: meta, what a DATA packet may carry, and the AAD. */
#include <kunit/test.h>

#include "fixture.h"
#include "stats.h"
#include "trailer.h"

struct meta_case {
	const char *desc;
	struct sst_meta meta;
	u8 bytes[SST_META_SIZE];
};

static const struct meta_case meta_cases[] = {
	{ "all zero", {}, {} },
	{ "all ones", { 15, 15, 0xff, 0xffff, 0xffffffff },
	  { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ "type DATA", { .type = SST_TYPE_DATA }, { 0x40 } },
	{ "flag E", { .type = SST_TYPE_DATA, .flags = SST_FLAG_EMPTY },
	  { 0x48 } },
	{ "flag P", { .type = SST_TYPE_DATA, .flags = SST_FLAG_PAYLOAD },
	  { 0x41 } },
	{ "traffic class", { .type = SST_TYPE_DATA, .tc = 0xb8 },
	  { 0x40, 0xb8 } },
	{ "kri is big-endian", { .kri = 0x0102 }, { 0, 0, 1, 2 } },
	{ "seq is big-endian", { .seq = 0x01020304 }, { 0, 0, 0, 0, 1, 2, 3, 4 } },
	{ "each field has its place", { 4, 8, 0x5c, 0xfedc, 0xba987654 },
	  { 0x48, 0x5c, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54 } },
};

KUNIT_ARRAY_PARAM_DESC(meta, meta_cases, desc);

static void trailer_meta(struct kunit *test)
{
	const struct meta_case *c = test->param_value;
	u8 bytes[SST_META_SIZE + 1];
	struct sst_meta meta;

	/* A trailer stands at any offset. */
	sst_meta_encode(bytes + 1, &c->meta);
	KUNIT_EXPECT_MEMEQ(test, c->bytes, bytes + 1, SST_META_SIZE);
	sst_meta_decode(&meta, bytes + 1);
	KUNIT_EXPECT_EQ(test, c->meta.type, meta.type);
	KUNIT_EXPECT_EQ(test, c->meta.flags, meta.flags);
	KUNIT_EXPECT_EQ(test, c->meta.tc, meta.tc);
	KUNIT_EXPECT_EQ(test, c->meta.kri, meta.kri);
	KUNIT_EXPECT_EQ(test, c->meta.seq, meta.seq);
}

/* Each single bit on the wire is read and written back. */
static void trailer_meta_bits(struct kunit *test)
{
	u8 in[SST_META_SIZE], out[SST_META_SIZE];
	struct sst_meta meta;
	unsigned int bit;

	for (bit = 0; bit < 8 * SST_META_SIZE; bit++) {
		memset(in, 0, sizeof(in));
		in[bit / 8] = 1 << bit % 8;
		sst_meta_decode(&meta, in);
		sst_meta_encode(out, &meta);
		KUNIT_EXPECT_MEMEQ_MSG(test, in, out, sizeof(in), "bit %u", bit);
	}
}

/*
 * Protocol section 4: of 256 first bytes a receiver in scope ports takes
 * two, 0x40 and, without payload, 0x48. The reasons are in the order of the
 * checks: type, flags, traffic class.
 */
static int expected_check(unsigned int first, unsigned int tc, u8 family,
			  unsigned int payload)
{
	if (first < 0x40 || first > 0x4f)
		return SST_A_STATS_RX_TYPE;
	if (first != 0x40 && (first != 0x48 || payload))
		return SST_A_STATS_RX_FLAGS;
	if (tc % 4 || (tc && family == NFPROTO_IPV4))
		return SST_A_STATS_RX_TC;
	return 0;
}

static void trailer_check_all(struct kunit *test)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	unsigned int i, first, tc, payload, good = 0;

	for (i = 0; i < ARRAY_SIZE(families); i++) {
		struct sst_pkt pkt = { .tuple.family = families[i] };

		for (first = 0; first < 256; first++) {
			for (tc = 0; tc < 256; tc++) {
				u8 bytes[SST_META_SIZE] = { first, tc };
				struct sst_meta meta;

				sst_meta_decode(&meta, bytes);
				for (payload = 0; payload < 2; payload++) {
					int want, got;

					want = expected_check(first, tc,
							      families[i],
							      payload);
					got = sst_meta_check_data(&meta, &pkt,
								  payload);
					good += !got;
					if (want == got)
						continue;
					KUNIT_FAIL(test,
						   "family %u first %#x tc %#x payload %u: %d, not %d",
						   families[i], first, tc,
						   payload, got, want);
				}
			}
		}
	}
	/* IPv4: 0x40 twice, 0x48 once; IPv6: the same with 64 classes. */
	KUNIT_EXPECT_EQ(test, 3 + 3 * 64, good);
}

struct check_case {
	const char *desc;
	u8 first;
	u8 tc;
	u8 family;
	unsigned int payload;
	int want;
};

/* The same by hand for the rows that somebody will look for. */
static const struct check_case check_cases[] = {
	{ "DATA, no payload", 0x40, 0, NFPROTO_IPV4, 0, 0 },
	{ "DATA with payload", 0x40, 0, NFPROTO_IPV4, 1, 0 },
	{ "DATA with the largest payload", 0x40, 0, NFPROTO_IPV6, 65507, 0 },
	{ "type 0", 0x00, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_TYPE },
	{ "OPEN", 0x10, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_TYPE },
	{ "INIT", 0x20, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_TYPE },
	{ "ACCEPT", 0x30, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_TYPE },
	{ "COOKIE", 0x58, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_TYPE },
	{ "type 6", 0x60, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_TYPE },
	{ "type 15", 0xf0, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_TYPE },
	{ "E without payload", 0x48, 0, NFPROTO_IPV4, 0, 0 },
	{ "E with payload", 0x48, 0, NFPROTO_IPV6, 1, SST_A_STATS_RX_FLAGS },
	{ "P in scope ports", 0x41, 0, NFPROTO_IPV4, 1, SST_A_STATS_RX_FLAGS },
	{ "N in DATA", 0x42, 0, NFPROTO_IPV4, 1, SST_A_STATS_RX_FLAGS },
	{ "I in DATA", 0x44, 0, NFPROTO_IPV4, 1, SST_A_STATS_RX_FLAGS },
	{ "E and P", 0x49, 0, NFPROTO_IPV4, 0, SST_A_STATS_RX_FLAGS },
	{ "a class on IPv6", 0x40, 0xb8, NFPROTO_IPV6, 1, 0 },
	{ "a class on IPv4", 0x40, 0xb8, NFPROTO_IPV4, 1, SST_A_STATS_RX_TC },
	{ "ECN 1 in the class", 0x40, 0x01, NFPROTO_IPV6, 1, SST_A_STATS_RX_TC },
	{ "ECN 2 in the class", 0x40, 0xba, NFPROTO_IPV6, 1, SST_A_STATS_RX_TC },
	{ "ECN 3 in the class", 0x40, 0xff, NFPROTO_IPV6, 1, SST_A_STATS_RX_TC },
};

KUNIT_ARRAY_PARAM_DESC(check, check_cases, desc);

static void trailer_check(struct kunit *test)
{
	const struct check_case *c = test->param_value;
	struct sst_pkt pkt = { .tuple.family = c->family };
	u8 bytes[SST_META_SIZE] = { c->first, c->tc };
	struct sst_meta meta;

	sst_meta_decode(&meta, bytes);
	KUNIT_EXPECT_EQ(test, c->want,
			sst_meta_check_data(&meta, &pkt, c->payload));
}

/*
 * An empty TCP packet is a keepalive, which has ACK and no other flag: one
 * with FIN, SYN or RST would be swallowed after it had verified.
 */
static void trailer_check_empty_tcp(struct kunit *test)
{
	struct sst_meta meta = { SST_TYPE_DATA, SST_FLAG_EMPTY };
	struct sst_pkt pkt = { .tuple.family = NFPROTO_IPV6 };
	unsigned int flags;

	for (flags = 0; flags < 0x20; flags++) {
		pkt.covered[0] = 0x50;
		pkt.covered[1] = flags;
		pkt.tuple.proto = IPPROTO_TCP;
		meta.flags = SST_FLAG_EMPTY;
		KUNIT_EXPECT_EQ_MSG(test, flags == 0x10 ? 0 :
				    SST_A_STATS_RX_FLAGS,
				    sst_meta_check_data(&meta, &pkt, 0),
				    "flags %#x", flags);
		meta.flags = 0;
		KUNIT_EXPECT_EQ_MSG(test, 0,
				    sst_meta_check_data(&meta, &pkt, 0),
				    "flags %#x, not empty", flags);
	}
	pkt.covered[0] = 0;
	pkt.covered[1] = 0;
	pkt.tuple.proto = IPPROTO_UDP;
	meta.flags = SST_FLAG_EMPTY;
	KUNIT_EXPECT_EQ(test, 0, sst_meta_check_data(&meta, &pkt, 0));
}

struct aad_case {
	const char *desc;
	u8 proto;
	u8 covered[2];
	u16 seglen;
	/* What follows the meta. */
	u8 tail[SST_AAD_DATA_MAX - SST_META_SIZE];
	u8 len;
};

static const struct aad_case aad_cases[] = {
	{ "UDP covers nothing of its header", IPPROTO_UDP, { 0xf0, 0x1f }, 12,
	  { 17, 0, 12 }, 11 },
	{ "empty UDP", IPPROTO_UDP, {}, 8, { 17, 0, 8 }, 11 },
	{ "the longest UDP", IPPROTO_UDP, {}, 65507,
	  { 17, 0xff, 0xe3 }, 11 },
	{ "TCP covers data offset and flags", IPPROTO_TCP, { 0x50, 0x18 }, 25,
	  { 6, 0, 25, 0x50, 0x18 }, 13 },
	{ "TCP with all options and flags", IPPROTO_TCP, { 0xf0, 0x1f }, 60,
	  { 6, 0, 60, 0xf0, 0x1f }, 13 },
	{ "length is big-endian", IPPROTO_TCP, { 0x80, 0x10 }, 0x0102,
	  { 6, 1, 2, 0x80, 0x10 }, 13 },
};

KUNIT_ARRAY_PARAM_DESC(aad, aad_cases, desc);

static void trailer_aad(struct kunit *test)
{
	static const u8 meta[SST_META_SIZE] = {
		0x48, 0x5c, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54,
	};
	const struct aad_case *c = test->param_value;
	struct sst_pkt pkt = { .tuple.proto = c->proto };
	struct sst_aad aad;

	memcpy(pkt.covered, c->covered, sizeof(pkt.covered));
	memset(&aad, 0xa5, sizeof(aad));
	sst_aad_build(&aad, meta, &pkt, c->seglen);
	KUNIT_EXPECT_EQ(test, c->len, aad.len);
	KUNIT_EXPECT_MEMEQ(test, meta, aad.bytes, sizeof(meta));
	KUNIT_EXPECT_MEMEQ(test, c->tail, aad.bytes + sizeof(meta),
			   c->len - sizeof(meta));
}

static struct kunit_case trailer_test_cases[] = {
	KUNIT_CASE_PARAM(trailer_meta, meta_gen_params),
	KUNIT_CASE(trailer_meta_bits),
	KUNIT_CASE(trailer_check_all),
	KUNIT_CASE_PARAM(trailer_check, check_gen_params),
	KUNIT_CASE(trailer_check_empty_tcp),
	KUNIT_CASE_PARAM(trailer_aad, aad_gen_params),
	{}
};

static struct kunit_suite trailer_suite = {
	.name = "sst_trailer",
	.test_cases = trailer_test_cases,
};

kunit_test_suite(trailer_suite);
