#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# packages: curl busybox-static
# before: tests/lib/module-build keylog
# timeout: 120
# sstctl run: programs that know nothing of SST are put under it, static ones,
# pipelines and MPTCP sockets, too; programs beside them are not. A server is
# silent to who comes in clear. It ends as the program does, and what stays
# behind does not fall back.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/neighbours.sh"
. "$(dirname "$0")/../lib/run.sh"

lib=$sst_tests/lib
client=("/usr/bin/python3" "$lib/run-client.py")
wire='tcp or udp or icmp or icmp6'

# outside COMMAND...: beside "sstctl run", in the same namespace.
outside() {
	nsenter --net="/run/netns/$(ns_name A)" "$@"
}

# ends COMMAND...: its exit status.
ends() {
	"$@" >/dev/null 2>"$topo_tmp/ends.err"
	echo $?
}

run_a() {
	in_ns A run "$@"
}

# each HOW: every kind of program; HOW is a command that runs another one.
each() {
	"$@" curl -s -m 60 "http://$B4:80/"
	"$@" curl -s -m 60 "http://[$B6]:80/"
	"$@" busybox wget -q -O - "http://$B4:80/"
	# shellcheck disable=SC2016 # the inner shell expands it
	"$@" sh -c 'busybox wget -q -O - "$0" | tr a-z A-Z | (cat; echo end)' \
		"http://$B4:80/"
	"$@" "${client[@]}" mptcp "$B4" 81
	"$@" "${client[@]}" mptcp "$B6" 81
	"$@" "${client[@]}" udp "$B4" 82
	"$@" "${client[@]}" udp "$B6" 82
}

tap_plan 50
sst_keylog
topo_hrh
topo_offload off || bail "offloads"
sst_psk_peers
bg_ns server B "$lib/run-server.py" 80
wait_for listening B tcp 80 || bail "no server"
all='hello hello hello HELLO end same same one two one two'

# ---- who runs under it is sealed
must capture_start sealed R ra "$topo_tmp/sealed.pcap" "$wire"
is "every program gets what it asks for" "$(each run_a 2>&1 | xargs)" "$all"
ok "nothing was lost in the capture" capture_stop sealed
ok "all of it is sealed" all_sealed "$topo_tmp/sealed.pcap"
at_least "as many flows as there were connections" "$(opened_flows A)" 9
is "nothing was dropped" "$(sst_drops A)" ""

# ---- and nobody else, while somebody is
bg sleeper sstctl -n "$(ns_name A)" run sleep 1000
wait_for run_wishes_are A 1
is "there is a wish" "$(run_wishes A)" \
	"require 0 $(cd $run_cgroups && echo sst-run-* | sed 's,^,/,')"
sealed=$(stat_get A tx_sealed)
must capture_start clear R ra "$topo_tmp/clear.pcap" "$wire"
is "a program beside it gets the same" "$(each outside | xargs)" "$all"
ok "nothing was lost in the capture" capture_stop clear
is "in clear" "$(stat_get A tx_sealed)" "$sealed"
at_least "with its real ports" \
	"$(capture_count "$topo_tmp/clear.pcap" 'dst portrange 80-82')" 20
is "and nothing else" "$(capture_count "$topo_tmp/clear.pcap" \
	'(tcp or udp) and not portrange 80-82')" 0
ok "all the time somebody was" bg_alive sleeper
bg_stop sleeper

# ---- require and prefer where there is no key
before=$(stat_get A tx_required)
is "without a key there is an error at once" \
	"$(ends run_a --require curl -s -m 60 http://10.0.1.254:9/)" 7
at_least "and nothing leaves" "$(stat_get A tx_required)" $((before + 1))
bg_ns peerless R "$lib/run-server.py" 80
wait_for listening R tcp 80
is "with --prefer it is clear" \
	"$(run_a --prefer curl -s -m 60 http://10.0.1.254:80/)" hello
is "a peer gets the same" "$(run_a --prefer curl -s "http://$B4:80/")" hello
at_least "sealed" "$(stat_get A tx_sealed)" $((sealed + 1))
bg_stop peerless

# ---- servers
bg hidden sstctl -n "$(ns_name B)" run --require "$lib/run-server.py" 90
wait_for listening B tcp 90
must capture_start silent R rb "$topo_tmp/silent.pcap" "$wire"
for addr in "$B4" "[$B6]"; do
	is "a clear client of a server under it hears nothing" \
		"$(ends outside curl -s -m 4 "http://$addr:90/")" 28
	is "nor one of UDP" "$(ends outside timeout 60 socat -u -T 1 \
		OPEN:/etc/hostname "UDP:$addr:92")" 0
