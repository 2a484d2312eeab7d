/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/sst.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_SST_NETLINK_H
#define _UAPI_LINUX_SST_NETLINK_H

#define SST_GENL_NAME		"sst"
#define SST_GENL_VERSION	1

#define SST_KEY_SIZE		32
#define SST_NAME_MAX		31
#define SST_CGROUP_MAX		1023
#define SST_ADDRESSES_MAX	16
#define SST_ID_SIZE		8

/**
 * enum sst_scope - What a flow protects (protocol section 1).
 * @SST_SCOPE_PORTS: Ports hidden, header fields that steer the connection
 *   authenticated.
 * @SST_SCOPE_LABEL: Ports hidden and nothing else done once the connection is
 *   there. TCP only. Less than ports.
 * @SST_SCOPE_PAYLOAD: Ports and payload hidden and authenticated. More than
 *   ports.
 */
enum sst_scope {
	SST_SCOPE_PORTS = 1,
	SST_SCOPE_LABEL,
	SST_SCOPE_PAYLOAD,
};

/**
 * enum sst_suite - Cryptographic suite (protocol section 4).
 * @SST_SUITE_CHACHA20_POLY1305: X25519, HKDF-SHA256, ChaCha20, Poly1305.
 */
enum sst_suite {
	SST_SUITE_CHACHA20_POLY1305 = 1,
};

/**
 * enum sst_mark - Which packets of a flow carry the mark (protocol section 2).
 * @SST_MARK_ALL: All of them.
 * @SST_MARK_OPENINGS: Those before both ends have heard of each other,
 *   openings, and fragments.
 */
enum sst_mark {
	SST_MARK_ALL = 1,
	SST_MARK_OPENINGS,
};

/**
 * enum sst_dscp - What the sender does with DSCP, which names services too.
 * @SST_DSCP_CLEAR: DSCP 0 (IPv4) or only the mark (IPv6) on the wire.
 * @SST_DSCP_KEEP: IPv4 leaves it as it is; IPv6 carries it in the trailer.
 */
enum sst_dscp {
	SST_DSCP_CLEAR = 1,
	SST_DSCP_KEEP,
};

/**
 * enum sst_flow_state - Life of a flow.
 * @SST_FLOW_STATE_LIVE: Seals and opens.
 * @SST_FLOW_STATE_EXHAUSTED: The last key of the sending direction is used up.
 *   The flow still opens packets; what it should send is dropped.
 * @SST_FLOW_STATE_OPENING: This host opened the flow; the peer has not
 *   answered yet.
 * @SST_FLOW_STATE_ACCEPTING: The peer opened the flow; it has not confirmed it
 *   yet.
 * @SST_FLOW_STATE_REOPENING: A UDP flow of this host on which nothing came for
 *   15 s; openings go along with its packets until the peer answers.
 * @SST_FLOW_STATE_CLOSING: TCP ended the connection; late packets still pass.
 */
enum sst_flow_state {
	SST_FLOW_STATE_LIVE = 1,
	SST_FLOW_STATE_EXHAUSTED,
	SST_FLOW_STATE_OPENING,
	SST_FLOW_STATE_ACCEPTING,
	SST_FLOW_STATE_REOPENING,
	SST_FLOW_STATE_CLOSING,
};

/**
 * enum sst_flow_role - How a flow came to be.
 * @SST_FLOW_ROLE_MANUAL: flow-add.
 * @SST_FLOW_ROLE_INITIATOR: This host opened it.
 * @SST_FLOW_ROLE_RESPONDER: The peer opened it.
 */
enum sst_flow_role {
	SST_FLOW_ROLE_MANUAL = 1,
	SST_FLOW_ROLE_INITIATOR,
	SST_FLOW_ROLE_RESPONDER,
};

/**
 * enum sst_policy_direction - Which new flows a rule is about.
 * @SST_POLICY_DIRECTION_OUT: Flows that this host opens; port is that of the
 *   peer.
 * @SST_POLICY_DIRECTION_IN: Flows that others open; port is that of this host.
 */
enum sst_policy_direction {
	SST_POLICY_DIRECTION_OUT = 1,
	SST_POLICY_DIRECTION_IN,
};

/**
 * enum sst_policy_outcome - What becomes of the first packet of a flow.
 * @SST_POLICY_OUTCOME_CLEAR: It goes, or is let in, in clear. One that comes
 *   sealed is let in, too.
 * @SST_POLICY_OUTCOME_SEALED: It goes sealed, or is let in only when it is.
 * @SST_POLICY_OUTCOME_REFUSED: Neither; there is no key for what has to be
 *   sealed.
 * @SST_POLICY_OUTCOME_EXEMPT: Rules are not asked about this address.
 */
