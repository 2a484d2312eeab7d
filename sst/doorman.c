// SPDX-License-Identifier: GPL-2.0
/*
 * Who may cost this host public-key work (protocol sections 7 and 8): what an
 * INIT must show before any of it is done, and whose it may be afterwards.
 */
#include <linux/jiffies.h>
#include <linux/string.h>
#include <linux/ktime.h>
#include <net/ipv6.h>

#include "cookie.h"
#include "doorman.h"
#include "emit.h"
#include "host.h"
#include "limit.h"
#include "peer.h"
#include "pernet.h"
#include "unseal.h"

static void address_of(u8 address[SST_COOKIE_ADDRESS_SIZE],
		       const struct sst_tuple *tuple)
{
	struct in6_addr mapped;

	if (tuple->family == NFPROTO_IPV4)
		ipv6_addr_set_v4mapped(tuple->remote.ip, &mapped);
	else
		mapped = tuple->remote.in6;
	memcpy(address, &mapped, SST_COOKIE_ADDRESS_SIZE);
}

/**
 * sst_doorman_is_proven() - does an INIT show that its sender gets our answers?
 * @sn: namespace
 * @pkt: the packet
 * @trailer: its trailer, of an INIT
 *
 * Return: true when it carries a proof of a cookie of this host.
 */
bool sst_doorman_is_proven(struct sst_net *sn, const struct sst_pkt *pkt,
			   const struct sst_trailer *trailer)
{
	u8 address[SST_COOKIE_ADDRESS_SIZE];

	if (!(trailer->form & SST_FLAG_PROOF))
		return false;
	address_of(address, &pkt->tuple);
	return sst_cookie_valid(&sn->cookies, address, trailer->bytes,
				trailer->layout.len,
				ktime_get_boottime_seconds());
}

/**
 * sst_doorman_wants_cookies() - must strangers show that they get our answers?
 * @sn: namespace
 *
 * Return: true always, or under load, or never, as the namespace is set.
 */
bool sst_doorman_wants_cookies(const struct sst_net *sn)
{
	switch (READ_ONCE(sn->cfg.cookies)) {
	case SST_COOKIE_MODE_ALWAYS:
		return true;
	case SST_COOKIE_MODE_LOAD:
		return sst_queue_is_loaded(&sn->queue) ||
		       READ_ONCE(sn->flows.waiting_count) >
		       READ_ONCE(sn->cfg.max_half_open) / 2;
	default:
		return false;
	}
}

/**
 * sst_doorman_may_have_asked() - may this INIT have been answered with a COOKIE?
 * @sn: namespace
 * @pkt: the packet
 * @trailer: its trailer, of an INIT
 *
 * Whoever is asked for a cookie sends the same payload again, in another INIT,
 * and nothing is kept of the one before. It is in the window for no longer than
 * twice its length, whichever of the two clocks is ahead.
 *
 * Return: true when its payload may have come in another INIT, so that it must
 * not be delivered at once.
 */
bool sst_doorman_may_have_asked(struct sst_net *sn, const struct sst_pkt *pkt,
				const struct sst_trailer *trailer)
{
	u64 asked = READ_ONCE(sn->asked);
	u64 until = asked + 2ULL * READ_ONCE(sn->cfg.opening_window);

	return asked && ktime_get_boottime_seconds() <= until &&
	       !sst_doorman_is_proven(sn, pkt, trailer);
}

static void make_cookie(struct sst_net *sn, const struct sst_pkt *pkt,
			struct sst_cookie_box *box)
{
	u8 address[SST_COOKIE_ADDRESS_SIZE];
	u64 now = ktime_get_boottime_seconds();

	address_of(address, &pkt->tuple);
	box->ttl = SST_COOKIE_TTL_SECONDS;
	box->expiry = now + SST_COOKIE_TTL_SECONDS;
	sst_cookie_make(&sn->cookies, box->c, address, box->expiry, now);
}

/* Not more than a few a second. A wrong proof is as good as none. */
static bool may_ask(struct sst_net *sn, const struct sst_pkt *pkt)
{
	return sst_limit_ask(&sn->limits, &pkt->tuple, jiffies);
}

/* An answer smaller than what it answers. */
static void send_cookie(struct sst_net *sn, const struct sst_pkt *pkt,
			const struct sst_trailer *trailer,
			const struct sst_host *host)
{
	struct sst_cookie_box box;

	make_cookie(sn, pkt, &box);
	sst_emit_cookie(sn, pkt, trailer, host->cookie_key, &box);
	memzero_explicit(&box, sizeof(box));
}

