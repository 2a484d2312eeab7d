/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_IPC_H
#define SSTCTL_IPC_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/sst_netlink.h>

#include "list.h"
#include "parse.h"

/*
 * All that knows netlink. Functions return 0 or a negative errno; then
 * ipc_error() has the words for it. The first call connects to the kernel.
 */

/**
 * struct sst_flow - a flow as the kernel shows it
 *
 * For the meaning of the members see the attributes in the specification. A
 * kernel may leave members out: they are 0 then.
 */
struct sst_flow {
	uint32_t id;
	uint8_t proto;
	struct sst_endpoint local;
	struct sst_endpoint remote;
	uint16_t wire_local;
	uint16_t wire_remote;
	uint8_t side;
	uint8_t scope;
	uint8_t suite;
	uint8_t state;
	uint16_t tx_kri;
	uint32_t tx_seq;
	uint16_t rx_kri;
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint32_t age;
	uint32_t rx_idle;
	bool has_rx_idle;
	uint8_t close_reason;
	uint8_t direction;
	uint32_t missed;
	uint8_t role;
	uint16_t peer_port;
	char peer[SST_NAME_MAX + 1];
};

/**
 * struct sst_peer - a host with which a pre-shared key is shared, or whose
 *	public key is known
 * @has_public_key: its public key is known, and @wire_ports and @identity mean
 *	something instead of @side
 *
 * The members are as in struct sst_flow.
 */
struct sst_peer {
	char name[SST_NAME_MAX + 1];
	struct sst_addrs addrs;
	uint8_t side;
	uint8_t suite;
	bool has_public_key;
	uint8_t public_key[SST_KEY_SIZE];
	struct sst_ports wire_ports;
	uint8_t identity;
	uint32_t assocs;
	uint32_t handshake_age;
	bool has_handshake;
	uint64_t tx_bytes;
	uint64_t rx_bytes;
	uint32_t flows;
	uint32_t rx_idle;
	bool has_rx_idle;
};

/**
 * struct sst_peer_params - a peer to be added
 * @psk: pre-shared key; NULL: by its public key
 * @identity: 0: the default
 */
struct sst_peer_params {
	struct sst_addrs addrs;
	const struct sst_psk *psk;
	bool has_public_key;
	uint8_t public_key[SST_KEY_SIZE];
	struct sst_ports wire_ports;
	uint8_t identity;
};

/**
 * struct sst_host - a key of this host; the members are as in struct sst_flow
 */
struct sst_host {
	char name[SST_NAME_MAX + 1];
	uint8_t public_key[SST_KEY_SIZE];
	uint8_t key_id[SST_ID_SIZE];
	uint32_t age;
	uint64_t inits;
	uint32_t init_idle;
	bool has_init_idle;
};

/**
 * struct sst_assoc - an association; the members are as in struct sst_flow
 */
struct sst_assoc {
	uint8_t id[SST_ID_SIZE];
	char peer[SST_NAME_MAX + 1];
	uint8_t origin;
	uint8_t side;
	uint8_t suite;
	struct sst_addr local;
	struct sst_addr remote;
	uint32_t age;
	uint32_t lifetime;
	bool has_identity;
	uint8_t identity[SST_KEY_SIZE];
};

/**
 * struct sst_rule - a rule of the policy
 * @prefix: without family: both of them
 * @proto: 0: both of them
 * @ports: first 0: all of them
 * @has_priority: in a request: not the default
 * @peer: empty: all of them
 * @scope: 0 in a request: the default
 * @mark: 0 in a request: the default
 * @cgroup: its path, NULL when it does not matter; see rule_free()
 * @cgroup_id: its number, 0 in a request
 */
struct sst_rule {
	uint32_t id;
	uint8_t direction;
	struct sst_prefix prefix;
	uint8_t proto;
	struct sst_ports ports;
	uint8_t verdict;
	uint32_t priority;
	bool has_priority;
	char peer[SST_NAME_MAX + 1];
	uint8_t scope;
	uint8_t mark;
	struct sst_uids uids;
	char *cgroup;
	uint64_t cgroup_id;
	bool cgroup_gone;
	uint64_t hits;
};

/* More than the kernel shows. */
#define SST_WISH_PATH_SIZE 4096

/**
 * struct sst_query - a flow of which "sstctl explain" asks what becomes of it
 * @direction: SST_POLICY_DIRECTION_*
 * @proto: IPPROTO_TCP or IPPROTO_UDP
 * @remote: the other host, and the port of the service
 * @uids: given: one user
 * @cgroup: NULL when nothing is said about it
 */
struct sst_query {
	uint8_t direction;
	uint8_t proto;
	struct sst_endpoint remote;
	struct sst_uids uids;
	const char *cgroup;
};

/**
 * struct sst_explanation - the answer
 * @rule: the rule that decides
 * @has_rule: there is one
 * @outcome: SST_POLICY_OUTCOME_*
 * @key: SST_POLICY_KEY_*, or 0 when there is none
 * @peer: whose key it is; empty when it is one of this host
 */
