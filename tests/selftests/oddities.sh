#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 150
# Sockets used in ways that are not the plain ones: connections that are half
# closed, begin again on the same tuple, start with data or cookies, have several
# ways, records of their own or pages that nobody may change; servers that share
# ports, have many addresses, or connect. All is sealed, and protocols that SST
# knows nothing of are left alone.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"

tap_plan 33
sst_keylog
[ "$SST_KERNEL" = debug ] || must modprobe tls
topo_hrh
topo_offload off || bail "offloads"
# A second address of B: MPTCP tells A of it, and a server answers from it.
ip -n "$(ns_name B)" -batch - <<-END || bail "addresses"
	addr add 10.0.2.9/24 dev eth0
	addr add fd00:2::9/64 dev eth0 nodad preferred_lft 0
	mptcp endpoint add 10.0.2.9 dev eth0 signal
	mptcp endpoint add fd00:2::9 dev eth0 signal
END
ip -n "$(ns_name R)" -batch - <<-END || bail "neighbours"
	neigh replace 10.0.2.9 lladdr 02:00:00:00:02:01 dev rb nud permanent
	neigh replace fd00:2::9 lladdr 02:00:00:00:02:01 dev rb nud permanent
END
must ip -n "$(ns_name A)" mptcp limits set add_addr_accepted 2 subflows 2
must ip -n "$(ns_name B)" mptcp limits set add_addr_accepted 2 subflows 2
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns A peer add b address "$B4,$B6,10.0.2.9,fd00:2::9" psk "$topo_tmp/a.psk"
must in_ns B peer add a address "$A4,$A6" psk "$topo_tmp/b.psk"
for host in A B; do
	must in_ns $host policy add out require >/dev/null
	must in_ns $host policy add in require >/dev/null
done
sst_after_start

must capture_start wire R any "$topo_tmp/wire.pcap" 'inbound and (tcp or udp or icmp or icmp6)'
tap_program oddities.py --id "$topo_id" \
	half_closed same_tuple idle_probes cookies fast_open mptcp reuse_port wildcard \
	connected_server left_alone sent_file zero_copy kernel_tls
must capture_stop wire
ok "all was sealed" all_sealed "$topo_tmp/wire.pcap" --host 10.0.2.9 --host fd00:2::9
for host in A B; do
	is "$host dropped nothing" "$(sst_drops $host)" ''
done
