// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "keys.h"
#include "sstctl.h"

/* Larger than any request or single reply here. */
#define REQUEST_SIZE 1024
/* The kernel fills dumps up to 32 KiB when the reader offers so much. */
#define REPLY_SIZE 32768
/* Room for bursts of events; the kernel may grant less. */
#define EVENT_BUFFER (4 * 1024 * 1024)

/* The group on which the controller says that a family went away. */
#define CTRL_NOTIFY_GROUP GENL_ID_CTRL

static struct {
	struct mnl_socket *socket;
	unsigned int portid;
	unsigned int seq;
	uint16_t family;
	uint32_t events_group;
	char error[512];
	/* Both may hold a secret: locked and wiped around flow-add. */
	char request[REQUEST_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	char reply[REPLY_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
} ipc;

/* A message of the kernel's reply. Returns 0 or a negative errno. */
typedef int (*reply_fn)(const struct nlmsghdr *nlh, void *data);

static int __attribute__((format(printf, 2, 3))) fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ipc.error, sizeof(ipc.error), fmt, ap);
	va_end(ap);
	return err;
}

const char *ipc_error(void)
{
	return ipc.error;
}

/* ---- what the kernel says about a request that it refuses ---- */

/* Words of the command line for attributes that a request may hold. */
static const char *const flow_words[SST_A_FLOW_MAX + 1] = {
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

static const char *const config_words[SST_A_CONFIG_MAX + 1] = {
	[SST_A_CONFIG_MARK_MASK] = "mark-mask",
	[SST_A_CONFIG_MARK_VALUE] = "mark-value",
	[SST_A_CONFIG_DSCP] = "dscp",
	[SST_A_CONFIG_REKEY_PACKETS] = "rekey-packets",
	[SST_A_CONFIG_REKEY_SECONDS] = "rekey-seconds",
	[SST_A_CONFIG_MAX_FLOWS] = "max-flows",
};

static const char *attr_word(const struct nlmsghdr *request, unsigned int type)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(request);

	switch (genl->cmd) {
	case SST_CMD_FLOW_ADD:
	case SST_CMD_FLOW_DEL:
	case SST_CMD_FLOW_GET:
	case SST_CMD_FLOW_FLUSH:
		return type <= SST_A_FLOW_MAX ? flow_words[type] : NULL;
	case SST_CMD_CONFIG_SET:
		return type <= SST_A_CONFIG_MAX ? config_words[type] : NULL;
	}
	return NULL;
}

static const char *attr_word_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, request, sizeof(struct genlmsghdr)) {
		if ((uintptr_t)attr - (uintptr_t)request == offset)
			return attr_word(request, mnl_attr_get_type(attr));
	}
	return NULL;
}

/*
 * The netlink core checks the form of attributes and does not know what they
 * mean: only these messages need the word put before them.
 */
static bool is_core_message(const char *msg)
{
	static const char *const messages[] = {
		"integer out of range",
		"invalid attribute length",
		"binary attribute size out of range",
		"reserved bit set",
		"NLA_F_NESTED is missing",
		"NLA_F_NESTED not expected",
		"Unsupported attribute",
		"Attribute failed policy validation",
		"Unknown attribute type",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		if (!strcmp(msg, messages[i]))
			return true;
	}
	return false;
}

struct extack {
	const char *msg;
	const struct nlattr *policy;
	uint32_t offset;
	bool has_offset;
	uint32_t miss_type;
	bool has_miss_type;
};

static int extack_attr(const struct nlattr *attr, void *data)
{
	struct extack *ack = data;

	switch (mnl_attr_get_type(attr)) {
	case NLMSGERR_ATTR_MSG:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			ack->msg = mnl_attr_get_str(attr);
		break;
	case NLMSGERR_ATTR_OFFS:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
			ack->offset = mnl_attr_get_u32(attr);
			ack->has_offset = true;
		}
		break;
	case NLMSGERR_ATTR_POLICY:
		if (mnl_attr_validate(attr, MNL_TYPE_NESTED) >= 0)
			ack->policy = attr;
		break;
	case NLMSGERR_ATTR_MISS_TYPE:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0) {
			ack->miss_type = mnl_attr_get_u32(attr);
			ack->has_miss_type = true;
		}
		break;
	}
	return MNL_CB_OK;
}

