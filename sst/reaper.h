/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_REAPER_H
#define _SST_REAPER_H

#include <linux/types.h>
#include <linux/workqueue.h>

struct sst_net;

/**
 * struct sst_reaper - what ends the flows of a namespace in time
 * @sn: the namespace
 * @work: comes every second while it runs
 * @next: identifier of the flow with which the next step begins; only @work
 */
struct sst_reaper {
	struct sst_net *sn;
	struct delayed_work work;
	u32 next;
};

void sst_reaper_init(struct sst_reaper *reaper, struct sst_net *sn);
void sst_reaper_start(struct sst_net *sn);
void sst_reaper_kick(struct sst_net *sn);
void sst_reaper_stop(struct sst_net *sn);

#endif /* _SST_REAPER_H */
