# SPDX-License-Identifier: GPL-2.0
"""INIT, OPEN N and cookies: both roles in memory (sections 6 to 8)."""

import contextlib
import io
import itertools
import json
import os
import tempfile

import unittest

import decode
import test_opening as basic
from helpers import ADDR4
from sst import assoc, cookie, hostkey, kdf, opening, packet, pcap
from sst.trailer import ACCEPT, C, COOKIE, DATA, Drop, E, I, INIT, N, OPEN, \
    TCP, UDP

KEY, NOW = basic.KEY, basic.NOW
kind_of, flags_of, flip = basic.kind_of, basic.flags_of, basic.flip
HOSTS = [hostkey.HostKey(bytes([9 + n]) * 32) for n in (0, 1)]
STATIC = hostkey.HostKey(bytes([77]) * 32)


class Lab(basic.Lab):
    """Host 0 knows the public key of host 1, and the other way round."""

    new = True

    def host(self, number, **kwargs):
        kwargs.setdefault('host_keys', [HOSTS[number]])
        kwargs.setdefault('peers', [hostkey.PublicKey(
            HOSTS[1 - number].public)])
        kwargs.setdefault('psks', ())
        return super().host(number, **kwargs)

    def psk_hosts(self):
        """Both have a pre-shared key and nothing else."""
        self.hosts = [self.host(n, psks=[assoc.Psk(1 + n, KEY)], peers=(),
                                host_keys=(), start=0) for n in (0, 1)]


