#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# timeout: 250
# "sstctl doctor probe" on paths with one thing wrong: it names that, says between
# which routers, and names nothing else. (Nothing in nft or tc can trim the trailer:
# what that looks like from here is a peer that does not answer.)
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 51
topo_hrh
topo_second_router
topo_offload off 2>/dev/null
sst_psk_peers
# What the probes see does not depend on rules.
must in_ns A policy add out require >/dev/null

# probe FAMILY [TARGET]: what is found; prints all that is not good, and keeps all.
probe() {
	in_ns A "-$1" -j doctor probe "${2-b}" >"$topo_tmp/found.json"
	echo $? >"$topo_tmp/status"
	jq -r '[.findings[] | select(.level != "ok") | "\(.level) \(.check)"] | join(", ")' \
		"$topo_tmp/found.json"
}
# found TEXT FAMILY WANT WORDS [TARGET]: is it that, with these words about it?
found() {
	local got
	got=$(probe "$2" ${5+"$5"})
	is "$1, IPv$2" "$got" "$3" || diag "$(cat "$topo_tmp/found.json")"
	[ -z "$4" ] || ok "$1, IPv$2: says $4" grep -qF "$4" "$topo_tmp/found.json" ||
		diag "$(cat "$topo_tmp/found.json")"
}
# breaks RULE...: what R does with what it forwards to B.
breaks() {
	local rule
	heals
	ns R nft add table inet t
	ns R nft add chain inet t f '{ type filter hook forward priority 0; }'
	for rule; do
		must ns R nft add rule inet t f iifname ra "$rule"
	done
	must in_ns A flow flush
}
heals() {
	ns R nft delete table inet t 2>/dev/null
}
declare -A where=(
	[4]="between hop 1 ($RA4) and hop 2 (10.0.4.2)"
	[6]="between hop 1 ($RA6) and hop 2 (fd00:4::2)"
	[drop4]="behind hop 1 ($RA4)"
	[drop6]="behind hop 1 ($RA6)"
)

# ---- nothing wrong -------------------------------------------------------------
for fam in 4 6; do
	found "nothing wrong" $fam "" ""
	is "nothing wrong, IPv$fam: the status says so" "$(cat "$topo_tmp/status")" 0
	is "nothing wrong, IPv$fam: all was looked at" \
		"$(jq -r '[.findings[].check] | join(" ")' "$topo_tmp/found.json")" \
		"mark trailer fragments dscp mtu"
done
is "text has a line for each" "$(in_ns A -4 doctor probe "$B4" | cut -c 1-18 | tr '\n' ,)" \
	"ok       mark: IPv,ok       trailer: ,ok       fragments,ok       dscp: IPv,ok       mtu: IPv4,"
is "nothing was sent in the clear that had to be sealed" "$(sst_drops A)" ""

# ---- the mark ------------------------------------------------------------------
breaks 'ip frag-off 0xc000 ip frag-off set 0x4000' 'ip6 dscp 43 ip6 dscp set 0'
for fam in 4 6; do
	found "the mark is cleared" $fam "problem mark" "${where[$fam]}"
	is "the mark is cleared, IPv$fam: the status says so" "$(cat "$topo_tmp/status")" 3
done
ok "IPv6: another mark would do" grep -q 'mark-value' "$topo_tmp/found.json"
breaks 'ip frag-off & 0x8000 != 0 drop' 'ip6 dscp 43 drop'
for fam in 4 6; do
	found "what has the mark is dropped" $fam "problem mark" "${where[drop$fam]}"
done

# ---- DSCP ----------------------------------------------------------------------
breaks 'ip dscp set 0' 'ip6 dscp set 0'
found "DSCP is stripped" 4 "warning dscp" "${where[4]}"
# That is the mark.
found "DSCP is stripped" 6 "problem mark" "as are other DSCP"
breaks 'ip6 dscp 46 ip6 dscp set 0'
found "DSCP is stripped, the mark is not" 6 "warning dscp" "${where[6]}"

# ---- fragments -----------------------------------------------------------------
breaks 'ip frag-off & 0x3fff != 0 drop' 'exthdr frag exists drop'
for fam in 4 6; do
	found "fragments are dropped" $fam "problem fragments" "do not pass\""
done
breaks 'ip frag-off & 0x8000 != 0 ip frag-off & 0x3fff != 0 drop' \
	'ip6 dscp 43 exthdr frag exists drop'
for fam in 4 6; do
	found "fragments with the mark are dropped" $fam "problem fragments" "others do"
done
breaks 'ct state invalid counter'
found "a router tracks connections" 4 "warning fragments" "puts them together"
found "a router tracks connections" 6 "" ""

# ---- sizes ---------------------------------------------------------------------
heals
must ip -n "$(ns_name R)" link set rs mtu 1400
must ns R nft -f - <<-END
	table inet t {
		chain o {
			type filter hook output priority 0;
			icmp type destination-unreachable icmp code frag-needed drop
			icmpv6 type packet-too-big drop
		}
	}
END
must in_ns A flow flush
for fam in 4 6; do
	found "too big, and nobody says so" $fam "problem fragments, problem mtu" \
		"packets of 1500 bytes vanish"
done
heals
for fam in 4 6; do
	found "too big, and the router says so" $fam "" ""
done
must ip -n "$(ns_name R)" link set rs mtu 1500

# ---- the other host ------------------------------------------------------------
found "no key" 4 "problem key" "" 10.0.4.2
found "no key" 6 "problem key" "" fd00:4::2
must in_ns B peer del a
must in_ns A assoc flush
must in_ns A flow flush
for fam in 4 6; do
	found "the peer knows no key" $fam "problem trailer" "rx_no_key"
done
must ip -n "$(ns_name S)" link set rb down
found "the host is not there" 4 "warning mark, problem trailer" ""
not_ok "no such peer" in_ns A doctor probe nobody
not_ok "no port" in_ns A doctor probe b port 0
