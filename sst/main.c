// SPDX-License-Identifier: GPL-2.0
/* Load and unload the module, in order and in reverse. */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "counters.h"
#include "flow.h"
#include "fork.h"
#include "key.h"
#include "keystream.h"
#include "merge.h"
#include "netlink.h"
#include "pernet.h"
#include "queue.h"
#include "sockopt.h"

static int __init sst_init(void)
{
	int err;

	err = sst_keystream_init();
	if (err)
		return err;
	err = sst_counters_init();
	if (err)
		goto no_counters;
	err = sst_key_init();
	if (err)
		goto no_key;
	err = sst_flow_init();
	if (err)
		goto no_flow;
	err = sst_merge_init();
	if (err)
		goto no_merge;
	err = sst_queue_start();
	if (err)
		goto no_queue;
	err = sst_pernet_init();
	if (err)
		goto no_pernet;
	err = sst_fork_init();
	if (err)
		goto no_fork;
	err = sst_netlink_init();
	if (err)
		goto no_netlink;
	/* Last: what applications have begun, a failure could not take back. */
	err = sst_sockopt_init();
	if (err)
		goto no_sock;
	return 0;

no_sock:
	sst_netlink_exit();
no_netlink:
	sst_fork_exit();
no_fork:
	sst_pernet_exit();
no_pernet:
	sst_queue_end();
no_queue:
	sst_merge_exit();
no_merge:
	sst_flow_exit();
no_flow:
	sst_key_exit();
no_key:
	sst_counters_exit();
no_counters:
	sst_keystream_exit();
	return err;
}

static void __exit sst_exit(void)
{
	sst_sockopt_exit();
	sst_netlink_exit();
	sst_fork_exit();
	sst_pernet_exit();
	sst_queue_end();
	sst_merge_exit();
	/*
	 * Flows and keys are freed by RCU callbacks, and the callback of a flow
	 * frees its keys and its opening directly: one barrier waits for all.
	 */
	rcu_barrier();
	sst_flow_exit();
	sst_key_exit();
	sst_counters_exit();
	sst_keystream_exit();
}

module_init(sst_init);
module_exit(sst_exit);

MODULE_DESCRIPTION("SST side stack: hides which service an IP flow belongs to");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
