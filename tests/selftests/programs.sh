#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check: none
# packages: programs
# before: tests/lib/module-build keylog
# timeout: 600
# Programs of Debian as they are, under a pre-shared key and a rule: each does its
# work in both families, is sealed from its first packet, and none of its ports
# is seen on the way. Needs the packages of "scripts/deps programs".
. "$(dirname "$0")/../lib/topology.sh"
. "$(dirname "$0")/../lib/sst.sh"

for program in /usr/sbin/sshd ssh nginx curl openssl nsd dig iperf3 rsync gtlsserver \
	gtlsclient openvpn wg in.tftpd tftp; do
	command -v "$program" >/dev/null || bail "no $program: make programs installs it"
done
pg_bin=$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/pgbench | sort -V | tail -n 1)")
[ -x "$pg_bin/postgres" ] || bail "no PostgreSQL: make programs installs it"

# For each family 13 programs with 5 results each; 6 at the end.
tap_plan 136
sst_keylog
topo_hrh
sst_psk_peers
for net in 4 6; do
	a=A$net b=B$net
	must in_ns A policy add out to "${!b}" require >/dev/null
	must in_ns A policy add in from "${!b}" require >/dev/null
	must in_ns B policy add out to "${!a}" require >/dev/null
	must in_ns B policy add in from "${!a}" require >/dev/null
done
# What belongs into a tunnel does not go elsewhere when the tunnel is gone.
for host in A B; do
	must ns "$host" ip route add blackhole 192.168.76.0/22
done

# Wire ports are random from 1024 on, without 51820. One that happens to be 5432 is
# none of ours to see; the decoder knows the real ports of every flow, and that
# these, the addresses and the protocol never stand on the path together.
real_ports=(22 53 69 80 443 873 51820)
for port in {700..709}; do
	real_ports+=("$port")
done
# Each packet as the router sends it on, with the checksum that the host left to its
# device, for the hosts keep all their offloads; and what reaches the router with a
# real port, also if it goes no further.
for dev in ra rb; do
	must ns R ethtool -K "$dev" tx off >/dev/null
done
must capture_start wire R any "$topo_tmp/wire.pcap" "outbound and $capture_filter"
must capture_start real R any "$topo_tmp/real.pcap" \
	"inbound and ($(printf 'port %s or ' "${real_ports[@]}")port 700)"

# ---- what is asked about each program ----------------------------------------

# flows_of HOST PROTO/PORT[-PORT]: flows with such a real port on either side
# which carried packets both ways, one line each, as the initiator sees its ports.
flows_of() {
	local ports=${2#*/}
	in_ns "$1" -"$fam" -j flow show | jq -r --arg proto "${2%/*}" \
		--argjson first "${ports%-*}" --argjson last "${ports#*-}" '.flows[] |
		select(.proto == $proto and ([.local_port, .remote_port] |
			any(. >= $first and . <= $last))) |
		select(.tx.packets > 0 and .rx.packets > 0) |
		if .role == "initiator" then "\(.local_port) \(.remote_port)"
		else "\(.remote_port) \(.local_port)" end' | sort
}
same_flows() {
	[ "$(flows_of A "$1")" = "$(flows_of B "$1")" ]
}

# dropped: what the hosts have dropped and refused by now, one line for each counter.
dropped() {
	local host
	for host in A B; do
		sst_drops "$host" | tr ' ' '\n' | sed "s/^./$host: &/"
	done | sort
}

# program NAME PROTO/PORT[-PORT] PACKETS COMMAND...: run it over $fam, to the host
# $to. Both hosts have to know its flows, and each has to have sealed at least so
# many packets. The counter $refused, when it is set, may move.
program() {
	local name="$1 over IPv$fam" port=$2 packets=$3 a b started=$SECONDS before
	shift 3
	before=$(dropped)
	a=$(stat_get A tx_sealed) b=$(stat_get B tx_sealed)
	ok "$name" "$@"
	a=$(($(stat_get A tx_sealed) - a)) b=$(($(stat_get B tx_sealed) - b))
	diag "took $((SECONDS - started)) s; sealed: A $a, B $b"
	ok "$name: A and B have the same flows" same_flows "$port"
	at_least "$name: there are such flows" "$(flows_of A "$port" | wc -l)" 1
	at_least "$name: both ways were sealed" $((a < b ? a : b)) "$packets"
	is "$name: nothing was dropped" "$(comm -13 <(echo "$before") <(dropped) |
		grep -v " ${refused-none}=")" ""
}

