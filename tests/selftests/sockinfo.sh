#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# What getsockopt() tells a program: what it asked for and what it got, by each
# kind of key, and of each peer of a UDP socket; nothing about anybody else.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 122
topo_hrh
sst_public_key B server
sst_public_key A client
server=$(sst_public B)
client=$(sst_public A)
port=1000

# told A-KNOWN A-KEY A-NAME B-KNOWN B-KEY B-NAME [--all]: what A is told about B,
# and B about A.
told() {
	port=$((port + 100))
	tap_program sockinfo.py --id "$topo_id" --port "$port" \
		--a-known "$1" --a-key "$2" --a-name "$3" \
		--b-known "$4" --b-key "$5" --b-name "$6" "${@:7}"
}

sst_psk_peers
diag "a pre-shared key"
told 2 '' b 2 '' a --all

# forget: what the hosts know of each other, and the associations with it.
forget() {
	local host peer
	for host in A B; do
		for peer in $(in_ns $host -j peer show | jq -r '.peers[].name'); do
			must in_ns $host peer del "$peer"
		done
	done
}
forget
must in_ns A peer add server address "$B4,$B6" public-key "$server" identity none
diag "a public key, and a client that is nobody"
told 3 "$server" server 0 '' ''
forget
must in_ns A peer add server address "$B4,$B6" public-key "$server" identity offer
diag "a public key, and a client that proves an identity"
told 3 "$server" server 3 "$client" ''
must in_ns A assoc flush
must in_ns B assoc flush
must in_ns B peer add alice public-key "$client"
diag "which belongs to a peer"
told 3 "$server" server 3 "$client" alice
# Nobody ends the connections of those who have left.
for host in A B; do
	must in_ns $host shutdown
done
