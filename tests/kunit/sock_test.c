// SPDX-License-Identifier: GPL-2.0
/*
 * What the module keeps with sockets and asks about them: real sockets over
 * loopback, which SST exempts. The option itself is the selftest sockopt's.
 */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/net.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <net/inet_connection_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "fixture.h"
#include "sock.h"

/* More than the module takes from one slot at a time. */
#define MANY	70

/* One family of sockets and addresses. */
struct net_case {
	const char *desc;
	int family;
	/* Of the packets. */
	u8 pf;
};

static const struct net_case net_cases[] = {
	{ "IPv4", AF_INET, NFPROTO_IPV4 },
	{ "IPv6", AF_INET6, NFPROTO_IPV6 },
	{ "IPv4 on IPv6 sockets", AF_INET6, NFPROTO_IPV4 },
};

KUNIT_ARRAY_PARAM_DESC(net, net_cases, desc);

static const struct net_case *case_of(struct kunit *test)
{
	return test->param_value;
}

static void free_socket(void *sock)
{
	sock_release(sock);
}

static struct socket *own(struct kunit *test, struct socket *sock)
{
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_socket, sock));
	return sock;
}

static struct socket *new_socket(struct kunit *test, int type)
{
	int proto = type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, 0,
			sock_create_kern(&init_net, case_of(test)->family, type,
					 proto, &sock));
	/* As a program would have it: the kernel's own do not take the option. */
	sock->sk->sk_kern_sock = 0;
	return own(test, sock);
}

/* The loopback address with a port, as sockets of the case write it. */
static int fill_addr(struct kunit *test, struct sockaddr_storage *addr,
		     u16 port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *in = (struct sockaddr_in *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = case_of(test)->family;
	if (addr->ss_family == AF_INET) {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	if (case_of(test)->pf == NFPROTO_IPV4)
		ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), &in6->sin6_addr);
	else
		in6->sin6_addr = in6addr_loopback;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

static void bind_to(struct kunit *test, struct socket *sock, u16 port)
{
	struct sockaddr_storage addr;
	int len = fill_addr(test, &addr, port);

	KUNIT_ASSERT_EQ(test, 0,
			kernel_bind(sock, (struct sockaddr *)&addr, len));
}

static void connect_to(struct kunit *test, struct socket *sock, u16 port)
{
	struct sockaddr_storage addr;
	int len = fill_addr(test, &addr, port);

	KUNIT_ASSERT_EQ(test, 0,
			kernel_connect(sock, (struct sockaddr *)&addr, len, 0));
}

static u16 port_of(const struct socket *sock)
{
	return sock->sk->sk_num;
}

static void set_mode(struct kunit *test, struct socket *sock, int mode)
{
	bool ipv4 = case_of(test)->family == AF_INET;

	KUNIT_ASSERT_EQ(test, 0,
			nf_setsockopt(sock->sk, ipv4 ? PF_INET : PF_INET6,
				      SO_SST, KERNEL_SOCKPTR(&mode),
				      sizeof(mode)));
}

static struct socket *new_listener(struct kunit *test, int mode)
{
	struct socket *sock = new_socket(test, SOCK_STREAM);

	set_mode(test, sock, mode);
	bind_to(test, sock, 0);
	KUNIT_ASSERT_EQ(test, 0, kernel_listen(sock, 10));
	return sock;
}

static struct socket *new_client(struct kunit *test, struct socket *listener)
{
	struct socket *sock = new_socket(test, SOCK_STREAM);

	connect_to(test, sock, port_of(listener));
	return sock;
}

static struct socket *accept_one(struct kunit *test, struct socket *listener)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, 0, kernel_accept(listener, &sock, O_NONBLOCK));
	return own(test, sock);
}

static struct socket *new_udp(struct kunit *test, int mode)
{
	struct socket *sock = new_socket(test, SOCK_DGRAM);

	set_mode(test, sock, mode);
	bind_to(test, sock, 0);
	return sock;
}

static void fill_tuple(struct kunit *test, struct sst_tuple *tuple, u8 proto,
		       u16 lport, u16 rport)
{
	memset(tuple, 0, sizeof(*tuple));
	tuple->family = case_of(test)->pf;
	tuple->proto = proto;
	tuple->lport = htons(lport);
	tuple->rport = htons(rport);
	if (tuple->family == NFPROTO_IPV4)
		tuple->local.ip = htonl(INADDR_LOOPBACK);
	else
		tuple->local.in6 = in6addr_loopback;
	tuple->remote = tuple->local;
}

static bool exists(struct kunit *test, u8 proto, u16 lport, u16 rport)
{
	struct sst_tuple tuple;
	bool found;

	fill_tuple(test, &tuple, proto, lport, rport);
	rcu_read_lock();
	found = sst_sock_exists(&init_net, &tuple);
	rcu_read_unlock();
	return found;
}

