#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 180
# Host keys come and go, associations are lost on one side or the other, and the
# server is another machine all of a sudden: what is open stays open, what is new
# finds its way within the time that is documented, and nothing goes out in clear.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-steady.sh"

tap_plan 61

# client_host NAME NUMBER: one more host behind the router, 10.0.NUMBER.1.
client_host() {
	ns_add "$1"
	ns_quiet "$1"
	must topo_link "$1" eth0 "02:00:00:00:0$2:01" R "r$2" "02:00:00:00:0$2:fe"
	topo_host "$1" "$2"
	ip -n "$(ns_name R)" -batch - <<-END || bail "router not set up"
		addr add 10.0.$2.254/24 dev r$2
		addr add fd00:$2::fe/64 dev r$2 nodad
		link set r$2 up
		neigh replace 10.0.$2.1 lladdr 02:00:00:00:0$2:01 dev r$2 nud permanent
		neigh replace fd00:$2::1 lladdr 02:00:00:00:0$2:01 dev r$2 nud permanent
	END
	must ns "$1" ethtool -K eth0 tx off sg off tso off gso off gro off >/dev/null
}

# new_key FILE: sets public to what the others have to know.
new_key() {
	(umask 077 && sstctl genkey >"$topo_tmp/$1") || bail "sstctl genkey"
	public=$(sstctl pubkey <"$topo_tmp/$1")
}
# inits KEY: how many INITs named it. all_inits: of all keys that B has.
inits() {
	in_ns B -j host show "$1" | jq '.hosts[0].inits'
}

assocs() {
	in_ns "$1" -j assoc show | jq '.assocs | length'
}

topo_hrh
topo_offload off || bail "offloads"
client_host D 4
new_key old.key
old=$public
new_key new.key
new=$public
must in_ns B host add old key "$topo_tmp/old.key"
for host in A D; do
	must in_ns "$host" peer add old address "$B4,$B6" public-key "$old"
	must in_ns "$host" policy add out require >/dev/null
done
sst_after_start
must capture_start wire R rb "$topo_tmp/wire.pcap" 'tcp or udp or icmp or icmp6'
steady_serve

# ---- a new key, and then without the old one ----------------------------------
must in_ns B host add new key "$topo_tmp/new.key"
# What begins before the first answer came makes INITs of its own.
for addr in "$B4" "$B6"; do
	must ns A timeout 20 /usr/bin/python3 "$sst_tests/lib/connect-ms.py" "$addr" 700 >/dev/null
done
steady a4 A "$B4"
steady a6 A "$B6"
begun a4 a6
sleep 1
is "two keys" "$(in_ns B -j host show | jq -r '[.hosts[].name] | join(" ")')" "old new"
is "INITs for the old one" "$(inits old)" 2
is "none for the new one" "$(inits new)" 0
# A knows both: the old key serves as long as there is something made with it.
must in_ns A peer add new address "$B4,$B6" public-key "$new"
must in_ns B host del old
sleep 1.5
lost_nothing a6 "the key goes" 1000
is "nobody used the new one so far" "$(inits new)" 0

# ---- from the dead key to the live one ----------------------------------------
# As if the associations had come to their end, but for a4's traffic.
unopened=$(stat_get B rx_unopened)
must in_ns A assoc flush
must in_ns B assoc flush
took=$(connect_ms A)
at_least "the dead key is tried first" $(($(stat_get B rx_unopened) - unopened)) 1
# Three seconds, when the SYN is repeated; less when a4's INIT came before.
at_most "and then the live one, ms" "$took" 4500
made=$(inits new)
# a4 may have begun one at the same time.
at_most "with INITs that counted" "$made" 2
at_most "a second connection does not wait, ms" "$(connect_ms A)" 900
is "nor ask for another association" "$(inits new)" "$made"
sleep 1
lost_nothing a4 "both keys" 6000
must in_ns A peer del old
at_most "without the old one nothing is lost, ms" "$(connect_ms A)" 900
is "and no INIT sent" "$(inits new)" "$made"

# ---- a client that knows nothing but the old key ------------------------------
must in_ns D assoc flush
unopened=$(stat_get B rx_unopened)
is "who knows the old key alone does not get in" \
	"$(connect_ms D 5)" never
at_least "its INITs belong to nobody" $(($(stat_get B rx_unopened) - unopened)) 2
must in_ns D peer del old
must in_ns D peer add new address "$B4,$B6" public-key "$new"

