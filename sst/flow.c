// SPDX-License-Identifier: GPL-2.0
/* Flow objects: made complete, never changed in their identity, wiped. */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/tcp.h>

#include "assoc.h"
#include "flow.h"
#include "held.h"
#include "state.h"

/**
 * struct sst_opened_flow - a flow that began with an opening
 * @flow: the flow; first, so that a flow is freed by its own address
 * @opening: what @flow.opening points to
 */
struct sst_opened_flow {
	struct sst_flow flow;
	struct sst_opening opening;
};

static_assert(offsetof(struct sst_opened_flow, flow) == 0);

/* Those without opening, and those with one. */
static struct kmem_cache *flow_cache, *opened_cache;

int sst_flow_init(void)
{
	flow_cache = KMEM_CACHE(sst_flow, SLAB_ACCOUNT);
	opened_cache = KMEM_CACHE(sst_opened_flow, SLAB_ACCOUNT);
	if (flow_cache && opened_cache)
		return 0;
	sst_flow_exit();
	return -ENOMEM;
}

/* All flows were freed and the grace periods have passed (main.c). */
void sst_flow_exit(void)
{
	kmem_cache_destroy(opened_cache);
	kmem_cache_destroy(flow_cache);
}

/* All that flows of both kinds have; what is behind it is zero. */
static struct sst_flow *flow_alloc(struct kmem_cache *cache,
				   const struct sst_tuple *real,
				   const struct sst_tuple *wire, gfp_t gfp)
{
	struct sst_flow *flow = kmem_cache_zalloc(cache, gfp);

	if (!flow)
		return NULL;
	flow->wire_entry = kzalloc(sizeof(*flow->wire_entry), gfp | __GFP_ACCOUNT);
	if (!flow->wire_entry) {
		kmem_cache_free(cache, flow);
		return NULL;
	}
	INIT_LIST_HEAD(&flow->wire_entry->ended);
	flow->wire_entry->tuple = *wire;
	rcu_assign_pointer(flow->wire_entry->flow, flow);
	flow->real = *real;
	flow->wire.lport = wire->lport;
	flow->wire.rport = wire->rport;
	flow->peer_port = real->rport;
	flow->lists_real = true;
	flow->added = get_jiffies_64();
	flow->tx_last = jiffies;
	spin_lock_init(&flow->lock);
	INIT_LIST_HEAD(&flow->waiting);
	if (real->proto == IPPROTO_UDP)
		INIT_LIST_HEAD(&flow->answer);
	return flow;
}

/**
 * sst_flow_new() - make a manually keyed flow
 * @params: all that it is
 *
 * The host with side 1 counts as the initiator.
 *
 * Return: the flow, in no table yet, or NULL without memory.
 */
struct sst_flow *sst_flow_new(const struct sst_flow_params *params)
{
	bool initiator = params->side == 1;
	struct sst_ctx ctx = {
		.scope = params->scope,
		.proto = params->real.proto,
		.initiator_side = 1,
		.initiator_port = initiator ? params->real.lport :
					      params->real.rport,
		.responder_port = initiator ? params->real.rport :
					      params->real.lport,
	};
	struct sst_flow *flow;

	flow = flow_alloc(flow_cache, &params->real, &params->wire, GFP_KERNEL);
	if (!flow)
		return NULL;
	flow->role = SST_FLOW_ROLE_MANUAL;
	flow->side = params->side;
	flow->scope = params->scope;
	flow->suite = params->suite;
	flow->state = SST_FLOW_STATE_LIVE;
	sst_kdf_flow(flow->secret, params->key, &ctx);
	if (sst_key_start(flow, GFP_KERNEL)) {
		sst_flow_free(flow);
		return NULL;
	}
	return flow;
}

/**
 * sst_flow_opened() - make a flow that begins with an opening
 * @real: real tuple
 * @wire: wire tuple; addresses, protocol and family are those of @real
 * @party: of the association or key that it is opened with
 * @role: SST_FLOW_ROLE_INITIATOR or SST_FLOW_ROLE_RESPONDER
 *
 * Its opening and its scope are still to be filled in. Softirq-safe.
 *
 * Return: the flow, in no table yet and without keys, or NULL without memory.
 */
struct sst_flow *sst_flow_opened(const struct sst_tuple *real,
				 const struct sst_tuple *wire,
				 const struct sst_party *party, u8 role)
{
	struct sst_flow *flow = flow_alloc(opened_cache, real, wire, GFP_ATOMIC);

	if (!flow)
		return NULL;
	flow->opening = &container_of(flow, struct sst_opened_flow, flow)->opening;
	sst_opening_begin(flow->opening, flow);
	flow->role = role;
	flow->state = role == SST_FLOW_ROLE_INITIATOR ?
		      SST_FLOW_STATE_OPENING : SST_FLOW_STATE_ACCEPTING;
	flow->side = party->side;
	flow->suite = party->suite;
	flow->peer_id = party->peer_id;
	return flow;
}

