#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""The module in one namespace, peer.py in another: flows that open themselves.

Every case has a peer of its own, with an address and a key.  Prints a line
"pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import itertools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
import peer  # noqa: E402
from sst import link  # noqa: E402

MODULE = {4: '10.0.3.1', 6: 'fd00:3::1'}
SERVICE = 4000
LIMIT = 240
IDLE = 16
NAMES = {4: 'IPv4', 6: 'IPv6'}


class Lab:
    """The two namespaces."""

    def __init__(self, args):
        self.args = args
        self.module = args.id + '-M'
        self.peer = args.id + '-P'
        self.control = nets.Control(self.module)
        self.hosts = itertools.count(10)
        # Those of which no observer can tell the hour.
        self.lost = itertools.count(200)
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


class Case:
    """One peer and what passes between it and the module."""

    def __init__(self, lab, text, family, lost=False, known=True):
        self.lab = lab
        self.family = family
        self.text = '%s over %s' % (text, NAMES[family])
        number = next(lab.lost if lost else lab.hosts)
        self.addrs = {4: '10.0.3.%d' % number, 6: 'fd00:3::%x' % number}
        self.addr = self.addrs[family]
        self.name = 'p%d' % number
        self.base = os.path.join(lab.args.tmp, self.name)
        # Either end may have either side.
        ends = ['.m.psk', '.psk'] if number % 2 else ['.psk', '.m.psk']
        lab.sstctl('genpsk', *(self.base + end for end in ends))
        if known:
            self.introduce()
        self.process = None
        self.before = lab.control.stats()

    def introduce(self):
        """The module learns of the peer."""
        self.lab.sstctl('peer', 'add', self.name, 'address',
                        ','.join(self.addrs.values()), 'psk',
                        self.base + '.m.psk')

    def start(self, command, *words):
        """Run the peer."""
        self.process = os.fork()
        if not self.process:
            try:
                os._exit(peer.main([
                    command, '--psk', self.base + '.psk',
                    '--address', self.addrs[4], '--address', self.addrs[6],
                    '--port', '5000', '--ifname', 'eth0', '--netns',
                    self.lab.peer, '--json', self.base + '.json',
                    '--events', self.base + '.events', '--ready-file',
                    self.base + '.ready', '--duration', str(LIMIT),
                    '--linger', '0.2'] + list(words)))
            finally:
                os._exit(3)
        end = time.monotonic() + LIMIT
        while not os.path.exists(self.base + '.ready') \
                and time.monotonic() < end:
            time.sleep(0.02)
        return self

    def connect(self, proto, *words):
        """Run the peer as initiator, towards the echo service."""
        return self.start(
            'connect', '--proto', proto, '--peer', MODULE[self.family],
            '--peer-port', str(SERVICE), '--bytes', '20000', *words)

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
        with open(self.base + '.json', encoding='utf-8') as source:
            return json.load(source)

    def events(self, name):
        """What the peer noted under this name."""
        with open(self.base + '.events', encoding='utf-8') as source:
            return [event for event in map(json.loads, source)
                    if event['event'] == name]

    def change(self):
        """The module's counters since the case began."""
        return difference(self.before, self.lab.control.stats())

    def socket(self, sort):
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


def drops(change):
    """Counters of drops among those that changed."""
    return {name: count for name, count in change.items() if name not in (
        'tx_sealed', 'tx_open', 'tx_accept', 'tx_empty', 'rx_opened',
        'rx_open', 'rx_accept', 'rx_empty', 'rx_held')}


def plain(lab, family):
    """Either role, nothing goes wrong."""
    for proto in ('udp', 'tcp'):
        case = Case(lab, 'peer opens ' + proto.upper(), family)
        summary = case.connect(proto, '--count', '10',
                               '--size', '8-1400').finish()
        change = case.change()
        case.report('an exchange', summary['ok'] and not drops(change)
                    and change.get('tx_accept'), summary)
        case.report('it was fresh', not change.get('rx_held'))
    case = Case(lab, 'peer serves', family).serve('--count', '11')
    sock = case.socket(socket.SOCK_DGRAM)
    good = all(case.ask(sock) == 1 for _ in range(10))
    good = case.stream() and good
    summary = case.finish()
    case.report('UDP and TCP', good and summary['ok']
                and not drops(case.change())
                and summary['connections'] == 1, summary)
    case.report('it was fresh', len(case.events('fresh')) == 1
                and not case.events('held'), summary['events'])
    sock.close()


def lost_accepts(lab, family):
    """The first answers get lost."""
    case = Case(lab, 'ACCEPT is lost', family).serve('--lose-accept', '2')
    sock = case.socket(socket.SOCK_DGRAM)
    tries = case.ask(sock, 10, 0.15)
    good = tries and case.ask(sock) == 1
    summary = case.stop()
    case.report('UDP goes on opening and is answered', good and tries > 1
                and summary['counts'].get('tx_accept_lost') == 2,
                tries, summary)
    sock.close()
    case = Case(lab, 'ACCEPT is lost', family).serve(
        '--lose-accept', '1', '--count', '1')
    good = case.stream()
    summary = case.finish()
    # Either the SYN comes again, in an opening of its own, or its answer.
    case.report('TCP is answered the second time', good and summary['ok']
                and summary['counts'].get('tx_accept_lost') == 1
                and case.change().get('tx_restarted', 0) <= 1, summary)


