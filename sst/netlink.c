// SPDX-License-Identifier: GPL-2.0
/*
 * The control plane: handlers of the generic netlink family. Policies and the
 * table of operations are generated (netlink_gen.c); the meaning of every
 * attribute is in Documentation/netlink/specs/sst.yaml. The family is not
 * parallel, so handlers never run beside each other.
 */
#include <linux/in.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "attrs.h"
#include "life.h"
#include "netlink.h"
#include "netlink_check.h"
#include "netlink_gen.h"
#include "pernet.h"
#include "sock.h"

/* What a namespace may raise its bound on flows to. */
#define MAX_FLOWS_LIMIT		1048576
/* Bound on what it may set the others to. */
#define OPENING_WINDOW_LIMIT	86400
#define MAX_HALF_OPEN_LIMIT	65536

static struct sst_net *sst_of(struct genl_info *info)
{
	return sst_pernet(genl_info_net(info));
}

/* What flow-add must carry, in the order in which it is missed. */
static const struct {
	u16 attr;
	u16 or_attr;
	const char *what;
} flow_needs[] = {
	{ SST_A_FLOW_PROTO, 0, "proto is missing" },
	{ SST_A_FLOW_LOCAL_IPV4, SST_A_FLOW_LOCAL_IPV6,
	  "local address is missing" },
	{ SST_A_FLOW_REMOTE_IPV4, SST_A_FLOW_REMOTE_IPV6,
	  "remote address is missing" },
	{ SST_A_FLOW_LOCAL_PORT, 0, "local port is missing" },
	{ SST_A_FLOW_REMOTE_PORT, 0, "remote port is missing" },
	{ SST_A_FLOW_WIRE_LOCAL_PORT, 0, "wire local port is missing" },
	{ SST_A_FLOW_WIRE_REMOTE_PORT, 0, "wire remote port is missing" },
	{ SST_A_FLOW_SIDE, 0, "side is missing" },
	{ SST_A_FLOW_KEY, 0, "key is missing" },
};

static int require_flow_attrs(struct genl_info *info)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(flow_needs); i++) {
		if (info->attrs[flow_needs[i].attr])
			continue;
		if (flow_needs[i].or_attr && info->attrs[flow_needs[i].or_attr])
			continue;
		sst_netlink_set_msg(info->extack, flow_needs[i].what);
		NL_SET_ERR_ATTR_MISS(info->extack, NULL, flow_needs[i].attr);
		return -EINVAL;
	}
	return 0;
}

static int parse_proto(struct genl_info *info, u8 *proto)
{
	struct nlattr *attr = info->attrs[SST_A_FLOW_PROTO];

	*proto = nla_get_u8(attr);
	if (*proto != IPPROTO_TCP && *proto != IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "proto must be 6 (TCP) or 17 (UDP)");
		return -EPROTONOSUPPORT;
	}
	return 0;
}

