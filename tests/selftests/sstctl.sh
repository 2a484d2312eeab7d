#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 300
# What sstctl does when nothing is wrong: flows, peers, policy, counters, tunables,
# events, as text and as JSON, in other namespaces, and without ever showing a
# secret.
. "$(dirname "$0")/../lib/topology.sh"
top=$(dirname "$(realpath "$0")")/../..
nlraw=("/usr/bin/python3" "$top/tests/tools/nlraw.py")

if [ "${SST_KERNEL-}" = debug ]; then tap_plan 218; else tap_plan 219; fi

topo_hrh
ns_add T
T=$(ns_name T)
cd "$topo_tmp" || exit 1
umask 077
s() { sstctl -n "$T" "$@"; }
js() { sstctl -n "$T" -j "$@"; }
# valid COMMAND...: what it prints is one line of JSON.
valid() {
	"$@" >json || return 1
	[ "$(wc -l <json)" -eq 1 ] && /usr/bin/python3 -m json.tool <json
}
# q FILTER COMMAND...: a value in the JSON of a command.
q() {
	local filter=$1
	shift
	js "$@" | jq -r "$filter"
}

# lines FILE N: it has as many lines; for wait_for.
lines() {
	[ "$(wc -l <"$1")" -eq "$2" ]
}

# ---- help and version
is 'version' "$(sstctl -V)" "sstctl $(cat "$top/VERSION")"
is 'version, long' "$(sstctl --version)" "sstctl $(cat "$top/VERSION")"
for words in '--help' '-h' 'help' 'help flow' 'help set' 'flow help' 'flow -h' \
	'flow add --help' 'flow del help' 'flow show help' 'flow flush help' \
	'flow genkey help' 'stats help' 'set help' 'get --help' 'monitor help' \
	'show help' 'genpsk --help' 'peer help' 'peer add help' 'peer del -h' \
	'peer show help' 'policy --help' 'policy add help' 'policy del help' \
	'policy show help' 'policy flush help' 'shutdown help' 'help peer' \
	'genkey -h' 'pubkey help' 'host help' 'host add help' 'host del help' \
	'host show -h' 'assoc help' 'assoc show help' 'assoc flush help' 'help host' \
	'help shutdown' 'run help' 'help run' 'wish help' 'wish show -h' \
	'sockopt help' 'sockopt attach -h' 'help sockopt'; do
	# shellcheck disable=SC2086 # several words
	sstctl $words >out 2>err
	is "sstctl $words" "$? $(head -c 13 out) $(cat err)" '0 Usage: sstctl '
done

# ---- secrets
sstctl flow genkey >key1 2>err
is 'genkey: base64 of 32 bytes' "$(wc -c <key1) $(base64 -d <key1 | wc -c)" '45 32'
is 'genkey: no warning with umask 077' "$(cat err)" ''
not_ok 'genkey: never the same' test "$(cat key1)" = "$(sstctl flow genkey)"
(umask 022 && sstctl flow genkey >open.key) 2>err
is 'genkey: warning' "$(cat err)" \
	"sstctl: flow genkey: warning: writing to a file that is accessible to others: set 'umask 077' first"
is 'genkey: the warning harms nothing' "$(base64 -d <open.key | wc -c)" 32

# ---- flow add and show
v4=(local 10.0.1.1:40000 remote 10.0.2.1:80 wire 31417:27182)
v6=(local '[fd00:1::1]:40000' remote '[fd00:2::1]:443' wire 31417:27182)
is 'show: nothing' "$(s flow show)" ''
is 'show: nothing, JSON' "$(js flow show)" '{"flows":[]}'
id=$(s flow add proto tcp "${v4[@]}" side 1 key key1 2>err)
is 'add: says the id' "$id $(cat err)" 'flow 1 '
is 'show as text' "$(s flow show 1 | sed 's/age .*/age/; s/ *$//')" \
'flow 1 tcp local 10.0.1.1:40000 remote 10.0.2.1:80 wire 31417:27182
    side 1 scope ports suite chacha20-poly1305 state live role manual age
    tx key 0 seq 0 packets 0 bytes 0
    rx key 0 packets 0 bytes 0 idle never'
is 'show as JSON' "$(q '.flows[0].age |= 0 | tojson' flow show)" \
'{"flows":[{"id":1,"proto":"tcp","local":"10.0.1.1","local_port":40000,"remote":"10.0.2.1","remote_port":80,"wire_local_port":31417,"wire_remote_port":27182,"side":1,"scope":"ports","suite":"chacha20-poly1305","state":"live","role":"manual","peer":null,"peer_port":null,"age":0,"tx":{"kri":0,"seq":0,"packets":0,"bytes":0},"rx":{"kri":0,"packets":0,"bytes":0,"idle":null}}]}'
is 'pretty JSON says the same' "$(sstctl -n "$T" -j -p flow show | jq -c '.flows[0].age |= 0')" \
	"$(js flow show | jq -c '.flows[0].age |= 0')"
