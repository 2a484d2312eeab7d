// SPDX-License-Identifier: GPL-2.0
/*
 * Packets, flows and namespaces that the suites are made with. Checksums are
 * summed up byte by byte here, not with the functions the module uses.
 */
#include <kunit/test.h>
#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/route.h>

#include "compat.h"
#include "egress.h"
#include "fixture.h"
#include "ingress.h"
#include "kdf.h"
#include "look.h"

const char *const sst_test_layouts[SST_TEST_LAYOUTS] = {
	[SST_TEST_ROOM] = "linear with room",
	[SST_TEST_EXACT] = "linear with just enough room",
	[SST_TEST_ALMOST] = "linear with a byte too little",
	[SST_TEST_TIGHT] = "linear without room",
	[SST_TEST_PAGE] = "page fragment",
	[SST_TEST_FULL] = "all page fragments in use",
	[SST_TEST_LIST] = "frag_list",
};

/* Sum of the big-endian 16-bit words; @bytes begins at an even offset. */
u32 sst_test_sum(const u8 *bytes, unsigned int len, u32 sum)
{
	unsigned int i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? bytes[i] : bytes[i] << 8;
	return sum;
}

u16 sst_test_fold(u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Folded sum of pseudo header and segment: 0xffff when the checksum is right. */
u16 sst_test_transport_sum(const u8 *packet, unsigned int len,
			   unsigned int thoff, u8 proto)
{
	u32 sum = proto + (len - thoff);

	if (packet[0] >> 4 == 4)
		sum = sst_test_sum(packet + 12, 8, sum);
	else
		sum = sst_test_sum(packet + 8, 32, sum);
	return sst_test_fold(sst_test_sum(packet + thoff, len - thoff, sum));
}

unsigned int sst_test_network_size(u8 family)
{
	return family == NFPROTO_IPV4 ? sizeof(struct iphdr) :
					sizeof(struct ipv6hdr);
}

unsigned int sst_test_headers(const struct sst_test_desc *desc)
{
	return sst_test_network_size(desc->family) +
	       (desc->proto == IPPROTO_TCP ? sizeof(struct tcphdr) :
					     sizeof(struct udphdr));
}

/* Offset of the checksum in the transport header. */
unsigned int sst_test_check_offset(u8 proto)
{
	return proto == IPPROTO_TCP ? offsetof(struct tcphdr, check) :
				      offsetof(struct udphdr, check);
}

/* Lengths and checksums of a packet whose other fields are filled in. */
void sst_test_finish(u8 *packet, unsigned int len,
		     const struct sst_test_desc *desc)
{
	unsigned int thoff = sst_test_network_size(desc->family);
	u8 *th = packet + thoff;
	u8 *check = th + sst_test_check_offset(desc->proto);
	u16 sum;

	if (desc->family == NFPROTO_IPV4) {
		put_unaligned_be16(len, packet + 2);
		put_unaligned_be16(0, packet + 10);
		sum = ~sst_test_fold(sst_test_sum(packet, 20, 0));
		put_unaligned_be16(sum, packet + 10);
	} else {
		put_unaligned_be16(len - thoff, packet + 4);
	}
	if (desc->proto == IPPROTO_UDP)
		put_unaligned_be16(len - thoff, th + 4);
	put_unaligned_be16(0, check);
	if (desc->no_check)
		return;
	sum = ~sst_test_transport_sum(packet, len, thoff, desc->proto);
	if (desc->proto == IPPROTO_UDP && !sum)
		sum = 0xffff;
	put_unaligned_be16(sum, check);
}

/* Returns the packet's length. */
unsigned int sst_test_build(u8 *packet, const struct sst_test_desc *desc)
{
	unsigned int thoff = sst_test_network_size(desc->family);
	unsigned int headers = sst_test_headers(desc), i;
	u8 *th = packet + thoff;

	memset(packet, 0, headers);
	if (desc->family == NFPROTO_IPV4) {
		packet[0] = 0x45;
		packet[1] = desc->dsfield;
		put_unaligned_be16(IP_DF, packet + 6);
		packet[8] = 64;
		packet[9] = desc->proto;
		put_unaligned_be32(0xc0000211, packet + 12);
		put_unaligned_be32(0xc6336422, packet + 16);
	} else {
		put_unaligned_be32(0x600fedcb | desc->dsfield << 20, packet);
		packet[6] = desc->proto;
		packet[7] = 64;
		for (i = 0; i < 32; i++)
			packet[8 + i] = 0x20 + 7 * i;
	}
	put_unaligned_be16(SST_TEST_SPORT, th);
	put_unaligned_be16(SST_TEST_DPORT, th + 2);
	if (desc->proto == IPPROTO_TCP) {
		put_unaligned_be32(0x01020304, th + 4);
		put_unaligned_be32(0xa0b0c0d0, th + 8);
		th[12] = 0x50;
		th[13] = 0x18;
		put_unaligned_be16(0x7210, th + 14);
	}
	for (i = 0; i < desc->payload; i++)
		packet[headers + i] = 0x9d + 13 * i;
	sst_test_finish(packet, headers + desc->payload, desc);
	return headers + desc->payload;
}

static void free_skb(void *skb)
{
	kfree_skb(skb);
}

static struct sk_buff *new_linear(const u8 *bytes, unsigned int len,
				  int tailroom)
{
	struct sk_buff *skb = alloc_skb(NET_SKB_PAD + len + max(tailroom, 64),
					GFP_KERNEL);

	if (!skb)
		return NULL;
	/* The allocator rounds up: what is too much at the end goes in front. */
	if (tailroom < 0)
		skb_reserve(skb, NET_SKB_PAD);
	else
		skb_reserve(skb, skb_tailroom(skb) - len - tailroom);
	skb_put_data(skb, bytes, len);
	return skb;
}

/* Put @len bytes into @n page fragments. */
static int add_pages(struct sk_buff *skb, const u8 *bytes, unsigned int len,
		     unsigned int n)
{
	unsigned int i, off = 0;
	struct page *page;

	for (i = 0; i < n; i++) {
		unsigned int part = i < n - 1 ? len / n : len - off;

		page = alloc_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;
		/* An odd offset in the page, as fragments may have it. */
		memcpy(page_address(page) + 3, bytes + off, part);
		skb_add_rx_frag(skb, i, page, 3, part, PAGE_SIZE);
		off += part;
	}
	return 0;
}

static int add_list(struct sk_buff *skb, const u8 *bytes, unsigned int len)
{
	struct sk_buff *first = new_linear(bytes, len / 2, 0);
	struct sk_buff *second = new_linear(bytes + len / 2, len - len / 2, 0);

	if (!first || !second) {
		kfree_skb(first);
		kfree_skb(second);
		return -ENOMEM;
	}
	first->next = second;
	skb_shinfo(skb)->frag_list = first;
	skb->len += len;
	skb->data_len += len;
	skb->truesize += first->truesize + second->truesize;
	return 0;
}

/*
 * A packet of @len bytes, data at the network header; freed with the test or
 * by sst_test_skb_free(). In layouts that are not linear @head bytes are.
 */
struct sk_buff *sst_test_skb(struct kunit *test, const u8 *bytes,
			     unsigned int len, enum sst_test_layout layout,
			     unsigned int head)
{
	static const int tailroom[SST_TEST_LAYOUTS] = {
		[SST_TEST_ROOM] = -1,
		[SST_TEST_EXACT] = SST_DATA_TRAILER_SIZE,
		[SST_TEST_ALMOST] = SST_DATA_TRAILER_SIZE - 1,
	};
	bool linear = layout < SST_TEST_PAGE;
	struct sk_buff *skb;
	int err = 0;

	skb = new_linear(bytes, linear ? len : head, tailroom[layout]);
	KUNIT_ASSERT_NOT_NULL(test, skb);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_skb, skb));

	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = htons(bytes[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
	if (layout == SST_TEST_PAGE)
		err = add_pages(skb, bytes + head, len - head, 1);
	else if (layout == SST_TEST_FULL)
		err = add_pages(skb, bytes + head, len - head, MAX_SKB_FRAGS);
	else if (layout == SST_TEST_LIST)
		err = add_list(skb, bytes + head, len - head);
	KUNIT_ASSERT_EQ(test, 0, err);
	KUNIT_ASSERT_EQ(test, len, skb->len);
	return skb;
}

struct sk_buff *sst_test_skb_clone(struct kunit *test, struct sk_buff *skb)
{
	struct sk_buff *clone = skb_clone(skb, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_skb, clone));
	return clone;
}

