# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Pairs of hosts for the benchmark, one pair for each way to protect packets: two
# namespaces and a cable between them, the same for all. Source it after
# topology.sh and sst.sh.
#
#   NAME-A eth0 ------- eth0 NAME-B     10.0.1.1  fd00:1::1   10.0.2.1  fd00:2::1
#
# These are the addresses in every pair, and inside of WireGuard:
declare -A tunnel=([A4]=10.8.0.1 [B4]=10.8.0.2 [A6]=fd00:8::1 [B6]=fd00:8::2)

# The pairs that there are.
bench_pairs=()

# pair_make NAME: the hosts and the cable.
pair_make() {
	local pair=$1 host other
	ns_add "$pair-A" "$pair-B"
	topo_link "$pair-A" eth0 02:00:00:00:00:0a "$pair-B" eth0 02:00:00:00:00:0b ||
		bail "no veth"
	for host in A B; do
		ns_quiet "$pair-$host"
		case $host in A) other=B ;; B) other=A ;; esac
		local here4=${host}4 here6=${host}6 there4=${other}4 there6=${other}6
		ip -n "$(ns_name "$pair-$host")" -batch - <<-END || bail "host $pair-$host"
			addr add ${!here4}/32 dev eth0
			addr add ${!here6}/128 dev eth0 nodad
			link set eth0 up
			route add ${!there4} dev eth0
			route add ${!there6} dev eth0
			neigh replace ${!there4} lladdr 02:00:00:00:00:0${other,} dev eth0 nud permanent
			neigh replace ${!there6} lladdr 02:00:00:00:00:0${other,} dev eth0 nud permanent
		END
	done
	bench_pairs+=("$pair")
}

# pair_wireguard NAME: a tunnel with the MTU that it has by default.
pair_wireguard() {
	local host
	for host in A B; do
		ip -n "$(ns_name "$1-$host")" -batch - <<-END || bail "no WireGuard"
			link add wg0 type wireguard
			addr add ${tunnel[${host}4]}/24 dev wg0
			addr add ${tunnel[${host}6]}/64 dev wg0 nodad
			link set wg0 mtu 1420 up
		END
	done
}

# pairs_family 4|6: the datagrams of the tunnel are of this family.
pairs_family() {
	local a=A$1 b=B$1
	case " ${bench_pairs[*]} " in
	*" wireguard "*)
		# shellcheck disable=SC2154 # sst.sh sets it
		must /usr/bin/python3 "$sst_tests/lib/wireguard.py" \
			"$(ns_name wireguard-A),${!a},51820" \
			"$(ns_name wireguard-B),${!b},51820"
		;;
	esac
}

# What the others need. On a machine that started in the usual way udev has loaded
# what the processor has instructions for.
modprobe_rivals() {
	modprobe -qa wireguard esp4 esp6 chacha20poly1305 aesni_intel ghash_clmulni_intel \
		chacha_x86_64 poly1305_x86_64 seqiv echainiv drbg
}

# esp_ready KEY-BYTES ALGORITHM: a cipher is there when it was put together and
# tested, for which the kernel does not wait long.
esp_ready() {
	ns_add esp
	wait_for ip -n "$(ns_name esp)" xfrm state add src "$A4" dst "$B4" proto esp spi 1 \
		mode transport aead "$2" "0x$(printf "%0$((2 * $1))d" 1)" 128 ||
		bail "no cipher $2"
	ns_del esp
}

# pair_esp NAME KEY-BYTES ALGORITHM: IPsec in transport mode, both families, with
# keys that are given.
pair_esp() {
	local pair=$1 bytes=$2 algorithm=$3 fam from src dst key host
	esp_ready "$bytes" "$algorithm"
	for fam in 4 6; do
		local a=A$fam b=B$fam
		for from in A B; do
			case $from in
			A) src=${!a} dst=${!b} ;;
			B) src=${!b} dst=${!a} ;;
			esac
			key=0x$(od -An -v -N"$bytes" -tx1 /dev/urandom | tr -d ' \n')
			for host in A B; do
				ip -n "$(ns_name "$pair-$host")" -batch - <<-END || bail "no IPsec"
					xfrm state add src $src dst $dst proto esp spi 0x10$fam mode transport replay-window 32 aead $algorithm $key 128
					xfrm policy add src $src dst $dst dir $([ $host = $from ] && echo out || echo in) tmpl src $src dst $dst proto esp mode transport
				END
			done
		done
	done
}

# pair_sst_peers NAME: hosts that have a pre-shared key.
pair_sst_peers() {
	# shellcheck disable=SC2154 # topology.sh sets it
	rm -f "$topo_tmp/a.psk" "$topo_tmp/b.psk"
	must sstctl genpsk "$topo_tmp/a.psk" "$topo_tmp/b.psk"
	must in_ns "$1-A" peer add b address "$B4,$B6" psk "$topo_tmp/a.psk"
	must in_ns "$1-B" peer add a address "$A4,$A6" psk "$topo_tmp/b.psk"
}

