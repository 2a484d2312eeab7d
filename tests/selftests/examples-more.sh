#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 60
# packages: languages
# before: tests/lib/examples-build go rust
# The examples in Go and Rust, as examples.sh does those in C and Python.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/examples.sh"

tap_plan $((2 * examples_results))
topo_hrh
examples_hosts
examples_try Go "$SST_TOP/build/examples/client-go"
examples_try Rust "$SST_TOP/build/examples/client-rust"
# Nobody ends the connections of those who have left.
for host in A B; do
	must in_ns $host shutdown
done
