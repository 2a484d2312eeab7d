#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# Segments are as large as they can be from the first one on, and none is larger:
# with links of different sizes, with SYN cookies, and with data in the SYN (TCP
# Fast Open).
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 76
# shellcheck disable=SC2034 # for tcp_transfer and tcp_back
topo_at_once=1
topo_hrh
sst_psk_peers
must in_ns A policy add out prefer
for host in A B; do
	# Data in the SYN without a cookie first, for clients and servers.
	ns $host sh -c 'echo 0x207 >/proc/sys/net/ipv4/tcp_fastopen'
done

# both DESCRIPTION: bytes both ways over both families; the router's captures.
both() {
	local fam b
	must capture_start ra R ra "$topo_tmp/ra.pcap"
	must capture_start rb R rb "$topo_tmp/rb.pcap"
	for fam in 4 6; do
		b=B$fam
		ok "$1, IPv$fam: to the accepting side" tcp_transfer A B "${!b}" 80 200000
		ok "$1, IPv$fam: to the connecting side" tcp_back A B "${!b}" 81 200000
	done
	must capture_stop ra
	must capture_stop rb
	is "$1: nothing in fragments, nothing too large" \
		"$(for side in ra rb; do capture_count "$topo_tmp/$side.pcap" \
			'ip[6:2] & 0x3fff != 0 or ip6[6] = 44 or icmp or icmp6'; done)" $'0\n0'
}

# cookies: how many of its SYN cookies came back to B, so far.
cookies() {
	ns B nstat -asz TcpExtSyncookiesRecv | awk '$1 == "TcpExtSyncookiesRecv" { print $2 }'
}

for offload in on off; do
	must topo_offload $offload
	for mtus in '9000 1500' '1500 9000'; do
		read -r mtu_a mtu_b <<<"$mtus"
		must topo_mtu "$mtu_a" A
		must topo_mtu "$mtu_b" B
		desc="MTU $mtu_a and $mtu_b, offloads $offload"
		both "$desc"
		is "$desc: segments of all are as large as the smaller link" \
			"$(sst_sizes "$topo_tmp/ra.pcap" "$A4" "$A6") $(sst_sizes "$topo_tmp/rb.pcap" "$B4" "$B6")" \
			"1500 whole 1500 whole 1500 whole 1500 whole"
	done
	must topo_mtu 1500
	ns B sh -c 'echo 2 >/proc/sys/net/ipv4/tcp_syncookies'
	desc="SYN cookies, offloads $offload"
	came=$(cookies)
	both "$desc"
	ns B sh -c 'echo 1 >/proc/sys/net/ipv4/tcp_syncookies'
	is "$desc: all connections began with one" $(($(cookies) - came)) 4
	# A cookie can tell four sizes; the flow remembers what was announced.
	is "$desc: segments are as large as the link" \
		"$(sst_sizes "$topo_tmp/ra.pcap" "$A4" "$A6") $(sst_sizes "$topo_tmp/rb.pcap" "$B4" "$B6")" \
		"1500 whole 1500 whole 1500 whole 1500 whole"
	tap_program fastopen.py --id "$topo_id"
done
# Answers to a SYN that the router kept for so long that another one was sent.
is "nothing else was dropped on A" "$(sst_drops A | sed 's/rx_ended=[0-9]*//')" ""
is "nothing was dropped on B" "$(sst_drops B)" ""
