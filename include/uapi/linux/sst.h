/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * SST side stack: what an application includes. The option SO_SST asks for the
 * protection of one socket; Documentation/sockets.md has the whole story.
 */
#ifndef _UAPI_LINUX_SST_H
#define _UAPI_LINUX_SST_H

/*
 * SO_SST - level SOL_IP or SOL_IPV6, value: int
 *
 * For TCP (SOCK_STREAM, IPPROTO_TCP) and UDP (SOCK_DGRAM, IPPROTO_UDP) sockets;
 * on an AF_INET6 socket both levels do the same. Set it before connect() or
 * listen(); accepted sockets inherit it. Rules of the administrator can ask for
 * more than the socket does, never for less.
 *
 * setsockopt() fails with
 *   ENOPROTOOPT  the module is not loaded, or the level is not of the socket's
 *                family
 *   EINVAL       the length is not that of an int, or the value is none of
 *                those below
 *   EFAULT       the value cannot be read
 *   EOPNOTSUPP   neither a TCP nor a UDP socket
 *   EPERM        a lower value than the present one needs CAP_NET_ADMIN in the
 *                user namespace that owns the socket's network namespace
 *   EISCONN      too late: a TCP socket that listens, connects or is connected,
 *                or a connected UDP socket. The value that it has already can
 *                be set at any time.
 *   ENOMEM       no memory to register the packet hooks of the namespace
 *
 * getsockopt() gives an int; a length below that is EINVAL, a longer one is
 * reduced. It also fails with ENOPROTOOPT, EFAULT and EOPNOTSUPP.
 */
#define SO_SST		0x5354

enum {
	SST_OFF = 0,		/* as the rules say */
	SST_PREFER = 1,		/* SST when a key for the peer is known */
	SST_REQUIRE = 2,	/* SST or nothing, in both directions */
};

#endif /* _UAPI_LINUX_SST_H */
