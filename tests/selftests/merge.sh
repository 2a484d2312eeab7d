#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 180
# Opened segments become large packets again where the device has receive
# offload, and nowhere else: what arrives is the same, byte for byte, through a
# firewall, over a path that loses, doubles and reorders packets, for many
# connections at once, for small writes, and while flows and namespaces go away.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
traffic=("/usr/bin/python3" "$sst_tests/lib/traffic.py")
module=$(basename "$SST_MODULE" .ko)
module=${module//-/_}

tap_plan 34
topo_hrh
must topo_offload on
for pair in A:eth0 B:eth0 R:ra R:rb; do
	must ns "${pair%:*}" ethtool -K "${pair#*:}" tso off
done
must router_firewall
for host in A B; do
	ns $host nft -f - <<-END || bail "no nft"
		table inet seen {
			counter data { }
			chain input {
				type filter hook input priority filter;
				meta l4proto tcp counter name data
			}
		}
	END
done

gro() {
	must ns A ethtool -K eth0 gro "$1"
	must ns B ethtool -K eth0 gro "$1"
}

# begin HOST, end HOST: opened, merged and seen behind the hooks in between.
numbers() {
	stat_get "$1" rx_opened
	stat_get "$1" rx_merged
	ns "$1" nft -j list counter inet seen data |
		jq -er '.nftables[] | select(.counter).counter.packets'
}
begin() {
	mapfile -t before < <(numbers "$1")
}
end() {
	local after
	mapfile -t after < <(numbers "$1")
	opened=$((after[0] - before[0]))
	merged=$((after[1] - before[1]))
	seen=$((after[2] - before[2]))
	diag "$1: opened $opened, merged $merged, seen $seen"
}

# tcp OWN-PORT 4|6 send|receive MEGABYTES: as seen from A.
tcp() {
	local b=B$2 other=receive rc=0
	[ "$3" = send ] || other=send
	bg_ns server B /usr/bin/python3 "$sst_tests/lib/tcp-bulk.py" listen 80 $other "$4"
	wait_for listening B tcp 80 || return 1
	ns A /usr/bin/python3 "$sst_tests/lib/tcp-bulk.py" connect "${!b}" 80 "$1" "$3" "$4" || rc=1
	bg_wait server || rc=1
	cat "$topo_tmp/server.out" "$topo_tmp/server.err"
	return $rc
}

# transfer DESCRIPTION 4|6 send|receive MEGABYTES: over a flow of its own.
port=5000
transfer() {
	local host=B
	[ "$3" = send ] || host=A
	port=$((port + 1))
	must sst_pair tcp "$2" $port 80
	begin $host
	ok "$1, IPv$2: A can $3" tcp $port "$2" "$3" "$4"
	end $host
}

# What was merged is not seen. A sends over IPv4 and receives over IPv6.
for case in '4 send' '6 receive'; do
	read -r fam dir <<<"$case"
	gro on
	transfer "offload on" "$fam" "$dir" 1
	at_least "offload on, IPv$fam: segments were merged" "$merged" $((opened / 2))
	is "offload on, IPv$fam: all others come by as they are" "$seen" $((opened - merged))
	gro off
	transfer "offload off" "$fam" "$dir" 1
	is "offload off, IPv$fam: none was merged" "$merged" 0
	is "offload off, IPv$fam: all come by" "$seen" "$opened"
done
gro on

# Options that segments have in common, or have not.
for case in '4 timestamps' '6 sack'; do
	read -r fam option <<<"$case"
	for host in A B; do
		ns $host sh -c "echo 0 >/proc/sys/net/ipv4/tcp_$option"
	done
	transfer "no $option" "$fam" send 1
	at_least "no $option, IPv$fam: segments were merged" "$merged" $((opened / 2))
	for host in A B; do
		ns $host sh -c "echo 1 >/proc/sys/net/ipv4/tcp_$option"
	done
done
is "the firewall found no packet wrong so far" "$(router_counter invalid)" 0
is "nothing was dropped so far" "$(sst_drops A)$(sst_drops B)" ""

# Small writes that are sent at once: each ends what was sent (PSH).
small() {
	local b=B$1 addr rc=0
	port=$((port + 1))
	must sst_pair tcp "$1" $port 81
	addr=${!b}
	case $addr in *:*) addr="[$addr]" ;; esac
	bg_ns server B socat -u "TCP$1-LISTEN:81,reuseaddr" "CREATE:$topo_tmp/got"
	wait_for listening B tcp 81 || return 1
	ns A socat -u -b 111 "OPEN:$topo_tmp/sent" \
		"TCP$1:$addr:81,sourceport=$port,nodelay" || rc=1
	bg_wait server || rc=1
	[ $rc -eq 0 ] && cmp "$topo_tmp/sent" "$topo_tmp/got"
}
head -c 40000 /dev/urandom >"$topo_tmp/sent"
for fam in 4 6; do
	begin B
	ok "small writes, IPv$fam, arrive in order" small $fam
	end B
	is "small writes, IPv$fam: what was not merged comes by" "$seen" $((opened - merged))
done

# A path that loses, doubles and reorders.
ns R nft delete table inet firewall
must topo_netem both delay 300us loss 1% duplicate 1% reorder 10% limit 10000
for case in '6 send' '4 receive'; do
	read -r fam dir <<<"$case"
	transfer "a bad path" "$fam" "$dir" 1
	at_least "a bad path, IPv$fam: segments were merged" "$merged" $((opened / 20))
done
must topo_netem both
is "a bad path: only copies were dropped on A" \
	"$(sst_drops A | sed 's/rx_replay=[0-9]*//')" ""
is "a bad path: only copies were dropped on B" \
	"$(sst_drops B | sed 's/rx_replay=[0-9]*//')" ""

# Many connections, both ways at once, and datagrams among them.
must in_ns A flow flush
must in_ns B flow flush
sst_flow_list=()
for i in {1..4}; do
	for fam in 4 6; do
		must sst_pair tcp $fam $((4100 + i)) $((80 + i))
	done
done
must sst_pair udp 4 4201 181
must sst_pair udp 6 4201 181
begin B
ok "many connections at once" "${traffic[@]}" run --id "$topo_id" \
	--keys "$sst_keys" --seconds 1
end B
at_least "many connections: segments were merged" "$merged" $((opened / 20))

# Whatever goes away while packets come by, goes.
bg storm "${traffic[@]}" storm --id "$topo_id" --keys "$sst_keys"
must wait_for -t 30 grep -q ready "$topo_tmp/storm.out"
begin B
sleep 1
end B
at_least "data flows" "$opened" 10
not_ok "the module stays while there are flows" rmmod "$module"
for state in off on off on; do
	gro $state
	sleep 0.05
done
# Connections whose programs were killed are not to keep the namespace.
ns B sh -c 'cd /proc/sys/net/ipv4; echo 1 >tcp_orphan_retries; echo 1 >tcp_fin_timeout'
ns_del B
bg_stop storm KILL
# shellcheck disable=SC2317 # called through wait_for
peer_gone() {
	! ns R ip link show rb
}
ok "the namespace goes while data flows" wait_for -t 20 peer_gone
must in_ns A flow flush
must in_ns A shutdown
ok "and then the module" wait_for -t 20 rmmod "$module"
