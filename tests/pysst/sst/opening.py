# SPDX-License-Identifier: GPL-2.0
"""OPEN, INIT and ACCEPT: trailers and whole packets (sections 4 and 5).

    OPEN    assoc_id 8, salt_i 16 (N: enc_i 32), sealed 16, meta 8, tag 16
    INIT    key_id 8, suite 1, zero 3, (C: expiry 8, proof 16,) enc_i 32,
            sealed 16 (I: 48), meta 8, tag 16
    ACCEPT  salt_r 16 (N: enc_r 32), sealed 4 (N: 8), meta 8, tag 16

64, 84 and 44 bytes; with N 80 and 64; C is 24 more, I 32; all big-endian.
A segment is a transport segment without its trailer.  The life of a flow is
in roles.py and endpoint.py; COOKIE is in cookie.py.
"""

import struct
from collections import namedtuple

from . import codec, cookie, kdf, packet, suite, trailer
from .trailer import Drop, Meta

# The parts of a packet that passed every check before the key.
# payload is a codec.Payload.
Parts = namedtuple('Parts', 'meta fields aad seglen payload_len payload')

# The content of the box.
Open = namedtuple('Open', 'sport dport scope time')
Accept = namedtuple('Accept', 'sport dport lifetime')

OPENINGS = trailer.OPEN, trailer.INIT
KINDS = trailer.OPEN, trailer.INIT, trailer.ACCEPT


# The boxes

def open_plain(sport, dport, scope, unix_time):
    """sealed of an OPEN, 16 bytes: ports 2 + 2, scope 1, zero 3, time 8."""
    return struct.pack('>HHB3xQ', sport, dport, scope, unix_time)


def init_plain(sport, dport, scope, unix_time, identity=b''):
    """sealed of an INIT: as of an OPEN; I: and a public key 32."""
    return open_plain(sport, dport, scope, unix_time) + identity


def init_clear(key_id, enc_i, expiry=None, suite_id=kdf.SUITE_CHACHA):
    """What stands clear in an INIT; with C the proof as zeros."""
    out = key_id + bytes((suite_id, 0, 0, 0))
    if expiry is not None:
        out += expiry.to_bytes(8, 'big') + bytes(16)
    return out + enc_i


def accept_plain(sport, dport, lifetime=None):
    """sealed of an ACCEPT: ports 2 + 2 (its own first), N: lifetime 4."""
    out = struct.pack('>HH', sport, dport)
    if lifetime is not None:
        out += struct.pack('>I', lifetime)
    return out


def read_open(plain, flags):
    """The reverse of open_plain(); flags are those of meta."""
    out = Open(*struct.unpack('>HHB3xQ', plain))
    if any(plain[5:8]):
        raise Drop('rx_type', 'zeros are not zero')
    if out.scope not in kdf.SCOPES.values():
        raise Drop('rx_flags', 'scope %d' % out.scope)
    if (out.scope == kdf.SCOPE_PAYLOAD) != bool(flags & trailer.P):
        raise Drop('rx_flags', 'P disagrees with the scope')
    return out


def read_init(plain, flags):
    """(Open, public key or None), the reverse of init_plain()."""
    return read_open(plain[:16], flags), plain[16:] or None


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
                 tc=0, secret=None):
    """A whole trailer: clear || sealed || meta || tag.

    secret is the c of the cookie that an INIT with C proves.
    """
    return seal_both(kind, flags, counter, key, proto, segment, clear, plain,
                     b'', tc, secret)[0]


def seal_both(kind, flags, counter, key, proto, segment, clear, plain,
              payload, tc=0, secret=None):
    """(trailer, payload on the wire); payload is empty but with P."""
    if kind not in KINDS:
        raise ValueError('not a trailer with such a box')
    meta = Meta(kind, flags, tc, counter >> 32, counter & 0xffffffff).pack()
    sealed, payload, tag = suite.seal_payload(
        key, counter,
        opening_aad(kind, flags, counter, proto, segment, clear, tc), plain,
        payload)
    out = clear + sealed + meta + tag
    if len(out) != trailer.length(kind, flags):
        raise ValueError('a field has the wrong length')
    if secret is not None:
        out = cookie.add_proof(secret, out)
    return out, payload


def peek(segment):
    """The meta word of a segment, or None if it has no room for one."""
    return Meta.unpack(segment[-24:-16]) if len(segment) >= 24 else None


def is_opening(segment):
    """True if a segment with a trailer may be an OPEN or INIT."""
    meta = peek(segment)
    return meta is not None and meta.type in OPENINGS


def check(wire_segment, seglen, header, proto, scope, version):
    """Everything that needs no key in a segment whose lengths are right."""
    meta = peek(wire_segment)
    segment = wire_segment[:seglen]
    if meta.type in OPENINGS and proto == trailer.TCP \
            and segment[13] & 0x17 != trailer.TCP_SYN:
        raise Drop('rx_type', 'an opening outside a SYN')
    trailer.check_flags(meta, proto, scope, seglen - header)
    trailer.check_tc(meta, version)
    if meta.kri:
        raise Drop('rx_type', 'kri is 0 but in DATA')
    fields = trailer.split(wire_segment, meta.type, meta.flags)
    if meta.type == trailer.INIT:
        if fields['suite'][0] != kdf.SUITE_CHACHA:
            raise Drop('rx_suite', 'suite %d' % fields['suite'][0])
        if any(fields['zero']):
            raise Drop('rx_type', 'zeros are not zero')
    aad = trailer.aad(fields['meta'], proto, seglen,
                      trailer.covered(proto, segment),
                      trailer.clear_bytes(fields))
    return Parts(meta, fields, aad, seglen, seglen - header,
                 codec.Payload(segment[header:]))


