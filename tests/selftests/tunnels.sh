#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 200
# Below, above and beside other ways to protect packets: flows inside of a
# WireGuard tunnel, the tunnel's own datagrams, IPsec in transport mode, and
# packets that never leave the host.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"

tap_plan 62
sst_keylog
[ "$SST_KERNEL" = debug ] || must modprobe -a wireguard esp4 esp6
topo_hrh
topo_offload off || bail "offloads"
wire='inbound and (tcp or udp or icmp or icmp6 or ip proto 50 or ip6 proto 50)'
# Tunnel addresses, and outer ports that are real ones.
declare -A tunnel=([A4]=10.8.0.1 [B4]=10.8.0.2 [A6]=fd00:8::1 [B6]=fd00:8::2)
for host in A B; do
	# WireGuard outside takes 60 bytes, the trailer while a flow opens 80.
	ip -n "$(ns_name $host)" -batch - <<-END || bail "no WireGuard"
		link add wg0 type wireguard
		addr add ${tunnel[${host}4]}/24 dev wg0
		addr add ${tunnel[${host}6]}/64 dev wg0 nodad
		link set wg0 mtu 1340 up
	END
	must ns $host ethtool -K wg0 tx off >/dev/null
done
must /usr/bin/python3 "$sst_tests/lib/wireguard.py" \
	"$(ns_name A),$A4,501" "$(ns_name B),$B4,502"
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns A peer add b address "$B4,$B6,${tunnel[B4]},${tunnel[B6]}" psk "$topo_tmp/a.psk"
must in_ns B peer add a address "$A4,$A6,${tunnel[A4]},${tunnel[A6]}" psk "$topo_tmp/b.psk"
must in_ns A policy add out to 10.8.0.0/24 require >/dev/null
must in_ns A policy add out to fd00:8::/64 require >/dev/null
must in_ns B policy add in from 10.8.0.0/24 require >/dev/null
must in_ns B policy add in from fd00:8::/64 require >/dev/null
sst_after_start

# through TEXT PORT: exchanges inside of the tunnel, both families.
through() {
	local fam proto
	for fam in 4 6; do
		for proto in tcp udp; do
			is "$1: $proto over IPv$fam" "$(ask A B $proto "${tunnel[B$fam]}" "$2" \
				--sport 305)" "${tunnel[A$fam]} 305"
		done
	done
}

# nothing_lost TEXT
nothing_lost() {
	is "$1: no host dropped anything" "$(sst_drops A)$(sst_drops B)" ''
}

# SST inside, WireGuard outside: a rule about the tunnel's addresses.
must capture_start inner A wg0 "$topo_tmp/inner.pcap" '(tcp or udp or icmp or icmp6)'
must capture_start outer R any "$topo_tmp/outer.pcap" "$wire"
through "inside of WireGuard" 105
must capture_stop inner
must capture_stop outer
ok "what goes into the tunnel is sealed" all_sealed "$topo_tmp/inner.pcap" \
	--host 10.8.0.1 --host 10.8.0.2 --host fd00:8::1 --host fd00:8::2
at_least "the tunnel's datagrams are as they were" \
	"$(capture_count "$topo_tmp/outer.pcap" 'udp port 501 and udp port 502')" 40
is "nothing else left" "$(capture_count "$topo_tmp/outer.pcap" 'not udp port 501')" 0
is "four flows" "$(opened_flows A)" 4
nothing_lost inside

# Beside: rules with ports do not mean the tunnel, one without does.
must in_ns A policy flush
must in_ns A flow flush
must in_ns A policy add out to "$B4" port 1-500 require >/dev/null
must in_ns A policy add out to "$B4" port 503-1023 require >/dev/null
must in_ns B policy flush
must capture_start beside R any "$topo_tmp/beside.pcap" "$wire"
open=$(opened_flows A)
through "a rule with ports, inside" 106
is "TCP beside the tunnel" "$(ask A B tcp "$B4" 107 --sport 307)" "$A4 307"
must capture_stop beside
is "the tunnel was left alone" "$(opened_flows A)" $((open + 1))
at_least "its datagrams are as they were" \
	"$(capture_count "$topo_tmp/beside.pcap" 'udp port 501 and udp port 502')" 40