# ---- data and the daemons, all on B ------------------------------------------

# postgres is not root, and has to get at its own folder.
chmod 711 "$topo_tmp"
www=$topo_tmp/www mod=$topo_tmp/mod
mkdir -p "$www" "$mod/deep" "$topo_tmp/nginx" "$topo_tmp/nsd" "$topo_tmp/home" /run/sshd
# Whatever is in root's own folder, a slow .bashrc for one, is not to matter.
export HOME=$topo_tmp/home
head -c 300000 /dev/urandom >"$www/large"
for n in 1 2 3 4; do
	head -c $((n * 7001)) /dev/urandom >"$www/part$n"
done
cp "$www"/part* "$mod/"
head -c 150000 /dev/urandom >"$mod/deep/inside"
ln -s deep/inside "$mod/link"

must openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
	-subj /CN=b -addext "subjectAltName=IP:$B4,IP:$B6" \
	-keyout "$topo_tmp/tls.key" -out "$topo_tmp/tls.crt" 2>"$topo_tmp/openssl.log"

must ssh-keygen -q -t ed25519 -N '' -f "$topo_tmp/host_key"
must ssh-keygen -q -t ed25519 -N '' -f "$topo_tmp/user_key"
cp "$topo_tmp/user_key.pub" "$topo_tmp/authorized"
echo "b $(cat "$topo_tmp/host_key.pub")" >"$topo_tmp/known"
cat >"$topo_tmp/sshd_config" <<-END
	HostKey $topo_tmp/host_key
	AuthorizedKeysFile $topo_tmp/authorized
	PidFile none
	StrictModes no
	UsePAM no
	PermitRootLogin prohibit-password
	Subsystem sftp internal-sftp
	SetEnv HOME=$HOME
END
cat >"$topo_tmp/ssh_config" <<-END
	Host *
		User root
		IdentityFile $topo_tmp/user_key
		IdentitiesOnly yes
		UserKnownHostsFile $topo_tmp/known
		StrictHostKeyChecking yes
		HostKeyAlias b
		ConnectTimeout 30
END
bg_ns sshd B /usr/sbin/sshd -D -e -f "$topo_tmp/sshd_config"

cat >"$topo_tmp/nginx.conf" <<-END
	daemon off;
	user root;
	pid $topo_tmp/nginx/pid;
	error_log $topo_tmp/nginx/error.log;
	events { }
	http {
		access_log off;
		sendfile on;
		client_body_temp_path $topo_tmp/nginx/body;
		proxy_temp_path $topo_tmp/nginx/proxy;
		fastcgi_temp_path $topo_tmp/nginx/fastcgi;
		uwsgi_temp_path $topo_tmp/nginx/uwsgi;
		scgi_temp_path $topo_tmp/nginx/scgi;
		client_max_body_size 10m;
		ssl_certificate $topo_tmp/tls.crt;
		ssl_certificate_key $topo_tmp/tls.key;
		server {
			listen 80;
			listen [::]:80;
			listen 443 ssl http2;
			listen [::]:443 ssl http2;
			root $www;
			dav_methods PUT;
		}
	}
END
bg_ns nginx B nginx -e "$topo_tmp/nginx/error.log" -c "$topo_tmp/nginx.conf"

