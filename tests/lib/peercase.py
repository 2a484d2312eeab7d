# SPDX-License-Identifier: GPL-2.0
"""The module in one namespace, peer.py in another: flows that open themselves.

What tests with pre-shared keys and with public keys share. Every case has a
peer of its own, with addresses and keys; a subclass says which. The functions
at the end are cases that go with keys of either kind. Each result is a line
"pass TEXT" or "fail TEXT".
"""

import argparse
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import time

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
import peer  # noqa: E402
from sst import link  # noqa: E402
from sst.trailer import N  # noqa: E402

MODULE = {4: '10.0.3.1', 6: 'fd00:3::1'}
SERVICE = 4000
LIMIT = 240
IDLE = 16
NAMES = {4: 'IPv4', 6: 'IPv6'}

# Counters that grow while nothing goes wrong.
GOOD = ('tx_sealed', 'tx_open', 'tx_accept', 'tx_empty', 'tx_init',
        'rx_opened', 'rx_open', 'rx_accept', 'rx_empty', 'rx_held',
        'rx_init', 'rx_queued', 'assoc_made')

# Two flows of the peer, the second one when the first one is answered.
TWO = {'udp': ('--port', '5001', '--in-turn', '--count', '2'),
       'tcp': ('--port', '5001', '--in-turn')}


def wait_until(test):
    """Until test() is true."""
    end = time.monotonic() + LIMIT
    while not test():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.02)


class Lab:
    """The two namespaces."""

    def __init__(self, args):
        self.args = args
        self.module = args.id + '-M'
        self.peer = args.id + '-P'
        self.control = nets.Control(self.module)
        self.hosts = itertools.count(10)
        self.echo = self._echo()

    def sstctl(self, *words):
        """The command line tool in the module's namespace."""
        return subprocess.run(('sstctl', '-n', self.module) + words,
                              check=True, stdout=subprocess.PIPE).stdout

    def _echo(self):
        """A process that sends everything back, on UDP and TCP."""
        link.enter_netns(self.module)
        udp, tcp = [], []
        for family, addr in MODULE.items():
            sort = socket.AF_INET if family == 4 else socket.AF_INET6
            udp.append(socket.socket(sort, socket.SOCK_DGRAM))
            tcp.append(socket.socket(sort, socket.SOCK_STREAM))
            for sock in udp[-1:] + tcp[-1:]:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sock.bind((addr, SERVICE))
            tcp[-1].listen(16)
        child = os.fork()
        if child:
            for sock in udp + tcp:
                sock.close()
            return child
        open_now = []
        while True:
            ready = select.select(udp + tcp + open_now, [], [])[0]
            for sock in ready:
                if sock in udp:
                    sock.sendto(*sock.recvfrom(65536))
                elif sock in tcp:
                    open_now.append(sock.accept()[0])
                else:
                    try:
                        data = sock.recv(65536)
                        sock.sendall(data)
                    except OSError:
                        data = b''
                    if not data:
                        open_now.remove(sock)
                        sock.close()

    def state(self, addr):
        """States of the flows with a peer's address."""
        flows = json.loads(self.sstctl('-j', 'flow', 'show'))['flows']
        return sorted(flow['state'] for flow in flows
                      if flow['remote'] == addr)

    def assocs(self, addr):
        """What the module says of its associations with an address."""
        found = json.loads(self.sstctl('-j', 'assoc', 'show'))['assocs']
        return [one for one in found if one['remote'] == addr]

    def stop(self):
        """End what runs here."""
        os.kill(self.echo, signal.SIGTERM)
        os.waitpid(self.echo, 0)


