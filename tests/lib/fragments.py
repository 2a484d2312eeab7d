#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Datagrams that do not fit their path.

  traffic     of many sizes, both ways, both families
  limits      sockets that forbid fragments, and what fits nowhere
  path        a router further on has a smaller MTU
  tracked     a router that tracks connections
  hostile     fragments as an attacker on the path delivers them
  wire FILE   what all of it looked like on the path: before anything hostile

Prints a line "pass TEXT" or "fail TEXT" for each result. Payload has bytes below
128 only, and real ports have none of these, so real ports are easy to find.
"""

import argparse
import errno
import itertools
import os
import random
import socket
import struct
import time

import hosts
from hosts import ADDRESS, other, outcome, until
import nets
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import frag, packet, pcap  # noqa: E402

DATA, ACCEPT, OPEN = 28, 44, 64
# Those that make an association.
ACCEPT_NEW, OPEN_NEW = 64, 80
HEAD = {4: 28, 6: 48}
LARGEST = 65535
LEVEL = {4: socket.IPPROTO_IP, 6: socket.IPPROTO_IPV6}
MTU_DISCOVER = {4: 10, 6: 23}
DONT, DO, PROBE, OMIT = 0, 2, 3, 5
RECVERR = {4: 11, 6: 25}
ERRQUEUE = 0x2000
LOW = bytes(range(128)) * 2


def payload(size):
    """Random bytes below 128."""
    return os.urandom(size).translate(LOW)


class Talk:
    """A UDP socket on A and one on B."""

    ports = None

    def __init__(self, h, fam, connected=True, discover=None, recverr=False):
        self.h, self.fam = h, fam
        self.name = 'IPv%d' % fam
        self.port = {'A': next(Talk.ports), 'B': next(Talk.ports)}
        self.sock, self.to = {}, {}
        for host in 'AB':
            self.sock[host] = h.bound(host, fam, packet.UDP, self.port[host])
            self.to[host] = (ADDRESS[other(host), fam],
                             self.port[other(host)])
        if discover is not None:
            self.sock['A'].setsockopt(LEVEL[fam], MTU_DISCOVER[fam], discover)
        if recverr:
            self.sock['A'].setsockopt(LEVEL[fam], RECVERR[fam], 1)
        # Not that on B: SST never carried it, so openings are not for it.
        if connected:
            self.sock['A'].connect(self.to['A'])

    def send(self, host, data):
        """Raises what the program would be told."""
        self.sock[host].sendto(data, self.to[host])

    def get(self, host, limit=10):
        """The next datagram, or None."""
        self.sock[host].settimeout(limit)
        try:
            return self.sock[host].recv(65536)
        except socket.timeout:
            return None

    def passes(self, host, size):
        """One datagram from a host arrives, and nothing else does."""
        data = payload(size)
        self.send(host, data)
        return self.get(other(host)) == data

    def settle(self):
        """Both hosts know that the flow is confirmed: trailers are small."""
        return all(self.passes(host, 30) for host in 'ABAB')

    def refused(self, size):
        """The name of the error of a datagram from A, '' for none."""
        return outcome(self.send, 'A', payload(size))

    def told(self):
        """What stands in the error queue of A: (errno, origin, info, where
        it was to go), or None."""
        self.sock['A'].setblocking(False)
        try:
            _, extra, _, where = self.sock['A'].recvmsg(70000, 512, ERRQUEUE)
        except BlockingIOError:
            return None
        for level, kind, body in extra:
            if level == LEVEL[self.fam] and kind == RECVERR[self.fam]:
                number, origin, _, _, _, info, _ = struct.unpack_from(
                    '=IBBBBII', body)
                return (errno.errorcode[number], origin, info, where[:2])
        return None

    def close(self):
        """End both sockets."""
        for sock in self.sock.values():
            sock.close()


def strangers(h):
    """The next flow has to make an association."""
    for host in 'AB':
        h.sst(host, 'assoc', 'flush')


def familiar(h, fam):
    """The next flow has one."""
    talk = Talk(h, fam)
    assert talk.settle()
    talk.close()


def traffic(h, args):
    """Every size at which something changes, and odd ones."""
    for fam, new in itertools.product((4, 6), (False, True)):
        room = args.mtu - HEAD[fam]
        opening, accept = (OPEN_NEW, ACCEPT_NEW) if new else (OPEN, ACCEPT)
        first = (room - opening, room - opening + 1, room - DATA,
                 2 * room + 1, LARGEST - HEAD[fam] - opening)
        later = (room - 40, room - DATA, room - DATA + 1, room - 1, room,
                 room + 1, 2 * room + 3, 4001, LARGEST - HEAD[fam] - DATA)
        familiar(h, fam)
        before = {host: h.stats(host) for host in 'AB'}
        bad, want = [], {'A': 0, 'B': 0}

        def one(talk, host, size, trailer):
            want[host] += HEAD[fam] + size + trailer > args.mtu
            if not talk.passes(host, size):
                bad.append('%s sends %d with %d' % (host, size, trailer))

        for number, size in enumerate(first):
            if new:
                strangers(h)
            talk = Talk(h, fam, connected=number % 2)
            one(talk, 'A', size, opening)
            one(talk, 'B', size, accept)
            one(talk, 'A', size, DATA)
            one(talk, 'B', size, DATA)
            if number < 2 and not new:
                for size, host in itertools.product(later, 'AB'):
                    one(talk, host, size, DATA)
            if talk.get('A', 0.01) or talk.get('B', 0.01):
                bad.append('something came twice')
            talk.close()
        change = {host: difference(before[host], h.stats(host))
                  for host in 'AB'}
        name = '%s, IPv%d, %s: ' % (args.label, fam,
                                    'OPEN N' if new else 'OPEN')
        counter = 'tx_init' if new else 'tx_open'
        report(change['A'].get(counter) == len(first), name
               + 'each flow is opened by it', change)
        report(not bad, name + 'all sizes arrive, once', '\n'.join(bad))
        got = {host: change[host].get('tx_fragmented', 0) for host in 'AB'}
        report(got == want and want['A'] and want['B'],
               name + 'what does not fit leaves in fragments, nothing else',
               '%s, want %s' % (got, want))


def nothing_sent(h, talk, size):
    """EMSGSIZE, counted, and nothing leaves.

    What SST sends by itself when an association was made may still be on its
    way on another processor when the sockets have heard of each other.
    """
    if not until(h.all_opened, 60):
        return False, 'not all was opened: %s %s' % (h.stats('A'),
                                                     h.stats('B'))
    h.tap['A'].passed(False)
    before = h.stats('A')
    error = talk.refused(size)
    change = difference(before, h.stats('A'))
    sent = h.tap['A'].passed(False, 0.1)
    good = (error, change, sent) == ('EMSGSIZE', {'tx_too_big': 1}, [])
    return good, '%d: %r %s, sent %d' % (size, error, change, len(sent))


def limits(h, args):
    """What a socket is told."""
    for fam in (4, 6):
        name, room = 'IPv%d: ' % fam, args.mtu - HEAD[fam]
        top = LARGEST - HEAD[fam]
        for opening in OPEN_NEW, OPEN:
            if opening == OPEN_NEW:
                strangers(h)
            talk = Talk(h, fam)
            for size in top - opening + 1, top:
                good, what = nothing_sent(h, talk, size)
                report(good, '%s%d bytes open no flow, trailer of %d' % (
                    name, size, opening), what)
            report(talk.passes('A', top - opening) and talk.settle(),
                   '%sthe most that fits does, trailer of %d' % (
                       name, opening))
        for size in top - DATA + 1, top - 1, top:
            good, what = nothing_sent(h, talk, size)
            report(good, name + '%d bytes fit nowhere' % size, what)
        report(talk.told() is None and talk.passes('A', top - DATA),
               name + '%d do' % (top - DATA))
        talk.close()

        for text, discover, opening in (('DO', DO, OPEN),
                                        ('PROBE', PROBE, OPEN_NEW)):
            if opening == OPEN_NEW:
                strangers(h)
            talk = Talk(h, fam, discover != DO, discover, True)
            for trailer in opening, DATA:
                what = '%s%s, trailer of %d: ' % (name, text, trailer)
                good, error = nothing_sent(h, talk, room - trailer + 1)
                report(good, what + 'one byte too many is an error', error)
                told = talk.told()
                report(told == ('EMSGSIZE', 1, args.mtu - trailer,
                                talk.to['A']),
                       what + 'the error queue tells what fits', told)
                report(talk.passes('A', room - trailer)
                       and talk.told() is None, what + 'and that fits')
                talk.settle()
            error = talk.refused(room + 1)
            report(error == 'EMSGSIZE' and talk.settle(),
                   '%s%s: larger than the MTU is an error' % (name, text),
                   error)
            talk.close()
        talk = Talk(h, fam, True, DO)
        talk.settle()
        good, error = nothing_sent(h, talk, room - DATA + 1)
        report(good and talk.told() is None,
               name + 'who does not ask for the queue gets none', error)
        talk.close()
        for text, discover in ('DONT', DONT), ('OMIT', OMIT):
            talk = Talk(h, fam, True, discover)
            report(talk.settle() and talk.passes('A', room - DATA)
                   and talk.passes('A', room - DATA + 1)
                   and talk.passes('A', 3 * room),
                   name + text + ': fragments')
            talk.close()


def path(h, args):
    """The router's way to B is narrower; A is told, and makes them fit."""
    for fam in (4, 6):
        # A connected socket would be told of each ICMP error, too.
        talk = Talk(h, fam, connected=False)
        talk.settle()
        before = h.count('A', 'rx_translated')
        lost = 0
        while True:
            data = payload(4000)
            h.tap['A'].passed(False)
            talk.send('A', data)
            if talk.get('B', 2) == data:
                break
            lost += 1
            if lost > 4:
                break
        sizes = [len(one) for one in h.tap['A'].passed(False)]
        report(1 <= lost <= 2 and max(sizes) <= args.mtu,
               'IPv%d: datagrams fit a smaller MTU when it is known' % fam,
               'lost %d, then %s' % (lost, sizes))
        report(h.count('A', 'rx_translated') > before,
               'IPv%d: A was told about a fragment' % fam)
        talk.close()


