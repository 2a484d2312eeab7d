// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets: what SST keeps with a socket, and the questions that it asks about
 * sockets of a tuple.
 *
 * A socket's state is in bits of sk_flags that the kernel does not use. They
 * need no memory and no destructor, accepted sockets inherit them, and they
 * outlive the module: a socket that SST carried is known as such when the
 * module comes back.
 */
#include <linux/cgroup.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <net/inet6_hashtables.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/l3mdev.h>
#include <net/request_sock.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/sock_reuseport.h>
#include <net/tcp.h>
#include <net/tcp_states.h>
#include <net/udp.h>

#include "compat.h"
#include "packet.h"
#include "pernet.h"
#include "scope.h"
#include "sock.h"
#include "tomb.h"

#ifndef CONFIG_64BIT
#error "SST needs the upper half of sk_flags, which only 64-bit kernels have"
#endif

/* The last flag of the kernel's; those after it would be in the way. */
static_assert(SOCK_RCVMARK < SST_SOCK_LABEL);
static_assert(sizeof_field(struct sock, sk_flags) == 8);

/**
 * sst_sock_is_tcp() - is this a TCP socket?
 * @sk: full socket
 *
 * Return: true for one that takes SO_SST.
 */
bool sst_sock_is_tcp(const struct sock *sk)
{
	return sk->sk_type == SOCK_STREAM && sk->sk_protocol == IPPROTO_TCP;
}

/**
 * sst_sock_is_udp() - is this a UDP socket?
 * @sk: full socket
 *
 * Return: true for one that takes SO_SST.
 */
bool sst_sock_is_udp(const struct sock *sk)
{
	return sk->sk_type == SOCK_DGRAM && sk->sk_protocol == IPPROTO_UDP;
}

/**
 * sst_sock_own_mode() - value of the option, whatever else is asked for it
 * @sk: full socket
 *
 * Return: SST_OFF, SST_PREFER or SST_REQUIRE.
 */
u8 sst_sock_own_mode(const struct sock *sk)
{
	if (test_bit(SST_SOCK_REQUIRE, &sk->sk_flags))
		return SST_REQUIRE;
	return test_bit(SST_SOCK_PREFER, &sk->sk_flags) ? SST_PREFER : SST_OFF;
}

/**
 * sst_sock_set_mode() - what a socket asks for from now on
 * @sk: full socket, locked
 * @mode: SST_OFF, SST_PREFER or SST_REQUIRE
 *
 * The kernel changes its bits under the socket lock, one read and one write: a
 * bit that is set without the lock can get lost between them. Atomic, so that
 * this never happens the other way round.
 */
void sst_sock_set_mode(struct sock *sk, u8 mode)
{
	if (mode == SST_REQUIRE)
		set_bit(SST_SOCK_REQUIRE, &sk->sk_flags);
	if (mode == SST_PREFER)
		set_bit(SST_SOCK_PREFER, &sk->sk_flags);
	if (mode != SST_REQUIRE)
		clear_bit(SST_SOCK_REQUIRE, &sk->sk_flags);
	if (mode != SST_PREFER)
		clear_bit(SST_SOCK_PREFER, &sk->sk_flags);
}

/**
 * sst_sock_own_scope() - scope of the option
 * @sk: full socket
 *
 * Return: enum sst_scope.
 */
u8 sst_sock_own_scope(const struct sock *sk)
{
	if (test_bit(SST_SOCK_PAYLOAD, &sk->sk_flags))
		return SST_SCOPE_PAYLOAD;
	return test_bit(SST_SOCK_LABEL, &sk->sk_flags) ? SST_SCOPE_LABEL :
						     SST_SCOPE_PORTS;
}

static void set_flag(struct sock *sk, int flag, bool set)
{
	if (set)
		set_bit(flag, &sk->sk_flags);
	else
		clear_bit(flag, &sk->sk_flags);
}

/**
 * sst_sock_set_scope() - what flows of a socket protect at least from now on
 * @sk: full socket, locked
 * @scope: enum sst_scope
 */
void sst_sock_set_scope(struct sock *sk, u8 scope)
{
	set_flag(sk, SST_SOCK_PAYLOAD, scope == SST_SCOPE_PAYLOAD);
	set_flag(sk, SST_SOCK_LABEL, scope == SST_SCOPE_LABEL);
}

