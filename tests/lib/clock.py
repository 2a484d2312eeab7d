#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""One of two hosts has a clock that shows 1970, or another century.

Both have the same clock, so what one host sends waits on the path until the
clock has been set. IPv4 opens with a pre-shared key, IPv6 with a public one.
Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import contextlib
import itertools
import sys
import time

from middle import (FOREIGN, Middle, Tcp, Udp, after_start, arguments, changed,
                    kind, packet, report, trailer)

TIMES = {'1970': 1000, '2100': 4102444800}
OPENINGS = {4: ('OPEN', 'OPEN N'), 6: ('OPEN', 'INIT')}
PORTS = itertools.count(5000)
COPIES = itertools.count(30000)


@contextlib.contextmanager
def clock(when):
    """A time, for a while; None for the right one."""
    if when is None:
        yield
        return
    offset = time.time() - time.monotonic()
    time.clock_settime(time.CLOCK_REALTIME, when)
    try:
        yield
    finally:
        time.clock_settime(time.CLOCK_REALTIME, offset + time.monotonic())


def taken(mid, action):
    """The opening that an action makes A send, taken off the path."""
    start = len(mid.passed)

    def found():
        return [data for sender, data in mid.passed[start:]
                if sender == 'a' and kind(data) in (trailer.OPEN,
                                                    trailer.INIT)]
    mid.rule = lambda sender, data: []
    action()
    mid.pump(found)
    mid.rule = None
    return found()[0]


class Case:
    """One flow, opened in one way; where is whose clock is wrong."""

    def __init__(self, mid, family, new, proto, where, name):
        self.mid = mid
        self.udp = proto == packet.UDP
        self.new = new
        self.family = family
        self.when = {x: TIMES[name] if x == where else None
                     for x in ('initiator', 'responder')}
        self.text = '%s by %s, %s' % (
            'UDP' if self.udp else 'TCP', OPENINGS[family][new],
            'the %s in %s' % (where, name) if name else 'right clocks')
        self.before = self.counters()
        self.talk = self.opening = self.trace = None

    def counters(self):
        """What B says about freshness."""
        counters = self.mid.sstctl('b', '-j', 'stats')['counters']
        return {name: counters[name] for name in (
            'rx_clock', 'rx_forgotten', 'rx_held', 'rx_stale')}

    def change(self):
        """Since the last call."""
        before, self.before = self.before, self.counters()
        return {name: number - before[name]
                for name, number in self.before.items()
                if number != before[name]}

    def prepare(self):
        """With an association, or without."""
        if self.new:
            self.mid.sstctl('a', 'assoc', 'flush')
        else:
            talk = Udp(self.mid, family=self.family, dport=next(PORTS))
            talk.exchange()
            talk.client.close()
            talk.server.close()
        self.change()

    def open(self):
        """The flow; True when the server has what was sent."""
        port = next(PORTS)
        self.talk = Udp(self.mid, family=self.family, dport=port) if self.udp \
            else Tcp(self.mid, family=self.family, dport=port, connect=False)
        data = []
        with clock(self.when['initiator']):
            self.opening = taken(self.mid, lambda: data.append(
                self.talk.ask()) if self.udp else self.talk.begin())
        with clock(self.when['responder']):
            start = len(self.mid.passed)
            self.mid.inject('b', self.opening)
            good = self.mid.pump(
                (lambda: self.talk.arrived(data[0])) if self.udp
                else self.talk.accepted, 5)
            # What had to pass before that.
            self.trace = [(sender, kind(one)) for sender, one
                          in self.mid.passed[start:]]
            good = good and self.talk.exchange()
        return good

    def copies(self):
        """Of the opening, from where it came and from elsewhere."""
        port, address = changed(self.opening, sport=next(COPIES)), changed(
            self.opening, src=packet.addr(FOREIGN['a'][self.family]))
        for data in (self.opening, port, address):
            self.mid.inject('b', data, self.opening)
        self.mid.pump()
        return self.talk.strange()

    def replay(self):
        """Copies deliver nothing, whatever the clock shows."""
        strange = []
        with clock(self.when['responder']):
            strange += self.copies()
            goes_on = self.talk.exchange()
        report(not strange and goes_on,
               self.text + ': a copy delivers nothing, the flow goes on',
               (strange, goes_on))
        with clock(self.when['responder']):
            self.mid.sstctl('b', 'flow', 'flush')
            strange += self.copies()
        strange += self.copies()
        report(not strange, self.text + ': nor when the flow has ended',
               strange)

    def end(self):
        """It leaves nothing behind."""
        for host in 'ab':
            self.mid.sstctl(host, 'flow', 'flush')
        for sock in (self.talk.client, self.talk.server):
            if sock:
                sock.close()


def usual(mid, family, new, proto):
    """What passes when the clocks are right."""
    case = Case(mid, family, new, proto, None, '')
    case.prepare()
    good = case.open()
    change = case.change()
    report(good and not change and (
        not case.trace if case.udp else len(case.trace) == 2),
        case.text + ': fresh, no round trip more', (change, case.trace))
    case.end()
    return case.trace


def wrong(mid, family, new, proto, where, name, trace):
    """It costs a datagram one round trip, and a connection none."""
    case = Case(mid, family, new, proto, where, name)
    case.prepare()
    good = case.open()
    change = case.change()
    extra = [('b', trailer.ACCEPT), ('a', trailer.DATA)] if case.udp else []
    want = {'rx_clock': 1, 'rx_held': 1} if case.udp else {'rx_clock': 1}
    report(good and case.trace == extra + trace and change == want,
           '%s: %s' % (case.text, 'one round trip more' if case.udp
                       else 'no round trip more'),
           (good, case.trace, change))
    case.replay()
    case.end()


def main():
    """The command line."""
    mid = Middle(arguments())
    try:
        for family, new, proto in itertools.product(
                (4, 6), (True, False), (packet.UDP, packet.TCP)):
            trace = usual(mid, family, new, proto)
            for where, name in itertools.product(
                    ('initiator', 'responder'), TIMES):
                wrong(mid, family, new, proto, where, name, trace)
            # What was forgotten meanwhile may be of this second.
            after_start()
            usual(mid, family, new, proto)
    finally:
        mid.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
