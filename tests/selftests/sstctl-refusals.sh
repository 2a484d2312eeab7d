#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: debug
# timeout: 240
# Wrong command lines and wrong netlink messages: each gets the answer that is
# documented, and changes nothing.
. "$(dirname "$0")/../lib/topology.sh"
tools=$(dirname "$(realpath "$0")")/../tools
nlraw=("/usr/bin/python3" "$tools/nlraw.py")
table=$tools/netlink-errors.txt

# refuse STATUS MESSAGE ARGUMENT...: sstctl ends with this status and says
# nothing but this one line, on standard error.
refuse() {
	local status=$1 message=$2 rc
	shift 2
	"${run[@]}" sstctl "$@" >"$topo_tmp/out" 2>"$topo_tmp/err" </dev/null
	rc=$?
	is "sstctl ${*@Q}" "$rc $(cat "$topo_tmp/out")$(cat "$topo_tmp/err")" \
		"$status sstctl: $message"
}

# The same for wrong words: status 1 and the hint to ask for help.
wrong() {
	local command=$1 message=$2
	shift 2
	refuse 1 "${command:+$command: }$message: try 'sstctl ${command:+$command }help'" "$@"
}

rows=$(grep -c '^[^#]' "$table")
tap_plan $((377 + rows))

ns_add T
run=(ip netns exec "$(ns_name T)")
cd "$topo_tmp" || exit 1
umask 077
sstctl flow genkey >key
b64=$(cat key)
hex=$(base64 -d <key | od -An -v -tx1 | tr -d ' \n')
good=(flow add proto tcp local 10.0.1.1:40000 remote 10.0.2.1:80
	wire 31417:27182 side 1 key key)

# ---- options and commands
wrong '' 'a command is missing'
wrong '' 'a command is missing' -j
wrong '' "'frob' is not a command" frob
wrong '' "'' is not a command" ''
wrong '' "'s' may be show or stats or set or shutdown or sockopt" s
wrong '' "'FLOW' is not a command" FLOW
wrong '' "'frob' is not a command" help frob
wrong '' "'add' is not a command" help flow add
wrong '' "option '-x' is unknown" -x stats
wrong '' "option '-x' is unknown" -jx stats
wrong '' "option '--frob' is unknown" --frob
wrong '' "option '-n' needs a value" -n
wrong '' "option '--netns' needs a value" --netns
wrong '' '-4 and -6 exclude each other' -4 -6 flow
refuse 1 "network namespace 'no-such': No such file or directory" -n no-such stats
refuse 1 "network namespace '': not a name or path" -n '' stats
refuse 1 "network namespace './key': not a network namespace" -n ./key stats
refuse 1 "network namespace '/proc/self/ns/uts': not a network namespace" -n /proc/self/ns/uts stats

# ---- flow
wrong flow "'frob' is not a command" flow frob
wrong flow "'key' is not a command" flow key
wrong 'flow show' "id '0': an id is a number from 1 to 4294967295" flow show 0
wrong 'flow show' "id '4294967296': an id is a number from 1 to 4294967295" flow show 4294967296
wrong 'flow show' "id '1x': an id is a number from 1 to 4294967295" flow show 1x
wrong 'flow show' "'1' is not expected" flow show 1 2
wrong 'flow show' "'wire' is not expected" flow show wire 1:2
wrong 'flow show' "'-1' is not expected" flow show -1
wrong 'flow show' 'proto needs a value' flow show proto
wrong 'flow show' "proto 'icmp': give tcp or udp" flow show proto icmp
wrong 'flow show' "local '10.0.0': not an IPv4 or IPv6 address" flow show local 10.0.0
wrong 'flow show' "local '10.0.0.1:0': a port is a number from 1 to 65535" flow show local 10.0.0.1:0
wrong 'flow show' "remote 'fd00::1]:1': not an IPv4 or IPv6 address" flow show remote fd00::1]:1
wrong 'flow show' "remote '[fd00::1': the ']' is missing" flow show remote '[fd00::1'
wrong 'flow show' "remote '[10.0.0.1]:1': only IPv6 addresses have brackets" flow show remote '[10.0.0.1]:1'
wrong 'flow show' 'local is given twice' flow show local 10.0.0.1 local 10.0.0.2
wrong 'flow show' "local 'fd00::1': not an IPv4 address, which -4 asks for" -4 flow show local fd00::1
refuse 2 'flow show: no flow has this id' flow show 4000000000
refuse 2 'flow show: no flow has this id' -j flow show 4000000000
wrong 'flow del' 'id is missing' flow del
wrong 'flow del' "id 'all': an id is a number from 1 to 4294967295" flow del all
wrong 'flow del' "id '-1': an id is a number from 1 to 4294967295" flow del 1 -1
refuse 2 'flow del: no flow has this id' flow del 4000000000
refuse 2 $'flow del: id 7: no flow has this id\nsstctl: flow del: id 8: no flow has this id' flow del 7 8
wrong 'flow flush' "'all' is not expected" flow flush all
wrong 'flow flush' "proto '6': give tcp or udp" flow flush proto 6
wrong 'flow genkey' "'-' is not expected" flow genkey -

