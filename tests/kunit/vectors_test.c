// SPDX-License-Identifier: GPL-2.0
/*
 * Whole packets through the sending and the receiving hook, against an
 * implementation that shares no code; then the same packets, damaged.
 */
#include <kunit/test.h>
#include <linux/netfilter.h>

#include "compat.h"
#include "fixture.h"
#include "sst_vectors.h"
#include "stats.h"

/*
 * A device whose MTU leaves no room for the trailer in any TCP segment: the
 * MSS in a SYN is then left alone (that it shrinks is for mss_test.c).
 */
#define MTU_UNCLAMPED	68

#define MTU_PATH	1500

struct work {
	struct sst_net *sn;
	struct net_device *dev;
	u8 family;
	struct sst_flow *flow;
	u8 got[SST_TEST_PACKET_MAX];
	u8 bytes[SST_TEST_PACKET_MAX];
};

static struct work *get_work(struct kunit *test, const struct sst_kat *kat,
			     bool egress)
{
	struct work *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->sn = sst_test_net(test);
	w->dev = sst_test_device(test, egress ? MTU_PATH : MTU_UNCLAMPED);
	w->sn->cfg.dscp = kat->flags_dscp_keep ? SST_DSCP_KEEP : SST_DSCP_CLEAR;
	w->family = kat->sealed[0] >> 4 == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	return w;
}

static void get_tuple(struct sst_tuple *tuple, const struct sst_kat *kat,
		      u8 side, u16 port1, u16 port2)
{
	union nf_inet_addr src = {}, dst = {};

	memset(tuple, 0, sizeof(*tuple));
	if (kat->sealed[0] >> 4 == 4) {
		tuple->family = NFPROTO_IPV4;
		memcpy(&src, kat->sealed + 12, 4);
		memcpy(&dst, kat->sealed + 16, 4);
	} else {
		tuple->family = NFPROTO_IPV6;
		memcpy(&src, kat->sealed + 8, 16);
		memcpy(&dst, kat->sealed + 24, 16);
	}
	tuple->proto = kat->proto;
	tuple->local = side == kat->sender_side ? src : dst;
	tuple->remote = side == kat->sender_side ? dst : src;
	tuple->lport = htons(side == 1 ? port1 : port2);
	tuple->rport = htons(side == 1 ? port2 : port1);
}

/* The flow of a row as its sender or its receiver has it. */
static void add_flow(struct kunit *test, struct work *w,
		     const struct sst_kat *kat, bool sender)
{
	struct sst_flow_params params = {
		.side = sender ? kat->sender_side : 3 - kat->sender_side,
		.scope = SST_SCOPE_PORTS,
		.suite = SST_SUITE_CHACHA20_POLY1305,
		.key = kat->key,
	};

	get_tuple(&params.real, kat, params.side, kat->port1, kat->port2);
	get_tuple(&params.wire, kat, params.side, kat->wire1, kat->wire2);
	w->flow = sst_flow_new(&params);
	KUNIT_ASSERT_NOT_NULL(test, w->flow);
	/* From here on it belongs to the table. */
	KUNIT_ASSERT_EQ(test, SST_CLASH_NONE,
			sst_flowtable_add(&w->sn->flows, w->flow, 10));
}

static unsigned int send(struct kunit *test, struct work *w,
			 struct sk_buff *skb)
{
	/* Nothing is cut here. */
	return sst_test_egress(test, w->sn, skb, w->dev, NULL);
}

KUNIT_ARRAY_PARAM_DESC(kat, sst_kats, name);

/* The next row that @wanted() wants. */
static const void *next_kat(const void *prev, char *desc,
			    bool (*wanted)(const struct sst_kat *kat))
{
	const struct sst_kat *kat = prev;

	for (kat = kat ? kat + 1 : sst_kats;
	     kat < sst_kats + ARRAY_SIZE(sst_kats); kat++) {
		if (!wanted(kat))
			continue;
		strscpy(desc, kat->name, KUNIT_PARAM_DESC_SIZE);
		return kat;
	}
	return NULL;
}

/*
 * The module makes no empty packets of its own, and the last 2^16 counters of
 * a key are never used: suite_test.c has the trailers.
 */
static bool is_sent(const struct sst_kat *kat)
{
	return kat->orig_len && kat->seq < SST_SEQ_LIMIT;
}

static const void *sent_gen_params(const void *prev, char *desc)
{
	return next_kat(prev, desc, is_sent);
}

static unsigned int transport_offset(struct kunit *test, const u8 *bytes,
				     unsigned int len)
{
	struct sk_buff *skb = sst_test_skb(test, bytes, len, SST_TEST_ROOM, 0);
	const struct sst_config cfg = {};
	struct sst_pkt pkt;

	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, bytes[0] >> 4 == 4 ?
					 NFPROTO_IPV4 : NFPROTO_IPV6,
					 SST_PKT_IN, &cfg));
	sst_test_skb_free(test, skb);
	return pkt.thoff;
}

