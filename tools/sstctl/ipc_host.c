// SPDX-License-Identifier: GPL-2.0
/* Host keys. */
#include <string.h>

#include "ipc_internal.h"
#include "sstctl.h"

static const char *const words[SST_A_HOST_MAX + 1] = {
	[SST_A_HOST_NAME] = "name",
	[SST_A_HOST_SECRET_KEY] = "key",
};

static const struct ipc_words host_words = { words, ARRAY_SIZE(words) };

/* The length that an attribute has to have before it is read. */
static size_t host_attr_len(unsigned int type)
{
	switch (type) {
	case SST_A_HOST_PUBLIC_KEY:
		return SST_KEY_SIZE;
	case SST_A_HOST_KEY_ID:
		return SST_ID_SIZE;
	case SST_A_HOST_INITS:
		return 8;
	case SST_A_HOST_AGE:
	case SST_A_HOST_INIT_IDLE:
		return 4;
	}
	return 0;
}

static int host_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	size_t len = host_attr_len(type);
	struct sst_host *host = data;

	if (type == SST_A_HOST_NAME)
		return ipc_get_name(attr, host->name) ? MNL_CB_OK : MNL_CB_ERROR;
	if (!len)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != len)
		return MNL_CB_ERROR;

	switch (type) {
	case SST_A_HOST_PUBLIC_KEY:
		memcpy(host->public_key, mnl_attr_get_payload(attr), len);
		break;
	case SST_A_HOST_KEY_ID:
		memcpy(host->key_id, mnl_attr_get_payload(attr), len);
		break;
	case SST_A_HOST_AGE:
		host->age = mnl_attr_get_u32(attr);
		break;
	case SST_A_HOST_INITS:
		host->inits = mnl_attr_get_u64(attr);
		break;
	case SST_A_HOST_INIT_IDLE:
		host->init_idle = mnl_attr_get_u32(attr);
		host->has_init_idle = true;
		break;
	}
	return MNL_CB_OK;
}

static int host_reply(const struct nlmsghdr *nlh, void *data)
{
	memset(data, 0, sizeof(struct sst_host));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), host_attr, data) < 0)
		return ipc_malformed();
	return 0;
}

int ipc_host_add(const char *name, const uint8_t key[SST_KEY_SIZE])
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_HOST_ADD, NLM_F_ACK, &host_words);

	if (rc)
		return rc;
	ipc_secret_begin();
	mnl_attr_put_strz(nlh, SST_A_HOST_NAME, name);
	mnl_attr_put(nlh, SST_A_HOST_SECRET_KEY, SST_KEY_SIZE, key);
	rc = ipc_talk(nlh, NULL, NULL);
	ipc_secret_end();
	return rc;
}

int ipc_host_del(const char *name)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_HOST_DEL, NLM_F_ACK, &host_words);

	if (rc)
		return rc;
	mnl_attr_put_strz(nlh, SST_A_HOST_NAME, name);
	return ipc_talk(nlh, NULL, NULL);
}

int ipc_host_get(const char *name, struct sst_host *host)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_HOST_GET, NLM_F_ACK, &host_words);

	if (rc)
		return rc;
	mnl_attr_put_strz(nlh, SST_A_HOST_NAME, name);
	return ipc_talk(nlh, host_reply, host);
}

int ipc_host_list(struct list *hosts)
{
	return ipc_list(SST_CMD_HOST_GET, host_reply, sizeof(struct sst_host),
			list_free, hosts);
}