# ---- run, wish
wrong run 'a command is missing' run
wrong run 'a command is missing' run --require
wrong run 'a command is missing' run --
wrong run "option '-x' is unknown" run -x true
wrong run "option '--clear' is unknown" run --clear true
wrong run '--require and --prefer exclude each other' run --prefer --require true
refuse 125 "run: no cgroup2 file system shows the cgroup of this process; mount one; in place of 'ip netns exec NETNS' use 'sstctl -n NETNS run'" run true
wrong wish "'frob' is not a command" wish frob
wrong 'wish show' "id 'x': not a number" wish show x
wrong 'wish show' "'2' is not expected" wish show 1 2
refuse 2 'wish show: there is no wish for a cgroup with this id; a dump of wish-get shows all' wish show 1

# ---- sockopt
wrong sockopt "'frob' is not a command" sockopt frob
wrong 'sockopt attach' "'b' is not expected" sockopt attach a b
refuse 1 "sockopt attach: cgroup 'no-such': No such file or directory" sockopt attach no-such
refuse 1 "sockopt detach: cgroup './key': Not a directory" sockopt detach ./key
refuse 1 'sockopt show: no cgroup2 file system is mounted here: mount one' sockopt show
refuse 2 'sockopt attach: cannot see what is attached: Bad file descriptor' sockopt attach .

# ---- flow add: words
wrong 'flow add' 'proto is missing' flow add
wrong 'flow add' 'local is missing' flow add proto tcp
wrong 'flow add' 'remote is missing' "${good[@]:0:6}"
wrong 'flow add' 'wire is missing' "${good[@]:0:8}"
wrong 'flow add' 'side is missing' "${good[@]:0:10}"
wrong 'flow add' 'key is missing' "${good[@]:0:12}"
wrong 'flow add' 'key needs a value' "${good[@]:0:13}"
wrong 'flow add' 'side is given twice' "${good[@]}" side 2
wrong 'flow add' "'frob' is not expected" "${good[@]}" frob 1
wrong 'flow add' "'s' may be several words" "${good[@]:0:10}" s 1
wrong 'flow add' "proto 'sctp': give tcp or udp" flow add proto sctp
wrong 'flow add' "local '10.0.1.1': the port is missing, write ADDRESS:PORT" flow add local 10.0.1.1
wrong 'flow add' "local '10.0.1.1:': a port is a number from 1 to 65535" flow add local 10.0.1.1:
wrong 'flow add' "local '10.0.1.1:65536': a port is a number from 1 to 65535" flow add local 10.0.1.1:65536
wrong 'flow add' "local '10.0.1.1:http': a port is a number from 1 to 65535" flow add local 10.0.1.1:http
wrong 'flow add' "local 'localhost:80': not an IPv4 or IPv6 address" flow add local localhost:80
wrong 'flow add' "remote 'fd00::1': the port is missing, write [ADDRESS]:PORT" flow add remote fd00::1
wrong 'flow add' "remote '[fd00::1]80': after ']' comes :PORT" flow add remote '[fd00::1]80'
wrong 'flow add' "remote '[fe80::1%lo]:80': not an IPv4 or IPv6 address" flow add remote '[fe80::1%lo]:80'
wrong 'flow add' "local '[fd00::1]:80': not an IPv4 address, which -4 asks for" -4 flow add local '[fd00::1]:80'
wrong 'flow add' "remote '10.0.0.1:80': not an IPv6 address, which -6 asks for" -6 flow add remote 10.0.0.1:80
wrong 'flow add' "wire '31417': write LOCAL-PORT:REMOTE-PORT" flow add wire 31417
wrong 'flow add' "wire '0:1': a port is a number from 1 to 65535" flow add wire 0:1
wrong 'flow add' "wire '1:2:3': a port is a number from 1 to 65535" flow add wire 1:2:3
wrong 'flow add' "side '3': give 1 or 2" flow add side 3
wrong 'flow add' "scope 'all': give ports, label or payload" flow add scope all
wrong 'flow add' "suite '2': give 1 (chacha20-poly1305)" flow add suite 2
wrong 'flow add' "local 'a?b': not an IPv4 or IPv6 address" flow add local $'a\nb'

