#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Servers of B that require SST, bound in all ways: a stranger finds nobody, who
has a key is served.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import socket
import sys

import hosts
from hosts import ADDRESS, SYN, outcome, until
from nets import report
from require import Require
import sosst

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402
from sst.packet import TCP, UDP  # noqa: E402

V4, V6 = socket.AF_INET, socket.AF_INET6
REUSEPORT = 15
COOKIES = 'net.ipv4.tcp_syncookies'

# How a server is bound: family, address, IPV6_V6ONLY, how many of them, and
# whom it serves.
WAYS = {
    'dual-stack': (V6, '::', 0, 1, (4, 6)),
    'IPv6 only': (V6, '::', 1, 1, (6,)),
    'any IPv4 address': (V4, '0.0.0.0', None, 1, (4,)),
    'a v4-mapped address': (V6, '::ffff:' + ADDRESS['B', 4], 0, 1, (4,)),
    'one IPv6 address': (V6, ADDRESS['B', 6], 0, 1, (6,)),
    'dual-stack, four that share a port': (V6, '::', 0, 4, (4, 6)),
}


class Listeners(Require):
    """The hosts, and the results."""

    def servers(self, way, port):
        """TCP and UDP sockets of a way."""
        family, address, v6only, number, _ = WAYS[way]
        out = []
        self.hosts.enter('B')
        for proto in (TCP, UDP) * number:
            sock = socket.socket(family, hosts.KIND[proto])
            sosst.asks(sock, sosst.REQUIRE)
            if v6only is not None:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY,
                                v6only)
            if number > 1:
                sock.setsockopt(socket.SOL_SOCKET, REUSEPORT, 1)
            sock.bind((address, port))
            if proto == TCP:
                sock.listen()
            sock.setblocking(False)
            out.append(sock)
        return out

    def served(self, fam, port, servers):
        """'' when a client that has the key gets through."""
        for proto in (TCP, UDP):
            self.hosts.enter('A')
            with socket.socket(hosts.FAMILY[fam], hosts.KIND[proto]) as sock:
                sock.settimeout(60)
                sosst.asks(sock, sosst.REQUIRE)
                sock.connect((ADDRESS['B', fam], port))
                sock.send(b'x')
                if not until(lambda p=proto: self.got(servers, p)):
                    return 'nothing came by %d' % proto
        return ''

    def got(self, servers, proto):
        """Has a datagram, or a connection, come that is sealed?"""
        for sock in servers:
            if sock.type != hosts.KIND[proto]:
                continue
            try:
                if proto == UDP:
                    peer = sock.recvfrom(10)[1]
                    return until(lambda s=sock, p=peer: sosst.peer_info(
                        s, p).state != sosst.NONE)
                child = sock.accept()[0]
            except BlockingIOError:
                continue
            with child:
                child.setblocking(True)
                return child.recv(1) == b'x' and \
                    sosst.info(child).state == sosst.SEALED
        return False

    def closed(self, fam, port):
        """The family that it does not serve: a port like any other."""
        h = self.hosts
        h.tap['B'].passed(False)
        h.inject('B', h.forged('B', fam, TCP, 990, port, flags=SYN))
        got = []
        until(lambda: got.extend(h.tap['B'].passed(False)) or got)
        report(got and packet.Packet(got[0]).segment[13] == 0x14,
               'IPv%d: it is not there' % fam, len(got))

    def way(self, way, port, cookies):
        """All about one."""
        self.hosts.run('B', 'sysctl', '-qw', '%s=%d' % (COOKIES, cookies))
        servers = self.servers(way, port)
        what = '%s, SYN cookies %d' % (way, cookies)
        for fam in WAYS[way][4]:
            self.silence(fam, port, what)
            seen = [s for s in servers if outcome(
                s.accept if s.type == socket.SOCK_STREAM else s.recvfrom,
                *([] if s.type == socket.SOCK_STREAM else [100])) != 'EAGAIN']
            report(not seen, 'IPv%d: and none of it reached a program' % fam,
                   seen)
        for fam in {4, 6} - set(WAYS[way][4]):
            if way == 'IPv6 only':
                self.closed(fam, port)
        for fam in WAYS[way][4]:
            error = self.served(fam, port, servers)
            report(not error, 'IPv%d: who has the key is served' % fam, error)
        for sock in servers:
            sock.close()
        # What SST sends late must not be taken for an answer to the next.
        until(lambda: not self.hosts.tap['B'].passed(False, 0.5))


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    args = parser.parse_args()
    test = Listeners(args)
    port = 3000
    for way in WAYS:
        for cookies in (1, 2):
            port += 1
            test.way(way, port, cookies)
    return 0


if __name__ == '__main__':
    sys.exit(main())
