/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_DOCTOR_H
#define SSTCTL_DOCTOR_H

#include "ipc.h"

/* The checks of "sstctl doctor". Each prints what it finds (finding.h). */

/**
 * struct doctor_view - what there is in the network namespace
 * @config: the tunables
 * @stats: the counters
 * @hosts: of struct sst_host
 * @peers: of struct sst_peer
 * @rules: of struct sst_rule
 * @assocs: of struct sst_assoc
 */
struct doctor_view {
	struct sst_config config;
	struct sst_stats stats;
	struct list hosts;
	struct list peers;
	struct list rules;
	struct list assocs;
};

void doctor_version(void);
void doctor_kernel(void);
void doctor_clock(void);
/* @config: NULL without the module. */
void doctor_sysctls(const struct sst_config *config);
void doctor_hooks(const struct doctor_view *view);

void doctor_hosts(const struct doctor_view *view);
void doctor_peers(const struct doctor_view *view);
void doctor_limits(const struct doctor_view *view);
/* Does the secret in this file suit the host keys, and who can read it? */
void doctor_key_file(const struct doctor_view *view, const char *name);

void doctor_policy(const struct doctor_view *view);
void doctor_counters(const struct doctor_view *view);

/*
 * What the path to this address does with packets of SST. @port is a real port
 * there. Needs CAP_NET_RAW.
 */
void doctor_path(const struct doctor_view *view, const struct sst_addr *addr,
		 uint16_t port);

/* Is the address among those of the prefix? */
bool doctor_in_prefix(const struct sst_prefix *prefix, const struct sst_addr *addr);
/* Has the peer an address there? */
bool doctor_peer_in(const struct sst_peer *peer, const struct sst_prefix *prefix);

#endif /* SSTCTL_DOCTOR_H */
