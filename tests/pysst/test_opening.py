# SPDX-License-Identifier: GPL-2.0
"""OPEN and ACCEPT: keys, codec, both roles in memory (sections 4 to 6).

Every class whose name ends in New does with OPEN N on a pre-shared key what
the one before does with OPEN on an association.
"""

import contextlib
import itertools
import random
import unittest

from helpers import ADDR4, ADDR6, Clock
from sst import assoc, kdf, observer, opening, packet, roles, trailer
from sst.endpoint import Endpoint, Freshness
from sst.trailer import ACCEPT, DATA, Drop, N, OPEN, TCP, UDP

KEY = bytes(range(0x40, 0x60))
NOW = 1767225600
PORT, SERVICE = 40000, 53


def kind_of(wire):
    """The trailer type of a wire packet."""
    return opening.peek(packet.Packet(wire).segment).type


def flags_of(wire):
    """The trailer's flags, but for that of the scope."""
    return opening.peek(packet.Packet(wire).segment).flags & ~trailer.P


def whole_of(wire):
    """salt_i or enc_i of an opening."""
    fields = opening.take_apart(packet.Packet(wire), new=True).fields
    return fields.get('salt_i') or fields['enc_i']


def flip(wire, at):
    """One bit of the segment wrong, the checksum right."""
    parsed = packet.Packet(wire)
    out = bytearray(wire)
    out[at] ^= 1
    packet.fix_transport(out, parsed.src, parsed.dst, parsed.proto,
                         parsed.l4)
    return bytes(out)


class KeyText(unittest.TestCase):
    """assoc.py."""

    GOOD = 'sst-psk-1:1:1:QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8='

    def test_round_trip(self):
        """Both hosts' lines."""
        psk = assoc.Psk.parse(self.GOOD + '\n')
        self.assertEqual((psk.side, psk.suite, psk.key), (1, 1, KEY))
        self.assertEqual(psk.text(), self.GOOD + '\n')
        self.assertEqual(psk.other().text(),
                         self.GOOD.replace(':1:1:', ':2:1:') + '\n')
        self.assertEqual(assoc.Psk.parse(self.GOOD).key, KEY)

    def test_refused(self):
        """Everything else."""
        good = self.GOOD
        for text in ('', good[:-1], good + '=', good + '\n\n', ' ' + good,
                     good + ' ', good.replace('psk-1', 'psk-2'),
                     good.replace(':1:1:', ':0:1:'),
                     good.replace(':1:1:', ':3:1:'),
                     good.replace(':1:1:', ':1:2:'),
                     good.replace(':1:1:', ':01:1:'),
                     good.replace('Xl8=', 'Xl9='),
                     good.replace('QEFC', 'QEF-'),
                     good.replace('QEFC', 'QEF\n'),
                     good.replace('QEFC', ''), good + ':'):
            with self.assertRaises(assoc.PskError, msg=text):
                assoc.Psk.parse(text)

    def test_ids(self):
        """Previous, current and next hour."""
        psk = assoc.Psk(1, KEY)
        self.assertEqual(psk.id_at(NOW).hex(), '91f787db02e800de')
        for step, known in ((-7200, False), (-3601, False), (-3600, True),
                            (-1, True), (0, True), (3599, True),
                            (7199, True), (7200, False)):
            self.assertEqual(psk.id_at(NOW + step) in psk.ids(NOW), known)
        self.assertEqual(len(set(psk.ids(NOW))), 3)
        self.assertIs(assoc.find([assoc.Psk(1, bytes(32)), psk],
                                 psk.id_at(NOW), NOW), psk)
        self.assertIsNone(assoc.find([psk], bytes(8), NOW))

    def test_sides(self):
        """What a host sealed never verifies back at it."""
        psk = assoc.Psk(1, KEY)
        salt = bytes(16)
        self.assertNotEqual(psk.secrets.open_key(1, salt),
                            psk.secrets.open_key(2, salt))
        self.assertEqual(psk.secrets.open_key(2, salt),
                         psk.other().secrets.open_key(2, salt))


# Of the associations that hosts have from the beginning.
SECRETS = bytes(range(32)), bytes(range(32, 64))


