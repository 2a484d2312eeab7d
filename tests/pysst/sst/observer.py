# SPDX-License-Identifier: GPL-2.0
"""What an observer with the keys of hosts sees (protocol sections 4 to 8).

Follows openings through a capture: an opening gives salt_i and the real
ports, an ACCEPT on the same wire tuple salt_r, and with both every DATA
opens.  It keeps no windows and forgets nothing, so copies open as well.

Pre-shared keys and host keys open the box of OPEN N and INIT.  What comes
after them, and what opens on the association that they made, needs the
secrets of that association: without them it stays closed.
"""

from collections import namedtuple

from . import assoc, codec, cookie, kdf, opening, trailer
from .flow import Flow
from .trailer import Drop

# A verified packet: flow names ports and wires, side its sender, key what
# opened it, content the box of an OPEN or INIT.  flow, key and content are
# None for the opening that nobody here can read.  meta is None for a segment of
# scope `label` without trailer.
Seen = namedtuple('Seen', 'opening flow side meta parts key content')

HOURS = 50


class Opening:
    """All that hangs on one salt_i or enc_i.

    secrets is the kdf.Association that answered last, None until one is
    known, answered are all of them; content is None for a box that cannot be
    read.
    """

    def __init__(self, parsed, parts, side, open_key, secrets, content,
                 public=None):
        fields = parts.fields
        self.side = side            # the initiator's; None: either
        self.new = 'enc_i' in fields
        self.whole = fields['enc_i' if self.new else 'salt_i']
        self.salt_i = self.whole[:16]
        self.assoc_id = fields.get('assoc_id') or fields['key_id']
        self.open_key = open_key
        self.secrets = secrets
        self.answered = [secrets] if secrets else []
        self.content = content
        self.public = public        # the host key of an INIT
        self.scope = content.scope if content \
            else trailer.told_scope(parts.meta.flags)
        self.ports = (content.sport, content.dport) if content else None
        self.proto = parsed.proto
        self.tuples = []            # (proto, a's address, a, b's, b)
        self.flows = {}             # salt_r: Flow
        self.confirmed = False      # of scope `label`

    def flow(self, tup, salt_r=None):
        """A flow on a wire tuple of the initiator."""
        _, src, sport, dst, dport = tup
        one, two = (src, self.ports[0], sport), (dst, self.ports[1], dport)
        if self.side == 2:
            one, two = two, one
        out = Flow(self.proto, one[0], one[1], two[0], two[1], one[2],
                   two[2], None, scope=self.scope)
        if salt_r is not None:
            out.set_flow_key(self.secrets.flow_key(
                self.salt_i, salt_r, kdf.flow_context(
                    out.scope, self.proto, self.side, *self.ports)))
        return out


