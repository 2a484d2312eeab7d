/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PERNET_H
#define _SST_PERNET_H

#include <linux/ratelimit.h>
#include <net/net_namespace.h>

#include "config.h"
#include "flowtable.h"
#include "stats.h"
#include "usedkeys.h"

/**
 * struct sst_net - all that belongs to one network namespace
 * @net: the namespace
 * @cfg: tunables
 * @flows: flows
 * @used_keys: keys that were installed
 * @stats: counters
 * @auth_limit: rate of the reports of authentication failures
 * @auth_missed: failures since the last report
 * @hooked: the netfilter hooks are registered; netlink handlers and the end
 *	of the namespace only
 */
struct sst_net {
	struct net *net;
	struct sst_config cfg;
	struct sst_flowtable flows;
	struct sst_used_keys used_keys;
	struct sst_stats __percpu *stats;
	struct ratelimit_state auth_limit;
	atomic_t auth_missed;
	bool hooked;
};

struct sst_net *sst_pernet(const struct net *net);
int sst_pernet_init(void);
void sst_pernet_exit(void);
int sst_pernet_activate(struct sst_net *sn);
void sst_pernet_drop_flow(struct sst_net *sn, struct sst_flow *flow, u8 reason);

#endif /* _SST_PERNET_H */
