// SPDX-License-Identifier: GPL-2.0
/* The MSS that a peer's SYN announces, and options that a peer made up. */
#include <kunit/test.h>
#include <linux/tcp.h>

#include "compat.h"
#include "fixture.h"
#include "mss.h"

#define MTU	1500

struct mss_case {
	const char *desc;
	u8 flags;
	u8 family;
	u8 opts[40];
	u8 len;
	/* Offset of the MSS in the options, and what it becomes. */
	u8 off;
	u16 want;
};

#define SYN	0x02
#define SYNACK	0x12
#define V4	NFPROTO_IPV4
#define V6	NFPROTO_IPV6

static const struct mss_case cases[] = {
	{ "the usual one", SYN, V4, { 2, 4, 0x05, 0xb4 }, 4, 2, 1432 },
	{ "the usual one, IPv6", SYN, V6, { 2, 4, 0x05, 0xa0 }, 4, 2, 1412 },
	{ "more than the device takes", SYN, V4, { 2, 4, 0x23, 0x00 }, 4, 2, 1432 },
	{ "more than the device takes, IPv6", SYN, V6, { 2, 4, 0x23, 0x00 }, 4, 2,
	  1412 },
	{ "the largest", SYN, V4, { 2, 4, 0xff, 0xff }, 4, 2, 1432 },
	{ "a small one", SYN, V4, { 2, 4, 0x02, 0x18 }, 4, 2, 508 },
	{ "one byte more than a trailer", SYN, V4, { 2, 4, 0x00, 0x1d }, 4, 2, 1 },
	{ "a trailer", SYN, V4, { 2, 4, 0x00, 0x1c }, 4, 2, 28 },
	{ "zero", SYN, V4, { 2, 4, 0x00, 0x00 }, 4, 2, 0 },
	{ "not in an answer", SYNACK, V4, { 2, 4, 0x05, 0xb4 }, 4, 2, 1460 },
	{ "not without SYN", 0x10, V4, { 2, 4, 0x05, 0xb4 }, 4, 2, 1460 },
	{ "behind a NOP, at an odd offset", SYN, V4, { 1, 2, 4, 0x05, 0xb4 }, 8, 3,
	  1432 },
	{ "behind three NOPs, IPv6", SYN, V6, { 1, 1, 1, 2, 4, 0x05, 0xa0 }, 8, 5,
	  1412 },
	{ "behind others", SYN, V4,
	  { 4, 2, 3, 3, 7, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 4, 0x05, 0xb4 }, 20,
	  18, 1432 },
	{ "at the very end", SYN, V4,
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 4, 0x05, 0xb4 }, 40,
	  38, 1432 },
	{ "behind the end of the options", SYN, V4, { 0, 2, 4, 0x05, 0xb4 }, 8, 3,
	  1460 },
	{ "an option of length 0", SYN, V4, { 3, 0, 2, 4, 0x05, 0xb4 }, 8, 4, 1460 },
	{ "an option of length 1", SYN, V4, { 3, 1, 2, 4, 0x05, 0xb4 }, 8, 4, 1460 },
	{ "an option that ends behind the header", SYN, V4,
	  { 2, 4, 0x05, 0xb4, 3, 5, 7, 0 }, 8, 2, 1460 },
	{ "an option without its length", SYN, V4, { 2, 4, 0x05, 0xb4, 1, 1, 1, 3 }, 8,
	  2, 1460 },
	{ "an MSS of 3 bytes", SYN, V4, { 2, 3, 5, 1, 1, 1, 1, 1 }, 8, 2,
	  0x0501 },
	{ "an MSS of 6 bytes", SYN, V4, { 2, 6, 5, 0xb4, 0, 0, 1, 1 }, 8, 2,
	  1460 },
	{ "signed with MD5", SYN, V4, { 2, 4, 0x05, 0xb4, 19, 18 }, 24, 2, 1460 },
	{ "signed with TCP-AO", SYN, V4, { 2, 4, 0x05, 0xb4, 29, 16 }, 20, 2, 1460 },
	{ "no option", SYN, V4, {}, 0, 0, 0 },
};

