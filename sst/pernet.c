// SPDX-License-Identifier: GPL-2.0
/* State of a network namespace: made, activated, taken down. */
#include <linux/percpu.h>
#include <net/netns/generic.h>

#include "event.h"
#include "hook.h"
#include "pernet.h"
#include "wire.h"

#define MAX_FLOWS_DEFAULT	131072
#define AUTH_REPORTS_PER_SECOND	10

static unsigned int sst_net_id __read_mostly;

/**
 * sst_pernet() - state of a namespace
 * @net: the namespace
 *
 * Return: its state; never NULL while the module's hooks or netlink family
 * can be reached.
 */
struct sst_net *sst_pernet(const struct net *net)
{
	return net_generic(net, sst_net_id);
}

static int __net_init net_init(struct net *net)
{
	struct sst_net *sn = sst_pernet(net);
	int err;

	sn->net = net;
	sn->cfg = (struct sst_config) {
		.mark = SST_CONFIG_MARK(SST_MARK_IPV6_MASK,
					SST_MARK_IPV6_VALUE),
		.dscp = SST_DSCP_CLEAR,
		.rekey_packets = SST_SEQ_LIMIT,
		.rekey_seconds = SST_REKEY_SECONDS,
		.max_flows = MAX_FLOWS_DEFAULT,
	};
	ratelimit_state_init(&sn->auth_limit, HZ, AUTH_REPORTS_PER_SECOND);
	/* The reports carry the number of those missed; the log need not. */
	ratelimit_set_flags(&sn->auth_limit, RATELIMIT_MSG_ON_RELEASE);

	sn->stats = alloc_percpu(struct sst_stats);
	if (!sn->stats)
		return -ENOMEM;
	err = sst_flowtable_init(&sn->flows);
	if (err)
		goto no_flows;
	err = sst_used_keys_init(&sn->used_keys);
	if (err)
		goto no_keys;
	return 0;

no_keys:
	sst_flowtable_exit(&sn->flows);
no_flows:
	free_percpu(sn->stats);
	return err;
}

/*
 * First phase of the end: no new packet comes in. The core waits for those
 * under way before it calls net_exit().
 */
static void __net_exit net_pre_exit(struct net *net)
{
	struct sst_net *sn = sst_pernet(net);

	if (sn->hooked)
		sst_hook_unregister(net);
	sn->hooked = false;
}

static void __net_exit net_exit(struct net *net)
{
	struct sst_net *sn = sst_pernet(net);
	struct sst_flow *flow;

	while ((flow = sst_flowtable_next(&sn->flows, 0))) {
		sst_flowtable_del(&sn->flows, flow);
		sst_flow_free_rcu(flow);
		cond_resched();
	}
	sst_used_keys_exit(&sn->used_keys);
	sst_flowtable_exit(&sn->flows);
	free_percpu(sn->stats);
}

static struct pernet_operations pernet_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &sst_net_id,
	.size = sizeof(struct sst_net),
};

int sst_pernet_init(void)
{
	return register_pernet_subsys(&pernet_ops);
}

void sst_pernet_exit(void)
{
	unregister_pernet_subsys(&pernet_ops);
}

/**
 * sst_pernet_activate() - register the hooks of a namespace
 * @sn: namespace; serialized by the netlink family
 *
 * No packet of a namespace that never had a flow passes through the module.
 * Once active, it stays so until it ends.
 *
 * Return: 0 or a negative errno.
 */
int sst_pernet_activate(struct sst_net *sn)
{
	int err;

	if (sn->hooked)
		return 0;
	err = sst_hook_register(sn->net);
	if (!err)
		sn->hooked = true;
	return err;
}

/**
 * sst_pernet_drop_flow() - end a flow
 * @sn: namespace
 * @flow: flow found under RCU; invalid afterwards
 * @reason: enum sst_close_reason
 */
void sst_pernet_drop_flow(struct sst_net *sn, struct sst_flow *flow, u8 reason)
{
	if (!sst_flowtable_del(&sn->flows, flow))
		return;
	sst_event_closed(sn, flow, reason);
	sst_flow_free_rcu(flow);
}
