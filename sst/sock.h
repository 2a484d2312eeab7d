/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SOCK_H
#define _SST_SOCK_H

#include <linux/types.h>
#include <uapi/linux/sst.h>

struct cgroup;
struct net;
struct sk_buff;
struct sock;
struct sst_net;
struct sst_pkt;
struct sst_tuple;

bool sst_sock_is_tcp(const struct sock *sk);
bool sst_sock_is_udp(const struct sock *sk);
struct sock *sst_sock_sender(const struct sst_pkt *pkt, struct sock *sk);
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
bool sst_sock_expects(const struct sock *sk);
void sst_sock_set_expects(struct sock *sk, bool expects);

bool sst_sock_is_plain(const struct sst_net *sn, const struct sock *sk);
void sst_sock_set_carried(struct sock *sk);
void sst_sock_begin(struct sock *sk);
bool sst_sock_is_carried(const struct sock *sk);
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

#endif /* _SST_SOCK_H */
