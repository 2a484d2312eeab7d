// SPDX-License-Identifier: GPL-2.0
/*
 * Key schedule of a flow (protocol section 5). HChaCha20 only: it costs a
 * tenth of an HMAC, and a flow is set up for each connection.
 */
#include <linux/string.h>

#include "chachastate.h"
#include "kdf.h"

/**
 * sst_kdf_h() - H(k, x): HChaCha20 (draft-irtf-cfrg-xchacha-03 section 2.2)
 * @out: 32 bytes of output, may be @k
 * @k: key; a key that serves H serves nothing else
 * @x: 16 bytes of input
 */
void sst_kdf_h(u8 out[SST_SECRET_SIZE], const u8 k[SST_SECRET_SIZE],
	       const u8 x[16])
{
	u32 state[CHACHA_STATE_WORDS] __uninitialized;
	u32 words[SST_SECRET_SIZE / 4] __uninitialized;

	sst_chacha_start(state, k, x);
	hchacha_block(state, words, 20);
	cpu_to_le32_array(words, ARRAY_SIZE(words));
	memcpy(out, words, sizeof(words));

	memzero_explicit(state, sizeof(state));
	memzero_explicit(words, sizeof(words));
}

/**
 * sst_kdf_flow() - T = H(k, ctx), the secret of one flow
 * @t: output
 * @k: K of a manually keyed flow
 * @ctx: what the flow is
 */
void sst_kdf_flow(u8 t[SST_SECRET_SIZE], const u8 k[SST_SECRET_SIZE],
		  const struct sst_ctx *ctx)
{
	u8 x[16] = { ctx->scope, ctx->proto, ctx->initiator_side, 0 };

	memcpy(x + 4, &ctx->initiator_port, 2);
	memcpy(x + 6, &ctx->responder_port, 2);
	sst_kdf_h(t, k, x);
}

/**
 * sst_kdf_packet_key() - H(T, side || 0 || kri || 0 x 12)
 * @key: output
 * @t: secret of the flow
 * @side: side of the sender, 1 or 2
 * @kri: index of the key
 */
void sst_kdf_packet_key(u8 key[SST_SECRET_SIZE], const u8 t[SST_SECRET_SIZE],
			u8 side, u16 kri)
{
	u8 x[16] = { side, 0, kri >> 8, kri };

	sst_kdf_h(key, t, x);
}
