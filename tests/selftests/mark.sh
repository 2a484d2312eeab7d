#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# before: tests/lib/module-build keylog
# timeout: 150
# mark openings: data goes without mark once both hosts have heard of each other, in
# both families, over TCP and UDP; openings and fragments never. What is unmarked is
# opened all the same, and refused where a flow has ended.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 26
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
sst_psk_peers
must in_ns A policy add out require mark openings >/dev/null
bg_ns udp53 B socat -b 9000 UDP6-LISTEN:53,ipv6only=0,reuseaddr,fork EXEC:cat
must wait_for listening B udp 53

class='(ip6[0:2] & 0x0ff0) >> 4'
marked4='ip[6] & 0x80 != 0' marked6="$class & 0xfc = 0xac"
# unmarked HOST [FILTER]: packets of that host in the capture without mark.
unmarked() {
	local a=${1}4 b=${1}6
	capture_count "$topo_tmp/wire.pcap" \
		"((src ${!a} and not ($marked4)) or (src ${!b} and not ($marked6))) ${2-}"
}
# talk FAMILY TOS SIZE...: UDP to B and back.
talk() {
	local b=B$1
	ns A /usr/bin/python3 "$sst_tests/lib/mark.py" "${!b}" 53 "${@:2}"
}
# decoded: every packet of the capture verifies, and has a mark if it has to.
decoded() {
	sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" --mark openings \
		--real-port 80 --real-port 53 --check-icmp
}

# Those of TCP end by themselves.
udp_flows() {
	in_ns A -j flow show | jq '[.flows[] | select(.proto == "udp")] | length'
}
flows() {
	[ "$(udp_flows)" -ge "$1" ]
}

# Only A's rule says so: B marks all that it sends.
must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp or ip6[6] = 44'
for fam in 4 6; do
	b=B$fam
	ok "TCP over IPv$fam" tcp_transfer A B "${!b}" 80 100000
	is "UDP over IPv$fam, small and in fragments" "$(talk $fam 0 100 200 3000 100 5000)" all
done
must capture_stop wire
ok "every packet verifies, and none but DATA is unmarked, and no fragment" decoded
at_least "A leaves most of its packets unmarked" "$(unmarked A)" 100
is "B none" "$(unmarked B)" 0
is "what is whole has DF" "$(capture_count "$topo_tmp/wire.pcap" \
	"ip and ip[6] & 0x20 = 0 and ip[6:2] & 0x1fff = 0 and ip[6] & 0x40 = 0")" 0
at_least "there were fragments" "$(capture_count "$topo_tmp/wire.pcap" 'ip6[6] = 44')" 8
is "what has no mark has DSCP 0" "$(capture_count "$topo_tmp/wire.pcap" \
	"(src $A4 and ip[1] & 0xfc != 0) or (src $A6 and not ($marked6) and $class & 0xfc != 0)")" 0

# Both say so, and A keeps DSCP: what would look like the mark does not stay. A router
# that tracks would gather fragments: it comes in only now.
router_firewall
must in_ns B policy add in require mark openings >/dev/null
must in_ns A set dscp keep
must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp'
for fam in 4 6; do
	is "UDP over IPv$fam, with DSCP" "$(talk $fam 0xb8 100 100 100 100 100)" all
	is "UDP over IPv$fam, with that of the mark" "$(talk $fam 0xac 100 100 100 100 100)" all
done
must capture_stop wire
ok "every packet verifies" decoded
at_least "B leaves its data unmarked, too" "$(unmarked B)" 8
at_least "A keeps the class of IPv4" "$(unmarked A "and src $A4 and ip[1] = 0xb8")" 2
at_least "and that of IPv6" "$(unmarked A "and src $A6 and $class = 0xb8")" 2
at_least "what would look like the mark has class 0" "$(unmarked A "and src $A6 and $class = 0")" 2
is "nothing has another class" "$(unmarked A "and src $A6 and not ($class = 0 or $class = 0xb8)")" 0
must in_ns A set dscp clear

# The second of two flows of a tuple, seen by nobody else: rules about all ports do
# not take what was sealed for something to be sealed.
is "A opened no more flows than there were" "$(udp_flows)" 6
for host in A B; do
	is "$host dropped nothing" "$(sst_drops "$host")" ""
done
is "the router found nothing invalid" "$(router_counter invalid)" 0

# A flow that only one host knows: its unmarked packets vanish, for as long as the
# other one remembers the wire tuple.
no_ports() {
	ns B nstat -asz UdpNoPorts | awk '$1 == "UdpNoPorts" { print $2 }'
}
before=$(no_ports)
bg_ns late A /usr/bin/python3 "$sst_tests/lib/mark.py" "$B4" 53 0 100 100 "@$topo_tmp/late" 100
must wait_for flows 7
must in_ns B flow flush
touch "$topo_tmp/late"
ok "a late packet without mark is refused" wait_for stat_is B rx_ended 1
bg_stop late
is "and reached no port" "$(no_ports)" "$before"
