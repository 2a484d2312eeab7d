/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_FRAGMENT_H
#define _SST_FRAGMENT_H

#include <linux/types.h>

struct net;
struct nf_hook_state;
struct sk_buff;

int sst_fragment_send(struct sk_buff *skb, unsigned int mtu,
		      const struct nf_hook_state *state);
int sst_fragment_gather(struct net *net, struct sk_buff *skb, u8 family);

#endif /* _SST_FRAGMENT_H */