/**
 * sst_sock_is_users() - is this a TCP or UDP socket as applications have it?
 * @sk: socket of any kind, or NULL
 *
 * Return: false for time-wait and requests, and for the kernel's own for resets.
 */
bool sst_sock_is_users(const struct sock *sk)
{
	return sk && sk_fullsock(sk) &&
	       (sst_sock_is_tcp(sk) || sst_sock_is_udp(sk));
}

/**
 * sst_sock_cgroup() - the cgroup in which a socket was made
 * @sk: full socket
 *
 * That of the process that made it, at that time; an accepted socket has that
 * of its listener, a subflow of MPTCP that of its connection.
 *
 * Return: the cgroup (v2), valid as long as the socket is, or NULL.
 */
struct cgroup *sst_sock_cgroup(const struct sock *sk)
{
	/* Nothing is changed there; the kernel's function wants it so. */
	return sock_cgroup_ptr((struct sock_cgroup_data *)&sk->sk_cgrp_data);
}

/* What a full socket asks for: by its option, or by a wish for its cgroup. */
static u8 asks_for(const struct sock *sk)
{
	struct sst_wishes *wishes = &sst_pernet(sock_net(sk))->wishes;
	u8 mode = sst_sock_own_mode(sk);

	if (!sst_wish_is_any(wishes))
		return mode;
	return max(mode, sst_wish_mode(wishes, sst_sock_cgroup(sk)));
}

/**
 * sst_sock_mode() - what a socket asks for, by its option or its cgroup
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * Return: SST_OFF, SST_PREFER or SST_REQUIRE. A connection that is not yet
 * accepted has the value of its listener. SST_OFF for what is no application's
 * socket: time-wait, and the kernel's own for resets.
 */
u8 sst_sock_mode(const struct sock *sk)
{
	sk = sk_const_to_full_sk(sk);
	return sst_sock_is_users(sk) ? asks_for(sk) : SST_OFF;
}

/*
 * What flows of a full socket protect at least. Whoever asks for SST and names no
 * scope asks for the default; whoever does not ask leaves it to the rules.
 */
static u8 least_scope(const struct sock *sk)
{
	u8 own = sst_sock_own_scope(sk);

	if (own != SST_SCOPE_PORTS || asks_for(sk) != SST_OFF)
		return own;
	return SST_SCOPE_LEAST;
}

/**
 * sst_sock_scope() - what flows that a socket opens protect at least
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * Return: enum sst_scope; SST_SCOPE_LEAST for what does not ask.
 */
u8 sst_sock_scope(const struct sock *sk)
{
	sk = sk_const_to_full_sk(sk);
	return sst_sock_is_users(sk) ? least_scope(sk) : SST_SCOPE_LEAST;
}

/* May it become a connection? Then all that its listener asks for counts. */
static bool answers_syn(const struct sock *sk)
{
	int state = READ_ONCE(sk->sk_state);

	return state == TCP_NEW_SYN_RECV || state == TCP_LISTEN;
}

/**
 * sst_sock_allows() - may packets of a socket take a flow, as far as its scope goes?
 * @sk: socket as a hook knows it, of any kind, or NULL
 * @scope: scope of the flow
 *
 * An opening is held against the socket that it is for (sst_sock_takes()), but
 * rules of others may lead it to another one after that. That one's SYN-ACK does
 * not leave.
 *
 * Return: false when the payload would be open although the socket asks for more,
 * or a connection be made on a flow that its listener would not take.
 */
bool sst_sock_allows(const struct sock *sk, u8 scope)
{
	if (scope == SST_SCOPE_PAYLOAD || !sk)
		return true;
	if (unlikely(answers_syn(sk)))
		return sst_scope_satisfies(scope, sst_sock_scope(sk));
	return !sk_fullsock(sk) || !test_bit(SST_SOCK_PAYLOAD, &sk->sk_flags);
}

/**
 * sst_sock_set_expects() - from now on a socket does, or does not
 * @sk: full socket
 * @expects: whether it does
 */
void sst_sock_set_expects(struct sock *sk, bool expects)
{
	set_flag(sk, SST_SOCK_EXPECTS, expects);
}

