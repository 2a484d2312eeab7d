#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# packages: golang-go
# before: tests/lib/go-build
# timeout: 60
# sstctl run with a static program of Go, which makes its system calls by itself.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

client=$SST_TOP/build/run-client-go

# said: by the client, over both families.
said() {
	"$@" "$client" "$B4" 80
	"$@" "$client" "$B6" 80
}

tap_plan 8
topo_hrh
sst_psk_peers
bg_ns server B "$sst_tests/lib/run-server.py" 80
wait_for -t 60 listening B tcp 80 || bail "no server"
not_ok "the program is static" ldd "$client"
for how in under beside; do
	must capture_start $how R ra "$topo_tmp/$how.pcap" 'tcp or udp'
	if [ $how = under ]; then
		seen=$(said in_ns A run 2>&1 | xargs)
	else
		seen=$(said ns A 2>&1 | xargs)
	fi
	is "$how: it gets its answers" "$seen" "hello datagram hello datagram"
	ok "$how: nothing was lost in the capture" capture_stop $how
done
real='tcp portrange 1-1023 or udp portrange 1-1023'
is "under it no real port is seen" \
	"$(capture_count "$topo_tmp/under.pcap" "$real")" 0
at_least "but packets are" "$(capture_count "$topo_tmp/under.pcap" '')" 20
is "beside it all ports are real" \
	"$(capture_count "$topo_tmp/beside.pcap" "not ($real)")" 0
