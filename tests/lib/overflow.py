#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""More openings than the replay cache of B holds, all over the wire.

A peer with a key of its own sends them, from one address and from ever new
ports: no more than max-half-open of their flows are there at a time, so the
bound on the flows of one source is never met. Prints a line "pass TEXT" or
"fail TEXT" for each result.
"""

import argparse
import collections
import json
import os
import socket
import subprocess
import sys
import time

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import assoc, flow, link, opening, packet, trailer  # noqa: E402

# SST_SEEN_MAX of sst/seen.h, B3 of the protocol.
CACHE = 65536
A, B, CROWD = '10.0.1.1', '10.0.2.1', '10.0.3.1'
PORT = 5300
MAC_B = '02:00:00:00:02:01'
# Openings that are sent before the server is read: they fit in its buffer.
BATCH = 128
# How many more than fit.
OVER = 1000
# One of the crowd has a clock that is fast by so much, well inside of the
# window: when it is forgotten, too, the floor lies ahead.
FAST, AHEAD = 1500, 300


def now():
    """The time that an opening would say."""
    return int(time.time())


class Crowd:
    """Openings that nobody else made, of a peer that has the key."""

    def __init__(self, path):
        self.psk = assoc.Psk.load(path)
        self.side = self.psk.side
        ends = {self.side: CROWD, 3 - self.side: B}
        self.flow = flow.Flow(packet.UDP, ends[1], 0, ends[2], 0, 0, 0, None,
                              self.side)
        self.src, self.dst = packet.addr(CROWD), packet.addr(B)
        self.made = 0
        self.times = []

    def next(self):
        """(payload, OPEN) of one more."""
        number = self.made
        self.made += 1
        when = now()
        if number == FAST:
            when += AHEAD
        self.times.append(when)
        payload = b'crowd %d' % number
        # Neither a real nor a wire tuple comes again while a flow has it.
        real = 1024 + number % 30000
        side, other = self.side, 3 - self.side
        self.flow.wires = {side: 32768 + number % 32768,
                           other: 20001 + number // 32768}
        salt = os.urandom(16)
        return payload, opening.seal_packet(
            self.flow, side, packet.ip(self.src, self.dst, packet.UDP,
                                       packet.udp(self.src, self.dst, real,
                                                  PORT, payload)),
            trailer.OPEN, 0, self.psk.secrets.open_key(side, salt),
            self.psk.id_at(when) + salt,
            opening.open_plain(real, PORT, self.flow.scope, when))


class Path:
    """What a host on the path can do: listen, and send to B."""

    def __init__(self, netns):
        self.netns = netns
        link.enter_netns(netns)
        # Protocol 0 hears nothing: it need not be read.
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.bind(('rb', 0))
        self.own = link.interface_mac('rb')
        self.peer = link.mac(MAC_B)

    def send(self, data):
        """One packet to B."""
        self.sock.send(link.ether(self.peer, self.own, data))

    def listen(self):
        """From now on, packets that go to B."""
        return nets.Tap(self.netns, 'rb', MAC_B)

    def rules(self, text):
        """Rules of nft(8) on the router."""
        subprocess.run(('ip', 'netns', 'exec', self.netns, 'nft', '-f', '-'),
                       check=True, input=text.encode())


class Lab:
    """Both hosts, the path, and the server on B."""

    def __init__(self, args):
        self.name = {x: '%s-%s' % (args.id, x) for x in 'ABR'}
        self.control = {x: nets.Control(self.name[x]) for x in 'AB'}
        self.path = Path(self.name['R'])
        self.crowd = Crowd(os.path.join(args.tmp, 'crowd.psk'))
        link.enter_netns(self.name['B'])
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)
        self.server.bind((B, PORT))
        self.server.setblocking(False)
        # What was sent, and what the server got, each with how often.
        self.sent = collections.Counter()
        self.got = collections.Counter()

    def sstctl(self, host, *words):
        """The command line tool in a host's namespace."""
        return subprocess.run(('sstctl', '-n', self.name[host]) + words,
                              check=True, stdout=subprocess.PIPE).stdout

    def stats(self, host='B'):
        """All counters."""
        return self.control[host].stats()

    def change(self, before, host='B'):
        """Counters that changed."""
        return difference(before, self.stats(host))

    def serve(self):
        """The server takes what is there, and answers A's clients."""
        while True:
            try:
                data, sender = self.server.recvfrom(2048)
            except BlockingIOError:
                return
            self.got[data] += 1
            if data.startswith(b'ask'):
                self.server.sendto(b'answer ' + data, sender)

    def until(self, test, limit=20):
        """Serve until test() is true; False when it never was."""
        end = time.monotonic() + limit
        while True:
            self.serve()
            if test():
                return True
            if time.monotonic() > end:
                return False
            time.sleep(0.005)

    def settle(self):
        """Whatever may still come has come."""
        end = time.monotonic() + 0.5
        self.until(lambda: time.monotonic() > end)

    def has(self, data):
        """Did the server get it?"""
        return self.got[data] > 0

    def flush(self, host):
        """All flows of a host end."""
        self.sstctl(host, 'flow', 'flush')

    def states(self):
        """States of B's flows with A, for a failure."""
        flows = json.loads(self.sstctl('B', '-j', 'flow', 'show'))['flows']
        return [(one['state'], one['wire_remote_port']) for one in flows
                if one['remote'] == A]

    def open_many(self, count, text):
        """Of the crowd: each is fresh, and its payload delivered at once."""
        before, began = self.stats(), time.monotonic()
        goal = self.crowd.made + count
        payloads = []
        while self.crowd.made < goal:
            last = None
            for _ in range(min(BATCH, goal - self.crowd.made)):
                last, data = self.crowd.next()
                payloads.append(last)
                self.path.send(data)
            # Those before it on the way are there as well.
            if not self.until(lambda last=last: self.has(last)):
                break
        self.sent.update(payloads)
        # B owes them nothing any more.
        self.flush('B')
        change = self.change(before)
        once = sum(self.got[data] == 1 for data in payloads)
        print('# %d openings in %.1f s' % (
            len(payloads), time.monotonic() - began), flush=True)
        report(once == count, '%s: each payload arrives' % text,
               '%d of %d, %s' % (once, count, change))
        want = {'rx_open': count, 'rx_opened': count}
        have = {name: number for name, number in change.items()
                if name.startswith('rx_')}
        report(have == want, '%s: all are fresh, none is dropped' % text,
               have)


