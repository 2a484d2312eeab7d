/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sst

#if !defined(_SST_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SST_TRACE_H

#include <linux/tracepoint.h>

#include "assoc.h"
#include "flow.h"
#include "trailer.h"

DECLARE_EVENT_CLASS(sst_packet,
	TP_PROTO(const struct sst_flow *flow, const struct sst_meta *meta),
	TP_ARGS(flow, meta),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u8, type)
		__field(u8, flags)
		__field(u16, kri)
		__field(u32, seq)
	),
	TP_fast_assign(
		__entry->id = flow->id;
		__entry->type = meta->type;
		__entry->flags = meta->flags;
		__entry->kri = meta->kri;
		__entry->seq = meta->seq;
	),
	TP_printk("flow=%u type=%u flags=%#x kri=%u seq=%u", __entry->id,
		  __entry->type, __entry->flags, __entry->kri, __entry->seq)
);

/* A packet was sealed. */
DEFINE_EVENT(sst_packet, sst_seal,
	TP_PROTO(const struct sst_flow *flow, const struct sst_meta *meta),
	TP_ARGS(flow, meta)
);

/* A packet was verified. */
DEFINE_EVENT(sst_packet, sst_open,
	TP_PROTO(const struct sst_flow *flow, const struct sst_meta *meta),
	TP_ARGS(flow, meta)
);

/* A packet was dropped; reason is the netlink attribute of the counter. */
TRACE_EVENT(sst_drop,
	TP_PROTO(u32 id, int reason),
	TP_ARGS(id, reason),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(int, reason)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->reason = reason;
	),
	TP_printk("flow=%u reason=%d", __entry->id, __entry->reason)
);

/* An association was made; what is recorded of it is no secret. */
TRACE_EVENT(sst_assoc,
	TP_PROTO(const struct sst_assoc *assoc),
	TP_ARGS(assoc),
	TP_STRUCT__entry(
		__array(u8, id, SST_ASSOC_ID_SIZE)
		__field(u8, side)
		__field(u8, suite)
	),
	TP_fast_assign(
		memcpy(__entry->id, assoc->id, SST_ASSOC_ID_SIZE);
		__entry->side = assoc->side;
		__entry->suite = assoc->suite;
	),
	TP_printk("id=%s side=%u suite=%u",
		  __print_hex_str(__entry->id, SST_ASSOC_ID_SIZE),
		  __entry->side, __entry->suite)
);

#endif /* _SST_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
