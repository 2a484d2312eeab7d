# SPDX-License-Identifier: GPL-2.0
"""Seal and open whole packets (protocol sections 2 to 5).

A DATA trailer has 28 bytes: sealed 4 || meta 8 || tag 16.
"""

import struct
from collections import namedtuple

from . import kdf, packet, suite, trailer
from .trailer import DATA, DATA_LEN, Drop, Meta, TCP, UDP

# The parts of a sealed packet that passed every check before the key.
# payload is a Payload.
Parts = namedtuple('Parts', 'meta aad sealed tag seglen payload_len payload')

# packet is None when nothing is for the stack (flag E).
Opened = namedtuple('Opened', 'packet flow side meta')


class Payload:
    """What stands in the place of the payload, and the payload.

    clear is None until the packet has verified.
    """

    def __init__(self, wire):
        self.wire = wire
        self.clear = None


class SealError(Exception):
    """A packet cannot be sealed."""


def _header_len(parsed, segment_len):
    """The transport header's length in a clear packet."""
    if parsed.proto == UDP:
        size = 8
    elif segment_len >= 20:
        size = (parsed.data[parsed.l4 + 12] >> 4) * 4
    else:
        raise SealError('short TCP header')
    if size < 8 or size > segment_len or parsed.proto == TCP and size < 20:
        raise SealError('bad transport header')
    return size


def payload_of(parsed):
    """The payload of a clear packet."""
    segment = parsed.segment
    return segment[_header_len(parsed, len(segment)):]


def prepare(flow, original, flags, size):
    """Check that a clear packet of a flow can carry a trailer of `size`."""
    parsed = packet.Packet(original)
    if parsed.fragment or parsed.proto != flow.proto:
        raise SealError('not a whole packet of this flow')
    segment = parsed.segment
    header = _header_len(parsed, len(segment))
    if parsed.proto == UDP \
            and int.from_bytes(segment[4:6], 'big') != len(segment):
        raise SealError('UDP length')
    if flags & trailer.E and len(segment) != header:
        raise SealError('E with payload')
    if len(parsed.data) - (0 if parsed.version == 4 else 40) + size > 65535:
        raise SealError('too long')
    return parsed


def carried_class(parsed, dscp_keep, mark):
    """tc of meta: the traffic class that travels in the trailer."""
    if not dscp_keep or parsed.version == 4:
        return 0
    keep = parsed.tos & 0xfc
    return 0 if mark.matches(keep) else keep


def assemble(flow, side, parsed, end, dscp_keep, mark, payload=None,
             marked=True):
    """The wire form of a flow's packet with the trailer `end`."""
    return put_together(parsed, flow.wires[side], flow.wires[3 - side], end,
                        dscp_keep, mark, payload, marked)


def put_together(parsed, sport, dport, end, dscp_keep, mark, payload=None,
                 marked=True):
    """The wire form: wire ports, trailer `end`, mark, lengths, checksums.

    payload is what stands in the place of the payload, if not that itself.
    """
    wire = struct.pack('>HH', sport, dport)
    segment = parsed.segment
    if payload is not None:
        segment = segment[:len(segment) - len(payload)] + payload
    out = bytearray(b''.join((parsed.data[:parsed.l4], wire, segment[4:],
                              end)))
    ecn = parsed.tos & 3
    if parsed.version == 4:
        field = int.from_bytes(out[6:8], 'big')
        struct.pack_into('>H', out, 6, field | packet.DF4
                         | (packet.MARK4 if marked else 0))
        packet.set_tos(out, parsed.tos if dscp_keep else ecn)
    elif marked:
        packet.set_tos(out, mark.value | ecn)
    else:
        # What would look like the mark does not stay.
        packet.set_tos(out, parsed.tos if dscp_keep
                       and not mark.matches(parsed.tos & 0xfc) else ecn)
    packet.fix_lengths(out, parsed.l4, parsed.proto)
    packet.fix_transport(out, parsed.src, parsed.dst, parsed.proto,
                         parsed.l4)
    return bytes(out)


