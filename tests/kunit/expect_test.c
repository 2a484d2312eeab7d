// SPDX-License-Identifier: GPL-2.0
/*
 * Public keys that sockets expect: the table and its bounds, and which peers and
 * flows will do. Real sockets, which send nothing.
 */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "expect.h"
#include "fixture.h"
#include "sock.h"

static const u8 key_a[SST_PUBLIC_SIZE] = "expected";
static const u8 key_b[SST_PUBLIC_SIZE] = "another one";

static void free_socket(void *sock)
{
	sock_release(sock);
}

/* On the account of whoever owns the socket. */
static int expect_key(struct sst_expects *expects, struct sock *sk,
		      const u8 key[SST_PUBLIC_SIZE])
{
	return sst_expect_set(expects, sk, key, sk->sk_uid);
}

static struct sock *new_sock(struct kunit *test, int type)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, 0, sock_create_kern(&init_net, AF_INET, type, 0,
						  &sock));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_socket, sock));
	return sock->sk;
}

static void close_sock(struct kunit *test, struct sock *sk)
{
	kunit_release_action(test, free_socket, sk->sk_socket);
}

/* The key that a socket expects, 'a' or 'b'; 0 for none. */
static char expected(struct sst_expects *expects, const struct sock *sk)
{
	u8 key[SST_PUBLIC_SIZE];

	if (!sst_expect_get(expects, sk, key))
		return 0;
	return memcmp(key, key_a, sizeof(key)) ? 'b' : 'a';
}

static void expect_table(struct kunit *test)
{
	struct sst_expects *expects = &sst_test_net(test)->expects;
	struct sock *sk = new_sock(test, SOCK_STREAM);
	struct sock *other = new_sock(test, SOCK_DGRAM);
	int refs = refcount_read(&sk->sk_refcnt);

	KUNIT_EXPECT_FALSE(test, sst_sock_expects(NULL));
	KUNIT_EXPECT_FALSE(test, sst_sock_expects(sk));
	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, sk, key_a));
	KUNIT_EXPECT_TRUE(test, sst_sock_expects(sk));
	KUNIT_EXPECT_EQ(test, 'a', expected(expects, sk));
	KUNIT_EXPECT_EQ(test, 0, expected(expects, other));
	/* Another one in its place. */
	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, sk, key_b));
	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, other, key_a));
	KUNIT_EXPECT_EQ(test, 'b', expected(expects, sk));
	KUNIT_EXPECT_EQ(test, 'a', expected(expects, other));
	KUNIT_EXPECT_EQ(test, 2, expects->count);
	KUNIT_EXPECT_EQ(test, refs + 1, refcount_read(&sk->sk_refcnt));

	sst_expect_clear(expects, sk);
	KUNIT_EXPECT_FALSE(test, sst_sock_expects(sk));
	KUNIT_EXPECT_EQ(test, 0, expected(expects, sk));
	KUNIT_EXPECT_EQ(test, 1, expects->count);
	KUNIT_EXPECT_EQ(test, refs, refcount_read(&sk->sk_refcnt));
	/* Of one that has none. */
	sst_expect_clear(expects, sk);
	KUNIT_EXPECT_EQ(test, 1, expects->count);
}

/* An entry goes when its socket is closed, and not before. */
static void expect_closed(struct kunit *test)
{
	struct sst_expects *expects = &sst_test_net(test)->expects;
	struct sock *tcp = new_sock(test, SOCK_STREAM);
	struct sock *udp = new_sock(test, SOCK_DGRAM);
	struct sock *lives = new_sock(test, SOCK_DGRAM);

	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, tcp, key_a));
	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, udp, key_a));
	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, lives, key_a));
	sst_expect_expire(expects);
	KUNIT_EXPECT_EQ(test, 3, expects->count);

	/* TCP that was closed and has data left to send. */
	sock_hold(tcp);
	close_sock(test, tcp);
	close_sock(test, udp);
	tcp->sk_state = TCP_FIN_WAIT1;
	sst_expect_expire(expects);
	KUNIT_EXPECT_EQ(test, 2, expects->count);
	KUNIT_EXPECT_EQ(test, 'a', expected(expects, tcp));
	tcp->sk_state = TCP_CLOSE;
	sst_expect_expire(expects);
	KUNIT_EXPECT_EQ(test, 1, expects->count);
	KUNIT_EXPECT_EQ(test, 1, refcount_read(&tcp->sk_refcnt));
	sock_put(tcp);
	KUNIT_EXPECT_EQ(test, 'a', expected(expects, lives));
}