static int check_addresses(struct genl_info *info, const struct sst_tuple *tuple)
{
	u8 family = tuple->family;

	if (!sst_netlink_is_unicast(&tuple->local, family)) {
		NL_SET_ERR_MSG(info->extack,
			       "local address must be a unicast address");
		return -EADDRNOTAVAIL;
	}
	if (!sst_netlink_is_unicast(&tuple->remote, family)) {
		NL_SET_ERR_MSG(info->extack,
			       "remote address must be a unicast address");
		return -EADDRNOTAVAIL;
	}
	if (sst_netlink_is_loopback(&tuple->local, family) ||
	    sst_netlink_is_loopback(&tuple->remote, family)) {
		NL_SET_ERR_MSG(info->extack,
			       "loopback addresses are exempt from SST");
		return -EADDRNOTAVAIL;
	}
	if (!memcmp(&tuple->local, &tuple->remote, sizeof(tuple->local))) {
		NL_SET_ERR_MSG(info->extack,
			       "local and remote address are the same");
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int parse_addresses(struct genl_info *info, struct sst_tuple *tuple)
{
	struct nlattr **attrs = info->attrs;

	if (attrs[SST_A_FLOW_LOCAL_IPV4] && attrs[SST_A_FLOW_REMOTE_IPV4] &&
	    !attrs[SST_A_FLOW_LOCAL_IPV6] && !attrs[SST_A_FLOW_REMOTE_IPV6]) {
		tuple->family = NFPROTO_IPV4;
		tuple->local.ip = nla_get_in_addr(attrs[SST_A_FLOW_LOCAL_IPV4]);
		tuple->remote.ip =
			nla_get_in_addr(attrs[SST_A_FLOW_REMOTE_IPV4]);
	} else if (!attrs[SST_A_FLOW_LOCAL_IPV4] &&
		   !attrs[SST_A_FLOW_REMOTE_IPV4]) {
		tuple->family = NFPROTO_IPV6;
		tuple->local.in6 =
			nla_get_in6_addr(attrs[SST_A_FLOW_LOCAL_IPV6]);
		tuple->remote.in6 =
			nla_get_in6_addr(attrs[SST_A_FLOW_REMOTE_IPV6]);
	} else {
		NL_SET_ERR_MSG(info->extack,
			       "give either IPv4 or IPv6 addresses, not both");
		return -EINVAL;
	}
	return check_addresses(info, tuple);
}

static int parse_flow(struct genl_info *info, struct sst_flow_params *params)
{
	struct nlattr **attrs = info->attrs;
	int err;

	memset(params, 0, sizeof(*params));
	err = require_flow_attrs(info);
	if (err)
		return err;
	err = parse_proto(info, &params->real.proto);
	if (err)
		return err;
	err = parse_addresses(info, &params->real);
	if (err)
		return err;

	params->wire = params->real;
	params->real.lport = nla_get_be16(attrs[SST_A_FLOW_LOCAL_PORT]);
	params->real.rport = nla_get_be16(attrs[SST_A_FLOW_REMOTE_PORT]);
	params->wire.lport = nla_get_be16(attrs[SST_A_FLOW_WIRE_LOCAL_PORT]);
	params->wire.rport = nla_get_be16(attrs[SST_A_FLOW_WIRE_REMOTE_PORT]);
	if (params->real.lport == params->wire.lport &&
	    params->real.rport == params->wire.rport) {
		NL_SET_ERR_MSG(info->extack,
			       "wire ports are the same as the real ports");
		return -EINVAL;
	}
	params->side = nla_get_u8(attrs[SST_A_FLOW_SIDE]);
	params->scope = attrs[SST_A_FLOW_SCOPE] ?
			nla_get_u8(attrs[SST_A_FLOW_SCOPE]) : SST_SCOPE_PORTS;
	params->suite = attrs[SST_A_FLOW_SUITE] ?
			nla_get_u8(attrs[SST_A_FLOW_SUITE]) :
			SST_SUITE_CHACHA20_POLY1305;
	params->key = nla_data(attrs[SST_A_FLOW_KEY]);
	return 0;
}

static int use_key(struct sst_net *sn, struct genl_info *info, const u8 *key)
{
	int err = sst_used_keys_add(&sn->used_keys, key);

	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_FLOW_KEY],
				    "this key was installed before; a key is used once, generate a new one");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack,
			       "no room to remember more keys in this namespace");
	return err;
}

static int explain_clash(struct genl_info *info, enum sst_flow_clash clash)
{
	switch (clash) {
	case SST_CLASH_NONE:
		return 0;
	case SST_CLASH_REAL:
		NL_SET_ERR_MSG(info->extack, "another flow has this real tuple");
		return -EEXIST;
	case SST_CLASH_WIRE:
		NL_SET_ERR_MSG(info->extack, "another flow has this wire tuple");
		return -EEXIST;
	case SST_CLASH_REAL_IS_WIRE:
		NL_SET_ERR_MSG(info->extack,
			       "the real tuple is the wire tuple of another flow");
		return -EEXIST;
	case SST_CLASH_WIRE_IS_REAL:
		NL_SET_ERR_MSG(info->extack,
			       "the wire tuple is the real tuple of another flow");
		return -EEXIST;
	case SST_CLASH_FULL:
		NL_SET_ERR_MSG(info->extack,
			       "max-flows is reached; raise it or delete flows");
		return -ENOSPC;
	case SST_CLASH_OPEN:
	case SST_CLASH_WAITING:
	case SST_CLASH_NOMEM:
		break;
	}
	return -ENOMEM;
}

