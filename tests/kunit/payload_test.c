// SPDX-License-Identifier: GPL-2.0
/*
 * Scope payload. What is on the wire is compared with what the kernel's own
 * ChaCha20-Poly1305 makes of the whole text at once, for every layout in memory;
 * whoever shares pages with a packet sees no change in them.
 */
#include <crypto/chacha20poly1305.h>
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/string.h>

#include "compat.h"
#include "fixture.h"
#include "kdf.h"
#include "payload.h"
#include "rewrite.h"
#include "seal.h"
#include "stream.h"
#include "unseal.h"

#define TEXT_MAX	1500
#define LARGE		60000
#define TRAILER		SST_DATA_TRAILER_SIZE

static const u8 flow_key[SST_SECRET_SIZE] = { 7, 1, 4 };

/* Another way to the same bytes: @len bytes behind the box, and the tag. */
static void model(u8 *out, const u8 *text, unsigned int len,
		  const struct sst_aad *aad, u64 counter, const u8 *key)
{
	chacha20poly1305_encrypt(out, text, len, aad->bytes, aad->len, counter,
				 key);
}

struct texts {
	u8 clear[TEXT_MAX];
	u8 sealed[TEXT_MAX + SST_TAG_SIZE];
	u8 got[TEXT_MAX + SST_TAG_SIZE];
	struct sst_stream stream;
};

/* Whatever the pieces are, they are one text. */
static void expect_stream(struct kunit *test, struct texts *t,
			  const struct sst_aad *aad, unsigned int len,
			  unsigned int piece)
{
	struct sst_stream *stream = &t->stream;
	u64 counter = (u64)len << 32 | 0xffffffff;
	unsigned int at, n;

	model(t->sealed, t->clear, len, aad, counter, flow_key);
	memset(stream, 0xa5, sizeof(*stream));
	sst_stream_begin(stream, flow_key, counter, aad, len);
	for (at = 0; at < len; at += n) {
		n = min(piece, len - at);
		sst_stream_crypt(stream, t->got + at, t->clear + at, n);
		sst_stream_mac(stream, t->got + at, n);
	}
	sst_stream_tag(stream, t->got + len);
	KUNIT_EXPECT_MEMEQ_MSG(test, t->sealed, t->got, len + SST_TAG_SIZE,
			       "%u bytes by %u, AAD %u", len, piece, aad->len);
}

static void payload_stream(struct kunit *test)
{
	static const unsigned int pieces[] = {
		1, 3, 4, 60, 63, 64, 65, 256, 999,
		/* as much as is held behind an AAD of one block, and at all */
		SST_STREAM_HELD_MAX - 17, SST_STREAM_HELD_MAX - 16,
		SST_STREAM_HELD_MAX - 15, SST_STREAM_HELD_MAX,
		SST_STREAM_HELD_MAX + 1,
	};
	static const unsigned int lens[] = {
		0, 1, 4, 15, 16, 17, 63, 64, 65, 68, 127, 128, 129, 1452, TEXT_MAX,
	};
	static const u8 aads[] = { 11, 13, 16, 17, SST_AAD_MAX };
	struct texts *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct sst_aad aad = { .bytes = "what is in the clear" };
	unsigned int i, j, k;

	KUNIT_ASSERT_NOT_NULL(test, t);
	get_random_bytes(t->clear, TEXT_MAX);
	for (i = 0; i < ARRAY_SIZE(aads); i++) {
		aad.len = aads[i];
		for (j = 0; j < ARRAY_SIZE(lens); j++)
			for (k = 0; k < ARRAY_SIZE(pieces); k++)
				expect_stream(test, t, &aad, lens[j],
					      pieces[k]);
	}
}

/* One packet, both ends, and the buffers that its comparison needs. */
struct work {
	struct sst_net *sn;
	struct sst_test_desc desc;
	struct sst_flow *out;
	struct sst_flow *in;
	unsigned int len;
	unsigned int off;
	u64 seq;
	u8 orig[SST_TEST_PACKET_MAX];
	u8 wire[SST_TEST_PACKET_MAX];
	u8 got[SST_TEST_PACKET_MAX];
	u8 want[SST_TEST_PACKET_MAX];
	struct sst_stream stream;
};

