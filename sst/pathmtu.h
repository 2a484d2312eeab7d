/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PATHMTU_H
#define _SST_PATHMTU_H

#include <linux/skbuff.h>

#include "packet.h"

struct nf_hook_state;

unsigned int sst_pathmtu(const struct sk_buff *skb,
			 const struct nf_hook_state *state);
int sst_pathmtu_fit(struct sst_pkt *pkt, unsigned int trailer,
		    unsigned int mtu, const struct nf_hook_state *state);

/* What every path carries: RFC 791 section 3.2, RFC 8200 section 5. */
#define SST_PATHMTU_LEAST_IPV4	68
#define SST_PATHMTU_LEAST_IPV6	1280

/**
 * sst_pathmtu_fits_any() - does the packet fit whatever the path?
 * @pkt: whole packet on egress, which does not grow
 *
 * Return: true when there is no need to ask for the MTU.
 */
static inline bool sst_pathmtu_fits_any(const struct sst_pkt *pkt)
{
	unsigned int least = pkt->tuple.family == NFPROTO_IPV4 ?
			     SST_PATHMTU_LEAST_IPV4 : SST_PATHMTU_LEAST_IPV6;

	return pkt->thoff + pkt->seglen <= least && !skb_is_gso(pkt->skb);
}

/**
 * sst_pathmtu_fits() - does every packet fit as it is, with its trailer?
 * @pkt: whole packet on egress
 * @trailer: bytes that each of them will grow by
 * @mtu: from sst_pathmtu()
 *
 * Return: true when it does; but of a large packet of IPv6 sst_pathmtu_fit()
 * takes the jumbo option off.
 */
static inline bool sst_pathmtu_fits(const struct sst_pkt *pkt,
				    unsigned int trailer, unsigned int mtu)
{
	if (skb_is_gso(pkt->skb))
		return mtu > trailer &&
		       skb_gso_validate_network_len(pkt->skb, mtu - trailer);
	return pkt->thoff + pkt->seglen + trailer <= mtu;
}

#endif /* _SST_PATHMTU_H */
