// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets that will speak with one peer only: the owner of a public key.
 *
 * A bit in the socket says that it expects a key, a table of the namespace which
 * one. The bit decides: a socket that has it and no entry, because the module
 * was loaded anew, speaks with nobody. A socket has no destructor that a module
 * may use, so that the entry holds the socket, and the reaper drops the entries
 * of those that were closed. Until then, a second or so, a closed socket keeps
 * its memory and its namespace, but neither its port nor a device.
 */
#include <linux/in.h>
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uidgid.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "expect.h"
#include "flow.h"
#include "peer.h"
#include "pernet.h"
#include "sock.h"

/**
 * struct sst_expect - the key that a socket expects
 * @node: entry in the table by socket
 * @sk: the socket, with a reference; immutable
 * @user: on whose account it is; immutable
 * @key: public key; immutable, another one makes another entry
 * @order: entry in the list of all
 * @rcu: frees it
 */
struct sst_expect {
	struct rhash_head node;
	const struct sock *sk;
	kuid_t user;
	u8 key[SST_PUBLIC_SIZE];
	struct list_head order;
	struct rcu_head rcu;
};

static const struct rhashtable_params params = {
	.key_len = sizeof_field(struct sst_expect, sk),
	.key_offset = offsetof(struct sst_expect, sk),
	.head_offset = offsetof(struct sst_expect, node),
	.automatic_shrinking = true,
};

int sst_expect_init(struct sst_expects *expects)
{
	mutex_init(&expects->lock);
	INIT_LIST_HEAD(&expects->order);
	return rhashtable_init(&expects->by_sock, &params);
}

static void drop(struct sst_expects *expects, struct sst_expect *expect)
{
	struct sock *sk = (struct sock *)expect->sk;

	lockdep_assert_held(&expects->lock);
	rhashtable_remove_fast(&expects->by_sock, &expect->node, params);
	list_del(&expect->order);
	WRITE_ONCE(expects->count, expects->count - 1);
	kfree_rcu(expect, rcu);
	sock_put(sk);
}

/* The namespace ends, or the module: no packet is under way. */
void sst_expect_exit(struct sst_expects *expects)
{
	struct sst_expect *expect, *next;

	mutex_lock(&expects->lock);
	list_for_each_entry_safe(expect, next, &expects->order, order)
		drop(expects, expect);
	mutex_unlock(&expects->lock);
	rhashtable_destroy(&expects->by_sock);
}

/* TCP goes on after close() until the peer has everything. */
static bool is_closed(const struct sock *sk)
{
	return sock_flag(sk, SOCK_DEAD) &&
	       (sst_sock_is_udp(sk) || READ_ONCE(sk->sk_state) == TCP_CLOSE);
}

static void drop_closed(struct sst_expects *expects)
{
	struct sst_expect *expect, *next;

	list_for_each_entry_safe(expect, next, &expects->order, order)
		if (is_closed(expect->sk))
			drop(expects, expect);
}

/**
 * sst_expect_expire() - drop the entries of sockets that were closed
 * @expects: those of the namespace; process context
 */
void sst_expect_expire(struct sst_expects *expects)
{
	if (!READ_ONCE(expects->count))
		return;
	mutex_lock(&expects->lock);
	drop_closed(expects);
	mutex_unlock(&expects->lock);
}

static bool is_full(const struct sst_expects *expects, kuid_t user)
{
	const struct sst_expect *expect;
	unsigned int n = 0;

	if (expects->count >= SST_EXPECTS_MAX)
		return true;
	list_for_each_entry(expect, &expects->order, order)
		n += uid_eq(expect->user, user);
	return n >= SST_EXPECTS_PER_USER;
}

static struct sst_expect *find(struct sst_expects *expects,
			       const struct sock *sk)
{
	return rhashtable_lookup(&expects->by_sock, &sk, params);
}

/* Also in place of another one: a packet finds one of both, or none. */
static int replace(struct sst_expects *expects, struct sock *sk,
		   const u8 key[SST_PUBLIC_SIZE], kuid_t user)
{
	struct sst_expect *expect, *old;
	int err;

	rcu_read_lock();
	old = find(expects, sk);
	rcu_read_unlock();
	if (!old && is_full(expects, user))
		drop_closed(expects);
	if (!old && is_full(expects, user))
		return -ENOBUFS;
	expect = kzalloc(sizeof(*expect), GFP_KERNEL_ACCOUNT);
	if (!expect)
		return -ENOMEM;
	expect->sk = sk;
	expect->user = user;
	memcpy(expect->key, key, sizeof(expect->key));
	if (old)
		drop(expects, old);
	err = rhashtable_insert_fast(&expects->by_sock, &expect->node, params);
	if (err) {
		kfree(expect);
		return err;
	}
	sock_hold(sk);
	list_add_tail(&expect->order, &expects->order);
	WRITE_ONCE(expects->count, expects->count + 1);
	return 0;
}

