// SPDX-License-Identifier: GPL-2.0
/* Keys of an association (protocol section 5), made once. */
#include <linux/string.h>

#include "assoc.h"
#include "hkdf.h"

#define LABEL_OPEN	"SST/1 open"
#define LABEL_ACCEPT	"SST/1 accept"
#define LABEL_FLOW	"SST/1 flow"

/* The longest label without its terminator, side, suite. */
#define INFO_MAX	(sizeof(LABEL_ACCEPT) - 1 + 2)

/* Expand(secret, label [|| side] || suite); side 0 stands for none. */
static void derive(u8 out[SST_SECRET_SIZE], const u8 secret[SST_SECRET_SIZE],
		   const char *label, u8 side, u8 suite)
{
	size_t len = strlen(label);
	u8 info[INFO_MAX];

	memcpy(info, label, len);
	if (side)
		info[len++] = side;
	info[len++] = suite;
	sst_hkdf_expand(out, secret, info, len);
}

/**
 * sst_assoc_derive() - fill in the keys of an association
 * @assoc: association whose side and suite are set
 * @secret: A
 */
void sst_assoc_derive(struct sst_assoc *assoc, const u8 secret[SST_SECRET_SIZE])
{
	u8 side;

	for (side = 1; side <= 2; side++) {
		derive(assoc->open_key[side - 1], secret, LABEL_OPEN, side,
		       assoc->suite);
		derive(assoc->accept_key[side - 1], secret, LABEL_ACCEPT, side,
		       assoc->suite);
	}
	derive(assoc->flow_key, secret, LABEL_FLOW, 0, assoc->suite);
}

/**
 * sst_assoc_wipe() - erase the keys of an association
 * @assoc: association that no packet can use
 */
void sst_assoc_wipe(struct sst_assoc *assoc)
{
	memzero_explicit(assoc->open_key, sizeof(assoc->open_key));
	memzero_explicit(assoc->accept_key, sizeof(assoc->accept_key));
	memzero_explicit(assoc->flow_key, sizeof(assoc->flow_key));
}
