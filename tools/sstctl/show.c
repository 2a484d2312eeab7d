// SPDX-License-Identifier: GPL-2.0
#include "show.h"

#include <netinet/in.h>
#include <string.h>

#include "out.h"
#include "sstctl.h"
#include "text.h"

/* ---- flows ---- */

bool flow_family_wanted(const struct sst_flow *flow)
{
	return !options.family || flow->local.addr.family == options.family;
}

static bool endpoint_matches(const struct sst_endpoint *want,
			     const struct sst_endpoint *have)
{
	if (!want->addr.family)
		return true;
	return want->addr.family == have->addr.family &&
	       !memcmp(want->addr.bytes, have->addr.bytes,
		       sizeof(have->addr.bytes)) &&
	       (!want->port || want->port == have->port);
}

bool flow_matches(const struct sst_flow *want, const struct sst_flow *flow)
{
	return (!want->id || want->id == flow->id) &&
	       (!want->proto || want->proto == flow->proto) &&
	       (!want->peer[0] || !strcmp(want->peer, flow->peer)) &&
	       endpoint_matches(&want->local, &flow->local) &&
	       endpoint_matches(&want->remote, &flow->remote);
}

static void print_proto(const char *before, uint8_t proto)
{
	static const char *const protos[] = {
		[IPPROTO_TCP] = "tcp",
		[IPPROTO_UDP] = "udp",
	};

	out_word("proto", before, protos, ARRAY_SIZE(protos), proto, "");
}

static void print_suite(uint8_t suite)
{
	static const char *const suites[] = {
		[SST_SUITE_CHACHA20_POLY1305] = "chacha20-poly1305",
	};

	out_word("suite", " suite ", suites, ARRAY_SIZE(suites), suite, "");
}

static const char *const states[] = {
	[SST_FLOW_STATE_LIVE] = "live",
	[SST_FLOW_STATE_EXHAUSTED] = "exhausted",
	[SST_FLOW_STATE_OPENING] = "opening",
	[SST_FLOW_STATE_ACCEPTING] = "accepting",
	[SST_FLOW_STATE_REOPENING] = "reopening",
	[SST_FLOW_STATE_CLOSING] = "closing",
};

static const char *const roles[] = {
	[SST_FLOW_ROLE_MANUAL] = "manual",
	[SST_FLOW_ROLE_INITIATOR] = "initiator",
	[SST_FLOW_ROLE_RESPONDER] = "responder",
};

const char *flow_state_name(uint8_t state)
{
	return state < ARRAY_SIZE(states) && states[state] ? states[state] : "?";
}

const char *flow_role_name(uint8_t role)
{
	return role < ARRAY_SIZE(roles) && roles[role] ? roles[role] : "?";
}

static void print_state(const char *before, uint8_t state)
{
	out_word("state", before, states, ARRAY_SIZE(states), state, "");
}

static void print_role(uint8_t role)
{
	out_word("role", " role ", roles, ARRAY_SIZE(roles), role, "");
}

static void print_scope(uint8_t scope)
{
	static const char *const scopes[] = {
		[SST_SCOPE_PORTS] = "ports",
		[SST_SCOPE_LABEL] = "label",
		[SST_SCOPE_PAYLOAD] = "payload",
	};

	out_word("scope", " scope ", scopes, ARRAY_SIZE(scopes), scope, "");
}

static void print_idle(bool has_idle, uint32_t idle)
{
	if (has_idle)
		out_duration("idle", " idle ", idle, "");
	else
		out_null("idle", " idle never");
}

/* Where a flow has no such thing, text is silent and JSON has null. */
static void print_peer_port(const struct sst_flow *flow)
{
	if (flow->peer_port)
		out_number("peer_port", " peer-port ", flow->peer_port, "");
	else
		out_null("peer_port", "");
}

void flow_print_name(const struct sst_flow *flow)
{
	out_number("id", "", flow->id, "");
	print_proto(" ", flow->proto);
	out_endpoint("local", "local_port", " local ", &flow->local, "");
	out_endpoint("remote", "remote_port", " remote ", &flow->remote, "");
	out_number("wire_local_port", " wire ", flow->wire_local, "");
	out_number("wire_remote_port", ":", flow->wire_remote, "");
}

