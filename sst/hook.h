/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HOOK_H
#define _SST_HOOK_H

struct net;

int sst_hook_register(struct net *net);
void sst_hook_unregister(struct net *net);

#endif /* _SST_HOOK_H */
