// SPDX-License-Identifier: GPL-2.0
/* Peers: found by address, id, name and number, through all hours. */
#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>

#include "fixture.h"
#include "peer.h"

#define HOUR		3600
/* Hour 490896 begins here. */
#define T0		1767225600

/* Ids of the key that counts up from 0x40 in hours 490895 to 490897. */
static const u8 id_before[] = { 0x16, 0x60, 0x8d, 0x9b, 0xe3, 0xe5, 0x89, 0x93 };
static const u8 id_now[] = { 0x91, 0xf7, 0x87, 0xdb, 0x02, 0xe8, 0x00, 0xde };
static const u8 id_after[] = { 0xd7, 0x2f, 0x67, 0x22, 0x9a, 0x87, 0x7e, 0xf1 };
/* And in hours 0 to 2. */
static const u8 id_hour_0[] = { 0xa6, 0xa3, 0x38, 0x34, 0x37, 0x83, 0xfe, 0xd0 };
static const u8 id_hour_2[] = { 0x26, 0x2b, 0x5c, 0xcf, 0x8f, 0x58, 0xc2, 0xb4 };

static time64_t test_now;

static time64_t test_clock(void)
{
	return test_now;
}

static void free_peers(void *peers)
{
	sst_peers_exit(peers);
}

static struct sst_peers *new_peers(struct kunit *test, time64_t now)
{
	struct sst_peers *peers = kunit_kzalloc(test, sizeof(*peers),
						GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, peers);
	KUNIT_ASSERT_EQ(test, 0, sst_peers_init(peers));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_peers, peers));
	test_now = now;
	peers->clock = test_clock;
	return peers;
}

/* Set the clock and let the ids be renewed. */
static void set_clock(struct sst_peers *peers, time64_t now)
{
	test_now = now;
	sst_peers_poke(peers);
	flush_delayed_work(&peers->renew);
}

static void fill_params(struct sst_peer_params *params, u8 *psk,
			const char *name, u8 first)
{
	unsigned int i;

	memset(params, 0, sizeof(*params));
	strscpy(params->name, name, sizeof(params->name));
	for (i = 0; i < SST_KEY_SIZE; i++)
		psk[i] = first + i;
	params->key = psk;
	params->side = 1;
	params->suite = 1;
	params->n_addresses = 1;
	params->addresses[0].family = NFPROTO_IPV4;
	params->addresses[0].addr.ip = htonl(0xc0000201);
}

static enum sst_peer_clash add(struct sst_peers *peers, const char *name,
			       u8 first)
{
	struct sst_peer_params params;
	u8 psk[SST_KEY_SIZE];

	fill_params(&params, psk, name, first);
	return sst_peers_add(peers, &params);
}

/* Nothing removes peers meanwhile in these tests. */
static struct sst_peer *by_name(struct sst_peers *peers, const char *name)
{
	struct sst_peer *peer;

	rcu_read_lock();
	peer = sst_peers_by_name(peers, name);
	rcu_read_unlock();
	return peer;
}

static struct sst_peer *by_id(struct sst_peers *peers, const u8 *id)
{
	struct sst_peer *peer;

	rcu_read_lock();
	peer = sst_peers_by_id(peers, id);
	rcu_read_unlock();
	return peer;
}

static struct sst_peer *by_ipv4(struct sst_peers *peers, u32 ip,
				unsigned int nth)
{
	union nf_inet_addr addr = {};
	struct sst_peer *peer;

	/* Whatever stands behind an IPv4 address does not count. */
	memset(&addr, 0xa5, sizeof(addr));
	addr.ip = htonl(ip);
	rcu_read_lock();
	peer = sst_peers_by_address(peers, NFPROTO_IPV4, &addr, nth);
	rcu_read_unlock();
	return peer;
}

static struct sst_peer *next_of(struct sst_peers *peers, u32 from)
{
	struct sst_peer *peer;

	rcu_read_lock();
	peer = sst_peers_next(peers, from);
	rcu_read_unlock();
	return peer;
}