pg=$topo_tmp/pg
mkdir "$pg"
chown postgres: "$pg"
as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups)
"${as_postgres[@]}" "$pg_bin/initdb" -D "$pg/data" -A trust --no-sync -E UTF8 --locale=C \
	>"$topo_tmp/initdb.log" 2>&1 || bail "no database: $(cat "$topo_tmp/initdb.log")"
printf 'host all all %s trust\n' 0.0.0.0/0 ::/0 >>"$pg/data/pg_hba.conf"
bg_ns postgres B "${as_postgres[@]}" "$pg_bin/postgres" -D "$pg/data" -h '*' -F \
	-c unix_socket_directories="$pg"

{
	printf '$%s\n' 'ORIGIN test.' 'TTL 300'
	echo '@ SOA ns.test. admin.test. 1 3600 600 86400 300'
	echo '@ NS ns'
	echo "ns A $B4"
	echo "www A 192.0.2.7"
	echo "www AAAA 2001:db8::7"
	for n in 1 2 3 4 5 6 7 8 9; do
		echo "n$n A 192.0.2.$n"
		# More than a datagram may have: has to be asked for over TCP.
		printf 'large TXT "%0250d"\n' "$n"
	done
} >"$topo_tmp/nsd/zone"
cat >"$topo_tmp/nsd/conf" <<-END
	server:
		ip-address: 0.0.0.0
		ip-address: ::0
		username: ""
		pidfile: ""
		database: ""
		zonesdir: $topo_tmp/nsd
		xfrdir: $topo_tmp/nsd
		xfrdfile: ""
		zonelistfile: $topo_tmp/nsd/zones
		server-count: 1
	remote-control:
		control-enable: no
	zone:
		name: test
		zonefile: $topo_tmp/nsd/zone
		provide-xfr: 0.0.0.0/0 NOKEY
		provide-xfr: ::0/0 NOKEY
END
bg_ns nsd B nsd -d -c "$topo_tmp/nsd/conf"

bg_ns iperf B iperf3 -s

cat >"$topo_tmp/rsyncd.conf" <<-END
	uid = root
	gid = root
	use chroot = no
	munge symlinks = no
	reverse lookup = no
	[mod]
	path = $mod
	read only = no
END
bg_ns rsyncd B rsync --daemon --no-detach "--config=$topo_tmp/rsyncd.conf"

bg_ns quic B gtlsserver -q -d "$www" '*' 443 "$topo_tmp/tls.key" "$topo_tmp/tls.crt"

mkdir "$topo_tmp/tftp"
bg_ns tftpd B in.tftpd -L -c -p -u root -R 700:709 -a '[::]:69' \
	-s "$topo_tmp/tftp"

must modprobe tun
must modprobe wireguard
for port in 22 80 443 5432 53 5201 873; do
	wait_for -t 60 listening B tcp "$port" || bail "nobody listens on TCP port $port"
done
for port in 53 443 69; do
	wait_for -t 60 listening B udp "$port" || bail "nobody listens on UDP port $port"
done

# ---- the programs, all on A --------------------------------------------------

a_ssh() {
	ns A timeout 100 ssh -F "$topo_tmp/ssh_config" "$@"
}

# A command whose status comes back, a terminal, and data both ways at once.
run_ssh() {
	local rc=0
	a_ssh "$to" 'cat; exit 7' <"$www/large" >"$topo_tmp/echoed" || rc=$?
	[ "$rc" -eq 7 ] && cmp "$topo_tmp/echoed" "$www/large" &&
	a_ssh -tt "$to" tty </dev/null >"$topo_tmp/echoed" &&
	grep -q '^/dev/pts/' "$topo_tmp/echoed"
}

