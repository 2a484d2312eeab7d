/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_TRAILER_H
#define _SST_TRAILER_H

#include <linux/types.h>

#include "compat.h"
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
 * struct sst_layout - the parts of a trailer, front to back
 * @clear: bytes in clear
 * @sealed: sealed bytes
 * @len: all of it, with meta and tag
 */
struct sst_layout {
	u8 clear;
	u8 sealed;
	u8 len;
};

/**
 * struct sst_open_box - what an OPEN or INIT seals, decoded
 * @sport: real port of the initiator
 * @dport: real port of the responder
 * @scope: enum sst_scope, or a value this version does not know
 * @time: Unix seconds when the opening was drawn
 * @has_identity: an INIT with the initiator's static public key
 * @identity: it
 */
struct sst_open_box {
	__be16 sport;
	__be16 dport;
	u8 scope;
	u64 time;
	bool has_identity;
	u8 identity[SST_PUBLIC_SIZE];
};

/* meta 8, protocol 1, segment length 2, covered TCP bytes 2 */
#define SST_AAD_DATA_MAX	13
/* and what stands in clear in other types */
#define SST_AAD_MAX		(SST_AAD_DATA_MAX + SST_CLEAR_MAX)

/**
 * struct sst_aad - additional authenticated data of a packet
 * @bytes: AAD
 * @len: its length
 */
struct sst_aad {
	u8 bytes[SST_AAD_MAX];
	u8 len;
};

/**
 * sst_meta_encode() - meta to its 8 bytes
 * @out: output
 * @meta: type and flags below 16
 */
static inline void sst_meta_encode(u8 out[SST_META_SIZE],
				   const struct sst_meta *meta)
{
	out[0] = meta->type << 4 | meta->flags;
	out[1] = meta->tc;
	put_unaligned_be16(meta->kri, out + 2);
	put_unaligned_be32(meta->seq, out + 4);
}

/**
 * sst_meta_decode() - 8 bytes to meta, without any check
 * @meta: output
 * @in: bytes from the wire
 */
static inline void sst_meta_decode(struct sst_meta *meta,
				   const u8 in[SST_META_SIZE])
{
	meta->type = in[0] >> 4;
	meta->flags = in[0] & 0x0f;
	meta->tc = in[1];
	meta->kri = get_unaligned_be16(in + 2);
	meta->seq = get_unaligned_be32(in + 4);
}

/**
 * sst_aad_build() - begin the additional authenticated data of a packet
 * @aad: output; all that a DATA has
 * @meta: meta as it stands on the wire
 * @pkt: the packet, for its protocol and the covered TCP bytes
 * @seglen: transport segment without trailer, in bytes
 */
static __always_inline void sst_aad_build(struct sst_aad *aad,
					  const u8 meta[SST_META_SIZE],
					  const struct sst_pkt *pkt,
					  u16 seglen)
{
	BUILD_BUG_ON(sizeof(struct sst_data_trailer) != SST_DATA_TRAILER_SIZE);

	memcpy(aad->bytes, meta, SST_META_SIZE);
	aad->bytes[8] = pkt->tuple.proto;
	put_unaligned_be16(seglen, aad->bytes + 9);
	/* Of UDP nothing is covered, and these are zero. */
	aad->bytes[11] = pkt->covered[0];
	aad->bytes[12] = pkt->covered[1];
	aad->len = pkt->tuple.proto == IPPROTO_TCP ? SST_AAD_DATA_MAX : 11;
}

int sst_meta_check_opening(const struct sst_meta *meta, const struct sst_pkt *pkt,
			   unsigned int payload);
int sst_meta_check_data(const struct sst_meta *meta, const struct sst_pkt *pkt,
			unsigned int payload);
void sst_aad_clear(struct sst_aad *aad, u8 form, const u8 *clear);
void sst_open_box_encode(u8 out[SST_SEALED_MAX],
			 const struct sst_open_box *box);
bool sst_open_box_decode(struct sst_open_box *box, const u8 *in);
bool sst_trailer_layout_other(struct sst_layout *layout, u8 form);
u8 sst_trailer_enc_offset(u8 form);

/**
 * sst_trailer_layout() - the parts of a trailer
 * @layout: output
 * @form: enum sst_form; an INIT may have SST_FLAG_IDENTITY, too
 *
 * At once for a DATA, which most are.
 *
 * Return: false when there is no such form.
 */
static inline bool sst_trailer_layout(struct sst_layout *layout, u8 form)
{
	if (form != SST_FORM_DATA)
		return sst_trailer_layout_other(layout, form);
	*layout = (struct sst_layout) {
		.sealed = SST_SEALED_PORTS_SIZE,
		.len = SST_DATA_TRAILER_SIZE,
	};
	return true;
}

/**
 * sst_trailer_size() - length of a trailer
 * @form: form of it, one that exists, or 0 for none
 *
 * Return: its length in bytes.
 */
static inline u8 sst_trailer_size(u8 form)
{
	struct sst_layout layout = {};

	sst_trailer_layout(&layout, form);
	return layout.len;
}

#endif /* _SST_TRAILER_H */
