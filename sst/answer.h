/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_ANSWER_H
#define _SST_ANSWER_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/timer.h>

struct sst_flow;
struct sst_net;

/**
 * struct sst_answers - flows of UDP responders that owe an answer
 * @sn: namespace
 * @due: these flows, in the order in which the answers fall due; @lock
 * @closed: the namespace ends, nothing is added any more; @lock
 * @timer: of the first of them
 * @lock: softirq-safe; nothing nests inside it but the timer's
 */
struct sst_answers {
	struct sst_net *sn;
	struct list_head due;
	bool closed;
	struct timer_list timer;
	spinlock_t lock; /* see above */
};

void sst_answer_init(struct sst_answers *answers, struct sst_net *sn);
void sst_answer_stop(struct sst_answers *answers);
void sst_answer_owe(struct sst_answers *answers, struct sst_flow *flow);
void sst_answer_cancel(struct sst_answers *answers, struct sst_flow *flow);

#endif /* _SST_ANSWER_H */
