#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# Scope label against the second implementation, in both roles; who refuses it; and
# what somebody can send who sees the wire and has no key: nothing before the
# connection is confirmed, no second connection, no DATA.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-peer.sh"

tap_plan 23
peer_topology
sst_after_start
must capture_start wire P eth0 "$topo_tmp/wire.pcap" "tcp"
tap_program labelpeer.py --id "$topo_id" --tmp "$topo_tmp"
must capture_stop wire
is "no real port was on the wire" \
	"$(capture_count "$topo_tmp/wire.pcap" 'port 4000 or port 5000 or port 5001')" 0
