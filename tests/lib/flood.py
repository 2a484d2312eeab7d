#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""A flood of INITs, and what it does to everybody else.

Prints a line "pass TEXT" or "fail TEXT" for each result; what depends on the
speed of the machine is only shown.
"""

import argparse
import collections
import itertools
import json
import mmap
import os
import select
import signal
import socket
import struct
import sys
import time

import cookies
from calls import Calls, DECAPSULATION
from cookies import ECHO, NAMES
from crowd import Crowd, Flood
from hosts import ADDRESS, until
from middle import drain
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402
from sst.trailer import TCP, UDP  # noqa: E402

KINDS = tuple(itertools.product((4, 6), (UDP, TCP)))
# Sources of a flood, more than a namespace remembers (SST_LIMITS_MAX), and of
# what is sent to look at each of them.
SOURCES, FEW = 10000, 400
# SST_QUEUE_OPENINGS / 2 and SST_QUEUE_LOADED_SECONDS of sst/queue.h
MARK, LOADED = 192, 1
BURST = 100
# Where packets can be lost.
DEVICES = (('A', 'eth0'), ('R', 'ra'), ('R', 'rb'), ('B', 'eth0'))
# Growth of what the kernel has allocated for itself, in kB. The debug kernel keeps
# for a while what was freed.
FLAT = 40960 if os.environ.get('SST_KERNEL') == 'debug' else 4096
# Counters of B for INITs that it did not work on, and for those it did.
UNWORKED = ('rx_no_cookie', 'rx_ignored', 'rx_queue')
# Real ports of the flows that are there before.
STREAM, TALK = 8000, 8001
PIECE = bytes(range(251)) * 251


class Shared:
    """Numbers that several processes see."""

    def __init__(self, *names):
        self.names = names
        self.memory = mmap.mmap(-1, mmap.PAGESIZE)

    def __getitem__(self, name):
        return struct.unpack_from('=Q', self.memory,
                                  8 * self.names.index(name))[0]

    def add(self, name, value):
        """One process writes each of them."""
        struct.pack_into('=Q', self.memory, 8 * self.names.index(name),
                         self[name] + value)


def process(function, *args):
    """Run a function until end() of what this returns."""
    pid = os.fork()
    if not pid:
        try:
            function(*args)
        finally:
            os._exit(0)
    return pid


def end(pid):
    """End it."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


class Stream:
    """A TCP connection from A to B that is never idle."""

    def __init__(self, world):
        self.seen = Shared('bytes', 'wrong')
        listener = world.listener('B', 4, STREAM)
        client = world.bound('A', 4, TCP, STREAM)
        # What it has in flight is memory, too, and not to vary much.
        for sock in listener, client:
            for name in socket.SO_RCVBUF, socket.SO_SNDBUF:
                sock.setsockopt(socket.SOL_SOCKET, name, 1 << 17)
        client.connect((ADDRESS['B', 4], STREAM))
        server = listener.accept()[0]
        for sock in client, server:
            sock.settimeout(None)
        self.pids = [process(self._send, client),
                     process(self._receive, server)]

    @staticmethod
    def _send(sock):
        while True:
            sock.sendall(PIECE)

    def _receive(self, sock):
        at = 0
        while True:
            data = sock.recv(len(PIECE))
            want = PIECE[at:at + len(data)]
            want += PIECE[:len(data) - len(want)]
            self.seen.add('wrong', data != want)
            self.seen.add('bytes', len(data))
            at = (at + len(data)) % len(PIECE)

    def rate(self, seconds):
        """Bytes a second, for so long."""
        before, began = self.seen['bytes'], time.monotonic()
        time.sleep(seconds)
        return (self.seen['bytes'] - before) / (time.monotonic() - began)


