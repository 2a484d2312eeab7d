/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_NEWASSOC_H
#define _SST_NEWASSOC_H

struct sst_net;
struct sst_queued;

void sst_newassoc_opening(struct sst_net *sn, struct sst_queued *entry);
void sst_newassoc_answer(struct sst_net *sn, struct sst_queued *entry);

#endif /* _SST_NEWASSOC_H */