/* A connection of its own, or about to become one. */
static bool can_be_carried(const struct sock *sk)
{
	if (!sk_fullsock(sk))
		return false;
	if (sst_sock_is_udp(sk))
		return READ_ONCE(sk->sk_state) == TCP_ESTABLISHED;
	return sst_sock_is_tcp(sk) && READ_ONCE(sk->sk_state) != TCP_LISTEN;
}

/**
 * sst_sock_mark_carried() - sst_sock_set_carried() for one that is not marked yet
 * @sk: socket of any kind
 */
void sst_sock_mark_carried(struct sock *sk)
{
	if (can_be_carried(sk))
		set_bit(SST_SOCK_CARRIED, &sk->sk_flags);
}

/**
 * sst_sock_begin() - a TCP socket connects
 * @sk: full socket in SYN_SENT, locked
 *
 * Whatever it was connected to before, this is a new beginning.
 */
void sst_sock_begin(struct sock *sk)
{
	if (sst_sock_is_carried(sk))
		clear_bit(SST_SOCK_CARRIED, &sk->sk_flags);
}

/*
 * A connection that the peer has not yet completed sends its SYN-ACK again by a
 * timer, and has no flags of its own. While its tuple is that of a flow or of a
 * tombstone it must neither outlive the module nor a shutdown.
 */
static bool request_is_carried(struct net *net, const struct sock *sk)
{
	const struct request_sock *req = inet_reqsk(sk);
	struct sst_net *sn = sst_pernet(net);
	struct sst_tuple tuple = {
		.proto = IPPROTO_TCP,
		.lport = htons(sk->sk_num),
		.rport = sk->sk_dport,
	};
	bool carried;

	/* Not that of its listener, which may be an IPv6 socket. */
	if (req->rsk_ops->family == AF_INET) {
		tuple.family = NFPROTO_IPV4;
		tuple.local.ip = sk->sk_rcv_saddr;
		tuple.remote.ip = sk->sk_daddr;
	} else {
		tuple.family = NFPROTO_IPV6;
		tuple.local.in6 = sk->sk_v6_rcv_saddr;
		tuple.remote.in6 = sk->sk_v6_daddr;
	}
	rcu_read_lock();
	carried = sst_flowtable_by_real(&sn->flows, &tuple) ||
		  sst_tomb_has(&sn->tombs, &tuple);
	rcu_read_unlock();
	return carried;
}

/* Sockets of one slot of a table, each with a reference. */
struct batch {
	struct sock *sk[32];
	unsigned int count;
};

/* Returns 1 if @sk is carried. Nobody else may free it meanwhile. */
static unsigned int take_carried(struct net *net, struct sock *sk,
				 struct batch *batch)
{
	if (!net_eq(sock_net(sk), net))
		return 0;
	if (sk->sk_state == TCP_NEW_SYN_RECV ? !request_is_carried(net, sk) :
					       !sst_sock_is_carried(sk))
		return 0;
	if (batch->count < ARRAY_SIZE(batch->sk) &&
	    refcount_inc_not_zero(&sk->sk_refcnt))
		batch->sk[batch->count++] = sk;
	return 1;
}

/*
 * Both put carried sockets of one slot into @batch, as many as fit, and return
 * how many there are.
 */
static unsigned int collect_tcp(struct net *net, unsigned int slot,
				struct batch *batch)
{
	struct inet_hashinfo *table = net->ipv4.tcp_death_row.hashinfo;
	spinlock_t *lock = inet_ehash_lockp(table, slot);
	struct hlist_nulls_node *node;
	unsigned int n = 0;
	struct sock *sk;

	batch->count = 0;
	if (hlist_nulls_empty(&table->ehash[slot].chain))
		return 0;
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &table->ehash[slot].chain)
		n += take_carried(net, sk, batch);
	spin_unlock_bh(lock);
	return n;
}

static unsigned int collect_udp(struct net *net, unsigned int slot,
				struct batch *batch)
{
	struct udp_hslot *hslot = &sst_udp_table(net)->hash[slot];
	unsigned int n = 0;
	struct sock *sk;

	batch->count = 0;
	if (hlist_empty(&hslot->head))
		return 0;
	spin_lock_bh(&hslot->lock);
	sk_for_each(sk, &hslot->head)
		n += take_carried(net, sk, batch);
	spin_unlock_bh(&hslot->lock);
	return n;
}

