// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket got: the flow that its packets take, so that a program can
 * prove to itself that it is protected. Whoever has the socket may ask, and
 * hears of no other flows.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/rcupdate.h>
#include <linux/string.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>

#include "compat.h"
#include "pernet.h"
#include "sock.h"
#include "sockinfo.h"
#include "state.h"

static u64 unix_time_of(u64 then)
{
	return ktime_get_real_seconds() -
	       div_u64(get_jiffies_64() - then, HZ);
}

static u32 key_age(const struct sst_flow *flow)
{
	const struct sst_tx_key *key = rcu_dereference(flow->tx);

	if (!key || !atomic64_read(&key->next_seq))
		return 0;
	return (jiffies - READ_ONCE(key->first_use)) / HZ;
}

/* The association that it hangs on, unless that is a pre-shared key itself. */
static const struct sst_derived *find_assoc(struct sst_net *sn,
					    const struct sst_flow *flow)
{
	u8 id[SST_ASSOC_ID_SIZE];

	if (!flow->opening)
		return NULL;
	put_unaligned_le64(READ_ONCE(flow->opening->assoc_uid), id);
	return sst_derived_by_id(&sn->deriveds, id);
}

static void tell_public(struct sst_sockinfo *info,
			const u8 public[SST_PUBLIC_SIZE])
{
	info->known = SST_KNOWN_PUBLIC;
	memcpy(info->peer_key, public, sizeof(info->peer_key));
}

static void tell_peer(struct sst_net *sn, const struct sst_flow *flow,
		      const struct sst_derived *assoc, struct sst_sockinfo *info)
{
	const struct sst_peer *peer;

	if (flow->role == SST_FLOW_ROLE_MANUAL) {
		info->known = SST_KNOWN_MANUAL;
		return;
	}
	peer = sst_peers_by_number(&sn->peers, READ_ONCE(flow->peer_id));
	if (peer)
		memcpy(info->peer_name, peer->name, sizeof(info->peer_name));
	if (peer && peer->kind == SST_PEER_PUBLIC)
		tell_public(info, peer->public);
	else if (peer)
		info->known = SST_KNOWN_PSK;
	/* Of an association that this host began, it is its own. */
	else if (assoc && assoc->has_identity && assoc->assoc.side == 2)
		tell_public(info, assoc->identity);
}

static void tell_flow(struct sst_net *sn, const struct sst_flow *flow,
		      struct sst_sockinfo *info)
{
	const struct sst_derived *assoc = find_assoc(sn, flow);
	u8 state = READ_ONCE(flow->state);

	info->state = sst_state_is_confirmed(state) ? SST_SOCK_SEALED :
						      SST_SOCK_OPENING;
	info->scope = flow->scope;
	info->suite = flow->suite;
	info->role = flow->role;
	info->key_age = key_age(flow);
	info->opened = unix_time_of(flow->added);
	if (assoc)
		info->assoc_made = unix_time_of(assoc->made);
	if (info->state == SST_SOCK_SEALED)
		tell_peer(sn, flow, assoc, info);
}

/* Returns false when there is no such flow. */
static bool tell_tuple(struct sst_net *sn, const struct sst_tuple *tuple,
		       struct sst_sockinfo *info)
{
	const struct sst_flow *flow;

	rcu_read_lock();
	flow = sst_flowtable_by_real(&sn->flows, tuple);
	/* What is behind this host is none of its sockets' business. */
	if (flow && READ_ONCE(flow->forwarded))
		flow = NULL;
	if (flow)
		tell_flow(sn, flow, info);
	rcu_read_unlock();
	return flow;
}

/* Does it have a peer? Then this is its tuple. The socket is locked. */
static bool get_tuple(const struct sock *sk, struct sst_tuple *tuple)
{
	memset(tuple, 0, sizeof(*tuple));
	if (!sk->sk_dport || sk->sk_state == TCP_CLOSE ||
	    sk->sk_state == TCP_LISTEN)
		return false;
	tuple->proto = sk->sk_protocol;
	tuple->lport = htons(sk->sk_num);
	tuple->rport = sk->sk_dport;
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_daddr)) {
		tuple->family = NFPROTO_IPV6;
		tuple->local.in6 = sk->sk_v6_rcv_saddr;
		tuple->remote.in6 = sk->sk_v6_daddr;
	} else {
		tuple->family = NFPROTO_IPV4;
		tuple->local.ip = sk->sk_rcv_saddr;
		tuple->remote.ip = sk->sk_daddr;
	}
	return true;
}

/*
 * Reads an address of the caller's. Returns its family as packets have it, 0 when
 * there is none, or a negative errno.
 */
static int read_address(const struct sock *sk,
			const struct __kernel_sockaddr_storage *from,
			union nf_inet_addr *addr, __be16 *port, int *scope_id)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;

	*scope_id = 0;
	switch (from->ss_family) {
	case AF_UNSPEC:
		return 0;
	case AF_INET:
		addr->ip = in->sin_addr.s_addr;
		*port = in->sin_port;
		return NFPROTO_IPV4;
	case AF_INET6:
		break;
	default:
		return -EAFNOSUPPORT;
	}
	if (sk->sk_family != AF_INET6)
		return -EAFNOSUPPORT;
	*port = in6->sin6_port;
	if (ipv6_addr_v4mapped(&in6->sin6_addr)) {
		addr->ip = in6->sin6_addr.s6_addr32[3];
		return NFPROTO_IPV4;
	}
	addr->in6 = in6->sin6_addr;
	*scope_id = in6->sin6_scope_id;
	return NFPROTO_IPV6;
}