class Lab(unittest.TestCase):
    """Two hosts and what they emit; nothing arrives by itself.

    They have a pre-shared key, and an association for each pair of addresses
    unless one has to be made first (new).
    """

    new = False

    def setUp(self):
        self.clock = Clock()
        self.skew = [0, 0]
        self.rand = random.Random(5)
        self.out = [[], []]
        self.events = [[], []]
        self.hosts = [self.host(0), self.host(1)]
        self.clock.now += 10

    def host(self, number, **kwargs):
        """A host; number 0 has side 1."""
        psk = assoc.Psk(1 + number, KEY)
        kwargs.setdefault('rand', self.rand.randbytes)
        out = Endpoint(
            kwargs.pop('psks', [psk]), self.out[number].append,
            clock=self.clock,
            wall=lambda: NOW + self.clock.now + self.skew[number],
            log=lambda event, flow, **more:
            self.events[number].append(event), **kwargs)
        if not self.new:
            self.associate(out, number, psk)
        return out

    def associate(self, host, number, psk):
        """The associations that a host has from the beginning."""
        for secret, texts in zip(SECRETS, (ADDR4, ADDR6)):
            addrs = [packet.addr(text) for text in texts]
            host.learn(assoc.Derived(
                kdf.Association(secret, kdf.derived_id(secret)),
                1 + number, psk, (addrs[number], addrs[1 - number]), None,
                self.clock(), 3600))

    def connect(self, proto, version=4, number=0, ports=(PORT, SERVICE)):
        """A flow of a host to the other one."""
        addrs = [packet.addr(a) for a in
                 (ADDR4 if version == 4 else ADDR6)]
        return self.hosts[number].connect(
            proto, addrs[number], ports[number], addrs[1 - number],
            ports[1 - number])

    def clear(self, flow, payload=b'', flags=0x18, seq=1):
        """A clear packet of a flow as its host sends it."""
        proto, src, sport, dst, dport = flow.real_tuple(flow.side)
        if proto == UDP:
            segment = packet.udp(src, dst, sport, dport, payload)
        else:
            segment = packet.tcp(src, dst, sport, dport, seq, 2, flags,
                                 payload=payload)
        return packet.ip(src, dst, proto, segment)

    def lose(self, number):
        """What a host emitted besides gets lost."""
        self.out[number].clear()

    def drain(self, number):
        """What a host emitted besides goes to the other one."""
        while self.out[number]:
            self.hosts[1 - number].receive(self.out[number].pop(0))

    def wire(self, number):
        """The one packet that a host emitted."""
        self.assertEqual(len(self.out[number]), 1)
        return self.out[number].pop()

    def send(self, flow, *args, **kwargs):
        """(clear, wire) of a packet of a flow."""
        clear = self.clear(flow, *args, **kwargs)
        flow.host.send(clear, flow)
        return clear, self.wire(self.hosts.index(flow.host))

    def get(self, number, wire):
        """The deliveries at a host."""
        return self.hosts[number].receive(wire)

    def refuse(self, number, wire, reason=None):
        """A packet that a host drops."""
        with self.assertRaises(Drop) as caught:
            self.hosts[number].receive(wire)
        if reason:
            self.assertEqual(caught.exception.reason, reason)

    def established(self, proto=UDP, version=4, number=0,
                    ports=(PORT, SERVICE)):
        """A confirmed flow: (initiator's end, responder's end)."""
        one = self.connect(proto, version, number, ports)
        _, wire = self.send(one, b'' if proto == TCP else b'1', 2)
        two = self.get(1 - number, wire)[0].flow
        _, wire = self.send(two, b'' if proto == TCP else b'2', 0x12)
        self.assertEqual(len(self.get(number, wire)), 1)
        self.drain(number)
        _, wire = self.send(one, b'3')
        self.assertEqual(len(self.get(1 - number, wire)), 1)
        self.assertTrue(one.confirmed and two.confirmed)
        return one, two

    @property
    def flags(self):
        """Of openings and the answers to them."""
        return N if self.new else 0

    @property
    def sizes(self):
        """Of the trailers OPEN and ACCEPT."""
        return (80, 64) if self.new else (64, 44)

    def forge_accept(self, two, clear, counter, ports, flags=0):
        """An ACCEPT of a flow with its keys."""
        return opening.seal_packet(
            two, 2, clear, ACCEPT, counter, two.accept_key, two.whole_r,
            opening.accept_plain(*ports, 9 if self.new else None),
            flags | self.flags)


