#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 120
# What goes wrong with openings, on purpose: a clock that is off, a responder that
# has restarted, a key that was rolled over. Each has a counter, and "sstctl stats"
# says what to do about it. (A full replay cache: overflow.sh; associations at their
# end: expiry.sh.)
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 28

# peers: A knows B by a pre-shared key over IPv4, by a public one over IPv6.
peers() {
	must in_ns B peer add a address "$A4" psk "$topo_tmp/b.psk"
	must in_ns B host add server key "$topo_tmp/B.key"
	bg_ns server B socat -u TCP6-LISTEN:80,ipv6only=0,reuseaddr,fork OPEN:/dev/null
	must wait_for listening B tcp 80
}

# connect FAMILY: does A get a connection to B?
connect() {
	local b=B$1
	ns A timeout 90 /usr/bin/python3 "$sst_tests/lib/connect-ms.py" "${!b}" 80
}

# count NS COUNTER: it; counted TEXT NS COUNTER WORD...: it has grown since
# $before, and these words are in what sstctl says about it.
count() {
	stat_get "$1" "$2"
}
counted() {
	local text=$1 ns=$2 name=$3 hint word
	shift 3
	hint=$(sst_hint "$ns" "$name")
	at_least "$text: $ns counts $name" $(($(count "$ns" "$name") - before)) 1
	for word; do
		[[ $hint == *"$word"* ]] || {
			tap_fail "$text: what to do about $name"
			diag "got:  $hint" "want: $word"
			return
		}
	done
	tap_pass "$text: what to do about $name"
}

topo_hrh
topo_offload off || bail "offloads"
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
sst_public_key B server
must in_ns B host del server
peers
must in_ns A peer add b address "$B4" psk "$topo_tmp/a.psk"
must in_ns A peer add server address "$B6" public-key "$(sst_public B)"
must in_ns A policy add out require >/dev/null
sst_after_start
for fam in 4 6; do
	ok "IPv$fam: a connection" connect $fam
done
is "nothing to do for B" "$(in_ns B stats | grep -c 'To do')" 0

# ---- the clocks differ --------------------------------------------------------
# By as much as the path takes.
must in_ns B set opening-window 1
must topo_netem to_b delay 3s
before=0
echo ask | ns A socat -u - "UDP4:$B4:53"
ok "a clock that is off: the datagram waits" wait_for stat_is B rx_held 1
counted "a clock that is off" B rx_clock "set the clocks"
counted "and is held" B rx_held "nothing" "rx_clock"
topo_netem to_b
must in_ns B set opening-window 600

# ---- the responder restarts ---------------------------------------------------
# Its clock was ahead when it did: all is older than what it can know.
must date -s "+200 seconds" >/dev/null
bg_stop server
topo_new_b
must topo_offload off
peers
must date -s "-200 seconds" >/dev/null
for fam in 4 6; do
	before=$(count B rx_no_assoc)
	ok "the responder restarts, IPv$fam: a connection" connect $fam
	counted "the responder restarts, IPv$fam" B rx_no_assoc "nothing" "max-assocs"
	ok "the responder restarts, IPv$fam: A counts what is lost" wait_for stat_is A assoc_lost $((fam / 2 - 1))
done
before=0
counted "it began later than the opening" B rx_forgotten "after a start nothing" "cookies"
counted "the responder restarts" A assoc_lost "nothing after a restart"
counted "it does not answer at first" A tx_restarted "look at the peer"
counted "it drops what it does not know" B rx_unopened "rx_no_assoc" "rx_no_key"

# ---- the key is rolled over ---------------------------------------------------
must in_ns B host del server
must in_ns B assoc flush
must in_ns A assoc flush
(umask 077 && sstctl genkey >"$topo_tmp/new.key")
must in_ns B host add new key "$topo_tmp/new.key"
before=$(count B rx_no_key)
bg_ns old A /usr/bin/python3 "$sst_tests/lib/connect-ms.py" "$B6" 80
wait_for stat_grew B rx_no_key "$before" && sleep 2
not_ok "rollover: who knows the old key alone does not get in" bg_stop old
counted "rollover" B rx_no_key "present key" "keep an old host key"
must in_ns A peer del server
must in_ns A peer add server address "$B6" public-key "$(sstctl pubkey <"$topo_tmp/new.key")"
ok "rollover: the new one is what to do" connect 6
