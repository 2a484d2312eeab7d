// SPDX-License-Identifier: GPL-2.0
/*
 * INIT, OPEN N and ACCEPT N against the second implementation: the keys that
 * both roles make of them, whole packets, sealed and opened, every bit of a
 * trailer flipped, and the plain OPEN and ACCEPT that re-open such a flow.
 */
#include <kunit/test.h>

#include "assoc.h"
#include "cookie.h"
#include "derived.h"
#include "fixture.h"
#include "handshake.h"
#include "opening.h"
#include "peer.h"
#include "rewrite.h"
#include "seal.h"
#include "stream.h"
#include "sst_vectors.h"
#include "unseal.h"

#define SUITE	SST_SUITE_CHACHA20_POLY1305

/* Counter of the ACCEPT after those that answered the first opening. */
#define NEXT_ACCEPT	7

/**
 * struct work - what one row is checked with
 * @sn: namespace
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @flow: the flow as one of the hosts has it, or NULL
 * @derived: the association as the same host has it, or NULL
 * @got: bytes of a packet
 * @len: how many
 * @trailer: trailer of the packet that was opened last
 * @stream: for it
 * @box: what it said, of an opening
 * @lifetime: what it said, of an ACCEPT N
 * @peer: the other host; only what an opening needs
 */
struct work {
	struct sst_net *sn;
	u8 family;
	struct sst_flow *flow;
	struct sst_derived *derived;
	u8 got[SST_TEST_PACKET_MAX];
	unsigned int len;
	struct sst_trailer trailer;
	struct sst_stream stream;
	struct sst_open_box box;
	u32 lifetime;
	struct sst_peer peer;
};

KUNIT_ARRAY_PARAM_DESC(row, sst_kat_news, name);

static u8 open_form(const struct sst_kat_new *kat)
{
	return kat->type << 4 | kat->flags;
}

static u8 side_of(const struct sst_kat_new *kat, u8 role)
{
	return role == SST_FLOW_ROLE_INITIATOR ? kat->initiator_side :
						 3 - kat->initiator_side;
}

static void free_work(void *ptr)
{
	struct work *w = ptr;

	if (w->flow)
		sst_flow_free(w->flow);
	sst_derived_free(w->derived);
}

static void get_tuple(struct sst_tuple *tuple, const struct work *w,
		      const struct sst_kat_new *kat, u8 side, u16 port1,
		      u16 port2)
{
	sst_test_tuple(tuple, w->family, kat->proto, side == 1 ? port1 : port2,
		       side == 1 ? port2 : port1);
}

/*
 * What the responder takes over from an opening that verified. The module
 * itself sends no OPEN N: an initiator's is filled in the same way.
 */
static void take_over(struct work *w, const struct sst_kat_new *kat)
{
	struct sst_opening *opening = w->flow->opening;

	opening->form = open_form(kat);
	opening->time = kat->time;
	opening->lifetime = kat->lifetime;
	memcpy(opening->name, kat->key_id, sizeof(opening->name));
	memcpy(opening->first.id.salt_i, kat->enc_i, SST_PUBLIC_SIZE);
	memcpy(opening->open_key, kat->open_key, SST_SECRET_SIZE);
}

/* What the initiator of an INIT has before any answer, with what it proves. */
static void draw(struct kunit *test, struct work *w,
		 const struct sst_kat_new *kat)
{
	struct sst_opening *opening = w->flow->opening;
	struct sst_encap encap;

	memcpy(encap.eph.secret, kat->e_i, SST_SECRET_SIZE);
	memcpy(encap.eph.public, kat->enc_i, SST_PUBLIC_SIZE);
	KUNIT_ASSERT_TRUE(test, sst_init_encap(&encap.keys, &encap.eph,
					       kat->host_public, SUITE));
	memcpy(w->peer.key_id, kat->key_id, sizeof(w->peer.key_id));
	KUNIT_ASSERT_TRUE(test, sst_opening_draw_init(opening, &w->peer,
						      &encap));
	KUNIT_EXPECT_EQ(test, SST_FORM_INIT, opening->form);
	opening->form = open_form(kat);
	opening->time = kat->time;
	memcpy(opening->ephemeral->cookie.c, kat->cookie, SST_COOKIE_SIZE);
	opening->ephemeral->cookie.expiry = kat->expiry;
	memcpy(opening->ephemeral->own.secret, kat->identity_private,
	       SST_SECRET_SIZE);
	memcpy(opening->ephemeral->own.public, kat->identity_public,
	       SST_PUBLIC_SIZE);
}

