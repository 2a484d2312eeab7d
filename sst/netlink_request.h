/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_NETLINK_REQUEST_H
#define _SST_NETLINK_REQUEST_H

#include <linux/netfilter.h>
#include <linux/types.h>
#include <uapi/linux/sst_netlink.h>

struct genl_info;
struct nlattr;
struct sst_net;

/**
 * struct sst_netlink_need - an attribute that a request must carry
 * @attr: the attribute
 * @or_attr: another one that does as well, or 0
 * @what: what to say when neither is there
 */
struct sst_netlink_need {
	u16 attr;
	u16 or_attr;
	const char *what;
};

struct sst_net *sst_netlink_net(struct genl_info *info);
void sst_netlink_say(struct genl_info *info, const char *what);
int sst_netlink_missing(struct genl_info *info, u16 attr, const char *what);
int sst_netlink_require(struct genl_info *info,
			const struct sst_netlink_need *needs, unsigned int n);
int sst_netlink_get_proto(struct genl_info *info, const struct nlattr *attr,
			  u8 *proto);
int sst_netlink_get_name(struct genl_info *info, const struct nlattr *attr,
			 char name[SST_NAME_MAX + 1]);
bool sst_netlink_is_unicast(const union nf_inet_addr *addr, u8 family);
bool sst_netlink_is_loopback(const union nf_inet_addr *addr, u8 family);
void sst_netlink_wipe_attr(const struct genl_info *info, int type);

#endif /* _SST_NETLINK_REQUEST_H */
