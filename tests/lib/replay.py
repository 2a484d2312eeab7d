#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Copies at the worst moments: before the original, behind a SYN, late.

All of it with flows that open on an association, and with those that make
one.  Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import os
import random
import subprocess
import sys
import time

from copies import PORTS, WAYS, copies, replay
from middle import (Middle, Tcp, Udp, arguments, changed, is_empty,
                    is_opening, kind, packet, report, salt_of, trailer)


def tell(mid, good, text, detail=''):
    """A result of this way to open flows."""
    report(good, mid.named(text), detail)


def copy_first(mid, how, dport):
    """The attacker's copy of the first datagram is there before it."""
    talk = Udp(mid, dport=dport)
    data = talk.ask()
    opened = mid.take('a')
    for one in copies([('a', opened)], how):
        mid.inject(*one)
    mid.pump()
    mid.inject('b', opened)
    mid.pump()
    good = talk.exchange(1)
    talk.collect()
    count = [one for one, _ in talk.log].count(data)
    tell(mid, count == 1, 'copy from %s first: delivered exactly once' % how,
           '%d times' % count)
    tell(mid, good, 'copy from %s first: the client goes on' % how,
           mid.states('b', dport))


def copy_of_syn(mid, how, dport):
    """A copy of the SYN right behind it."""
    talk = Tcp(mid, dport=dport, connect=False)
    talk.begin()
    syn = mid.take('a')
    mid.inject('b', syn)
    for one in copies([('a', syn)], how):
        mid.inject(*one)
    tell(mid, talk.finish() and talk.exchange(1),
           'a copy of the SYN from %s: the connection is there' % how,
           mid.states('b', dport))


def late_syn(mid, dport):
    """An earlier SYN comes when a later one was taken."""
    talk = Tcp(mid, dport=dport, connect=False)
    talk.begin()
    first = mid.take('a')
    # TCP repeats it after a second, and the flow starts over.
    second = mid.take('a')
    tell(mid, salt_of(first) != salt_of(second),
           'a SYN without answer: the flow starts over')
    mid.inject('b', second)
    mid.inject('b', changed(first, sport=next(PORTS)), first)
    tell(mid, talk.finish() and talk.exchange(1),
           'an old SYN comes late: the connection is there', mid.states('b', dport))


def closing(mid, dport):
    """A copy of the SYN does not end a connection that is closing."""
    start = len(mid.passed)
    talk = Tcp(mid, dport=dport)
    talk.exchange()
    syn = next(data for _, data in mid.passed[start:]
               if is_opening(data))
    talk.client.shutdown(1)
    mid.pump()
    data = os.urandom(3000)
    # The end of what the server sends is lost on the path.
    mid.rule = lambda sender, data: [] if sender == 'b' else None
    talk.server.send(data)
    talk.server.shutdown(1)
    mid.pump(lambda: any(flow['state'] == 'closing'
                         for flow in mid.flows('b')))
    for how in WAYS:
        for one in copies([('a', syn)], how):
            mid.inject(*one)
    mid.rule = None
    got = []

    def here():
        part = b''
        try:
            part = talk.client.recv(65536)
        except BlockingIOError:
            pass
        got.append(part)
        return b''.join(got) == data
    tell(mid, mid.pump(here, 5),
           'copies of the SYN while it closes: the rest still arrives',
           (len(b''.join(got)), mid.states('b', dport)))


def confirm_first(mid, dport):
    """Nothing is fresh: of many copies one is delivered."""
    mid.sstctl('b', 'set', 'opening-window', '0')
    talk = Udp(mid, dport=dport)
    data = talk.ask()
    opened = mid.take('a')
    for how in WAYS:
        for _ in range(3):
            for one in copies([('a', opened)], how):
                mid.inject(*one)
    mid.pump(lambda: talk.arrived(data), 2)
    mid.pump()
    talk.collect()
    tell(mid, [one for one, _ in talk.log] == [data],
           'window 0: delivered exactly once', talk.log)
    replay(mid, [talk], [('a', opened)],
           mid.named('window 0, confirmed'))
    held = [data for sender, data in mid.passed if sender == 'b'
            and kind(data) == trailer.ACCEPT and is_empty(data)]
    tell(mid, held, 'window 0: an empty ACCEPT asked for the confirmation')
    mid.sstctl('b', 'set', 'opening-window', '600')


