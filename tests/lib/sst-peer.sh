# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The module in namespace M and a Python peer in P, with one link between them
# (livepeer.py, peercase.py). Source it after sst.sh.

# peer_topology: the peer answers for its addresses itself.
peer_topology() {
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
}

# peer_decode OPTION...: the capture wire.pcap with the long-term keys of all
# hosts.
# shellcheck disable=SC2154 # topology.sh and sst.sh set them
peer_decode() {
	local file words=()
	for file in "$topo_tmp"/*.key; do
		[ -e "$file" ] && words+=(--host-key "$file")
	done
	for file in "$topo_tmp"/p*[0-9].psk; do
		[ -e "$file" ] && words+=(--psk "$file")
	done
	/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$topo_tmp/wire.pcap" \
		"${words[@]}" --real-port 4000 --real-port 5000 --real-port 5001 "$@"
}

# peer_capture PROGRAM [FILTER]: run a program with cases (peercase.py) and judge
# what passed. Four results behind those of the program.
# shellcheck disable=SC2154 # topology.sh sets them
peer_capture() {
	local file secrets=()
	must capture_start wire P eth0 "$topo_tmp/wire.pcap" "(tcp or udp)${2:+ and $2}"
	tap_program "$1" --id "$topo_id" --tmp "$topo_tmp"
	must capture_stop wire
	for file in "$topo_tmp"/p*.assoc; do secrets+=(--assoc "$file"); done
	ok "all that passed verifies, no counter twice" peer_decode "${secrets[@]}"

	# Who gets all these keys later opens nothing but the openings' own boxes.
	peer_decode --allow-closed >"$topo_tmp/closed.json"
	ok "these boxes do open without the secrets of associations" \
		jq -e '[.flows[] | .open + .init] | add > 10' "$topo_tmp/closed.json"
	is "nothing else does" \
		"$(jq '[.flows[] | ."a>b".packets + ."b>a".packets + .accept] | add' \
			"$topo_tmp/closed.json")" 0
	ok "but it was there" jq -e '.closed > 500' "$topo_tmp/closed.json"
}
