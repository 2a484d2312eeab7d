#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# The path carries less than the hosts' links: both sides of TCP learn it from
# the first packets that are too large and fill it exactly, and the next
# connection does so from its first segment on. UDP is told what fits. Behind
# a host that forwards to a container the sizes are right, too.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 92
# shellcheck disable=SC2034 # for tcp_transfer and tcp_back
topo_at_once=1
topo_hrh
topo_offload off || bail "offloads"
topo_container
for host in R B; do
	# Every packet that is too large is reported.
	ns $host sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
done
sst_psk_peers
must in_ns A policy add out prefer
must in_ns B policy add out prefer

# begin, end: captures on both sides of the router.
# largest HOST ra|rb: sizes of what a host sent, on one of these sides.
begin() {
	must capture_start ra R ra "$topo_tmp/ra.pcap" tcp
	must capture_start rb R rb "$topo_tmp/rb.pcap" tcp
}
largest() {
	local addr4=${1}4 addr6=${1}6
	sst_sizes "$topo_tmp/$2.pcap" "${!addr4}" "${!addr6}"
}
# What was too large is cut where it happens to be; so are its rests.
any_tails() {
	sed -E 's/whole|[0-9]+ tails/any/g'
}
end() {
	must capture_stop ra
	must capture_stop rb
}

# retransmitted HOST: segments that TCP sent again, so far.
declare -A again=() told=()
retransmitted() {
	ns "$1" nstat -asz TcpRetransSegs | awk '$1 == "TcpRetransSegs" { print $2 }'
}

bytes=200000
for mtus in '1500 1400' '9000 1280'; do
	read -r mtu path <<<"$mtus"
	must topo_mtu "$mtu"
	must topo_path_mtu "$path"
	desc="MTU $mtu, path $path"
	for turn in first second; do
		for host in A B; do
			again[$host]=$(retransmitted $host)
			told[$host]=$(stat_get $host rx_translated)
		done
		begin
		for fam in 4 6; do
			b=B$fam
			ok "$desc, IPv$fam, $turn: to the accepting side" \
				tcp_transfer A B "${!b}" 80 $bytes
			ok "$desc, IPv$fam, $turn: to the connecting side" \
				tcp_back A B "${!b}" 81 $bytes
		done
		end
		if [ $turn = first ]; then
			is "$desc: what passes fills the path" \
				"$(largest A rb | any_tails) $(largest B ra | any_tails)" \
				"$path any $path any $path any $path any"
			# Ten segments at the start, in pieces afterwards, on each of
			# two connections.
			limit=$((2 * 11 * (mtu / (path - 150) + 2)))
			at_most "$desc: A sent little again" $(($(retransmitted A) - again[A])) $limit
			at_most "$desc: so did B" $(($(retransmitted B) - again[B])) $limit
			at_least "$desc: A was told" $(($(stat_get A rx_translated) - told[A])) 2
			got=$(($(stat_get B rx_translated) - told[B]))
			# A has learned the size before B sends. On 6.1 its SYN
			# says so, and B need not hear it from the router.
			if [ "$SST_KERNEL" = 6.1 ]; then
				is "$desc: B heard it from A" $got 0
			else
				at_least "$desc: B was told" $got 2
			fi
		else
			is "$desc: both send what fits from the first segment on" \
				"$(largest A ra) $(largest B rb)" \
				"$path whole $path whole $path whole $path whole"
			is "$desc: neither was told again" \
				"$(($(stat_get A rx_translated) - told[A])) $(($(stat_get B rx_translated) - told[B]))" "0 0"
		fi
	done
done

must topo_mtu 1500
for path in 1400 1280; do
	must topo_path_mtu $path
	tap_program pmtu.py --id "$topo_id" $path
done
is "nothing but what was too large was dropped on A" \
	"$(sst_drops A | sed 's/tx_too_big=[0-9]*//')" ""
is "nothing was dropped on B" "$(sst_drops B)" ""

# ---- a container behind B --------------------------------------------------

must ns B nft -f - <<-END
	table inet containers {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			iifname "eth0" meta nfproto ipv4 tcp dport 90-91 dnat ip to 10.0.3.1
			iifname "eth0" meta nfproto ipv6 tcp dport 90-91 dnat ip6 to fd00:3::1
		}
	}
END
# too_big FILE: the sizes that "packet too big" in a capture tells.
too_big() {
	tcpdump -n -K -r "$1" 2>/dev/null | grep -o 'mtu [0-9]*' | cut -c 5- | sort -u
}
# The link to the container carries less than the path of sealed packets.
must topo_path_mtu 1500
ip -n "$(ns_name B)" link set c mtu 1300
for fam in 4 6; do
	b=B$fam
	before=$(stat_get A rx_translated)
	begin
	must capture_start icmp R rb "$topo_tmp/icmp.pcap" 'icmp or icmp6'
	ok "IPv$fam: to a container behind a smaller link" tcp_transfer A C "${!b}" 90 150000
	must capture_stop icmp
	end
	is "IPv$fam: B tells the size of sealed packets" "$(too_big "$topo_tmp/icmp.pcap")" 1328
	at_least "IPv$fam: A hears it" $(($(stat_get A rx_translated) - before)) 1
	ok "IPv$fam: a second time" tcp_transfer A C "${!b}" 90 150000
done
ip -n "$(ns_name B)" link set c mtu 1500
must topo_path_mtu 1400
for fam in 4 6; do
	b=B$fam
	before=$(stat_get B rx_translated)
	begin
	must capture_start icmp C eth0 "$topo_tmp/icmp.pcap" 'icmp or icmp6'
	ok "IPv$fam: from a container, over a smaller path" tcp_back A C "${!b}" 91 150000
	must capture_stop icmp
	end
	is "IPv$fam: the container hears the size without trailer" \
		"$(too_big "$topo_tmp/icmp.pcap")" 1372
	at_least "IPv$fam: B translated it" $(($(stat_get B rx_translated) - before)) 1
	is "IPv$fam: what passes fills the path" \
		"$(sst_sizes "$topo_tmp/ra.pcap" "${!b}" | any_tails)" "1400 any"
done
