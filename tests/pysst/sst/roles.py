# SPDX-License-Identifier: GPL-2.0
"""The two ends of a flow that was opened: initiator and responder.

Protocol sections 6 to 8 and 11.  These objects know one flow each;
what an opening is sealed with is in handshake.py, tables, freshness and
glare are in endpoint.py.  host is the Endpoint: it gives clocks, randomness,
the mark and a place for events.
"""

from . import assoc, codec, cookie, handshake, kdf, opening, packet, trailer
from .flow import Flow, Receiver, Sender, Window, seq_limit
from .trailer import ACCEPT, Drop, E, INIT, N, OPEN, TCP, UDP

ACCEPT_SECONDS = {OPEN: 1, INIT: 3}     # no ACCEPT: start over
UNCONFIRMED_SECONDS = 30    # after the last opening
REOPEN_AFTER = 15           # UDP: nothing verified for so long
REOPEN_SECONDS = 3          # no ACCEPT for a re-opening: start over
EMPTY_ACCEPT_AFTER = 0.2
HELD_BYTES = 2048
ACCEPT_N_TRIES = 16         # ACCEPTs with N that are tried for an opening
ACCEPT_N_RATE = 10          # and then each second
# Bytes out for each byte in, before a proof; of TCP those of SYN-ACKs.
AMPLIFY = {UDP: 3, TCP: 1}

# Wire ports that networks filter or parse (section 3).
FILTERED = frozenset((
    1138, 1433, 1434, 1719, 1720, 1723, 1900, 2000, 2152, 3702, 4500, 4754,
    4755, 4789, 4790, 5060, 5061, 5353, 5355, 6081, 6566, 6667, 8472, 10080,
    11211, 51820))


def wire_port_allowed(port):
    """True for a number that an initiator may choose."""
    return port >= 1024 and port not in FILTERED


def has_syn(original):
    """Is this TCP segment a SYN or a SYN-ACK?"""
    return bool(packet.Packet(original).segment[13] & 2)


def sequence(segment):
    """Its sequence number."""
    return int.from_bytes(segment[4:8], 'big')


def acknowledged(segment):
    """Its acknowledgment number, or None."""
    return int.from_bytes(segment[8:12], 'big') \
        if segment[13] & trailer.TCP_ACK else None


def without_payload(original):
    """The same TCP packet, cut behind its header."""
    parsed = packet.Packet(original)
    end = parsed.l4 + (parsed.segment[12] >> 4) * 4
    out = bytearray(parsed.data[:end])
    packet.fix_lengths(out, parsed.l4, parsed.proto)
    packet.fix_transport(out, parsed.src, parsed.dst, parsed.proto,
                         parsed.l4)
    return bytes(out)


