#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 150
# The responder is gone and another one has its address and key; a router gives
# a flow another port; a new connection right after a restart. Traffic goes on
# within 20 seconds, new connections within 4, and the programs at both ends keep
# their ports.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 31

talk=$sst_tests/lib/udp-talk.py
declare -A port_of=()

# client NAME ADDRESS PORT, server NAME WORD...: of a conversation. Their logs
# are $topo_tmp/NAME.out.
client() {
	bg_ns "$1" A /usr/bin/python3 "$talk" client "$2" "$3"
}
server() {
	local name=$1
	shift
	bg_ns "$name" B /usr/bin/python3 "$talk" "$@"
}

log_has() {
	[ -s "$topo_tmp/$1.out" ]
}

# lines NAME: how many a log has. more NAME N: for wait_for.
lines() {
	wc -l <"$topo_tmp/$1.out"
}
more() {
	[ "$(lines "$1")" -gt "$2" ]
}

# port_in NAME: the client's port as this server saw it, all of them.
port_in() {
	cut -d ' ' -f 1 "$topo_tmp/$1.out" | sort -u | tr '\n' ' ' | sed 's/ $//'
}

# new_host_b: B is another machine that has B's addresses and its key.
new_host_b() {
	topo_new_b
	must in_ns B peer add a address "$A4,$A6" psk "$topo_tmp/b.psk"
	must in_ns B policy add out require >/dev/null
}

# left SECONDS: what remains of them since $began.
left() {
	echo $(($1 - (SECONDS - began)))
}

sst_keylog
topo_hrh
topo_offload off || bail "offloads"
sst_psk_peers
must in_ns A policy add out require >/dev/null
must in_ns B policy add out require >/dev/null
must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp or icmp or icmp6'

# ---- the responder restarts --------------------------------------------------

server oneway-before server 5001 silent
server echo4-before server 5002
server echo6-before server 5003
server both-before server 5004
for port in 5001 5002 5003 5004; do
	must wait_for listening B udp "$port"
done
client oneway "$B4" 5001
client echo4 "$B4" 5002
client echo6 "$B6" 5003
client both "$B4" 5004
for name in echo4 echo6 both; do
	must wait_for log_has "$name"
done
for name in oneway echo4 echo6 both; do
	must wait_for log_has "$name-before"
	port_of[$name]=$(port_in "$name-before")
done
bg_ns old-server B socat -u TCP4-LISTEN:80,reuseaddr,linger=0 OPEN:/dev/null
must wait_for listening B tcp 80
bg_ns old A socat "TCP4:$B4:80,bind=$A4:6001,linger=0" EXEC:"sleep 60"
must wait_for ns A ss -Hnt state established "sport = 6001"

# The network first: nobody says good-bye.
must ip -n "$(ns_name R)" link set rb down
for name in oneway-before echo4-before echo6-before both-before old-server; do
	bg_stop "$name"
done
new_host_b
began=$SECONDS
server oneway-after server 5001 silent
server echo4-after server 5002
server echo6-after server 5003
# This one speaks first, to the port that it knows.
server both-after push 5004 "$A4" "${port_of[both]}"
declare -A had=()
for name in echo4 echo6 both; do
	had[$name]=$(lines "$name")
done

# tcp_after PORT [SOURCE-PORT]: a new connection carries data within 4 s.
tcp_after() {
	local opts=connect-timeout=4${2:+,bind=$A4:$2,reuseaddr}
	bg_ns "tcp$1" B socat -u "TCP4-LISTEN:$1,reuseaddr" "CREATE:$topo_tmp/tcp$1.got"
	wait_for listening B tcp "$1" || return 1
	echo data | ns A timeout 4 socat -u - "TCP4:$B4:$1,$opts" &&
		wait_for -t 4 grep -q data "$topo_tmp/tcp$1.got"
}
ok "TCP: a new connection after the restart" tcp_after 81
bg_stop old KILL
ok "TCP: a new connection from the port of an old one" tcp_after 80 6001

ok "UDP, both sides: B's come to A" wait_for -t "$(left 20)" more both "${had[both]}"
ok "UDP, both sides: A's come to B" wait_for -t "$(left 20)" log_has both-after
ok "UDP, one way: A's come to B" wait_for -t "$(left 20)" log_has oneway-after
for name in echo4 echo6; do
	ok "UDP, $name: A's come to B" wait_for -t "$(left 20)" log_has "$name-after"
	ok "UDP, $name: the answers come to A" \
		wait_for -t "$(left 20)" more "$name" "${had[$name]}"
