/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SEGMENT_H
#define _SST_SEGMENT_H

struct net_device;
struct sk_buff;
struct sst_pkt;

int sst_segment_strip_jumbo(struct sk_buff *skb);
struct sk_buff *sst_segment_cut(const struct sst_pkt *pkt, unsigned int trailer,
				const struct net_device *out, bool changes);
int sst_segment_shrink(struct sst_pkt *pkt, unsigned int room);
int sst_segment_resubmit(struct sk_buff *skb);

#endif /* _SST_SEGMENT_H */
