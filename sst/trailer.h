/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_TRAILER_H
#define _SST_TRAILER_H

#include <linux/types.h>

#include "packet.h"
#include "wire.h"

/**
 * struct sst_meta - the meta field of a trailer (section 4), decoded
 * @type: enum sst_type, or a value this version does not know
 * @flags: SST_FLAG_*
 * @tc: original traffic class of an IPv6 packet, ECN bits 0
 * @kri: index of the key
 * @seq: counter under that key
 */
struct sst_meta {
	u8 type;
	u8 flags;
	u8 tc;
	u16 kri;
	u32 seq;
};

/**
 * struct sst_data_trailer - trailer of a DATA packet as it stands on the wire
 * @sealed: sealed source and destination port
 * @meta: see struct sst_meta
 * @tag: Poly1305 tag
 */
struct sst_data_trailer {
	u8 sealed[SST_SEALED_PORTS_SIZE];
	u8 meta[SST_META_SIZE];
	u8 tag[SST_TAG_SIZE];
};

/**
 * struct sst_open_trailer - trailer of an OPEN
 * @assoc_id: names the association
 * @salt_i: salt of the initiator
 * @sealed: sealed struct sst_open_box
 * @meta: see struct sst_meta
 * @tag: tag of the box
 */
struct sst_open_trailer {
	u8 assoc_id[SST_ASSOC_ID_SIZE];
	u8 salt_i[SST_SALT_SIZE];
	u8 sealed[SST_SEALED_OPEN_SIZE];
	u8 meta[SST_META_SIZE];
	u8 tag[SST_TAG_SIZE];
};

/**
 * struct sst_accept_trailer - trailer of an ACCEPT
 * @salt_r: salt of the responder
 * @sealed: sealed ports, that of the responder first
 * @meta: see struct sst_meta
 * @tag: tag of the box
 */
struct sst_accept_trailer {
	u8 salt_r[SST_SALT_SIZE];
	u8 sealed[SST_SEALED_PORTS_SIZE];
	u8 meta[SST_META_SIZE];
	u8 tag[SST_TAG_SIZE];
};

/**
 * struct sst_open_box - what an OPEN seals, decoded
 * @sport: real port of the initiator
 * @dport: real port of the responder
 * @scope: enum sst_scope, or a value this version does not know
 * @time: Unix seconds when the opening was drawn
 */
struct sst_open_box {
	__be16 sport;
	__be16 dport;
	u8 scope;
	u64 time;
};

/* meta 8, protocol 1, segment length 2, covered TCP bytes 2 */
#define SST_AAD_DATA_MAX	13
/* and assoc_id and salt_i of an OPEN */
#define SST_AAD_MAX		(SST_AAD_DATA_MAX + SST_ASSOC_ID_SIZE + \
				 SST_SALT_SIZE)

/**
 * struct sst_aad - additional authenticated data of a packet
 * @bytes: AAD
 * @len: its length
 */
struct sst_aad {
	u8 bytes[SST_AAD_MAX];
	u8 len;
};

void sst_meta_encode(u8 out[SST_META_SIZE], const struct sst_meta *meta);
void sst_meta_decode(struct sst_meta *meta, const u8 in[SST_META_SIZE]);
int sst_meta_check_opening(const struct sst_meta *meta, const struct sst_pkt *pkt,
			   unsigned int payload);
int sst_meta_check_data(const struct sst_meta *meta, const struct sst_pkt *pkt,
			unsigned int payload);
void sst_aad_build(struct sst_aad *aad, const u8 meta[SST_META_SIZE],
		   const struct sst_pkt *pkt, u16 seglen);
void sst_aad_append(struct sst_aad *aad, const void *bytes, u8 len);
void sst_open_box_encode(u8 out[SST_SEALED_OPEN_SIZE],
			 const struct sst_open_box *box);
bool sst_open_box_decode(struct sst_open_box *box,
			 const u8 in[SST_SEALED_OPEN_SIZE]);
u8 sst_trailer_size(u8 type);

#endif /* _SST_TRAILER_H */
