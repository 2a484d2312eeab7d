// SPDX-License-Identifier: GPL-2.0
/*
 * Rules that decide which new flows are SST (protocol section 9). Only
 * packets without a flow ask, so the rules are one sorted array that is looked
 * through from the beginning; a change makes a new array of the same rules.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <net/ipv6.h>

#include "policy.h"

int sst_policy_init(struct sst_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	mutex_init(&policy->lock);
	xa_init_flags(&policy->by_id, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	return 0;
}

void sst_policy_exit(struct sst_policy *policy)
{
	sst_policy_clear(policy);
	xa_destroy(&policy->by_id);
	mutex_destroy(&policy->lock);
}

static void fill_mask(union nf_inet_addr *mask,
		      const struct sst_rule_spec *spec)
{
	struct in6_addr all;

	memset(&all, 0xff, sizeof(all));
	ipv6_addr_prefix(&mask->in6, &all, spec->prefix_len);
}

/*
 * An IPv4 address is the first word of four, the others are 0, so both families
 * are compared alike.
 */
static bool differ(const union nf_inet_addr *a, const union nf_inet_addr *b,
		   const union nf_inet_addr *mask)
{
	return ipv6_masked_addr_cmp(&a->in6, &mask->in6, &b->in6);
}

/**
 * sst_policy_has_host_bits() - is the address more than a prefix?
 * @spec: the rule to be
 *
 * Return: true when bits of the address beyond the prefix are set.
 */
bool sst_policy_has_host_bits(const struct sst_rule_spec *spec)
{
	union nf_inet_addr mask;
	int i;

	fill_mask(&mask, spec);
	for (i = 0; i < ARRAY_SIZE(mask.all); i++)
		if (spec->addr.all[i] & ~mask.all[i])
			return true;
	return false;
}

static struct sst_rules __rcu **slot(struct sst_policy *policy, u8 direction)
{
	return direction == SST_POLICY_DIRECTION_IN ? &policy->in :
						      &policy->out;
}

static struct sst_rules *locked(struct sst_policy *policy,
				struct sst_rules __rcu **rules)
{
	return rcu_dereference_protected(*rules,
					 lockdep_is_held(&policy->lock));
}

static unsigned int count_of(const struct sst_rules *rules)
{
	return rules ? rules->count : 0;
}

static struct sst_rules *rules_new(unsigned int count)
{
	struct sst_rules *rules;

	rules = kvmalloc(struct_size(rules, rule, count), GFP_KERNEL_ACCOUNT);
	if (rules)
		rules->count = count;
	return rules;
}

static void rules_free_cb(struct rcu_head *rcu)
{
	kvfree(container_of(rcu, struct sst_rules, rcu));
}

/*
 * kvfree_rcu() may keep what it frees for seconds. Arrays can be half a
 * megabyte, and who adds many rules leaves one behind for each.
 */
static void rules_free_rcu(struct sst_rules *rules)
{
	if (rules)
		call_rcu(&rules->rcu, rules_free_cb);
}

static bool names_peer(const struct sst_rule_spec *spec)
{
	return spec->peer[0];
}

/*
 * Of two rules about the same flows one would never decide. But those of
 * direction in that name peers make a list.
 */
static bool is_same(const struct sst_rule_spec *a,
		    const struct sst_rule_spec *b)
{
	if (a->direction == SST_POLICY_DIRECTION_IN && names_peer(a) &&
	    names_peer(b) && strcmp(a->peer, b->peer))
		return false;
	return a->family == b->family && a->prefix_len == b->prefix_len &&
	       a->proto == b->proto && a->first_port == b->first_port &&
	       a->last_port == b->last_port &&
	       !memcmp(&a->addr, &b->addr, sizeof(a->addr));
}

static struct sst_policy_cursor place_of(const struct sst_rule *rule)
{
	return (struct sst_policy_cursor) {
		.priority = rule->spec.priority,
		.serial = rule->serial,
	};
}

/* Does @rule come after the place of @cursor? */
static bool is_after(const struct sst_rule *rule,
		     const struct sst_policy_cursor *cursor)
{
	if (rule->spec.priority != cursor->priority)
		return rule->spec.priority > cursor->priority;
	return rule->serial > cursor->serial;
}

