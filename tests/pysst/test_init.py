# SPDX-License-Identifier: GPL-2.0
"""HPKE, INIT, new associations and cookies (sections 4, 7 and 8)."""

import hashlib
import hmac
import itertools
import unittest

from helpers import ADDR4, ADDR6, Clock, make_flow, original
from sst import codec, cookie, hostkey, hpke, kdf, known, opening, packet, \
    suite, trailer
from sst.trailer import COOKIE, Drop, INIT, TCP, UDP

NOW = 1767225600


class Hpke(unittest.TestCase):
    """hpke.py against RFC 9180, appendix A."""

    def test_vectors(self):
        """Shared secret at both ends, exporter secret, exports."""
        parts = known.read_hpke()
        self.assertEqual([part[:2] for part in parts], [
            ('A.1.1', 1), ('A.2.1', 3), ('A.7.1', 0xffff)])
        for name, aead_id, want in parts:
            self.assertEqual(hpke.encap(want['skEm'], want['pkRm']), (
                want['shared_secret'], want['enc']), name)
            self.assertEqual(hpke.decap(want['enc'], want['skRm']),
                             want['shared_secret'], name)
            context = hpke.Context(want['shared_secret'], want['info'],
                                   aead_id)
            self.assertEqual(context.exporter_secret,
                             want['exporter_secret'], name)
            self.assertEqual(len(want['exports']), 3)
            for text, value in want['exports']:
                self.assertEqual(context.export(text), value, name)

    def test_low_order(self):
        """Points that give zero, in each of their encodings."""
        prime = 2 ** 255 - 19
        low = [number.to_bytes(32, 'little') for number in (
            0, 1, prime - 1, prime, prime + 1)]
        low += [bytes.fromhex(text) for text in (
            'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
            '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'
        )]
        private = bytes(range(32))
        for enc in low:
            for top in (0, 0x80):
                with self.assertRaises(ValueError):
                    hpke.decap(enc[:31] + bytes([enc[31] | top]), private)
        with self.assertRaises(ValueError):
            hpke.encap(private, bytes(32))

    def test_not_canonical(self):
        """Another encoding of the same point is another enc."""
        private = bytes(range(32))
        enc = kdf.x25519_public(bytes(range(1, 33)))
        other = enc[:31] + bytes([enc[31] | 0x80])
        self.assertEqual(kdf.x25519(private, enc),
                         kdf.x25519(private, other))
        self.assertNotEqual(hpke.decap(enc, private),
                            hpke.decap(other, private))


class HostKeys(unittest.TestCase):
    """hostkey.py."""

    def test_text(self):
        """The text form, and what is none."""
        key = bytes(range(32))
        text = hostkey.text(key)
        self.assertEqual(len(text), 44)
        self.assertEqual(hostkey.parse(text + '\n'), key)
        for bad in ('', text[:-1], text + '=', ' ' + text, text + '\n\n',
                    hostkey.text(key[:31]), text.replace('AAEC', 'AAE-')):
            with self.assertRaises(ValueError, msg=bad):
                hostkey.parse(bad)

    def test_keys(self):
        """Both ends get the same keys, others do not."""
        key = hostkey.HostKey(bytes(range(32)))
        e_i = bytes(range(100, 132))
        keys = hostkey.PublicKey(key.public).init_keys(e_i)
        self.assertEqual(key.opened_keys(kdf.x25519_public(e_i)), keys)
        self.assertEqual(len({keys.key, keys.s0}), 2)
        other = hostkey.HostKey(bytes(range(1, 33)))
        self.assertNotEqual(other.opened_keys(kdf.x25519_public(e_i)), keys)
        self.assertNotEqual(other.key_id, key.key_id)
        with self.assertRaises(ValueError):
            key.opened_keys(bytes(32))

    def test_derived(self):
        """What the initiator and the responder make of it is the same, and
        everything that goes in counts."""
        static = bytes(range(7, 39))
        e_i, e_r = bytes([5]) * 32, bytes([6]) * 32
        enc_i, enc_r = kdf.x25519_public(e_i), kdf.x25519_public(e_r)
        identity = kdf.x25519_public(static)
        s0, name = bytes([9]) * 32, bytes(8)
        plain = kdf.derived_secret(s0, kdf.x25519(e_i, enc_r), name, enc_i,
                                   enc_r)
        self.assertEqual(plain, kdf.derived_secret(
            s0, kdf.x25519(e_r, enc_i), name, enc_i, enc_r))
        proved = kdf.derived_secret(
            s0, kdf.x25519(e_i, enc_r), name, enc_i, enc_r,
            dh_s=kdf.x25519(static, enc_r), identity=identity)
        self.assertEqual(proved, kdf.derived_secret(
            s0, kdf.x25519(e_r, enc_i), name, enc_i, enc_r,
            dh_s=kdf.x25519(e_r, identity), identity=identity))
        self.assertNotEqual(plain, proved)
        # The layout of info, by hand.
        prk = kdf.extract(s0, kdf.x25519(e_i, enc_r))
        self.assertEqual(plain, kdf.expand(
            prk, b'SST/1 assoc\x01\x00' + name + enc_i + enc_r))
        prk = kdf.extract(s0, kdf.x25519(e_i, enc_r)
                          + kdf.x25519(static, enc_r))
        self.assertEqual(proved, kdf.expand(
            prk, b'SST/1 assoc\x01\x01' + name + enc_i + enc_r + identity))


