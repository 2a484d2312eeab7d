/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_CONFIG_H
#define _SST_CONFIG_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct sst_config - tunables of a namespace
 * @mark: IPv6 mark: traffic class bits in the high byte, their value on SST
 *	packets in the low one; together, so that nobody sees half a change
 * @dscp: enum sst_dscp
 * @rekey_packets: packets sealed under one key
 * @rekey_seconds: life of a sending key after its first use
 * @max_flows: bound on the flows
 * @opening_window: seconds by which an opening may be off this host's clock
 * @max_half_open: bound on the flows that others opened and did not confirm
 * @max_assocs: bound on the derived associations
 * @assoc_lifetime: seconds during which flows are opened on an association that
 *	this host accepted
 * @cookies: enum sst_cookie_mode
 * @init_from: enum sst_init_from
 * @wire_ports: wire ports on which openings come: the first in the high half,
 *	the last in the low one; 0 for any from SST_WIRE_PORT_MIN. Together, so
 *	that nobody sees half a change.
 *
 * Written by netlink handlers, which the family serializes, with
 * WRITE_ONCE(); read anywhere with READ_ONCE().
 */
struct sst_config {
	u16 mark;
	u8 dscp;
	u32 rekey_packets;
	u32 rekey_seconds;
	u32 max_flows;
	u32 opening_window;
	u32 max_half_open;
	u32 max_assocs;
	u32 assoc_lifetime;
	u8 cookies;
	u8 init_from;
	u32 wire_ports;
};

#define SST_CONFIG_PORTS(first, last)	((u32)(first) << 16 | (last))

#define SST_CONFIG_MARK(mask, value)	((mask) << 8 | (value))

static inline u8 sst_config_mark_mask(const struct sst_config *cfg)
{
	return READ_ONCE(cfg->mark) >> 8;
}

static inline u8 sst_config_mark_value(const struct sst_config *cfg)
{
	return READ_ONCE(cfg->mark) & 0xff;
}

/* Does an IPv6 packet with this traffic class carry the mark? */
static inline bool sst_config_is_marked(const struct sst_config *cfg, u8 tclass)
{
	u16 mark = READ_ONCE(cfg->mark);

	return (tclass & (mark >> 8)) == (mark & 0xff);
}

#endif /* _SST_CONFIG_H */
