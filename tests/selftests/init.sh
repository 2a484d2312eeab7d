#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 120
# A server's public key and a policy, nothing else: every new connection is
# sealed from its first packet, and later ones hang on the association that the
# first one made.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 28
topo_hrh
topo_offload off || bail "offloads"
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out to "$B4" prefer
must in_ns A policy add out to "$B6" require
sst_after_start

must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp or icmp or icmp6'
must udp_echo_server B 53

is "UDP over IPv4" "$(udp_echo A "$B4" 53 hello)" hello
is "A sent INITs" "$(stat_get A tx_init)" 1
ok "B made an association" wait_for stat_is B assoc_made 1
is "and A the same one" "$(in_ns A -j assoc show | jq -r '.assocs[].id')" \
	"$(in_ns B -j assoc show | jq -r '.assocs[].id')"
is "the next flow hangs on it" "$(udp_echo A "$B4" 53 again)" again
is "A sent no other INIT" "$(stat_get A tx_init)" 1
is "but an OPEN" "$(stat_get A tx_open)" 1
is "which B took" "$(stat_get B rx_open)" 1
is "UDP over IPv6 makes another association" "$(udp_echo A "$B6" 53 six)" six
ok "of its own" wait_for stat_is B assoc_made 2

must in_ns A assoc flush
must in_ns B assoc flush
for fam in 4 6; do
	b=B$fam
	ok "TCP over IPv$fam" tcp_transfer A B "${!b}" 80 200000
	ok "again" tcp_transfer A B "${!b}" 81 20000
done
is "A sent an INIT for each family and time" "$(stat_get A tx_init)" 4
must capture_stop wire
is "no packet carries a real port" \
	"$(capture_count "$topo_tmp/wire.pcap" 'port 80 or port 81 or port 53')" 0
for host in A B; do
	is "$host dropped nothing" "$(sst_drops "$host")" ""
	is "$host: the flows are confirmed" \
		"$(in_ns "$host" -j flow show | jq '[.flows[] |
			select(.proto == "tcp") |
			select(.state == "opening" or .state == "accepting")] | length')" 0
done
ok "B opened what A sealed" wait_for opened_all A B
ok "A opened what B sealed" wait_for opened_all B A
is "B counts the INITs of its key" "$(in_ns B -j host show | jq '.hosts[0].inits')" 4
is "the client has no name at B" "$(in_ns B -j assoc show | jq '[.assocs[].peer // empty] | length')" 0

# ---- an answer is there, and the peer does not know yet that it came
must in_ns A assoc flush
must in_ns B assoc flush
unknown=$(stat_get B rx_no_assoc)
accepts=$(stat_get A rx_accept)
# TCP does not hear of it, and says nothing.
must ns A nft -f - <<-END
	table inet deaf {
		chain input {
			type filter hook input priority 0;
			tcp flags & (syn | ack) == syn | ack drop
		}
	}
END
# The SYN may be repeated, and so may its answer.
more_accepts() {
	[ "$(stat_get A rx_accept)" -gt "$accepts" ]
}
bg_ns server B socat TCP-LISTEN:82,reuseaddr /dev/null
must wait_for listening B tcp 82
bg_ns client A socat -u /dev/null "TCP:$B4:82"
ok "a SYN-ACK was opened" wait_for more_accepts
is "what another flow opens is answered" "$(udp_echo A "$B4" 53 other)" other
is "it was not on an association that B does not know" "$(stat_get B rx_no_assoc)" \
	"$unknown"
must ns A nft flush ruleset
ok "the connection is made" bg_wait client
