/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_STREAM_H
#define _SST_STREAM_H

#include <crypto/chacha.h>
#include <crypto/poly1305.h>
#include <linux/types.h>

#include "trailer.h"
#include "wire.h"

/* Whole blocks: an AAD and something more. The lengths find room behind it. */
#define SST_STREAM_HELD_MAX \
	(ALIGN(SST_AAD_MAX, POLY1305_BLOCK_SIZE) + POLY1305_BLOCK_SIZE)

/**
 * struct sst_stream - ChaCha20-Poly1305 of one packet, piece by piece
 * @state: of ChaCha20; its counter is that of the block behind @blocks
 * @blocks: block 0, which is for Poly1305, and the block that is in use
 * @used: how many bytes of it are
 * @left: bytes of the text that have not been through the cipher
 * @aad_len: length of the AAD in bytes
 * @len: bytes of ciphertext that went to the tag
 * @held: what goes to it and @mac has not seen: first the AAD, filled up with
 *	zeros, and short pieces, then the end of the last long one
 * @n_held: how many bytes there are
 * @mac: of Poly1305, which wipes it with the tag
 */
struct sst_stream {
	u32 state[CHACHA_STATE_WORDS];
	u8 blocks[2][CHACHA_BLOCK_SIZE];
	unsigned int used;
	unsigned int left;
	unsigned int aad_len;
	unsigned int len;
	u8 held[SST_STREAM_HELD_MAX + POLY1305_BLOCK_SIZE];
	unsigned int n_held;
	struct poly1305_desc_ctx mac;
};

void sst_stream_begin(struct sst_stream *stream, const u8 key[SST_SECRET_SIZE],
		      u64 counter, const struct sst_aad *aad,
		      unsigned int len);
void sst_stream_crypt(struct sst_stream *stream, u8 *out, const u8 *in,
		      unsigned int len);
void sst_stream_mac(struct sst_stream *stream, const u8 *sealed,
		    unsigned int len);
void sst_stream_tag(struct sst_stream *stream, u8 tag[SST_TAG_SIZE]);
void sst_stream_end(struct sst_stream *stream);

#endif /* _SST_STREAM_H */
