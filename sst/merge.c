// SPDX-License-Identifier: GPL-2.0
/*
 * Receive offload merges the segments of a TCP connection before the stack sees
 * them, but not those that are sealed: each has a trailer of its own. So it is
 * made up for here. Opened segments wait, in order, until the softirq that
 * brought them is through with its packets; those that follow one another are
 * one packet by then, as receive offload would have made it, and take the way
 * through PRE_ROUTING from its start.
 *
 * A device on which receive offload is off is left alone, and so is a packet that
 * nothing waits for: a short one, or the end of what was sent at once. None becomes
 * larger than receive offload may make it on this device.
 *
 * All is of one CPU, with softirqs off. What waits holds its device, and with it
 * its namespace.
 */
#include <linux/interrupt.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "compat.h"
#include "merge.h"

/* Packets that wait on a CPU, merged ones counted once; a power of two. */
#define WAITING_MAX	64
/* As many of them are compared with a new one, the latest first. */
#define COMPARED_MAX	8
/* IPv4 and IPv6 tell lengths in 16 bits. */
#define LENGTH_MAX	65535
/* Flags of TCP that differ among the parts of a packet. */
#define PART_FLAGS	(TCP_FLAG_PSH | TCP_FLAG_FIN)

/**
 * struct train - a packet that waits, and what was merged into it
 * @skb: the packet
 * @last: the last of its parts, @skb when it is the only one
 * @net: namespace
 * @dev: device that it came in by
 * @okfn: where its way goes on behind PRE_ROUTING
 * @tracker: of the reference to @dev
 * @next: sequence number that continues it
 * @size: payload bytes of its first part
 * @segs: parts
 * @most: bytes that it may have, from the network header on
 * @thoff: offset of the TCP header
 * @thlen: its length
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @open: more may follow
 */
struct train {
	struct sk_buff *skb;
	struct sk_buff *last;
	struct net *net;
	struct net_device *dev;
	int (*okfn)(struct net *net, struct sock *sk, struct sk_buff *skb);
	netdevice_tracker tracker;
	u32 next;
	u16 size;
	u16 segs;
	u16 most;
	u16 thoff;
	u16 thlen;
	u8 family;
	bool open;
};

/**
 * struct platform - what waits on a CPU
 * @first: number of the train that came first
 * @end: number behind the last one
 * @tasklet: lets them go when the softirq has no packet any more
 * @trains: in the order of their first packets, in a ring
 */
struct platform {
	u32 first;
	u32 end;
	struct tasklet_struct tasklet;
	struct train trains[WAITING_MAX];
};

static struct platform __percpu *platforms;

static struct train *nth(struct platform *platform, u32 n)
{
	return &platform->trains[n % WAITING_MAX];
}

static struct tcphdr *tcp_of(const struct sk_buff *skb, unsigned int thoff)
{
	return (struct tcphdr *)(skb_network_header(skb) + thoff);
}

/* The sum over a merged packet is left to whoever needs it. */
static void write_lengths(const struct train *train)
{
	struct sk_buff *skb = train->skb;
	struct tcphdr *th = tcp_of(skb, train->thoff);
	unsigned int seglen = skb->len - train->thoff;

	if (train->family == NFPROTO_IPV4) {
		struct iphdr *iph = ip_hdr(skb);

		iph->tot_len = htons(skb->len);
		ip_send_check(iph);
		th->check = ~tcp_v4_check(seglen, iph->saddr, iph->daddr, 0);
	} else {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		ip6h->payload_len = htons(seglen);
		th->check = ~csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, seglen,
					     IPPROTO_TCP, 0);
	}
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = (u8 *)th - skb->head;
	skb->csum_offset = offsetof(struct tcphdr, check);
}

static void finish(const struct train *train)
{
	struct skb_shared_info *shinfo = skb_shinfo(train->skb);

	if (train->segs == 1)
		return;
	write_lengths(train);
	shinfo->gso_size = train->size;
	shinfo->gso_segs = train->segs;
	shinfo->gso_type = train->family == NFPROTO_IPV4 ? SKB_GSO_TCPV4 :
							   SKB_GSO_TCPV6;
}

/* The whole way again: what comes first finds that it was opened (ingress.c). */
static void let_go(struct train *waiting)
{
	struct train train = *waiting;

	finish(&train);
	/* Never into a namespace where nobody has verified it. */
	if (net_eq(dev_net(train.dev), train.net))
		NF_HOOK(train.family, NF_INET_PRE_ROUTING, train.net, NULL,
			train.skb, train.dev, NULL, train.okfn);
	else
		kfree_skb(train.skb);
	netdev_put(train.dev, &train.tracker);
}

/* More may come to wait meanwhile, from a tunnel that they are the inside of. */
static void let_all_go(struct platform *platform)
{
	rcu_read_lock();
	while (platform->first != platform->end)
		let_go(nth(platform, platform->first++));
	rcu_read_unlock();
}

