# SPDX-License-Identifier: GPL-2.0
"""Hostile variants of a sealed DATA packet.

Every generator yields Mutation(name, data, expected): a changed wire packet
that is still addressed to the same flow, and the names of the counters one
of which must go up.  Lengths and checksums are repaired, so that only the
named fault is left.  harmless() is the opposite: what a path may do.

The expectations follow the receiver's order: lengths, room for a trailer,
type, flags, tc, kri range, replay, tag, replay, ports.
"""

import struct
from collections import namedtuple

from . import codec, packet, trailer

Mutation = namedtuple('Mutation', 'name data expected')

TRAILER = trailer.DATA_LEN
SHORT = frozenset(('rx_short',))
LENGTH = frozenset(('rx_length',))
CUT = frozenset(('rx_short', 'rx_length'))
TYPE = frozenset(('rx_type',))
FLAGS = frozenset(('rx_flags',))
TC = frozenset(('rx_tc',))
AUTH = frozenset(('rx_auth',))
REPLAY = frozenset(('rx_replay',))
AUTH_REPLAY = AUTH | REPLAY
CHECKSUM = frozenset(('rx_checksum',))
PORTS = frozenset(('rx_ports',))


class State:
    """What the mutator knows of the receiver.

    kri: the receiver's current kri; previous: whether kri - 1 is still
    accepted; seen: True if the original was delivered, False if it was
    withheld, None if unknown; limited: whether trial keys may run out.
    """

    def __init__(self, kri=0, previous=False, seen=False, limited=True):
        self.kri = kri
        self.previous = previous
        self.seen = seen
        self.limited = limited


def repair(data, proto, l4, src, dst, udp_length=True):
    """Lengths, header checksum and transport checksum made to fit."""
    packet.fix_lengths(data, l4, proto, udp_length)
    packet.fix_transport(data, src, dst, proto, l4)
    return bytes(data)


class _Base:
    """The captured packet and where its parts are."""

    def __init__(self, sealed, state):
        self.parsed = packet.Packet(sealed)
        self.data = self.parsed.data
        self.proto = self.parsed.proto
        self.l4 = self.parsed.l4
        self.end = len(self.data)
        self.meta_at = self.end - 24
        self.counter = trailer.Meta.unpack(
            self.data[self.meta_at:self.meta_at + 8])[3:]
        self.state = state
        if self.proto == packet.TCP:
            self.header = (self.data[self.l4 + 12] >> 4) * 4
        else:
            self.header = 8
        self.payload = self.end - self.l4 - TRAILER - self.header

    def fixed(self, data, udp_length=True):
        return repair(data, self.proto, self.l4, self.parsed.src,
                      self.parsed.dst, udp_length)

    def expect(self, data):
        """What becomes of a packet with sound lengths and a wrong tag."""
        segment = data[self.l4:]
        kind, flags, tc, kri, seq = trailer.Meta.unpack(segment[-24:-16])
        header = self.header
        if self.proto == packet.TCP:
            header = (segment[12] >> 4) * 4
            if header < 20 or header > len(segment) - TRAILER:
                return LENGTH
        if kind != trailer.DATA:
            return TYPE
        if flags & 6 or flags & 8 and len(segment) - TRAILER > header:
            return FLAGS
        covers = flags & trailer.P
        # Another scope than the flow's: known when that is, before the tag.
        odd = FLAGS if covers else frozenset()
        if flags & 8 and self.proto == packet.TCP and segment[13] & 0x1f != 0x10:
            # No keepalive; the tag would say so, too.
            odd = FLAGS
        if tc & 3 or tc and self.parsed.version == 4:
            return TC | odd
        out = odd | self.expect_key(kri, seq)
        return out - AUTH if covers else out

    def expect_key(self, kri, seq):
        state = self.state
        if kri > state.kri + 16:
            return frozenset(('rx_kri_far',))
        old = frozenset(('rx_kri_old',))
        if kri < state.kri - 1:
            return old
        if kri == state.kri - 1 and not state.previous:
            return old
        if (kri, seq) == self.counter:
            if state.seen is None:
                return AUTH_REPLAY
            return REPLAY if state.seen else AUTH
        out = AUTH_REPLAY if kri <= state.kri else AUTH
        if kri > state.kri and state.limited:
            out |= frozenset(('rx_kri_limited',))
        return out


