// SPDX-License-Identifier: GPL-2.0
/*
 * What waits for public-key work: the bounds, what waits together, and the end.
 * The work itself is taken away here, so that all of it stays where it is.
 */
#include <kunit/test.h>

#include "fixture.h"
#include "queue.h"
#include "stats.h"

#define IFINDEX		99
#define WITH_FIRST	(1 + SST_QUEUE_BEHIND)

struct work {
	struct sst_queue queue;
	struct net_device *dev;
};

static void do_nothing(struct work_struct *work)
{
}

static void free_queue(void *queue)
{
	sst_queue_stop(queue);
	sst_queue_exit(queue);
}

static struct work *new_work(struct kunit *test)
{
	struct work *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, w);
	w->dev = sst_test_device(test, 1500);
	w->dev->ifindex = IFINDEX;
	KUNIT_ASSERT_EQ(test, 0, sst_queue_init(&w->queue, NULL));
	INIT_WORK(&w->queue.work, do_nothing);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_queue,
							   &w->queue));
	return w;
}

static struct sk_buff *new_packet(struct kunit *test, struct work *w)
{
	static const struct sst_test_desc desc = {
		.family = NFPROTO_IPV4, .proto = IPPROTO_UDP,
	};
	struct sk_buff *skb;
	unsigned int len;
	u8 bytes[64];

	len = sst_test_build(bytes, &desc);
	skb = sst_test_skb(test, bytes, len, SST_TEST_ROOM, 0);
	skb->dev = w->dev;
	return skb;
}

static void get_id(struct sst_open_id *id, u32 n)
{
	memset(id, 0, sizeof(*id));
	id->uid = 1;
	memcpy(id->salt_i + sizeof(id->salt_i) - sizeof(n), &n, sizeof(n));
}

/* A packet of the source with this byte in its address. */
static void get_pkt(struct sst_pkt *pkt, struct sk_buff *skb, u8 source)
{
	memset(pkt, 0, sizeof(*pkt));
	pkt->skb = skb;
	sst_test_tuple(&pkt->tuple, NFPROTO_IPV4, IPPROTO_UDP, 1, 2);
	((u8 *)&pkt->tuple.remote)[3] = source;
}

/* It is the queue's now, or still ours. */
static int settle(struct kunit *test, struct sk_buff *skb, int reason)
{
	if (reason)
		sst_test_skb_free(test, skb);
	else
		sst_test_skb_stolen(test, skb);
	return reason;
}

/* Give an opening to the queue, or see why it does not take it. */
static int put_id(struct kunit *test, struct work *w, u8 source,
		  const struct sst_open_id *id, struct sk_buff *skb)
{
	struct sst_pkt pkt;

	get_pkt(&pkt, skb, source);
	return settle(test, skb, sst_queue_opening(&w->queue, id, &pkt));
}

static int put_skb(struct kunit *test, struct work *w, u32 n,
		   struct sk_buff *skb)
{
	struct sst_open_id id;

	get_id(&id, n);
	return put_id(test, w, 1, &id, skb);
}

static int put_from(struct kunit *test, struct work *w, u8 source, u32 n)
{
	struct sst_open_id id;

	get_id(&id, n);
	return put_id(test, w, source, &id, new_packet(test, w));
}

static int put(struct kunit *test, struct work *w, u32 n)
{
	return put_from(test, w, 1, n);
}

static int put_answer(struct kunit *test, struct work *w, u32 flow_id,
		      const u8 enc_r[SST_PUBLIC_SIZE])
{
	struct sk_buff *skb = new_packet(test, w);
	struct sst_pkt pkt;

	get_pkt(&pkt, skb, 1);
	return settle(test, skb, sst_queue_answer(&w->queue, flow_id, enc_r,
						  &pkt));
}

static unsigned int take_oldest(struct kunit *test, struct work *w,
				struct sst_open_id *id)
{
	struct sst_queued *entry;
	struct sk_buff_head packets;
	unsigned int n;

	entry = list_first_entry_or_null(&w->queue.order, struct sst_queued,
					 order);
	KUNIT_ASSERT_NOT_NULL(test, entry);
	*id = entry->key.id;
	sst_queue_take(&w->queue, entry, &packets);
	n = skb_queue_len(&packets);
	__skb_queue_purge(&packets);
	kfree(entry);
	return n;
}

