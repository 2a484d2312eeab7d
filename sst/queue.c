// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that wait for public-key work, which softirqs have no time for. The
 * work is done once for all packets of one opening; then they take the whole
 * way in again, still sealed (protocol section 6.2). Bounded in number and in
 * memory.
 */
#include <linux/rhashtable.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "held.h"
#include "newassoc.h"
#include "queue.h"
#include "stats.h"

static struct workqueue_struct *workers;

static const struct rhashtable_params params = {
	.key_len = sizeof(struct sst_queue_key),
	.key_offset = offsetof(struct sst_queued, key),
	.head_offset = offsetof(struct sst_queued, node),
	.automatic_shrinking = true,
};

int sst_queue_start(void)
{
	/* On any processor: whoever floods one with packets keeps it busy. */
	workers = alloc_workqueue("sst", WQ_UNBOUND, 0);
	return workers ? 0 : -ENOMEM;
}

/* All namespaces have stopped theirs. */
void sst_queue_end(void)
{
	destroy_workqueue(workers);
}

static struct sst_queued *oldest(struct sst_queue *queue)
{
	struct sst_queued *entry;

	spin_lock_bh(&queue->lock);
	entry = list_first_entry_or_null(&queue->order, struct sst_queued,
					 order);
	spin_unlock_bh(&queue->lock);
	return entry;
}

/* Each entry is removed by whoever works on it (sst_queue_take()). */
static void do_work(struct work_struct *work)
{
	struct sst_queue *queue = container_of(work, struct sst_queue, work);
	struct sst_queued *entry;

	while ((entry = oldest(queue))) {
		if (entry->key.flow_id)
			sst_newassoc_answer(queue->sn, entry);
		else
			sst_newassoc_opening(queue->sn, entry);
		kfree(entry);
		cond_resched();
	}
}

int sst_queue_init(struct sst_queue *queue, struct sst_net *sn)
{
	int err;

	/* A hole in the key would be hashed and compared with the rest. */
	BUILD_BUG_ON(sizeof(struct sst_queue_key) != 48);

	queue->sn = sn;
	INIT_LIST_HEAD(&queue->order);
	spin_lock_init(&queue->lock);
	INIT_WORK(&queue->work, do_work);
	err = rhashtable_init(&queue->table, &params);
	if (err)
		return err;
	err = sst_source_init(&queue->sources);
	if (err)
		rhashtable_destroy(&queue->table);
	return err;
}

/**
 * sst_queue_flush() - wait for the work under way
 * @queue: of the namespace; process context
 */
void sst_queue_flush(struct sst_queue *queue)
{
	flush_work(&queue->work);
}

/**
 * sst_queue_stop() - let nothing in any more; waits for the work under way
 * @queue: of a namespace whose hooks are gone
 */
void sst_queue_stop(struct sst_queue *queue)
{
	struct sk_buff_head packets;
	struct sst_queued *entry;

	spin_lock_bh(&queue->lock);
	queue->stopped = true;
	spin_unlock_bh(&queue->lock);
	cancel_work_sync(&queue->work);
	while ((entry = oldest(queue))) {
		sst_queue_take(queue, entry, &packets);
		__skb_queue_purge(&packets);
		kfree(entry);
	}
}

/* It is empty: its owner has stopped it. */
void sst_queue_exit(struct sst_queue *queue)
{
	sst_source_exit(&queue->sources);
	rhashtable_destroy(&queue->table);
}

static bool has_room(struct sst_queue *queue, const struct sst_queue_key *key,
		     const struct sst_tuple *source)
{
	if (key->flow_id)
		return queue->count < SST_QUEUE_MAX;
	return queue->count < SST_QUEUE_OPENINGS &&
	       sst_source_take(&queue->sources, source, SST_QUEUE_SOURCE);
}

static void leave_room(struct sst_queue *queue, const struct sst_queued *entry)
{
	if (!entry->key.flow_id)
		sst_source_put(&queue->sources, &entry->source);
}