/* A packet that came in by loopback; of its bytes nothing is looked at. */
static bool requires(struct kunit *test, u8 proto, u16 lport, u16 rport)
{
	struct sk_buff *skb = alloc_skb(64, GFP_KERNEL);
	struct sst_tuple tuple;
	bool found;

	KUNIT_ASSERT_NOT_NULL(test, skb);
	memset(skb->cb, 0, sizeof(skb->cb));
	skb->dev = init_net.loopback_dev;
	skb->skb_iif = init_net.loopback_dev->ifindex;
	fill_tuple(test, &tuple, proto, lport, rport);
	local_bh_disable();
	rcu_read_lock();
	found = sst_sock_requires(&init_net, skb, &tuple);
	rcu_read_unlock();
	local_bh_enable();
	kfree_skb(skb);
	return found;
}

static void sock_modes(struct kunit *test)
{
	struct socket *sock = new_socket(test, SOCK_STREAM), *child;
	int mode;

	KUNIT_EXPECT_EQ(test, SST_OFF, sst_sock_mode(NULL));
	KUNIT_EXPECT_EQ(test, SST_OFF, sst_sock_mode(sock->sk));
	for (mode = SST_REQUIRE; mode >= SST_OFF; mode--) {
		set_mode(test, sock, mode);
		KUNIT_EXPECT_EQ(test, mode, sst_sock_mode(sock->sk));
	}
	for (mode = SST_OFF; mode <= SST_REQUIRE; mode++) {
		struct socket *listener = new_listener(test, mode);
		struct socket *client = new_client(test, listener);

		child = accept_one(test, listener);
		KUNIT_EXPECT_EQ(test, mode, sst_sock_mode(child->sk));
		KUNIT_EXPECT_EQ(test, SST_OFF, sst_sock_mode(client->sk));
		KUNIT_EXPECT_FALSE(test, sst_sock_is_carried(child->sk));
	}
}

static void sock_exists_tcp(struct kunit *test)
{
	struct socket *listener = new_listener(test, SST_OFF);
	struct socket *client = new_client(test, listener);
	u16 lport = port_of(listener), cport = port_of(client);
	struct socket *child;

	/* Not yet accepted, then accepted. */
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_TCP, cport, lport));
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_TCP, lport, cport));
	child = accept_one(test, listener);
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_TCP, lport, cport));

	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_UDP, cport, lport));
	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_TCP, cport, lport ^ 1));
	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_TCP, cport ^ 1, lport));
	/* Who only listens has no tuple. */
	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_TCP, lport, 0));

	/* Time-wait at the end that closes first. */
	kunit_release_action(test, free_socket, client);
	kunit_release_action(test, free_socket, child);
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_TCP, cport, lport));
	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_TCP, lport, cport));
}

/* Bound to a device, whatever device that is. */
static void sock_exists_bound(struct kunit *test)
{
	struct socket *listener = new_listener(test, SST_OFF);
	struct socket *client = new_socket(test, SOCK_STREAM);
	struct socket *udp = new_udp(test, SST_OFF);

	client->sk->sk_bound_dev_if = init_net.loopback_dev->ifindex;
	udp->sk->sk_bound_dev_if = init_net.loopback_dev->ifindex;
	connect_to(test, client, port_of(listener));
	connect_to(test, udp, 9);
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_TCP, port_of(client),
				       port_of(listener)));
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_UDP, port_of(udp), 9));
}

static void sock_exists_udp(struct kunit *test)
{
	struct socket *sock = new_udp(test, SST_OFF);
	struct socket *any = new_socket(test, SOCK_DGRAM);
	u16 port = port_of(sock);

	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_UDP, port, 9));
	connect_to(test, sock, 9);
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_UDP, port, 9));
	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_UDP, port, 10));
	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_TCP, port, 9));
	/* Bound to nothing at all before. */
	connect_to(test, any, 9);
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_UDP, port_of(any), 9));
	kunit_release_action(test, free_socket, sock);
	KUNIT_EXPECT_FALSE(test, exists(test, IPPROTO_UDP, port, 9));
}

static void sock_requires_tcp(struct kunit *test)
{
	struct sst_net *sn = sst_pernet(&init_net);
	struct socket *prefers = new_listener(test, SST_PREFER);
	struct socket *listener = new_listener(test, SST_REQUIRE);
	struct socket *client = new_client(test, listener), *child;
	u16 port = port_of(listener), cport = port_of(client);

	KUNIT_EXPECT_TRUE(test, requires(test, IPPROTO_TCP, port, 9));
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_UDP, port, 9));
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_TCP, port_of(prefers),
					  9));
	/* Nobody has this one. */
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_TCP, 1, 9));

	/* The connection is there already. */
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_TCP, port, cport));
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_TCP, cport, port));
	/* Time-wait at the listener's end: a new one may begin. */
	child = accept_one(test, listener);
	kunit_release_action(test, free_socket, child);
	kunit_release_action(test, free_socket, client);
	KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_TCP, port, cport));
	KUNIT_EXPECT_TRUE(test, requires(test, IPPROTO_TCP, port, cport));

	sn->sockets_require = false;
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_TCP, port, 9));
	sn->sockets_require = true;
}

