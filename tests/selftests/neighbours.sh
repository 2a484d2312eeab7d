#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 150
# What else happens to the packets of a flow: address translation on the hosts
# themselves, a router that tracks, refuses and translates, several addresses
# and ways, and containers behind a host.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"

tap_plan 55
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
sst_psk_peers
must in_ns A policy add out to "$B4" require >/dev/null
must in_ns A policy add out to "$B6" require >/dev/null
wire='inbound and (tcp or udp or icmp or icmp6)'

# locals NS: local ends of the flows of a host.
locals() {
	in_ns "$1" -j flow show | jq -r '.flows[] | "\(.proto) \(.local) \(.local_port)"'
}

# tracked NS PROTO TEXT: connection tracking has an entry with this text.
tracked() {
	{ ns "$1" conntrack -L -f ipv4 -p "$2"; ns "$1" conntrack -L -f ipv6 -p "$2"; } \
		2>/dev/null >"$topo_tmp/ct"
	cat "$topo_tmp/ct"
	grep -qF "$3" "$topo_tmp/ct"
}

# nothing_lost: no host dropped a packet.
nothing_lost() {
	is "no host dropped anything ($1)" "$(sst_drops A) $(sst_drops B)" ' '
}

# A's own packets leave with another address of A, and another port.
ip -n "$(ns_name A)" -batch - <<-END || bail "addresses"
	addr add 10.0.1.9/24 dev eth0
	addr add fd00:1::9/64 dev eth0 nodad preferred_lft 0
END
ip -n "$(ns_name R)" -batch - <<-END || bail "neighbours"
	neigh replace 10.0.1.9 lladdr 02:00:00:00:01:01 dev ra nud permanent
	neigh replace fd00:1::9 lladdr 02:00:00:00:01:01 dev ra nud permanent
END
must ns A nft -f - <<-END
	table inet nat {
		chain output {
			type nat hook output priority -100;
			ip daddr 10.9.9.9 meta l4proto { tcp, udp } dnat ip to $B4:84
			ip6 daddr fd00:9::9 meta l4proto { tcp, udp } dnat ip6 to [$B6]:84
		}
		chain postrouting {
			type nat hook postrouting priority srcnat;
			ip daddr $B4 meta l4proto { tcp, udp } th dport 80 snat ip to 10.0.1.9:355
			ip6 daddr $B6 meta l4proto { tcp, udp } th dport 80 snat ip6 to [fd00:1::9]:355
			ip daddr $B4 meta l4proto { tcp, udp } th dport 81 masquerade to :356
			ip6 daddr $B6 meta l4proto { tcp, udp } th dport 81 masquerade to :356
		}
	}
END
# B lets in these ports from these ports and the answers of what it knows.
must ns B nft -f - <<-END
	table inet host {
		counter refused { }
		counter let { }
		chain input {
			type filter hook input priority filter; policy drop;
			iifname "lo" accept
			ct state established,related accept
			meta l4proto { icmp, icmpv6 } accept
			ct state new meta l4proto { tcp, udp } th dport 80 th sport 355 counter name let accept
			ct state new meta l4proto { tcp, udp } th dport 81 th sport 356 counter name let accept
			ct state new meta l4proto { tcp, udp } th dport 84 counter name let accept
			counter name refused
		}
	}
END
must capture_start nat R any "$topo_tmp/nat.pcap" "$wire"
for fam in 4 6; do
	a=A$fam b=B$fam other=10.0.1.9 far=10.9.9.9
	[ $fam = 4 ] || other=fd00:1::9 far=fd00:9::9
	for proto in tcp udp; do
		is "source NAT to another address and port, $proto over IPv$fam" \
			"$(ask A B $proto "${!b}" 80 --sport 311)" "$other 355"
		ok "A tracks it by its real ports" tracked A $proto \
			"src=${!a} dst=${!b} sport=311 dport=80 src=${!b} dst=$other sport=80 dport=355"
		ok "B tracks it by its real ports" tracked B $proto \
			"src=$other dst=${!b} sport=355 dport=80 src=${!b} dst=$other sport=80 dport=355"
		is "masquerading to another port, $proto over IPv$fam" \
			"$(ask A B $proto "${!b}" 81 --sport 312)" "${!a} 356"
		is "destination NAT on the way out, $proto over IPv$fam" \
			"$(ask A B $proto "$far" 83 --sport 313 --at "${!b}" --at-port 84)" \
			"${!a} 313"
		# Flows of TCP that were closed end after a minute.
		locals A >>"$topo_tmp/locals"
	done
done
must capture_stop nat
for host in A B; do
	is "$host tracks no wire port" "$(ns $host conntrack -L 2>/dev/null |
		grep -cE 'port=([0-9]{5}|[1-9][0-9]{3}) ')" 0
done
is "B's filter saw real ports of each connection" \
	"$(ns B nft -j list counter inet host let | jq '.nftables[] | select(.counter).counter.packets')" 12
is "B's filter refused nothing" \
	"$(ns B nft -j list counter inet host refused | jq '.nftables[] | select(.counter).counter.packets')" 0
ok "all left sealed" all_sealed "$topo_tmp/nat.pcap" --host 10.0.1.9 --host fd00:1::9
is "flows are named by their tuple after source NAT" "$(sort -u "$topo_tmp/locals")" \
	"$(for proto in tcp udp; do
		printf '%s\n' "$A4 313" "$A4 356" "$A6 313" "$A6 356" \
			'10.0.1.9 355' 'fd00:1::9 355' | sed "s/^/$proto /"
	done | sort)"
nothing_lost "NAT on the hosts"
ns A nft delete table inet nat
ns B nft delete table inet host

