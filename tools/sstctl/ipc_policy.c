// SPDX-License-Identifier: GPL-2.0
/* The rules of the policy, and the end of SST. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ipc_internal.h"
#include "sstctl.h"

static const char *const words[SST_A_POLICY_MAX + 1] = {
	[SST_A_POLICY_ID] = "id",
	[SST_A_POLICY_DIRECTION] = "direction",
	[SST_A_POLICY_IPV4] = "prefix",
	[SST_A_POLICY_IPV6] = "prefix",
	[SST_A_POLICY_PREFIX_LEN] = "prefix",
	[SST_A_POLICY_PROTO] = "proto",
	[SST_A_POLICY_PORT] = "port",
	[SST_A_POLICY_PORT_LAST] = "port",
	[SST_A_POLICY_VERDICT] = "verdict",
	[SST_A_POLICY_PRIORITY] = "priority",
	[SST_A_POLICY_PEER] = "peer",
	[SST_A_POLICY_SCOPE] = "scope",
	[SST_A_POLICY_MARK] = "mark",
	[SST_A_POLICY_UID] = "uid",
	[SST_A_POLICY_UID_LAST] = "uid",
	[SST_A_POLICY_CGROUP] = "cgroup",
};

static const struct ipc_words policy_words = { words, ARRAY_SIZE(words) };

/* The length that an attribute has to have before it is read. */
static size_t rule_attr_len(unsigned int type)
{
	switch (type) {
	case SST_A_POLICY_DIRECTION:
	case SST_A_POLICY_PREFIX_LEN:
	case SST_A_POLICY_PROTO:
	case SST_A_POLICY_VERDICT:
	case SST_A_POLICY_SCOPE:
	case SST_A_POLICY_MARK:
	case SST_A_POLICY_OUTCOME:
	case SST_A_POLICY_KEY_KIND:
		return 1;
	case SST_A_POLICY_PORT:
	case SST_A_POLICY_PORT_LAST:
		return 2;
	case SST_A_POLICY_ID:
	case SST_A_POLICY_IPV4:
	case SST_A_POLICY_PRIORITY:
	case SST_A_POLICY_UID:
	case SST_A_POLICY_UID_LAST:
		return 4;
	case SST_A_POLICY_HITS:
	case SST_A_POLICY_CGROUP_ID:
		return 8;
	case SST_A_POLICY_IPV6:
		return 16;
	}
	return 0;
}

/**
 * struct rule_reply - a rule on its way from the kernel
 * @rule: the rule
 * @has_len: there was a prefix length; else all bits count
 */
struct rule_reply {
	struct sst_rule *rule;
	bool has_len;
};

static int get_cgroup(const struct nlattr *attr, struct sst_rule *rule)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 || rule->cgroup)
		return MNL_CB_ERROR;
	rule->cgroup = strdup(mnl_attr_get_str(attr));
	return rule->cgroup ? MNL_CB_OK : MNL_CB_ERROR;
}

static int rule_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	size_t len = rule_attr_len(type);
	struct rule_reply *reply = data;
	struct sst_rule *rule = reply->rule;

	if (type == SST_A_POLICY_PEER)
		return ipc_get_name(attr, rule->peer) ? MNL_CB_OK : MNL_CB_ERROR;
	if (type == SST_A_POLICY_CGROUP)
		return get_cgroup(attr, rule);
	if (type == SST_A_POLICY_CGROUP_GONE)
		rule->cgroup_gone = true;
	if (!len)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != len)
		return MNL_CB_ERROR;

	switch (type) {
	case SST_A_POLICY_ID:
		rule->id = mnl_attr_get_u32(attr);
		break;
	case SST_A_POLICY_DIRECTION:
		rule->direction = mnl_attr_get_u8(attr);
		break;
	case SST_A_POLICY_IPV4:
		ipc_get_addr(attr, AF_INET, &rule->prefix.addr);
		break;
	case SST_A_POLICY_IPV6:
		ipc_get_addr(attr, AF_INET6, &rule->prefix.addr);
		break;
	case SST_A_POLICY_PREFIX_LEN:
		rule->prefix.len = mnl_attr_get_u8(attr);
		reply->has_len = true;
		break;
	case SST_A_POLICY_PROTO:
		rule->proto = mnl_attr_get_u8(attr);
		break;
	case SST_A_POLICY_PORT:
		rule->ports.first = ipc_get_be16(attr);
		break;
	case SST_A_POLICY_PORT_LAST:
		rule->ports.last = ipc_get_be16(attr);
		break;
	case SST_A_POLICY_VERDICT:
		rule->verdict = mnl_attr_get_u8(attr);
		break;
	case SST_A_POLICY_PRIORITY:
		rule->priority = mnl_attr_get_u32(attr);
		rule->has_priority = true;
		break;
	case SST_A_POLICY_SCOPE:
		rule->scope = mnl_attr_get_u8(attr);
		break;
	case SST_A_POLICY_MARK:
		rule->mark = mnl_attr_get_u8(attr);
		break;
	case SST_A_POLICY_UID:
		rule->uids.first = mnl_attr_get_u32(attr);
		rule->uids.given = true;
		break;
	case SST_A_POLICY_UID_LAST:
		rule->uids.last = mnl_attr_get_u32(attr);
		break;
	case SST_A_POLICY_CGROUP_ID:
		rule->cgroup_id = mnl_attr_get_u64(attr);
		break;
	case SST_A_POLICY_HITS:
		rule->hits = mnl_attr_get_u64(attr);
		break;
	}
	return MNL_CB_OK;
}

