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

/* Filled up with zeros, in one call. */
static void mac_aad(struct sst_stream *stream, const struct sst_aad *aad)
{
	u8 padded[ALIGN(SST_AAD_MAX, POLY1305_BLOCK_SIZE)];
	unsigned int len = ALIGN(aad->len, POLY1305_BLOCK_SIZE);

	memset(padded + len - POLY1305_BLOCK_SIZE, 0, POLY1305_BLOCK_SIZE);
	memcpy(padded, aad->bytes, aad->len);
	poly1305_update(&stream->mac, padded, len);
}

/**
 * sst_stream_begin() - begin to seal or to open a packet
 * @stream: output
 * @key: key of the packet
 * @counter: its counter, the lower 64 bits of the nonce
 * @aad: what is authenticated in clear
 * @len: length of the whole text in bytes
 */
void sst_stream_begin(struct sst_stream *stream, const u8 key[SST_SECRET_SIZE],
		      u64 counter, const struct sst_aad *aad,
		      unsigned int len)
{
	u32 words[CHACHA_KEY_SIZE / 4];
	u8 iv[CHACHA_IV_SIZE] = {};
	int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = get_unaligned_le32(key + 4 * i);
	/* 64 bits of block counter, of which RFC 8439 has 32, and the nonce. */
	put_unaligned_le64(counter, iv + 8);
	chacha_init(stream->state, words, iv);
	/* The text begins with block 1. */
	memset(stream->blocks, 0, sizeof(stream->blocks));
	chacha20_crypt(stream->state, stream->blocks[0], stream->blocks[0],
		       sizeof(stream->blocks));
	stream->used = 0;
	stream->left = len;
	stream->len = 0;
	stream->aad_len = aad->len;
	poly1305_init(&stream->mac, stream->blocks[0]);
	mac_aad(stream, aad);

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

	crypto_xor_cpy(out, in, stream->blocks[1] + stream->used, n);
	stream->used += n;
	stream->left -= len;
	len -= n;
	if (!len)
		return;
	in += n;
	out += n;
	/* What is left of a block is for the next piece, if there is one. */
	n = stream->left ? round_down(len, CHACHA_BLOCK_SIZE) : len;
	if (n)
		chacha20_crypt(stream->state, out, in, n);
	len -= n;
	if (!len)
		return;
	memset(stream->blocks[1], 0, CHACHA_BLOCK_SIZE);
	chacha20_crypt(stream->state, stream->blocks[1], stream->blocks[1],
		       CHACHA_BLOCK_SIZE);
	crypto_xor_cpy(out + n, in + n, stream->blocks[1], len);
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
	struct {
		u8 pad[POLY1305_BLOCK_SIZE];
		__le64 aad_len;
		__le64 len;
	} end = {
		.aad_len = cpu_to_le64(stream->aad_len),
		.len = cpu_to_le64(stream->len),
	};
	unsigned int pad = -stream->len % POLY1305_BLOCK_SIZE;

	poly1305_update(&stream->mac, end.pad + sizeof(end.pad) - pad,
			pad + sizeof(end) - sizeof(end.pad));
	poly1305_final(&stream->mac, tag);
}

/**
 * sst_stream_end() - wipe what a stream knows
 * @stream: the stream, whose tag was made
 */
void sst_stream_end(struct sst_stream *stream)
{
	memzero_explicit(stream->state, sizeof(stream->state));
	memzero_explicit(stream->blocks, sizeof(stream->blocks));
}
