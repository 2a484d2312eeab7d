// SPDX-License-Identifier: GPL-2.0
/*
 * Rules that decide which new flows are SST (protocol section 9): changes, and
 * questions. Only packets without a flow ask. How the first rule that fits is found
 * is in ruleset.c.
 */
#include <linux/err.h>
#include <linux/sched.h>
#include <linux/sort.h>
#include <linux/string.h>

#include "policy.h"
#include "scope.h"

int sst_policy_init(struct sst_policy *policy)
{
	memset(policy, 0, sizeof(*policy));
	mutex_init(&policy->lock);
	policy->generation = 1;
	xa_init_flags(&policy->by_id, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	return 0;
}

void sst_policy_exit(struct sst_policy *policy)
{
	sst_policy_clear(policy);
	xa_destroy(&policy->by_id);
	mutex_destroy(&policy->lock);
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

static int why_not(const struct sst_policy *policy,
		   const struct sst_rules *rules, struct sst_rule *rule)
{
	if (sst_rules_same(rules, rule))
		return -EEXIST;
	return policy->count >= SST_POLICY_MAX ? -ENOSPC : 0;
}

static int add_locked(struct sst_policy *policy, struct sst_rule *rule)
{
	struct sst_rules __rcu **rules = slot(policy, rule->spec.direction);
	struct sst_rules *old = locked(policy, rules), *new;
	int err;

	err = why_not(policy, old, rule);
	if (err)
		return err;
	rule->serial = policy->last_serial + 1;
	new = sst_rules_with(old, rule);
	if (IS_ERR(new))
		return PTR_ERR(new);
	/* Identifiers of rules that are gone are not given out again soon. */
	if (xa_alloc_cyclic(&policy->by_id, &rule->id, rule, xa_limit_31b,
			    &policy->last_id, GFP_KERNEL) < 0) {
		sst_rules_free(new);
		return -ENOMEM;
	}
	policy->last_serial = rule->serial;
	policy->count++;
	rcu_assign_pointer(*rules, new);
	sst_rules_free_rcu(old);
	return 0;
}

/**
 * sst_policy_add() - add a rule
 * @policy: rules of the namespace
 * @spec: the rule; complete and consistent
 * @id: output, its identifier
 *
 * Return: 0; -EEXIST when there is a rule about the same flows, whatever it
 * says about them; -ENOSPC; -E2BIG: of more than SST_RULE_KINDS_MAX kinds; -ENOMEM.
 */
int sst_policy_add(struct sst_policy *policy, const struct sst_rule_spec *spec,
		   u32 *id)
{
	struct sst_rule *rule = sst_rule_new(spec);
	int err;

	if (!rule)
		return -ENOMEM;
	mutex_lock(&policy->lock);
	err = add_locked(policy, rule);
	if (!err)
		*id = rule->id;
	mutex_unlock(&policy->lock);
	if (err)
		sst_rule_free(rule);
	return err;
}

/* Readers may still look at it: it is in no array any more. */
static void forget(struct sst_policy *policy, struct sst_rule *rule)
{
	policy->count--;
	xa_erase(&policy->by_id, rule->id);
	sst_rule_free_rcu(rule);
}

static int del_locked(struct sst_policy *policy, u32 id)
{
	struct sst_rule *rule = xa_load(&policy->by_id, id);
	struct sst_rules __rcu **rules;
	struct sst_rules *old, *new = NULL;

	if (!rule)
		return -ENOENT;
	rules = slot(policy, rule->spec.direction);
	old = locked(policy, rules);
	if (old->count > 1) {
		new = sst_rules_without(old, rule);
		if (IS_ERR(new))
			return PTR_ERR(new);
	}
	rcu_assign_pointer(*rules, new);
	forget(policy, rule);
	sst_rules_free_rcu(old);
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

/* Its rules are in force no more. */
static void drop_rules(struct sst_policy *policy, struct sst_rules *old)
{
	unsigned int i;

	for (i = 0; old && i < old->count; i++) {
		forget(policy, old->rule[i]);
		cond_resched();
	}
	sst_rules_free_rcu(old);
}

/* What rules are about, then their age: equals stand side by side. */
static int by_flows(const void *a, const void *b)
{
	const struct sst_rule *x = *(const struct sst_rule **)a;
	const struct sst_rule *y = *(const struct sst_rule **)b;

	return sst_rule_compare(x, y) ?: strcmp(x->spec.peer, y->spec.peer) ?:
	       (x->serial < y->serial ? -1 : 1);
}

/* The order of decision, one direction after the other. */
static int by_place(const void *a, const void *b)
{
	const struct sst_rule *x = *(const struct sst_rule **)a;
	const struct sst_rule *y = *(const struct sst_rule **)b;
	struct sst_policy_cursor place = sst_rule_place(y);

	if (x->spec.direction != y->spec.direction)
		return x->spec.direction < y->spec.direction ? -1 : 1;
	return sst_rule_is_after(x, &place) ? 1 : -1;
}

/* The younger one of two rules about the same flows, or NULL. */
static struct sst_rule *find_same(struct sst_rule **rule, unsigned int count)
{
	unsigned int i;

	sort(rule, count, sizeof(*rule), by_flows, NULL);
	for (i = 1; i < count; i++)
		if (sst_rule_is_same(rule[i - 1], rule[i]))
			return rule[i - 1]->serial > rule[i]->serial ?
			       rule[i - 1] : rule[i];
	return NULL;
}

static void drop_ids(struct sst_policy *policy, struct sst_rule **rule,
		     unsigned int count)
{
	while (count--)
		xa_erase(&policy->by_id, rule[count]->id);
}

/* They lead nowhere yet. */
static int reserve_ids(struct sst_policy *policy, struct sst_rule **rule,
		       unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (xa_alloc_cyclic(&policy->by_id, &rule[i]->id, NULL,
				    xa_limit_31b, &policy->last_id,
				    GFP_KERNEL) < 0) {
			drop_ids(policy, rule, i);
			return -ENOMEM;
		}
		cond_resched();
	}
	return 0;
}

/* All that can fail is done, and nothing is changed: now it is. */
static void publish(struct sst_policy *policy, struct sst_rule **rule,
		    unsigned int count, struct sst_rules *out,
		    struct sst_rules *in)
{
	struct sst_rules *old_out = locked(policy, &policy->out);
	struct sst_rules *old_in = locked(policy, &policy->in);
	unsigned int i;

	rcu_assign_pointer(policy->out, out);
	rcu_assign_pointer(policy->in, in);
	for (i = 0; i < count; i++)
		xa_store(&policy->by_id, rule[i]->id, rule[i], GFP_KERNEL);
	policy->count += count;
	WRITE_ONCE(policy->generation, policy->generation + 1 ?: 1);
	drop_rules(policy, old_out);
	drop_rules(policy, old_in);
}

static int replace_locked(struct sst_policy *policy, struct sst_rule **rule,
			  unsigned int count)
{
	struct sst_rules *out = NULL, *in = NULL;
	unsigned int n_out = 0;
	int err;

	while (n_out < count &&
	       rule[n_out]->spec.direction == SST_POLICY_DIRECTION_OUT)
		n_out++;
	if (n_out)
		out = sst_rules_of(rule, n_out);
	if (IS_ERR(out))
		return PTR_ERR(out);
	if (n_out < count)
		in = sst_rules_of(rule + n_out, count - n_out);
	err = IS_ERR(in) ? PTR_ERR(in) : reserve_ids(policy, rule, count);
	if (err) {
		sst_rules_free(out);
		sst_rules_free(IS_ERR(in) ? NULL : in);
		return err;
	}
	publish(policy, rule, count, out, in);
	return 0;
}

/**
 * sst_policy_replace() - other rules in the place of all that are there
 * @policy: rules of the namespace
 * @rule: the rules, from sst_rule_new(), the oldest first. Sorted; taken over when
 *	they are in force.
 * @count: how many, may be 0
 * @same: output of -EEXIST: which of them, counted from 0 as they came, is about
 *	the same flows as one before it
 *
 * Each packet is decided by the rules before or by those after.
 *
 * Return: 0; -EEXIST, -ENOSPC, -E2BIG, -ENOMEM: nothing has changed, and the caller has
 * the rules.
 */
int sst_policy_replace(struct sst_policy *policy, struct sst_rule **rule,
		       unsigned int count, unsigned int *same)
{
	const struct sst_rule *twice;
	unsigned int i;
	u64 serial;
	int err;

	if (count > SST_POLICY_MAX)
		return -ENOSPC;
	mutex_lock(&policy->lock);
	serial = policy->last_serial + 1;
	for (i = 0; i < count; i++)
		rule[i]->serial = serial + i;
	twice = find_same(rule, count);
	if (twice) {
		*same = twice->serial - serial;
		err = -EEXIST;
	} else {
		sort(rule, count, sizeof(*rule), by_place, NULL);
		err = replace_locked(policy, rule, count);
	}
	if (!err)
		policy->last_serial += count;
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

	mutex_lock(&policy->lock);
	old = locked(policy, rules);
	RCU_INIT_POINTER(*rules, NULL);
	drop_rules(policy, old);
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

/**
 * sst_policy_next() - walk the rules in the order in which they are looked at
 * @policy: rules of the namespace
 * @cursor: all 0 at first; moved to the rule that is returned
 *
 * The cursor is a place in the order, which is the same for as long as a rule
 * exists. So the walk survives rules that come and go: it misses none that is
 * there all the time and shows none twice. When all are replaced it goes on among
 * the new ones; the generation tells.
 *
 * Return: the rule, valid in the caller's RCU read section, or NULL.
 */
const struct sst_rule *sst_policy_next(const struct sst_policy *policy,
				       struct sst_policy_cursor *cursor)
{
	const struct sst_rule *out, *in, *next;

	out = sst_rules_after(rcu_dereference(policy->out), cursor);
	in = sst_rules_after(rcu_dereference(policy->in), cursor);
	if (!out || !in) {
		next = out ?: in;
	} else {
		struct sst_policy_cursor place = sst_rule_place(out);

		next = sst_rule_is_after(in, &place) ? out : in;
	}
	if (next)
		*cursor = sst_rule_place(next);
	return next;
}

/* Direction out is about the port of the peer, in about that of this host. */
static struct sst_question question_of(u8 direction,
				       const struct sst_tuple *tuple,
				       const struct sst_subject *who)
{
	bool in = direction == SST_POLICY_DIRECTION_IN;

	return (struct sst_question) {
		.tuple = tuple,
		.port = ntohs(in ? tuple->lport : tuple->rport),
		.who = who,
	};
}

/* The rule that decides, NULL when none does. Counts as a hit. */
static const struct sst_rule *decide(const struct sst_rules *rules,
				     const struct sst_question *question)
{
	struct sst_rule *rule = sst_rules_decide(rules, question);

	if (rule)
		atomic64_inc(&rule->hits);
	return rule;
}

/**
 * sst_policy_out() - what becomes of a packet that leaves?
 * @policy: rules of the namespace; the caller is in an RCU read section
 * @tuple: its real tuple
 * @who: its sender, or NULL when nobody knows
 * @scope: output, enum sst_scope: what rules protect at least
 *
 * Counts as a hit: ask once for a packet.
 *
 * Return: the rule that decides, or NULL; without one the packet is clear.
 */
const struct sst_rule *sst_policy_out(const struct sst_policy *policy,
				      const struct sst_tuple *tuple,
				      const struct sst_subject *who, u8 *scope)
{
	const struct sst_rules *rules = rcu_dereference(policy->out);
	struct sst_question question =
		question_of(SST_POLICY_DIRECTION_OUT, tuple, who);
	const struct sst_rule *rule = decide(rules, &question);

	*scope = sst_rules_scope(rules, &question, rule, SST_SCOPE_LEAST);
	return rule;
}

/**
 * sst_policy_asks_who() - does it matter to sst_policy_in() who receives?
 * @rules: from sst_policy_rules_in()
 *
 * Return: true when a rule depends on the socket.
 */
bool sst_policy_asks_who(const struct sst_rules *rules)
{
	return rules && rules->asks_who;
}

/**
 * sst_policy_in() - what becomes of a clear packet that arrives?
 * @rules: from sst_policy_rules_in(), the same as sst_policy_asks_who() saw
 * @tuple: its real tuple
 * @who: its receiver, or NULL when nobody knows
 *
 * Counts as a hit: ask once for a packet.
 *
 * Return: SST_VERDICT_CLEAR, also when no rule matches, or
 * SST_VERDICT_REQUIRE.
 */
u8 sst_policy_in(const struct sst_rules *rules, const struct sst_tuple *tuple,
		 const struct sst_subject *who)
{
	struct sst_question question =
		question_of(SST_POLICY_DIRECTION_IN, tuple, who);
	const struct sst_rule *rule;

	rule = decide(rules, &question);
	return rule ? rule->spec.verdict : SST_VERDICT_CLEAR;
}

/**
 * sst_policy_explain() - which rule would decide?
 * @policy: rules of the namespace; the caller is in an RCU read section
 * @direction: enum sst_policy_direction
 * @tuple: real tuple of a packet
 * @who: its sender or receiver, or NULL when nobody knows
 *
 * Does not count as a hit.
 *
 * Return: the rule, or NULL.
 */
const struct sst_rule *sst_policy_explain(const struct sst_policy *policy,
					  u8 direction,
					  const struct sst_tuple *tuple,
					  const struct sst_subject *who)
{
	struct sst_question question = question_of(direction, tuple, who);

	return sst_rules_decide(direction == SST_POLICY_DIRECTION_IN ?
				rcu_dereference(policy->in) :
				rcu_dereference(policy->out), &question);
}

/**
 * sst_policy_enter() - may another host open a sealed flow?
 * @policy: rules of the namespace; the caller is in an RCU read section
 * @tuple: its real tuple
 * @peer: name of the peer who opens it, or NULL when that is nobody
 *
 * If the first rule that fits names a peer, all rules that fit and name one are
 * the list of those who may. One that names none adds nobody to it: else a rule
 * about more ports, or more addresses, would open what this one closes. Rules
 * that depend on the socket have no say in it, for the same reason.
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
	struct sst_question question =
		question_of(SST_POLICY_DIRECTION_IN, tuple, NULL);
	struct sst_rule *first, *rule = NULL;

	if (!rules || !rules->names_peers)
		return SST_POLICY_ENTRY_ANYONE;
	first = sst_rules_first(rules, &question);
	if (!first || !sst_rule_names_peer(&first->spec))
		return SST_POLICY_ENTRY_ANYONE;
	question.peer = peer;
	if (peer)
		rule = sst_rules_named(rules, &question);
	atomic64_inc(rule ? &rule->hits : &first->hits);
	return rule ? SST_POLICY_ENTRY_PEER : SST_POLICY_ENTRY_REFUSED;
}

/**
 * sst_policy_terms_in() - the rule that a sealed flow to this host goes by
 * @rules: from sst_policy_rules_in()
 * @tuple: its real tuple
 * @who: its receiver, or NULL when nobody knows
 * @peer: name of the peer who opens it, whom sst_policy_enter() let in, or NULL
 * @scope: output, enum sst_scope: what the flow protects at least
 *
 * The rule that let the peer in by name, else the one that would decide about a
 * clear packet.
 *
 * Return: the rule, or NULL.
 */
const struct sst_rule *sst_policy_terms_in(const struct sst_rules *rules,
					   const struct sst_tuple *tuple,
					   const struct sst_subject *who,
					   const char *peer, u8 *scope)
{
	struct sst_question question =
		question_of(SST_POLICY_DIRECTION_IN, tuple, who);
	const struct sst_rule *rule;

	*scope = SST_SCOPE_PORTS;
	if (!rules)
		return NULL;
	rule = sst_rules_first(rules, &question);
	if (!rule || !sst_rule_names_peer(&rule->spec) || !peer) {
		rule = sst_rules_decide(rules, &question);
		*scope = sst_rules_scope(rules, &question, rule,
					 SST_SCOPE_PORTS);
		return rule;
	}
	question.peer = peer;
	rule = sst_rules_named(rules, &question);
	if (rule)
		*scope = rule->spec.scope;
	return rule;
}
