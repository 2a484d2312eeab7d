#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Does the library of topologies do what it says? Runs in a guest without the
# module; called by tests/harness-selftest.sh.
. "$(dirname "$0")/topology.sh"

out=$topo_tmp
tap_plan 30

topo_hrh
ok "ping over IPv4" ns A ping -c 1 -W 30 "$B4"
ok "ping over IPv6" ns A ping -c 1 -W 30 "$B6"
is "no neighbour is looked for" "$(ip -n "$(ns_name A)" neigh | grep -vc PERMANENT)" 0

ok "firewall" router_firewall
ok "capture on the router" capture_start r R ra "$out/r.pcap"
ok "log of what A sends" host_log_start a A out "$out/a.pcap"
ok "log of what B gets" host_log_start b B in "$out/b.pcap"
ok "TCP over IPv4" tcp_transfer A B "$B4" 5000 100000
ok "TCP over IPv6" tcp_transfer A B "$B6" 5000 100000
ok "UDP server" udp_echo_server B 7
is "UDP echo" "$(udp_echo A "$B4" 7 hello)" hello
is "UDP echo over IPv6" "$(udp_echo A "$B6" 7 hello)" hello
ok "capture lost nothing" capture_stop r
ok "A's log lost nothing" capture_stop a
ok "B's log lost nothing" capture_stop b
# Counts the bytes of the stream, not of the packets: on a busy machine a tail
# loss probe may repeat a segment that was only late.
bytes() {
	tcpdump -nKr "$1" 2>/dev/null | grep -F "$2" |
		sed -n 's/.* seq \([0-9]*\):\([0-9]*\),.*/\1 \2/p' | sort -n |
		awk '{ from = $1 > end ? $1 : end
		       if ($2 > from) { sum += $2 - from; end = $2 } }
		     END { print sum + 0 }'
}
is "the capture has every byte" "$(bytes "$out/r.pcap" ' > 10.0.2.1.5000:')" 100000
is "A's log has every byte" "$(bytes "$out/a.pcap" ' > 10.0.2.1.5000:')" 100000
is "B's log has every byte" "$(bytes "$out/b.pcap" ' > fd00:2::1.5000:')" 100000
is "datagrams captured" "$(capture_count "$out/r.pcap" 'udp port 7')" 4
is "nothing invalid" "$(router_counter invalid)" 0
ok "masquerade" router_masquerade
ok "offloads off" topo_offload off
ok "TCP with offloads off" tcp_transfer A B "$B4" 5001 200000
topo_mtu 1400
ok "large ping fits an MTU of 1400" ns A ping -c 1 -W 30 -M "do" -s 1372 "$B4"
not_ok "larger ping does not" ns A ping -c 1 -W 1 -M "do" -s 1373 "$B4"
topo_netem both delay 5ms loss 2% reorder 20% duplicate 1%
ok "TCP with loss, reordering and duplicates" tcp_transfer A B "$B6" 5002 200000
ok "connection tracking lists connections" ns R sh -c 'conntrack -L | grep -q "dport=5000"'
topo_netem to_b loss 100%
not_ok "total loss on the way to B" ns A ping -c 1 -W 1 "$B4"
topo_netem both
ok "and no longer" ns A ping -c 1 -W 30 "$B4"
not_ok "waiting ends" wait_for -t 1 false
