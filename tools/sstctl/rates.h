/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_RATES_H
#define SSTCTL_RATES_H

#include <stdint.h>

#include "ipc.h"
#include "list.h"

/* Which flows carry most: from the counters of two dumps. */

/* Flows that are kept whole; of the others only counters. */
#define RATES_ROWS 512

enum rates_key {
	RATES_BY_RATE,		/* bytes in both directions */
	RATES_BY_TX,		/* bytes that were sent */
	RATES_BY_RX,		/* bytes that came */
	RATES_BY_PACKETS,	/* packets in both directions */
	RATES_BY_AGE,		/* the youngest first */
	RATES_BY_IDLE,		/* the longest silence first */
	RATES_KEYS,
};

/**
 * struct rate - per second
 */
struct rate {
	uint64_t tx_bytes;
	uint64_t tx_packets;
	uint64_t rx_bytes;
	uint64_t rx_packets;
};

/**
 * struct rates_row - a flow
 */
struct rates_row {
	struct sst_flow flow;
	struct rate rate;
};

/**
 * struct rates - all that is known between two dumps
 * @key: what comes first
 * @interval: microseconds between the last two dumps; 0 before the second
 * @flows: flows in the last one
 * @total: of all of them
 * @count: number of rows
 * @row: the first by @key, in order
 *
 * The rest is for rates.c. Of 100,000 flows it takes 10 MB.
 */
struct rates {
	enum rates_key key;
	uint64_t interval;
	uint64_t flows;
	struct rate total;
	unsigned int count;
	struct rates_row row[RATES_ROWS];

	uint64_t taken;
	struct list before;
	struct list now;
	size_t next;
	bool no_memory;
};

/* Dump all flows. Returns 0 or a negative errno, as the functions of ipc.h. */
int rates_take(struct rates *rates);
/* Put the rows in the order of @rates->key, of which there may be others. */
void rates_sort(struct rates *rates);
void rates_free(struct rates *rates);

#endif /* SSTCTL_RATES_H */
