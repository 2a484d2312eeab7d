/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_MSS_H
#define _SST_MSS_H

#include <linux/types.h>

struct net_device;
struct sock;
struct sst_flow;
struct sst_pkt;

void sst_mss_reserve(struct sst_flow *flow, struct sock *sk);
u16 sst_mss_clamp(struct sst_pkt *pkt, const struct net_device *in);

#endif /* _SST_MSS_H */
