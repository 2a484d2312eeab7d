#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 180
# kernels: 6.1 6.12
# Two processors: many flows in both directions that rotate all the time, while
# other flows come and go and everything is shown over and over. Nothing breaks
# and no counter is used twice.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
traffic=("/usr/bin/python3" "$sst_tests/lib/traffic.py")

tap_plan 11
topo_hrh
for i in {1..8}; do
	for fam in 4 6; do
		must sst_pair tcp $fam $((4100 + i)) $((80 + i))
		must sst_pair udp $fam $((4200 + i)) $((180 + i))
	done
done
for host in A B; do
	must sstctl -n "$(ns_name $host)" set rekey-packets 100
done

# Flows on other tuples come and go: added and deleted on A, by the same command
# as those of the test; added and flushed on R, which has hooks then, too.
churn() {
	local i=0 host=$1 id
	while :; do
		i=$(((i + 1) % 500))
		sst_key | sstctl -n "$(ns_name "$host")" -j flow add proto udp \
			local 10.0.1.1:$((10000 + i)) remote 10.0.9.9:9 \
			wire $((11000 + i)):99 side 1 key - >"$topo_tmp/churn.$host" || return
		if [ "$host" = A ]; then
			id=$(jq .id "$topo_tmp/churn.$host")
			sstctl -n "$(ns_name A)" flow del "$id" || return
		elif [ $((i % 5)) = 0 ]; then
			sstctl -n "$(ns_name "$host")" flow flush || return
		fi
		echo >>"$topo_tmp/churned.$host"
	done
}

# shellcheck disable=SC2317 # called through wait_for
has_lines() {
	[ "$(wc -l <"$topo_tmp/$1")" -ge "$2" ]
}

show() {
	while :; do
		sstctl -n "$(ns_name A)" -j flow show >"$topo_tmp/shown" || return
		# Those of the test are always there; one of the churn may be.
		[ "$(jq '.flows | length' "$topo_tmp/shown")" -ge 32 ] || return
		sstctl -n "$(ns_name B)" stats >/dev/null || return
		echo >>"$topo_tmp/shows"
	done
}

# Four flows, one of each kind, and these whole: the emulated machine cannot
# write down all packets of all of them.
must capture_start cap R ra "$topo_tmp/wire.pcap" 'portrange 20001-20008'
bg churnA churn A
bg churnR churn R
bg show show
bg_ns monitor A sstctl monitor
ok "all transfers are intact" "${traffic[@]}" run --id "$topo_id" --keys "$sst_keys" \
	--seconds 10 --processes 2
sed 's/^/# /' "$topo_tmp/ok.log"
# How often depends on the machine; they went on beside the traffic all the time.
ok "flows came and went on A" wait_for -t 60 has_lines churned.A 10
ok "flows were shown" wait_for -t 60 has_lines shows 5
for name in churnA churnR show monitor; do
	ok "$name went on all the time" bg_alive $name
	bg_stop $name
done
ok "the monitor saw keys rotate" grep -q rotated "$topo_tmp/monitor.out"
ok "the capture is whole" capture_stop cap
ok "no counter is used twice" "${traffic[@]}" reuse --keys "$sst_keys" --least 1000 --verify 200 "$topo_tmp/wire.pcap"
sed 's/^/# /' "$topo_tmp/ok.log"
is "nothing was dropped" "$(sst_drops A)$(sst_drops B)" ""
