#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Keys and peers for a WireGuard device in each of two namespaces.

The devices wg0 are there already. Each end is NAMESPACE,ADDRESS,PORT of the
outer datagrams.
"""

import os
import socket
import struct
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import netns

GENERIC, CONTROL, GET_FAMILY, SET_DEVICE = 16, 16, 3, 1
NESTED = 0x8000
IFNAME, PRIVATE_KEY, LISTEN_PORT, PEERS = 2, 3, 6, 8
PUBLIC_KEY, ENDPOINT, ALLOWED = 1, 4, 9
FAMILY, ADDRESS, PREFIX = 1, 2, 3


def attr(kind, body):
    """One netlink attribute, padded."""
    out = struct.pack('=HH', 4 + len(body), kind) + body
    return out + bytes(-len(out) % 4)


def nest(kind, *parts):
    """An attribute of attributes."""
    return attr(kind | NESTED, b''.join(parts))


def ask(sock, family, command, body):
    """Send a generic netlink request; returns the answer's attributes."""
    head = struct.pack('=BBH', command, 1, 0)
    sock.send(struct.pack('=IHHII', 20 + len(body), family, 5, 1, 0)
              + head + body)
    data = sock.recv(65536)
    if struct.unpack_from('=H', data, 4)[0] == 2:
        code = -struct.unpack_from('=i', data, 16)[0]
        if code:
            raise OSError(code, os.strerror(code))
    return data[20:]


def family_id(sock):
    """The number of WireGuard's family."""
    data = ask(sock, CONTROL, GET_FAMILY, attr(2, b'wireguard\0'))
    while data:
        size, kind = struct.unpack_from('=HH', data)
        if kind == 1:
            return struct.unpack_from('=H', data, 4)[0]
        data = data[(size + 3) & ~3:]
    raise OSError('no WireGuard')


def endpoint(addr, port):
    """A socket address as the kernel has it in memory."""
    if ':' in addr:
        return struct.pack('=HHI16sI', socket.AF_INET6, socket.htons(port), 0,
                           socket.inet_pton(socket.AF_INET6, addr), 0)
    return struct.pack('=HH4s8s', socket.AF_INET, socket.htons(port),
                       socket.inet_aton(addr), bytes(8))


def main():
    """NAMESPACE,ADDRESS,PORT twice."""
    ends = [text.split(',') for text in sys.argv[1:]]
    keys = [X25519PrivateKey.generate() for _ in ends]
    everything = nest(ALLOWED, *(
        nest(0, attr(FAMILY, struct.pack('=H', number)),
             attr(ADDRESS, bytes(size)), attr(PREFIX, b'\0'))
        for number, size in ((socket.AF_INET, 4), (socket.AF_INET6, 16))))
    for i, (name, _, port) in enumerate(ends):
        _, addr, there = ends[1 - i]
        netns.enter(name)
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENERIC)
        sock.bind((0, 0))
        private = keys[i].private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
            serialization.NoEncryption())
        public = keys[1 - i].public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        ask(sock, family_id(sock), SET_DEVICE, b''.join((
            attr(IFNAME, b'wg0\0'), attr(PRIVATE_KEY, private),
            attr(LISTEN_PORT, struct.pack('=H', int(port))),
            nest(PEERS, nest(0, attr(PUBLIC_KEY, public),
                             attr(ENDPOINT, endpoint(addr, int(there))),
                             everything)))))


if __name__ == '__main__':
    main()
