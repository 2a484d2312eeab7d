// SPDX-License-Identifier: GPL-2.0
/*
 * The bound on the flows that one source may open (protocol section 6.12), so
 * that a single peer does not use up those of the namespace.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "source.h"

struct source {
	struct rhash_head node;
	struct sst_source_key key;
	unsigned int flows;
	struct rcu_head rcu;
};

static const struct rhashtable_params params = {
	.key_len = sizeof(struct sst_source_key),
	.key_offset = offsetof(struct source, key),
	.head_offset = offsetof(struct source, node),
	.automatic_shrinking = true,
};

int sst_source_init(struct sst_sources *sources)
{
	/* A hole in the key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct sst_source_key) != 12);

	spin_lock_init(&sources->lock);
	return rhashtable_init(&sources->table, &params);
}

/* All flows have ended, so it is empty. */
void sst_source_exit(struct sst_sources *sources)
{
	rhashtable_destroy(&sources->table);
}

/**
 * sst_source_key() - the source of a packet or flow
 * @key: output
 * @tuple: tuple of it; its remote address is the source
 */
void sst_source_key(struct sst_source_key *key, const struct sst_tuple *tuple)
{
	memset(key, 0, sizeof(*key));
	key->family = tuple->family;
	if (tuple->family == NFPROTO_IPV4)
		key->prefix[0] = tuple->remote.ip;
	else
		memcpy(key->prefix, &tuple->remote.in6, sizeof(key->prefix));
}

static struct source *get(struct sst_sources *sources,
			  const struct sst_source_key *key)
{
	struct source *source;

	source = rhashtable_lookup_fast(&sources->table, key, params);
	if (source)
		return source;
	source = kzalloc(sizeof(*source), GFP_ATOMIC | __GFP_ACCOUNT);
	if (!source)
		return NULL;
	source->key = *key;
	if (!rhashtable_insert_fast(&sources->table, &source->node, params))
		return source;
	kfree(source);
	return NULL;
}

/**
 * sst_source_take() - count a flow for its source, if that may have one more
 * @sources: of the namespace
 * @tuple: tuple of the flow; its remote address is the source
 * @max: how many a source may have, at least 1
 *
 * Return: false when it has as many, or memory is short.
 */
bool sst_source_take(struct sst_sources *sources,
		     const struct sst_tuple *tuple, unsigned int max)
{
	struct source *source;
	struct sst_source_key key;
	bool taken;

	sst_source_key(&key, tuple);
	spin_lock_bh(&sources->lock);
	source = get(sources, &key);
	taken = source && source->flows < max;
	if (taken)
		source->flows++;
	spin_unlock_bh(&sources->lock);
	return taken;
}

/**
 * sst_source_put() - a flow that was counted has ended
 * @sources: of the namespace
 * @tuple: tuple of the flow
 */
void sst_source_put(struct sst_sources *sources, const struct sst_tuple *tuple)
{
	struct source *source;
	struct sst_source_key key;

	sst_source_key(&key, tuple);
	spin_lock_bh(&sources->lock);
	source = rhashtable_lookup_fast(&sources->table, &key, params);
	if (source && !--source->flows) {
		rhashtable_remove_fast(&sources->table, &source->node, params);
		kfree_rcu(source, rcu);
	}
	spin_unlock_bh(&sources->lock);
}
