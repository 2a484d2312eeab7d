#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 200
# What two hosts put on the wire for sealed flows, in every state of a
# connection: each packet is marked, has wire ports, a valid checksum that is
# not the original's, and a tag that verifies; and what the receiver restores
# is byte for byte what the sender's stack made.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 21
traffic=$sst_tests/lib/wire-traffic.py

# add_flows PHASE
add_flows() {
	local proto fam aport bport
	while read -r proto fam aport bport; do
		sst_pair "$proto" "$fam" "$aport" "$bport" || return 1
		flows=$((flows + 1))
	done < <(/usr/bin/python3 "$traffic" flows "$1")
}

run_traffic() {
	/usr/bin/python3 "$traffic" run "$1" "$(ns_name A)" "$(ns_name B)" "$(ns_name R)"
}

# The receiver shrinks the MSS of a SYN before its stack sees it (mtu.sh): a SYN
# is left out of what the hosts' stacks are seen to receive, and counted.
log_in() {
	host_log_start "$1" "$2" in "$3" &&
	ns "$2" nft insert rule inet "log_$host_log_group" c \
		'tcp flags & (syn|ack) == syn counter accept'
}

syns_in() {
	ns "$1" nft -j list ruleset | jq '[.nftables[].rule.expr[]?.counter.packets? // 0] | add'
}

# start PREFIX, stop PREFIX: all packets as each host put them on its link, and
# the views of the hosts' stacks.
captures='ra rb ain aout bin bout'
start() {
	must capture_start ra R ra "$topo_tmp/$1-ra.pcap" "src $A4 or src $A6"
	must capture_start rb R rb "$topo_tmp/$1-rb.pcap" "src $B4 or src $B6"
	must host_log_start aout A out "$topo_tmp/$1-aout.pcap"
	must host_log_start bout B out "$topo_tmp/$1-bout.pcap"
	must log_in ain A "$topo_tmp/$1-ain.pcap"
	must log_in bin B "$topo_tmp/$1-bin.pcap"
	opened_a=$(stat_get A rx_opened) opened_b=$(stat_get B rx_opened)
}

stop() {
	local c rc=0
	for c in $captures; do
		capture_stop "$c" || rc=1
	done
	syns_a=$(syns_in A) syns_b=$(syns_in B)
	opened_a=$(($(stat_get A rx_opened) - opened_a))
	opened_b=$(($(stat_get B rx_opened) - opened_b))
	ns A nft flush ruleset
	ns B nft flush ruleset
	return "$rc"
}

# sent DESCRIPTION PREFIX HOST: what it sealed is what its stack made.
sent() {
	local a=${3}4 b=${3}6
	ok "$1" sst_compare "$topo_tmp/$2.orig" "$topo_tmp/$2-${3,}out.pcap" \
		--src "${!a}" --src "${!b}"
}

# received DESCRIPTION PREFIX HOST SENDER OPENED SYNS: each packet that its stack
# got is one of those the sender's stack made, one hop further; and it got all
# that were opened.
received() {
	local a=${4}4 b=${4}6
	sst_compare "$topo_tmp/$2.orig" "$topo_tmp/$2-${3,}in.pcap" --src "${!a}" \
		--src "${!b}" --ttl-delta -1 --allow-extra 1000000 >"$topo_tmp/compare.json"
	is "$1" "$(jq -c '[.missing, .reference]' "$topo_tmp/compare.json")" \
		"[0,$(($5 - $6))]" || diag "$(jq -c '.examples[]' "$topo_tmp/compare.json")"
}

decode() {
	/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$topo_tmp/$1-ra.pcap" \
		"$topo_tmp/$1-rb.pcap" --keys "$sst_keys" --out "$topo_tmp/$1.orig" \
		>"$topo_tmp/decoded.json"
	is "$1: on the wire nothing is wrong" "$(jq -c .violations "$topo_tmp/decoded.json")" '{}' ||
		diag "$(jq -c '.examples[]' "$topo_tmp/decoded.json")"
}

topo_hrh
must topo_offload off
ns R nft -f - <<-END
	table inet path { chain forward { type filter hook forward priority 0; }; }
END
flows=0
# One packet from the stack is one on the wire: what goes out can be compared.
ip -n "$(ns_name A)" link set eth0 gso_max_segs 1
ip -n "$(ns_name B)" link set eth0 gso_max_segs 1
must add_flows cases
must add_flows lossy
start one
ok "all cases work" run_traffic cases
diag "$(cat "$topo_tmp/ok.log")"
must topo_netem both delay 2ms loss 4%
before=$(ns A nstat -asz TcpRetransSegs | awk 'END { print $2 }')
ok "TCP gets through loss" run_traffic lossy
after=$(ns A nstat -asz TcpRetransSegs | awk 'END { print $2 }')
topo_netem both
ok "the captures are complete" stop
at_least "packets were sent again" $((after - before)) 5
decode one
is "every flow was seen in both directions" \
	"$(jq '[.flows[] | select(."a>b".packets > 0 and ."b>a".packets > 0)] | length' "$topo_tmp/decoded.json")" "$flows"
is "every packet is marked and sealed" "$(jq .sealed "$topo_tmp/decoded.json")" \
	$(($(capture_count "$topo_tmp/one-ra.pcap" 'not icmp6') + $(capture_count "$topo_tmp/one-rb.pcap" 'not icmp6')))
sent "what A sealed is what its stack made" one A
sent "what B sealed is what its stack made" one B
received "what A opened is what B's stack made" one A B "$opened_a" "$syns_a"
received "what B opened is what A's stack made" one B A "$opened_b" "$syns_b"
at_least "SYNs reached B" "$syns_b" 18
is "no SYN reached A" "$syns_a" 0

# Large packets, cut before they are sealed.
ip -n "$(ns_name A)" link set eth0 gso_max_segs 65535
ip -n "$(ns_name B)" link set eth0 gso_max_segs 65535
must add_flows gso
sealed=$(stat_get A tx_sealed)
start two
ok "large packets arrive" run_traffic gso
ok "the captures are complete" stop
decode two
received "large: what A opened is what B sent" two A B "$opened_a" "$syns_a"
received "large: what B opened is what A sent" two B A "$opened_b" "$syns_b"
at_least "large: A's stack made fewer packets than were sealed" \
	$(($(stat_get A tx_sealed) - sealed - $(capture_count "$topo_tmp/two-aout.pcap" ''))) 100

is "nothing dropped on A" "$(sst_drops A)" ""
is "nothing dropped on B" "$(sst_drops B)" ""
