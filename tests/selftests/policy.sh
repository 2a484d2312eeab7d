#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 240
# Rules by user and control group over real traffic, all rules replaced at once
# while flows open, a configuration that is written and taken back, and what
# explain says.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 190
topo_hrh
sst_psk_peers
config=$topo_tmp/config

# A tree of control groups of our own.
groups=$topo_tmp/cgroup
must mkdir "$groups"
must mount -t cgroup2 none "$groups"
root=/sst-test-$$
cg=$groups$root
must mkdir -p "$cg/app/below" "$cg/other"
# They go before the folder with all files does.
trap 'rc=$?; rmdir "$cg/app/below" "$cg/app" "$cg/other" "$cg"; umount -l "$groups"; (exit $rc); topo_cleanup' EXIT

phase() {
	local name=$1
	shift
	/usr/bin/python3 "$sst_tests/lib/policy.py" --id "$topo_id" --cgroup "$cg" \
		"$@" "$name"
}
results() {
	local verdict text
	while read -r verdict text; do
		case $verdict in
		pass) tap_pass "$text" ;;
		fail) tap_fail "$text" ;;
		seen) echo "$text" >>"$topo_tmp/seen" ;;
		*) echo "$verdict $text" ;;
		esac
	done < <(phase "$@")
}
rules() {
	in_ns "$1" -j policy show | jq '.policy | length'
}
hits() {
	in_ns "$1" -j policy show | jq '[.policy[].hits] | add'
}

# ---- users and control groups

must in_ns A policy add out port 600 uid 1000 require >/dev/null
must in_ns A policy add out port 601 uid 2000-2009 require >/dev/null
must in_ns A policy add out port 602 cgroup "$root/app" require scope ports >/dev/null
must in_ns A policy add out port 620 uid 1000 require >/dev/null
must in_ns A policy add out port 621 uid 1000 clear priority 1 >/dev/null
must in_ns A policy add out port 621 require >/dev/null
must in_ns B policy add in port 610 uid 3000 require >/dev/null
is "a rule shows its user" "$(in_ns A policy show 1 | sed 's/ priority.*//')" \
	"policy 1 out port 600 uid 1000 require"
is "and its group" "$(in_ns A -j policy show 3 | jq -c '.policy[0] | [.cgroup, .cgroup_gone, .scope]')" \
	"[\"$root/app\",false,\"ports\"]"
must capture_start who R any "$topo_tmp/who.pcap" 'inbound and (tcp or udp)'
results clients
ok "nothing was lost in the capture" capture_stop who
while read -r port how text; do
	clear=$(capture_count "$topo_tmp/who.pcap" "port $port and portrange 600-699")
	case $how in
	sealed) is "$text: nothing of it is clear" "$clear" 0 ;;
	clear) at_least "$text: clear" "$clear" 2 ;;
	esac
done <"$topo_tmp/seen"
at_least "what was sealed was on the wire" "$(stat_get A tx_sealed)" 20
results listeners
must in_ns B policy add in port 612 cgroup "$root/app" require >/dev/null
results chosen
must in_ns B policy del 2
results nobody

# The group goes, and another one comes under its path.
must rmdir "$cg/app/below" "$cg/app"
is "of a group that was removed the rule says so" \
	"$(in_ns A -j policy show 3 | jq '.policy[0].cgroup_gone')" true
ok "in text, too" eval "in_ns A policy show 3 | grep -q 'cgroup $root/app (id [0-9]*, gone)'"
must mkdir -p "$cg/app/below"
is "it is not about a new one with its path" \
	"$(in_ns A explain tcp to "$B4" port 602 cgroup "$root/app" | head -n 1)" "no rule fits"
must in_ns A policy del 3
must in_ns A policy add out port 602 cgroup "$root/app" require >/dev/null

# ---- explain

explain() {
	in_ns "$1" -j explain "${@:2}" | jq -c '[.rule.id, .outcome, .key, .key_peer]'
}
before=$(hits A)
is "explain: the user" "$(explain A tcp to "$B4" port 600 uid 1000)" '[1,"sealed","psk","b"]'
is "explain: another user" "$(explain A tcp to "$B6" port 600 uid 1001)" '[null,"clear","psk","b"]'
is "explain: nobody known" "$(explain A out udp to "$B4" port 600)" '[1,"sealed","psk","b"]'
is "explain: no key" "$(explain A tcp to 10.9.9.9 port 600 uid 1000)" '[1,"refused",null,null]'
is "explain: a group" "$(explain A tcp to "$B4" port 602 cgroup "$root/app/below")" \
	'[7,"sealed","psk","b"]'
