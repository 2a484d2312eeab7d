#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Attack one live flow after the other from the router of topo_hrh.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import os
import random
import struct
import subprocess
import sys
import time

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import codec, link, mutate, packet, trailer  # noqa: E402
from sst.keys import KeysFile  # noqa: E402

LENGTH = frozenset(('rx_length',))
SHORT = frozenset(('rx_short',))
CLEAR = frozenset(('rx_clear',))
UNOPENED = frozenset(('rx_unopened',))
GATHERED = frozenset(('rx_gathered',))
REPLAY = frozenset(('rx_replay',))
OLD = frozenset(('rx_kri_old',))
SILENCE = 0.3


class World:
    """Both hosts and the router."""

    def __init__(self, args):
        self.args = args
        self.keys = KeysFile.load(args.keys)
        self.name = {x: '%s-%s' % (args.id, x) for x in 'ABR'}
        self.a = nets.Control(self.name['A'])
        self.b = nets.Control(self.name['B'])
        self.at_ra = nets.Tap(self.name['R'], 'ra', '02:00:00:00:01:01')
        self.at_rb = nets.Tap(self.name['R'], 'rb', '02:00:00:00:02:01')
        self.at_b = nets.Tap(self.name['B'], 'eth0')

    def run(self, host, *words):
        """A command in a namespace; its output."""
        return subprocess.run(
            ('ip', 'netns', 'exec', self.name[host]) + words, check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL).stdout.decode()

    def rekey(self, packets):
        """Of both hosts."""
        for host in 'AB':
            self.run(host, 'sstctl', 'set', 'rekey-packets', str(packets))

    def hold(self, on):
        """The router keeps what A sends to itself."""
        if on:
            self.run('R', 'nft', 'add table inet hold; add chain inet hold c '
                     '{ type filter hook forward priority 0; }; '
                     'add rule inet hold c iifname "ra" drop')
        else:
            self.run('R', 'nft', 'delete table inet hold')

    def strike(self, items, answered):
        """Inject towards B one by one; list of those not counted right.

        Exactly one packet must be counted, under one of the names that are
        expected, or none at all where an item expects nothing.  B may send
        only where the packets may be answered.
        """
        wrong = []
        patience = 30
        before = self.b.stats()
        for item in items:
            self.at_rb.send(item.data)
            end = time.monotonic() + patience
            while True:
                after = self.b.stats()
                change = difference(before, after)
                if answered:
                    change.pop('tx_sealed', None)
                if change or not item.expected or time.monotonic() > end:
                    break
            if sum(change.values()) != bool(item.expected) \
                    or not set(change) <= item.expected:
                wrong.append('%s: %s, want %s' % (
                    item.name, change or 'nothing counted',
                    ' or '.join(sorted(item.expected)) or 'nothing'))
                # It is red by now: the rest need not take long.
                patience = 0.5
            before = after
        return wrong

    def attack(self, text, items, answered=False):
        """Strike and report; items must not be few by mistake."""
        items = list(items)
        wrong = self.strike(items, answered)
        report(items and not wrong, '%s (%d packets)' % (text, len(items)),
               '\n'.join(wrong))

    def silent(self, text, wait=SILENCE):
        """B has sent nothing since the last look."""
        got = self.at_b.passed(True, wait)
        report(not got, text, '\n'.join(data[:80].hex() for data in got[:6]))

    def calm(self):
        """Wait for delayed acknowledgments and forget what passed."""
        for _ in range(20):
            if not self.at_b.passed(True, 0.25):
                break


def wire_of(packets, flow, side):
    """Those of the packets that are what `side` of the flow sent."""
    out = []
    for data in packets:
        parsed = packet.Packet(data)
        if parsed.is_transport and parsed.tuple() == flow.wire_tuple(side):
            out.append(data)
    return out


def meta_of(data):
    """meta of a sealed packet."""
    return trailer.Meta.unpack(packet.Packet(data).data[-24:-16])


def short_cuts(sealed):
    """Segments too short for a transport header."""
    parsed = packet.Packet(sealed)
    least = 20 if parsed.proto == packet.TCP else 8
    for size in range(least):
        data = bytearray(parsed.data[:parsed.l4 + size])
        packet.fix_lengths(data, parsed.l4, parsed.proto)
        if parsed.version == 6 and not size:
            # No payload at all is not even a TCP or UDP packet.
            continue
        # Without ports no flow is found, but the mark is still there.
        yield mutate.Mutation('cut-short-%d' % size, bytes(data),
                              UNOPENED if size < 4 else LENGTH)


