// SPDX-License-Identifier: GPL-2.0
/*
 * Suite 1 in scope ports: the published example of the protocol, byte by byte,
 * and the trailer of every known packet, also of those that the module itself
 * would not send (flag E, the last counters of a key).
 */
#include <kunit/test.h>

#include "fixture.h"
#include "kdf.h"
#include "sst_vectors.h"
#include "suite.h"
#include "trailer.h"

/* UDP, side 1, kri 0, counter 0, payload "ping", ports 40000 and 53. */
static const u8 example_key[] = {
	0x9a, 0x62, 0xfe, 0x2a, 0xf2, 0x46, 0x8d, 0x28,
	0x3f, 0x89, 0x73, 0xa0, 0xcf, 0x34, 0x01, 0xdd,
	0x66, 0x68, 0xf1, 0x5d, 0x68, 0x34, 0xf0, 0x80,
	0x4d, 0x1d, 0xdc, 0x32, 0xcf, 0xda, 0x7a, 0x7a,
};

static const u8 example_block[] = {
	0xe3, 0xf1, 0x10, 0x67, 0x09, 0xd1, 0x26, 0x93,
	0x3e, 0x6e, 0x59, 0x4c, 0x46, 0x34, 0x76, 0xc4,
	0x66, 0x1c, 0xc9, 0x3e, 0xfb, 0xee, 0xab, 0x65,
	0x2a, 0x5a, 0x3d, 0x92, 0xb6, 0xd4, 0xc0, 0xf2,
	0x3d, 0x92, 0x82, 0xc8, 0xe0, 0x31, 0x70, 0x91,
	0xd9, 0x1f, 0x6d, 0xe0, 0xe7, 0xd5, 0x8c, 0xca,
	0x71, 0x90, 0x5e, 0x5d, 0x74, 0x50, 0xa3, 0xb5,
	0x75, 0x37, 0x4d, 0xad, 0x11, 0xad, 0x24, 0x1f,
};

static const u8 example_trailer[] = {
	0xa1, 0xd2, 0x82, 0xfd, 0x40, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0xff, 0x1f, 0x98, 0xc8,
	0xed, 0x0e, 0x42, 0x7a, 0x51, 0x71, 0x7e, 0x6e,
	0xa4, 0xc1, 0x7d, 0x26,
};

static void suite_example(struct kunit *test)
{
	static const u8 ports[] = { 0x9c, 0x40, 0x00, 0x35 };
	struct sst_aad aad = {
		.bytes = { 0x40, 0, 0, 0, 0, 0, 0, 0, 0x11, 0x00, 0x0c },
		.len = 11,
	};
	u8 sealed[SST_SEALED_PORTS_SIZE], opened[SST_SEALED_PORTS_SIZE];
	u8 tag[SST_TAG_SIZE];
	struct sst_whole_block block;

	sst_suite_block(&block, example_key, 0);
	KUNIT_EXPECT_MEMEQ(test, example_block, (u8 *)&block, sizeof(block));
	sst_suite_xor_ports(sealed, &block.used, ports);
	KUNIT_EXPECT_MEMEQ(test, example_trailer, sealed, sizeof(sealed));
	sst_suite_xor_ports(opened, &block.used, sealed);
	KUNIT_EXPECT_MEMEQ(test, ports, opened, sizeof(opened));
	sst_suite_tag(tag, &block.used, &aad, sealed);
	KUNIT_EXPECT_MEMEQ(test, example_trailer + 12, tag, sizeof(tag));
}

