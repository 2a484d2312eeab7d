// SPDX-License-Identifier: GPL-2.0
#include "rates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "show.h"

/**
 * struct sample - the counters of a flow in one dump
 */
struct sample {
	uint32_t id;
	uint32_t age;
	uint64_t tx_bytes;
	uint64_t tx_packets;
	uint64_t rx_bytes;
	uint64_t rx_packets;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t key_of(const struct rates_row *row, enum rates_key key)
{
	switch (key) {
	case RATES_BY_TX:
		return row->rate.tx_bytes;
	case RATES_BY_RX:
		return row->rate.rx_bytes;
	case RATES_BY_PACKETS:
		return row->rate.tx_packets + row->rate.rx_packets;
	case RATES_BY_AGE:
		return UINT32_MAX - row->flow.age;
	case RATES_BY_IDLE:
		return row->flow.has_rx_idle ? row->flow.rx_idle : row->flow.age;
	default:
		return row->rate.tx_bytes + row->rate.rx_bytes;
	}
}

/* Does @a stand before @b? Among equals the older flow. */
static bool is_before(const struct rates_row *a, const struct rates_row *b,
		      enum rates_key key)
{
	uint64_t x = key_of(a, key), y = key_of(b, key);

	return x != y ? x > y : a->flow.id < b->flow.id;
}

/* The rows are a heap while a dump is read: row 0 is the one to go first. */
static void sink(struct rates *rates, unsigned int at)
{
	struct rates_row moved = rates->row[at];
	unsigned int child;

	for (;;) {
		child = 2 * at + 1;
		if (child >= rates->count)
			break;
		if (child + 1 < rates->count &&
		    is_before(&rates->row[child], &rates->row[child + 1], rates->key))
			child++;
		if (!is_before(&moved, &rates->row[child], rates->key))
			break;
		rates->row[at] = rates->row[child];
		at = child;
	}
	rates->row[at] = moved;
}

static void rise(struct rates *rates, unsigned int at)
{
	struct rates_row moved = rates->row[at];

	while (at && is_before(&rates->row[(at - 1) / 2], &moved, rates->key)) {
		rates->row[at] = rates->row[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	rates->row[at] = moved;
}

static void keep_row(struct rates *rates, const struct rates_row *row)
{
	if (rates->count < RATES_ROWS) {
		rates->row[rates->count] = *row;
		rise(rates, rates->count++);
	} else if (is_before(row, &rates->row[0], rates->key)) {
		rates->row[0] = *row;
		sink(rates, 0);
	}
}

/* The same flow in the dump before; both are in the order of ids. */
static const struct sample *find_before(struct rates *rates,
					const struct sample *now)
{
	const struct sample *all = rates->before.items;

	while (rates->next < rates->before.count && all[rates->next].id < now->id)
		rates->next++;
	if (rates->next == rates->before.count || all[rates->next].id != now->id)
		return NULL;
	/* An identifier is given out again. */
	return all[rates->next].age <= now->age ? &all[rates->next] : NULL;
}

static uint64_t per_second(const struct rates *rates, uint64_t now, uint64_t before)
{
	if (!rates->interval || now < before)
		return 0;
	return (uint64_t)((double)(now - before) * 1e6 / (double)rates->interval + 0.5);
}

static void take_flow(const struct sst_flow *flow, void *data)
{
	static const struct sample nothing;
	struct rates_row row = { .flow = *flow };
	struct rates *rates = data;
	const struct sample *before;
	struct sample *now;

	if (!flow_family_wanted(flow) || rates->no_memory)
		return;
	now = list_add(&rates->now, sizeof(*now));
	if (!now) {
		rates->no_memory = true;
		return;
	}
	*now = (struct sample){
		flow->id, flow->age, flow->tx_bytes, flow->tx_packets,
		flow->rx_bytes, flow->rx_packets
	};
	before = find_before(rates, now);
	if (!before)
		before = &nothing;
	row.rate.tx_bytes = per_second(rates, now->tx_bytes, before->tx_bytes);
	row.rate.tx_packets = per_second(rates, now->tx_packets, before->tx_packets);
	row.rate.rx_bytes = per_second(rates, now->rx_bytes, before->rx_bytes);
	row.rate.rx_packets = per_second(rates, now->rx_packets, before->rx_packets);
	rates->total.tx_bytes += row.rate.tx_bytes;
	rates->total.tx_packets += row.rate.tx_packets;
	rates->total.rx_bytes += row.rate.rx_bytes;
	rates->total.rx_packets += row.rate.rx_packets;
	rates->flows++;
	keep_row(rates, &row);
}

int rates_take(struct rates *rates)
{
	uint64_t taken = now_us();
	int rc;

	list_free(&rates->before);
	rates->before = rates->now;
	rates->now = (struct list){ .items = NULL };
	rates->next = 0;
	rates->interval = rates->taken ? taken - rates->taken : 0;
	rates->taken = taken;
	rates->flows = 0;
	rates->count = 0;
	memset(&rates->total, 0, sizeof(rates->total));
	rc = ipc_flow_dump(take_flow, rates);
	if (!rc && rates->no_memory)
		rc = -ENOMEM;
	rates_sort(rates);
	return rc;
}

/* qsort() has no room for the key. */
static enum rates_key sort_key;

static int compare(const void *a, const void *b)
{
	return is_before(a, b, sort_key) ? -1 : 1;
}

void rates_sort(struct rates *rates)
{
	sort_key = rates->key;
	qsort(rates->row, rates->count, sizeof(rates->row[0]), compare);
}

void rates_free(struct rates *rates)
{
	list_free(&rates->before);
	list_free(&rates->now);
}
