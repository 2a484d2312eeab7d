#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Everything that passed between two hosts is sent once more, at every age.

A knows B by its public key when that is given, else by a pre-shared key.
Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import itertools
import os
import subprocess
import sys
import time

from copies import Round, replay
from inits import Client
from middle import (ADDRESS, Middle, Tcp, Udp, arguments, drain, opening,
                    packet, report, trailer)

# pylint: disable=wrong-import-position
from sst import hostkey  # noqa: E402

PORTS = itertools.count(5300)
# Long enough for a flow to start over.
RESTARTED = 1.2
ACK = 16


def form(data):
    """Type, and whether N (of an INIT: C) is set."""
    meta = opening.peek(packet.Packet(data).segment)
    return meta.type, bool(meta.flags & trailer.N)


def another_a(mid, number):
    """A has other addresses from here on; nobody has given them a cookie."""
    ADDRESS['a'] = {4: '10.0.1.%d' % number, 6: 'fd00:1::%d' % number}
    for addr in (ADDRESS['a'][4] + '/24', ADDRESS['a'][6] + '/64'):
        subprocess.run(['ip', '-n', mid.netns['a'], 'addr', 'add', addr,
                        'dev', 'eth0'] + ['nodad'] * (':' in addr),
                       check=True)
    mid.acquainted.clear()


class Life:
    """Flows from their first packet on, and all that passed."""

    def __init__(self, mid):
        self.mid = mid
        self.talks = []
        self.captured = []

    def _note(self, text, talk, start, good):
        self.captured += self.mid.passed[start:]
        self.talks.append(talk)
        talk.name = '%s, %s' % (text, talk.name)
        report(good, talk.name + ': an exchange', self.mid.states(
            'b', talk.dport))

    def udp(self, text, family, count=2):
        """So many datagrams before the first answer, and some more."""
        talk = Udp(self.mid, family=family, dport=next(PORTS))
        start = len(self.mid.passed)
        asked = [talk.ask() for _ in range(count)]
        good = self.mid.pump(lambda: all(map(talk.arrived, asked)), 2) \
            and talk.answer() and talk.exchange()
        self._note(text, talk, start, good)

    def tcp(self, text, family):
        """A connection."""
        talk = Tcp(self.mid, family=family, dport=next(PORTS), connect=False)
        start = len(self.mid.passed)
        self._note(text, talk, start, talk.connect() and talk.exchange())

    def open(self, first, later):
        """Each kind of flow, with a key and on an association."""
        for self.mid.on_association, text in ((False, first), (True, later)):
            for family in (4, 6):
                self.udp(text, family)
                self.tcp(text, family)

    def with_cookies(self):
        """B asks each address of A for a cookie."""
        self.mid.on_association = False
        self.mid.sstctl('b', 'set', 'cookies', 'always')
        another_a(self.mid, 2)
        # What is asked for a cookie goes out again, what is behind it not.
        self.udp('COOKIE', 4, 1)
        self.tcp('COOKIE', 6)
        another_a(self.mid, 3)
        self.tcp('COOKIE', 4)
        self.udp('COOKIE', 6, 1)

    def replay(self, when, **more):
        """All of it."""
        replay(self.mid, self.talks, self.captured, when, **more)

    def replays(self):
        """While B knows the flows, and when it does not."""
        mid = self.mid
        began = time.monotonic()
        self.replay('at once')
        mid.sstctl('b', 'set', 'cookies', 'off')
        while time.monotonic() < began + 1:
            mid.pump(limit=0.1)
        self.replay('after a second')
        mid.sstctl('b', 'set', 'opening-window', '1')
        # Two looks of the reaper behind it all that was seen is forgotten.
        began = time.time()
        while time.time() < began + 4:
            mid.pump(limit=0.5)
        self.replay('after the window')
        mid.sstctl('b', 'flow', 'flush')
        self.replay('after the window, without flows', use=False)
        mid.sstctl('b', 'set', 'opening-window', '600')
        self.replay('without flows', use=False)

    def after_restart(self):
        """Another machine has B's addresses and keys."""
        mid = self.mid
        mid.on_association = True
        for family in (4, 6):
            mid.prepare(family)
        mid.restart()
        for talk in self.talks:
            talk.restart()
        if mid.args.public:
            mid.sstctl('b', 'set', 'cookies', 'always')
        self.replay('after a restart', use=False)
        mid.sstctl('b', 'set', 'cookies', 'off')


def new_flows(mid):
    """What begins after a restart works at once, and on an association that
    only A knows at the first retransmission."""
    talk = Udp(mid, family=4, dport=next(PORTS))
    lost = talk.ask()
    came = mid.pump(lambda: talk.arrived(lost), RESTARTED)
    report(not came and talk.exchange(), talk.name + ': a flow on a lost'
           ' association starts over', mid.states('a', talk.port))
    talk = Tcp(mid, family=6, dport=next(PORTS))
    report(talk.server and talk.exchange(),
           talk.name + ': so does a connection')
    mid.on_association = False
    for family in (4, 6):
        talk = Udp(mid, family=family, dport=next(PORTS))
        report(talk.exchange(1), talk.name + ': a new flow works at once')
        talk = Tcp(mid, family=family, dport=next(PORTS), connect=False)
        before = mid.counter('a', 'tx_restarted')
        report(talk.connect(1) and talk.exchange(1)
               and mid.counter('a', 'tx_restarted') == before,
               talk.name + ': a new connection works at once')


