#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Forge packets for flows that opened themselves, from the router.

Whoever forges knows the real ports, which nobody on the path can see. Prints a
line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import json
import os
import socket
import struct
import sys
import time
import types

import hosts
from hosts import ACK, ADDRESS, FIN, PSH, RST, SYN, URG, Connection, until
from hostile import CLEAR, clear_packets
from nets import REASONS, difference, fragments, report

# pylint: disable=wrong-import-position
from sst import assoc, handshake, opening, packet  # noqa: E402
from sst.flow import Flow  # noqa: E402
from sst.mutate import Mutation  # noqa: E402
from sst.packet import ICMP, ICMPV6, TCP, UDP  # noqa: E402

ICMP_ERROR = frozenset(('rx_icmp',))
NOT_SYN = frozenset(('rx_not_syn',))
TUPLE = frozenset(('rx_tuple',))
UNOPENED = frozenset(('rx_unopened',))
NOTHING = frozenset()
# Both hosts leave connections to these ports clear.
CLEAR_PORT = 2990
# What tests/lib/keylog writes.
KEYLOG = '/sys/kernel/debug/sst-keylog'
# Who opens: the clock and the random numbers of A.
FORGER = types.SimpleNamespace(rand=os.urandom, wall=time.time, psk_new=True)

# IPv4: type, code, the four bytes behind the checksum.
ERRORS = {
    4: {'port unreachable': (3, 3, 0), 'host unreachable': (3, 1, 0),
        'protocol unreachable': (3, 2, 0), 'prohibited': (3, 13, 0),
        'too big': (3, 4, 600), 'source quench': (4, 0, 0),
        'redirect': (5, 1, 0x0a0001fd), 'time exceeded': (11, 0, 0),
        'parameter problem': (12, 0, 9 << 24)},
    6: {'port unreachable': (1, 4, 0), 'no route': (1, 0, 0),
        'prohibited': (1, 1, 0), 'too big': (2, 0, 1280),
        'time exceeded': (3, 0, 0), 'parameter problem': (4, 0, 40),
        'unknown error': (100, 0, 0)}}


def icmp(fam, src, dst, kind, quoted):
    """An ICMP error."""
    number, code, more = kind
    body = bytearray(struct.pack('>BBHI', number, code, 0, more) + quoted)
    if fam == 4:
        struct.pack_into('>H', body, 2, packet.checksum(body))
        return packet.ip(src, dst, ICMP, bytes(body), frag=0)
    struct.pack_into('>H', body, 2, packet.checksum(packet.pseudo_header(
        src, dst, ICMPV6, len(body)) + body))
    return packet.ip(src, dst, ICMPV6, bytes(body))


class Datagrams:
    """UDP between A and B; both ends hear of ICMP errors."""

    def __init__(self, h, fam, aport, bport):
        self.fam = fam
        self.port = {'A': aport, 'B': bport}
        self.end = {'B': h.bound('B', fam, UDP, bport),
                    'A': h.bound('A', fam, UDP, aport)}
        self.end['A'].connect((ADDRESS['B', fam], bport))
        self.end['A'].send(b'first')
        self.end['B'].connect(self.end['B'].recvfrom(100)[1])
        for sock in self.end.values():
            hosts.hear(sock, fam)

    def exchange(self):
        """Data there and back."""
        for host in 'AB':
            data = os.urandom(300)
            self.end[host].send(data)
            if self.end[hosts.other(host)].recv(1000) != data:
                return False
        return True


