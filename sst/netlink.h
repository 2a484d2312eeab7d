/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_NETLINK_H
#define _SST_NETLINK_H

extern struct genl_family sst_nl_family;

int sst_netlink_init(void);
void sst_netlink_exit(void);

#endif /* _SST_NETLINK_H */
