// SPDX-License-Identifier: GPL-2.0
/* The rules of the policy, and the end of SST. */
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
		return 1;
	case SST_A_POLICY_PORT:
	case SST_A_POLICY_PORT_LAST:
		return 2;
	case SST_A_POLICY_ID:
	case SST_A_POLICY_IPV4:
	case SST_A_POLICY_PRIORITY:
		return 4;
	case SST_A_POLICY_HITS:
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

static int rule_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	size_t len = rule_attr_len(type);
	struct rule_reply *reply = data;
	struct sst_rule *rule = reply->rule;

	if (type == SST_A_POLICY_PEER)
		return ipc_get_name(attr, rule->peer) ? MNL_CB_OK : MNL_CB_ERROR;
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

	memset(rule, 0, sizeof(*rule));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), rule_attr, &reply) < 0)
		return ipc_malformed();
	if (!reply.has_len)
		rule->prefix.len = rule->prefix.addr.family == AF_INET ? 32 : 128;
	if (!rule->ports.last)
		rule->ports.last = rule->ports.first;
	return 0;
}

int ipc_policy_add(const struct sst_rule *rule, uint32_t *id)
{
	struct sst_rule reply = { .id = 0 };
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_POLICY_ADD, NLM_F_ACK, &policy_words);

	if (rc)
		return rc;
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
	rc = ipc_talk(nlh, rule_reply, &reply);
	*id = reply.id;
	return rc;
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
			rules);
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
