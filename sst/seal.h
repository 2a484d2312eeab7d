/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SEAL_H
#define _SST_SEAL_H

#include <linux/types.h>

struct sst_flow;
struct sst_net;
struct sst_pkt;

u8 sst_seal_dsfield(const struct sst_net *sn, const struct sst_pkt *pkt,
		    bool marked);
u8 sst_seal_form(const struct sst_flow *flow);
int sst_seal(struct sst_net *sn, struct sst_flow *flow, struct sst_pkt *pkt,
	     u8 form, u8 flags);

#endif /* _SST_SEAL_H */