typedef unsigned int collect_fn(struct net *net, unsigned int slot,
				struct batch *batch);

static unsigned int slots_tcp(struct net *net)
{
	return net->ipv4.tcp_death_row.hashinfo->ehash_mask + 1;
}

static unsigned int slots_udp(struct net *net)
{
	return sst_udp_table(net)->mask + 1;
}

static void put_batch(const struct batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->count; i++)
		sock_gen_put(batch->sk[i]);
}

static bool any_in(struct net *net, collect_fn *collect, unsigned int slots)
{
	struct batch batch;
	unsigned int i;

	for (i = 0; i < slots; i++) {
		if (collect(net, i, &batch)) {
			put_batch(&batch);
			return true;
		}
		cond_resched();
	}
	return false;
}

/**
 * sst_sock_any_carried() - is there a socket or a request that SST carried?
 * @net: the namespace
 *
 * Walks all sockets; may sleep.
 *
 * Return: true if there is one.
 */
bool sst_sock_any_carried(struct net *net)
{
	return any_in(net, collect_tcp, slots_tcp(net)) ||
	       any_in(net, collect_udp, slots_udp(net));
}

static void abort_socket(struct sock *sk)
{
	const struct proto *prot = READ_ONCE(sk->sk_prot);

	if (prot->diag_destroy)
		prot->diag_destroy(sk, ECONNABORTED);
	if (!sk_fullsock(sk))
		return;
	lock_sock(sk);
	/* What the application makes of the socket now is a new beginning. */
	if (sk->sk_state == TCP_CLOSE)
		clear_bit(SST_SOCK_CARRIED, &sk->sk_flags);
	release_sock(sk);
}

/*
 * A slot is looked at again until it is empty of carried sockets, but no more
 * of them are aborted than it had at first: applications that connect anew all
 * the time do not keep us here.
 */
static void abort_slot(struct net *net, collect_fn *collect, unsigned int slot)
{
	struct batch batch;
	unsigned int i, left;

	left = collect(net, slot, &batch);
	while (batch.count) {
		for (i = 0; i < batch.count; i++)
			abort_socket(batch.sk[i]);
		put_batch(&batch);
		if (left <= batch.count)
			return;
		left -= batch.count;
		cond_resched();
		collect(net, slot, &batch);
	}
}

static void abort_in(struct net *net, collect_fn *collect, unsigned int slots)
{
	unsigned int i;

	for (i = 0; i < slots; i++) {
		abort_slot(net, collect, i);
		cond_resched();
	}
}

/**
 * sst_sock_abort_carried() - abort the sockets that SST carried
 * @net: the namespace
 *
 * Their applications get ECONNABORTED, TCP peers a reset; while the flows are
 * there, it is sealed. May sleep.
 */
void sst_sock_abort_carried(struct net *net)
{
	abort_in(net, collect_tcp, slots_tcp(net));
	abort_in(net, collect_udp, slots_udp(net));
}

/* Time-wait sockets and requests have these fields, too. */
static bool has_tuple(const struct sock *sk, const struct net *net,
		      const struct sst_tuple *tuple)
{
	if (!net_eq(sock_net(sk), net) || sk->sk_num != ntohs(tuple->lport) ||
	    sk->sk_dport != tuple->rport)
		return false;
	/* An IPv6 socket with an IPv4 connection has these addresses, too. */
	if (tuple->family == NFPROTO_IPV4)
		return sk->sk_rcv_saddr == tuple->local.ip &&
		       sk->sk_daddr == tuple->remote.ip;
	return sk->sk_family == AF_INET6 &&
	       ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &tuple->local.in6) &&
	       ipv6_addr_equal(&sk->sk_v6_daddr, &tuple->remote.in6);
}

static unsigned int tcp_hash(const struct net *net,
			     const struct sst_tuple *tuple)
{
	u16 lport = ntohs(tuple->lport);

	if (tuple->family == NFPROTO_IPV4)
		return inet_ehashfn(net, tuple->local.ip, lport,
				    tuple->remote.ip, tuple->rport);
	return inet6_ehashfn(net, &tuple->local.in6, lport, &tuple->remote.in6,
			     tuple->rport);
}