/* A connection that stays a request, because the client sends nothing. */
static void sock_request(struct kunit *test)
{
	int mode;

	for (mode = SST_OFF; mode <= SST_REQUIRE; mode++) {
		struct socket *listener = new_listener(test, mode), *client;
		u16 port = port_of(listener);

		inet_csk(listener->sk)->icsk_accept_queue.rskq_defer_accept = 5;
		client = new_client(test, listener);
		KUNIT_EXPECT_TRUE(test, exists(test, IPPROTO_TCP, port,
					       port_of(client)));
		KUNIT_EXPECT_EQ(test, mode == SST_REQUIRE,
				requires(test, IPPROTO_TCP, port,
					 port_of(client)));
	}
}

static void sock_requires_udp(struct kunit *test)
{
	struct socket *sock = new_udp(test, SST_REQUIRE);
	struct socket *prefers = new_udp(test, SST_PREFER);
	u16 port = port_of(sock);

	KUNIT_EXPECT_TRUE(test, requires(test, IPPROTO_UDP, port, 9));
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_TCP, port, 9));
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_UDP, port_of(prefers),
					  9));
	/* Connected: only its peer's packets are its own. */
	connect_to(test, sock, 9);
	KUNIT_EXPECT_TRUE(test, requires(test, IPPROTO_UDP, port, 9));
	KUNIT_EXPECT_FALSE(test, requires(test, IPPROTO_UDP, port, 10));
}

static void sock_carried(struct kunit *test)
{
	struct socket *listener = new_listener(test, SST_REQUIRE);
	struct socket *client = new_client(test, listener);
	struct socket *child = accept_one(test, listener);
	struct socket *bystander = new_client(test, listener);
	struct socket *udp = new_udp(test, SST_OFF);

	KUNIT_EXPECT_FALSE(test, sst_sock_is_carried(NULL));
	sst_sock_set_carried(NULL);
	/* Who listens or is not connected stays as it is. */
	sst_sock_set_carried(listener->sk);
	sst_sock_set_carried(udp->sk);
	KUNIT_EXPECT_FALSE(test, sst_sock_is_carried(listener->sk));
	KUNIT_EXPECT_FALSE(test, sst_sock_is_carried(udp->sk));
	KUNIT_EXPECT_FALSE(test, sst_sock_any_carried(&init_net));

	connect_to(test, udp, 9);
	sst_sock_set_carried(udp->sk);
	KUNIT_EXPECT_TRUE(test, sst_sock_is_carried(udp->sk));
	KUNIT_EXPECT_TRUE(test, sst_sock_any_carried(&init_net));
	sst_sock_set_carried(client->sk);
	sst_sock_set_carried(client->sk);
	sst_sock_set_carried(child->sk);
	KUNIT_EXPECT_TRUE(test, sst_sock_is_carried(client->sk));
	/* It says nothing about the option. */
	KUNIT_EXPECT_EQ(test, SST_OFF, sst_sock_mode(client->sk));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, sst_sock_mode(child->sk));

	sst_sock_abort_carried(&init_net);
	KUNIT_EXPECT_FALSE(test, sst_sock_any_carried(&init_net));
	/* Which end of the connection came first, the table decides. */
	KUNIT_EXPECT_TRUE(test, client->sk->sk_err == ECONNABORTED ||
			  child->sk->sk_err == ECONNABORTED);
	KUNIT_EXPECT_EQ(test, TCP_CLOSE, client->sk->sk_state);
	KUNIT_EXPECT_EQ(test, TCP_CLOSE, child->sk->sk_state);
	KUNIT_EXPECT_EQ(test, ECONNABORTED, udp->sk->sk_err);
	KUNIT_EXPECT_EQ(test, TCP_CLOSE, udp->sk->sk_state);
	KUNIT_EXPECT_EQ(test, TCP_ESTABLISHED, bystander->sk->sk_state);
	KUNIT_EXPECT_EQ(test, TCP_LISTEN, listener->sk->sk_state);
	/* What it asked for, it still asks for. */
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, sst_sock_mode(child->sk));
}