static int rule_reply(const struct nlmsghdr *nlh, void *data)
{
	struct rule_reply reply = { .rule = data };
	struct sst_rule *rule = data;
	unsigned int most;

	memset(rule, 0, sizeof(*rule));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), rule_attr, &reply) < 0)
		return ipc_malformed();
	most = rule->prefix.addr.family == AF_INET ? 32 : 128;
	if (!reply.has_len)
		rule->prefix.len = most;
	if (rule->prefix.len > most)
		return ipc_malformed();
	if (!rule->ports.last)
		rule->ports.last = rule->ports.first;
	if (rule->uids.last < rule->uids.first)
		rule->uids.last = rule->uids.first;
	return 0;
}

void rule_free(struct sst_rule *rule)
{
	free(rule->cgroup);
	rule->cgroup = NULL;
}

void rules_free(struct list *rules)
{
	struct sst_rule *items = rules->items;
	size_t i;

	for (i = 0; i < rules->count; i++)
		rule_free(&items[i]);
	list_free(rules);
}

static void put_uids(struct nlmsghdr *nlh, const struct sst_uids *uids)
{
	if (!uids->given)
		return;
	mnl_attr_put_u32(nlh, SST_A_POLICY_UID, uids->first);
	if (uids->last != uids->first)
		mnl_attr_put_u32(nlh, SST_A_POLICY_UID_LAST, uids->last);
}

static void put_rule(struct nlmsghdr *nlh, const struct sst_rule *rule)
{
	mnl_attr_put_u8(nlh, SST_A_POLICY_DIRECTION, rule->direction);
	if (rule->prefix.addr.family) {
		ipc_put_addr(nlh, SST_A_POLICY_IPV4, SST_A_POLICY_IPV6,
			     &rule->prefix.addr);
		mnl_attr_put_u8(nlh, SST_A_POLICY_PREFIX_LEN, rule->prefix.len);
	}
	if (rule->proto)
		mnl_attr_put_u8(nlh, SST_A_POLICY_PROTO, rule->proto);
	if (rule->ports.first)
		ipc_put_be16(nlh, SST_A_POLICY_PORT, rule->ports.first);
	if (rule->ports.last != rule->ports.first)
		ipc_put_be16(nlh, SST_A_POLICY_PORT_LAST, rule->ports.last);
	mnl_attr_put_u8(nlh, SST_A_POLICY_VERDICT, rule->verdict);
	if (rule->has_priority)
		mnl_attr_put_u32(nlh, SST_A_POLICY_PRIORITY, rule->priority);
	if (rule->peer[0])
		mnl_attr_put_strz(nlh, SST_A_POLICY_PEER, rule->peer);
	if (rule->scope)
		mnl_attr_put_u8(nlh, SST_A_POLICY_SCOPE, rule->scope);
	if (rule->mark)
		mnl_attr_put_u8(nlh, SST_A_POLICY_MARK, rule->mark);
	put_uids(nlh, &rule->uids);
	if (rule->cgroup)
		mnl_attr_put_strz(nlh, SST_A_POLICY_CGROUP, rule->cgroup);
}

int ipc_policy_add(const struct sst_rule *rule, uint32_t *id)
{
	struct sst_rule reply = { .id = 0 };
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_POLICY_ADD, NLM_F_ACK, &policy_words);

	if (rc)
		return rc;
	put_rule(nlh, rule);
	rc = ipc_talk(nlh, rule_reply, &reply);
	*id = reply.id;
	return rc;
}

/* All attributes of a rule but the path of its control group, and its nest. */
#define RULE_ROOM 256

static size_t table_room(const struct sst_rule *rules, size_t count)
{
	size_t i, room = RULE_ROOM;

	for (i = 0; i < count; i++)
		room += RULE_ROOM + (rules[i].cgroup ? strlen(rules[i].cgroup) : 0);
	return room;
}

/* Which of the rules that begin at these offsets has something at @at? */
static size_t rule_at(const uint32_t *offsets, size_t count, uint32_t at)
{
	size_t i = count;

	while (at && i) {
		if (offsets[--i] <= at)
			return i;
	}
	return count;
}

