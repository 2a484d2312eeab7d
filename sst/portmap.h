/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_PORTMAP_H
#define _SST_PORTMAP_H

#include <linux/limits.h>
#include <linux/slab.h>

#include "packet.h"

/**
 * struct sst_portmap - which local ports the tuples of a table have
 * @uses: for each port how many tuples, U8_MAX for as many or more: then nobody
 *	knows when the last of them goes, and it stays so. Written under the lock of
 *	the table, read with READ_ONCE(). NULL in a namespace without hooks: it is
 *	set before these are there, and before a tuple is.
 *
 * Most packets of most hosts are none of ours: this tells it before they are parsed
 * (protocol section 9). A byte a port, because ports on the wire are random: of
 * anything smaller a few thousand flows would fill the most.
 */
struct sst_portmap {
	u8 *uses;
};

#define SST_PORTMAP_SIZE	(U16_MAX + 1)

/**
 * sst_portmap_alloc() - from now on know the ports
 * @map: of a table that is empty
 *
 * May sleep. A second time it does nothing.
 *
 * Return: 0 or -ENOMEM.
 */
static inline int sst_portmap_alloc(struct sst_portmap *map)
{
	if (!map->uses)
		map->uses = kvzalloc(SST_PORTMAP_SIZE, GFP_KERNEL_ACCOUNT);
	return map->uses ? 0 : -ENOMEM;
}

/* The table is empty, and nobody looks any more. */
static inline void sst_portmap_free(struct sst_portmap *map)
{
	kvfree(map->uses);
	map->uses = NULL;
}

/* Before the tuple is in the table, so that whoever finds none is right. */
static inline void sst_portmap_add(struct sst_portmap *map,
				   const struct sst_tuple *tuple)
{
	u8 *uses = map->uses ? &map->uses[ntohs(tuple->lport)] : NULL;

	if (uses && *uses < U8_MAX)
		WRITE_ONCE(*uses, *uses + 1);
}

/* When it is there no more. */
static inline void sst_portmap_del(struct sst_portmap *map,
				   const struct sst_tuple *tuple)
{
	u8 *uses = map->uses ? &map->uses[ntohs(tuple->lport)] : NULL;

	if (uses && *uses < U8_MAX)
		WRITE_ONCE(*uses, *uses - 1);
}

/**
 * sst_portmap_may_have() - may a tuple of the table have this port?
 * @map: of the table
 * @port: port of this host, host byte order
 *
 * Return: false when none has.
 */
static inline bool sst_portmap_may_have(const struct sst_portmap *map, u16 port)
{
	return !map->uses || READ_ONCE(map->uses[port]);
}

#endif /* _SST_PORTMAP_H */
