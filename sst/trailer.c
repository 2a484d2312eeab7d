// SPDX-License-Identifier: GPL-2.0
/*
 * Trailer codec (protocol section 4): meta and AAD to bytes and back. Pure,
 * no skb.
 */
#include <linux/build_bug.h>
#include <linux/in.h>
#include <linux/string.h>
#include <net/tcp.h>

#include "compat.h"
#include "stats.h"
#include "trailer.h"

static int check_tc(const struct sst_meta *meta, const struct sst_pkt *pkt)
{
	if (meta->tc & SST_ECN_MASK)
		return SST_A_STATS_RX_TC;
	if (meta->tc && pkt->tuple.family != NFPROTO_IPV6)
		return SST_A_STATS_RX_TC;
	return 0;
}

/**
 * sst_meta_check_data() - is this meta one that a DATA packet may carry?
 * @meta: decoded meta
 * @pkt: the packet
 * @payload: bytes of application payload in the packet
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_meta_check_data(const struct sst_meta *meta, const struct sst_pkt *pkt,
			unsigned int payload)
{
	if (meta->type != SST_TYPE_DATA)
		return SST_A_STATS_RX_TYPE;
	if (meta->flags & ~SST_FLAG_EMPTY)
		return SST_A_STATS_RX_FLAGS;
	/* An empty TCP packet is a keepalive: it must not end or reset anything. */
	if (meta->flags & SST_FLAG_EMPTY &&
	    (payload || (pkt->tuple.proto == IPPROTO_TCP &&
			 pkt->covered[1] != TCPHDR_ACK)))
		return SST_A_STATS_RX_FLAGS;
	return check_tc(meta, pkt);
}

/* May the packet be one that carries nothing for the stack (section 4)? */
static bool may_be_empty(u8 type, const struct sst_pkt *pkt,
			 unsigned int payload)
{
	if (payload)
		return false;
	return type == SST_TYPE_COOKIE ||
	       (type == SST_TYPE_ACCEPT && pkt->tuple.proto == IPPROTO_UDP);
}

/**
 * sst_meta_check_opening() - is this meta one of an opening or its answer?
 * @meta: decoded meta, of a type other than DATA, its form is one that exists
 * @pkt: the packet
 * @payload: bytes of application payload in the packet
 *
 * Return: 0, or the counter of the reason to drop it.
 */
int sst_meta_check_opening(const struct sst_meta *meta, const struct sst_pkt *pkt,
			   unsigned int payload)
{
	bool empty = meta->flags & SST_FLAG_EMPTY, opens;

	if ((empty && !may_be_empty(meta->type, pkt, payload)) || meta->kri)
		return SST_A_STATS_RX_FLAGS;
	if (meta->type == SST_TYPE_COOKIE && !empty)
		return SST_A_STATS_RX_FLAGS;
	opens = meta->type == SST_TYPE_OPEN || meta->type == SST_TYPE_INIT;
	if (opens && pkt->tuple.proto == IPPROTO_TCP &&
	    (pkt->covered[1] & (TCPHDR_FIN | TCPHDR_SYN | TCPHDR_RST |
				TCPHDR_ACK)) != TCPHDR_SYN)
		return SST_A_STATS_RX_NOT_SYN;
	return check_tc(meta, pkt);
}

/**
 * sst_aad_clear() - the clear bytes of a type that has more than DATA
 * @aad: from sst_aad_build()
 * @form: enum sst_form, with the flags that its type has
 * @clear: as they stand on the wire
 *
 * A proof counts as zeros: it is made when the tag is there.
 */
void sst_aad_clear(struct sst_aad *aad, u8 form, const u8 *clear)
{
	struct sst_layout layout;

	if (!sst_trailer_layout(&layout, form))
		return;
	memcpy(aad->bytes + aad->len, clear, layout.clear);
	if ((form & ~SST_FLAG_IDENTITY) == SST_FORM_INIT_PROOF)
		memset(aad->bytes + aad->len + SST_INIT_PROOF_OFFSET, 0,
		       SST_PROOF_SIZE);
	aad->len += layout.clear;
}

/**
 * sst_open_box_encode() - content of an OPEN or INIT to its bytes
 * @out: output; the identity is written if there is one
 * @box: content
 */
