#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""More openings than a replay cache of B holds, all over the wire.

First INITs of anybody, from ever new addresses, and then OPENs on an
association, of a peer with a pre-shared key of its own. No more than
max-half-open of their flows are there at a time, so the bound on the flows of
one source is never met. Prints a line "pass TEXT" or "fail TEXT" for each
result.
"""

import argparse
import collections
import json
import os
import socket
import subprocess
import sys
import time

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey, X25519PublicKey)
from cryptography.hazmat.primitives.serialization import (
    Encoding, PublicFormat)

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import assoc, codec, flow, handshake, hostkey, kdf, link, \
    opening, packet, trailer  # noqa: E402

# SST_SEEN_MAX of sst/seen.h, B3 of the protocol.
CACHE = 65536
A, B = {4: '10.0.1.1', 6: 'fd00:1::1'}, {4: '10.0.2.1', 6: 'fd00:2::1'}
CROWD, STRANGER = '10.0.3.1', '10.9.%d.%d'
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
PORT = 5300
MAC_B = '02:00:00:00:02:01'
# Openings that are sent before the server is read: they fit in its buffer.
BATCH = 128
# How many more than fit.
OVER = 1000
# One of the crowd has a clock that is fast by so much, just inside of the
# window: when it is forgotten, too, however long that took, the floor lies ahead.
FAST, AHEAD = 1500, 580


def now():
    """The time that an opening would say."""
    return int(time.time())


class Crowd:
    """Openings that nobody else made, their times, and what B counts."""

    def __init__(self):
        self.made = 0
        self.times = []

    def next(self):
        """(payload, packet) of one more."""
        number = self.made
        self.made += 1
        when = now()
        if number == FAST:
            when += AHEAD
        self.times.append(when)
        payload = b'%s %d' % (self.text.encode(), number)
        return payload, self.seal(number, when, payload)


class Strangers(Crowd):
    """INITs, each from another address."""

    text = 'INIT'
    own = 0                 # openings of its own before the first
    counts = 'rx_init', 'rx_queued', 'rx_opened'

    def __init__(self, public):
        super().__init__()
        self.host = hostkey.PublicKey(public)
        self.public = X25519PublicKey.from_public_bytes(public)
        self.dst = packet.addr(B[4])

    def seal(self, number, when, payload):
        """A packet with INIT."""
        more, rest = divmod(number, 65536)
        src = packet.addr(STRANGER % (rest >> 8, rest & 255))
        real = 1024 + more
        e_i = X25519PrivateKey.generate()
        enc_i = e_i.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        keys = self.host.init_keys_by(e_i.exchange(self.public), enc_i)
        return opening.seal_packet(
            flow.Flow(packet.UDP, src, real, self.dst, PORT, 32768 + more,
                      20001, None, 1), 1,
            packet.ip(src, self.dst, packet.UDP, packet.udp(
                src, self.dst, real, PORT, payload)), trailer.INIT, 0,
            keys.key, opening.init_clear(self.host.key_id, enc_i),
            opening.init_plain(real, PORT, 1, when))


class Host:
    """What an attempt asks of a host."""

    rand = staticmethod(os.urandom)
    wall = staticmethod(time.time)


class Peer(Crowd):
    """OPENs on one association, all from one address."""

    text = 'OPEN'
    own = 1
    counts = 'rx_open', 'rx_opened'

    def __init__(self, path, where):
        """path: of a pre-shared key; where: the Path to B."""
        super().__init__()
        psk = assoc.Psk.load(path)
        self.side = psk.side
        ends = {self.side: CROWD, 3 - self.side: B[4]}
        self.flow = flow.Flow(packet.UDP, ends[1], 0, ends[2], 0, 0, 0, None,
                              self.side)
        self.src, self.dst = packet.addr(CROWD), packet.addr(B[4])
        self.assoc = self._associate(handshake.PskAttempt(Host, psk), where)

    def _set(self, real, wires):
        """The flow whose packets are made next."""
        self.flow.ports = {self.side: real, 3 - self.side: PORT}
        self.flow.wires = {self.side: wires[0], 3 - self.side: wires[1]}

    def _seal(self, payload, key, clear, plain, flags=0):
        real = self.flow.ports[self.side]
        return opening.seal_packet(
            self.flow, self.side, packet.ip(
                self.src, self.dst, packet.UDP, packet.udp(
                    self.src, self.dst, real, PORT, payload)),
            trailer.OPEN, 0, key, clear, plain, flags)

    def _associate(self, attempt, where):
        """By OPEN with N; B knows it when a DATA has come."""
        side, other = self.side, 3 - self.side
        self._set(1023, (32767, 20000))
        tap = where.listen()
        where.send(self._seal(
            b'association', attempt.open_key, attempt.name + attempt.whole,
            attempt.plain(1023, PORT, self.flow.scope), attempt.flags))
        answers = []
        while not answers:
            answers = [parsed for parsed in map(packet.Packet, tap.passed(
                False, 1)) if parsed.is_transport
                and parsed.ports == (20000, 32767)]
        tap.sock.close()
        parts = opening.take_apart(answers[0], False, True)
        salts = attempt.salt_i, parts.fields['enc_r'][:16]
        made = attempt.derive(parts.fields['enc_r'])
        opening.unseal(parts, made.accept_key(other, *salts))
        ports = self.flow.ports
        self.flow.set_flow_key(made.flow_key(*salts, kdf.flow_context(
            self.flow.scope, packet.UDP, side, ports[side], ports[other])))
        where.send(codec.seal_data(self.flow, side, packet.ip(
            self.src, self.dst, packet.UDP, packet.udp(
                self.src, self.dst, 1023, PORT)),
            *self.flow.sender.next(), trailer.E))
        return made

    def seal(self, number, when, payload):
        """A packet with OPEN."""
        # Neither a real nor a wire tuple comes again while a flow has it.
        real = 1024 + number % 30000
        self._set(real, (32768 + number % 32768, 20001 + number // 32768))
        salt = os.urandom(16)
        return self._seal(payload, self.assoc.open_key(self.side, salt),
                          self.assoc.assoc_id + salt, opening.open_plain(
                              real, PORT, self.flow.scope, when))


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


def received(sock):
    """(data, sender) of each datagram that waits."""
    while True:
        try:
            yield sock.recvfrom(2048)
        except BlockingIOError:
            return


class Lab:
    """Both hosts, the path, and the server on B."""

    def __init__(self, args):
        self.name = {x: '%s-%s' % (args.id, x) for x in 'ABR'}
        self.control = {x: nets.Control(self.name[x]) for x in 'AB'}
        self.path = Path(self.name['R'])
        link.enter_netns(self.name['B'])
        self.servers = [self._server(family) for family in B]
        # What was sent, and what the servers got, each with how often.
        self.sent = collections.Counter()
        self.got = collections.Counter()

    @staticmethod
    def _server(family):
        sock = socket.socket(FAMILY[family], socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)
        sock.bind((B[family], PORT))
        sock.setblocking(False)
        return sock

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
        """The servers take what is there, and answer A's clients."""
        for server in self.servers:
            for data, sender in received(server):
                self.got[data] += 1
                if data.startswith(b'ask'):
                    server.sendto(b'answer ' + data, sender)

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

    def forget(self):
        """A opens the next flow with a key, not on an association."""
        self.sstctl('A', 'assoc', 'flush')

    def states(self):
        """States of B's flows with A, for a failure."""
        flows = json.loads(self.sstctl('B', '-j', 'flow', 'show'))['flows']
        return [(one['state'], one['wire_remote_port']) for one in flows
                if one['remote'] in A.values()]

    def open_many(self, crowd, count, text):
        """Of the crowd: each is fresh, and its payload delivered at once."""
        before, began = self.stats(), time.monotonic()
        goal = crowd.made + count
        payloads = []
        while crowd.made < goal:
            last = None
            for _ in range(min(BATCH, goal - crowd.made)):
                last, data = crowd.next()
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
        have = {name: number for name, number in change.items()
                if name.startswith('rx_')}
        report(have == dict.fromkeys(crowd.counts, count),
               '%s: all are fresh, none is dropped' % text, have)


