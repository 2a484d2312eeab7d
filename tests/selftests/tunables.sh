#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 90
# What is set, added, counted and reported in one namespace does not show in
# another; a container administers its own and no other; max-flows is a bound.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"


# kri NS FIELD PROTO: key index of the flow of a protocol.
kri() {
	in_ns "$1" -j flow show | jq ".flows[] | select(.proto == \"$3\") | .$2.kri"
}

# add NS PORT [KEY]: a flow that nobody uses; always the same tuples.
add() {
	sst_flow_add "$1" udp 10.0.1.1 "$2" 10.0.9.9 9 $(($2 + 1)) 99 1 "${3-$(sst_key)}"
}

tap_plan 32
topo_hrh

# ---- settings
defaults=$(in_ns B get)
must in_ns A set rekey-packets 5 rekey-seconds 60 dscp keep mark-mask 0xf0 mark-value 0x50 max-flows 7
is "settings of A do not show in B" "$(in_ns B get)" "$defaults"
is "nor in a new namespace" "$(unshare -n sstctl get)" "$defaults"
not_ok "they do in A" test "$(in_ns A get)" = "$defaults"
must in_ns A set dscp clear mark-mask 0xfc mark-value 0xac

# ---- flows and counters; what one host sets, only that host does
bg_ns monA A sstctl -j monitor
bg_ns monB B sstctl -j monitor
bg_ns monR R sstctl -j monitor
for host in A B R; do
	must wait_for grep -q listening "$topo_tmp/mon$host.err"
done
must sst_pair udp 4 4002 53
must udp_echo_server B 53
for i in {1..8}; do
	must test "$(udp_echo A "$B4" 53 "n$i" 4002)" = "n$i"
done
bg_stop udp53
is "A rotates as it was told" "$(kri A tx udp) $(kri B rx udp)" "1 1"
is "B does not" "$(kri B tx udp) $(kri A rx udp)" "0 0"
is "flows of A and B do not show in R" "$(in_ns R -j get flows)" '{"flows":0}'
is "what they count does not, either" "$(sst_drops R)$(stat_get R tx_sealed)$(stat_get R rx_opened)" 00
is "A counts what it does" "$(stat_get A tx_sealed) $(stat_get A rx_opened)" "8 8"
key=$(sst_key)
ok "a flow in A" add A 5000 "$key"
ok "the same tuple and key in R" add R 5000 "$key"
not_ok "twice in A they are refused" add A 5000 "$key"
must in_ns R flow flush
is "a flush in R leaves A alone" "$(in_ns A -j get flows)" '{"flows":2}'

# ---- events
ok "A hears of its own" wait_for grep -q '"event":"flow-rotated".*"direction":"tx"' "$topo_tmp/monA.out"
ok "B hears of its own" wait_for grep -q '"event":"flow-rotated".*"direction":"rx"' "$topo_tmp/monB.out"
ok "R hears of its own" wait_for grep -q '"event":"flow-closed"' "$topo_tmp/monR.out"
is "A hears of nothing else" "$(jq -r .event "$topo_tmp/monA.out" | sort | uniq -c | xargs)" \
	"2 flow-opened 1 flow-rotated"
is "B hears of nothing else" "$(jq -r .event "$topo_tmp/monB.out" | sort | uniq -c | xargs)" \
	"1 flow-opened 1 flow-rotated"
is "R hears of nothing else" "$(jq -r .event "$topo_tmp/monR.out" | sort | uniq -c | xargs)" \
	"1 flow-closed 1 flow-opened"
for host in A B R; do
	bg_stop mon$host
done

# ---- bound
must in_ns A set max-flows 3
ok "max-flows: the last one" add A 5010
refused=$(sstctl -n "$(ns_name A)" flow add proto udp local 10.0.1.1:5020 remote 10.0.9.9:9 \
	wire 5021:99 side 1 key - <<<"$(sst_key)" 2>&1)
is "max-flows: one too many" "$refused" \
	"sstctl: flow add: max-flows is reached; raise it or delete flows"
ok "max-flows: no bound on others" add R 5020
must in_ns A set max-flows 1
is "max-flows: a lower bound ends no flow" "$(in_ns A -j get flows)" '{"flows":3}'
not_ok "max-flows: but takes none" add A 5030
must in_ns A flow flush
ok "max-flows: there is room again" add A 5040
must in_ns A set max-flows 0
must in_ns A flow flush
not_ok "max-flows: 0 takes none at all" add A 5050

# ---- containers: root in a user namespace, with a network namespace of its own
must in_ns A set max-flows 10
must add A 5060
bg box unshare -Urn sleep 1000
wait_for test -e "/proc/${bg_pid[box]}/ns/net"
box=(nsenter -t "${bg_pid[box]}" -U -n --preserve-credentials)
must wait_for "${box[@]}" ip link set lo up
sst_key >"$topo_tmp/key"
ok "a container adds a flow" "${box[@]}" sstctl flow add proto tcp local 10.0.1.1:1 \
	remote 10.0.9.9:9 wire 2:99 side 1 key "$topo_tmp/key"
ok "it sets what it likes" "${box[@]}" sstctl set mark-value 0x20 max-flows 1
is "both show there" "$("${box[@]}" sstctl -j get mark-value flows | jq -c '[.[]]')" '[32,1]'
is "and not in A" "$(in_ns A -j get mark-value flows | jq -c '[.[]]')" '[172,1]'
# The same root with A's network namespace, which belongs to another user.
outside=(ip netns exec "$(ns_name A)" unshare -Ur)
for words in "set max-flows 5" "flow flush"; do
	# shellcheck disable=SC2086 # several words
	is "a container cannot '$words' in A" "$("${outside[@]}" sstctl $words 2>&1)" \
		"sstctl: ${words%% max*}: not permitted: CAP_NET_ADMIN over this network namespace is needed"
done
is "nothing happened in A" "$(in_ns A -j get max-flows flows | jq -c '[.[]]')" '[10,1]'
