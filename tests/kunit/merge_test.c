// SPDX-License-Identifier: GPL-2.0
/*
 * Opened segments wait for others: which become one packet, that this is the
 * packet which receive offload would have made of them, and that none overtakes
 * another one of its connection.
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/prandom.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/xfrm.h>

#include "compat.h"
#include "fixture.h"
#include "merge.h"
#include "stats.h"

#define OPTIONS		12
#define SIZE		1000
#define FIRST_SEQ	0xfffff000
#define WAITING_MAX	64
#define LARGEST		65535

/**
 * struct packet - a packet to hand over
 * @desc: how it was built; its payload includes the options of TCP
 * @seq: its sequence number
 * @payload: bytes of payload behind the options
 * @ip_summed: what is known of its checksum
 * @layout: how it lies in memory
 * @mark: writes what is noted beside it, or NULL
 * @len: its length
 * @bytes: itself
 */
struct packet {
	struct sst_test_desc desc;
	u32 seq;
	u16 payload;
	u8 ip_summed;
	enum sst_test_layout layout;
	void (*mark)(struct sk_buff *skb);
	unsigned int len;
	u8 bytes[SST_TEST_PACKET_MAX];
};

/* What comes out, in order; tests run one at a time. */
static struct sk_buff_head out;

static int collect(struct net *net, struct sock *sk, struct sk_buff *skb)
{
	__skb_queue_tail(&out, skb);
	return 0;
}

static void purge(void *unused)
{
	__skb_queue_purge(&out);
}

/**
 * struct host - where the packets come in
 * @sn: namespace, for its counters
 * @dev: device
 * @refs: references to the device when no packet waits
 * @hook: NF_INET_PRE_ROUTING
 * @n: packets that are to be handed over at once
 * @in: these
 * @verdicts: what became of them
 */
struct host {
	struct sst_net *sn;
	struct net_device *dev;
	int refs;
	u8 hook;
	unsigned int n;
	struct sk_buff *in[512];
	unsigned int verdicts[512];
};

static struct host *new_host(struct kunit *test)
{
	struct host *host = kunit_kzalloc(test, sizeof(*host), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, host);
	host->sn = sst_test_net(test);
	host->dev = sst_test_device(test, 1500);
	host->dev->features |= NETIF_F_GRO;
	host->refs = netdev_refcnt_read(host->dev);
	host->hook = NF_INET_PRE_ROUTING;
	__skb_queue_head_init(&out);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, purge, NULL));
	return host;
}

static u8 *th_of(struct packet *p)
{
	return p->bytes + sst_test_network_size(p->desc.family);
}

/* Number @n of a connection whose other packets have @size bytes, too. */
static struct packet *new_packet(struct kunit *test, u8 family, unsigned int n,
				 u16 size)
{
	struct packet *p = kunit_kzalloc(test, sizeof(*p), GFP_KERNEL);
	unsigned int headers, i;
	u8 *th;

	KUNIT_ASSERT_NOT_NULL(test, p);
	p->desc.family = family;
	p->desc.proto = IPPROTO_TCP;
	p->desc.payload = OPTIONS + size;
	p->seq = FIRST_SEQ + n * size;
	p->payload = size;
	p->ip_summed = CHECKSUM_UNNECESSARY;
	p->len = sst_test_build(p->bytes, &p->desc);
	headers = sst_test_headers(&p->desc);
	if (family == NFPROTO_IPV4)
		put_unaligned_be16(0x1200 + n, p->bytes + 4);
	th = th_of(p);
	put_unaligned_be32(p->seq, th + 4);
	th[12] = (20 + OPTIONS) / 4 << 4;
	th[13] = 0x10;
	/* Two NOP and timestamps. */
	put_unaligned_be32(0x0101080a, th + 20);
	for (i = 0; i < size; i++)
		p->bytes[headers + OPTIONS + i] = (p->seq + i) * 13 >> 3;
	sst_test_finish(p->bytes, p->len, &p->desc);
	return p;
}

static void shorten(struct packet *p, u16 payload)
{
	p->len -= p->payload - payload;
	p->payload = payload;
	sst_test_finish(p->bytes, p->len, &p->desc);
}

static struct sk_buff *make_skb(struct kunit *test, struct host *host,
				const struct packet *p)
{
	unsigned int thoff = sst_test_network_size(p->desc.family);
	unsigned int head = sst_test_headers(&p->desc) + OPTIONS;
	struct sk_buff *skb;
	u32 sum;

	skb = sst_test_skb(test, p->bytes, p->len, p->layout,
			   min(head, p->len));
	sst_test_skb_stolen(test, skb);
	skb->dev = host->dev;
	skb->ip_summed = p->ip_summed;
	skb_set_transport_header(skb, thoff);
	if (p->ip_summed == CHECKSUM_PARTIAL) {
		skb->csum_start = skb_headroom(skb) + thoff;
		skb->csum_offset = offsetof(struct tcphdr, check);
		/* That of no segment, and its length. */
		sum = sst_test_transport_sum(p->bytes, thoff, thoff,
					     IPPROTO_TCP);
		put_unaligned_be16(sst_test_fold(sum + p->len - thoff),
				   skb->data + thoff + skb->csum_offset);
	}
	sst_packet_set_opened(skb, p->desc.family, SST_SCOPE_PORTS);
	if (p->mark)
		p->mark(skb);
	return skb;
}

