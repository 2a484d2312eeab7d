# SPDX-License-Identifier: GPL-2.0
"""Every hostile variant is refused for the reason it should be."""

import itertools
import unittest

from helpers import make_flow, original
from sst import codec, mutate, packet
from sst.trailer import Drop


class Mutations(unittest.TestCase):
    """The opener against mutate.py."""

    def setUp(self):
        self.wires = None

    def receiver(self, proto, version, state):
        """An opener in the state that the expectations assume."""
        flow = make_flow(proto, version, 2)
        out = codec.Codec([flow])
        flow.receiver.current = state.kri
        flow.receiver.windows = {
            state.kri: flow.receiver.windows.popitem()[1]}
        if state.seen:
            out.open(self.wires[0])
        return out

    def outcome(self, receiver, data):
        """The drop's name, 'open' or 'pass'."""
        try:
            got = receiver.open(data)
        except Drop as drop:
            return drop.reason
        return 'open' if got else 'pass'

    def run_shape(self, version, proto, payload, seen, kri):
        """All variants of one packet; returns how many and the reasons."""
        state = mutate.State(kri=kri, seen=seen)
        flow = make_flow(proto, version)
        options = b'\x01\x01\x08\x0a' + bytes(8)
        clear = original(flow, 1, payload, options)
        sealed = codec.seal_data(flow, 1, clear, kri, 4)
        other = codec.seal_data(
            flow, 1, original(flow, 1, payload + b'!', options), kri, 5)
        self.wires = [sealed, other]
        count, reasons = 0, set()
        for name, data, expected in itertools.chain(
                mutate.mutations(sealed, state, other),
                mutate.forgeries(flow, 1, clear, kri, 9, state)):
            got = self.outcome(self.receiver(proto, version, state), data)
            self.assertIn(got, expected, (version, proto, seen, name))
            reasons.add(got)
            count += 1
        return count, reasons

    def test_refused(self):
        """All of them, before and after the genuine packet."""
        reasons, total = set(), 0
        for version, proto, payload, seen, kri in itertools.product(
                (4, 6), (packet.UDP, packet.TCP), (b'', b'sixteen bytes...'),
                (False, True), (0, 40)):
            count, got = self.run_shape(version, proto, payload, seen, kri)
            total += count
            reasons |= got
        self.assertGreater(total, 10000)
        self.assertEqual(reasons, {
            'rx_short', 'rx_length', 'rx_type', 'rx_flags', 'rx_tc',
            'rx_kri_old', 'rx_kri_far', 'rx_auth', 'rx_replay', 'rx_ports',
            'rx_checksum'})

    def test_refused_ones_leave_no_trace(self):
        """After all variants without a right tag the genuine one opens."""
        for version, proto in itertools.product((4, 6),
                                                (packet.UDP, packet.TCP)):
            flow = make_flow(proto, version)
            clear = original(flow, 1, b'once')
            sealed = codec.seal_data(flow, 1, clear, 0, 0)
            state = mutate.State()
            self.wires = [sealed]
            receiver = self.receiver(proto, version, state)
            for _, data, _ in mutate.mutations(sealed, state):
                self.assertNotEqual(self.outcome(receiver, data), 'open')
            self.assertEqual(receiver.open(sealed).packet, clear)

    def test_reflected(self):
        """A host's own packet never opens at itself."""
        for version, proto in itertools.product((4, 6),
                                                (packet.UDP, packet.TCP)):
            flow = make_flow(proto, version)
            sealed = codec.seal_data(flow, 1, original(flow, 1), 0, 0)
            sender = codec.Codec([flow])
            for _, data, expected in mutate.reflect(sealed):
                parsed = packet.Packet(data)
                self.assertTrue(packet.transport_valid(
                    parsed.src, parsed.dst, proto, parsed.segment))
                self.assertIn(self.outcome(sender, data), expected)
                self.assertEqual(self.outcome(sender, data), 'rx_auth')

    def test_harmless(self):
        """What the path may change still opens."""
        for version, proto, payload in itertools.product(
                (4, 6), (packet.UDP, packet.TCP), (b'', b'payload')):
            flow = make_flow(proto, version)
            sealed = codec.seal_data(flow, 1, original(
                flow, 1, payload, b'\x02\x04\x05\xb4'), 0, 0)
            for name, data, expected in mutate.harmless(sealed):
                self.assertFalse(expected)
                receiver = self.receiver(proto, version, mutate.State())
                self.assertEqual(self.outcome(receiver, data), 'open', name)

    def test_moved_between_equal_lengths(self):
        """Scope `ports` leaves the payload alterable; the counter is still
        used once."""
        flow = make_flow()
        first = codec.seal_data(flow, 1, original(flow, 1, b'aaaa'), 0, 0)
        second = codec.seal_data(flow, 1, original(flow, 1, b'bbbb'), 0, 1)
        _, data, _ = next(mutate.swap_trailer(first, second,
                                              mutate.State()))
        receiver = codec.Codec([make_flow(side=2)])
        self.assertEqual(self.outcome(receiver, data), 'open')
        self.assertEqual(self.outcome(receiver, second), 'rx_replay')
        self.assertEqual(self.outcome(receiver, first), 'open')


if __name__ == '__main__':
    unittest.main()