is "what is beside is sealed" \
	"$(capture_count "$topo_tmp/beside.pcap" 'tcp portrange 1-1023')" 0

# WireGuard also sends by itself, but not while its devices are down: no packet may
# open the tunnel's flow before the capture sees it.
for host in A B; do
	must ip -n "$(ns_name $host)" link set wg0 down
done
must in_ns A policy flush
must in_ns A policy add out to "$B4" require >/dev/null
must in_ns B policy add out to "$A4" require >/dev/null
must capture_start over R any "$topo_tmp/over.pcap" "$wire"
for host in A B; do
	must ip -n "$(ns_name $host)" link set wg0 up
	# What goes with the device is its address of IPv6.
	must ip -n "$(ns_name $host)" addr replace "${tunnel[${host}6]}/64" dev wg0 nodad
done
open=$(opened_flows A)
through "a rule without a port, inside" 108
must capture_stop over
at_least "the tunnel's datagrams have a flow" \
	"$(in_ns A -j flow show | jq '[.flows[] | select(.local_port == 501 and
		.remote_port == 502)] | length')" 1
ok "all that left is sealed" all_sealed "$topo_tmp/over.pcap"

# Both at once: each packet is sealed inside, encrypted, and sealed again.
must in_ns A policy add out to 10.8.0.0/24 require >/dev/null
must in_ns A policy add out to fd00:8::/64 require >/dev/null
must in_ns B policy add in require >/dev/null
must capture_start inner A wg0 "$topo_tmp/inner.pcap" '(tcp or udp or icmp or icmp6)'
must capture_start outer R any "$topo_tmp/outer.pcap" "$wire"
through "inside and outside" 109
must capture_stop inner
must capture_stop outer
ok "inside it is sealed" all_sealed "$topo_tmp/inner.pcap" \
	--host 10.8.0.1 --host 10.8.0.2 --host fd00:8::1 --host fd00:8::2
# The flow of the tunnel was opened before.
is "outside it is sealed" "$(capture_count "$topo_tmp/outer.pcap" \
	'portrange 1-1023')" 0
at_least "and leaves" "$(capture_count "$topo_tmp/outer.pcap" 'udp')" 40
nothing_lost "inside and outside"
for host in A B; do
	ip -n "$(ns_name $host)" link del wg0
	must in_ns $host policy flush
	must in_ns $host flow flush
done

# IPsec in transport mode between the hosts, with a cipher that hides nothing, so
# that a capture shows what was encrypted.
for fam in 4 6; do
	a=A$fam b=B$fam
	for dir in "A ${!a} ${!b}" "B ${!b} ${!a}"; do
		read -r from src dst <<<"$dir"
		key=0x$(sst_key)
		for host in A B; do
			must ip -n "$(ns_name $host)" xfrm state add src "$src" dst "$dst" proto esp \
				spi 0x10$fam mode transport enc 'ecb(cipher_null)' '' \
				auth 'hmac(sha256)' "$key"
			must ip -n "$(ns_name $host)" xfrm policy add src "$src" dst "$dst" \
				dir "$([ $host = "$from" ] && echo out || echo in)" \
				tmpl src "$src" dst "$dst" proto esp mode transport
		done
	done
	must in_ns A policy add out to "${!b}" require >/dev/null
	must in_ns B policy add out to "${!a}" require >/dev/null
done
must in_ns B policy add in require >/dev/null
must capture_start esp R any "$topo_tmp/esp.pcap" "$wire"
sealed=$(stat_get A tx_sealed)
opened=$(stat_get B rx_opened)
for fam in 4 6; do
	for proto in tcp udp; do
		for dir in AB BA; do
			source=${dir:0:1}$fam target=${dir:1}$fam
			is "IPsec beneath, $proto over IPv$fam, ${dir:0:1} to ${dir:1}" \
				"$(ask "${dir:0:1}" "${dir:1}" $proto "${!target}" 110 --sport 310)" \
				"${!source} 310"
		done
	done
	target=B$fam
	ok "IPsec beneath, an empty answer over IPv$fam" silent A B "${!target}" $((110 + fam))
