/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_COOKIE_H
#define _SST_COOKIE_H

#include <linux/spinlock.h>
#include <linux/types.h>

#include "wire.h"

/* How long a cookie is valid, and a secret is used to make new ones. */
#define SST_COOKIE_TTL_SECONDS	120

/* Sizes in bytes (sections 4 and 8). */
#define SST_COOKIE_SIZE		16
#define SST_COOKIE_ADDRESS_SIZE	16	/* IPv4 as v4-mapped IPv6 */

/**
 * struct sst_cookies - secrets of a responder
 * @secret: makes cookies
 * @previous: made cookies that may still be valid
 * @until: boot-time second when @secret becomes @previous; 0 when there are
 *	none, and new ones are drawn at their next use
 * @lock: protects all of it. Softirq-safe; nothing nests inside it but the
 *	random generator's own.
 *
 * A secret makes cookies for SST_COOKIE_TTL_SECONDS and is kept for as long
 * again, no matter when it is used.
 */
struct sst_cookies {
	u8 secret[SST_SECRET_SIZE];
	u8 previous[SST_SECRET_SIZE];
	u64 until;
	spinlock_t lock; /* see above */
};

/**
 * struct sst_cookie_trailer - trailer of a COOKIE as it stands on the wire
 * @nonce: 24 random bytes
 * @sealed: sealed struct sst_cookie_box
 * @meta: see struct sst_meta
 * @tag: tag of the box
 */
struct sst_cookie_trailer {
	u8 nonce[SST_NONCE_SIZE];
	u8 sealed[SST_SEALED_COOKIE_SIZE];
	u8 meta[SST_META_SIZE];
	u8 tag[SST_TAG_SIZE];
};

/**
 * struct sst_cookie_box - what a COOKIE seals, decoded
 * @ttl: seconds for which the initiator may use it
 * @expiry: boot-time second of the responder when it expires
 * @c: the cookie
 */
struct sst_cookie_box {
	u32 ttl;
	u64 expiry;
	u8 c[SST_COOKIE_SIZE];
};

void sst_cookies_init(struct sst_cookies *cookies);
void sst_cookies_exit(struct sst_cookies *cookies);
void sst_cookies_forget(struct sst_cookies *cookies);
void sst_cookie_make(struct sst_cookies *cookies, u8 c[SST_COOKIE_SIZE],
		     const u8 address[SST_COOKIE_ADDRESS_SIZE], u64 expiry,
		     u64 now);
bool sst_cookie_valid(struct sst_cookies *cookies,
		      const u8 address[SST_COOKIE_ADDRESS_SIZE],
		      const u8 *trailer, size_t len, u64 now);
void sst_cookie_prove(u8 proof[SST_PROOF_SIZE],
		      const u8 c[SST_COOKIE_SIZE], const u8 *trailer,
		      size_t len);

void sst_cookie_key(u8 key[SST_SECRET_SIZE],
		    const u8 public[SST_PUBLIC_SIZE]);
void sst_cookie_seal(struct sst_cookie_trailer *trailer,
		     const struct sst_cookie_box *box,
		     const u8 key[SST_SECRET_SIZE],
		     const u8 enc_i[SST_PUBLIC_SIZE]);
bool sst_cookie_open(struct sst_cookie_box *box,
		     const struct sst_cookie_trailer *trailer,
		     const u8 key[SST_SECRET_SIZE],
		     const u8 enc_i[SST_PUBLIC_SIZE]);

#endif /* _SST_COOKIE_H */
