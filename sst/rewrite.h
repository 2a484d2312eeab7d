/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_REWRITE_H
#define _SST_REWRITE_H

#include "packet.h"

/**
 * struct sst_rewrite - how the headers of a packet change
 * @sport: source port to write
 * @dport: destination port to write
 * @dsfield: TOS or traffic class to write
 */
struct sst_rewrite {
	__be16 sport;
	__be16 dport;
	u8 dsfield;
};

int sst_rewrite_shorten(struct sst_pkt *pkt, u32 seglen);
int sst_rewrite_prepare_seal(struct sst_pkt *pkt);
void *sst_rewrite_add_trailer(struct sst_pkt *pkt, unsigned int len);
void sst_rewrite_seal(struct sst_pkt *pkt, const struct sst_rewrite *rw,
		      const void *trailer, unsigned int len);
int sst_rewrite_prepare_open(struct sst_pkt *pkt);
int sst_rewrite_open(struct sst_pkt *pkt, const struct sst_rewrite *rw,
		     const void *trailer, unsigned int len);
u8 sst_rewrite_dsfield(const struct sst_pkt *pkt);

#endif /* _SST_REWRITE_H */
