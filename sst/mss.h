/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_MSS_H
#define _SST_MSS_H

#include <linux/types.h>
#include <net/tcp.h>

#include "packet.h"

struct net_device;
struct sst_flow;

void sst_mss_reserve(struct sst_flow *flow, struct sock *sk);
u16 sst_mss_clamp_syn(struct sst_pkt *pkt, const struct net_device *in);

/**
 * sst_mss_clamp() - shrink the MSS that a peer's SYN announces
 * @pkt: opened packet, its headers writable
 * @in: device it came in by
 *
 * Return: the MSS that it announced, or 0 when it was left as it is.
 */
static inline u16 sst_mss_clamp(struct sst_pkt *pkt, const struct net_device *in)
{
	/* Of UDP no flags are known. */
	if ((pkt->covered[1] & (TCPHDR_SYN | TCPHDR_ACK)) != TCPHDR_SYN)
		return 0;
	return sst_mss_clamp_syn(pkt, in);
}

#endif /* _SST_MSS_H */
