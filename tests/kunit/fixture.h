/* SPDX-License-Identifier: GPL-2.0 */
/* Packets, flows and namespaces that the suites are made with. */
#ifndef _SST_KUNIT_FIXTURE_H
#define _SST_KUNIT_FIXTURE_H

#include <kunit/test.h>
#include <linux/skbuff.h>
#include <linux/types.h>

#include "flow.h"
#include "packet.h"
#include "pernet.h"

/* The largest packet that a suite builds. */
#define SST_TEST_PACKET_MAX	2048

/**
 * struct sst_test_desc - a packet to build
 * @family: NFPROTO_IPV4 or NFPROTO_IPV6
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @dsfield: TOS or traffic class
 * @no_check: UDP without a checksum
 * @payload: bytes of payload
 */
struct sst_test_desc {
	u8 family;
	u8 proto;
	u8 dsfield;
	bool no_check;
	u16 payload;
};

#define SST_TEST_SPORT		41000
#define SST_TEST_DPORT		443

/**
 * enum sst_test_layout - how a packet lies in memory
 * @SST_TEST_ROOM: linear, with room for a trailer
 * @SST_TEST_EXACT: linear, with room for just a trailer
 * @SST_TEST_ALMOST: linear, one byte short of room for a trailer
 * @SST_TEST_TIGHT: linear, no room at all
 * @SST_TEST_PAGE: all behind the head in one page fragment
 * @SST_TEST_FULL: all behind the head in MAX_SKB_FRAGS page fragments
 * @SST_TEST_LIST: all behind the head in two buffers of a frag_list
 * @SST_TEST_LAYOUTS: how many there are
 */
enum sst_test_layout {
	SST_TEST_ROOM,
	SST_TEST_EXACT,
	SST_TEST_ALMOST,
	SST_TEST_TIGHT,
	SST_TEST_PAGE,
	SST_TEST_FULL,
	SST_TEST_LIST,
	SST_TEST_LAYOUTS,
};

extern const char *const sst_test_layouts[SST_TEST_LAYOUTS];

u32 sst_test_sum(const u8 *bytes, unsigned int len, u32 sum);
u16 sst_test_fold(u32 sum);
u16 sst_test_transport_sum(const u8 *packet, unsigned int len,
			   unsigned int thoff, u8 proto);
unsigned int sst_test_headers(const struct sst_test_desc *desc);
void sst_test_finish(u8 *packet, unsigned int len,
		     const struct sst_test_desc *desc);
unsigned int sst_test_build(u8 *packet, const struct sst_test_desc *desc);
unsigned int sst_test_network_size(u8 family);
unsigned int sst_test_check_offset(u8 proto);

struct sk_buff *sst_test_skb(struct kunit *test, const u8 *bytes,
			     unsigned int len, enum sst_test_layout layout,
			     unsigned int head);
struct sk_buff *sst_test_skb_clone(struct kunit *test, struct sk_buff *skb);
void sst_test_skb_free(struct kunit *test, struct sk_buff *skb);
void sst_test_skb_stolen(struct kunit *test, struct sk_buff *skb);
void sst_test_skb_bytes(struct kunit *test, const struct sk_buff *skb, u8 *out);

struct sst_net *sst_test_net(struct kunit *test);
void sst_test_no_memory(struct kunit *test);
u64 sst_test_stat(const struct sst_net *sn, int counter);
struct net_device *sst_test_device(struct kunit *test, unsigned int mtu);
unsigned int sst_test_egress(struct kunit *test, struct sst_net *sn,
			     struct sk_buff *skb, struct net_device *dev,
			     int (*okfn)(struct net *net, struct sock *sk,
					 struct sk_buff *skb));
unsigned int sst_test_ingress(struct kunit *test, struct sst_net *sn,
			      struct sk_buff *skb, struct net_device *dev);
void sst_test_tuple(struct sst_tuple *tuple, u8 family, u8 proto, u16 lport,
		    u16 rport);
void sst_test_set_tx(struct sst_flow *flow, u16 kri, u64 next_seq);
void sst_test_set_rx(struct sst_flow *flow, u16 kri);
struct sst_flow *sst_test_flow(struct kunit *test,
			       const struct sst_flow_params *params);
void sst_test_flow_free(struct kunit *test, struct sst_flow *flow);

#endif /* _SST_KUNIT_FIXTURE_H */
