#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""client.py ADDRESS PORT [KEY]: send a line from standard input by SST, or not
at all. KEY is the public key of the server, as "sstctl pubkey" prints it: then
nobody else gets the line."""

import base64
import socket
import struct
import sys

SO_SST, REQUIRE, PEER_KEY, SEALED, PUBLIC = 0x5354, 2, 1, 2, 3
SOCKOPT = struct.Struct('=IIQ32s')
SOCKINFO = struct.Struct('=48s5B3xI4xQQ32s32s')


def connect(address, port, key=None):
    """A TCP connection that is protected, and the name of the peer."""
    family, kind, proto, _, where = socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, proto)
    level = socket.IPPROTO_IPV6 if family == socket.AF_INET6 else \
        socket.IPPROTO_IP
    sock.setsockopt(level, SO_SST, SOCKOPT.pack(
        REQUIRE, 0, PEER_KEY if key else 0, key or b''))
    sock.connect(where)
    info = SOCKINFO.unpack(sock.getsockopt(level, SO_SST, SOCKINFO.size))
    state, known, peer_key, name = info[1], info[5], info[9], info[10]
    if state != SEALED or (key and (known, peer_key) != (PUBLIC, key)):
        sys.exit('not protected')
    return sock, name.rstrip(b'\0').decode()


def main():
    """The command line."""
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    key = base64.b64decode(sys.argv[3]) if len(sys.argv) == 4 else None
    sock, name = connect(sys.argv[1], sys.argv[2], key)
    print('protected, peer', name, file=sys.stderr)
    sock.sendall(sys.stdin.readline().encode())


main()
