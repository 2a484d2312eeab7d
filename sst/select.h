/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SELECT_H
#define _SST_SELECT_H

#include <linux/types.h>

#include "packet.h"

struct sock;
struct sst_net;
struct sst_peer;
struct sst_rule;
struct sst_subject;

/**
 * struct sst_forecast - what would become of the first packet of a flow
 * @rule: the rule that decides, or NULL
 * @outcome: enum sst_policy_outcome
 * @key: enum sst_policy_key of the key that serves, or 0: there is none
 * @peer: whose key it is, or NULL when it is one of this host
 */
struct sst_forecast {
	const struct sst_rule *rule;
	u8 outcome;
	u8 key;
	const struct sst_peer *peer;
};

/**
 * struct sst_want - how a flow is to be opened
 * @only: number of the only peer with which it may be, or 0
 * @scope: enum sst_scope, what it is to protect
 * @mark: enum sst_mark, which of its packets this host marks
 */
struct sst_want {
	u32 only;
	u8 scope;
	u8 mark;
};

/* What sst_select() says besides the reason to drop a packet. */
#define SST_SELECT_CLEAR	0
#define SST_SELECT_OPEN		(-1)

int sst_select(struct sst_net *sn, const struct sst_pkt *pkt,
	       enum sst_pkt_class class, const struct sock *sk,
	       struct sst_want *want);
void sst_select_foretell_out(struct sst_net *sn, const struct sst_tuple *tuple,
			     const struct sst_subject *who,
			     struct sst_forecast *forecast);
void sst_select_foretell_in(struct sst_net *sn, const struct sst_tuple *tuple,
			    const struct sst_subject *who,
			    struct sst_forecast *forecast);
bool sst_select_is_syn(const struct sst_pkt *pkt);

#endif /* _SST_SELECT_H */