static int send_table(struct nlmsghdr *nlh, const struct sst_rule *rules,
		      size_t count, uint32_t *offsets, size_t *bad)
{
	struct nlattr *nest;
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		offsets[i] = nlh->nlmsg_len;
		nest = mnl_attr_nest_start(nlh, SST_A_POLICY_RULE);
		put_rule(nlh, &rules[i]);
		mnl_attr_nest_end(nlh, nest);
	}
	ipc_room(nlh->nlmsg_len);
	rc = ipc_talk(nlh, NULL, NULL);
	*bad = rc ? rule_at(offsets, count, ipc_error_offset()) : count;
	return rc;
}

int ipc_policy_replace(const struct sst_rule *rules, size_t count, size_t *bad)
{
	struct nlmsghdr *head, *nlh;
	uint32_t *offsets;
	int rc = ipc_begin(&head, SST_CMD_POLICY_REPLACE, NLM_F_ACK, &policy_words);

	*bad = count;
	if (rc)
		return rc;
	/* libmnl does not clear the padding of attributes. */
	nlh = calloc(1, table_room(rules, count));
	offsets = calloc(count + 1, sizeof(*offsets));
	if (nlh && offsets) {
		memcpy(nlh, head, head->nlmsg_len);
		rc = send_table(nlh, rules, count, offsets, bad);
	} else {
		rc = ipc_fail(-ENOMEM, "%s", strerror(ENOMEM));
	}
	free(offsets);
	free(nlh);
	return rc;
}

static int explain_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct sst_explanation *answer = data;

	switch (type) {
	case SST_A_POLICY_ID:
		answer->has_rule = true;
		break;
	case SST_A_POLICY_KEY_PEER:
		return ipc_get_name(attr, answer->peer) ? MNL_CB_OK : MNL_CB_ERROR;
	case SST_A_POLICY_OUTCOME:
	case SST_A_POLICY_KEY_KIND:
		if (mnl_attr_get_payload_len(attr) != rule_attr_len(type))
			return MNL_CB_ERROR;
		if (type == SST_A_POLICY_OUTCOME)
			answer->outcome = mnl_attr_get_u8(attr);
		else
			answer->key = mnl_attr_get_u8(attr);
		break;
	}
	return MNL_CB_OK;
}

static int explain_reply(const struct nlmsghdr *nlh, void *data)
{
	struct sst_explanation *answer = data;
	int rc = rule_reply(nlh, &answer->rule);

	if (rc)
		return rc;
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), explain_attr, data) < 0)
		return ipc_malformed();
	return 0;
}

int ipc_policy_explain(const struct sst_query *query,
		       struct sst_explanation *explanation)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_POLICY_EXPLAIN, NLM_F_ACK, &policy_words);

	memset(explanation, 0, sizeof(*explanation));
	if (rc)
		return rc;
	mnl_attr_put_u8(nlh, SST_A_POLICY_DIRECTION, query->direction);
	mnl_attr_put_u8(nlh, SST_A_POLICY_PROTO, query->proto);
	ipc_put_addr(nlh, SST_A_POLICY_IPV4, SST_A_POLICY_IPV6,
		     &query->remote.addr);
	ipc_put_be16(nlh, SST_A_POLICY_PORT, query->remote.port);
	put_uids(nlh, &query->uids);
	if (query->cgroup)
		mnl_attr_put_strz(nlh, SST_A_POLICY_CGROUP, query->cgroup);
	return ipc_talk(nlh, explain_reply, explanation);
}

int ipc_policy_del(uint32_t id)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_POLICY_DEL, NLM_F_ACK, &policy_words);

	if (rc)
		return rc;
	mnl_attr_put_u32(nlh, SST_A_POLICY_ID, id);
	return ipc_talk(nlh, NULL, NULL);
}

int ipc_policy_get(uint32_t id, struct sst_rule *rule)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_POLICY_GET, NLM_F_ACK, &policy_words);

	if (rc)
		return rc;
	mnl_attr_put_u32(nlh, SST_A_POLICY_ID, id);
	return ipc_talk(nlh, rule_reply, rule);
}

int ipc_policy_list(struct list *rules)
{
	return ipc_list(SST_CMD_POLICY_GET, rule_reply, sizeof(struct sst_rule),
			rules_free, rules);
}

int ipc_policy_flush(uint8_t direction)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_POLICY_FLUSH, NLM_F_ACK, &policy_words);

	if (rc)
		return rc;
	if (direction)
		mnl_attr_put_u8(nlh, SST_A_POLICY_DIRECTION, direction);
	return ipc_talk(nlh, NULL, NULL);
}

int ipc_shutdown(void)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_SHUTDOWN, NLM_F_ACK, NULL);

	return rc ? rc : ipc_talk(nlh, NULL, NULL);
}
