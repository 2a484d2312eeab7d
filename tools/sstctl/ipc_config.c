// SPDX-License-Identifier: GPL-2.0
/* Counters and tunables. */
#include <string.h>

#include "ipc_internal.h"
#include "sstctl.h"

static const char *const words[SST_A_CONFIG_MAX + 1] = {
	[SST_A_CONFIG_MARK_MASK] = "mark-mask",
	[SST_A_CONFIG_MARK_VALUE] = "mark-value",
	[SST_A_CONFIG_DSCP] = "dscp",
	[SST_A_CONFIG_REKEY_PACKETS] = "rekey-packets",
	[SST_A_CONFIG_REKEY_SECONDS] = "rekey-seconds",
	[SST_A_CONFIG_MAX_FLOWS] = "max-flows",
	[SST_A_CONFIG_OPENING_WINDOW] = "opening-window",
	[SST_A_CONFIG_MAX_HALF_OPEN] = "max-half-open",
	[SST_A_CONFIG_COOKIES] = "cookies",
	[SST_A_CONFIG_INIT_FROM] = "init-from",
	[SST_A_CONFIG_ASSOC_LIFETIME] = "assoc-lifetime",
	[SST_A_CONFIG_WIRE_PORT] = "wire-port",
	[SST_A_CONFIG_WIRE_PORT_LAST] = "wire-port",
	[SST_A_CONFIG_MAX_ASSOCS] = "max-assocs",
};

static const struct ipc_words config_words = { words, ARRAY_SIZE(words) };

static int stats_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct sst_stats *stats = data;

	if (type == SST_A_STATS_PAD || type > SST_A_STATS_MAX)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != sizeof(uint64_t))
		return MNL_CB_ERROR;
	stats->value[type] = mnl_attr_get_u64(attr);
	stats->present[type] = true;
	return MNL_CB_OK;
}

static int stats_reply(const struct nlmsghdr *nlh, void *data)
{
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), stats_attr, data) < 0)
		return ipc_malformed();
	return 0;
}

int ipc_stats_get(struct sst_stats *stats)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_STATS_GET, NLM_F_ACK, NULL);

	memset(stats, 0, sizeof(*stats));
	return rc ? rc : ipc_talk(nlh, stats_reply, stats);
}

static size_t config_len(unsigned int type)
{
	switch (type) {
	case SST_A_CONFIG_MARK_MASK:
	case SST_A_CONFIG_MARK_VALUE:
	case SST_A_CONFIG_DSCP:
	case SST_A_CONFIG_COOKIES:
	case SST_A_CONFIG_INIT_FROM:
	case SST_A_CONFIG_ACTIVE:
		return sizeof(uint8_t);
	case SST_A_CONFIG_WIRE_PORT:
	case SST_A_CONFIG_WIRE_PORT_LAST:
		return sizeof(uint16_t);
	}
	return sizeof(uint32_t);
}

static uint32_t config_value(const struct nlattr *attr)
{
	switch (config_len(mnl_attr_get_type(attr))) {
	case sizeof(uint8_t):
		return mnl_attr_get_u8(attr);
	case sizeof(uint16_t):
		return ipc_get_be16(attr);
	}
	return mnl_attr_get_u32(attr);
}

static void put_config_value(struct nlmsghdr *nlh, uint16_t type, uint32_t value)
{
	switch (config_len(type)) {
	case sizeof(uint8_t):
		mnl_attr_put_u8(nlh, type, (uint8_t)value);
		break;
	case sizeof(uint16_t):
		ipc_put_be16(nlh, type, (uint16_t)value);
		break;
	default:
		mnl_attr_put_u32(nlh, type, value);
	}
}

static int config_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct sst_config *config = data;

	if (type == SST_A_CONFIG_PAD || type > SST_A_CONFIG_MAX)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != config_len(type))
		return MNL_CB_ERROR;
	config->value[type] = config_value(attr);
	config->present |= 1U << type;
	return MNL_CB_OK;
}

static int config_reply(const struct nlmsghdr *nlh, void *data)
{
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), config_attr, data) < 0)
		return ipc_malformed();
	return 0;
}

int ipc_config_get(struct sst_config *config)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_CONFIG_GET, NLM_F_ACK, NULL);

	memset(config, 0, sizeof(*config));
	return rc ? rc : ipc_talk(nlh, config_reply, config);
}

int ipc_config_set(const struct sst_config *config)
{
	struct nlmsghdr *nlh;
	uint16_t type;
	int rc = ipc_begin(&nlh, SST_CMD_CONFIG_SET, NLM_F_ACK, &config_words);

	if (rc)
		return rc;
	for (type = SST_A_CONFIG_PAD + 1; type <= SST_A_CONFIG_MAX; type++) {
		if (config->present & (1U << type))
			put_config_value(nlh, type, config->value[type]);
	}
	return ipc_talk(nlh, NULL, NULL);
}