/* As many as one user may have; the last of them. */
static struct sock *fill_user(struct kunit *test, struct sst_expects *expects,
			      unsigned int uid)
{
	struct sock *sk = NULL;
	int i, failed = 0;

	for (i = 0; i < SST_EXPECTS_PER_USER; i++) {
		sk = new_sock(test, SOCK_DGRAM);
		sk->sk_uid = KUIDT_INIT(uid);
		failed += expect_key(expects, sk, key_a) != 0;
	}
	KUNIT_EXPECT_EQ(test, 0, failed);
	return sk;
}

static void expect_bounds(struct kunit *test)
{
	struct sst_expects *expects = &sst_test_net(test)->expects;
	struct sock *last = NULL, *more = new_sock(test, SOCK_DGRAM);
	unsigned int uid;

	for (uid = 1; uid <= SST_EXPECTS_MAX / SST_EXPECTS_PER_USER; uid++) {
		last = fill_user(test, expects, uid);
		more->sk_uid = KUIDT_INIT(uid);
		KUNIT_EXPECT_EQ(test, -ENOBUFS,
				expect_key(expects, more, key_a));
		KUNIT_EXPECT_FALSE(test, sst_sock_expects(more));
	}
	KUNIT_EXPECT_EQ(test, SST_EXPECTS_MAX, expects->count);
	/* All are full: nobody gets another one. */
	more->sk_uid = KUIDT_INIT(uid);
	KUNIT_EXPECT_EQ(test, -ENOBUFS, expect_key(expects, more, key_a));
	/* Who has one can change it. */
	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, last, key_b));
	KUNIT_EXPECT_EQ(test, 'b', expected(expects, last));
	/* Nothing has to wait for the reaper. */
	close_sock(test, last);
	KUNIT_EXPECT_EQ(test, 0, expect_key(expects, more, key_a));
	KUNIT_EXPECT_EQ(test, SST_EXPECTS_MAX, expects->count);
}

static u32 add_peer(struct kunit *test, struct sst_net *sn, const char *name,
		    u8 kind, const u8 *key, u32 ip)
{
	struct sst_peer_params params = {
		.kind = kind,
		.key = key,
		.side = 1,
		.suite = SST_SUITE_CHACHA20_POLY1305,
		.n_addresses = 1,
		.addresses = {
			{ .family = NFPROTO_IPV4, .addr.ip = htonl(ip) },
		},
	};
	u32 id;

	strscpy(params.name, name, sizeof(params.name));
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE,
			sst_peers_add(&sn->peers, &params));
	rcu_read_lock();
	id = sst_peers_by_name(&sn->peers, name)->id;
	rcu_read_unlock();
	return id;
}

/* The only peer that will do, 0 for any, or -1 when none does. */
static s64 peer_for(struct sst_net *sn, const struct sock *sk, u32 ip, u32 only)
{
	struct sst_tuple tuple = {
		.family = NFPROTO_IPV4,
		.proto = IPPROTO_UDP,
		.remote.ip = htonl(ip),
	};
	bool may;

	rcu_read_lock();
	may = sst_expect_peer(sn, sk, &tuple, &only);
	rcu_read_unlock();
	return may ? (s64)only : -1;
}

static void expect_peer(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);
	struct sock *sk = new_sock(test, SOCK_DGRAM);
	u32 a, b, psk;

	psk = add_peer(test, sn, "psk", SST_PEER_PSK, key_a, 1);
	a = add_peer(test, sn, "a", SST_PEER_PUBLIC, key_a, 1);
	b = add_peer(test, sn, "b", SST_PEER_PUBLIC, key_b, 2);
	KUNIT_EXPECT_EQ(test, 0, peer_for(sn, NULL, 1, 0));
	KUNIT_EXPECT_EQ(test, psk, peer_for(sn, sk, 1, psk));
	KUNIT_EXPECT_EQ(test, 0, expect_key(&sn->expects, sk, key_a));
	KUNIT_EXPECT_EQ(test, a, peer_for(sn, sk, 1, 0));
	KUNIT_EXPECT_EQ(test, a, peer_for(sn, sk, 1, a));
	/* A rule wants another one. */
	KUNIT_EXPECT_EQ(test, -1, peer_for(sn, sk, 1, b));
	KUNIT_EXPECT_EQ(test, -1, peer_for(sn, sk, 1, psk));
	/* It has no such address. */
	KUNIT_EXPECT_EQ(test, -1, peer_for(sn, sk, 2, 0));
	KUNIT_EXPECT_EQ(test, 0, expect_key(&sn->expects, sk, key_b));
	KUNIT_EXPECT_EQ(test, b, peer_for(sn, sk, 2, 0));
	KUNIT_EXPECT_EQ(test, 0, sst_peers_del(&sn->peers, "b", &b));
	KUNIT_EXPECT_EQ(test, -1, peer_for(sn, sk, 2, 0));
	/* The key has been lost. */
	sst_expect_clear(&sn->expects, sk);
	sst_sock_set_expects(sk, true);
	KUNIT_EXPECT_EQ(test, -1, peer_for(sn, sk, 1, 0));
}

