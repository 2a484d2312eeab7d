# SPDX-License-Identifier: GPL-2.0
"""Every line of vectors.txt, and known answers of the primitives."""

import os
import struct
import unittest

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from sst import codec, kdf, opening, packet, suite, trailer
from sst.flow import Keys

HERE = os.path.dirname(os.path.abspath(__file__))
UDP_HEAD = bytes(8)


def read_vectors():
    """{section title: [(name, value), ...]}, in order."""
    sections, current = {}, None
    path = os.path.join(HERE, 'vectors.txt')
    with open(path, encoding='utf-8') as source:
        for line in source:
            line = line.rstrip('\n')
            if line.startswith('# '):
                current = sections.setdefault(line[2:], [])
            elif line:
                name, _, value = line.strip().rpartition(' ')
                name = name.strip()
                if line.startswith('side '):
                    name, value = 'packet', line
                current.append((name, value))
    return sections


class Vectors(unittest.TestCase):
    """The lines are ticked off; tearDownClass fails if one was missed."""

    @classmethod
    def setUpClass(cls):
        cls.sections = read_vectors()
        cls.seen = set()

    def section(self, start):
        """The one section whose title starts so."""
        found = [t for t in self.sections if t.startswith(start)]
        self.assertEqual(len(found), 1, start)
        return found[0]

    def value(self, start, name):
        """A value of a section, ticked off."""
        title = self.section(start)
        found = [v for n, v in self.sections[title] if n == name]
        self.assertEqual(len(found), 1, name)
        self.seen.add((title, name))
        return found[0]

    def raw(self, start, name):
        """A value as bytes."""
        return bytes.fromhex(self.value(start, name))

    def same(self, start, name, got):
        """Compare and tick off."""
        self.assertEqual(got.hex(), self.value(start, name), name)

    def psk(self):
        """The PSK association of section 1."""
        a_psk = kdf.psk_secret(self.raw('1. ', 'psk'))
        return a_psk, kdf.Association(
            a_psk, kdf.psk_id(a_psk, int(self.value('1. ', 'time'))))

    def derived(self):
        """The association derived in section 1."""
        secret = self.raw('derived', 'A')
        return kdf.Association(secret, kdf.derived_id(secret))

    def test_all(self):
        """In order; at the end no line may be left."""
        self.hchacha()
        self.psk_association()
        self.open_n()
        self.derived_association()
        self.accept_n()
        self.data_udp()
        self.tcp_flow()
        left = {(title, name) for title, lines in self.sections.items()
                for name, _ in lines} - self.seen
        self.assertEqual(left, set())

    def hchacha(self):
        """draft-irtf-cfrg-xchacha-03 2.2.1."""
        at = 'HChaCha20'
        self.same(at, 'out', kdf.hchacha20(self.raw(at, 'key'),
                                           self.raw(at, 'in')))

    def psk_association(self):
        """A_psk, id and the working keys."""
        a_psk, assoc = self.psk()
        self.same('1. ', 'A_psk', a_psk)
        self.assertEqual(int(self.value('1. ', 'time')) // 3600,
                         int(self.value('1. ', 'hour')))
        self.same('1. ', 'psk assoc_id', assoc.assoc_id)
        self.same('1. ', 'O_1(psk)', assoc.open_secret[1])
        self.same('1. ', 'O_2(psk)', assoc.open_secret[2])
        self.same('1. ', 'enc_i', kdf.x25519_public(self.raw('1. ', 'e_i')))
        self.same('1. ', 'enc_r', kdf.x25519_public(self.raw('1. ', 'e_r')))

    def open_n(self):
        """1a: OPEN N on a UDP datagram."""
        at = '1a '
        _, assoc = self.psk()
        enc_i = self.raw('1. ', 'enc_i')
        key = assoc.open_key(1, enc_i[:16])
        self.same(at, 'OPEN key', key)
        plain = opening.open_plain(40000, 53, 1,
                                   int(self.value('1. ', 'time')))
        self.same(at, 'plaintext', plain)
        segment = UDP_HEAD + b'hello'
        clear = assoc.assoc_id + enc_i
        self.same(at, 'AAD', opening.opening_aad(
            trailer.OPEN, trailer.N, 0, packet.UDP, segment, clear))
        built = opening.seal_trailer(trailer.OPEN, trailer.N, 0, key,
                                     packet.UDP, segment, clear, plain)
        self.same(at, 'trailer', built)
        self.assertEqual(opening.open_trailer(
            segment + built, key, packet.UDP, 1)[2], plain)

    def derived_association(self):
        """The association made by OPEN N and ACCEPT N."""
        at = 'derived'
        a_psk, psk = self.psk()
        enc_i, enc_r = self.raw('1. ', 'enc_i'), self.raw('1. ', 'enc_r')
        dh = kdf.x25519(self.raw('1. ', 'e_r'), enc_i)
        self.same(at, 'dh', dh)
        self.assertEqual(dh, kdf.x25519(self.raw('1. ', 'e_i'), enc_r))
        self.same(at, 'prk', kdf.extract(a_psk, dh))
        self.same(at, 'A', kdf.derived_secret(a_psk, dh, psk.assoc_id,
                                              enc_i, enc_r))
        assoc = self.derived()
        self.same(at, 'assoc_id', assoc.assoc_id)
        for side in (1, 2):
            self.same(at, 'O_%d' % side, assoc.open_secret[side])
            self.same(at, 'C_%d' % side, assoc.accept_secret[side])
        self.same(at, 'F', assoc.flow_secret)

    def accept_n(self):
        """1b: an empty ACCEPT N on UDP."""
        at = '1b '
        salt_i = self.raw('1. ', 'enc_i')[:16]
        enc_r = self.raw('1. ', 'enc_r')
        key = self.derived().accept_key(2, salt_i, enc_r[:16])
        self.same(at, 'ACCEPT key', key)
        plain = opening.accept_plain(53, 40000, 3600)
        self.same(at, 'plaintext', plain)
        flags = trailer.E | trailer.N
        self.same(at, 'AAD', opening.opening_aad(
            trailer.ACCEPT, flags, 0, packet.UDP, UDP_HEAD, enc_r))
        built = opening.seal_trailer(trailer.ACCEPT, flags, 0, key,
                                     packet.UDP, UDP_HEAD, enc_r, plain)
        self.same(at, 'trailer', built)
        self.assertEqual(opening.open_trailer(
            UDP_HEAD + built, key, packet.UDP, 1)[2], plain)

    def data_udp(self):
        """1c: DATA both ways and under kri 1."""
        title = self.section('1c ')
        lines = self.sections[title]
        ctx = kdf.flow_context(1, packet.UDP, 1, 40000, 53)
        self.same('1c ', 'ctx', ctx)
        flow_key = self.derived().flow_key(
            self.raw('1. ', 'enc_i')[:16], self.raw('1. ', 'enc_r')[:16],
            ctx)
        self.same('1c ', 'T', flow_key)
        keys = Keys(flow_key)
        starts = [i for i, line in enumerate(lines) if line[0] == 'packet']
        self.assertEqual(len(starts), 3)
        for start in starts:
            words = lines[start][1].split()
            side, kri, seq = int(words[1]), int(words[3]), int(words[5])
            want = dict(lines[start + 1:start + 5])
            key = keys.packet_key(side, kri)
            self.assertEqual(key.hex(), want['packet key'])
            self.assertEqual(suite.block(key, seq).hex(), want['block'])
            segment = UDP_HEAD + words[7].encode()
            meta = trailer.Meta(trailer.DATA, 0, 0, kri, seq).pack()
            aad = trailer.aad(meta, packet.UDP, len(segment), b'')
            self.assertEqual(aad.hex(), want['AAD'])
            ports = struct.pack('>HH', 40000, 53) if side == 1 \
                else struct.pack('>HH', 53, 40000)
            sealed, tag = suite.seal_ports(key, seq, aad, ports)
            self.assertEqual((sealed + meta + tag).hex(), want['trailer'])
            self.assertEqual(suite.open_ports(key, seq, aad, sealed, tag),
                             ports)
        self.seen.update((title, name) for name, _ in lines)

    def tcp_flow(self):
        """2: OPEN on SYN, ACCEPT on SYN|ACK, DATA."""
        assoc = self.derived()
        salt_i, salt_r = self.raw('2. ', 'salt_i'), self.raw('2. ', 'salt_r')
        key = assoc.open_key(1, salt_i)
        self.same('2a ', 'OPEN key', key)
        syn = packet.tcp(bytes(4), bytes(4), 1, 2, flags=2,
                         options=b'\x02\x04\x05\xb4')
        clear = assoc.assoc_id + salt_i
        self.same('2a ', 'AAD', opening.opening_aad(
            trailer.OPEN, 0, 0, packet.TCP, syn, clear))
        plain = opening.open_plain(41000, 443, 1,
                                   int(self.value('1. ', 'time')))
        built = opening.seal_trailer(trailer.OPEN, 0, 0, key, packet.TCP,
                                     syn, clear, plain)
        self.same('2a ', 'trailer', built)
        self.assertEqual(opening.open_trailer(
            syn + built, key, packet.TCP, 1)[2], plain)

        key = assoc.accept_key(2, salt_i, salt_r)
        self.same('2b ', 'ACCEPT key', key)
        syn_ack = syn[:13] + b'\x12' + syn[14:]
        self.same('2b ', 'AAD', opening.opening_aad(
            trailer.ACCEPT, 0, 0, packet.TCP, syn_ack, salt_r))
        plain = opening.accept_plain(443, 41000)
        built = opening.seal_trailer(trailer.ACCEPT, 0, 0, key, packet.TCP,
                                     syn_ack, salt_r, plain)
        self.same('2b ', 'trailer', built)
        self.assertEqual(opening.open_trailer(
            syn_ack + built, key, packet.TCP, 1)[2], plain)

        ctx = kdf.flow_context(1, packet.TCP, 1, 41000, 443)
        self.same('2c ', 'ctx', ctx)
        flow_key = assoc.flow_key(salt_i, salt_r, ctx)
        self.same('2c ', 'T', flow_key)
        key = kdf.packet_key(flow_key, 1, 0)
        self.same('2c ', 'packet key', key)
        segment = packet.tcp(bytes(4), bytes(4), 41000, 443, flags=0x18,
                             payload=b'GET /')
        meta = trailer.Meta(trailer.DATA, 0, 0, 0, 0).pack()
        aad = trailer.aad(meta, packet.TCP, len(segment),
                          trailer.covered(packet.TCP, segment))
        self.same('2c ', 'AAD', aad)
        sealed, tag = suite.seal_ports(key, 0, aad,
                                       struct.pack('>HH', 41000, 443))
        self.same('2c ', 'trailer', sealed + meta + tag)