run_scp() {
	local scp=(ns A timeout 100 scp -q -F "$topo_tmp/ssh_config")
	rm -rf "$topo_tmp/scp"
	mkdir "$topo_tmp/scp"
	"${scp[@]}" "$www/large" "$quoted:$topo_tmp/scp/up" &&
	"${scp[@]}" "$quoted:$topo_tmp/scp/up" "$topo_tmp/scp/down" &&
	cmp "$topo_tmp/scp/up" "$www/large" && cmp "$topo_tmp/scp/down" "$www/large"
}

# get_web VERSION URL CURL-OPTION...: parts at the same time, a large file, and one
# sent there and fetched again.
get_web() {
	local version=$1 url=$2 n
	local curl=(ns A timeout 100 curl -sS --fail --cacert "$topo_tmp/tls.crt" "${@:3}")
	rm -rf "$topo_tmp/web" "$www/put"
	mkdir "$topo_tmp/web"
	[ "$("${curl[@]}" -o "$topo_tmp/web/large" -w '%{http_version}' "$url/large")" = "$version" ] &&
	"${curl[@]}" -Z -o "$topo_tmp/web/#1" "$url/{part1,part2,part3,part4}" &&
	"${curl[@]}" -T "$www/part4" "$url/put" &&
	"${curl[@]}" -o "$topo_tmp/web/put" "$url/put" &&
	cmp "$topo_tmp/web/put" "$www/part4" && rm "$www/put" "$topo_tmp/web/put" &&
	diff -r "$www" "$topo_tmp/web"
}
run_http1() {
	get_web 1.1 "http://$quoted" --http1.1 &&
	get_web 1.1 "https://$quoted" --http1.1
}
run_http2() {
	get_web 2 "https://$quoted" --http2
}

a_sql() {
	ns A timeout 60 "$pg_bin/psql" -h "$to" -U postgres -At -c "$1" postgres
}
run_postgres() {
	local bench=(ns A timeout 200 "$pg_bin/pgbench" -h "$to" -U postgres)
	# Rows are made by the server: they would be 10 MB on the way.
	"${bench[@]}" -i -I dtGp postgres &&
	"${bench[@]}" -n -c 2 -t 30 postgres >"$topo_tmp/pgbench.log" &&
	grep -q 'actually processed: 60/60' "$topo_tmp/pgbench.log" &&
	grep -q 'failed transactions: 0 ' "$topo_tmp/pgbench.log" &&
	[ "$(a_sql 'select count(*) from pgbench_history')" = 60 ] &&
	[ "$(a_sql "select repeat('0123456789abcdef', 10000)" | sha256sum)" = \
		"$(a_sql "select sha256(convert_to(repeat('0123456789abcdef', 10000) || E'\n', 'UTF8'))" |
			sed 's/^\\x//; s/$/  -/')" ]
}

a_dig() {
	ns A timeout 60 dig "@$to" +time=20 +tries=1 "$@"
}
run_dns() {
	local n
	[ "$(a_dig +short +notcp www.test A)" = 192.0.2.7 ] &&
	[ "$(a_dig +short +notcp www.test AAAA)" = 2001:db8::7 ] &&
	[ "$(a_dig +short +tcp www.test A)" = 192.0.2.7 ] || return 1
	for n in 1 2 3 4 5 6 7 8 9; do
		echo "n$n.test A"
	done >"$topo_tmp/queries"
	[ "$(a_dig +short +notcp -f "$topo_tmp/queries" | paste -sd' ')" = \
		"$(seq -s ' ' -f 192.0.2.%g 9)" ] || return 1
	a_dig +notcp +ignore large.test TXT | grep -q '^;; flags:.* tc' || return 1
	[ "$(a_dig +short large.test TXT | sort)" = \
		"$(sed -n 's/^large TXT //p' "$topo_tmp/nsd/zone" | sort)" ] &&
	# The SOA comes at both ends.
	[ "$(a_dig +noall +answer +tcp test AXFR | grep -c IN)" -eq 24 ]
}