/* The flow of a row in this role; the initiator's has no answer so far. */
static struct work *get_work(struct kunit *test, const struct sst_kat_new *kat,
			     u8 role)
{
	const struct sst_party party = {
		.side = side_of(kat, role), .suite = SUITE,
	};
	struct work *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	struct sst_tuple real, wire;

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->sn = sst_test_net(test);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_work, w));
	w->family = kat->open_sealed[0] >> 4 == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	get_tuple(&real, w, kat, party.side, kat->port1, kat->port2);
	get_tuple(&wire, w, kat, party.side, kat->wire1, kat->wire2);
	w->flow = sst_flow_opened(&real, &wire, &party, role);
	KUNIT_ASSERT_NOT_NULL(test, w->flow);
	w->flow->scope = SST_SCOPE_PORTS;
	if (role == SST_FLOW_ROLE_INITIATOR && kat->type == SST_TYPE_INIT)
		draw(test, w, kat);
	else
		take_over(w, kat);
	return w;
}

/* The association is there, and the flow has its keys. */
static void answer(struct kunit *test, struct work *w,
		   const struct sst_kat_new *kat)
{
	struct sst_opening *opening = w->flow->opening;

	w->derived = sst_derived_new(kat->a, w->flow->side, SUITE);
	KUNIT_ASSERT_NOT_NULL(test, w->derived);
	spin_lock_bh(&w->flow->lock);
	KUNIT_EXPECT_EQ(test, 0,
			sst_opening_answer_new(opening, &w->derived->assoc,
					       kat->enc_r));
	opening->answered = true;
	if (opening->ephemeral)
		sst_opening_answered(opening);
	spin_unlock_bh(&w->flow->lock);
}

static struct work *get_answered(struct kunit *test,
				 const struct sst_kat_new *kat, u8 role)
{
	struct work *w = get_work(test, kat, role);

	answer(test, w, kat);
	return w;
}

static void expect_wiped(struct kunit *test, const u8 secret[SST_SECRET_SIZE])
{
	static const u8 nothing[SST_SECRET_SIZE];

	KUNIT_EXPECT_MEMEQ(test, nothing, secret, SST_SECRET_SIZE);
}

/* Before the answer: key of the opening, and what A will be made from. */
static void newopening_drawn(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *w = get_work(test, kat, SST_FLOW_ROLE_INITIATOR);
	const struct sst_opening *opening = w->flow->opening;
	const struct sst_ephemeral *ephemeral = opening->ephemeral;

	KUNIT_EXPECT_EQ(test, open_form(kat), sst_seal_form(w->flow));
	KUNIT_EXPECT_TRUE(test, sst_opening_is_new(opening));
	KUNIT_EXPECT_EQ(test, kat->type == SST_TYPE_INIT,
			sst_opening_is_init(opening));
	if (!ephemeral)
		return;
	KUNIT_EXPECT_MEMEQ(test, kat->key_id, opening->name, SST_KEY_ID_SIZE);
	KUNIT_EXPECT_MEMEQ(test, kat->enc_i, opening->first.id.salt_i,
			   SST_PUBLIC_SIZE);
	KUNIT_EXPECT_MEMEQ(test, kat->open_key, opening->open_key,
			   SST_SECRET_SIZE);
	KUNIT_EXPECT_MEMEQ(test, kat->s0, ephemeral->s0, SST_SECRET_SIZE);
	KUNIT_EXPECT_MEMEQ(test, kat->e_i, ephemeral->eph.secret,
			   SST_SECRET_SIZE);
	KUNIT_EXPECT_MEMEQ(test, kat->enc_i, ephemeral->eph.public,
			   SST_PUBLIC_SIZE);
}

