/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_LABEL_H
#define _SST_LABEL_H

#include <net/tcp.h>

#include "flow.h"
#include "packet.h"

struct nf_hook_state;
struct rhlist_head;
struct sst_net;

/* What sst_label_confirm() returns besides reasons to drop a packet. */
#define SST_LABEL_PASS	(-1)

bool sst_label_comes_bare(const struct sst_flow *flow,
			  const struct sst_pkt *pkt);
int sst_label_strip_syn(struct sst_pkt *pkt);
int sst_label_send(struct sst_net *sn, struct sst_flow *flow,
		   struct sst_pkt *pkt, const struct nf_hook_state *state);
int sst_label_take(struct sst_net *sn, struct sst_flow *flow,
		   struct sst_pkt *pkt);
int sst_label_confirm(struct sst_net *sn, const struct sst_pkt *pkt,
		      struct rhlist_head *list, struct sst_flow **confirmed);

static inline bool sst_label_is_syn(const struct sst_pkt *pkt)
{
	return pkt->covered[1] & TCPHDR_SYN;
}

/* Does this segment leave without trailer (protocol section 11)? */
static inline bool sst_label_leaves_bare(const struct sst_flow *flow,
					 const struct sst_pkt *pkt)
{
	return flow->scope == SST_SCOPE_LABEL && !sst_label_is_syn(pkt) &&
	       READ_ONCE(flow->state) != SST_FLOW_STATE_ACCEPTING;
}

/*
 * May it go up as it is? Parts that were only listed keep headers of their own,
 * and these would stay as they are.
 */
static inline bool sst_label_may_merge(const struct sk_buff *skb)
{
	return !(skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST);
}

#endif /* _SST_LABEL_H */
