#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# Packet filter, connection tracking and NAT of the two hosts work on real
# ports, those on the path on wire ports; a strict stateful firewall between
# them finds nothing wrong.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 33

# counter NS NAME
counter() {
	ns "$1" nft -j list counter inet count "$2" |
		jq -er '.nftables[] | select(.counter).counter.packets'
}

# Counters of one host: its port, the peer's port.
count_rules() {
	ns "$1" nft -f - <<-END
		table inet count {
			counter out { }
			counter in { }
			counter wire { }
			counter untracked { }
			counter invalid { }
			chain output {
				type filter hook output priority filter;
				meta l4proto { tcp, udp } th sport $2 th dport $3 counter name out
				meta l4proto { tcp, udp } th dport 20000-29999 counter name wire
				ct state untracked counter name untracked
				ct state invalid counter name invalid
			}
			chain input {
				type filter hook input priority filter;
				meta l4proto { tcp, udp } th dport $2 th sport $3 counter name in
				meta l4proto { tcp, udp } th sport 20000-29999 counter name wire
				ct state untracked counter name untracked
				ct state invalid counter name invalid
			}
		}
	END
}

# tracked NS PROTO SADDR SPORT DADDR DPORT: connection tracking knows this very
# connection and saw packets both ways, and knows none between wire ports.
tracked() {
	ns "$1" conntrack -L -f "$([[ $3 = *:* ]] && echo ipv6 || echo ipv4)" \
		-p "$2" 2>/dev/null >"$topo_tmp/ct"
	cat "$topo_tmp/ct"
	grep -q "src=$3 dst=$5 sport=$4 dport=$6 src=$5 dst=$3 sport=$6 dport=$4 " "$topo_tmp/ct" &&
	! grep -qE 'port=2[0-9]{4}' "$topo_tmp/ct"
}

# udp_talk ADDRESS PORT OWN-PORT: a datagram and its answer.
udp_talk() {
	must udp_echo_server B "$2"
	udp_echo A "$1" "$2" 'who is it' "$3"
	bg_stop "udp$2"
}

topo_hrh
must router_firewall
for n in A B; do
	ns $n sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal'
done
must count_rules A 4443 443
must count_rules B 443 4443
for fam in 4 6; do
	a=A$fam b=B$fam
	must sst_pair tcp $fam 4443 443
	must sst_pair udp $fam 4443 443
	before=$(counter A out)
	ok "TCP over IPv$fam passes" tcp_transfer A B "${!b}" 443 300000 "sourceport=4443,reuseaddr"
	at_least "A's filter matches real ports on the way out" $(($(counter A out) - before)) 5
	ok "A tracks the real TCP connection" tracked A tcp "${!a}" 4443 "${!b}" 443
	ok "B tracks the real TCP connection" tracked B tcp "${!a}" 4443 "${!b}" 443
	is "UDP over IPv$fam passes" "$(udp_talk "${!b}" 443 4443)" "who is it"
	ok "A tracks the real UDP stream" tracked A udp "${!a}" 4443 "${!b}" 443
	ok "B tracks the real UDP stream" tracked B udp "${!a}" 4443 "${!b}" 443
done
# The filter sees a large packet where the wire has several: so sealed packets
# are more than those counted, and all that were opened are counted.
all_in() {
	[ "$(counter "$1" in)" = "$(stat_get "$1" rx_opened)" ]
}
# A slow host may repeat the end of a connection in between.
for n in B A; do
	ok "$n's filter matches real ports of all it opened" wait_for all_in $n ||
		diag "$(counter $n in) $(stat_get $n rx_opened)"
done
at_least "B's filter matches real ports on the way out" "$(counter B out)" 10
for n in A B; do
	is "no wire port is seen on $n" "$(counter $n wire)" 0
	is "nothing invalid or untracked on $n" \
		"$(counter $n invalid) $(counter $n untracked)" "0 0"
done
is "the router tracks wire ports only" \
	"$(ns R conntrack -L 2>/dev/null | grep -cE 'port=(443|4443) ')" 0
at_least "and it does track them" \
	"$(ns R conntrack -L 2>/dev/null | grep -cE 'port=2[0-9]{4} ')" 2

# Rules that block real ports block.
must ns B nft add rule inet count input tcp dport 443 drop
must sst_pair tcp 4 4445 443
not_ok "B's filter drops by real port" ns A timeout 3 \
	socat -u /dev/null "TCP4:$B4:443,sourceport=4445"
ns B nft delete table inet count
ns A nft delete table inet count

# B lets in what it asked for and its service; A changes the source port.
must ns B nft -f - <<-END
	table inet host {
		counter dropped { }
		chain input {
			type filter hook input priority filter; policy drop;
			iifname "lo" accept
			ct state established,related accept
			ct state new tcp dport 8443 accept
			ct state new udp dport 8443 accept
			counter name dropped
		}
	}
END
must ns A nft -f - <<-END
	table inet nat {
		chain postrouting {
			type nat hook postrouting priority srcnat;
			ip daddr $B4 meta l4proto { tcp, udp } th sport 5001 snat ip to $A4:5555
			ip6 daddr $B6 meta l4proto { tcp, udp } th sport 5001 snat ip6 to [$A6]:5555
			iifname "c0" ip daddr $B4 tcp dport 8443 masquerade to :6666
		}
	}
END
for fam in 4 6; do
	b=B$fam
	must sst_pair tcp $fam 5555 8443
	ok "a flow is the tuple after source NAT, TCP over IPv$fam" tcp_transfer A B "${!b}" 8443 300000 \
		"sourceport=5001,reuseaddr"
	must sst_pair udp $fam 5555 8443
	is "the same with UDP" "$(udp_talk "${!b}" 8443 5001)" "who is it"
done

# A container behind A.
ns_add C
ns_quiet C
must topo_link A c0 02:00:00:00:03:fe C eth0 02:00:00:00:03:01
ip -n "$(ns_name A)" -batch - <<-END
	addr add 10.0.3.254/24 dev c0
	link set c0 up
END
ip -n "$(ns_name C)" -batch - <<-END
	addr add 10.0.3.1/24 dev eth0
	link set eth0 up
	route add default via 10.0.3.254
END
ns A sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
must sst_pair tcp 4 6666 8443
ok "a container is masqueraded into a flow" tcp_transfer C B "$B4" 8443 500000
is "B's filter dropped nothing" \
	"$(ns B nft -j list counter inet host dropped | jq '.nftables[] | select(.counter).counter.packets')" 0
is "the router found nothing invalid" "$(router_counter invalid)" 0
is "the router refused nothing" "$(router_counter refused)" 0
is "nothing dropped on B" "$(sst_drops B)" ""
