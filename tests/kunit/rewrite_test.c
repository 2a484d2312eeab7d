// SPDX-License-Identifier: GPL-2.0
/*
 * Headers, trailer and checksum: every layout in memory and every ip_summed,
 * there and back. What is on the wire is compared byte for byte with a packet
 * that was made from scratch, checksum included.
 */
#include <kunit/test.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/skbuff.h>
#include <net/checksum.h>
#include <net/ip.h>

#include "compat.h"
#include "fixture.h"
#include "rewrite.h"
#include "trailer.h"
#include "stats.h"

#define WIRE_SPORT	50001
#define WIRE_DPORT	20002
#define TRAILER		sizeof(struct sst_data_trailer)

static const struct sst_config cfg = {
	.mark = SST_CONFIG_MARK(0xfc, 0xac),
};

static const char *const summed_names[] = {
	[CHECKSUM_NONE] = "NONE",
	[CHECKSUM_UNNECESSARY] = "UNNECESSARY",
	[CHECKSUM_COMPLETE] = "COMPLETE",
	[CHECKSUM_PARTIAL] = "PARTIAL",
};

/* A bit field has no type of its own to compare by. */
static u8 summed(const struct sk_buff *skb)
{
	return skb->ip_summed;
}

/* One packet and the buffers that its comparison needs. */
struct work {
	struct sst_test_desc desc;
	enum sst_test_layout layout;
	unsigned int head;
	u8 summed;
	bool cloned;
	unsigned int len;
	u8 orig[SST_TEST_PACKET_MAX];
	u8 wire[SST_TEST_PACKET_MAX];
	u8 got[SST_TEST_PACKET_MAX];
	u8 shadow[2 * SST_TEST_PACKET_MAX];
	struct sst_data_trailer trailer;
	char where[128];
};

static struct work *get_work(struct kunit *test)
{
	struct work *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	u8 *bytes;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, w);
	bytes = (u8 *)&w->trailer;
	for (i = 0; i < TRAILER; i++)
		bytes[i] = 0xf1 + 37 * i;
	return w;
}

/* The model: the sealed packet as it has to be, from the original one. */
static void model_seal(struct work *w)
{
	unsigned int thoff = sst_test_network_size(w->desc.family);

	memcpy(w->wire, w->orig, w->len);
	memcpy(w->wire + w->len, &w->trailer, TRAILER);
	put_unaligned_be16(WIRE_SPORT, w->wire + thoff);
	put_unaligned_be16(WIRE_DPORT, w->wire + thoff + 2);
	if (w->desc.family == NFPROTO_IPV4) {
		w->wire[1] = 0x02;
		put_unaligned_be16(0x8000 | IP_DF, w->wire + 6);
	} else {
		put_unaligned_be32(0x600fedcb | 0xae << 20, w->wire);
	}
	sst_test_finish(w->wire, w->len + TRAILER, &w->desc);
}

/* As for a device or from one: the sum that @summed says there is. */
static void set_summed(struct kunit *test, struct sk_buff *skb,
		       const struct sst_test_desc *desc, u8 summed)
{
	unsigned int thoff = sst_test_network_size(desc->family);
	unsigned int offset = sst_test_check_offset(desc->proto);
	u32 sum = desc->proto + (skb->len - thoff);
	u8 addrs[32];

	skb->ip_summed = summed;
	if (summed == CHECKSUM_COMPLETE)
		skb->csum = skb_checksum(skb, 0, skb->len, 0);
	if (summed != CHECKSUM_PARTIAL)
		return;
	skb->csum_start = skb_headroom(skb) + thoff;
	skb->csum_offset = offset;
	if (desc->family == NFPROTO_IPV4) {
		skb_copy_bits(skb, 12, addrs, 8);
		sum = sst_test_sum(addrs, 8, sum);
	} else {
		skb_copy_bits(skb, 8, addrs, 32);
		sum = sst_test_sum(addrs, 32, sum);
	}
	put_unaligned_be16(sst_test_fold(sum), addrs);
	/* The header may be in a page: that is also where a device writes. */
	KUNIT_ASSERT_EQ(test, 0, skb_store_bits(skb, thoff + offset, addrs, 2));
}

