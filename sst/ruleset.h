/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_RULESET_H
#define _SST_RULESET_H

#include <linux/rcupdate.h>
#include <linux/types.h>

#include "rule.h"

/*
 * Kinds of rules in one direction, by the parts of a packet and its sender that
 * they look at. A packet is looked up once for each, a change compares with all.
 */
#define SST_RULE_KINDS_MAX	1024

struct sst_rule_group;
struct sst_rule_node;

/**
 * struct sst_rules - the rules of one direction in their order
 * @rcu: frees them, but not the rules
 * @count: how many
 * @names_peers: one of them names a peer
 * @asks_who: one of them depends on the socket
 * @ports: bits of the ports that one of them is about
 * @n_groups: number of @groups
 * @groups: rules that look at the same parts of a packet, by what and when the
 *	first of each is looked at
 * @nodes: entries of the tables
 * @heads: the tables, one after the other: first entry of each list, counted
 *	from 1
 * @rule: sorted by priority, then by age
 *
 * Immutable: every change makes a new one.
 */
struct sst_rules {
	struct rcu_head rcu;
	unsigned int count;
	bool names_peers;
	bool asks_who;
	unsigned long *ports;
	unsigned int n_groups;
	struct sst_rule_group *groups;
	struct sst_rule_node *nodes;
	u32 *heads;
	struct sst_rule *rule[];
};

/**
 * struct sst_policy_cursor - place of a walk over all rules
 * @priority: that of the rule shown last
 * @serial: its age; both 0 before the first
 */
struct sst_policy_cursor {
	u32 priority;
	u64 serial;
};

static inline struct sst_policy_cursor
sst_rule_place(const struct sst_rule *rule)
{
	return (struct sst_policy_cursor) {
		.priority = rule->spec.priority,
		.serial = rule->serial,
	};
}

/* Is there a rule about this port? Asks less than sst_rules_decide(). */
static inline bool sst_rules_know(const struct sst_rules *rules, u16 port)
{
	return rules && test_bit(port, rules->ports);
}

bool sst_rule_is_after(const struct sst_rule *rule,
		       const struct sst_policy_cursor *place);

struct sst_rules *sst_rules_of(struct sst_rule **rule, unsigned int count);
struct sst_rules *sst_rules_with(const struct sst_rules *old,
				 struct sst_rule *rule);
struct sst_rules *sst_rules_without(const struct sst_rules *old,
				    const struct sst_rule *rule);
void sst_rules_free(struct sst_rules *rules);
void sst_rules_free_rcu(struct sst_rules *rules);

const struct sst_rule *sst_rules_same(const struct sst_rules *rules,
				      struct sst_rule *rule);
struct sst_rule *sst_rules_after(const struct sst_rules *rules,
				 const struct sst_policy_cursor *place);
struct sst_rule *sst_rules_decide(const struct sst_rules *rules,
				  const struct sst_question *question);
u8 sst_rules_scope(const struct sst_rules *rules,
		   const struct sst_question *question,
		   const struct sst_rule *rule, u8 rest);
struct sst_rule *sst_rules_first(const struct sst_rules *rules,
				 const struct sst_question *question);
struct sst_rule *sst_rules_named(const struct sst_rules *rules,
				 const struct sst_question *question);

#endif /* _SST_RULESET_H */
