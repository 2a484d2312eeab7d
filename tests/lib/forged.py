#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Public keys that are none, and answers that B did not make.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import itertools
import os
import socket
import subprocess
import sys
import time
from unittest import mock

import hosts
from calls import Calls, MULTIPLICATION
from cookies import NOBODY
from hosts import ADDRESS, until
from inits import Client, of_type
from middle import drain
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import hostkey, kdf, opening, packet, trailer  # noqa: E402
from sst.trailer import ACCEPT, INIT, N, TCP, UDP  # noqa: E402

PORT = {UDP: 53, TCP: 80}
NAMES = {UDP: 'UDP', TCP: 'TCP'}
# SST_ACCEPTS_TRIED and SST_ACCEPTS_PER_SECOND of sst/wire.h
TRIED, PER_SECOND = 16, 10
FORGED = 2000

PRIME = 2 ** 255 - 19
TOP = 0x80
# The points that share no secret: 0, 1, p - 1, p, p + 1 and two of order 8,
# with and without the bit that does not count.
SMALL = [number.to_bytes(32, 'little') for number in (
    0, 1, PRIME - 1, PRIME, PRIME + 1)] + [bytes.fromhex(text) for text in (
        'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
        '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157')]
SMALL += [point[:31] + bytes((point[31] | TOP,)) for point in SMALL]


def other_encoding(point):
    """X25519 gives the same for it."""
    return point[:31] + bytes((point[31] ^ TOP,))


def with_enc(data, kind, flags, enc):
    """A copy of a packet with another enc_i or enc_r."""
    parsed = packet.Packet(data)
    at = len(data) - trailer.length(kind, flags)
    for name, size in trailer.layout(kind, flags):
        if name in ('enc_i', 'enc_r'):
            break
        at += size
    out = bytearray(data)
    out[at:at + 32] = enc
    packet.fix_transport(out, parsed.src, parsed.dst, parsed.proto, parsed.l4)
    return bytes(out)


class World(hosts.Hosts):
    """Hosts, B's servers, and who knows B's public key."""

    def __init__(self, args):
        super().__init__(args.id)
        self.public = hostkey.parse(args.public)
        self.strangers = itertools.count(1)
        self.multiplied = Calls(MULTIPLICATION)
        self.udp = {fam: self.bound('B', fam, UDP, PORT[UDP])
                    for fam in (4, 6)}
        self.tcp = {fam: self.listener('B', fam, PORT[TCP])
                    for fam in (4, 6)}
        for sock in itertools.chain(self.udp.values(), self.tcp.values()):
            sock.setblocking(False)

    def stranger(self, fam, proto, **more):
        """A Client that nobody would route to."""
        where = 5, next(self.strangers)
        return Client(self.public, NOBODY[fam] % where, ADDRESS['B', fam],
                      dport=PORT[proto], proto=proto, **more)

    def change(self, host, before, *names):
        """Of these counters, those that changed."""
        return {name: by for name, by in difference(
            before, self.stats(host)).items() if name in names}

    def delivered(self, fam):
        """What B's programs got."""
        out = [data for data, _ in drain(self.udp[fam])]
        try:
            out.append(self.tcp[fam].accept()[1])
        except BlockingIOError:
            pass
        return out

    def refused(self, text, fam, packets, counter, work):
        """B: each is counted, with so much work at most, and silence."""
        self.tap['B'].passed(False)
        before, multiplied = self.stats('B'), self.multiplied.count
        packets = list(packets)
        for data in packets:
            self.inject('B', data)
        until(lambda: sum(self.change('B', before, counter).values())
              >= len(packets), 10)
        heard = self.tap['B'].passed(False, 0.3)
        change = self.change('B', before, counter, 'rx_init', 'assoc_made')
        got = self.delivered(fam)
        if multiplied is not None:
            multiplied = self.multiplied.count - multiplied
            print('# %d packets, %d multiplications' % (
                len(packets), multiplied))
        report(change == {counter: len(packets)} and not heard and not got
               and (multiplied is None
                    or multiplied <= work * len(packets)), text,
               '%s %s %s %s' % (change, len(heard), got, multiplied))


