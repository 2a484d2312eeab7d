/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_OPENID_H
#define _SST_OPENID_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct sst_open_id - what names an opening in tables
 * @uid: association, or key of the host, unique in the namespace
 * @salt_i: the whole salt_i or enc_i that the initiator drew; zeros behind a
 *	salt
 */
struct sst_open_id {
	u64 uid;
	u8 salt_i[SST_PUBLIC_SIZE];
};

#endif /* _SST_OPENID_H */