class Talk:
    """Datagrams from A to B and back, a few hundred a second."""

    def __init__(self, world):
        self.seen = Shared('sent', 'back')
        self.wanted = Shared('pause')
        server = world.bound('B', 6, UDP, TALK)
        client = world.bound('A', 6, UDP, TALK)
        client.connect((ADDRESS['B', 6], TALK))
        client.send(bytes(8))
        server.sendto(*server.recvfrom(100))
        client.recv(100)
        self.pid = process(self._run, client, server)

    def _run(self, client, server):
        again = 0
        while True:
            if not self.wanted['pause'] and time.monotonic() >= again:
                again = time.monotonic() + 0.005
                client.send(struct.pack('=Q', self.seen['sent']))
                self.seen.add('sent', 1)
            ready = select.select([client, server], [], [], 0.005)[0]
            if server in ready:
                server.sendto(*server.recvfrom(100))
            if client in ready:
                client.recv(100)
                self.seen.add('back', 1)

    def lost(self):
        """Datagrams that did not come back, of all until now."""
        self.wanted.add('pause', 1)
        until(lambda: self.seen['back'] >= self.seen['sent'], 2)
        out = self.seen['sent'] - self.seen['back']
        self.wanted.add('pause', -1)
        return out


class World(cookies.World):
    """Hosts, flows that are there, and how much is done on B."""

    def __init__(self, args):
        super().__init__(args)
        for fam in (4, 6):
            self.servers[fam, UDP].setblocking(False)
        self.decapsulated = Calls(DECAPSULATION)

    def worked(self):
        """INITs for which B did public-key work."""
        if self.decapsulated.count is not None:
            return self.decapsulated.count
        taken = json.loads(self.sst('B', '-j', 'host', 'show'))
        return self.count('B', 'rx_auth') + taken['hosts'][0]['inits']

    def crowd(self, count):
        """INITs of strangers."""
        return Crowd(self.public, {fam: ADDRESS['B', fam] for fam in (4, 6)},
                     ECHO, {4: '10.9.%d.%d', 6: 'fd00:9:0:%x%02x::1'}, count)

    def deaf(self):
        """What passes on the path is not kept any more."""
        for tap in self.tap.values():
            tap.sock.close()

    def lost(self, *devices):
        """Packets that did not fit where these have to put them."""
        return sum(int(self.run(
            device[0], 'cat', '/sys/class/net/%s/statistics/tx_dropped'
            % device[1])) for device in devices)

    def answers(self):
        """(packets, bytes) that B sent to strangers."""
        found = json.loads(self.run('R', 'nft', '-j', 'list', 'counter',
                                    'inet', 'answers', 'strangers'))
        one = found['nftables'][-1]['counter']
        return one['packets'], one['bytes']


def allocated():
    """What the kernel has allocated for itself, in kB."""
    with open('/proc/meminfo', encoding='ascii') as file:
        sizes = dict(line.split()[:2] for line in file)
    return int(sizes['SUnreclaim:']) + int(sizes.get('Percpu:', 0)) \
        + int(sizes['VmallocUsed:'])


def bursts(world):
    """Datagrams before the first ACCEPT, of one flow."""
    addr = world.new_address(4)
    world.cookies('off')
    world.drop('B')
    server = world.servers[4, UDP]
    before, worked = world.stats('B'), world.worked()
    with world.socket(4, UDP, addr) as sock:
        sock.connect((ADDRESS['B', 4], ECHO[UDP]))
        sent = [b'%d' % number for number in range(BURST)]
        got = []

        def all_came():
            got.extend(data for data, _ in drain(server))
            return len(got) >= BURST
        sock.send(sent[0])
        until(lambda: all_came() or got, 10)
        first = list(got)
        for data in sent[1:]:
            sock.send(data)
        until(all_came, 10)
        change = difference(before, world.stats('B'))
        report(first == sent[:1] and sorted(got) == sorted(sent)
               and change.get('rx_init') == BURST, 'datagrams before the'
               ' first ACCEPT are delivered once each',
               '%d %s' % (len(got), change))
        report(world.worked() - worked == 1, 'they cost one decapsulation',
               world.worked() - worked)
    world.forget()
    before, worked = world.stats('B'), world.worked()
    with world.socket(4, UDP, addr) as sock:
        sock.connect((ADDRESS['B', 4], ECHO[UDP]))
        for data in sent:
            sock.send(data)
        got.clear()

        def lost():
            return difference(before, world.stats('B')).get('rx_queue', 0)
        until(lambda: all_came() or len(got) + lost() >= BURST, 10)
        print('# of %d at once %d had to be dropped' % (BURST, lost()))
        report(got and len(set(got)) == len(got)
               and len(got) + lost() == BURST, 'without a pause behind the'
               ' first: delivered at most once each, the rest is counted',
               '%d %d' % (len(got), lost()))
        report(world.worked() - worked == 1, 'they cost one decapsulation,'
               ' too', world.worked() - worked)
    world.drop()


