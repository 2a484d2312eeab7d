/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_EMIT_H
#define _SST_EMIT_H

struct sst_flow;
struct sst_net;

void sst_emit_empty(struct sst_net *sn, struct sst_flow *flow);

#endif /* _SST_EMIT_H */