class Exchange(Flow):
    """What both roles share.

    initiator_side tells who sent the first packet; side is our own.
    """

    initiator = False

    def __init__(self, host, side, initiator_side, proto, addrs, ports,
                 wires, name='', scope=kdf.SCOPE_PORTS):
        super().__init__(proto, addrs[1], ports[1], addrs[2], ports[2],
                         wires[1], wires[2], None, side=side, name=name,
                         clock=host.clock, scope=scope)
        self.host = host
        self.heard = False          # what only a confirmed flow is sent
        self.initiator_side = initiator_side
        self.confirmed = False
        self.verified_at = host.clock()
        self.secrets = None         # kdf.Association: O, C and F
        self.salt_i = self.salt_r = None
        self.accept_key = None
        # Glare: the flow that goes on in the place of this one, and back.
        self.successor = self.predecessor = None

    @property
    def responder_side(self):
        """The side of the host that got the first packet."""
        return 3 - self.initiator_side

    def fresh_keys(self):
        """Counters and windows of packet keys begin anew."""
        self.keys = None
        self.sender = Sender(self.host.rotate_packets,
                             self.host.rotate_seconds, seq_limit(self.scope),
                             self.host.clock)
        self.receiver = Receiver(clock=self.host.clock)

    def accept_key_for(self, secrets, salt_r):
        """The ACCEPT key, from salt_i and salt_r."""
        return secrets.accept_key(self.responder_side, self.salt_i, salt_r)

    def fix(self, secrets, salt_r):
        """The association, salt_r, the ACCEPT key and T, once in a flow."""
        self.secrets = secrets
        self.salt_r = salt_r
        self.accept_key = self.accept_key_for(secrets, salt_r)
        self.set_flow_key(secrets.flow_key(
            self.salt_i, salt_r, kdf.flow_context(
                self.scope, self.proto, self.initiator_side,
                self.ports[self.initiator_side],
                self.ports[self.responder_side])))

    @property
    def pair(self):
        """(local address, remote address)."""
        return self.addrs[self.side], self.addrs[3 - self.side]

    def seal_data(self, original, flags=0):
        """A packet with DATA."""
        kri, seq = self.sender.next()
        return codec.seal_data(self, self.side, original, kri, seq, flags,
                               self.host.dscp_keep, self.host.mark,
                               marked=self.marks())

    def open_data(self, parsed, checksum_ready):
        """Verify a packet with DATA; returns its parts, raises Drop."""
        if self.keys is None:
            raise Drop('rx_unconfirmed')
        parts = codec.take_apart(parsed, self, checksum_ready)
        self.receiver.check(parts.meta.kri, parts.meta.seq)
        ports = codec.authenticate(self, 3 - self.side, parts)
        self.receiver.commit(parts.meta.kri, parts.meta.seq)
        codec.check_ports(self, 3 - self.side, ports)
        self.verified_at = self.host.clock()
        self.heard = True
        return parts

    @property
    def labelled(self):
        """Is its scope `label`?"""
        return self.scope == kdf.SCOPE_LABEL

    def marks(self):
        """Does its DATA, or what stands for it, carry the mark?"""
        return not (self.host.mark_openings and self.heard)

    def seal_bare(self, original):
        """A segment without trailer."""
        return codec.label(self, self.side, original, self.host.dscp_keep,
                           self.host.mark, self.marks())

    def open_bare(self, parsed, checksum_ready):
        """The packet for the stack; raises Drop."""
        codec.measure(parsed, 0, checksum_ready)
        self.verified_at = self.host.clock()
        self.heard = True
        return codec.unlabel(parsed, self, 3 - self.side, self.host.mark)

    def empty(self):
        """A clear UDP datagram without payload, from us."""
        me, other = self.side, 3 - self.side
        return packet.ip(self.addrs[me], self.addrs[other], UDP, packet.udp(
            self.addrs[me], self.addrs[other], self.ports[me],
            self.ports[other]))

    def log(self, event, **more):
        """Tell the host's log."""
        self.host.log(event, self, **more)


