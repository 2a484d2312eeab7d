// SPDX-License-Identifier: GPL-2.0
/*
 * This machine may be a copy of another one (a virtual machine that was forked,
 * a hibernated system that was started twice): both would use the same keys
 * with the same counters (protocol section 7). Whatever could be used twice is
 * forgotten; peers, host keys and rules stay.
 */
#include <linux/notifier.h>
#include <linux/random.h>
#include <linux/suspend.h>

#include "fork.h"
#include "pernet.h"

static int vm_forked(struct notifier_block *nb, unsigned long action,
		     void *data)
{
	sst_pernet_forget_all();
	return NOTIFY_DONE;
}

static int pm_event(struct notifier_block *nb, unsigned long action, void *data)
{
	if (action == PM_POST_HIBERNATION || action == PM_POST_RESTORE)
		sst_pernet_forget_all();
	return NOTIFY_DONE;
}

static struct notifier_block vm_notifier = { .notifier_call = vm_forked };
static struct notifier_block pm_notifier = { .notifier_call = pm_event };

int sst_fork_init(void)
{
	int err = register_random_vmfork_notifier(&vm_notifier);

	if (err)
		return err;
	err = register_pm_notifier(&pm_notifier);
	if (err)
		unregister_random_vmfork_notifier(&vm_notifier);
	return err;
}

void sst_fork_exit(void)
{
	unregister_pm_notifier(&pm_notifier);
	unregister_random_vmfork_notifier(&vm_notifier);
}