# ---- flow add: the secret
on_argv='a secret on the command line can be read by other users, give a file or '"'-'"
wrong 'flow add' "key: $on_argv" "${good[@]:0:13}" "$b64"
wrong 'flow add' "key: $on_argv" "${good[@]:0:13}" "$hex"
wrong 'flow add' "key: $on_argv" flow add key "${b64%?}"
wrong 'flow add' "key: $on_argv" flow add "$b64"
refuse 1 "flow add: key file 'none': No such file or directory" "${good[@]:0:13}" none
refuse 1 "flow add: key file '.': Is a directory" "${good[@]:0:13}" .
not_a_key='not a key: one line of 44 characters of base64 or 64 hex digits is expected'
refuse 1 "flow add: key file 'standard input': $not_a_key" "${good[@]:0:13}" -
echo "$b64$b64" >long
refuse 1 "flow add: key file 'long': $not_a_key" "${good[@]:0:13}" long
printf '%s\n\n' "$b64" >lines
refuse 1 "flow add: key file 'lines': $not_a_key" "${good[@]:0:13}" lines
base64 -d <key >binary
refuse 1 "flow add: key file 'binary': $not_a_key" "${good[@]:0:13}" binary

# ---- flow add: what the kernel refuses
refuse 2 'flow add: wire ports are the same as the real ports' "${good[@]:0:8}" wire 40000:80 side 1 key key
refuse 2 'flow add: give either IPv4 or IPv6 addresses, not both' "${good[@]:0:6}" remote '[fd00::1]:80' "${good[@]:8}"
refuse 2 'flow add: local address must be a unicast address' "${good[@]:0:4}" local 0.0.0.0:1 "${good[@]:6}"
refuse 2 'flow add: loopback addresses are exempt from SST' "${good[@]:0:6}" remote 127.0.0.1:80 "${good[@]:8}"

# ---- set, get, stats, monitor
wrong set 'a name is missing' set
wrong set "'frob' is not a name" set frob 1
wrong set "'mark' may be several names" set mark 1
wrong set 'flows is read only' set flows 1
wrong set 'dscp needs a value' set dscp
wrong set 'dscp is given twice' set dscp keep dscp clear
wrong set "dscp '1': give clear or keep" set dscp 1
wrong set "mark-mask '0x100': the number is too large" set mark-mask 0x100
wrong set "rekey-seconds '1m': not a number" set rekey-seconds 1m
wrong set "max-flows '-1': not a number" set max-flows -1
refuse 2 'set: rekey-seconds: integer out of range (1 to 3600)' set rekey-seconds 3601
refuse 2 'set: mark-mask must leave the ECN bits 0 and 1 clear' set mark-mask 0xff
refuse 2 'set: mark-value has bits outside of mark-mask' set dscp keep mark-value 1
is 'no value was set' "$("${run[@]}" sstctl get dscp)" 'dscp clear'
wrong get "'frob' is not a name" get frob
wrong stats "'zeros' is not expected" stats zeros
wrong monitor "'frob' is not expected" monitor frob
wrong monitor "event 'frob': not an event, or several of them" monitor event frob
wrong monitor "time 'now': give utc, local or none" monitor time now
wrong top "sort 'colour': give rate, tx, rx, packets, age or idle" top batch sort colour
wrong top "interval '0': not a number of seconds from 0.1 to 3600" top interval 0
wrong top "-j, count and rows go with 'batch'" top rows 3
wrong doctor "'frob' is not expected" doctor frob
wrong doctor 'key needs a value' doctor key
wrong 'doctor probe' 'a peer or an address is missing' doctor probe
wrong 'doctor probe' "port '1-2': give one port" doctor probe 10.0.2.1 port 1-2
wrong 'doctor probe' "'frob' is no peer, and as an address: not an IPv4 or IPv6 address" doctor probe frob
is 'no flow was added' "$("${run[@]}" sstctl get flows)" 'flows 0'

# ---- output that cannot be written
"${run[@]}" sstctl stats all >/dev/full 2>err
is 'output that cannot be written' "$? $(cat err)" \
	'1 sstctl: stats: cannot write: No space left on device'
"${run[@]}" sstctl flow genkey >/dev/full 2>err
is 'a secret that cannot be written' "$? $(cat err)" \
	'1 sstctl: flow genkey: cannot write the key: No space left on device'

