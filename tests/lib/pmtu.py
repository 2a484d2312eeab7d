#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Datagrams on a path that carries less than the hosts' links.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import os
import sys

import hosts
from hosts import ADDRESS, hear, outcome, until
from icmp import (FROM_ICMP, FROM_ICMP6, HEAD, LOCAL, ROUTER, Heard,
                  next_error)
from nets import report

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402
from sst.packet import UDP  # noqa: E402

TRAILER = 28
LINK = 1500
DISCOVER = {4: (0, 10), 6: (41, 23)}
DO = 2
MTU = {4: (0, 14), 6: (41, 24)}
TOO_BIG = {4: (3, 4), 6: (2, 0)}


class Path:
    """Both hosts, and a router between them that carries little."""

    def __init__(self, topo_id):
        self.hosts = hosts.Hosts(topo_id)
        self.port = 600

    def forget(self, fam):
        """What the hosts have learned of the path."""
        for host in 'AB':
            self.hosts.run(host, 'ip', '-%d' % fam, 'route', 'flush', 'cache')

    def pair(self, fam):
        """Two sockets that have heard of each other."""
        self.port += 1
        server = self.hosts.bound('B', fam, UDP, self.port)
        client = self.hosts.bound('A', fam, UDP, self.port)
        client.connect(server.getsockname())
        client.send(b'ask')
        server.connect(server.recvfrom(9)[1])
        server.send(b'answer')
        client.recv(9)
        client.send(b'confirm')
        server.recv(9)
        return client, server

    def told(self, fam, path):
        """A socket that forbids fragments."""
        client, server = self.pair(fam)
        where = server.getsockname()[:2]
        client.setsockopt(*DISCOVER[fam], DO)
        hear(client, fam)
        text = 'IPv%d, path %d, no fragments: ' % (fam, path)
        over = HEAD[fam] + 8
        client.send(bytes(LINK - TRAILER - over))
        got = next_error(client, fam)
        want = Heard('EMSGSIZE', FROM_ICMP if fam == 4 else FROM_ICMP6,
                     TOO_BIG[fam], path, ROUTER['A', fam], where)
        report(got == want, text + 'the router is heard',
               '%s\nwant %s' % (got, want))
        mtu = client.getsockopt(*MTU[fam])
        report(mtu == path, text + 'IP_MTU is that of the path', mtu)
        for size in (path, path - TRAILER + 1):
            error = outcome(client.send, bytes(size - over))
            got = next_error(client, fam)
            report(error == 'EMSGSIZE' and got and got[:4] == (
                'EMSGSIZE', LOCAL, (0, 0), path - TRAILER),
                   text + 'the size that fits, for %d' % size,
                   '%s %s' % (error, got))
        data = os.urandom(path - TRAILER - over)
        client.send(data)
        report(server.recv(9000) == data, text + 'it fits')
        error = outcome(client.send, bytes(LINK))
        got = next_error(client, fam)
        report(error == 'EMSGSIZE' and got and got.errno == 'EMSGSIZE',
               text + 'more than the link carries', '%s %s' % (error, got))

    def fragmented(self, fam, path):
        """A socket as it is by default."""
        h = self.hosts
        client, server = self.pair(fam)
        text = 'IPv%d, path %d: ' % (fam, path)
        client.send(b'x' * (LINK - TRAILER - HEAD[fam] - 8))
        report(until(lambda: client.getsockopt(*MTU[fam]) == path),
               text + 'the path is learned')
        error = outcome(client.send, b'')
        report(error == 'EMSGSIZE', text + 'and the loss is known', error)
        for size in (LINK - TRAILER - HEAD[fam] - 8, 5000, 40000):
            h.tap['A'].passed(False)
            data = os.urandom(size)
            client.send(data)
            got = server.recv(65536)
            wire = [packet.Packet(x) for x in h.tap['A'].passed(False, 0.1)]
            wire = [x for x in wire if x.proto == UDP]
            unmarked = [x for x in wire if not x.marked(packet.Mark())]
            # Fragments carry multiples of 8.
            large = max(len(x.data) for x in wire)
            report(got == data and len(wire) > 1 and not unmarked
                   and path - 8 < large <= path,
                   text + '%d bytes in fragments' % size,
                   '%d of %d bytes, %d packets, %d without mark, largest %d'
                   % (len(got), size, len(wire), len(unmarked), large))


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('size', type=int, help='what the path carries')
    args = parser.parse_args()
    path = Path(args.id)
    for fam in (4, 6):
        for test in (path.told, path.fragmented):
            path.forget(fam)
            test(fam, args.size)
    return 0


if __name__ == '__main__':
    sys.exit(main())
