// SPDX-License-Identifier: GPL-2.0
/*
 * Cookies (protocol section 8). A responder under load answers an INIT with a
 * cookie that is bound to the address it came from, and keeps nothing. An
 * initiator that got it proves so in its next INIT; the cookie itself is sent
 * in a box only.
 */
#include <crypto/algapi.h>
#include <crypto/chacha20poly1305.h>
#include <linux/build_bug.h>
#include <linux/random.h>
#include <linux/string.h>

#include "compat.h"
#include "cookie.h"
#include "hkdf.h"

#define LABEL_COOKIE	"SST/1 cookie"
#define LABEL_PROOF	"SST/1 proof"

/* A label's length; its terminator never takes part. */
#define LABEL_LEN(label)	(sizeof(label) - 1)

/* AAD of a COOKIE: enc_i, meta. */
#define AAD_SIZE	(SST_PUBLIC_SIZE + SST_META_SIZE)

/* Where the parts of a COOKIE's box are. */
#define BOX_TTL		0
#define BOX_EXPIRY	4
#define BOX_C		12

/**
 * sst_cookies_init() - a responder without secrets
 * @cookies: to initialize
 *
 * They are drawn when the first is needed: the random generator need not be
 * ready before the caller answers anybody.
 */
void sst_cookies_init(struct sst_cookies *cookies)
{
	memset(cookies, 0, sizeof(*cookies));
	spin_lock_init(&cookies->lock);
}

/**
 * sst_cookies_exit() - wipe the secrets for good
 * @cookies: used by nobody else any more
 */
void sst_cookies_exit(struct sst_cookies *cookies)
{
	sst_cookies_forget(cookies);
}

/**
 * sst_cookies_forget() - wipe the secrets: another machine may have them, too
 * @cookies: of the namespace
 *
 * All cookies made until now are void. New secrets are drawn at the next use.
 */
void sst_cookies_forget(struct sst_cookies *cookies)
{
	spin_lock_bh(&cookies->lock);
	memzero_explicit(cookies->secret, sizeof(cookies->secret));
	memzero_explicit(cookies->previous, sizeof(cookies->previous));
	cookies->until = 0;
	spin_unlock_bh(&cookies->lock);
}

/*
 * What a timer would have done until now, so that no secret lives longer
 * because nobody asked. When the previous one would be over, too, all its
 * cookies have expired: a random one in its place makes none valid.
 */
static void rotate(struct sst_cookies *cookies, u64 now)
{
	if (cookies->until && now < cookies->until)
		return;
	if (cookies->until &&
	    now - cookies->until < SST_COOKIE_TTL_SECONDS) {
		memcpy(cookies->previous, cookies->secret,
		       sizeof(cookies->previous));
		cookies->until += SST_COOKIE_TTL_SECONDS;
	} else {
		get_random_bytes(cookies->previous, sizeof(cookies->previous));
		cookies->until = now + SST_COOKIE_TTL_SECONDS;
	}
	get_random_bytes(cookies->secret, sizeof(cookies->secret));
}

/* c of an address and time, under one secret. */
static void derive(u8 c[SST_COOKIE_SIZE], const u8 secret[SST_SECRET_SIZE],
		   const u8 address[SST_COOKIE_ADDRESS_SIZE], u64 expiry)
{
	__be64 be_expiry = cpu_to_be64(expiry);
	u8 digest[SST_HKDF_SIZE];
	struct sst_hmac hmac;

	sst_hmac_start(&hmac, secret, SST_SECRET_SIZE);
	sst_hmac_add(&hmac, LABEL_COOKIE, LABEL_LEN(LABEL_COOKIE));
	sst_hmac_add(&hmac, address, SST_COOKIE_ADDRESS_SIZE);
	sst_hmac_add(&hmac, &be_expiry, sizeof(be_expiry));
	sst_hmac_finish(&hmac, digest);
	memcpy(c, digest, SST_COOKIE_SIZE);
	memzero_explicit(digest, sizeof(digest));
}

/**
 * sst_cookie_make() - the cookie of an address
 * @cookies: secrets of the namespace
 * @c: output
 * @address: IPv6 address, or IPv4 address as v4-mapped
 * @expiry: boot-time second when it expires, not later than @now +
 *	SST_COOKIE_TTL_SECONDS
 * @now: boot-time seconds
 *
 * The random generator is ready.
 */