/* One opening: the first packet and four behind it, then again. */
static void queue_behind(struct kunit *test)
{
	struct work *w = new_work(test);
	struct sst_open_id id, want;
	unsigned int i;

	for (i = 0; i < WITH_FIRST; i++)
		KUNIT_EXPECT_EQ(test, 0, put(test, w, 7));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE, put(test, w, 7));
	KUNIT_EXPECT_EQ(test, 1, w->queue.count);
	/* Another opening does not suffer. */
	KUNIT_EXPECT_EQ(test, 0, put(test, w, 8));
	KUNIT_EXPECT_EQ(test, 2, w->queue.count);

	get_id(&want, 7);
	KUNIT_EXPECT_EQ(test, WITH_FIRST, take_oldest(test, w, &id));
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&want, (u8 *)&id, sizeof(id));
	KUNIT_EXPECT_EQ(test, 1, w->queue.count);
	KUNIT_EXPECT_EQ(test, 0, put(test, w, 7));
	KUNIT_EXPECT_EQ(test, 1, take_oldest(test, w, &id));
	KUNIT_EXPECT_EQ(test, 1, take_oldest(test, w, &id));
	KUNIT_EXPECT_MEMEQ(test, (u8 *)&want, (u8 *)&id, sizeof(id));
	KUNIT_EXPECT_EQ(test, 0, w->queue.count);
	KUNIT_EXPECT_EQ(test, 0, w->queue.bytes);
}

/* Each byte of the name counts, the key that it is for, and the flow. */
static void queue_key(struct kunit *test)
{
	struct work *w = new_work(test);
	unsigned int i, n = 0;
	struct sst_open_id id;

	for (i = 0; i < SST_PUBLIC_SIZE; i++) {
		get_id(&id, 0);
		id.salt_i[i] = 0x80;
		KUNIT_ASSERT_EQ(test, 0, put_id(test, w, 1, &id,
						new_packet(test, w)));
		KUNIT_EXPECT_EQ(test, ++n, w->queue.count);
	}
	get_id(&id, 0);
	id.salt_i[0] = 0x80;
	id.uid = 2;
	KUNIT_ASSERT_EQ(test, 0,
			put_id(test, w, 1, &id, new_packet(test, w)));
	KUNIT_EXPECT_EQ(test, ++n, w->queue.count);
	for (i = 1; i <= 2; i++) {
		KUNIT_ASSERT_EQ(test, 0, put_answer(test, w, i, id.salt_i));
		KUNIT_EXPECT_EQ(test, ++n, w->queue.count);
	}
	KUNIT_ASSERT_EQ(test, 0, put_answer(test, w, 2, id.salt_i));
	KUNIT_EXPECT_EQ(test, n, w->queue.count);
	/* It is the same opening from wherever a NAT lets it come. */
	KUNIT_ASSERT_EQ(test, 0,
			put_id(test, w, 9, &id, new_packet(test, w)));
	KUNIT_EXPECT_EQ(test, n, w->queue.count);
}

/* One source has its part, and gets it back when the work is done. */
static void queue_source(struct kunit *test)
{
	struct work *w = new_work(test);
	struct sst_open_id id;
	unsigned int i;

	for (i = 0; i < SST_QUEUE_SOURCE; i++)
		KUNIT_ASSERT_EQ(test, 0, put_from(test, w, 1, i));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE, put_from(test, w, 1, i));
	KUNIT_EXPECT_EQ(test, 0, put_from(test, w, 2, i));
	/* More of what waits already is no more work. */
	KUNIT_EXPECT_EQ(test, 0, put_from(test, w, 1, 0));
	KUNIT_EXPECT_EQ(test, 2, take_oldest(test, w, &id));
	KUNIT_EXPECT_EQ(test, 0, put_from(test, w, 1, 1000));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE, put_from(test, w, 1, 1001));
	while (w->queue.count)
		take_oldest(test, w, &id);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&w->queue.sources.table.nelems));
}

/*
 * A flood of openings: so many are worked on, the rest is dropped, and the
 * answers that this host waits for still get in.
 */
static void queue_entries(struct kunit *test)
{
	struct work *w = new_work(test);
	struct sst_open_id id;
	unsigned int i;

	get_id(&id, 0);
	for (i = 0; i < SST_QUEUE_OPENINGS; i++) {
		KUNIT_ASSERT_EQ(test, 0,
				put_from(test, w, i / SST_QUEUE_SOURCE, i));
		KUNIT_EXPECT_EQ(test, i + 1 >= SST_QUEUE_OPENINGS / 2,
				sst_queue_is_loaded(&w->queue));
	}
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE, put_from(test, w, 100, i));
	KUNIT_EXPECT_EQ(test, SST_QUEUE_OPENINGS, w->queue.count);
	/* What was refused counts against no source. */
	KUNIT_EXPECT_EQ(test, 3, atomic_read(&w->queue.sources.table.nelems));
	/* One that is in it may still come again. */
	KUNIT_EXPECT_EQ(test, 0, put_from(test, w, 0, 0));
	for (i = SST_QUEUE_OPENINGS; i < SST_QUEUE_MAX; i++)
		KUNIT_ASSERT_EQ(test, 0, put_answer(test, w, i, id.salt_i));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE,
			put_answer(test, w, i, id.salt_i));
	KUNIT_EXPECT_EQ(test, SST_QUEUE_MAX, w->queue.count);
	KUNIT_EXPECT_EQ(test, 2, take_oldest(test, w, &id));
	KUNIT_EXPECT_EQ(test, 0, put_answer(test, w, i, id.salt_i));
}