static void add(struct kunit *test, struct host *host, const struct packet *p)
{
	KUNIT_ASSERT_LT(test, host->n, ARRAY_SIZE(host->in));
	host->in[host->n++] = make_skb(test, host, p);
}

static unsigned int take(struct host *host, struct sk_buff *skb)
{
	struct nf_hook_state state = {
		.hook = host->hook,
		.pf = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 :
							 NFPROTO_IPV6,
		.in = host->dev,
		.net = &init_net,
		.okfn = collect,
	};
	unsigned int verdict;
	struct sst_pkt pkt;

	rcu_read_lock();
	sst_packet_parse(&pkt, skb, state.pf, SST_PKT_IN, &host->sn->cfg);
	verdict = sst_merge_take(host->sn->stats, &pkt, &state);
	rcu_read_unlock();
	/* It goes on at once. */
	if (verdict == NF_ACCEPT)
		collect(state.net, NULL, skb);
	return verdict;
}

/* All of them in one softirq, which ends with the caller's local_bh_enable(). */
static void take_all(struct host *host)
{
	unsigned int i;

	for (i = 0; i < host->n; i++)
		host->verdicts[i] = take(host, host->in[i]);
	host->n = 0;
}

/* Nothing waits any more, and nothing holds the device. */
static void wait_for_all(struct kunit *test, struct host *host)
{
	unsigned int i;

	for (i = 0; netdev_refcnt_read(host->dev) != host->refs && i < 1000; i++)
		fsleep(1000);
	KUNIT_EXPECT_EQ(test, host->refs, netdev_refcnt_read(host->dev));
}

static void run(struct kunit *test, struct host *host)
{
	local_bh_disable();
	take_all(host);
	local_bh_enable();
	wait_for_all(test, host);
}

/* Byte for byte what came in. */
static void expect_same(struct kunit *test, const struct packet *p,
			const struct sk_buff *skb)
{
	u8 *got = kunit_kzalloc(test, SST_TEST_PACKET_MAX, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, got);
	KUNIT_ASSERT_EQ(test, p->len, skb->len);
	sst_test_skb_bytes(test, skb, got);
	KUNIT_EXPECT_MEMEQ(test, p->bytes, got, p->len);
}

/* The parts again, with what @features say a device can do. */
static void expect_segments(struct kunit *test, struct packet **parts,
			    unsigned int n, struct sk_buff *skb,
			    netdev_features_t features)
{
	struct sk_buff *segs, *seg, *next;
	unsigned int i = 0;

	segs = __skb_gso_segment(skb, features, false);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(segs));
	skb_list_walk_safe(segs, seg, next) {
		skb_mark_not_on_list(seg);
		if (i < n)
			expect_same(test, parts[i], seg);
		kfree_skb(seg);
		i++;
	}
	KUNIT_EXPECT_EQ(test, n, i);
}

/* One packet made of @n, as receive offload would have made it. */
static void expect_merged(struct kunit *test, struct packet **parts,
			  unsigned int n, struct sk_buff *skb)
{
	const struct skb_shared_info *shinfo = skb_shinfo(skb);
	const struct sst_test_desc *desc = &parts[0]->desc;
	unsigned int headers = sst_test_headers(desc) + OPTIONS, i;
	unsigned int thoff = sst_test_network_size(desc->family);
	unsigned int len = headers, truesize = 0;
	struct sk_buff *part;
	u8 *want, *got;
	u16 sum;

	want = kunit_kzalloc(test, LARGEST, GFP_KERNEL);
	got = kunit_kzalloc(test, LARGEST, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, want);
	KUNIT_ASSERT_NOT_NULL(test, got);
	memcpy(want, parts[0]->bytes, headers);
	/* What the last one says: nothing comes behind it for now. */
	want[thoff + 13] |= th_of(parts[n - 1])[13] & 0x09;
	for (i = 0; i < n; i++) {
		memcpy(want + len, parts[i]->bytes + headers,
		       parts[i]->payload);
		len += parts[i]->payload;
	}
	sst_test_finish(want, len, desc);

	KUNIT_ASSERT_EQ(test, len, skb->len);
	KUNIT_EXPECT_EQ(test, parts[0]->payload, shinfo->gso_size);
	KUNIT_EXPECT_EQ(test, n, shinfo->gso_segs);
	KUNIT_EXPECT_EQ(test, desc->family == NFPROTO_IPV4 ? SKB_GSO_TCPV4 :
							     SKB_GSO_TCPV6,
			shinfo->gso_type);
	KUNIT_EXPECT_TRUE(test, skb->ip_summed == CHECKSUM_PARTIAL);
	KUNIT_EXPECT_EQ(test, thoff, skb_checksum_start_offset(skb));
	/* What it takes of a socket's memory is what all parts take. */
	skb_walk_frags(skb, part)
		truesize += part->truesize;
	KUNIT_EXPECT_GE(test, skb->truesize - truesize,
			SKB_TRUESIZE(skb_headlen(skb)));

	/* The sum of pseudo header and length is there, the rest is not. */
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, got, len));
	sum = ~sst_test_fold(sst_test_sum(got + thoff, len - thoff, 0));
	put_unaligned_be16(sum, got + thoff + offsetof(struct tcphdr, check));
	KUNIT_EXPECT_EQ(test, 0xffff,
			sst_test_transport_sum(got, len, thoff, IPPROTO_TCP));
	KUNIT_EXPECT_TRUE(test, !memcmp(want, got, len));

	expect_segments(test, parts, n, skb, 0);
	expect_segments(test, parts, n, skb, NETIF_F_SG | NETIF_F_HW_CSUM);
}