def seal_data(flow, side, original, kri, seq, flags=0, dscp_keep=False,
              mark=packet.Mark(), ports=None, key=None, kind=DATA, tc=None,
              marked=True):
    """The wire form of an original packet, with a given counter.

    ports, key, kind and tc are for tests that need a wrong packet with a
    right tag; ports are the 4 sealed bytes.
    """
    parsed = prepare(flow, original, flags, DATA_LEN)
    segment = parsed.segment
    if tc is None:
        tc = carried_class(parsed, dscp_keep, mark)
    flags ^= trailer.scope_flag(flow.scope)
    meta = Meta(kind, flags, tc, kri, seq)
    aad = trailer.aad(meta.pack(), parsed.proto, len(segment),
                      trailer.covered(parsed.proto, segment))
    key = key or flow.keys.packet_key(side, kri)
    ports = segment[:4] if ports is None else ports
    payload = None
    if flow.scope == kdf.SCOPE_PAYLOAD:
        sealed, payload, tag = suite.seal_payload(
            key, meta.counter, aad, ports, payload_of(parsed))
    else:
        sealed, tag = suite.seal_ports(key, seq, aad, ports)
    return assemble(flow, side, parsed, sealed + meta.pack() + tag, dscp_keep,
                    mark, payload, marked)


def label(flow, side, original, dscp_keep=False, mark=packet.Mark(),
          marked=True):
    """The wire form of a segment of scope `label` without trailer."""
    return put_together(prepare(flow, original, 0, 0), flow.wires[side],
                        flow.wires[3 - side], b'', dscp_keep, mark, marked=marked)


def unlabel(parsed, flow, side, mark=packet.Mark()):
    """The packet for the stack, of a segment that `label` made."""
    real = struct.pack('>HH', flow.ports[side], flow.ports[3 - side])
    out = bytearray(parsed.data[:parsed.l4] + real
                    + parsed.data[parsed.l4 + 4:])
    if parsed.version == 4:
        out[6] &= 0x7f
    elif parsed.marked(mark):
        packet.set_tos(out, parsed.tos & 3)
    packet.fix_transport(out, parsed.src, parsed.dst, parsed.proto,
                         parsed.l4)
    return bytes(out)


def measure(parsed, trailer_len, checksum_ready=True):
    """(length without trailer, header length) of a wire segment.

    Checks UDP length, TCP data offset, room for the trailer and checksum.
    checksum_ready is False for a packet whose checksum the sending
    interface would have filled in.
    """
    segment = parsed.segment
    proto = parsed.proto
    seglen = len(segment) - trailer_len
    if proto == UDP:
        if len(segment) < 8:
            raise Drop('rx_length', 'no UDP header')
        if int.from_bytes(segment[4:6], 'big') != len(segment):
            raise Drop('rx_length', 'UDP length')
        size = 8
    else:
        if len(segment) < 20:
            raise Drop('rx_length', 'no TCP header')
        size = (segment[12] >> 4) * 4
        if size < 20:
            raise Drop('rx_length', 'TCP data offset')
        if seglen >= 20 and size > seglen:
            raise Drop('rx_length', 'TCP data offset')
    if seglen < size:
        raise Drop('rx_short')
    if checksum_ready and not packet.transport_valid(
            parsed.src, parsed.dst, proto, segment):
        raise Drop('rx_checksum')
    return seglen, size


def take_apart(parsed, flow, checksum_ready=True):
    """Everything that needs no key: lengths, room, type, flags, tc."""
    segment = parsed.segment
    proto = parsed.proto
    seglen, size = measure(parsed, DATA_LEN, checksum_ready)
    meta_bytes = segment[-24:-16]
    meta = Meta.unpack(meta_bytes)
    if meta.type != DATA:
        raise Drop('rx_type', 'type %d' % meta.type)
    trailer.check_flags(meta, proto, flow.scope, seglen - size)
    trailer.check_tc(meta, parsed.version)
    aad = trailer.aad(meta_bytes, proto, seglen,
                      trailer.covered(proto, segment))
    return Parts(meta, aad, segment[seglen:seglen + 4], segment[-16:],
                 seglen, seglen - size, Payload(segment[size:seglen]))