done
turned_away "nor one of MPTCP" rx_required "${client[@]}" mptcp "$B4" 91
ok "nothing was lost in the capture" capture_stop silent
is "indeed it says nothing" "$(capture_count "$topo_tmp/silent.pcap" \
	'src host 10.0.2.1 or src host fd00:2::1')" 0
at_least "though it was asked" "$(stat_get B rx_required)" 5
is "a client that asks for SST is served" \
	"$(run_a curl -s -m 60 "http://$B4:90/")" hello
is "by UDP, too" "$(run_a "${client[@]}" udp "$B6" 92)" "one two"
is "by MPTCP, too" "$(run_a "${client[@]}" mptcp "$B4" 91)" same
is "the other server is as it was" \
	"$(outside curl -s -m 60 "http://$B4:80/")" hello
bg_stop hidden
is "when it has ended, its port is closed, not silent" \
	"$(ends outside curl -s -m 60 "http://$B4:90/")" 7

# ---- it ends as the command does
is "the exit status is the command's" "$(ends run_a sh -c 'exit 7')" 7
is "it dies by the same signal" "$(ends run_a sh -c 'kill -USR2 $$')" 140
is "a command that is not there" "$(ends run_a /no/such)" 127
is "one that is no program" "$(ends run_a /etc/passwd)" 126
# shellcheck disable=SC2016 # the inner shell expands it
bg trapper sstctl -n "$(ns_name A)" run sh -c \
	'trap "echo got; exit 9" TERM; echo ready; while :; do sleep 0.1; done'
wait_for grep -q ready "$topo_tmp/trapper.out"
bg_stop trapper TERM
is "a signal is passed on, and the command's answer to it" \
	"$? $(xargs <"$topo_tmp/trapper.out")" "9 ready got"
# shellcheck disable=SC2016 # the inner shell expands it
is "so is the end of its terminal" "$(/usr/bin/python3 "$lib/run-hangup.py" \
	sstctl -n "$(ns_name A)" run sh -c \
	'trap "exit 9" HUP; echo ready; while :; do sleep 0.1; done')" 9
is "input and output are the command's" "$(echo text | run_a cat)" text
is "it has no file of ours" "$(run_a sh -c 'ls /proc/$$/fd | wc -l')" \
	"$(sh -c 'ls /proc/$$/fd | wc -l')"
wait_for run_wishes_are A 0
is "no wish is left" "$(run_wishes A)" ""
is "nor a cgroup" "$(run_left)" 0

# ---- what stays behind
bg killed sstctl -n "$(ns_name A)" run sleep 1000
wait_for run_wishes_are A 1
bg_stop killed KILL
# Nothing is to happen, though what ends wishes has passed by: once a second.
sleep 2
is "a program whose sstctl was killed keeps its wish" \
	"$(run_wishes A | cut -d' ' -f1)" require
kill "$(cat $run_cgroups/sst-run-*/cgroup.procs)"
# As a command may, that manages cgroups itself.
must mkdir -p "$(echo $run_cgroups/sst-run-*)/a/b"
is "another one comes" "$(ends run_a true)" 0
wait_for run_wishes_are A 0
is "and cleans up after it" "$(run_left) $(run_wishes A)" "0 "
mkfifo "$topo_tmp/go"
sleep 1000 >"$topo_tmp/go" &
holder=$!
# Not by bg: this one's output comes after sstctl has ended.
run_a "${client[@]}" moved 10.0.1.254 9 <"$topo_tmp/go" >"$topo_tmp/moved" 2>&1
# Nor here.
sleep 2
is "a socket that was taken along" "$(run_left) $(run_wishes A | cut -d' ' -f1)" \
	"0 require"
kill $holder
wait_for test -s "$topo_tmp/moved"
is "asks for SST as before" "$(cat "$topo_tmp/moved")" ECONNREFUSED
ok "when it is closed the wish is gone" wait_for run_wishes_are A 0

# ---- users
must run_delegate mine
is "whoever owns a cgroup may" \
	"$(run_as_user mine A sstctl run curl -s -m 60 "http://$B4:80/")" hello
must mkdir $run_cgroups/other
run_as_user other A sstctl run true 2>"$topo_tmp/refused"
is "who does not is told what to try" "$? $(cat "$topo_tmp/refused")" \
	"125 sstctl: run: cannot make a cgroup in $run_cgroups/other: Permission denied; try 'systemd-run --user --scope -p Delegate=yes sstctl run ...'"
is "there is a bound for one user" \
	"$(run_as_user mine A "${client[@]}" wishes 257 $run_cgroups/mine)" \
	"256 ENOSPC \"you have 256 wishes in this network namespace; end such programs and remove their cgroups\""