is "explain: an exception" "$(explain A tcp to "$B4" port 621 uid 1000)" '[5,"clear","psk","b"]'
is "explain: not for all" "$(explain A tcp to "$B4" port 621 uid 1001)" '[6,"sealed","psk","b"]'
is "explain: loopback" "$(explain A tcp to 127.0.0.1 port 621)" '[null,"exempt",null,null]'
is "explain: multicast" "$(explain A udp to ff02::1 port 621)" '[null,"exempt",null,null]'
is "explain: in" "$(explain B in tcp from "$A4" port 610 uid 3000)" '[1,"sealed","psk","a"]'
is "explain: in, a stranger" "$(explain B in tcp from 10.9.9.9 port 610 uid 3000)" \
	'[1,"refused",null,null]'
is "explain: in, no rule" "$(explain B in tcp from "$A4" port 610 uid 0)" '[null,"clear","psk","a"]'
is "explain: in words" "$(in_ns A explain tcp to "$B4" port 600 uid 1000 | tail -n 2)" \
	"key: psk, peer b
sealed: it goes sealed, never in clear"
is "explain: an own address" "$(explain A tcp to "$A4" port 621)" '[null,"exempt",null,null]'
(umask 077 && sstctl genkey >"$topo_tmp/b.key") || bail "sstctl genkey"
must in_ns B host add own key "$topo_tmp/b.key"
for from in anyone listed nobody; do
	must in_ns B set init-from $from
	want='[1,"refused",null,null]'
	[ $from != anyone ] || want='[1,"sealed","public-key",null]'
	is "explain: in, a stranger, init-from $from" \
		"$(explain B in tcp from 10.9.9.9 port 610 uid 3000)" "$want"
done
must in_ns B set init-from anyone
must in_ns B host del own
is "none of it was a hit" "$(hits A)" "$before"

# ---- a configuration

(umask 077 && sstctl genkey >"$topo_tmp/c.key") || bail "sstctl genkey"
public=$(sstctl pubkey <"$topo_tmp/c.key")
must in_ns A peer add c address 10.0.3.1,fd00:3::1 public-key "$public" wire-port 5000-5010 identity offer
must in_ns A peer add d public-key "$(sstctl genkey | sstctl pubkey)"
must in_ns A host add own key "$topo_tmp/c.key"
must in_ns A set max-flows 4242 dscp keep
must in_ns A policy add in from fd00:2::/64 proto udp port 1-100 require peer b priority 7 >/dev/null 2>&1
must in_ns A policy add in from 10.0.0.0/8 clear >/dev/null
must in_ns A policy add in from 10.1.0.0/16 require scope payload mark openings priority 900 >/dev/null
must in_ns A policy add out to 10.1.0.0/16 proto tcp require scope label mark openings priority 900 >/dev/null
in_ns A show --config >"$config" || bail "show --config"
not_ok "secrets stay out of it" grep -qF "$(cat "$topo_tmp/c.key")" "$config"
is "it says where they are needed" "$(grep -c '^# secret' "$config")" 2
old=$(in_ns A -j policy show | jq '.policy[0].id')
ok "it is taken back" in_ns A apply "$config"
in_ns A show --config >"$config.2"
ok "and is what it was" cmp "$config" "$config.2"
ok "addresses in another order are the same" \
	in_ns A apply - < <(sed 's/10.0.3.1,fd00:3::1/fd00:3::1,10.0.3.1/' "$config")
is "by rules that are new" "$(in_ns A -j policy show | jq ".policy[] | select(.id == $old) | .id")" ""
must in_ns A policy flush
must in_ns A peer del c
must in_ns A set max-flows 1000 dscp clear
ok "it restores what was removed" in_ns A apply - <"$config"
in_ns A show --config >"$config.2"
ok "all of it" cmp "$config" "$config.2"

# apply_fails MESSAGE: of what is on standard input; nothing changes.
apply_fails() {
	local rc err
	err=$(in_ns A apply - 2>&1 >/dev/null)
	rc=$?
	in_ns A show --config >"$config.2"
	is "refused: $1" "$err" "sstctl: apply: $1"
	ok "and not done" [ "$rc" != 0 ]
	ok "nothing changed" cmp "$config" "$config.2"
}
stdin='standard input'
apply_fails "$stdin:3: port '0': a port is a number from 1 to 65535" <<-END
	# The first line is good.
	policy add out port 80 require
	policy add out port 0 require
END
apply_fails "$stdin:2: 'frob' is not expected, give policy add, policy flush, peer add or set" <<-END
	set max-flows 7
	frob
END
apply_fails "$stdin:4: a rule before it is about the same flows" <<-END
	policy add out port 80 require
	policy add in port 80 require

	policy add out port 80 clear priority 1
	policy add out port 81 clear
