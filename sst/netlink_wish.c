// SPDX-License-Identifier: GPL-2.0
/*
 * The control plane of the wishes: handlers of wish-add, which anybody may use,
 * and wish-get.
 */
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/nsproxy.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>
#include <uapi/linux/sst.h>

#include "account.h"
#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "pernet.h"

/* Longer paths are cut: each wish has to fit into a message of any dump. */
#define PATH_SIZE	1024

/* Room in bytes that one wish takes in a message. */
#define WISH_MSG_SIZE	(nla_total_size_64bit(sizeof(u64)) + \
			 nla_total_size(sizeof(u8)) + \
			 nla_total_size(sizeof(u32)) + \
			 nla_total_size(PATH_SIZE))

/* What wish-add must carry, in the order in which it is missed. */
static const struct sst_netlink_need wish_needs[] = {
	{ SST_A_WISH_CGROUP_FD, 0,
	  "cgroup-fd is missing; give an open directory of a cgroup" },
	{ SST_A_WISH_VERDICT, 0,
	  "verdict is missing; give prefer or require" },
};

/*
 * Whoever may write to the directory of a cgroup was given it. The file alone
 * says nothing: one that is only a path opens for all. The socket may have been
 * made by somebody else, who has another program send what he wants: then both
 * have to have that right.
 */
static int may_write(const struct genl_info *info, struct sk_buff *skb,
		     struct file *file)
{
	const struct socket *sock = NETLINK_CB(skb).sk->sk_socket;
	const struct cred *old;
	int err;

	if (__mnt_is_readonly(file->f_path.mnt))
		return -EROFS;
	err = file_permission(file, MAY_WRITE);
	if (err || !sock || !sock->file)
		return err;
	old = override_creds(sock->file->f_cred);
	err = file_permission(file, MAY_WRITE);
	revert_creds(old);
	return err;
}

/* The cgroup of an open directory, with a reference. */
static struct cgroup *cgroup_of(struct genl_info *info, struct sk_buff *skb,
				const struct nlattr *attr)
{
	struct cgroup *cgroup;
	struct file *file;
	int err = -EBADF;
	u32 fd = nla_get_u32(attr);

	file = fget_raw(fd);
	if (!file)
		goto bad;
	/* The number may mean another file by now: it has to be the same. */
	cgroup = cgroup_get_from_fd(fd);
	if (IS_ERR(cgroup))
		goto bad_file;
	if (file_inode(file)->i_private != cgroup->kn)
		goto bad_cgroup;
	err = may_write(info, skb, file);
	if (err)
		goto bad_cgroup;
	fput(file);
	return cgroup;

bad_cgroup:
	cgroup_put(cgroup);
bad_file:
	fput(file);
bad:
	if (err == -EBADF)
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "cgroup-fd is not an open directory of a cgroup v2 that is there");
	else
		NL_SET_ERR_MSG_ATTR(info->extack, attr,
				    "the cgroup is not yours; make one in a cgroup that was delegated to you");
	return ERR_PTR(err);
}

static int parse_mode(struct genl_info *info, u8 *mode)
{
	const struct nlattr *attr = info->attrs[SST_A_WISH_VERDICT];

	switch (nla_get_u8(attr)) {
	case SST_VERDICT_PREFER:
		*mode = SST_PREFER;
		return 0;
	case SST_VERDICT_REQUIRE:
		*mode = SST_REQUIRE;
		return 0;
	}
	NL_SET_ERR_MSG_ATTR(info->extack, attr,
			    "a wish only raises protection; give prefer or require");
	return -EINVAL;
}

static int explain(struct genl_info *info, int err)
{
	switch (err) {
	case -EDQUOT:
		NL_SET_ERR_MSG(info->extack,
			       "you have 256 wishes in this network namespace; end such programs and remove their cgroups");
		return -ENOSPC;
	case -ENOSPC:
		NL_SET_ERR_MSG(info->extack,
			       "this network namespace has 4096 wishes; end such programs and remove their cgroups");
		break;
	case -E2BIG:
		NL_SET_ERR_MSG(info->extack,
			       "the cgroup is deeper than 64 levels; take one higher up");
		break;
	}
	return err;
}

