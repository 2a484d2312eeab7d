# SPDX-License-Identifier: GPL-2.0
"""Flows: keys, send counters, key rotation, replay windows (section 5)."""

import time

from . import kdf, packet
from .trailer import Drop

SEQ_LIMIT = 2 ** 32 - 2 ** 16       # a sender moves on before this seq
PAYLOAD_LIMIT = 2 ** 28             # in scope payload
KRI_LAST = 65535
KEY_SECONDS = 3600
PREVIOUS_SECONDS = 60
KRI_AHEAD = 16
WINDOW = 2048


def seq_limit(scope):
    """Before this seq a sender moves to the next kri."""
    return PAYLOAD_LIMIT if scope == kdf.SCOPE_PAYLOAD else SEQ_LIMIT


class Exhausted(Exception):
    """The last counter of the last kri is used: the flow has ended."""


class Keys:
    """The packet keys of one flow, made from T on demand."""

    def __init__(self, flow_key, suite=kdf.SUITE_CHACHA,
                 scope=kdf.SCOPE_PORTS):
        if suite != kdf.SUITE_CHACHA:
            raise ValueError('only suite 1 is built')
        self.flow_key = flow_key
        self.suite = suite
        self.scope = scope
        self._cache = {}

    def packet_key(self, side, kri):
        """The 32-byte packet key of what `side` sends under `kri`."""
        key = self._cache.get((side, kri))
        if key is None:
            if len(self._cache) > 256:
                self._cache.clear()
            key = kdf.packet_key(self.flow_key, side, kri)
            self._cache[side, kri] = key
        return key


class Sender:
    """Counters of one sending direction.

    The next kri begins after `packets` packets, `seconds` seconds after the
    first use of the key, or before seq reaches the limit.
    """

    def __init__(self, packets=None, seconds=KEY_SECONDS, limit=SEQ_LIMIT,
                 clock=time.monotonic):
        self.kri = 0
        self.seq = 0
        self.packets = packets
        self.seconds = seconds
        self.limit = limit
        self.clock = clock
        self._first_use = None

    def next(self):
        """Use up one (kri, seq)."""
        now = self.clock()
        stop = self.limit
        if self.packets:
            stop = min(stop, self.packets)
        late = (self._first_use is not None
                and now - self._first_use >= self.seconds)
        if self.seq >= stop or late:
            self.rotate()
        if self._first_use is None:
            self._first_use = now
        out = self.kri, self.seq
        self.seq += 1
        return out

    def rotate(self):
        """Go to the next kri."""
        if self.kri >= KRI_LAST:
            raise Exhausted()
        self.kri += 1
        self.seq = 0
        self._first_use = None


class Window:
    """A replay window over 32-bit sequence numbers, never wrapping."""

    def __init__(self, width=WINDOW):
        self.width = width
        self.top = -1
        self._bits = 0

    def fresh(self, seq):
        """True if seq was not seen and is not too old to know."""
        if seq > self.top:
            return True
        behind = self.top - seq
        return behind < self.width and not self._bits >> behind & 1

    def mark(self, seq):
        """Note that seq was seen."""
        if seq > self.top:
            step = seq - self.top
            if step >= self.width:
                self._bits = 0
            else:
                self._bits = self._bits << step & (1 << self.width) - 1
            self.top = seq
        self._bits |= 1 << self.top - seq


class Receiver:
    """One receiving direction: accepted kri and their replay windows.

    Trial keys are kept until the direction moves, and only making one takes
    a token: a flood of made-up kri costs sixteen derivations a move and
    cannot keep a genuine next kri out for long.
    """

    def __init__(self, clock=time.monotonic, width=WINDOW, trials=64,
                 trials_per_second=64.0):
        self.clock = clock
        self.width = width
        self.current = 0
        self.windows = {0: Window(width)}
        self._moved = None
        self._tried = set()
        self._burst = trials
        self._tokens = float(trials)
        self._rate = trials_per_second
        self._filled = clock()

    def _take_token(self, now):
        self._tokens = min(float(self._burst), self._tokens
                           + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def check(self, kri, seq):
        """Before any cryptography: kri range, then replay."""
        now = self.clock()
        current = self.current
        if kri > current + KRI_AHEAD:
            raise Drop('rx_kri_far')
        if kri < current - 1:
            raise Drop('rx_kri_old')
        if kri == current - 1:
            if kri in self.windows \
                    and now - self._moved >= PREVIOUS_SECONDS:
                self.windows.pop(kri, None)
            if kri not in self.windows:
                raise Drop('rx_kri_old')
        elif kri > current and kri not in self._tried:
            if not self._take_token(now):
                raise Drop('rx_kri_limited')
            self._tried.add(kri)
        window = self.windows.get(kri)
        if window is not None and not window.fresh(seq):
            raise Drop('rx_replay')

    def commit(self, kri, seq):
        """After the tag verified: move on, check again, advance."""
        if kri > self.current:
            old = self.windows.get(self.current)
            before = old if kri - 1 == self.current else Window(self.width)
            self.windows = {kri - 1: before, kri: Window(self.width)}
            self.current = kri
            self._moved = self.clock()
            self._tried.clear()
        window = self.windows.get(kri)
        if window is None:
            raise Drop('rx_kri_old')
        if not window.fresh(seq):
            raise Drop('rx_replay')
        window.mark(seq)


class Flow:
    """One flow, seen by side `side`, or by nobody (side None) in a capture.

    Everything that belongs to a host is indexed by its side, 1 or 2:
    addrs (bytes), ports (real) and wires.  key is that of a manually keyed
    flow; with None the flow has no keys before set_flow_key().
    """

    def __init__(self, proto, addr1, port1, addr2, port2, wire1, wire2, key,
                 side=None, scope=kdf.SCOPE_PORTS, name='', clock=None,
                 rotate_packets=None, rotate_seconds=KEY_SECONDS):
        clock = clock or time.monotonic
        if scope not in kdf.SCOPES.values():
            raise ValueError('this scope is not built')
        self.name = name
        self.proto = proto
        self.addrs = {1: packet.addr(addr1) if isinstance(addr1, str)
                      else addr1,
                      2: packet.addr(addr2) if isinstance(addr2, str)
                      else addr2}
        self.ports = {1: port1, 2: port2}
        self.wires = {1: wire1, 2: wire2}
        self.side = side
        self.scope = scope
        self.keys = None
        if key is not None:
            self.set_flow_key(kdf.manual_flow_key(key, scope, proto, port1,
                                                  port2))
        self.sender = Sender(rotate_packets, rotate_seconds, clock=clock,
                             limit=seq_limit(scope))
        self.receiver = Receiver(clock=clock)

    def set_flow_key(self, flow_key):
        """Install T."""
        self.keys = Keys(flow_key, scope=self.scope)

    def real_tuple(self, side):
        """The tuple of what `side` sends, as its application sees it."""
        other = 3 - side
        return (self.proto, self.addrs[side], self.ports[side],
                self.addrs[other], self.ports[other])

    def wire_tuple(self, side):
        """The tuple of what `side` sends, as the path sees it."""
        other = 3 - side
        return (self.proto, self.addrs[side], self.wires[side],
                self.addrs[other], self.wires[other])
