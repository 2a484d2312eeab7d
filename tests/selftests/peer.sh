#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# The module talks with the second implementation, which is in Python and sends
# and receives raw packets: both roles, both sides, rotation, flag E, traffic
# classes, another mark.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-peer.sh"

tap_plan 51
peer_topology
tap_program livepeer.py --id "$topo_id" \
	--tmp "$topo_tmp" --mac 02:00:00:00:03:01
