/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_OPENID_H
#define _SST_OPENID_H

#include <linux/jhash.h>
#include <linux/rhashtable-types.h>
#include <linux/stddef.h>
#include <linux/types.h>

#include "wire.h"

/**
 * struct sst_open_id - what names an opening in tables
 * @uid: association, or key of the host, unique in the namespace
 * @salt_i: the whole salt_i or enc_i that the initiator drew; zeros behind a
 *	salt
 */
struct sst_open_id {
	u64 uid;
	u8 salt_i[SST_PUBLIC_SIZE];
};

/* For tables by it. Nearly all openings are by a salt: its zeros are left out. */
static inline u32 sst_open_id_hash(const void *key, u32 len, u32 seed)
{
	const struct sst_open_id *id = key;
	const u64 *rest = (const u64 *)(id->salt_i + SST_SALT_SIZE);

	if (!(rest[0] | rest[1]))
		len = offsetof(struct sst_open_id, salt_i) + SST_SALT_SIZE;
	return jhash2(key, len / sizeof(u32), seed);
}

static __always_inline bool sst_open_id_equal(const struct sst_open_id *a,
					      const struct sst_open_id *b)
{
	const u64 *x = (const u64 *)a, *y = (const u64 *)b;
	u64 differ = 0;
	int i;

	BUILD_BUG_ON(sizeof(*a) % sizeof(*x));
	for (i = 0; i < sizeof(*a) / sizeof(*x); i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

/* For the same tables: a few instructions in place of memcmp(). */
static __always_inline int sst_open_id_compare(struct rhashtable_compare_arg *arg,
					       const void *obj)
{
	return !sst_open_id_equal(arg->key, obj + arg->ht->p.key_offset);
}

#endif /* _SST_OPENID_H */
