#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Packets in shapes that SST does not cover, on the tuples of live flows.

The stack takes such packets, so the doors must be closed to them, too. Prints
a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import socket
import struct
import types

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import link  # noqa: E402
from sst.keys import KeysFile  # noqa: E402

WAIT = 0.3
MARK6 = 0xac


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b'\0'
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def address(text):
    """4 or 16 bytes."""
    return socket.inet_pton(
        socket.AF_INET6 if ':' in text else socket.AF_INET, text)


def udp(src, sport, dst, dport, payload):
    """A UDP datagram with its checksum."""
    size = 8 + len(payload)
    head = struct.pack('>HHHH', sport, dport, size, 0)
    pseudo = address(src) + address(dst) + struct.pack('>HH', 17, size)
    value = checksum(pseudo + head + payload) or 0xffff
    return struct.pack('>HHHH', sport, dport, size, value) + payload


def ipv4(src, dst, body, flags=0, ident=0):
    """An IPv4 packet; flags is the fragment field."""
    head = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(body), ident, flags,
                       60, 17, 0, address(src), address(dst))
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + body


def ipv6(src, dst, first, body, length=None, tclass=0):
    """An IPv6 packet; first is the type of the first header in body."""
    return struct.pack('>IHBB16s16s', 6 << 28 | tclass << 20,
                       len(body) if length is None else length, first, 60,
                       address(src), address(dst)) + body


def options(count, last, kind=60):
    """A chain of headers with padding, of one kind."""
    out = b''
    for i in range(count):
        follows = kind if i + 1 < count else last
        out += bytes((follows, 0, 1, 4, 0, 0, 0, 0))
    return out


class World:
    """B, the router in front of it, and the live flows between A and B."""

    def __init__(self, args):
        self.name = {x: '%s-%s' % (args.id, x) for x in 'ABR'}
        entries = [types.SimpleNamespace(**e)
                   for e in KeysFile.load(args.keys).entries]
        self.flow = {4: entries[0], 6: entries[1]}
        self.b = nets.Control(self.name['B'])
        self.wire = nets.Tap(self.name['R'], 'rb', '02:00:00:00:02:01')
        self.talk = {}
        for fam in (4, 6):
            flow = self.flow[fam]
            self.talk[fam] = nets.Talk(self.name['A'], self.name['B'],
                                       vars(flow))
        link.enter_netns(self.name['B'])
        self.on_wire_port = {}
        for fam in (4, 6):
            kind = socket.AF_INET6 if fam == 6 else socket.AF_INET
            sock = socket.socket(kind, socket.SOCK_DGRAM)
            sock.bind((self.flow[fam].b_addr, self.flow[fam].b_wire))
            self.on_wire_port[fam] = sock

    def real(self, fam):
        """A's clear datagram to the real port of B."""
        flow = self.flow[fam]
        return udp(flow.a_addr, flow.a_port, flow.b_addr, flow.b_port, b'x' * 64)

    def on_wire(self, fam):
        """A's clear datagram to the wire port of B."""
        flow = self.flow[fam]
        return udp(flow.a_addr, flow.a_wire, flow.b_addr, flow.b_wire,
                   b'x' * 64)

    def refuse(self, what, fam, packets, counter):
        """One of the packets is dropped under this name, none is answered."""
        before = self.b.stats()
        self.wire.passed(False)
        for packet in packets:
            self.wire.send(packet)
        answers = self.wire.passed(False, WAIT)
        got = difference(before, self.b.stats())
        talk = self.talk[fam]
        read = [talk.pending(talk.b), talk.pending(self.on_wire_port[fam])]
        report(got == {counter: 1} and not answers and read == [None, None],
               what, 'counters %s, answers %d, read %s' %
               (got, len(answers), read))

    def goes_on(self):
        """The flows still carry data."""
        for fam in (4, 6):
            report(self.talk[fam].exchange(), 'the flow over IPv%d goes on' % fam)


def inbound(world):
    """Forged packets towards B."""
    four, six = world.flow[4], world.flow[6]
    a6, b6 = six.a_addr, six.b_addr
    real6 = world.real(6)
    world.refuse('clear, nine Destination Options headers', 6,
                 [ipv6(a6, b6, 60, options(9, 17) + real6)], 'rx_clear')
    world.refuse('clear, thirty of them', 6,
                 [ipv6(a6, b6, 60, options(30, 17) + real6)], 'rx_clear')
    world.refuse('clear, Hop-by-Hop header and no length', 6,
                 [ipv6(a6, b6, 0, options(1, 17, 0) + real6, 0)], 'rx_clear')
    for fam, ident in ((4, 77), (6, 78)):
        flow = world.flow[fam]
        for what, body, counter in (
                ('real', world.real(fam), 'rx_clear'),
                ('wire', world.on_wire(fam),
                 'rx_type' if fam == 4 else 'rx_unopened')):
            if fam == 4:
                whole = ipv4(flow.a_addr, flow.b_addr, body, 0, ident)
            else:
                whole = ipv6(flow.a_addr, flow.b_addr, 17, body)
            world.refuse('unmarked fragments on the %s tuple, IPv%d' %
                         (what, fam), fam,
                         nets.fragments(whole, 24, ident), counter)
            ident += 10
    stray = udp(four.a_addr, 5555, four.b_addr, 5556, b'x')
    marked = ipv4(four.a_addr, four.b_addr, stray, 0xc000)
    to_b = world.wire.peer
    world.wire.peer = b'\xff' * 6
    world.refuse('marked, unicast, in a broadcast frame', 4, [marked],
                 'rx_unopened')
    world.wire.peer = to_b
    world.refuse('marked, on no flow, IPv6', 6,
                 [ipv6(a6, b6, 17, udp(a6, 5555, b6, 5556, b'x'), None, MARK6)],
                 'rx_unopened')


def outbound(world):
    """What a raw socket of B sends with the real tuple of a live flow."""
    four, six = world.flow[4], world.flow[6]
    link.enter_netns(world.name['B'])
    raw6 = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw4 = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    back6 = udp(six.b_addr, six.b_port, six.a_addr, six.a_port, b'x' * 64)
    back4 = udp(four.b_addr, four.b_port, four.a_addr, four.a_port, b'x' * 64)
    whole4 = ipv4(four.b_addr, four.a_addr, back4, 0, 99)
    for what, sock, dest, packet, counter in (
            ('nine Destination Options headers', raw6, six.a_addr,
             ipv6(six.b_addr, six.a_addr, 60, options(9, 17) + back6),
             'tx_malformed'),
            ('a first fragment', raw4, four.a_addr,
             nets.fragments4(whole4, 24)[0], 'tx_fragment'),
            ('a wrong UDP length', raw4, four.a_addr,
             ipv4(four.b_addr, four.a_addr, back4 + b'x'), 'tx_malformed')):
        before = world.b.stats()
        world.wire.passed(False)
        error = None
        try:
            sock.sendto(packet, (dest, 0))
        except OSError as caught:
            error = caught.strerror
        seen = world.wire.passed(False, WAIT)
        got = difference(before, world.b.stats())
        report(got == {counter: 1} and not seen and error,
               'a raw socket sends %s: refused' % what,
               'counters %s, on the wire %d, error %s' % (got, len(seen), error))


def main():
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='prefix of the namespaces')
    parser.add_argument('--keys', required=True, help='key file')
    world = World(parser.parse_args())
    world.goes_on()
    inbound(world)
    outbound(world)
    world.goes_on()


if __name__ == '__main__':
    main()
