/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_NETLINK_REPLY_H
#define _SST_NETLINK_REPLY_H

#include <linux/types.h>

struct genl_info;
struct netlink_callback;
struct sk_buff;

struct sk_buff *sst_netlink_reply_new(struct genl_info *info, size_t size);
int sst_netlink_reply_send(struct genl_info *info, struct sk_buff *msg, int err);

/*
 * Put the attributes of what follows the cursor in @cb, and move the cursor.
 * Called in an RCU read-side section. Returns 0, or a negative errno when
 * nothing follows or it has no room; then the cursor stays.
 */
typedef int sst_netlink_put_next(struct sk_buff *skb,
				 struct netlink_callback *cb);

int sst_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     sst_netlink_put_next *put_next);

#endif /* _SST_NETLINK_REPLY_H */