static void parse(struct kunit *test, struct sst_pkt *pkt, struct sk_buff *skb,
		  const struct work *w)
{
	KUNIT_ASSERT_EQ_MSG(test, SST_PKT_WHOLE,
			    sst_packet_parse(pkt, skb, w->desc.family,
					     SST_PKT_OUT, &cfg), "%s %s",
			    sst_test_layouts[w->layout],
			    summed_names[w->summed]);
}

static struct sk_buff *get_skb(struct kunit *test, const struct work *w,
			       const u8 *bytes, unsigned int len)
{
	struct sk_buff *skb = sst_test_skb(test, bytes, len, w->layout,
					   w->head);

	set_summed(test, skb, &w->desc, w->summed);
	return skb;
}

/* The other packet of a clone, before and after. */
struct shadow {
	struct sk_buff *skb;
	struct sk_buff copy;
	struct skb_shared_info info;
	unsigned int size;
};

static void shadow_take(struct kunit *test, struct work *w, struct shadow *s,
			struct sk_buff *skb)
{
	s->skb = sst_test_skb_clone(test, skb);
	s->copy = *s->skb;
	s->info = *skb_shinfo(s->skb);
	/* The head to its end, so with the room where a trailer would go. */
	s->size = skb_end_pointer(s->skb) - s->skb->head;
	KUNIT_ASSERT_LE(test, s->size, sizeof(w->shadow) - skb->len);
	memcpy(w->shadow, s->skb->head, s->size);
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(s->skb, 0, w->shadow + s->size,
					       s->skb->len));
}

static void shadow_check(struct kunit *test, const struct work *w,
			 const struct shadow *s)
{
	const struct skb_shared_info *info = skb_shinfo(s->skb);

	KUNIT_EXPECT_EQ(test, s->copy.len, s->skb->len);
	KUNIT_EXPECT_EQ(test, s->copy.data_len, s->skb->data_len);
	KUNIT_EXPECT_EQ(test, s->copy.truesize, s->skb->truesize);
	KUNIT_EXPECT_PTR_EQ(test, s->copy.head, s->skb->head);
	KUNIT_EXPECT_PTR_EQ(test, s->copy.data, s->skb->data);
	KUNIT_EXPECT_MEMEQ(test, w->shadow, s->skb->head, s->size);
	KUNIT_EXPECT_EQ(test, s->info.nr_frags, info->nr_frags);
	KUNIT_EXPECT_MEMEQ(test, s->info.frags, info->frags,
			   sizeof(info->frags));
	KUNIT_EXPECT_PTR_EQ(test, s->info.frag_list, info->frag_list);
	KUNIT_EXPECT_EQ(test, s->info.gso_size, info->gso_size);
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(s->skb, 0, (u8 *)w->got,
					       s->skb->len));
	KUNIT_EXPECT_MEMEQ(test, w->shadow + s->size, w->got, s->skb->len);
	sst_test_skb_free(test, s->skb);
}

/* Seal w->orig; w->got is then what a device sends. */
static void seal(struct kunit *test, struct work *w)
{
	const struct sst_rewrite rw = {
		.sport = htons(WIRE_SPORT),
		.dport = htons(WIRE_DPORT),
		.dsfield = w->desc.family == NFPROTO_IPV4 ? 0x02 : 0xae,
		.frag_off = sst_rewrite_frag_off(true),
	};
	struct sk_buff *skb = get_skb(test, w, w->orig, w->len);
	struct sst_data_trailer *trailer;
	struct shadow *shadow = NULL;
	struct sst_pkt pkt;

	if (w->cloned) {
		shadow = kunit_kzalloc(test, sizeof(*shadow), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, shadow);
		shadow_take(test, w, shadow, skb);
	}
	skb_set_hash(skb, 0x12345678, PKT_HASH_TYPE_L4);
	parse(test, &pkt, skb, w);
	KUNIT_ASSERT_EQ(test, 0, sst_rewrite_prepare_seal(&pkt));
	trailer = sst_rewrite_add_trailer(&pkt, SST_DATA_TRAILER_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, trailer);
	memcpy(trailer, &w->trailer, TRAILER);
	sst_rewrite_seal(&pkt, &rw, trailer, sizeof(*trailer));

	/* The hash was that of the real ports. */
	KUNIT_EXPECT_EQ(test, 0, skb->hash);
	KUNIT_EXPECT_NE(test, CHECKSUM_COMPLETE, summed(skb));
	KUNIT_ASSERT_EQ(test, w->len + TRAILER, skb->len);
	if (w->summed == CHECKSUM_PARTIAL) {
		KUNIT_EXPECT_EQ(test, CHECKSUM_PARTIAL, summed(skb));
		KUNIT_EXPECT_EQ(test, pkt.thoff, skb_checksum_start_offset(skb));
	}
	if (shadow) {
		shadow_check(test, w, shadow);
		kunit_kfree(test, shadow);
	}
	sst_test_skb_bytes(test, skb, w->got);
	sst_test_skb_free(test, skb);
}

