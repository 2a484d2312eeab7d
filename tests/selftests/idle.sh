#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 720
# TCP connections idle for longer than a router with a strict firewall remembers
# them, and longer than SST keeps a flow of which nothing is heard: they go on.
# It really waits, eleven minutes. In the debug kernel time can run ahead:
# tests/lib/module-build keylog debug, and then
# scripts/vm -k debug --append time-travel tests/selftests/idle.sh
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"

tap_plan 11
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
container_behind B
container_serves B
must router_firewall
must ns R sysctl -qw net.netfilter.nf_conntrack_tcp_loose=0 \
	net.netfilter.nf_conntrack_tcp_timeout_established=300 \
	net.netfilter.nf_conntrack_tcp_timeout_unacknowledged=300
sst_psk_peers
must in_ns A policy add out port 700-999 require >/dev/null
must in_ns B policy add in port 700-999 require >/dev/null

# The clear one has a port of its own.
must capture_start wire R ra "$topo_tmp/wire.pcap" \
	'(tcp or udp or icmp or icmp6) and not port 699'
# 240 s twice, 600 s, and a reserve.
tap_program idle.py --id "$topo_id" --seconds 630
must capture_stop wire
ok "all was sealed" all_sealed "$topo_tmp/wire.pcap"
at_most "the router found invalid only what was clear" "$(ns R nft list counter inet firewall invalid |
	sed -n 's/.*packets \([0-9]*\).*/\1/p')" 12
for host in A B; do
	is "$host dropped nothing" "$(sst_drops $host)" ''
done