# ---- other people
nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
eperm='not permitted: CAP_NET_ADMIN over this network namespace is needed'
chmod 755 "$topo_tmp"
cp key nobody.key
chown 65534 nobody.key
run=(ip netns exec "$(ns_name T)" "${nobody[@]}")
refuse 2 "flow show: $eperm" flow show
refuse 2 "flow show: $eperm" flow show 1
refuse 2 "flow add: $eperm" "${good[@]:0:13}" nobody.key
refuse 2 "flow del: $eperm" flow del 1
refuse 2 "flow flush: $eperm" flow flush
refuse 2 "stats: $eperm" stats
refuse 2 "get: $eperm" get
refuse 2 "set: $eperm" set dscp keep
# Events name the real ports.
timeout 5 "${run[@]}" sstctl monitor >out 2>err
is 'sstctl monitor without CAP_NET_ADMIN' "$? $(cat out err)" "2 sstctl: monitor: $eperm"
# Root without the one capability.
run=(ip netns exec "$(ns_name T)" setpriv --bounding-set=-net_admin --inh-caps=-net_admin)
refuse 2 "get: $eperm" get
# The owner of a user namespace has no say in a network namespace outside of it ...
run=(ip netns exec "$(ns_name T)" unshare -Ur)
refuse 2 "get: $eperm" get
# ... but in his own, be he root outside or not.
run=()
ok 'a container may administer its own namespace' unshare -Urn sstctl "${good[@]}"
ok 'so may one of a user without rights' "${nobody[@]}" unshare -Urn \
	sstctl "${good[@]:0:13}" nobody.key
ok 'and it can watch' "${nobody[@]}" unshare -Urn timeout -s INT -k 5 --preserve-status \
	1 sstctl monitor
refuse 1 "network namespace 'no-such': No such file or directory" -n no-such get

# ---- raw messages
while IFS=$'\t' read -r what want got; do
	is "message: $what" "$got" "$want"
done < <(ns T "${nlraw[@]}" --table "$table" </dev/null)
is 'raw message without CAP_NET_ADMIN' "$(ns T "${nobody[@]}" "${nlraw[@]}" flow-flush)" EPERM
is 'raw message of a container to its own namespace' \
	"$("${nobody[@]}" unshare -Urn "${nlraw[@]}" flow-flush)" ok
ok 'the documentation is that of the table' "$tools/gen-netlink-errors" --check
is 'refused values were not set' "$(ns T sstctl get rekey-seconds)" 'rekey-seconds 3600'

# ---- genpsk
run=(ip netns exec "$(ns_name T)")
echo mine >mine
wrong '' "'p' may be pubkey or peer or policy" p
wrong '' "'g' may be genpsk or genkey or get" g
wrong '' "'h' may be host or help" h
wrong genpsk 'the names of two files are missing' genpsk
wrong genpsk 'the names of two files are missing' genpsk one.psk
wrong genpsk "'three' is not expected" genpsk one two three
wrong genpsk "'-' is not a file, and each host gets one of its own" genpsk one.psk -
exists='exists and stays as it is: give another name'
refuse 1 "genpsk: file 'mine' $exists" genpsk mine two.psk
refuse 1 "genpsk: file 'mine' $exists" genpsk one.psk mine
refuse 1 "genpsk: file 'one.psk' $exists" genpsk one.psk one.psk
refuse 1 "genpsk: file 'none/two': No such file or directory" genpsk one.psk none/two
ln -s nowhere link
refuse 1 "genpsk: file 'link' $exists" genpsk link two.psk
mkdir full
must mount -t tmpfs -o size=4k full full
head -c 4096 /dev/zero >full/zero
refuse 1 "genpsk: file 'full/two': No space left on device" genpsk one.psk full/two
must umount full
is 'genpsk: what failed left nothing' "$(cat mine; ls ./*.psk link nowhere 2>/dev/null)" $'mine\nlink'
must sstctl genpsk one.psk two.psk

# ---- genkey, pubkey
wrong genkey "'-' is not expected" genkey -
refuse 1 "pubkey: key file 'standard input': $not_a_key" pubkey
wrong pubkey "'key' is not expected" pubkey key
wrong pubkey "$on_argv" pubkey "$b64"
for file in long lines binary one.psk; do
	"${run[@]}" sstctl pubkey <"$file" >out 2>err
	is "sstctl pubkey <$file" "$? $(cat out err)" "1 sstctl: pubkey: key file 'standard input': $not_a_key"
done
head -c 32 /dev/zero | base64 >zeros
not_a_secret="not a secret key: make one with 'sstctl genkey'"
"${run[@]}" sstctl pubkey <zeros >out 2>err
is 'sstctl pubkey <zeros' "$? $(cat out err)" "1 sstctl: pubkey: key file 'standard input': $not_a_secret"
"${run[@]}" sstctl pubkey <key >/dev/full 2>err
is 'a public key that cannot be written' "$? $(cat err)" \
	'1 sstctl: pubkey: cannot write: No space left on device'

