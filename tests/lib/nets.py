# SPDX-License-Identifier: GPL-2.0
"""Hosts of a test's network, from within one Python process.

A socket stays in the namespace in which it was made, so one process can be
application on both hosts, attacker between them and observer at once.
"""

import os
import re
import select
import socket
import struct
import sys
import threading
import time

_TESTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(_TESTS, 'pysst'))

# pylint: disable=wrong-import-position
from sst import link, packet, pcap  # noqa: E402

_OUTGOING = 4
_ERROR = 2
_RCVBUFFORCE = 33


def _counter_names():
    """Names of the counters by their attribute number."""
    path = os.path.join(os.path.dirname(_TESTS), 'include', 'uapi', 'linux',
                        'sst_netlink.h')
    with open(path, encoding='utf-8') as source:
        names = re.findall(r'^\tSST_A_STATS_(\w+)(?: = 1)?,$', source.read(),
                           re.M)
    return {i + 1: name.lower() for i, name in enumerate(names)}


class Control:
    """The module's netlink family in one namespace."""

    FLOW_GET, STATS_GET = 3, 5
    TX_KRI, TX_SEQ, RX_KRI, ID = 16, 17, 18, 1

    def __init__(self, netns):
        link.enter_netns(netns)
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.sock.bind((0, 0))
        self.names = _counter_names()
        found = self._ask(16, 3, struct.pack('=HH4s', 8, 2, b'sst\0'))
        self.family = struct.unpack('=H', found[1][:2])[0]

    def _ask(self, family, command, body=b''):
        head = struct.pack('=BBH', command, 1, 0)
        self.sock.send(struct.pack('=IHHII', 20 + len(body), family, 1, 1, 0)
                       + head + body)
        data = self.sock.recv(65536)
        size, kind = struct.unpack_from('=IH', data)
        if kind == _ERROR:
            code = -struct.unpack_from('=i', data, 16)[0]
            raise OSError(code, os.strerror(code))
        return dict(_attributes(data[20:size]))

    def stats(self):
        """All counters by name."""
        got = self._ask(self.family, self.STATS_GET)
        return {self.names[kind & 0x3fff]: struct.unpack('=Q', body)[0]
                for kind, body in got.items() if len(body) == 8}

    def flow(self, number):
        """(tx kri, tx seq, rx kri) of the flow with this id."""
        got = self._ask(self.family, self.FLOW_GET,
                        struct.pack('=HHI', 8, self.ID, number))
        return (struct.unpack('=H', got[self.TX_KRI])[0],
                struct.unpack('=I', got[self.TX_SEQ])[0],
                struct.unpack('=H', got[self.RX_KRI])[0])


def _attributes(data):
    at = 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from('=HH', data, at)
        if size < 4:
            return
        yield kind, data[at + 4:at + size]
        at += (size + 3) & ~3


# Counters that say why, besides the one that says what became of a packet.
REASONS = frozenset(('rx_clock', 'rx_forgotten', 'rx_no_assoc', 'rx_no_key',
                     'assoc_expired', 'assoc_lost'))


def difference(before, after):
    """Counters that changed, and by how much."""
    return {name: after[name] - before[name] for name in after
            if after[name] != before[name]}


class Tap:
    """An interface: what passes there, and a way to put packets on it."""

    def __init__(self, netns, ifname, to_mac='02:00:00:00:00:00'):
        link.enter_netns(netns)
        self.sock = link.raw_socket(ifname)
        self.sock.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 1 << 24)
        self.sock.setblocking(False)
        self.own = link.interface_mac(ifname)
        self.peer = link.mac(to_mac)

    def send(self, data):
        """One IP packet to the neighbour."""
        while True:
            try:
                self.sock.send(link.ether(self.peer, self.own, data))
                return
            except BlockingIOError:
                time.sleep(0.001)

    def passed(self, outgoing, wait=0.0):
        """IP packets since the last call, of one direction.

        Multicast, of which hosts send some unasked, is left out.
        """
        out = []
        end = time.monotonic() + wait
        while True:
            try:
                frame, where = self.sock.recvfrom(65600)
            except BlockingIOError:
                left = end - time.monotonic()
                if left <= 0:
                    return out
                select.select([self.sock], [], [], left)
                continue
            if (where[2] == _OUTGOING) != outgoing or frame[0] & 1:
                continue
            data = pcap.ip_packet(pcap.EN10MB, frame)
            if data:
                out.append(data)


