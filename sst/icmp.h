/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ICMP_H
#define _SST_ICMP_H

struct nf_hook_state;
struct sk_buff;
struct sst_net;

unsigned int sst_icmp_translate(struct sst_net *sn, struct sk_buff *skb,
				const struct nf_hook_state *state);
unsigned int sst_icmp_out(struct sst_net *sn, struct sk_buff *skb,
			  const struct nf_hook_state *state);
unsigned int sst_icmp_in(struct sst_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state);

#endif /* _SST_ICMP_H */
