#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# packages: scan
# timeout: 400
# A port scan of a host whose services require SST, by rule, by socket option or by
# wish: nobody is there. Nothing comes back, as from a host that drops everything;
# whoever has the key is served.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
. "$(dirname "$0")/../lib/run.sh"

lib=$sst_tests/lib
ports=700-739
wire='(tcp or udp or icmp or icmp6) and (src host 10.0.2.1 or src host fd00:2::1)'

# states NAME 4|6 OPTION...: scan from A, which has no key. Prints the states of
# single ports, and of all others, counted.
states() {
	local name=$topo_tmp/$1 addr=$B4 six=''
	[ "$2" = 4 ] || addr=$B6 six=-6
	# shellcheck disable=SC2086 # an option or none
	ns A nmap $six -n -Pn -r --max-retries 0 --initial-rtt-timeout 100ms \
		--max-rtt-timeout 200ms --min-parallelism 50 -p $ports \
		-oG "$name.states" "${@:3}" "$addr" >"$name.out" 2>&1 ||
		tail -n 3 "$name.out"
	sed -n 's/.*Ports: //p; s/.*Ignored State: //p' "$name.states" |
		tr -d '\t' | xargs
}

# scan NAME 4|6 OPTION...: the same, and what B says is in NAME.pcap.
scan() {
	capture_start scan R rb "$topo_tmp/$1.pcap" "$wire" &&
		states "$@" && capture_stop scan
}

# said NAME tcp|udp: the ports that B answered for.
said() {
	case $2 in
	tcp) tcpdump -n -K -r "$topo_tmp/$1.pcap" tcp 2>/dev/null |
		sed -n 's/^.* IP6\{0,1\} [0-9a-f.:]*\.\([0-9]*\) > .*/\1/p' ;;
	udp) tcpdump -n -K -r "$topo_tmp/$1.pcap" 'icmp or icmp6' 2>/dev/null |
		sed -n 's/.*udp port \([0-9]*\).*/\1/p' ;;
	esac | sort -nu | xargs
}

# but FIRST LAST PORT...: the ports of a range without these.
but() {
	seq "$1" "$2" | grep -vxF "$(printf '%s\n' "${@:3}")" | xargs
}

tap_plan 78
topo_hrh
must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
must in_ns B peer add a address "$A4,$A6" psk "$topo_tmp/b.psk"
# An answer for each closed port, however many are asked for.
must ns B sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
echo 100000 >/proc/sys/net/ipv4/icmp_msgs_per_sec
echo 100000 >/proc/sys/net/ipv4/icmp_msgs_burst
must in_ns B policy add in port 700-709 require >/dev/null
bg_ns rule B "$lib/run-server.py" 700
bg_ns option B "$lib/run-server.py" 710 require
bg wish sstctl -n "$(ns_name B)" run "$lib/run-server.py" 720
for port in 700 710 720; do
	wait_for -t 60 listening B tcp $port || bail "no server on $port"
done

# ---- other ports of the host are as they are
for fam in 4 6; do
	scan syn$fam $fam -sS >/dev/null
	is "IPv$fam: of TCP, what is guarded says nothing, all else is closed" \
		"$(said syn$fam tcp)" "$(but 710 739 710 720 721)"
	scan ack$fam $fam -sA >/dev/null
	is "IPv$fam: segments that belong to nothing find the same" \
		"$(said ack$fam tcp)" "$(but 710 739 710 720 721)"
	scan udp$fam $fam -sU >/dev/null
	is "IPv$fam: and datagrams" "$(said udp$fam udp)" \
		"$(but 710 739 712 722)"
	is "IPv$fam: no port is open" "$(grep -c /open/ \
		"$topo_tmp/syn$fam.states" "$topo_tmp/udp$fam.states" |
		cut -d: -f2 | xargs)" "0 0"
done

# ---- a host that is silent as a whole
must in_ns B policy add in require >/dev/null
kinds=('syn -sS' 'connect -sT' 'udp -sU' 'fin -sF' 'null -sN' 'xmas -sX'
	'ack -sA' 'window -sW' 'maimon -sM' 'fragments -sS -f'
	'version -sV' 'versions-udp -sUV --version-intensity 0'
	'other-source -sS -g 53' 'checksum -sS --badsum' 'long -sU --data-length 100')
for round in sst silence; do
	must capture_start $round R rb "$topo_tmp/$round.pcap" "$wire"
	for fam in 4 6; do
		for kind in "${kinds[@]}"; do
			read -ra words <<<"$kind"
			[ "$fam $kind" != '6 fragments -sS -f' ] || continue
			states "$round$fam${words[0]}" $fam "${words[@]:1}" \
				>"$topo_tmp/$round$fam${words[0]}.seen"
		done
	done
	ok "$round: nothing was lost in the capture" capture_stop $round
	[ $round = sst ] || continue
	# Another one that drops everything.
	must ns B nft -f - <<-END
		table inet silence {
			chain input {
				type filter hook prerouting priority -500
				meta l4proto { tcp, udp } drop
			}
		}
	END
done
must ns B nft flush ruleset
for fam in 4 6; do
	for kind in "${kinds[@]}"; do
		name=${kind%% *}
		[ "$fam$name" != 6fragments ] || continue
		is "IPv$fam, $name: as a host that drops everything" \
			"$(cat "$topo_tmp/sst$fam$name.seen")" \
			"$(cat "$topo_tmp/silence$fam$name.seen")"
		at_least "IPv$fam, $name: which was scanned" \
			"$(wc -c <"$topo_tmp/sst$fam$name.seen")" 10
	done
done

is "no scan got an answer" "$(capture_count "$topo_tmp/sst.pcap" '')" 0

# ---- marks do not help
before=$(stat_get B rx_unopened)
must capture_start marked R rb "$topo_tmp/marked.pcap" "$wire"
sent=$("$lib/scan-marked.py" "$topo_id" $ports)
ok "nothing was lost in the capture" capture_stop marked
is "to marked packets there is no answer either" \
	"$(capture_count "$topo_tmp/marked.pcap" '')" 0
at_least "though they came" "$(stat_get B rx_unopened)" $((before + sent / 2))

# ---- the same services, for whoever has the key
must in_ns A peer add b address "$B4,$B6" psk "$topo_tmp/a.psk"
sst_after_start
for port in 700 710 720; do
	is "port $port over TCP" \
		"$(in_ns A run curl -s -m 20 "http://[$B6]:$port/")" hello
	is "port $((port + 2)) over UDP" "$(in_ns A run /usr/bin/python3 \
		"$lib/run-client.py" udp "$B4" $((port + 2)))" "one two"
done
