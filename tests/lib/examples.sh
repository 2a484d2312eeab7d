# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What each client of examples/ has to do. Source it after sst.sh.

# shellcheck disable=SC2034 # for tap_plan
examples_results=14

# examples_hosts: B has a server, and A knows its public key but not its address.
examples_hosts() {
	sst_public_key B server
	examples_key=$(sst_public B)
	# shellcheck disable=SC2154 # topology.sh sets it
	(umask 077 && sstctl genkey >"$topo_tmp/other.key") || bail "sstctl genkey"
	examples_other=$(sstctl pubkey <"$topo_tmp/other.key")
	bg_ns server B socat -u TCP6-LISTEN:7000,fork,reuseaddr,ipv6only=0 \
		"OPEN:$topo_tmp/lines,creat,append"
	wait_for listening B tcp 7000 || bail "no server"
	sst_after_start
}

# example WORD...: run the client in A; its status, and what it says.
example() {
	echo "$line" | ns A "$@" >"$topo_tmp/said" 2>&1
}
examples_got() {
	grep -qx "$line" "$topo_tmp/lines"
}

# examples_try NAME PROGRAM...: with and without a key for the server.
examples_try() {
	local name=$1 addr line
	shift
	in_ns A peer del b 2>/dev/null
	for addr in "$B4" "$B6"; do
		line="$name $addr"
		not_ok "$line: without a key for the address it fails" \
			example "$@" "$addr" 7000
		is "and says so" "$(grep -ciE 'refused' "$topo_tmp/said")" 1
		must in_ns A peer add b address "$B4,$B6" public-key "$examples_key"
		ok "$line: with one it is protected" example "$@" "$addr" 7000
		is "and knows by whom" "$(<"$topo_tmp/said")" "protected, peer b"
		ok "$line: by the owner of a key, too" \
			example "$@" "$addr" 7000 "$examples_key"
		ok "the lines have come" wait_for examples_got
		line="$line, not"
		not_ok "$line: nobody else gets it" \
			example "$@" "$addr" 7000 "$examples_other"
		in_ns A peer del b
	done
}
