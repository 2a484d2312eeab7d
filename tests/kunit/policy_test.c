// SPDX-License-Identifier: GPL-2.0
/* Rules about new flows: which one decides, and walks while they change. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/rcupdate.h>

#include "fixture.h"
#include "policy.h"
#include "scope.h"

#define OUT	SST_POLICY_DIRECTION_OUT
#define IN	SST_POLICY_DIRECTION_IN
#define CLEAR	SST_VERDICT_CLEAR
#define PREFER	SST_VERDICT_PREFER
#define REQUIRE	SST_VERDICT_REQUIRE

/* Every port, both protocols, both families. */
static const struct sst_rule_spec any_out = {
	.direction = OUT,
	.last_port = 65535,
	.verdict = REQUIRE,
	.priority = 1000,
};

static void free_policy(void *policy)
{
	sst_policy_exit(policy);
}

static struct sst_policy *new_policy(struct kunit *test)
{
	struct sst_policy *policy = kunit_kzalloc(test, sizeof(*policy),
						  GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, policy);
	KUNIT_ASSERT_EQ(test, 0, sst_policy_init(policy));
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_policy, policy));
	return policy;
}

static u32 add(struct kunit *test, struct sst_policy *policy,
	       const struct sst_rule_spec *spec)
{
	u32 id = 0;

	KUNIT_ASSERT_EQ(test, 0, sst_policy_add(policy, spec, &id));
	KUNIT_EXPECT_NE(test, 0, id);
	return id;
}

/* A rule for one port, so that rules differ. */
static u32 add_port(struct kunit *test, struct sst_policy *policy, u8 direction,
		    u16 port, u32 priority)
{
	struct sst_rule_spec spec = any_out;

	spec.direction = direction;
	spec.first_port = port;
	spec.last_port = port;
	spec.priority = priority;
	return add(test, policy, &spec);
}

static u8 ask_out(const struct sst_policy *policy,
		  const struct sst_tuple *tuple)
{
	const struct sst_rule *rule;
	u8 verdict, scope;

	rcu_read_lock();
	rule = sst_policy_out(policy, tuple, NULL, &scope);
	verdict = rule ? rule->spec.verdict : CLEAR;
	rcu_read_unlock();
	return verdict;
}

static u8 ask_in(const struct sst_policy *policy, const struct sst_tuple *tuple)
{
	u8 verdict;

	rcu_read_lock();
	verdict = sst_policy_in(sst_policy_rules_in(policy), tuple, NULL);
	rcu_read_unlock();
	return verdict;
}

/* Who opens a sealed flow: ask_who(policy, tuple, NULL) for nobody. */
static enum sst_policy_entry ask_who(const struct sst_policy *policy,
				     const struct sst_tuple *tuple,
				     const char *peer)
{
	enum sst_policy_entry entry;

	rcu_read_lock();
	entry = sst_policy_enter(policy, tuple, peer);
	rcu_read_unlock();
	return entry;
}

/* A rule of direction in for one port and a peer, "" for any. */
static u32 add_peer(struct kunit *test, struct sst_policy *policy, u16 port,
		    const char *peer, u32 priority)
{
	struct sst_rule_spec spec = any_out;

	spec.direction = IN;
	spec.first_port = port;
	spec.last_port = port;
	spec.priority = priority;
	strscpy(spec.peer, peer, sizeof(spec.peer));
	return add(test, policy, &spec);
}

/* -1 when the rule is not there. */
static s64 hits(struct sst_policy *policy, u32 id)
{
	const struct sst_rule *rule;
	s64 n = -1;

	rcu_read_lock();
	rule = sst_policy_by_id(policy, id);
	if (rule)
		n = atomic64_read(&rule->hits);
	rcu_read_unlock();
	return n;
}

/* Identifier of the next rule, 0 at the end. */
static u32 next_id(struct sst_policy *policy, struct sst_policy_cursor *cursor)
{
	const struct sst_rule *rule;
	u32 id = 0;

	rcu_read_lock();
	rule = sst_policy_next(policy, cursor);
	if (rule)
		id = rule->id;
	rcu_read_unlock();
	return id;
}

