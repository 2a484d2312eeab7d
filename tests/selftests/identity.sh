#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# Clients that prove who they are: whose INITs are taken, what a flow is called,
# and that nobody gets anywhere with a public key that is not his own.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 76
topo_hrh
topo_offload off || bail "offloads"
must ip -n "$(ns_name R)" route add blackhole 10.9.0.0/16
must ip -n "$(ns_name R)" route add blackhole fd00:9::/48
sst_public_key B server
server=$(sst_public B)
# Not that of the host, which has none yet.
sst_public_key A client
alice=$(sst_public A)
must in_ns A host del client
must in_ns A policy add out require >/dev/null
(umask 077 && sstctl genkey >"$topo_tmp/bob.key") || bail "sstctl genkey"
sst_after_start
must udp_echo_server B 53

# knows_b IDENTITY: A forgets all that it had with B, and knows it anew.
knows_b() {
	in_ns A peer del b 2>/dev/null
	must in_ns A peer add b address "$B4,$B6" public-key "$server" identity "$1"
	must in_ns A assoc flush
	must in_ns B assoc flush
	must in_ns B flow flush
}
# refused: B drops A's INIT, and answers nothing.
refused() {
	local before
	before=$(stat_get B rx_init_refused)
	printf x | ns A socat -u - "UDP4:$B4:53" || return 1
	wait_for grown_by B rx_init_refused $((before + 1)) || return 1
	[ "$(in_ns B -j flow show | jq '.flows | length')" -eq 0 ]
}
grown_by() {
	[ "$(stat_get "$1" "$2")" -ge "$3" ]
}
# opened_by NAME [ADDRESS]: what A opens works, and has this name at B.
opened_by() {
	local addr=${2-$B4}
	[ "$(udp_echo A "$addr" 53 hello)" = hello ] || return 1
	wait_for named "$1" && return
	in_ns B -j flow show
	return 1
}
named() {
	[ "$(in_ns B -j flow show | jq -r '[.flows[].peer // "nobody"] | unique | join(" ")')" = "$1" ]
}

# ---- nobody has to be known ---------------------------------------------------
knows_b none
ok "init-from anyone: who proves nothing is nobody" opened_by nobody
must in_ns B set init-from nobody
knows_b none
ok "init-from nobody: nobody gets in" refused
must in_ns B set init-from listed
knows_b none
ok "init-from listed: not without an identity" refused

# ---- the identity of a client -------------------------------------------------
must in_ns A host add client key "$topo_tmp/A.key"
knows_b offer
ok "nor with one that is not listed" refused
must in_ns B set init-from anyone
ok "init-from anyone: it is of no consequence" opened_by nobody
must in_ns B peer add alice public-key "$alice"
must in_ns B peer add bob public-key "$(sstctl pubkey <"$topo_tmp/bob.key")"
must in_ns B set init-from listed
for fam in 4 6; do
	b=B$fam
	knows_b offer
	held=$(stat_get B rx_held)
	ok "IPv$fam: a client that is listed, without address" opened_by alice "${!b}"
	is "its first datagram waited for the proof" $(($(stat_get B rx_held) - held)) 1
	ok "a second one hangs on the association" opened_by alice "${!b}"
	knows_b offer
	ok "TCP" tcp_transfer A B "${!b}" 81 20000
	ok "has the name, too" named alice
done
is "the association has it" "$(in_ns B -j assoc show | jq -r '.assocs[].peer')" alice
is "the peer has been heard of" "$(in_ns B -j peer show alice | jq '.peers[0].assocs')" 1
knows_b none
ok "without the identity it is refused" refused
must in_ns B set init-from nobody
knows_b offer
ok "init-from nobody: with it, too" refused
must in_ns B set init-from anyone

# ---- an address whose owner has to prove it -----------------------------------
must in_ns B peer del alice
must in_ns B peer add alice address "$A4" public-key "$alice" identity required
knows_b none
ok "identity required: A's address is not enough" refused
knows_b offer
ok "with its identity A gets in" opened_by alice
knows_b none
ok "from another address it may be anyone" opened_by nobody "$B6"
must in_ns A host del client
must in_ns A host add bob key "$topo_tmp/bob.key"
knows_b offer
ok "another peer's identity will not do" refused
must in_ns A host del bob
must in_ns A host add client key "$topo_tmp/A.key"
must in_ns B peer del alice
must in_ns B peer add alice public-key "$alice"

# ---- an identity that is only claimed -----------------------------------------
bg_stop udp53
knows_b offer
tap_program identity.py --id "$topo_id" --public "$server" --alice "$alice" \
	--bob-key "$topo_tmp/bob.key"
# Those for the ones who had her address.
is "A dropped only answers that were not for her" "$(sst_drops A | sed 's/=.*//')" rx_unopened
# Nobody ends the connections of those who have left.
for host in A B; do
	must in_ns $host shutdown
done
