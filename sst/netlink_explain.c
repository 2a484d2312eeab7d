// SPDX-License-Identifier: GPL-2.0
/* The control plane: what becomes of a flow, and which rule says so. */
#include <linux/rcupdate.h>
#include <net/genetlink.h>

#include "netlink_gen.h"
#include "netlink_reply.h"
#include "netlink_request.h"
#include "netlink_rule.h"
#include "pernet.h"
#include "select.h"

/* What policy-explain must carry, in the order in which it is missed. */
static const struct sst_netlink_need explain_needs[] = {
	{ SST_A_POLICY_DIRECTION, 0, "direction is missing; give out or in" },
	{ SST_A_POLICY_PROTO, 0, "proto is missing; give 6 (TCP) or 17 (UDP)" },
	{ SST_A_POLICY_IPV4, SST_A_POLICY_IPV6,
	  "the address of the other host is missing" },
	{ SST_A_POLICY_PORT, 0, "port is missing, that of the service" },
};

/**
 * struct query - what is asked
 * @spec: its address, protocol, direction, port, user and control group
 * @tuple: the flow; the other port and this host's address are 0
 * @sender: its socket
 * @who: the same, or NULL when nothing is said of it
 */
struct query {
	struct sst_rule_spec spec;
	struct sst_tuple tuple;
	struct sst_subject sender;
	const struct sst_subject *who;
};

static int read_who(struct genl_info *info, struct query *query)
{
	struct sst_rule_spec *spec = &query->spec;
	int err;

	err = sst_netlink_get_uids(info, spec);
	if (!err)
		err = sst_netlink_get_cgroup(info, spec);
	if (err || !sst_rule_asks_who(spec))
		return err;
	/* Of what is not said, no rule is about it. */
	query->sender.uid = spec->has_uid ? spec->first_uid :
					    __kuid_val(INVALID_UID);
	query->sender.cgroup = spec->cgroup;
	query->who = &query->sender;
	return 0;
}

static int read_query(struct genl_info *info, struct query *query)
{
	struct sst_rule_spec *spec = &query->spec;
	struct sst_tuple *tuple = &query->tuple;
	__be16 port;
	int err;

	err = sst_netlink_require(info, explain_needs,
				  ARRAY_SIZE(explain_needs));
	if (!err)
		err = sst_netlink_get_proto(info,
					    info->attrs[SST_A_POLICY_PROTO],
					    &tuple->proto);
	if (!err)
		err = sst_netlink_get_address(info, spec);
	if (err)
		return err;
	spec->direction = nla_get_u8(info->attrs[SST_A_POLICY_DIRECTION]);
	tuple->family = spec->family;
	tuple->remote = spec->addr;
	port = nla_get_be16(info->attrs[SST_A_POLICY_PORT]);
	if (spec->direction == SST_POLICY_DIRECTION_IN)
		tuple->lport = port;
	else
		tuple->rport = port;
	return read_who(info, query);
}

static int put_key(struct sk_buff *msg, const struct sst_forecast *forecast)
{
	if (!forecast->key)
		return 0;
	if (forecast->peer && nla_put_string(msg, SST_A_POLICY_KEY_PEER,
					     forecast->peer->name))
		return -EMSGSIZE;
	return nla_put_u8(msg, SST_A_POLICY_KEY_KIND, forecast->key);
}

/* What goes to an address of this host takes the loopback device. */
static bool is_own(struct sst_net *sn, const struct sst_tuple *tuple)
{
	struct sst_tuple to = *tuple;

	to.local = tuple->remote;
	return sst_netlink_is_loopback(&tuple->remote, tuple->family) ||
	       sst_packet_is_local(sn->net, NULL, &to);
}

static int put_answer(struct sk_buff *msg, struct sst_net *sn,
		      const struct query *query)
{
	struct sst_forecast forecast = {};
	int err = 0;

	if (is_own(sn, &query->tuple))
		forecast.outcome = SST_POLICY_OUTCOME_EXEMPT;
	else if (query->spec.direction == SST_POLICY_DIRECTION_OUT)
		sst_select_foretell_out(sn, &query->tuple, query->who,
					&forecast);
	else
		sst_select_foretell_in(sn, &query->tuple, query->who,
				       &forecast);
	if (forecast.rule)
		err = sst_netlink_put_rule(msg, forecast.rule);
	if (!err)
		err = nla_put_u8(msg, SST_A_POLICY_OUTCOME, forecast.outcome);
	return err ?: put_key(msg, &forecast);
}

int sst_nl_policy_explain_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct query query = {};
	struct sk_buff *msg;
	int err;

	err = read_query(info, &query);
	if (err)
		return err;
	msg = sst_netlink_reply_new(info, NLMSG_DEFAULT_SIZE);
	if (msg) {
		rcu_read_lock();
		err = put_answer(msg, sst_netlink_net(info), &query);
		rcu_read_unlock();
		err = sst_netlink_reply_send(info, msg, err);
	} else {
		err = -ENOMEM;
	}
	sst_netlink_put_rule_refs(&query.spec);
	return err;
}
