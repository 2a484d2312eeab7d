#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""mark.py ADDRESS PORT TOS SIZE|@FILE...: datagrams of these sizes from one port,
each after the one before has come back, and waits for files in between. Prints
"all" when all have."""

import os
import socket
import sys
import time


def main():
    """The command line."""
    address, port, tos = sys.argv[1], int(sys.argv[2]), int(sys.argv[3], 0)
    ipv6 = ':' in address
    sock = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET,
                         socket.SOCK_DGRAM)
    sock.settimeout(60)
    if ipv6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
    else:
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
    sock.connect((address, port))
    for word in sys.argv[4:]:
        if word[0] == '@':
            while not os.path.exists(word[1:]):
                time.sleep(0.05)
            continue
        data = os.urandom(int(word))
        sock.send(data)
        if sock.recv(65536) != data:
            sys.exit('%s bytes came back otherwise' % word)
    print('all')


if __name__ == '__main__':
    main()
