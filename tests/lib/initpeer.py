#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module in one namespace, peer.py in another: public keys.

Flows are opened by INIT, or by OPEN with N, and then by OPEN on the
association that was made.  Every case has a peer of its own, with addresses
and keys.  Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import json
import os
import signal
import socket
import time

import pskpeer
from pskpeer import IDLE, LIMIT, MODULE, NAMES, SERVICE

# pylint: disable=wrong-import-position
import peer  # noqa: E402
from sst import hostkey  # noqa: E402

# Counters that grow while nothing goes wrong.
GOOD = ('tx_sealed', 'tx_open', 'tx_accept', 'tx_empty', 'tx_init',
        'rx_opened', 'rx_open', 'rx_accept', 'rx_empty', 'rx_held',
        'rx_init', 'rx_queued', 'assoc_made')


class Lab(pskpeer.Lab):
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

    def assocs(self, addr):
        """What the module says of its associations with an address."""
        found = json.loads(self.sstctl('-j', 'assoc', 'show'))['assocs']
        return [one for one in found if one['remote'] == addr]


def write_key(path):
    """Make a private key; its public part, in base64."""
    key = hostkey.HostKey(os.urandom(32))
    with open(path, 'w', encoding='ascii', opener=lambda name, flags:
              os.open(name, flags, 0o600)) as sink:
        sink.write(hostkey.text(key.private) + '\n')
    return hostkey.text(key.public)


class Case(pskpeer.Case):
    """One peer with a host key, and what passes between it and the module.

    words are added where the module learns of the peer; with known False it
    does not.
    """

    ready = 0

    # pylint: disable=super-init-not-called
    def __init__(self, lab, text, family, *words, known=True):
        self.lab = lab
        self.family = family
        self.text = '%s over %s' % (text, NAMES[family])
        number = next(lab.hosts)
        self.addrs = {4: '10.0.3.%d' % number, 6: 'fd00:3::%x' % number}
        self.addr = self.addrs[family]
        self.name = 'p%d' % number
        self.base = os.path.join(lab.args.tmp, self.name)
        self.words = words
        self.key = write_key(self.base + '.key')
        if known:
            self.introduce()
        self.process = None
        self.before = lab.control.stats()

    def introduce(self):
        """The module learns of the peer."""
        self.lab.sstctl('peer', 'add', self.name, 'address',
                        ','.join(self.addrs.values()), 'public-key',
                        self.key, *self.words)

    def keys(self):
        """Options with the peer's keys."""
        return ['--host-key', self.base + '.key']

    def start(self, command, *words):
        """Run the peer; its files are numbered."""
        self.ready += 1
        self.log = '%s.%d' % (self.base, self.ready)
        self.process = os.fork()
        if not self.process:
            try:
                os._exit(peer.main([
                    command, '--address', self.addrs[4], '--address',
                    self.addrs[6], '--port', '5000', '--ifname', 'eth0',
                    '--netns', self.lab.peer, '--json', self.log + '.json',
                    '--events', self.log + '.events', '--ready-file',
                    self.log + '.ready', '--secrets', self.log + '.assoc',
                    '--duration', str(LIMIT), '--linger', '0.2']
                    + self.keys() + list(words)))
            finally:
                os._exit(3)
        end = time.monotonic() + LIMIT
        while not os.path.exists(self.log + '.ready') \
                and time.monotonic() < end:
            time.sleep(0.02)
        return self

    def open(self, proto, *words):
        """Run the peer as initiator that knows the module's key."""
        return self.connect(proto, '--peer-key', self.lab.key, *words)

    def finish(self):
        """The peer's summary."""
        os.waitpid(self.process, 0)
        with open(self.log + '.json', encoding='utf-8') as source:
            return json.load(source)

    def events(self, name):
        """What the peer noted under this name."""
        with open(self.log + '.events', encoding='utf-8') as source:
            return [event for event in map(json.loads, source)
                    if event['event'] == name]

    def drops(self):
        """Counters of what went wrong, among those that changed."""
        return {name: count for name, count in self.change().items()
                if name not in GOOD}

    def same(self, summary, count=1):
        """True if both ends have the same associations."""
        ours = sorted(one['id'] for one in self.lab.assocs(self.addr))
        theirs = sorted(one['id'] for one in summary['associations'])
        return ours == theirs and len(ours) == count


