// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of one direction, in order, and the first that fits without a look at
 * all of them. Rules that look at the same parts of a packet and its sender (so
 * many bits of the address, the port or not, and so on) are a group with a hash
 * table. A packet is looked up in each group, and those whose first rule comes
 * behind one that fits already are left out. So the time depends on how many
 * kinds of rules there are, not on their number. Ranges of ports and users are
 * in no hash: rules that differ in nothing else are one list. Most packets are to
 * or from a port that no rule is about: one bit tells.
 */
#include <linux/bitmap.h>
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ruleset.h"
#include "scope.h"

#define PORTS	(U16_MAX + 1)

/* No rule, and no group. */
#define NONE	U32_MAX

/**
 * struct sst_rule_kind - which parts of a packet a group looks at
 * @use: enum sst_rule_use
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6, or NFPROTO_UNSPEC: no address
 * @prefix_len: bits of the address
 * @proto: the protocol of all of them, 0: either
 * @verdict: the verdict of all of them, for SST_RULE_DOUBT; else 0
 * @scope: what all of them protect at least, for SST_RULE_DOUBT; else 0
 * @port: the port, which is a single one
 * @uid: the user, who is a single one
 * @cgroup: the control group
 * @level: how far that is below the root
 */
struct sst_rule_kind {
	u8 use;
	u8 family;
	u8 prefix_len;
	u8 proto;
	u8 verdict;
	u8 scope;
	bool port;
	bool uid;
	bool cgroup;
	u32 level;
};

/**
 * struct sst_rule_group - the rules of one kind
 * @kind: what they look at
 * @mask: of the address
 * @first: index of the first of them
 * @count: how many
 * @head: where its table begins
 * @bits: the mask of its slots
 */
struct sst_rule_group {
	struct sst_rule_kind kind;
	union nf_inet_addr mask;
	u32 first;
	u32 count;
	u32 head;
	u32 bits;
};

/**
 * struct sst_rule_node - a rule in a group
 * @hash: of what it is looked up by
 * @rule: its index
 * @next: the next in the list, with a larger index; counted from 1
 */
struct sst_rule_node {
	u32 hash;
	u32 rule;
	u32 next;
};

/* Groups that are looked at; 0: whatever their rules say. */
struct wanted {
	enum sst_rule_use use;
	u8 verdict;
	u8 scope;
};

/* What a group looks at, of a rule or of a packet. */
struct rule_key {
	const union nf_inet_addr *addr;
	u16 port;
	u32 uid;
	const struct cgroup *cgroup;
	const char *peer;
};

static u32 hash_key(const struct sst_rule_kind *kind,
		    const union nf_inet_addr *mask, const struct rule_key *key)
{
	u32 word[ARRAY_SIZE(mask->all)];
	unsigned int i;
	u32 hash = 0;

	if (kind->family != NFPROTO_UNSPEC) {
		for (i = 0; i < ARRAY_SIZE(word); i++)
			word[i] = key->addr->all[i] & mask->all[i];
		hash = jhash2(word, ARRAY_SIZE(word), hash);
	}
	if (kind->port)
		hash = jhash_1word(key->port, hash);
	if (kind->uid)
		hash = jhash_1word(key->uid, hash);
	if (kind->cgroup)
		hash = jhash(&key->cgroup, sizeof(key->cgroup), hash);
	if (kind->use == SST_RULE_NAMED)
		hash = jhash(key->peer, strlen(key->peer), hash);
	return hash;
}

/*
 * What a rule protects, at least. One that says clear names no scope: the default
 * is taken, but nothing is asked for.
 */
static u8 scope_of(const struct sst_rule_spec *spec)
{
	if (spec->verdict != SST_VERDICT_CLEAR)
		return spec->scope;
	return spec->direction == SST_POLICY_DIRECTION_IN ? SST_SCOPE_PORTS :
							    SST_SCOPE_LEAST;
}

