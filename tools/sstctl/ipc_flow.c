// SPDX-License-Identifier: GPL-2.0
/* Flows. */
#include <string.h>
#include <sys/socket.h>

#include "ipc_internal.h"
#include "sstctl.h"

static const char *const words[SST_A_FLOW_MAX + 1] = {
	[SST_A_FLOW_ID] = "id",
	[SST_A_FLOW_PROTO] = "proto",
	[SST_A_FLOW_LOCAL_IPV4] = "local",
	[SST_A_FLOW_REMOTE_IPV4] = "remote",
	[SST_A_FLOW_LOCAL_IPV6] = "local",
	[SST_A_FLOW_REMOTE_IPV6] = "remote",
	[SST_A_FLOW_LOCAL_PORT] = "local",
	[SST_A_FLOW_REMOTE_PORT] = "remote",
	[SST_A_FLOW_WIRE_LOCAL_PORT] = "wire",
	[SST_A_FLOW_WIRE_REMOTE_PORT] = "wire",
	[SST_A_FLOW_SIDE] = "side",
	[SST_A_FLOW_SCOPE] = "scope",
	[SST_A_FLOW_SUITE] = "suite",
	[SST_A_FLOW_KEY] = "key",
};

static const struct ipc_words flow_words = { words, ARRAY_SIZE(words) };

/* The length that an attribute has to have before it is read. */
static size_t flow_attr_len(unsigned int type)
{
	switch (type) {
	case SST_A_FLOW_PROTO:
	case SST_A_FLOW_SIDE:
	case SST_A_FLOW_SCOPE:
	case SST_A_FLOW_SUITE:
	case SST_A_FLOW_STATE:
	case SST_A_FLOW_CLOSE_REASON:
	case SST_A_FLOW_DIRECTION:
	case SST_A_FLOW_ROLE:
		return 1;
	case SST_A_FLOW_LOCAL_PORT:
	case SST_A_FLOW_REMOTE_PORT:
	case SST_A_FLOW_WIRE_LOCAL_PORT:
	case SST_A_FLOW_WIRE_REMOTE_PORT:
	case SST_A_FLOW_TX_KRI:
	case SST_A_FLOW_RX_KRI:
	case SST_A_FLOW_PEER_PORT:
		return 2;
	case SST_A_FLOW_ID:
	case SST_A_FLOW_LOCAL_IPV4:
	case SST_A_FLOW_REMOTE_IPV4:
	case SST_A_FLOW_TX_SEQ:
	case SST_A_FLOW_AGE:
	case SST_A_FLOW_RX_IDLE:
	case SST_A_FLOW_MISSED:
		return 4;
	case SST_A_FLOW_TX_PACKETS:
	case SST_A_FLOW_TX_BYTES:
	case SST_A_FLOW_RX_PACKETS:
	case SST_A_FLOW_RX_BYTES:
		return 8;
	case SST_A_FLOW_LOCAL_IPV6:
	case SST_A_FLOW_REMOTE_IPV6:
		return 16;
	}
	return 0;
}

static int flow_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	size_t len = flow_attr_len(type);
	struct sst_flow *flow = data;

	if (type == SST_A_FLOW_PEER)
		return ipc_get_name(attr, flow->peer) ? MNL_CB_OK : MNL_CB_ERROR;
	/* Padding, and what a newer kernel has to say, is left out. */
	if (!len)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != len)
		return MNL_CB_ERROR;

	switch (type) {
	case SST_A_FLOW_ID:
		flow->id = mnl_attr_get_u32(attr);
		break;
	case SST_A_FLOW_PROTO:
		flow->proto = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_LOCAL_IPV4:
		ipc_get_addr(attr, AF_INET, &flow->local.addr);
		break;
	case SST_A_FLOW_REMOTE_IPV4:
		ipc_get_addr(attr, AF_INET, &flow->remote.addr);
		break;
	case SST_A_FLOW_LOCAL_IPV6:
		ipc_get_addr(attr, AF_INET6, &flow->local.addr);
		break;
	case SST_A_FLOW_REMOTE_IPV6:
		ipc_get_addr(attr, AF_INET6, &flow->remote.addr);
		break;
	case SST_A_FLOW_LOCAL_PORT:
		flow->local.port = ipc_get_be16(attr);
		break;
	case SST_A_FLOW_REMOTE_PORT:
		flow->remote.port = ipc_get_be16(attr);
		break;
	case SST_A_FLOW_WIRE_LOCAL_PORT:
		flow->wire_local = ipc_get_be16(attr);
		break;
	case SST_A_FLOW_WIRE_REMOTE_PORT:
		flow->wire_remote = ipc_get_be16(attr);
		break;
	case SST_A_FLOW_SIDE:
		flow->side = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_SCOPE:
		flow->scope = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_SUITE:
		flow->suite = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_STATE:
		flow->state = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_TX_KRI:
		flow->tx_kri = mnl_attr_get_u16(attr);
		break;
	case SST_A_FLOW_TX_SEQ:
		flow->tx_seq = mnl_attr_get_u32(attr);
		break;
	case SST_A_FLOW_RX_KRI:
		flow->rx_kri = mnl_attr_get_u16(attr);
		break;
	case SST_A_FLOW_TX_PACKETS:
		flow->tx_packets = mnl_attr_get_u64(attr);
		break;
	case SST_A_FLOW_TX_BYTES:
		flow->tx_bytes = mnl_attr_get_u64(attr);
		break;
	case SST_A_FLOW_RX_PACKETS:
		flow->rx_packets = mnl_attr_get_u64(attr);
		break;
	case SST_A_FLOW_RX_BYTES:
		flow->rx_bytes = mnl_attr_get_u64(attr);
		break;
	case SST_A_FLOW_AGE:
		flow->age = mnl_attr_get_u32(attr);
		break;
	case SST_A_FLOW_RX_IDLE:
		flow->rx_idle = mnl_attr_get_u32(attr);
		flow->has_rx_idle = true;
		break;
	case SST_A_FLOW_CLOSE_REASON:
		flow->close_reason = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_DIRECTION:
		flow->direction = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_ROLE:
		flow->role = mnl_attr_get_u8(attr);
		break;
	case SST_A_FLOW_PEER_PORT:
		flow->peer_port = ipc_get_be16(attr);
		break;
	case SST_A_FLOW_MISSED:
		flow->missed = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

int ipc_flow_parse(const struct nlmsghdr *nlh, struct sst_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), flow_attr, flow) < 0)
		return ipc_malformed();
	return 0;
}

