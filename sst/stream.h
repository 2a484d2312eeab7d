/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_STREAM_H
#define _SST_STREAM_H

#include <crypto/chacha.h>
#include <crypto/poly1305.h>
#include <linux/types.h>

#include "trailer.h"
#include "wire.h"

/**
 * struct sst_stream - ChaCha20-Poly1305 of one packet, piece by piece
 * @state: of ChaCha20; its counter is that of the block behind @block
 * @mac: of Poly1305
 * @block: block of the key stream that is in use
 * @used: how many bytes of it are
 * @aad_len: length of the AAD in bytes
 * @len: bytes of ciphertext that @mac has seen
 *
 * Holds key material: wipe it after use.
 */
struct sst_stream {
	u32 state[CHACHA_STATE_WORDS];
	struct poly1305_desc_ctx mac;
	u8 block[CHACHA_BLOCK_SIZE];
	unsigned int used;
	unsigned int aad_len;
	unsigned int len;
};

void sst_stream_begin(struct sst_stream *stream, const u8 key[SST_SECRET_SIZE],
		      u64 counter, const struct sst_aad *aad);
void sst_stream_crypt(struct sst_stream *stream, u8 *out, const u8 *in,
		      unsigned int len);
void sst_stream_mac(struct sst_stream *stream, const u8 *sealed,
		    unsigned int len);
void sst_stream_tag(struct sst_stream *stream, u8 tag[SST_TAG_SIZE]);

#endif /* _SST_STREAM_H */
