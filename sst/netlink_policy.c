// SPDX-License-Identifier: GPL-2.0
/* The control plane: rules that decide which new flows are SST. */
#include <linux/rcupdate.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

#define PRIORITY_DEFAULT	1000

/* What policy-add must carry, in the order in which it is missed. */
static const struct sst_netlink_need rule_needs[] = {
	{ SST_A_POLICY_DIRECTION, 0, "direction is missing; give out or in" },
	{ SST_A_POLICY_VERDICT, 0,
	  "verdict is missing; give clear, prefer or require" },
};

static int parse_verdict(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr **attrs = info->attrs;

	spec->direction = nla_get_u8(attrs[SST_A_POLICY_DIRECTION]);
	spec->verdict = nla_get_u8(attrs[SST_A_POLICY_VERDICT]);
	if (spec->direction == SST_POLICY_DIRECTION_IN &&
	    spec->verdict == SST_VERDICT_PREFER) {
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_POLICY_VERDICT],
				    "prefer is for direction out; give clear or require");
		return -EINVAL;
	}
	return 0;
}

static int parse_family(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr *ipv4 = info->attrs[SST_A_POLICY_IPV4];
	struct nlattr *ipv6 = info->attrs[SST_A_POLICY_IPV6];

	if (ipv4 && ipv6) {
		NL_SET_ERR_MSG_ATTR(info->extack, ipv6,
				    "give either an IPv4 or an IPv6 address, not both");
		return -EINVAL;
	}
	if (ipv4) {
		spec->family = NFPROTO_IPV4;
		spec->addr.ip = nla_get_in_addr(ipv4);
		spec->prefix_len = 32;
	} else if (ipv6) {
		spec->family = NFPROTO_IPV6;
		spec->addr.in6 = nla_get_in6_addr(ipv6);
		spec->prefix_len = 128;
	} else {
		spec->family = NFPROTO_UNSPEC;
	}
	return 0;
}

/* @spec has the longest prefix of its family. */
static int parse_prefix_len(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr *attr = info->attrs[SST_A_POLICY_PREFIX_LEN];
	u8 len;

	if (!attr)
		return 0;
	if (spec->family == NFPROTO_UNSPEC) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "prefix-len needs an address; 0.0.0.0 or :: with prefix-len 0 is all of a family");
		return -EINVAL;
	}
	len = nla_get_u8(attr);
	/* More than 128 bits do not come this far. */
	if (len > spec->prefix_len) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "prefix-len of an IPv4 address must be at most 32");
		return -ERANGE;
	}
	spec->prefix_len = len;
	return 0;
}

static int parse_prefix(struct genl_info *info, struct sst_rule_spec *spec)
{
	int err;

	err = parse_family(info, spec);
	if (err)
		return err;
	err = parse_prefix_len(info, spec);
	if (err)
		return err;
	if (sst_policy_has_host_bits(spec)) {
		NL_SET_ERR_MSG(info->extack,
			       "the address has bits beyond prefix-len; set them to 0");
		return -EINVAL;
	}
	if (spec->family == NFPROTO_IPV6 && spec->prefix_len >= 96 &&
	    ipv6_addr_v4mapped(&spec->addr.in6)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SST_A_POLICY_IPV6],
				    "no packet has an IPv4-mapped address; give the IPv4 address");
		return -EINVAL;
	}
	return 0;
}

static int parse_ports(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr *first = info->attrs[SST_A_POLICY_PORT];
	struct nlattr *last = info->attrs[SST_A_POLICY_PORT_LAST];

	if (last && !first) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "port-last needs port, the first of the range");
		return -EINVAL;
	}
	spec->first_port = first ? ntohs(nla_get_be16(first)) : 0;
	spec->last_port = first ? spec->first_port : U16_MAX;
	if (last)
		spec->last_port = ntohs(nla_get_be16(last));
	if (spec->last_port < spec->first_port) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "port-last must not be smaller than port");
		return -EINVAL;
	}
	return 0;
}

/* Only whoever speaks SST has a name. */
static int parse_peer(struct genl_info *info, struct sst_rule_spec *spec)
{
	const struct nlattr *attr = info->attrs[SST_A_POLICY_PEER];

	if (!attr)
		return 0;
	if (spec->verdict == SST_VERDICT_CLEAR) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "who speaks clear is nobody; with peer give prefer or require");
		return -EINVAL;
	}
	return sst_netlink_get_name(info, attr, spec->peer);
}

static int parse_rule(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr *priority = info->attrs[SST_A_POLICY_PRIORITY];
	struct nlattr *proto = info->attrs[SST_A_POLICY_PROTO];
	int err;

	memset(spec, 0, sizeof(*spec));
	err = sst_netlink_require(info, rule_needs, ARRAY_SIZE(rule_needs));
	if (err)
		return err;
	err = parse_verdict(info, spec);
	if (err)
		return err;
	err = parse_prefix(info, spec);
	if (err)
		return err;
	if (proto) {
		err = sst_netlink_get_proto(info, proto, &spec->proto);
		if (err)
			return err;
	}
	err = parse_ports(info, spec);
	if (err)
		return err;
	spec->priority = priority ? nla_get_u32(priority) : PRIORITY_DEFAULT;
	return parse_peer(info, spec);
}

static int add_rule(struct sst_net *sn, struct genl_info *info,
		    const struct sst_rule_spec *spec, u32 *id)
{
	int err;

	err = sst_pernet_activate(sn);
	if (err) {
		NL_SET_ERR_MSG(info->extack, "cannot register the packet hooks");
		return err;
	}
	err = sst_policy_add(&sn->policy, spec, id);
	if (err == -EEXIST)
		NL_SET_ERR_MSG(info->extack,
			       "a rule about the same flows is there; delete it first");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack,
			       "the namespace has 65536 rules; delete some, or use prefixes and ranges");
	return err;
}

