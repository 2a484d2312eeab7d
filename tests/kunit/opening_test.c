// SPDX-License-Identifier: GPL-2.0
/*
 * OPEN and ACCEPT against the second implementation: keys, boxes and whole
 * packets, sealed and opened, and every bit of a trailer flipped.
 */
#include <kunit/test.h>
#include <linux/rcupdate.h>

#include "assoc.h"
#include "fixture.h"
#include "hkdf.h"
#include "kdf.h"
#include "peer.h"
#include "rewrite.h"
#include "seal.h"
#include "stream.h"
#include "sst_vectors.h"
#include "state.h"
#include "unseal.h"

#define SUITE	SST_SUITE_CHACHA20_POLY1305

/**
 * struct work - what one row is checked with
 * @sn: namespace
 * @peer: the other host; only what an association needs
 * @got: bytes of a packet
 * @trailer: of it
 * @stream: its cipher
 */
struct work {
	struct sst_net *sn;
	struct sst_peer peer;
	u8 got[SST_TEST_PACKET_MAX];
	struct sst_trailer trailer;
	struct sst_stream stream;
};

KUNIT_ARRAY_PARAM_DESC(row, sst_kat_openings, name);

static u8 form_of(const struct sst_kat_opening *kat)
{
	return kat->type << 4;
}

static struct work *get_work(struct kunit *test,
			     const struct sst_kat_opening *kat, u8 side)
{
	const struct sst_kat_psk *psk = &sst_kat_psks[kat->psk];
	struct work *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	u8 a[SST_SECRET_SIZE];

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->sn = sst_test_net(test);
	WRITE_ONCE(w->sn->cfg.dscp, kat->flags_dscp_keep ? SST_DSCP_KEEP :
							    SST_DSCP_CLEAR);
	sst_hkdf_extract(a, "SST/1 psk", 9, psk->psk, sizeof(psk->psk));
	KUNIT_ASSERT_MEMEQ(test, psk->a, a, sizeof(a));
	w->peer.assoc.side = side;
	w->peer.assoc.suite = SUITE;
	w->peer.assoc.uid = 1;
	sst_assoc_derive(&w->peer.assoc, a);
	return w;
}

/* The tuple of @side; addresses do not matter, they are in no key. */
static void get_tuple(struct sst_tuple *tuple, const struct sst_kat_opening *kat,
		      u8 side, u16 port1, u16 port2)
{
	u8 family = kat->sealed[0] >> 4 == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;

	sst_test_tuple(tuple, family, kat->proto, side == 1 ? port1 : port2,
		       side == 1 ? port2 : port1);
}

/* The flow of a row as the host with @side has it, before any packet. */
static struct sst_flow *get_flow(struct kunit *test, struct work *w,
				 const struct sst_kat_opening *kat, u8 side)
{
	bool initiator = side == kat->initiator_side;
	const struct sst_party party = { .side = side, .suite = SUITE };
	struct sst_opening *opening;
	struct sst_tuple real, wire;
	struct sst_flow *flow;

	get_tuple(&real, kat, side, kat->port1, kat->port2);
	get_tuple(&wire, kat, side, kat->wire1, kat->wire2);
	flow = sst_flow_opened(&real, &wire, &party, initiator ?
			       SST_FLOW_ROLE_INITIATOR :
			       SST_FLOW_ROLE_RESPONDER);
	KUNIT_ASSERT_NOT_NULL(test, flow);
	flow->scope = SST_SCOPE_PORTS;
	opening = flow->opening;
	memcpy(opening->first.id.salt_i, kat->salt_i, SST_SALT_SIZE);
	memcpy(opening->salt_r, kat->salt_r, SST_SALT_SIZE);
	memcpy(opening->name, sst_kat_psks[kat->psk].id, SST_ASSOC_ID_SIZE);
	opening->time = kat->time;
	memcpy(opening->open_key, kat->key, SST_SECRET_SIZE);
	memcpy(opening->accept_key, kat->key, SST_SECRET_SIZE);
	atomic64_set(&opening->next_seq, kat->seq);
	return flow;
}

/* The keys come from the association and the salts alone. */
static void opening_keys(struct kunit *test)
{
	const struct sst_kat_opening *kat = test->param_value;
	struct work *w = get_work(test, kat, kat->initiator_side);
	const struct sst_assoc *assoc = &w->peer.assoc;
	struct sst_flow *flow = get_flow(test, w, kat, kat->initiator_side);
	u8 responder = 3 - kat->initiator_side;
	u8 key[SST_SECRET_SIZE];

	if (kat->type == SST_TYPE_OPEN) {
		sst_kdf_h(key, sst_assoc_open_key(assoc, kat->initiator_side),
			  kat->salt_i);
		KUNIT_EXPECT_MEMEQ(test, kat->key, key, sizeof(key));
	} else {
		sst_kdf_h(key, sst_assoc_accept_key(assoc, responder),
			  kat->salt_i);
		sst_kdf_h(key, key, kat->salt_r);
		KUNIT_EXPECT_MEMEQ(test, kat->key, key, sizeof(key));
		sst_flow_draw_secret(flow, assoc->flow_key, kat->salt_i);
		KUNIT_ASSERT_EQ(test, 0, sst_flow_set_secret(flow, kat->salt_r));
		KUNIT_EXPECT_MEMEQ(test, kat->t, flow->secret, sizeof(key));
	}
	sst_flow_free(flow);
}

