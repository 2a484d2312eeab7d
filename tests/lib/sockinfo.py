#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What sockets are told about what they got, over real flows.

Prints a line "pass TEXT" or "fail TEXT" for each result. What the hosts know
of each other is the shell script's; see there.
"""

import argparse
import base64
import json
import os
import socket
import sys
import time

import hosts
from hosts import ADDRESS, until
from nets import report
import sosst
from sosst import REQUIRE, NONE, OPENING, SEALED, ENDED, info, peer_info

# pylint: disable=wrong-import-position
from sst.packet import TCP, UDP  # noqa: E402

V4, V6 = socket.AF_INET, socket.AF_INET6
NOBODY_ID = 65534

# Family of the sockets, and of what they speak.
KINDS = {'IPv4': (V4, 4), 'IPv6': (V6, 6), 'mapped': (V6, 4)}


class Told:
    """The hosts, and what each has to be told."""

    def __init__(self, args):
        self.args = args
        self.hosts = hosts.Hosts(args.id)
        self.port = args.port
        self.want = {'A': (args.a_known, args.a_key, args.a_name),
                     'B': (args.b_known, args.b_key, args.b_name)}

    def next_port(self):
        self.port += 1
        return self.port

    def socket(self, host, kind, proto):
        self.hosts.enter(host)
        return socket.socket(KINDS[kind][0], hosts.KIND[proto])

    def address(self, host, kind, port):
        """Of a host, as sockets of this kind write it."""
        addr = ADDRESS[host, KINDS[kind][1]]
        return ('::ffff:' + addr if kind == 'mapped' else addr, port)

    def wrong(self, host, got, role):
        """'' when the other host is what it has to be."""
        known, key, name = self.want[host]
        now = time.time()
        return '' if (
            got.state == SEALED and got.scope == 1 and got.suite == 1 and
            got.role == role and got.known == known and
            got.key == base64.b64decode(key).ljust(32, b'\0') and
            got.name == name and got.key_age < 100 and
            now - 100 < got.opened <= now + 1 and
            now - 100 < got.assoc_made <= now + 1) else \
            '%s: %s, key %s, key age %d, opened %d, made %d, now %d' % (
                host, got, got.key.hex(), got.key_age, got.opened,
                got.assoc_made, now)

    def tcp(self, kind):
        port = self.next_port()
        server = self.socket('B', kind, TCP)
        client = self.socket('A', kind, TCP)
        report(info(client).rest == bytes(96),
               kind + ', TCP: before it connects')
        for sock in (server, client):
            sosst.asks(sock, REQUIRE)
        server.bind(self.address('B', kind, port))
        server.listen()
        report(info(server).rest == bytes(96), kind + ', TCP: a listener')
        client.connect(self.address('B', kind, port))
        child = server.accept()[0]
        client.sendall(b'x')
        child.recv(1)
        report(not self.wrong('A', info(client), sosst.INITIATOR),
               kind + ', TCP: the client knows what it got',
               self.wrong('A', info(client), sosst.INITIATOR))
        report(not self.wrong('B', info(child), sosst.RESPONDER),
               kind + ', TCP: and so does the server',
               self.wrong('B', info(child), sosst.RESPONDER))
        asked = info(child)
        report((asked.mode, asked.asked_scope, asked.flags) == (REQUIRE, 1, 0),
               kind + ', TCP: and what it asked for')
        if kind == 'mapped':
            report(info(client).rest == info(client, socket.SOL_IP).rest,
                   'both levels tell the same')
        self.hosts.sst('A', 'flow', 'flush')
        got = info(client)
        report(got.state == ENDED and got.rest[1:] == bytes(95),
               kind + ', TCP: its flow has ended', got)
        for sock in (server, client, child):
            sock.close()

    def udp(self, kind, wildcard):
        """A connected client, a server that is not."""
        port = self.next_port()
        where = self.address('B', kind, port)
        any_address = '::' if KINDS[kind][0] == V6 else '0.0.0.0'
        what = '%s, UDP, %s: ' % (kind, 'any address' if wildcard else
                                  'one address')
        server = self.socket('B', kind, UDP)
        sosst.asks(server, REQUIRE)
        server.bind((any_address, port) if wildcard else where)
        client = self.socket('A', kind, UDP)
        sosst.asks(client, REQUIRE)
        client.connect(where)
        report(info(client).state == NONE, what + 'nothing was sent yet')
        for sock in (client, server):
            sock.settimeout(60)
        client.send(b'x')
        peer = server.recvfrom(10)[1]
        server.sendto(b'y', peer)
        client.recv(1)
        report(until(lambda: not self.wrong('A', info(client),
                                            sosst.INITIATOR)),
               what + 'the client knows what it got',
               self.wrong('A', info(client), sosst.INITIATOR))
        client.send(b'x')
        server.recv(1)
        questions = [(peer, None), (peer, where)]
        if kind == 'mapped':
            questions.append(((peer[0][7:], peer[1]), None))
            questions.append(((peer[0][7:], peer[1]), where))
        for question in questions:
            got = peer_info(server, *question)
            error = self.wrong('B', got, sosst.RESPONDER)
            report(not error, what + 'the server knows its peer', error)
        report(info(server).state == NONE, what + 'without a peer: none')
        others = [(peer[0], peer[1] ^ 1), self.address('B', kind, peer[1])]
        report([peer_info(server, x).state for x in others] == [NONE] * 2,
               what + 'nothing of others')
        self.refusals(server, kind, peer, wildcard, what)
        server.close()
        client.close()

    def refusals(self, server, kind, peer, wildcard, what):
        """Questions that are none."""
        addr = sosst.sockaddr(peer)
        elsewhere = self.address('R', kind, 1)
        other = sosst.sockaddr(('fd00::1', 1) if KINDS[kind][1] == 4 and
                               KINDS[kind][0] == V6 else ('192.0.2.1', 1))
        unix = b'\1\0'
        cases = [('EAFNOSUPPORT', b'', b'', None),
                 ('EAFNOSUPPORT', unix, b'', None),
                 ('EAFNOSUPPORT', addr, unix, None),
                 ('EINVAL', addr, b'', 259), ('EINVAL', addr, b'', -1),
                 ('EINVAL', addr, b'', 0)]
        if not wildcard:
            cases.append(('EINVAL', addr, sosst.sockaddr(elsewhere), None))
        if KINDS[kind][0] == V6:
            cases.append(('EINVAL', addr, other, None))
        else:
            cases.append(('EAFNOSUPPORT', sosst.sockaddr(('fd00::1', 1)), b'',
                          None))
        wrong = [case for case in cases if hosts.outcome(
            sosst.ask_peer, server, *case[1:]) != case[0]]
        short = sosst.ask_peer(server, addr, b'', 305)
        if short[1] != 305 or short[0][304] != SEALED or \
                short[0][305:] != b'\xee' * 207:
            wrong.append('a short answer')
        report(not wrong, what + 'questions that are none are refused', wrong)

    def shared(self, kind):
        """Two users share a port: only one gets the datagrams."""
        port = self.next_port()
        self.hosts.enter('B')
        mine = self.socket('B', kind, UDP)
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        any_address = '::' if KINDS[kind][0] == V6 else '0.0.0.0'
        reader, writer = os.pipe()
        go, went = os.pipe()
        sosst.asks(mine, REQUIRE)
        mine.bind(self.address('B', kind, port))
        if os.fork() == 0:
            os.setgroups([])
            os.setresuid(NOBODY_ID, NOBODY_ID, NOBODY_ID)
            sock = socket.socket(KINDS[kind][0], socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((any_address, port))
            peer = json.loads(os.read(go, 100))
            states = [peer_info(sock, peer).state,
                      peer_info(sock, peer,
                                self.address('B', kind, port)).state]
            os.write(writer, repr(states).encode())
            os._exit(0)
        client = self.socket('A', kind, UDP)
        sosst.asks(client, REQUIRE)
        client.connect(self.address('B', kind, port))
        client.send(b'x')
        mine.settimeout(60)
        peer = mine.recvfrom(10)[1]
        mine.sendto(b'y', peer)
        client.recv(1)
        client.send(b'x')
        mine.recv(1)
        os.write(went, json.dumps(peer[:2]).encode())
        os.wait()
        theirs = os.read(reader, 100).decode()
        own = peer_info(mine, peer).state
        report(own == SEALED and theirs == '[0, 0]',
               kind + ', UDP: of a port that two users share, the one that '
               'gets the datagrams hears', '%s, %s' % (own, theirs))

    def opening(self, kind):
        """Nobody answers."""
        self.hosts.drop('B')
        client = self.socket('A', kind, UDP)
        sosst.asks(client, REQUIRE)
        client.connect(self.address('B', kind, self.next_port()))
        client.send(b'x')
        got = info(client)
        report(got.state == OPENING and got.known == 0 and not got.name and
               got.key == bytes(32) and got.role == sosst.INITIATOR,
               kind + ': nobody has proved anything before the answer', got)
        client.close()
        self.hosts.drop()

    def clear(self, kind):
        """What no rule and no socket asks for."""
        port = self.next_port()
        server = self.socket('B', kind, TCP)
        server.bind(self.address('B', kind, port))
        server.listen()
        client = self.socket('A', kind, TCP)
        client.connect(self.address('B', kind, port))
        child = server.accept()[0]
        report(info(client).rest == info(child).rest == bytes(96),
               kind + ', TCP: a clear connection')
        for sock in (server, client, child):
            sock.close()


def main():
    """The command line: what each host has to be told about the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--port', type=int, required=True)
    for host in 'ab':
        parser.add_argument('--%s-known' % host, type=int, required=True)
        parser.add_argument('--%s-key' % host, default='')
        parser.add_argument('--%s-name' % host, default='')
    parser.add_argument('--all', action='store_true')
    args = parser.parse_args()
    told = Told(args)
    for kind in KINDS if args.all else ('mapped',):
        told.tcp(kind)
        told.udp(kind, wildcard=False)
        if not args.all:
            continue
        told.clear(kind)
        told.udp(kind, wildcard=True)
        told.shared(kind)
        told.opening(kind)
    return 0


if __name__ == '__main__':
    sys.exit(main())
