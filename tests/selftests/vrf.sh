#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 150
# Hosts whose interface is in a VRF: flows of IPv4 and IPv6, link-local
# addresses among them, and the empty packets that SST makes itself.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"

tap_plan 40
sst_keylog
[ "$SST_KERNEL" = debug ] || must modprobe vrf
topo_hrh
for host in A B; do
	n=1
	[ $host = A ] || n=2
	# Routes of a device go when it moves to another table.
	ip -n "$(ns_name $host)" -batch - <<-END || bail "no VRF"
		link add vrf0 type vrf table 10
		link set vrf0 up
		link set eth0 master vrf0
		addr replace fd00:$n::1/64 dev eth0 nodad
		addr add fe80::$n/64 dev eth0 nodad
		neigh replace 10.0.$n.254 lladdr 02:00:00:00:0$n:fe dev eth0 nud permanent
		neigh replace fd00:$n::fe lladdr 02:00:00:00:0$n:fe dev eth0 nud permanent
		route add default via 10.0.$n.254 table 10
		route add default via fd00:$n::fe table 10
	END
	ns $host sysctl -qw net.ipv4.tcp_l3mdev_accept=0 net.ipv4.udp_l3mdev_accept=0
done
topo_offload off || bail "offloads"
sst_psk_peers
must in_ns A policy add out require >/dev/null
must in_ns B policy add out require >/dev/null
must in_ns A policy add in require >/dev/null
must in_ns B policy add in require >/dev/null

must capture_start wire R any "$topo_tmp/wire.pcap" 'inbound and (tcp or udp or icmp or icmp6)'
for fam in 4 6; do
	for dir in AB BA; do
		from=${dir:0:1} to=${dir:1}
		source=$from$fam target=$to$fam
		for proto in tcp udp; do
			# The device of the VRF, and the one in it.
			is "$from to $to, $proto over IPv$fam" "$(ask "$from" "$to" $proto "${!target}" 180 \
				--sport 380 --device vrf0 --at-device vrf0)" "${!source} 380"
			is "$from to $to, $proto over IPv$fam, by the device itself" \
				"$(ask "$from" "$to" $proto "${!target}" 181 \
				--sport 381 --device eth0 --at-device eth0)" "${!source} 381"
		done
		ok "$from to $to, an empty answer over IPv$fam" \
			silent "$from" "$to" "${!target}" $((182 + fam)) \
			so-bindtodevice=vrf0 so-bindtodevice=vrf0
	done
done
must capture_stop wire
ok "all was sealed" all_sealed "$topo_tmp/wire.pcap"
for host in A B; do
	is "$host dropped nothing" "$(sst_drops $host)" ''
	not_ok "$host has no clear way in" ns R timeout 3 socat -u /dev/null \
		"TCP4:10.0.$([ $host = A ] && echo 1 || echo 2).1:180,connect-timeout=1"
	at_least "$host counted it" "$(stat_get $host rx_required)" 1
done

# What a listener asks for counts, whichever device it is bound to.
bg_ns payload B /usr/bin/python3 "$sst_tests/lib/payload.py" accept 191 vrf0
bg_ns ports B socat -u TCP6-LISTEN:192,ipv6only=0,reuseaddr,fork,so-bindtodevice=vrf0 OPEN:/dev/null
wait_for listening B tcp 191
wait_for listening B tcp 192
for fam in 4 6; do
	target=B$fam before=$(stat_get B rx_scope)
	to=$(sst_quote "${!target}" 191)
	not_ok "IPv$fam: a flow of ports does not reach one that asks for payload" \
		ns A timeout 3 socat -u OPEN:/dev/null "TCP$fam:$to,so-bindtodevice=vrf0,connect-timeout=2"
	at_least "IPv$fam: B counts it" "$(stat_get B rx_scope)" $((before + 1))
	to=$(sst_quote "${!target}" 192)
	ok "IPv$fam: another one is reached" \
		ns A timeout 20 socat -u OPEN:/dev/null "TCP$fam:$to,so-bindtodevice=vrf0"
done

# Addresses of one link need their device wherever a packet is made. The router
# has no VRF, A has one.
rm -f "$topo_tmp/a.psk" "$topo_tmp/r.psk"
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/r.psk"
must in_ns A peer add r address fe80::fe psk "$topo_tmp/a.psk"
must in_ns R peer add a address fe80::1 psk "$topo_tmp/r.psk"
must in_ns R policy add out to fe80::/10 require >/dev/null
must ip -n "$(ns_name R)" addr add fe80::fe/64 dev ra nodad
must ip -n "$(ns_name R)" neigh replace fe80::1 lladdr 02:00:00:00:01:01 dev ra nud permanent
must ip -n "$(ns_name A)" neigh replace fe80::fe lladdr 02:00:00:00:01:fe dev eth0 nud permanent
sst_after_start
must capture_start link R ra "$topo_tmp/link.pcap" 'tcp or udp or icmp6'
for proto in tcp udp; do
	is "link-local $proto to the router" "$(ask A R $proto fe80::fe 183 --from fe80::1 \
		--sport 383 --device eth0 --at-device ra)" 'fe80::1 383'
done
is "link-local tcp from the router" "$(ask R A tcp fe80::1 184 --from fe80::fe \
	--sport 384 --device ra --at-device eth0)" 'fe80::fe 384'
ok "an empty answer from a link-local address" silent A R fe80::fe%eth0 187 \
	so-bindtodevice=eth0 so-bindtodevice=ra
ok "and from one in a VRF" silent R A fe80::1%ra 188 \
	so-bindtodevice=ra so-bindtodevice=eth0
must capture_stop link
ok "all was sealed" all_sealed "$topo_tmp/link.pcap" --host fe80::1 --host fe80::fe
is "the router dropped nothing" "$(sst_drops R)" ''
