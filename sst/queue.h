/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_QUEUE_H
#define _SST_QUEUE_H

#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "openid.h"
#include "packet.h"
#include "source.h"

struct sst_net;

/* Bound on the entries of a namespace, and on the packets behind each of them. */
#define SST_QUEUE_MAX		512
/* Of these for openings of others, the rest is for answers; and of one source. */
#define SST_QUEUE_OPENINGS	384
#define SST_QUEUE_SOURCE	128
#define SST_QUEUE_BEHIND	4

/* Bound on the memory of all packets that wait in a namespace, in bytes. */
#define SST_QUEUE_BYTES		(4 << 20)

/* Half of either is a load, and what was loaded counts as such for so long. */
#define SST_QUEUE_LOADED_SECONDS	1

/**
 * struct sst_queue_key - for what packets wait
 * @id: the opening that makes an association; of an answer, only enc_r in it
 * @flow_id: of an answer, the flow that it belongs to; else 0
 * @zero: padding; the whole structure is a hash key, so it is always 0
 */
struct sst_queue_key {
	struct sst_open_id id;
	u32 flow_id;
	u32 zero;
};

/**
 * struct sst_queued - packets that wait for the same public-key work
 * @node: entry in the table
 * @order: entry in the list, the oldest first
 * @key: what it is
 * @source: tuple of the first packet; of an opening, it counts against its source
 * @packets: these, SST_QUEUE_BEHIND besides the first
 */
struct sst_queued {
	struct rhash_head node;
	struct list_head order;
	struct sst_queue_key key;
	struct sst_tuple source;
	struct sk_buff_head packets;
};

/**
 * struct sst_queue - what waits for public-key work in a namespace
 * @sn: the namespace
 * @table: struct sst_queued by key; @lock
 * @order: these, the oldest first; @lock
 * @count: how many; written under @lock, read with READ_ONCE()
 * @bytes: memory of their packets; written under @lock, read with READ_ONCE()
 * @loaded_until: 64-bit jiffies until when it counts as loaded; written under
 *	@lock, read with READ_ONCE()
 * @sources: how many openings of each source
 * @stopped: nothing comes in any more; @lock
 * @lock: softirq-safe; inside it nest only the locks of the table
 * @work: does the work, one entry after the other, in process context
 */
struct sst_queue {
	struct sst_net *sn;
	struct rhashtable table;
	struct list_head order;
	unsigned int count;
	unsigned int bytes;
	u64 loaded_until;
	struct sst_sources sources;
	bool stopped;
	spinlock_t lock; /* see above */
	struct work_struct work;
};

int sst_queue_start(void);
void sst_queue_end(void);
int sst_queue_init(struct sst_queue *queue, struct sst_net *sn);
void sst_queue_flush(struct sst_queue *queue);
void sst_queue_stop(struct sst_queue *queue);
void sst_queue_exit(struct sst_queue *queue);
int sst_queue_opening(struct sst_queue *queue, const struct sst_open_id *id,
		      const struct sst_pkt *pkt);
int sst_queue_answer(struct sst_queue *queue, u32 flow_id,
		     const u8 enc_r[SST_PUBLIC_SIZE],
		     const struct sst_pkt *pkt);
void sst_queue_take(struct sst_queue *queue, struct sst_queued *entry,
		    struct sk_buff_head *packets);

/* Is so much waiting that whoever asks should show who he is? */
static inline bool sst_queue_is_over_mark(const struct sst_queue *queue)
{
	return READ_ONCE(queue->count) >= SST_QUEUE_OPENINGS / 2 ||
	       READ_ONCE(queue->bytes) >= SST_QUEUE_BYTES / 2;
}

/*
 * Or was it, just now? Else one more would get in for each on which the work is
 * done, and a flood would keep the worker busy all the time.
 */
static inline bool sst_queue_is_loaded(const struct sst_queue *queue)
{
	return time_before64(get_jiffies_64(),
			     READ_ONCE(queue->loaded_until)) ||
	       sst_queue_is_over_mark(queue);
}

#endif /* _SST_QUEUE_H */