/* Index of the first rule after a place. */
static unsigned int first_after(const struct sst_rules *rules,
				const struct sst_policy_cursor *cursor)
{
	unsigned int low = 0, high = count_of(rules), mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (is_after(rules->rule[mid], cursor))
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static struct sst_rule *rule_new(const struct sst_rule_spec *spec)
{
	struct sst_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);

	if (!rule)
		return NULL;
	rule->spec = *spec;
	fill_mask(&rule->mask, spec);
	return rule;
}

static int why_not(const struct sst_policy *policy,
		   const struct sst_rules *rules,
		   const struct sst_rule_spec *spec)
{
	unsigned int i;

	for (i = 0; i < count_of(rules); i++)
		if (is_same(&rules->rule[i]->spec, spec))
			return -EEXIST;
	return policy->count >= SST_POLICY_MAX ? -ENOSPC : 0;
}

/* Its rules are there. */
static void note_peers(struct sst_rules *rules)
{
	unsigned int i;

	rules->names_peers = false;
	for (i = 0; i < rules->count; i++)
		if (names_peer(&rules->rule[i]->spec))
			rules->names_peers = true;
}

/* The array with @rule in its place, among equals the last. */
static struct sst_rules *rules_with(const struct sst_rules *old,
				    struct sst_rule *rule)
{
	struct sst_policy_cursor place = place_of(rule);
	unsigned int count = count_of(old), at = first_after(old, &place);
	struct sst_rules *rules = rules_new(count + 1);

	if (!rules)
		return NULL;
	if (old) {
		memcpy(rules->rule, old->rule, at * sizeof(*rules->rule));
		memcpy(rules->rule + at + 1, old->rule + at,
		       (count - at) * sizeof(*rules->rule));
	}
	rules->rule[at] = rule;
	note_peers(rules);
	return rules;
}

static int add_locked(struct sst_policy *policy, struct sst_rule *rule)
{
	struct sst_rules __rcu **rules = slot(policy, rule->spec.direction);
	struct sst_rules *old = locked(policy, rules), *new;
	int err;

	err = why_not(policy, old, &rule->spec);
	if (err)
		return err;
	rule->serial = policy->last_serial + 1;
	new = rules_with(old, rule);
	if (!new)
		return -ENOMEM;
	/* Identifiers of rules that are gone are not given out again soon. */
	if (xa_alloc_cyclic(&policy->by_id, &rule->id, rule, xa_limit_31b,
			    &policy->last_id, GFP_KERNEL) < 0) {
		kvfree(new);
		return -ENOMEM;
	}
	policy->last_serial = rule->serial;
	policy->count++;
	rcu_assign_pointer(*rules, new);
	rules_free_rcu(old);
	return 0;
}

/**
 * sst_policy_add() - add a rule
 * @policy: rules of the namespace
 * @spec: the rule; complete and consistent
 * @id: output, its identifier
 *
 * Return: 0; -EEXIST when there is a rule about the same flows, whatever it
 * says about them; -ENOSPC, -ENOMEM.
 */
int sst_policy_add(struct sst_policy *policy, const struct sst_rule_spec *spec,
		   u32 *id)
{
	struct sst_rule *rule = rule_new(spec);
	int err;

	if (!rule)
		return -ENOMEM;
	mutex_lock(&policy->lock);
	err = add_locked(policy, rule);
	if (!err)
		*id = rule->id;
	mutex_unlock(&policy->lock);
	if (err)
		kfree(rule);
	return err;
}

/* The array without @rule, NULL when nothing else is in it. */
static int rules_without(struct sst_rules **rules, const struct sst_rules *old,
			 const struct sst_rule *rule)
{
	struct sst_policy_cursor place = place_of(rule);
	unsigned int rest = first_after(old, &place), at = rest - 1;

	*rules = NULL;
	if (old->count == 1)
		return 0;
	*rules = rules_new(old->count - 1);
	if (!*rules)
		return -ENOMEM;
	memcpy((*rules)->rule, old->rule, at * sizeof(*old->rule));
	memcpy((*rules)->rule + at, old->rule + rest,
	       (old->count - rest) * sizeof(*old->rule));
	note_peers(*rules);
	return 0;
}