# pair_sst NAME SCOPE: the same, and a rule for all that A opens.
pair_sst() {
	local pair=$1 scope=$2 words=require
	case $scope in
	ports) ;;
	label) words="require scope label mark openings" ;;
	*) words="require scope $scope" ;;
	esac
	pair_sst_peers "$pair"
	# shellcheck disable=SC2086 # several words
	must in_ns "$pair-A" policy add out $words >/dev/null
	# What is not the default, both sides have to want.
	# shellcheck disable=SC2086 # several words
	[ "$scope" = ports ] || must in_ns "$pair-B" policy add in $words >/dev/null
}

# pair_rules NAME N: hosts with N rules that fit nothing that is sent, and one for
# this port of B.
rule_port=5002
pair_rules() {
	local host
	pair_sst_peers "$1"
	/usr/bin/python3 "$sst_tests/lib/rule-cost.py" table "$2" >"$topo_tmp/table"
	echo "policy add out to $B4 port $rule_port require priority 5000" >>"$topo_tmp/table"
	for host in A B; do
		must in_ns "$1-$host" apply "$topo_tmp/table"
	done
}

# flows NAME add|open FIRST LAST: of many-flows.py, between the hosts of a pair.
flows() {
	# shellcheck disable=SC2154 # topology.sh sets it
	must /usr/bin/python3 "$sst_tests/lib/many-flows.py" "$topo_id-$1" "${@:2}" >/dev/null
}

# pair_flows NAME N: with so many manual flows.
pair_flows() {
	local host
	for host in A B; do
		must in_ns "$1-$host" set max-flows 250000
	done
	flows "$1" add 0 "$2"
}

# pair_add NAME: the hosts, and what the name says.
pair_add() {
	pair_make "$1"
	case $1 in
	plain | plain-*) ;;
	sst-*) pair_sst "$1" "${1#sst-}" ;;
	rules-*) pair_rules "$1" "${1#*-}" ;;
	flows-*) pair_flows "$1" "${1#*-}" ;;
	memory-*)
		pair_sst_peers "$1"
		must in_ns "$1-A" policy add out require >/dev/null
		;;
	wireguard) pair_wireguard "$1" ;;
	esp-chacha) pair_esp "$1" 36 'rfc7539esp(chacha20,poly1305)' ;;
	esp-gcm) pair_esp "$1" 20 'rfc4106(gcm(aes))' ;;
	*) bail "no kind of pair is called $1" ;;
	esac
}

# pair_names: what can be measured here: with the scopes that the module knows.
pair_names() {
	local scope
	echo plain
	ns_add scopes
	for scope in ports payload label; do
		! sstctl -n "$(ns_name scopes)" policy add out require scope $scope >/dev/null 2>&1 ||
			echo "sst-$scope"
		sstctl -n "$(ns_name scopes)" policy flush
	done
	ip netns delete "$(ns_name scopes)"
	printf '%s\n' wireguard esp-chacha esp-gcm
}

# pairs_offload nic|none|veth: what is left to the devices. nic: as a network card
# that does not segment; none: nothing; veth: all that it can.
pairs_offload() {
	local pair host words device
	case $1 in
	nic) words="tx on sg on gso on gro on tso off tx-gso-list off tx-udp-segmentation off" ;;
	none) words="tx off sg off gso off gro off tso off tx-gso-list off tx-udp-segmentation off" ;;
	veth) words="tx on sg on gso on gro on tso on tx-gso-list on tx-udp-segmentation on" ;;
	esac
	for pair in "${bench_pairs[@]}"; do
		for host in A B; do
			# shellcheck disable=SC2086 # several words
			must ns "$pair-$host" ethtool -K eth0 $words >/dev/null
			[ "$pair" = wireguard ] || continue
			# The tunnel's device is what it is by default, unless nothing is
			# left to devices.
			device=$([ "$1" = none ] && echo off || echo on)
			must ns "$pair-$host" ethtool -K wg0 tx "$device" sg "$device" \
				gso "$device" gro "$device" tso "$device" >/dev/null
		done
	done
}

# pair_words FAMILY PORT: the pairs as mover.c wants them, PORT 0 with the number of
# flows that ends their names.
pair_words() {
	local pair a=A$1 b=B$1 addresses
	for pair in "${bench_pairs[@]}"; do
		addresses=${!a},${!b}
		[ "$pair" != wireguard ] || addresses=${tunnel[$a]},${tunnel[$b]}
		echo "$pair,$(ns_name "$pair-A"),$(ns_name "$pair-B"),$addresses,$(($2 ? $2 : ${pair##*-}))"
	done
}
