# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Library of the selftests: namespaces joined into a small network, captures,
# waiting, and TAP output. A test sources it first:
#
#   . "$(dirname "$0")/../lib/topology.sh"
#
# and need not clean up: what was started through this library is ended, and
# its namespaces are deleted, when the test exits. Needs bash and root.

set -u
export LC_ALL=C

# Namespace A of this test is called $topo_id-A, and so on: two tests on one
# machine do not meet.
topo_id=sst$$
topo_lib=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
topo_names=()
topo_tmp=$(mktemp -d "${TMPDIR:-/tmp}/sst-test.XXXXXX")
declare -A bg_pid=()

# ---- TAP -------------------------------------------------------------------

tap_count=0
tap_failed=0
tap_planned=

# tap_plan N: how many results will be printed. First line of every test.
tap_plan() {
	tap_planned=$1
	echo "1..$1"
}

# tap_pass DESCRIPTION, tap_fail DESCRIPTION: one result.
tap_pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $*"
}

tap_fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $*"
}

# diag TEXT: a remark for the reader of the log.
diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# ok DESCRIPTION COMMAND...: passes when the command succeeds. What it prints is
# shown only when it fails.
ok() {
	local desc=$1 rc
	shift
	if "$@" >"$topo_tmp/ok.log" 2>&1; then
		tap_pass "$desc"
		return 0
	else
		rc=$?
	fi
	tap_fail "$desc"
	diag "status $rc of: $*"
	sed 's/^/# /' "$topo_tmp/ok.log" | head -n 60
	return 1
}

# not_ok DESCRIPTION COMMAND...: passes when the command fails.
not_ok() {
	local desc=$1
	shift
	if "$@" >"$topo_tmp/ok.log" 2>&1; then
		tap_fail "$desc"
		diag "should have failed: $*"
		sed 's/^/# /' "$topo_tmp/ok.log" | head -n 60
		return 1
	fi
	tap_pass "$desc"
}

# is DESCRIPTION GOT WANT: passes when both are the same text.
is() {
	if [ "$2" = "$3" ]; then
		tap_pass "$1"
		return 0
	fi
	tap_fail "$1"
	diag "got:  $2"
	diag "want: $3"
	return 1
}

# at_least DESCRIPTION GOT MINIMUM, at_most DESCRIPTION GOT MAXIMUM: numbers.
at_least() {
	if [ "$2" -ge "$3" ] 2>/dev/null; then tap_pass "$1 ($2)"; else
		tap_fail "$1"
		diag "got $2, want at least $3"
		return 1
	fi
}

at_most() {
	if [ "$2" -le "$3" ] 2>/dev/null; then tap_pass "$1 ($2)"; else
		tap_fail "$1"
		diag "got $2, want at most $3"
		return 1
	fi
}

# bail TEXT: the test cannot go on.
bail() {
	echo "Bail out! $*"
	exit 1
}

# must COMMAND...: set-up that has to work.
must() {
	"$@" || bail "failed: $*"
}

# ---- waiting and background processes --------------------------------------

# wait_for [-t SECONDS] COMMAND...: until the command succeeds; fails after a minute.
# Only what is in vain takes that long, and a busy machine may stand still for a
# while.
wait_for() {
	local limit=60 end tries=0
	if [ "$1" = -t ]; then
		limit=$2
		shift 2
	fi
	end=$((SECONDS + limit))
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		# Where instructions are counted, a look at a file of the host can take
		# hours by the clock of the guest.
		[ "$SECONDS" -lt "$end" ] ||
			{ [ -n "${SST_ICOUNT-}" ] && [ "$tries" -lt $((limit * 10)) ]; } ||
			return 1
		sleep 0.05
	done
}

# bg NAME COMMAND...: start in the background; ended at exit at the latest.
# Output goes to $topo_tmp/NAME.out unless redirected by the caller.
bg() {
	local name=$1
	shift
	"$@" >"$topo_tmp/$name.out" 2>"$topo_tmp/$name.err" </dev/null &
	bg_pid[$name]=$!
}

# bg_ns NAME NS COMMAND...: the same in a namespace. No shell stands between, so
# a signal reaches the command itself.
bg_ns() {
	local name=$1 netns
	netns=$(ns_name "$2")
	shift 2
	ip netns exec "$netns" "$@" >"$topo_tmp/$name.out" 2>"$topo_tmp/$name.err" </dev/null &
	bg_pid[$name]=$!
}

