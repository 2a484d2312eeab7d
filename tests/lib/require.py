#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What policy and SO_SST do to those who have no key, or knock in the clear.

Prints a line "pass TEXT" or "fail TEXT" for each result. The rules that last
are those of the shell script; see there for the ports.
"""

import argparse
import os
import socket
import struct
import sys
import time

import hosts
from hosts import ACK, ADDRESS, FIN, FAMILY, PSH, RST, SYN, URG, Connection, \
    outcome, until
from nets import difference, fragments, report

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402
from sst.packet import TCP, UDP  # noqa: E402

SO_SST, REQUIRE = 0x5354, 2
REQUIRED, PREFERRED, ORDER, SEALED = 600, 610, 620, 630
CLOSED_DOOR, OPEN_DOOR = 700, 720
RAW_PROTOCOL = 253


class Require:
    """The hosts, and the results."""

    def __init__(self, args):
        self.args = args
        self.hosts = hosts.Hosts(args.id)
        self.port = 300

    def client(self, fam, proto, ask=False):
        """A socket of A."""
        self.port += 1
        sock = self.hosts.bound('A', fam, proto, self.port)
        if ask:
            level = socket.SOL_IP if fam == 4 else socket.IPPROTO_IPV6
            sock.setsockopt(level, SO_SST, REQUIRE)
        return sock

    def repeated(self):
        """How many segments A's TCP has sent again."""
        self.hosts.enter('A')
        with open('/proc/thread-self/net/snmp', encoding='ascii') as lines:
            names, values = [line.split() for line in lines
                             if line.startswith('Tcp:')]
        return int(values[names.index('RetransSegs')])

    def quick(self, want, function, *args):
        """'' when a call fails with this error, and at once: before TCP tries
        again, which it does after a second."""
        began, before = time.monotonic(), self.repeated()
        got = outcome(function, *args)
        took, again = time.monotonic() - began, self.repeated() - before
        return '' if got == want and not again and took < 20 else \
            '%s after %.1f s and %d segments' % (got or 'no error', took,
                                                 again)

    def tcp(self, fam, port, want=''):
        """'' when connect() ends as wanted."""
        with self.client(fam, TCP) as sock:
            return self.quick(want, sock.connect, (ADDRESS['B', fam], port))

    def udp(self, fam, port, want=''):
        """The same for sendto()."""
        with self.client(fam, UDP) as sock:
            return self.quick(want, sock.sendto, b'data',
                              (ADDRESS['B', fam], port))

    # Out

    def refused(self, fam, port, ask=False):
        """Every way to begin; each is an error at once."""
        h = self.hosts
        where = (ADDRESS['B', fam], port)
        name = 'IPv%d, %s: ' % (fam, 'SO_SST' if ask else 'rule')
        grown = h.watch('A', 'tx_required')
        wrong = []

        def step(text, want, function, *args):
            before = grown()
            error = self.quick(want, function, *args)
            if error or grown() != before + 1:
                wrong.append('%s: %s, counted %d' % (
                    text, error, grown() - before))

        sock = self.client(fam, TCP, ask)
        step('connect()', 'ECONNREFUSED', sock.connect, where)
        step('once more', 'ECONNREFUSED', sock.connect, where)
        sock = self.client(fam, TCP, ask)
        sock.setblocking(False)
        step('without waiting', 'ECONNREFUSED', sock.connect, where)
        sock = self.client(fam, TCP, ask)
        step('fast open', 'ECONNREFUSED', sock.sendto, b'data',
             socket.MSG_FASTOPEN, where)
        sock = self.client(fam, UDP, ask)
        step('sendto()', 'ENOKEY', sock.sendto, b'data', where)
        step('empty', 'ENOKEY', sock.sendto, b'', where)
        step('large', 'ENOKEY', sock.sendto, bytes(4000), where)
        sock.setsockopt(socket.IPPROTO_UDP, 103, 500)
        step('to be cut', 'ENOKEY', sock.sendto, bytes(2000), where)
        sock = self.client(fam, UDP, ask)
        sock.connect(where)
        step('send()', 'ENOKEY', sock.send, b'data')
        report(not wrong, name + 'without a peer there is an error at once',
               '\n'.join(wrong))

    def raw(self, fam, port, prefer=False):
        """Segments and shapes that belong to nothing."""
        h = self.hosts
        src, dst = (packet.addr(ADDRESS[x, fam]) for x in 'AB')
        h.enter('A')
        sock = socket.socket(FAMILY[fam], socket.SOCK_RAW,
                             socket.IPPROTO_RAW)
        segment = packet.udp(src, dst, 999, port, bytes(100))
        items = [fragments(packet.ip(src, dst, UDP, segment), 64, 1)[0]]
        if fam == 6:
            items.append(packet.ip(src, dst, UDP, segment, ext=[
                (packet.ROUTING, packet.routing_header(1))]))
        # Where SST is preferred they may be of an older, clear connection.
        items += [packet.ip(src, dst, TCP, packet.tcp(
            src, dst, 999, port, 1, 1, flags))
            for flags in (ACK, RST, FIN | ACK, PSH | ACK, SYN | ACK)
            if not prefer]
        grown = h.watch('A', 'tx_no_flow')
        errors = [outcome(sock.sendto, data, (ADDRESS['B', fam], 0))
                  for data in items]
        report(grown() == len(items), 'IPv%d: nor do packets that begin '
               'nothing leave, or that cannot be sealed' % fam,
               '%d, %s' % (grown(), errors))

    def echo(self, fam, port):
        """True when B can be asked over TCP and UDP."""
        h = self.hosts
        self.port += 1
        conn = Connection(h, fam, self.port, port)
        good = conn.exchange()
        server = h.bound('B', fam, UDP, port)
        client = self.client(fam, UDP)
        client.sendto(b'ask', (ADDRESS['B', fam], port))
        server.sendto(b'answer', server.recvfrom(100)[1])
        return client.recv(100) == b'answer' and good

    def preferred(self, fam):
        """No key is known: clear."""
        h = self.hosts
        report(self.echo(fam, PREFERRED) and not h.count('A', 'tx_sealed'),
               'IPv%d: prefer without a peer goes clear' % fam)

    def rule(self, host, *words):
        """Add a rule; its id."""
        return self.hosts.sst(host, 'policy', 'add', *words).split()[1]

    def order(self):
        """Of rules that fit, priority and then age decide."""
        h, no = self.hosts, 'ECONNREFUSED'
        for fam in (4, 6):
            h.listener('B', fam, ORDER).detach()
        # B:620 listens; the range is required by the script's rule.
        report(not self.tcp(4, ORDER, no), 'a range is required')
        younger = self.rule('A', 'out', 'port', str(ORDER), 'clear')
        report(not self.tcp(4, ORDER, no), 'of equals the older decides')
        h.sst('A', 'policy', 'del', younger)
        first = self.rule('A', 'out', 'port', str(ORDER), 'clear',
                          'priority', '10')
        report(not self.tcp(4, ORDER) and not self.tcp(6, ORDER),
               'the smaller priority decides')
        report(not self.tcp(4, ORDER + 1, no),
               'the next port is still required')
        better = self.rule('A', 'out', 'proto', 'tcp', 'port', str(ORDER),
                           'require', 'priority', '5')
        report(not self.tcp(4, ORDER, no) and not self.udp(4, ORDER),
               'a rule about TCP is not about UDP')
        h.sst('A', 'policy', 'del', better)
        report(not self.tcp(4, ORDER), 'without it the next one decides')
        h.sst('A', 'policy', 'del', first)
        one = self.rule('A', 'out', 'to', '10.0.2.0/24', 'port', str(ORDER),
                        'clear', 'priority', '10')
        report(not self.tcp(4, ORDER) and not self.tcp(6, ORDER, no),
               'a rule about a prefix is not about others')
        h.sst('A', 'policy', 'del', one)
        report(not self.tcp(4, ORDER, no), 'and required again')

    def others_leave(self):
        """All is required, and yet what is no flow passes."""
        h = self.hosts
        rule = self.rule('A', 'out', 'require', 'priority', '1')
        wrong = []
        for fam in (4, 6):
            if not self.ping(fam):
                wrong.append('IPv%d: no ping' % fam)
            h.enter('B')
            there = socket.socket(FAMILY[fam], socket.SOCK_RAW, RAW_PROTOCOL)
            there.settimeout(5)
            h.enter('A')
            here = socket.socket(FAMILY[fam], socket.SOCK_RAW, RAW_PROTOCOL)
            here.sendto(b'raw', (ADDRESS['B', fam], 0))
            if outcome(there.recv, 100):
                wrong.append('IPv%d: no other protocol' % fam)
        h.tap['A'].passed(False)
        index = self.index('A', 'eth0')
        for fam, where in ((4, '224.1.1.1'), (4, '255.255.255.255'),
                           (4, '10.0.1.255'), (6, 'ff02::1234'),
                           (6, 'ff05::1234')):
            sock = self.client(fam, UDP)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                            b'eth0')
            to = (where, REQUIRED) if fam == 4 else (where, REQUIRED, 0,
                                                      index)
            error = outcome(sock.sendto, b'all', to)
            if error:
                wrong.append('%s: %s' % (where, error))
        report(not wrong, 'other protocols, multicast and broadcast leave',
               '\n'.join(wrong))
        h.sst('A', 'policy', 'del', rule)

    def ping(self, fam):
        """Does B answer A?"""
        return '1 received' in self.hosts.run(
            'A', 'sh', '-c', 'ping -c 1 -W 5 %s || :' % ADDRESS['B', fam])

    def index(self, host, name):
        """Of an interface."""
        self.hosts.enter(host)
        return socket.if_nametoindex(name)

    def silent_peer(self, fam):
        """A key is known, and nobody answers: it is never clear."""
        h = self.hosts
        server = h.listener('B', fam, SEALED)
        receiver = h.bound('B', fam, UDP, SEALED)
        restarts = h.watch('A', 'tx_restarted')
        client = self.client(fam, TCP)
        client.setblocking(False)
        outcome(client.connect, (ADDRESS['B', fam], SEALED))
        asking = self.client(fam, UDP)

        def ask():
            asking.sendto(b'ask', (ADDRESS['B', fam], SEALED))
            time.sleep(0.2)
            return restarts() >= 5
        good = until(ask, 30)
        report(good and h.count('A', 'tx_sealed') > 5,
               'IPv%d: openings start over' % fam)
        return server, receiver, client, asking

    def answered(self, fam, server, receiver, client, asking):
        """The peer learns of the key: what waited goes on."""
        server.settimeout(30)
        end = server.accept()[0]
        client.settimeout(30)
        client.sendall(b'late')
        good = end.recv(100) == b'late'
        asking.sendto(b'now', (ADDRESS['B', fam], SEALED))
        receiver.settimeout(30)
        while receiver.recvfrom(100)[0] != b'now':
            pass
        report(good, 'IPv%d: and go on when the peer is there' % fam)
        for sock in (server, receiver, client, asking, end):
            sock.close()

    # In

    def knocks(self, fam, port):
        """(name, packets) of A to a port of B."""
        h = self.hosts
        for name, flags in (('SYN', SYN), ('ACK', ACK), ('FIN', FIN),
                            ('XMAS', FIN | PSH | URG), ('NULL', 0),
                            ('SYN-ACK', SYN | ACK), ('RST', RST),
                            ('Maimon', FIN | ACK)):
            yield name, [h.forged('B', fam, TCP, 998, port, flags=flags)]
        yield 'ECN SYN', [h.forged('B', fam, TCP, 997, port,
                                   flags=SYN | 0xc0)]
        yield 'SYN with data', [h.forged('B', fam, TCP, 996, port, flags=SYN,
                                         payload=b'x' * 40)]
        yield 'datagram', [h.forged('B', fam, UDP, 998, port,
                                    payload=b'?')]
        yield 'empty datagram', [h.forged('B', fam, UDP, 998, port)]
        whole = h.forged('B', fam, UDP, 998, port, payload=b'x' * 100)
        yield 'fragments', fragments(whole, 64, 300 + port)
        yield 'fragments backwards', fragments(whole, 24, 400 + port)[::-1]
        src, dst = (packet.addr(ADDRESS[x, fam]) for x in 'AB')
        segment = packet.udp(src, dst, 998, port, b'?')
        if fam == 4:
            yield 'options', [packet.ip(src, dst, UDP, segment,
                                        options=b'\1' * 8)]
            return
        extra = (packet.DSTOPTS, packet.options_header())
        for number in (1, 8, 9):
            yield '%d headers' % number, [packet.ip(
                src, dst, UDP, segment, ext=[extra] * number)]

    def silence(self, fam, port, text):
        """Nothing comes back, and all is counted."""
        h, wrong = self.hosts, []
        h.tap['B'].passed(False, 0.1)
        for name, parts in self.knocks(fam, port):
            before = h.stats('B')
            for part in parts:
                h.inject('B', part)
            until(lambda: h.stats('B') != before)
            change = difference(before, h.stats('B'))
            if change != {'rx_required': 1}:
                wrong.append('%s: %s' % (name, change or 'not counted'))
        got = h.tap['B'].passed(False, 0.5)
        wrong += ['answered: ' + data[:60].hex() for data in got[:4]]
        report(not wrong, 'IPv%d: %s is silent' % (fam, text),
               '\n'.join(wrong))

    def answers(self, fam):
        """Other ports are as always."""
        h, wrong = self.hosts, []
        keep = h.listener('B', fam, OPEN_DOOR)
        before = h.stats('B')
        for text, proto, port, flags, want in (
                ('SYN', TCP, OPEN_DOOR, SYN, SYN | ACK),
                ('ACK', TCP, OPEN_DOOR, ACK, RST),
                ('closed', TCP, OPEN_DOOR + 1, SYN, RST | ACK),
                ('UDP', UDP, OPEN_DOOR + 1, 0, None)):
            h.tap['B'].passed(False)
            kwargs = {'flags': flags} if proto == TCP else {}
            h.inject('B', h.forged('B', fam, proto, 995 - flags, port,
                                   **kwargs))
            # Hosts do not send many ICMP errors a second.
            got = []
            until(lambda g=got: g.extend(h.tap['B'].passed(False)) or g)
            if not got:
                wrong.append(text + ': no answer')
                continue
            seen = packet.Packet(got[0])
            if want is not None and (seen.proto != TCP
                                     or seen.segment[13] != want):
                wrong.append(text + ': another answer')
            if want is None and seen.proto == TCP:
                wrong.append(text + ': no ICMP error')
        keep.close()
        if difference(before, h.stats('B')):
            wrong.append(str(difference(before, h.stats('B'))))
        report(not wrong, 'IPv%d: other ports answer' % fam,
               '\n'.join(wrong))

    def others_arrive(self, port):
        """To a required port, but to all, or of another protocol."""
        h, wrong = self.hosts, []
        router = {4: packet.addr(ADDRESS['R', 4]),
                  6: packet.addr('fe80::1')}
        before = h.stats('B')
        index = self.index('B', 'eth0')
        for fam, where in ((4, '224.1.1.1'), (4, '255.255.255.255'),
                           (4, '10.0.2.255'), (6, 'ff02::1234')):
            h.enter('B')
            sock = socket.socket(FAMILY[fam], socket.SOCK_DGRAM)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            sock.bind(('' if fam == 4 else '::', port))
            if where.startswith('224'):
                sock.setsockopt(socket.SOL_IP, socket.IP_ADD_MEMBERSHIP,
                                packet.addr(where) + packet.addr(
                                    ADDRESS['B', 4]))
            if fam == 6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                                packet.addr(where) + struct.pack('I', index))
            sock.settimeout(30)
            to = packet.addr(where)
            h.inject('B', packet.ip(router[fam], to, UDP, packet.udp(
                router[fam], to, 67, port, b'all')))
            if outcome(sock.recv, 100):
                wrong.append('%s did not arrive' % where)
            sock.close()
        for fam in (4, 6):
            if not self.ping(fam):
                wrong.append('IPv%d: no ping' % fam)
        change = difference(before, h.stats('B'))
        report(not wrong and not change,
               'multicast, broadcast and other protocols arrive',
               '\n'.join(wrong + [str(change)]))

    def time_wait(self, conn):
        """What is left of a clear connection opens no door."""
        h = self.hosts
        port = conn.port['B']
        conn.exchange()
        seq = conn.position('A')[0]
        conn.end['B'].close()
        conn.end['A'].recv(1)
        conn.end['A'].close()
        good = until(lambda: set(h.sockets('B', port)) <= {
            'ESTAB', 'TIME-WAIT'} and 'TIME-WAIT' in h.sockets('B', port))
        listener = h.listener('B', conn.fam, port)
        h.tap['B'].passed(False, 0.1)
        grown = h.watch('B', 'rx_required')
        h.inject('B', h.forged('B', conn.fam, TCP, conn.port['A'], port,
                               seq=seq + 1000000, flags=SYN))
        got = h.tap['B'].passed(False, 0.5)
        report(good and grown() == 1 and not got, 'IPv%d: nor does a SYN '
               'towards time-wait pass' % conn.fam,
               '%s, counted %d, %d answers' % (good, grown(), len(got)))
        listener.close()

    def incoming(self):
        """Doors that are closed to all in the clear."""
        h = self.hosts
        early = [Connection(h, fam, 800 + fam, CLOSED_DOOR + 5)
                 for fam in (4, 6)]
        self.rule('B', 'in', 'port', '%d-%d' % (CLOSED_DOOR, CLOSED_DOOR + 9),
                  'require')
        for fam in (4, 6):
            servers = [h.listener('B', fam, CLOSED_DOOR),
                       h.bound('B', fam, UDP, CLOSED_DOOR)]
            self.silence(fam, CLOSED_DOOR, 'an open port')
            self.silence(fam, CLOSED_DOOR + 1, 'a closed port')
            for sock in servers:
                sock.setblocking(False)
            report(outcome(servers[0].accept) == 'EAGAIN'
                   and outcome(servers[1].recv, 100) == 'EAGAIN',
                   'IPv%d: no program saw any of it' % fam)
            self.answers(fam)
            for sock in servers:
                sock.close()
            report(self.echo(fam, CLOSED_DOOR),
                   'IPv%d: the same port answers a sealed client' % fam)
            listener = h.listener('B', fam, OPEN_DOOR + 3)
            receiver = h.bound('B', fam, UDP, OPEN_DOOR + 3)
            listener.close()
            h.enter('B')
            listener = socket.socket(FAMILY[fam], socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            level = socket.SOL_IP if fam == 4 else socket.IPPROTO_IPV6
            for sock in (listener, receiver):
                sock.setsockopt(level, SO_SST, REQUIRE)
            listener.bind((ADDRESS['B', fam], OPEN_DOOR + 3))
            listener.listen(1)
            self.silence(fam, OPEN_DOOR + 3, 'a socket that requires SST')
            listener.close()
            receiver.close()
        report(all(conn.exchange() for conn in early),
               'connections that were there before go on')
        for conn in early:
            self.time_wait(conn)
        self.others_arrive(CLOSED_DOOR + 2)
        # Order decides here, too.
        self.rule('B', 'in', 'from', ADDRESS['A', 4], 'port',
                  str(CLOSED_DOOR + 3), 'clear', 'priority', '10')
        grown = h.watch('B', 'rx_required')
        h.inject('B', h.forged('B', 4, TCP, 901, CLOSED_DOOR + 3, flags=SYN))
        got = []
        until(lambda: got.extend(h.tap['B'].passed(False)) or got)
        h.inject('B', h.forged('B', 6, TCP, 901, CLOSED_DOOR + 3, flags=SYN))
        report(got and grown.by(1), 'the smaller priority decides for '
               'those who come, too')


def main():
    """The command line: the phase is the one that the script is in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--psk', required=True, help='folder of a.psk, b.psk')
    parser.add_argument('phase', choices=('nobody', 'silent', 'in'))
    args = parser.parse_args()
    test = Require(args)
    h = test.hosts
    if args.phase == 'nobody':
        for fam in (4, 6):
            test.refused(fam, REQUIRED)
            test.refused(fam, REQUIRED + 15, ask=True)
            test.raw(fam, REQUIRED)
        for fam in (4, 6):
            test.preferred(fam)
        test.order()
        test.others_leave()
    elif args.phase == 'silent':
        waiting = {fam: test.silent_peer(fam) for fam in (4, 6)}
        h.sst('B', 'peer', 'add', 'a', 'address', '%s,%s' % (
            ADDRESS['A', 4], ADDRESS['A', 6]), 'psk',
            os.path.join(args.psk, 'b.psk'))
        for fam, socks in waiting.items():
            test.raw(fam, SEALED, prefer=True)
            test.answered(fam, *socks)
    else:
        test.incoming()
    return 0


if __name__ == '__main__':
    sys.exit(main())
