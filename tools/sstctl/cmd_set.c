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
	"  flows                number of flows; get only\n";

static const struct tunable {
	const char *name;	/* first: see parse_word() */
	const char *json;
	unsigned int attr;
	uint64_t max;		/* of the type; the kernel knows the bounds */
	bool hex;
} tunables[] = {
	{ "mark-mask", "mark_mask", SST_A_CONFIG_MARK_MASK, UINT8_MAX, true },
	{ "mark-value", "mark_value", SST_A_CONFIG_MARK_VALUE, UINT8_MAX, true },
	{ "dscp", "dscp", SST_A_CONFIG_DSCP, UINT8_MAX, false },
	{ "rekey-packets", "rekey_packets", SST_A_CONFIG_REKEY_PACKETS, UINT32_MAX, false },
	{ "rekey-seconds", "rekey_seconds", SST_A_CONFIG_REKEY_SECONDS, UINT32_MAX, false },
	{ "max-flows", "max_flows", SST_A_CONFIG_MAX_FLOWS, UINT32_MAX, false },
	{ "opening-window", "opening_window", SST_A_CONFIG_OPENING_WINDOW, UINT32_MAX, false },
	{ "max-half-open", "max_half_open", SST_A_CONFIG_MAX_HALF_OPEN, UINT32_MAX, false },
	{ "flows", "flows", SST_A_CONFIG_FLOWS, UINT32_MAX, false },
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

int cmd_set(int argc, char **argv)
{
	struct sst_config config = { .present = 0 };
	const struct tunable *t;
	uint64_t value;
	uint8_t dscp;
	const char *why;
	int i;

	out_context("set");
	if (is_help(argc, argv))
		return help(set_help);
	if (!argc)
		return out_usage("a name is missing");
	for (i = 0; i < argc; i += 2) {
		t = find_tunable(argv[i]);
		if (!t)
			return EXIT_USAGE;
		if (t->attr == SST_A_CONFIG_FLOWS)
			return out_usage("flows is read only");
		if (config.present & (1U << t->attr))
			return out_usage("%s is given twice", t->name);
		if (i + 1 == argc)
			return out_usage("%s needs a value", t->name);
		if (t->attr == SST_A_CONFIG_DSCP) {
			why = parse_dscp(argv[i + 1], &dscp);
			value = dscp;
		} else {
			why = parse_number(argv[i + 1], t->max, &value);
		}
		if (why)
			return out_usage("%s '%s': %s", t->name, argv[i + 1], why);
		config.value[t->attr] = (uint32_t)value;
		config.present |= 1U << t->attr;
	}
	return kernel_status(ipc_config_set(&config));
}

static void print_tunable(const struct tunable *t, const char *before,
			  uint32_t value)
{
	static const char *const dscp[] = {
		[SST_DSCP_CLEAR] = "clear",
		[SST_DSCP_KEEP] = "keep",
	};
	char name[32];

	snprintf(name, sizeof(name), "%s%s ", before, t->name);
	if (t->attr == SST_A_CONFIG_DSCP)
		out_word(t->json, name, dscp, ARRAY_SIZE(dscp), value, "");
	else if (t->hex)
		out_hex(t->json, name, value, "");
	else
		out_number(t->json, name, value, "");
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
		print_tunable(t, before, config->value[t->attr]);
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
