// SPDX-License-Identifier: GPL-2.0
/*
 * Packet keys of a flow: counters, rotation and replay windows (protocol
 * section 5).
 *
 * Keys are complete before they are published and are replaced, not changed;
 * readers are under RCU. Sending: a counter is taken with one atomic step, so
 * CPUs that seal for one flow share no lock. Receiving: the replay window is
 * under the lock of the flow.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "event.h"
#include "flow.h"
#include "kdf.h"
#include "key.h"
#include "pernet.h"
#include "state.h"
#include "stats.h"

/* Packets a second and flow that may try a key more than one step ahead. */
#define TRIALS_PER_SECOND	16

static struct kmem_cache *tx_cache;
static struct kmem_cache *rx_cache;

int sst_key_init(void)
{
	tx_cache = KMEM_CACHE(sst_tx_key, SLAB_ACCOUNT);
	if (!tx_cache)
		return -ENOMEM;
	rx_cache = KMEM_CACHE(sst_rx_key, SLAB_ACCOUNT);
	if (!rx_cache) {
		kmem_cache_destroy(tx_cache);
		return -ENOMEM;
	}
	return 0;
}

/* All keys were freed and the grace periods have passed (main.c). */
void sst_key_exit(void)
{
	kmem_cache_destroy(rx_cache);
	kmem_cache_destroy(tx_cache);
}

static void tx_key_free(struct sst_tx_key *key)
{
	if (!key)
		return;
	sst_keystream_end(&key->stream);
	kmem_cache_free(tx_cache, key);
}

static void tx_key_free_cb(struct rcu_head *rcu)
{
	tx_key_free(container_of(rcu, struct sst_tx_key, rcu));
}

static void rx_key_free(struct sst_rx_key *key)
{
	if (!key)
		return;
	sst_keystream_end(&key->stream);
	sst_counters_free(&key->replay);
	kmem_cache_free(rx_cache, key);
}

static void rx_key_free_cb(struct rcu_head *rcu)
{
	rx_key_free(container_of(rcu, struct sst_rx_key, rcu));
}

static struct sst_tx_key *tx_key_new(const struct sst_flow *flow, u16 kri,
				     gfp_t gfp)
{
	struct sst_tx_key *key = kmem_cache_zalloc(tx_cache, gfp);

	if (!key)
		return NULL;
	key->kri = kri;
	key->first_use = jiffies;
	sst_kdf_packet_key(key->stream.key, flow->secret, flow->side, kri);
	sst_keystream_start(&key->stream);
	return key;
}

static struct sst_rx_key *rx_key_new(const struct sst_flow *flow, u16 kri,
				     gfp_t gfp)
{
	struct sst_rx_key *key = kmem_cache_zalloc(rx_cache, gfp);

	if (!key)
		return NULL;
	key->kri = kri;
	sst_kdf_packet_key(key->stream.key, flow->secret,
			   sst_flow_peer_side(flow), kri);
	sst_keystream_start(&key->stream);
	return key;
}

/**
 * sst_key_start() - make the first keys of both directions
 * @flow: flow with its secret; no packet uses its keys yet
 * @gfp: how to allocate
 *
 * Return: 0 or -ENOMEM; then the flow has no keys.
 */
int sst_key_start(struct sst_flow *flow, gfp_t gfp)
{
	struct sst_tx_key *tx = tx_key_new(flow, 0, gfp);
	struct sst_rx_key *rx = rx_key_new(flow, 0, gfp);

	if (!tx || !rx) {
		tx_key_free(tx);
		rx_key_free(rx);
		return -ENOMEM;
	}
	rcu_assign_pointer(flow->tx, tx);
	rcu_assign_pointer(flow->rx, rx);
	return 0;
}

/**
 * sst_key_stop() - free all keys
 * @flow: flow that no packet can use any more
 */
void sst_key_stop(struct sst_flow *flow)
{
	tx_key_free(rcu_dereference_protected(flow->tx, true));
	rx_key_free(rcu_dereference_protected(flow->rx, true));
	rx_key_free(rcu_dereference_protected(flow->rx_prev, true));
}

/*
 * The caller found @old used up. Of several CPUs that did, one moves the flow
 * on and the others find that done.
 */
static noinline_for_stack int
rotate_tx(struct sst_net *sn, struct sst_flow *flow,
	  const struct sst_tx_key *old)
{
	struct sst_tx_key *cur, *next;
	bool ended;

	if (old->kri == SST_KRI_MAX) {
		spin_lock_bh(&flow->lock);
		ended = sst_state_move(flow, SST_FLOW_STATE_EXHAUSTED);
		spin_unlock_bh(&flow->lock);
		if (ended)
			sst_event_exhausted(sn, flow);
		return SST_A_STATS_TX_EXHAUSTED;
	}

	next = tx_key_new(flow, old->kri + 1, GFP_ATOMIC);
	if (!next)
		return SST_A_STATS_TX_NOMEM;

	spin_lock_bh(&flow->lock);
	cur = rcu_dereference_protected(flow->tx, lockdep_is_held(&flow->lock));
	if (cur == old) {
		rcu_assign_pointer(flow->tx, next);
		next = NULL;
	}
	spin_unlock_bh(&flow->lock);

	if (next) {
		tx_key_free(next);
		return 0;
	}
	call_rcu(&cur->rcu, tx_key_free_cb);
	sst_event_rotated(sn, flow, SST_DIRECTION_TX);
	return 0;
}

