// SPDX-License-Identifier: GPL-2.0
/*
 * Key schedule of a flow (protocol section 5). HChaCha20 only: it costs a
 * tenth of an HMAC, and a flow is set up for each connection.
 */
#include <crypto/chacha.h>
#include <linux/string.h>

#include "compat.h"
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
	u32 state[CHACHA_STATE_WORDS], key[CHACHA_KEY_SIZE / 4];
	u32 words[CHACHA_KEY_SIZE / 4];
	int i;

	for (i = 0; i < ARRAY_SIZE(key); i++)
		key[i] = get_unaligned_le32(k + 4 * i);
	chacha_init(state, key, x);
	hchacha_block(state, words, 20);
	for (i = 0; i < ARRAY_SIZE(words); i++)
		put_unaligned_le32(words[i], out + 4 * i);

	memzero_explicit(state, sizeof(state));
	memzero_explicit(key, sizeof(key));
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
