#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 60
# "sstctl top": rates of known traffic, the order of flows, and a terminal that is
# as before when it ends.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 47
topo_hrh
sst_psk_peers
must in_ns A policy add out require >/dev/null

# Two steady flows, of 50 datagrams with 1000 bytes each second and of 10 with 100,
# and thirty that are silent.
bg_ns steady A /usr/bin/python3 -c '
import socket, sys, time
def flow(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect((sys.argv[1], port))
    return sock
silent = [flow(6000 + n) for n in range(30)]
for sock in silent:
    sock.send(b"x")
fast, slow = flow(5000), flow(5001)
begin, sent = time.monotonic(), 0
while True:
    while sent < (time.monotonic() - begin) * 50:
        fast.send(bytes(1000))
        if sent % 5 == 0:
            slow.send(bytes(100))
        sent += 1
    time.sleep(0.005)' "$B4"
bg_ns sink B socat -u UDP4-RECV:5000 /dev/null
bg_ns sink2 B socat -u UDP4-RECV:5001 /dev/null
flows() {
	[ "$(in_ns A -j flow show remote "$B4" | jq '[.flows[] | select(.tx.packets > 0)] | length')" -ge 32 ]
}
must wait_for flows

# top ARGUMENT...: A's, as JSON, in $topo_tmp/top.
top() {
	in_ns A -j top batch "$@" >"$topo_tmp/top"
}
q() {
	jq -r "$1" "$topo_tmp/top"
}
between() {
	at_least "$1" "$2" "$3"
	at_most "$1" "$2" "$4"
}

# ---- rates ---------------------------------------------------------------------
top count 3 interval 2
is "a line of JSON for each" "$(wc -l <"$topo_tmp/top")" 3
is "twenty rows each" "$(q '.flows | length' | uniq)" 20
is "all flows count" "$(q .flow_count | uniq)" 32
tail -n 1 "$topo_tmp/top" >"$topo_tmp/last" && mv "$topo_tmp/last" "$topo_tmp/top"
is "what carries most comes first" "$(q '[.flows[:2][].remote_port] | join(" ")')" "5000 5001"
is "with the peer, role and state" "$(q '.flows[0] | "\(.peer) \(.role) \(.proto) \(.remote)"')" \
	"b initiator udp $B4"
between "bytes per second" "$(q '.flows[0].rate.tx_bytes')" 35000 70000
between "packets per second" "$(q '.flows[0].rate.tx_packets')" 35 70
between "bytes per second, the other" "$(q '.flows[1].rate.tx_bytes')" 600 1500
is "silent ones have none" "$(q '[.flows[2:][].rate.tx_bytes] | unique | join(" ")')" 0
between "the interval in microseconds" "$(q .interval_us)" 1900000 4000000
in_ns B -j top -b -n 1 >"$topo_tmp/top"
is "the other host, with options" "$(q '.flows[0] | "\(.local_port) \(.role)"')" "5000 responder"
between "bytes that arrive" "$(q '.flows[0].rate.rx_bytes')" 25000 100000

# ---- order ---------------------------------------------------------------------
top count 1 rows 1 sort packets interval 0.5
is "one row" "$(q '.flows | length')" 1
is "sorted by packets" "$(q '.flows[0].remote_port')" 5000
top count 1 rows 32 sort idle interval 0.1
is "sorted by idle time" "$(q '[.flows[].rx.idle // .age] | (. == (sort | reverse))')" true
top count 1 rows 32 sort age interval 0.1
is "sorted by age" "$(q '[.flows[].age] | (. == sort)')" true
is "IPv6 only" "$(in_ns A -6 -j top batch count 1 | jq .flow_count)" 0
is "text" "$(in_ns A top -b -n 2 -d 0.2 rows 3 | awk '{ print (NF > 0) }' | tr -d '\n')" 111110111110

# ---- words ---------------------------------------------------------------------
not_ok "no terminal" in_ns A top </dev/null
not_ok "rows without batch" in_ns A top rows 3
not_ok "a bad key" in_ns A top batch sort colour
not_ok "a bad interval" in_ns A top batch interval 0

# ---- in a terminal -------------------------------------------------------------
tap_program top-pty.py "$(ns_name A)"
