#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 200
# The module and the second implementation open flows to each other by public
# keys and by associations: INIT without and with identity, then OPEN; cookies,
# answers that get lost, openings that nobody hears, confirmation first, opening
# again after a pause, ends that have forgotten, a new host key.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-peer.sh"

tap_plan 65
peer_topology
peer_capture initpeer.py
