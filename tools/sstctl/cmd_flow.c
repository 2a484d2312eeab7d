// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "ipc.h"
#include "keys.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"
#include "words.h"

static const char flow_help[] =
	"Usage: sstctl flow show [ID | FILTER...]\n"
	"       sstctl flow add proto tcp|udp local ADDR:PORT remote ADDR:PORT\n"
	"                       wire LOCAL-PORT:REMOTE-PORT side 1|2 key FILE|-\n"
	"                       [scope SCOPE] [suite 1]\n"
	"       sstctl flow del ID...\n"
	"       sstctl flow flush [proto tcp|udp]\n"
	"       sstctl flow genkey\n"
	"\n"
	"FILTER := proto tcp|udp | local ADDR[:PORT] | remote ADDR[:PORT]\n"
	"An IPv6 address with a port is written [2001:db8::1]:443.\n";

static const char add_help[] =
	"Usage: sstctl flow add proto tcp|udp local ADDR:PORT remote ADDR:PORT\n"
	"                       wire LOCAL-PORT:REMOTE-PORT side 1|2 key FILE|-\n"
	"                       [scope SCOPE] [suite 1]\n"
	"\n"
	"Install a flow with a secret of its own, and print its id. The same has to\n"
	"be done on the other host, with local and remote, the two wire ports, and\n"
	"sides 1 and 2 changed over.\n"
	"\n"
	"  local, remote  the real addresses and ports; IPv6 as [2001:db8::1]:443\n"
	"  wire           the ports that stand on the wire for them\n"
	"  side           1 on the host that opens the connection, 2 on the other\n"
	"  key            a file with the secret, or '-' for standard input: 44\n"
	"                 characters of base64 as 'sstctl flow genkey' makes, or 64\n"
	"                 hex digits. A secret is used for one flow, ever.\n"
	"  scope          what is protected: ports or payload; the same on both hosts\n"
	"  suite          by which cryptography\n";

static const char del_help[] =
	"Usage: sstctl flow del ID...\n"
	"\n"
	"Remove these flows. All of them are tried, also when one cannot be removed.\n";

static const char show_help[] =
	"Usage: sstctl flow show [ID | FILTER...]\n"
	"\n"
	"FILTER := proto tcp|udp | local ADDR[:PORT] | remote ADDR[:PORT]\n"
	"\n"
	"Show one flow, or all that pass every filter, in the order of their ids.\n";

static const char flush_help[] =
	"Usage: sstctl flow flush [proto tcp|udp]\n"
	"\n"
	"Remove all flows of the network namespace, or all of one protocol.\n";

static const char genkey_help[] =
	"Usage: sstctl flow genkey\n"
	"\n"
	"Print a new secret for a flow in base64. Set 'umask 077' before writing it\n"
	"to a file; both hosts need it, and nobody else.\n";

enum flow_word {
	W_PROTO,
	W_LOCAL,
	W_REMOTE,
	W_WIRE,
	W_SIDE,
	W_KEY,
	W_SCOPE,
	W_SUITE,
	W_COUNT,
};

#define ADD_NEEDS (BIT(W_PROTO) | BIT(W_LOCAL) | BIT(W_REMOTE) | BIT(W_WIRE) | \
		   BIT(W_SIDE) | BIT(W_KEY))
#define ADD_TAKES (ADD_NEEDS | BIT(W_SCOPE) | BIT(W_SUITE))
#define SHOW_TAKES (BIT(W_PROTO) | BIT(W_LOCAL) | BIT(W_REMOTE))
#define FLUSH_TAKES BIT(W_PROTO)

static const char *const flow_words[W_COUNT] = {
	[W_PROTO] = "proto",
	[W_LOCAL] = "local",
	[W_REMOTE] = "remote",
	[W_WIRE] = "wire",
	[W_SIDE] = "side",
	[W_KEY] = "key",
	[W_SCOPE] = "scope",
	[W_SUITE] = "suite",
};

/**
 * struct flow_args - what stood on the command line
 * @flow: the values
 * @key: name of the file with the secret
 * @seen: BIT() of each word that was there
 * @need_port: an address has to have one
 */
struct flow_args {
	struct sst_flow flow;
	const char *key;
	unsigned int seen;
	bool need_port;
};

static const char *set_endpoint(const struct flow_args *args, const char *value,
				struct sst_endpoint *ep)
{
	const char *why = parse_endpoint(value, args->need_port, ep);

	return why ? why : check_family(&ep->addr);
}

static const char *set_value(void *data, int word, char *value)
{
	struct flow_args *args = data;
	struct sst_flow *flow = &args->flow;

	switch (word) {
	case W_PROTO:
		return parse_proto(value, &flow->proto);
	case W_LOCAL:
		return set_endpoint(args, value, &flow->local);
	case W_REMOTE:
		return set_endpoint(args, value, &flow->remote);
	case W_WIRE:
		return parse_port_pair(value, &flow->wire_local,
				       &flow->wire_remote);
	case W_SIDE:
		return parse_side(value, &flow->side);
	case W_SCOPE:
		return parse_scope(value, &flow->scope);
	case W_SUITE:
		return parse_suite(value, &flow->suite);
	}
	args->key = value;
	return NULL;
}

