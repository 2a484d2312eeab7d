#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Two clients with one address and one port, as the server sees them.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import argparse
import socket
import sys

import netns
from nets import report

SERVER = {4: '10.0.2.1', 6: 'fd00:2::1'}
CLIENTS = {'A': {4: '10.0.1.1', 6: 'fd00:1::1'},
           'C': {4: '10.0.3.1', 6: 'fd00:3::1'}}
PORT = 6000


def udp(where, family):
    """Both ask and are answered, in turn."""
    server = netns.make(where['B'], SERVER[family], 53, socket.SOCK_DGRAM)
    socks = {}
    for name, addrs in CLIENTS.items():
        socks[name] = netns.make(where[name], addrs[family], PORT,
                                 socket.SOCK_DGRAM)
        socks[name].connect((SERVER[family], 53))
    seen = {}
    wrong = []
    for turn in range(4):
        for name, sock in socks.items():
            ask = ('%s asks %d' % (name, turn)).encode()
            sock.send(ask)
            data, source = server.recvfrom(2000)
            if data != ask or seen.setdefault(name, source[1]) != source[1]:
                wrong.append((data, source))
        # The answers only now, so that they could be mixed up.
        for name, sock in socks.items():
            server.sendto(b'for ' + name.encode(), (source[0], seen[name]))
        for name, sock in socks.items():
            data = sock.recv(2000)
            if data != b'for ' + name.encode():
                wrong.append((name, data))
    text = 'UDP over IPv%d behind one address' % family
    report(not wrong, text + ': each gets its own', wrong)
    report(len(set(seen.values())) == 2 and PORT in seen.values(),
           text + ': the server sees two ports', seen)


def tcp(where, family):
    """Both connect from the same port and stay connected."""
    listener = netns.listener(where['B'], SERVER[family], 80)
    socks, inside, ports = {}, {}, set()
    for name, addrs in CLIENTS.items():
        socks[name] = netns.make(where[name], addrs[family], PORT)
        socks[name].connect((SERVER[family], 80))
        inside[name], source = listener.accept()
        inside[name].settimeout(30)
        ports.add(source[1])
    wrong = []
    for _ in range(3):
        for name, sock in socks.items():
            sock.send(name.encode())
            inside[name].send(name.lower().encode())
        for name, sock in socks.items():
            got = inside[name].recv(10), sock.recv(10)
            if got != (name.encode(), name.lower().encode()):
                wrong.append((name, got))
    text = 'TCP over IPv%d behind one address' % family
    report(not wrong, text + ': each gets its own', wrong)
    report(len(ports) == 2 and PORT in ports,
           text + ': the server sees two ports', ports)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--tmp', help='folder for files, not used')
    args = parser.parse_args()
    where = {name: '%s-%s' % (args.id, name) for name in 'ABC'}
    for family in (4, 6):
        udp(where, family)
        tcp(where, family)
    return 0


if __name__ == '__main__':
    sys.exit(main())
