/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_USEDKEYS_H
#define _SST_USEDKEYS_H

#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include "wire.h"

/**
 * struct sst_used_keys - fingerprints of every K installed in a namespace
 * @table: struct used_key by fingerprint
 *
 * Written by netlink handlers only, which the family serializes.
 */
struct sst_used_keys {
	struct rhashtable table;
};

int sst_used_keys_init(struct sst_used_keys *used);
void sst_used_keys_exit(struct sst_used_keys *used);
int sst_used_keys_add(struct sst_used_keys *used, const u8 key[SST_SECRET_SIZE]);

#endif /* _SST_USEDKEYS_H */
