// SPDX-License-Identifier: GPL-2.0
/*
 * Suite 1 (protocol section 4). DATA in scope ports costs one ChaCha20 block a
 * packet: its first half is the one-time Poly1305 key, its next four bytes are
 * the keystream for the ports. Openings and their answers are boxes of
 * ChaCha20-Poly1305 as in RFC 8439; in scope payload so is all (stream.c). What
 * calls the kernel's ciphers besides is kdf.c, hkdf.c, x25519.c and cookie.c.
 */
#include <crypto/algapi.h>
#include <crypto/poly1305.h>
#include <linux/build_bug.h>
#include <linux/string.h>

#include "chachastate.h"
#include "compat.h"
#include "suite.h"

/* What is sealed to get the keystream itself. */
static const u8 zeros[SST_BLOCKS_AHEAD * CHACHA_BLOCK_SIZE];

static void compute(struct sst_whole_block *blocks, unsigned int n,
		    const u8 key[SST_SECRET_SIZE], u32 seq)
{
	u32 state[CHACHA_STATE_WORDS] __uninitialized;
	u8 iv[CHACHA_IV_SIZE] = {};

	BUILD_BUG_ON(sizeof(*blocks) != CHACHA_BLOCK_SIZE);

	put_unaligned_le32(seq, iv);
	sst_chacha_start(state, key, iv);
	chacha20_crypt(state, (u8 *)blocks, zeros, n * sizeof(*blocks));

	memzero_explicit(state, sizeof(state));
}

/**
 * sst_suite_block() - ChaCha20 block number @seq under a packet key
 * @block: output; holds key material, wipe it after use
 * @key: packet key
 * @seq: counter of the packet under this key
 */
void sst_suite_block(struct sst_whole_block *block,
		     const u8 key[SST_SECRET_SIZE], u32 seq)
{
	compute(block, 1, key, seq);
}

/**
 * sst_suite_blocks() - blocks of consecutive packets, from one call
 * @blocks: output; hold key material, wipe them after use
 * @key: packet key
 * @seq: counter of the first of these packets; that of the last fits 32 bits
 */
void sst_suite_blocks(struct sst_whole_block blocks[SST_BLOCKS_AHEAD],
		      const u8 key[SST_SECRET_SIZE], u32 seq)
{
	compute(blocks, SST_BLOCKS_AHEAD, key, seq);
}

/**
 * sst_suite_tag() - Poly1305 over AAD || pad || sealed || pad || lengths
 * @tag: output
 * @block: block of the packet
 * @aad: what is authenticated in clear
 * @sealed: the four sealed bytes as they stand on the wire
 */
void sst_suite_tag(u8 tag[SST_TAG_SIZE], const struct sst_block *block,
		   const struct sst_aad *aad,
		   const u8 sealed[SST_SEALED_PORTS_SIZE])
{
	struct poly1305_desc_ctx desc __uninitialized;
	struct {
		u8 aad[16];
		u8 sealed[16];
		__le64 aad_len;
		__le64 sealed_len;
	} input = {
		.aad_len = cpu_to_le64(aad->len),
		.sealed_len = cpu_to_le64(SST_SEALED_PORTS_SIZE),
	};

	/* What is behind a shorter one is padding, too. */
	BUILD_BUG_ON(SST_AAD_DATA_MAX > sizeof(input.aad));
	memcpy(input.aad, aad->bytes, SST_AAD_DATA_MAX);
	memcpy(input.sealed, sealed, SST_SEALED_PORTS_SIZE);

	poly1305_init(&desc, block->mac_key);
	poly1305_update(&desc, (const u8 *)&input, sizeof(input));
	poly1305_final(&desc, tag);
}

/**
 * struct box - two blocks of ChaCha20 as RFC 8439 uses them for a short text
 * @mac_key: from block 0: one-time Poly1305 key
 * @rest: of block 0, not used
 * @text: block 1: what becomes of the text
 */
struct box {
	u8 mac_key[POLY1305_KEY_SIZE];
	u8 rest[CHACHA_BLOCK_SIZE - POLY1305_KEY_SIZE];
	u8 text[CHACHA_BLOCK_SIZE];
};

/*
 * Both blocks from one call: ciphers that compute them side by side take less for
 * two than for one.
 */
