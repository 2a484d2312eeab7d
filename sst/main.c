// SPDX-License-Identifier: GPL-2.0
/* Load and unload the module, in order and in reverse. */
#include <linux/module.h>
#include <linux/rcupdate.h>

#include "flow.h"
#include "key.h"
#include "netlink.h"
#include "pernet.h"

static int __init sst_init(void)
{
	int err;

	err = sst_key_init();
	if (err)
		return err;
	err = sst_flow_init();
	if (err)
		goto no_flow;
	err = sst_pernet_init();
	if (err)
		goto no_pernet;
	err = sst_netlink_init();
	if (err)
		goto no_netlink;
	return 0;

no_netlink:
	sst_pernet_exit();
no_pernet:
	sst_flow_exit();
no_flow:
	sst_key_exit();
	return err;
}

static void __exit sst_exit(void)
{
	sst_netlink_exit();
	sst_pernet_exit();
	/*
	 * Flows and keys are freed by RCU callbacks, and the callback of a flow
	 * frees its keys directly: one barrier waits for all.
	 */
	rcu_barrier();
	sst_flow_exit();
	sst_key_exit();
}

module_init(sst_init);
module_exit(sst_exit);

MODULE_DESCRIPTION("SST side stack: hides which service an IP flow belongs to");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
