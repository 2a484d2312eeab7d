# SPDX-License-Identifier: GPL-2.0
"""Suite 1: ChaCha20 and Poly1305 (protocol section 4)."""

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from cryptography.hazmat.primitives.poly1305 import Poly1305

from . import kdf

_ZERO64 = bytes(64)
_ZERO12 = bytes(12)
_LE4 = (4).to_bytes(8, 'little')


def block(key, seq):
    """ChaCha20 block number seq (32 bits) under key, nonce zero; 64 bytes."""
    nonce = seq.to_bytes(4, 'little') + _ZERO12
    return Cipher(ChaCha20(key, nonce), mode=None).encryptor().update(_ZERO64)


def _mac_input(aad, sealed):
    """AAD || pad16 || sealed || pad16 || le64(AAD length) || le64(4)."""
    return b''.join((aad, bytes(-len(aad) % 16), sealed, _ZERO12,
                     len(aad).to_bytes(8, 'little'), _LE4))


def _xor4(left, right):
    return (int.from_bytes(left, 'big')
            ^ int.from_bytes(right, 'big')).to_bytes(4, 'big')


def seal_ports(key, seq, aad, ports):
    """DATA in scope `ports`: 4 bytes of ports to (sealed 4, tag 16)."""
    stream = block(key, seq)
    sealed = _xor4(ports, stream[32:36])
    return sealed, Poly1305.generate_tag(stream[:32], _mac_input(aad, sealed))


def open_ports(key, seq, aad, sealed, tag):
    """The reverse: the 4 bytes of ports, or None when the tag is wrong."""
    stream = block(key, seq)
    try:
        Poly1305.verify_tag(stream[:32], _mac_input(aad, sealed), tag)
    except InvalidSignature:
        return None
    return _xor4(sealed, stream[32:36])


def aead_nonce(counter):
    """4 zero bytes || the 48-bit counter as 64 bits, little-endian."""
    return bytes(4) + counter.to_bytes(8, 'little')


def aead_seal(key, counter, aad, plaintext):
    """RFC 8439 AEAD: (ciphertext, tag 16)."""
    out = ChaCha20Poly1305(key).encrypt(aead_nonce(counter), plaintext, aad)
    return out[:-16], out[-16:]


def aead_open(key, counter, aad, ciphertext, tag):
    """The reverse: the plaintext, or None when the tag is wrong."""
    try:
        return ChaCha20Poly1305(key).decrypt(
            aead_nonce(counter), ciphertext + tag, aad)
    except InvalidTag:
        return None


def seal_payload(key, counter, aad, sealed, payload):
    """Scope payload: (sealed field, payload on the wire, tag 16)."""
    out, tag = aead_seal(key, counter, aad, sealed + payload)
    return out[:len(sealed)], out[len(sealed):], tag


def open_payload(key, counter, aad, sealed, payload, tag):
    """The reverse: (sealed field, payload), None twice for a wrong tag."""
    plain = aead_open(key, counter, aad, sealed + payload, tag)
    if plain is None:
        return None, None
    return plain[:len(sealed)], plain[len(sealed):]


def _xaead(key, nonce):
    """The AEAD and nonce 12 of XChaCha20-Poly1305 with a nonce of 24."""
    return (ChaCha20Poly1305(kdf.hchacha20(key, nonce[:16])),
            bytes(4) + nonce[16:])


def xaead_seal(key, nonce, aad, plaintext):
    """XChaCha20-Poly1305: (ciphertext, tag 16)."""
    aead, short = _xaead(key, nonce)
    out = aead.encrypt(short, plaintext, aad)
    return out[:-16], out[-16:]


def xaead_open(key, nonce, aad, ciphertext, tag):
    """The reverse: the plaintext, or None when the tag is wrong."""
    aead, short = _xaead(key, nonce)
    try:
        return aead.decrypt(short, ciphertext + tag, aad)
    except InvalidTag:
        return None
