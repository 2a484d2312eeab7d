// SPDX-License-Identifier: GPL-2.0
/*
 * Wishes: a cgroup whose sockets ask for SST as if each of them had set SO_SST.
 * This is for programs that know nothing of the option, and for sockets that
 * do not take it (MPTCP). A wish only ever raises protection, and nobody takes
 * it back: it ends with the last socket that could have been made under it.
 */
#include <linux/cgroup.h>
#include <linux/percpu-refcount.h>
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <uapi/linux/sst.h>

#include "wish.h"

#ifndef CONFIG_SOCK_CGROUP_DATA
#error "SST needs to know the cgroups of sockets, CONFIG_SOCK_CGROUP_DATA"
#endif

static const struct rhashtable_params params = {
	.key_len = sizeof_field(struct sst_wish, cgroup),
	.key_offset = offsetof(struct sst_wish, cgroup),
	.head_offset = offsetof(struct sst_wish, node),
	.automatic_shrinking = true,
};

/**
 * sst_wish_init() - there is no wish
 * @wishes: to initialize
 *
 * Return: 0, or -ENOMEM.
 */
int sst_wish_init(struct sst_wishes *wishes)
{
	mutex_init(&wishes->lock);
	INIT_LIST_HEAD(&wishes->all);
	wishes->count = 0;
	wishes->deepest = 0;
	return rhashtable_init(&wishes->table, &params);
}

/* It is in no table any more, but may still be read. */
static void let_go(struct sst_wish *wish)
{
	cgroup_put(wish->cgroup);
	kfree_rcu(wish, rcu);
}

/**
 * sst_wish_exit() - forget all
 * @wishes: used by no packet, no handler and no reaper any more
 */
void sst_wish_exit(struct sst_wishes *wishes)
{
	struct sst_wish *wish, *next;

	rhashtable_destroy(&wishes->table);
	list_for_each_entry_safe(wish, next, &wishes->all, all)
		let_go(wish);
	mutex_destroy(&wishes->lock);
}

static unsigned int count_of(const struct sst_wishes *wishes, kuid_t user)
{
	const struct sst_wish *wish;
	unsigned int n = 0;

	list_for_each_entry(wish, &wishes->all, all)
		n += uid_eq(wish->user, user);
	return n;
}

static int insert(struct sst_wishes *wishes, struct cgroup *cgroup, u8 mode,
		  kuid_t user)
{
	struct sst_wish *wish;
	int err;

	if (wishes->count >= SST_WISHES_MAX)
		return -ENOSPC;
	if (count_of(wishes, user) >= SST_WISHES_PER_USER)
		return -EDQUOT;
	wish = kzalloc(sizeof(*wish), GFP_KERNEL_ACCOUNT);
	if (!wish)
		return -ENOMEM;
	wish->cgroup = cgroup;
	wish->user = user;
	wish->mode = mode;
	WRITE_ONCE(wishes->deepest, max(wishes->deepest, cgroup->level));
	/* Who sees it looks as far. Pairs with sst_wish_mode(). */
	smp_store_release(&wishes->count, wishes->count + 1);
	err = rhashtable_insert_fast(&wishes->table, &wish->node, params);
	if (err) {
		WRITE_ONCE(wishes->count, wishes->count - 1);
		kfree(wish);
		return err;
	}
	cgroup_get(cgroup);
	list_add_tail(&wish->all, &wishes->all);
	return 0;
}

/**
 * sst_wish_add() - what the sockets of a cgroup, and of those below, ask for
 * @wishes: of the namespace
 * @cgroup: the cgroup; the caller holds a reference
 * @mode: SST_PREFER or SST_REQUIRE
 * @user: on whose account it goes, if there is no wish for @cgroup yet
 *
 * Of two wishes for one cgroup the stronger one stays. Process context.
 *
 * Return: 0; -EDQUOT: the user has SST_WISHES_PER_USER of them; -ENOSPC: there
 * are SST_WISHES_MAX; -E2BIG: the cgroup is deeper than SST_CGROUP_LEVEL_MAX;
 * -ENOMEM.
 */