# bg_stop NAME [SIGNAL]: end it and wait; the status is the command's.
bg_stop() {
	local pid=${bg_pid[$1]-}
	[ -n "$pid" ] || return 0
	unset "bg_pid[$1]"
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# bg_wait NAME: wait for its own end; the status is the command's.
bg_wait() {
	local pid=${bg_pid[$1]-}
	[ -n "$pid" ] || return 127
	unset "bg_pid[$1]"
	wait "$pid"
}

bg_alive() {
	kill -0 "${bg_pid[$1]-}" 2>/dev/null
}

# shellcheck disable=SC2317 # called by the trap
topo_cleanup() {
	local status=$? n
	trap '' INT TERM
	for n in "${!bg_pid[@]}"; do
		kill -TERM "${bg_pid[$n]}" 2>/dev/null
	done
	for n in "${!bg_pid[@]}"; do
		# One that ignores the polite signal must not hold up the exit.
		wait_for -t 2 topo_gone "${bg_pid[$n]}" ||
			kill -KILL "${bg_pid[$n]}" 2>/dev/null
		wait "${bg_pid[$n]}" 2>/dev/null
	done
	for n in "${topo_names[@]+"${topo_names[@]}"}"; do
		topo_let_go "$n"
		ip netns delete "$topo_id-$n" 2>/dev/null
	done
	rm -rf "$topo_tmp"
	if [ "$status" -eq 0 ]; then
		[ "$tap_failed" -eq 0 ] || status=1
		if [ -n "$tap_planned" ] && [ "$tap_count" -ne "$tap_planned" ]; then
			diag "planned $tap_planned results, printed $tap_count"
			status=1
		fi
	fi
	exit "$status"
}
# shellcheck disable=SC2317 # called by the function above
topo_gone() {
	! kill -0 "$1" 2>/dev/null
}
# topo_let_go NAME: a socket that has lost its process keeps its namespace until
# TCP gives it up, and that the module, which could not be removed for minutes.
# shellcheck disable=SC2317 # called by the function above
topo_let_go() {
	[ ! -d /sys/module/sst ] || sstctl -n "$topo_id-$1" shutdown 2>/dev/null
}
trap topo_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- namespaces ------------------------------------------------------------

# ns_name A: the namespace's full name, for ip -n and sstctl -n.
ns_name() {
	echo "$topo_id-$1"
}

# ns NAME COMMAND...: run in a namespace.
ns() {
	local netns=$topo_id-$1
	shift
	ip netns exec "$netns" "$@"
}

# ns_add NAME...: new namespaces with lo up.
ns_add() {
	local n
	for n in "$@"; do
		ip netns add "$topo_id-$n" || bail "no namespace $n"
		topo_names+=("$n")
		ip -n "$topo_id-$n" link set lo up
	done
}

# ns_del NAME: delete one before the end.
ns_del() {
	local n rest=()
	ip netns delete "$topo_id-$1"
	for n in "${topo_names[@]}"; do
		[ "$n" = "$1" ] || rest+=("$n")
	done
	topo_names=("${rest[@]+"${rest[@]}"}")
}

# Nothing is to be sent that the test did not ask for: no duplicate address
# detection, no router solicitation, no link-local addresses.
# shellcheck disable=SC2016 # the inner shell expands it
ns_quiet() {
	ns "$1" sh -c '
		for i in all default; do
			for kv in accept_dad=0 accept_ra=0 router_solicitations=0 \
				addr_gen_mode=1 dad_transmits=0; do
				echo "${kv#*=}" >"/proc/sys/net/ipv6/conf/$i/${kv%=*}"
			done
		done'
}

# stat_get NS COUNTER: one of the module's counters in a namespace.
stat_get() {
	sstctl -n "$(ns_name "$1")" -j stats |
		jq -er --arg c "$2" '.counters[$c]'
}

# stat_is NS COUNTER VALUE: for wait_for.
stat_is() {
	[ "$(stat_get "$1" "$2")" = "$3" ]
}

# stat_grew NS COUNTER BEFORE: for wait_for.
stat_grew() {
	[ "$(stat_get "$1" "$2")" -gt "$3" ]
}

# ---- host -- router -- host ------------------------------------------------
#
#   A eth0 ---- ra R rb ---- eth0 B
#
#   A  10.0.1.1   fd00:1::1      router there: 10.0.1.254  fd00:1::fe
#   B  10.0.2.1   fd00:2::1      router there: 10.0.2.254  fd00:2::fe

A4=10.0.1.1 A6=fd00:1::1 B4=10.0.2.1 B6=fd00:2::1
RA4=10.0.1.254 RA6=fd00:1::fe RB4=10.0.2.254 RB6=fd00:2::fe
export A4 A6 B4 B6 RA4 RA6 RB4 RB6

# topo_link NS1 DEV1 MAC1 NS2 DEV2 MAC2: a veth pair, down.
topo_link() {
	ip link add name "$2" netns "$topo_id-$1" address "$3" type veth \
		peer name "$5" netns "$topo_id-$4" address "$6"
}

# topo_hrh: make the network above.
topo_hrh() {
	local n
	ns_add A R B
	for n in A R B; do
		ns_quiet $n
	done
	topo_link A eth0 02:00:00:00:01:01 R ra 02:00:00:00:01:fe || bail "no veth"
	topo_link B eth0 02:00:00:00:02:01 R rb 02:00:00:00:02:fe || bail "no veth"
	# Neighbours are fixed, so that no request for them shows in a capture.
	topo_host A 1
	topo_host B 2
	ip -n "$topo_id-R" -batch - <<-END || bail "router not set up"
		addr add 10.0.1.254/24 dev ra
		addr add 10.0.2.254/24 dev rb
		addr add fd00:1::fe/64 dev ra nodad
		addr add fd00:2::fe/64 dev rb nodad
		link set ra up
		link set rb up
		neigh replace 10.0.1.1 lladdr 02:00:00:00:01:01 dev ra nud permanent
		neigh replace 10.0.2.1 lladdr 02:00:00:00:02:01 dev rb nud permanent
		neigh replace fd00:1::1 lladdr 02:00:00:00:01:01 dev ra nud permanent
		neigh replace fd00:2::1 lladdr 02:00:00:00:02:01 dev rb nud permanent
	END
	ns R sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	# A veth is usable when both ends have seen the carrier.
	wait_for topo_carrier || bail "links do not come up"
}

# A neighbour that is not known as a router costs IPv6 the path MTUs behind it,
# every 30 seconds.
topo_host() {
	ip -n "$topo_id-$1" -batch - <<-END || bail "host $1 not set up"
		addr add 10.0.$2.1/24 dev eth0
		addr add fd00:$2::1/64 dev eth0 nodad
		link set eth0 up
		neigh replace 10.0.$2.254 lladdr 02:00:00:00:0$2:fe dev eth0 nud permanent
		neigh replace fd00:$2::fe lladdr 02:00:00:00:0$2:fe dev eth0 nud permanent router
		route add default via 10.0.$2.254
		route add default via fd00:$2::fe
	END
}

# topo_new_b: B is another machine that has B's addresses, and knows nothing.
topo_new_b() {
	ip -n "$topo_id-R" link del rb || bail "no link to B"
	topo_let_go B
	ns_del B
	ns_add B
	ns_quiet B
	topo_link B eth0 02:00:00:00:02:01 R rb 02:00:00:00:02:fe || bail "no veth"
	ns_quiet R
	topo_host B 2
	ip -n "$topo_id-R" -batch - <<-END || bail "router not set up"
		addr add 10.0.2.254/24 dev rb
		addr add fd00:2::fe/64 dev rb nodad
		link set rb up
		neigh replace 10.0.2.1 lladdr 02:00:00:00:02:01 dev rb nud permanent
		neigh replace fd00:2::1 lladdr 02:00:00:00:02:01 dev rb nud permanent
	END
	wait_for topo_carrier || bail "links do not come up"
	ns B ethtool -K eth0 tx off sg off tso off gso off gro off >/dev/null
	ns R ethtool -K rb tx off sg off tso off gso off gro off >/dev/null
}

# topo_second_router: S, between R and B.
#
#   A eth0 ---- ra R rs ---- sr S rb ---- eth0 B      R 10.0.4.1  fd00:4::1
#                                                    S 10.0.4.2  fd00:4::2
topo_second_router() {
	ns_add S
	ns_quiet S
	must ip -n "$topo_id-R" link set rb netns "$topo_id-S"
	topo_link R rs 02:00:00:00:04:01 S sr 02:00:00:00:04:02 || bail "no veth"
	ip -n "$topo_id-R" -batch - <<-END || bail "first router not set up"
		addr add 10.0.4.1/24 dev rs
		addr add fd00:4::1/64 dev rs nodad
		link set rs up
		neigh replace 10.0.4.2 lladdr 02:00:00:00:04:02 dev rs nud permanent
		neigh replace fd00:4::2 lladdr 02:00:00:00:04:02 dev rs nud permanent
		route add 10.0.2.0/24 via 10.0.4.2
		route add fd00:2::/64 via fd00:4::2
	END
	ip -n "$topo_id-S" -batch - <<-END || bail "second router not set up"
		addr add 10.0.4.2/24 dev sr
		addr add fd00:4::2/64 dev sr nodad
		addr add $RB4/24 dev rb
		addr add $RB6/64 dev rb nodad
		link set sr up
		link set rb up
		neigh replace 10.0.4.1 lladdr 02:00:00:00:04:01 dev sr nud permanent
		neigh replace fd00:4::1 lladdr 02:00:00:00:04:01 dev sr nud permanent
		neigh replace $B4 lladdr 02:00:00:00:02:01 dev rb nud permanent
		neigh replace $B6 lladdr 02:00:00:00:02:01 dev rb nud permanent
		route add default via 10.0.4.1
		route add default via fd00:4::1
	END
	ns S sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

# topo_container: behind B, which forwards to it, is C.
#
#   B c ---- eth0 C       10.0.3.1  fd00:3::1    B there: 10.0.3.254  fd00:3::fe
topo_container() {
	ns_add C
	ns_quiet C
	topo_link C eth0 02:00:00:00:03:01 B c 02:00:00:00:03:fe || bail "no veth"
	topo_host C 3
	ip -n "$topo_id-B" -batch - <<-END || bail "container not set up"
		addr add 10.0.3.254/24 dev c
		addr add fd00:3::fe/64 dev c nodad
		link set c up
		neigh replace 10.0.3.1 lladdr 02:00:00:00:03:01 dev c nud permanent
		neigh replace fd00:3::1 lladdr 02:00:00:00:03:01 dev c nud permanent
	END
	ns B sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		modprobe nf_conntrack 2>/dev/null'
}

# shellcheck disable=SC2317 # called through wait_for
topo_carrier() {
	! ip -n "$topo_id-R" -o link show type veth | grep -q NO-CARRIER
}

# topo_mtu MTU [A|B]: of both links, or of the link to one host.
topo_mtu() {
	case ${2-} in
	'' | A)
		ip -n "$topo_id-A" link set eth0 mtu "$1"
		ip -n "$topo_id-R" link set ra mtu "$1" ;;
	esac
	case ${2-} in
	'' | B)
		ip -n "$topo_id-B" link set eth0 mtu "$1"
		ip -n "$topo_id-R" link set rb mtu "$1" ;;
	esac
}