class Client:
    """A program on A, and its opening as the path has recorded it."""

    def __init__(self, lab, family, text, ask=True):
        self.lab = lab
        self.data = b'%s %s' % (b'ask' if ask else b'say', text.encode())
        link.enter_netns(lab.name['A'])
        self.sock = socket.socket(FAMILY[family], socket.SOCK_DGRAM)
        self.sock.bind((A[family], 0))
        self.sock.connect((B[family], PORT))
        self.sock.setblocking(False)
        self.answers = []
        self.opening = None
        self.queued = False

    def answered(self):
        """The server's answer is there."""
        self.answers += [data for data, _ in received(self.sock)]
        return b'answer ' + self.data in self.answers

    def send(self):
        """Its one datagram; the first packet that passes is the opening."""
        tap = self.lab.path.listen()
        self.sock.send(self.data)
        self.lab.sent[self.data] += 1
        self.lab.until(lambda: self.lab.has(self.data))
        self.opening = tap.passed(True, 0.2)[0]
        tap.sock.close()
        parsed = packet.Packet(self.opening)
        meta = opening.peek(parsed.segment)
        # With a bad checksum it would deliver nothing whatever B thinks of it.
        if meta.type not in opening.OPENINGS \
                or not packet.transport_valid(parsed.src, parsed.dst,
                                              parsed.proto, parsed.segment):
            raise ValueError('not an opening that can be sent again')
        # What it makes needs public-key work.
        self.queued = meta.type == trailer.INIT or meta.flags & trailer.N

    def exchange(self):
        """The datagram arrives, and the answer to it."""
        self.send()
        return self.lab.until(self.answered)