int sst_wish_add(struct sst_wishes *wishes, struct cgroup *cgroup, u8 mode,
		 kuid_t user)
{
	struct sst_wish *wish;
	int err = 0;

	if (cgroup->level > SST_CGROUP_LEVEL_MAX)
		return -E2BIG;
	mutex_lock(&wishes->lock);
	wish = rhashtable_lookup_fast(&wishes->table, &cgroup, params);
	if (!wish)
		err = insert(wishes, cgroup, mode, user);
	else if (mode > wish->mode)
		WRITE_ONCE(wish->mode, mode);
	mutex_unlock(&wishes->lock);
	return err;
}

/**
 * sst_wish_mode() - what a socket of this cgroup is to ask for
 * @wishes: of the namespace
 * @cgroup: the cgroup, or NULL
 *
 * The caller is in an RCU read section. One test where there are no wishes.
 *
 * Return: the strongest of the wishes for the cgroup and those above it:
 * SST_OFF, SST_PREFER or SST_REQUIRE.
 */
u8 sst_wish_mode(struct sst_wishes *wishes, struct cgroup *cgroup)
{
	const struct sst_wish *wish;
	u8 mode = SST_OFF;
	int level;

	/* Pairs with insert(). */
	if (!cgroup || !smp_load_acquire(&wishes->count))
		return SST_OFF;
	for (level = min(cgroup->level, READ_ONCE(wishes->deepest));
	     level >= 0 && mode != SST_REQUIRE; level--) {
		struct cgroup *at = cgroup_ancestor(cgroup, level);

		wish = rhashtable_lookup(&wishes->table, &at, params);
		if (wish)
			mode = max(mode, READ_ONCE(wish->mode));
	}
	return mode;
}

/**
 * sst_wish_next() - walk the wishes in the order of the ids of their cgroups
 * @wishes: of the namespace; their lock is held
 * @after: id of the cgroup of the one before, 0 at first
 *
 * Return: the wish, good as long as the lock is held, or NULL.
 */
const struct sst_wish *sst_wish_next(struct sst_wishes *wishes, u64 after)
{
	const struct sst_wish *wish, *next = NULL;

	lockdep_assert_held(&wishes->lock);
	list_for_each_entry(wish, &wishes->all, all)
		if (cgroup_id(wish->cgroup) > after &&
		    (!next || cgroup_id(wish->cgroup) < cgroup_id(next->cgroup)))
			next = wish;
	return next;
}

/*
 * Every socket holds this count of its cgroup and of those above, from the
 * moment when the cgroup is removed on it has an end. The cgroup's own count
 * would do worse: pages in the cache hold it for hours.
 */
static bool is_over(struct cgroup *cgroup)
{
#ifdef CONFIG_CGROUP_BPF
	return percpu_ref_is_zero(&cgroup->bpf.refcnt);
#else
	/* Nothing tells: it stays. */
	return false;
#endif
}

/**
 * sst_wish_expire() - forget wishes that no socket can have any more
 * @wishes: of the namespace; process context
 *
 * A process can take a socket along to another cgroup, or hand it over; the
 * socket stays with the cgroup in which it was made. So a wish ends when the
 * cgroup is removed and the last such socket is closed.
 */
void sst_wish_expire(struct sst_wishes *wishes)
{
	struct sst_wish *wish, *next;

	if (!READ_ONCE(wishes->count))
		return;
	mutex_lock(&wishes->lock);
	list_for_each_entry_safe(wish, next, &wishes->all, all) {
		cond_resched();
		if (!is_over(wish->cgroup))
			continue;
		rhashtable_remove_fast(&wishes->table, &wish->node, params);
		list_del(&wish->all);
		WRITE_ONCE(wishes->count, wishes->count - 1);
		let_go(wish);
	}
	mutex_unlock(&wishes->lock);
}
