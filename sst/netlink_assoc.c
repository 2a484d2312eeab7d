// SPDX-License-Identifier: GPL-2.0
/* The control plane of the associations: handlers of assoc-get, assoc-flush. */
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "derived.h"
#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

/* Room in bytes that one association takes in a message. */
#define ASSOC_MSG_SIZE	(nla_total_size(SST_ASSOC_ID_SIZE) + \
			 nla_total_size(SST_NAME_MAX + 1) + \
			 3 * nla_total_size(sizeof(u8)) + \
			 2 * nla_total_size(sizeof(struct in6_addr)) + \
			 2 * nla_total_size(sizeof(u32)) + \
			 nla_total_size(SST_PUBLIC_SIZE))

static int put_path(struct sk_buff *msg, const struct sst_path *path)
{
	if (path->family == NFPROTO_IPV4) {
		if (nla_put_in_addr(msg, SST_A_ASSOC_LOCAL_IPV4,
				    path->local.ip) ||
		    nla_put_in_addr(msg, SST_A_ASSOC_REMOTE_IPV4,
				    path->remote.ip))
			return -EMSGSIZE;
		return 0;
	}
	if (nla_put_in6_addr(msg, SST_A_ASSOC_LOCAL_IPV6, &path->local.in6) ||
	    nla_put_in6_addr(msg, SST_A_ASSOC_REMOTE_IPV6, &path->remote.in6))
		return -EMSGSIZE;
	return 0;
}

static int put_peer_name(struct sk_buff *msg, struct sst_net *sn, u32 peer_id)
{
	const struct sst_peer *peer = sst_peers_by_number(&sn->peers, peer_id);

	return peer ? nla_put_string(msg, SST_A_ASSOC_PEER, peer->name) : 0;
}

/* An association as attributes. None of its keys is among them. */
static int put_assoc(struct sk_buff *msg, struct sst_net *sn,
		     const struct sst_derived *derived)
{
	const struct sst_assoc *assoc = &derived->assoc;

	if (nla_put(msg, SST_A_ASSOC_ID, sizeof(assoc->id), assoc->id) ||
	    put_peer_name(msg, sn, assoc->peer_id) ||
	    nla_put_u8(msg, SST_A_ASSOC_ORIGIN, derived->origin) ||
	    nla_put_u8(msg, SST_A_ASSOC_SIDE, assoc->side) ||
	    nla_put_u8(msg, SST_A_ASSOC_SUITE, assoc->suite) ||
	    put_path(msg, &derived->path) ||
	    nla_put_u32(msg, SST_A_ASSOC_AGE,
			div_u64(get_jiffies_64() - derived->made, HZ)) ||
	    nla_put_u32(msg, SST_A_ASSOC_LIFETIME, derived->lifetime))
		return -EMSGSIZE;
	if (derived->has_identity &&
	    nla_put(msg, SST_A_ASSOC_IDENTITY, sizeof(derived->identity),
		    derived->identity))
		return -EMSGSIZE;
	return 0;
}

static int no_such_assoc(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_ASSOC_ID],
			    "no association has this id; a dump of assoc-get shows all");
	return -ENOENT;
}

int sst_nl_assoc_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	const struct sst_derived *derived;
	struct sk_buff *msg;
	int err;

	if (!info->attrs[SST_A_ASSOC_ID])
		return sst_netlink_missing(info, SST_A_ASSOC_ID,
					   "id is missing");
	msg = sst_netlink_reply_new(info, ASSOC_MSG_SIZE);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	derived = sst_derived_by_id(&sn->deriveds,
				    nla_data(info->attrs[SST_A_ASSOC_ID]));
	err = derived ? put_assoc(msg, sn, derived) : no_such_assoc(info);
	rcu_read_unlock();
	return sst_netlink_reply_send(info, msg, err);
}

/* The cursor is the number of an association, as that of the peers' dump. */
static int put_next_assoc(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	const struct sst_derived *derived;
	int err;

	derived = sst_derived_next(&sn->deriveds, cb->args[0]);
	if (!derived)
		return -ENOENT;
	err = put_assoc(skb, sn, derived);
	if (!err)
		cb->args[0] = derived->number + 1;
	return err;
}

int sst_nl_assoc_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sst_netlink_dump(skb, cb, put_next_assoc);
}

int sst_nl_assoc_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	sst_derived_flush(sst_netlink_net(info), 0);
	return 0;
}
