/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_DOORMAN_H
#define _SST_DOORMAN_H

#include <linux/types.h>

struct sst_host;
struct sst_net;
struct sst_peer;
struct sst_pkt;
struct sst_trailer;
struct sst_tuple;

int sst_doorman(struct sst_net *sn, const struct sst_pkt *pkt,
		const struct sst_trailer *trailer, const struct sst_host *host);
int sst_doorman_ask(struct sst_net *sn, const struct sst_pkt *pkt,
		    const struct sst_trailer *trailer);
int sst_doorman_identity(struct sst_net *sn, const struct sst_tuple *tuple,
			 const struct sst_peer *peer);
bool sst_doorman_wants_cookies(const struct sst_net *sn);
bool sst_doorman_may_have_asked(struct sst_net *sn, const struct sst_pkt *pkt,
				const struct sst_trailer *trailer);
bool sst_doorman_needs_identity(struct sst_net *sn,
				const struct sst_tuple *tuple);
bool sst_doorman_is_proven(struct sst_net *sn, const struct sst_pkt *pkt,
			   const struct sst_trailer *trailer);

#endif /* _SST_DOORMAN_H */
