// SPDX-License-Identifier: GPL-2.0
/* Associations. */
#include <string.h>
#include <sys/socket.h>

#include "ipc_internal.h"
#include "sstctl.h"

static const char *const words[SST_A_ASSOC_MAX + 1] = {
	[SST_A_ASSOC_ID] = "id",
};

static const struct ipc_words assoc_words = { words, ARRAY_SIZE(words) };

/* The length that an attribute has to have before it is read. */
static size_t assoc_attr_len(unsigned int type)
{
	switch (type) {
	case SST_A_ASSOC_ORIGIN:
	case SST_A_ASSOC_SIDE:
	case SST_A_ASSOC_SUITE:
		return 1;
	case SST_A_ASSOC_LOCAL_IPV4:
	case SST_A_ASSOC_REMOTE_IPV4:
	case SST_A_ASSOC_AGE:
	case SST_A_ASSOC_LIFETIME:
		return 4;
	case SST_A_ASSOC_ID:
		return SST_ID_SIZE;
	case SST_A_ASSOC_LOCAL_IPV6:
	case SST_A_ASSOC_REMOTE_IPV6:
		return 16;
	case SST_A_ASSOC_IDENTITY:
		return SST_KEY_SIZE;
	}
	return 0;
}

static int assoc_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	size_t len = assoc_attr_len(type);
	struct sst_assoc *assoc = data;

	if (type == SST_A_ASSOC_PEER)
		return ipc_get_name(attr, assoc->peer) ? MNL_CB_OK : MNL_CB_ERROR;
	if (!len)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != len)
		return MNL_CB_ERROR;

	switch (type) {
	case SST_A_ASSOC_ID:
		memcpy(assoc->id, mnl_attr_get_payload(attr), len);
		break;
	case SST_A_ASSOC_ORIGIN:
		assoc->origin = mnl_attr_get_u8(attr);
		break;
	case SST_A_ASSOC_SIDE:
		assoc->side = mnl_attr_get_u8(attr);
		break;
	case SST_A_ASSOC_SUITE:
		assoc->suite = mnl_attr_get_u8(attr);
		break;
	case SST_A_ASSOC_LOCAL_IPV4:
		ipc_get_addr(attr, AF_INET, &assoc->local);
		break;
	case SST_A_ASSOC_REMOTE_IPV4:
		ipc_get_addr(attr, AF_INET, &assoc->remote);
		break;
	case SST_A_ASSOC_LOCAL_IPV6:
		ipc_get_addr(attr, AF_INET6, &assoc->local);
		break;
	case SST_A_ASSOC_REMOTE_IPV6:
		ipc_get_addr(attr, AF_INET6, &assoc->remote);
		break;
	case SST_A_ASSOC_AGE:
		assoc->age = mnl_attr_get_u32(attr);
		break;
	case SST_A_ASSOC_LIFETIME:
		assoc->lifetime = mnl_attr_get_u32(attr);
		break;
	case SST_A_ASSOC_IDENTITY:
		memcpy(assoc->identity, mnl_attr_get_payload(attr), len);
		assoc->has_identity = true;
		break;
	}
	return MNL_CB_OK;
}

static int assoc_reply(const struct nlmsghdr *nlh, void *data)
{
	memset(data, 0, sizeof(struct sst_assoc));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), assoc_attr, data) < 0)
		return ipc_malformed();
	return 0;
}

int ipc_assoc_get(const uint8_t id[SST_ID_SIZE], struct sst_assoc *assoc)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_ASSOC_GET, NLM_F_ACK, &assoc_words);

	if (rc)
		return rc;
	mnl_attr_put(nlh, SST_A_ASSOC_ID, SST_ID_SIZE, id);
	return ipc_talk(nlh, assoc_reply, assoc);
}

int ipc_assoc_list(struct list *assocs)
{
	return ipc_list(SST_CMD_ASSOC_GET, assoc_reply, sizeof(struct sst_assoc),
			list_free, assocs);
}

int ipc_assoc_flush(void)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_ASSOC_FLUSH, NLM_F_ACK, NULL);

	return rc ? rc : ipc_talk(nlh, NULL, NULL);
}
