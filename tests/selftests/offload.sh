#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# Packets that leave a host in unusual ways: IPv6 BIG TCP, from a container
# behind source NAT, and over a bridge whose frames netfilter sees, too.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 18
topo_hrh

# clear_on_router FILE: packets with one of the real ports of this test.
clear_on_router() {
	capture_count "$1" 'port 4001 or port 4002 or port 4003 or port 8080'
}

# BIG TCP: packets of more than 64 KiB carry a jumbo option until they are cut.
must ip -n "$(ns_name A)" link set eth0 gso_max_size 180000
must sst_pair tcp 6 4001 8080
must capture_start big R ra "$topo_tmp/big.pcap"
ok "BIG TCP over IPv6 arrives" tcp_transfer A B "$B6" 8080 20000000 \
	"sourceport=4001,reuseaddr"
capture_stop big
is "no packet of it was dropped" "$(sst_drops A)$(sst_drops B)" ""
is "no real port of it reached the router" "$(clear_on_router "$topo_tmp/big.pcap")" 0
at_least "packets were sealed" "$(stat_get A tx_sealed)" 10000

# A container: C behind A, which masquerades. The flow is that of A's address.
# The container does not know of the trailer; its large packets are cut smaller.
ns_add C
ns_quiet C
topo_link C eth0 02:00:00:00:03:01 A ca 02:00:00:00:03:fe || bail "no veth"
ip -n "$(ns_name C)" -batch - <<-END
	addr add 10.0.3.1/24 dev eth0
	link set eth0 up
	route add default via 10.0.3.254
END
ip -n "$(ns_name A)" -batch - <<-END
	addr add 10.0.3.254/24 dev ca
	link set ca up
END
ns A sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
ns A nft -f - <<-END
	table ip nat {
		chain post {
			type nat hook postrouting priority srcnat
			oifname eth0 ip saddr 10.0.3.0/24 tcp dport 8080 snat to $A4:4002
			oifname eth0 ip saddr 10.0.3.0/24 tcp dport 8081 snat to $A4:4003
		}
	}
END
must wait_for ns C ping -c 1 -W 1 10.0.3.254
must sst_pair tcp 4 4002 8080
for offload in on off; do
	for pair in C:eth0 A:ca A:eth0; do
		ns "${pair%:*}" ethtool -K "${pair#*:}" tx $offload sg $offload \
			tso $offload gso $offload gro $offload >/dev/null
	done
	must capture_start "cont$offload" R ra "$topo_tmp/cont.pcap"
	before=$(stat_get A tx_sealed)
	ok "a container behind source NAT sends, offloads $offload" \
		tcp_transfer C B "$B4" 8080 2000000 "sourceport=5${#offload}00,reuseaddr"
	capture_stop "cont$offload"
	is "no real port of it reached the router" \
		"$(clear_on_router "$topo_tmp/cont.pcap")" 0
	at_least "its packets were sealed" "$(($(stat_get A tx_sealed) - before))" 1000
	is "none was opened wrongly" "$(sst_drops B)" ""
	ns A conntrack -F >/dev/null 2>&1
done
is "with single packets the container learned the MTU from an error" \
	"$(ns C ip route get "$B4" | grep -o 'mtu 1472')" "mtu 1472"

# B behind a bridge of its own, and netfilter looks at bridged frames.
modprobe br_netfilter 2>/dev/null
ns B sh -c 'echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables' ||
	bail "no bridge netfilter"
ip -n "$(ns_name B)" -batch - <<-END || bail "no bridge"
	link add br0 address 02:00:00:00:02:01 type bridge
	link set br0 up
	addr flush dev eth0
	link set eth0 master br0
	addr add 10.0.2.1/24 dev br0
	neigh replace 10.0.2.254 lladdr 02:00:00:00:02:fe dev br0 nud permanent
	route add default via 10.0.2.254
END
must wait_for ns A ping -c 1 -W 1 "$B4"
must sst_pair tcp 4 4001 8080
before=$(stat_get B rx_opened)
ok "TCP arrives over a bridge" tcp_transfer A B "$B4" 8080 2000000 \
	"sourceport=4001,reuseaddr"
at_least "its packets were opened" "$(($(stat_get B rx_opened) - before))" 500
must sst_pair tcp 4 8080 4001
bg_ns src A socat -u TCP4-LISTEN:8080,reuseaddr "CREATE:$topo_tmp/in"
must wait_for listening A tcp 8080
head -c 2000000 /dev/urandom >"$topo_tmp/out"
ok "large packets leave over it, too" ns B timeout 60 socat -u "OPEN:$topo_tmp/out" \
	"TCP4:$A4:8080,sourceport=4001,reuseaddr"
bg_wait src
ok "and arrive unchanged" cmp "$topo_tmp/out" "$topo_tmp/in"
is "nothing was dropped on B" "$(sst_drops B)" ""
