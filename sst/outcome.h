/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_OUTCOME_H
#define _SST_OUTCOME_H

#include <linux/netfilter.h>

#include "flow.h"
#include "pernet.h"
#include "stats.h"
#include "trace.h"

/*
 * Functions of the data path return 0 or the reason to drop the packet, which
 * is the name of a counter (SST_A_STATS_*). Here a reason becomes a verdict,
 * and nowhere a packet is dropped without one.
 */

/**
 * sst_drop() - count a packet that is dropped
 * @sn: namespace
 * @flow: its flow, or NULL
 * @reason: SST_A_STATS_*
 *
 * Return: NF_DROP.
 */
static inline unsigned int sst_drop(struct sst_net *sn,
				    const struct sst_flow *flow, int reason)
{
	sst_stats_inc(sn->stats, reason);
	trace_sst_drop(flow ? flow->id : 0, reason);
	return NF_DROP;
}

#endif /* _SST_OUTCOME_H */
