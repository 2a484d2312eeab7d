#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Sockets that a plain program has, one case for each word.

mptcp ADDRESS PORT    a connection of MPTCP: 100 KB there and back
udp ADDRESS PORT      connected and not, a datagram there and back
moved ADDRESS PORT    makes a socket, leaves its cgroup behind and lives on; once
                      its input ends, connects and prints how that went
wishes NUMBER DIR     makes so many cgroups in DIR and asks for a wish for each;
                      prints how many were granted, and the first other answer
"""
import errno
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../tools'))
import nlraw  # noqa: E402  pylint: disable=wrong-import-position

IPPROTO_MPTCP = 262


def make(address, kind, proto=0):
    """A socket that waits for a minute only."""
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    sock = socket.socket(family, kind, proto)
    sock.settimeout(60)
    return sock


def mptcp(address, port):
    """A connection of MPTCP."""
    data = os.urandom(100000)
    sock = make(address, socket.SOCK_STREAM, IPPROTO_MPTCP)
    sock.connect((address, int(port)))
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)
    got = b''
    while True:
        part = sock.recv(65536)
        if not part:
            break
        got += part
    print('same' if got == data else 'different')


def udp(address, port):
    """Datagrams."""
    first = make(address, socket.SOCK_DGRAM)
    first.sendto(b'one', (address, int(port)))
    second = make(address, socket.SOCK_DGRAM)
    second.connect((address, int(port)))
    second.send(b'two')
    print(first.recv(100).decode(), second.recv(100).decode())


def moved(address, port):
    """The parent ends at once; the child keeps the socket."""
    sock = make(address, socket.SOCK_STREAM)
    done, tell = os.pipe()
    if os.fork():
        os.read(done, 1)
        os._exit(0)  # pylint: disable=protected-access
    with open('/sys/fs/cgroup/cgroup.procs', 'w', encoding='ascii') as procs:
        procs.write('0')
    os.write(tell, b'x')
    sys.stdin.read()
    try:
        sock.connect((address, int(port)))
        print('connected', flush=True)
    except OSError as error:
        print(errno.errorcode.get(error.errno, str(error)), flush=True)


def wishes(number, where):
    """One for each cgroup."""
    kernel = nlraw.Socket()
    granted, other = 0, ''
    for i in range(int(number)):
        path = f'{where}/w{i}'
        os.makedirs(path, exist_ok=True)
        handle = os.open(path, os.O_RDONLY)
        answer = kernel.answer(f'wish-add cgroup-fd={handle} verdict=2')
        os.close(handle)
        granted += answer == 'ok'
        other = other or (answer if answer != 'ok' else '')
    print(granted, other)


{f.__name__: f for f in (mptcp, udp, moved, wishes)}[sys.argv[1]](*sys.argv[2:])