static void peer_ids_around_now(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0);
	struct sst_peer *peer;
	u8 id[SST_ASSOC_ID_SIZE];

	KUNIT_EXPECT_NULL(test, by_id(peers, id_now));
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	peer = by_name(peers, "a");
	KUNIT_ASSERT_NOT_NULL(test, peer);
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_before));
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_now));
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_after));
	KUNIT_EXPECT_NULL(test, by_id(peers, id_hour_0));
	sst_peer_current_id(peer, id);
	KUNIT_EXPECT_MEMEQ(test, id_now, id, sizeof(id));
}

/* Each hour's id comes and goes with its hour, to the second. */
static void peer_ids_through_hours(struct kunit *test)
{
	static const struct {
		s64 at;
		bool before, now, after;
	} steps[] = {
		{ -2 * HOUR - 1, false, false, false },
		{ -2 * HOUR, true, false, false },
		{ -HOUR - 1, true, false, false },
		{ -HOUR, true, true, false },
		{ -1, true, true, false },
		{ 0, true, true, true },
		{ HOUR - 1, true, true, true },
		{ HOUR, false, true, true },
		{ 2 * HOUR - 1, false, true, true },
		{ 2 * HOUR, false, false, true },
		{ 3 * HOUR, false, false, false },
		/* Far ahead, to the end of all clocks, far back. */
		{ 1000LL * HOUR, false, false, false },
		{ 0, true, true, true },
		{ S64_MAX - T0, false, false, false },
		{ HOUR, false, true, true },
		{ -T0, false, false, false },
		{ -T0 - HOUR, false, false, false },
		{ S64_MIN + 1, false, false, false },
		{ 0, true, true, true },
	};
	struct sst_peers *peers = new_peers(test, T0);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		set_clock(peers, steps[i].at == S64_MIN + 1 ? S64_MIN :
							      T0 + steps[i].at);
		KUNIT_EXPECT_EQ_MSG(test, steps[i].before,
				    !!by_id(peers, id_before), "step %u", i);
		KUNIT_EXPECT_EQ_MSG(test, steps[i].now, !!by_id(peers, id_now),
				    "step %u", i);
		KUNIT_EXPECT_EQ_MSG(test, steps[i].after,
				    !!by_id(peers, id_after), "step %u", i);
	}
}

static void peer_ids_of_1970(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, -5);
	struct sst_peer *peer;
	u8 id[SST_ASSOC_ID_SIZE];

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	peer = by_name(peers, "a");
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_hour_0));
	sst_peer_current_id(peer, id);
	KUNIT_EXPECT_MEMEQ(test, id_hour_0, id, sizeof(id));
	set_clock(peers, HOUR);
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_hour_0));
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_hour_2));
	set_clock(peers, 2 * HOUR);
	KUNIT_EXPECT_NULL(test, by_id(peers, id_hour_0));
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_hour_2));
}

/* Before the work has run: right for sending, never too old for receiving. */
static void peer_ids_before_renewal(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0 - 2 * HOUR);
	struct sst_peer *peer;
	u8 id[SST_ASSOC_ID_SIZE];

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	peer = by_name(peers, "a");
	/* The lock keeps the renewal that lookups ask for waiting. */
	mutex_lock(&peers->lock);
	test_now = T0;
	sst_peer_current_id(peer, id);
	KUNIT_EXPECT_MEMEQ(test, id_now, id, sizeof(id));
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_before));
	KUNIT_EXPECT_NULL(test, by_id(peers, id_now));
	test_now = T0 + HOUR;
	KUNIT_EXPECT_NULL(test, by_id(peers, id_before));
	test_now = T0;
	mutex_unlock(&peers->lock);
	flush_delayed_work(&peers->renew);
	KUNIT_EXPECT_PTR_EQ(test, peer, by_id(peers, id_now));
}

/* A lookup that misses asks for the renewal by itself. */
static void peer_ids_miss_pokes(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0 - 50 * HOUR);

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	test_now = T0;
	by_id(peers, id_now);
	flush_delayed_work(&peers->renew);
	KUNIT_EXPECT_NOT_NULL(test, by_id(peers, id_now));
}

