// SPDX-License-Identifier: GPL-2.0
/* Flow objects: made complete, never changed in their identity, wiped. */
#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "flow.h"

static struct kmem_cache *flow_cache;

int sst_flow_init(void)
{
	flow_cache = KMEM_CACHE(sst_flow, SLAB_ACCOUNT);
	return flow_cache ? 0 : -ENOMEM;
}

/* All flows were freed and the grace periods have passed (main.c). */
void sst_flow_exit(void)
{
	kmem_cache_destroy(flow_cache);
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

	flow = kmem_cache_zalloc(flow_cache, GFP_KERNEL);
	if (!flow)
		return NULL;
	flow->real = params->real;
	flow->wire = params->wire;
	flow->side = params->side;
	flow->scope = params->scope;
	flow->suite = params->suite;
	flow->state = SST_FLOW_STATE_LIVE;
	flow->added = get_jiffies_64();
	spin_lock_init(&flow->lock);
	sst_kdf_flow(flow->secret, params->key, &ctx);
	if (sst_key_start(flow)) {
		sst_flow_free(flow);
		return NULL;
	}
	return flow;
}

/**
 * sst_flow_free() - wipe and free a flow that no packet can use
 * @flow: flow that is in no table, or whose grace period has passed
 */
void sst_flow_free(struct sst_flow *flow)
{
	sst_key_stop(flow);
	memzero_explicit(flow->secret, sizeof(flow->secret));
	kmem_cache_free(flow_cache, flow);
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
