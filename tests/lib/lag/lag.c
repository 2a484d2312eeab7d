// SPDX-License-Identifier: GPL-2.0
/*
 * How long softirqs wait. On each processor a timer asks for a tasklet again
 * and again, in the hard interrupt; the time until it runs is that during which
 * something kept softirqs off, or ran in them. Of a wait in which the timer
 * fires again, the interrupted stack is kept: it tells who it was.
 *
 * /sys/kernel/debug/lag/longest: the longest wait since the last write to it in
 * nanoseconds, then its stack if there is one. Time in which hard interrupts were
 * off, and the timer late, is part of it.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/stacktrace.h>
#include <linux/workqueue.h>

static unsigned int period = 100;
module_param(period, uint, 0444);
MODULE_PARM_DESC(period, "microseconds between two samples");

#define DEPTH	24

struct trace {
	unsigned long entry[DEPTH];
	unsigned int count;
};

/**
 * struct sampler - of one processor
 * @timer: fires in the hard interrupt
 * @tasklet: what it asks for
 * @asked: when that was wanted, 0 when it has run
 * @seen: stack during the present wait
 */
struct sampler {
	struct hrtimer timer;
	struct tasklet_struct tasklet;
	u64 asked;
	struct trace seen;
};

static DEFINE_PER_CPU(struct sampler, samplers);

/* The longest wait of all processors. */
static DEFINE_RAW_SPINLOCK(lock);
static u64 longest;
static struct trace longest_trace;
static struct dentry *dir;

static enum hrtimer_restart fire(struct hrtimer *timer)
{
	struct sampler *s = container_of(timer, struct sampler, timer);

	if (!s->asked) {
		s->seen.count = 0;
		/* When it should have fired: interrupts may have been off. */
		s->asked = ktime_to_ns(hrtimer_get_expires(timer));
		tasklet_hi_schedule(&s->tasklet);
	} else {
		/* The last one wins: the end of a wait is what is long. */
		s->seen.count = stack_trace_save(s->seen.entry, DEPTH, 0);
	}
	hrtimer_forward_now(timer, ns_to_ktime((u64)period * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void run(struct tasklet_struct *tasklet)
{
	struct sampler *s = container_of(tasklet, struct sampler, tasklet);
	u64 now = ktime_get_ns();
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	if (now - s->asked > longest) {
		longest = now - s->asked;
		longest_trace = s->seen;
	}
	s->asked = 0;
	raw_spin_unlock_irqrestore(&lock, flags);
}

static int longest_show(struct seq_file *seq, void *unused)
{
	struct trace trace;
	unsigned long flags;
	unsigned int i;
	u64 ns;

	raw_spin_lock_irqsave(&lock, flags);
	ns = longest;
	trace = longest_trace;
	raw_spin_unlock_irqrestore(&lock, flags);
	seq_printf(seq, "%llu\n", ns);
	for (i = 0; i < trace.count; i++)
		seq_printf(seq, "%pS\n", (void *)trace.entry[i]);
	return 0;
}

static int longest_open(struct inode *inode, struct file *file)
{
	return single_open(file, longest_show, NULL);
}

static ssize_t longest_write(struct file *file, const char __user *buf,
			     size_t count, loff_t *pos)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	longest = 0;
	longest_trace.count = 0;
	raw_spin_unlock_irqrestore(&lock, flags);
	return count;
}

static const struct file_operations longest_fops = {
	.owner = THIS_MODULE,
	.open = longest_open,
	.read = seq_read,
	.write = longest_write,
	.release = single_release,
};

static long start(void *unused)
{
	struct sampler *s = this_cpu_ptr(&samplers);

	hrtimer_init(&s->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	s->timer.function = fire;
	tasklet_setup(&s->tasklet, run);
	hrtimer_start(&s->timer, ns_to_ktime((u64)period * NSEC_PER_USEC),
		      HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static int __init lag_init(void)
{
	int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		work_on_cpu(cpu, start, NULL);
	cpus_read_unlock();
	dir = debugfs_create_dir("lag", NULL);
	debugfs_create_file("longest", 0600, dir, NULL, &longest_fops);
	return 0;
}

static void __exit lag_exit(void)
{
	int cpu;

	debugfs_remove_recursive(dir);
	for_each_online_cpu(cpu) {
		hrtimer_cancel(&per_cpu(samplers, cpu).timer);
		tasklet_kill(&per_cpu(samplers, cpu).tasklet);
	}
}

module_init(lag_init);
module_exit(lag_exit);

MODULE_DESCRIPTION("Measures how long softirqs wait");
MODULE_LICENSE("GPL");
