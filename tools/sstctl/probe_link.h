/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_PROBE_LINK_H
#define SSTCTL_PROBE_LINK_H

#include <linux/if_packet.h>
#include <stdint.h>

#include "parse.h"
#include "probe_packet.h"

/*
 * Sends packets as they are, below the hooks of SST, which would seal them, and
 * reads ICMP before these hooks, which would put real ports into it.
 */

/**
 * struct probe_link - the way of packets to one host
 * @fd: packet socket, which gets ICMP of the family; -1 when closed
 * @to: the host
 * @from: address of this host that the route to it has
 * @next: the next hop
 * @mtu: of the device
 */
struct probe_link {
	int fd;
	struct sst_addr to;
	struct sst_addr from;
	struct sockaddr_ll next;
	unsigned int mtu;
};

/* Returns NULL, or what is wrong; then there is nothing to close. */
const char *probe_link_open(struct probe_link *link, const struct sst_addr *to);
void probe_link_close(struct probe_link *link);

/* Lost like any packet when it cannot be sent. */
void probe_link_send(const struct probe_link *link,
		     const struct probe_packet *packet);

/* Waits until @deadline (see probe_now()) at most. False: nothing came. */
bool probe_link_receive(const struct probe_link *link, int64_t deadline,
			struct probe_answer *answer);

/*
 * An echo request with this much payload from the kernel, which fragments it;
 * waits @ms at most. True when it is answered.
 */
bool probe_link_ping(const struct sst_addr *to, uint16_t id, size_t size,
		     unsigned int ms);

/* Milliseconds of a clock that nobody sets. */
int64_t probe_now(void);
void probe_sleep(unsigned int ms);

#endif /* SSTCTL_PROBE_LINK_H */