# ---- peer
psk=$(cat one.psk)
pub=$(sstctl genkey | sstctl pubkey)
name='a name has letters, digits and signs, no blanks or commas'
wrong peer "'frob' is not a command" peer frob
wrong peer "'psk' is not a command" peer psk
wrong 'peer add' 'name is missing' peer add
wrong 'peer add' 'psk or public-key is missing' peer add b
wrong 'peer add' 'psk or public-key is missing' peer add b address 10.0.2.1
wrong 'peer add' 'address is missing' peer add b psk one.psk
wrong 'peer add' 'address needs a value' peer add b address
wrong 'peer add' "address '10.0.2.1': an address is given twice" \
	peer add b address 10.0.2.1,10.0.2.2 address 10.0.2.1
wrong 'peer add' 'psk is given twice' peer add b address 10.0.2.1 psk one.psk psk one.psk
wrong 'peer add' "'side' is not expected" peer add b side 1
wrong 'peer add' "name '': a name has 1 to 31 characters" peer add ''
wrong 'peer add' "name '12345678901234567890123456789012': a name has 1 to 31 characters" \
	peer add 12345678901234567890123456789012
wrong 'peer add' "name 'a b': $name" peer add 'a b'
wrong 'peer add' "name 'a,b': $name" peer add a,b
wrong 'peer add' "name 'a?b': $name" peer add $'a\nb'
wrong 'peer add' $'name \'\303\244\': '"$name" peer add $'\303\244'
wrong 'peer add' "address 'host': not an IPv4 or IPv6 address" peer add b address host
wrong 'peer add' "address '10.0.2.1/24': not an IPv4 or IPv6 address" peer add b address 10.0.2.1/24
wrong 'peer add' "address '10.0.2.1,': not an IPv4 or IPv6 address" peer add b address 10.0.2.1,
wrong 'peer add' "address '10.0.2.1,10.0.2.1': an address is given twice" peer add b address 10.0.2.1,10.0.2.1
wrong 'peer add' "address 'fd00::1,fd00:0::1': an address is given twice" peer add b address fd00::1,fd00:0::1
many=$(seq -s , -f '10.0.3.%g' 17)
wrong 'peer add' "address '$many': a peer has at most 16 addresses" peer add b address "$many"
wrong 'peer add' "address 'fd00::1': not an IPv4 address, which -4 asks for" -4 peer add b address fd00::1
wrong 'peer add' "address 'fd00::1,10.0.2.1': not an IPv6 address, which -6 asks for" -6 peer add b address fd00::1,10.0.2.1
wrong 'peer add' "psk: $on_argv" peer add b address 10.0.2.1 psk "$psk"
wrong 'peer add' "psk: $on_argv" peer add b address 10.0.2.1 psk "${psk##*:}"
wrong 'peer add' "psk: $on_argv" peer add "$psk"
wrong 'peer add' "psk: $on_argv" peer add b "$psk"
wrong 'flow add' "key: $on_argv" "${good[@]:0:13}" "$psk"
wrong 'peer add' "psk: $on_argv" peer add b public-key "$pub" "$pub"
wrong 'peer add' 'psk and public-key exclude each other' peer add b public-key "$pub" psk one.psk
wrong 'peer add' 'public-key needs a value' peer add b public-key
wrong 'peer add' 'public-key is given twice' peer add b public-key "$pub" public-key "$pub"
not_public="not a public key: 44 characters of base64, as 'sstctl pubkey' prints, or 64 hex digits"
wrong 'peer add' "public-key 'one.psk': $not_public" peer add b public-key one.psk
wrong 'peer add' "public-key '${pub%?}': $not_public" peer add b public-key "${pub%?}"
wrong 'peer add' "public-key '$pub ': $not_public" peer add b public-key "$pub "
# Points of small order: 0, 1, p - 1, p, one of order 8.
useless="nothing can be agreed on with this key: take what 'sstctl pubkey' prints"
z28=$(printf '00%.0s' {1..28}) f28=$(printf 'ff%.0s' {1..28})
for weak in "00${z28}000000" "01${z28}000000" "ec${f28}ffff7f" "ed${f28}ffff7f" \
	e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800; do
	wrong 'peer add' "public-key '$weak': $useless" peer add b public-key "$weak"
