// SPDX-License-Identifier: GPL-2.0
/*
 * Scope payload: the payload of a packet through the cipher (protocol section
 * 4). What others may look at is never written: a segment shares its pages with
 * the packet kept for retransmission, with a file or with the memory of a
 * program. It goes to memory of the packet's own on its way through the cipher.
 * What arrives in pages goes there before anything looks at it: anybody may have
 * them.
 */
#include <crypto/algapi.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/ip6_checksum.h>

#include "payload.h"
#include "rewrite.h"
#include "stats.h"

/* Larger packets do not go to one piece of memory. */
#define HEAD_MAX	SKB_MAX_ALLOC

/* One way through a packet. */
typedef void pass_fn(struct sst_stream *stream, u8 *out, const u8 *in,
		     unsigned int len);

static void seal_piece(struct sst_stream *stream, u8 *out, const u8 *in,
		       unsigned int len)
{
	sst_stream_crypt(stream, out, in, len);
	sst_stream_mac(stream, out, len);
}

static void mac_piece(struct sst_stream *stream, u8 *out, const u8 *in,
		      unsigned int len)
{
	sst_stream_mac(stream, in, len);
}

/*
 * @len bytes of @skb from @off on. What stands in the head stays where it is,
 * and so do pages, unless @to says where their content goes.
 */
static void pass(struct sst_stream *stream, struct sk_buff *skb,
		 unsigned int off, unsigned int len, u8 *to, pass_fn *piece)
{
	struct skb_seq_state state;
	unsigned int n, done = 0;
	const u8 *in;
	u8 *out;

	if (!skb_is_nonlinear(skb)) {
		out = skb->data + off;
		piece(stream, out, out, len);
		return;
	}
	skb_prepare_seq_read(skb, off, off + len, &state);
	while ((n = skb_seq_read(done, &in, &state))) {
		n = min(n, len - done);
		if (to && off + done >= skb_headlen(skb)) {
			out = to;
			to += n;
		} else {
			out = (u8 *)in;
		}
		piece(stream, out, in, n);
		done += n;
	}
}

static void free_pages_of(struct page **pages, unsigned int n)
{
	while (n--)
		__free_page(pages[n]);
}

/* Copies of all that is not in the head, in pages that nobody else has. */
static int own_pages(struct sk_buff *skb)
{
	unsigned int len = skb->data_len, head = skb_headlen(skb);
	unsigned int n = DIV_ROUND_UP(len, PAGE_SIZE), i, part;
	struct page *pages[MAX_SKB_FRAGS];

	if (n > MAX_SKB_FRAGS || skb_unclone(skb, GFP_ATOMIC))
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		pages[i] = alloc_page(GFP_ATOMIC | __GFP_NOWARN);
		part = min_t(unsigned int, len - i * PAGE_SIZE, PAGE_SIZE);
		if (!pages[i]) {
			free_pages_of(pages, i);
			return -ENOMEM;
		}
		if (skb_copy_bits(skb, head + i * PAGE_SIZE,
				  page_address(pages[i]), part)) {
			free_pages_of(pages, i + 1);
			return -EFAULT;
		}
	}
	skb_zcopy_downgrade_managed(skb);
	if (pskb_trim(skb, head)) {
		free_pages_of(pages, n);
		return -ENOMEM;
	}
	for (i = 0; i < n; i++) {
		part = min_t(unsigned int, len - i * PAGE_SIZE, PAGE_SIZE);
		skb_fill_page_desc(skb, i, pages[i], 0, part);
	}
	skb->len += len;
	skb->data_len += len;
	/* As for a trailer: a socket is not charged for what it did not send. */
	if (!skb->sk || skb->destructor == sock_edemux)
		skb->truesize += n * PAGE_SIZE;
	return 0;
}

/*
 * Make the head the packet's own, with room behind it for all that is in pages
 * and @more bytes.
 */