/* " (1 to 3600)" when the kernel says what it takes, else nothing. */
static const char *range_text(const struct nlattr *policy, char *text, size_t size)
{
	const struct nlattr *attr;
	uint64_t min = 0, max = 0;
	bool has_min = false, has_max = false;

	text[0] = '\0';
	if (!policy)
		return text;
	mnl_attr_for_each_nested(attr, policy) {
		if (mnl_attr_validate(attr, MNL_TYPE_U64) < 0)
			continue;
		switch (mnl_attr_get_type(attr)) {
		case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
			min = mnl_attr_get_u64(attr);
			has_min = true;
			break;
		case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
			max = mnl_attr_get_u64(attr);
			has_max = true;
			break;
		}
	}
	if (has_min && has_max)
		snprintf(text, size, " (%" PRIu64 " to %" PRIu64 ")", min, max);
	return text;
}

/* An error without a message of the kernel's own. */
static const char *errno_text(int err)
{
	switch (err) {
	case EPERM:
		return "not permitted: CAP_NET_ADMIN over this network namespace is needed";
	case EOPNOTSUPP:
		return "the loaded sst module does not know this command";
	case ENOBUFS:
		return "the answer did not fit into the socket's buffer: try again";
	}
	return strerror(err);
}

/* Keep the words for the error in @nlh, which is NLMSG_ERROR or NLMSG_DONE. */
static int explain(const struct nlmsghdr *request, const struct nlmsghdr *nlh,
		   size_t header, int err)
{
	struct extack ack = { .msg = NULL };
	const char *word = NULL;
	char range[64];

	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) &&
	    mnl_nlmsg_get_payload_len(nlh) >= header)
		mnl_attr_parse(nlh, (unsigned int)header, extack_attr, &ack);

	if (ack.has_offset)
		word = attr_word_at(request, ack.offset);
	if (ack.msg && word && is_core_message(ack.msg))
		return fail(err, "%s: %s%s", word, ack.msg,
			    range_text(ack.policy, range, sizeof(range)));
	if (ack.msg && ack.msg[0])
		return fail(err, "%s", ack.msg);
	if (ack.has_miss_type) {
		word = attr_word(request, ack.miss_type);
		if (word)
			return fail(err, "%s is missing", word);
	}
	if (word)
		return fail(err, "%s: %s", word, errno_text(-err));
	return fail(err, "%s", errno_text(-err));
}

static int explain_error(const struct nlmsghdr *request, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t header = sizeof(*e);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e))
		return fail(-EBADMSG, "malformed reply of the kernel");
	if (!e->error)
		return 0;
	/* Before the extended part stands the request, unless it was capped. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		header += mnl_nlmsg_get_payload_len(&e->msg);
	return explain(request, nlh, header, e->error);
}

static int explain_done(const struct nlmsghdr *request, const struct nlmsghdr *nlh)
{
	int err = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	return err < 0 ? explain(request, nlh, sizeof(err), err) : 0;
}

/* ---- sending and receiving ---- */