class Initiator(Exchange):
    """The end that sends the first packet.

    keys are those of the other host, in the order in which they are tried.
    """

    initiator = True

    def __init__(self, host, keys, proto, addr, port, peer_addr, peer_port,
                 name=''):
        super().__init__(host, 1, 1, proto, {1: addr, 2: peer_addr},
                         {1: port, 2: peer_port}, {1: 0, 2: 0}, name,
                         host.scope)
        self.known_keys = list(keys)
        self.rung = 0               # which of the keys is next
        self.unanswered = None      # id of an association that is silent
        self.attempts = 0
        self.syn = None
        self.attempt = None
        self.resent = False         # after a COOKIE
        self.begin()

    @property
    def assoc_id(self):
        """The id or key_id of the attempt."""
        return self.attempt.name

    @property
    def key(self):
        """What the attempt is made with."""
        return self.attempt.key

    def _turn(self, side):
        """Take the side that the association gives us."""
        if side != self.side:
            for ends in (self.addrs, self.ports, self.wires):
                ends[1], ends[2] = ends[2], ends[1]
        self.side = self.initiator_side = side

    def _choose(self, step_up):
        """The next attempt; one step up if the last was not answered."""
        last = self.attempt
        if not step_up:
            self.unanswered = None
        elif last.new:
            self.rung += 1
        else:
            self.unanswered = last.name
        if self.unanswered is None and not (step_up and last.new):
            found = self.host.association(self.pair)
            if found:
                return handshake.attempt(self.host, found)
        return handshake.attempt(
            self.host, self.known_keys[self.rung % len(self.known_keys)])

    def begin(self, step_up=False, again=False):
        """A new attempt: wire ports, salt_i or enc_i, time; counter 0.

        again: with the same key as before.
        """
        host = self.host
        self.attempt = handshake.attempt(host, self.key) if again \
            else self._choose(step_up)
        self._turn(self.attempt.side)
        self.wires[self.side], self.wires[3 - self.side] = \
            host.draw_wires(self)
        self.salt_i = self.attempt.salt_i
        self.secrets = None if self.attempt.new \
            else self.attempt.key.secrets
        self.salt_r = self.accept_key = None
        self.enc_r = None
        self.fresh_keys()
        self.first = self.attempt   # the attempt before re-openings
        self.opened_at = None
        self.sent_at = None
        self.reopened_at = None
        self.accepts = Window()
        self.confirmed = self.heard = False
        self.answered = False
        self.attempts += 1
        self.last = None            # the last clear packet with an opening
        self.proofs = set()         # counters that had a proof
        self.tries = 0
        self.tried_at = None

    def _state(self, syn):
        """Start over or re-open if it is time for it."""
        now = self.host.clock()
        if self.attempts == 1 and self.opened_at is None \
                and self.attempt.new and self.host.association(self.pair):
            # Somebody else has made one since this attempt was chosen.
            self.host.start_over(self)
        another = late = False
        if self.confirmed:
            # Another connection, or one whose SYN is sent once more.
            another = syn is not None
        else:
            late = self.opened_at is not None and now - self.opened_at \
                >= ACCEPT_SECONDS[self.attempt.kind]
            another = syn is not None and self.syn not in (None, syn)
        if self.reopened_at is not None:
            late = now - self.reopened_at >= REOPEN_SECONDS
        elif self.confirmed and self.proto == UDP \
                and now - self.verified_at >= REOPEN_AFTER:
            self.reopened_at = now
            self.answered = False
            if self.attempt.new:
                self.attempt = handshake.Reopening(self.first, self.secrets)
            self.log('re-open')
        if late or another:
            self.host.start_over(self, late and not another)
            self.resent = False
            self.log('start-over')
        self.syn = syn

    def seal(self, original, flags=0):
        """A clear packet of the flow to its wire form; raises Drop."""
        parsed = packet.Packet(original)
        syn = None
        if self.proto == TCP:
            bits = parsed.segment[13] & 0x17
            if bits == trailer.TCP_SYN:
                syn = parsed.segment[4:8]
            elif not self.confirmed:
                raise Drop('tx_unconfirmed', 'only a SYN may open')
        if syn is not None or self.proto == UDP:
            self._state(syn)
        if self.labelled:
            if syn is None:
                return self.seal_bare(original)
            original = without_payload(original)
        elif self.confirmed and self.reopened_at is None:
            return self.seal_data(original, flags)
        return self._open(original, flags)

    def may_accept(self, parsed):
        """Of scope `label`: can this segment carry an ACCEPT?

        A responder that is not confirmed has nothing but our SYN.
        """
        segment = parsed.segment
        acks = acknowledged(segment)
        if not self.confirmed or segment[13] & trailer.TCP_SYN:
            return True
        if acks not in (None, int.from_bytes(self.syn, 'big') + 1
                        & 0xffffffff):
            return False
        meta = opening.peek(segment)
        with_n = N if self.first.new else 0
        if meta is None or (meta.type, meta.flags) != (ACCEPT, with_n):
            return False
        try:
            fields = trailer.split(segment, ACCEPT, with_n)
        except Drop:
            return False
        return fields['enc_r' if with_n else 'salt_r'] == \
            (self.enc_r if with_n else self.salt_r)

    def _open(self, original, flags):
        """A packet with the opening."""
        attempt = self.attempt
        more, clear, c = attempt.dressed(self.host.cookies.get(self.pair))
        wire = opening.seal_packet(
            self, self.side, original, attempt.kind, attempt.counter,
            attempt.open_key, clear, attempt.plain(
                self.ports[self.side], self.ports[3 - self.side],
                self.scope), flags | more, self.host.dscp_keep,
            self.host.mark, secret=c)
        if self.opened_at is None:
            self.opened_at = self.host.clock()
        self.sent_at = self.host.clock()
        self.log('init-sent' if attempt.kind == INIT else 'open-sent',
                 counter=attempt.counter, flags=more)
        self.last = original
        if c is not None:
            self.proofs.add(attempt.counter)
        attempt.counter += 1
        return wire

    def cookie(self, parsed, checksum_ready):
        """Verify a COOKIE; returns the packet to resend at once, or None.

        Only the packet that it answers is sent again: a later one, or one
        with a proof, may have been delivered.
        """
        if self.confirmed or self.attempt.kind != INIT:
            raise Drop('rx_cookie', 'not wanted')
        meta, fields = opening.take_cookie_apart(parsed, checksum_ready)
        if meta.counter >= self.attempt.counter:
            raise Drop('rx_cookie', 'of no INIT')
        if self.proto == TCP and int.from_bytes(
                parsed.segment[8:12], 'big') != int.from_bytes(
                    packet.Packet(self.last).segment[4:8], 'big') + 1 \
                & 0xffffffff:
            raise Drop('rx_cookie', 'acknowledges another SYN')
        got = cookie.unseal(self.key.public, self.attempt.whole, fields)
        proved = meta.counter in self.proofs
        if not proved and self.resent:
            raise Drop('rx_cookie', 'one is enough')
        self.host.cookies.put(self.pair, got)
        again = not proved and meta.counter == self.attempt.counter - 1
        self.log('cookie', resent=again)
        if not again:
            return None
        self.resent = True
        return self.last

    def _limit(self):
        """ACCEPTs with N cost public-key work."""
        now = self.host.clock()
        if self.tries >= ACCEPT_N_TRIES \
                and now - self.tried_at < 1 / ACCEPT_N_RATE:
            raise Drop('rx_limited', 'too many ACCEPTs with N')
        self.tries += 1
        self.tried_at = now

    def accept(self, parsed, checksum_ready):
        """Verify an ACCEPT; returns its parts, raises Drop.

        The first one that verifies fixes salt_r.  One that comes when the
        responder's flow may have ended is refused: it could answer a copy
        of the opening, whose payload would then be delivered twice.
        """
        if not self.confirmed and (self.sent_at is None or self.host.clock()
                                   - self.sent_at >= UNCONFIRMED_SECONDS):
            raise Drop('rx_unconfirmed', 'ACCEPT too late')
        parts = opening.take_apart(parsed, checksum_ready, True, self.scope)
        with_n = bool(parts.meta.flags & N)
        # Plain ones answer a re-opening too.
        if with_n and not self.first.new \
                or not with_n and self.attempt.new:
            raise Drop('rx_flags', 'N where none is, or none')
        whole = parts.fields['enc_r' if with_n else 'salt_r']
        salt_r = whole[:16]
        counter = parts.meta.counter
        secrets = self.secrets
        if self.salt_r is not None:
            if salt_r != self.salt_r or with_n and whole != self.enc_r:
                raise Drop('rx_salt')
            if not self.accepts.fresh(counter):
                raise Drop('rx_replay')
        elif with_n:
            self._limit()
            secrets = self.attempt.derive(whole)
        accept = opening.read_accept(opening.unseal(
            parts, self.accept_key_for(secrets, salt_r)))
        if (accept.sport, accept.dport) != (self.ports[3 - self.side],
                                            self.ports[self.side]):
            raise Drop('rx_ports')
        if self.salt_r is None:
            self.fix(secrets, salt_r)
            if with_n:
                self.enc_r = whole
                self._made(accept.lifetime)
        self.accepts.mark(counter)
        self.confirmed = True
        self.reopened_at = None
        self.resent = False
        self.verified_at = self.host.clock()
        self.log('accept-received', counter=counter, n=with_n,
                 empty=bool(parts.meta.flags & E))
        return parts

    def _made(self, lifetime):
        """A new association is there; the one that was silent goes."""
        attempt = self.attempt
        own = getattr(attempt, 'own', None)
        self.host.learn(assoc.Derived(
            self.secrets, self.side, attempt.key, self.pair,
            own.public if own else None, self.host.clock(), lifetime))
        if self.unanswered:
            self.host.forget(self.unanswered)
            self.unanswered = None


