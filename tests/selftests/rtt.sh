#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# To open a sealed connection to a host that is new takes as many round trips as
# to open a plain one, and no other packets; with cookies in mode "always" one
# more, the first time.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 29
topo_hrh
topo_offload off || bail "offloads"
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out port 700 require >/dev/null
sst_after_start
must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp'
tap_program rtt.py --id "$topo_id"
must capture_stop wire
is "no packet carries a real port" \
	"$(capture_count "$topo_tmp/wire.pcap" 'port 700')" 0
at_least "the plain ones do" "$(capture_count "$topo_tmp/wire.pcap" 'port 600')" 12
is "nothing started over" "$(stat_get A tx_restarted)" 0
