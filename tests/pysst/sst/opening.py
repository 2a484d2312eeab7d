# SPDX-License-Identifier: GPL-2.0
"""OPEN and ACCEPT trailers (protocol sections 4 and 5).

These build and check trailers only; the life of a flow (section 6) is not
here yet.  A segment is a transport segment without its trailer.
"""

import struct

from . import suite, trailer


def open_plain(sport, dport, scope, unix_time):
    """sealed of an OPEN, 16 bytes: ports 2 + 2, scope 1, zero 3, time 8."""
    return struct.pack('>HHB3xQ', sport, dport, scope, unix_time)


def accept_plain(sport, dport, lifetime=None):
    """sealed of an ACCEPT: ports 2 + 2 (its own first), N: lifetime 4."""
    out = struct.pack('>HH', sport, dport)
    if lifetime is not None:
        out += struct.pack('>I', lifetime)
    return out


def opening_aad(kind, flags, counter, proto, segment, clear):
    """The AAD of an opening or ACCEPT; kri and tc are 0."""
    meta = trailer.Meta(kind, flags, 0, 0, counter).pack()
    return trailer.aad(meta, proto, len(segment),
                       trailer.covered(proto, segment), clear)


def seal_trailer(kind, flags, counter, key, proto, segment, clear, plain):
    """A whole trailer: clear || sealed || meta || tag."""
    if kind not in (trailer.OPEN, trailer.ACCEPT):
        raise ValueError('only OPEN and ACCEPT so far')
    meta = trailer.Meta(kind, flags, 0, 0, counter).pack()
    sealed, tag = suite.aead_seal(
        key, counter,
        opening_aad(kind, flags, counter, proto, segment, clear), plain)
    out = clear + sealed + meta + tag
    if len(out) != trailer.length(kind, flags):
        raise ValueError('a field has the wrong length')
    return out


def open_trailer(wire_segment, key, proto, scope):
    """Check a segment with an OPEN or ACCEPT trailer.

    Returns (meta, fields, plaintext); raises trailer.Drop.
    """
    if len(wire_segment) < 24:
        raise trailer.Drop('rx_short')
    meta = trailer.Meta.unpack(wire_segment[-24:-16])
    if meta.type not in (trailer.OPEN, trailer.ACCEPT):
        raise trailer.Drop('rx_type')
    size = trailer.length(meta.type, meta.flags)
    header = 20 if proto == trailer.TCP else 8
    if len(wire_segment) < size + header:
        raise trailer.Drop('rx_short')
    segment = wire_segment[:-size]
    if proto == trailer.TCP:
        header = (segment[12] >> 4) * 4
        if header < 20 or header > len(segment):
            raise trailer.Drop('rx_length', 'data offset')
        flags = segment[13] & 0x17
        if meta.type == trailer.OPEN and flags != trailer.TCP_SYN:
            raise trailer.Drop('rx_type', 'OPEN outside a SYN')
    trailer.check_flags(meta, proto, scope, len(segment) - header)
    trailer.check_tc(meta, 4)
    if meta.kri:
        raise trailer.Drop('rx_type', 'kri is 0 but in DATA')
    fields = trailer.split(wire_segment, meta.type, meta.flags)
    aad = trailer.aad(fields['meta'], proto, len(segment),
                      trailer.covered(proto, segment),
                      trailer.clear_bytes(fields))
    plain = suite.aead_open(key, meta.counter, aad, fields['sealed'],
                            fields['tag'])
    if plain is None:
        raise trailer.Drop('rx_auth')
    if meta.type == trailer.OPEN and any(plain[5:8]):
        raise trailer.Drop('rx_type', 'zeros are not zero')
    return meta, fields, plain
