# SPDX-License-Identifier: GPL-2.0
"""Pre-shared keys (protocol section 5).

The text form is one line, at most one newline behind it:

    sst-psk-1:SIDE:SUITE:BASE64

SIDE is 1 or 2: that of the host which has this line.  SUITE is 1.  BASE64 is
the key of 32 bytes in the standard alphabet, padded: 44 characters.
"""

import base64
import binascii

from . import kdf

PREFIX = 'sst-psk-1'
HOUR = 3600


class PskError(ValueError):
    """Not a pre-shared key."""


class Psk:
    """A pre-shared key as one of its two hosts has it.

    secrets holds O_1, O_2, C_1, C_2 and F.  They do not depend on the hour;
    only the id does.
    """

    def __init__(self, side, key, suite=kdf.SUITE_CHACHA):
        if side not in (1, 2):
            raise PskError('side is 1 or 2')
        if suite != kdf.SUITE_CHACHA:
            raise PskError('only suite 1 is built')
        if len(key) != 32:
            raise PskError('a pre-shared key has 32 bytes')
        self.side = side
        self.suite = suite
        self.key = key
        self.a_psk = kdf.psk_secret(key)
        self.secrets = kdf.Association(self.a_psk, None, suite)

    @classmethod
    def parse(cls, text):
        """From the text form."""
        line = text[:-1] if text.endswith('\n') else text
        words = line.split(':')
        if len(words) != 4 or words[0] != PREFIX:
            raise PskError('not "%s:SIDE:SUITE:BASE64"' % PREFIX)
        if words[1] not in ('1', '2') or words[2] != '1':
            raise PskError('side is 1 or 2, suite is 1')
        try:
            key = base64.b64decode(words[3], validate=True)
        except (binascii.Error, ValueError):
            raise PskError('bad base64') from None
        # Unused bits of the last character and missing padding are refused.
        if base64.b64encode(key).decode() != words[3]:
            raise PskError('bad base64')
        return cls(int(words[1]), key)

    @classmethod
    def load(cls, path):
        """From a file."""
        with open(path, encoding='ascii') as source:
            return cls.parse(source.read())

    def text(self):
        """The text form, with its newline."""
        return '%s:%d:%d:%s\n' % (PREFIX, self.side, self.suite,
                                  base64.b64encode(self.key).decode())

    def other(self):
        """The same key as the other host has it."""
        return Psk(3 - self.side, self.key, self.suite)

    def id_at(self, unix_time):
        """The 8-byte id in the hour of unix_time: what a sender uses."""
        return kdf.psk_id(self.a_psk, unix_time)

    def ids(self, unix_time):
        """What a receiver accepts: previous, current and next hour."""
        return tuple(self.id_at(max(0, unix_time + step))
                     for step in (-HOUR, 0, HOUR))


def find(psks, assoc_id, unix_time):
    """The key that has this id now, or None."""
    for psk in psks:
        if assoc_id in psk.ids(unix_time):
            return psk
    return None


class Derived:
    """An association that INIT or OPEN N has made, as one host has it.

    key is what it was made with: a Psk, or a host key.  pair is (local,
    remote address), identity the public key that side 1 has proved.  Times
    are seconds of the host's clock.
    """

    def __init__(self, secrets, side, key, pair, identity, made_at,
                 lifetime):
        self.secrets = secrets
        self.assoc_id = secrets.assoc_id
        self.side = side
        self.key = key
        self.pair = pair
        self.identity = identity
        self.made_at = made_at
        self.lifetime = lifetime

    def id_at(self, _):
        """The 8-byte id."""
        return self.assoc_id

    def may_open(self, side):
        """True if this side may open flows (section 6, 9)."""
        return side == 1 or self.identity is not None \
            or isinstance(self.key, Psk)


def line(secrets):
    """The secrets of an association, for a decoder of captures."""
    return 'assoc ' + ' '.join(part.hex() for part in (
        secrets.assoc_id, secrets.open_secret[1], secrets.open_secret[2],
        secrets.accept_secret[1], secrets.accept_secret[2],
        secrets.flow_secret))


def parse_line(text):
    """kdf.Association from line(), or from "assoc A"."""
    words = text.split()
    parts = [bytes.fromhex(word) for word in words[1:]]
    sizes = [len(part) for part in parts]
    if words[:1] != ['assoc'] or sizes not in ([32], [8] + [32] * 5):
        raise ValueError('not "assoc A" or "assoc ID O_1 O_2 C_1 C_2 F"')
    if len(parts) == 1:
        return kdf.Association(parts[0], kdf.derived_id(parts[0]))
    return kdf.Association.from_keys(*parts)
