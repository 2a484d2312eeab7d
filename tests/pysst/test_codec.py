# SPDX-License-Identifier: GPL-2.0
"""Whole packets: what the wire form looks like and what comes back."""

import itertools
import random
import struct
import unittest

from helpers import PORTS, WIRES, make_flow, make_pair, original
from sst import codec, frag, packet, trailer
from sst.trailer import Drop

EXT = [(packet.HOPOPTS, packet.options_header(b'\x05\x02\0\0')),
       (packet.DSTOPTS, packet.options_header()),
       (packet.ROUTING, packet.routing_header())]


class RoundTrip(unittest.TestCase):
    """seal and open are each other's reverse."""

    def check_wire(self, clear, wire, mark=packet.Mark()):
        """Sections 2 and 3 for one sealed packet."""
        one, two = packet.Packet(clear), packet.Packet(wire)
        self.assertEqual(len(two.data), len(one.data) + 28)
        self.assertEqual(len(wire), len(two.data))
        self.assertTrue(two.marked(mark))
        self.assertEqual(two.tos & 3, one.tos & 3)
        self.assertEqual(two.ttl, one.ttl)
        self.assertFalse(set(two.ports) & set(PORTS))
        self.assertTrue(packet.transport_valid(
            two.src, two.dst, two.proto, two.segment))
        if two.version == 4:
            field = struct.unpack('>H', wire[6:8])[0]
            self.assertEqual(field, 0xc000)
            self.assertEqual(packet.checksum(wire[:two.l4]), 0)
        if two.proto == packet.UDP:
            self.assertEqual(struct.unpack('>H', two.segment[4:6])[0],
                             len(two.segment))
        # Nothing but ports, length and checksum changes before the trailer.
        keep = 8 if two.proto == packet.UDP else 18
        self.assertEqual(two.segment[keep:-28], one.segment[keep:])

    def test_many_shapes(self):
        """Both protocols, families, directions; all sorts of headers."""
        count = 0
        for version, proto, size in itertools.product(
                (4, 6), (packet.UDP, packet.TCP), (0, 1, 2, 13, 1200)):
            ends = make_pair(proto, version)
            for side in (1, 2):
                sender, receiver = ends[side - 1], ends[2 - side]
                flow = make_flow(proto, version, side)
                headers = [{}, {'tos': 1}, {'tos': 3}]
                if version == 4:
                    headers += [{'options': b'\x94\x04\0\0'},
                                {'options': b'\x01' * 11, 'ident': 77}]
                else:
                    headers += [{'ext': EXT}, {'ext': EXT[:1]},
                                {'label': 0xabcde, 'hops': 3},
                                {'ext': [(packet.FRAGMENT,
                                          packet.fragment_header())]}]
                for extra in headers:
                    for options in (b'', b'\x01\x01\x08\x0a' + bytes(8)):
                        clear = original(flow, side, bytes(range(256))[
                            :size] * (size // 256 + 1),
                            tcp_options=options, **extra)
                        wire = sender.seal(clear)
                        self.check_wire(clear, wire)
                        got = receiver.open(wire)
                        self.assertEqual(got.packet, clear)
                        self.assertEqual(got.side, side)
                        count += 1
        self.assertGreater(count, 300)

    def test_udp_zero_checksum(self):
        """Zero stays zero, on the wire and behind it."""
        one, two = make_pair()
        clear = original(make_flow(), 1, zero_checksum=True)
        wire = one.seal(clear)
        self.assertEqual(wire[26:28], b'\0\0')
        self.assertEqual(two.open(wire).packet, clear)

    def test_df_is_set(self):
        """A packet without DF comes back with it."""
        one, two = make_pair()
        clear = original(make_flow(), 1, frag=0)
        got = two.open(one.seal(clear)).packet
        self.assertEqual(got, original(make_flow(), 1, frag=packet.DF4))

    def test_dscp(self):
        """Cleared by default; kept on demand."""
        for version, keep, tos, mark, want_wire, want in (
                (4, False, 0xb9, None, 0x01, 0x01),
                (4, True, 0xb9, None, 0xb9, 0xb9),
                (6, False, 0xb9, None, 0xad, 0x01),
                (6, True, 0xb9, None, 0xad, 0xb9),
                (6, True, 0xaf, None, 0xaf, 0x03),
                (6, True, 0x00, None, 0xac, 0x00),
                (6, True, 0xac, packet.Mark(0xf0, 0x50), 0x50, 0xac),
                (6, True, 0x5c, packet.Mark(0xf0, 0x50), 0x50, 0x00)):
            one, two = make_pair(version=version)
            one.dscp_keep = keep
            if mark:
                one.mark = two.mark = mark
            flow = make_flow(version=version)
            wire = one.seal(original(flow, 1, tos=tos))
            self.assertEqual(packet.Packet(wire).tos, want_wire)
            got = two.open(wire)
            self.assertEqual(got.packet, original(flow, 1, tos=want))
            if keep and version == 6:
                self.assertEqual(got.meta.tc & 3, 0)

    def test_ecn_as_arrived(self):
        """A congestion mark made on the path gets through."""
        for version in (4, 6):
            one, two = make_pair(version=version)
            flow = make_flow(version=version)
            wire = bytearray(one.seal(original(flow, 1, tos=2)))
            packet.set_tos(wire, packet.Packet(wire).tos | 3)
            if version == 4:
                packet.fix_ip4_checksum(wire)
            self.assertEqual(two.open(bytes(wire)).packet,
                             original(flow, 1, tos=3))

    def test_empty(self):
        """E: nothing for the stack; not with payload."""
        for proto in (packet.UDP, packet.TCP):
            one, two = make_pair(proto)
            flow = make_flow(proto)
            got = two.open(one.seal(original(flow, 1, b''), trailer.E))
            self.assertIsNone(got.packet)
            with self.assertRaises(codec.SealError):
                one.seal(original(flow, 1, b'x'), trailer.E)
        # An application's empty datagram is not E and is delivered.
        one, two = make_pair()
        clear = original(make_flow(), 1, b'')
        self.assertEqual(two.open(one.seal(clear)).packet, clear)

    def test_not_ours(self):
        """Other packets pass untouched, refused ones are named."""
        one, two = make_pair()
        flow = make_flow()
        wire = one.seal(original(flow, 1))
        other = bytearray(wire)
        other[21] ^= 1
        for data in (bytes(other), b'', b'\x45', bytes(60),
                     wire[:30], original(flow, 1)):
            self.assertIsNone(two.open(data))
        self.assertIsNone(one.open(wire))
        with self.assertRaises(KeyError):
            two.seal(original(flow, 1))

    def test_extension_headers_not_stepped_over(self):
        """A Routing header with segments left, AH, and others: not SST."""
        flow = make_flow(version=6)
        for ext in ([(packet.ROUTING, packet.routing_header(1))],
                    [(51, bytes(14))], [(135, bytes(6))]):
            parsed = packet.Packet(original(flow, 1, ext=ext))
            self.assertFalse(parsed.is_transport)

    def test_fragments(self):
        """A large datagram in fragments, in any order."""
        for version in (4, 6):
            one, two = make_pair(version=version)
            flow = make_flow(version=version)
            clear = original(flow, 1, bytes(4000))
            wire = one.seal(clear)
            parts = frag.fragments(wire, 1280)
            self.assertEqual(len(parts), 4)
            for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
                gather = frag.Gatherer()
                whole = None
                for i in order:
                    parsed = packet.Packet(parts[i])
                    self.assertLessEqual(len(parts[i]), 1280)
                    self.assertTrue(parsed.marked(packet.Mark()))
                    self.assertTrue(parsed.fragment)
                    if version == 4:
                        self.assertTrue(parts[i][6] & 0x40)
                    self.assertIsNone(two.open(parts[i]))
                    self.assertIsNone(whole)
                    whole = gather.add(parsed)
                self.assertEqual(len(gather), 0)
                if version == 6:
                    self.assertEqual(whole, wire)
                else:
                    self.assertEqual(whole[20:], wire[20:])
            got = two.open(whole).packet
            self.assertEqual(got[20:], clear[20:])

    def test_too_long(self):
        """No room for a trailer in 64 KB."""
        one, _ = make_pair()
        flow = make_flow()
        one.seal(original(flow, 1, bytes(65535 - 28 - 28)))
        with self.assertRaises(codec.SealError):
            one.seal(original(flow, 1, bytes(65535 - 28 - 27)))

    def test_jumbogram(self):
        """An IPv6 payload length of zero is nobody's."""
        flow = make_flow(version=6)
        data = bytearray(original(flow, 1))
        data[4:6] = b'\0\0'
        with self.assertRaises(packet.ParseError):
            packet.Packet(bytes(data))

    def test_checksum_against_plain_sum(self):
        """The fast sum equals the textbook's."""
        rand = random.Random(1)
        for _ in range(300):
            data = rand.randbytes(rand.randrange(0, 70))
            if rand.random() < 0.2:
                data = data[:len(data) & ~1]
                data += (~packet.ones_sum(data) & 0xffff).to_bytes(2, 'big')
            total = 0
            padded = data + bytes(len(data) & 1)
            for at in range(0, len(padded), 2):
                total += padded[at] << 8 | padded[at + 1]
            while total >> 16:
                total = (total & 0xffff) + (total >> 16)
            self.assertEqual(packet.ones_sum(data), total)

    def test_checksum_is_not_the_originals(self):
        """Over many packets it meets the original's about as often as
        chance has it."""
        one, _ = make_pair(packet.TCP)
        flow = make_flow(packet.TCP)
        clear = original(flow, 1)
        values = {one.seal(clear)[36:38] for _ in range(500)}
        self.assertGreater(len(values), 480)

    def test_wire_tuples(self):
        """a is side 1's port both ways."""
        one, two = make_pair()
        flow = make_flow()
        self.assertEqual(packet.Packet(one.seal(original(flow, 1))).ports,
                         WIRES)
        self.assertEqual(packet.Packet(two.seal(original(flow, 2))).ports,
                         WIRES[::-1])

    def test_wrong_key(self):
        """Another key, another scope's T, the other side's key."""
        one, _ = make_pair()
        two = codec.Codec([make_flow(side=2, key=bytes(32))])
        with self.assertRaises(Drop) as caught:
            two.open(one.seal(original(make_flow(), 1)))
        self.assertEqual(caught.exception.reason, 'rx_auth')


if __name__ == '__main__':
    unittest.main()
