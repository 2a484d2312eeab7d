#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 120
# Public keys that share no secret, other encodings of good ones, and answers
# that are made up by the thousand: nothing comes of them, each is counted, and
# the true answer is still taken.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 29
topo_hrh
topo_offload off || bail "offloads"
# No way back to those whose address nobody has.
must ip -n "$(ns_name R)" route add blackhole 10.9.0.0/16
must ip -n "$(ns_name R)" route add blackhole fd00:9::/48
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out require >/dev/null
must in_ns B set cookies off
sst_after_start
tap_program forged.py --id "$topo_id" --public "$(sst_public B)"
