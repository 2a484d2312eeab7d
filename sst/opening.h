/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_OPENING_H
#define _SST_OPENING_H

#include <linux/atomic.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>

#include "cookie.h"
#include "counters.h"
#include "encap.h"
#include "openid.h"
#include "wire.h"
#include "x25519.h"

struct sst_assoc;
struct sst_derived;
struct sst_flow;
struct sst_peer;
struct sk_buff;

/**
 * struct sst_named - entry of an opening in the table of those
 * @node: entry
 * @id: a name of it; immutable while it is in the table
 * @flow: the flow of the opening; immutable
 */
struct sst_named {
	struct rhlist_head node;
	struct sst_open_id id;
	struct sst_flow *flow;
};

/**
 * struct sst_ephemeral - what an initiator makes a new association from
 *	(protocol section 7)
 * @eph: ephemeral key; its public part is enc_i. Its secret part is wiped when
 *	the association is there, and so is @s0.
 * @s0: S0, or A_psk
 * @own: key that proves the identity, when the form says that there is one
 * @cookie: what the proof is made from, when the form says that there is one
 * @kept: copy of the first packet with its real ports, for a COOKIE, or NULL;
 *	lock of the flow
 * @refused: a COOKIE was the answer to its proof
 * @tried: answers whose public-key work was done; lock of the flow
 * @tried_now: how many of those over SST_ACCEPTS_TRIED in @tried_second; the same
 * @tried_second: second in which those over SST_ACCEPTS_TRIED were counted; the
 *	same
 */
struct sst_ephemeral {
	struct sst_pair eph;
	u8 s0[SST_SECRET_SIZE];
	struct sst_pair own;
	struct sst_cookie_box cookie;
	struct sk_buff *kept;
	bool refused;
	u8 tried;
	u8 tried_now;
	unsigned long tried_second;
};

/**
 * struct sst_renewal - re-openings of a flow that made an association
 * @named: their name in the table, once the flow is confirmed; responder only
 * @key: key of their packets; immutable
 * @id: id of the association; immutable
 * @next_seq: counter of the next one; initiator
 */
struct sst_renewal {
	struct sst_named named;
	u8 key[SST_SECRET_SIZE];
	u8 id[SST_ASSOC_ID_SIZE];
	atomic64_t next_seq;
};

/**
 * struct sst_opening - the opening of a flow and its answer (section 5, 6)
 * @first: its name in the table; responder only. @first.id is also an
 *	initiator's, and @first.flow the flow it belongs to.
 * @name: association or key as named on the wire; immutable
 * @assoc_uid: association that the flow hangs on: the new one, once there is
 *	one
 * @time: Unix seconds when the salt was drawn; immutable
 * @open_key: key of its packets; immutable
 * @accept_key: key of ACCEPTs. Of an initiator, until @answered, what becomes
 *	that key with salt_r, if it opened on an association.
 * @salt_r: of the responder's choice, salt_r or enc_r; once @answered it stays
 * @form: enum sst_form of its packets, with flag I; immutable
 * @answered: an ACCEPT verified (initiator), or was prepared (responder); set
 *	with release under the flow's lock after @accept_key and @salt_r
 * @fresh: payload of the opening may be delivered before it is confirmed;
 *	immutable
 * @limited: it may send no more than @credit before it is confirmed; immutable
 * @renewed: @replay is that of re-openings on the association that it made;
 *	flow lock; responder
 * @attempt: how often this flow started over; immutable
 * @step: which of the peer's keys it used, in turn; immutable
 * @only: number of the only peer with which policy lets the flow be opened, or
 *	0; immutable
 * @syn_seq: sequence number of the SYN (host byte order); TCP only; immutable
 * @lifetime: seconds in which flows are opened on the association it made
 * @credit: bytes that may be sent, when @limited
 * @abandoned: uid of the association on which nobody answered before, or 0;
 *	immutable
 * @next_seq: counter of the next OPEN or INIT (initiator) or ACCEPT (responder)
 * @replay: counters of the other type that came; flow lock
 * @last: jiffies when the last was sent or verified; READ_ONCE/WRITE_ONCE
 * @renewal: of one that makes an association, set before @answered; else NULL
 * @ephemeral: of an initiator that makes an association, else NULL; the pointer
 *	is immutable
 * @pending: the association that it made, until others may be opened on it: when
 *	the flow is confirmed (responder), when a DATA confirms it to the peer
 *	(initiator). Belongs to whoever takes it with xchg()
 */
struct sst_opening {
	struct sst_named first;
	u8 name[SST_ASSOC_ID_SIZE];
	u64 assoc_uid;
	u64 time;
	u8 open_key[SST_SECRET_SIZE];
	u8 accept_key[SST_SECRET_SIZE];
	u8 salt_r[SST_PUBLIC_SIZE];
	u8 form;
	bool answered;
	bool fresh;
	bool limited;
	bool renewed;
	u8 attempt;
	u8 step;
	u32 only;
	u32 syn_seq;
	u32 lifetime;
	atomic_t credit;
	u64 abandoned;
	atomic64_t next_seq;
	struct sst_counters replay;
	unsigned long last;
	struct sst_renewal *renewal;
	struct sst_ephemeral *ephemeral;
	struct sst_derived *pending;
};

void sst_opening_begin(struct sst_opening *opening, struct sst_flow *flow);
void sst_opening_end(struct sst_opening *opening);
void sst_opening_publish(struct sst_net *sn, struct sst_opening *opening);
void sst_opening_draw(struct sst_opening *opening,
		      const struct sst_assoc *assoc);
bool sst_opening_draw_init(struct sst_opening *opening,
			   const struct sst_peer *peer,
			   const struct sst_encap *encap);
bool sst_opening_draw_psk(struct sst_opening *opening,
			  const struct sst_peer *peer,
			  const struct sst_pair *pair);
int sst_opening_answer(struct sst_opening *opening,
		       const struct sst_assoc *assoc);
int sst_opening_answer_new(struct sst_opening *opening,
			   const struct sst_assoc *assoc,
			   const u8 enc_r[SST_PUBLIC_SIZE]);
void sst_opening_answered(struct sst_opening *opening);
void sst_opening_renew(struct sst_opening *opening);
int sst_opening_take(atomic64_t *counter, u32 *seq);
void sst_opening_reopen_id(const struct sst_opening *opening,
			   struct sst_open_id *id);

/* Does it make an association? */
static inline bool sst_opening_is_new(const struct sst_opening *opening)
{
	return opening->form != SST_FORM_OPEN;
}

/* Is it one of a public key? */
static inline bool sst_opening_is_init(const struct sst_opening *opening)
{
	return opening->form >> 4 == SST_TYPE_INIT;
}

#endif /* _SST_OPENING_H */
