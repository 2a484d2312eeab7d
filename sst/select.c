// SPDX-License-Identifier: GPL-2.0
/*
 * What is to become of a packet that leaves and has no flow: policy, the
 * socket's own wish, and what is known of its past (protocol section 9).
 */
#include <net/tcp.h>
#include <uapi/linux/sst.h>

#include "guard.h"
#include "peer.h"
#include "pernet.h"
#include "policy.h"
#include "select.h"
#include "sock.h"
#include "stats.h"
#include "tomb.h"

/**
 * sst_select_is_syn() - does this packet begin a TCP connection?
 * @pkt: whole packet
 *
 * Return: true for TCP with SYN and none of ACK, RST and FIN.
 */
bool sst_select_is_syn(const struct sst_pkt *pkt)
{
	const u8 flags = TCPHDR_SYN | TCPHDR_ACK | TCPHDR_RST | TCPHDR_FIN;

	return pkt->tuple.proto == IPPROTO_TCP &&
	       (pkt->covered[1] & flags) == TCPHDR_SYN;
}

/*
 * The strictest of what policy and socket want, and the name of the only peer that
 * will do, or NULL. Forwarded packets have neither.
 */
static u8 wanted(struct sst_net *sn, const struct sst_pkt *pkt,
		 const struct sock *sk, const char **name)
{
	u8 verdict, mode;

	*name = NULL;
	if (pkt->skb->skb_iif ||
	    !sst_packet_is_unicast(&pkt->tuple.remote, pkt->tuple.family) ||
	    sst_guard_is_broadcast(pkt->skb, pkt->tuple.family))
		return SST_VERDICT_CLEAR;
	verdict = sst_policy_out(&sn->policy, &pkt->tuple, name);
	mode = sst_sock_mode(sk);
	if (mode == SST_REQUIRE)
		return SST_VERDICT_REQUIRE;
	if (mode == SST_PREFER && verdict == SST_VERDICT_CLEAR)
		return SST_VERDICT_PREFER;
	return verdict;
}

/* Late packets of what SST carried must not leave in clear. */
static int past(struct sst_net *sn, const struct sst_pkt *pkt,
		const struct sock *sk)
{
	if (sst_sock_is_carried(sk) && !sst_select_is_syn(pkt))
		return SST_A_STATS_TX_NO_FLOW;
	if (sst_tomb_has(&sn->tombs, &pkt->tuple))
		return SST_A_STATS_TX_TOMBSTONE;
	return SST_SELECT_CLEAR;
}

/* Is there a key for the destination? @only is as in sst_select(). */
static bool is_known(struct sst_net *sn, const struct sst_tuple *tuple,
		     const char *name, u32 *only)
{
	const struct sst_peer *peer;

	*only = 0;
	if (!name)
		return sst_peers_at(&sn->peers, tuple->family, &tuple->remote);
	peer = sst_peers_by_name(&sn->peers, name);
	if (!peer || !sst_peer_has_address(peer, tuple->family, &tuple->remote))
		return false;
	*only = peer->id;
	return true;
}

/**
 * sst_select() - decide about a packet without a flow
 * @sn: namespace
 * @pkt: packet on egress, with its real tuple
 * @class: what it is
 * @sk: its socket as the hook knows it, or NULL
 * @only: output: number of the only peer with which a flow may be opened, or 0
 *
 * Of a connection that this host opened in clear before a rule preferred SST,
 * later segments still pass; one that SST carried never goes on in clear.
 *
 * Return: SST_SELECT_CLEAR, SST_SELECT_OPEN when a flow is to be opened for
 * it, or the counter of the reason to drop it.
 */
int sst_select(struct sst_net *sn, const struct sst_pkt *pkt,
	       enum sst_pkt_class class, const struct sock *sk, u32 *only)
{
	const char *name;
	u8 verdict = wanted(sn, pkt, sk, &name);
	bool first, known;

	/* Sealed already: a packet that passes this hook a second time. */
	if (pkt->marked && sst_flowtable_wire_in_use(&sn->flows, &pkt->tuple))
		return SST_SELECT_CLEAR;
	if (verdict == SST_VERDICT_CLEAR)
		return past(sn, pkt, sk);
	first = class == SST_PKT_WHOLE &&
		(pkt->tuple.proto == IPPROTO_UDP || sst_select_is_syn(pkt));
	known = is_known(sn, &pkt->tuple, name, only);
	if (first && known)
		return SST_SELECT_OPEN;
	if (verdict == SST_VERDICT_REQUIRE)
		return first ? SST_A_STATS_TX_REQUIRED : SST_A_STATS_TX_NO_FLOW;
	/* A shape that cannot be sealed is no way around a key that is known. */
	if (known && class != SST_PKT_WHOLE)
		return SST_A_STATS_TX_NO_FLOW;
	return past(sn, pkt, sk);
}