at_least 'pretty JSON has lines' "$(sstctl -n "$T" -jp flow show | wc -l)" 20
sstctl flow genkey | base64 -d | od -An -v -tx1 | tr -d ' \n' >key2
is 'add: IPv6, hex on standard input, JSON' \
	"$(js flow add side 2 suite 1 key - scope ports "${v6[@]}" proto udp <key2)" '{"id":2}'
id=$(s flow add p t l 10.0.1.1:40001 r 10.0.2.1:80 w 31418:27182 si 1 k open.key 2>err)
is 'add: short words; a key file that others may read' "$id $(cat err)" \
	"flow 3 sstctl: flow add: warning: key file 'open.key' is accessible to others: try 'chmod o= FILE'"
is 'show one of several' "$(q '.flows | map(.id) | tojson' flow show 2)" '[2]'
is 'show all, by id' "$(q '.flows | map(.id) | tojson' flow show)" '[1,2,3]'
is 'show: flow alone' "$(q '.flows | map(.id) | tojson' flow)" '[1,2,3]'
is 'show: short' "$(q '.flows | map(.id) | tojson' f s)" '[1,2,3]'
is 'show: protocol' "$(q '.flows | map(.id) | tojson' flow show proto udp)" '[2]'
is 'show: address' "$(q '.flows | map(.id) | tojson' flow show remote 10.0.2.1)" '[1,3]'
is 'show: address and port' "$(q '.flows | map(.id) | tojson' flow show local 10.0.1.1:40001)" '[3]'
is 'show: IPv6 address' "$(q '.flows | map(.id) | tojson' flow show remote fd00:2::1)" '[2]'
is 'show: several filters' "$(q '.flows | map(.id) | tojson' flow show proto udp remote 10.0.2.1)" '[]'
is 'show: -4' "$(q '.flows | map(.id) | tojson' -4 flow show)" '[1,3]'
is 'show: -6' "$(q '.flows | map(.id) | tojson' -6 flow show)" '[2]'

# ---- namespaces
is '-n with a path' "$(sstctl -n "/var/run/netns/$T" -j get flows)" '{"flows":3}'
is '--netns' "$(sstctl --netns="$T" get flows)" 'flows 3'
is 'inside of the namespace' "$(ns T sstctl get flows)" 'flows 3'
is 'another namespace has nothing of it' "$(sstctl -n "$(ns_name R)" get flows)" 'flows 0'

# ---- counters
names=$("$top/tools/sstctl/gen-counters" --check && sed -n 's/^\t\t"\([a-z_]*\)",$/\1/p' "$top/tools/sstctl/counters.h")
is 'stats: all of the specification, text' "$(s stats all | awk '{ print $1 }')" "$names"
is 'stats: all of the specification, JSON' "$(q '.counters | keys_unsorted[]' stats)" "$names"
is 'stats: zeros are left out' "$(s stats)" ''
is 'stats: nothing to do about zeros' "$(s stats all | grep -c 'To do')" 0
at_least 'stats: with meanings' "$(s stats all explain | grep -c '^    [A-Z].*\.$')" 45

# ---- tunables
before=$(s get)
is 'get: defaults' "$(js get)" \
	'{"mark_mask":252,"mark_value":172,"dscp":"clear","rekey_packets":4294901760,"rekey_seconds":3600,"max_flows":131072,"opening_window":600,"max_half_open":4096,"cookies":"load","init_from":"anyone","assoc_lifetime":3600,"wire_port":null,"wire_port_last":null,"max_assocs":65536,"flows":3,"assocs":0}'
ok 'set: all at once' s set mark-mask 0xf0 mark-value 0x50 dscp keep \
	rekey-packets 1000 rekey-seconds 60 max-flows 5 opening-window 30 max-half-open 7 \
	cookies always init-from listed assoc-lifetime 60 wire-port 443 max-assocs 9
is 'get: all as set' "$(s get | tr '\n' ' ')" \
	'mark-mask 0xf0 mark-value 0x50 dscp keep rekey-packets 1000 rekey-seconds 60 max-flows 5 opening-window 30 max-half-open 7 cookies always init-from listed assoc-lifetime 60 wire-port 443 max-assocs 9 flows 3 assocs 0 '
ok 'set: one, decimal' s set mark-value 0xa0
is 'get: the others stay' "$(s get mark-value mark-mask dscp | tr '\n' ' ')" \
	'mark-mask 0xf0 mark-value 0xa0 dscp keep '
