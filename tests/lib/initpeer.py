#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module in one namespace, peer.py in another: public keys.

Flows are opened by INIT, and then by OPEN on the association that was made.
Every case has a peer of its own, with addresses and keys.  Prints a line
"pass TEXT" or "fail TEXT" for each result.
"""

import os
import time

import peercase
from peercase import TWO, counts

# pylint: disable=wrong-import-position
from sst import hostkey  # noqa: E402


class Lab(peercase.Lab):
    """The two namespaces; the module's host has a key."""

    def __init__(self, args):
        super().__init__(args)
        self.key = self.add_key('server')

    def add_key(self, name):
        """A key of the module's host; its public part."""
        path = os.path.join(self.args.tmp, name + '.key')
        public = write_key(path)
        self.sstctl('host', 'add', name, 'key', path)
        return public


def write_key(path):
    """Make a private key; its public part, in base64."""
    key = hostkey.HostKey(os.urandom(32))
    with open(path, 'w', encoding='ascii', opener=lambda name, flags:
              os.open(name, flags, 0o600)) as sink:
        sink.write(hostkey.text(key.private) + '\n')
    return hostkey.text(key.public)


class Case(peercase.Case):
    """A peer with a host key, which knows the module's."""

    def make_keys(self):
        self.key = write_key(self.base + '.key')

    def module_keys(self):
        return 'public-key', self.key

    def keys(self):
        return '--host-key', self.base + '.key'

    def opening_keys(self):
        return '--peer-key', self.lab.key


def peer_opens(lab, family):
    """INIT, and then OPEN on what it made."""
    for text, identity in (('INIT', False), ('INIT with identity', True)):
        for proto in ('udp', 'tcp'):
            case = Case(lab, 'peer opens %s by %s' % (proto.upper(), text),
                        family, known=identity)
            peercase.opens_two(case, proto, *(
                ('--identity', case.base + '.key') if identity else ()))
            found = [one['identity'] for one in lab.assocs(case.addr)]
            case.report('the module knows who it is' if identity
                        else 'nobody is named',
                        found == [case.key if identity else None], found)


def peer_serves(lab, family):
    """The module sends INIT, and then OPEN."""
    for text, words in (('INIT', ()),
                        ('INIT with identity', ('identity', 'offer'))):
        case = Case(lab, 'module opens by %s' % text, family, *words)
        summary = peercase.serves(case)
        found = [one['identity'] for one in summary['associations']]
        case.report('the peer knows who it is' if words
                    else 'nobody is named',
                    found == [lab.key if words else None], found)


def cookies(lab, family):
    """Either end asks for a proof; the module's asks all the time."""
    case = Case(lab, 'the peer wants cookies', family)
    case.serve('--cookies', 'always', '--count', '3')
    sock = case.socket()
    good = case.ask(sock) == 1 and case.ask(sock) == 1
    change = case.change()
    case.report('the module proves, at once', good
                and change.get('tx_init') == 2, change)
    lab.sstctl('assoc', 'flush')
    good = case.stream()
    summary = case.finish()
    case.report('the next INIT has its proof', good and summary['ok']
                and case.change().get('tx_init') == 3
                and counts(summary, 'init-received') == [2], summary)
    sock.close()
    case = Case(lab, 'the peer wants cookies of TCP', family)
    case.serve('--cookies', 'always', '--count', '1')
    begin = time.monotonic()
    good = case.stream()
    took = time.monotonic() - begin
    summary = case.finish()
    case.report('the module proves, at once', good and summary['ok']
                and case.change().get('tx_init') == 2, took, summary)
    lab.sstctl('set', 'cookies', 'always')
    for proto in ('udp', 'tcp'):
        case = Case(lab, 'the module wants cookies of ' + proto.upper(),
                    family, known=False)
        summary = case.open(proto, *TWO[proto]).finish()
        case.report('the peer proves, at once', summary['ok']
                    and counts(summary, 'init-sent', 'open-sent',
                               'cookie') == [2, 1, 1]
                    and case.change().get('tx_cookie') == 1, summary)
    lab.sstctl('set', 'cookies', 'off')


def rollover(lab, family):
    """An old key is not answered any more, the peer takes the next one."""
    old, new = lab.key, lab.add_key('new')
    lab.sstctl('host', 'del', 'server')
    case = Case(lab, 'the old key is gone', family, known=False)
    summary = case.connect(
        'tcp', '--peer-key', old, '--peer-key', new).finish()
    case.report('the new one takes over', summary['ok']
                and counts(summary, 'start-over') == [1], summary)
    lab.key = new


def cases(lab):
    """All of them."""
    lab.sstctl('set', 'cookies', 'off')
    idle = [peercase.Idle(lab, family, Case) for family in (4, 6)]
    for family in (4, 6):
        peer_opens(lab, family)
        peer_serves(lab, family)
    peercase.loses_accepts(Case(lab, 'ACCEPT N is lost', 4))
    peercase.hears_nothing(Case(lab, 'nobody hears', 4), 2.9, 6)
    for one in idle:
        one.finish()
    cookies(lab, 4)
    cookies(lab, 6)
    peercase.confirms_first(Case(lab, 'peer with window 0', 6))
    for proto in ('udp', 'tcp'):
        peercase.is_held(
            Case(lab, 'peer with a clock off by an hour, ' + proto.upper(), 6,
                 known=False), proto, '--clock-offset', '-3600')
    peercase.peer_forgets(Case(lab, 'the peer has restarted', 4))
    peercase.module_forgets(Case(lab, 'the module has forgotten', 4,
                                 known=False))
    rollover(lab, 6)


if __name__ == '__main__':
    peercase.run(__doc__, Lab, cases)
