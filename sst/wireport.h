/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_WIREPORT_H
#define _SST_WIREPORT_H

#include <linux/types.h>

bool sst_wireport_is_usable(u16 port);
__be16 sst_wireport_draw(void);
__be16 sst_wireport_draw_from(u32 ports);

#endif /* _SST_WIREPORT_H */
