#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Everything that passed between two hosts is sent once more.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import itertools
import os
import random
import subprocess
import sys
import time

from middle import (ADDRESS, FOREIGN, Middle, OTHER, SETTLED, Tcp, Udp,
                    arguments, changed, is_empty, kind, packet, report,
                    salt_of, trailer)

PORTS = itertools.count(30000)


def copies(captured, how):
    """(receiver, packet, original) of a capture, from here or elsewhere."""
    for sender, original in captured:
        data = original
        if how == 'another port':
            data = changed(data, sport=next(PORTS))
        elif how == 'other ports':
            data = changed(data, sport=next(PORTS), dport=next(PORTS))
        elif how == 'another address':
            version = packet.Packet(data).version
            if sender == 'b':
                continue
            data = changed(data, src=packet.addr(FOREIGN[version]))
        yield OTHER[sender], data, original


WAYS = 'the same tuple', 'another port', 'other ports', 'another address'


def replay(mid, talks, captured, when, ways=WAYS, use=True):
    """All of it, in every way: nothing arrives, nobody is cut off."""
    for how in ways:
        sent = list(copies(captured, how))
        for one in sent:
            mid.inject(*one)
        mid.pump()
        strange = [(talk.name, talk.strange()) for talk in talks]
        report(sent and not any(bad for _, bad in strange),
               '%s, from %s: %d copies deliver nothing' % (
                   when, how, len(sent)), strange)
        if use:
            bad = [talk.name for talk in talks if not talk.exchange()]
            report(not bad, '%s, from %s: the client goes on' % (when, how),
                   bad)


def whole_life(mid):
    """Exchanges from their first packet on, replayed at every age."""
    start = len(mid.passed)
    talks = []
    for family in (4, 6):
        talk = Udp(mid, family=family, dport=5300 + family)
        one, two = talk.ask(), talk.ask()
        mid.pump(lambda talk=talk, two=two: talk.arrived(two))
        good = talk.arrived(one) and talk.answer() and talk.exchange()
        report(good, talk.name + ': an exchange')
        talks.append(talk)
        talk = Tcp(mid, family=family, dport=8000 + family)
        report(talk.server and talk.exchange(), talk.name + ': an exchange')
        talks.append(talk)
    captured = list(mid.passed[start:])
    kinds = {(sender, kind(data)) for sender, data in captured}
    report(kinds == {('a', trailer.OPEN), ('b', trailer.ACCEPT),
                     ('a', trailer.DATA), ('b', trailer.DATA)},
           'OPEN, ACCEPT and DATA are among what is replayed', kinds)
    began = time.monotonic()
    replay(mid, talks, captured, 'at once')
    while time.monotonic() < began + 1:
        mid.pump(limit=0.1)
    replay(mid, talks, captured, 'after a second')

    mid.sstctl('b', 'set', 'opening-window', '1')
    # Two looks of the reaper behind it all that was seen is forgotten.
    began = time.time()
    while time.time() < began + 4:
        mid.pump(limit=0.5)
    replay(mid, talks, captured, 'after the window')
    mid.sstctl('b', 'set', 'opening-window', '600')

    mid.sstctl('b', 'flow', 'flush')
    replay(mid, talks, captured, 'when the flows have ended', use=False)
    report(mid.counter('b', 'rx_nomem') == 0, 'B: no rx_nomem',
           mid.counter('b', 'rx_nomem'))
    report(mid.counter('b', 'rx_half_open') > 0,
           'B: copies from ever more tuples make no more flows')
    return talks, captured


def after_restart(mid, captured):
    """Another machine has B's address and key."""
    mid.restart()
    udp = [Udp(mid, family=family, dport=5310 + family) for family in (4, 6)]
    tcp = [Tcp(mid, family=family, dport=8010 + family, connect=False)
           for family in (4, 6)]
    old = [Udp(mid, family=family, dport=5300 + family) for family in (4, 6)]
    for how in WAYS:
        sent = list(copies(captured, how))
        for one in sent:
            mid.inject(*one)
        mid.pump()
        got = [talk.strange() for talk in udp + old]
        report(not any(got), 'after a restart, from %s: %d copies deliver '
               'nothing' % (how, len(sent)), got)
    for talk in udp + old:
        report(talk.exchange(1), talk.name + ': a new flow works at once')
    for talk in tcp:
        report(talk.connect(1) and talk.exchange(1),
               talk.name + ': a new connection works at once')
    report(not any(talk.doubled() for talk in udp + old),
           'nothing arrived twice')


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
    report(count == 1, 'copy from %s first: delivered exactly once' % how,
           '%d times' % count)
    report(good, 'copy from %s first: the client goes on' % how,
           mid.states('b', dport))


def copy_of_syn(mid, how, dport):
    """A copy of the SYN right behind it."""
    talk = Tcp(mid, dport=dport, connect=False)
    talk.begin()
    syn = mid.take('a')
    mid.inject('b', syn)
    for one in copies([('a', syn)], how):
        mid.inject(*one)
    report(talk.finish() and talk.exchange(1),
           'a copy of the SYN from %s: the connection is there' % how,
           mid.states('b', dport))


