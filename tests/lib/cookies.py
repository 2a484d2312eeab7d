#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Cookies: who is asked for one, and what those can do who were not.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import itertools
import os
import socket
import sys
import time

import hosts
from hosts import ADDRESS, FAMILY, KIND, outcome, until
from inits import Client, forged_cookie, inits, of_type
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import cookie, hostkey, opening, packet, trailer  # noqa: E402
from sst.trailer import ACCEPT, C, COOKIE, INIT, TCP, UDP  # noqa: E402

ECHO = {UDP: 53, TCP: 80}
NAMES = {UDP: 'UDP', TCP: 'TCP'}
# Nobody has these; the router has no way back to them.
NOBODY = {4: '10.9.%d.%d', 6: 'fd00:9:0:%x::%x'}
# sst/limit.h
BURST, PER_SECOND, IGNORED = 20, 5, 10
# More than that within a second.
MANY = 60


class World(hosts.Hosts):
    """Hosts, and who knows B's public key."""

    def __init__(self, args):
        super().__init__(args.id)
        self.public = hostkey.parse(args.public)
        self.sports = itertools.count(41000)
        self.servers = {(fam, proto): self.bound('B', fam, proto,
                                                 ECHO[proto])
                        for fam in (4, 6) for proto in (UDP, TCP)}
        for (_, proto), sock in self.servers.items():
            sock.settimeout(60)
            if proto == TCP:
                sock.listen(64)

    def forget(self):
        """No association is left; the next flow needs an INIT."""
        for host in 'AB':
            self.sst(host, 'assoc', 'flush')

    def cookies(self, mode):
        """B's mode."""
        self.sst('B', 'set', 'cookies', mode)

    def socket(self, fam, proto, addr):
        """A's, bound to an address."""
        self.enter('A')
        sock = socket.socket(FAMILY[fam], KIND[proto])
        sock.bind((addr, 0))
        sock.settimeout(60)
        return sock

    def _serve(self, fam, proto, asked):
        """B's program; others than A may have sent something, too."""
        server = self.servers[fam, proto]
        if proto == TCP:
            end = server.accept()[0]
            end.settimeout(60)
            end.send(end.recv(100))
            end.close()
            return
        got = None
        while got != asked:
            got, where = server.recvfrom(100)
        server.sendto(got, where)

    def ask(self, fam, proto, addr):
        """A asks B and is answered."""
        asked = os.urandom(8)
        with self.socket(fam, proto, addr) as sock:
            try:
                sock.connect((ADDRESS['B', fam], ECHO[proto]))
                sock.send(asked)
                self._serve(fam, proto, asked)
                return sock.recv(100) == asked
            except socket.timeout:
                return False

    def ask_anew(self, fam, proto, addr):
        """As ask(), of an address that B does not know; also how B's counters
        changed.  It makes the association when A's confirmation has come, just
        behind the answer."""
        before = self.stats('B')
        good = self.ask(fam, proto, addr)
        until(lambda: difference(before, self.stats('B')).get('assoc_made'))
        return good, difference(before, self.stats('B'))

    def quiet(self):
        """What passed before does not count."""
        self.tap['A'].passed(False)
        self.tap['B'].passed(False)

    def stranger(self, fam, net=0, host=1, **more):
        """A Client that nobody would route to."""
        return Client(self.public, NOBODY[fam] % (net, host),
                      ADDRESS['B', fam], next(self.sports), **more)

    def send(self, data, wait=0.0):
        """To B, from the path; what B sends while we wait."""
        self.tap['B'].passed(False)
        self.inject('B', data)
        return self.tap['B'].passed(False, wait)

    def asked(self, data, found):
        """To B, from the path; what B sends until found() is there in it, which
        takes as long as B needs."""
        heard = self.send(data)
        until(lambda: heard.extend(self.tap['B'].passed(False, 0.02))
              or found(heard))
        return heard

    def reaction(self, data, counters, found=None):
        """Counters of B that a packet changes, of those that are given; the
        packets that B sends, until found() is there in them."""
        before = self.stats('B')
        heard = self.send(data)

        def now():
            change = difference(before, self.stats('B'))
            return {name: change[name] for name in counters
                    if name in change}
        until(now)
        heard += self.tap['B'].passed(False, 0.3)
        if found:
            until(lambda: heard.extend(self.tap['B'].passed(False, 0.02))
                  or found(heard))
        return now(), heard


