#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Very many UDP flows between hosts A and B, in one process.

  many-flows.py ID COMMAND [ARGUMENT...]

ID is $topo_id. Flow number N is between port 10000 + N / 320 of A and port
300 + N % 320 of B, so a few hundred sockets use them all. No wire port is below
1024: a flow whose real tuple is the wire tuple of another one cannot be opened,
which one in 40,000 would be when there are 100,000 between two hosts.

  add FIRST LAST        manual flows FIRST to LAST - 1, on both hosts
  each FIRST LAST       one datagram on each of them from A to B; prints how many
                        came as they were sent
  open FIRST LAST       the same, then an answer on each and one datagram more:
                        flows that open themselves are then confirmed
  cost COUNT            what a packet costs while there are COUNT flows: of one
                        flow, of flows in their order, of flows at random, and
                        of sockets without a flow; prints nanoseconds each,
                        medians of interleaved blocks
  churn FIRST LAST      adds and deletes manual flows of A until killed
"""

import os
import random
import socket
import statistics
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../tools'))
import nlraw  # noqa: E402

WIDTH = 320
PORT_A, PORT_B, WIRE_A, WIRE_B, PORT_CLEAR = 10000, 300, 30000, 40000, 5000
ADDRESS = {'A': '10.0.1.1', 'B': '10.0.2.1'}
# Requests in one system call.
BATCH = 64
BLOCK, BLOCKS = 100, 21
SO_ATTACH_FILTER, SO_RCVBUFFORCE = 26, 33
NLM_F_REQUEST = 1


class Control:
    """Manual flows of one host, many with one system call."""

    def __init__(self, prefix, host):
        netns.enter('%s-%s' % (prefix, host))
        self.netlink = nlraw.Socket()
        self.sock = self.netlink.sock
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        self.side = 1 if host == 'A' else 2
        self.local = socket.inet_aton(ADDRESS[host])
        self.remote = socket.inet_aton(ADDRESS['B' if host == 'A' else 'A'])

    def ask(self, command, bodies):
        """Send requests; returns the flow id of each answer, or None."""
        kind = nlraw.COMMANDS[command]
        data = b''
        for body in bodies:
            data += struct.pack('=IHHII', 20 + len(body), self.netlink.family,
                                NLM_F_REQUEST | nlraw.NLM_F_ACK, 1, 0)
            data += struct.pack('=BBH', kind, 1, 0) + body
        self.sock.send(data)
        acks, ids = 0, []
        while acks < len(bodies):
            data = self.sock.recv(1 << 16)
            size, kind = struct.unpack_from('=IH', data)
            if kind == nlraw.NLMSG_ERROR:
                code = -struct.unpack_from('=i', data, 16)[0]
                if code:
                    raise OSError(code, os.strerror(code), command)
                acks += 1
            else:
                attrs = dict(nlraw.parse_attrs(data[20:size]))
                ids.append(struct.unpack(
                    '=I', attrs[nlraw.SETS['FLOW_']['id']])[0])
        return ids

    def add(self, flows):
        """Manual flows, given as pairs of number and key; returns their ids."""
        return self.ask('flow-add', [self.request(*f) for f in flows])

    def delete(self, ids):
        """By their ids."""
        number = nlraw.SETS['FLOW_']['id']
        self.ask('flow-del', [struct.pack('=HHI', 8, number, i) for i in ids])

    def request(self, number, key):
        """The attributes of one flow-add."""
        ports = [PORT_A + number // WIDTH, PORT_B + number % WIDTH,
                 WIRE_A + number // WIDTH, WIRE_B + number % WIDTH]
        if self.side == 2:
            ports = [ports[1], ports[0], ports[3], ports[2]]
        values = {'proto': b'\x11', 'local-ipv4': self.local,
                  'remote-ipv4': self.remote, 'side': bytes((self.side,)),
                  'key': key}
        for name, port in zip(('local-port', 'remote-port', 'wire-local-port',
                               'wire-remote-port'), ports):
            values[name] = struct.pack('!H', port)
        numbers = nlraw.SETS['FLOW_']
        return b''.join(nlraw.pad(struct.pack(
            '=HH', 4 + len(value), numbers[name]) + value)
            for name, value in values.items())


def add(prefix, first, last):
    """Both ends of flows."""
    both = [Control(prefix, host) for host in 'AB']
    for start in range(first, last, BATCH):
        flows = [(n, os.urandom(32)) for n in range(start,
                                                    min(start + BATCH, last))]
        for host in both:
            host.add(flows)
    print('added', last - first)


def sockets(prefix, host, port, count, deaf=False):
    """Bound UDP sockets on consecutive ports; deaf: nothing is delivered."""
    netns.enter('%s-%s' % (prefix, host))
    out = []
    for number in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if deaf:
            # One instruction: return 0, keep no byte.
            code = struct.pack('=HBBI', 6, 0, 0, 0)
            sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                            Program(code).packed)
        # All answers of a row come to one socket.
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        sock.bind((ADDRESS[host], port + number))
        sock.settimeout(60)
        out.append(sock)
    return out


class Program:
    """A classic filter as setsockopt wants it."""

    def __init__(self, code):
        # pylint: disable=import-outside-toplevel
        import ctypes
        self.code = ctypes.create_string_buffer(code)
        self.packed = struct.pack('HL', len(code) // 8,
                                  ctypes.addressof(self.code))


def rows(first, last):
    """The flows by their port of A: (row, first column, last column + 1)."""
    for row in range(first // WIDTH, (last + WIDTH - 1) // WIDTH):
        yield (row, max(first - row * WIDTH, 0),
               min(last - row * WIDTH, WIDTH))


def send_row(ours, theirs, row, columns, good):
    """One datagram on each flow of a row, and what came."""
    for column in columns:
        ours[row].sendto(struct.pack('=I', row * WIDTH + column),
                         (ADDRESS['B'], PORT_B + column))
    for column in columns:
        data, source = theirs[column].recvfrom(100)
        if data == struct.pack('=I', row * WIDTH + column) and \
                source == (ADDRESS['A'], PORT_A + row):
            good += 1
    return good


def answer_row(ours, theirs, row, columns):
    """The other way; how many came."""
    good = 0
    for column in columns:
        theirs[column].sendto(struct.pack('=I', column),
                              (ADDRESS['A'], PORT_A + row))
    for _ in columns:
        data, source = ours[row].recvfrom(100)
        good += source == (ADDRESS['B'],
                           PORT_B + struct.unpack('=I', data)[0])
    return good


def talk(prefix, first, last, opens):
    """A datagram on each flow, or what opens and confirms it."""
    ours = sockets(prefix, 'A', PORT_A, (last + WIDTH - 1) // WIDTH)
    theirs = sockets(prefix, 'B', PORT_B, WIDTH)
    good = answered = 0
    for row, left, right in rows(first, last):
        columns = range(left, right)
        good = send_row(ours, theirs, row, columns, good)
        if opens:
            answered += answer_row(ours, theirs, row, columns)
            good = send_row(ours, theirs, row, columns, good)
    print('good', good + answered)


def send_block(pairs):
    """Nanoseconds per packet."""
    data = bytes(100)
    start = time.perf_counter_ns()
    for sock, address in pairs:
        sock.sendto(data, address)
    return (time.perf_counter_ns() - start) / len(pairs)


def cost(prefix, count):
    """Medians of blocks, in turn."""
    ours = sockets(prefix, 'A', PORT_A, (count + WIDTH - 1) // WIDTH)
    clear = sockets(prefix, 'A', PORT_CLEAR, len(ours))
    kept = sockets(prefix, 'B', PORT_B, WIDTH, deaf=True)
    shuffle = random.Random(7)

    def pair(number, socks):
        return (socks[number // WIDTH],
                (ADDRESS['B'], PORT_B + number % WIDTH))

    def in_order(block):
        # All over the table: as far apart as there is room.
        step = max(count // (BLOCK * BLOCKS), 1)
        return [(block * BLOCK + i) * step % count for i in range(BLOCK)]

    def at_random(_):
        return [shuffle.randrange(count) for _ in range(BLOCK)]

    kinds = {
        'clear': lambda b: [pair(n, clear) for n in at_random(b)],
        'one': lambda b: [pair(count // 2, ours)] * BLOCK,
        'order': lambda b: [pair(n, ours) for n in in_order(b)],
        'random': lambda b: [pair(n, ours) for n in at_random(b)],
    }
    times = {name: [] for name in kinds}
    for block in range(BLOCKS):
        for name, make in kinds.items():
            times[name].append(send_block(make(block)))
    print(count, *('%.0f' % statistics.median(t) for t in times.values()))
    for sock in kept:
        sock.close()


def churn(prefix, first, last):
    """Flows come and go."""
    host = Control(prefix, 'A')
    print('ready', flush=True)
    while True:
        ids = host.add([(n, os.urandom(32)) for n in range(first, last)])
        host.delete(ids[::-1])


def main():
    """The command line."""
    prefix, command = sys.argv[1:3]
    numbers = [int(a) for a in sys.argv[3:]]
    if command == 'add':
        add(prefix, *numbers)
    elif command in ('each', 'open'):
        talk(prefix, *numbers, command == 'open')
    elif command == 'cost':
        cost(prefix, *numbers)
    elif command == 'churn':
        churn(prefix, *numbers)
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main()