class Observer:
    """Opens the packets of all flows that it has seen opened.

    associations are kdf.Associations with ids, host_keys hostkey.HostKeys.
    """

    def __init__(self, psks, associations=(), host_keys=()):
        self.psks = list(psks)
        self.associations = {a.assoc_id: a for a in associations}
        self.host_keys = {key.key_id: key for key in host_keys}
        self.openings = {}          # (secrets or key, side, whole): Opening
        self._by_wire = {}          # tuple as sent: [(Opening, initiator's)]
        self._real = set()          # real tuples, as sent
        self._made = {}             # id of an association: its Opening
        self._ids = {}              # id: Psk
        self._hours = set()

    def knows(self, tup):
        """True for a wire tuple on which an opening was seen."""
        return tup in self._by_wire

    def is_real(self, tup):
        """True for the real tuple of a flow, either direction."""
        return tup in self._real

    def _psk(self, assoc_id, when):
        """The pre-shared key with this id, or None.

        The hosts' clocks may be wrong by two days.
        """
        now = int(when) // assoc.HOUR
        for hour in range(max(0, now - HOURS), now + HOURS + 1):
            if hour not in self._hours:
                self._hours.add(hour)
                for psk in self.psks:
                    self._ids[psk.id_at(hour * assoc.HOUR)] = psk
        return self._ids.get(assoc_id)

    def open(self, parsed, when):
        """Seen; None for what is no SST packet of a known flow or key.

        when is Unix time.  Raises Drop, with the reason "closed" for what
        no key here can open.
        """
        known = self._by_wire.get(parsed.tuple())
        # What such a segment carries may look like anything.
        bare = known and self._bare(parsed, known)
        if bare:
            return bare
        if opening.is_opening(parsed.segment):
            return self._open(parsed, when, known)
        if not known:
            return None
        meta = opening.peek(parsed.segment)
        if meta and meta.type == trailer.ACCEPT:
            return self._accept(parsed, known)
        if meta and meta.type == trailer.COOKIE:
            return self._cookie(parsed, known)
        return self._data(parsed, known)

    def _bare(self, parsed, known):
        """Seen of a segment of scope `label` without trailer, or None."""
        if parsed.proto != trailer.TCP \
                or parsed.segment[13] & trailer.TCP_SYN:
            return None
        for found, initiators in reversed(known):
            if found.scope != kdf.SCOPE_LABEL:
                continue
            if not initiators and not found.confirmed:
                try:
                    return self._accept(parsed, known)
                except Drop:
                    raise Drop('label-early', 'of the responder') from None
            if not found.flows:
                raise Drop('label-early', 'no ACCEPT was seen')
            # Whatever comes first is what confirms, or it would be lost.
            found.confirmed = True
            return Seen(found, list(found.flows.values())[-1],
                        found.side if initiators else 3 - found.side,
                        None, None, None, None)
        return None

    def _boxes(self, parts, when):
        """(the key or secrets, side, key of the box) that may open it."""
        fields = parts.fields
        if parts.meta.type == trailer.INIT:
            key = self.host_keys.get(fields['key_id'])
            if key is None:
                return []
            try:
                return [(key, 1, key.opened_keys(fields['enc_i']).key)]
            except ValueError:
                raise Drop('rx_dh') from None
        if 'enc_i' in fields:
            owner = self._psk(fields['assoc_id'], when)
            secrets, salt_i = owner and owner.secrets, fields['enc_i'][:16]
        else:
            owner = secrets = self.associations.get(fields['assoc_id'])
            salt_i = fields['salt_i']
        return [(owner, side, secrets.open_key(side, salt_i))
                for side in (1, 2)] if owner else []

    def _open(self, parsed, when, known):
        try:
            parts = opening.take_apart(parsed, new=True)
        except Drop:
            if known:
                raise
            return None
        whole = parts.fields.get('salt_i') or parts.fields['enc_i']
        boxes = self._boxes(parts, when)
        if not boxes:
            if 'enc_i' in parts.fields and self.associations:
                return self._unread(parsed, parts, whole)
            if known:
                raise Drop('rx_unknown_id')
            return None
        for owner, side, key in boxes:
            try:
                plain = opening.unseal(parts, key)
                break
            except Drop:
                continue
        else:
            raise Drop('rx_auth')
        content = opening.read_init(plain, parts.meta.flags)[0]
        found = self.openings.get((owner, side, whole))
        if found is None:
            found = Opening(
                parsed, parts, side, key,
                None if 'enc_i' in parts.fields else owner, content,
                getattr(owner, 'public', None))
            self.openings[owner, side, whole] = found
        elif found.content is None:
            found.content = content
            found.scope = content.scope
        elif found.content != content or found.proto != parsed.proto \
                or found.whole == whole \
                and found.assoc_id != parts.fields['assoc_id'
                                                   if not found.public
                                                   else 'key_id']:
            raise Drop('opening-changed')
        self._enter(found, parsed.tuple())
        return Seen(found, found.flow(found.tuples[0]), side, parts.meta,
                    parts, key, content)

    def _unread(self, parsed, parts, whole):
        """An opening whose box is closed, but maybe not what follows."""
        side = 1 if parts.meta.type == trailer.INIT else None
        found = self.openings.get((None, side, whole))
        if found is None:
            found = self.openings[None, side, whole] = Opening(
                parsed, parts, side, None, None, None)
        self._enter(found, parsed.tuple())
        return Seen(found, None, side, parts.meta, parts, None, None)

    def _enter(self, found, tup):
        """An opening on a wire tuple: a new one, or one that a NAT has
        changed."""
        if tup in found.tuples:
            return
        found.tuples.append(tup)
        proto, src, sport, dst, dport = tup
        self._by_wire.setdefault(tup, []).append((found, True))
        self._by_wire.setdefault((proto, dst, dport, src, sport),
                                 []).append((found, False))
        self._enter_real(found)

    def _enter_real(self, found):
        if found.ports:
            for proto, src, _, dst, _ in found.tuples:
                self._real.add((proto, src, found.ports[0], dst,
                                found.ports[1]))
                self._real.add((proto, dst, found.ports[1], src,
                                found.ports[0]))

    def _answers(self, found, with_n):
        """(secrets, side of the initiator) that may have sent an ACCEPT.

        A responder that has restarted makes another association of the same
        opening, and so does a copy of the opening.
        """
        for secrets in reversed(found.answered):
            yield secrets, found.side
        if with_n:
            for secrets in self.associations.values():
                # Only one opening makes it.
                if self._made.get(secrets.assoc_id, found) is not found:
                    continue
                for side in (1, 2):
                    if found.side in (side, None):
                        yield secrets, side

    def _accept(self, parsed, known):
        parts = opening.take_apart(parsed, new=True, scope=known[-1][0].scope)
        with_n = 'enc_r' in parts.fields
        salt_r = parts.fields['enc_r' if with_n else 'salt_r'][:16]
        closed = False
        for found, initiators in reversed(known):
            if initiators or with_n and not found.new:
                continue
            closed = closed or with_n or found.secrets is None
            for secrets, side in self._answers(found, with_n):
                key = secrets.accept_key(3 - side, found.salt_i, salt_r)
                try:
                    plain = opening.unseal(parts, key)
                except Drop:
                    continue
                flow = self._answered(found, secrets, side, salt_r,
                                      opening.read_accept(plain))
                return Seen(found, flow, 3 - side, parts.meta, parts, key,
                            None)
        raise Drop('closed' if closed else 'rx_auth')

    def _answered(self, found, secrets, side, salt_r, accept):
        """The flow of an ACCEPT that opened."""
        ports = accept.dport, accept.sport
        if found.ports not in (None, ports):
            raise Drop('rx_ports')
        if found.new:
            self._made[secrets.assoc_id] = found
        if found.secrets is not secrets:
            found.secrets, found.side, found.ports = secrets, side, ports
            if secrets not in found.answered:
                found.answered.append(secrets)
            # Where a plain OPEN looks that opens the flow once more.
            self.openings[secrets, side, found.salt_i] = found
            self._enter_real(found)
        flow = found.flows.get(salt_r)
        if flow is None:
            flow = found.flows[salt_r] = found.flow(found.tuples[-1],
                                                    salt_r)
        return flow

    def _cookie(self, parsed, known):
        meta, fields = opening.take_cookie_apart(parsed)
        closed = False
        for found, initiators in reversed(known):
            if initiators or not found.new:
                continue
            if not found.public:
                closed = True
                continue
            try:
                cookie.unseal(found.public, found.whole, fields)
            except Drop:
                continue
            return Seen(found, None, 2, meta, None, cookie.box_key(
                found.public) + fields['nonce'], None)
        raise Drop('closed' if closed else 'rx_auth')

    def _data(self, parsed, known):
        drop = Drop('rx_unconfirmed', 'no ACCEPT was seen')
        for found, initiators in reversed(known):
            if found.secrets is None:
                drop = Drop('closed')
            for flow in reversed(list(found.flows.values())):
                side = found.side if initiators else 3 - found.side
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