static void vectors_seal(struct kunit *test)
{
	const struct sst_kat *kat = test->param_value;
	struct work *w = get_work(test, kat, true);
	enum sst_test_layout layout;
	unsigned int head, sealed = 0;
	struct sk_buff *skb;

	add_flow(test, w, kat, true);
	head = transport_offset(test, kat->orig, kat->orig_len);
	for (layout = 0; layout < SST_TEST_LIST; layout++) {
		if (layout == SST_TEST_FULL &&
		    kat->orig_len < head + MAX_SKB_FRAGS)
			continue;
		sst_test_set_tx(w->flow, kat->kri, kat->seq);
		skb = sst_test_skb(test, kat->orig, kat->orig_len, layout,
				   head);
		KUNIT_EXPECT_EQ_MSG(test, NF_ACCEPT, send(test, w, skb), "%s",
				    sst_test_layouts[layout]);
		KUNIT_ASSERT_EQ(test, kat->sealed_len, skb->len);
		sst_test_skb_bytes(test, skb, w->got);
		KUNIT_EXPECT_MEMEQ_MSG(test, kat->sealed, w->got,
				       kat->sealed_len, "%s",
				       sst_test_layouts[layout]);
		sst_test_skb_free(test, skb);
		sealed++;
	}
	KUNIT_EXPECT_EQ(test, sealed,
			sst_test_stat(w->sn, SST_A_STATS_TX_SEALED));
	KUNIT_EXPECT_EQ(test, sealed, atomic64_read(&w->flow->tx_packets));
}

static void vectors_open(struct kunit *test)
{
	static const u8 sums[] = {
		CHECKSUM_NONE, CHECKSUM_UNNECESSARY, CHECKSUM_COMPLETE,
	};
	const struct sst_kat *kat = test->param_value;
	struct work *w = get_work(test, kat, false);
	bool empty = !kat->restored_len;
	enum sst_test_layout layout;
	unsigned int head, i, n = 0;
	struct sk_buff *skb;

	add_flow(test, w, kat, false);
	head = transport_offset(test, kat->sealed, kat->sealed_len);
	for (layout = 0; layout < SST_TEST_LAYOUTS; layout++) {
		for (i = 0; i < ARRAY_SIZE(sums); i++) {
			sst_test_set_rx(w->flow, kat->kri);
			skb = sst_test_skb(test, kat->sealed, kat->sealed_len,
					   layout, head);
			skb->ip_summed = sums[i];
			skb->csum = skb_checksum(skb, 0, skb->len, 0);
			n++;
			KUNIT_EXPECT_EQ_MSG(test, empty ? NF_DROP : NF_ACCEPT,
					    sst_test_ingress(test, w->sn, skb,
							     w->dev),
					    "%s, sum %u",
					    sst_test_layouts[layout], sums[i]);
			if (!empty) {
				KUNIT_ASSERT_EQ(test, kat->restored_len,
						skb->len);
				sst_test_skb_bytes(test, skb, w->got);
				KUNIT_EXPECT_MEMEQ_MSG(test, kat->restored,
						       w->got,
						       kat->restored_len,
						       "%s, sum %u",
						       sst_test_layouts[layout],
						       sums[i]);
				KUNIT_EXPECT_TRUE(test,
						  sst_packet_is_opened(skb,
								       w->family));
			}
			sst_test_skb_free(test, skb);
		}
	}
	KUNIT_EXPECT_EQ(test, n, sst_test_stat(w->sn, empty ?
					       SST_A_STATS_RX_EMPTY :
					       SST_A_STATS_RX_OPENED));
	KUNIT_EXPECT_EQ(test, n, w->flow->rx_packets);

	/* The last of them once more. */
	skb = sst_test_skb(test, kat->sealed, kat->sealed_len, SST_TEST_ROOM,
			   0);
	KUNIT_EXPECT_EQ(test, NF_DROP, sst_test_ingress(test, w->sn, skb, w->dev));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(w->sn, SST_A_STATS_RX_REPLAY));
	KUNIT_EXPECT_EQ(test, n, w->flow->rx_packets);
}

/* Open @len bytes of w->bytes as a fresh receiver; true when it took them. */
static bool takes(struct kunit *test, struct work *w, const struct sst_kat *kat,
		  unsigned int len)
{
	struct sk_buff *skb = sst_test_skb(test, w->bytes, len, SST_TEST_ROOM,
					   0);
	u64 before = w->flow->rx_packets;

	sst_test_set_rx(w->flow, kat->kri);
	w->flow->trials = 0;
	sst_test_ingress(test, w->sn, skb, w->dev);
	sst_test_skb_free(test, skb);
	return w->flow->rx_packets != before;
}