def tracked(h, _args):
    """A router that tracks connections gathers fragments and cuts them anew.

    On IPv4 the mark gets lost there: only a flow that is known takes them.
    """
    for fam in (4, 6):
        name = 'IPv%d, a router that tracks: ' % fam
        talk, late = Talk(h, fam), Talk(h, fam)
        report(talk.settle(), name + 'what is whole passes')
        before = h.stats('B')
        good = talk.passes('A', 4000) and talk.passes('B', 4000)
        report(good, name + 'fragments pass',
               difference(before, h.stats('B')))
        late.send('A', payload(4000))
        if fam == 6:
            report(late.get('B'), name + 'so does an opening in fragments')
        else:
            # To B it is a clear datagram to a port that nobody has.
            error = outcome(late.sock['A'].recv, 100)
            report(error == 'ECONNREFUSED' and late.get('B', 0.01) is None,
                   name + 'an opening in fragments is refused', error)
        report(late.settle() and talk.settle(), name + 'the flows go on')
        talk.close()
        late.close()


def telling(packets, ports):
    """Packets with two real ports in a row anywhere."""
    ports = list(ports)
    pairs = [struct.pack('>HH', *pair)
             for pair in itertools.chain(zip(ports, ports[1:]),
                                         zip(ports[1:], ports))]
    return [data for data in packets if any(pair in data for pair in pairs)]


