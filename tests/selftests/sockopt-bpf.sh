#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 60
# sstctl sockopt: SO_SST at level SOL_SOCKET, in the cgroups to which it is attached
# and in no other.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/run.sh"

# level DIR: what setsockopt() at SOL_SOCKET says in a cgroup.
level() {
	(
		echo 0 >"$run_cgroups/$1/cgroup.procs" || exit
		exec /usr/bin/python3 -c '
import errno, socket
try:
    socket.socket().setsockopt(socket.SOL_SOCKET, 0x5354, 2)
    print("set")
except OSError as error:
    print(errno.errorcode[error.errno])'
	)
}

tap_plan 31
topo_hrh
must ns A sysctl -qw net.ipv4.igmp_max_msf=64
must mkdir -p $run_cgroups/in/below $run_cgroups/out
in=$run_cgroups/in
is "before, nothing is there" "$(sstctl sockopt show $in)" ""
is "and the option is not known" "$(level in)" ENOPROTOOPT
ok "attach" sstctl sockopt attach $in
is "it shows" "$(sstctl sockopt show $in | sed 's/[0-9]*$//')" \
	"sockopt cgroup $in program "
is "and in JSON" "$(sstctl -j sockopt show $in | jq -c '.sockopt | map(.cgroup)')" \
	"[\"$in\"]"
while IFS='|' read -r desc got want; do
	is "$desc" "$got" "$want"
done < <(
	echo 0 >$in/cgroup.procs
	nsenter --net="/run/netns/$(ns_name A)" /usr/bin/python3 \
		"$sst_tests/lib/sockopt-bpf.py" 2>&1
)
is "in a cgroup below" "$(level in/below)" set
is "beside it" "$(level out)" ENOPROTOOPT
is "attach twice" "$(sstctl sockopt attach $in 2>&1; echo $?)" \
	"sstctl: sockopt attach: it is attached to $in already
2"
is "another user may not" "$(setpriv --reuid 65534 --clear-groups \
	--inh-caps=-all sstctl sockopt detach $in 2>&1; echo $?)" \
	"sstctl: sockopt detach: cannot see what is attached: only root may
2"
ok "detach" sstctl sockopt detach $in
is "after, the option is not known" "$(level in)" ENOPROTOOPT
is "detach twice" "$(sstctl sockopt detach $in 2>&1; echo $?)" \
	"sstctl: sockopt detach: it is not attached to $in
2"
ok "attach to all" sstctl sockopt attach
is "everywhere" "$(level out) $(level in/below)" "set set"
ok "detach from all" sstctl sockopt detach
