// SPDX-License-Identifier: GPL-2.0
/* What becomes of a flow: the kernel answers, by the rules that it goes by. */
#include <stdio.h>
#include <string.h>

#include "ipc.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"
#include "words.h"

static const char explain_help[] =
	"Usage: sstctl explain [out] tcp|udp to ADDRESS port PORT [uid UID] [cgroup PATH]\n"
	"       sstctl explain in tcp|udp from ADDRESS port PORT [uid UID] [cgroup PATH]\n"
	"\n"
	"Ask the kernel which rule decides about a flow, whether there is a key for it, and\n"
	"what becomes of its first packet. Nothing is sent, and no rule counts a hit.\n"
	"\n"
	"  out, in   a flow that this host opens, or that another one opens\n"
	"  to, from  the other host\n"
	"  port      of the service\n"
	"  uid       user of the socket that opens the flow, or that listens (in)\n"
	"  cgroup    control group of that socket\n"
	"\n"
	"Without uid and cgroup nothing is known of the socket: of the rules that may be\n"
	"about it the strictest decides. With one of them, no rule about the other fits.\n";

enum explain_word {
	W_TO,
	W_FROM,
	W_PORT,
	W_UID,
	W_CGROUP,
	W_COUNT,
};

static const char *const explain_words[W_COUNT] = {
	[W_TO] = "to",
	[W_FROM] = "from",
	[W_PORT] = "port",
	[W_UID] = "uid",
	[W_CGROUP] = "cgroup",
};

static const char *set_address(struct sst_query *query, int word, const char *value)
{
	bool out = query->direction == SST_POLICY_DIRECTION_OUT, to = word == W_TO;
	const char *why;

	if (out != to)
		return out ? "with out it is 'to'" : "with in it is 'from'";
	why = parse_address(value, &query->remote.addr);
	return why ? why : check_family(&query->remote.addr);
}

static const char *set_port(struct sst_query *query, const char *value)
{
	struct sst_ports ports;
	const char *why = parse_ports(value, &ports);

	if (!why && ports.first != ports.last)
		return "a flow has a single port";
	query->remote.port = ports.first;
	return why;
}

static const char *set_uid(struct sst_query *query, const char *value)
{
	const char *why = parse_uids(value, &query->uids);

	if (!why && query->uids.first != query->uids.last)
		return "a socket has a single user";
	return why;
}

static const char *set_value(void *data, int word, char *value)
{
	struct sst_query *query = data;

	switch (word) {
	case W_PORT:
		return set_port(query, value);
	case W_UID:
		return set_uid(query, value);
	case W_CGROUP:
		query->cgroup = value;
		return parse_cgroup(value);
	}
	return set_address(query, word, value);
}

static int parse_query(int argc, char **argv, struct sst_query *query)
{
	struct words words = {
		.table = explain_words,
		.count = W_COUNT,
		.takes = BIT(W_COUNT) - 1,
		.set = set_value,
		.data = query,
	};
	const char *why;
	int status;
	bool in;

	query->direction = SST_POLICY_DIRECTION_OUT;
	if (argc && !parse_direction(argv[0], &query->direction)) {
		argc--;
		argv++;
	}
	if (!argc)
		return out_usage("the protocol is missing, give tcp or udp");
	why = parse_proto(argv[0], &query->proto);
	if (why)
		return out_usage("protocol '%s': %s", argv[0], why);
	status = words_parse(&words, argc - 1, argv + 1);
	in = query->direction == SST_POLICY_DIRECTION_IN;
	if (!status)
		status = words_need(&words, BIT(in ? W_FROM : W_TO) | BIT(W_PORT));
	return status;
}

static void print_key(const struct sst_explanation *answer, bool in)
{
	static const char *const kinds[] = {
		[SST_POLICY_KEY_PSK] = "psk",
		[SST_POLICY_KEY_PUBLIC] = "public-key",
	};

	if (!answer->key) {
		out_null("key", "no key for it\n");
		out_null("key_peer", "");
		return;
	}
	out_word("key", in && !answer->peer[0] ? "a host key: " : "key: ", kinds,
		 ARRAY_SIZE(kinds), answer->key, "");
	if (answer->peer[0])
		out_string("key_peer", ", peer ", answer->peer, "");
	else
		out_null("key_peer", "");
	out_text("\n");
}

static const char *words_for(const struct sst_explanation *answer, bool in)
{
	switch (answer->outcome) {
	case SST_POLICY_OUTCOME_CLEAR:
		return in ? "clear packets are let in, sealed ones too" :
			"it goes in clear, unless the socket asks for more by SO_SST";
	case SST_POLICY_OUTCOME_SEALED:
		if (!in)
			return "it goes sealed, never in clear";
		return answer->rule.peer[0] ?
			"only sealed flows of peers that rules name are let in" :
			"only sealed flows are let in, clear packets are dropped";
	case SST_POLICY_OUTCOME_REFUSED:
		return in ? "nothing is let in, there is no key to open a sealed flow" :
			"it is refused at once: TCP with ECONNREFUSED, UDP with ENOKEY";
	case SST_POLICY_OUTCOME_EXEMPT:
		return "rules are not asked about this address: it goes in clear";
	}
	return "the kernel says what this sstctl does not know";
}

static void print_answer(const struct sst_explanation *answer, bool in)
{
	static const char *const outcomes[] = {
		[SST_POLICY_OUTCOME_CLEAR] = "clear",
		[SST_POLICY_OUTCOME_SEALED] = "sealed",
		[SST_POLICY_OUTCOME_REFUSED] = "refused",
		[SST_POLICY_OUTCOME_EXEMPT] = "exempt",
	};

	out_open_object(NULL);
	if (answer->has_rule) {
		out_open_object("rule");
		print_rule(&answer->rule);
		out_close_object();
	} else {
		out_null("rule", answer->outcome == SST_POLICY_OUTCOME_EXEMPT ?
			 "" : "no rule fits\n");
	}
	if (answer->outcome != SST_POLICY_OUTCOME_EXEMPT || out_is_json())
		print_key(answer, in);
	out_word("outcome", "", outcomes, ARRAY_SIZE(outcomes), answer->outcome, "");
	out_string("words", ": ", words_for(answer, in), "\n");
	out_close_object();
}

int cmd_explain(int argc, char **argv)
{
	struct sst_explanation answer;
	struct sst_query query = { .proto = 0 };
	int status;

	out_context("explain");
	if (is_help(argc, argv))
		return help(explain_help);
	status = parse_query(argc, argv, &query);
	if (status)
		return status;
	status = kernel_status(ipc_policy_explain(&query, &answer));
	if (!status)
		print_answer(&answer, query.direction == SST_POLICY_DIRECTION_IN);
	rule_free(&answer.rule);
	return status;
}