/* Rules may come first, so that no port stands open before its peers are there. */
static void warn_of_peer(struct sst_net *sn, struct genl_info *info,
			 const struct sst_rule_spec *spec)
{
	bool exists;

	if (!spec->peer[0])
		return;
	rcu_read_lock();
	exists = sst_peers_by_name(&sn->peers, spec->peer);
	rcu_read_unlock();
	if (!exists)
		NL_SET_ERR_MSG(info->extack,
			       "no peer has this name; until one is added the rule is about nobody");
}

int sst_nl_policy_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	struct sst_rule_spec spec;
	struct sk_buff *msg;
	int err;
	u32 id;

	err = parse_rule(info, &spec);
	if (err)
		return err;
	/* The answer first: a rule that is there must not be reported as failed. */
	msg = sst_netlink_reply_new(info, nla_total_size(sizeof(id)));
	if (!msg)
		return -ENOMEM;
	err = add_rule(sn, info, &spec, &id);
	if (!err)
		err = nla_put_u32(msg, SST_A_POLICY_ID, id);
	if (!err)
		warn_of_peer(sn, info, &spec);
	return sst_netlink_reply_send(info, msg, err);
}

static int need_id(struct genl_info *info, u32 *id)
{
	struct nlattr *attr = info->attrs[SST_A_POLICY_ID];

	if (!attr)
		return sst_netlink_missing(info, SST_A_POLICY_ID,
					   "id is missing");
	*id = nla_get_u32(attr);
	return 0;
}

static int no_such_rule(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_POLICY_ID],
			    "no rule has this id");
	return -ENOENT;
}

int sst_nl_policy_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;
	u32 id;

	err = need_id(info, &id);
	if (err)
		return err;
	err = sst_policy_del(&sst_netlink_net(info)->policy, id);
	return err == -ENOENT ? no_such_rule(info) : err;
}

int sst_nl_policy_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SST_A_POLICY_DIRECTION];
	struct sst_policy *policy = &sst_netlink_net(info)->policy;

	if (attr)
		sst_policy_flush(policy, nla_get_u8(attr));
	else
		sst_policy_clear(policy);
	return 0;
}

static int put_address(struct sk_buff *msg, const struct sst_rule_spec *spec)
{
	int err;

	if (spec->family == NFPROTO_UNSPEC)
		return 0;
	if (spec->family == NFPROTO_IPV4)
		err = nla_put_in_addr(msg, SST_A_POLICY_IPV4, spec->addr.ip);
	else
		err = nla_put_in6_addr(msg, SST_A_POLICY_IPV6,
				       &spec->addr.in6);
	if (err)
		return err;
	return nla_put_u8(msg, SST_A_POLICY_PREFIX_LEN, spec->prefix_len);
}

/* Only a rule about all ports begins with port 0. */
static int put_ports(struct sk_buff *msg, const struct sst_rule_spec *spec)
{
	if (!spec->first_port)
		return 0;
	if (nla_put_be16(msg, SST_A_POLICY_PORT, htons(spec->first_port)))
		return -EMSGSIZE;
	return nla_put_be16(msg, SST_A_POLICY_PORT_LAST,
			    htons(spec->last_port));
}

static int put_rule(struct sk_buff *msg, const struct sst_rule *rule)
{
	const struct sst_rule_spec *spec = &rule->spec;

	if (nla_put_u32(msg, SST_A_POLICY_ID, rule->id) ||
	    nla_put_u8(msg, SST_A_POLICY_DIRECTION, spec->direction) ||
	    put_address(msg, spec) ||
	    (spec->proto && nla_put_u8(msg, SST_A_POLICY_PROTO, spec->proto)) ||
	    put_ports(msg, spec) ||
	    nla_put_u8(msg, SST_A_POLICY_VERDICT, spec->verdict) ||
	    (spec->peer[0] &&
	     nla_put_string(msg, SST_A_POLICY_PEER, spec->peer)) ||
	    nla_put_u32(msg, SST_A_POLICY_PRIORITY, spec->priority))
		return -EMSGSIZE;
	return nla_put_u64_64bit(msg, SST_A_POLICY_HITS,
				 atomic64_read(&rule->hits), SST_A_POLICY_PAD);
}

int sst_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct sst_rule *rule;
	struct sk_buff *msg;
	int err;
	u32 id;

	err = need_id(info, &id);
	if (err)
		return err;
	msg = sst_netlink_reply_new(info, NLMSG_DEFAULT_SIZE);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	rule = sst_policy_by_id(&sst_netlink_net(info)->policy, id);
	err = rule ? put_rule(msg, rule) : no_such_rule(info);
	rcu_read_unlock();
	return sst_netlink_reply_send(info, msg, err);
}

/* Where the dump goes on, between its messages. */
static struct sst_policy_cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct sst_policy_cursor) > sizeof(cb->ctx));
	return (struct sst_policy_cursor *)cb->ctx;
}

static int put_next_rule(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	struct sst_policy_cursor *cursor = cursor_of(cb);
	struct sst_policy_cursor next = *cursor;
	const struct sst_rule *rule;
	int err;

	rule = sst_policy_next(&sn->policy, &next);
	if (!rule)
		return -ENOENT;
	err = put_rule(skb, rule);
	if (!err)
		*cursor = next;
	return err;
}

int sst_nl_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sst_netlink_dump(skb, cb, put_next_rule);
}