static void policy_empty(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_policy_cursor cursor = {};
	struct sst_tuple tuple;
	u32 id;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 2);
	KUNIT_EXPECT_TRUE(test, sst_policy_is_empty(policy));
	KUNIT_EXPECT_EQ(test, CLEAR, ask_out(policy, &tuple));
	KUNIT_EXPECT_EQ(test, CLEAR, ask_in(policy, &tuple));
	KUNIT_EXPECT_EQ(test, 0, next_id(policy, &cursor));
	KUNIT_EXPECT_EQ(test, -ENOENT, sst_policy_del(policy, 1));
	sst_policy_clear(policy);

	id = add(test, policy, &any_out);
	KUNIT_EXPECT_FALSE(test, sst_policy_is_empty(policy));
	KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, id));
	KUNIT_EXPECT_EQ(test, -ENOENT, sst_policy_del(policy, id));
	KUNIT_EXPECT_TRUE(test, sst_policy_is_empty(policy));
	KUNIT_EXPECT_EQ(test, CLEAR, ask_out(policy, &tuple));
}

/* The remote address of sst_test_tuple() is 192.0.2.17 or 2027:2e35:.... */
struct match_case {
	const char *desc;
	u8 family;
	u8 prefix_len;
	u8 proto;
	u16 first;
	u16 last;
	/* The flow. */
	u8 to_family;
	u8 to_proto;
	u16 to_port;
	/* Bit of the remote address that is turned over, or -1. */
	int flip;
	bool want;
};

static const struct match_case match_cases[] = {
	{ "any", 0, 0, 0, 0, 65535, NFPROTO_IPV4, IPPROTO_TCP, 80, -1, true },
	{ "any, IPv6", 0, 0, 0, 0, 65535, NFPROTO_IPV6, IPPROTO_UDP, 80, -1,
	  true },
	{ "any, port 0", 0, 0, 0, 0, 65535, NFPROTO_IPV4, IPPROTO_UDP, 0, -1,
	  true },
	{ "any, last port", 0, 0, 0, 0, 65535, NFPROTO_IPV4, IPPROTO_UDP, 65535,
	  -1, true },
	{ "TCP", 0, 0, IPPROTO_TCP, 0, 65535, NFPROTO_IPV4, IPPROTO_TCP, 80, -1,
	  true },
	{ "not TCP", 0, 0, IPPROTO_TCP, 0, 65535, NFPROTO_IPV4, IPPROTO_UDP, 80,
	  -1, false },
	{ "UDP", 0, 0, IPPROTO_UDP, 0, 65535, NFPROTO_IPV6, IPPROTO_UDP, 80, -1,
	  true },
	{ "not UDP", 0, 0, IPPROTO_UDP, 0, 65535, NFPROTO_IPV6, IPPROTO_TCP, 80,
	  -1, false },
	{ "port", 0, 0, 0, 80, 80, NFPROTO_IPV4, IPPROTO_TCP, 80, -1, true },
	{ "port before", 0, 0, 0, 80, 80, NFPROTO_IPV4, IPPROTO_TCP, 79, -1,
	  false },
	{ "port behind", 0, 0, 0, 80, 80, NFPROTO_IPV4, IPPROTO_TCP, 81, -1,
	  false },
	{ "range, first", 0, 0, 0, 80, 443, NFPROTO_IPV4, IPPROTO_TCP, 80, -1,
	  true },
	{ "range, inside", 0, 0, 0, 80, 443, NFPROTO_IPV4, IPPROTO_TCP, 256, -1,
	  true },
	{ "range, last", 0, 0, 0, 80, 443, NFPROTO_IPV4, IPPROTO_TCP, 443, -1,
	  true },
	{ "range, before", 0, 0, 0, 80, 443, NFPROTO_IPV4, IPPROTO_TCP, 79, -1,
	  false },
	{ "range, behind", 0, 0, 0, 80, 443, NFPROTO_IPV4, IPPROTO_TCP, 444, -1,
	  false },
	{ "range to the end", 0, 0, 0, 1, 65535, NFPROTO_IPV4, IPPROTO_TCP,
	  65535, -1, true },
	{ "range to the end, port 0", 0, 0, 0, 1, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 0, -1, false },
	{ "IPv4 /0", NFPROTO_IPV4, 0, 0, 0, 65535, NFPROTO_IPV4, IPPROTO_TCP,
	  80, 0, true },
	{ "IPv4 /0 is not IPv6", NFPROTO_IPV4, 0, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, -1, false },
	{ "IPv6 /0", NFPROTO_IPV6, 0, 0, 0, 65535, NFPROTO_IPV6, IPPROTO_TCP,
	  80, 0, true },
	{ "IPv6 /0 is not IPv4", NFPROTO_IPV6, 0, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, -1, false },
	{ "IPv4 /1, first bit", NFPROTO_IPV4, 1, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, 0, false },
	{ "IPv4 /1, second bit", NFPROTO_IPV4, 1, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, 1, true },
	{ "IPv4 /24, bit 23", NFPROTO_IPV4, 24, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, 23, false },
	{ "IPv4 /24, bit 24", NFPROTO_IPV4, 24, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, 24, true },
	{ "IPv4 /31, bit 30", NFPROTO_IPV4, 31, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, 30, false },
	{ "IPv4 /31, bit 31", NFPROTO_IPV4, 31, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, 31, true },
	{ "IPv4 /32", NFPROTO_IPV4, 32, 0, 0, 65535, NFPROTO_IPV4, IPPROTO_TCP,
	  80, -1, true },
	{ "IPv4 /32, bit 31", NFPROTO_IPV4, 32, 0, 0, 65535, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, 31, false },
	{ "IPv6 /1, first bit", NFPROTO_IPV6, 1, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 0, false },
	{ "IPv6 /1, last bit", NFPROTO_IPV6, 1, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 127, true },
	{ "IPv6 /31, bit 30", NFPROTO_IPV6, 31, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 30, false },
	{ "IPv6 /31, bit 31", NFPROTO_IPV6, 31, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 31, true },
	{ "IPv6 /32, bit 31", NFPROTO_IPV6, 32, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 31, false },
	{ "IPv6 /32, bit 32", NFPROTO_IPV6, 32, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 32, true },
	{ "IPv6 /127, bit 126", NFPROTO_IPV6, 127, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 126, false },
	{ "IPv6 /127, bit 127", NFPROTO_IPV6, 127, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 127, true },
	{ "IPv6 /128", NFPROTO_IPV6, 128, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, -1, true },
	{ "IPv6 /128, bit 127", NFPROTO_IPV6, 128, 0, 0, 65535, NFPROTO_IPV6,
	  IPPROTO_TCP, 80, 127, false },
	{ "all of it, wrong port", NFPROTO_IPV4, 32, IPPROTO_TCP, 80, 80,
	  NFPROTO_IPV4, IPPROTO_TCP, 81, -1, false },
	{ "all of it", NFPROTO_IPV4, 32, IPPROTO_TCP, 80, 80, NFPROTO_IPV4,
	  IPPROTO_TCP, 80, -1, true },
};