class Exchanges(Lab):
    """Whole exchanges."""

    def test_exchange(self):
        """OPEN, ACCEPT, DATA both ways, byte for byte."""
        for version, proto in itertools.product((4, 6), (UDP, TCP)):
            for number in (0, 1):
                self.setUp()
                one = self.connect(proto, version, number)
                other = 1 - number
                first = (b'', 2) if proto == TCP else (b'hello', 0)
                clear, wire = self.send(one, *first)
                self.assertEqual((kind_of(wire), flags_of(wire)),
                                 (OPEN, self.flags))
                self.assertEqual(len(wire), len(clear) + self.sizes[0])
                self.assertTrue(packet.Packet(wire).marked(one.host.mark))
                got = self.get(other, wire)
                self.assertEqual(got[0].packet, clear)
                two = got[0].flow
                back = (b'', 0x12) if proto == TCP else (b'olleh', 0)
                clear, wire = self.send(two, *back)
                self.assertEqual((kind_of(wire), flags_of(wire)),
                                 (ACCEPT, self.flags))
                self.assertEqual(len(wire), len(clear) + self.sizes[1])
                self.assertEqual(self.get(number, wire)[0].packet, clear)
                self.drain(number)
                for _ in range(3):
                    clear, wire = self.send(one, b'more')
                    self.assertEqual(kind_of(wire), DATA)
                    self.assertEqual(self.get(other, wire)[0].packet, clear)
                    clear, wire = self.send(two, b'erom')
                    self.assertEqual(kind_of(wire), DATA)
                    self.assertEqual(self.get(number, wire)[0].packet,
                                     clear)
                self.refuse(number, wire, 'rx_replay')

    def test_ports_stay_hidden(self):
        """Neither real port, nor the time, is on the wire."""
        one = self.connect(UDP, ports=(0x1234, 0x5678))
        _, wire = self.send(one, b'')
        self.assertFalse({0x1234, 0x5678} & set(packet.Packet(wire).ports))
        self.assertNotIn(b'\x12\x34\x56\x78', wire)

    def test_wire_ports(self):
        """None below 1024, none that networks filter."""
        for port in (0, 53, 1023, 1434, 4500, 51820):
            self.assertFalse(roles.wire_port_allowed(port))
        self.assertEqual(len(roles.FILTERED), 26)
        for number in range(200):
            flow = self.connect(UDP, ports=(PORT, 1000 + number))
            for side in (1, 2):
                self.assertTrue(roles.wire_port_allowed(flow.wires[side]))

    def test_tcp_sends_syns_only(self):
        """Before an ACCEPT verified the rest is dropped."""
        one = self.connect(TCP)
        for flags in (0x10, 0x12, 0x04, 0x11, 0x06, 0x03):
            with self.assertRaises(Drop):
                self.send(one, flags=flags)
        self.send(one, flags=0xc2)

    def test_lost_accept(self):
        """Every packet carries ACCEPT until a DATA verifies."""
        one = self.connect(UDP)
        _, wire = self.send(one, b'1')
        two = self.get(1, wire)[0].flow
        accepts = [self.send(two, b'%d' % i)[1] for i in range(3)]
        self.assertEqual({kind_of(w) for w in accepts}, {ACCEPT})
        self.assertEqual([opening.peek(w).seq for w in accepts], [0, 1, 2])
        # The initiator repeats its opening, same salt, next counter.
        _, again = self.send(one, b'2')
        self.assertEqual(kind_of(again), OPEN)
        self.assertEqual(wire[-self.sizes[0]:-40],
                         again[-self.sizes[0]:-40])
        self.assertEqual(opening.peek(again).seq, 1)
        self.assertEqual(len(self.get(1, again)), 1)
        self.refuse(1, again, 'rx_replay')
        self.assertEqual(len(self.get(0, accepts[2])), 1)
        self.assertEqual(len(self.get(0, accepts[1])), 1)
        self.refuse(0, accepts[1], 'rx_replay')
        self.lose(0)
        self.get(1, self.send(one, b'3')[1])
        self.assertEqual(kind_of(self.send(two, b'4')[1]), DATA)

    def test_only_the_first_salt_r(self):
        """An ACCEPT with another salt_r is dropped, though it verifies."""
        one = self.connect(UDP)
        _, wire = self.send(one, b'1')
        two = self.get(1, wire)[0].flow
        accept = self.send(two, b'2')[1]
        self.hosts[1] = self.host(1)
        self.clock.now += 0.1
        self.hosts[1].freshness.floor = 0
        other = self.send(self.get(1, wire)[0].flow, b'3')[1]
        self.get(0, accept)
        self.refuse(0, other, 'rx_salt')

    def test_data_before_accept(self):
        """Without salt_r nothing opens."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        two.accepting = False
        self.refuse(0, self.send(two, b'2')[1], 'rx_unconfirmed')

    def test_empty_accept(self):
        """After 200 ms of silence; the first one is answered."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        self.clock.now += 0.19
        self.hosts[1].poll()
        self.assertEqual(self.out[1], [])
        self.clock.now += 0.02
        self.hosts[1].poll()
        first = self.wire(1)
        self.assertEqual((kind_of(first), flags_of(first)),
                         (ACCEPT, trailer.E | self.flags))
        self.assertEqual(len(first), 28 + self.sizes[1])
        self.clock.now += 1
        self.hosts[1].poll()
        self.assertEqual(self.out[1], [])
        self.assertEqual(self.get(0, first), [])
        answer = self.wire(0)
        self.assertEqual((kind_of(answer), flags_of(answer)),
                         (DATA, trailer.E))
        self.assertEqual(self.get(1, answer), [])
        self.assertTrue(two.confirmed)
        # A second empty ACCEPT is not answered.
        two.accepting = True
        self.hosts[1].send(two.empty(), two, trailer.E)
        self.assertEqual(self.get(0, self.wire(1)), [])
        self.assertEqual(self.out[0], [])

    def test_no_empty_accept(self):
        """Not after an answer, not on TCP."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        self.send(two, b'2')
        three = self.connect(TCP)
        self.get(1, self.send(three, flags=2)[1])
        self.clock.now += 1
        self.hosts[1].poll()
        self.assertEqual(self.out[1], [])

    def test_start_over(self):
        """After 1 s: new wire ports, new salt, counter 0; a new association
        in the place of one that is silent."""
        for proto in (UDP, TCP):
            self.setUp()
            one = self.connect(proto)
            old = dict(one.host.associations)
            wires = [self.send(one, flags=2)[1]]
            self.clock.now += 0.99
            wires.append(self.send(one, flags=2)[1])
            self.clock.now += 0.01
            wires.append(self.send(one, flags=2)[1])
            parsed = [packet.Packet(w) for w in wires]
            self.assertEqual(parsed[0].ports, parsed[1].ports)
            self.assertNotEqual(parsed[0].ports[0], parsed[2].ports[0])
            self.assertNotEqual(parsed[0].ports[1], parsed[2].ports[1])
            self.assertEqual([flags_of(w) for w in wires],
                             [self.flags, self.flags, N])
            salts = [whole_of(w)[:16] for w in wires]
            self.assertEqual(salts[0], salts[1])
            self.assertNotEqual(salts[0], salts[2])
            self.assertEqual([opening.peek(w).seq for w in wires],
                             [0, 1, 0])
            self.assertEqual(one.attempts, 2)
            # An answer to the first attempt is too late.
            late = self.get(1, wires[0])[0].flow
            self.refuse(0, self.send(late, b'', 0x12)[1], 'rx_refused')
            new = self.get(1, wires[2])[0].flow
            self.assertIsNot(late, new)
            self.assertEqual(one.host.associations, old)
            self.assertEqual(len(self.get(0, self.send(
                new, b'', 0x12)[1])), 1)
            self.assertNotEqual(one.host.associations, old)
            self.assertEqual(len(one.host.associations), len(old) or 1)
            self.drain(0)
            self.get(1, self.send(one, b'x')[1])
            self.assertTrue(new.confirmed)

    def test_another_syn(self):
        """A SYN with another sequence number is another flow."""
        one = self.connect(TCP)
        first = self.send(one, flags=2, seq=5)[1]
        again = self.send(one, flags=2, seq=5)[1]
        other = self.send(one, flags=2, seq=6)[1]
        self.assertEqual(whole_of(first), whole_of(again))
        self.assertNotEqual(whole_of(first), whole_of(other))

    def test_unconfirmed_end(self):
        """30 s after the last opening; the tuple is then refused."""
        one = self.connect(UDP)
        self.get(1, self.send(one, b'1')[1])
        self.clock.now += 29
        self.hosts[1].poll()
        self.assertEqual(len(self.hosts[1].flows), 1)
        self.clock.now += 1
        self.hosts[1].poll()
        self.assertEqual(self.hosts[1].flows, [])


class ExchangesNew(Exchanges):
    """Whole exchanges that make an association."""

    new = True


class Reopening(Lab):
    """UDP liveness (section 6, 6)."""

    def test_reopen(self):
        """After 15 s: OPEN, same salt, next counter, until an ACCEPT."""
        one, two = self.established()
        salt = one.salt_i, one.salt_r
        self.clock.now += 14.9
        self.assertEqual(kind_of(self.send(one, b'4')[1]), DATA)
        self.clock.now += 0.1
        wires = [self.send(one, b'5')[1] for _ in range(2)]
        self.assertEqual([kind_of(w) for w in wires], [OPEN, OPEN])
        # On what OPEN N has made it is another key.
        self.assertEqual([opening.peek(w).seq for w in wires],
                         [0, 1] if self.new else [1, 2])
        self.assertEqual({flags_of(w) for w in wires}, {0})
        self.assertEqual(wires[0][-64:-40],
                         two.secrets.assoc_id + salt[0])
        for wire in wires:
            self.assertEqual(self.get(1, wire)[0].flow, two)
        _, accept = self.send(two, b'6')
        self.assertEqual(kind_of(accept), ACCEPT)
        self.assertEqual((opening.peek(accept).seq, flags_of(accept)),
                         (1, 0))
        self.assertEqual(accept[-44:-28], salt[1])
        self.get(0, accept)
        _, data = self.send(one, b'7')
        self.assertEqual(kind_of(data), DATA)
        self.get(1, data)
        self.assertEqual(kind_of(self.send(two, b'8')[1]), DATA)
        self.assertEqual((one.salt_i, one.salt_r), salt)

    def test_old_id(self):
        """The id of an association that is gone still finds its flow."""
        one, two = self.established()
        for _ in range(4 * 3600 // 100):
            self.clock.now += 100
            self.get(1, self.send(one, b'x')[1])
            self.get(0, self.send(two, b'x')[1])
            for host in self.hosts:
                host.poll()
        self.assertEqual([host.associations for host in self.hosts],
                         [{}, {}])
        self.clock.now += 20
        wire = self.send(one, b'y')[1]
        self.assertEqual(kind_of(wire), OPEN)
        self.assertEqual(self.get(1, wire)[0].flow, two)

    def test_moves(self):
        """The responder answers to the tuple as it arrived."""
        one, two = self.established()
        self.clock.now += 20
        wire = bytearray(self.send(one, b'4')[1])
        parsed = packet.Packet(wire)
        wire[parsed.l4:parsed.l4 + 2] = (33333).to_bytes(2, 'big')
        packet.fix_transport(wire, parsed.src, parsed.dst, UDP, parsed.l4)
        self.assertEqual(self.get(1, bytes(wire))[0].flow, two)
        back = bytearray(self.send(two, b'5')[1])
        self.assertEqual(packet.Packet(back).ports[1], 33333)
        back[parsed.l4 + 2:parsed.l4 + 4] = \
            parsed.ports[0].to_bytes(2, 'big')
        packet.fix_transport(back, parsed.dst, parsed.src, UDP, parsed.l4)
        self.assertEqual(len(self.get(0, bytes(back))), 1)

    def test_gives_up(self):
        """3 s without ACCEPT: it starts over."""
        one, _ = self.established()
        self.hosts[1] = self.host(1)
        self.clock.now += 16
        seq = 0 if self.new else 1
        wire = self.send(one, b'4')[1]
        self.assertEqual(opening.peek(wire).seq, seq)
        self.clock.now += 2.9
        wire = self.send(one, b'4')[1]
        self.assertEqual(opening.peek(wire).seq, seq + 1)
        self.clock.now += 0.1
        wire = self.send(one, b'4')[1]
        self.assertEqual((kind_of(wire), flags_of(wire),
                          opening.peek(wire).seq), (OPEN, N, 0))
        two = self.get(1, wire)[0].flow
        self.get(0, self.send(two, b'5')[1])
        self.drain(0)
        self.assertEqual(kind_of(self.send(one, b'6')[1]), DATA)

    def test_ends(self):
        """180 s without a verified packet."""
        self.established()
        self.clock.now += 179
        for host in self.hosts:
            host.poll()
            self.assertEqual(len(host.flows), 1)
        self.clock.now += 1
        for host in self.hosts:
            host.poll()
            self.assertEqual(host.flows, [])

    def test_after_the_end(self):
        """The initiator opens anew, the responder does not send."""
        one, two = self.established()
        salt = one.salt_i
        self.clock.now += 180
        for host in self.hosts:
            host.poll()
        with self.assertRaises(Drop):
            self.send(two, b'late')
        wire = self.send(one, b'anew')[1]
        self.assertEqual((kind_of(wire), opening.peek(wire).seq), (OPEN, 0))
        self.assertNotEqual(one.salt_i, salt)
        self.assertEqual(len(self.get(1, wire)), 1)


class ReopeningNew(Reopening):
    """On the association that OPEN N has made."""

    new = True


class Fresh(Lab):
    """Freshness, replay, confirm-first (section 6, 3)."""

    def confirm_first(self, wire, clear):
        """The opening is held until a DATA verifies."""
        self.assertEqual(self.get(1, wire), [])
        empty = self.wire(1)
        self.assertEqual((kind_of(empty), flags_of(empty)),
                         (ACCEPT, trailer.E | self.flags))
        self.assertLess(len(empty), len(wire))
        self.assertEqual(self.get(0, empty), [])
        got = self.get(1, self.wire(0))
        self.assertEqual([d.packet for d in got], [clear])

    def test_replayed(self):
        """A copy in its flow, and one after its flow has ended."""
        one = self.connect(UDP)
        _, wire = self.send(one, b'once')
        self.assertEqual(len(self.get(1, wire)), 1)
        self.refuse(1, wire, 'rx_replay')
        self.clock.now += 31
        self.out[1].clear()
        self.hosts[1].poll()
        self.out[1].clear()
        self.assertEqual(self.hosts[1].flows, [])
        self.refuse(1, wire, 'rx_replay')
        self.assertEqual(self.out[1], [])

    def test_replayed_and_confirmed(self):
        """All ACCEPTs were lost, the flow ended, the opening comes again:
        it is not delivered twice, whether or not it is in the cache."""
        for forget in (False, True):
            self.setUp()
            one = self.connect(UDP)
            _, wire = self.send(one, b'once')
            self.assertEqual(len(self.get(1, wire)), 1)
            self.clock.now += 31
            self.hosts[1].poll()
            self.out[1].clear()
            if not forget:
                self.refuse(1, wire, 'rx_replay')
                continue
            self.hosts[1].freshness = Freshness(self.hosts[1].wall)
            self.assertEqual(self.get(1, wire), [])
            self.refuse(0, self.wire(1), 'rx_unconfirmed')
            self.assertFalse(one.confirmed)

    def test_from_the_future(self):
        """Confirm-first now, not fresh when its time has come."""
        self.skew[0] = 1000
        one = self.connect(UDP)
        clear, wire = self.send(one, b'once')
        self.confirm_first(wire, clear)
        self.clock.now += 800
        self.hosts[1].poll()
        self.out[1].clear()
        self.assertEqual(self.hosts[1].flows, [])
        self.refuse(1, wire, 'rx_replay')

    def test_after_restart(self):
        """What was opened before the start is not fresh."""
        one = self.connect(UDP)
        clear, wire = self.send(one, b'once')
        self.hosts[1] = self.host(1)
        self.clock.now += 0.5
        self.confirm_first(wire, clear)

    def test_stale(self):
        """Wrong clocks, either way, cost a round trip."""
        for skew in (-601, 601, -3000, 3000):
            self.setUp()
            self.hosts[1].freshness.floor = 0
            self.skew[0] = skew
            one = self.connect(UDP)
            self.confirm_first(*reversed(self.send(one, b'late')))
            clear, wire = self.send(one, b'then')
            self.assertEqual(self.get(1, wire)[0].packet, clear)
        for skew in (-600, 600):
            self.setUp()
            self.hosts[1].freshness.floor = 0
            self.skew[0] = skew
            one = self.connect(UDP)
            self.assertEqual(len(self.get(1, self.send(one, b'x')[1])), 1)
        self.setUp()
        self.skew[0] = 3 * 3600
        one = self.connect(UDP)
        clear, wire = self.send(one, b'x')
        if self.new:
            # The id is of another hour.
            self.assertIsNone(self.get(1, wire))
        else:
            self.confirm_first(wire, clear)

    def test_window_zero(self):
        """Always confirm-first."""
        self.hosts[1] = self.host(1, window=0)
        self.clock.now += 10
        one = self.connect(UDP)
        self.confirm_first(*reversed(self.send(one, b'x')))

    def test_held(self):
        """One packet, at most 2 KiB; each opening gets its ACCEPT."""
        self.skew[0] = 1000
        one = self.connect(UDP)
        self.get(1, self.send(one, b'1')[1])
        self.refuse(1, self.send(one, b'2')[1], 'rx_stale')
        self.assertEqual(len(self.out[1]), 2)
        self.setUp()
        self.skew[0] = 1000
        one = self.connect(UDP)
        self.refuse(1, self.send(one, bytes(2100))[1], 'rx_stale')

    def test_syn(self):
        """A bare SYN needs no freshness, one with payload does."""
        self.skew[0] = 1000
        one = self.connect(TCP)
        self.assertEqual(len(self.get(1, self.send(one, flags=2)[1])), 1)
        two = self.connect(TCP, ports=(PORT, 80))
        self.refuse(1, self.send(two, b'data', 2)[1], 'rx_stale')
        self.assertEqual(self.out[1], [])
        self.skew[0] = 0
        three = self.connect(TCP, ports=(PORT, 81))
        self.assertEqual(len(self.get(1, self.send(
            three, b'data', 2)[1])), 1)

    def test_cache(self):
        """Evicted early raises the floor; expired does not."""
        now = [1000]
        cache = Freshness(lambda: now[0], 600, 0, entries=2)
        self.assertTrue(cache.fresh('a', 900))
        self.assertFalse(cache.fresh('a', 900))
        self.assertTrue(cache.fresh('b', 950))
        self.assertTrue(cache.fresh('c', 990))
        self.assertEqual(cache.floor, 900)
        self.assertFalse(cache.fresh('a', 900))
        self.assertFalse(cache.fresh('d', 900))
        now[0] = 1580
        self.assertTrue(cache.fresh('e', 1500))
        self.assertEqual(cache.floor, 900)
        self.assertNotIn('b', cache)
        self.assertIn('c', cache)


class FreshNew(Fresh):
    """Freshness of OPEN N."""

    new = True


class Glare(Lab):
    """Both open the same real tuple (section 6, 8)."""

    def both(self, proto, larger):
        """Flows of both hosts and their first wire packets."""
        self.setUp()
        flows = [self.connect(proto, number=n) for n in (0, 1)]
        while (flows[0].salt_i > flows[1].salt_i) != (larger == 0):
            flows[0].host.start_over(flows[0])
        return flows, [self.send(flow, b'' if proto == TCP else b'hi', 2)[1]
                       for flow in flows]

    def test_udp(self):
        """The larger salt_i wins; both payloads arrive."""
        for larger in (0, 1):
            flows, wires = self.both(UDP, larger)
            smaller = 1 - larger
            # The winner ignores the opening and delivers its payload.
            self.assertEqual(len(self.get(larger, wires[smaller])), 1)
            self.refuse(larger, wires[smaller], 'rx_replay')
            self.assertEqual(kind_of(self.send(flows[larger], b'x')[1]),
                             OPEN)
            got = self.get(smaller, wires[larger])
            self.assertEqual(len(got), 1)
            # The loser's application goes on with the flow it had.
            _, accept = self.send(flows[smaller], b'y')
            self.assertEqual(kind_of(accept), ACCEPT)
            self.assertEqual(self.get(larger, accept)[0].flow,
                             flows[larger])
            self.drain(larger)
            _, data = self.send(flows[larger], b'z')
            self.assertEqual(kind_of(data), DATA)
            self.assertEqual(self.get(smaller, data)[0].flow.predecessor,
                             flows[smaller])
            self.assertIn('glare-won', self.events[larger])
            self.assertIn('glare-lost', self.events[smaller])
            self.clock.now += 1
            self.hosts[larger].poll()
            self.assertEqual(self.out[larger], [])

    def test_loser_repeats(self):
        """More of its openings are delivered, each once."""
        flows, wires = self.both(UDP, 0)
        self.assertEqual(len(self.get(0, wires[1])), 1)
        self.assertEqual(len(self.get(0, self.send(flows[1], b'2')[1])), 1)
        # The winner starts over and loses then.
        self.clock.now += 1
        before = [flow.attempts for flow in flows]
        self.send(flows[0], b'3')
        self.send(flows[1], b'3')
        for flow, attempts in zip(flows, before):
            self.assertGreater(flow.attempts, attempts)
        while flows[1].salt_i < flows[0].salt_i:
            self.hosts[1].start_over(flows[1], True)
        wire = self.send(flows[1], b'4')[1]
        self.assertEqual(len(self.get(0, wire)), 1)
        self.assertIs(flows[0].successor.predecessor, flows[0])
        accept = self.send(flows[0], b'5')[1]
        self.assertEqual(kind_of(accept), ACCEPT)
        self.assertEqual(len(self.get(1, accept)), 1)

    def test_tcp(self):
        """The winner's SYN counts, the other is dropped."""
        for larger in (0, 1):
            flows, wires = self.both(TCP, larger)
            smaller = 1 - larger
            self.refuse(larger, wires[smaller], 'rx_glare')
            self.assertEqual(len(self.get(smaller, wires[larger])), 1)
            _, accept = self.send(flows[smaller], flags=0x12)
            self.assertEqual(kind_of(accept), ACCEPT)
            self.assertEqual(len(self.get(larger, accept)), 1)
            self.assertEqual(kind_of(self.send(flows[larger])[1]), DATA)

    def test_stale_loser(self):
        """Its payload needs freshness like any other."""
        self.skew[1] = 1000
        _, wires = self.both(UDP, 0)
        self.skew[1] = 1000
        self.hosts[0].freshness.window = 0
        self.refuse(0, wires[1], 'rx_stale')