def authenticate(flow, side, parts):
    """Verify the tag of what `side` sent; returns the 4 bytes of ports."""
    key = flow.keys.packet_key(side, parts.meta.kri)
    payload = parts.payload
    if flow.scope == kdf.SCOPE_PAYLOAD:
        ports, payload.clear = suite.open_payload(
            key, parts.meta.counter, parts.aad, parts.sealed, payload.wire,
            parts.tag)
    else:
        ports = suite.open_ports(key, parts.meta.seq, parts.aad,
                                 parts.sealed, parts.tag)
        payload.clear = payload.wire
    if ports is None:
        raise Drop('rx_auth')
    return ports


def check_ports(flow, side, ports):
    """The sealed ports must be the flow's."""
    if ports != struct.pack('>HH', flow.ports[side], flow.ports[3 - side]):
        raise Drop('rx_ports')


def restore(parsed, flow, side, parts):
    """The packet for the stack.

    Ports come from the flow, never from the box.  DF and, on IPv4, DSCP
    stay as they arrived.
    """
    if parts.payload.clear is None:
        authenticate(flow, side, parts)
    real = struct.pack('>HH', flow.ports[side], flow.ports[3 - side])
    end = parsed.l4 + parts.seglen
    segment = parsed.data[parsed.l4 + 4:end]
    segment = segment[:len(segment) - parts.payload_len] + parts.payload.clear
    out = bytearray(parsed.data[:parsed.l4] + real + segment)
    if parsed.version == 4:
        out[6] &= 0x7f
    else:
        packet.set_tos(out, parts.meta.tc | parsed.tos & 3)
    packet.fix_lengths(out, parsed.l4, parsed.proto)
    packet.fix_transport(out, parsed.src, parsed.dst, parsed.proto,
                         parsed.l4)
    return bytes(out)


class Codec:
    """All flows of one host: seals what it sends, opens what it gets."""

    def __init__(self, flows=(), mark=None, dscp_keep=False):
        self.mark = mark or packet.Mark()
        self.dscp_keep = dscp_keep
        self._egress = {}
        self._ingress = {}
        for flow in flows:
            self.add(flow)

    def add(self, flow):
        """Install a flow; its side says who we are."""
        wire = flow.wire_tuple(3 - flow.side)
        real = flow.real_tuple(flow.side)
        if wire in self._ingress or real in self._egress:
            raise ValueError('a flow has this tuple already')
        self._ingress[wire] = flow
        self._egress[real] = flow

    def seal(self, original, flags=0):
        """original packet -> wire packet; KeyError without a flow."""
        parsed = packet.Packet(original)
        flow = self._egress[parsed.tuple()]
        kri, seq = flow.sender.next()
        return seal_data(flow, flow.side, original, kri, seq, flags,
                         self.dscp_keep, self.mark)

    def open(self, wire, checksum_ready=True):
        """wire packet -> Opened; None when it is not ours; raises Drop."""
        try:
            parsed = packet.Packet(wire)
        except packet.ParseError:
            return None
        if not parsed.is_transport:
            return None
        flow = self._ingress.get(parsed.tuple())
        if flow is None:
            return None
        side = 3 - flow.side
        parts = take_apart(parsed, flow, checksum_ready)
        flow.receiver.check(parts.meta.kri, parts.meta.seq)
        ports = authenticate(flow, side, parts)
        flow.receiver.commit(parts.meta.kri, parts.meta.seq)
        check_ports(flow, side, ports)
        if parts.meta.flags & trailer.E:
            return Opened(None, flow, side, parts.meta)
        return Opened(restore(parsed, flow, side, parts), flow, side,
                      parts.meta)