class Client:
    """A program on A, and its opening as the path has recorded it."""

    def __init__(self, lab, text, ask=True):
        self.lab = lab
        self.data = b'%s %s' % (b'ask' if ask else b'say', text.encode())
        link.enter_netns(lab.name['A'])
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((A, 0))
        self.sock.connect((B, PORT))
        self.sock.setblocking(False)
        self.answers = []
        self.opening = None

    def answered(self):
        """The server's answer is there."""
        try:
            self.answers.append(self.sock.recv(2048))
        except BlockingIOError:
            pass
        return b'answer ' + self.data in self.answers

    def send(self):
        """Its one datagram; the first packet that passes is the OPEN."""
        tap = self.lab.path.listen()
        self.sock.send(self.data)
        self.lab.sent[self.data] += 1
        self.lab.until(lambda: self.lab.has(self.data))
        self.opening = tap.passed(True, 0.2)[0]
        tap.sock.close()
        parsed = packet.Packet(self.opening)
        # With a bad checksum it would deliver nothing whatever B thinks of it.
        if opening.peek(parsed.segment).type != trailer.OPEN \
                or not packet.transport_valid(parsed.src, parsed.dst,
                                              parsed.proto, parsed.segment):
            raise ValueError('not an OPEN that can be sent again')

    def exchange(self):
        """The datagram arrives, and the answer to it."""
        self.send()
        return self.lab.until(self.answered)


def moved(data, port):
    """A copy from another wire port."""
    out = bytearray(data)
    at = packet.Packet(data).l4
    out[at:at + 2] = port.to_bytes(2, 'big')
    packet.fix_transport(out, data[12:16], data[16:20], packet.UDP, at)
    return bytes(out)