class GlareNew(Glare):
    """One pre-shared key: the larger enc_i wins."""

    new = True


class Refused(Lab):
    """Nothing wrong gets in (section 4)."""

    def test_bit_flips(self):
        """Each byte of each trailer field, and what the tag covers."""
        for version, proto in itertools.product((4, 6), (UDP, TCP)):
            self.setUp()
            one = self.connect(proto, version)
            open_wire = self.send(one, b'', 2)[1]
            for at in range(len(open_wire) - self.sizes[0],
                            len(open_wire)):
                bad = flip(open_wire, at)
                try:
                    self.assertIsNone(self.get(1, bad))
                except Drop:
                    pass
            self.assertEqual(self.hosts[1].flows, [])
            two = self.get(1, open_wire)[0].flow
            accept = self.send(two, b'', 0x12)[1]
            for at in range(len(accept) - self.sizes[1], len(accept)):
                # ACCEPTs with N are limited.
                self.clock.now += 0.1
                self.refuse(0, flip(accept, at))
            self.assertFalse(one.confirmed)
            if proto == TCP:
                l4 = packet.Packet(accept).l4
                for at in (12, 13):
                    bad = bytearray(accept)
                    bad[l4 + at] ^= 0x10
                    bad = flip(flip(bytes(bad), l4 + 4), l4 + 4)
                    self.clock.now += 0.1
                    self.refuse(0, bad)
            self.clock.now += 0.1
            self.get(0, accept)
            self.assertTrue(one.confirmed)

    def test_lengths(self):
        """A byte more or less fails, with lengths made right."""
        one = self.connect(UDP)
        wire = self.send(one, b'payload')[1]
        for bad in (wire[:-1], wire + b'\0', wire[:28] + wire[29:],
                    wire[:28] + b'\0' + wire[28:],
                    wire[:28] + wire[1 - self.sizes[0]:]):
            out = bytearray(bad)
            parsed = packet.Packet(wire)
            packet.fix_lengths(out, parsed.l4, UDP)
            packet.fix_transport(out, parsed.src, parsed.dst, UDP,
                                 parsed.l4)
            try:
                self.assertIsNone(self.get(1, bytes(out)))
            except Drop:
                pass
        self.assertEqual(self.hosts[1].flows, [])

    def forge(self, flow, kind, plain, clear=None, flags=None, tos=0,
              counter=0, tc=0, tcp_flags=2):
        """A packet with a right tag and something wrong."""
        key = flow.attempt.open_key
        if clear is None:
            clear = flow.assoc_id + flow.attempt.whole
        if flags is None:
            flags = self.flags
        original = self.clear(flow, b'', tcp_flags)
        out = bytearray(original)
        packet.set_tos(out, tos)
        if out[0] >> 4 == 4:
            packet.fix_ip4_checksum(out)
        return opening.seal_packet(flow, flow.side, bytes(out), kind,
                                   counter, key, clear, plain, flags, tc=tc)

    def test_forged(self):
        """The holder of the key breaks the rules."""
        for version in (4, 6):
            one = self.connect(UDP, version)
            now = int(one.host.wall())
            good = opening.open_plain(PORT, SERVICE, 1, now)
            for plain in (opening.open_plain(PORT, SERVICE, 0, now),
                          opening.open_plain(PORT, SERVICE, 2, now),
                          opening.open_plain(PORT, SERVICE, 3, now),
                          good[:5] + b'\1' + good[6:],
                          good[:7] + b'\1' + good[8:]):
                self.refuse(1, self.forge(one, OPEN, plain))
            with_n = self.flags
            self.refuse(1, self.forge(one, OPEN, good, flags=1 | with_n),
                        'rx_flags')
            for wrong in ({'flags': 8 | with_n}, {'flags': 4 | with_n},
                          {'flags': 2, 'clear': bytes(40)},
                          {'flags': 0, 'clear': bytes(24)}, {'tc': 1},
                          {'tc': 2}, {'counter': 1 << 32},
                          {'tc': 4 if version == 4 else 3}):
                self.assertIsNone(self.get(1, self.forge(
                    one, OPEN, good, **wrong)))
            self.get(1, self.forge(one, OPEN, good))
            self.refuse(1, self.forge(one, OPEN, opening.open_plain(
                PORT, SERVICE, 1, now + 1), counter=1), 'rx_ports')
            self.refuse(1, self.forge(one, OPEN, opening.open_plain(
                PORT, SERVICE + 1, 1, now), counter=2), 'rx_ports')
        one = self.connect(TCP)
        for bits in (0x12, 0x10, 0x06, 0x03, 0x00):
            self.assertIsNone(self.get(1, self.forge(
                one, OPEN, good, tcp_flags=bits)))

    def test_accept_ports(self):
        """The ports in an ACCEPT: its own first."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        for ports in ((PORT, SERVICE), (SERVICE, PORT + 1), (0, 0)):
            self.refuse(0, self.forge_accept(
                two, self.clear(two, b'2'), 9, ports), 'rx_ports')
        self.assertFalse(one.confirmed)

    def test_accept_flags(self):
        """N without N and the other way round, P, E on TCP."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        ports = SERVICE, PORT
        for flags in (trailer.P, 4):
            self.refuse(0, self.forge_accept(
                two, self.clear(two), 9, ports, flags), 'rx_flags')
        plain = opening.accept_plain(*ports)
        self.refuse(0, opening.seal_packet(
            two, 2, self.clear(two), ACCEPT, 9, two.accept_key,
            two.salt_r if self.new else bytes(32),
            plain if self.new else plain + bytes(4), N - self.flags),
            'rx_flags')
        one = self.connect(TCP)
        two = self.get(1, self.send(one, flags=2)[1])[0].flow
        self.refuse(0, self.forge_accept(
            two, self.clear(two, flags=0x12), 9, ports, trailer.E),
            'rx_flags')

    def test_reflected(self):
        """Sent back to its sender, with tuple turned or not."""
        one = self.connect(UDP)
        wire = self.send(one, b'1')[1]
        self.refuse(0, wire, 'rx_auth')
        parsed = packet.Packet(wire)
        out = bytearray(wire)
        out[12:20] = parsed.dst + parsed.src
        out[20:24] = wire[22:24] + wire[20:22]
        packet.fix_ip4_checksum(out)
        packet.fix_transport(out, parsed.dst, parsed.src, UDP, 20)
        self.refuse(0, bytes(out), 'rx_auth')

    def test_tuples(self):
        """An owned tuple, low wire ports, the fifth of one tuple."""
        one, _ = self.established()
        if self.new:
            self.hosts[0].associations.clear()
        other = self.connect(UDP, ports=(PORT + 1, SERVICE))
        other.wires.update(one.wires)
        self.refuse(1, self.send(other, b'x')[1], 'rx_owned')
        for wires in ((1023, 20000), (20000, 1023)):
            other.begin()
            other.wires.update(zip((1, 2), wires))
            self.refuse(1, self.send(other, b'x')[1], 'rx_wire_port')
        other.begin()
        other.wires.update({1: PORT, 2: SERVICE})
        other.host.own_wire = self.hosts[1].own_wire = SERVICE
        self.refuse(1, self.send(other, b'x')[1], 'rx_owned')
        for number in range(5):
            other.begin()
            other.wires.update({1: 30000, 2: 30001})
            wire = self.send(other, b'x')[1]
            if number < 4:
                last = self.get(1, wire)[0].flow
            else:
                self.refuse(1, wire, 'rx_full')
                other.begin()
        # The first of them whose DATA verifies owns the tuple.
        self.assertEqual(len(self.hosts[1].flows), 5)
        last.accepting = False
        data = roles.Exchange(self.hosts[0], 1, 1, UDP,
                              dict(last.addrs), dict(last.ports),
                              dict(last.wires))
        data.salt_i = last.salt_i
        data.fresh_keys()
        data.fix(last.secrets, last.salt_r)
        self.assertEqual(len(self.get(1, data.seal_data(
            self.clear(data, b'y')))), 1)
        self.assertEqual(len(self.hosts[1].flows), 2)

    def test_unmarked(self):
        """It passes untouched but on tuples that are ours for sure."""
        def bleach(wire):
            out = bytearray(wire)
            out[6] &= 0x7f
            packet.fix_ip4_checksum(out)
            return bytes(out)
        one = self.connect(UDP)
        wire = self.send(one, b'1')[1]
        self.assertIsNone(self.get(1, bleach(wire)))
        two = self.get(1, wire)[0].flow
        accept = self.send(two, b'2')[1]
        self.assertEqual(len(self.get(0, bleach(accept))), 1)
        self.lose(0)
        data = [self.send(one, b'3')[1] for _ in range(2)]
        self.assertIsNone(self.get(1, bleach(data[0])))
        self.get(1, data[1])
        self.assertEqual(len(self.get(1, bleach(data[0]))), 1)

    def test_wrong_key(self):
        """The wrong side fails, another key is not known."""
        one = self.connect(UDP)
        wire = self.send(one, b'1')[1]
        self.hosts[1].psks = [assoc.Psk(1, KEY)]
        for made in self.hosts[1].associations.values():
            made.side = 1
        self.refuse(1, wire, 'rx_auth')
        self.hosts[1].associations.clear()
        self.hosts[1].psks = [assoc.Psk(2, bytes(32))]
        self.assertIsNone(self.get(1, wire))

    def test_plain_on_psk(self):
        """A pre-shared key makes associations and opens nothing itself: an
        OPEN without N that names it passes untouched."""
        one = self.connect(UDP)
        psk, now = self.hosts[0].psks[0], int(one.host.wall())
        for salt_i in (bytes(16), one.salt_i):
            wire = opening.seal_packet(
                one, 1, self.clear(one, b'1'), OPEN, 0,
                psk.secrets.open_key(1, salt_i), psk.id_at(now) + salt_i,
                opening.open_plain(PORT, SERVICE, 1, now))
            self.assertIsNone(self.get(1, wire))
        self.assertEqual(self.hosts[1].flows, [])


