// SPDX-License-Identifier: GPL-2.0
/*
 * Rules by user and control group, all rules replaced at once, and whether the
 * tables find what a walk over all rules finds.
 */
#include <kunit/test.h>
#include <linux/cgroup.h>
#include <linux/in.h>
#include <linux/prandom.h>
#include <linux/rcupdate.h>

#include "fixture.h"
#include "policy.h"
#include "scope.h"

#define OUT	SST_POLICY_DIRECTION_OUT
#define IN	SST_POLICY_DIRECTION_IN
#define CLEAR	SST_VERDICT_CLEAR
#define PREFER	SST_VERDICT_PREFER
#define REQUIRE	SST_VERDICT_REQUIRE

/* A root, two below it, and two below the first of these. */
#define GROUPS	5

static const struct sst_rule_spec any_out = {
	.direction = OUT,
	.last_port = 65535,
	.verdict = REQUIRE,
	.priority = 1000,
};

/* The rules go before the groups that they are about. */
static void free_policy(void *policy)
{
	sst_policy_exit(policy);
	rcu_barrier();
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

/* Nobody but the rules looks at these, and nobody frees them. */
static struct cgroup *new_group(struct kunit *test, struct cgroup *parent)
{
	int level = parent ? parent->level + 1 : 0;
	struct cgroup *group;

	group = kunit_kzalloc(test, struct_size(group, ancestors, level + 1),
			      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, group);
	group->self.flags = CSS_NO_REF;
	group->level = level;
	if (parent)
		memcpy(group->ancestors, parent->ancestors,
		       level * sizeof(parent));
	group->ancestors[level] = group;
	return group;
}

static void new_groups(struct kunit *test, struct cgroup *group[GROUPS])
{
	group[0] = new_group(test, NULL);
	group[1] = new_group(test, group[0]);
	group[2] = new_group(test, group[0]);
	group[3] = new_group(test, group[1]);
	group[4] = new_group(test, group[1]);
}

static u32 add(struct kunit *test, struct sst_policy *policy,
	       const struct sst_rule_spec *spec)
{
	u32 id = 0;

	KUNIT_ASSERT_EQ(test, 0, sst_policy_add(policy, spec, &id));
	return id;
}

/* Identifier of the rule that decides, or 0. */
static u32 decides(struct sst_policy *policy, u8 direction,
		   const struct sst_tuple *tuple, const struct sst_subject *who)
{
	const struct sst_rule *rule;
	u32 id;

	rcu_read_lock();
	rule = sst_policy_explain(policy, direction, tuple, who);
	id = rule ? rule->id : 0;
	rcu_read_unlock();
	return id;
}

static void ruleset_uid(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	struct sst_subject who = {};
	struct sst_tuple tuple;
	u32 one, range;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 80);
	spec.has_uid = true;
	spec.first_uid = 1000;
	spec.last_uid = 1000;
	one = add(test, policy, &spec);
	spec.first_uid = 2000;
	spec.last_uid = 2999;
	range = add(test, policy, &spec);
	for (who.uid = 0; who.uid < 4000; who.uid++)
		KUNIT_EXPECT_EQ(test, who.uid == 1000 ? one :
				who.uid >= 2000 && who.uid <= 2999 ? range : 0,
				decides(policy, OUT, &tuple, &who));
	who.uid = U32_MAX;
	KUNIT_EXPECT_EQ(test, 0, decides(policy, OUT, &tuple, &who));
	/* No user is not user 0. */
	sst_policy_clear(policy);
	spec.first_uid = 0;
	spec.last_uid = 0;
	one = add(test, policy, &spec);
	who.uid = 1;
	KUNIT_EXPECT_EQ(test, 0, decides(policy, OUT, &tuple, &who));
	who.uid = 0;
	KUNIT_EXPECT_EQ(test, one, decides(policy, OUT, &tuple, &who));
	/* A rule about anybody is another one. */
	spec.has_uid = false;
	add(test, policy, &spec);
}

