#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 400
# 10,000 connections open themselves and end, 5,000 at a time: every one is
# sealed, and when they are over no flow, key or opening is left.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

at_a_time=${SST_CONNECTIONS:-5000}
rounds=2

# objects: the slab objects of SST in use, by cache; without those that only wait
# to be used again.
objects() {
	local cache
	for cache in /sys/kernel/slab/sst_*; do
		echo 1 >"$cache/shrink"
	done
	awk '/^sst_/ { print $1, $2 }' /proc/slabinfo | sort | tr '\n' ' '
}
flows() {
	in_ns "$1" -j get | jq .flows
}
has_flows() {
	[ "$(flows A)" -ge "$1" ] && [ "$(flows B)" -ge "$1" ]
}
no_flows() {
	[ "$(flows A)$(flows B)" = 00 ]
}
# Freed with the next grace periods.
back_to() {
	[ "$(objects)" = "$1" ]
}

tap_plan $((rounds * 2 + 10))
topo_hrh
sst_psk_peers
must in_ns A policy add out to "$B4" require >/dev/null
# One after the other: what ended lately is still there for a minute.
for host in A B; do
	must in_ns $host set max-flows $((2 * at_a_time * rounds + 1000))
done
ns A sysctl -qw net.ipv4.ip_local_port_range='10000 65000'
before=$(objects)
mkfifo "$topo_tmp/go"
bg many /usr/bin/python3 "$sst_tests/lib/many-tcp.py" "$(ns_name A)" "$(ns_name B)" \
	"$B4" 80 "$at_a_time" "$rounds" "$topo_tmp/go"
exec 9>"$topo_tmp/go"
opened() {
	[ "$(grep -c ^open "$topo_tmp/many.out")" -ge "$1" ]
}
for ((round = 1; round <= rounds; round++)); do
	ok "round $round: all are open" wait_for -t 180 opened "$round"
	ok "round $round: each is a flow on both hosts" has_flows "$at_a_time"
	echo >&9
done
exec 9>&-
ok "all worked" bg_wait many
is "none failed" "$(tail -n 1 "$topo_tmp/many.out")" \
	"connections $((at_a_time * rounds)) ok $((at_a_time * rounds))"
is "the first one made the association" "$(stat_get A tx_init)" 1
at_least "the others were opened on it" "$(stat_get A tx_open)" $((at_a_time * rounds - 1))
is "A dropped nothing but late packets" "$(sst_drops A | tr ' ' '\n' | grep -v tombstone)" ""
is "B dropped nothing but late packets" "$(sst_drops B | tr ' ' '\n' | grep -v tombstone)" ""
ok "no flow is left behind" wait_for -t 240 no_flows
ok "and nothing that belongs to one" wait_for -t 20 back_to "$before"
is "the rest is bounded remembrance, nothing else counts as a flow" "$(flows A)" 0
ok "new connections work" tcp_transfer A B "$B4" 81 10000