static bool allows(struct sst_net *sn, struct sock *sk, struct sst_flow *flow,
		   u8 role, u32 peer_id)
{
	bool may;

	flow->role = role;
	flow->peer_id = peer_id;
	rcu_read_lock();
	may = sst_expect_allows(sn, sk, flow);
	rcu_read_unlock();
	return may;
}

static void expect_flow(struct kunit *test)
{
	const u8 opened = SST_FLOW_ROLE_INITIATOR, came = SST_FLOW_ROLE_RESPONDER;
	const u8 manual = SST_FLOW_ROLE_MANUAL;
	struct sst_net *sn = sst_test_net(test);
	struct sock *sk = new_sock(test, SOCK_STREAM);
	struct sst_flow *flow = kunit_kzalloc(test, sizeof(*flow), GFP_KERNEL);
	u32 a, b, psk;

	KUNIT_ASSERT_NOT_NULL(test, flow);
	flow->real.proto = IPPROTO_TCP;
	psk = add_peer(test, sn, "psk", SST_PEER_PSK, key_a, 1);
	a = add_peer(test, sn, "a", SST_PEER_PUBLIC, key_a, 1);
	b = add_peer(test, sn, "b", SST_PEER_PUBLIC, key_b, 1);
	KUNIT_EXPECT_TRUE(test, allows(sn, NULL, flow, opened, b));
	KUNIT_EXPECT_TRUE(test, allows(sn, sk, flow, opened, b));
	KUNIT_EXPECT_EQ(test, 0, expect_key(&sn->expects, sk, key_a));
	KUNIT_EXPECT_TRUE(test, allows(sn, sk, flow, opened, a));
	KUNIT_EXPECT_TRUE(test, allows(sn, sk, flow, came, a));
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, opened, b));
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, opened, psk));
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, opened, 0));
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, manual, 0));
	/* Both ends opened: that it came from there is no excuse. */
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, came, b));
	KUNIT_EXPECT_TRUE(test, sst_sock_expects(sk));

	/* A listener answers whoever comes. */
	sk->sk_state = TCP_LISTEN;
	KUNIT_EXPECT_TRUE(test, allows(sn, sk, flow, came, b));
	KUNIT_EXPECT_TRUE(test, sst_sock_expects(sk));
	/* What it accepted has its bits, and loses this one. */
	sst_expect_clear(&sn->expects, sk);
	sst_sock_set_expects(sk, true);
	sk->sk_state = TCP_ESTABLISHED;
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, opened, a));
	KUNIT_EXPECT_TRUE(test, allows(sn, sk, flow, came, b));
	KUNIT_EXPECT_FALSE(test, sst_sock_expects(sk));
	/* A manual flow says by its last SYN who was asked. */
	sst_sock_set_expects(sk, true);
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, manual, 0));
	flow->accepts = true;
	/* Who lost its key and connects, where somebody was accepted before. */
	sk->sk_state = TCP_SYN_SENT;
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, manual, 0));
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, came, b));
	KUNIT_EXPECT_TRUE(test, sst_sock_expects(sk));
	sk->sk_state = TCP_ESTABLISHED;
	KUNIT_EXPECT_TRUE(test, allows(sn, sk, flow, manual, 0));
	KUNIT_EXPECT_FALSE(test, sst_sock_expects(sk));
	sk->sk_state = TCP_CLOSE;

	/* UDP has no such thing. */
	sst_sock_set_expects(sk, true);
	flow->real.proto = IPPROTO_UDP;
	KUNIT_EXPECT_FALSE(test, allows(sn, sk, flow, came, b));
	KUNIT_EXPECT_TRUE(test, sst_sock_expects(sk));
}

static struct kunit_case expect_cases[] = {
	KUNIT_CASE(expect_table),
	KUNIT_CASE(expect_closed),
	KUNIT_CASE(expect_bounds),
	KUNIT_CASE(expect_peer),
	KUNIT_CASE(expect_flow),
	{}
};

static struct kunit_suite expect_suite = {
	.name = "sst_expect",
	.test_cases = expect_cases,
};

kunit_test_suite(expect_suite);
