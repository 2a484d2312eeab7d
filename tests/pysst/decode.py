#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Check and decode captures of SST traffic.

decode   reads a capture made on the path and a keys file or pre-shared
         keys, checks every TCP and UDP packet between the hosts of the
         flows, writes the restored originals and prints a JSON summary.
         The hosts of flows that open themselves are those between which
         an OPEN or INIT verifies, and those given by --host.  Pre-shared
         keys open the box of OPEN with N, host keys that of INIT; what
         follows them needs the secrets of the association that was made.
compare  compares restored originals byte for byte with another capture,
         for instance one made with NFLOG before sealing or after opening.

Exit status: 0 nothing found, 1 something found, 2 wrong use or file.
"""

import argparse
import collections
import hashlib
import itertools
import json
import math
import struct
import sys

from sst import assoc, codec, frag, hostkey, observer, opening, packet, pcap
from sst.keys import KeysFile
from sst.roles import wire_port_allowed
from sst.trailer import ACCEPT, COOKIE, DATA, Drop, E, INIT, OPEN

EXAMPLES = 20
KINDS = {OPEN: 'OPEN', INIT: 'INIT', ACCEPT: 'ACCEPT', DATA: 'DATA',
         COOKIE: 'COOKIE'}


class Findings:
    """Counts of what is wrong, and the first few cases."""

    def __init__(self):
        self.counts = collections.Counter()
        self.examples = []

    def add(self, kind, number, detail=''):
        """One violation in packet `number` (from 1)."""
        self.counts[kind] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append({'packet': number, 'kind': kind,
                                  'detail': detail})


class Direction:
    """What one side of one flow sent under its packet keys."""

    def __init__(self):
        self.packets = 0
        self.empty = 0
        self.duplicates = 0
        self.payload = 0
        self.seen = set()

    def ranges(self):
        """{kri: [[first seq, last seq], ...]} without gaps inside."""
        out = {}
        for kri, seq in sorted(self.seen):
            runs = out.setdefault(str(kri), [])
            if runs and runs[-1][1] == seq - 1:
                runs[-1][1] = seq
            else:
                runs.append([seq, seq])
        return out

    def summary(self):
        """For the JSON output."""
        return {'packets': self.packets, 'empty': self.empty,
                'duplicates': self.duplicates, 'payload_bytes': self.payload,
                'kris': len({kri for kri, _ in self.seen}),
                'counters': self.ranges()}


def describe(parsed):
    """Addresses and ports of a packet, for messages."""
    _, src, sport, dst, dport = parsed.tuple()
    return '%s:%d > %s:%d proto %d' % (
        packet.addr_text(src), sport, packet.addr_text(dst), dport,
        parsed.proto)


class Decoder:
    """Walks over a capture.

    hosts are pairs of addresses besides those of the flows in keys;
    real_ports must not be seen, in ICMP quotes neither; wire_ports are
    those that hosts have configured; lines is called with a text for each
    packet.  associations and host_keys are for the observer; allow_closed:
    what they do not open is counted, and no violation.
    """

    def __init__(self, keys, allow=(), check_icmp=False, mark_openings=False,
                 keep_duplicates=False, sink=None, psks=(), hosts=(),
                 real_ports=(), wire_ports=(), lines=None, associations=(),
                 host_keys=(), allow_closed=False):
        self.mark = keys.mark
        self.flows = keys.flows()
        self.sides = [keys.a_side(entry) for entry in keys.entries]
        self.by_wire = {}
        self.directions = {}
        self.observer = observer.Observer(psks, associations, host_keys)
        self.allow_closed = allow_closed
        self.opened = {}
        self.hosts = {frozenset(pair) for pair in hosts}
        self.real_ports = set(real_ports)
        self.wire_ports = set(wire_ports)
        self.check_icmp = check_icmp or bool(real_ports)
        self.lines = lines
        self.used = {}
        for index, flow in enumerate(self.flows):
            self.hosts.add(frozenset(flow.addrs.values()))
            self.real_ports.update(flow.ports.values())
            for side in (1, 2):
                tup = flow.wire_tuple(side)
                if tup in self.by_wire:
                    raise ValueError('two flows have one wire tuple')
                self.by_wire[tup] = index, flow, side
                self.directions[index, side] = Direction()
        self.allow = set(allow)
        self.mark_openings = mark_openings
        self.keep_duplicates = keep_duplicates
        self.sink = sink
        self.gather = frag.Gatherer()
        self.found = Findings()
        self.counts = collections.Counter()
        self.coincidences = 0
        self.comparable = 0
        self.number = 0

    def feed(self, when, data, cut=False):
        """One packet of the capture."""
        self.number += 1
        self.counts['packets'] += 1
        try:
            parsed = packet.Packet(data)
        except packet.ParseError:
            if cut:
                self.found.add('cut-capture', self.number)
            else:
                self.counts['unreadable'] += 1
            return
        pair = frozenset((parsed.src, parsed.dst))
        if parsed.proto in (packet.ICMP, packet.ICMPV6) and self.check_icmp:
            self._icmp(parsed)
        if pair not in self.hosts or parsed.proto not in (packet.TCP,
                                                          packet.UDP):
            self.counts['ignored'] += 1
            return
        if cut:
            self.found.add('cut-capture', self.number)
            return
        if parsed.fragment:
            self.counts['fragments'] += 1
            if not parsed.marked(self.mark) and not self.allow & pair:
                self.found.add('fragment-unmarked', self.number)
            if parsed.version == 4 and not parsed.data[6] & 0x40 \
                    and not self.allow & pair:
                self.found.add('fragment-without-df', self.number)
            whole = self.gather.add(parsed)
            if whole is None:
                return
            parsed = packet.Packet(whole)
        if not parsed.is_transport:
            self.found.add('short', self.number)
            return
        self._transport(when, parsed, pair)

    def _icmp(self, parsed):
        """An ICMP error must not quote a real port."""
        segment = parsed.segment
        if len(segment) < 8 + 24:
            return
        error = segment[0] in (3, 4, 5, 11, 12) if parsed.version == 4 \
            else segment[0] < 128
        if not error:
            return
        quoted = segment[8:]
        at = (quoted[0] & 15) * 4 if parsed.version == 4 else 40
        proto = quoted[9 if parsed.version == 4 else 6]
        if proto not in (packet.TCP, packet.UDP) or len(quoted) < at + 4:
            return
        sport, dport = struct.unpack('>HH', quoted[at:at + 4])
        size, first = (4, 12) if parsed.version == 4 else (16, 8)
        src = quoted[first:first + size]
        dst = quoted[first + size:first + 2 * size]
        if {sport, dport} & self.real_ports or self.observer.is_real(
                (proto, src, sport, dst, dport)):
            self.found.add('icmp-real-port', self.number,
                           '%s > %s' % (packet.addr_text(parsed.src),
                                        packet.addr_text(parsed.dst)))

    def _line(self, when, parsed, seen, verdict):
        """One packet for --list."""
        if not self.lines:
            return
        text = '%d %.6f %s' % (self.number, when / 10 ** 9,
                               describe(parsed))
        if seen and seen.meta is None:
            text += ' label'
        elif seen:
            meta = seen.meta
            flags = ''.join(letter for bit, letter in (
                (8, 'E'), (4, 'I'), (2, 'C' if meta.type == INIT else 'N'),
                (1, 'P')) if meta.flags & bit)
            text += ' %s flags %s tc %#x kri %d seq %d' % (
                KINDS[meta.type], flags or '-', meta.tc, meta.kri, meta.seq)
            if seen.flow:
                text += ' real %d > %d' % (
                    seen.flow.ports[seen.side],
                    seen.flow.ports[3 - seen.side])
            if seen.content:
                text += ' time %d' % seen.content.time
        self.lines(text + ' ' + verdict)

    def _open(self, when, parsed):
        """observer.Seen, or None for what is of no flow; raises Drop."""
        entry = self.by_wire.get(parsed.tuple())
        if entry is None:
            return self.observer.open(parsed, when // 10 ** 9)
        _, flow, side = entry
        parts = codec.take_apart(parsed, flow)
        ports = codec.authenticate(flow, side, parts)
        codec.check_ports(flow, side, ports)
        return observer.Seen(None, flow, side, parts.meta, parts,
                             flow.keys.packet_key(side, parts.meta.kri),
                             None)

    def _transport(self, when, parsed, pair):
        seen = drop = None
        try:
            seen = self._open(when, parsed)
        except Drop as why:
            drop = why
        found, number = self.found, self.number
        known = seen is not None or drop is not None
        if not known and self.allow & pair:
            self.counts['allowed'] += 1
            return
        if set(parsed.ports) & self.real_ports \
                or self.observer.is_real(parsed.tuple()):
            found.add('real-port', number, describe(parsed))
        marked = parsed.marked(self.mark)
        if not known:
            kind = 'unknown-tuple' if marked else 'clear'
            found.add(kind, number, describe(parsed))
            self._line(when, parsed, None, kind)
            return
        if not marked:
            if self.mark_openings and (seen is None or seen.meta is None
                                       or seen.meta.type == DATA):
                self.counts['unmarked'] += 1
            else:
                found.add('unmarked', number, describe(parsed))
        if seen and seen.meta is None:
            self._bare(when, parsed, seen)
            return
        if seen and seen.key is None:
            drop = Drop('closed', 'an opening')
            self._direction(parsed, seen)
        if drop is not None and drop.reason == 'closed' \
                and self.allow_closed:
            self.counts['closed'] += 1
            self._line(when, parsed, seen, 'closed')
            return
        if drop is not None:
            found.add(drop.reason, number,
                      describe(parsed) + ' ' + drop.detail)
            self._line(when, parsed, None, str(drop))
            return
        self.counts['sealed'] += 1
        direction = self._direction(parsed, seen)
        counter = seen.meta.kri, seen.meta.seq
        digest = hashlib.blake2b(parsed.segment, digest_size=16).digest()
        before = self.used.setdefault((seen.key, counter), digest)
        repeated = before is not digest
        if direction:
            direction.seen.add(counter)
            direction.packets += 1
        if repeated:
            if before != digest:
                found.add('counter-reuse', number,
                          '%s %s kri %d seq %d' % ((
                              seen.flow.name or describe(parsed),
                              KINDS[seen.meta.type]) + counter))
            elif direction:
                direction.duplicates += 1
        self._line(when, parsed, seen, 'ok' if not repeated else 'duplicate'
                   if before == digest else 'counter-reuse')
        if repeated and not self.keep_duplicates:
            return
        if seen.meta.flags & E:
            if direction:
                direction.empty += 1
            return
        if direction:
            direction.payload += seen.parts.payload_len
        self._restore(when, parsed, seen)

    def _bare(self, when, parsed, seen):
        """A segment of scope `label` without trailer."""
        self.counts['bare'] += 1
        self._line(when, parsed, seen, 'ok')
        if self.sink:
            self.sink.write(codec.unlabel(parsed, seen.flow, seen.side,
                                          self.mark), when)

    def _direction(self, parsed, seen):
        """Where a DATA packet counts; counts OPEN and ACCEPT."""
        if seen.opening is None:
            index, _, side = self.by_wire[parsed.tuple()]
            return self.directions[index, side]
        entry = self.opened.get(seen.opening)
        if entry is None:
            entry = self.opened[seen.opening] = {
                'open': 0, 'init': 0, 'accept': 0, 'cookie': 0,
                1: Direction(), 2: Direction()}
            for port in parsed.ports:
                if not wire_port_allowed(port) \
                        and port not in self.wire_ports:
                    self.found.add('wire-port', self.number,
                                   describe(parsed))
        if seen.meta.type == DATA:
            return entry[seen.side]
        entry[KINDS[seen.meta.type].lower()] += 1
        return None

    def _restore(self, when, parsed, seen):
        """Write the original; its checksum must not be the one sent."""
        restored = codec.restore(parsed, seen.flow, seen.side, seen.parts)
        at = parsed.l4 + packet.csum_offset(parsed.proto)
        if parsed.proto == packet.TCP or any(parsed.data[at:at + 2]):
            self.comparable += 1
            if parsed.data[at:at + 2] == restored[at:at + 2]:
                self.coincidences += 1
        if self.sink:
            self.sink.write(restored, when)

    def _opened_flows(self):
        """Summaries of flows that opened themselves; a is the initiator.

        What nobody here could read has no real ports, and no side.
        """
        for start, entry in self.opened.items():
            _, src, sport, dst, dport = start.tuples[0]
            real = start.ports or ('?', '?')
            side = start.side or 1
            yield {
                'name': '%s:%s > %s:%s' % (
                    packet.addr_text(src), real[0],
                    packet.addr_text(dst), real[1]),
                'proto': 'tcp' if start.proto == packet.TCP else 'udp',
                'initiator_side': start.side,
                'wires': [sport, dport], 'tuples': len(start.tuples),
                'assoc_id': start.assoc_id.hex(),
                'made': start.secrets.assoc_id.hex() if start.new
                and start.secrets else None,
                'salt_i': start.salt_i.hex(),
                'salt_r': [salt.hex() for salt in start.flows],
                'time': start.content.time if start.content else None,
                'open': entry['open'], 'init': entry['init'],
                'accept': entry['accept'], 'cookie': entry['cookie'],
                'a>b': entry[side].summary(),
                'b>a': entry[3 - side].summary()}

    def finish(self, min_sealed=1):
        """The summary; its "ok" is the verdict."""
        if self.counts['sealed'] < min_sealed:
            self.found.add('too-few-sealed', 0, '%d sealed packets, %d are '
                           'asked for' % (self.counts['sealed'], min_sealed))
        # Equal checksums happen once in 65536.  Six standard deviations
        # and two more leave room for chance, not for a checksum that was
        # simply kept; not all of a few packets either.
        mean = self.comparable / 65536
        limit = min(math.floor(2 + mean + 6 * math.sqrt(mean)),
                    max(0, self.comparable - 1))
        if self.coincidences > limit:
            self.found.add('checksum-kept', 0, '%d of %d' % (
                self.coincidences, self.comparable))
        flows = []
        for index, flow in enumerate(self.flows):
            a_side = self.sides[index]
            flows.append({
                'name': flow.name,
                'proto': 'tcp' if flow.proto == packet.TCP else 'udp',
                'a>b': self.directions[index, a_side].summary(),
                'b>a': self.directions[index, 3 - a_side].summary()})
        flows += self._opened_flows()
        counts = {name: self.counts[name] for name in (
            'packets', 'sealed', 'bare', 'ignored', 'allowed', 'unmarked',
            'fragments', 'unreadable', 'closed')}
        return dict(counts, **{
            'incomplete_datagrams': len(self.gather),
            'checksum_coincidences': {
                'count': self.coincidences, 'of': self.comparable,
                'fraction': self.coincidences / max(1, self.comparable),
                'limit': limit},
            'violations': dict(self.found.counts),
            'examples': self.found.examples, 'flows': flows,
            'ok': not self.found.counts})


def opened_pairs(paths, mark, *keys):
    """Pairs of addresses between which an opening verifies.

    keys are what observer.Observer takes.
    """
    watch = observer.Observer(*keys)
    gather = frag.Gatherer()
    out = set()
    for path in paths:
        for when, data, cut in pcap.Reader(path).packets():
            if cut:
                continue
            try:
                parsed = packet.Packet(data)
                if parsed.fragment:
                    whole = gather.add(parsed)
                    if whole is None:
                        continue
                    parsed = packet.Packet(whole)
                if parsed.is_transport and parsed.marked(mark) \
                        and opening.is_opening(parsed.segment) \
                        and watch.open(parsed, when // 10 ** 9):
                    out.add(frozenset((parsed.src, parsed.dst)))
            except (packet.ParseError, Drop):
                continue
    return out


def read_associations(path):
    """The kdf.Associations in a file, see assoc.parse_line()."""
    with open(path, encoding='ascii') as source:
        return [assoc.parse_line(line) for line in source
                if line.strip() and line[0] != '#']


def run_decode(args):
    """The decode command."""
    if not (args.keys or args.psk or args.assoc or args.host_key):
        raise ValueError('--keys, --psk, --assoc or --host-key is needed')
    keys = KeysFile.load(args.keys) if args.keys else KeysFile({'flows': []})
    if args.mark6:
        keys.mark = packet.Mark(*args.mark6)
    psks = [assoc.Psk.load(path) for path in args.psk]
    hosts = {frozenset(pair) for pair in itertools.combinations(
        [packet.addr(host) for host in args.host], 2)}
    associations = list(itertools.chain.from_iterable(
        map(read_associations, args.assoc)))
    host_keys = [hostkey.HostKey.load(path) for path in args.host_key]
    if psks or associations or host_keys:
        hosts |= opened_pairs(args.capture, keys.mark, psks, associations,
                              host_keys)
    sink = pcap.Writer(args.out) if args.out else None
    listing = open(args.list, 'w', encoding='utf-8') if args.list else None
    decoder = Decoder(keys, [packet.addr(host) for host in args.allow_host],
                      args.check_icmp, args.mark == 'openings',
                      args.keep_duplicates, sink, psks, hosts,
                      args.real_port, args.wire_port,
                      (lambda text: print(text, file=listing))
                      if listing else None, associations, host_keys,
                      args.allow_closed)
    for path in args.capture:
        for when, data, cut in pcap.Reader(path).packets():
            decoder.feed(when, data, cut)
    for one in (sink, listing):
        if one:
            one.close()
    summary = decoder.finish(args.min_sealed)
    json.dump(summary, sys.stdout, indent=1)
    print()
    return 0 if summary['ok'] else 1


def fill_partial(data, parsed):
    """Complete a checksum that waits for the interface.

    Such a field holds the folded sum of the pseudo header.  Returns True if
    it did.
    """
    segment = parsed.segment
    at = packet.csum_offset(parsed.proto)
    field = int.from_bytes(segment[at:at + 2], 'big')
    if packet.transport_valid(parsed.src, parsed.dst, parsed.proto, segment):
        return False
    partial = packet.ones_sum(packet.pseudo_header(
        parsed.src, parsed.dst, parsed.proto, len(segment)))
    if field != partial:
        return False
    packet.fix_transport(data, parsed.src, parsed.dst, parsed.proto,
                         parsed.l4)
    return True


class Side:
    """The packets of one capture, ready to be compared."""

    def __init__(self, path, args, tuples, ttl_add=0, gather=False):
        self.flows = collections.defaultdict(list)
        self.partial = 0
        self.count = 0
        sources = {packet.addr(text) for text in args.src}
        together = frag.Gatherer() if gather else None
        for _, data, cut in pcap.Reader(path).packets():
            try:
                parsed = packet.Packet(data)
            except packet.ParseError:
                if cut:
                    raise pcap.PcapError('%s: packets are cut' % path)
                continue
            if parsed.proto not in (packet.TCP, packet.UDP):
                continue
            if parsed.fragment and together is not None:
                whole = together.add(parsed)
                if whole is None:
                    continue
                parsed = packet.Packet(whole)
            if not parsed.is_transport:
                continue
            if sources and parsed.src not in sources:
                continue
            if tuples is not None and parsed.tuple() not in tuples:
                continue
            if args.port and not set(args.port) & set(parsed.ports):
                continue
            self.flows[parsed.tuple()].append(
                self.normal(parsed, args, ttl_add))
            self.count += 1

    def normal(self, parsed, args, ttl_add):
        """The packet without what may differ."""
        out = bytearray(parsed.data)
        if not args.strict_checksum:
            self.partial += fill_partial(out, parsed)
        if parsed.version == 4:
            out[8] = out[8] + ttl_add & 255
            if 'id' in args.ignore:
                out[4:6] = b'\0\0'
            if 'df' in args.ignore:
                out[6] &= 0xbf
        else:
            out[7] = out[7] + ttl_add & 255
            if 'label' in args.ignore:
                out[1:4] = bytes((out[1] & 0xf0, 0, 0))
        if 'ttl' in args.ignore:
            out[8 if parsed.version == 4 else 7] = 0
        tos = parsed.tos
        if 'dscp' in args.ignore:
            tos &= 3
        if 'ecn' in args.ignore:
            tos &= 0xfc
        packet.set_tos(out, tos)
        if 'csum' in args.ignore:
            at = parsed.l4 + packet.csum_offset(parsed.proto)
            out[at:at + 2] = b'\0\0'
        if parsed.version == 4:
            packet.fix_ip4_checksum(out)
        return bytes(out)


def difference(data, others):
    """Offsets at which data differs from the nearest of others."""
    best = None
    for other in others:
        if len(other) != len(data):
            continue
        where = [i for i, (a, b) in enumerate(zip(data, other)) if a != b]
        if best is None or len(where) < len(best):
            best = where
    return best


def compare_sides(got, want, ordered):
    """The differences between two captures; see run_compare."""
    out = {'decoded': got.count, 'reference': want.count, 'missing': 0,
           'extra': 0, 'out_of_order': 0, 'examples': [],
           'partial_checksums': want.partial + got.partial}
    for tup in sorted(set(got.flows) | set(want.flows)):
        left, right = got.flows[tup], want.flows[tup]
        missing = collections.Counter(right)
        missing.subtract(left)
        extra = [p for p, n in missing.items() for _ in range(-n)]
        lost = [p for p, n in missing.items() for _ in range(n)]
        out['missing'] += len(lost)
        out['extra'] += len(extra)
        for kind, packets, others in (('missing', lost, extra),
                                      ('extra', extra, lost)):
            for data in packets[:3]:
                if len(out['examples']) < EXAMPLES:
                    out['examples'].append({
                        'kind': kind, 'hex': data[:96].hex(),
                        'length': len(data),
                        'differs_at': difference(data, others[:200])})
        if ordered:
            common = collections.Counter(left) & collections.Counter(right)
            rows = []
            for packets in (left, right):
                room, kept = collections.Counter(common), []
                for data in packets:
                    if room[data] > 0:
                        room[data] -= 1
                        kept.append(data)
                rows.append(kept)
            out['out_of_order'] += sum(a != b for a, b in zip(*rows))
    return out


def run_compare(args):
    """The compare command."""
    tuples = None
    if args.keys:
        tuples = {flow.real_tuple(side)
                  for flow in KeysFile.load(args.keys).flows()
                  for side in (1, 2)}
    got = Side(args.decoded, args, tuples, args.ttl_delta)
    want = Side(args.reference, args, tuples, gather=True)
    out = compare_sides(got, want, args.ordered)
    out['ok'] = (out['missing'] <= args.allow_missing
                 and out['extra'] <= args.allow_extra
                 and not out['out_of_order']
                 and want.count >= args.min_packets)
    json.dump(out, sys.stdout, indent=1)
    print()
    return 0 if out['ok'] else 1


def main(argv=None):
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = parser.add_subparsers(dest='command', required=True)

    one = sub.add_parser('decode', help='check a capture and restore it')
    one.add_argument('capture', nargs='+')
    one.add_argument('--keys', help='keys file (JSON)')
    one.add_argument('--psk', action='append', default=[], metavar='FILE',
                     help='pre-shared key, either host\'s; repeatable')
    one.add_argument('--host-key', action='append', default=[],
                     metavar='FILE', help='private key of a host: opens the '
                     'box of INIT; repeatable')
    one.add_argument('--assoc', action='append', default=[],
                     metavar='FILE', help='lines "assoc A" or "assoc ID O_1 '
                     'O_2 C_1 C_2 F" in hex, secrets of associations that '
                     'INIT or OPEN N made; repeatable')
    one.add_argument('--allow-closed', action='store_true', help='what '
                     'needs the secrets of an association that is not given '
                     'is counted, and no violation')
    one.add_argument('--host', action='append', default=[], metavar='ADDR',
                     help='all between these hosts is checked; repeatable')
    one.add_argument('--real-port', type=int, action='append', default=[],
                     metavar='N', help='must not be seen between the hosts, '
                     'nor quoted by ICMP; repeatable')
    one.add_argument('--wire-port', type=int, action='append', default=[],
                     metavar='N', help='configured wire port of a host; '
                     'repeatable')
    one.add_argument('--mark6', type=lambda t: tuple(
        int(part, 0) for part in t.split('/')), metavar='MASK/VALUE',
        help='of the IPv6 traffic class')
    one.add_argument('--list', metavar='FILE', help='write a line for each '
                     'packet: type, flags, counters, real ports')
    one.add_argument('--out', help='pcap of the restored originals')
    one.add_argument('--allow-host', action='append', default=[],
                     metavar='ADDR', help='unsealed packets to or from ADDR '
                     'are no violation; repeatable')
    one.add_argument('--mark', choices=('all', 'openings'), default='all',
                     help='openings: whole DATA packets may be unmarked')
    one.add_argument('--check-icmp', action='store_true',
                     help='ICMP errors must not quote a real port')
    one.add_argument('--keep-duplicates', action='store_true',
                     help='write a packet once for each copy')
    one.add_argument('--min-sealed', type=int, default=1, metavar='N',
                     help='fewer sealed packets are a violation (default 1)')
    one.set_defaults(run=run_decode)

    two = sub.add_parser('compare', help='compare originals byte for byte')
    two.add_argument('decoded', help='pcap written by decode')
    two.add_argument('reference', help='pcap with the true originals')
    two.add_argument('--keys', help='compare only the flows in this file')
    two.add_argument('--port', type=int, action='append', default=[],
                     metavar='N', help='only packets from or to a real '
                     'port; repeatable')
    two.add_argument('--src', action='append', default=[], metavar='ADDR',
                     help='only packets from ADDR; repeatable')
    two.add_argument('--ttl-delta', type=int, default=0, metavar='N',
                     help='the reference has TTLs higher by N')
    two.add_argument('--ignore', action='append', default=[],
                     choices=('df', 'dscp', 'ecn', 'id', 'ttl', 'label',
                              'csum'), help='repeatable')
    two.add_argument('--strict-checksum', action='store_true',
                     help='do not complete checksums left to the interface')
    two.add_argument('--ordered', action='store_true',
                     help='the order within a direction must agree')
    two.add_argument('--allow-missing', type=int, default=0, metavar='N',
                     help='packets of the reference that may be missing')
    two.add_argument('--allow-extra', type=int, default=0, metavar='N',
                     help='packets that need not be in the reference')
    two.add_argument('--min-packets', type=int, default=1, metavar='N',
                     help='packets the reference must have (default 1)')
    two.set_defaults(run=run_compare)

    args = parser.parse_args(argv)
    try:
        return args.run(args)
    except (OSError, ValueError, KeyError, pcap.PcapError) as error:
        print('decode.py: %s: %s' % (type(error).__name__, error),
              file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