class Exchanges(Lab):
    """Whole exchanges."""

    def exchange(self, version, proto, number, kind, flags, extra):
        """An opening that makes an association, and one that uses it."""
        one = self.connect(proto, version, number)
        other = 1 - number
        first = (b'', 2) if proto == TCP else (b'hello', 0)
        clear, wire = self.send(one, *first)
        self.assertEqual((kind_of(wire), flags_of(wire)), (kind, flags))
        self.assertEqual(len(wire), len(clear) + extra)
        got = self.get(other, wire)
        self.assertEqual(got[0].packet, clear)
        two = got[0].flow
        self.assertEqual(self.hosts[other].associations, {})
        clear, wire = self.send(two, *((b'', 0x12) if proto == TCP
                                       else (b'olleh', 0)))
        self.assertEqual((kind_of(wire), flags_of(wire)), (ACCEPT, N))
        self.assertEqual(len(wire), len(clear) + 64)
        self.assertEqual(self.get(number, wire)[0].packet, clear)
        if proto == UDP:
            # At once, so that the other host knows the association too.
            empty = self.wire(number)
            self.assertEqual((kind_of(empty), flags_of(empty)), (DATA, E))
            self.get(other, empty)
        for _ in range(2):
            clear, wire = self.send(one, b'more')
            self.assertEqual(kind_of(wire), DATA)
            self.assertEqual(self.get(other, wire)[0].packet, clear)
            clear, wire = self.send(two, b'erom')
            self.assertEqual(kind_of(wire), DATA)
            self.assertEqual(self.get(number, wire)[0].packet, clear)
        made = [list(host.associations) for host in self.hosts]
        self.assertEqual(made[0], made[1])
        self.assertEqual(len(made[0]), 1)
        # The next flow opens on what was made.
        one = self.connect(proto, version, number, (7, 8))
        clear, wire = self.send(one, *first)
        self.assertEqual((kind_of(wire), flags_of(wire)), (OPEN, 0))
        self.assertEqual(wire[-64:-56], made[0][0])
        two = self.get(other, wire)[0].flow
        clear, wire = self.send(two, *((b'', 0x12) if proto == TCP
                                       else (b'olleh', 0)))
        self.assertEqual((kind_of(wire), flags_of(wire)), (ACCEPT, 0))
        self.assertEqual(self.get(number, wire)[0].packet, clear)
        self.assertEqual(kind_of(self.send(one, b'x')[1]), DATA)

    def test_init(self):
        """INIT, ACCEPT N, DATA; then OPEN; without and with identity."""
        for version, proto, number, identity in itertools.product(
                (4, 6), (UDP, TCP), (0, 1), (None, STATIC)):
            self.setUp()
            self.hosts[number].identity = identity
            self.exchange(version, proto, number, INIT,
                          I if identity else 0, 116 if identity else 84)

    def test_open_n(self):
        """OPEN N, ACCEPT N, DATA; then OPEN."""
        for version, proto, number in itertools.product(
                (4, 6), (UDP, TCP), (0, 1)):
            self.setUp()
            self.psk_hosts()
            self.exchange(version, proto, number, OPEN, N, 80)

    def test_repeats(self):
        """Same enc_i, next counter; no public-key work for the second."""
        one = self.connect(UDP)
        wires = [self.send(one, b'%d' % n)[1] for n in range(3)]
        self.assertEqual(len({w[-72:-40] for w in wires}), 1)
        self.assertEqual([opening.peek(w).seq for w in wires], [0, 1, 2])
        two = self.get(1, wires[0])[0].flow
        HOSTS[1].opened_keys, work = None, HOSTS[1].opened_keys
        try:
            self.assertIs(self.get(1, wires[2])[0].flow, two)
            self.assertIs(self.get(1, wires[1])[0].flow, two)
            self.refuse(1, wires[2], 'rx_replay')
            self.refuse(1, flip(wires[2], len(wires[2]) - 1))
        finally:
            HOSTS[1].opened_keys = work
        accepts = [self.send(two, b'a%d' % n)[1] for n in range(3)]
        self.assertEqual({flags_of(w) for w in accepts}, {N})
        self.assertEqual(len({w[-64:-32] for w in accepts}), 1)
        for wire in accepts[::-1]:
            self.assertEqual(len(self.get(0, wire)), 1)
        self.refuse(0, accepts[1], 'rx_replay')
        self.assertEqual(len(self.out[0]), 1)

    def test_own_enc_i(self):
        """Two flows never share one."""
        wires = [self.send(self.connect(UDP, ports=(n, 9)), b'x')[1]
                 for n in range(2)]
        self.assertNotEqual(wires[0][-72:-40], wires[1][-72:-40])

    def test_unconfirmed(self):
        """The responder has the association once a DATA verifies, so that
        nobody fills its table."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        wire = self.send(two, b'2')[1]
        self.get(0, wire)
        self.assertEqual(len(self.hosts[0].associations), 1)
        self.assertEqual(len(self.hosts[1].associations), 0)
        self.drain(0)
        self.assertEqual(len(self.hosts[1].associations), 1)

    def test_id_is_free(self):
        """e_r is drawn again if the id is known."""
        one = self.connect(UDP)
        wire = self.send(one, b'1')[1]
        drawn = []
        host = self.hosts[1]
        host.id_free = lambda name: drawn.append(name) or len(drawn) > 2
        two = self.get(1, wire)[0].flow
        self.assertEqual(len(set(drawn)), 3)
        self.assertEqual(two.secrets.assoc_id, drawn[2])

    def test_reopen(self):
        """Plain OPEN on the association, the same salts and keys, though
        the association has expired."""
        for psk in (False, True):
            self.setUp()
            if psk:
                self.psk_hosts()
            one, two = self.established()
            keep = one.salt_i, one.salt_r, one.keys.flow_key
            for pause, count in ((16, 0), (150, 1), (4000, 2)):
                one.verified_at = two.verified_at = self.clock.now + pause
                self.clock.now += pause
                for host in self.hosts:
                    host.poll()
                self.clock.now += 16
                self.assertEqual(self.hosts[0].associations == {},
                                 count == 2)
                _, wire = self.send(one, b'again')
                self.assertEqual((kind_of(wire), flags_of(wire)), (OPEN, 0))
                self.assertEqual(opening.peek(wire).seq, count)
                self.assertEqual(wire[-64:-40], two.secrets.assoc_id
                                 + one.first.whole[:16])
                self.assertEqual(len(self.get(1, wire)), 1)
                self.refuse(1, wire, 'rx_replay')
                _, wire = self.send(two, b'niaga')
                self.assertEqual((kind_of(wire), flags_of(wire)),
                                 (ACCEPT, 0))
                self.assertEqual(opening.peek(wire).seq, count + 1)
                self.assertEqual(wire[-44:-28], one.salt_r)
                self.assertEqual(len(self.get(0, wire)), 1)
                _, wire = self.send(one, b'x')
                self.assertEqual(kind_of(wire), DATA)
                self.get(1, wire)
                self.assertEqual(kind_of(self.send(two, b'y')[1]), DATA)
                self.assertEqual(keep, (one.salt_i, one.salt_r,
                                        one.keys.flow_key))

    def test_late_accept_n(self):
        """One with N still counts after a re-opening, another enc_r never.
        """
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        wires = [self.send(two, b'%d' % n)[1] for n in range(2)]
        self.get(0, wires[0])
        self.drain(0)
        self.clock.now += 16
        again = self.send(one, b'2')[1]
        self.assertEqual(len(self.get(0, wires[1])), 1)
        self.get(1, again)
        two.accept_n = True
        two.whole_r = two.whole_r[:16] + bytes(16)
        self.refuse(0, self.send(two, b'3')[1], 'rx_salt')


class Steps(Lab):
    """Starting over, step by step (section 6, 5)."""

    def test_init_waits(self):
        """3 s, then new wire ports and enc_i."""
        for proto in (UDP, TCP):
            self.setUp()
            one = self.connect(proto)
            wires = [self.send(one, flags=2)[1]]
            for wait in (2.99, 0.01):
                self.clock.now += wait
                wires.append(self.send(one, flags=2)[1])
            salts = [w[-72:-40] for w in wires]
            self.assertEqual(salts[0], salts[1])
            self.assertNotEqual(salts[0], salts[2])
            self.assertEqual([opening.peek(w).seq for w in wires],
                             [0, 1, 0])
            self.assertEqual({kind_of(w) for w in wires}, {INIT})

    def test_lost_association(self):
        """The responder has restarted: INIT after 1 s, and the old
        association goes once that was answered."""
        self.established()
        old = next(iter(self.hosts[0].associations))
        self.hosts[1] = self.host(1, start=0)
        one = self.connect(UDP, ports=(1, 2))
        wire = self.send(one, b'x')[1]
        self.assertEqual(kind_of(wire), OPEN)
        self.assertIsNone(self.get(1, wire))
        self.clock.now += 1
        wire = self.send(one, b'y')[1]
        self.assertEqual(kind_of(wire), INIT)
        self.assertIn(old, self.hosts[0].associations)
        two = self.get(1, wire)[0].flow
        self.get(0, self.send(two, b'z')[1])
        self.assertNotIn(old, self.hosts[0].associations)
        self.assertEqual(len(self.hosts[0].associations), 1)

    def test_answer_too_late(self):
        """Another connection tries the association again."""
        self.established(TCP)
        one = self.connect(TCP, ports=(1, 2))
        kinds = []
        for seq, wait in ((1, 0), (1, 1), (1, 3), (2, 0.5)):
            self.clock.now += wait
            kinds.append(kind_of(self.send(one, flags=2, seq=seq)[1]))
        self.assertEqual(kinds, [OPEN, INIT, INIT, OPEN])

    def test_next_key(self):
        """Each key of the host in turn, for ever."""
        keys = [assoc.Psk(1, KEY), hostkey.PublicKey(HOSTS[0].public),
                hostkey.PublicKey(HOSTS[1].public)]
        host = self.hosts[0]
        a, b = (packet.addr(text) for text in ADDR4)
        one = host.connect(UDP, a, 5, b, 6, keys)
        seen = []
        for _ in range(6):
            wire = self.send(one, b'x')[1]
            parts = opening.take_apart(packet.Packet(wire), new=True)
            seen.append((kind_of(wire), parts.fields.get('key_id')))
            self.clock.now += 3
        want = [(OPEN, None), (INIT, HOSTS[0].key_id),
                (INIT, HOSTS[1].key_id)]
        self.assertEqual(seen, want * 2)
        two = self.get(1, wire)[0].flow
        self.assertEqual(len(self.get(0, self.send(two, b'y')[1])), 1)

    def test_lifetime(self):
        """No flow on an old association; its keys go 60 s later."""
        self.hosts[1].lifetime = 100
        self.established()
        for wait, kind, left in ((99, OPEN, 1), (1, INIT, 1), (60, INIT, 0)):
            self.clock.now += wait
            for host in self.hosts:
                host.poll()
                self.assertEqual(len(host.associations), left)
            one = self.connect(UDP, ports=(wait, 2))
            self.assertEqual(kind_of(self.send(one, b'x')[1]), kind)

    def test_silent_reopening(self):
        """3 s, then another attempt, one step up."""
        one, _ = self.established()
        self.clock.now += 16
        self.assertEqual(kind_of(self.send(one, b'x')[1]), OPEN)
        self.clock.now += 3
        self.assertEqual(kind_of(self.send(one, b'x')[1]), INIT)


class Directions(Lab):
    """Who may open flows (section 6, 9), and identities."""

    def test_side_2(self):
        """Not on an association made by INIT without identity."""
        for identity in (None, STATIC):
            self.setUp()
            self.hosts[0].identity = identity
            self.established()
            back = self.connect(UDP, number=1, ports=(1, 2))
            wire = self.send(back, b'x')[1]
            self.assertEqual(kind_of(wire), OPEN if identity else INIT)
            self.assertEqual(len(self.get(0, wire)), 1)
        self.psk_hosts()
        self.established()
        back = self.connect(UDP, number=1, ports=(1, 2))
        self.assertEqual(kind_of(self.send(back, b'x')[1]), OPEN)

    def test_side_2_breaks_the_rule(self):
        """Its opening is dropped."""
        self.established()
        for made in self.hosts[1].associations.values():
            made.identity = bytes(32)
        back = self.connect(UDP, number=1, ports=(1, 2))
        wire = self.send(back, b'x')[1]
        self.assertEqual(kind_of(wire), OPEN)
        self.refuse(0, wire, 'rx_direction')

    def test_identity(self):
        """The responder knows it once a DATA verifies."""
        self.hosts[0].identity = STATIC
        _, two = self.established()
        self.assertEqual(two.received.identity, STATIC.public)
        self.assertEqual([a.identity for a in
                          self.hosts[1].associations.values()],
                         [STATIC.public])

    def test_claimed(self):
        """Without its secret no answer opens, and nothing is confirmed."""
        liar = hostkey.HostKey(bytes([78]) * 32)
        liar.public = STATIC.public
        self.hosts[0].identity = liar
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'1')[1])[0].flow
        self.refuse(0, self.send(two, b'2')[1], 'rx_auth')
        self.assertEqual(self.hosts[0].associations, {})
        self.clock.now += 31
        self.hosts[1].poll()
        self.assertEqual(self.hosts[1].flows, [])
        self.assertEqual(self.hosts[1].associations, {})

    def test_need_id(self):
        """Payload waits until the identity is proved."""
        self.hosts[1].need_id = True
        self.hosts[1].init_from = {STATIC.public}
        one = self.connect(UDP)
        self.refuse(1, self.send(one, b'1')[1], 'rx_init_from')
        self.hosts[0].identity = hostkey.HostKey(bytes(range(32)))
        one = self.connect(UDP, ports=(1, 2))
        self.refuse(1, self.send(one, b'1')[1], 'rx_init_from')
        self.hosts[0].identity = STATIC
        one = self.connect(UDP, ports=(2, 2))
        clear, wire = self.send(one, b'1')
        self.assertEqual(self.get(1, wire), [])
        accept = self.wire(1)
        self.assertEqual(flags_of(accept), E | N)
        self.get(0, accept)
        got = self.get(1, self.wire(0))
        self.assertEqual([item.packet for item in got], [clear])

    def test_nobody(self):
        """init-from nobody: as if there was no key."""
        self.hosts[1].init_from = 'nobody'
        one = self.connect(UDP)
        self.assertIsNone(self.get(1, self.send(one, b'1')[1]))


class CookieRounds(Lab):
    """Section 8."""

    def setUp(self):
        super().setUp()
        self.hosts[1].cookie_mode = 'always'

    def first(self, proto=UDP, version=4, ports=(basic.PORT,
                                                 basic.SERVICE)):
        """A flow, its first INIT and the COOKIE that answers."""
        one = self.connect(proto, version, ports=ports)
        _, wire = self.send(one, b'' if proto == TCP else b'hello', 2)
        self.assertEqual(self.get(1, wire), [])
        self.assertEqual(self.hosts[1].flows, [])
        return one, wire, self.wire(1)

    def test_round(self):
        """INIT, COOKIE, INIT with a proof at once, ACCEPT N."""
        for proto, version, identity in itertools.product(
                (UDP, TCP), (4, 6), (None, STATIC)):
            self.setUp()
            self.hosts[0].identity = identity
            one, wire, answer = self.first(proto, version)
            self.assertEqual((kind_of(answer), flags_of(answer)),
                             (COOKIE, E))
            self.assertLess(len(answer), len(wire))
            self.assertEqual(self.get(0, answer), [])
            again = self.wire(0)
            more = I if identity else 0
            self.assertEqual((kind_of(again), flags_of(again)),
                             (INIT, C | more))
            self.assertNotEqual(packet.Packet(wire).ports,
                                packet.Packet(again).ports)
            self.assertNotEqual(wire[-72 - 8 * more:-40 - 8 * more],
                                again[-72 - 8 * more:-40 - 8 * more])
            two = self.get(1, again)[0].flow
            wire = self.send(two, b'' if proto == TCP else b'ho', 0x12)[1]
            self.assertEqual(len(self.get(0, wire)), 1)
            self.assertTrue(one.confirmed)
            self.drain(0)
            # The next INIT has a proof from the beginning.
            self.hosts[0].associations.clear()
            other = self.connect(proto, version, ports=(4, 5))
            wire = self.send(other, b'', 2)[1]
            self.assertEqual((kind_of(wire), flags_of(wire)),
                             (INIT, C | more))
            self.assertEqual(len(self.get(1, wire)), 1)

    def test_one_resend(self):
        """COOKIEs in a loop, the right ones, cause one."""
        one, wire, answer = self.first()
        self.get(0, answer)
        self.wire(0)
        self.refuse(0, answer)
        for _ in range(5):
            asked = packet.Packet(self.send(one, b'x')[1])
            given = cookie.Cookie(100, 5, bytes(16))
            forged = opening.cookie_packet(
                asked, opening.take_apart(asked, new=True),
                HOSTS[1].public, bytes(24), given)
            self.assertEqual(self.get(0, forged), [])
            self.assertEqual(self.out[0], [])
            # A proof that was not taken is replaced, not repeated at once.
            self.assertEqual(self.hosts[0].cookies.get(one.pair), given)
        # An earlier INIT without proof, answered after the resend.
        self.assertEqual(one.attempts, 2)

    def test_one_resend_without_proof(self):
        """Nor do those that expire at once."""
        one = self.connect(UDP)
        wires = [self.send(one, b'x')[1]]
        for number in range(3):
            asked = packet.Packet(wires[-1])
            forged = opening.cookie_packet(
                asked, opening.take_apart(asked, new=True),
                HOSTS[1].public, bytes(24), cookie.Cookie(0, 5, bytes(16)))
            if number:
                self.refuse(0, forged, 'rx_cookie')
            else:
                self.assertEqual(self.get(0, forged), [])
                wires.append(self.wire(0))
                self.assertEqual(flags_of(wires[1]), 0)

    def test_only_unconfirmed(self):
        """A COOKIE for a flow that has its answer is none."""
        one = self.connect(UDP)
        _, wire = self.send(one, b'1')
        self.get(1, wire)
        answer = self.wire(1)
        self.hosts[1].cookie_mode = 'off'
        two = self.get(1, wire)[0].flow
        self.get(0, self.send(two, b'2')[1])
        self.refuse(0, answer, 'rx_cookie')

    def test_late(self):
        """For the first of two INITs: only what it answers is sent again,
        as the other may have been delivered."""
        for proto in (UDP, TCP):
            self.setUp()
            one, _, answer = self.first(proto)
            second = self.send(one, b'' if proto == TCP else b'2', 2)[1]
            self.get(1, second)
            later = self.wire(1)
            self.assertEqual(self.get(0, answer), [])
            self.assertEqual(self.out[0], [])
            self.assertEqual(self.get(0, later), [])
            self.assertEqual(flags_of(self.wire(0)), C)

    def test_proved_since(self):
        """Another flow got the cookie, and this one's next INIT has it: an
        old COOKIE does not make it deliver twice."""
        one, _, answer = self.first()
        self.get(0, self.first(ports=(1, 2))[2])
        self.get(1, self.wire(0))
        wire = self.send(one, b'2')[1]
        self.assertEqual(flags_of(wire), C)
        self.assertEqual(len(self.get(1, wire)), 1)
        self.get(0, answer)
        self.assertEqual(self.out[0], [])

    def test_forged(self):
        """By somebody who did not see the INIT, or another SYN's."""
        _, _, answer = self.first(TCP)
        for at in list(range(len(answer) - 76, len(answer))) + [28, 31]:
            self.refuse(0, flip(answer, at))
        self.assertEqual(self.out[0], [])
        self.get(0, answer)
        self.wire(0)

    def test_seen(self):
        """Who sees a cookie pass cannot use it: neither from another
        address, nor the proof again with another INIT."""
        one, _, answer = self.first()
        self.get(0, answer)
        good = self.wire(0)
        parsed = packet.Packet(good)
        # From another address.
        stolen = bytearray(good)
        stolen[15] ^= 1
        packet.fix_ip4_checksum(stolen)
        packet.fix_transport(stolen, bytes(stolen[12:16]), parsed.dst, UDP,
                             20)
        self.assertEqual(self.get(1, bytes(stolen)), [])
        self.assertEqual(kind_of(self.wire(1)), COOKIE)
        # Another INIT with the same proof.
        other = self.connect(UDP, ports=(8, 9))
        wire = bytearray(self.send(other, b'hello')[1])
        at, end = len(wire) - 108 + 12, len(good) - 108 + 12
        wire[at:at + 24] = good[end:end + 24]
        packet.fix_transport(wire, parsed.src, parsed.dst, UDP, 20)
        self.assertEqual(self.get(1, bytes(wire)), [])
        self.assertEqual(kind_of(self.wire(1)), COOKIE)
        self.assertEqual(len(self.get(1, good)), 1)
        self.assertFalse(one.confirmed)

    def test_expiry(self):
        """A cookie ends with its ttl; the next INIT asks for one."""
        one, _, answer = self.first()
        self.get(0, answer)
        self.get(1, self.wire(0))
        self.clock.now += 120
        wire = self.send(one, b'x')[1]
        self.assertEqual(flags_of(wire), 0)
        self.assertEqual(self.get(1, wire), [])
        self.assertEqual(kind_of(self.wire(1)), COOKIE)

    def test_not_needed(self):
        """A proof that nobody asked for is ignored, right or wrong."""
        self.hosts[1].cookie_mode = 'off'
        a, b = (packet.addr(text) for text in ADDR4)
        self.hosts[0].cookies.put((a, b), cookie.Cookie(60, 1, bytes(16)))
        wire = self.send(self.connect(UDP), b'x')[1]
        self.assertEqual(flags_of(wire), C)
        self.assertEqual(len(self.get(1, wire)), 1)

    def test_known_flow(self):
        """A repeat of an INIT that was taken needs no cookie."""
        self.hosts[1].cookie_mode = 'off'
        one = self.connect(UDP)
        self.get(1, self.send(one, b'1')[1])
        self.hosts[1].cookie_mode = 'always'
        self.assertEqual(len(self.get(1, self.send(one, b'2')[1])), 1)

    def test_amplification(self):
        """Three bytes for one, until the address is proved."""
        for proved in (False, True):
            self.setUp()
            if proved:
                one, wire, answer = self.first()
                self.get(0, answer)
                wire = self.wire(0)
            else:
                self.hosts[1].cookie_mode = 'off'
                one = self.connect(UDP)
                wire = self.send(one, b'1')[1]
            two = self.get(1, wire)[0].flow
            total, refused = 0, False
            for _ in range(9):
                try:
                    total += len(self.send(two, bytes(40))[1])
                except Drop as drop:
                    self.assertEqual(drop.reason, 'tx_amplify')
                    refused = True
            self.assertEqual(refused, not proved)
            self.assertEqual(total <= 3 * len(wire), not proved)

    def test_syn_acks(self):
        """A SYN brings no more bytes of SYN-ACKs than it has."""
        self.hosts[1].cookie_mode = 'off'
        one = self.connect(TCP)
        two = self.get(1, self.send(one, b'', 2)[1])[0].flow
        self.send(two, b'', 18)
        with self.assertRaises(Drop) as caught:
            self.send(two, b'', 18)
        self.assertEqual(caught.exception.reason, 'tx_amplify')
        self.get(1, self.send(one, b'', 2)[1])
        self.send(two, b'', 18)


