// SPDX-License-Identifier: GPL-2.0
/* TCP options that a peer made up: Fast Open among them. */
#include <kunit/test.h>
#include <linux/tcp.h>

#include "fixture.h"
#include "packet.h"
#include "tcpopt.h"

struct fast_case {
	const char *desc;
	u8 opts[40];
	u8 len;
	bool want;
};

static const struct fast_case cases[] = {
	{ "no option", {}, 0, false },
	{ "others", { 2, 4, 5, 0xb4, 4, 2, 1, 3, 3, 7, 1, 1 }, 12, false },
	{ "a request", { 34, 2, 1, 1 }, 4, true },
	{ "a cookie", { 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1 }, 12, true },
	{ "behind others",
	  { 2, 4, 5, 0xb4, 1, 3, 3, 7, 34, 6, 1, 2, 3, 4, 1, 1 }, 16, true },
	{ "at the very end",
	  { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 34, 2 }, 40,
	  true },
	{ "behind the end", { 0, 34, 2, 0 }, 4, false },
	{ "in another option", { 99, 4, 34, 2 }, 4, false },
	{ "behind one that does not fit", { 3, 0, 34, 2 }, 4, false },
	{ "before one that does not fit", { 34, 2, 3, 9 }, 4, true },
	{ "too long for the header", { 1, 1, 34, 3 }, 4, false },
	{ "without its length", { 1, 1, 1, 34 }, 4, false },
	{ "the experiment", { 254, 4, 0xf9, 0x89 }, 4, true },
	{ "the experiment with a cookie",
	  { 254, 8, 0xf9, 0x89, 1, 2, 3, 4 }, 8, true },
	{ "another experiment", { 254, 4, 0xe2, 0xd4 }, 4, false },
	{ "an experiment without a number", { 254, 2, 0xf9, 0x89 }, 4, false },
};

KUNIT_ARRAY_PARAM_DESC(fast, cases, desc);

static void tcpopt_fast_open(struct kunit *test)
{
	const struct fast_case *c = test->param_value;
	struct sst_test_desc desc = {
		NFPROTO_IPV6, IPPROTO_TCP, .payload = c->len,
	};
	unsigned int thoff = sst_test_network_size(NFPROTO_IPV6), len;
	const struct sst_config cfg = {};
	struct sk_buff *skb;
	struct sst_pkt pkt;
	u8 *bytes;

	bytes = kunit_kzalloc(test, SST_TEST_PACKET_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	/* The options take the place of payload. */
	len = sst_test_build(bytes, &desc);
	memcpy(bytes + thoff + 20, c->opts, c->len);
	bytes[thoff + 12] = (5 + c->len / 4) << 4;
	sst_test_finish(bytes, len, &desc);
	skb = sst_test_skb(test, bytes, len, SST_TEST_TIGHT, 0);
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, NFPROTO_IPV6, SST_PKT_IN,
					 &cfg));
	KUNIT_EXPECT_EQ(test, c->want, sst_tcpopt_asks_fast_open(&pkt));
}

static struct kunit_case tcpopt_cases[] = {
	KUNIT_CASE_PARAM(tcpopt_fast_open, fast_gen_params),
	{}
};

static struct kunit_suite tcpopt_suite = {
	.name = "sst_tcpopt",
	.test_cases = tcpopt_cases,
};

kunit_test_suite(tcpopt_suite);
