# SPDX-License-Identifier: GPL-2.0
"""INITs by the thousand from addresses that nobody has, as fast as they go.

They name B's key and are in order as far as can be seen without the secret key;
the rest of them is random.
"""

import ctypes
import itertools
import mmap
import os
import random
import signal
import socket
import struct
import time

import nets  # noqa: F401, pylint: disable=unused-import
from inits import Client

# pylint: disable=wrong-import-position
from sst import link, packet, trailer  # noqa: E402
from sst.trailer import INIT, TCP, UDP  # noqa: E402

BATCH = 32
MAC_B = '02:00:00:00:02:01'
_LIBC = ctypes.CDLL(None, use_errno=True)


class _Vector(ctypes.Structure):
    """struct iovec"""
    _fields_ = [('base', ctypes.c_char_p), ('size', ctypes.c_size_t)]


class _Message(ctypes.Structure):
    """struct mmsghdr"""
    _fields_ = [('name', ctypes.c_void_p), ('name_size', ctypes.c_uint32),
                ('vector', ctypes.POINTER(_Vector)),
                ('vectors', ctypes.c_size_t), ('control', ctypes.c_void_p),
                ('control_size', ctypes.c_size_t), ('flags', ctypes.c_int),
                ('sent', ctypes.c_uint)]


class Crowd:
    """IP packets to B, one of each source: UDP and TCP, over both families."""

    def __init__(self, public, there, ports, where, count):
        """there: B's addresses by family; ports by protocol; where: a pattern
        of addresses by family, with two numbers below 256."""
        self.packets = []
        templates = {
            (fam, proto): Client(
                public, where[fam] % (0, 1), there[fam], dport=ports[proto],
                proto=proto).init(b'8 bytes.' if proto == UDP else b'')
            for fam in (4, 6) for proto in (UDP, TCP)}
        for number, (fam, proto) in zip(range(count), itertools.cycle(
                templates)):
            self.packets.append(self._one(
                templates[fam, proto], fam,
                where[fam] % (number >> 8, number & 255)))

    @staticmethod
    def _one(template, fam, src):
        out = bytearray(template)
        parsed = packet.Packet(template)
        at = 12 if fam == 4 else 8
        out[at:at + len(parsed.src)] = packet.addr(src)
        struct.pack_into('>HH', out, parsed.l4,
                         *random.sample(range(20000, 60000), 2))
        # key_id, suite and zeros stay, and so does meta.
        at = len(out) - trailer.length(INIT, 0) + 12
        out[at:-24] = os.urandom(len(out) - 24 - at)
        out[-16:] = os.urandom(16)
        if fam == 4:
            packet.fix_ip4_checksum(out)
        packet.fix_transport(out, packet.addr(src), parsed.dst, parsed.proto,
                             parsed.l4)
        return bytes(out)

    def unmarked(self):
        """The same packets, which are not SST then."""
        out = []
        for data in self.packets:
            data = bytearray(data)
            if data[0] >> 4 == 4:
                data[6] &= 0x7f
                packet.fix_ip4_checksum(data)
            else:
                data[0:2] = b'\x60\x00'
            out.append(bytes(data))
        return out


class Flood:
    """A process that sends packets over and over, from the path to B."""

    def __init__(self, netns, packets, rate):
        """rate: packets a second; it may be less."""
        self.rate = rate
        self.sizes = [len(data) for data in packets]
        link.enter_netns(netns)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.bind(('rb', 0))
        head = link.mac(MAC_B), link.interface_mac('rb')
        self.vectors = [_Vector(data, len(data)) for data in (
            link.ether(*head, data) for data in packets)]
        self.messages = (_Message * len(packets))(*(
            _Message(vector=ctypes.pointer(one), vectors=1)
            for one in self.vectors))
        self.shared = mmap.mmap(-1, mmap.PAGESIZE)
        self.pid = self.began = self.seconds = None

    def _send(self, first, count):
        """So many, or fewer; how many it was."""
        return _LIBC.sendmmsg(
            self.sock.fileno(), ctypes.byref(
                self.messages, first * ctypes.sizeof(_Message)), count, 0)

    def _run(self):
        # What comes from elsewhere does not wait for others on this machine.
        if os.cpu_count() > 1:
            os.nice(-20)
        ended = []
        signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
        sent, began = 0, time.monotonic()
        while not ended:
            at = sent % len(self.messages)
            # Several packets at once, but no burst when it was held up.
            due = (time.monotonic() - began) * self.rate
            if sent >= due:
                time.sleep(0.001)
                continue
            if due - sent > self.rate / 10:
                began += (due - sent) / self.rate
            done = self._send(at, min(BATCH, len(self.messages) - at))
            sent += max(done, 0)
            struct.pack_into('=Q', self.shared, 0, sent)

    def __enter__(self):
        struct.pack_into('=Q', self.shared, 0, 0)
        self.pid = os.fork()
        if not self.pid:
            try:
                self._run()
            finally:
                os._exit(0)
        self.began = time.monotonic()
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        self.seconds = time.monotonic() - self.began

    @property
    def sent(self):
        """How many until now."""
        return struct.unpack_from('=Q', self.shared)[0]

    @property
    def sent_bytes(self):
        """And how many bytes of IP packets."""
        rounds, rest = divmod(self.sent, len(self.sizes))
        return rounds * sum(self.sizes) + sum(self.sizes[:rest])

    def wait(self, count, limit=30):
        """Until so many were sent."""
        end = time.monotonic() + limit
        while self.sent < count and time.monotonic() < end:
            time.sleep(0.01)
