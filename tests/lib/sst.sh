# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Flows between hosts A and B of topology.sh, and what the tests ask about
# them. Source it after topology.sh.

sst_tests=$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")
# shellcheck disable=SC2154 # topology.sh sets it
sst_keys=$topo_tmp/keys.json
sst_wire_next=20000
# What the flows of sst_pair protect.
sst_scope=${SST_SCOPE-ports}
sst_flow_list=()

# sst_key: a fresh flow secret, 64 hex digits.
sst_key() {
	od -An -N32 -tx1 /dev/urandom | tr -d ' \n'
}

sst_quote() {
	case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac
}

# sst_flow_add NS PROTO LOCAL LPORT REMOTE RPORT LWIRE RWIRE SIDE KEY [SCOPE]: one
# end.
sst_flow_add() {
	sstctl -n "$(ns_name "$1")" flow add proto "$2" \
		local "$(sst_quote "$3" "$4")" remote "$(sst_quote "$5" "$6")" \
		wire "$7:$8" side "$9" key - scope "${11-$sst_scope}" \
		<<<"${10}" >/dev/null
}

# sst_pair PROTO 4|6 APORT BPORT: both ends of a flow between A (side 1) and B,
# with the next free wire ports and a fresh key. Also noted in $sst_keys, the
# key file of the Python decoder.
sst_pair() {
	local proto=$1 fam=$2 aport=$3 bport=$4 a=A$2 b=B$2 key
	local awire=$((sst_wire_next + 1)) bwire=$((sst_wire_next + 2))
	sst_wire_next=$bwire
	key=$(sst_key)
	sst_flow_add A "$proto" "${!a}" "$aport" "${!b}" "$bport" "$awire" "$bwire" 1 "$key" &&
	sst_flow_add B "$proto" "${!b}" "$bport" "${!a}" "$aport" "$bwire" "$awire" 2 "$key" ||
		return 1
	sst_flow_list+=("{\"proto\":\"$proto\",\"a_addr\":\"${!a}\",\"a_port\":$aport,\"b_addr\":\"${!b}\",\"b_port\":$bport,\"a_wire\":$awire,\"b_wire\":$bwire,\"key\":\"$key\",\"a_side\":1,\"scope\":\"$sst_scope\",\"name\":\"$proto$fam-$aport-$bport\"}")
	(IFS=,; echo "[${sst_flow_list[*]}]") >"$sst_keys"
}

# sst_decode CAPTURE ORIGINALS [OPTION...]: check a capture of the path and
# recover the original packets. Prints the decoder's summary.
sst_decode() {
	local cap=$1 out=$2
	shift 2
	/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$cap" \
		--keys "$sst_keys" --out "$out" "$@"
}

# sst_compare ORIGINALS LOG [OPTION...]: byte for byte with what a host saw.
sst_compare() {
	local orig=$1 log=$2
	shift 2
	/usr/bin/python3 "$sst_tests/pysst/decode.py" compare "$orig" "$log" \
		--keys "$sst_keys" "$@"
}

# tap_program PROGRAM ARGUMENT...: a Python program of tests/lib with many
# results. It prints "pass TEXT" or "fail TEXT" for each; other lines are shown.
tap_program() {
	local verdict text

	while read -r verdict text; do
		case $verdict in
		pass) tap_pass "$text" ;;
		fail) tap_fail "$text" ;;
		*) echo "$verdict $text" ;;
		esac
	done < <(/usr/bin/python3 "$sst_tests/lib/$1" "${@:2}")
}

# sst_drops NS [PREFIX]: all counters of drops that are not zero, as NAME=N.
sst_drops() {
	sstctl -n "$(ns_name "$1")" -j stats |
		jq -r --arg p "${2-}" '.counters | to_entries[] |
			select(.value > 0 and (.key | startswith($p))) |
			select(.key | IN("tx_sealed", "tx_open", "tx_accept", "tx_empty", "tx_restarted",
				"rx_opened", "rx_open", "rx_accept", "rx_alias", "rx_held",
				"rx_empty", "rx_split", "rx_merged", "tx_fragmented", "tx_translated",
				"rx_gathered", "rx_translated", "tx_init", "tx_cookie",
				"rx_init", "rx_queued", "rx_cookie", "assoc_made",
				"tx_no_identity",
				"rx_clock", "rx_forgotten", "rx_no_assoc", "rx_no_key",
				"assoc_expired", "assoc_lost") | not) |
			"\(.key)=\(.value)"' | sort | tr '\n' ' ' | sed 's/ $//'
}

