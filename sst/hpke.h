/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_HPKE_H
#define _SST_HPKE_H

#include <linux/types.h>

#include "wire.h"

struct sst_pair;

/* AEAD id of the protocol: export only. */
#define SST_HPKE_EXPORT_ONLY	0xffff

/* The most bytes of info, and of exporter context. */
#define SST_HPKE_INPUT_MAX	64

bool sst_hpke_encap(u8 exporter[SST_SECRET_SIZE], const struct sst_pair *eph,
		    const u8 peer[SST_PUBLIC_SIZE], u16 aead, const void *info,
		    size_t infolen);
bool sst_hpke_decap(u8 exporter[SST_SECRET_SIZE], const struct sst_pair *own,
		    const u8 enc[SST_PUBLIC_SIZE], u16 aead, const void *info,
		    size_t infolen);
void sst_hpke_export(u8 out[SST_SECRET_SIZE],
		     const u8 exporter[SST_SECRET_SIZE], u16 aead,
		     const void *context, size_t contextlen);

#endif /* _SST_HPKE_H */