void sst_test_skb_free(struct kunit *test, struct sk_buff *skb)
{
	kunit_release_action(test, free_skb, skb);
}

/* Somebody else freed the packet or will. */
void sst_test_skb_stolen(struct kunit *test, struct sk_buff *skb)
{
	kunit_remove_action(test, free_skb, skb);
}

/* The packet as a device would send it: it fills in a checksum left to it. */
void sst_test_skb_bytes(struct kunit *test, const struct sk_buff *skb, u8 *out)
{
	unsigned int start;
	u16 sum;

	KUNIT_ASSERT_LE(test, skb->len, SST_TEST_PACKET_MAX);
	KUNIT_ASSERT_EQ(test, 0, skb_copy_bits(skb, 0, out, skb->len));
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return;
	start = skb_checksum_start_offset(skb);
	KUNIT_ASSERT_LT(test, start + skb->csum_offset + 1, skb->len);
	sum = ~sst_test_fold(sst_test_sum(out + start, skb->len - start, 0));
	if (!sum && skb->csum_offset == offsetof(struct udphdr, check))
		sum = 0xffff;
	put_unaligned_be16(sum, out + start + skb->csum_offset);
}

static void free_net(void *ptr)
{
	sst_pernet_cleanup(ptr);
}

/*
 * State of a namespace that no hook and no netlink handler knows. Events ask
 * the real namespace for listeners, of which there are none.
 */