/* Open w->wire; w->got is then what the stack gets. Returns the reason. */
static int open(struct kunit *test, struct work *w)
{
	const struct sst_rewrite rw = {
		.sport = htons(SST_TEST_SPORT),
		.dport = htons(SST_TEST_DPORT),
		.dsfield = w->desc.dsfield,
	};
	struct sk_buff *skb = get_skb(test, w, w->wire, w->len + TRAILER);
	struct sst_data_trailer trailer;
	struct shadow *shadow = NULL;
	struct sst_pkt pkt;
	int err;

	if (w->cloned) {
		shadow = kunit_kzalloc(test, sizeof(*shadow), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, shadow);
		shadow_take(test, w, shadow, skb);
	}
	skb_set_hash(skb, 0x12345678, PKT_HASH_TYPE_L4);
	parse(test, &pkt, skb, w);
	err = sst_rewrite_prepare_open(&pkt);
	if (!err) {
		KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, w->len, &trailer,
						       TRAILER));
		KUNIT_EXPECT_MEMEQ(test, &w->trailer, &trailer, TRAILER);
		err = sst_rewrite_open(&pkt, &rw, &trailer, sizeof(trailer));
	}
	if (!err) {
		KUNIT_EXPECT_EQ(test, w->len - pkt.thoff, pkt.seglen);
		KUNIT_ASSERT_EQ(test, w->len, skb->len);
		KUNIT_EXPECT_EQ(test, 0, skb->hash);
		/* A sum over the packet as it arrived is of no use now. */
		KUNIT_EXPECT_NE(test, CHECKSUM_COMPLETE, summed(skb));
		if (w->summed == CHECKSUM_PARTIAL)
			KUNIT_EXPECT_EQ(test, CHECKSUM_PARTIAL, summed(skb));
	}
	if (shadow) {
		shadow_check(test, w, shadow);
		kunit_kfree(test, shadow);
	}
	sst_test_skb_bytes(test, skb, w->got);
	sst_test_skb_free(test, skb);
	return err;
}

struct kind {
	u8 family;
	u8 proto;
	bool no_check;
};

static const struct kind kinds[] = {
	{ NFPROTO_IPV4, IPPROTO_TCP },
	{ NFPROTO_IPV4, IPPROTO_UDP },
	{ NFPROTO_IPV4, IPPROTO_UDP, true },
	{ NFPROTO_IPV6, IPPROTO_TCP },
	{ NFPROTO_IPV6, IPPROTO_UDP },
	{ NFPROTO_IPV6, IPPROTO_UDP, true },
};

static void kind_name(const struct kind *kind, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%s over %s%s",
		 kind->proto == IPPROTO_TCP ? "TCP" : "UDP",
		 kind->family == NFPROTO_IPV4 ? "IPv4" : "IPv6",
		 kind->no_check ? " without checksum" : "");
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_name);

static const void *next_kind(const void *prev, char *desc, bool no_check)
{
	const struct kind *kind = prev;

	for (kind = kind ? kind + 1 : kinds; kind < kinds + ARRAY_SIZE(kinds);
	     kind++) {
		if (kind->no_check != no_check)
			continue;
		kind_name(kind, desc);
		return kind;
	}
	return NULL;
}

static const void *checked_gen_params(const void *prev, char *desc)
{
	return next_kind(prev, desc, false);
}

static const void *unchecked_gen_params(const void *prev, char *desc)
{
	return next_kind(prev, desc, true);
}