KUNIT_ARRAY_PARAM_DESC(match, match_cases, desc);

/* Bit by bit, not as the module does it. */
static void cut_prefix(union nf_inet_addr *addr, unsigned int len)
{
	unsigned int i;

	for (i = len; i < 128; i++)
		((u8 *)addr)[i / 8] &= ~(0x80 >> i % 8);
}

static void policy_match(struct kunit *test)
{
	const struct match_case *c = test->param_value;
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	struct sst_tuple tuple;
	u8 want = c->want ? REQUIRE : CLEAR;
	u32 id;

	if (c->family) {
		sst_test_tuple(&tuple, c->family, c->to_proto, 0, 0);
		spec.addr = tuple.remote;
		cut_prefix(&spec.addr, c->prefix_len);
	}
	spec.family = c->family;
	spec.prefix_len = c->prefix_len;
	spec.proto = c->proto;
	spec.first_port = c->first;
	spec.last_port = c->last;
	KUNIT_EXPECT_FALSE(test, sst_rule_has_host_bits(&spec));
	id = add(test, policy, &spec);

	/* The other port would never match a single one. */
	sst_test_tuple(&tuple, c->to_family, c->to_proto, 7, c->to_port);
	if (c->flip >= 0)
		((u8 *)&tuple.remote)[c->flip / 8] ^= 0x80 >> c->flip % 8;
	KUNIT_EXPECT_EQ(test, want, ask_out(policy, &tuple));
	KUNIT_EXPECT_EQ(test, c->want, hits(policy, id));
	/* Rules for one direction say nothing about the other. */
	KUNIT_EXPECT_EQ(test, CLEAR, ask_in(policy, &tuple));

	/* The same inwards: still the remote address, but the local port. */
	KUNIT_ASSERT_EQ(test, 0, sst_policy_del(policy, id));
	spec.direction = IN;
	id = add(test, policy, &spec);
	swap(tuple.lport, tuple.rport);
	KUNIT_EXPECT_EQ(test, want, ask_in(policy, &tuple));
	KUNIT_EXPECT_EQ(test, c->want, hits(policy, id));
	KUNIT_EXPECT_EQ(test, CLEAR, ask_out(policy, &tuple));
}

static void policy_host_bits(struct kunit *test)
{
	struct sst_rule_spec spec = any_out;
	unsigned int len, bit;

	spec.family = NFPROTO_IPV6;
	for (len = 0; len <= 128; len++) {
		spec.prefix_len = len;
		for (bit = 0; bit < 128; bit++) {
			memset(&spec.addr, 0, sizeof(spec.addr));
			((u8 *)&spec.addr)[bit / 8] = 0x80 >> bit % 8;
			KUNIT_EXPECT_EQ_MSG(test, bit >= len,
					    sst_rule_has_host_bits(&spec),
					    "bit %u, prefix %u", bit, len);
		}
	}
}

