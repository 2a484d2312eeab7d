// SPDX-License-Identifier: GPL-2.0
/*
 * Trailer codec: meta, the forms and their parts, what each packet may carry,
 * and the AAD.
 */
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

/* What an opening, its answer and a COOKIE may be: section 4 by hand. */
static int expected_opening(u8 first, u16 kri, u8 proto, u8 tcp_flags,
			    unsigned int payload)
{
	bool udp_accept = first >> 4 == SST_TYPE_ACCEPT && proto == IPPROTO_UDP;
	bool cookie = first >> 4 == SST_TYPE_COOKIE;

	if (first & 8 && (payload || (!udp_accept && !cookie)))
		return SST_A_STATS_RX_FLAGS;
	if (cookie && !(first & 8))
		return SST_A_STATS_RX_FLAGS;
	if (kri)
		return SST_A_STATS_RX_FLAGS;
	if (first < 0x30 && proto == IPPROTO_TCP && tcp_flags != 0x02 &&
	    tcp_flags != 0x0a)
		return SST_A_STATS_RX_NOT_SYN;
	return 0;
}

static void check_opening(struct kunit *test, u8 first, u8 proto)
{
	static const u16 kris[] = { 0, 1, 0x100, 0xffff };
	struct sst_pkt pkt = {
		.tuple.family = NFPROTO_IPV4, .tuple.proto = proto,
	};
	struct sst_meta meta = { .type = first >> 4, .flags = first & 0xf };
	unsigned int tcp_flags, payload, k;

	for (tcp_flags = 0; tcp_flags < 0x20; tcp_flags++) {
		pkt.covered[1] = tcp_flags;
		for (payload = 0; payload < 2; payload++) {
			for (k = 0; k < ARRAY_SIZE(kris); k++) {
				int want, got;

				meta.kri = kris[k];
				want = expected_opening(first, meta.kri, proto,
							tcp_flags, payload);
				got = sst_meta_check_opening(&meta, &pkt,
							     payload);
				if (want == got)
					continue;
				KUNIT_FAIL(test,
					   "first %#x proto %u tcp %#x payload %u kri %u: %d, not %d",
					   first, proto, tcp_flags, payload,
					   meta.kri, got, want);
			}
		}
	}
}

struct form_case {
	u8 form;
	u8 enc;
	struct sst_layout layout;
};

/* All there are: the table of section 4, in bytes. */
static const struct form_case form_cases[] = {
	{ 0x10, 8, { 24, 16, 64 } },	/* OPEN */
	{ 0x12, 8, { 40, 16, 80 } },	/* OPEN N */
	{ 0x20, 12, { 44, 16, 84 } },	/* INIT */
	{ 0x22, 36, { 68, 16, 108 } },	/* INIT C */
	{ 0x24, 12, { 44, 48, 116 } },	/* INIT I */
	{ 0x26, 36, { 68, 48, 140 } },	/* INIT C I */
	{ 0x30, 0, { 16, 4, 44 } },	/* ACCEPT */
	{ 0x32, 0, { 32, 8, 64 } },	/* ACCEPT N */
	{ 0x40, 0, { 0, 4, 28 } },	/* DATA */
	{ 0x50, 0, { 24, 28, 76 } },	/* COOKIE */
};

static const struct form_case *find_form(u8 form)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(form_cases); i++)
		if (form_cases[i].form == form)
			return &form_cases[i];
	return NULL;
}

static void trailer_layouts(struct kunit *test)
{
	const struct form_case *want;
	struct sst_layout got;
	unsigned int form;
	bool known;

	for (form = 0; form < 256; form++) {
		want = find_form(form);
		known = sst_trailer_layout(&got, form);
		KUNIT_EXPECT_EQ_MSG(test, !!want, known, "form %#x", form);
		if (!want || !known)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, want->layout.clear, got.clear,
				    "form %#x", form);
		KUNIT_EXPECT_EQ_MSG(test, want->layout.sealed, got.sealed,
				    "form %#x", form);
		KUNIT_EXPECT_EQ_MSG(test, want->layout.len, got.len,
				    "form %#x", form);
		KUNIT_EXPECT_EQ(test, want->layout.len, sst_trailer_size(form));
		KUNIT_EXPECT_EQ(test, want->enc, sst_trailer_enc_offset(form));
		KUNIT_EXPECT_LE(test, got.len, SST_TRAILER_MAX);
		KUNIT_EXPECT_LE(test, got.clear, SST_CLEAR_MAX);
		KUNIT_EXPECT_LE(test, got.sealed, SST_SEALED_MAX);
	}
}