def judged(text, got, want, *more):
    """Counters, as they should be."""
    got = {name: got.get(name, 0) for name in want}
    return report(got == want and all(more), text,
                  'got %s\nwant %s\n%s' % (got, want, more))


def not_asked(world):
    """Modes off and load, while there is nothing to do."""
    for mode in ('off', 'load'):
        world.cookies(mode)
        world.quiet()
        good, change = world.ask_anew(4, UDP, world.new_address(4))
        judged('mode %s: no COOKIE, no round trip more' % mode, change,
               {'tx_cookie': 0, 'rx_no_cookie': 0, 'assoc_made': 1}, good,
               len(inits(world.tap['A'].passed(False))) == 1)
        world.forget()


def one_round(world, fam, proto):
    """The first INIT of an address, the COOKIE, and the INIT with a proof."""
    name = '%s over IPv%d' % (NAMES[proto], fam)
    addr = world.new_address(fam)
    world.forget()
    world.quiet()
    before = world.stats('A')
    good, change = world.ask_anew(fam, proto, addr)
    judged(name + ': the client is asked for a cookie, and answered',
           change, {'tx_cookie': 1, 'rx_no_cookie': 1, 'rx_ignored': 0,
                         'assoc_made': 1}, good)
    judged(name + ': it sends its INIT once more, at once',
           difference(before, world.stats('A')),
           {'tx_init': 2, 'rx_cookie': 1, 'rx_cookie_late': 0,
            'tx_restarted': 0})
    sent = inits(world.tap['A'].passed(False))
    heard = world.tap['B'].passed(False)
    answers = of_type(heard, COOKIE)
    if not report(len(sent) == 2 and len(answers) == 1,
                  name + ': INIT, COOKIE, INIT',
                  '%d %d' % (len(sent), len(answers))):
        return None
    (first, parts), (second, again) = sent
    report(not parts.meta.flags & C and again.meta.flags & C
           and parts.fields['enc_i'] != again.fields['enc_i']
           and not set(first.ports) & set(second.ports),
           name + ': the second one has other wire ports, another enc_i and'
           ' a proof', '%s %s' % (first.ports, second.ports))
    answer = answers[0]
    fields = opening.take_cookie_apart(answer, False)[1]
    given = cookie.unseal(world.public, parts.fields['enc_i'], fields)
    report(len(answer.data) < len(first.data)
           and answer.marked(packet.Mark())
           and answer.ports == first.ports[::-1]
           and not {ECHO[proto]} & set(answer.ports)
           and 0 < given.ttl <= 3600,
           name + ': the COOKIE is smaller than the INIT, marked, and on its'
           ' wire ports', '%d %d' % (len(answer.data), len(first.data)))
    world.forget()
    world.quiet()
    good, change = world.ask_anew(fam, proto, addr)
    sent = inits(world.tap['A'].passed(False))
    judged(name + ': the next INIT has a proof from the start', change,
           {'tx_cookie': 0, 'rx_no_cookie': 0, 'assoc_made': 1}, good,
           len(sent) == 1, sent and sent[0][1].meta.flags & C)
    return addr


def load(world):
    """Half of max-half-open is in use."""
    world.cookies('load')
    world.sst('B', 'flow', 'flush')
    world.sst('B', 'set', 'max-half-open', '8')
    for number in range(1, 7):
        client = world.stranger(4, 1, number)
        # Those past the mark are asked already.
        world.asked(client.init(b'half'), lambda heard, one=client:
                    one.answer(heard) or one.cookie(heard))
    client = world.stranger(4, 1, 100)
    before = world.stats('B')
    heard = world.asked(client.init(b'one more'), client.cookie)
    judged('mode load, past the mark: a COOKIE is the answer',
           difference(before, world.stats('B')),
           {'tx_cookie': 1, 'rx_no_cookie': 1, 'assoc_made': 0},
           client.cookie(heard) is not None)
    good, change = world.ask_anew(4, UDP, world.new_address(4))
    judged('and a client gets in with it', change,
           {'tx_cookie': 1, 'assoc_made': 1}, good)
    world.sst('B', 'flow', 'flush')
    good, change = world.ask_anew(4, UDP, world.new_address(4))
    judged('below the mark none is asked for', change,
           {'tx_cookie': 0, 'assoc_made': 1}, good)
    world.sst('B', 'set', 'max-half-open', '4096')


