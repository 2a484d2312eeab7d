#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 120
# packages: build
# before: tests/lib/program-build so-sst-table
# SO_SST: levels, families, types, moments, values, sizes, privilege, from C and
# from Python; what accepted sockets inherit; containers; the hooks of the
# namespace.
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

so_sst=$sst_tests/lib/so-sst.py
cases=123
table=$sst_tests/lib/so-sst.table
rows=$(grep -vc '^\(#.*\)\?$' "$table")

# one_value VALUE NEW: set a UDP socket to VALUE, then to NEW; prints what it
# has then, or the error.
one_value() {
	cat <<-END
		import errno, socket
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		try:
		    for value in ($1, $2):
		        s.setsockopt(socket.SOL_IP, 0x5354, value)
		    print(s.getsockopt(socket.SOL_IP, 0x5354))
		except OSError as error:
		    print(errno.errorcode[error.errno])
	END
}

# table_cases NAME PROGRAM...: the cases of the table, run by a program.
table_cases() {
	local name=$1 desc got want
	shift
	ns A "$@" "$table" 10.0.1.77 >"$topo_tmp/$name" 2>"$topo_tmp/errors"
	is "$name: the program ends well" "$?" 0
	diag "$(cat "$topo_tmp/errors")"
	is "$name: all rows were tried" "$(wc -l <"$topo_tmp/$name")" "$rows"
	while IFS='|' read -r desc got want; do
		is "$name: row $desc" "$got" "$want"
	done <"$topo_tmp/$name"
}

tap_plan $((cases + 2 * rows + 11))
topo_hrh
must ns A sysctl -qw net.ipv4.ping_group_range="0 0"

ns A "$so_sst" 10.0.1.77 >"$topo_tmp/cases" 2>"$topo_tmp/errors"
is "the script ends well" "$?" 0
diag "$(cat "$topo_tmp/errors")"
is "all cases were tried" "$(wc -l <"$topo_tmp/cases")" "$cases"
while IFS='|' read -r desc got want; do
	is "$desc" "$got" "$want"
done <"$topo_tmp/cases"

# ---- the table of Documentation/sockets.md
at_least "rows of the table" "$rows" 90
table_cases C "$SST_TOP/build/tests/so-sst-table"
table_cases Python "$sst_tests/lib/so-sst-table.py"

# ---- privilege is over the network namespace of the socket
is "root of a container lowers in it" \
	"$(unshare -Urn /usr/bin/python3 -c "$(one_value 2 0)")" 0
is "but not in the namespace of another user" \
	"$(ns A unshare -Ur /usr/bin/python3 -c "$(one_value 2 0)")" EPERM
is "raising it needs no privilege there" \
	"$(ns A unshare -Ur /usr/bin/python3 -c "$(one_value 1 2)")" 2

# ---- every namespace at once: each registers its hooks once
for i in {1..4}; do
	for _ in 1 2; do
		ns A unshare -Urn /usr/bin/python3 -c "$(one_value 1 2)"
		ns B /usr/bin/python3 -c "$(one_value 0 2)"
	done >"$topo_tmp/many$i" &
	many+=("$!")
done
wait "${many[@]}"
is "many at once" "$(cat "$topo_tmp"/many? | sort | uniq -c | xargs)" "16 2"
