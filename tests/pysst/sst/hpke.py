# SPDX-License-Identifier: GPL-2.0
"""HPKE, RFC 9180: base mode, export only.

DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256.  Nothing is sealed here; the AEAD
id takes part in the key schedule alone, by default that of "export only".
All outputs have 32 bytes.
"""

from . import kdf

KEM_ID = 0x0020
KDF_ID = 0x0001
AEAD_EXPORT_ONLY = 0xffff

_BASE = b'\x00'


def _two(number):
    return number.to_bytes(2, 'big')


def labeled_extract(suite_id, salt, label, ikm):
    """LabeledExtract of section 4."""
    return kdf.extract(salt, b'HPKE-v1' + suite_id + label + ikm)


def labeled_expand(suite_id, prk, label, info):
    """LabeledExpand of section 4, with L = 32."""
    return kdf.expand(prk, _two(32) + b'HPKE-v1' + suite_id + label + info)


def shared_secret(dh, enc, public):
    """ExtractAndExpand of section 4.1."""
    suite_id = b'KEM' + _two(KEM_ID)
    prk = labeled_extract(suite_id, b'', b'eae_prk', dh)
    return labeled_expand(suite_id, prk, b'shared_secret', enc + public)


def encap(ephemeral, public):
    """(shared secret, enc) of a sender with a given ephemeral secret."""
    enc = kdf.x25519_public(ephemeral)
    return shared_secret(kdf.x25519(ephemeral, public), enc, public), enc


def decap(enc, private):
    """The shared secret at the receiver; ValueError for a bad enc."""
    return shared_secret(kdf.x25519(private, enc), enc,
                         kdf.x25519_public(private))


class Context:
    """The key schedule of section 5.1 and what is exported from it."""

    def __init__(self, shared_secret, info, aead_id=AEAD_EXPORT_ONLY):
        self._suite_id = b'HPKE' + _two(KEM_ID) + _two(KDF_ID) \
            + _two(aead_id)
        context = _BASE + self._extract(b'', b'psk_id_hash', b'') \
            + self._extract(b'', b'info_hash', info)
        secret = self._extract(shared_secret, b'secret', b'')
        self.exporter_secret = labeled_expand(self._suite_id, secret,
                                              b'exp', context)

    def _extract(self, salt, label, ikm):
        return labeled_extract(self._suite_id, salt, label, ikm)

    def export(self, context):
        """Export(context, 32) of section 5.3."""
        return labeled_expand(self._suite_id, self.exporter_secret, b'sec',
                              context)