def each(world, mode):
    """What each of a few sources gets back."""
    world.cookies(mode)
    packets = world.crowd(FEW).packets
    # Those whose INIT verifies are answered by more than a COOKIE.
    packets += [world.stranger(fam, 200, number, proto=UDP).init(b'8 bytes.')
                for fam in (4, 6) for number in range(5)]
    brought, got = collections.Counter(), collections.Counter()
    before = world.stats('B')
    world.tap['B'].passed(False)
    for data in packets:
        brought[packet.Packet(data).src] += len(data)
        world.inject('B', data)
        for heard in world.tap['B'].passed(False):
            got[packet.Packet(heard).dst] += len(heard)

    def done():
        change = difference(before, world.stats('B'))
        return sum(change.get(name, 0) for name in UNWORKED + (
            'rx_auth', 'rx_opened')) >= len(packets)
    until(done, 10)
    # Answers that a program leaves to the module come 200 ms later.
    for heard in world.tap['B'].passed(False, 0.5):
        got[packet.Packet(heard).dst] += len(heard)
    more = [(src, brought[src], got[src]) for src in got
            if got[src] > brought[src]]
    print('# mode %s: %d bytes came, %d went back' % (
        mode, sum(brought.values()), sum(got.values())))
    report(got and not more, 'mode %s: no source gets more bytes than it'
           ' sent' % mode, more[:3])
    world.sst('B', 'flow', 'flush')
    for fam in (4, 6):
        drain(world.servers[fam, UDP])


def get_in(world, fam, proto):
    """Somebody new, who is as patient as programs are; seconds, or None."""
    addr = world.new_address(fam)
    asked = os.urandom(8)
    server = world.servers[fam, proto]
    began = time.monotonic()
    with world.socket(fam, proto, addr) as sock:
        sock.settimeout(30)
        if proto == TCP:
            sock.connect((ADDRESS['B', fam], ECHO[TCP]))
            server.accept()[0].close()
            return time.monotonic() - began
        sock.connect((ADDRESS['B', fam], ECHO[UDP]))
        for _ in range(15):
            sock.send(asked)
            again = time.monotonic() + 1
            while time.monotonic() < again:
                ready = select.select([sock, server], [], [], 0.1)[0]
                if server in ready:
                    server.sendto(*server.recvfrom(100))
                if sock in ready and sock.recv(100) == asked:
                    return time.monotonic() - began
    return None


