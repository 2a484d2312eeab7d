#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# before: tests/lib/module-build keylog
# timeout: 150
# What was captured is sent again: at once and late, from the same tuple and
# others, to the same responder and to one that knows nothing of it, whatever
# its clock shows. Every payload is delivered once and nobody is cut off.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-middle.sh"

tap_plan 133
sst_keylog
middle_topology
middle_run replay.py
ok "all that the hosts sent verifies, no counter twice" \
	sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" --check-icmp