static void ruleset_cgroup(struct kunit *test)
{
	struct sst_policy *policy;
	struct sst_rule_spec spec = any_out;
	struct cgroup *group[GROUPS];
	struct sst_subject who = {};
	struct sst_tuple tuple;
	u32 id;

	new_groups(test, group);
	policy = new_policy(test);
	sst_test_tuple(&tuple, NFPROTO_IPV6, IPPROTO_UDP, 1, 80);
	spec.cgroup = group[1];
	id = add(test, policy, &spec);
	/* Nothing is known of it. */
	KUNIT_EXPECT_EQ(test, 0, decides(policy, OUT, &tuple, &who));
	who.cgroup = group[0];
	KUNIT_EXPECT_EQ(test, 0, decides(policy, OUT, &tuple, &who));
	who.cgroup = group[1];
	KUNIT_EXPECT_EQ(test, id, decides(policy, OUT, &tuple, &who));
	who.cgroup = group[2];
	KUNIT_EXPECT_EQ(test, 0, decides(policy, OUT, &tuple, &who));
	who.cgroup = group[4];
	KUNIT_EXPECT_EQ(test, id, decides(policy, OUT, &tuple, &who));
	KUNIT_EXPECT_EQ(test, -EEXIST, sst_policy_add(policy, &spec, &id));
	/* All of them are in the root. */
	spec.cgroup = group[0];
	id = add(test, policy, &spec);
	who.cgroup = group[2];
	KUNIT_EXPECT_EQ(test, id, decides(policy, OUT, &tuple, &who));
}

/* Rules about one user, in their order, then one about all. */
struct doubt_case {
	const char *desc;
	u8 rule[3];
	u8 rest;
	/* Which decides about a packet of nobody known; 3: that about all. */
	u32 decides;
};

static const struct doubt_case doubt_cases[] = {
	{ "require", { REQUIRE }, CLEAR, 0 },
	{ "prefer", { PREFER }, CLEAR, 0 },
	{ "clear", { CLEAR }, REQUIRE, 3 },
	{ "clear, then nothing", { CLEAR }, 0, U32_MAX },
	{ "prefer is less than require", { PREFER }, REQUIRE, 3 },
	{ "the first of equals", { REQUIRE, REQUIRE, REQUIRE }, CLEAR, 0 },
	{ "the strictest", { CLEAR, PREFER, REQUIRE }, CLEAR, 2 },
	{ "the strictest, which all get", { CLEAR, PREFER, PREFER }, REQUIRE,
	  3 },
	{ "as strict as all the others", { PREFER }, PREFER, 3 },
};

KUNIT_ARRAY_PARAM_DESC(doubt, doubt_cases, desc);

static void ruleset_doubt(struct kunit *test)
{
	const struct doubt_case *c = test->param_value;
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	struct sst_subject nobody = { .uid = 5 };
	struct sst_tuple tuple;
	u32 id[4] = {}, i;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 80);
	spec.has_uid = true;
	for (i = 0; i < ARRAY_SIZE(c->rule) && c->rule[i]; i++) {
		spec.first_uid = 1000 + i;
		spec.last_uid = 1000 + i;
		spec.verdict = c->rule[i];
		id[i] = add(test, policy, &spec);
	}
	spec = any_out;
	spec.verdict = c->rest;
	if (c->rest)
		id[3] = add(test, policy, &spec);
	KUNIT_EXPECT_EQ(test, c->decides == U32_MAX ? 0 : id[c->decides],
			decides(policy, OUT, &tuple, NULL));
	KUNIT_EXPECT_EQ(test, id[3], decides(policy, OUT, &tuple, &nobody));
	/* What comes behind a rule about all is about nobody. */
	spec = any_out;
	spec.priority = 1;
	spec.verdict = CLEAR;
	spec.proto = IPPROTO_TCP;
	id[3] = add(test, policy, &spec);
	KUNIT_EXPECT_EQ(test, id[3], decides(policy, OUT, &tuple, NULL));
}

/* Rules that depend on the socket have no say in who may enter. */
static void ruleset_enter(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	struct sst_tuple tuple;

	spec.direction = IN;
	spec.has_uid = true;
	spec.priority = 1;
	add(test, policy, &spec);
	spec.has_uid = false;
	spec.priority = 2;
	strscpy(spec.peer, "alice", sizeof(spec.peer));
	add(test, policy, &spec);
	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 80, 1);
	rcu_read_lock();
	KUNIT_EXPECT_EQ(test, SST_POLICY_ENTRY_REFUSED,
			sst_policy_enter(policy, &tuple, "bob"));
	KUNIT_EXPECT_EQ(test, SST_POLICY_ENTRY_REFUSED,
			sst_policy_enter(policy, &tuple, NULL));
	KUNIT_EXPECT_EQ(test, SST_POLICY_ENTRY_PEER,
			sst_policy_enter(policy, &tuple, "alice"));
	rcu_read_unlock();
}