static struct nlmsghdr *start(uint16_t type, uint16_t flags, uint8_t cmd,
			      uint8_t version)
{
	struct nlmsghdr *nlh;
	struct genlmsghdr *genl;

	/* libmnl does not clear the padding of attributes. */
	memset(ipc.request, 0, sizeof(ipc.request));
	nlh = mnl_nlmsg_put_header(ipc.request);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++ipc.seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static int talk(const struct nlmsghdr *request, reply_fn fn, void *data)
{
	const struct nlmsghdr *nlh;
	ssize_t n;
	int len, rc;

	if (mnl_socket_sendto(ipc.socket, request, request->nlmsg_len) < 0)
		return fail(-errno, "%s", errno_text(errno));
	for (;;) {
		n = mnl_socket_recvfrom(ipc.socket, ipc.reply, sizeof(ipc.reply));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(-errno, "%s", errno_text(errno));
		len = (int)n;
		for (nlh = (void *)ipc.reply; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (!mnl_nlmsg_portid_ok(nlh, ipc.portid) ||
			    !mnl_nlmsg_seq_ok(nlh, request->nlmsg_seq))
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return explain_error(request, nlh);
			if (nlh->nlmsg_type == NLMSG_DONE)
				return explain_done(request, nlh);
			/*
			 * NLM_F_DUMP_INTR is of no interest: the kernel dumps
			 * in the order of the ids, so a change meanwhile makes
			 * no other flow show twice or not at all.
			 */
			if (nlh->nlmsg_type < NLMSG_MIN_TYPE || !fn)
				continue;
			if (mnl_nlmsg_get_payload_len(nlh) <
			    sizeof(struct genlmsghdr))
				return fail(-EBADMSG, "malformed reply of the kernel");
			rc = fn(nlh, data);
			if (rc)
				return rc;
		}
	}
}

/* ---- finding the family ---- */

struct family_info {
	uint16_t id;
	uint32_t version;
	uint32_t events_group;
};

static int group_attr(const struct nlattr *attr, void *data)
{
	const struct nlattr **tb = data;
	unsigned int type = mnl_attr_get_type(attr);

	if ((type == CTRL_ATTR_MCAST_GRP_NAME &&
	     mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0) ||
	    (type == CTRL_ATTR_MCAST_GRP_ID &&
	     mnl_attr_validate(attr, MNL_TYPE_U32) >= 0))
		tb[type] = attr;
	return MNL_CB_OK;
}

static void family_groups(const struct nlattr *groups, struct family_info *info)
{
	const struct nlattr *group;

	mnl_attr_for_each_nested(group, groups) {
		const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_MAX + 1] = { NULL };

		mnl_attr_parse_nested(group, group_attr, tb);
		if (tb[CTRL_ATTR_MCAST_GRP_NAME] && tb[CTRL_ATTR_MCAST_GRP_ID] &&
		    !strcmp(mnl_attr_get_str(tb[CTRL_ATTR_MCAST_GRP_NAME]),
			    SST_MCGRP_EVENTS))
			info->events_group =
				mnl_attr_get_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
	}
}

static int family_attr(const struct nlattr *attr, void *data)
{
	struct family_info *info = data;

	switch (mnl_attr_get_type(attr)) {
	case CTRL_ATTR_FAMILY_ID:
		if (mnl_attr_validate(attr, MNL_TYPE_U16) >= 0)
			info->id = mnl_attr_get_u16(attr);
		break;
	case CTRL_ATTR_VERSION:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			info->version = mnl_attr_get_u32(attr);
		break;
	case CTRL_ATTR_MCAST_GROUPS:
		if (mnl_attr_validate(attr, MNL_TYPE_NESTED) >= 0)
			family_groups(attr, info);
		break;
	}
	return MNL_CB_OK;
}

static int family_reply(const struct nlmsghdr *nlh, void *data)
{
	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr, data);
	return 0;
}

static int find_family(void)
{
	struct family_info info = { .id = 0 };
	struct nlmsghdr *nlh;
	int rc;

	nlh = start(GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SST_GENL_NAME);
	rc = talk(nlh, family_reply, &info);
	if (rc == -ENOENT)
		return fail(rc, "the sst kernel module is not loaded: try 'modprobe sst'");
	if (rc)
		return rc;
	if (!info.id)
		return fail(-EBADMSG, "malformed reply of the kernel");
	if (info.version < SST_GENL_VERSION)
		return fail(-EPROTO,
			    "the loaded sst module has version %u of the interface, this sstctl needs %u: update the module",
			    info.version, SST_GENL_VERSION);
	ipc.family = info.id;
	ipc.events_group = info.events_group;
	return 0;
}