static const u16 payloads[] = { 0, 1, 2, 7, 8, 60, 61, 1400, 1401 };

/* Where the head ends in layouts that are not linear. */
enum split {
	SPLIT_NETWORK,		/* before the transport header */
	SPLIT_CHECK,		/* in it */
	SPLIT_HEADERS,		/* behind it */
	SPLITS,
};

static bool set_head(struct work *w, enum split split)
{
	unsigned int behind;

	w->head = sst_test_headers(&w->desc);
	if (split == SPLIT_NETWORK)
		w->head = sst_test_network_size(w->desc.family);
	else if (split == SPLIT_CHECK)
		w->head -= 3;
	if (w->layout < SST_TEST_PAGE)
		return split == SPLIT_NETWORK;
	behind = w->len - w->head;
	return behind >= (w->layout == SST_TEST_FULL ? MAX_SKB_FRAGS : 2);
}

/* Call @fn for all that can differ in a packet of one kind. */
static void for_all(struct kunit *test, void (*fn)(struct kunit *test,
						   struct work *w))
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	enum split split;
	unsigned int i;

	w->desc.family = kind->family;
	w->desc.proto = kind->proto;
	w->desc.no_check = kind->no_check;
	w->desc.dsfield = 0x02;
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		w->desc.payload = payloads[i];
		w->len = sst_test_build(w->orig, &w->desc);
		model_seal(w);
		for (w->layout = 0; w->layout < SST_TEST_LAYOUTS; w->layout++) {
			for (split = 0; split < SPLITS; split++) {
				if (!set_head(w, split))
					continue;
				w->cloned = false;
				fn(test, w);
				w->cloned = true;
				fn(test, w);
			}
		}
	}
}

static const char *where(struct work *w)
{
	snprintf(w->where, sizeof(w->where), "%s, head %u, payload %u, %s%s",
		 sst_test_layouts[w->layout], w->head, w->desc.payload,
		 summed_names[w->summed], w->cloned ? ", cloned" : "");
	return w->where;
}

static void seal_one(struct kunit *test, struct work *w)
{
	for (w->summed = CHECKSUM_NONE; w->summed <= CHECKSUM_PARTIAL;
	     w->summed++) {
		if (w->desc.no_check && w->summed == CHECKSUM_PARTIAL)
			continue;
		seal(test, w);
		KUNIT_EXPECT_MEMEQ_MSG(test, w->wire, w->got, w->len + TRAILER,
				       "%s", where(w));
	}
}

static void rewrite_seal(struct kunit *test)
{
	for_all(test, seal_one);
}

static void open_one(struct kunit *test, struct work *w)
{
	for (w->summed = CHECKSUM_NONE; w->summed <= CHECKSUM_PARTIAL;
	     w->summed++) {
		if (w->desc.no_check && w->summed == CHECKSUM_PARTIAL)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, 0, open(test, w), "%s", where(w));
		KUNIT_EXPECT_MEMEQ_MSG(test, w->orig, w->got, w->len, "%s", where(w));
	}
}

static void rewrite_open(struct kunit *test)
{
	for_all(test, open_one);
}

static u8 *check_field(const struct work *w, u8 *packet)
{
	return packet + sst_test_network_size(w->desc.family) +
	       sst_test_check_offset(w->desc.proto);
}

static bool is_right(const struct work *w, const u8 *packet, unsigned int len)
{
	return sst_test_transport_sum(packet, len,
				      sst_test_network_size(w->desc.family),
				      w->desc.proto) == 0xffff;
}

/*
 * A checksum that is wrong must not become right on the way: the receiver
 * would take a packet that was damaged before it was sealed.
 */
static void rewrite_wrong_stays_wrong(struct kunit *test)
{
	static const u8 sums[] = { CHECKSUM_NONE, CHECKSUM_UNNECESSARY };
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	unsigned int i, s, bit;

	w->desc.family = kind->family;
	w->desc.proto = kind->proto;
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		w->desc.payload = payloads[i];
		w->len = sst_test_build(w->orig, &w->desc);
		for (s = 0; s < ARRAY_SIZE(sums); s++) {
			for (bit = 0; bit < 16; bit++) {
				u8 *check = check_field(w, w->orig);

				w->summed = sums[s];
				check[bit / 8] ^= 1 << bit % 8;
				seal(test, w);
				KUNIT_EXPECT_FALSE_MSG(test,
						       is_right(w, w->got,
								w->len + TRAILER),
						       "bit %u", bit);
				memcpy(w->wire, w->got, w->len + TRAILER);
				KUNIT_EXPECT_EQ(test, 0, open(test, w));
				KUNIT_EXPECT_MEMEQ_MSG(test, w->orig, w->got,
						       w->len, "bit %u", bit);
				check[bit / 8] ^= 1 << bit % 8;
			}
		}
	}
}

