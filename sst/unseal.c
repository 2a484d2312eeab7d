// SPDX-License-Identifier: GPL-2.0
/* Open one packet: read its trailer, verify it under a key, restore it. */
#include <crypto/algapi.h>
#include <linux/bits.h>
#include <linux/string.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "compat.h"
#include "flow.h"
#include "packet.h"
#include "payload.h"
#include "rewrite.h"
#include "scope.h"
#include "stats.h"
#include "suite.h"
#include "unseal.h"

static unsigned int shortest_header(const struct sst_pkt *pkt)
{
	return pkt->tuple.proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
						 sizeof(struct udphdr);
}

/*
 * Copy the last @len bytes of a transport segment. Mostly they are all in the head, or
 * in the last page.
 */
static __always_inline bool copy_end(const struct sst_pkt *pkt, void *to,
				     unsigned int len)
{
	const struct skb_shared_info *shinfo = skb_shinfo(pkt->skb);
	unsigned int end = pkt->thoff + pkt->seglen;
	const skb_frag_t *last;
	const u8 *bytes;

	if (likely(end <= skb_headlen(pkt->skb))) {
		memcpy(to, pkt->skb->data + end - len, len);
		return true;
	}
	if (shinfo->nr_frags && !shinfo->frag_list && end == pkt->skb->len) {
		last = &shinfo->frags[shinfo->nr_frags - 1];
		bytes = skb_frag_address_safe(last);
		if (bytes && skb_frag_size(last) >= len) {
			memcpy(to, bytes + skb_frag_size(last) - len, len);
			return true;
		}
	}
	return !skb_copy_bits(pkt->skb, end - len, to, len);
}

/* What a DATA does not have; of others all of the trailer is read. */
static noinline int read_other(const struct sst_pkt *pkt,
			       struct sst_trailer *trailer)
{
	const struct sst_layout *layout = &trailer->layout;
	unsigned int end = pkt->thoff + pkt->seglen;

	if (!sst_trailer_layout(&trailer->layout, trailer->form))
		return SST_A_STATS_RX_FLAGS;
	if (pkt->seglen < pkt->thlen + layout->len)
		return SST_A_STATS_RX_SHORT;
	if (skb_copy_bits(pkt->skb, end - layout->len, trailer->bytes,
			  layout->len))
		return SST_A_STATS_RX_LENGTH;
	return sst_meta_check_opening(&trailer->meta, pkt,
				      sst_packet_payload(pkt, pkt->seglen -
							 layout->len));
}

/**
 * sst_unseal_read() - copy a trailer, check all that needs no key
 * @pkt: whole packet on ingress, trimmed to its IP length
 * @trailer: output
 * @types: BIT(SST_TYPE_*) of each type that is taken here
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_unseal_read(const struct sst_pkt *pkt, struct sst_trailer *trailer,
		    unsigned int types)
{
	struct sst_meta *meta = &trailer->meta;

	/* Or TCP options that reach into the trailer. */
	if (pkt->seglen < pkt->thlen + SST_DATA_TRAILER_SIZE)
		return pkt->seglen < shortest_header(pkt) +
				     SST_DATA_TRAILER_SIZE ?
		       SST_A_STATS_RX_SHORT : SST_A_STATS_RX_LENGTH;
	/* A DATA, which most are, is read at once. */
	if (!copy_end(pkt, &trailer->data, sizeof(trailer->data)))
		return SST_A_STATS_RX_LENGTH;
	sst_meta_decode(meta, trailer->data.meta);
	if (!(BIT(meta->type) & types))
		return SST_A_STATS_RX_TYPE;
	trailer->covers = meta->flags & SST_FLAG_PAYLOAD;
	if (trailer->covers && meta->type == SST_TYPE_COOKIE)
		return SST_A_STATS_RX_FLAGS;
	if (trailer->covers && sst_payload_own(pkt))
		return SST_A_STATS_RX_NOMEM;
	meta->flags &= ~SST_FLAG_PAYLOAD;
	trailer->form = trailer->data.meta[0] &
			~(SST_FLAG_EMPTY | SST_FLAG_PAYLOAD);
	if (unlikely(trailer->form != SST_FORM_DATA))
		return read_other(pkt, trailer);
	sst_trailer_layout(&trailer->layout, SST_FORM_DATA);
	/* Mostly there is neither of both to check. */
	if (likely(!meta->flags && !meta->tc))
		return 0;
	return sst_meta_check_data(meta, pkt,
				   sst_packet_payload(pkt, pkt->seglen -
						      SST_DATA_TRAILER_SIZE));
}