static int connect_kernel(void)
{
	int on = 1;
	int rc;

	if (ipc.family)
		return 0;
	ipc.socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!ipc.socket)
		return fail(-errno, "no netlink socket: %s", strerror(errno));
	if (mnl_socket_bind(ipc.socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		rc = fail(-errno, "no netlink socket: %s", strerror(errno));
		goto err_close;
	}
	ipc.portid = mnl_socket_get_portid(ipc.socket);
	/*
	 * Messages with errors; errors without a copy of the request, which
	 * may hold a secret; nothing unknown ignored in requests. All kernels
	 * with this family know these, so failure needs no words.
	 */
	(void)mnl_socket_setsockopt(ipc.socket, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(ipc.socket, NETLINK_CAP_ACK, &on, sizeof(on));
	(void)mnl_socket_setsockopt(ipc.socket, NETLINK_GET_STRICT_CHK, &on,
				    sizeof(on));
	rc = find_family();
	if (rc)
		goto err_close;
	return 0;

err_close:
	ipc_close();
	return rc;
}

void ipc_close(void)
{
	if (ipc.socket)
		mnl_socket_close(ipc.socket);
	ipc.socket = NULL;
	ipc.family = 0;
}

/* ---- flows ---- */

static uint64_t get_u64(const struct nlattr *attr)
{
	return mnl_attr_get_u64(attr);
}

static uint16_t get_be16(const struct nlattr *attr)
{
	return ntohs(mnl_attr_get_u16(attr));
}

static void get_addr(const struct nlattr *attr, int family, struct sst_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	memcpy(addr->bytes, mnl_attr_get_payload(attr), family == AF_INET ? 4 : 16);
}

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
		return 1;
	case SST_A_FLOW_LOCAL_PORT:
	case SST_A_FLOW_REMOTE_PORT:
	case SST_A_FLOW_WIRE_LOCAL_PORT:
	case SST_A_FLOW_WIRE_REMOTE_PORT:
	case SST_A_FLOW_TX_KRI:
	case SST_A_FLOW_RX_KRI:
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
		get_addr(attr, AF_INET, &flow->local.addr);
		break;
	case SST_A_FLOW_REMOTE_IPV4:
		get_addr(attr, AF_INET, &flow->remote.addr);
		break;
	case SST_A_FLOW_LOCAL_IPV6:
		get_addr(attr, AF_INET6, &flow->local.addr);
		break;
	case SST_A_FLOW_REMOTE_IPV6:
		get_addr(attr, AF_INET6, &flow->remote.addr);
		break;
	case SST_A_FLOW_LOCAL_PORT:
		flow->local.port = get_be16(attr);
		break;
	case SST_A_FLOW_REMOTE_PORT:
		flow->remote.port = get_be16(attr);
		break;
	case SST_A_FLOW_WIRE_LOCAL_PORT:
		flow->wire_local = get_be16(attr);
		break;
	case SST_A_FLOW_WIRE_REMOTE_PORT:
		flow->wire_remote = get_be16(attr);
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
		flow->tx_packets = get_u64(attr);
		break;
	case SST_A_FLOW_TX_BYTES:
		flow->tx_bytes = get_u64(attr);
		break;
	case SST_A_FLOW_RX_PACKETS:
		flow->rx_packets = get_u64(attr);
		break;
	case SST_A_FLOW_RX_BYTES:
		flow->rx_bytes = get_u64(attr);
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
	case SST_A_FLOW_MISSED:
		flow->missed = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static int flow_parse(const struct nlmsghdr *nlh, struct sst_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), flow_attr, flow) < 0)
		return fail(-EBADMSG, "malformed reply of the kernel");
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
	int rc = flow_parse(nlh, &flow);

	if (!rc)
		reader->fn(&flow, reader->data);
	return rc;
}

static int flow_id_reply(const struct nlmsghdr *nlh, void *data)
{
	struct sst_flow flow;
	int rc = flow_parse(nlh, &flow);

	*(uint32_t *)data = flow.id;
	return rc;
}

static void put_be16(struct nlmsghdr *nlh, uint16_t type, uint16_t port)
{
	mnl_attr_put_u16(nlh, type, htons(port));
}

static void put_addr(struct nlmsghdr *nlh, uint16_t ipv4, uint16_t ipv6,
		     const struct sst_addr *addr)
{
	if (addr->family == AF_INET)
		mnl_attr_put(nlh, ipv4, 4, addr->bytes);
	else
		mnl_attr_put(nlh, ipv6, 16, addr->bytes);
}