def bit_flips(sealed, state):
    """Each bit of the trailer."""
    base = _Base(sealed, state)
    parts = ['sealed'] * 4 + ['meta'] * 8 + ['tag'] * 16
    for at in range(TRAILER):
        for bit in range(8):
            data = bytearray(base.data)
            data[base.end - TRAILER + at] ^= 0x80 >> bit
            data = base.fixed(data)
            yield Mutation('flip-%s-%d.%d' % (parts[at], at, bit), data,
                           base.expect(data))


def covered_flips(sealed, state):
    """Each covered bit of the TCP header."""
    base = _Base(sealed, state)
    if base.proto != packet.TCP:
        return
    for at, mask in ((12, 0xf0), (13, 0x1f)):
        for bit in range(8):
            if not mask & 0x80 >> bit:
                continue
            data = bytearray(base.data)
            data[base.l4 + at] ^= 0x80 >> bit
            data = base.fixed(data)
            yield Mutation('flip-tcp-%d.%d' % (at, bit), data,
                           base.expect(data))


def offsets(sealed, state):
    """Each TCP data offset but the right one."""
    base = _Base(sealed, state)
    if base.proto != packet.TCP:
        return
    for words in range(16):
        if words * 4 == base.header:
            continue
        data = bytearray(base.data)
        data[base.l4 + 12] = words << 4 | data[base.l4 + 12] & 15
        data = base.fixed(data)
        yield Mutation('tcp-offset-%d' % words, data, base.expect(data))


def udp_lengths(sealed, state):
    """UDP lengths that disagree with the IP payload."""
    base = _Base(sealed, state)
    if base.proto != packet.UDP:
        return
    right = base.end - base.l4
    for wrong in sorted({0, 1, 7, 8, right - TRAILER, right - 1, right + 1,
                         right + 16, 65535}):
        data = bytearray(base.data)
        struct.pack_into('>H', data, base.l4 + 4, wrong)
        yield Mutation('udp-length-%d' % wrong,
                       base.fixed(data, udp_length=False), LENGTH)


def cuts(sealed, state):
    """Cut from the end to each length that leaves the header, and cut the
    payload in front of the trailer."""
    base = _Base(sealed, state)
    least = 20 if base.proto == packet.TCP else 8
    for size in range(least, base.end - base.l4):
        data = base.fixed(bytearray(base.data[:base.l4 + size]))
        if size < least + TRAILER:
            expected = CUT if base.header > least else SHORT
        elif size < base.header + TRAILER:
            expected = CUT
        else:
            expected = base.expect(data)
        yield Mutation('cut-end-%d' % size, data, expected)
    for gone in {1, 2, 4, base.payload}:
        if 0 < gone <= base.payload:
            at = base.end - TRAILER
            data = base.fixed(bytearray(base.data[:at - gone]
                                        + base.data[at:]))
            yield Mutation('cut-payload-%d' % gone, data, base.expect(data))


def stretches(sealed, state):
    """Bytes put in front of and behind the trailer."""
    base = _Base(sealed, state)
    at = base.end - TRAILER
    for more in (1, 2, 3, 4, 8, 16, 28, 100):
        data = base.fixed(bytearray(base.data[:at] + bytes(more)
                                    + base.data[at:]))
        yield Mutation('stretch-payload-%d' % more, data, base.expect(data))
        data = base.fixed(bytearray(base.data + bytes(more)))
        yield Mutation('stretch-end-%d' % more, data, base.expect(data))
        data = base.fixed(bytearray(base.data
                                    + base.data[-more:]))
        yield Mutation('repeat-end-%d' % min(more, base.end), data,
                       base.expect(data))


def types(sealed, state):
    """Each type and each flag combination but the right ones."""
    base = _Base(sealed, state)
    right = base.data[base.meta_at]
    for value in range(256):
        kind, flags = value >> 4, value & 15
        if value == right or kind != trailer.DATA and flags:
            continue
        data = bytearray(base.data)
        data[base.meta_at] = value
        data = base.fixed(data)
        yield Mutation('type-%d-flags-%x' % (kind, flags), data,
                       base.expect(data))


