# SPDX-License-Identifier: GPL-2.0
"""Sockets of several network namespaces in one process."""

import ctypes
import os
import select
import socket
import subprocess
import time

_libc = ctypes.CDLL(None, use_errno=True)
_NEWNET = 0x40000000


def enter(name):
    """Go to a namespace of ip-netns(8); sockets made from now on are there."""
    handle = os.open('/run/netns/' + name, os.O_RDONLY)
    try:
        if _libc.setns(handle, _NEWNET):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), name)
    finally:
        os.close(handle)


def run(name, *command):
    """Run a program in a namespace; returns what it prints."""
    enter(name)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def family(addr):
    """The address family of a text address."""
    return socket.AF_INET6 if ':' in addr else socket.AF_INET


def make(name, addr, port, kind=socket.SOCK_STREAM):
    """A socket in a namespace, bound to address and port."""
    enter(name)
    sock = socket.socket(family(addr), kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((addr, port))
    sock.settimeout(30)
    return sock


def listener(name, addr, port):
    """A listening TCP socket."""
    sock = make(name, addr, port)
    sock.listen(8)
    return sock


def until(test, what, limit=60):
    """Wait until test() is true."""
    end = time.monotonic() + limit
    while not test():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


def exchange(one, two, count, limit=120):
    """Send `count` random bytes each way at the same time, and compare."""
    end = time.monotonic() + limit
    data = {one: os.urandom(count), two: os.urandom(count)}
    peer = {one: two, two: one}
    sent = {one: 0, two: 0}
    got = {one: bytearray(), two: bytearray()}
    for sock in data:
        sock.setblocking(False)
    while any(len(got[s]) < count for s in data):
        reads = [s for s in data if len(got[s]) < count]
        writes = [s for s in data if sent[s] < count]
        reads, writes, _ = select.select(reads, writes, [], 1)
        for sock in reads:
            more = sock.recv(65536)
            if not more:
                raise EOFError('connection ended early')
            got[sock] += more
        for sock in writes:
            sent[sock] += sock.send(data[sock][sent[sock]:sent[sock] + 65536])
        if time.monotonic() > end:
            raise TimeoutError('transfer')
    for sock in data:
        if got[sock] != data[peer[sock]]:
            raise ValueError('bytes differ')
        sock.settimeout(30)
