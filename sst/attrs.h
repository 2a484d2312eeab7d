/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ATTRS_H
#define _SST_ATTRS_H

struct sk_buff;
struct sst_flow;
struct sst_net;

/* Room in bytes that one flow, and what an event adds, takes in a message. */
#define SST_ATTRS_FLOW_SIZE	512

int sst_attrs_put_flow(struct sk_buff *msg, struct sst_net *sn,
		       const struct sst_flow *flow);

#endif /* _SST_ATTRS_H */
