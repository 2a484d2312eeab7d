#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 600
# Very many flows: a packet costs the same among 1,000 and among 100,000, all are
# listed once while others come and go, what they take is bounded and given
# back. tests/tools/scale runs it where time is the number of instructions, and
# then it also asks how long softirqs wait while flows go.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

case $SST_KERNEL in
# Its objects are several times as large.
debug) sizes=(1000 5000 20000) opened=2000 bytes_most=8192 ;;
*) sizes=(1000 10000 100000) opened=10000 bytes_most=2048 ;;
esac
# How much a packet may cost more, in percent. By the clock of a busy machine
# that is not a measurement, but a look for what is ten times as much.
percent=200
waits=0
if [ -n "${SST_LAG_MODULE-}" ]; then
	opened=${SST_OPENED:-100000} percent=10 waits=6
fi
# Nanoseconds. RCU works on its callbacks for as long as 3 ms at a time, and when
# there are many it leaves softirqs to a thread.
wait_most=10000000
longest=/sys/kernel/debug/lag/longest
most=${sizes[-1]}

many() {
	/usr/bin/python3 "$sst_tests/lib/many-flows.py" "$topo_id" "$@"
}
flows() {
	in_ns "$1" -j get | jq .flows
}
has_flows() {
	[ "$(flows "$1")" = "$2" ]
}
# Memory that is free in kB, caches of files included.
available() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemAvailable/ { print $2 }' /proc/meminfo
}
available_at_least() {
	[ "$(available)" -ge "$1" ]
}
# Flows in memory, those included that wait for a grace period.
objects() {
	local cache
	for cache in /sys/kernel/slab/sst_flow /sys/kernel/slab/sst_opened_flow; do
		echo 1 >$cache/shrink
		cat $cache/objects
	done | awk '{ sum += $1 } END { print sum }'
}
# Other things of this size may be in the same cache.
objects_gone() {
	[ "$(objects)" -le $((objects_before + 500)) ]
}
# waited WHAT: how long a softirq had to wait since the last call.
waited() {
	local ns
	[ "$waits" -gt 0 ] || return 0
	# All of it is read: one cannot seek in this file.
	ns=$(awk 'NR == 1' "$longest")
	at_most "no softirq waits long: $1" "$ns" "$wait_most" ||
		diag "$(sed 1d "$longest")"
	echo >"$longest"
}
ids() {
	in_ns A -j flow show | grep -oE '"id": ?[0-9]+' | grep -oE '[0-9]+'
}
setup() {
	topo_hrh
	for host in A B; do
		must in_ns $host set max-flows 250000
	done
}
# bytes_per_flow WHICH N: of what N flows on each of both hosts take.
bytes_per_flow() {
	at_most "bytes for a flow, $1" $(((before - $(available)) * 1024 / (2 * $2))) \
		"$bytes_most"
}

tap_plan $((3 * ${#sizes[@]} + 19 + waits))
setup
[ "$waits" = 0 ] || must insmod "$SST_LAG_MODULE"
objects_before=$(objects)
before=$(available)

# ---- manual flows

declare -A cost=()
have=0
diag "cost: ns of a packet, both ends and the router: without a flow, always the"
diag "      same flow, flow after flow, flows at random"
for n in "${sizes[@]}"; do
	must many add "$have" "$n" >/dev/null
	is "$n flows are there on both hosts" "$(flows A) $(flows B)" "$n $n"
	is "each of the new ones carries a datagram" "$(many each "$have" "$n")" \
		"good $((n - have))"
	read -r _ clear one order at_random < <(many cost "$n")
	diag "cost: $n flows: $clear $one $order $at_random"
	# In thousandths of a packet without a flow, sent at the same time.
	cost[$n]=$((at_random * 1000 / clear))
	at_most "a packet costs what it does among ${sizes[0]}" "${cost[$n]}" \
		$((cost[${sizes[0]}] * (100 + percent) / 100))
	have=$n
done
ok "B opened all that A sealed" wait_for opened_all A B
is "A dropped nothing" "$(sst_drops A)" ""
is "B dropped nothing" "$(sst_drops B)" ""
bytes_per_flow manual "$most"

bg churn /usr/bin/python3 "$sst_tests/lib/many-flows.py" "$topo_id" churn "$most" $((most + 64))
ok "more flows come and go" wait_for -t 60 grep -q ready "$topo_tmp/churn.out"
ids | sort -n >"$topo_tmp/ids"
ok "while they were listed, too" bg_alive churn
bg_stop churn
is "no flow is listed twice" "$(uniq -d "$topo_tmp/ids" | head -n 3)" ""
is "each that stays is listed" "$(awk -v n="$most" '$1 <= n' "$topo_tmp/ids" | wc -l)" "$most"
[ "$waits" = 0 ] || {
	echo >"$longest"
	# The reaper looks at some of them each second.
	sleep 10
}
waited "the reaper with nothing to do"
must in_ns A flow flush
waited "flow flush"
must in_ns B shutdown
waited "shutdown"
is "all flows are gone" "$(flows A) $(flows B)" "0 0"
ok "from memory, too" wait_for -t 60 objects_gone

ns_del A
ns_del B
ns_del R
# A namespace goes in the background.
ok "with their namespaces, what was remembered of them is given back" \
	wait_for -t 120 available_at_least $((before - 20480))
waited "the end of a namespace"

# ---- flows that open themselves

setup
before=$(available)
sst_psk_peers
must in_ns A policy add out to "$B4" require >/dev/null
is "a flow makes an association" "$(many open 0 1)" "good 3"
is "$opened flows open, get an answer and are confirmed" "$(many open 1 "$opened")" \
	"good $(((opened - 1) * 3))"
is "they are there on both hosts" "$(flows A) $(flows B)" "$opened $opened"
bytes_per_flow opened "$opened"
[ "$waits" = 0 ] || echo >"$longest"
must in_ns A peer del b
is "they end with the peer" "$(flows A)" 0
waited "a peer is deleted"
if [ "$waits" -gt 0 ]; then
	# Idle for 180 s, then all at once. Sleeping costs nothing there, to ask does.
	sleep 170
	ok "they end when they are idle" wait_for -t 400 has_flows B 0
	waited "idle flows end"
else
	ok "they end with a shutdown" in_ns B shutdown
fi
is "none is left" "$(flows B)" 0
ok "in memory, too" wait_for -t 60 objects_gone
