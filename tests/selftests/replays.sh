#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# before: tests/lib/module-build keylog
# timeout: 200
# What was captured is sent again: at once and late, from the same tuple and
# others, to the same responder, to one that has forgotten the flows and to one
# that knows nothing, for flows of every kind. Every payload is delivered once,
# every copy is counted, and nobody is answered who should not be. Nor does an
# INIT of somebody else touch a live flow, whatever it knows of that.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/sst-middle.sh"

tap_plan 298
sst_keylog

# check NAME PROGRAM-ARGUMENT...: everything with one kind of key, on hosts of
# its own.
check() {
	middle_run replays.py "${@:2}"
	ok "$1: all that the hosts sent verifies, no counter twice" \
		sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" \
		--host-key "$topo_tmp/B.key" --check-icmp
}

middle_topology
sst_public_key B server
check "pre-shared key"

for name in A R B; do
	ns_del "$name"
done
middle_hosts
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
sst_after_start
check "public key" --public
