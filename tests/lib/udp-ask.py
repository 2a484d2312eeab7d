#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""udp-ask.py ADDRESS PORT OWN-PORT TEXT...: a datagram with each text, from one
port (0: any), the next when the one before was answered; prints the answers, and
what else comes within a moment. Fails when an answer does not come for a minute."""

import socket
import sys

PATIENCE = 60
MOMENT = 0.3


def main():
    """The command line."""
    address, port, own = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    sock = socket.socket(socket.AF_INET6 if ':' in address
                         else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(('', own))
    sock.connect((address, port))
    sock.settimeout(PATIENCE)
    for text in sys.argv[4:]:
        sock.send(text.encode())
        print(sock.recv(65536).decode(), end='', flush=True)
    sock.settimeout(MOMENT)
    try:
        print(sock.recv(65536).decode(), end='')
    except socket.timeout:
        pass


if __name__ == '__main__':
    main()
