# SPDX-License-Identifier: GPL-2.0
"""Key derivation (protocol section 5).

All integers inside info strings and key inputs are big-endian and binary;
outputs of HKDF and HChaCha20 are byte strings.
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat)

_SIGMA = struct.unpack('<4I', b'expand 32-byte k')
_ZERO64 = bytes(64)

SUITE_CHACHA = 1

SCOPE_PORTS = 1
SCOPE_LABEL = 2
SCOPE_PAYLOAD = 3
SCOPES = {'ports': SCOPE_PORTS, 'label': SCOPE_LABEL,
          'payload': SCOPE_PAYLOAD}


def hchacha20(key, data):
    """H(k 32, x 16): 32 bytes (words 0-3 and 12-15, little-endian).

    A ChaCha20 keystream block is the permuted state plus the initial state.
    Taking the initial words off again leaves HChaCha20.
    """
    if len(key) != 32 or len(data) != 16:
        raise ValueError('HChaCha20 takes a 32-byte key and 16 bytes')
    stream = Cipher(ChaCha20(key, data), mode=None).encryptor()
    words = struct.unpack('<16I', stream.update(_ZERO64))
    tail = struct.unpack('<4I', data)
    out = [(words[i] - _SIGMA[i]) & 0xffffffff for i in range(4)]
    out += [(words[12 + i] - tail[i]) & 0xffffffff for i in range(4)]
    return struct.pack('<8I', *out)


def extract(salt, ikm):
    """HKDF-SHA256 Extract (RFC 5869)."""
    return hmac.new(salt, ikm, hashlib.sha256).digest()


def expand(prk, info):
    """HKDF-SHA256 Expand (RFC 5869), always 32 bytes."""
    return hmac.new(prk, info + b'\x01', hashlib.sha256).digest()


def x25519(private, public):
    """X25519 (RFC 7748); an all-zero result raises ValueError."""
    shared = X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(public))
    if not any(shared):
        raise ValueError('X25519 gave zero')
    return shared


def x25519_public(private):
    """The 32-byte public key of a 32-byte private one."""
    key = X25519PrivateKey.from_private_bytes(private).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def psk_secret(psk):
    """A_psk of a 32-byte pre-shared key."""
    if len(psk) != 32:
        raise ValueError('a pre-shared key has 32 bytes')
    return extract(b'SST/1 psk', psk)


def psk_id(a_psk, unix_time):
    """The 8-byte id of a pre-shared key in the hour of unix_time."""
    hour = int(unix_time) // 3600
    return expand(a_psk, b'SST/1 id' + hour.to_bytes(8, 'big'))[:8]


def derived_secret(s0, dh, key_id, enc_i, enc_r, suite=SUITE_CHACHA,
                   dh_s=None, identity=b''):
    """A of a new association (section 7).

    s0 is A_psk after OPEN N, the HPKE export after INIT.  With an identity
    dh_s and the initiator's static public key (32) take part.
    """
    with_identity = dh_s is not None
    info = (b'SST/1 assoc' + bytes([suite, int(with_identity)]) + key_id
            + enc_i + enc_r)
    ikm = dh
    if with_identity:
        ikm += dh_s
        info += identity
    return expand(extract(s0, ikm), info)


def derived_id(secret):
    """The 8-byte id of a derived association."""
    return expand(secret, b'SST/1 id')[:8]


class Association:
    """The working keys O_s, C_s and F of one association.

    The secret itself is not kept.
    """

    def __init__(self, secret, assoc_id, suite=SUITE_CHACHA):
        self.assoc_id = assoc_id
        self.suite = suite
        end = bytes([suite])
        self.open_secret = {
            s: expand(secret, b'SST/1 open' + bytes([s]) + end)
            for s in (1, 2)}
        self.accept_secret = {
            s: expand(secret, b'SST/1 accept' + bytes([s]) + end)
            for s in (1, 2)}
        self.flow_secret = expand(secret, b'SST/1 flow' + end)

    @classmethod
    def from_keys(cls, assoc_id, open1, open2, accept1, accept2, flow):
        """From the id and the working keys."""
        out = cls.__new__(cls)
        out.assoc_id = assoc_id
        out.suite = SUITE_CHACHA
        out.open_secret = {1: open1, 2: open2}
        out.accept_secret = {1: accept1, 2: accept2}
        out.flow_secret = flow
        return out

    def open_key(self, side, salt_i):
        """The key of an OPEN sent by `side`."""
        return hchacha20(self.open_secret[side], salt_i)

    def accept_key(self, side, salt_i, salt_r):
        """The key of an ACCEPT sent by `side`."""
        return hchacha20(hchacha20(self.accept_secret[side], salt_i), salt_r)

    def flow_key(self, salt_i, salt_r, ctx):
        """T of a flow."""
        return hchacha20(
            hchacha20(hchacha20(self.flow_secret, salt_i), salt_r), ctx)


def flow_context(scope, proto, initiator_side, initiator_port,
                 responder_port):
    """ctx, 16 bytes: scope 1, protocol 1, side 1, zero 1, ports 2 + 2,
    zero 8."""
    return struct.pack('>BBBBHH8x', scope, proto, initiator_side, 0,
                       initiator_port, responder_port)


def manual_flow_key(key, scope, proto, port1, port2):
    """T of a manually keyed flow: the host with side 1 is the initiator."""
    return hchacha20(key, flow_context(scope, proto, 1, port1, port2))


def packet_key(flow_key, sender_side, kri):
    """The key of all packets one side sends under one kri."""
    return hchacha20(flow_key, struct.pack('>BBH12x', sender_side, 0, kri))
