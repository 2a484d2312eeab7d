#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 150
# Both hosts open the same tuple at once, over UDP and TCP, with a key and on an
# association: one flow remains and nothing is lost. Two clients behind one address with the same port: the server
# sees two.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-middle.sh"

tap_plan 46
sst_keylog
middle_topology
must sstctl genpsk "$topo_tmp/a2.psk" "$topo_tmp/b2.psk"
middle_run glare.py
ok "all that the hosts sent verifies, no counter twice" \
	sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" \
	--psk "$topo_tmp/a2.psk" --check-icmp

# A router that gives clients its own address. It gives away nothing of theirs
# but the port that they chose; on the wire that is a random one.
for name in A R B; do
	ns_del "$name"
done
topo_hrh
ns_add C
ns_quiet C
must topo_link C eth0 02:00:00:00:03:01 R rc 02:00:00:00:03:fe
topo_host C 3
ip -n "$(ns_name R)" -batch - <<-END || bail "router not set up"
	addr add 10.0.3.254/24 dev rc
	addr add fd00:3::fe/64 dev rc nodad
	link set rc up
	neigh replace 10.0.3.1 lladdr 02:00:00:00:03:01 dev rc nud permanent
	neigh replace fd00:3::1 lladdr 02:00:00:00:03:01 dev rc nud permanent
END
wait_for topo_carrier || bail "links do not come up"
must router_masquerade
must ns C ethtool -K eth0 tx off >/dev/null
topo_offload off || bail "offloads"
for name in a c; do
	rm -f "$topo_tmp/$name.psk" "$topo_tmp/$name-b.psk"
	must sstctl genpsk "$topo_tmp/$name.psk" "$topo_tmp/$name-b.psk"
	must in_ns "${name^}" peer add b address "$B4,$B6" psk "$topo_tmp/$name.psk"
	must in_ns B peer add "$name" address "$RB4,$RB6" psk "$topo_tmp/$name-b.psk"
	must in_ns "${name^}" policy add out require >/dev/null
done
sst_after_start
must capture_start nat R rb "$topo_tmp/nat.pcap" 'tcp or udp or icmp or icmp6'
middle_run alias.py
must capture_stop nat
is "B gave one alias for each pair" "$(stat_get B rx_alias)" 4
ok "all that passed verifies, no counter twice" \
	sst_decode_psk "$topo_tmp/nat.pcap" "$topo_tmp/orig.pcap" \
	--psk "$topo_tmp/c.psk" --real-port 6000 --real-port 53 --real-port 80
