/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_SHOW_H
#define SSTCTL_SHOW_H

#include <stdbool.h>

#include "ipc.h"

/* Is the flow of the family that -4 or -6 asks for? */
bool flow_family_wanted(const struct sst_flow *flow);

/* "ID tcp local ... remote ... wire ..." and the same in JSON. */
void flow_print_name(const struct sst_flow *flow);
/* All else that there is to say; with @lines on lines of its own. */
void flow_print_rest(const struct sst_flow *flow, bool lines);

#endif /* SSTCTL_SHOW_H */
