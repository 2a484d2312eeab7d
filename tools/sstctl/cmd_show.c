// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"

static const char show_help[] =
	"Usage: sstctl show [--config]\n"
	"\n"
	"An overview of the network namespace: tunables, host keys, peers, rules, and the\n"
	"associations and flows with each peer. JSON has the objects of 'host show', 'peer\n"
	"show', 'policy show', 'assoc show' and 'flow show' in one.\n"
	"\n"
	"  --config  print what 'sstctl apply' takes back: tunables, peers with a public\n"
	"            key, rules; and comments where a secret key is needed\n";

static const char shutdown_help[] =
	"Usage: sstctl shutdown\n"
	"\n"
	"End SST in the network namespace, so that the module can be unloaded: rules,\n"
	"peers, host keys and associations are removed, connections that SST carried are\n"
	"aborted, all flows end.\n";

#define TUNABLES (1U << SST_A_CONFIG_MARK_MASK | 1U << SST_A_CONFIG_MARK_VALUE | \
		  1U << SST_A_CONFIG_DSCP | 1U << SST_A_CONFIG_MAX_FLOWS |	\
		  1U << SST_A_CONFIG_OPENING_WINDOW | 1U << SST_A_CONFIG_FLOWS)

/**
 * struct overview - all that "sstctl show" shows
 * @config: the tunables
 * @hosts: of struct sst_host
 * @peers: of struct sst_peer
 * @rules: of struct sst_rule
 * @assocs: of struct sst_assoc
 * @flows: of struct sst_flow
 * @no_memory: a flow is missing for want of memory
 */
struct overview {
	struct sst_config config;
	struct list hosts;
	struct list peers;
	struct list rules;
	struct list assocs;
	struct list flows;
	bool no_memory;
};

static void keep_flow(const struct sst_flow *flow, void *data)
{
	struct overview *all = data;
	struct sst_flow *copy;

	if (!flow_family_wanted(flow))
		return;
	copy = list_add(&all->flows, sizeof(*copy));
	if (copy)
		*copy = *flow;
	else
		all->no_memory = true;
}

/* By the names of the peers, those without one last; then by id. */
static int compare_flows(const void *a, const void *b)
{
	const struct sst_flow *x = a, *y = b;
	int by_name = strcmp(x->peer, y->peer);

	if (!x->peer[0] != !y->peer[0])
		return x->peer[0] ? -1 : 1;
	if (by_name)
		return by_name;
	return (x->id > y->id) - (x->id < y->id);
}

/* The same, the newest first for each peer. */
static int compare_assocs(const void *a, const void *b)
{
	const struct sst_assoc *x = a, *y = b;
	int by_name = strcmp(x->peer, y->peer);

	if (!x->peer[0] != !y->peer[0])
		return x->peer[0] ? -1 : 1;
	if (by_name)
		return by_name;
	if (x->age != y->age)
		return x->age < y->age ? -1 : 1;
	return memcmp(x->id, y->id, sizeof(x->id));
}

static void sort(struct list *list, size_t size,
		 int (*compare)(const void *a, const void *b))
{
	if (list->count)
		qsort(list->items, list->count, size, compare);
}

static int ask(struct overview *all)
{
	int rc = ipc_config_get(&all->config);

	if (!rc)
		rc = ipc_host_list(&all->hosts);
	if (!rc)
		rc = ipc_peer_list(&all->peers);
	if (!rc)
		rc = ipc_policy_list(&all->rules);
	if (!rc)
		rc = ipc_assoc_list(&all->assocs);
	if (!rc)
		rc = ipc_flow_dump(keep_flow, all);
	if (rc)
		return kernel_status(rc);
	if (all->no_memory) {
		out_error("no memory for all flows: try 'sstctl flow show'");
		return EXIT_KERNEL;
	}
	sort(&all->flows, sizeof(struct sst_flow), compare_flows);
	sort(&all->assocs, sizeof(struct sst_assoc), compare_assocs);
	return EXIT_OK;
}

/*
 * Text has a heading where the things of the next peer begin. @before is the
 * peer of the one before, NULL when this is the first.
 */
static void print_heading(const char *things, const char *peer, const char *before)
{
	if (out_is_json() || (before && !strcmp(before, peer)))
		return;
	out_string(NULL, "\n", things, "");
	if (peer[0])
		out_string(NULL, " with peer ", peer, "\n");
	else
		out_text(" without a peer\n");
}

static void print_assocs_by_peer(const struct sst_assoc *assocs, size_t count)
{
	const char *before = NULL;
	size_t i;

	out_open_array("assocs");
	for (i = 0; i < count; i++) {
		if (!assoc_family_wanted(&assocs[i]))
			continue;
		print_heading("associations", assocs[i].peer, before);
		before = assocs[i].peer;
		out_open_object(NULL);
		out_text("    ");
		assoc_print(&assocs[i], false);
		out_close_object();
	}
	out_close_array();
}

static void print_flows(const struct sst_flow *flows, size_t count)
{
	size_t i;

	out_open_array("flows");
	for (i = 0; i < count; i++) {
		print_heading("flows", flows[i].peer,
			      i ? flows[i - 1].peer : NULL);
		out_open_object(NULL);
		out_text("    flow ");
		flow_print_name(&flows[i]);
		flow_print_brief(&flows[i]);
		out_text("\n");
		out_close_object();
	}
	out_close_array();
}

static void print_overview(const struct overview *all)
{
	if (!out_is_json())
		print_config(&all->config, TUNABLES, " ");
	out_open_object(NULL);
	if (all->hosts.count)
		out_text("\n");
	print_hosts(all->hosts.items, all->hosts.count);
	if (all->peers.count)
		out_text("\n");
	print_peers(all->peers.items, all->peers.count);
	if (all->rules.count)
		out_text("\n");
	print_rules(all->rules.items, all->rules.count);
	print_assocs_by_peer(all->assocs.items, all->assocs.count);
	print_flows(all->flows.items, all->flows.count);
	out_close_object();
}

int cmd_show(int argc, char **argv)
{
	struct overview all = { .no_memory = false };
	int status;

	out_context("show");
	if (is_help(argc, argv))
		return help(show_help);
	if (argc == 1 && !strcmp(argv[0], "--config"))
		return print_configuration();
	if (argc)
		return out_usage("'%s' is not expected", argv[0]);
	status = ask(&all);
	if (!status)
		print_overview(&all);
	list_free(&all.hosts);
	list_free(&all.peers);
	rules_free(&all.rules);
	list_free(&all.assocs);
	list_free(&all.flows);
	return status;
}

int cmd_shutdown(int argc, char **argv)
{
	out_context("shutdown");
	if (is_help(argc, argv))
		return help(shutdown_help);
	if (argc)
		return out_usage("'%s' is not expected", argv[0]);
	return kernel_status(ipc_shutdown());
}
