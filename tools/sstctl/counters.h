/* SPDX-License-Identifier: GPL-2.0 */
/* Written by gen-counters; do not edit. */
#ifndef SSTCTL_COUNTERS_H
#define SSTCTL_COUNTERS_H

#include <linux/sst_netlink.h>

static const struct {
	unsigned int attr;
	const char *name;
	const char *meaning;
} sst_counters[] = {
	{
		SST_A_STATS_TX_SEALED,
		"tx_sealed",
		"Sealed and handed on to the network.",
	},
	{
		SST_A_STATS_TX_MALFORMED,
		"tx_malformed",
		"Dropped. A packet of a live flow whose headers are wrong, or of a shape that SST does not cover.",
	},
	{
		SST_A_STATS_TX_TOO_BIG,
		"tx_too_big",
		"Dropped. The packet with its trailer does not fit the path MTU. A local sender gets EMSGSIZE, a forwarded one an ICMP error.",
	},
	{
		SST_A_STATS_TX_FRAGMENT,
		"tx_fragment",
		"Dropped. A fragment with the ports of a live flow, made by a raw socket or a tap device; send whole datagrams.",
	},
	{
		SST_A_STATS_TX_SEGMENT,
		"tx_segment",
		"Dropped. A large packet could not be cut into segments, or connection tracking refused it.",
	},
	{
		SST_A_STATS_TX_EXHAUSTED,
		"tx_exhausted",
		"Dropped. The last key of the flow is used up; add a flow with a new key.",
	},
	{
		SST_A_STATS_TX_NOMEM,
		"tx_nomem",
		"Dropped. No memory for the trailer.",
	},
	{
		SST_A_STATS_TX_TLS,
		"tx_tls",
		"Dropped. A device was to encrypt TLS records of this connection, after sealing; turn off TLS offload.",
	},
	{
		SST_A_STATS_TX_SEQADJ,
		"tx_seqadj",
		"Dropped. A connection-tracking helper changes sequence numbers of this connection after sealing; remove the helper.",
	},
	{
		SST_A_STATS_TX_OPEN,
		"tx_open",
		"Sealed with an OPEN on an association, of those in tx-sealed.",
	},
	{
		SST_A_STATS_TX_ACCEPT,
		"tx_accept",
		"Sealed with an ACCEPT, of those in tx-sealed.",
	},
	{
		SST_A_STATS_TX_EMPTY,
		"tx_empty",
		"Sealed, and made by SST itself (flag E), of those in tx-sealed.",
	},
	{
		SST_A_STATS_TX_RESTARTED,
		"tx_restarted",
		"Openings that started over because nobody answered; counts openings.",
	},
	{
		SST_A_STATS_TX_REQUIRED,
		"tx_required",
		"Dropped. Policy or the socket requires SST, and no key is known for the destination; add a peer. TCP gets ECONNREFUSED, UDP ENOKEY.",
	},
	{
		SST_A_STATS_TX_WAITING,
		"tx_waiting",
		"Dropped. A TCP segment other than a SYN before the peer answered the opening.",
	},
	{
		SST_A_STATS_TX_NO_FLOW,
		"tx_no_flow",
		"Dropped. A segment that policy requires to be sealed, or of a socket that SST once carried, but there is no flow.",
	},
	{
		SST_A_STATS_TX_TOMBSTONE,
		"tx_tombstone",
		"Dropped. A late packet of a flow that has ended.",
	},
	{
		SST_A_STATS_TX_LIMIT,
		"tx_limit",
		"Dropped. No room for a new flow, raise max-flows; or, rarely, its tuple is the wire tuple of another flow, use another local port.",
	},
	{
		SST_A_STATS_TX_NO_ROUTE,
		"tx_no_route",
		"Dropped. A packet that SST made itself (flag E) had no route.",
	},
	{
		SST_A_STATS_TX_ICMP,
		"tx_icmp",
		"Dropped. An ICMP error about a packet of a flow that has ended, or one that quotes too little of it; it would tell real ports.",
	},
	{
		SST_A_STATS_RX_OPENED,
		"rx_opened",
		"Verified, restored and handed up.",
	},
	{
		SST_A_STATS_RX_EMPTY,
		"rx_empty",
		"Verified and consumed. A packet that carries nothing for the stack (flag E).",
	},
	{
		SST_A_STATS_RX_SPLIT,
		"rx_split",
		"A merged packet on the wire tuple of a flow, cut into its parts again; each part is counted by itself.",
	},
	{
		SST_A_STATS_RX_SHORT,
		"rx_short",
		"Dropped. On the wire tuple of a flow, but too short for a trailer.",
	},
	{
		SST_A_STATS_RX_LENGTH,
		"rx_length",
		"Dropped. IP, UDP and TCP header lengths disagree, or the TCP header reaches into the trailer.",
	},
	{
		SST_A_STATS_RX_TYPE,
		"rx_type",
		"Dropped. Unknown packet type, or one that this flow does not take.",
	},
	{
		SST_A_STATS_RX_FLAGS,
		"rx_flags",
		"Dropped. A flag combination that the type or the scope of the flow does not allow.",
	},
	{
		SST_A_STATS_RX_TC,
		"rx_tc",
		"Dropped. The traffic class in the trailer has ECN bits, or is not zero on IPv4.",
	},
	{
		SST_A_STATS_RX_KRI_OLD,
		"rx_kri_old",
		"Dropped. Sealed under a key that is no longer accepted.",
	},
	{
		SST_A_STATS_RX_KRI_FAR,
		"rx_kri_far",
		"Dropped. Sealed under a key too far ahead of the current one.",
	},
	{
		SST_A_STATS_RX_KRI_LIMITED,
		"rx_kri_limited",
		"Dropped. Too many packets under keys far ahead were tried in the last second.",
	},
	{
		SST_A_STATS_RX_AUTH,
		"rx_auth",
		"Dropped. The tag does not verify; forged, damaged, or the two hosts hold different keys.",
	},
	{
		SST_A_STATS_RX_REPLAY,
		"rx_replay",
		"Dropped. Seen before, or older than the replay window.",
	},
	{
		SST_A_STATS_RX_PORTS,
		"rx_ports",
		"Dropped. The sealed ports are not those of the flow; the two hosts disagree about the real tuple.",
	},
	{
		SST_A_STATS_RX_CHECKSUM,
		"rx_checksum",
		"Dropped. The transport checksum, which the device had summed up, is wrong.",
	},
	{
		SST_A_STATS_RX_FRAGMENT,
		"rx_fragment",
		"Dropped. A marked fragment for this host that overlaps others, or for which there is no memory.",
	},
	{
		SST_A_STATS_RX_NOMEM,
		"rx_nomem",
		"Dropped. No memory to restore the packet or to move to the next key, or the random generator is not ready.",
	},
	{
		SST_A_STATS_RX_CLEAR,
		"rx_clear",
		"Dropped. A clear packet on the real tuple of a live flow; forged, or the peer lost its flow.",
	},
	{
		SST_A_STATS_RX_UNOPENED,
		"rx_unopened",
		"Dropped. A marked packet for this host that belongs to no flow and no peer here, or a datagram in unmarked fragments on the wire tuple of a flow.",
	},
	{
		SST_A_STATS_RX_OPEN,
		"rx_open",
		"Openings on an association that verified on a tuple that no flow owns, of those in rx-opened.",
	},
	{
		SST_A_STATS_RX_ACCEPT,
		"rx_accept",
		"Answers to openings that verified, of those in rx-opened or rx-empty.",
	},
	{
		SST_A_STATS_RX_ALIAS,
		"rx_alias",
		"Openings that got an alias port towards the local stack; counts openings.",
	},
	{
		SST_A_STATS_RX_HELD,
		"rx_held",
		"Verified, but kept until the peer confirms, because the opening is not fresh. Counted again when it is handed up.",
	},
	{
		SST_A_STATS_RX_STALE,
		"rx_stale",
		"Dropped. An opening that is not fresh and cannot be kept until it is confirmed; on UDP it was answered.",
	},
	{
		SST_A_STATS_RX_NOT_SYN,
		"rx_not_syn",
		"Dropped. An opening on TCP that is no bare SYN.",
	},
	{
		SST_A_STATS_RX_TUPLE,
		"rx_tuple",
		"Dropped. An opening on a tuple that another flow or a clear socket owns, or with a wire port below 1024.",
	},
	{
		SST_A_STATS_RX_HALF_OPEN,
		"rx_half_open",
		"Dropped. Too many unconfirmed flows on this tuple or of this opening, or max-flows is reached, or half of it by the flows of this peer address (IPv6 /64).",
	},
	{
		SST_A_STATS_RX_GLARE,
		"rx_glare",
		"Dropped. Both sides opened at once, and the opening of this host stays.",
	},
	{
		SST_A_STATS_RX_SALT,
		"rx_salt",
		"Dropped. An answer that differs from the first one that verified.",
	},
	{
		SST_A_STATS_RX_ENDED,
		"rx_ended",
		"Dropped. A packet on the wire tuple of a flow that ended less than 240 s ago.",
	},
	{
		SST_A_STATS_RX_ICMP,
		"rx_icmp",
		"Dropped. A clear ICMP error that quotes the real tuple of a live flow; forged.",
	},
	{
		SST_A_STATS_RX_REQUIRED,
		"rx_required",
		"Dropped. A clear packet for a port or socket that requires SST.",
	},
	{
		SST_A_STATS_TX_FRAGMENTED,
		"tx_fragmented",
		"Sealed datagrams larger than the path MTU that left in fragments; also in tx-sealed.",
	},
	{
		SST_A_STATS_TX_TRANSLATED,
		"tx_translated",
		"ICMP errors that left about packets of flows; wire ports stand in what they quote.",
	},
	{
		SST_A_STATS_RX_GATHERED,
		"rx_gathered",
		"Marked fragments for this host that wait for the others of their datagram.",
	},
	{
		SST_A_STATS_RX_TRANSLATED,
		"rx_translated",
		"ICMP errors that came about sealed packets and were handed up with real ports.",
	},
	{
		SST_A_STATS_TX_INIT,
		"tx_init",
		"Sealed with an INIT, or an OPEN that makes a new association, of those in tx-sealed.",
	},
	{
		SST_A_STATS_TX_UNREADY,
		"tx_unready",
		"Dropped. A first packet for which no ephemeral key was ready; it is being made, the next one finds it.",
	},
	{
		SST_A_STATS_TX_COOKIE,
		"tx_cookie",
		"COOKIEs sent in answer to INITs; not in tx-sealed.",
	},
	{
		SST_A_STATS_TX_AMPLIFIED,
		"tx_amplified",
		"Dropped. A datagram of a flow that is not confirmed, which would make more than three times of what came.",
	},
	{
		SST_A_STATS_RX_INIT,
		"rx_init",
		"INITs, and OPENs that make a new association, that verified on a tuple that no flow owns, of those in rx-opened.",
	},
	{
		SST_A_STATS_RX_QUEUED,
		"rx_queued",
		"Openings and answers that wait for public-key work. Counted again when they are taken up.",
	},
	{
		SST_A_STATS_RX_QUEUE,
		"rx_queue",
		"Dropped. The queue for public-key work is full, or many packets of the same opening wait there; see cookies.",
	},
	{
		SST_A_STATS_RX_NO_COOKIE,
		"rx_no_cookie",
		"Dropped. An INIT without a valid proof while cookies are asked for; a COOKIE was the answer.",
	},
	{
		SST_A_STATS_RX_IGNORED,
		"rx_ignored",
		"Dropped. An INIT without proof of a source that has asked for too many COOKIEs.",
	},
	{
		SST_A_STATS_RX_INIT_REFUSED,
		"rx_init_refused",
		"Dropped. An INIT that init-from or the identity that a peer requires refuses.",
	},
	{
		SST_A_STATS_RX_KEY,
		"rx_key",
		"Dropped. A public key in the packet is not one that can be used.",
	},
	{
		SST_A_STATS_RX_COOKIE,
		"rx_cookie",
		"COOKIEs that verified; the INIT goes out again with a proof.",
	},
	{
		SST_A_STATS_RX_COOKIE_LATE,
		"rx_cookie_late",
		"Dropped. A COOKIE that verified, but its INIT had been answered or sent again before.",
	},
	{
		SST_A_STATS_RX_IDENTITY,
		"rx_identity",
		"Dropped. The peer whose identity was proved has been removed, or a host opened on an association for which nobody has proved one; it starts over by itself.",
	},
	{
		SST_A_STATS_ASSOC_MADE,
		"assoc_made",
		"Associations that were made; counts associations.",
	},
	{
		SST_A_STATS_ASSOC_EVICTED,
		"assoc_evicted",
		"Associations that were dropped before their time, because there are too many; counts associations. Raise max-assocs.",
	},
	{
		SST_A_STATS_RX_POLICY_PEER,
		"rx_policy_peer",
		"Dropped. A rule lets in only peers that it names, and the packet opens a flow in the name of another or of nobody. Add a rule for the peer; a client by public key needs identity offer and a host key.",
	},
	{
		SST_A_STATS_TX_NO_IDENTITY,
		"tx_no_identity",
		"Openings to a peer with identity offer or required that proved nothing, because there is no host key; add one with \"sstctl host add\". Counts openings.",
	},
};

#endif /* SSTCTL_COUNTERS_H */