/* The smallest priority decides; among equals the older rule. */
static void policy_order(struct kunit *test)
{
	static const u32 priorities[] = {
		1000, 5, 1000, 0, U32_MAX, 5, 999, 0, 1001, U32_MAX,
	};
	/* Places of the rules above in the order of decision. */
	static const unsigned int order[] = { 3, 7, 1, 5, 6, 0, 2, 8, 4, 9 };
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	struct sst_policy_cursor cursor = {};
	u32 ids[ARRAY_SIZE(priorities)];
	struct sst_tuple tuple;
	unsigned int i;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 2000);
	for (i = 0; i < ARRAY_SIZE(priorities); i++) {
		/* All match, no two are the same. */
		spec.first_port = 2000 - i;
		spec.last_port = 2000 + i;
		spec.priority = priorities[i];
		spec.verdict = i % 2 ? PREFER : REQUIRE;
		ids[i] = add(test, policy, &spec);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++)
		KUNIT_EXPECT_EQ(test, ids[order[i]], next_id(policy, &cursor));
	KUNIT_EXPECT_EQ(test, 0, next_id(policy, &cursor));

	/* Each decides when those before it are gone. */
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		KUNIT_EXPECT_EQ(test, order[i] % 2 ? PREFER : REQUIRE,
				ask_out(policy, &tuple));
		KUNIT_EXPECT_EQ(test, 1, hits(policy, ids[order[i]]));
		KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, ids[order[i]]));
	}
	KUNIT_EXPECT_TRUE(test, sst_policy_is_empty(policy));
}

/* A rule that says clear is an exception to those behind it. */
static void policy_exception(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	struct sst_tuple tuple;
	u32 rest, except;

	rest = add(test, policy, &spec);
	spec.first_port = 53;
	spec.last_port = 53;
	spec.verdict = CLEAR;
	spec.priority = 10;
	except = add(test, policy, &spec);
	sst_test_tuple(&tuple, NFPROTO_IPV6, IPPROTO_UDP, 1, 53);
	KUNIT_EXPECT_EQ(test, CLEAR, ask_out(policy, &tuple));
	tuple.rport = htons(54);
	KUNIT_EXPECT_EQ(test, REQUIRE, ask_out(policy, &tuple));
	KUNIT_EXPECT_EQ(test, REQUIRE, ask_out(policy, &tuple));
	KUNIT_EXPECT_EQ(test, 1, hits(policy, except));
	KUNIT_EXPECT_EQ(test, 2, hits(policy, rest));
}

static void policy_duplicates(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out, other;
	u32 id = 0;

	spec.family = NFPROTO_IPV4;
	spec.prefix_len = 24;
	spec.addr.ip = htonl(0xc0000200);
	spec.proto = IPPROTO_TCP;
	spec.first_port = 80;
	spec.last_port = 81;
	add(test, policy, &spec);
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &spec, &id));
	other = spec;
	other.verdict = CLEAR;
	other.priority = 7;
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &other, &id));
	KUNIT_EXPECT_EQ(test, 0, id);

	other = spec;
	other.direction = IN;
	add(test, policy, &other);
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &other, &id));
	other = spec;
	other.prefix_len = 25;
	add(test, policy, &other);
	other = spec;
	other.addr.ip = htonl(0xc0000300);
	add(test, policy, &other);
	other = spec;
	other.proto = 0;
	add(test, policy, &other);
	other = spec;
	other.first_port = 79;
	add(test, policy, &other);
	other = spec;
	other.last_port = 82;
	add(test, policy, &other);
	other = spec;
	other.family = NFPROTO_IPV6;
	add(test, policy, &other);
	KUNIT_EXPECT_EQ(test, 8, policy->count);
}

/* Those of direction in that name peers are a list, and nothing else is. */
static void policy_peer_duplicates(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out, any;
	u32 id = 0;

	spec.direction = IN;
	any = spec;
	strscpy(spec.peer, "alice", sizeof(spec.peer));
	add(test, policy, &spec);
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &spec, &id));
	strscpy(spec.peer, "alic", sizeof(spec.peer));
	add(test, policy, &spec);
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &any, &id));

	spec.direction = OUT;
	any.direction = OUT;
	add(test, policy, &spec);
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &any, &id));
	strscpy(spec.peer, "bob", sizeof(spec.peer));
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &spec, &id));
	KUNIT_EXPECT_EQ(test, 0, id);
	KUNIT_EXPECT_EQ(test, 3, policy->count);

	/* The other way around. */
	sst_policy_clear(policy);
	any.direction = IN;
	spec.direction = IN;
	add(test, policy, &any);
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &spec, &id));
}

