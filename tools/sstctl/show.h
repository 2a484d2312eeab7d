/* SPDX-License-Identifier: GPL-2.0 */
#ifndef SSTCTL_SHOW_H
#define SSTCTL_SHOW_H

#include <stdbool.h>

#include "ipc.h"

/*
 * How flows, peers, rules and so on show: as text and as JSON, in the commands
 * about them and in "sstctl show". The caller opens the JSON object of a flow
 * and of an association.
 */

/* Are they of the family that -4 or -6 asks for? */
bool flow_family_wanted(const struct sst_flow *flow);
bool peer_family_wanted(const struct sst_peer *peer);
bool rule_family_wanted(const struct sst_rule *rule);
bool assoc_family_wanted(const struct sst_assoc *assoc);

/*
 * Has it the id, protocol, addresses, ports and peer that @want has? What is 0
 * or empty there does not matter.
 */
bool flow_matches(const struct sst_flow *want, const struct sst_flow *flow);

/* "live", "initiator" and so on; "?" when a newer kernel has others. */
const char *flow_state_name(uint8_t state);
const char *flow_role_name(uint8_t role);

/* "ID tcp local ... remote ... wire ..." and the same in JSON. */
void flow_print_name(const struct sst_flow *flow);
/* All else that there is to say; with @lines on lines of its own. */
void flow_print_rest(const struct sst_flow *flow, bool lines);
/* The most important of it, on a line of its own; in JSON all of it. */
void flow_print_brief(const struct sst_flow *flow);

/* "ID peer NAME local ADDR remote ADDR" and so on; with @lines on two lines. */
void assoc_print(const struct sst_assoc *assoc, bool lines);

/* "policy ID out ..." on a line of its own; in JSON what is in its object. */
void print_rule(const struct sst_rule *rule);

/* A line of "sstctl apply"; text only. */
void print_rule_line(const struct sst_rule *rule);
void print_peer_line(const struct sst_peer *peer);

/* An array of all, with its name in JSON. */
void print_hosts(const struct sst_host *hosts, size_t count);
/* An array of those whose family is wanted, with its name in JSON. */
void print_peers(const struct sst_peer *peers, size_t count);
void print_rules(const struct sst_rule *rules, size_t count);
void print_assocs(const struct sst_assoc *assocs, size_t count);

#endif /* SSTCTL_SHOW_H */