class PskCase(Case):
    """A peer with a pre-shared key; either end may have either side."""

    def introduce(self):
        ends = ['.m.psk', '.psk']
        if int(self.name[1:]) % 2:
            ends.reverse()
        self.lab.sstctl('genpsk', *(self.base + end for end in ends))
        pskpeer.Case.introduce(self)

    def keys(self):
        return ['--psk', self.base + '.psk']

    def open(self, proto, *words):
        return self.connect(proto, *words)


def counts(summary, *names):
    """How often the peer had these events."""
    return [summary['events'].get(name, 0) for name in names]


TWO = {'udp': ('--port', '5001', '--interval', '0.3', '--count', '2'),
       'tcp': ('--port', '5001', '--in-turn')}


def peer_opens(lab, family):
    """INIT, or OPEN N, and then OPEN on what they made."""
    for kind, text, identity in ((Case, 'INIT', False),
                                 (Case, 'INIT with identity', True),
                                 (PskCase, 'OPEN N', False)):
        for proto in ('udp', 'tcp'):
            case = kind(lab, 'peer opens %s by %s' % (proto.upper(), text),
                        family, known=identity or kind is PskCase)
            summary = case.open(proto, *(
                ('--identity', case.base + '.key') if identity else ()),
                *TWO[proto]).finish()
            change = case.change()
            psk = kind is PskCase
            case.report('an exchange', summary['ok'] and not case.drops(),
                        summary)
            case.report('the second flow is on what the first one made',
                        counts(summary, 'init-sent', 'open-sent') == (
                            [0, 2] if psk else [1, 1])
                        and change.get('rx_open') == 1
                        and change.get('rx_init') == 1
                        and case.same(summary), summary, lab.assocs(
                            case.addr))
            found = [one['identity'] for one in lab.assocs(case.addr)]
            case.report('the module knows who it is' if identity
                        else 'nobody is named',
                        found == [case.key if identity else None], found)


def peer_serves(lab, family):
    """The module sends INIT, or OPEN N, and then OPEN."""
    for kind, text, words in ((Case, 'INIT', ()),
                              (Case, 'INIT with identity',
                               ('identity', 'offer')),
                              ):
        case = kind(lab, 'module opens by %s' % text, family, *words)
        case.serve('--count', '7')
        sock = case.socket(socket.SOCK_DGRAM)
        good = all(case.ask(sock) == 1 for _ in range(5))
        good = case.stream() and good
        good = case.stream() and good
        summary = case.finish()
        psk = kind is PskCase
        case.report('UDP and TCP', good and summary['ok']
                    and not case.drops() and summary['connections'] == 2,
                    summary)
        case.report('the next flows are on what the first one made',
                    counts(summary, 'init-received', 'open-received') == (
                        [0, 3] if psk else [1, 2]) and case.same(summary),
                    summary, lab.assocs(case.addr))
        found = [one['identity'] for one in summary['associations']]
        case.report('the peer knows who it is' if words
                    else 'nobody is named',
                    found == [lab.key if words else None], found)
        sock.close()


def cookies(lab, family):
    """Either end asks for a proof; the module's asks all the time."""
    case = Case(lab, 'the peer wants cookies', family)
    case.serve('--cookies', 'always', '--count', '3')
    sock = case.socket(socket.SOCK_DGRAM)
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


def lost(lab, family):
    """ACCEPTs get lost, INITs are not heard."""
    case = Case(lab, 'ACCEPT N is lost', family)
    case.serve('--lose-accept', '2')
    sock = case.socket(socket.SOCK_DGRAM)
    tries = case.ask(sock, 10, 0.15)
    good = tries and case.ask(sock) == 1
    summary = case.stop()
    case.report('UDP goes on and is answered', good and tries > 1
                and counts(summary, 'init-received')[0] == tries
                and case.same(summary), tries, summary)
    sock.close()
    case = Case(lab, 'nobody hears', family)
    case.serve('--silent-first', '1')
    sock = case.socket(socket.SOCK_DGRAM)
    begin = time.monotonic()
    tries = case.ask(sock, 60, 0.15)
    took = time.monotonic() - begin
    good = tries and case.ask(sock) == 1
    summary = case.stop()
    case.report('INIT starts over after three seconds', good
                and 2.9 < took < 6 and case.change().get(
                    'tx_restarted') == 1, took, summary)
    sock.close()


