# SPDX-License-Identifier: GPL-2.0
"""OPEN and ACCEPT: trailers and whole packets (protocol sections 4 and 5).

    OPEN    assoc_id 8, salt_i 16 (N: enc_i 32), sealed 16, meta 8, tag 16
    ACCEPT  salt_r 16 (N: enc_r 32), sealed 4 (N: 8), meta 8, tag 16

64 and 44 bytes, with N 80 and 64, all big-endian.  A segment is a transport
segment without its trailer.  The life of a flow is in roles.py and
endpoint.py.
"""

import struct
from collections import namedtuple

from . import codec, kdf, packet, suite, trailer
from .trailer import Drop, Meta

# The parts of a packet that passed every check before the key.
Parts = namedtuple('Parts', 'meta fields aad seglen payload_len')

# The content of the box.
Open = namedtuple('Open', 'sport dport scope time')
Accept = namedtuple('Accept', 'sport dport lifetime')

KINDS = trailer.OPEN, trailer.ACCEPT


# The boxes

def open_plain(sport, dport, scope, unix_time):
    """sealed of an OPEN, 16 bytes: ports 2 + 2, scope 1, zero 3, time 8."""
    return struct.pack('>HHB3xQ', sport, dport, scope, unix_time)


def accept_plain(sport, dport, lifetime=None):
    """sealed of an ACCEPT: ports 2 + 2 (its own first), N: lifetime 4."""
    out = struct.pack('>HH', sport, dport)
    if lifetime is not None:
        out += struct.pack('>I', lifetime)
    return out


def read_open(plain):
    """The reverse of open_plain(); only scope `ports` is built."""
    out = Open(*struct.unpack('>HHB3xQ', plain))
    if any(plain[5:8]):
        raise Drop('rx_type', 'zeros are not zero')
    if out.scope != kdf.SCOPE_PORTS:
        raise Drop('rx_scope', 'scope %d' % out.scope)
    return out


def read_accept(plain):
    """The reverse of accept_plain()."""
    lifetime = struct.unpack('>I', plain[4:])[0] if len(plain) > 4 else None
    return Accept(*struct.unpack('>HH', plain[:4]), lifetime)


# Trailers

def opening_aad(kind, flags, counter, proto, segment, clear, tc=0):
    """The AAD of an opening or ACCEPT; kri is 0."""
    meta = Meta(kind, flags, tc, counter >> 32, counter & 0xffffffff).pack()
    return trailer.aad(meta, proto, len(segment),
                       trailer.covered(proto, segment), clear)


def seal_trailer(kind, flags, counter, key, proto, segment, clear, plain,
                 tc=0):
    """A whole trailer: clear || sealed || meta || tag."""
    if kind not in KINDS:
        raise ValueError('only OPEN and ACCEPT so far')
    meta = Meta(kind, flags, tc, counter >> 32, counter & 0xffffffff).pack()
    sealed, tag = suite.aead_seal(
        key, counter,
        opening_aad(kind, flags, counter, proto, segment, clear, tc), plain)
    out = clear + sealed + meta + tag
    if len(out) != trailer.length(kind, flags):
        raise ValueError('a field has the wrong length')
    return out


def peek(segment):
    """The meta word of a segment, or None if it has no room for one."""
    return Meta.unpack(segment[-24:-16]) if len(segment) >= 24 else None


def check(wire_segment, seglen, header, proto, scope, version):
    """Everything that needs no key in a segment whose lengths are right."""
    meta = peek(wire_segment)
    segment = wire_segment[:seglen]
    if meta.type == trailer.OPEN and proto == trailer.TCP \
            and segment[13] & 0x17 != trailer.TCP_SYN:
        raise Drop('rx_type', 'OPEN outside a SYN')
    trailer.check_flags(meta, proto, scope, seglen - header)
    trailer.check_tc(meta, version)
    if meta.kri:
        raise Drop('rx_type', 'kri is 0 but in DATA')
    fields = trailer.split(wire_segment, meta.type, meta.flags)
    aad = trailer.aad(fields['meta'], proto, seglen,
                      trailer.covered(proto, segment),
                      trailer.clear_bytes(fields))
    return Parts(meta, fields, aad, seglen, seglen - header)


def unseal(parts, key):
    """The plaintext of the box; raises Drop."""
    plain = suite.aead_open(key, parts.meta.counter, parts.aad,
                            parts.fields['sealed'], parts.fields['tag'])
    if plain is None:
        raise Drop('rx_auth')
    return plain


def open_trailer(wire_segment, key, proto, scope, version=4):
    """Check a segment with an OPEN or ACCEPT trailer.

    Returns (meta, fields, plaintext); raises trailer.Drop.
    """
    meta = peek(wire_segment)
    if meta is None:
        raise Drop('rx_short')
    if meta.type not in KINDS:
        raise Drop('rx_type')
    seglen = len(wire_segment) - trailer.length(meta.type, meta.flags)
    header = 20 if proto == trailer.TCP else 8
    if seglen < header:
        raise Drop('rx_short')
    if proto == trailer.TCP:
        header = (wire_segment[12] >> 4) * 4
        if header < 20 or header > seglen:
            raise Drop('rx_length', 'data offset')
    parts = check(wire_segment, seglen, header, proto, scope, version)
    plain = unseal(parts, key)
    if meta.type == trailer.OPEN:
        read_open(plain)
    return parts.meta, parts.fields, plain


# Whole packets

def take_apart(parsed, checksum_ready=True, with_n=False):
    """Everything that needs no key in a whole packet with OPEN or ACCEPT.

    N is refused unless asked for: the life of such a flow is not built.
    """
    meta = peek(parsed.segment)
    if meta is None:
        raise Drop('rx_short')
    if meta.type not in KINDS:
        raise Drop('rx_type', 'type %d' % meta.type)
    if meta.flags & trailer.N and not with_n:
        raise Drop('rx_flags', 'N is not built')
    seglen, header = codec.measure(
        parsed, trailer.length(meta.type, meta.flags), checksum_ready)
    return check(parsed.segment, seglen, header, parsed.proto,
                 kdf.SCOPE_PORTS, parsed.version)


def seal_packet(flow, side, original, kind, counter, key, clear, plain,
                flags=0, dscp_keep=False, mark=packet.Mark(), tc=None):
    """The wire form of an original packet with OPEN or ACCEPT.

    tc is for tests that need a wrong packet with a right tag.
    """
    parsed = codec.prepare(flow, original, flags,
                           trailer.length(kind, flags))
    if tc is None:
        tc = codec.carried_class(parsed, dscp_keep, mark)
    end = seal_trailer(kind, flags, counter, key, parsed.proto,
                       parsed.segment, clear, plain, tc)
    return codec.assemble(flow, side, parsed, end, dscp_keep, mark)
