#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""ICMP errors about packets of flows, both ways, true and forged.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import collections
import errno
import select
import socket
import struct
import sys
import time

import doors
import hosts
from doors import NOTHING, Datagrams
from hosts import ADDRESS, RECVERR, Connection, hear, until
from nets import difference, fragments, report

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402
from sst.mutate import Mutation  # noqa: E402
from sst.packet import ICMP, ICMPV6, TCP, UDP  # noqa: E402

ERRQUEUE = 0x2000
HOPS = {4: (0, 2), 6: (41, 16)}
LOCAL, FROM_ICMP, FROM_ICMP6 = 1, 2, 3
HEAD = {4: 20, 6: 40}
ROUTER = {('A', 4): '10.0.1.254', ('A', 6): 'fd00:1::fe',
          ('B', 4): '10.0.2.254', ('B', 6): 'fd00:2::fe'}
TRANSLATED = frozenset(('rx_translated',))
DROPPED = frozenset(('rx_icmp',))

# What the router says: nft's name, type and code, what TCP's connect() and a
# datagram's error queue give, and whether a socket without queue hears of it.
REFUSALS = {
    4: (('host-unreachable', 3, 1, 'EHOSTUNREACH', False),
        ('net-prohibited', 3, 9, 'ENETUNREACH', True),
        ('admin-prohibited', 3, 13, 'EHOSTUNREACH', True)),
    6: (('no-route', 1, 0, 'ENETUNREACH', False),
        ('admin-prohibited', 1, 1, 'EACCES', True),
        ('addr-unreachable', 1, 3, 'EHOSTUNREACH', False))}
PORT_UNREACHABLE = {4: (3, 3), 6: (1, 4)}
TIME_EXCEEDED = {4: (11, 0), 6: (3, 0)}
MIB = {4: ('/proc/net/snmp', 'Icmp:', 'InCsumErrors'),
       6: ('/proc/net/snmp6', None, 'Icmp6InCsumErrors')}

Heard = collections.namedtuple(
    'Heard', 'errno origin kind info offender where')


def name_of(number):
    """ECONNREFUSED and its like."""
    return errno.errorcode.get(number, str(number))


def next_error(sock, fam, limit=60):
    """What the error queue of a socket says, or None."""
    poll = select.poll()
    poll.register(sock, 0)
    end, timeout = time.monotonic() + limit, sock.gettimeout()
    # With a timeout Python waits for something to read.
    sock.setblocking(False)
    try:
        while True:
            try:
                _, more, _, where = sock.recvmsg(2000, 512, ERRQUEUE)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    return None
                poll.poll(100)
    finally:
        sock.settimeout(timeout)
    # It is reported twice.
    sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    data = [d for level, kind, d in more if (level, kind) == RECVERR[fam]][0]
    number, origin, kind, code, info = struct.unpack_from('=IBBBxI', data)
    at = 16 + (4 if fam == 4 else 8)
    size = 4 if fam == 4 else 16
    offender = ''
    if origin != LOCAL:
        offender = packet.addr_text(data[at:at + size])
    return Heard(name_of(number), origin, (kind, code), info, offender,
                 where[:2])


