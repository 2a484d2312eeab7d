// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 as in RFC 8439 over a text that comes in pieces and goes to
 * another place on its way through the cipher (scope payload). The kernel's own
 * function for texts in pieces leaves them where they are, and its other one
 * takes one piece.
 */
#include <crypto/algapi.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "compat.h"
#include "stream.h"

static void pad_mac(struct sst_stream *stream, unsigned int len)
{
	static const u8 zeros[POLY1305_BLOCK_SIZE];

	if (len % POLY1305_BLOCK_SIZE)
		poly1305_update(&stream->mac, zeros,
				POLY1305_BLOCK_SIZE - len % POLY1305_BLOCK_SIZE);
}

/**
 * sst_stream_begin() - begin to seal or to open a packet
 * @stream: output
 * @key: key of the packet
 * @counter: its counter, the lower 64 bits of the nonce
 * @aad: what is authenticated in clear
 */
void sst_stream_begin(struct sst_stream *stream, const u8 key[SST_SECRET_SIZE],
		      u64 counter, const struct sst_aad *aad)
{
	u32 words[CHACHA_KEY_SIZE / 4];
	u8 iv[CHACHA_IV_SIZE] = {};
	/* Block 0 is for Poly1305, the text begins with block 1. */
	u8 blocks[2 * CHACHA_BLOCK_SIZE] = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = get_unaligned_le32(key + 4 * i);
	/* 64 bits of block counter, of which RFC 8439 has 32, and the nonce. */
	put_unaligned_le64(counter, iv + 8);
	chacha_init(stream->state, words, iv);
	chacha20_crypt(stream->state, blocks, blocks, sizeof(blocks));
	memcpy(stream->block, blocks + CHACHA_BLOCK_SIZE, CHACHA_BLOCK_SIZE);
	stream->used = 0;
	stream->len = 0;
	stream->aad_len = aad->len;
	poly1305_init(&stream->mac, blocks);
	poly1305_update(&stream->mac, aad->bytes, aad->len);
	pad_mac(stream, aad->len);

	memzero_explicit(blocks, sizeof(blocks));
	memzero_explicit(words, sizeof(words));
}

/**
 * sst_stream_crypt() - the next piece through the cipher
 * @stream: the stream
 * @out: output; may be @in
 * @in: clear text or ciphertext
 * @len: its length in bytes
 */
void sst_stream_crypt(struct sst_stream *stream, u8 *out, const u8 *in,
		      unsigned int len)
{
	unsigned int n = min_t(unsigned int, len,
			       CHACHA_BLOCK_SIZE - stream->used);

	crypto_xor_cpy(out, in, stream->block + stream->used, n);
	stream->used += n;
	len -= n;
	if (!len)
		return;
	in += n;
	out += n;
	n = round_down(len, CHACHA_BLOCK_SIZE);
	if (n)
		chacha20_crypt(stream->state, out, in, n);
	len -= n;
	if (!len)
		return;
	memset(stream->block, 0, sizeof(stream->block));
	chacha20_crypt(stream->state, stream->block, stream->block,
		       sizeof(stream->block));
	crypto_xor_cpy(out + n, in + n, stream->block, len);
	stream->used = len;
}

/**
 * sst_stream_mac() - the next piece of ciphertext, for the tag
 * @stream: the stream
 * @sealed: ciphertext
 * @len: its length in bytes
 */
void sst_stream_mac(struct sst_stream *stream, const u8 *sealed,
		    unsigned int len)
{
	poly1305_update(&stream->mac, sealed, len);
	stream->len += len;
}

/**
 * sst_stream_tag() - the tag, behind the last piece
 * @stream: the stream
 * @tag: output
 */
void sst_stream_tag(struct sst_stream *stream, u8 tag[SST_TAG_SIZE])
{
	__le64 lengths[2] = {
		cpu_to_le64(stream->aad_len),
		cpu_to_le64(stream->len),
	};

	pad_mac(stream, stream->len);
	poly1305_update(&stream->mac, (const u8 *)lengths, sizeof(lengths));
	poly1305_final(&stream->mac, tag);
}