# iperf RESULTS OPTION...: RESULTS is a condition on its JSON report.
iperf() {
	local want=$1
	shift
	if ! ns A timeout 100 iperf3 -J -c "$to" "$@" >"$topo_tmp/iperf.json" ||
		! jq -e ".end | $want" "$topo_tmp/iperf.json"; then
		cat "$topo_tmp/iperf.json" "$topo_tmp/iperf.err"
		return 1
	fi
}
# How much gets through in that time is not asked: the machine may be slow.
both='.sum_received.bytes > 10000 and .sum_received_bidir_reverse.bytes > 10000'
# What UDP loses in a queue of a slow machine is not counted here: that SST
# drops none is asked at the end.
run_iperf_tcp() {
	# How much of it the other side counts depends on who is faster at the end.
	local all='.sum_sent.bytes >= 300000 and .sum_received.bytes > 0'
	iperf "$all" -n 300000 &&
	iperf "$all" -R -n 300000 &&
	iperf "$both" --bidir -t 2 -b 3M
}
run_iperf_udp() {
	local some='.sum.packets > 10 and .sum.lost_percent < 50'
	iperf "$some" -u -t 1 -b 1M &&
	iperf "$some" -u -R -t 1 -b 1M &&
	iperf "$some" -u --bidir -t 1 -b 1M
}

# First everything, then what has changed, then back again over ssh.
run_rsync() {
	local rsync=(ns A timeout 100 rsync -a --checksum) here=$topo_tmp/here
	rm -rf "$here"
	"${rsync[@]}" "rsync://$quoted/mod/" "$here/" && diff -r "$mod" "$here" || return 1
	[ "$(readlink "$here/link")" = deep/inside ] || return 1
	printf 'changed in IPv%s' "$fam" | dd of="$here/deep/inside" bs=1 seek=70000 conv=notrunc status=none
	rm "$here/part1"
	"${rsync[@]}" --delete "$here/" "rsync://$quoted/mod/" && diff -r "$mod" "$here" || return 1
	cp "$www/part1" "$mod/part1"
	"${rsync[@]}" -e "ssh -F $topo_tmp/ssh_config" "$quoted:$mod/" "$here/" && diff -r "$mod" "$here"
}

# HTTP/3: five files at once, and one that is sent there.
run_quic() {
	local quic=(ns A timeout 100 gtlsclient -q --exit-on-all-streams-close) n uris=()
	rm -rf "$topo_tmp/h3"
	mkdir "$topo_tmp/h3"
	for n in large part1 part2 part3 part4; do
		uris+=("https://$quoted/$n")
	done
	"${quic[@]}" --download="$topo_tmp/h3" "$to" 443 "${uris[@]}" &&
	diff -r "$www" "$topo_tmp/h3" &&
	"${quic[@]}" -m POST -d "$www/large" "$to" 443 "https://$quoted/part1"
}

run_tftp() {
	rm -f "$topo_tmp/tftp/up" "$topo_tmp/down"
	ns A timeout 100 tftp -m binary -"$fam" "$to" -c put "$www/part4" up &&
	cmp "$www/part4" "$topo_tmp/tftp/up" &&
	ns A timeout 100 tftp -m binary -"$fam" "$to" -c get up "$topo_tmp/down" &&
	cmp "$www/part4" "$topo_tmp/down"
}

# A tunnel's packets are this host's own UDP: the link has to be smaller by the
# tunnel's part and by ours. Inside are addresses no rule is about.
# 1376 = 1500 - 40 - 8 - 32 - 44.
run_wireguard() {
	local host peer n
	for host in A B; do
		ns "$host" ip link add wg0 type wireguard || return 1
		wg genkey >"$topo_tmp/wg.$host"
	done
	for host in A:1:B:2 B:2:A:1; do
		IFS=: read -r host n peer _ <<<"$host"
		ns "$host" wg set wg0 listen-port 51820 private-key "$topo_tmp/wg.$host" \
			peer "$(wg pubkey <"$topo_tmp/wg.$peer")" allowed-ips 192.168.77.0/24 \
			endpoint "$([ "$host" = A ] && sst_quote "$to" 51820 || sst_quote "$from" 51820)" &&
		ns "$host" ip addr add "192.168.77.$n/24" dev wg0 &&
		ns "$host" ip link set wg0 mtu 1376 up || return 1
	done
	tunnel_carries 192.168.77.2
	n=$?
	for host in A B; do
		ns "$host" ip link del wg0
	done
	return "$n"
}

