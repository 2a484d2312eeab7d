// SPDX-License-Identifier: GPL-2.0
/*
 * Which resets end a connection of scope label. Nobody verifies its segments, so
 * whoever sees the wire tuple can make one that the connection's ends would not even
 * look at. Where a socket of this host has the connection it decides, and the flow
 * stays for as long as that does. Of a forwarded connection (a container's) the flow
 * is all that this host has: there a reset counts only where its receiver takes it,
 * at the very byte that is due. Who knows that one can end the connection, and needs
 * no flow for it.
 *
 * Connection tracking may hand a segment that it finds wrong to this host in the
 * container's place, which answers with a reset: so one that leaves counts only behind
 * all that was sent. When a reset that ended the connection is not recognized, the
 * flow stays as long as any idle one.
 */
#include <linux/tcp.h>
#include <net/tcp.h>

#include "flow.h"
#include "packet.h"
#include "reset.h"

static const struct tcphdr *header_of(const struct sst_pkt *pkt)
{
	return (const struct tcphdr *)(skb_network_header(pkt->skb) +
				       pkt->thoff);
}

/* The sequence number behind a segment without SYN. */
static u32 end_of(const struct sst_pkt *pkt, const struct tcphdr *th)
{
	return ntohl(th->seq) + sst_packet_payload(pkt, pkt->seglen) + th->fin;
}

static u8 without_reset(const struct sst_pkt *pkt)
{
	return pkt->covered[1] & ~TCPHDR_RST;
}

/**
 * sst_reset_sent() - what of a connection ends with a segment that leaves
 * @flow: its flow, of scope label
 * @pkt: segment without SYN, its headers in the head of the packet
 *
 * Return: its flags, TCPHDR_*, without RST when that ends nothing.
 */
u8 sst_reset_sent(struct sst_flow *flow, const struct sst_pkt *pkt)
{
	const struct tcphdr *th = header_of(pkt);
	u32 seq, end;

	if (likely(!READ_ONCE(flow->forwarded)))
		return pkt->covered[1];
	seq = ntohl(th->seq);
	if (th->rst)
		return seq == READ_ONCE(flow->tcp_seq) ? pkt->covered[1] :
							 without_reset(pkt);
	end = end_of(pkt, th);
	if (after(end, READ_ONCE(flow->tcp_seq)))
		WRITE_ONCE(flow->tcp_seq, end);
	/* An older one may have been overtaken. */
	if (th->ack && after(ntohl(th->ack_seq), READ_ONCE(flow->tcp_ack)))
		WRITE_ONCE(flow->tcp_ack, ntohl(th->ack_seq));
	return pkt->covered[1];
}

/**
 * sst_reset_taken() - the same for a segment that was taken
 * @flow: its flow, of scope label
 * @pkt: segment without SYN, or several merged ones, the headers in the head
 *
 * Return: its flags, TCPHDR_*, without RST when that ends nothing.
 */
u8 sst_reset_taken(struct sst_flow *flow, const struct sst_pkt *pkt)
{
	const struct tcphdr *th = header_of(pkt);
	u32 seq, end;
	bool due;

	if (likely(!READ_ONCE(flow->forwarded)))
		return pkt->covered[1];
	seq = ntohl(th->seq);
	/* What the container has acknowledged, or what has come since. */
	due = seq == READ_ONCE(flow->tcp_ack) ||
	      seq == READ_ONCE(flow->peer_seq);
	if (th->rst)
		return due ? pkt->covered[1] : without_reset(pkt);
	end = end_of(pkt, th);
	if (due && after(end, READ_ONCE(flow->peer_seq)))
		WRITE_ONCE(flow->peer_seq, end);
	return pkt->covered[1];
}
