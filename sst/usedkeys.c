// SPDX-License-Identifier: GPL-2.0
/*
 * A flow secret K is installed once, ever (protocol section 5): its counters
 * start at zero, so a second time would use pairs of key and counter again.
 * The namespace remembers a fingerprint of each K for as long as it lives,
 * also after the flow is gone. It cannot remember longer than that: the
 * documentation says that a K is worthless after a restart.
 */
#include <linux/rhashtable.h>
#include <linux/slab.h>

#include "kdf.h"
#include "usedkeys.h"

/*
 * Four times as many as a namespace may have flows at a time; 32 bytes each and
 * as much again for the table, charged to who installs the keys.
 */
#define USED_KEYS_MAX	4194304

#define FINGERPRINT_SIZE	16

struct used_key {
	struct rhash_head node;
	u8 fingerprint[FINGERPRINT_SIZE];
};

static const struct rhashtable_params params = {
	.key_len = FINGERPRINT_SIZE,
	.key_offset = offsetof(struct used_key, fingerprint),
	.head_offset = offsetof(struct used_key, node),
};

int sst_used_keys_init(struct sst_used_keys *used)
{
	return rhashtable_init(&used->table, &params);
}

static void used_key_free(void *ptr, void *arg)
{
	kfree(ptr);
}

void sst_used_keys_exit(struct sst_used_keys *used)
{
	rhashtable_free_and_destroy(&used->table, used_key_free, NULL);
}

/**
 * sst_used_keys_add() - remember a key that is about to be installed
 * @used: keys of the namespace
 * @key: K
 *
 * Return: 0, -EEXIST when the key was installed before, -ENOSPC when no more
 * keys can be remembered, -ENOMEM.
 */
int sst_used_keys_add(struct sst_used_keys *used, const u8 key[SST_SECRET_SIZE])
{
	/*
	 * A real context begins with a scope, which is never zero: this value
	 * tells nothing about any secret that flows use.
	 */
	static const u8 no_context[16];
	u8 digest[SST_SECRET_SIZE];
	struct used_key *entry;
	int err;

	if (atomic_read(&used->table.nelems) >= USED_KEYS_MAX)
		return -ENOSPC;
	entry = kmalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	if (!entry)
		return -ENOMEM;
	sst_kdf_h(digest, key, no_context);
	memcpy(entry->fingerprint, digest, sizeof(entry->fingerprint));
	memzero_explicit(digest, sizeof(digest));
	err = rhashtable_lookup_insert_fast(&used->table, &entry->node, params);
	if (err)
		kfree(entry);
	return err;
}
