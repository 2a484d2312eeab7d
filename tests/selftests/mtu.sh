#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 200
# TCP leaves room for the trailer: segments fill the MTU exactly, on the side
# that connects and on the side that accepts; nothing is dropped for its size
# and nothing is fragmented. A datagram that does not fit leaves in fragments, or
# is an error at once where its socket forbids them.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 58
trailer=28

# shellcheck disable=SC2034 # for tcp_transfer and tcp_back
topo_at_once=1
topo_hrh
port=4000
for offload in on off; do
	must topo_offload $offload
	for mtu in 1280 1500 9000; do
		must topo_mtu $mtu
		desc="MTU $mtu, offloads $offload"
		must capture_start cap R ra "$topo_tmp/wire.pcap"
		for fam in 4 6; do
			b=B$fam
			port=$((port + 2))
			must sst_pair tcp $fam $port 80
			must sst_pair tcp $fam $((port + 1)) 80
			ok "$desc, IPv$fam: to the accepting side" \
				tcp_transfer A B "${!b}" 80 $((mtu * 100)) "sourceport=$port,reuseaddr"
			ok "$desc, IPv$fam: to the connecting side" \
				tcp_back A B "${!b}" 80 $((mtu * 100)) "sourceport=$((port + 1))"
		done
		must capture_stop cap
		is "$desc: segments of all are as large as the MTU" \
			"$(sst_sizes "$topo_tmp/wire.pcap" "$A4" "$B4" "$A6" "$B6")" \
			"$mtu whole $mtu whole $mtu whole $mtu whole"
		is "$desc: there are no fragments" \
			"$(capture_count "$topo_tmp/wire.pcap" 'ip[6:2] & 0x3fff != 0 or ip6[6] = 44')" 0
	done
done
is "nothing was dropped on A" "$(sst_drops A)" ""
is "nothing was dropped on B" "$(sst_drops B)" ""

# send FAMILY SIZE [whole]: what a program on A is told.
send() {
	local b=B$1
	ns A /usr/bin/python3 "$sst_tests/lib/udp-size.py" "${!b}" 53 5353 "${@:2}"
}

# counts: of sealed, fragmented and refused datagrams since the last call.
last=(0 0 0)
counts() {
	local now i out=()
	now=("$(stat_get A tx_sealed)" "$(stat_get A tx_fragmented)"
		"$(stat_get A tx_too_big)")
	for i in 0 1 2; do
		out+=($((now[i] - last[i])))
	done
	last=("${now[@]}")
	counted=${out[*]}
}

must topo_mtu 1500
counts
for fam in 4 6; do
	must sst_pair udp $fam 5353 53
	fits=$((1500 - 8 - trailer - (fam == 4 ? 20 : 40)))
	is "IPv$fam: a datagram that fits with its trailer is sent" "$(send $fam $fits)" sent
	counts
	is "... sealed, in one piece" "$counted" "1 0 0"
	is "... one byte more is sent" "$(send $fam $((fits + 1)))" sent
	counts
	is "... in fragments" "$counted" "1 1 0"
	is "... so is one larger than the MTU" "$(send $fam 4000)" sent
	counts
	is "... in fragments" "$counted" "1 1 0"
	is "... what fits is sent without fragments" "$(send $fam $fits whole)" sent
	counts
	is "... in one piece" "$counted" "1 0 0"
	is "... one byte more is an error then" "$(send $fam $((fits + 1)) whole)" EMSGSIZE
	counts
	is "... counted, and not sent" "$counted" "0 0 1"
done