struct sst_net *sst_test_net(struct kunit *test)
{
	struct sst_net *sn = kunit_kzalloc(test, sizeof(*sn), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sn);
	KUNIT_ASSERT_EQ(test, 0, sst_pernet_setup(sn, &init_net));
	KUNIT_ASSERT_EQ(test, 0, sst_portmap_alloc(&sn->flows.ports));
	KUNIT_ASSERT_EQ(test, 0, sst_portmap_alloc(&sn->tombs.ports));
	sn->cfg.max_flows = 1000;
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, free_net, sn));
	return sn;
}

/* The next allocation of this task from a slab fails. */
void sst_test_no_memory(struct kunit *test)
{
#ifdef CONFIG_FAILSLAB
	WRITE_ONCE(current->fail_nth, 1);
#else
	kunit_skip(test, "needs CONFIG_FAILSLAB");
#endif
}

u64 sst_test_stat(const struct sst_net *sn, int counter)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(sn->stats, cpu)->value[counter];
	return sum;
}

static void free_device(void *dev)
{
	free_netdev(dev);
}

/* A device of the initial namespace that is registered nowhere. */
struct net_device *sst_test_device(struct kunit *test, unsigned int mtu)
{
	struct net_device *dev = alloc_etherdev(0);

	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_device, dev));
	dev->mtu = mtu;
	return dev;
}

/* All that a packet at POST_ROUTING needs of its route is the path's MTU. */
struct route {
	struct rtable rt;
	struct dst_ops ops;
};

static unsigned int route_mtu(const struct dst_entry *dst)
{
	return dst->dev->mtu;
}

/* The sending hook, for a packet on its way to @dev; its MTU is the path's. */
unsigned int sst_test_egress(struct kunit *test, struct sst_net *sn,
			     struct sk_buff *skb, struct net_device *dev,
			     int (*okfn)(struct net *net, struct sock *sk,
					 struct sk_buff *skb))
{
	struct route *route = kunit_kzalloc(test, sizeof(*route), GFP_KERNEL);
	struct nf_hook_state state = {
		.hook = NF_INET_POST_ROUTING,
		.pf = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 :
							 NFPROTO_IPV6,
		.out = dev,
		.net = &init_net,
		.okfn = okfn,
	};
	unsigned int verdict;
	bool passes;