/* It counts as loaded for a while after the work is done, not only until then. */
static void queue_loaded(struct kunit *test)
{
	struct work *w = new_work(test);
	struct sst_open_id id;
	unsigned int i;
	u64 most;

	for (i = 0; i < SST_QUEUE_OPENINGS / 2 - 1; i++)
		KUNIT_ASSERT_EQ(test, 0,
				put_from(test, w, i / SST_QUEUE_SOURCE, i));
	KUNIT_EXPECT_FALSE(test, sst_queue_is_loaded(&w->queue));
	KUNIT_ASSERT_EQ(test, 0, put_from(test, w, 100, i));
	most = get_jiffies_64() + SST_QUEUE_LOADED_SECONDS * HZ;
	while (w->queue.count)
		take_oldest(test, w, &id);
	KUNIT_EXPECT_TRUE(test, sst_queue_is_loaded(&w->queue));
	/* What is let in meanwhile does not make it longer. */
	KUNIT_ASSERT_EQ(test, 0, put(test, w, 1));
	KUNIT_EXPECT_LE(test, w->queue.loaded_until, most);
	w->queue.loaded_until = get_jiffies_64();
	KUNIT_EXPECT_FALSE(test, sst_queue_is_loaded(&w->queue));
}

/* However few they are, they may only take so much memory. */
static void queue_bytes(struct kunit *test)
{
	struct work *w = new_work(test);
	struct sst_open_id id;
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		skb = new_packet(test, w);
		skb->truesize = SST_QUEUE_BYTES / 4;
		KUNIT_EXPECT_EQ(test, 0, put_skb(test, w, i, skb));
		KUNIT_EXPECT_EQ(test, i >= 1, sst_queue_is_loaded(&w->queue));
	}
	KUNIT_EXPECT_EQ(test, SST_QUEUE_BYTES, w->queue.bytes);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE, put(test, w, 0));
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE, put(test, w, 4));
	KUNIT_EXPECT_EQ(test, 4, w->queue.count);
	KUNIT_EXPECT_EQ(test, 1, take_oldest(test, w, &id));
	KUNIT_EXPECT_EQ(test, SST_QUEUE_BYTES / 4 * 3, w->queue.bytes);
	KUNIT_EXPECT_EQ(test, 0, put(test, w, 4));
}

/* A packet that waits holds no device that may go. */
static void queue_parked(struct kunit *test)
{
	struct work *w = new_work(test);
	struct sk_buff *skb = skb_get(new_packet(test, w));

	KUNIT_EXPECT_EQ(test, 0, put_skb(test, w, 1, skb));
	KUNIT_EXPECT_NULL(test, skb->dev);
	KUNIT_EXPECT_EQ(test, IFINDEX, skb->skb_iif);
	kfree_skb(skb);
}

/* The end of the namespace: all is freed, and nothing comes in any more. */
static void queue_stop(struct kunit *test)
{
	struct work *w = new_work(test);
	struct sk_buff *skbs[3];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(skbs); i++) {
		skbs[i] = skb_get(new_packet(test, w));
		KUNIT_ASSERT_EQ(test, 0, put_skb(test, w, i / 2, skbs[i]));
		KUNIT_EXPECT_EQ(test, 2, refcount_read(&skbs[i]->users));
	}
	sst_queue_stop(&w->queue);
	for (i = 0; i < ARRAY_SIZE(skbs); i++) {
		KUNIT_EXPECT_EQ(test, 1, refcount_read(&skbs[i]->users));
		kfree_skb(skbs[i]);
	}
	KUNIT_EXPECT_EQ(test, 0, w->queue.count);
	KUNIT_EXPECT_EQ(test, 0, w->queue.bytes);
	KUNIT_EXPECT_EQ(test, SST_A_STATS_RX_QUEUE, put(test, w, 9));
	KUNIT_EXPECT_EQ(test, 0, w->queue.count);
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(queue_behind),
	KUNIT_CASE(queue_key),
	KUNIT_CASE(queue_source),
	KUNIT_CASE(queue_entries),
	KUNIT_CASE(queue_loaded),
	KUNIT_CASE(queue_bytes),
	KUNIT_CASE(queue_parked),
	KUNIT_CASE(queue_stop),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "sst_queue",
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