/* Readers may still look at it: it is in no array any more. */
static void forget(struct sst_policy *policy, struct sst_rule *rule)
{
	policy->count--;
	xa_erase(&policy->by_id, rule->id);
	kfree_rcu(rule, rcu);
}

static int del_locked(struct sst_policy *policy, u32 id)
{
	struct sst_rule *rule = xa_load(&policy->by_id, id);
	struct sst_rules __rcu **rules;
	struct sst_rules *old, *new;

	if (!rule)
		return -ENOENT;
	rules = slot(policy, rule->spec.direction);
	old = locked(policy, rules);
	if (rules_without(&new, old, rule))
		return -ENOMEM;
	rcu_assign_pointer(*rules, new);
	forget(policy, rule);
	rules_free_rcu(old);
	return 0;
}

/**
 * sst_policy_del() - remove a rule
 * @policy: rules of the namespace
 * @id: its identifier
 *
 * Return: 0, -ENOENT, -ENOMEM.
 */
int sst_policy_del(struct sst_policy *policy, u32 id)
{
	int err;

	mutex_lock(&policy->lock);
	err = del_locked(policy, id);
	mutex_unlock(&policy->lock);
	return err;
}

/**
 * sst_policy_flush() - remove all rules of one direction
 * @policy: rules of the namespace
 * @direction: enum sst_policy_direction
 */
void sst_policy_flush(struct sst_policy *policy, u8 direction)
{
	struct sst_rules __rcu **rules = slot(policy, direction);
	struct sst_rules *old;
	unsigned int i;

	mutex_lock(&policy->lock);
	old = locked(policy, rules);
	RCU_INIT_POINTER(*rules, NULL);
	for (i = 0; i < count_of(old); i++) {
		forget(policy, old->rule[i]);
		cond_resched();
	}
	rules_free_rcu(old);
	mutex_unlock(&policy->lock);
}

/**
 * sst_policy_clear() - remove all rules
 * @policy: rules of the namespace
 */
void sst_policy_clear(struct sst_policy *policy)
{
	sst_policy_flush(policy, SST_POLICY_DIRECTION_OUT);
	sst_policy_flush(policy, SST_POLICY_DIRECTION_IN);
}

/**
 * sst_policy_by_id() - find a rule by its identifier
 * @policy: rules of the namespace
 * @id: identifier
 *
 * Return: the rule, valid in the caller's RCU read section, or NULL.
 */
const struct sst_rule *sst_policy_by_id(struct sst_policy *policy, u32 id)
{
	return xa_load(&policy->by_id, id);
}

static const struct sst_rule *after(const struct sst_rules *rules,
				    const struct sst_policy_cursor *cursor)
{
	unsigned int at = first_after(rules, cursor);

	return at < count_of(rules) ? rules->rule[at] : NULL;
}

/**
 * sst_policy_next() - walk the rules in the order in which they are looked at
 * @policy: rules of the namespace
 * @cursor: all 0 at first; moved to the rule that is returned
 *
 * The cursor is a place in the order, which is the same for as long as a rule
 * exists. So the walk survives any change: it misses no rule that is there all
 * the time and shows none twice.
 *
 * Return: the rule, valid in the caller's RCU read section, or NULL.
 */
const struct sst_rule *sst_policy_next(const struct sst_policy *policy,
				       struct sst_policy_cursor *cursor)
{
	const struct sst_rule *out, *in, *next;

	out = after(rcu_dereference(policy->out), cursor);
	in = after(rcu_dereference(policy->in), cursor);
	if (!out || !in) {
		next = out ?: in;
	} else {
		struct sst_policy_cursor place = place_of(out);

		next = is_after(in, &place) ? out : in;
	}
	if (next)
		*cursor = place_of(next);
	return next;
}

static bool matches(const struct sst_rule *rule, const struct sst_tuple *tuple,
		    u16 port)
{
	const struct sst_rule_spec *spec = &rule->spec;

	if (port < spec->first_port || port > spec->last_port)
		return false;
	if (spec->proto && spec->proto != tuple->proto)
		return false;
	if (spec->family == NFPROTO_UNSPEC)
		return true;
	return spec->family == tuple->family &&
	       !differ(&tuple->remote, &spec->addr, &rule->mask);
}

