#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 600
# Bulk data over a path that loses, doubles and reorders packets, offloads on and
# off: all bytes arrive unchanged, and the counters add up with those of the
# path to the last packet.
#
#   SST_BULK_MB=N         megabytes over TCP in all; default 1024 on 6.12, 256 on
#                         6.1, 64 on the debug kernel
#   SST_BULK_DATAGRAMS=N  datagrams in all; default 100000 on 6.12, else 30000
#   SST_BULK_PATH=OPTIONS of netem
#
# Nine tenths of the megabytes go with offloads on and an MTU of 9000, where the
# emulated machines do not take minutes; the rest with an MTU of 1500.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

case ${SST_KERNEL-} in
6.12) mb=1024 datagrams=100000 ;;
6.1) mb=256 datagrams=30000 ;;
*) mb=64 datagrams=30000 ;;
esac
mb=${SST_BULK_MB-$mb}
datagrams=$((${SST_BULK_DATAGRAMS-$datagrams} / 2))
path=${SST_BULK_PATH-delay 300us loss 1% duplicate 1% reorder 10% limit 100000}

# What the path and the hosts counted since begin.
declare -A base=()
sample() {
	local n k v
	for n in A B; do
		while read -r k v; do
			echo "$n.$k $v"
		done < <(sstctl -n "$(ns_name $n)" -j stats | jq -r '.counters | to_entries[] | "\(.key) \(.value)"')
		echo "$n.rx_device $(ns $n cat /sys/class/net/eth0/statistics/rx_packets)"
	done
	for n in ra rb; do
		echo "$n.in $(ns R cat /sys/class/net/$n/statistics/rx_packets)"
		ns R tc -s -j qdisc show dev $n root |
			jq -r --arg d $n '.[0] | "\($d).sent \(.packets)\n\($d).dropped \(.drops)"'
	done
}
# quiet: what was in the queues has come out; no counter moves any more.
quiet() {
	local before

	before=$(sample)
	sleep 0.2
	[ "$(sample)" = "$before" ]
}
begin() {
	local k v
	base=()
	while read -r k v; do
		base[$k]=$v
	done < <(sample)
}
declare -A now=()
end() {
	local k v
	must wait_for quiet
	now=()
	while read -r k v; do
		now[$k]=$((v - ${base[$k]}))
	done < <(sample)
}

# drops HOST: all reasons for which it did not open a packet.
drops() {
	local k sum=0
	for k in "${!now[@]}"; do
		case $k in
		"$1".rx_opened | "$1".rx_device | "$1".rx_split | "$1".rx_merged | "$1".rx_open | \
		"$1".rx_accept | "$1".rx_alias | "$1".rx_held) ;;
		"$1".rx_*) sum=$((sum + now[$k])) ;;
		esac
	done
	echo $sum
}

# adds_up FROM TO IN OUT: the counters of one direction. IN and OUT are the
# router's devices.
adds_up() {
	local sealed=${now[$1.tx_sealed]} opened=${now[$2.rx_opened]} dropped
	local lost=${now[$4.dropped]} out=${now[$4.sent]} doubled
	dropped=$(drops "$2")
	doubled=$((out + lost - ${now[$3.in]}))
	diag "$1 > $2: sealed $sealed, lost $lost, doubled $doubled, opened $opened, replayed ${now[$2.rx_replay]}"
	is "$1 > $2: each packet on the path is one sealed" "${now[$3.in]}" "$sealed"
	is "$1 > $2: each packet that arrived was opened, or dropped and counted" \
		"${now[$2.rx_device]}" $((opened + dropped))
	is "$1 > $2: sealed = opened + dropped + lost - doubled" \
		"$sealed" $((opened + dropped + lost - doubled))
	is "$1 > $2: only copies were dropped" "$dropped" "${now[$2.rx_replay]}"
	at_most "$1 > $2: and not more than the path made" "$dropped" "$doubled"
}

# tcp FROM-A-PORT FAMILY send|receive: seen from A.
tcp() {
	local b=B$2 other=receive rc=0
	[ "$3" = send ] || other=send
	bg_ns server B /usr/bin/python3 "$sst_tests/lib/tcp-bulk.py" listen 80 $other "$part"
	wait_for listening B tcp 80 || return 1
	ns A /usr/bin/python3 "$sst_tests/lib/tcp-bulk.py" connect "${!b}" 80 "$1" "$3" "$part" || rc=1
	bg_wait server || rc=1
	cat "$topo_tmp/server.out" "$topo_tmp/server.err"
	return $rc
}

# udp FROM TO ADDRESS PORT OWN-PORT
udp() {
	bg_ns recv "$2" /usr/bin/python3 "$sst_tests/lib/udp-bulk.py" receive "$4"
	wait_for listening "$2" udp "$4" || return 1
	ns "$1" /usr/bin/python3 "$sst_tests/lib/udp-bulk.py" send "$3" "$4" "$5" 0 "$datagrams" || return 1
	wait_for quiet || return 1
	bg_stop recv
	read -r distinct twice damaged <"$topo_tmp/recv.out"
}

# transfer OFFLOAD MTU FAMILY send|receive PERCENT: TCP, as seen from A.
transfer() {
	local desc="TCP over IPv$3, MTU $2, offloads $1" start=$SECONDS
	part=$(((mb * $5 + 99) / 100))
	port=$((port + 1))
	must topo_offload "$1"
	must topo_mtu "$2"
	must sst_pair tcp "$3" $port 80
	begin
	ok "$desc: A can $4 $part MiB" tcp $port "$3" "$4"
	diag "$((SECONDS - start)) s: $(tail -n 1 "$topo_tmp/ok.log")"
	end
	adds_up A B ra rb
	adds_up B A rb ra
}

# stream OFFLOAD FAMILY FROM TO: datagrams.
stream() {
	local desc="UDP over IPv$2, offloads $1, $3 > $4" to=$4$2 start=$SECONDS
	local sent=5300 at=53 in=ra out=rb
	[ "$3" = A ] || sent=53 at=5300 in=rb out=ra
	must topo_offload "$1"
	must topo_mtu 1500
	must sst_pair udp "$2" 5300 53
	begin
	must udp "$3" "$4" "${!to}" $at $sent
	end
	diag "$((SECONDS - start)) s"
	is "$desc: all were sealed" "${now[$3.tx_sealed]}" "$datagrams"
	adds_up "$3" "$4" $in $out
	is "$desc: all that were opened reached the socket" "$distinct" "${now[$4.rx_opened]}"
	is "$desc: none damaged or doubled" "$twice $damaged" "0 0"
	at_least "$desc: nearly all arrived" "$distinct" $((datagrams * 97 / 100))
}

tap_plan 64
topo_hrh
port=5000
# shellcheck disable=SC2086 # words
must topo_netem both $path
transfer on 9000 4 send 45
transfer on 9000 6 receive 45
transfer off 1500 6 send 5
transfer off 1500 4 receive 5
stream on 4 A B
stream off 6 B A
is "nothing but copies dropped on A" "$(sst_drops A | sed 's/rx_replay=[0-9]*//')" ""
is "nothing but copies dropped on B" "$(sst_drops B | sed 's/rx_replay=[0-9]*//')" ""
