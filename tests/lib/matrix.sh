# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # topology.sh and sst.sh set them
# The matrix: one transfer in clear and one over SST, over every kind of path.
# Source it after topology.sh and sst.sh. matrix.py has the list of cells, the
# transfers and the verdicts; here the network is made.

# Cells are numbered from 0 in the order in which all of them run; those with one
# network are a group.
matrix_py() {
	/usr/bin/python3 "$sst_tests/lib/matrix.py" "$@"
}

# matrix_setup: the network, and peers that know each other with and without NAT.
matrix_setup() {
	local n
	sst_keylog
	topo_hrh
	must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
	must in_ns A peer add b address "$B4,$B6" psk "$topo_tmp/a.psk"
	must in_ns B peer add a address "$A4,$A6,$RB4,$RB6" psk "$topo_tmp/b.psk"
	must in_ns A policy add out port 80 prefer scope "$sst_scope" >/dev/null
	must in_ns B policy add in port 80 require scope "$sst_scope" >/dev/null
	# Packets wait here when an emulated processor stands still.
	echo 20000 >/proc/sys/net/core/netdev_max_backlog
	for n in A B; do
		# One connection is not to learn from another.
		must ns $n sysctl -qw net.ipv4.tcp_no_metrics_save=1
	done
	sst_after_start
}

# matrix_patience on|off: hosts that take a packet for lost only when it has not
# come for seconds, or hundreds of others came first. On a slow machine with two
# processors they would otherwise send again what is only late, once with SST and
# once without.
matrix_patience() {
	local n=1 host rto='' probes=3 rack=1 reordering=3
	[ "$1" = off ] || rto='rto_min 3s' probes=0 rack=0 reordering=300
	for host in A B; do
		# shellcheck disable=SC2086 # two words
		ip -n "$(ns_name $host)" route replace default via 10.0.$n.254 $rto &&
			ip -n "$(ns_name $host)" -6 route replace default \
				via fd00:$n::fe $rto &&
			ns $host sysctl -qw net.ipv4.tcp_early_retrans=$probes \
				net.ipv4.tcp_recovery=$rack \
				net.ipv4.tcp_reordering=$reordering || return 1
		n=2
	done
}

# matrix_path direct|firewall|nat|loss
matrix_path() {
	ns R nft flush ruleset
	ns R conntrack -F 2>/dev/null
	topo_netem both
	case $1 in
	firewall) router_firewall ;;
	nat) router_masquerade ;;
	loss) topo_netem both delay 500us loss 1% duplicate 1% reorder 10% ;;
	esac || return 1
	if [ "$1" = loss ]; then matrix_patience off; else matrix_patience on; fi
}

# matrix_mtu 1280|1500|9000|mixed OFFLOADS: sets matrix_smallest. Mixed: A's link
# 9000, B's 1500, and the router behaves as if there were a third between them,
# of 1280 or 1400. The hosts are told when they send too much, in both directions.
matrix_mtu() {
	local n dev
	for n in 1 2; do
		ip -n "$(ns_name R)" route del 10.0.$n.1 2>/dev/null
		ip -n "$(ns_name R)" -6 route del fd00:$n::1 2>/dev/null
	done
	matrix_smallest=$1
	if [ "$1" != mixed ]; then
		topo_mtu "$1"
		return
	fi
	topo_mtu 9000 A && topo_mtu 1500 B || return 1
	if [ "$2" = on ]; then n=1400; else n=1280; fi
	matrix_smallest=mixed:$n
	for dev in 1:ra 2:rb; do
		ip -n "$(ns_name R)" route add 10.0.${dev%:*}.1 dev "${dev#*:}" mtu $n &&
			ip -n "$(ns_name R)" -6 route add "fd00:${dev%:*}::1" \
				dev "${dev#*:}" mtu $n || return 1
	done
}

# matrix_capture NAME DEVICE: as capture_start, with room for all packets of a group.
# Those in the clear and of scope label can be larger; their headers are enough.
matrix_capture() {
	capture_file[$1]=$topo_tmp/$1.pcap
	bg_ns "$1" R tcpdump -n -Z root -s 9100 -B 65536 -U --immediate-mode -K \
		-i "$2" -w "${capture_file[$1]}" "$capture_filter"
	wait_for grep -q 'listening on' "$topo_tmp/$1.err"
}

# matrix_group PATH MTU OFFLOADS CELL...: all cells on one network; a line for each
# goes to $topo_tmp/rows. CELL is NUMBER/FAMILY/PROTOCOL.
matrix_group() {
	local path=$1 mtu=$2 offloads=$3
	shift 3
	must matrix_path "$path"
	must topo_offload "$offloads"
	must matrix_mtu "$mtu" "$offloads"
	must matrix_capture ra ra
	must matrix_capture rb rb
	must matrix_py transfer "$topo_id" "$path" "$matrix_smallest" \
		"$topo_tmp/results" "$@"
	must capture_stop ra
	must capture_stop rb
	must matrix_py judge "$topo_tmp/results" "$sst_scope" \
		"$topo_tmp/a.psk" "$sst_associations" "$topo_tmp/ra.pcap" "$topo_tmp/rb.pcap" \
		>"$topo_tmp/rows"
	# No packet of these flows is to show in the next group, and its first
	# flow is to make an association over that network.
	must in_ns A flow flush
	must in_ns B flow flush
	must in_ns A assoc flush
	must in_ns B assoc flush
}

# matrix_run FUNCTION all|pairs [VALUE...]: calls the function with the line of each
# cell, or of each with all of these values.
matrix_run() {
	local report=$1 number path mtu offloads fam proto now='' cells=() row
	shift
	# The empty line ends the last group.
	while read -r -u 3 number path mtu offloads fam proto; do
		if [ "$now" != "$path $mtu $offloads" ] && [ -n "$now" ]; then
			# shellcheck disable=SC2086 # three words
			matrix_group $now "${cells[@]}"
			while IFS= read -r row; do
				"$report" "$row"
			done <"$topo_tmp/rows"
			cells=()
		fi
		now="$path $mtu $offloads"
		cells+=("$number/$fam/$proto")
	done 3< <(matrix_py cells "$@" && echo)
}
