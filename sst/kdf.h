/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_KDF_H
#define _SST_KDF_H

#include <linux/types.h>

#include "wire.h"

/**
 * struct sst_ctx - what the secret T of a flow is bound to (section 5)
 * @scope: scope of the flow
 * @proto: transport protocol
 * @initiator_side: side of the initiator, 1 or 2
 * @initiator_port: real port of the initiator
 * @responder_port: real port of the responder
 */
struct sst_ctx {
	u8 scope;
	u8 proto;
	u8 initiator_side;
	__be16 initiator_port;
	__be16 responder_port;
};

void sst_kdf_h(u8 out[SST_SECRET_SIZE], const u8 k[SST_SECRET_SIZE],
	       const u8 x[16]);
void sst_kdf_flow(u8 t[SST_SECRET_SIZE], const u8 k[SST_SECRET_SIZE],
		  const struct sst_ctx *ctx);
void sst_kdf_packet_key(u8 key[SST_SECRET_SIZE], const u8 t[SST_SECRET_SIZE],
			u8 side, u16 kri);

#endif /* _SST_KDF_H */
