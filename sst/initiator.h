/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_INITIATOR_H
#define _SST_INITIATOR_H

#include <linux/in.h>
#include <linux/jiffies.h>
#include <net/tcp.h>
#include <uapi/linux/sst_netlink.h>

#include "flow.h"
#include "packet.h"
#include "wire.h"

struct sst_net;
struct sst_want;
struct sst_trailer;
struct sk_buff;
struct sock;

int sst_initiator_open(struct sst_net *sn, const struct sst_pkt *pkt,
		       const struct sst_want *want, struct sst_flow **flow);
int sst_initiator_check(struct sst_net *sn, const struct sst_pkt *pkt,
			const struct sock *sk, struct sst_flow **flow);
int sst_initiator_accept(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_pkt *pkt,
			 const struct sst_trailer *trailer);
void sst_initiator_keep(struct sst_flow *flow, const struct sk_buff *skb);
int sst_initiator_cookie(struct sst_net *sn, struct sst_flow *flow,
			 const struct sst_trailer *trailer);

/**
 * sst_initiator_is_settled() - is its flow the one for this packet, for certain?
 * @flow: flow of its real tuple
 * @pkt: whole packet on egress
 *
 * A short look that is enough for most.
 *
 * Return: true when sst_initiator_check() has nothing to do.
 */
static inline bool sst_initiator_is_settled(const struct sst_flow *flow,
					    const struct sst_pkt *pkt)
{
	/* Whoever sees it live sees when its answer came. */
	if (smp_load_acquire(&flow->state) != SST_FLOW_STATE_LIVE)
		return false;
	if (pkt->tuple.proto != IPPROTO_UDP)
		return !(pkt->covered[1] & TCPHDR_SYN);
	return get_jiffies_64() - READ_ONCE(flow->rx_last) <
	       SST_REOPEN_IDLE_SECONDS * HZ;
}

#endif /* _SST_INITIATOR_H */