int ipc_flow_add(const struct sst_flow *flow, const uint8_t key[SST_KEY_SIZE],
		 uint32_t *id)
{
	struct nlmsghdr *nlh;
	int rc = connect_kernel();

	if (rc)
		return rc;
	keys_lock(ipc.request, sizeof(ipc.request));
	keys_lock(ipc.reply, sizeof(ipc.reply));
	nlh = start(ipc.family, NLM_F_ACK, SST_CMD_FLOW_ADD, SST_GENL_VERSION);
	mnl_attr_put_u8(nlh, SST_A_FLOW_PROTO, flow->proto);
	put_addr(nlh, SST_A_FLOW_LOCAL_IPV4, SST_A_FLOW_LOCAL_IPV6,
		 &flow->local.addr);
	put_addr(nlh, SST_A_FLOW_REMOTE_IPV4, SST_A_FLOW_REMOTE_IPV6,
		 &flow->remote.addr);
	put_be16(nlh, SST_A_FLOW_LOCAL_PORT, flow->local.port);
	put_be16(nlh, SST_A_FLOW_REMOTE_PORT, flow->remote.port);
	put_be16(nlh, SST_A_FLOW_WIRE_LOCAL_PORT, flow->wire_local);
	put_be16(nlh, SST_A_FLOW_WIRE_REMOTE_PORT, flow->wire_remote);
	mnl_attr_put_u8(nlh, SST_A_FLOW_SIDE, flow->side);
	/* The kernel has the defaults of these two. */
	if (flow->scope)
		mnl_attr_put_u8(nlh, SST_A_FLOW_SCOPE, flow->scope);
	if (flow->suite)
		mnl_attr_put_u8(nlh, SST_A_FLOW_SUITE, flow->suite);
	mnl_attr_put(nlh, SST_A_FLOW_KEY, SST_KEY_SIZE, key);
	*id = 0;
	rc = talk(nlh, flow_id_reply, id);
	keys_wipe(ipc.request, sizeof(ipc.request));
	keys_wipe(ipc.reply, sizeof(ipc.reply));
	return rc;
}

int ipc_flow_del(uint32_t id)
{
	struct nlmsghdr *nlh;
	int rc = connect_kernel();

	if (rc)
		return rc;
	nlh = start(ipc.family, NLM_F_ACK, SST_CMD_FLOW_DEL, SST_GENL_VERSION);
	mnl_attr_put_u32(nlh, SST_A_FLOW_ID, id);
	return talk(nlh, NULL, NULL);
}

int ipc_flow_get(uint32_t id, ipc_flow_fn fn, void *data)
{
	struct flow_reader reader = { .fn = fn, .data = data };
	struct nlmsghdr *nlh;
	int rc = connect_kernel();

	if (rc)
		return rc;
	nlh = start(ipc.family, NLM_F_ACK, SST_CMD_FLOW_GET, SST_GENL_VERSION);
	mnl_attr_put_u32(nlh, SST_A_FLOW_ID, id);
	return talk(nlh, flow_reply, &reader);
}

int ipc_flow_dump(ipc_flow_fn fn, void *data)
{
	struct flow_reader reader = { .fn = fn, .data = data };
	int rc = connect_kernel();

	if (rc)
		return rc;
	return talk(start(ipc.family, NLM_F_DUMP, SST_CMD_FLOW_GET, SST_GENL_VERSION),
		    flow_reply, &reader);
}

int ipc_flow_flush(uint8_t proto)
{
	struct nlmsghdr *nlh;
	int rc = connect_kernel();

	if (rc)
		return rc;
	nlh = start(ipc.family, NLM_F_ACK, SST_CMD_FLOW_FLUSH, SST_GENL_VERSION);
	if (proto)
		mnl_attr_put_u8(nlh, SST_A_FLOW_PROTO, proto);
	return talk(nlh, NULL, NULL);
}

/* ---- counters and tunables ---- */

static int stats_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct sst_stats *stats = data;

	if (type == SST_A_STATS_PAD || type > SST_A_STATS_MAX)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) != sizeof(uint64_t))
		return MNL_CB_ERROR;
	stats->value[type] = get_u64(attr);
	stats->present |= 1ULL << type;
	return MNL_CB_OK;
}

static int stats_reply(const struct nlmsghdr *nlh, void *data)
{
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), stats_attr, data) < 0)
		return fail(-EBADMSG, "malformed reply of the kernel");
	return 0;
}

int ipc_stats_get(struct sst_stats *stats)
{
	int rc = connect_kernel();

	if (rc)
		return rc;
	memset(stats, 0, sizeof(*stats));
	return talk(start(ipc.family, NLM_F_ACK, SST_CMD_STATS_GET, SST_GENL_VERSION),
		    stats_reply, stats);
}

static bool config_is_u8(unsigned int type)
{
	return type == SST_A_CONFIG_MARK_MASK ||
	       type == SST_A_CONFIG_MARK_VALUE || type == SST_A_CONFIG_DSCP;
}

