// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "out.h"
#include "show.h"
#include "sstctl.h"

static const char show_help[] =
	"Usage: sstctl show\n"
	"\n"
	"An overview of the network namespace: tunables, peers, rules, and the flows\n"
	"with each peer. JSON has the objects of 'peer show', 'policy show' and 'flow\n"
	"show' in one.\n";

static const char shutdown_help[] =
	"Usage: sstctl shutdown\n"
	"\n"
	"End SST in the network namespace, so that the module can be unloaded: rules and\n"
	"peers are removed, connections that SST carried are aborted, all flows end.\n";

#define TUNABLES (1U << SST_A_CONFIG_MARK_MASK | 1U << SST_A_CONFIG_MARK_VALUE | \
		  1U << SST_A_CONFIG_DSCP | 1U << SST_A_CONFIG_MAX_FLOWS |	\
		  1U << SST_A_CONFIG_OPENING_WINDOW | 1U << SST_A_CONFIG_FLOWS)

/**
 * struct overview - all that "sstctl show" shows
 * @config: the tunables
 * @peers: of struct sst_peer
 * @rules: of struct sst_rule
 * @flows: of struct sst_flow
 * @no_memory: a flow is missing for want of memory
 */
struct overview {
	struct sst_config config;
	struct list peers;
	struct list rules;
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

static int ask(struct overview *all)
{
	int rc = ipc_config_get(&all->config);

	if (!rc)
		rc = ipc_peer_list(&all->peers);
	if (!rc)
		rc = ipc_policy_list(&all->rules);
	if (!rc)
		rc = ipc_flow_dump(keep_flow, all);
	if (rc)
		return kernel_status(rc);
	if (all->no_memory) {
		out_error("no memory for all flows: try 'sstctl flow show'");
		return EXIT_KERNEL;
	}
	if (all->flows.count)
		qsort(all->flows.items, all->flows.count,
		      sizeof(struct sst_flow), compare_flows);
	return EXIT_OK;
}

/* Text has a heading where the flows of the next peer begin. */
static void print_heading(const struct sst_flow *flow, const struct sst_flow *before)
{
	if (out_is_json() || (before && !strcmp(before->peer, flow->peer)))
		return;
	if (flow->peer[0])
		out_string(NULL, "\nflows with peer ", flow->peer, "\n");
	else
		out_text("\nflows without a peer\n");
}

static void print_flows(const struct sst_flow *flows, size_t count)
{
	size_t i;

	out_open_array("flows");
	for (i = 0; i < count; i++) {
		print_heading(&flows[i], i ? &flows[i - 1] : NULL);
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
	if (all->peers.count)
		out_text("\n");
	print_peers(all->peers.items, all->peers.count);
	if (all->rules.count)
		out_text("\n");
	print_rules(all->rules.items, all->rules.count);
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
	if (argc)
		return out_usage("'%s' is not expected", argv[0]);
	status = ask(&all);
	if (!status)
		print_overview(&all);
	list_free(&all.peers);
	list_free(&all.rules);
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
