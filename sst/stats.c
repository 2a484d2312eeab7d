// SPDX-License-Identifier: GPL-2.0
/*
 * Per-CPU counters, one for each outcome of a packet. Their meaning is
 * written down in Documentation/netlink/specs/sst.yaml.
 */
#include <linux/cpumask.h>
#include <linux/string.h>

#include "stats.h"

/**
 * sst_stats_sum() - add up the counters of all CPUs
 * @sum: output
 * @stats: counters of a namespace
 *
 * A counter may move while it is read; on 32-bit machines its halves may even
 * come from before and after a carry, which costs one odd reading in 2^32
 * packets and no lock in the data path.
 */
void sst_stats_sum(struct sst_stats *sum,
		   const struct sst_stats __percpu *stats)
{
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct sst_stats *one = per_cpu_ptr(stats, cpu);

		for (i = 0; i < ARRAY_SIZE(sum->value); i++)
			sum->value[i] += READ_ONCE(one->value[i]);
	}
}
