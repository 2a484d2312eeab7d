#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# Forged, damaged, replayed, clear and strange packets on live flows: each is
# dropped, counted under the right name and never answered, and the flows go on.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 124
topo_hrh
topo_offload off
for fam in 4 6; do
	must sst_pair tcp $fam 4001 80
	must sst_pair udp $fam 4002 53
done
tap_program hostile.py --id "$topo_id" --keys "$sst_keys"
is "nothing that A sent was dropped there" "$(sst_drops A tx_)" ""
is "nothing that B sent was dropped there" "$(sst_drops B tx_)" ""