def replay(lab, clients, counter, text):
    """Copies deliver nothing, and are counted as `counter`."""
    before, got = lab.stats(), sum(lab.got.values())
    silent = lab.stats('A')['tx_sealed']
    copies = [data for one in clients
              for data in (one.opening, moved(one.opening, 1200))]
    for data in copies:
        lab.path.send(data)
    lab.until(lambda: lab.change(before).get(counter, 0) >= len(copies))
    lab.settle()
    change = lab.change(before)
    report(sum(lab.got.values()) == got,
           text + ': a copy delivers nothing', lab.states())
    want = {counter: len(copies)}
    if counter == 'rx_held':
        # The peer is asked to confirm, which it does not.
        want.update(tx_sealed=len(copies), tx_accept=len(copies),
                    tx_empty=len(copies))
    report(change == want, '%s: each counts as %s' % (text, counter), change)
    report(lab.stats('A')['tx_sealed'] == silent,
           text + ': A says nothing to it')


def late_client(lab, text, held):
    """A client that opens now."""
    client = Client(lab, text)
    before = {x: lab.stats(x) for x in 'AB'}
    good = client.exchange()
    lab.settle()
    a, b = (lab.change(before[x], x) for x in 'AB')
    report(good, text + ': a new client is answered', (a, b, lab.states()))
    # Either way there is one OPEN; confirming takes one empty packet each way.
    report(a.get('tx_open') == 1 and not a.get('tx_restarted')
           and a['tx_sealed'] == b['tx_sealed'] == 1 + held
           and b.get('rx_held', 0) == b.get('tx_empty', 0) == held,
           '%s: %s' % (text, 'one round trip confirms it first' if held
                       else 'it is fresh'), (a, b))
    return client


def connection(lab, text):
    """TCP confirms by itself, fresh or not."""
    link.enter_netns(lab.name['B'])
    listener = socket.create_server((B, PORT))
    listener.settimeout(20)
    link.enter_netns(lab.name['A'])
    before = lab.stats('A')
    good = False
    try:
        with socket.create_connection((B, PORT), 20) as sock:
            sock.sendall(b'hello')
            conn = listener.accept()[0]
            good = conn.recv(16) == b'hello'
            conn.close()
    except OSError as error:
        print('#', error)
    listener.close()
    change = lab.change(before, 'A')
    report(good and change.get('tx_open') == 1,
           text + ': a new connection works at once', change)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', required=True, help='folder for files')
    lab = Lab(parser.parse_args())

    # Before the crowd. One is never answered; A keeps the flows of the others.
    lab.path.rules('add table inet hold\nadd chain inet hold c { type filter '
                   'hook forward priority 0; }\n'
                   'add rule inet hold c iifname "rb" drop\n')
    early = [Client(lab, 'early and unheard', ask=False)]
    early[0].send()
    report(lab.has(early[0].data), 'what an unheard client says arrives')
    lab.settle()
    lab.flush('A')
    lab.path.rules('delete table inet hold\n')
    early += [Client(lab, 'early one'), Client(lab, 'early two')]
    report(all([one.exchange() for one in early[1:]]),
           'early clients are answered')
    lab.settle()
    # B has nothing of them but the cache.
    lab.flush('B')

    first = now()
    lab.open_many(CACHE - len(early), 'until the cache is full')
    replay(lab, early[:1], 'rx_replay', 'full, not over')
    # The flow that the copy made would enter its opening again when it ends.
    lab.flush('B')

    lab.open_many(OVER, 'over')
    floor = lab.crowd.times[OVER - len(early) - 1]
    report(first <= floor < now(), 'over: the floor is past',
           (first, floor, now()))
    replay(lab, early, 'rx_held', 'over')
    recent = late_client(lab, 'over', 0)
    replay(lab, [recent], 'rx_replay', 'over, cached since')

    # The fast one is next, and so the one that takes its place is the last
    # that is fresh.
    forgotten = OVER + 1 - len(early)
    lab.open_many(FAST - forgotten + 1, 'over, up to a fast clock')
    report(lab.crowd.times[FAST] > now(), 'the floor is ahead',
           (lab.crowd.times[FAST], now()))
    late = late_client(lab, 'before the floor', 1)
    connection(lab, 'before the floor')
    replay(lab, [late], 'rx_replay', 'before the floor, confirmed')
    replay(lab, [recent], 'rx_replay', 'before the floor, cached since')
    lab.flush('B')
    replay(lab, [late, recent], 'rx_replay', 'before the floor, ended')
    lab.flush('B')
    lab.settle()
    report(lab.got == lab.sent, 'in all, each payload arrived exactly once',
           (lab.got - lab.sent, lab.sent - lab.got))
    return 0


if __name__ == '__main__':
    sys.exit(main())
