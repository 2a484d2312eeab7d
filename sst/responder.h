/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_RESPONDER_H
#define _SST_RESPONDER_H

#include "flow.h"

struct net_device;
struct sst_net;
struct sst_pkt;
struct sst_trailer;
struct sst_tuple;

/* What becomes of a packet, besides the reasons to drop it. */
#define SST_RESPONDER_PASS	(-1)	/* not SST for this host: untouched */
#define SST_RESPONDER_HELD	(-2)	/* kept until the flow is confirmed */

int sst_responder_open(struct sst_net *sn, struct sst_pkt *pkt,
		       const struct sst_trailer *trailer,
		       struct sst_flow **flow, struct sst_tuple *real);
int sst_responder_reopen(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer);
int sst_responder_confirm(struct sst_net *sn, struct sst_flow *flow);

/**
 * sst_responder_data() - a DATA of the peer verified
 * @sn: namespace
 * @flow: the flow
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
static inline int sst_responder_data(struct sst_net *sn, struct sst_flow *flow)
{
	u8 state = READ_ONCE(flow->state);

	return unlikely(state == SST_FLOW_STATE_ACCEPTING ||
			state == SST_FLOW_STATE_REOPENING) ?
	       sst_responder_confirm(sn, flow) : 0;
}

#endif /* _SST_RESPONDER_H */