void sst_cookie_make(struct sst_cookies *cookies, u8 c[SST_COOKIE_SIZE],
		     const u8 address[SST_COOKIE_ADDRESS_SIZE], u64 expiry,
		     u64 now)
{
	u8 secret[SST_SECRET_SIZE];

	spin_lock_bh(&cookies->lock);
	rotate(cookies, now);
	memcpy(secret, cookies->secret, sizeof(secret));
	spin_unlock_bh(&cookies->lock);
	derive(c, secret, address, expiry);
	memzero_explicit(secret, sizeof(secret));
}

static bool proves(const u8 secret[SST_SECRET_SIZE],
		   const u8 address[SST_COOKIE_ADDRESS_SIZE], u64 expiry,
		   const u8 *trailer, size_t len)
{
	u8 c[SST_COOKIE_SIZE], proof[SST_PROOF_SIZE];
	bool same;

	derive(c, secret, address, expiry);
	sst_cookie_prove(proof, c, trailer, len);
	same = !crypto_memneq(proof, trailer + SST_INIT_PROOF_OFFSET,
			      sizeof(proof));
	memzero_explicit(c, sizeof(c));
	memzero_explicit(proof, sizeof(proof));
	return same;
}

/**
 * sst_cookie_valid() - does an INIT prove that it knows the cookie?
 * @cookies: secrets of the namespace
 * @address: where the INIT came from; IPv4 as v4-mapped
 * @trailer: the whole trailer of an INIT with C, as it stands on the wire
 * @len: its length in bytes
 * @now: boot-time seconds
 *
 * Costs four HMACs of short messages at most. The random generator is ready.
 *
 * Return: true when the proof is right and has not expired.
 */
bool sst_cookie_valid(struct sst_cookies *cookies,
		      const u8 address[SST_COOKIE_ADDRESS_SIZE],
		      const u8 *trailer, size_t len, u64 now)
{
	u8 secret[SST_SECRET_SIZE], previous[SST_SECRET_SIZE];
	bool valid;
	u64 expiry;

	if (len < SST_INIT_PROOF_OFFSET + SST_PROOF_SIZE)
		return false;
	expiry = get_unaligned_be64(trailer + SST_INIT_EXPIRY_OFFSET);
	if (expiry <= now || expiry - now > SST_COOKIE_TTL_SECONDS)
		return false;

	spin_lock_bh(&cookies->lock);
	rotate(cookies, now);
	memcpy(secret, cookies->secret, sizeof(secret));
	memcpy(previous, cookies->previous, sizeof(previous));
	spin_unlock_bh(&cookies->lock);
	valid = proves(secret, address, expiry, trailer, len) ||
		proves(previous, address, expiry, trailer, len);
	memzero_explicit(secret, sizeof(secret));
	memzero_explicit(previous, sizeof(previous));
	return valid;
}

/**
 * sst_cookie_prove() - the proof that an INIT's sender knows a cookie
 * @proof: output, may be its place in @trailer
 * @c: the cookie
 * @trailer: the whole trailer of an INIT with C, tag included; the bytes where
 *	the proof belongs count as zeros
 * @len: its length in bytes, enough for the proof at least
 */
void sst_cookie_prove(u8 proof[SST_PROOF_SIZE],
		      const u8 c[SST_COOKIE_SIZE], const u8 *trailer,
		      size_t len)
{
	static const u8 zeros[SST_PROOF_SIZE];
	const size_t behind = SST_INIT_PROOF_OFFSET + SST_PROOF_SIZE;
	u8 digest[SST_HKDF_SIZE];
	struct sst_hmac hmac;

	sst_hmac_start(&hmac, c, SST_COOKIE_SIZE);
	sst_hmac_add(&hmac, LABEL_PROOF, LABEL_LEN(LABEL_PROOF));
	sst_hmac_add(&hmac, trailer, SST_INIT_PROOF_OFFSET);
	sst_hmac_add(&hmac, zeros, sizeof(zeros));
	sst_hmac_add(&hmac, trailer + behind, len - behind);
	sst_hmac_finish(&hmac, digest);
	memcpy(proof, digest, SST_PROOF_SIZE);
	memzero_explicit(digest, sizeof(digest));
}