/* What both hosts have of the association and of its first flow. */
static void expect_keys(struct kunit *test, const struct work *w,
			const struct sst_kat_new *kat)
{
	const struct sst_opening *opening = w->flow->opening;
	const struct sst_assoc *assoc = &w->derived->assoc;

	KUNIT_EXPECT_MEMEQ(test, kat->id, assoc->id, SST_ASSOC_ID_SIZE);
	KUNIT_EXPECT_EQ(test, sst_assoc_uid(kat->id), assoc->uid);
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)kat->o,
			   (const u8 *)assoc->open_key, sizeof(kat->o));
	KUNIT_EXPECT_MEMEQ(test, (const u8 *)kat->c,
			   (const u8 *)assoc->accept_key, sizeof(kat->c));
	KUNIT_EXPECT_MEMEQ(test, kat->f, assoc->flow_key, SST_SECRET_SIZE);
	KUNIT_EXPECT_EQ(test, assoc->uid, opening->assoc_uid);
	if (kat->proto == IPPROTO_UDP) {
		KUNIT_EXPECT_MEMEQ(test, kat->id, opening->renewal->id,
				   SST_ASSOC_ID_SIZE);
		KUNIT_EXPECT_MEMEQ(test, kat->reopen_key, opening->renewal->key,
				   SST_SECRET_SIZE);
	} else {
		/* A TCP connection is not opened again. */
		KUNIT_EXPECT_NULL(test, opening->renewal);
	}
	KUNIT_EXPECT_MEMEQ(test, kat->enc_r, opening->salt_r, SST_PUBLIC_SIZE);
	KUNIT_EXPECT_MEMEQ(test, kat->accept_key, opening->accept_key,
			   SST_SECRET_SIZE);
	KUNIT_EXPECT_MEMEQ(test, kat->t, w->flow->secret, SST_SECRET_SIZE);
	/* Packets of the opening may still come. */
	KUNIT_EXPECT_MEMEQ(test, kat->open_key, opening->open_key,
			   SST_SECRET_SIZE);
}

static void newopening_answered(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	const struct sst_ephemeral *ephemeral;
	struct work *w;

	w = get_answered(test, kat, SST_FLOW_ROLE_INITIATOR);
	expect_keys(test, w, kat);
	ephemeral = w->flow->opening->ephemeral;
	if (ephemeral) {
		expect_wiped(test, ephemeral->eph.secret);
		expect_wiped(test, ephemeral->s0);
		expect_wiped(test, ephemeral->own.secret);
	}
	w = get_answered(test, kat, SST_FLOW_ROLE_RESPONDER);
	expect_keys(test, w, kat);
	KUNIT_EXPECT_EQ(test, SST_FORM_ACCEPT_NEW, sst_seal_form(w->flow));
}

/*
 * Seal a packet as the flow has it now, with the next of this counter; w->got
 * is what leaves.
 */
static void seal(struct kunit *test, struct work *w, const u8 *orig,
		 unsigned int len, atomic64_t *counter)
{
	u64 seq = atomic64_read(counter);
	struct sst_pkt pkt;
	struct sk_buff *skb;

	skb = sst_test_skb(test, orig, len, SST_TEST_TIGHT, 0);
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, w->family, SST_PKT_OUT,
					 &w->sn->cfg));
	KUNIT_EXPECT_EQ(test, 0, sst_seal(w->sn, w->flow, &pkt,
					  sst_seal_form(w->flow), 0));
	w->len = skb->len;
	sst_test_skb_bytes(test, skb, w->got);
	KUNIT_EXPECT_EQ(test, seq + 1, atomic64_read(counter));
	sst_test_skb_free(test, skb);
}