def clear_packets(flow, seq, ack):
    """Packets with the real tuple, as the stack would take them."""
    src, dst = flow.addrs[1], flow.addrs[2]
    ports = flow.ports[1], flow.ports[2]
    v6 = len(src) == 16

    def segment(flags=0x18, payload=b'forged', at=0):
        if flow.proto == packet.UDP:
            return packet.udp(src, dst, *ports, payload)
        return packet.tcp(src, dst, *ports, seq + at, ack, flags,
                          payload=payload)

    def item(name, data):
        return mutate.Mutation('clear-' + name, data, CLEAR)

    if flow.proto == packet.TCP:
        for name, flags, at in (('rst', 4, 0), ('rst-ack', 0x14, 0),
                                ('rst-window', 4, 50), ('syn', 2, 0),
                                ('fin', 0x11, 0), ('syn-ack', 0x12, 0)):
            yield item(name, packet.ip(src, dst, flow.proto,
                                       segment(flags, b'', at)))
    plain = packet.ip(src, dst, flow.proto, segment())
    yield item('data', plain)
    yield item('empty', packet.ip(src, dst, flow.proto,
                                  segment(payload=b'')))
    yield item('marked', packet.ip(src, dst, flow.proto, segment(), **(
        {'tos': 0xac} if v6 else {'frag': packet.MARK4 | packet.DF4})))
    yield item('padded', plain + bytes(9))
    if flow.proto == packet.UDP:
        # The stack takes what the UDP length says and ignores the rest.
        data = bytearray(packet.ip(src, dst, flow.proto,
                                   segment() + b'more'))
        yield item('udp-length', bytes(data))
    if not v6:
        yield item('options', packet.ipv4(src, dst, flow.proto, segment(),
                                          options=b'\1\1\1\1'))
        yield item('most-options', packet.ipv4(
            src, dst, flow.proto, segment(), options=b'\1' * 40))
        return
    dest = packet.DSTOPTS, packet.options_header()
    for name, ext in (
            ('hop-by-hop', [(packet.HOPOPTS, packet.options_header())]),
            ('dest', [dest]), ('dest-8', [dest] * 8),
            ('dest-9', [dest] * 9), ('dest-30', [dest] * 30),
            ('routing', [(packet.ROUTING, packet.routing_header())]),
            ('atomic', [(packet.FRAGMENT, packet.fragment_header(
                ident=7))])):
        yield item(name, packet.ipv6(src, dst, flow.proto, segment(),
                                     ext=ext))
    # With a Hop-by-Hop header the stack does not look at a length of zero.
    data = bytearray(packet.ipv6(src, dst, flow.proto, segment(), ext=[
        (packet.HOPOPTS, packet.options_header())]))
    data[4:6] = b'\0\0'
    yield item('length-0', bytes(data))