enum sst_policy_outcome {
	SST_POLICY_OUTCOME_CLEAR = 1,
	SST_POLICY_OUTCOME_SEALED,
	SST_POLICY_OUTCOME_REFUSED,
	SST_POLICY_OUTCOME_EXEMPT,
};

/**
 * enum sst_policy_key - By which key a flow would be opened.
 * @SST_POLICY_KEY_PSK: A pre-shared key.
 * @SST_POLICY_KEY_PUBLIC: A public key, that of the peer (out) or of this host
 *   (in).
 */
enum sst_policy_key {
	SST_POLICY_KEY_PSK = 1,
	SST_POLICY_KEY_PUBLIC,
};

/**
 * enum sst_verdict - What becomes of a new flow (protocol section 9).
 * @SST_VERDICT_CLEAR: Left alone.
 * @SST_VERDICT_PREFER: Outgoing only. SST when the destination is a peer, else
 *   clear.
 * @SST_VERDICT_REQUIRE: SST, or an error at once (out) or silence (in).
 */
enum sst_verdict {
	SST_VERDICT_CLEAR = 1,
	SST_VERDICT_PREFER,
	SST_VERDICT_REQUIRE,
};

/**
 * enum sst_close_reason - Why a flow ended.
 * @SST_CLOSE_REASON_DELETED: flow-del named it.
 * @SST_CLOSE_REASON_FLUSHED: flow-flush removed it with all others.
 * @SST_CLOSE_REASON_ENDED: TCP ended the connection a while ago, or no socket
 *   has it any more.
 * @SST_CLOSE_REASON_IDLE: Nothing of the peer verified for too long.
 * @SST_CLOSE_REASON_UNCONFIRMED: The opening was not answered, or not
 *   confirmed, in time.
 * @SST_CLOSE_REASON_REPLACED: A newer opening took its place.
 * @SST_CLOSE_REASON_EVICTED: Too many flows wait for confirmation; the oldest
 *   goes first.
 * @SST_CLOSE_REASON_GLARE: Both sides opened; the opening of the peer was the
 *   one to stay.
 * @SST_CLOSE_REASON_PEER_DELETED: peer-del removed the peer.
 * @SST_CLOSE_REASON_FORGOTTEN: This machine may have been copied, with its
 *   keys.
 */
enum sst_close_reason {
	SST_CLOSE_REASON_DELETED = 1,
	SST_CLOSE_REASON_FLUSHED,
	SST_CLOSE_REASON_ENDED,
	SST_CLOSE_REASON_IDLE,
	SST_CLOSE_REASON_UNCONFIRMED,
	SST_CLOSE_REASON_REPLACED,
	SST_CLOSE_REASON_EVICTED,
	SST_CLOSE_REASON_GLARE,
	SST_CLOSE_REASON_PEER_DELETED,
	SST_CLOSE_REASON_FORGOTTEN,
};

/**
 * enum sst_direction - Direction of a key that rotated.
 * @SST_DIRECTION_TX: This host moved to its next sending key.
 * @SST_DIRECTION_RX: The peer moved to its next sending key.
 */
enum sst_direction {
	SST_DIRECTION_TX = 1,
	SST_DIRECTION_RX,
};

/**
 * enum sst_cookie_mode - When an INIT must show that its sender gets what is
 *   sent to it (protocol section 8).
 * @SST_COOKIE_MODE_OFF: Never.
 * @SST_COOKIE_MODE_LOAD: While half of the public-key queue, or of
 *   max-half-open, is in use.
 * @SST_COOKIE_MODE_ALWAYS: Always.
 */
enum sst_cookie_mode {
	SST_COOKIE_MODE_OFF = 1,
	SST_COOKIE_MODE_LOAD,
	SST_COOKIE_MODE_ALWAYS,
};

/**
 * enum sst_init_from - Whose INITs are taken.
 * @SST_INIT_FROM_ANYONE: Those of anyone who knows a public key of this host.
 * @SST_INIT_FROM_LISTED: Those that prove an identity which is the public key
 *   of a peer.
 * @SST_INIT_FROM_NOBODY: None.
 */
enum sst_init_from {
	SST_INIT_FROM_ANYONE = 1,
	SST_INIT_FROM_LISTED,
	SST_INIT_FROM_NOBODY,
};