def old_accept(mid, dport):
    """The answer to an earlier opening is none to this one."""
    talk = Udp(mid, dport=dport)
    start = len(mid.passed)
    talk.exchange()
    answer = next(data for sender, data in mid.passed[start:]
                  if sender == 'b' and kind(data) == trailer.ACCEPT)
    mid.sstctl('a', 'flow', 'flush')
    mid.prepare(4)
    talk.ask()
    opened = mid.take('a')
    ports = packet.Packet(opened).ports
    before = mid.counter('a', 'rx_auth')
    mid.inject('a', changed(answer, sport=ports[1], dport=ports[0]))
    mid.pump()
    states = [flow['state'] for flow in mid.flows('a')
              if flow['local_port'] == talk.port]
    tell(mid, states == ['opening'] and not drained(talk)
           and mid.counter('a', 'rx_auth') == before + 1,
           'an old ACCEPT on the tuple of a new opening is refused', states)
    mid.inject('b', opened)
    # Where A is slow it has started over meanwhile; until that is confirmed, what
    # B sends goes by the flow that A has lost.
    tell(mid, talk.exchange() or talk.exchange(), 'and the flow opens')


def drained(talk):
    """What the client got."""
    return talk.mid.pump() and [data for data, _ in talk.collect()]


def stale_opening_squats(mid):
    """An old opening must not take the way of what B sends itself."""
    talk = Udp(mid, dport=5399)
    start = len(mid.passed)
    tell(mid, talk.exchange(), 'an exchange')
    opened = next(data for _, data in mid.passed[start:]
                  if is_opening(data))
    port = talk.port
    talk.client.close()
    talk.server.close()
    mid.sstctl('a', 'flow', 'flush')
    mid.restart()
    mid.forget()
    mid.inject('b', opened)
    mid.pump()
    # Now the other way round, on the same real tuple.
    back = Udp(mid, 'b', sport=5399, dport=port)
    tell(mid, back.exchange(1), 'an old opening does not stop what B opens to '
           'the same tuple', mid.states('b', port))


def glare_by_replay(mid, first):
    """Nor does it win against an opening of B's."""
    bad = 0
    for number in range(first, first + 4):
        talk = Udp(mid, sport=5500 + number, dport=5600 + number)
        start = len(mid.passed)
        talk.exchange()
        opened = next(data for _, data in mid.passed[start:]
                      if is_opening(data))
        talk.client.close()
        talk.server.close()
        mid.sstctl('a', 'flow', 'flush')
        mid.sstctl('b', 'flow', 'flush')
        back = Udp(mid, 'b', sport=5600 + number, dport=5500 + number)
        data = back.ask()
        ours = mid.take('b')
        mid.inject('b', changed(opened, sport=next(PORTS)), opened)
        mid.inject('a', ours)
        if not mid.pump(lambda back=back, data=data: back.arrived(data), 1) \
                or not back.exchange(1):
            bad += 1
    tell(mid, not bad, 'a copy does not win a glare', '%d of 4' % bad)


def clock_of_1970(mid, dport, tport):
    """The responder's clock was set back to its beginning."""
    talk = Udp(mid, dport=dport)
    other = Tcp(mid, dport=tport)
    start = len(mid.passed)
    good = talk.exchange() and other.exchange()
    captured = [one for one in mid.passed[start:]]
    tell(mid, good, 'exchanges before')
    now, began = time.time(), time.monotonic()
    subprocess.run(('date', '-s', '@1000'), check=True,
                   stdout=subprocess.DEVNULL)
    try:
        tell(mid, time.time() < 100000, 'the clock shows 1970', time.time())
        replay(mid, [talk, other], captured, mid.named('in 1970'))
        late = Udp(mid, dport=dport + 1)
        tell(mid, late.exchange(1), 'a new flow in 1970 takes a round trip more')
        late = Tcp(mid, dport=tport + 1)
        tell(mid, late.server and late.exchange(1), 'a new connection in 1970')
        mid.sstctl('b', 'flow', 'flush')
        replay(mid, [talk, other], captured,
               mid.named('in 1970, flows ended'), use=False)
    finally:
        subprocess.run(('date', '-s', '@%d' % (
            now + time.monotonic() - began + 1)), check=True,
            stdout=subprocess.DEVNULL)
    late = Udp(mid, dport=dport + 2)
    tell(mid, late.exchange(1), 'a new flow when the clock is right again')


def all_moments(mid, udp, tcp):
    """With ports from these on."""
    copy_first(mid, 'another port', udp)
    copy_first(mid, 'another address', udp + 1)
    for number, how in enumerate(WAYS):
        copy_of_syn(mid, how, tcp + number)
    late_syn(mid, tcp + 4)
    closing(mid, tcp + 5)
    confirm_first(mid, udp + 2)
    old_accept(mid, udp + 3)
    glare_by_replay(mid, udp % 100)
    clock_of_1970(mid, udp + 4, tcp + 6)


def main():
    """The command line."""
    random.seed(1)
    mid = Middle(arguments())
    try:
        all_moments(mid, 5200, 8200)
        mid.on_association = False
        all_moments(mid, 5210, 8210)
        stale_opening_squats(mid)
    finally:
        mid.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
