/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ADMIT_H
#define _SST_ADMIT_H

#include "flow.h"
#include "openid.h"
#include "packet.h"
#include "unseal.h"

struct sst_derived;
struct sst_net;

/**
 * struct sst_arrival - an opening that verified and has no flow yet
 * @pkt: the packet
 * @trailer: its trailer
 * @box: what it seals
 * @key: key of its packets
 * @id: names the opening
 * @party: of the association or key under which it verified
 * @assoc_uid: association that its flow will hang on
 * @assoc: association that it opens on, NULL of one that makes another
 * @derived: association that it makes; then @enc_r belongs to it. Whoever makes
 *	the flow takes it.
 * @enc_r: ephemeral public key of this host
 * @real: real tuple, with an alias port where one is needed
 * @old: flow that it takes the place of, or NULL
 * @fresh: its payload may be delivered at once
 * @unlisted: it is found by its real tuple only once it is confirmed
 * @unproven: nothing of it is delivered before its flow is confirmed: it has an
 *	identity to prove
 * @asked: the same, because its payload may have come in another INIT
 * @mark: enum sst_mark, which of its packets this host marks
 * @limited: nobody has shown yet that its sender gets what is sent to it
 * @syn_seq: our own SYN's sequence number, when both sides opened
 */
struct sst_arrival {
	struct sst_pkt *pkt;
	const struct sst_trailer *trailer;
	struct sst_open_box box;
	u8 key[SST_SECRET_SIZE];
	struct sst_open_id id;
	struct sst_party party;
	u64 assoc_uid;
	const struct sst_assoc *assoc;
	struct sst_derived *derived;
	u8 enc_r[SST_PUBLIC_SIZE];
	struct sst_tuple real;
	struct sst_flow *old;
	bool fresh;
	bool unlisted;
	bool unproven;
	bool asked;
	u8 mark;
	bool limited;
	u32 syn_seq;
};

bool sst_admit_tuple_is_free(struct sst_net *sn, const struct sst_tuple *wire);
bool sst_admit_carries_data(const struct sst_arrival *a);
struct sst_flow *sst_admit_find(struct sst_net *sn, const struct sst_open_id *id,
				const struct sst_tuple *wire);
int sst_admit_by_rules(struct sst_net *sn, struct sst_arrival *a, u32 claimed);
int sst_admit_take(struct sst_net *sn, const struct sst_open_id *id,
		   const struct sst_flow *flow, u32 seq);
bool sst_admit_yields(struct sst_net *sn, struct sst_arrival *a);
int sst_admit(struct sst_net *sn, struct sst_arrival *a, struct sst_flow **flow);

#endif /* _SST_ADMIT_H */
