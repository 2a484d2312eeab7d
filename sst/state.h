/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_STATE_H
#define _SST_STATE_H

#include <linux/types.h>
#include <uapi/linux/sst_netlink.h>

struct sst_flow;

bool sst_state_may(u8 role, u8 from, u8 to);
bool sst_state_move(struct sst_flow *flow, u8 to);

/* Has the peer proved that it is there? Then the flow owns its wire tuple. */
static inline bool sst_state_is_confirmed(u8 state)
{
	return state != SST_FLOW_STATE_OPENING &&
	       state != SST_FLOW_STATE_ACCEPTING;
}

#endif /* _SST_STATE_H */