def unseal(parts, key):
    """The plaintext of the box; raises Drop."""
    payload, covers = parts.payload, parts.meta.flags & trailer.P
    plain, clear = suite.open_payload(
        key, parts.meta.counter, parts.aad, parts.fields['sealed'],
        payload.wire if covers else b'', parts.fields['tag'])
    payload.clear = clear if covers else payload.wire
    if plain is None:
        raise Drop('rx_auth')
    return plain


def open_trailer(wire_segment, key, proto, scope, version=4):
    """Check a segment with an OPEN, INIT or ACCEPT trailer.

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
    if meta.type in OPENINGS:
        read_open(plain[:16], parts.meta.flags)
    return parts.meta, parts.fields, plain


# Whole packets

def take_apart(parsed, checksum_ready=True, new=False, scope=None):
    """Everything that needs no key in a packet with OPEN, INIT or ACCEPT.

    Those that make a new association are refused unless asked for.  scope
    is that of the flow, None where the packet itself has yet to tell.
    """
    meta = peek(parsed.segment)
    if meta is None:
        raise Drop('rx_short')
    if meta.type not in KINDS:
        raise Drop('rx_type', 'type %d' % meta.type)
    if not new and (meta.type == trailer.INIT or meta.flags & trailer.N):
        raise Drop('rx_flags', 'N is not built')
    seglen, header = codec.measure(
        parsed, trailer.length(meta.type, meta.flags), checksum_ready)
    if scope is None:
        scope = trailer.told_scope(meta.flags)
    return check(parsed.segment, seglen, header, parsed.proto, scope,
                 parsed.version)


def seal_packet(flow, side, original, kind, counter, key, clear, plain,
                flags=0, dscp_keep=False, mark=packet.Mark(), tc=None,
                secret=None):
    """The wire form of an original packet with OPEN, INIT or ACCEPT.

    secret is as in seal_trailer(); tc is for tests that need a wrong packet
    with a right tag.
    """
    parsed = codec.prepare(flow, original, flags,
                           trailer.length(kind, flags))
    if tc is None:
        tc = codec.carried_class(parsed, dscp_keep, mark)
    payload = None
    if flow.scope == kdf.SCOPE_PAYLOAD:
        flags ^= trailer.P
        payload = codec.payload_of(parsed)
    end, sealed = seal_both(kind, flags, counter, key, parsed.proto,
                            parsed.segment, clear, plain, payload or b'', tc,
                            secret)
    return codec.assemble(flow, side, parsed, end, dscp_keep, mark,
                          sealed if payload else None)


# COOKIE

def cookie_segment(parsed):
    """The clear segment, without ports, in which a COOKIE answers an INIT.

    UDP: no payload.  TCP: RST|ACK, seq 0, ack the INIT's seq + 1, window 0.
    """
    if parsed.proto == trailer.UDP:
        return packet.udp(parsed.dst, parsed.src, 0, 0)
    seq = int.from_bytes(parsed.segment[4:8], 'big')
    return packet.tcp(parsed.dst, parsed.src, 0, 0, 0, seq + 1 & 0xffffffff,
                      trailer.TCP_RST | trailer.TCP_ACK, 0)


def cookie_packet(parsed, parts, public, nonce, given,
                  mark=packet.Mark()):
    """The whole COOKIE that answers a packet with INIT.

    public is the host key that the INIT names.
    """
    sport, dport = parsed.ports
    clear = packet.Packet(packet.ip(
        parsed.dst, parsed.src, parsed.proto, cookie_segment(parsed)))
    end = cookie.seal(public, nonce, parts.fields['enc_i'],
                      parts.meta.counter, given)
    return codec.put_together(clear, dport, sport, end, False, mark)


def take_cookie_apart(parsed, checksum_ready=True):
    """(meta, fields) of a packet with COOKIE; what needs no key is checked.
    """
    meta = peek(parsed.segment)
    if meta is None or meta.type != trailer.COOKIE:
        raise Drop('rx_type')
    seglen, header = codec.measure(
        parsed, trailer.length(trailer.COOKIE, 0), checksum_ready)
    trailer.check_flags(meta, parsed.proto, kdf.SCOPE_PORTS, seglen - header)
    if meta.tc:
        raise Drop('rx_tc', 'in COOKIE')
    segment = parsed.segment
    if parsed.proto == trailer.TCP and (
            header != 20 or any(segment[4:8]) or any(segment[14:16])
            or segment[13] & 0x1f != trailer.TCP_RST | trailer.TCP_ACK):
        raise Drop('rx_type', 'COOKIE is in a plain RST|ACK')
    return meta, trailer.split(segment, trailer.COOKIE, meta.flags)


def init_trailer(parsed, parts):
    """The whole trailer of a packet with INIT, for its proof."""
    return parsed.segment[parts.seglen:]