static int parse_args(struct flow_args *args, unsigned int takes,
		      unsigned int needs, int argc, char **argv)
{
	struct words words = {
		.table = flow_words,
		.count = W_COUNT,
		.takes = takes,
		.secret = flow_words[W_KEY],
		.set = set_value,
		.data = args,
	};
	int status = words_parse(&words, argc, argv);

	args->seen = words.seen;
	return status ? status : words_need(&words, needs);
}

static int flow_add(int argc, char **argv)
{
	struct flow_args args = { .need_port = true };
	uint8_t key[SST_KEY_SIZE];
	uint32_t id = 0;
	int status, rc;

	out_context("flow add");
	if (is_help(argc, argv))
		return help(add_help);
	status = parse_args(&args, ADD_TAKES, ADD_NEEDS, argc, argv);
	if (status)
		return status;

	keys_lock(key, sizeof(key));
	rc = keys_read(args.key, key);
	if (rc) {
		keys_wipe(key, sizeof(key));
		return EXIT_USAGE;
	}
	rc = ipc_flow_add(&args.flow, key, &id);
	keys_wipe(key, sizeof(key));
	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	out_number("id", "flow ", id, "\n");
	out_close_object();
	return EXIT_OK;
}

static int del_one(const char *text)
{
	uint32_t id = 0;

	parse_id(text, &id);
	return ipc_flow_del(id);
}

static int flow_del(int argc, char **argv)
{
	out_context("flow del");
	if (is_help(argc, argv))
		return help(del_help);
	return delete_each("id", argc, argv, check_id, del_one);
}

/**
 * struct flow_list - output of "flow show"
 * @want: the filters
 * @open: the list was begun
 */
struct flow_list {
	struct flow_args want;
	bool open;
};

static void list_open(struct flow_list *list)
{
	if (list->open)
		return;
	list->open = true;
	out_open_object(NULL);
	out_open_array("flows");
}

static void list_close(void)
{
	out_close_array();
	out_close_object();
}

static void show_flow(const struct sst_flow *flow, void *data)
{
	struct flow_list *list = data;
	const struct flow_args *want = &list->want;

	if (!flow_family_wanted(flow) || !flow_matches(&want->flow, flow))
		return;
	list_open(list);
	out_open_object(NULL);
	out_text("flow ");
	flow_print_name(flow);
	flow_print_rest(flow, true);
	out_text("\n");
	out_close_object();
}

static int flow_show(int argc, char **argv)
{
	struct flow_list list = { .open = false };
	uint32_t id = 0;
	const char *why;
	int status, rc;

	out_context("flow show");
	if (is_help(argc, argv))
		return help(show_help);
	if (argc == 1 && argv[0][0] >= '0' && argv[0][0] <= '9') {
		why = parse_id(argv[0], &id);
		if (why)
			return out_usage("id '%s': %s", argv[0], why);
	} else {
		status = parse_args(&list.want, SHOW_TAKES, 0, argc, argv);
		if (status)
			return status;
	}
	rc = id ? ipc_flow_get(id, show_flow, &list) :
		  ipc_flow_dump(show_flow, &list);
	/*
	 * No flow is an empty list, a refusal no list; but one that was begun
	 * is closed, so that it stays valid JSON.
	 */
	if (!rc)
		list_open(&list);
	if (list.open)
		list_close();
	return kernel_status(rc);
}

static int flow_flush(int argc, char **argv)
{
	struct flow_args args = { .key = NULL };
	int status;

	out_context("flow flush");
	if (is_help(argc, argv))
		return help(flush_help);
	status = parse_args(&args, FLUSH_TAKES, 0, argc, argv);
	if (status)
		return status;
	return kernel_status(ipc_flow_flush(args.flow.proto));
}

static int flow_genkey(int argc, char **argv)
{
	out_context("flow genkey");
	if (is_help(argc, argv))
		return help(genkey_help);
	if (argc)
		return out_usage("'%s' is not expected", argv[0]);
	return keys_generate() ? EXIT_USAGE : EXIT_OK;
}

int cmd_flow(int argc, char **argv)
{
	static const struct sst_command commands[] = {
		{ "add", flow_add },
		{ "delete", flow_del },
		{ "flush", flow_flush },
		{ "genkey", flow_genkey },
		{ "list", flow_show },
		{ "show", flow_show },
	};

	out_context("flow");
	if (is_help(argc, argv))
		return help(flow_help);
	/* As "ip link" alone: show is what is meant. */
	if (!argc)
		return flow_show(0, argv);
	return dispatch(commands, ARRAY_SIZE(commands), argc, argv);
}
