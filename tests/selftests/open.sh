#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# before: tests/lib/module-build keylog
# timeout: 120
# A pre-shared key and a policy, nothing else: every new connection is sealed
# from its first packet, in both families, over TCP and UDP, and the programs
# know nothing of it.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 28
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
sst_psk_peers
must in_ns A policy add out to "$B4" prefer
must in_ns A policy add out to "$B6" require

must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp or icmp or icmp6'
must host_log_start b B out "$topo_tmp/b.pcap"
must udp_echo_server B 53

for fam in 4 6; do
	b=B$fam
	ok "TCP over IPv$fam" tcp_transfer A B "${!b}" 80 200000
	is "UDP over IPv$fam" "$(udp_echo A "${!b}" 53 hello)" hello
	is "again" "$(udp_echo A "${!b}" 53 world)" world
done
must capture_stop wire
must capture_stop b

is "no packet carries a real port" \
	"$(capture_count "$topo_tmp/wire.pcap" 'port 80 or port 53')" 0
ok "every packet verifies, no counter twice, every original is recovered" \
	sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" \
	--real-port 80 --real-port 53 --check-icmp
# One hop on.
ok "what was sealed is what B's stack made" \
	sst_compare_psk "$topo_tmp/orig.pcap" "$topo_tmp/b.pcap" --src "$B4" --src "$B6" --ttl-delta 1

for host in A B; do
	is "$host dropped nothing" "$(sst_drops "$host")" ""
	is "$host has the connections" \
		"$(in_ns "$host" -j flow show | jq '[.flows[] | select(.proto == "tcp")] | length')" 2
	is "$host: the connections are confirmed" \
		"$(in_ns "$host" -j flow show | jq '[.flows[] | select(.proto == "tcp") |
			select(.state == "opening" or .state == "accepting")] | length')" 0
done
ok "B opened what A sealed" wait_for opened_all A B
ok "A opened what B sealed" wait_for opened_all B A
is "A opened two flows with the key, one a family" "$(stat_get A tx_init)" 2
is "B took them" "$(stat_get B rx_init)" 2
is "A opened the other four on what these made" "$(stat_get A tx_open)" 4
is "B took them, too" "$(stat_get B rx_open)" 4
is "roles at A" "$(in_ns A -j flow show | jq -r '.flows[].role' | sort -u)" initiator
is "roles at B" "$(in_ns B -j flow show | jq -r '.flows[].role' | sort -u)" responder
is "the peer is named" "$(in_ns A -j flow show | jq -r '.flows[].peer' | sort -u)" b

# Half of the flows of a namespace for one source, no more.
must in_ns B flow flush
must in_ns B set max-flows 4
is "one" "$(udp_echo A "$B4" 53 one)" one
is "two" "$(udp_echo A "$B4" 53 two)" two
bg_ns three A "$topo_lib/udp-ask.py" "$B4" 53 0 three
ok "not three" wait_for stat_grew B rx_half_open 0
sleep 1
bg_stop three
is "indeed it is not answered" "$(cat "$topo_tmp/three.out")" ""