/* Flag P says the same as the scope of the flow, or the packet is not of it. */
static bool fits_scope(const struct sst_trailer *trailer, u8 scope)
{
	return trailer->covers == (scope == SST_SCOPE_PAYLOAD);
}

/* The trailer of a packet in scope payload, for verification. */
static bool open_covered(const struct sst_pkt *pkt, u8 *plain,
			 const u8 key[SST_SECRET_SIZE],
			 const struct sst_trailer *trailer,
			 const struct sst_aad *aad)
{
	const struct sst_layout *layout = &trailer->layout;
	const struct sst_meta *meta = &trailer->meta;
	/* Only read. */
	u8 *sealed = (u8 *)trailer->bytes + layout->clear;
	const struct sst_payload_box box = {
		.key = key,
		.counter = (u64)meta->kri << 32 | meta->seq,
		.aad = aad,
		.sealed = sealed,
		.len = layout->sealed,
		.tag = sealed + layout->sealed + SST_META_SIZE,
	};

	return sst_payload_verify(pkt, &box, layout->len, plain,
				  trailer->stream);
}

/**
 * sst_unseal_data() - does a DATA verify?
 * @pkt: the packet
 * @flow: flow that it may belong to
 * @stream: packet key
 * @trailer: its trailer
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_unseal_data(const struct sst_pkt *pkt, const struct sst_flow *flow,
		    struct sst_keystream *stream,
		    const struct sst_trailer *trailer)
{
	const struct sst_data_trailer *data = &trailer->data;
	__be16 expected[2] = { flow->peer_port, flow->real.lport };
	u8 tag[SST_TAG_SIZE] __uninitialized;
	u8 ports[SST_SEALED_PORTS_SIZE] __uninitialized;
	struct sst_block block __uninitialized;
	struct sst_aad aad __uninitialized;
	int reason = 0;

	if (!fits_scope(trailer, flow->scope))
		return SST_A_STATS_RX_FLAGS;
	sst_aad_build(&aad, data->meta, pkt, pkt->seglen - trailer->layout.len);
	if (trailer->covers) {
		if (!open_covered(pkt, ports, stream->key, trailer, &aad))
			return SST_A_STATS_RX_AUTH;
		return memcmp(ports, expected, sizeof(ports)) ?
		       SST_A_STATS_RX_PORTS : 0;
	}
	sst_keystream_block(stream, trailer->meta.seq, &block);
	sst_suite_tag(tag, &block, &aad, data->sealed);
	sst_suite_xor_ports(ports, &block, data->sealed);
	if (crypto_memneq(tag, data->tag, sizeof(tag)))
		reason = SST_A_STATS_RX_AUTH;
	else if (memcmp(ports, expected, sizeof(ports)))
		reason = SST_A_STATS_RX_PORTS;
	memzero_explicit(&block, sizeof(block));
	return reason;
}

/* Open the box of an opening or of its answer. */
static bool unbox(const struct sst_pkt *pkt, u8 plain[SST_SEALED_MAX],
		  const u8 key[SST_SECRET_SIZE],
		  const struct sst_trailer *trailer)
{
	const struct sst_layout *layout = &trailer->layout;
	const u8 *sealed = trailer->bytes + layout->clear;
	struct sst_aad aad;

	sst_aad_build(&aad, sealed + layout->sealed, pkt,
		      pkt->seglen - layout->len);
	sst_aad_clear(&aad, trailer->form, trailer->bytes);
	if (trailer->covers)
		return open_covered(pkt, plain, key, trailer, &aad);
	return sst_suite_open(plain, sealed, layout->sealed, &aad, key,
			      trailer->meta.seq);
}

