#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# Cookies (protocol section 8): who is asked for one, what it costs, and that it
# is of no use to whoever only saw it pass. Sources that ask too often are
# ignored for ten seconds, which are waited for. That a secret changes every two
# minutes is for KUnit to see.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 55
topo_hrh
topo_offload off || bail "offloads"
# No way back to those whose address nobody has.
must ip -n "$(ns_name R)" route add blackhole 10.9.0.0/16
must ip -n "$(ns_name R)" route add blackhole fd00:9::/48
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out require >/dev/null
sst_after_start
must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp'
tap_program cookies.py --id "$topo_id" --public "$(sst_public B)"

# connect_ms PORT: how long A takes to connect to B.
connect_ms() {
	ns A /usr/bin/python3 "$sst_tests/lib/connect-ms.py" "$B4" "$1"
}

connected() {
	[ -n "$(ns B ss -Htn state established sport = :81)" ]
}

# Another machine has B's addresses and keys, and other secrets.
must in_ns B set cookies always
bg_ns echo B socat TCP4-LISTEN:81,reuseaddr,fork EXEC:cat
must wait_for listening B tcp 81
must connect_ms 81 >/dev/null
# One is open when B goes; what is left of it must not hold the module.
bg_ns open A socat -u "TCP4:$B4:81" OPEN:/dev/null
must wait_for connected
bg_stop echo
topo_new_b
must in_ns B host add server key "$topo_tmp/B.key"
must in_ns B set cookies always
bg_ns echo B socat TCP4-LISTEN:81,reuseaddr,fork EXEC:cat
must wait_for listening B tcp 81
must in_ns A assoc flush
took=$(connect_ms 81)
# It is sent again after one second, and after three.
at_most "a cookie that is of no use any more costs one retransmission, ms" "$took" 2500
is "B asked for another" "$(stat_get B tx_cookie)" 1
must capture_stop wire
is "no packet carries a real port" "$(capture_count "$topo_tmp/wire.pcap" \
	'port 80 or port 81 or port 53')" 0