def tcs(sealed, state):
    """tc values: low bits, each class, the mark's own."""
    base = _Base(sealed, state)
    right = base.data[base.meta_at + 1]
    for value in (1, 2, 3, 4, 0x20, 0x2e << 2, 0xac, 0xff):
        if value == right:
            continue
        data = bytearray(base.data)
        data[base.meta_at + 1] = value
        data = base.fixed(data)
        yield Mutation('tc-%02x' % value, data, base.expect(data))


def counters(sealed, state):
    """kri and seq values around the limits."""
    base = _Base(sealed, state)
    kri0, seq0 = base.counter
    now = state.kri
    for kri in sorted({0, now - 2, now - 1, now, now + 1, now + 16,
                       now + 17, 65535}):
        if not 0 <= kri <= 65535 or kri == kri0:
            continue
        data = bytearray(base.data)
        struct.pack_into('>H', data, base.meta_at + 2, kri)
        data = base.fixed(data)
        yield Mutation('kri-%d' % kri, data, base.expect(data))
    for seq in sorted({0, seq0 + 1, seq0 + 3000, 2 ** 32 - 1}):
        if seq > 2 ** 32 - 1 or seq == seq0:
            continue
        data = bytearray(base.data)
        struct.pack_into('>I', data, base.meta_at + 4, seq)
        data = base.fixed(data)
        yield Mutation('seq-%d' % seq, data, base.expect(data))


def damaged(sealed, state):
    """A wrong transport checksum over a right tag."""
    del state
    base = _Base(sealed, State())
    at = base.l4 + packet.csum_offset(base.proto)
    if base.proto == packet.UDP and not any(base.data[at:at + 2]):
        return
    data = bytearray(base.data)
    value = int.from_bytes(data[at:at + 2], 'big') ^ 0x0101
    struct.pack_into('>H', data, at, value or 0x0202)
    yield Mutation('checksum', bytes(data), CHECKSUM)


def replays(sealed, state):
    """The packet again; only after it was delivered."""
    if state.seen:
        yield Mutation('replay', sealed, REPLAY)


def swap_trailer(sealed, other, state):
    """The trailer of `other`, a packet of the same flow and direction but
    of another length, on this packet.

    (Between packets of one length and, on TCP, the same covered bytes,
    scope `ports` does not tell: the payload is not under the tag.)
    """
    base = _Base(sealed, state)
    data = base.fixed(bytearray(base.data[:-TRAILER]
                                + packet.Packet(other).data[-TRAILER:]))
    yield Mutation('moved-trailer', data, AUTH_REPLAY)


def reflect(sealed):
    """The packet back at its sender, addresses and wire ports turned.

    It is for the sender's address, not for the receiver's.
    """
    parsed = packet.Packet(sealed)
    out = bytearray(parsed.data)
    at, size = (12, 4) if parsed.version == 4 else (8, 16)
    out[at:at + size], out[at + size:at + 2 * size] = parsed.dst, parsed.src
    l4 = parsed.l4
    out[l4:l4 + 2], out[l4 + 2:l4 + 4] = (
        parsed.data[l4 + 2:l4 + 4], parsed.data[l4:l4 + 2])
    # Source and destination are added up in the checksum, so a turn does
    # not change it.
    yield Mutation('reflected', bytes(out), AUTH_REPLAY)


