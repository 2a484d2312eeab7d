#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 150
# The clock of one host shows 1970, or 2100: a datagram that opens a flow waits for
# one round trip, a connection for none, in each way in which flows are opened,
# and a copy of what opened it delivers nothing, then or later.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 112
topo_hrh
topo_offload off || bail "offloads"
# Nothing passes but what the program carries.
ns R sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward
	echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'
sst_public_key B server
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns A peer add b address "$B4" psk "$topo_tmp/a.psk"
must in_ns B peer add a address "$A4" psk "$topo_tmp/b.psk"
must in_ns A peer add server address "$B6" public-key "$(sst_public B)"
must in_ns A policy add out require >/dev/null
sst_after_start
tap_program clock.py --id "$topo_id" --tmp "$topo_tmp"
