# SPDX-License-Identifier: GPL-2.0
"""INITs made by hand, for tests of what the module does with them.

One Client is one attempt of one flow; no socket belongs to it.
"""

import os
import random
import time

import nets  # noqa: F401, pylint: disable=unused-import

# pylint: disable=wrong-import-position
from sst import codec, cookie, hostkey, kdf, opening, packet, \
    trailer  # noqa: E402
from sst.flow import Flow  # noqa: E402
from sst.trailer import ACCEPT, COOKIE, INIT, OPEN  # noqa: E402

SYN = 2


def read(data):
    """(parsed packet, type) of what passed; type None for no SST packet."""
    parsed = packet.Packet(data)
    meta = opening.peek(parsed.segment) if parsed.is_transport else None
    if meta is None or not parsed.marked(packet.Mark()):
        return parsed, None
    return parsed, meta.type


def of_type(packets, kind):
    """Those of one type, parsed."""
    return [parsed for parsed, got in map(read, packets) if got == kind]


def inits(packets):
    """(parsed packet, its parts) of each INIT."""
    return [(parsed, opening.take_apart(parsed, False, True))
            for parsed in of_type(packets, INIT)]


class Client:
    """An initiator that knows a public key.

    static is its own secret key; claim is a public key that it writes down as
    its identity without having the secret.
    """

    def __init__(self, public, src, dst, sport=40000, dport=53,
                 proto=packet.UDP, static=None, claim=None, wires=None):
        self.host = hostkey.PublicKey(public)
        self.e_i = os.urandom(32)
        self.enc_i = kdf.x25519_public(self.e_i)
        self.keys = self.host.init_keys(self.e_i)
        self.static = static
        self.identity = claim or (kdf.x25519_public(static) if static
                                  else b'')
        self.time = int(time.time())
        self.counter = 0
        self.assoc = None
        wires = wires or random.sample(range(20000, 30000), 2)
        self.flow = Flow(proto, src, sport, dst, dport, wires[0], wires[1],
                         None, side=1)

    def clear(self, payload=b'', **tcp):
        """A clear packet of ours."""
        flow = self.flow
        src, dst = flow.addrs[1], flow.addrs[2]
        ports = flow.ports[1], flow.ports[2]
        return packet.ip(src, dst, flow.proto, packet.udp(
            src, dst, *ports, payload) if flow.proto == packet.UDP
            else packet.tcp(src, dst, *ports, **tcp))

    def init(self, payload=b'', expiry=None, secret=None, seq=1000, **tcp):
        """A packet with INIT; with the c of a cookie it has a proof."""
        flags = (trailer.C if expiry is not None else 0) \
            | (trailer.I if self.identity else 0)
        out = opening.seal_packet(
            self.flow, 1, self.clear(payload, seq=seq, flags=SYN, **tcp), INIT,
            self.counter, self.keys.key, opening.init_clear(
                self.host.key_id, self.enc_i, expiry), opening.init_plain(
                self.flow.ports[1], self.flow.ports[2], 1, self.time,
                self.identity), flags,
            secret=(secret or bytes(16)) if flags & trailer.C else None)
        self.counter += 1
        return out

    def with_cookie(self, given, payload=b''):
        """A packet with INIT that proves a cookie."""
        return self.init(payload, given.expiry, given.c)

    def cookie(self, packets):
        """The Cookie in the first COOKIE for us; None without one."""
        for parsed in of_type(packets, COOKIE):
            if parsed.tuple() == self.flow.wire_tuple(2):
                return cookie.unseal(
                    self.host.public, self.enc_i,
                    opening.take_cookie_apart(parsed, False)[1])
        return None

    def answer(self, packets):
        """The first ACCEPT for us, parsed; None without one."""
        for parsed in of_type(packets, ACCEPT):
            if parsed.tuple() == self.flow.wire_tuple(2):
                return parsed
        return None

    def agree(self, accept):
        """The keys that follow from an ACCEPT.

        Raises Drop when it does not verify under them; they are there all the
        same.  Without the secret of the identity zeros take its place.
        """
        parts = opening.take_apart(accept, False, True)
        enc_r = parts.fields['enc_r']
        given = {}
        if self.identity:
            given = {'identity': self.identity, 'dh_s': kdf.x25519(
                self.static, enc_r) if self.static else bytes(32)}
        secret = kdf.derived_secret(
            self.keys.s0, kdf.x25519(self.e_i, enc_r), self.host.key_id,
            self.enc_i, enc_r, **given)
        assoc = kdf.Association(secret, kdf.derived_id(secret))
        salts = self.enc_i[:16], enc_r[:16]
        flow = self.flow
        flow.set_flow_key(assoc.flow_key(*salts, kdf.flow_context(
            flow.scope, flow.proto, 1, flow.ports[1], flow.ports[2])))
        self.assoc = assoc
        opening.unseal(parts, assoc.accept_key(2, *salts))

    def data(self, payload=b'', empty=False, **tcp):
        """A packet with DATA."""
        return codec.seal_data(self.flow, 1, self.clear(payload, **tcp),
                               *self.flow.sender.next(),
                               trailer.E if empty else 0)


    def open(self, payload, src=None):
        """A datagram with OPEN: another flow on what was agreed, perhaps from
        another address."""
        flow = self.flow
        here = packet.addr(src) if src else flow.addrs[1]
        other = Flow(flow.proto, here, flow.ports[1] + 1, flow.addrs[2],
                     flow.ports[2], *random.sample(range(30000, 40000), 2),
                     None, side=1)
        salt = os.urandom(16)
        ports = other.ports[1], other.ports[2]
        return opening.seal_packet(
            other, 1, packet.ip(here, flow.addrs[2], flow.proto, packet.udp(
                here, flow.addrs[2], *ports, payload)), OPEN, 0,
            self.assoc.open_key(1, salt), self.assoc.assoc_id + salt,
            opening.open_plain(*ports, 1, int(time.time())))


def forged_cookie(data, public):
    """A COOKIE of the attacker's for an INIT that passed."""
    parsed, parts = inits([data])[0]
    return opening.cookie_packet(
        parsed, parts, public, os.urandom(24),
        cookie.Cookie(120, int(time.monotonic()) + 60, os.urandom(16)))
