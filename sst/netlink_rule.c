// SPDX-License-Identifier: GPL-2.0
/* The control plane: one rule in a request and in an answer. */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/kernfs.h>
#include <linux/nsproxy.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "netlink_request.h"
#include "netlink_rule.h"
#include "rule.h"

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

/**
 * sst_netlink_get_address() - read the address of a rule
 * @info: the request
 * @spec: gets address and family, NFPROTO_UNSPEC when there is none, and the
 *	longest prefix
 *
 * Return: 0, or -EINVAL for two of them.
 */
int sst_netlink_get_address(struct genl_info *info, struct sst_rule_spec *spec)
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

	err = sst_netlink_get_address(info, spec);
	if (err)
		return err;
	err = parse_prefix_len(info, spec);
	if (err)
		return err;
	if (sst_rule_has_host_bits(spec)) {
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

/* A clear flow protects nothing, so it has no scope but the default. */
static int parse_scope(struct genl_info *info, struct sst_rule_spec *spec)
{
	const struct nlattr *attr = info->attrs[SST_A_POLICY_SCOPE];

	spec->scope = attr ? nla_get_u8(attr) : SST_SCOPE_PORTS;
	if (spec->verdict == SST_VERDICT_CLEAR &&
	    spec->scope != SST_SCOPE_PORTS) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "a clear flow protects nothing; with scope give prefer or require");
		return -EINVAL;
	}
	if (spec->scope == SST_SCOPE_LABEL && spec->proto == IPPROTO_UDP) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "scope label is for TCP alone; give proto tcp, or another scope");
		return -EINVAL;
	}
	return 0;
}

/* The kernel has numbers of its own for users. */
static int read_uid(struct genl_info *info, const struct nlattr *attr, u32 *uid)
{
	kuid_t kuid = make_kuid(current_user_ns(), nla_get_u32(attr));

	if (!uid_valid(kuid)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "this user namespace has no such user");
		return -EINVAL;
	}
	*uid = __kuid_val(kuid);
	return 0;
}

/*
 * A namespace may number the same users in another order, and leave some out: of
 * one that maps them by pieces no range is taken.
 */
static bool is_range(const struct nlattr *first, const struct nlattr *last)
{
	return nla_get_u32(last) == nla_get_u32(first) ||
	       (nla_get_u32(last) > nla_get_u32(first) &&
		current_user_ns()->uid_map.nr_extents == 1);
}

/**
 * sst_netlink_get_uids() - read the users of a rule
 * @info: the request
 * @spec: gets them
 *
 * Return: 0 or -EINVAL.
 */
int sst_netlink_get_uids(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr *first = info->attrs[SST_A_POLICY_UID];
	struct nlattr *last = info->attrs[SST_A_POLICY_UID_LAST];
	int err;

	if (last && !first) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "uid-last needs uid, the first of the range");
		return -EINVAL;
	}
	if (!first)
		return 0;
	spec->has_uid = true;
	err = read_uid(info, first, &spec->first_uid);
	if (!err)
		err = read_uid(info, last ?: first, &spec->last_uid);
	if (!err && last && !is_range(first, last)) {
		NL_SET_ERR_MSG_ATTR(info->extack, last,
				    "uid-last must not be smaller than uid, nor beyond the users that the user namespace numbers in a row");
		err = -EINVAL;
	}
	return err;
}

/**
 * sst_netlink_get_cgroup() - find the control group of a rule
 * @info: the request
 * @spec: gets it, with a reference for sst_netlink_put_rule_refs()
 *
 * Return: 0 or a negative errno.
 */
int sst_netlink_get_cgroup(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr *attr = info->attrs[SST_A_POLICY_CGROUP];
	struct cgroup *cgroup;

	if (!attr)
		return 0;
	cgroup = cgroup_get_from_path(nla_data(attr));
	if (IS_ERR(cgroup)) {
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "no control group of version 2 has this path; it begins with / at the root of cgroup2");
		return PTR_ERR(cgroup);
	}
	if (cgroup->level > SST_CGROUP_LEVEL_MAX) {
		cgroup_put(cgroup);
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "the control group is deeper than 64 levels; take one higher up");
		return -E2BIG;
	}
	spec->cgroup = cgroup;
	return 0;
}

/**
 * sst_netlink_put_rule_refs() - let go of what a parsed rule holds
 * @spec: the rule
 */
void sst_netlink_put_rule_refs(struct sst_rule_spec *spec)
{
	if (spec->cgroup)
		cgroup_put(spec->cgroup);
	spec->cgroup = NULL;
}

