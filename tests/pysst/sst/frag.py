# SPDX-License-Identifier: GPL-2.0
"""Fragments (protocol section 2).

A sealed UDP datagram that does not fit is fragmented at the source, each
fragment marked, on IPv4 with DF.
"""

import struct

from . import packet


def fragments(data, mtu, ident=0x5354):
    """Split a sealed packet; returns [data] when it fits."""
    if len(data) <= mtu:
        return [data]
    parsed = packet.Packet(data)
    if parsed.version == 4:
        return _fragments4(parsed, mtu)
    return _fragments6(parsed, mtu, ident)


def _fragments4(parsed, mtu):
    head = bytearray(parsed.data[:parsed.l4])
    body = parsed.data[parsed.l4:]
    flags = int.from_bytes(head[6:8], 'big') & (packet.MARK4 | packet.DF4)
    step = (mtu - len(head)) // 8 * 8
    out = []
    for at in range(0, len(body), step):
        part = bytearray(head) + body[at:at + step]
        more = packet.MF4 if at + step < len(body) else 0
        struct.pack_into('>H', part, 6, flags | more | at // 8)
        packet.fix_lengths(part, parsed.l4)
        out.append(bytes(part))
    return out


def _fragments6(parsed, mtu, ident):
    # Headers up to a Routing header go into every fragment; here only the
    # fixed header does, so packets with extension headers are refused.
    if parsed.l4 != 40:
        raise ValueError('fragmenting extension headers is not supported')
    head = parsed.data[:40]
    body = parsed.data[40:]
    step = (mtu - 48) // 8 * 8
    out = []
    for at in range(0, len(body), step):
        more = at + step < len(body)
        part = bytearray(head) + bytes((parsed.proto, 0)) \
            + packet.fragment_header(at, more, ident) + body[at:at + step]
        part[6] = packet.FRAGMENT
        packet.fix_lengths(part, 48)
        out.append(bytes(part))
    return out


class Gatherer:
    """Puts fragments together again; no timeouts, no overlap games."""

    def __init__(self, limit=4096):
        self._parts = {}
        self._limit = limit

    def __len__(self):
        return len(self._parts)

    def add(self, parsed):
        """The whole packet when `parsed` completed it, else None."""
        key = (parsed.version, parsed.src, parsed.dst, parsed.proto,
               parsed.frag_id)
        entry = self._parts.setdefault(key, {'parts': {}, 'end': None})
        if len(self._parts) > self._limit:
            self._parts.pop(next(iter(self._parts)))
        body = parsed.data[parsed.l4:]
        entry['parts'][parsed.offset] = (parsed, body)
        if not parsed.more:
            entry['end'] = parsed.offset + len(body)
        at, whole = 0, b''
        while at in entry['parts']:
            body = entry['parts'][at][1]
            whole += body
            at += len(body)
            if at == entry['end'] or not body:
                break
        if entry['end'] is None or at != entry['end']:
            return None
        first = entry['parts'][0][0]
        del self._parts[key]
        return self._join(first, whole)

    @staticmethod
    def _join(first, whole):
        if first.version == 4:
            out = bytearray(first.data[:first.l4]) + whole
            field = int.from_bytes(out[6:8], 'big') & 0xc000
            struct.pack_into('>H', out, 6, field)
        else:
            # The kernel takes the Fragment header out as well.
            out = bytearray(first.data[:first.frag_at]) + whole
            at, proto = 6, out[6]
            where = 40
            while proto != packet.FRAGMENT:
                at, proto = where, out[where]
                where += (out[where + 1] + 1) * 8
            out[at] = first.proto
        packet.fix_lengths(out, first.l4)
        return bytes(out)
