/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What stands on the wire: sizes, numbers and limits (protocol sections 2 to
 * 5). Every value that the protocol fixes is defined here and nowhere else.
 */
#ifndef _SST_WIRE_H
#define _SST_WIRE_H

#include <linux/bits.h>
#include <linux/types.h>

/* IPv4 mark: the reserved bit of the fragment field (host byte order). */
#define SST_MARK_IPV4			0x8000

/* IPv6 mark: default traffic class bits (section 2). */
#define SST_MARK_IPV6_MASK		0xfc
#define SST_MARK_IPV6_VALUE		0xac

/* Traffic class bits that belong to ECN and never to SST. */
#define SST_ECN_MASK			0x03

/* Sizes in bytes (section 4). */
#define SST_META_SIZE			8
#define SST_TAG_SIZE			16
#define SST_SEALED_PORTS_SIZE		4
#define SST_DATA_TRAILER_SIZE		(SST_SEALED_PORTS_SIZE + SST_META_SIZE + \
					 SST_TAG_SIZE)

#define SST_SECRET_SIZE			32
#define SST_BLOCK_SIZE			64

/* Packet types: the high nibble of the first meta byte. */
enum sst_type {
	SST_TYPE_OPEN	= 1,
	SST_TYPE_INIT	= 2,
	SST_TYPE_ACCEPT	= 3,
	SST_TYPE_DATA	= 4,
	SST_TYPE_COOKIE	= 5,
};

/* Flags: the low nibble of the first meta byte. */
#define SST_FLAG_EMPTY			BIT(3)	/* nothing for the stack */
#define SST_FLAG_PAYLOAD		BIT(0)	/* scope payload */

/* Keys and windows (section 5). */
#define SST_KRI_MAX			0xffff
#define SST_KRI_AHEAD			16	/* accepted distance ahead */
#define SST_KRI_PREV_SECONDS		60	/* life of the key before */
#define SST_SEQ_LIMIT			0xffff0000U	/* 2^32 - 2^16 */
#define SST_REKEY_SECONDS		3600

#endif /* _SST_WIRE_H */
