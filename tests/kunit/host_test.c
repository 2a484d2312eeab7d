// SPDX-License-Identifier: GPL-2.0
/* The keys of this host: found by what an INIT names, bounded, told apart. */
#include <kunit/test.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

#include "fixture.h"
#include "host.h"

/* RFC 7748, section 6.1: Alice's keys. */
static const u8 alice_secret[SST_SECRET_SIZE] = {
	0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d,
	0x3c, 0x16, 0xc1, 0x72, 0x51, 0xb2, 0x66, 0x45,
	0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0, 0x99, 0x2a,
	0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a,
};

static const u8 alice_public[SST_PUBLIC_SIZE] = {
	0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54,
	0x74, 0x8b, 0x7d, 0xdc, 0xb4, 0x3e, 0xf7, 0x5a,
	0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38, 0x1a, 0xf4,
	0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a,
};

/* SHA-256 of that, its first 8 bytes, by another implementation. */
static const u8 alice_key_id[SST_KEY_ID_SIZE] = {
	0x30, 0x0c, 0x9c, 0x96, 0x03, 0xb9, 0x2a, 0x4b,
};

static void free_hosts(void *hosts)
{
	sst_hosts_exit(hosts);
}

static struct sst_hosts *new_hosts(struct kunit *test)
{
	struct sst_hosts *hosts = kunit_kzalloc(test, sizeof(*hosts),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, hosts);
	sst_hosts_init(hosts);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_hosts, hosts));
	return hosts;
}

/* Add the key whose secret is all @byte. */
static enum sst_host_clash add(struct sst_hosts *hosts, const char *name,
			       u8 byte)
{
	u8 secret[SST_SECRET_SIZE];

	memset(secret, byte, sizeof(secret));
	return sst_hosts_add(hosts, name, secret);
}

/* Names of all, the oldest first, each followed by a blank. */
static void list_names(struct sst_hosts *hosts, char *names, size_t size)
{
	const struct sst_host *host;
	unsigned long next = 0;
	size_t used = 0;

	names[0] = '\0';
	rcu_read_lock();
	while ((host = sst_hosts_next(hosts, next))) {
		next = host->number + 1;
		used += scnprintf(names + used, size - used, "%s ",
				  host->name);
	}
	rcu_read_unlock();
}

static void expect_names(struct kunit *test, struct sst_hosts *hosts,
			 const char *expected)
{
	char names[64];

	list_names(hosts, names, sizeof(names));
	KUNIT_EXPECT_STREQ(test, expected, names);
}

static void host_keys(struct kunit *test)
{
	struct sst_hosts *hosts = new_hosts(test);
	u64 before = get_jiffies_64();
	u8 other[SST_KEY_ID_SIZE];
	struct sst_host *host;

	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE,
			sst_hosts_add(hosts, "alice", alice_secret));
	rcu_read_lock();
	host = sst_hosts_by_key_id(hosts, alice_key_id);
	KUNIT_EXPECT_PTR_EQ(test, host, sst_hosts_by_name(hosts, "alice"));
	if (host) {
		KUNIT_EXPECT_STREQ(test, "alice", host->name);
		KUNIT_EXPECT_MEMEQ(test, alice_public, host->pair.public,
				   sizeof(alice_public));
		KUNIT_EXPECT_MEMEQ(test, alice_secret, host->pair.secret,
				   sizeof(alice_secret));
		KUNIT_EXPECT_EQ(test, 0x4b2ab903969c0c30ull, host->uid);
		KUNIT_EXPECT_GE(test, host->added, before);
		KUNIT_EXPECT_EQ(test, 0, atomic64_read(&host->inits));
		KUNIT_EXPECT_EQ(test, 0, host->init_last);
	}
	memcpy(other, alice_key_id, sizeof(other));
	other[7] ^= 1;
	KUNIT_EXPECT_NULL(test, sst_hosts_by_key_id(hosts, other));
	rcu_read_unlock();
	KUNIT_EXPECT_NOT_NULL(test, host);
}

static void host_clashes(struct kunit *test)
{
	struct sst_hosts *hosts = new_hosts(test);

	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "a", 0x40));
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_NAME, add(hosts, "a", 0x48));
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_KEY, add(hosts, "b", 0x40));
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_WEAK, add(hosts, "b", 0));
	expect_names(test, hosts, "a ");
	KUNIT_EXPECT_EQ(test, 1, hosts->count);
	/* What a removed one had is free again. */
	KUNIT_EXPECT_EQ(test, 0, sst_hosts_del(hosts, "a"));
	KUNIT_EXPECT_EQ(test, -ENOENT, sst_hosts_del(hosts, "a"));
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "a", 0x40));
}

