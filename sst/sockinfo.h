/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SOCKINFO_H
#define _SST_SOCKINFO_H

#include <uapi/linux/sst.h>

struct sock;

void sst_sockinfo_connected(struct sock *sk, struct sst_sockinfo *info);
int sst_sockinfo_peer(struct sock *sk, struct sst_sockpeer *query);

#endif /* _SST_SOCKINFO_H */
