// SPDX-License-Identifier: GPL-2.0
#include "probe_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sstctl.h"

#define REPLY_SIZE 8192
#define ECHO_HEADER 8
/* How often, in steps of 50 ms, the next hop is asked for. */
#define NEIGHBOUR_TRIES 30

/**
 * struct route - what the kernel says about the way to a host
 * @device: index of the device
 * @gateway: the next hop; without family: the host itself
 */
struct route {
	unsigned int device;
	struct sst_addr gateway;
	struct sst_addr from;
};

static size_t addr_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static void get_addr(const struct nlattr *attr, int family, struct sst_addr *addr)
{
	if (mnl_attr_get_payload_len(attr) < addr_size(family))
		return;
	addr->family = family;
	memcpy(addr->bytes, mnl_attr_get_payload(attr), addr_size(family));
}

/* One request to rtnetlink. Returns a negative errno when it fails. */
static int ask(struct nlmsghdr *request, mnl_cb_t fn, void *data)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char reply[REPLY_SIZE];
	ssize_t n;
	int rc = -EIO;

	if (!socket)
		return -errno;
	request->nlmsg_seq = 1;
	if (!mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) &&
	    mnl_socket_sendto(socket, request, request->nlmsg_len) >= 0) {
		n = mnl_socket_recvfrom(socket, reply, sizeof(reply));
		if (n > 0)
			rc = mnl_cb_run(reply, (size_t)n, 1,
					mnl_socket_get_portid(socket), fn, data);
		if (n < 0 || rc < 0)
			rc = -errno;
	}
	mnl_socket_close(socket);
	return rc < 0 ? rc : 0;
}

static int route_reply(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route *route = data;
	const struct nlattr *attr;
	const struct rtvia *via;

	if (nlh->nlmsg_type != RTM_NEWROUTE)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_OIF:
			route->device = mnl_attr_get_u32(attr);
			break;
		case RTA_GATEWAY:
			get_addr(attr, rtm->rtm_family, &route->gateway);
			break;
		case RTA_VIA:
			via = mnl_attr_get_payload(attr);
			if (mnl_attr_get_payload_len(attr) <
			    sizeof(*via) + addr_size(via->rtvia_family))
				break;
			route->gateway.family = via->rtvia_family;
			memcpy(route->gateway.bytes, via->rtvia_addr,
			       addr_size(via->rtvia_family));
			break;
		case RTA_PREFSRC:
			get_addr(attr, rtm->rtm_family, &route->from);
			break;
		}
	}
	return MNL_CB_OK;
}

static int find_route(const struct sst_addr *to, struct route *route)
{
	char buf[256] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	memset(route, 0, sizeof(*route));
	nlh->nlmsg_type = RTM_GETROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = (unsigned char)to->family;
	rtm->rtm_dst_len = (unsigned char)(addr_size(to->family) * 8);
	mnl_attr_put(nlh, RTA_DST, addr_size(to->family), to->bytes);
	return ask(nlh, route_reply, route);
}

static int neighbour_reply(const struct nlmsghdr *nlh, void *data)
{
	struct sockaddr_ll *next = data;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWNEIGH)
		return MNL_CB_OK;
	mnl_attr_for_each(attr, nlh, sizeof(struct ndmsg)) {
		if (mnl_attr_get_type(attr) != NDA_LLADDR ||
		    mnl_attr_get_payload_len(attr) > sizeof(next->sll_addr))
			continue;
		next->sll_halen = (unsigned char)mnl_attr_get_payload_len(attr);
		memcpy(next->sll_addr, mnl_attr_get_payload(attr), next->sll_halen);
	}
	return MNL_CB_OK;
}

static void find_neighbour(unsigned int device, const struct sst_addr *addr,
			   struct sockaddr_ll *next)
{
	char buf[256] __attribute__((aligned(NLMSG_ALIGNTO))) = { 0 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ndmsg *ndm;

	nlh->nlmsg_type = RTM_GETNEIGH;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	ndm = mnl_nlmsg_put_extra_header(nlh, sizeof(*ndm));
	ndm->ndm_family = (unsigned char)addr->family;
	ndm->ndm_ifindex = (int)device;
	mnl_attr_put(nlh, NDA_DST, addr_size(addr->family), addr->bytes);
	/* Not there yet is no error. */
	(void)ask(nlh, neighbour_reply, next);
}

static int send_ping(int fd, const struct sst_addr *to, uint16_t id, size_t size)
{
	size_t header = probe_headers(to->family) - ECHO_HEADER;
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in to4 = { .sin_family = AF_INET };
	struct probe_packet echo = {
		.from = *to, .to = *to, .echo = true, .sport = id,
	};
	uint8_t *buf;
	ssize_t n;

	if (probe_headers(to->family) + size > PROBE_SIZE_MAX)
		return -1;
	echo.length = (uint16_t)(probe_headers(to->family) + size);
	buf = malloc(echo.length);
	if (!buf)
		return -1;
	memcpy(&to4.sin_addr, to->bytes, 4);
	memcpy(&to6.sin6_addr, to->bytes, 16);
	/* The kernel makes another IP header, and the checksum of ICMPv6. */
	probe_build(&echo, buf);
	if (to->family == AF_INET)
		n = sendto(fd, buf + header, ECHO_HEADER + size, 0,
			   (struct sockaddr *)&to4, sizeof(to4));
	else
		n = sendto(fd, buf + header, ECHO_HEADER + size, 0,
			   (struct sockaddr *)&to6, sizeof(to6));
	free(buf);
	return n < 0 ? -1 : 0;
}

/* Does the reply to this one come in time? A raw socket gets all ICMP. */
static bool await_reply(int fd, const struct sst_addr *to, uint16_t id,
			unsigned int ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };
	int64_t deadline = probe_now() + ms, left;
	bool ipv4 = to->family == AF_INET;
	uint8_t buf[128], *icmp = buf;
	ssize_t n;

