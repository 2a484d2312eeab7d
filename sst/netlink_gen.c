// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/sst.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/sst_netlink.h>

/* Common nested types */
const struct nla_policy sst_rule_nl_policy[SST_A_POLICY_MARK + 1] = {
	[SST_A_POLICY_DIRECTION] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SST_A_POLICY_IPV4] = { .type = NLA_U32, },
	[SST_A_POLICY_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[SST_A_POLICY_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[SST_A_POLICY_PROTO] = { .type = NLA_U8, },
	[SST_A_POLICY_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_POLICY_PORT_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_POLICY_VERDICT] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SST_A_POLICY_PRIORITY] = { .type = NLA_U32, },
	[SST_A_POLICY_PEER] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
	[SST_A_POLICY_SCOPE] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SST_A_POLICY_UID] = { .type = NLA_U32, },
	[SST_A_POLICY_UID_LAST] = { .type = NLA_U32, },
	[SST_A_POLICY_CGROUP] = { .type = NLA_NUL_STRING, .len = SST_CGROUP_MAX, },
	[SST_A_POLICY_MARK] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
};

/* SST_CMD_FLOW_ADD - do */
const struct nla_policy sst_flow_add_nl_policy[SST_A_FLOW_KEY + 1] = {
	[SST_A_FLOW_PROTO] = { .type = NLA_U8, },
	[SST_A_FLOW_LOCAL_IPV4] = { .type = NLA_U32, },
	[SST_A_FLOW_REMOTE_IPV4] = { .type = NLA_U32, },
	[SST_A_FLOW_LOCAL_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[SST_A_FLOW_REMOTE_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[SST_A_FLOW_LOCAL_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_FLOW_REMOTE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_FLOW_WIRE_LOCAL_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_FLOW_WIRE_REMOTE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_FLOW_SIDE] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SST_A_FLOW_SCOPE] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SST_A_FLOW_SUITE] = NLA_POLICY_RANGE(NLA_U8, 1, 1),
	[SST_A_FLOW_KEY] = NLA_POLICY_EXACT_LEN(SST_KEY_SIZE),
};