static bool has_use(const struct sst_rule_spec *spec, enum sst_rule_use use)
{
	switch (use) {
	case SST_RULE_NAMED:
		return spec->direction == SST_POLICY_DIRECTION_IN &&
		       sst_rule_names_peer(spec) && !sst_rule_asks_who(spec);
	case SST_RULE_DOUBT:
		return sst_rule_asks_who(spec) &&
		       (spec->verdict != SST_VERDICT_CLEAR ||
			scope_of(spec) != SST_SCOPE_LEAST);
	default:
		return true;
	}
}

/* In doubt, nothing of the sender is looked at. */
static struct sst_rule_kind kind_of(const struct sst_rule_spec *spec,
				    enum sst_rule_use use)
{
	bool doubt = use == SST_RULE_DOUBT;

	return (struct sst_rule_kind) {
		.use = use,
		.family = spec->family,
		.prefix_len = spec->prefix_len,
		.proto = spec->proto,
		.verdict = doubt ? spec->verdict : 0,
		.scope = doubt ? scope_of(spec) : 0,
		.port = spec->first_port == spec->last_port,
		.uid = !doubt && spec->has_uid &&
		       spec->first_uid == spec->last_uid,
		.cgroup = !doubt && spec->cgroup,
		.level = !doubt && spec->cgroup ? spec->cgroup->level : 0,
	};
}

static bool is_kind(const struct sst_rule_kind *a,
		    const struct sst_rule_kind *b)
{
	return a->use == b->use && a->family == b->family &&
	       a->prefix_len == b->prefix_len && a->proto == b->proto &&
	       a->verdict == b->verdict && a->scope == b->scope &&
	       a->port == b->port && a->uid == b->uid &&
	       a->cgroup == b->cgroup && a->level == b->level;
}

/* Once for a rule: it is put into many tables in its life. */
static void hash_rule(struct sst_rule *rule)
{
	const struct sst_rule_spec *spec = &rule->spec;
	struct rule_key key = {
		.addr = &spec->addr,
		.port = spec->first_port,
		.uid = spec->first_uid,
		.cgroup = spec->cgroup,
		.peer = spec->peer,
	};
	struct sst_rule_kind kind;
	enum sst_rule_use use;

	for (use = 0; use < SST_RULE_USES; use++) {
		kind = kind_of(spec, use);
		rule->hash[use] = hash_key(&kind, &rule->mask, &key);
	}
}

/**
 * sst_rule_is_after() - does a rule come after a place?
 * @rule: the rule
 * @place: the place
 *
 * Return: true when it does; the rule that stands there does not.
 */
bool sst_rule_is_after(const struct sst_rule *rule,
		       const struct sst_policy_cursor *place)
{
	if (rule->spec.priority != place->priority)
		return rule->spec.priority > place->priority;
	return rule->serial > place->serial;
}

