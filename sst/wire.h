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

#define SST_ASSOC_ID_SIZE		8
#define SST_SALT_SIZE			16
#define SST_SEALED_OPEN_SIZE		16
#define SST_OPEN_TRAILER_SIZE		(SST_ASSOC_ID_SIZE + SST_SALT_SIZE + \
					 SST_SEALED_OPEN_SIZE + SST_META_SIZE + \
					 SST_TAG_SIZE)
#define SST_ACCEPT_TRAILER_SIZE		(SST_SALT_SIZE + SST_SEALED_PORTS_SIZE + \
					 SST_META_SIZE + SST_TAG_SIZE)
/* The largest trailer that is built or read. */
#define SST_TRAILER_MAX			SST_OPEN_TRAILER_SIZE

#define SST_KEY_ID_SIZE			8
#define SST_PUBLIC_SIZE			32
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

/* A flow's life (section 6), in seconds where nothing else is said. */
#define SST_OPEN_RESTART_SECONDS	1	/* no answer: start over */
#define SST_OPEN_BACKOFF_MAX		4	/* doublings of it */
#define SST_REOPEN_IDLE_SECONDS		15	/* UDP: nothing verified */
#define SST_REOPEN_RESTART_SECONDS	3	/* no answer to a re-opening */
#define SST_ANSWER_MSECS		200	/* UDP responder that sends nothing */
#define SST_UNCONFIRMED_SECONDS		30
#define SST_UDP_IDLE_SECONDS		180
#define SST_TCP_CLOSING_SECONDS		60
#define SST_TCP_KEEPALIVE_SECONDS	240
#define SST_TCP_LOST_SECONDS		600	/* no socket, nothing verified */
#define SST_WIRE_QUARANTINE_SECONDS	240
#define SST_WINDOW_SECONDS		600	/* freshness of an opening */
#define SST_HELD_BYTES			2048	/* packet kept until confirmed */
#define SST_UNCONFIRMED_PER_TUPLE	4
#define SST_FLOWS_PER_OPENING		4	/* one, and copies elsewhere */
#define SST_WIRE_PORT_MIN		1024

#endif /* _SST_WIRE_H */