# topo_router_mtu MTU: only of the router's side towards B: the hosts do not
# know, and learn by "packet too big".
topo_router_mtu() {
	ip -n "$topo_id-R" link set rb mtu "$1"
}

# topo_path_mtu MTU: the router carries no more towards either host, by its
# routes: the hosts do not know. What they had learned is forgotten.
topo_path_mtu() {
	local n
	ip -n "$topo_id-R" -batch - <<-END || return 1
		route replace $A4/32 dev ra mtu lock $1
		route replace $B4/32 dev rb mtu lock $1
		route replace $A6/128 dev ra mtu lock $1
		route replace $B6/128 dev rb mtu lock $1
	END
	for n in A B; do
		ip -n "$topo_id-$n" -4 route flush cache
		ip -n "$topo_id-$n" -6 route flush cache
	done
}

# topo_offload on|off: segmentation, merging and checksums left to the devices.
topo_offload() {
	local pair
	for pair in A:eth0 B:eth0 R:ra R:rb; do
		ns "${pair%:*}" ethtool -K "${pair#*:}" tx "$1" sg "$1" tso "$1" \
			gso "$1" gro "$1" >/dev/null || return 1
	done
}

# topo_netem to_a|to_b|both OPTIONS...: netem on the router's way to a host, e.g.
#   topo_netem both delay 5ms loss 3% duplicate 2% reorder 20%
# (reorder needs a delay). Again replaces, without options removes.
topo_netem() {
	local dir=$1 dev
	shift
	for dev in ra rb; do
		case $dir:$dev in to_a:rb | to_b:ra) continue ;; esac
		if [ $# -gt 0 ]; then
			ns R tc qdisc replace dev $dev root netem "$@" || return 1
		else
			ns R tc qdisc del dev $dev root 2>/dev/null
		fi
	done
	return 0
}

