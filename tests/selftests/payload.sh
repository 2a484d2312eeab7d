#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 300
# before: tests/lib/module-build keylog
# Scope payload: what the applications say is nowhere on the path, arrives
# unchanged whatever is cut, fragmented or sent from a file's own memory, and that
# memory stays as it was. Damaged packets and other scopes are refused.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 72
sst_scope=payload
program=$sst_tests/lib/payload.py
text=$topo_tmp/text
# Each line has words that nothing else says.
yes 'plainly to be seen: 0123456789' | head -c 300000 >"$text"
sum=$(sha256sum <"$text")

# carry FAMILY HOW: a file over TCP.
carry() {
	local b=B$1 rc=0

	rm -f "$topo_tmp/got"
	bg_ns carrier B /usr/bin/python3 "$program" serve 80 "$topo_tmp/got"
	wait_for listening B tcp 80 || return 1
	ns A timeout 60 /usr/bin/python3 "$program" send "${!b}" 80 "$text" "$2" || rc=1
	bg_wait carrier || rc=1
	[ "$(sha256sum <"$topo_tmp/got")" = "$sum" ] && return $rc
}
# flows_say NS: the scopes of its flows.
flows_say() {
	in_ns "$1" -j flow show | jq -r '[.flows[].scope] | unique | join(" ")'
}

sst_keylog
topo_hrh
sst_psk_peers
must in_ns A policy add out port 80 require scope payload >/dev/null
must in_ns A policy add out port 53 require scope payload >/dev/null
must in_ns A policy add out port 81 require >/dev/null
must in_ns B policy add in port 80-81 require scope payload >/dev/null
is "a rule shows its scope" "$(in_ns A policy show | head -n 1)" \
	"policy 1 out port 80 require scope payload priority 1000 hits 0"

# unseen CAPTURE: it has none of what was said.
unseen() {
	is "nothing of what was said is on the path, offloads $1" \
		"$(grep -ac 'plainly to be\|to be seen:\|0123456789' "${capture_file[$1]}")" 0
}

for offload in on off; do
	must topo_offload $offload
	must capture_start $offload R rb "$topo_tmp/$offload.pcap"
	for fam in 4 6; do
		for how in write sendfile zerocopy; do
			ok "TCP over IPv$fam, offloads $offload, by $how" carry $fam $how
		done
	done
	[ $offload = off ] || must capture_stop on
done
is "the file in the page cache is as it was" "$(sha256sum <"$text")" "$sum"
is "the flows have their scope on both hosts" "$(flows_say A) $(flows_say B)" \
	"payload payload"

bg_ns echo B /usr/bin/python3 "$program" echo 53
wait_for listening B udp 53
ok "datagrams over IPv4 come back, large ones too" \
	ns A /usr/bin/python3 "$program" ask "$B4" 53 0 1 64 1300 1443 1444 8000 60000
ok "and over IPv6" \
	ns A /usr/bin/python3 "$program" ask "$B6" 53 0 1 64 1300 1423 1424 8000 60000
must capture_stop off
unseen on
unseen off
# With offloads on, checksums are not made before the packets leave the router.
ok "whoever has the keys reads all of it" \
	sst_decode_psk "$topo_tmp/off.pcap" "$topo_tmp/originals.pcap"
at_least "and sees it in the clear packets" \
	"$(grep -ac 'plainly to be seen' "$topo_tmp/originals.pcap")" 1
is "A dropped nothing" "$(sst_drops A)" ""
is "nor did B" "$(sst_drops B)" ""

turned_away "a flow that protects less than the rule asks for is not let in" rx_scope \
	socat -u OPEN:/dev/null "TCP4:$B4:81,connect-timeout=60"

bg_ns accept B /usr/bin/python3 "$program" accept 90
bg_ns echo90 B /usr/bin/python3 "$program" echo 90 payload
wait_for listening B tcp 90
wait_for listening B udp 90
must in_ns A policy add out port 90-93 prefer >/dev/null
must in_ns A policy add out port 94 require scope payload >/dev/null
for fam in 4 6; do
	to=B$fam
	turned_away "IPv$fam: nor to a socket that asks for more" rx_scope \
		socat -u OPEN:/dev/null "TCP$fam:$(sst_quote "${!to}" 90),connect-timeout=60"