/* Packets of every kind, one each: damaging one takes a thousand openings. */
static bool is_sample(const struct sst_kat *kat)
{
	static const char *const samples[] = {
		"v4-udp-15", "v4-tcp-15", "v6-udp-15", "v6-tcp-15",
		"v4-tcp-syn", "v6-tcp-rst", "v6-tcp-dscp-keep",
		"v4-udp-no-checksum-7", "v4-tcp-empty-side1",
		"v6-udp-empty-side2",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(samples); i++)
		if (!strcmp(kat->name, samples[i]))
			return true;
	return false;
}

static const void *sample_gen_params(const void *prev, char *desc)
{
	return next_kat(prev, desc, is_sample);
}

/*
 * May bit 0x01 << n of byte @off of the segment change on the way? Protocol
 * section 10 says what scope ports leaves open: sequence numbers, window,
 * checksum, urgent pointer, options, payload.
 */
static bool is_covered(const struct sst_kat *kat, unsigned int off,
		       unsigned int bit, unsigned int seglen)
{
	/* Ports: another flow's packet. The trailer: always. */
	if (off < 4 || off >= seglen)
		return true;
	if (kat->proto == IPPROTO_UDP)
		return off < 6;
	if (off == 12)
		return bit >= 4;
	if (off == 13)
		return bit < 5;
	return false;
}

static void vectors_damaged(struct kunit *test)
{
	const struct sst_kat *kat = test->param_value;
	unsigned int thoff, seglen, off, bit;
	struct work *w;

	w = get_work(test, kat, false);
	add_flow(test, w, kat, false);
	memcpy(w->bytes, kat->sealed, kat->sealed_len);
	thoff = transport_offset(test, kat->sealed, kat->sealed_len);
	seglen = kat->sealed_len - thoff - SST_DATA_TRAILER_SIZE;
	KUNIT_EXPECT_TRUE(test, takes(test, w, kat, kat->sealed_len));
	for (off = 0; off < seglen + SST_DATA_TRAILER_SIZE; off++) {
		for (bit = 0; bit < 8; bit++) {
			w->bytes[thoff + off] ^= 1 << bit;
			KUNIT_EXPECT_EQ_MSG(test,
					    !is_covered(kat, off, bit, seglen),
					    takes(test, w, kat, kat->sealed_len),
					    "byte %u bit %u", off, bit);
			w->bytes[thoff + off] ^= 1 << bit;
		}
	}
	KUNIT_EXPECT_TRUE(test, takes(test, w, kat, kat->sealed_len));
}

static void set_length(struct work *w, const struct sst_kat *kat,
		       unsigned int thoff, unsigned int len)
{
	if (w->family == NFPROTO_IPV4)
		put_unaligned_be16(len, w->bytes + 2);
	else
		put_unaligned_be16(len - 40, w->bytes + 4);
	if (kat->proto == IPPROTO_UDP)
		put_unaligned_be16(len - thoff, w->bytes + thoff + 4);
}

/* Shortened at the end or before the trailer, stretched there: never taken. */
static void vectors_wrong_length(struct kunit *test)
{
	const struct sst_kat *kat = test->param_value;
	unsigned int thoff, data, n, len;
	struct work *w;

	w = get_work(test, kat, false);
	add_flow(test, w, kat, false);
	thoff = transport_offset(test, kat->sealed, kat->sealed_len);
	for (len = thoff; len < kat->sealed_len; len++) {
		memcpy(w->bytes, kat->sealed, kat->sealed_len);
		KUNIT_EXPECT_FALSE_MSG(test, takes(test, w, kat, len),
				       "%u bytes", len);
		set_length(w, kat, thoff, len);
		KUNIT_EXPECT_FALSE_MSG(test, takes(test, w, kat, len),
				       "%u bytes, length adjusted", len);
	}
	data = kat->sealed_len - SST_DATA_TRAILER_SIZE;
	for (n = 1; n <= 64; n++) {
		memcpy(w->bytes, kat->sealed, data);
		memset(w->bytes + data, 0, n);
		memcpy(w->bytes + data + n, kat->sealed + data,
		       SST_DATA_TRAILER_SIZE);
		set_length(w, kat, thoff, kat->sealed_len + n);
		KUNIT_EXPECT_FALSE_MSG(test,
				       takes(test, w, kat, kat->sealed_len + n),
				       "%u bytes more", n);
		if (n > data - thoff)
			continue;
		memcpy(w->bytes, kat->sealed, data);
		memcpy(w->bytes + data - n, kat->sealed + data,
		       SST_DATA_TRAILER_SIZE);
		set_length(w, kat, thoff, kat->sealed_len - n);
		KUNIT_EXPECT_FALSE_MSG(test,
				       takes(test, w, kat, kat->sealed_len - n),
				       "%u bytes less", n);
	}
}

