// SPDX-License-Identifier: GPL-2.0
/* The options of a TCP header. */
#include <linux/errno.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/tcp.h>

#include "compat.h"
#include "packet.h"
#include "tcpopt.h"

/* Largest header: 15 words. */
#define HEADER_MAX	60

/* What the option had before it got a number (RFC 6994), and its magic. */
#define EXPERIMENT	254
#define EXPERIMENT_LEN	4

/**
 * sst_tcpopt_next() - find the next option
 * @th: TCP header, as long as it says
 * @thlen: its length in bytes
 * @off: where to begin: behind the header without options, then behind the option
 *	found last, whose length is the byte behind its kind. Output: where the
 *	next one begins.
 *
 * Return: its kind, 0 when there are no more, or -EINVAL for one that does not
 * fit into the header.
 */
int sst_tcpopt_next(const u8 *th, unsigned int thlen, unsigned int *off)
{
	while (*off < thlen && th[*off] == TCPOPT_NOP)
		(*off)++;
	if (*off >= thlen || th[*off] == TCPOPT_EOL)
		return 0;
	if (*off + 1 >= thlen || th[*off + 1] < 2 ||
	    *off + th[*off + 1] > thlen)
		return -EINVAL;
	return th[*off];
}

static bool is_fast_open(const u8 *option)
{
	if (option[0] == TCPOPT_FASTOPEN)
		return true;
	return option[0] == EXPERIMENT && option[1] >= EXPERIMENT_LEN &&
	       get_unaligned_be16(option + 2) == TCPOPT_FASTOPEN_MAGIC;
}

/**
 * sst_tcpopt_asks_fast_open() - would a listener take this SYN as a connection?
 * @pkt: whole TCP packet
 *
 * Return: true with an option of TCP Fast Open (RFC 7413), with a cookie or not:
 * some hosts are set to do without.
 */
bool sst_tcpopt_asks_fast_open(const struct sst_pkt *pkt)
{
	unsigned int off = sizeof(struct tcphdr);
	u8 _th[HEADER_MAX];
	const u8 *th;

	th = skb_header_pointer(pkt->skb, pkt->thoff, pkt->thlen, _th);
	if (!th)
		return false;
	while (sst_tcpopt_next(th, pkt->thlen, &off) > 0) {
		if (is_fast_open(th + off))
			return true;
		off += th[off + 1];
	}
	return false;
}
