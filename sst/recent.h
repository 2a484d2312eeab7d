/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_RECENT_H
#define _SST_RECENT_H

#include <linux/rcupdate.h>

#include "packet.h"

/* The state of a namespace, which has two of them, stays below 8 KiB on stock kernels. */
#define SST_RECENT	128

/**
 * struct sst_recent - what was added to a table by tuple last, found by its ports
 * @slots: tuples within entries of the table; RCU, written under the lock of its
 *	owner
 *
 * In front of the table: ports are mostly random enough to be their own hash. What
 * has lost its slot to another is in the table all the same, so whoever chooses ports
 * wins nothing but the longer way for others. Nothing is written while packets pass.
 */
struct sst_recent {
	const struct sst_tuple __rcu *slots[SST_RECENT];
};

static inline unsigned int sst_recent_slot(const struct sst_tuple *tuple)
{
	/* Equal ports at both ends, as of NTP, do not all get the same slot. */
	u32 ports = (__force u16)tuple->lport + 3 * (__force u16)tuple->rport;

	return (ports ^ ports >> 8) % SST_RECENT;
}

/**
 * sst_recent_find() - a tuple that was added lately
 * @recent: the slots
 * @tuple: what is looked for
 *
 * The caller is in an RCU read section.
 *
 * Return: the equal tuple within the entry, or NULL: then the table has to tell.
 */
static inline const struct sst_tuple *
sst_recent_find(const struct sst_recent *recent, const struct sst_tuple *tuple)
{
	const struct sst_tuple *found;

	found = rcu_dereference(recent->slots[sst_recent_slot(tuple)]);
	return found && sst_tuple_equal(found, tuple) ? found : NULL;
}

/* The entry with this tuple is in the table now. */
static inline void sst_recent_add(struct sst_recent *recent,
				  const struct sst_tuple *tuple)
{
	rcu_assign_pointer(recent->slots[sst_recent_slot(tuple)], tuple);
}

/* The entry with this tuple leaves the table. */
static inline void sst_recent_del(struct sst_recent *recent,
				  const struct sst_tuple *tuple)
{
	unsigned int slot = sst_recent_slot(tuple);

	if (rcu_access_pointer(recent->slots[slot]) == tuple)
		RCU_INIT_POINTER(recent->slots[slot], NULL);
}

#endif /* _SST_RECENT_H */