# turned_away TEXT COUNTER COMMAND...: A's command, which would wait for a minute,
# is turned away by B, that is: B counts it, and two seconds later, when TCP has tried
# again, it has not succeeded.
# Two results.
turned_away() {
	local text=$1 name=$2 before
	shift 2
	before=$(stat_get B "$name")
	bg_ns turned A "$@"
	wait_for stat_grew B "$name" "$before" && sleep 2
	not_ok "$text" bg_stop turned
	at_least "$text: B counts it" "$(stat_get B "$name")" $((before + 1))
}

# sst_hint NS COUNTER: what "sstctl stats" says can be done about a counter.
sst_hint() {
	sstctl -n "$(ns_name "$1")" stats | sed -n "/^$2 /{n;s/^    To do: //p}"
}

# opened_all FROM TO: TO has opened every packet that FROM has sealed, those of
# SST itself included (a slow server makes it send some). TO's counters are read
# first: a packet on its way makes this wrong, never right; so use wait_for.
opened_all() {
	local opened

	opened=$(sstctl -n "$(ns_name "$2")" -j stats |
		jq -er '.counters | .rx_opened + .rx_empty') || return 1
	[ "$(stat_get "$1" tx_sealed)" = "$opened" ]
}

# in_ns NS SSTCTL-ARGUMENT...: sstctl in a namespace.
in_ns() {
	local netns
	netns=$(ns_name "$1")
	shift
	sstctl -n "$netns" "$@"
}

# sst_psk_peers: a fresh pre-shared key between A and B, who know each other as
# "a" and "b". Openings drawn in the second in which a namespace learned of SST
# are not fresh: the clock is waited for.
sst_psk_peers() {
	rm -f "$topo_tmp/a.psk" "$topo_tmp/b.psk"
	must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
	must in_ns A peer add b address "$B4,$B6" psk "$topo_tmp/a.psk"
	must in_ns B peer add a address "$A4,$A6" psk "$topo_tmp/b.psk"
	sst_after_start
}

# sst_public_key NS NAME: give a host a key of its own; sst_public NS prints its
# public part.
sst_public_key() {
	rm -f "$topo_tmp/$1.key"
	(umask 077 && sstctl genkey >"$topo_tmp/$1.key") || bail "sstctl genkey"
	must in_ns "$1" host add "$2" key "$topo_tmp/$1.key"
}
sst_public() {
	sstctl pubkey <"$topo_tmp/$1.key"
}

# sst_after_start: return in a later second than the one in which this is called.
sst_after_start() {
	local now
	now=$(date +%s)
	wait_for later_than "$now"
}
later_than() {
	[ "$(date +%s)" -gt "$1" ]
}

# sst_keylog: from now on the keys of associations are written down. Nobody can
# compute them from a capture and all the keys of both hosts. The test says
# "# before: tests/lib/module-build keylog" in its head.
sst_keylog() {
	must insmod "$SST_TOP/build/keylog-$SST_KERNEL/keylog.ko"
}
sst_associations=/sys/kernel/debug/sst-keylog

# sst_decode_psk CAPTURE ORIGINALS [OPTION...], sst_compare_psk ORIGINALS LOG
# [OPTION...]: as sst_decode and sst_compare, for flows that opened themselves
# since sst_keylog.
sst_decode_psk() {
	local cap=$1 out=$2
	shift 2
	/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$cap" \
		--psk "$topo_tmp/a.psk" --assoc "$sst_associations" \
		--out "$out" "$@"
}
sst_compare_psk() {
	local orig=$1 log=$2
	shift 2
	/usr/bin/python3 "$sst_tests/pysst/decode.py" compare "$orig" "$log" "$@"
}

# sst_sizes FILE ADDRESS...: of the TCP packets in a capture, for each sender the
# length of the largest, and "whole" if next to none carries only the few bytes
# that were cut off a segment made too large by as much as a trailer or two.
sst_sizes() {
	/usr/bin/python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
from sst import packet, pcap
trailer = 28
senders = [packet.addr(a) for a in sys.argv[3:]]
sizes, tails = {s: 0 for s in senders}, {s: 0 for s in senders}
for _, data, _ in pcap.Reader(sys.argv[2]).packets():
    p = packet.Packet(data)
    if p.proto != packet.TCP or p.src not in sizes:
        continue
    sizes[p.src] = max(sizes[p.src], len(p.data))
    payload = len(p.segment) - (p.segment[12] >> 4) * 4 - trailer
    tails[p.src] += 0 < payload <= 2 * trailer and not p.segment[13] & 2
print(*("%d %s" % (sizes[s], "whole" if tails[s] <= 3 else
                   "%d tails" % tails[s]) for s in senders))' \
		"$sst_tests/pysst" "$@"
}
