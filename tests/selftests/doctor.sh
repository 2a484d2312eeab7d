#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 60
# "sstctl doctor": nothing to say about two hosts that are as they should be; then
# one thing is wrong at a time, and it names that and nothing else. (The path:
# doctor-path.sh.)
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 76
clock() {
	must /usr/bin/python3 "$sst_tests/lib/synchronized.py" "$1"
}

# examine COMMAND...: what is not good; keeps all, and the status.
examine() {
	"$@" >"$topo_tmp/found.json" 2>"$topo_tmp/err"
	echo $? >"$topo_tmp/status"
	jq -r '[.findings[] | select(.level != "ok") | "\(.level) \(.check)"] | join(", ")' \
		"$topo_tmp/found.json"
}
# found TEXT WANT WORDS [ARGUMENT...]: of A, with these words about it.
found() {
	local text=$1 want=$2 words=$3 status=0
	shift 3
	is "$text" "$(examine in_ns A -j doctor "$@")" "$want" ||
		diag "$(cat "$topo_tmp/found.json" "$topo_tmp/err")"
	ok "$text: says $words" grep -qF -- "$words" "$topo_tmp/found.json" ||
		diag "$(cat "$topo_tmp/found.json")"
	[[ $want != *problem* ]] || status=3
	[ "$(cat "$topo_tmp/status")" = $status ] || tap_fail "$text: the status"
}
# rule, no_rule: one rule of A.
rule() {
	id=$(in_ns A policy add "$@") || bail "rule"
	id=${id#policy }
}
no_rule() {
	must in_ns A policy del "$id"
}

clock yes
topo_hrh

# ---- as it should be -----------------------------------------------------------
found "nothing is set up" "warning hooks" "sstctl peer help"
sst_psk_peers
must in_ns A policy add out to "$B4" require >/dev/null
must in_ns B policy add in from "$A4" require >/dev/null
bg_ns server B socat -u TCP4-LISTEN:80,reuseaddr,fork /dev/null
must wait_for listening B tcp 80
echo hello | ns A socat -u - "TCP4:$B4:80" || bail "no connection"
for host in A B; do
	is "a healthy pair: $host" "$(examine in_ns $host -j doctor)" ""
	is "a healthy pair: $host: the status says so" "$(cat "$topo_tmp/status")" 0
done
is "all was looked at" "$(jq -r '[.findings[].check] | join(" ")' "$topo_tmp/found.json")" \
	"module kernel clock sysctl hooks host-key peer policy assoc flow counter"
is "JSON counts" "$(jq -c '[.warnings, .problems]' "$topo_tmp/found.json")" "[0,0]"
is "text has a line for each" "$(in_ns A doctor | grep -c '^ok       [a-z-]*: ')" 11

# ---- module and kernel ---------------------------------------------------------
echo 0.0.9 >"$topo_tmp/version"
must mount --bind "$topo_tmp/version" /sys/module/sst/version
found "another version" "warning module" "version 0.0.9 is loaded"
must umount /sys/module/sst/version
is "another kernel" "$(examine setarch --uname-2.6 sstctl -n "$(ns_name A)" -j doctor)" \
	"warning kernel"

# ---- clock ---------------------------------------------------------------------
clock no
found "not synchronized" "warning clock" "NTP"
clock yes
now=$(date +%s)
must date -s @86400 >/dev/null
found "the year is 1970" "problem clock" "it says 1970"
must date -s "@$now" >/dev/null
clock yes

# ---- sysctls -------------------------------------------------------------------
# sysctl NAME VALUE
sysctl() {
	ns A sh -c "echo $2 >/proc/sys/net/ipv4/$1"
}
sysctl ip_no_pmtu_disc 1
found "no path MTU discovery" "warning sysctl" "ip_no_pmtu_disc=0"
sysctl ip_no_pmtu_disc 0
sysctl ipfrag_low_thresh 0
sysctl ipfrag_high_thresh 0
found "no fragments" "warning sysctl" "ipfrag_high_thresh"
sysctl ipfrag_high_thresh 4194304
must in_ns A set wire-port 40000-40010
found "wire ports that clients take" "warning sysctl" "ip_local_reserved_ports"
sysctl ip_local_reserved_ports 8080,40000-40010
is "they are reserved" "$(examine in_ns A -j doctor)" ""
must in_ns A set wire-port any

# ---- rules ---------------------------------------------------------------------
rule out to "$B4/32" proto tcp port 80 clear
found "a rule that never decides" "warning policy" "rule $id never decides"
no_rule
rule out to "$B4/32" proto tcp port 80 clear priority 5
is "it is looked at before" "$(examine in_ns A -j doctor)" ""
no_rule
rule out uid 5 to "$B6" clear
first=$id
id=$(in_ns A policy add out uid 0-9 to "$B6" port 80 clear)
id=${id#policy }
is "a rule about more users" "$(examine in_ns A -j doctor)" ""
no_rule
rule out uid 5 to "$B6" port 80 clear
found "a rule about the same user" "warning policy" "rule $id never decides: rule $first"
no_rule
id=$first
no_rule
must mkdir /sys/fs/cgroup/doctor
rule out cgroup /doctor to "$B6" clear
must rmdir /sys/fs/cgroup/doctor
found "a control group that is gone" "warning policy" "rule $id is about a control group"
no_rule
rule out to "$B6" require peer nobody
found "a peer that does not exist" "problem policy" "names the peer nobody"
no_rule
rule out to 10.9.0.0/16 require
found "nobody is there" "problem policy" "every flow fails"
no_rule
rule out to 10.9.0.0/16 prefer
found "nobody is there, prefer" "warning policy" "every flow is clear"
no_rule
rule in from 10.9.0.0/16 port 22 require
found "no key for those who come" "problem policy" "no key by which they could"
no_rule
rule in from 10.0.0.0/8 port 22 require
is "a key for some of them" "$(examine in_ns A -j doctor)" ""
no_rule

# ---- keys ----------------------------------------------------------------------
sst_public_key A main
(umask 077 && sstctl genkey >"$topo_tmp/other.key")
other=$(sstctl pubkey <"$topo_tmp/other.key")
rule in from 10.9.0.0/16 port 22 require
is "a host key is a key for those who come" "$(examine in_ns A -j doctor)" ""
no_rule
found "its file" "" "is a host key here" key "$topo_tmp/A.key"
found "another file" "warning key-file" "is not a host key" key "$topo_tmp/other.key"
chmod o+r "$topo_tmp/A.key"
found "a file that all may read" "problem key-file" "chmod o=" key "$topo_tmp/A.key"
echo nonsense >"$topo_tmp/bad.key"
chmod 600 "$topo_tmp/bad.key"
found "a file without a key" "problem key-file" "genkey" key "$topo_tmp/bad.key"
found "a file that is not there" "problem key-file" "No such file" key "$topo_tmp/none.key"
must in_ns A set init-from nobody
found "a host key that is of no use" "warning host-key" "init-from is nobody"
must in_ns A set init-from listed
found "nobody is listed" "warning host-key" "no peer has a public key"
must in_ns A set init-from anyone

# ---- peers ---------------------------------------------------------------------
# peer ARGUMENT...: one that is deleted after the next look.
peer() {
	must in_ns A peer add extra "$@"
}
no_peer() {
	must in_ns A peer del extra
}
peer address 10.9.0.1 public-key "$(sst_public A)"
found "a peer with the key of this host" "problem peer" "public key of this host"
no_peer
peer address "$B4" public-key "$other"
found "two peers with one address" "warning peer" "in common"
no_peer
peer address "$A4" public-key "$other"
found "a peer with an address of this host" "warning peer" "address of this host"
no_peer
must in_ns A host del main
peer address 10.9.0.1 public-key "$other" identity offer
found "an identity without a key" "warning peer" "sstctl host add"
no_peer
peer public-key "$other"
found "a peer without an address" "warning peer" "there will never be a flow"
no_peer

# ---- limits and counters -------------------------------------------------------
must in_ns A set max-assocs 1
found "associations" "warning assoc" "1, and there may be 1"
must in_ns A set max-assocs 65536 max-flows 0
found "flows" "warning flow" "max-flows"
must in_ns A set max-flows 131072
rule out to 10.9.0.1 require
echo hello | ns A socat -u - UDP4:10.9.0.1:53 2>/dev/null
no_rule
found "a counter" "warning counter" "tx_required is 1"

not_ok "words that are not expected" in_ns A doctor probes
not_ok "a secret is no file" in_ns A doctor key "$(cat "$topo_tmp/other.key")"

# ---- no module -----------------------------------------------------------------
bg_stop server
must in_ns A shutdown
must in_ns B shutdown
must wait_for -t 20 rmmod sst
# The question itself would load a module that can be found by its alias.
conf=/etc/modprobe.d/sst-vm.conf
[ ! -e $conf ] || mv $conf $conf.away
is "no module" "$(examine sstctl -j doctor)" "problem module"
is "no module: the status says so" "$(cat "$topo_tmp/status")" 3
not_ok "no module: no probes" sstctl doctor probe "$B4"
[ ! -e $conf.away ] || mv $conf.away $conf
