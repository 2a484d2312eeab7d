# SPDX-License-Identifier: GPL-2.0
"""What passed between two hosts is sent once more, from here and elsewhere."""

import itertools

from middle import (FOREIGN, OTHER, backwards, changed, is_empty, is_opening,
                    kind, packet, report, trailer)
from nets import REASONS

PORTS = itertools.count(30000)
# net.ipv4.tcp_synack_retries, and the first.
SYNACKS = 6
WAYS = 'the same tuple', 'another port', 'other ports', 'another address'

# To these nobody answers, and what goes there is for nobody.
ELSEWHERE = [packet.addr(addr) for both in FOREIGN.values()
             for addr in both.values()]

# What is counted besides the one counter that says what became of a packet.
ALSO = {'rx_open', 'rx_init', 'rx_accept', 'rx_alias', 'rx_queued'} | REASONS


def copies(captured, how):
    """(receiver, packet, original) of a capture, from here or elsewhere."""
    for sender, original in captured:
        data = original
        if how == 'another port':
            data = changed(data, sport=next(PORTS))
        elif how == 'other ports':
            data = changed(data, sport=next(PORTS), dport=next(PORTS))
        elif how == 'another address':
            version = packet.Packet(data).version
            data = changed(data, src=packet.addr(FOREIGN[sender][version]))
        yield OTHER[sender], data, original


def counters(mid):
    """All counters of both hosts."""
    return {host: mid.sstctl(host, '-j', 'stats')['counters']
            for host in 'ab'}


class Round:
    """Copies are on their way, and then all is quiet again."""

    def __init__(self, mid, sent):
        mid.pump()
        before, start = counters(mid), len(mid.passed)
        for one in sent:
            mid.inject(*one)
        mid.pump()
        after = counters(mid)
        self.sent = sent
        self.answers = [(sender, packet.Packet(data))
                        for sender, data in mid.passed[start:]]
        self.change = {host: {
            name: count - before[host][name]
            for name, count in after[host].items()
            if count != before[host][name]} for host in 'ab'}

    def uncounted(self):
        """Packets that came to a host, and those that its counters tell of,
        where they do not agree."""
        bad = {}
        for host in 'ab':
            came = sum(to == host for to, _, _ in self.sent) + sum(
                sender != host and parsed.is_transport
                and parsed.dst not in ELSEWHERE
                for sender, parsed in self.answers)
            told = sum(count for name, count in self.change[host].items()
                       if name.startswith('rx_') and name not in ALSO)
            if came != told:
                bad[host] = came, told, self.change[host]
        return bad

    def _openings(self):
        """Sizes of the openings that may be answered, by the tuple of an
        answer."""
        out = {}
        for to, data, _ in self.sent:
            if is_opening(data):
                out.setdefault((to, backwards(packet.Packet(data).tuple())),
                               []).append(len(data))
        return out

    def forbidden(self, before):
        """Answers that there should not be: to anything but an opening, more
        of them than openings, larger ones, payload.

        before has what may be answered in later rounds, too: TCP sends its
        SYN-ACK again.
        """
        left, bad = self._openings(), []
        for where, sizes in left.items():
            if where[1][0] == packet.TCP:
                before[where] = max(sizes) * SYNACKS
        for sender, parsed in self.answers:
            if not parsed.is_transport:
                continue
            where = sender, parsed.tuple()
            if parsed.proto == packet.TCP:
                before[where] = before.get(where, 0) - len(parsed.data)
                good = before[where] >= 0
            else:
                sizes = left.get(where)
                good = sizes and len(parsed.data) < sizes.pop() \
                    and is_empty(parsed.data)
            if not good or kind(parsed.data) not in (trailer.ACCEPT,
                                                     trailer.COOKIE):
                bad.append((sender, kind(parsed.data), len(parsed.data),
                            parsed.tuple()))
        return bad


def replay(mid, talks, captured, when, ways=WAYS, use=True):
    """All of it, in every way: nothing arrives, each copy is counted, what is
    answered is within the rules, and nobody is cut off."""
    for how in ways:
        sent = list(copies(captured, how))
        seen = Round(mid, sent)
        text = '%s, from %s: ' % (when, how)
        strange = [(talk.name, talk.strange()) for talk in talks]
        report(sent and not any(bad for _, bad in strange),
               text + '%d copies deliver nothing' % len(sent), strange)
        report(not seen.uncounted(), text + 'counters tell what became of'
               ' each', seen.uncounted())
        bad = seen.forbidden(mid.answered)
        report(not bad, text + 'no answer beyond the rules', bad)
        if use:
            bad = [talk.name for talk in talks if not talk.exchange()]
            report(not bad, text + 'the clients go on', bad)
