#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""TCP Fast Open: data in the SYN, as much as fits with the trailer.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import os
import socket
import sys

import hosts
from hosts import SYN
from nets import report

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402
from sst.packet import TCP  # noqa: E402

FASTOPEN = 0x20000000
MTU = 1500
# Trailers; the first makes an association.
OPEN_NEW, OPEN, DATA = 80, 64, 28


def segments(tap):
    """(flags, payload without trailer, packet) of what came from a host."""
    for data in tap.passed(False, 0.2):
        parsed = packet.Packet(data)
        if parsed.proto == TCP:
            head = (parsed.segment[12] >> 4) * 4
            yield parsed.segment[13], len(parsed.segment) - head, parsed


def connect(h, fam, size):
    """A server, and a client that has sent what TCP took at once."""
    server = h.bound('B', fam, TCP, 0)
    server.setsockopt(socket.IPPROTO_TCP, 23, 16)
    server.listen(4)
    client = h.bound('A', fam, TCP, 0)
    client.setblocking(False)
    data = os.urandom(size)
    sent = client.sendto(data, FASTOPEN, server.getsockname())
    return server, client, data, sent


def one_way(h, fam, opening):
    """The data is there before the client has heard anything."""
    text = 'IPv%d, Fast Open, trailer of %d: ' % (fam, opening)
    if opening == OPEN_NEW:
        for host in 'AB':
            h.sst(host, 'assoc', 'flush')
    h.drop('B')
    h.tap['A'].passed(False)
    server, client, data, sent = connect(h, fam, 5000)
    end = server.accept()[0]
    end.settimeout(30)
    got = end.recv(9000)
    first = next(segments(h.tap['A']))
    report(first[0] & SYN and len(first[2].data) == MTU,
           text + 'the SYN is as large as the link',
           '%d %d' % (first[0], len(first[2].data)))
    report(len(got) == first[1] - opening < sent and data.startswith(got),
           text + 'its data is delivered, one round trip earlier',
           '%d of %d, %d in SYN' % (len(got), sent, first[1]))
    h.drop()
    client.settimeout(30)
    if sent < len(data):
        client.sendall(data[sent:])
    got += hosts.received(end, len(data) - len(got))
    end.sendall(data)
    report(got == data and hosts.received(client, len(data)) == data,
           text + 'the rest follows, there and back')


def bulk(h, fam):
    """No loss: nothing is sent twice but what did not fit."""
    text = 'IPv%d, Fast Open, bulk: ' % fam
    h.tap['A'].passed(False)
    server, client, data, sent = connect(h, fam, 100000)
    end = server.accept()[0]
    end.settimeout(30)
    client.settimeout(30)
    client.sendall(data[sent:])
    client.shutdown(socket.SHUT_WR)
    got = hosts.received(end, len(data) + 1)
    report(got == data, text + 'nothing is lost')
    wire = list(segments(h.tap['A']))
    sizes = [len(p.data) for _, _, p in wire]
    tails = [size for _, size, _ in wire if DATA < size <= 3 * DATA]
    report(max(sizes) == MTU and len(tails) < 2,
           text + 'full segments, none larger', '%s' % sizes[:20])
    report(len(sizes) < 100000 // 1400 * 2, text + 'little is sent twice',
           len(sizes))


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    h = hosts.Hosts(parser.parse_args().id)
    for fam in (4, 6):
        # What the first one makes serves the others.
        for opening in (OPEN_NEW, OPEN):
            one_way(h, fam, opening)
        bulk(h, fam)
    return 0


if __name__ == '__main__':
    sys.exit(main())
