/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PREPARE_H
#define _SST_PREPARE_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct sst_net;
struct sst_peer;

/* Peers that are remembered to have used what was ready; beyond it all are. */
#define SST_PREPARE_MAX	32

/**
 * struct sst_prepare - makes ephemeral keys ahead
 * @sn: the namespace
 * @work: in process context
 * @peers: numbers of the peers that need more; @lock
 * @n: how many of them, SST_PREPARE_MAX + 1 for all peers; @lock
 * @stopped: nothing is to be made any more; @lock
 * @lock: softirq-safe; nothing nests inside it but the lock of the workqueue
 */
struct sst_prepare {
	struct sst_net *sn;
	struct work_struct work;
	u32 peers[SST_PREPARE_MAX];
	unsigned int n;
	bool stopped;
	spinlock_t lock; /* see above */
};

void sst_prepare_init(struct sst_prepare *prepare, struct sst_net *sn);
void sst_prepare_flush(struct sst_prepare *prepare);
void sst_prepare_stop(struct sst_prepare *prepare);
void sst_prepare_pairs(struct sst_net *sn);
void sst_prepare_peer(struct sst_net *sn, u32 peer_id);

#endif /* _SST_PREPARE_H */
