# SPDX-License-Identifier: GPL-2.0
"""How a flow is opened, at the one end and the other (sections 5 to 8).

An attempt is what an initiator's opening is sealed with:

  KnownAttempt    OPEN on an association
  PskAttempt      OPEN with N on a pre-shared key
  InitAttempt     INIT on the public key of the other host
  Reopening       OPEN that opens a flow once more (section 6, 6)

Each has kind, name (assoc_id or key_id), whole (salt_i or enc_i), key (what
it is made with), side (the initiator's), open_key, time, and counter.

A Received is an opening that arrived and whose box has opened.
"""

from . import assoc, hostkey, kdf, opening, trailer
from .trailer import Drop, INIT, OPEN


class Attempt:
    """What all attempts share; see the module's text."""

    kind = OPEN
    flags = 0
    new = False             # makes a new association
    identity = b''

    def __init__(self, key, side, name, whole, open_key, time):
        self.key = key
        self.side = side
        self.name = name
        self.whole = whole
        self.open_key = open_key
        self.time = time
        self.counter = 0

    @property
    def salt_i(self):
        """What goes into keys."""
        return self.whole[:16]

    def dressed(self, _):
        """(flags, clear bytes, c of a cookie or None) of the next one."""
        return self.flags, self.name + self.whole, None

    def plain(self, sport, dport, scope):
        """The content of the box."""
        return opening.init_plain(sport, dport, scope, self.time,
                                  self.identity)


class KnownAttempt(Attempt):
    """OPEN on an association."""

    def __init__(self, host, key):
        salt_i, time = host.rand(16), int(host.wall())
        super().__init__(key, key.side, key.id_at(time), salt_i,
                         key.secrets.open_key(key.side, salt_i), time)


class NewAttempt(Attempt):
    """One that makes a new association."""

    new = True

    def __init__(self, key, side, name, e_i, open_key, s0, time):
        super().__init__(key, side, name, kdf.x25519_public(e_i), open_key,
                         time)
        self.e_i = e_i
        self.s0 = s0

    def derive(self, enc_r):
        """The kdf.Association that an ACCEPT with this enc_r would make."""
        try:
            secret = kdf.derived_secret(
                self.s0, kdf.x25519(self.e_i, enc_r), self.name, self.whole,
                enc_r, **self.proof(enc_r))
        except ValueError:
            raise Drop('rx_dh', 'enc_r') from None
        return kdf.Association(secret, kdf.derived_id(secret))

    def proof(self, _):
        """What an identity adds to the secret."""
        return {}


class PskAttempt(NewAttempt):
    """OPEN with N."""

    flags = trailer.N

    def __init__(self, host, psk):
        e_i, time = host.rand(32), int(host.wall())
        salt_i = kdf.x25519_public(e_i)[:16]
        super().__init__(psk, psk.side, psk.id_at(time), e_i,
                         psk.secrets.open_key(psk.side, salt_i), psk.a_psk,
                         time)


class InitAttempt(NewAttempt):
    """INIT; identity is a hostkey.HostKey or None."""

    kind = INIT

    def __init__(self, host, key, identity):
        e_i, time = host.rand(32), int(host.wall())
        keys = key.init_keys(e_i)
        super().__init__(key, 1, key.key_id, e_i, keys.key, keys.s0, time)
        self.own = identity
        if identity:
            self.flags = trailer.I
            self.identity = identity.public

    def dressed(self, cookie):
        flags, expiry, c = self.flags, None, None
        if cookie:
            flags |= trailer.C
            expiry, c = cookie.expiry, cookie.c
        return flags, opening.init_clear(self.name, self.whole, expiry), c

    def proof(self, enc_r):
        if not self.own:
            return {}
        return {'dh_s': kdf.x25519(self.own.private, enc_r),
                'identity': self.own.public}


class Reopening(Attempt):
    """OPEN on the association that the flow's first opening has made."""

    def __init__(self, attempt, secrets):
        super().__init__(attempt.key, attempt.side, secrets.assoc_id,
                         attempt.salt_i,
                         secrets.open_key(attempt.side, attempt.salt_i),
                         attempt.time)


class Received:
    """An opening whose box has opened; raises Drop otherwise.

    key is an assoc.Psk, assoc.Derived or hostkey.HostKey of this host.
    """

    def __init__(self, key, parts):
        fields = parts.fields
        self.key = key
        self.kind = parts.meta.type
        self.new = 'enc_i' in fields
        self.name = fields['key_id' if self.kind == INIT else 'assoc_id']
        self.whole = fields['enc_i' if self.new else 'salt_i']
        self.salt_i = self.whole[:16]
        self.identity = None
        self._s0 = None
        if self.kind == INIT:
            self.side = 1
            try:
                open_key, self._s0 = key.opened_keys(self.whole)
            except ValueError:
                raise Drop('rx_dh', 'enc_i') from None
        else:
            self.side = 3 - key.side
            open_key = key.secrets.open_key(self.side, self.salt_i)
            if self.new:
                self._s0 = key.a_psk
        self.open_key = open_key
        plain = opening.unseal(parts, open_key)
        self.content, self.identity = opening.read_init(
            plain, parts.meta.flags)

    def derive(self, e_r):
        """(kdf.Association, enc_r) of a new association."""
        enc_r, more = kdf.x25519_public(e_r), {}
        try:
            if self.identity:
                more = {'dh_s': kdf.x25519(e_r, self.identity),
                        'identity': self.identity}
            secret = kdf.derived_secret(
                self._s0, kdf.x25519(e_r, self.whole), self.name,
                self.whole, enc_r, **more)
        except ValueError:
            raise Drop('rx_dh', 'identity or enc_i') from None
        return kdf.Association(secret, kdf.derived_id(secret)), enc_r


def attempt(host, key):
    """An attempt with a key that the initiator has."""
    if isinstance(key, hostkey.PublicKey):
        return InitAttempt(host, key, host.identity)
    if isinstance(key, assoc.Psk):
        return PskAttempt(host, key)
    return KnownAttempt(host, key)
