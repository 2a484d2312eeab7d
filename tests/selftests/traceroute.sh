#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 100
# traceroute and tracepath over flows that their probes open: every router on the
# path is seen, and the host at its end.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 20

topo_hrh
topo_second_router
for host in R S B; do
	# Each probe is answered.
	ns $host sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
done
declare -A path=([4]="$RA4 10.0.4.2 $B4" [6]="$RA6 fd00:4::2 $B6")

sst_psk_peers
must in_ns A policy add out prefer
bg_ns server B socat -u TCP6-LISTEN:80,ipv6only=0,reuseaddr,fork /dev/null
wait_for listening B tcp 80 || bail "no server"

# hops NAME COMMAND...: which hosts answered, in their order.
hops() {
	local name=$1
	shift
	ns A timeout 60 "$@" >"$topo_tmp/$name.out" 2>&1
	awk '$1 ~ /^[0-9]+:?$/ && $2 ~ /[.:]/ { print $2 }' "$topo_tmp/$name.out" | uniq |
		tr '\n' ' ' | sed 's/ $//'
}

must capture_start wire R ra "$topo_tmp/wire.pcap" 'inbound and (tcp or udp)'
for fam in 4 6; do
	b=B$fam
	for kind in udp "tcp, open" "tcp, closed"; do
		case $kind in
		udp) args=() ;;
		*open) args=(-T -p 80) ;;
		*) args=(-T -p 81) ;;
		esac
		heard=$(stat_get A rx_translated)
		is "IPv$fam: traceroute, $kind" \
			"$(hops tr traceroute -$fam -n -q 1 -w 5 "${args[@]}" "${!b}")" "${path[$fam]}" ||
			diag "$(cat "$topo_tmp/tr.out")"
		at_least "... over flows" $(($(stat_get A rx_translated) - heard)) 2
	done
	heard=$(stat_get A rx_translated)
	is "IPv$fam: tracepath" "$(hops tp tracepath -$fam -n "${!b}")" "${path[$fam]}" ||
		diag "$(cat "$topo_tmp/tp.out")"
	at_least "... over flows" $(($(stat_get A rx_translated) - heard)) 3
	is "... it knows the room for an opening" \
		"$(grep -c 'Resume: pmtu 1436' "$topo_tmp/tp.out")" 1 ||
		diag "$(cat "$topo_tmp/tp.out")"
done
must capture_stop wire
# Its probes go to these ports, and to 44444.
is "no probe shows its port" \
	"$(capture_count "$topo_tmp/wire.pcap" 'port 80 or port 81')" 0
is "all of them are sealed" \
	"$(capture_count "$topo_tmp/wire.pcap" 'ip[6] & 0x80 = 0 or (ip6 and ip6[0:2] & 0x0fc0 != 0x0ac0)')" 0
