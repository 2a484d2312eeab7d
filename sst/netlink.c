// SPDX-License-Identifier: GPL-2.0
/*
 * The control plane: the generic netlink family, and shutdown. The handlers of
 * the other commands are in the files netlink_*.c. Policies and the table of
 * operations are generated (netlink_gen.c); the meaning of every attribute is in
 * Documentation/netlink/specs/sst.yaml. The family is not parallel, so handlers
 * never run beside each other.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/genetlink.h>

#include "life.h"
#include "netlink.h"
#include "netlink_gen.h"
#include "netlink_request.h"
#include "pernet.h"
#include "sock.h"

/**
 * sst_nl_shutdown_doit() - let go of all that keeps the module here
 * @skb: request
 * @info: request, parsed
 *
 * Rules and host keys first, so that nothing new is selected or taken up; then
 * the sockets, while their flows can still seal the resets; then the peers, and
 * last the associations and flows.
 *
 * Return: 0.
 */
int sst_nl_shutdown_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sst_net *sn = sst_netlink_net(info);

	sst_policy_clear(&sn->policy);
	sst_hosts_clear(&sn->hosts);
	sst_sock_abort_carried(sn->net);
	sst_life_end_all(sn, 0, SST_CLOSE_REASON_FLUSHED);
	sst_peers_clear(sn);
	/*
	 * Packets under way may still know a peer or a host key, and make an
	 * association or a flow with it; public-key work may, too.
	 */
	synchronize_rcu();
	sst_queue_flush(&sn->queue);
	sst_derived_flush(sn, 0);
	sst_life_end_all(sn, 0, SST_CLOSE_REASON_FLUSHED);
	return 0;
}

struct genl_family sst_nl_family __ro_after_init = {
	.name		= SST_GENL_NAME,
	.version	= SST_GENL_VERSION,
	.netnsok	= true,
	.module		= THIS_MODULE,
	.ops		= sst_nl_ops,
	.n_ops		= ARRAY_SIZE(sst_nl_ops),
	/* Strict parsing of every operation, from the first on. */
	.resv_start_op	= SST_CMD_FLOW_ADD,
	.mcgrps		= sst_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(sst_nl_mcgrps),
};

int __init sst_netlink_init(void)
{
	return genl_register_family(&sst_nl_family);
}

void sst_netlink_exit(void)
{
	genl_unregister_family(&sst_nl_family);
}