class Responder(Exchange):
    """The end that gets the first packet; made when its tag has verified.

    addrs and wires are those that arrived.  fresh is None until it matters,
    accepting is True while our packets carry ACCEPT, ignored is True for
    the loser of a glare.
    """

    def __init__(self, host, received, parsed, proved, name=''):
        other, me = received.side, 3 - received.side
        content = received.content
        super().__init__(
            host, me, other, parsed.proto,
            {me: parsed.dst, other: parsed.src},
            {me: content.dport, other: content.sport},
            {me: parsed.ports[1], other: parsed.ports[0]}, name,
            content.scope)
        self.received = received
        self.syn_end = None         # behind the SYN that we sent
        self.salt_i = received.salt_i
        self.content = content
        self.fresh_keys()
        self.made = None            # the association, until confirmed
        self.whole_r = None         # salt_r or enc_r
        if received.new:
            self._derive()
        else:
            self.whole_r = host.rand(16)
            self.fix(received.key.secrets, self.whole_r)
        self.accept_n = received.new
        self.opens = Window()
        self.reopens = Window()
        self.accept_counter = 0
        self.accepting = True
        self.fresh = None
        self.ignored = False
        self.held = None
        self.due = None
        self.opened_at = host.clock()
        # Bytes that may be sent before somebody proves the address.
        self.room = 0 if received.kind == INIT and not proved else None

    @property
    def assoc_id(self):
        """The id or key_id that the opening names."""
        return self.received.name

    @property
    def key(self):
        """What the opening was made with."""
        return self.received.key

    def _derive(self):
        """A new association, under an id that is free."""
        host, received = self.host, self.received
        while True:
            secrets, self.whole_r = received.derive(host.rand(32))
            if host.id_free(secrets.assoc_id):
                break
        self.fix(secrets, self.whole_r[:16])
        host.note(secrets)
        self.made = assoc.Derived(
            secrets, self.side, received.key, self.pair, received.identity,
            host.clock(), host.lifetime)

    @property
    def reopen_key(self):
        """The key of a plain OPEN that opens this flow once more."""
        return self.secrets.open_key(self.initiator_side, self.salt_i)

    def opening(self, counter, size, again=False):
        """A verified opening of this flow, of `size` bytes: advance the
        window.  again: it is a plain OPEN after one that made a new
        association."""
        window = self.reopens if again else self.opens
        if not window.fresh(counter):
            raise Drop('rx_replay')
        window.mark(counter)
        now = self.host.clock()
        self.opened_at = self.verified_at = now
        self.accepting = True
        if again:
            self.accept_n = False
        if self.room is not None:
            self.room += AMPLIFY[self.proto] * size
        if self.proto == UDP:
            self.due = now + EMPTY_ACCEPT_AFTER

    def move(self, parsed):
        """Answer to the wire tuple as it arrived."""
        other = self.initiator_side
        self.addrs[other] = parsed.src
        self.addrs[self.side] = parsed.dst
        self.wires[other], self.wires[self.side] = parsed.ports

    def seal(self, original, flags=0):
        """A clear packet of the flow to its wire form."""
        self.due = None
        if self.labelled:
            segment = packet.Packet(original).segment
            if segment[13] & trailer.TCP_SYN:
                self.syn_end = sequence(segment) + 1 & 0xffffffff
            elif not self.accepting:
                return self.seal_bare(original)
        elif not self.accepting:
            return self.seal_data(original, flags)
        with_n = N if self.accept_n else 0
        plain = opening.accept_plain(
            self.ports[self.side], self.ports[self.initiator_side],
            self.host.lifetime if with_n else None)
        wire = opening.seal_packet(
            self, self.side, original, ACCEPT, self.accept_counter,
            self.accept_key, self.whole_r if with_n else self.salt_r, plain,
            flags | with_n, self.host.dscp_keep, self.host.mark)
        if self.room is not None and not self.confirmed \
                and (self.proto == UDP or has_syn(original)):
            if len(wire) > self.room:
                raise Drop('tx_amplify')
            self.room -= len(wire)
        self.log('accept-sent', counter=self.accept_counter,
                 empty=bool(flags & E), n=bool(with_n))
        self.accept_counter += 1
        return wire

    def is_confirmed_by(self, parsed):
        """Of scope `label`: does this segment confirm it?"""
        segment = parsed.segment
        return not segment[13] & (trailer.TCP_SYN | trailer.TCP_RST) \
            and self.syn_end is not None \
            and acknowledged(segment) == self.syn_end

    def confirm(self):
        """A DATA has verified; returns the packet that was held, or None."""
        held, self.held = self.held, None
        if not self.confirmed:
            self.log('confirmed')
            if self.made:
                self.host.learn(self.made)
                self.made = None
        self.confirmed = True
        self.accepting = False
        self.due = None
        return held

    def hold(self, restored):
        """Keep one packet of at most 2 KiB until the flow confirms."""
        if self.held is not None or len(restored) > HELD_BYTES:
            raise Drop('rx_stale', 'nothing more is held')
        self.held = restored
