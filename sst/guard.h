/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_GUARD_H
#define _SST_GUARD_H

#include <linux/types.h>

struct nf_hook_state;
struct sk_buff;
struct sst_net;

bool sst_guard_is_broadcast(const struct sk_buff *skb, u8 family);
unsigned int sst_guard_clear(struct sst_net *sn, struct sk_buff *skb,
			     const struct nf_hook_state *state);
unsigned int sst_guard_local(struct sst_net *sn, struct sk_buff *skb,
			     const struct nf_hook_state *state);

#endif /* _SST_GUARD_H */
