// SPDX-License-Identifier: GPL-2.0
/*
 * Writes down the keys of associations that hosts make, so that a test can read
 * what it captured: nobody can compute these keys afterwards.
 *
 * /sys/kernel/debug/sst-keylog has one line for each association and host, in
 * the order in which they were made, all numbers in hex:
 *
 *	assoc ID O_1 O_2 C_1 C_2 F
 *
 * Two hosts of one kernel write the same line. The module holds sst.ko: take it
 * out first.
 */
#include <linux/debugfs.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "assoc.h"
#include "trace.h"

struct entry {
	struct list_head list;
	struct sst_assoc assoc;
};

static LIST_HEAD(entries);
static DEFINE_SPINLOCK(lock);
static struct dentry *file;

/* Runs with preemption disabled. */
static void probe(void *unused, const struct sst_assoc *assoc)
{
	struct entry *entry = kmalloc(sizeof(*entry), GFP_ATOMIC);
	unsigned long flags;

	if (WARN_ON(!entry))
		return;
	entry->assoc = *assoc;
	spin_lock_irqsave(&lock, flags);
	list_add_tail(&entry->list, &entries);
	spin_unlock_irqrestore(&lock, flags);
}

static void *keylog_start(struct seq_file *seq, loff_t *pos)
{
	spin_lock_irq(&lock);
	return seq_list_start(&entries, *pos);
}

static void *keylog_next(struct seq_file *seq, void *v, loff_t *pos)
{
	return seq_list_next(v, &entries, pos);
}

static void keylog_stop(struct seq_file *seq, void *v)
{
	spin_unlock_irq(&lock);
}

static int keylog_show(struct seq_file *seq, void *v)
{
	const struct sst_assoc *assoc = &list_entry(v, struct entry, list)->assoc;

	seq_printf(seq, "assoc %*phN %*phN %*phN %*phN %*phN %*phN\n",
		   SST_ASSOC_ID_SIZE, assoc->id,
		   SST_SECRET_SIZE, sst_assoc_open_key(assoc, 1),
		   SST_SECRET_SIZE, sst_assoc_open_key(assoc, 2),
		   SST_SECRET_SIZE, sst_assoc_accept_key(assoc, 1),
		   SST_SECRET_SIZE, sst_assoc_accept_key(assoc, 2),
		   SST_SECRET_SIZE, assoc->flow_key);
	return 0;
}

static const struct seq_operations keylog_sops = {
	.start = keylog_start,
	.next = keylog_next,
	.stop = keylog_stop,
	.show = keylog_show,
};
DEFINE_SEQ_ATTRIBUTE(keylog);

static int __init keylog_init(void)
{
	int err;

	err = register_trace_sst_assoc(probe, NULL);
	if (err)
		return err;
	file = debugfs_create_file("sst-keylog", 0400, NULL, NULL,
				   &keylog_fops);
	return 0;
}

static void __exit keylog_exit(void)
{
	struct entry *entry, *next;

	unregister_trace_sst_assoc(probe, NULL);
	tracepoint_synchronize_unregister();
	debugfs_remove(file);
	list_for_each_entry_safe(entry, next, &entries, list)
		kfree_sensitive(entry);
}

module_init(keylog_init);
module_exit(keylog_exit);

MODULE_DESCRIPTION("Writes down the keys of SST's associations, for tests");
MODULE_LICENSE("GPL");