class Siege:
    """All that is done to one flow."""

    def __init__(self, world, index, talk):
        self.world = world
        self.index = index
        self.talk = talk
        self.flow = world.keys.flow(index)
        self.name = talk.name
        # Ids count from 1 in the order in which the flows were added.
        self.ident = index + 1

    def opened(self, sealed):
        """The original of a sealed packet that is taken for genuine."""
        parsed = packet.Packet(sealed)
        return codec.restore(parsed, self.flow, 1,
                             codec.take_apart(parsed, self.flow))

    def rotate(self):
        """Some kri on; returns all that A and B sent."""
        world = self.world
        world.at_ra.passed(False)
        world.at_rb.passed(False)
        world.rekey(8)
        good = self.talk.exchange(30000, 30)
        world.rekey(2 ** 32 - 2 ** 16)
        good = self.talk.exchange() and good
        world.calm()
        sent = wire_of(world.at_ra.passed(False), self.flow, 1)
        answers = wire_of(world.at_rb.passed(False), self.flow, 2)
        report(good and meta_of(sent[-1]).kri > 2,
               self.name + ': data passes while keys rotate')
        return sent, answers

    def replays(self, sent):
        """Every packet of A that B has had."""
        now = meta_of(sent[-1]).kri
        return [mutate.Mutation(
            'replay-%d' % i, data,
            REPLAY if meta_of(data).kri >= now - 1 else OLD)
            for i, data in enumerate(sent)]

    def withheld(self):
        """Two genuine packets that B has not seen."""
        world, talk = self.world, self.talk
        world.hold(True)
        world.at_ra.passed(False)
        texts = os.urandom(40), os.urandom(64)
        got = []
        for text in texts:
            talk.a.send(text)
            end = time.monotonic() + 5
            while time.monotonic() < end:
                got += wire_of(world.at_ra.passed(False, 0.02), self.flow, 1)
                if any(text in data for data in got):
                    break
        out = [next(data for data in got if data[-28 - len(text):-28] == text)
               for text in texts]
        return out, b''.join(texts)

    def variants(self, sealed, other, reflected):
        """Everything hostile that can be made of a packet B has not seen."""
        meta = meta_of(sealed)
        state = mutate.State(meta.kri, previous=True)
        keyless = [item for item in mutate.mutations(sealed, state, other)
                   if item.name != 'checksum']
        keyless += short_cuts(sealed)
        base = mutate._Base(sealed, state)  # pylint: disable=W0212
        for item in mutate.reflect(reflected):
            keyless.append(item._replace(expected=base.expect(item.data)))
        forged = list(mutate.forgeries(
            self.flow, 1, self.opened(sealed), meta.kri, meta.seq + 500,
            state))
        return keyless, forged

    def other_flow(self, sealed):
        """This packet with trailers of other flows."""
        for index in range(len(self.world.keys.entries)):
            flow = self.world.keys.flow(index)
            if index == self.index or flow.proto != self.flow.proto:
                continue
            meta = meta_of(sealed)
            key = flow.keys.packet_key(1, meta.kri)
            yield mutate.Mutation(
                'trailer-of-' + flow.name,
                codec.seal_data(self.flow, 1, self.opened(sealed), meta.kri,
                                meta.seq, key=key), mutate.AUTH)

    def fragments(self, original, marked=False):
        """(name, list of fragments) of a packet in several orders."""
        whole = bytearray(original)
        if marked:
            if len(self.flow.addrs[1]) == 16:
                packet.set_tos(whole, 0xac)
            else:
                whole[6] |= 0x80
        for number, order in enumerate(('forward', 'backward', 'shuffled')):
            parts = nets.fragments(bytes(whole), 16, random.getrandbits(16))
            if order == 'backward':
                parts.reverse()
            elif order == 'shuffled':
                random.Random(number).shuffle(parts)
            yield order, parts

    def clear_original(self, payload):
        """A clear packet of A that B's socket would take."""
        src, dst = self.flow.addrs[1], self.flow.addrs[2]
        if self.flow.proto == packet.UDP:
            segment = packet.udp(src, dst, self.flow.ports[1],
                                 self.flow.ports[2], payload)
        else:
            seq, ack = self.next_seq
            segment = packet.tcp(src, dst, self.flow.ports[1],
                                 self.flow.ports[2], seq, ack, 0x18,
                                 payload=payload)
        return packet.ip(src, dst, self.flow.proto, segment)

    def clear_fragments(self, text):
        """Clear fragments that make up a packet of the flow."""
        world = self.world
        original = self.clear_original(b'forged' * 20)
        wrong = []
        for order, parts in self.fragments(original):
            before = world.b.stats()
            for part in parts:
                world.at_rb.send(part)
            time.sleep(0.05)
            change = difference(before, world.b.stats())
            # One, whether the whole is seen or only the part with ports.
            if change != {'rx_clear': 1}:
                wrong.append('%s: %s' % (order, change))
        report(not wrong, text, '\n'.join(wrong))

    def untouched(self, text):
        """Neither application got anything, and B sent nothing."""
        got = self.talk.pending(self.talk.b), self.talk.pending(self.talk.a)
        report(got == (None, None), text + ': no application notices', got)
        self.world.silent(text + ': B answers nothing')

    def rotate_and_wear(self):
        """Everything that needs no connection tracking on B."""
        world, name = self.world, self.name
        sent, answers = self.rotate()
        world.attack(name + ': old packets again', self.replays(sent))
        self.untouched(name + ', old packets')

        (sealed, other), data = self.withheld()
        self.next_seq = self.tcp_position(sealed)
        try:
            keyless, forged = self.variants(sealed, other, answers[-1])
            world.attack(name + ': made without the key', keyless)
            world.attack(name + ': made with the key',
                         forged + list(self.other_flow(sealed)))
            self.untouched(name + ', forged packets')
            world.attack(name + ': clear packets of its tuple', clear_packets(
                self.flow, *self.next_seq))
            self.clear_fragments(name + ': clear fragments of its tuple')
            self.untouched(name + ', clear packets')
            world.attack(name + ': the genuine packets still open', [
                mutate.Mutation('genuine', item, frozenset(('rx_opened',)))
                for item in (sealed, other)], self.talk.tcp)
            report(self.received(data) == data,
                   name + ': and their data arrives')
        finally:
            world.hold(False)
        world.calm()
        world.attack(name + ': and are replays from then on', [
            mutate.Mutation('again', item, REPLAY)
            for item in (sealed, other)] + [
                item._replace(expected=REPLAY) for item in mutate.bit_flips(
                    sealed, mutate.State(meta_of(sealed).kri, seen=True))
                if 'sealed' in item.name or 'tag' in item.name])
        self.untouched(name + ', replays')

    def tcp_position(self, sealed):
        """(next sequence number, acknowledgment) that B takes from A."""
        if self.flow.proto == packet.UDP:
            return 0, 0
        return struct.unpack_from('>II', packet.Packet(sealed).segment, 4)

    def received(self, data):
        """What B's application reads."""
        out = b''
        try:
            while len(out) < len(data):
                out += self.talk.b.recv(65536)
        except OSError:
            pass
        return out

    def extremes(self):
        """With the key: what is right opens, what is outside does not."""
        world, name = self.world, self.name
        kri, seq = world.a.flow(self.ident)[:2]
        src, dst = self.flow.addrs[1], self.flow.addrs[2]
        ports = self.flow.ports[1], self.flow.ports[2]
        if self.flow.proto == packet.UDP:
            bare = packet.udp(src, dst, *ports)
            full = packet.udp(src, dst, *ports, b'x' * 10)
        else:
            at = self.tcp_position(self.last_sealed())
            bare = packet.tcp(src, dst, *ports, *at)
            full = packet.tcp(src, dst, *ports, *at, payload=b'x' * 10)
        bare = packet.ip(src, dst, self.flow.proto, bare)
        full = packet.ip(src, dst, self.flow.proto, full)

        def empty(number):
            return codec.seal_data(self.flow, 1, bare, kri, number,
                                   flags=trailer.E)

        consumed = frozenset(('rx_empty',))
        items = [mutate.Mutation('empty', empty(seq + 1000), consumed),
                 mutate.Mutation('empty-again', empty(seq + 1000), REPLAY),
                 mutate.Mutation('far-ahead', empty(seq + 100000), consumed),
                 mutate.Mutation('window-edge', empty(seq + 100000 - 2047),
                                 consumed),
                 mutate.Mutation('behind', empty(seq + 100000 - 2112),
                                 REPLAY),
                 mutate.Mutation('genuine-behind', empty(seq), REPLAY)]
        # A damaged packet under a right tag: the stack drops it where the
        # device did not sum it up.
        for item in mutate.damaged(codec.seal_data(
                self.flow, 1, full, kri, seq + 100001), mutate.State()):
            items.append(item._replace(expected=frozenset((
                'rx_opened', 'rx_checksum'))))
        world.attack(name + ': the edges of the window', items)
        self.untouched(name + ', the edges of the window')

    def last_sealed(self):
        """The newest packet that A sent in this flow."""
        self.world.at_ra.passed(False)
        self.talk.exchange()
        self.world.calm()
        return wire_of(self.world.at_ra.passed(False), self.flow, 1)[-1]

    def flood(self):
        """Forged kri, while genuine data passes and A rotates."""
        world, name = self.world, self.name
        # A's counters of this kri are behind B's window: a new kri ends that.
        world.rekey(1)
        good = True
        self.talk.exchange(10, 1)
        world.rekey(25)
        rand = random.Random(1)
        src, dst = self.flow.addrs[1], self.flow.addrs[2]
        if self.flow.proto == packet.UDP:
            body = packet.udp(src, dst, *self.flow.ports.values(), b'y' * 20)
        else:
            body = packet.tcp(src, dst, *self.flow.ports.values(),
                              payload=b'y' * 20)
        original = packet.ip(src, dst, self.flow.proto, body)
        before, count = world.b.stats(), 0
        first = world.a.flow(self.ident)[0]
        began = time.monotonic()
        kri = first
        # On a slow machine it takes longer until A has rotated.
        while time.monotonic() < began + self.world.args.flood \
                or kri == first and time.monotonic() < began + 20:
            kri = world.a.flow(self.ident)[0]
            made = [codec.seal_data(self.flow, 1, original, k, 7,
                                    key=bytes(32))
                    for k in (kri + 6, kri + 12, kri + 40)]
            for _ in range(rand.randrange(20, 60)):
                for data in made:
                    world.at_rb.send(data)
                    count += 1
            good = good and self.talk.exchange(3000, 5)
        seconds = time.monotonic() - began
        time.sleep(0.1)
        change = difference(before, world.b.stats())
        counted = sum(change.get(x, 0) for x in (
            'rx_auth', 'rx_kri_limited', 'rx_kri_far'))
        report(good, name + ': data passes while forged kri are flooding')
        last = world.a.flow(self.ident)[0]
        report(last > first and world.b.flow(self.ident)[2] == last,
               name + ': so does the change to the next key',
               '%d to %d, B has %d' % (first, last,
                                       world.b.flow(self.ident)[2]))
        most = 16 * (seconds + 2)
        report(0 < change.get('rx_auth', 0) <= most and counted == count
               and change.get('rx_kri_limited', 0) > count / 3
               and change.get('rx_kri_far') == count / 3,
               name + ': few of the forged kri are tried',
               '%s of %d in %.1f s' % (change, count, seconds))
        world.rekey(2 ** 32 - 2 ** 16)
        report(self.talk.exchange(200000, 20), name + ': and it goes on')
        world.calm()