class Strangers:
    """Fresh anonymous INITs that say to come from A, beside a live flow."""

    def __init__(self, mid, talk):
        self.mid, self.talk = mid, talk
        mid.pump()
        start = len(mid.passed)
        talk.exchange()
        # A's first.
        self.wires = next(packet.Packet(data).ports
                          for sender, data in mid.passed[start:]
                          if sender == 'a')
        self.served = talk.side == 'a'
        self.ports = (talk.where[1], talk.dport) if self.served \
            else (talk.dport, talk.where[1])
        self.tcp = isinstance(talk, Tcp)
        self.public = hostkey.HostKey.load(
            os.path.join(mid.args.tmp, 'B.key')).public

    def client(self, ports, wires=None):
        """Somebody without name at A's address."""
        family = self.talk.family
        return Client(self.public, ADDRESS['a'][family],
                      ADDRESS['b'][family], *ports,
                      packet.TCP if self.tcp else packet.UDP, wires=wires)

    def flow(self):
        """What B knows of the live flow, but for what it counts."""
        return [[flow[name] for name in (
            'id', 'role', 'local_port', 'remote_port')]
                for flow in self.mid.flows('b')
                if (flow['wire_remote_port'],
                    flow['wire_local_port']) == self.wires]

    def arrived(self):
        """Ports from which something reached B that the talk did not send."""
        if self.tcp:
            return [one[1] if isinstance(one, tuple) else one
                    for one in self.talk.strange()]
        return [port for _, port in drain(self.talk.server)
                + drain(self.talk.client)]

    def send(self, text, data, want):
        """One packet of a stranger.

        Returns what B sends, and the ports from which something arrived.
        """
        talk, before = self.talk, self.flow()
        good = talk.exchange()
        seen = Round(self.mid, [('b', data, None)])
        got = {name: count for name, count in seen.change['b'].items()
               if name.startswith('rx_')}
        ports = self.arrived()
        report(good and talk.exchange() and self.flow() == before
               and len(before) == 1, '%s: %s, the live flow goes on' % (
                   talk.name, text), '%s\n%s' % (before, self.flow()))
        report(got == dict.fromkeys(want, 1) and self.ports[0] not in ports,
               '%s: %s, counted' % (talk.name, text), '%s %s' % (got, ports))
        return [parsed.data for sender, parsed in seen.answers
                if sender == 'b'], ports

    def on_tuples(self):
        """On the wire tuple, and on the real one as if it were on the wire.
        """
        for text, wires, counter in (
                ('wire', self.wires, 'rx_tuple' if self.served else 'rx_type'),
                ('real', self.ports, 'rx_tuple')):
            text = 'an INIT on its %s tuple' % text
            seen = self.send(text, self.client(
                self.ports, wires).init(b'stranger'), [counter])
            report(seen == ([], []), '%s: %s, silence' % (
                self.talk.name, text), seen)

    def beside(self):
        """Another wire tuple, the real ports of the flow: a flow of its own,
        from another port."""
        client = self.client(self.ports)
        init = client.init(b'stranger')
        self.mid.sink.write(init, time.time_ns())
        answers, first = self.send(
            'an INIT for its real tuple', init,
            ['rx_queued', 'rx_init', 'rx_alias', 'rx_opened'])
        answer = client.answer(answers)
        client.agree(answer)
        more = {'flags': ACK, 'seq': 1001, 'ack': 1 + int.from_bytes(
            answer.segment[4:8], 'big')} if self.tcp else {}
        data = client.data(b'more', **more)
        self.mid.sink.write(data, time.time_ns())
        _, second = self.send('a DATA behind it', data, ['rx_opened'])
        want = 1 if self.tcp else 2
        report(not self.served or len(first + second) == want,
               self.talk.name + ': it arrives from another port',
               (first, second, self.ports))


def strangers(mid, life):
    """Beside flows that A opened, and with a pre-shared key B, too."""
    talks = life.talks[:4]
    if not mid.args.public:
        mid.on_association = True
        talks = life.talks[4:6]
        for sort in (Udp, Tcp):
            talk = sort(mid, 'b', family=4, dport=next(PORTS))
            talk.name = 'opened by B, ' + talk.name
            talks.append(talk)
    for talk in talks:
        stranger = Strangers(mid, talk)
        stranger.on_tuples()
        stranger.beside()


def what_passed(mid, life):
    """Are all forms among what is replayed?"""
    forms = {(sender,) + form(data) for sender, data in life.captured}
    want = {('a', trailer.OPEN, False), ('a', trailer.DATA, False),
            ('b', trailer.ACCEPT, True), ('b', trailer.ACCEPT, False),
            ('b', trailer.DATA, False)}
    want |= {('a', trailer.INIT, False), ('a', trailer.INIT, True),
             ('b', trailer.COOKIE, False)} if mid.args.public \
        else {('a', trailer.OPEN, True)}
    report(forms == want, 'all forms are among what is replayed', forms)


def main():
    """The command line."""
    mid = Middle(arguments())
    life = Life(mid)
    try:
        if mid.args.public:
            life.open('INIT', 'OPEN on what INIT made')
        else:
            life.open('OPEN N', 'OPEN on what OPEN N made')
        strangers(mid, life)
        if mid.args.public:
            life.with_cookies()
        what_passed(mid, life)
        life.replays()
        report(mid.counter('b', 'rx_nomem') == 0, 'B: no rx_nomem')
        report(mid.counter('b', 'rx_half_open') > 0,
               'B: copies from ever more tuples make no more flows')
        life.after_restart()
        new_flows(mid)
        doubled = [talk.name for talk in life.talks
                   if isinstance(talk, Udp) and talk.doubled()]
        report(not doubled, 'nothing arrived twice', doubled)
    finally:
        mid.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
