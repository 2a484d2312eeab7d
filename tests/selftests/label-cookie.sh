#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 150
# A host that has asked for cookies trusts no INIT without a proof for a while, as
# its payload may have come before. Scope label is not closed for that long: the
# client is asked for one more INIT, after a round trip it is in, or when it starts
# over if what asked was lost, and a copy of the first one opens nothing, then or
# later.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

tap_plan 16
window=20

# connect ADDRESS [OPTION]: does A get a connection?
connect() {
	ns A timeout 60 socat -u OPEN:/dev/null \
		"TCP:$(sst_quote "$1" 80),connect-timeout=30${2:+,$2}"
}
# copy: the first SYN in the capture once more.
copy() {
	must /usr/bin/python3 "$sst_tests/pysst/inject.py" --netns "$(ns_name R)" \
		--ifname rb --pcap "$topo_tmp/init.pcap" --index 0 >/dev/null
}
# lost_cookies: how many the router has dropped; fails when it is none.
lost_cookies() {
	ns R nft -j list counter inet lost cookies |
		jq -er '.nftables[] | select(.counter).counter.packets | select(. > 0)'
}
# past TIME: for wait_for.
past() {
	[ "$SECONDS" -gt "$1" ]
}

topo_hrh
topo_offload off || bail "offloads"
sst_public_key B server
must in_ns A peer add b address "$B4,$B6" public-key "$(sst_public B)"
must in_ns A policy add out require scope label >/dev/null
must in_ns B policy add in require scope label >/dev/null
must in_ns B set opening-window $window
# Other clients of which B knows nothing.
for client in 10.0.1.8 10.0.1.9; do
	must ip -n "$(ns_name A)" addr add $client/24 dev eth0
	must ip -n "$(ns_name R)" neigh replace $client lladdr 02:00:00:00:01:01 dev ra nud permanent
done
sst_after_start
bg_ns sink B socat -u TCP6-LISTEN:80,ipv6only=0,reuseaddr,fork OPEN:/dev/null
must wait_for listening B tcp 80

must in_ns B set cookies always
ok "IPv4: a client is asked for a cookie, and gets in" connect "$B4"
over=$((SECONDS + 2 * window + 1))
is "once" "$(stat_get B tx_cookie)" 1
must in_ns B set cookies load

# The INIT that comes again is stale then; a new one is needed.
must ns R nft -f - <<-END
	table inet lost {
		counter cookies { }
		chain forward {
			type filter hook forward priority 0;
			ip daddr 10.0.1.8 tcp flags rst counter name cookies drop
		}
	}
END
bg_ns lost A socat -u OPEN:/dev/null "TCP:$B4:80,bind=10.0.1.8,connect-timeout=20"
ok "another one is asked, and does not hear it" wait_for lost_cookies
# It may have started over by now, in vain.
must ns R nft flush chain inet lost forward
lost=$(lost_cookies)
must ns R nft delete table inet lost
ok "it starts over, and gets in" bg_wait lost
asked=$(stat_get B tx_cookie) stale=$(stat_get B rx_stale)
is "it was asked once more" "$asked" $((1 + lost + 1))

# Late, so that it is still fresh when INITs are trusted again.
wait_for past $((over - window + 2))
must capture_start init R rb "$topo_tmp/init.pcap" "src $A6 and ip6[53] = 2"
restarted=$(stat_get A tx_restarted)
ok "IPv6: another one gets in" connect "$B6"
is "without starting over" "$(stat_get A tx_restarted)" "$restarted"
must capture_stop init
is "it was asked, too" "$(stat_get B tx_cookie)" $((++asked))
is "all flows are of scope label" "$(in_ns B -j flow show |
	jq -r '[.flows[].scope] | unique | join(" ")')" label
is "nothing was stale" "$(stat_get B rx_stale)" "$stale"

inits=$(stat_get B rx_init)
copy
ok "a copy of its first INIT is dropped" wait_for stat_is B rx_stale $((stale + 1))
is "without an answer" "$(stat_get B tx_cookie) $(stat_get B rx_init)" "$asked $inits"

# The second COOKIE did not make it longer.
wait_for past $over
copy
ok "and a copy that comes when INITs are trusted again" wait_for stat_is B rx_stale $((stale + 2))
is "is no flow" "$(stat_get B tx_cookie) $(stat_get B rx_init)" "$asked $inits"
ok "one that was not asked gets in at once" connect "$B4" bind=10.0.1.9
is "B asked nobody else" "$(stat_get B tx_cookie)" "$asked"