void flow_print_rest(const struct sst_flow *flow, bool lines)
{
	const char *sep = lines ? "\n    " : " ";

	out_text(sep);
	out_number("side", "side ", flow->side, "");
	print_scope(flow->scope);
	print_suite(flow->suite);
	print_state(" state ", flow->state);
	print_role(flow->role);
	if (flow->peer[0])
		out_string("peer", " peer ", flow->peer, "");
	else
		out_null("peer", "");
	print_peer_port(flow);
	out_duration("age", " age ", flow->age, "");

	out_text(sep);
	out_open_object("tx");
	out_number("kri", "tx key ", flow->tx_kri, "");
	out_number("seq", " seq ", flow->tx_seq, "");
	out_number("packets", " packets ", flow->tx_packets, "");
	out_number("bytes", " bytes ", flow->tx_bytes, "");
	out_close_object();

	out_text(sep);
	out_open_object("rx");
	out_number("kri", "rx key ", flow->rx_kri, "");
	out_number("packets", " packets ", flow->rx_packets, "");
	out_number("bytes", " bytes ", flow->rx_bytes, "");
	print_idle(flow->has_rx_idle, flow->rx_idle);
	out_close_object();
}

void flow_print_brief(const struct sst_flow *flow)
{
	if (out_is_json()) {
		flow_print_rest(flow, false);
		return;
	}
	print_state("\n        state ", flow->state);
	print_role(flow->role);
	if (flow->peer_port)
		print_peer_port(flow);
	out_bytes(NULL, " tx ", flow->tx_bytes, "");
	out_bytes(NULL, " rx ", flow->rx_bytes, "");
	out_duration(NULL, " age ", flow->age, "");
}

/* ---- host keys ---- */

static void print_host(const struct sst_host *host)
{
	out_open_object(NULL);
	out_string("name", "host ", host->name, "");
	out_key("public_key", " public-key ", host->public_key, "");
	out_id("key_id", "\n    key-id ", host->key_id, "");
	out_duration("age", " age ", host->age, "");
	out_number("inits", " inits ", host->inits, "");
	print_idle(host->has_init_idle, host->init_idle);
	out_text("\n");
	out_close_object();
}

void print_hosts(const struct sst_host *hosts, size_t count)
{
	size_t i;

	out_open_array("hosts");
	for (i = 0; i < count; i++)
		print_host(&hosts[i]);
	out_close_array();
}

/* ---- peers ---- */

bool peer_family_wanted(const struct sst_peer *peer)
{
	unsigned int i;

	for (i = 0; i < peer->addrs.count; i++) {
		if (peer->addrs.addr[i].family == options.family)
			return true;
	}
	/* Without an address it is about both. */
	return !options.family || !peer->addrs.count;
}

static void print_ports(const char *name, const char *name_last,
			const char *before, const struct sst_ports *ports)
{
	if (!ports->first) {
		out_null(name, "");
		out_null(name_last, "");
		return;
	}
	out_number(name, before, ports->first, "");
	if (out_is_json() || ports->last != ports->first)
		out_number(name_last, "-", ports->last, "");
}

static void print_identity(uint8_t identity)
{
	static const char *const modes[] = {
		[SST_IDENTITY_MODE_NONE] = "none",
		[SST_IDENTITY_MODE_OFFER] = "offer",
		[SST_IDENTITY_MODE_REQUIRED] = "required",
	};

	out_word("identity", " identity ", modes, ARRAY_SIZE(modes), identity, "");
}

/* Which key it is known by; JSON has all names in both cases. */
static void print_peer_key(const struct sst_peer *peer)
{
	if (peer->has_public_key) {
		out_string("key", "\n    ", "public-key", "");
		out_key("public_key", " ", peer->public_key, "");
		print_ports("wire_port", "wire_port_last", " wire-port ",
			    &peer->wire_ports);
		print_identity(peer->identity);
		out_null("side", "");
	} else {
		out_string("key", "\n    ", "psk", "");
		out_null("public_key", "");
		print_ports("wire_port", "wire_port_last", "", &peer->wire_ports);
		out_null("identity", "");
		out_number("side", " side ", peer->side, "");
	}
	print_suite(peer->suite);
}