static void crypt_box(struct box *box, const u8 *text, u8 len,
		      const u8 key[SST_SECRET_SIZE], u32 seq)
{
	u32 state[CHACHA_STATE_WORDS] __uninitialized;
	u8 iv[CHACHA_IV_SIZE] = {};

	BUILD_BUG_ON(SST_SEALED_MAX > CHACHA_BLOCK_SIZE);

	/* The block counter begins with 0; the nonce is behind it. */
	put_unaligned_le32(seq, iv + 8);
	sst_chacha_start(state, key, iv);
	memset(box, 0, sizeof(*box));
	memcpy(box->text, text, len);
	chacha20_crypt(state, (u8 *)box, (u8 *)box, sizeof(*box));

	memzero_explicit(state, sizeof(state));
}

/* Poly1305 over AAD || pad || sealed || pad || lengths. Neither part is empty. */
static void tag_box(u8 tag[SST_TAG_SIZE], const struct box *box,
		    const u8 *sealed, u8 len, const struct sst_aad *aad)
{
	u8 input[ALIGN(SST_AAD_MAX, POLY1305_BLOCK_SIZE) +
		 ALIGN(SST_SEALED_MAX, POLY1305_BLOCK_SIZE) +
		 POLY1305_BLOCK_SIZE] __uninitialized;
	u8 *pos = input + ALIGN(aad->len, POLY1305_BLOCK_SIZE);
	struct poly1305_desc_ctx desc __uninitialized;

	/* What pads is in the last block of each, and that is in line. */
	memset(pos - POLY1305_BLOCK_SIZE, 0, POLY1305_BLOCK_SIZE);
	memcpy(input, aad->bytes, aad->len);
	memset(pos + ALIGN(len, POLY1305_BLOCK_SIZE) - POLY1305_BLOCK_SIZE, 0,
	       POLY1305_BLOCK_SIZE);
	memcpy(pos, sealed, len);
	pos += ALIGN(len, POLY1305_BLOCK_SIZE);
	put_unaligned_le64(aad->len, pos);
	put_unaligned_le64(len, pos + sizeof(__le64));

	poly1305_init(&desc, box->mac_key);
	poly1305_update(&desc, input, pos + POLY1305_BLOCK_SIZE - input);
	poly1305_final(&desc, tag);
}

/**
 * sst_suite_seal() - box of an opening or an ACCEPT
 * @out: @len sealed bytes; the tag is written to where the trailer has it,
 *	behind the meta field
 * @plain: what to seal
 * @len: its length
 * @aad: what is authenticated in clear
 * @key: key of the OPENs or ACCEPTs of one opening
 * @seq: counter under that key
 *
 * @out must have room for meta and tag behind the sealed bytes; the meta field
 * in between is left alone.
 */
void sst_suite_seal(u8 *out, const u8 *plain, u8 len,
		    const struct sst_aad *aad, const u8 key[SST_SECRET_SIZE],
		    u32 seq)
{
	struct box box __uninitialized;

	crypt_box(&box, plain, len, key, seq);
	memcpy(out, box.text, len);
	tag_box(out + len + SST_META_SIZE, &box, out, len, aad);
	memzero_explicit(&box, sizeof(box));
}

/**
 * sst_suite_open() - open the box of an opening or an ACCEPT
 * @plain: output, @len bytes
 * @sealed: sealed bytes in the trailer; meta and tag follow
 * @len: their length
 * @aad: what is authenticated in clear
 * @key: key of the OPENs or ACCEPTs of one opening
 * @seq: counter of the packet
 *
 * Return: true when the tag verifies.
 */
bool sst_suite_open(u8 *plain, const u8 *sealed, u8 len,
		    const struct sst_aad *aad, const u8 key[SST_SECRET_SIZE],
		    u32 seq)
{
	u8 tag[SST_TAG_SIZE] __uninitialized;
	struct box box __uninitialized;
	bool good;

	crypt_box(&box, sealed, len, key, seq);
	tag_box(tag, &box, sealed, len, aad);
	good = !crypto_memneq(tag, sealed + len + SST_META_SIZE, sizeof(tag));
	if (good)
		memcpy(plain, box.text, len);
	memzero_explicit(&box, sizeof(box));
	return good;
}