# shellcheck disable=SC2046 # several words
ok 'set takes what get prints' s set $(grep -vE '^(flows|assocs) ' <<<"$before")
is 'get: as before' "$(s get)" "$before"
ok 'set: the largest values' s set rekey-packets 4294901760 rekey-seconds 3600 max-flows 1048576 \
	opening-window 86400 max-half-open 65536 assoc-lifetime 86400 max-assocs 1048576 \
	wire-port 1-65535 cookies load init-from anyone
is 'get: a range of wire ports' "$(s get wire-port) $(js get wire-port)" \
	'wire-port 1-65535 {"wire_port":1,"wire_port_last":65535}'
ok 'set: the smallest values' s set rekey-packets 1 rekey-seconds 1 max-flows 0 \
	opening-window 0 max-half-open 1 assoc-lifetime 60 max-assocs 1 wire-port any \
	cookies off init-from nobody
is 'get: any wire port' "$(s get wire-port) $(js get wire-port)" \
	'wire-port any {"wire_port":null,"wire_port_last":null}'
# shellcheck disable=SC2046 # several words
must s set $(grep -vE '^(flows|assocs) ' <<<"$before")

# ---- events
bg_ns mon T sstctl monitor
bg_ns monj T sstctl -j monitor
wait_for grep -q listening mon.err
wait_for grep -q listening monj.err
# watch NAME WORD...: one with a filter.
watchers=()
watch() {
	local name=$1
	shift
	watchers+=("$name")
	bg_ns "$name" T sstctl -j monitor "$@"
	must wait_for grep -q listening "$name.err"
}
watch closed event flow-closed event flow-rot time none
watch four flow 4 time local
watch udp proto udp remote 10.0.2.1
watch https remote '[fd00:2::1]:443'
watch nobody peer nobody
sstctl flow genkey >key4
must s flow add proto udp local 10.0.1.1:5000 remote 10.0.2.1:53 wire 5001:5002 side 1 key key4 >/dev/null
must s flow del 4
must s flow flush proto udp
must s flow del 1 3
ok 'monitor: a line at once for each event' wait_for lines monj.out 5
wait_for lines mon.out 5
bg_stop mon TERM
is 'monitor: SIGTERM ends it well' $? 0
bg_stop monj INT
is 'monitor: SIGINT ends it well' $? 0
is 'monitor: events' "$(jq -r '[.event, .id, .reason // "-"] | join(" ")' monj.out)" \
'flow-opened 4 -
flow-closed 4 deleted
flow-closed 2 flushed
flow-closed 1 deleted
flow-closed 3 deleted'
is 'monitor: text' "$(sed 's/^20[0-9-]*T[0-9:.]*Z //; s/ age .*//' mon.out | head -n 2)" \
'flow-opened flow 4 udp local 10.0.1.1:5000 remote 10.0.2.1:53 wire 5001:5002 side 1 scope ports suite chacha20-poly1305 state live role manual
flow-closed flow 4 udp local 10.0.1.1:5000 remote 10.0.2.1:53 wire 5001:5002 reason deleted side 1 scope ports suite chacha20-poly1305 state live role manual'
for name in "${watchers[@]}"; do
	bg_stop "$name" TERM
done
ids() {
	jq -r '[.event, .id] | join(" ")' "$1.out" | paste -sd ,
}
is 'monitor: some events' "$(ids closed)" 'flow-closed 4,flow-closed 2,flow-closed 1,flow-closed 3'
is 'monitor: no time' "$(jq -r 'has("time")' closed.out | sort -u)" false
is 'monitor: one flow' "$(ids four)" 'flow-opened 4,flow-closed 4'
is 'monitor: local time' "$(jq -r '.time | test("^20..-..-..T..:..:..[.]......[+-]....$")' four.out | sort -u)" true
is 'monitor: protocol and address' "$(ids udp)" 'flow-opened 4,flow-closed 4'
is 'monitor: address and port; a peer' "$(ids https) $(ids nobody)" 'flow-closed 2 '
is 'monitor: each line is JSON with a time' \
	"$(jq -r '.time | test("^20..-..-..T..:..:..[.]......Z$")' monj.out | sort | uniq -c | tr -s ' ')" ' 5 true'

# ---- events of the data path: the peer has the same secret, then another one
sstctl flow genkey >key5
sstctl flow genkey >key6
must sstctl -n "$(ns_name A)" set rekey-packets 2
must sstctl -n "$(ns_name A)" flow add proto udp local 10.0.1.1:6000 remote 10.0.2.1:6001 wire 6100:6101 side 1 key key5 >a.out
must sstctl -n "$(ns_name B)" flow add proto udp local 10.0.2.1:6001 remote 10.0.1.1:6000 wire 6101:6100 side 2 key key5 >b.out
bg_ns mona A sstctl -j monitor
bg_ns monb B sstctl -j monitor
wait_for grep -q listening mona.err
wait_for grep -q listening monb.err
udp_send() {
	for _ in 1 2 3 4 5; do
		echo test | ns A socat -u - UDP4:10.0.2.1:6001,bind=10.0.1.1:6000
	done
}
udp_send
ok 'B opened them' wait_for stat_is B rx_opened 5
is 'show: packets and keys of the sender' \
	"$(sstctl -n "$(ns_name A)" -j flow | jq -c '.flows[0].tx')" '{"kri":2,"seq":1,"packets":5,"bytes":25}'
