/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SST_SOCKOPT_H
#define _SST_SOCKOPT_H

int sst_sockopt_init(void);
void sst_sockopt_exit(void);

#endif /* _SST_SOCKOPT_H */
