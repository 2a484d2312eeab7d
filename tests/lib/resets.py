#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Connections of scope label to a container, and resets of somebody on the path.

He sees the wire and has no key. Prints a line "pass TEXT" or "fail TEXT" for each
result.
"""

import argparse
import json
import os
import subprocess
import sys
import time

import hosts
from hosts import ACK, PSH, RST
from idle import connection, says
from nets import Tap, report

# pylint: disable=wrong-import-position
from sst import packet  # noqa: E402

PORT, INSIDE = 800, 900


class Path:
    """What passes the router, on the side of B."""

    def __init__(self, name):
        self.taps = {outgoing: Tap(name + '-R', 'rb', '02:00:00:00:02:01')
                     for outgoing in (True, False)}
        self.last = {}

    def look(self):
        """The last segment of each direction."""
        for outgoing, tap in self.taps.items():
            for data in tap.passed(outgoing, 0.2):
                parsed = packet.Packet(data)
                if parsed.proto == packet.TCP:
                    self.last[outgoing] = parsed

    def forge(self, flags, offset, payload=b''):
        """A segment to B, so far from what is due; marked as the others."""
        model, back = self.last[True], self.last[False].segment
        due = int.from_bytes(back[8:12], 'big')
        segment = packet.tcp(model.src, model.dst, *model.ports,
                             (due + offset) & 0xffffffff,
                             int.from_bytes(back[4:8], 'big'), flags,
                             payload=payload)
        data = bytearray(packet.ip(model.src, model.dst, packet.TCP, segment))
        if model.version == 4:
            data[6] |= 0xc0
            packet.fix_ip4_checksum(data)
        else:
            data[:4] = model.data[:4]
        self.taps[True].send(bytes(data))


def states(name):
    """Of B's flows."""
    out = subprocess.run(('sstctl', '-n', name + '-B', '-j', 'flow', 'show'),
                         check=True, stdout=subprocess.PIPE).stdout
    return [flow['state'] for flow in json.loads(out)['flows']]


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--id', required=True, help='$topo_id')
    args = parser.parse_args()
    h = hosts.Hosts(args.id)
    for fam in (4, 6):
        path = Path(args.id)
        text = 'IPv%d: ' % fam
        client, end = connection(h, fam, 300, PORT, INSIDE)
        good = says(client, end, b'one') and says(end, client, b'two')
        path.look()
        path.forge(RST | ACK, 100000)
        path.forge(RST | ACK, -1)
        path.forge(PSH | ACK, 200000, os.urandom(100))
        path.forge(RST | ACK, 200100)
        time.sleep(0.5)
        report(good and states(args.id) == ['live'],
               text + 'a reset that its receiver does not take ends no flow',
               states(args.id))
        report(says(client, end, b'three') and says(end, client, b'four'),
               text + 'the connection goes on')
        path.look()
        path.forge(RST | ACK, 0)
        report(hosts.until(lambda: states(args.id) == ['closing']),
               text + 'one that it takes does', states(args.id))
        for sock in (client, end):
            sock.close()
        for host in '-A', '-B':
            subprocess.run(('sstctl', '-n', args.id + host, 'flow', 'flush'),
                           check=True, stdout=subprocess.DEVNULL)
    return 0


if __name__ == '__main__':
    sys.exit(main())