static void swap_bytes(u8 *one, u8 *two, unsigned int n)
{
	while (n--)
		swap(one[n], two[n]);
}

/* Source becomes destination; no checksum changes by that. */
static void reflect(struct kunit *test, struct work *w,
		    const struct sst_kat *kat)
{
	unsigned int thoff = transport_offset(test, kat->sealed,
					      kat->sealed_len);

	memcpy(w->bytes, kat->sealed, kat->sealed_len);
	if (w->family == NFPROTO_IPV4)
		swap_bytes(w->bytes + 12, w->bytes + 16, 4);
	else
		swap_bytes(w->bytes + 8, w->bytes + 24, 16);
	swap_bytes(w->bytes + thoff, w->bytes + thoff + 2, 2);
}

/* A packet cannot be sent back to its sender, nor be opened by another key. */
static void vectors_wrong_flow(struct kunit *test)
{
	const struct sst_kat *kat = test->param_value;
	struct sst_kat other = *kat;
	struct work *w;

	other.key[31] ^= 1;
	w = get_work(test, &other, false);
	add_flow(test, w, &other, false);
	memcpy(w->bytes, kat->sealed, kat->sealed_len);
	KUNIT_EXPECT_FALSE(test, takes(test, w, kat, kat->sealed_len));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(w->sn, SST_A_STATS_RX_AUTH));

	/* Other real ports make another T. */
	other = *kat;
	other.port2++;
	w = get_work(test, &other, false);
	add_flow(test, w, &other, false);
	memcpy(w->bytes, kat->sealed, kat->sealed_len);
	KUNIT_EXPECT_FALSE(test, takes(test, w, kat, kat->sealed_len));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(w->sn, SST_A_STATS_RX_AUTH));

	/* The sender gets it back, as if the peer had sent it. */
	w = get_work(test, kat, false);
	add_flow(test, w, kat, true);
	reflect(test, w, kat);
	KUNIT_EXPECT_FALSE(test, takes(test, w, kat, kat->sealed_len));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(w->sn, SST_A_STATS_RX_AUTH));
}

/* Right tag, wrong ports in the box: a peer that is confused or lies. */
static void vectors_wrong_ports(struct kunit *test)
{
	const struct sst_kat *kat = test->param_value;
	struct work *w;

	w = get_work(test, kat, false);
	add_flow(test, w, kat, false);
	/* The secret stays that of the row. */
	w->flow->peer_port ^= htons(1);
	memcpy(w->bytes, kat->sealed, kat->sealed_len);
	KUNIT_EXPECT_FALSE(test, takes(test, w, kat, kat->sealed_len));
	KUNIT_EXPECT_EQ(test, 1, sst_test_stat(w->sn, SST_A_STATS_RX_PORTS));
}

/* What belongs to no flow passes, bit for bit, in both directions. */
static void vectors_no_flow(struct kunit *test)
{
	const struct sst_kat *kat = test->param_value;
	struct work *w = get_work(test, kat, false);
	struct sk_buff *skb;

	skb = sst_test_skb(test, kat->sealed, kat->sealed_len, SST_TEST_ROOM,
			   0);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, sst_test_ingress(test, w->sn, skb, w->dev));
	KUNIT_ASSERT_EQ(test, kat->sealed_len, skb->len);
	KUNIT_EXPECT_MEMEQ(test, kat->sealed, skb->data, skb->len);
	KUNIT_EXPECT_FALSE(test, sst_packet_is_opened(skb, w->family));
	if (!kat->orig_len)
		return;
	w = get_work(test, kat, true);
	skb = sst_test_skb(test, kat->orig, kat->orig_len, SST_TEST_ROOM, 0);
	KUNIT_EXPECT_EQ(test, NF_ACCEPT, send(test, w, skb));
	KUNIT_ASSERT_EQ(test, kat->orig_len, skb->len);
	KUNIT_EXPECT_MEMEQ(test, kat->orig, skb->data, skb->len);
}

static struct kunit_case vectors_cases[] = {
	KUNIT_CASE_PARAM(vectors_seal, sent_gen_params),
	KUNIT_CASE_PARAM(vectors_open, kat_gen_params),
	KUNIT_CASE_PARAM(vectors_damaged, sample_gen_params),
	KUNIT_CASE_PARAM(vectors_wrong_length, sample_gen_params),
	KUNIT_CASE_PARAM(vectors_wrong_flow, sample_gen_params),
	KUNIT_CASE_PARAM(vectors_wrong_ports, sample_gen_params),
	KUNIT_CASE_PARAM(vectors_no_flow, kat_gen_params),
	{}
};

static struct kunit_suite vectors_suite = {
	.name = "sst_vectors",
	.test_cases = vectors_cases,
};

kunit_test_suite(vectors_suite);