/*
 * The kernel's own lookup wants to know a device, and does not find sockets
 * that are bound to another one. The bucket depends on the tuple alone, so one
 * look into it finds them all.
 */
static const struct sock *find_tcp(const struct net *net,
				   const struct sst_tuple *tuple)
{
	const struct inet_hashinfo *table = net->ipv4.tcp_death_row.hashinfo;
	unsigned int slot = tcp_hash(net, tuple) & table->ehash_mask;
	const struct hlist_nulls_node *node;
	const struct sock *sk;

	do {
		sk_nulls_for_each_rcu(sk, node, &table->ehash[slot].chain)
			if (has_tuple(sk, net, tuple))
				return sk;
		/* On another chain at its end: one that we looked at moved. */
	} while (get_nulls_value(node) != slot);
	return NULL;
}

static unsigned int udp_hash(const struct net *net,
			     const struct sst_tuple *tuple)
{
	u16 lport = ntohs(tuple->lport);

	if (tuple->family == NFPROTO_IPV4)
		return ipv4_portaddr_hash(net, tuple->local.ip, lport);
	return ipv6_portaddr_hash(net, &tuple->local.in6, lport);
}

/* connect() gives a socket a local address and moves it to that one's slot. */
static const struct sock *find_udp(const struct net *net,
				   const struct sst_tuple *tuple)
{
	struct udp_hslot *hslot = udp_hashslot2(sst_udp_table(net),
						udp_hash(net, tuple));
	const struct sock *sk;

	udp_portaddr_for_each_entry_rcu(sk, &hslot->head)
		if (READ_ONCE(sk->sk_state) == TCP_ESTABLISHED &&
		    has_tuple(sk, net, tuple))
			return sk;
	return NULL;
}

/* Without a reference: good for a look at it under RCU. */
static const struct sock *find(const struct net *net,
			       const struct sst_tuple *tuple)
{
	return tuple->proto == IPPROTO_TCP ? find_tcp(net, tuple) :
					     find_udp(net, tuple);
}

/**
 * sst_sock_exists() - does a local socket have this tuple?
 * @net: the namespace
 * @tuple: addresses and ports as the socket knows them
 *
 * The caller is in an RCU read section.
 *
 * Return: true for a TCP socket in any state that has a peer, time-wait and
 * not yet accepted connections included, or a connected UDP socket, on
 * whatever device.
 */
bool sst_sock_exists(struct net *net, const struct sst_tuple *tuple)
{
	return find(net, tuple);
}

/**
 * sst_sock_is_foreign() - does a socket have this tuple that SST never carried?
 * @net: the namespace
 * @tuple: addresses and ports as the socket knows them
 *
 * The caller is in an RCU read section.
 *
 * Return: true for such a socket; see sst_sock_exists().
 */
bool sst_sock_is_foreign(struct net *net, const struct sst_tuple *tuple)
{
	const struct sock *sk = find(net, tuple);

	return sk && !sst_sock_is_carried(sk);
}

/* Which member of the group gets a packet, only its program knows. */
static bool group_requires(const struct sock *sk)
{
	const struct sock_reuseport *group;
	unsigned int i, n;

	group = rcu_dereference(sk->sk_reuseport_cb);
	if (!group || !rcu_access_pointer(group->prog))
		return false;
	/* Who joins writes the member before the number. */
	n = smp_load_acquire(&group->num_socks);
	for (i = 0; i < n; i++)
		if (asks_for(READ_ONCE(group->socks[i])) == SST_REQUIRE)
			return true;
	return false;
}

static bool socket_requires(const struct sock *sk)
{
	return asks_for(sk) == SST_REQUIRE || group_requires(sk);
}

/**
 * struct way - by which devices the stack finds the receiver of a packet
 * @dif: number of the device, or of the VRF that it is in
 * @sdif: with a VRF, number of the device itself; else 0
 */
struct way {
	int dif;
	int sdif;
};

/*
 * At PRE_ROUTING the packet is still on its way to the VRF of its device, where its
 * receiver is looked for.
 */
static struct way way_of(struct net *net, const struct sk_buff *skb, u8 family)
{
	bool ipv4 = family == NFPROTO_IPV4;
	struct way way = {
		.dif = ipv4 ? inet_iif(skb) : inet6_iif(skb),
		.sdif = ipv4 ? inet_sdif(skb) : inet6_sdif(skb),
	};
	int vrf;

