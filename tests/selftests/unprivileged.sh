#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# A user without privilege tries to weaken SST, to read keys, to use up state and
# to crash; threat-model.md has the table of the attempts and of the answers.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/run.sh"

program=$sst_tests/lib/unprivileged.py
flows=1000
readonly=/run/sst-cgroup-readonly

# verdicts: of the lines of the program.
verdicts() {
	local verdict text
	while read -r verdict text; do
		case $verdict in
		pass) tap_pass "$text" ;;
		fail) tap_fail "$text" ;;
		*) echo "# $verdict $text" ;;
		esac
	done
}

tap_plan 56
topo_hrh
sst_psk_peers
must in_ns A policy add out port 600-699 require >/dev/null
must in_ns A set max-flows $flows
must run_delegate mine
must mkdir $run_cgroups/other
# The same groups, where nothing can be written.
must mkdir $readonly
must mount --bind $run_cgroups $readonly
must mount -o remount,bind,ro $readonly
# Who gets there in clear is served.
bg_ns door R socat TCP-LISTEN:600,fork,reuseaddr /dev/null
must wait_for listening R tcp 600
ulimit -n 1024
verdicts < <(run_as_user mine A /usr/bin/python3 "$program" user "$B4" \
	$run_cgroups/mine $readonly/mine 2>&1)
verdicts < <(nsenter --net="/run/netns/$(ns_name A)" /usr/bin/python3 "$program" \
	deputy $run_cgroups/mine 2>&1)

# ---- what is left of it
at_most "flows are as many as there may be" \
	"$(in_ns A -j get flows | jq .flows)" $flows
is "another user may still make wishes" "$(in_ns A run true; echo $?)" 0
must in_ns A flow flush
# shellcheck disable=SC2016 # the inner shell expands it
ok "and the peer is reached when they are gone" in_ns A run \
	sh -c 'echo hello | socat -u - "UDP:$0:650"' "$B4"
is "the rule is there" "$(in_ns A -j policy show | jq -c '.policy | length')" 1
is "and the key" "$(in_ns A -j peer show | jq -r '.peers[].name')" b
must umount $readonly
find $run_cgroups/mine $run_cgroups/other -depth -type d -exec rmdir {} +
ok "no wish is left of his" wait_for run_wishes_are A 0
