#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 150
# Bridge netfilter shows the hooks frames that only pass from port to port: on a
# bridge between two hosts they pass bit for bit, whatever that machine itself
# does with SST. And a host whose own address is on a bridge has SST like any
# other.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"

tap_plan 41
sst_keylog
[ "$SST_KERNEL" = debug ] || must modprobe -a bridge br_netfilter

# A and B on one network, R between them is a bridge with an address there.
ns_add A R B
for n in A R B; do
	ns_quiet $n
done
topo_link A eth0 02:00:00:00:01:01 R ra 02:00:00:00:01:fe || bail "no veth"
topo_link B eth0 02:00:00:00:02:01 R rb 02:00:00:00:02:fe || bail "no veth"
ip -n "$(ns_name R)" -batch - <<-END || bail "no bridge"
	link add br0 address 02:00:00:00:09:fe type bridge
	link set ra master br0
	link set rb master br0
	link set ra up
	link set rb up
	link set br0 up
	addr add 10.0.0.254/16 dev br0
	addr add fd00::fe/16 dev br0 nodad
END
for n in 1 2; do
	[ $n = 1 ] && host=A || host=B
	ip -n "$(ns_name "$host")" -batch - <<-END || bail "no host"
		addr add 10.0.$n.1/16 dev eth0
		addr add fd00:$n::1/16 dev eth0 nodad
		link set eth0 up
	END
done
wait_for topo_carrier || bail "links do not come up"
wait_for ns A ping -c 1 -W 1 "$B4" || bail "the bridge does not carry"
wait_for ns A ping -c 1 -W 1 "$B6" || bail "the bridge does not carry IPv6"
# The bridge machine tracks and filters what it bridges.
ns R sysctl -qw net.bridge.bridge-nf-call-iptables=1 \
	net.bridge.bridge-nf-call-ip6tables=1 || bail "no bridge netfilter"
must ns R nft -f - <<-END
	table inet strict {
		counter invalid { }
		counter passed { }
		chain forward {
			type filter hook forward priority filter;
			ct state invalid counter name invalid drop
			counter name passed
		}
	}
END
counter() {
	ns R nft -j list counter inet strict "$1" | jq '.nftables[] | select(.counter).counter.packets'
}

# same_on_both_ports: what came in by one port left by the other, bit for bit.
# Packets of the two directions may stand in another order.
same_on_both_ports() {
	local port
	for port in ra rb; do
		tcpdump -n -t -K -xx -r "$topo_tmp/$port.pcap" 2>/dev/null |
			awk '/^\t/ { printf "%s", $0; next } { print "" }' | sort >"$topo_tmp/$port.txt"
	done
	wc -l "$topo_tmp/ra.txt"
	cmp "$topo_tmp/ra.txt" "$topo_tmp/rb.txt"
}

# passes TEXT PORT: exchanges between A and B, seen on both ports of the bridge.
passes() {
	local fam target proto filter='tcp or udp or icmp'
	must capture_start ra R ra "$topo_tmp/ra.pcap" "$filter"
	must capture_start rb R rb "$topo_tmp/rb.pcap" "$filter"
	for fam in 4 6; do
		target=B$fam
		for proto in tcp udp; do
			is "$1: $proto over IPv$fam" "$(ask A B $proto "${!target}" "$2" \
				--sport 390 | cut -d' ' -f2)" 390
		done
	done
	must capture_stop ra
	must capture_stop rb
	ok "$1: untouched, bit for bit" same_on_both_ports
	ok "$1: all was sealed" all_sealed "$topo_tmp/ra.pcap"
}

topo_offload off || bail "offloads"
sst_psk_peers
for to in "$B4" "$B6"; do
	must in_ns A policy add out to "$to" require >/dev/null