done
must capture_stop esp
at_least "A sealed" $(($(stat_get A tx_sealed) - sealed)) 100
at_least "B opened" $(($(stat_get B rx_opened) - opened)) 100
is "all that left is encrypted" "$(capture_count "$topo_tmp/esp.pcap" 'tcp or udp')" 0
# SPI and number are 8 bytes; what follows is the packet that was encrypted.
at_least "the capture has it" "$(capture_count "$topo_tmp/esp.pcap" 'ip proto 50 or ip6 proto 50')" 200
is "what is encrypted has wire ports" "$(capture_count "$topo_tmp/esp.pcap" \
	'(ip proto 50 and (ip[28:2] < 1024 or ip[30:2] < 1024)) or
	(ip6 proto 50 and (ip6[48:2] < 1024 or ip6[50:2] < 1024))')" 0
nothing_lost "IPsec"
for host in A B; do
	ip -n "$(ns_name $host)" xfrm policy flush
	ip -n "$(ns_name $host)" xfrm state flush
done

# ESP in the datagrams of a flow. What it carries comes from the stack once more, in
# the same buffer as they, and was not opened with them.
for host in A B; do
	must in_ns $host policy flush
	must in_ns $host flow flush
	must ip -n "$(ns_name $host)" xfrm state add src "$A4" dst "$B4" proto esp \
		spi 0x200 mode transport enc 'ecb(cipher_null)' '' \
		auth 'hmac(sha256)' "$key" encap espinudp 450 450 0.0.0.0
	# UDP_ENCAP, UDP_ENCAP_ESPINUDP
	bg_ns "encap$host" $host /usr/bin/python3 -c "
import signal, socket
sock = socket.socket(type=socket.SOCK_DGRAM)
sock.setsockopt(socket.IPPROTO_UDP, 100, 2)
sock.bind(('', 450))
signal.pause()"
	must wait_for listening $host udp 450
done
for port in 114 115; do
	must ip -n "$(ns_name A)" xfrm policy add src "$A4" dst "$B4" proto udp dport $port \
		dir out tmpl src "$A4" dst "$B4" proto esp mode transport
	must udp_echo_server B $port
done
must in_ns A policy add out port 450 require >/dev/null
must in_ns B policy add in port 114 require >/dev/null
open=$(opened_flows A) opened=$(stat_get B rx_opened)
is "ESP in datagrams of a flow: what nobody requires comes through" \
	"$(udp_echo A "$B4" 115 hello)" hello
is "the datagrams have a flow" $(($(opened_flows A) - open)) 1
at_least "and are opened" $(($(stat_get B rx_opened) - opened)) 1
turned_away "what is required sealed does not come clear in them" rx_required \
	/usr/bin/python3 "$topo_lib/udp-ask.py" "$B4" 114 0 hello
for host in A B; do
	bg_stop "encap$host"
	ip -n "$(ns_name $host)" xfrm policy flush
	ip -n "$(ns_name $host)" xfrm state flush
	must in_ns $host policy flush
	must in_ns $host flow flush
done

# Packets of a host to itself never meet a network.
must in_ns A policy add out require priority 1 >/dev/null
must in_ns A policy add in require priority 1 >/dev/null
open=$(opened_flows A)
before=$(sst_drops A)
for fam in 4 6; do
	a=A$fam lo=127.0.0.1
	[ $fam = 4 ] || lo=::1
	for proto in tcp udp; do
		is "$proto over IPv$fam to the host's own address" \
			"$(ask A A $proto "${!a}" 111 --sport 311)" "${!a} 311"
		is "and to its loopback" "$(ask A A $proto $lo 112 --sport 312)" "$lo 312"
	done
done
is "no flow was opened" "$(opened_flows A)" "$open"
is "nothing was dropped" "$(sst_drops A)" "$before"
