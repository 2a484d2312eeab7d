// SPDX-License-Identifier: GPL-2.0
/* Wishes: raised only, meant for what is below, bounded, ended in time. */
#include <kunit/test.h>
#include <linux/cgroup.h>
#include <linux/percpu-refcount.h>
#include <uapi/linux/sst.h>

#include "wish.h"

/*
 * Each test ends them itself: what is cleaned up by itself is so in reverse, and
 * the cgroups are made later.
 */
static struct sst_wishes *new_wishes(struct kunit *test)
{
	struct sst_wishes *wishes = kunit_kzalloc(test, sizeof(*wishes),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, wishes);
	KUNIT_ASSERT_EQ(test, 0, sst_wish_init(wishes));
	return wishes;
}

static void no_release(struct percpu_ref *ref)
{
}

static void free_ref(void *ref)
{
	percpu_ref_exit(ref);
}

/* One of which nobody counts the references. */
static struct cgroup *new_cgroup(struct kunit *test, struct cgroup *parent)
{
	struct cgroup *cgroup;
	int i;

	cgroup = kunit_kzalloc(test, struct_size(cgroup, ancestors,
						 SST_CGROUP_LEVEL_MAX + 2),
			       GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, cgroup);
	cgroup->self.flags = CSS_NO_REF;
	cgroup->level = parent ? parent->level + 1 : 0;
	for (i = 0; parent && i <= parent->level; i++)
		cgroup->ancestors[i] = parent->ancestors[i];
	cgroup->ancestors[cgroup->level] = cgroup;
	KUNIT_ASSERT_EQ(test, 0,
			percpu_ref_init(&cgroup->bpf.refcnt, no_release, 0,
					GFP_KERNEL));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_ref,
						  &cgroup->bpf.refcnt));
	return cgroup;
}

static u8 mode(struct sst_wishes *wishes, struct cgroup *cgroup)
{
	u8 m;

	rcu_read_lock();
	m = sst_wish_mode(wishes, cgroup);
	rcu_read_unlock();
	return m;
}

static int add(struct sst_wishes *wishes, struct cgroup *cgroup, u8 m)
{
	return sst_wish_add(wishes, cgroup, m, GLOBAL_ROOT_UID);
}

static void wish_below(struct kunit *test)
{
	struct sst_wishes *wishes = new_wishes(test);
	struct cgroup *root = new_cgroup(test, NULL);
	struct cgroup *a = new_cgroup(test, root), *b = new_cgroup(test, root);
	struct cgroup *aa = new_cgroup(test, a), *aaa = new_cgroup(test, aa);

	KUNIT_EXPECT_EQ(test, SST_OFF, mode(wishes, aaa));
	KUNIT_EXPECT_EQ(test, SST_OFF, mode(wishes, NULL));
	KUNIT_EXPECT_EQ(test, 0, add(wishes, aa, SST_REQUIRE));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, aa));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, aaa));
	KUNIT_EXPECT_EQ(test, SST_OFF, mode(wishes, a));
	KUNIT_EXPECT_EQ(test, SST_OFF, mode(wishes, b));
	KUNIT_EXPECT_EQ(test, 0, add(wishes, root, SST_PREFER));
	KUNIT_EXPECT_EQ(test, SST_PREFER, mode(wishes, b));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, aaa));
	/* The strongest, whichever is nearer. */
	KUNIT_EXPECT_EQ(test, 0, add(wishes, aaa, SST_PREFER));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, aaa));
	sst_wish_exit(wishes);
}

static void wish_raises_only(struct kunit *test)
{
	struct sst_wishes *wishes = new_wishes(test);
	struct cgroup *root = new_cgroup(test, NULL);

	KUNIT_EXPECT_EQ(test, 0, add(wishes, root, SST_PREFER));
	KUNIT_EXPECT_EQ(test, SST_PREFER, mode(wishes, root));
	KUNIT_EXPECT_EQ(test, 0, add(wishes, root, SST_REQUIRE));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, root));
	KUNIT_EXPECT_EQ(test, 0, add(wishes, root, SST_PREFER));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, root));
	KUNIT_EXPECT_EQ(test, 1, wishes->count);
	sst_wish_exit(wishes);
}

static void wish_bounds(struct kunit *test)
{
	struct sst_wishes *wishes = new_wishes(test);
	struct cgroup *root = new_cgroup(test, NULL), *at = root;
	struct cgroup *first = NULL;
	unsigned int i;

	for (i = 0; i < SST_WISHES_MAX; i++) {
		struct cgroup *cgroup = new_cgroup(test, root);
		kuid_t user = KUIDT_INIT(i / SST_WISHES_PER_USER);

		if (!i)
			first = cgroup;
		KUNIT_ASSERT_EQ(test, 0, sst_wish_add(wishes, cgroup,
						      SST_PREFER, user));
		if ((i + 1) % SST_WISHES_PER_USER || i + 1 == SST_WISHES_MAX)
			continue;
		KUNIT_EXPECT_EQ(test, -EDQUOT,
				sst_wish_add(wishes, root, SST_PREFER, user));
	}
	KUNIT_EXPECT_EQ(test, -ENOSPC, sst_wish_add(wishes, root, SST_PREFER,
						    KUIDT_INIT(1000)));
	/* What is there can still be raised. */
	KUNIT_EXPECT_EQ(test, 0, add(wishes, first, SST_REQUIRE));
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, first));

	while (at->level <= SST_CGROUP_LEVEL_MAX)
		at = new_cgroup(test, at);
	KUNIT_EXPECT_EQ(test, -E2BIG, add(wishes, at, SST_PREFER));
	sst_wish_exit(wishes);
}

static void wish_ends(struct kunit *test)
{
	struct sst_wishes *wishes = new_wishes(test);
	struct cgroup *root = new_cgroup(test, NULL);
	struct cgroup *a = new_cgroup(test, root), *b = new_cgroup(test, root);

	KUNIT_EXPECT_EQ(test, 0, add(wishes, a, SST_REQUIRE));
	KUNIT_EXPECT_EQ(test, 0, add(wishes, b, SST_PREFER));
	/* A socket of a removed cgroup. */
	percpu_ref_get(&a->bpf.refcnt);
	percpu_ref_kill(&a->bpf.refcnt);
	rcu_barrier();
	sst_wish_expire(wishes);
	KUNIT_EXPECT_EQ(test, SST_REQUIRE, mode(wishes, a));
	percpu_ref_put(&a->bpf.refcnt);
	sst_wish_expire(wishes);
	KUNIT_EXPECT_EQ(test, SST_OFF, mode(wishes, a));
	KUNIT_EXPECT_EQ(test, SST_PREFER, mode(wishes, b));
	KUNIT_EXPECT_EQ(test, 1, wishes->count);
	sst_wish_exit(wishes);
}

static struct kunit_case wish_cases[] = {
	KUNIT_CASE(wish_below),
	KUNIT_CASE(wish_raises_only),
	KUNIT_CASE(wish_bounds),
	KUNIT_CASE(wish_ends),
	{}
};

static struct kunit_suite wish_suite = {
	.name = "sst_wish",
	.test_cases = wish_cases,
};

kunit_test_suite(wish_suite);
