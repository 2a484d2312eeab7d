// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "counters.h"
#include "ipc.h"
#include "out.h"
#include "sstctl.h"

static const char stats_help[] =
	"Usage: sstctl stats [all] [explain]\n"
	"\n"
	"Print the counters of the network namespace: packets since it began. Text\n"
	"leaves out counters that are zero, except with 'all'; JSON has all of them.\n"
	"Below a counter stands what can be done about it, if there is something.\n"
	"'explain' says what each one means, as sst-counters(7) does.\n";

static void print_line(const char *text)
{
	out_text("\n    ");
	out_text(text);
}

int cmd_stats(int argc, char **argv)
{
	static const char *const words[] = { "all", "explain" };
	bool all = false, explain = false;
	struct sst_stats stats;
	unsigned int type;
	char name[32];
	size_t i;
	int rc;

	out_context("stats");
	if (is_help(argc, argv))
		return help(stats_help);
	for (; argc; argc--, argv++) {
		switch (parse_word(argv[0], words, ARRAY_SIZE(words),
				   sizeof(words[0]))) {
		case 0:
			all = true;
			break;
		case 1:
			explain = true;
			break;
		default:
			return out_usage("'%s' is not expected", argv[0]);
		}
	}

	rc = ipc_stats_get(&stats);
	if (rc)
		return kernel_status(rc);
	out_open_object(NULL);
	out_open_object("counters");
	for (i = 0; i < ARRAY_SIZE(sst_counters); i++) {
		type = sst_counters[i].attr;
		/* An older kernel may have fewer: do not show what is not there. */
		if (!stats.present[type])
			continue;
		if (!out_is_json() && !all && !stats.value[type])
			continue;
		snprintf(name, sizeof(name), "%-16s ", sst_counters[i].name);
		out_number(sst_counters[i].name, name, stats.value[type], "");
		if (explain)
			print_line(sst_counters[i].meaning);
		if (sst_counters[i].remedy && (explain || stats.value[type]))
			print_line(sst_counters[i].remedy);
		out_text("\n");
	}
	out_close_object();
	out_close_object();
	return EXIT_OK;
}