def silent_peer(lab, family):
    """The first openings are not heard."""
    case = Case(lab, 'nobody hears', family).serve('--silent-first', '1')
    sock = case.socket(socket.SOCK_DGRAM)
    begin = time.monotonic()
    tries = case.ask(sock, 40, 0.15)
    took = time.monotonic() - begin
    good = tries and case.ask(sock) == 1
    summary = case.stop()
    case.report('UDP starts over after a second', good and 0.9 < took < 3
                and case.change().get('tx_restarted') == 1, took, summary)
    sock.close()
    case = Case(lab, 'nobody hears', family).serve(
        '--silent-first', '2', '--count', '1')
    good = case.stream()
    summary = case.finish()
    case.report('TCP starts over, twice', good and summary['ok']
                and case.change().get('tx_restarted') == 2, summary)


def silent_module(lab, family):
    """The module does not know the peer yet."""
    for proto in ('udp', 'tcp'):
        case = Case(lab, 'module learns of the peer late, '
                    + proto.upper(), family, known=False)
        case.connect(proto, '--count', '12', '--interval', '0.3',
                     '--max-loss', '11')
        end = time.monotonic() + LIMIT
        while not case.events('start-over') and time.monotonic() < end:
            time.sleep(0.05)
        case.introduce()
        summary = case.finish()
        # Half of the datagrams at least: it takes no more than a round trip.
        case.report('the peer starts over and gets through', summary['ok']
                    and (proto == 'tcp' or summary['echoed'] >= 3), summary)


def peer_confirms_first(lab, family):
    """The peer holds what comes first."""
    case = Case(lab, 'peer with window 0', family).serve(
        '--window', '0', '--count', '3')
    sock = case.socket(socket.SOCK_DGRAM)
    good = case.ask(sock) == 1 and case.ask(sock) == 1
    good = case.stream() and good
    summary = case.finish()
    case.report('the module confirms, what was held arrives', good
                and summary['ok'] and len(case.events('held')) == 1
                and case.change().get('tx_empty'), summary)
    sock.close()


def module_confirms_first(lab, family, text='', *words, lost=False):
    """So does the module."""
    for proto in ('udp', 'tcp'):
        case = Case(lab, '%s, %s' % (text or 'module with window 0',
                                     proto.upper()), family, lost)
        summary = case.connect(proto, '--count', '4', '--interval', '0.3',
                               *words).finish()
        held = case.change().get('rx_held', 0)
        case.report('everything arrives', summary['ok'], summary)
        case.report('held until confirmed', held == (proto == 'udp'), held)


def wrong_clock_serves(lab, family, offset):
    """The peer's clock is an hour off."""
    case = Case(lab, 'peer serves, clock off by %d s' % offset,
                family).serve('--clock-offset', str(offset), '--count', '2')
    sock = case.socket(socket.SOCK_DGRAM)
    good = case.ask(sock) == 1
    good = case.stream() and good
    summary = case.finish()
    case.report('UDP and TCP', good and summary['ok']
                and not drops(case.change()), summary)
    sock.close()


class Idle:
    """Exchanges before and after more than 15 s without any."""

    def __init__(self, lab, family):
        self.begin = time.monotonic()
        self.opens = Case(lab, 'peer idle for %d s' % IDLE, family)
        self.opens.connect('udp', '--count', '2', '--interval', str(IDLE))
        self.serves = Case(lab, 'module idle for %d s' % IDLE,
                           family).serve()
        self.sock = self.serves.socket(socket.SOCK_DGRAM)
        self.good = self.serves.ask(self.sock) == 1 \
            and self.serves.ask(self.sock) == 1

    def finish(self):
        """The second half."""
        time.sleep(max(0, self.begin + IDLE - time.monotonic()))
        case = self.serves
        before = case.change()
        good = self.good and case.ask(self.sock) == 1 \
            and case.lab.state(case.addr) == ['live'] \
            and case.ask(self.sock) == 1
        opened = case.change().get('tx_open', 0) - before['tx_open']
        summary = case.stop()
        salts = {event['salt_i'] for event in case.events('open-received')}
        case.report('it opens again, the same flow', good and opened == 1
                    and len(salts) == 1 and summary['ok'], opened, salts,
                    summary)
        summary = self.opens.finish()
        salts = {event['salt_i']
                 for event in self.opens.events('open-sent')}
        self.opens.report('the module takes that it opens again',
                          summary['ok'] and len(salts) == 1
                          and len(self.opens.events('re-open')) == 1,
                          salts, summary)
        self.sock.close()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', required=True, help='folder for files')
    lab = Lab(parser.parse_args())
    lab.sstctl('policy', 'add', 'out', 'require')
    start = int(time.time())
    # What is drawn in the second in which it began is not fresh.
    while int(time.time()) == start:
        time.sleep(0.02)
    try:
        idle = [Idle(lab, family) for family in (4, 6)]
        for family in (4, 6):
            plain(lab, family)
            silent_peer(lab, family)
        lost_accepts(lab, 4)
        silent_module(lab, 6)
        peer_confirms_first(lab, 4)
        peer_confirms_first(lab, 6)
        for one in idle:
            one.finish()
        for offset in (3600, -3600):
            wrong_clock_serves(lab, 4, offset)
            module_confirms_first(
                lab, 6, 'peer with a clock off by %d s' % offset,
                '--clock-offset', str(offset))
        now = int(time.time())
        for year, family, there in (('1970', 4, 100), ('2100', 6,
                                                       4102444800)):
            module_confirms_first(
                lab, family, 'peer in ' + year, '--clock-offset',
                str(there - now), lost=True)
        lab.sstctl('set', 'opening-window', '0')
        module_confirms_first(lab, 4)
        module_confirms_first(lab, 6)
    finally:
        os.kill(lab.echo, signal.SIGTERM)
        os.waitpid(lab.echo, 0)
    return 0


if __name__ == '__main__':
    sys.exit(main())
