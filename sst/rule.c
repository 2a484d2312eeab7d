// SPDX-License-Identifier: GPL-2.0
/* One rule: what it is about, and does it fit? */
#include <linux/cgroup.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "rule.h"

/**
 * sst_rule_fill_mask() - the mask of a prefix
 * @mask: output, as the first words of an IPv6 address
 * @prefix_len: bits that count
 */
void sst_rule_fill_mask(union nf_inet_addr *mask, u8 prefix_len)
{
	struct in6_addr all;

	memset(&all, 0xff, sizeof(all));
	ipv6_addr_prefix(&mask->in6, &all, prefix_len);
}

/**
 * sst_rule_has_host_bits() - is the address more than a prefix?
 * @spec: the rule to be
 *
 * Return: true when bits of the address beyond the prefix are set.
 */
bool sst_rule_has_host_bits(const struct sst_rule_spec *spec)
{
	union nf_inet_addr mask;
	int i;

	sst_rule_fill_mask(&mask, spec->prefix_len);
	for (i = 0; i < ARRAY_SIZE(mask.all); i++)
		if (spec->addr.all[i] & ~mask.all[i])
			return true;
	return false;
}

/**
 * sst_rule_new() - make a rule
 * @spec: what it says; complete and consistent. The rule takes references of its
 *	own.
 *
 * Return: the rule, without identifier, age and hashes of its uses, or NULL.
 */
struct sst_rule *sst_rule_new(const struct sst_rule_spec *spec)
{
	struct sst_rule *rule = kzalloc(sizeof(*rule), GFP_KERNEL_ACCOUNT);

	if (!rule)
		return NULL;
	rule->spec = *spec;
	sst_rule_fill_mask(&rule->mask, spec->prefix_len);
	if (spec->cgroup)
		cgroup_get(spec->cgroup);
	return rule;
}

/**
 * sst_rule_free() - free a rule that no packet can find
 * @rule: the rule
 */
void sst_rule_free(struct sst_rule *rule)
{
	if (rule->spec.cgroup)
		cgroup_put(rule->spec.cgroup);
	kfree(rule);
}

static void free_cb(struct rcu_head *rcu)
{
	sst_rule_free(container_of(rcu, struct sst_rule, rcu));
}

/**
 * sst_rule_free_rcu() - free a rule that packets may still look at
 * @rule: the rule
 */
void sst_rule_free_rcu(struct sst_rule *rule)
{
	call_rcu(&rule->rcu, free_cb);
}

/* Those of direction in that name peers make a list. */
static bool lists_peers(const struct sst_rule_spec *spec)
{
	return spec->direction == SST_POLICY_DIRECTION_IN &&
	       sst_rule_names_peer(spec);
}

/* Less, equal or greater as a number. */
static int order(u64 a, u64 b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

/**
 * sst_rule_compare() - an order of what rules are about
 * @a: a rule
 * @b: a rule
 *
 * Return: 0 when both are about the same flows, peers left out; else less or
 * greater than 0.
 */
int sst_rule_compare(const struct sst_rule *a, const struct sst_rule *b)
{
	const struct sst_rule_spec *x = &a->spec, *y = &b->spec;

	return order(x->direction, y->direction) ?:
	       order(x->family, y->family) ?:
	       order(x->prefix_len, y->prefix_len) ?:
	       order(x->proto, y->proto) ?:
	       order(x->first_port, y->first_port) ?:
	       order(x->last_port, y->last_port) ?:
	       order(x->has_uid, y->has_uid) ?:
	       order(x->first_uid, y->first_uid) ?:
	       order(x->last_uid, y->last_uid) ?:
	       order((uintptr_t)x->cgroup, (uintptr_t)y->cgroup) ?:
	       memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

/**
 * sst_rule_is_same() - are two rules about the same flows?
 * @a: a rule
 * @b: a rule
 *
 * Of two of them one would never decide. But those of direction in that name
 * peers are a list.
 *
 * Return: true, whatever they say about these flows.
 */
bool sst_rule_is_same(const struct sst_rule *a, const struct sst_rule *b)
{
	if (lists_peers(&a->spec) && lists_peers(&b->spec) &&
	    strcmp(a->spec.peer, b->spec.peer))
		return false;
	return !sst_rule_compare(a, b);
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

static bool is_about(const struct sst_rule_spec *spec,
		     const struct sst_subject *who)
{
	if (!who)
		return !sst_rule_asks_who(spec);
	if (spec->has_uid &&
	    (who->uid < spec->first_uid || who->uid > spec->last_uid))
		return false;
	return !spec->cgroup ||
	       sst_subject_group(who, spec->cgroup->level) == spec->cgroup;
}

/**
 * sst_rule_matches() - does a rule fit?
 * @rule: the rule
 * @use: what is asked for
 * @question: what it is asked about
 *
 * Return: true when it does.
 */
bool sst_rule_matches(const struct sst_rule *rule, enum sst_rule_use use,
		      const struct sst_question *question)
{
	const struct sst_rule_spec *spec = &rule->spec;
	const struct sst_tuple *tuple = question->tuple;

	if (question->port < spec->first_port ||
	    question->port > spec->last_port)
		return false;
	if (spec->proto && spec->proto != tuple->proto)
		return false;
	if (spec->family != NFPROTO_UNSPEC &&
	    (spec->family != tuple->family ||
	     differ(&tuple->remote, &spec->addr, &rule->mask)))
		return false;
	if (use == SST_RULE_NAMED && strcmp(spec->peer, question->peer))
		return false;
	return use == SST_RULE_DOUBT || is_about(spec, question->who);
}
