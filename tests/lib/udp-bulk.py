#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Numbered datagrams with a hash each.

  udp-bulk.py send ADDRESS PORT OWN-PORT FIRST COUNT
  udp-bulk.py receive PORT      until SIGTERM; prints how many different ones
                                came, how many again, how many were damaged

Sizes differ: 24 to 1395 bytes. The sender pauses after each dozen.
"""

import hashlib
import signal
import socket
import struct
import sys
import time

SO_RCVBUFFORCE = 33
FILL = bytes(range(251)) * 6


def datagram(index):
    """Number, fill of a size that depends on it, hash of both."""
    body = struct.pack('>Q', index) + FILL[:index * 7919 % 1372]
    return body + hashlib.blake2b(body, digest_size=16).digest()


def send(addr, port, own, first, count):
    """All of them; an error of the system is the program's."""
    sock = socket.socket(socket.AF_INET6 if ':' in addr else socket.AF_INET,
                         socket.SOCK_DGRAM)
    sock.bind(('', own))
    sock.connect((addr, port))
    for index in range(first, first + count):
        sock.send(datagram(index))
        if index % 12 == 11:
            time.sleep(0.001)


def receive(port):
    """Until the signal."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 27)
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    sock.settimeout(0.3)
    sock.bind(('::', port))
    seen, twice, damaged = set(), 0, 0
    while True:
        try:
            data = sock.recv(65536)
        except socket.timeout:
            if ended:
                break
            continue
        body = data[:-16]
        if len(data) < 24 or data[-16:] != hashlib.blake2b(
                body, digest_size=16).digest():
            damaged += 1
            continue
        index = struct.unpack('>Q', body[:8])[0]
        if index in seen:
            twice += 1
        seen.add(index)
    print(len(seen), twice, damaged)


if sys.argv[1] == 'send':
    send(sys.argv[2], *map(int, sys.argv[3:7]))
else:
    receive(int(sys.argv[2]))
