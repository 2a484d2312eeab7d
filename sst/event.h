/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_EVENT_H
#define _SST_EVENT_H

#include <linux/types.h>

struct sst_flow;
struct sst_net;

void sst_event_opened(struct sst_net *sn, const struct sst_flow *flow);
void sst_event_closed(struct sst_net *sn, const struct sst_flow *flow,
		      u8 reason);
void sst_event_confirmed(struct sst_net *sn, const struct sst_flow *flow);
void sst_event_exhausted(struct sst_net *sn, const struct sst_flow *flow);
void sst_event_rotated(struct sst_net *sn, const struct sst_flow *flow,
		       u8 direction);
void sst_event_auth_failed(struct sst_net *sn, const struct sst_flow *flow);

#endif /* _SST_EVENT_H */
