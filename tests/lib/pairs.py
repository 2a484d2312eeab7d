#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Conversations between two namespaces that stay open and go on when told to.

  pairs.py NETNS-A A NETNS-B B COUNT

COUNT TCP connections and as many pairs of UDP sockets, from ports 4000 on of A to
port 80 of B. Says "ready", then reads lines "tcp INDEX TURNS" and "udp INDEX TURNS":
that pair sends there and back, and the line is repeated when all has arrived.
"""

import socket
import sys

import netns

PORT = 80
SIZE = {'tcp': 12000, 'udp': 1200}


def receive(sock, size):
    """All of it, or an error after the time limit."""
    while size:
        size -= len(sock.recv(size))


def speak(ends, size, turns):
    """There and back."""
    for _ in range(turns):
        for source, target in (ends, ends[::-1]):
            source.sendall(bytes(size))
            receive(target, size)


def main():
    """See above."""
    name_a, addr_a, name_b, addr_b, count = sys.argv[1:]
    pairs = {'tcp': [], 'udp': []}
    door = netns.listener(name_b, addr_b, PORT)
    for port in range(4000, 4000 + int(count)):
        near = netns.make(name_a, addr_a, port)
        near.connect((addr_b, PORT))
        pairs['tcp'].append((near, door.accept()[0]))
        near = netns.make(name_a, addr_a, port, socket.SOCK_DGRAM)
        near.connect((addr_b, PORT))
        far = netns.make(name_b, addr_b, PORT, socket.SOCK_DGRAM)
        # To a socket that has this peer already, an opening would be a stranger.
        near.send(b'hello')
        far.connect(far.recvfrom(100)[1])
        pairs['udp'].append((near, far))
    print('ready', flush=True)
    for line in sys.stdin:
        proto, index, turns = line.split()
        speak(pairs[proto][int(index)], SIZE[proto], int(turns))
        print(line.strip(), flush=True)


if __name__ == '__main__':
    main()
