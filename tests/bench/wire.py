#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What leaves a host beside the data, from a capture of mover.c.

  wire.py tcp|udp FAMILY PAIR CAPTURE ROW    ROW has what mover.c printed

Prints facts: bytes of a packet that are not payload (headers of the network and
transport layers included, of the link not), and the longest packet.
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                '../pysst'))
from sst import pcap  # noqa: E402

# mover.c warms up before it measures.
TIMES = 7
# What is shorter has no data, or only the end of it.
LEAST = 150


def ip_length(data):
    """As the header says: a capture may have padding."""
    if data[0] >> 4 == 4:
        return struct.unpack_from('!H', data, 2)[0]
    return struct.unpack_from('!H', data, 4)[0] + 40


def overhead(lengths, payload):
    """Bytes of a packet beside its payload."""
    return (sum(lengths) - payload) / len(lengths)


def main():
    """The command line."""
    kind, family, pair, capture, row = sys.argv[1:]
    with open(row, encoding='ascii') as file:
        units = int(file.readline().split()[1])
    lengths = [ip_length(data)
               for _, data, _ in pcap.Reader(capture).packets()]
    lengths = [n for n in lengths if n > LEAST]
    beside = overhead(lengths, TIMES * units)
    print('wire-%s %s %s %.1f' % (kind, family, pair, beside))
    print('longest-%s %s %s %d' % (kind, family, pair, max(lengths)))


if __name__ == '__main__':
    main()
