/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_EMIT_H
#define _SST_EMIT_H

#include "wire.h"

struct sk_buff;
struct sst_cookie_box;
struct sst_flow;
struct sst_net;
struct sst_pkt;
struct sst_trailer;

void sst_emit_empty(struct sst_net *sn, struct sst_flow *flow);
void sst_emit_kept(struct sst_net *sn, struct sst_flow *flow,
		   struct sk_buff *skb);
void sst_emit_cookie(struct sst_net *sn, const struct sst_pkt *asked,
		     const struct sst_trailer *init,
		     const u8 key[SST_SECRET_SIZE],
		     const struct sst_cookie_box *box);

#endif /* _SST_EMIT_H */
