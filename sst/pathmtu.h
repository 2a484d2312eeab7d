/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PATHMTU_H
#define _SST_PATHMTU_H

struct nf_hook_state;
struct sk_buff;
struct sst_pkt;

unsigned int sst_pathmtu(const struct sk_buff *skb,
			 const struct nf_hook_state *state);
bool sst_pathmtu_fits(const struct sst_pkt *pkt, unsigned int trailer,
		      unsigned int mtu);
int sst_pathmtu_fit(struct sst_pkt *pkt, unsigned int trailer,
		    unsigned int mtu, const struct nf_hook_state *state);

#endif /* _SST_PATHMTU_H */