/* What may differ between two packets. */

static void set_byte(struct packet *p, unsigned int off, u8 change)
{
	p->bytes[off] ^= change;
	sst_test_finish(p->bytes, p->len, &p->desc);
}

static void set_th(struct packet *p, unsigned int off, u8 change)
{
	set_byte(p, sst_test_network_size(p->desc.family) + off, change);
}

static void gap(struct packet *p)
{
	put_unaligned_be32(p->seq + 1, th_of(p) + 4);
	sst_test_finish(p->bytes, p->len, &p->desc);
}

static void again(struct packet *p)
{
	put_unaligned_be32(p->seq - SIZE, th_of(p) + 4);
	sst_test_finish(p->bytes, p->len, &p->desc);
}

/* It continues one that is a byte shorter. */
static void byte_back(struct packet *p)
{
	put_unaligned_be32(p->seq - 1, th_of(p) + 4);
	sst_test_finish(p->bytes, p->len, &p->desc);
}

static void ack(struct packet *p)
{
	set_th(p, 11, 1);
}

static void window(struct packet *p)
{
	set_th(p, 15, 1);
}

static void fin(struct packet *p)
{
	set_th(p, 13, 0x01);
}

static void syn(struct packet *p)
{
	set_th(p, 13, 0x02);
}

static void rst(struct packet *p)
{
	set_th(p, 13, 0x04);
}

static void psh(struct packet *p)
{
	set_th(p, 13, 0x08);
}

static void fin_psh(struct packet *p)
{
	set_th(p, 13, 0x09);
}

static void no_ack(struct packet *p)
{
	set_th(p, 13, 0x10);
}

static void urg(struct packet *p)
{
	set_th(p, 13, 0x20);
}

static void ece(struct packet *p)
{
	set_th(p, 13, 0x40);
}

static void cwr(struct packet *p)
{
	set_th(p, 13, 0x80);
}

static void reserved(struct packet *p)
{
	set_th(p, 12, 0x02);
}

static void option(struct packet *p)
{
	set_th(p, 20 + OPTIONS - 1, 1);
}

/* The last four bytes of options are payload, which is larger then. */
static void fewer_options(struct packet *p)
{
	set_th(p, 12, 0x80 ^ 0x70);
}

/* Four more, and that much less payload. */
static void more_options(struct packet *p)
{
	set_th(p, 12, 0x80 ^ 0x90);
}

static void sport(struct packet *p)
{
	set_th(p, 1, 1);
}

static void dport(struct packet *p)
{
	set_th(p, 3, 1);
}

static void saddr(struct packet *p)
{
	set_byte(p, p->desc.family == NFPROTO_IPV4 ? 15 : 23, 1);
}

static void daddr(struct packet *p)
{
	set_byte(p, p->desc.family == NFPROTO_IPV4 ? 19 : 39, 1);
}

static void hops(struct packet *p)
{
	set_byte(p, p->desc.family == NFPROTO_IPV4 ? 8 : 7, 1);
}

/* ECN is part of it. */
static void dsfield(struct packet *p)
{
	set_byte(p, 1, p->desc.family == NFPROTO_IPV4 ? 0x03 : 0x30);
}

static void label(struct packet *p)
{
	set_byte(p, 3, 1);
}

static void may_fragment(struct packet *p)
{
	set_byte(p, 6, IP_DF >> 8);
}

static void id(struct packet *p)
{
	set_byte(p, 4, 0x40);
}

static void empty(struct packet *p)
{
	shorten(p, 0);
}

static void shorter(struct packet *p)
{
	shorten(p, p->payload - 1);
}

static void one_byte(struct packet *p)
{
	shorten(p, 1);
}

