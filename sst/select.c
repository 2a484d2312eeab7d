// SPDX-License-Identifier: GPL-2.0
/*
 * What is to become of a packet that leaves and has no flow: policy, the
 * socket's own wish, and what is known of its past (protocol section 9).
 */
#include <net/tcp.h>
#include <uapi/linux/sst.h>

#include "expect.h"
#include "guard.h"
#include "peer.h"
#include "pernet.h"
#include "policy.h"
#include "scope.h"
#include "select.h"
#include "sock.h"
#include "stats.h"
#include "subject.h"
#include "tomb.h"
#include "wish.h"

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

/* The stricter one of what the rules say and what the socket asks for. */
static u8 raised(u8 verdict, u8 mode)
{
	if (mode == SST_REQUIRE)
		return SST_VERDICT_REQUIRE;
	if (mode == SST_PREFER && verdict == SST_VERDICT_CLEAR)
		return SST_VERDICT_PREFER;
	return verdict;
}

/* The rule that names the only peer that will do: its name, or NULL. */
static const char *name_in(const struct sst_rule *rule)
{
	return rule && sst_rule_names_peer(&rule->spec) ? rule->spec.peer :
							  NULL;
}

static u8 verdict_in(const struct sst_rule *rule)
{
	return rule ? rule->spec.verdict : SST_VERDICT_CLEAR;
}

/* Nothing of UDP tells who is confirmed, so that nothing need be sealed. */
static u8 scope_of(u8 proto, u8 scope)
{
	return proto == IPPROTO_UDP ? sst_scope_stronger(scope, SST_SCOPE_PORTS) :
				      scope;
}

/*
 * The strictest of what policy and socket want, how much is to be protected, and
 * the name of the only peer that will do, or NULL. Forwarded packets have neither.
 */
