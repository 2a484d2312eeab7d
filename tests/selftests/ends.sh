#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# before: tests/lib/module-build keylog
# timeout: 150
# No real port in any packet that a host emits for a flow, ICMP errors and what
# they quote included, from the first packet to the last that comes late:
# however the flow, its process, its peer, its rule or the module ends.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"
module=$(basename "$SST_MODULE" .ko)
module=${module//-/_}

tap_plan 84
sst_keylog
topo_hrh
topo_offload off || bail "offloads"

# Host B forwards some of its ports to a container.
topo_container
ip -n "$(ns_name B)" -batch - <<-END || bail "no unreachable addresses"
	route add unreachable 10.0.3.9
	route add unreachable fd00:3::9
END
# Or a slow test finds the container behind no NAT any more.
ns B sh -c 'echo 600 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout'
must ns B nft -f - <<-END
	table inet containers {
		chain prerouting {
			type nat hook prerouting priority dstnat;
			iifname "eth0" meta nfproto ipv4 tcp dport 800 dnat ip to 10.0.3.1:900
			iifname "eth0" meta nfproto ipv4 udp dport 801 dnat ip to 10.0.3.1:901
			iifname "eth0" meta nfproto ipv4 tcp dport 802 dnat ip to 10.0.3.1:902
			iifname "eth0" meta nfproto ipv4 udp dport 803 dnat ip to 10.0.3.1:903
			iifname "eth0" meta nfproto ipv4 udp dport 804 dnat ip to 10.0.3.9:904
			iifname "eth0" meta nfproto ipv6 tcp dport 800 dnat ip6 to [fd00:3::1]:900
			iifname "eth0" meta nfproto ipv6 udp dport 801 dnat ip6 to [fd00:3::1]:901
			iifname "eth0" meta nfproto ipv6 tcp dport 802 dnat ip6 to [fd00:3::1]:902
			iifname "eth0" meta nfproto ipv6 udp dport 803 dnat ip6 to [fd00:3::1]:903
			iifname "eth0" meta nfproto ipv6 udp dport 804 dnat ip6 to [fd00:3::9]:904
		}
	}
END

sst_psk_peers
# All that the hosts emit, also what the router then drops; not what it makes.
must capture_start wire R any "$topo_tmp/wire.pcap" \
	'inbound and (tcp or udp or icmp or icmp6)'
tap_program ends.py --id "$topo_id" --psk "$topo_tmp" --module "$module" \
	--associations "$topo_tmp/associations"
ok "nothing was lost in the capture" capture_stop wire

# Wire ports are above, real ones below.
is "no packet has a real port" \
	"$(capture_count "$topo_tmp/wire.pcap" 'tcp portrange 1-1023 or udp portrange 1-1023')" 0 ||
	diag "$(tcpdump -n -K -r "$topo_tmp/wire.pcap" 'tcp portrange 1-1023 or udp portrange 1-1023' 2>/dev/null | head)"
mapfile -t real < <(seq -f '--real-port %g' 300 999)
# shellcheck disable=SC2068 # two words each
/usr/bin/python3 "$sst_tests/pysst/decode.py" decode "$topo_tmp/wire.pcap" \
	--psk "$topo_tmp/a.psk" --assoc "$topo_tmp/associations" \
	--host "$A4" --host "$B4" --host "$A6" --host "$B6" \
	${real[@]} --check-icmp --min-sealed 1000 >"$topo_tmp/decoded.json"
is "every packet of both hosts is sealed, no ICMP error quotes a real port" \
	"$(jq -c .violations "$topo_tmp/decoded.json")" '{}' ||
	diag "$(jq -c '.examples[]' "$topo_tmp/decoded.json")"