static struct sst_flow *get_flow(struct kunit *test,
				 const struct sst_test_desc *desc, u8 side,
				 u8 scope)
{
	struct sst_flow_params params = {
		.side = side,
		.scope = scope,
		.suite = SST_SUITE_CHACHA20_POLY1305,
		.key = flow_key,
	};

	sst_test_tuple(&params.real, desc->family, desc->proto, SST_TEST_DPORT,
		       SST_TEST_SPORT);
	sst_test_tuple(&params.wire, desc->family, desc->proto, 20002, 50001);
	if (side == 1) {
		swap(params.real.local, params.real.remote);
		swap(params.real.lport, params.real.rport);
		swap(params.wire.local, params.wire.remote);
		swap(params.wire.lport, params.wire.rport);
	}
	return sst_test_flow(test, &params);
}

static struct work *get_work(struct kunit *test, u8 family, u8 proto)
{
	struct work *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->sn = sst_test_net(test);
	w->desc = (struct sst_test_desc){ .family = family, .proto = proto };
	w->out = get_flow(test, &w->desc, 1, SST_SCOPE_PAYLOAD);
	w->in = get_flow(test, &w->desc, 2, SST_SCOPE_PAYLOAD);
	return w;
}

static void parse(struct kunit *test, struct work *w, struct sst_pkt *pkt,
		  struct sk_buff *skb, enum sst_pkt_dir dir)
{
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(pkt, skb, w->desc.family, dir,
					 &w->sn->cfg));
}

static void build(struct work *w, u16 payload)
{
	w->desc.payload = payload;
	w->len = sst_test_build(w->orig, &w->desc);
	w->off = sst_test_headers(&w->desc);
}

/* Seals @skb, which has the bytes of the work; the wire form is in @w->wire. */
static void seal(struct kunit *test, struct work *w, struct sk_buff *skb)
{
	struct sst_pkt pkt;
	int reason;

	parse(test, w, &pkt, skb, SST_PKT_OUT);
	rcu_read_lock();
	reason = sst_seal(w->sn, w->out, &pkt, SST_FORM_DATA, 0);
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, 0, reason);
	KUNIT_ASSERT_EQ(test, w->len + TRAILER, skb->len);
	sst_test_skb_bytes(test, skb, w->wire);
}

/* What stands behind the headers, from the model. */
static void expect_wire(struct kunit *test, struct work *w, const char *where)
{
	unsigned int thoff = sst_test_network_size(w->desc.family);
	u8 *trailer = w->wire + w->len;
	struct sst_aad aad = {};
	struct sst_pkt pkt = {
		.tuple.proto = w->desc.proto,
		.covered = { w->orig[thoff + 12] & 0xf0,
			     w->orig[thoff + 13] & 0x1f },
	};
	__be16 ports[2] = { w->out->real.lport, w->out->real.rport };
	u8 key[SST_SECRET_SIZE];
	struct sst_meta meta;

	sst_meta_decode(&meta, trailer + 4);
	KUNIT_EXPECT_EQ_MSG(test, 0x41, trailer[4], "%s", where);
	KUNIT_EXPECT_EQ_MSG(test, w->seq, meta.seq, "%s", where);
	w->seq++;
	sst_aad_build(&aad, trailer + 4, &pkt, w->len - thoff);
	sst_kdf_packet_key(key, w->out->secret, 1, meta.kri);
	memcpy(w->got, ports, sizeof(ports));
	memcpy(w->got + 4, w->orig + w->off, w->len - w->off);
	model(w->want, w->got, 4 + w->len - w->off, &aad, meta.seq, key);
	KUNIT_EXPECT_MEMEQ_MSG(test, w->want, trailer, 4, "box, %s", where);
	KUNIT_EXPECT_MEMEQ_MSG(test, w->want + 4, w->wire + w->off,
			       w->len - w->off, "payload, %s", where);
	KUNIT_EXPECT_MEMEQ_MSG(test, w->want + 4 + w->len - w->off,
			       trailer + 12, SST_TAG_SIZE, "tag, %s", where);
	KUNIT_EXPECT_EQ_MSG(test, 0,
			    (u16)~sst_test_transport_sum(w->wire,
							 w->len + TRAILER, thoff,
							 w->desc.proto) & 0xffff,
			    "checksum, %s", where);
}

