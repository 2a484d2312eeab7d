#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 240
# Sixteen cells of the matrix ("make matrix" runs all 128): any two values of any
# two axes meet in one of them.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/matrix.sh"

# The rest of the line has the reason.
result() {
	case $1 in
	'ok '*) tap_pass "${1#ok *}" ;;
	*) tap_fail "$1" ;;
	esac
}

tap_plan 16
matrix_setup
matrix_run result pairs
