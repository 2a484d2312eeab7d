/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SELECT_H
#define _SST_SELECT_H

#include <linux/types.h>

#include "packet.h"

struct sock;
struct sst_net;

/* What sst_select() says besides the reason to drop a packet. */
#define SST_SELECT_CLEAR	0
#define SST_SELECT_OPEN		(-1)

int sst_select(struct sst_net *sn, const struct sst_pkt *pkt,
	       enum sst_pkt_class class, const struct sock *sk, u32 *only);
bool sst_select_is_syn(const struct sst_pkt *pkt);

#endif /* _SST_SELECT_H */