class Primitives(unittest.TestCase):
    """RFC 8439 known answers and the relations the vectors name."""

    def test_chacha20_block(self):
        """RFC 8439, 2.3.2, and the counter's place."""
        nonce = bytes.fromhex('01000000000000090000004a00000000')
        stream = Cipher(ChaCha20(bytes(range(32)), nonce),
                        mode=None).encryptor().update(bytes(64))
        self.assertEqual(stream.hex(), (
            '10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e'
            'd2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e'
        ))

    def test_zero_key_blocks(self):
        """RFC 8439, A.1, vectors 1 and 2: key and nonce zero."""
        self.assertTrue(suite.block(bytes(32), 0).hex().startswith(
            '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7'
        ))
        self.assertTrue(suite.block(bytes(32), 1).hex().startswith(
            '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed'
        ))

    def test_last_block(self):
        """Block 2^32 - 1 is a block of its own."""
        blocks = {suite.block(bytes(32), n)
                  for n in (0, 1, 2 ** 31, 2 ** 32 - 1)}
        self.assertEqual(len(blocks), 4)

    def test_aead(self):
        """RFC 8439, 2.8.2; its nonce does not fit ours, so the raw class
        is asked as well as our nonce."""
        key = bytes(range(0x80, 0xa0))
        text = (b"Ladies and Gentlemen of the class of '99: If I could "
                b'offer you only one tip for the future, sunscreen would '
                b'be it.')
        aad = bytes.fromhex('50515253c0c1c2c3c4c5c6c7')
        nonce = bytes.fromhex('070000004041424344454647')
        out = suite.ChaCha20Poly1305(key).encrypt(nonce, text, aad)
        self.assertEqual(out[-16:].hex(), '1ae10b594f09e26a7e902ecbd0600691')
        self.assertEqual(suite.aead_nonce(0x000102030405).hex(),
                         '000000000504030201000000')
        sealed, tag = suite.aead_seal(key, 5, aad, text)
        self.assertEqual(suite.aead_open(key, 5, aad, sealed, tag), text)
        self.assertIsNone(suite.aead_open(key, 6, aad, sealed, tag))

    def test_one_key_two_scopes(self):
        """Why a key may serve one scope only: RFC 8439 nonce 0 block 0 and
        1 are the blocks of seq 0 and 1."""
        key = bytes(range(32))
        stream = Cipher(ChaCha20(key, bytes(16)),
                        mode=None).encryptor().update(bytes(128))
        self.assertEqual(stream,
                         suite.block(key, 0) + suite.block(key, 1))

    def test_ports_construction_is_rfc8439(self):
        """The one-block tag equals an AEAD tag made by hand."""
        key, aad, ports = bytes(range(32)), b'abcdefghijk', b'\x9c\x40\0\x35'
        sealed, tag = suite.seal_ports(key, 9, aad, ports)
        stream = suite.block(key, 9)
        self.assertEqual(sealed, bytes(
            a ^ b for a, b in zip(ports, stream[32:36])))
        mac = aad + bytes(5) + sealed + bytes(12) \
            + struct.pack('<QQ', 11, 4)
        r = int.from_bytes(stream[:16], 'little') \
            & 0x0ffffffc0ffffffc0ffffffc0fffffff
        s = int.from_bytes(stream[16:32], 'little')
        acc = 0
        for at in range(0, len(mac), 16):
            part = mac[at:at + 16] + b'\x01'
            acc = (acc + int.from_bytes(part, 'little')) * r \
                % (2 ** 130 - 5)
        self.assertEqual(((acc + s) & 2 ** 128 - 1).to_bytes(16, 'little'),
                         tag)

    def test_manual_flow_key(self):
        """T = H(K, ctx) with initiator's side 1, whoever asks."""
        key = bytes(range(32))
        ctx = bytes.fromhex('0111010012345678' + '00' * 8)
        self.assertEqual(
            kdf.manual_flow_key(key, 1, 17, 0x1234, 0x5678),
            kdf.hchacha20(key, ctx))
        self.assertEqual(kdf.packet_key(key, 2, 0x0304), kdf.hchacha20(
            key, bytes.fromhex('02000304' + '00' * 12)))

    def test_zero_x25519_is_refused(self):
        """A low-order point gives an error."""
        with self.assertRaises(ValueError):
            kdf.x25519(bytes(range(32)), bytes(32))


