/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HKDF_H
#define _SST_HKDF_H

#include <linux/types.h>

/* Output of HMAC-SHA256, and of everything made from it here. */
#define SST_HKDF_SIZE	32

void sst_hkdf_extract(u8 prk[SST_HKDF_SIZE], const void *salt, size_t saltlen,
		      const void *ikm, size_t ikmlen);
void sst_hkdf_expand(u8 out[SST_HKDF_SIZE], const u8 prk[SST_HKDF_SIZE],
		     const void *info, size_t infolen);

#endif /* _SST_HKDF_H */