/* An INIT is longer than the COOKIE that it may provoke. */
static void trailer_no_amplifier(struct kunit *test)
{
	KUNIT_EXPECT_GT(test, sst_trailer_size(SST_FORM_INIT),
			sst_trailer_size(SST_FORM_COOKIE));
}

static void trailer_check_openings(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(form_cases); i++) {
		if (form_cases[i].form == SST_FORM_DATA)
			continue;
		check_opening(test, form_cases[i].form, IPPROTO_TCP);
		check_opening(test, form_cases[i].form, IPPROTO_UDP);
		check_opening(test, form_cases[i].form | 8, IPPROTO_TCP);
		check_opening(test, form_cases[i].form | 8, IPPROTO_UDP);
	}
}

/* In an opening the traffic class is as in DATA. */
static void trailer_check_opening_tc(struct kunit *test)
{
	struct sst_meta meta = { .type = SST_TYPE_INIT };
	struct sst_pkt pkt = { .tuple.proto = IPPROTO_UDP };
	unsigned int tc;

	for (tc = 0; tc < 256; tc++) {
		meta.tc = tc;
		pkt.tuple.family = NFPROTO_IPV4;
		KUNIT_EXPECT_EQ_MSG(test, tc ? SST_A_STATS_RX_TC : 0,
				    sst_meta_check_opening(&meta, &pkt, 0),
				    "tc %#x", tc);
		pkt.tuple.family = NFPROTO_IPV6;
		KUNIT_EXPECT_EQ_MSG(test, tc & 3 ? SST_A_STATS_RX_TC : 0,
				    sst_meta_check_opening(&meta, &pkt, 0),
				    "tc %#x", tc);
	}
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

/* What stands in clear follows; a proof is made later and counts as zeros. */
static void trailer_aad_clear(struct kunit *test)
{
	static const u8 meta[SST_META_SIZE] = { 0x26, 0, 0, 0, 1, 2, 3, 4 };
	struct sst_pkt pkt = { .tuple.proto = IPPROTO_TCP };
	u8 clear[SST_CLEAR_MAX], want[SST_CLEAR_MAX];
	const struct form_case *c;
	struct sst_aad aad, start;
	unsigned int i, k;

	sst_aad_build(&start, meta, &pkt, 60);
	for (i = 0; i < ARRAY_SIZE(form_cases); i++) {
		c = &form_cases[i];
		for (k = 0; k < sizeof(clear); k++)
			clear[k] = k + 1;
		memcpy(want, clear, sizeof(want));
		/* key_id 8, suite 1, zero 3, expiry 8: then the proof */
		if (c->form == 0x22 || c->form == 0x26)
			memset(want + 20, 0, 16);
		aad = start;
		sst_aad_clear(&aad, c->form, clear);
		KUNIT_EXPECT_EQ_MSG(test, 13 + c->layout.clear, aad.len,
				    "form %#x", c->form);
		KUNIT_EXPECT_MEMEQ(test, start.bytes, aad.bytes, 13);
		KUNIT_EXPECT_MEMEQ_MSG(test, want, aad.bytes + 13,
				       c->layout.clear, "form %#x", c->form);
		/* The packet keeps its proof. */
		KUNIT_EXPECT_EQ(test, 21, clear[20]);
	}
}

static struct kunit_case trailer_test_cases[] = {
	KUNIT_CASE_PARAM(trailer_meta, meta_gen_params),
	KUNIT_CASE(trailer_meta_bits),
	KUNIT_CASE(trailer_check_all),
	KUNIT_CASE_PARAM(trailer_check, check_gen_params),
	KUNIT_CASE(trailer_check_empty_tcp),
	KUNIT_CASE(trailer_layouts),
	KUNIT_CASE(trailer_no_amplifier),
	KUNIT_CASE(trailer_check_openings),
	KUNIT_CASE(trailer_check_opening_tc),
	KUNIT_CASE_PARAM(trailer_aad, aad_gen_params),
	KUNIT_CASE(trailer_aad_clear),
	{}
};

static struct kunit_suite trailer_suite = {
	.name = "sst_trailer",
	.test_cases = trailer_test_cases,
};

kunit_test_suite(trailer_suite);