/**
 * enum sst_identity_mode - What of identities towards a peer with a public
 *   key.
 * @SST_IDENTITY_MODE_NONE: This host proves none.
 * @SST_IDENTITY_MODE_OFFER: This host proves its own, that of its oldest host
 *   key.
 * @SST_IDENTITY_MODE_REQUIRED: And takes flows from the addresses of the peer
 *   only when they prove that of the peer.
 */
enum sst_identity_mode {
	SST_IDENTITY_MODE_NONE = 1,
	SST_IDENTITY_MODE_OFFER,
	SST_IDENTITY_MODE_REQUIRED,
};

/**
 * enum sst_assoc_origin - How an association came to be.
 * @SST_ASSOC_ORIGIN_PSK: By an OPEN N under a pre-shared key.
 * @SST_ASSOC_ORIGIN_INIT: By an INIT.
 */
enum sst_assoc_origin {
	SST_ASSOC_ORIGIN_PSK = 1,
	SST_ASSOC_ORIGIN_INIT,
};

enum {
	SST_A_FLOW_ID = 1,
	SST_A_FLOW_PROTO,
	SST_A_FLOW_LOCAL_IPV4,
	SST_A_FLOW_REMOTE_IPV4,
	SST_A_FLOW_LOCAL_IPV6,
	SST_A_FLOW_REMOTE_IPV6,
	SST_A_FLOW_LOCAL_PORT,
	SST_A_FLOW_REMOTE_PORT,
	SST_A_FLOW_WIRE_LOCAL_PORT,
	SST_A_FLOW_WIRE_REMOTE_PORT,
	SST_A_FLOW_SIDE,
	SST_A_FLOW_SCOPE,
	SST_A_FLOW_SUITE,
	SST_A_FLOW_KEY,
	SST_A_FLOW_STATE,
	SST_A_FLOW_TX_KRI,
	SST_A_FLOW_TX_SEQ,
	SST_A_FLOW_RX_KRI,
	SST_A_FLOW_TX_PACKETS,
	SST_A_FLOW_TX_BYTES,
	SST_A_FLOW_RX_PACKETS,
	SST_A_FLOW_RX_BYTES,
	SST_A_FLOW_AGE,
	SST_A_FLOW_RX_IDLE,
	SST_A_FLOW_CLOSE_REASON,
	SST_A_FLOW_DIRECTION,
	SST_A_FLOW_ROLE,
	SST_A_FLOW_PEER,
	SST_A_FLOW_PEER_PORT,
	SST_A_FLOW_MISSED,
	SST_A_FLOW_PAD,

	__SST_A_FLOW_MAX
};
#define SST_A_FLOW_MAX (__SST_A_FLOW_MAX - 1)