def moved(data, port):
    """A copy from another wire port."""
    out = bytearray(data)
    parsed = packet.Packet(data)
    out[parsed.l4:parsed.l4 + 2] = port.to_bytes(2, 'big')
    packet.fix_transport(out, parsed.src, parsed.dst, packet.UDP, parsed.l4)
    return bytes(out)


def replay(lab, clients, counter, text, ended=True):
    """Copies deliver nothing, and are counted as `counter`.

    ended: B has no flow of them any more.
    """
    before, got = lab.stats(), sum(lab.got.values())
    silent = lab.stats('A')['tx_sealed']
    copies = [data for one in clients
              for data in (one.opening, moved(one.opening, 1200))]
    # One at a time, or one would wait behind the other.
    for number, data in enumerate(copies, 1):
        lab.path.send(data)
        lab.until(lambda number=number: lab.change(before).get(
            counter, 0) >= number, 5)
    lab.settle()
    change = lab.change(before)
    report(sum(lab.got.values()) == got,
           text + ': a copy delivers nothing', lab.states())
    want = {counter: len(copies)}
    if counter == 'rx_held':
        # The peer is asked to confirm, which it does not.
        want.update(tx_sealed=len(copies), tx_accept=len(copies),
                    tx_empty=len(copies), rx_forgotten=len(copies))
    queued = 2 * sum(bool(one.queued) for one in clients)
    if ended and queued:
        want['rx_queued'] = queued
    report(change == want, '%s: each counts as %s' % (text, counter), change)
    report(lab.stats('A')['tx_sealed'] == silent,
           text + ': A says nothing to it')


def late_client(lab, family, text, held):
    """A client that opens now."""
    client = Client(lab, family, text)
    before = {x: lab.stats(x) for x in 'AB'}
    good = client.exchange()
    lab.settle()
    a, b = (lab.change(before[x], x) for x in 'AB')
    report(good, text + ': a new client is answered', (a, b, lab.states()))
    # There is one opening; confirming takes one empty packet each way, of which
    # A's goes anyway when an association was made.
    report(a.get('tx_open', 0) + a.get('tx_init', 0) == 1
           and not a.get('tx_restarted')
           and a['tx_sealed'] == (2 if client.queued else 1 + held)
           and b['tx_sealed'] == 1 + held
           and b.get('rx_held', 0) == b.get('tx_empty', 0)
           == b.get('rx_forgotten', 0) == held and not b.get('rx_clock'),
           '%s: %s' % (text, 'one round trip confirms it first' if held
                       else 'it is fresh'), (a, b))
    return client


def connection(lab, family, text):
    """TCP confirms by itself, fresh or not."""
    link.enter_netns(lab.name['B'])
    listener = socket.create_server((B[family], PORT), family=FAMILY[family])
    listener.settimeout(20)
    link.enter_netns(lab.name['A'])
    before = lab.stats('A')
    good = False
    try:
        with socket.create_connection((B[family], PORT), 20) as sock:
            sock.sendall(b'hello')
            conn = listener.accept()[0]
            good = conn.recv(16) == b'hello'
            conn.close()
    except OSError as error:
        print('#', error)
    listener.close()
    change = lab.change(before, 'A')
    report(good and change.get('tx_open', 0) + change.get('tx_init', 0) == 1
           and not change.get('tx_restarted'),
           text + ': a new connection works at once', change)


