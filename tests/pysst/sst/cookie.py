# SPDX-License-Identifier: GPL-2.0
"""Cookies (protocol section 8).

The trailer of a COOKIE has 76 bytes: nonce 24 || sealed 28 || meta 8 ||
tag 16; in the box are ttl 4 || expiry 8 || c 16.  The proof stands in INIT
at PROOF_AT, behind the expiry.
"""

import hashlib
import hmac
import struct
from collections import namedtuple

from . import kdf, suite, trailer
from .trailer import Drop, Meta

EXPIRY_AT = 12
PROOF_AT = 20
NONCE_LEN = 24

# ttl in seconds, expiry in seconds of the responder's clock.
Cookie = namedtuple('Cookie', 'ttl expiry c')


def _mac16(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()[:16]


def mapped(address):
    """The 16 bytes of an address; IPv4 becomes ::ffff:a.b.c.d."""
    return address if len(address) == 16 \
        else bytes(10) + b'\xff\xff' + address


def make(secret, address, expiry):
    """c, 16 bytes: what the owner of `address` gets."""
    return _mac16(secret, b'SST/1 cookie' + mapped(address)
                  + expiry.to_bytes(8, 'big'))


def proof(c, end):
    """The proof, 16 bytes, for a whole trailer with zeros in its place."""
    return _mac16(c, b'SST/1 proof' + end)


def add_proof(c, end):
    """A whole trailer of INIT with C, its proof filled in."""
    return end[:PROOF_AT] + proof(c, end) + end[PROOF_AT + 16:]


def proved(c, end):
    """True if the proof in a whole trailer of INIT is right."""
    blank = end[:PROOF_AT] + bytes(16) + end[PROOF_AT + 16:]
    return hmac.compare_digest(end[PROOF_AT:PROOF_AT + 16], proof(c, blank))


def box_key(public):
    """The key of the boxes of all COOKIEs from the owner of a host key."""
    return kdf.expand(kdf.extract(b'SST/1 cookie', public), b'SST/1 cookie')


def plain(cookie):
    """The content of the box: 28 bytes."""
    return struct.pack('>IQ', cookie.ttl, cookie.expiry) + cookie.c


def seal(public, nonce, enc_i, counter, cookie):
    """The trailer of a COOKIE that answers the INIT with this counter."""
    meta = Meta(trailer.COOKIE, trailer.E, 0, counter >> 32,
                counter & 0xffffffff).pack()
    sealed, tag = suite.xaead_seal(box_key(public), nonce, enc_i + meta,
                                   plain(cookie))
    return nonce + sealed + meta + tag


def unseal(public, enc_i, fields):
    """The Cookie in a trailer that is split into fields; raises Drop."""
    got = suite.xaead_open(box_key(public), fields['nonce'],
                           enc_i + fields['meta'], fields['sealed'],
                           fields['tag'])
    if got is None:
        raise Drop('rx_auth')
    return Cookie(*struct.unpack('>IQ', got[:12]), got[12:])


class Maker:
    """The responder's secret, which changes every ttl seconds.

    The one before is still good.  clock gives seconds since its start.
    """

    def __init__(self, clock, rand, ttl=120):
        self.clock = clock
        self.rand = rand
        self.ttl = ttl
        self._secrets = [rand(32), rand(32)]
        self._since = clock()

    def _turn(self):
        steps = int((self.clock() - self._since) // self.ttl)
        for _ in range(min(steps, 2)):
            self._secrets = [self.rand(32), self._secrets[0]]
        self._since += steps * self.ttl

    def make(self, address):
        """A Cookie for the owner of an address."""
        self._turn()
        expiry = int(self.clock()) + self.ttl
        return Cookie(self.ttl, expiry,
                      make(self._secrets[0], address, expiry))

    def proved(self, address, expiry, end):
        """True if the trailer of an INIT with C proves its address."""
        self._turn()
        now = int(self.clock())
        return now < expiry <= now + self.ttl and any(
            proved(make(secret, address, expiry), end)
            for secret in self._secrets)


class Cache:
    """The initiator's cookies, by (local address, remote address)."""

    def __init__(self, clock):
        self.clock = clock
        self._cookies = {}

    def put(self, pair, cookie):
        """Keep a cookie; its ttl begins now."""
        self._cookies[pair] = cookie, self.clock() + cookie.ttl

    def get(self, pair):
        """A cookie that has not expired, or None."""
        cookie, until = self._cookies.get(pair, (None, 0))
        return cookie if cookie and self.clock() < until else None