class Case:
    """One peer and what passes between it and the module.

    words are added where the module learns of the peer; with known False it
    does not. number is that of the peer, the next one if None.
    """

    def __init__(self, lab, text, family, *words, known=True, number=None):
        self.lab = lab
        self.family = family
        self.text = '%s over %s' % (text, NAMES[family])
        self.number = next(lab.hosts) if number is None else number
        self.addrs = {4: '10.0.3.%d' % self.number,
                      6: 'fd00:3::%x' % self.number}
        self.addr = self.addrs[family]
        self.name = 'p%d' % self.number
        self.base = os.path.join(lab.args.tmp, self.name)
        self.words = words
        self.make_keys()
        if known:
            self.introduce()
        self.process = None
        self.runs = 0
        self.before = lab.control.stats()

    def make_keys(self):
        """The files with the peer's keys."""
        raise NotImplementedError

    def module_keys(self):
        """What the module is told of them."""
        raise NotImplementedError

    def keys(self):
        """Options for the peer's keys."""
        raise NotImplementedError

    def opening_keys(self):
        """Options for the peer that opens flows."""
        return ()

    def introduce(self):
        """The module learns of the peer."""
        self.lab.sstctl('peer', 'add', self.name, 'address',
                        ','.join(self.addrs.values()), *self.module_keys(),
                        *self.words)

    @property
    def log(self):
        """Where the files of a run are; runs are numbered."""
        return '%s.%d' % (self.base, self.runs)

    def start(self, command, *words):
        """Run the peer."""
        self.runs += 1
        self.process = os.fork()
        if not self.process:
            try:
                os._exit(peer.main([
                    command, '--address', self.addrs[4], '--address',
                    self.addrs[6], '--port', '5000', '--ifname', 'eth0',
                    '--netns', self.lab.peer, '--json', self.log + '.json',
                    '--events', self.log + '.events', '--ready-file',
                    self.log + '.ready', '--secrets', self.log + '.assoc',
                    '--duration', str(LIMIT), '--linger', '0.2',
                    *self.keys(), *words]))
            finally:
                os._exit(3)
        wait_until(lambda: os.path.exists(self.log + '.ready'))
        return self

    def connect(self, proto, *words):
        """Run the peer as initiator, towards the echo service."""
        return self.start(
            'connect', '--proto', proto, '--peer', MODULE[self.family],
            '--peer-port', str(SERVICE), '--bytes', '20000', *words)

    def open(self, proto, *words):
        """The same with the keys that it takes."""
        return self.connect(proto, *self.opening_keys(), *words)

    def serve(self, *words):
        """Run the peer as responder."""
        return self.start('serve', '--started-ago', '5', *words)

    def stop(self):
        """End a peer that would serve on."""
        os.kill(self.process, signal.SIGTERM)
        return self.finish()

    def finish(self):
        """The peer's summary."""
        os.waitpid(self.process, 0)
        with open(self.log + '.json', encoding='utf-8') as source:
            return json.load(source)

    def events(self, *names):
        """What the peer noted under these names."""
        with open(self.log + '.events', encoding='utf-8') as source:
            return [event for event in map(json.loads, source)
                    if event['event'] in names]

    def openings(self, way):
        """Of the flows that the peer has opened or that were opened to it
        ("sent" or "received"), in turn: did they make an association?"""
        out = {}
        for event in self.events('init-' + way, 'open-' + way):
            out.setdefault(event['salt_i'], event['event'] == 'init-' + way
                           or bool(event['flags'] & N))
        return list(out.values())

    def change(self):
        """The module's counters since the case began."""
        return difference(self.before, self.lab.control.stats())

    def drops(self):
        """Counters of what went wrong, among those that changed."""
        return {name: count for name, count in self.change().items()
                if name not in GOOD}

    def same(self, summary, count=1):
        """True if both ends have the same associations."""
        ours = sorted(one['id'] for one in self.lab.assocs(self.addr))
        theirs = sorted(one['id'] for one in summary['associations'])
        return ours == theirs and len(ours) == count

    def socket(self, sort=socket.SOCK_DGRAM):
        """A socket of the module's host, connected to the peer."""
        link.enter_netns(self.lab.module)
        sock = socket.socket(socket.AF_INET6 if self.family == 6
                             else socket.AF_INET, sort)
        sock.settimeout(LIMIT)
        sock.connect((self.addr, 5000))
        return sock

    def ask(self, sock, tries=1, wait=2.0):
        """Ask until there is an answer; how often it took, or None."""
        sock.settimeout(wait)
        for number in range(1, tries + 1):
            data = os.urandom(100)
            sock.send(data)
            try:
                # Answers to earlier ones may come now as well.
                while sock.recv(65536) != data:
                    pass
                return number
            except socket.timeout:
                pass
        return None

    def stream(self, size=20000):
        """A connection, data both ways, the end of it."""
        sock = self.socket(socket.SOCK_STREAM)
        data = os.urandom(size)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        got = b''
        try:
            while True:
                part = sock.recv(65536)
                if not part:
                    break
                got += part
        except OSError:
            pass
        sock.close()
        return got == data

    def report(self, text, good, *detail):
        """One result."""
        return report(good, '%s: %s' % (self.text, text),
                      '\n'.join(map(str, detail + (self.change(),))))


def counts(summary, *names):
    """How often the peer had these events."""
    return [summary['events'].get(name, 0) for name in names]


def opens_two(case, proto, *words):
    """The peer opens a flow, and another one on what the first one made."""
    summary = case.open(proto, *TWO[proto], *words).finish()
    change = case.change()
    case.report('an exchange', summary['ok'] and not case.drops(), summary)
    case.report('the second flow is on what the first one made',
                case.openings('sent') == [True, False]
                and change.get('rx_open') == 1
                and change.get('rx_init') == 1 and case.same(summary),
                summary, case.lab.assocs(case.addr))
    return summary


def serves(case):
    """The module opens flows, the next ones on what the first one made."""
    case.serve('--count', '12')
    with case.socket() as sock:
        good = all(case.ask(sock) == 1 for _ in range(10))
        good = case.stream() and good
        good = case.stream() and good
        summary = case.finish()
    case.report('UDP and TCP', good and summary['ok'] and not case.drops()
                and summary['connections'] == 2, summary)
    case.report('the next flows are on what the first one made',
                case.openings('received') == [True, False, False]
                and case.same(summary), summary, case.lab.assocs(case.addr))
    return summary