struct enter_case {
	const char *desc;
	/* Rules in the order of their age, each for port 22. */
	struct {
		const char *peer;
		u32 priority;
		/* Of all ports and both protocols, else TCP only. */
		bool wide;
	} rule[4];
	/* Index of the rule that decides about each of them, or -1. */
	int alice, bob, nobody;
	bool asked;
	/* Of those it lets in. */
	bool alice_in, bob_in;
};

static const struct enter_case enter_cases[] = {
	{ "nobody is named", { { "" } }, -1, -1, -1, false },
	{ "one", { { "alice" } }, 0, 0, 0, true, true, false },
	{ "two", { { "alice", 2 }, { "bob", 1 } }, 0, 1, 1, true, true, true },
	{ "somebody else", { { "carol" } }, 0, 0, 0, true, false, false },
	{ "one, then all", { { "alice", 1 }, { "", 2, true } }, 0, 0, 0, true,
	  true, false },
	{ "all, then one", { { "alice", 2 }, { "", 1, true } }, -1, -1, -1,
	  false },
	{ "one, all, one more", { { "alice", 1 }, { "", 2, true },
	  { "bob", 3 } }, 0, 2, 0, true, true, true },
	{ "a wide one for all ports", { { "alice", 2 }, { "bob", 1, true } },
	  0, 1, 1, true, true, true },
};

KUNIT_ARRAY_PARAM_DESC(enter, enter_cases, desc);

static void expect_enter(struct kunit *test, struct sst_policy *policy,
			 const struct sst_tuple *tuple, const char *peer,
			 bool asked, bool in)
{
	enum sst_policy_entry want = SST_POLICY_ENTRY_ANYONE;

	if (asked)
		want = in ? SST_POLICY_ENTRY_PEER : SST_POLICY_ENTRY_REFUSED;
	KUNIT_EXPECT_EQ(test, want, ask_who(policy, tuple, peer));
}

static void policy_enter(struct kunit *test)
{
	const struct enter_case *c = test->param_value;
	struct sst_policy *policy = new_policy(test);
	s64 want[ARRAY_SIZE(c->rule)] = {};
	u32 id[ARRAY_SIZE(c->rule)] = {};
	struct sst_tuple tuple;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(c->rule) && c->rule[i].peer; i++) {
		struct sst_rule_spec spec = any_out;

		spec.direction = IN;
		spec.priority = c->rule[i].priority;
		strscpy(spec.peer, c->rule[i].peer, sizeof(spec.peer));
		if (!c->rule[i].wide) {
			spec.proto = IPPROTO_TCP;
			spec.first_port = 22;
			spec.last_port = 22;
		}
		id[i] = add(test, policy, &spec);
	}
	sst_test_tuple(&tuple, NFPROTO_IPV6, IPPROTO_TCP, 22, 4000);
	expect_enter(test, policy, &tuple, "alice", c->asked, c->alice_in);
	expect_enter(test, policy, &tuple, "bob", c->asked, c->bob_in);
	expect_enter(test, policy, &tuple, NULL, c->asked, false);
	if (c->asked) {
		want[c->alice]++;
		want[c->bob]++;
		want[c->nobody]++;
	}
	for (i = 0; i < ARRAY_SIZE(want) && id[i]; i++)
		KUNIT_EXPECT_EQ(test, want[i], hits(policy, id[i]));
	/* Whoever speaks clear is nobody. */
	KUNIT_EXPECT_EQ(test, REQUIRE, ask_in(policy, &tuple));
}

/* Rules that name peers are about their own flows, and are asked while there. */
static void policy_enter_others(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	u32 alice = add_peer(test, policy, 22, "alice", 5), any;
	struct sst_tuple tuple;

	any = add_peer(test, policy, 23, "", 1);
	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_UDP, 23, 22);
	expect_enter(test, policy, &tuple, "bob", false, true);
	tuple.lport = htons(24);
	expect_enter(test, policy, &tuple, NULL, false, true);
	tuple.lport = htons(22);
	expect_enter(test, policy, &tuple, "bob", true, false);
	expect_enter(test, policy, &tuple, "alice", true, true);
	expect_enter(test, policy, &tuple, "alice2", true, false);
	KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, any));
	expect_enter(test, policy, &tuple, "bob", true, false);
	KUNIT_EXPECT_EQ(test, 4, hits(policy, alice));
	add_peer(test, policy, 23, "", 1);
	KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, alice));
	expect_enter(test, policy, &tuple, "bob", false, true);
	sst_policy_clear(policy);
	expect_enter(test, policy, &tuple, "bob", false, true);
}

