/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_PROBE_FLOW_H
#define SSTCTL_PROBE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse.h"

/* Sealed UDP flows that "sstctl doctor probe" opens by an ordinary socket. */

enum probe_flow_result {
	PROBE_FLOW_LIVE,	/* the peer answered the opening */
	PROBE_FLOW_SILENT,	/* it did not, in time */
	PROBE_FLOW_NO_KEY,	/* no key for that address */
	PROBE_FLOW_FAILED,	/* could not be tried; errno says why */
};

/**
 * struct probe_flow - a flow
 * @fd: its socket; -1: none
 * @refused: the peer said that nobody has the port. That may be about a packet
 *	that it opened, or about one that lost its mark
 */
struct probe_flow {
	int fd;
	bool refused;
};

/**
 * probe_flow_open() - open one, and wait for the answer of the peer
 * @flow: to be closed whatever the result is
 * @to: address of the peer
 * @port: real port there
 * @size: payload of its first datagrams; as many bytes of zero
 */
enum probe_flow_result probe_flow_open(struct probe_flow *flow,
				       const struct sst_addr *to, uint16_t port,
				       size_t size);

/*
 * On a flow that is live: does the peer say that nobody has the port, when a
 * datagram of this size comes?
 */
bool probe_flow_is_refused(struct probe_flow *flow, size_t size);

void probe_flow_close(struct probe_flow *flow);

#endif /* SSTCTL_PROBE_FLOW_H */