/* Returns false when it is bound to none. */
static bool bound_address(const struct sock *sk, u8 family,
			  union nf_inet_addr *addr)
{
	if (family == NFPROTO_IPV4) {
		addr->ip = sk->sk_rcv_saddr;
		return addr->ip;
	}
	addr->in6 = sk->sk_v6_rcv_saddr;
	return !ipv6_addr_any(&addr->in6);
}

/*
 * The interface through which the route has to be, or 0. A socket may be bound to
 * any that it likes, and so stand beside somebody else's on the same port: that
 * says nothing of where packets come from, but with link-local addresses and VRFs.
 */
static int bound_oif(const struct sock *sk, const struct sst_tuple *tuple,
		     int scope_id)
{
	struct net_device *dev;
	bool is_vrf;

	if (tuple->family == NFPROTO_IPV6 &&
	    __ipv6_addr_needs_scope_id(ipv6_addr_type(&tuple->remote.in6)))
		return scope_id ?: sk->sk_bound_dev_if;
	if (!sk->sk_bound_dev_if)
		return 0;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(sk), sk->sk_bound_dev_if);
	is_vrf = dev && netif_is_l3_master(dev);
	rcu_read_unlock();
	return is_vrf ? sk->sk_bound_dev_if : 0;
}

/* Returns the number of the interface by which packets leave, 0 for none. */
static int route_ipv4(const struct sock *sk, struct sst_tuple *tuple)
{
	int dev, oif = bound_oif(sk, tuple, 0);
	struct flowi4 fl4 = {
		.flowi4_oif = oif,
		.flowi4_mark = sk->sk_mark,
		.flowi4_proto = tuple->proto,
		.flowi4_uid = sk->sk_uid,
		.saddr = tuple->local.ip,
		.daddr = tuple->remote.ip,
		.fl4_sport = tuple->lport,
		.fl4_dport = tuple->rport,
	};
	struct rtable *rt;

	/* Without IPsec, which might begin to negotiate. */
	rt = __ip_route_output_key(sock_net(sk), &fl4);
	if (IS_ERR(rt))
		return 0;
	dev = oif ?: rt->dst.dev->ifindex;
	ip_rt_put(rt);
	tuple->local.ip = fl4.saddr;
	return dev;
}

static int route_ipv6(struct sock *sk, struct sst_tuple *tuple, int scope_id)
{
	int dev, oif = bound_oif(sk, tuple, scope_id);
	struct flowi6 fl6 = {
		.flowi6_oif = oif,
		.flowi6_mark = sk->sk_mark,
		.flowi6_proto = tuple->proto,
		.flowi6_uid = sk->sk_uid,
		.saddr = tuple->local.in6,
		.daddr = tuple->remote.in6,
		.fl6_sport = tuple->lport,
		.fl6_dport = tuple->rport,
	};
	struct dst_entry *dst;

	if (ip6_dst_lookup(sock_net(sk), sk, &dst, &fl6))
		return 0;
	dev = oif ?: dst->dev->ifindex;
	dst_release(dst);
	tuple->local.in6 = fl6.saddr;
	return dev;
}

/*
 * Would datagrams of this exchange come to the socket, by the interface by which
 * its answers leave? A local address of zeros becomes that of the route.
 */
static bool is_its_own(struct sock *sk, struct sst_tuple *tuple, int scope_id)
{
	int dev = tuple->family == NFPROTO_IPV4 ?
		  route_ipv4(sk, tuple) : route_ipv6(sk, tuple, scope_id);

	return dev && sst_sock_receives(sk, tuple, dev);
}

/**
 * sst_sockinfo_connected() - what a connection got
 * @sk: TCP or UDP socket, locked
 * @info: output; @info->asked stays
 */
void sst_sockinfo_connected(struct sock *sk, struct sst_sockinfo *info)
{
	struct sst_tuple tuple;

	if (!get_tuple(sk, &tuple))
		return;
	/* Two sockets on two interfaces may have one tuple. */
	if (sst_sock_is_udp(sk) && !is_its_own(sk, &tuple, 0))
		return;
	if (!tell_tuple(sst_pernet(sock_net(sk)), &tuple, info) &&
	    sst_sock_is_carried(sk))
		info->state = SST_SOCK_ENDED;
}

/**
 * sst_sockinfo_peer() - what the exchange of a UDP socket with a peer got
 * @sk: UDP socket, locked
 * @query: the addresses, and zeros; its @info is output
 *
 * Of datagrams that would come to somebody else's socket nothing is told.
 *
 * Return: 0, -EINVAL or -EAFNOSUPPORT.
 */
int sst_sockinfo_peer(struct sock *sk, struct sst_sockpeer *query)
{
	struct sst_net *sn = sst_pernet(sock_net(sk));
	struct sst_tuple tuple = { .proto = IPPROTO_UDP };
	union nf_inet_addr local = {}, bound;
	int family, given, scope_id, unused;
	__be16 port;

	family = read_address(sk, &query->peer, &tuple.remote, &tuple.rport,
			      &scope_id);
	if (family <= 0)
		return family ?: -EAFNOSUPPORT;
	given = read_address(sk, &query->local, &local, &port, &unused);
	if (given < 0)
		return given;
	if (given && given != family)
		return -EINVAL;
	tuple.family = family;
	tuple.lport = htons(sk->sk_num);
	if (bound_address(sk, family, &bound)) {
		if (given && !nf_inet_addr_cmp(&local, &bound))
			return -EINVAL;
		tuple.local = bound;
	} else if (given) {
		tuple.local = local;
	}
	if (is_its_own(sk, &tuple, scope_id))
		tell_tuple(sn, &tuple, &query->info);
	return 0;
}
