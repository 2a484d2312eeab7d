// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "ipc.h"
#include "out.h"
#include "sstctl.h"

static const char set_help[] =
	"Usage: sstctl set NAME VALUE [NAME VALUE]...\n"
	"       sstctl get [NAME]...\n"
	"\n"
	"Change or print the tunables of the network namespace. All changes of one\n"
	"command are made, or none.\n"
	"\n"
	"  mark-mask 0xNN       bits of the IPv6 traffic class that are the mark\n"
	"  mark-value 0xNN      their value on SST packets\n"
	"  dscp clear|keep      what the sender does with DSCP\n"
	"  rekey-packets N      packets under one key\n"
	"  rekey-seconds N      seconds under one key\n"
	"  max-flows N          bound on the flows\n"
	"  opening-window N     seconds by which the clocks of two hosts may differ for\n"
	"                       an opening to be taken at once; 0 takes none at once\n"
	"  max-half-open N      bound on the flows that wait for confirmation\n"
	"  cookies MODE         when others have to show their address before they open\n"
	"                       flows with a public key: off, load (when there is much to\n"
	"                       do) or always\n"
	"  init-from WHOM       who may: anyone, listed (peers with a public key, who\n"
	"                       prove it) or nobody\n"
	"  assoc-lifetime N     seconds for which others may open flows without public-key\n"
	"                       work after they did with it\n"
	"  wire-port N[-N]|any  the wire ports on which others open flows, for firewalls;\n"
	"                       they need to be told\n"
	"  max-assocs N         bound on the associations\n"
	"  flows, assocs        how many there are; get only\n";

static const char *const dscp_words[] = {
	[SST_DSCP_CLEAR] = "clear",
	[SST_DSCP_KEEP] = "keep",
};

static const char *const cookies_words[] = {
	[SST_COOKIE_MODE_OFF] = "off",
	[SST_COOKIE_MODE_LOAD] = "load",
	[SST_COOKIE_MODE_ALWAYS] = "always",
};

static const char *const init_from_words[] = {
	[SST_INIT_FROM_ANYONE] = "anyone",
	[SST_INIT_FROM_LISTED] = "listed",
	[SST_INIT_FROM_NOBODY] = "nobody",
};

enum tunable_kind {
	KIND_NUMBER,
	KIND_HEX,
	KIND_WORD,
	KIND_PORTS,
	KIND_READ_ONLY,
};

/**
 * struct tunable - a tunable, or a number that only shows
 * @name: its name; first, see parse_word()
 * @json: its name in JSON
 * @attr: its attribute; with KIND_PORTS the next one is the last port
 * @kind: enum tunable_kind
 * @max: of the type; the kernel knows the bounds
 * @parse: with KIND_WORD: from a word
 * @words: with KIND_WORD: the words
 * @n_words: number of these
 */
struct tunable {
	const char *name;
	const char *json;
	unsigned int attr;
	enum tunable_kind kind;
	uint64_t max;
	const char *(*parse)(const char *text, uint8_t *value);
	const char *const *words;
	size_t n_words;
};

static const struct tunable tunables[] = {
	{ "mark-mask", "mark_mask", SST_A_CONFIG_MARK_MASK, KIND_HEX, .max = UINT8_MAX },
	{ "mark-value", "mark_value", SST_A_CONFIG_MARK_VALUE, KIND_HEX, .max = UINT8_MAX },
	{ "dscp", "dscp", SST_A_CONFIG_DSCP, KIND_WORD, .parse = parse_dscp,
	  .words = dscp_words, .n_words = ARRAY_SIZE(dscp_words) },
	{ "rekey-packets", "rekey_packets", SST_A_CONFIG_REKEY_PACKETS, KIND_NUMBER,
	  .max = UINT32_MAX },
	{ "rekey-seconds", "rekey_seconds", SST_A_CONFIG_REKEY_SECONDS, KIND_NUMBER,
	  .max = UINT32_MAX },
	{ "max-flows", "max_flows", SST_A_CONFIG_MAX_FLOWS, KIND_NUMBER,
	  .max = UINT32_MAX },
	{ "opening-window", "opening_window", SST_A_CONFIG_OPENING_WINDOW, KIND_NUMBER,
	  .max = UINT32_MAX },
	{ "max-half-open", "max_half_open", SST_A_CONFIG_MAX_HALF_OPEN, KIND_NUMBER,
	  .max = UINT32_MAX },
	{ "cookies", "cookies", SST_A_CONFIG_COOKIES, KIND_WORD, .parse = parse_cookies,
	  .words = cookies_words, .n_words = ARRAY_SIZE(cookies_words) },
	{ "init-from", "init_from", SST_A_CONFIG_INIT_FROM, KIND_WORD, .parse = parse_init_from,
	  .words = init_from_words, .n_words = ARRAY_SIZE(init_from_words) },
	{ "assoc-lifetime", "assoc_lifetime", SST_A_CONFIG_ASSOC_LIFETIME, KIND_NUMBER,
	  .max = UINT32_MAX },
	{ "wire-port", "wire_port", SST_A_CONFIG_WIRE_PORT, KIND_PORTS, .max = 0 },
	{ "max-assocs", "max_assocs", SST_A_CONFIG_MAX_ASSOCS, KIND_NUMBER,
	  .max = UINT32_MAX },
	{ "flows", "flows", SST_A_CONFIG_FLOWS, KIND_READ_ONLY, .max = 0 },
	{ "assocs", "assocs", SST_A_CONFIG_ASSOCS, KIND_READ_ONLY, .max = 0 },
};