int sst_nl_wish_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	struct cgroup *cgroup;
	u8 mode;
	int err;

	err = sst_netlink_require(info, wish_needs, ARRAY_SIZE(wish_needs));
	if (err)
		return err;
	err = parse_mode(info, &mode);
	if (err)
		return err;
	cgroup = cgroup_of(info, skb, info->attrs[SST_A_WISH_CGROUP_FD]);
	if (IS_ERR(cgroup))
		return PTR_ERR(cgroup);
	err = sst_pernet_activate(sn);
	if (err)
		NL_SET_ERR_MSG(info->extack, "cannot register the packet hooks");
	else
		err = explain(info, sst_wish_add(&sn->wishes, cgroup, mode,
						 sst_account_user()));
	if (!err)
		WRITE_ONCE(sn->sockets_ask, true);
	if (!err && mode == SST_REQUIRE)
		WRITE_ONCE(sn->sockets_require, true);
	cgroup_put(cgroup);
	return err;
}

/* As whoever asks would see it: from the root of his cgroup namespace. */
static int put_path(struct sk_buff *msg, struct cgroup *cgroup)
{
	struct cgroup *root = current->nsproxy->cgroup_ns->root_cset->dfl_cgrp;
	char *path;
	int err;

	path = kzalloc(PATH_SIZE, GFP_ATOMIC);
	if (!path)
		return -ENOMEM;
	kernfs_path_from_node(cgroup->kn, root->kn, path, PATH_SIZE);
	err = nla_put_string(msg, SST_A_WISH_CGROUP_PATH, path);
	kfree(path);
	return err;
}

static int put_wish(struct sk_buff *msg, const struct sst_wish *wish)
{
	u8 verdict = wish->mode == SST_REQUIRE ? SST_VERDICT_REQUIRE :
						 SST_VERDICT_PREFER;

	if (nla_put_u64_64bit(msg, SST_A_WISH_CGROUP_ID,
			      cgroup_id(wish->cgroup), SST_A_WISH_PAD) ||
	    nla_put_u8(msg, SST_A_WISH_VERDICT, verdict) ||
	    nla_put_u32(msg, SST_A_WISH_USER,
			from_kuid_munged(current_user_ns(), wish->user)))
		return -EMSGSIZE;
	return put_path(msg, wish->cgroup);
}

static int put_by_id(struct genl_info *info, struct sk_buff *msg, u64 id)
{
	struct sst_wishes *wishes = &sst_netlink_net(info)->wishes;
	const struct sst_wish *wish = NULL;
	int err = -ENOENT;

	mutex_lock(&wishes->lock);
	if (id)
		wish = sst_wish_next(wishes, id - 1);
	if (wish && cgroup_id(wish->cgroup) == id)
		err = put_wish(msg, wish);
	else
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[SST_A_WISH_CGROUP_ID],
				    "there is no wish for a cgroup with this id; a dump of wish-get shows all");
	mutex_unlock(&wishes->lock);
	return err;
}

int sst_nl_wish_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SST_A_WISH_CGROUP_ID];
	struct sk_buff *msg;

	if (!attr)
		return sst_netlink_missing(info, SST_A_WISH_CGROUP_ID,
					   "cgroup-id is missing");
	msg = sst_netlink_reply_new(info, WISH_MSG_SIZE);
	if (!msg)
		return -ENOMEM;
	return sst_netlink_reply_send(info, msg,
				      put_by_id(info, msg, nla_get_u64(attr)));
}

/* The cursor is the id of a cgroup. */
static int put_next_wish(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	const struct sst_wish *wish = sst_wish_next(&sn->wishes, cb->args[0]);
	int err;

	if (!wish)
		return -ENOENT;
	err = put_wish(skb, wish);
	if (!err)
		cb->args[0] = cgroup_id(wish->cgroup);
	return err;
}

int sst_nl_wish_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_wishes *wishes = &sst_pernet(sock_net(skb->sk))->wishes;
	int len;

	mutex_lock(&wishes->lock);
	len = sst_netlink_dump(skb, cb, put_next_wish);
	mutex_unlock(&wishes->lock);
	return len;
}
