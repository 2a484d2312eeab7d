/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only file that knows kernel versions. The module is written for the
 * newest kernel of the supported list (6.12); each entry says what differs
 * before it, and can go when that kernel leaves the list.
 */
#ifndef _SST_COMPAT_H
#define _SST_COMPAT_H

#include <linux/version.h>

/* 6.5 moved software segmentation from netdevice.h to a header of its own. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#include <linux/netdevice.h>
#else
#include <net/gso.h>
#endif

/* 6.10 moved references to the pages of a packet to a header of their own. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#include <linux/skbuff.h>
#else
#include <linux/skbuff_ref.h>
#endif

/* 6.12 moved the unaligned accessors from asm to linux. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/* 6.7 gave the question whether a device is to encrypt a packet a function. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#include <linux/skbuff.h>
static inline bool skb_is_decrypted(const struct sk_buff *skb)
{
#ifdef CONFIG_TLS_DEVICE
	return skb->decrypted;
#else
	return false;
#endif
}
#endif

/* 6.7 made the flags of inet sockets, and 6.8 those of IPv6 ones, atomic bits. */
#include <linux/ipv6.h>
#include <net/inet_sock.h>
static inline bool sst_sock_recverr(const struct sock *sk, bool ipv4)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	return ipv4 ? inet_sk(sk)->recverr : inet6_sk(sk)->recverr;
#else
	return ipv4 ? inet_test_bit(RECVERR, sk) : inet6_test_bit(RECVERR6, sk);
#endif
}

/* 6.2 gave namespaces a table of UDP sockets of their own, if they want one. */
#include <net/udp.h>
static inline struct udp_table *sst_udp_table(const struct net *net)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return &udp_table;
#else
	return net->ipv4.udp_table;
#endif
}

/*
 * May segments be copied and summed up while a packet is cut, for a device that will
 * not do it? On 6.12 it takes less than doing so for each of them, on 6.1 more: of TCP
 * over IPv4 17673 instructions a segment, and 13490.
 */
static inline bool sst_cuts_for_device(void)
{
	return LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0);
}

/* 6.3 gave receive offload a limit of its own for IPv4. */
#include <linux/netdevice.h>
#include <linux/netfilter.h>
static inline unsigned int sst_gro_max_size(const struct net_device *dev,
					    u8 family)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return READ_ONCE(dev->gro_max_size);
#else
	return family == NFPROTO_IPV4 ? READ_ONCE(dev->gro_ipv4_max_size) :
					READ_ONCE(dev->gro_max_size);
#endif
}

#endif /* _SST_COMPAT_H */
