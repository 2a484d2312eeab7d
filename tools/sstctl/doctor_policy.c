// SPDX-License-Identifier: GPL-2.0
/* Rules that do not do what somebody meant by them. */
#include <string.h>
#include <sys/socket.h>

#include "doctor.h"
#include "finding.h"

/* How many findings of one kind are worth reading. */
#define FINDINGS_MAX 20

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

bool doctor_in_prefix(const struct sst_prefix *prefix, const struct sst_addr *addr)
{
	if (!prefix->addr.family)
		return true;
	return prefix->addr.family == addr->family &&
	       same_bits(prefix->addr.bytes, addr->bytes, prefix->len);
}

bool doctor_peer_in(const struct sst_peer *peer, const struct sst_prefix *prefix)
{
	unsigned int i;

	for (i = 0; i < peer->addrs.count; i++) {
		if (doctor_in_prefix(prefix, &peer->addrs.addr[i]))
			return true;
	}
	return false;
}

static bool prefix_covers(const struct sst_prefix *a, const struct sst_prefix *b)
{
	if (!a->addr.family)
		return true;
	return b->addr.family && a->len <= b->len && doctor_in_prefix(a, &b->addr);
}

static bool ports_cover(const struct sst_ports *a, const struct sst_ports *b)
{
	if (!a->first)
		return true;
	return b->first && a->first <= b->first && a->last >= b->last;
}

static bool uids_cover(const struct sst_uids *a, const struct sst_uids *b)
{
	if (!a->given)
		return true;
	return b->given && a->first <= b->first && a->last >= b->last;
}

/* Those in a group below are in this one, too. */
static bool cgroup_covers(const struct sst_rule *a, const struct sst_rule *b)
{
	size_t len;

	if (!a->cgroup_id || a->cgroup_id == b->cgroup_id)
		return true;
	if (!a->cgroup || !b->cgroup)
		return false;
	len = strlen(a->cgroup);
	return !strncmp(a->cgroup, b->cgroup, len) && b->cgroup[len] == '/';
}

/*
 * Does @a decide about everything that @b is about? Rules of direction in that
 * name different peers make a list.
 */
static bool covers(const struct sst_rule *a, const struct sst_rule *b)
{
	if (a->direction != b->direction || (a->proto && a->proto != b->proto) ||
	    !prefix_covers(&a->prefix, &b->prefix) ||
	    !ports_cover(&a->ports, &b->ports) ||
	    !uids_cover(&a->uids, &b->uids) || !cgroup_covers(a, b) ||
	    a->cgroup_gone)
		return false;
	return a->direction == SST_POLICY_DIRECTION_OUT || !a->peer[0] ||
	       !b->peer[0] || !strcmp(a->peer, b->peer);
}

static size_t find_covered(const struct sst_rule *rules, size_t count)
{
	size_t found = 0, i, k;

	for (i = 1; i < count && found < FINDINGS_MAX; i++) {
		for (k = 0; k < i && !covers(&rules[k], &rules[i]); k++)
			;
		if (k == i)
			continue;
		found++;
		finding(FINDING_WARNING, "policy",
			"delete it, or add it again with a smaller priority",
			"rule %u never decides: rule %u, which is looked at before, covers it",
			rules[i].id, rules[k].id);
	}
	return found;
}

static size_t find_gone(const struct sst_rule *rules, size_t count)
{
	size_t found = 0, i;

	for (i = 0; i < count && found < FINDINGS_MAX; i++) {
		if (!rules[i].cgroup_gone)
			continue;
		found++;
		finding(FINDING_WARNING, "policy",
			"delete it, and add it again when the group is there",
			"rule %u is about a control group that is gone: nobody will be in it",
			rules[i].id);
	}
	return found;
}

/* By public key anybody can open flows, or those that are listed. */
static bool takes_inits(const struct doctor_view *view)
{
	return view->hosts.count &&
	       view->config.value[SST_A_CONFIG_INIT_FROM] != SST_INIT_FROM_NOBODY;
}

/* Is there a key by which a flow that the rule is about can be opened? */
static bool has_key(const struct doctor_view *view, const struct sst_rule *rule)
{
	bool in = rule->direction == SST_POLICY_DIRECTION_IN;
	const struct sst_peer *peers = view->peers.items;
	size_t i;

	if (in && !rule->peer[0] && takes_inits(view))
		return true;
	for (i = 0; i < view->peers.count; i++) {
		if (rule->peer[0] && strcmp(peers[i].name, rule->peer) != 0)
			continue;
		if (in && peers[i].has_public_key) {
			if (takes_inits(view))
				return true;
		} else if (doctor_peer_in(&peers[i], &rule->prefix)) {
			return true;
		}
	}
	return false;
}

static void report_no_key(const struct sst_rule *rule)
{
	if (rule->direction == SST_POLICY_DIRECTION_IN)
		finding(FINDING_PROBLEM, "policy",
			"'sstctl host add', or 'sstctl peer add' with a pre-shared key",
			"rule %u requires SST of others, but there is no key by which they could open a flow",
			rule->id);
	else if (rule->verdict == SST_VERDICT_REQUIRE)
		finding(FINDING_PROBLEM, "policy", "add it with 'sstctl peer add'",
			"rule %u requires SST, but no peer has an address there: every flow fails",
			rule->id);
	else
		finding(FINDING_WARNING, "policy", "add it with 'sstctl peer add'",
			"rule %u prefers SST, but no peer has an address there: every flow is clear",
			rule->id);
}

static size_t find_keyless(const struct doctor_view *view)
{
	const struct sst_rule *rules = view->rules.items;
	size_t found = 0, i;

	for (i = 0; i < view->rules.count && found < FINDINGS_MAX; i++) {
		if (rules[i].verdict == SST_VERDICT_CLEAR)
			continue;
		if (rules[i].peer[0] && !ipc_peer_by_name(&view->peers, rules[i].peer))
			finding(FINDING_PROBLEM, "policy",
				"add it with 'sstctl peer add', or delete the rule",
				"rule %u names the peer %s, which does not exist",
				rules[i].id, rules[i].peer);
		else if (!has_key(view, &rules[i]))
			report_no_key(&rules[i]);
		else
			continue;
		found++;
	}
	return found;
}

void doctor_policy(const struct doctor_view *view)
{
	size_t found = find_covered(view->rules.items, view->rules.count) +
		       find_gone(view->rules.items, view->rules.count) +
		       find_keyless(view);

	if (!found)
		finding(FINDING_OK, "policy", NULL, "%zu rules", view->rules.count);
}