def is_marked(data):
    """Does a packet carry the mark?"""
    return packet.Packet(data).marked(packet.Mark())


def unmarked(data):
    """The same packet in clear."""
    out = bytearray(data)
    if out[0] >> 4 == 4:
        out[6] &= 0x7f
        packet.fix_ip4_checksum(out)
    else:
        packet.set_tos(out, 0)
    return bytes(out)


def damaged(data, count=16):
    """The same fragment, its last bytes changed: the tag in the last one."""
    return data[:-count] + bytes(255 - one for one in data[-count:])


def shifted(data, by):
    """The same fragment at another offset, other bytes in it."""
    out = bytearray(damaged(data, 64))
    if out[0] >> 4 == 4:
        field = struct.unpack_from('>H', out, 6)[0] + by // 8
        struct.pack_into('>H', out, 6, field)
        packet.fix_ip4_checksum(out)
    else:
        field = struct.unpack_from('>H', out, 42)[0] + by
        struct.pack_into('>H', out, 42, field)
    return bytes(out)


def interleaved(one, two):
    """Alternately from both lists."""
    return [data for pair in itertools.zip_longest(one, two)
            for data in pair if data]


ACCOUNTS = ('rx_gathered', 'rx_fragment', 'rx_opened', 'rx_auth',
            'rx_unopened', 'rx_replay')