/* Add the flow that @params describe. Returns its id or a negative errno. */
static int add_flow(struct sst_net *sn, struct genl_info *info,
		    const struct sst_flow_params *params)
{
	enum sst_flow_clash clash;
	struct sst_flow *flow;
	int err;
	u32 id;

	/* Tell about a tuple in use before the key counts as used. */
	clash = sst_flowtable_clash(&sn->flows, &params->real, &params->wire,
				    sn->cfg.max_flows);
	if (clash != SST_CLASH_NONE)
		return explain_clash(info, clash);
	err = sst_pernet_activate(sn);
	if (err) {
		NL_SET_ERR_MSG(info->extack, "cannot register the packet hooks");
		return err;
	}
	err = use_key(sn, info, params->key);
	if (err)
		return err;
	flow = sst_flow_new(params);
	if (!flow)
		return -ENOMEM;
	rcu_read_lock();
	clash = sst_life_begin(sn, flow);
	id = clash == SST_CLASH_NONE ? flow->id : 0;
	rcu_read_unlock();
	return id ?: explain_clash(info, clash);
}

static int add_and_reply(struct genl_info *info)
{
	struct sst_flow_params params;
	struct sk_buff *msg;
	void *hdr;
	int ret;

	ret = parse_flow(info, &params);
	if (ret)
		return ret;
	/* The answer first: a flow that is there must not be reported as failed. */
	msg = genlmsg_new(nla_total_size(sizeof(u32)), GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &sst_nl_family, 0, SST_CMD_FLOW_ADD);
	if (!hdr) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	ret = add_flow(sst_of(info), info, &params);
	if (ret < 0 || nla_put_u32(msg, SST_A_FLOW_ID, ret)) {
		nlmsg_free(msg);
		return ret;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int sst_nl_flow_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = add_and_reply(info);

	sst_netlink_wipe_attr(info, SST_A_FLOW_KEY);
	return err;
}

static int need_id(struct genl_info *info, u32 *id)
{
	struct nlattr *attr = info->attrs[SST_A_FLOW_ID];

	if (!attr) {
		NL_SET_ERR_MSG(info->extack, "id is missing");
		return -EINVAL;
	}
	*id = nla_get_u32(attr);
	return 0;
}

int sst_nl_flow_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_of(info);
	struct sst_flow *flow;
	int err;
	u32 id;

	err = need_id(info, &id);
	if (err)
		return err;
	rcu_read_lock();
	flow = sst_flowtable_by_id(&sn->flows, id);
	if (flow)
		sst_life_end(sn, flow, SST_CLOSE_REASON_DELETED);
	rcu_read_unlock();
	if (!flow) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_FLOW_ID],
				    "no flow has this id");
		return -ENOENT;
	}
	return 0;
}

int sst_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	u8 proto = 0;
	int err;

	if (info->attrs[SST_A_FLOW_PROTO]) {
		err = parse_proto(info, &proto);
		if (err)
			return err;
	}
	sst_life_end_all(sst_of(info), proto, SST_CLOSE_REASON_FLUSHED);
	return 0;
}

/**
 * sst_nl_shutdown_doit() - let go of all that keeps the module here
 * @skb: request
 * @info: request, parsed
 *
 * Rules first, so that nothing new is selected; then the sockets, while their
 * flows can still seal the resets; then the peers, and last the flows.
 *
 * Return: 0.
 */
int sst_nl_shutdown_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_of(info);

	sst_policy_clear(&sn->policy);
	sst_sock_abort_carried(sn->net);
	sst_life_end_all(sn, 0, SST_CLOSE_REASON_FLUSHED);
	sst_peers_clear(sn);
	/* Packets under way may still know a peer and make a flow with it. */
	synchronize_rcu();
	sst_life_end_all(sn, 0, SST_CLOSE_REASON_FLUSHED);
	return 0;
}