# router_firewall: forward only what connection tracking finds right. What it
# finds wrong is dropped and counted.
router_firewall() {
	ns R sh -c 'echo 0 >/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal' 2>/dev/null
	ns R nft -f - <<-END
		table inet firewall {
			counter invalid { }
			counter refused { }
			chain forward {
				type filter hook forward priority filter; policy drop;
				ct state invalid counter name invalid drop
				ct state established,related accept
				iifname "ra" ct state new accept
				counter name refused
			}
		}
	END
}

# router_counter invalid|refused: packets dropped by router_firewall.
router_counter() {
	ns R nft -j list counter inet firewall "$1" |
		jq -er '.nftables[] | select(.counter).counter.packets'
}

# router_masquerade: B sees the router's address instead of A's.
router_masquerade() {
	ns R nft -f - <<-END
		table inet masq {
			chain postrouting {
				type nat hook postrouting priority srcnat;
				oifname "rb" masquerade
			}
		}
	END
}

# ---- captures --------------------------------------------------------------

# What no test asks about: multicast listener reports (they have a hop-by-hop
# header) and anything but IP.
capture_filter='(ip or ip6) and not ip6 proto 0'

# capture_start NAME NS DEVICE FILE [FILTER]: returns when packets are captured.
capture_start() {
	local name=$1 netns=$2 dev=$3 file=$4 filter=${5-$capture_filter}
	# Room for a thousand packets of full size: none may be lost.
	bg_ns "$name" "$netns" tcpdump -n -Z root -s 66000 -B 65536 -U \
		--immediate-mode -K -i "$dev" -w "$file" "$filter"
	wait_for grep -q 'listening on' "$topo_tmp/$name.err" || {
		cat "$topo_tmp/$name.err"
		return 1
	}
	capture_file[$name]=$file
}
declare -A capture_file=()

