#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# SST or nothing: who has no key gets an error at once and sends nothing, who has
# one never falls back to clear packets, and whoever knocks in the clear where
# SST is required finds nobody. Everything else is left alone.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 48
topo_hrh
# Offloads stay on: Linux 6.1 cuts no UDP without that of checksums.
wire='inbound and (tcp or udp or icmp or icmp6)'

phase() {
	local verdict text
	tap_program require.py --id "$topo_id" \
		--psk "$topo_tmp" "$1"
}

# Without any peer: 600-609 and 620-629 required, 610-619 preferred.
must in_ns A policy add out port 600-609 require >/dev/null
must in_ns A policy add out port 610-619 prefer >/dev/null
must in_ns A policy add out port 620-629 require >/dev/null
must capture_start nobody R any "$topo_tmp/nobody.pcap" "$wire"
phase nobody
ok "nothing was lost in the capture" capture_stop nobody
required='src host (10.0.1.1 or fd00:1::1) and dst host (10.0.2.1 or fd00:2::1)'
is "nothing left for a required port" "$(capture_count "$topo_tmp/nobody.pcap" \
	"$required and (dst portrange 600-609 or dst port 615 or dst port 621)")" 0
is "nor a part of it" "$(capture_count "$topo_tmp/nobody.pcap" \
	'ip[6:2] & 0x3fff != 0 or ip6 proto 44')" 0
at_least "what was preferred left in the clear" \
	"$(capture_count "$topo_tmp/nobody.pcap" "$required and dst port 610")" 10
at_least "multicast and broadcast left" "$(capture_count "$topo_tmp/nobody.pcap" \
	'dst port 600 and not dst host (10.0.2.1 or fd00:2::1)')" 5

# A has a key and B does not yet: it is deaf, or answers by resets of its own.
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns A peer add b address "$B4,$B6" psk "$topo_tmp/a.psk"
must in_ns A policy add out port 630-639 prefer >/dev/null
sst_after_start
must capture_start silent R any "$topo_tmp/silent.pcap" \
	"inbound and src host (10.0.1.1 or fd00:1::1) and (tcp or udp)"
phase silent
ok "nothing was lost in the capture" capture_stop silent
at_least "A asked" "$(capture_count "$topo_tmp/silent.pcap" '')" 20
is "never in the clear" "$(capture_count "$topo_tmp/silent.pcap" \
	'portrange 1-1023')" 0

# B requires SST on 700-709.
must in_ns A policy add out port 700 require >/dev/null
phase in
