// SPDX-License-Identifier: GPL-2.0
/* Wishes: cgroups whose sockets ask for SST. */
#include <stdio.h>
#include <string.h>

#include "ipc_internal.h"
#include "sstctl.h"

static const char *const words[SST_A_WISH_MAX + 1] = {
	[SST_A_WISH_CGROUP_ID] = "id",
};

static const struct ipc_words wish_words = { words, ARRAY_SIZE(words) };

static int wish_attr(const struct nlattr *attr, void *data)
{
	struct sst_wish *wish = data;

	switch (mnl_attr_get_type(attr)) {
	case SST_A_WISH_CGROUP_ID:
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			return MNL_CB_ERROR;
		wish->cgroup_id = mnl_attr_get_u64(attr);
		break;
	case SST_A_WISH_CGROUP_PATH:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			return MNL_CB_ERROR;
		snprintf(wish->path, sizeof(wish->path), "%s",
			 mnl_attr_get_str(attr));
		break;
	case SST_A_WISH_VERDICT:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) < 0)
			return MNL_CB_ERROR;
		wish->verdict = mnl_attr_get_u8(attr);
		break;
	case SST_A_WISH_USER:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
			return MNL_CB_ERROR;
		wish->user = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static int wish_reply(const struct nlmsghdr *nlh, void *data)
{
	memset(data, 0, sizeof(struct sst_wish));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), wish_attr, data) < 0)
		return ipc_malformed();
	return 0;
}

int ipc_wish_add(int cgroup_fd, uint8_t verdict)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_WISH_ADD, NLM_F_ACK, &wish_words);

	if (rc)
		return rc;
	mnl_attr_put_u32(nlh, SST_A_WISH_CGROUP_FD, (uint32_t)cgroup_fd);
	mnl_attr_put_u8(nlh, SST_A_WISH_VERDICT, verdict);
	return ipc_talk(nlh, NULL, NULL);
}

int ipc_wish_get(uint64_t id, struct sst_wish *wish)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_WISH_GET, NLM_F_ACK, &wish_words);

	if (rc)
		return rc;
	mnl_attr_put_u64(nlh, SST_A_WISH_CGROUP_ID, id);
	return ipc_talk(nlh, wish_reply, wish);
}

int ipc_wish_list(struct list *wishes)
{
	return ipc_list(SST_CMD_WISH_GET, wish_reply, sizeof(struct sst_wish),
			list_free, wishes);
}