/* Index of the first rule after a place. */
static unsigned int first_after(const struct sst_rules *rules,
				const struct sst_policy_cursor *place)
{
	unsigned int low = 0, high = rules ? rules->count : 0, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (sst_rule_is_after(rules->rule[mid], place))
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static struct sst_rules *rules_new(unsigned int count)
{
	struct sst_rules *rules;

	rules = kvzalloc(struct_size(rules, rule, count), GFP_KERNEL_ACCOUNT);
	if (rules)
		rules->count = count;
	return rules;
}

/**
 * sst_rules_free() - free what no packet can find; the rules stay
 * @rules: as others here return it, or NULL
 */
void sst_rules_free(struct sst_rules *rules)
{
	if (!rules)
		return;
	kfree(rules->groups);
	kvfree(rules->ports);
	kvfree(rules->nodes);
	kvfree(rules->heads);
	kvfree(rules);
}

static void free_cb(struct rcu_head *rcu)
{
	sst_rules_free(container_of(rcu, struct sst_rules, rcu));
}

/**
 * sst_rules_free_rcu() - free what packets may still look at; the rules stay
 * @rules: as others here return it, or NULL
 *
 * kvfree_rcu() may keep what it frees for seconds. This can be megabytes, and who
 * adds many rules leaves one behind for each.
 */
void sst_rules_free_rcu(struct sst_rules *rules)
{
	if (rules)
		call_rcu(&rules->rcu, free_cb);
}

/* Room for one more group: twice as many at a time. */
static int grow(struct sst_rules *rules)
{
	unsigned int n = rules->n_groups;
	struct sst_rule_group *groups;

	if (n && !is_power_of_2(n))
		return 0;
	groups = krealloc_array(rules->groups, n ? 2 * n : 1, sizeof(*groups),
				GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!groups)
		return -ENOMEM;
	rules->groups = groups;
	return 0;
}

static u32 find_group(const struct sst_rules *rules,
		      const struct sst_rule_kind *kind)
{
	u32 i;

	for (i = 0; i < rules->n_groups; i++)
		if (is_kind(&rules->groups[i].kind, kind))
			return i;
	return NONE;
}

/* The group of rule number @index, which may be its first; or an error. */
static int need_group(struct sst_rules *rules, u32 index,
		      const struct sst_rule_kind *kind)
{
	struct sst_rule_group *group;
	u32 found = find_group(rules, kind);

	if (found != NONE)
		return found;
	if (rules->n_groups >= SST_RULE_KINDS_MAX)
		return -E2BIG;
	if (grow(rules))
		return -ENOMEM;
	group = &rules->groups[rules->n_groups];
	*group = (struct sst_rule_group) { .kind = *kind, .first = index };
	sst_rule_fill_mask(&group->mask, kind->prefix_len);
	return rules->n_groups++;
}

/* An entry for each use of a rule; its group stands where its list will. */
static int add_nodes(struct sst_rules *rules, u32 index, u32 *n)
{
	const struct sst_rule *rule = rules->rule[index];
	struct sst_rule_kind kind;
	enum sst_rule_use use;
	int group;

	for (use = 0; use < SST_RULE_USES; use++) {
		if (!has_use(&rule->spec, use))
			continue;
		kind = kind_of(&rule->spec, use);
		group = need_group(rules, index, &kind);
		if (group < 0)
			return group;
		rules->groups[group].count++;
		rules->nodes[(*n)++] = (struct sst_rule_node) {
			.hash = rule->hash[use],
			.rule = index,
			.next = group,
		};
	}
	return 0;
}

/* Tables with as many slots as rules, rounded up. */
static u32 place_tables(struct sst_rules *rules)
{
	u32 i, size, n = 0;

	for (i = 0; i < rules->n_groups; i++) {
		size = roundup_pow_of_two(rules->groups[i].count);
		rules->groups[i].head = n;
		rules->groups[i].bits = size - 1;
		n += size;
	}
	return n;
}

/* From the last to the first, so that each list is in the order of the rules. */
static void link_nodes(struct sst_rules *rules, u32 n)
{
	struct sst_rule_node *node;
	struct sst_rule_group *group;
	u32 *head;

	while (n) {
		node = &rules->nodes[n - 1];
		group = &rules->groups[node->next];
		head = &rules->heads[group->head + (node->hash & group->bits)];
		node->next = *head;
		*head = n--;
	}
}

/* What is quick to know of all of them. Returns how many entries they need. */
static u32 survey(struct sst_rules *rules)
{
	const struct sst_rule_spec *spec;
	enum sst_rule_use use;
	u32 i, n = 0;

	for (i = 0; i < rules->count; i++) {
		spec = &rules->rule[i]->spec;
		bitmap_set(rules->ports, spec->first_port,
			   spec->last_port - spec->first_port + 1);
		rules->names_peers |= sst_rule_names_peer(spec);
		rules->asks_who |= sst_rule_asks_who(spec);
		for (use = 0; use < SST_RULE_USES; use++)
			n += has_use(spec, use);
	}
	return n;
}

static int index_rules(struct sst_rules *rules)
{
	u32 i, n = 0;
	int err;

	rules->ports = kvcalloc(BITS_TO_LONGS(PORTS), sizeof(*rules->ports),
				GFP_KERNEL_ACCOUNT);
	if (!rules->ports)
		return -ENOMEM;
	rules->nodes = kvmalloc_array(survey(rules), sizeof(*rules->nodes),
				      GFP_KERNEL_ACCOUNT);
	if (!rules->nodes)
		return -ENOMEM;
	for (i = 0; i < rules->count; i++) {
		err = add_nodes(rules, i, &n);
		if (err)
			return err;
		if (!(i % 1024))
			cond_resched();
	}
	rules->heads = kvcalloc(place_tables(rules), sizeof(*rules->heads),
				GFP_KERNEL_ACCOUNT);
	if (!rules->heads)
		return -ENOMEM;
	link_nodes(rules, n);
	return 0;
}

/* The rules are in their places. Frees @rules when it returns an error. */
static struct sst_rules *finish(struct sst_rules *rules)
{
	int err = index_rules(rules);

	if (!err)
		return rules;
	sst_rules_free(rules);
	return ERR_PTR(err);
}

/**
 * sst_rules_of() - the rules of one direction
 * @rule: these, at least one, by priority and age
 * @count: how many
 *
 * Return: them in their order, or ERR_PTR(): -ENOMEM; -E2BIG: they are of more than
 * SST_RULE_KINDS_MAX kinds.
 */
struct sst_rules *sst_rules_of(struct sst_rule **rule, unsigned int count)
{
	struct sst_rules *rules = rules_new(count);
	unsigned int i;

	if (!rules)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < count; i++) {
		hash_rule(rule[i]);
		rules->rule[i] = rule[i];
	}
	return finish(rules);
}