/* One added when the renewal is late has the hour of the others, then all. */
static void peer_ids_added_late(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0 - 50 * HOUR);

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "b", 0x80));
	test_now = T0;
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	sst_peers_poke(peers);
	flush_delayed_work(&peers->renew);
	KUNIT_EXPECT_PTR_EQ(test, by_name(peers, "a"), by_id(peers, id_now));
}

/* What could not be made for want of memory is made the next time. */
static void peer_ids_retry(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0 - 50 * HOUR);

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	mutex_lock(&peers->lock);
	test_now = T0;
	WRITE_ONCE(peers->hour, T0 / HOUR);
	peers->incomplete = true;
	mutex_unlock(&peers->lock);
	KUNIT_EXPECT_NULL(test, by_id(peers, id_now));
	set_clock(peers, T0);
	KUNIT_EXPECT_NOT_NULL(test, by_id(peers, id_now));
	KUNIT_EXPECT_FALSE(test, peers->incomplete);
}

/* Two peers with the same ids: made so here, chance would take too long. */
static void peer_ids_collide(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0 - 50 * HOUR);
	struct sst_peer *a, *b, *found;
	u32 number;

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "b", 0x80));
	a = by_name(peers, "a");
	b = by_name(peers, "b");
	memcpy(b->a_psk, a->a_psk, sizeof(b->a_psk));
	set_clock(peers, T0);
	found = by_id(peers, id_now);
	KUNIT_EXPECT_TRUE(test, found == a || found == b);

	KUNIT_ASSERT_EQ(test, 0, sst_peers_del(peers, "a", &number));
	KUNIT_EXPECT_PTR_EQ(test, b, by_id(peers, id_now));
	set_clock(peers, T0 + HOUR);
	KUNIT_EXPECT_PTR_EQ(test, b, by_id(peers, id_after));
	KUNIT_ASSERT_EQ(test, 0, sst_peers_del(peers, "b", &number));
	KUNIT_EXPECT_NULL(test, by_id(peers, id_after));
}

static void peer_clashes(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0);
	struct sst_peer_params params;
	u8 psk[SST_KEY_SIZE];

	KUNIT_EXPECT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	KUNIT_EXPECT_EQ(test, SST_PEER_CLASH_NAME, add(peers, "a", 0x41));
	KUNIT_EXPECT_EQ(test, SST_PEER_CLASH_KEY, add(peers, "b", 0x40));
	/* A key belongs to two hosts, whichever side this one is. */
	fill_params(&params, psk, "b", 0x40);
	params.side = 2;
	KUNIT_EXPECT_EQ(test, SST_PEER_CLASH_KEY, sst_peers_add(peers, &params));
	KUNIT_EXPECT_EQ(test, 1, peers->count);
	KUNIT_EXPECT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "b", 0x41));

	mutex_lock(&peers->lock);
	peers->count = SST_PEERS_MAX;
	mutex_unlock(&peers->lock);
	KUNIT_EXPECT_EQ(test, SST_PEER_CLASH_FULL, add(peers, "c", 0x42));
	mutex_lock(&peers->lock);
	peers->count = 2;
	mutex_unlock(&peers->lock);
	KUNIT_EXPECT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "c", 0x42));
}

/*
 * A key of a peer that is gone may come back: as another peer, but one whose
 * openings were seen.
 */
static void peer_del_and_add_again(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0);
	u32 first, second;
	u64 uid;

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	uid = by_name(peers, "a")->assoc.uid;
	KUNIT_EXPECT_EQ(test, 0, sst_peers_del(peers, "a", &first));
	KUNIT_EXPECT_EQ(test, -ENOENT, sst_peers_del(peers, "a", &second));
	KUNIT_EXPECT_NULL(test, by_name(peers, "a"));
	KUNIT_EXPECT_NULL(test, by_id(peers, id_now));
	KUNIT_EXPECT_NULL(test, by_ipv4(peers, 0xc0000201, 0));
	KUNIT_EXPECT_NULL(test, next_of(peers, 0));
	KUNIT_EXPECT_EQ(test, 0, peers->count);

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	KUNIT_EXPECT_NOT_NULL(test, by_id(peers, id_now));
	KUNIT_EXPECT_EQ(test, uid, by_name(peers, "a")->assoc.uid);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, sst_peers_by_number(peers, first));
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, 0, sst_peers_del(peers, "a", &second));
	KUNIT_EXPECT_NE(test, first, second);
}