	for (left = ms; left > 0; left = deadline - probe_now()) {
		if (poll(&pollfd, 1, (int)left) <= 0)
			continue;
		n = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (ipv4)
			icmp = buf + (buf[0] & 0xf) * 4;
		if (n >= icmp - buf + ECHO_HEADER &&
		    icmp[0] == (ipv4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
		    icmp[4] == id >> 8 && icmp[5] == (id & 0xff))
			return true;
	}
	return false;
}

bool probe_link_ping(const struct sst_addr *to, uint16_t id, size_t size,
		     unsigned int ms)
{
	bool answered;
	int fd;

	fd = socket(to->family, SOCK_RAW | SOCK_CLOEXEC,
		    to->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (fd < 0)
		return false;
	answered = !send_ping(fd, to, id, size) && await_reply(fd, to, id, ms);
	close(fd);
	return answered;
}

/* Type and MTU of the device. */
static const char *look_at_device(struct probe_link *link, bool *has_neighbours)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	if (!if_indextoname((unsigned int)link->next.sll_ifindex, ifr.ifr_name) ||
	    ioctl(link->fd, SIOCGIFMTU, &ifr) < 0)
		return strerror(errno);
	link->mtu = (unsigned int)ifr.ifr_mtu;
	if (ioctl(link->fd, SIOCGIFFLAGS, &ifr) < 0)
		return strerror(errno);
	if (ifr.ifr_flags & IFF_LOOPBACK)
		return "it is an address of this host";
	*has_neighbours = !(ifr.ifr_flags & (IFF_NOARP | IFF_POINTOPOINT));
	return NULL;
}

/* Only ICMP: on a busy host all else would fill the buffer. */
static int filter_icmp(int fd, int family)
{
	bool ipv4 = family == AF_INET;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, ipv4 ? 9 : 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			 ipv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			  sizeof(program));
}

static const char *prepare(struct probe_link *link, struct route *route)
{
	bool has_neighbours = false;
	const char *why;
	int tries;

	link->from = route->from;
	link->next.sll_family = AF_PACKET;
	link->next.sll_protocol = htons(link->to.family == AF_INET ? ETH_P_IP :
								     ETH_P_IPV6);
	link->next.sll_ifindex = (int)route->device;
	if (filter_icmp(link->fd, link->to.family))
		return strerror(errno);
	why = look_at_device(link, &has_neighbours);
	if (why || !has_neighbours)
		return why;
	for (tries = 0; tries < NEIGHBOUR_TRIES; tries++) {
		find_neighbour(route->device, route->gateway.family ?
			       &route->gateway : &link->to, &link->next);
		if (link->next.sll_halen)
			return NULL;
		/* The kernel finds out who it is when it has to send something. */
		probe_link_ping(&link->to, 0, 0, 50);
	}
	return "the next hop does not answer";
}

const char *probe_link_open(struct probe_link *link, const struct sst_addr *to)
{
	struct route route;
	const char *why;
	int rc;

	memset(link, 0, sizeof(*link));
	link->to = *to;
	rc = find_route(to, &route);
	if (rc || !route.device || !route.from.family)
		return rc ? strerror(-rc) : "no route";
	link->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC,
			  htons(to->family == AF_INET ? ETH_P_IP : ETH_P_IPV6));
	if (link->fd < 0)
		return errno == EPERM ? "CAP_NET_RAW is needed" : strerror(errno);
	why = prepare(link, &route);
	if (why)
		probe_link_close(link);
	return why;
}

void probe_link_close(struct probe_link *link)
{
	close(link->fd);
	link->fd = -1;
}

void probe_link_send(const struct probe_link *link,
		     const struct probe_packet *packet)
{
	uint8_t *buf = malloc(packet->length);

	if (!buf)
		return;
	probe_build(packet, buf);
	(void)sendto(link->fd, buf, packet->length, 0,
		     (const struct sockaddr *)&link->next, sizeof(link->next));
	free(buf);
}

bool probe_link_receive(const struct probe_link *link, int64_t deadline,
			struct probe_answer *answer)
{
	struct pollfd pollfd = { .fd = link->fd, .events = POLLIN };
	/* An IPv4 header with options, ICMP, and what is quoted of a probe. */
	uint8_t buf[512];
	int64_t left;
	ssize_t n;

	for (;;) {
		left = deadline - probe_now();
		if (left < 0)
			left = 0;
		if (poll(&pollfd, 1, (int)left) <= 0)
			return false;
		n = recv(link->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n > 0 && probe_parse(link->to.family, buf, (size_t)n, answer))
			return true;
		if (probe_now() >= deadline)
			return false;
	}
}

int64_t probe_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void probe_sleep(unsigned int ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}