static void none(struct packet *p)
{
	p->ip_summed = CHECKSUM_NONE;
}

static void whole(struct packet *p)
{
	p->ip_summed = CHECKSUM_COMPLETE;
}

static void partial(struct packet *p)
{
	p->ip_summed = CHECKSUM_PARTIAL;
}

static void page(struct packet *p)
{
	p->layout = SST_TEST_PAGE;
}

static void pages(struct packet *p)
{
	p->layout = SST_TEST_FULL;
}

static void list(struct packet *p)
{
	p->layout = SST_TEST_LIST;
}

static void set_mark(struct sk_buff *skb)
{
	skb->mark = 7;
}

static void other_mark(struct packet *p)
{
	p->mark = set_mark;
}

static void set_priority(struct sk_buff *skb)
{
	skb->priority = 7;
}

static void other_priority(struct packet *p)
{
	p->mark = set_priority;
}

static void set_type(struct sk_buff *skb)
{
	skb->pkt_type = PACKET_BROADCAST;
}

static void other_type(struct packet *p)
{
	p->mark = set_type;
}

static void set_iif(struct sk_buff *skb)
{
	skb->skb_iif = 7;
}

static void other_iif(struct packet *p)
{
	p->mark = set_iif;
}

static void set_vlan(struct sk_buff *skb)
{
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 7);
}

static void vlan(struct packet *p)
{
	p->mark = set_vlan;
}

static void untrack(struct sk_buff *skb)
{
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
}

static void untracked(struct packet *p)
{
	p->mark = untrack;
}

static void set_extension(struct sk_buff *skb)
{
	secpath_set(skb);
}

static void extension(struct packet *p)
{
	p->mark = set_extension;
}

static void set_gso(struct sk_buff *skb)
{
	skb_shinfo(skb)->gso_size = SIZE / 2;
}

static void gso(struct packet *p)
{
	p->mark = set_gso;
}

#define V4	BIT(0)
#define V6	BIT(1)
#define BOTH	(V4 | V6)

/**
 * struct pair_case - two packets that follow each other
 * @desc: how they differ
 * @families: for which this is a case
 * @first: change of the first one
 * @second: change of the second one
 * @merged: they become one
 */
struct pair_case {
	const char *desc;
	u8 families;
	void (*first)(struct packet *p);
	void (*second)(struct packet *p);
	bool merged;
};

static const struct pair_case pair_cases[] = {
	{ "nothing", BOTH, NULL, NULL, true },
	{ "PSH", BOTH, NULL, psh, true },
	{ "FIN", BOTH, NULL, fin, true },
	{ "FIN and PSH", BOTH, NULL, fin_psh, true },
	{ "shorter", BOTH, NULL, shorter, true },
	{ "one byte", BOTH, NULL, one_byte, true },
	{ "identification", V4, NULL, id, true },
	{ "ECE in both", BOTH, ece, ece, true },
	{ "DF in none", V4, may_fragment, may_fragment, true },
	{ "PARTIAL both", BOTH, partial, partial, true },
	{ "page after linear", BOTH, NULL, page, true },
	{ "linear after page", BOTH, page, NULL, true },
	{ "page after page", BOTH, page, page, true },
	{ "linear after all pages", BOTH, pages, NULL, true },
	{ "all pages after all pages", BOTH, pages, pages, true },
	{ "other options, the same", BOTH, option, option, true },

	{ "gap", BOTH, NULL, gap, false },
	{ "the same once more", BOTH, NULL, again, false },
	{ "acknowledgment", BOTH, NULL, ack, false },
	{ "no acknowledgment", BOTH, NULL, no_ack, false },
	{ "window", BOTH, NULL, window, false },
	{ "traffic class", BOTH, NULL, dsfield, false },
	{ "TTL", BOTH, NULL, hops, false },
	{ "flow label", V6, NULL, label, false },
	{ "DF", V4, NULL, may_fragment, false },
	{ "options", BOTH, NULL, option, false },
	{ "fewer options", BOTH, NULL, fewer_options, false },
	{ "more options", BOTH, NULL, more_options, false },
	{ "reserved bits", BOTH, NULL, reserved, false },
	{ "SYN", BOTH, NULL, syn, false },
	{ "SYN first", BOTH, syn, NULL, false },
	{ "SYN in both", BOTH, syn, syn, false },
	{ "RST", BOTH, NULL, rst, false },
	{ "RST in both", BOTH, rst, rst, false },
	{ "URG", BOTH, NULL, urg, false },
	{ "URG in both", BOTH, urg, urg, false },
	{ "ECE", BOTH, NULL, ece, false },
	{ "CWR", BOTH, NULL, cwr, false },
	{ "CWR first", BOTH, cwr, NULL, false },
	{ "CWR in both", BOTH, cwr, cwr, false },
	{ "PSH first", BOTH, psh, NULL, false },
	{ "FIN first", BOTH, fin, NULL, false },
	{ "no payload", BOTH, NULL, empty, false },
	{ "no payload first", BOTH, empty, again, false },
	{ "larger than the first", BOTH, shorter, byte_back, false },
	{ "source port", BOTH, NULL, sport, false },
	{ "destination port", BOTH, NULL, dport, false },
	{ "source address", BOTH, NULL, saddr, false },
	{ "destination address", BOTH, NULL, daddr, false },
	{ "checksum not known", BOTH, NULL, none, false },
	{ "checksum not known first", BOTH, none, NULL, false },
	{ "checksum not known in both", BOTH, none, none, false },
	{ "whole checksum", BOTH, whole, whole, false },
	{ "PARTIAL", BOTH, NULL, partial, false },
	{ "PARTIAL first", BOTH, partial, NULL, false },
	{ "list", BOTH, NULL, list, false },
	{ "list first", BOTH, list, NULL, false },
	{ "mark", BOTH, NULL, other_mark, false },
	{ "priority", BOTH, NULL, other_priority, false },
	{ "broadcast frame", BOTH, NULL, other_type, false },
	{ "interface", BOTH, NULL, other_iif, false },
	{ "VLAN", BOTH, vlan, vlan, false },
	{ "not to be tracked", BOTH, untracked, untracked, false },
	{ "extension", BOTH, extension, extension, false },
	{ "large", BOTH, NULL, gso, false },
	{ "large first", BOTH, gso, NULL, false },
};