def forgeries(flow, side, original, kri, seq, state):
    """Packets made with the flow's keys, or wrong ones, with one fault.

    (kri, seq) is a fresh counter of `side`.  All carry a tag that is right
    for the fault, but for those named key-*.
    """
    parsed = packet.Packet(original)

    def make(**kwargs):
        kwargs.setdefault('kri', kri)
        kwargs.setdefault('seq', seq)
        return codec.seal_data(flow, side, original, **kwargs)

    real = struct.pack('>HH', flow.ports[side], flow.ports[3 - side])
    right = flow.keys.packet_key(side, kri)
    yield Mutation('key-random', make(key=bytes(range(32))), AUTH)
    yield Mutation('key-one-bit', make(
        key=bytes([right[0] ^ 1]) + right[1:]), AUTH)
    yield Mutation('key-other-side', make(
        key=flow.keys.packet_key(3 - side, kri)), AUTH)
    yield Mutation('key-other-kri', make(
        key=flow.keys.packet_key(side, kri + 1)), AUTH)
    for kind in (0, 1, 2, 3, 5, 6, 15):
        yield Mutation('signed-type-%d' % kind, make(kind=kind), TYPE)
    for flags in (1, 2, 4, 7):
        yield Mutation('signed-flags-%x' % flags, make(flags=flags), FLAGS)
    size = 8 if parsed.proto == packet.UDP else \
        (parsed.data[parsed.l4 + 12] >> 4) * 4
    if len(parsed.segment) > size:
        segment = make()
        base = _Base(segment, state)
        # seal_data refuses E with payload, so make the tag by hand.
        meta = trailer.Meta(trailer.DATA, trailer.E, 0, kri, seq).pack()
        aad = trailer.aad(meta, parsed.proto, len(parsed.segment),
                          trailer.covered(parsed.proto, parsed.segment))
        sealed, tag = codec.suite.seal_ports(right, seq, aad, real)
        yield Mutation('signed-empty-with-payload', base.fixed(bytearray(
            base.data[:-TRAILER] + sealed + meta + tag)), FLAGS)
    for tc in (1, 2, 3):
        yield Mutation('signed-tc-%02x' % tc, make(tc=tc), TC)
    if parsed.version == 4:
        yield Mutation('signed-tc-b8', make(tc=0xb8), TC)
    for name, ports in (('source', real[:1] + bytes([real[1] ^ 1])
                         + real[2:]),
                        ('destination', real[:3] + bytes([real[3] ^ 1])),
                        ('turned', real[2:] + real[:2])):
        if ports != real:
            # A right tag uses its counter up, so each takes its own seq.
            yield Mutation('signed-ports-' + name,
                           make(ports=ports, seq=seq), PORTS)
            seq += 1
    now = state.kri
    if now >= 2:
        yield Mutation('signed-kri-%d' % (now - 2), make(kri=now - 2),
                       frozenset(('rx_kri_old',)))
    for far in (now + 17, 65535):
        if now + 16 < far <= 65535:
            yield Mutation('signed-kri-%d' % far, make(kri=far),
                           frozenset(('rx_kri_far',)))


_ALL = (bit_flips, covered_flips, offsets, udp_lengths, cuts, stretches,
        types, tcs, counters, damaged, replays)


def mutations(sealed, state=None, other=None):
    """Every hostile variant that needs no key.

    `other` is a second packet of the same flow, direction and a different
    length.
    """
    state = state or State()
    for generator in _ALL:
        yield from generator(sealed, state)
    if other is not None:
        yield from swap_trailer(sealed, other, state)


def harmless(sealed):
    """What a path may do: each yields a packet that must still open.

    expected is empty.
    """
    base = _Base(sealed, State())
    none = frozenset()
    l4 = base.l4

    def change(name, at, mask):
        data = bytearray(base.data)
        data[at] ^= mask
        return Mutation(name, base.fixed(data), none)

    yield Mutation('same', base.data, none)
    yield Mutation('link-padding', base.data + b'\xee' * 7, none)
    if base.parsed.version == 4:
        yield change('ttl', 8, 1)
        yield change('ecn', 1, 3)
        yield change('ident', 5, 0xff)
        yield change('bleached-mark', 6, 0x80)
        yield change('no-df', 6, 0x40)
    else:
        yield change('hops', 7, 1)
        yield change('ecn', 1, 0x30)
        yield change('flow-label', 3, 0xff)
        yield change('bleached-mark', 0, 0x0a)
    if base.proto == packet.TCP:
        yield change('tcp-seq', l4 + 7, 0x55)
        yield change('tcp-ack', l4 + 11, 0x55)
        yield change('tcp-window', l4 + 15, 0x55)
        yield change('tcp-urgent', l4 + 19, 0x55)
        for bit in (0x80, 0x40, 0x20):
            yield change('tcp-flag-%02x' % bit, l4 + 13, bit)
        yield change('tcp-reserved', l4 + 12, 0x0f)
        if base.header > 20:
            yield change('tcp-option', l4 + 20 + base.header - 21, 0xff)
    if base.payload:
        yield change('payload', l4 + base.header, 0xff)