enum {
	SST_A_STATS_PAD = 1,
	SST_A_STATS_TX_SEALED,
	SST_A_STATS_TX_MALFORMED,
	SST_A_STATS_TX_TOO_BIG,
	SST_A_STATS_TX_FRAGMENT,
	SST_A_STATS_TX_SEGMENT,
	SST_A_STATS_TX_EXHAUSTED,
	SST_A_STATS_TX_NOMEM,
	SST_A_STATS_TX_TLS,
	SST_A_STATS_TX_SEQADJ,
	SST_A_STATS_TX_OPEN,
	SST_A_STATS_TX_ACCEPT,
	SST_A_STATS_TX_EMPTY,
	SST_A_STATS_TX_RESTARTED,
	SST_A_STATS_TX_REQUIRED,
	SST_A_STATS_TX_WAITING,
	SST_A_STATS_TX_NO_FLOW,
	SST_A_STATS_TX_TOMBSTONE,
	SST_A_STATS_TX_LIMIT,
	SST_A_STATS_TX_NO_ROUTE,
	SST_A_STATS_TX_ICMP,
	SST_A_STATS_RX_OPENED,
	SST_A_STATS_RX_EMPTY,
	SST_A_STATS_RX_MERGED,
	SST_A_STATS_RX_SPLIT,
	SST_A_STATS_RX_SHORT,
	SST_A_STATS_RX_LENGTH,
	SST_A_STATS_RX_TYPE,
	SST_A_STATS_RX_FLAGS,
	SST_A_STATS_RX_TC,
	SST_A_STATS_RX_KRI_OLD,
	SST_A_STATS_RX_KRI_FAR,
	SST_A_STATS_RX_KRI_LIMITED,
	SST_A_STATS_RX_AUTH,
	SST_A_STATS_RX_REPLAY,
	SST_A_STATS_RX_PORTS,
	SST_A_STATS_RX_CHECKSUM,
	SST_A_STATS_RX_FRAGMENT,
	SST_A_STATS_RX_NOMEM,
	SST_A_STATS_RX_CLEAR,
	SST_A_STATS_RX_UNOPENED,
	SST_A_STATS_RX_OPEN,
	SST_A_STATS_RX_ACCEPT,
	SST_A_STATS_RX_ALIAS,
	SST_A_STATS_RX_HELD,
	SST_A_STATS_RX_STALE,
	SST_A_STATS_RX_NOT_SYN,
	SST_A_STATS_RX_LABEL_EARLY,
	SST_A_STATS_RX_LABEL_OPENING,
	SST_A_STATS_RX_TUPLE,
	SST_A_STATS_RX_HALF_OPEN,
	SST_A_STATS_RX_GLARE,
	SST_A_STATS_RX_SALT,
	SST_A_STATS_RX_ENDED,
	SST_A_STATS_RX_ICMP,
	SST_A_STATS_RX_REQUIRED,
	SST_A_STATS_TX_FRAGMENTED,
	SST_A_STATS_TX_TRANSLATED,
	SST_A_STATS_RX_GATHERED,
	SST_A_STATS_RX_TRANSLATED,
	SST_A_STATS_TX_INIT,
	SST_A_STATS_TX_UNREADY,
	SST_A_STATS_TX_COOKIE,
	SST_A_STATS_TX_AMPLIFIED,
	SST_A_STATS_RX_INIT,
	SST_A_STATS_RX_QUEUED,
	SST_A_STATS_RX_QUEUE,
	SST_A_STATS_RX_NO_COOKIE,
	SST_A_STATS_RX_IGNORED,
	SST_A_STATS_RX_INIT_REFUSED,
	SST_A_STATS_RX_KEY,
	SST_A_STATS_RX_COOKIE,
	SST_A_STATS_RX_COOKIE_LATE,
	SST_A_STATS_RX_IDENTITY,
	SST_A_STATS_ASSOC_MADE,
	SST_A_STATS_ASSOC_EVICTED,
	SST_A_STATS_RX_POLICY_PEER,
	SST_A_STATS_TX_NO_IDENTITY,
	SST_A_STATS_RX_CLOCK,
	SST_A_STATS_RX_FORGOTTEN,
	SST_A_STATS_RX_NO_ASSOC,
	SST_A_STATS_RX_NO_KEY,
	SST_A_STATS_ASSOC_EXPIRED,
	SST_A_STATS_ASSOC_LOST,
	SST_A_STATS_RX_SCOPE,

	__SST_A_STATS_MAX
};
#define SST_A_STATS_MAX (__SST_A_STATS_MAX - 1)

enum {
	SST_A_CONFIG_PAD = 1,
	SST_A_CONFIG_MARK_MASK,
	SST_A_CONFIG_MARK_VALUE,
	SST_A_CONFIG_DSCP,
	SST_A_CONFIG_REKEY_PACKETS,
	SST_A_CONFIG_REKEY_SECONDS,
	SST_A_CONFIG_MAX_FLOWS,
	SST_A_CONFIG_FLOWS,
	SST_A_CONFIG_OPENING_WINDOW,
	SST_A_CONFIG_MAX_HALF_OPEN,
	SST_A_CONFIG_COOKIES,
	SST_A_CONFIG_INIT_FROM,
	SST_A_CONFIG_ASSOC_LIFETIME,
	SST_A_CONFIG_WIRE_PORT,
	SST_A_CONFIG_WIRE_PORT_LAST,
	SST_A_CONFIG_MAX_ASSOCS,
	SST_A_CONFIG_ASSOCS,
	SST_A_CONFIG_ACTIVE,

	__SST_A_CONFIG_MAX
};
#define SST_A_CONFIG_MAX (__SST_A_CONFIG_MAX - 1)

enum {
	SST_A_PEER_PAD = 1,
	SST_A_PEER_NAME,
	SST_A_PEER_IPV4,
	SST_A_PEER_IPV6,
	SST_A_PEER_PSK,
	SST_A_PEER_SIDE,
	SST_A_PEER_SUITE,
	SST_A_PEER_FLOWS,
	SST_A_PEER_RX_IDLE,
	SST_A_PEER_PUBLIC_KEY,
	SST_A_PEER_WIRE_PORT,
	SST_A_PEER_WIRE_PORT_LAST,
	SST_A_PEER_IDENTITY,
	SST_A_PEER_ASSOCS,
	SST_A_PEER_HANDSHAKE_AGE,
	SST_A_PEER_TX_BYTES,
	SST_A_PEER_RX_BYTES,

	__SST_A_PEER_MAX
};
#define SST_A_PEER_MAX (__SST_A_PEER_MAX - 1)

