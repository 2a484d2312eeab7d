// SPDX-License-Identifier: GPL-2.0
/*
 * Cookies of an initiator (protocol section 8): what responders gave it, by the
 * pair of addresses they are good for. Bounded; what does not fit costs a round
 * trip.
 */
#include <linux/build_bug.h>
#include <linux/minmax.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "jar.h"

/* Cookies that are looked at before packets may pass. */
#define BATCH	128

/**
 * struct jar_key - where a cookie came from, and to whom
 * @local: address of this host
 * @remote: address of the responder
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 */
struct jar_key {
	union nf_inet_addr local;
	union nf_inet_addr remote;
	u32 family;
};

/**
 * struct jar_entry - one cookie
 * @node: entry in the table
 * @order: entry in the list by age
 * @key: see above
 * @until: second of this host's clock from which it is of no use
 * @expiry: second of the responder's clock when it expires
 * @c: the cookie
 */
struct jar_entry {
	struct rhash_head node;
	struct list_head order;
	struct jar_key key;
	u64 until;
	u64 expiry;
	u8 c[SST_COOKIE_SIZE];
};

static const struct rhashtable_params params = {
	.key_len = sizeof(struct jar_key),
	.key_offset = offsetof(struct jar_entry, key),
	.head_offset = offsetof(struct jar_entry, node),
	.automatic_shrinking = true,
};

/**
 * sst_jar_init() - an empty jar
 * @jar: to initialize
 *
 * Return: 0, or -ENOMEM.
 */
