/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HELD_H
#define _SST_HELD_H

#include <linux/types.h>

struct sk_buff;
struct sst_flow;
struct sst_net;

struct sk_buff *sst_held_copy(const struct sk_buff *skb);
struct sk_buff *sst_held_take(struct sk_buff *copy);
void sst_held_drop(struct sk_buff *copy);
void sst_held_park(struct sk_buff *skb);
void sst_held_resubmit(struct sst_net *sn, struct sk_buff *skb);
bool sst_held_keep(struct sst_flow *flow, struct sk_buff *skb);
void sst_held_release(struct sst_net *sn, struct sst_flow *flow);
void sst_held_free(struct sst_flow *flow);

#endif /* _SST_HELD_H */
