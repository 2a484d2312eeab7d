// SPDX-License-Identifier: GPL-2.0
/* State of a network namespace: made, activated, taken down. */
#include <linux/percpu.h>
#include <linux/ktime.h>
#include <net/netns/generic.h>

#include "hook.h"
#include "life.h"
#include "pernet.h"
#include "wire.h"

#define MAX_FLOWS_DEFAULT	131072
#define MAX_HALF_OPEN_DEFAULT	4096
#define AUTH_REPORTS_PER_SECOND	10
/* Openings of hosts whose clock is wrong; each costs a key and a box. */
#define GUESSES_PER_SECOND	256
#define MAX_ASSOCS_DEFAULT	65536

static unsigned int sst_net_id __read_mostly;

/**
 * sst_pernet() - state of a namespace
 * @net: the namespace
 *
 * Return: its state; never NULL while the module's hooks or netlink family
 * can be reached.
 */
struct sst_net *sst_pernet(const struct net *net)
{
	return net_generic(net, sst_net_id);
}

/* Dropped packets are counted; the log need not hear of them. */
static void init_limit(struct ratelimit_state *limit, int per_second)
{
	ratelimit_state_init(limit, HZ, per_second);
	ratelimit_set_flags(limit, RATELIMIT_MSG_ON_RELEASE);
}

static int init_tables(struct sst_net *sn)
{
	int err;

	err = sst_flowtable_init(&sn->flows);
	if (err)
		return err;
	err = sst_used_keys_init(&sn->used_keys);
	if (err)
		goto no_keys;
	err = sst_peers_init(&sn->peers);
	if (err)
		goto no_peers;
	err = sst_derived_init(&sn->deriveds);
	if (err)
		goto no_deriveds;
	err = sst_queue_init(&sn->queue, sn);
	if (err)
		goto no_queue;
	err = sst_limit_init(&sn->limits);
	if (err)
		goto no_limits;
	err = sst_jar_init(&sn->jar);
	if (err)
		goto no_jar;
	err = sst_policy_init(&sn->policy);
	if (err)
		goto no_policy;
	err = sst_wish_init(&sn->wishes);
	if (err)
		goto no_wishes;
	err = sst_seen_init(&sn->seen, ktime_get_real_seconds());
	if (err)
		goto no_seen;
	err = sst_seen_init(&sn->seen_inits, ktime_get_real_seconds());
	if (err)
		goto no_seen_inits;
	err = sst_expect_init(&sn->expects);
	if (err)
		goto no_expects;
	err = sst_tomb_init(&sn->tombs);
	if (err)
		goto no_tombs;
	err = sst_source_init(&sn->sources);
	if (err)
		goto no_sources;
	return 0;

no_sources:
	sst_tomb_exit(&sn->tombs);
no_tombs:
	sst_expect_exit(&sn->expects);
no_expects:
	sst_seen_exit(&sn->seen_inits);
no_seen_inits:
	sst_seen_exit(&sn->seen);
no_seen:
	sst_wish_exit(&sn->wishes);
no_wishes:
	sst_policy_exit(&sn->policy);
no_policy:
	sst_jar_exit(&sn->jar);
no_jar:
	sst_limit_exit(&sn->limits);
no_limits:
	sst_queue_exit(&sn->queue);
no_queue:
	sst_derived_exit(&sn->deriveds);
no_deriveds:
	sst_peers_exit(&sn->peers);
no_peers:
	sst_used_keys_exit(&sn->used_keys);
no_keys:
	sst_flowtable_exit(&sn->flows);
	return err;
}

/**
 * sst_pernet_setup() - fill in the state of a namespace
 * @sn: zeroed
 * @net: the namespace
 *
 * Return: 0 or a negative errno.
 */
int sst_pernet_setup(struct sst_net *sn, struct net *net)
{
	int err;

	sn->net = net;
	sn->cfg = (struct sst_config) {
		.mark = SST_CONFIG_MARK(SST_MARK_IPV6_MASK,
					SST_MARK_IPV6_VALUE),
		.dscp = SST_DSCP_CLEAR,
		.rekey_packets = SST_SEQ_LIMIT,
		.rekey_seconds = SST_REKEY_SECONDS,
		.max_flows = MAX_FLOWS_DEFAULT,
		.opening_window = SST_WINDOW_SECONDS,
		.max_half_open = MAX_HALF_OPEN_DEFAULT,
		.max_assocs = MAX_ASSOCS_DEFAULT,
		.assoc_lifetime = SST_ASSOC_LIFETIME_SECONDS,
		.cookies = SST_COOKIE_MODE_LOAD,
		.init_from = SST_INIT_FROM_ANYONE,
	};
	init_limit(&sn->auth_limit, AUTH_REPORTS_PER_SECOND);
	init_limit(&sn->guess_limit, GUESSES_PER_SECOND);
	spin_lock_init(&sn->opening_lock);
	spin_lock_init(&sn->pin_lock);
	mutex_init(&sn->hook_lock);
	sst_answer_init(&sn->answers, sn);
	sst_reaper_init(&sn->reaper, sn);
	sst_hosts_init(&sn->hosts);
	sst_pairs_init(&sn->pairs);
	sst_prepare_init(&sn->prepare, sn);
	sst_cookies_init(&sn->cookies);

	sn->stats = alloc_percpu(struct sst_stats);
	if (!sn->stats)
		return -ENOMEM;
	err = init_tables(sn);
	if (err)
		free_percpu(sn->stats);
	return err;
}

