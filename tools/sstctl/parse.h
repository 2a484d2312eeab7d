/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_PARSE_H
#define SSTCTL_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/sst_netlink.h>

/*
 * Text to values. Nothing here reads, prints or keeps anything, so all of it
 * can be fuzzed. A function that can fail returns NULL when the text is good,
 * else a few words that say what is wrong with it.
 */

/**
 * struct sst_addr - an IPv4 or IPv6 address in network byte order
 * @family: AF_INET or AF_INET6; 0 when there is none
 * @bytes: the address; IPv4 uses the first four bytes, the others are zero
 */
struct sst_addr {
	int family;
	uint8_t bytes[16];
};

/**
 * struct sst_endpoint - an address and a port
 * @addr: the address
 * @port: the port in host byte order, 0 when none was given
 */
struct sst_endpoint {
	struct sst_addr addr;
	uint16_t port;
};

/**
 * struct sst_addrs - the addresses of a peer, of both families
 * @count: number of them
 * @addr: the addresses
 */
struct sst_addrs {
	unsigned int count;
	struct sst_addr addr[SST_ADDRESSES_MAX];
};

/**
 * struct sst_prefix - addresses that begin alike
 * @addr: their first bits, then zeros; without family: all addresses
 * @len: number of bits
 */
struct sst_prefix {
	struct sst_addr addr;
	uint8_t len;
};

/**
 * struct sst_ports - ports from @first to @last; @first 0: all ports
 */
struct sst_ports {
	uint16_t first;
	uint16_t last;
};

/**
 * struct sst_uids - users from @first to @last
 * @given: else all of them
 */
struct sst_uids {
	bool given;
	uint32_t first;
	uint32_t last;
};

/**
 * struct sst_psk - what a file of "sstctl genpsk" holds
 */
struct sst_psk {
	uint8_t side;
	uint8_t suite;
	uint8_t key[SST_KEY_SIZE];
};

/* Length of such a file: the version, side and suite, 44 characters, line end. */
#define PSK_LEAD "sst-psk-1:"
#define PSK_LEN (sizeof(PSK_LEAD) - 1 + 4 + 44 + 1)

enum {
	WORD_UNKNOWN = -1,
	WORD_AMBIGUOUS = -2,
};

/**
 * parse_word() - find a word, or the only one that begins like it
 * @text: what the user wrote
 * @table: @count elements of @size bytes, each starting with a char pointer
 *
 * Return: index in the table, WORD_UNKNOWN or WORD_AMBIGUOUS.
 */
int parse_word(const char *text, const void *table, size_t count, size_t size);

const char *parse_number(const char *text, uint64_t max, uint64_t *value);
const char *parse_id(const char *text, uint32_t *id);
const char *parse_proto(const char *text, uint8_t *proto);
const char *parse_side(const char *text, uint8_t *side);
const char *parse_scope(const char *text, uint8_t *scope);
const char *parse_mark(const char *text, uint8_t *mark);
const char *parse_suite(const char *text, uint8_t *suite);
const char *parse_dscp(const char *text, uint8_t *dscp);
const char *parse_cookies(const char *text, uint8_t *mode);
const char *parse_init_from(const char *text, uint8_t *from);
const char *parse_identity(const char *text, uint8_t *mode);
/* 16 hex digits. */
const char *parse_assoc_id(const char *text, uint8_t id[SST_ID_SIZE]);
const char *parse_direction(const char *text, uint8_t *direction);
const char *parse_address(const char *text, struct sst_addr *addr);
/* ADDRESS[,ADDRESS...], added to those that are there; none of them twice. */
const char *parse_addresses(const char *text, struct sst_addrs *addrs);
/* ADDRESS[/LEN]; the bits after LEN have to be 0. */
const char *parse_prefix(const char *text, struct sst_prefix *prefix);
/* PORT[-PORT] */
const char *parse_ports(const char *text, struct sst_ports *ports);
/* UID[-UID], numbers. */
const char *parse_uids(const char *text, struct sst_uids *uids);
/* A path that begins at the root of the control groups. */
const char *parse_cgroup(const char *text);
/* The name of a peer or a host key. */
const char *parse_name(const char *text);

/**
 * parse_endpoint() - ADDRESS:PORT, for IPv6 [ADDRESS]:PORT
 * @need_port: when false, the port may be left out, and the brackets with it
 */
const char *parse_endpoint(const char *text, bool need_port,
			   struct sst_endpoint *ep);

/* LOCAL:REMOTE, two ports. */
const char *parse_port_pair(const char *text, uint16_t *local, uint16_t *remote);

/**
 * parse_key() - a secret as base64 (44 characters) or hex (64 digits)
 * @text: the text, not terminated; one line, its end may be there
 * @len: length of @text
 * @key: the secret; zero when the text is bad
 *
 * Takes no branch and no table entry that depends on the secret.
 */
const char *parse_key(const char *text, size_t len, uint8_t key[SST_KEY_SIZE]);

/**
 * parse_public_key() - a public key in the same forms
 *
 * As parse_key(); whether it is of any use is not looked at.
 */
const char *parse_public_key(const char *text, uint8_t key[SST_KEY_SIZE]);

/**
 * parse_psk() - the line that "sstctl genpsk" writes
 *
 * As parse_key(): @psk is zero when the text is bad.
 */
const char *parse_psk(const char *text, size_t len, struct sst_psk *psk);

/* Is this argument a secret, or one with a slip, rather than a file name? */
bool parse_looks_like_key(const char *text);

#endif /* SSTCTL_PARSE_H */