KUNIT_ARRAY_PARAM_DESC(pair, pair_cases, desc);

static void check_pair(struct kunit *test, const struct pair_case *c, u8 family)
{
	struct host *host = new_host(test);
	struct packet *parts[2];
	struct sk_buff *skb;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i] = new_packet(test, family, i, SIZE);
	if (c->first)
		c->first(parts[0]);
	if (c->second)
		c->second(parts[1]);
	for (i = 0; i < ARRAY_SIZE(parts); i++)
		add(test, host, parts[i]);
	run(test, host);

	KUNIT_ASSERT_EQ(test, c->merged ? 1 : 2, skb_queue_len(&out));
	KUNIT_EXPECT_EQ(test, c->merged,
			sst_test_stat(host->sn, SST_A_STATS_RX_MERGED));
	if (c->merged) {
		/* Whatever it was: that of a merged packet is no more known. */
		if (family == NFPROTO_IPV4 && c->second == id)
			id(parts[1]);
		expect_merged(test, parts, 2, skb_peek(&out));
	} else {
		i = 0;
		skb_queue_walk(&out, skb)
			expect_same(test, parts[i++], skb);
	}
	purge(NULL);
}

static void merge_pair(struct kunit *test)
{
	const struct pair_case *c = test->param_value;

	if (c->families & V4)
		check_pair(test, c, NFPROTO_IPV4);
	if (c->families & V6)
		check_pair(test, c, NFPROTO_IPV6);
}

static void family_name(const u8 *family, char *name)
{
	strscpy(name, *family == NFPROTO_IPV4 ? "IPv4" : "IPv6",
		KUNIT_PARAM_DESC_SIZE);
}

static const u8 families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };

KUNIT_ARRAY_PARAM(family, families, family_name);

/* A cloned packet is somebody else's, too. */
static void merge_cloned(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	unsigned int which;

	for (which = 0; which < 2; which++) {
		struct host *host = new_host(test);
		struct packet *parts[2];
		struct sk_buff *clone;
		unsigned int i;

		for (i = 0; i < 2; i++) {
			parts[i] = new_packet(test, family, i, SIZE);
			add(test, host, parts[i]);
		}
		clone = sst_test_skb_clone(test, host->in[which]);
		run(test, host);
		KUNIT_ASSERT_EQ(test, 2, skb_queue_len(&out));
		expect_same(test, parts[0], skb_peek(&out));
		expect_same(test, parts[1], skb_peek_tail(&out));
		expect_same(test, parts[which], clone);
		purge(NULL);
	}
}

/* Trains of all lengths: they end where one is shorter or says so. */
static void merge_trains(struct kunit *test)
{
	static void (*const ends[])(struct packet *p) = { psh, fin, shorter };
	u8 family = *(const u8 *)test->param_value;
	struct host *host = new_host(test);
	struct packet *parts[24];
	unsigned int n, i;

	for (n = 2; n < ARRAY_SIZE(parts); n++) {
		for (i = 0; i <= n; i++)
			parts[i] = new_packet(test, family, i, SIZE);
		ends[n % 3](parts[n - 1]);
		/* What follows that end, if need be. */
		put_unaligned_be32(parts[n - 1]->seq + parts[n - 1]->payload,
				   th_of(parts[n]) + 4);
		sst_test_finish(parts[n]->bytes, parts[n]->len,
				&parts[n]->desc);
		for (i = 0; i <= n; i++)
			add(test, host, parts[i]);
		run(test, host);
		KUNIT_ASSERT_EQ(test, 2, skb_queue_len(&out));
		expect_merged(test, parts, n, skb_peek(&out));
		expect_same(test, parts[n], skb_peek_tail(&out));
		purge(NULL);
	}
}

