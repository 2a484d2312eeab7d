// SPDX-License-Identifier: GPL-2.0
/*
 * A configuration as text: "sstctl show --config" writes it, "sstctl apply" takes
 * it back. One command a line, in the words of the command line.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"

/* Words of a line: more than any command has. */
#define WORDS_MAX 128

static const char apply_help[] =
	"Usage: sstctl apply FILE|-\n"
	"\n"
	"Put the rules of a file, or of standard input, in the place of all rules of the\n"
	"network namespace, at once: each packet is decided by the old ones or by the new\n"
	"ones. Each line is a command without 'sstctl':\n"
	"\n"
	"  policy flush                    no rules but those below; a file without any\n"
	"                                  has to have this line\n"
	"  policy add ...                  a rule, the oldest first\n"
	"  set NAME VALUE...               tunables\n"
	"  peer add NAME ... public-key .. a peer, added when it is not there\n"
	"\n"
	"A word that begins with # begins a comment; one with blanks stands in double\n"
	"quotes. All lines are checked first. Then tunables are set, peers added, rules\n"
	"replaced, in this order; what fails ends it there, so that the rules change only\n"
	"when all else is done.\n"
	"Peers that the file does not name stay. Keys are secrets, which a file like this\n"
	"does not hold. 'sstctl show --config' prints such a file.\n";

static const char both_families[] =
	"a configuration is about IPv4 and IPv6, leave out -4 and -6";

/**
 * struct line_peer - a peer of the file
 * @line: where it stands
 * @there: the namespace has it already
 */
struct line_peer {
	unsigned int line;
	char name[SST_NAME_MAX + 1];
	struct sst_peer_params params;
	bool there;
};

/**
 * struct plan - what the file says
 * @file: its name
 * @line: the line that is being read
 * @place: "FILE:LINE" of the line that messages are about
 * @config: the tunables
 * @config_line: where the last of them stands
 * @peers: of struct line_peer
 * @flush: "policy flush" stands there: no rule is meant, when there is none
 * @rules: of struct sst_rule
 * @rule_lines: of unsigned int, where each of these stands
 */
struct plan {
	const char *file;
	unsigned int line;
	char place[PATH_MAX + 16];
	struct sst_config config;
	unsigned int config_line;
	struct list peers;
	bool flush;
	struct list rules;
	struct list rule_lines;
};

static void point_at(struct plan *plan, unsigned int line)
{
	snprintf(plan->place, sizeof(plan->place), "%s:%u", plan->file, line);
	out_place(plan->place);
}

static int no_memory(void)
{
	out_error("%s", strerror(ENOMEM));
	return EXIT_USAGE;
}

static int take_rule(struct plan *plan, int argc, char **argv)
{
	unsigned int *line = list_add(&plan->rule_lines, sizeof(*line));
	struct sst_rule *rule = list_add(&plan->rules, sizeof(*rule));

	if (!line || !rule)
		return no_memory();
	*line = plan->line;
	return rule_parse(argc, argv, rule);
}

static int take_flush(struct plan *plan, int argc, char **argv)
{
	if (argc)
		return out_usage("'%s' is not expected", argv[0]);
	if (plan->rules.count)
		return out_usage("policy flush stands before the first rule");
	plan->flush = true;
	return EXIT_OK;
}

/* The kernel would find out when all that stands before it is done. */
static int check_twice(const struct plan *plan, const struct line_peer *peer)
{
	const struct line_peer *other;

	for (other = plan->peers.items; other < peer; other++) {
		if (!strcmp(other->name, peer->name))
			return out_usage("peer %s stands in line %u already",
					 peer->name, other->line);
		if (!memcmp(other->params.public_key, peer->params.public_key,
			    SST_KEY_SIZE))
			return out_usage("peer %s of line %u has this public key",
					 other->name, other->line);
	}
	return EXIT_OK;
}

static int take_peer(struct plan *plan, int argc, char **argv)
{
	struct line_peer *peer = list_add(&plan->peers, sizeof(*peer));
	int status;

	if (!peer)
		return no_memory();
	peer->line = plan->line;
	status = peer_parse_public(argc, argv, &peer->params);
	if (status)
		return status;
	snprintf(peer->name, sizeof(peer->name), "%s", argv[0]);
	return check_twice(plan, peer);
}

static bool words_are(int argc, char **argv, const char *first, const char *second)
{
	return argc > 1 && !strcmp(argv[0], first) && !strcmp(argv[1], second);
}

