# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # topology.sh and sst.sh set them
# Exchanges between namespaces whose sockets are bound as a test wants, and the
# question that most tests about SST's neighbours ask of a capture. Source it
# after sst.sh.

# ask CLIENT SERVER tcp|udp ADDRESS PORT [OPTION...]: see ask.py. Prints address
# and port that the server saw.
ask() {
	/usr/bin/python3 "$sst_tests/lib/ask.py" --id "$topo_id" "$@"
}

# all_sealed CAPTURE [OPTION...]: every TCP and UDP packet between the hosts
# verifies, no counter is used twice, and no port is one of those that tests use
# for real: these are below 1024, wire ports above.
all_sealed() {
	local cap=$1
	shift
	sst_decode_psk "$cap" "$topo_tmp/originals.pcap" --host "$A4" --host "$B4" \
		--host "$A6" --host "$B6" --check-icmp "$@" || return 1
	tcpdump -n -K -r "$cap" 'tcp portrange 1-1023 or udp portrange 1-1023' \
		>"$topo_tmp/real-ports" 2>/dev/null
	head "$topo_tmp/real-ports"
	[ ! -s "$topo_tmp/real-ports" ]
}

# opened_flows NS: how many this host has opened, on associations or to make one.
opened_flows() {
	echo $(($(stat_get "$1" tx_open) + $(stat_get "$1" tx_init)))
}

# silent FROM TO ADDRESS PORT [OPTION [OPTION]]: a datagram that no program
# answers; SST does, by an empty packet. Options of socat for the two ends.
silent() {
	local before
	before=$(stat_get "$2" tx_empty)
	bg_ns "silent$2$4" "$2" socat -u \
		"UDP$([[ $3 = *:* ]] && echo 6 || echo 4)-RECV:$4${6:+,$6}" -
	wait_for listening "$2" udp "$4" || return 1
	printf hello | ns "$1" socat -u - \
		"UDP:$(sst_quote "$3" "$4"),sourceport=3${4:1}${5:+,$5}" || return 1
	wait_for grep -q hello "$topo_tmp/silent$2$4.out" || return 1
	wait_for grown "$2" tx_empty "$before" && return
	sst_drops "$2"
	return 1
}
grown() {
	[ "$(stat_get "$1" "$2")" -gt "$3" ]
}

# container_behind HOST: namespace C, 10.0.3.1 and fd00:3::1, which HOST forwards
# for; translation is the test's own.
container_behind() {
	ns_add C
	ns_quiet C
	must topo_link "$1" c0 02:00:00:00:03:fe C eth0 02:00:00:00:03:01
	topo_host C 3
	ip -n "$(ns_name "$1")" -batch - <<-END || bail "container"
		addr add 10.0.3.254/24 dev c0
		addr add fd00:3::fe/64 dev c0 nodad
		link set c0 up
		neigh replace 10.0.3.1 lladdr 02:00:00:00:03:01 dev c0 nud permanent
		neigh replace fd00:3::1 lladdr 02:00:00:00:03:01 dev c0 nud permanent
	END
	ns "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

# container_serves HOST: what comes to TCP port 800 of HOST goes to port 900 of C.
container_serves() {
	must ns "$1" nft -f - <<-END
		table inet containers {
			chain prerouting {
				type nat hook prerouting priority dstnat;
				meta nfproto ipv4 tcp dport 800 dnat ip to 10.0.3.1:900
				meta nfproto ipv6 tcp dport 800 dnat ip6 to [fd00:3::1]:900
			}
		}
	END
}
