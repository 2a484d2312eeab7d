// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "ipc.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"
#include "words.h"

static const char policy_help[] =
	"Usage: sstctl policy show [ID]\n"
	"       sstctl policy add out [to PREFIX] [proto tcp|udp] [port PORT[-PORT]]\n"
	"                             [uid UID[-UID]] [cgroup PATH]\n"
	"                             clear|prefer|require [scope SCOPE] [mark all|openings]\n"
	"                             [peer NAME] [priority N]\n"
	"       sstctl policy add in [from PREFIX] [proto tcp|udp] [port PORT[-PORT]]\n"
	"                            [uid UID[-UID]] [cgroup PATH]\n"
	"                            clear|require [scope SCOPE] [mark all|openings]\n"
	"                            [peer NAME] [priority N]\n"
	"       sstctl policy del ID...\n"
	"       sstctl policy flush [out|in]\n"
	"\n"
	"PREFIX := ADDR[/LEN]\n"
	"A rule says which new flows have to be under protection of SST.\n";

static const char add_help[] =
	"Usage: sstctl policy add out [to PREFIX] [proto tcp|udp] [port PORT[-PORT]]\n"
	"                             [uid UID[-UID]] [cgroup PATH]\n"
	"                             clear|prefer|require [scope SCOPE] [mark all|openings]\n"
	"                             [peer NAME] [priority N]\n"
	"       sstctl policy add in [from PREFIX] [proto tcp|udp] [port PORT[-PORT]]\n"
	"                            [uid UID[-UID]] [cgroup PATH]\n"
	"                            clear|require [scope SCOPE] [mark all|openings]\n"
	"                            [peer NAME] [priority N]\n"
	"\n"
	"Add a rule and print its id. Flows that were there before stay as they are.\n"
	"\n"
	"  out, in   flows that this host opens, or that others open\n"
	"  to, from  the addresses of the other host: ADDR or ADDR/LEN\n"
	"  proto     tcp or udp; both when it is left out\n"
	"  port      of the host that does not open the flow, the service: PORT, or\n"
	"            the first and the last PORT-PORT\n"
	"  uid       user of the socket that opens the flow, or that listens (in)\n"
	"  cgroup    control group (version 2) in which that socket was made, or one below:\n"
	"            its path, that begins with / at the root of cgroup2\n"
	"  clear     leave the flow alone\n"
	"  prefer    SST when the other host is a peer, else clear; with out only\n"
	"  require   SST, or no flow\n"
	"  scope     what the flow protects, with in: the least that is taken. ports, the\n"
	"            default; payload, which is more; or label, which is less\n"
	"  mark      which packets of the flow this host marks: all, or openings, which are\n"
	"            those that the other host has to know it by\n"
	"  peer      with out: only by the key of this peer. With in: only this peer may\n"
	"            open the flow, and those that other rules name; not with clear\n"
	"  priority  the rule with the smallest number decides; 1000 when left out\n";

static const char del_help[] =
	"Usage: sstctl policy del ID...\n"
	"\n"
	"Remove these rules. All of them are tried, also when one cannot be removed.\n";

static const char show_help[] =
	"Usage: sstctl policy show [ID]\n"
	"\n"
	"Show one rule, or all of them in the order in which they are looked at.\n";

static const char flush_help[] =
	"Usage: sstctl policy flush [out|in]\n"
	"\n"
	"Remove all rules, or all of one direction.\n";

enum rule_word {
	W_TO,
	W_FROM,
	W_PROTO,
	W_PORT,
	W_CLEAR,
	W_PREFER,
	W_REQUIRE,
	W_PRIORITY,
	W_PEER,
	W_SCOPE,
	W_MARK,
	W_UID,
	W_CGROUP,
	W_COUNT,
};

#define VERDICTS (BIT(W_CLEAR) | BIT(W_PREFER) | BIT(W_REQUIRE))

static const char *const rule_words[W_COUNT] = {
	[W_TO] = "to",
	[W_FROM] = "from",
	[W_PROTO] = "proto",
	[W_PORT] = "port",
	[W_CLEAR] = "clear",
	[W_PREFER] = "prefer",
	[W_REQUIRE] = "require",
	[W_PRIORITY] = "priority",
	[W_PEER] = "peer",
	[W_SCOPE] = "scope",
	[W_MARK] = "mark",
	[W_UID] = "uid",
	[W_CGROUP] = "cgroup",
};

static const char *set_prefix(struct sst_rule *rule, int word, const char *value)
{
	bool out = rule->direction == SST_POLICY_DIRECTION_OUT;
	const char *why;

	if (out != (word == W_TO))
		return out ? "with out it is 'to'" : "with in it is 'from'";
	why = parse_prefix(value, &rule->prefix);
	return why ? why : check_family(&rule->prefix.addr);
}

static const char *set_verdict(struct sst_rule *rule, uint8_t verdict)
{
	if (rule->verdict)
		return "there is a verdict already, give one of clear, prefer, require";
	if (verdict == SST_VERDICT_PREFER &&
	    rule->direction == SST_POLICY_DIRECTION_IN)
		return "with out only, the host that opens a flow chooses; give clear or require";
	rule->verdict = verdict;
	return NULL;
}

static const char *set_peer(struct sst_rule *rule, const char *value)
{
	const char *why = parse_name(value);

	if (!why)
		snprintf(rule->peer, sizeof(rule->peer), "%s", value);
	return why;
}

static const char *set_cgroup(struct sst_rule *rule, const char *value)
{
	const char *why = parse_cgroup(value);

	if (why)
		return why;
	rule->cgroup = strdup(value);
	return rule->cgroup ? NULL : strerror(ENOMEM);
}