done
at_most "it took" $((SECONDS - began)) 20
for name in oneway echo4 echo6 both; do
	is "UDP, $name: B sees the port that it saw before" \
		"$(port_in "$name-after")" "${port_of[$name]}"
	ok "UDP, $name: and it stays so" wait_for more "$name-after" \
		$(($(lines "$name-after") + 5))
	bg_stop "$name"
	bg_stop "$name-after"
done
must capture_stop wire
ok "all that passed verifies, no counter twice" \
	sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" \
	--real-port 80 --real-port 81 --real-port 5001 --real-port 5002 \
	--real-port 5003 --real-port 5004

# ---- the router gives the flow another port ----------------------------------

# nat_range FIRST LAST: the ports that the router uses from now on.
nat_range() {
	ns R nft -f - <<-END
		table inet masq
		delete table inet masq
		table inet masq {
			chain postrouting {
				type nat hook postrouting priority srcnat;
				oifname "rb" udp dport 1024-65535 masquerade to :$1-$2 random
			}
		}
	END
}
must nat_range 20000 29999
must in_ns A flow flush
must in_ns B flow flush
in_ns B peer del a
must in_ns B peer add a address "$RB4,$RB6" psk "$topo_tmp/b.psk"
must capture_start nat R ra "$topo_tmp/nat.pcap" 'tcp or udp or icmp or icmp6'
server nat-oneway-server server 5011 silent
server nat4-server server 5012
server nat6-server server 5013
for port in 5011 5012 5013; do
	must wait_for listening B udp "$port"
done
client nat-oneway "$B4" 5011
client nat4 "$B4" 5012
client nat6 "$B6" 5013
for name in nat-oneway nat4 nat6; do
	must wait_for -t 20 log_has "$name-server"
done
must wait_for log_has nat4
must wait_for log_has nat6
# wire_ports: what stands for the clients' ports on the wire.
wire_ports() {
	in_ns B -j flow show | jq -r '.flows[] | select(.proto == "udp" and
		.local_port > 5010) | [.id, .wire_remote_port] | join(" ")' | sort
}
all_live() {
	[ "$(in_ns B -j flow show | jq '[.flows[] | select(.local_port > 5010 and
		.state == "live")] | length')" -eq 3 ]
}
must wait_for all_live
restarted=$(stat_get A tx_restarted)
before=$(wire_ports)
is "B has three flows, through the router" \
	"$(awk '$2 >= 20000 && $2 <= 29999' <<<"$before" | wc -l)" 3
for name in nat-oneway nat4 nat6; do
	port_of[$name]=$(port_in "$name-server")
done
must nat_range 40000 49999
ns R conntrack -F 2>/dev/null
began=$SECONDS
for name in nat-oneway nat4 nat6; do
	had[$name-server]=$(lines "$name-server")
	had[$name]=$(lines "$name")
done
for name in nat-oneway nat4 nat6; do
	ok "$name: A's come to B from another port of the router" \
		wait_for -t "$(left 20)" more "$name-server" $((had[$name-server] + 3))
done
for name in nat4 nat6; do
	ok "$name: the answers come to A" \
		wait_for -t "$(left 20)" more "$name" $((had[$name] + 3))
done
for name in nat-oneway nat4 nat6; do
	is "$name: B sees the port that it saw before" "$(port_in "$name-server")" \
		"${port_of[$name]}"
done
after=$(wire_ports)
is "these are the flows that were there, on other wire ports" \
	"$(awk '$2 >= 40000 && $2 <= 49999 { print $1 }' <<<"$after")" \
	"$(awk '{ print $1 }' <<<"$before")"
is "nothing started over" "$(stat_get A tx_restarted)" "$restarted"
for name in nat-oneway nat4 nat6; do
	bg_stop "$name"
done
must capture_stop nat
ok "all that passed verifies, no counter twice" \
	sst_decode_psk "$topo_tmp/nat.pcap" "$topo_tmp/orig.pcap" \
	--real-port 5011 --real-port 5012 --real-port 5013