/* A device whose limit is @limit for one family, and @other for the other one. */
static struct host *new_limited_host(struct kunit *test, u8 family,
				     unsigned int limit, unsigned int other)
{
	bool ipv4 = family == NFPROTO_IPV4;
	struct host *host = new_host(test);

	host->dev->gro_ipv4_max_size = ipv4 ? limit : other;
	host->dev->gro_max_size = ipv4 ? other : limit;
	return host;
}

/* All but the last packet of a row have SIZE bytes: they are one, up to @most. */
static void expect_largest(struct kunit *test, u8 family, unsigned int limit,
			   unsigned int other, unsigned int most)
{
	unsigned int headers = sst_test_network_size(family) + 20 + OPTIONS;
	unsigned int n = (most - headers) / SIZE, over, i;
	struct packet **parts;

	parts = kunit_kzalloc(test, (n + 1) * sizeof(*parts), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, parts);
	for (over = 0; over < 2; over++) {
		struct host *host = new_limited_host(test, family, limit,
						     other);

		for (i = 0; i <= n; i++)
			parts[i] = new_packet(test, family, i, SIZE);
		shorten(parts[n], most - headers - n * SIZE + over);
		for (i = 0; i <= n; i++)
			add(test, host, parts[i]);
		run(test, host);
		KUNIT_ASSERT_EQ(test, 1 + over, skb_queue_len(&out));
		KUNIT_EXPECT_EQ(test, over ? headers + n * SIZE : most,
				skb_peek(&out)->len);
		expect_merged(test, parts, n + 1 - over, skb_peek(&out));
		if (over)
			expect_same(test, parts[n], skb_peek_tail(&out));
		purge(NULL);
	}
}

/* No more than what IP can tell: to the byte. Not even with BIG TCP. */
static void merge_largest(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;

	expect_largest(test, family, GRO_LEGACY_MAX_SIZE, GRO_LEGACY_MAX_SIZE,
		       LARGEST);
	expect_largest(test, family, 8 * LARGEST, 1, LARGEST);
}

/* Nor than the device is set to: less than its limit, as receive offload. */
static void merge_device_limit(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	struct host *host = new_limited_host(test, family, 0,
					     GRO_LEGACY_MAX_SIZE);
	unsigned int i;

	expect_largest(test, family, 8000, GRO_LEGACY_MAX_SIZE, 7999);
	expect_largest(test, family, 8000, 1, 7999);
	for (i = 0; i < 3; i++)
		add(test, host, new_packet(test, family, i, SIZE));
	run(test, host);
	KUNIT_EXPECT_EQ(test, 3, skb_queue_len(&out));
}

/* A packet that nothing waits for, and what it is not worth to wait. */
static void merge_at_once(struct kunit *test)
{
	static void (*const changes[])(struct packet *p) = {
		psh, fin, syn, rst, urg, empty, none, list,
	};
	u8 family = *(const u8 *)test->param_value;
	struct host *host = new_host(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(changes); i++) {
		struct packet *p = new_packet(test, family, 0, SIZE);

		changes[i](p);
		add(test, host, p);
	}
	run(test, host);
	for (i = 0; i < ARRAY_SIZE(changes); i++)
		KUNIT_EXPECT_EQ(test, NF_ACCEPT, host->verdicts[i]);
	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(changes), skb_queue_len(&out));
}

static void bridge(struct kunit *test, struct sk_buff *skb)
{
	KUNIT_ASSERT_NOT_NULL(test, skb_ext_add(skb, SKB_EXT_BRIDGE_NF));
}

enum left_alone {
	GRO_OFF,
	OTHER_HOOK,
	BRIDGED,
	DATAGRAM,
	NO_SOFTIRQ,
	LEFT_ALONE,
};

/* What is no case of merging goes on, as if this did not exist. */
static void merge_left_alone(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	enum left_alone why;
	unsigned int i;

	for (why = 0; why < LEFT_ALONE; why++) {
		struct host *host = new_host(test);

		if (why == GRO_OFF)
			host->dev->features &= ~NETIF_F_GRO;
		if (why == OTHER_HOOK)
			host->hook = NF_INET_LOCAL_IN;
		for (i = 0; i < 2; i++) {
			struct packet *p = new_packet(test, family, i, SIZE);

			if (why == DATAGRAM) {
				p->desc.proto = IPPROTO_UDP;
				p->len = sst_test_build(p->bytes, &p->desc);
			}
			add(test, host, p);
			if (why == BRIDGED)
				bridge(test, host->in[i]);
		}
		if (why == NO_SOFTIRQ)
			take_all(host);
		else
			run(test, host);
		for (i = 0; i < 2; i++)
			KUNIT_EXPECT_EQ_MSG(test, NF_ACCEPT, host->verdicts[i],
					    "case %u", why);
		KUNIT_EXPECT_EQ(test, 2, skb_queue_len(&out));
		KUNIT_EXPECT_EQ(test, 0,
				sst_test_stat(host->sn, SST_A_STATS_RX_MERGED));
		wait_for_all(test, host);
		purge(NULL);
	}
}

