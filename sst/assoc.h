/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ASSOC_H
#define _SST_ASSOC_H

#include <linux/types.h>

#include "compat.h"
#include "wire.h"

/**
 * struct sst_assoc - what two hosts share, and many flows hang on
 * @uid: what the replay cache knows it by, never 0. The same secret gives the
 *	same, so that what was seen stays seen when a peer is removed and added
 *	again; a flow that has to tell these apart keeps the peer's number, too.
 * @side: side of this host, 1 or 2
 * @suite: enum sst_suite
 * @id: what names a derived association on the wire. That of a pre-shared key
 *	changes by the hour, and is the peer's (peer.h).
 * @peer_id: identifier of the peer, 0 when it is nobody that is known here
 * @open_key: O_1 and O_2
 * @accept_key: C_1 and C_2
 * @flow_key: F
 *
 * All of it is immutable once others can find it. Keys are told apart by the
 * side of the sender; use sst_assoc_open_key() and sst_assoc_accept_key().
 */
struct sst_assoc {
	u64 uid;
	u8 side;
	u8 suite;
	u8 id[SST_ASSOC_ID_SIZE];
	u32 peer_id;
	u8 open_key[2][SST_SECRET_SIZE];
	u8 accept_key[2][SST_SECRET_SIZE];
	u8 flow_key[SST_SECRET_SIZE];
};

void sst_assoc_derive(struct sst_assoc *assoc, const u8 secret[SST_SECRET_SIZE]);
void sst_assoc_wipe(struct sst_assoc *assoc);

/* uid of a derived association; its id is as good as random. */
static inline u64 sst_assoc_uid(const u8 id[SST_ASSOC_ID_SIZE])
{
	return get_unaligned_le64(id) ?: 1;
}

/* Side of the peer. */
static inline u8 sst_assoc_peer_side(const struct sst_assoc *assoc)
{
	return 3 - assoc->side;
}

/* O_s, s being the side of the sender. */
static inline const u8 *sst_assoc_open_key(const struct sst_assoc *assoc,
					   u8 side)
{
	return assoc->open_key[side - 1];
}

/* C_s, s being the side of the sender. */
static inline const u8 *sst_assoc_accept_key(const struct sst_assoc *assoc,
					     u8 side)
{
	return assoc->accept_key[side - 1];
}

#endif /* _SST_ASSOC_H */