def unheard(lab, family, text):
    """A client whom B's answers do not reach; A gives up its flow."""
    lab.path.rules('add table inet hold\nadd chain inet hold c { type filter '
                   'hook forward priority 0; }\n'
                   'add rule inet hold c iifname "rb" drop\n')
    client = Client(lab, family, text, ask=False)
    client.send()
    report(lab.has(client.data), text + ': what it says arrives')
    lab.settle()
    lab.flush('A')
    lab.path.rules('delete table inet hold\n')
    return client


def overflow(lab, crowd, family, kinds):
    """Before the crowd, while its openings are forgotten, and behind it.

    kinds: whether A's clients have no association, for each client.
    """
    def text(what):
        return '%s: %s' % (crowd.text, what)

    def client(function, new, what, *more):
        if new:
            lab.forget()
        return function(lab, family, text(what + (', no association' if new
                                                  else '')), *more)

    def recent_clients(what, held):
        return [client(late_client, new, what, held) for new in kinds]

    # A has no association before the first of them.
    early = [unheard(lab, family, text('early and unheard'))]
    early += [client(Client, new, 'early') for new in kinds]
    report(all([one.exchange() for one in early[1:]]),
           text('early clients are answered'))
    lab.settle()
    # B has nothing of them but the cache.
    lab.flush('B')
    taken = crowd.own + len(early)

    first = now()
    lab.open_many(crowd, CACHE - taken, text('until the cache is full'))
    replay(lab, early[:1], 'rx_replay', text('full, not over'))
    # The flow that the copy made would enter its opening again when it ends.
    lab.flush('B')

    lab.open_many(crowd, OVER, text('over'))
    floor = crowd.times[OVER - taken - 1]
    report(first <= floor < now(), text('over: the floor is past'),
           (first, floor, now()))
    replay(lab, early, 'rx_held', text('over'))
    recent = recent_clients('over', 0)
    replay(lab, recent, 'rx_replay', text('over, cached since'), False)

    # The fast one is next, and so the one that takes its place is the last
    # that is fresh.
    forgotten = OVER + len(recent) - taken
    lab.open_many(crowd, FAST - forgotten + 1,
                  text('over, up to a fast clock'))
    report(crowd.times[FAST] > now(), text('the floor is ahead'),
           (crowd.times[FAST], now()))
    late = recent_clients('before the floor', 1)
    for new in kinds:
        client(connection, new, 'before the floor')
    replay(lab, late, 'rx_replay', text('before the floor, confirmed'), False)
    # These have ended when the crowd had.
    replay(lab, recent, 'rx_replay', text('before the floor, cached since'))
    lab.flush('B')
    replay(lab, late + recent, 'rx_replay', text('before the floor, ended'))
    lines = lab.sstctl('B', 'stats').decode().splitlines()
    at = [line.split()[0] for line in lines].index('rx_forgotten')
    report('To do: ' in lines[at + 1] and 'cookies' in lines[at + 1],
           text('sstctl stats says what to do'), lines[at + 1])
    lab.flush('B')
    lab.settle()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', required=True, help='folder for files')
    parser.add_argument('--public', help="B's public key: INITs, not OPENs")
    args = parser.parse_args()
    lab = Lab(args)
    if args.public:
        overflow(lab, Strangers(hostkey.parse(args.public)), 6, (True,))
        # The caches are apart: INITs do not make OPENs stale.
        for new in (True, False):
            late_client(lab, 4, 'behind the INITs, OPEN%s' % (
                ' with N' if new else ''), 0)
    else:
        crowd = Peer(os.path.join(args.tmp, 'crowd.psk'), lab.path)
        lab.sent[b'association'] += 1
        overflow(lab, crowd, 4, (True, False))
    report(lab.got == lab.sent, 'in all, each payload arrived exactly once',
           (lab.got - lab.sent, lab.sent - lab.got))
    return 0


if __name__ == '__main__':
    sys.exit(main())