static int own_head(struct sk_buff *skb, unsigned int more)
{
	int room = skb_end_pointer(skb) - skb_tail_pointer(skb);
	int missing = skb->data_len + more - room;

	skb_zcopy_downgrade_managed(skb);
	if (!skb_cloned(skb) && missing <= 0)
		return 0;
	return pskb_expand_head(skb, 0, max(missing, 0), GFP_ATOMIC);
}

/* The content of the pages has gone to the room behind the head. */
static bool settle(struct sk_buff *skb, unsigned int more)
{
	unsigned int len = skb->data_len;

	/* Of what is not cloned all pages go at once: nothing is allocated. */
	if (pskb_trim(skb, skb_headlen(skb)))
		return false;
	skb_put(skb, len + more);
	return true;
}

static bool is_large(const struct sk_buff *skb, unsigned int more)
{
	return skb_is_nonlinear(skb) && skb->len + more > HEAD_MAX;
}

/**
 * sst_payload_room() - make room for a trailer, and for the sealed payload
 * @pkt: packet after sst_rewrite_prepare_seal()
 * @trailer: length of the trailer in bytes
 *
 * Takes the place of sst_rewrite_add_trailer(). The content of pages is still
 * where it was: it moves when it is sealed. Only a large datagram is copied here.
 *
 * Return: where the trailer goes, or NULL without memory.
 */
void *sst_payload_room(struct sst_pkt *pkt, unsigned int trailer)
{
	struct sk_buff *skb = pkt->skb;

	if (is_large(skb, trailer))
		return own_pages(skb) ? NULL :
					sst_rewrite_add_trailer(pkt, trailer);
	if (own_head(skb, trailer))
		return NULL;
	if (skb_is_nonlinear(skb))
		return skb_tail_pointer(skb) + skb->data_len;
	return skb_put(skb, trailer);
}

/* Does the checksum field cover the bytes of the payload now? */
static bool is_summed(const struct sst_pkt *pkt)
{
	return pkt->skb->ip_summed != CHECKSUM_PARTIAL &&
	       (pkt->tuple.proto == IPPROTO_TCP || *sst_rewrite_checksum(pkt));
}

/* The payload has changed; a checksum that was wrong stays wrong. */
static void replace_sum(const struct sst_pkt *pkt, __wsum before, __wsum after)
{
	__sum16 *check = sst_rewrite_checksum(pkt);
	__wsum sum = ~csum_unfold(*check);

	*check = csum_fold(csum_add(csum_sub(sum, before), after));
	if (pkt->tuple.proto == IPPROTO_UDP && !*check)
		*check = CSUM_MANGLED_0;
}

/**
 * sst_payload_seal() - seal the payload of a packet, and what belongs to it
 * @pkt: packet after sst_payload_room()
 * @box: what is sealed with it; the clear text in it becomes ciphertext, and the
 *	tag is written
 * @trailer: length of the trailer in bytes
 *
 * The transport checksum stays right for what stands on the wire, trailer and
 * headers left out.
 *
 * Return: 0, or the counter of the reason to drop the packet, which may then be
 * in clear.
 */
int sst_payload_seal(struct sst_pkt *pkt, const struct sst_payload_box *box,
		     unsigned int trailer)
{
	unsigned int off = pkt->thoff + pkt->thlen;
	unsigned int len = pkt->thoff + pkt->seglen - off;
	struct sk_buff *skb = pkt->skb;
	bool moves = skb_is_nonlinear(skb) && skb->len == off + len;
	bool summed = len && is_summed(pkt);
	struct sst_stream stream __uninitialized;
	__wsum before = 0;

	if (summed)
		before = skb_checksum(skb, off, len, 0);
	sst_stream_begin(&stream, box->key, box->counter, box->aad,
			 box->len + len);
	seal_piece(&stream, box->sealed, box->sealed, box->len);
	pass(&stream, skb, off, len, moves ? skb_tail_pointer(skb) : NULL,
	     seal_piece);
	sst_stream_tag(&stream, box->tag);
	sst_stream_end(&stream);
	if (moves && !settle(skb, trailer))
		return SST_A_STATS_TX_NOMEM;
	if (summed)
		replace_sum(pkt, before, skb_checksum(skb, off, len, 0));
	return 0;
}

