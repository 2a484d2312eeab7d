// SPDX-License-Identifier: GPL-2.0
/*
 * HPKE (RFC 9180) as far as the protocol uses it (section 7): base mode,
 * DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, secrets exported and no message
 * sealed. All outputs have 32 bytes. The id of the AEAD goes into the keys and
 * has no other part here.
 */
#include <linux/bug.h>
#include <linux/random.h>
#include <linux/string.h>

#include "compat.h"
#include "hkdf.h"
#include "hpke.h"
#include "x25519.h"

#define KEM_X25519_HKDF_SHA256	0x0020
#define KDF_HKDF_SHA256		0x0001
#define MODE_BASE		0x00

#define VERSION			"HPKE-v1"

/**
 * struct suite - a suite_id
 * @id: "KEM" and one number, or "HPKE" and three
 * @len: its length
 */
struct suite {
	u8 id[4 + 3 * 2];
	u8 len;
};

/* What LabeledExpand() puts into "shared_secret": enc || public key. */
struct kem_context {
	u8 enc[SST_PUBLIC_SIZE];
	u8 public[SST_PUBLIC_SIZE];
};

/* What LabeledExpand() puts into "exp". */
struct key_schedule_context {
	u8 mode;
	u8 psk_id_hash[SST_HKDF_SIZE];
	u8 info_hash[SST_HKDF_SIZE];
};

/**
 * struct labeled - input of Extract() or Expand()
 * @bytes: room for a length, the version, a suite, the longest label and the
 *	largest thing that is labelled
 * @len: bytes that are there
 */
struct labeled {
	u8 bytes[2 + sizeof(VERSION) - 1 + sizeof_field(struct suite, id) +
		 sizeof("shared_secret") - 1 +
		 sizeof(struct key_schedule_context)];
	size_t len;
};

static void add(struct labeled *in, const void *data, size_t len)
{
	if (!len)
		return;
	memcpy(in->bytes + in->len, data, len);
	in->len += len;
}

static void add_be16(struct labeled *in, u16 value)
{
	put_unaligned_be16(value, in->bytes + in->len);
	in->len += 2;
}

static void add_labeled(struct labeled *in, const struct suite *suite,
			const char *label, const void *data, size_t len)
{
	add(in, VERSION, sizeof(VERSION) - 1);
	add(in, suite->id, suite->len);
	add(in, label, strlen(label));
	add(in, data, len);
}

/* LabeledExtract(); the salt has 32 bytes, or is NULL for none. */
static void extract(u8 prk[SST_HKDF_SIZE], const u8 *salt,
		    const struct suite *suite, const char *label,
		    const void *ikm, size_t ikmlen)
{
	struct labeled in = { .len = 0 };

	add_labeled(&in, suite, label, ikm, ikmlen);
	sst_hkdf_extract(prk, salt, salt ? SST_HKDF_SIZE : 0, in.bytes, in.len);
	memzero_explicit(&in, sizeof(in));
}

/* LabeledExpand() with a length of 32; output and key may be the same. */
static void expand(u8 out[SST_HKDF_SIZE], const u8 prk[SST_HKDF_SIZE],
		   const struct suite *suite, const char *label,
		   const void *info, size_t infolen)
{
	struct labeled in = { .len = 0 };

	add_be16(&in, SST_HKDF_SIZE);
	add_labeled(&in, suite, label, info, infolen);
	sst_hkdf_expand(out, prk, in.bytes, in.len);
}

/* ExtractAndExpand(): the shared secret of both hosts, in the place of dh. */
static void kem(u8 dh[SST_SECRET_SIZE], const u8 enc[SST_PUBLIC_SIZE],
		const u8 public[SST_PUBLIC_SIZE])
{
	struct suite suite = { .id = "KEM", .len = 5 };
	struct kem_context context;

	put_unaligned_be16(KEM_X25519_HKDF_SHA256, suite.id + 3);
	memcpy(context.enc, enc, sizeof(context.enc));
	memcpy(context.public, public, sizeof(context.public));

	extract(dh, NULL, &suite, "eae_prk", dh, SST_SECRET_SIZE);
	expand(dh, dh, &suite, "shared_secret", &context, sizeof(context));
}