class RefusedNew(Refused):
    """Nothing wrong gets in by OPEN N."""

    new = True


class Chaos(Lab):
    """A bad path and somebody who sends old packets again."""

    seeds = 6
    least = 200                 # deliveries a walk, on average

    def prepare(self, rand):
        """What differs from walk to walk."""
        self.skew[0] = rand.choice((0, 0, -1000, 700, 1000, 3000))
        for host in self.hosts:
            host.lifetime = rand.choice((20, 3600))

    def walk(self, seed, steps=600):
        """Nothing is delivered twice, no counter used twice."""
        self.setUp()
        rand = random.Random(seed)
        self.prepare(rand)
        flows = [self.connect(UDP, rand.choice((4, 6)), n, (p, p + 1))
                 for n in (0, 1) for p in (100, 200, 300)]
        flows += [self.connect(UDP, 4, n, (400, 500)) for n in (0, 1)]
        queue, old, sent, log = [], [], set(), []
        delivered = [set(), set()]
        got = 0
        for step in range(steps):
            flow = rand.choice(flows)
            if rand.random() < 0.6:
                clear = self.clear(flow, b'%d' % step)
                sent.add(clear)
                with contextlib.suppress(Drop):
                    flow.host.send(clear, flow)
            for number in (0, 1):
                self.hosts[number].poll()
                while self.out[number]:
                    wire = self.out[number].pop(0)
                    log.append((NOW + self.clock.now, wire))
                    old.append((1 - number, wire))
                    for _ in range(rand.choice((0, 1, 1, 1, 1, 2))):
                        queue.insert(rand.randint(0, len(queue)),
                                     (1 - number, wire))
            if old and rand.random() < 0.2:
                queue.append(rand.choice(old))
            while queue and rand.random() < 0.7:
                number, wire = queue.pop(0)
                try:
                    result = self.hosts[number].receive(wire) or ()
                except Drop:
                    continue
                for item in result:
                    self.assertNotIn(item.packet, delivered[number])
                    self.assertIn(item.packet, sent)
                    delivered[number].add(item.packet)
                    got += 1
                    if rand.random() < 0.5:
                        clear = self.clear(item.flow, b'%d-%d' % (step, got))
                        sent.add(clear)
                        with contextlib.suppress(Drop):
                            self.hosts[number].send(clear, item.flow)
            self.clock.now += rand.choice((0, 0, 0.05, 0.3, 1.1, 4, 16, 35))
        self.counters(log)
        return got

    def counters(self, log):
        """What was emitted opens with all secrets, no counter twice."""
        secrets = [a for host in self.hosts for a in host.learned]
        watch = observer.Observer(
            self.hosts[0].psks, secrets,
            [key for host in self.hosts for key in host.host_keys])
        used = {}
        for when, wire in log:
            seen = watch.open(packet.Packet(wire), when)
            key = seen.key, seen.meta.counter
            self.assertEqual(used.setdefault(key, wire), wire)

    def test_chaos(self):
        """Many walks."""
        self.assertGreater(sum(self.walk(seed)
                               for seed in range(self.seeds)),
                           self.seeds * self.least)