/* Nothing is to be said of a socket that asks for nothing and was never carried. */
static void sock_plain(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct socket *sock = new_udp(test, SST_OFF);
	u8 scope;

	KUNIT_EXPECT_TRUE(test, sst_sock_is_plain(sn, NULL));
	KUNIT_EXPECT_TRUE(test, sst_sock_is_plain(sn, sock->sk));
	set_mode(test, sock, SST_PREFER);
	KUNIT_EXPECT_FALSE(test, sst_sock_is_plain(sn, sock->sk));
	set_mode(test, sock, SST_REQUIRE);
	KUNIT_EXPECT_FALSE(test, sst_sock_is_plain(sn, sock->sk));
	set_mode(test, sock, SST_OFF);
	for (scope = SST_SCOPE_PORTS; scope <= SST_SCOPE_PAYLOAD; scope++) {
		sst_sock_set_scope(sock->sk, scope);
		KUNIT_EXPECT_EQ(test, scope == SST_SCOPE_PORTS,
				sst_sock_is_plain(sn, sock->sk));
	}
	sst_sock_set_scope(sock->sk, SST_SCOPE_PORTS);
	connect_to(test, sock, 9);
	sst_sock_set_carried(sock->sk);
	KUNIT_EXPECT_FALSE(test, sst_sock_is_plain(sn, sock->sk));
	sst_sock_abort_carried(&init_net);
}

/* The other short look: about the flows that a socket takes. */
static void sock_takes_any(struct kunit *test)
{
	struct socket *listener = new_listener(test, SST_OFF);
	struct socket *sock = new_udp(test, SST_OFF);
	u8 scope;

	KUNIT_EXPECT_TRUE(test, sst_sock_takes_any(NULL));
	KUNIT_EXPECT_TRUE(test, sst_sock_takes_any(sock->sk));
	set_mode(test, sock, SST_REQUIRE);
	for (scope = SST_SCOPE_PORTS; scope <= SST_SCOPE_PAYLOAD; scope++) {
		sst_sock_set_scope(sock->sk, scope);
		KUNIT_EXPECT_EQ(test, scope != SST_SCOPE_PAYLOAD,
				sst_sock_takes_any(sock->sk));
		KUNIT_EXPECT_EQ(test, scope != SST_SCOPE_PAYLOAD,
				sst_sock_allows(sock->sk, SST_SCOPE_PORTS));
	}
	sst_sock_set_scope(sock->sk, SST_SCOPE_PORTS);
	sst_sock_set_expects(sock->sk, true);
	KUNIT_EXPECT_FALSE(test, sst_sock_takes_any(sock->sk));
	sst_sock_set_expects(sock->sk, false);
	KUNIT_EXPECT_TRUE(test, sst_sock_takes_any(sock->sk));
	KUNIT_EXPECT_FALSE(test, sst_sock_takes_any(listener->sk));
}

/* Many on one port, which is one slot of the table. */
static void sock_carried_many(struct kunit *test)
{
	struct socket *sock[MANY];
	u16 port = 0;
	int i;

	for (i = 0; i < MANY; i++) {
		sock[i] = new_socket(test, SOCK_DGRAM);
		sock[i]->sk->sk_reuse = SK_CAN_REUSE;
		bind_to(test, sock[i], port);
		port = port_of(sock[i]);
		connect_to(test, sock[i], 1000 + i);
		if (i % 10)
			sst_sock_set_carried(sock[i]->sk);
	}
	sst_sock_abort_carried(&init_net);
	for (i = 0; i < MANY; i++)
		KUNIT_EXPECT_EQ(test, i % 10 ? ECONNABORTED : 0,
				sock[i]->sk->sk_err);
	KUNIT_EXPECT_FALSE(test, sst_sock_any_carried(&init_net));
}

static int sock_suite_init(struct kunit_suite *suite)
{
	int err;

	rtnl_lock();
	err = dev_open(init_net.loopback_dev, NULL);
	rtnl_unlock();
	return err;
}

static struct kunit_case sock_cases[] = {
	KUNIT_CASE_PARAM(sock_modes, net_gen_params),
	KUNIT_CASE_PARAM(sock_exists_tcp, net_gen_params),
	KUNIT_CASE_PARAM(sock_exists_bound, net_gen_params),
	KUNIT_CASE_PARAM(sock_exists_udp, net_gen_params),
	KUNIT_CASE_PARAM(sock_requires_tcp, net_gen_params),
	KUNIT_CASE_PARAM(sock_request, net_gen_params),
	KUNIT_CASE_PARAM(sock_requires_udp, net_gen_params),
	KUNIT_CASE_PARAM(sock_carried, net_gen_params),
	KUNIT_CASE_PARAM(sock_carried_many, net_gen_params),
	KUNIT_CASE_PARAM(sock_plain, net_gen_params),
	KUNIT_CASE_PARAM(sock_takes_any, net_gen_params),
	{}
};

static struct kunit_suite sock_suite = {
	.name = "sst_sock",
	.suite_init = sock_suite_init,
	.test_cases = sock_cases,
};

kunit_test_suite(sock_suite);
