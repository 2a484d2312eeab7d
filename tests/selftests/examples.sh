#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 60
# packages: build
# before: tests/lib/examples-build c
# The examples in C and Python: a line reaches the server sealed, or the program
# says why not and sends nothing.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/examples.sh"

tap_plan $((2 * examples_results))
topo_hrh
examples_hosts
examples_try C "$SST_TOP/build/examples/client-c"
examples_try Python /usr/bin/python3 "$SST_TOP/examples/client.py"
# Nobody ends the connections of those who have left.
for host in A B; do
	must in_ns $host shutdown
done