	if (way.sdif)
		return way;
	vrf = l3mdev_master_ifindex_by_index(net, way.dif);
	if (vrf && vrf != way.dif) {
		way.sdif = way.dif;
		way.dif = vrf;
	}
	return way;
}

/* The connection with the tuple of a packet, with a reference, or NULL. */
static struct sock *tcp_connection(struct net *net, const struct sk_buff *skb,
				   const struct sst_tuple *tuple)
{
	struct inet_hashinfo *table = net->ipv4.tcp_death_row.hashinfo;
	struct way way = way_of(net, skb, tuple->family);
	u16 lport = ntohs(tuple->lport);

	if (tuple->family == NFPROTO_IPV4)
		return __inet_lookup_established(net, table, tuple->remote.ip,
						 tuple->rport, tuple->local.ip,
						 lport, way.dif, way.sdif);
	return __inet6_lookup_established(net, table, &tuple->remote.in6,
					  tuple->rport, &tuple->local.in6,
					  lport, way.dif, way.sdif);
}

/*
 * These lookups get no packet, so that no program that distributes packets
 * among a group sees it twice. Their results are valid under RCU.
 */
static struct sock *tcp_listener(struct net *net, const struct sk_buff *skb,
				 const struct sst_tuple *tuple)
{
	struct inet_hashinfo *table = net->ipv4.tcp_death_row.hashinfo;
	struct way way = way_of(net, skb, tuple->family);
	u16 lport = ntohs(tuple->lport);

	if (tuple->family == NFPROTO_IPV4)
		return __inet_lookup_listener(net, table, NULL, 0,
					      tuple->remote.ip, tuple->rport,
					      tuple->local.ip, lport, way.dif,
					      way.sdif);
	return inet6_lookup_listener(net, table, NULL, 0, &tuple->remote.in6,
				     tuple->rport, &tuple->local.in6, lport,
				     way.dif, way.sdif);
}

static struct sock *lookup_udp(struct net *net, const struct sst_tuple *tuple,
			       int dif, int sdif)
{
	struct udp_table *table = sst_udp_table(net);

	if (tuple->family == NFPROTO_IPV4)
		return __udp4_lib_lookup(net, tuple->remote.ip, tuple->rport,
					 tuple->local.ip, tuple->lport, dif,
					 sdif, table, NULL);
	return __udp6_lib_lookup(net, &tuple->remote.in6, tuple->rport,
				 &tuple->local.in6, tuple->lport, dif, sdif,
				 table, NULL);
}

static struct sock *udp_receiver(struct net *net, const struct sk_buff *skb,
				 const struct sst_tuple *tuple)
{
	struct way way = way_of(net, skb, tuple->family);

	return lookup_udp(net, tuple, way.dif, way.sdif);
}

/**
 * sst_sock_receives() - would datagrams on this tuple come to a socket?
 * @sk: UDP socket
 * @tuple: addresses and ports as the socket knows them
 * @dev: number of the interface by which they come
 *
 * Return: true when they come to it, or to another one of its user.
 */
bool sst_sock_receives(const struct sock *sk, const struct sst_tuple *tuple,
		       int dev)
{
	struct net *net = sock_net(sk);
	const struct sock *receiver;
	bool receives;

	rcu_read_lock();
	receiver = lookup_udp(net, tuple, dev, 0);
	receives = receiver && uid_eq(receiver->sk_uid, sk->sk_uid);
	rcu_read_unlock();
	return receives;
}

/* Does a program choose among the sockets that share its port? */
static bool is_chosen_by_program(const struct sock *sk)
{
	const struct sock_reuseport *group;

	group = sk ? rcu_dereference(sk->sk_reuseport_cb) : NULL;
	return group && rcu_access_pointer(group->prog);
}

/**
 * sst_sock_receiver() - whom would the stack give a packet?
 * @net: the namespace
 * @skb: unicast packet at LOCAL_IN
 * @tuple: its tuple
 *
 * The caller is in an RCU read section.
 *
 * Return: a TCP or UDP socket, or a TCP connection that nobody accepted yet, valid
 * in that section; NULL when there is none, or when a program of the group that
 * shares the port decides.
 */