/* Two secrets that clamping makes the same are the same key. */
static void host_clamped(struct kunit *test)
{
	struct sst_hosts *hosts = new_hosts(test);
	u8 secret[SST_SECRET_SIZE];

	memcpy(secret, alice_secret, sizeof(secret));
	secret[0] &= 248;
	secret[31] = (secret[31] & 127) | 64;
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_NONE,
			sst_hosts_add(hosts, "a", alice_secret));
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_KEY,
			sst_hosts_add(hosts, "b", secret));
}

static void host_full(struct kunit *test)
{
	struct sst_hosts *hosts = new_hosts(test);
	u8 secret[SST_SECRET_SIZE] = { [1] = 1 };
	char name[SST_NAME_MAX + 1];
	unsigned int i;

	for (i = 0; i < SST_HOSTS_MAX; i++) {
		secret[1] = i + 1;
		snprintf(name, sizeof(name), "%u", i);
		KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE,
				sst_hosts_add(hosts, name, secret));
	}
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_FULL, add(hosts, "last", 0x80));
	KUNIT_EXPECT_EQ(test, 0, sst_hosts_del(hosts, "7"));
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "last", 0x80));
	KUNIT_EXPECT_EQ(test, SST_HOSTS_MAX, hosts->count);
}

/* The oldest stays the first; one that is added again is the newest. */
static void host_order(struct kunit *test)
{
	struct sst_hosts *hosts = new_hosts(test);

	expect_names(test, hosts, "");
	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "b", 0x40));
	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "a", 0x48));
	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "c", 0x50));
	expect_names(test, hosts, "b a c ");
	KUNIT_EXPECT_EQ(test, 0, sst_hosts_del(hosts, "b"));
	expect_names(test, hosts, "a c ");
	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "b", 0x40));
	expect_names(test, hosts, "a c b ");
	sst_hosts_clear(hosts);
	expect_names(test, hosts, "");
	KUNIT_EXPECT_EQ(test, 0, hosts->count);
}

/* What comes and goes during a walk hides none of the others. */
static void host_walk(struct kunit *test)
{
	struct sst_hosts *hosts = new_hosts(test);
	const struct sst_host *host;
	unsigned long next;

	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "a", 0x40));
	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "b", 0x48));
	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "c", 0x50));
	rcu_read_lock();
	host = sst_hosts_next(hosts, 0);
	KUNIT_EXPECT_PTR_EQ(test, host, sst_hosts_by_name(hosts, "a"));
	next = host ? host->number + 1 : 0;
	rcu_read_unlock();
	KUNIT_ASSERT_NE(test, 0, next);

	KUNIT_EXPECT_EQ(test, 0, sst_hosts_del(hosts, "a"));
	KUNIT_EXPECT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "a", 0x40));
	rcu_read_lock();
	host = sst_hosts_next(hosts, next);
	KUNIT_EXPECT_PTR_EQ(test, host, sst_hosts_by_name(hosts, "b"));
	next = host ? host->number + 1 : 0;
	rcu_read_unlock();

	/* Also the one that the walk stands on, with all behind it. */
	KUNIT_EXPECT_EQ(test, 0, sst_hosts_del(hosts, "b"));
	KUNIT_EXPECT_EQ(test, 0, sst_hosts_del(hosts, "c"));
	rcu_read_lock();
	host = sst_hosts_next(hosts, next);
	KUNIT_EXPECT_PTR_EQ(test, host, sst_hosts_by_name(hosts, "a"));
	KUNIT_EXPECT_NULL(test, sst_hosts_next(hosts, host ? host->number + 1 : 0));
	rcu_read_unlock();
}

static void host_names(struct kunit *test)
{
	static const char longest[] = "0123456789012345678901234567890";
	struct sst_hosts *hosts = new_hosts(test);

	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, longest, 0x40));
	KUNIT_ASSERT_EQ(test, SST_HOST_CLASH_NONE, add(hosts, "01", 0x48));
	rcu_read_lock();
	KUNIT_EXPECT_NOT_NULL(test, sst_hosts_by_name(hosts, longest));
	KUNIT_EXPECT_NOT_NULL(test, sst_hosts_by_name(hosts, "01"));
	KUNIT_EXPECT_NULL(test, sst_hosts_by_name(hosts, "0"));
	KUNIT_EXPECT_NULL(test, sst_hosts_by_name(hosts, ""));
	KUNIT_EXPECT_NULL(test, sst_hosts_by_name(hosts,
						  "01234567890123456789012345678901"));
	rcu_read_unlock();
}

static struct kunit_case host_cases[] = {
	KUNIT_CASE(host_keys),
	KUNIT_CASE(host_clashes),
	KUNIT_CASE(host_clamped),
	KUNIT_CASE(host_full),
	KUNIT_CASE(host_order),
	KUNIT_CASE(host_walk),
	KUNIT_CASE(host_names),
	{}
};

static struct kunit_suite host_suite = {
	.name = "sst_host",
	.test_cases = host_cases,
};

kunit_test_suite(host_suite);