def tracked(world):
    """Connections that B tracks, without what changes by itself."""
    out = []
    for family in ('ipv4', 'ipv6'):
        for line in world.run('B', 'conntrack', '-L', '-f',
                              family).splitlines():
            # Answered UDP becomes assured after a while.
            out.append(' '.join(
                word for word in line.split() if not word.isdigit()
                and (word != '[ASSURED]' or line.startswith('tcp'))))
    return sorted(out)


def tracking(world, sieges):
    """The same clear packets with connection tracking on B."""
    world.run('B', 'nft', 'add table inet track; add chain inet track c { '
              'type filter hook input priority 0; }; add rule inet track c ct '
              'state invalid counter')
    for siege in sieges:
        siege.talk.exchange()
    world.calm()
    before = tracked(world)
    report(len(before) == len(sieges) and sum(
        'ESTABLISHED' in line for line in before) == sum(
            siege.talk.tcp for siege in sieges),
           'B tracks the connections of the flows', '\n'.join(before))
    for siege in sieges:
        siege.next_seq = siege.tcp_position(siege.last_sealed())
        world.attack(siege.name + ': clear packets, tracking', clear_packets(
            siege.flow, *siege.next_seq))
        siege.clear_fragments(siege.name + ': clear fragments, tracking')
        siege.untouched(siege.name + ', clear packets, tracking')
    after = tracked(world)
    report(before == after, 'B tracks what it did before',
           '\n'.join(before + ['now'] + after))
    world.run('B', 'nft', 'delete table inet track')


