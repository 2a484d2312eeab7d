#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 120
# Forward secrecy: the keys of derived associations, written down while they were
# made, open what was captured. All long-term keys of both hosts, host keys and
# pre-shared key, open the first packet of each association, and nothing else.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 15
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
# By public keys over IPv4, by a pre-shared key over IPv6.
sst_public_key A client
sst_public_key B server
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns A peer add b address "$B4" public-key "$(sst_public B)" identity offer
must in_ns B peer add a address "$A4" public-key "$(sst_public A)" identity required
must in_ns A peer add b6 address "$B6" psk "$topo_tmp/a.psk"
must in_ns B peer add a6 address "$A6" psk "$topo_tmp/b.psk"
must in_ns A policy add out require
sst_after_start
echo 1 >/sys/kernel/tracing/events/sst/sst_assoc/enable

must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp'
must udp_echo_server B 53
for fam in 4 6; do
	b=B$fam
	is "UDP over IPv$fam" "$(udp_echo A "${!b}" 53 hello)" hello
	is "again" "$(udp_echo A "${!b}" 53 world)" world
	ok "TCP" tcp_transfer A B "${!b}" 80 20000
done
must capture_stop wire
must cp "$sst_associations" "$topo_tmp/keys"

is "each host of an association writes the same line" \
	"$(sort "$topo_tmp/keys" | uniq -c | awk '$1 != 2')" ""
is "the ids are those of the associations" \
	"$(cut -d' ' -f2 "$topo_tmp/keys" | sort -u)" \
	"$(in_ns B -j assoc show | jq -r '.assocs[].id' | sort)"
is "the event shows as many" \
	"$(grep -c ' sst_assoc: id=[0-9a-f]\{16\} side=[12] suite=1$' \
		/sys/kernel/tracing/trace)" "$(wc -l <"$topo_tmp/keys")"

# decode OPTION...: what is found in the capture, with all long-term keys.
decode() {
	/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$topo_tmp/wire.pcap" \
		--host-key "$topo_tmp/B.key" --host-key "$topo_tmp/A.key" \
		--psk "$topo_tmp/a.psk" --psk "$topo_tmp/b.psk" \
		--out "$topo_tmp/orig.pcap" "$@" >"$topo_tmp/decoded.json"
}
ok "with them the capture is opened" decode --assoc "$topo_tmp/keys"
sealed=$(jq .sealed "$topo_tmp/decoded.json")
is "every packet of it" "$(jq '.packets' "$topo_tmp/decoded.json")" "$sealed"
ok "down to the originals" \
	[ "$(capture_count "$topo_tmp/orig.pcap" 'port 80 or port 53')" -gt 40 ]

decode --allow-closed
is "without them two packets are opened" "$(jq .sealed "$topo_tmp/decoded.json")" 2
is "an INIT and an OPEN N" \
	"$(jq -c '.flows | [length, (map(.init) | add), (map(.open) | add)]' \
		"$topo_tmp/decoded.json")" '[2,1,1]'
is "no answer and no data" \
	"$(jq -c '[.flows[] | .made, .accept, .["a>b"].packets, .["b>a"].packets] | unique' \
		"$topo_tmp/decoded.json")" '[null,0]'