KUNIT_ARRAY_PARAM_DESC(mss, cases, desc);

static void mss_clamp(struct kunit *test)
{
	const struct mss_case *c = test->param_value;
	struct sst_test_desc desc = {
		c->family, IPPROTO_TCP, .payload = c->len,
	};
	unsigned int thoff = sst_test_network_size(c->family), len;
	struct net_device *dev = sst_test_device(test, MTU);
	const struct sst_config cfg = {};
	struct sk_buff *skb;
	struct sst_pkt pkt;
	u8 *bytes, *before;
	u16 announced;

	bytes = kunit_kzalloc(test, SST_TEST_PACKET_MAX, GFP_KERNEL);
	before = kunit_kzalloc(test, SST_TEST_PACKET_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	KUNIT_ASSERT_NOT_NULL(test, before);
	/* The options take the place of payload. */
	len = sst_test_build(bytes, &desc);
	memcpy(bytes + thoff + 20, c->opts, c->len);
	bytes[thoff + 12] = (5 + c->len / 4) << 4;
	bytes[thoff + 13] = c->flags;
	sst_test_finish(bytes, len, &desc);
	memcpy(before, bytes, len);

	skb = sst_test_skb(test, bytes, len, SST_TEST_TIGHT, 0);
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, c->family, SST_PKT_IN,
					 &cfg));
	rcu_read_lock();
	announced = sst_mss_clamp(&pkt, dev);
	rcu_read_unlock();
	sst_test_skb_bytes(test, skb, bytes);
	KUNIT_EXPECT_EQ(test, 0xffff,
			sst_test_transport_sum(bytes, len, thoff, IPPROTO_TCP));
	if (!c->len) {
		KUNIT_EXPECT_MEMEQ(test, before, bytes, len);
		return;
	}
	KUNIT_EXPECT_EQ(test, c->want,
			get_unaligned_be16(bytes + thoff + 20 + c->off));
	if (announced)
		KUNIT_EXPECT_EQ(test, announced,
				get_unaligned_be16(before + thoff + 20 + c->off));
	KUNIT_EXPECT_EQ(test, !!announced,
			!!memcmp(bytes + thoff + 20 + c->off,
				 before + thoff + 20 + c->off, 2));
	/* Nothing but this and the checksum may differ. */
	memcpy(bytes + thoff + 20 + c->off, before + thoff + 20 + c->off, 2);
	memcpy(bytes + thoff + 16, before + thoff + 16, 2);
	KUNIT_EXPECT_MEMEQ(test, before, bytes, len);
}

/* A checksum that the device will fill in is not touched. */
static void mss_clamp_partial(struct kunit *test)
{
	static const u8 opts[] = { 2, 4, 0x05, 0xb4 };
	struct sst_test_desc desc = { V4, IPPROTO_TCP, .payload = 4 };
	struct net_device *dev = sst_test_device(test, MTU);
	const struct sst_config cfg = {};
	u8 *bytes = kunit_kzalloc(test, SST_TEST_PACKET_MAX, GFP_KERNEL);
	struct sk_buff *skb;
	struct sst_pkt pkt;
	unsigned int len;

	KUNIT_ASSERT_NOT_NULL(test, bytes);
	len = sst_test_build(bytes, &desc);
	memcpy(bytes + 40, opts, sizeof(opts));
	bytes[32] = 0x60;
	bytes[33] = SYN;
	skb = sst_test_skb(test, bytes, len, SST_TEST_TIGHT, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, V4, SST_PKT_IN, &cfg));
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, 1460, sst_mss_clamp(&pkt, dev));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 1432, get_unaligned_be16(skb->data + 42));
	KUNIT_EXPECT_MEMEQ(test, bytes + 36, skb->data + 36, 2);
}

static struct kunit_case mss_cases[] = {
	KUNIT_CASE_PARAM(mss_clamp, mss_gen_params),
	KUNIT_CASE(mss_clamp_partial),
	{}
};

static struct kunit_suite mss_suite = {
	.name = "sst_mss",
	.test_cases = mss_cases,
};

kunit_test_suite(mss_suite);