class Refused(Lab):
    """Nothing wrong gets in."""

    def test_bit_flips(self):
        """Each byte of INIT and ACCEPT N."""
        for proto in (UDP, TCP):
            self.setUp()
            self.hosts[0].identity = STATIC
            one = self.connect(proto)
            wire = self.send(one, b'', 2)[1]
            for at in range(len(wire) - 116, len(wire)):
                try:
                    self.assertIsNone(self.get(1, flip(wire, at)))
                except Drop:
                    pass
            self.assertEqual(self.hosts[1].flows, [])
            two = self.get(1, wire)[0].flow
            accept = self.send(two, b'', 0x12)[1]
            for at in range(len(accept) - 64, len(accept)):
                self.clock.now += 0.1
                self.refuse(0, flip(accept, at))
            self.assertFalse(one.confirmed)
            self.clock.now += 0.1
            self.get(0, accept)
            self.assertTrue(one.confirmed)

    def test_low_order(self):
        """enc_i, enc_r and identity that give zero."""
        one = self.connect(UDP)
        wire = bytearray(self.send(one, b'x')[1])
        wire[-72:-40] = bytes(32)
        packet.fix_transport(wire, bytes(wire[12:16]), bytes(wire[16:20]),
                             UDP, 20)
        self.refuse(1, bytes(wire), 'rx_dh')
        self.hosts[0].identity = hostkey.HostKey(bytes(32))
        self.hosts[0].identity.public = bytes(32)
        other = self.connect(UDP, ports=(1, 2))
        self.refuse(1, self.send(other, b'x')[1], 'rx_dh')
        self.hosts[0].identity = None
        third = self.connect(UDP, ports=(1, 3))
        two = self.get(1, self.send(third, b'x')[1])[0].flow
        two.whole_r = bytes(32)
        self.refuse(0, self.send(two, b'y')[1], 'rx_dh')

    def test_limit(self):
        """ACCEPTs with N: 16, then 10 a second; the right one still gets
        in."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'x')[1])[0].flow
        accepts = [self.send(two, b'%d' % n)[1] for n in range(2)]
        bad = flip(accepts[0], len(accepts[0]) - 1)
        for _ in range(16):
            self.refuse(0, bad, 'rx_auth')
        self.refuse(0, accepts[0], 'rx_limited')
        self.clock.now += 0.1
        self.refuse(0, bad, 'rx_auth')
        self.refuse(0, bad, 'rx_limited')
        self.clock.now += 0.1
        self.assertEqual(len(self.get(0, accepts[1])), 1)
        # No limit behind that: nothing costs public-key work any more.
        self.assertEqual(len(self.get(0, accepts[0])), 1)

    def test_accept_flags(self):
        """N exactly in answer to INIT or OPEN N."""
        one = self.connect(UDP)
        two = self.get(1, self.send(one, b'x')[1])[0].flow
        two.accept_n = False
        self.refuse(0, self.send(two, b'y')[1], 'rx_flags')
        two.accept_n = True
        self.get(0, self.send(two, b'z')[1])
        self.drain(0)
        one = self.connect(UDP, ports=(1, 2))
        two = self.get(1, self.send(one, b'x')[1])[0].flow
        two.accept_n, two.whole_r = True, bytes(32)
        self.refuse(0, self.send(two, b'y')[1], 'rx_flags')

    def test_replayed(self):
        """An INIT again: no payload twice, whatever becomes of the flow."""
        one = self.connect(UDP)
        wire = self.send(one, b'x')[1]
        self.get(1, wire)
        self.refuse(1, wire, 'rx_replay')
        self.clock.now += 31
        self.hosts[1].poll()
        self.refuse(1, wire, 'rx_replay')
        # After a restart it waits until it is confirmed.
        self.hosts[1] = self.host(1)
        self.out[1].clear()
        self.assertEqual(self.get(1, wire), [])
        self.assertEqual(flags_of(self.wire(1)), E | N)

    def test_replayed_reopening(self):
        """When its flow has ended, the association is still there."""
        for psk in (False, True):
            self.setUp()
            if psk:
                self.psk_hosts()
            one, two = self.established()
            self.clock.now += 16
            wire = self.send(one, b'again')[1]
            self.assertEqual(len(self.get(1, wire)), 1)
            self.clock.now += 180
            self.hosts[1].poll()
            self.assertNotIn(two, self.hosts[1].flows)
            self.assertEqual(len(self.hosts[1].associations), 1)
            self.refuse(1, wire, 'rx_replay')

    def test_owned(self):
        """An INIT on the wire tuple or the real tuple of a live flow never
        touches it."""
        one, two = self.established()
        other = self.connect(UDP, ports=(3, 4))
        self.hosts[0].associations.clear()
        other.begin()
        other.wires.update(one.wires)
        self.refuse(1, self.send(other, b'x')[1], 'rx_owned')
        other.begin()
        other.ports.update(one.ports)
        third = self.get(1, self.send(other, b'x')[1])[0].flow
        self.assertIsNot(third, two)
        self.assertEqual(len(self.get(1, self.send(one, b'y')[1])), 1)
        self.assertEqual(kind_of(self.send(two, b'z')[1]), DATA)


class Glares(Lab):
    """Both open the same real tuple (section 6, 8)."""

    def test_init(self):
        """Different associations: each keeps its own flow."""
        flows = [self.connect(UDP, number=n) for n in (0, 1)]
        wires = [self.send(flow, b'hi')[1] for flow in flows]
        back = [self.get(1 - n, wires[n])[0].flow for n in (0, 1)]
        for number in (0, 1):
            accept = self.send(back[number], b'ho')[1]
            self.assertEqual(len(self.get(number, accept)), 1)
            self.drain(number)
            self.assertTrue(flows[number].confirmed)
            self.assertIsNone(flows[number].successor)
            wire = self.send(flows[number], b'x')[1]
            self.assertEqual(kind_of(wire), DATA)
            self.assertIs(self.get(1 - number, wire)[0].flow, back[number])


class Chaos(Lab, basic.Chaos):
    """A bad path and somebody who sends old packets again."""

    seeds = 4
    least = 100

    def prepare(self, rand):
        super().prepare(rand)
        self.hosts[0].identity = rand.choice((None, STATIC))
        self.hosts[1].cookie_mode = rand.choice(('off', 'always'))


class Decoding(Lab):
    """decode.py with --assoc and --host-key."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.wires, self.clears = [], []
        for number, key in enumerate(HOSTS):
            self.put('host%d' % number, hostkey.text(key.private))
        self.put('psk', assoc.Psk(2, KEY).text())

    def put(self, name, text):
        """A file."""
        with open(os.path.join(self.folder, name), 'w',
                  encoding='ascii') as sink:
            sink.write(text + '\n' if text[-1:] != '\n' else text)

    def send(self, flow, *args, **kwargs):
        clear, wire = super().send(flow, *args, **kwargs)
        self.clears.append(clear)
        return clear, wire

    def get(self, number, wire):
        self.wires.append(wire)
        return super().get(number, wire)

    def drain(self, number):
        while self.out[number]:
            self.get(1 - number, self.out[number].pop(0))

    def traffic(self):
        """Flows by INIT and by OPEN, on UDP and TCP, one opened again; a
        COOKIE."""
        self.hosts[1].cookie_mode = 'always'
        one = self.connect(UDP, ports=(60, 61))
        self.assertEqual(self.get(1, self.send(one, b'first')[1]), [])
        self.assertEqual(self.get(0, self.wire(1)), [])
        two = self.get(1, self.wire(0))[0].flow
        # The INIT that was answered by COOKIE has the same original.
        self.clears.append(self.clears[0])
        self.get(0, self.send(two, b'2')[1])
        self.drain(0)
        self.hosts[1].cookie_mode = 'off'
        self.established(TCP, 6)
        self.established(UDP, 4, 0, (3, 4))
        self.clock.now += 16
        self.get(1, self.send(one, b'4')[1])
        self.get(0, self.send(two, b'5')[1])
        self.get(1, self.send(one, b'6')[1])

    def lines(self):
        """The secrets of what was made."""
        self.put('assoc', '# secrets\n' + '\n'.join(
            assoc.line(a) for a in self.hosts[0].learned))

    def decode(self, *argv):
        """(exit status, summary)."""
        path = os.path.join(self.folder, 'wire.pcap')
        with pcap.Writer(path) as sink:
            for data in self.wires:
                sink.write(data, int(NOW + self.clock.now) * 10 ** 9)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = decode.main(
                ['decode', path, '--out', os.path.join(self.folder, 'out'),
                 '--list', os.path.join(self.folder, 'list')]
                + [os.path.join(self.folder, word[1:]) if word[0] == '@'
                   else word for word in argv])
        return status, json.loads(out.getvalue())

    def restored(self):
        """The originals that were written."""
        return [data for _, data, _ in pcap.Reader(
            os.path.join(self.folder, 'out')).packets()]

    def test_all(self):
        """With host key and secrets all originals come back."""
        self.traffic()
        self.lines()
        status, out = self.decode('--assoc', '@assoc', '--host-key',
                                  '@host1')
        self.assertEqual(status, 0, out)
        self.assertEqual(out['sealed'], len(self.wires))
        self.assertEqual(self.restored(), self.clears)
        kinds = [(flow['init'], flow['open'], flow['cookie'],
                  flow['made'] is not None) for flow in out['flows']]
        self.assertEqual(kinds, [(1, 0, 1, False), (1, 1, 0, True),
                                 (1, 0, 0, True), (0, 1, 0, False)])

    def test_secret_a(self):
        """A itself does as well."""
        text = 'assoc ' + bytes(range(32)).hex()
        secrets = assoc.parse_line(text)
        self.assertEqual(secrets.assoc_id, kdf.derived_id(bytes(range(32))))
        self.assertEqual(assoc.line(assoc.parse_line(
            assoc.line(secrets))), assoc.line(secrets))
        for bad in ('', 'assoc', text[:-2], text + ' ' + '00' * 32,
                    'A ' + '00' * 32):
            with self.assertRaises(ValueError):
                assoc.parse_line(bad)

    def test_secrets_only(self):
        """Without host keys the boxes of INIT stay closed, the rest not."""
        self.traffic()
        self.lines()
        status, out = self.decode('--assoc', '@assoc')
        self.assertEqual(status, 1)
        # Three INITs and a COOKIE.
        self.assertEqual(out['violations'], {'closed': 4})
        status, out = self.decode('--assoc', '@assoc', '--allow-closed')
        self.assertEqual((status, out['closed']), (0, 4), out)
        inits = [0, 1, self.clears.index(next(
            c for c in self.clears if c[0] >> 4 == 6))]
        self.assertEqual(self.restored(), [
            c for n, c in enumerate(self.clears) if n not in inits])

    def test_forward_secrecy(self):
        """All long-term keys of both hosts open the boxes of INIT and of
        OPEN N, and nothing behind them."""
        for psk in (False, True):
            self.setUp()
            if psk:
                self.psk_hosts()
                self.established(TCP)
                self.established(UDP, 6)
            else:
                self.traffic()
            self.hosts[0].identity = STATIC
            status, out = self.decode(
                '--host-key', '@host0', '--host-key', '@host1', '--psk',
                '@psk', '--allow-closed', '--host', ADDR4[0], '--host',
                ADDR4[1])
            kinds = [(kind_of(w), flags_of(w)) for w in self.wires]
            boxes = sum(kind in (INIT, COOKIE) or (kind, flags) == (OPEN, N)
                        for kind, flags in kinds)
            self.assertEqual(out['sealed'], boxes)
            # What opens on the association has an id that nobody knows.
            others = sum((kind, flags) == (OPEN, 0) for kind, flags in kinds)
            self.assertGreaterEqual(out['closed'] + others, 1)
            self.assertLessEqual(len(self.restored()), boxes)
            self.assertEqual(set(out['violations']) - {
                'rx_unknown_id', 'unknown-tuple'}, set())
            self.assertEqual(status, 1 if out['violations'] else 0)


if __name__ == '__main__':
    unittest.main()