def flood(world, clients):
    """So many INITs without a proof; (COOKIEs, ignored, limit of COOKIEs)."""
    packets = [client.init() for client in clients]
    before = world.stats('B')
    began = time.monotonic()
    for data in packets:
        world.inject('B', data)

    def now():
        change = difference(before, world.stats('B'))
        return change.get('tx_cookie', 0), change.get('rx_ignored', 0)
    until(lambda: sum(now()) >= len(packets))
    return now() + (BURST + 1 + int(PER_SECOND * (time.monotonic()
                                                  - began)),)


def often(world, fam):
    """A source that asks too often."""
    name = 'IPv%d' % fam
    world.cookies('always')
    # A /64 counts as one.
    victim = world.stranger(fam, 2, 1)
    given = victim.cookie(world.asked(victim.init(), victim.cookie))
    clients = [world.stranger(fam, 2, 1 if fam == 4 else 2 + number)
               for number in range(MANY)]
    asked, ignored, limit = flood(world, clients)
    began = time.monotonic()
    report(BURST - 1 <= asked <= limit and asked + ignored == MANY,
           name + ': who asks too often is ignored', '%d %d %d' % (
               asked, ignored, limit))
    again = world.stranger(fam, 2, 1)
    change, heard = world.reaction(
        again.with_cookie(given, b'proof'), ('rx_init', 'rx_no_cookie'),
        again.answer)
    report(change == {'rx_init': 1} and again.answer(heard),
           name + ': but not with a proof', change)
    other = world.stranger(fam, 3, 1)
    report(other.cookie(world.asked(other.init(), other.cookie)) is not None,
           name + ': another source is not affected')

    def back():
        client = world.stranger(fam, 2, 1)
        return client.cookie(world.send(client.init(), 0.5)) is not None
    good = until(back, 30)
    took = time.monotonic() - began
    report(good and took > IGNORED / 2,
           name + ': it is heard again, though it went on asking', took)


def victim(world):
    """Somebody asks too often in A's name."""
    addr = world.new_address(4)
    world.forget()
    known = world.ask(4, UDP, addr)
    flood(world, [Client(world.public, addr, ADDRESS['B', 4], 42000)
                  for _ in range(MANY)])
    change, _ = world.reaction(Client(
        world.public, addr, ADDRESS['B', 4], 42000).init(), ('rx_ignored',))
    report(known and change == {'rx_ignored': 1}, 'A is ignored for what others do')
    world.forget()
    good, change = world.ask_anew(4, UDP, addr)
    judged('its proof lets it in all the same', change,
           {'tx_cookie': 0, 'rx_ignored': 0, 'assoc_made': 1}, good)