struct flow_reader {
	ipc_flow_fn fn;
	void *data;
};

static int flow_reply(const struct nlmsghdr *nlh, void *data)
{
	struct flow_reader *reader = data;
	struct sst_flow flow;
	int rc = ipc_flow_parse(nlh, &flow);

	if (!rc)
		reader->fn(&flow, reader->data);
	return rc;
}

static int flow_id_reply(const struct nlmsghdr *nlh, void *data)
{
	struct sst_flow flow;
	int rc = ipc_flow_parse(nlh, &flow);

	*(uint32_t *)data = flow.id;
	return rc;
}

int ipc_flow_add(const struct sst_flow *flow, const uint8_t key[SST_KEY_SIZE],
		 uint32_t *id)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_FLOW_ADD, NLM_F_ACK, &flow_words);

	if (rc)
		return rc;
	ipc_secret_begin();
	mnl_attr_put_u8(nlh, SST_A_FLOW_PROTO, flow->proto);
	ipc_put_addr(nlh, SST_A_FLOW_LOCAL_IPV4, SST_A_FLOW_LOCAL_IPV6,
		 &flow->local.addr);
	ipc_put_addr(nlh, SST_A_FLOW_REMOTE_IPV4, SST_A_FLOW_REMOTE_IPV6,
		 &flow->remote.addr);
	ipc_put_be16(nlh, SST_A_FLOW_LOCAL_PORT, flow->local.port);
	ipc_put_be16(nlh, SST_A_FLOW_REMOTE_PORT, flow->remote.port);
	ipc_put_be16(nlh, SST_A_FLOW_WIRE_LOCAL_PORT, flow->wire_local);
	ipc_put_be16(nlh, SST_A_FLOW_WIRE_REMOTE_PORT, flow->wire_remote);
	mnl_attr_put_u8(nlh, SST_A_FLOW_SIDE, flow->side);
	/* The kernel has the defaults of these two. */
	if (flow->scope)
		mnl_attr_put_u8(nlh, SST_A_FLOW_SCOPE, flow->scope);
	if (flow->suite)
		mnl_attr_put_u8(nlh, SST_A_FLOW_SUITE, flow->suite);
	mnl_attr_put(nlh, SST_A_FLOW_KEY, SST_KEY_SIZE, key);
	*id = 0;
	rc = ipc_talk(nlh, flow_id_reply, id);
	ipc_secret_end();
	return rc;
}

int ipc_flow_del(uint32_t id)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_FLOW_DEL, NLM_F_ACK, &flow_words);

	if (rc)
		return rc;
	mnl_attr_put_u32(nlh, SST_A_FLOW_ID, id);
	return ipc_talk(nlh, NULL, NULL);
}

int ipc_flow_get(uint32_t id, ipc_flow_fn fn, void *data)
{
	struct flow_reader reader = { .fn = fn, .data = data };
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_FLOW_GET, NLM_F_ACK, &flow_words);

	if (rc)
		return rc;
	mnl_attr_put_u32(nlh, SST_A_FLOW_ID, id);
	return ipc_talk(nlh, flow_reply, &reader);
}

int ipc_flow_dump(ipc_flow_fn fn, void *data)
{
	struct flow_reader reader = { .fn = fn, .data = data };
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_FLOW_GET, NLM_F_DUMP, &flow_words);

	return rc ? rc : ipc_talk(nlh, flow_reply, &reader);
}

int ipc_flow_flush(uint8_t proto)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_FLOW_FLUSH, NLM_F_ACK, &flow_words);

	if (rc)
		return rc;
	if (proto)
		mnl_attr_put_u8(nlh, SST_A_FLOW_PROTO, proto);
	return ipc_talk(nlh, NULL, NULL);
}