def loses_accepts(case):
    """The first answers of the peer get lost."""
    case.serve('--lose-accept', '2')
    with case.socket() as sock:
        tries = case.ask(sock, 10, 0.15)
        good = tries and case.ask(sock) == 1
        summary = case.stop()
    case.report('UDP goes on opening and is answered', good and tries > 1
                and len(case.events('init-received', 'open-received'))
                == tries and summary['counts'].get('tx_accept_lost') == 2
                and case.same(summary), tries, summary)


def hears_nothing(case, least, most):
    """The peer does not hear the first opening; seconds until the next."""
    case.serve('--silent-first', '1')
    with case.socket() as sock:
        begin = time.monotonic()
        tries = case.ask(sock, 60, 0.15)
        took = time.monotonic() - begin
        good = tries and case.ask(sock) == 1
        summary = case.stop()
    case.report('UDP starts over after %d s' % round(least), good
                and least < took < most
                and case.change().get('tx_restarted') == 1, took, summary)


def confirms_first(case):
    """The peer holds what opens a flow, with whatever key."""
    case.serve('--window', '0', '--count', '4')
    good = True
    for _ in range(3):
        with case.socket() as sock:
            good = case.ask(sock) == 1 and good
    good = case.stream() and good
    summary = case.finish()
    case.report('the module confirms, what was held arrives', good
                and summary['ok'] and counts(summary, 'held') == [3]
                and case.openings('received') == [True] + 3 * [False]
                and case.change().get('tx_empty') == 3, summary)


def is_held(case, proto, *words):
    """The module holds what opens a flow, with whatever key."""
    summary = case.open(proto, *TWO[proto], *words).finish()
    held = case.change().get('rx_held', 0)
    case.report('everything arrives', summary['ok'], summary)
    case.report('held until confirmed', case.openings('sent') == [True, False]
                and held == (2 if proto == 'udp' else 0), held)


def peer_forgets(case):
    """The peer does not know the association any more."""
    case.serve()
    with case.socket() as sock:
        good = case.ask(sock) == 1 and case.ask(sock) == 1
    old = case.stop()
    case.serve()
    with case.socket() as sock:
        begin = time.monotonic()
        good = case.ask(sock, 40, 0.15) and good
        took = time.monotonic() - begin
        good = case.ask(sock) == 1 and good
        summary = case.stop()
    case.report('the module makes another one after a second', good
                and 0.9 < took < 2.9
                and case.openings('received') == [True], took, old, summary)
    case.report('the old one is gone', case.same(summary), summary,
                case.lab.assocs(case.addr))


def module_forgets(case):
    """Nor does the module.

    The second flow of the peer begins when the module has forgotten what the
    first one made, and is confirmed there.
    """
    go_on = case.base + '.go'
    case.open('udp', '--port', '5001', '--count', '8', '--interval', '0.4',
              '--max-loss', '8', '--hold', go_on, '--wait', '5')
    wait_until(lambda: case.lab.state(case.addr) == ['live'])
    case.lab.sstctl('assoc', 'flush')
    with open(go_on, 'w', encoding='ascii'):
        pass
    summary = case.finish()
    case.report('the peer makes another one, one flow goes on',
                summary['ok'] and case.openings('sent').count(True) >= 2
                and summary['echoed'] >= 8, summary)


class Idle:
    """Exchanges before and after more than 15 s without any.

    kind is a class of cases.
    """

    def __init__(self, lab, family, kind):
        self.begin = time.monotonic()
        self.opens = kind(lab, 'peer idle for %d s' % IDLE, family)
        self.opens.open('udp', '--count', '2', '--interval', str(IDLE))
        self.serves = kind(lab, 'module idle for %d s' % IDLE, family)
        self.serves.serve()
        self.sock = self.serves.socket()
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
        salts = {event['salt_i'] for event in case.events(
            'open-received', 'init-received')}
        case.report('it opens again, the same flow, plainly', good
                    and len(plain) == 1 and len(salts) == 1
                    and summary['ok'], plain, salts, summary)
        summary = self.opens.finish()
        salts = {event['salt_i']
                 for event in self.opens.events('open-sent', 'init-sent')}
        self.opens.report('the module takes that it opens again',
                          summary['ok'] and len(salts) == 1
                          and counts(summary, 're-open') == [1], salts,
                          summary)
        self.sock.close()


def run(description, lab_type, cases):
    """The program: cases(lab) in a laboratory."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', required=True, help='folder for files')
    lab = lab_type(parser.parse_args())
    lab.sstctl('policy', 'add', 'out', 'require')
    start = int(time.time())
    # What is drawn in the second in which it began is not fresh.
    while int(time.time()) == start:
        time.sleep(0.02)
    try:
        cases(lab)
    finally:
        lab.stop()