# capture_told NAME: how often tcpdump has said what it counts.
capture_told() {
	grep -c '^tcpdump: .* received by filter' "$topo_tmp/$1.err"
}
capture_tells() {
	[ "$(capture_told "$1")" -gt "$2" ]
}
# capture_drained NAME: tcpdump has written all that came. It may be late on a slow
# machine, and what it has not read when it is ended is lost.
capture_drained() {
	local told captured received
	told=$(capture_told "$1")
	kill -USR1 "${bg_pid[$1]}" 2>/dev/null || return 0
	wait_for -t 20 capture_tells "$1" "$told" || return 1
	read -r captured received < <(sed -nE 's/^tcpdump: ([0-9]+) packets? captured, ([0-9]+) packets? received.*/\1 \2/p' \
		"$topo_tmp/$1.err" | tail -n 1)
	[ "$captured" = "$received" ]
}

# capture_stop NAME: ends it when no more packets come in. Fails when the capture
# lost any.
capture_stop() {
	local size='' now same=0 file=${capture_file[$1]}
	[ -n "${bg_pid[$1]-}" ] || { echo "$1 does not run" && return 1; }
	# The counts may differ for ever: on lo all is received twice, and what came
	# before the filter was there counts as well.
	while [ "$same" -eq 0 ] || { [ "$same" -lt 10 ] && ! capture_drained "$1"; }; do
		now=$(stat -c %s "$file") || break
		same=$((same + 1))
		[ "$now" = "$size" ] || same=0
		size=$now
		sleep 0.3
	done
	bg_stop "$1" INT
	! grep -E '(^|[^0-9])[1-9][0-9]* packets? dropped by kernel' "$topo_tmp/$1.err"
}

# capture_count FILE FILTER: number of packets in a file.
capture_count() {
	tcpdump -n -K -r "$1" "$2" 2>/dev/null | wc -l
}

host_log_group=100