/**
 * sst_cookie_key() - the key of the COOKIEs of a responder
 * @key: output. Whoever knows the public key can make it; that it came from
 *	somebody on the path, and not from anywhere, is what the box shows.
 * @public: public key of the responder
 */
void sst_cookie_key(u8 key[SST_SECRET_SIZE],
		    const u8 public[SST_PUBLIC_SIZE])
{
	sst_hkdf_extract(key, LABEL_COOKIE, LABEL_LEN(LABEL_COOKIE), public,
			 SST_PUBLIC_SIZE);
	sst_hkdf_expand(key, key, LABEL_COOKIE, LABEL_LEN(LABEL_COOKIE));
}

static void make_aad(u8 aad[AAD_SIZE], const u8 enc_i[SST_PUBLIC_SIZE],
		     const u8 meta[SST_META_SIZE])
{
	memcpy(aad, enc_i, SST_PUBLIC_SIZE);
	memcpy(aad + SST_PUBLIC_SIZE, meta, SST_META_SIZE);
}

/**
 * sst_cookie_seal() - box of a COOKIE
 * @trailer: nonce and meta are set already; the rest is written here
 * @box: what to seal
 * @key: from sst_cookie_key()
 * @enc_i: of the INIT that it answers
 */
void sst_cookie_seal(struct sst_cookie_trailer *trailer,
		     const struct sst_cookie_box *box,
		     const u8 key[SST_SECRET_SIZE],
		     const u8 enc_i[SST_PUBLIC_SIZE])
{
	u8 sealed[SST_SEALED_COOKIE_SIZE + SST_TAG_SIZE];
	u8 plain[SST_SEALED_COOKIE_SIZE];
	u8 aad[AAD_SIZE];

	BUILD_BUG_ON(sizeof(*trailer) != 76);
	BUILD_BUG_ON(SST_NONCE_SIZE != XCHACHA20POLY1305_NONCE_SIZE);

	put_unaligned_be32(box->ttl, plain + BOX_TTL);
	put_unaligned_be64(box->expiry, plain + BOX_EXPIRY);
	memcpy(plain + BOX_C, box->c, sizeof(box->c));
	make_aad(aad, enc_i, trailer->meta);
	xchacha20poly1305_encrypt(sealed, plain, sizeof(plain), aad,
				  sizeof(aad), trailer->nonce, key);
	memcpy(trailer->sealed, sealed, sizeof(trailer->sealed));
	memcpy(trailer->tag, sealed + sizeof(trailer->sealed),
	       sizeof(trailer->tag));
	memzero_explicit(plain, sizeof(plain));
}

/**
 * sst_cookie_open() - open the box of a COOKIE
 * @box: output, written only when the tag verifies
 * @trailer: as it stands on the wire
 * @key: from sst_cookie_key()
 * @enc_i: of the INIT that it is to answer
 *
 * Return: true when the tag verifies.
 */
bool sst_cookie_open(struct sst_cookie_box *box,
		     const struct sst_cookie_trailer *trailer,
		     const u8 key[SST_SECRET_SIZE],
		     const u8 enc_i[SST_PUBLIC_SIZE])
{
	u8 sealed[SST_SEALED_COOKIE_SIZE + SST_TAG_SIZE];
	u8 plain[SST_SEALED_COOKIE_SIZE];
	u8 aad[AAD_SIZE];

	memcpy(sealed, trailer->sealed, sizeof(trailer->sealed));
	memcpy(sealed + sizeof(trailer->sealed), trailer->tag,
	       sizeof(trailer->tag));
	make_aad(aad, enc_i, trailer->meta);
	if (!xchacha20poly1305_decrypt(plain, sealed, sizeof(sealed), aad,
				       sizeof(aad), trailer->nonce, key))
		return false;
	box->ttl = get_unaligned_be32(plain + BOX_TTL);
	box->expiry = get_unaligned_be64(plain + BOX_EXPIRY);
	memcpy(box->c, plain + BOX_C, sizeof(box->c));
	memzero_explicit(plain, sizeof(plain));
	return true;
}