/* Few values of each kind, so that rules overlap and packets fit. */
static void random_address(struct rnd_state *rnd, union nf_inet_addr *addr,
			   unsigned int words)
{
	unsigned int i;

	memset(addr, 0, sizeof(*addr));
	for (i = 0; i < words; i++)
		addr->ip6[i] = htonl((prandom_u32_state(rnd) & 1) << 31 |
				     (prandom_u32_state(rnd) & 3) << 8 |
				     (prandom_u32_state(rnd) & 1));
}

static u32 below(struct rnd_state *rnd, u32 n)
{
	return prandom_u32_state(rnd) % n;
}

/* Bit by bit, not as the module does it. */
static void cut_prefix(union nf_inet_addr *addr, unsigned int len)
{
	unsigned int i;

	for (i = len; i < 128; i++)
		((u8 *)addr)[i / 8] &= ~(0x80 >> i % 8);
}

static void random_spec(struct rnd_state *rnd, struct cgroup **group,
			struct sst_rule_spec *spec)
{
	static const u8 lengths[] = { 0, 1, 8, 24, 31, 32 };
	static const u8 families[] = { NFPROTO_UNSPEC, NFPROTO_IPV4,
				       NFPROTO_IPV6 };
	static const u8 protos[] = { 0, IPPROTO_TCP, IPPROTO_UDP };
	static const char *const peers[] = { "", "alice", "bob", "carol" };
	bool ipv6;

	memset(spec, 0, sizeof(*spec));
	spec->direction = below(rnd, 2) ? OUT : IN;
	spec->family = families[below(rnd, 3)];
	ipv6 = spec->family == NFPROTO_IPV6;
	if (spec->family != NFPROTO_UNSPEC) {
		spec->prefix_len = lengths[below(rnd, 6)] << (ipv6 ? 2 : 0);
		random_address(rnd, &spec->addr, ipv6 ? 4 : 1);
		cut_prefix(&spec->addr, spec->prefix_len);
	}
	spec->proto = protos[below(rnd, 3)];
	spec->last_port = 65535;
	if (below(rnd, 2)) {
		spec->first_port = 1 + below(rnd, 8);
		spec->last_port = spec->first_port + below(rnd, 3);
	}
	spec->verdict = CLEAR + below(rnd, 3);
	spec->scope = SST_SCOPE_PORTS + below(rnd, 3);
	spec->priority = below(rnd, 4);
	if (!below(rnd, 4)) {
		spec->has_uid = true;
		spec->first_uid = below(rnd, 4);
		spec->last_uid = spec->first_uid + below(rnd, 2);
	}
	if (!below(rnd, 4))
		spec->cgroup = group[below(rnd, GROUPS)];
	if (spec->verdict != CLEAR)
		strscpy(spec->peer, peers[below(rnd, 4)], sizeof(spec->peer));
}

/* Does @rule fit, for all that is known of the sender? */
static bool may_fit(const struct sst_rule *rule, u8 direction,
		    const struct sst_tuple *tuple)
{
	const struct sst_rule_spec *spec = &rule->spec;
	u16 port = ntohs(direction == OUT ? tuple->rport : tuple->lport);
	union nf_inet_addr cut = tuple->remote;

	cut_prefix(&cut, spec->prefix_len);
	return spec->direction == direction &&
	       (!spec->family || (spec->family == tuple->family &&
				  !memcmp(&cut, &spec->addr, sizeof(cut)))) &&
	       (!spec->proto || spec->proto == tuple->proto) &&
	       port >= spec->first_port && port <= spec->last_port;
}