struct sst_explanation {
	struct sst_rule rule;
	bool has_rule;
	uint8_t outcome;
	uint8_t key;
	char peer[SST_NAME_MAX + 1];
};

/**
 * struct sst_wish - a cgroup whose sockets ask for SST
 * @cgroup_id: its id; with this it is asked for
 * @path: of the cgroup, as it is seen here
 * @verdict: prefer or require
 * @user: on whose account the wish goes
 */
struct sst_wish {
	uint64_t cgroup_id;
	char path[SST_WISH_PATH_SIZE];
	uint8_t verdict;
	uint32_t user;
};

/**
 * struct sst_config - the tunables of a namespace
 * @present: bit (1 << SST_A_CONFIG_x) is set for each value that is here
 * @value: the values by attribute number
 */
struct sst_config {
	uint32_t present;
	uint32_t value[SST_A_CONFIG_MAX + 1];
};

_Static_assert(SST_A_CONFIG_MAX < 32, "struct sst_config has a bit for each");

/**
 * struct sst_stats - the counters of a namespace by attribute number
 * @present: set for each value that is here
 */
struct sst_stats {
	bool present[SST_A_STATS_MAX + 1];
	uint64_t value[SST_A_STATS_MAX + 1];
};

typedef void (*ipc_flow_fn)(const struct sst_flow *flow, void *data);
/* @cmd is SST_CMD_FLOW_OPENED and so on. Returns false to end. */
typedef bool (*ipc_event_fn)(uint8_t cmd, const struct sst_flow *flow,
			     void *data);

/* The request is wiped before this returns; the caller wipes @key. */
int ipc_flow_add(const struct sst_flow *flow, const uint8_t key[SST_KEY_SIZE],
		 uint32_t *id);
int ipc_flow_del(uint32_t id);
int ipc_flow_get(uint32_t id, ipc_flow_fn fn, void *data);
int ipc_flow_dump(ipc_flow_fn fn, void *data);
/* All flows when @proto is 0. */
int ipc_flow_flush(uint8_t proto);

/* As ipc_flow_add(): the caller wipes the pre-shared key. */
int ipc_peer_add(const char *name, const struct sst_peer_params *params);
int ipc_peer_del(const char *name);
int ipc_peer_get(const char *name, struct sst_peer *peer);
/* A list of struct sst_peer by their names; the caller frees it. */
int ipc_peer_list(struct list *peers);
/* The one of a list from the kernel that has this name, or NULL. */
const struct sst_peer *ipc_peer_by_name(const struct list *peers, const char *name);

/* As ipc_flow_add(): the caller wipes @key. */
int ipc_host_add(const char *name, const uint8_t key[SST_KEY_SIZE]);
int ipc_host_del(const char *name);
int ipc_host_get(const char *name, struct sst_host *host);
/* A list of struct sst_host, the oldest first; the caller frees it. */
int ipc_host_list(struct list *hosts);

int ipc_assoc_get(const uint8_t id[SST_ID_SIZE], struct sst_assoc *assoc);
/* A list of struct sst_assoc, the oldest first; the caller frees it. */
int ipc_assoc_list(struct list *assocs);
int ipc_assoc_flush(void);

int ipc_policy_add(const struct sst_rule *rule, uint32_t *id);
int ipc_policy_del(uint32_t id);
int ipc_policy_get(uint32_t id, struct sst_rule *rule);
/*
 * A list of struct sst_rule in the order in which the kernel goes by them, for
 * rules_free().
 */
int ipc_policy_list(struct list *rules);
/*
 * All rules at once in the place of those that are there, the oldest first. After
 * a failure @bad is the index of the rule that it is about, or @count.
 */
int ipc_policy_replace(const struct sst_rule *rules, size_t count, size_t *bad);
int ipc_policy_explain(const struct sst_query *query,
		       struct sst_explanation *explanation);
void rule_free(struct sst_rule *rule);
void rules_free(struct list *rules);
/* Both directions when @direction is 0. */
int ipc_policy_flush(uint8_t direction);

/* @cgroup_fd is the open directory of a cgroup. */
int ipc_wish_add(int cgroup_fd, uint8_t verdict);
int ipc_wish_get(uint64_t id, struct sst_wish *wish);
/* A list of struct sst_wish; the caller frees it. */
int ipc_wish_list(struct list *wishes);

/* End SST in the namespace. */
int ipc_shutdown(void);

int ipc_stats_get(struct sst_stats *stats);
int ipc_config_get(struct sst_config *config);
int ipc_config_set(const struct sst_config *config);

/* Subscribe to the events of the namespace. */
int ipc_events_join(void);
/* The socket to wait on for events. */
int ipc_events_fd(void);
/* -ENOBUFS: events were lost, go on. -ENODEV: the module went away. */
int ipc_events_read(ipc_event_fn fn, void *data);

void ipc_close(void);
const char *ipc_error(void);
/* What the kernel said about the last request, which it did; or empty. */
const char *ipc_warning(void);

#endif /* SSTCTL_IPC_H */
