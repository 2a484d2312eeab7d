# SPDX-License-Identifier: GPL-2.0
"""IPv4, IPv6, TCP and UDP: parsing, building, checksums, the mark.

Protocol sections 2 and 3.  Addresses are byte strings of 4 or 16 bytes;
all header fields are big-endian.
"""

import ipaddress
import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
HOPOPTS, ROUTING, FRAGMENT, DSTOPTS, NONE = 0, 43, 44, 60, 59

MARK4 = 0x8000      # bit 0 of the IPv4 Flags
DF4 = 0x4000
MF4 = 0x2000


class ParseError(Exception):
    """Not an IP packet that could be read."""


class Mark:
    """The IPv6 mark: (traffic class & mask) == value."""

    def __init__(self, mask=0xfc, value=0xac):
        if mask & 3 or value & ~mask & 0xff or mask > 0xff:
            raise ValueError('mark: mask & 3 and value & ~mask must be 0')
        self.mask = mask
        self.value = value

    def matches(self, traffic_class):
        """True if a traffic class carries the mark."""
        return traffic_class & self.mask == self.value


def addr(text):
    """Text form to 4 or 16 bytes."""
    return ipaddress.ip_address(text).packed


def addr_text(packed):
    """4 or 16 bytes to text form."""
    return str(ipaddress.ip_address(packed))


def ones_sum(data):
    """The folded ones' complement sum of 16-bit words.

    2^16 is 1 modulo 65535, so one division does the whole sum.  Zero and
    0xffff are the same number there; only all-zero data gives 0.
    """
    if len(data) & 1:
        data = bytes(data) + b'\0'
    number = int.from_bytes(data, 'big')
    if not number:
        return 0
    return number % 0xffff or 0xffff


def checksum(data):
    """The Internet checksum of data."""
    return ~ones_sum(data) & 0xffff


def pseudo_header(src, dst, proto, length):
    """The pseudo header of IPv4 (12 bytes) or IPv6 (40 bytes)."""
    if len(src) == 4:
        return src + dst + struct.pack('>BBH', 0, proto, length)
    return src + dst + struct.pack('>IHBB', length, 0, 0, proto)


def csum_offset(proto):
    """Where the checksum stands in a TCP or UDP header."""
    return 16 if proto == TCP else 6


def transport_checksum(src, dst, proto, segment):
    """The checksum of a segment, whatever its checksum field holds."""
    at = csum_offset(proto)
    data = b''.join((pseudo_header(src, dst, proto, len(segment)),
                     segment[:at], b'\0\0', segment[at + 2:]))
    value = checksum(data)
    if proto == UDP and not value:
        return 0xffff
    return value


def transport_valid(src, dst, proto, segment):
    """True if the checksum field of a segment is right.

    A UDP checksum of zero means that there is none.
    """
    if proto == UDP and segment[6:8] == b'\0\0':
        return True
    return ones_sum(pseudo_header(src, dst, proto, len(segment))
                    + bytes(segment)) == 0xffff


def put_transport_checksum(src, dst, proto, segment):
    """Write the right checksum into a bytearray; UDP zero stays zero."""
    if proto == UDP and segment[6:8] == b'\0\0':
        return
    at = csum_offset(proto)
    struct.pack_into('>H', segment, at,
                     transport_checksum(src, dst, proto, segment))