int sst_jar_init(struct sst_jar *jar)
{
	/* A hole in the key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct jar_key) != 36);

	spin_lock_init(&jar->lock);
	INIT_LIST_HEAD(&jar->order);
	INIT_LIST_HEAD(&jar->cursor);
	jar->count = 0;
	return rhashtable_init(&jar->table, &params);
}

static void free_entry(void *ptr, void *arg)
{
	kfree_sensitive(ptr);
}

/**
 * sst_jar_exit() - wipe it all
 * @jar: used by no packet and no reaper any more
 */
void sst_jar_exit(struct sst_jar *jar)
{
	rhashtable_free_and_destroy(&jar->table, free_entry, NULL);
}

static void make_key(struct jar_key *key, const struct sst_tuple *tuple)
{
	key->local = tuple->local;
	key->remote = tuple->remote;
	key->family = tuple->family;
}

/*
 * All lookups are under the lock, too, and the table's own work takes the locks
 * of its buckets: a removed entry is nobody else's.
 */
static struct jar_entry *find(struct sst_jar *jar,
			      const struct sst_tuple *tuple)
{
	struct jar_key key;

	make_key(&key, tuple);
	return rhashtable_lookup_fast(&jar->table, &key, params);
}

static void remove(struct sst_jar *jar, struct jar_entry *entry)
{
	rhashtable_remove_fast(&jar->table, &entry->node, params);
	list_del(&entry->order);
	jar->count--;
	kfree_sensitive(entry);
}

static void remove_oldest(struct sst_jar *jar)
{
	struct list_head *first = jar->order.next;

	if (first == &jar->cursor)
		first = first->next;
	remove(jar, list_entry(first, struct jar_entry, order));
}

static struct jar_entry *insert(struct sst_jar *jar,
				const struct sst_tuple *tuple)
{
	struct jar_entry *entry;

	if (jar->count >= SST_JAR_MAX)
		remove_oldest(jar);
	entry = kzalloc(sizeof(*entry), GFP_ATOMIC);
	if (!entry)
		return NULL;
	make_key(&entry->key, tuple);
	if (rhashtable_insert_fast(&jar->table, &entry->node, params)) {
		kfree(entry);
		return NULL;
	}
	list_add_tail(&entry->order, &jar->order);
	jar->count++;
	return entry;
}

/**
 * sst_jar_put() - keep a cookie; another one of the same responder goes
 * @jar: cookies of the namespace
 * @tuple: of the INIT that it answered; ports and protocol do not count
 * @cookie: what the COOKIE said
 * @now: boot-time seconds of this host
 *
 * When the jar is full, the one goes that came first. When memory is short, the
 * cookie is not kept.
 */
void sst_jar_put(struct sst_jar *jar, const struct sst_tuple *tuple,
		 const struct sst_cookie_box *cookie, u64 now)
{
	struct jar_entry *entry;

	spin_lock_bh(&jar->lock);
	entry = find(jar, tuple);
	if (entry)
		list_move_tail(&entry->order, &jar->order);
	else
		entry = insert(jar, tuple);
	if (entry) {
		entry->until = now + min_t(u32, cookie->ttl, SST_JAR_TTL_MAX);
		entry->expiry = cookie->expiry;
		memcpy(entry->c, cookie->c, sizeof(entry->c));
	}
	spin_unlock_bh(&jar->lock);
}

/**
 * sst_jar_get() - the cookie for an INIT
 * @jar: cookies of the namespace
 * @tuple: of the INIT; ports and protocol do not count
 * @cookie: output: the cookie, its expiry, and for how many seconds it is still
 *	of use
 * @now: boot-time seconds of this host
 *
 * Return: false when there is none, or its time is over.
 */
bool sst_jar_get(struct sst_jar *jar, const struct sst_tuple *tuple,
		 struct sst_cookie_box *cookie, u64 now)
{
	const struct jar_entry *entry;
	bool found;

	spin_lock_bh(&jar->lock);
	entry = find(jar, tuple);
	found = entry && now < entry->until;
	if (found) {
		cookie->ttl = entry->until - now;
		cookie->expiry = entry->expiry;
		memcpy(cookie->c, entry->c, sizeof(cookie->c));
	}
	spin_unlock_bh(&jar->lock);
	return found;
}

/**
 * sst_jar_del() - a cookie is of no use
 * @jar: cookies of the namespace
 * @tuple: of an INIT that it would be for; ports and protocol do not count
 */
void sst_jar_del(struct sst_jar *jar, const struct sst_tuple *tuple)
{
	struct jar_entry *entry;

	spin_lock_bh(&jar->lock);
	entry = find(jar, tuple);
	if (entry)
		remove(jar, entry);
	spin_unlock_bh(&jar->lock);
}

/* Look at the cookies behind the cursor. Returns false at the end. */
static bool expire_batch(struct sst_jar *jar, u64 now)
{
	struct list_head *next;
	struct jar_entry *entry;
	int i;

	for (i = 0; i < BATCH; i++) {
		next = jar->cursor.next;
		if (next == &jar->order) {
			list_del_init(&jar->cursor);
			return false;
		}
		entry = list_entry(next, struct jar_entry, order);
		if (now < entry->until)
			list_move(&jar->cursor, next);
		else
			remove(jar, entry);
	}
	return true;
}

/**
 * sst_jar_expire() - forget the cookies whose time is over
 * @jar: cookies of the namespace
 * @now: boot-time seconds of this host
 *
 * Process context; one caller at a time.
 */
void sst_jar_expire(struct sst_jar *jar, u64 now)
{
	bool more;

	spin_lock_bh(&jar->lock);
	list_add(&jar->cursor, &jar->order);
	spin_unlock_bh(&jar->lock);
	do {
		spin_lock_bh(&jar->lock);
		more = expire_batch(jar, now);
		spin_unlock_bh(&jar->lock);
		cond_resched();
	} while (more);
}

/**
 * sst_jar_clear() - forget all cookies: another machine may have them, too
 * @jar: cookies of the namespace
 *
 * Any context; the jar is bounded, and it is not done often. A call of
 * sst_jar_expire() may be under way.
 */
void sst_jar_clear(struct sst_jar *jar)
{
	spin_lock_bh(&jar->lock);
	while (jar->count)
		remove_oldest(jar);
	spin_unlock_bh(&jar->lock);
}
