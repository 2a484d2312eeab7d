// SPDX-License-Identifier: GPL-2.0
/*
 * Room for the trailer in TCP's segments, before the first of them is made:
 *
 *   every socket		counts the trailer as header bytes, from its
 *				first sealed packet on
 *   the side that accepts	the MSS in the peer's SYN shrinks before the
 *				stack sees it, because an accepted socket has
 *				made its first segments before that
 */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/tcp.h>
#include <net/inet_connection_sock.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/tcp.h>

#include "compat.h"
#include "flow.h"
#include "mss.h"
#include "packet.h"
#include "tcpopt.h"
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
 * sst_mss_reserve() - have a socket leave room for the trailer
 * @flow: flow that seals its packets
 * @sk: the socket as the hook at POST_ROUTING knows it, or NULL
 *
 * A TCP socket counts the trailer as header bytes of the network. connect() and
 * IPv6 options reset that number, so it is looked at with every packet; the
 * value is absolute, so a repetition adds nothing. The MSS in the SYN itself is
 * what this host can receive and stays.
 *
 * An accepted socket has made its first segments before its first packet comes
 * by here, so the MSS that the peer announced was lowered for it; now it gets
 * the true one.
 *
 * Who sends a packet of a socket holds its lock, with exceptions: a packet that
 * waited in a queue (a userspace firewall, a VRF's qdisc). Another one will come.
 */
void sst_mss_reserve(struct sst_flow *flow, struct sock *sk)
{
	struct inet_connection_sock *icsk;
	unsigned int room;
	u16 mss;

	if (!sk || !sk_fullsock(sk) || sk->sk_protocol != IPPROTO_TCP ||
	    sk->sk_type != SOCK_STREAM || READ_ONCE(sk->sk_state) == TCP_LISTEN)
		return;
	icsk = inet_csk(sk);
	room = socket_options(sk, flow->real.family) + sst_flow_trailer(flow);
	mss = READ_ONCE(flow->peer_mss);
	if (icsk->icsk_ext_hdr_len == room && !mss)
		return;
	if (!sk->sk_lock.owned && !spin_is_locked(&sk->sk_lock.slock))
		return;
	icsk->icsk_ext_hdr_len = room;
	if (mss) {
		WRITE_ONCE(flow->peer_mss, 0);
		tcp_sk(sk)->rx_opt.mss_clamp =
			min_not_zero(mss, tcp_sk(sk)->rx_opt.user_mss);
	}
	icsk->icsk_sync_mss(sk, icsk->icsk_pmtu_cookie);
}

/*
 * Offset of the MSS value in the TCP header, or 0: no such option, options
 * that make no sense, or a signature over them that a change would break.
 */
static unsigned int find_mss(const u8 *th, unsigned int thlen)
{
	unsigned int off = sizeof(struct tcphdr), mss = 0;
	int kind;

	while ((kind = sst_tcpopt_next(th, thlen, &off)) > 0) {
		/* 29 is TCP-AO (RFC 5925), which 6.1 has no name for. */
		if (kind == TCPOPT_MD5SIG || kind == 29)
			return 0;
		if (kind == TCPOPT_MSS && th[off + 1] == TCPOLEN_MSS)
			mss = off + 2;
		off += th[off + 1];
	}
	return kind ? 0 : mss;
}

/* Largest packet that can be sent back to where this one came from. */
static unsigned int mtu_back(const struct sst_tuple *tuple,
			     const struct net_device *in)
{
	unsigned int mtu = READ_ONCE(in->mtu);
	struct dst_entry *dst = NULL;
	struct flowi fl = {};

	if (tuple->family == NFPROTO_IPV4) {
		fl.u.ip4.daddr = tuple->remote.ip;
		fl.u.ip4.saddr = tuple->local.ip;
		fl.u.ip4.flowi4_oif = sst_packet_oif(tuple, in);
	} else {
		fl.u.ip6.daddr = tuple->remote.in6;
		fl.u.ip6.saddr = tuple->local.in6;
		fl.u.ip6.flowi6_oif = sst_packet_oif(tuple, in);
	}
	if (nf_route(dev_net(in), &dst, &fl, false, tuple->family))
		return mtu;
	mtu = min(mtu, dst_mtu(dst));
	dst_release(dst);
	return mtu;
}

/* sst_mss_clamp() of a SYN. */
u16 sst_mss_clamp_syn(struct sst_pkt *pkt, const struct net_device *in)
{
	u8 *th = skb_network_header(pkt->skb) + pkt->thoff;
	struct tcphdr *tcp = (struct tcphdr *)th;
	unsigned int off, headers, mtu;
	u16 mss, clamped, announced;

	off = find_mss(th, pkt->thlen);
	if (!off)
		return 0;
	headers = sizeof(*tcp) + (pkt->tuple.family == NFPROTO_IPV4 ?
				  sizeof(struct iphdr) : sizeof(struct ipv6hdr));
	mtu = mtu_back(&pkt->tuple, in);
	announced = get_unaligned_be16(th + off);
	mss = announced;
	clamped = min_t(unsigned int, mss, mtu > headers ? mtu - headers : 0);
	if (clamped <= SST_DATA_TRAILER_SIZE)
		return 0;
	clamped -= SST_DATA_TRAILER_SIZE;
	put_unaligned_be16(clamped, th + off);
	/* At an odd offset the two bytes belong to two words of the sum. */
	if (off & 1) {
		mss = swab16(mss);
		clamped = swab16(clamped);
	}
	inet_proto_csum_replace2(&tcp->check, pkt->skb, htons(mss),
				 htons(clamped), false);
	return announced;
}
