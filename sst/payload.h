/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PAYLOAD_H
#define _SST_PAYLOAD_H

#include "packet.h"
#include "stream.h"
#include "trailer.h"

/**
 * struct sst_payload_box - what is sealed together with the payload of a packet
 * @key: key of the packet
 * @counter: its counter under that key
 * @aad: what is authenticated in clear
 * @sealed: content of the sealed field of the trailer
 * @len: its length in bytes
 * @tag: where the tag stands
 */
struct sst_payload_box {
	const u8 *key;
	u64 counter;
	const struct sst_aad *aad;
	u8 *sealed;
	u8 len;
	u8 *tag;
};

void *sst_payload_room(struct sst_pkt *pkt, unsigned int trailer);
int sst_payload_seal(struct sst_pkt *pkt, const struct sst_payload_box *box,
		     unsigned int trailer);
int sst_payload_own(const struct sst_pkt *pkt);
bool sst_payload_verify(const struct sst_pkt *pkt,
			const struct sst_payload_box *box, unsigned int trailer,
			u8 *plain, struct sst_stream *stream);
int sst_payload_open(struct sst_pkt *pkt, struct sst_stream *stream,
		     unsigned int trailer);

#endif /* _SST_PAYLOAD_H */
