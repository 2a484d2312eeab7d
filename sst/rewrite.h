/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_REWRITE_H
#define _SST_REWRITE_H

#include <net/dsfield.h>
#include <net/ip.h>

#include "packet.h"
#include "wire.h"

/**
 * struct sst_rewrite - how the headers of a packet change
 * @sport: source port to write
 * @dport: destination port to write
 * @dsfield: TOS or traffic class to write; that of IPv6 holds the mark
 * @frag_off: fragment field of IPv4 to write; sst_rewrite_open() takes only the
 *	mark away
 */
struct sst_rewrite {
	__be16 sport;
	__be16 dport;
	u8 dsfield;
	__be16 frag_off;
};

/* The fragment field of an IPv4 packet that leaves whole (protocol section 2). */
static inline __be16 sst_rewrite_frag_off(bool marked)
{
	return marked ? htons(SST_MARK_IPV4 | IP_DF) : htons(IP_DF);
}

int sst_rewrite_shorten(struct sst_pkt *pkt, u32 seglen);
int sst_rewrite_prepare_seal(struct sst_pkt *pkt);
void *sst_rewrite_add_trailer(struct sst_pkt *pkt, unsigned int len);
void sst_rewrite_seal(struct sst_pkt *pkt, const struct sst_rewrite *rw,
		      const void *trailer, unsigned int len);
int sst_rewrite_prepare_open(struct sst_pkt *pkt);
int sst_rewrite_open(struct sst_pkt *pkt, const struct sst_rewrite *rw,
		     const void *trailer, unsigned int len);
int sst_rewrite_label(struct sst_pkt *pkt, const struct sst_rewrite *rw);
void sst_rewrite_mark_ipv6(struct sk_buff *skb, u8 mark);
__sum16 *sst_rewrite_checksum(const struct sst_pkt *pkt);

/**
 * sst_rewrite_unmarked() - the fragment field without the mark
 * @pkt: the packet
 *
 * Return: that of an IPv4 packet; 0 for IPv6.
 */
static inline __be16 sst_rewrite_unmarked(const struct sst_pkt *pkt)
{
	return pkt->tuple.family == NFPROTO_IPV4 ?
	       ip_hdr(pkt->skb)->frag_off & ~htons(SST_MARK_IPV4) : 0;
}

/**
 * sst_rewrite_dsfield() - TOS or traffic class of a packet
 * @pkt: the packet
 *
 * Return: the octet, ECN bits included.
 */
static inline u8 sst_rewrite_dsfield(const struct sst_pkt *pkt)
{
	if (pkt->tuple.family == NFPROTO_IPV4)
		return ipv4_get_dsfield(ip_hdr(pkt->skb));
	return ipv6_get_dsfield(ipv6_hdr(pkt->skb));
}

#endif /* _SST_REWRITE_H */