/* Names that "sstctl apply" would take for something else. */
static const char no_word[] = "# the name of the peer cannot be written: ";

static bool is_word(const char *name)
{
	return name[0] != '"' && name[0] != '#';
}

void print_peer_line(const struct sst_peer *peer)
{
	unsigned int i;

	if (!is_word(peer->name))
		out_text(no_word);
	out_string(NULL, "peer add ", peer->name, "");
	for (i = 0; i < peer->addrs.count; i++)
		out_address(NULL, i ? "," : " address ", &peer->addrs.addr[i], "");
	out_key(NULL, " public-key ", peer->public_key, "");
	print_ports(NULL, NULL, " wire-port ", &peer->wire_ports);
	print_identity(peer->identity);
	out_text("\n");
}

static void print_peer_use(const struct sst_peer *peer)
{
	out_number("assocs", "\n    assocs ", peer->assocs, "");
	if (peer->has_handshake)
		out_duration("handshake", " handshake ", peer->handshake_age, "");
	else
		out_null("handshake", " handshake never");
	out_bytes("tx", " tx ", peer->tx_bytes, "");
	out_bytes("rx", " rx ", peer->rx_bytes, "");
	out_number("flows", " flows ", peer->flows, "");
	print_idle(peer->has_rx_idle, peer->rx_idle);
}

static void print_peer(const struct sst_peer *peer)
{
	unsigned int i;

	out_open_object(NULL);
	out_string("name", "peer ", peer->name, "");
	out_open_array("addresses");
	for (i = 0; i < peer->addrs.count; i++)
		out_address(NULL, i ? "," : " address ", &peer->addrs.addr[i], "");
	out_close_array();
	print_peer_key(peer);
	print_peer_use(peer);
	out_text("\n");
	out_close_object();
}

void print_peers(const struct sst_peer *peers, size_t count)
{
	size_t i;

	out_open_array("peers");
	for (i = 0; i < count; i++) {
		if (peer_family_wanted(&peers[i]))
			print_peer(&peers[i]);
	}
	out_close_array();
}

/* ---- rules ---- */

bool rule_family_wanted(const struct sst_rule *rule)
{
	/* Without a prefix it is about both families. */
	return !options.family || !rule->prefix.addr.family ||
	       rule->prefix.addr.family == options.family;
}

static void print_uids(const struct sst_uids *uids)
{
	if (!uids->given) {
		out_null("uid", "");
		out_null("uid_last", "");
		return;
	}
	out_number("uid", " uid ", uids->first, "");
	if (out_is_json() || uids->last != uids->first)
		out_number("uid_last", "-", uids->last, "");
}

/* Where a rule knows its group, but nobody knows a path of it, by its number. */
static void print_cgroup(const struct sst_rule *rule)
{
	if (rule->cgroup)
		out_path("cgroup", " cgroup ", rule->cgroup, "");
	else
		out_null("cgroup", rule->cgroup_id ? " cgroup" : "");
	if (!rule->cgroup_id) {
		out_null("cgroup_id", "");
		out_null("cgroup_gone", "");
		return;
	}
	out_number("cgroup_id", " (id ", rule->cgroup_id, "");
	out_flag("cgroup_gone", ", gone", rule->cgroup_gone);
	out_text(")");
}

/* Which flows it is about, but for the control group. */
static void print_rule_flows(const struct sst_rule *rule)
{
	static const char *const directions[] = {
		[SST_POLICY_DIRECTION_OUT] = "out",
		[SST_POLICY_DIRECTION_IN] = "in",
	};
	bool in = rule->direction == SST_POLICY_DIRECTION_IN;

	out_word("direction", " ", directions, ARRAY_SIZE(directions),
		 rule->direction, "");
	if (rule->prefix.addr.family)
		out_prefix("prefix", in ? " from " : " to ", &rule->prefix, "");
	else
		out_null("prefix", "");
	if (rule->proto)
		print_proto(" proto ", rule->proto);
	else
		out_null("proto", "");
	print_ports("port", "port_last", " port ", &rule->ports);
	print_uids(&rule->uids);
}

