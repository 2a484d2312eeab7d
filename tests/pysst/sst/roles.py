# SPDX-License-Identifier: GPL-2.0
"""The two ends of a flow that was opened: initiator and responder.

Protocol section 6 for OPEN and ACCEPT without N on a pre-shared key, scope
`ports`.  These objects know one flow each; tables, freshness and glare are
in endpoint.py.  host is the Endpoint: it gives clocks, randomness, the mark
and a place for events.
"""

from . import codec, kdf, opening, packet, trailer
from .flow import Flow, Receiver, Sender, Window
from .trailer import ACCEPT, Drop, E, OPEN, TCP, UDP

ACCEPT_SECONDS = 1          # no ACCEPT: start over
UNCONFIRMED_SECONDS = 30    # after the last opening
REOPEN_AFTER = 15           # UDP: nothing verified for so long
REOPEN_SECONDS = 3          # no ACCEPT for a re-opening: start over
EMPTY_ACCEPT_AFTER = 0.2
HELD_BYTES = 2048

# Wire ports that networks filter or parse (section 3).
FILTERED = frozenset((
    1138, 1433, 1434, 1719, 1720, 1723, 1900, 2000, 2152, 3702, 4500, 4754,
    4755, 4789, 4790, 5060, 5061, 5353, 5355, 6081, 6566, 6667, 8472, 10080,
    11211, 51820))


def wire_port_allowed(port):
    """True for a number that an initiator may choose."""
    return port >= 1024 and port not in FILTERED


class Exchange(Flow):
    """What both roles share.

    initiator_side tells who sent the first packet; side is our own.
    """

    initiator = False

    def __init__(self, host, psk, initiator_side, proto, addrs, ports,
                 wires, name=''):
        super().__init__(proto, addrs[1], ports[1], addrs[2], ports[2],
                         wires[1], wires[2], None, side=psk.side, name=name,
                         clock=host.clock)
        self.host = host
        self.psk = psk
        self.initiator_side = initiator_side
        self.confirmed = False
        self.verified_at = host.clock()
        self.assoc_id = self.salt_i = self.salt_r = None
        self.open_key = self.accept_key = None
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
                             self.host.rotate_seconds, clock=self.host.clock)
        self.receiver = Receiver(clock=self.host.clock)

    def derive_open(self):
        """The OPEN key, from salt_i."""
        self.open_key = self.psk.secrets.open_key(self.initiator_side,
                                                  self.salt_i)

    def accept_key_for(self, salt_r):
        """The ACCEPT key, from salt_i and salt_r."""
        return self.psk.secrets.accept_key(self.responder_side, self.salt_i,
                                           salt_r)

    def fix(self, salt_r):
        """salt_r, the ACCEPT key and T, once in a flow."""
        self.salt_r = salt_r
        self.accept_key = self.accept_key_for(salt_r)
        self.set_flow_key(self.psk.secrets.flow_key(
            self.salt_i, salt_r, kdf.flow_context(
                self.scope, self.proto, self.initiator_side,
                self.ports[self.initiator_side],
                self.ports[self.responder_side])))

    def seal_data(self, original, flags=0):
        """A packet with DATA."""
        kri, seq = self.sender.next()
        return codec.seal_data(self, self.side, original, kri, seq, flags,
                               self.host.dscp_keep, self.host.mark)

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
        return parts

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
    """The end that sends the first packet."""

    initiator = True

    def __init__(self, host, psk, proto, addr, port, peer_addr, peer_port,
                 name=''):
        me, other = psk.side, 3 - psk.side
        super().__init__(host, psk, me, proto,
                         {me: addr, other: peer_addr},
                         {me: port, other: peer_port}, {1: 0, 2: 0}, name)
        self.attempts = 0
        self.syn = None
        self.begin()

    def begin(self):
        """A new attempt: wire ports, salt_i, time, id; counter 0."""
        host = self.host
        self.wires[self.side], self.wires[3 - self.side] = \
            host.draw_wires(self)
        self.salt_i = host.rand(16)
        self.time = int(host.wall())
        self.assoc_id = self.psk.id_at(self.time)
        self.derive_open()
        self.salt_r = self.accept_key = None
        self.fresh_keys()
        self.open_counter = 0
        self.opened_at = None
        self.sent_at = None
        self.reopened_at = None
        self.accepts = Window()
        self.confirmed = False
        self.answered = False
        self.attempts += 1

    def _state(self, syn):
        """Start over or re-open if it is time for it."""
        now = self.host.clock()
        if self.confirmed:
            # Another connection, or one whose SYN is sent once more.
            late = syn is not None
        else:
            late = (self.opened_at is not None
                    and now - self.opened_at >= ACCEPT_SECONDS
                    or syn is not None and self.syn not in (None, syn))
        if self.reopened_at is not None:
            late = now - self.reopened_at >= REOPEN_SECONDS
        elif self.confirmed and self.proto == UDP \
                and now - self.verified_at >= REOPEN_AFTER:
            self.reopened_at = now
            self.answered = False
            self.log('re-open')
        if late:
            self.host.start_over(self)
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
        if self.confirmed and self.reopened_at is None:
            return self.seal_data(original, flags)
        plain = opening.open_plain(
            self.ports[self.side], self.ports[3 - self.side], self.scope,
            self.time)
        wire = opening.seal_packet(
            self, self.side, original, OPEN, self.open_counter,
            self.open_key, self.assoc_id + self.salt_i, plain, flags,
            self.host.dscp_keep, self.host.mark)
        if self.opened_at is None:
            self.opened_at = self.host.clock()
        self.sent_at = self.host.clock()
        self.log('open-sent', counter=self.open_counter)
        self.open_counter += 1
        return wire

    def accept(self, parsed, checksum_ready):
        """Verify an ACCEPT; returns its parts, raises Drop.

        The first one that verifies fixes salt_r.  One that comes when the
        responder's flow may have ended is refused: it could answer a copy
        of the opening, whose payload would then be delivered twice.
        """
        if not self.confirmed and (self.sent_at is None or self.host.clock()
                                   - self.sent_at >= UNCONFIRMED_SECONDS):
            raise Drop('rx_unconfirmed', 'ACCEPT too late')
        parts = opening.take_apart(parsed, checksum_ready)
        salt_r = parts.fields['salt_r']
        counter = parts.meta.counter
        if self.salt_r is not None:
            if salt_r != self.salt_r:
                raise Drop('rx_salt')
            if not self.accepts.fresh(counter):
                raise Drop('rx_replay')
        accept = opening.read_accept(opening.unseal(
            parts, self.accept_key_for(salt_r)))
        if self.salt_r is not None and not self.accepts.fresh(counter):
            raise Drop('rx_replay')
        if (accept.sport, accept.dport) != (self.ports[3 - self.side],
                                            self.ports[self.side]):
            raise Drop('rx_ports')
        if self.salt_r is None:
            self.fix(salt_r)
        self.accepts.mark(counter)
        self.confirmed = True
        self.reopened_at = None
        self.verified_at = self.host.clock()
        self.log('accept-received', counter=counter,
                 empty=bool(parts.meta.flags & E))
        return parts


