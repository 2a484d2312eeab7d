#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 180
# Datagrams that do not fit their path are sealed, and then sent in marked
# fragments, which are gathered apart from all others: all sizes, sockets that
# forbid it, narrow paths, routers that track, and an attacker on the path.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 229
sst_keylog

# program WHAT [OPTION...]
program() {
	tap_program fragments.py --id "$topo_id" --ports "$topo_tmp/ports" "$@"
}

topo_hrh
sst_psk_peers
must in_ns A policy add out require >/dev/null
must in_ns B policy add out require >/dev/null
must capture_start wire R ra "$topo_tmp/wire.pcap"
for offload in off on; do
	must topo_offload $offload
	for mtu in 1280 1500 9000; do
		must topo_mtu $mtu
		program traffic --mtu $mtu --label "MTU $mtu, offloads $offload"
	done
	[ $offload = off ] || break
	must capture_stop wire
	program wire "$topo_tmp/wire.pcap"
	ok "every datagram verifies, no counter twice" \
		sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" --check-icmp
	rm "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap"
	# The second time with connection tracking on both hosts, which gathers
	# fragments, too.
	for host in A B; do
		ns $host nft -f - <<-END || bail "no tracking"
			table inet track {
				chain input {
					type filter hook input priority 0;
					ct state invalid counter drop
				}
				chain output {
					type filter hook output priority 0;
					ct state invalid counter drop
				}
			}
		END
	done
done
is "A dropped nothing" "$(sst_drops A)" ""
is "B dropped nothing" "$(sst_drops B)" ""
must topo_mtu 1500
must topo_offload off
for host in A B; do
	ns $host nft delete table inet track
done

program limits
program hostile
must topo_router_mtu 1300
program path --mtu 1300
must topo_router_mtu 1500
must router_firewall
program tracked
