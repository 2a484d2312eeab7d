# SPDX-License-Identifier: GPL-2.0
"""What SST should reach: the least ratio of goodput to that of other pairs."""

from collections import namedtuple

# `least` are ratios to pairs; families: with which it is asked.
Target = namedtuple('Target', 'name row pair least families')

BOTH = ('4', '6')
RIVALS = ('plain', 'wireguard', 'esp-chacha', 'esp-gcm')


def _target(name, row, pair, *least):
    return Target(name, row, pair,
                  {rival: n for rival, n in zip(RIVALS, least) if n}, BOTH)


TARGETS = (
    _target('ports, TCP, NIC-like', 'tcp-nic', 'sst-ports',
            0.42, 5.5, 4.5, 3),
    _target('ports, TCP, none', 'tcp-none', 'sst-ports', 0.60, 4.5, 3.8, 2.5),
    _target('ports, UDP 1300 B', 'udp', 'sst-ports', 0.72, 4.5, 3.5, 2.3),
    _target('payload, TCP, NIC-like', 'tcp-nic', 'sst-payload', 0, 1.5, 1.3),
    _target('payload, TCP, none', 'tcp-none', 'sst-payload', 0, 1.5, 1.3),
    _target('payload, UDP 1300 B', 'udp', 'sst-payload', 0, 1.5, 1.3),
    _target('label, TCP, NIC-like', 'tcp-nic', 'sst-label', 0.95, 12),
    _target('label, TCP, none', 'tcp-none', 'sst-label', 0.95, 12),
)
