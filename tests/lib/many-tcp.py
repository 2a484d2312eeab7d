#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Many TCP connections at a time between two namespaces, in one process.

  many-tcp.py CLIENT-NETNS SERVER-NETNS ADDRESS PORT AT-A-TIME ROUNDS FIFO

Each round opens AT-A-TIME connections, sends a few bytes both ways over each
while all are open, and ends them: one half with FINs of both sides, the other
half with a reset of the client; between the two it waits for a line in FIFO. Prints "connections N ok N" and fails unless
all worked.
"""
import os
import resource
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns  # noqa: E402


def open_all(client, listener, address, count):
    """All connections of a round: lists of the client's and server's ends."""
    ours, theirs = [], []
    family = netns.family(address[0])
    netns.enter(client)
    for _ in range(count):
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(30)
        sock.connect(address)
        conn, _peer = listener.accept()
        conn.settimeout(30)
        ours.append(sock)
        theirs.append(conn)
    return ours, theirs


def talk(ours, theirs):
    """Bytes both ways over each; how many came as they were sent."""
    good = 0
    for i, sock in enumerate(ours):
        sock.sendall(b"ping%08d" % i)
    by_port = {sock.getsockname()[1]: i for i, sock in enumerate(ours)}
    for conn in theirs:
        index = by_port[conn.getpeername()[1]]
        if conn.recv(64) == b"ping%08d" % index:
            conn.sendall(b"pong%08d" % index)
    for i, sock in enumerate(ours):
        good += sock.recv(64) == b"pong%08d" % i
    return good


def close_all(ours, theirs):
    reset = struct.pack("ii", 1, 0)
    for i, sock in enumerate(ours):
        if i % 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        sock.close()
    # The server closes when it has seen the end: no time-wait on its side.
    for conn in theirs:
        try:
            conn.recv(1)
        except ConnectionResetError:
            pass
        conn.close()


def main():
    client, server, host, port, count, rounds, fifo = sys.argv[1:]
    address, count, rounds = (host, int(port)), int(count), int(rounds)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * count, 4 * count))
    listener = netns.listener(server, *address)
    go_on = open(fifo, encoding='ascii')
    good = 0
    for _ in range(rounds):
        ours, theirs = open_all(client, listener, address, count)
        good += talk(ours, theirs)
        print("open", len(ours), flush=True)
        # The caller looks at the flows and tells to go on.
        go_on.readline()
        close_all(ours, theirs)
    print("connections", count * rounds, "ok", good)
    return good != count * rounds


if __name__ == "__main__":
    sys.exit(main())
