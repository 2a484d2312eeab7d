/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_EXPECT_H
#define _SST_EXPECT_H

#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "wire.h"

struct sock;
struct sst_flow;
struct sst_net;
struct sst_tuple;

/* Bound on the expectations of a namespace, and on those of one user. */
#define SST_EXPECTS_MAX		4096
#define SST_EXPECTS_PER_USER	1024

/**
 * struct sst_expects - public keys that sockets of a namespace expect
 * @by_sock: struct sst_expect by socket
 * @order: all of them; @lock
 * @count: how many; written under @lock, read with READ_ONCE()
 * @lock: serializes changes. Taken inside the lock of a socket; nothing nests
 *	inside it.
 *
 * Lookups are under RCU.
 */
struct sst_expects {
	struct rhashtable by_sock;
	struct list_head order;
	unsigned int count;
	struct mutex lock; /* see above */
};

int sst_expect_init(struct sst_expects *expects);
void sst_expect_exit(struct sst_expects *expects);
int sst_expect_set(struct sst_expects *expects, struct sock *sk,
		   const u8 key[SST_PUBLIC_SIZE], kuid_t user);
void sst_expect_clear(struct sst_expects *expects, struct sock *sk);
bool sst_expect_get(struct sst_expects *expects, const struct sock *sk,
		    u8 key[SST_PUBLIC_SIZE]);
void sst_expect_expire(struct sst_expects *expects);
bool sst_expect_peer(struct sst_net *sn, const struct sock *sk,
		     const struct sst_tuple *tuple, u32 *only);
bool sst_expect_allows(struct sst_net *sn, struct sock *sk,
		       const struct sst_flow *flow);

#endif /* _SST_EXPECT_H */
