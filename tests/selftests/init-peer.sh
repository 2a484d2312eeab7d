#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 200
# The module and the second implementation open flows to each other by public
# keys and by associations: INIT without and with identity, OPEN with N, then
# OPEN; cookies, answers that get lost, openings that nobody hears, confirmation
# first, opening again after a pause, ends that have forgotten, a new host key.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-middle.sh"

tap_plan 76
ns_add M P
ns_quiet M
ns_quiet P
must topo_link M eth0 02:00:00:00:03:01 P eth0 02:00:00:00:03:02
ip -n "$(ns_name P)" link set eth0 up
ip -n "$(ns_name M)" -batch - <<-END || bail "no addresses"
	addr add 10.0.3.1/24 dev eth0
	addr add fd00:3::1/64 dev eth0 nodad
	link set eth0 up
END
must ns M ethtool -K eth0 tx off >/dev/null
must capture_start wire P eth0 "$topo_tmp/wire.pcap" 'tcp or udp'
middle_run initpeer.py
must capture_stop wire

# init_decode OPTION...: the capture with the long-term keys of all hosts.
init_decode() {
	local file words=()
	for file in "$topo_tmp"/*.key; do words+=(--host-key "$file"); done
	for file in "$topo_tmp"/p*[0-9].psk; do words+=(--psk "$file"); done
	/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$topo_tmp/wire.pcap" \
		"${words[@]}" --real-port 4000 --real-port 5000 --real-port 5001 "$@"
}
secrets=()
for file in "$topo_tmp"/p*.assoc; do secrets+=(--assoc "$file"); done
ok "all that passed verifies, no counter twice" init_decode "${secrets[@]}"

# Who gets all these keys later opens nothing but the openings' own boxes.
init_decode --allow-closed >"$topo_tmp/closed.json"
is "without the secrets of associations no DATA opens" \
	"$(jq '[.flows[] | ."a>b".packets + ."b>a".packets + .accept] | add' \
		"$topo_tmp/closed.json")" 0
ok "but it was there" jq -e '.closed > 500' "$topo_tmp/closed.json"
