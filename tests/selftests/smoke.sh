#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# Sealed TCP and UDP over IPv4 and IPv6 between two hosts and a router: the
# shortest test that tells whether anything works at all.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 9
topo_hrh
must topo_offload off
port=4000
must capture_start cap R ra "$topo_tmp/wire.pcap"
for fam in 4 6; do
	b=B$fam
	must sst_pair tcp $fam $((port + 1)) 80
	ok "TCP over IPv$fam arrives" tcp_transfer A B "${!b}" 80 300000 "sourceport=$((port + 1)),reuseaddr"
	must sst_pair udp $fam $((port + 2)) 53
	must udp_echo_server B 53
	is "UDP over IPv$fam is answered" \
		"$(udp_echo A "${!b}" 53 'who is it' $((port + 2)))" \
		"who is it"
	bg_stop udp53
done
capture_stop cap
ok "the capture decodes" sst_decode "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap"
is "nothing dropped on A" "$(sst_drops A)" ""
is "nothing dropped on B" "$(sst_drops B)" ""
ok "B opened what A sealed" wait_for opened_all A B
ok "A opened what B sealed" wait_for opened_all B A
