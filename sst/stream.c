// SPDX-License-Identifier: GPL-2.0
/*
 * ChaCha20-Poly1305 as in RFC 8439 over a text that comes in pieces and goes to
 * another place on its way through the cipher (scope payload). The kernel's own
 * function for texts in pieces leaves them where they are, and its other one
 * takes one piece. What goes to the tag goes there in few calls, of whole blocks:
 * behind a long piece each call costs as much as one of four blocks.
 */
#include <crypto/algapi.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "chachastate.h"
#include "compat.h"
#include "stream.h"

/* What is sealed to get the keystream itself. */
static const u8 zeros[2 * CHACHA_BLOCK_SIZE];

/* What is held, filled up with zeros to whole blocks. There is room for one more. */
static void pad_held(struct sst_stream *stream)
{
	/* Always a block, in line. */
	memset(stream->held + stream->n_held, 0, POLY1305_BLOCK_SIZE);
	stream->n_held = ALIGN(stream->n_held, POLY1305_BLOCK_SIZE);
}

static __always_inline void hold(struct sst_stream *stream, const void *bytes,
				 unsigned int len)
{
	memcpy(stream->held + stream->n_held, bytes, len);
	stream->n_held += len;
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
	u8 iv[CHACHA_IV_SIZE] = {};

	/* 64 bits of block counter, of which RFC 8439 has 32, and the nonce. */
	put_unaligned_le64(counter, iv + 8);
	sst_chacha_start(stream->state, key, iv);
	/* The text begins with block 1. */
	chacha20_crypt(stream->state, stream->blocks[0], zeros, sizeof(zeros));
	stream->used = 0;
	stream->left = len;
	stream->len = 0;
	stream->aad_len = aad->len;
	poly1305_init(&stream->mac, stream->blocks[0]);
	stream->n_held = 0;
	hold(stream, aad->bytes, aad->len);
	pad_held(stream);
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
	chacha20_crypt(stream->state, stream->blocks[1], zeros,
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
	unsigned int n = -stream->n_held % POLY1305_BLOCK_SIZE;

	stream->len += len;
	if (len <= SST_STREAM_HELD_MAX - stream->n_held) {
		hold(stream, sealed, len);
		return;
	}
	/* It is longer than what is missing of a block. */
	hold(stream, sealed, n);
	sealed += n;
	len -= n;
	if (stream->n_held)
		poly1305_update(&stream->mac, stream->held, stream->n_held);
	stream->n_held = 0;
	n = round_down(len, POLY1305_BLOCK_SIZE);
	if (n)
		poly1305_update(&stream->mac, sealed, n);
	hold(stream, sealed + n, len - n);
}

/**
 * sst_stream_tag() - the tag, behind the last piece
 * @stream: the stream
 * @tag: output
 */
void sst_stream_tag(struct sst_stream *stream, u8 tag[SST_TAG_SIZE])
{
	const __le64 lengths[] = {
		cpu_to_le64(stream->aad_len),
		cpu_to_le64(stream->len),
	};

	pad_held(stream);
	hold(stream, lengths, sizeof(lengths));
	poly1305_update(&stream->mac, stream->held, stream->n_held);
	poly1305_final(&stream->mac, tag);
}

/**
 * sst_stream_end() - wipe what a stream knows
 * @stream: the stream, whose tag was made, or that never began
 */
void sst_stream_end(struct sst_stream *stream)
{
	memzero_explicit(stream->state, sizeof(stream->state));
	memzero_explicit(stream->blocks, sizeof(stream->blocks));
}