/**
 * sst_unseal_accept() - does an ACCEPT verify?
 * @pkt: the packet
 * @flow: flow of the initiator
 * @key: key of the ACCEPTs
 * @trailer: its trailer
 * @lifetime: output, if not NULL, of an ACCEPT N: seconds in which flows are
 *	opened on the association
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_unseal_accept(const struct sst_pkt *pkt, const struct sst_flow *flow,
		      const u8 key[SST_SECRET_SIZE],
		      const struct sst_trailer *trailer, u32 *lifetime)
{
	__be16 expected[2] = { flow->peer_port, flow->real.lport };
	u8 plain[SST_SEALED_MAX];

	if (!fits_scope(trailer, flow->scope))
		return SST_A_STATS_RX_FLAGS;
	if (!unbox(pkt, plain, key, trailer))
		return SST_A_STATS_RX_AUTH;
	if (memcmp(plain, expected, sizeof(expected)))
		return SST_A_STATS_RX_PORTS;
	if (lifetime)
		*lifetime = get_unaligned_be32(plain + SST_SEALED_PORTS_SIZE);
	return 0;
}

/* In scope label nothing but the SYN itself is taken, from whoever it may be. */
static int check_label(const struct sst_pkt *pkt,
		       const struct sst_open_box *box,
		       const struct sst_trailer *trailer)
{
	unsigned int payload;

	payload = sst_packet_payload(pkt, pkt->seglen - trailer->layout.len);
	return pkt->tuple.proto == IPPROTO_TCP && !payload &&
	       !box->has_identity ? 0 : SST_A_STATS_RX_LABEL_OPENING;
}

/**
 * sst_unseal_open() - does an OPEN or INIT verify, and what does it say?
 * @pkt: the packet
 * @box: output
 * @key: key of this opening's packets
 * @trailer: its trailer
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_unseal_open(const struct sst_pkt *pkt, struct sst_open_box *box,
		    const u8 key[SST_SECRET_SIZE],
		    const struct sst_trailer *trailer)
{
	u8 plain[SST_SEALED_MAX];

	if (!unbox(pkt, plain, key, trailer))
		return SST_A_STATS_RX_AUTH;
	box->has_identity = trailer->meta.type == SST_TYPE_INIT &&
			    trailer->form & SST_FLAG_IDENTITY;
	if (!sst_open_box_decode(box, plain) ||
	    !sst_scope_is_known(box->scope) || !fits_scope(trailer, box->scope))
		return SST_A_STATS_RX_FLAGS;
	if (!box->sport || !box->dport)
		return SST_A_STATS_RX_PORTS;
	return box->scope == SST_SCOPE_LABEL ?
	       check_label(pkt, box, trailer) : 0;
}

/**
 * sst_unseal_restore() - turn a verified packet into the original one
 * @pkt: the packet
 * @real: real tuple as the local stack is to see it
 * @scope: under which it was verified
 * @trailer: its trailer
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_unseal_restore(struct sst_pkt *pkt, const struct sst_tuple *real,
		       u8 scope, const struct sst_trailer *trailer)
{
	u8 arrived = sst_rewrite_dsfield(pkt);
	struct sst_rewrite rw = {
		.sport = real->rport,
		.dport = real->lport,
		.dsfield = arrived,
	};
	int reason;

	if (pkt->tuple.family == NFPROTO_IPV6)
		rw.dsfield = trailer->meta.tc | (arrived & SST_ECN_MASK);
	if (trailer->covers) {
		reason = sst_payload_open(pkt, trailer->stream,
					  trailer->layout.len);
		if (reason)
			return reason;
	}
	reason = sst_rewrite_open(pkt, &rw, trailer->bytes, trailer->layout.len);
	if (reason)
		return reason;
	sst_packet_set_opened(pkt->skb, pkt->tuple.family, scope);
	return 0;
}
