# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A path that a Python program has in its hands (middle.py). Source it after
# sst.sh.

# middle_hosts: A, R and B with policy; R forwards nothing.
middle_hosts() {
	topo_hrh
	topo_offload off || bail "offloads"
	ns R sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward
		echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'
	must in_ns A policy add out require >/dev/null
	must in_ns B policy add out require >/dev/null
}

# middle_topology: the same, and the hosts know each other by a pre-shared key.
middle_topology() {
	middle_hosts
	sst_psk_peers
}

# middle_run PROGRAM [ARGUMENT...]: its lines "pass TEXT" and "fail TEXT" are
# results.
middle_run() {
	local verdict text
	# shellcheck disable=SC2154 # topology.sh and sst.sh set them
	while read -r verdict text; do
		case $verdict in
		pass) tap_pass "$text" ;;
		fail) tap_fail "$text" ;;
		*) echo "$verdict $text" ;;
		esac
	done < <(/usr/bin/python3 "$sst_tests/lib/$1" --id "$topo_id" \
		--tmp "$topo_tmp" "${@:2}")
}
