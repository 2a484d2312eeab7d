#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 120
# kernels: 6.1 6.12
# vm: --icount
# What rules cost: packets of sealed and clear flows, and first packets, among 0 to
# 10,000 rules of many kinds on both hosts. Time is the number of instructions, so it
# can be judged on any machine.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

# How much more a packet may cost among 10,000 rules than among 100, in percent.
percent=5

cost() {
	/usr/bin/python3 "$sst_tests/lib/rule-cost.py" "$@"
}

tap_plan 12
topo_hrh
sst_psk_peers
names=("a sealed flow" "a clear flow" "new clear flows" "new sealed flows")
diag "cost: ns of a datagram, both ends and the router, of:"
diag "      a sealed flow, a clear flow, new clear flows, new sealed flows"
round=0
for n in 0 100 1000 10000; do
	cost table "$n" >"$topo_tmp/table"
	echo "policy add out to $B4 port 630 require priority 5000" >>"$topo_tmp/table"
	for host in A B; do
		must in_ns $host apply "$topo_tmp/table"
	done
	read -r -a now < <(cost "$topo_id" $((round++)))
	diag "cost: $n rules: ${now[*]}"
	is "$n rules: all was measured" "${#now[@]}" 4
	[ "$n" != 100 ] || few=("${now[@]}")
done
for i in "${!names[@]}"; do
	at_most "10,000 rules cost what 100 do: ${names[i]}" "${now[i]-}" \
		$((few[i] * (100 + percent) / 100))
done
is "A dropped nothing" "$(sst_drops A tx)" ""
is "B dropped nothing" "$(sst_drops B rx)" ""

# One by one.
must in_ns A policy flush
began=$(date +%s%N)
must /usr/bin/python3 "$sst_tests/lib/rule-adds.py" "$topo_id" 10000
took=$((($(date +%s%N) - began) / 1000000))
diag "10,000 rules one by one: $took ms"
is "all of them are there" "$(in_ns A -j policy show | jq '.policy | length')" 10000
at_most "in seconds" $((took / 1000)) 60
