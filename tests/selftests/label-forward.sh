#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 90
# Scope label on a host that forwards to a container: resets of somebody on the path
# end no flow that its ends do not end, and what receive offload made a list of
# packets leaves in segments.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"

tap_plan 11
topo_hrh
container_behind B
container_serves B
sst_psk_peers
must in_ns A policy add out require scope label >/dev/null
must in_ns B policy add in require scope label >/dev/null

tap_program resets.py --id "$topo_id"

# Whole segments come from the container; where the kernel can (6.10 and later), they
# are put together without a look at what is in them.
must ns C ethtool -K eth0 tso off gso off >/dev/null
must ns B ethtool -K c0 gro on rx-gro-list on >/dev/null
head -c 300000 /dev/urandom >"$topo_tmp/sent"
for fam in 4 6; do
	target=B$fam
	bg_ns "serve$fam" C socat -u "OPEN:$topo_tmp/sent" "TCP$fam-LISTEN:900,reuseaddr"
	wait_for listening C tcp 900
	ok "IPv$fam: the container's bytes leave" ns A timeout 30 socat -u \
		"TCP$fam:$(sst_quote "${!target}" 800)" "CREATE:$topo_tmp/got$fam"
	ok "IPv$fam: and arrive" cmp "$topo_tmp/sent" "$topo_tmp/got$fam"
done
is "nothing was dropped for being large" "$(stat_get B tx_segment)" 0
