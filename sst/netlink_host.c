// SPDX-License-Identifier: GPL-2.0
/* The control plane of the host keys: handlers of host-add, host-del, host-get. */
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"
#include "prepare.h"

/* Room in bytes that one host key takes in a message. */
#define HOST_MSG_SIZE	(nla_total_size(SST_NAME_MAX + 1) + \
			 nla_total_size(SST_PUBLIC_SIZE) + \
			 nla_total_size(SST_KEY_ID_SIZE) + \
			 2 * nla_total_size(sizeof(u32)) + \
			 nla_total_size_64bit(sizeof(u64)))

/* What host-add must carry, in the order in which it is missed. */
static const struct sst_netlink_need host_needs[] = {
	{ SST_A_HOST_NAME, 0, "name is missing" },
	{ SST_A_HOST_SECRET_KEY, 0, "secret-key is missing" },
};

static int explain_clash(struct genl_info *info, enum sst_host_clash clash)
{
	struct nlattr **attrs = info->attrs;

	switch (clash) {
	case SST_HOST_CLASH_NONE:
		return 0;
	case SST_HOST_CLASH_NAME:
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_HOST_NAME],
				    "another host key has this name; delete it first or choose another name");
		return -EEXIST;
	case SST_HOST_CLASH_KEY:
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_HOST_SECRET_KEY],
				    "this key is there under another name; a dump of host-get shows all");
		return -EEXIST;
	case SST_HOST_CLASH_FULL:
		NL_SET_ERR_MSG(info->extack,
			       "this namespace has 64 host keys; delete some");
		return -ENOSPC;
	case SST_HOST_CLASH_WEAK:
		NL_SET_ERR_MSG_ATTR(info->extack, attrs[SST_A_HOST_SECRET_KEY],
				    "this is no secret key; generate a new one");
		return -EINVAL;
	case SST_HOST_CLASH_NOMEM:
		break;
	}
	return -ENOMEM;
}

static int add_host(struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	struct nlattr **attrs = info->attrs;
	char name[SST_NAME_MAX + 1];
	enum sst_host_clash clash;
	int err;

	err = sst_netlink_require(info, host_needs, ARRAY_SIZE(host_needs));
	if (err)
		return err;
	err = sst_netlink_get_name(info, attrs[SST_A_HOST_NAME], name);
	if (err)
		return err;
	err = sst_pernet_activate(sn);
	if (err) {
		NL_SET_ERR_MSG(info->extack,
			       "cannot register the packet hooks; see whether memory is short");
		return err;
	}
	clash = sst_hosts_add(&sn->hosts, name,
			      nla_data(attrs[SST_A_HOST_SECRET_KEY]));
	/* Whoever opens a flow with it gets an ephemeral key. */
	if (clash == SST_HOST_CLASH_NONE)
		sst_prepare_pairs(sn);
	return explain_clash(info, clash);
}

static int put_host(struct sk_buff *msg, const struct sst_host *host)
{
	u64 last = READ_ONCE(host->init_last);
	u64 now = get_jiffies_64();

	if (nla_put_string(msg, SST_A_HOST_NAME, host->name) ||
	    nla_put(msg, SST_A_HOST_PUBLIC_KEY, sizeof(host->pair.public),
		    host->pair.public) ||
	    nla_put(msg, SST_A_HOST_KEY_ID, sizeof(host->key_id),
		    host->key_id) ||
	    nla_put_u32(msg, SST_A_HOST_AGE, div_u64(now - host->added, HZ)) ||
	    nla_put_u64_64bit(msg, SST_A_HOST_INITS,
			      atomic64_read(&host->inits), SST_A_HOST_PAD))
		return -EMSGSIZE;
	if (last &&
	    nla_put_u32(msg, SST_A_HOST_INIT_IDLE, div_u64(now - last, HZ)))
		return -EMSGSIZE;
	return 0;
}

static int need_name(struct genl_info *info, const char **name)
{
	struct nlattr *attr = info->attrs[SST_A_HOST_NAME];

	if (!attr)
		return sst_netlink_missing(info, SST_A_HOST_NAME,
					   "name is missing");
	*name = nla_data(attr);
	return 0;
}

static int no_such_host(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_HOST_NAME],
			    "no host key has this name; a dump of host-get shows all");
	return -ENOENT;
}

static int put_by_name(struct genl_info *info, struct sk_buff *msg,
		       const char *name)
{
	const struct sst_host *host;
	int err;

	rcu_read_lock();
	host = sst_hosts_by_name(&sst_netlink_net(info)->hosts, name);
	err = host ? put_host(msg, host) : no_such_host(info);
	rcu_read_unlock();
	return err;
}

static int add_and_reply(struct genl_info *info)
{
	struct sk_buff *msg;
	int err;

	/* The answer first: a key that is there must not be reported as failed. */
	msg = sst_netlink_reply_new(info, HOST_MSG_SIZE);
	if (!msg)
		return -ENOMEM;
	err = add_host(info);
	if (!err)
		err = put_by_name(info, msg,
				  nla_data(info->attrs[SST_A_HOST_NAME]));
	return sst_netlink_reply_send(info, msg, err);
}

int sst_nl_host_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = add_and_reply(info);

	sst_netlink_wipe_attr(info, SST_A_HOST_SECRET_KEY);
	return err;
}

int sst_nl_host_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	const char *name;
	int err;

	err = need_name(info, &name);
	if (err)
		return err;
	err = sst_hosts_del(&sst_netlink_net(info)->hosts, name);
	return err == -ENOENT ? no_such_host(info) : err;
}

int sst_nl_host_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;
	const char *name;
	int err;

	err = need_name(info, &name);
	if (err)
		return err;
	msg = sst_netlink_reply_new(info, HOST_MSG_SIZE);
	if (!msg)
		return -ENOMEM;
	return sst_netlink_reply_send(info, msg, put_by_name(info, msg, name));
}

/* The cursor is the number of a host key, as that of the peers' dump. */
static int put_next_host(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	const struct sst_host *host;
	int err;

	host = sst_hosts_next(&sn->hosts, cb->args[0]);
	if (!host)
		return -ENOENT;
	err = put_host(skb, host);
	if (!err)
		cb->args[0] = host->number + 1;
	return err;
}

int sst_nl_host_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return sst_netlink_dump(skb, cb, put_next_host);
}
