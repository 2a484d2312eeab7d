/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PERNET_H
#define _SST_PERNET_H

#include <linux/ratelimit.h>
#include <net/net_namespace.h>

#include "flowtable.h"
#include "stats.h"
#include "usedkeys.h"

/**
 * struct sst_config - tunables of a namespace
 * @mark: IPv6 mark: traffic class bits in the high byte, their value on SST
 *	packets in the low one; together, so that nobody sees half a change
 * @dscp: enum sst_dscp
 * @rekey_packets: packets sealed under one key
 * @rekey_seconds: life of a sending key after its first use
 * @max_flows: bound on the flows
 *
 * Written by netlink handlers, which the family serializes, with
 * WRITE_ONCE(); read anywhere with READ_ONCE().
 */
struct sst_config {
	u16 mark;
	u8 dscp;
	u32 rekey_packets;
	u32 rekey_seconds;
	u32 max_flows;
};

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

#define SST_CONFIG_MARK(mask, value)	((mask) << 8 | (value))

static inline u8 sst_config_mark_mask(const struct sst_config *cfg)
{
	return READ_ONCE(cfg->mark) >> 8;
}

static inline u8 sst_config_mark_value(const struct sst_config *cfg)
{
	return READ_ONCE(cfg->mark) & 0xff;
}

/* Does an IPv6 packet with this traffic class carry the mark? */
static inline bool sst_config_is_marked(const struct sst_config *cfg, u8 tclass)
{
	u16 mark = READ_ONCE(cfg->mark);

	return (tclass & (mark >> 8)) == (mark & 0xff);
}

struct sst_net *sst_pernet(const struct net *net);
int sst_pernet_init(void);
void sst_pernet_exit(void);
int sst_pernet_activate(struct sst_net *sn);
void sst_pernet_drop_flow(struct sst_net *sn, struct sst_flow *flow, u8 reason);

#endif /* _SST_PERNET_H */