done
by_key=(peer add b address 10.0.2.1 public-key "$pub")
wrong 'peer add' "wire-port '0': a port is a number from 1 to 65535" "${by_key[@]}" wire-port 0
wrong 'peer add' "wire-port 'any': a port is a number from 1 to 65535" "${by_key[@]}" wire-port any
wrong 'peer add' "wire-port '90-80': the last port is below the first" "${by_key[@]}" wire-port 90-80
wrong 'peer add' "identity 'yes': give none, offer or required" "${by_key[@]}" identity yes
wrong 'peer add' "'side' is not expected" "${by_key[@]}" side 1
refuse 2 'peer add: wire-port goes with public-key only; with a psk leave it out' \
	peer add b address 10.0.2.1 psk one.psk wire-port 443
refuse 2 'peer add: identity goes with public-key only; a psk proves both hosts, leave it out' \
	peer add b address 10.0.2.1 psk one.psk identity none
refuse 2 'peer add: no flow is opened with a peer without address; leave out wire-port or give an address' \
	peer add b public-key "$pub" wire-port 443
refuse 2 'peer add: identity is about flows with the addresses of the peer; give one, or leave it out and set init-from to listed' \
	peer add b public-key "$pub" identity required
peer=(peer add b address 10.0.2.1 psk)
refuse 1 "peer add: psk file 'none': No such file or directory" "${peer[@]}" none
refuse 1 "peer add: psk file '.': Is a directory" "${peer[@]}" .
not_a_psk="not a pre-shared key: make a pair with 'sstctl genpsk'"
refuse 1 "peer add: psk file 'standard input': $not_a_psk" "${peer[@]}" -
refuse 1 "peer add: psk file 'key': $not_a_psk" "${peer[@]}" key
# bad FILE WHY SED-COMMAND: what is wrong with a psk that was changed so.
bad() {
	sed "$3" one.psk >"$1"
	refuse 1 "peer add: psk file '$1': $2" "${peer[@]}" "$1"
}
bad version "$not_a_psk" 's/psk-1/psk-2/'
bad side 'the side in it is not 1 or 2' 's/:1:1:/:3:1:/'
bad suite 'the suite in it is not known: update sstctl' 's/:1:1:/:1:2:/'
bad base64 'the base64 in it is damaged' 's/.=$/!=/'
bad short "$not_a_psk" 's/.=$/=/'
bad lines "$not_a_psk" 'p'
bad empty "$not_a_psk" d
refuse 1 "flow add: key file 'one.psk': $not_a_key" "${good[@]:0:13}" one.psk
wrong 'peer del' 'name is missing' peer del
wrong 'peer del' "name 'a b': $name" peer del b 'a b'
wrong 'peer show' "name 'a,b': $name" peer show a,b
wrong 'peer show' "'b' is not expected" peer show a b
is 'no peer was added' "$("${run[@]}" sstctl -j peer)" '{"peers":[]}'

# ---- host
wrong host "'frob' is not a command" host frob
wrong 'host add' 'name is missing' host add
wrong 'host add' 'key is missing' host add h
wrong 'host add' 'key needs a value' host add h key
wrong 'host add' 'key is given twice' host add h key key key key
wrong 'host add' "'frob' is not expected" host add h frob
wrong 'host add' "name 'a b': $name" host add 'a b'
wrong 'host add' "key: $on_argv" host add h key "$b64"
wrong 'host add' "key: $on_argv" host add h key "$hex"
wrong 'host add' "key: $on_argv" host add h "$b64"
wrong 'host add' "key: $on_argv" host add "$b64"
refuse 1 "host add: key file 'none': No such file or directory" host add h key none
refuse 1 "host add: key file 'standard input': $not_a_key" host add h key -
refuse 1 "host add: key file 'one.psk': $not_a_key" host add h key one.psk
refuse 1 "host add: key file 'zeros': $not_a_secret" host add h key zeros
wrong 'host del' 'name is missing' host del
wrong 'host del' "name 'a,b': $name" host del h a,b
refuse 2 'host del: no host key has this name; a dump of host-get shows all' host del h
wrong 'host show' "name '': a name has 1 to 31 characters" host show ''
wrong 'host show' "'b' is not expected" host show a b
wrong 'host show' "$on_argv" host show "$b64"
refuse 2 'host show: no host key has this name; a dump of host-get shows all' host show h
is 'no host key was added' "$("${run[@]}" sstctl -j host)" '{"hosts":[]}'

# ---- assoc
wrong assoc "'add' is not a command" assoc add
wrong 'assoc show' "id '1': an id is 16 hex digits" assoc show 1
wrong 'assoc show' "'2' is not expected" assoc show 1 2
refuse 2 'assoc show: no association has this id; a dump of assoc-get shows all' assoc show 0123456789abcdef
wrong 'assoc flush' "'all' is not expected" assoc flush all