static void newopening_seal(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	atomic64_t *counter;
	struct work *w;

	/* The last counters are in the rows, but are never used. */
	if (kat->open_seq < SST_SEQ_LIMIT) {
		w = get_work(test, kat, SST_FLOW_ROLE_INITIATOR);
		counter = &w->flow->opening->next_seq;
		atomic64_set(counter, kat->open_seq);
		seal(test, w, kat->open_orig, kat->open_orig_len, counter);
		KUNIT_ASSERT_EQ(test, kat->open_sealed_len, w->len);
		KUNIT_EXPECT_MEMEQ(test, kat->open_sealed, w->got, w->len);
	}
	/* Empty ACCEPTs are made from nothing: see emit.c. */
	if (kat->accept_orig_len) {
		w = get_answered(test, kat, SST_FLOW_ROLE_RESPONDER);
		counter = &w->flow->opening->next_seq;
		atomic64_set(counter, kat->accept_seq);
		seal(test, w, kat->accept_orig, kat->accept_orig_len, counter);
		KUNIT_ASSERT_EQ(test, kat->accept_sealed_len, w->len);
		KUNIT_EXPECT_MEMEQ(test, kat->accept_sealed, w->got, w->len);
	}
}

/* Is the proof the one of this cookie? */
static bool is_proven(const struct sst_trailer *trailer, const u8 *cookie)
{
	u8 proof[SST_PROOF_SIZE];

	if (trailer->form >> 4 != SST_TYPE_INIT ||
	    !(trailer->form & SST_FLAG_PROOF))
		return true;
	sst_cookie_prove(proof, cookie, trailer->bytes, trailer->layout.len);
	return !memcmp(proof, trailer->bytes + SST_INIT_PROOF_OFFSET,
		       sizeof(proof));
}

/*
 * Read and verify the packet in w->got under @key, then restore it there.
 * Returns 0 or the reason to drop it.
 */
static int unseal(struct kunit *test, struct work *w, u8 type,
		  const u8 key[SST_SECRET_SIZE], const u8 *cookie)
{
	struct sst_trailer *t = &w->trailer;
	struct sst_pkt pkt;
	struct sk_buff *skb;
	int reason;

	skb = sst_test_skb(test, w->got, w->len, SST_TEST_ROOM, 0);
	KUNIT_ASSERT_EQ(test, SST_PKT_WHOLE,
			sst_packet_parse(&pkt, skb, w->family, SST_PKT_IN,
					 &w->sn->cfg));
	t->stream = &w->stream;
	reason = sst_unseal_read(&pkt, t, BIT(type));
	if (!reason && type == SST_TYPE_ACCEPT)
		reason = sst_unseal_accept(&pkt, w->flow, key, t,
					   t->form == SST_FORM_ACCEPT_NEW ?
					   &w->lifetime : NULL);
	else if (!reason)
		reason = sst_unseal_open(&pkt, &w->box, key, t);
	if (!reason && !is_proven(t, cookie))
		reason = SST_A_STATS_RX_NO_COOKIE;
	if (!reason && !(t->meta.flags & SST_FLAG_EMPTY)) {
		KUNIT_EXPECT_EQ(test, 0, sst_rewrite_prepare_open(&pkt));
		KUNIT_EXPECT_EQ(test, 0,
				sst_unseal_restore(&pkt, &w->flow->real,
						   w->flow->scope, t));
		w->len = skb->len;
		sst_test_skb_bytes(test, skb, w->got);
	}
	sst_test_skb_free(test, skb);
	return reason;
}

static void set_bytes(struct work *w, const u8 *bytes, unsigned int len)
{
	memcpy(w->got, bytes, len);
	w->len = len;
}

