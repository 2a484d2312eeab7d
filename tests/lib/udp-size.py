#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""udp-size.py ADDRESS PORT OWN-PORT SIZE: send one datagram; prints "sent" or
the name of the error."""

import errno
import socket
import sys

addr, port, own, size = sys.argv[1], *map(int, sys.argv[2:5])
sock = socket.socket(socket.AF_INET6 if ':' in addr else socket.AF_INET,
                     socket.SOCK_DGRAM)
sock.bind(('', own))
try:
    sock.sendto(b'x' * size, (addr, port))
    print('sent')
except OSError as error:
    print(errno.errorcode[error.errno])
