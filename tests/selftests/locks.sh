#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: 6.12
# timeout: 100
# kernels: 6.1 6.12
# Two flows have no lock in common: each lock that the module takes while packets
# of established flows pass is taken for one flow only.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 16
trace=/sys/kernel/tracing
mountpoint -q $trace || must mount -t tracefs tracefs $trace
topo_hrh
sst_psk_peers

# One processor: an emulated one may not see in time that another patches code.
echo 0 >/sys/devices/system/cpu/cpu1/online || bail "no way to stop a processor"
# All ways into locks that the module uses; none of them is compiled into it.
mapfile -t locks < <(nm -u "$SST_MODULE" | awk '{ print $2 }' |
	grep -E '^(_raw_.*lock.*|mutex_.*lock.*|down_.*|lock_sock.*)$' | grep -v unlock)
for name in "${locks[@]}"; do
	echo "p:sst/$name $name lock=%di caller=\$stack0" >>$trace/kprobe_events ||
		bail "$(tail -n 4 $trace/error_log)"
done
is "ways into a lock" "${locks[*]}" "_raw_spin_lock _raw_spin_lock_bh lock_sock_nested mutex_lock"

# speak PROTO INDEX TURNS: let one conversation go on.
speak() {
	echo "$*" >&"${pairs[1]}"
	read -r -t 90 -u "${pairs[0]}" said && [ "$said" = "$*" ]
}

# watch FILE PROTO INDEX: the locks that the module takes for the packets of a
# conversation, 20 turns or more than 40 packets long, that has begun. Those that it
# took less often are of what goes on beside: openings, timers, threads.
watch() {
	local name

	speak "$2" "$3" 3 || return 1
	for name in "${locks[@]}"; do
		echo hist:keys=lock.hex,caller.sym >"$trace/events/sst/$name/trigger" || return 1
	done
	echo 1 >$trace/events/sst/enable || return 1
	speak "$2" "$3" 20 || return 1
	echo 0 >$trace/events/sst/enable
	for name in "${locks[@]}"; do
		grep -E '\[sst\].*hitcount: *([2-9][0-9]|[0-9]{3,})$' "$trace/events/sst/$name/hist"
		echo '!hist:keys=lock.hex,caller.sym' >"$trace/events/sst/$name/trigger"
	done >"$1"
	grep -o "lock: *[0-9a-f]*" "$1" | sort -u >"$1.locks"
}

for scope in ports payload label; do
	for host in A B; do
		must in_ns $host policy flush
		must in_ns $host policy add out require scope $scope >/dev/null
		must in_ns $host policy add in require scope $scope >/dev/null
	done
	coproc pairs { exec /usr/bin/python3 "$sst_tests/lib/pairs.py" \
		"$(ns_name A)" "$A4" "$(ns_name B)" "$B4" 2 2>"$topo_tmp/pairs.err"; }
	read -r -t 90 -u "${pairs[0]}" said
	is "scope $scope: conversations are open" "$said" ready ||
		bail "$(cat "$topo_tmp/pairs.err")"
	for proto in tcp udp; do
		for i in 0 1; do
			watch "$topo_tmp/$proto$i" $proto $i ||
				bail "scope $scope, $proto $i: $said"
			diag "$scope $proto $i:" "$(sed 's/.*caller: \[[0-9a-f]*\] *\([a-z_]*\).*hitcount: *\([0-9]*\).*/\1 \2/' "$topo_tmp/$proto$i" | paste -sd,)"
		done
		is "scope $scope, $proto: locks of two flows in common" \
			"$(comm -12 "$topo_tmp/${proto}0.locks" "$topo_tmp/${proto}1.locks")" ""
		# Each host has a lock for each of its flows, but none for what label
		# sends: that is for TCP only.
		wanted=4
		[ $scope-$proto != label-tcp ] || wanted=0
		is "scope $scope, $proto: locks of the two" \
			"$(sort -u "$topo_tmp/${proto}"?.locks | wc -l)" $wanted
	done
	eval "exec ${pairs[1]}>&-"
	# shellcheck disable=SC2154 # set by coproc
	wait "$pairs_PID"
done
