#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 180
# INITs by the ten thousand from addresses that nobody has: flows go on, others
# get in, memory stays as it is, and little public-key work is done for them.
# What comes back is less than what came.
#
#   SST_FLOOD_RATE=N      packets a second; default 20000, on the debug kernel as
#                         many as it can
#   SST_FLOOD_SECONDS=N   for how long at least, each time; default 6
#   SST_FLOOD_ROUNDS=N    how often throughput is measured with and without;
#                         default 1
#
# tests/tools/flood runs it where time is the number of instructions.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 28
topo_hrh
topo_offload off || bail "offloads"
# No way back to those whose address nobody has. What B sends them is counted.
must ip -n "$(ns_name R)" route add blackhole 10.9.0.0/16
must ip -n "$(ns_name R)" route add blackhole fd00:9::/48
ns R nft -f - <<-END || bail "no counter"
	table inet answers {
		counter strangers { }
		chain c {
			type filter hook prerouting priority raw;
			ip daddr 10.9.0.0/16 counter name strangers
			ip6 daddr fd00:9::/48 counter name strangers
		}
	}
END
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out require >/dev/null
must in_ns B set cookies off
sst_after_start
tap_program flood.py --id "$topo_id" --public "$(sst_public B)" \
	--rate "${SST_FLOOD_RATE-20000}" --seconds "${SST_FLOOD_SECONDS-6}" \
	--rounds "${SST_FLOOD_ROUNDS-1}"
