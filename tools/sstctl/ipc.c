// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "ipc_internal.h"
#include "keys.h"
#include "sstctl.h"

/* Larger than any request or single reply here, a table of rules left out. */
#define REQUEST_SIZE 4096
/* The kernel fills dumps up to 32 KiB when the reader offers so much. */
#define REPLY_SIZE 32768
/* How often a list is asked for that changes meanwhile. */
#define LIST_TRIES 10
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
	/* Of the request that is under way. */
	const struct ipc_words *words;
	/* What was dumped changed meanwhile: see ipc_list(). */
	bool interrupted;
	/* Of the attribute that an error is about, 0 when it is about none. */
	uint32_t error_offset;
	char error[512];
	char warning[512];
	/* Both may hold a secret: see ipc_secret_begin(). */
	char request[REQUEST_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	char reply[REPLY_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
} ipc;

int ipc_fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ipc.error, sizeof(ipc.error), fmt, ap);
	va_end(ap);
	return err;
}

int ipc_malformed(void)
{
	return ipc_fail(-EBADMSG, "malformed reply of the kernel");
}

const char *ipc_error(void)
{
	return ipc.error;
}

const char *ipc_warning(void)
{
	return ipc.warning;
}

/* ---- what the kernel says about a request ---- */

static const char *attr_word(unsigned int type)
{
	return ipc.words && type < ipc.words->count ? ipc.words->word[type] : NULL;
}

static const char *attr_word_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, request, sizeof(struct genlmsghdr)) {
		if ((uintptr_t)attr - (uintptr_t)request == offset)
			return attr_word(mnl_attr_get_type(attr));
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
	case EMSGSIZE:
		return "larger than a socket may send: raise the limit net.core.wmem_max";
	case ENOBUFS:
		return "the answer did not fit into the socket's buffer: try again";
	}
	return strerror(err);
}

/* What stands in @nlh behind @header bytes of NLMSG_ERROR or NLMSG_DONE. */
static struct extack read_extack(const struct nlmsghdr *nlh, size_t header)
{
	struct extack ack = { .msg = NULL };

	if ((nlh->nlmsg_flags & NLM_F_ACK_TLVS) &&
	    mnl_nlmsg_get_payload_len(nlh) >= header)
		mnl_attr_parse(nlh, (unsigned int)header, extack_attr, &ack);
	return ack;
}

/* Keep the words for the error in @nlh. */
static int explain(const struct nlmsghdr *request, const struct nlmsghdr *nlh,
		   size_t header, int err)
{
	struct extack ack = read_extack(nlh, header);
	const char *word = NULL;
	char range[64];

	ipc.error_offset = ack.has_offset ? ack.offset : 0;
	if (ack.has_offset)
		word = attr_word_at(request, ack.offset);
	if (ack.msg && word && is_core_message(ack.msg))
		return ipc_fail(err, "%s: %s%s", word, ack.msg,
			    range_text(ack.policy, range, sizeof(range)));
	if (ack.msg && ack.msg[0])
		return ipc_fail(err, "%s", ack.msg);
	if (ack.has_miss_type) {
		word = attr_word(ack.miss_type);
		if (word)
			return ipc_fail(err, "%s is missing", word);
	}
	if (word)
		return ipc_fail(err, "%s: %s", word, errno_text(-err));
	return ipc_fail(err, "%s", errno_text(-err));
}

/* It was done, and there may be more to say. */
static int keep_warning(const struct nlmsghdr *nlh, size_t header)
{
	struct extack ack = read_extack(nlh, header);

	if (ack.msg)
		snprintf(ipc.warning, sizeof(ipc.warning), "%s", ack.msg);
	return 0;
}

static int explain_error(const struct nlmsghdr *request, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t header = sizeof(*e);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e))
		return ipc_malformed();
	/* Of one that was done only the header stands before the extended part. */
	if (!e->error)
		return keep_warning(nlh, header);
	/* Else the whole request, unless it was capped. */
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
	ipc.warning[0] = '\0';
	ipc.error_offset = 0;
	ipc.interrupted = false;
	nlh = mnl_nlmsg_put_header(ipc.request);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++ipc.seq;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