class Packet:
    """One parsed IP packet, trimmed to its IP length.

    l4 is the offset of the transport header (of the first byte after the
    Fragment header in a fragment).  proto is the number of the header
    there: 6 or 17, or the header where parsing ended because SST does not
    step over it.
    """

    __slots__ = ('data', 'version', 'src', 'dst', 'proto', 'l4', 'offset',
                 'more', 'frag_id', 'frag_at')

    def __init__(self, data):
        if not data:
            raise ParseError('empty')
        self.version = data[0] >> 4
        self.offset = 0
        self.more = False
        self.frag_id = 0
        self.frag_at = 0
        if self.version == 4:
            self._parse4(data)
        elif self.version == 6:
            self._parse6(data)
        else:
            raise ParseError('version')

    def _parse4(self, data):
        if len(data) < 20:
            raise ParseError('short')
        ihl = (data[0] & 15) * 4
        total, self.frag_id, frag = struct.unpack('>HHH', data[2:8])
        if ihl < 20 or total < ihl or len(data) < total:
            raise ParseError('length')
        self.data = bytes(data[:total])
        self.src = self.data[12:16]
        self.dst = self.data[16:20]
        self.proto = data[9]
        self.l4 = ihl
        self.offset = (frag & 0x1fff) * 8
        self.more = bool(frag & MF4)

    def _parse6(self, data):
        if len(data) < 40:
            raise ParseError('short')
        total = 40 + int.from_bytes(data[4:6], 'big')
        # A payload length of 0 means a jumbogram or nothing at all.
        if total == 40 or len(data) < total:
            raise ParseError('length')
        self.data = data = bytes(data[:total])
        self.src = data[8:24]
        self.dst = data[24:40]
        proto, at = data[6], 40
        while proto in (HOPOPTS, DSTOPTS, ROUTING, FRAGMENT):
            if at + 8 > total:
                raise ParseError('extension header')
            if proto == FRAGMENT:
                field = int.from_bytes(data[at + 2:at + 4], 'big')
                self.frag_at = at
                self.frag_id = int.from_bytes(data[at + 4:at + 8], 'big')
                self.offset = field & 0xfff8
                self.more = bool(field & 1)
                size = 8
                proto, at = data[at], at + size
                if self.offset or self.more:
                    break
                continue
            if proto == ROUTING and data[at + 3]:
                break
            size = (data[at + 1] + 1) * 8
            if at + size > total:
                raise ParseError('extension header')
            proto, at = data[at], at + size
        self.proto = proto
        self.l4 = at

    @property
    def fragment(self):
        """True for a part of a larger packet."""
        return self.more or self.offset > 0

    @property
    def segment(self):
        """The transport segment with all that follows it."""
        return self.data[self.l4:]

    @property
    def is_transport(self):
        """True for a whole TCP or UDP packet with its port fields."""
        return (self.proto in (TCP, UDP) and not self.fragment
                and len(self.data) >= self.l4 + 4)

    @property
    def ports(self):
        """(source, destination)."""
        return struct.unpack_from('>HH', self.data, self.l4)

    @property
    def tos(self):
        """The IPv4 TOS byte or IPv6 traffic class."""
        if self.version == 4:
            return self.data[1]
        return int.from_bytes(self.data[:2], 'big') >> 4 & 0xff

    @property
    def ttl(self):
        """TTL or hop limit."""
        return self.data[8 if self.version == 4 else 7]

    def marked(self, mark):
        """True if the packet carries the SST mark."""
        if self.version == 4:
            return bool(self.data[6] & 0x80)
        return mark.matches(self.tos)

    def tuple(self):
        """(proto, source, source port, destination, destination port)."""
        sport, dport = self.ports
        return self.proto, self.src, sport, self.dst, dport


def set_tos(data, tos):
    """Write TOS or traffic class into a bytearray."""
    if data[0] >> 4 == 4:
        data[1] = tos
    else:
        data[0] = data[0] & 0xf0 | tos >> 4
        data[1] = data[1] & 0x0f | (tos & 15) << 4


def fix_ip4_checksum(data):
    """Write the IPv4 header checksum into a bytearray."""
    ihl = (data[0] & 15) * 4
    data[10:12] = b'\0\0'
    struct.pack_into('>H', data, 10, checksum(data[:ihl]))