/* Of this INIT nothing will be known when it comes again. */
static int ask_for_cookie(struct sst_net *sn, const struct sst_pkt *pkt,
			  const struct sst_trailer *trailer,
			  const struct sst_host *host)
{
	if (!may_ask(sn, pkt))
		return SST_A_STATS_RX_IGNORED;
	WRITE_ONCE(sn->asked, ktime_get_boottime_seconds());
	send_cookie(sn, pkt, trailer, host);
	return SST_A_STATS_RX_NO_COOKIE;
}

/**
 * sst_doorman_ask() - ask whoever sent an INIT that verified for a cookie
 * @sn: namespace; the caller is in an RCU read section, softirqs are off
 * @pkt: the packet, which has its device
 * @trailer: its trailer
 *
 * For one that could be taken, were it sure that its payload did not come in another
 * one. It is in the replay cache, and so is no reason to distrust others.
 *
 * Return: the counter of the reason to drop it.
 */
int sst_doorman_ask(struct sst_net *sn, const struct sst_pkt *pkt,
		    const struct sst_trailer *trailer)
{
	const struct sst_host *host;

	host = sst_hosts_by_key_id(&sn->hosts, trailer->name);
	if (!host)
		return SST_A_STATS_RX_UNOPENED;
	if (!may_ask(sn, pkt))
		return SST_A_STATS_RX_IGNORED;
	send_cookie(sn, pkt, trailer, host);
	return SST_A_STATS_RX_NO_COOKIE;
}

static bool is_well_formed(const struct sst_trailer *trailer)
{
	static const u8 suite[SST_INIT_SUITE_SIZE] = {
		SST_SUITE_CHACHA20_POLY1305,
	};

	return !memcmp(trailer->bytes + SST_INIT_SUITE_OFFSET, suite,
		       sizeof(suite));
}

/**
 * sst_doorman() - may an INIT be worked on?
 * @sn: namespace
 * @pkt: the packet
 * @trailer: its trailer
 * @host: the key that it names
 *
 * Nothing of it has verified yet. It may be answered with a COOKIE here.
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_doorman(struct sst_net *sn, const struct sst_pkt *pkt,
		const struct sst_trailer *trailer, const struct sst_host *host)
{
	u8 from = READ_ONCE(sn->cfg.init_from);

	if (!is_well_formed(trailer))
		return SST_A_STATS_RX_FLAGS;
	if (from == SST_INIT_FROM_NOBODY ||
	    (from == SST_INIT_FROM_LISTED &&
	     !(trailer->form & SST_FLAG_IDENTITY)))
		return SST_A_STATS_RX_INIT_REFUSED;
	if (sst_doorman_wants_cookies(sn) &&
	    !sst_doorman_is_proven(sn, pkt, trailer))
		return ask_for_cookie(sn, pkt, trailer, host);
	return 0;
}

/* Must whoever comes from this address show an identity? */
static bool is_required(struct sst_net *sn, const struct sst_tuple *tuple)
{
	struct sst_peer_link *link;

	for (link = sst_peers_at(&sn->peers, tuple->family, &tuple->remote);
	     link; link = sst_peers_next_at(link))
		if (link->peer->kind == SST_PEER_PUBLIC &&
		    link->peer->identity == SST_IDENTITY_MODE_REQUIRED)
			return true;
	return false;
}

/**
 * sst_doorman_needs_identity() - must an identity be proved before anything is
 *	delivered?
 * @sn: namespace; the caller is in an RCU read section
 * @tuple: wire tuple of an INIT
 *
 * Return: true when init-from or the peer at this address says so.
 */
bool sst_doorman_needs_identity(struct sst_net *sn,
				const struct sst_tuple *tuple)
{
	return READ_ONCE(sn->cfg.init_from) == SST_INIT_FROM_LISTED ||
	       is_required(sn, tuple);
}

/**
 * sst_doorman_identity() - may whoever this is open flows?
 * @sn: namespace; the caller is in an RCU read section
 * @tuple: wire tuple of an INIT that verified
 * @peer: peer whose identity it carries, or NULL
 *
 * The identity is proved later, by the first DATA.
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_doorman_identity(struct sst_net *sn, const struct sst_tuple *tuple,
			 const struct sst_peer *peer)
{
	u8 from = READ_ONCE(sn->cfg.init_from);

	if (from == SST_INIT_FROM_NOBODY ||
	    (from == SST_INIT_FROM_LISTED && !peer))
		return SST_A_STATS_RX_INIT_REFUSED;
	if (is_required(sn, tuple) &&
	    !(peer && sst_peer_has_address(peer, tuple->family,
					   &tuple->remote)))
		return SST_A_STATS_RX_INIT_REFUSED;
	return 0;
}