class Siege:
    """One flow, what A sends in it held at the router."""

    def __init__(self, h, fam):
        self.h, self.fam = h, fam
        self.name = 'IPv%d: ' % fam
        self.talk = Talk(h, fam)
        self.plain = h.bound('B', fam, packet.UDP, next(Talk.ports))
        for host in 'ABAB':
            if host == 'A':
                assert self.carried(30)
            else:
                assert self.talk.passes('B', 30)

    def withheld(self, size):
        """(payload, what A sent, the whole datagram) of a new datagram."""
        data = payload(size)
        self.h.tap['A'].passed(False)
        self.talk.send('A', data)
        gather, parts, whole = frag.Gatherer(), [], None
        # An opening at first, then data; what SST sends by itself is shorter.
        lengths = [HEAD[self.fam] + size + trailer
                   for trailer in (OPEN_NEW, OPEN, DATA)]
        end = time.monotonic() + 20
        while whole is None:
            assert time.monotonic() < end, 'A sent nothing'
            for part in self.h.tap['A'].passed(False, 0.02):
                parsed = packet.Packet(part)
                if parsed.fragment:
                    parts.append(part)
                    whole = gather.add(parsed)
                elif len(part) in lengths:
                    parts, whole = [part], part
        return data, parts, whole

    def inject(self, packets):
        """Towards B."""
        for data in packets:
            self.h.inject('B', data)

    def carried(self, size, limit=5):
        """A datagram brought to B as A sent it arrives."""
        data, parts, _ = self.withheld(size)
        self.inject(parts)
        return self.talk.get('B', limit) == data

    def strike(self, text, packets, want):
        """want is what B's program is to get of it, once, or None."""
        before = self.h.stats('B')
        self.inject(packets)
        # What follows comes behind all of it.
        got = [want] if want is None else [self.talk.get('B')]
        change = difference(before, self.h.stats('B'))
        last, parts, _ = self.withheld(40)
        self.inject(parts)
        got.append(self.talk.get('B'))
        change = difference(before, self.h.stats('B'))
        change['rx_opened'] = change.get('rx_opened', 0) - 1
        change = {name: count for name, count in change.items()
                  if count and name.startswith('rx_')}
        report(got == [want, last], '%s%s: %s' % (
            self.name, text, 'never delivered' if want is None
            else 'delivered once'),
               'got %s, counters %s' % ([one and len(one) for one in got],
                                        change))
        return change

    def counted(self, text, change, count):
        """Every packet stands in one counter."""
        report(set(change) <= set(ACCOUNTS) and sum(
            change.values()) == count, '%s%s: all are counted' % (
                self.name, text), '%s, want %d' % (change, count))

    def memory(self):
        """(queues, bytes) of fragments that wait on B; IPv4 only."""
        for line in self.h.run('B', 'cat', '/proc/net/sockstat').splitlines():
            if line.startswith('FRAG:'):
                return tuple(int(x) for x in line.split()[2::2])
        return None

    def sysctl(self, name, value):
        """One of the limits for fragments on B."""
        prefix = 'net.ipv4.ipfrag_' if self.fam == 4 else \
            'net.netfilter.nf_conntrack_frag6_'
        if self.fam == 6 and name == 'time':
            name = 'timeout'
        self.h.run('B', 'sysctl', '-qw', '%s%s=%d' % (prefix, name, value))

    def orders(self):
        """Genuine fragments, as a path may deliver them."""
        def shuffled(parts):
            random.Random(1).shuffle(parts)
            return parts
        for text, order in (('in order', list),
                            ('backwards', lambda parts: parts[::-1]),
                            ('shuffled', shuffled)):
            data, parts, _ = self.withheld(20001)
            report(len(parts) > 10 and all(map(is_marked, parts)),
                   self.name + text + ': marked fragments')
            change = self.strike(text, order(list(parts)), data)
            report(change == {'rx_gathered': len(parts) - 1, 'rx_opened': 1},
                   self.name + text + ': counters', change)
        data, parts, _ = self.withheld(4000)
        change = self.strike('each twice', [
            part for part in parts for _ in range(2)], data)
        self.counted('each twice', change, 2 * len(parts))
        data, parts, _ = self.withheld(4000)
        change = self.strike('all twice', parts + parts, data)
        report(change.get('rx_replay') == 1, self.name
               + 'all twice: the second is a replay', change)
        # The smallest there can be: the first has the ports, no more.
        data, _, whole = self.withheld(333)
        parts = nets.fragments(whole, 8, 77)
        change = self.strike('in pieces of eight bytes', parts, data)
        self.counted('in pieces of eight bytes', change, len(parts))

    def forged(self):
        """Fragments that somebody else made."""
        data, parts, _ = self.withheld(4000)
        change = self.strike('an overlap behind', parts[:1] + [
            shifted(parts[1], -8)] + parts[1:], None)
        self.counted('an overlap behind', change, len(parts) + 1)
        data, parts, _ = self.withheld(4000)
        change = self.strike('an overlap before', [
            shifted(parts[1], 8)] + parts, None)
        self.counted('an overlap before', change, len(parts) + 1)
        data, parts, _ = self.withheld(4000)
        self.strike('other bytes at the same place, too late', parts[:2] + [
            damaged(parts[1])] + parts[2:], data)
        data, parts, _ = self.withheld(4000)
        change = self.strike('other bytes at the same place, before',
                             [damaged(parts[-1])] + parts[:-1], None)
        report(change.get('rx_auth') == 1, self.name
               + 'other bytes at the same place, before: not authentic',
               change)

    def mixed(self):
        """Clear fragments with the numbers of marked ones."""
        for number, text in ((0, 'first'), (1, 'second'), (-1, 'last')):
            _, parts, _ = self.withheld(4000)
            parts[number] = unmarked(parts[number])
            self.strike('the %s one clear' % text, parts, None)
        data, parts, _ = self.withheld(4000)
        clear = [unmarked(damaged(part)) for part in parts]
        change = self.strike('clear ones between, other bytes',
                             interleaved(clear, parts), data)
        refused = change.pop('rx_auth', 0) + change.pop('rx_unopened', 0)
        report(refused == 1 and change == {'rx_gathered': len(parts) - 1,
                                           'rx_opened': 1}, self.name
               + 'the clear datagram on the wire tuple is dropped', change)
        # A router that gathers them loses the mark. Over IPv6 the stack puts
        # fragments together where no hook sees them any more.
        data, parts, _ = self.withheld(4000)
        want, name = (data, 'rx_opened') if self.fam == 4 \
            else (None, 'rx_unopened')
        change = self.strike('all of them clear',
                             [unmarked(part) for part in parts], want)
        report(change == {name: 1}, self.name
               + 'all of them clear: counters', change)
        data, parts, _ = self.withheld(4000)
        src, dst = (packet.addr(ADDRESS[host, self.fam]) for host in 'AB')
        other_data = payload(4000)
        clear = nets.fragments(packet.ip(src, dst, packet.UDP, packet.udp(
            src, dst, 4999, self.plain.getsockname()[1], other_data)),
                               1448, packet.Packet(parts[0]).frag_id)
        self.strike('a clear datagram of the same number between',
                    interleaved(parts, clear), data)
        self.plain.settimeout(5)
        report(outcome(self.plain_is, other_data) == '', self.name
               + 'and the clear one arrives, too')

    def plain_is(self, data):
        """Raises unless this came in clear."""
        if self.plain.recv(65536) != data:
            raise OSError('something else came')

    def missing(self):
        """What never gets whole costs memory for a while only."""
        self.sysctl('time', 1)
        self.h.tap['B'].passed(False)
        for number in range(3):
            _, parts, _ = self.withheld(4000)
            del parts[number]
            change = self.strike('number %d missing' % (number + 1), parts,
                                 None)
            self.counted('number %d missing' % (number + 1), change,
                         len(parts))
        if self.fam == 4:
            report(until(lambda: self.memory()[0] == 0), self.name
                   + 'what is missing is given up', self.memory())
        said = []

        def told():
            said.extend(data for data in self.h.tap['B'].passed(False)
                        if packet.Packet(data).proto != packet.UDP)
            return said
        report(until(told) and not telling(said, self.talk.port.values()),
               self.name + 'the error about it tells no real port', said)
        self.sysctl('time', 60)

    def flood(self, count=3000, limit=262144):
        """Thousands of first and later fragments without the rest."""
        self.sysctl('time', 1)
        self.sysctl('low_thresh', limit // 2)
        self.sysctl('high_thresh', limit)
        data, parts, _ = self.withheld(4000)
        before, good, most = self.h.stats('B'), True, 0
        for number in range(count):
            part = bytearray(parts[number % len(parts)])
            if self.fam == 4:
                struct.pack_into('>H', part, 4, number + 1)
                packet.fix_ip4_checksum(part)
            else:
                struct.pack_into('>I', part, 44, number + 1)
            self.h.inject('B', bytes(part))
            if number % 500 == 250:
                good = good and self.carried(40)
                if self.fam == 4:
                    most = max(most, self.memory()[1])
        report(good, self.name + 'flood: other datagrams pass')
        # A queue may grow by one fragment when the limit is just not reached.
        if self.fam == 4:
            report(0 < most <= limit + 8192, self.name
                   + 'flood: memory is bounded', most)
        change = difference(before, self.h.stats('B'))
        report(change.get('rx_fragment', 0) > 0 and change.get(
            'rx_gathered', 0) > 0 and change['rx_fragment']
               + change['rx_gathered'] == count, self.name
               + 'flood: all are counted', change)
        report(until(lambda: self.carried(4000, 0.5)), self.name
               + 'flood: fragments pass again afterwards')
        for name, value in (('high_thresh', 1 << 22),
                            ('low_thresh', 3 << 20), ('time', 30)):
            self.sysctl(name, value)


def hostile(h, _args):
    """From the path."""
    h.drop('A')
    for fam in (4, 6):
        siege = Siege(h, fam)
        siege.missing()
        siege.orders()
        siege.forged()
        siege.mixed()
        siege.flood()
        siege.talk.close()
    h.drop()


def wire(h, args):
    """A capture of all that passed before."""
    with open(args.ports, encoding='ascii') as known:
        ports = [int(line) for line in known]
    parts = [data for _, data, _ in pcap.Reader(args.file).packets()
             if packet.Packet(data).fragment]
    clear = [data for data in parts if not is_marked(data)]
    report(parts and not clear, 'every fragment is marked',
           '%d of %d are not' % (len(clear), len(parts)))
    report(all(data[6] & 0x40 for data in parts if data[0] >> 4 == 4),
           'every fragment over IPv4 has DF')
    found = telling(parts, ports)
    report(len(ports) > 20 and not found,
           'no fragment has real ports anywhere',
           '%d of %d have' % (len(found), len(parts)))
    stats = [h.stats(host) for host in 'AB']
    got = sum(one['rx_gathered'] + one['tx_fragmented'] for one in stats)
    report(got == len(parts), 'each was gathered or made a datagram whole',
           '%d of %d' % (got, len(parts)))


class Ports:
    """Port numbers that payload does not contain; noted in a file."""

    def __init__(self, name):
        self.name = name
        with open(name, 'a+', encoding='ascii') as known:
            known.seek(0)
            self.next = max([0x807f] + [int(line) for line in known]) + 1

    def __next__(self):
        while not self.next & 0x80:
            self.next += 1
        with open(self.name, 'a', encoding='ascii') as known:
            known.write('%d\n' % self.next)
        self.next += 1
        return self.next - 1


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--ports', required=True,
                        help='file with the real ports that were used')
    parser.add_argument('--mtu', type=int, default=1500)
    parser.add_argument('--label', default='')
    parser.add_argument('what', choices=(
        'traffic', 'limits', 'path', 'tracked', 'hostile', 'wire'))
    parser.add_argument('file', nargs='?')
    args = parser.parse_args()
    Talk.ports = Ports(args.ports)
    globals()[args.what](hosts.Hosts(args.id), args)


if __name__ == '__main__':
    main()