static int take_words(struct plan *plan, int argc, char **argv)
{
	bool two;

	if (!strcmp(argv[0], "set")) {
		plan->config_line = plan->line;
		return config_parse(argc - 1, argv + 1, &plan->config);
	}
	if (words_are(argc, argv, "policy", "add"))
		return take_rule(plan, argc - 2, argv + 2);
	if (words_are(argc, argv, "policy", "flush"))
		return take_flush(plan, argc - 2, argv + 2);
	if (words_are(argc, argv, "peer", "add"))
		return take_peer(plan, argc - 2, argv + 2);
	two = argc > 1 && (!strcmp(argv[0], "policy") || !strcmp(argv[0], "peer"));
	return out_usage("'%s%s%s' is not expected, give policy add, policy flush, peer add or set",
			 argv[0], two ? " " : "", two ? argv[1] : "");
}

/* The next word, ended by a zero; NULL at the end. Returns what is wrong. */
static const char *next_word(char **at, char **word)
{
	char *p = *at + strspn(*at, " \t\r\n");
	bool quoted = *p == '"';
	size_t len;

	*word = NULL;
	if (!*p || *p == '#')
		return NULL;
	p += quoted;
	len = strcspn(p, quoted ? "\"\n" : " \t\r\n");
	if (quoted && p[len] != '"')
		return "a double quote is not closed";
	*word = p;
	*at = p + len + !!p[len];
	p[len] = '\0';
	return NULL;
}

static int take_line(struct plan *plan, char *text)
{
	char *argv[WORDS_MAX + 1] = { NULL };
	const char *why = NULL;
	int argc = 0;

	point_at(plan, ++plan->line);
	while (argc < WORDS_MAX) {
		why = next_word(&text, &argv[argc]);
		if (why)
			return out_usage("%s", why);
		if (!argv[argc])
			return argc ? take_words(plan, argc, argv) : EXIT_OK;
		argc++;
	}
	return out_usage("more than %d words", WORDS_MAX - 1);
}

static int read_lines(struct plan *plan, FILE *file)
{
	int status = EXIT_OK;
	size_t size = 0;
	char *text = NULL;
	ssize_t n;

	while (!status && (n = getline(&text, &size, file)) >= 0) {
		/* What follows a zero would be passed over. */
		if (strlen(text) != (size_t)n) {
			point_at(plan, plan->line + 1);
			status = out_usage("a zero byte, this is no text");
		} else {
			status = take_line(plan, text);
		}
	}
	/* Not the end, also when it is memory for the line that lacks. */
	if (!status && !feof(file)) {
		out_place(plan->file);
		out_error("%s", strerror(errno));
		status = EXIT_USAGE;
	}
	out_place(NULL);
	free(text);
	return status;
}

static int read_plan(struct plan *plan)
{
	FILE *file;
	int status;

	if (!strcmp(plan->file, "-")) {
		plan->file = "standard input";
		return read_lines(plan, stdin);
	}
	file = fopen(plan->file, "re");
	if (!file) {
		out_error("%s: %s", plan->file, strerror(errno));
		return EXIT_USAGE;
	}
	status = read_lines(plan, file);
	fclose(file);
	return status;
}

/*
 * A file without rules is rather the output of a command that failed than the
 * wish to have none: who wishes so says it.
 */
static int check_rules(const struct plan *plan)
{
	if (plan->flush || plan->rules.count)
		return EXIT_OK;
	out_error("%s: no rule in it: to remove all, 'sstctl policy flush'",
		  plan->file);
	return EXIT_USAGE;
}

static bool has_addr(const struct sst_addrs *addrs, const struct sst_addr *addr)
{
	unsigned int i;

	for (i = 0; i < addrs->count; i++) {
		if (!memcmp(&addrs->addr[i], addr, sizeof(*addr)))
			return true;
	}
	return false;
}

/* In any order; no address is there twice. */
static bool same_addrs(const struct sst_addrs *a, const struct sst_addrs *b)
{
	unsigned int i;

	for (i = 0; i < a->count; i++) {
		if (!has_addr(b, &a->addr[i]))
			return false;
	}
	return a->count == b->count;
}

/* Would "peer add" make this one? */
static bool is_like(const struct sst_peer *peer, const struct sst_peer_params *params)
{
	uint8_t identity = params->identity ? params->identity :
		SST_IDENTITY_MODE_NONE;

	return peer->has_public_key &&
	       !memcmp(peer->public_key, params->public_key, SST_KEY_SIZE) &&
	       same_addrs(&peer->addrs, &params->addrs) &&
	       peer->wire_ports.first == params->wire_ports.first &&
	       peer->wire_ports.last == params->wire_ports.last &&
	       peer->identity == identity;
}