run_openvpn() {
	local common=(--dev tun7 --dev-type tun --secret "$topo_tmp/vpn.key" --cipher AES-256-CBC
		--proto "udp$fam" --lport 1194 --rport 1194 --tun-mtu 1300) rc
	openvpn --genkey secret "$topo_tmp/vpn.key" &&
	bg_ns vpnb B openvpn "${common[@]}" --remote "$from" --ifconfig 192.168.78.2 192.168.78.1 &&
	bg_ns vpna A openvpn "${common[@]}" --remote "$to" --ifconfig 192.168.78.1 192.168.78.2 &&
	wait_for -t 60 grep -q 'Initialization Sequence Completed' "$topo_tmp/vpna.out" &&
	tunnel_carries 192.168.78.2
	rc=$?
	[ "$rc" -eq 0 ] || cat "$topo_tmp/vpna.out" "$topo_tmp/vpnb.out"
	bg_stop vpna
	bg_stop vpnb
	return "$rc"
}

# tunnel_carries ADDRESS: of B inside the tunnel. Many packets both ways.
tunnel_carries() {
	local to=$1
	ns A ping -c 20 -i 0.05 -w 60 -s 1200 "$1" &&
	iperf "$both" --bidir -t 2 -b 3M &&
	ns A timeout 60 curl -sS --fail -o "$topo_tmp/inside" "http://$1/large" &&
	cmp "$topo_tmp/inside" "$www/large"
}

for fam in 4 6; do
	from=A$fam to=B$fam
	from=${!from} to=${!to} quoted=${to}
	[ "$fam" = 4 ] || quoted="[$to]"
	program ssh tcp/22 100 run_ssh
	program scp tcp/22 100 run_scp
	program HTTP/1.1 tcp/80 100 run_http1
	program HTTP/2 tcp/443 100 run_http2
	program PostgreSQL tcp/5432 300 run_postgres
	program DNS udp/53 15 run_dns
	program "iperf3 TCP" tcp/5201 100 run_iperf_tcp
	program "iperf3 UDP" udp/5201 50 run_iperf_udp
	program rsync tcp/873 50 run_rsync
	# QUIC asks how large a datagram may be: one that leaves no room for the
	# trailer is refused at once, as by a smaller link.
	refused=tx_too_big program "HTTP/3 (QUIC)" udp/443 50 run_quic
	# The server answers from a port of its own: that is a flow which B opens.
	program TFTP udp/700-709 50 run_tftp
	program WireGuard udp/51820 200 run_wireguard
	program OpenVPN udp/1194 200 run_openvpn
done

# ---- the whole path ----------------------------------------------------------

ok "B opened what A sealed" wait_for -t 60 opened_all A B
ok "A opened what B sealed" wait_for -t 60 opened_all B A
for name in wire real; do
	ok "nothing was lost in the capture ($name)" capture_stop "$name"
done
is "no packet carried a real port to the router" "$(capture_count "$topo_tmp/real.pcap" '')" 0 ||
	tcpdump -n -r "$topo_tmp/real.pcap" 2>/dev/null | head -n 20 | sed 's/^/# /'
ok "every packet verifies, no counter twice, nothing is quoted" \
	sst_decode_psk "$topo_tmp/wire.pcap" "$topo_tmp/orig.pcap" --check-icmp \
	"${real_ports[@]/#/--real-port=}" --host "$A4" --host "$A6" --host "$B4" --host "$B6" \
	--min-sealed 5000