static void print_rule_says(const struct sst_rule *rule)
{
	static const char *const verdicts[] = {
		[SST_VERDICT_CLEAR] = "clear",
		[SST_VERDICT_PREFER] = "prefer",
		[SST_VERDICT_REQUIRE] = "require",
	};
	static const char *const marks[] = {
		[SST_MARK_ALL] = "all",
		[SST_MARK_OPENINGS] = "openings",
	};

	out_word("verdict", " ", verdicts, ARRAY_SIZE(verdicts), rule->verdict, "");
	/* Text is silent about the default. */
	if (out_is_json() || rule->scope != SST_SCOPE_PORTS)
		print_scope(rule->scope);
	if (out_is_json() || rule->mark == SST_MARK_OPENINGS)
		out_word("mark", " mark ", marks, ARRAY_SIZE(marks), rule->mark, "");
	if (rule->peer[0])
		out_string("peer", " peer ", rule->peer, "");
	else
		out_null("peer", "");
	out_number("priority", " priority ", rule->priority, "");
}

/* In the words of "policy add", JSON with null for what does not matter. */
void print_rule(const struct sst_rule *rule)
{
	out_number("id", "policy ", rule->id, "");
	print_rule_flows(rule);
	print_cgroup(rule);
	print_rule_says(rule);
	out_number("hits", " hits ", rule->hits, "\n");
}

/* A word of "sstctl apply" as it is, or in quotes. */
static void print_quoted(const char *before, const char *word)
{
	const char *quote = strpbrk(word, " \t\r") ? "\"" : "";

	out_text(before);
	out_text(quote);
	out_text(word);
	out_text(quote);
}

/* Can a file say which control group it is about? */
static bool has_path(const struct sst_rule *rule)
{
	return !rule->cgroup_id ||
	       (rule->cgroup && !rule->cgroup_gone &&
		!strchr(rule->cgroup, '"') && text_is_printable(rule->cgroup));
}

void print_rule_line(const struct sst_rule *rule)
{
	bool path = has_path(rule);

	if (!path)
		out_text("# the control group is gone, or has no path to be written: ");
	else if (!is_word(rule->peer))
		out_text(no_word);
	out_text("policy add");
	print_rule_flows(rule);
	if (rule->cgroup && path)
		print_quoted(" cgroup ", rule->cgroup);
	else if (rule->cgroup)
		out_path(NULL, " cgroup ", rule->cgroup, "");
	print_rule_says(rule);
	out_text("\n");
}

void print_rules(const struct sst_rule *rules, size_t count)
{
	size_t i;

	out_open_array("policy");
	for (i = 0; i < count; i++) {
		if (!rule_family_wanted(&rules[i]))
			continue;
		out_open_object(NULL);
		print_rule(&rules[i]);
		out_close_object();
	}
	out_close_array();
}

/* ---- associations ---- */

bool assoc_family_wanted(const struct sst_assoc *assoc)
{
	return !options.family || assoc->local.family == options.family;
}

void assoc_print(const struct sst_assoc *assoc, bool lines)
{
	static const char *const origins[] = {
		[SST_ASSOC_ORIGIN_PSK] = "psk",
		[SST_ASSOC_ORIGIN_INIT] = "init",
	};

	out_id("id", "assoc ", assoc->id, "");
	if (assoc->peer[0])
		out_string("peer", " peer ", assoc->peer, "");
	else
		out_null("peer", "");
	out_address("local", " local ", &assoc->local, "");
	out_address("remote", " remote ", &assoc->remote, "");
	out_word("origin", lines ? "\n    origin " : " origin ", origins,
		 ARRAY_SIZE(origins), assoc->origin, "");
	out_number("side", " side ", assoc->side, "");
	print_suite(assoc->suite);
	out_duration("age", " age ", assoc->age, "");
	out_duration("lifetime", " lifetime ", assoc->lifetime, "");
	if (assoc->has_identity)
		out_key("identity", " identity ", assoc->identity, "");
	else
		out_null("identity", "");
	out_text("\n");
}

void print_assocs(const struct sst_assoc *assocs, size_t count)
{
	size_t i;

	out_open_array("assocs");
	for (i = 0; i < count; i++) {
		if (!assoc_family_wanted(&assocs[i]))
			continue;
		out_open_object(NULL);
		assoc_print(&assocs[i], true);
		out_close_object();
	}
	out_close_array();
}
