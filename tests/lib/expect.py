#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Sockets of A that expect a public key of B.

Prints a line "pass TEXT" or "fail TEXT" for each result. The phase says what A
knows of B; see the shell script.
"""

import argparse
import base64
import os
import resource
import socket
import struct
import sys

import hosts
from hosts import ADDRESS, FAMILY, outcome, until
from nets import report
import sosst
from sosst import PREFER, REQUIRE, PEER_KEY, SEALED, info

# pylint: disable=wrong-import-position
from sst.packet import TCP, UDP  # noqa: E402

NOBODY = 65534
ERROR = {TCP: 'ECONNREFUSED', UDP: 'ENOKEY'}
NAME = {TCP: 'TCP', UDP: 'UDP'}
PER_USER, ALL = 1024, 4096
RESET = socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)


class Expect:
    """The hosts, and the results."""

    def __init__(self, args):
        self.hosts = hosts.Hosts(args.id)
        self.key = base64.b64decode(args.key)
        self.second = base64.b64decode(args.second)
        self.port = args.port
        self.ports = args.port

    def socket(self, fam, proto, key=None, port=0):
        """One of A."""
        self.hosts.enter('A')
        sock = socket.socket(FAMILY[fam], hosts.KIND[proto])
        sock.settimeout(20)
        if key:
            sosst.asks(sock, REQUIRE, 0, PEER_KEY, key)
        if port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((ADDRESS['A', fam], port))
        return sock

    def begin(self, sock, fam, proto):
        """A first packet to B."""
        sock.connect((ADDRESS['B', fam], self.port))
        if proto == UDP:
            sock.send(b'x')

    def works(self, fam, proto, sock):
        """'' when B is reached, and it is the one."""
        error = outcome(self.begin, sock, fam, proto)
        if error:
            return error
        if proto == UDP and sock.recv(10) != b'x':
            return 'another answer'
        until(lambda: info(sock).state == SEALED, 5)
        got = info(sock)
        return '' if got.state == SEALED and got.key == self.key and \
            got.asked_key == self.key else got

    def refused(self, fam, proto, sock):
        """'' when nothing leaves, and the program hears so."""
        grown = self.hosts.watch('A', 'tx_required')
        got = outcome(self.begin, sock, fam, proto)
        return '' if (got, grown()) == (ERROR[proto], 1) else \
            '%s, %d' % (got, grown())

    def each(self, text, function, key):
        for fam in (4, 6):
            for proto in (TCP, UDP):
                with self.socket(fam, proto, key) as sock:
                    error = function(fam, proto, sock)
                report(not error, 'IPv%d, %s: %s' % (fam, NAME[proto], text),
                       error)

    def known(self):
        """B is known by its public key."""
        self.each('the expected key', self.works, self.key)
        self.each('another key', self.refused, bytes(31) + b'\1')
        self.mapped()
        self.answers()

    def mapped(self):
        """IPv4 on an IPv6 socket."""
        for key, want in ((self.key, ''), (b'k' * 32, 'ECONNREFUSED')):
            self.hosts.enter('A')
            with socket.socket(FAMILY[6], socket.SOCK_STREAM) as sock:
                sosst.asks(sock, REQUIRE, 0, PEER_KEY, key)
                got = outcome(sock.connect, ('::ffff:' + ADDRESS['B', 4],
                                             self.port))
                report(got == want, 'IPv4 on an IPv6 socket: "%s"' % want, got)

    def answers(self):
        """A listener's connections are free to answer and to connect anew."""
        for fam in (4, 6):
            server = self.socket(fam, TCP, b'k' * 32, self.port + 1)
            server.listen()
            self.hosts.enter('B')
            with socket.socket(FAMILY[fam], socket.SOCK_STREAM) as client:
                client.settimeout(20)
                sosst.asks(client, REQUIRE)
                client.connect((ADDRESS['A', fam], self.port + 1))
                child = server.accept()[0]
                child.sendall(b'hello')
                got = client.recv(5)
            said = info(child)
            report(got == b'hello' and not said.flags and
                   info(server).flags == PEER_KEY,
                   'IPv%d: who comes to a listener is answered' % fam,
                   '%s, flags %d' % (got, said.flags))
            server.close()
            child.close()

    def manual(self):
        """So are those that come by a flow with a key of its own."""
        for fam in (4, 6):
            server = self.socket(fam, TCP, b'k' * 32, self.port + 2)
            server.listen()
            self.hosts.enter('B')
            with socket.socket(FAMILY[fam], socket.SOCK_STREAM) as client:
                client.settimeout(5)
                client.bind((ADDRESS['B', fam], self.port + 3))
                client.connect((ADDRESS['A', fam], self.port + 2))
                child = server.accept()[0]
                error = outcome(child.sendall, b'hello') or \
                    outcome(client.recv, 5)
                report(not error, 'IPv%d: a manual flow: who comes is answered'
                       % fam, error)
                client.setsockopt(*RESET)
            child.close()
            server.close()
            # The same two ports, the other way.
            with self.socket(fam, TCP, b'k' * 32, self.port + 2) as sock:
                grown = self.hosts.watch('A', 'tx_required')
                sock.settimeout(5)
                error = outcome(sock.connect, (ADDRESS['B', fam],
                                               self.port + 3))
                report((error, grown()) == ('ECONNREFUSED', 1),
                       'IPv%d: but nobody else is asked' % fam,
                       '%s, %d' % (error, grown()))

    def again(self):
        """Two keys of B are known. The next connection on the tuple of one
        expects another key."""
        for fam in (4, 6):
            self.ports += 1
            for key in (self.key, self.second, self.key):
                with self.socket(fam, TCP, key, self.ports + 9000) as sock:
                    error = outcome(sock.connect, (ADDRESS['B', fam],
                                                   self.port))
                    until(lambda s=sock: info(s).state == SEALED, 5)
                    report(not error and info(sock).key == key, 'IPv%d: the '
                           'key that this connection expects' % fam,
                           error or info(sock))
                    # No time-wait: the ports can be used again at once.
                    sock.setsockopt(*RESET)

    def psk(self):
        """B is known by its public key and by a pre-shared key, which comes
        first: the flow of one socket is not that of another."""
        for fam in (4, 6):
            for proto in (TCP, UDP):
                what = 'IPv%d, %s: ' % (fam, NAME[proto])
                with self.socket(fam, proto) as sock:
                    sosst.asks(sock, REQUIRE)
                    self.begin(sock, fam, proto)
                    until(lambda s=sock: info(s).state == SEALED, 5)
                    report(info(sock).known == sosst.PSK,
                           what + 'any key: it is the pre-shared one',
                           info(sock))
                with self.socket(fam, proto, self.key) as sock:
                    error = self.works(fam, proto, sock)
                    report(not error, what + 'the expected key beside a '
                           'pre-shared one', error)
            # The same two ports.
            self.ports += 1
            with self.socket(fam, UDP, None, self.ports + 9000) as sock:
                sosst.asks(sock, REQUIRE)
                self.begin(sock, fam, UDP)
                sock.recv(10)
            with self.socket(fam, UDP, self.key, self.ports + 9000) as sock:
                error = self.refused(fam, UDP, sock)
                report(not error, 'IPv%d: not on the flow that a pre-shared '
                       'key has opened' % fam, error)

    def psk_only(self):
        """B is known by a pre-shared key alone, or the key belongs to a peer
        with another address."""
        self.each('nobody has the key here', self.refused, self.key)

    def limits(self):
        """What one user, and all, can have, and that it ends."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (9000, 9000))
        self.hosts.enter('A')
        reader, writer = os.pipe()
        ended, end = os.pipe()
        if os.fork() == 0:
            os.close(end)
            os.setgroups([])
            os.setresuid(NOBODY, NOBODY, NOBODY)
            n, error, socks = self.fill(PER_USER + 1)
            os.write(writer, ('%d %s' % (n, error)).encode())
            os.read(ended, 1)
            os._exit(0)
        got = os.read(reader, 100).decode()
        report(got == '%d ENOBUFS' % PER_USER, 'one user has so many', got)
        n, error, socks = self.fill(10)
        report((n, error) == (10, ''), 'others have theirs',
               '%d %s' % (n, error))
        os.close(end)
        os.wait()
        for sock in socks:
            sock.close()
        # Faster than anything is cleared away.
        count = 0
        for _ in range(3 * PER_USER):
            with socket.socket(FAMILY[4], socket.SOCK_DGRAM) as sock:
                count += not outcome(sosst.asks, sock, REQUIRE, 0, PEER_KEY,
                                     self.key)
        report(count == 3 * PER_USER, 'closed ones do not count', count)

    def fill(self, number):
        socks = []
        for n in range(number):
            sock = socket.socket(FAMILY[4], socket.SOCK_STREAM)
            error = outcome(sosst.asks, sock, REQUIRE, 0, PEER_KEY, self.key)
            if error:
                return n, error, socks
            socks.append(sock)
        return number, '', socks

    def option(self):
        """What the option itself does; nothing leaves."""
        other = b'o' * 32
        with self.socket(4, TCP, self.key) as sock:
            got = info(sock)
            report((got.mode, got.flags, got.asked_key) ==
                   (REQUIRE, PEER_KEY, self.key), 'it is told')
            level = sosst.LEVEL[sock.family]
            sock.setsockopt(level, sosst.SO_SST, REQUIRE)
            report(info(sock).asked_key == self.key, 'an int leaves it')
            as_nobody = [
                self.nobody(sosst.asks, sock, REQUIRE, 0, PEER_KEY, other),
                self.nobody(sosst.asks, sock, REQUIRE),
                self.nobody(sosst.asks, sock, PREFER),
                self.nobody(sock.setsockopt, level, sosst.SO_SST, PREFER),
                self.nobody(sosst.asks, sock, REQUIRE, 0, PEER_KEY, self.key)]
            report(as_nobody == ['EPERM'] * 4 + [''] and
                   info(sock).asked_key == self.key,
                   'without privilege it stays', as_nobody)
            sosst.asks(sock, REQUIRE, 0, PEER_KEY, other)
            changed = info(sock).asked_key
            sosst.asks(sock, REQUIRE)
            report(changed == other and not info(sock).flags,
                   'with it, it can be changed and taken away')
            sosst.asks(sock, REQUIRE, 0, PEER_KEY, other)
            sock.setsockopt(level, sosst.SO_SST, PREFER)
            report(not info(sock).flags, 'an int that is less, too')
        with self.socket(4, UDP) as sock:
            sosst.asks(sock, REQUIRE)
            sock.connect(('127.0.0.1', 9))
            got = outcome(sosst.asks, sock, REQUIRE, 0, PEER_KEY, self.key)
            report(got == 'EISCONN', 'too late', got)
        wrong = [mode for mode in (0, PREFER) if outcome(
            sosst.asks, self.socket(4, TCP), mode, 0, PEER_KEY,
            self.key) != 'EINVAL']
        report(not wrong, 'it needs SST_REQUIRE', wrong)

    def nobody(self, function, *args):
        """The error of a call without privilege."""
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.setgroups([])
            os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(writer, outcome(function, *args).encode())
            os._exit(0)
        os.close(writer)
        os.wait()
        with os.fdopen(reader) as pipe:
            return pipe.read()


def main():
    """The command line: the phase is the one that the script is in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--key', required=True, help='public key of B')
    parser.add_argument('--second', default='', help='another one of B')
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('phase', nargs='+', choices=(
        'known', 'psk', 'psk_only', 'option', 'limits', 'manual', 'again'))
    args = parser.parse_args()
    test = Expect(args)
    for phase in args.phase:
        getattr(test, phase)()
    return 0


if __name__ == '__main__':
    sys.exit(main())