static bool is_about(const struct sst_rule *rule, const struct sst_subject *who)
{
	const struct sst_rule_spec *spec = &rule->spec;
	int i;

	if (!spec->has_uid && !spec->cgroup)
		return true;
	if (!who || (spec->has_uid && (who->uid < spec->first_uid ||
				       who->uid > spec->last_uid)))
		return false;
	for (i = 0; spec->cgroup && i <= who->cgroup->level; i++)
		if (who->cgroup->ancestors[i] == spec->cgroup)
			return true;
	return !spec->cgroup;
}

/* What the tables must say, by a walk over all rules. */
static u32 walk_decides(struct sst_policy *policy, u8 direction,
			const struct sst_tuple *tuple,
			const struct sst_subject *who)
{
	struct sst_policy_cursor cursor = {};
	const struct sst_rule *rule, *best = NULL;
	u32 id;

	rcu_read_lock();
	while ((rule = sst_policy_next(policy, &cursor))) {
		if (!may_fit(rule, direction, tuple))
			continue;
		if (is_about(rule, who)) {
			if (!best || rule->spec.verdict >= best->spec.verdict)
				best = rule;
			break;
		}
		if (!who && rule->spec.verdict != CLEAR &&
		    (!best || rule->spec.verdict > best->spec.verdict))
			best = rule;
	}
	id = best ? best->id : 0;
	rcu_read_unlock();
	return id;
}

/* The same of what is protected. */
static u8 walk_scope(struct sst_policy *policy, u8 direction,
		     const struct sst_tuple *tuple,
		     const struct sst_subject *who)
{
	const u8 nothing = direction == IN ? SST_SCOPE_PORTS : SST_SCOPE_LABEL;
	struct sst_policy_cursor cursor = {};
	u8 strongest = SST_SCOPE_LABEL, scope;
	const struct sst_rule *rule;
	bool about = false;

	rcu_read_lock();
	while (!about && (rule = sst_policy_next(policy, &cursor))) {
		if (!may_fit(rule, direction, tuple))
			continue;
		about = is_about(rule, who);
		if (!about && who)
			continue;
		scope = rule->spec.verdict == CLEAR ? nothing : rule->spec.scope;
		strongest = sst_scope_stronger(scope, strongest);
	}
	rcu_read_unlock();
	return about ? strongest : sst_scope_stronger(strongest, nothing);
}

static u8 protects(struct sst_policy *policy, u8 direction,
		   const struct sst_tuple *tuple, const struct sst_subject *who)
{
	u8 scope;

	rcu_read_lock();
	if (direction == OUT)
		sst_policy_out(policy, tuple, who, &scope);
	else
		sst_policy_terms_in(sst_policy_rules_in(policy), tuple, who,
				    NULL, &scope);
	rcu_read_unlock();
	return scope;
}

static enum sst_policy_entry walk_enter(struct sst_policy *policy,
					const struct sst_tuple *tuple,
					const char *peer)
{
	struct sst_policy_cursor cursor = {};
	enum sst_policy_entry entry = SST_POLICY_ENTRY_ANYONE;
	const struct sst_rule *rule;

	rcu_read_lock();
	while ((rule = sst_policy_next(policy, &cursor))) {
		if (!may_fit(rule, IN, tuple) || !is_about(rule, NULL))
			continue;
		if (entry == SST_POLICY_ENTRY_ANYONE && !rule->spec.peer[0])
			break;
		entry = SST_POLICY_ENTRY_REFUSED;
		if (!strcmp(rule->spec.peer, peer)) {
			entry = SST_POLICY_ENTRY_PEER;
			break;
		}
	}
	rcu_read_unlock();
	return entry;
}

static void ask_at_random(struct kunit *test, struct sst_policy *policy,
			  struct rnd_state *rnd, struct cgroup **group)
{
	static const char *const peers[] = { "alice", "bob", "carol", "dave" };
	bool ipv6 = below(rnd, 2), known = below(rnd, 4);
	const char *peer = peers[below(rnd, 4)];
	struct sst_subject who = {
		.uid = below(rnd, 6),
		.cgroup = group[below(rnd, GROUPS)],
	};
	u8 direction = below(rnd, 2) ? OUT : IN;
	struct sst_tuple tuple = {};
	enum sst_policy_entry entry;
	u32 want;

