/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_KEYSTREAM_H
#define _SST_KEYSTREAM_H

#include <linux/types.h>

#include "suite.h"
#include "wire.h"

/**
 * struct sst_keystream - a packet key, and whether its blocks are kept
 * @key: packet key; immutable
 * @id: its name among the blocks computed ahead, never given to another one; 0
 *	when each block is computed when it is needed; immutable
 * @ahead: blocks were computed ahead; READ_ONCE/WRITE_ONCE
 * @place: where they were found last, on whatever CPU; READ_ONCE/WRITE_ONCE
 */
struct sst_keystream {
	u8 key[SST_SECRET_SIZE];
	u64 id;
	bool ahead;
	u8 place;
};

int sst_keystream_init(void);
void sst_keystream_exit(void);
void sst_keystream_start(struct sst_keystream *stream);
void sst_keystream_end(struct sst_keystream *stream);
void sst_keystream_block(struct sst_keystream *stream, u32 seq,
			 struct sst_block *block);

#endif /* _SST_KEYSTREAM_H */
