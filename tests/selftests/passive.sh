#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 200
# Packets that are no packets of a flow are the same, bit for bit, whether the
# module is at work in a namespace or not: in transit and for the host itself.
# Only what is marked and for this host does not reach a socket.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 21
corpus=$sst_tests/lib/corpus.py
all='(ip or ip6) and not (ip6[6] = 0 and ip6[40] = 58)'

py() {
	/usr/bin/python3 "$@"
}

settled() {
	local n
	n=$(stat -c %s "$1")
	sleep 0.5
	[ "$n" = "$(stat -c %s "$1")" ]
}

# run NAME [clear]: send the corpus; what passes the router, what the router
# itself and B get to see, and what B's sockets read.
run() {
	local n=$1
	rm -f "$topo_tmp/stop"
	must capture_start "ra" R ra "$topo_tmp/$n-ra.pcap" "$all"
	must capture_start "rb" R rb "$topo_tmp/$n-rb.pcap" "$all"
	must capture_start "eth" B eth0 "$topo_tmp/$n-eth.pcap" "$all"
	must host_log_start "rin" R in "$topo_tmp/$n-rin.pcap"
	must host_log_start "bin" B in "$topo_tmp/$n-bin.pcap"
	bg_ns recv B /usr/bin/python3 "$corpus" receive 60 "$topo_tmp/stop"
	wait_for grep -q ready "$topo_tmp/recv.err" || bail "no receiver"
	must ns A /usr/bin/python3 "$corpus" send eth0 "${2-}"
	wait_for settled "$topo_tmp/$n-bin.pcap"
	touch "$topo_tmp/stop"
	bg_wait recv || bail "receiver: $(cat "$topo_tmp/recv.err")"
	mv "$topo_tmp/recv.out" "$topo_tmp/$n-sockets"
	for c in ra rb eth rin bin; do
		capture_stop "$c" || bail "capture $c lost packets"
	done
	for c in ra rb eth; do
		tcpdump -n -t -xx -K -r "$topo_tmp/$n-$c.pcap" >"$topo_tmp/$n-$c" 2>/dev/null
	done
	for c in rin bin; do
		must py "$corpus" show "$topo_tmp/$n-$c.pcap" >"$topo_tmp/$n-$c"
	done
	ns R nft flush ruleset
	ns B nft flush ruleset
	# What B would answer is no part of the corpus.
	must ns B nft "table inet quiet { chain output { type filter hook output priority 0; policy drop; }; }"
}

topo_hrh
must topo_offload off
must ns B nft "table inet quiet { chain output { type filter hook output priority 0; policy drop; }; }"
run without
run clear clear

# Now with flows of other hosts and of these, none of which the corpus meets.
for n in A R B; do
	must sst_flow_add $n tcp 10.9.9.1 4000 10.9.9.2 80 20001 20002 1 "$(sst_key)"
	must sst_flow_add $n udp fd00:9::1 4004 fd00:9::2 9 20001 20002 1 "$(sst_key)"
done
must sst_flow_add R udp "$RB4" 4004 "$B4" 9 30001 30002 1 "$(sst_key)"
must sst_flow_add B tcp "$B4" 80 "$A4" 4444 30001 30002 2 "$(sst_key)"
must sst_flow_add B tcp "$B6" 80 "$A6" 4444 30001 30002 2 "$(sst_key)"
run with

at_least "the router forwards most of the packets" \
	"$(capture_count "$topo_tmp/without-rb.pcap" '')" 330
is "all packets came in from A" \
	"$(capture_count "$topo_tmp/without-ra.pcap" '')" "$(py "$corpus" count all)"
ok "what comes in from A is the same" cmp "$topo_tmp/without-ra" "$topo_tmp/with-ra"
ok "transit packets leave the router unchanged" cmp "$topo_tmp/without-rb" "$topo_tmp/with-rb"
ok "they reach B unchanged" cmp "$topo_tmp/without-eth" "$topo_tmp/with-eth"
at_least "marked ones are among them" \
	"$(capture_count "$topo_tmp/with-rb.pcap" 'ip[6] & 0x80 != 0 or ip6[0:2] & 0x0fc0 = 0x0ac0')" 100
at_least "broadcast and multicast reach the router itself" "$(wc -l <"$topo_tmp/without-rin")" 6
ok "they are the same, marked or not" cmp "$topo_tmp/without-rin" "$topo_tmp/with-rin"
at_least "unmarked packets reach B's input" "$(wc -l <"$topo_tmp/clear-bin")" 150
ok "they are the same" cmp "$topo_tmp/clear-bin" "$topo_tmp/with-bin"
at_least "without flows marked packets reach it, too" \
	$(($(wc -l <"$topo_tmp/without-bin") - $(wc -l <"$topo_tmp/clear-bin"))) 100
at_least "unmarked datagrams reach B's sockets" "$(wc -l <"$topo_tmp/clear-sockets")" 60
ok "they are the same" cmp "$topo_tmp/clear-sockets" "$topo_tmp/with-sockets"

is "the router counts nothing" "$(sst_drops R)" ""
is "the router sealed and opened nothing" "$(stat_get R tx_sealed) $(stat_get R rx_opened)" "0 0"
is "B gathered marked fragments" "$(stat_get B rx_gathered)" "$(py "$corpus" count fragments)"
is "B dropped and counted what was marked, and nothing else" "$(sst_drops B)" \
	"rx_unopened=$(($(py "$corpus" count marked) + $(py "$corpus" count completing)))"
is "B sealed and opened nothing" "$(stat_get B tx_sealed) $(stat_get B rx_opened)" "0 0"

# And a conversation beside the flows.
ns B nft flush ruleset
ok "TCP without a flow works" tcp_transfer A B "$B4" 81 200000
ok "over IPv6, too" tcp_transfer A B "$B6" 82 200000
is "it left no trace" "$(sst_drops A) $(stat_get A tx_sealed)" " 0"
