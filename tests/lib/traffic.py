#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Traffic on the flows of a keys file, and a look at what it left behind.

run     TCP both ways at once and datagrams both ways, on every flow. Prints
        a JSON summary; status 0 when all data arrived unchanged.
storm   the same without looking at what arrives, until it is killed; nothing
        that happens to the network ends it.
reuse   reads a capture of the path: no counter may occur twice. Tags of some
        packets are verified, too.
"""

import argparse
import json
import os
import random
import selectors
import socket
import struct
import sys
import time

import nets  # noqa: F401  pylint: disable=unused-import

# pylint: disable=wrong-import-position
from sst import link, packet, pcap  # noqa: E402

PATTERN = random.Random(7).randbytes(65536) * 2
CHUNK = 16384


def make_socket(netns, kind, address, port):
    """A bound socket in a namespace."""
    link.enter_netns(netns)
    sock = socket.socket(socket.AF_INET6 if ':' in address
                         else socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    return sock


class Stream:
    """One end of a connection: sends the pattern and checks that of the
    other end, which began at another place."""

    def __init__(self, sock, own, other):
        self.sock = sock
        self.sent = own
        self.got = other
        self.start = own, other
        self.wrong = self.ended = self.shut = False
        sock.setblocking(False)

    def wants(self, more):
        """What to wait for."""
        del more
        return (not self.ended and selectors.EVENT_READ) \
            | (not self.shut and selectors.EVENT_WRITE)

    def write(self, more):
        """As much as fits; afterwards the end."""
        if self.shut:
            return
        if not more:
            self.sock.shutdown(socket.SHUT_WR)
            self.shut = True
            return
        at = self.sent % 65536
        self.sent += self.sock.send(PATTERN[at:at + CHUNK])

    def read(self):
        """What is there."""
        data = self.sock.recv(65536)
        if not data:
            self.ended = True
            return
        at = self.got % 65536
        if data != PATTERN[at:at + len(data)]:
            self.wrong = True
        self.got += len(data)


class Datagrams:
    """One end of a UDP flow: a few datagrams under way, each answered."""

    WINDOW = 4

    def __init__(self, sock, asks):
        self.sock = sock
        self.asks = asks
        self.sent = self.echoed = self.wrong = self.lost = 0
        self.open = {}
        sock.setblocking(False)

    def wants(self, more):
        """What to wait for; an answer that does not come is lost."""
        old = time.monotonic() - 3
        for number in [n for n, (_, at) in self.open.items() if at < old]:
            del self.open[number]
            self.lost += 1
        if self.asks and more and len(self.open) < self.WINDOW:
            return selectors.EVENT_READ | selectors.EVENT_WRITE
        return selectors.EVENT_READ

    def write(self, more):
        """Ask again when answers have come."""
        if more:
            size = self.sent * 131 % 1380
            data = struct.pack('>I', self.sent) + PATTERN[size:2 * size]
            self.open[self.sent] = data, time.monotonic()
            self.sent += 1
            self.sock.send(data)

    def read(self):
        """Answer, or look at an answer."""
        data = self.sock.recv(65536)
        if not self.asks:
            self.sock.send(data)
            return
        number = int.from_bytes(data[:4], 'big')
        if self.open.pop(number, (data,))[0] == data and number < self.sent:
            self.echoed += 1
        else:
            self.wrong += 1


def entries_of(args):
    """The flows of a keys file, without what it takes to use the keys."""
    with open(args.keys, encoding='utf-8') as source:
        return json.load(source)


def open_flow(names, entry):
    """Both ends of one flow."""
    a = entry['a_addr'], entry['a_port']
    b = entry['b_addr'], entry['b_port']
    if entry['proto'] == 'udp':
        one = make_socket(names['A'], socket.SOCK_DGRAM, *a)
        two = make_socket(names['B'], socket.SOCK_DGRAM, *b)
        one.connect(b)
        two.connect(a)
        return Datagrams(one, True), Datagrams(two, False)
    server = make_socket(names['B'], socket.SOCK_STREAM, *b)
    server.listen(1)
    server.settimeout(30)
    one = make_socket(names['A'], socket.SOCK_STREAM, *a)
    one.settimeout(30)
    one.connect(b)
    two = server.accept()[0]
    server.close()
    return Stream(one, 11, 22), Stream(two, 22, 11)


def work(entries, names, args):
    """One process: all traffic of its flows; a list of verdicts."""
    ends = [open_flow(names, entry) for entry in entries]
    select = selectors.DefaultSelector()
    stop = time.monotonic() + args.seconds
    limit = stop + args.drain
    while time.monotonic() < limit:
        more = time.monotonic() < stop
        if not more and all(finished(pair) for pair in ends):
            break
        for end in [end for pair in ends for end in pair]:
            wanted = end.wants(more)
            if end.sock not in select.get_map():
                if wanted:
                    select.register(end.sock, wanted, end)
            elif not wanted:
                select.unregister(end.sock)
            else:
                select.modify(end.sock, wanted, end)
        for key, events in select.select(0.2):
            if events & selectors.EVENT_READ:
                key.data.read()
            if events & selectors.EVENT_WRITE:
                key.data.write(more)
    return [verdict(entry, pair) for entry, pair in zip(entries, ends)]


def finished(pair):
    """Nothing is under way any more."""
    if isinstance(pair[0], Stream):
        return all(end.ended and end.shut for end in pair)
    return not pair[0].open


def verdict(entry, pair):
    """What became of a flow."""
    one, two = pair
    if isinstance(one, Stream):
        good = finished(pair) and not one.wrong and not two.wrong \
            and one.sent == two.got and two.sent == one.got
        return {'name': entry['name'], 'ok': good, 'bytes': [
            one.sent - 11, two.sent - 22], 'got': [two.got - 11,
                                                   one.got - 22]}
    # A busy host may lose datagrams between its processors; counters tell
    # whether it was the module.
    return {'name': entry['name'], 'ok': not one.wrong
            and one.echoed > one.lost, 'asked': one.sent,
            'echoed': one.echoed, 'lost': one.lost, 'wrong': one.wrong}


def namespaces(args):
    """Full names of A and B."""
    return {x: '%s-%s' % (args.id, x) for x in 'AB'}


def run(args):
    """Share the flows out to some processes."""
    entries = entries_of(args)
    readers = []
    for number in range(args.processes):
        own = entries[number::args.processes]
        back, there = os.pipe()
        if not os.fork():
            try:
                result = work(own, namespaces(args), args)
            except Exception as error:  # pylint: disable=broad-except
                result = [{'name': own[0]['name'], 'ok': False,
                           'error': repr(error)}]
            os.write(there, json.dumps(result).encode())
            os._exit(0)
        os.close(there)
        readers.append(back)
    rows = []
    for back in readers:
        with os.fdopen(back) as source:
            rows += json.load(source)
    print(json.dumps({
        'ok': all(row['ok'] for row in rows), 'flows': len(rows),
        'bytes': sum(sum(row.get('bytes', ())) for row in rows),
        'datagrams': sum(row.get('echoed', 0) for row in rows),
        'lost': sum(row.get('lost', 0) for row in rows),
        'bad': [row for row in rows if not row['ok']]}))
    return 0 if all(row['ok'] for row in rows) else 1


def storm(args):
    """Send and send, from the hosts that are asked for."""
    names = namespaces(args)
    socks = []
    for entry in entries_of(args):
        if entry['proto'] == 'tcp' and args.hosts == 'AB':
            try:
                socks += [end.sock for end in open_flow(names, entry)]
            except OSError:
                pass
        elif entry['proto'] == 'udp':
            for host, end, other in (('A', 'a', 'b'), ('B', 'b', 'a')):
                if host not in args.hosts:
                    continue
                sock = make_socket(names[host], socket.SOCK_DGRAM,
                                   entry[end + '_addr'],
                                   entry[end + '_port'])
                sock.connect((entry[other + '_addr'],
                              entry[other + '_port']))
                sock.setblocking(False)
                socks.append(sock)
    print('ready', flush=True)
    turn = 0
    while True:
        turn += 1
        for sock in socks:
            try:
                sock.send(PATTERN[:1 + turn * 977 % 1400])
            except OSError:
                pass
            try:
                sock.recv(65536)
            except OSError:
                pass
        if turn % 10 == 0:
            # Something must be left for those who take it all away.
            time.sleep(0.01)


def reuse(args):
    """Look at every sealed packet of a capture."""
    # pylint: disable=import-outside-toplevel
    from sst import codec, trailer
    from sst.keys import KeysFile
    keys = KeysFile.load(args.keys)
    flows = {}
    for flow in keys.flows():
        for side in (1, 2):
            flows[flow.wire_tuple(side)] = flow, side
    seen, kris, bad = set(), set(), []
    count = verified = 0
    for _, data, cut in pcap.Reader(args.capture).packets():
        parsed = packet.Packet(data)
        if cut or not parsed.is_transport:
            continue
        found = flows.get(parsed.tuple())
        if not found:
            bad.append('not of a flow: %s' % data[:60].hex())
            continue
        count += 1
        meta = trailer.Meta.unpack(parsed.data[-24:-16])
        counter = parsed.tuple(), meta.kri, meta.seq
        if counter in seen:
            bad.append('%s: kri %d seq %d twice' % (
                found[0].name, meta.kri, meta.seq))
        seen.add(counter)
        kris.add(meta.kri)
        if count % args.verify == 0:
            flow, side = found
            codec.check_ports(flow, side, codec.authenticate(
                flow, side, codec.take_apart(parsed, flow, False)))
            verified += 1
    print(json.dumps({'packets': count, 'verified': verified,
                      'kris': len(kris), 'bad': len(bad),
                      'examples': bad[:5]}))
    return 0 if count >= args.least and not bad else 1


def main():
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = parser.add_subparsers(dest='command', required=True)
    for name, call in (('run', run), ('storm', storm), ('reuse', reuse)):
        one = sub.add_parser(name)
        one.add_argument('--keys', required=True)
        one.set_defaults(call=call)
        if name == 'reuse':
            one.add_argument('capture')
            one.add_argument('--least', type=int, default=1)
            one.add_argument('--verify', type=int, default=50,
                             metavar='N', help='every Nth packet')
            continue
        one.add_argument('--id', required=True, help='$topo_id')
        if name == 'storm':
            one.add_argument('--hosts', default='AB')
            continue
        one.add_argument('--seconds', type=float, default=10)
        one.add_argument('--drain', type=float, default=30)
        one.add_argument('--processes', type=int, default=1)
    args = parser.parse_args()
    return args.call(args)


if __name__ == '__main__':
    sys.exit(main())
