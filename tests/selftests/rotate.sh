#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# Keys change by packets and by time, under loss, reordering and the loss of
# everything sealed with a key: nothing is lost beyond what the path lost, and no
# pair of key and counter is used twice.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 32
limit=1000

# datagrams FAMILY FIRST COUNT: numbered datagrams from A to B, in bursts that
# the path's queue holds.
datagrams() {
	local b=B$1
	ns A /usr/bin/python3 "$sst_tests/lib/udp-bulk.py" send "${!b}" 53 5300 "$2" "$3"
}

# receiver FAMILY: on B, until end_receiver.
receiver() {
	bg_ns recv B /usr/bin/python3 "$sst_tests/lib/udp-bulk.py" receive 53
	wait_for listening B udp 53
}

# end_receiver: sets what it says: distinct, twice, damaged.
end_receiver() {
	bg_stop recv
	read -r distinct twice damaged <"$topo_tmp/recv.out"
}

# rotations NS DIRECTION: events seen so far.
rotations() {
	jq -s --arg d "$2" \
		'[.[] | select(.event == "flow-rotated" and .direction == $d)] | length' \
		"$topo_tmp/mon$1.out"
}
has_rotated() {
	[ "$(rotations "$1" "$2")" -ge "$3" ]
}

# summary JQ-FILTER: of the last decoding.
summary() {
	jq -r "$1" "$topo_tmp/decoded.json"
}

decode() {
	sst_decode "$1" "$topo_tmp/orig.pcap" >"$topo_tmp/decoded.json"
	is "$2: no pair of key and counter twice, nothing else wrong" "$(summary '.violations | tostring')" '{}'
}

delivered() {
	ns B cat /sys/class/net/eth0/statistics/rx_packets
}

topo_hrh
must topo_offload off
for n in A B; do
	must sstctl -n "$(ns_name $n)" set rekey-packets $limit
	bg mon$n sstctl -n "$(ns_name $n)" -j monitor
	wait_for grep -q listening "$topo_tmp/mon$n.err" || bail "no monitor"
done

# Loss and reordering across the boundaries of five keys.
must sst_pair udp 4 5300 53
must topo_netem to_b delay 2ms loss 1% reorder 20% limit 100000
receiver
must capture_start cap R ra "$topo_tmp/wire.pcap"
before=$(delivered)
ok "datagrams are sent" datagrams 4 0 5500
end_receiver
capture_stop cap
opened=$(stat_get B rx_opened)
is "all that the path delivered was opened" "$opened" $(($(delivered) - before))
is "and reached the socket, once and undamaged" "$distinct $twice $damaged" "$opened 0 0"
at_least "the path lost some" $((5500 - opened)) 5
decode "$topo_tmp/wire.pcap" "UDP"
is "six keys were used" "$(summary '.flows[0]."a>b".kris')" 6
is "none for more than $limit packets" \
	"$(summary '[.flows[0]."a>b".counters[] | map(.[1])] | flatten | max')" $((limit - 1))
is "A told of each new key" "$(rotations A tx)" 5
is "so did B" "$(rotations B rx)" 5
is "the new key's index is told" \
	"$(jq -sc '[.[] | select(.event == "flow-rotated") | select(.direction == "rx") | .rx.kri] | sort' "$topo_tmp/monB.out")" '[1,2,3,4,5]'
is "nothing dropped" "$(sst_drops A)$(sst_drops B)" ""

# Everything sealed with a whole key, and more, is lost: 5500 to 8000.
must topo_netem to_b
must ns R nft "table inet path { chain forward { type filter hook forward priority 0; ip daddr $B4 drop; }; }"
ok "datagrams are sent and all lost" datagrams 4 0 2500
is "B opened none of them" "$(stat_get B rx_opened)" "$opened"
must ns R nft flush ruleset
must topo_netem to_b delay 2ms reorder 20% limit 100000
receiver
ok "datagrams are sent" datagrams 4 0 2500
end_receiver
# A key more than one step ahead is tried for a few packets a second, and one
# is enough. Of the keys before it only the last is still taken.
is "after the gap all arrive" "$distinct $twice $damaged" "2500 0 0"
is "nothing dropped" "$(sst_drops A)$(sst_drops B)" ""
is "B went over the lost keys" \
	"$(jq -sc '[.[] | select(.event == "flow-rotated") | select(.direction == "rx") | .rx.kri] | sort' "$topo_tmp/monB.out")" '[1,2,3,4,5,8,9,10]'

# TCP, both directions, over IPv6.
must sst_pair tcp 6 5301 80
must topo_netem both delay 1ms loss 1% reorder 10% limit 100000
must capture_start cap R ra "$topo_tmp/tcp-a.pcap"
must capture_start capb R rb "$topo_tmp/tcp-b.pcap"
sealed=$(stat_get A tx_sealed) opened=$(stat_get B rx_opened) before=$(delivered)
ok "TCP arrives unchanged" tcp_transfer A B "$B6" 80 4500000 "sourceport=5301,reuseaddr"
capture_stop cap
capture_stop capb
at_least "under several keys" $((($(stat_get A tx_sealed) - sealed) / limit)) 3
is "all that the path delivered was opened" $(($(stat_get B rx_opened) - opened)) $(($(delivered) - before))
decode "$topo_tmp/tcp-a.pcap" "from A"
at_least "keys from A" "$(summary '.flows[1]."a>b".kris')" 4
decode "$topo_tmp/tcp-b.pcap" "from B"
is "nothing dropped" "$(sst_drops A)$(sst_drops B)" ""

# By time. The clock starts with the first packet under a key.
topo_netem both
for n in A B; do
	must sstctl -n "$(ns_name $n)" set rekey-seconds 1
done
must sst_pair udp 6 5300 53
receiver
old=$(rotations A tx)
ok "a datagram under the first key" datagrams 6 0 2
is "no new key so far" "$(rotations A tx)" "$old"
sleep 1.3
ok "the next one is late" datagrams 6 2 2
ok "A's key changed" wait_for has_rotated A tx $((old + 1))
sleep 1.3
ok "another one is late" datagrams 6 4 2
ok "A's key changed again" wait_for has_rotated A tx $((old + 2))
end_receiver
is "all arrived" "$distinct $twice $damaged" "6 0 0"
is "nothing dropped" "$(sst_drops A)$(sst_drops B)" ""
