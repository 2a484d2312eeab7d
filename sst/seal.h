/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SEAL_H
#define _SST_SEAL_H

#include <linux/types.h>

#include "flow.h"
#include "packet.h"
#include "pernet.h"
#include "rewrite.h"
#include "wire.h"

u8 sst_seal_form_other(const struct sst_flow *flow);
int sst_seal(struct sst_net *sn, struct sst_flow *flow, struct sst_pkt *pkt,
	     u8 form, u8 flags);

/**
 * sst_seal_form() - which trailer a packet of this flow carries now
 * @flow: the flow
 *
 * Return: enum sst_form: of an opening until the peer answered, of an ACCEPT
 * until it confirmed, SST_FORM_DATA from then on. In scope label what has a trailer
 * carries the first of these for as long as the flow lives.
 */
static inline u8 sst_seal_form(const struct sst_flow *flow)
{
	/* Whoever sees the state sees the keys that belong to it. */
	if (smp_load_acquire(&flow->state) == SST_FLOW_STATE_LIVE &&
	    flow->scope != SST_SCOPE_LABEL)
		return SST_FORM_DATA;
	return sst_seal_form_other(flow);
}

/**
 * sst_seal_dsfield() - what stands in the place of TOS or traffic class
 * @sn: namespace
 * @pkt: packet on egress, as its sender made it
 * @marked: it carries the mark
 *
 * Return: the octet, with the ECN bits of the packet.
 */
static inline u8 sst_seal_dsfield(const struct sst_net *sn,
				  const struct sst_pkt *pkt, bool marked)
{
	bool ipv6 = pkt->tuple.family == NFPROTO_IPV6;
	u8 dsfield = sst_rewrite_dsfield(pkt);
	u8 ecn = dsfield & SST_ECN_MASK;

	if (ipv6 && marked)
		return sst_config_mark_value(&sn->cfg) | ecn;
	if (READ_ONCE(sn->cfg.dscp) != SST_DSCP_KEEP)
		return ecn;
	/* What would look like the mark does not stay. */
	return ipv6 && pkt->marked ? ecn : dsfield;
}

#endif /* _SST_SEAL_H */