	tuple.family = ipv6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
	tuple.proto = below(rnd, 2) ? IPPROTO_TCP : IPPROTO_UDP;
	random_address(rnd, &tuple.remote, ipv6 ? 4 : 1);
	tuple.lport = htons(below(rnd, 12));
	tuple.rport = htons(below(rnd, 12));
	want = walk_decides(policy, direction, &tuple, known ? &who : NULL);
	KUNIT_EXPECT_EQ(test, want,
			decides(policy, direction, &tuple,
				known ? &who : NULL));
	KUNIT_EXPECT_EQ(test, walk_scope(policy, direction, &tuple,
					 known ? &who : NULL),
			protects(policy, direction, &tuple,
				 known ? &who : NULL));
	rcu_read_lock();
	entry = sst_policy_enter(policy, &tuple, peer);
	rcu_read_unlock();
	KUNIT_EXPECT_EQ(test, walk_enter(policy, &tuple, peer), entry);
}

/* Rules come and go at random, and are replaced; packets are asked about. */
static void ruleset_oracle(struct kunit *test)
{
	struct sst_policy *policy;
	struct cgroup *group[GROUPS];
	struct sst_rule_spec spec;
	struct rnd_state rnd;
	unsigned int i, j, there = 0;
	u32 id;

	prandom_seed_state(&rnd, 6);
	new_groups(test, group);
	policy = new_policy(test);
	for (i = 0; i < 600; i++) {
		random_spec(&rnd, group, &spec);
		if (!sst_policy_add(policy, &spec, &id))
			there++;
		/* Up to some hundreds, then down to a few, and up again. */
		if (i % 300 > 200)
			for (j = 0; j < 4; j++)
				there -= !sst_policy_del(policy,
							 1 + below(&rnd, id));
		for (j = 0; j < 20; j++)
			ask_at_random(test, policy, &rnd, group);
		KUNIT_ASSERT_EQ(test, there, policy->count);
	}
	KUNIT_EXPECT_GT(test, there, 50);
}

static struct sst_rule *new_rule(struct kunit *test,
				 const struct sst_rule_spec *spec)
{
	struct sst_rule *rule = sst_rule_new(spec);

	KUNIT_ASSERT_NOT_NULL(test, rule);
	return rule;
}

static void ruleset_replace(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_policy_cursor cursor = {};
	struct sst_rule_spec spec = any_out;
	struct sst_rule *rule[6];
	struct sst_tuple tuple;
	unsigned int i, same = 99;
	const struct sst_rule *next;
	u32 old;

	sst_test_tuple(&tuple, NFPROTO_IPV4, IPPROTO_TCP, 1, 80);
	old = add(test, policy, &spec);
	for (i = 0; i < 6; i++) {
		spec.direction = i % 2 ? IN : OUT;
		spec.first_port = 80 + i / 2;
		spec.last_port = 90;
		spec.priority = 10 - i / 2;
		rule[i] = new_rule(test, &spec);
	}
	/* Twice the same: nothing changes. */
	spec = rule[1]->spec;
	swap(rule[5]->spec, spec);
	KUNIT_EXPECT_EQ(test, -EEXIST,
			sst_policy_replace(policy, rule, 6, &same));
	KUNIT_EXPECT_EQ(test, 5, same);
	KUNIT_EXPECT_EQ(test, 1, policy->count);
	KUNIT_EXPECT_EQ(test, old, decides(policy, OUT, &tuple, NULL));
	for (i = 0; i < 6; i++)
		if (rule[i]->spec.direction == IN &&
		    rule[i]->serial == 2 + same)
			swap(rule[i]->spec, spec);
	KUNIT_EXPECT_EQ(test, 0, sst_policy_replace(policy, rule, 6, &same));
	KUNIT_EXPECT_EQ(test, 6, policy->count);
	rcu_read_lock();
	KUNIT_EXPECT_NULL(test, sst_policy_by_id(policy, old));
	for (i = 0; i < 6; i++) {
		next = sst_policy_next(policy, &cursor);
		KUNIT_ASSERT_NOT_NULL(test, next);
		KUNIT_EXPECT_EQ(test, 8 + i / 2, next->spec.priority);
		KUNIT_EXPECT_PTR_EQ(test, next,
				    sst_policy_by_id(policy, next->id));
	}
	KUNIT_EXPECT_NULL(test, sst_policy_next(policy, &cursor));
	rcu_read_unlock();
	KUNIT_EXPECT_NE(test, 0, decides(policy, OUT, &tuple, NULL));
	tuple.rport = htons(79);
	KUNIT_EXPECT_EQ(test, 0, decides(policy, OUT, &tuple, NULL));
	/* New ones are younger than those. */
	add(test, policy, &any_out);
	KUNIT_EXPECT_EQ(test, 0, sst_policy_replace(policy, NULL, 0, &same));
	KUNIT_EXPECT_TRUE(test, sst_policy_is_empty(policy));
	KUNIT_EXPECT_EQ(test, 0, policy->count);
}

