#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 240
# kernels: debug
# More openings on associations than the replay cache holds arrive. What it
# forgets is confirmed first from then on, so a copy of it delivers nothing; a new
# client loses a round trip at most. Sealing so many in Python takes too long
# under QEMU's emulation, so the debug kernel alone runs it.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 40
topo_hrh
# What the path records has its checksums.
topo_offload off || bail "offloads"
# Nobody is there whom B's answers to the crowd could reach.
must ip -n "$(ns_name R)" route add blackhole 10.0.3.0/24
must sstctl genpsk "$topo_tmp/crowd.psk" "$topo_tmp/b-crowd.psk"
must in_ns B peer add crowd address 10.0.3.1 psk "$topo_tmp/b-crowd.psk"
sst_psk_peers
must in_ns A policy add out to "$B4" require >/dev/null
tap_program overflow.py --id "$topo_id" --tmp "$topo_tmp"