int sst_nl_flow_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_of(info);
	const struct sst_flow *flow;
	struct sk_buff *msg;
	int err = -EMSGSIZE;
	void *hdr;
	u32 id;

	err = need_id(info, &id);
	if (err)
		return err;
	msg = genlmsg_new(SST_ATTRS_FLOW_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(msg, info, &sst_nl_family, 0, SST_CMD_FLOW_GET);
	if (!hdr)
		goto out_free;
	rcu_read_lock();
	flow = sst_flowtable_by_id(&sn->flows, id);
	err = flow ? sst_attrs_put_flow(msg, sn, flow) : -ENOENT;
	rcu_read_unlock();
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_FLOW_ID],
				    "no flow has this id");
	if (err)
		goto out_free;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

out_free:
	nlmsg_free(msg);
	return err;
}

/*
 * The cursor is an identifier, not a position, so the dump survives any change
 * between its messages.
 */
int sst_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	const struct sst_flow *flow;
	u32 next = cb->args[0];
	void *hdr;

	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no attributes");
		return -EINVAL;
	}
	rcu_read_lock();
	while ((flow = sst_flowtable_next(&sn->flows, next))) {
		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &sst_nl_family,
				  NLM_F_MULTI, SST_CMD_FLOW_GET);
		if (!hdr)
			break;
		if (sst_attrs_put_flow(skb, sn, flow)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genlmsg_end(skb, hdr);
		next = flow->id + 1;
	}
	rcu_read_unlock();
	cb->args[0] = next;
	return skb->len;
}

int sst_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_of(info);
	struct sst_stats sum;
	struct sk_buff *msg;
	void *hdr;
	int i;

	msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &sst_nl_family, 0, SST_CMD_STATS_GET);
	if (!hdr)
		goto out_free;
	sst_stats_sum(&sum, sn->stats);
	for (i = SST_A_STATS_PAD + 1; i <= SST_A_STATS_MAX; i++)
		if (nla_put_u64_64bit(msg, i, sum.value[i], SST_A_STATS_PAD))
			goto out_free;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

out_free:
	nlmsg_free(msg);
	return -EMSGSIZE;
}

int sst_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct sst_net *sn = sst_of(info);
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &sst_nl_family, 0,
				SST_CMD_CONFIG_GET);
	if (!hdr ||
	    nla_put_u8(msg, SST_A_CONFIG_MARK_MASK,
		       sst_config_mark_mask(&sn->cfg)) ||
	    nla_put_u8(msg, SST_A_CONFIG_MARK_VALUE,
		       sst_config_mark_value(&sn->cfg)) ||
	    nla_put_u8(msg, SST_A_CONFIG_DSCP, sn->cfg.dscp) ||
	    nla_put_u32(msg, SST_A_CONFIG_REKEY_PACKETS,
			sn->cfg.rekey_packets) ||
	    nla_put_u32(msg, SST_A_CONFIG_REKEY_SECONDS,
			sn->cfg.rekey_seconds) ||
	    nla_put_u32(msg, SST_A_CONFIG_MAX_FLOWS, sn->cfg.max_flows) ||
	    nla_put_u32(msg, SST_A_CONFIG_FLOWS, READ_ONCE(sn->flows.count)) ||
	    nla_put_u32(msg, SST_A_CONFIG_OPENING_WINDOW,
			sn->cfg.opening_window) ||
	    nla_put_u32(msg, SST_A_CONFIG_MAX_HALF_OPEN,
			sn->cfg.max_half_open)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
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
	struct sst_config *cfg = &sst_of(info)->cfg;
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

struct genl_family sst_nl_family __ro_after_init = {
	.name		= SST_GENL_NAME,
	.version	= SST_GENL_VERSION,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.ops		= sst_nl_ops,
	.n_ops		= ARRAY_SIZE(sst_nl_ops),
	/* Strict parsing of every operation, from the first on. */
	.resv_start_op	= SST_CMD_FLOW_ADD,
	.mcgrps		= sst_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(sst_nl_mcgrps),
};

int __init sst_netlink_init(void)
{
	return genl_register_family(&sst_nl_family);
}

void sst_netlink_exit(void)
{
	genl_unregister_family(&sst_nl_family);
}
