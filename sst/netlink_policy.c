// SPDX-License-Identifier: GPL-2.0
/* The control plane: rules that decide which new flows are SST. */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "netlink_rule.h"
#include "pernet.h"

static int activate(struct sst_net *sn, struct genl_info *info)
{
	int err = sst_pernet_activate(sn);

	if (err)
		NL_SET_ERR_MSG(info->extack, "cannot register the packet hooks");
	return err;
}

static void tell_kinds(struct genl_info *info, int err)
{
	if (err == -E2BIG)
		NL_SET_ERR_MSG(info->extack,
			       "the rules are of more than 1024 kinds; use fewer lengths of prefixes and depths of cgroups");
}

static int add_rule(struct sst_net *sn, struct genl_info *info,
		    const struct sst_rule_spec *spec, u32 *id)
{
	int err;

	err = activate(sn, info);
	if (err)
		return err;
	err = sst_policy_add(&sn->policy, spec, id);
	if (err == -EEXIST)
		NL_SET_ERR_MSG(info->extack,
			       "a rule about the same flows is there; delete it first");
	else if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack,
			       "the namespace has 65536 rules; delete some, or use prefixes and ranges");
	else
		tell_kinds(info, err);
	return err;
}

/* Rules may come first, so that no port stands open before its peers are there. */
static void warn_of_peer(struct sst_net *sn, struct genl_info *info,
			 const struct sst_rule_spec *spec)
{
	bool exists;

	if (!spec->peer[0])
		return;
	rcu_read_lock();
	exists = sst_peers_by_name(&sn->peers, spec->peer);
	rcu_read_unlock();
	if (!exists)
		NL_SET_ERR_MSG(info->extack,
			       "no peer has this name; until one is added the rule is about nobody");
}

int sst_nl_policy_add_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	struct sst_rule_spec spec;
	struct sk_buff *msg;
	int err;
	u32 id;

	err = sst_netlink_get_rule(info, &spec);
	if (err)
		return err;
	/* The answer first: a rule that is there must not be reported as failed. */
	msg = sst_netlink_reply_new(info, nla_total_size(sizeof(id)));
	err = msg ? add_rule(sn, info, &spec, &id) : -ENOMEM;
	sst_netlink_put_rule_refs(&spec);
	if (!msg)
		return err;
	if (!err)
		err = nla_put_u32(msg, SST_A_POLICY_ID, id);
	if (!err)
		warn_of_peer(sn, info, &spec);
	return sst_netlink_reply_send(info, msg, err);
}

/**
 * struct table - rules that are to be
 * @rule: these
 * @attr: where each stands in the request
 * @n: how many there are so far
 */
struct table {
	struct sst_rule **rule;
	struct nlattr **attr;
	unsigned int n;
};

static unsigned int count_rules(struct genl_info *info)
{
	struct nlattr *attr;
	unsigned int n = 0;
	int rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem)
		n += nla_type(attr) == SST_A_POLICY_RULE;
	return n;
}

/* One rule of many, as if it were alone in a request. */
static int read_one(struct genl_info *info, struct nlattr *attr,
		    struct table *table)
{
	struct nlattr *attrs[ARRAY_SIZE(sst_rule_nl_policy)];
	struct genl_info one = *info;
	struct sst_rule_spec spec;
	struct sst_rule *rule;
	int err;

	err = nla_parse_nested(attrs, ARRAY_SIZE(attrs) - 1, attr,
			       sst_rule_nl_policy, info->extack);
	if (err)
		return err;
	one.attrs = attrs;
	err = sst_netlink_get_rule(&one, &spec);
	if (err)
		return err;
	rule = sst_rule_new(&spec);
	sst_netlink_put_rule_refs(&spec);
	if (!rule)
		return -ENOMEM;
	table->attr[table->n] = attr;
	table->rule[table->n++] = rule;
	return 0;
}

/* Whatever is wrong with a rule, the answer points at it or into it. */
static int read_all(struct genl_info *info, struct table *table)
{
	struct nlattr *attr;
	int err, rem;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != SST_A_POLICY_RULE)
			continue;
		err = read_one(info, attr, table);
		if (err) {
			if (info->extack && !info->extack->bad_attr)
				NL_SET_BAD_ATTR(info->extack, attr);
			return err;
		}
		cond_resched();
	}
	return 0;
}

