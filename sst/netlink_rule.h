/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_NETLINK_RULE_H
#define _SST_NETLINK_RULE_H

struct genl_info;
struct sk_buff;
struct sst_rule;
struct sst_rule_spec;

int sst_netlink_get_address(struct genl_info *info, struct sst_rule_spec *spec);
int sst_netlink_get_uids(struct genl_info *info, struct sst_rule_spec *spec);
int sst_netlink_get_cgroup(struct genl_info *info, struct sst_rule_spec *spec);
int sst_netlink_get_rule(struct genl_info *info, struct sst_rule_spec *spec);
void sst_netlink_put_rule_refs(struct sst_rule_spec *spec);
int sst_netlink_put_rule(struct sk_buff *msg, const struct sst_rule *rule);

#endif /* _SST_NETLINK_RULE_H */