static const char *set_value(void *data, int word, char *value)
{
	struct sst_rule *rule = data;
	const char *why;
	uint64_t n = 0;

	switch (word) {
	case W_TO:
	case W_FROM:
		return set_prefix(rule, word, value);
	case W_PROTO:
		return parse_proto(value, &rule->proto);
	case W_PORT:
		return parse_ports(value, &rule->ports);
	case W_CLEAR:
		return set_verdict(rule, SST_VERDICT_CLEAR);
	case W_PREFER:
		return set_verdict(rule, SST_VERDICT_PREFER);
	case W_REQUIRE:
		return set_verdict(rule, SST_VERDICT_REQUIRE);
	case W_PEER:
		return set_peer(rule, value);
	case W_SCOPE:
		return parse_scope(value, &rule->scope);
	case W_MARK:
		return parse_mark(value, &rule->mark);
	case W_UID:
		return parse_uids(value, &rule->uids);
	case W_CGROUP:
		return set_cgroup(rule, value);
	}
	why = parse_number(value, UINT32_MAX, &n);
	rule->priority = (uint32_t)n;
	rule->has_priority = true;
	return why;
}

/* The direction that the words begin with. */
static int take_direction(struct sst_rule *rule, char *text)
{
	const char *why = parse_direction(text, &rule->direction);

	return why ? out_usage("direction '%s': %s", text, why) : EXIT_OK;
}

/* What no single word can say. */
static int check_rule(const struct sst_rule *rule)
{
	bool out = rule->direction == SST_POLICY_DIRECTION_OUT;

	if (!rule->verdict)
		return out_usage("the verdict is missing, give %s",
				 out ? "clear, prefer or require" : "clear or require");
	if (rule->peer[0] && rule->verdict == SST_VERDICT_CLEAR)
		return out_usage("who speaks clear is nobody, with peer give %s",
				 out ? "prefer or require" : "require");
	if (options.family && !rule->prefix.addr.family)
		return out_usage("without a prefix a rule is about IPv4 and IPv6, add '%s %s'",
				 out ? "to" : "from",
				 options.family == AF_INET ? "0.0.0.0/0" : "::/0");
	return EXIT_OK;
}

int rule_parse(int argc, char **argv, struct sst_rule *rule)
{
	struct words words = {
		.table = rule_words,
		.count = W_COUNT,
		.takes = BIT(W_COUNT) - 1,
		.bare = VERDICTS,
		.set = set_value,
		.data = rule,
	};
	int status;

	if (!argc)
		return out_usage("the direction is missing, give out or in");
	status = take_direction(rule, argv[0]);
	if (!status)
		status = words_parse(&words, argc - 1, argv + 1);
	return status ? status : check_rule(rule);
}

static int add_rule(const struct sst_rule *rule)
{
	uint32_t id = 0;
	int status = kernel_status(ipc_policy_add(rule, &id));

	if (status)
		return status;
	out_open_object(NULL);
	out_number("id", "policy ", id, "\n");
	out_close_object();
	return EXIT_OK;
}

static int policy_add(int argc, char **argv)
{
	struct sst_rule rule = { .id = 0 };
	int status;

	out_context("policy add");
	if (is_help(argc, argv))
		return help(add_help);
	status = rule_parse(argc, argv, &rule);
	if (!status)
		status = add_rule(&rule);
	rule_free(&rule);
	return status;
}

static int del_one(const char *text)
{
	uint32_t id = 0;

	parse_id(text, &id);
	return ipc_policy_del(id);
}

static int policy_del(int argc, char **argv)
{
	out_context("policy del");
	if (is_help(argc, argv))
		return help(del_help);
	return delete_each("id", argc, argv, check_id, del_one);
}

static int show_one(uint32_t id)
{
	struct sst_rule rule = { .id = 0 };
	int rc = ipc_policy_get(id, &rule);

	if (!rc) {
		out_open_object(NULL);
		print_rules(&rule, 1);
		out_close_object();
	}
	rule_free(&rule);
	return kernel_status(rc);
}

static int show_all(void)
{
	struct list rules;
	int rc = ipc_policy_list(&rules);

	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_rules(rules.items, rules.count);
	out_close_object();
	rules_free(&rules);
	return EXIT_OK;
}

static int policy_show(int argc, char **argv)
{
	const char *why;
	uint32_t id;

	out_context("policy show");
	if (is_help(argc, argv))
		return help(show_help);
	if (!argc)
		return show_all();
	why = parse_id(argv[0], &id);
	if (why)
		return out_usage("id '%s': %s", argv[0], why);
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	return show_one(id);
}

static int policy_flush(int argc, char **argv)
{
	struct sst_rule rule = { .direction = 0 };
	int status;

	out_context("policy flush");
	if (is_help(argc, argv))
		return help(flush_help);
	if (argc) {
		status = take_direction(&rule, argv[0]);
		if (status)
			return status;
	}
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	return kernel_status(ipc_policy_flush(rule.direction));
}

int cmd_policy(int argc, char **argv)
{
	static const struct sst_command commands[] = {
		{ "add", policy_add },
		{ "delete", policy_del },
		{ "flush", policy_flush },
		{ "list", policy_show },
		{ "show", policy_show },
	};

	out_context("policy");
	if (is_help(argc, argv))
		return help(policy_help);
	if (!argc)
		return policy_show(0, argv);
	return dispatch(commands, ARRAY_SIZE(commands), argc, argv);
}