/* With whom a flow is opened. */
static void policy_out_peer(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	const struct sst_rule *rule;
	struct sst_tuple tuple;
	u8 scope;

	spec.priority = 2000;
	add(test, policy, &spec);
	spec.first_port = 80;
	spec.last_port = 80;
	spec.priority = 1;
	spec.verdict = PREFER;
	strscpy(spec.peer, "alice", sizeof(spec.peer));
	add(test, policy, &spec);
	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 81);
	rcu_read_lock();
	rule = sst_policy_out(policy, &tuple, NULL, &scope);
	KUNIT_ASSERT_NOT_NULL(test, rule);
	KUNIT_EXPECT_EQ(test, REQUIRE, rule->spec.verdict);
	KUNIT_EXPECT_STREQ(test, "", rule->spec.peer);
	tuple.rport = htons(80);
	rule = sst_policy_out(policy, &tuple, NULL, &scope);
	KUNIT_ASSERT_NOT_NULL(test, rule);
	KUNIT_EXPECT_EQ(test, PREFER, rule->spec.verdict);
	KUNIT_EXPECT_STREQ(test, "alice", rule->spec.peer);
	rcu_read_unlock();
	sst_policy_clear(policy);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, sst_policy_out(policy, &tuple, NULL, &scope));
	rcu_read_unlock();
}

/* Counters stay with their rules when others come and go. */
static void policy_hits(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	u32 first = add_port(test, policy, OUT, 80, 5);
	u32 second = add_port(test, policy, OUT, 81, 5), other;
	struct sst_tuple tuple;
	int i;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 81);
	for (i = 0; i < 10; i++) {
		KUNIT_EXPECT_EQ(test, REQUIRE, ask_out(policy, &tuple));
		other = add_port(test, policy, OUT, 1000 + i, i);
		KUNIT_EXPECT_EQ(test, i + 1, hits(policy, second));
		if (i % 2)
			KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, other));
	}
	KUNIT_EXPECT_EQ(test, 0, hits(policy, first));
	KUNIT_EXPECT_EQ(test, 10, hits(policy, second));
	KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, second));
	KUNIT_EXPECT_EQ(test, -1, hits(policy, second));
	/* The same rule again is another rule. */
	second = add_port(test, policy, OUT, 81, 5);
	KUNIT_EXPECT_EQ(test, 0, hits(policy, second));
}

static void policy_flush(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_policy_cursor cursor = {};
	u32 id, i;

	for (i = 1; i <= 20; i++)
		add_port(test, policy, i % 2 ? OUT : IN, i, 20 - i);
	sst_policy_flush(policy, OUT);
	KUNIT_EXPECT_EQ(test, 10, policy->count);
	KUNIT_EXPECT_FALSE(test, sst_policy_is_empty(policy));
	for (i = 20; i > 0; i -= 2)
		KUNIT_EXPECT_EQ(test, i, next_id(policy, &cursor));
	KUNIT_EXPECT_EQ(test, 0, next_id(policy, &cursor));
	sst_policy_flush(policy, OUT);
	sst_policy_flush(policy, IN);
	KUNIT_EXPECT_EQ(test, 0, policy->count);
	KUNIT_EXPECT_TRUE(test, sst_policy_is_empty(policy));

	/* Numbers go on. */
	id = add_port(test, policy, OUT, 1, 1);
	KUNIT_EXPECT_EQ(test, 21, id);
	sst_policy_clear(policy);
	KUNIT_EXPECT_TRUE(test, sst_policy_is_empty(policy));
}

/* When identifiers begin anew, age still decides. */
static void policy_ids(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_policy_cursor cursor = {};
	u32 old, late, again;

	old = add_port(test, policy, OUT, 1, 5);
	policy->last_id = S32_MAX;
	late = add_port(test, policy, OUT, 2, 5);
	again = add_port(test, policy, OUT, 3, 5);
	KUNIT_EXPECT_EQ(test, S32_MAX, late);
	KUNIT_EXPECT_LT(test, again, late);
	KUNIT_EXPECT_NE(test, again, old);
	KUNIT_EXPECT_NE(test, again, 0);
	KUNIT_EXPECT_EQ(test, old, next_id(policy, &cursor));
	KUNIT_EXPECT_EQ(test, late, next_id(policy, &cursor));
	KUNIT_EXPECT_EQ(test, again, next_id(policy, &cursor));
	KUNIT_EXPECT_EQ(test, 0, next_id(policy, &cursor));
}

