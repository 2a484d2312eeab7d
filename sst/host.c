// SPDX-License-Identifier: GPL-2.0
/*
 * The keys of this host. Others who know the public part of one open flows with
 * it; an INIT names it by its key id (protocol section 7). They are few, so a
 * list does.
 */
#include <linux/jiffies.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "compat.h"
#include "cookie.h"
#include "handshake.h"
#include "host.h"

void sst_hosts_init(struct sst_hosts *hosts)
{
	INIT_LIST_HEAD(&hosts->list);
	hosts->count = 0;
	hosts->last_number = 0;
	mutex_init(&hosts->lock);
}

/* No packet, no work and no handler uses the keys any more. */
void sst_hosts_exit(struct sst_hosts *hosts)
{
	sst_hosts_clear(hosts);
	mutex_destroy(&hosts->lock);
}

static void free_host_cb(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct sst_host, rcu));
}

/* Returns NULL when @clash says why. */
static struct sst_host *new_host(const char *name,
				 const u8 secret[SST_SECRET_SIZE],
				 enum sst_host_clash *clash)
{
	struct sst_host *host = kzalloc(sizeof(*host), GFP_KERNEL_ACCOUNT);

	if (!host) {
		*clash = SST_HOST_CLASH_NOMEM;
		return NULL;
	}
	strscpy_pad(host->name, name, sizeof(host->name));
	memcpy(host->pair.secret, secret, sizeof(host->pair.secret));
	if (!sst_x25519_public(host->pair.public, host->pair.secret)) {
		kfree_sensitive(host);
		*clash = SST_HOST_CLASH_WEAK;
		return NULL;
	}
	sst_key_id(host->key_id, host->pair.public);
	sst_cookie_key(host->cookie_key, host->pair.public);
	host->uid = get_unaligned_le64(host->key_id) ?: 1;
	host->added = get_jiffies_64();
	return host;
}

/* Called under RCU or the lock. */
static struct sst_host *by_key_id(struct sst_hosts *hosts,
				  const u8 key_id[SST_KEY_ID_SIZE])
{
	struct sst_host *host;

	list_for_each_entry_rcu(host, &hosts->list, node,
				lockdep_is_held(&hosts->lock))
		if (!memcmp(host->key_id, key_id, SST_KEY_ID_SIZE))
			return host;
	return NULL;
}

/* The same. */
static struct sst_host *by_name(struct sst_hosts *hosts, const char *name)
{
	struct sst_host *host;

	list_for_each_entry_rcu(host, &hosts->list, node,
				lockdep_is_held(&hosts->lock))
		if (!strcmp(host->name, name))
			return host;
	return NULL;
}

static enum sst_host_clash clash_of(struct sst_hosts *hosts,
				    const struct sst_host *host)
{
	if (by_name(hosts, host->name))
		return SST_HOST_CLASH_NAME;
	/* The same key has the same key id. */
	if (by_key_id(hosts, host->key_id))
		return SST_HOST_CLASH_KEY;
	if (hosts->count >= SST_HOSTS_MAX)
		return SST_HOST_CLASH_FULL;
	return SST_HOST_CLASH_NONE;
}

/**
 * sst_hosts_add() - add a key of this host, if nothing is in its way
 * @hosts: host keys of the namespace
 * @name: its name, up to SST_NAME_MAX bytes
 * @secret: secret key, clamped or not; stays with the caller, who wipes it
 *
 * One X25519; sleeps.
 *
 * Return: SST_HOST_CLASH_NONE, or why not.
 */
enum sst_host_clash sst_hosts_add(struct sst_hosts *hosts, const char *name,
				  const u8 secret[SST_SECRET_SIZE])
{
	enum sst_host_clash clash;
	struct sst_host *host;

	host = new_host(name, secret, &clash);
	if (!host)
		return clash;
	mutex_lock(&hosts->lock);
	clash = clash_of(hosts, host);
	if (clash == SST_HOST_CLASH_NONE) {
		host->number = ++hosts->last_number;
		list_add_tail_rcu(&host->node, &hosts->list);
		WRITE_ONCE(hosts->count, hosts->count + 1);
	}
	mutex_unlock(&hosts->lock);
	if (clash != SST_HOST_CLASH_NONE)
		kfree_sensitive(host);
	return clash;
}

static void del_host(struct sst_hosts *hosts, struct sst_host *host)
{
	list_del_rcu(&host->node);
	WRITE_ONCE(hosts->count, hosts->count - 1);
	call_rcu(&host->rcu, free_host_cb);
}

/**
 * sst_hosts_del() - remove a key of this host
 * @hosts: host keys of the namespace
 * @name: its name
 *
 * Who found it may use it for another grace period; then it is wiped.
 *
 * Return: 0, or -ENOENT when no host key has this name.
 */
int sst_hosts_del(struct sst_hosts *hosts, const char *name)
{
	struct sst_host *host;

	mutex_lock(&hosts->lock);
	host = by_name(hosts, name);
	if (host)
		del_host(hosts, host);
	mutex_unlock(&hosts->lock);
	return host ? 0 : -ENOENT;
}

/**
 * sst_hosts_clear() - remove all keys of this host
 * @hosts: host keys of the namespace
 *
 * Each as sst_hosts_del() does.
 */
void sst_hosts_clear(struct sst_hosts *hosts)
{
	struct sst_host *host, *next;

	mutex_lock(&hosts->lock);
	list_for_each_entry_safe(host, next, &hosts->list, node)
		del_host(hosts, host);
	mutex_unlock(&hosts->lock);
}

/**
 * sst_hosts_by_key_id() - find the host key that an INIT names
 * @hosts: host keys of the namespace
 * @key_id: as the INIT carries it
 *
 * Return: the host key, valid in the caller's RCU read section, or NULL.
 */
struct sst_host *sst_hosts_by_key_id(struct sst_hosts *hosts,
				     const u8 key_id[SST_KEY_ID_SIZE])
{
	return by_key_id(hosts, key_id);
}

/**
 * sst_hosts_by_name() - find a host key by its name
 * @hosts: host keys of the namespace
 * @name: the name
 *
 * Return: the host key, valid in the caller's RCU read section, or NULL.
 */
struct sst_host *sst_hosts_by_name(struct sst_hosts *hosts, const char *name)
{
	return by_name(hosts, name);
}

/**
 * sst_hosts_next() - walk the host keys, some of which may come and go meanwhile
 * @hosts: host keys of the namespace
 * @from: smallest number wanted
 *
 * Return: the oldest host key with a number of @from or more, valid in the
 * caller's RCU read section, or NULL when there are no more.
 */
struct sst_host *sst_hosts_next(struct sst_hosts *hosts, unsigned long from)
{
	struct sst_host *host;

	list_for_each_entry_rcu(host, &hosts->list, node)
		if (host->number >= from)
			return host;
	return NULL;
}