/**
 * sst_payload_own() - take a packet's content to memory of its own
 * @pkt: packet on ingress
 *
 * Somebody beside this host (a ring of packet sockets behind a veth pair) may still
 * write to the pages of what he sent: what verified has to be what is opened.
 *
 * Return: 0 or a negative errno.
 */
int sst_payload_own(const struct sst_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;

	if (!skb_is_nonlinear(skb))
		return 0;
	return is_large(skb, 0) ? own_pages(skb) : skb_linearize(skb);
}

/**
 * sst_payload_verify() - does a packet verify? Nothing in it changes
 * @pkt: packet on ingress after sst_payload_own()
 * @box: its sealed field and tag as they came
 * @trailer: length of its trailer in bytes
 * @plain: output, @box->len bytes: what the sealed field says, if it verifies
 * @stream: output, for sst_payload_open(); sst_stream_end() is due
 *
 * Return: true when the tag is right.
 */
bool sst_payload_verify(const struct sst_pkt *pkt,
			const struct sst_payload_box *box, unsigned int trailer,
			u8 *plain, struct sst_stream *stream)
{
	unsigned int off = pkt->thoff + pkt->thlen;
	unsigned int len = pkt->thoff + pkt->seglen - trailer - off;
	u8 tag[SST_TAG_SIZE];

	sst_stream_begin(stream, box->key, box->counter, box->aad,
			 box->len + len);
	sst_stream_mac(stream, box->sealed, box->len);
	pass(stream, pkt->skb, off, len, NULL, mac_piece);
	sst_stream_tag(stream, tag);
	if (crypto_memneq(tag, box->tag, sizeof(tag)))
		return false;
	sst_stream_crypt(stream, plain, box->sealed, box->len);
	return true;
}

/*
 * Nobody but the network checks what the tag does not cover: sequence numbers,
 * window. Afterwards the field is left to whoever sends the packet on.
 */
static int take_checksum(struct sst_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb;
	bool tcp = pkt->tuple.proto == IPPROTO_TCP;
	__sum16 *check = sst_rewrite_checksum(pkt);

	if (!is_summed(pkt))
		return 0;
	if (skb->ip_summed == CHECKSUM_NONE &&
	    nf_checksum(skb, NF_INET_PRE_ROUTING, pkt->thoff, pkt->tuple.proto,
			pkt->tuple.family))
		return SST_A_STATS_RX_CHECKSUM;
	if (pkt->tuple.family == NFPROTO_IPV4)
		*check = ~csum_tcpudp_magic(ip_hdr(skb)->saddr,
					    ip_hdr(skb)->daddr, pkt->seglen,
					    pkt->tuple.proto, 0);
	else
		*check = ~csum_ipv6_magic(&ipv6_hdr(skb)->saddr,
					  &ipv6_hdr(skb)->daddr, pkt->seglen,
					  pkt->tuple.proto, 0);
	skb->ip_summed = CHECKSUM_NONE;
	if (!skb_partial_csum_set(skb, pkt->thoff,
				  tcp ? offsetof(struct tcphdr, check) :
					offsetof(struct udphdr, check)))
		return SST_A_STATS_RX_CHECKSUM;
	return 0;
}

/**
 * sst_payload_open() - open the payload of a packet that verified
 * @pkt: the packet
 * @stream: from sst_payload_verify()
 * @trailer: length of its trailer in bytes, which is still there
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_payload_open(struct sst_pkt *pkt, struct sst_stream *stream,
		     unsigned int trailer)
{
	unsigned int off = pkt->thoff + pkt->thlen;
	unsigned int len = pkt->thoff + pkt->seglen - trailer - off;
	struct sk_buff *skb = pkt->skb;
	int reason;

	/* The head may be shared with who only looks at it. */
	if (!pskb_may_pull(skb, off) || skb_unclone(skb, GFP_ATOMIC))
		return SST_A_STATS_RX_NOMEM;
	reason = take_checksum(pkt);
	if (reason)
		return reason;
	pass(stream, skb, off, len, NULL, sst_stream_crypt);
	return 0;
}
