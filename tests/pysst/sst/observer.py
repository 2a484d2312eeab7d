# SPDX-License-Identifier: GPL-2.0
"""What an observer with the pre-shared keys sees (protocol sections 4 to 6).

Follows openings through a capture: an OPEN gives salt_i and the real ports,
an ACCEPT on the same wire tuple salt_r, and with both every DATA opens.  It
keeps no windows and forgets nothing, so copies open as well.
"""

from collections import namedtuple

from . import assoc, codec, kdf, opening, trailer
from .flow import Flow
from .trailer import Drop

# A verified packet: flow names ports and wires, side its sender, key what
# opened it, content the box of an OPEN.
Seen = namedtuple('Seen', 'opening flow side meta parts key content')

HOURS = 50


class Opening:
    """All that hangs on one salt_i."""

    def __init__(self, psk, side, parsed, parts, content):
        self.psk = psk
        self.side = side            # the initiator's
        self.assoc_id = parts.fields['assoc_id']
        self.salt_i = parts.fields['salt_i']
        self.open_key = psk.secrets.open_key(side, self.salt_i)
        self.proto = parsed.proto
        self.content = content
        self.tuples = []            # (proto, a's address, a, b's, b)
        self.flows = {}             # salt_r: Flow
        self.unanswered = self.flow(parsed.tuple())

    def flow(self, tup, salt_r=None):
        """A flow on a wire tuple of the initiator."""
        _, src, sport, dst, dport = tup
        one, two = (src, self.content.sport, sport), \
            (dst, self.content.dport, dport)
        if self.side == 2:
            one, two = two, one
        out = Flow(self.proto, one[0], one[1], two[0], two[1], one[2],
                   two[2], None)
        if salt_r is not None:
            out.set_flow_key(self.psk.secrets.flow_key(
                self.salt_i, salt_r, kdf.flow_context(
                    out.scope, self.proto, self.side, self.content.sport,
                    self.content.dport)))
        return out


class Observer:
    """Opens the packets of all flows that it has seen opened."""

    def __init__(self, psks):
        self.psks = list(psks)
        self.openings = {}          # (key number, side, salt_i): Opening
        self._by_wire = {}          # tuple as sent: [(Opening, side)]
        self._real = set()          # real tuples, as sent
        self._ids = {}              # id: key number
        self._hours = set()

    def knows(self, tup):
        """True for a wire tuple on which an opening was seen."""
        return tup in self._by_wire

    def is_real(self, tup):
        """True for the real tuple of a flow, either direction."""
        return tup in self._real

    def _psk(self, assoc_id, when):
        """The number of the key with this id, or None.

        The hosts' clocks may be wrong by two days.
        """
        now = int(when) // assoc.HOUR
        for hour in range(max(0, now - HOURS), now + HOURS + 1):
            if hour not in self._hours:
                self._hours.add(hour)
                for number, psk in enumerate(self.psks):
                    self._ids[psk.id_at(hour * assoc.HOUR)] = number
        return self._ids.get(assoc_id)

    def open(self, parsed, when):
        """Seen; None for what is no SST packet of a known flow or key.

        when is Unix time.  Raises Drop.
        """
        meta = opening.peek(parsed.segment)
        known = self._by_wire.get(parsed.tuple())
        if meta and meta.type == trailer.OPEN:
            return self._open(parsed, when, known)
        if not known:
            return None
        if meta and meta.type == trailer.ACCEPT:
            return self._accept(parsed, known)
        return self._data(parsed, known)

    def _open(self, parsed, when, known):
        try:
            parts = opening.take_apart(parsed)
        except Drop:
            if known:
                raise
            return None
        number = self._psk(parts.fields['assoc_id'], when)
        if number is None:
            if known:
                raise Drop('rx_unknown_id')
            return None
        psk = self.psks[number]
        for side in (1, 2):
            key = psk.secrets.open_key(side, parts.fields['salt_i'])
            try:
                plain = opening.unseal(parts, key)
                break
            except Drop:
                continue
        else:
            raise Drop('rx_auth')
        content = opening.read_open(plain)
        name = number, side, parts.fields['salt_i']
        found = self.openings.get(name)
        if found is None:
            found = Opening(psk, side, parsed, parts, content)
            self.openings[name] = found
        elif found.content != content or found.proto != parsed.proto \
                or found.assoc_id != parts.fields['assoc_id']:
            raise Drop('opening-changed')
        tup = parsed.tuple()
        if tup not in found.tuples:
            # A new one, or one that a NAT has changed.
            found.tuples.append(tup)
            proto, src, sport, dst, dport = tup
            back = proto, dst, dport, src, sport
            self._by_wire.setdefault(tup, []).append((found, side))
            self._by_wire.setdefault(back, []).append((found, 3 - side))
            self._real.add((proto, src, content.sport, dst, content.dport))
            self._real.add((proto, dst, content.dport, src, content.sport))
        return Seen(found, found.unanswered, side, parts.meta, parts,
                    found.open_key, content)

    def _accept(self, parsed, known):
        parts = opening.take_apart(parsed)
        salt_r = parts.fields['salt_r']
        for found, side in reversed(known):
            if side == found.side:
                continue
            key = found.psk.secrets.accept_key(side, found.salt_i, salt_r)
            try:
                plain = opening.unseal(parts, key)
            except Drop:
                continue
            accept = opening.read_accept(plain)
            if (accept.sport, accept.dport) != (found.content.dport,
                                                found.content.sport):
                raise Drop('rx_ports')
            flow = found.flows.get(salt_r)
            if flow is None:
                flow = found.flows[salt_r] = found.flow(found.tuples[-1],
                                                        salt_r)
            return Seen(found, flow, side, parts.meta, parts, key, None)
        raise Drop('rx_auth')

    def _data(self, parsed, known):
        drop = Drop('rx_unconfirmed', 'no ACCEPT was seen')
        for found, side in reversed(known):
            for flow in reversed(list(found.flows.values())):
                parts = codec.take_apart(parsed, flow)
                try:
                    ports = codec.authenticate(flow, side, parts)
                except Drop as why:
                    drop = why
                    continue
                codec.check_ports(flow, side, ports)
                return Seen(found, flow, side, parts.meta, parts,
                            flow.keys.packet_key(side, parts.meta.kri), None)
        raise drop
