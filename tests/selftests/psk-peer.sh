#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# The module opens flows to the second implementation and takes its openings:
# answers that get lost, openings that nobody hears, confirmation first, clocks
# that are wrong, and opening again after a pause.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-middle.sh"

tap_plan 53
ns_add M P
ns_quiet M
ns_quiet P
must topo_link M eth0 02:00:00:00:03:01 P eth0 02:00:00:00:03:02
ip -n "$(ns_name P)" link set eth0 up
ip -n "$(ns_name M)" -batch - <<-END || bail "no addresses"
	addr add 10.0.3.1/24 dev eth0
	addr add fd00:3::1/64 dev eth0 nodad
	link set eth0 up
END
must ns M ethtool -K eth0 tx off >/dev/null
# Without those of other times: the hour is in the name of a key.
must capture_start wire P eth0 "$topo_tmp/wire.pcap" \
	'(tcp or udp) and not net 10.0.3.192/26 and not net fd00:3::c0/122'
middle_run pskpeer.py
must capture_stop wire
# sst_decode_psk takes one key; the first of them stands there.
must mv "$topo_tmp/p10.m.psk" "$topo_tmp/a.psk"
psks=()
for file in "$topo_tmp"/p*.m.psk; do
	psks+=(--psk "$file")
done
ok "all that passed verifies, no counter twice" \
	sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" \
	"${psks[@]}" --real-port 4000 --real-port 5000