/**
 * sst_key_expire() - free the receiving key before the current one in time
 * @flow: the flow; the caller is in an RCU read section
 *
 * Nothing is opened with it any more (protocol K9), so neither it nor its blocks
 * need to stay until the next rotation.
 */
void sst_key_expire(struct sst_flow *flow)
{
	struct sst_rx_key *prev;

	if (!rcu_access_pointer(flow->rx_prev))
		return;
	spin_lock_bh(&flow->lock);
	prev = rcu_dereference_protected(flow->rx_prev,
					 lockdep_is_held(&flow->lock));
	if (prev && time_after(jiffies, prev->expires))
		RCU_INIT_POINTER(flow->rx_prev, NULL);
	else
		prev = NULL;
	spin_unlock_bh(&flow->lock);
	if (prev)
		call_rcu(&prev->rcu, rx_key_free_cb);
}

static bool tx_key_is_old(const struct sst_net *sn, const struct sst_tx_key *key)
{
	unsigned long max = READ_ONCE(sn->cfg.rekey_seconds) * HZ;

	return atomic64_read(&key->next_seq) &&
	       time_after(jiffies, READ_ONCE(key->first_use) + max);
}

/* One counter of a sending key, if it is neither too old nor used up. */
static __always_inline bool take_counter(const struct sst_net *sn,
					 const struct sst_flow *flow,
					 struct sst_tx_key *key, u32 *seq)
{
	u32 limit = READ_ONCE(sn->cfg.rekey_packets);
	u64 n;

	if (flow->scope == SST_SCOPE_PAYLOAD)
		limit = min(limit, SST_SEQ_LIMIT_PAYLOAD);
	if (tx_key_is_old(sn, key))
		return false;
	n = atomic64_inc_return(&key->next_seq) - 1;
	if (n >= limit)
		return false;
	if (!n)
		WRITE_ONCE(key->first_use, jiffies);
	*seq = n;
	return true;
}

/* Each turn but the last moves the flow to a newer key. */
static noinline int take_next(struct sst_net *sn, struct sst_flow *flow,
			      struct sst_tx_key **key, u32 *seq)
{
	int err;

	do {
		err = rotate_tx(sn, flow, *key);
		if (err)
			return err;
		*key = rcu_dereference(flow->tx);
	} while (!take_counter(sn, flow, *key, seq));
	return 0;
}

/**
 * sst_key_take() - take a key and a counter to seal one packet
 * @sn: namespace
 * @flow: the flow; the caller is in an RCU read section
 * @key: output, valid in that read section
 * @seq: output; this pair of key and counter is never given out again
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_key_take(struct sst_net *sn, struct sst_flow *flow,
		 struct sst_tx_key **key, u32 *seq)
{
	*key = rcu_dereference(flow->tx);
	return likely(take_counter(sn, flow, *key, seq)) ? 0 :
	       take_next(sn, flow, key, seq);
}

static bool may_try_far(struct sst_flow *flow)
{
	unsigned long now = jiffies / HZ;
	bool may;

	spin_lock_bh(&flow->lock);
	if (flow->trial_second != now) {
		flow->trial_second = now;
		flow->trials = 0;
	}
	may = flow->trials < TRIALS_PER_SECOND;
	if (may)
		flow->trials++;
	spin_unlock_bh(&flow->lock);
	return may;
}

/* A key that is there: may the counter still be taken? */
static int try_key(struct sst_rx_key *key, u32 seq, struct sst_rx_try *attempt)
{
	if (!sst_counters_check(&key->replay, seq))
		return SST_A_STATS_RX_REPLAY;
	attempt->stream = &key->stream;
	return 0;
}

/* Another one than the current one, @ahead of it or before it. */
static noinline int try_other(struct sst_flow *flow, u16 kri, u32 seq,
			      struct sst_rx_try *attempt, int ahead)
{
	struct sst_rx_key *key;

