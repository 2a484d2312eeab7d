// SPDX-License-Identifier: GPL-2.0
/*
 * Multicast notifications: the only way in which the data path tells userspace
 * something. Costs nothing while nobody listens; a listener that is too slow
 * loses messages and is told so by its socket.
 */
#include <net/genetlink.h>

#include "attrs.h"
#include "event.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "pernet.h"

/* Attributes that an event has besides the flow. */
struct extra {
	int attr;
	u32 value;
};

static void notify(struct sst_net *sn, const struct sst_flow *flow, u8 cmd,
		   const struct extra *extra)
{
	struct sk_buff *msg;
	void *hdr;
	int err;

	if (!genl_has_listeners(&sst_nl_family, sn->net, SST_NLGRP_EVENTS))
		return;
	msg = genlmsg_new(SST_ATTRS_FLOW_SIZE, GFP_ATOMIC);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &sst_nl_family, 0, cmd);
	if (!hdr)
		goto out_free;
	rcu_read_lock();
	err = sst_attrs_put_flow(msg, sn, flow);
	rcu_read_unlock();
	if (err)
		goto out_free;
	if (extra && extra->attr == SST_A_FLOW_MISSED)
		err = nla_put_u32(msg, extra->attr, extra->value);
	else if (extra)
		err = nla_put_u8(msg, extra->attr, extra->value);
	if (err)
		goto out_free;
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&sst_nl_family, sn->net, msg, 0,
				SST_NLGRP_EVENTS, GFP_ATOMIC);
	return;

out_free:
	nlmsg_free(msg);
}

/**
 * sst_event_opened() - a flow came to be
 * @sn: namespace
 * @flow: the flow
 */
void sst_event_opened(struct sst_net *sn, const struct sst_flow *flow)
{
	notify(sn, flow, SST_CMD_FLOW_OPENED, NULL);
}

/**
 * sst_event_closed() - a flow ended
 * @sn: namespace
 * @flow: the flow
 * @reason: enum sst_close_reason
 */
void sst_event_closed(struct sst_net *sn, const struct sst_flow *flow,
		      u8 reason)
{
	struct extra extra = { SST_A_FLOW_CLOSE_REASON, reason };

	notify(sn, flow, SST_CMD_FLOW_CLOSED, &extra);
}

/**
 * sst_event_confirmed() - both sides of a flow know that the other is there
 * @sn: namespace
 * @flow: the flow
 */
void sst_event_confirmed(struct sst_net *sn, const struct sst_flow *flow)
{
	notify(sn, flow, SST_CMD_FLOW_CONFIRMED, NULL);
}

/**
 * sst_event_exhausted() - the last sending key of a flow is used up
 * @sn: namespace
 * @flow: the flow
 */
void sst_event_exhausted(struct sst_net *sn, const struct sst_flow *flow)
{
	notify(sn, flow, SST_CMD_FLOW_EXHAUSTED, NULL);
}

/**
 * sst_event_rotated() - one direction of a flow moved to a new key
 * @sn: namespace
 * @flow: the flow
 * @direction: enum sst_direction
 */
void sst_event_rotated(struct sst_net *sn, const struct sst_flow *flow,
		       u8 direction)
{
	struct extra extra = { SST_A_FLOW_DIRECTION, direction };

	notify(sn, flow, SST_CMD_FLOW_ROTATED, &extra);
}

/**
 * sst_event_auth_failed() - a packet on a flow's wire tuple did not verify
 * @sn: namespace
 * @flow: the flow
 *
 * Anybody can send such packets, so the reports are few and the next one
 * carries the number of those in between.
 */
void sst_event_auth_failed(struct sst_net *sn, const struct sst_flow *flow)
{
	struct extra extra = { .attr = SST_A_FLOW_MISSED };

	if (!genl_has_listeners(&sst_nl_family, sn->net, SST_NLGRP_EVENTS))
		return;
	if (!__ratelimit(&sn->auth_limit)) {
		atomic_inc(&sn->auth_missed);
		return;
	}
	extra.value = atomic_xchg(&sn->auth_missed, 0);
	notify(sn, flow, SST_CMD_AUTH_FAILED, &extra);
}
