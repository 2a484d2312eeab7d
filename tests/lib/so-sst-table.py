#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""so-sst-table.py TABLE BLACKHOLE: run the cases of so-sst.table.

Prints a line "NUMBER case|result|expected result" for each, as so-sst-table.c
does. BLACKHOLE is an IPv4 address that does not answer.
"""

import contextlib
import ctypes
import errno
import os
import socket
import struct
import sys

SO_SST = 0x5354
LEVEL = {'ip': socket.SOL_IP, 'ipv6': socket.IPPROTO_IPV6,
         'socket': socket.SOL_SOCKET}
FAMILY = {'inet': socket.AF_INET, 'inet6': socket.AF_INET6,
          'unix': socket.AF_UNIX}
TYPE = {'tcp': (socket.SOCK_STREAM, 0), 'udp': (socket.SOCK_DGRAM, 0),
        'raw': (socket.SOCK_RAW, socket.IPPROTO_UDP),
        'ping': (socket.SOCK_DGRAM, socket.IPPROTO_ICMP),
        'udplite': (socket.SOCK_DGRAM, 136),
        'mptcp': (socket.SOCK_STREAM, 262), 'stream': (socket.SOCK_STREAM, 0)}
LOOPBACK = {'inet': '127.0.0.1', 'inet6': '::1'}
OWN_LEVEL = {'inet': socket.SOL_IP, 'inet6': socket.IPPROTO_IPV6}
NOBODY = 65534
REFUSED = ('ENOPROTOOPT', 'EOPNOTSUPP', 'EPROTONOSUPPORT')

libc = ctypes.CDLL(None, use_errno=True)


def name(number):
    """Of an error; one number has two."""
    return errno.errorcode[number].replace('ENOTSUP', 'EOPNOTSUPP')


def bytes_of(value):
    """What a value of the table is in memory, or None, and its length."""
    word, *fields = value.split(',')
    if word != 'struct':
        word, number = word.split('=')
        number = int(number)
        if word == 'int':
            return struct.pack('=i', number), 4
        return None if word == 'null' else \
            b'\1'.ljust(number, b'\0')[:number], number
    has = dict(field.split('=') for field in fields)
    has = {key: int(number) for key, number in has.items()}
    data = struct.pack(
        '=IIQ', has.get('mode', 0), has.get('scope', 0) & 0xffffffff,
        has.get('flags', 0) & 0xffffffffffffffff)
    data += bytes([has.get('key', 0)]) * 32
    data = bytearray(data.ljust(has.get('size', 48), b'\0'))
    if 'tail' in has:
        data[-1] = has['tail']
    return bytes(data), len(data)


def put(sock, level, value):
    """setsockopt(); the name of the error, or '0'."""
    data, length = bytes_of(value)
    if libc.setsockopt(sock.fileno(), level, SO_SST, data, length):
        return name(ctypes.get_errno())
    return '0'


def as_nobody(function, *args):
    """Result of a call without any capability, from another process."""
    reader, writer = os.pipe()
    if not os.fork():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        os.write(writer, function(*args).encode())
        os._exit(0)
    os.close(writer)
    os.wait()
    with os.fdopen(reader) as pipe:
        return pipe.read()


class Case:
    """A line of the table."""

    def __init__(self, line, blackhole):
        (self.family, self.type, self.level, self.moment, self.first, self.who,
         self.value, self.error, self.then) = line.split()
        self.blackhole = blackhole
        self.others = []

    def socket(self):
        return socket.socket(FAMILY[self.family], *TYPE[self.type])

    def first_set(self, sock):
        if self.first != '-':
            put(sock, OWN_LEVEL[self.family], 'int=' + self.first)

    def listener(self):
        sock = self.socket()
        self.others.append(sock)
        if self.moment == 'accepted':
            self.first_set(sock)
        sock.bind((LOOPBACK[self.family], 0))
        sock.listen()
        return sock

    def connect(self, sock):
        if self.type == 'udp':
            sock.connect((LOOPBACK[self.family], 9))
            return
        listener = self.listener()
        sock.connect(listener.getsockname())
        self.others.append(listener.accept()[0])

    def at_moment(self):
        """A socket at the moment of the case."""
        sock = self.socket()
        if self.moment == 'accepted':
            self.connect(sock)
            self.others.append(sock)
            return self.others[-2]
        self.first_set(sock)
        if self.moment in ('bound', 'listening'):
            sock.bind((LOOPBACK[self.family], 0))
        if self.moment == 'listening':
            sock.listen()
        if self.moment == 'connecting':
            sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                sock.connect((self.blackhole, 9))
        if self.moment in ('connected', 'closed', 'disconnected'):
            self.connect(sock)
        if self.moment == 'closed':
            self.others[-1].close()
            sock.recv(1)
        if self.moment == 'disconnected' and \
                libc.connect(sock.fileno(), bytes(16), 16):
            raise OSError(ctypes.get_errno(), 'connect')
        return sock

    def run(self):
        """What came of it, as the table writes it."""
        try:
            sock = self.at_moment()
        except OSError as error:
            # A kernel without MPTCP has no such sockets to ask.
            got = name(error.errno)
            return 'refused -' if got in REFUSED else got
        call = (put, sock, LEVEL[self.level], self.value)
        got = as_nobody(*call) if self.who == 'nobody' else call[0](*call[1:])
        if self.error == 'refused' and got in REFUSED:
            got = 'refused'
        then = '-' if self.then == '-' else \
            sock.getsockopt(OWN_LEVEL[self.family], SO_SST)
        for each in [sock, *self.others]:
            each.close()
        return f'{got} {then}'


def main():
    with open(sys.argv[1], encoding='ascii') as table:
        lines = [line.strip() for line in table]
    for number, line in enumerate(lines, 1):
        if line and not line.startswith('#'):
            case = Case(line, sys.argv[2])
            desc = ' '.join(line.split()[:-2])
            print(f'{number} {desc}|{case.run()}|{case.error} {case.then}',
                  flush=True)


main()
