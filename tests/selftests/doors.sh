#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# before: tests/lib/module-build keylog
# timeout: 150
# Who knows the real ports of a flow that opened itself cannot do it harm from
# the path: clear packets and ICMP errors are dropped, so are openings that
# begin nothing or take a tuple of others, and nothing is answered.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 134
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
sst_psk_peers
must in_ns A policy add out prefer
must in_ns A policy add out port 2990-2999 clear priority 10
tap_program doors.py --id "$topo_id" \
	--psk "$topo_tmp/a.psk"
is "nothing that A sent was dropped there" "$(sst_drops A tx_)" ""
is "nothing that B sent was dropped there" "$(sst_drops B tx_)" ""
