// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a flow and the ways between them (protocol section 6):
 *
 *	initiator	OPENING -> LIVE		an ACCEPT verified
 *			LIVE -> REOPENING	UDP, nothing verified for 15 s
 *			REOPENING -> LIVE	an ACCEPT verified
 *	responder	ACCEPTING -> LIVE	a DATA verified
 *			LIVE -> REOPENING	the OPEN came again and verified
 *			REOPENING -> LIVE	a DATA verified
 *	any		LIVE -> EXHAUSTED	the last sending key is used up
 *			REOPENING -> EXHAUSTED
 *	TCP		LIVE -> CLOSING		a RST, or both FINs
 *			EXHAUSTED -> CLOSING
 *
 * A manually keyed flow starts LIVE, an initiator's OPENING, a responder's
 * ACCEPTING. There is no way back to the start: starting over makes a new flow.
 * Every flow may end in any state.
 */
#include <linux/bits.h>
#include <linux/kernel.h>

#include "flow.h"
#include "state.h"

#define TO(state)	BIT(SST_FLOW_STATE_##state)

/* What every role may do. */
static const u8 common[] = {
	[SST_FLOW_STATE_LIVE] = TO(EXHAUSTED) | TO(CLOSING),
	[SST_FLOW_STATE_EXHAUSTED] = TO(CLOSING),
	[SST_FLOW_STATE_REOPENING] = TO(EXHAUSTED),
	[SST_FLOW_STATE_CLOSING] = 0,
};

/* And what only flows with an opening may. */
static const u8 opened[][SST_FLOW_STATE_CLOSING + 1] = {
	[SST_FLOW_ROLE_INITIATOR] = {
		[SST_FLOW_STATE_OPENING] = TO(LIVE),
		[SST_FLOW_STATE_LIVE] = TO(REOPENING),
		[SST_FLOW_STATE_REOPENING] = TO(LIVE),
	},
	[SST_FLOW_ROLE_RESPONDER] = {
		[SST_FLOW_STATE_ACCEPTING] = TO(LIVE),
		[SST_FLOW_STATE_LIVE] = TO(REOPENING),
		[SST_FLOW_STATE_REOPENING] = TO(LIVE),
	},
};

/**
 * sst_state_may() - is there a way between two states?
 * @role: enum sst_flow_role
 * @from: enum sst_flow_state
 * @to: enum sst_flow_state
 *
 * Return: true when a flow of this role may make the step.
 */
bool sst_state_may(u8 role, u8 from, u8 to)
{
	u8 ways;

	if (role < SST_FLOW_ROLE_MANUAL || role > SST_FLOW_ROLE_RESPONDER ||
	    from >= ARRAY_SIZE(common))
		return false;
	ways = common[from] | opened[role][from];
	return to < BITS_PER_BYTE && ways & BIT(to);
}

/**
 * sst_state_move() - move a flow to another state, if there is a way
 * @flow: the flow; the caller holds its lock
 * @to: enum sst_flow_state
 *
 * Return: true when this call moved it. False when there is no such way, also
 * because the flow is in that state already: of several packets that ask for
 * the same step one makes it.
 */
bool sst_state_move(struct sst_flow *flow, u8 to)
{
	lockdep_assert_held(&flow->lock);
	if (!sst_state_may(flow->role, flow->state, to))
		return false;
	/* Whoever sees the new state sees the keys that belong to it. */
	smp_store_release(&flow->state, to);
	return true;
}