done
must in_ns B policy add in require >/dev/null
passes "a bridge" 189
# The bridge machine knows both hosts and wants SST with everybody.
for host in a b; do
	rm -f "$topo_tmp/r$host.psk" "$topo_tmp/${host}r.psk"
	must sstctl genpsk "$topo_tmp/r$host.psk" "$topo_tmp/${host}r.psk"
done
must in_ns R peer add a address "$A4,$A6" psk "$topo_tmp/ra.psk"
must in_ns A peer add r address 10.0.0.254,fd00::fe psk "$topo_tmp/ar.psk"
must in_ns R peer add b address "$B4,$B6" psk "$topo_tmp/rb.psk"
must in_ns R policy add out require >/dev/null
rule=$(in_ns R policy add in require | cut -d' ' -f2)
sst_after_start
passes "a bridge that has SST itself" 190
is "its filter found nothing invalid" "$(counter invalid)" 0
at_least "and was asked" "$(counter passed)" 40
is "its SST touched nothing" \
	"$(stat_get R tx_sealed) $(stat_get R rx_opened) $(sst_drops R)" '0 0 '

# Now the bridge machine is one end, its address on the bridge.
must in_ns A policy add out to 10.0.0.254 require >/dev/null
must in_ns A policy add out to fd00::fe require >/dev/null
must capture_start own R ra "$topo_tmp/own.pcap" '(tcp or udp or icmp)'
for fam in 4 6; do
	source=A$fam target=10.0.0.254
	[ $fam = 4 ] || target=fd00::fe
	for proto in tcp udp; do
		is "$proto to an address on a bridge, IPv$fam" \
			"$(ask A R $proto "$target" 191 --sport 391)" "${!source} 391"
		is "$proto from an address on a bridge, IPv$fam" \
			"$(ask R A $proto "${!source}" 192 --sport 392)" "$target 392"
	done
done
# What its NAT leads to another port was opened on the bridge all the same.
must ns R nft -f - <<-END
	table inet lead {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			meta l4proto { tcp, udp } th dport 195 redirect to :196
		}
	}
END
for fam in 4 6; do
	source=A$fam target=10.0.0.254
	[ $fam = 4 ] || target=fd00::fe
	for proto in tcp udp; do
		is "$proto to a port that leads to another, IPv$fam" \
			"$(ask A R $proto "$target" 195 --at-port 196 --sport 395)" "${!source} 395"
	done
done
must capture_stop own
is "nothing of it was clear" "$(capture_count "$topo_tmp/own.pcap" \
	'tcp portrange 1-1023 or udp portrange 1-1023')" 0
is "no host dropped anything" "$(sst_drops A)$(sst_drops R)$(sst_drops B)" ''

# The same without bridge netfilter: frames for the host come up only once.
ns R sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
for fam in 4 6; do
	source=A$fam target=10.0.0.254
	[ $fam = 4 ] || target=fd00::fe
	for proto in tcp udp; do
		is "without bridge netfilter, $proto to the bridge, IPv$fam" \
			"$(ask A R $proto "$target" 193 --sport 393)" "${!source} 393"
		is "and from it" "$(ask R A $proto "${!source}" 194 --sport 394)" "$target 394"
	done
done
is "the filter found nothing invalid" "$(counter invalid)" 0
is "no host dropped anything" "$(sst_drops A)$(sst_drops R)$(sst_drops B)" ''

# Where no rule is, the socket that it is led to has its say: opened on the bridge or
# not.
must in_ns R policy del "$rule"
ns R sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
bg_ns strict R /usr/bin/python3 "$sst_tests/lib/payload.py" echo 196 payload
wait_for listening R udp 196
for fam in 4 6; do
	target=10.0.0.254
	[ $fam = 4 ] || target=fd00::fe
	before=$(stat_get R rx_scope)
	echo said | must ns A socat -u STDIN "UDP$fam:$(sst_quote $target 195)"
	ok "not to a socket that asks for a stronger scope, IPv$fam" \
		wait_for stat_grew R rx_scope "$before"
done