/* A dump that is interrupted while rules of both directions come and go. */
static void policy_walk(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_policy_cursor cursor = {};
	u32 ids[30], id, last_new = 0, n = 0;
	unsigned int i;

	for (i = 0; i < 30; i++)
		ids[i] = add_port(test, policy, i % 3 ? OUT : IN, 100 + i,
				  i / 10);
	for (i = 0; i < 30; i++) {
		id = next_id(policy, &cursor);
		KUNIT_EXPECT_EQ_MSG(test, ids[i], id, "rule %u", i);
		switch (i % 5) {
		case 1: /* The one just shown goes. */
			KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, id));
			break;
		case 2: /* The next one goes. */
			KUNIT_EXPECT_EQ(test, 0,
					sst_policy_del(policy, ids[++i]));
			break;
		case 4: /* One comes to priority 0, one to the end. */
			add_port(test, policy, i % 2 ? IN : OUT, 1000 + i, 0);
			last_new = add_port(test, policy, i % 2 ? OUT : IN,
					    2000 + i, 9);
			n++;
			break;
		}
		/* Those of priority 0 that came after it started are shown. */
		if (i == 9)
			for (; n; n--)
				KUNIT_EXPECT_NE(test, 0,
						next_id(policy, &cursor));
	}
	/* What came late with the largest number is shown at the end. */
	for (i = 0; i < 6; i++) {
		id = next_id(policy, &cursor);
		KUNIT_EXPECT_NE(test, 0, id);
	}
	KUNIT_EXPECT_EQ(test, last_new, id);
	KUNIT_EXPECT_EQ(test, 0, next_id(policy, &cursor));
	KUNIT_EXPECT_EQ(test, 0, next_id(policy, &cursor));

	/* All of them gone in the middle of a walk. */
	cursor = (struct sst_policy_cursor) {};
	KUNIT_EXPECT_NE(test, 0, next_id(policy, &cursor));
	sst_policy_clear(policy);
	KUNIT_EXPECT_EQ(test, 0, next_id(policy, &cursor));
}

/* As many as there can be, without the time that one by one takes. */
static void policy_many(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_policy_cursor cursor = {};
	struct sst_rule_spec spec = any_out;
	struct sst_tuple tuple;
	u32 first, last = 0, id = 0, i;

	first = add_port(test, policy, OUT, 1, 3000);
	for (i = 2; i <= 3000; i++)
		last = add_port(test, policy, OUT, i, 3000 - i);
	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 1);
	KUNIT_EXPECT_EQ(test, REQUIRE, ask_out(policy, &tuple));
	KUNIT_EXPECT_EQ(test, 1, hits(policy, first));
	tuple.rport = htons(3001);
	KUNIT_EXPECT_EQ(test, CLEAR, ask_out(policy, &tuple));
	KUNIT_EXPECT_EQ(test, last, next_id(policy, &cursor));
	for (i = 1; next_id(policy, &cursor); i++)
		;
	KUNIT_EXPECT_EQ(test, 3000, i);

	policy->count += SST_POLICY_MAX - 3000;
	KUNIT_EXPECT_EQ(test, -ENOSPC, sst_policy_add(policy, &spec, &id));
	/* A rule that is there is not the one too many. */
	spec.first_port = 5;
	spec.last_port = 5;
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &spec, &id));
	KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, first));
	spec.last_port = 6;
	KUNIT_EXPECT_EQ(test, 0, sst_policy_add(policy, &spec, &id));
	spec.last_port = 7;
	KUNIT_EXPECT_EQ(test, -ENOSPC, sst_policy_add(policy, &spec, &id));
	policy->count -= SST_POLICY_MAX - 3000;
}

/* The least scope of a flow that this peer opens to a port, nobody knows for whom. */
static u8 least(const struct sst_policy *policy, u16 port, const char *peer)
{
	struct sst_tuple tuple;
	u8 scope;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, port, 5000);
	rcu_read_lock();
	sst_policy_terms_in(sst_policy_rules_in(policy), &tuple, NULL, peer,
			    &scope);
	rcu_read_unlock();
	return scope;
}

static void add_scope(struct kunit *test, struct sst_policy *policy, u16 port,
		      u8 verdict, u8 scope, const char *peer)
{
	struct sst_rule_spec spec = any_out;

	spec.direction = IN;
	spec.first_port = port;
	spec.last_port = port;
	spec.verdict = verdict;
	spec.scope = scope;
	spec.has_uid = !strcmp(peer, "root");
	if (!spec.has_uid)
		strscpy(spec.peer, peer, sizeof(spec.peer));
	add(test, policy, &spec);
}