/* Opens @w->wire as it lies in @skb. Returns the reason to drop it, or 0. */
static int open(struct kunit *test, struct work *w, struct sk_buff *skb)
{
	struct sst_trailer trailer = { .stream = &w->stream };
	struct sst_rx_try attempt;
	struct sst_pkt pkt;
	int reason;

	parse(test, w, &pkt, skb, SST_PKT_IN);
	reason = sst_rewrite_prepare_open(&pkt);
	if (!reason)
		reason = sst_unseal_read(&pkt, &trailer, BIT(SST_TYPE_DATA));
	rcu_read_lock();
	if (!reason)
		reason = sst_key_try(w->in, trailer.meta.kri, trailer.meta.seq,
				     &attempt);
	if (!reason)
		reason = sst_unseal_data(&pkt, w->in, attempt.stream, &trailer);
	rcu_read_unlock();
	return reason ?: sst_unseal_restore(&pkt, &w->in->real, w->in->scope,
					    &trailer);
}

static struct sk_buff *received(struct kunit *test, struct work *w,
				enum sst_test_layout layout, unsigned int head,
				u8 summed)
{
	struct sk_buff *skb = sst_test_skb(test, w->wire, w->len + TRAILER,
					   layout, head);

	skb->ip_summed = summed;
	return skb;
}

static const u16 payloads[] = { 0, 1, 59, 60, 61, 64, 1000, 1400 };

struct kind {
	u8 family;
	u8 proto;
};

static const struct kind kinds[] = {
	{ NFPROTO_IPV4, IPPROTO_TCP }, { NFPROTO_IPV4, IPPROTO_UDP },
	{ NFPROTO_IPV6, IPPROTO_TCP }, { NFPROTO_IPV6, IPPROTO_UDP },
};

static void kind_name(const struct kind *kind, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "IPv%u, %s",
		 kind->family == NFPROTO_IPV4 ? 4 : 6,
		 kind->proto == IPPROTO_TCP ? "TCP" : "UDP");
}

KUNIT_ARRAY_PARAM(kind, kinds, kind_name);

/* 70 bytes of payload and the trailer. */
#define KNOWN	(70 + TRAILER)

struct known {
	u8 proto;
	u8 wire[KNOWN];
};

/* Known answers of tests/pysst, whose ciphers and key schedule are others. */
static const struct known known[] = {
	{
		.proto = IPPROTO_TCP,
		.wire = {
			0xb0, 0xfe, 0x1d, 0x61, 0xf3, 0xb0, 0xc2, 0x35, 0x42, 0x61, 0x85, 0x48,
			0xb4, 0xbb, 0x28, 0x79, 0x89, 0x4d, 0xe6, 0x0c, 0x39, 0xba, 0xb5, 0xa9,
			0xc6, 0x85, 0xb5, 0x9e, 0x9b, 0x82, 0xb2, 0x7f, 0x9d, 0x64, 0xfd, 0xed,
			0x71, 0x89, 0x3e, 0x70, 0x6c, 0x49, 0x46, 0xb4, 0x75, 0x03, 0x05, 0x56,
			0xe2, 0x14, 0xce, 0x26, 0x48, 0xef, 0x47, 0x7e, 0x60, 0xe9, 0xa1, 0x34,
			0xc8, 0xdd, 0xfe, 0x34, 0xa1, 0x90, 0x9a, 0x38, 0x1b, 0x17, 0xce, 0xdd,
			0xe0, 0x41, 0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x26, 0xac,
			0xc7, 0xfd, 0x19, 0x66, 0x37, 0x00, 0xf4, 0x71, 0x91, 0xaf, 0x2d, 0x26,
			0x06, 0x3c,
		},
	},
	{
		.proto = IPPROTO_UDP,
		.wire = {
			0x2a, 0x3e, 0xb3, 0xec, 0x9b, 0xd5, 0x95, 0xfa, 0x09, 0x52, 0x85, 0xe6,
			0x65, 0x3a, 0xfb, 0xdc, 0x52, 0x04, 0x69, 0x04, 0x1e, 0x21, 0xbb, 0x7c,
			0xf4, 0xbe, 0xac, 0xc0, 0x6f, 0x19, 0xc7, 0xeb, 0x39, 0xf6, 0x54, 0x04,
			0x88, 0x5c, 0xdd, 0xa5, 0xe4, 0xfa, 0xa6, 0x36, 0x2a, 0xe0, 0x68, 0x61,
			0xf9, 0xd6, 0x92, 0x10, 0x82, 0x41, 0x05, 0xb1, 0xc4, 0x28, 0x6c, 0xb4,
			0x1d, 0x19, 0x91, 0x4b, 0xc8, 0xdb, 0x97, 0xf0, 0x4d, 0x5d, 0xbd, 0xf6,
			0x70, 0x79, 0x41, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xea, 0x3b,
			0x08, 0x1c, 0x8c, 0xd8, 0xbe, 0xb7, 0xf8, 0xfb, 0x01, 0x4f, 0x08, 0x27,
			0x23, 0xaf,
		},
	},
};

