// SPDX-License-Identifier: GPL-2.0
/* The control plane of the flows: handlers of flow-add, -del, -flush, -get. */
#include <linux/rcupdate.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "attrs.h"
#include "life.h"
#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

/* What flow-add must carry, in the order in which it is missed. */
static const struct sst_netlink_need flow_needs[] = {
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
	err = sst_netlink_require(info, flow_needs, ARRAY_SIZE(flow_needs));
	if (err)
		return err;
	err = sst_netlink_get_proto(info, attrs[SST_A_FLOW_PROTO],
				    &params->real.proto);
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
	if (params->scope == SST_SCOPE_LABEL) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_FLOW_SCOPE],
				    "a manually keyed flow has no opening, which is all that scope label seals; give ports or payload");
		return -EINVAL;
	}
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
	case SST_CLASH_SOURCE:
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
	int err, id;

	err = parse_flow(info, &params);
	if (err)
		return err;
	/* The answer first: a flow that is there must not be reported as failed. */
	msg = sst_netlink_reply_new(info, nla_total_size(sizeof(u32)));
	if (!msg)
		return -ENOMEM;
	id = add_flow(sst_netlink_net(info), info, &params);
	err = id < 0 ? id : nla_put_u32(msg, SST_A_FLOW_ID, id);
	return sst_netlink_reply_send(info, msg, err);
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

static int no_such_flow(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_FLOW_ID],
			    "no flow has this id");
	return -ENOENT;
}

int sst_nl_flow_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
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
	return flow ? 0 : no_such_flow(info);
}

int sst_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SST_A_FLOW_PROTO];
	u8 proto = 0;
	int err;

	if (attr) {
		err = sst_netlink_get_proto(info, attr, &proto);
		if (err)
			return err;
	}
	sst_life_end_all(sst_netlink_net(info), proto, SST_CLOSE_REASON_FLUSHED);
	return 0;
}

int sst_nl_flow_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	const struct sst_flow *flow;
	struct sk_buff *msg;
	int err;
	u32 id;

	err = need_id(info, &id);
	if (err)
		return err;
	msg = sst_netlink_reply_new(info, SST_ATTRS_FLOW_SIZE);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	flow = sst_flowtable_by_id(&sn->flows, id);
	err = flow ? sst_attrs_put_flow(msg, sn, flow) : no_such_flow(info);
	rcu_read_unlock();
	return sst_netlink_reply_send(info, msg, err);
}

/*
 * The cursor is an identifier, not a position, so the dump survives any change
 * between its messages.
 */
static int put_next_flow(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	const struct sst_flow *flow;
	int err;

	flow = sst_flowtable_next(&sn->flows, cb->args[0]);
	if (!flow)
		return -ENOENT;
	err = sst_attrs_put_flow(skb, sn, flow);
	if (!err)
		cb->args[0] = flow->id + 1;
	return err;
}

int sst_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sst_netlink_dump(skb, cb, put_next_flow);
}
