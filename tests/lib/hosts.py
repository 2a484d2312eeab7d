# SPDX-License-Identifier: GPL-2.0
"""Both hosts and the router of topo_hrh, for flows that open themselves."""

import errno
import fcntl
import itertools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import nets

# pylint: disable=wrong-import-position
from sst import link, packet  # noqa: E402

ADDRESS = {('A', 4): '10.0.1.1', ('A', 6): 'fd00:1::1',
           ('B', 4): '10.0.2.1', ('B', 6): 'fd00:2::1',
           ('R', 4): '10.0.2.254', ('R', 6): 'fd00:2::fe'}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
KIND = {packet.TCP: socket.SOCK_STREAM, packet.UDP: socket.SOCK_DGRAM}
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32


def other(host):
    """The host at the other end."""
    return 'A' if host == 'B' else 'B'


class Patience:  # pylint: disable=too-few-public-methods
    """How long to wait, in seconds, for what comes at once when all is well: a busy
    machine may stand still for a while. Once that was in vain the test is red, and
    the rest of it need not take long."""
    left = 60


def until(test, limit=None):
    """Wait until test() is true; False when it never was."""
    end = time.monotonic() + (limit or Patience.left)
    while not test():
        if time.monotonic() > end:
            if limit is None:
                Patience.left = 2
            return False
        time.sleep(0.02)
    return True


def received(sock, size):
    """So many bytes from a stream, fewer when it ends before."""
    got = b''
    while len(got) < size:
        part = sock.recv(size - len(got))
        if not part:
            break
        got += part
    return got


RECVERR = {4: (socket.IPPROTO_IP, 11), 6: (socket.IPPROTO_IPV6, 25)}


def hear(sock, fam, on=True):
    """ICMP errors go to the queue of the socket, and each is reported; or
    only those that end what it does."""
    sock.setsockopt(*RECVERR[fam], int(on))


def outcome(function, *args):
    """The name of the error that a call gives, or ''."""
    try:
        function(*args)
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return ''


class Growth:
    """What happened to a counter of a host since this was made."""

    def __init__(self, hosts, host, name):
        self.hosts, self.host, self.name = hosts, host, name
        self.first = hosts.count(host, name)

    def __call__(self):
        return self.hosts.count(self.host, self.name) - self.first

    def by(self, least, limit=60):
        """Wait for growth."""
        return until(lambda: self() >= least, limit)


class Hosts:
    """Counters, sstctl, the path, and forged packets."""

    def __init__(self, topo_id):
        self.name = {x: '%s-%s' % (topo_id, x) for x in 'ABCR'}
        self.numbers = itertools.count(10)
        self.control = {x: nets.Control(self.name[x]) for x in 'AB'}
        # Towards each host, and what comes from it.
        self.tap = {
            'A': nets.Tap(self.name['R'], 'ra', '02:00:00:00:01:01'),
            'B': nets.Tap(self.name['R'], 'rb', '02:00:00:00:02:01')}

    def enter(self, host):
        """Sockets of this thread are made there from now on."""
        link.enter_netns(self.name[host])

    def run(self, host, *words, text=None):
        """A command in a namespace; its output."""
        return subprocess.run(
            ('ip', 'netns', 'exec', self.name[host]) + words, check=True,
            input=text, stdout=subprocess.PIPE, encoding='utf-8').stdout

    def sst(self, host, *words):
        """sstctl; its output."""
        return subprocess.run(('sstctl', '-n', self.name[host]) + words,
                              check=True, stdout=subprocess.PIPE,
                              encoding='utf-8').stdout

    def flows(self, host):
        """As sstctl lists them."""
        return json.loads(self.sst(host, '-j', 'flow', 'show'))['flows']

    def stats(self, host):
        """All counters."""
        return self.control[host].stats()

    def count(self, host, name):
        """One counter."""
        return self.stats(host)[name]

    def all_opened(self):
        """Each host has opened all that the other one has sealed, ever.

        What was opened is read first: a packet on its way makes this false,
        never true.
        """
        opened = {host: self.stats(host) for host in 'AB'}
        return all(self.count(other(host), 'tx_sealed')
                   == opened[host]['rx_opened'] + opened[host]['rx_empty']
                   for host in 'AB')

    def watch(self, host, name):
        """See Growth."""
        return Growth(self, host, name)

    def drop(self, *senders):
        """The router keeps to itself what these hosts send; () ends it."""
        rules = ''.join('add rule inet hold c iifname "r%s" drop\n'
                        % x.lower() for x in senders)
        self.run('R', 'nft', '-f', '-', text='add table inet hold\n'
                 'delete table inet hold\nadd table inet hold\n'
                 'add chain inet hold c { type filter hook forward '
                 'priority 0; }\n' + rules)

    def sockets(self, host, port):
        """States of the TCP sockets with this local port."""
        return [line.split()[0] for line in self.run(
            host, 'ss', '-Htan', 'sport = :%d' % port).splitlines()
            if not line.startswith('LISTEN')]

    # Sockets

    def new_address(self, fam):
        """One that A has from now on; B has never heard of it."""
        number = next(self.numbers)
        addr = '10.0.1.%d' % number if fam == 4 else 'fd00:1::%x' % number
        self.run('A', 'ip', 'addr', 'add', addr + ('/24' if fam == 4
                                                   else '/64'),
                 'dev', 'eth0', *(['nodad'] if fam == 6 else []))
        self.run('R', 'ip', 'neigh', 'replace', addr, 'lladdr',
                 '02:00:00:00:01:01', 'dev', 'ra', 'nud', 'permanent')
        return addr

    def bound(self, host, fam, proto, port):
        """A socket with a port of its own."""
        self.enter(host)
        sock = socket.socket(FAMILY[fam], KIND[proto])
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((ADDRESS[host, fam], port))
        sock.settimeout(30)
        return sock

    def listener(self, host, fam, port):
        """A TCP server."""
        sock = self.bound(host, fam, packet.TCP, port)
        sock.listen(8)
        return sock

    def forged(self, host, fam, proto, sport, dport, **kwargs):
        """A clear packet to a host, as if the other one had sent it."""
        src = packet.addr(ADDRESS[other(host), fam])
        dst = packet.addr(ADDRESS[host, fam])
        make = packet.tcp if proto == packet.TCP else packet.udp
        return packet.ip(src, dst, proto,
                         make(src, dst, sport, dport, **kwargs))

    def inject(self, host, data):
        """Towards a host, from the path."""
        self.tap[host].send(data)


