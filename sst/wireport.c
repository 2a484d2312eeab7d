// SPDX-License-Identifier: GPL-2.0
/* Random ports for the wire (protocol section 3). */
#include <linux/kernel.h>
#include <linux/random.h>

#include "wire.h"
#include "wireport.h"

/* Ports that networks filter, or whose packets they parse; ascending. */
static const u16 avoided[] = {
	1138, 1433, 1434, 1719, 1720, 1723, 1900, 2000, 2152, 3702, 4500, 4754,
	4755, 4789, 4790, 5060, 5061, 5353, 5355, 6081, 6566, 6667, 8472, 10080,
	11211, 51820,
};

/**
 * sst_wireport_is_usable() - may this port stand on the wire?
 * @port: port, host byte order
 *
 * Return: true when it may be drawn.
 */
bool sst_wireport_is_usable(u16 port)
{
	int i;

	if (port < SST_WIRE_PORT_MIN)
		return false;
	/* Most ports are above most of these. */
	for (i = ARRAY_SIZE(avoided) - 1; i >= 0; i--)
		if (port >= avoided[i])
			return port > avoided[i];
	return true;
}

/**
 * sst_wireport_draw() - draw a port, all that are usable with equal chance
 *
 * Return: the port.
 */
__be16 sst_wireport_draw(void)
{
	u16 port;

	do {
		port = get_random_u16();
	} while (!sst_wireport_is_usable(port));
	return htons(port);
}

/**
 * sst_wireport_draw_from() - draw a port from those that a peer takes
 * @ports: the first in the high half, the last in the low one (host byte
 *	order); 0 for any that is usable
 *
 * Return: the port.
 */
__be16 sst_wireport_draw_from(u32 ports)
{
	u16 first = ports >> 16, last = ports;

	if (!ports)
		return sst_wireport_draw();
	return htons(first + get_random_u32_below(last - first + 1));
}