static void departure(struct tasklet_struct *tasklet)
{
	let_all_go(container_of(tasklet, struct platform, tasklet));
}

/* Nothing about the packet but what receive offload would have seen. */
static bool is_plain(struct sk_buff *skb)
{
	return !skb_is_gso(skb) && !skb_has_frag_list(skb) &&
	       !skb_cloned(skb) && !skb_get_nfct(skb) &&
	       !skb_vlan_tag_present(skb) && !skb_has_extensions(skb) &&
	       (skb->ip_summed == CHECKSUM_PARTIAL ||
		skb->ip_summed == CHECKSUM_UNNECESSARY);
}

static bool is_mergeable(const struct sst_pkt *pkt)
{
	unsigned int headers = pkt->tuple.family == NFPROTO_IPV4 ?
			       sizeof(struct iphdr) : sizeof(struct ipv6hdr);
	__be32 word = tcp_flag_word(tcp_of(pkt->skb, pkt->thoff));

	return pkt->thoff == headers && pkt->seglen > pkt->thlen &&
	       skb_headlen(pkt->skb) >= headers + pkt->thlen &&
	       !(word & (TCP_FLAG_SYN | TCP_FLAG_RST | TCP_FLAG_URG)) &&
	       is_plain(pkt->skb);
}

static bool same_network(const struct sk_buff *a, const struct sk_buff *b,
			 u8 family)
{
	if (family == NFPROTO_IPV4) {
		const struct iphdr *x = ip_hdr(a), *y = ip_hdr(b);

		return x->saddr == y->saddr && x->daddr == y->daddr;
	}
	return ipv6_addr_equal(&ipv6_hdr(a)->saddr, &ipv6_hdr(b)->saddr) &&
	       ipv6_addr_equal(&ipv6_hdr(a)->daddr, &ipv6_hdr(b)->daddr);
}

/* Is it the same connection? */
static bool is_same(const struct train *train, const struct sst_pkt *pkt,
		    const struct net_device *dev)
{
	const struct sk_buff *skb = pkt->skb;
	const struct tcphdr *a = tcp_of(train->skb, train->thoff);
	const struct tcphdr *b = tcp_of(skb, pkt->thoff);

	return a->source == b->source && a->dest == b->dest &&
	       train->family == pkt->tuple.family &&
	       train->dev == dev &&
	       same_network(train->skb, skb, train->family);
}

/* The rest of the network header, and what was noted beside the packet. */
static bool agrees(const struct sk_buff *a, const struct sk_buff *b, u8 family)
{
	if (a->mark != b->mark || a->priority != b->priority ||
	    a->pkt_type != b->pkt_type || a->skb_iif != b->skb_iif ||
	    a->ip_summed != b->ip_summed)
		return false;
	if (family == NFPROTO_IPV4)
		return ip_hdr(a)->tos == ip_hdr(b)->tos &&
		       ip_hdr(a)->ttl == ip_hdr(b)->ttl &&
		       ip_hdr(a)->frag_off == ip_hdr(b)->frag_off;
	return ipv6_hdr(a)->hop_limit == ipv6_hdr(b)->hop_limit &&
	       !memcmp(ipv6_hdr(a), ipv6_hdr(b), 4);
}

/* A TCP header is whole words, of which the options are few. */
static bool same_options(const struct tcphdr *a, const struct tcphdr *b,
			 unsigned int thlen)
{
	const u32 *x = (const u32 *)a, *y = (const u32 *)b;
	unsigned int i, differ = 0;

	for (i = sizeof(*a) / sizeof(u32); i < thlen / sizeof(u32); i++)
		differ |= x[i] ^ y[i];
	return !differ;
}

/* Does the packet continue the train? */
static bool follows(const struct train *train, const struct sst_pkt *pkt)
{
	const struct tcphdr *a = tcp_of(train->skb, train->thoff);
	const struct tcphdr *b = tcp_of(pkt->skb, pkt->thoff);
	unsigned int payload = sst_packet_payload(pkt, pkt->seglen);

	return train->open && train->thlen == pkt->thlen &&
	       train->next == ntohl(b->seq) && a->ack_seq == b->ack_seq &&
	       payload <= train->size &&
	       train->skb->len + payload <= train->most &&
	       !((tcp_flag_word(a) ^ tcp_flag_word(b)) & ~PART_FLAGS) &&
	       !b->cwr &&
	       same_options(a, b, train->thlen) &&
	       agrees(train->skb, pkt->skb, train->family);
}

/* The last part: a shorter one, or one that says so. */
static bool is_last(const struct train *train, const struct sst_pkt *pkt)
{
	__be32 word = tcp_flag_word(tcp_of(pkt->skb, pkt->thoff));

	return word & PART_FLAGS ||
	       sst_packet_payload(pkt, pkt->seglen) < train->size;
}