/* Who opens a flow is known by keys, and not told apart by who listens. */
static int check_who(struct genl_info *info, const struct sst_rule_spec *spec)
{
	if (spec->direction != SST_POLICY_DIRECTION_IN || !spec->peer[0])
		return 0;
	if (info->attrs[SST_A_POLICY_UID] || info->attrs[SST_A_POLICY_CGROUP]) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SST_A_POLICY_PEER],
				    "with direction in, uid and cgroup do not go with peer; give the port of the service");
		return -EINVAL;
	}
	return 0;
}

static int parse_rule_flows(struct genl_info *info, struct sst_rule_spec *spec)
{
	struct nlattr *priority = info->attrs[SST_A_POLICY_PRIORITY];
	struct nlattr *proto = info->attrs[SST_A_POLICY_PROTO];
	struct nlattr *mark = info->attrs[SST_A_POLICY_MARK];
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
	err = parse_scope(info, spec);
	if (err)
		return err;
	spec->mark = mark ? nla_get_u8(mark) : SST_MARK_ALL;
	spec->priority = priority ? nla_get_u32(priority) : PRIORITY_DEFAULT;
	return parse_peer(info, spec);
}

/**
 * sst_netlink_get_rule() - read a rule that is to be
 * @info: the request, or one with the attributes of the rule alone
 * @spec: gets it; when this returns 0, sst_netlink_put_rule_refs() is due
 *
 * Return: 0 or a negative errno, after the words about it.
 */
int sst_netlink_get_rule(struct genl_info *info, struct sst_rule_spec *spec)
{
	int err;

	err = parse_rule_flows(info, spec);
	if (err)
		return err;
	err = sst_netlink_get_uids(info, spec);
	if (err)
		return err;
	err = check_who(info, spec);
	return err ?: sst_netlink_get_cgroup(info, spec);
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

static int put_uids(struct sk_buff *msg, const struct sst_rule_spec *spec)
{
	struct user_namespace *ns = current_user_ns();

	if (!spec->has_uid)
		return 0;
	if (nla_put_u32(msg, SST_A_POLICY_UID,
			from_kuid_munged(ns, KUIDT_INIT(spec->first_uid))))
		return -EMSGSIZE;
	return nla_put_u32(msg, SST_A_POLICY_UID_LAST,
			   from_kuid_munged(ns, KUIDT_INIT(spec->last_uid)));
}

/* The path that it has now, as the reader sees it; left out when it has no room. */
static int put_path(struct sk_buff *msg, const struct cgroup *cgroup)
{
	const struct cgroup_namespace *ns = current->nsproxy->cgroup_ns;
	char *path = kmalloc(SST_CGROUP_MAX + 1, GFP_ATOMIC);
	int err = 0, n;

	/* An error would end a dump here. */
	if (!path)
		return 0;
	n = kernfs_path_from_node(cgroup->kn, ns->root_cset->dfl_cgrp->kn,
				  path, SST_CGROUP_MAX + 1);
	if (n >= 0 && n <= SST_CGROUP_MAX)
		err = nla_put_string(msg, SST_A_POLICY_CGROUP, path);
	kfree(path);
	return err;
}

static int put_cgroup(struct sk_buff *msg, const struct sst_rule_spec *spec)
{
	const struct cgroup *cgroup = spec->cgroup;

	if (!cgroup)
		return 0;
	if (put_path(msg, cgroup) ||
	    nla_put_u64_64bit(msg, SST_A_POLICY_CGROUP_ID, cgroup_id(cgroup),
			      SST_A_POLICY_PAD))
		return -EMSGSIZE;
	if (READ_ONCE(cgroup->self.flags) & CSS_ONLINE)
		return 0;
	return nla_put_flag(msg, SST_A_POLICY_CGROUP_GONE);
}

/**
 * sst_netlink_put_rule() - put a rule to an answer
 * @msg: the answer
 * @rule: the rule; the caller is in an RCU read section
 *
 * Return: 0, or a negative errno when it has no room.
 */
int sst_netlink_put_rule(struct sk_buff *msg, const struct sst_rule *rule)
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
	    nla_put_u8(msg, SST_A_POLICY_SCOPE, spec->scope) ||
	    nla_put_u8(msg, SST_A_POLICY_MARK, spec->mark) ||
	    put_uids(msg, spec) || put_cgroup(msg, spec) ||
	    nla_put_u32(msg, SST_A_POLICY_PRIORITY, spec->priority))
		return -EMSGSIZE;
	return nla_put_u64_64bit(msg, SST_A_POLICY_HITS,
				 atomic64_read(&rule->hits), SST_A_POLICY_PAD);
}
