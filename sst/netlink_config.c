// SPDX-License-Identifier: GPL-2.0
/* Tunables and counters: handlers of config-get, config-set, stats-get. */
#include <net/genetlink.h>

#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

/* What a namespace may raise its bound on flows to. */
#define MAX_FLOWS_LIMIT		1048576
/* Bound on what it may set the others to. */
#define OPENING_WINDOW_LIMIT	86400
#define MAX_HALF_OPEN_LIMIT	65536

static int put_stats(struct sk_buff *msg, const struct sst_stats *sum)
{
	int i;

	for (i = SST_A_STATS_PAD + 1; i <= SST_A_STATS_MAX; i++)
		if (nla_put_u64_64bit(msg, i, sum->value[i], SST_A_STATS_PAD))
			return -EMSGSIZE;
	return 0;
}

int sst_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_stats sum;
	struct sk_buff *msg;

	msg = sst_netlink_reply_new(info, NLMSG_GOODSIZE);
	if (!msg)
		return -ENOMEM;
	sst_stats_sum(&sum, sst_netlink_net(info)->stats);
	return sst_netlink_reply_send(info, msg, put_stats(msg, &sum));
}

static int put_config(struct sk_buff *msg, const struct sst_net *sn)
{
	const struct sst_config *cfg = &sn->cfg;

	if (nla_put_u8(msg, SST_A_CONFIG_MARK_MASK, sst_config_mark_mask(cfg)) ||
	    nla_put_u8(msg, SST_A_CONFIG_MARK_VALUE,
		       sst_config_mark_value(cfg)) ||
	    nla_put_u8(msg, SST_A_CONFIG_DSCP, cfg->dscp) ||
	    nla_put_u32(msg, SST_A_CONFIG_REKEY_PACKETS, cfg->rekey_packets) ||
	    nla_put_u32(msg, SST_A_CONFIG_REKEY_SECONDS, cfg->rekey_seconds) ||
	    nla_put_u32(msg, SST_A_CONFIG_MAX_FLOWS, cfg->max_flows) ||
	    nla_put_u32(msg, SST_A_CONFIG_FLOWS, READ_ONCE(sn->flows.count)) ||
	    nla_put_u32(msg, SST_A_CONFIG_OPENING_WINDOW, cfg->opening_window) ||
	    nla_put_u32(msg, SST_A_CONFIG_MAX_HALF_OPEN, cfg->max_half_open))
		return -EMSGSIZE;
	return 0;
}

int sst_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;

	msg = sst_netlink_reply_new(info, NLMSG_DEFAULT_SIZE);
	if (!msg)
		return -ENOMEM;
	return sst_netlink_reply_send(info, msg,
				      put_config(msg, sst_netlink_net(info)));
}

static u8 new_u8(const struct genl_info *info, int attr, u8 old)
{
	return info->attrs[attr] ? nla_get_u8(info->attrs[attr]) : old;
}

static u32 new_u32(const struct genl_info *info, int attr, u32 old)
{
	return info->attrs[attr] ? nla_get_u32(info->attrs[attr]) : old;
}

static bool sets_anything(const struct genl_info *info)
{
	int i;

	for (i = 1; i <= SST_A_CONFIG_MAX_HALF_OPEN; i++)
		if (info->attrs[i])
			return true;
	return false;
}

int sst_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_config *cfg = &sst_netlink_net(info)->cfg;
	u8 mask = new_u8(info, SST_A_CONFIG_MARK_MASK, sst_config_mark_mask(cfg));
	u8 value = new_u8(info, SST_A_CONFIG_MARK_VALUE,
			  sst_config_mark_value(cfg));
	u32 packets = new_u32(info, SST_A_CONFIG_REKEY_PACKETS,
			      cfg->rekey_packets);
	u32 flows = new_u32(info, SST_A_CONFIG_MAX_FLOWS, cfg->max_flows);
	u32 window = new_u32(info, SST_A_CONFIG_OPENING_WINDOW,
			     cfg->opening_window);
	u32 half_open = new_u32(info, SST_A_CONFIG_MAX_HALF_OPEN,
				cfg->max_half_open);

	if (!sets_anything(info)) {
		NL_SET_ERR_MSG(info->extack, "nothing to set");
		return -EINVAL;
	}
	if (mask & SST_ECN_MASK) {
		NL_SET_ERR_MSG(info->extack,
			       "mark-mask must leave the ECN bits 0 and 1 clear");
		return -EINVAL;
	}
	if (!mask) {
		NL_SET_ERR_MSG(info->extack, "mark-mask must not be empty");
		return -EINVAL;
	}
	if (!value) {
		NL_SET_ERR_MSG(info->extack,
			       "mark-value must not be 0, which ordinary packets carry");
		return -EINVAL;
	}
	if (value & ~mask) {
		NL_SET_ERR_MSG(info->extack,
			       "mark-value has bits outside of mark-mask");
		return -EINVAL;
	}
	if (packets > SST_SEQ_LIMIT) {
		NL_SET_ERR_MSG(info->extack,
			       "rekey-packets must be at most 4294901760");
		return -ERANGE;
	}
	if (flows > MAX_FLOWS_LIMIT) {
		NL_SET_ERR_MSG(info->extack,
			       "max-flows must be at most 1048576");
		return -ERANGE;
	}
	if (window > OPENING_WINDOW_LIMIT) {
		NL_SET_ERR_MSG(info->extack,
			       "opening-window must be at most 86400");
		return -ERANGE;
	}
	if (half_open > MAX_HALF_OPEN_LIMIT) {
		NL_SET_ERR_MSG(info->extack,
			       "max-half-open must be at most 65536");
		return -ERANGE;
	}

	WRITE_ONCE(cfg->mark, SST_CONFIG_MARK(mask, value));
	WRITE_ONCE(cfg->dscp, new_u8(info, SST_A_CONFIG_DSCP, cfg->dscp));
	WRITE_ONCE(cfg->rekey_packets, packets);
	WRITE_ONCE(cfg->rekey_seconds, new_u32(info, SST_A_CONFIG_REKEY_SECONDS,
					       cfg->rekey_seconds));
	WRITE_ONCE(cfg->max_flows, flows);
	WRITE_ONCE(cfg->opening_window, window);
	WRITE_ONCE(cfg->max_half_open, half_open);
	return 0;
}