def strangers(world, siege, family):
    """Marked packets that are of no flow; and that silence is not for all."""
    src, dst = siege.flow.addrs[1], siege.flow.addrs[2]
    v6 = family == 6
    mark = {'tos': 0xac} if v6 else {'frag': packet.MARK4 | packet.DF4}
    real, wire = siege.flow.ports, siege.flow.wires
    items = []
    for name, ports in (('closed', (777, 7)), ('listener', (777, real[2])),
                        ('near', (wire[1], wire[2] ^ 1)),
                        ('turned', (wire[2], wire[1]))):
        for proto, body in (
                (packet.UDP, packet.udp(src, dst, *ports, bytes(60))),
                (packet.TCP, packet.tcp(src, dst, *ports, 1, 1, 2,
                                        payload=bytes(40)))):
            items.append(mutate.Mutation(
                'stranger-%s-%d' % (name, proto),
                packet.ip(src, dst, proto, body, **mark), UNOPENED))
    world.attack('IPv%d: marked packets of no flow' % family, items)
    items = []
    for order, parts in siege.fragments(siege.clear_original(bytes(80)),
                                        marked=True):
        # The last one makes it a whole one, which is clear on a live flow.
        items += [mutate.Mutation('fragment-' + order, part, expected)
                  for part, expected in zip(
                      parts, [GATHERED] * (len(parts) - 1) + [CLEAR])]
    world.attack('IPv%d: marked fragments' % family, items)
    world.silent('IPv%d: B answers nothing to them' % family)
    world.at_rb.send(packet.ip(src, dst, packet.UDP, packet.udp(
        src, dst, 777, 7, b'?')))
    got = world.at_b.passed(True, 1)
    report(len(got) == 1, 'IPv%d: B is not deaf to others' % family)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--keys', required=True)
    parser.add_argument('--flood', type=float, default=2, help='seconds')
    args = parser.parse_args()
    world = World(args)
    link.enter_netns(world.name['B'])
    sieges = [Siege(world, i, nets.Talk(world.name['A'], world.name['B'], e))
              for i, e in enumerate(world.keys.entries)]
    for siege in sieges:
        siege.rotate_and_wear()
    tracking(world, sieges)
    for family in (4, 6):
        strangers(world, next(s for s in sieges if len(
            s.flow.addrs[1]) == (4 if family == 4 else 16)
            and not s.talk.tcp), family)
    for siege in sieges:
        siege.extremes()
        siege.flood()
    for siege in sieges:
        siege.talk.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