# ---- policy
wrong policy "'frob' is not a command" policy frob
wrong 'policy add' 'the direction is missing, give out or in' policy add
wrong 'policy add' "direction 'both': give out or in" policy add both
wrong 'policy add' 'the verdict is missing, give clear, prefer or require' policy add out
wrong 'policy add' 'the verdict is missing, give clear or require' policy add in port 80
wrong 'policy add' 'prefer: with out only, the host that opens a flow chooses; give clear or require' policy add in prefer
wrong 'policy add' 'prefer: there is a verdict already, give one of clear, prefer, require' policy add out clear prefer
wrong 'policy add' 'clear is given twice' policy add out clear clear
wrong 'policy add' "'allow' is not expected" policy add out allow
wrong 'policy add' "'pr' may be several words" policy add out pr
wrong 'policy add' "from '10.0.0.1': with out it is 'to'" policy add out from 10.0.0.1 clear
wrong 'policy add' "to '10.0.0.1': with in it is 'from'" policy add in to 10.0.0.1 clear
wrong 'policy add' 'to needs a value' policy add out require to
wrong 'policy add' "to 'any': not an IPv4 or IPv6 address" policy add out to any clear
wrong 'policy add' "to '10.0.0.0/33': after '/' comes a number from 0 to 32" policy add out to 10.0.0.0/33 clear
wrong 'policy add' "to '10.0.0.0/': after '/' comes a number from 0 to 32" policy add out to 10.0.0.0/ clear
wrong 'policy add' "from 'fd00::/129': after '/' comes a number from 0 to 128" policy add in from fd00::/129 clear
host_bits='the address has bits after the prefix length: make them 0, or leave out /LEN for one host'
wrong 'policy add' "to '10.0.0.1/8': $host_bits" policy add out to 10.0.0.1/8 clear
wrong 'policy add' "to 'fd00::1/64': $host_bits" policy add out to fd00::1/64 clear
wrong 'policy add' "to 'fd00::': not an IPv4 address, which -4 asks for" -4 policy add out to fd00:: clear
wrong 'policy add' "without a prefix a rule is about IPv4 and IPv6, add 'to 0.0.0.0/0'" -4 policy add out clear
wrong 'policy add' "without a prefix a rule is about IPv4 and IPv6, add 'from ::/0'" -6 policy add in clear
wrong 'policy add' "proto 'icmp': give tcp or udp" policy add out proto icmp clear
wrong 'policy add' "port '0': a port is a number from 1 to 65535" policy add out port 0 clear
wrong 'policy add' "port '80-': a port is a number from 1 to 65535" policy add out port 80- clear
wrong 'policy add' "port '80-65536': a port is a number from 1 to 65535" policy add out port 80-65536 clear
wrong 'policy add' "port '90-80': the last port is below the first" policy add out port 90-80 clear
wrong 'policy add' "priority '-1': not a number" policy add out clear priority -1
wrong 'policy add' "priority '4294967296': the number is too large" policy add out clear priority 4294967296
wrong 'policy add' "peer '': a name has 1 to 31 characters" policy add in require peer ''
wrong 'policy add' "peer 'a,b': a name has letters, digits and signs, no blanks or commas" policy add in require peer a,b
wrong 'policy add' 'who speaks clear is nobody, with peer give require' policy add in clear peer a
wrong 'policy add' 'who speaks clear is nobody, with peer give prefer or require' policy add out peer a clear
wrong 'policy add' "uid 'root': not a number of a user, or two with '-' between them" policy add out uid root require
wrong 'policy add' "uid '4294967295': not a number of a user, or two with '-' between them" policy add out uid 4294967295 require
wrong 'policy add' "uid '5-': not a number of a user, or two with '-' between them" policy add out uid 5- require
wrong 'policy add' "uid '5-4': the last is smaller than the first" policy add out uid 5-4 require
wrong 'policy add' "cgroup 'app': a path begins with '/', at the root of the control groups" policy add out cgroup app require
wrong 'policy add' "scope 'all': give ports, label or payload" policy add out scope all require
wrong explain 'the protocol is missing, give tcp or udp' explain
wrong explain 'the protocol is missing, give tcp or udp' explain in
wrong explain 'the protocol is missing, give tcp or udp' explain i
wrong 'doctor probe' 'port needs a value' doctor pro 10.0.0.1 po
wrong doctor 'key needs a value' doctor k
wrong explain "protocol 'sctp': give tcp or udp" explain sctp
wrong explain 'to is missing' explain tcp port 80
wrong explain 'port is missing' explain in tcp from 10.0.0.1
wrong explain "from '10.0.0.1': with out it is 'to'" explain tcp from 10.0.0.1 port 80
wrong explain "to '10.0.0.0/8': not an IPv4 or IPv6 address" explain tcp to 10.0.0.0/8 port 80
wrong explain "port '80-81': a flow has a single port" explain tcp to 10.0.0.1 port 80-81
wrong explain "uid '1-2': a socket has a single user" explain tcp to 10.0.0.1 port 80 uid 1-2
wrong apply 'the name of a file is missing' apply
wrong apply "'b' is not expected" apply a b
refuse 1 'apply: no-such: No such file or directory' apply no-such
refuse 1 'apply: .: Is a directory' apply .
refuse 1 "apply: standard input: no rule in it: to remove all, 'sstctl policy flush'" apply -
refuse 1 "apply: /dev/null: no rule in it: to remove all, 'sstctl policy flush'" apply /dev/null
echo 'policy flush in' >rules
refuse 1 "apply: rules:1: 'in' is not expected" apply rules
echo 'policy del 3' >rules
refuse 1 "apply: rules:1: 'policy del' is not expected, give policy add, policy flush, peer add or set" apply rules
printf 'peer add %s public-key %s\n' p "$b64" q "$b64" >rules
refuse 1 'apply: rules:2: peer p of line 1 has this public key' apply rules
printf 'peer add p public-key %s\n' "$b64" "$(sstctl genkey)" >rules
refuse 1 'apply: rules:2: peer p stands in line 1 already' apply rules
long=$(printf './%.0s' {1..500})rules
refuse 1 "apply: $long:2: peer p stands in line 1 already" apply "$long"
wrong apply 'a configuration is about IPv4 and IPv6, leave out -4 and -6' -4 apply rules
wrong show 'a configuration is about IPv4 and IPv6, leave out -4 and -6' -6 show --config
wrong show 'a configuration is no JSON, leave out -j' -j show --config
wrong 'policy del' 'id is missing' policy del
wrong 'policy del' "id 'all': an id is a number from 1 to 4294967295" policy del all
wrong 'policy show' "id '0': an id is a number from 1 to 4294967295" policy show 0
wrong 'policy show' "'2' is not expected" policy show 1 2
wrong 'policy flush' "direction 'both': give out or in" policy flush both
wrong 'policy flush' "'in' is not expected" policy flush out in
is 'no rule was added' "$("${run[@]}" sstctl -j policy)" '{"policy":[]}'

