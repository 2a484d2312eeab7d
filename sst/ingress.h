/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_INGRESS_H
#define _SST_INGRESS_H

struct nf_hook_state;
struct sk_buff;
struct sst_net;

unsigned int sst_ingress(struct sst_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state);
unsigned int sst_ingress_gathered(struct sst_net *sn, struct sk_buff *skb,
				  const struct nf_hook_state *state);

#endif /* _SST_INGRESS_H */
