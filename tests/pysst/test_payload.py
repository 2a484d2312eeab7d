# SPDX-License-Identifier: GPL-2.0
"""Scope payload: DATA, openings and answers, both roles (section 4)."""

import os
import unittest

import test_opening
from helpers import ADDR4, ADDR6
from sst import codec, flow, kdf, observer, opening, packet, suite, trailer
from sst.trailer import Drop, P, TCP, UDP

TEXT = b'plainly to be seen'


class Payload:
    """Mixed into a Lab: both hosts open flows of this scope."""

    def host(self, number, **kwargs):
        """As there."""
        kwargs.setdefault('scope', kdf.SCOPE_PAYLOAD)
        return super().host(number, **kwargs)


class ReopeningPayload(Payload, test_opening.Reopening):
    """As in scope ports."""


class FreshPayload(Payload, test_opening.Fresh):
    """As in scope ports."""


class ChaosPayload(Payload, test_opening.Chaos):
    """As in scope ports."""


class ChaosNewPayload(Payload, test_opening.ChaosNew):
    """As in scope ports."""


class Openings(Payload, test_opening.Lab):
    """Whole exchanges on an association."""

    def test_nothing_is_seen(self):
        """P on each packet, and the text in none, but in what arrives."""
        for version in (4, 6):
            one = self.connect(UDP, version)
            clear, wire = self.send(one, TEXT)
            sent = [wire]
            got = self.get(1, wire)[0]
            self.assertEqual(got.packet[-len(TEXT):], TEXT)
            two = got.flow
            self.assertEqual(two.scope, kdf.SCOPE_PAYLOAD)
            for end, host in ((two, 0), (one, 1), (two, 0)):
                clear, wire = self.send(end, TEXT)
                sent.append(wire)
                self.assertEqual(packet.Packet(self.get(host, wire)[0].packet)
                                 .segment, packet.Packet(clear).segment)
            kinds = [test_opening.kind_of(wire) for wire in sent]
            self.assertEqual(kinds, [trailer.OPEN, trailer.ACCEPT,
                                     trailer.DATA, trailer.DATA])
            for wire in sent:
                self.assertTrue(opening.peek(packet.Packet(wire).segment)
                                .flags & P)
                self.assertNotIn(TEXT, wire)

    def test_tampered(self):
        """Each byte of payload, box and tag of an OPEN and of a DATA."""
        one = self.connect(UDP)
        _, first = self.send(one, TEXT)
        got = self.get(1, first)[0]
        _, answer = self.send(got.flow, TEXT)
        self.get(0, answer)
        _, data = self.send(one, TEXT)
        for at in range(28, len(data)):
            if not len(data) - 24 <= at < len(data) - 16:
                self.refuse(1, test_opening.flip(data, at), 'rx_auth')
        self.assertTrue(self.get(1, data))

    def test_observer(self):
        """Who has the keys reads it, in a capture."""
        eye = observer.Observer([], [kdf.Association(
            secret, kdf.derived_id(secret)) for secret in
            test_opening.SECRETS])
        one = self.connect(UDP)
        _, wire = self.send(one, TEXT)
        two = self.get(1, wire)[0].flow
        wires = [wire]
        for end, host in ((two, 0), (one, 1)):
            _, wire = self.send(end, TEXT)
            wires.append(wire)
            self.get(host, wire)
        for wire in wires:
            seen = eye.open(packet.Packet(wire), test_opening.NOW)
            clear = codec.restore(packet.Packet(wire), seen.flow, seen.side,
                                  seen.parts)
            self.assertEqual(clear[-len(TEXT):], TEXT)


class Scopes(test_opening.Lab):
    """A packet says the scope of its flow, and no other."""

    def test_box_and_flag(self):
        """An OPEN whose box says another scope than its flag."""
        for flag, scope in ((P, kdf.SCOPE_PORTS), (0, kdf.SCOPE_PAYLOAD),
                            (P, kdf.SCOPE_LABEL), (0, 0), (P, 4)):
            with self.assertRaises(Drop) as caught:
                opening.read_open(opening.open_plain(1, 2, scope, 3), flag)
            self.assertEqual(caught.exception.reason, 'rx_flags')

    def test_manual(self):
        """DATA of the other scope, under the same secret."""
        for addrs in (ADDR4, ADDR6):
            for proto in (UDP, TCP):
                self._manual(addrs, proto)

    def _manual(self, addrs, proto):
        ends = [flow.Flow(proto, addrs[0], 1000, addrs[1], 53, 2001, 2002,
                          bytes(range(32)), side=2, scope=scope)
                for scope in (kdf.SCOPE_PORTS, kdf.SCOPE_PAYLOAD)]
        src, dst = ends[0].addrs[1], ends[0].addrs[2]
        segment = packet.udp(src, dst, 1000, 53, TEXT) if proto == UDP else \
            packet.tcp(src, dst, 1000, 53, 5, 6, 0x18, payload=TEXT)
        clear = packet.ip(src, dst, proto, segment)
        for mine, other in (ends, ends[::-1]):
            wire = codec.seal_data(mine, 1, clear, 0, 7)
            self.assertEqual(TEXT in wire, mine is ends[0])
            with self.assertRaises(Drop) as caught:
                codec.Codec([other]).open(wire)
            self.assertEqual(caught.exception.reason, 'rx_flags')
            got = codec.Codec([mine]).open(wire)
            self.assertEqual(packet.Packet(got.packet).segment, segment)
            wire = codec.seal_data(mine, 1, clear, 0, 8, flags=P)
            with self.assertRaises(Drop) as caught:
                codec.Codec([mine]).open(wire)
            self.assertEqual(caught.exception.reason, 'rx_flags')

    def test_limit(self):
        """2^28 packets a key."""
        end = flow.Flow(UDP, *ADDR4[:1], 1, ADDR4[1], 2, 3, 4, bytes(32),
                        side=1, scope=kdf.SCOPE_PAYLOAD)
        end.sender.seq = 2 ** 28 - 1
        self.assertEqual(end.sender.next(), (0, 2 ** 28 - 1))
        self.assertEqual(end.sender.next(), (1, 0))

    def test_one_text(self):
        """The box and the payload are one text of RFC 8439."""
        key, aad = os.urandom(32), os.urandom(11)
        sealed, payload, tag = suite.seal_payload(key, 5, aad, b'abcd', TEXT)
        whole = suite.aead_seal(key, 5, aad, b'abcd' + TEXT)
        self.assertEqual((sealed + payload, tag), whole)


if __name__ == '__main__':
    unittest.main()
