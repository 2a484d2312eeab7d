# SPDX-License-Identifier: GPL-2.0
"""The trailer: meta word, layouts and strict checks (protocol section 4).

Everything is big-endian.  The last 24 bytes of a segment are always
meta (8) || tag (16).
"""

import struct
from collections import namedtuple

from . import kdf

OPEN, INIT, ACCEPT, DATA, COOKIE = 1, 2, 3, 4, 5

E = 0x8         # empty: nothing for the stack
I = 0x4         # noqa: E741; INIT: identity, the protocol's letter
N = 0x2         # OPEN, ACCEPT: a new association is being made
C = 0x2         # INIT: cookie
P = 0x1         # scope `payload`

META_LEN = 8
TAG_LEN = 16
DATA_LEN = 28

TCP, UDP = 6, 17

TCP_FIN, TCP_SYN, TCP_RST, TCP_PSH, TCP_ACK = 1, 2, 4, 8, 16


class Drop(Exception):
    """A packet of ours is refused; `reason` is the counter's name."""

    def __init__(self, reason, detail=''):
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self):
        return self.reason + (': ' + self.detail if self.detail else '')


class Meta(namedtuple('Meta', 'type flags tc kri seq')):
    """type:4 | flags:4 | tc:8 | kri:16 | seq:32."""

    __slots__ = ()

    def pack(self):
        """The 8 bytes on the wire."""
        return struct.pack('>BBHI', self.type << 4 | self.flags, self.tc,
                           self.kri, self.seq)

    @classmethod
    def unpack(cls, data):
        """From the 8 bytes on the wire."""
        first, tc, kri, seq = struct.unpack('>BBHI', data)
        return cls(first >> 4, first & 15, tc, kri, seq)

    @property
    def counter(self):
        """The 48-bit nonce counter kri || seq."""
        return self.kri << 32 | self.seq


def layout(kind, flags):
    """The fields of a trailer, front to back, as (name, bytes) pairs.

    Only flags that change the layout matter here.
    """
    end = [('meta', 8), ('tag', 16)]
    if kind == OPEN:
        head = [('assoc_id', 8), ('enc_i', 32) if flags & N else
                ('salt_i', 16), ('sealed', 16)]
    elif kind == INIT:
        head = [('key_id', 8), ('suite', 1), ('zero', 3)]
        if flags & C:
            head += [('expiry', 8), ('proof', 16)]
        head += [('enc_i', 32), ('sealed', 48 if flags & I else 16)]
    elif kind == ACCEPT:
        head = [('enc_r', 32), ('sealed', 8)] if flags & N else \
            [('salt_r', 16), ('sealed', 4)]
    elif kind == DATA:
        head = [('sealed', 4)]
    elif kind == COOKIE:
        head = [('nonce', 24), ('sealed', 28)]
    else:
        raise Drop('rx_type', 'unknown type %d' % kind)
    return head + end


def length(kind, flags):
    """The length of a trailer in bytes."""
    return sum(size for _, size in layout(kind, flags))


def split(segment, kind, flags):
    """The trailer at the end of `segment` as a dict of byte strings."""
    fields = layout(kind, flags)
    at = len(segment) - sum(size for _, size in fields)
    if at < 0:
        raise Drop('rx_short')
    out = {}
    for name, size in fields:
        out[name] = segment[at:at + size]
        at += size
    return out


def clear_bytes(fields):
    """The clear type-specific bytes in wire order, the proof as zeros.

    `fields` keeps the wire order.
    """
    out = []
    for name, value in fields.items():
        if name == 'proof':
            out.append(bytes(len(value)))
        elif name not in ('sealed', 'meta', 'tag'):
            out.append(value)
    return b''.join(out)


def covered(proto, header):
    """The transport header bytes under the tag.

    TCP: byte 12 & 0xF0 (data offset), byte 13 & 0x1F (FIN, SYN, RST, PSH,
    ACK).  UDP: none.
    """
    if proto == TCP:
        return bytes((header[12] & 0xf0, header[13] & 0x1f))
    return b''


def aad(meta, proto, seglen, cover, clear=b''):
    """meta 8 || protocol 1 || length 2 || covered || clear bytes.

    seglen is the transport segment without its trailer.
    """
    return meta + struct.pack('>BH', proto, seglen) + cover + clear


def check_flags(meta, proto, scope, payload_len):
    """Refuse every flag combination that section 4 does not name."""
    kind, flags = meta.type, meta.flags
    allowed = {OPEN: P | N, INIT: P | C | I, ACCEPT: P | N | E, DATA: P | E,
               COOKIE: E}.get(kind)
    if allowed is None:
        raise Drop('rx_type', 'unknown type %d' % kind)
    if flags & ~allowed:
        raise Drop('rx_flags', 'flags %x in type %d' % (flags, kind))
    if kind == COOKIE:
        if flags != E:
            raise Drop('rx_flags', 'COOKIE without E')
    elif bool(flags & P) != (scope == kdf.SCOPE_PAYLOAD):
        raise Drop('rx_flags', 'P disagrees with the scope')
    if flags & E:
        if payload_len:
            raise Drop('rx_flags', 'E with payload')
        if kind == ACCEPT and proto != UDP:
            raise Drop('rx_flags', 'empty ACCEPT on TCP')


def scope_flag(scope):
    """P, if the packets of this scope have it."""
    return P if scope == kdf.SCOPE_PAYLOAD else 0


def told_scope(flags):
    """The scope that flag P tells, label left out."""
    return kdf.SCOPE_PAYLOAD if flags & P else kdf.SCOPE_PORTS


def check_tc(meta, version):
    """tc: bits 0-1 are zero, and all of it on IPv4."""
    if meta.tc & 3:
        raise Drop('rx_tc', 'low bits')
    if version == 4 and meta.tc:
        raise Drop('rx_tc', 'on IPv4')