	if (ahead > SST_KRI_AHEAD)
		return SST_A_STATS_RX_KRI_FAR;
	if (ahead > 1 && !may_try_far(flow))
		return SST_A_STATS_RX_KRI_LIMITED;
	if (ahead > 0) {
		sst_kdf_packet_key(attempt->derived.key, flow->secret,
				   sst_flow_peer_side(flow), kri);
		attempt->derived.id = 0;
		attempt->stream = &attempt->derived;
		return 0;
	}
	key = rcu_dereference(flow->rx_prev);
	if (!key || key->kri != kri ||
	    time_after(jiffies, READ_ONCE(key->expires)))
		return SST_A_STATS_RX_KRI_OLD;
	return try_key(key, seq, attempt);
}

/**
 * sst_key_try() - which key may open a packet?
 * @flow: the flow; the caller is in an RCU read section
 * @kri: index of the key as the packet says
 * @seq: counter as the packet says
 * @attempt: output, valid in that read section
 *
 * The first, cheap look at the replay window is taken here; the one that
 * counts is in sst_key_accept().
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_key_try(struct sst_flow *flow, u16 kri, u32 seq,
		struct sst_rx_try *attempt)
{
	struct sst_rx_key *key = rcu_dereference(flow->rx);
	int ahead = (int)kri - key->kri;

	attempt->rotates = ahead > 0;
	return likely(!ahead) ? try_key(key, seq, attempt) :
				try_other(flow, kri, seq, attempt, ahead);
}

/*
 * Publish @next as the newest key, @prev (or, one step on, the present one) as
 * the key before. What falls out of the two is refused for good.
 */
static void replace_rx(struct sst_flow *flow, struct sst_rx_key *next,
		       struct sst_rx_key *prev)
{
	struct sst_rx_key *cur, *old;

	lockdep_assert_held(&flow->lock);
	cur = rcu_dereference_protected(flow->rx, lockdep_is_held(&flow->lock));
	old = rcu_dereference_protected(flow->rx_prev,
					lockdep_is_held(&flow->lock));
	if (prev)
		call_rcu(&cur->rcu, rx_key_free_cb);
	else
		prev = cur;
	if (old)
		call_rcu(&old->rcu, rx_key_free_cb);
	WRITE_ONCE(prev->expires, jiffies + SST_KRI_PREV_SECONDS * HZ);
	rcu_assign_pointer(flow->rx_prev, prev);
	rcu_assign_pointer(flow->rx, next);
}

/* Move to the key of a packet that verified; others may have done so before. */
static noinline_for_stack int
rotate_rx(struct sst_net *sn, struct sst_flow *flow, u16 kri)
{
	/* Others may only bring it nearer, so a jump is known beforehand. */
	bool jump = kri > rcu_dereference(flow->rx)->kri + 1;
	struct sst_rx_key *next, *prev = NULL;
	const struct sst_rx_key *cur;
	bool moved = false;
	int ahead;

	next = rx_key_new(flow, kri, GFP_ATOMIC);
	if (jump)
		prev = rx_key_new(flow, kri - 1, GFP_ATOMIC);
	if (!next || (jump && !prev)) {
		rx_key_free(next);
		rx_key_free(prev);
		return SST_A_STATS_RX_NOMEM;
	}

	spin_lock_bh(&flow->lock);
	cur = rcu_dereference_protected(flow->rx, lockdep_is_held(&flow->lock));
	ahead = (int)kri - cur->kri;
	if (ahead > 0) {
		replace_rx(flow, next, ahead > 1 ? prev : NULL);
		moved = true;
	}
	spin_unlock_bh(&flow->lock);

	if (!moved)
		rx_key_free(next);
	if (ahead <= 1)
		rx_key_free(prev);
	if (moved)
		sst_event_rotated(sn, flow, SST_DIRECTION_RX);
	return 0;
}

/**
 * sst_key_accept() - take the counter of a packet whose tag has verified
 * @sn: namespace
 * @flow: the flow; the caller is in an RCU read section
 * @kri: index of the key that verified
 * @seq: counter of the packet
 * @payload: bytes of payload in it
 *
 * Moves the flow to the key when it is newer than the current one, and counts the
 * packet, under the same lock.
 *
 * Return: 0, or the counter of the reason to drop the packet.
 */
int sst_key_accept(struct sst_net *sn, struct sst_flow *flow, u16 kri, u32 seq,
		   unsigned int payload)
{
	struct sst_rx_key *key;
	int err;

	if (kri > rcu_dereference(flow->rx)->kri) {
		err = rotate_rx(sn, flow, kri);
		if (err)
			return err;
	}

	spin_lock_bh(&flow->lock);
	key = rcu_dereference_protected(flow->rx, lockdep_is_held(&flow->lock));
	if (key->kri != kri)
		key = rcu_dereference_protected(flow->rx_prev,
						lockdep_is_held(&flow->lock));
	if (!key || key->kri != kri)
		err = SST_A_STATS_RX_KRI_OLD;
	else
		err = sst_counters_take(&key->replay, seq);
	if (!err)
		sst_flow_count_rx(flow, payload);
	spin_unlock_bh(&flow->lock);
	return err;
}
