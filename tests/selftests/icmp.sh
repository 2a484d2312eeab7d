#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# before: tests/lib/module-build keylog
# timeout: 150
# ICMP errors about packets of flows: those of routers reach the socket that
# sent the packet, those of a host tell the wire what it knows and no more,
# and forged ones find nothing.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 162
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
for host in A B R; do
	# Hosts do not send many errors a second.
	ns $host sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
done
sst_psk_peers
for n in 1:A 2:B; do
	ip -n "$(ns_name "${n#*:}")" addr add "10.0.${n%:*}.77/24" dev eth0
	ip -n "$(ns_name "${n#*:}")" addr add "fd00:${n%:*}::77/64" dev eth0 nodad
done
must in_ns A policy add out prefer
# What the hosts emit, not what is forged.
must capture_start wire R any "$topo_tmp/wire.pcap" \
	'inbound and (tcp or udp or icmp or icmp6)'
tap_program icmp.py --id "$topo_id" --psk "$topo_tmp/a.psk"
ok "nothing was lost in the capture" capture_stop wire

mapfile -t real < <(seq -f '--real-port %g' 300 699)
# shellcheck disable=SC2068 # two words each
/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$topo_tmp/wire.pcap" \
	--psk "$topo_tmp/a.psk" --assoc "$sst_associations" \
	--host "$A4" --host "$B4" --host "$A6" --host "$B6" \
	${real[@]} --check-icmp --min-sealed 300 >"$topo_tmp/decoded.json"
is "every packet of both hosts is sealed, no ICMP error quotes a real port" \
	"$(jq -c .violations "$topo_tmp/decoded.json")" '{}' ||
	diag "$(jq -c '.examples[]' "$topo_tmp/decoded.json")"
