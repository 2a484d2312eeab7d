/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_LIFE_H
#define _SST_LIFE_H

#include <linux/types.h>

#include "flowtable.h"

struct sst_net;

enum sst_flow_clash sst_life_begin(struct sst_net *sn, struct sst_flow *flow);
enum sst_flow_clash sst_life_replace(struct sst_net *sn, struct sst_flow *old,
				     struct sst_flow *flow, u8 reason);
bool sst_life_identify(struct sst_net *sn, struct sst_flow *flow, u32 peer_id);
void sst_life_end(struct sst_net *sn, struct sst_flow *flow, u8 reason);
void sst_life_end_peer(struct sst_net *sn, u32 peer_id);
void sst_life_end_all(struct sst_net *sn, u8 proto, u8 reason);
bool sst_life_pin(struct sst_net *sn);
void sst_life_unpin(struct sst_net *sn);

#endif /* _SST_LIFE_H */
