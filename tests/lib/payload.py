#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What scope payload is tried with.

  payload.py serve PORT FILE              write what one connection sends
  payload.py send ADDRESS PORT FILE HOW   HOW: write, sendfile or zerocopy
  payload.py echo PORT [payload]          send each datagram back; asks for that scope
  payload.py ask ADDRESS PORT SIZE...     a datagram of each size, and back
  payload.py fast ADDRESS PORT            data in the SYN, and wait for the end
  payload.py accept PORT                  one connection, of scope payload

Memory of which was sent without a copy must be as before.
"""

import socket
import sys

from sosst import OFF, asks

PAYLOAD = 3
MSG_FASTOPEN = 0x20000000
SO_ZEROCOPY = 60
MSG_ZEROCOPY = 0x4000000


def serve(port, path):
    """One connection, to a file."""
    server = socket.create_server(('::', port), family=socket.AF_INET6,
                                  dualstack_ipv6=True)
    sock, _ = server.accept()
    with open(path, 'wb') as out:
        while True:
            data = sock.recv(1 << 16)
            if not data:
                return
            out.write(data)


def send_file(sock, path):
    """From the page cache."""
    with open(path, 'rb') as source:
        sock.sendfile(source)


def send_zerocopy(sock, path):
    """From memory that the kernel does not copy."""
    with open(path, 'rb') as source:
        data = bytearray(source.read())
    before = bytes(data)
    sock.setsockopt(socket.SOL_SOCKET, SO_ZEROCOPY, 1)
    view, at = memoryview(data), 0
    while at < len(data):
        at += sock.send(view[at:at + (1 << 16)], MSG_ZEROCOPY)
    sock.shutdown(socket.SHUT_WR)
    sock.recv(1)
    if data != before:
        sys.exit('the memory of the sender was written')


def send(address, port, path, how):
    """One connection, from a file."""
    sock = socket.create_connection((address, port), 60)
    if how == 'sendfile':
        send_file(sock, path)
    elif how == 'zerocopy':
        send_zerocopy(sock, path)
    else:
        with open(path, 'rb') as source:
            sock.sendall(source.read())
    sock.close()


def echo(port, scope=''):
    """Until the test ends."""
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    if scope:
        asks(sock, OFF, PAYLOAD)
    sock.bind(('::', port))
    while True:
        data, who = sock.recvfrom(1 << 16)
        sock.sendto(data, who)


def ask(address, port, sizes):
    """One after the other, each compared."""
    sock = socket.socket(socket.AF_INET6 if ':' in address
                         else socket.AF_INET, socket.SOCK_DGRAM)
    sock.settimeout(60)
    sock.connect((address, port))
    for size in sizes:
        data = (b'plainly to be seen: 0123456789\n' * (size // 31 + 1))[:size]
        sock.send(data)
        if sock.recv(1 << 16) != data:
            sys.exit('%d bytes came back changed' % size)


def fast(address, port):
    """A connection that brings data with its SYN."""
    sock = socket.socket(socket.AF_INET6 if ':' in address
                         else socket.AF_INET)
    sock.settimeout(60)
    sock.sendto(b'plainly to be seen', MSG_FASTOPEN, (address, port))
    sock.shutdown(socket.SHUT_WR)
    sock.recv(1)


def accept(port, device=''):
    """Until one comes, over IPv4 or IPv6, on a device."""
    server = socket.socket(socket.AF_INET6)
    asks(server, OFF, PAYLOAD)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                      device.encode())
    server.bind(('', port))
    server.listen()
    server.accept()


def main():
    """The command line."""
    words = sys.argv[2:]
    if sys.argv[1] == 'serve':
        serve(int(words[0]), words[1])
    elif sys.argv[1] == 'send':
        send(words[0], int(words[1]), *words[2:])
    elif sys.argv[1] == 'echo':
        echo(int(words[0]), *words[1:])
    elif sys.argv[1] == 'fast':
        fast(words[0], int(words[1]))
    elif sys.argv[1] == 'ask':
        ask(words[0], int(words[1]), [int(size) for size in words[2:]])
    else:
        accept(int(words[0]), *words[1:])


if __name__ == '__main__':
    main()