class XChaCha(unittest.TestCase):
    """suite.py: XChaCha20-Poly1305."""

    def test_known(self):
        """draft-irtf-cfrg-xchacha-03, A.3.1: key, nonce and tag."""
        text = (b"Ladies and Gentlemen of the class of '99: If I could "
                b'offer you only one tip for the future, sunscreen would '
                b'be it.')
        aad = bytes.fromhex('50515253c0c1c2c3c4c5c6c7')
        key, nonce = bytes(range(0x80, 0xa0)), bytes(range(0x40, 0x58))
        sealed, tag = suite.xaead_seal(key, nonce, aad, text)
        self.assertEqual(sealed[:16].hex(),
                         'bd6d179d3e83d43b9576579493c0e939')
        self.assertEqual(tag.hex(), 'c0875924c1c7987947deafd8780acf49')
        self.assertEqual(suite.xaead_open(key, nonce, aad, sealed, tag),
                         text)
        self.assertIsNone(suite.xaead_open(key, nonce, aad + b'x', sealed,
                                           tag))


class Inits(unittest.TestCase):
    """INIT trailers and packets."""

    HOST = hostkey.HostKey(bytes(range(32)))
    E_I = bytes(range(100, 132))
    ENC_I = kdf.x25519_public(E_I)
    KEY = HOST.init_keys(E_I).key
    C = bytes(range(16))

    def init(self, proto=UDP, version=4, flags=0, payload=b'hello',
             secret=C, **clear):
        """A packet with INIT."""
        flow = make_flow(proto, version)
        tcp = {'tcp_flags': 2} if proto == TCP else {}
        given = dict({'key_id': self.HOST.key_id, 'enc_i': self.ENC_I,
                      'expiry': 7777 if flags & trailer.C else None},
                     **clear)
        return opening.seal_packet(
            flow, 1, original(flow, 1, payload, **tcp), INIT, 3, self.KEY,
            opening.init_clear(**given), opening.init_plain(
                40000, 53, 1, NOW, bytes([1]) * 32
                if flags & trailer.I else b''), flags,
            secret=secret if flags & trailer.C else None)

    def test_round_trip(self):
        """Every variant opens; sizes are right."""
        for proto, version, flags in itertools.product(
                (UDP, TCP), (4, 6), (0, 2, 4, 6)):
            wire = self.init(proto, version, flags)
            parsed = packet.Packet(wire)
            clear = len(original(make_flow(proto, version), 1, b'hello'))
            self.assertEqual(len(wire) - clear, 84 + 24 * (flags >> 1 & 1)
                             + 32 * (flags >> 2))
            parts = opening.take_apart(parsed, new=True)
            self.assertEqual(parts.fields['enc_i'], self.ENC_I)
            keys = self.HOST.opened_keys(parts.fields['enc_i'])
            content, identity = opening.read_init(opening.unseal(
                parts, keys.key), parts.meta.flags)
            self.assertEqual(content, (40000, 53, 1, NOW))
            self.assertEqual(identity, bytes([1]) * 32 if flags & 4
                             else None)
            if flags & trailer.C:
                end = opening.init_trailer(parsed, parts)
                self.assertEqual(parts.fields['proof'], cookie.proof(
                    self.C, end[:20] + bytes(16) + end[36:]))
                self.assertTrue(cookie.proved(self.C, end))
                self.assertFalse(cookie.proved(bytes(16), end))

    def test_every_byte(self):
        """A byte of the trailer that changes is noticed by box or proof."""
        wire = self.init(flags=6)
        for at in range(len(wire) - 140, len(wire)):
            out = bytearray(wire)
            out[at] ^= 1
            parsed = packet.Packet(bytes(out))
            packet.fix_transport(out, parsed.src, parsed.dst, UDP,
                                 parsed.l4)
            parsed = packet.Packet(bytes(out))
            try:
                parts = opening.take_apart(parsed, new=True)
            except Drop:
                continue
            self.assertFalse(cookie.proved(
                self.C, opening.init_trailer(parsed, parts)), at)
            if parts.fields['key_id'] != self.HOST.key_id:
                continue
            if 20 <= at - len(wire) + 140 < 36:
                # The proof itself is not under the tag.
                opening.unseal(parts, self.KEY)
                continue
            with self.assertRaises(Drop):
                opening.unseal(parts, self.HOST.opened_keys(
                    parts.fields['enc_i']).key)

    def test_refused(self):
        """Another suite, zeros that are not zero, other TCP flags."""
        for suite_id in (0, 2, 255):
            wire = self.init(suite_id=suite_id)
            with self.assertRaises(Drop):
                opening.take_apart(packet.Packet(wire), new=True)
        good = self.init(TCP, payload=b'')
        opening.take_apart(packet.Packet(good), new=True)
        for flags in (0x12, 0x10, 0x06, 0x03, 0):
            out = bytearray(good)
            out[20 + 13] = flags
            packet.fix_transport(out, out[12:16], out[16:20], TCP, 20)
            with self.assertRaises(Drop):
                opening.take_apart(packet.Packet(bytes(out)), new=True)


