// SPDX-License-Identifier: GPL-2.0
/* What the handlers share about answers: a single message, and a dump. */
#include <linux/rcupdate.h>
#include <net/genetlink.h>

#include "netlink.h"
#include "netlink_reply.h"

/**
 * sst_netlink_reply_new() - begin the answer to a request
 * @info: the request
 * @size: room in bytes for the attributes
 *
 * sst_netlink_reply_send() takes what this returns.
 *
 * Return: a message that attributes can be put to, or NULL: no memory.
 */
struct sk_buff *sst_netlink_reply_new(struct genl_info *info, size_t size)
{
	struct sk_buff *msg = genlmsg_new(size, GFP_KERNEL);

	/* genlmsg_new() leaves room for the header. */
	if (msg)
		genlmsg_put_reply(msg, info, &sst_nl_family, 0,
				  info->genlhdr->cmd);
	return msg;
}

/**
 * sst_netlink_reply_send() - send the answer, or let go of it
 * @info: the request
 * @msg: the answer, from sst_netlink_reply_new()
 * @err: 0, or the negative errno that the request gets instead
 *
 * Return: @err, or that of the sending.
 */
int sst_netlink_reply_send(struct genl_info *info, struct sk_buff *msg, int err)
{
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	nlmsg_end(msg, nlmsg_hdr(msg));
	return genlmsg_reply(msg, info);
}

/**
 * sst_netlink_dump() - the next part of a dump: as much as there is room for
 * @skb: where it goes
 * @cb: the dump
 * @put_next: puts one message's attributes
 *
 * The caller may set cb->seq to a generation of what is dumped. If it differs from
 * that of the part before, NLM_F_DUMP_INTR tells.
 *
 * Return: number of bytes, 0 at the end, or -EINVAL for a request with
 * attributes.
 */
int sst_netlink_dump(struct sk_buff *skb, struct netlink_callback *cb,
		     sst_netlink_put_next *put_next)
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
	void *hdr;

	if (nlmsg_attrlen(cb->nlh, GENL_HDRLEN)) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no attributes");
		return -EINVAL;
	}
	rcu_read_lock();
	while ((hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &sst_nl_family,
				  NLM_F_MULTI, request->cmd))) {
		if (put_next(skb, cb)) {
			genlmsg_cancel(skb, hdr);
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
	}
	rcu_read_unlock();
	return skb->len;
}
