/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HOST_H
#define _SST_HOST_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <uapi/linux/sst_netlink.h>

#include "wire.h"
#include "x25519.h"

/* Bound on the host keys of a namespace. */
#define SST_HOSTS_MAX	64

/**
 * struct sst_host - a key of this host, which others know the public part of
 * @node: entry in the list, the oldest first; RCU
 * @name: name in its namespace, filled up with zeros; immutable
 * @pair: the key; immutable
 * @key_id: what names it on the wire; immutable
 * @cookie_key: key of COOKIEs in answer to INITs under it; immutable
 * @uid: what the replay cache knows it by, never 0: from @key_id; immutable
 * @added: jiffies64 when it was added; immutable
 * @number: number in its namespace, larger than those of all before it; immutable
 * @inits: INITs under it that verified
 * @init_last: jiffies64 when the last of these came, 0 when none did;
 *	READ_ONCE() and WRITE_ONCE()
 * @rcu: wipes and frees it
 */
struct sst_host {
	struct list_head node;
	char name[SST_NAME_MAX + 1];
	struct sst_pair pair;
	u8 key_id[SST_KEY_ID_SIZE];
	u8 cookie_key[SST_SECRET_SIZE];
	u64 uid;
	u64 added;
	unsigned long number;
	atomic64_t inits;
	u64 init_last;
	struct rcu_head rcu;
};

/**
 * struct sst_hosts - the host keys of a namespace
 * @list: of struct sst_host, the oldest first; RCU
 * @count: how many; written under @lock, read with READ_ONCE()
 * @last_number: number given last; @lock
 * @lock: serializes additions and removals; handlers only
 */
struct sst_hosts {
	struct list_head list;
	unsigned int count;
	unsigned long last_number;
	struct mutex lock; /* see above */
};

/**
 * enum sst_host_clash - why a host key cannot be added
 * @SST_HOST_CLASH_NONE: it was
 * @SST_HOST_CLASH_NAME: another one has this name
 * @SST_HOST_CLASH_KEY: another one has this key, or key id
 * @SST_HOST_CLASH_FULL: the namespace has as many as it may
 * @SST_HOST_CLASH_WEAK: no public key comes of it
 * @SST_HOST_CLASH_NOMEM: no memory
 */
enum sst_host_clash {
	SST_HOST_CLASH_NONE,
	SST_HOST_CLASH_NAME,
	SST_HOST_CLASH_KEY,
	SST_HOST_CLASH_FULL,
	SST_HOST_CLASH_WEAK,
	SST_HOST_CLASH_NOMEM,
};

void sst_hosts_init(struct sst_hosts *hosts);
void sst_hosts_exit(struct sst_hosts *hosts);
enum sst_host_clash sst_hosts_add(struct sst_hosts *hosts, const char *name,
				  const u8 secret[SST_SECRET_SIZE]);
int sst_hosts_del(struct sst_hosts *hosts, const char *name);
void sst_hosts_clear(struct sst_hosts *hosts);
struct sst_host *sst_hosts_by_key_id(struct sst_hosts *hosts,
				     const u8 key_id[SST_KEY_ID_SIZE]);
struct sst_host *sst_hosts_by_name(struct sst_hosts *hosts, const char *name);
struct sst_host *sst_hosts_next(struct sst_hosts *hosts, unsigned long from);

#endif /* _SST_HOST_H */
