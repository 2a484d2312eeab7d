// SPDX-License-Identifier: GPL-2.0
/*
 * Trailer codec (protocol section 4): meta and AAD to bytes and back. Pure,
 * no skb.
 */
#include <linux/build_bug.h>
#include <linux/in.h>
#include <linux/string.h>
#include <net/tcp.h>

#include "compat.h"
#include "stats.h"
#include "trailer.h"

/**
 * sst_meta_encode() - meta to its 8 bytes
 * @out: output
 * @meta: type and flags below 16
 */
void sst_meta_encode(u8 out[SST_META_SIZE], const struct sst_meta *meta)
{
	out[0] = meta->type << 4 | meta->flags;
	out[1] = meta->tc;
	put_unaligned_be16(meta->kri, out + 2);
	put_unaligned_be32(meta->seq, out + 4);
}

/**
 * sst_meta_decode() - 8 bytes to meta, without any check
 * @meta: output
 * @in: bytes from the wire
 */
void sst_meta_decode(struct sst_meta *meta, const u8 in[SST_META_SIZE])
{
	meta->type = in[0] >> 4;
	meta->flags = in[0] & 0x0f;
	meta->tc = in[1];
	meta->kri = get_unaligned_be16(in + 2);
	meta->seq = get_unaligned_be32(in + 4);
}

/**
 * sst_meta_check_data() - is this meta one that a DATA packet may carry?
 * @meta: decoded meta
 * @pkt: the packet
 * @payload: bytes of application payload in the packet
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_meta_check_data(const struct sst_meta *meta, const struct sst_pkt *pkt,
			unsigned int payload)
{
	if (meta->type != SST_TYPE_DATA)
		return SST_A_STATS_RX_TYPE;
	if (meta->flags & ~SST_FLAG_EMPTY)
		return SST_A_STATS_RX_FLAGS;
	/* An empty TCP packet is a keepalive: it must not end or reset anything. */
	if (meta->flags & SST_FLAG_EMPTY &&
	    (payload || (pkt->tuple.proto == IPPROTO_TCP &&
			 pkt->covered[1] != TCPHDR_ACK)))
		return SST_A_STATS_RX_FLAGS;
	if (meta->tc & SST_ECN_MASK)
		return SST_A_STATS_RX_TC;
	if (meta->tc && pkt->tuple.family != NFPROTO_IPV6)
		return SST_A_STATS_RX_TC;
	return 0;
}

/**
 * sst_aad_build() - additional authenticated data of a DATA packet
 * @aad: output
 * @meta: meta as it stands on the wire
 * @pkt: the packet, for its protocol and the covered TCP bytes
 * @seglen: transport segment without trailer, in bytes
 */
void sst_aad_build(struct sst_aad *aad, const u8 meta[SST_META_SIZE],
		   const struct sst_pkt *pkt, u16 seglen)
{
	BUILD_BUG_ON(sizeof(struct sst_data_trailer) != SST_DATA_TRAILER_SIZE);

	memcpy(aad->bytes, meta, SST_META_SIZE);
	aad->bytes[8] = pkt->tuple.proto;
	put_unaligned_be16(seglen, aad->bytes + 9);
	aad->len = 11;
	if (pkt->tuple.proto == IPPROTO_TCP) {
		aad->bytes[11] = pkt->covered[0];
		aad->bytes[12] = pkt->covered[1];
		aad->len = 13;
	}
}