static void make_suite(struct suite *suite, u16 aead)
{
	memcpy(suite->id, "HPKE", 4);
	put_unaligned_be16(KEM_X25519_HKDF_SHA256, suite->id + 4);
	put_unaligned_be16(KDF_HKDF_SHA256, suite->id + 6);
	put_unaligned_be16(aead, suite->id + 8);
	suite->len = sizeof(suite->id);
}

/* KeySchedule(): the exporter secret, in the place of the shared one. */
static void key_schedule(u8 secret[SST_SECRET_SIZE], u16 aead,
			 const void *info, size_t infolen)
{
	struct key_schedule_context context = { .mode = MODE_BASE };
	struct suite suite;

	make_suite(&suite, aead);
	extract(context.psk_id_hash, NULL, &suite, "psk_id_hash", NULL, 0);
	extract(context.info_hash, NULL, &suite, "info_hash", info, infolen);

	extract(secret, secret, &suite, "secret", NULL, 0);
	expand(secret, secret, &suite, "exp", &context, sizeof(context));
}

/* What encapsulation and decapsulation share, once there is a DH result. */
static void finish(u8 secret[SST_SECRET_SIZE], const u8 enc[SST_PUBLIC_SIZE],
		   const u8 public[SST_PUBLIC_SIZE], u16 aead,
		   const void *info, size_t infolen)
{
	kem(secret, enc, public);
	key_schedule(secret, aead, info, infolen);
}

/**
 * sst_hpke_encap() - SetupBaseS(), as far as the exporter secret
 * @exporter: output, for sst_hpke_export(); to be wiped
 * @eph: fresh key pair; its public key is enc, which the peer needs
 * @peer: public key of the peer
 * @aead: AEAD id, SST_HPKE_EXPORT_ONLY in the protocol
 * @info: what the secret is for
 * @infolen: its length, at most SST_HPKE_INPUT_MAX
 *
 * One X25519: not for softirqs.
 *
 * Return: false when the result of X25519 is all zeros (@peer is no public
 * key) or @info is too long; @exporter is then of no use and holds no secret.
 */
bool sst_hpke_encap(u8 exporter[SST_SECRET_SIZE], const struct sst_pair *eph,
		    const u8 peer[SST_PUBLIC_SIZE], u16 aead, const void *info,
		    size_t infolen)
{
	if (infolen > SST_HPKE_INPUT_MAX)
		return false;
	if (!sst_x25519(exporter, eph->secret, peer))
		return false;
	finish(exporter, eph->public, peer, aead, info, infolen);
	return true;
}

/**
 * sst_hpke_decap() - SetupBaseR(), as far as the exporter secret
 * @exporter: output, for sst_hpke_export(); to be wiped
 * @own: key pair of this host
 * @enc: what the peer sent
 * @aead: AEAD id, SST_HPKE_EXPORT_ONLY in the protocol
 * @info: what the secret is for
 * @infolen: its length, at most SST_HPKE_INPUT_MAX
 *
 * One X25519: not for softirqs.
 *
 * Return: false when the result of X25519 is all zeros (@enc is no public key)
 * or @info is too long; @exporter is then of no use and holds no secret.
 */
bool sst_hpke_decap(u8 exporter[SST_SECRET_SIZE], const struct sst_pair *own,
		    const u8 enc[SST_PUBLIC_SIZE], u16 aead, const void *info,
		    size_t infolen)
{
	if (infolen > SST_HPKE_INPUT_MAX)
		return false;
	if (!sst_x25519(exporter, own->secret, enc))
		return false;
	finish(exporter, enc, own->public, aead, info, infolen);
	return true;
}

/**
 * sst_hpke_export() - Context.Export(context, 32)
 * @out: output, may be @exporter
 * @exporter: of sst_hpke_encap() or sst_hpke_decap()
 * @aead: AEAD id that was given there
 * @context: what the output is for
 * @contextlen: its length, at most SST_HPKE_INPUT_MAX; @out is random if it is
 *	more, so that nobody else has it
 */
void sst_hpke_export(u8 out[SST_SECRET_SIZE],
		     const u8 exporter[SST_SECRET_SIZE], u16 aead,
		     const void *context, size_t contextlen)
{
	struct suite suite;

	if (WARN_ON_ONCE(contextlen > SST_HPKE_INPUT_MAX)) {
		get_random_bytes(out, SST_SECRET_SIZE);
		return;
	}
	make_suite(&suite, aead);
	expand(out, exporter, &suite, "sec", context, contextlen);
}
