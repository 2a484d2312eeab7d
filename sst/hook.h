/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HOOK_H
#define _SST_HOOK_H

#include <linux/netfilter.h>

struct sst_net;

/* Places in netfilter where packets enter the module. */
#define SST_HOOKS	4

int sst_hook_register(struct sst_net *sn);
void sst_hook_unregister(struct sst_net *sn);

#endif /* _SST_HOOK_H */
