// SPDX-License-Identifier: GPL-2.0
/* Host keys, peers, associations, and files with keys. */
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "doctor.h"
#include "finding.h"
#include "keys.h"

/* How many findings of one kind are worth reading. */
#define FINDINGS_MAX 20

static const struct sst_peer *peers_of(const struct doctor_view *view)
{
	return view->peers.items;
}

static const struct sst_host *hosts_of(const struct doctor_view *view)
{
	return view->hosts.items;
}

void doctor_hosts(const struct doctor_view *view)
{
	uint32_t from = view->config.value[SST_A_CONFIG_INIT_FROM];
	size_t i, listed = 0;

	for (i = 0; i < view->peers.count; i++)
		listed += peers_of(view)[i].has_public_key;
	if (!view->hosts.count)
		finding(FINDING_OK, "host-key", NULL,
			"none: others open flows by pre-shared key only");
	else if (from == SST_INIT_FROM_NOBODY)
		finding(FINDING_WARNING, "host-key",
			"'sstctl set init-from anyone' or 'listed'",
			"%zu, but init-from is nobody: no flow is taken by public key",
			view->hosts.count);
	else if (from == SST_INIT_FROM_LISTED && !listed)
		finding(FINDING_WARNING, "host-key", "add them with 'sstctl peer add'",
			"%zu, but init-from is listed and no peer has a public key",
			view->hosts.count);
	else
		finding(FINDING_OK, "host-key", NULL, "%zu", view->hosts.count);
}

static bool is_own_key(const struct doctor_view *view, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < view->hosts.count; i++) {
		if (!memcmp(hosts_of(view)[i].public_key, key, SST_KEY_SIZE))
			return true;
	}
	return false;
}

