/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_INITIATOR_H
#define _SST_INITIATOR_H

struct sst_flow;
struct sst_net;
struct sst_pkt;
struct sst_want;
struct sst_trailer;
struct sk_buff;
struct sock;

int sst_initiator_open(struct sst_net *sn, const struct sst_pkt *pkt,
		       const struct sst_want *want, struct sst_flow **flow);
int sst_initiator_check(struct sst_net *sn, const struct sst_pkt *pkt,
			const struct sock *sk, struct sst_flow **flow);
int sst_initiator_accept(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer);
void sst_initiator_keep(struct sst_flow *flow, const struct sk_buff *skb);
int sst_initiator_cookie(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_trailer *trailer);

#endif /* _SST_INITIATOR_H */
