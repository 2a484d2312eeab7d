# SPDX-License-Identifier: GPL-2.0
"""The small TCP on a bad simulated path, and the list of attacks."""

import hashlib
import heapq
import itertools
import random
import unittest

import peer
from helpers import Clock, make_flow, original
from sst import codec, minitcp, packet
from sst.trailer import Drop


class Path:
    """Two connections and a path that loses, doubles and reorders."""

    def __init__(self, seed, loss=0.0, double=0.0, jitter=0.0, isn=None):
        self.rand = random.Random(seed)
        self.clock = Clock()
        self.loss, self.double, self.jitter = loss, double, jitter
        self.queue = []
        self.order = itertools.count()
        self.got = {0: bytearray(), 1: bytearray()}
        self.ends = [minitcp.Connection(
            lambda *s, end=end: self.emit(end, *s), self.got[end].extend,
            end == 0, clock=self.clock,
            isn=self.rand.getrandbits(32) if isn is None else isn)
            for end in (0, 1)]

    def emit(self, end, seq, ack, flags, window, options, payload):
        """A segment goes on its way."""
        raw = packet.tcp(bytes(4), bytes(4), 1, 2, seq, ack, flags, window,
                         options, payload)
        copies = 1 + (self.rand.random() < self.double)
        for _ in range(copies):
            if self.rand.random() >= self.loss:
                when = self.clock.now + 0.01 \
                    + self.rand.random() * self.jitter
                heapq.heappush(self.queue, (when, next(self.order),
                                            1 - end, raw))

    def run(self, seconds):
        """Until both ends are done."""
        self.ends[0].start()
        stop = self.clock.now + seconds
        while self.clock.now < stop:
            for end in self.ends:
                end.poll()
            while self.queue and self.queue[0][0] <= self.clock.now:
                _, _, end, raw = heapq.heappop(self.queue)
                self.ends[end].segment(raw)
                if self.ends[1].fin_received:
                    self.ends[1].close()
            if all(end.finished for end in self.ends):
                return True
            self.clock.now += 0.005
        return False


class SmallTcp(unittest.TestCase):
    """minitcp.py."""

    def transfer(self, path, one, two, seconds=300):
        """Both ways at once; everything arrives, in order."""
        there = hashlib.shake_128(b'1').digest(one)
        back = hashlib.shake_128(b'2').digest(two)
        path.ends[0].send(there)
        path.ends[0].close()
        path.ends[1].send(back)
        self.assertTrue(path.run(seconds))
        self.assertEqual(bytes(path.got[1]), there)
        self.assertEqual(bytes(path.got[0]), back)
        for end in path.ends:
            self.assertEqual(end.state, minitcp.DONE)

    def test_clean(self):
        """No loss, nothing sent twice; sequence numbers wrap."""
        path = Path(1, isn=2 ** 32 - 5000)
        self.transfer(path, 60000, 50000)
        self.assertEqual(path.ends[0].retransmitted, 0)

    def test_empty(self):
        """Only a handshake and two FINs."""
        self.transfer(Path(2), 0, 0)

    def test_bad_paths(self):
        """Loss, copies, wrong order."""
        for seed in range(6):
            path = Path(seed, loss=0.05, double=0.05, jitter=0.02)
            self.transfer(path, 40000, 30000)
        path = Path(9, loss=0.3)
        self.transfer(path, 5000, 5000)
        self.assertGreater(path.ends[0].retransmitted, 0)

    def test_reset(self):
        """A reset inside the window ends it, one outside does not."""
        path = Path(3)
        path.ends[0].start()
        path.run(0.1)
        end = path.ends[1]
        self.assertEqual(end.state, minitcp.OPEN)
        where = end._irs + end._rcv
        end.segment(packet.tcp(bytes(4), bytes(4), 1, 2,
                               (where + 10 ** 6) & 0xffffffff, 0, 4))
        self.assertEqual(end.state, minitcp.OPEN)
        end.segment(packet.tcp(bytes(4), bytes(4), 1, 2,
                               where & 0xffffffff, 0, 4))
        self.assertEqual(end.state, minitcp.RESET)


class Attacks(unittest.TestCase):
    """The attack command's list against our own opener."""

    def test_list(self):
        """All are refused as foretold; the genuine one still opens."""
        for version, proto, size in itertools.product(
                (4, 6), (packet.UDP, packet.TCP), (0, 24)):
            flow = make_flow(proto, version)
            clear = original(flow, 1, bytes(size))
            sealed, variants = peer.attack_list(flow, clear, 0, 0)
            receiver = codec.Codec([make_flow(proto, version, 2)])
            for name, data, expected in variants:
                with self.assertRaises(Drop, msg=name) as caught:
                    receiver.open(data)
                self.assertIn(caught.exception.reason, expected, name)
            self.assertEqual(receiver.open(sealed).packet, clear)


if __name__ == '__main__':
    unittest.main()