static void opening_seal(struct kunit *test)
{
	const struct sst_kat_opening *kat = test->param_value;
	struct work *w = get_work(test, kat, kat->sender_side);
	struct sst_flow *flow = get_flow(test, w, kat, kat->sender_side);
	struct sst_pkt pkt;
	struct sk_buff *skb;

	if (!kat->orig_len || kat->seq >= SST_SEQ_LIMIT) {
		sst_flow_free(flow);
		return;
	}
	KUNIT_EXPECT_EQ(test, form_of(kat), sst_seal_form(flow));
	skb = sst_test_skb(test, kat->orig, kat->orig_len, SST_TEST_TIGHT, 0);
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, flow->real.family,
					 SST_PKT_OUT, &w->sn->cfg));
	KUNIT_EXPECT_EQ(test, 0, sst_seal(w->sn, flow, &pkt, form_of(kat),
					  kat->flags));
	KUNIT_ASSERT_EQ(test, kat->sealed_len, skb->len);
	sst_test_skb_bytes(test, skb, w->got);
	KUNIT_EXPECT_MEMEQ(test, kat->sealed, w->got, kat->sealed_len);
	sst_test_skb_free(test, skb);
	sst_flow_free(flow);
}

/* Read and verify the packet in w->got. Returns 0 or the reason to drop it. */
static int verify(struct kunit *test, struct work *w, struct sst_flow *flow,
		  const struct sst_kat_opening *kat)
{
	struct sst_trailer *t = &w->trailer;
	struct sst_open_box box;
	struct sst_pkt pkt;
	struct sk_buff *skb;
	int reason;

	skb = sst_test_skb(test, w->got, kat->sealed_len, SST_TEST_ROOM, 0);
	if (sst_packet_parse(&pkt, skb, flow->real.family, SST_PKT_IN,
			     &w->sn->cfg) != SST_PKT_WHOLE) {
		reason = SST_A_STATS_RX_LENGTH;
		goto out;
	}
	t->stream = &w->stream;
	reason = sst_unseal_read(&pkt, t, BIT(kat->type));
	if (!reason && kat->type == SST_TYPE_OPEN) {
		reason = sst_unseal_open(&pkt, &box, kat->key, t);
		if (!reason && (box.sport != flow->peer_port ||
				box.dport != flow->real.lport ||
				box.time != kat->time))
			reason = SST_A_STATS_RX_PORTS;
	} else if (!reason) {
		reason = sst_unseal_accept(&pkt, flow, kat->key, t, NULL);
	}
	if (!reason && !(kat->flags & SST_FLAG_EMPTY)) {
		struct sst_rewrite rw = {
			.sport = flow->real.rport,
			.dport = flow->real.lport,
			.dsfield = sst_rewrite_dsfield(&pkt),
		};

		if (flow->real.family == NFPROTO_IPV6)
			rw.dsfield = t->meta.tc | (rw.dsfield & SST_ECN_MASK);
		KUNIT_EXPECT_EQ(test, 0, sst_rewrite_prepare_open(&pkt));
		KUNIT_EXPECT_EQ(test, 0, sst_rewrite_open(&pkt, &rw, t->bytes,
							  t->layout.len));
		KUNIT_ASSERT_EQ(test, kat->restored_len, skb->len);
		sst_test_skb_bytes(test, skb, w->got);
	}
out:
	sst_test_skb_free(test, skb);
	return reason;
}

static void opening_unseal(struct kunit *test)
{
	const struct sst_kat_opening *kat = test->param_value;
	u8 side = 3 - kat->sender_side;
	struct work *w = get_work(test, kat, side);
	struct sst_flow *flow = get_flow(test, w, kat, side);

	memcpy(w->got, kat->sealed, kat->sealed_len);
	KUNIT_EXPECT_EQ(test, 0, verify(test, w, flow, kat));
	if (kat->restored_len)
		KUNIT_EXPECT_MEMEQ(test, kat->restored, w->got,
				   kat->restored_len);
	sst_flow_free(flow);
}

/* Not a single bit of a trailer may change. */
static void opening_flipped(struct kunit *test)
{
	const struct sst_kat_opening *kat = test->param_value;
	unsigned int len = sst_trailer_size(form_of(kat)), bit, taken = 0;
	u8 side = 3 - kat->sender_side;
	struct work *w = get_work(test, kat, side);
	struct sst_flow *flow = get_flow(test, w, kat, side);

	for (bit = 0; bit < len * 8; bit++) {
		memcpy(w->got, kat->sealed, kat->sealed_len);
		w->got[kat->sealed_len - 1 - bit / 8] ^= BIT(bit % 8);
		if (!verify(test, w, flow, kat)) {
			kunit_err(test, "bit %u of byte %u from the end",
				  bit % 8, bit / 8);
			taken++;
		}
	}
	KUNIT_EXPECT_EQ(test, 0, taken);
	sst_flow_free(flow);
}

static struct kunit_case opening_cases[] = {
	KUNIT_CASE_PARAM(opening_keys, row_gen_params),
	KUNIT_CASE_PARAM(opening_seal, row_gen_params),
	KUNIT_CASE_PARAM(opening_unseal, row_gen_params),
	KUNIT_CASE_PARAM(opening_flipped, row_gen_params),
	{}
};

static struct kunit_suite opening_suite = {
	.name = "sst_opening",
	.test_cases = opening_cases,
};

kunit_test_suite(opening_suite);
