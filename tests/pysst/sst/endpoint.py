# SPDX-License-Identifier: GPL-2.0
"""A host that opens flows and answers openings (protocol section 6).

Packets go in by receive() and out by emit(); there are no sockets here.
clock gives seconds that only grow, wall gives Unix time; the caller moves
both and calls poll() often enough for the 200 ms of the empty ACCEPT.

An opening whose real tuple belongs to another flow gets no alias here: there
is no stack that would mix them up, each delivery names its flow.
"""

import os
import time
from collections import namedtuple

from . import assoc, codec, cookie, handshake, kdf, opening, packet, trailer
from .flow import KEY_SECONDS
from .roles import (Initiator, Responder, UNCONFIRMED_SECONDS,
                    wire_port_allowed)
from .trailer import ACCEPT, C, COOKIE, DATA, Drop, E, INIT, N, TCP, UDP

FRESH_SECONDS = 600
CACHE_ENTRIES = 4096
PER_TUPLE = 4
REFUSED_SECONDS = 240
IDLE_SECONDS = 180
LIFETIME = 3600             # of an association
GRACE = 60                  # its keys are kept for so long after that

# What the application gets: the restored packet and its flow.
Delivered = namedtuple('Delivered', 'flow packet')


class Freshness:
    """Decides whether an opening is fresh (section 6, 3).

    The cache holds (key, whole salt_i) until time + window, with the replay
    window of the OPEN key, so that no counter counts twice when the flow
    has ended.  An opening from the future is not fresh but kept as well: it
    would be fresh later.  What is thrown out early raises the floor.
    """

    def __init__(self, wall, window=FRESH_SECONDS, start=None,
                 entries=CACHE_ENTRIES):
        self.wall = wall
        self.window = window
        self.floor = int(wall()) if start is None else start
        self.entries = entries
        self._cache = {}

    def __contains__(self, key):
        return key in self._cache

    def counters(self, key):
        """The replay window that an earlier flow has left, or None."""
        return self._cache[key][1] if key in self._cache else None

    def fresh(self, key, opened, counters=None):
        """True for an opening of the time `opened`; it is then known."""
        now = self.wall()
        if not self.window or now - opened > self.window \
                or opened <= self.floor or key in self._cache:
            return False
        for old in [k for k, (when, _) in self._cache.items()
                    if when + self.window < now]:
            del self._cache[old]
        while len(self._cache) >= self.entries:
            old = min(self._cache, key=lambda k: self._cache[k][0])
            self.floor = max(self.floor, self._cache.pop(old)[0])
        if opened <= self.floor:
            return False
        self._cache[key] = opened, counters
        return opened - now <= self.window


def owner(key):
    """What stands for a key in the replay cache, which outlives it."""
    return key.assoc_id if isinstance(key, assoc.Derived) else key