/**
 * sst_rules_with() - the rules and one more
 * @old: the rules, or NULL
 * @rule: the new one; it has its age
 *
 * Return: all of them in their order, or ERR_PTR() as sst_rules_of(). @old is as
 * before.
 */
struct sst_rules *sst_rules_with(const struct sst_rules *old,
				 struct sst_rule *rule)
{
	struct sst_policy_cursor place = sst_rule_place(rule);
	unsigned int count = old ? old->count : 0;
	unsigned int at = first_after(old, &place);
	struct sst_rules *rules = rules_new(count + 1);

	if (!rules)
		return ERR_PTR(-ENOMEM);
	if (old) {
		memcpy(rules->rule, old->rule, at * sizeof(*rules->rule));
		memcpy(rules->rule + at + 1, old->rule + at,
		       (count - at) * sizeof(*rules->rule));
	}
	hash_rule(rule);
	rules->rule[at] = rule;
	return finish(rules);
}

/**
 * sst_rules_without() - the rules without one of them
 * @old: the rules, at least two
 * @rule: the one
 *
 * Return: the others in their order, or ERR_PTR(-ENOMEM). @old is as before.
 */
struct sst_rules *sst_rules_without(const struct sst_rules *old,
				    const struct sst_rule *rule)
{
	struct sst_policy_cursor place = sst_rule_place(rule);
	unsigned int rest = first_after(old, &place), at = rest - 1;
	struct sst_rules *rules = rules_new(old->count - 1);

	if (!rules)
		return ERR_PTR(-ENOMEM);
	memcpy(rules->rule, old->rule, at * sizeof(*old->rule));
	memcpy(rules->rule + at, old->rule + rest,
	       (old->count - rest) * sizeof(*old->rule));
	return finish(rules);
}

static u32 list_of(const struct sst_rules *rules,
		   const struct sst_rule_group *group, u32 hash)
{
	return rules->heads[group->head + (hash & group->bits)];
}

/**
 * sst_rules_same() - a rule about the same flows
 * @rules: rules of its direction, or NULL
 * @rule: a rule to be
 *
 * Return: the one that is there, or NULL.
 */
