#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Steady traffic, to see what a change in the middle of it costs.

steady.py serve PORT: send everything back, on UDP and TCP, until the end.

steady.py ADDRESS PORT: one TCP connection, one UDP socket, and a new TCP
connection four times a second, until SIGTERM.  Says "begun" on standard error
when the first of these is over.  Prints JSON: stream (the error that ended it,
or ""), datagrams lost, connections made and failed, and the milliseconds that
the slowest took.
"""

import json
import select
import signal
import socket
import sys
import threading
import time

STEP = 0.05
PATIENCE = 20


def echo_stream(sock):
    """Until the other side ends it."""
    with sock:
        try:
            while True:
                data = sock.recv(65536)
                if not data:
                    return
                sock.sendall(data)
        except OSError:
            return


def serve(port):
    """Both protocols, both families."""
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    tcp = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    for sock in (udp, tcp):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(('::', port))
    tcp.listen(64)
    while True:
        for sock in select.select([udp, tcp], [], [])[0]:
            if sock is udp:
                udp.sendto(*udp.recvfrom(65536))
            else:
                threading.Thread(target=echo_stream, daemon=True,
                                 args=(tcp.accept()[0],)).start()


class Client:
    """Three kinds of traffic to one server."""

    def __init__(self, where):
        self.where = where
        self.stopped = threading.Event()
        self.out = {'stream': '', 'datagrams': 0, 'lost': 0, 'made': 0,
                    'failed': 0, 'slowest': 0}

    def connect(self):
        """A connection that works."""
        sock = socket.create_connection(self.where, PATIENCE)
        sock.settimeout(PATIENCE)
        return sock

    def stream(self):
        """One connection."""
        try:
            with self.connect() as sock:
                while not self.stopped.wait(STEP):
                    sock.sendall(b'stream')
                    if not sock.recv(100):
                        raise ConnectionError('ended')
        except OSError as error:
            self.out['stream'] = str(error)

    def datagrams(self):
        """One socket."""
        family = socket.AF_INET6 if ':' in self.where[0] else socket.AF_INET
        waiting = set()
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect(self.where)
            sock.setblocking(False)
            end = None
            while True:
                stopped = self.stopped.wait(STEP)
                if stopped:
                    end = end or time.monotonic() + 3
                    if not waiting or time.monotonic() > end:
                        break
                    time.sleep(STEP)
                else:
                    data = b'%d' % self.out['datagrams']
                    self.out['datagrams'] += 1
                    waiting.add(data)
                    sock.send(data)
                try:
                    while True:
                        waiting.discard(sock.recv(100))
                except BlockingIOError:
                    pass
        self.out['lost'] = len(waiting)

    def connections(self):
        """A new one each time."""
        while not self.stopped.wait(0.25):
            began = time.monotonic()
            try:
                with self.connect() as sock:
                    sock.sendall(b'new')
                    good = sock.recv(100) == b'new'
            except OSError:
                good = False
            self.out['made' if good else 'failed'] += 1
            took = int((time.monotonic() - began) * 1000)
            self.out['slowest'] = max(self.out['slowest'], took)
            if self.out['made'] + self.out['failed'] == 1:
                print('begun', file=sys.stderr, flush=True)

    def run(self):
        """Until SIGTERM."""
        signal.signal(signal.SIGTERM, lambda *_: self.stopped.set())
        threads = [threading.Thread(target=work) for work in (
            self.stream, self.datagrams, self.connections)]
        for thread in threads:
            thread.start()
        while not self.stopped.wait(0.1):
            pass
        for thread in threads:
            thread.join()
        print(json.dumps(self.out))


if __name__ == '__main__':
    if sys.argv[1] == 'serve':
        serve(int(sys.argv[2]))
    Client((sys.argv[1], int(sys.argv[2]))).run()
