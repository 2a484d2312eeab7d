#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What scope payload is refused with.

  payload-forged.py sockets ID ADDRESS    from A; ports 91 and 92 of B answer
  payload-forged.py tamper ID KEYS INDEX  forged packets of a UDP flow to B

"pass TEXT" or "fail TEXT" for each result.
"""

import errno
import os
import socket
import struct
import sys
import time

import nets
import netns
from nets import difference, report
from sosst import PREFER, REQUIRE, asks, info

# pylint: disable=wrong-import-position
from sst import codec, kdf, packet  # noqa: E402
from sst.keys import KeysFile  # noqa: E402


def error_of(call, *args):
    """Its errno, 0 for none."""
    try:
        call(*args)
    except OSError as error:
        return error.errno
    return 0


def sockets(name, address):
    """What sockets get that ask for a scope."""
    netns.enter(name + '-A')
    sock = socket.socket()
    asks(sock, PREFER, kdf.SCOPE_PAYLOAD)
    report(info(sock).asked_scope == kdf.SCOPE_PAYLOAD, 'the scope is told')
    sock.connect((address, 91))
    report(info(sock).scope == kdf.SCOPE_PAYLOAD,
           'a connection has the scope of the socket if a rule says less')
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('', 5092))
    sock.settimeout(60)
    sock.sendto(b'first', (address, 92))
    report(sock.recv(100) == b'first', 'a datagram by the rule is answered')
    asks(sock, REQUIRE, kdf.SCOPE_PAYLOAD)
    got = error_of(sock.sendto, b'more', (address, 92))
    report(got == errno.ENOKEY, 'its flow is too little for a socket that '
           'asks for more: ENOKEY', str(got))
    asks(sock, REQUIRE)
    sock.sendto(b'again', (address, 92))
    report(sock.recv(100) == b'again', 'and good when root asks for less')


class Forger:
    """Makes packets of side 1 of a UDP flow and gives them to B."""

    def __init__(self, name, keys, index):
        self.flow = KeysFile.load(keys).flow(index)
        self.b = nets.Control(name + '-B')
        self.at_rb = nets.Tap(name + '-R', 'rb', '02:00:00:00:02:01')
        self.seq = 1000
        self.text = os.urandom(40)
        self.patience = 30

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
        end = time.monotonic() + self.patience
        change = {}
        while not change and time.monotonic() < end:
            change = difference(before, self.b.stats())
        if not change:
            # It is red by now: the rest need not take long.
            self.patience = 0.5
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
    if sys.argv[1] == 'sockets':
        sockets(*words)
    else:
        tamper(words[0], words[1], int(words[2]))


if __name__ == '__main__':
    main()
