#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""udp-size.py ADDRESS PORT OWN-PORT SIZE [whole]: send one datagram, "whole"
forbids fragments; prints "sent" or the name of the error."""

import errno
import socket
import sys

addr, port, own, size = sys.argv[1], *map(int, sys.argv[2:5])
# Numbers of IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, and of DO in both.
MTU_DISCOVER = {socket.IPPROTO_IP: 10, socket.IPPROTO_IPV6: 23}
DO = 2

family, level = (socket.AF_INET6, socket.IPPROTO_IPV6) if ':' in addr else \
    (socket.AF_INET, socket.IPPROTO_IP)
sock = socket.socket(family, socket.SOCK_DGRAM)
if sys.argv[5:] == ['whole']:
    sock.setsockopt(level, MTU_DISCOVER[level], DO)
sock.bind(('', own))
try:
    sock.sendto(b'x' * size, (addr, port))
    print('sent')
except OSError as error:
    print(errno.errorcode[error.errno])
