#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Short connections of several kinds in turn, and a table of what they cost.

  connections.py ID PROGRAM PROCESSES ROUNDS ONE-AT-A-TIME AT-ONCE

Each round makes connections of each kind, first one after another, then with
PROCESSES of them at a time.  Only numbers from the same round are compared:
the table has medians over the rounds, and the smallest and the largest.
Fails when the counters of a host do not say what should have happened.

With $SST_SAMPLES it prints no tables, but a line for each measurement, as
tests/bench/figures.py reads them. $CONNECTION_SCOPES has the scopes of which the
hosts have rules.
"""
import ipaddress
import json
import os
import statistics
import subprocess
import sys
from collections import namedtuple

# Over SST, A's counter of connections is `opened`; None: nothing moves. `pair` is
# what tests/bench calls it.
Kind = namedtuple('Kind', 'pair name hosts source to port what opened')

# Servers take clear connections at an even port, TLS at the next one.  A has a
# rule about the first port only.
PLAIN = Kind('plain', 'plain TCP', 'CD', '10.0.3.1', '10.0.4.1', 7000, 'clear', None)
KINDS = (
    PLAIN,
    PLAIN._replace(pair='rules', name='plain TCP, another port has a rule',
                   hosts='AB', source='10.0.1.1', to='10.0.2.1', port=7002),
    Kind('sst-ports', 'SST, public key, association in place', 'AB',
         '10.0.1.1', '10.0.2.1', 7000, 'clear', 'tx_open'),
    Kind('sst-ports-psk', 'SST, pre-shared key, association in place', 'AB',
         '10.0.1.2', '10.0.2.2', 7000, 'clear', 'tx_open'),
    Kind('sst-payload', 'SST, scope payload, association in place', 'AB',
         '10.0.1.1', '10.0.2.1', 7004, 'clear', 'tx_open'),
    Kind('sst-label', 'SST, scope label, association in place', 'AB',
         '10.0.1.1', '10.0.2.1', 7006, 'clear', 'tx_open'),
    Kind('sst-ports-init', 'SST, INIT each time', 'AB', None, '10.0.2.1',
         7000, 'clear', 'tx_init'),
    PLAIN._replace(pair='tls-resumed', name='TLS 1.3, resumed', port=7001,
                   what='resumed'),
    PLAIN._replace(pair='tls-full', name='TLS 1.3, full handshake', port=7001,
                   what='full'),
)
SCOPES = ['ports'] + os.environ.get('CONNECTION_SCOPES', '').split()
KINDS = [kind for kind in KINDS if not kind.pair.startswith('sst-')
         or kind.pair.split('-')[1] in SCOPES]
# What moves at A and at B when they make connections over SST, and nothing is
# lost, late or refused.
MOVES = {'tx_init', 'tx_open', 'tx_accept', 'tx_sealed', 'rx_init', 'rx_open',
         'rx_accept', 'rx_opened', 'rx_queued', 'assoc_made', 'tx_empty',
         'rx_empty', 'rx_held'}
# A new association takes so many connections at most until it is in place.
WARM_UP = 16


class Bench:
    """Runs the program and looks at the counters."""

    def __init__(self, topo_id, program, processes):
        self.id = topo_id
        self.program = program
        self.processes = processes
        self.fresh = ipaddress.ip_address('10.8.0.1')
        self.complaints = []

    def counters(self, host):
        """All of a host."""
        out = subprocess.run(
            ('sstctl', '-n', '%s-%s' % (self.id, host), '-j', 'stats'),
            check=True, stdout=subprocess.PIPE).stdout
        return json.loads(out)['counters']

    def source(self, kind, connections):
        """Where connections come from, and whether each from another."""
        if kind.source:
            return kind.source, 'one'
        first = self.fresh
        self.fresh += connections
        return str(first), 'new'

    def ask(self, kind, connections, processes):
        """Make connections; nanoseconds for one."""
        words = (self.program, 'ask', kind.what, kind.to, str(kind.port),
                 str(connections), str(processes),
                 *self.source(kind, connections))
        out = subprocess.run(
            ('ip', 'netns', 'exec', '%s-%s' % (self.id, kind.hosts[0]))
            + words, check=True, stdout=subprocess.PIPE).stdout
        made, nanoseconds = map(int, out.split())
        assert made == connections
        return nanoseconds / made

    def judge(self, kind, connections, moved):
        """Did all of them, or none, take the way that they should?"""
        client, server = moved
        want = {}
        if kind.opened:
            want = {kind.opened: connections}
            for name in ('tx_init', 'tx_open'):
                want.setdefault(name, 0)
        good = all(client.get(name, 0) == n for name, n in want.items())
        if kind.opened:
            good &= set(client) | set(server) <= MOVES
            good &= server.get('rx' + kind.opened[2:]) == connections
            good &= client.get('rx_accept') == connections
        else:
            good &= not client and not server
        if not good:
            self.complaints.append('%s, %d connections: %s; %s' % (
                kind.name, connections, client, server))

    def measure(self, kind, connections, processes):
        """The same, with a look at the counters of both hosts."""
        before = [self.counters(host) for host in kind.hosts]
        cost = self.ask(kind, connections, processes)
        moved = [{name: n - old[name] for name, n in
                  self.counters(host).items() if n != old[name]}
                 for host, old in zip(kind.hosts, before)]
        self.judge(kind, connections, moved)
        return cost


def spread(numbers, form):
    """Median, and from where to where they go."""
    return '%s (%s-%s)' % tuple(form % n for n in (
        statistics.median(numbers), min(numbers), max(numbers)))


def table(costs, title, heads, value, form):
    """A line for each kind; ratios are of the rates in the same round."""
    print('\n%s\n\n| | %s | ratio to plain TCP |\n|---|---|---|'
          % (title, heads))
    for kind in KINDS:
        ratios = [plain / cost for plain, cost in
                  zip(costs[PLAIN], costs[kind])]
        print('| %s | %s | %s |' % (
            kind.name, spread([value(cost) for cost in costs[kind]], form),
            spread(ratios, '%.2f')))


def report(costs, title):
    """With --icount a nanosecond is an instruction."""
    if os.environ.get('SST_ICOUNT'):
        table(costs, title, 'thousands of instructions for a connection',
              lambda cost: cost / 1000, '%.0f')
    else:
        table(costs, title, 'connections per second',
              lambda cost: 1e9 / cost, '%.0f')


def samples(costs, connections, row):
    """A line for each measurement, by round."""
    for number in range(len(costs[PLAIN])):
        for kind in KINDS:
            print(row, 4, kind.pair, connections, 0,
                  round(costs[kind][number] * connections), 0)


def main():
    """The command line."""
    topo_id, program, *numbers = sys.argv[1:]
    processes, rounds, single, parallel = map(int, numbers)
    bench = Bench(topo_id, program, processes)
    for kind in KINDS:
        bench.ask(kind, WARM_UP, 1)
    manners = {1: (single, 'One at a time'),
               processes: (parallel, '%d at a time' % processes)}
    costs = {n: {kind: [] for kind in KINDS} for n in manners}
    for number in range(rounds):
        for processes, (connections, _) in manners.items():
            for kind in KINDS:
                costs[processes][kind].append(
                    bench.measure(kind, connections, processes))
        print('round %d of %d' % (number + 1, rounds), file=sys.stderr)
    for processes, (connections, title) in manners.items():
        if os.environ.get('SST_SAMPLES'):
            samples(costs[processes], connections, 'connect-%d' % processes)
            continue
        report(costs[processes], '%s, %d rounds of %d:' % (
            title, rounds, connections))
    for complaint in bench.complaints:
        print('not as it should be:', complaint, file=sys.stderr)
    return bool(bench.complaints)


if __name__ == '__main__':
    sys.exit(main())
