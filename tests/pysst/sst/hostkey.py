# SPDX-License-Identifier: GPL-2.0
"""Host keys, and what INIT makes of them (protocol section 7).

A key file has one line: base64 of the 32 bytes, in the standard alphabet,
padded.
"""

import base64
import binascii
import hashlib
from collections import namedtuple

from . import hpke, kdf

# key seals the INIT's box, s0 goes into the new association.
InitKeys = namedtuple('InitKeys', 'key s0')


class KeyError25519(ValueError):
    """Not a key of 32 bytes."""


def parse(text):
    """The 32 bytes of a key's text form, with at most one newline."""
    line = text[:-1] if text.endswith('\n') else text
    try:
        key = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        raise KeyError25519('bad base64') from None
    if len(key) != 32 or base64.b64encode(key).decode() != line:
        raise KeyError25519('a key has 32 bytes')
    return key


def text(key):
    """The text form of a key, without newline."""
    return base64.b64encode(key).decode()


def load(path):
    """The 32 bytes in a key file."""
    with open(path, encoding='ascii') as source:
        return parse(source.read())


def key_id(public):
    """The 8 bytes by which INIT names a host key."""
    return hashlib.sha256(public).digest()[:8]


def _init_keys(shared_secret, suite):
    context = hpke.Context(shared_secret, b'SST/1 init' + bytes([suite]))
    return InitKeys(context.export(b'SST/1 init key'),
                    context.export(b'SST/1 assoc'))


class PublicKey:
    """Another host's key."""

    def __init__(self, public):
        if len(public) != 32:
            raise KeyError25519('a key has 32 bytes')
        self.public = public
        self.key_id = key_id(public)

    def init_keys(self, e_i, suite=kdf.SUITE_CHACHA):
        """InitKeys of an INIT with the ephemeral secret e_i."""
        return _init_keys(hpke.encap(e_i, self.public)[0], suite)

    def init_keys_by(self, dh, enc_i, suite=kdf.SUITE_CHACHA):
        """The same with what X25519 has made of e_i and this key."""
        return _init_keys(hpke.shared_secret(dh, enc_i, self.public), suite)


class HostKey(PublicKey):
    """A key of this host."""

    def __init__(self, private):
        if len(private) != 32:
            raise KeyError25519('a key has 32 bytes')
        super().__init__(kdf.x25519_public(private))
        self.private = private

    @classmethod
    def load(cls, path):
        """From a file."""
        return cls(load(path))

    def opened_keys(self, enc_i, suite=kdf.SUITE_CHACHA):
        """InitKeys of an INIT that arrived; ValueError for a bad enc_i."""
        return _init_keys(hpke.decap(enc_i, self.private), suite)
