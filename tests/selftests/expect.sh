#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# A socket that expects a public key speaks with its owner or with nobody,
# whatever else is known of the address; who may change that, and how many there
# can be.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 51
topo_hrh
sst_public_key B server
server=$(sst_public B)
sst_public_key A client
(umask 077 && sstctl genkey >"$topo_tmp/other.key") || bail "sstctl genkey"
# One socket for all datagrams: none is lost while another client is new.
bg_ns server B /usr/bin/python3 "$sst_tests/lib/steady.py" serve 2000
wait_for -t 30 listening B tcp 2000 || bail "no server"

phase() {
	tap_program expect.py --id "$topo_id" --key "$server" --port 2000 "$@"
}

# A knows nobody, B will know A.
must in_ns B peer add a address "$A4,$A6" public-key "$(sst_public A)" identity offer
phase option psk_only
is "a socket without a key for its peer sent nothing" "$(stat_get A tx_sealed)" 0

must in_ns A peer add b address "$B4,$B6" public-key "$server" identity offer
sst_after_start
phase known

must in_ns A peer del b
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns A peer add b-psk address "$B4,$B6" psk "$topo_tmp/a.psk"
must in_ns B peer add a-psk address "$A4,$A6" psk "$topo_tmp/b.psk"
# Its key, but not its address.
must in_ns A peer add elsewhere address 192.0.2.1 public-key "$server"
phase psk_only
must in_ns A peer del elsewhere
must in_ns A peer add b address "$B4,$B6" public-key "$server" identity offer
phase psk

must in_ns A peer del b-psk
must in_ns B host add second key "$topo_tmp/other.key"
must in_ns A peer add second address "$B4,$B6" \
	public-key "$(sstctl pubkey <"$topo_tmp/other.key")"
phase again --second "$(sstctl pubkey <"$topo_tmp/other.key")"

must sst_pair tcp 4 2002 2003
must sst_pair tcp 6 2002 2003
phase manual

phase limits
# Nobody ends the connections of those who have left.
for host in A B; do
	must in_ns $host shutdown
done
