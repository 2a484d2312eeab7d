/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_OPENING_H
#define _SST_OPENING_H

#include <linux/atomic.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include "replay.h"
#include "wire.h"

struct sst_assoc;
struct sst_flow;

/**
 * struct sst_open_id - what names an opening in tables
 * @uid: association, unique in the namespace
 * @salt_i: the whole salt that the initiator drew
 */
struct sst_open_id {
	u64 uid;
	u8 salt_i[SST_SALT_SIZE];
};

/**
 * struct sst_opening - the opening of a flow and its answer (section 5, 6)
 * @node: entry in the table by @id; responder only
 * @id: immutable
 * @flow: the flow it belongs to; immutable
 * @assoc_id: association as named on the wire; immutable
 * @time: Unix seconds when @id was drawn; immutable
 * @open_key: key of OPENs; immutable
 * @accept_key: key of ACCEPTs. Of an initiator, until @answered, what becomes
 *	that key with salt_r.
 * @flow_key: of an initiator, until @answered, what becomes T with salt_r and
 *	the context; else zero
 * @salt_r: of the responder's choice; once @answered it stays
 * @answered: an ACCEPT verified (initiator), or was prepared (responder); set
 *	with release under the flow's lock after @accept_key and @salt_r
 * @next_seq: counter of the next OPEN (initiator) or ACCEPT (responder)
 * @replay: counters of the other type that came; flow lock
 * @started: jiffies when the first OPEN of this attempt was sent or verified
 * @last: jiffies when the last OPEN was sent or verified; READ_ONCE/WRITE_ONCE
 * @syn_seq: sequence number of the SYN (host byte order); TCP only; immutable
 * @attempt: how often this flow started over; immutable
 * @fresh: payload of the opening may be delivered before it is confirmed;
 *	immutable
 */
struct sst_opening {
	struct rhlist_head node;
	struct sst_open_id id;
	struct sst_flow *flow;
	u8 assoc_id[SST_ASSOC_ID_SIZE];
	u64 time;
	u8 open_key[SST_SECRET_SIZE];
	u8 accept_key[SST_SECRET_SIZE];
	u8 flow_key[SST_SECRET_SIZE];
	u8 salt_r[SST_SALT_SIZE];
	bool answered;
	bool fresh;
	u8 attempt;
	u32 syn_seq;
	atomic64_t next_seq;
	unsigned long started;
	unsigned long last;
	struct sst_replay replay;
};

int sst_opening_init(void);
void sst_opening_exit(void);
struct sst_opening *sst_opening_new(struct sst_flow *flow);
void sst_opening_free(struct sst_opening *opening);
void sst_opening_draw(struct sst_opening *opening,
		      const struct sst_assoc *assoc);
int sst_opening_answer(struct sst_opening *opening,
		       const struct sst_assoc *assoc);
int sst_opening_take(struct sst_opening *opening, u32 *seq);

#endif /* _SST_OPENING_H */
