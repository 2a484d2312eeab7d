#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""One end of a conversation over UDP that goes on whatever happens.

    udp-talk.py client ADDRESS PORT     a number every 0.2 s from one port;
                                        prints each one that comes back
    udp-talk.py server PORT [silent]    sends all back, or not; prints the
                                        client's port and what came
    udp-talk.py push PORT ADDRESS PORT  as a server that sends to a client
                                        that it has known before, too
"""

import select
import socket
import sys
import time

EVERY = 0.2


def make(address=''):
    """A socket of the address's family, or of both."""
    if address and ':' not in address:
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    return sock


def talk(sock, heard, target=None):
    """Send to the target, tell what comes; errors pass."""
    number = 0
    due = time.monotonic()
    while True:
        wait = None
        if target:
            wait = max(0, due - time.monotonic())
        if select.select([sock], [], [], wait)[0]:
            try:
                heard(*sock.recvfrom(2000))
            except OSError:
                pass
            continue
        number += 1
        due += EVERY
        try:
            sock.sendto(b'%d' % number, target)
        except OSError:
            pass


def main():
    """The command line."""
    mode, words = sys.argv[1], sys.argv[2:]
    if mode == 'client':
        talk(make(words[0]), lambda data, where: print(
            data.decode(), flush=True), (words[0], int(words[1])))
    sock = make(words[1] if mode == 'push' else '')
    sock.bind(('', int(words[0])))
    silent = mode == 'push' or 'silent' in words

    def heard(data, where):
        print(where[1], data.decode(), flush=True)
        if not silent:
            sock.sendto(data, where)
    talk(sock, heard, (words[1], int(words[2])) if mode == 'push' else None)


if __name__ == '__main__':
    sys.exit(main())