void sst_open_box_encode(u8 out[SST_SEALED_MAX], const struct sst_open_box *box)
{
	memset(out, 0, SST_SEALED_OPEN_SIZE);
	memcpy(out, &box->sport, 2);
	memcpy(out + 2, &box->dport, 2);
	out[4] = box->scope;
	put_unaligned_be64(box->time, out + 8);
	if (box->has_identity)
		memcpy(out + SST_SEALED_OPEN_SIZE, box->identity,
		       SST_PUBLIC_SIZE);
}

/**
 * sst_open_box_decode() - bytes of an OPEN or INIT to their content
 * @box: output; the caller has set @box->has_identity
 * @in: opened bytes
 *
 * Return: false when a byte that must be zero is not.
 */
bool sst_open_box_decode(struct sst_open_box *box, const u8 *in)
{
	memcpy(&box->sport, in, 2);
	memcpy(&box->dport, in + 2, 2);
	box->scope = in[4];
	box->time = get_unaligned_be64(in + 8);
	if (box->has_identity)
		memcpy(box->identity, in + SST_SEALED_OPEN_SIZE,
		       SST_PUBLIC_SIZE);
	return !in[5] && !in[6] && !in[7];
}

static bool parts_of(struct sst_layout *layout, u8 form)
{
	switch (form) {
	case SST_FORM_OPEN:
		*layout = (struct sst_layout){ SST_CLEAR_OPEN_SIZE,
					       SST_SEALED_OPEN_SIZE };
		return true;
	case SST_FORM_OPEN_NEW:
		*layout = (struct sst_layout){ SST_CLEAR_OPEN_NEW_SIZE,
					       SST_SEALED_OPEN_SIZE };
		return true;
	case SST_FORM_INIT:
	case SST_FORM_INIT | SST_FLAG_IDENTITY:
		*layout = (struct sst_layout){ SST_CLEAR_INIT_SIZE,
					       SST_SEALED_OPEN_SIZE };
		break;
	case SST_FORM_INIT_PROOF:
	case SST_FORM_INIT_PROOF | SST_FLAG_IDENTITY:
		*layout = (struct sst_layout){ SST_CLEAR_INIT_PROOF_SIZE,
					       SST_SEALED_OPEN_SIZE };
		break;
	case SST_FORM_ACCEPT:
		*layout = (struct sst_layout){ SST_SALT_SIZE,
					       SST_SEALED_PORTS_SIZE };
		return true;
	case SST_FORM_ACCEPT_NEW:
		*layout = (struct sst_layout){ SST_PUBLIC_SIZE,
					       SST_SEALED_ACCEPT_NEW_SIZE };
		return true;
	case SST_FORM_COOKIE:
		*layout = (struct sst_layout){ SST_NONCE_SIZE,
					       SST_SEALED_COOKIE_SIZE };
		return true;
	default:
		return false;
	}
	if (form & SST_FLAG_IDENTITY)
		layout->sealed += SST_PUBLIC_SIZE;
	return true;
}

/**
 * sst_trailer_layout_other() - the parts of a trailer that is not of a DATA
 * @layout: output
 * @form: enum sst_form; an INIT may have SST_FLAG_IDENTITY, too
 *
 * Return: false when there is no such form.
 */
bool sst_trailer_layout_other(struct sst_layout *layout, u8 form)
{
	if (!parts_of(layout, form))
		return false;
	layout->len = layout->clear + layout->sealed + SST_META_SIZE +
		      SST_TAG_SIZE;
	return true;
}

/**
 * sst_trailer_enc_offset() - where salt_i, enc_i, salt_r or enc_r begins
 * @form: form of an opening or an ACCEPT
 *
 * Return: offset from the front of the trailer, in bytes.
 */
u8 sst_trailer_enc_offset(u8 form)
{
	switch (form & ~SST_FLAG_IDENTITY) {
	case SST_FORM_OPEN:
	case SST_FORM_OPEN_NEW:
		return SST_ASSOC_ID_SIZE;
	case SST_FORM_INIT:
		return SST_INIT_SUITE_OFFSET + SST_INIT_SUITE_SIZE;
	case SST_FORM_INIT_PROOF:
		return SST_INIT_PROOF_OFFSET + SST_PROOF_SIZE;
	default:
		return 0;
	}
}
