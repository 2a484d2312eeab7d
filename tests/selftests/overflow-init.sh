#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 900
# kernels: debug
# The same as overflow.sh with valid INITs, each from another address: they fill a
# cache of their own. Each needs public-key work, on both sides.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 39
topo_hrh
# What the path records has its checksums.
topo_offload off || bail "offloads"
# Nobody is there whom B's answers to the crowd could reach.
must ip -n "$(ns_name R)" route add blackhole 10.9.0.0/16
sst_public_key B server
# All are wanted, however many: whom cookies keep out, fills no cache.
must in_ns B set cookies off
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns A peer add b address "$B4" psk "$topo_tmp/a.psk"
must in_ns B peer add a address "$A4" psk "$topo_tmp/b.psk"
must in_ns A peer add server address "$B6" public-key "$(sst_public B)"
must in_ns A policy add out require >/dev/null
sst_after_start
tap_program overflow.py --id "$topo_id" --tmp "$topo_tmp" --public "$(sst_public B)"