static u8 wanted(struct sst_net *sn, const struct sst_pkt *pkt,
		 const struct sock *sk, struct sst_want *want,
		 const char **name)
{
	const struct sst_rule *rule = NULL;
	u8 mode = sst_sock_mode(sk);
	struct sst_subject sender;
	u8 scope = SST_SCOPE_LEAST;

	*name = NULL;
	want->scope = SST_SCOPE_PORTS;
	want->mark = SST_MARK_ALL;
	if (pkt->skb->skb_iif ||
	    !sst_packet_is_unicast(&pkt->tuple.remote, pkt->tuple.family) ||
	    sst_guard_is_broadcast(pkt->skb, pkt->tuple.family))
		return SST_VERDICT_CLEAR;
	if (sst_policy_knows_out(&sn->policy, ntohs(pkt->tuple.rport)))
		rule = sst_policy_out(&sn->policy, &pkt->tuple,
				      sst_subject_of(&sender, sk), &scope);
	if (!rule && mode == SST_OFF)
		return SST_VERDICT_CLEAR;
	*name = name_in(rule);
	want->scope = scope_of(pkt->tuple.proto,
			       sst_scope_stronger(scope, sst_sock_scope(sk)));
	if (rule)
		want->mark = rule->spec.mark;
	return raised(verdict_in(rule), mode);
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

/* The first peer whose key is good for the destination, or NULL. */
static const struct sst_peer *find_peer(struct sst_net *sn,
					const struct sst_tuple *tuple,
					const char *name)
{
	const struct sst_peer_link *link;
	const struct sst_peer *peer;

	if (!name) {
		link = sst_peers_at(&sn->peers, tuple->family, &tuple->remote);
		return link ? link->peer : NULL;
	}
	peer = sst_peers_by_name(&sn->peers, name);
	return peer && sst_peer_has_address(peer, tuple->family,
					    &tuple->remote) ? peer : NULL;
}

/**
 * sst_select() - decide about a packet without a flow
 * @sn: namespace
 * @pkt: packet on egress, with its real tuple
 * @class: what it is
 * @sk: its socket as the hook knows it, or NULL
 * @want: output: how a flow is to be opened
 *
 * Of a connection that this host opened in clear before a rule preferred SST,
 * later segments still pass; one that SST carried never goes on in clear.
 *
 * Return: SST_SELECT_CLEAR, SST_SELECT_OPEN when a flow is to be opened for
 * it, or the counter of the reason to drop it.
 */
int sst_select(struct sst_net *sn, const struct sst_pkt *pkt,
	       enum sst_pkt_class class, const struct sock *sk,
	       struct sst_want *want)
{
	const struct sst_peer *peer;
	const char *name;
	u8 verdict = wanted(sn, pkt, sk, want, &name);
	bool first, known;

	/* Sealed already: a packet that passes this hook a second time. */
	if (pkt->marked && sst_flowtable_wire_in_use(&sn->flows, &pkt->tuple))
		return SST_SELECT_CLEAR;
	if (verdict == SST_VERDICT_CLEAR)
		return past(sn, pkt, sk);
	first = class == SST_PKT_WHOLE &&
		(pkt->tuple.proto == IPPROTO_UDP || sst_select_is_syn(pkt));
	peer = find_peer(sn, &pkt->tuple, name);
	want->only = peer && name ? peer->id : 0;
	known = peer && sst_expect_peer(sn, sk, &pkt->tuple, &want->only);
	if (first && known)
		return SST_SELECT_OPEN;
	if (verdict == SST_VERDICT_REQUIRE)
		return first ? SST_A_STATS_TX_REQUIRED : SST_A_STATS_TX_NO_FLOW;
	/* A shape that cannot be sealed is no way around a key that is known. */
	if (known && class != SST_PKT_WHOLE)
		return SST_A_STATS_TX_NO_FLOW;
	return past(sn, pkt, sk);
}

static u8 kind_of(const struct sst_peer *peer)
{
	return peer->kind == SST_PEER_PSK ? SST_POLICY_KEY_PSK :
					    SST_POLICY_KEY_PUBLIC;
}

/* What a verdict comes to, with the key that @forecast has. */
static u8 outcome_of(u8 verdict, const struct sst_forecast *forecast)
{
	if (verdict == SST_VERDICT_CLEAR)
		return SST_POLICY_OUTCOME_CLEAR;
	if (forecast->key)
		return SST_POLICY_OUTCOME_SEALED;
	return verdict == SST_VERDICT_REQUIRE ? SST_POLICY_OUTCOME_REFUSED :
						SST_POLICY_OUTCOME_CLEAR;
}

/* What the control group of a socket asks for. */
static u8 wish_of(struct sst_net *sn, const struct sst_subject *who)
{
	return who ? sst_wish_mode(&sn->wishes, who->cgroup) : SST_OFF;
}

/**
 * sst_select_foretell_out() - what would become of a flow of this host?
 * @sn: namespace; the caller is in an RCU read section
 * @tuple: its real tuple, of which the other host's address and port count
 * @who: its socket, as far as it is known, or NULL
 * @forecast: output
 *
 * As sst_select() decides about its first packet, but for what the socket itself
 * asks for by SO_SST.
 */
void sst_select_foretell_out(struct sst_net *sn, const struct sst_tuple *tuple,
			     const struct sst_subject *who,
			     struct sst_forecast *forecast)
{
	u8 verdict;

	if (!sst_packet_is_unicast(&tuple->remote, tuple->family)) {
		forecast->outcome = SST_POLICY_OUTCOME_EXEMPT;
		return;
	}
	forecast->rule = sst_policy_explain(&sn->policy,
					    SST_POLICY_DIRECTION_OUT, tuple,
					    who);
	verdict = raised(verdict_in(forecast->rule), wish_of(sn, who));
	forecast->peer = find_peer(sn, tuple, name_in(forecast->rule));
	if (forecast->peer)
		forecast->key = kind_of(forecast->peer);
	forecast->outcome = outcome_of(verdict, forecast);
}

/* Can it open a flow by a key of this host? */
static bool takes_init(struct sst_net *sn, const struct sst_peer *peer)
{
	u8 from = READ_ONCE(sn->cfg.init_from);

	return from != SST_INIT_FROM_NOBODY &&
	       (from != SST_INIT_FROM_LISTED || peer) &&
	       sst_hosts_next(&sn->hosts, 0);
}

/* By which key the other host can open a flow to this one. */
static void find_way_in(struct sst_net *sn, const struct sst_tuple *tuple,
			const char *name, struct sst_forecast *forecast)
{
	const struct sst_peer *peer;

	peer = name ? sst_peers_by_name(&sn->peers, name) :
		      find_peer(sn, tuple, NULL);
	if (peer && peer->kind == SST_PEER_PSK)
		forecast->key = SST_POLICY_KEY_PSK;
	else if ((peer || !name) && takes_init(sn, peer))
		forecast->key = SST_POLICY_KEY_PUBLIC;
	if (forecast->key)
		forecast->peer = peer;
}

/**
 * sst_select_foretell_in() - what would become of a flow to this host?
 * @sn: namespace; the caller is in an RCU read section
 * @tuple: its real tuple, of which the other host's address and this host's port
 *	count
 * @who: the socket that listens, as far as it is known, or NULL
 * @forecast: output
 */
void sst_select_foretell_in(struct sst_net *sn, const struct sst_tuple *tuple,
			    const struct sst_subject *who,
			    struct sst_forecast *forecast)
{
	u8 verdict;

	forecast->rule = sst_policy_explain(&sn->policy,
					    SST_POLICY_DIRECTION_IN, tuple,
					    who);
	verdict = verdict_in(forecast->rule);
	/* To prefer is up to who opens. */
	if (wish_of(sn, who) == SST_REQUIRE)
		verdict = SST_VERDICT_REQUIRE;
	find_way_in(sn, tuple, name_in(forecast->rule), forecast);
	forecast->outcome = outcome_of(verdict, forecast);
}