static void append(struct train *train, const struct sst_pkt *pkt)
{
	struct sk_buff *skb = pkt->skb, *head = train->skb;
	unsigned int payload = sst_packet_payload(pkt, pkt->seglen);

	tcp_flag_word(tcp_of(head, train->thoff)) |=
		tcp_flag_word(tcp_of(skb, pkt->thoff)) & PART_FLAGS;
	train->open = !is_last(train, pkt);
	train->next += payload;
	train->segs++;

	__skb_pull(skb, pkt->thoff + pkt->thlen);
	if (train->last == head)
		skb_shinfo(head)->frag_list = skb;
	else
		train->last->next = skb;
	train->last = skb;
	head->len += payload;
	head->data_len += payload;
	head->truesize += skb->truesize;
}

/* A socket or a route that was chosen already may be held by RCU alone. */
static bool may_wait(const struct sk_buff *skb)
{
	return !skb->sk && !skb_dst(skb);
}

/* The latest train of this connection, if it is not too far back. */
static struct train *find(struct platform *platform, const struct sst_pkt *pkt,
			  const struct net_device *dev)
{
	u32 n = platform->end, stop;

	stop = n - min_t(u32, n - platform->first, COMPARED_MAX);
	while (n != stop) {
		struct train *train = nth(platform, --n);

		if (is_same(train, pkt, dev))
			return train;
	}
	return NULL;
}

/* As receive offload has it: always less than the device's limit. */
static u16 largest(const struct net_device *dev, u8 family)
{
	unsigned int limit = sst_gro_max_size(dev, family);

	return limit ? min_t(unsigned int, limit - 1, LENGTH_MAX) : 0;
}

static void wait(struct platform *platform, const struct sst_pkt *pkt,
		 const struct nf_hook_state *state)
{
	struct tcphdr *th = tcp_of(pkt->skb, pkt->thoff);
	struct train *train;

	if (platform->end - platform->first == WAITING_MAX)
		let_all_go(platform);
	if (platform->first == platform->end)
		tasklet_schedule(&platform->tasklet);
	train = nth(platform, platform->end++);
	*train = (struct train) {
		.skb = pkt->skb,
		.last = pkt->skb,
		.net = state->net,
		.dev = state->in,
		.okfn = state->okfn,
		.size = sst_packet_payload(pkt, pkt->seglen),
		.segs = 1,
		.most = largest(state->in, pkt->tuple.family),
		.thoff = pkt->thoff,
		.thlen = pkt->thlen,
		.family = pkt->tuple.family,
	};
	train->next = ntohl(th->seq) + train->size;
	train->open = is_mergeable(pkt) && !is_last(train, pkt);
	netdev_hold(train->dev, &train->tracker, GFP_ATOMIC);
}

/**
 * sst_merge_take() - a packet was opened; merge it with those before it
 * @stats: counters of the namespace
 * @pkt: opened packet at PRE_ROUTING, its headers writable
 * @state: hook state
 *
 * Return: NF_ACCEPT when it goes on at once, NF_STOLEN when it waits or became
 * part of another one.
 */
unsigned int sst_merge_take(struct sst_stats __percpu *stats,
			    const struct sst_pkt *pkt,
			    const struct nf_hook_state *state)
{
	struct platform *platform;
	struct train *train;

	if (pkt->tuple.proto != IPPROTO_TCP || !in_softirq() ||
	    state->hook != NF_INET_PRE_ROUTING ||
	    !(state->in->features & NETIF_F_GRO) ||
	    sst_packet_is_bridged(pkt->skb))
		return NF_ACCEPT;
	platform = this_cpu_ptr(platforms);
	if (!may_wait(pkt->skb)) {
		let_all_go(platform);
		return NF_ACCEPT;
	}
	if (platform->first != platform->end) {
		train = find(platform, pkt, state->in);
		if (train && follows(train, pkt) && is_mergeable(pkt)) {
			append(train, pkt);
			sst_stats_inc(stats, SST_A_STATS_RX_MERGED);
			return NF_STOLEN;
		}
		/* It must not overtake those before it. */
		wait(platform, pkt, state);
		return NF_STOLEN;
	}
	if (!is_mergeable(pkt) ||
	    tcp_flag_word(tcp_of(pkt->skb, pkt->thoff)) & PART_FLAGS)
		return NF_ACCEPT;
	wait(platform, pkt, state);
	return NF_STOLEN;
}

/**
 * sst_merge_init() - prepare
 *
 * Return: 0 or -ENOMEM.
 */
int sst_merge_init(void)
{
	int cpu;

	platforms = alloc_percpu(struct platform);
	if (!platforms)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		tasklet_setup(&per_cpu_ptr(platforms, cpu)->tasklet, departure);
	return 0;
}

/**
 * sst_merge_exit() - the reverse; no packet comes by any more
 *
 * What waits goes on its way first.
 */
void sst_merge_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(platforms, cpu)->tasklet);
	free_percpu(platforms);
}
