#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# The module talks with the second implementation, which is in Python and sends
# and receives raw packets: both roles, both sides, rotation, flag E, traffic
# classes, another mark.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 51
ns_add M P
ns_quiet M
ns_quiet P
must topo_link M eth0 02:00:00:00:03:01 P eth0 02:00:00:00:03:02
ip -n "$(ns_name P)" link set eth0 up
ip -n "$(ns_name M)" -batch - <<-END || bail "no addresses"
	addr add 10.0.3.1/24 dev eth0
	addr add fd00:3::1/64 dev eth0 nodad
	link set eth0 up
END
must ns M ethtool -K eth0 tx off >/dev/null
tap_program livepeer.py --id "$topo_id" \
	--tmp "$topo_tmp" --mac 02:00:00:00:03:01
