#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Bring flows to an end in every way while packets are still to come.

Prints a line "pass TEXT" or "fail TEXT" for each result. All real ports are
below 1024, where no wire port ever is; whoever captures the path can tell.
"""

import argparse
import itertools
import os
import socket
import subprocess
import sys
import time

import doors
import hosts
from hosts import ACK, ADDRESS, FIN, PSH, RST, SYN, Connection, until
from nets import report

# pylint: disable=wrong-import-position
from sst.packet import TCP, UDP  # noqa: E402

# Ports of host B that go to the container.
TO_TCP, TO_UDP, TO_CLOSED_TCP, TO_CLOSED_UDP, TO_NOWHERE = 800, 801, 802, \
    803, 804
IN_TCP, IN_UDP = 900, 901


class Ends:
    """The hosts, and ports that none had before."""

    def __init__(self, args):
        self.args = args
        self.hosts = hosts.Hosts(args.id)
        self.aport = itertools.count(300)
        self.bport = itertools.count(500)
        self.kept = []

    def connection(self, fam, bport=None):
        """A connection over a new flow."""
        return Connection(self.hosts, fam, next(self.aport),
                          bport or next(self.bport))

    def datagrams(self, fam, connected):
        """(client, its address if it is not connected, server, port)."""
        port = next(self.bport)
        server = self.hosts.bound('B', fam, UDP, port)
        client = self.hosts.bound('A', fam, UDP, next(self.aport))
        where = (ADDRESS['B', fam], port)
        if connected:
            client.connect(where)
            where = None
        return client, where, server

    def flush(self, *names):
        """End the flows of these hosts."""
        for host in names:
            self.hosts.sst(host, 'flow', 'flush')

    # (a)

    def orphans(self, fam, first):
        """Both processes are killed while nothing passes."""
        h, second = self.hosts, hosts.other(first)
        name = 'IPv%d, killed on %s' % (fam, first)
        conn = self.connection(fam)
        conn.end[first].sendall(bytes(1000))
        until(lambda: hosts.unread(conn.end[second]) == 1000)
        h.drop('A', 'B')
        conn.fill(first)
        sealed = h.watch(first, 'tx_sealed')
        conn.kill(first)
        report(sealed.by(3), name + ': its socket sends again')
        # With unread data: a reset, which is lost.
        conn.kill(second)
        report(not h.sockets(second, conn.port[second]),
               name + ': the other one is reset')
        sealed = h.watch(second, 'tx_sealed')
        h.drop()
        report(until(lambda: not h.sockets(first, conn.port[first])),
               name + ': what comes late is answered by a reset')
        report(sealed() >= 1, name + ': a sealed one')

    def orphans_without_flow(self, fam):
        """The flows end while orphans still send."""
        h = self.hosts
        conn = self.connection(fam)
        conn.exchange()
        h.drop('A', 'B')
        for host in 'AB':
            conn.fill(host)
            conn.kill(host)
        for host in 'AB':
            self.flush(host)
            grown = h.watch(host, 'tx_no_flow')
            report(grown.by(1), 'IPv%d: an orphan of %s without its flow '
                   'sends nothing' % (fam, host))
        h.drop()

    # (b)

    def time_wait(self, fam):
        """A late FIN is answered under the flow, and not at all without."""
        h = self.hosts
        conn = self.connection(fam)
        conn.exchange()
        aport, bport = conn.port['A'], conn.port['B']
        conn.end['A'].shutdown(socket.SHUT_WR)
        conn.end['B'].recv(1)
        h.drop('A')
        sealed = h.watch('A', 'tx_sealed')
        conn.position('B')
        conn.end['B'].close()
        good = sealed.by(3)
        report(good and h.sockets('A', aport) == ['TIME-WAIT'],
               'IPv%d: time-wait answers each late FIN' % fam)
        seq, ack = conn.position('B')
        h.drop()
        report(until(lambda: not h.sockets('B', bport)),
               'IPv%d: then both ends are closed' % fam)
        conn.end['A'].close()

        def late(host, flags, at=0, payload=b''):
            """Of the connection, as its peer would send it."""
            ports = (bport, aport) if host == 'A' else (aport, bport)
            number = (seq, ack) if host == 'A' else (ack, seq)
            h.inject(host, h.forged(
                host, fam, TCP, *ports, seq=number[0] + at, ack=number[1],
                flags=flags, payload=payload))

        sealed = h.watch('A', 'tx_sealed')
        clear = h.watch('A', 'rx_clear')
        late('A', FIN | ACK)
        late('A', PSH | ACK, -10, b'late')
        report(clear.by(2) and not sealed(),
               'IPv%d: a forged one is dropped while there is the flow' % fam)
        self.flush('A', 'B')
        # Without flows nothing but its past keeps an answer from leaving.
        for host, text in (('A', 'time-wait'), ('B', 'a closed port')):
            grown = h.watch(host, 'tx_tombstone')

            def knock(host=host, grown=grown):
                late(host, FIN | ACK)
                late(host, PSH | ACK, 0, b'late')
                time.sleep(0.1)
                return grown() >= 2
            report(until(knock, 5), 'IPv%d: afterwards %s does not answer '
                   'in the clear' % (fam, text))

    # (c), (h)

    def late_datagrams(self, fam):
        """A server that answers after the flow has ended."""
        h = self.hosts
        client, where, server = self.datagrams(fam, False)
        client.sendto(b'ask', where)
        source = server.recvfrom(100)[1]
        server.sendto(b'answer', source)
        good = client.recv(100) == b'answer'
        flow = [f['id'] for f in h.flows('B')
                if f['proto'] == 'udp' and f['local_port'] == where[1]]
        h.sst('B', 'flow', 'del', *map(str, flow))
        grown = h.watch('B', 'tx_tombstone')
        error = hosts.outcome(server.sendto, b'late', source)
        report(good and len(flow) == 1 and error == 'EPERM' and grown() == 1,
               'IPv%d: a late answer of the same socket is dropped' % fam,
               '%s, %d' % (error, grown()))
        server.close()
        server = h.bound('B', fam, UDP, where[1])
        error = hosts.outcome(server.sendto, b'later', source)
        report(error == 'EPERM' and grown() == 2,
               'IPv%d: and one of another socket' % fam,
               '%s, %d' % (error, grown()))
        self.flush('A')
        client.sendto(b'again', where)
        good = server.recvfrom(100)[1] == source
        server.sendto(b'answer', source)
        report(good and client.recv(100) == b'answer',
               'IPv%d: a new flow opens the tuple anew' % fam)
        # Nobody is there any more to take it.
        client.close()
        grown = h.watch('A', 'tx_translated')
        server.sendto(b'too late', source)
        report(grown.by(1), 'IPv%d: an ICMP error about a late answer' % fam)
        server.close()

    def closed_port(self, fam):
        """UDP to a port that nobody has."""
        h = self.hosts
        client = h.bound('A', fam, UDP, next(self.aport))
        client.connect((ADDRESS['B', fam], next(self.bport)))
        grown = h.watch('B', 'tx_translated')
        client.send(b'anybody?')
        report(grown.by(1), 'IPv%d: an ICMP error about a closed port' % fam)
        report(hosts.outcome(client.recv, 100) == 'ECONNREFUSED',
               'IPv%d: the client hears of it' % fam)
        client.close()

    # (d), (e), (f)

    def pump(self):
        """Traffic of all kinds."""
        out = hosts.Pump()
        out.conns = []
        for fam in (4, 6):
            conn = self.connection(fam)
            out.conns.append(conn)
            out.streams += conn.end.values()
            for connected in (False, True):
                client, where, server = self.datagrams(fam, connected)
                out.clients.append((client, where))
                out.servers.append(server)
        out.start()
        return out

    def end_pump(self, pump):
        """Of the processes, too."""
        pump.stop()
        hosts.killed(*pump.streams, *(s for s, _ in pump.clients),
                     *pump.servers)

    def policy(self, *words):
        """The rules of A, which opens."""
        for fam in (4, 6):
            self.hosts.sst('A', 'policy', 'add', 'out', 'to',
                           ADDRESS['B', fam], *words)

    def peers(self):
        """Both know each other again."""
        for host, name, mine in (('A', 'b', 'a'), ('B', 'a', 'b')):
            there = hosts.other(host)
            self.hosts.sst(host, 'peer', 'add', name, 'address', '%s,%s' % (
                ADDRESS[there, 4], ADDRESS[there, 6]), 'psk', os.path.join(
                    self.args.psk, mine + '.psk'))

    def peer_del(self):
        """The peers go while packets pass."""
        h = self.hosts
        pump = self.pump()
        report(pump.flowing(), 'traffic before the peers go')
        for host, name in (('A', 'b'), ('B', 'a')):
            late = [h.watch(host, x) for x in ('tx_no_flow', 'tx_tombstone')]
            h.sst(host, 'peer', 'del', name)
            good = all([x.by(4) for x in late])
            report(good and not h.flows(host), 'without its peer %s sends '
                   'nothing on TCP, nor on UDP' % host,
                   str([x() for x in late]))
        self.end_pump(pump)
        self.peers()

    def policy_flush(self):
        """The rules go: flows stay; then the flows go, too."""
        h = self.hosts
        pump = self.pump()
        good = pump.flowing()
        h.sst('A', 'policy', 'flush')
        number = len(h.flows('A'))
        report(good and pump.flowing(), 'flows go on when the rules are gone')
        report(len(h.flows('A')) == number, 'they are the same flows')
        for host in 'AB':
            late = [h.watch(host, x) for x in ('tx_no_flow', 'tx_tombstone')]
            self.flush(host)
            good = all([x.by(4) for x in late])
            report(good, 'nothing of them goes on in the clear on %s' % host,
                   str([x() for x in late]))
        self.clear_from_outside(pump)
        self.end_pump(pump)

        # The same tuple again, now without a rule.
        conn = self.connection_on_tombstone()
        grown = h.watch('A', 'tx_tombstone')
        self.hosts.enter('A')
        again = h.bound('A', 4, TCP, conn[0])
        again.setblocking(False)
        hosts.outcome(again.connect, (ADDRESS['B', 4], conn[1]))
        report(grown.by(1), 'nor does a new connection with the same ports')
        again.close()

    def connection_on_tombstone(self):
        """Ports of a connection whose flow has ended, and no socket."""
        self.policy('prefer')
        conn = self.connection(4)
        conn.exchange()
        # No time-wait: the ports can be had again.
        for host in 'AB':
            conn.end[host].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                      b'\1\0\0\0\0\0\0\0')
            conn.end[host].close()
        until(lambda: not self.hosts.sockets('B', conn.port['B']))
        self.hosts.sst('A', 'policy', 'flush')
        self.flush('A', 'B')
        return conn.port['A'], conn.port['B']

    def clear_from_outside(self, pump):
        """Somebody speaks in the clear to sockets that SST carried."""
        h = self.hosts
        for conn in pump.conns:
            grown = h.watch('A', 'tx_no_flow')
            tomb = h.watch('A', 'tx_tombstone')
            h.inject('A', h.forged('A', conn.fam, TCP, conn.port['B'],
                                   conn.port['A'], seq=1, flags=SYN))
            report(grown.by(2), 'IPv%d: a carried socket does not answer a '
                   'clear SYN' % conn.fam, '%d, %d' % (grown(), tomb()))
        for client, where in pump.clients:
            if where:
                continue
            fam = 6 if client.family == socket.AF_INET6 else 4
            mine, theirs = client.getsockname(), client.getpeername()
            h.inject('A', h.forged('A', fam, UDP, theirs[1], mine[1],
                                   payload=b'clear'))
            grown = h.watch('A', 'tx_no_flow')
            report(grown.by(10), 'IPv%d: nor does a connected UDP socket '
                   'after a clear datagram' % fam)

    # (g)

    def container(self, fam):
        """Replies of a container behind destination NAT."""
        h, name = self.hosts, 'IPv%d, container: ' % fam
        there = {4: '10.0.3.1', 6: 'fd00:3::1'}[fam]
        h.enter('C')
        server = socket.create_server(
            (there, IN_TCP), family=hosts.FAMILY[fam])
        server.settimeout(30)
        late = socket.socket(hosts.FAMILY[fam], socket.SOCK_DGRAM)
        late.bind((there, IN_UDP))
        late.settimeout(30)

        client = h.bound('A', fam, TCP, next(self.aport))
        client.connect((ADDRESS['B', fam], TO_TCP))
        end = server.accept()[0]
        server.close()
        end.settimeout(30)
        client.sendall(b'x' * 5000)
        good = hosts.received(end, 5000) == b'x' * 5000
        end.sendall(b'y' * 50000)
        report(good and hosts.received(client, 50000) == b'y' * 50000,
               name + 'TCP passes both ways')
        asking = h.bound('A', fam, UDP, next(self.aport))
        asking.sendto(b'ask', (ADDRESS['B', fam], TO_UDP))
        source = late.recvfrom(100)[1]
        late.sendto(b'answer', source)
        got = asking.recvfrom(100)
        report(got[0] == b'answer' and got[1][1] == TO_UDP,
               name + 'so does UDP')
        ports = sorted(f['local_port'] for f in h.flows('B')
                       if f['local_port'] in (TO_TCP, TO_UDP))
        report(ports == [TO_TCP, TO_UDP], name + 'over flows', str(ports))

        refused = h.bound('A', fam, TCP, next(self.aport))
        error = hosts.outcome(refused.connect,
                              (ADDRESS['B', fam], TO_CLOSED_TCP))
        report(error == 'ECONNREFUSED', name + 'a closed port resets', error)
        away = 'EHOSTUNREACH' if fam == 4 else 'ENETUNREACH'
        for text, port, want in (
                ('a closed UDP port', TO_CLOSED_UDP, 'ECONNREFUSED'),
                ('no such host', TO_NOWHERE, away)):
            grown = h.watch('B', 'tx_translated')
            lost = h.bound('A', fam, UDP, next(self.aport))
            hosts.hear(lost, fam)
            lost.connect((ADDRESS['B', fam], port))
            lost.send(b'lost')
            error = hosts.outcome(lost.recv, 100)
            report(grown.by(1) and error == want,
                   name + 'an ICMP error about ' + text, error)
            lost.close()

        # The server dies with data under way, then its flow ends.
        h.drop('B')
        end.setblocking(False)
        while not hosts.outcome(end.send, bytes(16384)):
            pass
        sealed = h.watch('B', 'tx_sealed')
        hosts.killed(end)
        report(sealed.by(2), name + 'what it sends when its server is dead')
        self.flush('B')
        grown = h.watch('B', 'tx_tombstone')
        good = grown.by(1)
        h.drop()
        report(good, name + 'nothing of it leaves without the flow')
        grown = h.watch('B', 'tx_tombstone')
        late.sendto(b'late', source)
        report(grown.by(1), name + 'nor a late datagram')
        late.close()
        asking.close()
        hosts.killed(client)
        self.flush('A', 'B')

    # (f)

    def half_open(self, fam):
        """B has answered a SYN, and the answer is lost."""
        h = self.hosts
        server = h.listener('B', fam, next(self.bport))
        h.drop('B')
        client = h.bound('A', fam, TCP, next(self.aport))
        client.setblocking(False)
        hosts.outcome(client.connect, server.getsockname())
        port = server.getsockname()[1]
        good = until(lambda: 'SYN-RECV' in h.sockets('B', port))
        h.drop()
        self.kept += [server, client]
        return good

    def waiting(self, fam):
        """A connection that its server has not accepted."""
        server = self.hosts.listener('B', fam, next(self.bport))
        client = self.hosts.bound('A', fam, TCP, next(self.aport))
        client.connect(server.getsockname())
        client.send(b'hello')
        self.kept += [server, client]

    def orphan(self, fam):
        """Sockets of dead processes that have much to say."""
        conn = self.connection(fam)
        self.hosts.drop('A', 'B')
        for host in 'AB':
            conn.fill(host)
            conn.kill(host)
        self.hosts.drop()
        self.flush('A', 'B')

    def references(self):
        """What keeps the module, the log of keys not counted: without any
        the kernel would let it go."""
        module = os.path.join('/sys/module', self.args.module)
        with open(os.path.join(module, 'refcnt'), encoding='ascii') as count:
            return int(count.read()) \
                - len(os.listdir(os.path.join(module, 'holders')))

    def pinned(self, text):
        """Nothing but what it carried keeps the module."""
        self.flush('A', 'B')
        report(not until(lambda: not self.references(), 3),
               'the module stays while there are ' + text)

    def carried(self):
        """Each kind of socket by itself keeps the module."""
        for host in 'AB':
            self.hosts.sst(host, 'shutdown')
        self.peers()
        self.policy('prefer')
        client, _, server = self.datagrams(6, True)
        client.send(b'hello')
        server.recv(100)
        self.pinned('connected UDP sockets that it carried')
        client.close()
        server.close()
        for fam in (4, 6):
            self.waiting(fam)
            self.orphan(fam)
        self.pinned('TCP sockets that it carried')

    def shutdown(self):
        """All at once, under traffic; then the module goes."""
        h = self.hosts
        self.carried()
        pump = self.pump()
        good = pump.flowing()
        report(good and all([self.half_open(fam) for fam in (4, 6)]),
               'traffic before the shutdown')
        report(self.references(), 'the module stays while there are flows')
        pump.errors.clear()
        for host in 'AB':
            h.sst(host, 'shutdown')
        report(not h.flows('A') + h.flows('B'), 'after it there is no flow')
        # No keys are made any more, and the log keeps the module, too.
        with open(doors.KEYLOG, 'rb') as log, \
                open(self.args.associations, 'wb') as out:
            out.write(log.read())
        subprocess.run(('rmmod', 'keylog'), check=True)
        want = {'ECONNABORTED', 'ECONNRESET', 'EPIPE'}
        report(until(lambda: all(pump.errors.get(s, set()) & want
                                 for s in pump.streams)),
               'TCP sockets are aborted',
               '\n'.join(str(pump.errors.get(s)) for s in pump.streams))
        report(until(lambda: all(
            'ECONNABORTED' in pump.errors.get(s, ())
            for s, where in pump.clients if not where)),
            'connected UDP sockets, too')
        pump.stop()
        began = time.monotonic()
        report(until(lambda: self.rmmod() == 0, 10),
               'then the module can be removed')
        print('# after %.1f s' % (time.monotonic() - began), flush=True)
        # Whoever may still send by itself would do so in the clear now.
        left = [line for host in 'AB' for line in h.run(
            host, 'ss', '-Htano').splitlines()
            if line.split()[0] not in ('LISTEN', 'TIME-WAIT')]
        report(not left, 'no socket of a flow is left', '\n'.join(left))
        # Time for what was under way.
        time.sleep(1)

    def rmmod(self):
        """Its exit status."""
        return subprocess.run(
            ('rmmod', self.args.module), check=False,
            stderr=subprocess.DEVNULL).returncode


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    parser.add_argument('--psk', required=True, help='folder of a.psk, b.psk')
    parser.add_argument('--module', required=True, help='name of the module')
    parser.add_argument('--associations', required=True,
                        help='file for the keys that tests/lib/keylog wrote')
    args = parser.parse_args()
    ends = Ends(args)
    ends.policy('prefer')
    for fam in (4, 6):
        ends.orphans(fam, 'A')
        ends.orphans(fam, 'B')
        ends.orphans_without_flow(fam)
        ends.time_wait(fam)
        ends.late_datagrams(fam)
        ends.closed_port(fam)
    ends.peer_del()
    ends.policy_flush()
    ends.policy('prefer')
    for fam in (4, 6):
        ends.container(fam)
    # What a container still sends is nothing that a shutdown of B can end.
    ends.hosts.run('B', 'ip', 'link', 'set', 'c', 'down')
    ends.hosts.sst('A', 'policy', 'flush')
    ends.shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