static void peer_by_number(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0);
	struct sst_peer *a, *b;
	u32 number;

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "a", 0x40));
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "b", 0x41));
	a = by_name(peers, "a");
	b = by_name(peers, "b");
	KUNIT_EXPECT_NE(test, a->assoc.uid, b->assoc.uid);
	rcu_read_lock();
	KUNIT_EXPECT_PTR_EQ(test, a, sst_peers_by_number(peers, a->id));
	KUNIT_EXPECT_EQ(test, a->id, a->assoc.peer_id);
	KUNIT_EXPECT_NULL(test, sst_peers_by_number(peers, 0));
	KUNIT_EXPECT_NULL(test, sst_peers_by_number(peers, U32_MAX));
	rcu_read_unlock();
	KUNIT_ASSERT_EQ(test, 0, sst_peers_del(peers, "a", &number));
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, sst_peers_by_number(peers, number));
	rcu_read_unlock();
}

/* Those that share an address come in the order in which they were added. */
static void peer_by_address(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0);
	static const char names[][2] = { "e", "a", "d", "b", "c" };
	struct sst_peer_params params;
	u8 psk[SST_KEY_SIZE];
	unsigned int i;
	u32 number;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		fill_params(&params, psk, names[i], 0x40 + i);
		params.n_addresses = 2;
		params.addresses[1].family = NFPROTO_IPV4;
		params.addresses[1].addr.ip = htonl(0xc0000210 + i);
		KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE,
				sst_peers_add(peers, &params));
	}
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_PTR_EQ(test, by_name(peers, names[i]),
				    by_ipv4(peers, 0xc0000201, i));
		KUNIT_EXPECT_PTR_EQ(test, by_name(peers, names[i]),
				    by_ipv4(peers, 0xc0000210 + i, 0));
		KUNIT_EXPECT_NULL(test, by_ipv4(peers, 0xc0000210 + i, 1));
	}
	KUNIT_EXPECT_NULL(test, by_ipv4(peers, 0xc0000201, i));
	KUNIT_EXPECT_NULL(test, by_ipv4(peers, 0xc0000201, UINT_MAX));
	KUNIT_EXPECT_NULL(test, by_ipv4(peers, 0xc0000202, 0));

	KUNIT_ASSERT_EQ(test, 0, sst_peers_del(peers, "d", &number));
	KUNIT_EXPECT_PTR_EQ(test, by_name(peers, "b"),
			    by_ipv4(peers, 0xc0000201, 2));
	KUNIT_ASSERT_EQ(test, 0, sst_peers_del(peers, "e", &number));
	KUNIT_EXPECT_PTR_EQ(test, by_name(peers, "a"),
			    by_ipv4(peers, 0xc0000201, 0));
	KUNIT_EXPECT_PTR_EQ(test, by_name(peers, "c"),
			    by_ipv4(peers, 0xc0000201, 2));
	KUNIT_EXPECT_NULL(test, by_ipv4(peers, 0xc0000201, 3));
}