/* In scope label nothing is sealed with keys of the flow. */
static bool has_secret(const struct sst_flow *flow)
{
	return flow->scope != SST_SCOPE_LABEL;
}

/**
 * sst_flow_draw_secret() - what becomes the secret of a flow with an opening
 * @flow: flow without keys, with its scope
 * @flow_key: F of its association
 * @salt_i: salt of the initiator
 */
void sst_flow_draw_secret(struct sst_flow *flow,
			  const u8 flow_key[SST_SECRET_SIZE],
			  const u8 salt_i[SST_SALT_SIZE])
{
	if (has_secret(flow))
		sst_kdf_h(flow->secret, flow_key, salt_i);
}

/* sst_flow_set_secret() for scopes with keys. */
static int set_secret(struct sst_flow *flow, const u8 salt_r[SST_SALT_SIZE])
{
	bool initiator = flow->role == SST_FLOW_ROLE_INITIATOR;
	struct sst_ctx ctx = {
		.scope = flow->scope,
		.proto = flow->real.proto,
		.initiator_side = initiator ? flow->side :
					      sst_flow_peer_side(flow),
		.initiator_port = initiator ? flow->real.lport :
					      flow->peer_port,
		.responder_port = initiator ? flow->peer_port :
					      flow->real.lport,
	};
	u8 drawn[SST_SECRET_SIZE];
	int err;

	memcpy(drawn, flow->secret, sizeof(drawn));
	sst_kdf_h(flow->secret, drawn, salt_r);
	sst_kdf_flow(flow->secret, flow->secret, &ctx);
	err = sst_key_start(flow, GFP_ATOMIC);
	if (err)
		memcpy(flow->secret, drawn, sizeof(drawn));
	memzero_explicit(drawn, sizeof(drawn));
	return err;
}

/**
 * sst_flow_set_secret() - T and the first keys of a flow with an opening, if its
 *	scope has use for them
 * @flow: flow without keys, for which sst_flow_draw_secret() was called
 * @salt_r: salt of the responder
 *
 * Return: 0, or -ENOMEM: then it may be called again.
 */
int sst_flow_set_secret(struct sst_flow *flow, const u8 salt_r[SST_SALT_SIZE])
{
	return has_secret(flow) ? set_secret(flow, salt_r) : 0;
}

/**
 * sst_flow_tcp_end() - a packet ends a TCP connection, or one direction of it
 * @flow: the flow
 * @tcp_flags: TCPHDR_* of a packet that was sealed or verified
 * @fin: SST_TCP_FIN_TX or SST_TCP_FIN_RX, for its direction
 */
void sst_flow_tcp_end(struct sst_flow *flow, u8 tcp_flags, u8 fin)
{
	const u8 both = SST_TCP_FIN_TX | SST_TCP_FIN_RX;

	spin_lock_bh(&flow->lock);
	if (tcp_flags & TCPHDR_FIN)
		flow->tcp_ends |= fin;
	if (tcp_flags & TCPHDR_RST)
		flow->tcp_ends |= SST_TCP_RST;
	if (flow->tcp_ends & SST_TCP_RST || (flow->tcp_ends & both) == both)
		sst_state_move(flow, SST_FLOW_STATE_CLOSING);
	spin_unlock_bh(&flow->lock);
}

/**
 * sst_flow_free() - wipe and free a flow that no packet can use
 * @flow: flow that is in no table, or whose grace period has passed
 */
void sst_flow_free(struct sst_flow *flow)
{
	struct kmem_cache *cache = flow->opening ? opened_cache : flow_cache;

	sst_key_stop(flow);
	if (flow->opening)
		sst_opening_end(flow->opening);
	kfree(flow->wire_entry);
	sst_held_free(flow);
	memzero_explicit(flow->secret, sizeof(flow->secret));
	kmem_cache_free(cache, flow);
}

static void flow_free_cb(struct rcu_head *rcu)
{
	sst_flow_free(container_of(rcu, struct sst_flow, rcu));
}

/**
 * sst_flow_free_rcu() - free a flow once the packets using it are done
 * @flow: flow that was just unlinked
 */
void sst_flow_free_rcu(struct sst_flow *flow)
{
	call_rcu(&flow->rcu, flow_free_cb);
}