/* SST_CMD_FLOW_DEL - do */
const struct nla_policy sst_flow_del_nl_policy[SST_A_FLOW_ID + 1] = {
	[SST_A_FLOW_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* SST_CMD_FLOW_GET - do */
const struct nla_policy sst_flow_get_nl_policy[SST_A_FLOW_ID + 1] = {
	[SST_A_FLOW_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* SST_CMD_FLOW_FLUSH - do */
const struct nla_policy sst_flow_flush_nl_policy[SST_A_FLOW_PROTO + 1] = {
	[SST_A_FLOW_PROTO] = { .type = NLA_U8, },
};

/* SST_CMD_STATS_GET - do */
const struct nla_policy sst_stats_get_nl_policy[SST_A_STATS_PAD + 1] = {
};

/* SST_CMD_CONFIG_GET - do */
const struct nla_policy sst_config_get_nl_policy[SST_A_CONFIG_PAD + 1] = {
};

/* SST_CMD_CONFIG_SET - do */
const struct nla_policy sst_config_set_nl_policy[SST_A_CONFIG_MAX_ASSOCS + 1] = {
	[SST_A_CONFIG_MARK_MASK] = { .type = NLA_U8, },
	[SST_A_CONFIG_MARK_VALUE] = { .type = NLA_U8, },
	[SST_A_CONFIG_DSCP] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SST_A_CONFIG_REKEY_PACKETS] = NLA_POLICY_MIN(NLA_U32, 1),
	[SST_A_CONFIG_REKEY_SECONDS] = NLA_POLICY_RANGE(NLA_U32, 1, 3600),
	[SST_A_CONFIG_MAX_FLOWS] = { .type = NLA_U32, },
	[SST_A_CONFIG_OPENING_WINDOW] = { .type = NLA_U32, },
	[SST_A_CONFIG_MAX_HALF_OPEN] = NLA_POLICY_MIN(NLA_U32, 1),
	[SST_A_CONFIG_COOKIES] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SST_A_CONFIG_INIT_FROM] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SST_A_CONFIG_ASSOC_LIFETIME] = { .type = NLA_U32, },
	[SST_A_CONFIG_WIRE_PORT] = { .type = NLA_U16, },
	[SST_A_CONFIG_WIRE_PORT_LAST] = { .type = NLA_U16, },
	[SST_A_CONFIG_MAX_ASSOCS] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* SST_CMD_PEER_ADD - do */
const struct nla_policy sst_peer_add_nl_policy[SST_A_PEER_IDENTITY + 1] = {
	[SST_A_PEER_NAME] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
	[SST_A_PEER_IPV4] = { .type = NLA_U32, },
	[SST_A_PEER_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[SST_A_PEER_PSK] = NLA_POLICY_EXACT_LEN(SST_KEY_SIZE),
	[SST_A_PEER_SIDE] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SST_A_PEER_SUITE] = NLA_POLICY_RANGE(NLA_U8, 1, 1),
	[SST_A_PEER_PUBLIC_KEY] = NLA_POLICY_EXACT_LEN(SST_KEY_SIZE),
	[SST_A_PEER_WIRE_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_PEER_WIRE_PORT_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_PEER_IDENTITY] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
};

/* SST_CMD_PEER_DEL - do */
const struct nla_policy sst_peer_del_nl_policy[SST_A_PEER_NAME + 1] = {
	[SST_A_PEER_NAME] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
};

/* SST_CMD_PEER_GET - do */
const struct nla_policy sst_peer_get_nl_policy[SST_A_PEER_NAME + 1] = {
	[SST_A_PEER_NAME] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
};

/* SST_CMD_POLICY_ADD - do */
const struct nla_policy sst_policy_add_nl_policy[SST_A_POLICY_MARK + 1] = {
	[SST_A_POLICY_DIRECTION] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SST_A_POLICY_IPV4] = { .type = NLA_U32, },
	[SST_A_POLICY_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[SST_A_POLICY_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[SST_A_POLICY_PROTO] = { .type = NLA_U8, },
	[SST_A_POLICY_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_POLICY_PORT_LAST] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_POLICY_VERDICT] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SST_A_POLICY_PRIORITY] = { .type = NLA_U32, },
	[SST_A_POLICY_PEER] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
	[SST_A_POLICY_SCOPE] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
	[SST_A_POLICY_UID] = { .type = NLA_U32, },
	[SST_A_POLICY_UID_LAST] = { .type = NLA_U32, },
	[SST_A_POLICY_CGROUP] = { .type = NLA_NUL_STRING, .len = SST_CGROUP_MAX, },
	[SST_A_POLICY_MARK] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
};

/* SST_CMD_POLICY_DEL - do */
const struct nla_policy sst_policy_del_nl_policy[SST_A_POLICY_ID + 1] = {
	[SST_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* SST_CMD_POLICY_GET - do */
const struct nla_policy sst_policy_get_nl_policy[SST_A_POLICY_ID + 1] = {
	[SST_A_POLICY_ID] = NLA_POLICY_MIN(NLA_U32, 1),
};

/* SST_CMD_POLICY_FLUSH - do */
const struct nla_policy sst_policy_flush_nl_policy[SST_A_POLICY_DIRECTION + 1] = {
	[SST_A_POLICY_DIRECTION] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
};

/* SST_CMD_SHUTDOWN - do */
const struct nla_policy sst_shutdown_nl_policy[SST_A_POLICY_PAD + 1] = {
};

/* SST_CMD_HOST_ADD - do */
const struct nla_policy sst_host_add_nl_policy[SST_A_HOST_SECRET_KEY + 1] = {
	[SST_A_HOST_NAME] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
	[SST_A_HOST_SECRET_KEY] = NLA_POLICY_EXACT_LEN(SST_KEY_SIZE),
};

/* SST_CMD_HOST_DEL - do */
const struct nla_policy sst_host_del_nl_policy[SST_A_HOST_NAME + 1] = {
	[SST_A_HOST_NAME] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
};

/* SST_CMD_HOST_GET - do */
const struct nla_policy sst_host_get_nl_policy[SST_A_HOST_NAME + 1] = {
	[SST_A_HOST_NAME] = { .type = NLA_NUL_STRING, .len = SST_NAME_MAX, },
};

/* SST_CMD_ASSOC_GET - do */
const struct nla_policy sst_assoc_get_nl_policy[SST_A_ASSOC_ID + 1] = {
	[SST_A_ASSOC_ID] = NLA_POLICY_EXACT_LEN(SST_ID_SIZE),
};

/* SST_CMD_ASSOC_FLUSH - do */
const struct nla_policy sst_assoc_flush_nl_policy[SST_A_ASSOC_PAD + 1] = {
};

/* SST_CMD_WISH_ADD - do */
const struct nla_policy sst_wish_add_nl_policy[SST_A_WISH_VERDICT + 1] = {
	[SST_A_WISH_CGROUP_FD] = { .type = NLA_U32, },
	[SST_A_WISH_VERDICT] = NLA_POLICY_RANGE(NLA_U8, 1, 3),
};

/* SST_CMD_WISH_GET - do */
const struct nla_policy sst_wish_get_nl_policy[SST_A_WISH_CGROUP_ID + 1] = {
	[SST_A_WISH_CGROUP_ID] = { .type = NLA_U64, },
};

/* SST_CMD_POLICY_REPLACE - do */
const struct nla_policy sst_policy_replace_nl_policy[SST_A_POLICY_RULE + 1] = {
	[SST_A_POLICY_RULE] = NLA_POLICY_NESTED(sst_rule_nl_policy),
};

/* SST_CMD_POLICY_EXPLAIN - do */
const struct nla_policy sst_policy_explain_nl_policy[SST_A_POLICY_CGROUP + 1] = {
	[SST_A_POLICY_DIRECTION] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[SST_A_POLICY_IPV4] = { .type = NLA_U32, },
	[SST_A_POLICY_IPV6] = NLA_POLICY_EXACT_LEN(16),
	[SST_A_POLICY_PROTO] = { .type = NLA_U8, },
	[SST_A_POLICY_PORT] = NLA_POLICY_MIN(NLA_U16, 1),
	[SST_A_POLICY_UID] = { .type = NLA_U32, },
	[SST_A_POLICY_CGROUP] = { .type = NLA_NUL_STRING, .len = SST_CGROUP_MAX, },
};

/* Ops table for sst */
const struct genl_ops sst_nl_ops[24] = {
	{
		.cmd		= SST_CMD_FLOW_ADD,
		.doit		= sst_nl_flow_add_doit,
		.policy		= sst_flow_add_nl_policy,
		.maxattr	= SST_A_FLOW_KEY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_FLOW_DEL,
		.doit		= sst_nl_flow_del_doit,
		.policy		= sst_flow_del_nl_policy,
		.maxattr	= SST_A_FLOW_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_FLOW_GET,
		.doit		= sst_nl_flow_get_doit,
		.dumpit		= sst_nl_flow_get_dumpit,
		.policy		= sst_flow_get_nl_policy,
		.maxattr	= SST_A_FLOW_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_FLOW_FLUSH,
		.doit		= sst_nl_flow_flush_doit,
		.policy		= sst_flow_flush_nl_policy,
		.maxattr	= SST_A_FLOW_PROTO,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_STATS_GET,
		.doit		= sst_nl_stats_get_doit,
		.policy		= sst_stats_get_nl_policy,
		.maxattr	= SST_A_STATS_PAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_CONFIG_GET,
		.doit		= sst_nl_config_get_doit,
		.policy		= sst_config_get_nl_policy,
		.maxattr	= SST_A_CONFIG_PAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_CONFIG_SET,
		.doit		= sst_nl_config_set_doit,
		.policy		= sst_config_set_nl_policy,
		.maxattr	= SST_A_CONFIG_MAX_ASSOCS,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_PEER_ADD,
		.doit		= sst_nl_peer_add_doit,
		.policy		= sst_peer_add_nl_policy,
		.maxattr	= SST_A_PEER_IDENTITY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_PEER_DEL,
		.doit		= sst_nl_peer_del_doit,
		.policy		= sst_peer_del_nl_policy,
		.maxattr	= SST_A_PEER_NAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_PEER_GET,
		.doit		= sst_nl_peer_get_doit,
		.dumpit		= sst_nl_peer_get_dumpit,
		.policy		= sst_peer_get_nl_policy,
		.maxattr	= SST_A_PEER_NAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_POLICY_ADD,
		.doit		= sst_nl_policy_add_doit,
		.policy		= sst_policy_add_nl_policy,
		.maxattr	= SST_A_POLICY_MARK,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_POLICY_DEL,
		.doit		= sst_nl_policy_del_doit,
		.policy		= sst_policy_del_nl_policy,
		.maxattr	= SST_A_POLICY_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_POLICY_GET,
		.doit		= sst_nl_policy_get_doit,
		.dumpit		= sst_nl_policy_get_dumpit,
		.policy		= sst_policy_get_nl_policy,
		.maxattr	= SST_A_POLICY_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_POLICY_FLUSH,
		.doit		= sst_nl_policy_flush_doit,
		.policy		= sst_policy_flush_nl_policy,
		.maxattr	= SST_A_POLICY_DIRECTION,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_SHUTDOWN,
		.doit		= sst_nl_shutdown_doit,
		.policy		= sst_shutdown_nl_policy,
		.maxattr	= SST_A_POLICY_PAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_HOST_ADD,
		.doit		= sst_nl_host_add_doit,
		.policy		= sst_host_add_nl_policy,
		.maxattr	= SST_A_HOST_SECRET_KEY,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_HOST_DEL,
		.doit		= sst_nl_host_del_doit,
		.policy		= sst_host_del_nl_policy,
		.maxattr	= SST_A_HOST_NAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_HOST_GET,
		.doit		= sst_nl_host_get_doit,
		.dumpit		= sst_nl_host_get_dumpit,
		.policy		= sst_host_get_nl_policy,
		.maxattr	= SST_A_HOST_NAME,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_ASSOC_GET,
		.doit		= sst_nl_assoc_get_doit,
		.dumpit		= sst_nl_assoc_get_dumpit,
		.policy		= sst_assoc_get_nl_policy,
		.maxattr	= SST_A_ASSOC_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_ASSOC_FLUSH,
		.doit		= sst_nl_assoc_flush_doit,
		.policy		= sst_assoc_flush_nl_policy,
		.maxattr	= SST_A_ASSOC_PAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_WISH_ADD,
		.doit		= sst_nl_wish_add_doit,
		.policy		= sst_wish_add_nl_policy,
		.maxattr	= SST_A_WISH_VERDICT,
	},
	{
		.cmd		= SST_CMD_WISH_GET,
		.doit		= sst_nl_wish_get_doit,
		.dumpit		= sst_nl_wish_get_dumpit,
		.policy		= sst_wish_get_nl_policy,
		.maxattr	= SST_A_WISH_CGROUP_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_POLICY_REPLACE,
		.doit		= sst_nl_policy_replace_doit,
		.policy		= sst_policy_replace_nl_policy,
		.maxattr	= SST_A_POLICY_RULE,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= SST_CMD_POLICY_EXPLAIN,
		.doit		= sst_nl_policy_explain_doit,
		.policy		= sst_policy_explain_nl_policy,
		.maxattr	= SST_A_POLICY_CGROUP,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
};

const struct genl_multicast_group sst_nl_mcgrps[SST_NLGRP_EVENTS + 1] = {
	[SST_NLGRP_EVENTS] = { "events", .flags = GENL_MCAST_CAP_NET_ADMIN, },
};