# host_log_start NAME NS in|out FILE [NFT-MATCH]: packets as the host's own stack
# sees them: out = before they are sealed, in = after they were opened. The file
# is a capture of link type NFLOG with whole packets. End it with capture_stop.
host_log_start() {
	local name=$1 netns=$2 dir=$3 file=$4 match=${5-} hook=input prio=filter
	host_log_group=$((host_log_group + 1))
	if [ "$dir" = out ]; then
		hook=output prio=raw
	fi
	# Without a snaplen the reader decides how much is copied: all. Loopback
	# is left out.
	ns "$netns" nft -f - <<-END || return 1
		table inet log_$host_log_group {
			chain c {
				type filter hook $hook priority $prio;
				meta protocol ip iifname != "lo" oifname != "lo" $match log group $host_log_group queue-threshold 1
				meta protocol ip6 iifname != "lo" oifname != "lo" $match log group $host_log_group queue-threshold 1
			}
		}
	END
	# This link type knows no filters, hence the match above.
	# It has no buffer of its own either, but takes the socket's default size.
	local rmem rc=0
	rmem=$(cat /proc/sys/net/core/rmem_default)
	echo 67108864 >/proc/sys/net/core/rmem_default
	capture_start "$name" "$netns" "nflog:$host_log_group" "$file" '' || rc=1
	echo "$rmem" >/proc/sys/net/core/rmem_default
	return "$rc"
}

# ---- traffic ---------------------------------------------------------------

# listening NS tcp|udp PORT: for wait_for.
listening() {
	ns "$1" ss -Hnl"${2:0:1}" "sport = :$3" | grep -q .
}

# Tests that look at the sizes of segments set it: the sender writes all at once, with
# room for all. What comes in pieces leaves a rest of any size whenever the sender
# is late and all before it has been acknowledged.
topo_at_once=
# SO_SNDBUFFORCE
topo_sndbuf=setsockopt-int=1:32:4194304

# tcp_transfer FROM TO ADDRESS PORT BYTES: random bytes from one namespace to
# the other over one connection; fails unless they arrive unchanged. Socat's
# options for the connecting side may follow.
tcp_transfer() {
	local from=$1 to=$2 addr=$3 port=$4 bytes=$5 opts=${6-} fam=4 rc=0
	case $addr in *:*) fam=6 addr="[$addr]" ;; esac
	head -c "$bytes" /dev/urandom >"$topo_tmp/sent"
	bg_ns "srv$port" "$to" socat -u "TCP$fam-LISTEN:$port,reuseaddr" "CREATE:$topo_tmp/got"
	wait_for listening "$to" tcp "$port" || return 1
	ns "$from" timeout 120 socat -u ${topo_at_once:+-b "$bytes"} "OPEN:$topo_tmp/sent" \
		"TCP$fam:$addr:$port,connect-timeout=60${opts:+,$opts}${topo_at_once:+,$topo_sndbuf}" || rc=1
	if [ "$rc" -eq 0 ]; then
		wait_for -t 60 topo_gone "${bg_pid[srv$port]}" || rc=1
	fi
	bg_stop "srv$port"
	[ "$rc" -eq 0 ] && cmp "$topo_tmp/sent" "$topo_tmp/got"
}

# tcp_back FROM TO ADDRESS PORT BYTES: the same, but the bytes go to the side that
# connects.
tcp_back() {
	local from=$1 to=$2 addr=$3 port=$4 bytes=$5 opts=${6-} fam=4 rc=0
	case $addr in *:*) fam=6 addr="[$addr]" ;; esac
	head -c "$bytes" /dev/urandom >"$topo_tmp/sent"
	bg_ns "back$port" "$to" socat -u ${topo_at_once:+-b "$bytes"} "OPEN:$topo_tmp/sent" \
		"TCP$fam-LISTEN:$port,reuseaddr${topo_at_once:+,$topo_sndbuf}"
	wait_for listening "$to" tcp "$port" || return 1
	ns "$from" timeout 120 socat -u "TCP$fam:$addr:$port${opts:+,$opts}" \
		"CREATE:$topo_tmp/got" || rc=1
	bg_stop "back$port"
	[ "$rc" -eq 0 ] && cmp "$topo_tmp/sent" "$topo_tmp/got"
}

# udp_echo_server NS PORT: sends every datagram back, until the test ends.
udp_echo_server() {
	bg_ns "udp$2" "$1" socat "UDP6-LISTEN:$2,ipv6only=0,reuseaddr,fork" EXEC:cat
	wait_for listening "$1" udp "$2"
}

# udp_echo NS ADDRESS PORT TEXT [OWN-PORT]: send a datagram, print what comes back,
# as soon as it does.
udp_echo() {
	ns "$1" /usr/bin/python3 "$topo_lib/udp-ask.py" "$2" "$3" "${5-0}" "$4"
}