int ipc_talk(const struct nlmsghdr *request, ipc_reply_fn fn, void *data)
{
	const struct nlmsghdr *nlh;
	ssize_t n;
	int len, rc;

	if (mnl_socket_sendto(ipc.socket, request, request->nlmsg_len) < 0)
		return ipc_fail(-errno, "%s", errno_text(errno));
	for (;;) {
		n = mnl_socket_recvfrom(ipc.socket, ipc.reply, sizeof(ipc.reply));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ipc_fail(-errno, "%s", errno_text(errno));
		len = (int)n;
		for (nlh = (void *)ipc.reply; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (!mnl_nlmsg_portid_ok(nlh, ipc.portid) ||
			    !mnl_nlmsg_seq_ok(nlh, request->nlmsg_seq))
				continue;
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				ipc.interrupted = true;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				return explain_error(request, nlh);
			if (nlh->nlmsg_type == NLMSG_DONE)
				return explain_done(request, nlh);
			if (nlh->nlmsg_type < NLMSG_MIN_TYPE || !fn)
				continue;
			if (mnl_nlmsg_get_payload_len(nlh) <
			    sizeof(struct genlmsghdr))
				return ipc_malformed();
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

	ipc.words = NULL;
	nlh = start(GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SST_GENL_NAME);
	rc = ipc_talk(nlh, family_reply, &info);
	if (rc == -ENOENT)
		return ipc_fail(rc, "the sst kernel module is not loaded: try 'modprobe sst'");
	if (rc)
		return rc;
	if (!info.id)
		return ipc_malformed();
	if (info.version < SST_GENL_VERSION)
		return ipc_fail(-EPROTO,
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
		return ipc_fail(-errno, "no netlink socket: %s", strerror(errno));
	if (mnl_socket_bind(ipc.socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		rc = ipc_fail(-errno, "no netlink socket: %s", strerror(errno));
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

/* ---- for the files that know the messages ---- */

int ipc_begin(struct nlmsghdr **nlh, uint8_t cmd, uint16_t flags,
	      const struct ipc_words *words)
{
	int rc = connect_kernel();

	if (rc)
		return rc;
	ipc.words = words;
	*nlh = start(ipc.family, flags, cmd, SST_GENL_VERSION);
	return 0;
}

uint32_t ipc_error_offset(void)
{
	return ipc.error_offset;
}

void ipc_room(size_t len)
{
	int size = (int)len;
	int fd = mnl_socket_get_fd(ipc.socket);

	/* The first passes the system's limit but needs CAP_NET_ADMIN there. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

void ipc_secret_begin(void)
{
	keys_lock(ipc.request, sizeof(ipc.request));
	keys_lock(ipc.reply, sizeof(ipc.reply));
}

void ipc_secret_end(void)
{
	keys_wipe(ipc.request, sizeof(ipc.request));
	keys_wipe(ipc.reply, sizeof(ipc.reply));
}

struct list_reader {
	ipc_reply_fn parse;
	size_t size;
	struct list *list;
};

static int list_reply(const struct nlmsghdr *nlh, void *data)
{
	struct list_reader *reader = data;
	void *item = list_add(reader->list, reader->size);

	return item ? reader->parse(nlh, item) :
		ipc_fail(-ENOMEM, "%s", strerror(ENOMEM));
}

static int list_once(uint8_t cmd, struct list_reader *reader)
{
	struct nlmsghdr *nlh;
	int rc = ipc_begin(&nlh, cmd, NLM_F_DUMP, NULL);

	if (!rc)
		rc = ipc_talk(nlh, list_reply, reader);
	if (!rc && ipc.interrupted)
		rc = ipc_fail(-ESTALE, "what is to be listed changes all the time: try again");
	return rc;
}

/*
 * Most is dumped in the order of its ids, so that a change meanwhile makes
 * nothing else show twice or not at all. Rules are not: they can be replaced, all
 * at once. When they were, the kernel says so, and what came is of no state that
 * ever was.
 */
int ipc_list(uint8_t cmd, ipc_reply_fn parse, size_t size, ipc_drop_fn drop,
	     struct list *list)
{
	struct list_reader reader = { .parse = parse, .size = size, .list = list };
	int rc, tries = 0;

	*list = (struct list){ .items = NULL };
	do {
		rc = list_once(cmd, &reader);
		if (rc)
			drop(list);
	} while (rc == -ESTALE && ++tries < LIST_TRIES);
	return rc;
}

void ipc_get_addr(const struct nlattr *attr, int family, struct sst_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->family = family;
	memcpy(addr->bytes, mnl_attr_get_payload(attr), family == AF_INET ? 4 : 16);
}

void ipc_put_addr(struct nlmsghdr *nlh, uint16_t ipv4, uint16_t ipv6,
		  const struct sst_addr *addr)
{
	if (addr->family == AF_INET)
		mnl_attr_put(nlh, ipv4, 4, addr->bytes);
	else
		mnl_attr_put(nlh, ipv6, 16, addr->bytes);
}

bool ipc_get_name(const struct nlattr *attr, char name[SST_NAME_MAX + 1])
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0 ||
	    mnl_attr_get_payload_len(attr) > SST_NAME_MAX + 1)
		return false;
	strcpy(name, mnl_attr_get_str(attr));
	return true;
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
		return ipc_fail(-EPROTO, "the loaded sst module has no events");
	fd = mnl_socket_get_fd(ipc.socket);
	/* The first passes the system's limit but needs CAP_NET_ADMIN there. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	group = CTRL_NOTIFY_GROUP;
	if (mnl_socket_setsockopt(ipc.socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0)
		return ipc_fail(-errno, "%s", errno_text(errno));
	group = ipc.events_group;
	if (mnl_socket_setsockopt(ipc.socket, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)) < 0)
		return ipc_fail(-errno, "%s", errno_text(errno));
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
	return ipc_fail(-ENODEV, "the sst kernel module was removed");
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
		return ipc_fail(-errno, "%s", strerror(errno));
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
		rc = ipc_flow_parse(nlh, &flow);
		if (rc)
			return rc;
		genl = mnl_nlmsg_get_payload(nlh);
		if (!fn(genl->cmd, &flow, data))
			return -ECANCELED;
	}
	return 0;
}