const struct sock *sst_sock_receiver(struct net *net, struct sk_buff *skb,
				     const struct sst_tuple *tuple)
{
	const struct sock *sk = skb->sk;

	if (sk && sk_fullsock(sk))
		return sk;
	if (tuple->proto == IPPROTO_UDP) {
		sk = udp_receiver(net, skb, tuple);
	} else {
		sk = find_tcp(net, tuple);
		/* A SYN in time-wait is for who listens. */
		if (sk && sk->sk_state != TCP_TIME_WAIT)
			return sk;
		sk = tcp_listener(net, skb, tuple);
	}
	return is_chosen_by_program(sk) ? NULL : sk;
}

static bool tcp_requires(struct net *net, const struct sk_buff *skb,
			 const struct sst_tuple *tuple)
{
	struct sock *sk = tcp_connection(net, skb, tuple);
	bool requires;
	int state;

	if (sk) {
		state = sk->sk_state;
		requires = state == TCP_NEW_SYN_RECV &&
			   sst_sock_mode(sk) == SST_REQUIRE;
		sock_gen_put(sk);
		/* A SYN in time-wait is for who listens. */
		if (state != TCP_TIME_WAIT)
			return requires;
	}
	sk = tcp_listener(net, skb, tuple);
	return sk && socket_requires(sk);
}

/* A socket that early demultiplexing or a proxy rule chose. */
static bool chosen_requires(const struct sock *sk)
{
	if (sst_sock_is_tcp(sk) && sk->sk_state != TCP_LISTEN)
		return false;
	return socket_requires(sk);
}

/**
 * sst_sock_requires() - would a clear packet reach a socket that requires SST?
 * @net: the namespace
 * @skb: unicast packet at LOCAL_IN
 * @tuple: its tuple
 *
 * The caller is in an RCU read section. One test where no socket ever required
 * SST.
 *
 * Return: true when the stack would hand it to a listening TCP socket, to a
 * connection that such a one has not accepted, or to a UDP socket, with
 * SST_REQUIRE. False for an established connection: it is clear, or the packet
 * would not be.
 */
bool sst_sock_requires(struct net *net, struct sk_buff *skb,
		       const struct sst_tuple *tuple)
{
	const struct sock *sk = skb->sk;

	if (!READ_ONCE(sst_pernet(net)->sockets_require))
		return false;
	if (sk && sk_fullsock(sk))
		return chosen_requires(sk);
	if (tuple->proto == IPPROTO_TCP)
		return tcp_requires(net, skb, tuple);
	sk = udp_receiver(net, skb, tuple);
	return sk && socket_requires(sk);
}

/* Which of the group it is for, nobody knows: what any of them asks for. */
static u8 group_scope(const struct sock *sk)
{
	const struct sock_reuseport *group;
	u8 scope = least_scope(sk);
	unsigned int i, n;

	group = rcu_dereference(sk->sk_reuseport_cb);
	if (!group)
		return scope;
	/* Who joins writes the member before the number. */
	n = smp_load_acquire(&group->num_socks);
	for (i = 0; i < n; i++)
		scope = sst_scope_stronger(scope,
					   least_scope(READ_ONCE(group->socks[i])));
	return scope;
}

/**
 * sst_sock_takes() - what must a flow protect for the socket that it is for?
 * @net: the namespace
 * @skb: unicast packet at PRE_ROUTING, one that waited behind it, or one at
 *	LOCAL_IN
 * @tuple: real tuple of the flow; at LOCAL_IN that to which a NAT has led it
 *
 * The caller is in an RCU read section.
 *
 * Return: enum sst_scope, the least; SST_SCOPE_LEAST when nobody asks.
 */
u8 sst_sock_takes(struct net *net, struct sk_buff *skb,
		  const struct sst_tuple *tuple)
{
	const struct sock *sk;

	if (!READ_ONCE(sst_pernet(net)->sockets_ask))
		return SST_SCOPE_LEAST;
	sk = tuple->proto == IPPROTO_TCP ? tcp_listener(net, skb, tuple) :
					   udp_receiver(net, skb, tuple);
	return sk ? group_scope(sk) : SST_SCOPE_LEAST;
}