/**
 * sst_expect_set() - from now on a socket speaks with one peer only
 * @expects: those of the namespace
 * @sk: full socket, locked
 * @key: public key of that peer
 * @user: on whose account it goes
 *
 * Return: 0, -ENOBUFS when the namespace or the user has as many as it may, or
 * -ENOMEM. In that case a socket that expected another key expects one that
 * nobody has.
 */
int sst_expect_set(struct sst_expects *expects, struct sock *sk,
		   const u8 key[SST_PUBLIC_SIZE], kuid_t user)
{
	int err;

	mutex_lock(&expects->lock);
	err = replace(expects, sk, key, user);
	mutex_unlock(&expects->lock);
	if (!err)
		sst_sock_set_expects(sk, true);
	return err;
}

/**
 * sst_expect_clear() - a socket speaks with anybody
 * @expects: those of the namespace
 * @sk: full socket, locked
 */
void sst_expect_clear(struct sst_expects *expects, struct sock *sk)
{
	struct sst_expect *expect;

	sst_sock_set_expects(sk, false);
	mutex_lock(&expects->lock);
	rcu_read_lock();
	expect = find(expects, sk);
	rcu_read_unlock();
	if (expect)
		drop(expects, expect);
	mutex_unlock(&expects->lock);
}

/**
 * sst_expect_get() - which key does a socket expect?
 * @expects: those of the namespace
 * @sk: full socket
 * @key: output
 *
 * Return: false when it has no entry.
 */
bool sst_expect_get(struct sst_expects *expects, const struct sock *sk,
		    u8 key[SST_PUBLIC_SIZE])
{
	const struct sst_expect *expect;

	rcu_read_lock();
	expect = find(expects, sk);
	if (expect)
		memcpy(key, expect->key, sizeof(expect->key));
	rcu_read_unlock();
	return expect;
}

/**
 * sst_expect_peer() - may a socket open a flow, and with whom?
 * @sn: namespace; the caller is in an RCU read section
 * @sk: its socket as the hook knows it, or NULL
 * @tuple: tuple of the first packet
 * @only: number of the only peer that will do, or 0; becomes the one that the
 *	socket expects
 *
 * Return: true when it expects no key, or a peer with that key has the
 * destination's address and nothing else speaks against it.
 */
bool sst_expect_peer(struct sst_net *sn, const struct sock *sk,
		     const struct sst_tuple *tuple, u32 *only)
{
	const struct sst_peer *peer;
	u8 key[SST_PUBLIC_SIZE];

	if (!sst_sock_expects(sk))
		return true;
	if (!sst_expect_get(&sn->expects, sk, key))
		return false;
	peer = sst_peers_by_public(&sn->peers, key);
	if (!peer || (*only && *only != peer->id) ||
	    !sst_peer_has_address(peer, tuple->family, &tuple->remote))
		return false;
	*only = peer->id;
	return true;
}

/* Did the other host begin the connection that the flow carries? */
static bool was_asked(const struct sst_flow *flow)
{
	if (flow->role == SST_FLOW_ROLE_MANUAL)
		return READ_ONCE(flow->accepts);
	return flow->role == SST_FLOW_ROLE_RESPONDER;
}

/*
 * A connection that was accepted has the bits of its listener, and no entry. The
 * key is about what a socket opens itself. One that lost its entry and connects
 * where another was accepted before has not sent its SYN yet.
 */
static bool is_accepted(struct sock *sk, const struct sst_flow *flow)
{
	if (flow->real.proto != IPPROTO_TCP ||
	    READ_ONCE(sk->sk_state) == TCP_SYN_SENT || !was_asked(flow))
		return false;
	sst_sock_set_expects(sk, false);
	return true;
}

/**
 * sst_expect_allows() - may a packet of a socket leave by a flow that is there?
 * @sn: namespace; the caller is in an RCU read section
 * @sk: its socket as the hook knows it, or NULL
 * @flow: flow of its tuple
 *
 * Return: true when the socket expects no key, or the flow's peer has it.
 */
bool sst_expect_allows(struct sst_net *sn, struct sock *sk,
		       const struct sst_flow *flow)
{
	const struct sst_peer *peer;
	u8 key[SST_PUBLIC_SIZE];

	if (!sst_sock_expects(sk) || READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return true;
	if (!sst_expect_get(&sn->expects, sk, key))
		return is_accepted(sk, flow);
	peer = sst_peers_by_number(&sn->peers, READ_ONCE(flow->peer_id));
	return peer && peer->kind == SST_PEER_PUBLIC &&
	       !memcmp(peer->public, key, sizeof(key));
}