# ---- show, shutdown, tunables
wrong '' "'sh' may be show or shutdown" sh
wrong show "'peer' is not expected" show peer
wrong shutdown "'now' is not expected" shutdown now
wrong set "opening-window '10m': not a number" set opening-window 10m
wrong set "max-half-open '-1': not a number" set max-half-open -1
wrong set "cookies 'on': give off, load or always" set cookies on
wrong set "init-from 'all': give anyone, listed or nobody" set init-from all
wrong set "assoc-lifetime '1h': not a number" set assoc-lifetime 1h
wrong set "wire-port '0': a port is a number from 1 to 65535" set wire-port 0
wrong set "wire-port '2-1': the last port is below the first" set wire-port 2-1
wrong set 'wire-port is given twice' set wire-port 1 wire-port any
wrong set 'assocs is read only' set assocs 1
wrong set "'max' may be several names" set max 1
refuse 2 'set: assoc-lifetime must be from 60 to 86400 seconds' set assoc-lifetime 59
refuse 2 'set: max-assocs must be at most 1048576' set wire-port any max-assocs 1048577

# ---- other people
cp one.psk nobody.psk
chown 65534 nobody.psk
run=(ip netns exec "$(ns_name T)" "${nobody[@]}")
refuse 2 "peer add: $eperm" "${peer[@]}" nobody.psk
refuse 2 "peer del: $eperm" peer del b
refuse 2 "peer show: $eperm" peer show
refuse 2 "peer add: $eperm" "${by_key[@]}"
refuse 2 "host add: $eperm" host add h key nobody.key
refuse 2 "host del: $eperm" host del h
refuse 2 "host show: $eperm" host show
refuse 2 "assoc show: $eperm" assoc show
refuse 2 "assoc flush: $eperm" assoc flush
refuse 2 "policy add: $eperm" policy add out require
refuse 2 "policy del: $eperm" policy del 1
refuse 2 "policy show: $eperm" policy show
refuse 2 "policy flush: $eperm" policy flush
echo 'policy flush' >nobody.rules
chown 65534 nobody.rules
refuse 2 "apply: $eperm" apply nobody.rules
refuse 2 "explain: $eperm" explain tcp to 10.0.0.1 port 80
refuse 2 "show: $eperm" show --config
refuse 2 "show: $eperm" show
refuse 2 "shutdown: $eperm" shutdown