is 'show: packets and keys of the receiver' \
	"$(sstctl -n "$(ns_name B)" -j flow | jq -c '.flows[0].rx | .idle |= (. < 60)')" '{"kri":2,"packets":5,"bytes":25,"idle":true}'
ok 'stats: not zero' grep -q '^rx_opened  *5$' <(sstctl -n "$(ns_name B)" stats)
wait_for lines monb.out 2
is 'monitor: keys that rotated, sender' "$(jq -r '[.event, .direction, .tx.kri] | join(" ")' mona.out)" \
'flow-rotated tx 1
flow-rotated tx 2'
is 'monitor: keys that rotated, receiver' "$(jq -r '[.event, .direction, .rx.kri] | join(" ")' monb.out)" \
'flow-rotated rx 1
flow-rotated rx 2'
must sstctl -n "$(ns_name B)" flow flush
must sstctl -n "$(ns_name B)" flow add proto udp local 10.0.2.1:6001 remote 10.0.1.1:6000 wire 6101:6100 side 2 key key6 >b.out
udp_send
ok 'other key: not opened' wait_for stat_is B rx_auth 5
ok 'monitor: packets that do not verify' wait_for grep -q '"event":"auth-failed".*"missed":0' monb.out
bg_stop mona
bg_stop monb

# ---- a long list while it changes
seq 1 1000 | sed 's/.*/stable | flow-add v4 local-port=1 remote-port=& wire-local-port=2 wire-remote-port=& | ok/' >stable.txt
for _ in $(seq 20); do
	seq 2001 2050 | sed 's/.*/churn | flow-add v6 proto=17 local-port=1 remote-port=& wire-local-port=2 wire-remote-port=& | ok/'
	echo 'churn | flow-flush proto=17 | ok'
done >churn.txt
is 'a thousand flows' "$(ns T "${nlraw[@]}" --table stable.txt | cut -f 3 | sort | uniq -c | tr -s ' ')" ' 1000 ok'
stable=$(q '.flows | map(.id) | tojson' flow show)
bg_ns churn T "${nlraw[@]}" --table "$topo_tmp/churn.txt"
dumps=0 bad=0 seen=0
while bg_alive churn; do
	js flow show >json
	# All flows that stay, each once and in order, and valid JSON.
	case $(jq --argjson stable "$stable" '.flows | if
		map(select(.proto == "tcp") | .id) != $stable or
		(map(.id) | . != unique) then "bad" else length end' json) in
	1000) ;;
	1???) seen=$((seen + 1)) ;;
	*) bad=$((bad + 1)) ;;
	esac
	dumps=$((dumps + 1))
done
bg_wait churn
at_least 'dumps while flows come and go' "$dumps" 3
at_least 'dumps that showed some of them' "$seen" 1
is 'dumps that were wrong' "$bad" 0
is 'changes that were refused' "$(grep -cv 'ok$' churn.out)" 0

# ---- a reader that is too slow
# Stopped, the monitor reads nothing until its buffer is full. In a container it
# has no right to a large one.
sed 's/v6 proto=17/v4/; s/flush proto=17/flush/' churn.txt | head -n 510 >flood.txt
# shellcheck disable=SC2016 # for the inner shell
bg slow unshare -Urn bash -c '
	sstctl monitor >slow-mon.out 2>slow-mon.err & pid=$!
	while ! grep -q listening slow-mon.err; do sleep 0.1; done
	kill -STOP $pid
	"$@" --table flood.txt >flood.out
	kill -CONT $pid
	while ! grep -q lost slow-mon.err; do sleep 0.1; done
	# Now and then, until it has read what was in the buffer.
	until grep -q "local 10.9.1.1:5000" slow-mon.out; do
		"$@" flow-add v4 local-ipv4=10.9.1.1 local-port=5000
		"$@" flow-flush
		sleep 0.2
	done
	kill $pid
	wait $pid' bash "${nlraw[@]}"
ok 'monitor says that events were lost' wait_for grep -q \
	'^sstctl: monitor: warning: events were lost$' slow-mon.err
ok 'and goes on' wait_for grep -q 'local 10.9.1.1:5000' slow-mon.out
ok 'and ends well' bg_wait slow

