/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_FORK_H
#define _SST_FORK_H

int sst_fork_init(void);
void sst_fork_exit(void);

#endif /* _SST_FORK_H */
