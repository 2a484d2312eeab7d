/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PERNET_H
#define _SST_PERNET_H

#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>

#include "answer.h"
#include "config.h"
#include "cookie.h"
#include "derived.h"
#include "encap.h"
#include "expect.h"
#include "flowtable.h"
#include "hook.h"
#include "host.h"
#include "jar.h"
#include "limit.h"
#include "peer.h"
#include "policy.h"
#include "prepare.h"
#include "queue.h"
#include "reaper.h"
#include "seen.h"
#include "source.h"
#include "stats.h"
#include "tomb.h"
#include "usedkeys.h"
#include "wish.h"

/**
 * struct sst_net - all that belongs to one network namespace
 * @net: the namespace
 * @all: entry in the list of all namespaces (pernet.c)
 * @cfg: tunables
 * @flows: flows
 * @peers: hosts for which a key is known
 * @hosts: keys of this host
 * @deriveds: associations that were made with others
 * @pairs: ephemeral keys made ahead
 * @prepare: makes them
 * @queue: packets that wait for public-key work
 * @cookies: secrets of the COOKIEs of this host
 * @limits: which sources ask for COOKIEs too often
 * @asked: boot time in seconds when the last COOKIE was sent, 0: never;
 *	READ_ONCE(), WRITE_ONCE()
 * @jar: COOKIEs of other hosts
 * @policy: rules about new flows
 * @wishes: cgroups whose sockets ask for SST
 * @used_keys: keys that were installed
 * @seen: openings whose payload was delivered
 * @seen_inits: the same of INITs. Anyone can make any number of these, which
 *	must not make others' stale.
 * @expects: public keys that sockets expect of their peers
 * @tombs: real tuples of flows that have ended
 * @sources: how many flows each source opened
 * @answers: flows that owe an answer
 * @reaper: ends flows in time
 * @stats: counters
 * @auth_limit: rate of the reports of authentication failures
 * @auth_missed: failures since the last report
 * @guess_limit: rate of openings that are tried by the sender's address
 * @opening_lock: makes the check whether an opening is new and the insertion of
 *	its flow one step. Softirq-safe; inside it nest the locks of @flows,
 *	@seen, @tombs, @sources, @answers and @pin_lock.
 * @pin_lock: serializes @pinned. Softirq-safe.
 * @pinned: this namespace holds the module
 * @hook_lock: serializes the registration of the hooks. Sleeps; inside it nest
 *	the locks of netfilter.
 * @hooked: the netfilter hooks are registered, and the maps of local ports are
 *	there; written under @hook_lock, with release, read with READ_ONCE() or acquire
 * @hooks: the hooks, for this namespace; @hook_lock
 * @sockets_ask: a socket or a wish ever asked for anything; READ_ONCE/WRITE_ONCE
 * @sockets_require: a socket or a wish was ever set to require SST;
 *	READ_ONCE(), WRITE_ONCE(); never false again
 */
struct sst_net {
	struct net *net;
	struct list_head all;
	struct sst_config cfg;
	struct sst_flowtable flows;
	struct sst_peers peers;
	struct sst_hosts hosts;
	struct sst_deriveds deriveds;
	struct sst_pairs pairs;
	struct sst_prepare prepare;
	struct sst_queue queue;
	struct sst_cookies cookies;
	struct sst_limits limits;
	u64 asked;
	struct sst_jar jar;
	struct sst_policy policy;
	struct sst_wishes wishes;
	struct sst_used_keys used_keys;
	struct sst_seen seen;
	struct sst_seen seen_inits;
	struct sst_expects expects;
	struct sst_tombs tombs;
	struct sst_sources sources;
	struct sst_answers answers;
	struct sst_reaper reaper;
	struct sst_stats __percpu *stats;
	struct ratelimit_state auth_limit;
	atomic_t auth_missed;
	struct ratelimit_state guess_limit;
	spinlock_t opening_lock; /* see above */
	spinlock_t pin_lock; /* see above */
	bool pinned;
	struct mutex hook_lock; /* see above */
	bool hooked;
	struct nf_hook_ops hooks[SST_HOOKS];
	bool sockets_ask;
	bool sockets_require;
};

/* Where openings of this form are remembered. */
static inline struct sst_seen *sst_pernet_seen(struct sst_net *sn, u8 form)
{
	return form >> 4 == SST_TYPE_INIT ? &sn->seen_inits : &sn->seen;
}

struct sst_net *sst_pernet(const struct net *net);
int sst_pernet_setup(struct sst_net *sn, struct net *net);
void sst_pernet_cleanup(struct sst_net *sn);
void sst_pernet_forget_all(void);
int sst_pernet_init(void);
void sst_pernet_exit(void);
int sst_pernet_activate(struct sst_net *sn);

#endif /* _SST_PERNET_H */
