// SPDX-License-Identifier: GPL-2.0
/*
 * A UDP responder whose application has sent nothing 200 ms after an opening
 * answers with an empty ACCEPT, or the initiator would open for ever (protocol
 * section 6.4). All wait equally long, so one list and one timer do.
 */
#include <linux/jiffies.h>
#include <linux/rcupdate.h>

#include "answer.h"
#include "compat.h"
#include "emit.h"
#include "flow.h"
#include "pernet.h"

/* Answers that are sent before other softirqs have their turn. */
#define ANSWERS_AT_ONCE	64

static struct sst_flow *take_due(struct sst_answers *answers)
{
	struct sst_flow *flow;

	spin_lock_bh(&answers->lock);
	flow = list_first_entry_or_null(&answers->due, struct sst_flow, answer);
	if (flow && time_before(jiffies, flow->answer_due)) {
		mod_timer(&answers->timer, flow->answer_due);
		flow = NULL;
	}
	if (flow)
		list_del_init(&flow->answer);
	spin_unlock_bh(&answers->lock);
	return flow;
}

static void rearm(struct sst_answers *answers)
{
	spin_lock_bh(&answers->lock);
	if (!answers->closed)
		mod_timer(&answers->timer, jiffies + 1);
	spin_unlock_bh(&answers->lock);
}

static void answers_fall_due(struct timer_list *timer)
{
	struct sst_answers *answers = container_of(timer, struct sst_answers,
						   timer);
	struct sst_flow *flow = NULL;
	int n;

	rcu_read_lock();
	for (n = 0; n < ANSWERS_AT_ONCE; n++) {
		flow = take_due(answers);
		if (!flow)
			break;
		if (atomic64_read(&flow->tx_packets) == flow->answer_seen)
			sst_emit_empty(answers->sn, flow);
	}
	rcu_read_unlock();
	/* Others want the processor, too. */
	if (flow)
		rearm(answers);
}

/**
 * sst_answer_init() - nobody owes anything yet
 * @answers: of the namespace
 * @sn: the namespace
 */
void sst_answer_init(struct sst_answers *answers, struct sst_net *sn)
{
	answers->sn = sn;
	answers->closed = false;
	INIT_LIST_HEAD(&answers->due);
	spin_lock_init(&answers->lock);
	timer_setup(&answers->timer, answers_fall_due, 0);
}

/**
 * sst_answer_stop() - no more answers; waits for the one under way
 * @answers: of a namespace whose hooks are gone
 */
void sst_answer_stop(struct sst_answers *answers)
{
	spin_lock_bh(&answers->lock);
	answers->closed = true;
	spin_unlock_bh(&answers->lock);
	del_timer_sync(&answers->timer);
}

/**
 * sst_answer_owe() - an opening verified; answer unless the application does
 * @answers: of the namespace
 * @flow: flow of a UDP responder, in an RCU read section
 */
void sst_answer_owe(struct sst_answers *answers, struct sst_flow *flow)
{
	spin_lock_bh(&answers->lock);
	if (!answers->closed && !flow->answered && list_empty(&flow->answer)) {
		flow->answer_due = jiffies + msecs_to_jiffies(SST_ANSWER_MSECS);
		flow->answer_seen = atomic64_read(&flow->tx_packets);
		if (list_empty(&answers->due))
			mod_timer(&answers->timer, flow->answer_due);
		list_add_tail(&flow->answer, &answers->due);
	}
	spin_unlock_bh(&answers->lock);
}

/**
 * sst_answer_cancel() - a flow ended
 * @answers: of the namespace
 * @flow: the flow; from now on it owes nothing
 */
void sst_answer_cancel(struct sst_answers *answers, struct sst_flow *flow)
{
	if (flow->real.proto != IPPROTO_UDP)
		return;
	spin_lock_bh(&answers->lock);
	flow->answered = true;
	list_del_init(&flow->answer);
	spin_unlock_bh(&answers->lock);
}
