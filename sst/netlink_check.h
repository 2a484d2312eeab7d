/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_NETLINK_CHECK_H
#define _SST_NETLINK_CHECK_H

#include <linux/netfilter.h>
#include <linux/types.h>

struct genl_info;
struct netlink_ext_ack;

bool sst_netlink_is_unicast(const union nf_inet_addr *addr, u8 family);
bool sst_netlink_is_loopback(const union nf_inet_addr *addr, u8 family);
void sst_netlink_set_msg(struct netlink_ext_ack *extack, const char *msg);
void sst_netlink_wipe_attr(const struct genl_info *info, int type);

#endif /* _SST_NETLINK_CHECK_H */