/* All 32 bits of the counter choose the block, and only they and the key do. */
static void suite_block_by_counter(struct kunit *test)
{
	static const u32 seqs[] = { 0, 1, 0xff, 0x100, 0xffff, 0x10000,
				    0x7fffffff, 0x80000000, 0xfffeffff,
				    U32_MAX };
	struct sst_whole_block *blocks;
	unsigned int i, j;

	blocks = kunit_kcalloc(test, ARRAY_SIZE(seqs), sizeof(*blocks),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blocks);
	for (i = 0; i < ARRAY_SIZE(seqs); i++) {
		sst_suite_block(&blocks[i], example_key, seqs[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_MEMNEQ_MSG(test, &blocks[i], &blocks[j],
						sizeof(*blocks),
						"counters %#x and %#x",
						seqs[i], seqs[j]);
	}
	sst_suite_block(&blocks[1], example_key, 0);
	KUNIT_EXPECT_MEMEQ(test, &blocks[0], &blocks[1], sizeof(*blocks));
}

/* Lengths are part of the input: trailing zeros do not stand for nothing. */
static void suite_tag_covers_length(struct kunit *test)
{
	struct sst_aad aad = { .bytes = { 0x40 }, .len = 11 };
	u8 sealed[SST_SEALED_PORTS_SIZE] = {};
	u8 tag[SST_TAG_SIZE], other[SST_TAG_SIZE];
	struct sst_whole_block block;
	unsigned int i;

	sst_suite_block(&block, example_key, 7);
	sst_suite_tag(tag, &block.used, &aad, sealed);
	aad.len = 13;
	sst_suite_tag(other, &block.used, &aad, sealed);
	KUNIT_EXPECT_MEMNEQ(test, tag, other, sizeof(tag));

	aad.len = 11;
	for (i = 0; i < 11; i++) {
		aad.bytes[i] ^= 1;
		sst_suite_tag(other, &block.used, &aad, sealed);
		KUNIT_EXPECT_MEMNEQ_MSG(test, tag, other, sizeof(tag),
					"AAD byte %u", i);
		aad.bytes[i] ^= 1;
	}
	for (i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 0x80;
		sst_suite_tag(other, &block.used, &aad, sealed);
		KUNIT_EXPECT_MEMNEQ_MSG(test, tag, other, sizeof(tag),
					"sealed byte %u", i);
		sealed[i] ^= 0x80;
	}
}

KUNIT_ARRAY_PARAM_DESC(kat, sst_kats, name);

static void suite_known_packets(struct kunit *test)
{
	const struct sst_kat *kat = test->param_value;
	bool first = kat->sender_side == 1;
	struct sst_ctx ctx = {
		.scope = 1,
		.proto = kat->proto,
		.initiator_side = 1,
		.initiator_port = htons(kat->port1),
		.responder_port = htons(kat->port2),
	};
	__be16 ports[2] = {
		htons(first ? kat->port1 : kat->port2),
		htons(first ? kat->port2 : kat->port1),
	};
	const struct sst_config cfg = {};
	const struct sst_data_trailer *trailer;
	u8 opened[SST_SEALED_PORTS_SIZE], sealed[SST_SEALED_PORTS_SIZE];
	u8 key[SST_SECRET_SIZE], tag[SST_TAG_SIZE];
	struct sst_whole_block block;
	struct sst_meta meta;
	struct sst_aad aad;
	struct sst_pkt pkt;
	struct sk_buff *skb;

	skb = sst_test_skb(test, kat->sealed, kat->sealed_len, SST_TEST_ROOM, 0);
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb,
					 kat->sealed[0] >> 4 == 4 ?
					 NFPROTO_IPV4 : NFPROTO_IPV6,
					 SST_PKT_IN, &cfg));
	trailer = (const void *)(kat->sealed + kat->sealed_len -
				 sizeof(*trailer));
	sst_meta_decode(&meta, trailer->meta);
	KUNIT_EXPECT_EQ(test, SST_TYPE_DATA, meta.type);
	KUNIT_EXPECT_EQ(test, kat->orig_len ? 0 : SST_FLAG_EMPTY, meta.flags);
	KUNIT_EXPECT_EQ(test, kat->kri, meta.kri);
	KUNIT_EXPECT_EQ(test, kat->seq, meta.seq);

	sst_kdf_flow(key, kat->key, &ctx);
	sst_kdf_packet_key(key, key, kat->sender_side, kat->kri);
	sst_suite_block(&block, key, kat->seq);
	sst_suite_xor_ports(opened, &block.used, trailer->sealed);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)ports, opened, sizeof(opened));
	sst_suite_xor_ports(sealed, &block.used, (const u8 *)ports);
	KUNIT_EXPECT_MEMEQ(test, trailer->sealed, sealed, sizeof(sealed));
	sst_aad_build(&aad, trailer->meta, &pkt,
		      pkt.seglen - sizeof(*trailer));
	sst_suite_tag(tag, &block.used, &aad, trailer->sealed);
	KUNIT_EXPECT_MEMEQ(test, trailer->tag, tag, sizeof(tag));
}

static struct kunit_case suite_cases[] = {
	KUNIT_CASE(suite_example),
	KUNIT_CASE(suite_block_by_counter),
	KUNIT_CASE(suite_tag_covers_length),
	KUNIT_CASE_PARAM(suite_known_packets, kat_gen_params),
	{}
};

static struct kunit_suite suite_suite = {
	.name = "sst_suite",
	.test_cases = suite_cases,
};

kunit_test_suite(suite_suite);
