#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Megabytes over one TCP connection, each byte compared.

  tcp-bulk.py listen PORT send|receive MEGABYTES
  tcp-bulk.py connect ADDRESS PORT OWN-PORT send|receive MEGABYTES

Each megabyte is its number and a fill without a pattern, so that nothing can be
missing, twice or in another's place. Status 0 when all is well.
"""

import hashlib
import socket
import struct
import sys
import time

MEGABYTE = 1 << 20
BLOCK = bytearray(hashlib.shake_128(b'fill').digest(MEGABYTE))


def send(sock, count):
    """All of it."""
    for index in range(count):
        struct.pack_into('>Q', BLOCK, 0, index)
        sock.sendall(BLOCK)


def receive(sock, count):
    """Compare; too little or too much is an error."""
    got = bytearray(MEGABYTE)
    view = memoryview(got)
    for index in range(count):
        at = 0
        while at < MEGABYTE:
            size = sock.recv_into(view[at:])
            if not size:
                sys.exit('ended after %d MiB and %d bytes' % (index, at))
            at += size
        struct.pack_into('>Q', BLOCK, 0, index)
        if got != BLOCK:
            sys.exit('bytes differ in MiB %d' % index)
    if sock.recv(1):
        sys.exit('too much')


def main():
    """The command line."""
    if sys.argv[1] == 'listen':
        server = socket.create_server(('::', int(sys.argv[2])),
                                      family=socket.AF_INET6,
                                      dualstack_ipv6=True)
        sock, _ = server.accept()
    else:
        addr, port, own = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
        sock = socket.socket(socket.AF_INET6 if ':' in addr
                             else socket.AF_INET)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(('', own))
        sock.connect((addr, port))
    start = time.monotonic()
    count = int(sys.argv[-1])
    if sys.argv[-2] == 'send':
        send(sock, count)
        sock.shutdown(socket.SHUT_WR)
        if sock.recv(1):
            sys.exit('unexpected bytes')
    else:
        receive(sock, count)
    sock.close()
    print('%d MiB in %.1f s' % (count, time.monotonic() - start))


main()