class Trailers(unittest.TestCase):
    """Layouts and flags of section 4."""

    def test_lengths(self):
        """The table's last column."""
        want = {(1, 0): 64, (1, 2): 80, (2, 0): 84, (2, 2): 108,
                (2, 4): 116, (2, 6): 140, (3, 0): 44, (3, 2): 64,
                (4, 0): 28, (4, 8): 28, (5, 8): 76}
        for (kind, flags), size in want.items():
            self.assertEqual(trailer.length(kind, flags), size)
        with self.assertRaises(trailer.Drop):
            trailer.length(6, 0)

    def test_proof_counts_as_zeros(self):
        """INIT with C: the proof in the AAD is zeros."""
        raw = bytes(range(108))
        fields = trailer.split(raw, trailer.INIT, trailer.C)
        clear = trailer.clear_bytes(fields)
        self.assertEqual(clear, raw[:20] + bytes(16) + raw[36:68])

    def test_flags(self):
        """Each combination, by type, protocol and scope."""
        E, N, C, I, P = 8, 2, 2, 4, 1  # noqa: E741
        right = {
            (1, 17): {0, N}, (1, 6): {0, N},
            (2, 17): {0, C, I, C | I}, (2, 6): {0, C, I, C | I},
            (3, 17): {0, N, E, N | E}, (3, 6): {0, N},
            (4, 17): {0, E}, (4, 6): {0, E},
            (5, 17): {E}, (5, 6): {E}}
        for (kind, proto), good in right.items():
            for scope in (1, 3):
                more = P if scope == 3 and kind != 5 else 0
                for flags in range(16):
                    meta = trailer.Meta(kind, flags, 0, 0, 0)
                    ok = flags in {g | more for g in good}
                    try:
                        trailer.check_flags(meta, proto, scope, 0)
                        got = True
                    except trailer.Drop as drop:
                        self.assertEqual(drop.reason, 'rx_flags')
                        got = False
                    self.assertEqual(got, ok, (kind, proto, scope, flags))

    def test_opening_needs_a_bare_syn(self):
        """OPEN on anything but SYN, and on a short segment."""
        for flags, ok in ((2, True), (0x12, False), (0x10, False),
                          (3, False), (6, False), (0xc2, True)):
            segment = packet.tcp(bytes(4), bytes(4), 1, 2, flags=flags)
            built = opening.seal_trailer(
                trailer.OPEN, 0, 3, codec.suite.block(bytes(32), 0)[:32],
                packet.TCP, segment, bytes(24), opening.open_plain(
                    1, 2, 1, 5))
            key = codec.suite.block(bytes(32), 0)[:32]
            if ok:
                meta = opening.open_trailer(segment + built, key,
                                            packet.TCP, 1)[0]
                self.assertEqual(meta.seq, 3)
            else:
                with self.assertRaises(trailer.Drop):
                    opening.open_trailer(segment + built, key,
                                         packet.TCP, 1)


if __name__ == '__main__':
    unittest.main()