static void payload_known(struct kunit *test)
{
	struct sk_buff *skb;
	struct work *w;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		w = get_work(test, NFPROTO_IPV4, known[i].proto);
		build(w, 70);
		skb = sst_test_skb(test, w->orig, w->len, SST_TEST_PAGE, w->off);
		seal(test, w, skb);
		KUNIT_EXPECT_MEMEQ(test, known[i].wire, w->wire + w->off, KNOWN);
	}
}

/* Every layout there and back; a clone has what it had. */
static void payload_layouts(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test, kind->family, kind->proto);
	struct sk_buff *skb, *clone;
	unsigned int layout, i, head;
	bool cloned;
	char where[80];

	for (layout = 0; layout < SST_TEST_LAYOUTS; layout++)
		for (i = 0; i < 2 * ARRAY_SIZE(payloads); i++) {
			cloned = i % 2;
			build(w, payloads[i / 2]);
			head = w->off + (w->desc.payload > 100 ? 37 : 0);
			if (layout >= SST_TEST_PAGE && w->len < head + 60)
				continue;
			snprintf(where, sizeof(where), "%s, payload %u%s",
				 sst_test_layouts[layout], w->desc.payload,
				 cloned ? ", cloned" : "");
			skb = sst_test_skb(test, w->orig, w->len, layout, head);
			clone = cloned ? sst_test_skb_clone(test, skb) : NULL;
			seal(test, w, skb);
			expect_wire(test, w, where);
			if (clone) {
				sst_test_skb_bytes(test, clone, w->got);
				KUNIT_EXPECT_MEMEQ_MSG(test, w->orig, w->got,
						       w->len, "clone, %s",
						       where);
				sst_test_skb_free(test, clone);
			}
			sst_test_skb_free(test, skb);

			skb = received(test, w, layout, head, CHECKSUM_NONE);
			clone = cloned ? sst_test_skb_clone(test, skb) : NULL;
			KUNIT_EXPECT_EQ_MSG(test, 0, open(test, w, skb), "%s",
					    where);
			KUNIT_EXPECT_EQ_MSG(test, w->len, skb->len, "%s", where);
			sst_test_skb_bytes(test, skb, w->got);
			KUNIT_EXPECT_MEMEQ_MSG(test, w->orig + w->off,
					       w->got + w->off, w->len - w->off,
					       "opened, %s", where);
			if (clone) {
				sst_test_skb_bytes(test, clone, w->got);
				KUNIT_EXPECT_MEMEQ_MSG(test, w->wire, w->got,
						       w->len + TRAILER,
						       "sealed clone, %s",
						       where);
				sst_test_skb_free(test, clone);
			}
			sst_test_skb_free(test, skb);
		}
}