class Responder(Exchange):
    """The end that gets the first packet; made when its tag has verified.

    addrs and wires are those that arrived.  fresh is None until it matters,
    accepting is True while our packets carry ACCEPT, ignored is True for
    the loser of a glare.
    """

    def __init__(self, host, psk, parsed, content, assoc_id, salt_i,
                 name=''):
        me, other = psk.side, 3 - psk.side
        super().__init__(
            host, psk, other, parsed.proto,
            {me: parsed.dst, other: parsed.src},
            {me: content.dport, other: content.sport},
            {me: parsed.ports[1], other: parsed.ports[0]}, name)
        self.assoc_id = assoc_id
        self.salt_i = salt_i
        self.content = content
        self.derive_open()
        self.fresh_keys()
        self.fix(host.rand(16))
        self.opens = Window()
        self.accept_counter = 0
        self.accepting = True
        self.fresh = None
        self.ignored = False
        self.held = None
        self.due = None
        self.opened_at = host.clock()

    def opening(self, counter):
        """A verified OPEN of this flow: advance the window."""
        if not self.opens.fresh(counter):
            raise Drop('rx_replay')
        self.opens.mark(counter)
        now = self.host.clock()
        self.opened_at = self.verified_at = now
        self.accepting = True
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
        if not self.accepting:
            return self.seal_data(original, flags)
        plain = opening.accept_plain(self.ports[self.side],
                                     self.ports[self.initiator_side])
        wire = opening.seal_packet(
            self, self.side, original, ACCEPT, self.accept_counter,
            self.accept_key, self.salt_r, plain, flags,
            self.host.dscp_keep, self.host.mark)
        self.log('accept-sent', counter=self.accept_counter,
                 empty=bool(flags & E))
        self.accept_counter += 1
        return wire

    def confirm(self):
        """A DATA has verified; returns the packet that was held, or None."""
        held, self.held = self.held, None
        if not self.confirmed:
            self.log('confirmed')
        self.confirmed = True
        self.accepting = False
        self.due = None
        return held

    def hold(self, restored):
        """Keep one packet of at most 2 KiB until the flow confirms."""
        if self.held is not None or len(restored) > HELD_BYTES:
            raise Drop('rx_stale', 'nothing more is held')
        self.held = restored