def late_syn(mid, dport):
    """An earlier SYN comes when a later one was taken."""
    talk = Tcp(mid, dport=dport, connect=False)
    talk.begin()
    first = mid.take('a')
    # TCP repeats it after a second, and the flow starts over.
    second = mid.take('a')
    report(salt_of(first) != salt_of(second),
           'a SYN without answer: the flow starts over')
    mid.inject('b', second)
    mid.inject('b', changed(first, sport=next(PORTS)), first)
    report(talk.finish() and talk.exchange(1),
           'an old SYN comes late: the connection is there', mid.states('b', dport))


def closing(mid, dport):
    """A copy of the SYN does not end a connection that is closing."""
    start = len(mid.passed)
    talk = Tcp(mid, dport=dport)
    talk.exchange()
    syn = next(data for _, data in mid.passed[start:]
               if kind(data) == trailer.OPEN)
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
    report(mid.pump(here, 5),
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
    report([one for one, _ in talk.log] == [data],
           'window 0: delivered exactly once', talk.log)
    replay(mid, [talk], [('a', opened)], 'window 0, confirmed')
    held = [data for sender, data in mid.passed if sender == 'b'
            and kind(data) == trailer.ACCEPT and is_empty(data)]
    report(held, 'window 0: an empty ACCEPT asked for the confirmation')
    mid.sstctl('b', 'set', 'opening-window', '600')


def old_accept(mid, dport):
    """The answer to an earlier opening is none to this one."""
    talk = Udp(mid, dport=dport)
    start = len(mid.passed)
    talk.exchange()
    answer = next(data for sender, data in mid.passed[start:]
                  if sender == 'b' and kind(data) == trailer.ACCEPT)
    mid.sstctl('a', 'flow', 'flush')
    talk.ask()
    opened = mid.take('a')
    ports = packet.Packet(opened).ports
    before = mid.counter('a', 'rx_auth')
    mid.inject('a', changed(answer, sport=ports[1], dport=ports[0]))
    mid.pump()
    states = [flow['state'] for flow in mid.flows('a')
              if flow['local_port'] == talk.port]
    report(states == ['opening'] and not drained(talk)
           and mid.counter('a', 'rx_auth') == before + 1,
           'an old ACCEPT on the tuple of a new opening is refused', states)
    mid.inject('b', opened)
    report(talk.exchange(), 'and the flow opens')


def drained(talk):
    """What the client got."""
    return talk.mid.pump() and [data for data, _ in talk.collect()]


def stale_opening_squats(mid):
    """An old opening must not take the way of what B sends itself."""
    talk = Udp(mid, dport=5399)
    start = len(mid.passed)
    report(talk.exchange(), 'an exchange')
    opened = next(data for _, data in mid.passed[start:]
                  if kind(data) == trailer.OPEN)
    port = talk.port
    talk.client.close()
    talk.server.close()
    mid.sstctl('a', 'flow', 'flush')
    mid.restart()
    mid.inject('b', opened)
    mid.pump()
    # Now the other way round, on the same real tuple.
    back = Udp(mid, 'b', sport=5399, dport=port)
    report(back.exchange(1), 'an old opening does not stop what B opens to '
           'the same tuple', mid.states('b', port))


def glare_by_replay(mid):
    """Nor does it win against an opening of B's."""
    bad = 0
    for number in range(6):
        talk = Udp(mid, sport=5500 + number, dport=5600 + number)
        start = len(mid.passed)
        talk.exchange()
        opened = next(data for _, data in mid.passed[start:]
                      if kind(data) == trailer.OPEN)
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
    report(not bad, 'a copy does not win a glare', '%d of 6' % bad)


def clock_of_1970(mid):
    """The responder's clock was set back to its beginning."""
    talk = Udp(mid, dport=5700)
    other = Tcp(mid, dport=8700)
    start = len(mid.passed)
    good = talk.exchange() and other.exchange()
    captured = [one for one in mid.passed[start:]]
    report(good, 'exchanges before')
    now, began = time.time(), time.monotonic()
    subprocess.run(('date', '-s', '@1000'), check=True,
                   stdout=subprocess.DEVNULL)
    try:
        report(time.time() < 100000, 'the clock shows 1970', time.time())
        replay(mid, [talk, other], captured, 'in 1970')
        late = Udp(mid, dport=5701)
        report(late.exchange(1), 'a new flow in 1970 takes a round trip more')
        late = Tcp(mid, dport=8701)
        report(late.server and late.exchange(1), 'a new connection in 1970')
        mid.sstctl('b', 'flow', 'flush')
        replay(mid, [talk, other], captured, 'in 1970, flows ended',
               use=False)
    finally:
        subprocess.run(('date', '-s', '@%d' % (
            now + time.monotonic() - began + 1)), check=True,
            stdout=subprocess.DEVNULL)
    late = Udp(mid, dport=5702)
    report(late.exchange(1), 'a new flow when the clock is right again')


def main():
    """The command line."""
    random.seed(1)
    mid = Middle(arguments())
    try:
        _, captured = whole_life(mid)
        copy_first(mid, 'another port', 5201)
        copy_first(mid, 'another address', 5202)
        for number, how in enumerate(WAYS):
            copy_of_syn(mid, how, 8201 + number)
        late_syn(mid, 8210)
        closing(mid, 8220)
        confirm_first(mid, 5203)
        old_accept(mid, 5204)
        glare_by_replay(mid)
        after_restart(mid, captured)
        stale_opening_squats(mid)
        clock_of_1970(mid)
    finally:
        mid.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