/* The device's sum says that the packet was damaged: there is no second one. */
static void rewrite_complete_wrong(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	unsigned int i;

	w->desc.family = kind->family;
	w->desc.proto = kind->proto;
	w->desc.no_check = kind->no_check;
	w->summed = CHECKSUM_COMPLETE;
	for (i = 0; i < ARRAY_SIZE(payloads); i++) {
		w->desc.payload = payloads[i];
		w->len = sst_test_build(w->orig, &w->desc);
		model_seal(w);
		w->wire[w->len + 1] ^= 0x10;
		w->trailer.sealed[1] ^= 0x10;
		KUNIT_EXPECT_EQ_MSG(test, kind->no_check ? 0 :
				    SST_A_STATS_RX_CHECKSUM, open(test, w),
				    "payload %u", payloads[i]);
		w->trailer.sealed[1] ^= 0x10;
	}
}

/*
 * A sum of zero: UDP writes 0xffff for it, because zero means none, and TCP
 * zero. Change two bytes of the payload until it comes out, on the wire or in
 * the original packet.
 */
static void rewrite_zero_sum(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	u8 zero[2], *packet, *word;
	unsigned int on_wire;
	u32 sum;

	memset(zero, kind->proto == IPPROTO_UDP ? 0xff : 0, sizeof(zero));
	w->desc.family = kind->family;
	w->desc.proto = kind->proto;
	w->desc.payload = 33;
	for (on_wire = 0; on_wire < 2; on_wire++) {
		w->len = sst_test_build(w->orig, &w->desc);
		model_seal(w);
		packet = on_wire ? w->wire : w->orig;
		word = w->orig + sst_test_headers(&w->desc);
		/* What the checksum says is missing in the sum goes there. */
		sum = get_unaligned_be16(word) +
		      get_unaligned_be16(check_field(w, packet));
		put_unaligned_be16(sst_test_fold(sum), word);
		sst_test_finish(w->orig, w->len, &w->desc);
		model_seal(w);
		KUNIT_ASSERT_MEMEQ(test, zero, check_field(w, packet), 2);

		for (w->summed = CHECKSUM_NONE; w->summed <= CHECKSUM_PARTIAL;
		     w->summed++) {
			seal(test, w);
			KUNIT_EXPECT_MEMEQ_MSG(test, w->wire, w->got,
					       w->len + TRAILER, "%s%s",
					       summed_names[w->summed],
					       on_wire ? " on the wire" : "");
			KUNIT_EXPECT_EQ(test, 0, open(test, w));
			KUNIT_EXPECT_MEMEQ_MSG(test, w->orig, w->got, w->len,
					       "%s%s", summed_names[w->summed],
					       on_wire ? " on the wire" : "");
		}
	}
}

