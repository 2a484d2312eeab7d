#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# Servers that require SST by SO_SST: dual-stack, IPv6 only, v4-mapped, sharing a
# port, with SYN cookies and without. A stranger finds nobody, a client is served.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 52
topo_hrh
sst_psk_peers
tap_program listeners.py --id "$topo_id"
is "A dropped nothing" "$(sst_drops A)" ""
is "B dropped what was clear" "$(sst_drops B | sed 's/=.*//')" rx_required
# Nobody ends the connections of those who have left.
for host in A B; do
	must in_ns $host shutdown
done
