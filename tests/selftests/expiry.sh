#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 300
# Associations come to their end during traffic: nothing is lost, new ones are
# made without delay, and the old keys are forgotten a minute later.
# It really waits, more than three minutes. In the debug kernel time can run ahead:
# scripts/vm -k debug --append time-travel tests/selftests/expiry.sh
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-steady.sh"

tap_plan 22
topo_hrh
topo_offload off || bail "offloads"
sst_public_key B server
must in_ns B set assoc-lifetime 60
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out require >/dev/null
sst_after_start
must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp or icmp or icmp6'
steady_serve
steady a4 A "$B4"
steady a6 A "$B6"
begun a4 a6
sleep 75
inits=$(in_ns B -j host show server | jq '.hosts[0].inits')
lost_nothing a4 "IPv4" 900
lost_nothing a6 "IPv6" 900
# Two of a kind may begin at once.
at_least "INITs when the associations had ended" "$inits" 4
at_most "but not for each connection" "$inits" 8
is "nothing started over" "$(stat_get A tx_restarted)" 0
none_left() {
	[ "$(in_ns "$1" -j assoc show | jq '.assocs | length')" -eq 0 ]
}
sleep 100
for host in A B; do
	ok "$host forgets the keys" wait_for -t 40 none_left "$host"
	is "$host dropped nothing" "$(sst_drops "$host")" ""
	at_least "$host counts them" "$(stat_get "$host" assoc_expired)" 2
	ok "$host says what to do" grep -q 'raise assoc-lifetime' <(sst_hint "$host" assoc_expired)
done
must capture_stop wire
is "no packet carries a real port" \
	"$(capture_count "$topo_tmp/wire.pcap" 'port 700')" 0