# ---- pre-shared keys
is 'genpsk: says nothing' "$(sstctl genpsk a.psk b.psk 2>&1)" ''
is 'genpsk: both sides of one key' \
	"$(cut -d : -f 1-3 a.psk b.psk | tr '\n' ' ') $(cut -d : -f 4 a.psk b.psk | sort -u | wc -l)" \
	'sst-psk-1:1:1 sst-psk-1:2:1  1'
is 'genpsk: base64 of 32 bytes' "$(cut -d : -f 4 a.psk | base64 -d | wc -c) $(wc -c <a.psk)" '32 59'
(umask 0 && sstctl genpsk open1.psk open2.psk)
is 'genpsk: for the owner only' "$(stat -c %a open1.psk open2.psk | tr '\n' ' ')" '600 600 '
not_ok 'genpsk: never the same' cmp -s a.psk open1.psk
must sstctl genpsk x1.psk x2.psk

# ---- peers
is 'peer show: nothing' "$(s peer show)" ''
is 'peer show: nothing, JSON' "$(js peer show)" '{"peers":[]}'
is 'peer add says nothing' "$(s peer add b.example address 10.0.2.1,fd00:2::1 psk a.psk 2>&1)" ''
is 'peer show as text' "$(s peer show b.example)" \
'peer b.example address 10.0.2.1,fd00:2::1
    psk side 1 suite chacha20-poly1305
    assocs 0 handshake never tx 0 B rx 0 B flows 0 idle never'
is 'peer show as JSON' "$(js peer show b.example)" \
'{"peers":[{"name":"b.example","addresses":["10.0.2.1","fd00:2::1"],"key":"psk","public_key":null,"wire_port":null,"wire_port_last":null,"identity":null,"side":1,"suite":"chacha20-poly1305","assocs":0,"handshake":null,"tx":0,"rx":0,"flows":0,"idle":null}]}'
many=$(seq -s , -f '10.0.3.%g' 8),$(seq -s , -f 'fd00:3::%g' 8)
ok 'peer add: short words, 16 addresses, standard input' s pe a a-16 ps - ad "$many" <x2.psk
is 'peer show: all addresses, side 2' \
	"$(q '.peers[] | [(.addresses | sort | length), (.addresses | unique | length), .side] | tojson' peer show a-16)" \
	'[16,16,2]'
chmod o+r open1.psk
is 'peer add: a file that others may read' "$(s peer add six address fd00:6::1 psk open1.psk 2>&1)" \
	"sstctl: peer add: warning: psk file 'open1.psk' is accessible to others: try 'chmod o= FILE'"
is 'peer show: all, by name' "$(q '.peers | map(.name) | tojson' peer show)" '["a-16","b.example","six"]'
is 'peer alone' "$(q '.peers | map(.name) | tojson' peer)" '["a-16","b.example","six"]'
is 'peer show: -4' "$(q '.peers | map(.name) | tojson' -4 peer list)" '["a-16","b.example"]'
is 'peer show: -6' "$(q '.peers | map(.name) | tojson' -6 pe s)" '["a-16","b.example","six"]'
s peer del six nobody a-16 >out 2>err
is 'peer del: all are tried' "$? $(wc -l <err) $(q '.peers | map(.name) | tojson' peer)" '2 1 ["b.example"]'
ok 'peer del: the name names it' grep -q '^sstctl: peer del: name nobody: ' err
ok 'peer add: a name and a key again' s peer add six address fd00:6::1 psk open2.psk

# ---- host keys
# RFC 7748, section 6.1: Alice's keys and Bob's public key.
echo 77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a >alice.key
alice=hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=
bob=3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=
alice_id=$(base64 -d <<<"$alice" | sha256sum | cut -c 1-16)
is 'pubkey: as RFC 7748 has it' "$(sstctl pubkey <alice.key)" "$alice"
sstctl genkey >h1.key 2>err
is 'genkey: base64 of 32 bytes, no warning' "$(base64 -d <h1.key | wc -c) $(wc -c <h1.key)$(cat err)" '32 45'
not_ok 'genkey: never the same' test "$(cat h1.key)" = "$(sstctl genkey)"
(umask 022 && sstctl genkey >h2.key) 2>err
is 'genkey: warning' "$(cat err)" \
	"sstctl: genkey: warning: writing to a file that is accessible to others: set 'umask 077' first"
is 'host show: nothing' "$(s host show)" ''
is 'host show: nothing, JSON' "$(js host show)" '{"hosts":[]}'
is 'host add says nothing' "$(s host add main key alice.key 2>&1)" ''
is 'host show as text' "$(s host show main | sed 's/age [^i]*/age /')" \
"host main public-key $alice
    key-id $alice_id age inits 0 idle never"
