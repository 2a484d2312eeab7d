#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What packets cost among rules: nanoseconds each, medians of blocks in turn.

  rule-cost.py ID ROUND ID is $topo_id. Datagrams from A to B: on one sealed flow,
                        on one clear one, on clear flows that are all new, and the
                        first ones of sealed flows. Each round has ports of its
                        own
  rule-cost.py table N  N rules of many kinds that fit none of these
"""

import os
import resource
import socket
import statistics
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import netns  # noqa: E402

PEER, SEALED, CLEAR = '10.0.2.1', 630, 5000
BLOCK, BLOCKS, PORTS = 50, 11, 200
NEW = 2 * BLOCK * BLOCKS


def table(count):
    """As people write them: networks, hosts, services, ranges, users."""
    kinds = (
        'out to 10.{a}.{b}.0/24 proto tcp port {p} require',
        'out to 10.{a}.{b}.{c} proto udp port {p} require',
        'out to 172.{a}.0.0/16 port {p} prefer priority {q}',
        'out to 10.{a}.{b}.0/24 proto tcp port {p}-{r} require',
        'out to fd00:{a}:{b}::/48 proto tcp port {p} require',
        'out uid {u} port {p} require',
        'in from 10.{a}.{b}.0/24 proto tcp port {p} require',
        'in from 10.{a}.{b}.{c} proto udp port {p} require',
        'in from fd00:{a}:{b}::/48 port {p} require',
        'in proto tcp port {p} uid {u} require',
    )
    for n in range(count):
        i = n // len(kinds)
        print('policy add', kinds[n % len(kinds)].format(
            a=16 + i // 250 % 200, b=i % 250, c=1 + n % 250, p=1 + i % 500,
            q=i, r=501 + i % 90, u=1000 + i))


def bound(host, count, port):
    """UDP sockets that are never read, or that send."""
    netns.enter('%s-%s' % (sys.argv[1], host))
    out = []
    for number in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(('0.0.0.0', port + number))
        out.append(sock)
    return out


def block_of(pairs):
    """Nanoseconds per packet."""
    data = bytes(100)
    start = time.perf_counter_ns()
    for sock, port in pairs:
        sock.sendto(data, (PEER, port))
    return (time.perf_counter_ns() - start) / len(pairs)


def cost():
    """Medians of blocks, in turn."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    kept = bound('B', PORTS, CLEAR) + bound('B', 1, SEALED)
    ours = bound('A', 1, 7000)[0]
    fresh = iter(bound('A', NEW, 20000 + NEW * int(sys.argv[2])))
    kinds = {
        'sealed': lambda: [(ours, SEALED)] * BLOCK,
        'clear': lambda: [(ours, CLEAR)] * BLOCK,
        'new clear': lambda: [(next(fresh), CLEAR + i % PORTS)
                              for i in range(BLOCK)],
        'new sealed': lambda: [(next(fresh), SEALED) for _ in range(BLOCK)],
    }
    ours.sendto(b'first', (PEER, SEALED))
    time.sleep(1)
    times = {name: [] for name in kinds}
    for _ in range(BLOCKS):
        for name, make in kinds.items():
            times[name].append(block_of(make()))
    print(*('%.0f' % statistics.median(t) for t in times.values()))
    for sock in kept:
        sock.close()


if sys.argv[1] == 'table':
    table(int(sys.argv[2]))
else:
    cost()
