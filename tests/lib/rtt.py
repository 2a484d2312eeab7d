#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Round trips until a connection is made, and until the first answer.

Prints a line "pass TEXT" or "fail TEXT" for each result.  Judged is the time
in round trips, rounded; a machine with other things to do can only make it
longer, so the best of a few attempts counts.
"""

import argparse
import itertools
import socket
import sys
import time
from collections import namedtuple

import hosts
from hosts import ADDRESS, FAMILY, KIND, RST, SYN
from inits import read
from nets import report

# pylint: disable=wrong-import-position
from sst import packet, trailer  # noqa: E402
from sst.packet import TCP, UDP  # noqa: E402

PLAIN, SEALED = 600, 700
NAMES = {UDP: 'UDP', TCP: 'TCP'}
ATTEMPTS = 4
# Milliseconds in each direction; the second where the first is not enough.
DELAYS = 50, 400

# Round trips: until connect() returns (0 for UDP), until the answer; packets
# that open the flow, and what B sends before its answer.
Seen = namedtuple('Seen', 'connect answer openings answers')


class World(hosts.Hosts):
    """Hosts far from each other."""

    def __init__(self, args):
        super().__init__(args.id)
        self.round_trip = None
        self.servers = {}
        for fam, proto, port in itertools.product(
                (4, 6), (UDP, TCP), (PLAIN, SEALED)):
            sock = self.bound('B', fam, proto, port)
            if proto == TCP:
                sock.listen(16)
            self.servers[fam, proto, port] = sock

    def delay(self, milliseconds):
        """Of the path, in each direction."""
        self.round_trip = 2 * milliseconds / 1000
        for device in ('ra', 'rb'):
            self.run('R', 'tc', 'qdisc', 'replace', 'dev', device, 'root',
                     'netem', 'delay', '%dms' % milliseconds)

    def forget(self):
        """No association is left."""
        for host in 'AB':
            self.sst(host, 'assoc', 'flush')

    def rounds(self, began):
        """Time since then."""
        return round((time.monotonic() - began) / self.round_trip)

    def ask(self, fam, proto, addr, port):
        """A asks, B answers; Seen."""
        server = self.servers[fam, proto, port]
        self.enter('A')
        sock = socket.socket(FAMILY[fam], KIND[proto])
        sock.bind((addr, 0))
        sock.settimeout(30)
        for tap in self.tap.values():
            tap.passed(False)
        began = time.monotonic()
        sock.connect((ADDRESS['B', fam], port))
        connect = self.rounds(began)
        sock.send(b'ask')
        if proto == UDP:
            server.sendto(*server.recvfrom(100))
        else:
            end = server.accept()[0]
            end.send(end.recv(100))
        sock.recv(100)
        answer = self.rounds(began)
        sent, heard = (self.tap[host].passed(False) for host in 'AB')
        if proto == TCP:
            end.close()
        sock.close()
        return Seen(connect, answer,
                    sum(opens(data, proto) for data in sent),
                    sum(answers(data, proto) for data in heard))


def opens(data, proto):
    """Is it a packet with which a flow begins?"""
    parsed, kind = read(data)
    if parsed.proto != proto:
        return False
    if proto == TCP:
        return bool(parsed.segment[13] & SYN)
    return kind in (None, trailer.OPEN, trailer.INIT)


def answers(data, proto):
    """Does it answer one?"""
    parsed = packet.Packet(data)
    return parsed.proto == proto and (
        proto == UDP or parsed.segment[13] & (SYN | RST) > 0)


def measured(want, attempt):
    """The first attempt that gives what it should, or the last one."""
    got = None
    for _ in range(ATTEMPTS):
        got = attempt()
        if got == want:
            break
    return got


def expected(proto, more):
    """Seen of a connection with so many more round trips than a plain one."""
    connect = 1 + more if proto == TCP else 0
    return Seen(connect, connect + 1 if proto == TCP else 1 + more,
                1 + more, 1 + more)


def plain(world):
    """What it takes without SST; False when the machine is too slow."""
    for fam, proto in itertools.product((4, 6), (UDP, TCP)):
        want = expected(proto, 0)
        addr = ADDRESS['A', fam]
        if measured(want, lambda fam=fam, proto=proto, addr=addr: world.ask(
                fam, proto, addr, PLAIN)) != want:
            return False
    return True


class Case:
    """The same with SST."""

    def __init__(self, world, fam, proto):
        self.world, self.fam, self.proto = world, fam, proto
        self.addr = None

    def judge(self, text, want, new, forget):
        """From a new address or the one before, with an association or not."""
        addr = None if new else self.addr

        def attempt():
            self.addr = addr or self.world.new_address(self.fam)
            if forget:
                self.world.forget()
            return self.world.ask(self.fam, self.proto, self.addr, SEALED)

        got = measured(want, attempt)
        report(got == want, '%s over IPv%d, %s: %d round trips more' % (
            NAMES[self.proto], self.fam, text,
            want.answer - expected(self.proto, 0).answer),
               'got  %s\nwant %s' % (got, want))

    def before(self):
        """Nobody was ever asked for a cookie."""
        none = expected(self.proto, 0)
        self.judge('a host that is new', none, True, True)
        self.judge('one that is known', none, False, False)

    def asked(self):
        """With cookies, and when they are asked for no more."""
        none = expected(self.proto, 0)
        self.world.sst('B', 'set', 'cookies', 'always')
        self.judge('cookies always, a host that is new',
                   expected(self.proto, 1), True, True)
        self.judge('cookies always, once more', none, False, True)
        self.judge('cookies always, one that is known', none, False, False)
        self.world.sst('B', 'set', 'cookies', 'off')
        # The datagram waits for the confirmation.
        self.judge('cookies no more, a host that is new',
                   Seen(0, 2, 1, 2) if self.proto == UDP else none, True,
                   True)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    world = World(parser.parse_args())
    for delay in DELAYS:
        world.delay(delay)
        if plain(world):
            break
        print('# %d ms of delay cannot be measured here' % delay)
    report(plain(world), 'plain connections can be measured, %d ms a round'
           ' trip' % (world.round_trip * 1000))
    unready = world.watch('A', 'tx_unready')
    cases = [Case(world, fam, proto)
             for fam, proto in itertools.product((4, 6), (UDP, TCP))]
    for case in cases:
        case.before()
    for case in cases:
        case.asked()
    report(not unready(), 'A never waited for an ephemeral key', unready())
    return 0


if __name__ == '__main__':
    sys.exit(main())