/* An IPv6 address is another one than the IPv4 address of the same bytes. */
static void peer_by_address_of_family(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0);
	union nf_inet_addr addr = {};
	struct sst_peer_params params;
	u8 psk[SST_KEY_SIZE];
	struct sst_peer *peer;

	fill_params(&params, psk, "a", 0x40);
	params.n_addresses = SST_ADDRESSES_MAX;
	for (; params.n_addresses > 1; params.n_addresses--) {
		struct sst_peer_address *last;

		last = &params.addresses[params.n_addresses - 1];
		last->family = NFPROTO_IPV6;
		last->addr.ip6[0] = htonl(0x20010db8);
		last->addr.ip6[3] = htonl(params.n_addresses);
	}
	params.n_addresses = SST_ADDRESSES_MAX;
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, sst_peers_add(peers, &params));
	peer = by_name(peers, "a");
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, SST_ADDRESSES_MAX, peer->n_links);
	KUNIT_EXPECT_MEMEQ(test, &params.addresses[15],
			   sst_peer_address(peer, 15),
			   sizeof(params.addresses[15]));
	KUNIT_EXPECT_PTR_EQ(test, peer,
			    sst_peers_by_address(peers, NFPROTO_IPV6,
						 &params.addresses[15].addr, 0));
	addr.ip = htonl(0x20010db8);
	KUNIT_EXPECT_NULL(test, sst_peers_by_address(peers, NFPROTO_IPV4, &addr,
						     0));
	addr.ip = htonl(0xc0000201);
	KUNIT_EXPECT_NULL(test, sst_peers_by_address(peers, NFPROTO_IPV6, &addr,
						     0));
	rcu_read_unlock();
}

static void peer_names(struct kunit *test)
{
	static const char longest[] = "0123456789012345678901234567890";
	struct sst_peers *peers = new_peers(test, T0);

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, longest, 1));
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(peers, "01", 2));
	KUNIT_EXPECT_NOT_NULL(test, by_name(peers, longest));
	KUNIT_EXPECT_STREQ(test, "01", by_name(peers, "01")->name);
	KUNIT_EXPECT_NULL(test, by_name(peers, "0"));
	KUNIT_EXPECT_NULL(test, by_name(peers, ""));
	KUNIT_EXPECT_NULL(test, by_name(peers,
					"01234567890123456789012345678901"));
}

static void peer_walk(struct kunit *test)
{
	struct sst_peers *peers = new_peers(test, T0);
	struct sst_peer *peer;
	char name[] = "a";
	u32 from = 0;
	u8 i;

	for (i = 0; i < 20; i++, name[0]++)
		KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE,
				add(peers, name, i));
	for (i = 0; (peer = next_of(peers, from)); i++) {
		KUNIT_EXPECT_GE(test, peer->id, from);
		KUNIT_EXPECT_EQ(test, 'a' + i, peer->name[0]);
		from = peer->id + 1;
	}
	KUNIT_EXPECT_EQ(test, 20, i);
}

static void peer_clear(struct kunit *test)
{
	struct sst_net *sn = sst_test_net(test);

	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(&sn->peers, "a", 1));
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(&sn->peers, "b", 2));
	sst_peers_clear(sn);
	KUNIT_EXPECT_EQ(test, 0, sn->peers.count);
	KUNIT_EXPECT_NULL(test, next_of(&sn->peers, 0));
	KUNIT_ASSERT_EQ(test, SST_PEER_CLASH_NONE, add(&sn->peers, "a", 1));
}

static struct kunit_case peer_cases[] = {
	KUNIT_CASE(peer_ids_around_now),
	KUNIT_CASE(peer_ids_through_hours),
	KUNIT_CASE(peer_ids_of_1970),
	KUNIT_CASE(peer_ids_before_renewal),
	KUNIT_CASE(peer_ids_miss_pokes),
	KUNIT_CASE(peer_ids_added_late),
	KUNIT_CASE(peer_ids_retry),
	KUNIT_CASE(peer_ids_collide),
	KUNIT_CASE(peer_clashes),
	KUNIT_CASE(peer_del_and_add_again),
	KUNIT_CASE(peer_by_number),
	KUNIT_CASE(peer_by_address),
	KUNIT_CASE(peer_by_address_of_family),
	KUNIT_CASE(peer_names),
	KUNIT_CASE(peer_walk),
	KUNIT_CASE(peer_clear),
	{}
};

static struct kunit_suite peer_suite = {
	.name = "sst_peer",
	.test_cases = peer_cases,
};

kunit_test_suite(peer_suite);