static int compare_peers(struct plan *plan, const struct list *known)
{
	struct line_peer *peers = plan->peers.items;
	const struct sst_peer *peer;
	size_t i;

	for (i = 0; i < plan->peers.count; i++) {
		peer = ipc_peer_by_name(known, peers[i].name);
		peers[i].there = peer;
		if (!peer || is_like(peer, &peers[i].params))
			continue;
		point_at(plan, peers[i].line);
		return out_usage("peer %s is there and differs: try 'sstctl peer del' first, which ends its flows",
				 peers[i].name);
	}
	return EXIT_OK;
}

static int check_peers(struct plan *plan)
{
	struct list known;
	int status;

	if (!plan->peers.count)
		return EXIT_OK;
	status = kernel_status(ipc_peer_list(&known));
	if (!status)
		status = compare_peers(plan, &known);
	list_free(&known);
	return status;
}

static int add_peers(struct plan *plan)
{
	const struct line_peer *peers = plan->peers.items;
	int status = EXIT_OK;
	size_t i;

	for (i = 0; !status && i < plan->peers.count; i++) {
		point_at(plan, peers[i].line);
		if (!peers[i].there)
			status = kernel_status(ipc_peer_add(peers[i].name,
							    &peers[i].params));
	}
	return status;
}

static int replace_rules(struct plan *plan)
{
	const unsigned int *lines = plan->rule_lines.items;
	size_t bad;
	int rc;

	out_place(NULL);
	rc = ipc_policy_replace(plan->rules.items, plan->rules.count, &bad);
	if (rc && bad < plan->rules.count)
		point_at(plan, lines[bad]);
	return kernel_status(rc);
}

static int carry_out(struct plan *plan)
{
	int status = check_peers(plan);

	if (!status && plan->config.present) {
		point_at(plan, plan->config_line);
		status = kernel_status(ipc_config_set(&plan->config));
	}
	if (!status)
		status = add_peers(plan);
	return status ? status : replace_rules(plan);
}

int cmd_apply(int argc, char **argv)
{
	struct plan plan = { .file = NULL };
	int status;

	out_context("apply");
	if (is_help(argc, argv))
		return help(apply_help);
	if (!argc)
		return out_usage("the name of a file is missing");
	if (argc > 1)
		return out_usage("'%s' is not expected", argv[1]);
	if (options.family)
		return out_usage(both_families);
	plan.file = argv[0];
	status = read_plan(&plan);
	if (!status)
		status = check_rules(&plan);
	if (!status)
		status = carry_out(&plan);
	out_place(NULL);
	list_free(&plan.peers);
	list_free(&plan.rule_lines);
	rules_free(&plan.rules);
	return status;
}

/* ---- the other way ---- */

static void print_peers_config(const struct list *list)
{
	const struct sst_peer *peer = list->items;
	size_t i;

	for (i = 0; i < list->count; i++, peer++) {
		if (peer->has_public_key)
			print_peer_line(peer);
		else
			out_string(NULL, "# secret: sstctl peer add ", peer->name,
				   " address ... psk FILE\n");
	}
}

static void print_hosts_config(const struct list *list)
{
	const struct sst_host *host = list->items;
	size_t i;

	for (i = 0; i < list->count; i++, host++) {
		out_string(NULL, "# secret: sstctl host add ", host->name, " key FILE");
		out_key(NULL, "  (public-key ", host->public_key, ")\n");
	}
}

static void print_rules_config(const struct list *list)
{
	const struct sst_rule *rule = list->items;
	size_t i;

	out_text("policy flush # the rules below replace all others\n");
	for (i = 0; i < list->count; i++)
		print_rule_line(&rule[i]);
}

int print_configuration(void)
{
	struct list hosts = { .items = NULL }, peers = hosts, rules = hosts;
	struct sst_config config;
	int rc, status;

	if (out_is_json())
		return out_usage("a configuration is no JSON, leave out -j");
	if (options.family)
		return out_usage(both_families);
	rc = ipc_config_get(&config);
	if (!rc)
		rc = ipc_host_list(&hosts);
	if (!rc)
		rc = ipc_peer_list(&peers);
	if (!rc)
		rc = ipc_policy_list(&rules);
	status = kernel_status(rc);
	if (!status) {
		out_text("set ");
		print_config(&config, config_writable(), " ");
		print_hosts_config(&hosts);
		print_peers_config(&peers);
		print_rules_config(&rules);
	}
	list_free(&hosts);
	list_free(&peers);
	rules_free(&rules);
	return status;
}
