// SPDX-License-Identifier: GPL-2.0
/*
 * Room for the trailer in TCP's segments, before the first of them is made:
 *
 *   the side that connects	its socket counts the trailer as header bytes
 *   the side that accepts	the MSS in the peer's SYN shrinks before the
 *				stack sees it, because an accepted socket has
 *				sent its first segments before any hook knows it
 */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "compat.h"
#include "mss.h"
#include "packet.h"
#include "pernet.h"
#include "select.h"
#include "sock.h"
#include "wire.h"

/* Option bytes that the socket itself puts between IP header and TCP. */
static unsigned int socket_options(const struct sock *sk, u8 family)
{
	const struct ipv6_txoptions *opt6;
	const struct ip_options_rcu *opt;

	if (family == NFPROTO_IPV4) {
		opt = rcu_dereference(inet_sk(sk)->inet_opt);
		return opt ? opt->opt.optlen : 0;
	}
	opt6 = rcu_dereference(inet6_sk(sk)->opt);
	return opt6 ? opt6->opt_flen + opt6->opt_nflen : 0;
}

/**
 * sst_mss_reserve() - a packet at LOCAL_OUT
 * @sn: namespace
 * @skb: the packet
 * @state: hook state
 *
 * On a SYN that a flow will seal, set the socket's extra header length, which
 * connect() has just reset. The value is absolute, so a retransmitted SYN adds
 * nothing; whoever sends a SYN holds the socket's lock. The MSS in the SYN
 * itself is what this host can receive and stays.
 *
 * Return: NF_ACCEPT.
 */
unsigned int sst_mss_reserve(struct sst_net *sn, struct sk_buff *skb,
			     const struct nf_hook_state *state)
{
	struct sock *sk = state->sk;
	struct sst_pkt pkt;

	if (!sk || !sk_fullsock(sk) || sk->sk_protocol != IPPROTO_TCP ||
	    READ_ONCE(sk->sk_state) != TCP_SYN_SENT)
		return NF_ACCEPT;
	if (sst_packet_parse(&pkt, skb, state->pf, SST_PKT_OUT, &sn->cfg) !=
	    SST_PKT_WHOLE)
		return NF_ACCEPT;
	if (!sst_flowtable_by_real(&sn->flows, &pkt.tuple)) {
		sst_sock_begin(sk);
		if (sst_select(sn, &pkt, SST_PKT_WHOLE, sk) != SST_SELECT_OPEN)
			return NF_ACCEPT;
	}
	inet_csk(sk)->icsk_ext_hdr_len = socket_options(sk, state->pf) +
					 SST_DATA_TRAILER_SIZE;
	return NF_ACCEPT;
}

/*
 * Offset of the MSS value in the TCP header, or 0: no such option, options
 * that make no sense, or a signature over them that a change would break.
 */
static unsigned int find_mss(const u8 *th, unsigned int thlen)
{
	unsigned int off = sizeof(struct tcphdr), mss = 0, len;

	while (off < thlen) {
		if (th[off] == TCPOPT_EOL)
			break;
		if (th[off] == TCPOPT_NOP) {
			off++;
			continue;
		}
		if (off + 1 >= thlen)
			return 0;
		len = th[off + 1];
		if (len < 2 || off + len > thlen)
			return 0;
		/* 29 is TCP-AO (RFC 5925), which 6.1 has no name for. */
		if (th[off] == TCPOPT_MD5SIG || th[off] == 29)
			return 0;
		if (th[off] == TCPOPT_MSS && len == TCPOLEN_MSS)
			mss = off + 2;
		off += len;
	}
	return mss;
}

/**
 * sst_mss_clamp() - shrink the MSS that a peer's SYN announces
 * @pkt: opened packet, its headers writable
 * @in: device it came in by
 */
void sst_mss_clamp(struct sst_pkt *pkt, const struct net_device *in)
{
	u8 *th = skb_network_header(pkt->skb) + pkt->thoff;
	struct tcphdr *tcp = (struct tcphdr *)th;
	unsigned int off, headers, fits;
	u16 mss, clamped;

	if (pkt->tuple.proto != IPPROTO_TCP || !tcp->syn || tcp->ack)
		return;
	off = find_mss(th, pkt->thlen);
	if (!off)
		return;
	headers = sizeof(*tcp) + (pkt->tuple.family == NFPROTO_IPV4 ?
				  sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	fits = READ_ONCE(in->mtu) > headers ? READ_ONCE(in->mtu) - headers : 0;
	mss = get_unaligned_be16(th + off);
	clamped = min_t(unsigned int, mss, fits);
	if (clamped <= SST_DATA_TRAILER_SIZE)
		return;
	clamped -= SST_DATA_TRAILER_SIZE;
	put_unaligned_be16(clamped, th + off);
	/* At an odd offset the two bytes belong to two words of the sum. */
	if (off & 1) {
		mss = swab16(mss);
		clamped = swab16(clamped);
	}
	inet_proto_csum_replace2(&tcp->check, pkt->skb, htons(mss),
				 htons(clamped), false);
}