const struct sst_rule *sst_rules_same(const struct sst_rules *rules,
				      struct sst_rule *rule)
{
	struct sst_rule_kind kind = kind_of(&rule->spec, SST_RULE_FITS);
	u32 group = rules ? find_group(rules, &kind) : NONE;
	const struct sst_rule_node *node;
	u32 next;

	if (group == NONE)
		return NULL;
	hash_rule(rule);
	next = list_of(rules, &rules->groups[group], rule->hash[SST_RULE_FITS]);
	for (; next; next = node->next) {
		node = &rules->nodes[next - 1];
		if (node->hash == rule->hash[SST_RULE_FITS] &&
		    sst_rule_is_same(rules->rule[node->rule], rule))
			return rules->rule[node->rule];
	}
	return NULL;
}

/**
 * sst_rules_after() - walk the rules in their order
 * @rules: the rules, or NULL
 * @place: where the walk is
 *
 * Return: the first rule after it, or NULL.
 */
struct sst_rule *sst_rules_after(const struct sst_rules *rules,
				 const struct sst_policy_cursor *place)
{
	unsigned int at = first_after(rules, place);

	return rules && at < rules->count ? rules->rule[at] : NULL;
}

/* What a group looks at, of a packet. Returns false when it is not about it. */
static bool fill_key(const struct sst_rule_kind *kind,
		     const struct sst_question *question, struct rule_key *key)
{
	const struct sst_tuple *tuple = question->tuple;

	if (kind->family != NFPROTO_UNSPEC && kind->family != tuple->family)
		return false;
	if (kind->proto && kind->proto != tuple->proto)
		return false;
	*key = (struct rule_key) {
		.addr = &tuple->remote,
		.port = question->port,
		.peer = question->peer,
	};
	if (!kind->uid && !kind->cgroup)
		return true;
	if (!question->who)
		return false;
	key->uid = question->who->uid;
	if (kind->cgroup)
		key->cgroup = sst_subject_group(question->who, kind->level);
	return !kind->cgroup || key->cgroup;
}

/* The first rule of a group that fits, or @limit when none before that does. */
static u32 find_in(const struct sst_rules *rules,
		   const struct sst_rule_group *group,
		   const struct sst_question *question, u32 limit)
{
	const struct sst_rule_node *node;
	struct rule_key key;
	u32 hash, next;

	if (!fill_key(&group->kind, question, &key))
		return limit;
	hash = hash_key(&group->kind, &group->mask, &key);
	for (next = list_of(rules, group, hash); next; next = node->next) {
		node = &rules->nodes[next - 1];
		if (node->rule >= limit)
			break;
		if (node->hash == hash &&
		    sst_rule_matches(rules->rule[node->rule], group->kind.use,
				     question))
			return node->rule;
	}
	return limit;
}

static bool is_wanted(const struct sst_rule_kind *kind,
		      const struct wanted *wanted)
{
	return kind->use == wanted->use &&
	       (!wanted->verdict || kind->verdict == wanted->verdict) &&
	       (!wanted->scope || kind->scope == wanted->scope);
}

/* The same of all groups that are wanted. */
static u32 find(const struct sst_rules *rules, const struct wanted *wanted,
		const struct sst_question *question, u32 limit)
{
	const struct sst_rule_group *group = rules->groups;
	u32 i;

	if (!sst_rules_know(rules, question->port))
		return limit;
	/* Each group begins behind the one before it. */
	for (i = 0; i < rules->n_groups && group->first < limit; i++, group++)
		if (is_wanted(&group->kind, wanted))
			limit = find_in(rules, group, question, limit);
	return limit;
}

static u32 find_use(const struct sst_rules *rules, enum sst_rule_use use,
		    const struct sst_question *question)
{
	const struct wanted wanted = { .use = use };

	return find(rules, &wanted, question, rules->count);
}

