/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_MERGE_H
#define _SST_MERGE_H

#include <linux/netfilter.h>

#include "packet.h"
#include "stats.h"

int sst_merge_init(void);
void sst_merge_exit(void);
unsigned int sst_merge_take(struct sst_stats __percpu *stats,
			    const struct sst_pkt *pkt,
			    const struct nf_hook_state *state);

#endif /* _SST_MERGE_H */
