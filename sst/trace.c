// SPDX-License-Identifier: GPL-2.0
/* The bodies of the tracepoints in trace.h. */
#define CREATE_TRACE_POINTS
#include "trace.h"

/* For tests that read captures: keys of associations are forward secret. */
EXPORT_TRACEPOINT_SYMBOL_GPL(sst_assoc);