class Siege:
    """B under a flood."""

    def __init__(self, world, args):
        self.world, self.args = world, args
        crowd = world.crowd(SOURCES)
        netns = world.name['R']
        self.inits = Flood(netns, crowd.packets, args.rate)
        self.others = Flood(netns, crowd.unmarked(), args.rate)
        self.stream, self.talk = Stream(world), Talk(world)

    def throughput(self, mode):
        """Shown only: it depends on what else the machine does."""
        self.world.cookies(mode)
        rates = {'nothing': [], 'others': [], 'inits': []}
        sent = {'others': 0, 'inits': 0}
        for _ in range(self.args.rounds):
            rates['nothing'].append(self.stream.rate(1.5))
            for name in 'others', 'inits':
                with getattr(self, name) as flood:
                    time.sleep(0.5)
                    began, before = time.monotonic(), flood.sent
                    rates[name].append(self.stream.rate(1.5))
                    sent[name] += (flood.sent - before) / (
                        time.monotonic() - began)
        best = {name: sum(some) / len(some) for name, some in rates.items()}
        print('# mode %s: TCP without a flood %.1f MB/s; with %d other'
              ' packets a second %.2f of that; with %d INITs a second %.2f'
              % (mode, best['nothing'] / 1e6,
                 sent['others'] / self.args.rounds,
                 best['others'] / best['nothing'],
                 sent['inits'] / self.args.rounds,
                 best['inits'] / best['nothing']), flush=True)

    def run(self, mode):
        """One flood, and what there is to see."""
        world, name = self.world, 'mode %s: ' % mode
        world.cookies(mode)
        before = {host: world.stats(host) for host in 'AB'}
        worked, answers = world.worked(), world.answers()
        flows = len(world.flows('B'))
        silent, lost = self.talk.lost(), world.lost(*DEVICES)
        seen = self.stream.seen['bytes'], self.talk.seen['sent']
        began = time.monotonic()
        with self.inits as flood:
            # All tables have the size that they will have.
            flood.wait(SOURCES)
            time.sleep(1)
            memory = allocated()
            took = {kind: get_in(world, *kind) for kind in KINDS}
            left = self.args.seconds - (time.monotonic() - began)
            time.sleep(max(left, 0))
            grown = allocated() - memory
        seconds = time.monotonic() - began
        lost = world.lost(*DEVICES) - lost
        self._counted(name, before, flood.sent, lost)
        change = difference(before['B'], world.stats('B'))
        worked = world.worked() - worked
        print('# %s%d INITs in %.1f s, %d lost on the way; %d COOKIEs, %d'
              ' ignored, %d decapsulations; %d kB more memory' % (
                  name, flood.sent, seconds, lost,
                  change.get('tx_cookie', 0), change.get('rx_ignored', 0),
                  worked, grown))
        print('# %sseconds to get in: %s' % (name, ', '.join(
            '%s%d %s' % (NAMES[kind[1]], kind[0], took[kind]
                         and '%.2f' % took[kind]) for kind in KINDS)))
        own = difference(before['A'], world.stats('A')).get('tx_init', 0)
        # While the queue fills up to the mark some are taken out of it.
        most = own if mode == 'always' else own + 2 * MARK * (
            2 + int(seconds / LOADED))
        report(worked <= most, name + 'few INITs without a proof cost a'
               ' decapsulation', '%d, at most %d' % (worked, most))
        for kind in KINDS:
            report(took[kind] is not None, '%sa new client gets in, %s over'
                   ' IPv%d' % (name, NAMES[kind[1]], kind[0]))
        packets, size = (now - then for now, then in zip(
            world.answers(), answers))
        report(0 < packets and size < flood.sent_bytes, name + 'fewer bytes go'
               ' back than came', '%d %d' % (size, flood.sent_bytes))
        report(grown < FLAT, name + 'memory stays as it is',
               '%d kB more' % grown)
        report(len(world.flows('B')) <= flows + len(KINDS) + 2,
               name + 'no flows are made for strangers')
        self._lived(name, seen, silent, lost)

    def _counted(self, name, before, sent, lost):
        """Each INIT is counted once."""
        world = self.world
        names = UNWORKED + ('rx_queued',)

        def counted():
            change = difference(before['B'], world.stats('B'))
            return sum(change.get(name, 0) for name in names)
        own = world.count('A', 'tx_init') - before['A']['tx_init']
        until(lambda: counted() >= sent - lost, 5)
        change = difference(before['B'], world.stats('B'))
        report(sent - lost <= counted() <= sent + own and change.get('tx_cookie')
               == change.get('rx_no_cookie'), name + 'each INIT is counted'
               ' once, each COOKIE is one INIT', '%d of %d, %d own\n%s' % (
                   counted(), sent - lost, own, change))

    def _lived(self, name, seen, silent, lost):
        """The flows that were there before."""
        data, sent = self.stream.seen['bytes'] - seen[0], \
            self.talk.seen['sent'] - seen[1]
        silent = self.talk.lost() - silent
        print('# %sTCP carried %.1f MB; %d of %d datagrams did not come back'
              % (name, data / 1e6, silent, sent))
        report(data > 0 and not self.stream.seen['wrong'],
               name + 'the connection goes on, all bytes as they were',
               '%d %d' % (data, self.stream.seen['wrong']))
        report(sent > 0 and silent <= lost,
               name + 'no datagram of a flow is lost but by a device',
               '%d %d %d' % (sent, silent, lost))

    def close(self):
        """End the flows."""
        for pid in self.stream.pids + [self.talk.pid]:
            end(pid)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--public', required=True, help="B's public key")
    parser.add_argument('--rate', type=int, required=True,
                        help='packets a second')
    parser.add_argument('--seconds', type=float, required=True,
                        help='of each flood, at least')
    parser.add_argument('--rounds', type=int, required=True,
                        help='of measurement')
    args = parser.parse_args()
    world = World(args)
    bursts(world)
    for mode in ('load', 'always'):
        each(world, mode)
    world.cookies('off')
    siege = Siege(world, args)
    world.deaf()
    for mode in ('always', 'load'):
        siege.throughput(mode)
        siege.run(mode)
    siege.close()
    world.decapsulated.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
