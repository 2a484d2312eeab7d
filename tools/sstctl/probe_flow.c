// SPDX-License-Identifier: GPL-2.0
#include "probe_flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sst.h>

#include "ipc.h"
#include "probe_link.h"

/*
 * An opening is sent with each datagram. The first may be lost while a key is
 * made; an association that the peer has lost is given up after three seconds.
 */
#define TRIES 10
#define TRY_MS 500
#define POLL_MS 20

/**
 * struct search - the flow of a socket among all others
 * @local: of the socket
 * @remote: of the socket
 * @id: the flow, 0 when there is none
 * @live: it is confirmed
 */
struct search {
	struct sst_endpoint local;
	struct sst_endpoint remote;
	uint32_t id;
	bool live;
};

static bool same(const struct sst_endpoint *a, const struct sst_endpoint *b)
{
	return a->port == b->port && a->addr.family == b->addr.family &&
	       !memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));
}

static void look_at(const struct sst_flow *flow, void *data)
{
	struct search *search = data;

	if (flow->proto != IPPROTO_UDP || flow->role != SST_FLOW_ROLE_INITIATOR ||
	    !same(&flow->local, &search->local) ||
	    !same(&flow->remote, &search->remote))
		return;
	search->id = flow->id;
	search->live = flow->state == SST_FLOW_STATE_LIVE;
}

/* By its id, once it is known: another one may have taken its place. */
static bool is_live(struct search *search)
{
	uint32_t id = search->id;

	search->id = 0;
	search->live = false;
	if (id)
		(void)ipc_flow_get(id, look_at, search);
	if (!search->id)
		(void)ipc_flow_dump(look_at, search);
	return search->live;
}

static void put_sockaddr(struct sockaddr_storage *ss, const struct sst_endpoint *ep)
{
	struct sockaddr_in6 *to6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *to4 = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = (sa_family_t)ep->addr.family;
	if (ep->addr.family == AF_INET) {
		to4->sin_port = htons(ep->port);
		memcpy(&to4->sin_addr, ep->addr.bytes, 4);
	} else {
		to6->sin6_port = htons(ep->port);
		memcpy(&to6->sin6_addr, ep->addr.bytes, 16);
	}
}

static void get_sockaddr(const struct sockaddr_storage *ss, struct sst_endpoint *ep)
{
	const struct sockaddr_in6 *of6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *of4 = (const struct sockaddr_in *)ss;

	memset(ep, 0, sizeof(*ep));
	ep->addr.family = ss->ss_family;
	if (ss->ss_family == AF_INET) {
		ep->port = ntohs(of4->sin_port);
		memcpy(ep->addr.bytes, &of4->sin_addr, 4);
	} else {
		ep->port = ntohs(of6->sin6_port);
		memcpy(ep->addr.bytes, &of6->sin6_addr, 16);
	}
}

static int make_socket(struct probe_flow *flow, struct search *search)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int mode = SST_REQUIRE;

	flow->fd = socket(search->remote.addr.family,
			  SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (flow->fd < 0)
		return -1;
	/* On IPv6 sockets, too, SOL_IP is one of its levels. */
	if (setsockopt(flow->fd, search->remote.addr.family == AF_INET ?
		       SOL_IP : SOL_IPV6, SO_SST, &mode, sizeof(mode)))
		return -1;
	put_sockaddr(&ss, &search->remote);
	if (connect(flow->fd, (struct sockaddr *)&ss, sizeof(ss)) ||
	    getsockname(flow->fd, (struct sockaddr *)&ss, &len))
		return -1;
	get_sockaddr(&ss, &search->local);
	return 0;
}

/* What came for the socket; a service may even answer. */
static void drain(struct probe_flow *flow)
{
	char byte;

	while (recv(flow->fd, &byte, 1, MSG_TRUNC) >= 0 || errno == ECONNREFUSED) {
		if (errno == ECONNREFUSED)
			flow->refused = true;
		errno = 0;
	}
}

/* An error that waits in the socket is told first: try twice. */
static int send_zeros(struct probe_flow *flow, const void *zeros, size_t size)
{
	if (send(flow->fd, zeros, size, 0) >= 0)
		return 0;
	if (errno == ECONNREFUSED) {
		flow->refused = true;
		if (send(flow->fd, zeros, size, 0) >= 0)
			return 0;
	}
	return -1;
}

static enum probe_flow_result try(struct probe_flow *flow, struct search *search,
				  const void *zeros, size_t size)
{
	bool sent = false;
	int tries, err = 0;
	int64_t end;

	for (tries = 0; tries < TRIES; tries++) {
		if (!send_zeros(flow, zeros, size))
			sent = true;
		else if (errno == ENOKEY)
			return PROBE_FLOW_NO_KEY;
		else
			err = errno;
		end = probe_now() + TRY_MS;
		while (probe_now() < end) {
			drain(flow);
			if (is_live(search))
				return PROBE_FLOW_LIVE;
			probe_sleep(POLL_MS);
		}
	}
	/* A firewall of this host, say, or no way to the other one. */
	errno = err;
	return sent ? PROBE_FLOW_SILENT : PROBE_FLOW_FAILED;
}

enum probe_flow_result probe_flow_open(struct probe_flow *flow,
				       const struct sst_addr *to, uint16_t port,
				       size_t size)
{
	struct search search = { .remote = { *to, port } };
	enum probe_flow_result result = PROBE_FLOW_FAILED;
	void *zeros = calloc(1, size);

	*flow = (struct probe_flow){ .fd = -1 };
	if (zeros && !make_socket(flow, &search))
		result = try(flow, &search, zeros, size);
	free(zeros);
	return result;
}

bool probe_flow_is_refused(struct probe_flow *flow, size_t size)
{
	void *zeros = calloc(1, size);
	int tries;

	/* A host says so once a second to each other one. */
	probe_sleep(1100);
	drain(flow);
	flow->refused = false;
	for (tries = 0; zeros && tries < 3 && !flow->refused; tries++) {
		(void)send_zeros(flow, zeros, size);
		probe_sleep(400);
		drain(flow);
	}
	free(zeros);
	return flow->refused;
}

void probe_flow_close(struct probe_flow *flow)
{
	if (flow->fd >= 0)
		close(flow->fd);
	flow->fd = -1;
}