is 'host show as JSON' "$(q '.hosts[0].age |= (. < 60) | tojson' host show)" \
"{\"hosts\":[{\"name\":\"main\",\"public_key\":\"$alice\",\"key_id\":\"$alice_id\",\"age\":true,\"inits\":0,\"idle\":null}]}"
ok 'host add: short words, standard input' s ho a a-second k - <h1.key
is 'host add: a file that others may read' "$(s host add third key h2.key 2>&1)" \
	"sstctl: host add: warning: key file 'h2.key' is accessible to others: try 'chmod o= FILE'"
is 'host show: all, the oldest first' "$(q '.hosts | map(.name) | tojson' host)" '["main","a-second","third"]'
is 'host show: what pubkey prints' "$(q '.hosts[].public_key' host show a-second)" "$(sstctl pubkey <h1.key)"
s host del main nobody third >out 2>err
is 'host del: all are tried' "$? $(wc -l <err) $(q '.hosts | map(.name) | tojson' host)" '2 1 ["a-second"]'
ok 'host del: the name names it' grep -q '^sstctl: host del: name nobody: ' err
ok 'host add: a name and a key again' s host add main key alice.key
# More than one message of a dump holds.
for i in {1..62}; do
	sstctl genkey | must s host add "$i" key -
done
is 'host add: one too many' "$(sstctl genkey | s host add 63 key - 2>&1)" \
	'sstctl: host add: this namespace has 64 host keys; delete some'
is 'host show: 64, each once' "$(q '.hosts | map(.name) | tojson' host)" \
	"$(jq -nc '["a-second", "main"] + [range(1; 63) | tostring]')"
# shellcheck disable=SC2046 # several words
must s host del $(seq 1 62)

# ---- peers by public key
is 'peer add: a public key' "$(s peer add bob address 10.0.7.1 address fd00:7::1 public-key "$bob" \
	wire-port 443-444 identity offer 2>&1)" ''
is 'peer show: a public key, text' "$(s peer show bob)" \
"peer bob address 10.0.7.1,fd00:7::1
    public-key $bob wire-port 443-444 identity offer suite chacha20-poly1305
    assocs 0 handshake never tx 0 B rx 0 B flows 0 idle never"
is 'peer show: a public key, JSON' "$(js peer show bob)" \
"{\"peers\":[{\"name\":\"bob\",\"addresses\":[\"10.0.7.1\",\"fd00:7::1\"],\"key\":\"public-key\",\"public_key\":\"$bob\",\"wire_port\":443,\"wire_port_last\":444,\"identity\":\"offer\",\"side\":null,\"suite\":\"chacha20-poly1305\",\"assocs\":0,\"handshake\":null,\"tx\":0,\"rx\":0,\"flows\":0,\"idle\":null}]}"
must s peer del bob
ok 'peer add: hex, one wire port' s peer add bob address 10.0.7.1 wire-port 443 public-key \
	"$(base64 -d <<<"$bob" | od -An -v -tx1 | tr -d ' \n')"
is 'peer show: the same key' "$(s peer show bob | sed -n 2p)" \
	"    public-key $bob wire-port 443 identity none suite chacha20-poly1305"
must s peer del bob
ok 'peer add: without address' s peer add bob public-key "$bob"
is 'peer show: without address' "$(s peer show bob | head -n 2)" \
"peer bob
    public-key $bob identity none suite chacha20-poly1305"
is 'peer show: -6, one without address is of both' "$(q '.peers | map(.name) | tojson' -6 peer)" \
	'["b.example","bob","six"]'
must s peer del bob

# ---- associations
is 'assoc show: nothing' "$(s assoc show)$(s assoc)" ''
is 'assoc show: nothing, JSON' "$(js assoc show)" '{"assocs":[]}'
ok 'assoc flush' s assoc flush