/* The list of those who may: as many rules about the same flows as peers. */
static void ruleset_replace_peers(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec = any_out;
	struct sst_rule *rule[3];
	unsigned int i, same = 99;

	spec.direction = IN;
	for (i = 0; i < 3; i++) {
		strscpy(spec.peer, i ? "bob" : "alice", sizeof(spec.peer));
		rule[i] = new_rule(test, &spec);
	}
	KUNIT_EXPECT_EQ(test, -EEXIST,
			sst_policy_replace(policy, rule, 3, &same));
	KUNIT_EXPECT_EQ(test, 2, same);
	for (i = 0; i < 3; i++)
		if (rule[i]->serial == 3)
			rule[i]->spec.peer[0] = '\0';
	KUNIT_EXPECT_EQ(test, -EEXIST,
			sst_policy_replace(policy, rule, 3, &same));
	for (i = 0; i < 3; i++)
		if (!rule[i]->spec.peer[0])
			rule[i]->spec.peer[0] = 'c';
	KUNIT_EXPECT_EQ(test, 0, sst_policy_replace(policy, rule, 3, &same));
	KUNIT_EXPECT_EQ(test, 3, policy->count);
}

/* Rule number @n of rules that are all of different kinds. */
static struct sst_rule_spec of_kind(unsigned int n)
{
	static const u8 protos[] = { 0, IPPROTO_TCP, IPPROTO_UDP };
	struct sst_rule_spec spec = any_out;

	spec.verdict = CLEAR;
	spec.has_uid = n & 1;
	if (n & 2)
		spec.last_port = spec.first_port;
	n /= 4;
	spec.proto = protos[n % 3];
	spec.family = NFPROTO_IPV6;
	spec.prefix_len = 1 + n / 3;
	return spec;
}

/* The time for a packet depends on how many there are: they are bounded. */
static void ruleset_kinds(struct kunit *test)
{
	struct sst_policy *policy = new_policy(test);
	struct sst_rule_spec spec;
	unsigned int i;
	u32 id;

	for (i = 0; i < SST_RULE_KINDS_MAX; i++) {
		spec = of_kind(i);
		KUNIT_ASSERT_EQ(test, 0, sst_policy_add(policy, &spec, &id));
	}
	spec = of_kind(i);
	KUNIT_EXPECT_EQ(test, -E2BIG, sst_policy_add(policy, &spec, &id));
	/* One more of a kind that is there. */
	spec = of_kind(7);
	spec.addr.in6.s6_addr[0] = 0x80;
	KUNIT_EXPECT_EQ(test, 0, sst_policy_add(policy, &spec, &id));
	KUNIT_EXPECT_EQ(test, SST_RULE_KINDS_MAX + 1, policy->count);
	KUNIT_EXPECT_EQ(test, 0, sst_policy_del(policy, id));
}

static struct kunit_case ruleset_cases[] = {
	KUNIT_CASE(ruleset_kinds),
	KUNIT_CASE(ruleset_uid),
	KUNIT_CASE(ruleset_cgroup),
	KUNIT_CASE_PARAM(ruleset_doubt, doubt_gen_params),
	KUNIT_CASE(ruleset_enter),
	KUNIT_CASE(ruleset_oracle),
	KUNIT_CASE(ruleset_replace),
	KUNIT_CASE(ruleset_replace_peers),
	{}
};

static struct kunit_suite ruleset_suite = {
	.name = "sst_ruleset",
	.test_cases = ruleset_cases,
};

kunit_test_suite(ruleset_suite);
