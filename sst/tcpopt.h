/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_TCPOPT_H
#define _SST_TCPOPT_H

#include <linux/types.h>

struct sst_pkt;

int sst_tcpopt_next(const u8 *th, unsigned int thlen, unsigned int *off);
bool sst_tcpopt_asks_fast_open(const struct sst_pkt *pkt);

#endif /* _SST_TCPOPT_H */
