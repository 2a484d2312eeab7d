#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""One exchange between two namespaces, by sockets bound as the options say.

TCP: random bytes both ways at once, then both ends close. UDP: datagrams of
several sizes, each sent back. Prints the address that the server saw, and
fails when anything is lost, changed or refused.
"""

import argparse
import os
import socket
import sys

import netns

SO_MARK, SO_BINDTODEVICE = 36, 25
SIZES = (1, 200, 1300)


def place(text, port, device):
    """An address as the socket calls want it; needs the right namespace."""
    if ':' not in text:
        return text, port
    scope = socket.if_nametoindex(device) if text.startswith('fe80:') else 0
    return text, port, 0, scope


def make(name, kind, addr, port, device, mark=0):
    """A bound socket."""
    netns.enter(name)
    sock = socket.socket(netns.family(addr), kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if mark:
        sock.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)
    if device:
        sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, device.encode())
    sock.bind(place(addr, port, device))
    sock.settimeout(20)
    return sock


def tcp(server, client, where, size):
    """Prints whom the server saw."""
    server.listen(1)
    client.connect(where)
    end, seen = server.accept()
    netns.exchange(client, end, size)
    client.close()
    if end.recv(1):
        raise ValueError('more than was sent')
    end.close()
    return seen


def udp(server, client, where):
    """The same."""
    for size in SIZES:
        data = os.urandom(size)
        client.sendto(data, where)
        got, seen = server.recvfrom(65536)
        if got != data:
            raise ValueError('another datagram')
        server.sendto(data, seen)
        if client.recv(65536) != data:
            raise ValueError('another answer')
    return seen


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('client', help='namespace')
    parser.add_argument('server', help='namespace')
    parser.add_argument('proto', choices=('tcp', 'udp'))
    parser.add_argument('address', help='where the client goes')
    parser.add_argument('port', type=int)
    parser.add_argument('--from', dest='source', help='its own address')
    parser.add_argument('--sport', type=int, default=0)
    parser.add_argument('--device', help='its device')
    parser.add_argument('--mark', type=int, default=0, help='its SO_MARK')
    parser.add_argument('--at', help='address of the server, if another one')
    parser.add_argument('--at-port', type=int)
    parser.add_argument('--at-device')
    parser.add_argument('--size', type=int, default=100000)
    args = parser.parse_args()
    kind = socket.SOCK_STREAM if args.proto == 'tcp' else socket.SOCK_DGRAM
    server = make(args.id + '-' + args.server, kind, args.at or args.address,
                  args.at_port or args.port, args.at_device)
    everywhere = '::' if ':' in args.address else '0.0.0.0'
    client = make(args.id + '-' + args.client, kind,
                  args.source or everywhere, args.sport, args.device,
                  args.mark)
    where = place(args.address, args.port, args.device)
    try:
        if args.proto == 'tcp':
            seen = tcp(server, client, where, args.size)
        else:
            seen = udp(server, client, where)
    except (OSError, EOFError, ValueError) as error:
        print('failed:', error)
        return 1
    print('%s %d' % seen[:2])
    return 0


if __name__ == '__main__':
    sys.exit(main())
