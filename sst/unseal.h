/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_UNSEAL_H
#define _SST_UNSEAL_H

#include "trailer.h"

struct net_device;
struct sst_flow;
struct sst_net;

/**
 * struct sst_trailer - a trailer as it was read from a packet
 * @meta: decoded
 * @len: length in bytes
 * @data: of a DATA
 * @open: of an OPEN
 * @accept: of an ACCEPT
 * @bytes: all of it
 */
struct sst_trailer {
	struct sst_meta meta;
	u8 len;
	union {
		struct sst_data_trailer data;
		struct sst_open_trailer open;
		struct sst_accept_trailer accept;
		u8 bytes[SST_TRAILER_MAX];
	};
};

int sst_unseal_read(const struct sst_pkt *pkt, struct sst_trailer *trailer,
		    unsigned int types);
int sst_unseal_data(const struct sst_pkt *pkt, const struct sst_flow *flow,
		    const u8 key[SST_SECRET_SIZE],
		    const struct sst_trailer *trailer);
int sst_unseal_accept(const struct sst_pkt *pkt, const struct sst_flow *flow,
		      const u8 key[SST_SECRET_SIZE],
		      const struct sst_trailer *trailer);
int sst_unseal_open(const struct sst_pkt *pkt, struct sst_open_box *box,
		    const u8 key[SST_SECRET_SIZE],
		    const struct sst_trailer *trailer);
int sst_unseal_restore(struct sst_pkt *pkt, const struct sst_tuple *real,
		       const struct sst_trailer *trailer);

#endif /* _SST_UNSEAL_H */
