#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 120
# The keys of derived associations, written down while they were made, open what
# was captured, and nothing else does: not the server's secret key either.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 10
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out to "$B4" require
must in_ns A policy add out to "$B6" require
sst_after_start
echo 1 >/sys/kernel/tracing/events/sst/sst_assoc/enable

must capture_start wire R ra "$topo_tmp/wire.pcap" 'tcp or udp'
must udp_echo_server B 53
is "UDP" "$(udp_echo A "$B4" 53 hello)" hello
ok "TCP" tcp_transfer A B "$B4" 80 20000
ok "TCP over IPv6" tcp_transfer A B "$B6" 80 20000
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

# decode OPTION...: what is found in the capture.
decode() {
	/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$topo_tmp/wire.pcap" \
		--host-key "$topo_tmp/B.key" --out "$topo_tmp/orig.pcap" "$@" \
		>"$topo_tmp/decoded.json"
	jq -c .violations "$topo_tmp/decoded.json"
}
is "with them the capture is opened" "$(decode --assoc "$topo_tmp/keys")" '{}' ||
	diag "$(jq -c '.examples[]' "$topo_tmp/decoded.json")"
ok "down to the originals of each transfer" \
	[ "$(capture_count "$topo_tmp/orig.pcap" 'port 80 or port 53')" -gt 20 ]
ok "without them it is not" [ "$(decode)" != '{}' ]

ok "the log goes" rmmod keylog