/* Whoever holds a page, a file or a program, sees no change in it. */
static void payload_foreign_page(struct kunit *test)
{
	struct work *w = get_work(test, NFPROTO_IPV4, IPPROTO_TCP);
	struct sk_buff *skb;
	struct page *page;
	u8 *memory;

	build(w, 1200);
	skb = sst_test_skb(test, w->orig, w->len, SST_TEST_PAGE, w->off);
	page = skb_frag_page(&skb_shinfo(skb)->frags[0]);
	get_page(page);
	memory = page_address(page) + skb_frag_off(&skb_shinfo(skb)->frags[0]);
	seal(test, w, skb);
	KUNIT_EXPECT_MEMEQ(test, w->orig + w->off, memory, 1200);
	KUNIT_EXPECT_FALSE(test, skb_is_nonlinear(skb));
	put_page(page);

	skb = received(test, w, SST_TEST_PAGE, w->off, CHECKSUM_NONE);
	page = skb_frag_page(&skb_shinfo(skb)->frags[0]);
	get_page(page);
	memory = page_address(page) + skb_frag_off(&skb_shinfo(skb)->frags[0]);
	KUNIT_EXPECT_EQ(test, 0, open(test, w, skb));
	KUNIT_EXPECT_MEMEQ(test, w->wire + w->off, memory, 1200);
	put_page(page);
}

/* Each bit that the tag covers counts, and nothing of it is opened. */
static void payload_tampered(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test, kind->family, kind->proto);
	unsigned int at, meta;
	struct sk_buff *skb;
	int reason;

	build(w, 70);
	skb = sst_test_skb(test, w->orig, w->len, SST_TEST_ROOM, 0);
	seal(test, w, skb);
	meta = w->len + SST_SEALED_PORTS_SIZE;
	for (at = w->off; at < w->len + TRAILER; at++) {
		if (at >= meta && at < meta + SST_META_SIZE)
			continue;
		w->wire[at] ^= 1 << at % 8;
		skb = received(test, w, SST_TEST_ROOM, 0, CHECKSUM_UNNECESSARY);
		reason = open(test, w, skb);
		KUNIT_EXPECT_EQ_MSG(test, SST_A_STATS_RX_AUTH, reason,
				    "byte %u", at);
		KUNIT_EXPECT_MEMEQ(test, w->wire, skb->data, w->len + TRAILER);
		w->wire[at] ^= 1 << at % 8;
	}
	/* P belongs to the scope. */
	w->wire[meta] ^= SST_FLAG_PAYLOAD;
	skb = received(test, w, SST_TEST_ROOM, 0, CHECKSUM_UNNECESSARY);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_FLAGS, open(test, w, skb));
	w->wire[meta] ^= SST_FLAG_PAYLOAD;
	w->in = get_flow(test, &w->desc, 2, SST_SCOPE_PORTS);
	skb = received(test, w, SST_TEST_ROOM, 0, CHECKSUM_UNNECESSARY);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_FLAGS, open(test, w, skb));
}

/* Sequence numbers are not under the tag: the checksum is looked at. */
static void payload_checksum(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	struct work *w = get_work(test, kind->family, kind->proto);
	unsigned int at = sst_test_network_size(kind->family) +
			  sst_test_check_offset(kind->proto);
	struct sk_buff *skb;

	build(w, 200);
	/* One that was wrong stays wrong. */
	w->orig[at] ^= 0x40;
	skb = sst_test_skb(test, w->orig, w->len, SST_TEST_ROOM, 0);
	seal(test, w, skb);
	skb = received(test, w, SST_TEST_ROOM, 0, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_CHECKSUM, open(test, w, skb));
	w->orig[at] ^= 0x40;
	/* One that is right is left to whoever sends the packet on. */
	skb = sst_test_skb(test, w->orig, w->len, SST_TEST_ROOM, 0);
	seal(test, w, skb);
	skb = received(test, w, SST_TEST_ROOM, 0, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, 0, open(test, w, skb));
	KUNIT_EXPECT_EQ(test, CHECKSUM_PARTIAL, skb->ip_summed + 0);
	sst_test_skb_bytes(test, skb, w->got);
	KUNIT_EXPECT_MEMEQ(test, w->orig + w->off - 8, w->got + w->off - 8,
			   w->len - w->off + 8);
}

/* None was computed, and none is. */
static void payload_no_checksum(struct kunit *test)
{
	struct work *w = get_work(test, NFPROTO_IPV4, IPPROTO_UDP);
	struct sk_buff *skb;

	w->desc.no_check = true;
	build(w, 300);
	skb = sst_test_skb(test, w->orig, w->len, SST_TEST_PAGE, w->off);
	seal(test, w, skb);
	KUNIT_EXPECT_EQ(test, 0, w->wire[26] | w->wire[27]);
	skb = received(test, w, SST_TEST_PAGE, w->off, CHECKSUM_NONE);
	KUNIT_EXPECT_EQ(test, 0, open(test, w, skb));
	sst_test_skb_bytes(test, skb, w->got);
	KUNIT_EXPECT_MEMEQ(test, w->orig + 20, w->got + 20, w->len - 20);
}