/* Each softirq by itself: what it brought is gone when it ends. */
static void merge_softirqs(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	struct host *host = new_host(test);
	struct packet *parts[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		parts[i] = new_packet(test, family, i, SIZE);
		add(test, host, parts[i]);
		run(test, host);
		KUNIT_EXPECT_EQ(test, NF_STOLEN, host->verdicts[0]);
		KUNIT_ASSERT_EQ(test, i + 1, skb_queue_len(&out));
		expect_same(test, parts[i], skb_peek_tail(&out));
	}
}

/* As many as there is room for, and more: all in the order that they came in. */
static void merge_many(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	struct host *host = new_host(test);
	unsigned int n = 3 * WAITING_MAX + 5, i;
	struct packet **parts;
	struct sk_buff *skb;

	parts = kunit_kzalloc(test, n * sizeof(*parts), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, parts);
	for (i = 0; i < n; i++) {
		parts[i] = new_packet(test, family, i, 100);
		put_unaligned_be16(1000 + i, th_of(parts[i]));
		sst_test_finish(parts[i]->bytes, parts[i]->len,
				&parts[i]->desc);
		add(test, host, parts[i]);
	}
	local_bh_disable();
	for (i = 0; i < n; i++) {
		host->verdicts[i] = take(host, host->in[i]);
		/* The first of them went when there was no more room. */
		host->verdicts[i] |= skb_queue_len(&out) << 16;
	}
	local_bh_enable();
	wait_for_all(test, host);
	for (i = 0; i < n; i++)
		KUNIT_EXPECT_EQ(test,
				NF_STOLEN | i / WAITING_MAX * WAITING_MAX << 16,
				host->verdicts[i]);
	KUNIT_ASSERT_EQ(test, n, skb_queue_len(&out));
	i = 0;
	skb_queue_walk(&out, skb)
		expect_same(test, parts[i++], skb);
}

/* Some connections, a few more than are compared; no packet is the next one's. */
#define CONNECTIONS	12
#define ROUNDS		480

static void (*const disturbances[])(struct packet *p) = {
	psh, fin, window, ack, option, none, ece, urg, dsfield, other_mark,
	list, partial,
};

static struct sock no_sock;

static void set_sock(struct sk_buff *skb)
{
	skb->sk = &no_sock;
}

/*
 * Packets of several connections, mixed, some of which are unlike the others of
 * theirs: of each connection all bytes come out, in order.
 */
static void merge_order(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	struct host *host = new_host(test);
	unsigned int n[CONNECTIONS] = {}, i, merged, waited = 0;
	u32 next[CONNECTIONS] = {};
	struct rnd_state rnd;
	struct sk_buff *skb;

	prandom_seed_state(&rnd, 4711 + family);
	for (i = 0; i < ROUNDS; i++) {
		/* Half of them of one or two connections. */
		u32 c = prandom_u32_state(&rnd) % (i & 1 ? CONNECTIONS : 2);
		u32 odd = prandom_u32_state(&rnd) % 40;
		struct packet *p = new_packet(test, family, n[c]++, 100);

		put_unaligned_be16(1000 + c, th_of(p));
		sst_test_finish(p->bytes, p->len, &p->desc);
		if (odd < ARRAY_SIZE(disturbances))
			disturbances[odd](p);
		if (odd == ARRAY_SIZE(disturbances))
			p->mark = set_sock;
		add(test, host, p);
	}
	run(test, host);
	for (i = 0; i < ROUNDS; i++)
		waited += host->verdicts[i] == NF_STOLEN;

	skb_queue_walk(&out, skb) {
		const u8 *th = skb->data + sst_test_network_size(family);
		u32 c = get_unaligned_be16(th) - 1000;

		KUNIT_ASSERT_LT(test, c, CONNECTIONS);
		KUNIT_EXPECT_EQ(test, FIRST_SEQ + next[c],
				get_unaligned_be32(th + 4));
		next[c] += skb->len - (th - skb->data) - 20 - OPTIONS;
	}
	for (i = 0; i < CONNECTIONS; i++)
		KUNIT_EXPECT_EQ(test, n[i] * 100, next[i]);
	merged = sst_test_stat(host->sn, SST_A_STATS_RX_MERGED);
	KUNIT_EXPECT_EQ(test, ROUNDS, skb_queue_len(&out) + merged);
	KUNIT_EXPECT_GT(test, merged, ROUNDS / 20);
	KUNIT_EXPECT_GT(test, waited, ROUNDS / 2);
	skb_queue_walk(&out, skb)
		skb->sk = NULL;
}