/* In scope label nobody would prove an identity: an opening with one is refused. */
static void newopening_label(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	bool proves = kat->flags & SST_FLAG_IDENTITY;
	atomic64_t *counter;
	struct work *w;

	if (kat->type != SST_TYPE_INIT || kat->proto != IPPROTO_TCP ||
	    kat->open_seq >= SST_SEQ_LIMIT)
		return;
	w = get_work(test, kat, SST_FLOW_ROLE_INITIATOR);
	w->flow->scope = SST_SCOPE_LABEL;
	counter = &w->flow->opening->next_seq;
	atomic64_set(counter, kat->open_seq);
	seal(test, w, kat->open_orig, kat->open_orig_len, counter);
	KUNIT_EXPECT_EQ(test, proves ? SST_A_STATS_RX_LABEL_OPENING : 0,
			unseal(test, w, kat->type, kat->open_key, kat->cookie));
	KUNIT_EXPECT_EQ(test, SST_SCOPE_LABEL, w->box.scope);
	KUNIT_EXPECT_EQ(test, proves, w->box.has_identity);
}

static void newopening_unseal_open(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *w = get_work(test, kat, SST_FLOW_ROLE_RESPONDER);
	const struct sst_trailer *t = &w->trailer;

	set_bytes(w, kat->open_sealed, kat->open_sealed_len);
	KUNIT_ASSERT_EQ(test, 0, unseal(test, w, kat->type, kat->open_key,
					kat->cookie));
	KUNIT_EXPECT_EQ(test, open_form(kat), t->form);
	KUNIT_EXPECT_EQ(test, kat->open_seq, t->meta.seq);
	KUNIT_EXPECT_EQ(test, kat->open_plain_len, t->layout.sealed);
	KUNIT_EXPECT_MEMEQ(test, kat->key_id, t->name, SST_KEY_ID_SIZE);
	KUNIT_EXPECT_EQ(test, SST_PUBLIC_SIZE, sst_trailer_enc_size(t));
	KUNIT_EXPECT_MEMEQ(test, kat->enc_i, sst_trailer_enc(t),
			   SST_PUBLIC_SIZE);
	KUNIT_EXPECT_EQ(test, ntohs(w->flow->real.rport), ntohs(w->box.sport));
	KUNIT_EXPECT_EQ(test, ntohs(w->flow->real.lport), ntohs(w->box.dport));
	KUNIT_EXPECT_EQ(test, SST_SCOPE_PORTS, w->box.scope);
	KUNIT_EXPECT_EQ(test, kat->time, w->box.time);
	KUNIT_EXPECT_EQ(test, kat->type == SST_TYPE_INIT &&
			kat->flags & SST_FLAG_IDENTITY, w->box.has_identity);
	if (w->box.has_identity)
		KUNIT_EXPECT_MEMEQ(test, kat->identity_public, w->box.identity,
				   SST_PUBLIC_SIZE);
	KUNIT_ASSERT_EQ(test, kat->open_restored_len, w->len);
	KUNIT_EXPECT_MEMEQ(test, kat->open_restored, w->got, w->len);
}

static void newopening_unseal_accept(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *w = get_answered(test, kat, SST_FLOW_ROLE_INITIATOR);
	const struct sst_trailer *t = &w->trailer;

	set_bytes(w, kat->accept_sealed, kat->accept_sealed_len);
	KUNIT_ASSERT_EQ(test, 0, unseal(test, w, SST_TYPE_ACCEPT,
					w->flow->opening->accept_key, NULL));
	KUNIT_EXPECT_EQ(test, SST_FORM_ACCEPT_NEW, t->form);
	KUNIT_EXPECT_EQ(test, kat->accept_seq, t->meta.seq);
	KUNIT_EXPECT_EQ(test, SST_PUBLIC_SIZE, sst_trailer_enc_size(t));
	KUNIT_EXPECT_MEMEQ(test, kat->enc_r, sst_trailer_enc(t),
			   SST_PUBLIC_SIZE);
	KUNIT_EXPECT_EQ(test, kat->lifetime, w->lifetime);
	if (kat->accept_flags & SST_FLAG_EMPTY) {
		KUNIT_EXPECT_TRUE(test, t->meta.flags & SST_FLAG_EMPTY);
		return;
	}
	KUNIT_ASSERT_EQ(test, kat->accept_restored_len, w->len);
	KUNIT_EXPECT_MEMEQ(test, kat->accept_restored, w->got, w->len);
}

