// SPDX-License-Identifier: GPL-2.0
/* Key schedule, against answers of an implementation that shares no code. */
#include <kunit/test.h>

#include "fixture.h"
#include "kdf.h"
#include "sst_vectors.h"

static void kdf_hchacha20(struct kunit *test)
{
	u8 out[SST_SECRET_SIZE];

	sst_kdf_h(out, sst_kat_h.key, sst_kat_h.in);
	KUNIT_EXPECT_MEMEQ(test, sst_kat_h.out, out, sizeof(out));
}

/* The output may take the place of the key. */
static void kdf_hchacha20_in_place(struct kunit *test)
{
	u8 key[SST_SECRET_SIZE];

	memcpy(key, sst_kat_h.key, sizeof(key));
	sst_kdf_h(key, key, sst_kat_h.in);
	KUNIT_EXPECT_MEMEQ(test, sst_kat_h.out, key, sizeof(key));
}

/* Secrets lie anywhere in a structure or a packet. */
static void kdf_hchacha20_unaligned(struct kunit *test)
{
	u8 key[SST_SECRET_SIZE + 1], in[17], out[SST_SECRET_SIZE + 1];

	memcpy(key + 1, sst_kat_h.key, SST_SECRET_SIZE);
	memcpy(in + 1, sst_kat_h.in, 16);
	sst_kdf_h(out + 1, key + 1, in + 1);
	KUNIT_EXPECT_MEMEQ(test, sst_kat_h.out, out + 1, SST_SECRET_SIZE);
}

static void get_ctx(struct sst_ctx *ctx, const struct sst_kat_sched *kat)
{
	bool first = kat->initiator_side == 1;

	*ctx = (struct sst_ctx) {
		.scope = kat->scope,
		.proto = kat->proto,
		.initiator_side = kat->initiator_side,
		.initiator_port = htons(first ? kat->port1 : kat->port2),
		.responder_port = htons(first ? kat->port2 : kat->port1),
	};
}

KUNIT_ARRAY_PARAM_DESC(sched, sst_kat_scheds, name);

static void kdf_flow_secret(struct kunit *test)
{
	const struct sst_kat_sched *kat = test->param_value;
	u8 t[SST_SECRET_SIZE], h[SST_SECRET_SIZE];
	struct sst_ctx ctx;

	get_ctx(&ctx, kat);
	sst_kdf_flow(t, kat->key, &ctx);
	KUNIT_EXPECT_MEMEQ(test, kat->t, t, sizeof(t));
	sst_kdf_h(h, kat->key, kat->ctx);
	KUNIT_EXPECT_MEMEQ(test, kat->t, h, sizeof(h));
}

/* Both ends of a manually keyed flow come to the same secret. */
static void kdf_flow_both_ends(struct kunit *test)
{
	const struct sst_kat_sched *kat = test->param_value;
	struct sst_flow_params params = {
		.scope = kat->scope,
		.suite = 1,
		.key = kat->key,
	};
	struct sst_flow *flow;

	for (params.side = 1; params.side <= 2; params.side++) {
		bool first = params.side == 1;

		sst_test_tuple(&params.real, NFPROTO_IPV4, kat->proto,
			       first ? kat->port1 : kat->port2,
			       first ? kat->port2 : kat->port1);
		sst_test_tuple(&params.wire, NFPROTO_IPV4, kat->proto, 50001,
			       20002);
		flow = sst_test_flow(test, &params);
		KUNIT_EXPECT_MEMEQ_MSG(test, kat->t, flow->secret,
				       sizeof(kat->t), "side %u", params.side);
	}
}

/* Each byte of the context counts. */
static void kdf_flow_binds_context(struct kunit *test)
{
	const struct sst_kat_sched *kat = test->param_value;
	u8 t[SST_SECRET_SIZE];
	struct sst_ctx ctx;
	int i;

	for (i = 0; i < 7; i++) {
		get_ctx(&ctx, kat);
		switch (i) {
		case 0:
			ctx.scope ^= 2;
			break;
		case 1:
			ctx.proto ^= IPPROTO_TCP ^ IPPROTO_UDP;
			break;
		case 2:
			ctx.initiator_side = 3 - ctx.initiator_side;
			break;
		case 3:
			ctx.initiator_port ^= htons(0x0100);
			break;
		case 4:
			ctx.initiator_port ^= htons(0x0001);
			break;
		case 5:
			ctx.responder_port ^= htons(0x0100);
			break;
		case 6:
			ctx.responder_port ^= htons(0x0001);
			break;
		}
		sst_kdf_flow(t, kat->key, &ctx);
		KUNIT_EXPECT_MEMNEQ_MSG(test, kat->t, t, sizeof(t),
					"change %d", i);
	}
}

static void pkey_desc(const struct sst_kat_pkey *kat, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s side %u kri %u",
		 sst_kat_scheds[kat->sched].name, kat->sender_side, kat->kri);
}

KUNIT_ARRAY_PARAM(pkey, sst_kat_pkeys, pkey_desc);

static void kdf_packet_key(struct kunit *test)
{
	const struct sst_kat_pkey *kat = test->param_value;
	u8 key[SST_SECRET_SIZE];

	sst_kdf_packet_key(key, sst_kat_scheds[kat->sched].t, kat->sender_side,
			   kat->kri);
	KUNIT_EXPECT_MEMEQ(test, kat->key, key, sizeof(key));
}

static struct kunit_case kdf_cases[] = {
	KUNIT_CASE(kdf_hchacha20),
	KUNIT_CASE(kdf_hchacha20_in_place),
	KUNIT_CASE(kdf_hchacha20_unaligned),
	KUNIT_CASE_PARAM(kdf_flow_secret, sched_gen_params),
	KUNIT_CASE_PARAM(kdf_flow_both_ends, sched_gen_params),
	KUNIT_CASE_PARAM(kdf_flow_binds_context, sched_gen_params),
	KUNIT_CASE_PARAM(kdf_packet_key, pkey_gen_params),
	{}
};

static struct kunit_suite kdf_suite = {
	.name = "sst_kdf",
	.test_cases = kdf_cases,
};

kunit_test_suite(kdf_suite);
