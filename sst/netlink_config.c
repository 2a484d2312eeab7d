// SPDX-License-Identifier: GPL-2.0
/* Tunables and counters: handlers of config-get, config-set, stats-get. */
#include <net/genetlink.h>

#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

/**
 * struct tunable - a number that may be set
 * @attr: its attribute
 * @offset: of the u32 in struct sst_config
 * @min: smallest value
 * @max: largest value
 * @refused: what to say of any other, if the policy lets any pass
 */
struct tunable {
	u16 attr;
	u16 offset;
	u32 min;
	u32 max;
	const char *refused;
};

static const struct tunable tunables[] = {
	{ SST_A_CONFIG_REKEY_PACKETS,
	  offsetof(struct sst_config, rekey_packets), 1, SST_SEQ_LIMIT,
	  "rekey-packets must be at most 4294901760" },
	{ SST_A_CONFIG_REKEY_SECONDS,
	  offsetof(struct sst_config, rekey_seconds), 0, U32_MAX, NULL },
	{ SST_A_CONFIG_MAX_FLOWS,
	  offsetof(struct sst_config, max_flows), 0, 1048576,
	  "max-flows must be at most 1048576" },
	{ SST_A_CONFIG_OPENING_WINDOW,
	  offsetof(struct sst_config, opening_window), 0, 86400,
	  "opening-window must be at most 86400" },
	{ SST_A_CONFIG_MAX_HALF_OPEN,
	  offsetof(struct sst_config, max_half_open), 1, 65536,
	  "max-half-open must be at most 65536" },
	{ SST_A_CONFIG_ASSOC_LIFETIME,
	  offsetof(struct sst_config, assoc_lifetime), 60, 86400,
	  "assoc-lifetime must be from 60 to 86400 seconds" },
	{ SST_A_CONFIG_MAX_ASSOCS,
	  offsetof(struct sst_config, max_assocs), 1, 1048576,
	  "max-assocs must be at most 1048576" },
};

/* Where the value of a tunable is. */
static u32 *value_of(struct sst_config *cfg, const struct tunable *tunable)
{
	return (u32 *)((u8 *)cfg + tunable->offset);
}

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
	    nla_put_u32(msg, SST_A_CONFIG_MAX_HALF_OPEN, cfg->max_half_open) ||
	    nla_put_u8(msg, SST_A_CONFIG_COOKIES, cfg->cookies) ||
	    nla_put_u8(msg, SST_A_CONFIG_INIT_FROM, cfg->init_from) ||
	    nla_put_u32(msg, SST_A_CONFIG_ASSOC_LIFETIME,
			cfg->assoc_lifetime) ||
	    nla_put_be16(msg, SST_A_CONFIG_WIRE_PORT,
			 htons(cfg->wire_ports >> 16)) ||
	    nla_put_be16(msg, SST_A_CONFIG_WIRE_PORT_LAST,
			 htons(cfg->wire_ports & 0xffff)) ||
	    nla_put_u32(msg, SST_A_CONFIG_MAX_ASSOCS, cfg->max_assocs) ||
	    nla_put_u32(msg, SST_A_CONFIG_ASSOCS,
			READ_ONCE(sn->deriveds.count)) ||
	    nla_put_u8(msg, SST_A_CONFIG_ACTIVE, READ_ONCE(sn->hooked)))
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

static bool sets_anything(const struct genl_info *info)
{
	int i;

	for (i = 1; i <= SST_A_CONFIG_MAX_ASSOCS; i++)
		if (info->attrs[i])
			return true;
	return false;
}

static u8 new_u8(const struct genl_info *info, int attr, u8 old)
{
	return info->attrs[attr] ? nla_get_u8(info->attrs[attr]) : old;
}

static int parse_mark(struct genl_info *info, struct sst_config *cfg)
{
	u8 mask = new_u8(info, SST_A_CONFIG_MARK_MASK,
			 sst_config_mark_mask(cfg));
	u8 value = new_u8(info, SST_A_CONFIG_MARK_VALUE,
			  sst_config_mark_value(cfg));

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
	cfg->mark = SST_CONFIG_MARK(mask, value);
	return 0;
}

static int parse_numbers(struct genl_info *info, struct sst_config *cfg)
{
	const struct tunable *tunable;
	u32 value;

	for (tunable = tunables; tunable < tunables + ARRAY_SIZE(tunables);
	     tunable++) {
		if (!info->attrs[tunable->attr])
			continue;
		value = nla_get_u32(info->attrs[tunable->attr]);
		if (value < tunable->min || value > tunable->max) {
			sst_netlink_say(info, tunable->refused);
			return -ERANGE;
		}
		*value_of(cfg, tunable) = value;
	}
	return 0;
}

static int parse_wire_ports(struct genl_info *info, struct sst_config *cfg)
{
	const struct nlattr *first = info->attrs[SST_A_CONFIG_WIRE_PORT];
	const struct nlattr *last = info->attrs[SST_A_CONFIG_WIRE_PORT_LAST];

	if (last && !first) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "wire-port-last needs wire-port, the first of the range");
		return -EINVAL;
	}
	if (!first)
		return 0;
	if (!last)
		last = first;
	if (!nla_get_be16(first) && nla_get_be16(last)) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "wire-port 0 is any port; leave out wire-port-last");
		return -EINVAL;
	}
	if (ntohs(nla_get_be16(last)) < ntohs(nla_get_be16(first))) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "wire-port-last must not be smaller than wire-port");
		return -EINVAL;
	}
	cfg->wire_ports = SST_CONFIG_PORTS(ntohs(nla_get_be16(first)),
					   ntohs(nla_get_be16(last)));
	return 0;
}

static int parse_config(struct genl_info *info, struct sst_config *cfg)
{
	int err;

	err = parse_mark(info, cfg);
	if (err)
		return err;
	err = parse_numbers(info, cfg);
	if (err)
		return err;
	err = parse_wire_ports(info, cfg);
	if (err)
		return err;
	cfg->dscp = new_u8(info, SST_A_CONFIG_DSCP, cfg->dscp);
	cfg->cookies = new_u8(info, SST_A_CONFIG_COOKIES, cfg->cookies);
	cfg->init_from = new_u8(info, SST_A_CONFIG_INIT_FROM, cfg->init_from);
	return 0;
}

int sst_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_config *cfg = &sst_netlink_net(info)->cfg;
	struct sst_config new = *cfg;
	const struct tunable *tunable;
	int err;

	if (!sets_anything(info)) {
		NL_SET_ERR_MSG(info->extack, "nothing to set");
		return -EINVAL;
	}
	err = parse_config(info, &new);
	if (err)
		return err;

	WRITE_ONCE(cfg->mark, new.mark);
	WRITE_ONCE(cfg->dscp, new.dscp);
	WRITE_ONCE(cfg->cookies, new.cookies);
	WRITE_ONCE(cfg->init_from, new.init_from);
	WRITE_ONCE(cfg->wire_ports, new.wire_ports);
	for (tunable = tunables; tunable < tunables + ARRAY_SIZE(tunables);
	     tunable++)
		WRITE_ONCE(*value_of(cfg, tunable), *value_of(&new, tunable));
	return 0;
}
