#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 300
# Clients that prove who they are: whose INITs are taken, what a flow is called,
# and that nobody gets anywhere with a public key that is not his own.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 163
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

# ---- rules that name peers ----------------------------------------------------
# by_rule PEER...: ports 53 to 89 of B are for them.
by_rule() {
	local peer
	must in_ns B policy flush
	for peer in "$@"; do
		must in_ns B policy add in require port 53-89 peer "$peer" >/dev/null
	done
}
# ruled_out [ADDRESS]: B lets no flow of A in, and does not say so.
ruled_out() {
	local addr=${1-$B4} fam=4 to before sealed
	case $addr in *:*) fam=6 addr="[$addr]" ;; esac
	sealed=$(stat_get B tx_sealed)
	for to in "UDP$fam:$addr:53" "TCP$fam:$addr:53,connect-timeout=1"; do
		before=$(stat_get B rx_policy_peer)
		printf x | ns A socat -u - "$to" 2>/dev/null
		wait_for grown_by B rx_policy_peer $((before + 1)) && continue
		echo "$to: $(sst_drops B)"
		return 1
	done
	in_ns B flow show
	[ "$(in_ns B -j flow show | jq '.flows | length')" -eq 0 ] &&
		[ "$(stat_get B tx_sealed)" -eq "$sealed" ]
}
by_rule bob
for fam in 4 6; do
	b=B$fam
	knows_b offer
	ok "IPv$fam, rule for bob: alice is left outside" ruled_out "${!b}"
	knows_b none
	ok "IPv$fam, rule for bob: and so is nobody" ruled_out "${!b}"
done
by_rule bob alice
must in_ns B policy add in require priority 2000 >/dev/null
for fam in 4 6; do
	b=B$fam
	knows_b offer
	held=$(stat_get B rx_held)
	ok "IPv$fam, rules for bob and alice: she gets in" opened_by alice "${!b}"
	is "and her first datagram waited for the proof" $(($(stat_get B rx_held) - held)) 1
	ok "a second flow hangs on the association" opened_by alice "${!b}"
	knows_b offer
	ok "so does TCP" tcp_transfer A B "${!b}" 81 20000
	ok "in her name" named alice
	knows_b none
	ok "a rule for all does not let in nobody" ruled_out "${!b}"
done
knows_b offer
ok "she is there" opened_by alice
by_rule bob
must in_ns B flow flush
must in_ns A flow flush
ok "with an association, too, it is the rules that count" ruled_out
must in_ns B peer del alice
by_rule alice
knows_b offer
ok "who has been removed is nobody" ruled_out
in_ns A peer del b
must in_ns A policy flush
before=$(stat_get B rx_required)
printf x | ns A socat -u - "UDP4:$B4:53"
ok "who speaks clear is nobody" wait_for grown_by B rx_required $((before + 1))
must in_ns A policy add out require >/dev/null
must in_ns B peer add alice public-key "$alice"
knows_b offer
ok "a peer of this name is let in again" opened_by alice
is "the rule counts those whom it decided about" \
	"$(in_ns B -j policy show | jq -r '.policy[0] | "\(.peer) \(.hits > 1)"')" "alice true"

# By pre-shared keys, and by which of them A opens.
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns B peer add carol address "$A4,$A6" psk "$topo_tmp/b.psk"
must in_ns A peer add b-psk address "$B4,$B6" psk "$topo_tmp/a.psk"
by_rule carol
for fam in 4 6; do
	b=B$fam
	knows_b offer
	must in_ns A policy flush
	must in_ns A policy add out require peer b >/dev/null
	ok "IPv$fam: the key of the peer that the rule names: a public one" ruled_out "${!b}"
	must in_ns A policy flush
	must in_ns A policy add out require peer b-psk >/dev/null
	must in_ns A flow flush
	ok "IPv$fam: or a pre-shared one" opened_by carol "${!b}"
	must in_ns B flow flush
	ok "IPv$fam: for TCP, too" tcp_transfer A B "${!b}" 82 20000
	ok "with its name" named carol
	must in_ns B flow flush
	must in_ns A flow flush
done
by_rule alice
ok "a key of another peer is not enough" ruled_out
# What is not to be had by the peer of the rule.
must in_ns A policy flush
must in_ns A policy add out require port 53 peer nobody 2>"$topo_tmp/warning" >/dev/null
is "who adds a rule for a peer that is not there is told" "$(<"$topo_tmp/warning")" \
	"sstctl: policy add: warning: no peer has this name; until one is added the rule is about nobody"
must in_ns A policy add out prefer port 54 peer nobody 2>/dev/null >/dev/null
before=$(stat_get A tx_required)
printf x | ns A socat -u - "UDP4:$B4:53" 2>/dev/null
ok "require: without its key nothing leaves" wait_for grown_by A tx_required $((before + 1))
must in_ns B policy flush
must udp_echo_server B 54
is "prefer: without its key it is clear" "$(udp_echo A "$B4" 54 hello)" hello
is "without a flow" \
	"$(in_ns A -j flow show | jq '[.flows[] | select(.remote_port == 54)] | length')" 0
bg_stop udp54
must in_ns A peer del b-psk
must in_ns B peer del carol
must in_ns A policy flush
must in_ns A policy add out require >/dev/null

# Who has nothing to prove it by.
must in_ns A host del client
in_ns A peer del b
must in_ns A peer add b address "$B4,$B6" public-key "$server" identity offer \
	2>"$topo_tmp/warning"
is "who offers an identity and has none is told" "$(<"$topo_tmp/warning")" \
	"sstctl: peer add: warning: there is no host key: nothing is proved to this peer before one is added"
must in_ns B assoc flush
before=$(stat_get A tx_no_identity)
ok "what it opens is nobody's" opened_by nobody
is "and is counted" $(($(stat_get A tx_no_identity) - before)) 1
must in_ns A host add client key "$topo_tmp/A.key"
knows_b offer
ok "until there is a key" opened_by alice

# ---- an identity that is only claimed -----------------------------------------
bg_stop udp53
knows_b offer
tap_program identity.py --id "$topo_id" --public "$server" --alice "$alice" \
	--bob-key "$topo_tmp/bob.key"
# Those for the ones who had her address.
is "A dropped only answers that were not for her" "$(sst_drops A rx_ | sed 's/=.*//')" rx_unopened
# Nobody ends the connections of those who have left.
for host in A B; do
	must in_ns $host shutdown
done
