/* SPDX-License-Identifier: GPL-2.0 */
/* What a flow protects, and which scope is more than which (protocol S5). */
#ifndef _SST_SCOPE_H
#define _SST_SCOPE_H

#include <linux/types.h>
#include <uapi/linux/sst_netlink.h>

/* The least: whoever wants no more is content with every scope. */
#define SST_SCOPE_LEAST		SST_SCOPE_LABEL

/* The numbers of the protocol are in no order. */
static inline u8 sst_scope_rank(u8 scope)
{
	switch (scope) {
	case SST_SCOPE_LABEL:
		return 0;
	case SST_SCOPE_PORTS:
		return 1;
	default:
		return 2;
	}
}

/* Does @scope protect all that @least protects? */
static inline bool sst_scope_satisfies(u8 scope, u8 least)
{
	return sst_scope_rank(scope) >= sst_scope_rank(least);
}

/* The one of two that protects more. */
static inline u8 sst_scope_stronger(u8 a, u8 b)
{
	return sst_scope_satisfies(a, b) ? a : b;
}

static inline bool sst_scope_is_known(u8 scope)
{
	return scope >= SST_SCOPE_PORTS && scope <= SST_SCOPE_PAYLOAD;
}

#endif /* _SST_SCOPE_H */
