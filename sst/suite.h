/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SUITE_H
#define _SST_SUITE_H

#include <linux/types.h>

#include "compat.h"
#include "trailer.h"
#include "wire.h"

/**
 * struct sst_block - what one packet uses of its ChaCha20 block
 * @mac_key: one-time Poly1305 key
 * @pad: keystream for the sealed ports
 */
struct sst_block {
	u8 mac_key[32];
	u8 pad[SST_SEALED_PORTS_SIZE];
};

/**
 * struct sst_whole_block - ChaCha20 block of a packet, as it is computed
 * @used: what is used
 * @rest: what is not; nothing can be learned from it
 */
struct sst_whole_block {
	struct sst_block used;
	u8 rest[SST_BLOCK_SIZE - sizeof(struct sst_block)];
};

/* As many as the fastest ciphers compute side by side. */
#define SST_BLOCKS_AHEAD	8

void sst_suite_block(struct sst_whole_block *block,
		     const u8 key[SST_SECRET_SIZE], u32 seq);
void sst_suite_blocks(struct sst_whole_block blocks[SST_BLOCKS_AHEAD],
		      const u8 key[SST_SECRET_SIZE], u32 seq);
void sst_suite_tag(u8 tag[SST_TAG_SIZE], const struct sst_block *block,
		   const struct sst_aad *aad,
		   const u8 sealed[SST_SEALED_PORTS_SIZE]);
void sst_suite_seal(u8 *out, const u8 *plain, u8 len,
		    const struct sst_aad *aad, const u8 key[SST_SECRET_SIZE],
		    u32 seq);
bool sst_suite_open(u8 *plain, const u8 *sealed, u8 len,
		    const struct sst_aad *aad, const u8 key[SST_SECRET_SIZE],
		    u32 seq);

/**
 * sst_suite_xor_ports() - seal or open the ports of a packet
 * @out: sealed ports from real ones, or the other way round
 * @block: block of the packet
 * @in: four bytes
 */
static inline void sst_suite_xor_ports(u8 out[SST_SEALED_PORTS_SIZE],
				       const struct sst_block *block,
				       const u8 in[SST_SEALED_PORTS_SIZE])
{
	u32 ports = get_unaligned((const u32 *)in);
	u32 pad = get_unaligned((const u32 *)block->pad);

	put_unaligned(ports ^ pad, (u32 *)out);
}

#endif /* _SST_SUITE_H */