static struct dst_entry no_route;

static void set_route(struct sk_buff *skb)
{
	skb_dst_set_noref(skb, &no_route);
}

/*
 * A socket or a route that was chosen before may be held by nothing but the
 * read-side critical section: such a packet does not wait, and those that
 * do go first.
 */
static void merge_borrowed(struct kunit *test)
{
	static void (*const marks[])(struct sk_buff *skb) = {
		set_sock, set_route,
	};
	u8 family = *(const u8 *)test->param_value;
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(marks); k++) {
		struct host *host = new_host(test);
		struct packet *parts[4];
		struct sk_buff *skb;

		for (i = 0; i < ARRAY_SIZE(parts); i++) {
			parts[i] = new_packet(test, family, i, SIZE);
			add(test, host, parts[i]);
		}
		local_bh_disable();
		rcu_read_lock();
		marks[k](host->in[2]);
		take_all(host);
		rcu_read_unlock();
		local_bh_enable();
		wait_for_all(test, host);
		KUNIT_EXPECT_EQ(test, NF_ACCEPT, host->verdicts[2]);
		KUNIT_ASSERT_EQ(test, 3, skb_queue_len(&out));
		skb_queue_walk(&out, skb) {
			skb->sk = NULL;
			skb->_skb_refdst = 0;
		}
		skb = skb_peek(&out);
		expect_merged(test, parts, 2, skb);
		skb = skb_queue_next(&out, skb);
		expect_same(test, parts[2], skb);
		expect_same(test, parts[3], skb_peek_tail(&out));
		purge(NULL);
	}
}

/* The same connection by two ways: each packet knows by which one it came. */
static void merge_devices(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	struct host *host[2];
	struct packet *p[2];
	unsigned int i;

	for (i = 0; i < 2; i++) {
		host[i] = new_host(test);
		p[i] = new_packet(test, family, i, SIZE);
		add(test, host[i], p[i]);
	}
	local_bh_disable();
	for (i = 0; i < 2; i++)
		take_all(host[i]);
	local_bh_enable();
	for (i = 0; i < 2; i++)
		wait_for_all(test, host[i]);
	KUNIT_ASSERT_EQ(test, 2, skb_queue_len(&out));
	expect_same(test, p[0], skb_peek(&out));
	expect_same(test, p[1], skb_peek_tail(&out));
}

/* Who waits holds the device that it came in by. */
static void merge_holds(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	struct host *host = new_host(test);
	unsigned int i;
	int held;

	for (i = 0; i < 4; i++) {
		struct packet *p = new_packet(test, family, i, SIZE);

		/* Two trains. */
		if (i > 1)
			sport(p);
		add(test, host, p);
	}
	local_bh_disable();
	take_all(host);
	held = netdev_refcnt_read(host->dev);
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, host->refs + 2, held);
	wait_for_all(test, host);
	KUNIT_EXPECT_EQ(test, 2, skb_queue_len(&out));
}

/* Where its device is now nobody has opened the packet. */
static void merge_moved(struct kunit *test)
{
	u8 family = *(const u8 *)test->param_value;
	struct net *net = kunit_kzalloc(test, sizeof(*net), GFP_KERNEL);
	struct host *host = new_host(test);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, net);
	for (i = 0; i < 2; i++)
		add(test, host, new_packet(test, family, i, SIZE));
	local_bh_disable();
	take_all(host);
	dev_net_set(host->dev, net);
	local_bh_enable();
	wait_for_all(test, host);
	dev_net_set(host->dev, &init_net);
	KUNIT_EXPECT_EQ(test, 0, skb_queue_len(&out));
}

static struct kunit_case merge_cases[] = {
	KUNIT_CASE_PARAM(merge_pair, pair_gen_params),
	KUNIT_CASE_PARAM(merge_cloned, family_gen_params),
	KUNIT_CASE_PARAM(merge_trains, family_gen_params),
	KUNIT_CASE_PARAM(merge_largest, family_gen_params),
	KUNIT_CASE_PARAM(merge_device_limit, family_gen_params),
	KUNIT_CASE_PARAM(merge_at_once, family_gen_params),
	KUNIT_CASE_PARAM(merge_left_alone, family_gen_params),
	KUNIT_CASE_PARAM(merge_softirqs, family_gen_params),
	KUNIT_CASE_PARAM(merge_many, family_gen_params),
	KUNIT_CASE_PARAM(merge_order, family_gen_params),
	KUNIT_CASE_PARAM(merge_borrowed, family_gen_params),
	KUNIT_CASE_PARAM(merge_devices, family_gen_params),
	KUNIT_CASE_PARAM(merge_holds, family_gen_params),
	KUNIT_CASE_PARAM(merge_moved, family_gen_params),
	{}
};

static struct kunit_suite merge_suite = {
	.name = "sst_merge",
	.test_cases = merge_cases,
};

kunit_test_suite(merge_suite);
