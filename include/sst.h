/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * SST for programs in C, in a few words: a header and no library. It uses
 * nothing but the socket options of <linux/sst.h>. Functions return -1 and set
 * errno as setsockopt() and getsockopt() do; Documentation/sockets.md says
 * when.
 */
#ifndef SST_H
#define SST_H

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/sst.h>

/*
 * Reads a public key as "sstctl pubkey" prints it: 32 bytes in base64. Returns 0,
 * or -1 with EINVAL.
 */
static inline int sst_read_key(const char *text, unsigned char key[SST_KEY_SIZE])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int i, bits = 0, n = 0, value = 0;
	const char *digit;

	for (i = 0; i < 43; i++) {
		digit = text[i] ? strchr(digits, text[i]) : NULL;
		if (!digit)
			break;
		value = value << 6 | (unsigned int)(digit - digits);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			key[n++] = value >> bits & 0xff;
		}
	}
	/* The last digit has two bits too many, which are 0. */
	if (i == 43 && strcmp(text + i, "=") == 0 && !(value & 3))
		return 0;
	errno = EINVAL;
	return -1;
}

/* Level at which a socket has the options, whatever its family. */
static inline int sst_level(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len))
		return -1;
	return domain == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
}

static inline int sst_ask(int fd, const struct sst_sockopt *option)
{
	int level = sst_level(fd);

	if (level < 0)
		return -1;
	return setsockopt(fd, level, SO_SST, option, sizeof(*option));
}

/* SST when a key for the peer is known. Before connect() or listen(). */
static inline int sst_prefer(int fd)
{
	struct sst_sockopt option;

	memset(&option, 0, sizeof(option));
	option.mode = SST_PREFER;
	return sst_ask(fd, &option);
}

/* SST or nothing. Before connect() or listen(). */
static inline int sst_require(int fd)
{
	struct sst_sockopt option;

	memset(&option, 0, sizeof(option));
	option.mode = SST_REQUIRE;
	return sst_ask(fd, &option);
}

/* SST with the owner of this public key, or nothing. Before connect(). */
static inline int sst_require_peer(int fd, const unsigned char key[SST_KEY_SIZE])
{
	struct sst_sockopt option;

	memset(&option, 0, sizeof(option));
	option.mode = SST_REQUIRE;
	option.flags = SST_SOCK_PEER_KEY;
	memcpy(option.peer_key, key, SST_KEY_SIZE);
	return sst_ask(fd, &option);
}

/* What a connection got; what the module does not know is 0. */
static inline int sst_get_info(int fd, struct sst_sockinfo *info)
{
	int level = sst_level(fd);
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (level < 0)
		return -1;
	return getsockopt(fd, level, SO_SST, info, &len);
}

/*
 * What the exchange with one peer got, of a UDP socket that is not connected.
 * @local is the own address to which the peer sent, or NULL (see <linux/sst.h>).
 */
static inline int sst_get_peer_info(int fd, const struct sockaddr *peer,
				    socklen_t peer_len,
				    const struct sockaddr *local,
				    socklen_t local_len,
				    struct sst_sockinfo *info)
{
	struct sst_sockpeer query;
	socklen_t len = sizeof(query);
	int level = sst_level(fd);

	memset(info, 0, sizeof(*info));
	if (level < 0)
		return -1;
	memset(&query, 0, sizeof(query));
	if (peer_len > sizeof(query.peer) ||
	    (local && local_len > sizeof(query.local))) {
		errno = EINVAL;
		return -1;
	}
	memcpy(&query.peer, peer, peer_len);
	if (local)
		memcpy(&query.local, local, local_len);
	if (getsockopt(fd, level, SO_SST_PEER, &query, &len))
		return -1;
	*info = query.info;
	return 0;
}

/*
 * Is every packet of it sealed, and is the peer the owner of this public key?
 * With NULL the peer may be anyone.
 */
static inline int sst_info_is_protected(const struct sst_sockinfo *info,
					const unsigned char *key)
{
	return info->state == SST_SOCK_SEALED &&
	       (!key || (info->known == SST_KNOWN_PUBLIC &&
			 memcmp(info->peer_key, key, SST_KEY_SIZE) == 0));
}

/* The same of a connection: 1, 0, or -1. */
static inline int sst_is_protected(int fd, const unsigned char *key)
{
	struct sst_sockinfo info;

	if (sst_get_info(fd, &info))
		return -1;
	return sst_info_is_protected(&info, key);
}

#endif /* SST_H */
