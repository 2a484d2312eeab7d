# SPDX-License-Identifier: GPL-2.0
"""Counters, rotation and replay windows at every edge (section 5)."""

import unittest

from helpers import Clock, make_flow, original
from sst import codec
from sst.flow import Exhausted, Receiver, Sender, Window
from sst.trailer import Drop


class Sending(unittest.TestCase):
    """Sender."""

    def test_counts(self):
        """From zero, one by one."""
        sender = Sender(clock=Clock())
        self.assertEqual([sender.next() for _ in range(3)],
                         [(0, 0), (0, 1), (0, 2)])

    def test_limit(self):
        """2^32 - 2^16 is never used as seq."""
        sender = Sender(clock=Clock())
        sender.seq = 2 ** 32 - 2 ** 16 - 1
        self.assertEqual(sender.next(), (0, 2 ** 32 - 2 ** 16 - 1))
        self.assertEqual(sender.next(), (1, 0))

    def test_packets(self):
        """After N packets."""
        sender = Sender(packets=3, clock=Clock())
        self.assertEqual([sender.next() for _ in range(7)],
                         [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2),
                          (2, 0)])

    def test_seconds(self):
        """3600 s after the key's first use, not after its making."""
        clock = Clock()
        sender = Sender(clock=clock)
        clock.now += 10000
        self.assertEqual(sender.next(), (0, 0))
        clock.now += 3599.5
        self.assertEqual(sender.next(), (0, 1))
        clock.now += 0.5
        self.assertEqual(sender.next(), (1, 0))
        clock.now += 3599
        self.assertEqual(sender.next(), (1, 1))

    def test_end(self):
        """Kri 65535 is the last; nothing wraps."""
        sender = Sender(packets=1, clock=Clock())
        sender.kri = 65534
        self.assertEqual(sender.next(), (65534, 0))
        self.assertEqual(sender.next(), (65535, 0))
        for _ in range(2):
            with self.assertRaises(Exhausted):
                sender.next()


class Windows(unittest.TestCase):
    """Window."""

    def test_width(self):
        """The oldest seq still known."""
        window = Window(2048)
        window.mark(5000)
        self.assertFalse(window.fresh(5000))
        self.assertTrue(window.fresh(5000 - 2047))
        self.assertFalse(window.fresh(5000 - 2048))
        window.mark(5000 - 2047)
        self.assertFalse(window.fresh(5000 - 2047))
        self.assertTrue(window.fresh(5000 - 2046))

    def test_moves(self):
        """Small steps keep what was seen, large ones drop it."""
        for step in (1, 63, 64, 65, 2047):
            window = Window(2048)
            window.mark(100)
            window.mark(100 + step)
            self.assertFalse(window.fresh(100))
            self.assertEqual(window.fresh(99), step < 2047)
        for step in (2048, 2049, 10 ** 6, 2 ** 32 - 101):
            window = Window(2048)
            window.mark(100)
            window.mark(100 + step)
            self.assertFalse(window.fresh(100))
            self.assertTrue(window.fresh(100 + step - 2047))

    def test_ends(self):
        """Zero and the largest number."""
        window = Window()
        self.assertTrue(window.fresh(0))
        window.mark(0)
        self.assertFalse(window.fresh(0))
        window.mark(2 ** 32 - 1)
        self.assertFalse(window.fresh(0))
        self.assertFalse(window.fresh(2 ** 32 - 1))
        self.assertTrue(window.fresh(2 ** 32 - 2))