def bad_static(world):
    """Peers that nothing can be agreed on with."""
    codes = {subprocess.run(
        ('sstctl', '-n', world.name['A'], 'peer', 'add', 'weak', 'public-key',
         point.hex()), check=False, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode for point in SMALL}
    report(codes == {1}, 'no peer gets a public key of small order', codes)


def sealed_for(enc, make):
    """What somebody sends who counts on a secret of zeros."""
    with mock.patch.multiple(kdf, x25519=lambda *_: bytes(32),
                             x25519_public=lambda _: enc):
        return make().init(b'forged')


def bad_enc_i(world, fam, proto):
    """INITs."""
    name = '%s over IPv%d' % (NAMES[proto], fam)

    def make():
        return world.stranger(fam, proto)
    world.refused(name + ': an enc_i of small order is refused', fam,
                  [sealed_for(enc, make) for enc in SMALL], 'rx_key', 1)
    client = make()
    data = client.init(b'forged')
    world.refused(name + ': another encoding of enc_i is not the same INIT',
                  fam, [with_enc(data, INIT, 0,
                                 other_encoding(client.enc_i))],
                  'rx_auth', 1)
    # Two multiplications more: the ephemeral key for the answer may have to
    # be drawn first.
    world.refused(name + ': nor can anybody claim an identity that shares no'
                  ' secret', fam, [
                      world.stranger(fam, proto, claim=claim).init(b'forged')
                      for claim in SMALL], 'rx_key', 3)


class Opening:
    """A flow that A opens, whose answers are lost for now."""

    def __init__(self, world, fam, proto):
        self.world, self.fam, self.proto = world, fam, proto
        for host in 'AB':
            world.sst(host, 'assoc', 'flush')
            world.tap[host].passed(False)
        world.drop('B')
        world.enter('A')
        self.sock = socket.socket(hosts.FAMILY[fam], hosts.KIND[proto])
        self.sock.setblocking(False)
        self.before = world.stats('A')
        self.multiplied = world.multiplied.count
        self.sock.connect_ex((ADDRESS['B', fam], PORT[proto]))
        if proto == UDP:
            self.sock.send(b'ask')
        heard = []
        until(lambda: heard.extend(world.tap['B'].passed(False, 0.02))
              or of_type(heard, ACCEPT), 3)
        accept = of_type(heard, ACCEPT)[0]
        self.accept = accept.data
        self.enc_r = opening.take_apart(accept, False, True).fields['enc_r']
        # B is done.
        until(lambda: not world.tap['B'].passed(False, 0.05), 1)
        if self.multiplied is not None:
            self.multiplied = world.multiplied.count

    def forge(self, encs):
        """To A, one ACCEPT with each of these in place of the true enc_r."""
        for data in [with_enc(self.accept, ACCEPT, N, enc) for enc in encs]:
            self.world.inject('A', data)

    def change(self, *names):
        """Of A's counters."""
        return self.world.change('A', self.before, *names)

    def spent(self, done):
        """Multiplications since the answers were lost; as many as were to be
        done where nobody counts them."""
        if self.multiplied is None:
            return done
        return self.world.multiplied.count - self.multiplied

    def goes_on(self):
        """The true answer is taken, and the program gets what it should."""
        world = self.world
        world.inject('A', self.accept)
        good = until(lambda: self.change('rx_accept'), 3)
        restarted = self.change('tx_restarted')
        world.drop()
        if self.proto == UDP:
            got = []
            until(lambda: got.extend(drain(world.udp[self.fam])) or got, 3)
            for data, port in got:
                world.udp[self.fam].sendto(
                    data, (ADDRESS['A', self.fam], port))
            good = good and [data for data, _ in got] == [b'ask'] \
                and until(lambda: drain(self.sock), 5)
        else:
            good = good and until(lambda: not hosts.outcome(
                self.sock.getpeername), 10) and until(
                    lambda: world.delivered(self.fam), 5)
        self.sock.close()
        return good and not restarted


def bad_enc_r(world, fam, proto):
    """ACCEPTs with keys that share no secret."""
    name = '%s over IPv%d' % (NAMES[proto], fam)
    begun = Opening(world, fam, proto)
    begun.forge(SMALL)
    until(lambda: begun.change('rx_key').get('rx_key', 0) >= len(SMALL), 5)
    begun.forge([other_encoding(begun.enc_r)])
    until(lambda: begun.change('rx_auth'), 5)
    change = begun.change('rx_key', 'rx_auth', 'rx_accept')
    report(change == {'rx_key': len(SMALL), 'rx_auth': 1}, name + ': an enc_r'
           ' of small order is refused, and another encoding of the true one',
           change)
    report(begun.goes_on(), name + ': the true answer is taken',
           difference(begun.before, world.stats('A')))


def many_answers(world, fam, proto):
    """ACCEPTs by the thousand before the true one."""
    name = '%s over IPv%d' % (NAMES[proto], fam)
    begun = Opening(world, fam, proto)
    began = time.monotonic()
    begun.forge([os.urandom(32) for _ in range(FORGED)])

    def counted():
        change = begun.change('rx_auth', 'rx_queue')
        return change.get('rx_auth', 0), change.get('rx_queue', 0)
    until(lambda: sum(counted()) >= FORGED, 5)
    took = time.monotonic() - began
    tried, ignored = counted()
    # Each second begins anew.
    most = TRIED + PER_SECOND * (int(took) + 2)
    spent = begun.spent(tried)
    print('# %d ACCEPTs in %.1f s: %d tried, %s multiplications' % (
        FORGED, took, tried, spent))
    report(TRIED <= tried <= most and tried + ignored == FORGED
           and spent <= tried, name + ': of thousands of forged answers a few'
           ' are tried, one multiplication each', '%d %d %d %d' % (
               tried, ignored, most, spent))
    # In the same second there may be no room for it.
    time.sleep(1)
    report(begun.goes_on(), name + ': the true one is taken',
           difference(begun.before, world.stats('A')))


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--public', required=True, help="B's public key")
    world = World(parser.parse_args())
    bad_static(world)
    for fam, proto in itertools.product((4, 6), (UDP, TCP)):
        bad_enc_i(world, fam, proto)
        bad_enc_r(world, fam, proto)
        many_answers(world, fam, proto)
    world.multiplied.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
