// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of ipc.c: lists that change while they are read. TAP. The functions of
 * libmnl that speak with the kernel are here: it has two rules, and dumps them in
 * a message each.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "ipc_internal.h"

#define PORTID 77
#define FAMILY 30
#define RULES 2

enum fault {
	FAULT_NONE,
	FAULT_FIRST,	/* the first rule says that the dump was interrupted */
	FAULT_DONE,	/* the end of it does */
};

static int count, failed;

/**
 * struct kernel - what answers
 * @request: what came last
 * @step: messages that were sent about it
 * @fault: how a dump is interrupted
 * @faults: dumps that are, from the first one on
 * @dumps: dumps that were asked for
 */
static struct {
	struct nlmsghdr request;
	int step;
	enum fault fault;
	int faults;
	int dumps;
} kernel;

struct mnl_socket {
	int fd;
};

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	static struct mnl_socket socket;

	(void)bus;
	(void)flags;
	return &socket;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
	(void)nl;
	(void)groups;
	(void)pid;
	return 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
	(void)nl;
	return PORTID;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
	return nl->fd;
}

int mnl_socket_setsockopt(const struct mnl_socket *nl, int type, void *buf,
			  socklen_t len)
{
	(void)nl;
	(void)type;
	(void)buf;
	(void)len;
	return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
	(void)nl;
	return 0;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t size)
{
	(void)nl;
	memcpy(&kernel.request, req, sizeof(kernel.request));
	kernel.step = 0;
	if (kernel.request.nlmsg_type == FAMILY)
		kernel.dumps++;
	return (ssize_t)size;
}

static struct nlmsghdr *begin(void *buf, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_seq = kernel.request.nlmsg_seq;
	nlh->nlmsg_pid = PORTID;
	return nlh;
}

static struct nlmsghdr *say_family(void *buf)
{
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	mnl_attr_put_u16(nlh, CTRL_ATTR_FAMILY_ID, FAMILY);
	mnl_attr_put_u32(nlh, CTRL_ATTR_VERSION, SST_GENL_VERSION);
	return nlh;
}

/* The end of a dump, and the answer to what is none, have a 0 in front. */
static struct nlmsghdr *say_end(void *buf, uint16_t type)
{
	struct nlmsghdr *nlh = begin(buf, type);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct nlmsgerr));
	return nlh;
}

/* Its id says which dump it is of. */
static struct nlmsghdr *say_rule(void *buf)
{
	struct nlmsghdr *nlh = begin(buf, FAMILY);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct genlmsghdr));
	mnl_attr_put_u32(nlh, SST_A_POLICY_ID, (uint32_t)kernel.dumps);
	mnl_attr_put_strz(nlh, SST_A_POLICY_CGROUP, "/group");
	return nlh;
}

static struct nlmsghdr *say_dump(void *buf, int step)
{
	bool end = step == RULES;
	struct nlmsghdr *nlh = end ? say_end(buf, NLMSG_DONE) : say_rule(buf);

	if (kernel.dumps <= kernel.faults &&
	    ((kernel.fault == FAULT_FIRST && !step) ||
	     (kernel.fault == FAULT_DONE && end)))
		nlh->nlmsg_flags |= NLM_F_DUMP_INTR;
	return nlh;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *nl, void *buf, size_t size)
{
	int step = kernel.step++;
	struct nlmsghdr *nlh;

	(void)nl;
	(void)size;
	if (kernel.request.nlmsg_type == FAMILY)
		nlh = say_dump(buf, step);
	else
		nlh = step ? say_end(buf, NLMSG_ERROR) : say_family(buf);
	return (ssize_t)nlh->nlmsg_len;
}

static void result(bool good, const char *what)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++count, what);
	failed += !good;
}

static int ask(struct list *rules, enum fault fault, int faults)
{
	kernel.fault = fault;
	kernel.faults = faults;
	kernel.dumps = 0;
	return ipc_policy_list(rules);
}

/* All rules are of the dump with this number. */
static bool all_of(const struct list *rules, uint32_t dump)
{
	const struct sst_rule *rule = rules->items;
	size_t i;

	for (i = 0; i < rules->count; i++) {
		if (rule[i].id != dump)
			return false;
	}
	return rules->count == RULES;
}

int main(void)
{
	struct list rules;
	int rc;

	rc = ask(&rules, FAULT_NONE, 0);
	result(!rc && kernel.dumps == 1 && all_of(&rules, 1), "a list");
	rules_free(&rules);

	rc = ask(&rules, FAULT_FIRST, 2);
	result(!rc && kernel.dumps == 3 && all_of(&rules, 3),
	       "a list that changed twice is the third one");
	rules_free(&rules);

	rc = ask(&rules, FAULT_DONE, 1);
	result(!rc && kernel.dumps == 2 && all_of(&rules, 2),
	       "the end may say that it changed");
	rules_free(&rules);

	rc = ask(&rules, FAULT_FIRST, 1000);
	result(rc == -ESTALE && kernel.dumps > 2 && kernel.dumps < 100 &&
	       !rules.count && !rules.items && strstr(ipc_error(), "try again"),
	       "a list that always changes is given up");
	ipc_close();
	printf("1..%d\n", count);
	return failed != 0;
}