class Icmp(doors.Doors):
    """The hosts, and what is said about their packets."""

    def __init__(self, args):
        super().__init__(args)
        self.port = 310

    def ports(self):
        """Two that nobody has."""
        self.port += 1
        return self.port, self.port + 200

    def wire(self, host, aport, bport):
        """(own, other) wire port of a flow."""
        own, remote = (aport, bport) if host == 'A' else (bport, aport)
        for flow in self.hosts.flows(host):
            if (flow['local_port'], flow['remote_port']) == (own, remote):
                return flow['wire_local_port'], flow['wire_remote_port']
        return None

    def errors(self, host, count, limit=10):
        """ICMP errors that leave a host."""
        found = []
        end = time.monotonic() + limit
        while len(found) < count and time.monotonic() < end:
            for data in self.hosts.tap[host].passed(False, 0.05):
                parsed = packet.Packet(data)
                if parsed.proto == ICMP and data[parsed.l4] in (3, 11, 12) \
                        or parsed.proto == ICMPV6 and data[parsed.l4] < 128:
                    found.append(parsed)
        return found

    @staticmethod
    def wrong_quote(parsed, proto, kind, ends, wire, real, mtu=None):
        """What is not as it must be in an error that a host sent, or ''."""
        # pylint: disable=too-many-arguments
        fam, body = parsed.version, parsed.segment
        src, dst = (packet.addr(x) for x in ends)
        quoted, head = body[8:], HEAD[fam]
        pseudo = b'' if fam == 4 else packet.pseudo_header(
            parsed.src, parsed.dst, ICMPV6, len(body))
        wrong = []
        if packet.ones_sum(pseudo + body) != 0xffff:
            wrong.append('checksum')
        if tuple(body[:2]) != kind:
            wrong.append('kind %d %d' % tuple(body[:2]))
        if body[4:8] != (mtu or 0).to_bytes(4, 'big'):
            wrong.append('rest of the header ' + body[4:8].hex())
        if parsed.dst != src:
            wrong.append('destination')
        if len(quoted) != head + 8:
            wrong.append('%d bytes quoted' % (len(quoted) - head))
        mark = quoted[6] & 0x80 if fam == 4 else packet.Mark().matches(
            int.from_bytes(quoted[:2], 'big') >> 4 & 0xff)
        if not mark:
            wrong.append('no mark')
        if fam == 4 and packet.ones_sum(quoted[:20]) != 0xffff:
            wrong.append('checksum of the quoted header')
        at = 12 if fam == 4 else 8
        if quoted[at:head] != src + dst:
            wrong.append('addresses')
        if struct.unpack_from('>HH', quoted, head) != wire:
            wrong.append('ports %d %d' % struct.unpack_from('>HH', quoted,
                                                            head))
        if proto == UDP and quoted[head + 6:head + 8] != b'\0\0':
            wrong.append('UDP checksum')
        if struct.pack('>HH', *real) in parsed.data:
            wrong.append('real ports')
        return ', '.join(wrong)

    # True errors

    def closed_port(self, fam):
        """UDP to a port that nobody has, in each state of a flow."""
        h = self.hosts
        kind, ends = PORT_UNREACHABLE[fam], [ADDRESS[x, fam] for x in 'AB']
        for live in (False, True):
            for connected in (True, False):
                text = 'IPv%d: a %s flow of %s socket to a closed port: ' % (
                    fam, 'live' if live else 'new',
                    'a connected' if connected else 'an unconnected')
                aport, bport = self.ports()
                client = h.bound('A', fam, UDP, aport)
                where = ends[1], bport
                if connected:
                    client.connect(where)
                if live:
                    server = h.bound('B', fam, UDP, bport)
                    client.sendto(b'ask', where)
                    server.sendto(b'answer', server.recvfrom(9)[1])
                    client.recv(9)
                    client.sendto(b'confirm', where)
                    server.recv(9)
                    server.close()
                h.tap['B'].passed(False)
                told, heard = h.watch('B', 'tx_translated'), \
                    h.watch('A', 'rx_translated')
                size = 0
                if connected:
                    client.sendto(b'x' * 100, where)
                    error = hosts.outcome(client.recv, 100)
                    report(error == 'ECONNREFUSED', text + 'recv()', error)
                    size += 1
                hear(client, fam)
                client.sendto(b'x' * 1000, where)
                size += 1
                got = next_error(client, fam)
                want = Heard('ECONNREFUSED',
                             FROM_ICMP if fam == 4 else FROM_ICMP6, kind, 0,
                             ends[1], where)
                report(got == want, text + 'error queue',
                       '%s\nwant %s' % (got, want))
                wire = self.wire('A', aport, bport)
                sent = self.errors('B', size)
                wrong = [self.wrong_quote(x, UDP, kind, ends, wire,
                                          (aport, bport)) for x in sent]
                report(len(sent) == size and not any(wrong), text +
                       'what B says tells no real port', '%s' % wrong)
                report(told.by(size) and heard() == size == told(),
                       text + 'counters', '%d %d' % (told(), heard()))
                client.close()

    def refuse(self, host, kind=None):
        """The router refuses what comes from a host, or nothing."""
        rule = ''
        if kind:
            fam, name = kind
            rule = 'add rule inet refuse c iifname "r%s" meta nfproto ipv%d ' \
                'reject with icmp%s type %s\n' % (
                    host.lower(), fam, '' if fam == 4 else 'v6', name)
        self.hosts.run('R', 'nft', '-f', '-', text='add table inet refuse\n'
                       'delete table inet refuse\nadd table inet refuse\n'
                       'add chain inet refuse c { type filter hook forward '
                       'priority 0; }\n' + rule)

    def refused(self, fam):
        """The router does not let packets pass."""
        h, where = self.hosts, ADDRESS['B', fam]
        origin = FROM_ICMP if fam == 4 else FROM_ICMP6
        for name, number, code, error, fatal in REFUSALS[fam]:
            text = 'IPv%d: %s: ' % (fam, name)
            aport, bport = self.ports()
            talk = Connection(h, fam, aport, bport)
            dgram = Datagrams(h, fam, *self.ports())
            good = talk.exchange() and dgram.exchange()
            self.refuse('A', (fam, name))

            aport, bport = self.ports()
            client = h.bound('A', fam, TCP, aport)
            got = hosts.outcome(client.connect, (where, bport))
            report(got == error, text + 'connect()', got)
            client.close()
            heard = h.watch('A', 'rx_translated')
            client = dgram.end['A']
            client.send(b'x' * 200)
            got = next_error(client, fam)
            want = Heard(error, origin, (number, code), 0, ROUTER['A', fam],
                         (where, dgram.port['B']))
            report(got == want, text + 'a live UDP flow, error queue',
                   '%s\nwant %s' % (got, want))
            hear(client, fam, False)
            client.send(b'x' * 200)
            heard.by(2)
            got = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            report(heard() == 2 and (name_of(got) == error if fatal
                                     else not got),
                   text + 'without queue', '%d, %s' % (heard(), got))

            heard = h.watch('A', 'rx_translated')
            talk.end['A'].send(b'y' * 500)
            soft = heard.by(2)
            self.refuse('A')
            report(good and soft and hosts.received(talk.end['B'], 500) ==
                   b'y' * 500 and talk.exchange(20000),
                   text + 'an established connection outlives it')

    def time_exceeded(self, fam):
        """Packets that end at the router."""
        h, where = self.hosts, ADDRESS['B', fam]
        kind, router = TIME_EXCEEDED[fam], ROUTER['A', fam]
        aport, bport = self.ports()
        client = h.bound('A', fam, UDP, aport)
        hear(client, fam)
        client.setsockopt(*HOPS[fam], 1)
        client.sendto(b'x' * 60, (where, bport))
        got = next_error(client, fam)
        want = Heard('EHOSTUNREACH', FROM_ICMP if fam == 4 else FROM_ICMP6,
                     kind, 0, router, (where, bport))
        report(got == want, 'IPv%d: time exceeded, UDP' % fam,
               '%s\nwant %s' % (got, want))
        client = h.bound('A', fam, TCP, aport)
        client.setsockopt(*HOPS[fam], 1)
        error = hosts.outcome(client.connect, (where, bport))
        report(error == 'EHOSTUNREACH', 'IPv%d: time exceeded, TCP' % fam,
               error)

    # Forged ones

    def sealed(self, host):
        """A sealed packet of a host in the conversation, as it left; if TCP,
        with a sequence number that is expected."""
        taps = self.hosts.tap
        for tap in taps.values():
            tap.passed(False)
        self.talk.exchange()
        last = {}
        for end, tap in taps.items():
            for data in tap.passed(False, 0.3):
                parsed = packet.Packet(data)
                if parsed.proto == self.towards['A'].proto:
                    last[end] = parsed
        out = bytearray(last[host].data)
        if last[host].proto == TCP:
            # The last packet of A acknowledges that of B.
            seq, ack = struct.unpack_from('>II', last['A'].segment, 4)
            struct.pack_into('>I', out, last[host].l4 + 4,
                             {'A': seq, 'B': ack}[host])
        return bytes(out)

    def bad_checksums(self, host, fam):
        """What the stack counts."""
        path, row, column = MIB[fam]
        lines = self.hosts.run(host, 'cat', path).splitlines()
        if fam == 6:
            return int(dict(x.split() for x in lines)[column])
        names, values = [x.split() for x in lines if x.startswith(row)]
        return int(values[names.index(column)])

    def forged(self, fam, host):
        """Towards a host, by somebody who sees its packets."""
        # pylint: disable=too-many-locals
        h, peer = self.hosts, hosts.other(host)
        quoted, head = self.sealed(host), HEAD[fam]
        here, there = (packet.addr(ADDRESS[x, fam]) for x in (host, peer))
        router = packet.addr(ROUTER[host, fam])
        kind = PORT_UNREACHABLE[fam] + (0,)
        name = '%s: to %s: ' % (self.name(), host)

        def error(quote, dst=here, kind=kind):
            return doors.icmp(fam, router, dst, kind, quote)

        def ported(sport, dport):
            return quoted[:head] + struct.pack('>HH', sport, dport) \
                + quoted[head + 4:]

        sport, dport = struct.unpack_from('>HH', quoted, head)
        second = packet.addr('10.0.%d.77' % (1 + 'AB'.index(host))
                             if fam == 4 else 'fd00:%d::77'
                             % (1 + 'AB'.index(host)))
        at = 12 if fam == 4 else 8
        size = len(here)
        moved = quoted[:at] + second + quoted[at + size:]
        away = quoted[:at + size] + router + quoted[at + 2 * size:]
        turned = quoted[:at] + there + here + quoted[head:]
        strange = [('other ports', ported(sport ^ 1, dport)),
                   ('other port of the peer', ported(sport, dport ^ 1)),
                   ('ports turned round', ported(dport, sport)),
                   ('random ports', ported(0xabcd, 0x1234)),
                   ('source and destination turned round', turned),
                   ('another source', moved), ('another peer', away),
                   ('nothing', b''), ('a byte', quoted[:1]),
                   ('a part of the header', quoted[:head - 1]),
                   ('the header', quoted[:head]),
                   ('half of the ports', quoted[:head + 2])]
        if fam == 4:
            strange += [('a later fragment', quoted[:6] + b'\0\5' +
                         quoted[8:]),
                        ('header too short', b'\x44' + quoted[1:]),
                        ('header too long', b'\x4f' + quoted[1:30]),
                        ('another version', b'\x65' + quoted[1:])]
        items = [Mutation(text, error(data), NOTHING)
                 for text, data in strange]
        items.append(Mutation('outer destination differs',
                              error(quoted, second), NOTHING))
        self.attack(name + 'errors that quote no flow', host, items)
        whole = error(quoted[:head + 100])
        before = h.stats(host)
        for part in fragments(whole, 16, 900)[::-1]:
            h.inject(host, part)
        until(lambda: h.stats(host) != before, 1)
        change = difference(before, h.stats(host))
        report(change == ({} if fam == 4 else {'rx_icmp': 1}),
               name + 'an error in fragments', change)
        self.lives(name + 'strange errors')

        # Sockets hear of no error whose checksum is wrong.
        counted = self.bad_checksums(host, fam)
        items = []
        for flip in (1, 0x8000, 0xffff):
            data = bytearray(error(quoted))
            old = struct.unpack_from('>H', data, head + 2)[0]
            struct.pack_into('>H', data, head + 2, old ^ flip)
            # The two zeros of ones' complement are one number.
            if {old, old ^ flip} != {0, 0xffff}:
                items.append(Mutation('%#x' % flip, bytes(data), TRANSLATED))
        self.attack(name + 'a wrong checksum', host, items)
        self.lives(name + 'a wrong checksum')
        report(self.bad_checksums(host, fam) == counted + len(items),
               name + 'a wrong checksum stays wrong')

        # Nor of one that quotes too little for them.
        self.attack(name + 'the ports and no more', host, [Mutation(
            str(more), error(quoted[:head + more]), TRANSLATED)
            for more in (4, 5, 7)])
        self.lives(name + 'the ports and no more')

        # These are believed, as without SST; the path must not become a hole.
        quoted = self.sealed(host)
        code = (3, 4) if fam == 4 else (2, 0)
        mtus = 0, 1, 68, 551, 552, 575, 1279, 1280, 65535
        if fam == 6:
            mtus += 0x7fffffff, 0xffffffff
        self.attack(name + 'too big, with strange sizes', host, [Mutation(
            str(mtu), error(quoted, kind=code + (mtu,)), TRANSLATED)
            for mtu in mtus], answered=True)
        if isinstance(self.talk, Datagrams):
            self.drain(fam)
        self.lives(name + 'too big, with strange sizes')
        good = True
        if not isinstance(self.talk, Datagrams):
            good = not hosts.outcome(self.talk.exchange, 50000)
        elif fam == 4:
            # 552 is the least that Linux believes; it goes on in fragments.
            talk = self.talk.end
            talk[host].send(b'z' * 1000)
            good = talk[peer].recv(2000) == b'z' * 1000
        report(good, name + 'and data passes after that')
        h.run(host, 'ip', '-%d' % fam, 'route', 'flush', 'cache')

    def drain(self, fam):
        """Both ends of the datagrams: errors that were meant for them."""
        for sock in self.talk.end.values():
            while next_error(sock, fam, 0):
                pass

    def control(self, fam, host):
        """The same, not damaged, is heard: the forging above was right."""
        quoted = self.sealed(host)
        self.hosts.inject(host, doors.icmp(
            fam, packet.addr(ROUTER[host, fam]),
            packet.addr(ADDRESS[host, fam]), PORT_UNREACHABLE[fam] + (0,),
            quoted))
        got = next_error(self.talk.end[host], fam)
        report(got and got.errno == 'ECONNREFUSED' and
               got.offender == ROUTER[host, fam],
               '%s: to %s: a whole one is heard' % (self.name(), host), got)

    def ended(self, fam, host):
        """About a flow that is no more."""
        quoted, h = self.sealed(host), self.hosts
        name = '%s: to %s: ' % (self.name(), host)
        if isinstance(self.talk, Connection):
            # Without flow it could not end.
            ended = h.watch(hosts.other(host), 'rx_opened')
            end = self.talk.end[host]
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                           struct.pack('ii', 1, 0))
            end.close()
            ended.by(1)
            self.talk.end[hosts.other(host)].close()
        for each in 'AB':
            h.sst(each, 'flow', 'flush')
        self.attack(name + 'about a flow that ended', host, [Mutation(
            'ended', doors.icmp(
                fam, packet.addr(ROUTER[host, fam]),
                packet.addr(ADDRESS[host, fam]), kind + (0,), quoted),
            NOTHING) for kind in (PORT_UNREACHABLE[fam], TIME_EXCEEDED[fam])])
        if isinstance(self.talk, Datagrams):
            error = self.talk.end[host].getsockopt(socket.SOL_SOCKET,
                                                   socket.SO_ERROR)
            report(not error, name + 'no socket hears of it', error)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--psk', required=True, help="A's key")
    args = parser.parse_args()
    run = Icmp(args)
    for fam in (4, 6):
        run.closed_port(fam)
        run.refused(fam)
        run.time_exceeded(fam)
    for fam in (4, 6):
        for proto in (TCP, UDP):
            for host in 'AB':
                run.begin(fam, proto)
                run.forged(fam, host)
                if proto == UDP:
                    run.control(fam, host)
                run.ended(fam, host)
    return 0


if __name__ == '__main__':
    sys.exit(main())