/* Bytes behind the IP length (padding of Ethernet) are no part of the packet. */
static void rewrite_padding(struct kunit *test)
{
	static const u8 junk[] = { 0xde, 0xad, 0xbe, 0xef, 0x55 };
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	struct sst_data_trailer *trailer;
	struct sk_buff *skb;
	struct sst_pkt pkt;
	unsigned int n;

	w->desc.family = kind->family;
	w->desc.proto = kind->proto;
	w->desc.no_check = kind->no_check;
	w->desc.payload = 3;
	w->len = sst_test_build(w->orig, &w->desc);
	model_seal(w);
	for (n = 1; n <= sizeof(junk); n++) {
		const struct sst_rewrite out = {
			.sport = htons(WIRE_SPORT),
			.dport = htons(WIRE_DPORT),
			.dsfield = kind->family == NFPROTO_IPV4 ? 0x02 : 0xae,
			.frag_off = sst_rewrite_frag_off(true),
		};
		const struct sst_rewrite in = {
			.sport = htons(SST_TEST_SPORT),
			.dport = htons(SST_TEST_DPORT),
		};

		memcpy(w->got, w->orig, w->len);
		memcpy(w->got + w->len, junk, n);
		skb = sst_test_skb(test, w->got, w->len + n, SST_TEST_ROOM, 0);
		parse(test, &pkt, skb, w);
		KUNIT_ASSERT_EQ(test, 0, sst_rewrite_prepare_seal(&pkt));
		KUNIT_EXPECT_EQ(test, w->len, skb->len);
		trailer = sst_rewrite_add_trailer(&pkt, SST_DATA_TRAILER_SIZE);
		KUNIT_ASSERT_NOT_NULL(test, trailer);
		memcpy(trailer, &w->trailer, TRAILER);
		sst_rewrite_seal(&pkt, &out, trailer, sizeof(*trailer));
		sst_test_skb_bytes(test, skb, w->got);
		KUNIT_EXPECT_EQ(test, w->len + TRAILER, skb->len);
		KUNIT_EXPECT_MEMEQ(test, w->wire, w->got, w->len + TRAILER);
		sst_test_skb_free(test, skb);

		/* A device's sum covers the padding. */
		memcpy(w->got, w->wire, w->len + TRAILER);
		memcpy(w->got + w->len + TRAILER, junk, n);
		skb = sst_test_skb(test, w->got, w->len + TRAILER + n,
				   SST_TEST_ROOM, 0);
		set_summed(test, skb, &w->desc, CHECKSUM_COMPLETE);
		parse(test, &pkt, skb, w);
		KUNIT_EXPECT_EQ(test, 0, sst_rewrite_prepare_open(&pkt));
		KUNIT_EXPECT_EQ(test, w->len + TRAILER, skb->len);
		KUNIT_EXPECT_EQ(test, 0,
				sst_rewrite_open(&pkt, &in, &w->trailer, sizeof(w->trailer)));
		sst_test_skb_bytes(test, skb, w->got);
		KUNIT_EXPECT_EQ(test, w->len, skb->len);
		KUNIT_EXPECT_MEMEQ(test, w->orig, w->got, w->len);
		sst_test_skb_free(test, skb);
	}
}

/* A sum that a device would write into the trailer, or behind the packet. */
static void rewrite_odd_checksum(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	struct sk_buff *skb;
	struct sst_pkt pkt;

	w->desc.family = kind->family;
	w->desc.proto = kind->proto;
	w->desc.payload = 3;
	w->len = sst_test_build(w->orig, &w->desc);
	model_seal(w);
	skb = sst_test_skb(test, w->wire, w->len + TRAILER, SST_TEST_ROOM, 0);
	set_summed(test, skb, &w->desc, CHECKSUM_PARTIAL);
	skb->csum_offset += w->len - sst_test_network_size(kind->family);
	parse(test, &pkt, skb, w);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_CHECKSUM,
			sst_rewrite_prepare_open(&pkt));
	KUNIT_EXPECT_NE(test, 0, sst_rewrite_prepare_seal(&pkt));
	sst_test_skb_free(test, skb);
}

/*
 * A tunnel in UDP leaves the checksum of the inner packet to the device. The
 * trailer would become part of it, so it is summed up before.
 */
static void rewrite_inner_checksum(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	unsigned int thoff, start, opening;
	struct sk_buff *skb;
	struct sst_pkt pkt;
	u16 sum;

	w->desc.family = kind->family;
	w->desc.proto = IPPROTO_UDP;
	w->desc.no_check = true;
	w->desc.payload = 41;
	w->len = sst_test_build(w->orig, &w->desc);
	thoff = sst_test_network_size(kind->family);
	start = thoff + 8 + 4;
	for (opening = 0; opening < 2; opening++) {
		skb = sst_test_skb(test, w->orig, w->len, SST_TEST_ROOM, 0);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + start;
		skb->csum_offset = 6;
		parse(test, &pkt, skb, w);
		KUNIT_EXPECT_EQ(test, 0, opening ?
				sst_rewrite_prepare_open(&pkt) :
				sst_rewrite_prepare_seal(&pkt));
		KUNIT_EXPECT_EQ(test, CHECKSUM_NONE, summed(skb));
		sst_test_skb_bytes(test, skb, w->got);
		sum = ~sst_test_fold(sst_test_sum(w->orig + start,
						  w->len - start, 0));
		KUNIT_EXPECT_EQ(test, sum,
				get_unaligned_be16(w->got + start + 6));
		/* Nothing else changed. */
		put_unaligned_be16(get_unaligned_be16(w->orig + start + 6),
				   w->got + start + 6);
		KUNIT_EXPECT_MEMEQ(test, w->orig, w->got, w->len);
		sst_test_skb_free(test, skb);
	}
}

