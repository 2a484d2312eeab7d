/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_UNSEAL_H
#define _SST_UNSEAL_H

#include "trailer.h"

struct net_device;
struct sst_flow;
struct sst_net;
struct sst_stream;

/**
 * struct sst_trailer - a trailer as it was read from a packet
 * @meta: decoded
 * @form: enum sst_form, with the flags that its type has
 * @covers: flag P: the payload is sealed, too. @meta has it no more.
 * @layout: its parts
 * @stream: where verification leaves what opens the payload, of one that @covers
 *	it; belongs to whoever made this
 * @data: of a DATA
 * @name: of an OPEN or INIT, the assoc_id or key_id
 * @bytes: all of it
 */
struct sst_trailer {
	struct sst_meta meta;
	u8 form;
	bool covers;
	struct sst_layout layout;
	struct sst_stream *stream;
	union {
		struct sst_data_trailer data;
		u8 name[SST_ASSOC_ID_SIZE];
		u8 bytes[SST_TRAILER_MAX];
	};
};

/* salt_i, enc_i, salt_r or enc_r of an opening or an ACCEPT. */
static inline const u8 *sst_trailer_enc(const struct sst_trailer *trailer)
{
	return trailer->bytes + sst_trailer_enc_offset(trailer->form);
}

/* How long it is. */
static inline u8 sst_trailer_enc_size(const struct sst_trailer *trailer)
{
	return trailer->form == SST_FORM_OPEN ||
	       trailer->form == SST_FORM_ACCEPT ? SST_SALT_SIZE :
						  SST_PUBLIC_SIZE;
}

int sst_unseal_read(const struct sst_pkt *pkt, struct sst_trailer *trailer,
		    unsigned int types);
int sst_unseal_data(const struct sst_pkt *pkt, const struct sst_flow *flow,
		    struct sst_keystream *stream,
		    const struct sst_trailer *trailer);
int sst_unseal_accept(const struct sst_pkt *pkt, const struct sst_flow *flow,
		      const u8 key[SST_SECRET_SIZE],
		      const struct sst_trailer *trailer, u32 *lifetime);
int sst_unseal_open(const struct sst_pkt *pkt, struct sst_open_box *box,
		    const u8 key[SST_SECRET_SIZE],
		    const struct sst_trailer *trailer);
int sst_unseal_restore(struct sst_pkt *pkt, const struct sst_tuple *real,
		       u8 scope, const struct sst_trailer *trailer);

#endif /* _SST_UNSEAL_H */