def forgotten(lab, family):
    """One end does not know the association any more."""
    case = Case(lab, 'the peer has restarted', family)
    case.serve()
    sock = case.socket(socket.SOCK_DGRAM)
    good = case.ask(sock) == 1 and case.ask(sock) == 1
    sock.close()
    old = case.stop()
    case.serve()
    sock = case.socket(socket.SOCK_DGRAM)
    begin = time.monotonic()
    good = case.ask(sock, 40, 0.15) and good
    took = time.monotonic() - begin
    good = case.ask(sock) == 1 and good
    summary = case.stop()
    case.report('the module asks anew after a second', good
                and 0.9 < took < 2.9, took, old, summary)
    case.report('the old association is gone', case.same(summary),
                summary, lab.assocs(case.addr))
    sock.close()
    case = Case(lab, 'the module has forgotten', family, known=False)
    case.open('udp', '--port', '5001', '--count', '8', '--interval', '0.4',
              '--max-loss', '8')
    end = time.monotonic() + LIMIT
    while not case.events('accept-received') and time.monotonic() < end:
        time.sleep(0.02)
    lab.sstctl('assoc', 'flush')
    summary = case.finish()
    case.report('the peer asks anew, one flow goes on', summary['ok']
                and counts(summary, 'init-sent')[0] >= 2
                and summary['echoed'] >= 8, summary)


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


def confirm_first(lab, family):
    """What is not fresh waits until it is confirmed."""
    case = Case(lab, 'peer with window 0', family)
    case.serve('--window', '0', '--count', '3')
    sock = case.socket(socket.SOCK_DGRAM)
    good = case.ask(sock) == 1 and case.ask(sock) == 1
    good = case.stream() and good
    summary = case.finish()
    case.report('the module confirms, what was held arrives', good
                and summary['ok'] and counts(summary, 'held') == [1],
                summary)
    sock.close()
    for proto in ('udp', 'tcp'):
        case = Case(lab, 'peer with a clock off by an hour, %s'
                    % proto.upper(), family, known=False)
        summary = case.open(proto, '--count', '4', '--interval', '0.3',
                            '--clock-offset', '-3600').finish()
        held = case.change().get('rx_held', 0)
        case.report('everything arrives', summary['ok'], summary)
        case.report('held until confirmed', held == (proto == 'udp'), held)


class Idle(pskpeer.Idle):
    """Exchanges before and after more than 15 s without any."""

    # pylint: disable=super-init-not-called
    def __init__(self, lab, family, kind):
        self.begin = time.monotonic()
        self.opens = kind(lab, 'peer idle for %d s, %s' % (
            IDLE, kind.__name__), family)
        self.opens.open('udp', '--count', '2', '--interval', str(IDLE))
        self.serves = kind(lab, 'module idle for %d s, %s' % (
            IDLE, kind.__name__), family)
        self.serves.serve()
        self.sock = self.serves.socket(socket.SOCK_DGRAM)
        self.good = self.serves.ask(self.sock) == 1 \
            and self.serves.ask(self.sock) == 1

    def finish(self):
        """The second half."""
        time.sleep(max(0, self.begin + IDLE - time.monotonic()))
        case = self.serves
        good = self.good and case.ask(self.sock) == 1 \
            and case.lab.state(case.addr) == ['live'] \
            and case.ask(self.sock) == 1
        summary = case.stop()
        plain = [event for event in case.events('open-received')
                 if not event['flags']]
        salts = {event['salt_i'] for event in plain
                 + case.events('init-received')
                 + case.events('open-received')}
        case.report('it opens again, the same flow, plainly', good
                    and len(plain) == 1 and len(salts) == 1
                    and summary['ok'], plain, salts, summary)
        summary = self.opens.finish()
        salts = {event['salt_i'] for name in ('open-sent', 'init-sent')
                 for event in self.opens.events(name)}
        self.opens.report('the module takes that it opens again',
                          summary['ok'] and len(salts) == 1
                          and counts(summary, 're-open') == [1], salts,
                          summary)
        self.sock.close()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', required=True, help='folder for files')
    lab = Lab(parser.parse_args())
    lab.sstctl('policy', 'add', 'out', 'require')
    lab.sstctl('set', 'cookies', 'off')
    start = int(time.time())
    # What is drawn in the second in which it began is not fresh.
    while int(time.time()) == start:
        time.sleep(0.02)
    try:
        idle = [Idle(lab, 4, Case), Idle(lab, 6, Case)]
        for family in (4, 6):
            peer_opens(lab, family)
            peer_serves(lab, family)
        lost(lab, 4)
        for one in idle:
            one.finish()
        cookies(lab, 4)
        cookies(lab, 6)
        confirm_first(lab, 6)
        forgotten(lab, 4)
        rollover(lab, 6)
    finally:
        os.kill(lab.echo, signal.SIGTERM)
        os.waitpid(lab.echo, 0)
    return 0


if __name__ == '__main__':
    raise SystemExit(main())
