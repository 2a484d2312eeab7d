#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# Packets in shapes that SST does not cover, on the tuples of live flows: nothing
# gets past the guard on the way in, and nothing leaves in clear.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 16
topo_hrh
topo_offload off
for fam in 4 6; do
	must sst_pair udp $fam 4002 53
done
tap_program shapes.py --id "$topo_id" --keys "$sst_keys"