static struct sst_queued *insert(struct sst_queue *queue,
				 const struct sst_queue_key *key,
				 const struct sst_tuple *source)
{
	struct sst_queued *entry;

	entry = kmalloc(sizeof(*entry), GFP_ATOMIC);
	if (!entry)
		return NULL;
	entry->key = *key;
	entry->source = *source;
	__skb_queue_head_init(&entry->packets);
	if (!has_room(queue, key, source))
		goto no_room;
	if (rhashtable_insert_fast(&queue->table, &entry->node, params))
		goto no_entry;
	list_add_tail(&entry->order, &queue->order);
	WRITE_ONCE(queue->count, queue->count + 1);
	return entry;

no_entry:
	leave_room(queue, entry);
no_room:
	kfree(entry);
	return NULL;
}

static int add(struct sst_queue *queue, const struct sst_queue_key *key,
	       const struct sst_pkt *pkt)
{
	struct sst_queued *entry = NULL;
	struct sk_buff *skb = pkt->skb;

	spin_lock_bh(&queue->lock);
	if (!queue->stopped && queue->bytes + skb->truesize <= SST_QUEUE_BYTES) {
		entry = rhashtable_lookup_fast(&queue->table, key, params);
		if (!entry)
			entry = insert(queue, key, &pkt->tuple);
	}
	if (entry && skb_queue_len(&entry->packets) > SST_QUEUE_BEHIND)
		entry = NULL;
	if (entry) {
		sst_held_park(skb);
		WRITE_ONCE(queue->bytes, queue->bytes + skb->truesize);
		__skb_queue_tail(&entry->packets, skb);
		if (sst_queue_is_over_mark(queue))
			WRITE_ONCE(queue->loaded_until, get_jiffies_64() +
				   SST_QUEUE_LOADED_SECONDS * HZ);
		queue_work(workers, &queue->work);
	}
	spin_unlock_bh(&queue->lock);
	return entry ? 0 : SST_A_STATS_RX_QUEUE;
}

/**
 * sst_queue_opening() - an opening waits until its association is made
 * @queue: of the namespace
 * @id: the opening
 * @pkt: the packet as it arrived, at PRE_ROUTING
 *
 * Return: 0 when the packet is no longer the caller's, or the counter of the
 * reason to drop it.
 */
int sst_queue_opening(struct sst_queue *queue, const struct sst_open_id *id,
		      const struct sst_pkt *pkt)
{
	const struct sst_queue_key key = { .id = *id };

	return add(queue, &key, pkt);
}

/**
 * sst_queue_answer() - an answer waits until its association is made
 * @queue: of the namespace
 * @flow_id: identifier of the flow
 * @enc_r: ephemeral public key that the packet carries
 * @pkt: the packet as it arrived, at PRE_ROUTING
 *
 * Return: 0 when the packet is no longer the caller's, or the counter of the
 * reason to drop it.
 */
int sst_queue_answer(struct sst_queue *queue, u32 flow_id,
		     const u8 enc_r[SST_PUBLIC_SIZE],
		     const struct sst_pkt *pkt)
{
	struct sst_queue_key key = { .flow_id = flow_id };

	memcpy(key.id.salt_i, enc_r, sizeof(key.id.salt_i));
	return add(queue, &key, pkt);
}

/**
 * sst_queue_take() - the work on an entry is done: remove it
 * @queue: of the namespace
 * @entry: the oldest; the caller is the only one who removes any, and frees it
 * @packets: output; its packets, which are the caller's
 *
 * Until then more packets may have come to wait behind the first.
 */
void sst_queue_take(struct sst_queue *queue, struct sst_queued *entry,
		    struct sk_buff_head *packets)
{
	struct sk_buff *skb;

	__skb_queue_head_init(packets);
	spin_lock_bh(&queue->lock);
	rhashtable_remove_fast(&queue->table, &entry->node, params);
	list_del(&entry->order);
	WRITE_ONCE(queue->count, queue->count - 1);
	skb_queue_splice_init(&entry->packets, packets);
	skb_queue_walk(packets, skb)
		WRITE_ONCE(queue->bytes, queue->bytes - skb->truesize);
	leave_room(queue, entry);
	spin_unlock_bh(&queue->lock);
}
