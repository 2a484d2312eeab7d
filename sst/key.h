/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_KEY_H
#define _SST_KEY_H

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

#include "counters.h"
#include "keystream.h"
#include "wire.h"

struct sst_flow;
struct sst_net;

/**
 * struct sst_tx_key - packet key of the sending direction
 * @stream: packet key and its blocks
 * @kri: its index; immutable
 * @next_seq: counter of the next packet. 64 bits, so it cannot wrap while
 *	CPUs that lost the race for the last counter still add to it.
 * @first_use: jiffies when counter 0 was taken; READ_ONCE/WRITE_ONCE
 * @rcu: frees the key after the packets that still use it
 */
struct sst_tx_key {
	struct sst_keystream stream;
	u16 kri;
	atomic64_t next_seq;
	unsigned long first_use;
	struct rcu_head rcu;
};

/**
 * struct sst_rx_key - packet key of the receiving direction
 * @stream: packet key and its blocks
 * @kri: index of the key; immutable
 * @expires: jiffies when the key stops being accepted, once it is the
 *	previous one; flow lock
 * @replay: counters that came; flow lock
 * @rcu: frees the key after the packets that still use it
 */
struct sst_rx_key {
	struct sst_keystream stream;
	u16 kri;
	unsigned long expires;
	struct sst_counters replay;
	struct rcu_head rcu;
};

/**
 * struct sst_rx_try - a key with which a packet may be opened
 * @stream: packet key
 * @derived: room for a key that is in no table
 * @rotates: the packet is under a key newer than the current one
 */
struct sst_rx_try {
	struct sst_keystream *stream;
	struct sst_keystream derived;
	bool rotates;
};

int sst_key_init(void);
void sst_key_exit(void);

int sst_key_start(struct sst_flow *flow, gfp_t gfp);
void sst_key_stop(struct sst_flow *flow);

int sst_key_take(struct sst_net *sn, struct sst_flow *flow,
		 struct sst_tx_key **key, u32 *seq);
int sst_key_try(struct sst_flow *flow, u16 kri, u32 seq,
		struct sst_rx_try *attempt);
void sst_key_expire(struct sst_flow *flow);
int sst_key_accept(struct sst_net *sn, struct sst_flow *flow, u16 kri, u32 seq,
		   unsigned int payload);

#endif /* _SST_KEY_H */