# ---- policy
is 'policy show: nothing' "$(s policy show)" ''
is 'policy show: nothing, JSON' "$(js policy show)" '{"policy":[]}'
p1=$(s policy add out require)
is 'policy add: says the id' "${p1% *}" policy
p1=${p1#* }
p2=$(js policy add out to 10.0.2.0/24 port 80-90 proto tcp prefer priority 10 | jq .id)
p3=$(q .id po a i f fd00:2::/64 prot udp port 53 cl)
p4=$(q .id policy add in require from 10.0.2.1 priority 0)
p5=$(q .id policy add out to ::/0 clear priority 4294967295)
is 'policy show as text, by priority and age' "$(s policy show)" \
"policy $p4 in from 10.0.2.1/32 require priority 0 hits 0
policy $p2 out to 10.0.2.0/24 proto tcp port 80-90 prefer priority 10 hits 0
policy $p1 out require priority 1000 hits 0
policy $p3 in from fd00:2::/64 proto udp port 53 clear priority 1000 hits 0
policy $p5 out to ::/0 clear priority 4294967295 hits 0"
is 'policy show: one, JSON' "$(js policy show "$p2")" \
"{\"policy\":[{\"id\":$p2,\"direction\":\"out\",\"prefix\":\"10.0.2.0/24\",\"proto\":\"tcp\",\"port\":80,\"port_last\":90,\"uid\":null,\"uid_last\":null,\"cgroup\":null,\"cgroup_id\":null,\"cgroup_gone\":null,\"verdict\":\"prefer\",\"scope\":\"ports\",\"mark\":\"all\",\"peer\":null,\"priority\":10,\"hits\":0}]}"
is 'policy show: what does not matter, JSON' "$(js policy show "$p1")" \
"{\"policy\":[{\"id\":$p1,\"direction\":\"out\",\"prefix\":null,\"proto\":null,\"port\":null,\"port_last\":null,\"uid\":null,\"uid_last\":null,\"cgroup\":null,\"cgroup_id\":null,\"cgroup_gone\":null,\"verdict\":\"require\",\"scope\":\"ports\",\"mark\":\"all\",\"peer\":null,\"priority\":1000,\"hits\":0}]}"
is 'policy show: one port, JSON' "$(q '.policy[0] | [.port, .port_last] | tojson' policy show "$p3")" '[53,53]'
is 'policy show: -4' "$(q '.policy | map(.id) | tojson' -4 policy)" "[$p4,$p2,$p1]"
is 'policy show: -6' "$(q '.policy | map(.id) | tojson' -6 policy list)" "[$p1,$p3,$p5]"
rule=$(s policy show "$p2" | sed 's/^policy [0-9]* //; s/ hits .*//')
must s policy del "$p2"
# shellcheck disable=SC2086 # several words
ok 'policy add takes what policy show prints' s policy add $rule
ok 'policy del: several' s policy del "$p4" "$p5"
p6=$(s policy add in port 22 require peer b.example priority 3)
is 'policy show: a peer' "$(s policy show "${p6#* }")" \
	"$p6 in port 22 require peer b.example priority 3 hits 0"
is 'policy show: a peer, JSON' "$(q '.policy[0].peer' policy show "${p6#* }")" b.example
must s policy del "${p6#* }"
ok 'policy flush: one direction' s policy flush out
is 'policy flush: the other stays' "$(q '.policy | map(.id) | tojson' policy)" "[$p3]"
ok 'policy flush' s policy flush
is 'policy flush: nothing is left' "$(js policy)" '{"policy":[]}'

# ---- the overview
must s policy add in port 22 clear priority 5 >s.out
is 'show as text' "$(s show | head -n 17 | sed 's/^policy [0-9]*/policy N/; s/age [^i]*/age /')" \
'mark-mask 0xfc mark-value 0xac dscp clear max-flows 131072 opening-window 600 flows 1000

host a-second public-key '"$(sstctl pubkey <h1.key)"'
    key-id '"$(q '.hosts[0].key_id' host)"' age inits 0 idle never
host main public-key '"$alice"'
    key-id '"$alice_id"' age inits 0 idle never

peer b.example address 10.0.2.1,fd00:2::1
    psk side 1 suite chacha20-poly1305
    assocs 0 handshake never tx 0 B rx 0 B flows 0 idle never
peer six address fd00:6::1
    psk side 2 suite chacha20-poly1305
    assocs 0 handshake never tx 0 B rx 0 B flows 0 idle never

policy N in port 22 clear priority 5 hits 0

flows without a peer'
is 'show: flows' "$(s show | grep -c '^flows \|^    flow ')" 1001
ok 'show: valid JSON' valid js show
is 'show as JSON' "$(q '[keys_unsorted, (.hosts, .peers, .policy, .assocs, .flows | length)] | tojson' show)" \
	'[["hosts","peers","policy","assocs","flows"],2,2,1,0,1000]'
is 'show: a flow is that of flow show' "$(q '.flows[7] | .age = 0 | tojson' show)" \
	"$(q '.flows[7] | .age = 0 | tojson' flow show)"
is 'show: -6' "$(q '[.peers, .policy, .flows | length] | tojson' -6 show)" '[2,1,0]'

# ---- a flow of two peers
a() { sstctl -n "$(ns_name A)" "$@"; }
b() { sstctl -n "$(ns_name B)" "$@"; }
must a flow flush
must b flow flush
must a set rekey-packets 4294901760
must sstctl genpsk A.psk B.psk
must a peer add bob address "$B4,$B6" psk A.psk
must b peer add alice address "$A4,$A6" psk B.psk
must a policy add out to "$B4" proto udp port 7000 require >a.out
must b policy add in from "$A4" proto udp port 7000 require >b.out
bg_ns opena A sstctl -j monitor
bg_ns openb B sstctl -j monitor
wait_for grep -q listening opena.err
wait_for grep -q listening openb.err
udp_echo_server B 7000
# The second datagram confirms the flow.
is 'the peers talk' "$(ns A "$topo_lib/udp-ask.py" "$B4" 7000 7001 'who is' ' it')" 'who is it'
is 'flow show: the initiator' "$(a -j flow | jq -c '.flows | map([.role, .state, .peer, .peer_port, .local_port, .remote_port])')" \
	'[["initiator","live","bob",null,7001,7000]]'
is 'flow show: the responder' "$(b -j flow | jq -c '.flows | map([.role, .peer, .local_port, .remote_port])')" \
	'[["responder","alice",7000,7001]]'
ok 'flow show: role and peer as text' grep -q ' role initiator peer bob age ' <(a flow)
ok 'show: the flows of a peer' grep -A 2 -q '^flows with peer bob$' <(a show)
ok '... with what matters' grep -q '^        state live role initiator tx .* rx .* age ' <(a show)
is 'peer show: flows, and heard of' "$(a -j peer | jq -c '.peers | map([.name, .flows, .idle < 60])')" '[["bob",1,true]]'
is 'policy show: hits' "$(a -j policy | jq -c '.policy | map(.hits >= 1)')" '[true]'
must a peer del bob
ok 'monitor: the end of the peer' wait_for grep -q '"flow-closed".*"reason":"peer-deleted"' opena.out
bg_stop opena
bg_stop openb
is 'monitor: a flow from its opening to its end' \
	"$(jq -r '[.event, .role, .peer, .reason // "-"] | join(" ")' opena.out)" \
'flow-opened initiator bob -
flow-confirmed initiator bob -
flow-closed initiator bob peer-deleted'
is 'monitor: the other side' "$(jq -r '[.event, .role, .peer] | join(" ")' openb.out | head -n 2)" \
'flow-opened responder alice
flow-confirmed responder alice'

# ---- shutdown
ok 'shutdown' b shutdown
is 'shutdown: nothing is left' "$(b -j show)" '{"hosts":[],"peers":[],"policy":[],"assocs":[],"flows":[]}'
ok 'shutdown of an empty namespace' sstctl -n "$(ns_name R)" shutdown
is 'shutdown: others keep theirs' "$(a -j policy | jq '.policy | length')" 1
must a shutdown

# ---- secrets in what was printed
sstctl -n "$T" flow show >all.txt
js flow show >all.json
s show >show.txt
js show >show.json
cat ./*.out ./*.err all.txt all.json show.txt show.json >printed
{
	for k in key1 open.key key4 key5 key6 h1.key h2.key; do
		cut -c 1-12 "$k"
		base64 -d "$k" | od -An -v -tx1 | tr -d ' \n' | cut -c 1-12
	done
	for k in a.psk open1.psk x1.psk A.psk; do
		cut -d : -f 4 "$k" | cut -c 1-12
		cut -d : -f 4 "$k" | base64 -d | od -An -v -tx1 | tr -d ' \n' | cut -c 1-12
	done
	cut -c 1-12 key2 alice.key
} >secrets
not_ok 'no secret in what was printed' grep -iFf secrets printed
ok 'flush' s flow flush
is 'flush: nothing is left' "$(js flow show) $(s get flows)" '{"flows":[]} flows 0'
is 'flush: peers and rules stay' "$(q '[.peers, .policy | length] | tojson' show)" '[2,1]'
ok 'shutdown of one with peers and rules' s shutdown
is 'shutdown: host keys are gone, too' "$(js show)" '{"hosts":[],"peers":[],"policy":[],"assocs":[],"flows":[]}'

# ---- without the module
bg monx sstctl monitor
wait_for grep -q listening monx.err
# The namespaces may hold nothing of it.
must rmmod sst
ok 'monitor ends with the module' wait_for grep -qx 'sstctl: monitor: the sst kernel module was removed' monx.err
bg_wait monx
is 'monitor: status then' $? 2
# The request itself would load a module that can be found by its alias.
conf=/etc/modprobe.d/sst-vm.conf
[ ! -e $conf ] || mv $conf $conf.away
s stats >out 2>err
is 'module not loaded' "$? $(cat out err)" \
	"2 sstctl: stats: the sst kernel module is not loaded: try 'modprobe sst'"
[ ! -e $conf.away ] || mv $conf.away $conf
# User-mode Linux with KASAN cannot load a module where one was before: it finds
# fault with its own load_module().
if [ "${SST_KERNEL-}" != debug ]; then
	must modprobe sst
	is 'after modprobe' "$(js get flows)" '{"flows":0}'
fi
