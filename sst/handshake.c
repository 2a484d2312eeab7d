// SPDX-License-Identifier: GPL-2.0
/*
 * Keys that two hosts agree on with public keys (protocol section 7): those of
 * an INIT, and the secret of a new association. No packets and no tables here.
 */
#include <crypto/sha2.h>
#include <linux/string.h>

#include "handshake.h"
#include "hkdf.h"
#include "hpke.h"
#include "x25519.h"

#define LABEL_INIT	"SST/1 init"
#define LABEL_INIT_KEY	"SST/1 init key"
#define LABEL_ASSOC	"SST/1 assoc"
#define LABEL_ID	"SST/1 id"

/* A label's length; its terminator never takes part. */
#define LABEL_LEN(label)	(sizeof(label) - 1)

/**
 * struct init_info - HPKE's info of an INIT
 * @label: LABEL_INIT
 * @suite: enum sst_suite
 */
struct init_info {
	u8 label[LABEL_LEN(LABEL_INIT)];
	u8 suite;
};

/**
 * struct agree_info - what A is bound to
 * @label: LABEL_ASSOC
 * @suite: enum sst_suite
 * @has_identity: 1 if @identity takes part, else 0
 * @key_id: as struct sst_agreement has it
 * @enc_i: likewise
 * @enc_r: likewise
 * @identity: the initiator's static public key, if there is one
 */
struct agree_info {
	u8 label[LABEL_LEN(LABEL_ASSOC)];
	u8 suite;
	u8 has_identity;
	u8 key_id[SST_KEY_ID_SIZE];
	u8 enc_i[SST_PUBLIC_SIZE];
	u8 enc_r[SST_PUBLIC_SIZE];
	u8 identity[SST_PUBLIC_SIZE];
};

static void make_init_info(struct init_info *info, u8 suite)
{
	memcpy(info->label, LABEL_INIT, sizeof(info->label));
	info->suite = suite;
}

/* Both keys of an INIT; the exporter secret is wiped. */
static void export_keys(struct sst_init_keys *keys,
			u8 exporter[SST_SECRET_SIZE])
{
	sst_hpke_export(keys->key, exporter, SST_HPKE_EXPORT_ONLY,
			LABEL_INIT_KEY, LABEL_LEN(LABEL_INIT_KEY));
	sst_hpke_export(keys->s0, exporter, SST_HPKE_EXPORT_ONLY, LABEL_ASSOC,
			LABEL_LEN(LABEL_ASSOC));
	memzero_explicit(exporter, SST_SECRET_SIZE);
}

/**
 * sst_init_encap() - keys of an INIT, for the initiator
 * @keys: output
 * @eph: fresh key pair; its public key is enc_i
 * @peer: public host key of the responder
 * @suite: enum sst_suite
 *
 * One X25519: not for softirqs.
 *
 * Return: false when @peer is no public key; @keys is then untouched.
 */
bool sst_init_encap(struct sst_init_keys *keys, const struct sst_pair *eph,
		    const u8 peer[SST_PUBLIC_SIZE], u8 suite)
{
	u8 exporter[SST_SECRET_SIZE];
	struct init_info info;

	make_init_info(&info, suite);
	if (!sst_hpke_encap(exporter, eph, peer, SST_HPKE_EXPORT_ONLY, &info,
			    sizeof(info)))
		return false;
	export_keys(keys, exporter);
	return true;
}

/**
 * sst_init_decap() - keys of an INIT, for the responder
 * @keys: output
 * @host: key pair of this host
 * @enc_i: as the INIT carried it
 * @suite: enum sst_suite
 *
 * One X25519: not for softirqs.
 *
 * Return: false when @enc_i is no public key; @keys is then untouched.
 */
bool sst_init_decap(struct sst_init_keys *keys, const struct sst_pair *host,
		    const u8 enc_i[SST_PUBLIC_SIZE], u8 suite)
{
	u8 exporter[SST_SECRET_SIZE];
	struct init_info info;

	make_init_info(&info, suite);
	if (!sst_hpke_decap(exporter, host, enc_i, SST_HPKE_EXPORT_ONLY, &info,
			    sizeof(info)))
		return false;
	export_keys(keys, exporter);
	return true;
}

/**
 * sst_key_id() - what an INIT names a host key by
 * @id: output: the first 8 bytes of SHA-256
 * @public: public host key
 */
void sst_key_id(u8 id[SST_KEY_ID_SIZE], const u8 public[SST_PUBLIC_SIZE])
{
	u8 digest[SHA256_DIGEST_SIZE];

	sha256(public, SST_PUBLIC_SIZE, digest);
	memcpy(id, digest, SST_KEY_ID_SIZE);
}

/**
 * sst_agree() - A, the secret of a new association
 * @a: output
 * @ag: what it is made from
 * @dh: X25519 of the ephemeral keys
 * @dh_s: X25519 of the initiator's static and the responder's ephemeral key;
 *	ignored without identity
 */
void sst_agree(u8 a[SST_SECRET_SIZE], const struct sst_agreement *ag,
	       const u8 dh[SST_SECRET_SIZE], const u8 dh_s[SST_SECRET_SIZE])
{
	struct agree_info info = {
		.suite = ag->suite,
		.has_identity = ag->has_identity,
	};
	size_t infolen = offsetof(struct agree_info, identity);
	size_t ikmlen = SST_SECRET_SIZE;
	u8 ikm[2 * SST_SECRET_SIZE];
	u8 prk[SST_HKDF_SIZE];

	memcpy(info.label, LABEL_ASSOC, sizeof(info.label));
	memcpy(info.key_id, ag->key_id, sizeof(info.key_id));
	memcpy(info.enc_i, ag->enc_i, sizeof(info.enc_i));
	memcpy(info.enc_r, ag->enc_r, sizeof(info.enc_r));
	memcpy(ikm, dh, SST_SECRET_SIZE);
	if (ag->has_identity) {
		memcpy(info.identity, ag->identity, sizeof(info.identity));
		infolen = sizeof(info);
		memcpy(ikm + SST_SECRET_SIZE, dh_s, SST_SECRET_SIZE);
		ikmlen = sizeof(ikm);
	}
	sst_hkdf_extract(prk, ag->s0, sizeof(ag->s0), ikm, ikmlen);
	sst_hkdf_expand(a, prk, &info, infolen);

	memzero_explicit(ikm, sizeof(ikm));
	memzero_explicit(prk, sizeof(prk));
	memzero_explicit(&info, sizeof(info));
}

/**
 * sst_assoc_id() - id of a derived association
 * @id: output
 * @a: A
 */
void sst_assoc_id(u8 id[SST_ASSOC_ID_SIZE], const u8 a[SST_SECRET_SIZE])
{
	u8 out[SST_HKDF_SIZE];

	sst_hkdf_expand(out, a, LABEL_ID, LABEL_LEN(LABEL_ID));
	memcpy(id, out, SST_ASSOC_ID_SIZE);
	memzero_explicit(out, sizeof(out));
}
