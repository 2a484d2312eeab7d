/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_POLICY_H
#define _SST_POLICY_H

#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <uapi/linux/sst_netlink.h>

#include "packet.h"
#include "ruleset.h"
#include "subject.h"

/* Rules of a namespace, both directions together. */
#define SST_POLICY_MAX	65536

/**
 * struct sst_policy - the rules of one namespace
 * @out: for flows that this host opens; NULL when there are none; RCU,
 *	replaced under @lock
 * @in: for flows that others open; likewise
 * @by_id: the rules of both by identifier; netlink
 * @lock: serializes changes; sleeps, and inside it nests only the lock of
 *	@by_id
 * @count: rules in both; @lock
 * @last_id: identifier given last; @lock
 * @last_serial: age of the newest rule; @lock
 * @generation: grows when all rules are replaced, never 0; written under @lock,
 *	READ_ONCE() without
 */
struct sst_policy {
	struct sst_rules __rcu *out;
	struct sst_rules __rcu *in;
	struct xarray by_id;
	struct mutex lock; /* see above */
	unsigned int count;
	u32 last_id;
	u64 last_serial;
	unsigned int generation;
};

/**
 * enum sst_policy_entry - may a sealed flow be opened to this host?
 * @SST_POLICY_ENTRY_ANYONE: yes, whoever opens it
 * @SST_POLICY_ENTRY_PEER: yes, because of who opens it
 * @SST_POLICY_ENTRY_REFUSED: no, it is for others
 */
enum sst_policy_entry {
	SST_POLICY_ENTRY_ANYONE,
	SST_POLICY_ENTRY_PEER,
	SST_POLICY_ENTRY_REFUSED,
};

int sst_policy_init(struct sst_policy *policy);
void sst_policy_exit(struct sst_policy *policy);

int sst_policy_add(struct sst_policy *policy, const struct sst_rule_spec *spec,
		   u32 *id);
int sst_policy_replace(struct sst_policy *policy, struct sst_rule **rule,
		       unsigned int count, unsigned int *same);
int sst_policy_del(struct sst_policy *policy, u32 id);
void sst_policy_flush(struct sst_policy *policy, u8 direction);
void sst_policy_clear(struct sst_policy *policy);

const struct sst_rule *sst_policy_by_id(struct sst_policy *policy, u32 id);
const struct sst_rule *sst_policy_next(const struct sst_policy *policy,
				       struct sst_policy_cursor *cursor);

const struct sst_rule *sst_policy_out(const struct sst_policy *policy,
				      const struct sst_tuple *tuple,
				      const struct sst_subject *who, u8 *scope);
bool sst_policy_asks_who(const struct sst_rules *rules);
u8 sst_policy_in(const struct sst_rules *rules, const struct sst_tuple *tuple,
		 const struct sst_subject *who);
const struct sst_rule *sst_policy_explain(const struct sst_policy *policy,
					  u8 direction,
					  const struct sst_tuple *tuple,
					  const struct sst_subject *who);
enum sst_policy_entry sst_policy_enter(const struct sst_policy *policy,
				       const struct sst_tuple *tuple,
				       const char *peer);
const struct sst_rule *sst_policy_terms_in(const struct sst_rules *rules,
					   const struct sst_tuple *tuple,
					   const struct sst_subject *who,
					   const char *peer, u8 *scope);

/* Two tests, for callers that may hold no lock. */
static inline bool sst_policy_is_empty(const struct sst_policy *policy)
{
	return !rcu_access_pointer(policy->out) &&
	       !rcu_access_pointer(policy->in);
}

/**
 * sst_policy_rules_in() - the rules about packets that arrive
 * @policy: rules of the namespace; the caller is in an RCU read section
 *
 * Return: them, for one packet, or NULL.
 */
static inline const struct sst_rules *
sst_policy_rules_in(const struct sst_policy *policy)
{
	return rcu_dereference(policy->in);
}

/* Is there a rule about packets to this port? The caller is in an RCU read section. */
static inline bool sst_policy_knows_out(const struct sst_policy *policy,
					u16 port)
{
	return sst_rules_know(rcu_dereference(policy->out), port);
}

#endif /* _SST_POLICY_H */