static bool same_addr(const struct sst_addr *a, const struct sst_addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* An address of struct ifaddrs; false when it is of another family. */
static bool get_addr(const struct sockaddr *sa, struct sst_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (!sa)
		return false;
	addr->family = sa->sa_family;
	if (sa->sa_family == AF_INET)
		memcpy(addr->bytes, &((const struct sockaddr_in *)sa)->sin_addr, 4);
	else if (sa->sa_family == AF_INET6)
		memcpy(addr->bytes, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	else
		return false;
	return true;
}

static bool has_addr(const struct sst_peer *peer, const struct sst_addr *addr)
{
	unsigned int i;

	for (i = 0; i < peer->addrs.count; i++) {
		if (same_addr(&peer->addrs.addr[i], addr))
			return true;
	}
	return false;
}

static bool is_here(const struct ifaddrs *all, const struct sst_peer *peer)
{
	const struct ifaddrs *ifa;
	struct sst_addr addr;

	for (ifa = all; ifa; ifa = ifa->ifa_next) {
		if (get_addr(ifa->ifa_addr, &addr) && has_addr(peer, &addr))
			return true;
	}
	return false;
}

/* An address of a peer, for sorting. */
struct claim {
	struct sst_addr addr;
	const struct sst_peer *peer;
};

static int compare_claims(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;

	if (x->addr.family != y->addr.family)
		return x->addr.family < y->addr.family ? -1 : 1;
	return memcmp(x->addr.bytes, y->addr.bytes, sizeof(x->addr.bytes));
}

/* Two peers with one address: flows are opened with the older one. */
static size_t find_shared(const struct doctor_view *view)
{
	struct list claims = { .items = NULL };
	struct claim *claim;
	size_t found = 0, i;
	unsigned int n;

	for (i = 0; i < view->peers.count; i++) {
		const struct sst_peer *peer = &peers_of(view)[i];

		for (n = 0; n < peer->addrs.count; n++) {
			claim = list_add(&claims, sizeof(*claim));
			if (claim)
				*claim = (struct claim){ peer->addrs.addr[n], peer };
		}
	}
	claim = claims.items;
	if (claim)
		qsort(claim, claims.count, sizeof(*claim), compare_claims);
	for (i = 1; i < claims.count; i++) {
		if (!same_addr(&claim[i - 1].addr, &claim[i].addr) ||
		    ++found > FINDINGS_MAX)
			continue;
		finding(FINDING_WARNING, "peer",
			"take the address from one of them, or name the peer in a rule",
			"%s and %s have an address in common: flows are opened with the older one",
			claim[i - 1].peer->name, claim[i].peer->name);
	}
	list_free(&claims);
	return found;
}

/* What is wrong with this one. Returns whether anything is. */
static bool find_peer_faults(const struct doctor_view *view,
			     const struct ifaddrs *here,
			     const struct sst_peer *peer)
{
	if (peer->has_public_key && is_own_key(view, peer->public_key)) {
		finding(FINDING_PROBLEM, "peer", "give it the key of the other host",
			"%s has the public key of this host", peer->name);
		return true;
	}
	if (is_here(here, peer)) {
		finding(FINDING_WARNING, "peer", "give it the address of the other host",
			"%s has an address of this host, whose own traffic is exempt",
			peer->name);
		return true;
	}
	if (peer->has_public_key && !view->hosts.count &&
	    peer->identity != SST_IDENTITY_MODE_NONE) {
		finding(FINDING_WARNING, "peer", "add one with 'sstctl host add'",
			"%s is to be shown an identity, but this host has no key",
			peer->name);
		return true;
	}
	if (peer->has_public_key && !view->hosts.count && !peer->addrs.count) {
		finding(FINDING_WARNING, "peer",
			"give it an address, or this host a key with 'sstctl host add'",
			"%s has no address, and this host no key: there will never be a flow",
			peer->name);
		return true;
	}
	return false;
}

void doctor_peers(const struct doctor_view *view)
{
	size_t found = find_shared(view), i;
	struct ifaddrs *here = NULL;

	if (getifaddrs(&here))
		here = NULL;
	for (i = 0; i < view->peers.count && found < FINDINGS_MAX; i++)
		found += find_peer_faults(view, here, &peers_of(view)[i]);
	freeifaddrs(here);
	if (!found)
		finding(FINDING_OK, "peer", NULL, "%zu", view->peers.count);
}

/* Nine tenths of it are in use. */
static bool is_close(uint32_t used, uint32_t limit)
{
	return used >= limit - limit / 10;
}

void doctor_limits(const struct doctor_view *view)
{
	const uint32_t *value = view->config.value;
	const struct sst_assoc *assoc = view->assocs.items;
	size_t i, soon = 0;

	for (i = 0; i < view->assocs.count; i++)
		soon += assoc[i].age + 60 >= assoc[i].lifetime;
	if (is_close(value[SST_A_CONFIG_ASSOCS], value[SST_A_CONFIG_MAX_ASSOCS]))
		finding(FINDING_WARNING, "assoc", "'sstctl set max-assocs' to more",
			"%u, and there may be %u", value[SST_A_CONFIG_ASSOCS],
			value[SST_A_CONFIG_MAX_ASSOCS]);
	else if (soon)
		finding(FINDING_OK, "assoc", NULL,
			"%zu, of which %zu end within a minute: the next flow makes another one",
			view->assocs.count, soon);
	else
		finding(FINDING_OK, "assoc", NULL, "%zu", view->assocs.count);
	if (is_close(value[SST_A_CONFIG_FLOWS], value[SST_A_CONFIG_MAX_FLOWS]))
		finding(FINDING_WARNING, "flow", "'sstctl set max-flows' to more",
			"%u, and there may be %u", value[SST_A_CONFIG_FLOWS],
			value[SST_A_CONFIG_MAX_FLOWS]);
	else
		finding(FINDING_OK, "flow", NULL, "%u", value[SST_A_CONFIG_FLOWS]);
}

void doctor_key_file(const struct doctor_view *view, const char *name)
{
	uint8_t secret[SST_KEY_SIZE], public_key[SST_KEY_SIZE];
	struct stat st;

	if (stat(name, &st)) {
		finding(FINDING_PROBLEM, "key-file",
			"give the name of a file of 'sstctl genkey'",
			"%s: %s", name, strerror(errno));
		return;
	}
	if (st.st_mode & S_IRWXO) {
		finding(FINDING_PROBLEM, "key-file",
			"'chmod o= FILE'; if others may have read it, make a new key",
			"%s is accessible to others", name);
		return;
	}
	keys_lock(secret, sizeof(secret));
	if (keys_read_secret_key(name, secret)) {
		finding(FINDING_PROBLEM, "key-file", "make one with 'sstctl genkey'",
			"%s has no secret key", name);
		return;
	}
	keys_public(public_key, secret);
	keys_wipe(secret, sizeof(secret));
	if (is_own_key(view, public_key))
		finding(FINDING_OK, "key-file", NULL, "%s is a host key here", name);
	else
		finding(FINDING_WARNING, "key-file", "'sstctl host add NAME key FILE'",
			"%s is not a host key of this network namespace", name);
}