/**
 * sst_pernet_cleanup() - the reverse
 * @sn: namespace in which no packet is under way
 *
 * What works by itself goes first.
 */
void sst_pernet_cleanup(struct sst_net *sn)
{
	sst_reaper_stop(sn);
	sst_answer_stop(&sn->answers);
	sst_queue_stop(&sn->queue);
	sst_prepare_stop(&sn->prepare);
	sst_life_end_all(sn, 0, SST_CLOSE_REASON_FLUSHED);
	sst_derived_flush(sn, 0);
	sst_life_unpin(sn);
	sst_source_exit(&sn->sources);
	sst_tomb_exit(&sn->tombs);
	sst_expect_exit(&sn->expects);
	sst_seen_exit(&sn->seen_inits);
	sst_seen_exit(&sn->seen);
	sst_wish_exit(&sn->wishes);
	sst_policy_exit(&sn->policy);
	sst_jar_exit(&sn->jar);
	sst_limit_exit(&sn->limits);
	sst_queue_exit(&sn->queue);
	sst_derived_exit(&sn->deriveds);
	sst_peers_exit(&sn->peers);
	sst_hosts_exit(&sn->hosts);
	sst_pairs_wipe(&sn->pairs);
	sst_cookies_exit(&sn->cookies);
	sst_used_keys_exit(&sn->used_keys);
	sst_flowtable_exit(&sn->flows);
	free_percpu(sn->stats);
}

/* All namespaces; those in which what is secret can be forgotten. */
static LIST_HEAD(namespaces);
static DEFINE_MUTEX(namespaces_lock);

static void forget(struct sst_net *sn)
{
	/* First what flows could be opened with. */
	sst_prepare_flush(&sn->prepare);
	sst_derived_flush(sn, 0);
	sst_pairs_wipe(&sn->pairs);
	sst_peers_wipe_encaps(&sn->peers);
	sst_cookies_forget(&sn->cookies);
	sst_jar_clear(&sn->jar);
	sst_life_end_all(sn, 0, SST_CLOSE_REASON_FORGOTTEN);
	/* Work, and then packets, under way may have made one of each. */
	sst_queue_flush(&sn->queue);
	synchronize_rcu();
	sst_derived_flush(sn, 0);
	sst_life_end_all(sn, 0, SST_CLOSE_REASON_FORGOTTEN);
}

/**
 * sst_pernet_forget_all() - forget all keys that have been in use
 *
 * In all namespaces: flows, associations, ephemeral keys that are ready, secrets
 * of cookies. Process context.
 */
void sst_pernet_forget_all(void)
{
	struct sst_net *sn;

	mutex_lock(&namespaces_lock);
	list_for_each_entry(sn, &namespaces, all)
		forget(sn);
	mutex_unlock(&namespaces_lock);
}

static int __net_init net_init(struct net *net)
{
	struct sst_net *sn = sst_pernet(net);
	int err = sst_pernet_setup(sn, net);

	if (err)
		return err;
	mutex_lock(&namespaces_lock);
	list_add(&sn->all, &namespaces);
	mutex_unlock(&namespaces_lock);
	return 0;
}

/*
 * First phase of the end: no new packet comes in. The core waits for those
 * under way before it calls net_exit().
 */
static void __net_exit net_pre_exit(struct net *net)
{
	struct sst_net *sn = sst_pernet(net);

	mutex_lock(&sn->hook_lock);
	if (sn->hooked)
		sst_hook_unregister(sn);
	WRITE_ONCE(sn->hooked, false);
	mutex_unlock(&sn->hook_lock);
}

static void __net_exit net_exit(struct net *net)
{
	struct sst_net *sn = sst_pernet(net);

	mutex_lock(&namespaces_lock);
	list_del(&sn->all);
	mutex_unlock(&namespaces_lock);
	sst_pernet_cleanup(sn);
}

static struct pernet_operations pernet_ops = {
	.init = net_init,
	.pre_exit = net_pre_exit,
	.exit = net_exit,
	.id = &sst_net_id,
	.size = sizeof(struct sst_net),
};

int sst_pernet_init(void)
{
	return register_pernet_subsys(&pernet_ops);
}

void sst_pernet_exit(void)
{
	unregister_pernet_subsys(&pernet_ops);
}

/**
 * sst_pernet_activate() - register the hooks of a namespace
 * @sn: namespace
 *
 * No packet of a namespace passes through the module before it has a flow, a
 * peer, a rule, or a socket or cgroup that asks for SST. Once active, it stays so until it
 * ends. May sleep; the caller holds no lock of a socket.
 *
 * Return: 0 or a negative errno.
 */
int sst_pernet_activate(struct sst_net *sn)
{
	int err = 0;

	/* Pairs with the release below: whoever sees the hooks sees the maps. */
	if (smp_load_acquire(&sn->hooked))
		return 0;
	mutex_lock(&sn->hook_lock);
	if (!sn->hooked) {
		err = sst_portmap_alloc(&sn->flows.ports) ?:
		      sst_portmap_alloc(&sn->tombs.ports) ?:
		      sst_hook_register(sn);
		if (!err) {
			/* Pairs with the acquire above. */
			smp_store_release(&sn->hooked, true);
			sst_reaper_start(sn);
		}
	}
	mutex_unlock(&sn->hook_lock);
	return err;
}