static void expect_no_bit(struct kunit *test, struct work *w, u8 type,
			  const u8 *sealed, unsigned int len, u8 form,
			  const struct sst_kat_new *kat)
{
	const u8 *key = type == SST_TYPE_ACCEPT ? kat->accept_key :
						  kat->open_key;
	unsigned int bit, taken = 0;

	for (bit = 0; bit < sst_trailer_size(form) * 8; bit++) {
		set_bytes(w, sealed, len);
		w->got[len - 1 - bit / 8] ^= BIT(bit % 8);
		if (!unseal(test, w, type, key, kat->cookie)) {
			kunit_err(test, "type %u, bit %u of byte %u from the end",
				  type, bit % 8, bit / 8);
			taken++;
		}
	}
	KUNIT_EXPECT_EQ(test, 0, taken);
}

/* Not a single bit of a trailer may change; those of a proof by the cookie. */
static void newopening_flipped(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *w;

	w = get_work(test, kat, SST_FLOW_ROLE_RESPONDER);
	expect_no_bit(test, w, kat->type, kat->open_sealed,
		      kat->open_sealed_len, open_form(kat), kat);
	w = get_work(test, kat, SST_FLOW_ROLE_INITIATOR);
	expect_no_bit(test, w, SST_TYPE_ACCEPT, kat->accept_sealed,
		      kat->accept_sealed_len, SST_FORM_ACCEPT_NEW, kat);
}

/* What an ACCEPT N says is for the flow with these real ports alone. */
static void newopening_other_ports(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *w = get_answered(test, kat, SST_FLOW_ROLE_INITIATOR);

	w->flow->peer_port ^= htons(1);
	set_bytes(w, kat->accept_sealed, kat->accept_sealed_len);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_PORTS,
			unseal(test, w, SST_TYPE_ACCEPT, kat->accept_key,
			       NULL));
}

static void renew(struct sst_flow *flow)
{
	spin_lock_bh(&flow->lock);
	sst_opening_renew(flow->opening);
	spin_unlock_bh(&flow->lock);
}

/* The window is emptied once, when its key changes; nothing else does. */
static void newopening_renew(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *w = get_answered(test, kat, SST_FLOW_ROLE_RESPONDER);
	struct sst_opening *opening = w->flow->opening;
	u32 seq;

	KUNIT_EXPECT_EQ(test, 0, sst_counters_take(&opening->replay, 3));
	atomic64_set(&opening->next_seq, NEXT_ACCEPT);
	renew(w->flow);
	KUNIT_EXPECT_TRUE(test, opening->renewed);
	KUNIT_EXPECT_EQ(test, 0, sst_counters_take(&opening->replay, 3));
	KUNIT_EXPECT_EQ(test, 4, sst_counters_top(&opening->replay));
	/* The key of the ACCEPTs stays, and so do their counters. */
	KUNIT_EXPECT_EQ(test, 0, sst_opening_take(&opening->next_seq, &seq));
	KUNIT_EXPECT_EQ(test, NEXT_ACCEPT, seq);
	expect_keys(test, w, kat);
	renew(w->flow);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_REPLAY,
			sst_counters_take(&opening->replay, 3));
}

/* In tables a re-opening has 16 bytes of enc_i, and nothing behind them. */
static void newopening_reopen_id(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *w = get_answered(test, kat, SST_FLOW_ROLE_RESPONDER);
	struct sst_open_id id, want = { .uid = sst_assoc_uid(kat->id) };

	memcpy(want.salt_i, kat->enc_i, SST_SALT_SIZE);
	memset(&id, 0xa5, sizeof(id));
	sst_opening_reopen_id(w->flow->opening, &id);
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&want, (u8 *)&id, sizeof(id));
}

