/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * SST side stack: what an application includes. The option SO_SST asks for the
 * protection of one socket and tells what it got; Documentation/sockets.md has
 * the whole story.
 */
#ifndef _UAPI_LINUX_SST_H
#define _UAPI_LINUX_SST_H

#include <linux/socket.h>
#include <linux/types.h>

#include "sst_netlink.h"

/*
 * SO_SST - level SOL_IP or SOL_IPV6, value: int or struct sst_sockopt
 *
 * For TCP (SOCK_STREAM, IPPROTO_TCP) and UDP (SOCK_DGRAM, IPPROTO_UDP) sockets;
 * on an AF_INET6 socket both levels do the same. Set it before connect() or
 * listen(); accepted sockets inherit it. Rules of the administrator can ask for
 * more than the socket does, never for less.
 *
 * setsockopt() takes an int, which is the mode, or a struct sst_sockopt. A
 * longer one than the module knows will do when the rest is zeros. It fails with
 *   ENOPROTOOPT  the module is not loaded, or the level is not of the socket's
 *                family
 *   EINVAL       the length is neither that of an int nor at least that of the
 *                structure, or a field has a value that there is not
 *   EFAULT       the value cannot be read
 *   E2BIG        longer than a page, or something behind the structure that this
 *                module does not know
 *   EOPNOTSUPP   neither a TCP nor a UDP socket
 *   EPERM        less than the socket asks for now; that needs CAP_NET_ADMIN in
 *                the user namespace that owns the socket's network namespace
 *   EISCONN      too late: a TCP socket that listens, connects or is connected,
 *                or a connected UDP socket. The value that it has already can
 *                be set at any time.
 *   ENOBUFS      the namespace has 4096 sockets that expect a key, or the user
 *                has 1024
 *   ENOMEM       no memory
 *
 * getsockopt() gives the first bytes of a struct sst_sockinfo, as many as there
 * is room for, and their number. Four are the mode, as an int. A length below
 * that is EINVAL. It also fails with ENOPROTOOPT, EFAULT and EOPNOTSUPP.
 */
#define SO_SST		0x5354

/*
 * SO_SST_PEER - the same levels, getsockopt() only, value: struct sst_sockpeer
 *
 * For UDP sockets that are not connected: what getsockopt() with SO_SST would
 * say of a connection with @peer. Fails as that does, and with
 *   EINVAL         less than the addresses and four bytes more, or @local is not
 *                  the address that the socket is bound to
 *   EAFNOSUPPORT   an address of a family that the socket does not speak
 *   EOPNOTSUPP     no UDP socket
 */
#define SO_SST_PEER	0x5355

/* Flags of struct sst_sockopt. */
#define SST_SOCK_PEER_KEY	(1ULL << 0)	/* peer_key is there */

enum {
	SST_OFF = 0,		/* as the rules say */
	SST_PREFER = 1,		/* SST when a key for the peer is known */
	SST_REQUIRE = 2,	/* SST or nothing, in both directions */
};

/**
 * struct sst_sockopt - what a socket asks for
 * @mode: SST_OFF, SST_PREFER or SST_REQUIRE
 * @scope: enum sst_scope, what flows protect at least; 0 for the default, told as
 *	the one that it stands for
 * @flags: SST_SOCK_PEER_KEY or 0
 * @peer_key: public key of the only peer with which the socket opens flows, with
 *	SST_SOCK_PEER_KEY, which needs SST_REQUIRE; else zeros
 *
 * Numbers are in the byte order of the host.
 */
struct sst_sockopt {
	__u32 mode;
	__u32 scope;
	__aligned_u64 flags;
	__u8 peer_key[SST_KEY_SIZE];
};

/**
 * enum sst_sock_state - what a socket got
 * @SST_SOCK_NONE: no SST: its packets are clear, or there were none yet
 * @SST_SOCK_OPENING: SST, but the other host has not proved yet that it is there
 * @SST_SOCK_SEALED: every packet of the connection is sealed
 * @SST_SOCK_ENDED: SST carried the connection and its flow has ended: nothing
 *	passes unless another flow can be opened
 */
enum sst_sock_state {
	SST_SOCK_NONE,
	SST_SOCK_OPENING,
	SST_SOCK_SEALED,
	SST_SOCK_ENDED,
};

/**
 * enum sst_known_by - what the other host has proved
 * @SST_KNOWN_NOBODY: nothing: it may be anyone, but always the same one
 * @SST_KNOWN_MANUAL: that it has the key of the flow (sstctl flow add)
 * @SST_KNOWN_PSK: that it has the pre-shared key
 * @SST_KNOWN_PUBLIC: that it has the secret part of @peer_key
 */
enum sst_known_by {
	SST_KNOWN_NOBODY,
	SST_KNOWN_MANUAL,
	SST_KNOWN_PSK,
	SST_KNOWN_PUBLIC,
};

/**
 * struct sst_sockinfo - what a socket asked for and what it got
 * @asked: what it asks for
 * @state: enum sst_sock_state; all that follows is 0 unless it is
 *	SST_SOCK_OPENING or SST_SOCK_SEALED
 * @scope: enum sst_scope
 * @suite: enum sst_suite
 * @role: enum sst_flow_role
 * @known: enum sst_known_by; SST_KNOWN_NOBODY unless @state is SST_SOCK_SEALED
 * @zero: 0
 * @key_age: seconds since the key that seals now was first used
 * @zero2: 0
 * @opened: when the flow was opened, Unix seconds
 * @assoc_made: when the two hosts made the association that it hangs on, Unix
 *	seconds; 0 when there is none, or no more
 * @peer_key: public key of the peer, with SST_KNOWN_PUBLIC
 * @peer_name: what the administrator calls the peer, ended and filled up with
 *	zeros; empty when he does not know it
 *
 * Numbers are in the byte order of the host.
 */
struct sst_sockinfo {
	struct sst_sockopt asked;
	__u8 state;
	__u8 scope;
	__u8 suite;
	__u8 role;
	__u8 known;
	__u8 zero[3];
	__u32 key_age;
	__u32 zero2;
	__aligned_u64 opened;
	__aligned_u64 assoc_made;
	__u8 peer_key[SST_KEY_SIZE];
	char peer_name[SST_NAME_MAX + 1];
};

/**
 * struct sst_sockpeer - a question about one peer of a UDP socket
 * @peer: its address and port, as recvfrom() told them
 * @local: own address to which it sent (IP_PKTINFO); the port does not matter.
 *	Family 0: the address that the socket is bound to, or else that from which
 *	an answer without IP_PKTINFO would go.
 * @info: the answer
 */
struct sst_sockpeer {
	struct __kernel_sockaddr_storage peer;
	struct __kernel_sockaddr_storage local;
	struct sst_sockinfo info;
};

#endif /* _UAPI_LINUX_SST_H */
