#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# Scope label: a sealed handshake, then segments that carry nothing but wire ports,
# as large as the stack made them and merged where they arrive, past a router that
# drops what connection tracking finds wrong. Only where the rules of both hosts
# name it.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 46
topo_hrh
router_firewall
sst_psk_peers

# shapes A B: what the capture shows of the connection between two addresses.
shapes() {
	/usr/bin/python3 "$sst_tests/lib/label.py" shape "$topo_tmp/wire.pcap" "$1" "$2" |
		tr ' ' '\n' >"$topo_tmp/shape"
}
# shape FIELD: how many, or nothing.
shape() {
	sed -n "s/^$1=//p" "$topo_tmp/shape"
}

# rules SCOPE-OUT [SCOPE-IN]: of A, and of B.
rules() {
	must in_ns A policy flush
	must in_ns B policy flush
	must in_ns A policy add out require scope "$1" ${3+mark "$3"} >/dev/null
	[ -z "${2-}" ] || must in_ns B policy add in require scope "$2" ${3+mark "$3"} >/dev/null
}

# scopes NS: of its TCP flows.
scopes() {
	in_ns "$1" -j flow show | jq -r '[.flows[] | select(.proto == "tcp").scope] | unique | join(" ")'
}

# Nothing may be cut: the hosts have TSO, the router merges.
for row in '4 all transfer' '4 openings back' '6 all back' '6 openings transfer'; do
	read -r fam marks way <<<"$row"
	a=A$fam b=B$fam desc="IPv$fam, mark $marks, $way"
	from=$a to=$b
	[ "$way" = transfer ] || from=$b to=$a
	rules label label "$marks"
	must capture_start wire R rb "$topo_tmp/wire.pcap" tcp
	ok "$desc: the bytes arrive" "tcp_$way" A B "${!b}" 80 300000
	must capture_stop wire
	ok "$desc: segments carry them and nothing else" /usr/bin/python3 \
		"$sst_tests/lib/label.py" stream "$topo_tmp/wire.pcap" \
		"${!from}" "${!to}" "$topo_tmp/sent"
	shapes "${!a}" "${!b}"
	at_least "$desc: packets are larger than the link" "$(shape largest)" 3000
	is "$desc: both SYNs are marked, and nothing else has a trailer" \
		"$(($(shape a-syn-marked) > 0)) $(($(shape b-syn-marked) > 0)) $(
			shape a-syn-unmarked)$(shape b-syn-unmarked)$(shape b-accept-marked)" "1 1 "
	if [ "$marks" = all ]; then
		is "$desc: every segment is marked" \
			"$(shape a-bare-unmarked)$(shape b-bare-unmarked)" ""
	else
		is "$desc: B's segments are not marked" "$(shape b-bare-marked)" ""
		at_least "$desc: A's are, until one without trailer came" \
			"$(shape a-bare-marked)" 1
		at_least "$desc: and then not" "$(shape a-bare-unmarked)" 3
	fi
	is "$desc: none lacks DF, none has a real port" \
		"$(grep -c without-df "$topo_tmp/shape") $(capture_count "$topo_tmp/wire.pcap" 'port 80')" "0 0"
	is "$desc: both hosts say label" "$(scopes A) $(scopes B)" "label label"
done
for host in A B; do
	is "$host dropped nothing" "$(sst_drops "$host")" ""
	is "$host cut nothing that came merged" "$(stat_get "$host" rx_split)" 0
done
is "the router found nothing invalid" "$(router_counter invalid)" 0

# The rules decide, and B's in its own right.
rules label ports
turned_away "a host whose rule wants ports does not take label" rx_scope \
	socat -u OPEN:/dev/null "TCP4:$B4:80,connect-timeout=60"
rules label
turned_away "nor does one without a rule" rx_scope \
	socat -u OPEN:/dev/null "TCP4:$B4:80,connect-timeout=60"
rules ports label
ok "one that takes label takes ports, too" tcp_transfer A B "$B4" 80 1000
is "and the flow has it" "$(in_ns B -j flow show | jq -r '.flows[-1].scope')" ports
rules label label
must udp_echo_server B 53
is "UDP has ports in a rule with label" "$(udp_echo A "$B4" 53 hello)" hello
is "on both hosts" "$(for host in A B; do in_ns $host -j flow show |
	jq -r '.flows[] | select(.proto == "udp").scope'; done | tr '\n' ' ')" "ports ports "
not_ok "a rule about UDP cannot have label" in_ns A policy add out proto udp require scope label