done
# The ports have no sockets when the opening comes, and the connection is led to
# one after that.
must ns B nft -f - <<-END
	table inet lead {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			tcp dport { 93, 94 } redirect to :90
			udp dport { 93, 95 } redirect to :90
		}
	}
END
for fam in 4 6; do
	to=B$fam detour=TCP$fam:$(sst_quote "${!to}" 93),connect-timeout=60
	turned_away "IPv$fam: nor by a detour" rx_scope socat -u OPEN:/dev/null "$detour"
	must ns B sysctl -qw net.ipv4.tcp_syncookies=2
	turned_away "IPv$fam: with SYN cookies" rx_scope socat -u OPEN:/dev/null "$detour"
	must ns B sysctl -qw net.ipv4.tcp_syncookies=1
	# Both send and take data at once, without a cookie.
	must ns B sysctl -qw net.ipv4.tcp_fastopen=0x602
	must ns A sysctl -qw net.ipv4.tcp_fastopen=0x5
	turned_away "IPv$fam: with Fast Open" rx_scope \
		/usr/bin/python3 "$program" fast "${!to}" 93
	must ns A sysctl -qw net.ipv4.tcp_fastopen=1
	must ns B sysctl -qw net.ipv4.tcp_fastopen=1
	turned_away "IPv$fam: as a datagram" rx_scope \
		/usr/bin/python3 "$program" ask "${!to}" 93 64
done
# say FAMILY SCOPE: a datagram from port 4095, on a flow of that scope.
say() {
	local to=B$1 rule

	rule=$(in_ns A policy add out port 95 require scope "$2" | cut -d' ' -f2)
	echo said | must ns A socat -u STDIN \
		"UDP$1:$(sst_quote "${!to}" 95),sourceport=4095"
	must in_ns A policy del "$rule"
}
# goes_on FAMILY: both hosts know that the other one has the flow of what is said.
goes_on() {
	local host

	say "$1" payload
	for host in A B; do
		[ "$(in_ns $host -j flow show | jq -r \
			'[.flows[] | select(.local_port == 4095 or .remote_port == 4095) | .state + .scope] | join(" ")')" = livepayload ] ||
			return 1
	done
}
# refused N: B has counted more than N of too little scope.
refused() {
	[ "$(stat_get B rx_scope)" -gt "$1" ]
}
for fam in 4 6; do
	ok "IPv$fam: a flow that protects enough is led there" wait_for goes_on $fam
	must in_ns A flow flush
	before=$(stat_get B rx_scope)
	say $fam ports
	ok "but not the first datagram of one in its place" wait_for refused "$before"
	must in_ns A flow flush
	must in_ns B flow flush
done
ok "a flow that protects enough is led there" \
	ns A timeout 60 socat -u OPEN:/dev/null "TCP6:$(sst_quote "$B6" 94)"
ok "and is the first that is accepted" bg_wait accept
must ns B nft delete table inet lead
# One that is led there behind the back of connection tracking.
bg_ns accept B /usr/bin/python3 "$program" accept 90
wait_for listening B tcp 90
must ns B nft -f - <<-END
	table inet lead {
		chain prerouting {
			type filter hook prerouting priority raw;
			tcp dport 93 notrack tcp dport set 90
		}
		chain output {
			type filter hook output priority raw;
			tcp sport 90 notrack tcp sport set 93
		}
	}
END
for fam in 4 6; do
	to=B$fam
	turned_away "IPv$fam: nor one whose ports are changed without a trace" tx_required \
		socat -u OPEN:/dev/null "TCP$fam:$(sst_quote "${!to}" 93),connect-timeout=60"
done
must ns B nft delete table inet lead
bg_ns answer B socat -u TCP4-LISTEN:91,reuseaddr,fork OPEN:/dev/null
bg_ns echo92 B /usr/bin/python3 "$program" echo 92
wait_for listening B tcp 91
wait_for listening B udp 92
tap_program payload-forged.py sockets "$topo_id" "$B4"

must sst_pair udp 4 4002 153
must sst_pair udp 6 4002 153
bg_ns sink B socat -u UDP6-RECV:153,ipv6only=0 OPEN:/dev/null
wait_for listening B udp 153
tap_program payload-forged.py tamper "$topo_id" "$sst_keys" 0
tap_program payload-forged.py tamper "$topo_id" "$sst_keys" 1