def fix_lengths(data, l4, proto=None, udp=True):
    """Make IP length, UDP length and IPv4 checksum agree with the bytes."""
    if data[0] >> 4 == 4:
        struct.pack_into('>H', data, 2, len(data))
    else:
        struct.pack_into('>H', data, 4, len(data) - 40)
    if proto == UDP and udp and len(data) >= l4 + 6:
        struct.pack_into('>H', data, l4 + 4, len(data) - l4)
    if data[0] >> 4 == 4:
        fix_ip4_checksum(data)


def fix_transport(data, src, dst, proto, l4):
    """Write the right transport checksum into a bytearray packet."""
    segment = bytearray(data[l4:])
    if len(segment) >= csum_offset(proto) + 2:
        put_transport_checksum(src, dst, proto, segment)
        data[l4:] = segment


# Building

def udp(src, dst, sport, dport, payload=b'', zero_checksum=False):
    """A UDP datagram, 8 bytes and the payload."""
    out = bytearray(struct.pack('>HHHH', sport, dport, 8 + len(payload), 0)
                    + payload)
    if not zero_checksum:
        struct.pack_into('>H', out, 6, transport_checksum(src, dst, UDP, out))
    return bytes(out)


def tcp(src, dst, sport, dport, seq=0, ack=0, flags=0x10, window=65535,
        options=b'', payload=b'', urgent=0):
    """A TCP segment; options are padded to a multiple of 4."""
    options += bytes(-len(options) % 4)
    out = bytearray(struct.pack(
        '>HHIIBBHHH', sport, dport, seq & 0xffffffff, ack & 0xffffffff,
        (20 + len(options)) // 4 << 4, flags, window, 0, urgent)
        + options + payload)
    struct.pack_into('>H', out, 16, transport_checksum(src, dst, TCP, out))
    return bytes(out)


def ipv4(src, dst, proto, segment, tos=0, ident=0, frag=DF4, ttl=64,
         options=b''):
    """An IPv4 packet; options are padded to a multiple of 4."""
    options += bytes(-len(options) % 4)
    ihl = 20 + len(options)
    out = bytearray(struct.pack(
        '>BBHHHBBH', 0x40 | ihl // 4, tos, ihl + len(segment), ident, frag,
        ttl, proto, 0) + src + dst + options + segment)
    fix_ip4_checksum(out)
    return bytes(out)


def options_header(options=b''):
    """The body of a Hop-by-Hop or Destination Options header.

    Two bytes are left in front for next header and length; the rest is
    padded with PadN to a multiple of 8.
    """
    room = -(2 + len(options)) % 8
    if room == 1:
        options += b'\0'
    elif room:
        options += bytes((1, room - 2)) + bytes(room - 2)
    return options


def routing_header(segments_left=0, kind=4):
    """The body of a Routing header with no address left (6 bytes)."""
    return bytes((kind, segments_left, 0, 0, 0, 0))


def fragment_header(offset=0, more=False, ident=0):
    """The body of a Fragment header (6 bytes after next header, zero)."""
    return struct.pack('>HI', offset & 0xfff8 | int(more), ident)


def ipv6(src, dst, proto, segment, tclass=0, label=0, hops=64, ext=()):
    """An IPv6 packet; ext is a list of (header number, body)."""
    chain = b''
    numbers = [number for number, _ in ext] + [proto]
    for (number, body), follow in zip(ext, numbers[1:]):
        if number == FRAGMENT:
            chain += bytes((follow, 0)) + body
        else:
            chain += bytes((follow, (len(body) + 2) // 8 - 1)) + body
    return struct.pack('>IHBB', 6 << 28 | tclass << 20 | label,
                       len(chain) + len(segment), numbers[0], hops) \
        + src + dst + chain + segment


def ip(src, dst, proto, segment, tos=0, **kwargs):
    """An IPv4 or IPv6 packet by the length of the addresses."""
    if len(src) == 4:
        return ipv4(src, dst, proto, segment, tos=tos, **kwargs)
    kwargs.pop('ident', None)
    return ipv6(src, dst, proto, segment, tclass=tos, **kwargs)
