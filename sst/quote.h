/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_QUOTE_H
#define _SST_QUOTE_H

#include "packet.h"

/**
 * struct sst_quote - an ICMP error and the TCP or UDP packet that it quotes
 * @tuple: tuple of the quoted packet, as this host sees it
 * @reported_to: destination address of the error
 * @icmp_off: offset of the ICMP header from the network header
 * @ip_off: offset of the quoted IP header
 * @port_off: offset of the quoted ports; four bytes are there
 * @end: end of the quote, by the length of the packet
 * @cut: the error itself comes in fragments, this is the first of them
 * @redirect: it is an IPv6 redirect, which has lengths around the quote
 *
 * Offsets only, which survive a reallocation of the head.
 */
struct sst_quote {
	struct sst_tuple tuple;
	union nf_inet_addr reported_to;
	u16 icmp_off;
	u16 ip_off;
	u16 port_off;
	u16 end;
	bool cut;
	bool redirect;
};

bool sst_quote_find(struct sst_quote *quote, const struct sk_buff *skb,
		    u8 family, enum sst_pkt_dir quoted_by);
bool sst_quote_is_hidden(const struct sk_buff *skb);

#endif /* _SST_QUOTE_H */