static int put_in_force(struct sst_net *sn, struct genl_info *info,
			struct table *table)
{
	unsigned int same = 0;
	int err;

	err = table->n ? activate(sn, info) : 0;
	if (err)
		return err;
	err = sst_policy_replace(&sn->policy, table->rule, table->n, &same);
	if (err == -EEXIST)
		NL_SET_ERR_MSG_ATTR(info->extack, table->attr[same],
				    "a rule before it is about the same flows");
	tell_kinds(info, err);
	return err;
}

int sst_nl_policy_replace_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);
	unsigned int n = count_rules(info);
	struct table table = {};
	int err;

	if (n > SST_POLICY_MAX) {
		NL_SET_ERR_MSG(info->extack,
			       "a namespace has at most 65536 rules; use prefixes and ranges");
		return -ENOSPC;
	}
	table.rule = kvmalloc_array(n + 1, sizeof(*table.rule), GFP_KERNEL);
	table.attr = kvmalloc_array(n + 1, sizeof(*table.attr), GFP_KERNEL);
	err = table.rule && table.attr ? read_all(info, &table) : -ENOMEM;
	if (!err)
		err = put_in_force(sn, info, &table);
	while (err && table.n)
		sst_rule_free(table.rule[--table.n]);
	kvfree(table.attr);
	kvfree(table.rule);
	return err;
}

static int need_id(struct genl_info *info, u32 *id)
{
	struct nlattr *attr = info->attrs[SST_A_POLICY_ID];

	if (!attr)
		return sst_netlink_missing(info, SST_A_POLICY_ID,
					   "id is missing");
	*id = nla_get_u32(attr);
	return 0;
}

static int no_such_rule(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[SST_A_POLICY_ID],
			    "no rule has this id");
	return -ENOENT;
}

int sst_nl_policy_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err;
	u32 id;

	err = need_id(info, &id);
	if (err)
		return err;
	err = sst_policy_del(&sst_netlink_net(info)->policy, id);
	return err == -ENOENT ? no_such_rule(info) : err;
}

int sst_nl_policy_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[SST_A_POLICY_DIRECTION];
	struct sst_policy *policy = &sst_netlink_net(info)->policy;

	if (attr)
		sst_policy_flush(policy, nla_get_u8(attr));
	else
		sst_policy_clear(policy);
	return 0;
}

int sst_nl_policy_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct sst_rule *rule;
	struct sk_buff *msg;
	int err;
	u32 id;

	err = need_id(info, &id);
	if (err)
		return err;
	msg = sst_netlink_reply_new(info, NLMSG_DEFAULT_SIZE);
	if (!msg)
		return -ENOMEM;
	rcu_read_lock();
	rule = sst_policy_by_id(&sst_netlink_net(info)->policy, id);
	err = rule ? sst_netlink_put_rule(msg, rule) : no_such_rule(info);
	rcu_read_unlock();
	return sst_netlink_reply_send(info, msg, err);
}

/* Where the dump goes on, between its messages. */
static struct sst_policy_cursor *cursor_of(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct sst_policy_cursor) > sizeof(cb->ctx));
	return (struct sst_policy_cursor *)cb->ctx;
}

static int put_next_rule(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));
	struct sst_policy_cursor *cursor = cursor_of(cb);
	struct sst_policy_cursor next = *cursor;
	const struct sst_rule *rule;
	int err;

	rule = sst_policy_next(&sn->policy, &next);
	if (!rule)
		return -ENOENT;
	err = sst_netlink_put_rule(skb, rule);
	if (!err)
		*cursor = next;
	return err;
}

int sst_nl_policy_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct sst_net *sn = sst_pernet(sock_net(skb->sk));

	/* A reader is told when all rules were replaced between two parts. */
	cb->seq = READ_ONCE(sn->policy.generation);
	return sst_netlink_dump(skb, cb, put_next_rule);
}