/* What does not fit one piece of memory, with a tail that two pages share. */
static void payload_large(struct kunit *test)
{
	struct work *w = get_work(test, NFPROTO_IPV4, IPPROTO_UDP);
	u8 *packet = kunit_kzalloc(test, LARGE, GFP_KERNEL);
	u8 *wire = kunit_kzalloc(test, LARGE + TRAILER, GFP_KERNEL);
	struct sk_buff *skb;
	struct sst_pkt pkt;
	int reason;

	KUNIT_ASSERT_NOT_NULL(test, packet);
	KUNIT_ASSERT_NOT_NULL(test, wire);
	build(w, 10);
	get_random_bytes(packet, LARGE);
	memcpy(packet, w->orig, w->off);
	put_unaligned_be16(LARGE, packet + 2);
	put_unaligned_be16(LARGE - 20, packet + 24);
	put_unaligned_be16(0, packet + 26);
	put_unaligned_be16(0, packet + 10);
	put_unaligned_be16(~sst_test_fold(sst_test_sum(packet, 20, 0)),
			   packet + 10);
	skb = sst_test_skb(test, packet, LARGE, SST_TEST_LIST, w->off);
	parse(test, w, &pkt, skb, SST_PKT_OUT);
	rcu_read_lock();
	reason = sst_seal(w->sn, w->out, &pkt, SST_FORM_DATA, 0);
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, 0, reason);
	KUNIT_ASSERT_EQ(test, LARGE + TRAILER, skb->len);
	KUNIT_EXPECT_FALSE(test, skb_has_frag_list(skb));
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, wire, skb->len));
	KUNIT_EXPECT_NE(test, 0, memcmp(wire + w->off, packet + w->off, 64));
	skb = sst_test_skb(test, wire, LARGE + TRAILER, SST_TEST_LIST, 400);
	skb->ip_summed = CHECKSUM_NONE;
	KUNIT_ASSERT_EQ(test, 0, open(test, w, skb));
	KUNIT_ASSERT_EQ(test, LARGE, skb->len);
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, wire, LARGE));
	KUNIT_EXPECT_MEMEQ(test, packet + w->off, wire + w->off, LARGE - w->off);
}

/* A key serves 2^28 packets at most. */
static void payload_rotation(struct kunit *test)
{
	struct work *w = get_work(test, NFPROTO_IPV4, IPPROTO_UDP);
	struct sst_tx_key *key;
	u32 seq;

	sst_test_set_tx(w->out, 0, SST_SEQ_LIMIT_PAYLOAD - 1);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, 0, sst_key_take(w->sn, w->out, &key, &seq));
	KUNIT_EXPECT_EQ(test, 0, key->kri);
	KUNIT_EXPECT_EQ(test, 0xfffffff, seq);
	KUNIT_EXPECT_EQ(test, 0, sst_key_take(w->sn, w->out, &key, &seq));
	KUNIT_EXPECT_EQ(test, 1, key->kri);
	KUNIT_EXPECT_EQ(test, 0, seq);
	rcu_read_unlock();
}

static struct kunit_case payload_cases[] = {
	KUNIT_CASE(payload_stream),
	KUNIT_CASE(payload_known),
	KUNIT_CASE_PARAM(payload_layouts, kind_gen_params),
	KUNIT_CASE(payload_foreign_page),
	KUNIT_CASE_PARAM(payload_tampered, kind_gen_params),
	KUNIT_CASE_PARAM(payload_checksum, kind_gen_params),
	KUNIT_CASE(payload_no_checksum),
	KUNIT_CASE(payload_large),
	KUNIT_CASE(payload_rotation),
	{}
};

static struct kunit_suite payload_suite = {
	.name = "sst_payload",
	.test_cases = payload_cases,
};

kunit_test_suite(payload_suite);