# ---- an association is lost on one side ---------------------------------------
steady a4 A "$B4"
steady a6 A "$B6"
begun a4 a6
sleep 1
must in_ns A assoc flush
sleep 1
before=$(inits new)
at_most "lost by the client: no time, ms" "$(connect_ms A)" 900
must in_ns B assoc flush
took=$(connect_ms A)
at_most "lost by the server: one second until the SYN is repeated, ms" "$took" 2500
sleep 2
lost_nothing a4 "a lost association, IPv4" 2900
lost_nothing a6 "a lost association, IPv6" 2900
at_most "INITs, not one for each connection" $(($(inits new) - before)) 6

# ---- several clients ----------------------------------------------------------
must in_ns B flow flush
must in_ns B assoc flush
must in_ns A assoc flush
client_host E 5
must in_ns E peer add new address "$B4,$B6" public-key "$new"
must in_ns E policy add out require >/dev/null
before=$(inits new)
for host in A D E; do
	[ "$(connect_ms $host)" != never ] || bail "$host does not reach B"
	steady "many$host" $host "$B4"
done
begun manyA manyD manyE
sleep 2
for host in A D E; do
	went_well "many$host"
done
is "an association for each" "$(assocs B)" 3
at_most "INITs of three clients" $(($(inits new) - before)) 6

# ---- the server is another machine --------------------------------------------
bg_ns talk-server B /usr/bin/python3 "$sst_tests/lib/udp-talk.py" server 701
must wait_for listening B udp 701
bg_ns talk A /usr/bin/python3 "$sst_tests/lib/udp-talk.py" client "$B4" 701
lines() {
	wc -l <"$topo_tmp/$1.out"
}
more() {
	[ "$(lines "$1")" -gt "$2" ]
}
must wait_for more talk 3
# The network first: nobody says good-bye.
must ip -n "$(ns_name R)" link set rb down
must capture_stop wire
for name in serve talk-server; do
	bg_stop "$name" KILL
done
topo_new_b
must in_ns B host add new key "$topo_tmp/new.key"
must capture_start wire2 R rb "$topo_tmp/wire2.pcap" 'tcp or udp or icmp or icmp6'
steady_serve
bg_ns talk-server B /usr/bin/python3 "$sst_tests/lib/udp-talk.py" server 701
must wait_for listening B udp 701
had=$(lines talk)
began=$SECONDS
took=$(connect_ms A)
# Perhaps by the datagrams that went on meanwhile.
at_least "another server: the association is tried" "$(stat_get B rx_unopened)" 1
at_most "then the key, when the SYN is repeated, ms" "$took" 2500
at_most "the next one does not wait, ms" "$(connect_ms A)" 900
bg_ns fresh D /usr/bin/python3 "$sst_tests/lib/udp-talk.py" client "$B4" 701
# A second, and what a slow machine needs to begin.
ok "UDP: a new flow gets through" wait_for -t 10 more fresh 0
bg_stop fresh
# 15 s of silence, and 3 more.
ok "UDP: the old flow goes on" wait_for -t $((24 - (SECONDS - began))) more talk "$had"
bg_stop talk

# ---- wire ports that a firewall lets through ----------------------------------
must in_ns A peer del new
must in_ns A peer add new address "$B4,$B6" public-key "$new" wire-port 443
is "a wire port below 1024 that B was not told of" "$(connect_ms A 3)" never
at_least "is refused" "$(stat_get B rx_tuple)" 1
must in_ns B set wire-port 443
ok "one that it was told of is not" [ "$(connect_ms A)" != never ]
must capture_stop wire2
must in_ns B set wire-port 30000-30003
must in_ns A peer del new
for host in A D E; do
	in_ns $host peer del new 2>/dev/null
	must in_ns $host peer add new address "$B4,$B6" public-key "$new" wire-port 30000-30003
	must in_ns $host assoc flush
done
must ns R nft -f - <<-END
	table inet narrow {
		counter narrow { }
		chain forward {
			type filter hook forward priority filter;
			oifname "rb" th dport 30000-30003 accept
			oifname "rb" counter name narrow drop
		}
	}
END
must capture_start wire3 R rb "$topo_tmp/wire3.pcap" 'tcp or udp'
for host in A D E; do
	steady "narrow$host" $host "$B4"
done
steady narrow6 A "$B6"
begun narrowA narrowD narrowE narrow6
sleep 2
for name in narrowA narrowD narrowE narrow6; do
	went_well "$name"
done
must capture_stop wire3
is "no packet but on these" "$(capture_count "$topo_tmp/wire3.pcap" 'not portrange 30000-30003')" 0
for port in 30000 30001 30002 30003; do
	at_least "wire port $port is used" "$(capture_count "$topo_tmp/wire3.pcap" "dst port $port")" 1
done
for name in wire wire2 wire3; do
	is "$name: no packet carries a real port" \
		"$(capture_count "$topo_tmp/$name.pcap" 'port 700 or port 701')" 0
done