END
apply_fails "$stdin:2: no control group of version 2 has this path; it begins with / at the root of cgroup2" <<-END
	policy add out port 80 require
	policy add out port 80 cgroup "/no such" require
END
apply_fails "$stdin:2: peer c is there and differs: try 'sstctl peer del' first, which ends its flows" <<-END
	policy flush
	peer add c address 10.0.3.1 public-key $public
END
apply_fails "$stdin:4: peer c is there and differs: try 'sstctl peer del' first, which ends its flows" <<-END
	$(sed 's/ identity offer//' "$config")
END
apply_fails "$stdin:1: a configuration holds no secrets: use 'sstctl peer add' by itself" <<-END
	peer add e address 10.0.3.1 psk $topo_tmp/a.psk
END
apply_fails "$stdin:1: a double quote is not closed" <<-END
	policy add "out
END
# What a command that failed leaves in a pipe; an intended change without rules, too.
none="no rule in it: to remove all, 'sstctl policy flush'"
apply_fails "$stdin: $none" </dev/null
apply_fails "$stdin: $none" <<-END
	# Nothing but
	set max-flows 7
END
apply_fails "$stdin:2: policy flush stands before the first rule" <<-END
	policy add out port 80 require
	policy flush
END

# ---- whoever makes a group chooses its name: it does not play with a terminal

bad=$'bad\e[2J\x9b'
must mkdir "$cg/$bad"
bad_id=$(in_ns A policy add out port 603 cgroup "$root/$bad" require | cut -d' ' -f2)
is "its path in text" "$(in_ns A policy show "$bad_id" | grep -cF "cgroup $root/bad?[2J? (id ")" 1
is "and in JSON" "$(in_ns A -j policy show "$bad_id" | jq -r '.policy[0].cgroup')" \
	"$root/bad?[2J?"
is "in a file it is a comment" \
	"$(in_ns A show --config | grep -F 'bad?[2J?' | cut -c1-22)" "# the control group is"
must in_ns A policy del "$bad_id"
must rmdir "$cg/$bad"

# ---- replaced under traffic

# Two tables that both require SST for the port, by another rule each.
for i in $(seq 300); do
	echo "policy add out port $i uid $i require"
done >"$topo_tmp/many"
{
	cat "$topo_tmp/many"
	echo "policy add out port 630 require"
} >"$topo_tmp/x"
{
	echo "policy add out to 10.0.0.0/8 port 600-699 require"
	echo "policy add out to fd00::/16 require"
	cat "$topo_tmp/many"
} >"$topo_tmp/y"
must in_ns A apply "$topo_tmp/x"
is "a file is all of the rules" "$(rules A)" 301
results listed --file "$topo_tmp/y"
must in_ns A apply "$topo_tmp/x"
swap() {
	while :; do
		in_ns A apply "$topo_tmp/y" && in_ns A apply "$topo_tmp/x" || return 1
		echo swapped
	done
}
refused=$(stat_get A tx_required)
must capture_start swapped R any "$topo_tmp/swap.pcap" 'inbound and (tcp or udp)'
bg swap swap
results swapped --file "$topo_tmp/swap.out"
ok "tables were replaced all the time" bg_alive swap
bg_stop swap
diag "$(grep -c swapped "$topo_tmp/swap.out") times two tables"
at_least "many times" "$(grep -c swapped "$topo_tmp/swap.out")" 5
ok "nothing was lost in the capture" capture_stop swapped
is "nothing ever left in clear" "$(capture_count "$topo_tmp/swap.pcap" 'port 630')" 0
is "nor was refused" "$(stat_get A tx_required)" "$refused"

# ---- many

for i in $(seq 10000); do
	echo "policy add out to 10.$((i / 250 % 250)).$((i % 250)).0/24 proto tcp port $((1 + i % 1000)) require"
done >"$topo_tmp/all"
began=$(date +%s%N)
ok "10,000 rules are put in force" in_ns A apply "$topo_tmp/all"
diag "in $((($(date +%s%N) - began) / 1000000)) ms"
is "all of them" "$(rules A)" 10000
is "the last one decides about its flows" \
	"$(in_ns A explain tcp to 10.40.0.1 port 1 | sed -n '1s/^policy [0-9]* \(.*\) priority.*/\1/p')" \
	"out to 10.40.0.0/24 proto tcp port 1 require"
began=$(date +%s%N)
must in_ns A policy add out port 7 require >/dev/null
diag "one more: $((($(date +%s%N) - began) / 1000000)) ms, with the start of sstctl"
ok "no rules replace them" in_ns A apply - <<<'policy flush'
is "none is left" "$(rules A)" 0
in_ns A show --config >"$config.2"
ok "no rules are a configuration, too" in_ns A apply "$config.2"
