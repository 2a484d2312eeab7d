#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Uses of sockets that are not the plain ones, with all of it under SST.

Prints a line "pass TEXT" or "fail TEXT" for each result. Real ports are below
1024.
"""

import argparse
import hashlib
import mmap
import os
import select
import socket
import struct
import sys
import tempfile
import threading
import time

import hosts
from hosts import ADDRESS, FAMILY, Connection, outcome, until
from nets import report

# pylint: disable=wrong-import-position
from sst.packet import TCP, UDP  # noqa: E402

SO_REUSEPORT, SO_ZEROCOPY, MSG_ZEROCOPY = 15, 60, 0x4000000
TCP_FASTOPEN, TCP_ULP = 23, 31
IPPROTO_MPTCP, SOL_MPTCP, MPTCP_INFO = 262, 284, 1
SOL_TLS, TLS_TX, TLS_RX = 282, 1, 2
IP_PKTINFO, IPV6_RECVPKTINFO, IPV6_PKTINFO = 8, 49, 50
SIZE = 600000
# B's second address; see the shell script.
SECOND = {4: '10.0.2.9', 6: 'fd00:2::9'}


def receive(sock, size):
    """Exactly so many bytes, or less at the end."""
    out = bytearray()
    while len(out) < size:
        part = sock.recv(min(65536, size - len(out)))
        if not part:
            break
        out += part
    return bytes(out)


class Arrival(threading.Thread):
    """Hashes what comes on a socket while somebody else sends."""

    def __init__(self, sock, size):
        super().__init__(daemon=True)
        self.sock, self.size = sock, size
        self.hash, self.error = hashlib.sha256(), None
        self.start()

    def run(self):
        left = self.size
        try:
            while left:
                part = self.sock.recv(min(left, 65536))
                if not part:
                    raise EOFError('ended early')
                self.hash.update(part)
                left -= len(part)
        except (OSError, EOFError) as error:
            self.error = error

    def digest(self):
        """Wait for all of it."""
        self.join(60)
        return None if self.error or self.is_alive() else self.hash.digest()


class Oddities:
    """The hosts, and the results."""

    def __init__(self, args):
        self.hosts = hosts.Hosts(args.id)
        self.port = 300
        self.service = 600

    def numbers(self):
        """A pair of ports for one case."""
        self.port += 1
        self.service += 1
        return self.port, self.service

    def openings(self):
        """How many A sends from now on, of both kinds."""
        grown = [self.hosts.watch('A', name)
                 for name in ('tx_open', 'tx_init')]
        return lambda: sum(count() for count in grown)

    def connection(self, fam):
        """TCP between two new ports."""
        return Connection(self.hosts, fam, *self.numbers())

    def set(self, host, name, value):
        """A sysctl."""
        self.hosts.run(host, 'sysctl', '-qw', '%s=%s' % (name, value))

    def mib(self, host, name):
        """A counter of the kernel's TCP."""
        lines = self.hosts.run(host, 'cat', '/proc/net/netstat').splitlines()
        for keys, values in zip(lines[::2], lines[1::2]):
            found = dict(zip(keys.split(), values.split()))
            if name in found:
                return int(found[name])
        raise KeyError(name)

    # TCP

    def half_closed(self, fam):
        """One direction ends long before the other."""
        good = True
        for first in 'AB':
            conn = self.connection(fam)
            one, two = conn.end[first], conn.end[hosts.other(first)]
            one.sendall(b'last')
            one.shutdown(socket.SHUT_WR)
            good &= receive(two, 5) == b'last'
            data = os.urandom(SIZE)
            arrival = Arrival(one, SIZE)
            two.sendall(data)
            good &= arrival.digest() == hashlib.sha256(data).digest()
            two.close()
            good &= one.recv(1) == b''
            one.close()
        report(good, 'IPv%d: a half-closed connection carries on, either way'
               % fam)

    def same_tuple(self, fam):
        """A connection ends and the same tuple begins anew at once."""
        for first in 'AB':
            self.tuple_again(fam, first)

    def tuple_again(self, fam, first):
        """Three times; the host that closes first keeps the time-wait."""
        h = self.hosts
        aport, bport = self.numbers()
        listener = h.listener('B', fam, bport)
        good = True
        began = self.openings()
        for turn in range(3):
            # A port that is bound takes a time-wait's place without delay.
            client = h.bound('A', fam, TCP, aport)
            client.connect((ADDRESS['B', fam], bport))
            end = listener.accept()[0]
            end.settimeout(30)
            data = b'turn %d' % turn
            client.sendall(data)
            good &= end.recv(100) == data
            end.sendall(data)
            good &= client.recv(100) == data
            order = (client, end) if first == 'A' else (end, client)
            order[0].close()
            good &= order[1].recv(1) == b''
            order[1].close()
        # Each connection is an opening of its own, and none is left unanswered.
        report(good and began() == 3,
               'IPv%d: a tuple is used again at once, time-wait is at %s'
               % (fam, first), '%d openings' % began())
        listener.close()

    def idle_probes(self, fam):
        """TCP's own keepalives."""
        h = self.hosts
        conn = self.connection(fam)
        for sock in conn.end.values():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name in ('TCP_KEEPIDLE', 'TCP_KEEPINTVL', 'TCP_KEEPCNT'):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), 1)
        conn.exchange()
        sent = self.mib('A', 'TCPKeepAlive')
        sealed = h.watch('A', 'tx_sealed')
        good = until(lambda: self.mib('A', 'TCPKeepAlive') >= sent + 2, 30)
        # A probe that nobody answers would have ended it.
        report(good and sealed() >= 2 and conn.exchange(),
               'IPv%d: keepalive probes of TCP are answered' % fam)

    def cookies(self, fam):
        """A server that keeps nothing of a SYN."""
        self.set('B', 'net.ipv4.tcp_syncookies', 2)
        sent = self.mib('B', 'SyncookiesRecv')
        conn = self.connection(fam)
        report(conn.exchange() and self.mib('B', 'SyncookiesRecv') > sent,
               'IPv%d: SYN cookies' % fam)
        self.set('B', 'net.ipv4.tcp_syncookies', 1)

    def fast_open(self, fam):
        """Data in the SYN, once the server's cookie is known."""
        for host in 'AB':
            self.set(host, 'net.ipv4.tcp_fastopen', 3)
        h = self.hosts
        _, bport = self.numbers()
        listener = h.bound('B', fam, TCP, bport)
        listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 5)
        listener.listen(5)
        active = self.mib('A', 'TCPFastOpenActive')
        passive = self.mib('B', 'TCPFastOpenPassive')
        wrong = []
        for size in (100, 500, 900, 5000):
            self.port += 1
            sock = h.bound('A', fam, TCP, self.port)
            data = os.urandom(size)
            sock.settimeout(None)
            sent = sock.sendto(data, socket.MSG_FASTOPEN,
                               (ADDRESS['B', fam], bport))
            sock.settimeout(30)
            if sent < size:
                sock.sendall(data[sent:])
            end = listener.accept()[0]
            end.settimeout(30)
            if receive(end, size) != data:
                wrong.append('%d bytes lost' % size)
            end.sendall(b'answer')
            if sock.recv(100) != b'answer':
                wrong.append('no answer to %d' % size)
            end.close()
            sock.close()
        accepted = (self.mib('A', 'TCPFastOpenActive') - active,
                    self.mib('B', 'TCPFastOpenPassive') - passive)
        if min(accepted) < 2:
            wrong.append('fast open was not used: %s' % (accepted,))
        report(not wrong, 'IPv%d: TCP Fast Open, data in the SYN is delivered'
               % fam, '\n'.join(wrong))
        listener.close()

    def mptcp(self, fam):
        """Not a fallback: options pass, and a second way opens a flow."""
        h = self.hosts
        aport, bport = self.numbers()
        h.enter('B')
        listener = socket.socket(FAMILY[fam], socket.SOCK_STREAM,
                                 IPPROTO_MPTCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('', bport))
        listener.listen(5)
        listener.settimeout(30)
        h.enter('A')
        client = socket.socket(FAMILY[fam], socket.SOCK_STREAM,
                               IPPROTO_MPTCP)
        client.settimeout(30)
        client.bind(('', aport))
        opened = self.openings()
        joined = self.mib('B', 'MPJoinAckRx')
        client.connect((ADDRESS['B', fam], bport))
        end = listener.accept()[0]
        end.settimeout(30)
        data = os.urandom(SIZE)
        good = True
        for src, dst in ((client, end), (end, client)):
            arrival = Arrival(dst, SIZE)
            src.sendall(data)
            good &= arrival.digest() == hashlib.sha256(data).digest()
        # Both fields are the first bytes: subflows; and flags at byte 8:
        # 1 is fallback.
        info = client.getsockopt(SOL_MPTCP, MPTCP_INFO, 100)
        fallback = struct.unpack_from('=I', info, 8)[0] & 1
        report(good and not fallback,
               'IPv%d: MPTCP works over SST and does not fall back' % fam,
               info.hex())
        report(until(lambda: self.mib('B', 'MPJoinAckRx') > joined)
               and opened() >= 2,
               'IPv%d: its second way is a flow of its own' % fam,
               '%d flows' % opened())
        client.close()
        end.close()
        listener.close()

    def reuse_port(self, fam):
        """Several servers on one port."""
        h = self.hosts
        wrong = []
        for proto in (TCP, UDP):
            _, bport = self.numbers()
            servers = []
            for _ in range(4):
                h.enter('B')
                sock = socket.socket(FAMILY[fam], hosts.KIND[proto])
                sock.setsockopt(socket.SOL_SOCKET, SO_REUSEPORT, 1)
                sock.bind((ADDRESS['B', fam], bport))
                if proto == TCP:
                    sock.listen(20)
                servers.append(sock)
            used = set()
            for i in range(12):
                self.port += 1
                client = h.bound('A', fam, proto, self.port)
                client.connect((ADDRESS['B', fam], bport))
                client.send(b'%d' % i)
                ready = select.select(servers, [], [], 30)[0]
                if len(ready) != 1:
                    wrong.append('%d servers' % len(ready))
                    continue
                used.add(ready[0])
                if proto == TCP:
                    end = ready[0].accept()[0]
                    end.settimeout(30)
                    got, where = end.recv(100), None
                    end.sendall(got)
                    end.close()
                else:
                    got, where = ready[0].recvfrom(100)
                    ready[0].sendto(got, where)
                if client.recv(100) != b'%d' % i:
                    wrong.append('no answer')
                client.close()
            if len(used) < 2:
                wrong.append('only %d of the servers' % len(used))
            for sock in servers:
                sock.close()
        report(not wrong, 'IPv%d: servers that share a port' % fam,
               '\n'.join(wrong))

    # UDP

    def wildcard(self, fam):
        """A server on all addresses that answers from the one it was asked."""
        h = self.hosts
        wrong = []
        _, bport = self.numbers()
        h.enter('B')
        server = socket.socket(FAMILY[fam], socket.SOCK_DGRAM)
        level = socket.IPPROTO_IP if fam == 4 else socket.IPPROTO_IPV6
        server.setsockopt(level, IP_PKTINFO if fam == 4 else IPV6_RECVPKTINFO,
                          1)
        server.bind(('', bport))
        server.settimeout(30)
        for target in (ADDRESS['B', fam], SECOND[fam]):
            for connected in (False, True):
                self.port += 1
                client = h.bound('A', fam, UDP, self.port)
                for data in (b'one', b'', b'x' * 1300):
                    if connected:
                        client.connect((target, bport))
                        client.send(data)
                    else:
                        client.sendto(data, (target, bport))
                    got, info, _, where = server.recvmsg(2000, 200)
                    answer = self.turned(fam, info)
                    server.sendmsg([got], answer, 0, where)
                    got, seen = client.recvfrom(2000)
                    if got != data or seen[:2] != (target, bport):
                        wrong.append('%d bytes of %s: %d from %s' % (
                            len(data), target, len(got), seen))
                client.close()
        server.close()
        report(not wrong, 'IPv%d: answers from the address that was asked, '
               'empty datagrams too' % fam, '\n'.join(wrong))

    @staticmethod
    def turned(fam, info):
        """Packet information of a datagram, for its answer."""
        body = info[0][2]
        if fam == 4:
            # Interface, address to send from, header's destination.
            return [(socket.IPPROTO_IP, IP_PKTINFO,
                     struct.pack('=I', 0) + body[8:12] + bytes(4))]
        return [(socket.IPPROTO_IPV6, IPV6_PKTINFO, body)]

    def connected_server(self, fam):
        """A server that connects its socket to the first who asks."""
        h = self.hosts
        aport, bport = self.numbers()
        server = h.bound('B', fam, UDP, bport)
        client = h.bound('A', fam, UDP, aport)
        client.sendto(b'ask', (ADDRESS['B', fam], bport))
        server.connect(server.recvfrom(100)[1])
        good = True
        for _ in range(3):
            server.send(b'answer')
            good &= client.recv(100) == b'answer'
            client.sendto(b'more', (ADDRESS['B', fam], bport))
            good &= server.recv(100) == b'more'
        # And disconnected again: another flow.
        client.connect((ADDRESS['B', fam], bport))
        client.send(b'still')
        good &= server.recv(100) == b'still'
        report(good, 'IPv%d: a UDP server that connects its socket' % fam)

    # Other protocols

    def left_alone(self, fam):
        """Protocols without a port that SST knows, whatever a rule says."""
        h = self.hosts
        opened = self.openings()
        sealed = h.watch('A', 'tx_sealed')
        wrong = []
        # SCTP, DCCP, UDP-Lite, GRE, OSPF, an experiment: ports in front.
        for proto in (132, 33, 136, 47, 89, 253):
            data = struct.pack('>HHI', 700, 701, 1) + os.urandom(60)
            socks = []
            for host in 'BA':
                h.enter(host)
                sock = socket.socket(FAMILY[fam], socket.SOCK_RAW, proto)
                sock.settimeout(10)
                socks.append(sock)
            socks[1].sendto(data, (ADDRESS['B', fam], 0))
            got = []
            error = outcome(lambda s=socks[0]: got.append(s.recv(2000)))
            if error or not got[0].endswith(data):
                wrong.append('protocol %d: %s' % (proto, error or 'changed'))
            for sock in socks:
                sock.close()
        report(not wrong and not opened() and not sealed(),
               'IPv%d: SCTP, DCCP, UDP-Lite, GRE and others pass as they are'
               % fam, '\n'.join(wrong))

    # Ways to send

    def sent_file(self, fam):
        """sendfile(): the pages of the file are not the packet's to change."""
        data = os.urandom(SIZE)
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            conn = self.connection(fam)
            arrival = Arrival(conn.end['B'], SIZE)
            conn.end['A'].sendfile(file, 0, SIZE)
            good = arrival.digest() == hashlib.sha256(data).digest()
            file.seek(0)
            report(good and file.read() == data,
                   'IPv%d: sendfile(), and the file stays as it was' % fam)

    def zero_copy(self, fam):
        """MSG_ZEROCOPY: the program's own pages."""
        conn = self.connection(fam)
        sock = conn.end['A']
        sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
        data = os.urandom(SIZE)
        pages = mmap.mmap(-1, SIZE)
        pages.write(data)
        view = memoryview(pages)
        arrival = Arrival(conn.end['B'], SIZE)
        sends = at = 0
        while at < SIZE:
            at += sock.send(view[at:at + 100000], MSG_ZEROCOPY)
            sends += 1
        good = arrival.digest() == hashlib.sha256(data).digest()
        done = 0
        sock.setblocking(False)
        end = time.monotonic() + 20
        # Each send is reported when its pages are free again.
        while done < sends and time.monotonic() < end:
            select.select([sock], [], [sock], 0.2)
            try:
                info = sock.recvmsg(1, 200, socket.MSG_ERRQUEUE)[1]
            except BlockingIOError:
                continue
            first, last = struct.unpack_from('=II', info[0][2], 8)
            done += last - first + 1
        report(good and done == sends and bytes(view) == data,
               'IPv%d: MSG_ZEROCOPY, and the pages come back as they were'
               % fam, '%d of %d' % (done, sends))
        view.release()

    def kernel_tls(self, fam):
        """TLS records made by the kernel above TCP."""
        conn = self.connection(fam)
        keys = {}
        for way in ('AB', 'BA'):
            # TLS 1.3, AES-GCM-128: IV, key, salt, record number.
            keys[way] = struct.pack('=HH', 0x0304, 51) + os.urandom(28) \
                + bytes(8)
        for host in 'AB':
            sock, far = conn.end[host], hosts.other(host)
            sock.setsockopt(socket.IPPROTO_TCP, TCP_ULP, b'tls')
            sock.setsockopt(SOL_TLS, TLS_TX, keys[host + far])
            sock.setsockopt(SOL_TLS, TLS_RX, keys[far + host])
        data = os.urandom(SIZE)
        good = True
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            for host in 'AB':
                arrival = Arrival(conn.end[hosts.other(host)], 2 * SIZE)
                conn.end[host].sendall(data)
                conn.end[host].sendfile(file, 0, SIZE)
                good &= arrival.digest() == hashlib.sha256(data * 2).digest()
        report(good and not self.hosts.count('A', 'tx_tls'),
               'IPv%d: kernel TLS in software above it, sendfile() too' % fam)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('case', nargs='+', help='names of methods')
    args = parser.parse_args()
    test = Oddities(args)
    for fam in (4, 6):
        for name in args.case:
            began = time.monotonic()
            try:
                getattr(test, name)(fam)
            except (OSError, EOFError, KeyError) as error:
                report(False, 'IPv%d: %s' % (fam, name), repr(error))
            print('# %s took %.1f s' % (name, time.monotonic() - began),
                  flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