def _family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


class Talk:
    """One pair of sockets, an application on each host, over one flow."""

    def __init__(self, ns_a, ns_b, entry):
        self.entry = entry
        self.tcp = entry['proto'] == 'tcp'
        self.name = entry['name']
        end_a = (entry['a_addr'], entry['a_port'])
        end_b = (entry['b_addr'], entry['b_port'])
        kind = socket.SOCK_STREAM if self.tcp else socket.SOCK_DGRAM
        family = _family(end_a[0])
        link.enter_netns(ns_b)
        server = socket.socket(family, kind)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(end_b)
        if self.tcp:
            server.listen(1)
            server.settimeout(20)
        link.enter_netns(ns_a)
        self.a = socket.socket(family, kind)
        self.a.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.a.bind(end_a)
        self.a.settimeout(20)
        self.a.connect(end_b)
        if self.tcp:
            self.b = server.accept()[0]
            server.close()
            for sock in (self.a, self.b):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        else:
            self.b = server
            self.b.connect(end_a)
        self.a.settimeout(20)
        self.b.settimeout(20)

    def exchange(self, size=20000, pieces=10):
        """Random data there and back, unchanged."""
        for src, dst in ((self.a, self.b), (self.b, self.a)):
            if self.tcp:
                data = os.urandom(size)
                if not self._stream(src, dst, data):
                    return False
            else:
                for i in range(pieces):
                    if not self.datagram(src, dst, 1 + i * 131 % 1400):
                        return False
        return True

    @staticmethod
    def _stream(src, dst, data):
        sender = threading.Thread(target=src.sendall, args=(data,))
        sender.start()
        got = b''
        try:
            while len(got) < len(data):
                part = dst.recv(65536)
                if not part:
                    break
                got += part
        finally:
            sender.join()
        return got == data

    @staticmethod
    def datagram(src, dst, size):
        """One datagram arrives unchanged."""
        data = os.urandom(size)
        src.send(data)
        return dst.recv(65536) == data

    def pending(self, sock):
        """What an application could read now, or the error it would get."""
        ready = select.select([sock], [], [], 0)[0]
        if not ready:
            return None
        try:
            return sock.recv(65536)
        except OSError as error:
            return error

    def close(self):
        """End both sockets."""
        self.a.close()
        self.b.close()


def fragments4(data, size):
    """An IPv4 packet in fragments of `size` bytes, a multiple of 8."""
    body = data[20:]
    out = []
    for at in range(0, len(body), size):
        part = bytearray(data[:20] + body[at:at + size])
        more = packet.MF4 if at + size < len(body) else 0
        mark = int.from_bytes(data[6:8], 'big') & packet.MARK4
        struct.pack_into('>H', part, 6, mark | more | at // 8)
        packet.fix_lengths(part, 20)
        out.append(bytes(part))
    return out


def fragments6(data, size, ident):
    """The same for IPv6 without extension headers."""
    body, proto = data[40:], data[6]
    out = []
    for at in range(0, len(body), size):
        piece = body[at:at + size]
        head = bytearray(data[:40])
        head[6] = packet.FRAGMENT
        struct.pack_into('>H', head, 4, 8 + len(piece))
        out.append(bytes(head) + bytes((proto, 0)) + packet.fragment_header(
            at, at + size < len(body), ident) + piece)
    return out


def fragments(data, size, ident):
    """Either family."""
    if data[0] >> 4 == 4:
        whole = bytearray(data)
        struct.pack_into('>H', whole, 4, ident)
        packet.fix_ip4_checksum(whole)
        return fragments4(bytes(whole), size)
    return fragments6(data, size, ident)


def report(good, description, detail=''):
    """One result for the shell script that reads this."""
    print('pass' if good else 'fail', description, flush=True)
    if not good and detail:
        for line in str(detail).splitlines()[:12]:
            print('# ' + line, flush=True)
    return good