static int config_attr(const struct nlattr *attr, void *data)
{
	unsigned int type = mnl_attr_get_type(attr);
	struct sst_config *config = data;

	if (type == SST_A_CONFIG_PAD || type > SST_A_CONFIG_MAX)
		return MNL_CB_OK;
	if (mnl_attr_get_payload_len(attr) !=
	    (config_is_u8(type) ? sizeof(uint8_t) : sizeof(uint32_t)))
		return MNL_CB_ERROR;
	config->value[type] = config_is_u8(type) ?
		mnl_attr_get_u8(attr) : mnl_attr_get_u32(attr);
	config->present |= 1U << type;
	return MNL_CB_OK;
}

static int config_reply(const struct nlmsghdr *nlh, void *data)
{
	if (mnl_attr_parse(nlh, sizeof(struct genlmsghdr), config_attr, data) < 0)
		return fail(-EBADMSG, "malformed reply of the kernel");
	return 0;
}

int ipc_config_get(struct sst_config *config)
{
	int rc = connect_kernel();

	if (rc)
		return rc;
	memset(config, 0, sizeof(*config));
	return talk(start(ipc.family, NLM_F_ACK, SST_CMD_CONFIG_GET, SST_GENL_VERSION),
		    config_reply, config);
}

int ipc_config_set(const struct sst_config *config)
{
	struct nlmsghdr *nlh;
	uint16_t type;
	int rc = connect_kernel();

	if (rc)
		return rc;
	nlh = start(ipc.family, NLM_F_ACK, SST_CMD_CONFIG_SET, SST_GENL_VERSION);
	for (type = SST_A_CONFIG_PAD + 1; type <= SST_A_CONFIG_MAX; type++) {
		if (!(config->present & (1U << type)))
			continue;
		if (config_is_u8(type))
			mnl_attr_put_u8(nlh, type, (uint8_t)config->value[type]);
		else
			mnl_attr_put_u32(nlh, type, config->value[type]);
	}
	return talk(nlh, NULL, NULL);
}

/* ---- events ---- */

int ipc_events_join(void)
{
	int size = EVENT_BUFFER;
	uint32_t group;
	int fd, rc;

	rc = connect_kernel();
	if (rc)
		return rc;
	if (!ipc.events_group)
		return fail(-EPROTO, "the loaded sst module has no events");
	fd = mnl_socket_get_fd(ipc.socket);
	/* The first passes the system's limit but needs CAP_NET_ADMIN there. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	group = CTRL_NOTIFY_GROUP;
	if (mnl_socket_setsockopt(ipc.socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0)
		return fail(-errno, "%s", errno_text(errno));
	group = ipc.events_group;
	if (mnl_socket_setsockopt(ipc.socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0)
		return fail(-errno, "%s", errno_text(errno));
	return 0;
}

int ipc_events_fd(void)
{
	return mnl_socket_get_fd(ipc.socket);
}

static int events_ctrl(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	struct family_info info = { .id = 0 };

	if (genl->cmd != CTRL_CMD_DELFAMILY)
		return 0;
	mnl_attr_parse(nlh, sizeof(*genl), family_attr, &info);
	if (info.id != ipc.family)
		return 0;
	return fail(-ENODEV, "the sst kernel module was removed");
}

int ipc_events_read(ipc_event_fn fn, void *data)
{
	const struct genlmsghdr *genl;
	const struct nlmsghdr *nlh;
	struct sst_flow flow;
	ssize_t n;
	int len, rc;

	n = mnl_socket_recvfrom(ipc.socket, ipc.reply, sizeof(ipc.reply));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n < 0)
		return fail(-errno, "%s", strerror(errno));
	len = (int)n;
	for (nlh = (void *)ipc.reply; mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
			continue;
		if (nlh->nlmsg_type == GENL_ID_CTRL) {
			rc = events_ctrl(nlh);
			if (rc)
				return rc;
		}
		if (nlh->nlmsg_type != ipc.family)
			continue;
		rc = flow_parse(nlh, &flow);
		if (rc)
			return rc;
		genl = mnl_nlmsg_get_payload(nlh);
		if (!fn(genl->cmd, &flow, data))
			return -ECANCELED;
	}
	return 0;
}