class Receiving(unittest.TestCase):
    """Receiver."""

    def setUp(self):
        self.clock = Clock()
        self.rx = Receiver(clock=self.clock)

    def take(self, kri, seq):
        """A packet whose tag verifies."""
        self.rx.check(kri, seq)
        self.rx.commit(kri, seq)

    def refuse(self, reason, kri, seq):
        """A packet that check() refuses."""
        with self.assertRaises(Drop) as caught:
            self.rx.check(kri, seq)
        self.assertEqual(caught.exception.reason, reason)

    def test_range(self):
        """current-1 to current+16; nothing before kri 0."""
        self.rx.check(0, 0)
        self.rx.check(16, 0)
        self.refuse('rx_kri_far', 17, 0)
        self.take(16, 0)
        self.rx.check(15, 0)
        self.rx.check(32, 0)
        self.refuse('rx_kri_old', 14, 0)
        self.refuse('rx_kri_old', 0, 1)
        self.refuse('rx_kri_far', 33, 0)

    def test_only_a_tag_moves(self):
        """check() alone changes nothing."""
        for kri in range(17):
            self.rx.check(kri, 5)
        self.assertEqual(self.rx.current, 0)
        self.refuse('rx_kri_far', 17, 0)

    def test_next_keeps_the_window(self):
        """After kri+1 the old window goes on."""
        self.take(0, 7)
        self.take(1, 0)
        self.refuse('rx_replay', 0, 7)
        self.take(0, 8)
        self.take(0, 3)
        self.refuse('rx_replay', 0, 3)
        self.refuse('rx_replay', 1, 0)
        self.assertEqual(self.rx.current, 1)

    def test_jump_gets_a_fresh_previous(self):
        """After a jump current-1 is fresh, all below is refused."""
        self.take(0, 7)
        self.take(5, 0)
        self.refuse('rx_kri_old', 0, 8)
        self.refuse('rx_kri_old', 3, 0)
        self.take(4, 7)
        self.refuse('rx_replay', 4, 7)
        self.take(6, 0)
        self.refuse('rx_replay', 5, 0)
        self.refuse('rx_kri_old', 4, 8)

    def test_previous_lives_60_s(self):
        """Then it is refused for good."""
        self.take(0, 0)
        self.take(1, 0)
        self.clock.now += 59.9
        self.take(0, 1)
        self.clock.now += 0.1
        self.refuse('rx_kri_old', 0, 2)
        self.clock.now -= 50
        self.refuse('rx_kri_old', 0, 2)
        self.take(2, 0)
        self.take(1, 1)

    def test_late_previous_after_check(self):
        """A window dropped between check and commit is not revived."""
        self.take(0, 0)
        self.rx.check(0, 1)
        self.take(1, 0)
        self.take(2, 0)
        with self.assertRaises(Drop) as caught:
            self.rx.commit(0, 1)
        self.assertEqual(caught.exception.reason, 'rx_kri_old')

    def test_two_copies_race(self):
        """Both pass the first check, one the second."""
        self.rx.check(0, 9)
        self.rx.check(0, 9)
        self.rx.commit(0, 9)
        with self.assertRaises(Drop) as caught:
            self.rx.commit(0, 9)
        self.assertEqual(caught.exception.reason, 'rx_replay')

    def test_trials_are_limited(self):
        """Making trial keys takes tokens, known ones do not."""
        self.rx = Receiver(clock=self.clock, trials=3, trials_per_second=1)
        for kri in (1, 2, 3):
            self.rx.check(kri, 0)
        self.refuse('rx_kri_limited', 4, 0)
        self.rx.check(2, 0)
        self.clock.now += 1
        self.rx.check(4, 0)
        self.refuse('rx_kri_limited', 5, 0)
        self.take(0, 0)

    def test_last_kri(self):
        """The range ends at 65535."""
        self.rx.current = 65535
        self.rx.windows = {65535: Window()}
        self.take(65535, 0)

    def test_whole_flow(self):
        """Rotation every three packets, some lost, some late."""
        one = codec.Codec([make_flow(rotate_packets=3)])
        two = codec.Codec([make_flow(side=2)])
        wires = [one.seal(original(make_flow(), 1, bytes([i])))
                 for i in range(60)]
        late = [wires.pop(i) for i in (40, 20, 7)]
        for i, wire in enumerate(wires):
            self.assertIsNotNone(two.open(wire).packet)
            if i == 7:      # kri 3 began: kri 2's late packet still opens
                two.open(late[2])
        for wire in late[:2]:
            with self.assertRaises(Drop):
                two.open(wire)


if __name__ == '__main__':
    unittest.main()
