// SPDX-License-Identifier: GPL-2.0
/*
 * Ends flows and keys whose time is over, keeps idle TCP connections alive, forgets
 * what need not be remembered any longer, and lets the module go when nothing is
 * left (protocol sections 6.10 to 6.12). In process context, a bounded number of
 * flows at a time.
 */
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/ktime.h>

#include "emit.h"
#include "expect.h"
#include "flow.h"
#include "key.h"
#include "life.h"
#include "peer.h"
#include "pernet.h"
#include "reaper.h"
#include "sock.h"
#include "state.h"

#define PERIOD	HZ

/* Flows that are looked at in one period, and under one RCU read section. */
#define FLOWS_PER_STEP	16384
#define FLOWS_PER_BATCH	64

/* What a look at a flow found. */
#define KEEP		0

static bool older_than(unsigned long then, unsigned int seconds)
{
	return time_after(jiffies, then + seconds * HZ);
}

static unsigned long last_verified(const struct sst_flow *flow)
{
	return (unsigned long)(READ_ONCE(flow->rx_last) ?: flow->added);
}

static u8 check_tcp(struct sst_net *sn, struct sst_flow *flow)
{
	unsigned long rx = last_verified(flow), tx = READ_ONCE(flow->tx_last);
	unsigned long last = time_after(rx, tx) ? rx : tx;
	bool closing = READ_ONCE(flow->state) == SST_FLOW_STATE_CLOSING;
	unsigned int lost;

	if (closing && !older_than(last, SST_TCP_CLOSING_SECONDS))
		return KEEP;
	if (!closing && !older_than(last, SST_TCP_KEEPALIVE_SECONDS))
		return KEEP;
	if (sst_sock_exists(sn->net, &flow->real)) {
		if (!closing && flow->role == SST_FLOW_ROLE_INITIATOR &&
		    flow->scope != SST_SCOPE_LABEL)
			sst_emit_empty(sn, flow);
		return KEEP;
	}
	if (closing)
		return SST_CLOSE_REASON_ENDED;
	/* A container's connection has no socket here: the peer keeps it alive. */
	lost = flow->scope == SST_SCOPE_LABEL ? SST_LABEL_LOST_SECONDS :
						SST_TCP_LOST_SECONDS;
	return older_than(rx, lost) ? SST_CLOSE_REASON_ENDED : KEEP;
}

static u8 check(struct sst_net *sn, struct sst_flow *flow)
{
	u8 state = READ_ONCE(flow->state);

	if (flow->role == SST_FLOW_ROLE_MANUAL)
		return KEEP;
	if (!sst_state_is_confirmed(state))
		return older_than(READ_ONCE(flow->opening->last),
				  SST_UNCONFIRMED_SECONDS) ?
		       SST_CLOSE_REASON_UNCONFIRMED : KEEP;
	if (flow->real.proto == IPPROTO_TCP)
		return check_tcp(sn, flow);
	return older_than(last_verified(flow), SST_UDP_IDLE_SECONDS) ?
	       SST_CLOSE_REASON_IDLE : KEEP;
}

/* What is known of a peer is written here, not for each packet. */
static void tell_peer(struct sst_net *sn, struct sst_flow *flow)
{
	u64 last = READ_ONCE(flow->rx_last);
	struct sst_peer *peer;

	peer = sst_peers_by_number(&sn->peers, flow->peer_id);
	if (!peer)
		return;
	sst_peer_tell(peer, flow);
	if (last > READ_ONCE(peer->rx_last))
		WRITE_ONCE(peer->rx_last, last);
}

/* Returns how many flows there were, FLOWS_PER_BATCH at most. */
static unsigned int look_at_batch(struct sst_reaper *reaper)
{
	struct sst_net *sn = reaper->sn;
	struct sst_flow *flow;
	unsigned int n;
	u8 reason;

	rcu_read_lock();
	for (n = 0; n < FLOWS_PER_BATCH; n++) {
		flow = sst_flowtable_next(&sn->flows, reaper->next);
		if (!flow) {
			reaper->next = 0;
			break;
		}
		reaper->next = flow->id + 1;
		tell_peer(sn, flow);
		sst_key_expire(flow);
		reason = check(sn, flow);
		if (reason != KEEP)
			sst_life_end(sn, flow, reason);
	}
	rcu_read_unlock();
	return n;
}

static void reap(struct work_struct *work)
{
	struct sst_reaper *reaper = container_of(to_delayed_work(work),
						 struct sst_reaper, work);
	struct sst_net *sn = reaper->sn;
	unsigned int n, done = 0;

	do {
		n = look_at_batch(reaper);
		done += n;
		cond_resched();
	} while (n == FLOWS_PER_BATCH && done < FLOWS_PER_STEP);

	sst_flowtable_expire(&sn->flows);
	sst_tomb_expire(&sn->tombs);
	sst_derived_expire(sn);
	sst_wish_expire(&sn->wishes);
	sst_expect_expire(&sn->expects);
	sst_limit_expire(&sn->limits, jiffies);
	sst_jar_expire(&sn->jar, ktime_get_boottime_seconds());
	sst_seen_expire(&sn->seen, ktime_get_real_seconds(),
			READ_ONCE(sn->cfg.opening_window));
	sst_seen_expire(&sn->seen_inits, ktime_get_real_seconds(),
			READ_ONCE(sn->cfg.opening_window));
	if (READ_ONCE(sn->pinned) && !READ_ONCE(sn->flows.count) &&
	    !sst_sock_any_carried(sn->net))
		sst_life_unpin(sn);
	queue_delayed_work(system_power_efficient_wq, &reaper->work, PERIOD);
}

/**
 * sst_reaper_init() - prepare
 * @reaper: of the namespace
 * @sn: the namespace
 */
void sst_reaper_init(struct sst_reaper *reaper, struct sst_net *sn)
{
	reaper->sn = sn;
	reaper->next = 0;
	INIT_DELAYED_WORK(&reaper->work, reap);
}

/**
 * sst_reaper_start() - begin to look every second
 * @sn: namespace that becomes active
 */
void sst_reaper_start(struct sst_net *sn)
{
	queue_delayed_work(system_power_efficient_wq, &sn->reaper.work, PERIOD);
}

/**
 * sst_reaper_kick() - look now: the last flow has ended
 * @sn: namespace; any context
 */
void sst_reaper_kick(struct sst_net *sn)
{
	/* Only when it runs, so that nothing starts it while it is stopped. */
	if (READ_ONCE(sn->hooked))
		mod_delayed_work(system_power_efficient_wq, &sn->reaper.work, 0);
}

/**
 * sst_reaper_stop() - look no more; waits for the look under way
 * @sn: namespace without hooks
 */
void sst_reaper_stop(struct sst_net *sn)
{
	cancel_delayed_work_sync(&sn->reaper.work);
}