static const struct tunable *find_tunable(const char *name)
{
	int i = parse_word(name, tunables, ARRAY_SIZE(tunables), sizeof(tunables[0]));

	if (i >= 0)
		return &tunables[i];
	out_usage(i == WORD_AMBIGUOUS ? "'%s' may be several names" :
		  "'%s' is not a name", name);
	return NULL;
}

/* PORT[-PORT], or "any", which is no port. */
static const char *set_ports(const struct tunable *t, const char *text,
			     struct sst_config *config)
{
	struct sst_ports ports = { 0, 0 };
	const char *why = NULL;

	if (strcmp(text, "any") != 0)
		why = parse_ports(text, &ports);
	config->value[t->attr] = ports.first;
	config->value[t->attr + 1] = ports.last;
	config->present |= 1U << (t->attr + 1);
	return why;
}

/* Returns what is wrong with the value. */
static const char *set_value(const struct tunable *t, const char *text,
			     struct sst_config *config)
{
	uint64_t number = 0;
	uint8_t value = 0;
	const char *why;

	config->present |= 1U << t->attr;
	switch (t->kind) {
	case KIND_WORD:
		why = t->parse(text, &value);
		config->value[t->attr] = value;
		return why;
	case KIND_PORTS:
		return set_ports(t, text, config);
	default:
		why = parse_number(text, t->max, &number);
		config->value[t->attr] = (uint32_t)number;
		return why;
	}
}

int config_parse(int argc, char **argv, struct sst_config *config)
{
	const struct tunable *t;
	const char *why;
	int i;

	if (!argc)
		return out_usage("a name is missing");
	for (i = 0; i < argc; i += 2) {
		t = find_tunable(argv[i]);
		if (!t)
			return EXIT_USAGE;
		if (t->kind == KIND_READ_ONLY)
			return out_usage("%s is read only", t->name);
		if (config->present & (1U << t->attr))
			return out_usage("%s is given twice", t->name);
		if (i + 1 == argc)
			return out_usage("%s needs a value", t->name);
		why = set_value(t, argv[i + 1], config);
		if (why)
			return out_usage("%s '%s': %s", t->name, argv[i + 1], why);
	}
	return EXIT_OK;
}

int cmd_set(int argc, char **argv)
{
	struct sst_config config = { .present = 0 };
	int status;

	out_context("set");
	if (is_help(argc, argv))
		return help(set_help);
	status = config_parse(argc, argv, &config);
	return status ? status : kernel_status(ipc_config_set(&config));
}

/* The name of the last port in JSON is that of the first and "_last". */
static void print_ports(const struct tunable *t, const char *before,
			const uint32_t ports[2])
{
	char last[32];

	snprintf(last, sizeof(last), "%s_last", t->json);
	if (!ports[0]) {
		out_text(before);
		out_null(t->json, "any");
		out_null(last, "");
		return;
	}
	out_number(t->json, before, ports[0], "");
	if (out_is_json() || ports[0] != ports[1])
		out_number(last, "-", ports[1], "");
}

static void print_tunable(const struct tunable *t, const char *before,
			  const struct sst_config *config)
{
	const uint32_t *value = &config->value[t->attr];
	char name[32];

	snprintf(name, sizeof(name), "%s%s ", before, t->name);
	switch (t->kind) {
	case KIND_HEX:
		out_hex(t->json, name, *value, "");
		break;
	case KIND_WORD:
		out_word(t->json, name, t->words, t->n_words, *value, "");
		break;
	case KIND_PORTS:
		print_ports(t, name, value);
		break;
	default:
		out_number(t->json, name, *value, "");
	}
}

uint32_t config_writable(void)
{
	uint32_t writable = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tunables); i++) {
		if (tunables[i].kind != KIND_READ_ONLY)
			writable |= 1U << tunables[i].attr;
	}
	return writable;
}

void print_config(const struct sst_config *config, uint32_t wanted,
		  const char *divider)
{
	const char *before = "";
	const struct tunable *t;
	size_t i;

	wanted &= config->present;
	for (i = 0; i < ARRAY_SIZE(tunables); i++) {
		t = &tunables[i];
		if (!(wanted & (1U << t->attr)))
			continue;
		print_tunable(t, before, config);
		before = divider;
	}
	if (wanted)
		out_text("\n");
}

int cmd_get(int argc, char **argv)
{
	struct sst_config config;
	const struct tunable *t;
	uint32_t wanted = 0;
	int rc;

	out_context("get");
	if (is_help(argc, argv))
		return help(set_help);
	for (; argc; argc--, argv++) {
		t = find_tunable(argv[0]);
		if (!t)
			return EXIT_USAGE;
		wanted |= 1U << t->attr;
	}
	rc = ipc_config_get(&config);
	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	print_config(&config, wanted ? wanted : UINT32_MAX, "\n");
	out_close_object();
	return EXIT_OK;
}
