/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_RULE_H
#define _SST_RULE_H

#include <linux/atomic.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <linux/types.h>
#include <uapi/linux/sst_netlink.h>

#include "packet.h"
#include "subject.h"

struct cgroup;

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
 * @scope: enum sst_scope of the flows
 * @mark: enum sst_mark: which packets of them this host marks
 * @has_uid: @first_uid and @last_uid count
 * @first_uid: first user of the socket, in the kernel's own numbers
 * @last_uid: last user
 * @cgroup: the socket is in this one or below; NULL when it does not matter. A
 *	rule holds a reference.
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
	u8 scope;
	u8 mark;
	bool has_uid;
	u32 first_uid;
	u32 last_uid;
	struct cgroup *cgroup;
	u32 priority;
	char peer[SST_NAME_MAX + 1];
};

/**
 * enum sst_rule_use - what rules are looked up for
 * @SST_RULE_FITS: it fits a packet and its sender
 * @SST_RULE_NAMED: the same, and it names this peer; direction in
 * @SST_RULE_DOUBT: it fits a packet, but may be about another sender
 * @SST_RULE_USES: number of these
 */
enum sst_rule_use {
	SST_RULE_FITS,
	SST_RULE_NAMED,
	SST_RULE_DOUBT,
	SST_RULE_USES,
};

/**
 * struct sst_rule - one rule
 * @mask: mask of the address
 * @spec: what it was made from
 * @id: identifier in its namespace
 * @serial: its age: larger than that of every rule added before
 * @hash: of what it is looked up by, for each use
 * @hits: packets and openings that it decided about
 * @rcu: frees the rule after the packets that still look at it
 *
 * All but @hits is immutable.
 */
struct sst_rule {
	union nf_inet_addr mask;
	struct sst_rule_spec spec;
	u32 id;
	u64 serial;
	u32 hash[SST_RULE_USES];
	atomic64_t hits;
	struct rcu_head rcu;
};

/**
 * struct sst_question - what rules are asked about
 * @tuple: real tuple of the packet
 * @port: port of the service, host byte order
 * @who: its sender, or with direction in its receiver; NULL when nobody knows
 * @peer: the peer who opens the flow, filled up with zeros, for SST_RULE_NAMED
 */
struct sst_question {
	const struct sst_tuple *tuple;
	u16 port;
	const struct sst_subject *who;
	const char *peer;
};

/* Does it depend on the socket? */
static inline bool sst_rule_asks_who(const struct sst_rule_spec *spec)
{
	return spec->has_uid || spec->cgroup;
}

static inline bool sst_rule_names_peer(const struct sst_rule_spec *spec)
{
	return spec->peer[0];
}

struct sst_rule *sst_rule_new(const struct sst_rule_spec *spec);
void sst_rule_free(struct sst_rule *rule);
void sst_rule_free_rcu(struct sst_rule *rule);
void sst_rule_fill_mask(union nf_inet_addr *mask, u8 prefix_len);
bool sst_rule_has_host_bits(const struct sst_rule_spec *spec);
int sst_rule_compare(const struct sst_rule *a, const struct sst_rule *b);
bool sst_rule_is_same(const struct sst_rule *a, const struct sst_rule *b);
bool sst_rule_matches(const struct sst_rule *rule, enum sst_rule_use use,
		      const struct sst_question *question);

#endif /* _SST_RULE_H */