/* The packets of a re-opening, which only UDP has, from one to the other. */
static void newopening_reopen(struct kunit *test)
{
	const struct sst_kat_new *kat = test->param_value;
	struct work *a = get_answered(test, kat, SST_FLOW_ROLE_INITIATOR);
	struct work *b = get_answered(test, kat, SST_FLOW_ROLE_RESPONDER);
	struct sst_opening *opening = a->flow->opening;
	const struct sst_trailer *t = &b->trailer;
	u32 seq;

	if (kat->proto != IPPROTO_UDP || !kat->accept_orig_len)
		return;
	a->flow->state = SST_FLOW_STATE_REOPENING;
	KUNIT_EXPECT_EQ(test, SST_FORM_OPEN, sst_seal_form(a->flow));
	/* The counters are those of another key. */
	atomic64_set(&opening->next_seq, SST_SEQ_LIMIT);
	for (seq = 0; seq < 2; seq++) {
		seal(test, a, kat->open_orig, kat->open_orig_len,
		     &opening->renewal->next_seq);
		set_bytes(b, a->got, a->len);
		KUNIT_ASSERT_EQ(test, 0, unseal(test, b, SST_TYPE_OPEN,
						kat->reopen_key, NULL));
		KUNIT_EXPECT_EQ(test, SST_FORM_OPEN, t->form);
		KUNIT_EXPECT_EQ(test, seq, t->meta.seq);
		KUNIT_EXPECT_MEMEQ(test, kat->id, t->name, SST_ASSOC_ID_SIZE);
		KUNIT_EXPECT_EQ(test, SST_SALT_SIZE, sst_trailer_enc_size(t));
		KUNIT_EXPECT_MEMEQ(test, kat->enc_i, sst_trailer_enc(t),
				   SST_SALT_SIZE);
		KUNIT_EXPECT_EQ(test, kat->time, b->box.time);
		KUNIT_EXPECT_FALSE(test, b->box.has_identity);
	}

	renew(b->flow);
	b->flow->state = SST_FLOW_STATE_REOPENING;
	KUNIT_EXPECT_EQ(test, SST_FORM_ACCEPT, sst_seal_form(b->flow));
	opening = b->flow->opening;
	atomic64_set(&opening->next_seq, NEXT_ACCEPT);
	seal(test, b, kat->accept_orig, kat->accept_orig_len,
	     &opening->next_seq);
	set_bytes(a, b->got, b->len);
	KUNIT_ASSERT_EQ(test, 0, unseal(test, a, SST_TYPE_ACCEPT,
					kat->accept_key, NULL));
	t = &a->trailer;
	KUNIT_EXPECT_EQ(test, SST_FORM_ACCEPT, t->form);
	KUNIT_EXPECT_EQ(test, NEXT_ACCEPT, t->meta.seq);
	KUNIT_EXPECT_MEMEQ(test, kat->enc_r, sst_trailer_enc(t), SST_SALT_SIZE);
}

static struct kunit_case newopening_cases[] = {
	KUNIT_CASE_PARAM(newopening_drawn, row_gen_params),
	KUNIT_CASE_PARAM(newopening_answered, row_gen_params),
	KUNIT_CASE_PARAM(newopening_label, row_gen_params),
	KUNIT_CASE_PARAM(newopening_seal, row_gen_params),
	KUNIT_CASE_PARAM(newopening_unseal_open, row_gen_params),
	KUNIT_CASE_PARAM(newopening_unseal_accept, row_gen_params),
	KUNIT_CASE_PARAM(newopening_flipped, row_gen_params),
	KUNIT_CASE_PARAM(newopening_other_ports, row_gen_params),
	KUNIT_CASE_PARAM(newopening_renew, row_gen_params),
	KUNIT_CASE_PARAM(newopening_reopen_id, row_gen_params),
	KUNIT_CASE_PARAM(newopening_reopen, row_gen_params),
	{}
};

static struct kunit_suite newopening_suite = {
	.name = "sst_newopening",
	.test_cases = newopening_cases,
};

kunit_test_suite(newopening_suite);