class Cookies(unittest.TestCase):
    """cookie.py and the packets of COOKIE."""

    def test_formulas(self):
        """c, proof and key, by hand."""
        secret, public = bytes(range(32)), bytes(range(1, 33))
        for text, sixteen in (
                ('192.0.2.1', bytes(10) + b'\xff\xff\xc0\0\x02\x01'),
                ('2001:db8::1', packet.addr('2001:db8::1'))):
            self.assertEqual(
                cookie.make(secret, packet.addr(text), 0x0102030405),
                hmac.new(secret, b'SST/1 cookie' + sixteen
                         + bytes.fromhex('0000000102030405'),
                         hashlib.sha256).digest()[:16])
        self.assertEqual(cookie.box_key(public), kdf.expand(
            kdf.extract(b'SST/1 cookie', public), b'SST/1 cookie'))
        self.assertEqual(
            cookie.plain(cookie.Cookie(120, 5, bytes(16))).hex(),
            '00000078' + '0000000000000005' + '00' * 16)

    def test_packets(self):
        """The answer to an INIT is small and opens with its enc_i only."""
        inits = Inits()
        given = cookie.Cookie(120, 9, bytes(range(16)))
        public = inits.HOST.public
        for proto, version in itertools.product((UDP, TCP), (4, 6)):
            wire = inits.init(proto, version, payload=b'')
            asked = packet.Packet(wire)
            out = opening.cookie_packet(
                asked, opening.take_apart(asked, new=True), public,
                bytes(range(24)), given)
            self.assertLess(len(out), len(wire))
            parsed = packet.Packet(out)
            self.assertTrue(parsed.marked(packet.Mark()))
            self.assertEqual(parsed.tuple(), (
                proto, asked.dst, asked.ports[1], asked.src,
                asked.ports[0]))
            meta, fields = opening.take_cookie_apart(parsed)
            self.assertEqual(meta, trailer.Meta(COOKIE, 8, 0, 0, 3))
            self.assertEqual(len(parsed.segment) - 76,
                             8 if proto == UDP else 20)
            if proto == TCP:
                seq = int.from_bytes(asked.segment[4:8], 'big')
                self.assertEqual(parsed.segment[4:16], bytes(4)
                                 + (seq + 1).to_bytes(4, 'big')
                                 + b'\x50\x14\0\0')
            self.assertEqual(cookie.unseal(public, inits.ENC_I, fields),
                             given)
            for key, enc in ((bytes(32), inits.ENC_I), (public, bytes(32))):
                with self.assertRaises(Drop):
                    cookie.unseal(key, enc, fields)
            for at in range(len(out) - 76, len(out)):
                bad = bytearray(out)
                bad[at] ^= 1
                packet.fix_transport(bad, parsed.src, parsed.dst, proto,
                                     parsed.l4)
                with self.assertRaises(Drop):
                    _, fields = opening.take_cookie_apart(
                        packet.Packet(bytes(bad)))
                    cookie.unseal(public, inits.ENC_I, fields)

    def test_tcp_shape(self):
        """A COOKIE in anything but a plain RST|ACK is none."""
        flow = make_flow(TCP)
        end = cookie.seal(bytes(32), bytes(24), bytes(32), 0,
                          cookie.Cookie(1, 2, bytes(16)))
        for args in ({'flags': 0x04}, {'flags': 0x10}, {'flags': 0x12},
                     {'seq': 1}, {'window': 1}, {'options': bytes(4)},
                     {'payload': b'x'}, {}):
            given = dict({'seq': 0, 'ack': 5, 'flags': 0x14, 'window': 0},
                         **args)
            clear = packet.Packet(packet.ip(
                flow.addrs[2], flow.addrs[1], TCP, packet.tcp(
                    flow.addrs[2], flow.addrs[1], 0, 0, **given)))
            parsed = packet.Packet(codec.put_together(
                clear, 1, 2, end, False, packet.Mark()))
            if args:
                with self.assertRaises(Drop, msg=args):
                    opening.take_cookie_apart(parsed)
            else:
                opening.take_cookie_apart(parsed)

    def test_maker(self):
        """Secrets turn; the one before is good; addresses are bound."""
        clock = Clock()
        count = itertools.count(1)
        maker = cookie.Maker(clock, lambda n: bytes([next(count)]) * n, 10)
        one, two = packet.addr(ADDR4[0]), packet.addr(ADDR6[0])
        size = trailer.length(INIT, trailer.C)
        end = b'x' * 20 + bytes(16) + b'x' * (size - 36)
        for wait, good in ((0, True), (9, True), (10, False), (11, False)):
            given = maker.make(one)
            self.assertEqual(given.ttl, 10)
            proof = cookie.add_proof(given.c, end)
            clock.now += wait
            self.assertEqual(maker.proved(one, given.expiry, proof), good)
            self.assertFalse(maker.proved(two, given.expiry, proof))
            self.assertFalse(maker.proved(one, given.expiry + 1, proof))
            self.assertFalse(maker.proved(one, given.expiry, end))
        # Not from the future, whoever made it.
        self.assertFalse(maker.proved(one, int(clock.now) + 11,
                                      cookie.add_proof(bytes(16), end)))

    def test_cache(self):
        """Until its ttl has passed on the initiator's clock."""
        clock = Clock()
        cache = cookie.Cache(clock)
        given = cookie.Cookie(5, 10 ** 9, bytes(16))
        cache.put(('a', 'b'), given)
        self.assertEqual(cache.get(('a', 'b')), given)
        self.assertIsNone(cache.get(('b', 'a')))
        clock.now += 5
        self.assertIsNone(cache.get(('a', 'b')))


if __name__ == '__main__':
    unittest.main()