/* A packet of which nobody knows whose it is gets the strictest of what it may. */
static u32 find_strictest(const struct sst_rules *rules,
			  const struct sst_question *question, u32 fits)
{
	struct wanted doubt = { .use = SST_RULE_DOUBT };
	u8 verdict = SST_VERDICT_CLEAR;
	u32 found;

	if (fits < rules->count)
		verdict = rules->rule[fits]->spec.verdict;
	for (doubt.verdict = SST_VERDICT_REQUIRE; doubt.verdict > verdict;
	     doubt.verdict--) {
		found = find(rules, &doubt, question, fits);
		if (found < fits)
			return found;
	}
	return fits;
}

static bool is_doubtful(const struct sst_rules *rules,
			const struct sst_question *question)
{
	return rules->asks_who && !question->who;
}

/**
 * sst_rules_decide() - which rule decides?
 * @rules: the rules, or NULL; the caller is in an RCU read section
 * @question: about what
 *
 * The first that fits. When it is not known whose packet it is, rules that depend
 * on the socket may be about it or not: the strictest verdict of those that come
 * before the first that surely fits, and of that one, stands.
 *
 * Return: the rule, or NULL.
 */
struct sst_rule *sst_rules_decide(const struct sst_rules *rules,
				  const struct sst_question *question)
{
	u32 found;

	if (!rules)
		return NULL;
	found = find_use(rules, SST_RULE_FITS, question);
	if (is_doubtful(rules, question))
		found = find_strictest(rules, question, found);
	return found < rules->count ? rules->rule[found] : NULL;
}

/**
 * sst_rules_scope() - what must a flow protect at least?
 * @rules: the rules, or NULL; the caller is in an RCU read section
 * @question: about what
 * @rule: from sst_rules_decide()
 * @rest: what holds where no rule fits
 *
 * As @rule says. When it is not known whose packet it is: the strongest of what
 * those say among which sst_rules_decide() chose; the one with the strictest verdict
 * need not protect most.
 *
 * Return: enum sst_scope.
 */
u8 sst_rules_scope(const struct sst_rules *rules,
		   const struct sst_question *question,
		   const struct sst_rule *rule, u8 rest)
{
	static const u8 from_strongest[] = {
		SST_SCOPE_PAYLOAD, SST_SCOPE_PORTS,
	};
	struct wanted doubt = { .use = SST_RULE_DOUBT };
	unsigned int i;
	u32 fits;

	if (!rules || !is_doubtful(rules, question))
		return rule ? scope_of(&rule->spec) : rest;
	fits = find_use(rules, SST_RULE_FITS, question);
	if (fits < rules->count)
		rest = scope_of(&rules->rule[fits]->spec);
	for (i = 0; i < ARRAY_SIZE(from_strongest); i++) {
		doubt.scope = from_strongest[i];
		if (sst_scope_satisfies(rest, doubt.scope))
			break;
		if (find(rules, &doubt, question, fits) < fits)
			return doubt.scope;
	}
	return rest;
}

/**
 * sst_rules_first() - the first rule that fits and does not depend on the socket
 * @rules: the rules; the caller is in an RCU read section
 * @question: about what, of nobody known
 *
 * Return: the rule, or NULL.
 */
struct sst_rule *sst_rules_first(const struct sst_rules *rules,
				 const struct sst_question *question)
{
	u32 found = find_use(rules, SST_RULE_FITS, question);

	return found < rules->count ? rules->rule[found] : NULL;
}

/**
 * sst_rules_named() - the same, and it names a peer
 * @rules: rules of direction in; the caller is in an RCU read section
 * @question: about what, and the peer
 *
 * Return: the rule, or NULL.
 */
struct sst_rule *sst_rules_named(const struct sst_rules *rules,
				 const struct sst_question *question)
{
	u32 found = find_use(rules, SST_RULE_NAMED, question);

	return found < rules->count ? rules->rule[found] : NULL;
}
