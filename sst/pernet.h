/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PERNET_H
#define _SST_PERNET_H

#include <linux/mutex.h>
#include <linux/ratelimit.h>
#include <linux/spinlock.h>
#include <net/net_namespace.h>

#include "answer.h"
#include "config.h"
#include "flowtable.h"
#include "peer.h"
#include "policy.h"
#include "reaper.h"
#include "seen.h"
#include "source.h"
#include "stats.h"
#include "tomb.h"
#include "usedkeys.h"

/**
 * struct sst_net - all that belongs to one network namespace
 * @net: the namespace
 * @cfg: tunables
 * @flows: flows
 * @peers: hosts with which a pre-shared key is shared
 * @policy: rules about new flows
 * @used_keys: keys that were installed
 * @seen: openings whose payload was delivered
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
 * @hooked: the netfilter hooks are registered; written under @hook_lock, read
 *	with READ_ONCE()
 * @sockets_require: a socket was ever set to require SST; READ_ONCE(),
 *	WRITE_ONCE(); never false again
 */
struct sst_net {
	struct net *net;
	struct sst_config cfg;
	struct sst_flowtable flows;
	struct sst_peers peers;
	struct sst_policy policy;
	struct sst_used_keys used_keys;
	struct sst_seen seen;
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
	bool sockets_require;
};

struct sst_net *sst_pernet(const struct net *net);
int sst_pernet_setup(struct sst_net *sn, struct net *net);
void sst_pernet_cleanup(struct sst_net *sn);
int sst_pernet_init(void);
void sst_pernet_exit(void);
int sst_pernet_activate(struct sst_net *sn);

#endif /* _SST_PERNET_H */
