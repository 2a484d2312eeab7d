/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_RESET_H
#define _SST_RESET_H

#include <linux/types.h>

struct sst_flow;
struct sst_pkt;

u8 sst_reset_sent(struct sst_flow *flow, const struct sst_pkt *pkt);
u8 sst_reset_taken(struct sst_flow *flow, const struct sst_pkt *pkt);

#endif /* _SST_RESET_H */
