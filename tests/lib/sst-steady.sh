# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # topology.sh and sst.sh set them
# Steady traffic (steady.py) from other hosts to B, and what it says in the end.
# Source it after sst.sh.

# steady_serve: B's program.
steady_serve() {
	bg_ns serve B /usr/bin/python3 "$sst_tests/lib/steady.py" serve 700
	wait_for -t 30 listening B tcp 700 && return
	cat "$topo_tmp/serve.err" >&2
	bail "steady.py does not listen"
}
# steady NAME HOST ADDRESS: traffic from a host, until bg_stop NAME. It may take a
# while to begin: see begun.
steady() {
	bg_ns "$1" "$2" /usr/bin/python3 "$sst_tests/lib/steady.py" "$3" 700
}
# begun NAME...: waits until all kinds of it are under way.
begun() {
	local name
	for name; do
		must wait_for -t 30 grep -q begun "$topo_tmp/$name.err"
	done
}
# said NAME WORD: what it said.
said() {
	jq -r ".$2" "$topo_tmp/$1.out"
}
# lost_nothing NAME TEXT SLOWEST: ends it; five results. The slowest new
# connection took no more milliseconds.
lost_nothing() {
	bg_stop "$1"
	is "$2: the connection goes on" "$(said "$1" stream)" ''
	is "$2: no datagram is lost" "$(said "$1" lost)" 0
	is "$2: no new connection fails" "$(said "$1" failed)" 0
	at_least "$2: they were made all the time" "$(said "$1" made)" 3
	at_most "$2: the slowest took, ms" "$(said "$1" slowest)" "$3"
}
# went_well NAME: one result.
went_well() {
	bg_stop "$1"
	is "$1: all went well" "$(jq -c '[.stream, .lost, .failed, .made > 0]' \
		"$topo_tmp/$1.out")" '["",0,0,true]'
}

# connect_ms HOST [SECONDS]: how long it takes to connect to B over IPv4; or never.
connect_ms() {
	ns "$1" timeout "${2:-20}" /usr/bin/python3 "$sst_tests/lib/connect-ms.py" \
		"$B4" 700 2>/dev/null || echo never
}
