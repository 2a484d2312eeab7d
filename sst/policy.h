/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_POLICY_H
#define _SST_POLICY_H

#include <linux/atomic.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <linux/xarray.h>
#include <uapi/linux/sst_netlink.h>

#include "packet.h"

/* Rules of a namespace, both directions together. */
#define SST_POLICY_MAX	65536

/**
 * struct sst_rule_spec - which new flows a rule is about, and what it says
 * @addr: addresses of the other host; host bits are 0
 * @prefix_len: bits of @addr that count
 * @family: NFPROTO_IPV4, NFPROTO_IPV6, or NFPROTO_UNSPEC: any address of both
 * @proto: IPPROTO_TCP, IPPROTO_UDP, or 0: both
 * @direction: enum sst_policy_direction
 * @first_port: first port, host byte order; 0 when all ports match
 * @last_port: last port; 65535 when all ports match
 * @verdict: enum sst_verdict
 * @priority: the smallest number is looked at first
 * @peer: name of the peer with which flows are opened, or who opens them, filled
 *	up with zeros; empty when it does not matter. The peer need not exist.
 */
struct sst_rule_spec {
	union nf_inet_addr addr;
	u8 prefix_len;
	u8 family;
	u8 proto;
	u8 direction;
	u16 first_port;
	u16 last_port;
	u8 verdict;
	u32 priority;
	char peer[SST_NAME_MAX + 1];
};

/**
 * struct sst_rule - one rule
 * @mask: mask of the address
 * @spec: what it was made from
 * @id: identifier in its namespace
 * @serial: its age: larger than that of every rule added before
 * @hits: flows that it decided about
 * @rcu: frees the rule after the packets that still look at it
 *
 * All but @hits is immutable.
 */
struct sst_rule {
	union nf_inet_addr mask;
	struct sst_rule_spec spec;
	u32 id;
	u64 serial;
	atomic64_t hits;
	struct rcu_head rcu;
};

/**
 * struct sst_rules - the rules of one direction in their order
 * @rcu: frees the array, but not the rules
 * @count: how many
 * @names_peers: one of them names a peer
 * @rule: sorted by priority, then by age
 *
 * Immutable: every change makes a new array.
 */
struct sst_rules {
	struct rcu_head rcu;
	unsigned int count;
	bool names_peers;
	struct sst_rule *rule[];
};

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
 */
struct sst_policy {
	struct sst_rules __rcu *out;
	struct sst_rules __rcu *in;
	struct xarray by_id;
	struct mutex lock; /* see above */
	unsigned int count;
	u32 last_id;
	u64 last_serial;
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
int sst_policy_del(struct sst_policy *policy, u32 id);
void sst_policy_flush(struct sst_policy *policy, u8 direction);
void sst_policy_clear(struct sst_policy *policy);

const struct sst_rule *sst_policy_by_id(struct sst_policy *policy, u32 id);
const struct sst_rule *sst_policy_next(const struct sst_policy *policy,
				       struct sst_policy_cursor *cursor);
bool sst_policy_has_host_bits(const struct sst_rule_spec *spec);

u8 sst_policy_out(const struct sst_policy *policy,
		  const struct sst_tuple *tuple, const char **peer);
u8 sst_policy_in(const struct sst_policy *policy,
		 const struct sst_tuple *tuple);
enum sst_policy_entry sst_policy_enter(const struct sst_policy *policy,
				       const struct sst_tuple *tuple,
				       const char *peer);

/* Two tests, for callers that may hold no lock. */
static inline bool sst_policy_is_empty(const struct sst_policy *policy)
{
	return !rcu_access_pointer(policy->out) &&
	       !rcu_access_pointer(policy->in);
}

#endif /* _SST_POLICY_H */
