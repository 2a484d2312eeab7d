# SPDX-License-Identifier: GPL-2.0
"""What SST should reach."""

from collections import namedtuple

# The pair in a row should have so many times the goodput of others, at least.
Goodput = namedtuple('Goodput', 'name row pair least')
# The same for other rates, beside one other pair.
Rate = namedtuple('Rate', 'name row pair other least')
# A fact should be at most that, beside that of another pair if there is one.
Fact = namedtuple('Fact', 'name fact pair other most')

RIVALS = ('plain', 'wireguard', 'esp-chacha', 'esp-gcm')


def _goodput(name, row, pair, *least):
    return Goodput(name, row, pair,
                   {rival: n for rival, n in zip(RIVALS, least) if n})


GOODPUT = (
    _goodput('ports, TCP, NIC-like', 'tcp-nic', 'sst-ports',
             0.42, 5.5, 4.5, 3),
    _goodput('ports, TCP, none', 'tcp-none', 'sst-ports',
             0.60, 4.5, 3.8, 2.5),
    _goodput('ports, UDP 1300 B', 'udp', 'sst-ports', 0.72, 4.5, 3.5, 2.3),
    _goodput('payload, TCP, NIC-like', 'tcp-nic', 'sst-payload', 0, 1.5, 1.3),
    _goodput('payload, TCP, none', 'tcp-none', 'sst-payload', 0, 1.5, 1.3),
    _goodput('payload, UDP 1300 B', 'udp', 'sst-payload', 0, 1.5, 1.3),
    _goodput('label, TCP, NIC-like', 'tcp-nic', 'sst-label', 0.95, 12),
    _goodput('label, TCP, none', 'tcp-none', 'sst-label', 0.95, 12),
)

RATES = (
    Rate('connect, write, close, ports', 'connect-1', 'sst-ports', 'plain',
         0.55),
    Rate('connect, write, close, label', 'connect-1', 'sst-label', 'plain',
         0.85),
    Rate('TCP with no SST configured', 'idle-tcp', 'loaded', 'absent', 0.998),
    Rate('UDP with no SST configured', 'idle-udp', 'loaded', 'absent', 0.998),
    Rate('TCP that matches none of 1,000 rules', 'rules-clear-tcp',
         'rules-1000', 'plain', 0.97),
    Rate('UDP that matches none of 1,000 rules', 'rules-clear-udp',
         'rules-1000', 'plain', 0.97),
    # A packet costs at most 1.15 times as much.
    Rate('a packet among 100,000 flows, to 100', 'flows', 'flows-100000',
         'flows-100', 1 / 1.15),
)

FACTS = (
    Fact('bytes a datagram, ports', 'wire-udp', 'sst-ports', 'plain', 28),
    Fact('bytes a segment, ports', 'wire-tcp', 'sst-ports', 'plain', 28),
    Fact('bytes a datagram, payload', 'wire-udp', 'sst-payload', 'plain', 28),
    Fact('bytes a segment, payload', 'wire-tcp', 'sst-payload', 'plain', 28),
    Fact('bytes a segment, label', 'wire-tcp', 'sst-label', 'plain', 0),
    Fact('memory of a manual flow', 'memory-add', 'sst-ports', None, 1024),
    Fact('memory of a flow that opened itself', 'memory-open', 'sst-ports',
         None, 1024),
)