/* The first rule that fits, from index @at on, which becomes the one behind it. */
static struct sst_rule *next_fit(const struct sst_rules *rules,
				 unsigned int *at,
				 const struct sst_tuple *tuple, __be16 port)
{
	struct sst_rule *rule;

	while (*at < rules->count) {
		rule = rules->rule[(*at)++];
		if (matches(rule, tuple, ntohs(port)))
			return rule;
	}
	return NULL;
}

/* The rule that decides about a flow, NULL when none does. */
static const struct sst_rule *decide(const struct sst_rules *rules,
				     const struct sst_tuple *tuple, __be16 port)
{
	struct sst_rule *rule;
	unsigned int at = 0;

	rule = rules ? next_fit(rules, &at, tuple, port) : NULL;
	if (rule)
		atomic64_inc(&rule->hits);
	return rule;
}

/**
 * sst_policy_out() - what becomes of a flow that this host opens?
 * @policy: rules of the namespace; the caller is in an RCU read section
 * @tuple: its real tuple
 * @peer: output: name of the only peer with which it may be opened, valid in the
 *	caller's RCU read section, or NULL
 *
 * Counts as a hit: ask once for a flow.
 *
 * Return: enum sst_verdict; SST_VERDICT_CLEAR when no rule matches.
 */
u8 sst_policy_out(const struct sst_policy *policy,
		  const struct sst_tuple *tuple, const char **peer)
{
	const struct sst_rule *rule;

	rule = decide(rcu_dereference(policy->out), tuple, tuple->rport);
	*peer = rule && names_peer(&rule->spec) ? rule->spec.peer : NULL;
	return rule ? rule->spec.verdict : SST_VERDICT_CLEAR;
}

/**
 * sst_policy_in() - what becomes of a clear flow that another host opens?
 * @policy: rules of the namespace; the caller is in an RCU read section
 * @tuple: its real tuple
 *
 * Counts as a hit: ask once for a flow.
 *
 * Return: SST_VERDICT_CLEAR, also when no rule matches, or
 * SST_VERDICT_REQUIRE.
 */
u8 sst_policy_in(const struct sst_policy *policy, const struct sst_tuple *tuple)
{
	const struct sst_rule *rule;

	rule = decide(rcu_dereference(policy->in), tuple, tuple->lport);
	return rule ? rule->spec.verdict : SST_VERDICT_CLEAR;
}

/**
 * sst_policy_enter() - may another host open a sealed flow?
 * @policy: rules of the namespace; the caller is in an RCU read section
 * @tuple: its real tuple
 * @peer: name of the peer who opens it, or NULL when that is nobody
 *
 * If the first rule that fits names a peer, all rules that fit and name one are
 * the list of those who may. One that names none adds nobody to it: else a rule
 * about more ports, or more addresses, would open what this one closes.
 *
 * Where rules ask who it is, this counts as a hit of the one that says yes, or
 * of the first that fits: ask once for a flow.
 *
 * Return: enum sst_policy_entry.
 */
enum sst_policy_entry sst_policy_enter(const struct sst_policy *policy,
				       const struct sst_tuple *tuple,
				       const char *peer)
{
	const struct sst_rules *rules = rcu_dereference(policy->in);
	struct sst_rule *first, *rule;
	unsigned int at = 0;

	if (!rules || !rules->names_peers)
		return SST_POLICY_ENTRY_ANYONE;
	first = next_fit(rules, &at, tuple, tuple->lport);
	if (!first || !names_peer(&first->spec))
		return SST_POLICY_ENTRY_ANYONE;
	rule = peer ? first : NULL;
	while (rule && strcmp(rule->spec.peer, peer))
		rule = next_fit(rules, &at, tuple, tuple->lport);
	atomic64_inc(rule ? &rule->hits : &first->hits);
	return rule ? SST_POLICY_ENTRY_PEER : SST_POLICY_ENTRY_REFUSED;
}
