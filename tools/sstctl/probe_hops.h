/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_PROBE_HOPS_H
#define SSTCTL_PROBE_HOPS_H

#include <stdbool.h>
#include <stdint.h>

#include "parse.h"
#include "probe_link.h"

/*
 * What routers and the host at the end say about packets with the mark and
 * without: routers that see the last hop of a packet quote its header as they
 * got it.
 */

/* The longest path that is looked at. */
#define PROBE_HOPS_MAX 30

/* A datagram of each kind goes to each hop. */
enum probe_kind {
	PROBE_PLAIN,	/* no mark, DSCP 0 */
	PROBE_MARKED,	/* the mark */
	PROBE_DSCP,	/* no mark, DSCP 46 */
	PROBE_KINDS,
};

/**
 * struct probe_seen - what is known of one kind at one hop
 * @answered: the router said something
 * @same: the header was still as it was sent
 */
struct probe_seen {
	bool answered;
	bool same;
};

/**
 * struct probe_hop - a router, or the host at the end
 * @addr: its address; without family nobody answered
 * @is_end: it is the host
 * @seen: by enum probe_kind
 */
struct probe_hop {
	struct sst_addr addr;
	bool is_end;
	struct probe_seen seen[PROBE_KINDS];
};

/**
 * struct probe_path - all of them, the nearest first
 * @count: hops up to the last one that answered
 */
struct probe_path {
	unsigned int count;
	struct probe_hop hop[PROBE_HOPS_MAX];
};

/**
 * struct probe_echoes - echo requests to the host at the end
 * @plain: one without mark was answered
 * @marked: one with the mark was
 * @full: one as large as the MTU of the device was, or somebody said that it is
 *	too big
 */
struct probe_echoes {
	bool plain;
	bool marked;
	bool full;
};

/* @mark: traffic class bits of the mark over IPv6. */
void probe_hops(const struct probe_link *link, uint8_t mark,
		struct probe_path *path);
void probe_echoes(const struct probe_link *link, uint8_t mark,
		  struct probe_echoes *echoes);

/* Is an echo request with this much payload, without mark, answered? */
bool probe_is_echoed(const struct probe_link *link, size_t size);

#endif /* SSTCTL_PROBE_HOPS_H */