def seen(world):
    """What the one can do who saw COOKIE and proof pass."""
    addr = world.new_address(4)
    world.forget()
    world.quiet()
    world.ask(4, UDP, addr)
    (_, parts), (second, again) = inits(world.tap['A'].passed(False))
    answer = of_type(world.tap['B'].passed(False), COOKIE)[0]
    fields = opening.take_cookie_apart(answer, False)[1]
    given = cookie.unseal(world.public, parts.fields['enc_i'], fields)
    counters = ('rx_no_cookie', 'rx_queued', 'rx_init', 'assoc_made')

    def refused(text, data):
        change, _ = world.reaction(data, counters)
        report(change == {'rx_no_cookie': 1}, text, change)

    def spoofed():
        return Client(world.public, addr, ADDRESS['B', 4], 43000)

    refused("A's cookie serves no other address",
            world.stranger(4, 4, 1).with_cookie(given, b'x'))
    data = bytearray(spoofed().init(b'x', given.expiry, given.c))
    parsed = packet.Packet(bytes(data))
    at = len(data) - trailer.length(INIT, C) + cookie.PROOF_AT
    data[at:at + 16] = again.fields['proof']
    packet.fix_transport(data, parsed.src, parsed.dst, UDP, parsed.l4)
    refused('a proof serves no other INIT', bytes(data))
    moved = bytearray(second.data)
    moved[12:16] = packet.addr('10.9.4.2')
    packet.fix_ip4_checksum(moved)
    packet.fix_transport(moved, packet.addr('10.9.4.2'), second.dst, UDP,
                         second.l4)
    refused('an INIT with a proof serves no other address', bytes(moved))
    refused('who has not opened the COOKIE has no cookie',
            spoofed().init(b'x', given.expiry, fields['sealed'][12:28]))
    refused('a cookie cannot be made to last longer',
            spoofed().init(b'x', given.expiry + 60, given.c))
    change, _ = world.reaction(spoofed().with_cookie(given, b'x'), counters)
    report(change.get('rx_init') == 1 and 'rx_no_cookie' not in change,
           'where it belongs it serves', change)


def forged(world, proto):
    """Somebody answers each INIT with a COOKIE of his own."""
    name = NAMES[proto]
    addr = world.new_address(4)
    world.forget()
    world.drop('A')
    world.quiet()
    before = world.stats('A')
    with world.socket(4, proto, addr) as sock:
        sock.setblocking(False)
        sock.connect_ex((ADDRESS['B', 4], ECHO[proto]))
        if proto == UDP:
            sock.send(b'ask')
        sent = []
        # TCP repeats its SYN after a second.
        end = time.monotonic() + 0.8
        while time.monotonic() < end \
                or len(sent) < 2 and time.monotonic() < end + 30:
            for data in world.tap['A'].passed(False, 0.05):
                if of_type([data], INIT):
                    sent.append(data)
                    world.inject('A', forged_cookie(data, world.public))
        until(lambda: difference(before, world.stats('A')).get('rx_cookie') == 2)
        change = difference(before, world.stats('A'))
        report(len(sent) == 2 and change.get('rx_cookie') == 2,
               name + ': COOKIEs forged in a loop cause one INIT more',
               '%d %s' % (len(sent), change))
        world.drop()
        if proto == TCP:
            began = time.monotonic()
            good = until(lambda: not outcome(sock.getpeername), 20)
            report(good, 'the connection is made when they end',
                   time.monotonic() - began)
            if good:
                world.servers[4, TCP].accept()[0].close()


def syn_acks(world, fam):
    """A SYN without a proof, and nobody who answers: TCP repeats its SYN-ACK
    after one second, and after three."""
    name = 'IPv%d' % fam
    client = world.stranger(fam, 5, 1, proto=TCP, dport=ECHO[TCP])
    before = world.stats('B')

    def heard(syn, seconds):
        world.tap['B'].passed(False)
        world.inject('B', syn)
        time.sleep(seconds)
        return of_type(world.tap['B'].passed(False), ACCEPT)
    syn = client.init()
    answers = heard(syn, 4)
    size = sum(len(answer.data) for answer in answers)
    dropped = difference(before, world.stats('B')).get('tx_amplified', 0)
    report(len(answers) == 1 and size <= len(syn) and dropped >= 1,
           name + ': a SYN brings no more bytes of SYN-ACKs than it has',
           '%d SYN-ACKs, %d bytes for %d, tx_amplified %d' % (
               len(answers), size, len(syn), dropped))
    report(len(heard(client.init(), 0.5)) == 1,
           name + ': a repeat of it is answered once more')


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--public', required=True, help="B's public key")
    world = World(parser.parse_args())
    not_asked(world)
    world.cookies('always')
    for fam, proto in itertools.product((4, 6), (UDP, TCP)):
        one_round(world, fam, proto)
    seen(world)
    victim(world)
    for proto in (UDP, TCP):
        forged(world, proto)
    load(world)
    for fam in (4, 6):
        often(world, fam)
    world.cookies('off')
    for fam in (4, 6):
        syn_acks(world, fam)
    return 0


if __name__ == '__main__':
    sys.exit(main())
