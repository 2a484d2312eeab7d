/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SOCK_H
#define _SST_SOCK_H

#include <linux/bits.h>
#include <linux/in.h>
#include <linux/ipv6.h>
#include <linux/netfilter.h>
#include <linux/types.h>
#include <net/ip.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include <uapi/linux/sst.h>

#include "packet.h"
#include "pernet.h"

struct cgroup;

/*
 * Bits of sk_flags (sock.c). The higher of the two counts, so that a change that
 * sets the new bit before it clears the old one is never seen as less than both.
 */
#define SST_SOCK_LABEL		58
#define SST_SOCK_PAYLOAD	59
#define SST_SOCK_PREFER		60
#define SST_SOCK_REQUIRE	61
#define SST_SOCK_EXPECTS	62
#define SST_SOCK_CARRIED	63

bool sst_sock_is_tcp(const struct sock *sk);
bool sst_sock_is_udp(const struct sock *sk);
bool sst_sock_is_users(const struct sock *sk);
struct cgroup *sst_sock_cgroup(const struct sock *sk);
u8 sst_sock_mode(const struct sock *sk);
u8 sst_sock_own_mode(const struct sock *sk);
void sst_sock_set_mode(struct sock *sk, u8 mode);
u8 sst_sock_scope(const struct sock *sk);
u8 sst_sock_own_scope(const struct sock *sk);
void sst_sock_set_scope(struct sock *sk, u8 scope);
bool sst_sock_allows(const struct sock *sk, u8 scope);
u8 sst_sock_takes(struct net *net, struct sk_buff *skb,
		  const struct sst_tuple *tuple);
void sst_sock_set_expects(struct sock *sk, bool expects);

void sst_sock_mark_carried(struct sock *sk);
void sst_sock_begin(struct sock *sk);
bool sst_sock_any_carried(struct net *net);
void sst_sock_abort_carried(struct net *net);

bool sst_sock_exists(struct net *net, const struct sst_tuple *tuple);
bool sst_sock_is_foreign(struct net *net, const struct sst_tuple *tuple);
const struct sock *sst_sock_receiver(struct net *net, struct sk_buff *skb,
				     const struct sst_tuple *tuple);
bool sst_sock_receives(const struct sock *sk, const struct sst_tuple *tuple,
		       int dev);
bool sst_sock_requires(struct net *net, struct sk_buff *skb,
		       const struct sst_tuple *tuple);

/**
 * sst_sock_sender() - whose packet is this?
 * @pkt: packet at POST_ROUTING
 * @sk: socket that the hook was given, of any kind, or NULL
 *
 * A tunnel, IPsec in UDP among them, may still name the socket of what it
 * carries.
 *
 * Return: @sk if it made the packet itself, else NULL.
 */
static inline struct sock *sst_sock_sender(const struct sst_pkt *pkt,
					   struct sock *sk)
{
	bool ipv4 = pkt->tuple.family == NFPROTO_IPV4;

	if (ipv4 ? IPCB(pkt->skb)->flags & IPSKB_XFRM_TRANSFORMED :
		   IP6CB(pkt->skb)->flags & IP6SKB_XFRM_TRANSFORMED)
		return NULL;
	if (!sk || !sk_fullsock(sk))
		return sk;
	if (sk->sk_protocol != pkt->tuple.proto ||
	    (!ipv4 && sk->sk_family != AF_INET6))
		return NULL;
	return sk;
}

/**
 * sst_sock_expects() - does a socket expect the public key of its peer?
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * Return: true when it does; see expect.c.
 */
static inline bool sst_sock_expects(const struct sock *sk)
{
	/* In others, something else stands where a full socket has flags. */
	return sk && sk_fullsock(sk) &&
	       test_bit(SST_SOCK_EXPECTS, &sk->sk_flags);
}

/**
 * sst_sock_takes_any() - will any flow do for packets of a socket?
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * A short look that is enough for most.
 *
 * Return: true when sst_expect_allows() and sst_sock_allows() are, of whatever
 * flow. False also for sockets of which that takes a longer look.
 */
static inline bool sst_sock_takes_any(const struct sock *sk)
{
	return !sk || (sk_fullsock(sk) &&
		       READ_ONCE(sk->sk_state) != TCP_LISTEN &&
		       !(READ_ONCE(sk->sk_flags) & (BIT(SST_SOCK_EXPECTS) |
						    BIT(SST_SOCK_PAYLOAD))));
}

/**
 * sst_sock_is_carried() - did SST carry packets of this socket?
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * Return: true once sst_sock_set_carried() marked it.
 */
static inline bool sst_sock_is_carried(const struct sock *sk)
{
	return sk && sk_fullsock(sk) &&
	       test_bit(SST_SOCK_CARRIED, &sk->sk_flags);
}

/**
 * sst_sock_set_carried() - a packet of this socket goes or comes by SST
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * Only TCP connections and connected UDP sockets are marked. Call it for every
 * packet: a UDP socket sends without its lock, so that the bit can be lost.
 */
static inline void sst_sock_set_carried(struct sock *sk)
{
	if (sk && !sst_sock_is_carried(sk))
		sst_sock_mark_carried(sk);
}

/**
 * sst_sock_is_plain() - is there nothing to say about what a socket sends?
 * @sn: namespace
 * @sk: socket as a hook knows it, of any kind, or NULL
 *
 * One short look instead of all the others.
 *
 * Return: true when it asks for nothing and SST never carried it. False also for
 * sockets of which that takes a longer look.
 */
static inline bool sst_sock_is_plain(const struct sst_net *sn,
				     const struct sock *sk)
{
	const unsigned long ours = GENMASK(SST_SOCK_CARRIED, SST_SOCK_LABEL);

	if (!sk)
		return true;
	return sk_fullsock(sk) && !(READ_ONCE(sk->sk_flags) & ours) &&
	       net_eq(sock_net(sk), sn->net) && !sst_wish_is_any(&sn->wishes);
}

#endif /* _SST_SOCK_H */
