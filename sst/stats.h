/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_STATS_H
#define _SST_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <uapi/linux/sst_netlink.h>

/**
 * struct sst_stats - counters of one namespace on one CPU
 * @value: indexed by the netlink attribute that carries the counter
 */
struct sst_stats {
	u64 value[SST_A_STATS_MAX + 1];
};

/*
 * A counter is named by its netlink attribute everywhere in the module
 * (SST_A_STATS_*): functions of the data path return 0 or such a name.
 */
static inline void sst_stats_inc(struct sst_stats __percpu *stats, int counter)
{
	this_cpu_inc(stats->value[counter]);
}

/* The same for a packet that stands for several. */
static inline void sst_stats_add(struct sst_stats __percpu *stats, int counter,
				 unsigned int n)
{
	this_cpu_add(stats->value[counter], n);
}

void sst_stats_sum(struct sst_stats *sum,
		   const struct sst_stats __percpu *stats);

#endif /* _SST_STATS_H */
