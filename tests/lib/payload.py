#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What scope payload is tried with.

  payload.py serve PORT FILE              write what one connection sends
  payload.py send ADDRESS PORT FILE HOW   HOW: write, sendfile or zerocopy
  payload.py echo PORT                    send each datagram back
  payload.py ask ADDRESS PORT SIZE...     a datagram of each size, and back
  payload.py tamper ID KEYS INDEX         forged packets of a UDP flow to B

The text of FILE must be as before when it was sent: "pass TEXT" or "fail TEXT"
for each result.
"""

import os
import socket
import struct
import sys
import time

import nets
from nets import difference, report

# pylint: disable=wrong-import-position
from sst import codec, kdf, packet  # noqa: E402
from sst.keys import KeysFile  # noqa: E402

SO_ZEROCOPY = 60
MSG_ZEROCOPY = 0x4000000


def serve(port, path):
    """One connection, to a file."""
    server = socket.create_server(('::', port), family=socket.AF_INET6,
                                  dualstack_ipv6=True)
    sock, _ = server.accept()
    with open(path, 'wb') as out:
        while True:
            data = sock.recv(1 << 16)
            if not data:
                return
            out.write(data)


def send_file(sock, path):
    """From the page cache."""
    with open(path, 'rb') as source:
        sock.sendfile(source)


def send_zerocopy(sock, path):
    """From memory that the kernel does not copy."""
    with open(path, 'rb') as source:
        data = bytearray(source.read())
    before = bytes(data)
    sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
    view, at = memoryview(data), 0
    while at < len(data):
        at += sock.send(view[at:at + (1 << 16)], MSG_ZEROCOPY)
    sock.shutdown(socket.SHUT_WR)
    sock.recv(1)
    if data != before:
        sys.exit('the memory of the sender was written')


def send(address, port, path, how):
    """One connection, from a file."""
    sock = socket.create_connection((address, port), 20)
    if how == 'sendfile':
        send_file(sock, path)
    elif how == 'zerocopy':
        send_zerocopy(sock, path)
    else:
        with open(path, 'rb') as source:
            sock.sendall(source.read())
    sock.close()


def echo(port):
    """Until the test ends."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.bind(('::', port))
    while True:
        data, who = sock.recvfrom(1 << 16)
        sock.sendto(data, who)


def ask(address, port, sizes):
    """One after the other, each compared."""
    sock = socket.socket(socket.AF_INET6 if ':' in address
                         else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(10)
    sock.connect((address, port))
    for size in sizes:
        data = (b'plainly to be seen: 0123456789\n' * (size // 31 + 1))[:size]
        sock.send(data)
        if sock.recv(1 << 16) != data:
            sys.exit('%d bytes came back changed' % size)


class Forger:
    """Makes packets of side 1 of a UDP flow and gives them to B."""

    def __init__(self, name, keys, index):
        self.flow = KeysFile.load(keys).flow(index)
        self.b = nets.Control(name + '-B')
        self.at_rb = nets.Tap(name + '-R', 'rb', '02:00:00:00:02:01')
        self.seq = 1000
        self.text = os.urandom(40)

    def sealed(self, flow=None, flags=0):
        """A genuine packet, unless something is said."""
        flow = flow or self.flow
        src, dst = flow.addrs[1], flow.addrs[2]
        self.seq += 1
        original = packet.ip(src, dst, packet.UDP, packet.udp(
            src, dst, flow.ports[1], flow.ports[2], self.text))
        return codec.seal_data(flow, 1, original, 0, self.seq, flags)

    def counted(self, data):
        """What B counts for a packet."""
        before = self.b.stats()
        self.at_rb.send(data)
        end = time.monotonic() + 2
        change = {}
        while not change and time.monotonic() < end:
            change = difference(before, self.b.stats())
        return change

    def expect(self, text, data, counter):
        """One packet, one counter."""
        change = self.counted(data)
        report(change == {counter: 1}, text, repr(change))


def fixed(parsed, data):
    """With a checksum that is right again."""
    packet.fix_transport(data, parsed.src, parsed.dst, parsed.proto, parsed.l4)
    return bytes(data)


def tamper(name, keys, index):
    """Each byte of the payload, flags and scopes."""
    forger = Forger(name, keys, index)
    wrong = []
    wire = forger.sealed()
    parsed = packet.Packet(wire)
    first = parsed.l4 + 8
    places = list(range(first, first + len(forger.text) + 4)) \
        + list(range(len(wire) - 16, len(wire)))
    for at in places:
        data = bytearray(wire)
        data[at] ^= 1 << at % 8
        change = forger.counted(fixed(parsed, data))
        if change != {'rx_auth': 1}:
            wrong.append('byte %d: %r' % (at, change))
    report(not wrong, 'a change of any byte of payload, box or tag is seen',
           '\n'.join(wrong))
    forger.expect('P left out, with a right tag', forger.sealed(flags=1),
                  'rx_flags')
    ports = KeysFile.load(keys).flow(index)
    ports.scope = kdf.SCOPE_PORTS
    forger.expect('the same keys in scope ports', forger.sealed(ports),
                  'rx_flags')
    keys_of_ports = ports.keys
    other = kdf.manual_flow_key(bytes(32), kdf.SCOPE_PAYLOAD, packet.UDP, 1, 2)
    ports.scope = kdf.SCOPE_PAYLOAD
    ports.set_flow_key(other)
    forger.expect('other keys', forger.sealed(ports), 'rx_auth')
    ports.keys = keys_of_ports
    data = bytearray(wire)
    struct.pack_into('>H', data, parsed.l4 + 6,
                     0x1234 if data[parsed.l4 + 6:parsed.l4 + 8]
                     != b'\x12\x34' else 0x4321)
    forger.expect('a wrong checksum on the wire', bytes(data), 'rx_checksum')
    forger.expect('the packet itself', forger.sealed(), 'rx_opened')


def main():
    """The command line."""
    words = sys.argv[2:]
    if sys.argv[1] == 'serve':
        serve(int(words[0]), words[1])
    elif sys.argv[1] == 'send':
        send(words[0], int(words[1]), *words[2:])
    elif sys.argv[1] == 'echo':
        echo(int(words[0]))
    elif sys.argv[1] == 'ask':
        ask(words[0], int(words[1]), [int(size) for size in words[2:]])
    else:
        tamper(words[0], words[1], int(words[2]))


if __name__ == '__main__':
    main()
