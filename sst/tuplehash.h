/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_TUPLEHASH_H
#define _SST_TUPLEHASH_H

#include <linux/jhash.h>
#include <linux/rhashtable-types.h>

#include "packet.h"

/*
 * For tables by tuple: addresses and ports. The addresses of IPv4 are one word each;
 * the rest of their room is zero.
 */
static __always_inline u32 sst_tuple_hash(const void *key, u32 len, u32 seed)
{
	const struct sst_tuple *tuple = key;

	if (tuple->family != NFPROTO_IPV4)
		return jhash2(key, offsetof(struct sst_tuple, proto) / sizeof(u32),
			      seed + tuple->proto);
	return jhash_3words((__force u32)tuple->local.ip,
			    (__force u32)tuple->remote.ip,
			    (__force u32)tuple->lport << 16 |
			    (__force u32)tuple->rport, seed + tuple->proto);
}

/* The same for what they find: a few instructions in place of memcmp(). */
static __always_inline int sst_tuple_compare(struct rhashtable_compare_arg *arg,
					     const void *obj)
{
	return !sst_tuple_equal(arg->key, obj + arg->ht->p.key_offset);
}

#endif /* _SST_TUPLEHASH_H */
