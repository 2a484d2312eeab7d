// SPDX-License-Identifier: GPL-2.0
/* Peers. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "ipc_internal.h"
#include "sstctl.h"

static const char *const words[SST_A_PEER_MAX + 1] = {
	[SST_A_PEER_NAME] = "name",
	[SST_A_PEER_IPV4] = "address",
	[SST_A_PEER_IPV6] = "address",
	[SST_A_PEER_PSK] = "psk",
	[SST_A_PEER_SIDE] = "side",
	[SST_A_PEER_SUITE] = "suite",
	[SST_A_PEER_PUBLIC_KEY] = "public-key",
	[SST_A_PEER_WIRE_PORT] = "wire-port",
	[SST_A_PEER_WIRE_PORT_LAST] = "wire-port",
	[SST_A_PEER_IDENTITY] = "identity",
};

static const struct ipc_words peer_words = { words, ARRAY_SIZE(words) };

/* The length that an attribute has to have before it is read. */
static size_t peer_attr_len(unsigned int type)
{
	switch (type) {
	case SST_A_PEER_SIDE:
	case SST_A_PEER_SUITE:
	case SST_A_PEER_IDENTITY:
		return 1;
	case SST_A_PEER_WIRE_PORT:
	case SST_A_PEER_WIRE_PORT_LAST:
		return 2;
	case SST_A_PEER_IPV4:
	case SST_A_PEER_FLOWS:
	case SST_A_PEER_RX_IDLE:
	case SST_A_PEER_ASSOCS:
	case SST_A_PEER_HANDSHAKE_AGE:
		return 4;
	case SST_A_PEER_TX_BYTES:
	case SST_A_PEER_RX_BYTES:
		return 8;
	case SST_A_PEER_IPV6:
		return 16;
	case SST_A_PEER_PUBLIC_KEY:
		return SST_KEY_SIZE;
	}
	return 0;
}

static void peer_addr(const struct nlattr *attr, int family, struct sst_peer *peer)
{
	if (peer->addrs.count < SST_ADDRESSES_MAX)
		ipc_get_addr(attr, family, &peer->addrs.addr[peer->addrs.count++]);
}

static int peer_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	size_t len = peer_attr_len(type);
	struct sst_peer *peer = data;

	if (type == SST_A_PEER_NAME)
		return ipc_get_name(attr, peer->name) ? MNL_CB_OK : MNL_CB_ERROR;
	if (!len)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != len)
		return MNL_CB_ERROR;

	switch (type) {
	case SST_A_PEER_IPV4:
		peer_addr(attr, AF_INET, peer);
		break;
	case SST_A_PEER_IPV6:
		peer_addr(attr, AF_INET6, peer);
		break;
	case SST_A_PEER_SIDE:
		peer->side = mnl_attr_get_u8(attr);
		break;
	case SST_A_PEER_SUITE:
		peer->suite = mnl_attr_get_u8(attr);
		break;
	case SST_A_PEER_FLOWS:
		peer->flows = mnl_attr_get_u32(attr);
		break;
	case SST_A_PEER_RX_IDLE:
		peer->rx_idle = mnl_attr_get_u32(attr);
		peer->has_rx_idle = true;
		break;
	case SST_A_PEER_PUBLIC_KEY:
		memcpy(peer->public_key, mnl_attr_get_payload(attr),
		       sizeof(peer->public_key));
		peer->has_public_key = true;
		break;
	case SST_A_PEER_WIRE_PORT:
		peer->wire_ports.first = ipc_get_be16(attr);
		break;
	case SST_A_PEER_WIRE_PORT_LAST:
		peer->wire_ports.last = ipc_get_be16(attr);
		break;
	case SST_A_PEER_IDENTITY:
		peer->identity = mnl_attr_get_u8(attr);
		break;
	case SST_A_PEER_ASSOCS:
		peer->assocs = mnl_attr_get_u32(attr);
		break;
	case SST_A_PEER_HANDSHAKE_AGE:
		peer->handshake_age = mnl_attr_get_u32(attr);
		peer->has_handshake = true;
		break;
	case SST_A_PEER_TX_BYTES:
		peer->tx_bytes = mnl_attr_get_u64(attr);
		break;
	case SST_A_PEER_RX_BYTES:
		peer->rx_bytes = mnl_attr_get_u64(attr);
		break;
	}
	return MNL_CB_OK;
}

static int peer_reply(const struct nlmsghdr *nlh, void *data)
{
	memset(data, 0, sizeof(struct sst_peer));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), peer_attr, data) < 0)
		return ipc_malformed();
	return 0;
}

static void put_psk(struct nlmsghdr *nlh, const struct sst_psk *psk)
{
	mnl_attr_put(nlh, SST_A_PEER_PSK, SST_KEY_SIZE, psk->key);
	mnl_attr_put_u8(nlh, SST_A_PEER_SIDE, psk->side);
	mnl_attr_put_u8(nlh, SST_A_PEER_SUITE, psk->suite);
}

static void put_params(struct nlmsghdr *nlh, const struct sst_peer_params *params)
{
	unsigned int i;

	for (i = 0; i < params->addrs.count; i++)
		ipc_put_addr(nlh, SST_A_PEER_IPV4, SST_A_PEER_IPV6,
			     &params->addrs.addr[i]);
	if (params->psk)
		put_psk(nlh, params->psk);
	if (params->has_public_key)
		mnl_attr_put(nlh, SST_A_PEER_PUBLIC_KEY, SST_KEY_SIZE,
			     params->public_key);
	if (params->wire_ports.first) {
		ipc_put_be16(nlh, SST_A_PEER_WIRE_PORT, params->wire_ports.first);
		ipc_put_be16(nlh, SST_A_PEER_WIRE_PORT_LAST,
			     params->wire_ports.last);
	}
	if (params->identity)
		mnl_attr_put_u8(nlh, SST_A_PEER_IDENTITY, params->identity);
}

int ipc_peer_add(const char *name, const struct sst_peer_params *params)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_PEER_ADD, NLM_F_ACK, &peer_words);

	if (rc)
		return rc;
	ipc_secret_begin();
	mnl_attr_put_strz(nlh, SST_A_PEER_NAME, name);
	put_params(nlh, params);
	rc = ipc_talk(nlh, NULL, NULL);
	ipc_secret_end();
	return rc;
}

int ipc_peer_del(const char *name)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_PEER_DEL, NLM_F_ACK, &peer_words);

	if (rc)
		return rc;
	mnl_attr_put_strz(nlh, SST_A_PEER_NAME, name);
	return ipc_talk(nlh, NULL, NULL);
}

int ipc_peer_get(const char *name, struct sst_peer *peer)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, SST_CMD_PEER_GET, NLM_F_ACK, &peer_words);

	if (rc)
		return rc;
	mnl_attr_put_strz(nlh, SST_A_PEER_NAME, name);
	return ipc_talk(nlh, peer_reply, peer);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct sst_peer *)a)->name,
		      ((const struct sst_peer *)b)->name);
}

int ipc_peer_list(struct list *peers)
{
	int rc = ipc_list(SST_CMD_PEER_GET, peer_reply, sizeof(struct sst_peer),
			  list_free, peers);

	if (!rc && peers->count)
		qsort(peers->items, peers->count, sizeof(struct sst_peer),
		      compare_names);
	return rc;
}

const struct sst_peer *ipc_peer_by_name(const struct list *peers, const char *name)
{
	const struct sst_peer *items = peers->items;
	size_t i;

	for (i = 0; i < peers->count; i++) {
		if (!strcmp(items[i].name, name))
			return &items[i];
	}
	return NULL;
}
