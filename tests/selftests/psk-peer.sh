#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 180
# The module and the second implementation open flows to each other with
# pre-shared keys, by OPEN N and then by OPEN: answers that get lost, openings
# that nobody hears, confirmation first, clocks that are wrong, opening again
# after a pause, ends that have forgotten.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-peer.sh"

tap_plan 65
peer_topology
# Without those of other times: the hour is in the name of a key.
peer_capture pskpeer.py 'not net 10.0.3.192/26 and not net fd00:3::c0/122'
