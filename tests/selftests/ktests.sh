#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# packages: ktests
# before: tests/lib/ktests-build
# timeout: 400
# kernels: 6.1 6.12
# The kernel's own tests of its network say the same without the module and with
# it, when every namespace that they make has a peer, rules and thus hooks.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

dir=$("$sst_tests/lib/ktests-build" --find "$SST_KERNEL") ||
	bail "the kernel's tests are not built: make ktests does that"

# Name and command, in the folder of the tests. Left out is what measures time or
# takes long: an emulated processor is slow.
tests=(
	"msg_zerocopy ./msg_zerocopy.sh 4 tcp"
	"udpgso ./udpgso.sh"
	"ip_defrag ./ip_defrag.sh"
	"reuseport_bpf ./in_netns.sh ./reuseport_bpf"
	"reuseport_bpf_cpu ./in_netns.sh ./reuseport_bpf_cpu"
	"reuseport_dualstack ./in_netns.sh ./reuseport_dualstack"
	"reuseport_addr_any ./in_netns.sh ./reuseport_addr_any"
	"reuseaddr_conflict ./in_netns.sh ./reuseaddr_conflict"
	"reuseaddr_ports_exhausted ./reuseaddr_ports_exhausted.sh"
	"sk_bind_sendto_listen ./in_netns.sh ./sk_bind_sendto_listen"
	"sk_connect_zero_addr ./in_netns.sh ./sk_connect_zero_addr"
	"tcp_fastopen ./in_netns.sh sh -c 'sysctl -qw net.ipv4.tcp_fastopen=3;
		./tcp_fastopen_backup_key -4 && ./tcp_fastopen_backup_key -6s'"
	"cmsg_so_mark ./cmsg_so_mark.sh"
	"icmp PING_WAITS=100 ./icmp.sh"
	"conntrack_icmp_related cd ../netfilter 2>&- || cd netfilter; ./conntrack_icmp_related.sh"
	"pmtu ./pmtu.sh pmtu_ipv4_exception"
)
tap_plan $((2 * ${#tests[@]} + 3))

# In place of ip: a namespace gets what makes it part of SST as soon as it is
# there, and says how many packets the rules saw before it goes. No packet of the
# tests is for the peer or the rule that requires SST.
mkdir "$topo_tmp/bin"
real=$(command -v ip)
cat >"$topo_tmp/bin/ip" <<-END
	#!/bin/sh
	[ "\$1" = netns ] && [ -e "$topo_tmp/active" ] || exec $real "\$@"
	case \$2 in
	add)
		$real "\$@" || exit
		sstctl -n "\$3" peer add nobody address 203.0.113.1,2001:db8:ffff::1 psk "$topo_tmp/a.psk" &&
		sstctl -n "\$3" policy add out prefer &&
		sstctl -n "\$3" policy add out to 203.0.113.1 require priority 1 &&
		sstctl -n "\$3" policy add in from 203.0.113.1 require &&
		echo "\$3" >>"$topo_tmp/namespaces"
		exit 0
		;;
	# Some tests delete before they begin what an earlier run may have left.
	del*) [ ! -e "/run/netns/\$3" ] || sstctl -n "\$3" -j policy show >>"$topo_tmp/rules" ;;
	esac >/dev/null 2>>"$topo_tmp/wrapper.err"
	exec $real "\$@"
END
# In place of ping: a test that starts tcpdump at the same time is one that a slow
# machine loses.
real=$(command -v ping)
cat >"$topo_tmp/bin/ping" <<-END
	#!/bin/sh
	for i in \$(seq \${PING_WAITS:-0}); do
		[ "\$(wc -l </proc/net/packet)" -lt 2 ] || break
		sleep 0.1
	done
	exec $real "\$@"
END
chmod 755 "$topo_tmp/bin/ip" "$topo_tmp/bin/ping"

# results FILE: its lines that say how a test ended, without the random part of
# the names of namespaces.
results() {
	grep -E '^(# *)?(not )?ok |\[ *(OK|PASS|FAIL|SKIP|XFAIL) *\]|^(OK|PASS|FAIL|SKIP|XFAIL|ERROR)\b|FAILED|all tests done' "$1" |
		sed -E 's/-[A-Za-z0-9]{6}\b//g; s/[[:space:]]+/ /g'
}

# run_all FOLDER: each test's status and results.
run_all() {
	local test name rc started
	mkdir "$topo_tmp/$1"
	cd "$dir" || return 1
	for test in "${tests[@]}"; do
		name=${test%% *}
		started=$SECONDS
		PATH=$topo_tmp/bin:$PATH timeout 200 bash -c "${test#* }" \
			>"$topo_tmp/$1/$name.log" 2>&1 </dev/null
		rc=$?
		{
			echo "status $rc"
			results "$topo_tmp/$1/$name.log"
		} >"$topo_tmp/$1/$name"
		diag "$1 $name: $((SECONDS - started)) s, status $rc, $(wc -l <"$topo_tmp/$1/$name") lines"
		[ "$rc" -eq 0 ] || tail -n 20 "$topo_tmp/$1/$name.log" | sed 's/^/# /'
	done
	cd "$sst_tests" || return 1
}

must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must rmmod sst
run_all without
[ ! -e /sys/module/sst ] || bail "the module is there"
must modprobe sst
touch "$topo_tmp/active"
run_all with

for test in "${tests[@]}"; do
	name=${test%% *}
	is "$name: passes without the module" "$(head -n 1 "$topo_tmp/without/$name")" "status 0"
	is "$name: the same with it ($(wc -l <"$topo_tmp/with/$name") lines)" \
		"$(diff "$topo_tmp/without/$name" "$topo_tmp/with/$name")" ""
done
mkdir -p "$SST_OUT/logs" && cp -r "$topo_tmp/with" "$topo_tmp/without" "$SST_OUT/logs/"
is "SST was set up in each namespace" "$(cat "$topo_tmp/wrapper.err")" ""
at_least "it was in so many" "$(wc -l <"$topo_tmp/namespaces")" 20
at_least "its rules saw their packets" \
	"$(jq -s '[.[].policy[] | select(.verdict == "prefer").hits] | add' "$topo_tmp/rules")" 20