enum {
	SST_A_HOST_PAD = 1,
	SST_A_HOST_NAME,
	SST_A_HOST_SECRET_KEY,
	SST_A_HOST_PUBLIC_KEY,
	SST_A_HOST_KEY_ID,
	SST_A_HOST_AGE,
	SST_A_HOST_INITS,
	SST_A_HOST_INIT_IDLE,

	__SST_A_HOST_MAX
};
#define SST_A_HOST_MAX (__SST_A_HOST_MAX - 1)

enum {
	SST_A_ASSOC_PAD = 1,
	SST_A_ASSOC_ID,
	SST_A_ASSOC_PEER,
	SST_A_ASSOC_ORIGIN,
	SST_A_ASSOC_SIDE,
	SST_A_ASSOC_SUITE,
	SST_A_ASSOC_LOCAL_IPV4,
	SST_A_ASSOC_REMOTE_IPV4,
	SST_A_ASSOC_LOCAL_IPV6,
	SST_A_ASSOC_REMOTE_IPV6,
	SST_A_ASSOC_AGE,
	SST_A_ASSOC_LIFETIME,
	SST_A_ASSOC_IDENTITY,

	__SST_A_ASSOC_MAX
};
#define SST_A_ASSOC_MAX (__SST_A_ASSOC_MAX - 1)

enum {
	SST_A_POLICY_PAD = 1,
	SST_A_POLICY_ID,
	SST_A_POLICY_DIRECTION,
	SST_A_POLICY_IPV4,
	SST_A_POLICY_IPV6,
	SST_A_POLICY_PREFIX_LEN,
	SST_A_POLICY_PROTO,
	SST_A_POLICY_PORT,
	SST_A_POLICY_PORT_LAST,
	SST_A_POLICY_VERDICT,
	SST_A_POLICY_PRIORITY,
	SST_A_POLICY_HITS,
	SST_A_POLICY_PEER,
	SST_A_POLICY_SCOPE,
	SST_A_POLICY_UID,
	SST_A_POLICY_UID_LAST,
	SST_A_POLICY_CGROUP,
	SST_A_POLICY_CGROUP_ID,
	SST_A_POLICY_CGROUP_GONE,
	SST_A_POLICY_RULE,
	SST_A_POLICY_OUTCOME,
	SST_A_POLICY_KEY_PEER,
	SST_A_POLICY_KEY_KIND,
	SST_A_POLICY_MARK,

	__SST_A_POLICY_MAX
};
#define SST_A_POLICY_MAX (__SST_A_POLICY_MAX - 1)

enum {
	SST_A_WISH_PAD = 1,
	SST_A_WISH_CGROUP_FD,
	SST_A_WISH_VERDICT,
	SST_A_WISH_CGROUP_ID,
	SST_A_WISH_CGROUP_PATH,
	SST_A_WISH_USER,

	__SST_A_WISH_MAX
};
#define SST_A_WISH_MAX (__SST_A_WISH_MAX - 1)

enum {
	SST_CMD_FLOW_ADD = 1,
	SST_CMD_FLOW_DEL,
	SST_CMD_FLOW_GET,
	SST_CMD_FLOW_FLUSH,
	SST_CMD_STATS_GET,
	SST_CMD_CONFIG_GET,
	SST_CMD_CONFIG_SET,
	SST_CMD_FLOW_OPENED,
	SST_CMD_FLOW_CLOSED,
	SST_CMD_FLOW_ROTATED,
	SST_CMD_AUTH_FAILED,
	SST_CMD_FLOW_EXHAUSTED,
	SST_CMD_FLOW_CONFIRMED,
	SST_CMD_PEER_ADD,
	SST_CMD_PEER_DEL,
	SST_CMD_PEER_GET,
	SST_CMD_POLICY_ADD,
	SST_CMD_POLICY_DEL,
	SST_CMD_POLICY_GET,
	SST_CMD_POLICY_FLUSH,
	SST_CMD_SHUTDOWN,
	SST_CMD_HOST_ADD,
	SST_CMD_HOST_DEL,
	SST_CMD_HOST_GET,
	SST_CMD_ASSOC_GET,
	SST_CMD_ASSOC_FLUSH,
	SST_CMD_WISH_ADD,
	SST_CMD_WISH_GET,
	SST_CMD_POLICY_REPLACE,
	SST_CMD_POLICY_EXPLAIN,

	__SST_CMD_MAX
};
#define SST_CMD_MAX (__SST_CMD_MAX - 1)

#define SST_MCGRP_EVENTS	"events"

#endif /* _UAPI_LINUX_SST_NETLINK_H */