/* What is taken, and that the numbers of scopes are in no order. */
static void policy_scope(struct kunit *test)
{
	const u8 label = SST_SCOPE_LABEL, ports = SST_SCOPE_PORTS;
	const u8 payload = SST_SCOPE_PAYLOAD;
	struct sst_policy *policy = new_policy(test);

	KUNIT_EXPECT_EQ(test, ports, least(policy, 1, NULL));
	add_scope(test, policy, 1, REQUIRE, payload, "");
	add_scope(test, policy, 2, REQUIRE, label, "");
	add_scope(test, policy, 3, CLEAR, ports, "");
	add_scope(test, policy, 4, REQUIRE, payload, "alice");
	add_scope(test, policy, 4, REQUIRE, label, "bob");
	add_scope(test, policy, 5, REQUIRE, label, "root");
	add_scope(test, policy, 6, REQUIRE, payload, "root");
	/* Which of two the socket is, nobody knows: what is most. */
	add_scope(test, policy, 8, REQUIRE, payload, "root");
	add_scope(test, policy, 8, REQUIRE, label, "");
	add_scope(test, policy, 9, CLEAR, ports, "root");
	add_scope(test, policy, 9, REQUIRE, label, "");
	add_scope(test, policy, 10, REQUIRE, label, "root");
	add_scope(test, policy, 10, REQUIRE, label, "");
	add_scope(test, policy, 11, REQUIRE, payload, "root");
	add_scope(test, policy, 11, CLEAR, ports, "");
	add_scope(test, policy, 12, REQUIRE, label, "");
	add_scope(test, policy, 12, REQUIRE, payload, "root");
	KUNIT_EXPECT_EQ(test, payload, least(policy, 1, NULL));
	KUNIT_EXPECT_EQ(test, label, least(policy, 2, "alice"));
	KUNIT_EXPECT_EQ(test, ports, least(policy, 3, NULL));
	KUNIT_EXPECT_EQ(test, payload, least(policy, 4, "alice"));
	KUNIT_EXPECT_EQ(test, label, least(policy, 4, "bob"));
	/* It may be about another socket. */
	KUNIT_EXPECT_EQ(test, ports, least(policy, 5, NULL));
	KUNIT_EXPECT_EQ(test, payload, least(policy, 6, NULL));
	KUNIT_EXPECT_EQ(test, ports, least(policy, 7, NULL));
	KUNIT_EXPECT_EQ(test, payload, least(policy, 8, NULL));
	KUNIT_EXPECT_EQ(test, ports, least(policy, 9, NULL));
	KUNIT_EXPECT_EQ(test, label, least(policy, 10, NULL));
	KUNIT_EXPECT_EQ(test, payload, least(policy, 11, NULL));
	/* What comes behind a rule about all is about nobody. */
	KUNIT_EXPECT_EQ(test, label, least(policy, 12, NULL));

	KUNIT_EXPECT_TRUE(test, sst_scope_satisfies(payload, ports));
	KUNIT_EXPECT_TRUE(test, sst_scope_satisfies(ports, label));
	KUNIT_EXPECT_TRUE(test, sst_scope_satisfies(label, label));
	KUNIT_EXPECT_FALSE(test, sst_scope_satisfies(label, ports));
	KUNIT_EXPECT_FALSE(test, sst_scope_satisfies(ports, payload));
	KUNIT_EXPECT_EQ(test, payload, sst_scope_stronger(label, payload));
	KUNIT_EXPECT_EQ(test, ports, sst_scope_stronger(ports, label));
	KUNIT_EXPECT_FALSE(test, sst_scope_is_known(0));
	KUNIT_EXPECT_FALSE(test, sst_scope_is_known(4));
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(policy_empty),
	KUNIT_CASE_PARAM(policy_match, match_gen_params),
	KUNIT_CASE(policy_host_bits),
	KUNIT_CASE(policy_order),
	KUNIT_CASE(policy_exception),
	KUNIT_CASE(policy_duplicates),
	KUNIT_CASE(policy_peer_duplicates),
	KUNIT_CASE_PARAM(policy_enter, enter_gen_params),
	KUNIT_CASE(policy_enter_others),
	KUNIT_CASE(policy_out_peer),
	KUNIT_CASE(policy_scope),
	KUNIT_CASE(policy_hits),
	KUNIT_CASE(policy_flush),
	KUNIT_CASE(policy_ids),
	KUNIT_CASE(policy_walk),
	KUNIT_CASE(policy_many),
	{}
};

static struct kunit_suite policy_suite = {
	.name = "sst_policy",
	.test_cases = policy_cases,
};

kunit_test_suite(policy_suite);