/* A tap may ask for a checksum anywhere: inside the headers it is refused. */
static void rewrite_checksum_in_headers(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test);
	unsigned int thoff, start;
	struct sk_buff *skb;
	struct sst_pkt pkt;

	w->desc.family = kind->family;
	w->desc.proto = kind->proto;
	w->desc.no_check = kind->no_check;
	w->desc.payload = 41;
	w->len = sst_test_build(w->orig, &w->desc);
	thoff = sst_test_network_size(kind->family);
	for (start = 0; start < thoff; start++) {
		skb = sst_test_skb(test, w->orig, w->len, SST_TEST_ROOM, 0);
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = skb_headroom(skb) + start;
		skb->csum_offset = 6;
		parse(test, &pkt, skb, w);
		KUNIT_EXPECT_EQ(test, -EINVAL, sst_rewrite_prepare_seal(&pkt));
		KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_CHECKSUM,
				sst_rewrite_prepare_open(&pkt));
		KUNIT_EXPECT_MEMEQ(test, w->orig, skb->data, w->len);
		sst_test_skb_free(test, skb);
	}
}

/* A fragment added to a packet is charged to it, unless a socket pays. */
static void rewrite_truesize(struct kunit *test)
{
	struct work *w = get_work(test);
	struct sk_buff *skb;
	struct sst_pkt pkt;
	unsigned int before;

	w->desc = (struct sst_test_desc) {
		NFPROTO_IPV4, IPPROTO_TCP, .payload = 100,
	};
	w->layout = SST_TEST_PAGE;
	w->len = sst_test_build(w->orig, &w->desc);
	w->head = sst_test_headers(&w->desc);
	skb = get_skb(test, w, w->orig, w->len);
	parse(test, &pkt, skb, w);
	KUNIT_ASSERT_EQ(test, 0, sst_rewrite_prepare_seal(&pkt));
	before = skb->truesize;
	KUNIT_ASSERT_NOT_NULL(test, sst_rewrite_add_trailer(&pkt, SST_DATA_TRAILER_SIZE));
	KUNIT_EXPECT_GE(test, skb->truesize, before + TRAILER);
	KUNIT_EXPECT_EQ(test, 2, skb_shinfo(skb)->nr_frags);
	KUNIT_EXPECT_EQ(test, 100 + TRAILER, skb->data_len);
}

/* A packet without room gets it, one with room is not copied. */
static void rewrite_no_needless_copy(struct kunit *test)
{
	static const bool copies[] = {
		[SST_TEST_ROOM] = false,
		[SST_TEST_EXACT] = false,
		[SST_TEST_ALMOST] = true,
		[SST_TEST_TIGHT] = true,
		[SST_TEST_PAGE] = false,
	};
	struct work *w = get_work(test);
	struct sk_buff *skb;
	struct sst_pkt pkt;
	u8 *head;

	w->desc = (struct sst_test_desc) {
		NFPROTO_IPV6, IPPROTO_TCP, .payload = 100,
	};
	w->len = sst_test_build(w->orig, &w->desc);
	w->head = sst_test_headers(&w->desc);
	for (w->layout = 0; w->layout < ARRAY_SIZE(copies); w->layout++) {
		skb = get_skb(test, w, w->orig, w->len);
		parse(test, &pkt, skb, w);
		KUNIT_ASSERT_EQ(test, 0, sst_rewrite_prepare_seal(&pkt));
		head = skb->head;
		KUNIT_ASSERT_NOT_NULL(test, sst_rewrite_add_trailer(&pkt, SST_DATA_TRAILER_SIZE));
		KUNIT_EXPECT_EQ_MSG(test, copies[w->layout], head != skb->head,
				    "%s", sst_test_layouts[w->layout]);
		sst_test_skb_free(test, skb);
	}
}

