#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: 6.1
# timeout: 180
# Flows, namespaces and the module itself go away while packets pass in both
# directions, several times. What the kernel thinks of it is judged by the guest.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
traffic=("/usr/bin/python3" "$sst_tests/lib/traffic.py")
module=$(basename "$SST_MODULE" .ko)
module=${module//-/_}

# The debug kernel cannot load a module a second time: its KASAN takes the place
# of the first for bad memory. There it is removed once, at the end.
# More rounds for a longer look: SST_ROUNDS=10 scripts/vm ...
if [ "$SST_KERNEL" = debug ]; then
	rounds=${SST_ROUNDS:-2}
	tap_plan $((rounds * 11 + 10))
else
	rounds=${SST_ROUNDS:-1}
	tap_plan $((rounds * 15 + 10))
fi

port=4000
# Fresh flows with fresh keys, on ports that none had before.
add_flows() {
	local fam
	sst_flow_list=()
	for fam in 4 6; do
		sst_pair tcp $fam $((port + 1)) $((port + 501)) &&
			sst_pair udp $fam $((port + 2)) $((port + 502)) || return
	done
	for fam in A B; do
		sstctl -n "$(ns_name $fam)" set rekey-packets 100 || return
	done
	port=$((port + 2))
}

storm() {
	bg storm "${traffic[@]}" storm --id "$topo_id" --keys "$sst_keys" "$@"
	wait_for grep -q ready "$topo_tmp/storm.out" || return
	sleep 1
}

# The module holds itself while there are flows, or sockets that it carried.
remove_module() {
	local host
	for host in A B; do
		in_ns $host shutdown || return
	done
	wait_for rmmod "$module"
}

flow_ids() {
	sstctl -n "$(ns_name "$1")" -j flow show | jq '.flows[].id'
}

# Data passes over the newest flows, and all of it sealed.
works() {
	"${traffic[@]}" run --id "$topo_id" --keys "$sst_keys" --seconds 0.5
}

for ((round = 1; round <= rounds; round++)); do
	topo_id=sst$$-r$round
	topo_hrh

	# Deletion, one by one, then all at once, by protocol.
	ok "round $round: flows" add_flows
	ok "round $round: they work" works
	must storm
	sealed=$(stat_get B rx_opened)
	ok "round $round: packets pass" wait_for stat_grew B rx_opened $((sealed + 10))
	for host in A B; do
		for id in $(flow_ids $host); do
			must sstctl -n "$(ns_name $host)" flow del "$id"
			sleep 0.1
		done
	done
	bg_stop storm KILL
	is "round $round: all flows are deleted" "$(flow_ids A)$(flow_ids B)" ""
	ok "round $round: new flows" add_flows
	must storm
	must sstctl -n "$(ns_name A)" flow flush proto udp
	must sstctl -n "$(ns_name B)" flow flush
	must sstctl -n "$(ns_name A)" flow flush
	bg_stop storm KILL
	is "round $round: all flows are flushed" "$(flow_ids A)$(flow_ids B)" ""
	ok "round $round: new flows again" add_flows
	ok "round $round: they work, too" works

	# A key is used once, even when its flow is gone.
	key=$(jq -r '.[0].key' "$sst_keys")
	must sstctl -n "$(ns_name A)" flow flush
	not_ok "round $round: the key of a flow that ended" \
		sst_flow_add A tcp "$A4" 3000 "$B4" 3001 3002 3003 1 "$key"
	not_ok "round $round: on the other side as well" \
		sst_flow_add A udp "$A6" 3000 "$B6" 3001 3002 3003 2 "$key"
	must sstctl -n "$(ns_name B)" flow flush

	# The namespace of one host, while the other goes on sending to it. What is
	# left of the connections of the killed storms would keep it for minutes.
	must in_ns A shutdown
	must in_ns B shutdown
	must add_flows
	must storm --hosts A
	ns_del B
	sleep 0.5
	bg_stop storm KILL
	is "round $round: A still has its flows" "$(flow_ids A | wc -l)" 4

	# Orphaned connections would keep the namespace, and that the module.
	must in_ns A shutdown
	# Then the module, under what is left, and again under new traffic.
	ns_del A
	ns_del R
	[ "$SST_KERNEL" != debug ] || continue
	topo_id=sst$$-m$round
	topo_hrh
	must add_flows
	must storm
	bg_ns key A /usr/bin/python3 "$sst_tests/lib/lost-key.py"
	must wait_for grep -q ready "$topo_tmp/key.out"
	not_ok "round $round: the module stays while there are flows" rmmod "$module"
	ok "round $round: it can be removed after a shutdown" remove_module
	must insmod "$SST_MODULE"
	must wait_for grep -qv ready "$topo_tmp/key.out"
	is "round $round: a key that the module has forgotten is expected still" \
		"$(tail -n 1 "$topo_tmp/key.out")" EPERM
	must add_flows
	ok "round $round: a new one works" works
	must storm
	must remove_module
	must insmod "$SST_MODULE"
	bg_stop storm KILL
	for n in A B R; do
		ns_del $n
	done
done

# Nothing of the past is in a new namespace; the counters agree.
topo_id=sst$$-z
topo_hrh
is "no counter of the past" "$(sstctl -n "$(ns_name A)" -j stats | jq '[.counters[]] | add')" 0
ok "flows at the end" add_flows
ok "they work at the end" works
is "A drops nothing" "$(sst_drops A)" ""
is "B drops nothing" "$(sst_drops B)" ""
ok "B opened what A sealed" wait_for opened_all A B
ok "A opened what B sealed" wait_for opened_all B A
must storm
not_ok "the module stays while there are flows" rmmod "$module"
ok "it can be removed at the end, after a shutdown" remove_module
bg_stop storm KILL
not_ok "it is gone" test -d "/sys/module/$module"
