/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ICMP_H
#define _SST_ICMP_H

#include "packet.h"

struct nf_hook_state;
struct sst_net;

bool sst_icmp_quote(struct sst_tuple *tuple, const struct sk_buff *skb,
		    u8 family, enum sst_pkt_dir quoted_by);
unsigned int sst_icmp_out(struct sst_net *sn, struct sk_buff *skb,
			  const struct nf_hook_state *state);
unsigned int sst_icmp_in(struct sst_net *sn, struct sk_buff *skb,
			 const struct nf_hook_state *state);

#endif /* _SST_ICMP_H */
