#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Both hosts open the same tuple, or one of them where both could.

Prints a line "pass TEXT" or "fail TEXT" for each result.
"""

import errno
import os
import socket
import sys

from middle import (ADDRESS, Middle, OTHER, arguments, drain, kind,
                    makes_association, read, report, salt_of, trailer)

ROUNDS = 4
# Until either salt was the larger one.
ROUNDS_MAX = 40


def rounds(winners):
    """Numbers of the rounds; winners gets hosts."""
    for number in range(ROUNDS_MAX):
        if number >= ROUNDS and len(winners) == 2:
            return
        yield number


class Equal:
    """UDP sockets with the same port on both hosts.

    Without connect they take from anybody.  One that is connected and has not
    sent counts as another's (section 6.7).
    """

    def __init__(self, mid, port, family=4, connect=True):
        self.mid = mid
        self.port = port
        self.where = {host: (ADDRESS[OTHER[host]][family], port)
                      for host in 'ab'}
        self.socks = {host: mid.udp(host, family, port,
                                    peer=port if connect else None)
                      for host in 'ab'}
        self.sent = {'a': [], 'b': []}
        self.got = {'a': [], 'b': []}

    def send(self, host):
        """A datagram that was never sent before."""
        data = host.encode() + os.urandom(12)
        self.sent[host].append(data)
        self.socks[host].sendto(data, self.where[host])
        return data

    def collect(self):
        """Both take what came, with the port that it came from."""
        for host, sock in self.socks.items():
            self.got[host] += drain(sock)

    def here(self, host, data):
        """Has the other host got this, from the true port?"""
        self.collect()
        return (data, self.port) in self.got[OTHER[host]]

    def works(self, limit=1):
        """One datagram in either direction."""
        return all(self.mid.pump(
            lambda host=host, data=self.send(host): self.here(host, data),
            limit) for host in 'ab')

    def missing(self):
        """Datagrams that did not arrive exactly once from the true port."""
        self.collect()
        return [(host, self.sent[host].index(data))
                for host in 'ab' for data in self.sent[host]
                if self.got[OTHER[host]].count((data, self.port)) != 1]

    def roles(self):
        """State and role of the flows on each host."""
        return {host: sorted((flow['role'], flow['state'])
                             for flow in self.mid.flows(host)
                             if flow['local_port'] == self.port)
                for host in 'ab'}

    def close(self):
        """Give the sockets back."""
        for sock in self.socks.values():
            sock.close()


def crossing(mid, send):
    """Both send before either hears of the other; returns their packets."""
    kept = {'a': [], 'b': []}
    mid.rule = lambda sender, data: kept[sender].append(data) or []
    send()
    mid.pump(lambda: kept['a'] and kept['b'])
    mid.pump(limit=0.2)
    mid.rule = None
    for sender, packets in kept.items():
        for data in packets:
            mid.inject(OTHER[sender], data)
    return kept


def only_openings(mid, kept):
    """Did nothing else cross, and in the form that is asked for?"""
    return {(kind(data), makes_association(data))
            for packets in kept.values() for data in packets} \
        == {(trailer.OPEN, not mid.on_association)}


def winner_of(kept):
    """Who sent the larger salt."""
    return max('ab', key=lambda host: salt_of(kept[host][0]))


def udp(mid, family, count, first):
    """Both sides open with some datagrams each."""
    lost, broken, wrong, winners = [], [], [], set()
    for number in rounds(winners):
        mid.prepare(family)
        pair = Equal(mid, first + number, family)
        kept = crossing(mid, lambda pair=pair: [
            pair.send(host) for host in 'ab' for _ in range(count)])
        if not only_openings(mid, kept):
            wrong.append('not only openings crossed')
        mid.pump()
        lost += pair.missing()
        if not pair.works():
            broken.append(pair.roles())
        winner = winner_of(kept)
        winners.add(winner)
        if pair.roles() != {winner: [('initiator', 'live')],
                            OTHER[winner]: [('responder', 'live')]}:
            wrong.append((winner, pair.roles()))
        pair.close()
    text = mid.named('UDP over IPv%d, %d datagrams cross' % (family, count))
    report(winners == {'a', 'b'}, text + ': either side won', winners)
    report(not lost, text + ': each arrived once', lost)
    report(not broken, text + ': it goes on both ways', broken)
    report(not wrong, text + ': the larger salt made the one flow', wrong)


def udp_stale(mid, first):
    """The same when every opening has to be confirmed."""
    for host in 'ab':
        mid.sstctl(host, 'set', 'opening-window', '0')
    broken = []
    for number in range(ROUNDS):
        mid.prepare(4)
        pair = Equal(mid, first + number)
        kept = crossing(mid, lambda pair=pair: [
            pair.send(host) for host in 'ab'])
        if not only_openings(mid, kept):
            broken.append('not only openings crossed')
        mid.pump()
        if not pair.works():
            broken.append(pair.roles())
        pair.collect()
        if any(got.count(one) > 1 for got in pair.got.values()
               for one in got):
            broken.append('twice')
        pair.close()
    report(not broken, mid.named('window 0, UDP crosses: it goes on both'
                             ' ways'), broken)
    for host in 'ab':
        mid.sstctl(host, 'set', 'opening-window', '600')


def one_side(mid, first):
    """Equal ports, but only one side opens."""
    for number, host in enumerate('ab'):
        mid.prepare(4)
        pair = Equal(mid, first + number, connect=False)
        data = pair.send(host)
        good = mid.pump(lambda host=host, data=data, pair=pair:
                        pair.here(host, data), 1)
        good = good and pair.works() and pair.works()
        roles = pair.roles()
        report(good and roles == {
            host: [('initiator', 'live')],
            OTHER[host]: [('responder', 'live')]},
               mid.named('UDP, equal ports, %s opens: one flow'
                     % host.upper()), (good, roles))
        pair.close()


class Simultaneous:
    """Two TCP sockets that connect to each other; nobody listens."""

    def __init__(self, mid, port_a, port_b, family=4):
        self.mid = mid
        self.ports = {'a': port_a, 'b': port_b}
        self.family = family
        self.socks = {}

    def begin(self, host):
        """Send the SYN."""
        self.socks[host] = self.mid.tcp(
            host, self.family, self.ports[host], peer=self.ports[OTHER[host]])

    def connected(self):
        """Are both?"""
        for sock in self.socks.values():
            try:
                sock.getpeername()
            except OSError as error:
                if error.errno != errno.ENOTCONN:
                    raise
                return False
        return True

    def works(self):
        """Data both ways, and what went wrong else."""
        for host in 'ab':
            data = os.urandom(5000)
            self.socks[host].send(data)
            got = []

            def here(other=self.socks[OTHER[host]], data=data, got=got):
                part = read(other)
                got.append(part if isinstance(part, bytes) else b'?')
                return b''.join(got) == data
            if not self.mid.pump(here, 3):
                return False
        return not any(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                       for sock in self.socks.values())

    def close(self):
        """With resets, which the path carries."""
        for sock in self.socks.values():
            sock.close()
        self.mid.pump(limit=0.2)


def tcp(mid, family, first):
    """Simultaneous open."""
    bad, winners = [], set()
    for number in rounds(winners):
        mid.prepare(family)
        pair = Simultaneous(mid, first + number, first + 1000 + number,
                            family)
        kept = crossing(mid, lambda pair=pair: [
            pair.begin(host) for host in 'ab'])
        if not only_openings(mid, kept):
            bad.append('not only openings crossed')
        winners.add(winner_of(kept))
        try:
            if not mid.pump(pair.connected, 4) or not pair.works():
                bad.append([mid.states(host, pair.ports[host])
                            for host in 'ab'])
        except OSError as error:
            bad.append(str(error))
        pair.close()
    text = mid.named('TCP over IPv%d, simultaneous open' % family)
    report(winners == {'a', 'b'}, text + ': either side won', winners)
    report(not bad, text + ': connected, data both ways', bad)


def two_keys(mid, first):
    """Each host opens with another key of the two that they share."""
    mid.peer('a', 'b2', 'a2.psk')
    # The older key of a host is the one that it opens with.
    mid.restart('b2.psk')
    mid.peer('b', 'a1', 'b.psk')
    mid.on_association = False
    broken = []
    for number in range(ROUNDS):
        mid.prepare(4)
        pair = Equal(mid, first + number)
        crossing(mid, lambda pair=pair: [pair.send(host) for host in 'ab'])
        mid.pump()
        if pair.missing() or not pair.works(2):
            broken.append((pair.missing(), pair.roles()))
        pair.close()
    report(not broken, 'UDP crosses on two keys: it goes on both ways',
           broken)


def main():
    """The command line."""
    mid = Middle(arguments(), False)
    try:
        for family in (4, 6):
            udp(mid, family, 1, 7000 + family * 100)
        udp(mid, 4, 3, 7700)
        one_side(mid, 7800)
        udp_stale(mid, 7900)
        for family in (4, 6):
            tcp(mid, family, 8000 + family * 100)
        mid.on_association = True
        udp(mid, 4, 1, 6000)
        udp(mid, 6, 3, 6100)
        one_side(mid, 6200)
        udp_stale(mid, 6300)
        tcp(mid, 4, 8800)
        glares = [mid.counter(host, 'rx_glare') for host in 'ab']
        report(all(glares), 'either side refused an opening', glares)
        alias = [mid.counter(host, 'rx_alias') for host in 'ab']
        report(alias == [0, 0], 'nobody got an alias', alias)
        two_keys(mid, 7950)
    finally:
        mid.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