class Endpoint:
    """Flows of one host; see the module's text.

    log(event, flow, **details) is told what happens.  peers are public keys
    of the other host, tried behind psks; host_keys are our own.  identity
    is a host key that our INITs prove.  cookies is 'off' or 'always',
    init_from 'anyone', 'nobody', or a set of public keys; need_id holds
    payload until an identity is proved.  scope is that of flows that we
    open.  mark_openings: data goes without mark when that may be.  labels:
    openings of scope `label` are taken.
    """

    def __init__(self, psks, emit, clock=time.monotonic, wall=time.time,
                 rand=os.urandom, mark=None, dscp_keep=False,
                 window=FRESH_SECONDS, start=None, log=None,
                 rotate_packets=None, rotate_seconds=KEY_SECONDS,
                 remote_wire=None, own_wire=None, host_keys=(), peers=(),
                 identity=None, cookies='off', cookie_ttl=120,
                 init_from='anyone', need_id=False, lifetime=LIFETIME,
                 scope=kdf.SCOPE_PORTS, mark_openings=False, labels=False):
        self.psks = list(psks)
        self.emit = emit
        self.clock = clock
        self.wall = wall
        self.rand = rand
        self.mark = mark or packet.Mark()
        self.dscp_keep = dscp_keep
        self.freshness = Freshness(wall, window, start)
        self.log = log or (lambda event, flow, **details: None)
        self.rotate_packets = rotate_packets
        self.rotate_seconds = rotate_seconds
        self.remote_wire = remote_wire
        self.own_wire = own_wire
        self.host_keys = list(host_keys)
        self.peers = list(peers)
        self.identity = identity
        self.cookie_mode = cookies
        self.cookies = cookie.Cache(clock)
        self._maker = cookie.Maker(clock, rand, cookie_ttl)
        self.init_from = init_from
        self.need_id = need_id
        self.lifetime = lifetime
        self.scope = scope
        self.mark_openings = mark_openings
        self.labels = labels
        self.associations = {}  # id: assoc.Derived
        self.learned = []       # kdf.Association, also unconfirmed ones
        self._wire = {}         # tuple as it arrives: flows, at most 4
        self._real = {}         # tuple as we send it: the flow that sends
        self._known = {}        # (assoc_id or key_id, salt_i or enc_i),
                                # and for re-openings: Responder
        self._refused = {}      # tuple as it arrives: until when
        self._ended = set()     # flows
        self._number = 0

    # Tables

    @property
    def flows(self):
        """All flows that are not ended."""
        out = dict.fromkeys(f for flows in self._wire.values()
                            for f in flows)
        out.update(dict.fromkeys(self._known.values()))
        return list(out)

    def _port(self):
        while True:
            port = int.from_bytes(self.rand(2), 'big')
            if wire_port_allowed(port):
                return port

    def draw_wires(self, flow):
        """Wire ports (ours, theirs) that no flow to that host has."""
        there, here = flow.addrs[3 - flow.side], flow.addrs[flow.side]
        while True:
            ours, theirs = self._port(), self.remote_wire or self._port()
            tup = flow.proto, there, theirs, here, ours
            if tup not in self._wire \
                    and self._refused.get(tup, -1) <= self.clock():
                return ours, theirs

    def _insert(self, flow):
        self._wire.setdefault(flow.wire_tuple(3 - flow.side),
                              []).append(flow)

    def _remove(self, flow, refuse):
        tup = flow.wire_tuple(3 - flow.side)
        flows = self._wire.get(tup, [])
        if flow in flows:
            flows.remove(flow)
            if not flows:
                del self._wire[tup]
                if refuse:
                    self._refused[tup] = self.clock() + REFUSED_SECONDS

    def _name(self):
        self._number += 1
        return 'flow%d' % (self._number - 1)

    def connect(self, proto, addr, port, peer_addr, peer_port, keys=None):
        """A flow that opens with its first packet.

        keys are those of the other host, by default all that there are.
        """
        flow = Initiator(self, keys or self.psks + self.peers, proto, addr,
                         port, peer_addr, peer_port, self._name())
        real = flow.real_tuple(flow.side)
        if real in self._real:
            raise ValueError('a flow has this tuple already')
        self._real[real] = flow
        self._insert(flow)
        return flow

    def start_over(self, flow, step_up=False, again=False):
        """New wire ports and salt for an initiator's flow; see begin()."""
        self._remove(flow, True)
        flow.begin(step_up, again)
        self._insert(flow)

    # Associations

    def learn(self, made):
        """A new association, once its flow is confirmed."""
        self.associations[made.assoc_id] = made
        self.note(made.secrets)

    def note(self, secrets):
        """Keep the secrets of an association for decoders."""
        if secrets not in self.learned:
            self.learned.append(secrets)

    def forget(self, assoc_id):
        """An association that the other host does not know any more."""
        self.associations.pop(assoc_id, None)

    def association(self, pair):
        """The newest one on which we may open flows, or None."""
        found = [a for a in self.associations.values()
                 if a.pair == pair and a.may_open(a.side)
                 and self.clock() - a.made_at < a.lifetime]
        return max(found, key=lambda a: a.made_at, default=None)

    def id_free(self, assoc_id):
        """True if no association has this id, nor a flow that may make
        one."""
        return assoc_id not in self.associations and all(
            f.made is None or f.made.assoc_id != assoc_id
            for f in self._known.values())

    def end(self, flow):
        """Forget a flow."""
        self._remove(flow, True)
        for key in [k for k, f in self._known.items() if f is flow]:
            del self._known[key]
        real = flow.real_tuple(flow.side)
        if self._real.get(real) is flow:
            del self._real[real]
        self._ended.add(flow)
        self.log('ended', flow)

    # Out

    def send(self, original, flow=None, flags=0):
        """Seal a clear packet and emit it; KeyError without a flow.

        A flow that lost a glare sends on the one that won.  An initiator's
        flow that has ended opens anew.
        """
        if flow is None:
            flow = self._real[packet.Packet(original).tuple()]
        while flow.successor:
            if flow.successor in self._ended:
                flow.successor = None
                self._ended.add(flow)
            else:
                flow = flow.successor
        if flow in self._ended:
            if not flow.initiator:
                raise Drop('tx_ended')
            real = flow.real_tuple(flow.side)
            if real in self._real:
                flow = self._real[real]
            else:
                self._ended.remove(flow)
                self._real[real] = flow
                self.start_over(flow)
        self.emit(flow.seal(original, flags))

    def poll(self):
        """Timers: empty ACCEPTs, flows and associations that have ended."""
        now = self.clock()
        for old in [a for a in self.associations.values()
                    if now - a.made_at >= a.lifetime + GRACE]:
            self.forget(old.assoc_id)
        for flow in self.flows:
            if flow.initiator:
                if flow.confirmed and flow.proto == UDP \
                        and now - flow.verified_at >= IDLE_SECONDS:
                    self.end(flow)
                continue
            if flow.due is not None and now >= flow.due:
                self._empty(flow)
            if flow.confirmed:
                if flow.proto == UDP \
                        and now - flow.verified_at >= IDLE_SECONDS:
                    self.end(flow)
            elif now - flow.opened_at >= UNCONFIRMED_SECONDS:
                self.end(flow)

    def _empty(self, flow):
        """An empty ACCEPT or DATA, if it may be sent."""
        try:
            self.send(flow.empty(), flow, E)
        except Drop:
            pass

    # In

    def receive(self, wire, checksum_ready=True):
        """A list of Delivered; None when the packet is not ours.

        Raises Drop.
        """
        try:
            parsed = packet.Packet(wire)
        except packet.ParseError:
            return None
        if not parsed.is_transport:
            return None
        flows = self._wire.get(parsed.tuple(), ())
        if not parsed.marked(self.mark) \
                and not any(f.initiator or f.confirmed for f in flows):
            return None
        bare = self._bare(parsed, flows, checksum_ready)
        if bare is not None:
            return bare
        meta = opening.peek(parsed.segment)
        kind = meta.type if meta else None
        if kind in opening.OPENINGS:
            return self._open(parsed, flows, checksum_ready)
        if not flows:
            if self._refused.get(parsed.tuple(), -1) > self.clock():
                raise Drop('rx_refused')
            return None
        if kind == ACCEPT:
            return self._accept(parsed, flows, checksum_ready)
        if kind == DATA:
            return self._data(parsed, flows, checksum_ready)
        if kind == COOKIE:
            return self._cookie(parsed, flows[0], checksum_ready)
        raise Drop('rx_short' if kind is None else 'rx_type')

    def _bare(self, parsed, flows, checksum_ready):
        """A segment of scope `label` without trailer, or None."""
        labelled = [f for f in flows if f.labelled]
        if not labelled or parsed.proto != TCP \
                or len(parsed.segment) < 20 \
                or parsed.segment[13] & trailer.TCP_SYN:
            return None
        flow = labelled[0]
        if flow.initiator and flow.may_accept(parsed):
            return None
        if not flow.initiator and not flow.confirmed:
            flow = next((f for f in labelled if f.is_confirmed_by(parsed)),
                        None)
            if flow is None:
                if len(labelled) < len(flows):
                    return None
                raise Drop('rx_label_early')
            for other in list(flows):
                if other is not flow:
                    self.end(other)
            self._real[flow.real_tuple(flow.side)] = flow
            flow.confirm()
        return [Delivered(flow, flow.open_bare(parsed, checksum_ready))]

    def _accept(self, parsed, flows, checksum_ready):
        flow = flows[0]
        if not flow.initiator:
            raise Drop('rx_type', 'ACCEPT from an initiator')
        parts = flow.accept(parsed, checksum_ready)
        # The other host has the association once a DATA of this flow has
        # verified there, so it gets one, whatever the application does.
        if flow.proto == UDP and not flow.answered \
                and parts.meta.flags & (E | N):
            flow.answered = True
            self.send(flow.empty(), flow, E)
        return self._restored(flow, parsed, parts)

    def _cookie(self, parsed, flow, checksum_ready):
        """A COOKIE: the kept packet goes out once more, at once."""
        if not flow.initiator:
            raise Drop('rx_type', 'COOKIE from an initiator')
        original = flow.cookie(parsed, checksum_ready)
        if original is not None:
            self.start_over(flow, again=True)
            self.emit(flow.seal(original))
        return []

    def _restored(self, flow, parsed, parts):
        if parts.meta.flags & E:
            return []
        return [Delivered(flow, codec.restore(parsed, flow, 3 - flow.side,
                                              parts))]

    def _data(self, parsed, flows, checksum_ready):
        """Tried against each flow of the tuple; the first one owns it."""
        drop = None
        for flow in list(flows):
            try:
                parts = flow.open_data(parsed, checksum_ready)
            except Drop as why:
                drop = drop or why
                continue
            out = []
            if not flow.initiator:
                for other in list(flows):
                    if other is not flow:
                        self.end(other)
                self._real[flow.real_tuple(flow.side)] = flow
                held = flow.confirm()
                if held is not None:
                    out.append(Delivered(flow, held))
            return out + self._restored(flow, parsed, parts)
        raise drop

    def _key(self, parts):
        """The key that an opening names, or None."""
        fields = parts.fields
        if parts.meta.type == INIT:
            if self.init_from == 'nobody':
                return None
            return next((key for key in self.host_keys
                         if key.key_id == fields['key_id']), None)
        if parts.meta.flags & N:
            return assoc.find(self.psks, fields['assoc_id'], self.wall())
        return self.associations.get(fields['assoc_id'])

    def named(self, parsed):
        """salt_i or enc_i of an opening with a key of this host, or None."""
        try:
            meta = opening.peek(parsed.segment) if parsed.is_transport \
                else None
            if meta is None or meta.type not in opening.OPENINGS:
                return None
            parts = opening.take_apart(parsed, False, True)
        except Drop:
            return None
        return (parts.fields.get('salt_i') or parts.fields['enc_i']) \
            if self._key(parts) else None

    def _open(self, parsed, flows, checksum_ready):
        """Section 6, 2, 3, 7 and 8."""
        drop = flow = key = None
        try:
            parts = opening.take_apart(parsed, checksum_ready, True)
        except Drop as why:
            drop = why
        else:
            fields = parts.fields
            name = (fields.get('assoc_id') or fields['key_id'],
                    fields.get('salt_i') or fields['enc_i'])
            flow = self._known.get(name)
            key = flow.key if flow else self._key(parts)
            if key is None:
                drop = Drop('rx_unknown_id')
        if drop is not None:
            # Without a flow it may be anything: it passes untouched.
            if flows:
                raise drop
            return None
        if flow and flow.received.new and 'salt_i' in fields:
            return self._reopen(parsed, flows, flow, parts)
        counter = parts.meta.counter
        opens = flow.opens if flow else self.freshness.counters(
            (owner(key), name[1]))
        if opens and not opens.fresh(counter):
            raise Drop('rx_replay')
        proved = False
        if parts.meta.type == INIT and not flow:
            proved = self._proved(parsed, parts)
            if not proved and self.cookie_mode == 'always':
                self.emit(opening.cookie_packet(
                    parsed, parts, key.public, self.rand(24),
                    self._maker.make(parsed.src), self.mark))
                return []
        if flow:
            content = opening.read_init(opening.unseal(
                parts, flow.received.open_key), parts.meta.flags)
            if content != (flow.content, flow.received.identity):
                raise Drop('rx_ports', 'not what the first opening said')
        else:
            flow = self._new(handshake.Received(key, parts), parsed, flows,
                             proved)
            flow.opens = opens or flow.opens
            self._known[name] = flow
        if flow.labelled and (parts.payload_len or flow.proto != TCP
                              or flow.received.identity):
            raise Drop('rx_label_opening')
        return self._opened(parsed, flows, flow, parts, flow.opens, False)

    def _proved(self, parsed, parts):
        """True for an INIT whose cookie is right."""
        return bool(parts.meta.flags & C) and self._maker.proved(
            parsed.src, int.from_bytes(parts.fields['expiry'], 'big'),
            opening.init_trailer(parsed, parts))

    def _reopen(self, parsed, flows, flow, parts):
        """A plain OPEN for a flow that made a new association."""
        if not flow.reopens.fresh(parts.meta.counter):
            raise Drop('rx_replay')
        content = opening.read_open(opening.unseal(parts, flow.reopen_key),
                                    parts.meta.flags)
        if content != flow.content:
            raise Drop('rx_ports', 'not what the first opening said')
        # When the flow has ended, a copy is an opening on the association.
        self.freshness.fresh((flow.secrets.assoc_id, flow.salt_i),
                             content.time, flow.reopens)
        return self._opened(parsed, flows, flow, parts, flow.reopens, True)

    def _opened(self, parsed, flows, flow, parts, window, again):
        """The tag has verified: windows, glare, the tuple, the payload."""
        counter = parts.meta.counter
        newest = counter > window.top
        flow.opening(counter, len(parsed.data), again)
        self._glare(flow)
        tup = flow.wire_tuple(3 - flow.side)
        if not flow.ignored and newest and tup != parsed.tuple():
            if flow.proto == TCP or flows:
                raise Drop('rx_tuple')
            self._remove(flow, False)
            flow.move(parsed)
            self._insert(flow)
            self.log('moved', flow)
        self.log('init-received' if parts.meta.type == INIT
                 else 'open-received', flow, counter=counter,
                 ignored=flow.ignored, flags=parts.meta.flags)
        return self._payload(flow, parsed, parts)

    def _new(self, received, parsed, flows, proved):
        """The flow of an opening that was not known."""
        if any(f.confirmed or f.initiator for f in flows):
            raise Drop('rx_owned')
        if len(flows) >= PER_TUPLE:
            raise Drop('rx_full')
        sport, dport = parsed.ports
        if sport < 1024 or dport < 1024 and dport != self.own_wire:
            raise Drop('rx_wire_port')
        if (parsed.proto, parsed.dst, dport, parsed.src, sport) \
                in self._real:
            raise Drop('rx_owned', "a flow's real tuple")
        if received.kind == INIT and self.init_from != 'anyone' \
                and received.identity not in self.init_from:
            raise Drop('rx_init_from')
        if isinstance(received.key, assoc.Derived) \
                and not received.key.may_open(received.side):
            raise Drop('rx_direction')
        if received.content.scope == kdf.SCOPE_LABEL and not self.labels:
            raise Drop('rx_scope')
        flow = Responder(self, received, parsed, proved, self._name())
        if received.new:
            self._known[flow.secrets.assoc_id, flow.salt_i] = flow
        # The tuple is entered once glare is settled.
        flow.ignored = True
        return flow

    def _glare(self, flow):
        """Whether an opening counts: the larger salt_i wins."""
        if not flow.ignored:
            return
        real = flow.real_tuple(flow.side)
        mine = self._real.get(real)
        if mine and mine.initiator and mine.key is flow.key:
            if mine.salt_i > flow.salt_i:
                flow.due = None
                self.log('glare-won', mine)
                return
            if not mine.confirmed:
                self._remove(mine, True)
                mine.successor, flow.predecessor = flow, mine
                flow.name = mine.name
                self.log('glare-lost', mine)
                mine = None
        flow.ignored = False
        self._insert(flow)
        if mine is None or not mine.confirmed and not mine.initiator:
            self._real[real] = flow

    def _is_fresh(self, flow):
        """Asked once for a flow."""
        if flow.fresh is None:
            flow.fresh = self.freshness.fresh(
                (owner(flow.key), flow.received.whole), flow.content.time,
                flow.opens)
            self.log('fresh' if flow.fresh else 'stale', flow)
        return flow.fresh

    def _payload(self, flow, parsed, parts):
        """What may be delivered before the flow is confirmed."""
        if flow.proto == TCP and not parts.payload_len:
            # A bare SYN: TCP confirms it.  The other one wins a glare.
            if flow.ignored:
                raise Drop('rx_glare')
            if flow.labelled and not self._is_fresh(flow):
                # TCP would confirm a copy to whoever sent it.
                self.end(flow)
                raise Drop('rx_stale')
            return self._restored(flow, parsed, parts)
        if flow.proto == TCP and flow.ignored:
            raise Drop('rx_glare')
        if flow.confirmed:
            return self._restored(flow, parsed, parts)
        if self._is_fresh(flow) and not (self.need_id and flow.received.identity):
            return self._restored(flow, parsed, parts)
        if flow.proto == TCP or flow.ignored:
            raise Drop('rx_stale')
        self._empty(flow)
        flow.hold(codec.restore(parsed, flow, 3 - flow.side, parts))
        self.log('held', flow)
        return []
