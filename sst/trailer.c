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

static int check_tc(const struct sst_meta *meta, const struct sst_pkt *pkt)
{
	if (meta->tc & SST_ECN_MASK)
		return SST_A_STATS_RX_TC;
	if (meta->tc && pkt->tuple.family != NFPROTO_IPV6)
		return SST_A_STATS_RX_TC;
	return 0;
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
	return check_tc(meta, pkt);
}

/**
 * sst_meta_check_opening() - is this meta one of an OPEN or ACCEPT?
 * @meta: decoded meta, its type is one of these
 * @pkt: the packet
 * @payload: bytes of application payload in the packet
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_meta_check_opening(const struct sst_meta *meta, const struct sst_pkt *pkt,
			   unsigned int payload)
{
	u8 allowed = 0;

	if (meta->type == SST_TYPE_ACCEPT && pkt->tuple.proto == IPPROTO_UDP &&
	    !payload)
		allowed = SST_FLAG_EMPTY;
	if (meta->flags & ~allowed || meta->kri)
		return SST_A_STATS_RX_FLAGS;
	if (meta->type == SST_TYPE_OPEN && pkt->tuple.proto == IPPROTO_TCP &&
	    (pkt->covered[1] & (TCPHDR_FIN | TCPHDR_SYN | TCPHDR_RST |
				TCPHDR_ACK)) != TCPHDR_SYN)
		return SST_A_STATS_RX_NOT_SYN;
	return check_tc(meta, pkt);
}

/**
 * sst_aad_build() - begin the additional authenticated data of a packet
 * @aad: output; all that a DATA has
 * @meta: meta as it stands on the wire
 * @pkt: the packet, for its protocol and the covered TCP bytes
 * @seglen: transport segment without trailer, in bytes
 */
void sst_aad_build(struct sst_aad *aad, const u8 meta[SST_META_SIZE],
		   const struct sst_pkt *pkt, u16 seglen)
{
	BUILD_BUG_ON(sizeof(struct sst_data_trailer) != SST_DATA_TRAILER_SIZE);
	BUILD_BUG_ON(sizeof(struct sst_open_trailer) != SST_OPEN_TRAILER_SIZE);
	BUILD_BUG_ON(sizeof(struct sst_accept_trailer) !=
		     SST_ACCEPT_TRAILER_SIZE);

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

/**
 * sst_aad_append() - clear bytes of a type that has more than DATA
 * @aad: from sst_aad_build()
 * @bytes: as they stand on the wire
 * @len: how many; what was appended in all fits SST_AAD_MAX
 */
void sst_aad_append(struct sst_aad *aad, const void *bytes, u8 len)
{
	memcpy(aad->bytes + aad->len, bytes, len);
	aad->len += len;
}

/**
 * sst_open_box_encode() - content of an OPEN to its bytes
 * @out: output
 * @box: content
 */
void sst_open_box_encode(u8 out[SST_SEALED_OPEN_SIZE],
			 const struct sst_open_box *box)
{
	memset(out, 0, SST_SEALED_OPEN_SIZE);
	memcpy(out, &box->sport, 2);
	memcpy(out + 2, &box->dport, 2);
	out[4] = box->scope;
	put_unaligned_be64(box->time, out + 8);
}

/**
 * sst_open_box_decode() - bytes of an OPEN to their content
 * @box: output
 * @in: opened bytes
 *
 * Return: false when a byte that must be zero is not.
 */
bool sst_open_box_decode(struct sst_open_box *box,
			 const u8 in[SST_SEALED_OPEN_SIZE])
{
	memcpy(&box->sport, in, 2);
	memcpy(&box->dport, in + 2, 2);
	box->scope = in[4];
	box->time = get_unaligned_be64(in + 8);
	return !in[5] && !in[6] && !in[7];
}

/**
 * sst_trailer_size() - length of a trailer
 * @type: SST_TYPE_OPEN, SST_TYPE_ACCEPT or SST_TYPE_DATA
 *
 * Return: its length in bytes.
 */
u8 sst_trailer_size(u8 type)
{
	switch (type) {
	case SST_TYPE_OPEN:
		return SST_OPEN_TRAILER_SIZE;
	case SST_TYPE_ACCEPT:
		return SST_ACCEPT_TRAILER_SIZE;
	default:
		return SST_DATA_TRAILER_SIZE;
	}
}
