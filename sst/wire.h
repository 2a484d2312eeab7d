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
#define SST_PUBLIC_SIZE			32
#define SST_KEY_ID_SIZE			8
#define SST_ASSOC_ID_SIZE		8
#define SST_SALT_SIZE			16

#define SST_SEALED_OPEN_SIZE		16
#define SST_SEALED_ACCEPT_NEW_SIZE	(SST_SEALED_PORTS_SIZE + 4)
#define SST_SEALED_COOKIE_SIZE		28
#define SST_SEALED_MAX			(SST_SEALED_OPEN_SIZE + SST_PUBLIC_SIZE)

/* What stands in clear in front of it: see enum sst_form. */
#define SST_CLEAR_OPEN_SIZE		(SST_ASSOC_ID_SIZE + SST_SALT_SIZE)
#define SST_CLEAR_OPEN_NEW_SIZE		(SST_ASSOC_ID_SIZE + SST_PUBLIC_SIZE)
#define SST_INIT_SUITE_OFFSET		SST_KEY_ID_SIZE
#define SST_INIT_SUITE_SIZE		4	/* suite and three zeros */
#define SST_INIT_EXPIRY_OFFSET		(SST_INIT_SUITE_OFFSET + \
					 SST_INIT_SUITE_SIZE)
#define SST_EXPIRY_SIZE			8
#define SST_INIT_PROOF_OFFSET		(SST_INIT_EXPIRY_OFFSET + \
					 SST_EXPIRY_SIZE)
#define SST_PROOF_SIZE			16
#define SST_CLEAR_INIT_SIZE		(SST_KEY_ID_SIZE + SST_INIT_SUITE_SIZE + \
					 SST_PUBLIC_SIZE)
#define SST_CLEAR_INIT_PROOF_SIZE	(SST_CLEAR_INIT_SIZE + \
					 SST_EXPIRY_SIZE + SST_PROOF_SIZE)
#define SST_NONCE_SIZE			24
#define SST_CLEAR_MAX			SST_CLEAR_INIT_PROOF_SIZE

/* The largest trailer: an INIT with proof and identity. */
#define SST_TRAILER_MAX			(SST_CLEAR_MAX + SST_SEALED_MAX + \
					 SST_META_SIZE + SST_TAG_SIZE)
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
#define SST_FLAG_NEW			BIT(1)	/* OPEN, ACCEPT: new association */
#define SST_FLAG_PROOF			BIT(1)	/* INIT: with a cookie's proof */
#define SST_FLAG_IDENTITY		BIT(2)	/* INIT: with an identity */

/*
 * The forms of a trailer: the first byte of meta without flag E tells what
 * stands in it.
 */
enum sst_form {
	SST_FORM_OPEN		= SST_TYPE_OPEN << 4,
	SST_FORM_OPEN_NEW	= SST_FORM_OPEN | SST_FLAG_NEW,
	SST_FORM_INIT		= SST_TYPE_INIT << 4,
	SST_FORM_INIT_PROOF	= SST_FORM_INIT | SST_FLAG_PROOF,
	SST_FORM_ACCEPT		= SST_TYPE_ACCEPT << 4,
	SST_FORM_ACCEPT_NEW	= SST_FORM_ACCEPT | SST_FLAG_NEW,
	SST_FORM_DATA		= SST_TYPE_DATA << 4,
	SST_FORM_COOKIE		= SST_TYPE_COOKIE << 4,
};

/* Keys and windows (section 5). */
#define SST_KRI_MAX			0xffff
#define SST_KRI_AHEAD			16	/* accepted distance ahead */
#define SST_KRI_PREV_SECONDS		60	/* life of the key before */
#define SST_SEQ_LIMIT			0xffff0000U	/* 2^32 - 2^16 */
#define SST_SEQ_LIMIT_PAYLOAD		0x10000000U	/* 2^28 */
#define SST_REKEY_SECONDS		3600

/* A flow's life (section 6), in seconds where nothing else is said. */
#define SST_OPEN_RESTART_SECONDS	1	/* no answer: start over */
#define SST_OPEN_BACKOFF_MAX		4	/* doublings of it */
#define SST_REOPEN_IDLE_SECONDS		15	/* UDP: nothing verified */
#define SST_REOPEN_RESTART_SECONDS	3	/* no answer to a re-opening */
#define SST_ANSWER_MSECS		200	/* UDP responder that sends nothing */
#define SST_UNCONFIRMED_SECONDS		30
#define SST_INIT_RESTART_SECONDS	3	/* the same, for public keys */
#define SST_ACCEPTS_TRIED		16	/* ACCEPT N: at first, */
#define SST_ACCEPTS_PER_SECOND		10	/* then in a second */
#define SST_AMPLIFICATION_UDP		3	/* unproven: out for in */
#define SST_AMPLIFICATION_TCP		1	/* the same of SYN-ACKs */
#define SST_ASSOC_LIFETIME_SECONDS	3600
#define SST_ASSOC_GRACE_SECONDS		60
#define SST_ASSOC_LIFETIME_MAX		86400
#define SST_UDP_IDLE_SECONDS		180
#define SST_TCP_CLOSING_SECONDS		60
#define SST_TCP_KEEPALIVE_SECONDS	240
#define SST_TCP_LOST_SECONDS		600	/* no socket, nothing verified */
#define SST_LABEL_LOST_SECONDS		7440	/* the same, where nothing keeps alive */
#define SST_WIRE_QUARANTINE_SECONDS	240
#define SST_WINDOW_SECONDS		600	/* freshness of an opening */
#define SST_HELD_BYTES			2048	/* packet kept until confirmed */
#define SST_UNCONFIRMED_PER_TUPLE	4
#define SST_FLOWS_PER_OPENING		4	/* one, and copies elsewhere */
#define SST_WIRE_PORT_MIN		1024

#endif /* _SST_WIRE_H */