struct network_case {
	const char *desc;
	u16 before;
	u16 sealed;
	u16 opened;
};

/* Protocol section 2: sealed packets carry mark and DF, opened ones no mark. */
static const struct network_case network_cases[] = {
	{ "DF", IP_DF, 0x8000 | IP_DF, IP_DF },
	{ "no DF", 0, 0x8000 | IP_DF, IP_DF },
	{ "mark", 0x8000, 0x8000 | IP_DF, IP_DF },
	{ "mark and DF", 0x8000 | IP_DF, 0x8000 | IP_DF, IP_DF },
};

KUNIT_ARRAY_PARAM_DESC(network, network_cases, desc);

static void rewrite_ipv4_mark(struct kunit *test)
{
	const struct network_case *c = test->param_value;
	struct work *w = get_work(test);

	w->desc = (struct sst_test_desc) {
		NFPROTO_IPV4, IPPROTO_UDP, .payload = 5,
	};
	w->len = sst_test_build(w->orig, &w->desc);
	put_unaligned_be16(c->before, w->orig + 6);
	put_unaligned_be16(0, w->orig + 10);
	put_unaligned_be16(~sst_test_fold(sst_test_sum(w->orig, 20, 0)),
			   w->orig + 10);
	seal(test, w);
	KUNIT_EXPECT_EQ(test, c->sealed, get_unaligned_be16(w->got + 6));
	KUNIT_EXPECT_EQ(test, 0xffff,
			sst_test_fold(sst_test_sum(w->got, 20, 0)));
	memcpy(w->wire, w->got, w->len + TRAILER);
	KUNIT_EXPECT_EQ(test, 0, open(test, w));
	KUNIT_EXPECT_EQ(test, c->opened, get_unaligned_be16(w->got + 6));
	KUNIT_EXPECT_EQ(test, 0xffff,
			sst_test_fold(sst_test_sum(w->got, 20, 0)));
}

static void rewrite_read_dsfield(struct kunit *test)
{
	static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct work *w = get_work(test);
	unsigned int f, dsfield;
	struct sk_buff *skb;
	struct sst_pkt pkt;

	for (f = 0; f < ARRAY_SIZE(families); f++) {
		for (dsfield = 0; dsfield < 256; dsfield++) {
			w->desc = (struct sst_test_desc) {
				families[f], IPPROTO_UDP, .dsfield = dsfield,
			};
			w->len = sst_test_build(w->orig, &w->desc);
			skb = get_skb(test, w, w->orig, w->len);
			parse(test, &pkt, skb, w);
			KUNIT_EXPECT_EQ(test, dsfield,
					sst_rewrite_dsfield(&pkt));
			sst_test_skb_free(test, skb);
		}
	}
}

static struct kunit_case rewrite_cases[] = {
	KUNIT_CASE_PARAM(rewrite_seal, kind_gen_params),
	KUNIT_CASE_PARAM(rewrite_open, kind_gen_params),
	KUNIT_CASE_PARAM(rewrite_wrong_stays_wrong, checked_gen_params),
	KUNIT_CASE_PARAM(rewrite_complete_wrong, kind_gen_params),
	KUNIT_CASE_PARAM(rewrite_zero_sum, checked_gen_params),
	KUNIT_CASE_PARAM(rewrite_padding, kind_gen_params),
	KUNIT_CASE_PARAM(rewrite_odd_checksum, kind_gen_params),
	KUNIT_CASE_PARAM(rewrite_inner_checksum, unchecked_gen_params),
	KUNIT_CASE_PARAM(rewrite_checksum_in_headers, kind_gen_params),
	KUNIT_CASE(rewrite_truesize),
	KUNIT_CASE(rewrite_no_needless_copy),
	KUNIT_CASE_PARAM(rewrite_ipv4_mark, network_gen_params),
	KUNIT_CASE(rewrite_read_dsfield),
	{}
};

static struct kunit_suite rewrite_suite = {
	.name = "sst_rewrite",
	.test_cases = rewrite_cases,
};

kunit_test_suite(rewrite_suite);