class Doors:
    """The hosts, the key, and who knocks."""

    def __init__(self, args):
        self.hosts = hosts.Hosts(args.id)
        self.psk = assoc.Psk.load(args.psk)
        self.port = 300
        self.flow = None
        self.talk = None

    def calm(self):
        """Until no host sends."""
        for _ in range(20):
            if not self.hosts.tap['A'].passed(False, 0.1) \
                    + self.hosts.tap['B'].passed(False, 0.1):
                return

    def attack(self, text, host, items, answered=False):
        """Towards a host; each is counted under its name, none is answered."""
        h, wrong = self.hosts, []
        items = list(items)
        self.calm()
        before = h.stats(host)
        patience = 30
        for item in items:
            h.inject(host, item.data)
            end = time.monotonic() + (patience if item.expected else 0.05)
            while True:
                after = h.stats(host)
                change = {name: count for name, count
                          in difference(before, after).items()
                          if name not in REASONS}
                if change and item.expected or time.monotonic() > end:
                    break
            if sum(change.values()) != bool(item.expected) \
                    or not set(change) <= item.expected:
                wrong.append('%s: %s, want %s' % (
                    item.name, change or 'nothing',
                    ' or '.join(item.expected) or 'nothing'))
                # It is red by now: the rest need not take long.
                patience = 0.5
            before = after
        sent = h.tap[host].passed(False, 0.2)
        if sent and not answered:
            wrong.append('answered: ' + sent[0][:60].hex())
        report(items and not wrong, '%s (%d packets)' % (text, len(items)),
               '\n'.join(wrong))

    def lives(self, text):
        """The conversation goes on, and no socket heard of an error."""
        errors = [sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                  for sock in self.talk.end.values()]
        error = hosts.outcome(self.talk.exchange)
        report(not any(errors) and not error,
               text + ': the connection lives on', '%s %s' % (errors, error))

    # Clear packets

    def begin(self, fam, proto, aport=None, bport=None):
        """A conversation; what is forged is forged for it."""
        self.port += 1
        kind = Connection if proto == TCP else Datagrams
        self.talk = kind(self.hosts, fam, aport or self.port,
                         bport or self.port + 200)
        self.talk.exchange()
        self.calm_position()

    def calm_position(self):
        """Numbers that both ends would take."""
        fam, proto = self.talk.fam, TCP
        if isinstance(self.talk, Datagrams):
            proto = UDP
            self.number = {'A': (0, 0), 'B': (0, 0)}
        else:
            self.hosts.tap['A'].passed(False)
            self.talk.exchange()
            seq, ack = self.talk.position('A')
            self.number = {'B': (seq, ack), 'A': (ack, seq)}
        self.towards = {}
        for host in 'AB':
            peer = hosts.other(host)
            # In the eyes of who forges: side 1 sends.
            self.towards[host] = Flow(
                proto, ADDRESS[peer, fam], self.talk.port[peer],
                ADDRESS[host, fam], self.talk.port[host], 0, 0, None)

    def name(self):
        """Of the conversation."""
        return '%s%d' % ('TCP' if self.towards['A'].proto == TCP else 'UDP',
                         self.talk.fam)

    def clear(self, text=''):
        """Resets, data, everything in the clear, whole or in fragments."""
        for host in 'AB':
            flow = self.towards[host]
            self.attack('%s: clear packets to %s%s' % (
                self.name(), host, text), host,
                clear_packets(flow, *self.number[host]))
            original = self.original(host, b'forged' * 20)
            wrong = []
            for order in (1, -1):
                before = self.hosts.stats(host)
                for part in fragments(original, 16, 77 + order)[::order]:
                    self.hosts.inject(host, part)
                until(lambda: self.hosts.stats(host) != before)
                time.sleep(0.05)
                change = difference(before, self.hosts.stats(host))
                if change != {'rx_clear': 1}:
                    wrong.append(str(change))
            report(not wrong, '%s: clear fragments to %s%s' % (
                self.name(), host, text), '\n'.join(wrong))

    def original(self, host, payload, sport=None, **kwargs):
        """What the peer of a host could send it in the clear."""
        flow = self.towards[host]
        src, dst = flow.addrs[1], flow.addrs[2]
        ports = sport or flow.ports[1], flow.ports[2]
        if flow.proto == UDP:
            body = packet.udp(src, dst, *ports, payload)
        else:
            body = packet.tcp(src, dst, *ports, *self.number[host],
                              PSH | ACK, payload=payload)
        return packet.ip(src, dst, flow.proto, body, **kwargs)

    # ICMP

    def icmp_errors(self, text=''):
        """About packets that a host would have sent, had it no SST."""
        fam = self.talk.fam
        for host in 'AB':
            peer = hosts.other(host)
            # It quotes what went the other way.
            quoted = self.original(peer, b'data' * 30)
            source = {'peer': packet.addr(ADDRESS[peer, fam]),
                      'router': packet.addr(ADDRESS['R', fam])}
            here = packet.addr(ADDRESS[host, fam])
            head = 20 if fam == 4 else 40
            items = []
            for who, src in source.items():
                for error, kind in ERRORS[fam].items():
                    items += [Mutation(
                        '%s of the %s, %d' % (error, who, size),
                        icmp(fam, src, here, kind, quoted[:size]), ICMP_ERROR)
                        for size in (head + 8, len(quoted))]
            kind = ERRORS[fam]['port unreachable']
            shapes = {'options': {'options': b'\1' * 40}} if fam == 4 else {
                'headers': {'ext': [
                    (packet.HOPOPTS, packet.options_header()),
                    (packet.DSTOPTS, packet.options_header()),
                    (packet.FRAGMENT, packet.fragment_header(ident=5))]}}
            for shape, kwargs in shapes.items():
                items.append(Mutation('quoted ' + shape, icmp(
                    fam, source['router'], here, kind, self.original(
                        peer, b'data', **kwargs)), ICMP_ERROR))
            first = fragments(quoted, 24, 9)[0]
            items.append(Mutation('quoted fragment', icmp(
                fam, source['router'], here, kind, first), ICMP_ERROR))
            self.attack('%s: ICMP errors to %s%s' % (
                self.name(), host, text), host, items)
            wrong = []
            for error, kind in ERRORS[fam].items():
                before = self.hosts.stats(host)
                whole = icmp(fam, source['router'], here, kind, quoted)
                for part in fragments(whole, 16, 500 + kind[0])[::-1]:
                    self.hosts.inject(host, part)
                until(lambda: self.hosts.stats(host) != before)
                change = difference(before, self.hosts.stats(host))
                if change != {'rx_icmp': 1}:
                    wrong.append('%s: %s' % (error, change))
            report(not wrong, '%s: ICMP errors in fragments to %s%s' % (
                self.name(), host, text), '\n'.join(wrong))
            # Not about this tuple, and no error: nothing to do with SST.
            self.attack('%s: other ICMP to %s%s' % (
                self.name(), host, text), host, [
                    Mutation('another port', icmp(
                        fam, source['router'], here, kind, self.original(
                            peer, b'data', sport=9)), NOTHING),
                    Mutation('reply', icmp(
                        fam, source['router'], here,
                        (0 if fam == 4 else 129, 0, 0), quoted), NOTHING)])
            mtu = self.hosts.run(host, 'ip', 'route', 'get',
                                 ADDRESS[peer, fam])
            report('mtu' not in mtu, '%s: %s believes no path MTU%s' % (
                self.name(), host, text), mtu)

    # Openings

    def association(self, fam):
        """The one that A and B have made, as A has it."""
        found = json.loads(self.hosts.sst('B', '-j', 'assoc', 'show'))
        ids = [one['id'] for one in found['assocs']
               if one['remote'] == ADDRESS['A', fam]]
        with open(KEYLOG, encoding='ascii') as log:
            for secrets in map(assoc.parse_line, log):
                if secrets.assoc_id.hex() in ids:
                    return assoc.Derived(secrets, self.psk.side, self.psk,
                                         None, None, 0, 0)
        raise ValueError('IPv%d: no keys of %s' % (fam, ids))

    def attempts(self, fam):
        """Name, what makes an attempt, and the counter when it is taken."""
        derived = self.association(fam)
        return (('OPEN', lambda: handshake.attempt(FORGER, derived),
                 'rx_open'),
                ('OPEN N', lambda: handshake.attempt(FORGER, self.psk),
                 'rx_init'))

    @staticmethod
    def opened(attempt, fam, proto, wires, flags=SYN, real=(333, 444),
               **kwargs):
        """An opening of A with a valid tag."""
        src, dst = (packet.addr(ADDRESS[x, fam]) for x in 'AB')
        flow = Flow(proto, src, real[0], dst, real[1], *wires, None)
        body = packet.udp(src, dst, *real, b'opening') if proto == UDP else \
            packet.tcp(src, dst, *real, seq=1, flags=flags, **kwargs)
        more, clear, _ = attempt.dressed(None)
        return opening.seal_packet(
            flow, 1, packet.ip(src, dst, proto, body), attempt.kind, 0,
            attempt.open_key, clear, attempt.plain(*real, 1), flags=more)

    def no_syn(self, fam):
        """Openings on TCP that begin nothing."""
        wires = {'a free tuple': (20001, 20002)}
        for flow in self.hosts.flows('B'):
            if flow['local_port'] == self.talk.port['B'] \
                    and flow['proto'] == 'tcp':
                wires['that of a flow'] = (flow['wire_remote_port'],
                                           flow['wire_local_port'])
        report(len(wires) == 2, 'IPv%d: B has the flow' % fam)
        unknown = []
        for name, attempt, _ in self.attempts(fam):
            items = []
            for text, pair in wires.items():
                for flags in (0, ACK, RST, FIN, RST | ACK, FIN | ACK,
                              PSH | ACK, SYN | ACK, SYN | RST, SYN | FIN,
                              FIN | PSH | URG, SYN | FIN | RST | ACK):
                    right = self.opened(attempt(), fam, TCP, pair, flags)
                    items.append(Mutation('%#x on %s' % (flags, text), right,
                                          NOT_SYN))
                # Whatever its tag, and with data.
                items.append(Mutation('broken tag', right[:-1] + bytes(
                    (right[-1] ^ 1,)), NOT_SYN))
                items.append(Mutation('data', self.opened(
                    attempt(), fam, TCP, pair, ACK, payload=b'data'),
                    NOT_SYN))
            self.attack('IPv%d: %s without SYN' % (fam, name), 'B', items)
            strange = attempt()
            strange.name = os.urandom(8)
            unknown.append(Mutation(name, self.opened(
                strange, fam, TCP, (20001, 20002), RST), UNOPENED))
        # A pre-shared key serves to make associations and nothing else.
        for proto in (TCP, UDP):
            plain = handshake.KnownAttempt(FORGER, self.psk)
            unknown.append(Mutation('OPEN on the pre-shared key', self.opened(
                plain, fam, proto, (20001, 20002)), UNOPENED))
        self.attack('IPv%d: openings of unknown keys' % fam, 'B', unknown)

    def tuples(self, fam):
        """Openings on tuples that are somebody's."""
        h = self.hosts
        port = CLEAR_PORT + fam
        clear = Connection(h, fam, port, port)
        socks = Datagrams(h, fam, port, port)
        carried = [f for f in h.flows('B') if f['local_port'] == port]
        report(clear.exchange() and socks.exchange() and not carried,
               'IPv%d: a clear connection beside' % fam)
        high = Connection(h, fam, 40000 + fam, 50000 + fam)
        high.exchange()
        taken = [
            ('clear TCP', TCP, (port, port)), ('clear UDP', UDP, (port, port)),
            ('real tuple', TCP, (40000 + fam, 50000 + fam)),
            ('low source', TCP, (1023, 20002)),
            ('low destination', TCP, (20001, 443)),
            ('low UDP', UDP, (53, 20002))]
        taken += [('tuple of a flow', TCP, (flow['wire_remote_port'],
                                            flow['wire_local_port']))
                  for flow in h.flows('B')
                  if flow['local_port'] == high.port['B']]
        report(len(taken) == 7, 'IPv%d: B has a flow with high ports' % fam)
        attempts = self.attempts(fam)
        for name, attempt, _ in attempts:
            items = [Mutation(text, self.opened(attempt(), fam, proto, wires),
                              TUPLE) for text, proto, wires in taken]
            items.append(Mutation('its own real tuple', self.opened(
                attempt(), fam, TCP, (20001, 20002), real=(20001, 20002)),
                frozenset(('rx_ports',))))
            self.attack('IPv%d: %s on tuples of others' % (fam, name), 'B',
                        items)
        report(clear.exchange() and socks.exchange() and high.exchange(),
               'IPv%d: all of them live on' % fam)
        # The same with nothing in its way is taken: the forging was right.
        for number, (name, attempt, counter) in enumerate(attempts):
            grown = h.watch('B', counter)
            h.inject('B', self.opened(
                attempt(), fam, TCP, (20001 + number, 20002),
                real=(333 + number, 444)))
            report(grown.by(1), 'IPv%d: %s on a free tuple is taken' % (
                fam, name))

    def marked(self, fam):
        """A clear packet on the real tuple with the mark on it."""
        mark = {'frag': packet.MARK4 | packet.DF4} if fam == 4 \
            else {'tos': 0xac}
        self.attack('%s: marked packets on the real tuple' % self.name(), 'B',
                    [Mutation('marked', self.original('B', b'x' * 100, **mark),
                              CLEAR)])


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--psk', required=True, help="A's key")
    args = parser.parse_args()
    doors = Doors(args)
    talks = []
    for fam in (4, 6):
        for proto in (TCP, UDP):
            doors.begin(fam, proto)
            doors.clear()
            doors.marked(fam)
            doors.icmp_errors()
            doors.lives(doors.name())
            talks.append(doors.talk)
    # Connection tracking gathers fragments before they come to us.
    for host in 'AB':
        doors.hosts.run(host, 'nft', 'add table inet t; add chain inet t c { '
                        'type filter hook input priority 0; }; '
                        'add rule inet t c ct state invalid counter')
    for talk in talks:
        doors.talk = talk
        talk.exchange()
        doors.calm_position()
        doors.clear(', tracking')
        doors.icmp_errors(', tracking')
        doors.lives(doors.name() + ', tracking')
    for host in 'AB':
        doors.hosts.run(host, 'nft', 'delete table inet t')
    for fam in (4, 6):
        doors.begin(fam, TCP)
        doors.no_syn(fam)
        doors.tuples(fam)
        doors.lives('IPv%d, openings' % fam)
    return 0


if __name__ == '__main__':
    sys.exit(main())
