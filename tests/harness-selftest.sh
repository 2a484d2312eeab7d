#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Tests of scripts/vm and of the test library: a harness that cannot fail proves
# nothing. Runs on the host, for the kernels given (default all):
#
#   tests/harness-selftest.sh [6.1|6.12|debug]...
set -u

top=$(dirname "$(dirname "$(realpath "$0")")")
vm=$top/scripts/vm
kernels=("$@")
[ $# -gt 0 ] || kernels=(6.1 6.12 debug)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# Each guest's script gets a process group, and passes the end on to its guest.
set -m
# shellcheck disable=SC2317 # called by the trap
stop() {
	local p
	for p in $(jobs -rp); do
		kill -TERM -- "-$p" 2>/dev/null
	done
	exit 130
}
trap stop INT TERM
"$top/scripts/deps" vm test build bc || exit 1

# Without shellcheck's advice on quotes: they are odd on purpose.
# shellcheck disable=SC2016,SC1003
odd=('' 'a b' "it's" 'say "x"' $'two\nlines' '$HOME * \\' '-k' 'ä' $'\x01\xff')

result() {
	if [ "$3" = "$4" ]; then
		echo "ok - $1: $2"
	else
		echo "not ok - $1: $2"
		printf '#   got %q\n#   want %q\n' "$3" "$4"
		[ ! -s "$tmp/$1.err" ] || head -n 20 "$tmp/$1.err" | sed 's/^/#   /'
	fi
}

faults_module() {
	local k=$1 kdir dir=$top/build/faults-$1 args=()
	kdir=$("$top/scripts/kernels" headers "$k") || return 1
	[ "$k" != debug ] || args=(ARCH=um)
	mkdir -p "$dir"
	cp "$top/tests/lib/faults/"* "$dir/"
	make -C "$kdir" M="$dir" "${args[@]}" modules >"$dir/log" 2>&1 9>&- ||
		{ cat "$dir/log" >&2 && return 1; }
	echo "$dir/faults.ko"
}

# expect_fault KERNEL WHAT STATUS WORDS
expect_fault() {
	local k=$1 what=$2 err=$tmp/$1.err
	SST_KMEMLEAK=$leaks "$vm" -k "$k" --no-module --timeout 180 -- \
		insmod "$ko" "what=$what" >/dev/null 2>"$err" </dev/null
	result "$k" "$what: status" $? "$3"
	result "$k" "$what: says why" "$(grep -cE "$4" "$err" | sed 's/^[1-9].*/some/')" some
}

# What happens to a guest that does not end by itself.
endings() {
	local k=$1 err=$tmp/$1.err out=$tmp/$1.out dir="$tmp/$1 a 'b" pid run
	# Long enough for the guest to start on a busy machine.
	SST_KMEMLEAK=0 "$vm" -k "$k" --no-module --timeout 50 -- \
		sh -c 'echo started; sleep 1000' >"$out" 2>"$err" </dev/null
	result "$k" "timeout: status" $? 124
	result "$k" "timeout: output before it" "$(cat "$out")" started

	# End the script by force: the guest must go too.
	SST_KMEMLEAK=0 "$vm" -k "$k" --no-module --out "$dir/o2" -- \
		sh -c "touch \$SST_OUT/up; sleep 1000" >/dev/null 2>"$err" </dev/null &
	pid=$!
	for _ in $(seq 1200); do
		[ ! -e "$dir/o2/up" ] || break
		sleep 0.1
	done
	run=$(pgrep -P "$pid" -f 'sst_run=')
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null
	for _ in $(seq 300); do
		grep -q '^State:[[:space:]]*[^Z[:space:]]' "/proc/$run/status" 2>/dev/null || break
		sleep 0.1
	done
	result "$k" "guest was there" "$([ -n "$run" ] && echo yes)" yes
	# A dead one may stay listed as a zombie until its parent asks.
	result "$k" "guest dies with the script" \
		"$(awk '/^State:/ { print $2 }' "/proc/$run/status" 2>/dev/null | grep -v Z)" ''
}

one() {
	local k=$1 err=$tmp/$1.err out=$tmp/$1.out dir="$tmp/$1 a 'b" leaks=0 ko got
	mkdir -p "$dir"
	ko=$(faults_module "$k") || { echo "not ok - $k: faults module" && return; }
	cd "$dir" || return

	# One guest for all that can be asked of one.
	cat >"$dir/script" <<-'END'
		printf '%s\0' "$@" >"$SST_OUT/args"
		pwd >"$SST_OUT/pwd"
		id -u >"$SST_OUT/id"
		cat
		echo one >/dev/stdout
		echo two >/dev/stderr
		echo three
		echo lost >>"$0"
		nft list ruleset && modprobe dummy && touch "$SST_OUT/commands"
		command -v vm >/dev/null && touch "$SST_OUT/path"
		sleep 100 &
		exit 42
	END
	printf 'in\0put\n' | SST_KMEMLEAK=$leaks "$vm" -k "$k" --no-module --timeout 180 \
		--out "$dir/o" -- bash "$dir/script" "${odd[@]}" >"$out" 2>"$err"
	result "$k" "exit status" $? 42
	result "$k" "arguments" "$(od -c "$dir/o/args")" "$(printf '%s\0' "${odd[@]}" | od -c)"
	result "$k" "current folder" "$(cat "$dir/o/pwd")" "$dir"
	result "$k" "root" "$(cat "$dir/o/id")" 0
	result "$k" "input and output" "$(od -c "$out")" "$(printf 'in\0put\none\nthree\n' | od -c)"
	result "$k" "error output" "$(cat "$err")" two
	result "$k" "host is not written to" "$(grep -c '^lost' "$dir/script")" 0
	result "$k" "nft and modprobe work" "$(ls "$dir/o/commands")" "$dir/o/commands"
	result "$k" "scripts are on the path" "$(ls "$dir/o/path")" "$dir/o/path"

	# What comes out in the last moment may be lost.
	"$vm" -k "$k" --no-module --timeout 180 -- \
		sh -c 'echo before
			until grep -q before /run/sst-vm/job/stdout; do sleep 0.1; done
			sleep 1; echo c >/proc/sysrq-trigger; sleep 50' >"$out" 2>"$err" </dev/null
	result "$k" "panic: status" $? 125
	result "$k" "panic: output before it" "$(cat "$out")" before
	result "$k" "panic: is shown" "$(grep -c 'Kernel panic' "$err" | sed 's/^[1-9].*/some/')" some

	# Both stock kernels go the same way here: one will do.
	[ "$k" = 6.1 ] || endings "$k"

	expect_fault "$k" warn 123 'WARNING: '
	got=$("$vm" -k "$k" --module "$ko" --timeout 180 -- lsmod 2>"$err" </dev/null | grep -c '^faults')
	result "$k" "--module loads" "$got" 1
	if [ "$k" = debug ]; then
		expect_fault "$k" uaf 123 'KASAN: '
		expect_fault "$k" oob 123 'KASAN: '
		expect_fault "$k" sleep 123 'scheduling while atomic|sleeping function'
		expect_fault "$k" lock 123 'possible circular locking'
		leaks=1
		expect_fault "$k" leak 123 'unreferenced object'
	fi

	SST_KMEMLEAK=$leaks "$vm" -k "$k" --no-module --timeout 480 --out "$dir/o3" -- \
		"$top/tests/lib/topology-test.sh" >"$out" 2>"$err" </dev/null
	result "$k" "topology library: status" $? 0
	grep -A6 '^not ok' "$out" | sed 's/^not ok/#   &/'
	sed -n "s/^\(not \)\{0,1\}ok [0-9]*/\1ok - $k: topology/p" "$out"
}

for k in "${kernels[@]}"; do
	# Two at once: they must not clash.
	if [ "$(jobs -rp | wc -l)" -ge 2 ]; then wait -n; fi
	one "$k" >"$tmp/$k.tap" 2>&1 &
done
wait
for k in "${kernels[@]}"; do
	cat "$tmp/$k.tap"
done >"$tmp/all"
cat "$tmp/all"
failed=$(grep -c '^not ok' "$tmp/all")
passed=$(grep -c '^ok' "$tmp/all")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