	KUNIT_ASSERT_NOT_NULL(test, route);
	route->ops.mtu = route_mtu;
	route->rt.dst.ops = &route->ops;
	route->rt.dst.dev = dev;
	dst_init_metrics(&route->rt.dst, dst_default_metrics.metrics, true);

	rcu_read_lock();
	skb_dst_set_noref(skb, &route->rt.dst);
	passes = sst_look_egress(sn, skb, state.pf, state.sk);
	verdict = sst_egress(sn, skb, &state);
	if ((verdict & NF_VERDICT_MASK) != NF_STOLEN)
		skb_dst_drop(skb);
	rcu_read_unlock();
	/* The first look says no more than the long one. */
	if (passes)
		KUNIT_EXPECT_EQ(test, NF_ACCEPT, verdict);
	return verdict;
}

/* The receiving hook, for a packet that came in by @dev. */
unsigned int sst_test_ingress(struct kunit *test, struct sst_net *sn,
			      struct sk_buff *skb, struct net_device *dev)
{
	struct nf_hook_state state = {
		.hook = NF_INET_PRE_ROUTING,
		.pf = skb->protocol == htons(ETH_P_IP) ? NFPROTO_IPV4 :
							 NFPROTO_IPV6,
		.in = dev,
		.net = &init_net,
	};
	unsigned int verdict;
	bool passes;

	/* As on its real way in. */
	local_bh_disable();
	rcu_read_lock();
	passes = sst_look_ingress(sn, skb, state.pf);
	verdict = sst_ingress(sn, skb, &state);
	rcu_read_unlock();
	local_bh_enable();
	if (passes)
		KUNIT_EXPECT_EQ(test, NF_ACCEPT, verdict);
	return verdict;
}

/* The sender of sst_test_build()'s packets is the remote end. */
void sst_test_tuple(struct sst_tuple *tuple, u8 family, u8 proto, u16 lport,
		    u16 rport)
{
	unsigned int i;

	memset(tuple, 0, sizeof(*tuple));
	if (family == NFPROTO_IPV4) {
		tuple->remote.ip = htonl(0xc0000211);
		tuple->local.ip = htonl(0xc6336422);
	} else {
		for (i = 0; i < 16; i++) {
			tuple->remote.in6.s6_addr[i] = 0x20 + 7 * i;
			tuple->local.in6.s6_addr[i] = 0x20 + 7 * (i + 16);
		}
	}
	tuple->lport = htons(lport);
	tuple->rport = htons(rport);
	tuple->proto = proto;
	tuple->family = family;
}

/* Put the sending key at a place that it would take long to reach. */
void sst_test_set_tx(struct sst_flow *flow, u16 kri, u64 next_seq)
{
	struct sst_tx_key *key = rcu_dereference_protected(flow->tx, true);

	key->kri = kri;
	atomic64_set(&key->next_seq, next_seq);
	key->first_use = jiffies;
	sst_kdf_packet_key(key->stream.key, flow->secret, flow->side, kri);
}

/* A receiver that was not there for the keys before, with a fresh window. */
void sst_test_set_rx(struct sst_flow *flow, u16 kri)
{
	struct sst_rx_key *key = rcu_dereference_protected(flow->rx, true);
	u8 peer = 3 - flow->side;

	key->kri = kri;
	sst_counters_clear(&key->replay);
	sst_kdf_packet_key(key->stream.key, flow->secret, peer, kri);
}

static void free_flow(void *flow)
{
	sst_flow_free(flow);
}

/* A flow in no table; freed with the test or by sst_test_flow_free(). */
struct sst_flow *sst_test_flow(struct kunit *test,
			       const struct sst_flow_params *params)
{
	struct sst_flow *flow = sst_flow_new(params);

	KUNIT_ASSERT_NOT_NULL(test, flow);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_flow, flow));
	return flow;
}

void sst_test_flow_free(struct kunit *test, struct sst_flow *flow)
{
	kunit_release_action(test, free_flow, flow);
}