# A router that tracks, drops what it finds invalid, and gives A its own address,
# on a path that loses and reorders. The hosts drop what they find invalid, too.
must router_firewall
must router_masquerade
for host in A B; do
	must ns $host nft -f - <<-END
		table inet strict {
			counter invalid { }
			chain input {
				type filter hook input priority filter;
				ct state invalid counter name invalid drop
			}
			chain output {
				type filter hook output priority filter;
				ct state invalid counter name invalid drop
			}
		}
	END
	ns $host sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal'
done
must topo_netem both delay 3ms loss 1% reorder 10%
# Between router and B: A's own packets were translated by then.
must capture_start masq R rb "$topo_tmp/masq.pcap" 'tcp or udp or icmp or icmp6'
for fam in 4 6; do
	b=B$fam r=RB$fam
	is "through a masquerading firewall with loss, TCP over IPv$fam" \
		"$(ask A B tcp "${!b}" 85 --size 200000 | cut -d' ' -f1)" "${!r}"
done
topo_netem both
for fam in 4 6; do
	b=B$fam r=RB$fam
	is "UDP over IPv$fam" "$(ask A B udp "${!b}" 85 | cut -d' ' -f1)" "${!r}"
done
must capture_stop masq
is "the router found nothing invalid" "$(router_counter invalid)" 0
is "the router refused nothing" "$(router_counter refused)" 0
for host in A B; do
	is "$host found nothing invalid" "$(ns $host nft -j list counter inet strict invalid |
		jq '.nftables[] | select(.counter).counter.packets')" 0
	ns $host nft delete table inet strict
done
ok "all was sealed" all_sealed "$topo_tmp/masq.pcap" --host "$RB4" --host "$RB6"
ns R nft delete table inet firewall
ns R nft delete table inet masq

# A second address and a second way out of A: by source, and by mark. What comes
# back to the first address comes by the first interface.
must topo_link A eth1 02:00:00:00:04:01 R rd 02:00:00:00:04:fe
ip -n "$(ns_name A)" -batch - <<-END || bail "second link"
	addr add 10.0.4.1/24 dev eth1
	addr add fd00:4::1/64 dev eth1 nodad
	link set eth1 up
	neigh replace 10.0.4.254 lladdr 02:00:00:00:04:fe dev eth1 nud permanent
	neigh replace fd00:4::fe lladdr 02:00:00:00:04:fe dev eth1 nud permanent
	route add default via 10.0.4.254 dev eth1 table 100
	route add default via fd00:4::fe dev eth1 table 100
	rule add from 10.0.4.1 table 100
	rule add fwmark 7 table 100
END
for what in 'from fd00:4::1' 'fwmark 7'; do
	# shellcheck disable=SC2086 # two words
	must ip -6 -n "$(ns_name A)" rule add $what table 100
done
ip -n "$(ns_name R)" -batch - <<-END || bail "second link"
	addr add 10.0.4.254/24 dev rd
	addr add fd00:4::fe/64 dev rd nodad
	link set rd up
	neigh replace 10.0.4.1 lladdr 02:00:00:00:04:01 dev rd nud permanent
	neigh replace fd00:4::1 lladdr 02:00:00:00:04:01 dev rd nud permanent
END
for host in A R; do
	# shellcheck disable=SC2016 # the inner shell expands it
	ns $host sh -c 'for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >"$f"; done'
done
wait_for topo_carrier || bail "links do not come up"
must ns A ethtool -K eth1 tx off >/dev/null
must capture_start ways R any "$topo_tmp/ways.pcap" "$wire"
must capture_start second R rd "$topo_tmp/second.pcap" "$wire"
for fam in 4 6; do
	b=B$fam a=A$fam second=10.0.4.1
	[ $fam = 4 ] || second=fd00:4::1
	for proto in tcp udp; do
		is "$proto over IPv$fam by the second way, chosen by source" \
			"$(ask A B $proto "${!b}" 86 --from "$second" --sport 321)" "$second 321"
		is "chosen by mark, answers by the first" \
			"$(ask A B $proto "${!b}" 87 --from "${!a}" --mark 7 --sport 322)" "${!a} 322"
	done
done
# A server that says nothing is answered for by an empty packet.
ok "an empty answer to the second address" silent A B "$B4" 188 bind=10.0.4.1
must capture_stop second
must capture_stop ways
at_least "A used the second way" "$(capture_count "$topo_tmp/second.pcap" \
	"src host $A4 or src host $A6")" 20
ok "all was sealed" all_sealed "$topo_tmp/ways.pcap" --host 10.0.4.1 --host fd00:4::1
nothing_lost "two ways"

# A container behind A, which gives it its own address: the rule is not asked,
# the packet of a neighbour opens nothing, and it leaves as it came.
container_behind A
must ns A nft -f - <<-END
	table inet nat {
		chain postrouting {
			type nat hook postrouting priority srcnat;
			iifname "c0" masquerade
		}
	}
END
before=$(opened_flows A)
must capture_start clear R ra "$topo_tmp/clear.pcap" 'port 89'
for fam in 4 6; do
	b=B$fam a=A$fam
	for proto in tcp udp; do
		is "a container reaches B, $proto over IPv$fam" \
			"$(ask C B $proto "${!b}" 89 | cut -d' ' -f1)" "${!a}"
	done
done
must capture_stop clear
is "it opened no flow" "$(opened_flows A)" "$before"
at_least "it went in the clear" "$(capture_count "$topo_tmp/clear.pcap" "dst port 89")" 10
is "and is none of A's flows" \
	"$(in_ns A -j flow show | jq '[.flows[] | select(.remote_port == 89)] | length')" 0