class Connection:
    """TCP from A to B, opened by the two programs."""

    def __init__(self, hosts, fam, aport, bport):
        self.hosts, self.fam = hosts, fam
        self.port = {'A': aport, 'B': bport}
        server = hosts.listener('B', fam, bport)
        client = hosts.bound('A', fam, packet.TCP, aport)
        client.connect((ADDRESS['B', fam], bport))
        self.end = {'A': client, 'B': server.accept()[0]}
        server.close()
        for sock in self.end.values():
            sock.settimeout(30)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, size=3000):
        """Data there and back."""
        data = os.urandom(size)
        for host in 'AB':
            src, dst = self.end[host], self.end[other(host)]
            src.sendall(data)
            if received(dst, size) != data:
                return False
        return True

    def fill(self, host):
        """Write until no more fits: some is in flight, some is not sent."""
        sock = self.end[host]
        sock.setblocking(False)
        for size in (16384, 1):
            while not outcome(sock.send, bytes(size)):
                pass

    def kill(self, host):
        """kill -9 of the process that has this end."""
        killed(self.end.pop(host))

    def position(self, host):
        """(sequence number, acknowledgment) in the last packet of a host.

        All that came from it to the router before is forgotten.
        """
        tap = self.hosts.tap[host]
        out = None
        for data in tap.passed(False, 0.2):
            parsed = packet.Packet(data)
            if parsed.proto == packet.TCP:
                out = struct.unpack_from('>II', parsed.segment, 4)
        return out


def killed(*socks):
    """Another process has these sockets, and dies by SIGKILL."""
    pid = os.fork()
    if not pid:
        while True:
            signal.pause()
    for sock in socks:
        sock.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def unread(sock):
    """How many bytes wait to be read."""
    return struct.unpack('i', fcntl.ioctl(sock, 0x541b, bytes(4)))[0]


class Pump(threading.Thread):
    """Traffic without end on many sockets, whatever errors they give.

    TCP ends send to each other. UDP servers go on sending to all who ever
    asked, answered or not.
    """

    def __init__(self):
        super().__init__(daemon=True)
        self.streams = []       # TCP sockets
        self.clients = []       # (UDP socket, address or None: connected)
        self.servers = []       # UDP sockets
        self.asked = {}         # server: addresses
        self.got = {}           # socket: bytes or datagrams received
        self.errors = {}        # socket: names of errors
        self.stopped = threading.Event()

    def _try(self, sock, function, *args):
        try:
            return function(*args)
        except BlockingIOError:
            return None
        except OSError as error:
            self.errors.setdefault(sock, set()).add(
                errno.errorcode.get(error.errno, str(error)))
            return None

    def _receive(self, sock):
        while True:
            got = self._try(sock, sock.recvfrom, 65536)
            if not got or not got[0]:
                return
            self.got[sock] = self.got.get(sock, 0) + 1
            if sock in self.servers:
                self.asked.setdefault(sock, set()).add(got[1])

    def run(self):
        """Until stop()."""
        socks = self.streams + [s for s, _ in self.clients] + self.servers
        for sock in socks:
            sock.setblocking(False)
        while not self.stopped.is_set():
            for sock in self.streams:
                self._try(sock, sock.send, b's' * 700)
            for sock, where in self.clients:
                if where:
                    self._try(sock, sock.sendto, b'?' * 50, where)
                else:
                    self._try(sock, sock.send, b'?' * 50)
            for sock in self.servers:
                for where in self.asked.get(sock, ()):
                    self._try(sock, sock.sendto, b'!' * 50, where)
            select.select([], [], [], 0.01)
            for sock in socks:
                self._receive(sock)

    def flowing(self, limit=60):
        """Each socket receives something new."""
        socks = self.streams + [s for s, _ in self.clients] + self.servers
        before = dict(self.got)
        return until(lambda: all(
            self.got.get(s, 0) > before.get(s, 0) + 2 for s in socks), limit)

    def stop(self):
        """End it; the sockets stay."""
        self.stopped.set()
        self.join()
