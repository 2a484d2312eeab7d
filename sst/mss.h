/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_MSS_H
#define _SST_MSS_H

struct net_device;
struct nf_hook_state;
struct sk_buff;
struct sst_net;
struct sst_pkt;

unsigned int sst_mss_reserve(struct sst_net *sn, struct sk_buff *skb,
			     const struct nf_hook_state *state);
void sst_mss_clamp(struct sst_pkt *pkt, const struct net_device *in);

#endif /* _SST_MSS_H */
