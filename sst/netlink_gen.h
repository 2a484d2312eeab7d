/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/sst.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_SST_GEN_H
#define _LINUX_SST_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/sst_netlink.h>

/* Common nested types */
extern const struct nla_policy sst_rule_nl_policy[SST_A_POLICY_MARK + 1];

extern const struct nla_policy sst_flow_add_nl_policy[SST_A_FLOW_KEY + 1];

extern const struct nla_policy sst_flow_del_nl_policy[SST_A_FLOW_ID + 1];

extern const struct nla_policy sst_flow_get_nl_policy[SST_A_FLOW_ID + 1];

extern const struct nla_policy sst_flow_flush_nl_policy[SST_A_FLOW_PROTO + 1];

extern const struct nla_policy sst_stats_get_nl_policy[SST_A_STATS_PAD + 1];

extern const struct nla_policy sst_config_get_nl_policy[SST_A_CONFIG_PAD + 1];

extern const struct nla_policy sst_config_set_nl_policy[SST_A_CONFIG_MAX_ASSOCS + 1];

extern const struct nla_policy sst_peer_add_nl_policy[SST_A_PEER_IDENTITY + 1];

extern const struct nla_policy sst_peer_del_nl_policy[SST_A_PEER_NAME + 1];

extern const struct nla_policy sst_peer_get_nl_policy[SST_A_PEER_NAME + 1];

extern const struct nla_policy sst_policy_add_nl_policy[SST_A_POLICY_MARK + 1];

extern const struct nla_policy sst_policy_del_nl_policy[SST_A_POLICY_ID + 1];

extern const struct nla_policy sst_policy_get_nl_policy[SST_A_POLICY_ID + 1];

extern const struct nla_policy sst_policy_flush_nl_policy[SST_A_POLICY_DIRECTION + 1];

extern const struct nla_policy sst_shutdown_nl_policy[SST_A_POLICY_PAD + 1];

extern const struct nla_policy sst_host_add_nl_policy[SST_A_HOST_SECRET_KEY + 1];

extern const struct nla_policy sst_host_del_nl_policy[SST_A_HOST_NAME + 1];

extern const struct nla_policy sst_host_get_nl_policy[SST_A_HOST_NAME + 1];

extern const struct nla_policy sst_assoc_get_nl_policy[SST_A_ASSOC_ID + 1];

extern const struct nla_policy sst_assoc_flush_nl_policy[SST_A_ASSOC_PAD + 1];

extern const struct nla_policy sst_wish_add_nl_policy[SST_A_WISH_VERDICT + 1];

extern const struct nla_policy sst_wish_get_nl_policy[SST_A_WISH_CGROUP_ID + 1];

extern const struct nla_policy sst_policy_replace_nl_policy[SST_A_POLICY_RULE + 1];

extern const struct nla_policy sst_policy_explain_nl_policy[SST_A_POLICY_CGROUP + 1];

/* Ops table for sst */
extern const struct genl_ops sst_nl_ops[24];

int sst_nl_flow_add_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_flow_del_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_flow_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_flow_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int sst_nl_flow_flush_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_config_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_config_set_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_peer_add_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int sst_nl_policy_add_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_policy_del_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int sst_nl_policy_flush_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_shutdown_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_host_add_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_host_del_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_host_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_host_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int sst_nl_assoc_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_assoc_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int sst_nl_assoc_flush_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_wish_add_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_wish_get_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_wish_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int sst_nl_policy_replace_doit(struct sk_buff *skb, struct genl_info *info);
int sst_nl_policy_explain_doit(struct sk_buff *skb, struct genl_info *info);

enum {
	SST_NLGRP_EVENTS,
};

extern const struct genl_multicast_group sst_nl_mcgrps[SST_NLGRP_EVENTS + 1];

#endif /* _LINUX_SST_GEN_H */