class ChaosNew(Chaos):
    """A bad path, and associations that expire."""

    new = True


class KnownAnswers(unittest.TestCase):
    """The initiator and responder against the published vectors."""

    def setUp(self):
        self.out = []
        self.clock = Clock()
        self.addrs = [packet.addr(text) for text in ADDR4]
        rand = random.Random(1).randbytes
        drawn = {1: {32: b'\x11' * 32, 16: bytes(range(0xa0, 0xb0))},
                 2: {32: b'\x22' * 32, 16: bytes(range(0xb0, 0xc0))}}
        self.hosts = {side: Endpoint(
            [assoc.Psk(side, KEY)], self.out.append, self.clock,
            wall=lambda: NOW, start=0,
            rand=lambda n, s=side: drawn[s].get(n) or rand(n))
            for side in (1, 2)}

    def test_all(self):
        """Vectors 1a and 1b, and vector 2 on the association they make."""
        (a, b), out, hosts = self.addrs, self.out, self.hosts
        one = hosts[1].connect(UDP, a, 40000, b, 53)
        hosts[1].send(packet.ip(a, b, UDP, packet.udp(
            a, b, 40000, 53, b'hello')), one)
        self.assertEqual(out[0][-80:].hex(), (
            '91f787db02e800de7b4e909bbe7ffe44c465a220037d608ee35897d31ef972f0'
            '7f74892cb0f73f136ecc55e7e7661fdee1a727ea7c76a8151200000000000000'
            'a95d66e45f447587729276c1d16a34f8'))
        self.assertEqual(len(hosts[2].receive(out[0])), 1)
        self.clock.now += 0.2
        hosts[2].poll()
        self.assertEqual(out[1][-64:].hex(), (
            '0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20'
            '758160410d2875fb3a0000000000000050c4318b8bdc381180a19e0ee034bd5d'
            ))
        hosts[1].receive(out[1])
        hosts[2].receive(out[2])
        for host in hosts.values():
            self.assertEqual([name.hex() for name in host.associations],
                             ['9becba1c3a527c0a'])
        out.clear()
        self.tcp()

    def tcp(self):
        """Vector 2: SYN, SYN|ACK, data."""
        (a, b), out, hosts = self.addrs, self.out, self.hosts
        one = hosts[1].connect(TCP, a, 41000, b, 443)
        hosts[1].send(packet.ip(a, b, TCP, packet.tcp(
            a, b, 41000, 443, 7, 0, 2, options=b'\x02\x04\x05\xb4')), one)
        self.assertEqual(out[0][-64:].hex(), (
            '9becba1c3a527c0aa0a1a2a3a4a5a6a7a8a9aaabacadaeaf'
            '6a89f2f31bc76939f7eaec737abfbf0d1000000000000000'
            'de0722d910647bb860da59829ebf5427'))
        two = hosts[2].receive(out[0])[0].flow
        hosts[2].send(packet.ip(b, a, TCP, packet.tcp(
            b, a, 443, 41000, 9, 8, 0x12, options=b'\x02\x04\x05\xb4')),
            two)
        self.assertEqual(out[1][-44:].hex(), (
            'b0b1b2b3b4b5b6b7b8b9babbbcbdbebfa9ca7b4f3000000000000000'
            'ae2cc9736d5fee061871141bd8358366'))
        hosts[1].receive(out[1])
        hosts[1].send(packet.ip(a, b, TCP, packet.tcp(
            a, b, 41000, 443, 8, 10, 0x18, payload=b'GET /')), one)
        self.assertEqual(out[2][-28:].hex(), (
            '86468e96400000000000000083ea176fb535f7a92b276c0d810fdacf'))
        self.assertEqual(len(hosts[2].receive(out[2])), 1)


if __name__ == '__main__':
    unittest.main()
